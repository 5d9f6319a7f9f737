//! The parts of a window that are judged each by itself: how its object moves, how it will pass, how it looks, and what own systems tell.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::cloud::{Cloud, OwnShape, clouds};
use super::{AnomalyError, EncodedRows};
use crate::models::calibration::percentile::PercentileMap;
use crate::telemetry::channels::CHANNELS;
use crate::telemetry::features::{FEATURES, STATISTICS};

/// Least share that a surprise is taken of: half a step of the quantiles that a [`PercentileMap`] keeps.
const LEAST_SHARE: f64 = 5e-4;
/// Channels of motion: position, velocity, elements, acceleration and Δv.
const MOTION: [usize; 13] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 15];

/// A part of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Channels 0 to 10, 14 and 15: where the object is, how it moves and burns.
    Motion,
    /// Channels 11 to 13: its closest approach.
    Encounter,
    /// Channels 16 to 20: how it looks, and what is about it.
    Appearance,
    /// Channels 21 to 29, and the context: what own systems tell.
    Systems,
}

impl Part {
    /// All of them, in the order of their features.
    pub const ALL: [Self; 4] = [Self::Motion, Self::Encounter, Self::Appearance, Self::Systems];

    /// Its features.
    #[must_use]
    pub fn features(self) -> Vec<usize> {
        let of_channels = |channels: &mut dyn Iterator<Item = usize>| -> Vec<usize> {
            let width = STATISTICS.len();
            channels.flat_map(|channel| channel * width..(channel + 1) * width).collect()
        };
        match self {
            Self::Motion => of_channels(&mut MOTION.into_iter()),
            Self::Encounter => of_channels(&mut (11..14)),
            Self::Appearance => of_channels(&mut (16..21)),
            Self::Systems => {
                of_channels(&mut (21..CHANNELS)).into_iter().chain(STATISTICS.len() * CHANNELS..FEATURES).collect()
            }
        }
    }

    /// Its share of the false alarms. Most go to motion, since behaviour is motion first, and what own systems and the looks of an object do
    /// of themselves, by glint, fade and faults, is wild.
    #[must_use]
    pub fn share(self) -> f64 {
        match self {
            Self::Motion => 0.8,
            Self::Encounter => 0.04,
            Self::Appearance | Self::Systems => 0.08,
        }
    }
}

/// How strange one part of a window is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartAnomaly {
    /// Which.
    pub part: Part,
    /// Share of held-out windows of which this part was less strange \[%\].
    pub percentile: f64,
}

/// What is known of one part: the density of what the encoding says of it and of what it leaves open, class by class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownPart {
    part: Part,
    clouds: Vec<Cloud>,
    scores: PercentileMap,
}

impl KnownPart {
    /// Clouds of training rows, percentiles of held-out ones.
    pub(super) fn fit(
        part: Part,
        training: &EncodedRows,
        labels: &[usize],
        held_out: &EncodedRows,
        shrinkage: f64,
    ) -> Result<Self, AnomalyError> {
        let clouds = clouds(&numbers(part, training), width(part), labels, OwnShape::ByRows, shrinkage)?;
        let least = |of_classes: Vec<f64>| of_classes.into_iter().fold(f64::INFINITY, f64::min);
        let scores: Vec<f64> = scores(&clouds, &numbers(part, held_out), width(part)).into_iter().map(least).collect();
        Ok(Self { part, scores: PercentileMap::fit(&scores)?, clouds })
    }

    /// Whether it can be used with so many classes, as it must be after reading it from a file.
    pub(super) fn is_sound(&self, classes: usize) -> bool {
        self.clouds.len() == classes && self.clouds.iter().all(|cloud| cloud.is_sound(width(self.part)))
    }

    /// Of each row, class by class, how strange this part is if it is of that class, and its surprise: -ln of the share of held-out windows
    /// that are stranger in the class that fits each best, more by ln of the part's own share of the alarms; beyond all of them it grows
    /// with the logarithm of how far.
    ///
    /// Source of the weights: Genovese, Roeder and Wasserman, False discovery control with p-value weighting, Biometrika 93 (2006) 509.
    pub(super) fn judge(&self, rows: &EncodedRows) -> Vec<Vec<(PartAnomaly, f64)>> {
        let quantile = |share: f64| self.scores.score_at(share).unwrap_or(f64::MAX);
        let (median, greatest) = (quantile(0.5), quantile(1.0));
        let of = |score: f64| {
            let percentile = self.scores.percentile(score).unwrap_or(100.0);
            let far = ((score - greatest) / (greatest - median).max(f64::MIN_POSITIVE)).max(0.0);
            let surprise = libm::log1p(far) - libm::log((1.0 - percentile / 100.0).max(LEAST_SHARE));
            (PartAnomaly { part: self.part, percentile }, surprise + libm::log(self.part.share()))
        };
        let scores = scores(&self.clouds, &numbers(self.part, rows), width(self.part));
        scores.into_iter().map(|of_classes| of_classes.into_iter().map(of).collect()).collect()
    }
}

/// Numbers of a part: each feature as it was given back, and what that is off.
fn width(part: Part) -> usize {
    2 * part.features().len()
}

fn numbers(part: Part, rows: &EncodedRows) -> Vec<f32> {
    let features = part.features();
    let both = rows.given_back.chunks_exact(FEATURES).zip(rows.residuals.chunks_exact(FEATURES));
    both.flat_map(|(back, residual)| {
        let of = |numbers: &[f32]| features.iter().map(|feature| numbers[*feature]).collect::<Vec<_>>();
        of(back).into_iter().chain(of(residual))
    })
    .collect()
}

/// -2 ln of the Gaussian density of each class, but for a constant: d² + ln det Σ, class by class of each row.
fn scores(clouds: &[Cloud], rows: &[f32], width: usize) -> Vec<Vec<f64>> {
    let sizes: Vec<f64> = clouds.iter().map(Cloud::log_determinant).collect();
    let score = |row: &[f32]| {
        let of_class = |(cloud, size): (&Cloud, &f64)| {
            let distance = cloud.distance(row);
            distance * distance + size
        };
        clouds.iter().zip(&sizes).map(of_class).collect()
    };
    rows.par_chunks_exact(width).map(score).collect()
}
