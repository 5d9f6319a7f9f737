//! The celestial intermediate pole and origin: how the Earth's axis points among the stars.
//!
//! IAU 2006 precession (Capitaine, Wallace and Chapront, 2003) in the angles of Fukushima and Williams, frame bias
//! included, with IAU 2000B nutation; what the IERS observes beyond that, dX and dY, comes in as values.

use nalgebra::Matrix3;

use super::axis_rotations::{arcseconds, rot1, rot2, rot3};
use super::nutation::{delaunay_arguments_rad, nutation_rad};

/// The rotation from GCRF to the true equator and equinox of date (TOD): bias, precession, nutation.
///
/// `centuries_tt`: since J2000.0. Source: Wallace and Capitaine, Precession-nutation procedures consistent with IAU 2006
/// resolutions, Astronomy and Astrophysics 459, 2006, section 6 and table 1.
#[must_use]
pub fn gcrf_to_true_of_date(centuries_tt: f64) -> Matrix3<f64> {
    let t = centuries_tt;
    let [longitude, obliquity] = nutation_rad(t);
    // The nutation of IAU 2000 on the precession of IAU 2006: the changing J2, and the scale of the longitude.
    let j2_rate = -2.777_4e-6 * t;
    let longitude = longitude * (1.0 + 0.469_7e-6 + j2_rate);
    let obliquity = obliquity * (1.0 + j2_rate);
    let gamma = arcseconds(polynomial(t, &[-0.052_928, 10.556_378, 0.493_204_4, -0.000_312_38, -2.788e-6, 2.6e-8]));
    let phi = arcseconds(polynomial(t, &[84_381.412_819, -46.811_016, 0.051_126_8, 5.328_9e-4, -4.40e-7, -1.76e-8]));
    let psi = arcseconds(polynomial(t, &[-0.041_775, 5_038.481_484, 1.558_417_5, -1.852_2e-4, -2.645_2e-5, -1.48e-8]));
    rot1(-(mean_obliquity_rad(t) + obliquity)) * rot3(-(psi + longitude)) * rot1(phi) * rot3(gamma)
}

/// Mean obliquity of the ecliptic [rad], IAU 2006. Source: Capitaine, Wallace and Chapront, 2003, eq. 39.
#[must_use]
pub fn mean_obliquity_rad(centuries_tt: f64) -> f64 {
    let coefficients = [84_381.406, -46.836_769, -0.000_183_1, 0.002_003_40, -5.76e-7, -4.34e-8];
    arcseconds(polynomial(centuries_tt, &coefficients))
}

/// Place of the celestial intermediate pole in GCRF, and of the origin of the Earth's rotation on its equator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CelestialPole {
    /// X of the pole's unit vector [-].
    pub x: f64,
    /// Y of the pole's unit vector [-].
    pub y: f64,
    /// CIO locator s [rad].
    pub origin_locator_rad: f64,
}

impl CelestialPole {
    /// The pole at `centuries_tt` since J2000.0, moved by the observed corrections `dx_rad` and `dy_rad` (dX, dY of the
    /// IERS, to IAU 2006/2000A).
    #[must_use]
    pub fn at(centuries_tt: f64, dx_rad: f64, dy_rad: f64) -> Self {
        Self::of_matrix(&gcrf_to_true_of_date(centuries_tt), centuries_tt, dx_rad, dy_rad)
    }

    /// The pole of a matrix of bias, precession and nutation: its third row.
    pub(super) fn of_matrix(matrix: &Matrix3<f64>, centuries_tt: f64, dx_rad: f64, dy_rad: f64) -> Self {
        let (x, y) = (matrix[(2, 0)], matrix[(2, 1)]);
        let origin_locator_rad = origin_locator_rad(centuries_tt, x, y);
        Self { x: x + dx_rad, y: y + dy_rad, origin_locator_rad }
    }

    /// The rotation from GCRF to the celestial intermediate frame (CIRS).
    ///
    /// Source: IERS Conventions (2010), eq. 5.6 to 5.8.
    #[must_use]
    pub fn gcrf_to_cirs(&self) -> Matrix3<f64> {
        let square = self.x * self.x + self.y * self.y;
        let longitude = if square > 0.0 { libm::atan2(self.y, self.x) } else { 0.0 };
        let colatitude = libm::atan((square / (1.0 - square)).sqrt());
        rot3(-(longitude + self.origin_locator_rad)) * rot2(colatitude) * rot3(longitude)
    }
}

/// Terms of s + XY/2 of a microarcsecond and more: multiples of (l, l′, F, D, Ω), and the amplitude of the sine [µas].
const LOCATOR_TERMS: [([i8; 5], f64); 10] = [
    ([0, 0, 0, 0, 1], -2_640.73),
    ([0, 0, 0, 0, 2], -63.53),
    ([0, 0, 2, -2, 3], -11.75),
    ([0, 0, 2, -2, 1], -11.21),
    ([0, 0, 2, -2, 2], 4.57),
    ([0, 0, 2, 0, 3], -2.02),
    ([0, 0, 2, 0, 1], -1.98),
    ([0, 0, 0, 0, 3], 1.72),
    ([0, 1, 0, 0, 1], 1.41),
    ([0, 1, 0, 0, -1], 1.26),
];
/// The same for the terms that go with the square of the time [µas a century²].
const LOCATOR_TERMS_SQUARE: [([i8; 5], f64); 4] =
    [([0, 0, 0, 0, 1], 743.52), ([0, 0, 2, -2, 2], 56.91), ([0, 0, 2, 0, 2], 9.84), ([0, 0, 0, 0, 2], -8.85)];

/// The CIO locator s [rad] of a pole at (x, y). Good to 10 µas in this century.
///
/// Source: IERS Conventions (2010), table 5.2d, less its smaller terms.
fn origin_locator_rad(centuries_tt: f64, x: f64, y: f64) -> f64 {
    let t = centuries_tt;
    let arguments = delaunay_arguments_rad(t);
    let sum = |terms: &[([i8; 5], f64)]| -> f64 {
        let term = |(multiples, amplitude): &([i8; 5], f64)| {
            let angle = multiples.iter().zip(arguments).map(|(multiple, argument)| f64::from(*multiple) * argument);
            amplitude * libm::sin(angle.sum())
        };
        terms.iter().map(term).sum()
    };
    let secular_uas = polynomial(t, &[94.0, 3_808.65, -122.68, -72_574.11, 27.98, 15.62]);
    let periodic_uas = sum(&LOCATOR_TERMS) + t * t * sum(&LOCATOR_TERMS_SQUARE);
    arcseconds((secular_uas + periodic_uas) * 1e-6) - 0.5 * x * y
}

/// Σ cₙ tⁿ.
pub(super) fn polynomial(t: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * t + coefficient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pole_is_where_the_full_series_puts_it() {
        // Source: IAU 2006/2000A of the library ERFA 2.0 (xys06a): X, Y, s.
        for (centuries, x, y, s) in [
            (-0.5, -4.865_602_325_975_011e-3, 1.314_839_575_777_826_4e-5, 6.443_279_146_886_52e-8),
            (0.0, -2.694_638_014_904_722e-5, -2.800_472_116_476_493_4e-5, -1.013_396_517_756_38e-8),
            (0.042_623_631_9, 3.904_295_812_334_837_3e-4, 3.526_485_325_272_555e-5, -1.467_315_130_980_61e-8),
            (0.261, 2.549_631_403_388_673e-3, 3.487_886_897_296_51e-5, -4.098_045_057_795_493e-8),
            (0.5, 4.886_533_764_200_738_5e-3, -5.341_832_436_145_388_4e-5, 1.058_366_269_325_737_8e-7),
        ] {
            let pole = CelestialPole::at(centuries, 0.0, 0.0);
            // 1 mas is 4.85e-9 rad: what IAU 2000B leaves out.
            let moved = libm::hypot(pole.x - x, pole.y - y);
            assert!(moved < 4.85e-9, "{moved} at {centuries}");
            // s follows the pole by XY/2, and its own series is cut at 10 µas.
            assert!((pole.origin_locator_rad - s).abs() < 7e-11, "{} at {centuries}", pole.origin_locator_rad - s);
            let moved_on = CelestialPole::at(centuries, 1e-6, -2e-6);
            assert!((moved_on.x - pole.x - 1e-6).abs() < 1e-15 && (moved_on.y - pole.y + 2e-6).abs() < 1e-15);
        }
    }

    #[test]
    fn the_intermediate_frame_points_along_the_pole() {
        let pole = CelestialPole::at(0.261, 0.0, 0.0);
        let matrix = pole.gcrf_to_cirs();
        assert!((matrix[(2, 0)] - pole.x).abs() < 1e-15 && (matrix[(2, 1)] - pole.y).abs() < 1e-15);
        assert!((matrix * matrix.transpose() - Matrix3::identity()).norm() < 1e-14);
    }
}
