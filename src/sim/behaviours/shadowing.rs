//! A shadow that holds a station beside its target.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::relative_orbit::{RelativeOrbit, approach, largest_m, pay_off};
use super::{Behaviour, Memory};
use crate::astro::Vector3;
use crate::astro::relative_elements::RelativeElements;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::threat_class::ThreatClass;
use crate::sim::view::View;

/// Moves to a co-planar station on the target's track, holds it, and answers the target's burns with its own after a lag.
///
/// The station lies at a drawn distance on that side of the target on which it began, on the target's orbit but for a small
/// ellipse in the plane. The separation along the track tends to the station's exponentially, δa in proportion to what is
/// left. Being off by more than the dead band (in δa, along the track, in the eccentricity or the inclination vector) raises an
/// alarm, be it by its own approach, by perturbations, or at once by a burn of the target; a lag after the alarm it hops back by
/// two impulses (Vallado, 4th ed., algorithm 48). A burn of the target during a hop is an alarm as well. The dead band widens by
/// one percent of the separation, by as much as J2 moves osculating elements apart. Without a target it coasts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Shadowing {
    /// Distance of the station along the track [m].
    pub station_m: Distribution,
    /// Radial semi-axis of the ellipse about the station [m].
    pub radial_m: Distribution,
    /// Time from seeing that it is off to its own burn [s].
    pub lag_s: Distribution,
    /// Revolutions in which what is left along the track falls to a twentieth [-].
    pub approach_orbits: Distribution,
    /// How far off it may be before it acts [m].
    pub dead_band_m: Distribution,
    /// Distance from the target that is kept [m].
    pub keep_out_m: Distribution,
}

impl Default for Shadowing {
    fn default() -> Self {
        Self {
            station_m: Distribution::LogUniform(1_000.0, 50_000.0),
            radial_m: Distribution::Uniform(0.0, 100.0),
            lag_s: Distribution::Uniform(30.0, 600.0),
            approach_orbits: Distribution::Uniform(1.0, 3.0),
            dead_band_m: Distribution::Uniform(100.0, 300.0),
            keep_out_m: Distribution::Uniform(200.0, 500.0),
        }
    }
}

/// What the dead band widens by, as a share of the separation: the osculating axis swings by some ±9 km sin²i cos 2u under
/// J2, so that between two places ρ apart it differs by up to 18 km ρ/a, 0.26 % of ρ, which counts threefold.
const DEAD_BAND_SHARE: f64 = 0.01;
/// An arrival that costs more than it was planned for by this factor, and this much [m/s], finds the target gone.
const SURPRISE_FACTOR: f64 = 1.5;
const SURPRISE_M_S: f64 = 0.05;

// Places in the scratch memory, after the Δv that is owed.
/// When the hop in hand arrives [s]; zero without one.
const ARRIVAL: usize = 3;
/// Separation along the track at the beginning [m].
const START: usize = 4;
/// When that was, plus one [s]; zero before the beginning.
const BEGUN: usize = 5;
/// When it was found to be off, plus one [s]; zero while it is not.
const ALARM: usize = 6;
/// What the arrival of the hop in hand is planned to cost [m/s].
const PLANNED: usize = 7;

/// The orbit that is wanted `after_s` from now.
fn wanted(view: &View, orbit: &RelativeOrbit, memory: &Memory, after_s: f64) -> RelativeElements {
    let [station_m, radial_m, _, approach_orbits, ..] = memory.parameters;
    let start_m = memory.scratch[START];
    let since_s = view.time_s + 1.0 - memory.scratch[BEGUN] + after_s;
    let (along_track_m, axis_m) = approach(orbit, start_m, station_m.copysign(start_m), since_s, approach_orbits);
    // The phase of the small ellipse is free: the one that is.
    let [e_x, e_y] = orbit.elements.eccentricity_m;
    let (sine, cosine) = libm::sincos(libm::atan2(e_y, e_x));
    let eccentricity_m = [radial_m * cosine, radial_m * sine];
    RelativeElements { axis_m, along_track_m, eccentricity_m, inclination_m: [0.0; 2] }
}

impl Behaviour for Shadowing {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.station_m.sample(generator);
        memory.parameters[1] = self.radial_m.sample(generator);
        memory.parameters[2] = self.lag_s.sample(generator);
        memory.parameters[3] = self.approach_orbits.sample(generator);
        memory.parameters[4] = self.dead_band_m.sample(generator);
        memory.parameters[5] = self.keep_out_m.sample(generator);
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        let [_, _, lag_s, _, dead_band_m, keep_out_m, ..] = memory.parameters;
        let Some(target) = view.target() else { return Vector3::zeros() };
        let Some(orbit) = RelativeOrbit::of(view, target) else { return Vector3::zeros() };
        if memory.scratch[BEGUN] == 0.0 {
            memory.scratch[BEGUN] = view.time_s + 1.0;
            memory.scratch[START] = orbit.elements.along_track_m;
        }
        if memory.scratch[..3].iter().any(|owed| *owed != 0.0) {
            return pay_off(view, &mut memory.scratch);
        }
        let now = wanted(view, &orbit, memory, 0.0);
        if memory.scratch[ARRIVAL] > 0.0 {
            let stop_m_s = -orbit.velocity_error_m_s(&now);
            // Half of the burn comes before the arrival.
            let lead_s = 0.5 * stop_m_s.norm() / view.own.max_acceleration_m_s2.max(f64::MIN_POSITIVE);
            if view.time_s + lead_s >= memory.scratch[ARRIVAL] {
                if stop_m_s.norm() <= SURPRISE_FACTOR * memory.scratch[PLANNED] + SURPRISE_M_S {
                    memory.scratch[..3].copy_from_slice(stop_m_s.as_slice());
                }
                memory.scratch[ARRIVAL] = 0.0;
            }
            return pay_off(view, &mut memory.scratch);
        }
        let tolerated_m = dead_band_m + DEAD_BAND_SHARE * orbit.elements.along_track_m.abs() + target.noise_m();
        let is_off = largest_m(&orbit.deviation(&now)) > tolerated_m;
        if !is_off {
            memory.scratch[ALARM] = 0.0;
        } else if memory.scratch[ALARM] == 0.0 {
            memory.scratch[ALARM] = view.time_s + 1.0;
        }
        if is_off && view.time_s + 1.0 >= memory.scratch[ALARM] + lag_s {
            let goal = |after_s| wanted(view, &orbit, memory, after_s);
            let hop = orbit.hop(goal, keep_out_m, view.own.max_acceleration_m_s2, view.own.delta_v_left_m_s);
            if let Some(hop) = hop {
                memory.scratch[..3].copy_from_slice(hop.departure_rtn_m_s.as_slice());
                memory.scratch[ARRIVAL] = view.time_s + hop.duration_s;
                memory.scratch[PLANNED] = hop.arrival_m_s;
            }
            memory.scratch[ALARM] = 0.0;
        }
        pay_off(view, &mut memory.scratch)
    }

    fn class(&self, _memory: &Memory, _time_s: f64) -> ThreatClass {
        ThreatClass::Shadowing
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("station_m", self.station_m.fault_outside(f64::MIN_POSITIVE, f64::INFINITY)),
            ("radial_m", self.radial_m.fault_outside(0.0, f64::INFINITY)),
            ("lag_s", self.lag_s.fault_outside(0.0, f64::INFINITY)),
            ("approach_orbits", self.approach_orbits.fault_outside(0.1, f64::INFINITY)),
            ("dead_band_m", self.dead_band_m.fault_outside(f64::MIN_POSITIVE, f64::INFINITY)),
            ("keep_out_m", self.keep_out_m.fault_outside(0.0, f64::INFINITY)),
        ]
        .into_iter()
        .filter_map(|(field, fault)| Some((field, fault?)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ballistic::Ballistic;
    use super::super::harness::Duel;
    use super::*;

    /// Burns along T at 0.005 m/s² from 60,000 s on for 100 s: 0.5 m/s.
    struct Mover;

    impl Behaviour for Mover {
        fn begin(&self, _generator: &mut Generator) -> Memory {
            Memory::default()
        }

        fn accelerate(&self, view: &View, _memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
            let burns = (60_000.0..60_100.0).contains(&view.time_s);
            if burns { Vector3::new(0.0, 0.005, 0.0) } else { Vector3::zeros() }
        }

        fn faults(&self) -> Vec<(&'static str, String)> {
            Vec::new()
        }
    }

    fn at_8_km() -> Shadowing {
        Shadowing {
            station_m: Distribution::Fixed(8_000.0),
            lag_s: Distribution::Fixed(300.0),
            approach_orbits: Distribution::Fixed(2.0),
            ..Shadowing::default()
        }
    }

    /// Greatest distance from the station in 50,000 to 60,000 s and after 80,000 s [m]; first burn after 60,000 s [s];
    /// Δv before and after 60,000 s [m/s].
    fn day(duel: Duel, target: &dyn Behaviour, seed: u64) -> ([f64; 2], f64, [f64; 2]) {
        let (mut off_m, mut first_s, mut spent_m_s) = ([0.0_f64; 2], f64::INFINITY, [0.0; 2]);
        let side = -duel.pursuer_view().target().expect("one track").position_rtn_m.y.signum();
        duel.quiet_day().play_watched(&at_8_km(), target, seed, |duel| {
            let view = duel.pursuer_view();
            let orbit = RelativeOrbit::of(&view, view.target().expect("one track")).expect("ellipses");
            let now_m = (orbit.elements.along_track_m - side * 8_000.0).abs();
            if (50_000.0..60_000.0).contains(&view.time_s) {
                off_m[0] = off_m[0].max(now_m);
            } else if view.time_s > 80_000.0 {
                off_m[1] = off_m[1].max(now_m);
            }
            let all_m_s = view.own.delta_v_spent_m_s;
            if view.time_s < 60_000.0 {
                spent_m_s[0] = all_m_s;
            } else {
                // A command is flown before it is watched.
                if all_m_s > spent_m_s[0] + spent_m_s[1] {
                    first_s = first_s.min(view.time_s - duel.segment_s);
                }
                spent_m_s[1] = all_m_s - spent_m_s[0];
            }
        });
        (off_m, first_s, spent_m_s)
    }

    #[test]
    fn holds_its_station_and_answers_after_the_lag() {
        for seed in 0..4 {
            for (duel, name) in [
                (Duel::relative([0.0, -20_000.0, 0.0], [0.0; 3]), "Clohessy-Wiltshire"),
                (Duel::two_body([100.0, 3_000.0, -300.0], [0.1, 0.0, 0.0]), "two-body"),
            ] {
                let (off_m, first_s, spent_m_s) = day(duel, &Mover, seed);
                // The dead band of up to 300 m, and 80 m of the separation; half as much again for the lag.
                assert!(off_m[0] < 600.0 && off_m[1] < 600.0, "{name} {seed}: {off_m:?} m");
                assert!((60_300.0..61_500.0).contains(&first_s), "{name} {seed}: {first_s} s");
                assert!(spent_m_s[0] < 8.0, "{name} {seed}: {spent_m_s:?} m/s");
                assert!((0.3..2.5).contains(&spent_m_s[1]), "{name} {seed}: {spent_m_s:?} m/s");
                let (off_m, _, spent_m_s) = day(duel, &Ballistic {}, seed);
                assert!(off_m[1] < 600.0, "{name} {seed}: {off_m:?} m");
                assert!(spent_m_s[1] < 0.1, "{name} {seed}: {spent_m_s:?} m/s though the target did not burn");
            }
        }
    }

    #[test]
    fn noise_does_not_shake_it() {
        for seed in 0..4 {
            let duel = Duel::two_body([0.0, -10_000.0, 0.0], [0.0; 3]).with_noise(5.0, 0.005);
            let (off_m, _, spent_m_s) = day(duel, &Ballistic {}, seed);
            assert!(off_m[0] < 900.0 && off_m[1] < 900.0, "{seed}: {off_m:?} m");
            assert!(spent_m_s[1] < 0.5, "{seed}: {spent_m_s:?} m/s");
        }
    }
}
