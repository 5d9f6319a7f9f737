//! What turns a trained detector's logits into probabilities and judgements, chosen on validation windows.

use super::TrainError;
use crate::eval::telemetry_rows::TelemetryRows;
use crate::models::calibration::energy::EnergyBound;
use crate::models::calibration::temperature::Temperature;
use crate::models::drift_reference::{DriftReference, HistogramGroup};
use crate::models::threat_detector::file::ThreatDetector;
use crate::telemetry::channels::CHANNELS;

/// Share of validation windows that may be flagged as out of distribution.
const FLAGGED_SHARE: f64 = 0.05;

/// Chooses temperature and bound of the energy on the validation windows in which the track was seen.
///
/// # Errors
/// When there is none, or a logit is not finite.
pub fn calibrate(detector: &mut ThreatDetector, validation: &TelemetryRows) -> Result<(), TrainError> {
    let seen = validation.filtered(|row| validation.tracked[row] > 0 && validation.labels[row].is_known);
    let (logits, classes) = (detector.logits(&seen.tiles), detector.meta.classes.len());
    let told = |error: &dyn std::fmt::Display| TrainError::Record(format!("calibration: {error}"));
    let temperature = Temperature::fit(&logits, classes, &seen.classes()).map_err(|error| told(&error))?;
    let bound = EnergyBound::fit(&logits, classes, FLAGGED_SHARE).map_err(|error| told(&error))?;
    detector.calibration.temperature = f64::from(temperature);
    detector.calibration.out_of_distribution_threshold = Some(bound.threshold);
    Ok(())
}

/// Histograms of the newest value of each channel and of the probabilities of each class, on validation windows.
///
/// # Errors
/// When there is none.
pub fn drift_reference(detector: &ThreatDetector, validation: &TelemetryRows) -> Result<DriftReference, TrainError> {
    let told = |error: &dyn std::fmt::Display| TrainError::Record(format!("drift reference: {error}"));
    let newest: Vec<f32> = validation.newest.iter().map(|value| *value as f32).collect();
    let probabilities = crate::eval::detector_report::probabilities(detector, validation);
    let groups = [
        HistogramGroup::of("channels", &newest, CHANNELS),
        HistogramGroup::of("outputs", &probabilities, detector.meta.classes.len()),
    ];
    let groups = groups.into_iter().collect::<Result<_, _>>().map_err(|error| told(&error))?;
    Ok(DriftReference { groups })
}
