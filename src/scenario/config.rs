//! The serde type of a scenario's file: each room's own configuration, composed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::env::config::RewardConfig;
use crate::sim::behaviours::BehaviourConfig;
use crate::sim::config::{
    CastConfig, ObjectiveConfig, ObservationConfig, PhysicsConfig, ScoreConfig, SpacecraftConfig, TimingConfig,
};
use crate::telemetry::config::TelemetryConfig;

/// A scenario as its author writes it; kilometres and degrees where a field's name says so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioConfig {
    /// Name, by which results are filed: letters, digits, `_` and `-`.
    pub name: String,
    /// One sentence of what it is about.
    pub summary: String,
    /// Start of every episode, UTC, ISO 8601: `2026-03-20T12:00:00Z`.
    pub epoch: String,
    /// How hard it is, from 0 to 1: where between `easy` and `hard` every `Ramp(…)` of the file stands.
    #[serde(default = "hardest", skip_serializing_if = "is_hardest")]
    #[schemars(extend("minimum" = 0.0, "maximum" = 1.0, "default" = 1.0))]
    pub difficulty: f64,
    /// Physics.
    pub physics: PhysicsConfig,
    /// Segments, decisions, the limit.
    pub timing: TimingConfig,
    /// The spacecraft, one to eight; each place in this list is a slot of every arena.
    pub spacecraft: Vec<SpacecraftConfig>,
    /// Who plays what, drawn for all spacecraft together; none where each draws for itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub casts: Vec<CastConfig>,
    /// What decides an episode.
    pub objective: ObjectiveConfig,
    /// Scores that others have published for their game, told by an evaluation beside the outcome.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<ScoreConfig>,
    /// Names of the scripted policies that an evaluation plays beside a learned one; the guidances that bring own ship to its
    /// target when left out. The last of them flies where no policy is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baselines: Vec<String>,
    /// What a learner is paid.
    pub rewards: RewardConfig,
    /// What a learner is shown; everything when left out.
    #[serde(default, skip_serializing_if = "ObservationConfig::is_default")]
    pub observation: ObservationConfig,
    /// For scripted spacecraft by name, behaviours that are never trained against: evaluation plays them instead.
    #[serde(default)]
    pub held_out: BTreeMap<String, Vec<BehaviourConfig>>,
    /// Whose telemetry `astroshield dataset` records, and what for; none is recorded when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telemetry: Option<TelemetryConfig>,
    /// What the trainer is told; kept as text, see [`Scenario::training`](super::Scenario::training).
    #[serde(default, skip_serializing)]
    #[schemars(skip)]
    pub(super) training: Option<IgnoredAny>,
}

fn hardest() -> f64 {
    1.0
}

/// The default is not written, so that the hash of a scenario without ramps is what it was before there were any.
fn is_hardest(difficulty: &f64) -> bool {
    *difficulty == hardest()
}
