//! Closes slowly, to take hold.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::arc::Arcs;
use super::{Behaviour, Memory};
use crate::astro::Vector3;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::threat_class::ThreatClass;
use crate::sim::view::{Track, View};

/// Closes by a glideslope over two hold points ahead of or behind its target, to touch it at centimetres a second.
///
/// On each leg the distance d to its end falls as ḋ = -k (d + f), f being a fifth of the range of the hold point, or on the last
/// leg, where d is the range, v/k with v the speed of contact. The slope is flown in hops of a quarter of its e-folding
/// time 1/k: one burn onto the Clohessy-Wiltshire arc that ends on the slope, and small corrections, as arcs need no thrust
/// against Coriolis and gravity gradient. Hold points lie on the target's orbit (V-bar), where waiting costs nothing,
/// on the side from which it comes; one that is not nearer than the start is left out.
/// Source: Hablani, Tapper and Dana-Bashian, Guidance and relative navigation for autonomous rendezvous in a circular orbit,
/// JGCD 25, 2002 (multi-pulse glideslope); Fehse, Automated Rendezvous and Docking of Spacecraft, chapter 5 (hold
/// points); SPARTA IA-0005.02, IA-0005.03. That its attitude follows the target's is not simulated here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Grapple {
    /// Approach speed over range, k [1/s].
    pub slope_per_s: Distribution,
    /// Speed of contact, v [m/s].
    pub contact_speed_m_s: Distribution,
    /// Speed that it does not pass far out [m/s].
    pub greatest_speed_m_s: Distribution,
    /// Range of the far hold point [m].
    pub far_hold_range_m: Distribution,
    /// How long it waits there [s].
    pub far_hold_wait_s: Distribution,
    /// Range of the near hold point [m].
    pub near_hold_range_m: Distribution,
    /// How long it waits there [s].
    pub near_hold_wait_s: Distribution,
    /// Share of the distance to go by which an arc may pass its end before it is corrected [-].
    pub dead_band: Distribution,
}

impl Default for Grapple {
    fn default() -> Self {
        Self {
            slope_per_s: Distribution::LogUniform(1e-3, 3e-3),
            contact_speed_m_s: Distribution::Uniform(0.02, 0.08),
            greatest_speed_m_s: Distribution::Uniform(2.0, 5.0),
            far_hold_range_m: Distribution::Uniform(800.0, 1_200.0),
            far_hold_wait_s: Distribution::Uniform(60.0, 900.0),
            near_hold_range_m: Distribution::Uniform(150.0, 250.0),
            near_hold_wait_s: Distribution::Uniform(60.0, 600.0),
            dead_band: Distribution::Uniform(0.01, 0.03),
        }
    }
}

/// Hop over e-folding time [-], and its greatest length [s].
const HOP: f64 = 0.25;
const LONGEST_HOP_S: f64 = 600.0;
/// Shortest time to the end of an arc, in segments: a shorter one asks for more thrust than it is worth.
const SHORTEST_ARC_SEGMENTS: f64 = 3.0;
/// Time in which an error at a hold point is taken away, in segments.
const HOLD_ARC_SEGMENTS: f64 = 12.0;
/// f at a hold point, as a share of its range [-]: it arrives at a fifth of the speed of the slope there.
const HOLD_FLOOR: f64 = 0.2;
/// A hold point counts as reached within this share of its range [-].
const REACHED: f64 = 0.1;
/// A hold point is made for where it is nearer than this share of the range [-].
const WORTHWHILE: f64 = 0.9;
/// Least distance by which an arc may pass its end [m].
const LEAST_DEAD_BAND_M: f64 = 0.02;

/// Where it is in its approach.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Leg {
    /// On its way to the hold point of this index, 0 the far one.
    To(usize),
    /// At that hold point.
    At(usize),
    /// On its way to contact.
    Last,
}

impl Leg {
    const ALL: [Self; 5] = [Self::To(0), Self::At(0), Self::To(1), Self::At(1), Self::Last];

    fn index(self) -> f64 {
        Self::ALL.iter().position(|leg| *leg == self).map_or(0.0, |index| index as f64)
    }

    fn of(index: f64) -> Self {
        Self::ALL[(index as usize).min(Self::ALL.len() - 1)]
    }
}

/// What it remembers, by place in the scratch of the memory.
mod scratch {
    /// The side of the target it comes from: 1 ahead, -1 behind, 0 before the first segment.
    pub(super) const SIDE: usize = 0;
    /// Index of the leg.
    pub(super) const LEG: usize = 1;
    /// When the wait at a hold point is over [s].
    pub(super) const WAITS_UNTIL_S: usize = 2;
    /// When the hop in hand ends [s].
    pub(super) const HOP_ENDS_S: usize = 3;
    /// Where it ends, relative to the target, RTN [m].
    pub(super) const HOP_END_M: usize = 4;
}

impl Grapple {
    /// The end of the hop that begins now at `own_m`, and how long it takes [s].
    fn hop(slope_per_s: f64, greatest_m_s: f64, floor_m: f64, own_m: &Vector3, end_m: &Vector3) -> (Vector3, f64) {
        let to_go_m = (own_m - end_m).norm();
        let hop_s = (HOP / slope_per_s).min(LONGEST_HOP_S);
        // d(t) = (d + f) exp(-k t) - f, which is 0 at ln(1 + d/f)/k.
        let arrives_s = (libm::log1p(to_go_m / floor_m) / slope_per_s).max(to_go_m / greatest_m_s);
        if arrives_s <= 1.5 * hop_s {
            return (*end_m, arrives_s);
        }
        let left_m = (to_go_m + floor_m) * libm::exp(-slope_per_s * hop_s) - floor_m;
        let left_m = left_m.max(to_go_m - greatest_m_s * hop_s).max(0.0);
        (end_m + (own_m - end_m) * (left_m / to_go_m), hop_s)
    }
}

impl Behaviour for Grapple {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        let drawn = [
            &self.slope_per_s,
            &self.contact_speed_m_s,
            &self.greatest_speed_m_s,
            &self.far_hold_range_m,
            &self.far_hold_wait_s,
            &self.near_hold_range_m,
            &self.near_hold_wait_s,
            &self.dead_band,
        ];
        for (parameter, distribution) in memory.parameters.iter_mut().zip(drawn) {
            *parameter = distribution.sample(generator);
        }
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        let [slope_per_s, contact_m_s, greatest_m_s, far_m, far_wait_s, near_m, near_wait_s, dead_band] =
            memory.parameters;
        let Some(target) = view.target() else { return Vector3::zeros() };
        let own_m = -target.position_rtn_m;
        let scratch = &mut memory.scratch;
        if scratch[scratch::SIDE] == 0.0 {
            scratch[scratch::SIDE] = if own_m.y < 0.0 { -1.0 } else { 1.0 };
            let is_ahead = |hold_m: f64| hold_m < WORTHWHILE * own_m.norm();
            let first = if is_ahead(far_m) { Leg::To(0) } else if is_ahead(near_m) { Leg::To(1) } else { Leg::Last };
            scratch[scratch::LEG] = first.index();
        }
        let side = scratch[scratch::SIDE];
        let holds = [(far_m, far_wait_s), (near_m.min(far_m), near_wait_s)];
        let point_m = |hold: usize| Vector3::new(0.0, side * holds[hold].0, 0.0);
        loop {
            let is_over = match Leg::of(scratch[scratch::LEG]) {
                Leg::To(hold) => {
                    let reached = (own_m - point_m(hold)).norm() < REACHED * holds[hold].0;
                    if reached {
                        scratch[scratch::WAITS_UNTIL_S] = view.time_s + holds[hold].1;
                    }
                    reached
                }
                Leg::At(_) => view.time_s >= scratch[scratch::WAITS_UNTIL_S],
                Leg::Last => false,
            };
            if !is_over {
                break;
            }
            scratch[scratch::LEG] += 1.0;
            scratch[scratch::HOP_ENDS_S] = 0.0;
        }
        let shortest_s = SHORTEST_ARC_SEGMENTS * view.segment_s;
        let (end_m, floor_m) = match Leg::of(scratch[scratch::LEG]) {
            Leg::At(hold) => {
                return fly(view, target, &point_m(hold), HOLD_ARC_SEGMENTS * view.segment_s, dead_band * holds[hold].0);
            }
            Leg::To(hold) => (point_m(hold), HOLD_FLOOR * holds[hold].0),
            Leg::Last => (Vector3::zeros(), contact_m_s / slope_per_s),
        };
        if view.time_s + 1.5 * view.segment_s >= scratch[scratch::HOP_ENDS_S] {
            let (hop_end_m, hop_s) = Self::hop(slope_per_s, greatest_m_s, floor_m, &own_m, &end_m);
            scratch[scratch::HOP_ENDS_S] = view.time_s + hop_s.max(shortest_s);
            scratch[scratch::HOP_END_M..scratch::HOP_END_M + 3].copy_from_slice(hop_end_m.as_slice());
        }
        let hop_end_m = Vector3::from_column_slice(&scratch[scratch::HOP_END_M..scratch::HOP_END_M + 3]);
        let dead_band_m = dead_band * (own_m - hop_end_m).norm();
        fly(view, target, &hop_end_m, scratch[scratch::HOP_ENDS_S] - view.time_s, dead_band_m)
    }

    fn class(&self, _memory: &Memory, _time_s: f64) -> ThreatClass {
        ThreatClass::Grapple
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("slope_per_s", self.slope_per_s.fault_outside(1e-5, 0.1)),
            ("contact_speed_m_s", self.contact_speed_m_s.fault_outside(1e-3, 1.0)),
            ("greatest_speed_m_s", self.greatest_speed_m_s.fault_outside(0.01, f64::INFINITY)),
            ("far_hold_range_m", self.far_hold_range_m.fault_outside(1.0, f64::INFINITY)),
            ("far_hold_wait_s", self.far_hold_wait_s.fault_outside(0.0, f64::INFINITY)),
            ("near_hold_range_m", self.near_hold_range_m.fault_outside(1.0, f64::INFINITY)),
            ("near_hold_wait_s", self.near_hold_wait_s.fault_outside(0.0, f64::INFINITY)),
            ("dead_band", self.dead_band.fault_outside(0.0, 1.0)),
        ]
        .into_iter()
        .filter_map(|(field, fault)| Some((field, fault?)))
        .collect()
    }
}

/// The acceleration onto the arc that is at `point_m` after `tau_s`; none where there is no such arc.
fn fly(view: &View, target: &Track, point_m: &Vector3, tau_s: f64, dead_band_m: f64) -> Vector3 {
    let tau_s = tau_s.max(view.segment_s);
    Arcs::from_here(view, target)
        .to(point_m, tau_s, dead_band_m.max(LEAST_DEAD_BAND_M))
        .map_or_else(Vector3::zeros, |arc| arc.acceleration_rtn_m_s2)
}

#[cfg(test)]
mod tests {
    use super::super::ballistic::Ballistic;
    use super::super::harness::Duel;
    use super::*;

    fn game(mut duel: Duel) -> Duel {
        duel.time_limit_s = 20_000.0;
        duel.capture_radius_m = 2.0;
        duel.ships[0].delta_v_left_m_s = 60.0;
        duel.ships[0].max_acceleration_m_s2 = 0.02;
        duel
    }

    #[test]
    fn touches_slowly_in_either_motion() {
        for (duel, name) in [
            (Duel::relative([200.0, -8_000.0, 300.0], [0.0, -0.3, 0.1]), "Clohessy-Wiltshire, from behind"),
            (Duel::relative([-100.0, 3_000.0, 0.0], [0.0, 0.2, 0.0]), "Clohessy-Wiltshire, from ahead"),
            (Duel::two_body([200.0, -8_000.0, 300.0], [0.0, -0.3, 0.1]), "two-body"),
            (Duel::relative([100.0, -120.0, 30.0], [0.0; 3]), "from within the near hold point"),
        ] {
            let report = game(duel).play(&Grapple::default(), &Ballistic {}, 1);
            assert!(report.captured, "{name}: least range {} m", report.least_range_m);
            assert!(report.speed_at_end_m_s < 0.1, "{name}: {} m/s", report.speed_at_end_m_s);
            assert!(report.pursuer_delta_v_m_s < 40.0, "{name}: {} m/s", report.pursuer_delta_v_m_s);
        }
    }

    #[test]
    fn hops_lie_on_the_slope() {
        let (own, end) = (Vector3::new(0.0, -500.0, 0.0), Vector3::new(0.0, -200.0, 0.0));
        let (to, hop_s) = Grapple::hop(1e-3, 1e9, 200.0, &own, &end);
        // k range = 0.5 m/s at the start, 300 m to go: (300 + 200) exp(-0.25) - 200 = 189.4 m are left after 250 s.
        assert!((hop_s - 250.0).abs() < 1e-9 && (to.y + 200.0 + 189.400_391_5).abs() < 1e-6, "{to} {hop_s}");
        // No faster than the greatest speed.
        let (to, _) = Grapple::hop(1e-3, 0.1, 200.0, &own, &end);
        assert!((to.y + 475.0).abs() < 1e-9, "{to}");
        // Near enough, the hop ends where the leg does: ln(1 + 60/200)/k.
        let (to, hop_s) = Grapple::hop(1e-3, 1e9, 200.0, &Vector3::new(0.0, -260.0, 0.0), &end);
        assert!(to == end && (hop_s - 262.364_264).abs() < 1e-5, "{hop_s}");
    }

    #[test]
    fn waits_at_its_hold_points() {
        let behaviour = Grapple {
            slope_per_s: Distribution::Fixed(2e-3),
            far_hold_range_m: Distribution::Fixed(1_000.0),
            far_hold_wait_s: Distribution::Fixed(3_000.0),
            ..Grapple::default()
        };
        let mut duel = game(Duel::relative([0.0, -3_000.0, 0.0], [0.0; 3]));
        duel.time_limit_s = 4_000.0;
        let report = duel.play(&behaviour, &Ballistic {}, 1);
        // There after some 20 minutes and there still: the hold point less what counts as reached.
        assert!((870.0..1_010.0).contains(&report.least_range_m), "{} m", report.least_range_m);
    }
}
