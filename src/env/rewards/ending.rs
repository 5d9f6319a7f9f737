//! The end of the episode.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Consequence, Term};

use crate::sim::Outcome;

/// Paid once, when the episode ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// For success.
    pub success: f64,
    /// For any failure that has no figure of its own.
    pub failure: f64,
    /// For reaching the time limit.
    #[serde(default)]
    pub time_limit: Option<f64>,
}

impl Term for Ending {
    fn pay(&self, consequence: &Consequence<'_>) -> f64 {
        match consequence.outcome {
            None => 0.0,
            Some(Outcome::Success) => self.success,
            Some(Outcome::TimeLimit) => self.time_limit.unwrap_or(self.failure),
            Some(_) => self.failure,
        }
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        let values =
            [("success", self.success), ("failure", self.failure), ("time_limit", self.time_limit.unwrap_or(0.0))];
        values.into_iter().filter_map(|(field, value)| super::finite(field, value)).collect()
    }
}
