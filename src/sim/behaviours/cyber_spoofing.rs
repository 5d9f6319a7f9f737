//! False commands and navigation signals.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Act, Behaviour, Memory, Needs};
use crate::astro::Vector3;
use crate::sim::distribution::Distribution;
use crate::sim::emission::{Emission, Intrusion};
use crate::sim::seeds::Generator;
use crate::sim::threat_class::ThreatClass;
use crate::sim::view::View;

/// Sends its target commands that pretend to come from the owner, and navigation signals that lead it astray; coasts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CyberSpoofing {
    /// False commands a second [1/s].
    pub commands_1_s: Distribution,
    /// Share of them that passes as genuine [-].
    pub accepted_share: Distribution,
    /// Speed at which false navigation signals drag the target's solution away [m/s].
    pub navigation_drag_m_s: Distribution,
}

impl Default for CyberSpoofing {
    fn default() -> Self {
        Self {
            commands_1_s: Distribution::LogUniform(0.01, 0.1),
            accepted_share: Distribution::Uniform(0.1, 0.7),
            navigation_drag_m_s: Distribution::LogUniform(0.2, 3.0),
        }
    }
}

impl Behaviour for CyberSpoofing {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.commands_1_s.sample(generator);
        memory.parameters[1] = self.accepted_share.sample(generator);
        memory.parameters[2] = self.navigation_drag_m_s.sample(generator);
        memory
    }

    fn accelerate(&self, _view: &View, _memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        Vector3::zeros()
    }

    fn act(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Act {
        let [commands_1_s, accepted_share, navigation_drag_m_s, ..] = memory.parameters;
        let acceleration_rtn_m_s2 = self.accelerate(view, memory, generator);
        let emission = view.target().map_or_else(Emission::default, |target| Emission {
            at: target.slot,
            intrusion: Some(Intrusion { commands_1_s, accepted_share, navigation_drag_m_s }),
            ..Emission::default()
        });
        Act { acceleration_rtn_m_s2, emission, release: None }
    }

    fn class(&self, _memory: &Memory, _time_s: f64) -> ThreatClass {
        ThreatClass::CyberSpoofing
    }

    fn needs(&self) -> Needs {
        Needs { victim_bus: true, ..Needs::default() }
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("commands_1_s", self.commands_1_s.fault_outside(0.0, 1e3)),
            ("accepted_share", self.accepted_share.fault_outside(0.0, 1.0)),
            ("navigation_drag_m_s", self.navigation_drag_m_s.fault_outside(0.0, 1e6)),
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
    fn intrudes_with_what_was_drawn() {
        let mut generator = Generator::seed_from_u64(1);
        let spoofer = CyberSpoofing::default();
        assert!(spoofer.faults().is_empty() && spoofer.needs().victim_bus);
        let mut memory = spoofer.begin(&mut generator);
        let view = Duel::relative([0.0, -2_000.0, 0.0], [0.0; 3]).pursuer_view();
        let first = spoofer.act(&view, &mut memory, &mut generator);
        let intrusion = first.emission.intrusion.expect("it intrudes");
        assert!((0.01..=0.1).contains(&intrusion.commands_1_s) && intrusion.navigation_drag_m_s >= 0.2);
        assert_eq!(spoofer.act(&view, &mut memory, &mut generator), first, "the same all the episode");
        let loud = CyberSpoofing { accepted_share: Distribution::Fixed(1.5), ..spoofer };
        assert_eq!(loud.faults()[0].0, "accepted_share");
    }
}
