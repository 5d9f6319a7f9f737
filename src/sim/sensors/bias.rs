//! What a sensor is always off by.

use rand_distr::{Distribution as _, StandardNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::faults_outside;
use super::measurement::{Direction, Measurement, Reading, Signal};
use crate::sim::seeds::Generator;

/// How far sensors are off as a rule: one standard deviation of what each of them is off by for a whole episode, Gaussian about zero.
///
/// No sensor states it of itself and no filter knows it: alignment, clock and calibration are never perfect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BiasConfig {
    /// Of each of the two angles, held in own RTN [rad].
    pub angle_rad: f64,
    /// Of the range [m].
    pub range_m: f64,
    /// Of the range rate [m/s].
    pub range_rate_m_s: f64,
    /// Of the magnitude [-].
    pub magnitude: f64,
    /// Of the radar cross-section [dB].
    pub cross_section_db: f64,
}

/// What one sensor is off by in one episode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bias {
    /// Of azimuth, across, and elevation [rad].
    pub angles_rad: [f64; 2],
    /// Of the range [m].
    pub range_m: f64,
    /// Of the range rate [m/s].
    pub range_rate_m_s: f64,
    /// Of the magnitude [-].
    pub magnitude: f64,
    /// Of the radar cross-section [dB].
    pub cross_section_db: f64,
}

impl BiasConfig {
    /// That of one sensor in one episode.
    pub fn sample(&self, generator: &mut Generator) -> Bias {
        let mut normal = |sigma: f64| -> f64 {
            let normal: f64 = StandardNormal.sample(generator);
            sigma * normal
        };
        Bias {
            angles_rad: [normal(self.angle_rad), normal(self.angle_rad)],
            range_m: normal(self.range_m),
            range_rate_m_s: normal(self.range_rate_m_s),
            magnitude: normal(self.magnitude),
            cross_section_db: normal(self.cross_section_db),
        }
    }

    /// Each fault of the parameters, as (field, what is wrong).
    #[must_use]
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        faults_outside(&[
            ("angle_rad", self.angle_rad, 0.0, 0.3),
            ("range_m", self.range_m, 0.0, 1e6),
            ("range_rate_m_s", self.range_rate_m_s, 0.0, 1e3),
            ("magnitude", self.magnitude, 0.0, 10.0),
            ("cross_section_db", self.cross_section_db, 0.0, 60.0),
        ])
    }
}

impl Bias {
    /// The measurement that a sensor which is off by this reports in place of `measurement`.
    #[must_use]
    pub fn shift(&self, measurement: &Measurement) -> Measurement {
        let turned = |direction: Direction| {
            let [sight, azimuthal, upward] = direction.axes();
            let [across_rad, up_rad] = self.angles_rad;
            Direction::along(&(sight + azimuthal * across_rad + upward * up_rad), direction.sigma_rad)
        };
        let off = |by: f64| move |reading: Reading| Reading { value: reading.value + by, ..reading };
        Measurement {
            direction: measurement.direction.map(turned),
            range_m: measurement.range_m.map(off(self.range_m)),
            range_rate_m_s: measurement.range_rate_m_s.map(off(self.range_rate_m_s)),
            signal: measurement.signal.map(|signal| match signal {
                Signal::CrossSection { m2 } => {
                    Signal::CrossSection { m2: m2 * libm::exp10(self.cross_section_db / 10.0) }
                }
                Signal::Magnitude { apparent } => Signal::Magnitude { apparent: apparent + self.magnitude },
            }),
            ..*measurement
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::astro::Vector3;
    use crate::sim::sensors::SensorKind;

    #[test]
    fn it_shifts_what_was_measured_and_nothing_else() {
        let bias = Bias {
            angles_rad: [1e-3, -2e-3],
            range_m: 3.0,
            range_rate_m_s: -0.5,
            magnitude: 0.25,
            cross_section_db: 3.0,
        };
        let sight = Vector3::new(2.0, 1.0, 2.0) / 3.0;
        let seen = Measurement {
            time_s: 7.0,
            kind: SensorKind::Radar,
            direction: Some(Direction::along(&sight, 1e-4)),
            range_m: Some(Reading { value: 5_000.0, sigma: 2.0 }),
            range_rate_m_s: None,
            signal: Some(Signal::CrossSection { m2: 2.0 }),
        };
        let shifted = bias.shift(&seen);
        let direction = shifted.direction.expect("kept");
        let off_rad = direction.axes()[0].angle(&sight);
        assert!((off_rad - 5f64.sqrt() * 1e-3).abs() < 1e-7, "{off_rad}");
        assert_eq!(direction.sigma_rad, 1e-4);
        assert_eq!(shifted.range_m, Some(Reading { value: 5_003.0, sigma: 2.0 }));
        assert_eq!((shifted.range_rate_m_s, shifted.time_s, shifted.kind), (None, 7.0, SensorKind::Radar));
        let Some(Signal::CrossSection { m2 }) = shifted.signal else { panic!("{shifted:?}") };
        assert!((10.0 * (m2 / 2.0).log10() - 3.0).abs() < 1e-12);
        let faint = Measurement { signal: Some(Signal::Magnitude { apparent: 6.0 }), ..seen };
        assert_eq!(bias.shift(&faint).signal, Some(Signal::Magnitude { apparent: 6.25 }));
    }

    #[test]
    fn it_is_drawn_about_zero_as_wide_as_asked() {
        let config = BiasConfig { angle_rad: 1e-3, range_m: 4.0, ..BiasConfig::default() };
        let mut generator = Generator::seed_from_u64(5);
        let drawn: Vec<Bias> = (0..10_000).map(|_| config.sample(&mut generator)).collect();
        let mean_square = |of: &dyn Fn(&Bias) -> f64| drawn.iter().map(|bias| of(bias).powi(2)).sum::<f64>() / 1e4;
        assert!((mean_square(&|bias| bias.range_m) / 16.0 - 1.0).abs() < 0.05);
        assert!((mean_square(&|bias| bias.angles_rad[1]) / 1e-6 - 1.0).abs() < 0.05);
        assert!(drawn.iter().all(|bias| bias.range_rate_m_s == 0.0 && bias.magnitude == 0.0));
        let bad = BiasConfig { range_m: -1.0, magnitude: f64::NAN, ..config };
        assert_eq!(bad.faults().into_iter().map(|(field, _)| field).collect::<Vec<_>>(), ["range_m", "magnitude"]);
    }
}
