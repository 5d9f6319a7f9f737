//! How a target moves by itself, and how that depends on where it is.

use nalgebra::Matrix3;
use serde::{Deserialize, Serialize};

use crate::astro::rtn::{RelativeState, RtnFrame};
use crate::astro::{CartesianState, Vector3};

/// Natural motion in the frame in which an arena keeps orbits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Motion {
    /// The Hill frame of a circular reference orbit: Clohessy and Wiltshire's equations.
    Hill {
        /// Mean motion of the reference orbit [rad/s].
        mean_motion_rad_s: f64,
    },
    /// GCRF: the Earth as a point mass, and J2 about the Z axis.
    ///
    /// J3 and J4, which a scenario may name, are up to 2e-5 m/s² in low orbit; the process noise covers them.
    Orbit {
        /// Gravitational parameter [m³/s²].
        mu_m3_s2: f64,
        /// Equatorial radius [m].
        earth_radius_m: f64,
        /// Unnormalised J2 [-]; zero without.
        j2: f64,
    },
}

impl Motion {
    /// Natural acceleration at a position [m] and velocity [m/s], in the frame of this motion [m/s²].
    ///
    /// Hill: (3 n² x + 2 n ẏ, -2 n ẋ, -n² z), Vallado, 4th ed., section 6.8. Orbit: -μ r / r³ and, with k = 3/2 J2 μ RE² and
    /// s = z/r, -k/r⁵ (x (1 - 5 s²), y (1 - 5 s²), z (3 - 5 s²)), eq. 8-30. Not finite at the Earth's centre.
    #[must_use]
    #[inline(always)]
    pub fn acceleration(&self, position_m: &Vector3, velocity_m_s: &Vector3) -> Vector3 {
        match *self {
            Self::Hill { mean_motion_rad_s: n } => Vector3::new(
                3.0 * n * n * position_m.x + 2.0 * n * velocity_m_s.y,
                -2.0 * n * velocity_m_s.x,
                -n * n * position_m.z,
            ),
            Self::Orbit { mu_m3_s2, earth_radius_m, j2 } => {
                let inverse_square = 1.0 / position_m.norm_squared();
                let point_mass = -mu_m3_s2 * inverse_square * inverse_square.sqrt();
                let factor = 1.5 * j2 * earth_radius_m * earth_radius_m * inverse_square;
                let slope = 5.0 * position_m.z * position_m.z * inverse_square;
                let equatorial = 1.0 + factor * (1.0 - slope);
                let polar = 1.0 + factor * (3.0 - slope);
                Vector3::new(position_m.x * equatorial, position_m.y * equatorial, position_m.z * polar) * point_mass
            }
        }
    }

    /// Derivatives of [`Motion::acceleration`] by position [1/s²] and by velocity [1/s].
    #[must_use]
    #[inline(always)]
    pub fn gradients(&self, position_m: &Vector3) -> (Matrix3<f64>, Matrix3<f64>) {
        match *self {
            Self::Hill { mean_motion_rad_s: n } => (
                Matrix3::from_diagonal(&Vector3::new(3.0 * n * n, 0.0, -n * n)),
                Matrix3::new(0.0, 2.0 * n, 0.0, -2.0 * n, 0.0, 0.0, 0.0, 0.0, 0.0),
            ),
            Self::Orbit { mu_m3_s2, earth_radius_m, j2 } => {
                let r = position_m;
                let inverse_square = 1.0 / r.norm_squared();
                let inverse_cube = inverse_square * inverse_square.sqrt();
                let outer = r * r.transpose();
                // μ (3 r rᵀ / r⁵ - I / r³)
                let point_mass = (outer * (3.0 * inverse_square) - Matrix3::identity()) * (mu_m3_s2 * inverse_cube);
                // -k [D/r⁵ - 5 (D r) rᵀ/r⁷ - 5 (2 z r ẑᵀ + z² I)/r⁷ + 35 z² r rᵀ/r⁹], D = diag(1, 1, 3)
                let k = 1.5 * j2 * mu_m3_s2 * earth_radius_m * earth_radius_m * inverse_cube * inverse_square;
                let d = Matrix3::from_diagonal(&Vector3::new(1.0, 1.0, 3.0));
                let square = r.z * r.z;
                let along_pole = r * Vector3::z().transpose() * (2.0 * r.z) + Matrix3::identity() * square;
                let oblate = d - (d * outer + along_pole) * (5.0 * inverse_square)
                    + outer * (35.0 * square * inverse_square * inverse_square);
                (point_mass - oblate * k, Matrix3::zeros())
            }
        }
    }

    /// Own ship at a state in this frame, as one that tracks others.
    #[must_use]
    pub fn vantage(&self, own: CartesianState) -> Vantage {
        let frame = match self {
            Self::Hill { .. } => None,
            Self::Orbit { .. } => Some(RtnFrame::of(&own)),
        };
        Vantage { own, frame }
    }
}

/// Own ship with its axes, which are the same for all that it tracks: own RTN in GCRF, the frame's own axes in the Hill frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vantage {
    /// State in the frame of the motion.
    pub own: CartesianState,
    /// Own RTN frame; `None` in the Hill frame.
    pub frame: Option<RtnFrame>,
}

impl Vantage {
    /// A vector of the frame of the motion along own axes.
    #[must_use]
    pub fn to_own(&self, vector: &Vector3) -> Vector3 {
        self.frame.as_ref().map_or(*vector, |frame| frame.to_rtn(vector))
    }

    /// A vector along own axes in the frame of the motion.
    #[must_use]
    pub fn from_own(&self, vector: &Vector3) -> Vector3 {
        self.frame.as_ref().map_or(*vector, |frame| frame.to_gcrf(vector))
    }

    /// `target` as own ship sees it: own RTN, rotating; the difference itself in the Hill frame.
    #[must_use]
    pub fn relative_state(&self, target: &CartesianState) -> RelativeState {
        match &self.frame {
            None => RelativeState {
                position_rtn_m: target.position_m - self.own.position_m,
                velocity_rtn_m_s: target.velocity_m_s - self.own.velocity_m_s,
            },
            Some(frame) => RelativeState::in_frame(frame, &self.own, target),
        }
    }

    /// The velocity in the frame of the motion [m/s] of what rests in own rotating axes at `offset_m` from own ship (that frame).
    #[must_use]
    pub fn velocity_at_rest(&self, offset_m: &Vector3) -> Vector3 {
        let turning = self.frame.as_ref().map(|frame| (frame.normal * frame.rate_rad_s).cross(offset_m));
        turning.map_or(self.own.velocity_m_s, |turning| self.own.velocity_m_s + turning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::astro::constants::{EARTH_J2, EARTH_MU_M3_S2, EARTH_RADIUS_M};

    const ORBIT: Motion = Motion::Orbit { mu_m3_s2: EARTH_MU_M3_S2, earth_radius_m: EARTH_RADIUS_M, j2: EARTH_J2 };

    #[test]
    fn gradients_are_those_of_the_acceleration() {
        let (position, velocity) = (Vector3::new(3.1e6, -4.7e6, 4.2e6), Vector3::new(5e3, 2e3, -4e3));
        for (motion, at, velocity_at) in [
            (ORBIT, position, velocity),
            (
                Motion::Hill { mean_motion_rad_s: 1.1e-3 },
                Vector3::new(900.0, -4e3, 250.0),
                Vector3::new(1.0, -2.0, 0.5),
            ),
        ] {
            let (by_position, by_velocity) = motion.gradients(&at);
            let (step, step_velocity) = (1e-6 * at.norm(), 1e-3 * velocity_at.norm());
            for axis in 0..3 {
                let mut shift = Vector3::zeros();
                shift[axis] = 1.0;
                let difference = (motion.acceleration(&(at + shift * step), &velocity_at)
                    - motion.acceleration(&(at - shift * step), &velocity_at))
                    / (2.0 * step);
                let scale = by_position.norm();
                assert!((difference - by_position.column(axis)).norm() < 1e-8 * scale, "{motion:?} axis {axis}");
                let difference = (motion.acceleration(&at, &(velocity_at + shift * step_velocity))
                    - motion.acceleration(&at, &(velocity_at - shift * step_velocity)))
                    / (2.0 * step_velocity);
                assert!((difference - by_velocity.column(axis)).norm() < 1e-9, "{motion:?} axis {axis}");
            }
        }
    }

    #[test]
    fn what_rests_ahead_in_own_frame_shares_the_orbit() {
        let radius_m: f64 = 7e6;
        let speed = (EARTH_MU_M3_S2 / radius_m).sqrt();
        let own = CartesianState {
            position_m: Vector3::new(radius_m, 0.0, 0.0),
            velocity_m_s: Vector3::new(0.0, speed, 0.0),
        };
        let vantage = ORBIT.vantage(own);
        let velocity = vantage.velocity_at_rest(&Vector3::new(0.0, 1_000.0, 0.0));
        assert!((velocity - Vector3::new(-speed * 1_000.0 / radius_m, speed, 0.0)).norm() < 1e-9);
        let offset = Vector3::new(300.0, 1_000.0, -200.0);
        assert_eq!((vantage.to_own(&offset), vantage.from_own(&offset)), (offset, offset));
        let resting =
            CartesianState { position_m: own.position_m + offset, velocity_m_s: vantage.velocity_at_rest(&offset) };
        let seen = vantage.relative_state(&resting);
        assert!((seen.position_rtn_m - offset).norm() < 1e-9 && seen.velocity_rtn_m_s.norm() < 1e-9);
    }
}
