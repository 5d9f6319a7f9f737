//! What happened in an episode, found in continuous time between its samples.

use serde::Serialize;

use super::{RecordedCraft, Sample};
use crate::astro::{Vector3, eclipse, sun};
use crate::env::vector::EpisodeResult;
use crate::sim::Outcome;
use crate::sim::events::{Hermite, RelativeMotion};
use crate::sim::template::{Start, Template};

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Event {
    /// Time since the start of the episode [s].
    pub time_s: f64,
    /// Slot of the spacecraft that it happened to.
    pub slot: usize,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// It entered the Earth's shadow, or began the episode in it.
    EclipseEntry,
    /// It left the Earth's shadow.
    EclipseExit,
    /// It was let go of by another of its team, and is there from now on.
    Release,
    /// It began to burn.
    BurnStart,
    /// It ceased to burn, or the episode ended while it did.
    BurnEnd {
        /// Δv of the burn [m/s].
        delta_v_m_s: f64,
    },
    /// It and a spacecraft of another team were never nearer in the episode.
    ClosestApproach {
        /// Slot of the other.
        other: usize,
        /// Distance [m].
        range_m: f64,
        /// Speed of the one relative to the other, in the frame of the recorded states [m/s].
        speed_m_s: f64,
    },
    /// The episode ended; the spacecraft is the objective's.
    End {
        /// Slot of the objective's target.
        other: usize,
        /// How it ended for the objective's team.
        outcome: Outcome,
        /// Distance between the two [m].
        range_m: f64,
    },
}

impl EventKind {
    /// The name by which files call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::EclipseEntry => "eclipse_entry",
            Self::EclipseExit => "eclipse_exit",
            Self::Release => "release",
            Self::BurnStart => "burn_start",
            Self::BurnEnd { .. } => "burn_end",
            Self::ClosestApproach { .. } => "closest_approach",
            Self::End { .. } => "end",
        }
    }

    /// Place among events of the same moment: who appears first, what ends before what begins, and the end of the episode last.
    fn place(&self) -> u8 {
        match self {
            Self::Release => 0,
            Self::EclipseExit => 1,
            Self::EclipseEntry => 2,
            Self::BurnEnd { .. } => 3,
            Self::BurnStart => 4,
            Self::ClosestApproach { .. } => 5,
            Self::End { .. } => 6,
        }
    }
}

/// All events of an episode, in order of time.
pub(super) fn of(template: &Template, result: &EpisodeResult, craft: &[RecordedCraft]) -> Vec<Event> {
    let mut events = Vec::new();
    let is_spare = |slot: usize| matches!(template.slots[slot].start, Start::Spare);
    for (slot, craft) in craft.iter().enumerate() {
        burns(slot, &craft.samples, &mut events);
        if let Some(first) = craft.samples.first().filter(|first| first.time_s > 0.0 || is_spare(slot)) {
            events.push(Event { time_s: first.time_s, slot, kind: EventKind::Release });
        }
    }
    if template.physics.hill_mean_motion_rad_s.is_none() {
        // As the simulator has it: the Sun where it stands at the epoch, a cylindrical shadow.
        let sun_m = sun::position_gcrf_m(template.epoch_jd_tt);
        let shadowed =
            |position_m: &Vector3| eclipse::in_cylindrical_shadow(position_m, &sun_m, template.physics.earth_radius_m);
        for (slot, craft) in craft.iter().enumerate() {
            eclipses(slot, &craft.samples, shadowed, &mut events);
        }
    }
    let (who, target) = (template.objective.who, template.objective.target);
    for slot in 0..craft.len() {
        for other in 0..craft.len() {
            let of_the_objective = (slot, other) == (who, target);
            let opposed = template.slots[slot].team != template.slots[other].team && slot < other;
            // The objective's pair is told once, from the side of the one that seeks.
            if of_the_objective || (opposed && (other, slot) != (who, target)) {
                events.extend(closest_approach(slot, other, craft));
            }
        }
    }
    let end = |slot: usize| craft[slot].samples.last().map_or_else(Vector3::zeros, |sample| sample.state.position_m);
    let kind = EventKind::End { other: target, outcome: result.outcome, range_m: (end(who) - end(target)).norm() };
    events.push(Event { time_s: result.duration_s, slot: who, kind });
    events.sort_by(|a, b| {
        a.time_s.total_cmp(&b.time_s).then(a.kind.place().cmp(&b.kind.place())).then(a.slot.cmp(&b.slot))
    });
    events
}

/// Burns: runs of segments with thrust, whatever its direction.
fn burns(slot: usize, samples: &[Sample], events: &mut Vec<Event>) {
    let mut burning_since: Option<f64> = None;
    for sample in samples {
        match (burning_since, sample.throttle > 0.0) {
            (None, true) => {
                burning_since = Some(sample.delta_v_spent_m_s);
                events.push(Event { time_s: sample.time_s, slot, kind: EventKind::BurnStart });
            }
            (Some(spent_before_m_s), false) => {
                burning_since = None;
                let delta_v_m_s = sample.delta_v_spent_m_s - spent_before_m_s;
                events.push(Event { time_s: sample.time_s, slot, kind: EventKind::BurnEnd { delta_v_m_s } });
            }
            _ => {}
        }
    }
}

/// Looks into the shadow this many times a segment; a shorter grazing pass is not found.
const LOOKS: usize = 8;

/// Entries and exits of the shadow, to the microsecond.
fn eclipses(slot: usize, samples: &[Sample], shadowed: impl Fn(&Vector3) -> bool, events: &mut Vec<Event>) {
    let Some(first) = samples.first() else { return };
    let mut inside = shadowed(&first.state.position_m);
    if inside {
        events.push(Event { time_s: first.time_s, slot, kind: EventKind::EclipseEntry });
    }
    for (before, after) in samples.iter().zip(&samples[1..]) {
        let duration_s = after.time_s - before.time_s;
        let motion = Hermite::new(before.state, after.arrival(), duration_s);
        let at = |time_s: f64| shadowed(&motion.at(time_s).position_m);
        for look in 1..=LOOKS {
            let (mut low_s, mut high_s) =
                ((look - 1) as f64 / LOOKS as f64 * duration_s, look as f64 / LOOKS as f64 * duration_s);
            if at(high_s) == inside {
                continue;
            }
            while high_s - low_s > 1e-6 {
                let middle_s = 0.5 * (low_s + high_s);
                if at(middle_s) == inside { low_s = middle_s } else { high_s = middle_s }
            }
            inside = !inside;
            let kind = if inside { EventKind::EclipseEntry } else { EventKind::EclipseExit };
            events.push(Event { time_s: before.time_s + high_s, slot, kind });
        }
    }
}

/// The least distance of two spacecraft while both are there, of equals the first; `None` where they never are.
fn closest_approach(slot: usize, other: usize, craft: &[RecordedCraft]) -> Option<Event> {
    let (own, theirs) = (&craft[slot].samples, &craft[other].samples);
    // Both have a sample at the end of each segment, up to the last.
    let shared = own.len().min(theirs.len());
    let (own, theirs) = (&own[own.len() - shared..], &theirs[theirs.len() - shared..]);
    if shared == 0 {
        return None;
    }
    let start = own[0].state.position_m - theirs[0].state.position_m;
    let speed = own[0].state.velocity_m_s - theirs[0].state.velocity_m_s;
    let mut best = (own[0].time_s, start.norm(), speed.norm());
    for (own, theirs) in own.windows(2).zip(theirs.windows(2)) {
        let duration_s = own[1].time_s - own[0].time_s;
        let motion = |samples: &[Sample]| Hermite::new(samples[0].state, samples[1].arrival(), duration_s);
        let relative = Hermite::between(&motion(theirs), &motion(own));
        let (time_s, range_m) = relative.closest_approach();
        if range_m < best.1 {
            best = (own[0].time_s + time_s, range_m, relative.at(time_s).velocity_m_s.norm());
        }
    }
    let (time_s, range_m, speed_m_s) = best;
    Some(Event { time_s, slot, kind: EventKind::ClosestApproach { other, range_m, speed_m_s } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::astro::CartesianState;

    fn sample(time_s: f64, position_m: [f64; 3], velocity_m_s: [f64; 3]) -> Sample {
        Sample {
            time_s,
            state: CartesianState { position_m: position_m.into(), velocity_m_s: velocity_m_s.into() },
            mass_kg: 1.0,
            delta_v_left_m_s: f64::INFINITY,
            delta_v_spent_m_s: 0.0,
            throttle: 0.0,
            thrust_rtn_n: Vector3::zeros(),
            came_as: None,
        }
    }

    #[test]
    fn burns_are_runs_of_thrust_and_tell_their_delta_v() {
        let mut samples: Vec<Sample> = (0..6).map(|k| sample(10.0 * f64::from(k), [0.0; 3], [0.0; 3])).collect();
        for (sample, (throttle, spent)) in
            samples.iter_mut().zip([(0.0, 0.0), (1.0, 0.0), (0.5, 2.0), (0.0, 3.0), (1.0, 3.0), (0.0, 5.0)])
        {
            (sample.throttle, sample.delta_v_spent_m_s) = (throttle, spent);
        }
        let mut events = Vec::new();
        burns(3, &samples, &mut events);
        let found: Vec<(f64, EventKind)> = events.iter().map(|event| (event.time_s, event.kind)).collect();
        let burn_end = |delta_v_m_s| EventKind::BurnEnd { delta_v_m_s };
        assert_eq!(
            found,
            [(10.0, EventKind::BurnStart), (30.0, burn_end(3.0)), (40.0, EventKind::BurnStart), (50.0, burn_end(2.0))]
        );
        assert!(events.iter().all(|event| event.slot == 3));
    }

    #[test]
    fn a_shadow_is_entered_and_left_where_geometry_says() {
        // Straight through a shadow between y = -1 and y = 1, at 0.3 a second, from y = -2.
        let shadowed = |position_m: &Vector3| position_m.y.abs() < 1.0;
        let at = |time_s: f64| sample(time_s, [0.0, -2.0 + 0.3 * time_s, 0.0], [0.0, 0.3, 0.0]);
        let mut events = Vec::new();
        eclipses(0, &[at(0.0), at(4.0), at(16.0)], shadowed, &mut events);
        assert_eq!(events.len(), 2);
        assert!((events[0].time_s - 1.0 / 0.3).abs() < 2e-6 && events[0].kind == EventKind::EclipseEntry);
        assert!((events[1].time_s - 3.0 / 0.3).abs() < 2e-6 && events[1].kind == EventKind::EclipseExit);
        events.clear();
        eclipses(0, &[at(5.0), at(6.0)], shadowed, &mut events);
        assert_eq!(events, [Event { time_s: 5.0, slot: 0, kind: EventKind::EclipseEntry }]);
    }

    #[test]
    fn a_crossing_between_two_samples_is_the_closest_approach() {
        let craft = |samples: Vec<Sample>| RecordedCraft { pilot: String::new(), samples };
        let crossing = |time_s: f64| sample(time_s, [14_000.0 * (time_s - 29.3), 3.0, 0.0], [14_000.0, 0.0, 0.0]);
        let still = |time_s: f64| sample(time_s, [0.0; 3], [0.0; 3]);
        let pair = [craft(vec![crossing(0.0), crossing(60.0)]), craft(vec![still(0.0), still(60.0)])];
        let event = closest_approach(0, 1, &pair).expect("both are there");
        assert!((event.time_s - 29.3).abs() < 1e-9, "{event:?}");
        let EventKind::ClosestApproach { other: 1, range_m, speed_m_s } = event.kind else { panic!("{event:?}") };
        assert!((range_m - 3.0).abs() < 1e-6 && (speed_m_s - 14_000.0).abs() < 1e-3, "{event:?}");
        // One that comes later is looked at from then on; one that never comes is not.
        let late = [craft(vec![crossing(0.0), crossing(60.0), crossing(90.0)]), craft(vec![still(60.0), still(90.0)])];
        let event = closest_approach(0, 1, &late).expect("both are there at the end");
        assert_eq!(event.time_s, 60.0);
        assert_eq!(closest_approach(0, 1, &[craft(vec![crossing(0.0)]), craft(Vec::new())]), None);
    }
}
