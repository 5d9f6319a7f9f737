//! Multinomial logistic regression: what a plane between classes is worth.

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_logistic::{MultiFittedLogisticRegression, MultiLogisticRegression};
use ndarray::{Array1, Array2};

use super::{BaselineError, Classifier, Examples};

/// Weight of the squared coefficients beside the summed loss, as scikit-learn's `C = 1`.
const L2: f64 = 1.0;
/// Steps of L-BFGS at most; the gradient is usually flat before.
const MOST_STEPS: u64 = 300;
/// Rows that are judged at once.
const CHUNK_ROWS: usize = 4_096;

/// Multinomial logistic regression with an L2 penalty, fitted by L-BFGS (`linfa-logistic`).
#[derive(Clone, Debug)]
pub struct LinearClassifier {
    width: usize,
    classes: usize,
    /// `None` where training knew one class only.
    model: Option<MultiFittedLogisticRegression<f64, usize>>,
    only_class: usize,
}

impl LinearClassifier {
    /// Fits to all rows.
    ///
    /// Errors: the optimiser fails.
    pub fn fit(examples: &Examples<'_>) -> Result<Self, BaselineError> {
        let Examples { features, width, labels, classes } = *examples;
        let only_class = labels[0];
        let mut linear = Self { width, classes, model: None, only_class };
        if labels.iter().any(|label| *label != only_class) {
            let dataset = Dataset::new(matrix(features, width), Array1::from(labels.to_vec()));
            let fit = MultiLogisticRegression::default().alpha(L2).max_iterations(MOST_STEPS).fit(&dataset);
            let failed = |reason: String| BaselineError::Fit { baseline: "linear classifier", reason };
            linear.model = Some(fit.map_err(|error| failed(error.to_string()))?);
        }
        Ok(linear)
    }
}

impl Classifier for LinearClassifier {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn probabilities(&self, features: &[f32]) -> Vec<f32> {
        let mut probabilities = vec![0.0; features.len() / self.width * self.classes];
        let chunks = features.chunks(CHUNK_ROWS * self.width).zip(probabilities.chunks_mut(CHUNK_ROWS * self.classes));
        for (features, out) in chunks {
            let Some(model) = &self.model else {
                out.chunks_exact_mut(self.classes).for_each(|row| row[self.only_class] = 1.0);
                continue;
            };
            let told = model.predict_probabilities(&matrix(features, self.width));
            for (row, out) in told.rows().into_iter().zip(out.chunks_exact_mut(self.classes)) {
                // The library knows the classes that training had, in an order of its own.
                for (share, class) in row.iter().zip(model.classes()) {
                    out[*class] = *share as f32;
                }
            }
        }
        probabilities
    }
}

fn matrix(features: &[f32], width: usize) -> Array2<f64> {
    Array2::from_shape_fn((features.len() / width, width), |(row, column)| f64::from(features[row * width + column]))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{accuracy, clouds};
    use super::*;

    #[test]
    fn what_a_plane_parts_is_parted() {
        // Three clouds 3 apart, of standard deviation 0.58: one row in a thousand or so crosses over.
        let labels: Vec<usize> = (0..600).map(|row| [0, 3, 1][row % 3]).collect();
        let centre = |row: usize, feature: usize| if row % 3 == feature { 3.0 } else { 0.0 };
        let train = clouds(600, 5, 1, centre);
        let linear = LinearClassifier::fit(&Examples::new(&train, 5, &labels, 4).unwrap()).unwrap();
        assert!(accuracy(&linear, &clouds(600, 5, 2, centre), &labels, 4) > 0.98);
        assert!(linear.probabilities(&train).chunks_exact(4).all(|row| row[2] == 0.0), "class 2 was never seen");
    }

    #[test]
    fn the_log_odds_are_those_of_two_gaussians() {
        // Two Gaussian-like clouds at ±0.5 of variance 1/3: the log odds are linear with slope 2 × 0.5 / (1/3) = 3. 20,000 rows know
        // it to about 0.04; the penalty takes 1e-4 of it.
        let labels: Vec<usize> = (0..20_000).map(|row| row % 2).collect();
        let features = clouds(20_000, 1, 3, |row, _| if row % 2 == 1 { 0.5 } else { -0.5 });
        let linear = LinearClassifier::fit(&Examples::new(&features, 1, &labels, 2).unwrap()).unwrap();
        let log_odds = |x: f32| {
            let shares = linear.probabilities(&[x]);
            f64::from(shares[1] / shares[0]).ln()
        };
        assert!((log_odds(0.5) - log_odds(-0.5) - 3.0).abs() < 0.2, "{}", log_odds(0.5) - log_odds(-0.5));
        assert!(log_odds(0.0).abs() < 0.1, "{}", log_odds(0.0));
    }

    #[test]
    fn one_class_is_always_given() {
        let features = [1.0, 2.0, 3.0];
        let linear = LinearClassifier::fit(&Examples::new(&features, 1, &[1, 1, 1], 3).unwrap()).unwrap();
        assert_eq!(linear.probabilities(&[9.0]), [0.0, 1.0, 0.0]);
    }
}
