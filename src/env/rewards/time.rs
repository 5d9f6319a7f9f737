//! Time spent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Consequence, Term};

/// -weight for each second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// Weight [1/s].
    pub weight_per_s: f64,
}

impl Term for Time {
    fn pay(&self, consequence: &Consequence<'_>) -> f64 {
        -self.weight_per_s * (consequence.after.time_s - consequence.before.time_s)
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        super::finite("weight_per_s", self.weight_per_s).into_iter().collect()
    }
}
