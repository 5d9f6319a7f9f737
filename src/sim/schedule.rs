//! The step of a shard, in order: decide, burn, integrate, detect, suffer, sense, pay. One run of the schedule is one segment.

use bevy_ecs::change_detection::{Res, ResMut};
use bevy_ecs::resource::Resource;
use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule, SingleThreadedExecutor};
use bevy_ecs::system::Query;
use serde::{Deserialize, Serialize};

use super::Outcome;
use super::behaviours::{Behaviour, BehaviourConfig};
use super::bus::Bus;
use super::bus::suffer::{self, Company, Sky};
use super::components::{Burn, Command, Identity, Ledger, Mass, Orbit, Pilot, Previous, Surface, Thruster};
use super::emission::Emission;
use super::events::{Hermite, RelativeMotion, bisect};
use super::forces::{ForceModel, Gravity};
use super::frames::Turning;
use super::goals::{self, Progress};
use super::harm;
use super::integrators::rk4::Exposure;
use super::integrators::{clohessy_wiltshire, rk4};
use super::path::{Path, PathPair};
use super::propagation;
use super::release::{ReleaseRows, release};
use super::reset::EpisodeSeed;
use super::scores::{self, Tally};
use super::seeds::{Generator, Purpose};
use super::sensing::{HELD_CHANGE, Sensing, Visible};
use super::template::{Capture, Failure, Goal, Objective, Template};
use super::view::{MAX_TRACKS, Mark, View};
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
    /// Stream that the systems of spacecraft draw from.
    pub bus: Generator,
    /// The cast drawn for the episode, as an index into the template's; `None` where it has none.
    pub cast: Option<u16>,
    /// Angle of the Sun at the start, from R against T [rad], in the relative tier; zero in the others.
    pub sun_angle_rad: f64,
    /// How the episode stands in a goal that counts.
    pub progress: Progress,
    /// What the published scores are made of, one a score of the template.
    pub scores: Vec<Tally>,
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
            bus: seed.stream(Purpose::Bus),
            cast: None,
            sun_angle_rad: 0.0,
            progress: Progress::Nothing,
            scores: Vec::new(),
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
    /// What each sends out.
    pub emissions: &'a mut [Emission],
    /// Systems that others act upon.
    pub buses: &'a mut [Bus],
}

/// What the systems of a shard share.
#[derive(Resource)]
pub(super) struct Shared {
    /// In a box, since all that systems share is moved where an arena's rows are borrowed with it.
    pub(super) template: Box<Template>,
    /// Of each slot, those that it may track.
    pub(super) companions: Vec<Vec<(usize, Mark)>>,
    pub(super) sun: super::view::SunModel,
    pub(super) gravity: Gravity,
    pub(super) hill: Option<ClohessyWiltshire>,
    /// The forces of the reference tier; `None` in the others.
    pub(super) reference: Option<ForceModel>,
    /// What each row flew in the segment in hand, in the reference tier; empty in the others.
    pub(super) paths: Vec<Path>,
    /// The Sun during an episode, where the standard tier has its light press.
    pub(super) sun_path: Option<ChebyshevPath>,
    /// Written anew each segment where forces on surfaces act; one a row.
    pub(super) exposures: Vec<Exposure>,
    pub(super) arch: pulp::Arch,
    pub(super) arenas: Vec<Arena>,
    /// Tracks of those that see by sensors.
    pub(super) sensing: Sensing,
    /// Slots that a policy flies, in order.
    pub(super) learned: Vec<usize>,
    /// Executed segments of the plans: thrust as a share of the greatest, RTN; index (arena × learned + k) × replan_every + segment.
    pub(super) plans: Vec<[f64; 3]>,
    /// Segment of the plan in hand.
    pub(super) segment: usize,
}

/// The schedule of one segment; without the systems of spacecraft where no slot has any.
pub(super) fn segment(template: &Template) -> Schedule {
    let mut schedule = Schedule::default();
    schedule.set_executor(SingleThreadedExecutor::new());
    schedule.add_systems((decide, burn, integrate, detect, sense, pay).chain());
    if template.slots.iter().any(|slot| slot.bus.is_some()) {
        schedule.add_systems(suffer.after(detect).before(sense));
    }
    schedule
}

/// Borrows the single table's column, past change detection, which nothing here reads.
macro_rules! columns {
    ($query:ident) => {
        $query.contiguous_iter_mut().expect("all components are dense").next().expect("all rows share one table")
    };
}

/// What [`View::see`] reads of a shard's rows.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) orbits: &'a [Orbit],
    pub(super) masses: &'a [Mass],
    pub(super) thrusters: &'a [Thruster],
    pub(super) ledgers: &'a [Ledger],
    pub(super) identities: &'a [Identity],
    pub(super) sensing: &'a Sensing,
    pub(super) companions: &'a [Vec<(usize, Mark)>],
}

/// What deciding reads and writes; a release makes rows of others part of it.
type Deciding = (
    &'static mut Orbit,
    &'static mut Mass,
    &'static Thruster,
    &'static mut Surface,
    &'static mut Ledger,
    &'static mut Identity,
    &'static mut Pilot,
    &'static mut Command,
    &'static mut Emission,
);

/// Learned spacecraft follow their plan, scripted ones their behaviour.
fn decide(mut shared: ResMut<Shared>, mut query: Query<Deciding>) {
    let shared = &mut *shared;
    let (
        mut orbits,
        mut masses,
        thrusters,
        mut surfaces,
        mut ledgers,
        mut identities,
        mut pilots,
        mut commands,
        mut emissions,
    ) = columns!(query);
    let (orbits, masses) = (orbits.bypass_change_detection(), masses.bypass_change_detection());
    let surfaces = surfaces.bypass_change_detection();
    let (ledgers, identities) = (ledgers.bypass_change_detection(), identities.bypass_change_detection());
    let (pilots, commands) = (pilots.bypass_change_detection(), commands.bypass_change_detection());
    let emissions = emissions.bypass_change_detection();
    let slots = shared.template.slots.len();
    let Shared { template, companions, sun, arenas, learned, plans, segment, sensing, .. } = shared;
    let mut view = View::EMPTY;
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
            let row = first + slot;
            let Some(choice) = pilots[row].behaviour else { continue };
            let behaviour = config.behaviour(choice);
            if matches!(behaviour, BehaviourConfig::Ballistic(_)) || !identities[row].is_present() {
                continue;
            }
            let known = Known { orbits, masses, thrusters, ledgers, identities, sensing, companions };
            view.see(template, sun, &known, arena, index, slot);
            let act = behaviour.act(&view, &mut pilots[row].memory, &mut arena.adversary);
            commands[row].acceleration_rtn_m_s2 = act.acceleration_rtn_m_s2;
            emissions[row] = act.emission;
            if act.unfolds > 0.0 {
                let before = 1.0 + ledgers[row].unfolded;
                ledgers[row].unfolded += act.unfolds;
                surfaces[row].area_m2 *= (before + act.unfolds) / before;
            }
            if let Some(children) = &act.release {
                let of = first..first + slots;
                let mut rows = ReleaseRows {
                    orbits: &mut orbits[of.clone()],
                    masses: &mut masses[of.clone()],
                    ledgers: &mut ledgers[of.clone()],
                    identities: &mut identities[of.clone()],
                    pilots: &mut pilots[of],
                };
                release(template, slot, children, &mut rows, arena.time_s);
            }
        }
    }
}

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
    let Shared { template, gravity, hill, reference, paths, sun_path, exposures, arch, arenas, .. } = &mut *shared;
    let Template { segment_s, physics, slots, .. } = &**template;
    let step_s = *segment_s / physics.substeps as f64;
    if let Some(map) = hill {
        clohessy_wiltshire::propagate(map, orbits, burns);
    } else if let (Some(model), Some(physics)) = (reference, &physics.reference) {
        for (row, orbit) in orbits.iter_mut().enumerate() {
            let arena = &arenas[row / slots.len()];
            if arena.outcome.is_none() {
                let craft = (&burns[row], masses[row].mass_kg, &surfaces[row]);
                let (tolerance, path) = (physics.tolerance, &mut paths[row]);
                *orbit = propagation::segment(model, tolerance, orbit, craft, arena.time_s, *segment_s, path);
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
fn detect(mut shared: ResMut<Shared>, mut query: Query<(&mut Orbit, &Previous, &mut Identity, &Mass, &Burn)>) {
    let (mut orbits, previous, mut identities, masses, burns) = columns!(query);
    let (orbits, identities) = (orbits.bypass_change_detection(), identities.bypass_change_detection());
    let Shared { template, sun, arenas, paths, .. } = &mut *shared;
    let (slots, segment_s) = (template.slots.len(), template.segment_s);
    for (index, arena) in arenas.iter_mut().enumerate() {
        let rows = index * slots..(index + 1) * slots;
        let (masses, burns) = (&masses[rows.clone()], &burns[rows.clone()]);
        let (orbits, previous, identities) =
            (&mut orbits[rows.clone()], &previous[rows.clone()], &mut identities[rows.clone()]);
        if arena.outcome.is_some() {
            arena.last_segment_s = 0.0;
            for (orbit, previous) in orbits.iter_mut().zip(previous) {
                *orbit = previous.0;
            }
            continue;
        }
        let motion = |slot: usize| Hermite::new(previous[slot].0.state(), orbits[slot].state(), segment_s);
        let is_reference = template.physics.reference.is_some();
        let found = if is_reference {
            let paths = &paths[rows.clone()];
            first_event(template, arena, identities, |[who, from]| PathPair::new(&paths[from], &paths[who], segment_s))
        } else {
            first_event(template, arena, identities, |[who, from]| Hermite::between(&motion(from), &motion(who)))
        };
        let (found, caught) = found;
        let found = goals::count(template, sun, arena, found, motion);
        let lasted_s = found.map_or(segment_s, |(time_s, _)| time_s);
        for (slot, _) in caught.iter().enumerate().filter(|(_, caught_s)| **caught_s <= lasted_s) {
            identities[slot].team = 0;
        }
        scores::tally(template, sun, arena, lasted_s, motion, |slot, time_s| {
            masses[slot].initial_mass_kg - masses[slot].mass_kg * (1.0 - burns[slot].specific_mass_flow_1_s * time_s)
        });
        if let Some((time_s, outcome)) = found {
            arena.outcome = Some(outcome);
            for (slot, (orbit, previous)) in orbits.iter_mut().zip(previous).enumerate() {
                *orbit = if is_reference {
                    paths[rows.start + slot].at(time_s).into()
                } else {
                    Hermite::new(previous.0.state(), orbit.state(), segment_s).at(time_s).into()
                };
            }
        }
        arena.last_segment_s = lasted_s;
        arena.time_s += lasted_s;
    }
}

/// Has those with sensors look at the others, in every arena that played a part of the segment: also in one that it ended, whose last
/// view a learner may need.
fn sense(mut shared: ResMut<Shared>, query: Query<(&Orbit, &Identity, &Mass, &Ledger)>) {
    if shared.sensing.is_empty() {
        return;
    }
    let mut columns = query.contiguous_iter().expect("all components are dense");
    let (orbits, identities, masses, ledgers) = columns.next().expect("all rows share one table");
    let Shared { template, sun, arenas, sensing, .. } = &mut *shared;
    let slots = template.slots.len();
    for (index, arena) in arenas.iter().enumerate().filter(|(_, arena)| arena.last_segment_s > 0.0) {
        if !sensing.is_due(index, arena, template.segment_s) {
            continue;
        }
        let rows = index * slots..(index + 1) * slots;
        let rows = Visible {
            orbits: &orbits[rows.clone()],
            identities: &identities[rows.clone()],
            masses: &masses[rows.clone()],
            ledgers: &ledgers[rows],
        };
        sensing.look(template, &sun.in_arena(arena), index, arena.time_s, &rows);
    }
}

/// Has spacecraft with systems take what the segment brought: Sun, network, what others sent at them.
fn suffer(mut shared: ResMut<Shared>, mut query: Query<(&Orbit, &Surface, &Identity, &Emission, &mut Bus)>) {
    let (orbits, surfaces, identities, emissions, mut buses) = columns!(query);
    let buses = buses.bypass_change_detection();
    let Shared { template, sun, arenas, .. } = &mut *shared;
    let slots = template.slots.len();
    for (index, arena) in arenas.iter_mut().enumerate().filter(|(_, arena)| arena.last_segment_s > 0.0) {
        let of = index * slots..(index + 1) * slots;
        let company = Company {
            orbits: &orbits[of.clone()],
            surfaces: &surfaces[of.clone()],
            identities: &identities[of.clone()],
            emissions: &emissions[of.clone()],
        };
        let sky = Sky::at(template, &sun.in_arena(arena), arena.time_s);
        suffer::suffer(&sky, &company, &mut buses[of.clone()], arena.last_segment_s, &mut arena.bus);
        // What ended the segment sooner stands.
        if arena.outcome.is_none() || arena.time_s >= template.time_limit_s {
            arena.outcome = harm::outcome(&template.objective.harms, &buses[of]).or(arena.outcome);
        }
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
///
/// `pair`: the motion of the first of two slots relative to the second.
fn first_event<Motion: RelativeMotion>(
    template: &Template,
    arena: &mut Arena,
    identities: &[Identity],
    pair: impl Fn([usize; 2]) -> Motion,
) -> (Option<(f64, Outcome)>, Caught) {
    let objective = &template.objective;
    let caught = caught(objective, identities, &pair);
    let mut first: Option<(f64, Outcome)> = None;
    let mut offer = |time_s: f64, outcome: Outcome| {
        if first.is_none_or(|(best_s, _)| time_s < best_s) {
            first = Some((time_s, outcome));
        }
    };
    let chase = pair([objective.who, objective.target]);
    let closest = chase.closest_approach();
    let pair_is_there = [objective.who, objective.target].iter().all(|slot| identities[*slot].is_present());
    if let Some(time_s) = chase.first_within(objective.radius_m, closest).filter(|_| pair_is_there) {
        let crash = chase.state_at(time_s).velocity_m_s.norm() > objective.max_speed_m_s;
        offer(time_s, if crash { Outcome::Crash } else { Outcome::Success });
    }
    // A slot that nothing was released into yet is nowhere, and one that was caught is there no more.
    let is_there = |pair: &[usize; 2]| pair.iter().all(|slot| identities[*slot].is_present());
    let until_s = |pair: &[usize; 2]| caught[pair[0]].min(caught[pair[1]]);
    for failure in objective.failures.iter().filter(|failure| is_there(failure.pair())) {
        match failure {
            Failure::Escape { pair: of, range_m } => {
                if let Some(time_s) = pair(*of).first_beyond(*range_m)
                    && time_s <= until_s(of)
                {
                    offer(time_s, Outcome::Escape);
                }
            }
            Failure::KeepOut { pair: of, radius_m } => {
                let motion = pair(*of);
                if let Some(time_s) = motion.first_within(*radius_m, motion.closest_approach())
                    && time_s <= until_s(of)
                {
                    offer(time_s, Outcome::KeepOut);
                }
            }
            Failure::SpeedLimit { .. } => {}
        }
    }
    let left_s = template.time_limit_s - arena.time_s;
    // A segment that ends within rounding of the limit ends at it.
    if left_s <= template.segment_s * (1.0 + 1e-9) {
        let outcome = if objective.goal == Goal::Survive { Outcome::Success } else { Outcome::TimeLimit };
        offer(left_s.min(template.segment_s), outcome);
    }
    let lasted_s = first.map_or(template.segment_s, |(time_s, _)| time_s);
    for failure in &objective.failures {
        if let Failure::SpeedLimit { pair: of, .. } = failure
            && is_there(of)
            && let Some(time_s) =
                watch_speed(failure, arena, &pair(*of), lasted_s, template.physics.reference.is_some())
        {
            first = Some((time_s, Outcome::Overspeed));
        }
    }
    let until_s = first.map_or(template.segment_s, |(time_s, _)| time_s);
    let nearest_m = if closest.0 <= until_s { closest.1 } else { chase.distance_m(until_s) };
    if pair_is_there {
        arena.closest_approach_m = arena.closest_approach_m.min(nearest_m);
    }
    (first, caught)
}

/// When each slot is caught within the segment [s]; infinite where it is not.
type Caught = [f64; MAX_TRACKS + 1];

fn caught<Motion: RelativeMotion>(
    objective: &Objective,
    identities: &[Identity],
    pair: &impl Fn([usize; 2]) -> Motion,
) -> Caught {
    let mut caught = [f64::INFINITY; MAX_TRACKS + 1];
    for Capture { pair: of, radius_m } in &objective.captures {
        if of.iter().all(|slot| identities[*slot].is_present()) {
            let motion = pair(*of);
            if let Some(time_s) = motion.first_within(*radius_m, motion.closest_approach()) {
                caught[of[1]] = caught[of[1]].min(time_s);
            }
        }
    }
    caught
}

/// Adds up the overspeed until `lasted_s`, and gives the time [s] at which it passes its margin: the sample at which it is passed, or,
/// where `exact`, the instant.
///
/// Relative speed under constant acceleration is convex in time and the limit all but linear, so that the greatest overspeed
/// is at an end of the segment; eighths of each piece of the motion are looked at for the integral.
fn watch_speed(
    limit: &Failure,
    arena: &mut Arena,
    motion: &impl RelativeMotion,
    lasted_s: f64,
    exact: bool,
) -> Option<f64> {
    const SAMPLES: usize = 8;
    let Failure::SpeedLimit { floor_m_s, slope_per_s, offset_m, margin_m_s, .. } = limit else { return None };
    let over_m_s = |time_s: f64| {
        let state = motion.state_at(time_s);
        let allowed_m_s = floor_m_s + slope_per_s * (state.position_m.norm() - offset_m);
        state.velocity_m_s.norm() - allowed_m_s
    };
    let samples = SAMPLES * (motion.knots_s().len() - 1);
    let share_s = lasted_s / samples as f64;
    for sample in 1..=samples {
        let time_s = sample as f64 * share_s;
        let over_now_m_s = over_m_s(time_s);
        if over_now_m_s > *margin_m_s {
            let before_s = (sample - 1) as f64 * share_s;
            let passed_s =
                if exact { bisect(before_s, time_s, |time_s| over_m_s(time_s) > *margin_m_s) } else { time_s };
            let last_s = if exact { passed_s - before_s } else { share_s };
            arena.overspeed_s += last_s;
            arena.overspeed_m += over_m_s(passed_s) * last_s;
            return Some(passed_s);
        }
        if over_now_m_s > 0.0 {
            arena.overspeed_s += share_s;
            arena.overspeed_m += over_now_m_s * share_s;
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
