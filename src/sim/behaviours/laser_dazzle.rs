//! Dazzling by laser.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Act, Behaviour, Memory, Needs, emitter};
use crate::astro::Vector3;
use crate::astro::constants::EARTH_RADIUS_M;
use crate::astro::events::visibility::line_of_sight_clearance_m;
use crate::astro::rtn::RtnFrame;
use crate::sim::distribution::Distribution;
use crate::sim::emission::{Emission, Laser};
use crate::sim::seeds::Generator;
use crate::sim::threat_class::ThreatClass;
use crate::sim::view::{Track, View};

/// Shines a laser at its target while it sees it, a share of each period, and keeps its station.
///
/// The target's focal plane is blinded only while the laser is within its field of view; its skin is warmed in any case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LaserDazzle {
    /// Power [W].
    pub power_w: Distribution,
    /// Full angle of the beam at 1/e² [rad].
    pub divergence_rad: Distribution,
    /// Wavelength [m].
    pub wavelength_m: Distribution,
    /// Period of shining and resting [s].
    pub period_s: Distribution,
    /// Share of the period in which it shines, from its beginning on [-].
    pub duty: Distribution,
}

impl Default for LaserDazzle {
    /// A solid-state laser behind a telescope of some centimetres.
    fn default() -> Self {
        Self {
            power_w: Distribution::LogUniform(100.0, 3_000.0),
            divergence_rad: Distribution::LogUniform(1e-5, 5e-5),
            wavelength_m: Distribution::Choice(vec![532e-9, 1_064e-9]),
            period_s: Distribution::Uniform(120.0, 600.0),
            duty: Distribution::Uniform(0.3, 0.9),
        }
    }
}

/// Whether the Earth leaves the target in sight; in the relative tier there is none.
fn sees(view: &View, target: &Track) -> bool {
    if view.relative_tier {
        return true;
    }
    let own = &view.own.state;
    let target_m = own.position_m + RtnFrame::of(own).to_gcrf(&target.position_rtn_m);
    line_of_sight_clearance_m(&own.position_m, &target_m, EARTH_RADIUS_M) >= 0.0
}

impl Behaviour for LaserDazzle {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let fields = [&self.power_w, &self.divergence_rad, &self.wavelength_m, &self.period_s, &self.duty];
        // And when it began [s], counted from 1 so that 0 says not yet.
        emitter::begin(&fields.map(|of| of.sample(generator)), generator)
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Vector3 {
        emitter::keep_station(view, memory, generator)
    }

    fn act(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Act {
        emitter::act(view, memory, generator, |target, numbers| {
            let [power_w, divergence_rad, wavelength_m, period_s, duty, began_s, ..] = numbers;
            if *began_s == 0.0 {
                *began_s = 1.0 + view.time_s;
            }
            let since_s = view.time_s + 1.0 - *began_s;
            let shines = (since_s / *period_s).rem_euclid(1.0) < *duty;
            let laser = Laser { power_w: *power_w, divergence_rad: *divergence_rad, wavelength_m: *wavelength_m };
            let emission = Emission { at: target.slot, laser: Some(laser), ..Emission::default() };
            (shines && sees(view, target)).then_some(emission)
        })
    }

    fn class(&self, _memory: &Memory, _time_s: f64) -> ThreatClass {
        ThreatClass::LaserDazzle
    }

    fn needs(&self) -> Needs {
        Needs { victim_bus: true, ..Needs::default() }
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("power_w", self.power_w.fault_outside(0.0, 1e12)),
            ("divergence_rad", self.divergence_rad.fault_outside(1e-9, 1.0)),
            ("wavelength_m", self.wavelength_m.fault_outside(1e-8, 1e-3)),
            ("period_s", self.period_s.fault_outside(1e-3, 1e9)),
            ("duty", self.duty.fault_outside(0.0, 1.0)),
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
    fn shines_its_share_of_each_period() {
        let mut generator = Generator::seed_from_u64(1);
        let laser = LaserDazzle {
            period_s: Distribution::Fixed(100.0),
            duty: Distribution::Fixed(0.25),
            ..LaserDazzle::default()
        };
        assert!(laser.faults().is_empty() && laser.needs().victim_bus);
        let mut memory = laser.begin(&mut generator);
        let mut view = Duel::relative([0.0, -2_000.0, 0.0], [0.0; 3]).pursuer_view();
        for segment in 0..40 {
            // It begins at 700 s; periods count from there.
            view.time_s = 700.0 + 10.0 * f64::from(segment);
            let act = laser.act(&view, &mut memory, &mut generator);
            assert_eq!(act.emission.laser.is_some(), segment % 10 < 3, "segment {segment}");
        }
    }

    #[test]
    fn is_silent_while_the_earth_is_between() {
        let mut generator = Generator::seed_from_u64(1);
        let laser = LaserDazzle { duty: Distribution::Fixed(1.0), ..LaserDazzle::default() };
        let mut view = Duel::relative([0.0, -2_000.0, 0.0], [0.0; 3]).pursuer_view();
        view.relative_tier = false;
        view.own.state.position_m = Vector3::new(7e6, 0.0, 0.0);
        view.own.state.velocity_m_s = Vector3::new(0.0, 7.5e3, 0.0);
        // At 7000 km two lose sight of each other at 48.7°.
        for (apart_rad, shines) in [(0.01, true), (0.84, true), (0.86, false), (3.0, false)] {
            let (sine, cosine) = libm::sincos(apart_rad);
            view.tracks[0].position_rtn_m = Vector3::new(7e6 * (cosine - 1.0), 7e6 * sine, 0.0);
            let mut memory = laser.begin(&mut generator);
            let act = laser.act(&view, &mut memory, &mut generator);
            assert_eq!(act.emission.laser.is_some(), shines, "{apart_rad} rad");
        }
    }
}
