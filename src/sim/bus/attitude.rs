//! Attitude as kinematics: where the payload looks, how fast it gets there, spin and tumble.

use rand_distr::{Distribution as _, StandardNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::antenna::{angle_rad, perpendicular};
use super::settings::settings;
use crate::astro::Vector3;
use crate::sim::seeds::Generator;

/// What the payload's axis, the boresight, is held on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PointingMode {
    /// The Earth's centre; in the relative tier, minus R.
    #[default]
    Nadir,
    /// The Sun.
    Sun,
    /// Another spacecraft; without one, nadir.
    Target,
    /// Across the line of sight to another spacecraft, so that it meets the craft's edge; without one, across the velocity.
    EdgeOn,
    /// The orbit's normal, spinning about it.
    Spinning,
    /// Nothing: it tumbles.
    Fault,
}

settings! {
    /// How a spacecraft turns.
    AttitudeConfig => AttitudeSettings {
        /// Greatest rate of a slew [rad/s].
        slew_rate_rad_s: Uniform(0.005, 0.02), 1e-6, 10.0;
        /// Error of pointing in each of two axes, one standard deviation [rad].
        error_sigma_rad: LogUniform(2e-5, 2e-4), 0.0, 1.0;
        /// Spin of the mode `Spinning` [rad/s].
        spin_rate_rad_s: Uniform(0.1, 0.5), 0.02, 100.0;
        /// Rate of a tumble, the mode `Fault` [rad/s].
        tumble_rate_rad_s: Uniform(0.02, 0.1), 0.02, 100.0;
        /// Acceleration of spin, up and down [rad/s²].
        spin_acceleration_rad_s2: LogUniform(5e-4, 5e-3), 1e-9, 100.0;
    }
}

/// Spin below which a craft can slew, and antennas and arrays are steered [rad/s].
const STEADY_RAD_S: f64 = 0.01;
/// Error within which spin-up begins [rad].
const ALIGNED_RAD: f64 = 0.1;

/// Unit vectors that modes are about, in the frame of [`Orbit`](crate::sim::components::Orbit).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Directions {
    /// Away from the Earth: R.
    pub zenith: Vector3,
    /// Along the motion: T.
    pub transverse: Vector3,
    /// Along the orbit's normal: N.
    pub normal: Vector3,
    /// To the Sun.
    pub sun: Vector3,
    /// To the spacecraft that the modes `Target` and `EdgeOn` are about.
    pub target: Option<Vector3>,
}

/// Where a spacecraft looks.
///
/// Kinematics: the boresight goes to where its mode wants it on the great circle, at the slew rate at most; a spin has to be
/// taken off before. Torque, momentum of wheels, flexing and the roll about the boresight are left out. In the relative
/// tier directions are those of the rotating Hill frame, whose own turn costs no slew.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attitude {
    /// What was drawn.
    pub settings: AttitudeSettings,
    /// What it is held on.
    pub mode: PointingMode,
    /// Slot in the arena that `Target` and `EdgeOn` are about; `None` for the nearest of another team.
    pub target: Option<u16>,
    /// Axis of the payload: a unit vector in the frame of [`Orbit`](crate::sim::components::Orbit); zero until the episode begins.
    pub boresight: Vector3,
    /// Axis of spin or tumble, a unit vector likewise.
    pub turn_axis: Vector3,
    /// Spin or tumble [rad/s].
    pub spin_rad_s: f64,
    /// Angle between the boresight and where its mode wants it, with the error of pointing [rad]; of a tumble, from nadir.
    pub error_rad: f64,
}

impl Attitude {
    /// At the start of an episode.
    pub(super) fn begin(settings: AttitudeSettings, mode: PointingMode, target: Option<u16>) -> Self {
        let nowhere = Vector3::zeros();
        Self { settings, mode, target, boresight: nowhere, turn_axis: nowhere, spin_rad_s: 0.0, error_rad: 0.0 }
    }

    /// Whether it turns slowly enough to slew, and for its antennas and arrays to be steered.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        self.spin_rad_s < STEADY_RAD_S
    }

    /// Where the mode wants the boresight, a unit vector.
    #[must_use]
    pub fn wanted(&self, directions: &Directions) -> Vector3 {
        let nadir = -directions.zenith;
        match self.mode {
            PointingMode::Nadir | PointingMode::Fault => nadir,
            PointingMode::Sun => directions.sun,
            PointingMode::Target => directions.target.unwrap_or(nadir),
            PointingMode::Spinning => directions.normal,
            PointingMode::EdgeOn => {
                let sight = directions.target.unwrap_or(directions.transverse);
                (nadir - sight * nadir.dot(&sight)).try_normalize(1e-6).unwrap_or(directions.normal)
            }
        }
    }

    /// Turns for a time.
    pub(super) fn step(&mut self, directions: &Directions, duration_s: f64, generator: &mut Generator) {
        let wanted = self.wanted(directions);
        if self.boresight == Vector3::zeros() {
            (self.boresight, self.turn_axis) = (wanted, wanted);
        }
        let away_rad = if self.mode == PointingMode::Fault {
            self.tumble(&wanted, duration_s)
        } else {
            self.point(&wanted, duration_s)
        };
        let [first, second]: [f64; 2] = [StandardNormal.sample(generator), StandardNormal.sample(generator)];
        let noise_rad = self.settings.error_sigma_rad * (first * first + second * second).sqrt();
        self.error_rad = if away_rad == 0.0 { noise_rad } else { libm::hypot(away_rad, noise_rad) };
    }

    /// Slews, then spins up or down; gives the angle that is left [rad].
    fn point(&mut self, wanted: &Vector3, duration_s: f64) -> f64 {
        let settings = &self.settings;
        let away_rad = if self.is_steady() {
            slew(&mut self.boresight, wanted, settings.slew_rate_rad_s * duration_s)
        } else {
            angle_rad(&self.boresight, wanted)
        };
        let is_spun_up = self.mode == PointingMode::Spinning && away_rad < ALIGNED_RAD;
        let rate_rad_s = if is_spun_up { settings.spin_rate_rad_s } else { 0.0 };
        if rate_rad_s != self.spin_rad_s {
            let most_rad_s = settings.spin_acceleration_rad_s2 * duration_s;
            self.spin_rad_s += (rate_rad_s - self.spin_rad_s).clamp(-most_rad_s, most_rad_s);
        }
        if self.is_steady() || self.mode == PointingMode::Spinning {
            self.turn_axis = self.boresight;
        }
        away_rad
    }

    /// Turns about an axis across the boresight as it was when the tumble began.
    fn tumble(&mut self, wanted: &Vector3, duration_s: f64) -> f64 {
        if self.turn_axis.dot(&self.boresight).abs() > 0.5 {
            self.turn_axis = perpendicular(&self.boresight);
        }
        self.spin_rad_s = self.settings.tumble_rate_rad_s;
        let (sine, cosine) = libm::sincos(self.spin_rad_s * duration_s);
        // Rodrigues: b cos φ + (k × b) sin φ + k (k · b)(1 - cos φ).
        let (axis, boresight) = (&self.turn_axis, &self.boresight);
        let turned = boresight * cosine + axis.cross(boresight) * sine + axis * (axis.dot(boresight) * (1.0 - cosine));
        self.boresight = turned / turned.norm();
        angle_rad(&self.boresight, wanted)
    }

    /// Cosine of the Sun's angle to the normal of the solar array, 0 to 1.
    ///
    /// The array turns about an axle across the boresight, as near to the orbit's normal as that allows. Edge-on, its
    /// normal stays across the line of sight. In spin or tumble it is stuck with its normal across the axis, where the mean of
    /// max(0, cos) over a turn is sin(angle between Sun and axis)/π.
    #[must_use]
    pub fn array_cosine(&self, directions: &Directions) -> f64 {
        let sine_to = |axis: &Vector3| {
            let along = directions.sun.dot(axis);
            (1.0 - along * along).max(0.0).sqrt()
        };
        if !self.is_steady() {
            return sine_to(&self.turn_axis) / std::f64::consts::PI;
        }
        if self.mode == PointingMode::EdgeOn {
            return sine_to(&directions.target.unwrap_or(directions.transverse));
        }
        let (normal, boresight) = (&directions.normal, &self.boresight);
        let axle = normal - boresight * boresight.dot(normal);
        sine_to(&axle.try_normalize(1e-6).unwrap_or(directions.transverse))
    }
}

/// Turns `axis` toward `wanted` by at most an angle [rad], both unit vectors; gives the angle that is left [rad].
pub(super) fn slew(axis: &mut Vector3, wanted: &Vector3, most_rad: f64) -> f64 {
    // An arc is at most π/2 times its chord.
    if (wanted - *axis).norm() * std::f64::consts::FRAC_PI_2 <= most_rad {
        *axis = *wanted;
        return 0.0;
    }
    let away_rad = angle_rad(axis, wanted);
    if away_rad <= most_rad {
        *axis = *wanted;
        return 0.0;
    }
    let across = wanted - *axis * axis.dot(wanted);
    let side = across.try_normalize(1e-12).unwrap_or_else(|| perpendicular(axis));
    let (sine, cosine) = libm::sincos(most_rad);
    let turned = *axis * cosine + side * sine;
    *axis = turned / turned.norm();
    away_rad - most_rad
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{FRAC_PI_2, PI};

    use rand::SeedableRng;

    use super::*;

    fn directions() -> Directions {
        Directions {
            zenith: Vector3::x(),
            transverse: Vector3::y(),
            normal: Vector3::z(),
            sun: Vector3::new(0.6, 0.0, 0.8),
            target: Some(Vector3::new(0.0, 0.8, 0.6)),
        }
    }

    fn attitude(mode: PointingMode) -> Attitude {
        let settings = AttitudeSettings {
            slew_rate_rad_s: 0.01,
            error_sigma_rad: 1e-4,
            spin_rate_rad_s: 0.3,
            tumble_rate_rad_s: 0.05,
            spin_acceleration_rad_s2: 1e-3,
        };
        Attitude::begin(settings, mode, None)
    }

    #[test]
    fn a_slew_takes_its_angle_over_its_rate() {
        let mut generator = Generator::seed_from_u64(1);
        let mut attitude = attitude(PointingMode::Nadir);
        attitude.step(&directions(), 0.0, &mut generator);
        assert_eq!(attitude.boresight, -Vector3::x(), "it begins where it should look");
        attitude.mode = PointingMode::Target;
        // A quarter of a turn at 0.01 rad/s takes 157 s.
        for step in 1..=20 {
            attitude.step(&directions(), 10.0, &mut generator);
            let left_rad = (FRAC_PI_2 - 0.1 * f64::from(step)).max(0.0);
            assert!((attitude.error_rad - left_rad).abs() < 5e-4, "{step}: {}", attitude.error_rad);
            assert!((attitude.boresight.norm() - 1.0).abs() < 1e-12);
        }
        assert_eq!(attitude.boresight, directions().target.unwrap());
    }

    #[test]
    fn a_turn_round_by_half_a_turn_arrives() {
        let mut axis = Vector3::x();
        let mut left_rad = PI;
        while left_rad > 0.0 {
            let next_rad = slew(&mut axis, &-Vector3::x(), 0.3);
            assert!(next_rad < left_rad, "{next_rad} after {left_rad}");
            left_rad = next_rad;
        }
        assert_eq!(axis, -Vector3::x());
    }

    #[test]
    fn spin_is_taken_off_before_a_slew() {
        let mut generator = Generator::seed_from_u64(1);
        let mut attitude = attitude(PointingMode::Spinning);
        for _ in 0..60 {
            attitude.step(&directions(), 10.0, &mut generator);
        }
        assert_eq!((attitude.spin_rad_s, attitude.boresight), (0.3, Vector3::z()));
        assert!(!attitude.is_steady());
        // Sun 0.6435 rad from the axis: sin/π of the array.
        assert!((attitude.array_cosine(&directions()) - 0.6 / PI).abs() < 1e-12);
        attitude.mode = PointingMode::Nadir;
        for _ in 0..29 {
            attitude.step(&directions(), 10.0, &mut generator);
        }
        assert_eq!(attitude.boresight, Vector3::z(), "0.29 rad/s are off after 290 s, 0.01 are left");
        for _ in 0..20 {
            attitude.step(&directions(), 10.0, &mut generator);
        }
        assert_eq!((attitude.spin_rad_s, attitude.boresight), (0.0, -Vector3::x()));
    }

    #[test]
    fn a_tumble_goes_round_and_errs() {
        let mut generator = Generator::seed_from_u64(1);
        let mut attitude = attitude(PointingMode::Fault);
        let turn_s = 2.0 * PI / 0.05;
        let mut greatest_rad: f64 = 0.0;
        for _ in 0..100 {
            attitude.step(&directions(), turn_s / 100.0, &mut generator);
            greatest_rad = greatest_rad.max(attitude.error_rad);
        }
        assert!(greatest_rad > 3.0 && attitude.error_rad < 0.01, "{greatest_rad}, {}", attitude.error_rad);
    }

    #[test]
    fn the_array_sees_the_sun_as_its_mode_allows() {
        let mut generator = Generator::seed_from_u64(1);
        let cosine = |mode, generator: &mut Generator| {
            let mut attitude = attitude(mode);
            attitude.step(&directions(), 0.0, generator);
            attitude.array_cosine(&directions())
        };
        // Nadir: the axle is N, and the beta angle has a sine of 0.8.
        assert!((cosine(PointingMode::Nadir, &mut generator) - 0.6).abs() < 1e-12);
        assert!((cosine(PointingMode::Sun, &mut generator) - 1.0).abs() < 1e-12);
        let edge = directions().sun.cross(&directions().target.unwrap()).norm();
        assert!((cosine(PointingMode::EdgeOn, &mut generator) - edge).abs() < 1e-12);
    }
}
