//! Jamming of telemetry or of navigation signals.

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Act, Behaviour, Memory, Needs, emitter};
use crate::astro::Vector3;
use crate::sim::distribution::Distribution;
use crate::sim::emission::{Band, Emission, Jamming};
use crate::sim::seeds::Generator;
use crate::sim::threat_class::ThreatClass;
use crate::sim::view::View;

/// Sends noise at the receiver of its target's telemetry, or at its target's GNSS receiver, all the time, and keeps its station.
///
/// Telemetry is jammed at the owner's network, far away, and so takes more power than GNSS at close range. Which of the two it
/// is, is drawn once an episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DownlinkJamming {
    /// Chance that it is GNSS [-].
    pub gnss_chance: Distribution,
    /// Equivalent isotropically radiated power towards the network, where it is telemetry [W].
    pub downlink_eirp_w: Distribution,
    /// Equivalent isotropically radiated power towards the target, where it is GNSS [W].
    pub gnss_eirp_w: Distribution,
    /// Bandwidth over which it is spread [Hz].
    pub bandwidth_hz: Distribution,
}

impl Default for DownlinkJamming {
    /// Telemetry by a transmitter of 100 W behind a dish, GNSS by some watts.
    fn default() -> Self {
        Self {
            gnss_chance: Distribution::Fixed(0.5),
            downlink_eirp_w: Distribution::LogUniform(500.0, 10_000.0),
            gnss_eirp_w: Distribution::LogUniform(10.0, 500.0),
            bandwidth_hz: Distribution::LogUniform(3e5, 3e6),
        }
    }
}

impl Behaviour for DownlinkJamming {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let is_gnss = generator.random::<f64>() < self.gnss_chance.sample(generator);
        let [downlink_eirp_w, gnss_eirp_w] = [&self.downlink_eirp_w, &self.gnss_eirp_w].map(|of| of.sample(generator));
        let eirp_w = if is_gnss { gnss_eirp_w } else { downlink_eirp_w };
        let bandwidth_hz = self.bandwidth_hz.sample(generator);
        emitter::begin(&[f64::from(is_gnss), eirp_w, bandwidth_hz], generator)
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Vector3 {
        emitter::keep_station(view, memory, generator)
    }

    fn act(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Act {
        emitter::act(view, memory, generator, |target, [is_gnss, eirp_w, bandwidth_hz, ..]| {
            let band = if *is_gnss > 0.0 { Band::Gnss } else { Band::Downlink };
            let jamming = Jamming { band, eirp_w: *eirp_w, bandwidth_hz: *bandwidth_hz };
            Some(Emission { at: target.slot, jamming: Some(jamming), ..Emission::default() })
        })
    }

    fn class(&self, _memory: &Memory, _time_s: f64) -> ThreatClass {
        ThreatClass::DownlinkJamming
    }

    fn needs(&self) -> Needs {
        Needs { victim_bus: true, ..Needs::default() }
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("gnss_chance", self.gnss_chance.fault_outside(0.0, 1.0)),
            ("downlink_eirp_w", self.downlink_eirp_w.fault_outside(0.0, 1e12)),
            ("gnss_eirp_w", self.gnss_eirp_w.fault_outside(0.0, 1e12)),
            ("bandwidth_hz", self.bandwidth_hz.fault_outside(1.0, 1e12)),
        ]
        .into_iter()
        .filter_map(|(field, fault)| Some((field, fault?)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::super::harness::Duel;
    use super::*;

    #[test]
    fn the_band_is_drawn_by_its_chance_and_the_power_with_it() {
        let mut generator = Generator::seed_from_u64(1);
        let view = Duel::relative([0.0, -2_000.0, 0.0], [0.0; 3]).pursuer_view();
        let jammer = DownlinkJamming { gnss_chance: Distribution::Fixed(0.25), ..DownlinkJamming::default() };
        let mut gnss = 0;
        for _ in 0..1_000 {
            let mut memory = jammer.begin(&mut generator);
            let jamming = jammer.act(&view, &mut memory, &mut generator).emission.jamming.expect("it jams");
            gnss += i32::from(jamming.band == Band::Gnss);
            assert_eq!(jamming.band == Band::Gnss, jamming.eirp_w < 500.0, "{jamming:?}");
        }
        // Five standard deviations of 1,000 draws.
        assert!((gnss - 250).abs() < 69, "{gnss}");
    }
}
