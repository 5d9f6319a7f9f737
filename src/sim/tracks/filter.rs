//! The extended Kalman filter: predict and update. Fixed-size matrices throughout; nothing is allocated.

use nalgebra::{Matrix3, SVector};
use serde::{Deserialize, Serialize};

use super::TrackError;
use super::estimate::{Estimate, STATES};
use super::innovation::Innovation;
use super::manoeuvres::Manoeuvres;
use super::motion::Motion;
use super::products::{product, product_of_first, product_with_transpose, symmetric_part};
use super::stride::{Stride, Transition};
use crate::astro::Vector3;

/// Longest prediction in one call [s].
pub const LONGEST_PREDICTION_S: f64 = 86_400.0;
/// Longest step of the integrator where nothing else is asked for [s]; in low orbit RK4 errs by 5 mm an hour at it, and by 0.4 m at three
/// times as much.
pub const LONGEST_STEP_S: f64 = 10.0;

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
    /// Longest step of a prediction [s].
    pub longest_step_s: f64,
}

impl Filter {
    /// The estimate at a later time.
    ///
    /// The mean by RK4, its derivative by the start as [`Stride`] says, in steps of [`Filter::longest_step_s`] and half the time constant at
    /// most; the lasting acceleration decays by its exact exponential. Each step adds the exact noise of free space, in which the
    /// gravity gradient is left out: (n h)² = 1e-4 of it.
    ///
    /// # Errors
    /// [`TrackError::Time`], [`TrackError::Lost`].
    pub fn predict(&self, estimate: &Estimate, to_s: f64) -> Result<Estimate, TrackError> {
        self.predict_by(None, estimate, to_s)
    }

    /// As [`Filter::predict`], with a stride of this filter at hand: one of another length is not used.
    ///
    /// # Errors
    /// As [`Filter::predict`].
    pub fn predict_by(&self, stride: Option<&Stride>, estimate: &Estimate, to_s: f64) -> Result<Estimate, TrackError> {
        let mut predicted = *estimate;
        self.advance(stride, &mut predicted, to_s)?;
        Ok(predicted)
    }

    /// As [`Filter::predict_by`], in place; after [`TrackError::Lost`] the estimate is of no use any more.
    #[inline(always)]
    pub(super) fn advance(
        &self,
        stride: Option<&Stride>,
        estimate: &mut Estimate,
        to_s: f64,
    ) -> Result<(), TrackError> {
        let span_s = to_s - estimate.time_s;
        if !(0.0..=LONGEST_PREDICTION_S).contains(&span_s) {
            return Err(TrackError::Time { from_s: estimate.time_s, to_s, limit_s: LONGEST_PREDICTION_S });
        }
        estimate.time_s = to_s;
        if span_s == 0.0 {
            return Ok(());
        }
        let steps = self.steps(span_s);
        let step_s = span_s / steps as f64;
        let other;
        let stride = match stride.filter(|stride| stride.fits(step_s)) {
            Some(stride) => stride,
            None => {
                other = Stride::of(self, step_s);
                &other
            }
        };
        for _ in 0..steps {
            let (mean, transition) = self.step(&estimate.mean, stride);
            estimate.mean = mean;
            estimate.covariance = stride.spread(&transition, &estimate.covariance);
        }
        let variances = estimate.covariance.diagonal();
        let sound = estimate.is_finite() && variances.iter().take(6).all(|variance| *variance > 0.0);
        if sound { Ok(()) } else { Err(lost(estimate)) }
    }

    /// Steps of a prediction. A span that is a rounding error above whole steps has no more of them.
    #[inline(always)]
    fn steps(&self, span_s: f64) -> usize {
        let longest_s = self.longest_step_s.min(0.5 * self.manoeuvres.time_constant_s);
        (span_s / longest_s * (1.0 - 1e-9)).ceil().max(1.0) as usize
    }

    /// The stride by which this filter predicts over `span_s`.
    #[must_use]
    pub fn stride_of(&self, span_s: f64) -> Stride {
        Stride::of(self, span_s / self.steps(span_s) as f64)
    }

    /// The estimate with what an innovation says: K = P Hᵀ S⁻¹, x + K y, (I - K H) P (I - K H)ᵀ + K R Kᵀ.
    ///
    /// `innovation`: of this same estimate.
    ///
    /// # Errors
    /// [`TrackError::Lost`].
    pub fn update(&self, estimate: &Estimate, innovation: &Innovation) -> Result<Estimate, TrackError> {
        let mut updated = *estimate;
        self.improve(&mut updated, innovation)?;
        Ok(updated)
    }

    /// As [`Filter::update`], in place; after an error the estimate is of no use any more.
    #[inline(always)]
    pub(super) fn improve(&self, estimate: &mut Estimate, innovation: &Innovation) -> Result<(), TrackError> {
        let Innovation { residual, jacobian, noise, cross, inverse_covariance, .. } = innovation;
        let gain = product(cross, inverse_covariance);
        estimate.mean += product(&gain, residual);
        // (I - K H) P, then that times (I - K H)ᵀ.
        let kept = estimate.covariance - product_with_transpose(&gain, cross);
        let left = product_of_first(&kept, &jacobian.transpose()) - product(&gain, noise);
        estimate.covariance = symmetric_part(&(kept - product_with_transpose(&left, &gain)));
        if estimate.is_sound() { Ok(()) } else { Err(lost(estimate)) }
    }

    /// The state after a step and the derivative of its position and velocity by the state before.
    #[inline(always)]
    fn step(&self, start: &SVector<f64, STATES>, stride: &Stride) -> (SVector<f64, STATES>, Transition) {
        let after = self.moved(start, stride);
        let transition = match &stride.constant {
            Some(constant) => *constant,
            None => stride.transition(&self.gradient(start), &self.gradient(&after)),
        };
        (after, transition)
    }

    #[inline(always)]
    fn gradient(&self, mean: &SVector<f64, STATES>) -> Matrix3<f64> {
        self.motion.gradients(&mean.fixed_rows::<3>(0).into_owned()).0
    }

    /// The state after a step, by RK4; what RK4 errs by on the decaying acceleration in free space is made good.
    #[inline(always)]
    pub(super) fn moved(&self, start: &SVector<f64, STATES>, stride: &Stride) -> SVector<f64, STATES> {
        let block = |first: usize| Vector3::new(start[first], start[first + 1], start[first + 2]);
        let (r, v, lasting) = (block(0), block(3), block(6));
        let (step_s, half_s) = (stride.step_s, 0.5 * stride.step_s);
        let rate = |r: &Vector3, v: &Vector3, decay: f64| self.motion.acceleration(r, v) + lasting * decay;
        let a1 = rate(&r, &v, 1.0);
        let (r2, v2) = (r + v * half_s, v + a1 * half_s);
        let a2 = rate(&r2, &v2, stride.half_decay);
        let (r3, v3) = (r + v2 * half_s, v + a2 * half_s);
        let a3 = rate(&r3, &v3, stride.half_decay);
        let (r4, v4) = (r + v3 * step_s, v + a3 * step_s);
        let a4 = rate(&r4, &v4, stride.response.z);
        let [to_position, to_velocity] = stride.correction;
        let position = r + (v + (v2 + v3) * 2.0 + v4) * (step_s / 6.0) + lasting * to_position;
        let velocity = v + (a1 + (a2 + a3) * 2.0 + a4) * (step_s / 6.0) + lasting * to_velocity;
        let left = lasting * stride.response.z;
        SVector::from([position.x, position.y, position.z, velocity.x, velocity.y, velocity.z, left.x, left.y, left.z])
    }
}

fn lost(estimate: &Estimate) -> TrackError {
    TrackError::Lost { time_s: estimate.time_s, sigma_m: estimate.position_sigma_m() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::astro::CartesianState;
    use crate::astro::constants::{EARTH_J2, EARTH_MU_M3_S2, EARTH_RADIUS_M};
    use crate::astro::kepler;
    use crate::astro::relative::ClohessyWiltshire;
    use crate::astro::rtn::RelativeState;
    use crate::sim::sensors::SensorKind;
    use crate::sim::sensors::measurement::{Measurement, Reading};

    #[test]
    fn two_measurements_joined_say_what_they_say_in_turn() {
        use crate::sim::sensors::measurement::Direction;
        let own = CartesianState { position_m: Vector3::zeros(), velocity_m_s: Vector3::zeros() };
        let target =
            CartesianState { position_m: Vector3::new(4e3, -7e3, 5e3), velocity_m_s: Vector3::new(3.0, -2.0, 1.0) };
        let motion = Motion::Hill { mean_motion_rad_s: 1e-3 };
        let filter = Filter { motion, manoeuvres: QUIET, longest_step_s: LONGEST_STEP_S };
        let aside = |x: f64, y: f64| target.position_m + Vector3::new(x, y, 0.0);
        let radar = Measurement {
            time_s: 0.0,
            kind: SensorKind::Radar,
            direction: Some(Direction::along(&aside(1.0, 0.0), 2e-4)),
            range_m: Some(Reading { value: target.position_m.norm() + 0.5, sigma: 1.0 }),
            range_rate_m_s: Some(Reading { value: 0.2, sigma: 0.05 }),
            signal: None,
        };
        let telescope = Measurement {
            kind: SensorKind::Optical,
            direction: Some(Direction::along(&aside(0.0, -1.0), 1e-4)),
            range_m: None,
            range_rate_m_s: None,
            ..radar
        };
        let start = Estimate::about(0.0, &target, [1.0, 0.1, 1e-3]);
        let vantage = motion.vantage(own);
        let update = |estimate: &Estimate, measurement: &Measurement| {
            let innovation = Innovation::of(estimate, measurement, &vantage).expect("sound");
            filter.update(estimate, &innovation).expect("sound")
        };
        let in_turn = update(&update(&start, &radar), &telescope);
        let at_once = update(&start, &radar.joined(&telescope));
        assert!((at_once.mean - in_turn.mean).norm() < 1e-3 * (in_turn.mean - start.mean).norm());
        assert!((at_once.covariance - in_turn.covariance).norm() < 1e-3 * in_turn.covariance.norm());
        let both = radar.joined(&telescope);
        assert_eq!((both.dimension(), both.range_m), (4, radar.range_m));
        assert!((both.direction.expect("two").sigma_rad - 2e-4 / 5f64.sqrt()).abs() < 1e-12);
    }

    const QUIET: Manoeuvres = Manoeuvres { white_density_m2_s3: 1e-12, sigma_m_s2: 0.0, time_constant_s: 100.0 };

    fn orbit(j2: f64) -> Filter {
        let motion = Motion::Orbit { mu_m3_s2: EARTH_MU_M3_S2, earth_radius_m: EARTH_RADIUS_M, j2 };
        Filter { motion, manoeuvres: QUIET, longest_step_s: LONGEST_STEP_S }
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
        let hill = Filter { motion: Motion::Hill { mean_motion_rad_s: n }, ..orbit(0.0) };
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
        let stride = Stride::of(&filter, 10.0);
        let (_, transition) = filter.step(&start, &stride);
        for column in 0..STATES {
            let step = [100.0, 1.0, 1.0][column / 3];
            let mut shift = SVector::<f64, STATES>::zeros();
            shift[column] = step;
            let difference =
                (filter.step(&(start + shift), &stride).0 - filter.step(&(start - shift), &stride).0) / (2.0 * step);
            let error = (difference.fixed_rows::<6>(0) - transition.column(column)).norm();
            // RK4 lacks the term G h⁵ / (120 τ) of the response to the lasting acceleration, 7e-5 m for a m/s² here; the derivative has it.
            let lacking = if column < 6 { 0.0 } else { 7e-5 };
            assert!(error < lacking + 1e-7 * (1.0 + difference.norm()), "column {column}: {error}");
        }
    }

    #[test]
    fn an_update_by_one_number_is_the_scalar_formula() {
        let filter = Filter { motion: Motion::Hill { mean_motion_rad_s: 1e-3 }, ..orbit(0.0) };
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
            signal: None,
        };
        let innovation = Innovation::of(&estimate, &measurement, &filter.motion.vantage(own)).expect("sound");
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
