//! Antennas: gain off the axis, and where a steered one can point.

use crate::astro::Vector3;

/// Loss of gain off the axis of an antenna [dB]: 12 (θ/θ₃)², no more than that of the side lobes.
///
/// `beamwidth_rad`: θ₃, full width between the half-power points (3 dB down at θ₃/2); `side_lobe_loss_db`: level below the peak
/// that the pattern does not go under. Source: the parabola of ITU-R F.699 and 3GPP TR 36.942, section 4.2.1; real side
/// lobes have nulls between them, which the floor fills.
#[must_use]
pub fn pattern_loss_db(off_axis_rad: f64, beamwidth_rad: f64, side_lobe_loss_db: f64) -> f64 {
    let ratio = off_axis_rad / beamwidth_rad;
    (12.0 * ratio * ratio).min(side_lobe_loss_db)
}

/// Angle between two directions of any length [rad], 0 to π; good at both ends.
#[must_use]
pub fn angle_rad(first: &Vector3, second: &Vector3) -> f64 {
    libm::atan2(first.cross(second).norm(), first.dot(second))
}

/// Where an antenna points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aim {
    /// Its axis, a unit vector.
    pub axis: Vector3,
    /// Angle between the axis and whom it should point at [rad].
    pub off_axis_rad: f64,
}

impl Aim {
    /// A steered antenna, which turns up to `reach_rad` away from `mount` toward `peer` (unit vectors).
    #[must_use]
    pub fn steered(mount: &Vector3, peer: &Vector3, reach_rad: f64, reach_cosine: f64) -> Self {
        if mount.dot(peer) >= reach_cosine {
            return Self { axis: *peer, off_axis_rad: 0.0 };
        }
        let away_rad = angle_rad(mount, peer);
        let across = peer - mount * mount.dot(peer);
        // Straight behind, every way is as good: then it stays short of it by the same angle, whichever it takes.
        let side = across.try_normalize(1e-12).unwrap_or_else(|| perpendicular(mount));
        let (sine, cosine) = libm::sincos(reach_rad);
        Self { axis: mount * cosine + side * sine, off_axis_rad: (away_rad - reach_rad).max(0.0) }
    }

    /// An antenna that is fixed along `axis` (unit vectors).
    #[must_use]
    pub fn fixed(axis: &Vector3, peer: &Vector3) -> Self {
        Self { axis: *axis, off_axis_rad: angle_rad(axis, peer) }
    }
}

/// A unit vector across another.
#[must_use]
pub fn perpendicular(unit: &Vector3) -> Vector3 {
    let far = if unit.x.abs() < 0.6 { Vector3::x() } else { Vector3::y() };
    let across = far - unit * unit.dot(&far);
    across / across.norm()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_the_power_is_left_at_half_the_beamwidth() {
        assert!((pattern_loss_db(0.1, 0.2, 25.0) - 3.0).abs() < 1e-12);
        assert_eq!(pattern_loss_db(0.0, 0.2, 25.0), 0.0);
        assert_eq!(pattern_loss_db(3.0, 0.2, 25.0), 25.0);
    }

    #[test]
    fn a_steered_antenna_follows_up_to_its_reach() {
        let (mount, reach_rad) = (Vector3::z(), 2.0);
        for step in 0..=314 {
            let away_rad = f64::from(step) * 0.01;
            let peer = Vector3::new(libm::sin(away_rad), 0.0, libm::cos(away_rad));
            let aim = Aim::steered(&mount, &peer, reach_rad, libm::cos(reach_rad));
            assert!((aim.off_axis_rad - (away_rad - reach_rad).max(0.0)).abs() < 1e-9, "{away_rad}");
            assert!((angle_rad(&aim.axis, &peer) - aim.off_axis_rad).abs() < 1e-9, "{away_rad}");
        }
        let behind = Aim::steered(&mount, &-mount, reach_rad, libm::cos(reach_rad));
        assert!((angle_rad(&behind.axis, &-mount) - behind.off_axis_rad).abs() < 1e-9);
    }

    #[test]
    fn perpendicular_is_so_for_every_axis() {
        for axis in [Vector3::x(), Vector3::y(), Vector3::z(), Vector3::new(0.6, 0.6, 0.529_15).normalize()] {
            let across = perpendicular(&axis);
            assert!(across.dot(&axis).abs() < 1e-12 && (across.norm() - 1.0).abs() < 1e-12);
        }
    }
}
