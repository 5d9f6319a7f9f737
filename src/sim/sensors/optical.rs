//! Telescope that sees what the Sun lights.

use std::f64::consts::PI;

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field_of_view::FieldOfView;
use super::measurement::{Direction, Measurement, Reading, Signal};
use super::scene::Scene;
use super::{Sensor, SensorKind, faults_outside};
use crate::sim::seeds::Generator;

/// A telescope on board: two angles.
///
/// Magnitude m = M + 5 log₁₀(R / 1000 km) - 2.5 log₁₀(sin φ + (π - φ) cos φ), where M is the standard magnitude, at 1000 km
/// and φ = 90°, and the last term the phase function of a diffuse (Lambertian) sphere, which is 1 at 90°.
/// Detected with the probability ½ erfc((m - m₅₀) / (√2 w)): a limiting magnitude m₅₀ that seeing and background blur by w.
/// The error of an angle is a floor and, added in squares, a part that grows as the signal falls, the background being the
/// noise: σ₅₀ 10^(0.4 (m - m₅₀)).
///
/// The error of the magnitude is a floor and, added in squares, 2.5 / ln 10 over the signal-to-noise ratio, which is 5 at the limit and grows
/// with the signal.
///
/// A glint, the mirror image of the Sun in a flat face, makes a look now and then brighter, by as many magnitudes as are drawn: uniform
/// up to the greatest.
///
/// Nothing is seen in the Earth's shadow (a cylinder), behind the Earth, or nearer to the Sun than the exclusion angle.
/// Sources: Cognion, Observations and modeling of GEO satellites at large phase angles, AMOS 2013 (phase function);
/// standard magnitude as McCants's list defines it. Not modelled: the lit Earth behind the target, stars.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Optical {
    /// Magnitude that is detected half of the time [-].
    pub limiting_magnitude: f64,
    /// Width of the fall of the probability about it [-].
    pub limiting_width: f64,
    /// Error of an angle for a bright target [rad].
    pub angle_floor_rad: f64,
    /// Error of an angle at the limiting magnitude, the floor apart [rad].
    pub angle_at_limit_rad: f64,
    /// Error of the magnitude for a bright target [-].
    pub magnitude_floor: f64,
    /// Probability that a look meets a glint [-].
    pub glint_probability: f64,
    /// Greatest brightening by a glint, in magnitudes [-].
    pub glint_magnitudes: f64,
    /// Angle from the Sun within which it is blind [rad].
    pub sun_exclusion_rad: f64,
    /// Range beyond which it does not look [m].
    pub max_range_m: f64,
    /// Where it looks; steered all round when left out.
    pub field_of_view: Option<FieldOfView>,
}

impl Default for Optical {
    /// A star tracker's aperture: magnitude 8, 10 arc seconds, 30° from the Sun.
    fn default() -> Self {
        Self {
            limiting_magnitude: 8.0,
            limiting_width: 0.3,
            angle_floor_rad: 5e-5,
            angle_at_limit_rad: 1e-4,
            magnitude_floor: 0.02,
            glint_probability: 0.0,
            glint_magnitudes: 3.0,
            sun_exclusion_rad: 0.524,
            max_range_m: 5e6,
            field_of_view: None,
        }
    }
}

/// Magnitudes to either side by which a tumbling target changes in a turn: light curves of debris swing by a magnitude or two in all.
const TUMBLE_SWING: f64 = 0.8;
/// Signal-to-noise ratio at the limiting magnitude, by the usual threshold of five standard deviations.
const SNR_AT_LIMIT: f64 = 5.0;

/// Visual magnitude of a diffuse sphere of standard magnitude `standard_magnitude` at `range_m` and a phase angle of `phase_rad`.
///
/// Fainter than 40 where its dark side is all that is seen, at a phase of π: infinite but for rounding.
#[must_use]
pub fn magnitude(standard_magnitude: f64, range_m: f64, phase_rad: f64) -> f64 {
    let (sine, cosine) = libm::sincos(phase_rad);
    let lit = (sine + (PI - phase_rad) * cosine).max(0.0);
    standard_magnitude + 5.0 * libm::log10(range_m / 1e6) - 2.5 * libm::log10(lit)
}

impl Optical {
    /// Probability of detection at a magnitude.
    #[must_use]
    pub fn detection_probability(&self, magnitude: f64) -> f64 {
        0.5 * libm::erfc((magnitude - self.limiting_magnitude) / (std::f64::consts::SQRT_2 * self.limiting_width))
    }

    /// One standard deviation of each angle at a magnitude [rad].
    #[must_use]
    pub fn angle_sigma_rad(&self, magnitude: f64) -> f64 {
        let fading = libm::exp10(0.4 * (magnitude - self.limiting_magnitude));
        libm::hypot(self.angle_floor_rad, self.angle_at_limit_rad * fading)
    }

    /// One standard deviation of the magnitude at a magnitude [-].
    #[must_use]
    pub fn magnitude_sigma(&self, magnitude: f64) -> f64 {
        let snr = SNR_AT_LIMIT * libm::exp10(0.4 * (self.limiting_magnitude - magnitude));
        libm::hypot(self.magnitude_floor, 2.5 * std::f64::consts::LOG10_E / snr)
    }
}

impl Sensor for Optical {
    fn observe(&self, scene: &Scene, generator: &mut Generator) -> Option<Measurement> {
        let (range_m, sight) = scene.line_of_sight()?;
        let hidden = scene.behind_earth || !scene.sunlit || range_m > self.max_range_m;
        if hidden
            || sight.angle(&scene.sun_rtn) < self.sun_exclusion_rad
            || self.field_of_view.is_some_and(|view| !view.holds(&sight))
        {
            return None;
        }
        let glint = |generator: &mut Generator| {
            let is_one = self.glint_probability > 0.0 && generator.random::<f64>() < self.glint_probability;
            if is_one { self.glint_magnitudes * generator.random::<f64>() } else { 0.0 }
        };
        let magnitude = magnitude(scene.signature.standard_magnitude, range_m, scene.phase_rad(&sight))
            + TUMBLE_SWING * libm::sin(scene.tumble_rad_s * scene.time_s)
            - glint(generator);
        let chance: f64 = generator.random();
        if chance >= self.detection_probability(magnitude) {
            return None;
        }
        let direction = Direction::of(&sight, self.angle_sigma_rad(magnitude), generator);
        let apparent = Reading::of(magnitude, self.magnitude_sigma(magnitude), generator).value;
        Some(Measurement {
            time_s: scene.time_s,
            kind: SensorKind::Optical,
            direction: Some(direction),
            range_m: None,
            range_rate_m_s: None,
            signal: Some(Signal::Magnitude { apparent }),
        })
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = faults_outside(&[
            ("limiting_magnitude", self.limiting_magnitude, -30.0, 40.0),
            ("limiting_width", self.limiting_width, 1e-3, 10.0),
            ("angle_floor_rad", self.angle_floor_rad, 1e-9, 0.3),
            ("angle_at_limit_rad", self.angle_at_limit_rad, 0.0, 0.3),
            ("magnitude_floor", self.magnitude_floor, 0.0, 10.0),
            ("glint_probability", self.glint_probability, 0.0, 1.0),
            ("glint_magnitudes", self.glint_magnitudes, 0.0, 30.0),
            ("sun_exclusion_rad", self.sun_exclusion_rad, 0.0, PI),
            ("max_range_m", self.max_range_m, 1.0, 1e9),
        ]);
        faults.extend(self.field_of_view.iter().flat_map(FieldOfView::faults));
        faults
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::FRAC_PI_2;

    use rand::SeedableRng;

    use super::*;
    use crate::astro::Vector3;

    #[test]
    fn magnitudes_are_those_of_a_diffuse_sphere() {
        assert!((magnitude(5.5, 1.6e6, FRAC_PI_2) - 6.52).abs() < 1e-3);
        assert!((magnitude(5.5, 1e6, FRAC_PI_2) - 5.5).abs() < 1e-12);
        // Full against half: π to 1.
        assert!((magnitude(5.5, 1e6, FRAC_PI_2) - magnitude(5.5, 1e6, 0.0) - 2.5 * PI.log10()).abs() < 1e-12);
        // Energy: a white sphere of radius 1 scatters all the light that falls on its cross-section, so that the intensity
        // 2/(3π) (sin φ + (π - φ) cos φ) sums to π over all directions.
        let steps = 2_000;
        let integral: f64 = (0..steps)
            .map(|step| {
                let phase = (f64::from(step) + 0.5) * PI / f64::from(steps);
                let flux = 10f64.powf(-0.4 * magnitude(0.0, 1e6, phase));
                2.0 / (3.0 * PI) * flux * 2.0 * PI * phase.sin() * PI / f64::from(steps)
            })
            .sum();
        assert!((integral - PI).abs() < 1e-5, "{integral}");
        assert!(magnitude(5.5, 1e6, PI) > 40.0 && magnitude(5.5, 1e6, PI + 1e-9) > 20.0);
    }

    #[test]
    fn what_tumbles_flickers() {
        let (optical, mut generator) = (Optical::default(), Generator::seed_from_u64(3));
        let mut spread_of = |tumble_rad_s: f64| {
            let seen: Vec<f64> = (0..200)
                .filter_map(|look| {
                    let scene = Scene { tumble_rad_s, time_s: 30.0 * f64::from(look), ..Scene::bright() };
                    match optical.observe(&scene, &mut generator)?.signal {
                        Some(Signal::Magnitude { apparent }) => Some(apparent),
                        _ => None,
                    }
                })
                .collect();
            let mean = seen.iter().sum::<f64>() / seen.len() as f64;
            seen.iter().map(|apparent| (apparent - mean).powi(2)).sum::<f64>() / seen.len() as f64
        };
        // Of a sine of amplitude A: A²/2; else the noise of the magnitude.
        assert!(spread_of(0.0) < 1e-3);
        assert!((spread_of(0.37) / (0.5 * TUMBLE_SWING * TUMBLE_SWING) - 1.0).abs() < 0.1);
    }

    #[test]
    fn as_many_looks_glint_as_are_asked_for() {
        let optical = Optical { glint_probability: 0.2, glint_magnitudes: 2.0, ..Optical::default() };
        let mut generator = Generator::seed_from_u64(6);
        let scene = Scene::bright();
        let (range_m, sight) = scene.line_of_sight().expect("apart");
        let steady = magnitude(scene.signature.standard_magnitude, range_m, scene.phase_rad(&sight));
        let mut brightened_by = || match optical.observe(&scene, &mut generator)?.signal {
            Some(Signal::Magnitude { apparent }) => Some(steady - apparent),
            _ => None,
        };
        let brighter: Vec<f64> = (0..5_000).filter_map(|_| brightened_by()).filter(|by| *by > 0.1).collect();
        // A fifth of the looks, of which one in twenty is too weak to stand out.
        assert!(brighter.len().abs_diff(950) < 100, "{}", brighter.len());
        assert!(brighter.iter().all(|by| *by < 2.2) && brighter.iter().any(|by| *by > 1.8));
    }

    #[test]
    fn shadow_sun_and_limits_blind_it() {
        let optical = Optical::default();
        let mut generator = Generator::seed_from_u64(2);
        let scene = Scene::bright();
        assert!(optical.observe(&scene, &mut generator).is_some());
        let blind = [
            Scene { sunlit: false, ..scene },
            Scene { sun_rtn: Vector3::new(0.4, 0.9, 0.0).normalize(), ..scene },
            Scene { position_rtn_m: Vector3::y() * 5.1e6, ..scene },
        ];
        for scene in blind {
            assert!((0..50).all(|_| optical.observe(&scene, &mut generator).is_none()));
        }
    }

    #[test]
    fn half_are_seen_at_the_limit_and_angles_fade() {
        let optical = Optical { max_range_m: 1e8, ..Optical::default() };
        assert!((optical.detection_probability(8.0) - 0.5).abs() < 1e-15);
        assert!((optical.detection_probability(8.3) - 0.158_655).abs() < 1e-6);
        assert_eq!(optical.detection_probability(f64::INFINITY), 0.0);
        assert!((optical.angle_sigma_rad(8.0) - 1.118_034e-4).abs() < 1e-10);
        assert!((optical.angle_sigma_rad(-10.0) - 5e-5).abs() < 1e-9);
        // The range at which a full target of magnitude 6 is of magnitude 8.
        let range_m = 1e6 * 10f64.powf((2.0 + 2.5 * PI.log10()) / 5.0);
        let scene = Scene { position_rtn_m: Vector3::y() * range_m, ..Scene::bright() };
        let mut generator = Generator::seed_from_u64(4);
        let seen = (0..10_000).filter(|_| optical.observe(&scene, &mut generator).is_some()).count();
        assert!(seen.abs_diff(5_000) < 200, "{seen}");
    }
}
