//! Labelled telemetry: episodes played for what one spacecraft's instruments and systems tell of another, window by window.

use rand::RngExt;
use rayon::prelude::*;

use crate::astro::rtn::RtnFrame;
use crate::astro::{Vector3, eclipse, sun};
use crate::sim::components::Orbit;
use crate::sim::reset::EpisodeSeed;
use crate::sim::schedule::Arena;
use crate::sim::seeds::Purpose;
use crate::sim::shard::Shard;
use crate::sim::template::Template;
use crate::sim::threat_class::ThreatClass;
use crate::sim::tracks::track::Track;
use crate::telemetry::channels::CHANNELS;
use crate::telemetry::labelled::{Label, LabelledWindow};
use crate::telemetry::sampler::{Observed, TrackMemory};
use crate::telemetry::window::{Context, INTERVALS_S, SAMPLES, TelemetryWindow};

/// Arenas of one shard.
const ARENAS: usize = 64;
/// Episodes that one shard plays at most.
const EPISODES: usize = 256;
/// Least and greatest age of what the catalogue tracks when an episode begins, drawn log-uniform: so that a track's age does not tell how
/// long the episode has lasted [s].
const CATALOGUE_AGES_S: [f64; 2] = [1e5, 1e7];
/// First of the channels that own systems tell, and among them the commands rejected, which are told a second.
const FIRST_OWN_CHANNEL: usize = 21;
const REJECTED: usize = 26;

/// Plays the episodes `seeds` and gives the windows of the observer's slot, episode by episode: stretches of 30 samples that do not
/// overlap, and begin anew where another object comes into focus. The result does not depend on threads.
#[must_use]
pub fn windows(template: &Template, observer: usize, seeds: &[EpisodeSeed]) -> Vec<LabelledWindow> {
    // Some for every thread, of whatever length.
    let episodes = seeds.len().div_ceil(2 * rayon::current_num_threads()).clamp(ARENAS, EPISODES);
    seeds.par_chunks(episodes).flat_map_iter(|seeds| of_stretch(template, observer, seeds)).flatten().collect()
}

/// What is recorded of one arena.
struct Recorder {
    /// Decisions between two samples.
    every: usize,
    /// Decisions so far.
    decisions: usize,
    interval_s: f64,
    focus: usize,
    memory: TrackMemory,
    rejected: f64,
    samples: Vec<[f64; CHANNELS]>,
    /// How long the catalogue has tracked what it knows when the episode begins [s].
    catalogue_age_s: f64,
    onset_s: Option<f64>,
    since_onset: usize,
    /// Own Δv when the window began [m/s].
    delta_v_m_s: f64,
    windows: Vec<LabelledWindow>,
}

/// The windows of each of these episodes. An arena in which one has ended plays the next, so that none stands still for long.
fn of_stretch(template: &Template, observer: usize, seeds: &[EpisodeSeed]) -> Vec<Vec<LabelledWindow>> {
    let mut waiting = seeds.iter().enumerate();
    let first: Vec<_> = waiting.by_ref().take(ARENAS).collect();
    let mut shard = Shard::new(template, &seeds[..first.len()]);
    let begin = |shard: &mut Shard, index: usize, seed: &EpisodeSeed| {
        let recorder = Recorder::begin(seed, template.segment_s * template.replan_every as f64);
        // Nothing looks at the tracks between two samples, and those beside what is watched are only counted.
        let cast = shard.arenas()[index].cast;
        let watched = [false, true].map(|after_onset| template.focus(cast, after_onset));
        shard.watch(index, (recorder.every * template.replan_every) as u32, &watched);
        recorder
    };
    let mut playing: Vec<Option<(usize, Recorder)>> = first
        .into_iter()
        .enumerate()
        .map(|(index, (episode, seed))| Some((episode, begin(&mut shard, index, seed))))
        .collect();
    let sun = sun::position_gcrf_m(template.epoch_jd_tt).normalize();
    let mut recorded = vec![Vec::new(); seeds.len()];
    while playing.iter().any(Option::is_some) {
        shard.advance();
        for (index, place) in playing.iter_mut().enumerate() {
            let Some((episode, recorder)) = place else { continue };
            recorder.decisions += 1;
            if recorder.decisions.is_multiple_of(recorder.every)
                && shard.arenas()[index].last_segment_s == template.segment_s
            {
                recorder.sample(&mut shard, index, observer, &sun);
            }
            let Arena { outcome: Some(outcome), time_s, .. } = shard.arenas()[index] else { continue };
            let harm_s = outcome.is_harm().then_some(time_s);
            recorder.windows.iter_mut().for_each(|labelled| labelled.label.harm_s = harm_s);
            recorded[*episode] = std::mem::take(&mut recorder.windows);
            *place = waiting.next().map(|(episode, seed)| {
                shard.reset(index, *seed);
                (episode, begin(&mut shard, index, seed))
            });
        }
    }
    recorded
}

impl Recorder {
    fn begin(seed: &EpisodeSeed, decision_s: f64) -> Self {
        let [least, greatest] = INTERVALS_S.map(|interval_s| interval_s / decision_s);
        let (least, greatest) = (least.ceil().max(1.0) as usize, greatest.floor().max(1.0) as usize);
        // Of a stream that nothing of the episode is drawn from, so that it says nothing about it.
        let mut stream = seed.stream(Purpose::Telemetry);
        // As many of 10 to 20 s as of 60 to 120 s: whole decisions, log-uniform.
        let ratio = (greatest.max(least) + 1) as f64 / least as f64;
        let every = (least as f64 * libm::pow(ratio, stream.random())) as usize;
        let [youngest, oldest] = CATALOGUE_AGES_S;
        Self {
            catalogue_age_s: youngest * libm::pow(oldest / youngest, stream.random()),
            every,
            decisions: 0,
            interval_s: decision_s * every as f64,
            focus: usize::MAX,
            memory: TrackMemory::default(),
            rejected: 0.0,
            samples: Vec::with_capacity(SAMPLES),
            onset_s: None,
            since_onset: 0,
            delta_v_m_s: 0.0,
            windows: Vec::new(),
        }
    }

    fn sample(&mut self, shard: &mut Shard, index: usize, observer: usize, sun: &Vector3) {
        let Arena { time_s, cast, seed, .. } = &shard.arenas()[index];
        let (time_s, cast, seed) = (*time_s, *cast, seed.arena);
        // Whether the threat has begun is told by the one that is watched when it has.
        let culprit = shard.template().focus(cast, true);
        let class = shard.class_in_force(index, culprit);
        let is_known = shard.is_classed(index, culprit);
        let is_in_force = class != ThreatClass::Nominal || !is_known;
        if is_in_force && self.onset_s.is_none() {
            self.onset_s = Some(time_s);
        }
        let focus = shard.template().focus(cast, self.onset_s.is_some());
        let (own, readings, spent_m_s) = shard.with_rows(index, |_, _, rows| {
            let readings = rows.buses[observer].0.map(|systems| systems.readings.channels());
            (rows.orbits[observer], readings, rows.ledgers[observer].delta_v_m_s)
        });
        if focus != self.focus {
            self.focus = focus;
            self.memory = TrackMemory::default();
            self.clear(spent_m_s);
        }
        let mut sample = [f64::NAN; CHANNELS];
        let observed = Observed {
            time_s,
            own: own.state(),
            mu_m3_s2: shard.template().physics.mu_m3_s2,
            tracks: shard.tracks(index, observer),
            focus,
            sun: *sun,
            stale_after_s: self.interval_s,
        };
        observed.write_track(&mut self.memory, &mut sample);
        if let Some(readings) = readings {
            sample[FIRST_OWN_CHANNEL..].copy_from_slice(&readings);
            let rejected = sample[REJECTED];
            sample[REJECTED] = (rejected - self.rejected).max(0.0) / self.interval_s;
            self.rejected = rejected;
        }
        self.samples.push(sample);
        self.since_onset += usize::from(is_in_force);
        if self.samples.len() == SAMPLES {
            let context = self.context(shard, index, &own, observer, sun, spent_m_s - self.delta_v_m_s);
            let samples = std::mem::take(&mut self.samples);
            self.windows.push(LabelledWindow {
                window: TelemetryWindow { interval_s: self.interval_s, samples, context },
                label: Label {
                    class,
                    is_known,
                    seed,
                    cast: cast.unwrap_or_default(),
                    onset_s: self.onset_s.filter(|_| is_in_force),
                    end_s: time_s,
                    samples_since_onset: self.since_onset,
                    harm_s: None,
                },
            });
            self.clear(spent_m_s);
        }
    }

    fn context(
        &self,
        shard: &Shard,
        index: usize,
        own: &Orbit,
        observer: usize,
        sun: &Vector3,
        delta_v: f64,
    ) -> Context {
        let state = own.state();
        let frame = RtnFrame::of(&state);
        let physics = &shard.template().physics;
        let track = shard.tracks(index, observer).get(self.focus).and_then(Option::as_ref);
        Context {
            mean_motion_rad_s: frame.rate_rad_s,
            orbit_time_rad: libm::atan2(-frame.transverse.dot(sun), frame.radial.dot(sun)),
            eclipsed: eclipse::in_shadow_behind(&state.position_m, sun, physics.earth_radius_m),
            own_delta_v_m_s: delta_v,
            own_mode: 0,
            position_sigma_m: track.map_or(0.0, |track| track.estimate.position_sigma_m()),
            track_age_s: track.map_or(0.0, |track| self.age_s(shard.arenas()[index].time_s, track)),
        }
    }

    /// Age of a track; what the catalogue knew when the episode began has been tracked for long.
    fn age_s(&self, time_s: f64, track: &Track) -> f64 {
        let before_s = if track.contact.begun_s == 0.0 { self.catalogue_age_s } else { 0.0 };
        time_s - track.contact.begun_s + before_s
    }

    fn clear(&mut self, spent_m_s: f64) {
        self.samples.clear();
        self.since_onset = 0;
        self.delta_v_m_s = spent_m_s;
    }
}
