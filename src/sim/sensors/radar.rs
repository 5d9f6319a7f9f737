//! Radar with Swerling-1 detection.

use rand_distr::{Distribution as _, Exp1};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field_of_view::FieldOfView;
use super::measurement::{Direction, Measurement, Reading, Signal};
use super::scene::Scene;
use super::{Sensor, SensorKind, faults_outside};
use crate::sim::seeds::Generator;

/// Speed of light [m/s], exact.
pub(super) const SPEED_OF_LIGHT_M_S: f64 = 299_792_458.0;
/// Slope of a monopulse tracker, beamwidths a unit of its error signal. Source: Barton, Radar System Analysis and Modeling, 2005.
pub(super) const MONOPULSE_SLOPE: f64 = 1.6;

/// A radar on board: range, range rate and two angles.
///
/// Mean signal-to-noise ratio by the radar range equation, from one known pair: SNR = SNR₀ (σ/σ₀) (R₀/R)⁴.
///
/// Swerling 1: the cross-section is drawn from look to look, exponential, so that the received power in units of the
/// noise is exponential with mean 1 + SNR; it is detected above -ln Pfa, hence Pd = Pfa^(1/(1 + SNR)). The power of a
/// look, less the noise, is the SNR s by which that look is as good as it is:
/// σ_range = c / (2 B √(2 s)), σ_rate = λ / (2 τ √(2 s)), σ_angle = θ / (1.6 √(2 s)), each with a floor added in squares.
///
/// Sources: Skolnik, Introduction to Radar Systems, 3rd ed., chapters 1 and 2; Swerling, Probability of detection for
/// fluctuating targets, RAND RM-1217, 1954; Curry, Radar System Performance Modeling, 2nd ed., 2005, chapter 8.
/// Valid beyond the radar's far field, for one target a look, without clutter, false alarms and range ambiguity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Radar {
    /// Range at which the cross-section below gives the SNR below [m].
    pub reference_range_m: f64,
    /// Mean cross-section for it [m²].
    pub reference_cross_section_m2: f64,
    /// Mean SNR for it, after integration, linear [-].
    pub reference_snr: f64,
    /// Probability of a false alarm, which sets the threshold [-].
    pub false_alarm_probability: f64,
    /// Bandwidth B [Hz].
    pub bandwidth_hz: f64,
    /// Wavelength λ [m].
    pub wavelength_m: f64,
    /// Time of coherent integration τ [s].
    pub integration_s: f64,
    /// Beamwidth θ between half-power points [rad].
    pub beamwidth_rad: f64,
    /// Error of range that no signal takes away [m].
    pub range_floor_m: f64,
    /// Error of range rate that no signal takes away [m/s].
    pub range_rate_floor_m_s: f64,
    /// Error of an angle that no signal takes away [rad].
    pub angle_floor_rad: f64,
    /// Range beyond which it does not look [m].
    pub max_range_m: f64,
    /// Where it looks; steered all round when left out.
    pub field_of_view: Option<FieldOfView>,
}

impl Default for Radar {
    /// X band, a beam of 1.1°, an SNR of 20 on a square metre at 50 km.
    fn default() -> Self {
        Self {
            reference_range_m: 50_000.0,
            reference_cross_section_m2: 1.0,
            reference_snr: 20.0,
            false_alarm_probability: 1e-6,
            bandwidth_hz: 1e7,
            wavelength_m: 0.03,
            integration_s: 0.01,
            beamwidth_rad: 0.02,
            range_floor_m: 0.5,
            range_rate_floor_m_s: 0.01,
            angle_floor_rad: 1e-4,
            max_range_m: 200_000.0,
            field_of_view: None,
        }
    }
}

/// One standard deviation of each part of a look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RadarAccuracy {
    /// Range [m].
    pub range_m: f64,
    /// Range rate [m/s].
    pub range_rate_m_s: f64,
    /// Each of the two angles [rad].
    pub angle_rad: f64,
}

impl Radar {
    /// Mean SNR of a target of `cross_section_m2` at `range_m`, linear [-].
    #[must_use]
    pub fn mean_snr(&self, range_m: f64, cross_section_m2: f64) -> f64 {
        let ratio = self.reference_range_m / range_m;
        self.reference_snr * (cross_section_m2 / self.reference_cross_section_m2) * ratio * ratio * ratio * ratio
    }

    /// Probability of detection of a Swerling-1 target of mean SNR `mean_snr` (linear): Pfa^(1/(1 + SNR)).
    #[must_use]
    pub fn detection_probability(&self, mean_snr: f64) -> f64 {
        libm::exp(libm::log(self.false_alarm_probability) / (1.0 + mean_snr))
    }

    /// How good a look of SNR `snr` (linear) is.
    #[must_use]
    pub fn accuracy(&self, snr: f64) -> RadarAccuracy {
        let root = (2.0 * snr).sqrt();
        RadarAccuracy {
            range_m: libm::hypot(SPEED_OF_LIGHT_M_S / (2.0 * self.bandwidth_hz * root), self.range_floor_m),
            range_rate_m_s: libm::hypot(
                self.wavelength_m / (2.0 * self.integration_s * root),
                self.range_rate_floor_m_s,
            ),
            angle_rad: libm::hypot(self.beamwidth_rad / (MONOPULSE_SLOPE * root), self.angle_floor_rad),
        }
    }
}

impl Sensor for Radar {
    fn observe(&self, scene: &Scene, generator: &mut Generator) -> Option<Measurement> {
        let (range_m, sight) = scene.line_of_sight()?;
        let hidden = scene.behind_earth || range_m > self.max_range_m;
        if hidden || self.field_of_view.is_some_and(|view| !view.holds(&sight)) {
            return None;
        }
        let mean_snr = self.mean_snr(range_m, scene.signature.radar_cross_section_m2);
        let exponential: f64 = Exp1.sample(generator);
        let power = (1.0 + mean_snr) * exponential;
        let threshold = -libm::log(self.false_alarm_probability);
        if power.is_nan() || power <= threshold {
            return None;
        }
        let snr = power - 1.0;
        let accuracy = self.accuracy(snr);
        let direction = Direction::of(&sight, accuracy.angle_rad, generator);
        let range = Reading::of(range_m, accuracy.range_m, generator);
        let range_rate = Reading::of(sight.dot(&scene.velocity_rtn_m_s), accuracy.range_rate_m_s, generator);
        Some(Measurement {
            time_s: scene.time_s,
            kind: SensorKind::Radar,
            direction: Some(direction),
            range_m: Some(range),
            range_rate_m_s: Some(range_rate),
            // The radar range equation, solved for the cross-section.
            signal: Some(Signal::CrossSection { m2: snr / self.mean_snr(range.value, 1.0) }),
        })
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = faults_outside(&[
            ("reference_range_m", self.reference_range_m, 1.0, 1e9),
            ("reference_cross_section_m2", self.reference_cross_section_m2, 1e-12, 1e9),
            ("reference_snr", self.reference_snr, 1e-12, 1e12),
            // Below a threshold of 2 the power less the noise would be no SNR.
            ("false_alarm_probability", self.false_alarm_probability, 1e-30, 0.1),
            ("bandwidth_hz", self.bandwidth_hz, 1.0, 1e12),
            ("wavelength_m", self.wavelength_m, 1e-6, 1e3),
            ("integration_s", self.integration_s, 1e-9, 1e3),
            ("beamwidth_rad", self.beamwidth_rad, 1e-9, 1.0),
            ("range_floor_m", self.range_floor_m, 1e-6, 1e6),
            ("range_rate_floor_m_s", self.range_rate_floor_m_s, 1e-9, 1e4),
            ("angle_floor_rad", self.angle_floor_rad, 1e-9, 0.3),
            ("max_range_m", self.max_range_m, 1.0, 1e9),
        ]);
        faults.extend(self.field_of_view.iter().flat_map(FieldOfView::faults));
        faults
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::astro::Vector3;

    #[test]
    fn detection_is_swerling_1() {
        let radar = Radar::default();
        // Pfa 1e-6 at SNR 20: 1e-6^(1/21) = 0.518.
        assert!((radar.detection_probability(20.0) - 0.518).abs() < 5e-4, "{}", radar.detection_probability(20.0));
        // Skolnik's curve for case 1: Pd 0.5 needs an SNR of ln Pfa / ln Pd - 1 = 18.93, which is 12.77 dB.
        assert!((radar.detection_probability(18.931_568_569) - 0.5).abs() < 1e-9);
        let mut generator = Generator::seed_from_u64(7);
        for (range_m, cross_section) in [(50_000.0, 1.0), (25_000.0, 1.0), (80_000.0, 4.0)] {
            let expected = radar.detection_probability(radar.mean_snr(range_m, cross_section));
            let mut scene = Scene { position_rtn_m: Vector3::y() * range_m, ..Scene::bright() };
            scene.signature.radar_cross_section_m2 = cross_section;
            let looks = 20_000;
            let seen = (0..looks).filter(|_| radar.observe(&scene, &mut generator).is_some()).count();
            let share = seen as f64 / f64::from(looks);
            // Four standard deviations of a share of 20,000 looks.
            let bound = 4.0 * (expected * (1.0 - expected) / f64::from(looks)).sqrt();
            assert!((share - expected).abs() < bound, "{share} against {expected} at {range_m} m");
        }
    }

    #[test]
    fn the_range_equation_falls_with_the_fourth_power() {
        let radar = Radar::default();
        assert!((radar.mean_snr(50_000.0, 1.0) - 20.0).abs() < 1e-12);
        assert!((radar.mean_snr(25_000.0, 0.5) - 160.0).abs() < 1e-9);
        assert!((radar.mean_snr(100_000.0, 1.0) - 1.25).abs() < 1e-12);
    }

    #[test]
    fn a_stronger_echo_is_measured_better_and_errors_are_as_stated() {
        let radar = Radar { range_floor_m: 1e-6, angle_floor_rad: 1e-9, range_rate_floor_m_s: 1e-9, ..Radar::default() };
        // c / (2 B √(2 × 50)) = 1.498962 m for 10 MHz.
        assert!((radar.accuracy(50.0).range_m - 1.498_962_29).abs() < 1e-8);
        assert!((radar.accuracy(50.0).range_rate_m_s - 0.15).abs() < 1e-9);
        assert!((radar.accuracy(50.0).angle_rad - 0.00125).abs() < 1e-9);
        let scene = Scene { velocity_rtn_m_s: Vector3::new(1.0, -3.0, 0.5), ..Scene::bright() };
        let mut generator = Generator::seed_from_u64(11);
        let (mut count, mut squares) = (0.0, [0.0; 2]);
        for _ in 0..5_000 {
            let Some(seen) = radar.observe(&scene, &mut generator) else { continue };
            let (range, rate) = (seen.range_m.expect("a radar"), seen.range_rate_m_s.expect("a radar"));
            count += 1.0;
            squares[0] += ((range.value - 10_000.0) / range.sigma).powi(2);
            squares[1] += ((rate.value + 3.0) / rate.sigma).powi(2);
        }
        for square in squares {
            // A variance over n draws spreads by √(2/n).
            assert!((square / count - 1.0).abs() < 4.0 * f64::sqrt(2.0 / count), "{}", square / count);
        }
    }

    #[test]
    fn limits_are_kept_and_faults_told() {
        let mut generator = Generator::seed_from_u64(1);
        let near = Scene { position_rtn_m: Vector3::y() * 900.0, ..Scene::bright() };
        let short = Radar { max_range_m: 899.0, ..Radar::default() };
        assert_eq!(short.observe(&near, &mut generator), None);
        let view = FieldOfView { boresight_rtn: [0.0, -1.0, 0.0], half_angle_rad: 1.0 };
        let aft = Radar { field_of_view: Some(view), ..Radar::default() };
        assert!((0..50).all(|_| aft.observe(&near, &mut generator).is_none()));
        let invisible = Scene { signature: Default::default(), ..near };
        assert!((0..50).any(|_| Radar::default().observe(&invisible, &mut generator).is_some()));
        let bad = Radar { bandwidth_hz: f64::NAN, false_alarm_probability: 1.5, ..Radar::default() };
        let fields: Vec<_> = bad.faults().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["false_alarm_probability", "bandwidth_hz"]);
    }
}
