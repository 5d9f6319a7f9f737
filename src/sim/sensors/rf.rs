//! Radio receiver that hears a transmitter.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use rand_distr::{Distribution as _, StandardNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field_of_view::FieldOfView;
use super::measurement::{Direction, Measurement, Reading};
use super::radar::{MONOPULSE_SLOPE, SPEED_OF_LIGHT_M_S};
use super::scene::Scene;
use super::signature::Emitter;
use super::{Sensor, SensorKind, faults_outside};
use crate::sim::seeds::Generator;

/// Boltzmann's constant [J/K], exact.
const BOLTZMANN_J_K: f64 = 1.380_649e-23;

/// A direction-finding receiver on board: bearing, and range rate from the Doppler shift of a tone of known frequency.
///
/// Friis: received power P = EIRP G (λ / (4 π R))²; SNR after coherent integration s = P τ / (k T).
/// A steady tone of unknown phase is detected where |√s + n|² > -ln Pfa, n being complex Gaussian noise of unit power
/// (Marcum). σ_angle = θ / (1.6 √(2 s)) and, by the Cramér-Rao bound of a tone's frequency, σ_rate = λ √6 / (2 π τ √s),
/// each with a floor added in squares; the floor of the rate stands for the emitter's oscillator.
///
/// Sources: Friis, A note on a simple transmission formula, Proc. IRE 34, 1946; Marcum, RAND RM-754, 1947; Rife and
/// Boorstyn, Single-tone parameter estimation from discrete-time observations, IEEE Trans. IT-20, 1974.
/// Valid in free space and far field, above the threshold of frequency estimation (s of some 10), for one emitter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rf {
    /// Gain G of the antenna, linear [-].
    pub gain: f64,
    /// Noise temperature T of the system [K].
    pub noise_temperature_k: f64,
    /// Time of coherent integration τ [s].
    pub integration_s: f64,
    /// Probability of a false alarm, which sets the threshold [-].
    pub false_alarm_probability: f64,
    /// Beamwidth θ between half-power points [rad].
    pub beamwidth_rad: f64,
    /// Error of an angle that no signal takes away [rad].
    pub angle_floor_rad: f64,
    /// Error of range rate that no signal takes away [m/s].
    pub range_rate_floor_m_s: f64,
    /// Whether the bearing is measured.
    pub bearing: bool,
    /// Whether the range rate is measured.
    pub range_rate: bool,
    /// Where it listens; steered all round when left out.
    pub field_of_view: Option<FieldOfView>,
}

impl Default for Rf {
    /// An array of 10 dB that integrates for a millisecond.
    fn default() -> Self {
        Self {
            gain: 10.0,
            noise_temperature_k: 300.0,
            integration_s: 1e-3,
            false_alarm_probability: 1e-6,
            beamwidth_rad: 0.5,
            angle_floor_rad: 3e-3,
            range_rate_floor_m_s: 0.05,
            bearing: true,
            range_rate: true,
            field_of_view: None,
        }
    }
}

impl Rf {
    /// Power received from `emitter` at `range_m` [W].
    #[must_use]
    pub fn received_power_w(&self, emitter: &Emitter, range_m: f64) -> f64 {
        let spread = SPEED_OF_LIGHT_M_S / emitter.frequency_hz / (4.0 * PI * range_m);
        emitter.eirp_w * self.gain * spread * spread
    }

    /// SNR after integration of a received power, linear [-].
    #[must_use]
    pub fn snr(&self, power_w: f64) -> f64 {
        power_w * self.integration_s / (BOLTZMANN_J_K * self.noise_temperature_k)
    }

    /// One standard deviation of each angle at an SNR [rad].
    #[must_use]
    pub fn angle_sigma_rad(&self, snr: f64) -> f64 {
        libm::hypot(self.beamwidth_rad / (MONOPULSE_SLOPE * (2.0 * snr).sqrt()), self.angle_floor_rad)
    }

    /// One standard deviation of the range rate at an SNR, of a tone of `frequency_hz` [m/s].
    #[must_use]
    pub fn range_rate_sigma_m_s(&self, snr: f64, frequency_hz: f64) -> f64 {
        let frequency_sigma_hz = 6f64.sqrt() / (2.0 * PI * self.integration_s * snr.sqrt());
        libm::hypot(SPEED_OF_LIGHT_M_S / frequency_hz * frequency_sigma_hz, self.range_rate_floor_m_s)
    }

    /// Whether a tone of this SNR is detected in one look.
    fn hears(&self, snr: f64, generator: &mut Generator) -> bool {
        let (in_phase, quadrature): (f64, f64) = (StandardNormal.sample(generator), StandardNormal.sample(generator));
        let (real, imaginary) = (snr.sqrt() + in_phase * FRAC_1_SQRT_2, quadrature * FRAC_1_SQRT_2);
        real * real + imaginary * imaginary > -libm::log(self.false_alarm_probability)
    }
}

impl Sensor for Rf {
    fn observe(&self, scene: &Scene, generator: &mut Generator) -> Option<Measurement> {
        let (range_m, sight) = scene.line_of_sight()?;
        let emitter = scene.signature.emitter?;
        if scene.behind_earth || self.field_of_view.is_some_and(|view| !view.holds(&sight)) {
            return None;
        }
        let snr = self.snr(self.received_power_w(&emitter, range_m));
        if !(snr > 0.0 && self.hears(snr, generator)) {
            return None;
        }
        let angle_sigma_rad = self.angle_sigma_rad(snr);
        let rate_sigma_m_s = self.range_rate_sigma_m_s(snr, emitter.frequency_hz);
        Some(Measurement {
            time_s: scene.time_s,
            kind: SensorKind::Rf,
            direction: self.bearing.then(|| Direction::of(&sight, angle_sigma_rad, generator)),
            range_m: None,
            range_rate_m_s: self
                .range_rate
                .then(|| Reading::of(sight.dot(&scene.velocity_rtn_m_s), rate_sigma_m_s, generator)),
            signal: None,
        })
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = faults_outside(&[
            ("gain", self.gain, 1e-6, 1e9),
            ("noise_temperature_k", self.noise_temperature_k, 1.0, 1e6),
            ("integration_s", self.integration_s, 1e-9, 1e3),
            ("false_alarm_probability", self.false_alarm_probability, 1e-30, 0.1),
            ("beamwidth_rad", self.beamwidth_rad, 1e-6, PI),
            ("angle_floor_rad", self.angle_floor_rad, 1e-9, 0.3),
            ("range_rate_floor_m_s", self.range_rate_floor_m_s, 1e-9, 1e4),
        ]);
        if !self.bearing && !self.range_rate {
            faults.push(("bearing", "it measures neither bearing nor range rate".to_owned()));
        }
        faults.extend(self.field_of_view.iter().flat_map(FieldOfView::faults));
        faults
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn power_follows_friis() {
        // 1 W at 2.2 GHz over 10 km: free-space loss 20 log10(4 π 1e4 / 0.136269) = 119.30 dB; and 10 dB of gain.
        let emitter = Emitter { eirp_w: 1.0, frequency_hz: 2.2e9 };
        let decibels = 10.0 * Rf::default().received_power_w(&emitter, 1e4).log10();
        assert!((decibels + 109.296).abs() < 2e-3, "{decibels}");
        // Over k T / τ = 4.1419e-18 W.
        let snr = Rf::default().snr(4.141_947e-18);
        assert!((snr - 1.0).abs() < 1e-6, "{snr}");
    }

    #[test]
    fn a_steady_tone_is_detected_as_marcum_says() {
        // The well-known point of the curves for a steady target: Pd 0.9 and Pfa 1e-6 need 13.2 dB (Skolnik, figure 2.6).
        let (rf, snr) = (Rf::default(), 10f64.powf(1.32));
        let mut generator = Generator::seed_from_u64(9);
        let looks = 20_000;
        let heard = (0..looks).filter(|_| rf.hears(snr, &mut generator)).count();
        let share = heard as f64 / f64::from(looks);
        assert!((share - 0.9).abs() < 0.015, "{share}");
    }

    #[test]
    fn it_hears_only_what_transmits_and_gives_what_is_asked() {
        let mut generator = Generator::seed_from_u64(3);
        let scene = Scene::bright();
        let mut silent = scene;
        silent.signature.emitter = None;
        assert_eq!(Rf::default().observe(&silent, &mut generator), None);
        let heard = Rf { bearing: false, ..Rf::default() }.observe(&scene, &mut generator).expect("strong");
        assert_eq!(heard.dimension(), 1);
        let heard = Rf { range_rate: false, ..Rf::default() }.observe(&scene, &mut generator).expect("strong");
        assert_eq!(heard.present(), [true, true, false, false]);
        let deaf = Rf { bearing: false, range_rate: false, ..Rf::default() };
        assert_eq!(deaf.faults().len(), 1);
    }
}
