//! Temperature scaling: probabilities that are as sure as they should be, without changing which class is most likely.

use serde::{Deserialize, Serialize};

use super::{CalibrationError, check_rows, log_sum_exp};

/// Inverse temperatures that are considered: a network that is never wrong on validation would ask for infinity.
const INVERSE_BOUNDS: [f64; 2] = [0.05, 20.0];
/// Steps of Newton's method, each halving its bracket at least.
const MOST_STEPS: usize = 60;

/// What logits are divided by.
///
/// Source: Guo, Pleiss, Sun and Weinberger, On Calibration of Modern Neural Networks, ICML 2017, section 4.2.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Temperature(f64);

impl Default for Temperature {
    fn default() -> Self {
        Self(1.0)
    }
}

impl TryFrom<f64> for Temperature {
    type Error = CalibrationError;

    fn try_from(value: f64) -> Result<Self, CalibrationError> {
        if value > 0.0 && value.is_finite() { Ok(Self(value)) } else { Err(CalibrationError::Temperature(value)) }
    }
}

impl From<Temperature> for f64 {
    fn from(temperature: Temperature) -> Self {
        temperature.0
    }
}

impl Temperature {
    /// The temperature, between 0.05 and 20, with the least mean negative log likelihood on validation data.
    ///
    /// `logits`: row-major, `classes` a row. `labels`: the true class of each row.
    /// The loss is convex in β = 1 / T; its slope Σ (E_p z - z_y) is brought to 0 by Newton's method within a bracket.
    ///
    /// Errors: no rows, another shape, a label that is none, a logit that is not finite.
    pub fn fit(logits: &[f32], classes: usize, labels: &[usize]) -> Result<Self, CalibrationError> {
        let rows = labels.len();
        if rows == 0 || classes == 0 {
            return Err(CalibrationError::Empty);
        }
        if logits.len() != rows * classes {
            return Err(CalibrationError::Shape { logits: logits.len(), rows, classes });
        }
        if let Some(row) = labels.iter().position(|label| *label >= classes) {
            return Err(CalibrationError::Label { row, label: labels[row], classes });
        }
        check_rows(logits, classes)?;
        let [mut low, mut high] = INVERSE_BOUNDS;
        let mut inverse = 1.0_f64;
        for _ in 0..MOST_STEPS {
            let (slope, curvature) = slope_and_curvature(logits, classes, labels, inverse);
            if slope > 0.0 {
                high = inverse
            } else {
                low = inverse
            }
            let newton = inverse - slope / curvature;
            // NaN where the curvature vanishes falls through to bisection too.
            let next = if newton > low && newton < high { newton } else { (low * high).sqrt() };
            let step = (next - inverse).abs();
            inverse = next;
            if step < 1e-12 * inverse {
                break;
            }
        }
        Self::try_from(1.0 / inverse)
    }

    /// Softmax of the logits over the temperature, a row of `classes` each; a row with a number that is not finite becomes uniform.
    ///
    /// # Panics
    /// If the logits are no whole number of rows.
    #[must_use]
    pub fn probabilities(self, logits: &[f32], classes: usize) -> Vec<f32> {
        assert_eq!(logits.len() % classes.max(1), 0, "{} logits in rows of {classes}", logits.len());
        let mut probabilities = Vec::with_capacity(logits.len());
        for row in logits.chunks_exact(classes.max(1)) {
            // Less the greatest before anything else, so that huge logits lose nothing.
            let greatest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let weight = |logit: &f32| libm::exp((f64::from(*logit) - f64::from(greatest)) / self.0);
            let sum: f64 = row.iter().map(weight).sum();
            if sum.is_finite() {
                probabilities.extend(row.iter().map(|logit| (weight(logit) / sum) as f32));
            } else {
                probabilities.extend(row.iter().map(|_| 1.0 / classes as f32));
            }
        }
        probabilities
    }
}

/// Entropy of a distribution [nats]: 0 where one class is certain, ln(classes) where all are as likely.
#[must_use]
pub fn entropy_nats(probabilities: &[f32]) -> f64 {
    let of = |share: f64| if share > 0.0 { -share * libm::log(share) } else { 0.0 };
    probabilities.iter().map(|share| of(f64::from(*share))).sum::<f64>().max(0.0)
}

/// First and second derivative of Σ (ln Σ exp(β z) - β z_y) by β.
fn slope_and_curvature(logits: &[f32], classes: usize, labels: &[usize], inverse: f64) -> (f64, f64) {
    let (mut slope, mut curvature) = (0.0, 0.0);
    for (row, label) in logits.chunks_exact(classes).zip(labels) {
        let norm = log_sum_exp(row, inverse);
        let (mut mean, mut square) = (0.0, 0.0);
        // About the true class's logit, so that the variance loses no digits.
        let truth = f64::from(row[*label]);
        for logit in row {
            let share = libm::exp(f64::from(*logit) * inverse - norm);
            let apart = f64::from(*logit) - truth;
            mean += share * apart;
            square += share * apart * apart;
        }
        slope += mean;
        curvature += square - mean * mean;
    }
    (slope, curvature)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f32; 24] = [
        2.0, 1.0, 0.0, 0.0, 3.0, 1.0, 1.0, 0.0, 2.5, 4.0, 0.0, 0.0, 0.0, 2.0, 1.5, 3.0, 1.0, 0.0, 0.5, 0.0, 1.0, 2.0,
        2.5, 0.0,
    ];

    #[test]
    fn the_optimum_is_that_of_an_independent_minimiser() {
        // scipy.optimize.minimize_scalar (bounded, xatol 1e-12) over 1 / T of the same loss, which knows a flat minimum to 1e-7 or so.
        let temperature = Temperature::fit(&LOGITS, 3, &[0, 1, 2, 1, 2, 0, 2, 0]).unwrap();
        assert!((f64::from(temperature) - 1.744_323_34).abs() < 1e-6, "{temperature:?}");
    }

    #[test]
    fn scaled_logits_are_scaled_back() {
        // Two classes, three rows in four of the first: the best logit difference is ln 3, whatever the network said.
        for said in [0.5_f32, 3.0, 8.0] {
            let logits: Vec<f32> = (0..400).flat_map(|_| [said, 0.0]).collect();
            let labels: Vec<usize> = (0..400).map(|row| usize::from(row % 4 == 0)).collect();
            let temperature = Temperature::fit(&logits, 2, &labels).unwrap();
            assert!((f64::from(temperature) - f64::from(said) / 3.0_f64.ln()).abs() < 1e-9, "{temperature:?}");
            let shares = temperature.probabilities(&[said, 0.0], 2);
            assert!((shares[0] - 0.75).abs() < 1e-6 && (shares[1] - 0.25).abs() < 1e-6);
        }
    }

    #[test]
    fn who_is_never_or_always_wrong_stays_within_bounds() {
        let logits: Vec<f32> = (0..10).flat_map(|_| [3.0, 0.0]).collect();
        let right = f64::from(Temperature::fit(&logits, 2, &[0; 10]).unwrap());
        let wrong = f64::from(Temperature::fit(&logits, 2, &[1; 10]).unwrap());
        assert!((right - 0.05).abs() < 1e-3 && (wrong - 20.0).abs() < 0.1, "{right} {wrong}");
        // Logits that say nothing leave the temperature undetermined but sound.
        assert!(f64::from(Temperature::fit(&[0.0; 20], 2, &[1; 10]).unwrap()).is_finite());
    }

    #[test]
    fn probabilities_sum_to_one_at_any_size() {
        let temperature = Temperature::try_from(0.5).unwrap();
        for row in [[1e30, -1e30, 0.0], [f32::MAX, f32::MAX, 0.0], [0.0; 3], [f32::NAN, 0.0, 1.0]] {
            let shares = temperature.probabilities(&row, 3);
            assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{row:?} {shares:?}");
        }
        assert_eq!(temperature.probabilities(&[f32::NAN, 0.0, 1.0], 3), [1.0 / 3.0; 3]);
    }

    #[test]
    fn entropy_spans_its_range() {
        assert_eq!(entropy_nats(&[1.0, 0.0]), 0.0);
        assert!((entropy_nats(&[0.25; 4]) - 4.0_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn bad_input_is_refused() {
        assert_eq!(Temperature::fit(&[], 3, &[]), Err(CalibrationError::Empty));
        assert!(matches!(Temperature::fit(&[1.0; 4], 3, &[0]), Err(CalibrationError::Shape { .. })));
        assert!(matches!(Temperature::fit(&[1.0; 3], 3, &[3]), Err(CalibrationError::Label { .. })));
        assert!(matches!(
            Temperature::fit(&[1.0, f32::INFINITY], 2, &[0]),
            Err(CalibrationError::NotFinite { row: 0, .. })
        ));
        assert!(serde_json::from_str::<Temperature>("0.0").is_err());
        assert_eq!(serde_json::from_str::<Temperature>("1.5").unwrap(), Temperature(1.5));
    }
}
