//! Random evasion across the line of sight.

use std::f64::consts::TAU;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line_of_sight::LineOfSight;
use super::{Behaviour, Memory};
use crate::astro::Vector3;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::view::View;

/// Burns across the line of sight in a random direction, held for a random number of segments, then drawn again.
///
/// It does so while the threat closes and is near in time. Its angle about the line of sight is uniform: the random
/// telegraph manoeuvre that homing guidance is judged by (Zarchan, Tactical and Strategic Missile Guidance, chapter 4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Jink {
    /// Time to closest approach below which it burns [s].
    #[schemars(extend("minimum" = 0.0))]
    pub lead_s: Distribution,
    /// Segments for which a direction is held, drawn with each direction; rounded, one at least [-].
    #[schemars(extend("minimum" = 1.0))]
    pub hold_segments: Distribution,
}

impl Default for Jink {
    fn default() -> Self {
        Self { lead_s: Distribution::Uniform(300.0, 500.0), hold_segments: Distribution::Uniform(3.0, 10.0) }
    }
}

impl Behaviour for Jink {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.lead_s.sample(generator);
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Vector3 {
        let lead_s = memory.parameters[0];
        let Some(threat) = view.nearest_opponent() else { return Vector3::zeros() };
        let time_to_go_s = threat.time_to_closest_approach_s();
        if time_to_go_s <= 0.0 || time_to_go_s > lead_s {
            return Vector3::zeros();
        }
        // scratch: segments that the direction is still held for, its angle about the line of sight.
        let [held, angle_rad, ..] = &mut memory.scratch;
        if *held < 1.0 {
            *held = self.hold_segments.sample(generator).round().max(1.0);
            *angle_rad = Distribution::Uniform(0.0, TAU).sample(generator);
        }
        *held -= 1.0;
        LineOfSight::to(threat).across(*angle_rad) * view.own.max_acceleration_m_s2
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("lead_s", self.lead_s.fault_outside(0.0, f64::INFINITY)),
            ("hold_segments", self.hold_segments.fault_outside(1.0, f64::INFINITY)),
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
    fn holds_a_direction_across_and_then_draws_another() {
        let jink = Jink { lead_s: Distribution::Fixed(400.0), hold_segments: Distribution::Fixed(3.0) };
        let mut generator = Generator::seed_from_u64(5);
        let mut memory = jink.begin(&mut generator);
        let view = Duel::relative([0.0, -1_000.0, 0.0], [0.0, 8.0, 0.0]).evader_view();
        let commands: Vec<_> = (0..9).map(|_| jink.accelerate(&view, &mut memory, &mut generator)).collect();
        for (index, command) in commands.iter().enumerate() {
            assert!(command.y.abs() < 1e-12 && (command.norm() - view.own.max_acceleration_m_s2).abs() < 1e-12);
            assert!(*command == commands[index / 3 * 3], "held for three segments");
        }
        assert!(commands[0] != commands[3] && commands[3] != commands[6]);
        let receding = Duel::relative([0.0, -1_000.0, 0.0], [0.0, -8.0, 0.0]).evader_view();
        assert_eq!(jink.accelerate(&receding, &mut memory, &mut generator), Vector3::zeros());
    }
}
