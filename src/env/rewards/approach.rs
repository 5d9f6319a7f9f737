//! Range to the target, as a potential.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Consequence, Term};

/// Φ = -weight × log10(range + floor), or -weight × range / unit, the range being that of the goal (or else of the nearest
/// opponent).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approach {
    /// Weight; negative to pay for getting away.
    pub weight: f64,
    /// How range is weighed.
    pub scale: Scale,
}

/// How a distance is weighed in a potential.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Scale {
    /// log10 of the distance plus a floor, so that each factor of ten counts alike until the floor.
    Logarithmic {
        /// Floor [m].
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        floor_m: f64,
    },
    /// The distance in units of this.
    Linear {
        /// Unit [m].
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        unit_m: f64,
    },
}

impl Scale {
    /// The weighed distance.
    #[must_use]
    pub fn weigh(&self, distance_m: f64) -> f64 {
        match self {
            Self::Logarithmic { floor_m } => libm::log10(distance_m + floor_m),
            Self::Linear { unit_m } => distance_m / unit_m,
        }
    }

    pub(super) fn fault(&self) -> Option<(&'static str, String)> {
        let (Self::Logarithmic { floor_m: length_m } | Self::Linear { unit_m: length_m }) = self;
        (!(length_m.is_finite() && *length_m > 0.0)).then(|| ("scale", format!("{length_m} m must be above zero")))
    }
}

impl Term for Approach {
    fn pay(&self, consequence: &Consequence<'_>) -> f64 {
        let weighed =
            |view: &crate::sim::view::View| view.target().map_or(0.0, |target| self.scale.weigh(target.range_m()));
        self.weight * (weighed(consequence.before) - weighed(consequence.after))
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        super::finite("weight", self.weight).into_iter().chain(self.scale.fault()).collect()
    }
}
