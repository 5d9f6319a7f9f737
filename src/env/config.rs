//! What a scenario says of the environment.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rewards::RewardTerm;

/// Rewards of a decision: a sum of terms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RewardConfig {
    /// Terms, added.
    pub terms: Vec<RewardTerm>,
}
