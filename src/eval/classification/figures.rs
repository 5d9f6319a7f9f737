//! All that is said of a classifier on one set of rows.

use serde::{Deserialize, Serialize};

use super::clusters::Estimate;
use super::confusion::{ConfusionMatrix, accuracy, macro_f1, precision, recall};
use super::reliability::{ReliabilityBin, expected_calibration_error, negative_log_likelihood, reliability_bins};
use super::{ClassificationError, Judged};

/// What is said of a classifier, each figure with its interval clustered by episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassificationFigures {
    /// Rows judged.
    pub rows: u64,
    /// Episodes that they come from.
    pub episodes: u64,
    /// The share of rows that were given their true class.
    pub accuracy: Estimate,
    /// The mean F1 over the classes that occur.
    pub macro_f1: Estimate,
    /// Expected calibration error over 15 bins.
    pub expected_calibration_error: Estimate,
    /// Mean negative log likelihood [nats].
    pub negative_log_likelihood: Estimate,
    /// By class; `None` where the class has no row.
    pub recall: Vec<Option<Estimate>>,
    /// By class; `None` where no row was given the class.
    pub precision: Vec<Option<Estimate>>,
    /// Which class was taken for which.
    pub confusion: ConfusionMatrix,
    /// Accuracy by confidence.
    pub reliability: Vec<ReliabilityBin>,
}

impl ClassificationFigures {
    /// Of all rows.
    ///
    /// Errors: none that [`Judged`] would let pass.
    pub fn of(judged: &Judged<'_>) -> Result<Self, ClassificationError> {
        let defined = |estimate: Option<Estimate>| estimate.ok_or(ClassificationError::Empty);
        Ok(Self {
            rows: judged.clusters().rows() as u64,
            episodes: judged.clusters().count() as u64,
            accuracy: defined(accuracy(judged))?,
            macro_f1: defined(macro_f1(judged))?,
            expected_calibration_error: defined(expected_calibration_error(judged))?,
            negative_log_likelihood: defined(negative_log_likelihood(judged))?,
            recall: (0..judged.classes()).map(|class| recall(judged, class)).collect(),
            precision: (0..judged.classes()).map(|class| precision(judged, class)).collect(),
            confusion: ConfusionMatrix::of(judged),
            reliability: reliability_bins(judged),
        })
    }

    /// The class with the least recall, and that recall; `None` where no class has a row.
    #[must_use]
    pub fn least_recall(&self) -> Option<(usize, Estimate)> {
        let of_class = |(class, recall): (usize, &Option<Estimate>)| Some((class, (*recall)?));
        let recalls = self.recall.iter().enumerate().filter_map(of_class);
        recalls.min_by(|a, b| a.1.value.total_cmp(&b.1.value))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::judged;
    use super::*;

    #[test]
    fn figures_hold_together_and_survive_a_file() {
        let figures = ClassificationFigures::of(&judged()).unwrap();
        assert_eq!((figures.rows, figures.episodes), (10, 5));
        assert_eq!(figures.confusion.counts.iter().flatten().sum::<u64>(), figures.rows);
        assert_eq!(figures.reliability.iter().map(|bin| bin.rows).sum::<u64>(), figures.rows);
        assert_eq!(figures.least_recall().unwrap().0, 1);
        let text = serde_json::to_string(&figures).unwrap();
        assert_eq!(serde_json::from_str::<ClassificationFigures>(&text).unwrap(), figures);
    }
}
