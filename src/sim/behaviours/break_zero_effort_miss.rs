//! Evasion along the zero-effort miss.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line_of_sight::LineOfSight;
use super::{Behaviour, Memory};
use crate::astro::Vector3;
use crate::astro::relative::zero_effort_miss;
use crate::astro::rtn::RelativeState;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::view::View;

/// Burns so that the predicted miss grows: away from where the threat would pass, shortly before it does.
///
/// The threat's position relative to own ship at closest approach is predicted by the Clohessy-Wiltshire equations, both
/// coasting; the burn is against its part across the relative velocity, a = -a_max z/|z|. When the miss is next to nothing,
/// the burn is out of plane. It rests while the miss is large enough. This is the bang-bang evasion that is optimal
/// against linear guidance (Gutman, On optimal guidance for homing missiles, J. Guidance and Control 2, 1979).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BreakZeroEffortMiss {
    /// Time to closest approach below which it burns [s].
    #[schemars(extend("minimum" = 0.0))]
    pub lead_s: Distribution,
    /// Predicted miss from which it rests [m].
    #[schemars(extend("minimum" = 0.0))]
    pub safe_miss_m: Distribution,
}

impl Default for BreakZeroEffortMiss {
    fn default() -> Self {
        Self { lead_s: Distribution::Uniform(180.0, 300.0), safe_miss_m: Distribution::Fixed(1_000.0) }
    }
}

impl Behaviour for BreakZeroEffortMiss {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.lead_s.sample(generator);
        memory.parameters[1] = self.safe_miss_m.sample(generator);
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        let [lead_s, safe_miss_m, ..] = memory.parameters;
        let Some(threat) = view.nearest_opponent() else { return Vector3::zeros() };
        let time_to_go_s = threat.time_to_closest_approach_s();
        if time_to_go_s <= 0.0 || time_to_go_s > lead_s {
            return Vector3::zeros();
        }
        let state = RelativeState { position_rtn_m: threat.position_rtn_m, velocity_rtn_m_s: threat.velocity_rtn_m_s };
        let miss_m = zero_effort_miss(&state, view.own.mean_motion_rad_s, time_to_go_s);
        if miss_m.norm() >= safe_miss_m {
            return Vector3::zeros();
        }
        // At the closest approach the miss is across the relative velocity, but for the curvature of the orbits.
        let course = threat.velocity_rtn_m_s.normalize();
        let across_m = miss_m - course * course.dot(&miss_m);
        // Below a metre the direction is noise.
        -across_m.try_normalize(1.0).unwrap_or(LineOfSight::to(threat).out_of_plane) * view.own.max_acceleration_m_s2
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("lead_s", self.lead_s.fault_outside(0.0, f64::INFINITY)),
            ("safe_miss_m", self.safe_miss_m.fault_outside(0.0, f64::INFINITY)),
        ]
        .into_iter()
        .filter_map(|(field, fault)| Some((field, fault?)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ballistic::Ballistic;
    use super::super::harness::Duel;
    use super::*;

    #[test]
    fn increases_the_miss_of_a_ballistic_threat() {
        // In free space, so that the threat passes at 100 m, 400 s from now.
        let mut duel = Duel::relative([0.0, -2_000.0, 100.0], [0.0, 5.0, 0.0]);
        duel.mean_motion_rad_s = 0.0;
        let still = duel.play(&Ballistic {}, &Ballistic {}, 1).least_range_m;
        let evaded = duel.play(&Ballistic {}, &BreakZeroEffortMiss::default(), 1).least_range_m;
        // Burning for 180 s at 0.01 m/s² moves own ship by 160 m.
        assert!(evaded > still + 100.0, "{still} m became {evaded} m");
    }

    #[test]
    fn rests_when_the_miss_is_safe() {
        let mut duel = Duel::relative([0.0, -1_000.0, 1_500.0], [0.0, 8.0, 0.0]);
        duel.mean_motion_rad_s = 0.0;
        assert_eq!(duel.play(&Ballistic {}, &BreakZeroEffortMiss::default(), 1).evader_delta_v_m_s, 0.0);
    }
}
