//! What a track holds: a mean and a covariance.

use nalgebra::{Matrix3, SMatrix, SVector};
use serde::{Deserialize, Serialize};

use crate::astro::{CartesianState, Vector3};

/// Entries of a track's state.
pub const STATES: usize = 9;

/// Mean and covariance of a target's state at one time.
///
/// Entries 0 to 2: position [m]; 3 to 5: velocity [m/s]; 6 to 8: lasting acceleration by thrust [m/s²]; all in the frame of the
/// track's [`Motion`](super::motion::Motion).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Time since the start of the episode [s].
    pub time_s: f64,
    /// Mean.
    pub mean: SVector<f64, STATES>,
    /// Covariance, symmetric.
    pub covariance: SMatrix<f64, STATES, STATES>,
}

impl Estimate {
    /// An estimate of a state with independent errors, alike on the three axes; no acceleration is supposed.
    #[must_use]
    pub fn about(time_s: f64, state: &CartesianState, sigmas: [f64; 3]) -> Self {
        let mut mean = SVector::<f64, STATES>::zeros();
        mean.fixed_rows_mut::<3>(0).copy_from(&state.position_m);
        mean.fixed_rows_mut::<3>(3).copy_from(&state.velocity_m_s);
        let variances = SVector::from_fn(|row, _| sigmas[row / 3] * sigmas[row / 3]);
        Self { time_s, mean, covariance: SMatrix::from_diagonal(&variances) }
    }

    /// Mean of position and velocity.
    #[must_use]
    #[inline(always)]
    pub fn state(&self) -> CartesianState {
        CartesianState {
            position_m: self.mean.fixed_rows::<3>(0).into_owned(),
            velocity_m_s: self.mean.fixed_rows::<3>(3).into_owned(),
        }
    }

    /// Mean of the lasting acceleration [m/s²].
    #[must_use]
    pub fn acceleration_m_s2(&self) -> Vector3 {
        self.mean.fixed_rows::<3>(6).into_owned()
    }

    /// One standard deviation of the position [m]: the root of the sum of its three variances.
    #[must_use]
    #[inline(always)]
    pub fn position_sigma_m(&self) -> f64 {
        self.covariance.fixed_view::<3, 3>(0, 0).trace().max(0.0).sqrt()
    }

    /// Covariance of the position [m²].
    #[must_use]
    pub fn position_covariance_m2(&self) -> Matrix3<f64> {
        self.covariance.fixed_view::<3, 3>(0, 0).into_owned()
    }

    /// Covariance of the position after a time of motion along a straight line [m²]: P + t (C + Cᵀ) + t² V, with V that of the velocity
    /// and C that between the two.
    #[must_use]
    pub fn position_covariance_after_m2(&self, after_s: f64) -> Matrix3<f64> {
        let cross = self.covariance.fixed_view::<3, 3>(0, 3);
        let velocity = self.covariance.fixed_view::<3, 3>(3, 3);
        self.position_covariance_m2() + (cross + cross.transpose()) * after_s + velocity * (after_s * after_s)
    }

    /// Normalised squared error of position and velocity against the truth (NEES), chi-square of six degrees where the filter is
    /// consistent; `None` where their covariance is not positive definite.
    ///
    /// Source: Bar-Shalom, Li and Kirubarajan, Estimation with Applications to Tracking and Navigation, section 5.4.2.
    #[must_use]
    pub fn normalised_squared_error(&self, truth: &CartesianState) -> Option<f64> {
        let mut error = SVector::<f64, 6>::zeros();
        error.fixed_rows_mut::<3>(0).copy_from(&(truth.position_m - self.mean.fixed_rows::<3>(0)));
        error.fixed_rows_mut::<3>(3).copy_from(&(truth.velocity_m_s - self.mean.fixed_rows::<3>(3)));
        let block = self.covariance.fixed_view::<6, 6>(0, 0).into_owned();
        Some(error.dot(&block.cholesky()?.solve(&error)))
    }

    /// Whether every number is finite.
    #[must_use]
    #[inline(always)]
    pub fn is_finite(&self) -> bool {
        // Without an early end, so that several are looked at at a time.
        let numbers = self.mean.iter().chain(self.covariance.data.0.as_flattened());
        numbers.fold(true, |finite, number| finite & number.is_finite())
    }

    /// Whether every number is finite and the covariance of position and velocity positive definite; the lasting acceleration's
    /// where it is estimated at all.
    ///
    /// By the signs of the pivots of L D Lᵀ, which no scale of the units changes.
    #[must_use]
    #[inline(always)]
    pub fn is_sound(&self) -> bool {
        if !self.is_finite() {
            return false;
        }
        // Column `k` holds L D below the diagonal and D on it.
        let mut columns = self.covariance.data.0;
        for k in 0..STATES {
            let pivots = columns[k];
            let pivot = pivots[k];
            if k >= 6 && self.covariance[(k, k)] == 0.0 {
                continue;
            }
            if pivot.is_nan() || pivot <= 0.0 {
                return false;
            }
            let inverse = 1.0 / pivot;
            for (index, column) in columns.iter_mut().enumerate().skip(k + 1) {
                let share = pivots[index] * inverse;
                for (value, pivot) in column.iter_mut().zip(pivots) {
                    *value -= share * pivot;
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate() -> Estimate {
        let state = CartesianState { position_m: Vector3::x() * 10.0, velocity_m_s: Vector3::y() };
        Estimate::about(0.0, &state, [3.0, 0.5, 0.0])
    }

    #[test]
    fn the_squared_error_counts_standard_deviations() {
        let truth = CartesianState { position_m: Vector3::x() * 16.0, velocity_m_s: Vector3::y() * 1.5 };
        assert!((estimate().normalised_squared_error(&truth).expect("sound") - 5.0).abs() < 1e-12);
        assert!((estimate().position_sigma_m() - 27f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_covariance_is_not_sound() {
        assert!(estimate().is_sound());
        for (row, column, value) in [(0, 0, f64::NAN), (1, 1, -1.0), (2, 2, 0.0), (8, 8, -1.0)] {
            let mut bad = estimate();
            bad.covariance[(row, column)] = value;
            assert!(!bad.is_sound(), "{row} {column} {value}");
        }
        let mut wild = estimate();
        (wild.covariance[(0, 1)], wild.covariance[(1, 0)]) = (9.1, 9.1);
        assert!(!wild.is_sound());
    }
}
