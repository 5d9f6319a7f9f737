//! Periodic evasion across the line of sight.

use std::f64::consts::TAU;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line_of_sight::LineOfSight;
use super::{Behaviour, Memory};
use crate::astro::Vector3;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::view::View;

/// Weaves: burns to one side across the line of sight for half a period and to the other for the next half.
///
/// The period, the phase and the plane of the weave (an angle about the line of sight, 0 being out of the orbital plane)
/// are drawn once an episode; it weaves while the threat closes and is near in time.
/// Source: Zarchan, Tactical and Strategic Missile Guidance, chapter 20 (weaving targets), with bang-bang thrust.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Weave {
    /// Time to closest approach below which it weaves [s].
    #[schemars(extend("minimum" = 0.0))]
    pub lead_s: Distribution,
    /// Period of the weave [s].
    #[schemars(extend("minimum" = 1e-3))]
    pub period_s: Distribution,
    /// Where in its period the weave starts [-], in periods.
    #[schemars(extend("minimum" = 0.0, "maximum" = 1.0))]
    pub phase: Distribution,
    /// Angle of the weave about the line of sight [rad].
    pub plane_rad: Distribution,
}

impl Default for Weave {
    fn default() -> Self {
        Self {
            lead_s: Distribution::Uniform(300.0, 500.0),
            period_s: Distribution::Uniform(60.0, 200.0),
            phase: Distribution::Uniform(0.0, 1.0),
            plane_rad: Distribution::Uniform(0.0, TAU),
        }
    }
}

impl Behaviour for Weave {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.lead_s.sample(generator);
        memory.parameters[1] = self.period_s.sample(generator);
        memory.parameters[2] = self.phase.sample(generator);
        memory.parameters[3] = self.plane_rad.sample(generator);
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        let [lead_s, period_s, phase, plane_rad, ..] = memory.parameters;
        let Some(threat) = view.nearest_opponent() else { return Vector3::zeros() };
        let time_to_go_s = threat.time_to_closest_approach_s();
        if time_to_go_s <= 0.0 || time_to_go_s > lead_s {
            return Vector3::zeros();
        }
        let part_of_period = (view.time_s / period_s + phase).rem_euclid(1.0);
        let side = if part_of_period < 0.5 { 1.0 } else { -1.0 };
        LineOfSight::to(threat).across(plane_rad) * (side * view.own.max_acceleration_m_s2)
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("lead_s", self.lead_s.fault_outside(0.0, f64::INFINITY)),
            ("period_s", self.period_s.fault_outside(1e-3, f64::INFINITY)),
            ("phase", self.phase.fault_outside(0.0, 1.0)),
            ("plane_rad", self.plane_rad.fault()),
        ]
        .into_iter()
        .filter_map(|(field, fault)| Some((field, fault?)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::super::harness::Duel;
    use super::*;

    #[test]
    fn changes_sides_every_half_period() {
        let weave = Weave {
            period_s: Distribution::Fixed(80.0),
            phase: Distribution::Fixed(0.0),
            plane_rad: Distribution::Fixed(0.0),
            ..Weave::default()
        };
        let mut generator = Generator::seed_from_u64(1);
        let mut memory = weave.begin(&mut generator);
        let mut view = Duel::relative([0.0, -1_000.0, 0.0], [0.0, 8.0, 0.0]).evader_view();
        let sides: Vec<f64> = (0..16)
            .map(|segment| {
                view.time_s = f64::from(segment) * 10.0;
                weave.accelerate(&view, &mut memory, &mut generator).z.signum()
            })
            .collect();
        assert_eq!(sides, [[1.0; 4], [-1.0; 4], [1.0; 4], [-1.0; 4]].concat());
    }
}
