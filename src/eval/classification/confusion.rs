//! Which class was taken for which.

use serde::{Deserialize, Serialize};

use super::Judged;
use super::clusters::{ClusterSums, Estimate, share_95};

/// Counts of rows by true class (row) and given class (column).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfusionMatrix {
    /// `counts[true][given]`.
    pub counts: Vec<Vec<u64>>,
}

impl ConfusionMatrix {
    /// Of all rows.
    #[must_use]
    pub fn of(judged: &Judged<'_>) -> Self {
        let mut counts = vec![vec![0; judged.classes()]; judged.classes()];
        for (truth, given) in judged.labels().iter().zip(judged.predicted()) {
            counts[*truth][*given] += 1;
        }
        Self { counts }
    }

    /// How many classes there are.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.counts.len()
    }

    /// Rows of a true class.
    #[must_use]
    pub fn rows_of(&self, class: usize) -> u64 {
        self.counts[class].iter().sum()
    }

    /// The share of the rows of class `truth` that were taken for `given`; `None` where the class has no row.
    #[must_use]
    pub fn share(&self, truth: usize, given: usize) -> Option<f64> {
        let rows = self.rows_of(truth);
        (rows > 0).then(|| self.counts[truth][given] as f64 / rows as f64)
    }
}

/// The share of rows that were given their true class.
#[must_use]
pub fn accuracy(judged: &Judged<'_>) -> Option<Estimate> {
    share_95(judged.clusters(), |row| Some(judged.is_right(row)))
}

/// Of the rows of a class, the share that were given it; `None` where the class has no row.
#[must_use]
pub fn recall(judged: &Judged<'_>, class: usize) -> Option<Estimate> {
    share_95(judged.clusters(), |row| (judged.labels()[row] == class).then(|| judged.is_right(row)))
}

/// Of the rows that were given a class, the share that are of it; `None` where none was.
#[must_use]
pub fn precision(judged: &Judged<'_>, class: usize) -> Option<Estimate> {
    share_95(judged.clusters(), |row| (judged.predicted()[row] == class).then(|| judged.is_right(row)))
}

/// The mean of F1 = 2 TP / (2 TP + FP + FN) over the classes that are a row's truth or were given to one, with its bootstrap interval.
///
/// Source: Opitz and Burst, Macro F1 and Macro F1 (arXiv 1911.03347), the averaged F1, as scikit-learn's `f1_score`.
#[must_use]
pub fn macro_f1(judged: &Judged<'_>) -> Option<Estimate> {
    let classes = judged.classes();
    let (labels, predicted) = (judged.labels(), judged.predicted());
    let sums =
        ClusterSums::of(judged.clusters(), classes * classes, |row| [(labels[row] * classes + predicted[row], 1.0)]);
    sums.estimates(judged.clusters(), |counts| vec![macro_f1_of_counts(counts, classes)])[0]
}

/// `counts`: row-major, true class by given class.
fn macro_f1_of_counts(counts: &[f64], classes: usize) -> Option<f64> {
    let (mut sum, mut present) = (0.0, 0.0);
    for class in 0..classes {
        let of_class: f64 = counts[class * classes..][..classes].iter().sum();
        let given: f64 = (0..classes).map(|truth| counts[truth * classes + class]).sum();
        if of_class + given > 0.0 {
            sum += 2.0 * counts[class * classes + class] / (of_class + given);
            present += 1.0;
        }
    }
    (present > 0.0).then(|| sum / present)
}

#[cfg(test)]
mod tests {
    use super::super::tests::judged;
    use super::*;

    #[test]
    fn figures_are_those_of_scikit_learn() {
        let judged = judged();
        assert_eq!(ConfusionMatrix::of(&judged).counts, [[3, 1, 0], [1, 2, 0], [0, 1, 2]]);
        // accuracy_score 0.7; recall_score 0.75, 2/3, 2/3; precision_score 0.75, 0.5, 1; f1_score(average="macro") below.
        assert!((accuracy(&judged).unwrap().value - 0.7).abs() < 1e-15);
        for (class, expected) in [0.75, 2.0 / 3.0, 2.0 / 3.0].into_iter().enumerate() {
            assert!((recall(&judged, class).unwrap().value - expected).abs() < 1e-15);
        }
        for (class, expected) in [0.75, 0.5, 1.0].into_iter().enumerate() {
            assert!((precision(&judged, class).unwrap().value - expected).abs() < 1e-15);
        }
        let f1 = macro_f1(&judged).unwrap();
        assert!((f1.value - 0.707_142_857_142_857_1).abs() < 1e-15, "{f1:?}");
        assert!(f1.ci95[0] < f1.value && f1.value < f1.ci95[1], "{f1:?}");
    }

    #[test]
    fn a_class_that_is_nowhere_counts_nowhere() {
        let labels = [0, 2];
        let judged = Judged::new(3, &labels, &[1, 2], &[1.0, 0.0, 0.0, 0.0, 0.0, 1.0]).unwrap();
        assert_eq!(recall(&judged, 1), None);
        assert_eq!(precision(&judged, 1), None);
        assert_eq!(ConfusionMatrix::of(&judged).share(1, 1), None);
        assert_eq!(macro_f1(&judged).unwrap().value, 1.0);
    }
}
