//! What is said of a detector, or of a baseline beside it, on the windows of one split.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::classification::earliness::{Earliness, Seen};
use super::classification::figures::ClassificationFigures;
use super::classification::{ClassificationError, Judged};
use super::telemetry_rows::TelemetryRows;
use crate::sim::threat_class::ThreatClass;
use crate::telemetry::window::SAMPLES;

/// Classes.
const CLASSES: usize = ThreatClass::ALL.len();

/// Figures of a classifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DetectorFigures {
    /// On full windows: the track seen in all 30 samples, the last of them 15 or more after the onset of a threat.
    pub full: ClassificationFigures,
    /// On all windows, those included that end just after an onset or in which the track was never seen.
    pub all: ClassificationFigures,
    /// Of threats whose track was seen in all 30 samples, by the samples since the onset.
    pub by_samples: Earliness,
    /// The same windows, by the share of the encounter seen: from the onset to the last window of the episode.
    pub by_share: Earliness,
}

impl DetectorFigures {
    /// Of the probabilities [rows, 12] that a classifier gave to these rows; what no class describes is left out.
    ///
    /// # Errors
    /// When there is no full window, or probabilities are none.
    pub fn of(probabilities: &[f32], rows: &TelemetryRows) -> Result<Self, ClassificationError> {
        let figures = |keep: &dyn Fn(usize) -> bool| -> Result<ClassificationFigures, ClassificationError> {
            let kept = Kept::of(probabilities, rows, keep);
            ClassificationFigures::of(&kept.judged()?)
        };
        let known = |row: usize| rows.labels[row].is_known;
        let is_seen_threat =
            |row: usize| known(row) && rows.labels[row].class != ThreatClass::Nominal && rows.tracked[row] == SAMPLES;
        let mut ends_s: HashMap<u64, f64> = HashMap::new();
        for label in &rows.labels {
            let end_s = ends_s.entry(label.seed).or_insert(label.end_s);
            *end_s = end_s.max(label.end_s);
        }
        let share_seen = |row: usize| {
            let label = &rows.labels[row];
            let onset_s = label.onset_s.unwrap_or(label.end_s);
            let whole_s = ends_s[&label.seed] - onset_s;
            if whole_s > 0.0 { (label.end_s - onset_s) / whole_s } else { 1.0 }
        };
        let threats = Kept::of(probabilities, rows, &is_seen_threat);
        let judged = threats.judged()?;
        let samples: Vec<f64> = threats.rows.iter().map(|row| rows.labels[*row].samples_since_onset as f64).collect();
        let shares: Vec<f64> = threats.rows.iter().map(|row| share_seen(*row)).collect();
        Ok(Self {
            full: figures(&|row| known(row) && rows.is_full[row])?,
            all: figures(&known)?,
            by_samples: Earliness::of(&judged, Seen::Samples, &samples)?,
            by_share: Earliness::of(&judged, Seen::Share, &shares)?,
        })
    }
}

/// Some of the rows, with what was said of them.
struct Kept {
    rows: Vec<usize>,
    labels: Vec<usize>,
    episodes: Vec<u64>,
    probabilities: Vec<f32>,
}

impl Kept {
    fn of(probabilities: &[f32], rows: &TelemetryRows, keep: &dyn Fn(usize) -> bool) -> Self {
        let kept: Vec<usize> = (0..rows.len()).filter(|row| keep(*row)).collect();
        Self {
            labels: kept.iter().map(|row| rows.labels[*row].class.index()).collect(),
            episodes: kept.iter().map(|row| rows.labels[*row].seed).collect(),
            probabilities: kept
                .iter()
                .flat_map(|row| &probabilities[row * CLASSES..(row + 1) * CLASSES])
                .copied()
                .collect(),
            rows: kept,
        }
    }

    fn judged(&self) -> Result<Judged<'_>, ClassificationError> {
        Judged::new(CLASSES, &self.labels, &self.episodes, &self.probabilities)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::labelled::Label;

    #[test]
    fn full_windows_and_early_ones_are_told_apart() {
        let label = |seed: u64, class: ThreatClass, since: usize, end_s: f64| Label {
            class,
            is_known: seed != 3,
            seed,
            cast: 0,
            onset_s: (class != ThreatClass::Nominal).then_some(0.0),
            end_s,
            samples_since_onset: since,
            harm_s: None,
        };
        let labels = vec![
            label(0, ThreatClass::Nominal, 0, 900.0),
            label(1, ThreatClass::Grapple, 2, 100.0),
            label(1, ThreatClass::Grapple, 30, 1_000.0),
            label(2, ThreatClass::Inspection, 30, 900.0),
            label(3, ThreatClass::Nominal, 30, 900.0),
        ];
        let rows = TelemetryRows {
            is_full: labels.iter().map(|label| label.samples_since_onset == 30 || label.seed == 0).collect(),
            tracked: vec![30; 5],
            labels,
            ..TelemetryRows::default()
        };
        let mut probabilities = vec![0.0; 5 * CLASSES];
        // Right, wrong (early), right, right; what is not known is not judged.
        for (row, given) in [(0, 0), (1, 0), (2, 9), (3, 2), (4, 11)] {
            probabilities[row * CLASSES + given] = 1.0;
        }
        let figures = DetectorFigures::of(&probabilities, &rows).unwrap();
        assert_eq!((figures.full.rows, figures.full.accuracy.value), (3, 1.0));
        assert_eq!((figures.all.rows, figures.all.accuracy.value), (4, 0.75));
        let early = figures.by_samples.bins.iter().find(|bin| bin.from == 1.0).unwrap();
        assert_eq!((early.rows, early.accuracy.unwrap().value), (1, 0.0));
        let tenth = figures.by_share.bins.iter().find(|bin| bin.from == 0.1).unwrap();
        assert_eq!(tenth.rows, 1);
    }
}
