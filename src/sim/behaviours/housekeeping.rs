//! Own station keeping by the clock.

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Behaviour, Memory};
use crate::astro::Vector3;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::view::View;

/// Burns now and then, in pairs that undo each other, and looks at nobody: what a spacecraft does that keeps house.
///
/// Every period it burns the drawn Δv along the track or across the plane, each as likely; the next burn is the same the other way, so
/// that it stays about where it was. A burn lasts as many segments as its thrust needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Housekeeping {
    /// Time between two burns [s].
    pub period_s: Distribution,
    /// Time of the first [s].
    pub first_s: Distribution,
    /// Δv of a burn [m/s].
    pub delta_v_m_s: Distribution,
}

impl Default for Housekeeping {
    fn default() -> Self {
        Self {
            period_s: Distribution::Uniform(1_500.0, 6_000.0),
            first_s: Distribution::Uniform(0.0, 6_000.0),
            delta_v_m_s: Distribution::LogUniform(0.02, 0.3),
        }
    }
}

/// Places in the scratch of the memory.
const NEXT_S: usize = 0;
const LEFT_M_S: usize = 1;
const ACROSS: usize = 2;
const SIGN: usize = 3;

impl Behaviour for Housekeeping {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.period_s.sample(generator);
        memory.parameters[1] = self.delta_v_m_s.sample(generator);
        memory.scratch[NEXT_S] = self.first_s.sample(generator);
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Vector3 {
        let [period_s, delta_v_m_s, ..] = memory.parameters;
        let scratch = &mut memory.scratch;
        if view.time_s >= scratch[NEXT_S] {
            // A pair: the way there with a drawn direction and sign, the way back with the same direction.
            if scratch[SIGN] <= 0.0 {
                scratch[ACROSS] = f64::from(u8::from(generator.random::<bool>()));
                scratch[SIGN] = 1.0;
            } else {
                scratch[SIGN] = -1.0;
            }
            scratch[LEFT_M_S] = delta_v_m_s;
            scratch[NEXT_S] += period_s;
        }
        if scratch[LEFT_M_S] <= 0.0 {
            return Vector3::zeros();
        }
        let size_m_s2 = (scratch[LEFT_M_S] / view.segment_s).min(view.own.max_acceleration_m_s2);
        scratch[LEFT_M_S] = if size_m_s2 > 0.0 { scratch[LEFT_M_S] - size_m_s2 * view.segment_s } else { 0.0 };
        let axis = if scratch[ACROSS] > 0.0 { Vector3::z() } else { Vector3::y() };
        axis * (scratch[SIGN] * size_m_s2)
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("period_s", self.period_s.fault_outside(1.0, f64::INFINITY)),
            ("first_s", self.first_s.fault_outside(0.0, f64::INFINITY)),
            ("delta_v_m_s", self.delta_v_m_s.fault_outside(0.0, f64::INFINITY)),
        ]
        .into_iter()
        .filter_map(|(field, fault)| Some((field, fault?)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::harness::Duel;
    use super::*;
    use crate::sim::seeds::{Purpose, SeedDomain, stream};

    #[test]
    fn pairs_of_burns_undo_each_other() {
        let behaviour = Housekeeping {
            period_s: Distribution::Fixed(500.0),
            first_s: Distribution::Fixed(100.0),
            delta_v_m_s: Distribution::Fixed(0.25),
        };
        for seed in 0..8 {
            let mut generator = stream(seed, SeedDomain::Train, 0, 0, Purpose::Adversary);
            let mut memory = behaviour.begin(&mut generator);
            let mut view = Duel::relative([0.0, 5_000.0, 0.0], [0.0; 3]).evader_view();
            let (mut sum, mut spent) = (Vector3::zeros(), 0.0);
            for segment in 0..100 {
                view.time_s = f64::from(segment) * view.segment_s;
                let burn = behaviour.accelerate(&view, &mut memory, &mut generator) * view.segment_s;
                assert!(burn.norm() <= view.own.max_acceleration_m_s2 * view.segment_s * (1.0 + 1e-12));
                assert!(burn.norm() == 0.0 || view.time_s >= 100.0);
                sum += burn;
                spent += burn.norm();
            }
            // Two of 0.25 m/s within the 1,000 s, at 100 and 600 s.
            assert!(sum.norm() < 1e-9 && (spent - 0.5).abs() < 1e-9, "{sum:?} {spent}");
        }
    }
}
