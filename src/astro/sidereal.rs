//! How far the Earth has turned: the Earth rotation angle and sidereal times.

use std::f64::consts::TAU;

use super::axis_rotations::arcseconds;
use super::celestial_pole::{CelestialPole, gcrf_to_true_of_date, polynomial};
use super::constants::SECONDS_PER_DAY;

/// Earth rotation angle [rad], in [0, 2π): how far the terrestrial origin has turned past the celestial one.
///
/// `days_ut1`: since JD 2451545.0 UT1. Source: IAU 2000 Resolution B1.8; IERS Conventions (2010), eq. 5.15.
#[must_use]
pub fn earth_rotation_angle_rad(days_ut1: f64) -> f64 {
    // The whole days turn by whole turns and only cost digits.
    let turns = 0.779_057_273_264_0 + 0.002_737_811_911_354_48 * days_ut1 + days_ut1.rem_euclid(1.0);
    TAU * turns.rem_euclid(1.0)
}

/// Greenwich mean sidereal time of 1982 [rad], in [0, 2π): the one by which TEME is defined.
///
/// `days_ut1`: since JD 2451545.0 UT1. 280.460618375° at that instant.
/// Source: Aoki et al., 1982; Vallado, Fundamentals of Astrodynamics, 4th ed., eq. 3-47.
#[must_use]
pub fn mean_sidereal_time_1982_rad(days_ut1: f64) -> f64 {
    let centuries = days_ut1 / 36_525.0;
    // 876600 h a century are the whole turns of the days.
    let seconds = polynomial(centuries, &[67_310.548_41, 8_640_184.812_866, 0.093_104, -6.2e-6]);
    TAU * (seconds / SECONDS_PER_DAY + days_ut1.rem_euclid(1.0)).rem_euclid(1.0)
}

/// Greenwich mean sidereal time [rad], in [0, 2π), consistent with IAU 2006 precession.
///
/// `days_ut1`: since JD 2451545.0 UT1; `centuries_tt`: since J2000.0.
/// Source: Capitaine, Wallace and Chapront, 2003, eq. 42; IERS Conventions (2010), eq. 5.32.
#[must_use]
pub fn mean_sidereal_time_rad(days_ut1: f64, centuries_tt: f64) -> f64 {
    let coefficients = [0.014_506, 4_612.156_534, 1.391_581_7, -4.4e-7, -2.995_6e-5, -3.68e-8];
    let precession = arcseconds(polynomial(centuries_tt, &coefficients));
    (earth_rotation_angle_rad(days_ut1) + precession).rem_euclid(TAU)
}

/// Greenwich apparent sidereal time [rad], in [0, 2π), of IAU 2006 precession and IAU 2000B nutation.
///
/// `days_ut1`: since JD 2451545.0 UT1; `centuries_tt`: since J2000.0. The Earth rotation angle less the equation of the
/// origins. Source: Wallace and Capitaine, 2006, eq. 16; IERS Conventions (2010), section 5.5.3.
#[must_use]
pub fn apparent_sidereal_time_rad(days_ut1: f64, centuries_tt: f64) -> f64 {
    let matrix = gcrf_to_true_of_date(centuries_tt);
    let pole = CelestialPole::of_matrix(&matrix, centuries_tt, 0.0, 0.0);
    // The origin of right ascension of the intermediate frame, up to s, and where the equinox sees it.
    let slope = pole.x / (1.0 + matrix[(2, 2)]);
    let origin = super::Vector3::new(1.0 - slope * pole.x, -slope * pole.y, -pole.x);
    let seen = matrix * origin;
    let equation_of_origins = pole.origin_locator_rad - libm::atan2(seen.y, seen.x);
    (earth_rotation_angle_rad(days_ut1) - equation_of_origins).rem_euclid(TAU)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_sidereal_time_at_j2000_is_as_published() {
        assert!((mean_sidereal_time_1982_rad(0.0).to_degrees() - 280.460_618_375).abs() < 1e-9);
    }

    #[test]
    fn mean_sidereal_time_is_that_of_vallado_example_3_5() {
        // 20 August 1992, 12:14 UT1. Printed as 152.5788° and some digits more; these are of ERFA 2.0 (gmst82).
        let days_ut1 = -2_690.5 + (12.0 * 60.0 + 14.0) / 1_440.0;
        assert!((mean_sidereal_time_1982_rad(days_ut1).to_degrees() - 152.578_787_851_657_67).abs() < 1e-9);
    }

    #[test]
    fn agrees_with_an_independent_library() {
        // Source: ERFA 2.0: TT centuries, UT1 days; era00, gmst06, gst06a (IAU 2000A) [rad].
        for (centuries, days_ut1, rotation, mean, apparent) in [
            (-0.5, -18_262.3, 3.017_906_922_680_297, 3.006_728_496_707_671, 3.006_713_807_414_716),
            (0.0, -0.000_7, 4.890_550_941_583_029, 4.890_551_011_910_101, 4.890_489_051_475_504),
            (0.042_623_631_9, 1_556.828, 5.462_346_935_037_9, 5.463_300_097_626_016, 5.463_245_499_333_019),
            (0.261, 9_533.024_77, 5.676_581_714_999_841, 5.682_418_300_402_209, 5.682_449_648_078_634),
            (0.5, 18_262.499_5, 1.745_757_499_410_665, 1.756_939_439_308_514, 1.757_006_916_019_293),
        ] {
            // Days in one f64 resolve 4e-12 of a turn.
            assert!((earth_rotation_angle_rad(days_ut1) - rotation).abs() < 5e-11);
            assert!((mean_sidereal_time_rad(days_ut1, centuries) - mean).abs() < 5e-11);
            // IAU 2000B against 2000A: up to 2.7 mas in Δψ, times cos ε: 1.2e-8 rad.
            let error = apparent_sidereal_time_rad(days_ut1, centuries) - apparent;
            assert!(error.abs() < 1.2e-8, "{error}");
        }
    }
}
