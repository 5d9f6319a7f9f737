//! Never burns.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Behaviour, Memory, Needs};
use crate::astro::Vector3;
use crate::sim::seeds::Generator;
use crate::sim::view::View;

/// Never burns: the floor that any guidance has to stand above.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ballistic {}

impl Behaviour for Ballistic {
    fn begin(&self, _generator: &mut Generator) -> Memory {
        Memory::default()
    }

    fn accelerate(&self, _view: &View, _memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        Vector3::zeros()
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
    use super::super::harness::Duel;
    use super::*;

    #[test]
    fn spends_nothing_and_drifts() {
        let report = Duel::relative([0.0, -5_000.0, 0.0], [0.0; 3]).play(&Ballistic {}, &Ballistic {}, 1);
        assert!(!report.captured);
        assert_eq!(report.pursuer_delta_v_m_s, 0.0);
        assert!((report.least_range_m - 5_000.0).abs() < 1e-6, "an along-track offset stays");
    }
}
