//! The extended Kalman filter: predict and update. Fixed-size matrices throughout; nothing is allocated.

use nalgebra::{Matrix3, SMatrix, SVector};
use serde::{Deserialize, Serialize};

use super::TrackError;
use super::estimate::{Estimate, STATES};
use super::innovation::Innovation;
use super::manoeuvres::Manoeuvres;
use super::motion::Motion;
use crate::astro::{CartesianState, Vector3};
use crate::sim::sensors::measurement::Measurement;

/// Longest prediction in one call [s].
pub const LONGEST_PREDICTION_S: f64 = 86_400.0;
/// Longest step of the integrator [s]; in low orbit RK4 errs by 5 mm an hour at it.
const LONGEST_STEP_S: f64 = 10.0;

/// Derivatives of position and velocity by the nine states at the start: six rows.
type Sensitivity = SMatrix<f64, 6, STATES>;

/// An extended Kalman filter on position, velocity and lasting acceleration of a target.
///
/// Source: Bar-Shalom, Li and Kirubarajan, Estimation with Applications to Tracking and Navigation, 2001, chapter 10; the
/// covariance is updated in Joseph's form, the measurement taken to second order
/// (see [`Innovation::of`]; Bucy and Joseph, Filtering for Stochastic Processes, 1968), which keeps it positive definite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Filter {
    /// Natural motion of the target.
    pub motion: Motion,
    /// What its thrusters may add.
    pub manoeuvres: Manoeuvres,
}

impl Filter {
    /// The estimate at a later time.
    ///
    /// Mean and transition matrix by RK4 on the motion and on its variational equations, in steps of 10 s and half the time constant at
    /// most; the lasting acceleration decays by its exact exponential. Each step adds the exact noise of free space, in which the
    /// gravity gradient is left out: (n h)² = 1e-4 of it.
    ///
    /// # Errors
    /// [`TrackError::Time`], [`TrackError::Lost`].
    pub fn predict(&self, estimate: &Estimate, to_s: f64) -> Result<Estimate, TrackError> {
        let span_s = to_s - estimate.time_s;
        if !(0.0..=LONGEST_PREDICTION_S).contains(&span_s) {
            return Err(TrackError::Time { from_s: estimate.time_s, to_s, limit_s: LONGEST_PREDICTION_S });
        }
        let mut predicted = *estimate;
        predicted.time_s = to_s;
        if span_s == 0.0 {
            return Ok(predicted);
        }
        let longest_s = LONGEST_STEP_S.min(0.5 * self.manoeuvres.time_constant_s);
        let steps = (span_s / longest_s).ceil();
        let step_s = span_s / steps;
        let noise = self.noise(step_s);
        for _ in 0..steps as usize {
            let (mean, transition) = self.step(&predicted.mean, step_s);
            predicted.mean = mean;
            predicted.covariance = symmetric(&(transition * predicted.covariance * transition.transpose() + noise));
        }
        sound(predicted)
    }

    /// The estimate with what an innovation says: K = P Hᵀ S⁻¹, x + K y, (I - K H) P (I - K H)ᵀ + K R Kᵀ.
    ///
    /// `innovation`: of this same estimate.
    ///
    /// # Errors
    /// [`TrackError::Lost`].
    pub fn update(&self, estimate: &Estimate, innovation: &Innovation) -> Result<Estimate, TrackError> {
        let Innovation { residual, jacobian, noise, inverse_covariance, .. } = innovation;
        let gain = estimate.covariance * jacobian.transpose() * inverse_covariance;
        let kept = SMatrix::<f64, STATES, STATES>::identity() - gain * jacobian;
        let mut updated = *estimate;
        updated.mean += gain * residual;
        updated.covariance =
            symmetric(&(kept * estimate.covariance * kept.transpose() + gain * noise * gain.transpose()));
        sound(updated)
    }

    /// The innovation of a measurement: see [`Innovation::of`].
    ///
    /// # Errors
    /// As [`Innovation::of`].
    pub fn innovation(
        &self,
        estimate: &Estimate,
        measurement: &Measurement,
        own: &CartesianState,
    ) -> Result<Innovation, TrackError> {
        Innovation::of(estimate, measurement, own, &self.motion)
    }

    /// The state after a step and the derivative of it by the state before.
    fn step(&self, start: &SVector<f64, STATES>, step_s: f64) -> (SVector<f64, STATES>, SMatrix<f64, STATES, STATES>) {
        let lasting: Vector3 = start.fixed_rows::<3>(6).into_owned();
        let moving: SVector<f64, 6> = start.fixed_rows::<6>(0).into_owned();
        let decays = [1.0, self.manoeuvres.decay(0.5 * step_s), self.manoeuvres.decay(step_s)];
        let mut sensitivity = Sensitivity::zeros();
        sensitivity.fixed_view_mut::<6, 6>(0, 0).fill_with_identity();
        // d/dt (r, v) = (v, g(r, v) + a₀ e(t)); d/dt S = A S, and e(t) on the columns of a₀.
        let slope = |state: &SVector<f64, 6>, by_start: &Sensitivity, decay: f64| {
            let position_m: Vector3 = state.fixed_rows::<3>(0).into_owned();
            let velocity_m_s: Vector3 = state.fixed_rows::<3>(3).into_owned();
            let acceleration = self.motion.acceleration(&position_m, &velocity_m_s) + lasting * decay;
            let mut rate = SVector::<f64, 6>::zeros();
            rate.fixed_rows_mut::<3>(0).copy_from(&velocity_m_s);
            rate.fixed_rows_mut::<3>(3).copy_from(&acceleration);
            let (by_position, by_velocity) = self.motion.gradients(&position_m);
            let mut turning = Sensitivity::zeros();
            turning.fixed_rows_mut::<3>(0).copy_from(&by_start.fixed_rows::<3>(3));
            let mut lower = by_position * by_start.fixed_rows::<3>(0) + by_velocity * by_start.fixed_rows::<3>(3);
            let mut pushed = lower.fixed_columns_mut::<3>(6);
            pushed += Matrix3::identity() * decay;
            turning.fixed_rows_mut::<3>(3).copy_from(&lower);
            (rate, turning)
        };
        let (k1, s1) = slope(&moving, &sensitivity, decays[0]);
        let half = 0.5 * step_s;
        let (k2, s2) = slope(&(moving + k1 * half), &(sensitivity + s1 * half), decays[1]);
        let (k3, s3) = slope(&(moving + k2 * half), &(sensitivity + s2 * half), decays[1]);
        let (k4, s4) = slope(&(moving + k3 * step_s), &(sensitivity + s3 * step_s), decays[2]);
        let moved = moving + (k1 + (k2 + k3) * 2.0 + k4) * (step_s / 6.0);
        let sensitivity = sensitivity + (s1 + (s2 + s3) * 2.0 + s4) * (step_s / 6.0);
        let mut after = SVector::<f64, STATES>::zeros();
        after.fixed_rows_mut::<6>(0).copy_from(&moved);
        after.fixed_rows_mut::<3>(6).copy_from(&(lasting * decays[2]));
        let mut transition = SMatrix::<f64, STATES, STATES>::zeros();
        transition.fixed_rows_mut::<6>(0).copy_from(&sensitivity);
        transition.fixed_view_mut::<3, 3>(6, 6).copy_from(&(Matrix3::identity() * decays[2]));
        (after, transition)
    }

    /// The noise of a step, alike on the three axes.
    fn noise(&self, step_s: f64) -> SMatrix<f64, STATES, STATES> {
        let axis = self.manoeuvres.noise(step_s);
        SMatrix::from_fn(|row, column| if row % 3 == column % 3 { axis[(row / 3, column / 3)] } else { 0.0 })
    }
}

fn symmetric(matrix: &SMatrix<f64, STATES, STATES>) -> SMatrix<f64, STATES, STATES> {
    (matrix + matrix.transpose()) * 0.5
}

fn sound(estimate: Estimate) -> Result<Estimate, TrackError> {
    if estimate.is_sound() {
        Ok(estimate)
    } else {
        Err(TrackError::Lost { time_s: estimate.time_s, sigma_m: estimate.position_sigma_m() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::astro::constants::{EARTH_J2, EARTH_MU_M3_S2, EARTH_RADIUS_M};
    use crate::astro::kepler;
    use crate::astro::relative::ClohessyWiltshire;
    use crate::astro::rtn::RelativeState;
    use crate::sim::sensors::SensorKind;
    use crate::sim::sensors::measurement::Reading;

    const QUIET: Manoeuvres = Manoeuvres { white_density_m2_s3: 1e-12, sigma_m_s2: 0.0, time_constant_s: 100.0 };

    fn orbit(j2: f64) -> Filter {
        let motion = Motion::Orbit { mu_m3_s2: EARTH_MU_M3_S2, earth_radius_m: EARTH_RADIUS_M, j2 };
        Filter { motion, manoeuvres: QUIET }
    }

    fn low_orbit() -> CartesianState {
        CartesianState { position_m: Vector3::new(6.9e6, 0.0, 1e5), velocity_m_s: Vector3::new(10.0, 4.7e3, 5.9e3) }
    }

    #[test]
    fn the_mean_moves_as_the_closed_forms_say() {
        let start = low_orbit();
        let estimate = Estimate::about(0.0, &start, [100.0, 1.0, 0.0]);
        let after = orbit(0.0).predict(&estimate, 600.0).expect("sound").state();
        let exact = kepler::propagate(&start, EARTH_MU_M3_S2, 600.0);
        // Reference: 0.44 m in a day of 10 s steps, which grows with the square of time.
        assert!((after.position_m - exact.position_m).norm() < 1e-3, "{}", after.position_m - exact.position_m);

        let n = 1.1e-3;
        let hill = Filter { motion: Motion::Hill { mean_motion_rad_s: n }, manoeuvres: QUIET };
        let start =
            CartesianState { position_m: Vector3::new(400.0, -3e3, 200.0), velocity_m_s: Vector3::new(0.5, -1.0, 0.3) };
        let estimate = Estimate::about(0.0, &start, [100.0, 1.0, 0.0]);
        let after = hill.predict(&estimate, 900.0).expect("sound");
        let map = ClohessyWiltshire::over(n, 900.0);
        let exact = map.apply(
            &RelativeState { position_rtn_m: start.position_m, velocity_rtn_m_s: start.velocity_m_s },
            &Vector3::zeros(),
        );
        assert!((after.state().position_m - exact.position_rtn_m).norm() < 1e-6);
        // The covariance by the closed transition: Φ P Φᵀ, noise being 1e-12 m²/s³.
        let expected = map.position_by_position * map.position_by_position.transpose() * 1e4
            + map.position_by_velocity * map.position_by_velocity.transpose();
        let found = after.position_covariance_m2();
        assert!((found - expected).abs().max() < 1e-6 * expected.abs().max(), "{found} against {expected}");
    }

    #[test]
    fn the_transition_is_the_derivative_of_the_step() {
        let filter = Filter {
            manoeuvres: Manoeuvres { white_density_m2_s3: 1e-6, sigma_m_s2: 0.1, time_constant_s: 30.0 },
            ..orbit(EARTH_J2)
        };
        let start = Estimate::about(0.0, &low_orbit(), [1.0, 1.0, 1.0]).mean;
        let (_, transition) = filter.step(&start, 10.0);
        for column in 0..STATES {
            let step = [100.0, 1.0, 1.0][column / 3];
            let mut shift = SVector::<f64, STATES>::zeros();
            shift[column] = step;
            let difference =
                (filter.step(&(start + shift), 10.0).0 - filter.step(&(start - shift), 10.0).0) / (2.0 * step);
            let error = (difference - transition.column(column)).norm();
            assert!(error < 1e-7 * (1.0 + difference.norm()), "column {column}: {error}");
        }
    }

    #[test]
    fn an_update_by_one_number_is_the_scalar_formula() {
        let filter = Filter { motion: Motion::Hill { mean_motion_rad_s: 1e-3 }, manoeuvres: QUIET };
        // So far away that the sphere of one range is flat.
        let target = CartesianState { position_m: Vector3::x() * 1e8, velocity_m_s: Vector3::zeros() };
        let own = CartesianState { position_m: Vector3::zeros(), velocity_m_s: Vector3::zeros() };
        let estimate = Estimate::about(5.0, &target, [30.0, 1.0, 0.0]);
        let measurement = Measurement {
            time_s: 5.0,
            kind: SensorKind::Radar,
            direction: None,
            range_m: Some(Reading { value: 1e8 + 50.0, sigma: 40.0 }),
            range_rate_m_s: None,
        };
        let innovation = filter.innovation(&estimate, &measurement, &own).expect("sound");
        assert!((innovation.normalised_square - 1.0).abs() < 1e-6);
        let updated = filter.update(&estimate, &innovation).expect("sound");
        // 900 / (900 + 1600) of 50 m, and 900 × 1600 / 2500 m² left.
        assert!((updated.mean[0] - 1e8 - 18.0).abs() < 1e-4);
        assert!((updated.covariance[(0, 0)] - 576.0).abs() < 1e-6);
        assert!((updated.covariance[(1, 1)] - 900.0).abs() < 1e-6);
    }

    #[test]
    fn what_cannot_be_predicted_is_refused() {
        let estimate = Estimate::about(100.0, &low_orbit(), [1.0, 1.0, 0.0]);
        for to_s in [99.0, f64::NAN, f64::INFINITY, 1e9] {
            assert!(matches!(orbit(0.0).predict(&estimate, to_s), Err(TrackError::Time { .. })), "{to_s}");
        }
        let origin = CartesianState { position_m: Vector3::zeros(), velocity_m_s: Vector3::zeros() };
        let centre = Estimate::about(0.0, &origin, [1.0, 1.0, 0.0]);
        assert!(matches!(orbit(0.0).predict(&centre, 10.0), Err(TrackError::Lost { .. })));
    }
}
