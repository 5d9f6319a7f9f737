//! A behaviour of the simulator as a policy: it acts through the same plan and the same interval as a learned one.

use rayon::prelude::*;

use crate::astro::relative::ClohessyWiltshire;
use crate::astro::rtn::{RelativeState, RtnFrame};
use crate::astro::{Vector3, kepler};
use crate::env::plan::{self, PLAN, SEGMENT_WIDTH};
use crate::env::policy::{Decisions, Policy, PolicyError, Scene};
use crate::sim::behaviours::{Behaviour, BehaviourConfig, Memory};
use crate::sim::components::Thruster;
use crate::sim::seeds::{Generator, Purpose, SeedDomain, stream};
use crate::sim::view::View;

/// A behaviour that writes plans.
///
/// At a decision it is asked for each executed segment in turn; between them it predicts what it will see: own ship under
/// the burn just planned, every track at the acceleration that it was last seen to have.
pub struct ScriptedPolicy {
    behaviour: BehaviourConfig,
    rows: Vec<(Memory, Generator)>,
}

impl ScriptedPolicy {
    /// For `rows` rows; `seed` seeds what the behaviour draws.
    #[must_use]
    pub fn new(behaviour: BehaviourConfig, rows: usize, seed: u64) -> Self {
        let row = |row: usize| (Memory::default(), stream(seed, SeedDomain::Report, row as u64, 0, Purpose::Policy));
        Self { behaviour, rows: (0..rows).map(row).collect() }
    }
}

impl Policy for ScriptedPolicy {
    fn act(&mut self, scene: &Scene<'_>, decisions: &mut Decisions) -> Result<(), PolicyError> {
        let behaviour = &self.behaviour;
        let rows = self.rows.par_iter_mut().zip(decisions.plans.par_chunks_exact_mut(PLAN));
        rows.zip(scene.views).zip(scene.live).for_each(|((((memory, generator), plan), view), live)| {
            plan.fill(0.0);
            if !live {
                return;
            }
            if view.time_s == 0.0 {
                *memory = behaviour.begin(generator);
            }
            let mut view = *view;
            for segment in plan.chunks_exact_mut(SEGMENT_WIDTH).take(view.replan_every) {
                let wanted = behaviour.accelerate(&view, memory, generator);
                let limit = view.own.max_acceleration_m_s2;
                if limit > 0.0 {
                    let thruster = Thruster { per_axis: view.own.per_axis, ..Thruster::default() };
                    plan::encode(&thruster.clip(&(wanted / limit), 1.0), &view.own, segment);
                }
                let flown = Vector3::from(plan::decode(segment, view.own.per_axis)) * limit;
                let delta_v_m_s = segment_delta_v_m_s(&view, &flown);
                predict(&mut view, &flown, delta_v_m_s);
            }
        });
        Ok(())
    }
}

/// Δv of a segment at this acceleration [m/s], the change of mass left out.
fn segment_delta_v_m_s(view: &View, acceleration_rtn_m_s2: &Vector3) -> f64 {
    let thruster = Thruster { per_axis: view.own.per_axis, ..Thruster::default() };
    thruster.magnitude(acceleration_rtn_m_s2) * view.segment_s
}

/// Moves a view on by a segment: relative motion by Clohessy-Wiltshire, own orbit by Kepler with half the burn before and half after.
fn predict(view: &mut View, own_rtn_m_s2: &Vector3, delta_v_m_s: f64) {
    let duration_s = view.segment_s;
    let map = ClohessyWiltshire::over(view.own.mean_motion_rad_s, duration_s);
    for track in view.tracks.iter_mut().take_while(|track| track.team != 0) {
        let relative = RelativeState { position_rtn_m: track.position_rtn_m, velocity_rtn_m_s: track.velocity_rtn_m_s };
        let next = map.apply(&relative, &(track.acceleration_rtn_m_s2 - own_rtn_m_s2));
        track.position_rtn_m = next.position_rtn_m;
        track.velocity_rtn_m_s = next.velocity_rtn_m_s;
    }
    // In RTN the Sun turns about N at minus the mean motion.
    let (sine, cosine) = libm::sincos(view.own.mean_motion_rad_s * duration_s);
    let sun = view.own.sun_rtn;
    view.own.sun_rtn = Vector3::new(sun.x * cosine + sun.y * sine, sun.y * cosine - sun.x * sine, sun.z);
    let state = &mut view.own.state;
    if view.relative_tier {
        let own = RelativeState { position_rtn_m: state.position_m, velocity_rtn_m_s: state.velocity_m_s };
        let next = map.apply(&own, own_rtn_m_s2);
        (state.position_m, state.velocity_m_s) = (next.position_rtn_m, next.velocity_rtn_m_s);
    } else {
        let half_s = 0.5 * duration_s;
        state.velocity_m_s += RtnFrame::of(state).to_gcrf(own_rtn_m_s2) * half_s;
        *state = kepler::propagate(state, view.mu_m3_s2, duration_s);
        state.velocity_m_s += RtnFrame::of(state).to_gcrf(own_rtn_m_s2) * half_s;
    }
    view.own.delta_v_left_m_s = (view.own.delta_v_left_m_s - delta_v_m_s).max(0.0);
    view.own.delta_v_spent_m_s += delta_v_m_s;
    if view.own.delta_v_left_m_s == 0.0 {
        view.own.max_acceleration_m_s2 = 0.0;
    }
    view.time_s += duration_s;
    view.time_left_s = (view.time_left_s - duration_s).max(0.0);
}
