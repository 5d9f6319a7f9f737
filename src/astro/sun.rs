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
/// `julian_date`: TT, or any scale within a minute of it. The Sun's mean orbit with its equation of the centre to third order,
/// the largest pulls of Venus, Jupiter and the Moon on the Earth, one slow term, then IAU-76 precession to J2000; without that step the direction
/// would be off by what the equinox has moved since J2000, 0.014° a year. Good to 0.005° and 6e-5 au from 1950 to 2100 (0.0013° and
/// 2e-5 au rms; VSOP2000 is the measure), where [`position_mod_m`] misses by up to 0.014°; the frame bias (0.02″) and
/// aberration (20″) are left out: it is where the Sun is and not where it is seen.
/// Source: Meeus, Astronomical Algorithms, 2nd ed., chapter 25; the pulls after Meeus, Astronomical Formulae for
/// Calculators, 4th ed., chapter 18, their arguments moved from 1900 to J2000.
#[must_use]
pub fn position_gcrf_m(julian_date: f64) -> Vector3 {
    let t = (julian_date - JULIAN_DATE_J2000) / 36_525.0;
    let degrees = |constant: f64, rate: f64| (constant + t * rate).rem_euclid(360.0).to_radians();
    let mean_longitude_deg = 280.466_46 + t * (36_000.769_83 + t * 0.000_303_2);
    let mean_anomaly_rad = (357.529_11 + t * (35_999.050_29 - t * 0.000_153_7)).rem_euclid(360.0).to_radians();
    let eccentricity = 0.016_708_634 - t * (0.000_042_037 + t * 0.000_000_126_7);
    let centre_deg = (1.914_602 - t * (0.004_817 + t * 0.000_014)) * libm::sin(mean_anomaly_rad)
        + (0.019_993 - t * 0.000_101) * libm::sin(2.0 * mean_anomaly_rad)
        + 0.000_289 * libm::sin(3.0 * mean_anomaly_rad);
    let (venus_rad, venus_twice_rad) = (degrees(351.984_1, 22_518.754_1), degrees(254.078_2, 45_037.508_2));
    let (jupiter_rad, moon_rad) = (degrees(157.047_7, 32_964.357_7), degrees(297.850_2, 445_267.111_4));
    let pulls_deg = 0.001_34 * libm::cos(venus_rad)
        + 0.001_54 * libm::cos(venus_twice_rad)
        + 0.002_00 * libm::cos(jupiter_rad)
        + 0.001_79 * libm::sin(moon_rad)
        + 0.001_78 * libm::sin(degrees(251.39, 20.20));
    let true_anomaly_rad = mean_anomaly_rad + centre_deg.to_radians();
    // r = a (1 - e²) / (1 + e cos ν), the Earth swinging about its common centre with the Moon by 4670 km.
    let distance_m = ASTRONOMICAL_UNIT_M * 1.000_001_018 * (1.0 - eccentricity * eccentricity)
        / (1.0 + eccentricity * libm::cos(true_anomaly_rad))
        + 4.67e6 * libm::cos(moon_rad);
    let longitude_rad = (mean_longitude_deg + centre_deg + pulls_deg).rem_euclid(360.0).to_radians();
    let (sine_longitude, cosine_longitude) = libm::sincos(longitude_rad);
    let (sine_obliquity, cosine_obliquity) = libm::sincos((23.439_291 - 0.013_004_2 * t).to_radians());
    let position_mod =
        Vector3::new(cosine_longitude, cosine_obliquity * sine_longitude, sine_obliquity * sine_longitude);
    teme::precession_mod_to_j2000(julian_date) * position_mod * distance_m
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
    fn agrees_with_another_program_to_a_hundredth_of_a_degree() {
        // GCRF [km] from ERFA's heliocentric Earth (epv00, after VSOP2000), turned round.
        for (julian_date, expected_km) in [
            (2_440_587.5, [27_007_430.9, -132_664_695.6, -57_527_743.0]),
            (2_449_470.5, [119_377_861.7, 84_237_801.5, 36_522_905.2]),
            (2_461_120.0, [148_977_177.1, -1_139_153.7, -494_418.9]),
            (2_469_807.5, [25_672_816.2, -132_903_323.8, -57_602_710.0]),
        ] {
            let (position_m, expected_m) = (position_gcrf_m(julian_date), Vector3::from(expected_km) * 1e3);
            let off_deg = position_m.angle(&expected_m).to_degrees();
            assert!(off_deg < 0.005, "{julian_date}: {off_deg}°");
            assert!((position_m.norm() / expected_m.norm() - 1.0).abs() < 6e-5, "{julian_date}");
        }
    }

    #[test]
    fn gcrf_differs_by_the_precession_since_j2000() {
        let at_j2000 = position_mod_m(JULIAN_DATE_J2000).angle(&position_gcrf_m(JULIAN_DATE_J2000));
        // Two series, each good to some thousandths of a degree.
        assert!(at_j2000.to_degrees() < 0.01);
        // 50.29″ a year along the ecliptic, which the Sun keeps to.
        let julian_date = JULIAN_DATE_J2000 + 25.0 * 365.25;
        let moved = position_mod_m(julian_date).angle(&position_gcrf_m(julian_date)).to_degrees();
        assert!((moved - 25.0 * 50.29 / 3600.0).abs() < 0.015, "{moved}");
    }
}
