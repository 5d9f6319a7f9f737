//! Models that any network must beat: no classifier is good before it is better than these, on the same rows.
//!
//! All are deterministic, and the same for any number of threads.

pub mod isolation_forest;
pub mod linear;
pub mod mahalanobis;
pub mod majority;
pub mod random_forest;

use thiserror::Error;

/// Why a baseline could not be fitted.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum BaselineError {
    /// No rows, no features or no classes.
    #[error("{rows} rows of {width} features and {classes} classes are nothing to fit to")]
    Empty {
        /// Rows.
        rows: usize,
        /// Features a row.
        width: usize,
        /// Classes.
        classes: usize,
    },
    /// Features or labels of another shape.
    #[error("{values} values are not {rows} rows of {width} features")]
    Shape {
        /// Values given.
        values: usize,
        /// Labels given.
        rows: usize,
        /// Features a row.
        width: usize,
    },
    /// A class that is none.
    #[error("row {row}: class {label} of {classes}")]
    Label {
        /// The row.
        row: usize,
        /// Its label.
        label: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// A feature that is no number.
    #[error("row {row}, feature {feature}: {value} is not finite")]
    NotFinite {
        /// The row.
        row: usize,
        /// The feature.
        feature: usize,
        /// Its value.
        value: f32,
    },
    /// The library that fits gave up.
    #[error("the fit of the {baseline} failed: {reason}")]
    Fit {
        /// What was fitted.
        baseline: &'static str,
        /// What the library says.
        reason: String,
    },
}

/// Rows to fit to.
#[derive(Clone, Copy, Debug)]
pub struct Examples<'a> {
    features: &'a [f32],
    width: usize,
    labels: &'a [usize],
    classes: usize,
}

impl<'a> Examples<'a> {
    /// `features`: row-major, `width` a row, all finite. `labels`: the class of each row, below `classes`.
    ///
    /// Errors: nothing to fit to, columns of unequal length, a label that is none, a feature that is not finite.
    pub fn new(features: &'a [f32], width: usize, labels: &'a [usize], classes: usize) -> Result<Self, BaselineError> {
        let rows = labels.len();
        if rows == 0 || width == 0 || classes == 0 {
            return Err(BaselineError::Empty { rows, width, classes });
        }
        if features.len() != rows * width {
            return Err(BaselineError::Shape { values: features.len(), rows, width });
        }
        if let Some(row) = labels.iter().position(|label| *label >= classes) {
            return Err(BaselineError::Label { row, label: labels[row], classes });
        }
        check_finite(features, width)?;
        Ok(Self { features, width, labels, classes })
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.labels.len()
    }
}

/// Something that gives each row a probability of each class.
pub trait Classifier: Sync {
    /// What tables call it.
    fn name(&self) -> &'static str;

    /// Probabilities, row-major, a class a column, of as many rows of features as are given.
    fn probabilities(&self, features: &[f32]) -> Vec<f32>;
}

/// Something that gives each row a score that is higher for what it has not seen.
pub trait AnomalyScorer: Sync {
    /// What tables call it.
    fn name(&self) -> &'static str;

    /// A score of each of as many rows of features as are given.
    fn scores(&self, features: &[f32]) -> Vec<f64>;
}

/// Checks row-major features that carry no labels.
fn check_unlabelled(features: &[f32], width: usize) -> Result<(), BaselineError> {
    if width == 0 || features.is_empty() {
        return Err(BaselineError::Empty { rows: features.len() / width.max(1), width, classes: 1 });
    }
    if !features.len().is_multiple_of(width) {
        return Err(BaselineError::Shape { values: features.len(), rows: features.len() / width, width });
    }
    check_finite(features, width)
}

fn check_finite(features: &[f32], width: usize) -> Result<(), BaselineError> {
    match features.iter().position(|value| !value.is_finite()) {
        Some(index) => {
            Err(BaselineError::NotFinite { row: index / width, feature: index % width, value: features[index] })
        }
        None => Ok(()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;
    use crate::eval::classification::most_likely;

    /// `rows` of `width` features about `centre(row, feature)`, each the sum of four uniform numbers in ±1/2 (standard deviation 0.577).
    pub(crate) fn clouds(rows: usize, width: usize, seed: u64, centre: impl Fn(usize, usize) -> f32) -> Vec<f32> {
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut features = Vec::with_capacity(rows * width);
        for row in 0..rows {
            for feature in 0..width {
                let noise: f32 = (0..4).map(|_| generator.random_range(-0.5..0.5_f32)).sum();
                features.push(centre(row, feature) + noise);
            }
        }
        features
    }

    /// The share of rows that get the label's class.
    pub(crate) fn accuracy(classifier: &dyn Classifier, features: &[f32], labels: &[usize], classes: usize) -> f64 {
        let probabilities = classifier.probabilities(features);
        assert_eq!(probabilities.len(), labels.len() * classes);
        let right = probabilities.chunks_exact(classes).zip(labels).filter(|(row, label)| {
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-4 && row.iter().all(|share| *share >= 0.0), "{row:?}");
            most_likely(row) == **label
        });
        right.count() as f64 / labels.len() as f64
    }

    #[test]
    fn bad_examples_are_refused() {
        let of = |features: &[f32], labels: &[usize]| Examples::new(features, 2, labels, 3).map(|_| ()).unwrap_err();
        assert!(matches!(of(&[], &[]), BaselineError::Empty { .. }));
        assert!(matches!(of(&[1.0; 3], &[0, 1]), BaselineError::Shape { .. }));
        assert!(matches!(of(&[1.0; 2], &[3]), BaselineError::Label { row: 0, .. }));
        assert!(matches!(of(&[0.0, 1.0, 2.0, f32::NAN], &[0, 1]), BaselineError::NotFinite { row: 1, feature: 1, .. }));
    }
}
