//! How an object looks to sensors.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an object reflects and emits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Signature {
    /// Mean radar cross-section, the same from all sides [m²].
    pub radar_cross_section_m2: f64,
    /// Visual magnitude at 1000 km and a phase angle of 90° [-]; greater is fainter.
    pub standard_magnitude: f64,
    /// Its transmitter; `None` while it is silent.
    pub emitter: Option<Emitter>,
}

impl Default for Signature {
    /// A spacecraft of about a square metre, silent.
    fn default() -> Self {
        Self { radar_cross_section_m2: 1.0, standard_magnitude: 6.0, emitter: None }
    }
}

/// A transmitter that radiates alike to all sides, one steady tone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Emitter {
    /// Equivalent isotropically radiated power [W].
    pub eirp_w: f64,
    /// Frequency, known to the receiver [Hz].
    pub frequency_hz: f64,
}

impl Signature {
    /// Each fault of the parameters, as (field, what is wrong).
    #[must_use]
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = super::faults_outside(&[
            ("radar_cross_section_m2", self.radar_cross_section_m2, 0.0, 1e6),
            ("standard_magnitude", self.standard_magnitude, -30.0, 60.0),
        ]);
        if let Some(Emitter { eirp_w, frequency_hz }) = self.emitter {
            faults.extend(super::faults_outside(&[
                ("emitter.eirp_w", eirp_w, 0.0, 1e9),
                ("emitter.frequency_hz", frequency_hz, 1e6, 1e12),
            ]));
        }
        faults
    }
}
