//! Relative motion near a circular orbit: the Clohessy-Wiltshire equations, solved.
//!
//! x radial, y along the track, z along the orbital normal, in the frame that turns with the reference orbit:
//! ẍ = 3 n² x + 2 n ẏ + aₓ, ÿ = -2 n ẋ + a_y, z̈ = -n² z + a_z.
//! Everything is written with Stumpff's functions of ψ = (n t)², so that n = 0 (free space) is no special case.
//! Source: Vallado, Fundamentals of Astrodynamics, 4th ed., section 6.8.

use nalgebra::Matrix3;

use super::Vector3;
use super::kepler::{stumpff, stumpff_each};
use super::rtn::RelativeState;

/// How a relative state after some time depends on the state now, and on an acceleration held constant meanwhile.
///
/// Position = `position_by_position` r + `position_by_velocity` v + `position_by_acceleration` a, and
/// velocity = `velocity_by_position` r + `velocity_by_velocity` v + `position_by_velocity` a: the response of the
/// velocity to the acceleration is that of the position to the velocity. Exact for the Clohessy-Wiltshire equations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClohessyWiltshire {
    /// ∂r/∂r₀ [-].
    pub position_by_position: Matrix3<f64>,
    /// ∂r/∂v₀ [s]; also ∂v/∂a.
    pub position_by_velocity: Matrix3<f64>,
    /// ∂v/∂r₀ [1/s].
    pub velocity_by_position: Matrix3<f64>,
    /// ∂v/∂v₀ [-].
    pub velocity_by_velocity: Matrix3<f64>,
    /// ∂r/∂a [s²], for an acceleration constant in the rotating frame.
    pub position_by_acceleration: Matrix3<f64>,
}

impl ClohessyWiltshire {
    /// The solution over `seconds` (of either sign) about a circular orbit of mean motion `mean_motion_rad_s`.
    #[inline]
    #[must_use]
    pub fn over(mean_motion_rad_s: f64, seconds: f64) -> Self {
        let psi = Self::argument(mean_motion_rad_s, seconds);
        Self::with_stumpff(mean_motion_rad_s, seconds, psi, stumpff(psi))
    }

    /// The response of the position to the velocity [s] alone, over several times side by side.
    #[inline]
    #[must_use]
    pub(crate) fn positions_by_velocity<const N: usize>(
        mean_motion_rad_s: f64,
        seconds: [f64; N],
    ) -> [Matrix3<f64>; N] {
        let psi = seconds.map(|seconds| Self::argument(mean_motion_rad_s, seconds));
        let both = stumpff_each(psi);
        std::array::from_fn(|i| Self::with_stumpff(mean_motion_rad_s, seconds[i], psi[i], both[i]).position_by_velocity)
    }

    /// ψ = (n t)², of which the solution takes Stumpff's functions.
    #[inline]
    #[must_use]
    pub(crate) fn argument(mean_motion_rad_s: f64, seconds: f64) -> f64 {
        mean_motion_rad_s * mean_motion_rad_s * seconds * seconds
    }

    /// As [`ClohessyWiltshire::over`], with ψ and Stumpff's c₂ and c₃ of it at hand.
    #[inline]
    #[must_use]
    #[rustfmt::skip] // The matrices read as matrices.
    pub(crate) fn with_stumpff(mean_motion_rad_s: f64, seconds: f64, psi: f64, (c2, c3): (f64, f64)) -> Self {
        let (n, t) = (mean_motion_rad_s, seconds);
        // sin nt / n, cos nt, (1 - cos nt) / n², (nt - sin nt) / n³
        let sine = t * (1.0 - psi * c3);
        let cosine = 1.0 - psi * c2;
        let versine = t * t * c2;
        let lag = t * t * t * c3;
        let square = n * n;
        Self {
            position_by_position: Matrix3::new(
                4.0 - 3.0 * cosine,       0.0, 0.0,
                -6.0 * square * n * lag,  1.0, 0.0,
                0.0,                      0.0, cosine,
            ),
            position_by_velocity: Matrix3::new(
                sine,                2.0 * n * versine,    0.0,
                -2.0 * n * versine,  4.0 * sine - 3.0 * t, 0.0,
                0.0,                 0.0,                  sine,
            ),
            velocity_by_position: Matrix3::new(
                3.0 * square * sine,          0.0, 0.0,
                -6.0 * square * n * versine,  0.0, 0.0,
                0.0,                          0.0, -square * sine,
            ),
            velocity_by_velocity: Matrix3::new(
                cosine,           2.0 * n * sine,     0.0,
                -2.0 * n * sine,  4.0 * cosine - 3.0, 0.0,
                0.0,              0.0,                cosine,
            ),
            position_by_acceleration: Matrix3::new(
                versine,         2.0 * n * lag,               0.0,
                -2.0 * n * lag,  4.0 * versine - 1.5 * t * t, 0.0,
                0.0,             0.0,                         versine,
            ),
        }
    }

    /// The relative state after the time of this solution, `acceleration_m_s2` [m/s²] (rotating frame) being held.
    #[must_use]
    pub fn apply(&self, state: &RelativeState, acceleration_m_s2: &Vector3) -> RelativeState {
        let (position, velocity) = (&state.position_rtn_m, &state.velocity_rtn_m_s);
        RelativeState {
            position_rtn_m: self.position_by_position * position
                + self.position_by_velocity * velocity
                + self.position_by_acceleration * acceleration_m_s2,
            velocity_rtn_m_s: self.velocity_by_position * position
                + self.velocity_by_velocity * velocity
                + self.position_by_velocity * acceleration_m_s2,
        }
    }

    /// The relative position [m] after the time of this solution without any acceleration: the zero-effort miss of a
    /// meeting then.
    #[inline]
    #[must_use]
    pub fn zero_effort_miss_m(&self, state: &RelativeState) -> Vector3 {
        self.position_by_position * state.position_rtn_m + self.position_by_velocity * state.velocity_rtn_m_s
    }
}

/// The relative position [m] after `tau_s` seconds without any acceleration: the zero-effort miss.
///
/// `state`: of one object relative to the other, in the rotating frame. `mean_motion_rad_s`: of the reference orbit.
#[must_use]
pub fn zero_effort_miss(state: &RelativeState, mean_motion_rad_s: f64, tau_s: f64) -> Vector3 {
    ClohessyWiltshire::over(mean_motion_rad_s, tau_s).zero_effort_miss_m(state)
}

/// The change of relative velocity [m/s] that brings the relative position to zero after `tau_s` seconds.
///
/// `position_rtn_m`, `velocity_rtn_m_s`: of the one that manoeuvres, relative to its target. This is the first impulse
/// of a two-impulse rendezvous; the second, on arrival, takes off what relative velocity is left. `None` where the
/// problem is singular: at `tau_s` = 0 and near multiples of half a revolution.
/// Source: Vallado, 4th ed., algorithm 48 and example 6-15.
#[must_use]
pub fn two_impulse(
    position_rtn_m: &Vector3,
    velocity_rtn_m_s: &Vector3,
    mean_motion_rad_s: f64,
    tau_s: f64,
) -> Option<Vector3> {
    let solution = ClohessyWiltshire::over(mean_motion_rad_s, tau_s);
    let state = RelativeState { position_rtn_m: *position_rtn_m, velocity_rtn_m_s: *velocity_rtn_m_s };
    solution.velocity_change_for(&-solution.zero_effort_miss_m(&state))
}

impl ClohessyWiltshire {
    /// The change of velocity now [m/s] that moves the position by `displacement_m` after the time of this solution.
    ///
    /// `None` where the problem is singular: at zero time and near multiples of half a revolution.
    #[must_use]
    pub fn velocity_change_for(&self, displacement_m: &Vector3) -> Option<Vector3> {
        velocity_change(&self.position_by_velocity, displacement_m)
    }
}

/// The change of velocity [m/s] that gives a displacement [m], by the response [s] of the one to the other; see
/// [`ClohessyWiltshire::velocity_change_for`].
#[inline]
#[must_use]
pub(crate) fn velocity_change(position_by_velocity: &Matrix3<f64>, displacement_m: &Vector3) -> Option<Vector3> {
    // A block that has lost nine digits of its gain in some direction is called singular.
    let m = position_by_velocity;
    let scale = m.norm();
    let plane = m.m11 * m.m22 - m.m12 * m.m21;
    if plane.abs() <= 1e-9 * scale * scale || m.m33.abs() <= 1e-9 * scale {
        return None;
    }
    let d = displacement_m;
    Some(Vector3::new((m.m22 * d.x - m.m12 * d.y) / plane, (m.m11 * d.y - m.m21 * d.x) / plane, d.z / m.m33))
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use proptest::prelude::*;

    use super::super::constants::EARTH_MU_M3_S2;
    use super::*;

    fn mean_motion(radius_m: f64) -> f64 {
        (EARTH_MU_M3_S2 / radius_m).sqrt() / radius_m
    }

    fn state(position: [f64; 3], velocity: [f64; 3]) -> RelativeState {
        RelativeState { position_rtn_m: position.into(), velocity_rtn_m_s: velocity.into() }
    }

    /// The equations themselves, integrated by RK4 in 2000 steps.
    fn integrate(start: RelativeState, n: f64, acceleration: Vector3, seconds: f64) -> RelativeState {
        let slope = |s: &RelativeState| {
            let (r, v) = (s.position_rtn_m, s.velocity_rtn_m_s);
            let natural = Vector3::new(3.0 * n * n * r.x + 2.0 * n * v.y, -2.0 * n * v.x, -n * n * r.z);
            RelativeState { position_rtn_m: v, velocity_rtn_m_s: natural + acceleration }
        };
        let plus = |s: &RelativeState, k: &RelativeState, h: f64| RelativeState {
            position_rtn_m: s.position_rtn_m + k.position_rtn_m * h,
            velocity_rtn_m_s: s.velocity_rtn_m_s + k.velocity_rtn_m_s * h,
        };
        let steps = 2_000;
        let h = seconds / f64::from(steps);
        (0..steps).fold(start, |s, _| {
            let k1 = slope(&s);
            let k2 = slope(&plus(&s, &k1, 0.5 * h));
            let k3 = slope(&plus(&s, &k2, 0.5 * h));
            let k4 = slope(&plus(&s, &k3, h));
            let s = plus(&s, &k1, h / 6.0);
            let s = plus(&s, &k2, h / 3.0);
            let s = plus(&s, &k3, h / 3.0);
            plus(&s, &k4, h / 6.0)
        })
    }

    #[test]
    fn agrees_with_vallado_example_6_14() {
        // 590 km, with Vallado's radius of the Earth.
        let n = mean_motion(6_378_136.3 + 590_000.0);
        let after = ClohessyWiltshire::over(n, 300.0).apply(&state([0.0; 3], [-0.1, -0.04, -0.02]), &Vector3::zeros());
        let position = Vector3::new(-33.345_724_432_187_964, -1.473_560_307_487_475, -5.894_530_311_607_677);
        let velocity = Vector3::new(-0.120_337_093_866_688, 0.032_387_584_447_866, -0.018_949_031_717_993);
        assert!((after.position_rtn_m - position).norm() < 1e-5, "{}", after.position_rtn_m - position);
        assert!((after.velocity_rtn_m_s - velocity).norm() < 1e-7);
    }

    #[test]
    fn drifts_along_the_track() {
        // +0.1 m/s along the track at a = 6778 km: -3 × 0.1 m/s × T a revolution.
        let n = mean_motion(6_778_000.0);
        let after = ClohessyWiltshire::over(n, TAU / n).apply(&state([0.0; 3], [0.0, 0.1, 0.0]), &Vector3::zeros());
        assert!((after.position_rtn_m.y + 1_666.036_8).abs() < 1e-3, "{}", after.position_rtn_m.y);
        assert!(after.position_rtn_m.x.abs() < 1e-6);
    }

    #[test]
    fn without_mean_motion_it_is_free_space() {
        let after = ClohessyWiltshire::over(0.0, 10.0)
            .apply(&state([1.0, 2.0, 3.0], [0.1, 0.2, 0.3]), &Vector3::new(0.02, 0.0, -0.04));
        assert!((after.position_rtn_m - Vector3::new(3.0, 4.0, 4.0)).norm() < 1e-12);
        assert!((after.velocity_rtn_m_s - Vector3::new(0.3, 0.2, -0.1)).norm() < 1e-12);
    }

    #[test]
    fn half_a_revolution_is_singular() {
        let n = 0.0011;
        let impulse = |tau| two_impulse(&Vector3::new(10.0, 20.0, 30.0), &Vector3::zeros(), n, tau);
        assert_eq!(impulse(0.0), None);
        assert_eq!(impulse(0.5 * TAU / n), None);
        assert!(impulse(0.25 * TAU / n).is_some());
    }

    proptest! {
        #[test]
        fn forced_response_is_that_of_the_equations(
            n in 0.0..0.0015f64,
            seconds in 1.0..3_000.0f64,
            position in prop::array::uniform3(-1e4..1e4f64),
            velocity in prop::array::uniform3(-20.0..20.0f64),
            acceleration in prop::array::uniform3(-0.1..0.1f64),
        ) {
            let start = state(position, velocity);
            let acceleration = Vector3::from(acceleration);
            let exact = ClohessyWiltshire::over(n, seconds).apply(&start, &acceleration);
            let integrated = integrate(start, n, acceleration, seconds);
            let scale = 1.0 + exact.position_rtn_m.norm();
            // RK4 at 1.5 s at most: its error, of order (n h)⁴ = 3e-11, is below this.
            prop_assert!((exact.position_rtn_m - integrated.position_rtn_m).norm() < 1e-8 * scale);
            prop_assert!((exact.velocity_rtn_m_s - integrated.velocity_rtn_m_s).norm() < 1e-10 * scale);
        }

        #[test]
        fn two_impulse_nulls_the_miss(
            tau in 30.0..2_500.0f64,
            position in prop::array::uniform3(-1e4..1e4f64),
            velocity in prop::array::uniform3(-20.0..20.0f64),
        ) {
            let n = 0.0011;
            let mut start = state(position, velocity);
            let impulse = two_impulse(&start.position_rtn_m, &start.velocity_rtn_m_s, n, tau).expect("not singular");
            start.velocity_rtn_m_s += impulse;
            prop_assert!(zero_effort_miss(&start, n, tau).norm() < 1e-6);
        }
    }
}
