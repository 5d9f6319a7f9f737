//! Goals that count something over an episode: what they count, and how an episode stands.

use serde::{Deserialize, Serialize};

pub mod inspection;
pub mod station;

use self::inspection::{Inspected, Look};
use super::Outcome;
use super::events::Hermite;
use super::reset::EpisodeSeed;
use super::schedule::Arena;
use super::seeds::Purpose;
use super::template::{Goal, Template};
use super::view::SunModel;
use crate::astro::rtn::RtnFrame;
use crate::astro::{CartesianState, Vector3, eclipse};

/// How an episode stands in a goal that counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Progress {
    /// The goal counts nothing.
    #[default]
    Nothing,
    /// What has been inspected.
    Inspected(Inspected),
    /// Time spent on station [s].
    OnStation(f64),
}

impl Progress {
    /// What an episode of the template starts with.
    pub(super) fn start(template: &Template, seed: EpisodeSeed) -> Self {
        match &template.objective.goal {
            Goal::Reach | Goal::Survive => Self::Nothing,
            Goal::Inspect(inspection) => {
                Self::Inspected(Inspected::start(inspection, &mut seed.stream(Purpose::Objective)))
            }
            Goal::Station(_) => Self::OnStation(0.0),
        }
    }

    /// How much of the goal is met, 0 to 1; `None` where it counts nothing.
    #[must_use]
    pub fn share(&self, goal: &Goal) -> Option<f64> {
        match (self, goal) {
            (Self::Inspected(inspected), _) => Some(inspected.share),
            (Self::OnStation(held_s), Goal::Station(station)) => Some((held_s / station.seconds).min(1.0)),
            _ => None,
        }
    }
}

/// Counts what the segment adds to the goal, `found` being its first event otherwise; gives the first event with it.
///
/// `motion`: of a slot within the segment. A segment that ends in a failure adds nothing to an inspection.
pub(super) fn count(
    template: &Template,
    sun: &SunModel,
    arena: &mut Arena,
    found: Option<(f64, Outcome)>,
    motion: impl Fn(usize) -> Hermite,
) -> Option<(f64, Outcome)> {
    let (who, target) = (template.objective.who, template.objective.target);
    let lasted_s = found.map_or(template.segment_s, |(time_s, _)| time_s);
    match (&template.objective.goal, &mut arena.progress) {
        (Goal::Inspect(inspection), Progress::Inspected(inspected)) => {
            if !matches!(found, None | Some((_, Outcome::TimeLimit))) {
                return found;
            }
            let [own, seen] = [who, target].map(|slot| motion(slot).at(lasted_s));
            let time_s = arena.time_s + lasted_s;
            inspected.look(inspection, &look(template, sun, arena.sun_angle_rad, time_s, &own, &seen));
            if inspected.share >= inspection.complete_share {
                return Some((lasted_s, Outcome::Success));
            }
            match found {
                Some((time_s, _)) if inspected.share >= inspection.share => Some((time_s, Outcome::Success)),
                found => found,
            }
        }
        (Goal::Station(station), Progress::OnStation(held_s)) => {
            let (own, seen) = (motion(who), motion(target));
            let (started_s, phase_rad) = (arena.time_s, arena.sun_angle_rad);
            let reached_s = station.count(held_s, lasted_s, |time_s| {
                let [own, seen] = [own.at(time_s), seen.at(time_s)];
                look(template, sun, phase_rad, started_s + time_s, &own, &seen)
            });
            reached_s.map(|time_s| (time_s, Outcome::Success)).or(found)
        }
        _ => found,
    }
}

/// What `own` looks at when it looks at `seen`, `time_s` after the start of the episode.
pub(super) fn look(
    template: &Template,
    sun: &SunModel,
    sun_angle_rad: f64,
    time_s: f64,
    own: &CartesianState,
    seen: &CartesianState,
) -> Look {
    let offset = own.position_m - seen.position_m;
    match sun {
        SunModel::Hill(..) => {
            Look { position_rtn_m: offset, sun_rtn: sun.hill_direction(sun_angle_rad, time_s), sunlit: true }
        }
        SunModel::Fixed(position_m, direction) => {
            let frame = RtnFrame::of(seen);
            let to_sun: Vector3 = position_m - seen.position_m;
            Look {
                position_rtn_m: frame.to_rtn(&offset),
                sun_rtn: frame.to_rtn(&to_sun).normalize(),
                sunlit: !eclipse::in_shadow_behind(&seen.position_m, direction, template.physics.earth_radius_m),
            }
        }
    }
}
