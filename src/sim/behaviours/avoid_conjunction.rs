//! Avoidance of a conjunction with the least Δv.

use nalgebra::Matrix3;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Behaviour, Memory};
use crate::astro::rtn::{RelativeState, RtnFrame};
use crate::astro::{CartesianState, Vector3, kepler};
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::view::{Track, View};

/// Burns in the direction in which an impulse makes the miss of a coming closest approach widest, until that is wide enough.
///
/// Both move by Kepler. The closest approach within the time left is looked for on a grid and refined; with M the derivative of own
/// position then by own velocity now, and m the miss vector from own ship to the object, both across the relative velocity, the
/// impulse v is the one of its size that makes |m - M v| greatest.
/// Source: Bombardelli and Hernando-Ayuso, Optimal impulsive collision avoidance in low Earth orbit, J. Guidance, Control and
/// Dynamics 38, 2015. Not in the relative tier, where it rests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AvoidConjunction {
    /// Predicted miss from which it rests [m].
    pub safe_miss_m: Distribution,
    /// Time before closest approach from which on it burns [s].
    pub lead_s: Distribution,
}

impl Default for AvoidConjunction {
    fn default() -> Self {
        Self { safe_miss_m: Distribution::Fixed(2_000.0), lead_s: Distribution::Fixed(1e5) }
    }
}

/// Spacing of the grid on which closest approaches are looked for [s]; two of them are half a revolution apart.
const GRID_S: f64 = 60.0;
/// Halvings of the bracket about the best of the grid: to a microsecond.
const HALVINGS: u32 = 26;
/// Impulse by which the derivative is taken [m/s].
const PROBE_M_S: f64 = 0.01;
/// Steps towards the best direction.
const CLIMBS: u32 = 20;
/// Segments between two looks at the grid.
const LOOK_EVERY: f64 = 10.0;

/// The two as they move.
struct Pair {
    own: CartesianState,
    other: CartesianState,
    mu_m3_s2: f64,
}

impl Pair {
    fn of(view: &View, track: &Track) -> Self {
        let relative = RelativeState { position_rtn_m: track.position_rtn_m, velocity_rtn_m_s: track.velocity_rtn_m_s };
        Self { own: view.own.state, other: relative.to_gcrf(&view.own.state), mu_m3_s2: view.mu_m3_s2 }
    }

    /// From own ship to the object after a time.
    fn miss_m(&self, after_s: f64) -> Vector3 {
        let at = |state| kepler::propagate(state, self.mu_m3_s2, after_s).position_m;
        at(&self.other) - at(&self.own)
    }

    /// Whether the two come nearer at that time.
    fn closes(&self, after_s: f64) -> bool {
        let at = |state| kepler::propagate(state, self.mu_m3_s2, after_s);
        let (own, other) = (at(&self.own), at(&self.other));
        (other.position_m - own.position_m).dot(&(other.velocity_m_s - own.velocity_m_s)) < 0.0
    }

    /// The impulse now, own RTN [m/s], of the size at which the best of its size makes the miss about `safe_miss_m`.
    fn widest_impulse(&self, after_s: f64, safe_miss_m: f64) -> Vector3 {
        let own = &self.own;
        let frame = RtnFrame::of(own);
        let at = |state: &CartesianState| kepler::propagate(state, self.mu_m3_s2, after_s);
        let (coasting, other) = (at(own), at(&self.other));
        let course = (other.velocity_m_s - coasting.velocity_m_s).normalize();
        let across = |vector: Vector3| vector - course * course.dot(&vector);
        let miss_m = across(other.position_m - coasting.position_m);
        let response = Matrix3::from_columns(&[frame.radial, frame.transverse, frame.normal].map(|axis| {
            let mut pushed = *own;
            pushed.velocity_m_s += axis * PROBE_M_S;
            across(at(&pushed).position_m - coasting.position_m) / PROBE_M_S
        }));
        // |m - M v| is convex in v, so that going to the best v of the linear part, again and again, only climbs.
        let size_m_s = safe_miss_m / response.norm().max(1e-9);
        let mut impulse_m_s = Vector3::new(0.0, size_m_s, 0.0);
        for _ in 0..CLIMBS {
            let gradient = response.tr_mul(&(response * impulse_m_s - miss_m));
            impulse_m_s = gradient.try_normalize(1e-12).map_or(impulse_m_s, |direction| direction * size_m_s);
        }
        impulse_m_s
    }

    /// The closest approach between two times.
    fn closest_s(&self, from_s: f64, until_s: f64) -> f64 {
        let steps = ((until_s - from_s) / GRID_S).ceil().max(1.0);
        let step_s = (until_s - from_s) / steps;
        let times = (0..=steps as u32).map(|step| from_s + f64::from(step) * step_s);
        let nearest = times.min_by(|a, b| self.miss_m(*a).norm_squared().total_cmp(&self.miss_m(*b).norm_squared()));
        let nearest_s = nearest.unwrap_or(from_s);
        let (mut low_s, mut high_s) = ((nearest_s - step_s).max(from_s), (nearest_s + step_s).min(until_s));
        for _ in 0..HALVINGS {
            let middle_s = 0.5 * (low_s + high_s);
            if self.closes(middle_s) { low_s = middle_s } else { high_s = middle_s }
        }
        0.5 * (low_s + high_s)
    }
}

impl Behaviour for AvoidConjunction {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.safe_miss_m.sample(generator);
        memory.parameters[1] = self.lead_s.sample(generator);
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        let [safe_miss_m, lead_s, ..] = memory.parameters;
        let [next_look_s, closest_s, ..] = memory.scratch;
        let target = view.nearest_opponent().filter(|_| !view.relative_tier);
        let Some(pair) = target.map(|threat| Pair::of(view, threat)) else { return Vector3::zeros() };
        let closest_s = if view.time_s >= next_look_s {
            memory.scratch[0] = view.time_s + LOOK_EVERY * view.segment_s;
            view.time_s + pair.closest_s(0.0, view.time_left_s)
        } else {
            closest_s
        };
        // Between two looks the minimum moves by little.
        let about_s = (closest_s - view.time_s).max(0.0);
        let after_s = pair.closest_s((about_s - GRID_S).max(0.0), (about_s + GRID_S).min(view.time_left_s.max(about_s)));
        memory.scratch[1] = view.time_s + after_s;
        let miss_m = pair.miss_m(after_s);
        if after_s <= 0.0 || after_s > lead_s || miss_m.norm() >= safe_miss_m {
            return Vector3::zeros();
        }
        let impulse_m_s = pair.widest_impulse(after_s, safe_miss_m);
        let acceleration_m_s2 = (impulse_m_s.norm() / view.segment_s).min(view.own.max_acceleration_m_s2);
        impulse_m_s.try_normalize(0.0).map_or_else(Vector3::zeros, |direction| direction * acceleration_m_s2)
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("safe_miss_m", self.safe_miss_m.fault_outside(0.0, f64::INFINITY)),
            ("lead_s", self.lead_s.fault_outside(0.0, f64::INFINITY)),
        ]
        .into_iter()
        .filter_map(|(field, fault)| Some((field, fault?)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::harness::Duel;
    use super::*;
    use crate::sim::seeds::{Purpose, SeedDomain, stream};

    /// A crossing in an hour and a quarter, at 14 km/s and with 30 m to spare; the object is a little slower, so that they miss
    /// each other by far at the other node.
    fn crossing() -> View {
        const AFTER_S: f64 = 4_500.0;
        let mut view = Duel::two_body([0.0, 1e6, 0.0], [0.0; 3]).evader_view();
        let own_then = kepler::propagate(&view.own.state, view.mu_m3_s2, AFTER_S);
        let frame = RtnFrame::of(&own_then);
        let other_then = CartesianState {
            position_m: own_then.position_m + frame.radial * 30.0,
            velocity_m_s: (frame.normal * 0.6 - frame.transverse * 0.8) * (0.98 * own_then.velocity_m_s.norm()),
        };
        let other = kepler::propagate(&other_then, view.mu_m3_s2, -AFTER_S);
        let relative = RelativeState::between(&view.own.state, &other);
        view.tracks[0].position_rtn_m = relative.position_rtn_m;
        view.tracks[0].velocity_rtn_m_s = relative.velocity_rtn_m_s;
        (view.time_left_s, view.segment_s, view.own.max_acceleration_m_s2) = (5_400.0, 60.0, 0.01);
        view
    }

    #[test]
    fn it_finds_the_approach_and_widens_the_miss_to_what_is_asked() {
        let view = crossing();
        let pair = Pair::of(&view, &view.tracks[0]);
        let after_s = pair.closest_s(0.0, view.time_left_s);
        assert!((after_s - 4_500.0).abs() < 0.01, "{after_s} s");
        assert!((pair.miss_m(after_s).norm() - 30.0).abs() < 1.0);
        let behaviour = AvoidConjunction::default();
        let mut generator = stream(1, SeedDomain::Train, 0, 0, Purpose::Adversary);
        let mut memory = behaviour.begin(&mut generator);
        let burn = behaviour.accelerate(&view, &mut memory, &mut generator);
        // One segment's burn, as an impulse: 3 Δv t along track makes kilometres of miss from less than a m/s.
        let mut pushed = pair;
        pushed.own.velocity_m_s += RtnFrame::of(&view.own.state).to_gcrf(&burn) * view.segment_s;
        let miss_m = pushed.miss_m(pushed.closest_s(4_400.0, 4_600.0)).norm();
        assert!((1_000.0..3_500.0).contains(&miss_m), "{miss_m} m");
        assert!(burn.norm() * view.segment_s < 0.6, "{burn:?}");
    }

    #[test]
    fn it_rests_where_the_miss_is_wide() {
        let mut view = crossing();
        view.tracks[0].position_rtn_m.z += 5_000.0;
        let behaviour = AvoidConjunction { safe_miss_m: Distribution::Fixed(100.0), ..AvoidConjunction::default() };
        let mut generator = stream(1, SeedDomain::Train, 0, 0, Purpose::Adversary);
        let mut memory = behaviour.begin(&mut generator);
        assert_eq!(behaviour.accelerate(&view, &mut memory, &mut generator), Vector3::zeros());
    }
}
