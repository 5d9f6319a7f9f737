//! Rotations of the axes of a frame: the matrix that takes a vector's components from the old axes to the turned ones.

use nalgebra::Matrix3;

/// Turns the axes (not the vector) by `angle_rad` about X: R₁ of the IAU's papers.
pub(super) fn rot1(angle_rad: f64) -> Matrix3<f64> {
    let (sine, cosine) = libm::sincos(angle_rad);
    Matrix3::new(1.0, 0.0, 0.0, 0.0, cosine, sine, 0.0, -sine, cosine)
}

/// Turns the axes by `angle_rad` about Y: R₂.
pub(super) fn rot2(angle_rad: f64) -> Matrix3<f64> {
    let (sine, cosine) = libm::sincos(angle_rad);
    Matrix3::new(cosine, 0.0, -sine, 0.0, 1.0, 0.0, sine, 0.0, cosine)
}

/// Turns the axes by `angle_rad` about Z: R₃.
pub(super) fn rot3(angle_rad: f64) -> Matrix3<f64> {
    let (sine, cosine) = libm::sincos(angle_rad);
    Matrix3::new(cosine, sine, 0.0, -sine, cosine, 0.0, 0.0, 0.0, 1.0)
}

/// Arcseconds as radians.
pub(super) fn arcseconds(arcseconds: f64) -> f64 {
    (arcseconds / 3_600.0).to_radians()
}

#[cfg(test)]
mod tests {
    use std::f64::consts::FRAC_PI_2;

    use super::super::Vector3;
    use super::*;

    #[test]
    fn a_quarter_turn_of_the_axes_takes_each_axis_to_the_next() {
        // The new Y axis is the old Z, the new Z the old X, the new X the old Y.
        let near = |a: Vector3, b: Vector3| assert!((a - b).norm() < 1e-15, "{a} against {b}");
        near(rot1(FRAC_PI_2) * Vector3::z(), Vector3::y());
        near(rot2(FRAC_PI_2) * Vector3::x(), Vector3::z());
        near(rot3(FRAC_PI_2) * Vector3::y(), Vector3::x());
    }
}
