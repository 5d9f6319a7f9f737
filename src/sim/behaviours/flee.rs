//! Flight along the line of sight.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line_of_sight::LineOfSight;
use super::{Behaviour, Memory};
use crate::astro::Vector3;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::view::View;

/// Burns straight away from the threat, a = -a_max l with l the line of sight to it, when it is near.
///
/// This is the escape strategy of the isotropic rockets game of simple motion (Isaacs, Differential Games, 1965).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Flee {
    /// Range of the threat within which it burns [m].
    #[schemars(extend("minimum" = 0.0))]
    pub trigger_range_m: Distribution,
}

impl Default for Flee {
    fn default() -> Self {
        Self { trigger_range_m: Distribution::Uniform(2_000.0, 4_000.0) }
    }
}

impl Behaviour for Flee {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.trigger_range_m.sample(generator);
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        match view.nearest_opponent() {
            Some(threat) if threat.range_m() < memory.parameters[0] => {
                -LineOfSight::to(threat).direction * view.own.max_acceleration_m_s2
            }
            _ => Vector3::zeros(),
        }
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        let fault = self.trigger_range_m.fault_outside(0.0, f64::INFINITY);
        fault.into_iter().map(|fault| ("trigger_range_m", fault)).collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::super::harness::Duel;
    use super::*;

    #[test]
    fn burns_away_when_near_and_rests_when_far() {
        let flee = Flee { trigger_range_m: Distribution::Fixed(3_000.0) };
        let mut generator = Generator::seed_from_u64(1);
        let mut memory = flee.begin(&mut generator);
        let near = Duel::relative([0.0, -2_900.0, 0.0], [0.0; 3]).evader_view();
        let command = flee.accelerate(&near, &mut memory, &mut generator);
        assert!((command - Vector3::new(0.0, near.own.max_acceleration_m_s2, 0.0)).norm() < 1e-12);
        let far = Duel::relative([0.0, -3_100.0, 0.0], [0.0; 3]).evader_view();
        assert_eq!(flee.accelerate(&far, &mut memory, &mut generator), Vector3::zeros());
    }
}
