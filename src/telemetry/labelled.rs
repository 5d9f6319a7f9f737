//! A window of telemetry, and what the simulator that made it knows of it.

use crate::sim::threat_class::ThreatClass;

use super::window::TelemetryWindow;

/// A window with its label.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledWindow {
    /// What the observer has.
    pub window: TelemetryWindow,
    /// What it does not know.
    pub label: Label,
}

/// What the simulator knows of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Label {
    /// The class in force at the last sample.
    pub class: ThreatClass,
    /// Whether a class describes what is in force; where none does, `class` is nominal.
    pub is_known: bool,
    /// The episode: the seed that is listed.
    pub seed: u64,
    /// Index of the cast.
    pub cast: u16,
    /// When the threat, or what no class describes, came into force [s]; none before, and none where it is over.
    pub onset_s: Option<f64>,
    /// Time of the last sample since the start of the episode [s].
    pub end_s: f64,
    /// Samples of the window at which it was in force.
    pub samples_since_onset: usize,
    /// When harm was done in this episode [s], nothing being done against it; none where there was none.
    pub harm_s: Option<f64>,
}

impl Label {
    /// Whether the window tells all that a full one can: 30 samples in which the track was seen, the last of them 15 or more after
    /// the onset where there is a threat.
    #[must_use]
    pub fn is_full(&self, window: &TelemetryWindow) -> bool {
        window.tracked_samples() == super::window::SAMPLES
            && ((self.class == ThreatClass::Nominal && self.is_known) || self.samples_since_onset >= FULL_AFTER_ONSET)
    }
}

/// Samples after the onset from which a window counts as full.
pub const FULL_AFTER_ONSET: usize = 15;
