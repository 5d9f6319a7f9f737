//! The VNC frame (velocity, normal, co-normal), in which burns are often told.

use super::rtn::RtnFrame;
use super::{CartesianState, Vector3};

/// The VNC axes of one spacecraft, as GCRF unit vectors.
///
/// V points along the inertial velocity, N along the orbital angular momentum, C = V × N completes the triad (away from the
/// Earth on a circular orbit). Source: GMAT Mathematical Specification, section 3.3, its VNB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VncFrame {
    /// Unit vector along the velocity, GCRF.
    pub velocity: Vector3,
    /// Normal unit vector, GCRF.
    pub normal: Vector3,
    /// Co-normal unit vector V × N, GCRF.
    pub co_normal: Vector3,
}

impl VncFrame {
    /// The frame of `state` (GCRF). At rest V is the transverse direction; without a plane N is that of [`RtnFrame::of`].
    #[must_use]
    pub fn of(state: &CartesianState) -> Self {
        let rtn = RtnFrame::of(state);
        let velocity = state.velocity_m_s.try_normalize(0.0).unwrap_or(rtn.transverse);
        Self { velocity, normal: rtn.normal, co_normal: velocity.cross(&rtn.normal) }
    }

    /// Components along V, N, C of a GCRF vector.
    #[must_use]
    pub fn to_vnc(&self, gcrf: &Vector3) -> Vector3 {
        Vector3::new(self.velocity.dot(gcrf), self.normal.dot(gcrf), self.co_normal.dot(gcrf))
    }

    /// The GCRF vector of V, N, C components.
    #[must_use]
    pub fn to_gcrf(&self, vnc: &Vector3) -> Vector3 {
        self.velocity * vnc.x + self.normal * vnc.y + self.co_normal * vnc.z
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_circular_orbit_it_is_rtn_in_another_order() {
        let state =
            CartesianState { position_m: Vector3::new(7e6, 0.0, 0.0), velocity_m_s: Vector3::new(0.0, 6e3, 4.5e3) };
        let (vnc, rtn) = (VncFrame::of(&state), RtnFrame::of(&state));
        for (axis, expected) in [(vnc.velocity, rtn.transverse), (vnc.normal, rtn.normal), (vnc.co_normal, rtn.radial)]
        {
            assert!((axis - expected).norm() < 1e-15, "{axis} against {expected}");
        }
        let vector = Vector3::new(0.3, -2.0, 5.0);
        assert!((vnc.to_gcrf(&vnc.to_vnc(&vector)) - vector).norm() < 1e-14);
    }

    #[test]
    fn without_velocity_it_is_still_a_frame() {
        let state = CartesianState { position_m: Vector3::new(0.0, 7e6, 0.0), velocity_m_s: Vector3::zeros() };
        let frame = VncFrame::of(&state);
        assert!((frame.velocity.cross(&frame.normal) - frame.co_normal).norm() < 1e-15);
        assert!((frame.velocity.norm() - 1.0).abs() < 1e-15 && frame.velocity.dot(&frame.normal).abs() < 1e-15);
    }
}
