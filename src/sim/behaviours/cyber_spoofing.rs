//! False commands and navigation signals.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Act, Behaviour, Memory, Needs, emitter};
use crate::astro::Vector3;
use crate::sim::distribution::Distribution;
use crate::sim::emission::{Emission, Intrusion};
use crate::sim::seeds::Generator;
use crate::sim::threat_class::ThreatClass;
use crate::sim::view::View;

/// Sends its target commands that pretend to come from the owner, and navigation signals that lead it astray; keeps its station.
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
        let fields = [&self.commands_1_s, &self.accepted_share, &self.navigation_drag_m_s];
        emitter::begin(&fields.map(|of| of.sample(generator)), generator)
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Vector3 {
        emitter::keep_station(view, memory, generator)
    }

    fn act(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Act {
        emitter::act(view, memory, generator, |target, [commands_1_s, accepted_share, navigation_drag_m_s, ..]| {
            let intrusion = Intrusion {
                commands_1_s: *commands_1_s,
                accepted_share: *accepted_share,
                navigation_drag_m_s: *navigation_drag_m_s,
            };
            Some(Emission { at: target.slot, intrusion: Some(intrusion), ..Emission::default() })
        })
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
        let later = spoofer.act(&view, &mut memory, &mut generator);
        assert_eq!(later.emission, first.emission, "the same all the episode");
        let loud = CyberSpoofing { accepted_share: Distribution::Fixed(1.5), ..spoofer };
        assert_eq!(loud.faults()[0].0, "accepted_share");
    }
}
