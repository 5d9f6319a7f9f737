//! Zero-effort miss of the target, as a potential.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Consequence, Term};

use super::approach::Scale;
use crate::sim::view::View;

/// Φ = -weight × scale(miss), the miss being the least distance to the target on a straight line at the present relative
/// velocity within the horizon.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZeroEffortMiss {
    /// Weight; negative to pay for a growing miss.
    pub weight: f64,
    /// How the miss is weighed.
    pub scale: Scale,
    /// How far ahead the line is followed [s].
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub horizon_s: f64,
}

impl ZeroEffortMiss {
    fn weighed(&self, view: &View) -> f64 {
        view.target().map_or(0.0, |target| {
            let time_s = target.time_to_closest_approach_s().clamp(0.0, self.horizon_s);
            self.scale.weigh((target.position_rtn_m + target.velocity_rtn_m_s * time_s).norm())
        })
    }
}

impl Term for ZeroEffortMiss {
    fn pay(&self, consequence: &Consequence<'_>) -> f64 {
        self.weight * (self.weighed(consequence.before) - self.weighed(consequence.after))
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        let horizon = (!(self.horizon_s.is_finite() && self.horizon_s > 0.0))
            .then(|| ("horizon_s", format!("{} s must be above zero", self.horizon_s)));
        super::finite("weight", self.weight).into_iter().chain(self.scale.fault()).chain(horizon).collect()
    }
}
