//! How much of the objective's goal is met, as a potential.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Consequence, Term};
use crate::sim::view::View;

/// Φ = weight × share of the goal that is met: the weight of the points inspected, or the time on station over that asked for.
///
/// The share never falls, so that each point is paid for once, and staying on what has been seen earns nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// For the whole of it.
    pub weight: f64,
}

impl Term for Progress {
    fn pay(&self, consequence: &Consequence<'_>) -> f64 {
        let met = |view: &View| view.goal_share.unwrap_or(0.0);
        self.weight * (met(consequence.after) - met(consequence.before))
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        super::finite("weight", self.weight).into_iter().collect()
    }
}
