//! A sweep out of the orbital plane.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Behaviour, Memory};
use crate::astro::Vector3;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::view::View;

/// Sweeps to and fro across its orbital plane by thrust, far faster than an inclined orbit would: to look from changing angles.
///
/// No class of threat describes it. Thrust along N for half a period and against it for the other half, from a phase that leaves no mean
/// velocity; gravity adds little within such a period, so that the sweep is some a T² / 32 to either side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlaneSweep {
    /// Share of the greatest acceleration [-].
    #[schemars(extend("minimum" = 0.0, "maximum" = 1.0))]
    pub throttle: Distribution,
    /// Period [s].
    #[schemars(extend("minimum" = 60.0))]
    pub period_s: Distribution,
}

impl Default for PlaneSweep {
    fn default() -> Self {
        Self { throttle: Distribution::LogUniform(0.1, 0.5), period_s: Distribution::Uniform(300.0, 900.0) }
    }
}

/// Place in the scratch memory of when it began, plus one second [s].
const BEGUN: usize = 0;

impl Behaviour for PlaneSweep {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.throttle.sample(generator);
        memory.parameters[1] = self.period_s.sample(generator);
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        let [throttle, period_s, ..] = memory.parameters;
        if memory.scratch[BEGUN] == 0.0 {
            memory.scratch[BEGUN] = view.time_s + 1.0;
        }
        // A quarter to speed up, then half periods from one greatest speed to the other.
        let periods = (view.time_s + 1.0 - memory.scratch[BEGUN]) / period_s;
        let side = if (periods + 0.25).rem_euclid(1.0) < 0.5 { 1.0 } else { -1.0 };
        Vector3::z() * (side * throttle * view.own.max_acceleration_m_s2)
    }

    fn is_classed(&self, _memory: &Memory) -> bool {
        false
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("throttle", self.throttle.fault_outside(0.0, 1.0)),
            ("period_s", self.period_s.fault_outside(60.0, f64::INFINITY)),
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
    fn sweeps_to_either_side_of_the_plane_and_stays() {
        let sweep = PlaneSweep { throttle: Distribution::Fixed(0.5), period_s: Distribution::Fixed(400.0) };
        let mut duel = Duel::relative([0.0, -5_000.0, 0.0], [0.0; 3]);
        (duel.time_limit_s, duel.capture_radius_m) = (2_000.0, 1.0);
        let acceleration_m_s2 = 0.5 * duel.pursuer_view().own.max_acceleration_m_s2;
        let (mut least_m, mut greatest_m) = (0.0_f64, 0.0_f64);
        duel.play_watched(&sweep, &Ballistic {}, 1, |duel| {
            let view = duel.pursuer_view();
            let across_m = -view.target().expect("one track").position_rtn_m.z;
            (least_m, greatest_m) = (least_m.min(across_m), greatest_m.max(across_m));
        });
        let expected_m = acceleration_m_s2 * 400.0 * 400.0 / 32.0;
        assert!(greatest_m > 0.7 * expected_m && least_m < -0.7 * expected_m, "{least_m} to {greatest_m} of {expected_m} m");
        assert!(greatest_m < 2.0 * expected_m && least_m > -2.0 * expected_m, "{least_m} to {greatest_m} m");
    }
}
