//! The payload's focal plane: what blinds it.

use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::attitude::{Attitude, Directions};
use super::settings::settings;
use crate::sim::seeds::Generator;

settings! {
    /// An imager along the boresight.
    PayloadConfig => PayloadSettings {
        /// Angle between the boresight and the edge of what it sees [rad].
        field_of_view_rad: LogUniform(0.02, 0.1), 1e-6, std::f64::consts::PI;
        /// Irradiance at its aperture, from within the field of view, that saturates all of the focal plane [W/m²].
        saturation_irradiance_w_m2: LogUniform(0.01, 1.0), 1e-12, 1e12;
        /// Saturation where it looks into the middle of the Sun's glitter on the sea [-].
        glitter_peak: Uniform(0.1, 0.5), 0.0, 1.0;
        /// Wind over that sea [m/s].
        wind_m_s: Uniform(2.0, 12.0), 0.0, 50.0;
        /// Rate of flashes of bright things that pass, while the Sun shines [1/s].
        flash_rate_1_s: LogUniform(3e-5, 3e-4), 0.0, 1.0;
    }
}

/// The focal plane.
///
/// A laser saturates the share min(1, E/E₁) of it, E its irradiance at the aperture: scattered light falls off as 1/φ²
/// with the angle φ from the source (Holladay, J. Opt. Soc. Am. 12, 1926, and the wings of real optics), so that what is above a
/// threshold is a disc of an area in proportion to E. Saturation is a step at the edge of the field of view; light from outside of it
/// is taken to be baffled.
///
/// The Sun in the field of view saturates all. Glitter: the share peaks where waves mirror the Sun, and falls as exp(-tan²β/σ²), β
/// the slope that does so, σ² = 0.003 + 0.00512 W (Cox and Munk, J. Opt. Soc. Am. 44, 1954). The place of glitter is taken right below the
/// craft, all of the Earth as sea. Flashes come at random, one segment long.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payload {
    /// What was drawn.
    pub settings: PayloadSettings,
    /// Cosine of the field of view's half-angle.
    pub field_of_view_cosine: f64,
    /// Whether it is told to work; a battery that runs low turns it off in spite of that.
    pub is_on: bool,
    /// Whether light reaches the focal plane.
    pub shutter_open: bool,
    /// Share of the focal plane that is saturated, 0 to 1.
    pub saturation: f64,
    /// Irradiance by lasers within the field of view, at the aperture [W/m²].
    pub irradiance_w_m2: f64,
    /// Fluence of lasers through the open shutter since the start of the episode [J/m²].
    pub dose_j_m2: f64,
}

impl Payload {
    /// At the start of an episode.
    pub(super) fn begin(settings: PayloadSettings) -> Self {
        Self {
            settings,
            field_of_view_cosine: libm::cos(settings.field_of_view_rad),
            is_on: true,
            shutter_open: true,
            saturation: 0.0,
            irradiance_w_m2: 0.0,
            dose_j_m2: 0.0,
        }
    }

    /// Looks for a time. `laser_w_m2`: irradiance by lasers within the field of view; `is_lit`: whether the Sun shines on it.
    pub(super) fn step(
        &mut self,
        laser_w_m2: f64,
        attitude: &Attitude,
        directions: &Directions,
        is_lit: bool,
        duration_s: f64,
        generator: &mut Generator,
    ) {
        // Drawn whether or not it is seen, so that what others draw does not depend on shutters.
        let [chance, brightness]: [f64; 2] = [generator.random(), generator.random()];
        self.irradiance_w_m2 = laser_w_m2;
        if !self.shutter_open {
            self.saturation = 0.0;
            return;
        }
        self.dose_j_m2 += laser_w_m2 * duration_s;
        let mut saturation = laser_w_m2 / self.settings.saturation_irradiance_w_m2;
        if is_lit {
            saturation += self.sun(attitude, directions);
            if chance < self.settings.flash_rate_1_s * duration_s {
                saturation += 0.5 * brightness;
            }
        }
        self.saturation = saturation.min(1.0);
    }

    /// Saturation by the Sun and its glitter.
    fn sun(&self, attitude: &Attitude, directions: &Directions) -> f64 {
        let (boresight, sun, zenith) = (&attitude.boresight, &directions.sun, &directions.zenith);
        if boresight.dot(sun) >= self.field_of_view_cosine {
            return 1.0;
        }
        // Only what looks down sees the sea below, and only by day.
        if boresight.dot(zenith) > -0.7 || sun.dot(zenith) <= 0.0 {
            return 0.0;
        }
        let slope_normal = sun - boresight;
        let cosine = slope_normal.dot(zenith) / slope_normal.norm();
        let squared = cosine * cosine;
        if squared < 0.7 {
            return 0.0;
        }
        let roughness = 0.003 + 0.005_12 * self.settings.wind_m_s;
        self.settings.glitter_peak * libm::exp(-(1.0 - squared) / (squared * roughness))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::super::attitude::{AttitudeConfig, PointingMode};
    use super::*;
    use crate::astro::Vector3;

    fn look(sun: Vector3, mode: PointingMode, laser_w_m2: f64, shutter_open: bool) -> Payload {
        let mut generator = Generator::seed_from_u64(1);
        let directions = Directions {
            zenith: Vector3::x(),
            transverse: Vector3::y(),
            normal: Vector3::z(),
            sun: sun.normalize(),
            target: None,
        };
        let mut attitude = Attitude::begin(AttitudeConfig::default().draw(&mut generator), mode, None);
        attitude.step(&directions, 0.0, &mut generator);
        let settings = PayloadSettings {
            field_of_view_rad: 0.05,
            saturation_irradiance_w_m2: 0.5,
            glitter_peak: 0.4,
            wind_m_s: 5.0,
            flash_rate_1_s: 0.0,
        };
        let mut payload = Payload { shutter_open, ..Payload::begin(settings) };
        payload.step(laser_w_m2, &attitude, &directions, true, 10.0, &mut generator);
        payload
    }

    #[test]
    fn a_laser_saturates_in_proportion_until_all_is() {
        let night = -Vector3::x();
        for (laser_w_m2, expected) in [(0.0, 0.0), (0.1, 0.2), (0.5, 1.0), (50.0, 1.0)] {
            let payload = look(night + Vector3::y(), PointingMode::Nadir, laser_w_m2, true);
            assert!((payload.saturation - expected).abs() < 1e-12, "{laser_w_m2}: {}", payload.saturation);
            assert!((payload.dose_j_m2 - 10.0 * laser_w_m2).abs() < 1e-9);
        }
        let shut = look(night, PointingMode::Sun, 50.0, false);
        assert_eq!((shut.saturation, shut.dose_j_m2), (0.0, 0.0));
    }

    #[test]
    fn the_sun_blinds_and_glitters() {
        assert_eq!(look(Vector3::y(), PointingMode::Sun, 0.0, true).saturation, 1.0);
        let at = |zenith_angle_rad: f64| {
            let sun = Vector3::new(libm::cos(zenith_angle_rad), libm::sin(zenith_angle_rad), 0.0);
            look(sun, PointingMode::Nadir, 0.0, true).saturation
        };
        assert!((at(0.0) - 0.4).abs() < 1e-12);
        // The slope that mirrors is half the angle: tan² of 0.15 over σ² = 0.0286.
        assert!((at(0.3) - 0.4 * (-0.15_f64.tan().powi(2) / 0.0286).exp()).abs() < 1e-9);
        assert!(at(1.2) < 1e-6 && at(1.7) == 0.0);
    }
}
