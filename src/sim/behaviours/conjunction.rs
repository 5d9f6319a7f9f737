//! An object without control.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Behaviour, Memory, Needs};
use crate::astro::Vector3;
use crate::sim::seeds::Generator;
use crate::sim::threat_class::ThreatClass;
use crate::sim::view::View;

/// Never burns: debris, or a satellite that is dead or not ours to command, on an orbit that crosses the target's.
///
/// All that makes it a conjunction is where it starts: `orbit: Crossing(…)` gives the time, the miss and the speed at which it passes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Conjunction {}

impl Behaviour for Conjunction {
    fn begin(&self, _generator: &mut Generator) -> Memory {
        Memory::default()
    }

    fn accelerate(&self, _view: &View, _memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        Vector3::zeros()
    }

    fn class(&self, _memory: &Memory, _time_s: f64) -> ThreatClass {
        ThreatClass::Conjunction
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ballistic::Ballistic;
    use super::super::harness::Duel;
    use super::*;

    #[test]
    fn never_burns_and_is_what_it_is_from_the_start() {
        let report = Duel::two_body([0.0, -5_000.0, 0.0], [0.0, 8.0, 0.0]).play(&Conjunction {}, &Ballistic {}, 1);
        assert_eq!(report.pursuer_delta_v_m_s, 0.0);
        assert_eq!(Conjunction {}.class(&Memory::default(), 0.0), ThreatClass::Conjunction);
    }
}
