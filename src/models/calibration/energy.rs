//! Whether a window is of a kind that the network was trained on.

use serde::{Deserialize, Serialize};

use super::percentile::PercentileMap;
use super::{CalibrationError, check_rows, log_sum_exp};

/// The free energy of a row of logits at temperature 1, -ln Σ exp z; it is higher for what the network does not know.
///
/// Infinity where a logit is not finite, so that such a row is never taken for a known one.
/// Source: Liu, Wang, Owens and Li, Energy-based Out-of-distribution Detection, NeurIPS 2020, eq. 4 (they use T = 1 too).
#[must_use]
pub fn free_energy(logits: &[f32]) -> f64 {
    let energy = -log_sum_exp(logits, 1.0);
    if energy.is_finite() { energy } else { f64::INFINITY }
}

/// A bound on the free energy: what lies above is flagged as out of distribution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnergyBound {
    /// The greatest energy that is taken for known.
    pub threshold: f64,
    /// The share of validation rows that it flags.
    pub flagged_share: f64,
}

impl EnergyBound {
    /// The bound that flags the share `flagged_share` (0 to 1; 0.05 in the source) of validation rows.
    ///
    /// `logits`: of windows of known kind, row-major, `classes` a row.
    /// Errors: no rows, another shape, a logit that is not finite, a share outside [0, 1].
    pub fn fit(logits: &[f32], classes: usize, flagged_share: f64) -> Result<Self, CalibrationError> {
        if logits.is_empty() || classes == 0 {
            return Err(CalibrationError::Empty);
        }
        if !logits.len().is_multiple_of(classes) {
            return Err(CalibrationError::Shape { logits: logits.len(), rows: logits.len() / classes, classes });
        }
        check_rows(logits, classes)?;
        let energies: Vec<f64> = logits.chunks_exact(classes).map(free_energy).collect();
        let threshold = PercentileMap::fit(&energies)?.score_at(1.0 - flagged_share)?;
        Ok(Self { threshold, flagged_share })
    }

    /// Whether a row of logits is flagged.
    #[must_use]
    pub fn is_unknown(&self, logits: &[f32]) -> bool {
        free_energy(logits) > self.threshold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_energy_is_that_of_the_paper() {
        assert!((free_energy(&[0.0; 12]) + 12.0_f64.ln()).abs() < 1e-12);
        assert!((free_energy(&[1000.0, 0.0]) + 1000.0).abs() < 1e-12);
        assert_eq!(free_energy(&[f32::NAN, 0.0]), f64::INFINITY);
        assert!(free_energy(&[0.1, 0.0]) > free_energy(&[9.0, 0.0]), "who hesitates knows less");
    }

    #[test]
    fn the_bound_flags_the_share_asked_for() {
        let logits: Vec<f32> = (0..1000).flat_map(|row| [row as f32 / 50.0, -5.0]).collect();
        let bound = EnergyBound::fit(&logits, 2, 0.05).unwrap();
        let flagged = logits.chunks_exact(2).filter(|row| bound.is_unknown(row)).count();
        assert!((49..=51).contains(&flagged), "{flagged}");
        assert!(bound.is_unknown(&[-30.0, -30.0]) && bound.is_unknown(&[f32::NAN, 0.0]));
        assert!(!bound.is_unknown(&[30.0, 0.0]));
    }

    #[test]
    fn bad_input_is_refused() {
        assert_eq!(EnergyBound::fit(&[], 2, 0.05), Err(CalibrationError::Empty));
        assert!(matches!(EnergyBound::fit(&[1.0; 3], 2, 0.05), Err(CalibrationError::Shape { .. })));
        assert!(matches!(EnergyBound::fit(&[1.0, f32::NAN], 2, 0.05), Err(CalibrationError::NotFinite { .. })));
        assert!(matches!(EnergyBound::fit(&[1.0, 2.0], 2, 1.5), Err(CalibrationError::Share(_))));
        assert!(matches!(EnergyBound::fit(&[1.0, 2.0], 2, f64::NAN), Err(CalibrationError::Share(_))));
    }
}
