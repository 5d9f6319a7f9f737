//! What a measurement says that an estimate did not: the misfit and its spread.

use nalgebra::{Matrix3, Matrix4, SMatrix, Vector4};

use super::TrackError;
use super::estimate::{Estimate, STATES};
use super::motion::Vantage;
use super::products::{inverse_of_positive, product, product_of_first};
use crate::astro::Vector3;
use crate::sim::sensors::measurement::Measurement;

/// Share of a row's error below which its curvature is left out.
const NEGLIGIBLE: f64 = 0.02;

/// A measurement against an estimate, in the order of the measurement's entries; a row that is not measured is zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Innovation {
    /// Measured less expected.
    pub residual: Vector4<f64>,
    /// Derivative of what is expected by position and velocity (H); that by the lasting acceleration is zero.
    pub jacobian: SMatrix<f64, 4, 6>,
    /// Covariance of the measurement's errors (R) and of what the curvature adds to them, 1 for a row that is not measured.
    pub noise: Matrix4<f64>,
    /// P Hᵀ.
    pub cross: SMatrix<f64, STATES, 4>,
    /// Inverse of H P Hᵀ + R.
    pub inverse_covariance: Matrix4<f64>,
    /// One standard deviation of each entry of the residual.
    pub sigmas: Vector4<f64>,
    /// Rows that are measured.
    pub dimension: usize,
    /// Normalised squared innovation (NIS), chi-square of `dimension` degrees where the filter is consistent.
    pub normalised_square: f64,
}

impl Innovation {
    /// The misfit of `measurement` against `estimate`, which is of the same time, as the observer at `vantage` sees it.
    ///
    /// The angles are those from the measured direction to the expected one, along its azimuthal and its upward axis, so
    /// that no pole is special: with the axes e and the expected unit vector u at range ρ, residual -e·u (of full angle,
    /// not its sine) and H = e·(I - u uᵀ)/ρ. Range and range rate: H = u on position, and
    /// ((v - ρ̇ u)/ρ, u) on position and velocity.
    ///
    /// The curvature of what is measured is allowed for to second order: with the second derivatives Hᵢ of row i, ½ tr(Hᵢ P) is
    /// added to what is expected and ½ tr(Hᵢ P Hⱼ P) to the noise. Without it a range good to a metre makes a young
    /// track too sure: 200 m across at 20 km lengthen the range by 1 m. Source: Bar-Shalom, Li and Kirubarajan, Estimation
    /// with Applications to Tracking and Navigation, section 10.3.2. It is left out where it is less than a fiftieth of every row's own error.
    ///
    /// # Errors
    /// [`TrackError::Measurement`], [`TrackError::Coincident`], [`TrackError::Lost`].
    #[inline(always)]
    pub fn of(estimate: &Estimate, measurement: &Measurement, vantage: &Vantage) -> Result<Self, TrackError> {
        if !measurement.is_finite() {
            return Err(TrackError::Measurement { time_s: measurement.time_s });
        }
        let target = estimate.state();
        let (position_m, velocity_m_s) =
            (target.position_m - vantage.own.position_m, target.velocity_m_s - vantage.own.velocity_m_s);
        let range_m = position_m.norm();
        if range_m.is_nan() || range_m <= 1e-6 {
            return Err(TrackError::Coincident { range_m });
        }
        let sight = position_m / range_m;
        let mut residual = Vector4::zeros();
        let mut mixed = Matrix3::zeros();
        let mut jacobian = SMatrix::<f64, 4, 6>::zeros();
        // Second derivatives of each row by the position; those of the range rate by position and velocity are `turn` again.
        let mut curvature = [Matrix3::<f64>::zeros(); 4];
        // (I - u uᵀ)/ρ, the derivative of u and the second derivative of ρ.
        let turn = (Matrix3::identity() - sight * sight.transpose()) / range_m;
        if let Some(direction) = &measurement.direction {
            let axes = direction.axes().map(|axis| vantage.from_own(&axis));
            let (sine_across, sine_up) = (axes[1].dot(&sight), axes[2].dot(&sight));
            let sine = libm::hypot(sine_across, sine_up);
            let angle_over_sine = if sine > 1e-9 { libm::atan2(sine, axes[0].dot(&sight)) / sine } else { 1.0 };
            for (row, axis) in axes[1..].iter().enumerate() {
                residual[row] = -axis.dot(&sight) * angle_over_sine;
                jacobian.fixed_view_mut::<1, 3>(row, 0).copy_from(&(turn * axis).transpose());
                curvature[row] = bend(axis, &sight, &turn, range_m);
            }
        }
        if let Some(range) = &measurement.range_m {
            residual[2] = range.value - range_m;
            jacobian.fixed_view_mut::<1, 3>(2, 0).copy_from(&sight.transpose());
            curvature[2] = turn;
        }
        if let Some(rate) = &measurement.range_rate_m_s {
            let range_rate_m_s = sight.dot(&velocity_m_s);
            residual[3] = rate.value - range_rate_m_s;
            jacobian.fixed_view_mut::<1, 3>(3, 0).copy_from(&(turn * velocity_m_s).transpose());
            jacobian.fixed_view_mut::<1, 3>(3, 3).copy_from(&sight.transpose());
            curvature[3] = bend(&velocity_m_s, &sight, &turn, range_m);
            mixed = turn;
        }
        let block = |row: usize, column: usize| estimate.covariance.fixed_view::<3, 3>(row, column).into_owned();
        let (positions, across, velocities) = (block(0, 0), block(0, 3), block(3, 3));
        let mut noise = measurement.covariance();
        let bends = Bends::of(&positions, &velocities, range_m, velocity_m_s.norm());
        if bends.count(&noise) {
            // Hᵢ P of each row, in blocks by position and velocity: of the first three rows only the upper two are not zero.
            let bent = curvature.map(|second| [second * positions, second * across]);
            let rate = [
                bent[3][0] + mixed * across.transpose(),
                bent[3][1] + mixed * velocities,
                mixed * positions,
                mixed * across,
            ];
            let trace = |left: &Matrix3<f64>, right: &Matrix3<f64>| left.component_mul(&right.transpose()).sum();
            let mut added = Matrix4::zeros();
            for row in 0..3 {
                residual[row] -= 0.5 * bent[row][0].trace();
                for column in 0..=row {
                    added[(row, column)] = 0.5 * trace(&bent[row][0], &bent[column][0]);
                }
                added[(3, row)] = 0.5 * (trace(&rate[0], &bent[row][0]) + trace(&rate[2], &bent[row][1]));
            }
            residual[3] -= 0.5 * (rate[0].trace() + rate[3].trace());
            added[(3, 3)] = 0.5 * (trace(&rate[0], &rate[0]) + trace(&rate[3], &rate[3])) + trace(&rate[1], &rate[2]);
            added.fill_upper_triangle_with_lower_triangle();
            noise += added;
        }
        let cross = product_of_first(&estimate.covariance, &jacobian.transpose());
        let spread = product(&jacobian, &cross.fixed_rows::<6>(0).into_owned()) + noise;
        // Scaled to correlations, since radians and metres differ by many decades.
        let scales = spread.diagonal().map(|variance| 1.0 / variance.sqrt());
        let scaling = scales * scales.transpose();
        let lost = TrackError::Lost { time_s: estimate.time_s, sigma_m: estimate.position_sigma_m() };
        let correlations = spread.component_mul(&scaling);
        let inverse_covariance = inverse_of_positive(&correlations).ok_or(lost)?.component_mul(&scaling);
        let normalised_square = residual.dot(&(inverse_covariance * residual));
        if !normalised_square.is_finite() {
            return Err(lost);
        }
        Ok(Self {
            residual,
            jacobian,
            noise,
            cross,
            inverse_covariance,
            sigmas: spread.diagonal().map(f64::sqrt),
            dimension: measurement.dimension(),
            normalised_square,
        })
    }
}

/// What the curvature of a measurement adds to its rows at most, by the size of the estimate's errors.
struct Bends {
    angle_rad: f64,
    range_m: f64,
    range_rate_m_s: f64,
}

impl Bends {
    /// Bounds by the traces of the covariances of position and velocity; `speed_m_s`: of the target relative to own ship.
    fn of(positions: &Matrix3<f64>, velocities: &Matrix3<f64>, range_m: f64, speed_m_s: f64) -> Self {
        let (spread_m2, spread_m2_s2) = (positions.trace().max(0.0), velocities.trace().max(0.0));
        let bend_m = spread_m2 / range_m;
        Self {
            angle_rad: 2.0 * bend_m / range_m,
            range_m: bend_m,
            range_rate_m_s: 3.0 * speed_m_s * bend_m / range_m + 2.0 * (spread_m2 * spread_m2_s2).sqrt() / range_m,
        }
    }

    /// Whether any of them counts beside the errors of which `noise` is the covariance; what is not finite does.
    fn count(&self, noise: &Matrix4<f64>) -> bool {
        let small = |bend: f64, row: usize| bend * bend < NEGLIGIBLE * NEGLIGIBLE * noise[(row, row)];
        !(small(self.angle_rad, 0) && small(self.range_m, 2) && small(self.range_rate_m_s, 3))
    }
}

impl Innovation {
    /// The residual of each measured entry in its own standard deviations; zero for one that is not measured.
    #[must_use]
    pub fn normalised_residual(&self) -> [f64; 4] {
        std::array::from_fn(|row| if self.sigmas[row] > 0.0 { self.residual[row] / self.sigmas[row] } else { 0.0 })
    }
}

/// Second derivative by position of u·c for a constant c: with w = (I - u uᵀ) c / ρ, -(w uᵀ + u wᵀ + (u·c)(I - u uᵀ)/ρ)/ρ.
#[inline(always)]
fn bend(constant: &Vector3, sight: &Vector3, turn: &Matrix3<f64>, range_m: f64) -> Matrix3<f64> {
    let across = turn * constant;
    let mixed = across * sight.transpose();
    (mixed + mixed.transpose() + turn * sight.dot(constant)) / -range_m
}

#[cfg(test)]
mod tests {
    use super::super::motion::Motion;
    use super::*;
    use crate::astro::CartesianState;
    use crate::astro::constants::EARTH_MU_M3_S2;
    use crate::astro::rtn::RelativeState;
    use crate::sim::sensors::SensorKind;
    use crate::sim::sensors::measurement::{Direction, Reading};

    #[test]
    fn the_jacobian_is_that_of_what_is_expected() {
        let own = CartesianState {
            position_m: Vector3::new(6.1e6, 2.0e6, 2.5e6),
            velocity_m_s: Vector3::new(-3.0e3, 6.4e3, 2.2e3),
        };
        let target = CartesianState {
            position_m: own.position_m + Vector3::new(4e3, -7e3, 5e3),
            velocity_m_s: own.velocity_m_s + Vector3::new(11.0, 5.0, -8.0),
        };
        let motion = Motion::Orbit { mu_m3_s2: EARTH_MU_M3_S2, earth_radius_m: 6.4e6, j2: 0.0 };
        let relative = RelativeState::between(&own, &target);
        let sight = relative.position_rtn_m.normalize();
        let measurement = Measurement {
            time_s: 0.0,
            kind: SensorKind::Radar,
            direction: Some(Direction::along(&sight, 1e-3)),
            range_m: Some(Reading { value: relative.position_rtn_m.norm(), sigma: 2.0 }),
            range_rate_m_s: Some(Reading { value: sight.dot(&relative.velocity_rtn_m_s), sigma: 0.1 }),
            signal: None,
        };
        let at = |state: &CartesianState| {
            let estimate = Estimate::about(0.0, state, [1e-2, 1e-2, 0.0]);
            Innovation::of(&estimate, &measurement, &motion.vantage(own)).expect("sound")
        };
        let exact = at(&target);
        // What the sensor sees of the truth is what is expected of it.
        assert!(exact.residual.norm() < 1e-6 && exact.normalised_square < 1e-8, "{}", exact.residual);
        for column in 0..6 {
            let step = if column < 3 { 1.0 } else { 1e-2 };
            let mut shift = [Vector3::zeros(); 2];
            shift[column / 3][column % 3] = step;
            let moved = |sign: f64| CartesianState {
                position_m: target.position_m + shift[0] * sign,
                velocity_m_s: target.velocity_m_s + shift[1] * sign,
            };
            let slope = (at(&moved(-1.0)).residual - at(&moved(1.0)).residual) / (2.0 * step);
            let difference = slope - exact.jacobian.column(column);
            assert!(difference.norm() < 1e-6 * (1.0 + slope.norm()), "column {column}: {difference}");
        }
    }

    #[test]
    fn the_curvature_is_that_of_what_is_measured() {
        // Against a hundred thousand draws: mean and spread of range and range rate of a vague estimate, 5 % of the range across.
        use rand::SeedableRng;
        use rand_distr::{Distribution as _, StandardNormal};
        let own = CartesianState { position_m: Vector3::zeros(), velocity_m_s: Vector3::zeros() };
        let target =
            CartesianState { position_m: Vector3::new(600.0, 0.0, 800.0), velocity_m_s: Vector3::new(8.0, 20.0, -6.0) };
        let (sigma_m, sigma_m_s) = (50.0, 2.0);
        let estimate = Estimate::about(0.0, &target, [sigma_m, sigma_m_s, 0.0]);
        let measurement = Measurement {
            time_s: 0.0,
            kind: SensorKind::Radar,
            direction: None,
            range_m: Some(Reading { value: 1_000.0, sigma: 1e-3 }),
            range_rate_m_s: Some(Reading { value: 0.0, sigma: 1e-3 }),
            signal: None,
        };
        let motion = Motion::Hill { mean_motion_rad_s: 1e-3 };
        let innovation = Innovation::of(&estimate, &measurement, &motion.vantage(own)).expect("sound");
        let expected = Vector4::new(0.0, 0.0, 1_000.0, 0.0) - innovation.residual;
        let spread = innovation.inverse_covariance.try_inverse().expect("positive definite");
        let mut generator = crate::sim::seeds::Generator::seed_from_u64(17);
        let (mut sums, mut squares, draws) = (Vector4::zeros(), Vector4::zeros(), 100_000);
        for _ in 0..draws {
            let mut draw =
                |sigma: f64| Vector3::from_fn(|_, _| -> f64 { StandardNormal.sample(&mut generator) }) * sigma;
            let (position, velocity) = (target.position_m + draw(sigma_m), target.velocity_m_s + draw(sigma_m_s));
            let range = position.norm();
            let seen = Vector4::new(0.0, 0.0, range, position.dot(&velocity) / range) - expected;
            sums += seen;
            squares += seen.component_mul(&seen);
        }
        for row in [2, 3] {
            let (mean, variance) = (sums[row] / f64::from(draws), squares[row] / f64::from(draws));
            let error = (spread[(row, row)] / f64::from(draws)).sqrt();
            // Four standard deviations of a mean; 1.8 % are four of a variance. The first-order mean is 2.5 m of range short.
            assert!(mean.abs() < 4.0 * error, "row {row}: {mean} against {error}");
            assert!((variance / spread[(row, row)] - 1.0).abs() < 0.02, "row {row}: {variance} {}", spread[(row, row)]);
        }
        assert!((expected[2] - 1_002.5).abs() < 1e-9, "{expected}");
    }

    #[test]
    fn a_direction_the_other_way_is_half_a_turn_off() {
        let own = CartesianState { position_m: Vector3::zeros(), velocity_m_s: Vector3::zeros() };
        let target = CartesianState { position_m: Vector3::new(-1_000.0, 1e-3, 0.0), velocity_m_s: Vector3::zeros() };
        let measurement = Measurement {
            time_s: 0.0,
            kind: SensorKind::Optical,
            direction: Some(Direction::along(&Vector3::x(), 1e-3)),
            range_m: None,
            range_rate_m_s: None,
            signal: None,
        };
        let estimate = Estimate::about(0.0, &target, [1.0, 1.0, 0.0]);
        let motion = Motion::Hill { mean_motion_rad_s: 1e-3 };
        let innovation = Innovation::of(&estimate, &measurement, &motion.vantage(own)).expect("sound");
        assert!((innovation.residual.norm() - std::f64::consts::PI).abs() < 1e-5, "{}", innovation.residual);
        assert_eq!(innovation.dimension, 2);
        let there = Estimate::about(0.0, &own, [1.0, 1.0, 0.0]);
        let refused = Innovation::of(&there, &measurement, &motion.vantage(own)).expect_err("no direction");
        assert_eq!(refused, TrackError::Coincident { range_m: 0.0 });
    }
}
