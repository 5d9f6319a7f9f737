//! How a spacecraft learns of the others, as a scenario writes it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sim::distribution::Distribution;
use crate::sim::sensors::bias::BiasConfig;
use crate::sim::sensors::signature::{Emitter, Signature};
use crate::sim::sensors::{Sensor, SensorConfig, faults_outside};
use crate::sim::tracks::config::TrackingConfig;

/// How a spacecraft learns of the others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum SensingConfig {
    /// It sees the truth: every object, without error or delay.
    #[default]
    Perfect,
    /// It knows what its sensors measured, as tracks.
    Sensors(SensorsConfig),
}

impl SensingConfig {
    /// The sensors; `None` where the truth is seen.
    #[must_use]
    pub fn sensors(&self) -> Option<&SensorsConfig> {
        match self {
            Self::Perfect => None,
            Self::Sensors(sensors) => Some(sensors),
        }
    }

    /// Whether the truth is seen.
    #[must_use]
    pub fn is_perfect(&self) -> bool {
        *self == Self::Perfect
    }
}

/// Sensors on board, and the tracks made from what they measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SensorsConfig {
    /// The sensors, one or more. Each looks at every other spacecraft once a segment, at its end, in this order.
    pub sensors: Vec<SensorConfig>,
    /// Probability that a look of a sensor is lost, whatever there is to see [-]: faults, interference, other tasks.
    #[serde(default)]
    pub dropout_probability: f64,
    /// What each sensor is off by for a whole episode; nothing when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bias: Option<BiasConfig>,
    /// What is known when an episode begins.
    #[serde(default)]
    pub start: TrackStart,
    /// How tracks are begun, moved, gated and dropped.
    #[serde(default)]
    pub tracking: TrackingConfig,
}

/// What a spacecraft with sensors knows when an episode begins.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum TrackStart {
    /// A track of every object, as from a catalogue that surveillance from the ground keeps: the true state with a Gaussian error,
    /// alike on the three axes, of which the track knows the size. A track that is lost later begins anew from a measurement.
    Catalogue {
        /// One standard deviation of the position on each axis [m].
        position_sigma_m: f64,
        /// One standard deviation of the velocity on each axis [m/s].
        velocity_sigma_m_s: f64,
    },
    /// Nothing but what a first look at the start of the episode shows.
    FirstMeasurement,
}

impl Default for TrackStart {
    /// A kilometre and a metre a second: the order of a two-line element set's error in low orbit.
    /// Source: Flohrer, Krag and Klinkrad, Assessment and categorization of TLE orbit errors for the US SSN catalogue, AMOS 2008.
    fn default() -> Self {
        Self::Catalogue { position_sigma_m: 1_000.0, velocity_sigma_m_s: 1.0 }
    }
}

impl SensorsConfig {
    /// Each fault of the parameters, as (field, what is wrong): a sensor's field stands behind `sensors.` and its index.
    #[must_use]
    pub fn faults(&self) -> Vec<(String, String)> {
        let own =
            |faults: Vec<(&'static str, String)>| faults.into_iter().map(|(field, fault)| (field.to_owned(), fault));
        let mut faults: Vec<(String, String)> = Vec::new();
        if self.sensors.is_empty() {
            faults.push(("sensors".to_owned(), "the list is empty: nothing would ever be seen".to_owned()));
        }
        for (index, sensor) in self.sensors.iter().enumerate() {
            let of_sensor = sensor.faults().into_iter();
            faults.extend(of_sensor.map(|(field, fault)| (format!("sensors.{index}.{field}"), fault)));
        }
        faults.extend(own(faults_outside(&[("dropout_probability", self.dropout_probability, 0.0, 1.0)])));
        let of_bias = self.bias.iter().flat_map(BiasConfig::faults);
        faults.extend(of_bias.map(|(field, fault)| (format!("bias.{field}"), fault)));
        if let TrackStart::Catalogue { position_sigma_m, velocity_sigma_m_s } = self.start {
            faults.extend(own(faults_outside(&[
                ("start.position_sigma_m", position_sigma_m, 1e-3, 1e7),
                ("start.velocity_sigma_m_s", velocity_sigma_m_s, 1e-6, 1e4),
            ])));
        }
        faults.extend(own(self.tracking.faults()).map(|(field, fault)| (format!("tracking.{field}"), fault)));
        faults
    }
}

/// How a spacecraft looks to the sensors of others; each number is drawn once an episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SignatureConfig {
    /// Mean radar cross-section, the same from all sides [m²].
    pub radar_cross_section_m2: Distribution,
    /// Visual magnitude at 1000 km and a phase angle of 90° [-]; greater is fainter. A diffuse sphere of a metre across and albedo 0.2
    /// has about 8.2.
    pub standard_magnitude: Distribution,
    /// Its transmitter; without one it is silent.
    pub emitter: Option<EmitterConfig>,
}

/// A transmitter that radiates alike to all sides, one steady tone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmitterConfig {
    /// Equivalent isotropically radiated power [W].
    pub eirp_w: Distribution,
    /// Frequency, known to the receiver [Hz].
    pub frequency_hz: Distribution,
}

impl Default for SignatureConfig {
    /// That of [`Signature`]: about a square metre, silent.
    fn default() -> Self {
        let Signature { radar_cross_section_m2, standard_magnitude, .. } = Signature::default();
        Self {
            radar_cross_section_m2: Distribution::Fixed(radar_cross_section_m2),
            standard_magnitude: Distribution::Fixed(standard_magnitude),
            emitter: None,
        }
    }
}

impl SignatureConfig {
    /// The signature of one episode.
    pub fn sample(&self, generator: &mut crate::sim::seeds::Generator) -> Signature {
        Signature {
            radar_cross_section_m2: self.radar_cross_section_m2.sample(generator),
            standard_magnitude: self.standard_magnitude.sample(generator),
            emitter: self.emitter.as_ref().map(|emitter| Emitter {
                eirp_w: emitter.eirp_w.sample(generator),
                frequency_hz: emitter.frequency_hz.sample(generator),
            }),
        }
    }

    /// Whether nothing of it was set.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::sensors::radar::Radar;

    #[test]
    fn faults_are_told_by_their_place() {
        let sound = SensorsConfig {
            sensors: vec![SensorConfig::Radar(Radar::default())],
            dropout_probability: 0.0,
            bias: None,
            start: TrackStart::default(),
            tracking: TrackingConfig::default(),
        };
        assert_eq!(sound.faults(), vec![]);
        let mut bad = sound.clone();
        bad.sensors.push(SensorConfig::Radar(Radar { range_floor_m: -1.0, ..Radar::default() }));
        bad.dropout_probability = 1.5;
        bad.bias = Some(BiasConfig { range_m: f64::INFINITY, ..BiasConfig::default() });
        bad.start = TrackStart::Catalogue { position_sigma_m: -1.0, velocity_sigma_m_s: 1.0 };
        bad.tracking.coast_s = f64::NAN;
        let fields: Vec<String> = bad.faults().into_iter().map(|(field, _)| field).collect();
        let expected = [
            "sensors.1.range_floor_m",
            "dropout_probability",
            "bias.range_m",
            "start.position_sigma_m",
            "tracking.coast_s",
        ];
        assert_eq!(fields, expected);
        assert_eq!(SensorsConfig { sensors: Vec::new(), ..sound }.faults().len(), 1);
    }
}
