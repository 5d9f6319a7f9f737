//! A detector on the splits of a data set, the baselines beside it: what its card says.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::baselines::linear::LinearClassifier;
use super::baselines::majority::Majority;
use super::baselines::random_forest::{RandomForest, RandomForestConfig};
use super::baselines::{BaselineError, Classifier, Examples};
use super::classification::ClassificationError;
use super::classification::clusters::Estimate;
use super::classification::rates::AlarmRates;
use super::classification::tables::{class_table, classifier_table, earliness_table};
use super::detector_evaluation::DetectorFigures;
use super::risk_evaluation::RiskEvaluationError;
use super::risk_evaluation::figures::RiskFigures;
use super::risk_evaluation::tables::{level_table, risk_by_class_table, risk_table, score_table};
use super::telemetry_rows::TelemetryRows;
use crate::models::calibration::temperature::Temperature;
use crate::models::threat_detector::file::ThreatDetector;
use crate::sim::threat_class::ThreatClass;
use crate::telemetry::features::FEATURES;

/// Rows that baselines are fitted to at most, evenly spaced: a forest of more takes minutes.
const MOST_BASELINE_ROWS: usize = 50_000;

/// A classifier's figures on one split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// What tables call it.
    pub name: String,
    /// Its figures.
    pub figures: DetectorFigures,
}

/// The detector and what stands beside it on one split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SplitReport {
    /// The split, or the scenario, that it was judged on.
    pub split: String,
    /// The detector first.
    pub classifiers: Vec<Told>,
    /// Share of windows flagged as out of distribution; none before a bound was chosen.
    pub out_of_distribution_share: Option<f64>,
    /// How the detector rates risk; none before that was fitted.
    pub risk: Option<RiskFigures>,
}

/// Why a detector was not judged.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReportError {
    /// Its classes.
    #[error(transparent)]
    Classes(#[from] ClassificationError),
    /// Its risk.
    #[error(transparent)]
    Risk(#[from] RiskEvaluationError),
}

/// Classifiers on features, fitted to training rows: majority, linear, random forest.
///
/// # Errors
/// When there is nothing to fit to.
pub fn baselines(train: &TelemetryRows, seed: u64) -> Result<Vec<Box<dyn Classifier>>, BaselineError> {
    let every = train.len().div_ceil(MOST_BASELINE_ROWS).max(1);
    let kept: Vec<usize> = (0..train.len()).step_by(every).collect();
    let features: Vec<f32> =
        kept.iter().flat_map(|row| &train.features[row * FEATURES..(row + 1) * FEATURES]).copied().collect();
    let labels: Vec<usize> = kept.iter().map(|row| train.labels[*row].class.index()).collect();
    let examples = Examples::new(&features, FEATURES, &labels, ThreatClass::ALL.len())?;
    Ok(vec![
        Box::new(Majority::fit(&examples)),
        Box::new(LinearClassifier::fit(&examples)?),
        Box::new(RandomForest::fit(&examples, RandomForestConfig { seed, ..RandomForestConfig::default() })),
    ])
}

/// Probabilities [rows, 12] that a detector gives, at its temperature.
#[must_use]
pub fn probabilities(detector: &ThreatDetector, rows: &TelemetryRows) -> Vec<f32> {
    let temperature = Temperature::try_from(detector.calibration.temperature).unwrap_or_default();
    temperature.probabilities(&detector.logits(&rows.tiles), detector.meta.classes.len())
}

impl SplitReport {
    /// Of a detector and of baselines on rows with tiles.
    ///
    /// # Errors
    /// When there is no full window.
    pub fn of(
        split: &str,
        detector: &ThreatDetector,
        baselines: &[Box<dyn Classifier>],
        rows: &TelemetryRows,
    ) -> Result<Self, ReportError> {
        let logits = detector.logits(&rows.tiles);
        let temperature = Temperature::try_from(detector.calibration.temperature).unwrap_or_default();
        let classes = detector.meta.classes.len();
        let probabilities = temperature.probabilities(&logits, classes);
        let figures = DetectorFigures::of(&probabilities, rows)?;
        let risk = detector.risk.as_ref();
        let risk = risk.map(|risk| RiskFigures::of(risk, &detector.scaling, rows, &probabilities)).transpose()?;
        let mut classifiers = vec![Told { name: "detector".to_owned(), figures }];
        for baseline in baselines {
            let figures = DetectorFigures::of(&baseline.probabilities(&rows.features), rows)?;
            classifiers.push(Told { name: baseline.name().to_owned(), figures });
        }
        let flagged = detector.calibration.out_of_distribution_threshold.map(|threshold| {
            let energies = logits.chunks_exact(classes).map(crate::models::calibration::energy::free_energy);
            energies.filter(|energy| *energy > threshold).count() as f64 / rows.len().max(1) as f64
        });
        Ok(Self { split: split.to_owned(), classifiers, out_of_distribution_share: flagged, risk })
    }

    /// The detector's own figures.
    #[must_use]
    pub fn detector(&self) -> &DetectorFigures {
        &self.classifiers[0].figures
    }

    /// What `evaluate --json` says of a detector.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let full = &self.detector().full;
        let recall: serde_json::Map<String, serde_json::Value> = ThreatClass::ALL
            .iter()
            .zip(&full.recall)
            .map(|(class, recall)| (class.name().to_owned(), json!(recall.map(|recall| recall.value))))
            .collect();
        let rate = |of: fn(&AlarmRates) -> Option<Estimate>| self.risk.as_ref().and_then(|risk| of(&risk.rates));
        json!({
            "split": self.split,
            "windows": full.rows,
            "accuracy": full.accuracy.value,
            "accuracy_ci95": full.accuracy.ci95,
            "macro_f1": full.macro_f1.value,
            "macro_f1_ci95": full.macro_f1.ci95,
            "recall": recall,
            "ece": full.expected_calibration_error.value,
            "ece_ci95": full.expected_calibration_error.ci95,
            "all_windows_accuracy": self.detector().all.accuracy.value,
            "out_of_distribution_share": self.out_of_distribution_share,
            "risk_false_positive_rate": rate(|rates| rates.false_positive_rate).map(|rate| rate.value),
            "risk_false_positive_rate_ci95": rate(|rates| rates.false_positive_rate).map(|rate| rate.ci95),
            "risk_true_positive_rate": rate(|rates| rates.true_positive_rate).map(|rate| rate.value),
            "risk_true_positive_rate_ci95": rate(|rates| rates.true_positive_rate).map(|rate| rate.ci95),
            "risk": self.risk,
            "classifiers": self.classifiers,
        })
    }

    /// The tables that people read.
    #[must_use]
    pub fn text(&self) -> String {
        let names: Vec<&str> = ThreatClass::ALL.iter().map(|class| class.name()).collect();
        let full: Vec<_> = self.classifiers.iter().map(|told| (told.name.as_str(), &told.figures.full)).collect();
        let all: Vec<_> = self.classifiers.iter().map(|told| (told.name.as_str(), &told.figures.all)).collect();
        let detector = self.detector();
        let mut text = format!(
            "{}, full windows (the track seen in all 30 samples, 15 or more of them after the onset of a threat):\n{}\n\n\
             Of the detector, class by class:\n{}\n\nAll windows, the first after an onset and those without a track included:\n{}\n\n\
             Threats by what was seen of them:\n{}\n\n{}\n",
            self.split,
            classifier_table(&full, &names),
            class_table(&detector.full, &names),
            classifier_table(&all, &names),
            earliness_table(&detector.by_samples),
            earliness_table(&detector.by_share),
        );
        if let Some(share) = self.out_of_distribution_share {
            text += &format!("\nFlagged as out of distribution: {:.1} % of all windows\n", 100.0 * share);
        }
        if let Some(risk) = &self.risk {
            text += &format!(
                "\nRisk, rated HIGH or above; harm is what comes of it when nothing is done:\n{}\n\n{}\n\n{}\n\n{}\n",
                risk_table(&[(self.split.as_str(), risk)]),
                risk_by_class_table(risk),
                level_table(risk),
                score_table(risk)
            );
        }
        text
    }
}
