//! The parts of a window that are judged each by itself: how its object moves, how it looks, and what own systems tell.

use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::cloud::{Cloud, OwnShape, clouds};
use super::{AnomalyError, EncodedRows};
use crate::models::calibration::percentile::PercentileMap;
use crate::telemetry::features::{FEATURES, STATISTICS};

/// Least share that a surprise is taken of: half a step of the quantiles that a [`PercentileMap`] keeps.
const LEAST_SHARE: f64 = 5e-4;
/// First channels of the parts after the first.
const FIRST_OF_APPEARANCE: usize = 16;
const FIRST_OF_SYSTEMS: usize = 21;

/// A part of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Channels 0 to 15: where the object is, how it moves and burns.
    Motion,
    /// Channels 16 to 20: how it looks, and what is about it.
    Appearance,
    /// Channels 21 to 29, and the context: what own systems tell.
    Systems,
}

impl Part {
    /// All of them, in the order of their features.
    pub const ALL: [Self; 3] = [Self::Motion, Self::Appearance, Self::Systems];

    /// Its features.
    #[must_use]
    pub fn features(self) -> Range<usize> {
        let [appearance, systems] = [FIRST_OF_APPEARANCE, FIRST_OF_SYSTEMS].map(|channel| channel * STATISTICS.len());
        match self {
            Self::Motion => 0..appearance,
            Self::Appearance => appearance..systems,
            Self::Systems => systems..FEATURES,
        }
    }

    /// Its share of the false alarms. Most go to motion, since behaviour is motion first, and what own systems and the looks of an object do
    /// of themselves, by glint, fade and faults, is wild.
    #[must_use]
    pub fn share(self) -> f64 {
        match self {
            Self::Motion => 0.8,
            Self::Appearance | Self::Systems => 0.1,
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
        let scores = PercentileMap::fit(&scores(&clouds, &numbers(part, held_out), width(part)))?;
        Ok(Self { part, clouds, scores })
    }

    /// Whether it can be used, as it must be after reading it from a file.
    pub(super) fn is_sound(&self) -> bool {
        !self.clouds.is_empty() && self.clouds.iter().all(|cloud| cloud.is_sound(width(self.part)))
    }

    /// Of each row how strange this part is, and its surprise: -ln of the share of held-out windows that are stranger, more by ln of
    /// the part's own share of the alarms; beyond all of them it grows with the logarithm of how far.
    ///
    /// Source of the weights: Genovese, Roeder and Wasserman, False discovery control with p-value weighting, Biometrika 93 (2006) 509.
    pub(super) fn judge(&self, rows: &EncodedRows) -> Vec<(PartAnomaly, f64)> {
        let quantile = |share: f64| self.scores.score_at(share).unwrap_or(f64::MAX);
        let (median, greatest) = (quantile(0.5), quantile(1.0));
        let of = |score: f64| {
            let percentile = self.scores.percentile(score).unwrap_or(100.0);
            let far = ((score - greatest) / (greatest - median).max(f64::MIN_POSITIVE)).max(0.0);
            let surprise = libm::log1p(far) - libm::log((1.0 - percentile / 100.0).max(LEAST_SHARE));
            (PartAnomaly { part: self.part, percentile }, surprise + libm::log(self.part.share()))
        };
        scores(&self.clouds, &numbers(self.part, rows), width(self.part)).into_iter().map(of).collect()
    }
}

/// Numbers of a part: each feature as it was given back, and what that is off.
fn width(part: Part) -> usize {
    2 * part.features().len()
}

fn numbers(part: Part, rows: &EncodedRows) -> Vec<f32> {
    let both = rows.given_back.chunks_exact(FEATURES).zip(rows.residuals.chunks_exact(FEATURES));
    both.flat_map(|(back, residual)| back[part.features()].iter().chain(&residual[part.features()])).copied().collect()
}

/// -2 ln of the Gaussian density of the nearest class, but for a constant: the least over the classes of d² + ln det Σ.
fn scores(clouds: &[Cloud], rows: &[f32], width: usize) -> Vec<f64> {
    let sizes: Vec<f64> = clouds.iter().map(Cloud::log_determinant).collect();
    let score = |row: &[f32]| {
        let of = clouds.iter().zip(&sizes).map(|(cloud, size)| {
            let distance = cloud.distance(row);
            distance * distance + size
        });
        of.fold(f64::INFINITY, f64::min)
    };
    rows.par_chunks_exact(width).map(score).collect()
}
