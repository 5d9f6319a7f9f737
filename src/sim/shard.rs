//! A shard: one bevy world with many arenas of one scenario.

use bevy_ecs::query::QueryState;
use bevy_ecs::schedule::Schedule;
use bevy_ecs::world::World;
use serde::{Deserialize, Serialize};

use super::behaviours::Behaviour;
use super::bus::Bus;
use super::bus::suffer::{Company, Sky, suffer};
use super::components::{Burn, Command, Identity, Ledger, Mass, Orbit, Pilot, Previous, Surface, Thruster};
use super::emission::Emission;
use super::forces::third_body::sun_path;
use super::forces::{Environment, ForceModel, Gravity};
use super::integrators::lanes::MAX_LANES;
use super::integrators::rk4::Exposure;
use super::path::Path;
use super::release::has_company;
use super::reset::{EpisodeSeed, reset};
use super::schedule::{Arena, Known, Rows, Shared, segment};
use super::sensing::{ArenaSensing, Sensing, Visible};
use super::sensors::signature::Signature;
use super::sight::{Scene, Sight};
use super::template::Template;
use super::threat_class::ThreatClass;
use super::tracks::track::Track;
use super::view::{SunModel, View, companions};
use crate::astro::relative::ClohessyWiltshire;

type Columns = (
    &'static mut Orbit,
    &'static mut Previous,
    &'static mut Mass,
    &'static mut Thruster,
    &'static mut Surface,
    &'static mut Command,
    &'static mut Burn,
    &'static mut Ledger,
    &'static mut Identity,
    &'static mut Pilot,
    &'static mut Emission,
    &'static mut Bus,
);
type KnownColumns = (&'static Orbit, &'static Mass, &'static Thruster, &'static Ledger, &'static Identity);

/// Many arenas of one scenario in one world, stepped together by one thread.
pub struct Shard {
    world: World,
    schedule: Schedule,
    columns: QueryState<Columns>,
    known: QueryState<KnownColumns>,
    sight: Sight,
}

/// What of a spacecraft outlasts a decision.
type SavedRow = (Orbit, Mass, Thruster, Surface, Ledger, Identity, Pilot, Bus, Emission);

/// Everything of a shard that changes, for a checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardState {
    arenas: Vec<Arena>,
    rows: Vec<SavedRow>,
    /// One an arena; empty where every spacecraft sees the truth.
    sensing: Vec<ArenaSensing>,
}

/// What a view reads of the rows.
fn known<'a>(columns: &'a mut QueryState<KnownColumns>, world: &'a World, shared: &'a Shared) -> Known<'a> {
    let mut columns = columns.contiguous_iter(world).expect("all components are dense");
    let (orbits, masses, thrusters, ledgers, identities) = columns.next().expect("all rows share one table");
    let Shared { sensing, companions, .. } = shared;
    Known { orbits, masses, thrusters, ledgers, identities, sensing, companions }
}

/// Calls `visit` as [`Shard::for_each_view_where`] does for each of these seats: an arena and a place among the learned slots.
fn see_one_by_one(
    shared: &Shared,
    known: &Known<'_>,
    seats: impl Iterator<Item = (usize, usize)>,
    mut visit: impl FnMut(&Template, &Arena, usize, usize, &View, &View),
) {
    let Shared { template, sun, arenas, learned, sensing, .. } = shared;
    let perfect = Known { sensing: &Sensing::default(), ..*known };
    let (mut view, mut truth) = (View::EMPTY, View::EMPTY);
    for (index, k) in seats {
        let (arena, slot) = (&arenas[index], learned[k]);
        view.see(template, sun, known, arena, index, slot);
        if sensing.knowledge(index, slot).is_none() {
            visit(template, arena, index, k, &view, &view);
        } else {
            truth.see(template, sun, &perfect, arena, index, slot);
            visit(template, arena, index, k, &view, &truth);
        }
    }
}

impl Rows<'_> {
    /// What is in force for one who watches slot `watched` of this arena: what anyone does from afar, or else what that slot does.
    #[must_use]
    pub fn class_in_force(&self, template: &Template, arena: &Arena, watched: usize) -> ThreatClass {
        let class = |slot: usize| {
            let Pilot { behaviour, memory } = &self.pilots[slot];
            let behaviour = behaviour.filter(|_| self.identities[slot].is_present())?;
            let class = template.slots[slot].behaviour(behaviour).class(memory, arena.time_s);
            let is_alone = || !has_company(slot, template, self.identities, self.orbits);
            // A release is over when the child is gone.
            Some(if class == ThreatClass::SubsatelliteRelease && is_alone() { ThreatClass::Nominal } else { class })
        };
        let from_afar = (0..template.slots.len()).filter_map(class).find(|class| class.acts_from_afar());
        from_afar.or_else(|| class(watched)).unwrap_or_default()
    }

    /// Whether a class describes what slot `watched` of this arena does.
    #[must_use]
    pub fn is_classed(&self, template: &Template, watched: usize) -> bool {
        let Pilot { behaviour, memory } = &self.pilots[watched];
        behaviour.is_none_or(|behaviour| template.slots[watched].behaviour(behaviour).is_classed(memory))
    }
}

impl Shard {
    /// A shard with one arena for each of `seeds`, reset.
    #[must_use]
    pub fn new(template: &Template, seeds: &[EpisodeSeed]) -> Self {
        let mut world = World::new();
        let zero = Orbit { position_m: [0.0; 3], velocity_m_s: [0.0; 3] };
        for _ in 0..seeds.len() * template.slots.len() {
            world.spawn((
                zero,
                Previous(zero),
                Mass::default(),
                Thruster::default(),
                Surface::default(),
                Command::default(),
                Burn::default(),
                Ledger::default(),
                Identity::default(),
                Pilot::default(),
                Emission::default(),
                Bus::default(),
            ));
        }
        let physics = &template.physics;
        let learned: Vec<usize> =
            (0..template.slots.len()).filter(|slot| template.slots[*slot].behaviours.is_empty()).collect();
        let arenas: Vec<Arena> =
            seeds.iter().map(|seed| Arena::new(*seed, seed.stream(super::seeds::Purpose::Adversary))).collect();
        let environment = Environment {
            mu_m3_s2: physics.mu_m3_s2,
            earth_radius_m: physics.earth_radius_m,
            zonals: physics.zonals,
            epoch_jd_tt: template.epoch_jd_tt,
            span_s: [0.0, template.time_limit_s + template.segment_s],
        };
        world.insert_resource(Shared {
            reference: physics.reference.as_ref().map(|reference| ForceModel::of(&reference.forces, &environment)),
            paths: match physics.reference {
                Some(_) => vec![Path::new(zero.state()); seeds.len() * template.slots.len()],
                None => Vec::new(),
            },
            sun_path: physics.surface_forces.solar_pressure.then(|| sun_path(&environment)),
            exposures: vec![Exposure::NONE; seeds.len() * template.slots.len()],
            sun: SunModel::of(template),
            gravity: Gravity {
                mu_m3_s2: physics.mu_m3_s2,
                earth_radius_m: physics.earth_radius_m,
                zonals: physics.zonals,
            },
            hill: physics.hill_mean_motion_rad_s.map(|rate| ClohessyWiltshire::over(rate, template.segment_s)),
            arch: pulp::Arch::new(),
            plans: vec![[0.0; 3]; arenas.len() * learned.len() * template.replan_every],
            sensing: Sensing::of(template, seeds),
            arenas,
            learned,
            segment: 0,
            companions: companions(template),
            template: Box::new(template.clone()),
        });
        let (columns, known) = (world.query(), world.query());
        let sight = Sight::of(template, &world.resource::<Shared>().learned);
        let mut shard = Self { world, schedule: segment(template), columns, known, sight };
        for (index, seed) in seeds.iter().enumerate() {
            shard.reset(index, *seed);
        }
        shard
    }

    /// The scenario that is played.
    #[must_use]
    pub fn template(&self) -> &Template {
        &self.shared().template
    }

    /// The arenas, in order.
    #[must_use]
    pub fn arenas(&self) -> &[Arena] {
        &self.shared().arenas
    }

    /// Slots that a policy flies, in order.
    #[must_use]
    pub fn learned(&self) -> &[usize] {
        &self.shared().learned
    }

    /// Has resets, and whatever running episodes have yet to draw, draw from `template` from now on; says whether it differs
    /// from the one at hand in nothing else than distributions, without which nothing is changed.
    #[must_use]
    pub fn draw_from(&mut self, template: &Template) -> bool {
        let fits = self.template().has_shape_of(template);
        if fits {
            let mut shared = self.world.resource_mut::<Shared>();
            shared.companions = companions(template);
            *shared.template = template.clone();
        }
        fits
    }

    /// Starts another episode in an arena of this shard.
    pub fn reset(&mut self, index: usize, seed: EpisodeSeed) {
        self.with_shared(index, |Shared { template, sun, arenas, sensing, .. }, rows| {
            let arena = &mut arenas[index];
            reset(template, seed, arena, rows);
            if rows.buses.iter().any(|bus| bus.0.is_some()) {
                // No time passes, but antennas point and instruments read.
                let (orbits, surfaces, identities) = (&*rows.orbits, &*rows.surfaces, &*rows.identities);
                let company = Company { orbits, surfaces, identities, emissions: rows.emissions };
                suffer(&Sky::at(template, &sun.in_arena(arena), 0.0), &company, rows.buses, 0.0, &mut arena.bus);
            }
            if !sensing.is_empty() {
                let visible = Visible {
                    orbits: rows.orbits,
                    identities: rows.identities,
                    masses: rows.masses,
                    ledgers: rows.ledgers,
                };
                sensing.reset(template, &sun.in_arena(arena), index, seed, &visible);
            }
        });
    }

    /// Whether any spacecraft sees by sensors, and not the truth.
    #[must_use]
    pub fn has_sensors(&self) -> bool {
        !self.shared().sensing.is_empty()
    }

    /// The tracks that a slot of an arena keeps by its sensors, by target slot; empty where it sees the truth.
    #[must_use]
    pub fn tracks(&self, index: usize, slot: usize) -> &[Option<Track>] {
        self.shared().sensing.tracks(index, slot)
    }

    /// How the slots of an arena look to sensors in this episode, to be read or changed; `None` where nobody has any.
    pub fn signatures_mut(&mut self, index: usize) -> Option<&mut [Signature]> {
        self.world.resource_mut::<Shared>().into_inner().sensing.signatures_mut(index)
    }

    /// The executed segments of the plans that the next [`Shard::advance`] flies: thrust as a share of the greatest, RTN,
    /// index (arena × learned slots + k) × `replan_every` + segment.
    pub fn plans_mut(&mut self) -> &mut [[f64; 3]] {
        &mut self.world.resource_mut::<Shared>().into_inner().plans
    }

    /// Plays one decision: `replan_every` segments in every arena whose episode goes on.
    pub fn advance(&mut self) {
        for segment in 0..self.shared().template.replan_every {
            self.world.resource_mut::<Shared>().segment = segment;
            self.schedule.run(&mut self.world);
        }
    }

    /// As [`Shard::advance`], and calls `watch(arena, its state, its rows)` after each segment that an arena played a part of.
    pub fn advance_watched(&mut self, mut watch: impl FnMut(usize, &Arena, &Rows<'_>)) {
        for segment in 0..self.shared().template.replan_every {
            self.world.resource_mut::<Shared>().segment = segment;
            self.schedule.run(&mut self.world);
            for index in 0..self.arenas().len() {
                if self.arenas()[index].last_segment_s > 0.0 {
                    self.with_rows(index, |_, arena, rows| watch(index, arena, rows));
                }
            }
        }
    }

    /// Moves every spacecraft by one segment under the burns in hand, and does nothing else of the step: for a bench of
    /// what the ECS costs the integrator.
    pub fn integrate_alone(&mut self) {
        self.world.run_system_cached(super::schedule::integrate).expect("the system's data are in the world");
    }

    /// Has the integrator use this instruction set in place of the machine's best: for a bench or a test of that one.
    pub fn set_instruction_set(&mut self, arch: pulp::Arch) {
        self.world.resource_mut::<Shared>().arch = arch;
    }

    /// Calls `visit(arena, k, view)` for each learned slot of each arena, in order.
    pub fn for_each_view(&mut self, mut visit: impl FnMut(usize, usize, &View)) {
        self.for_each_view_where(|_| true, |_, _, index, k, view, _| visit(index, k, view));
    }

    /// Calls `visit(scenario, arena's state, arena, k, view, truth)` for each learned slot of each arena that is `wanted`, in order.
    ///
    /// `truth`: what the slot would see were its sensing perfect; the view itself where it is.
    pub fn for_each_view_where(
        &mut self,
        wanted: impl Fn(usize) -> bool,
        mut visit: impl FnMut(&Template, &Arena, usize, usize, &View, &View),
    ) {
        let shared = self.world.resource::<Shared>();
        let known = known(&mut self.known, &self.world, shared);
        let Shared { template, sun, arenas, learned, sensing, .. } = shared;
        let wanted = (0..arenas.len()).filter(|index| wanted(*index));
        let seats = wanted.flat_map(|index| (0..learned.len()).map(move |k| (index, k)));
        let (SunModel::Fixed(position_m, direction), true) = (sun, sensing.is_empty()) else {
            see_one_by_one(shared, &known, seats, visit);
            return;
        };
        let scene = Scene { template, known, arenas, learned, sun: (*position_m, *direction) };
        let mut visit = |index: usize, k: usize, view: &View| visit(template, &arenas[index], index, k, view, view);
        let mut waiting = [(0, 0); MAX_LANES];
        let mut count = 0;
        for seat in seats {
            waiting[count] = seat;
            count += 1;
            if count == MAX_LANES {
                self.sight.look(&scene, &waiting, &mut visit);
                count = 0;
            }
        }
        if count > 0 {
            self.sight.look(&scene, &waiting[..count], visit);
        }
    }

    /// Calls `visit(k, view, truth)` for each learned slot of one arena, in order; `truth` as in [`Shard::for_each_view_where`].
    pub fn for_each_view_of(&mut self, index: usize, mut visit: impl FnMut(usize, &View, &View)) {
        let shared = self.world.resource::<Shared>();
        let known = known(&mut self.known, &self.world, shared);
        let seats = (0..shared.learned.len()).map(|k| (index, k));
        see_one_by_one(shared, &known, seats, |_, _, _, k, view, truth| visit(k, view, truth));
    }

    /// The behaviour drawn for a slot in this episode; `None` for a learned one.
    #[must_use]
    pub fn behaviour(&mut self, index: usize, slot: usize) -> Option<&'static str> {
        self.with_rows(index, |template, _, rows| {
            rows.pilots[slot].behaviour.map(|choice| template.slots[slot].behaviour(choice).name())
        })
    }

    /// Until its episode ends, the sensors of an arena look at the slots `watched` once in `segments` segments, `ahead` of them before the
    /// end of each such stretch, and at the others in every third such look; tracks stand still between two looks. For recordings, where
    /// nobody with sensors flies by what they tell.
    pub fn watch(&mut self, index: usize, segments: u32, ahead: u32, watched: &[usize]) {
        self.world.resource_mut::<Shared>().sensing.watch(index, segments, ahead, watched);
    }

    /// States of an arena's slots, in order.
    pub fn orbits(&mut self, index: usize) -> Vec<Orbit> {
        self.with_rows(index, |_, _, rows| rows.orbits.to_vec())
    }

    /// Systems of an arena's slots, in order.
    pub fn buses(&mut self, index: usize) -> Vec<Bus> {
        self.with_rows(index, |_, _, rows| rows.buses.to_vec())
    }

    /// Lets a test or a bench change an arena's rows.
    pub fn with_rows<T>(&mut self, index: usize, change: impl FnOnce(&Template, &mut Arena, &mut Rows<'_>) -> T) -> T {
        self.with_shared(index, |shared, rows| change(&shared.template, &mut shared.arenas[index], rows))
    }

    /// Calls `change` with all that systems share and an arena's rows.
    fn with_shared<T>(&mut self, index: usize, change: impl FnOnce(&mut Shared, &mut Rows<'_>) -> T) -> T {
        self.world.resource_scope(|world, mut shared: bevy_ecs::change_detection::Mut<Shared>| {
            let shared = &mut *shared;
            let mut columns = self.columns.contiguous_iter_mut(world).expect("all components are dense");
            let mut all = columns.next().expect("all rows share one table");
            let slots = shared.template.slots.len();
            let of = index * slots..(index + 1) * slots;
            let mut rows = Rows {
                orbits: &mut all.0.bypass_change_detection()[of.clone()],
                previous: &mut all.1.bypass_change_detection()[of.clone()],
                masses: &mut all.2.bypass_change_detection()[of.clone()],
                thrusters: &mut all.3.bypass_change_detection()[of.clone()],
                surfaces: &mut all.4.bypass_change_detection()[of.clone()],
                commands: &mut all.5.bypass_change_detection()[of.clone()],
                burns: &mut all.6.bypass_change_detection()[of.clone()],
                ledgers: &mut all.7.bypass_change_detection()[of.clone()],
                identities: &mut all.8.bypass_change_detection()[of.clone()],
                pilots: &mut all.9.bypass_change_detection()[of.clone()],
                emissions: &mut all.10.bypass_change_detection()[of.clone()],
                buses: &mut all.11.bypass_change_detection()[of],
            };
            change(shared, &mut rows)
        })
    }

    /// Everything that changes, at the boundary of a decision.
    #[must_use]
    pub fn state(&mut self) -> ShardState {
        let arenas = self.arenas().to_vec();
        let mut rows = Vec::new();
        for index in 0..arenas.len() {
            self.with_rows(index, |template, _, of| {
                rows.extend((0..template.slots.len()).map(|slot| {
                    let (orbit, mass, thruster) = (of.orbits[slot], of.masses[slot], of.thrusters[slot]);
                    let surface = of.surfaces[slot];
                    (
                        orbit,
                        mass,
                        thruster,
                        surface,
                        of.ledgers[slot],
                        of.identities[slot],
                        of.pilots[slot],
                        of.buses[slot],
                        of.emissions[slot],
                    )
                }));
            });
        }
        ShardState { arenas, rows, sensing: self.shared().sensing.state() }
    }

    /// Puts back what [`Shard::state`] gave; says whether it fits this shard's numbers of arenas and slots.
    #[must_use]
    pub fn restore(&mut self, state: &ShardState) -> bool {
        let slots = self.template().slots.len();
        if state.arenas.len() != self.arenas().len() || state.rows.len() != slots * state.arenas.len() {
            return false;
        }
        if !self.world.resource_mut::<Shared>().sensing.restore(&state.sensing) {
            return false;
        }
        for (index, saved) in state.arenas.iter().enumerate() {
            self.with_rows(index, |_, arena, rows| {
                *arena = saved.clone();
                for (slot, row) in state.rows[index * slots..(index + 1) * slots].iter().enumerate() {
                    rows.orbits[slot] = row.0;
                    rows.previous[slot] = Previous(row.0);
                    rows.masses[slot] = row.1;
                    rows.thrusters[slot] = row.2;
                    rows.surfaces[slot] = row.3;
                    rows.ledgers[slot] = row.4;
                    rows.identities[slot] = row.5;
                    rows.pilots[slot] = row.6;
                    rows.buses[slot] = row.7;
                    rows.emissions[slot] = row.8;
                    // What coasts, or is not there, is told nothing anew: it must not go on with what was told before.
                    rows.commands[slot] = Command::default();
                    rows.burns[slot] = Burn::default();
                }
            });
        }
        true
    }

    fn shared(&self) -> &Shared {
        self.world.resource::<Shared>()
    }
}
