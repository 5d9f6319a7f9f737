//! An inspector on a bounded relative ellipse.

use rand::RngExt;
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

/// Drifts up to its target and circles it on a 2:1 ellipse, the Sun at its back.
///
/// The ellipse: δa = 0, centred on the target, relative eccentricity and inclination vectors parallel (so that radial and normal
/// distance never vanish together: a safety ellipse even while it is still drifting along the track; D'Amico and Montenbruck,
/// JGCD 29, 2006, section III). With the eccentricity vector pointing away from the Sun it is at x = a δe cos θ, y = -2 a δe sin θ, θ being
/// the angle from the Sun to the target's zenith, and the Sun at (cos θ, -sin θ): always on its side. The
/// approach is a spiral: the separation along the track decays exponentially, δa in proportion to it.
/// The ellipse is made and kept by hops of two impulses (Vallado, 4th ed., algorithm 48), looked at
/// a few times a revolution; the size varies a little from look to look, to see more of the target. An ellipse
/// smaller than two and a half times the keep-out distance is widened to that. Without a target it coasts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Inspection {
    /// Radial semi-axis of the ellipse [m]; that along the track is twice as long.
    pub size_m: Distribution,
    /// Amplitude across the track, as a share of the size [-].
    pub cross_track_ratio: Distribution,
    /// Angle by which the ellipse's phase is off the Sun's [rad].
    pub sun_offset_rad: Distribution,
    /// Distance from the target that is kept [m].
    pub keep_out_m: Distribution,
    /// Revolutions in which the separation along the track falls to a twentieth [-].
    pub approach_orbits: Distribution,
    /// Time from a look to the next, in revolutions [-].
    pub interval_orbits: Distribution,
    /// How much the size varies, as a share of it [-].
    pub variation: Distribution,
    /// How far off the ellipse it may be before it corrects, as a share of the size [-].
    pub dead_band: Distribution,
}

impl Default for Inspection {
    fn default() -> Self {
        Self {
            size_m: Distribution::LogUniform(100.0, 2_000.0),
            cross_track_ratio: Distribution::Uniform(0.3, 1.0),
            sun_offset_rad: Distribution::Normal(0.0, 0.2),
            keep_out_m: Distribution::LogUniform(30.0, 200.0),
            approach_orbits: Distribution::Uniform(1.5, 4.0),
            interval_orbits: Distribution::Uniform(0.15, 0.4),
            variation: Distribution::Uniform(0.05, 0.15),
            dead_band: Distribution::Uniform(0.03, 0.06),
        }
    }
}

/// Least semi-axis of the ellipse and amplitude across it, as multiples of the keep-out distance.
const KEEP_OUT_MARGIN: f64 = 2.5;
/// Least duration of the approach, in revolutions: a faster one offsets the ellipse radially by so much that it no longer clears the target.
const SHORTEST_APPROACH_ORBITS: f64 = 1.5;

// Places in the scratch memory, after the Δv that is owed.
/// When the hop in hand arrives [s]; zero without one.
const ARRIVAL: usize = 3;
/// When it looks next [s].
const LOOK: usize = 4;
/// Separation along the track at the beginning [m].
const START: usize = 5;
/// When that was, plus one [s]; zero before the beginning.
const BEGUN: usize = 6;
/// Size in force, as a multiple of the drawn one, less one.
const SIZE: usize = 7;

/// The ellipse that is wanted `after_s` from now.
fn wanted(view: &View, orbit: &RelativeOrbit, memory: &Memory, after_s: f64) -> RelativeElements {
    let [size_m, ratio, sun_offset_rad, keep_out_m, approach_orbits, ..] = memory.parameters;
    let since_s = view.time_s + 1.0 - memory.scratch[BEGUN] + after_s;
    let (along_track_m, axis_m) = approach(orbit, memory.scratch[START], 0.0, since_s, approach_orbits);
    let least_m = KEEP_OUT_MARGIN * keep_out_m;
    let size_m = (size_m * (1.0 + memory.scratch[SIZE])).max(least_m);
    let amplitude_m = (ratio * size_m).max(least_m);
    // The Sun's argument of latitude, from own place; away from it.
    let sun = &view.own.sun_rtn;
    let angle_rad = if libm::hypot(sun.x, sun.y) > 1e-6 {
        libm::atan2(-sun.y, -sun.x) + sun_offset_rad
    } else {
        // The Sun stands on the normal, and no phase is better than another: the one that is.
        let [e_x, e_y] = orbit.elements.eccentricity_m;
        libm::atan2(e_y, e_x)
    };
    let (sine, cosine) = libm::sincos(angle_rad);
    RelativeElements {
        axis_m,
        along_track_m,
        eccentricity_m: [size_m * cosine, size_m * sine],
        inclination_m: [amplitude_m * cosine, amplitude_m * sine],
    }
}

impl Behaviour for Inspection {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.size_m.sample(generator);
        memory.parameters[1] = self.cross_track_ratio.sample(generator);
        memory.parameters[2] = self.sun_offset_rad.sample(generator);
        memory.parameters[3] = self.keep_out_m.sample(generator);
        memory.parameters[4] = self.approach_orbits.sample(generator);
        memory.parameters[5] = self.interval_orbits.sample(generator);
        memory.parameters[6] = self.variation.sample(generator);
        memory.parameters[7] = self.dead_band.sample(generator);
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Vector3 {
        let [size_m, _, _, keep_out_m, _, interval_orbits, variation, dead_band] = memory.parameters;
        let Some(target) = view.target() else { return Vector3::zeros() };
        let Some(orbit) = RelativeOrbit::of(view, target) else { return Vector3::zeros() };
        if memory.scratch[BEGUN] == 0.0 {
            memory.scratch[BEGUN] = view.time_s + 1.0;
            memory.scratch[START] = orbit.elements.along_track_m;
        }
        let is_owed = memory.scratch[..3].iter().any(|owed| *owed != 0.0);
        if !is_owed && memory.scratch[ARRIVAL] > 0.0 {
            let stop_m_s = -orbit.velocity_error_m_s(&wanted(view, &orbit, memory, 0.0));
            // Half of the burn comes before the arrival.
            let lead_s = 0.5 * stop_m_s.norm() / view.own.max_acceleration_m_s2.max(f64::MIN_POSITIVE);
            if view.time_s + lead_s >= memory.scratch[ARRIVAL] {
                memory.scratch[..3].copy_from_slice(stop_m_s.as_slice());
                memory.scratch[ARRIVAL] = 0.0;
                memory.scratch[LOOK] = view.time_s + lead_s + interval_orbits * orbit.period_s();
            }
        } else if !is_owed && view.time_s >= memory.scratch[LOOK] {
            memory.scratch[LOOK] = view.time_s + interval_orbits * orbit.period_s();
            memory.scratch[SIZE] = variation * (2.0 * generator.random::<f64>() - 1.0);
            let off_m = largest_m(&orbit.deviation(&wanted(view, &orbit, memory, 0.0)));
            if off_m > dead_band * size_m.max(KEEP_OUT_MARGIN * keep_out_m) + target.noise_m() {
                let goal = |after_s| wanted(view, &orbit, memory, after_s);
                let own = &view.own;
                let hop = orbit.hop(goal, 1.3 * keep_out_m, own.max_acceleration_m_s2, own.delta_v_left_m_s);
                if let Some(hop) = hop {
                    memory.scratch[..3].copy_from_slice(hop.departure_rtn_m_s.as_slice());
                    memory.scratch[ARRIVAL] = view.time_s + hop.duration_s;
                }
            }
        }
        pay_off(view, &mut memory.scratch)
    }

    fn class(&self, _memory: &Memory, _time_s: f64) -> ThreatClass {
        ThreatClass::Inspection
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("size_m", self.size_m.fault_outside(f64::MIN_POSITIVE, f64::INFINITY)),
            ("cross_track_ratio", self.cross_track_ratio.fault_outside(0.0, f64::INFINITY)),
            ("sun_offset_rad", self.sun_offset_rad.fault()),
            ("keep_out_m", self.keep_out_m.fault_outside(0.0, f64::INFINITY)),
            ("approach_orbits", self.approach_orbits.fault_outside(SHORTEST_APPROACH_ORBITS, f64::INFINITY)),
            ("interval_orbits", self.interval_orbits.fault_outside(0.0, f64::INFINITY)),
            ("variation", self.variation.fault_outside(0.0, 0.9)),
            ("dead_band", self.dead_band.fault_outside(0.0, f64::INFINITY)),
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

    fn of_500_m() -> Inspection {
        Inspection {
            size_m: Distribution::Fixed(500.0),
            keep_out_m: Distribution::Fixed(150.0),
            sun_offset_rad: Distribution::Fixed(0.0),
            ..Inspection::default()
        }
    }

    /// Plays a day and gives least range ever and, after 60,000 s, greatest range, greatest |δa|, mean cosine of the Sun's
    /// phase angle, Δv; then all Δv.
    fn day(duel: Duel, seed: u64) -> ([f64; 3], f64, [f64; 2]) {
        let (mut least_m, mut greatest_m, mut axis_m) = (f64::INFINITY, 0.0_f64, 0.0_f64);
        let (mut lit, mut looks, mut before_m_s, mut spent_m_s) = (0.0, 0.0, 0.0, 0.0);
        duel.quiet_day().play_watched(&of_500_m(), &Ballistic {}, seed, |duel| {
            let view = duel.pursuer_view();
            let target = view.target().expect("one track");
            let range_m = target.range_m();
            least_m = least_m.min(range_m);
            spent_m_s = view.own.delta_v_spent_m_s;
            if view.time_s < 60_000.0 {
                before_m_s = spent_m_s;
                return;
            }
            greatest_m = greatest_m.max(range_m);
            axis_m = axis_m.max(RelativeOrbit::of(&view, target).expect("ellipses").elements.axis_m.abs());
            looks += 1.0;
            // Of the angle at the target between the Sun and own ship.
            lit += -target.position_rtn_m.dot(&view.own.sun_rtn) / range_m;
        });
        ([least_m, greatest_m, axis_m], lit / looks, [spent_m_s - before_m_s, spent_m_s])
    }

    #[test]
    fn spirals_in_and_circles_with_the_sun_at_its_back() {
        for seed in 0..4 {
            for (duel, name) in [
                (Duel::relative([0.0, -20_000.0, 0.0], [0.0; 3]), "Clohessy-Wiltshire"),
                (Duel::relative([0.0, 600.0, 0.0], [0.0; 3]), "near"),
                (Duel::two_body([100.0, 15_000.0, -300.0], [0.1, 0.0, 0.0]), "two-body"),
                (Duel::two_body([0.0, -3_000.0, 0.0], [0.0; 3]).with_noise(3.0, 0.003), "noise"),
            ] {
                let ([least_m, greatest_m, axis_m], lit, [late_m_s, all_m_s]) = day(duel, seed);
                assert!(least_m > 150.0, "{name} {seed}: {least_m} m");
                // Twice 575 m along the track, up to 575 m across it, a tenth for what is tolerated.
                assert!(greatest_m < 1_500.0, "{name} {seed}: {greatest_m} m");
                assert!(axis_m < 150.0, "{name} {seed}: {axis_m} m");
                // By chance it is zero. The Hill frame's Sun lies in the plane, the other's 40° out of it.
                assert!(lit > 0.5, "{name} {seed}: {lit}");
                assert!(late_m_s > 0.01 && all_m_s < 15.0, "{name} {seed}: {late_m_s} of {all_m_s} m/s");
            }
        }
    }
}
