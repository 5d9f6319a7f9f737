//! Time spent above the objective's speed limit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Consequence, Term};

/// -weight for each second above the speed limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Overspeed {
    /// Weight [1/s].
    pub weight_per_s: f64,
}

impl Term for Overspeed {
    fn pay(&self, consequence: &Consequence<'_>) -> f64 {
        -self.weight_per_s * consequence.overspeed_s
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        super::finite("weight_per_s", self.weight_per_s).into_iter().collect()
    }
}
