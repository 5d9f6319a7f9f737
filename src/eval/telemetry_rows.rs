//! Windows as rows of numbers: what the networks of telemetry, and what stands beside them, learn from and are judged on.

use rayon::prelude::*;

use crate::models::telemetry_model::BadWindow;
use crate::telemetry::channels::{CHANNELS, index_of};
use crate::telemetry::features::{FEATURES, features};
use crate::telemetry::labelled::{Label, LabelledWindow};
use crate::telemetry::planes::Planes;
use crate::telemetry::scaling::{Scaling, ScalingError, TILE};

/// Rows of one split, all of one scaling.
#[derive(Clone, Debug, Default)]
pub struct TelemetryRows {
    /// Scaled tiles, [rows, 2700]; empty where only features were asked for.
    pub tiles: Vec<f32>,
    /// Scaled features, [rows, 128].
    pub features: Vec<f32>,
    /// The newest sample, [rows, 30], in the units of the channels; NaN where it was not measured.
    pub newest: Vec<f64>,
    /// The newest measured value of each channel, [rows, 30]; see [`newest_measured`](crate::telemetry::window::TelemetryWindow::newest_measured).
    pub newest_measured: Vec<f64>,
    /// What the simulator knows.
    pub labels: Vec<Label>,
    /// Whether each row is of a full window; see [`Label::is_full`].
    pub is_full: Vec<bool>,
    /// Samples in which the track was seen.
    pub tracked: Vec<usize>,
    /// Time between two samples [s].
    pub interval_s: Vec<f64>,
}

/// Which of a window's numbers are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Features alone.
    Features,
    /// Features and tiles.
    FeaturesAndTiles,
}

/// The scaling of training windows.
///
/// # Errors
/// When there is none.
pub fn fit_scaling(windows: &[LabelledWindow]) -> Result<Scaling, ScalingError> {
    // Scaling looks at 4096 of them at most.
    let every = windows.len().div_ceil(8_192).max(1);
    let told: Vec<_> = windows
        .par_iter()
        .step_by(every)
        .map(|labelled| {
            let planes = Planes::of(&labelled.window);
            let features = features(&labelled.window, &planes);
            (planes, features)
        })
        .collect();
    Scaling::fit(told.iter().map(|(planes, features)| (planes, features)))
}

impl TelemetryRows {
    /// The rows of these windows.
    ///
    /// # Errors
    /// With the first window that nothing can be made of.
    pub fn of(windows: &[LabelledWindow], scaling: &Scaling, wanted: Wanted) -> Result<Self, BadWindow> {
        let count = windows.len();
        let with_tiles = wanted == Wanted::FeaturesAndTiles;
        let mut rows = Self {
            tiles: vec![0.0; if with_tiles { count * TILE } else { 0 }],
            features: vec![0.0; count * FEATURES],
            newest: Vec::with_capacity(count * CHANNELS),
            newest_measured: Vec::with_capacity(count * CHANNELS),
            labels: windows.iter().map(|labelled| labelled.label).collect(),
            is_full: windows.iter().map(|labelled| labelled.label.is_full(&labelled.window)).collect(),
            tracked: windows.iter().map(|labelled| labelled.window.tracked_samples()).collect(),
            interval_s: windows.iter().map(|labelled| labelled.window.interval_s).collect(),
        };
        for labelled in windows {
            rows.newest.extend(labelled.window.samples.last().unwrap_or(&[f64::NAN; CHANNELS]));
            rows.newest_measured.extend(labelled.window.newest_measured());
        }
        let tile_width = if with_tiles { TILE } else { 0 };
        // Chunks, so that a split without tiles has places of no width too.
        let tiles: Vec<&mut [f32]> = if with_tiles {
            rows.tiles.chunks_exact_mut(tile_width).collect()
        } else {
            (0..count).map(|_| <&mut [f32]>::default()).collect()
        };
        let places = tiles.into_par_iter().zip(rows.features.par_chunks_exact_mut(FEATURES)).zip(windows).enumerate();
        places.try_for_each(|(index, ((tile, row), labelled))| {
            labelled.window.check().map_err(|source| BadWindow { index, source })?;
            let planes = Planes::of(&labelled.window);
            row.copy_from_slice(&scaling.features(&features(&labelled.window, &planes)));
            if with_tiles {
                tile.copy_from_slice(&scaling.tile(&planes));
            }
            Ok(())
        })?;
        Ok(rows)
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The class of each row as an index.
    #[must_use]
    pub fn classes(&self) -> Vec<usize> {
        self.labels.iter().map(|label| label.class.index()).collect()
    }

    /// The episode of each row.
    #[must_use]
    pub fn episodes(&self) -> Vec<u64> {
        self.labels.iter().map(|label| label.seed).collect()
    }

    /// The rows that `keep` accepts, in order.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(usize) -> bool) -> Self {
        let mut kept = Self::default();
        for row in (0..self.len()).filter(|row| keep(*row)) {
            if !self.tiles.is_empty() {
                kept.tiles.extend_from_slice(&self.tiles[row * TILE..(row + 1) * TILE]);
            }
            kept.features.extend_from_slice(&self.features[row * FEATURES..(row + 1) * FEATURES]);
            let of_row = row * CHANNELS..(row + 1) * CHANNELS;
            kept.newest.extend_from_slice(&self.newest[of_row.clone()]);
            kept.newest_measured.extend_from_slice(&self.newest_measured[of_row]);
            kept.labels.push(self.labels[row]);
            kept.is_full.push(self.is_full[row]);
            kept.tracked.push(self.tracked[row]);
            kept.interval_s.push(self.interval_s[row]);
        }
        kept
    }

    /// The newest value of a channel in a row; NaN where it was not measured, or there is no such channel.
    #[must_use]
    pub fn newest_of(&self, row: usize, channel: &str) -> f64 {
        index_of(channel).map_or(f64::NAN, |channel| self.newest[row * CHANNELS + channel])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::threat_class::ThreatClass;
    use crate::telemetry::scaling::Inputs;
    use crate::telemetry::window::{Context, SAMPLES, TelemetryWindow};

    fn windows() -> Vec<LabelledWindow> {
        let window = |seed: u64| {
            let mut samples = vec![[f64::NAN; CHANNELS]; SAMPLES];
            for (index, sample) in samples.iter_mut().enumerate() {
                sample[25] = 280.0 + (seed as f64 + 1.0) * (index as f64).sin();
                sample[0] = if seed == 1 && index == 3 { f64::NAN } else { 5_000.0 + index as f64 };
            }
            let label = Label {
                class: ThreatClass::Inspection,
                is_known: true,
                seed,
                cast: 0,
                onset_s: Some(100.0),
                end_s: 900.0,
                samples_since_onset: 20,
                harm_s: None,
            };
            LabelledWindow { window: TelemetryWindow { interval_s: 30.0, samples, context: Context::default() }, label }
        };
        (0..3).map(window).collect()
    }

    #[test]
    fn rows_are_what_serving_feeds_the_networks_to_the_bit() {
        let windows = windows();
        let scaling = fit_scaling(&windows).unwrap();
        let rows = TelemetryRows::of(&windows, &scaling, Wanted::FeaturesAndTiles).unwrap();
        for (row, labelled) in windows.iter().enumerate() {
            let inputs = Inputs::of(&labelled.window, &scaling).unwrap();
            assert_eq!(rows.tiles[row * TILE..(row + 1) * TILE], inputs.tile);
            assert_eq!(rows.features[row * FEATURES..(row + 1) * FEATURES], inputs.features);
        }
        assert_eq!((rows.is_full.clone(), rows.tracked.clone()), (vec![true, false, true], vec![30, 29, 30]));
        assert_eq!(rows.newest_of(0, "range"), 5_029.0);
        let without = TelemetryRows::of(&windows, &scaling, Wanted::Features).unwrap();
        assert_eq!((without.features, without.tiles.len()), (rows.features.clone(), 0));
        let kept = rows.filtered(|row| row != 1);
        assert_eq!((kept.len(), kept.episodes(), kept.tiles.len()), (2, vec![0, 2], 2 * TILE));
    }

    #[test]
    fn a_bad_window_is_told_by_its_place() {
        let mut windows = windows();
        let scaling = fit_scaling(&windows).unwrap();
        windows[2].window.samples[0][25] = f64::INFINITY;
        assert_eq!(TelemetryRows::of(&windows, &scaling, Wanted::Features).unwrap_err().index, 2);
    }
}
