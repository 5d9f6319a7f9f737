//! The step of a shard, in order: decide, burn, integrate, detect, pay. One run of the schedule is one segment.

use bevy_ecs::change_detection::{Res, ResMut};
use bevy_ecs::resource::Resource;
use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule, SingleThreadedExecutor};
use bevy_ecs::system::Query;
use serde::{Deserialize, Serialize};

use super::Outcome;
use super::behaviours::{Behaviour, BehaviourConfig};
use super::components::{Burn, Command, Identity, Ledger, Mass, Orbit, Pilot, Previous, Surface, Thruster};
use super::events::Hermite;
use super::forces::{ForceModel, Gravity};
use super::frames::Turning;
use super::integrators::rk4::Exposure;
use super::integrators::{clohessy_wiltshire, rk4};
use super::propagation;
use super::reset::EpisodeSeed;
use super::seeds::Generator;
use super::template::{Failure, Template};
use super::view::View;
use crate::astro::Vector3;
use crate::astro::chebyshev::ChebyshevPath;
use crate::astro::relative::ClohessyWiltshire;

/// One copy of the scenario in play.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arena {
    /// What the episode was drawn from.
    pub seed: EpisodeSeed,
    /// Time since the start of the episode [s].
    pub time_s: f64,
    /// How the episode ended; `None` while it goes on. An arena that has ended stands still until its reset.
    pub outcome: Option<Outcome>,
    /// How much of the last segment was played [s]: less than the whole where it ended the episode, nothing after that.
    pub last_segment_s: f64,
    /// Least distance so far of the objective's pair [m].
    pub closest_approach_m: f64,
    /// Time so far above the speed limit [s].
    pub overspeed_s: f64,
    /// Integral so far of the speed above the limit [m].
    pub overspeed_m: f64,
    /// Stream that the scripted adversaries draw from.
    pub adversary: Generator,
}

impl Arena {
    pub(super) fn new(seed: EpisodeSeed, adversary: Generator) -> Self {
        Self {
            seed,
            time_s: 0.0,
            outcome: None,
            last_segment_s: 0.0,
            closest_approach_m: f64::INFINITY,
            overspeed_s: 0.0,
            overspeed_m: 0.0,
            adversary,
        }
    }
}

/// All columns of some rows.
pub struct Rows<'a> {
    /// States.
    pub orbits: &'a mut [Orbit],
    /// States at the start of the segment.
    pub previous: &'a mut [Previous],
    /// Masses.
    pub masses: &'a mut [Mass],
    /// Thrusters.
    pub thrusters: &'a mut [Thruster],
    /// What air and sunlight press on.
    pub surfaces: &'a mut [Surface],
    /// Accelerations asked for.
    pub commands: &'a mut [Command],
    /// Burns.
    pub burns: &'a mut [Burn],
    /// Ledgers.
    pub ledgers: &'a mut [Ledger],
    /// Teams and roles.
    pub identities: &'a mut [Identity],
    /// Who flies.
    pub pilots: &'a mut [Pilot],
}

/// What the systems of a shard share.
#[derive(Resource)]
pub(super) struct Shared {
    pub(super) template: Template,
    pub(super) sun: super::view::SunModel,
    pub(super) gravity: Gravity,
    pub(super) hill: Option<ClohessyWiltshire>,
    /// The forces of the reference tier; `None` in the others.
    pub(super) reference: Option<ForceModel>,
    /// The Sun during an episode, where the standard tier has its light press.
    pub(super) sun_path: Option<ChebyshevPath>,
    /// Written anew each segment where forces on surfaces act; one a row.
    pub(super) exposures: Vec<Exposure>,
    pub(super) arch: pulp::Arch,
    pub(super) arenas: Vec<Arena>,
    /// Slots that a policy flies, in order.
    pub(super) learned: Vec<usize>,
    /// Executed segments of the plans: thrust as a share of the greatest, RTN; index (arena × learned + k) × replan_every + segment.
    pub(super) plans: Vec<[f64; 3]>,
    /// Segment of the plan in hand.
    pub(super) segment: usize,
}

/// The schedule of one segment.
pub(super) fn segment() -> Schedule {
    let mut schedule = Schedule::default();
    schedule.set_executor(SingleThreadedExecutor::new());
    schedule.add_systems((decide, burn, integrate, detect, pay).chain());
    schedule
}

/// Borrows the single table's column, past change detection, which nothing here reads.
macro_rules! columns {
    ($query:ident) => {
        $query.contiguous_iter_mut().expect("all components are dense").next().expect("all rows share one table")
    };
}

/// What [`View::build`] reads of a shard's rows.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) orbits: &'a [Orbit],
    pub(super) masses: &'a [Mass],
    pub(super) thrusters: &'a [Thruster],
    pub(super) ledgers: &'a [Ledger],
    pub(super) identities: &'a [Identity],
}

/// Learned spacecraft follow their plan, scripted ones their behaviour.
fn decide(
    mut shared: ResMut<Shared>,
    mut query: Query<(&Orbit, &Mass, &Thruster, &Ledger, &Identity, &mut Pilot, &mut Command)>,
) {
    let shared = &mut *shared;
    let (orbits, masses, thrusters, ledgers, identities, mut pilots, mut commands) = columns!(query);
    let (pilots, commands) = (pilots.bypass_change_detection(), commands.bypass_change_detection());
    let known = Known { orbits, masses, thrusters, ledgers, identities };
    let slots = shared.template.slots.len();
    let Shared { template, sun, arenas, learned, plans, segment, .. } = shared;
    for (index, arena) in arenas.iter_mut().enumerate() {
        if arena.outcome.is_some() {
            continue;
        }
        let first = index * slots;
        for (k, slot) in learned.iter().enumerate() {
            let row = first + slot;
            let share = plans[(index * learned.len() + k) * template.replan_every + *segment];
            let limit = thrusters[row].max_thrust_n / masses[row].mass_kg;
            commands[row].acceleration_rtn_m_s2 = Vector3::from(share) * limit;
        }
        for (slot, config) in template.slots.iter().enumerate() {
            let pilot = &mut pilots[first + slot];
            let Some(choice) = pilot.behaviour else { continue };
            let behaviour = &config.behaviours[usize::from(choice)];
            if matches!(behaviour, BehaviourConfig::Ballistic(_)) {
                continue;
            }
            let view = View::build(template, sun, &known, arena, index, slot);
            commands[first + slot].acceleration_rtn_m_s2 =
                behaviour.accelerate(&view, &mut pilot.memory, &mut arena.adversary);
        }
    }
}

/// Change of an acceleration, as a share of the greater, up to which it counts as held: an angle of 23°.
const HELD_CHANGE: f64 = 0.4;

/// Turns what is asked for into a burn within thrust and propellant.
fn burn(
    shared: Res<Shared>,
    mut query: Query<(&Orbit, &Thruster, &Command, &Mass, &mut Burn, &mut Ledger, &mut Previous)>,
) {
    let (orbits, thrusters, commands, masses, mut burns, mut ledgers, mut previous) = columns!(query);
    let burns = burns.bypass_change_detection();
    let (ledgers, previous) = (ledgers.bypass_change_detection(), previous.bypass_change_detection());
    let slots = shared.template.slots.len();
    let hill = shared.template.physics.hill_mean_motion_rad_s.is_some();
    let segment_s = shared.template.segment_s;
    let mut turning = Turning::new(shared.arch);
    for row in 0..orbits.len() {
        previous[row] = Previous(orbits[row]);
        if shared.arenas[row / slots].outcome.is_some() {
            burns[row] = Burn::default();
            continue;
        }
        let wanted = &commands[row].acceleration_rtn_m_s2;
        let (burn, throttle) = ignite(wanted, &thrusters[row], &masses[row], segment_s);
        burns[row] = burn;
        ledgers[row].last_throttle = throttle;
        if hill || throttle == 0.0 {
            ledgers[row].note(burn.acceleration_rtn_m_s2.into(), segment_s);
        } else {
            let note = |row: usize, acceleration: Vector3| ledgers[row].note(acceleration, segment_s);
            turning.push(row, &orbits[row], &burn.acceleration_rtn_m_s2, note);
        }
    }
    turning.finish(|row, acceleration| ledgers[row].note(acceleration, segment_s));
}

impl Ledger {
    /// Writes down the acceleration of a segment [m/s²], in the frame of [`Orbit`].
    #[inline]
    fn note(&mut self, acceleration_m_s2: Vector3, segment_s: f64) {
        let held = is_held(&self.last_acceleration_m_s2, &acceleration_m_s2);
        self.acceleration_held_s = if held { self.acceleration_held_s } else { 0.0 } + segment_s;
        self.last_acceleration_m_s2 = acceleration_m_s2;
    }
}

/// Whether an acceleration is about the one before it.
#[inline]
fn is_held(before: &Vector3, now: &Vector3) -> bool {
    let change_squared = (now - before).norm_squared();
    let limit_squared = HELD_CHANGE * HELD_CHANGE * now.norm_squared().max(before.norm_squared());
    // Without roots, where rounding cannot matter.
    if change_squared < limit_squared * (1.0 - 1e-12) {
        return true;
    }
    if change_squared > limit_squared * (1.0 + 1e-12) {
        return false;
    }
    (now - before).norm() <= HELD_CHANGE * now.norm().max(before.norm())
}

/// The burn nearest to `wanted` [m/s², RTN] that lasts `duration_s`, and its throttle.
///
/// Constant force, Δv = c ln(m₀/m₁) with c the exhaust speed; where that is more than is left, the whole burn is throttled
/// to what is left.
pub(super) fn ignite(wanted: &Vector3, thruster: &Thruster, mass: &Mass, duration_s: f64) -> (Burn, f64) {
    if *wanted == Vector3::new(0.0, 0.0, 0.0) {
        return (Burn::default(), 0.0);
    }
    let limit_m_s2 = thruster.max_thrust_n / mass.mass_kg;
    let clipped = thruster.clip(wanted, limit_m_s2);
    let size_m_s2 = thruster.magnitude(&clipped);
    if size_m_s2.is_nan() || size_m_s2 <= 0.0 || mass.delta_v_left_m_s <= 0.0 {
        return (Burn::default(), 0.0);
    }
    let exhaust_m_s = thruster.exhaust_speed_m_s;
    let scale = affordable_share(size_m_s2, exhaust_m_s, mass.delta_v_left_m_s, duration_s);
    let burn = Burn {
        acceleration_rtn_m_s2: (clipped * scale).into(),
        specific_mass_flow_1_s: size_m_s2 * scale / exhaust_m_s,
    };
    let largest_m_s2 = if thruster.per_axis { clipped.amax() } else { size_m_s2 };
    (burn, largest_m_s2 * scale / limit_m_s2)
}

/// The share of a burn of this size [m/s²] that the Δv left [m/s] lasts for over the whole of `duration_s`, at most 1.
#[inline]
fn affordable_share(size_m_s2: f64, exhaust_m_s: f64, left_m_s: f64, duration_s: f64) -> f64 {
    // Of x = Δv/c is 1 - exp(-x) above x/(1 + x): where that is enough by more than rounding, it is enough.
    if left_m_s * exhaust_m_s * (1.0 - 1e-12) > size_m_s2 * duration_s * (exhaust_m_s + left_m_s) {
        return 1.0;
    }
    // The size of the burn that takes all that is left in `duration_s`.
    let affordable_m_s2 = if exhaust_m_s.is_infinite() {
        left_m_s / duration_s
    } else {
        -libm::expm1(-left_m_s / exhaust_m_s) * exhaust_m_s / duration_s
    };
    (affordable_m_s2 / size_m_s2).min(1.0)
}

/// Moves every spacecraft by a segment.
pub(super) fn integrate(mut shared: ResMut<Shared>, mut query: Query<(&mut Orbit, &Burn, &Mass, &Surface)>) {
    let (mut orbits, burns, masses, surfaces) = columns!(query);
    let orbits = orbits.bypass_change_detection();
    let Shared { template, gravity, hill, reference, sun_path, exposures, arch, arenas, .. } = &mut *shared;
    let Template { segment_s, physics, slots, .. } = template;
    let step_s = *segment_s / physics.substeps as f64;
    if let Some(map) = hill {
        clohessy_wiltshire::propagate(map, orbits, burns);
    } else if let (Some(model), Some(physics)) = (reference, &physics.reference) {
        for (row, orbit) in orbits.iter_mut().enumerate() {
            let arena = &arenas[row / slots.len()];
            if arena.outcome.is_none() {
                let craft = (&burns[row], masses[row].mass_kg, &surfaces[row]);
                *orbit = propagation::segment(model, physics.tolerance, orbit, craft, arena.time_s, *segment_s);
            }
        }
    } else if physics.surface_forces != rk4::SurfaceForces::default() {
        for (index, arena) in arenas.iter().enumerate() {
            let sun_m = sun_path.as_ref().map(|path| path.at(arena.time_s));
            for row in index * slots.len()..(index + 1) * slots.len() {
                exposures[row] = Exposure::of(&surfaces[row], masses[row].mass_kg, sun_m);
            }
        }
        let forces = physics.surface_forces;
        rk4::propagate_exposed(*arch, gravity, forces, orbits, burns, exposures, step_s, physics.substeps);
    } else {
        rk4::propagate(*arch, gravity, orbits, burns, step_s, physics.substeps);
    }
}

/// Finds what ends an episode within the segment, and puts the arena at that moment.
fn detect(mut shared: ResMut<Shared>, mut query: Query<(&mut Orbit, &Previous)>) {
    let (mut orbits, previous) = columns!(query);
    let orbits = orbits.bypass_change_detection();
    let Shared { template, arenas, .. } = &mut *shared;
    let slots = template.slots.len();
    for (index, arena) in arenas.iter_mut().enumerate() {
        let rows = index * slots..(index + 1) * slots;
        let (orbits, previous) = (&mut orbits[rows.clone()], &previous[rows]);
        if arena.outcome.is_some() {
            arena.last_segment_s = 0.0;
            for (orbit, previous) in orbits.iter_mut().zip(previous) {
                *orbit = previous.0;
            }
            continue;
        }
        let motion = |slot: usize| Hermite::new(previous[slot].0.state(), orbits[slot].state(), template.segment_s);
        let found = first_event(template, arena, motion);
        let lasted_s = found.map_or(template.segment_s, |(time_s, _)| time_s);
        if let Some((time_s, outcome)) = found {
            arena.outcome = Some(outcome);
            for (orbit, previous) in orbits.iter_mut().zip(previous) {
                *orbit = Hermite::new(previous.0.state(), orbit.state(), template.segment_s).at(time_s).into();
            }
        }
        arena.last_segment_s = lasted_s;
        arena.time_s += lasted_s;
    }
}

/// Takes from each spacecraft what it burnt in the part of the segment that was played.
fn pay(shared: Res<Shared>, mut query: Query<(&Thruster, &Burn, &mut Mass, &mut Ledger)>) {
    let (thrusters, burns, mut masses, mut ledgers) = columns!(query);
    let (masses, ledgers) = (masses.bypass_change_detection(), ledgers.bypass_change_detection());
    let slots = shared.template.slots.len();
    for (row, burn) in burns.iter().enumerate() {
        let burnt_s = shared.arenas[row / slots].last_segment_s;
        let size_m_s2 = thrusters[row].magnitude(&burn.acceleration_rtn_m_s2.into());
        let share = burn.specific_mass_flow_1_s * burnt_s;
        // Δv = -c ln(1 - share), which tends to a t where burns take no mass.
        let spent_m_s =
            if share == 0.0 { size_m_s2 * burnt_s } else { -thrusters[row].exhaust_speed_m_s * libm::log1p(-share) };
        let mass = &mut masses[row];
        mass.mass_kg *= 1.0 - share;
        mass.delta_v_left_m_s = (mass.delta_v_left_m_s - spent_m_s).max(0.0);
        ledgers[row].delta_v_m_s += spent_m_s;
    }
}

/// The first event of the segment and its time [s]; keeps the arena's closest approach and overspeed up to it.
fn first_event(template: &Template, arena: &mut Arena, motion: impl Fn(usize) -> Hermite) -> Option<(f64, Outcome)> {
    let objective = &template.objective;
    let mut first: Option<(f64, Outcome)> = None;
    let mut offer = |time_s: f64, outcome: Outcome| {
        if first.is_none_or(|(best_s, _)| time_s < best_s) {
            first = Some((time_s, outcome));
        }
    };
    let pair = |pair: [usize; 2]| Hermite::between(&motion(pair[1]), &motion(pair[0]));
    let chase = pair([objective.who, objective.target]);
    let closest = chase.closest_approach();
    if let Some(time_s) = chase.first_within(objective.radius_m, closest) {
        let crash = chase.at(time_s).velocity_m_s.norm() > objective.max_speed_m_s;
        offer(time_s, if crash { Outcome::Crash } else { Outcome::Success });
    }
    for failure in &objective.failures {
        match failure {
            Failure::Escape { pair: of, range_m } => {
                if let Some(time_s) = pair(*of).first_beyond(*range_m) {
                    offer(time_s, Outcome::Escape);
                }
            }
            Failure::KeepOut { pair: of, radius_m } => {
                let motion = pair(*of);
                if let Some(time_s) = motion.first_within(*radius_m, motion.closest_approach()) {
                    offer(time_s, Outcome::KeepOut);
                }
            }
            Failure::SpeedLimit { .. } => {}
        }
    }
    let left_s = template.time_limit_s - arena.time_s;
    // A segment that ends within rounding of the limit ends at it.
    if left_s <= template.segment_s * (1.0 + 1e-9) {
        offer(left_s.min(template.segment_s), Outcome::TimeLimit);
    }
    let lasted_s = first.map_or(template.segment_s, |(time_s, _)| time_s);
    for failure in &objective.failures {
        if let Failure::SpeedLimit { pair: of, .. } = failure
            && let Some(time_s) = watch_speed(failure, arena, &pair(*of), lasted_s)
        {
            first = Some((time_s, Outcome::Overspeed));
        }
    }
    let until_s = first.map_or(template.segment_s, |(time_s, _)| time_s);
    let nearest_m = if closest.0 <= until_s { closest.1 } else { chase.at(until_s).position_m.norm() };
    arena.closest_approach_m = arena.closest_approach_m.min(nearest_m);
    first
}

/// Adds up the overspeed until `lasted_s`, and gives the time [s] at which it passes its margin.
///
/// Relative speed under constant acceleration is convex in time and the limit all but linear, so that the greatest overspeed
/// is at an end of the segment; eighths of it are looked at for the integral.
fn watch_speed(limit: &Failure, arena: &mut Arena, motion: &Hermite, lasted_s: f64) -> Option<f64> {
    const SAMPLES: u32 = 8;
    let Failure::SpeedLimit { floor_m_s, slope_per_s, offset_m, margin_m_s, .. } = limit else { return None };
    let share_s = lasted_s / f64::from(SAMPLES);
    for sample in 1..=SAMPLES {
        let time_s = f64::from(sample) * share_s;
        let state = motion.at(time_s);
        let allowed_m_s = floor_m_s + slope_per_s * (state.position_m.norm() - offset_m);
        let over_m_s = state.velocity_m_s.norm() - allowed_m_s;
        if over_m_s > 0.0 {
            arena.overspeed_s += share_s;
            arena.overspeed_m += over_m_s * share_s;
            if over_m_s > *margin_m_s {
                return Some(time_s);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_burn_that_is_surely_affordable_is_flown_whole(
            size_m_s2 in 1e-6..1.0_f64,
            exhaust_m_s in prop_oneof![Just(f64::INFINITY), 100.0..30_000.0_f64],
            left in prop_oneof![Just(f64::INFINITY), 1e-9..1e3_f64, 0.999..1.001_f64],
            near in any::<bool>(),
            duration_s in prop::sample::select(vec![0.5, 1.0, 10.0, 60.0]),
        ) {
            // Near what the burn takes, too.
            let left_m_s = if near { size_m_s2 * duration_s * left } else { left };
            let affordable_m_s2 = if exhaust_m_s.is_infinite() {
                left_m_s / duration_s
            } else {
                -libm::expm1(-left_m_s / exhaust_m_s) * exhaust_m_s / duration_s
            };
            let share = affordable_share(size_m_s2, exhaust_m_s, left_m_s, duration_s);
            prop_assert_eq!(share.to_bits(), (affordable_m_s2 / size_m_s2).min(1.0).to_bits());
        }

        #[test]
        fn whether_an_acceleration_is_held_is_what_its_norms_say(
            before in prop::array::uniform3(-1.0..1.0_f64),
            now in prop::array::uniform3(-1.0..1.0_f64),
            kind in 0..5,
            share in 0.3..1.7_f64,
        ) {
            let before = if kind == 0 { Vector3::zeros() } else { Vector3::from(before) };
            let now = match kind {
                1 => Vector3::zeros(),
                2 => before,
                // On the edge.
                3 => before * (1.0 - HELD_CHANGE),
                4 => before * share,
                _ => Vector3::from(now),
            };
            let held = (now - before).norm() <= HELD_CHANGE * now.norm().max(before.norm());
            prop_assert_eq!(is_held(&before, &now), held);
        }
    }
}
