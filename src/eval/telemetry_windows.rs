//! Labelled telemetry: episodes played for what one spacecraft's instruments and systems tell of another, window by window.

use std::collections::VecDeque;

use rand::RngExt;
use rayon::prelude::*;

use crate::astro::rtn::RtnFrame;
use crate::astro::{CartesianState, Vector3, eclipse, sun};
use crate::sim::reset::EpisodeSeed;
use crate::sim::schedule::Arena;
use crate::sim::seeds::Purpose;
use crate::sim::shard::Shard;
use crate::sim::template::Template;
use crate::sim::threat_class::ThreatClass;
use crate::sim::tracks::track::Track;
use crate::telemetry::channels::CHANNELS;
use crate::telemetry::config::TelemetrySource;
use crate::telemetry::labelled::{Label, LabelledWindow};
use crate::telemetry::sampler::{Observed, TrackMemory};
use crate::telemetry::window::{Context, INTERVALS_S, SAMPLES, TelemetryWindow};

/// Arenas of one shard.
const ARENAS: usize = 24;
/// Episodes that one shard plays at most.
const EPISODES: usize = 256;
/// Least and greatest age of what the catalogue tracks when an episode begins, drawn log-uniform: so that a track's age does not tell how
/// long the episode has lasted [s].
const CATALOGUE_AGES_S: [f64; 2] = [1e5, 1e7];
/// First of the channels that own systems tell, and among them the commands rejected, which are told a second.
const FIRST_OWN_CHANNEL: usize = 21;
const REJECTED: usize = 26 - FIRST_OWN_CHANNEL;

/// Plays the episodes `seeds` and gives the windows of the source, episode by episode: stretches of 30 samples that do not overlap, and
/// begin anew where another object comes into focus. The result does not depend on threads.
#[must_use]
pub fn windows(template: &Template, source: &TelemetrySource, seeds: &[EpisodeSeed]) -> Vec<LabelledWindow> {
    // Some for every thread, of whatever length.
    let episodes = seeds.len().div_ceil(4 * rayon::current_num_threads()).clamp(ARENAS, EPISODES);
    seeds.par_chunks(episodes).flat_map_iter(|seeds| of_stretch(template, source, seeds)).flatten().collect()
}

/// What is recorded of one arena.
struct Recorder {
    /// Decisions between two samples.
    every: usize,
    /// Decisions that what is known of a track is on its way into the record.
    late: usize,
    /// Decisions so far.
    decisions: usize,
    interval_s: f64,
    focus: usize,
    /// Of each track that is in focus before the onset or after it.
    trails: Vec<Trail>,
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

/// What is on its way into the record of one track.
struct Trail {
    slot: usize,
    memory: TrackMemory,
    /// The oldest, first in line, is in the next sample.
    sights: VecDeque<Sight>,
}

/// What is known of a track at one look.
#[derive(Clone, Copy)]
struct Sight {
    /// With own channels still to be filled in.
    channels: [f64; CHANNELS],
    position_sigma_m: f64,
    age_s: f64,
}

/// What the simulator knows of an arena at one time.
#[derive(Clone, Copy)]
struct Now {
    time_s: f64,
    cast: Option<u16>,
    seed: u64,
    class: ThreatClass,
    is_known: bool,
    own: CartesianState,
    /// Of own systems.
    readings: Option<[f64; CHANNELS - FIRST_OWN_CHANNEL]>,
    /// Own Δv since the start of the episode.
    spent_m_s: f64,
}

/// The windows of each of these episodes. An arena in which one has ended plays the next, so that none stands still for long.
fn of_stretch(template: &Template, source: &TelemetrySource, seeds: &[EpisodeSeed]) -> Vec<Vec<LabelledWindow>> {
    let mut waiting = seeds.iter().enumerate();
    let first: Vec<_> = waiting.by_ref().take(ARENAS).collect();
    let mut shard = Shard::new(template, &seeds[..first.len()]);
    let begin = |shard: &mut Shard, index: usize, seed: &EpisodeSeed| {
        let mut recorder = Recorder::begin(seed, template.segment_s * template.replan_every as f64, source);
        // Nothing looks at the tracks between two samples, and those beside what is watched are only counted.
        let cast = shard.arenas()[index].cast;
        let mut watched = [false, true].map(|after_onset| template.focus(cast, after_onset)).to_vec();
        watched.dedup();
        let [every, ahead] =
            [recorder.every, recorder.late % recorder.every].map(|n| (n * template.replan_every) as u32);
        shard.watch(index, every, ahead, &watched);
        let trail = |slot| Trail { slot, memory: TrackMemory::default(), sights: VecDeque::new() };
        recorder.trails.extend(watched.into_iter().map(trail));
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
            if shard.arenas()[index].last_segment_s == template.segment_s {
                recorder.record(&mut shard, index, source.observer, &sun);
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
    fn begin(seed: &EpisodeSeed, decision_s: f64, source: &TelemetrySource) -> Self {
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
            late: (source.latency_s.sample(&mut stream) / decision_s).round() as usize,
            every,
            decisions: 0,
            interval_s: decision_s * every as f64,
            focus: usize::MAX,
            trails: Vec::new(),
            rejected: 0.0,
            samples: Vec::with_capacity(SAMPLES),
            onset_s: None,
            since_onset: 0,
            delta_v_m_s: 0.0,
            windows: Vec::new(),
        }
    }

    /// Looks and samples after a decision, where it is time to.
    fn record(&mut self, shard: &mut Shard, index: usize, observer: usize, sun: &Vector3) {
        let looks = (self.decisions + self.late).is_multiple_of(self.every);
        let samples = self.decisions.is_multiple_of(self.every);
        if !looks && !samples {
            return;
        }
        let now = shard.with_rows(index, |template, arena, rows| {
            // Whether the threat has begun is told by the one that is watched when it has.
            let culprit = template.focus(arena.cast, true);
            Now {
                time_s: arena.time_s,
                cast: arena.cast,
                seed: arena.seed.arena,
                class: rows.class_in_force(template, arena, culprit),
                is_known: rows.is_classed(template, culprit),
                own: rows.orbits[observer].state(),
                readings: rows.buses[observer].0.map(|systems| systems.readings.channels()),
                spent_m_s: rows.ledgers[observer].delta_v_m_s,
            }
        });
        if looks {
            self.look(&now, shard.template(), shard.tracks(index, observer), sun);
        }
        if samples {
            self.sample(&now, shard.template(), sun);
        }
    }

    /// Notes what is known of each track now, and forgets what a sample has told.
    fn look(&mut self, now: &Now, template: &Template, tracks: &[Option<Track>], sun: &Vector3) {
        let (Now { time_s, own, .. }, mu_m3_s2) = (*now, template.physics.mu_m3_s2);
        let (every, late, interval_s, catalogue_age_s) = (self.every, self.late, self.interval_s, self.catalogue_age_s);
        for Trail { slot, memory, sights } in &mut self.trails {
            let observed =
                Observed { time_s, own, mu_m3_s2, tracks, focus: *slot, sun: *sun, stale_after_s: interval_s };
            let mut channels = [f64::NAN; CHANNELS];
            observed.write_track(memory, &mut channels);
            let track = tracks.get(*slot).and_then(Option::as_ref);
            sights.push_back(Sight {
                channels,
                position_sigma_m: track.map_or(0.0, |track| track.estimate.position_sigma_m()),
                age_s: track.map_or(0.0, |track| age_s(time_s, track, catalogue_age_s)),
            });
            if sights.len() > late / every + 1 {
                sights.pop_front();
            }
        }
    }

    fn sample(&mut self, now: &Now, template: &Template, sun: &Vector3) {
        let Now { time_s, cast, seed, class, is_known, own, readings, spent_m_s } = *now;
        let is_in_force = class != ThreatClass::Nominal || !is_known;
        if is_in_force && self.onset_s.is_none() {
            self.onset_s = Some(time_s);
        }
        let focus = template.focus(cast, self.onset_s.is_some());
        if focus != self.focus {
            self.focus = focus;
            self.clear(spent_m_s);
        }
        let mut own_channels = [f64::NAN; CHANNELS - FIRST_OWN_CHANNEL];
        if let Some(readings) = readings {
            own_channels = readings;
            let rejected = std::mem::replace(&mut self.rejected, readings[REJECTED]);
            own_channels[REJECTED] = (readings[REJECTED] - rejected).max(0.0) / self.interval_s;
        }
        let trail = self.trails.iter().find(|trail| trail.slot == focus);
        // Nothing is recorded before anything of the track has arrived.
        let Some(sight) = trail.filter(|trail| trail.sights.len() > self.late / self.every) else { return };
        let mut sight = sight.sights[0];
        sight.channels[FIRST_OWN_CHANNEL..].copy_from_slice(&own_channels);
        self.samples.push(sight.channels);
        self.since_onset += usize::from(is_in_force);
        if self.samples.len() == SAMPLES {
            let earth_radius_m = template.physics.earth_radius_m;
            let context = sight.context(&own, earth_radius_m, sun, spent_m_s - self.delta_v_m_s);
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

    fn clear(&mut self, spent_m_s: f64) {
        self.samples.clear();
        self.since_onset = 0;
        self.delta_v_m_s = spent_m_s;
    }
}

impl Sight {
    /// What surrounds a window that ends with this; `delta_v_m_s`: own, in the window.
    fn context(&self, own: &CartesianState, earth_radius_m: f64, sun: &Vector3, delta_v_m_s: f64) -> Context {
        let frame = RtnFrame::of(own);
        Context {
            mean_motion_rad_s: frame.rate_rad_s,
            orbit_time_rad: libm::atan2(-frame.transverse.dot(sun), frame.radial.dot(sun)),
            eclipsed: eclipse::in_shadow_behind(&own.position_m, sun, earth_radius_m),
            own_delta_v_m_s: delta_v_m_s,
            own_mode: 0,
            position_sigma_m: self.position_sigma_m,
            track_age_s: self.age_s,
        }
    }
}

/// Age of a track; what the catalogue knew when the episode began, it has tracked for `catalogue_age_s`.
fn age_s(time_s: f64, track: &Track, catalogue_age_s: f64) -> f64 {
    let before_s = if track.contact.begun_s == 0.0 { catalogue_age_s } else { 0.0 };
    time_s - track.contact.begun_s + before_s
}
