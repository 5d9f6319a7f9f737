//! What turns a network's raw outputs into numbers that mean what they say.
//!
//! Fitted on validation data only, and saved with the model: the same code is run in training and in serving.

pub mod energy;
pub mod percentile;
pub mod temperature;

use thiserror::Error;

/// Why nothing could be fitted.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum CalibrationError {
    /// Nothing to fit to.
    #[error("no row to calibrate on")]
    Empty,
    /// Logits or labels of another shape.
    #[error("{logits} logits are not {rows} rows of {classes} classes")]
    Shape {
        /// Numbers given.
        logits: usize,
        /// Labels given.
        rows: usize,
        /// Classes a row.
        classes: usize,
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
    /// A logit or score that is no number.
    #[error("row {row}: {value} is not finite")]
    NotFinite {
        /// The row.
        row: usize,
        /// Its value.
        value: f64,
    },
    /// A share outside of (0, 1).
    #[error("a share of {0} is not between 0 and 1")]
    Share(f64),
    /// A temperature that cannot divide.
    #[error("a temperature of {0} is not above 0")]
    Temperature(f64),
    /// Quantiles that do not ascend.
    #[error("quantiles must be finite, not descend, and number at least 2")]
    Quantiles,
}

/// Fails on the first row with a number that is not finite.
fn check_rows(logits: &[f32], classes: usize) -> Result<(), CalibrationError> {
    match logits.iter().position(|logit| !logit.is_finite()) {
        Some(index) => Err(CalibrationError::NotFinite { row: index / classes, value: f64::from(logits[index]) }),
        None => Ok(()),
    }
}

/// ln Σ exp(scale z), with the greatest taken out so that nothing overflows.
fn log_sum_exp(logits: &[f32], scale: f64) -> f64 {
    let greatest = logits.iter().map(|logit| f64::from(*logit) * scale).fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|logit| libm::exp(f64::from(*logit) * scale - greatest)).sum();
    greatest + libm::log(sum)
}
