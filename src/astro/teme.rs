//! Two-line elements: SGP4, and its frame TEME brought to GCRF.

use hifitime::Epoch;
use nalgebra::Matrix3;
use thiserror::Error;

use super::axis_rotations::{arcseconds, rot2, rot3};
use super::celestial_pole::CelestialPole;
use super::constants::JULIAN_DATE_J2000;
use super::sidereal::{earth_rotation_angle_rad, mean_sidereal_time_1982_rad};
use super::time::{days_ut1_since_j2000, epoch_of_julian_date_tt};
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
    /// The instant lies outside of five centuries about J2000, for which precession is known.
    #[error("Julian date {0} (TT) is not within five centuries of J2000")]
    Instant(f64),
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
    let instant = instant(julian_date_tt)?;
    let state = sgp4_teme(&elements, (instant.to_unix_seconds() - epoch_unix_s) / 60.0)?;
    from_teme(&state, julian_date_tt)
}

/// The instant of a Julian date in TT for which the frames are made.
fn instant(julian_date_tt: f64) -> Result<Epoch, TemeError> {
    let near = (julian_date_tt - JULIAN_DATE_J2000).abs() < MAX_DAYS;
    epoch_of_julian_date_tt(julian_date_tt).filter(|_| near).ok_or(TemeError::Instant(julian_date_tt))
}

/// Days from J2000 within which an instant is taken: five centuries.
const MAX_DAYS: f64 = 5.0 * 36_525.0;

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
/// `julian_date_tt`: TT of the state. TEME is the Earth-fixed frame before polar motion, turned back by the mean sidereal
/// time of 1982; from there the way leads through the Earth rotation angle and IAU 2006/2000B to GCRF. Both angles turn
/// with UT1, so that ΔUT1 drops out (0.9 s of it is 1.4e-6″). What is left is 0.001″, 4 cm at 7000 km.
/// The velocity turns with the position.
/// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., section 3.7.3, with the reduction of [`super::itrf`].
///
/// # Errors
/// [`TemeError::Instant`] for an instant outside of five centuries about J2000.
pub fn from_teme(state: &CartesianState, julian_date_tt: f64) -> Result<CartesianState, TemeError> {
    let rotation = teme_to_gcrf(julian_date_tt)?;
    Ok(CartesianState { position_m: rotation * state.position_m, velocity_m_s: rotation * state.velocity_m_s })
}

/// A GCRF state brought to TEME: the inverse of [`from_teme`].
///
/// # Errors
/// As [`from_teme`].
pub fn to_teme(state: &CartesianState, julian_date_tt: f64) -> Result<CartesianState, TemeError> {
    let rotation = teme_to_gcrf(julian_date_tt)?;
    Ok(CartesianState {
        position_m: rotation.tr_mul(&state.position_m),
        velocity_m_s: rotation.tr_mul(&state.velocity_m_s),
    })
}

/// The rotation from TEME to GCRF at a Julian date in TT.
fn teme_to_gcrf(julian_date_tt: f64) -> Result<Matrix3<f64>, TemeError> {
    let centuries = centuries_since_j2000(julian_date_tt);
    // UT1 is taken to be UTC.
    let days_ut1 = days_ut1_since_j2000(instant(julian_date_tt)?, 0.0);
    let turned = mean_sidereal_time_1982_rad(days_ut1) - earth_rotation_angle_rad(days_ut1);
    Ok(CelestialPole::at(centuries, 0.0, 0.0).gcrf_to_cirs().transpose() * rot3(turned))
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

fn centuries_since_j2000(julian_date_tt: f64) -> f64 {
    (julian_date_tt - JULIAN_DATE_J2000) / 36_525.0
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
        let gcrf = from_teme(&teme, julian_date_tt).expect("in range");
        let position_m = Vector3::new(5_102.508_957_90, 6_123.011_400_70, 6_378.136_928_20) * 1e3;
        let velocity_m_s = Vector3::new(-4.743_220_16, 0.790_536_50, 5.533_755_727) * 1e3;
        let error_m = (gcrf.position_m - position_m).norm();
        // IAU 2000B errs by up to 1 mas (5 cm here), and the Julian date by 40 µs of a frame that turns by 2e-12 rad/s.
        assert!(error_m < 0.05, "{error_m}");
        // Published to 1e-8 km/s.
        assert!((gcrf.velocity_m_s - velocity_m_s).norm() < 5e-5);
        let back = to_teme(&gcrf, julian_date_tt).expect("in range");
        assert!((back.position_m - teme.position_m).norm() < 1e-8);
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
        let expected = expected.expect("in range");
        // A wrong leap second would be 8 km; the rounding of the Julian date is 40 µs, 0.3 m.
        assert!((state.position_m - expected.position_m).norm() < 1.0);
    }

    #[test]
    fn faulty_lines_are_told() {
        for instant in [f64::NAN, 0.0, 1e300] {
            assert!(matches!(state_at(LINE_1, LINE_2, instant), Err(TemeError::Instant(_))));
        }
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
