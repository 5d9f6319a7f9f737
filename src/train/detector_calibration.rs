//! What turns a trained detector's logits into probabilities and judgements, chosen on validation windows.

use super::TrainError;
use crate::eval::detector_report::probabilities;
use crate::eval::risk_evaluation::thresholds::choose_thresholds;
use crate::eval::risk_evaluation::{HarmTruth, fit_risk, risk_inputs, typical_times_to_harm_s};
use crate::eval::telemetry_rows::TelemetryRows;
use crate::models::calibration::energy::EnergyBound;
use crate::models::calibration::temperature::Temperature;
use crate::models::drift_reference::{DriftReference, HistogramGroup};
use crate::models::risk::USUAL_PENALTY;
use crate::models::threat_detector::file::ThreatDetector;
use crate::telemetry::channels::CHANNELS;
use crate::telemetry::labelled::Label;

/// Share of validation windows that may be flagged as out of distribution.
const FLAGGED_SHARE: f64 = 0.05;

/// Chooses temperature and bound of the energy on the validation windows in which the track was seen; fits the risk on half of the
/// validation episodes, and chooses its thresholds on the other half. `train`: labels of training windows, for the usual times to harm.
///
/// # Errors
/// When there is none, no harm was done in any, or a logit is not finite.
pub fn calibrate(detector: &mut ThreatDetector, train: &[Label], validation: &TelemetryRows) -> Result<(), TrainError> {
    let seen = validation.filtered(|row| validation.tracked[row] > 0 && validation.labels[row].is_known);
    let (logits, classes) = (detector.logits(&seen.tiles), detector.meta.classes.len());
    let told = |error: &dyn std::fmt::Display| TrainError::Record(format!("calibration: {error}"));
    let temperature = Temperature::fit(&logits, classes, &seen.classes()).map_err(|error| told(&error))?;
    let bound = EnergyBound::fit(&logits, classes, FLAGGED_SHARE).map_err(|error| told(&error))?;
    detector.calibration.temperature = f64::from(temperature);
    detector.calibration.out_of_distribution_threshold = Some(bound.threshold);
    let half = |odd: bool| {
        let rows = validation.filtered(|row| (validation.labels[row].seed % 2 == 1) == odd);
        let posteriors = probabilities(detector, &rows);
        (rows, posteriors)
    };
    let (rows, posteriors) = half(false);
    let mut risk = fit_risk(&rows, &posteriors, &detector.scaling, USUAL_PENALTY).map_err(|error| told(&error))?;
    let (rows, posteriors) = half(true);
    let inputs = risk_inputs(&rows, &posteriors, &detector.scaling).map_err(|error| told(&error))?;
    let scores: Vec<f64> = inputs.iter().map(|inputs| risk.score(inputs)).collect();
    let thresholds = choose_thresholds(&scores, &HarmTruth::of_rows(&rows)).map_err(|error| told(&error))?;
    risk.thresholds = Some(thresholds);
    risk.typical_time_to_harm_s = typical_times_to_harm_s(train);
    detector.risk = Some(risk);
    Ok(())
}

/// Histograms of the newest value of each channel and of the probabilities of each class, on validation windows.
///
/// # Errors
/// When there is none.
pub fn drift_reference(detector: &ThreatDetector, validation: &TelemetryRows) -> Result<DriftReference, TrainError> {
    let told = |error: &dyn std::fmt::Display| TrainError::Record(format!("drift reference: {error}"));
    let newest: Vec<f32> = validation.newest.iter().map(|value| *value as f32).collect();
    let probabilities = probabilities(detector, validation);
    let groups = [
        HistogramGroup::of("channels", &newest, CHANNELS),
        HistogramGroup::of("outputs", &probabilities, detector.meta.classes.len()),
    ];
    let groups = groups.into_iter().collect::<Result<_, _>>().map_err(|error| told(&error))?;
    Ok(DriftReference { groups })
}
