//! The least distance so far, as a potential.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::approach::Scale;
use super::{Consequence, Term};

/// Φ = -weight × log10(d + floor), or -weight × d / unit, d being the least distance so far of the objective's pair.
///
/// Unlike the range it does not grow again, so that of two passes that both miss the nearer is worth more. It pays for each
/// metre once: a second pass counts only where it is nearer than the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosestApproach {
    /// Weight; negative to pay for keeping away.
    pub weight: f64,
    /// How the distance is weighed.
    pub scale: Scale,
}

impl Term for ClosestApproach {
    fn pay(&self, consequence: &Consequence<'_>) -> f64 {
        let weighed = |view: &crate::sim::view::View| self.scale.weigh(view.closest_approach_m);
        self.weight * (weighed(consequence.before) - weighed(consequence.after))
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        super::finite("weight", self.weight).into_iter().chain(self.scale.fault()).collect()
    }
}
