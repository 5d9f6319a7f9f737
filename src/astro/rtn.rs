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
    /// The frame of `state` (GCRF). Undefined (NaN) for a rectilinear orbit, whose angular momentum is zero.
    #[must_use]
    pub fn of(state: &CartesianState) -> Self {
        let momentum = state.position_m.cross(&state.velocity_m_s);
        let radius_squared = state.position_m.norm_squared();
        let momentum_norm = momentum.norm();
        let radial = state.position_m / radius_squared.sqrt();
        let normal = momentum / momentum_norm;
        Self { radial, transverse: normal.cross(&radial), normal, rate_rad_s: momentum_norm / radius_squared }
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
