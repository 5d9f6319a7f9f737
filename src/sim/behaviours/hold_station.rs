//! Holding a place at a distance from the target, sunward or at rest in its RTN frame.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::steering::{go_round, steer};
use super::{Behaviour, Memory};
use crate::astro::Vector3;
use crate::astro::rtn::RelativeState;
use crate::sim::config::StationAxis;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::view::View;

/// Flies to a place in a direction from the target and holds it.
///
/// A place that does not move naturally costs thrust all the time: 2 to 3 n² of the distance, a metre a second in half an
/// hour at 100 m in low orbit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HoldStation {
    /// Direction from the target.
    pub axis: StationAxis,
    /// Distance from the target [m].
    pub distance_m: Distribution,
    /// Distance from the target's centre that the way there keeps [m].
    pub clearance_m: Distribution,
    /// Speed of the way there [m/s].
    pub approach_speed_m_s: Distribution,
    /// Time in which what is off the place is taken away [s].
    pub settling_s: Distribution,
    /// Correction of a segment that is let be [m/s].
    pub dead_band_m_s: Distribution,
}

impl Default for HoldStation {
    fn default() -> Self {
        Self {
            axis: StationAxis::Sun,
            distance_m: Distribution::Fixed(100.0),
            clearance_m: Distribution::Fixed(50.0),
            approach_speed_m_s: Distribution::Fixed(2.0),
            settling_s: Distribution::Fixed(80.0),
            dead_band_m_s: Distribution::Fixed(0.005),
        }
    }
}

/// Longest arc that is planned [s], well below half a revolution in low orbit.
const LONGEST_ARC_S: f64 = 1_200.0;

impl HoldStation {
    /// Unit vector to the place `ahead_s` from now.
    fn direction(&self, view: &View, ahead_s: f64) -> Vector3 {
        match self.axis {
            StationAxis::Sun => {
                let sun = view.own.sun_rtn;
                let (sine, cosine) = libm::sincos(view.own.mean_motion_rad_s * ahead_s);
                Vector3::new(sun.x * cosine + sun.y * sine, sun.y * cosine - sun.x * sine, sun.z)
            }
            StationAxis::Rtn(radial, transverse, normal) => {
                Vector3::new(radial, transverse, normal).try_normalize(0.0).unwrap_or_else(Vector3::x)
            }
        }
    }
}

impl Behaviour for HoldStation {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        let parameters = [
            &self.distance_m,
            &self.clearance_m,
            &self.approach_speed_m_s,
            &self.settling_s,
            &self.dead_band_m_s,
        ];
        for (drawn, parameter) in memory.parameters.iter_mut().zip(parameters) {
            *drawn = parameter.sample(generator);
        }
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        let [distance_m, clearance_m, speed_m_s, settling_s, dead_band_m_s, ..] = memory.parameters;
        let Some(target) = view.target() else { return Vector3::zeros() };
        let own = RelativeState { position_rtn_m: -target.position_rtn_m, velocity_rtn_m_s: -target.velocity_rtn_m_s };
        let off_m = (self.direction(view, 0.0) * distance_m - own.position_rtn_m).norm();
        let horizon_s = (settling_s + off_m / speed_m_s).min(LONGEST_ARC_S);
        let wanted_m = self.direction(view, horizon_s) * distance_m;
        let place_m = go_round(&own.position_rtn_m, &wanted_m, clearance_m);
        steer(view, &own, &place_m, horizon_s, dead_band_m_s)
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        let positive = |of: &Distribution| of.fault_outside(f64::MIN_POSITIVE, f64::INFINITY);
        let axis = match self.axis {
            StationAxis::Rtn(radial, transverse, normal) => {
                let length = Vector3::new(radial, transverse, normal).norm();
                (!(length.is_finite() && length > 0.0)).then(|| format!("a direction of length {length}"))
            }
            StationAxis::Sun => None,
        };
        [
            ("axis", axis),
            ("distance_m", positive(&self.distance_m)),
            ("clearance_m", positive(&self.clearance_m)),
            ("approach_speed_m_s", positive(&self.approach_speed_m_s)),
            ("settling_s", positive(&self.settling_s)),
            ("dead_band_m_s", self.dead_band_m_s.fault_outside(0.0, f64::INFINITY)),
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
    fn it_arrives_at_its_distance_and_stays_out_of_the_clearance() {
        let mut duel = Duel::docking([-300.0, 0.0, 50.0], [0.0; 3]);
        duel.capture_radius_m = 0.0;
        duel.time_limit_s = 1_500.0;
        let hold = HoldStation { axis: StationAxis::Rtn(1.0, 0.0, 0.0), ..HoldStation::default() };
        let report = duel.play(&hold, &Ballistic {}, 1);
        assert!(report.least_range_m > 40.0 && report.least_range_m < 105.0, "{}", report.least_range_m);
        assert!(report.speed_at_end_m_s < 0.05, "{}", report.speed_at_end_m_s);
    }
}
