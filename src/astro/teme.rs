//! Two-line elements: SGP4, and its frame TEME brought to GCRF.

use hifitime::Epoch;
use nalgebra::Matrix3;
use thiserror::Error;

use super::constants::{JULIAN_DATE_J2000, SECONDS_PER_DAY};
use super::{CartesianState, Vector3};

/// Why a two-line element set gives no state.
#[derive(Debug, Error)]
pub enum TemeError {
    /// The two lines are not a two-line element set (layout, checksum, numbers).
    #[error("not a two-line element set: {0}")]
    Lines(sgp4::TleError),
    /// The elements lie outside of what SGP4 is made for.
    #[error("SGP4 cannot start from these elements: {0}")]
    Elements(sgp4::ElementsError),
    /// SGP4 diverged, for example because the object has decayed by then.
    #[error("SGP4 fails {minutes_since_epoch} min from the epoch of the elements: {reason}")]
    Propagation {
        /// Minutes from the epoch of the elements to the instant asked for.
        minutes_since_epoch: f64,
        /// What SGP4 says.
        reason: sgp4::Error,
    },
    /// SGP4 gave what is no state, as it does for elements like 1e999.
    #[error("SGP4 gives no finite state {minutes_since_epoch} min from the epoch of the elements")]
    NotFinite {
        /// Minutes from the epoch of the elements to the instant asked for.
        minutes_since_epoch: f64,
    },
}

/// The GCRF state of a two-line element set at an instant.
///
/// `julian_date_tt`: TT; the epoch of the elements is UTC, and the leap seconds between are allowed for (TT - UTC is
/// 69.184 s from 2017 on). A Julian date in one `f64` resolves 40 µs, or 0.3 m along a low orbit.
/// SGP4 with WGS-72 and the AFSPC sidereal time, for which element sets are made; its own error, some kilometres at the
/// epoch and more away from it, is far above that of [`from_teme`].
///
/// # Errors
/// [`TemeError`] where the lines do not parse, the elements are unfit, or SGP4 fails at that instant.
pub fn state_at(line1: &str, line2: &str, julian_date_tt: f64) -> Result<CartesianState, TemeError> {
    let elements = sgp4::Elements::from_tle(None, line1.as_bytes(), line2.as_bytes()).map_err(TemeError::Lines)?;
    let epoch_unix_s = elements.datetime.and_utc().timestamp_micros() as f64 * 1e-6;
    let instant_unix_s = Epoch::from_jde_tai(julian_date_tt - TT_MINUS_TAI_S / SECONDS_PER_DAY).to_unix_seconds();
    let state = sgp4_teme(&elements, (instant_unix_s - epoch_unix_s) / 60.0)?;
    Ok(from_teme(&state, julian_date_tt))
}

/// TT - TAI [s], by definition.
const TT_MINUS_TAI_S: f64 = 32.184;

/// What SGP4 gives, TEME [m, m/s].
fn sgp4_teme(elements: &sgp4::Elements, minutes_since_epoch: f64) -> Result<CartesianState, TemeError> {
    let prediction = sgp4::Constants::from_elements_afspc_compatibility_mode(elements)
        .map_err(TemeError::Elements)?
        .propagate_afspc_compatibility_mode(sgp4::MinutesSinceEpoch(minutes_since_epoch))
        .map_err(|reason| TemeError::Propagation { minutes_since_epoch, reason })?;
    if !prediction.position.iter().chain(&prediction.velocity).all(|value| value.is_finite()) {
        return Err(TemeError::NotFinite { minutes_since_epoch });
    }
    Ok(CartesianState {
        position_m: Vector3::from(prediction.position) * 1e3,
        velocity_m_s: Vector3::from(prediction.velocity) * 1e3,
    })
}

/// A state in TEME (true equator, mean equinox of date) brought to GCRF.
///
/// `julian_date_tt`: TT of the state. The equation of the equinoxes, IAU-1980 nutation truncated to its 30 largest
/// terms, and IAU-76 precession. Left out are the smaller terms (below 0.02″ together), the observed corrections to
/// nutation (0.05″ in 2004, 0.1″ in the 2020s) and the frame bias (0.02″): 0.2″ at most, which is 7 m at 7000 km; the
/// velocity turns with the position. Source: Vallado, Fundamentals of Astrodynamics, 4th ed., section 3.7.
#[must_use]
pub fn from_teme(state: &CartesianState, julian_date_tt: f64) -> CartesianState {
    let nutation = Nutation::at(julian_date_tt);
    let true_obliquity_rad = nutation.mean_obliquity_rad + nutation.obliquity_rad;
    // TEME to TOD, TOD to MOD, MOD to J2000.
    let rotation = precession_mod_to_j2000(julian_date_tt)
        * rot1(-nutation.mean_obliquity_rad)
        * rot3(nutation.longitude_rad)
        * rot1(true_obliquity_rad)
        * rot3(-nutation.equation_of_equinoxes_rad());
    CartesianState { position_m: rotation * state.position_m, velocity_m_s: rotation * state.velocity_m_s }
}

/// The rotation that takes the mean equator and equinox of date to those of J2000, by IAU-76 precession.
///
/// `julian_date_tt`: TT. Source: Lieske et al., 1977; Vallado, 4th ed., eq. 3-88 and 3-89.
#[must_use]
pub fn precession_mod_to_j2000(julian_date_tt: f64) -> Matrix3<f64> {
    let t = centuries_since_j2000(julian_date_tt);
    let zeta = arcseconds(t * (2_306.218_1 + t * (0.301_88 + t * 0.017_998)));
    let theta = arcseconds(t * (2_004.310_9 - t * (0.426_65 + t * 0.041_833)));
    let z = arcseconds(t * (2_306.218_1 + t * (1.094_68 + t * 0.018_203)));
    rot3(zeta) * rot2(-theta) * rot3(z)
}

/// Terms of the IAU-1980 nutation whose amplitude is 0.002″ and more: multiples of (l, l′, F, D, Ω), then the
/// amplitudes in longitude (constant, a century) and in obliquity (the same), in 1e-4 arcseconds.
/// Source: Seidelmann, 1982; Vallado, 4th ed., table D-6.
#[rustfmt::skip]
const NUTATION_TERMS: [([f64; 5], [f64; 4]); 30] = [
    ([ 0.0,  0.0, 0.0,  0.0, 1.0], [-171_996.0, -174.2, 92_025.0,  8.9]),
    ([ 0.0,  0.0, 2.0, -2.0, 2.0], [ -13_187.0,   -1.6,  5_736.0, -3.1]),
    ([ 0.0,  0.0, 2.0,  0.0, 2.0], [  -2_274.0,   -0.2,    977.0, -0.5]),
    ([ 0.0,  0.0, 0.0,  0.0, 2.0], [   2_062.0,    0.2,   -895.0,  0.5]),
    ([ 0.0,  1.0, 0.0,  0.0, 0.0], [   1_426.0,   -3.4,     54.0, -0.1]),
    ([ 1.0,  0.0, 0.0,  0.0, 0.0], [     712.0,    0.1,     -7.0,  0.0]),
    ([ 0.0,  1.0, 2.0, -2.0, 2.0], [    -517.0,    1.2,    224.0, -0.6]),
    ([ 0.0,  0.0, 2.0,  0.0, 1.0], [    -386.0,   -0.4,    200.0,  0.0]),
    ([ 1.0,  0.0, 2.0,  0.0, 2.0], [    -301.0,    0.0,    129.0, -0.1]),
    ([ 0.0, -1.0, 2.0, -2.0, 2.0], [     217.0,   -0.5,    -95.0,  0.3]),
    ([ 1.0,  0.0, 0.0, -2.0, 0.0], [    -158.0,    0.0,     -1.0,  0.0]),
    ([ 0.0,  0.0, 2.0, -2.0, 1.0], [     129.0,    0.1,    -70.0,  0.0]),
    ([-1.0,  0.0, 2.0,  0.0, 2.0], [     123.0,    0.0,    -53.0,  0.0]),
    ([ 1.0,  0.0, 0.0,  0.0, 1.0], [      63.0,    0.1,    -33.0,  0.0]),
    ([ 0.0,  0.0, 0.0,  2.0, 0.0], [      63.0,    0.0,     -2.0,  0.0]),
    ([-1.0,  0.0, 2.0,  2.0, 2.0], [     -59.0,    0.0,     26.0,  0.0]),
    ([-1.0,  0.0, 0.0,  0.0, 1.0], [     -58.0,   -0.1,     32.0,  0.0]),
    ([ 1.0,  0.0, 2.0,  0.0, 1.0], [     -51.0,    0.0,     27.0,  0.0]),
    ([ 2.0,  0.0, 0.0, -2.0, 0.0], [      48.0,    0.0,      1.0,  0.0]),
    ([-2.0,  0.0, 2.0,  0.0, 1.0], [      46.0,    0.0,    -24.0,  0.0]),
    ([ 0.0,  0.0, 2.0,  2.0, 2.0], [     -38.0,    0.0,     16.0,  0.0]),
    ([ 2.0,  0.0, 2.0,  0.0, 2.0], [     -31.0,    0.0,     13.0,  0.0]),
    ([ 2.0,  0.0, 0.0,  0.0, 0.0], [      29.0,    0.0,     -1.0,  0.0]),
    ([ 1.0,  0.0, 2.0, -2.0, 2.0], [      29.0,    0.0,    -12.0,  0.0]),
    ([ 0.0,  0.0, 2.0,  0.0, 0.0], [      26.0,    0.0,     -1.0,  0.0]),
    ([ 0.0,  0.0, 2.0, -2.0, 0.0], [     -22.0,    0.0,      0.0,  0.0]),
    ([-1.0,  0.0, 2.0,  0.0, 1.0], [      21.0,    0.0,    -10.0,  0.0]),
    ([ 0.0,  2.0, 0.0,  0.0, 0.0], [      17.0,   -0.1,      0.0,  0.0]),
    ([ 0.0,  2.0, 2.0, -2.0, 2.0], [     -16.0,    0.1,      7.0,  0.0]),
    ([ 0.0,  1.0, 0.0,  0.0, 1.0], [     -15.0,    0.0,      9.0,  0.0]),
];

/// Nutation at an instant.
struct Nutation {
    /// Nutation in longitude Δψ [rad].
    longitude_rad: f64,
    /// Nutation in obliquity Δε [rad].
    obliquity_rad: f64,
    /// Mean obliquity of the ecliptic [rad].
    mean_obliquity_rad: f64,
    /// Longitude of the Moon's ascending node Ω [rad].
    moon_node_rad: f64,
}

impl Nutation {
    fn at(julian_date_tt: f64) -> Self {
        let t = centuries_since_j2000(julian_date_tt);
        // Source: Vallado, 4th ed., eq. 3-82 (IAU 1980), degrees.
        let degrees = |constant: f64, revolutions: f64, rate: f64, square: f64, cube: f64| {
            (constant + t * (revolutions * 360.0 + rate + t * (square + t * cube))).rem_euclid(360.0).to_radians()
        };
        let arguments = [
            degrees(134.962_981_39, 1_325.0, 198.867_398_1, 0.008_697_2, 1.78e-5),
            degrees(357.527_723_33, 99.0, 359.050_340_0, -0.000_160_3, -3.3e-6),
            degrees(93.271_910_28, 1_342.0, 82.017_538_1, -0.003_682_5, 3.1e-6),
            degrees(297.850_363_06, 1_236.0, 307.111_480_0, -0.001_914_2, 5.3e-6),
            degrees(125.044_522_22, -5.0, -134.136_260_8, 0.002_070_8, 2.2e-6),
        ];
        let (mut longitude, mut obliquity) = (0.0, 0.0);
        for (multiples, [psi, psi_rate, epsilon, epsilon_rate]) in NUTATION_TERMS {
            let angle = multiples.iter().zip(arguments).map(|(multiple, argument)| multiple * argument).sum();
            let (sine, cosine) = libm::sincos(angle);
            longitude += (psi + psi_rate * t) * sine;
            obliquity += (epsilon + epsilon_rate * t) * cosine;
        }
        let mean_obliquity_deg = 23.439_291 - t * (0.013_004_2 + t * (1.64e-7 - t * 5.04e-7));
        Self {
            longitude_rad: arcseconds(longitude * 1e-4),
            obliquity_rad: arcseconds(obliquity * 1e-4),
            mean_obliquity_rad: mean_obliquity_deg.to_radians(),
            moon_node_rad: arguments[4],
        }
    }

    /// Equation of the equinoxes Δψ cos ε̄ + 0.00264″ sin Ω + 0.000063″ sin 2Ω [rad]. Source: Vallado, eq. 3-79.
    fn equation_of_equinoxes_rad(&self) -> f64 {
        self.longitude_rad * libm::cos(self.mean_obliquity_rad)
            + arcseconds(0.002_64 * libm::sin(self.moon_node_rad) + 0.000_063 * libm::sin(2.0 * self.moon_node_rad))
    }
}

fn centuries_since_j2000(julian_date_tt: f64) -> f64 {
    (julian_date_tt - JULIAN_DATE_J2000) / 36_525.0
}

/// Arcseconds as radians.
fn arcseconds(arcseconds: f64) -> f64 {
    (arcseconds / 3_600.0).to_radians()
}

/// Turns the axes (not the vector) by `angle_rad` about X.
fn rot1(angle_rad: f64) -> Matrix3<f64> {
    let (sine, cosine) = libm::sincos(angle_rad);
    Matrix3::new(1.0, 0.0, 0.0, 0.0, cosine, sine, 0.0, -sine, cosine)
}

/// Turns the axes by `angle_rad` about Y.
fn rot2(angle_rad: f64) -> Matrix3<f64> {
    let (sine, cosine) = libm::sincos(angle_rad);
    Matrix3::new(cosine, 0.0, -sine, 0.0, 1.0, 0.0, sine, 0.0, cosine)
}

/// Turns the axes by `angle_rad` about Z.
fn rot3(angle_rad: f64) -> Matrix3<f64> {
    let (sine, cosine) = libm::sincos(angle_rad);
    Matrix3::new(cosine, sine, 0.0, -sine, cosine, 0.0, 0.0, 0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE_1: &str = "1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753";
    const LINE_2: &str = "2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667";

    #[test]
    fn agrees_with_vallado_example_3_15() {
        let teme = CartesianState {
            position_m: Vector3::new(5_094.180_162_10, 6_127.644_659_50, 6_380.344_532_70) * 1e3,
            velocity_m_s: Vector3::new(-4.746_131_487, 0.785_818_041, 5.531_931_288) * 1e3,
        };
        // 6 April 2004, 07:51:28.386009 UTC; TT - UTC was 64.184 s.
        let julian_date_tt = 2_453_101.5 + (7.0 * 3600.0 + 51.0 * 60.0 + 28.386_009 + 64.184) / 86_400.0;
        let gcrf = from_teme(&teme, julian_date_tt);
        let position_m = Vector3::new(5_102.508_957_90, 6_123.011_400_70, 6_378.136_928_20) * 1e3;
        let velocity_m_s = Vector3::new(-4.743_220_16, 0.790_536_50, 5.533_755_28) * 1e3;
        let error_m = (gcrf.position_m - position_m).norm();
        // The example applies the observed corrections to nutation (0.05″, or 2.5 m), which are left out here.
        assert!(error_m < 4.0, "{error_m}");
        assert!((gcrf.velocity_m_s - velocity_m_s).norm() < 4e-3);
    }

    #[test]
    fn sgp4_agrees_with_its_verification_case() {
        let elements = sgp4::Elements::from_tle(None, LINE_1.as_bytes(), LINE_2.as_bytes()).expect("a valid set");
        // Source: Vallado et al., Revisiting Spacetrack Report #3, satellite 00005, WGS-72.
        for (minutes, expected_km) in [
            (0.0, [7_022.465_292_66, -1_400.082_967_55, 0.039_951_55]),
            (360.0, [-7_154.031_202_02, -3_783.176_825_04, -3_536.194_122_94]),
        ] {
            let state = sgp4_teme(&elements, minutes).expect("SGP4 runs");
            let error_m = (state.position_m - Vector3::from(expected_km) * 1e3).norm();
            assert!(error_m < 1e-3, "{error_m} m at {minutes} min");
        }
    }

    #[test]
    fn state_at_counts_leap_seconds() {
        // Day 179 of 2000, when TT - UTC was 64.184 s.
        let julian_date_tt = 2_451_544.5 + 178.784_950_62 + 64.184 / 86_400.0;
        let state = state_at(LINE_1, LINE_2, julian_date_tt).expect("SGP4 runs");
        let elements = sgp4::Elements::from_tle(None, LINE_1.as_bytes(), LINE_2.as_bytes()).expect("a valid set");
        let expected = from_teme(&sgp4_teme(&elements, 0.0).expect("SGP4 runs"), julian_date_tt);
        // A wrong leap second would be 8 km; the rounding of the Julian date is 40 µs, 0.3 m.
        assert!((state.position_m - expected.position_m).norm() < 1.0);
    }

    #[test]
    fn faulty_lines_are_told() {
        assert!(matches!(state_at("1 00005U", LINE_2, 2_451_723.0), Err(TemeError::Lines(_))));
        let fault = state_at(&LINE_1.replace("4753", "4754"), LINE_2, 2_451_723.0).expect_err("the checksum is wrong");
        assert!(fault.to_string().starts_with("not a two-line element set"), "{fault}");
        // A right ascension of 1e999, the checksum made right: fuzzing found that it passes the reader of elements.
        let endless = "2 00005  34.2682 34e99942 1859667 331.7664  19.3264 10.82419157413665";
        let digits = endless[..68].chars().map(|digit| digit.to_digit(10).unwrap_or(0)).sum::<u32>() % 10;
        let endless = format!("{}{digits}", &endless[..68]);
        let fault = state_at(LINE_1, &endless, 2_451_723.0).expect_err("it is not finite");
        assert!(matches!(fault, TemeError::NotFinite { .. }), "{fault}");
    }
}
