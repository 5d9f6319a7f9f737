//! Jamming of commands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Act, Behaviour, Memory, Needs, emitter};
use crate::astro::Vector3;
use crate::sim::distribution::Distribution;
use crate::sim::emission::{Band, Emission, Jamming};
use crate::sim::seeds::Generator;
use crate::sim::threat_class::ThreatClass;
use crate::sim::view::View;

/// Sends noise at its target's command receiver, all the time, and keeps its station.
///
/// What that does follows from range, the target's antenna and its processing gain: see [`bus::links`](crate::sim::bus::links).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UplinkJamming {
    /// Equivalent isotropically radiated power towards the target [W].
    pub eirp_w: Distribution,
    /// Bandwidth over which it is spread [Hz].
    pub bandwidth_hz: Distribution,
}

impl Default for UplinkJamming {
    /// A transmitter of some watts behind a small dish.
    fn default() -> Self {
        Self { eirp_w: Distribution::LogUniform(10.0, 500.0), bandwidth_hz: Distribution::LogUniform(3e5, 3e6) }
    }
}

impl Behaviour for UplinkJamming {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let numbers = [&self.eirp_w, &self.bandwidth_hz].map(|of| of.sample(generator));
        emitter::begin(&numbers, generator)
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Vector3 {
        emitter::keep_station(view, memory, generator)
    }

    fn act(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Act {
        emitter::act(view, memory, generator, |target, [eirp_w, bandwidth_hz, ..]| {
            let jamming = Jamming { band: Band::Uplink, eirp_w: *eirp_w, bandwidth_hz: *bandwidth_hz };
            Some(Emission { at: target.slot, jamming: Some(jamming), ..Emission::default() })
        })
    }

    fn class(&self, _memory: &Memory, _time_s: f64) -> ThreatClass {
        ThreatClass::UplinkJamming
    }

    fn needs(&self) -> Needs {
        Needs { victim_bus: true, ..Needs::default() }
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("eirp_w", self.eirp_w.fault_outside(0.0, 1e12)),
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
    fn jams_its_target_while_there_is_one() {
        let mut generator = Generator::seed_from_u64(1);
        let jammer = UplinkJamming::default();
        assert!(jammer.faults().is_empty() && jammer.needs().victim_bus && !jammer.needs().thrust);
        let mut memory = jammer.begin(&mut generator);
        let mut view = Duel::relative([0.0, -2_000.0, 0.0], [0.0; 3]).pursuer_view();
        let act = jammer.act(&view, &mut memory, &mut generator);
        let jamming = act.emission.jamming.expect("it jams");
        assert_eq!((act.emission.at, jamming.band), (view.target().expect("one").slot, Band::Uplink));
        assert!((10.0..=500.0).contains(&jamming.eirp_w) && (3e5..=3e6).contains(&jamming.bandwidth_hz));
        view.tracks.iter_mut().for_each(|track| track.team = 0);
        assert!(jammer.act(&view, &mut memory, &mut generator).emission.is_silent(), "there is nobody to jam");
    }
}
