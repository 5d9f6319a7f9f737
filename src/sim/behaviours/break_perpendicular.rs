//! Evasion across the line of sight.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line_of_sight::LineOfSight;
use super::{Behaviour, Memory};
use crate::astro::Vector3;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::view::View;

/// Burns across the line of sight, out of the orbital plane as far as that allows, shortly before closest approach.
///
/// The side is drawn once an episode, each as likely: a = ± a_max (N - (N·l) l) / |N - (N·l) l|. Out of plane no orbital
/// drift helps the pursuer's prediction or hinders the escape (Shen and Casalino, Revisit of the three-dimensional
/// orbital pursuit-evasion game, JGCD 41, 2018).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BreakPerpendicular {
    /// Time to closest approach below which it burns [s].
    #[schemars(extend("minimum" = 0.0))]
    pub lead_s: Distribution,
}

impl Default for BreakPerpendicular {
    fn default() -> Self {
        Self { lead_s: Distribution::Uniform(180.0, 300.0) }
    }
}

impl Behaviour for BreakPerpendicular {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.lead_s.sample(generator);
        memory.parameters[1] = Distribution::Choice(vec![-1.0, 1.0]).sample(generator);
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        let [lead_s, side, ..] = memory.parameters;
        let Some(threat) = view.nearest_opponent() else { return Vector3::zeros() };
        let time_to_go_s = threat.time_to_closest_approach_s();
        if time_to_go_s <= 0.0 || time_to_go_s > lead_s {
            return Vector3::zeros();
        }
        LineOfSight::to(threat).out_of_plane * (side * view.own.max_acceleration_m_s2)
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        let fault = self.lead_s.fault_outside(0.0, f64::INFINITY);
        fault.into_iter().map(|fault| ("lead_s", fault)).collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::super::harness::Duel;
    use super::*;

    #[test]
    fn burns_out_of_plane_on_either_side_and_only_when_near_in_time() {
        let evasion = BreakPerpendicular::default();
        let soon = Duel::relative([0.0, -1_000.0, 0.0], [0.0, 8.0, 0.0]).evader_view();
        let late = Duel::relative([0.0, -5_000.0, 0.0], [0.0, 8.0, 0.0]).evader_view();
        let past = Duel::relative([0.0, -1_000.0, 0.0], [0.0, -8.0, 0.0]).evader_view();
        let mut sides = [false, false];
        for seed in 0..32 {
            let mut generator = Generator::seed_from_u64(seed);
            let mut memory = evasion.begin(&mut generator);
            let command = evasion.accelerate(&soon, &mut memory, &mut generator);
            assert!((command.z.abs() - soon.own.max_acceleration_m_s2).abs() < 1e-12);
            sides[usize::from(command.z > 0.0)] = true;
            assert_eq!(evasion.accelerate(&late, &mut memory, &mut generator), Vector3::zeros());
            assert_eq!(evasion.accelerate(&past, &mut memory, &mut generator), Vector3::zeros());
        }
        assert_eq!(sides, [true, true]);
    }
}
