//! Slow fading: rain at the ground's end of the links, and the ionosphere over GNSS.

use rand_distr::{Distribution as _, StandardNormal};
use serde::{Deserialize, Serialize};

use super::settings::settings;
use crate::sim::seeds::Generator;

settings! {
    /// What fades the links, whoever is about.
    WeatherConfig => WeatherSettings {
        /// Median of the rain's attenuation of the uplink [dB].
        rain_median_db: LogUniform(0.02, 1.0), 0.0, 50.0;
        /// Standard deviation of the logarithm of that attenuation [-].
        rain_spread: Uniform(0.8, 1.3), 0.0, 5.0;
        /// Rate at which the rain changes [1/s]; ITU-R P.1853 has 2e-4.
        rain_rate_1_s: LogUniform(1e-4, 5e-4), 1e-9, 10.0;
        /// The downlink's attenuation as a share of the uplink's, in dB [-].
        downlink_share: Uniform(0.6, 1.0), 0.0, 2.0;
        /// Standard deviation of the ionosphere's fading of GNSS [dB].
        ionosphere_sigma_db: LogUniform(0.1, 1.0), 0.0, 20.0;
        /// Rate at which the ionosphere changes [1/s].
        ionosphere_rate_1_s: LogUniform(1e-3, 1e-2), 1e-9, 10.0;
    }
}

/// Greatest attenuation by rain [dB]; the log-normal has no end.
const WORST_RAIN_DB: f64 = 40.0;

/// What fades the links now.
///
/// Rain attenuates by A = m exp(s X), m its median and X a Gauss-Markov process of unit variance: dX = -β X dt + √(2β) dW.
/// The ionosphere adds σ Y dB to GNSS, Y another such process. Source: Maseng and Bakken, A stochastic dynamic model of rain
/// attenuation, IEEE Trans. Comm. 29, 1981; ITU-R P.1853. One place of rain stands for all places of the network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weather {
    /// What was drawn.
    pub settings: WeatherSettings,
    /// X [-].
    pub rain: f64,
    /// Y [-].
    pub ionosphere: f64,
}

impl Weather {
    /// At the start of an episode, drawn from the processes' own distribution.
    pub(super) fn begin(settings: WeatherSettings, generator: &mut Generator) -> Self {
        Self { settings, rain: StandardNormal.sample(generator), ionosphere: StandardNormal.sample(generator) }
    }

    /// Changes for a time, exactly: X ← X e^(-β t) + √(1 - e^(-2 β t)) N.
    pub(super) fn step(&mut self, duration_s: f64, generator: &mut Generator) {
        for (process, rate_1_s) in
            [(&mut self.rain, self.settings.rain_rate_1_s), (&mut self.ionosphere, self.settings.ionosphere_rate_1_s)]
        {
            let kept = libm::exp(-rate_1_s * duration_s);
            let normal: f64 = StandardNormal.sample(generator);
            *process = *process * kept + (1.0 - kept * kept).sqrt() * normal;
        }
    }

    /// Attenuation of the uplink [dB].
    #[must_use]
    pub fn rain_db(&self) -> f64 {
        (self.settings.rain_median_db * libm::exp(self.settings.rain_spread * self.rain)).min(WORST_RAIN_DB)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn rain_keeps_its_distribution_and_its_memory() {
        let mut generator = Generator::seed_from_u64(3);
        let settings = WeatherSettings {
            rain_median_db: 0.5,
            rain_spread: 1.0,
            rain_rate_1_s: 2e-4,
            downlink_share: 0.8,
            ionosphere_sigma_db: 0.5,
            ionosphere_rate_1_s: 5e-3,
        };
        let (mut sum, mut squares, mut products, mut above) = (0.0, 0.0, 0.0, 0);
        let count = 4_000;
        for _ in 0..count {
            let mut weather = Weather::begin(settings, &mut generator);
            let before = weather.rain;
            for _ in 0..10 {
                weather.step(250.0, &mut generator);
            }
            (sum, squares, products) =
                (sum + weather.rain, squares + weather.rain * weather.rain, products + weather.rain * before);
            above += usize::from(weather.rain_db() > 0.5);
        }
        let count = f64::from(count);
        // Standard errors of 4,000 draws: 0.016 of the mean and the correlation, 0.022 of the variance; five of them.
        assert!((sum / count).abs() < 0.08 && (squares / count - 1.0).abs() < 0.11, "{sum} {squares}");
        assert!((products / count - (-0.5_f64).exp()).abs() < 0.1, "{products}");
        assert!((above as f64 / count - 0.5).abs() < 0.04, "the median is the median");
    }
}
