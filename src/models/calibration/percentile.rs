//! Scores as percentiles of held-out data.

use serde::{Deserialize, Serialize};

use super::CalibrationError;

/// Quantiles that are kept: 0 %, 0.1 %, …, 100 %.
const QUANTILES: usize = 1_001;

/// Maps a score to the share of held-out scores below it, in percent: the empirical distribution, as quantiles.
///
/// Monotone, 0 below the least held-out score and 100 above the greatest; among equal scores the middle of their ranks.
/// Of held-out data, as training data would score too low.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<f64>", into = "Vec<f64>")]
pub struct PercentileMap {
    quantiles: Vec<f64>,
}

impl TryFrom<Vec<f64>> for PercentileMap {
    type Error = CalibrationError;

    fn try_from(quantiles: Vec<f64>) -> Result<Self, CalibrationError> {
        let sound = quantiles.iter().all(|quantile| quantile.is_finite())
            && quantiles.windows(2).all(|pair| pair[0] <= pair[1]);
        if sound && quantiles.len() >= 2 { Ok(Self { quantiles }) } else { Err(CalibrationError::Quantiles) }
    }
}

impl From<PercentileMap> for Vec<f64> {
    fn from(map: PercentileMap) -> Self {
        map.quantiles
    }
}

impl PercentileMap {
    /// From the scores of held-out data, in any order.
    ///
    /// Errors: no score, or one that is not finite.
    pub fn fit(scores: &[f64]) -> Result<Self, CalibrationError> {
        if scores.is_empty() {
            return Err(CalibrationError::Empty);
        }
        if let Some(row) = scores.iter().position(|score| !score.is_finite()) {
            return Err(CalibrationError::NotFinite { row, value: scores[row] });
        }
        let mut sorted = scores.to_vec();
        sorted.sort_by(f64::total_cmp);
        let count = (QUANTILES - 1) as f64;
        Ok(Self { quantiles: (0..QUANTILES).map(|index| interpolate(&sorted, index as f64 / count)).collect() })
    }

    /// The percentile of a score, 0 to 100; `None` where the score is NaN.
    #[must_use]
    pub fn percentile(&self, score: f64) -> Option<f64> {
        if score.is_nan() {
            return None;
        }
        let last = self.quantiles.len() - 1;
        let below = self.quantiles.partition_point(|quantile| *quantile < score);
        let up_to = self.quantiles.partition_point(|quantile| *quantile <= score);
        let rank = match (below, up_to) {
            // Between two quantiles, or beyond them all.
            (below, up_to) if below == up_to => match below {
                0 => 0.0,
                above if above > last => last as f64,
                above => {
                    let (left, right) = (self.quantiles[above - 1], self.quantiles[above]);
                    (above - 1) as f64 + ((score - left) / (right - left)).clamp(0.0, 1.0)
                }
            },
            (below, up_to) => (below + up_to - 1) as f64 / 2.0,
        };
        Some(100.0 * rank / last as f64)
    }

    /// The score that the share `probability` (0 to 1) of held-out scores do not exceed.
    ///
    /// Errors: a share outside [0, 1].
    pub fn score_at(&self, probability: f64) -> Result<f64, CalibrationError> {
        if (0.0..=1.0).contains(&probability) {
            Ok(interpolate(&self.quantiles, probability))
        } else {
            Err(CalibrationError::Share(probability))
        }
    }
}

/// The quantile of values in ascending order, type 7 of Hyndman and Fan, Am. Stat. 50 (1996) 361.
fn interpolate(sorted: &[f64], probability: f64) -> f64 {
    let position = (sorted.len() - 1) as f64 * probability;
    let (below, above) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    // Halves first, so that no difference of two extremes overflows.
    let fraction = position.fract();
    below * (1.0 - fraction) + above * fraction
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_uniform_score_is_its_own_percentile() {
        let scores: Vec<f64> = (0..=5_000).rev().map(|index| f64::from(index) / 50.0).collect();
        let map = PercentileMap::fit(&scores).unwrap();
        for score in [0.0, 0.05, 12.34, 50.0, 99.9, 100.0] {
            assert!((map.percentile(score).unwrap() - score).abs() < 1e-9, "{score}");
        }
        assert_eq!(map.percentile(-1.0), Some(0.0));
        assert_eq!(map.percentile(1e300), Some(100.0));
        assert_eq!(map.percentile(f64::INFINITY), Some(100.0));
        assert_eq!(map.percentile(f64::NAN), None);
        assert!((map.score_at(0.95).unwrap() - 95.0).abs() < 1e-9);
        assert_eq!(map.score_at(1.5), Err(CalibrationError::Share(1.5)));
    }

    #[test]
    fn equal_scores_stand_in_the_middle_of_their_ranks() {
        let map = PercentileMap::fit(&[3.0; 7]).unwrap();
        assert_eq!([2.0, 3.0, 4.0].map(|score| map.percentile(score).unwrap()), [0.0, 50.0, 100.0]);
    }

    #[test]
    fn bad_scores_and_files_are_refused() {
        assert_eq!(PercentileMap::fit(&[]), Err(CalibrationError::Empty));
        assert!(matches!(PercentileMap::fit(&[0.0, f64::NAN]), Err(CalibrationError::NotFinite { row: 1, .. })));
        assert!(serde_json::from_str::<PercentileMap>("[1.0, 0.5]").is_err());
        let map = PercentileMap::fit(&[1.0, 2.5, 9.0]).unwrap();
        assert_eq!(serde_json::from_str::<PercentileMap>(&serde_json::to_string(&map).unwrap()).unwrap(), map);
    }

    proptest! {
        #[test]
        fn it_is_monotone_and_bounded(
            scores in prop::collection::vec(-1e6..1e6_f64, 1..60),
            a in -2e6..2e6_f64,
            b in -2e6..2e6_f64,
        ) {
            let map = PercentileMap::fit(&scores).unwrap();
            let of = |score| map.percentile(score).unwrap();
            let (low, high) = (of(a.min(b)), of(a.max(b)));
            prop_assert!((0.0..=100.0).contains(&low) && low <= high && high <= 100.0);
        }
    }
}
