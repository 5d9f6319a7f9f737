//! Robust scaling of tiles and features: fitted on training data, stored with a model, the same in training and in serving.

use serde::{Deserialize, Serialize};

use super::channels::CHANNELS;
use super::features::{FEATURES, features};
use super::planes::{PLANES, Planes};
use super::window::{SAMPLES, TelemetryWindow, WindowError};

/// Numbers of a tile.
pub const TILE: usize = PLANES * SAMPLES * CHANNELS;
/// Bound of a scaled number.
pub const CLIP: f64 = 8.0;
/// Version of the tables from which inputs are made: channels, planes, features, and how they are scaled.
pub const INPUT_VERSION: u32 = 1;
/// Windows that quantiles are taken of, at most.
const KEPT_WINDOWS: usize = 4096;
/// Least spread that a number is divided by, in the unit of the spread of its channel (a decade, a decibel, a radian): below it,
/// noise of the arithmetic would be blown up.
const LEAST_SPREAD: f64 = 1e-3;
/// Spread of what never varied in training: a change by one unit then counts as one.
const UNIT_SPREAD: f64 = 1.0;
/// Pairs of quantiles, and how many standard deviations of a normal distribution lie between them. The first pair that is apart
/// tells the spread: what mostly rests at one value, such as a rate of rejected commands, still has one.
const RANGES: [(f64, f64, f64); 4] =
    [(0.25, 0.75, 1.348_98), (0.05, 0.95, 3.289_71), (0.01, 0.99, 4.652_70), (0.0, 1.0, 6.0)];

/// Where a number lies and how far it spreads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extent {
    /// Median.
    pub median: f64,
    /// Interquartile range over that of a standard normal distribution; positive.
    pub spread: f64,
}

impl Extent {
    /// What scales nothing.
    pub const UNIT: Self = Self { median: 0.0, spread: UNIT_SPREAD };

    /// Of numbers, which are sorted in passing.
    fn of(numbers: &mut [f32]) -> Self {
        if numbers.is_empty() {
            return Self::UNIT;
        }
        numbers.sort_unstable_by(f32::total_cmp);
        let quantile = |share: f64| {
            let at = share * (numbers.len() - 1) as f64;
            let (below, above) = (numbers[at.floor() as usize], numbers[at.ceil() as usize]);
            f64::from(below) + (f64::from(above) - f64::from(below)) * at.fract()
        };
        let spreads = RANGES.iter().map(|(low, high, deviations)| (quantile(*high) - quantile(*low)) / deviations);
        let spread = spreads.into_iter().find(|spread| *spread >= LEAST_SPREAD).unwrap_or(UNIT_SPREAD);
        Self { median: quantile(0.5), spread }
    }

    /// (value - median) / spread, clipped to ±[`CLIP`]; what was not measured lies in the middle.
    #[must_use]
    pub fn scale(&self, value: Option<f64>) -> f32 {
        let scaled = value.map_or(0.0, |value| (value - self.median) / self.spread);
        if scaled.is_nan() { 0.0 } else { scaled.clamp(-CLIP, CLIP) as f32 }
    }
}

/// Scaling of the numbers that networks are fed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    /// By plane and channel of a tile, [3][30].
    pub tile: Vec<[Extent; CHANNELS]>,
    /// By feature, 128.
    pub features: Vec<Extent>,
}

/// Why a scaling cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ScalingError {
    /// Of other sizes.
    #[error("the scaling is of {planes} planes and {features} features, expected {PLANES} and {FEATURES}")]
    Sizes {
        /// Its planes.
        planes: usize,
        /// Its features.
        features: usize,
    },
    /// Numbers that scale nothing.
    #[error(
        "the scaling has a median of {median} and a spread of {spread}: expected finite numbers, the spread positive"
    )]
    Extent {
        /// Median.
        median: f64,
        /// Spread.
        spread: f64,
    },
    /// Nothing to fit it on.
    #[error("no window to fit the scaling on")]
    NoWindow,
}

impl Scaling {
    /// Fitted on windows of the training data, of which at most 4096 are looked at, evenly spaced.
    ///
    /// # Errors
    /// When there is none.
    pub fn fit<'a>(
        windows: impl Iterator<Item = (&'a Planes, &'a [Option<f64>; FEATURES])>,
    ) -> Result<Self, ScalingError> {
        let mut kept: Vec<Vec<f32>> = Vec::new();
        let mut every = 1;
        for (index, (planes, features)) in windows.enumerate() {
            if index % every != 0 {
                continue;
            }
            if kept.len() == KEPT_WINDOWS {
                // Every second of those at hand, and from here on every second of those to come.
                kept = kept.into_iter().step_by(2).collect();
                every *= 2;
                if index % every != 0 {
                    continue;
                }
            }
            let told = planes.0.iter().flatten().flatten().chain(features);
            kept.push(told.map(|value| value.map_or(f32::NAN, |value| value as f32)).collect());
        }
        if kept.is_empty() {
            return Err(ScalingError::NoWindow);
        }
        let mut numbers = Vec::new();
        let mut extent = |entries: &mut dyn Iterator<Item = usize>| {
            numbers.clear();
            for entry in entries {
                numbers.extend(kept.iter().map(|window| window[entry]).filter(|number| number.is_finite()));
            }
            Extent::of(&mut numbers)
        };
        let tile = (0..PLANES).map(|plane| {
            std::array::from_fn(|channel| {
                extent(&mut (0..SAMPLES).map(|sample| (plane * SAMPLES + sample) * CHANNELS + channel))
            })
        });
        let tile = tile.collect();
        let features = (TILE..TILE + FEATURES).map(|entry| extent(&mut std::iter::once(entry))).collect();
        Ok(Self { tile, features })
    }

    /// Whether it can be used, as it must be after reading it from a file.
    ///
    /// # Errors
    /// See [`ScalingError`].
    pub fn check(&self) -> Result<(), ScalingError> {
        if (self.tile.len(), self.features.len()) != (PLANES, FEATURES) {
            return Err(ScalingError::Sizes { planes: self.tile.len(), features: self.features.len() });
        }
        for Extent { median, spread } in self.tile.iter().flatten().chain(&self.features).copied() {
            if !(median.is_finite() && spread.is_finite() && spread > 0.0) {
                return Err(ScalingError::Extent { median, spread });
            }
        }
        Ok(())
    }

    /// The scaled tile, [3 planes][30 samples][30 channels].
    #[must_use]
    pub fn tile(&self, planes: &Planes) -> Vec<f32> {
        let mut tile = Vec::with_capacity(TILE);
        for (plane, extents) in planes.0.iter().zip(&self.tile) {
            for sample in plane {
                tile.extend(sample.iter().zip(extents).map(|(value, extent)| extent.scale(*value)));
            }
        }
        tile
    }

    /// The scaled features.
    #[must_use]
    pub fn features(&self, features: &[Option<f64>; FEATURES]) -> [f32; FEATURES] {
        std::array::from_fn(|entry| self.features[entry].scale(features[entry]))
    }
}

/// What networks are fed of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    /// [3][30][30], flat.
    pub tile: Vec<f32>,
    /// 128.
    pub features: [f32; FEATURES],
}

impl Inputs {
    /// Of a window; the one way from a window to a network, in training and in serving.
    ///
    /// # Errors
    /// When nothing can be made of the window.
    pub fn of(window: &TelemetryWindow, scaling: &Scaling) -> Result<Self, WindowError> {
        window.check()?;
        let planes = Planes::of(window);
        let features = features(window, &planes);
        Ok(Self { tile: scaling.tile(&planes), features: scaling.features(&features) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::window::Context;
    use super::*;

    /// A window whose channels wander with `seed`; channel 25 rests, channel 26 rarely does anything, channel 28 is absent.
    fn window(seed: usize) -> TelemetryWindow {
        let mut window =
            TelemetryWindow { interval_s: 30.0, samples: vec![[0.0; CHANNELS]; SAMPLES], context: Context::default() };
        for (index, sample) in window.samples.iter_mut().enumerate() {
            for (channel, value) in sample.iter_mut().enumerate() {
                *value = ((seed * 31 + index * 7 + channel * 13) % 101) as f64 / 101.0;
            }
            sample[12] = -3.0 - sample[12];
            sample[25] = 300.0;
            sample[26] = if seed.is_multiple_of(40) { 2.0 } else { 0.0 };
            sample[28] = f64::NAN;
        }
        window.samples[seed % SAMPLES][3] = f64::NAN;
        window
    }

    fn fitted() -> Scaling {
        let told: Vec<_> = (0..200)
            .map(window)
            .map(|window| {
                let planes = Planes::of(&window);
                let features = features(&window, &planes);
                (planes, features)
            })
            .collect();
        Scaling::fit(told.iter().map(|(planes, features)| (planes, features))).expect("windows")
    }

    #[test]
    fn training_and_serving_feed_the_same_bits() {
        let scaling = fitted();
        let served: Scaling = serde_json::from_str(&serde_json::to_string(&scaling).expect("plain")).expect("plain");
        served.check().expect("whole");
        for seed in [0, 7, 80] {
            let window = window(seed);
            // What a request holds: numbers as text, gaps as null.
            let numbers: Vec<Vec<Option<f64>>> = window
                .samples
                .iter()
                .map(|sample| sample.iter().map(|value| (!value.is_nan()).then_some(*value)).collect())
                .collect();
            let text = serde_json::to_string(&numbers).expect("plain");
            let numbers: Vec<Vec<Option<f64>>> = serde_json::from_str(&text).expect("plain");
            let samples = numbers.iter().map(|sample| std::array::from_fn(|c| sample[c].unwrap_or(f64::NAN))).collect();
            let request = TelemetryWindow { samples, ..window.clone() };
            let planes = Planes::of(&window);
            let trained =
                Inputs { tile: scaling.tile(&planes), features: scaling.features(&features(&window, &planes)) };
            let bits = |inputs: &Inputs| -> Vec<u32> {
                inputs.tile.iter().chain(&inputs.features).map(|x| x.to_bits()).collect()
            };
            assert_eq!(bits(&Inputs::of(&request, &served).expect("a window")), bits(&trained));
        }
    }

    #[test]
    fn the_middle_half_spans_about_one_and_a_third() {
        let scaling = fitted();
        let mut scaled: Vec<f32> = (0..200)
            .flat_map(|seed| {
                let tile = scaling.tile(&Planes::of(&window(seed)));
                (0..SAMPLES).map(move |s| tile[s * CHANNELS + 16])
            })
            .collect();
        scaled.sort_by(f32::total_cmp);
        let (low, high) = (scaled[scaled.len() / 4], scaled[3 * scaled.len() / 4]);
        assert!((high - low - 1.349).abs() < 0.03 && (high + low).abs() < 0.1, "{low} to {high}");
    }

    #[test]
    fn what_rested_in_training_is_not_blown_up_later() {
        let scaling = fitted();
        let (resting, rare, absent) = (scaling.tile[0][25], scaling.tile[0][26], scaling.tile[0][28]);
        assert_eq!((resting, absent), (Extent { median: 300.0, spread: 1.0 }, Extent::UNIT));
        assert!(rare.median == 0.0 && rare.spread > 0.3, "{rare:?}");
        assert_eq!(resting.scale(Some(301.5)), 1.5);
        assert_eq!(resting.scale(Some(2000.0)), CLIP as f32);
        assert_eq!(resting.scale(Some(f64::INFINITY)), CLIP as f32);
        assert_eq!(resting.scale(None), 0.0);
    }

    #[test]
    fn of_many_windows_some_evenly_spaced_tell() {
        let window = window(3);
        let planes = Planes::of(&window);
        let count = 3 * KEPT_WINDOWS;
        let numbered: Vec<_> = (0..count)
            .map(|index| {
                let mut told = [None; FEATURES];
                told[0] = Some(index as f64);
                told
            })
            .collect();
        let scaling = Scaling::fit(numbered.iter().map(|features| (&planes, features))).expect("windows");
        let Extent { median, spread } = scaling.features[0];
        assert!((median - count as f64 / 2.0).abs() < 5.0, "{median}");
        assert!((spread - count as f64 / 2.0 / 1.348_98).abs() < 5.0, "{spread}");
        assert_eq!(scaling.features[1], Extent::UNIT);
        assert_eq!(Scaling::fit(std::iter::empty()), Err(ScalingError::NoWindow));
    }

    #[test]
    fn a_scaling_that_is_none_is_refused() {
        let mut scaling = fitted();
        scaling.features[9].spread = 0.0;
        assert!(scaling.check().expect_err("zero").to_string().contains("a spread of 0"));
        scaling.features.pop();
        assert!(scaling.check().expect_err("short").to_string().contains("127 features"));
    }
}
