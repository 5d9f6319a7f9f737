//! Whether a classifier is right as often as it says.

use serde::{Deserialize, Serialize};

use super::Judged;
use super::clusters::{ClusterSums, Estimate};

/// Bins of equal width over the confidence.
pub const BINS: usize = 15;

/// The least probability in a logarithm, as a class was ruled out that is the truth.
const LEAST_PROBABILITY: f64 = 1e-7;

/// Rows whose confidence (the probability of the class given) lies in a bin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Confidence above which the bin begins; the first takes in 0.
    pub above: f64,
    /// Confidence up to which it goes.
    pub up_to: f64,
    /// Rows in it.
    pub rows: u64,
    /// Their mean confidence; `None` without rows.
    pub confidence: Option<f64>,
    /// The share of them that were given their true class; `None` without rows.
    pub accuracy: Option<f64>,
}

/// The [`BINS`] bins of a reliability diagram.
///
/// Source: Guo, Pleiss, Sun and Weinberger, On Calibration of Modern Neural Networks, ICML 2017, section 2.
#[must_use]
pub fn reliability_bins(judged: &Judged<'_>) -> Vec<ReliabilityBin> {
    let sums = sums_by_bin(judged).total();
    let bin = |index: usize| {
        let [rows, confidence, right] = [sums[3 * index], sums[3 * index + 1], sums[3 * index + 2]];
        ReliabilityBin {
            above: index as f64 / BINS as f64,
            up_to: (index + 1) as f64 / BINS as f64,
            rows: rows as u64,
            confidence: (rows > 0.0).then(|| confidence / rows),
            accuracy: (rows > 0.0).then(|| right / rows),
        }
    };
    (0..BINS).map(bin).collect()
}

/// The expected calibration error, Σ rows_b / rows |accuracy_b - confidence_b|, with its bootstrap interval.
///
/// The bootstrap of an absolute value leans upward, so the interval does where the error is near 0. Source: as [`reliability_bins`].
#[must_use]
pub fn expected_calibration_error(judged: &Judged<'_>) -> Option<Estimate> {
    let error = |sums: &[f64]| {
        let (mut rows, mut gaps) = (0.0, 0.0);
        for bin in sums.chunks_exact(3) {
            rows += bin[0];
            gaps += (bin[2] - bin[1]).abs();
        }
        vec![(rows > 0.0).then(|| gaps / rows)]
    };
    sums_by_bin(judged).estimates(judged.clusters(), error)[0]
}

/// The mean of -ln p(true class) [nats], p at least 1e-7, with its bootstrap interval.
#[must_use]
pub fn negative_log_likelihood(judged: &Judged<'_>) -> Option<Estimate> {
    let sums = ClusterSums::of(judged.clusters(), 2, |row| {
        let probability = judged.probability(row, judged.labels()[row]).clamp(LEAST_PROBABILITY, 1.0);
        [(0, -libm::log(probability)), (1, 1.0)]
    });
    sums.estimates(judged.clusters(), |sums| vec![(sums[1] > 0.0).then(|| sums[0] / sums[1])])[0]
}

/// Rows, confidence and rows that are right, a triple a bin.
fn sums_by_bin(judged: &Judged<'_>) -> ClusterSums {
    ClusterSums::of(judged.clusters(), 3 * BINS, |row| {
        let confidence = judged.confidence(row).min(1.0);
        let bin = ((confidence * BINS as f64).ceil() as usize).clamp(1, BINS) - 1;
        [(3 * bin, 1.0), (3 * bin + 1, confidence), (3 * bin + 2, f64::from(u8::from(judged.is_right(row))))]
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::judged;
    use super::*;

    #[test]
    fn the_log_loss_is_scikit_learns() {
        let loss = negative_log_likelihood(&judged()).unwrap();
        // sklearn.metrics.log_loss of the same rows in double precision; the rows here are rounded to single precision.
        assert!((loss.value - LOG_LOSS).abs() < 1e-7, "{loss:?}");
        assert!(loss.ci95[0] < loss.value && loss.value < loss.ci95[1]);
    }

    /// `log_loss(labels, probabilities)`.
    const LOG_LOSS: f64 = 0.601_666_913_073_316_1;

    #[test]
    fn the_calibration_error_is_the_one_by_hand() {
        // Confidences 0.90 0.60 0.70 0.55 0.80 0.45 0.90 0.75 0.50 0.95, of which the third, sixth and ninth are wrong. Only the two
        // of 0.90 share a bin of 1/15: 0.60 and 0.80 are above their bin's end by the rounding to single precision.
        // |right - confidence| of each bin: 2 - 1.80, 1 - 0.60, 0 - 0.70, 1 - 0.55, 1 - 0.80, 0 - 0.45, 1 - 0.75, 0 - 0.50, 1 - 0.95.
        let by_hand = (0.20 + 0.40 + 0.70 + 0.45 + 0.20 + 0.45 + 0.25 + 0.50 + 0.05) / 10.0;
        let error = expected_calibration_error(&judged()).unwrap();
        assert!((error.value - by_hand).abs() < 1e-6, "{error:?} {by_hand}");
        let bins = reliability_bins(&judged());
        let rows: Vec<u64> = bins.iter().map(|bin| bin.rows).collect();
        assert_eq!(rows, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 1]);
        assert_eq!((bins[0].accuracy, bins[8].accuracy, bins[10].accuracy), (None, Some(1.0), Some(0.0)));
        assert!((bins[13].confidence.unwrap() - 0.9).abs() < 1e-6);
    }

    #[test]
    fn who_is_right_and_sure_errs_by_nothing() {
        let labels = [0, 1];
        let judged = Judged::new(2, &labels, &[1, 2], &[1.0, 0.0, 0.0, 1.0]).unwrap();
        assert_eq!(expected_calibration_error(&judged).unwrap().value, 0.0);
        assert_eq!(negative_log_likelihood(&judged).unwrap().value, 0.0);
        let wrong = Judged::new(2, &labels, &[1, 2], &[0.0, 1.0, 1.0, 0.0]).unwrap();
        assert_eq!(expected_calibration_error(&wrong).unwrap().value, 1.0);
        assert!((negative_log_likelihood(&wrong).unwrap().value - 16.118_095_650_958_32).abs() < 1e-12, "-ln 1e-7");
    }
}
