//! What is said of a classifier: how often it is right, how sure it is when it is, and how early. Every figure has a 95 %
//! interval clustered by episode, since windows of one episode resemble each other.

pub mod clusters;
pub mod confusion;
pub mod earliness;
pub mod figures;
pub mod ranking;
pub mod rates;
pub mod reliability;
pub mod tables;

use thiserror::Error;

use clusters::Clusters;

/// How far the probabilities of a row may sum from 1: what 12 single-precision numbers and a half-precision network leave.
const SUM_TOLERANCE: f64 = 1e-2;

/// Why no figures can be told.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ClassificationError {
    /// Nothing to judge.
    #[error("no row to judge")]
    Empty,
    /// Columns of unequal length.
    #[error("{what}: {found}, but there are {expected} rows")]
    Length {
        /// The column.
        what: &'static str,
        /// Its rows.
        found: usize,
        /// The rows of the first column.
        expected: usize,
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
    /// Probabilities that are none.
    #[error("row {row}: probabilities must be at least 0 and sum to 1, these sum to {sum}")]
    Probabilities {
        /// The row.
        row: usize,
        /// What they sum to, NaN where one of them is.
        sum: f64,
    },
    /// A score, or a place in an encounter, that is no number.
    #[error("row {row}: the {what} is {value}")]
    NotFinite {
        /// The row.
        row: usize,
        /// What it is.
        what: &'static str,
        /// Its value.
        value: f64,
    },
}

/// Rows that a classifier has judged, with the truth and the episode of each.
#[derive(Clone, Debug)]
pub struct Judged<'a> {
    classes: usize,
    labels: &'a [usize],
    probabilities: &'a [f32],
    predicted: Vec<usize>,
    clusters: Clusters,
}

impl<'a> Judged<'a> {
    /// `labels`: the true class of each row, below `classes`. `episodes`: the seed of each row's episode.
    /// `probabilities`: row-major, `classes` a row.
    ///
    /// Errors: no rows; columns of unequal length; a label or a row of probabilities that is none.
    pub fn new(
        classes: usize,
        labels: &'a [usize],
        episodes: &[u64],
        probabilities: &'a [f32],
    ) -> Result<Self, ClassificationError> {
        let expected = labels.len();
        if expected == 0 || classes == 0 {
            return Err(ClassificationError::Empty);
        }
        let found = probabilities.len() / classes;
        if probabilities.len() != expected * classes {
            return Err(ClassificationError::Length { what: "probabilities", found, expected });
        }
        if episodes.len() != expected {
            return Err(ClassificationError::Length { what: "episodes", found: episodes.len(), expected });
        }
        let mut predicted = Vec::with_capacity(expected);
        for (row, (label, shares)) in labels.iter().zip(probabilities.chunks_exact(classes)).enumerate() {
            if *label >= classes {
                return Err(ClassificationError::Label { row, label: *label, classes });
            }
            let sum: f64 = shares.iter().map(|share| f64::from(*share)).sum();
            let sound = (sum - 1.0).abs() <= SUM_TOLERANCE && shares.iter().all(|share| *share >= 0.0);
            if !sound {
                return Err(ClassificationError::Probabilities { row, sum });
            }
            predicted.push(most_likely(shares));
        }
        Ok(Self { classes, labels, probabilities, predicted, clusters: Clusters::of(episodes) })
    }

    /// How many classes there are.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The true class of each row.
    #[must_use]
    pub fn labels(&self) -> &[usize] {
        self.labels
    }

    /// The class that each row was given: the most probable, the first of equals.
    #[must_use]
    pub fn predicted(&self) -> &[usize] {
        &self.predicted
    }

    /// Which episode each row belongs to.
    #[must_use]
    pub fn clusters(&self) -> &Clusters {
        &self.clusters
    }

    /// Whether a row was given its true class.
    #[must_use]
    pub fn is_right(&self, row: usize) -> bool {
        self.predicted[row] == self.labels[row]
    }

    /// The probability that a row was given of being of `class`.
    #[must_use]
    pub fn probability(&self, row: usize, class: usize) -> f64 {
        f64::from(self.probabilities[row * self.classes + class])
    }

    /// The probability of the class that a row was given.
    #[must_use]
    pub fn confidence(&self, row: usize) -> f64 {
        self.probability(row, self.predicted[row])
    }
}

/// Index of the greatest, the first of equals; 0 of nothing.
#[must_use]
pub fn most_likely(shares: &[f32]) -> usize {
    (1..shares.len()).fold(0, |best, index| if shares[index] > shares[best] { index } else { best })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Ten windows of five episodes and three classes; the reference values of this room were computed from it by scikit-learn.
    pub(crate) const LABELS: [usize; 10] = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2];
    pub(crate) const EPISODES: [u64; 10] = [7, 7, 8, 8, 9, 9, 9, 10, 11, 11];
    #[rustfmt::skip]
    pub(crate) const PROBABILITIES: [f32; 30] = [
        0.90, 0.05, 0.05,
        0.60, 0.30, 0.10,
        0.20, 0.70, 0.10,
        0.55, 0.25, 0.20,
        0.10, 0.80, 0.10,
        0.45, 0.40, 0.15,
        0.05, 0.90, 0.05,
        0.10, 0.15, 0.75,
        0.30, 0.50, 0.20,
        0.02, 0.03, 0.95,
    ];

    pub(crate) fn judged() -> Judged<'static> {
        Judged::new(3, &LABELS, &EPISODES, &PROBABILITIES).unwrap()
    }

    #[test]
    fn the_first_of_equals_is_most_likely() {
        assert_eq!(most_likely(&[0.2, 0.4, 0.4]), 1);
        assert_eq!(most_likely(&[0.5]), 0);
        assert_eq!(judged().predicted(), [0, 0, 1, 0, 1, 0, 1, 2, 1, 2]);
    }

    #[test]
    fn bad_columns_are_refused_with_their_row() {
        let of = |labels: &[usize], episodes: &[u64], shares: &[f32]| {
            Judged::new(2, labels, episodes, shares).map(|_| ()).unwrap_err()
        };
        assert_eq!(of(&[], &[], &[]), ClassificationError::Empty);
        assert_eq!(
            of(&[0, 1], &[1, 1], &[0.5, 0.5]),
            ClassificationError::Length { what: "probabilities", found: 1, expected: 2 }
        );
        assert_eq!(
            of(&[0], &[1, 1], &[0.5, 0.5]),
            ClassificationError::Length { what: "episodes", found: 2, expected: 1 }
        );
        assert_eq!(of(&[2], &[1], &[0.5, 0.5]), ClassificationError::Label { row: 0, label: 2, classes: 2 });
        assert_eq!(of(&[0], &[1], &[0.5, 0.25]), ClassificationError::Probabilities { row: 0, sum: 0.75 });
        assert!(matches!(of(&[0], &[1], &[f32::NAN, 0.5]), ClassificationError::Probabilities { row: 0, .. }));
        assert!(matches!(of(&[0], &[1], &[1.5, -0.5]), ClassificationError::Probabilities { row: 0, .. }));
    }
}
