//! Recordings: episodes of a scenario as plain rows, from which Parquet, OEM, CZML and the replay page are written.

pub mod czml;
pub mod directory;
pub mod events;
pub mod html;
pub mod oem;
pub mod parquet;
pub mod placement;
pub mod team_colours;

use std::mem::size_of;

use hifitime::{Duration, Epoch};

use self::events::Event;
use self::placement::Placement;
use super::evaluate::Seeds;
use crate::astro::{CartesianState, Vector3};
use crate::env::policy::{Policy, PolicyError};
use crate::env::rollout::Rollout;
use crate::env::trace::{CraftSegment, Trace};
use crate::env::vector::{AfterEpisode, EpisodeResult, VectorEnv, arenas_per_shard};
use crate::scenario::Scenario;
use crate::sim::reset::EpisodeSeed;
use crate::sim::template::Template;

/// Memory that the samples of a recording may take [bytes]; more is refused before anything is played.
pub const LARGEST_RECORDING: u64 = 2 << 30;

/// Episodes of one scenario, as they were flown.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Name of the scenario.
    pub scenario: String,
    /// What it is about.
    pub summary: String,
    /// Hash of the scenario.
    pub hash: String,
    /// Start of every episode.
    pub epoch: Epoch,
    /// Seeds that were played.
    pub seeds: Seeds,
    /// What was simulated.
    pub template: Template,
    /// Names of the teams; team 1 first.
    pub teams: Vec<String>,
    /// The policy of each team that has learned spacecraft: (index of the team, name).
    pub policies: Vec<(u8, String)>,
    /// Where the recorded states lie in GCRF.
    pub placement: Placement,
    /// The episodes, in the order of seeds.
    pub episodes: Vec<RecordedEpisode>,
}

/// One episode.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedEpisode {
    /// How it went.
    pub result: EpisodeResult,
    /// The spacecraft, in the scenario's order.
    pub craft: Vec<RecordedCraft>,
    /// What happened, in order of time.
    pub events: Vec<Event>,
}

/// One spacecraft in one episode.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedCraft {
    /// The behaviour that it drew, or the policy that flew it.
    pub pilot: String,
    /// A sample when it is first there, and one at the end of each segment; none where nothing was released into its slot.
    pub samples: Vec<Sample>,
}

/// A spacecraft at one moment, and what it does from then on until the next sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Time since the start of the episode [s].
    pub time_s: f64,
    /// State: GCRF, or the Hill frame of the reference orbit in the relative tier.
    pub state: CartesianState,
    /// Mass [kg], propellant included.
    pub mass_kg: f64,
    /// Δv left [m/s]; infinite where it is not bounded.
    pub delta_v_left_m_s: f64,
    /// Δv spent so far [m/s].
    pub delta_v_spent_m_s: f64,
    /// Throttle until the next sample, 0 to 1; zero at the last.
    pub throttle: f64,
    /// Thrust until the next sample, constant in own RTN [N]; zero at the last.
    pub thrust_rtn_n: Vector3,
    /// The state in which it came to this moment, where a release gives it another at it: it recoils from what it let go of.
    pub came_as: Option<CartesianState>,
}

impl Sample {
    /// The state at the end of the motion that led here.
    #[must_use]
    pub fn arrival(&self) -> CartesianState {
        self.came_as.unwrap_or(self.state)
    }
}

/// Why episodes were not recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// A policy gave, or was fed, what is not finite.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// They would not fit in memory.
    #[error(
        "{episodes} episodes of up to {segments} segments and {craft} spacecraft take {needed_gb:.1} GB to record, above \
         the {limit_gb:.1} GB that are recorded at once: ask for {most} episodes at most, or for none to be recorded"
    )]
    TooLarge {
        /// Episodes asked for.
        episodes: u64,
        /// Segments of an episode at most.
        segments: u64,
        /// Spacecraft.
        craft: usize,
        /// What they need [GB].
        needed_gb: f64,
        /// What is allowed [GB].
        limit_gb: f64,
        /// Episodes that fit.
        most: u64,
    },
}

/// Plays every seed once with `policy`, and gives the results in the order of seeds; with `traced`, also what was flown.
///
/// `progress` is told after each decision how many episodes have ended. Results are those of
/// [`evaluate::play`](super::evaluate::play), the same bits for any number of threads.
///
/// # Errors
/// When the policy fails.
pub fn play(
    scenario: &Scenario,
    seeds: Seeds,
    policy: &mut dyn Policy,
    traced: bool,
    progress: &mut dyn FnMut(u64),
) -> Result<(Vec<EpisodeResult>, Vec<Trace>), PolicyError> {
    let episodes: Vec<EpisodeSeed> =
        (0..seeds.count).map(|arena| EpisodeSeed { run: seeds.run, domain: seeds.domain, arena, episode: 0 }).collect();
    let per_shard = arenas_per_shard(episodes.len());
    let mut env = VectorEnv::new(&scenario.template, &scenario.rewards, &episodes, per_shard, AfterEpisode::Stop);
    if traced {
        env.trace();
    }
    let mut rollout = Rollout::new(env.rows());
    let mut results = Vec::new();
    while env.any_live() {
        rollout.play(&mut env, policy, 1, |_| {})?;
        env.drain_finished(&mut results);
        progress(results.len() as u64);
    }
    results.sort_by_key(|result| result.seed);
    Ok((results, env.take_traces()))
}

impl Recording {
    /// Plays and records every seed once. `policies`: the policy of each team with learned spacecraft, as (index of the team,
    /// name), which `policy` flies.
    ///
    /// # Errors
    /// When the policy fails, or the recording would pass [`LARGEST_RECORDING`].
    pub fn play(
        scenario: &Scenario,
        seeds: Seeds,
        policies: &[(u8, String)],
        policy: &mut dyn Policy,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, RecordingError> {
        refuse_too_large(&scenario.template, seeds.count)?;
        let (results, traces) = play(scenario, seeds, policy, true, progress)?;
        let template = &scenario.template;
        let pilot = |slot: usize, behaviour: Option<&'static str>| match behaviour {
            Some(behaviour) => behaviour.to_owned(),
            None => policies
                .iter()
                .find(|(team, _)| *team == template.slots[slot].team)
                .map_or_else(|| "ballistic".to_owned(), |(_, name)| name.clone()),
        };
        let episodes = results
            .into_iter()
            .zip(&traces)
            .map(|(result, trace)| {
                let craft: Vec<RecordedCraft> = (0..template.slots.len())
                    .map(|slot| RecordedCraft {
                        pilot: pilot(slot, trace.behaviours[slot]),
                        samples: samples(trace, slot),
                    })
                    .collect();
                let events = events::of(template, &result, &craft);
                RecordedEpisode { result, craft, events }
            })
            .collect();
        Ok(Self {
            scenario: scenario.name.clone(),
            summary: scenario.summary.clone(),
            hash: scenario.hash.clone(),
            epoch: scenario.epoch,
            seeds,
            template: template.clone(),
            teams: scenario.teams().into_iter().map(str::to_owned).collect(),
            policies: policies.to_vec(),
            placement: Placement::of(template),
            episodes,
        })
    }

    /// Name of the team of a slot.
    #[must_use]
    pub fn team_of(&self, slot: usize) -> &str {
        &self.teams[usize::from(self.template.slots[slot].team) - 1]
    }

    /// The instant so many seconds after the start of an episode, as ISO 8601 in UTC without a zone: milliseconds, and up to
    /// nanoseconds where there are any.
    #[must_use]
    pub fn utc(&self, time_s: f64) -> String {
        utc(self.epoch + seconds(time_s))
    }
}

/// So many seconds, to the nearest nanosecond.
fn seconds(time_s: f64) -> Duration {
    Duration::from_total_nanoseconds((time_s * 1e9).round() as i128)
}

/// An instant as ISO 8601 in UTC without a zone, with three to nine decimals.
pub(super) fn utc(instant: Epoch) -> String {
    let (year, month, day, hour, minute, second, nanoseconds) = instant.to_gregorian_utc();
    let decimals = format!("{nanoseconds:09}");
    let decimals = &decimals[..decimals.trim_end_matches('0').len().max(3)];
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{decimals}")
}

/// The samples of a slot from when it is there.
fn samples(trace: &Trace, slot: usize) -> Vec<Sample> {
    let Some(first) = trace.first_segment[slot] else { return Vec::new() };
    let restart = |segment: usize| {
        let found = trace.restarts.iter().find(|restart| (restart.slot, restart.segment) == (slot, segment));
        found.map(|restart| restart.state)
    };
    let at = |index: usize| {
        let ended = index.checked_sub(1).map(|before| &trace.segments[before]);
        let (time_s, end) = ended.map_or((0.0, trace.start[slot]), |ended| (ended.end_s, ended.craft[slot].end));
        let restart = restart(index);
        let state = restart.unwrap_or(end);
        let next = trace.segments.get(index);
        Sample {
            time_s,
            state: state.state,
            mass_kg: state.mass_kg,
            delta_v_left_m_s: state.delta_v_left_m_s,
            delta_v_spent_m_s: state.delta_v_spent_m_s,
            throttle: next.map_or(0.0, |segment| segment.craft[slot].throttle),
            thrust_rtn_n: next.map_or_else(Vector3::zeros, |segment| segment.craft[slot].thrust_rtn_n),
            came_as: (restart.is_some() && index > first).then_some(end.state),
        }
    };
    (first..=trace.segments.len()).map(at).collect()
}

/// Refuses to record so many episodes where they would pass [`LARGEST_RECORDING`].
///
/// # Errors
/// With how many would not.
pub fn refuse_too_large(template: &Template, episodes: u64) -> Result<(), RecordingError> {
    // A trace and the samples made from it are held at once.
    let sample_bytes = (size_of::<Sample>() + size_of::<CraftSegment>()) as f64;
    let segments = (template.time_limit_s / template.segment_s).ceil();
    let episode_bytes = segments * template.slots.len() as f64 * sample_bytes;
    let (needed, limit) = (episode_bytes * episodes as f64, LARGEST_RECORDING as f64);
    if needed <= limit {
        return Ok(());
    }
    Err(RecordingError::TooLarge {
        episodes,
        segments: segments as u64,
        craft: template.slots.len(),
        needed_gb: needed / 1e9,
        limit_gb: limit / 1e9,
        most: (limit / episode_bytes) as u64,
    })
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[test]
    fn instants_are_told_to_the_nanosecond_where_they_need_it() {
        let epoch = Epoch::from_str("2026-03-20T23:59:50 UTC").expect("a date");
        let after = |time_s| utc(epoch + seconds(time_s));
        assert_eq!(after(0.0), "2026-03-20T23:59:50.000");
        assert_eq!(after(10.25), "2026-03-21T00:00:00.250");
        assert_eq!(after(9.123_456_789), "2026-03-20T23:59:59.123456789");
    }

    #[test]
    fn a_recording_that_would_fill_the_memory_is_refused_with_what_fits() {
        let scenario =
            Scenario::from_source("docking", include_str!("../../../scenarios/docking.ron")).expect("shipped");
        assert!(refuse_too_large(&scenario.template, 1_000).is_ok());
        let Err(RecordingError::TooLarge { most, .. }) = refuse_too_large(&scenario.template, 1_000_000) else {
            panic!("a million episodes of 400 segments were taken")
        };
        assert!(refuse_too_large(&scenario.template, most).is_ok());
        assert!(refuse_too_large(&scenario.template, most + 1).is_err());
    }
}
