//! Whose telemetry a scenario has recorded, and what for.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sim::distribution::Distribution;

/// Whose telemetry is recorded, and what for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TelemetryConfig {
    /// Name of the spacecraft whose instruments and systems are recorded; it has sensors.
    pub observer: String,
    /// What the recorded windows are for.
    pub role: TelemetryRole,
    /// How long what the sensors make of a track is on its way into the record, while own systems are told at once; drawn once an episode and
    /// rounded to whole decisions [s].
    #[serde(default = "TelemetryConfig::no_latency")]
    pub latency_s: Distribution,
    /// Files of scenarios that models are tested on besides, `Shifted` or `Unknown`, beside this one's file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_tests: Vec<String>,
}

impl TelemetryConfig {
    fn no_latency() -> Distribution {
        Distribution::Fixed(0.0)
    }
}

/// What the telemetry of a scenario is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum TelemetryRole {
    /// Models learn from it, and are validated and tested on further episodes of it.
    Training,
    /// Models are tested on it, and never learn from it: orbits, sensors, noise or adversaries are outside those of training.
    Shifted,
    /// Models are tested on it, and never learn from it: it holds behaviours that no training has.
    Unknown,
}

impl TelemetryRole {
    /// The name by which scenarios call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Training => "Training",
            Self::Shifted => "Shifted",
            Self::Unknown => "Unknown",
        }
    }
}

/// The block of a scenario that passed its checks: a slot in place of a name.
#[derive(Clone, Debug, PartialEq)]
pub struct TelemetrySource {
    /// Slot of the observer.
    pub observer: usize,
    /// What the windows are for.
    pub role: TelemetryRole,
    /// How long the track's channels are on their way [s].
    pub latency_s: Distribution,
    /// Files of the further tests.
    pub further_tests: Vec<PathBuf>,
}
