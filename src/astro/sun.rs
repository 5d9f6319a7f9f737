//! The Sun's place, to low precision.

use super::constants::{ASTRONOMICAL_UNIT_M, JULIAN_DATE_J2000};
use super::{Vector3, teme};

/// Position of the Sun from the Earth's centre [m], in the mean equator and equinox of date (MOD).
///
/// `julian_date`: in UT1, TT or UTC, whose difference of a minute moves the Sun by 0.0008°. Good to 0.01° and 2e-4 au
/// from 1950 to 2050. Source: Vallado, Fundamentals of Astrodynamics, 4th ed., algorithm 29, after the Astronomical
/// Almanac.
#[must_use]
pub fn position_mod_m(julian_date: f64) -> Vector3 {
    let centuries = (julian_date - JULIAN_DATE_J2000) / 36_525.0;
    let mean_longitude_deg = 280.46 + 36_000.771_285 * centuries;
    let mean_anomaly_rad = (357.528 + 35_999.050_957 * centuries).to_radians();
    let (sine, cosine) = libm::sincos(mean_anomaly_rad);
    let (sine_double, cosine_double) = (2.0 * sine * cosine, 2.0 * cosine * cosine - 1.0);
    let ecliptic_longitude_rad =
        (mean_longitude_deg + 1.915 * sine + 0.02 * sine_double).rem_euclid(360.0).to_radians();
    let obliquity_rad = (23.439_291 - 0.013_004_2 * centuries).to_radians();
    let distance_m = ASTRONOMICAL_UNIT_M * (1.000_140_612 - 0.016_708_617 * cosine - 0.000_139_589 * cosine_double);
    let (sine_longitude, cosine_longitude) = libm::sincos(ecliptic_longitude_rad);
    let (sine_obliquity, cosine_obliquity) = libm::sincos(obliquity_rad);
    Vector3::new(cosine_longitude, cosine_obliquity * sine_longitude, sine_obliquity * sine_longitude) * distance_m
}

/// Position of the Sun from the Earth's centre [m], in GCRF.
///
/// [`position_mod_m`] taken to J2000 by IAU-76 precession. Without that step the direction would be off by what the
/// equinox has moved since J2000, 0.014° a year. What remains is the 0.01° of the series; the frame bias (0.02″) is
/// left out.
#[must_use]
pub fn position_gcrf_m(julian_date: f64) -> Vector3 {
    teme::precession_mod_to_j2000(julian_date) * position_mod_m(julian_date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_vallado_example_5_1() {
        let position_km = position_mod_m(2_453_827.5) / 1e3;
        let expected_km = Vector3::new(146_185_999.569_429_6, 28_789_948.690_292_876, 12_481_485.206_411_356);
        // The same series in double precision: only rounding of the large angles is left.
        assert!((position_km - expected_km).norm() / expected_km.norm() < 1e-11);
    }

    #[test]
    fn gcrf_differs_by_the_precession_since_j2000() {
        let at_j2000 = position_mod_m(JULIAN_DATE_J2000).angle(&position_gcrf_m(JULIAN_DATE_J2000));
        assert!(at_j2000 < 1e-9);
        // 50.29″ a year along the ecliptic, which the Sun keeps to.
        let julian_date = JULIAN_DATE_J2000 + 25.0 * 365.25;
        let moved = position_mod_m(julian_date).angle(&position_gcrf_m(julian_date)).to_degrees();
        assert!((moved - 25.0 * 50.29 / 3600.0).abs() < 1e-3, "{moved}");
    }
}
