//! What the parts of a data set are for.

use serde::{Deserialize, Serialize};

use crate::sim::seeds::SeedDomain;
use crate::telemetry::config::TelemetryRole;

/// What a part of a data set is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// Models learn from it.
    Train,
    /// The best of several models, and thresholds, are picked on it.
    Validation,
    /// Figures are told on it.
    Test,
    /// A test outside the ranges of training.
    Shifted,
    /// A test with behaviours that no training has.
    Unknown,
    /// Telemetry of real objects, without labels.
    Recorded,
}

impl Split {
    /// The splits that are simulated, in the order in which they are made.
    pub const SIMULATED: [Self; 5] = [Self::Train, Self::Validation, Self::Test, Self::Shifted, Self::Unknown];

    /// The name by which files and tables call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
            Self::Shifted => "shifted",
            Self::Unknown => "unknown",
            Self::Recorded => "recorded",
        }
    }

    /// The role of the scenarios that it is made of; `None` where it is not simulated.
    #[must_use]
    pub fn role(self) -> Option<TelemetryRole> {
        match self {
            Self::Train | Self::Validation | Self::Test => Some(TelemetryRole::Training),
            Self::Shifted => Some(TelemetryRole::Shifted),
            Self::Unknown => Some(TelemetryRole::Unknown),
            Self::Recorded => None,
        }
    }

    /// The domain of its episodes' seeds: no episode of one domain is in another.
    #[must_use]
    pub fn domain(self) -> SeedDomain {
        match self {
            Self::Train => SeedDomain::Train,
            Self::Validation => SeedDomain::Select,
            Self::Test | Self::Shifted | Self::Unknown | Self::Recorded => SeedDomain::Report,
        }
    }

    /// Windows of the split where `windows` are asked for: 70 % train, 10 % validate, and the rest, a fifth, test. Each further test
    /// has as many as the test.
    #[must_use]
    pub fn share(self, windows: u64) -> u64 {
        // In parts of ten without a product that could overflow.
        let tenths = |parts: u64| windows / 10 * parts + windows % 10 * parts / 10;
        match self {
            Self::Train => tenths(7),
            Self::Validation => tenths(1),
            Self::Test | Self::Shifted | Self::Unknown => windows - tenths(7) - tenths(1),
            Self::Recorded => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_what_was_asked_for() {
        for windows in [0, 1, 9, 10, 137, 100_000, u64::MAX] {
            let [train, validation, test] =
                [Split::Train, Split::Validation, Split::Test].map(|split| split.share(windows));
            assert_eq!(train + validation + test, windows);
        }
        assert_eq!(Split::SIMULATED.map(|split| split.share(1_000)), [700, 100, 200, 200, 200]);
    }

    #[test]
    fn what_is_learned_from_shares_no_domain_with_what_is_told() {
        for split in [Split::Validation, Split::Test, Split::Shifted, Split::Unknown] {
            assert_ne!(split.domain(), Split::Train.domain());
        }
        assert_ne!(Split::Validation.domain(), Split::Test.domain());
    }
}
