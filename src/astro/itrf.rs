//! The Earth-fixed frame ITRF, to and from GCRF.
//!
//! The CIO-based reduction of the IERS Conventions (2010), chapter 5: IAU 2006 precession with frame bias, IAU 2000B
//! nutation, Earth rotation angle, polar motion. With the measured [`EarthOrientation`] what is left is IAU 2000B's
//! milliarcsecond, 3 cm at 7000 km and 0.2 m at the geostationary radius. Without it ([`EarthOrientation::default`]) the Earth
//! is turned by up to 0.9 s of ΔUT1 (0.4 km on the ground, 3 km in the geostationary ring) and its axis by 0.3″ (9 m).

use hifitime::Epoch;
use nalgebra::Matrix3;
use thiserror::Error;

use super::axis_rotations::{arcseconds, rot1, rot2, rot3};
use super::celestial_pole::CelestialPole;
use super::constants::SECONDS_PER_DAY;
use super::sidereal::earth_rotation_angle_rad;
use super::time::{centuries_tt_since_j2000, days_ut1_since_j2000};
use super::{CartesianState, Vector3};

/// Nominal rate of the Earth's rotation [rad/s]. Source: IERS Conventions (2010), eq. 5.13 and 5.15: dERA/dt.
const EARTH_ROTATION_RATE_RAD_S: f64 = 7.292_115_146_706_979e-5;
/// Centuries from J2000.0 within which an instant is taken: the precession polynomials are made for some centuries.
const MAX_CENTURIES: f64 = 5.0;
/// Largest offset of UT1 from UTC that can be meant [s]. UTC is held within 0.9 s; days before 1972 and after 2035 allow more.
const MAX_UT1_MINUS_UTC_S: f64 = 120.0;
/// Largest polar motion or correction that can be meant [rad]: 1 arcminute; the pole wanders by 0.6″.
const MAX_POLE_RAD: f64 = std::f64::consts::PI / 10_800.0;

/// Why a rotation of the Earth cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum FrameError {
    /// The instant lies too far from J2000.
    #[error("{centuries} centuries from J2000: precession is known for {MAX_CENTURIES} centuries to both sides")]
    EpochOutOfRange {
        /// TT centuries since J2000.0.
        centuries: f64,
    },
    /// A value of the Earth's orientation is not a number or cannot be meant.
    #[error("{name} is {value}, expected within ±{limit}")]
    Orientation {
        /// Which value, with its unit.
        name: &'static str,
        /// What was given.
        value: f64,
        /// What is allowed.
        limit: f64,
    },
}

/// What the IERS measures of the Earth's orientation, at one instant.
///
/// Zero everywhere by default: the mean Earth. Source of values: IERS series C04 or finals2000A.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EarthOrientation {
    /// ΔUT1 = UT1 - UTC [s].
    pub ut1_minus_utc_s: f64,
    /// Excess of the length of day over 86400 s [s].
    pub length_of_day_excess_s: f64,
    /// Polar motion x_p, towards Greenwich [rad].
    pub polar_motion_x_rad: f64,
    /// Polar motion y_p, towards 90° west [rad].
    pub polar_motion_y_rad: f64,
    /// Correction dX of the celestial pole to IAU 2006/2000A [rad].
    pub pole_dx_rad: f64,
    /// Correction dY of the celestial pole to IAU 2006/2000A [rad].
    pub pole_dy_rad: f64,
}

impl EarthOrientation {
    /// From values as the IERS prints them: polar motion, dX and dY in arcseconds, the rest in seconds.
    #[must_use]
    pub fn from_iers(
        ut1_minus_utc_s: f64,
        length_of_day_excess_s: f64,
        pole_arcsec: [f64; 2],
        dxy_arcsec: [f64; 2],
    ) -> Self {
        Self {
            ut1_minus_utc_s,
            length_of_day_excess_s,
            polar_motion_x_rad: arcseconds(pole_arcsec[0]),
            polar_motion_y_rad: arcseconds(pole_arcsec[1]),
            pole_dx_rad: arcseconds(dxy_arcsec[0]),
            pole_dy_rad: arcseconds(dxy_arcsec[1]),
        }
    }

    fn check(&self) -> Result<(), FrameError> {
        let values = [
            ("UT1 - UTC [s]", self.ut1_minus_utc_s, MAX_UT1_MINUS_UTC_S),
            ("excess of the length of day [s]", self.length_of_day_excess_s, 1.0),
            ("polar motion x [rad]", self.polar_motion_x_rad, MAX_POLE_RAD),
            ("polar motion y [rad]", self.polar_motion_y_rad, MAX_POLE_RAD),
            ("pole correction dX [rad]", self.pole_dx_rad, MAX_POLE_RAD),
            ("pole correction dY [rad]", self.pole_dy_rad, MAX_POLE_RAD),
        ];
        let fault = values.into_iter().find(|(_, value, limit)| value.is_nan() || value.abs() > *limit);
        fault.map_or(Ok(()), |(name, value, limit)| Err(FrameError::Orientation { name, value, limit }))
    }
}

/// The Earth's attitude and rotation at one instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EarthRotation {
    /// GCRF to TIRS, the frame whose Z is the rotation axis and whose X the meridian of Greenwich.
    gcrf_to_tirs: Matrix3<f64>,
    /// TIRS to ITRF: polar motion.
    tirs_to_itrf: Matrix3<f64>,
    rate_rad_s: f64,
}

impl EarthRotation {
    /// The Earth at `epoch`.
    ///
    /// Source: IERS Conventions (2010), eq. 5.1 to 5.10; Vallado, Fundamentals of Astrodynamics, 4th ed., section 3.7.
    ///
    /// # Errors
    /// [`FrameError`] for an instant outside of five centuries about J2000, and for an orientation that cannot be meant.
    pub fn at(epoch: Epoch, orientation: &EarthOrientation) -> Result<Self, FrameError> {
        orientation.check()?;
        let centuries = centuries_tt_since_j2000(epoch);
        if centuries.is_nan() || centuries.abs() > MAX_CENTURIES {
            return Err(FrameError::EpochOutOfRange { centuries });
        }
        let days_ut1 = days_ut1_since_j2000(epoch, orientation.ut1_minus_utc_s);
        let pole = CelestialPole::at(centuries, orientation.pole_dx_rad, orientation.pole_dy_rad);
        // The terrestrial origin's drift s′, 47 µas a century.
        let origin_drift = arcseconds(-47e-6 * centuries);
        Ok(Self {
            gcrf_to_tirs: rot3(earth_rotation_angle_rad(days_ut1)) * pole.gcrf_to_cirs(),
            tirs_to_itrf: rot1(-orientation.polar_motion_y_rad)
                * rot2(-orientation.polar_motion_x_rad)
                * rot3(origin_drift),
            // Source: Vallado, 4th ed., eq. 3-75.
            rate_rad_s: EARTH_ROTATION_RATE_RAD_S * (1.0 - orientation.length_of_day_excess_s / SECONDS_PER_DAY),
        })
    }

    /// The matrix that takes GCRF components to ITRF components.
    #[must_use]
    pub fn gcrf_to_itrf(&self) -> Matrix3<f64> {
        self.tirs_to_itrf * self.gcrf_to_tirs
    }

    /// Angular velocity of the Earth, GCRF [rad/s].
    #[must_use]
    pub fn angular_velocity_gcrf_rad_s(&self) -> Vector3 {
        self.gcrf_to_tirs.row(2).transpose() * self.rate_rad_s
    }

    /// A GCRF state as seen from the turning Earth: ITRF, the velocity relative to the ground.
    #[must_use]
    pub fn to_itrf(&self, gcrf: &CartesianState) -> CartesianState {
        let position_tirs_m = self.gcrf_to_tirs * gcrf.position_m;
        let velocity_tirs_m_s = self.gcrf_to_tirs * gcrf.velocity_m_s - self.sweep(&position_tirs_m);
        CartesianState {
            position_m: self.tirs_to_itrf * position_tirs_m,
            velocity_m_s: self.tirs_to_itrf * velocity_tirs_m_s,
        }
    }

    /// An ITRF state (velocity relative to the ground) in GCRF; the inverse of [`EarthRotation::to_itrf`].
    #[must_use]
    pub fn to_gcrf(&self, itrf: &CartesianState) -> CartesianState {
        let position_tirs_m = self.tirs_to_itrf.tr_mul(&itrf.position_m);
        let velocity_tirs_m_s = self.tirs_to_itrf.tr_mul(&itrf.velocity_m_s) + self.sweep(&position_tirs_m);
        CartesianState {
            position_m: self.gcrf_to_tirs.tr_mul(&position_tirs_m),
            velocity_m_s: self.gcrf_to_tirs.tr_mul(&velocity_tirs_m_s),
        }
    }

    /// ω × r in TIRS [m/s].
    fn sweep(&self, position_tirs_m: &Vector3) -> Vector3 {
        Vector3::new(-position_tirs_m.y, position_tirs_m.x, 0.0) * self.rate_rad_s
    }
}

/// The rotation from GCRF to the mean equator and equinox of J2000 (EME2000): the frame bias, 0.02″.
///
/// Source: IERS Conventions (2010), eq. 5.33 and section 5.5.4.
#[must_use]
pub fn gcrf_to_eme2000() -> Matrix3<f64> {
    let obliquity_rad = super::constants::OBLIQUITY_J2000_RAD;
    // dα₀, δψ_B sin ε₀, δε_B
    rot1(arcseconds(0.006_819_2)) * rot2(arcseconds(-0.041_775) * libm::sin(obliquity_rad)) * rot3(arcseconds(-0.014_6))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 6 April 2004, 07:51:28.386009 UTC.
    fn epoch() -> Epoch {
        Epoch::from_gregorian_utc(2004, 4, 6, 7, 51, 28, 386_009_000)
    }

    fn orientation() -> EarthOrientation {
        EarthOrientation::from_iers(-0.439_961_9, 0.001_556_3, [-0.140_682, 0.333_309], [-0.000_205, -0.000_136])
    }

    #[test]
    fn rotations_are_orthonormal_and_undo_each_other() {
        let rotation = EarthRotation::at(epoch(), &orientation()).expect("in range");
        let matrix = rotation.gcrf_to_itrf();
        assert!((matrix * matrix.transpose() - Matrix3::identity()).norm() < 1e-14);
        let state = CartesianState {
            position_m: Vector3::new(5.1e6, 6.1e6, 6.3e6),
            velocity_m_s: Vector3::new(-4.7e3, 0.8e3, 5.5e3),
        };
        let back = rotation.to_gcrf(&rotation.to_itrf(&state));
        assert!((back.position_m - state.position_m).norm() < 1e-8);
        assert!((back.velocity_m_s - state.velocity_m_s).norm() < 1e-11);
    }

    #[test]
    fn the_velocity_is_the_rate_of_the_position() {
        // Over ten seconds to both sides of a point at rest in GCRF.
        let position_m = Vector3::new(7e6, -2e6, 3e6);
        let at = |seconds: f64| {
            EarthRotation::at(epoch() + hifitime::Duration::from_seconds(seconds), &EarthOrientation::default())
                .expect("in range")
        };
        let rest = CartesianState { position_m, velocity_m_s: Vector3::zeros() };
        let numeric = (at(10.0).to_itrf(&rest).position_m - at(-10.0).to_itrf(&rest).position_m) / 20.0;
        // The central difference errs by ω³ h²/6 = 6e-12 /s³ of 7.3e6 m: 5e-5 m/s; precession is below.
        assert!((numeric - at(0.0).to_itrf(&rest).velocity_m_s).norm() < 1e-4);
        assert!((at(0.0).angular_velocity_gcrf_rad_s() - Vector3::z() * EARTH_ROTATION_RATE_RAD_S).norm() < 1e-7);
    }

    #[test]
    fn faults_are_told() {
        let fault = |epoch, orientation| EarthRotation::at(epoch, &orientation).expect_err("a fault").to_string();
        let told = fault(epoch(), EarthOrientation { ut1_minus_utc_s: f64::NAN, ..EarthOrientation::default() });
        assert_eq!(told, "UT1 - UTC [s] is NaN, expected within ±120");
        let told = fault(epoch(), EarthOrientation { polar_motion_y_rad: 0.3, ..EarthOrientation::default() });
        assert!(told.starts_with("polar motion y [rad] is 0.3"), "{told}");
        let far = Epoch::from_gregorian_utc(4000, 1, 1, 0, 0, 0, 0);
        let told = fault(far, EarthOrientation::default());
        assert!(told.ends_with("precession is known for 5 centuries to both sides"), "{told}");
    }

    #[test]
    fn eme2000_is_the_published_bias() {
        // Source: the bias matrix of ERFA 2.0 (bp00), with the obliquity of IAU 1980, 0.04″ off this one: 4e-14.
        #[rustfmt::skip]
        let expected = Matrix3::new(
            0.999_999_999_999_994_2, -7.078_279_744_199_198e-8, 8.056_217_146_976_134e-8,
            7.078_279_477_857_338e-8, 0.999_999_999_999_996_9, 3.306_041_454_222_136_4e-8,
            -8.056_217_380_986_972e-8, -3.306_040_883_980_552e-8, 0.999_999_999_999_996_2,
        );
        assert!((gcrf_to_eme2000() - expected).norm() < 1e-13, "{}", gcrf_to_eme2000() - expected);
    }
}
