//! The RTN frame (radial, transverse, normal) and relative states in it.

use super::{CartesianState, Vector3};

/// The RTN axes of one spacecraft, as GCRF unit vectors.
///
/// R points along the position, N along the orbital angular momentum, T = N × R completes the triad (along the
/// velocity on a circular orbit). Source: Vallado, Fundamentals of Astrodynamics, 4th ed., section 3.3 (its RSW).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RtnFrame {
    /// Radial unit vector, GCRF.
    pub radial: Vector3,
    /// Transverse unit vector, GCRF.
    pub transverse: Vector3,
    /// Normal unit vector, GCRF.
    pub normal: Vector3,
    /// Rate at which the frame turns about N [rad/s]: h/r².
    pub rate_rad_s: f64,
}

impl RtnFrame {
    /// The frame of `state` (GCRF).
    ///
    /// A motion along the radius has no plane: N is then the normal nearest to +Z (on the polar axis +X) and the rate zero. At
    /// the centre R is +X.
    #[must_use]
    pub fn of(state: &CartesianState) -> Self {
        let momentum = state.position_m.cross(&state.velocity_m_s);
        let radius_squared = state.position_m.norm_squared();
        let momentum_norm = momentum.norm();
        if !(momentum_norm > 0.0 && radius_squared > 0.0) {
            return Self::without_plane(&state.position_m);
        }
        let radial = state.position_m / radius_squared.sqrt();
        let normal = momentum / momentum_norm;
        Self { radial, transverse: normal.cross(&radial), normal, rate_rad_s: momentum_norm / radius_squared }
    }

    #[cold]
    fn without_plane(position_m: &Vector3) -> Self {
        let radial = position_m.try_normalize(0.0).unwrap_or_else(Vector3::x);
        // Of two axes one is far from R.
        let near = if radial.z.abs() < 0.999 { Vector3::z() } else { Vector3::x() };
        let normal = (near - radial * near.dot(&radial)).normalize();
        Self { radial, transverse: normal.cross(&radial), normal, rate_rad_s: 0.0 }
    }

    /// Components along R, T, N of a GCRF vector.
    #[must_use]
    pub fn to_rtn(&self, gcrf: &Vector3) -> Vector3 {
        Vector3::new(self.radial.dot(gcrf), self.transverse.dot(gcrf), self.normal.dot(gcrf))
    }

    /// The GCRF vector of R, T, N components.
    #[must_use]
    pub fn to_gcrf(&self, rtn: &Vector3) -> Vector3 {
        self.radial * rtn.x + self.transverse * rtn.y + self.normal * rtn.z
    }
}

/// Position and velocity relative to a spacecraft, in its rotating RTN frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RelativeState {
    /// Relative position, RTN [m].
    pub position_rtn_m: Vector3,
    /// Rate of change of the RTN components, that is, as seen in the rotating frame [m/s].
    pub velocity_rtn_m_s: Vector3,
}

impl RelativeState {
    /// `other` as seen from `own`, both GCRF: v_rel = R (v₂ - v₁) - ω × ρ, with ω = (h/r²) N.
    #[must_use]
    pub fn between(own: &CartesianState, other: &CartesianState) -> Self {
        Self::in_frame(&RtnFrame::of(own), own, other)
    }

    /// As [`RelativeState::between`], with the frame of `own` at hand.
    #[must_use]
    pub fn in_frame(frame: &RtnFrame, own: &CartesianState, other: &CartesianState) -> Self {
        let position_rtn_m = frame.to_rtn(&(other.position_m - own.position_m));
        let inertial = frame.to_rtn(&(other.velocity_m_s - own.velocity_m_s));
        let omega = Vector3::new(0.0, 0.0, frame.rate_rad_s);
        Self { position_rtn_m, velocity_rtn_m_s: inertial - omega.cross(&position_rtn_m) }
    }

    /// The GCRF state of the object that `own` sees at this relative state; the inverse of [`RelativeState::between`].
    #[must_use]
    pub fn to_gcrf(&self, own: &CartesianState) -> CartesianState {
        let frame = RtnFrame::of(own);
        let omega = Vector3::new(0.0, 0.0, frame.rate_rad_s);
        let inertial = self.velocity_rtn_m_s + omega.cross(&self.position_rtn_m);
        CartesianState {
            position_m: own.position_m + frame.to_gcrf(&self.position_rtn_m),
            velocity_m_s: own.velocity_m_s + frame.to_gcrf(&inertial),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_right_handed(frame: &RtnFrame) -> bool {
        let [r, t, n] = [frame.radial, frame.transverse, frame.normal];
        let products =
            [r.norm_squared() - 1.0, t.norm_squared() - 1.0, n.norm_squared() - 1.0, r.dot(&t), t.dot(&n), n.dot(&r)];
        products.into_iter().all(|product| product.abs() < 1e-12) && r.cross(&t).dot(&n) > 0.0
    }

    #[test]
    fn motions_without_a_plane_have_a_frame() {
        for (position, velocity) in [
            ([7e6, 0.0, 0.0], [3e3, 0.0, 0.0]),
            ([0.0, 0.0, -7e6], [0.0, 0.0, 1.0]),
            ([0.0, 0.0, 0.0], [1.0, 2.0, 3.0]),
            ([1e6, 2e6, 3e6], [0.0, 0.0, 0.0]),
        ] {
            let state = CartesianState { position_m: Vector3::from(position), velocity_m_s: Vector3::from(velocity) };
            let frame = RtnFrame::of(&state);
            assert!(is_right_handed(&frame), "{frame:?}");
            assert_eq!(frame.rate_rad_s, 0.0);
        }
    }

    proptest! {
        #[test]
        fn frames_are_orthonormal_and_relative_states_come_back(
            position in prop::array::uniform3(-4e7..4e7f64),
            velocity in prop::array::uniform3(-8e3..8e3f64),
            offset in prop::array::uniform3(-1e6..1e6f64),
            drift in prop::array::uniform3(-1e3..1e3f64),
        ) {
            let own = CartesianState { position_m: Vector3::from(position), velocity_m_s: Vector3::from(velocity) };
            prop_assume!(own.position_m.norm() > 1e5 && own.velocity_m_s.norm() > 1.0);
            prop_assume!(own.position_m.cross(&own.velocity_m_s).norm() > 1e-3 * own.position_m.norm() * own.velocity_m_s.norm());
            prop_assert!(is_right_handed(&RtnFrame::of(&own)));
            let other = CartesianState {
                position_m: own.position_m + Vector3::from(offset),
                velocity_m_s: own.velocity_m_s + Vector3::from(drift),
            };
            let back = RelativeState::between(&own, &other).to_gcrf(&own);
            prop_assert!((back.position_m - other.position_m).norm() < 1e-7);
            // The frame of a point 100 km from the centre turns fast: ω × ρ of up to 1e6 m × 0.1 rad/s.
            prop_assert!((back.velocity_m_s - other.velocity_m_s).norm() < 1e-8);
        }
    }
}
