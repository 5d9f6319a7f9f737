//! Δv spent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Consequence, Term};

/// -weight for each m/s of Δv spent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeltaV {
    /// Weight [per m/s].
    pub weight_per_m_s: f64,
}

impl Term for DeltaV {
    fn pay(&self, consequence: &Consequence<'_>) -> f64 {
        -self.weight_per_m_s * consequence.delta_v_m_s
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        super::finite("weight_per_m_s", self.weight_per_m_s).into_iter().collect()
    }
}
