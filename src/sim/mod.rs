//! The simulator: components, the schedule, arenas and shards, distributions and reset, integrators, forces, behaviours, sensors, tracks,
//! and the systems of a spacecraft that others act upon.

pub mod behaviours;
pub mod bus;
pub mod components;
pub mod config;
pub mod crossing;
pub mod distribution;
pub mod emission;
pub mod events;
pub mod forces;
mod frames;
pub mod goals;
pub mod harm;
pub mod integrators;
pub mod path;
pub mod propagation;
pub mod release;
pub mod reset;
pub mod schedule;
pub mod scores;
pub mod seeds;
pub mod sensing;
pub mod sensors;
pub mod shard;
mod sight;
pub mod template;
pub mod threat_class;
pub mod tracks;
pub mod view;

use serde::{Deserialize, Serialize};

/// How an episode ended for the objective's team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The objective was met.
    Success,
    /// The target was reached faster than allowed.
    Crash,
    /// The two came apart too far.
    Escape,
    /// The two came too near.
    KeepOut,
    /// The speed limit was exceeded by more than its margin.
    Overspeed,
    /// The time limit was reached.
    TimeLimit,
    /// A link was lost for too long.
    LinkLost,
    /// The focal plane took too much light.
    Dazzled,
    /// Too many false commands were executed.
    Commanded,
    /// The navigation solution was led too far away.
    Misled,
}

impl Outcome {
    /// Whether harm was done to a spacecraft: it was hit or come too near to, or lost what it needs.
    #[must_use]
    pub fn is_harm(self) -> bool {
        matches!(self, Self::Crash | Self::KeepOut | Self::LinkLost | Self::Dazzled | Self::Commanded | Self::Misled)
    }

    /// The name by which files and tables call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Crash => "crash",
            Self::Escape => "escape",
            Self::KeepOut => "keep_out",
            Self::Overspeed => "overspeed",
            Self::TimeLimit => "time_limit",
            Self::LinkLost => "link_lost",
            Self::Dazzled => "dazzled",
            Self::Commanded => "commanded",
            Self::Misled => "misled",
        }
    }
}
