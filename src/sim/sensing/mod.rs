//! Sensing: what each spacecraft with sensors measures of the others in every segment, and the tracks that it keeps.
//!
//! Kept beside the rows and not in them, so that a scenario in which everyone sees the truth carries nothing of it. Which target a
//! measurement is of is known: there is no confusion of targets, no clutter and no delay.

pub mod config;
mod lookout;

use rand::RngExt;
use rand_distr::{Distribution as _, StandardNormal};
use serde::{Deserialize, Serialize};

use self::config::{SensorsConfig, TrackStart};
use self::lookout::Lookout;
use super::components::{Identity, Ledger, Mass, Orbit};
use super::reset::EpisodeSeed;
use super::schedule::Arena;
use super::seeds::{Generator, Purpose};
use super::sensors::Sensor;
use super::sensors::bias::Bias;
use super::sensors::measurement::{Measurement, Signal};
use super::sensors::scene::Scene;
use super::sensors::signature::Signature;
use super::template::{Physics, Slot, Template};
use super::tracks::estimate::Estimate;
use super::tracks::motion::Motion;
use super::tracks::track::{Track, Tracker};
use super::view::SunModel;
use crate::astro::{CartesianState, Vector3};

/// Change of an acceleration, as a share of the greater, up to which it counts as held: an angle of 23°.
pub(super) const HELD_CHANGE: f64 = 0.4;

/// Looks of which one is at all that can be seen, where some are watched.
const OTHERS_EVERY: u32 = 3;

/// Segments since the episode began.
fn segments_played(time_s: f64, segment_s: f64) -> u64 {
    (time_s / segment_s).round() as u64
}

/// Sensing of a shard; empty where every spacecraft sees the truth.
#[derive(Default)]
pub(super) struct Sensing {
    /// Those that look, by slot.
    observers: Vec<Option<Observer>>,
    /// What is supposed of each slot that no sensor tells.
    priors: Vec<Prior>,
    arenas: Vec<ArenaSensing>,
    /// When sensors look at what, by arena.
    tasking: Vec<Tasking>,
}

/// When the sensors of an arena look, in the episode in hand.
#[derive(Clone, Debug)]
struct Tasking {
    /// Segments from look to look.
    every: u32,
    /// Segments by which a look is before the end of each such stretch.
    ahead: u32,
    /// Slots that every look is at; `None`: all. The others are looked at in one look of [`OTHERS_EVERY`].
    watched: Option<Vec<usize>>,
}

impl Tasking {
    /// At all, whenever a segment ends.
    const ALWAYS: Self = Self { every: 1, ahead: 0, watched: None };
}

/// The rows of one arena that can be seen.
#[derive(Clone, Copy)]
pub(super) struct Visible<'a> {
    pub(super) orbits: &'a [Orbit],
    pub(super) identities: &'a [Identity],
    pub(super) masses: &'a [Mass],
    pub(super) ledgers: &'a [Ledger],
}

impl Visible<'_> {
    /// Makes a target look as what has become of it: larger by what it has unfolded; and after a break-up tumbling, its cross-section that
    /// of a body of the same shape and density as what is left.
    fn alter(&self, target: usize, scene: &mut Scene) {
        let Ledger { tumble_rad_s, unfolded, .. } = self.ledgers[target];
        if unfolded > 0.0 {
            scene.signature.radar_cross_section_m2 *= 1.0 + unfolded;
            scene.signature.standard_magnitude -= 2.5 * libm::log10(1.0 + unfolded);
        }
        scene.tumble_rad_s = tumble_rad_s;
        if scene.tumble_rad_s > 0.0 {
            let Mass { mass_kg, initial_mass_kg, .. } = self.masses[target];
            let share = libm::cbrt(mass_kg / initial_mass_kg.max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
            scene.signature.radar_cross_section_m2 *= share * share;
        }
    }
}

/// A spacecraft with sensors.
struct Observer {
    /// Among those that look.
    index: usize,
    config: SensorsConfig,
    tracker: Tracker,
    /// Instruction set that tracks are followed with.
    arch: pulp::Arch,
}

/// What every spacecraft supposes of another that no sensor tells: the means of the scenario's distributions.
#[derive(Clone, Copy)]
pub(super) struct Prior {
    /// Greatest acceleration [m/s²]: mean thrust over mean mass; zero for one without Δv.
    pub(super) max_acceleration_m_s2: f64,
    /// Δv at the start [m/s]; infinite where it is not bounded. What has been spent of it is not known.
    pub(super) delta_v_m_s: f64,
}

/// Everything of an arena's sensing that changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ArenaSensing {
    /// Stream of detections and noise.
    generator: Generator,
    /// How each slot looks in this episode.
    signatures: Vec<Signature>,
    /// What each sensor of each that looks is off by; empty for one whose sensors are off by nothing.
    biases: Vec<Vec<Bias>>,
    /// Index: observer among those that look × slots + target.
    tracks: Vec<Option<Track>>,
    /// For each that looks, the least distance so far of the objective's pair [m], as it estimates it.
    closest_approach_m: Vec<f64>,
}

/// What one spacecraft knows by its sensors.
#[derive(Clone, Copy)]
pub(super) struct Knowledge<'a> {
    tracks: &'a [Option<Track>],
    priors: &'a [Prior],
    /// Least distance so far of the objective's pair [m] by its estimates; infinite before there was one.
    pub(super) closest_approach_m: f64,
}

impl Prior {
    fn of(slot: &Slot) -> Self {
        let delta_v_m_s = slot.delta_v_m_s.as_ref().map_or(f64::INFINITY, super::distribution::Distribution::mean);
        let burns = delta_v_m_s > 0.0;
        Self {
            max_acceleration_m_s2: if burns { slot.thrust_n.mean() / slot.mass_kg.mean() } else { 0.0 },
            delta_v_m_s,
        }
    }
}

impl<'a> Knowledge<'a> {
    /// The track of a slot; `None` where there is none.
    pub(super) fn track(&self, slot: usize) -> Option<&'a Track> {
        self.tracks[slot].as_ref()
    }

    /// What is supposed of a slot that no sensor tells.
    pub(super) fn prior(&self, slot: usize) -> Prior {
        self.priors[slot]
    }
}

/// Natural motion as the filters suppose it.
fn motion(physics: &Physics) -> Motion {
    match physics.hill_mean_motion_rad_s {
        Some(mean_motion_rad_s) => Motion::Hill { mean_motion_rad_s },
        None => {
            Motion::Orbit { mu_m3_s2: physics.mu_m3_s2, earth_radius_m: physics.earth_radius_m, j2: physics.zonals[0] }
        }
    }
}

impl Sensing {
    /// Sensing of as many arenas as there are seeds, before their reset.
    pub(super) fn of(template: &Template, seeds: &[EpisodeSeed]) -> Self {
        let slots = template.slots.len();
        let mut looking = 0;
        let observer = |slot: &Slot| {
            let config = slot.sensing.sensors()?;
            let tracker = Tracker::new(motion(&template.physics), config.tracking).with_interval(template.segment_s);
            looking += 1;
            Some(Observer { index: looking - 1, config: config.clone(), tracker, arch: pulp::Arch::new() })
        };
        let observers: Vec<_> = template.slots.iter().map(observer).collect();
        if looking == 0 {
            return Self::default();
        }
        let arena = |seed: &EpisodeSeed| ArenaSensing {
            generator: seed.stream(Purpose::Sensor),
            signatures: vec![Signature::default(); slots],
            biases: vec![Vec::new(); looking],
            tracks: vec![None; looking * slots],
            closest_approach_m: vec![f64::INFINITY; looking],
        };
        Self {
            observers,
            priors: template.slots.iter().map(Prior::of).collect(),
            arenas: seeds.iter().map(arena).collect(),
            tasking: vec![Tasking::ALWAYS; seeds.len()],
        }
    }

    /// Until its episode ends, the sensors of an arena look at the slots `watched` once in `segments` segments, `ahead` segments before the
    /// end of each such stretch since the episode began, and at the others once in [`OTHERS_EVERY`] times as many.
    pub(super) fn watch(&mut self, arena: usize, segments: u32, ahead: u32, watched: &[usize]) {
        if let Some(tasking) = self.tasking.get_mut(arena) {
            *tasking = Tasking { every: segments.max(1), ahead, watched: Some(watched.to_vec()) };
        }
    }

    /// Whether the sensors of an arena look at the end of the segment that was played: also at the end of the episode.
    pub(super) fn is_due(&self, index: usize, arena: &Arena, segment_s: f64) -> bool {
        let Tasking { every, ahead, .. } = self.tasking[index];
        let played = segments_played(arena.time_s, segment_s) + u64::from(ahead);
        arena.outcome.is_some() || played.is_multiple_of(u64::from(every))
    }

    /// Whether every spacecraft sees the truth.
    pub(super) fn is_empty(&self) -> bool {
        self.arenas.is_empty()
    }

    /// What a slot knows by its sensors; `None` where it sees the truth.
    pub(super) fn knowledge(&self, arena: usize, slot: usize) -> Option<Knowledge<'_>> {
        let Observer { index, .. } = self.observers.get(slot)?.as_ref()?;
        let ArenaSensing { tracks, closest_approach_m, .. } = &self.arenas[arena];
        let slots = self.priors.len();
        Some(Knowledge {
            tracks: &tracks[index * slots..(index + 1) * slots],
            priors: &self.priors,
            closest_approach_m: closest_approach_m[*index],
        })
    }

    /// How each slot of an arena looks to sensors, to be changed in mid-episode; `None` where nobody looks.
    pub(super) fn signatures_mut(&mut self, arena: usize) -> Option<&mut [Signature]> {
        self.arenas.get_mut(arena).map(|arena| arena.signatures.as_mut_slice())
    }

    /// The tracks that a slot keeps, by target.
    pub(super) fn tracks(&self, arena: usize, slot: usize) -> &[Option<Track>] {
        self.knowledge(arena, slot).map_or(&[], |knowledge| knowledge.tracks)
    }

    /// Starts an episode in an arena whose rows are reset: signatures are drawn, tracks begin as the scenario says, and all look once.
    pub(super) fn reset(
        &mut self,
        template: &Template,
        sun: &SunModel,
        arena: usize,
        seed: EpisodeSeed,
        rows: &Visible<'_>,
    ) {
        let Some(state) = self.arenas.get_mut(arena) else { return };
        let Visible { orbits, identities, .. } = *rows;
        self.tasking[arena] = Tasking::ALWAYS;
        state.generator = seed.stream(Purpose::Sensor);
        for (signature, slot) in state.signatures.iter_mut().zip(&template.slots) {
            *signature = slot.signature.sample(&mut state.generator);
        }
        state.closest_approach_m.fill(f64::INFINITY);
        let slots = template.slots.len();
        for (slot, observer) in self.observers.iter().enumerate() {
            let Some(observer) = observer else { continue };
            let biases = &mut state.biases[observer.index];
            biases.clear();
            if let Some(bias) = &observer.config.bias {
                biases.extend(observer.config.sensors.iter().map(|_| bias.sample(&mut state.generator)));
            }
            let tracks = &mut state.tracks[observer.index * slots..(observer.index + 1) * slots];
            for (target, (track, truth)) in tracks.iter_mut().zip(orbits).enumerate() {
                *track = match observer.config.start {
                    TrackStart::Catalogue { position_sigma_m, velocity_sigma_m_s }
                        if target != slot && identities[target].is_present() =>
                    {
                        let sigmas = [position_sigma_m, velocity_sigma_m_s];
                        Some(observer.catalogued(&truth.state(), sigmas, &mut state.generator))
                    }
                    _ => None,
                };
            }
        }
        self.look(template, sun, arena, 0.0, rows);
    }

    /// Moves the tracks of an arena to `time_s`, the time of its rows, with what is measured then.
    pub(super) fn look(&mut self, template: &Template, sun: &SunModel, arena: usize, time_s: f64, rows: &Visible<'_>) {
        let slots = template.slots.len();
        let Visible { orbits, identities, .. } = *rows;
        let Tasking { every, ahead, watched } = &self.tasking[arena];
        let played = segments_played(time_s, template.segment_s) + u64::from(*ahead);
        let is_whole = played.is_multiple_of(u64::from(every * OTHERS_EVERY));
        let watched = watched.as_ref().filter(|_| !is_whole);
        let ArenaSensing { generator, signatures, biases, tracks, closest_approach_m } = &mut self.arenas[arena];
        for (slot, observer) in self.observers.iter().enumerate() {
            let Some(observer) = observer else { continue };
            let own = orbits[slot].state();
            let vantage = observer.tracker.filter().motion.vantage(own);
            let lookout = Lookout::of(&template.physics, sun, vantage, time_s);
            let tracks = &mut tracks[observer.index * slots..(observer.index + 1) * slots];
            for target in (0..slots).filter(|target| *target != slot) {
                if !identities[target].is_present() {
                    tracks[target] = None;
                    continue;
                }
                if watched.is_some_and(|watched| !watched.contains(&target)) {
                    continue;
                }
                let mut scene = lookout.scene(&orbits[target].state(), signatures[target]);
                rows.alter(target, &mut scene);
                observer.watch(&mut tracks[target], &scene, &lookout, &biases[observer.index], generator);
            }
            let position_m = |of: usize| -> Option<Vector3> {
                if of == slot {
                    return Some(own.position_m);
                }
                let held = tracks[of].as_ref().filter(|track| track.estimate.time_s == time_s);
                held.map(|track| track.estimate.state().position_m)
            };
            if let (Some(who_m), Some(target_m)) =
                (position_m(template.objective.who), position_m(template.objective.target))
            {
                let least_m = &mut closest_approach_m[observer.index];
                *least_m = least_m.min((who_m - target_m).norm());
            }
        }
    }

    /// Everything that changes, an entry an arena; empty where every spacecraft sees the truth.
    pub(super) fn state(&self) -> Vec<ArenaSensing> {
        self.arenas.clone()
    }

    /// Puts back what [`Sensing::state`] gave; says whether it fits.
    pub(super) fn restore(&mut self, state: &[ArenaSensing]) -> bool {
        let fits = |(arena, saved): (&ArenaSensing, &ArenaSensing)| {
            arena.signatures.len() == saved.signatures.len()
                && arena.biases.len() == saved.biases.len()
                && arena.tracks.len() == saved.tracks.len()
                && arena.closest_approach_m.len() == saved.closest_approach_m.len()
        };
        if self.arenas.len() != state.len() || !self.arenas.iter().zip(state).all(fits) {
            return false;
        }
        self.arenas.clone_from_slice(state);
        true
    }
}

impl Observer {
    /// A track as a catalogue gives it at the start of an episode: the truth with a Gaussian error of these standard deviations,
    /// position [m] and velocity [m/s]. Whether the target thrusts is not known.
    fn catalogued(&self, truth: &CartesianState, sigmas: [f64; 2], generator: &mut Generator) -> Track {
        let mut error = |sigma: f64| Vector3::from_fn(|_, _| -> f64 { StandardNormal.sample(generator) }) * sigma;
        let state = CartesianState {
            position_m: truth.position_m + error(sigmas[0]),
            velocity_m_s: truth.velocity_m_s + error(sigmas[1]),
        };
        let lasting = self.config.tracking.manoeuvres.sigma_m_s2;
        Track::given(Estimate::about(0.0, &state, [sigmas[0], sigmas[1], lasting]))
    }

    /// Each sensor's look at one target, and what they make of the track together.
    fn watch(
        &self,
        track: &mut Option<Track>,
        scene: &Scene,
        lookout: &Lookout<'_>,
        biases: &[Bias],
        generator: &mut Generator,
    ) {
        let before = track.as_ref().map(|held| (held.estimate.time_s, held.estimate.acceleration_m_s2()));
        let mut measured: Option<Measurement> = None;
        // The last of either kind: what a radar and a telescope hear.
        let mut signals = [None; 2];
        for (index, sensor) in self.config.sensors.iter().enumerate() {
            let lost = self.config.dropout_probability;
            if lost > 0.0 && generator.random::<f64>() < lost {
                continue;
            }
            let Some(measurement) = sensor.observe(scene, generator) else { continue };
            let measurement = biases.get(index).map_or(measurement, |bias| bias.shift(&measurement));
            let place = usize::from(matches!(measurement.signal, Some(Signal::Magnitude { .. })));
            signals[place] = measurement.signal.or(signals[place]);
            measured = Some(measured.map_or(measurement, |before| before.joined(&measurement)));
        }
        // What the tracker cannot follow, as where numbers have left the finite ones, is no track any more.
        let step = self.tracker.step_on(self.arch, track, scene.time_s, &lookout.vantage, measured.as_ref());
        if step.is_err() {
            *track = None;
        }
        if let (true, Some(held)) = (measured.is_some(), track.as_mut()) {
            let position_rtn_m = lookout.offset_rtn_m(&held.estimate.state().position_m);
            let seen = Scene { position_rtn_m, ..*scene };
            if let Some((range_m, sight)) = seen.line_of_sight() {
                let phase_rad = seen.phase_rad(&sight);
                signals.into_iter().flatten().for_each(|signal| held.contact.hear(signal, range_m, phase_rad));
            }
        }
        if let (Some((from_s, was_m_s2)), Some(held)) = (before, track.as_mut()) {
            let now_m_s2 = held.estimate.acceleration_m_s2();
            let is_held = (now_m_s2 - was_m_s2).norm() <= HELD_CHANGE * now_m_s2.norm().max(was_m_s2.norm());
            let held_s = if is_held { held.contact.acceleration_held_s } else { 0.0 };
            held.contact.acceleration_held_s = held_s + (scene.time_s - from_s);
        }
    }
}
