//! The encounter frame, and what of two uncertain states counts in the conjunction plane.

use nalgebra::{Matrix2, Matrix2x3, Matrix3, Vector2};

use super::super::{CartesianState, Vector3};

/// Standard deviation, in shares of the hard-body radius, that an eigenvalue of the projected covariance has at least.
///
/// Source: Hall, Hejduk and Johnson, Remediating non-positive definite state covariances for collision probability
/// estimation, AAS 17-567: the clipping factor of 1e-4 that NASA CARA uses.
const CLIPPING_FACTOR: f64 = 1e-4;

/// Two objects in the plane across their relative velocity.
///
/// x lies along the part of the relative position across the relative velocity, z along the relative velocity, and y
/// completes the triad. The miss vector is (|Δr|, 0): the whole length of Δr, not its projection, which at closest
/// approach itself is the same. Source: Foster and Estes, NASA JSC-25898, 1992; the placing at |Δr| is NASA CARA's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EncounterPlane {
    /// Distance |Δr| at which the miss is placed on the x axis [m].
    pub miss_m: f64,
    /// Axes of the plane (x, y), unit vectors of the states' frame, as rows.
    pub axes: Matrix2x3<f64>,
    /// Covariance of the relative position in the plane [m²].
    pub covariance_m2: Matrix2<f64>,
}

/// The projected covariance by its principal axes, as a probability is integrated over it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PrincipalAxes {
    /// Standard deviations along the minor and the major axis [m].
    pub deviations_m: [f64; 2],
    /// The miss vector along the same axes, magnitudes [m].
    pub miss_m: [f64; 2],
    /// Whether an eigenvalue was raised to (1e-4 × hard-body radius)².
    pub clipped: bool,
}

impl EncounterPlane {
    /// The plane of two states (one inertial frame) whose relative position has the covariance `covariance_m2`, the sum of
    /// both objects' [m²]. `None` where the relative velocity is zero: there is no such plane.
    #[must_use]
    pub fn of(states: &[CartesianState; 2], covariance_m2: &Matrix3<f64>) -> Option<Self> {
        let position = states[1].position_m - states[0].position_m;
        let velocity = states[1].velocity_m_s - states[0].velocity_m_s;
        let speed = velocity.norm();
        // Below the spacing of f64 at orbital speed, a difference of velocities has no direction.
        if speed <= 4.0 * f64::EPSILON * states[0].velocity_m_s.norm() {
            return None;
        }
        let z = velocity / speed;
        let across = position - z * z.dot(&position);
        let x = if across.norm() > 1e-12 * position.norm() && across.norm() > 0.0 {
            across.normalize()
        } else {
            // No miss across: every direction of the plane serves, since the miss is zero in it.
            let least = z.iamin();
            let axis = Vector3::from_fn(|row, _| if row == least { 1.0 } else { 0.0 });
            z.cross(&axis).normalize()
        };
        let axes = Matrix2x3::from_rows(&[x.transpose(), z.cross(&x).transpose()]);
        Some(Self { miss_m: position.norm(), axes, covariance_m2: axes * covariance_m2 * axes.transpose() })
    }

    /// The covariance by its principal axes, eigenvalues below (1e-4 × `hard_body_radius_m`)² raised to that.
    #[must_use]
    pub fn principal_axes(&self, hard_body_radius_m: f64) -> PrincipalAxes {
        let [xx, xy, yy] = [self.covariance_m2[(0, 0)], self.covariance_m2[(0, 1)], self.covariance_m2[(1, 1)]];
        let (mean, half) = (0.5 * (xx + yy), 0.5 * (xx - yy));
        let spread = libm::hypot(half, xy);
        let angle_rad = 0.5 * libm::atan2(xy, half);
        let (sine, cosine) = libm::sincos(angle_rad);
        let major = mean + spread;
        // The product of the eigenvalues is the determinant; mean - spread would cancel on a thin ellipse.
        let minor = if major > 0.0 { (xx * yy - xy * xy) / major } else { mean - spread };
        let least = (CLIPPING_FACTOR * hard_body_radius_m).powi(2);
        PrincipalAxes {
            deviations_m: [minor.max(least).sqrt(), major.max(least).sqrt()],
            miss_m: [(self.miss_m * sine).abs(), (self.miss_m * cosine).abs()],
            clipped: minor < least || major < least,
        }
    }

    /// Mahalanobis distance √(mᵀ C⁻¹ m) [-] of the miss in the plane, with the clipped covariance.
    #[must_use]
    pub fn mahalanobis_distance(&self, hard_body_radius_m: f64) -> f64 {
        let axes = self.principal_axes(hard_body_radius_m);
        Vector2::from(axes.miss_m).component_div(&Vector2::from(axes.deviations_m)).norm()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(position: [f64; 3], velocity: [f64; 3]) -> [CartesianState; 2] {
        let first =
            CartesianState { position_m: Vector3::new(7.0e6, 0.0, 0.0), velocity_m_s: Vector3::new(0.0, 7_500.0, 0.0) };
        let second = CartesianState {
            position_m: first.position_m + Vector3::from(position),
            velocity_m_s: first.velocity_m_s + Vector3::from(velocity),
        };
        [first, second]
    }

    #[test]
    fn the_whole_distance_is_the_miss() {
        // 30 m across and 40 m along the relative velocity: |Δr| = 50 m, placed on x = +Y.
        let covariance = Matrix3::from_diagonal(&Vector3::new(4.0, 9.0, 16.0));
        let plane = EncounterPlane::of(&states([0.0, 30.0, 40.0], [0.0, 0.0, 12.0]), &covariance).unwrap();
        assert!((plane.miss_m - 50.0).abs() < 1e-9);
        assert!((plane.axes - Matrix2x3::new(0.0, 1.0, 0.0, -1.0, 0.0, 0.0)).norm() < 1e-9, "{}", plane.axes);
        assert!((plane.covariance_m2 - Matrix2::new(9.0, 0.0, 0.0, 4.0)).norm() < 1e-9);
        let principal = plane.principal_axes(10.0);
        assert!((Vector2::from(principal.deviations_m) - Vector2::new(2.0, 3.0)).norm() < 1e-12);
        assert!((Vector2::from(principal.miss_m) - Vector2::new(0.0, 50.0)).norm() < 1e-12 && !principal.clipped);
        assert!((plane.mahalanobis_distance(10.0) - 50.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn an_indefinite_projection_is_clipped() {
        let mut covariance = Matrix3::from_diagonal(&Vector3::new(4.0, 9.0, 16.0));
        (covariance[(0, 1)], covariance[(1, 0)]) = (7.0, 7.0);
        let plane = EncounterPlane::of(&states([0.0, 30.0, 0.0], [0.0, 0.0, 12.0]), &covariance).unwrap();
        let principal = plane.principal_axes(10.0);
        assert!(principal.clipped && (principal.deviations_m[0] - 1e-3).abs() < 1e-15, "{principal:?}");
    }

    #[test]
    fn without_a_relative_velocity_there_is_no_plane() {
        assert_eq!(EncounterPlane::of(&states([10.0, 0.0, 0.0], [0.0; 3]), &Matrix3::identity()), None);
        let head_on = EncounterPlane::of(&states([0.0; 3], [0.0, -15_000.0, 0.0]), &Matrix3::identity()).unwrap();
        assert!(head_on.miss_m == 0.0 && (head_on.covariance_m2 - Matrix2::identity()).norm() < 1e-12);
    }
}
