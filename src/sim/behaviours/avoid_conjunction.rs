//! Avoidance of a conjunction with the least Δv.

use nalgebra::Matrix3;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Behaviour, Memory};
use crate::astro::constants::{EARTH_J2, EARTH_RADIUS_M};
use crate::astro::rtn::{RelativeState, RtnFrame};
use crate::astro::{CartesianState, Vector3, kepler};
use crate::sim::distribution::Distribution;
use crate::sim::integrators::rk4_alone;
use crate::sim::seeds::Generator;
use crate::sim::view::{Track, View};

/// Burns in the direction in which an impulse makes the miss of a coming closest approach widest, until that is wide enough.
///
/// Both are moved under point mass and J2, to the closest approach within the time left; with M the derivative of own
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

/// Step by which both are moved [s]; RK4 errs by a metre an hour at this.
const STEP_S: f64 = 30.0;
/// Halvings of the two steps about the nearest: to a microsecond.
const HALVINGS: u32 = 26;
/// Impulse by which the derivative is taken [m/s].
const PROBE_M_S: f64 = 0.01;
/// Steps towards the best direction.
const CLIMBS: u32 = 20;

/// The coming closest approach of own ship to an object.
struct Approach {
    /// When, from now [s].
    after_s: f64,
    /// Both then.
    own: CartesianState,
    other: CartesianState,
}

/// Acceleration by the Earth's point mass and J2, the pole along Z [m/s²]. Source: Vallado, 4th ed., eq. 8-30.
fn gravity(mu_m3_s2: f64, state: &CartesianState) -> Vector3 {
    let position_m = &state.position_m;
    let radius_m = position_m.norm();
    let oblate = 1.5 * EARTH_J2 * (EARTH_RADIUS_M / radius_m).powi(2);
    let tilt = 5.0 * (position_m.z / radius_m).powi(2);
    let share = Vector3::new(1.0 + oblate * (1.0 - tilt), 1.0 + oblate * (1.0 - tilt), 1.0 + oblate * (3.0 - tilt));
    position_m.component_mul(&share) * (-mu_m3_s2 / radius_m.powi(3))
}

impl Approach {
    /// The closest approach of the two within a time.
    fn find(own: CartesianState, other: CartesianState, mu_m3_s2: f64, until_s: f64) -> Self {
        let acceleration = |_: f64, state: &CartesianState| gravity(mu_m3_s2, state);
        let step = |state: &CartesianState, by_s: f64| rk4_alone::step(&acceleration, 0.0, state, by_s);
        let distance = |own: &CartesianState, other: &CartesianState| (own.position_m - other.position_m).norm_squared();
        let (mut now, mut at_s) = ((own, other), 0.0);
        let mut nearest = (distance(&own, &other), 0.0, now);
        while at_s < until_s {
            let by_s = STEP_S.min(until_s - at_s);
            now = (step(&now.0, by_s), step(&now.1, by_s));
            at_s += by_s;
            let squared = distance(&now.0, &now.1);
            if squared < nearest.0 {
                nearest = (squared, at_s, now);
            }
        }
        // Between the steps about the nearest one, where the distance turns.
        let (_, about_s, pair) = nearest;
        let (mut low_s, mut high_s) = ((-STEP_S).max(-about_s), STEP_S.min(until_s - about_s));
        for _ in 0..HALVINGS {
            let middle_s = 0.5 * (low_s + high_s);
            let (own, other) = (step(&pair.0, middle_s), step(&pair.1, middle_s));
            let closes = (other.position_m - own.position_m).dot(&(other.velocity_m_s - own.velocity_m_s)) < 0.0;
            if closes { low_s = middle_s } else { high_s = middle_s }
        }
        let offset_s = 0.5 * (low_s + high_s);
        Self { after_s: about_s + offset_s, own: step(&pair.0, offset_s), other: step(&pair.1, offset_s) }
    }

    fn of(view: &View, track: &Track) -> Self {
        let relative = RelativeState { position_rtn_m: track.position_rtn_m, velocity_rtn_m_s: track.velocity_rtn_m_s };
        Self::find(view.own.state, relative.to_gcrf(&view.own.state), view.mu_m3_s2, view.time_left_s)
    }

    fn miss_m(&self) -> Vector3 {
        self.other.position_m - self.own.position_m
    }

    /// The impulse now, own RTN [m/s], of the size at which the best of its size makes the miss about `safe_miss_m`.
    fn widest_impulse(&self, own: &CartesianState, mu_m3_s2: f64, safe_miss_m: f64) -> Vector3 {
        let frame = RtnFrame::of(own);
        let course = (self.other.velocity_m_s - self.own.velocity_m_s).normalize();
        let across = |vector: Vector3| vector - course * course.dot(&vector);
        let miss_m = across(self.miss_m());
        // What an impulse moves is the same with J2 as without, but for a share of its size.
        let at = |state: &CartesianState| kepler::propagate(state, mu_m3_s2, self.after_s).position_m;
        let coasting_m = at(own);
        let response = Matrix3::from_columns(&[frame.radial, frame.transverse, frame.normal].map(|axis| {
            let mut pushed = *own;
            pushed.velocity_m_s += axis * PROBE_M_S;
            across(at(&pushed) - coasting_m) / PROBE_M_S
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
        let target = view.nearest_opponent().filter(|_| !view.relative_tier);
        let Some(approach) = target.map(|threat| Approach::of(view, threat)) else { return Vector3::zeros() };
        let Approach { after_s, .. } = approach;
        if after_s <= 0.0 || after_s > lead_s || approach.miss_m().norm() >= safe_miss_m {
            return Vector3::zeros();
        }
        let impulse_m_s = approach.widest_impulse(&view.own.state, view.mu_m3_s2, safe_miss_m);
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

    const AFTER_S: f64 = 4_500.0;

    fn moved(state: &CartesianState, mu_m3_s2: f64, seconds: f64) -> CartesianState {
        let steps = (seconds.abs() / 10.0).ceil();
        let acceleration = |_: f64, state: &CartesianState| gravity(mu_m3_s2, state);
        (0..steps as u32).fold(*state, |state, _| rk4_alone::step(&acceleration, 0.0, &state, seconds / steps))
    }

    /// A crossing under J2 in an hour and a quarter, at 14 km/s and with so much to spare [m]; the object is a little slower, so that
    /// they miss each other by far at the other node.
    fn crossing(spare_m: f64) -> View {
        let mut view = Duel::two_body([0.0, 1e6, 0.0], [0.0; 3]).evader_view();
        let own_then = moved(&view.own.state, view.mu_m3_s2, AFTER_S);
        let frame = RtnFrame::of(&own_then);
        let other_then = CartesianState {
            position_m: own_then.position_m + frame.radial * spare_m,
            velocity_m_s: (frame.normal * 0.6 - frame.transverse * 0.8) * (0.98 * own_then.velocity_m_s.norm()),
        };
        let other = moved(&other_then, view.mu_m3_s2, -AFTER_S);
        let relative = RelativeState::between(&view.own.state, &other);
        view.tracks[0].position_rtn_m = relative.position_rtn_m;
        view.tracks[0].velocity_rtn_m_s = relative.velocity_rtn_m_s;
        (view.time_left_s, view.segment_s, view.own.max_acceleration_m_s2) = (5_400.0, 60.0, 0.01);
        view
    }

    #[test]
    fn it_finds_the_approach_and_widens_the_miss_to_what_is_asked() {
        let view = crossing(30.0);
        let approach = Approach::of(&view, &view.tracks[0]);
        assert!((approach.after_s - AFTER_S).abs() < 0.01, "{} s", approach.after_s);
        assert!((approach.miss_m().norm() - 30.0).abs() < 3.0, "{} m", approach.miss_m().norm());
        let behaviour = AvoidConjunction::default();
        let mut generator = stream(1, SeedDomain::Train, 0, 0, Purpose::Adversary);
        let mut memory = behaviour.begin(&mut generator);
        let burn = behaviour.accelerate(&view, &mut memory, &mut generator);
        // One segment's burn, as an impulse: 3 Δv t along track makes kilometres of miss from less than a m/s.
        let mut pushed = view;
        pushed.own.state.velocity_m_s += RtnFrame::of(&view.own.state).to_gcrf(&burn) * view.segment_s;
        let relative = RelativeState::between(
            &pushed.own.state,
            &RelativeState {
                position_rtn_m: view.tracks[0].position_rtn_m,
                velocity_rtn_m_s: view.tracks[0].velocity_rtn_m_s,
            }
            .to_gcrf(&view.own.state),
        );
        pushed.tracks[0].position_rtn_m = relative.position_rtn_m;
        pushed.tracks[0].velocity_rtn_m_s = relative.velocity_rtn_m_s;
        let miss_m = Approach::of(&pushed, &pushed.tracks[0]).miss_m().norm();
        assert!((1_000.0..3_500.0).contains(&miss_m), "{miss_m} m");
        assert!(burn.norm() * view.segment_s < 0.6, "{burn:?}");
    }

    #[test]
    fn it_rests_where_the_miss_is_wide() {
        let view = crossing(5_000.0);
        let behaviour = AvoidConjunction::default();
        let mut generator = stream(1, SeedDomain::Train, 0, 0, Purpose::Adversary);
        let mut memory = behaviour.begin(&mut generator);
        assert_eq!(behaviour.accelerate(&view, &mut memory, &mut generator), Vector3::zeros());
    }
}
