//! The line of sight to another object, and the directions across it.

use crate::astro::Vector3;
use crate::sim::view::Track;

/// The line of sight from own ship to another object: three unit vectors in own RTN, at right angles.
#[derive(Clone, Copy, Debug)]
pub(super) struct LineOfSight {
    /// Towards the object.
    pub(super) direction: Vector3,
    /// Across, as near to the orbital normal as can be (to the radial where the line is the normal itself).
    pub(super) out_of_plane: Vector3,
    /// Across, completing the triad.
    pub(super) in_plane: Vector3,
}

impl LineOfSight {
    /// The line to `track`, along T where the two coincide.
    pub(super) fn to(track: &Track) -> Self {
        let direction = track.position_rtn_m.try_normalize(1e-9).unwrap_or_else(Vector3::y);
        let upward = if direction.z.abs() < 0.99 { Vector3::z() } else { Vector3::x() };
        let out_of_plane = (upward - direction * upward.dot(&direction)).normalize();
        Self { direction, out_of_plane, in_plane: direction.cross(&out_of_plane) }
    }

    /// The unit vector across the line, at `angle_rad` from the one out of plane.
    pub(super) fn across(&self, angle_rad: f64) -> Vector3 {
        let (sine, cosine) = libm::sincos(angle_rad);
        self.out_of_plane * cosine + self.in_plane * sine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_across_are_at_right_angles() {
        for position in [[100.0, 200.0, 300.0], [0.0, 0.0, -50.0], [0.0, 0.0, 0.0]] {
            let line = LineOfSight::to(&Track { position_rtn_m: position.into(), ..Track::ABSENT });
            for angle_rad in [0.0, 1.0, 4.0] {
                let across = line.across(angle_rad);
                assert!(across.dot(&line.direction).abs() < 1e-12);
                assert!((across.norm() - 1.0).abs() < 1e-12);
            }
        }
    }
}
