//! Sensors: what a spacecraft measures of another, one file each, one line of registration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::seeds::Generator;

pub mod bias;
pub mod field_of_view;
pub mod measurement;
pub mod scene;
pub mod signature;

use measurement::Measurement;
use scene::Scene;

/// How a sensor turns what is there into a measurement. Implementations are pure but for `generator`.
pub trait Sensor {
    /// One look at the target of `scene`; `None` where it is not detected.
    fn observe(&self, scene: &Scene, generator: &mut Generator) -> Option<Measurement>;

    /// Each fault of the parameters, as (field, what is wrong).
    fn faults(&self) -> Vec<(&'static str, String)>;
}

/// Registers the sensors: `Name => module, "name";`. The order is part of the contract.
macro_rules! sensors {
    ($($(#[$doc:meta])* $name:ident => $module:ident, $snake:literal;)*) => {
        $(pub mod $module;)*

        /// A sensor with its parameters, as a scenario writes it.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub enum SensorConfig {
            $($(#[$doc])* $name($module::$name),)*
        }

        /// What a measurement was made by.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum SensorKind {
            $($(#[$doc])* $name,)*
        }

        impl SensorConfig {
            /// The name in `snake_case`, as tables and the command line use it.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => $snake,)* }
            }

            /// The kind of its measurements.
            #[must_use]
            pub fn kind(&self) -> SensorKind {
                match self { $(Self::$name(_) => SensorKind::$name,)* }
            }

            fn sensor(&self) -> &dyn Sensor {
                match self { $(Self::$name(sensor) => sensor,)* }
            }
        }

        /// Every sensor with its default parameters, in order.
        #[must_use]
        pub fn registry() -> Vec<SensorConfig> {
            vec![$(SensorConfig::$name($module::$name::default()),)*]
        }
    };
}

sensors! {
    /// Radar: range, range rate and two angles, detected as a Swerling-1 target.
    Radar => radar, "radar";
    /// Telescope: two angles of a target that the Sun lights.
    Optical => optical, "optical";
    /// Radio receiver: bearing and range rate of a target that transmits.
    Rf => rf, "rf";
}

impl Sensor for SensorConfig {
    fn observe(&self, scene: &Scene, generator: &mut Generator) -> Option<Measurement> {
        self.sensor().observe(scene, generator)
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        self.sensor().faults()
    }
}

/// What is wrong with a parameter that must lie between `low` and `high`; `None` where it does.
pub(in crate::sim) fn fault_outside(value: f64, low: f64, high: f64) -> Option<String> {
    if !value.is_finite() {
        Some(format!("{value} is not a finite number"))
    } else if value < low {
        Some(format!("{value} is below {low}"))
    } else if value > high {
        Some(format!("{value} is above {high}"))
    } else {
        None
    }
}

/// The faults of parameters, each with its least and greatest sound value.
pub(in crate::sim) fn faults_outside(parameters: &[(&'static str, f64, f64, f64)]) -> Vec<(&'static str, String)> {
    parameters
        .iter()
        .filter_map(|(field, value, low, high)| Some((*field, fault_outside(*value, *low, *high)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng;

    use super::scene::Scene;
    use super::*;
    use crate::astro::Vector3;

    #[test]
    fn every_sensor_has_its_own_name_sound_defaults_and_sees_something_near() {
        let scene = Scene {
            position_rtn_m: Vector3::new(300.0, 2_000.0, 500.0),
            velocity_rtn_m_s: Vector3::new(0.1, 1.0, -0.2),
            ..Scene::bright()
        };
        let mut names = BTreeSet::new();
        for sensor in registry() {
            assert!(names.insert(sensor.name()), "{} twice", sensor.name());
            assert_eq!(sensor.faults(), vec![], "{}", sensor.name());
            let mut generator = Generator::seed_from_u64(1);
            let seen = (0..100).filter_map(|_| sensor.observe(&scene, &mut generator)).collect::<Vec<_>>();
            assert!(seen.len() > 90, "{} saw {} of 100", sensor.name(), seen.len());
            assert!(seen.iter().all(|measurement| measurement.kind == sensor.kind() && measurement.is_finite()));
            let nowhere = Scene { position_rtn_m: Vector3::zeros(), ..scene };
            assert_eq!(sensor.observe(&nowhere, &mut generator), None, "{} at no distance", sensor.name());
            let hidden = Scene { behind_earth: true, ..scene };
            assert_eq!(sensor.observe(&hidden, &mut generator), None, "{} through the Earth", sensor.name());
        }
    }

    #[test]
    fn an_unknown_sensor_or_field_is_refused_with_what_is_expected() {
        let refused = ron::from_str::<SensorConfig>("Sonar(())").expect_err("there is none").to_string();
        assert!(refused.contains("Sonar") && refused.contains("Radar"), "{refused}");
        let refused = ron::from_str::<SensorConfig>("Radar((colour: 1.0))").expect_err("none").to_string();
        assert!(refused.contains("colour"), "{refused}");
        let read = ron::from_str::<SensorConfig>("Radar((max_range_m: 4e4))").expect("sound");
        assert_eq!(read.name(), "radar");
    }
}
