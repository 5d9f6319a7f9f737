//! What every spacecraft of an arena did in an episode, segment by segment: what a recording is made of.

use crate::astro::{CartesianState, Vector3};
use crate::sim::components::{Ledger, Mass, Orbit};
use crate::sim::schedule::{Arena, Rows};
use crate::sim::shard::Shard;

/// One episode of one arena, from its reset to where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The behaviour drawn for each slot; `None` for a learned one.
    pub behaviours: Vec<Option<&'static str>>,
    /// Each slot at the start; what a slot holds that is not there yet means nothing.
    pub start: Vec<CraftState>,
    /// The segment from which each slot is there: 0 where it is from the start, `None` where nothing was released into it.
    pub first_segment: Vec<Option<usize>>,
    /// Slots that began a segment otherwise than they had ended the one before: let go of, or recoiling.
    pub restarts: Vec<Restart>,
    /// What was flown, in order.
    pub segments: Vec<FlownSegment>,
}

/// A slot that a release gave another state or mass at the start of a segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Restart {
    /// The slot.
    pub slot: usize,
    /// The segment, as an index.
    pub segment: usize,
    /// The spacecraft after the release.
    pub state: CraftState,
}

/// A spacecraft at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CraftState {
    /// State: GCRF, or the Hill frame of the reference orbit in the relative tier.
    pub state: CartesianState,
    /// Mass [kg], propellant included.
    pub mass_kg: f64,
    /// Δv left [m/s]; infinite where it is not bounded.
    pub delta_v_left_m_s: f64,
    /// Δv spent so far [m/s].
    pub delta_v_spent_m_s: f64,
}

/// A segment of every slot, or the part of it that was played before the episode ended.
#[derive(Clone, Debug, PartialEq)]
pub struct FlownSegment {
    /// End of the segment, since the start of the episode [s].
    pub end_s: f64,
    /// Each slot.
    pub craft: Vec<CraftSegment>,
}

/// A segment of one spacecraft.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CraftSegment {
    /// Throttle, 0 to 1.
    pub throttle: f64,
    /// Thrust, constant in own RTN [N].
    pub thrust_rtn_n: Vector3,
    /// At the end of the segment.
    pub end: CraftState,
}

impl CraftState {
    fn of(orbit: &Orbit, mass: &Mass, ledger: &Ledger) -> Self {
        Self {
            state: orbit.state(),
            mass_kg: mass.mass_kg,
            delta_v_left_m_s: mass.delta_v_left_m_s,
            delta_v_spent_m_s: ledger.delta_v_m_s,
        }
    }
}

impl Trace {
    /// The start of the episode that arena `index` of `shard` stands at.
    pub(super) fn begin(shard: &mut Shard, index: usize) -> Self {
        let slots = shard.template().slots.len();
        let behaviours = (0..slots).map(|slot| shard.behaviour(index, slot)).collect();
        let (start, first_segment) = shard.with_rows(index, |_, _, rows| {
            let of = |slot: usize| CraftState::of(&rows.orbits[slot], &rows.masses[slot], &rows.ledgers[slot]);
            let is_there = |slot: usize| (rows.identities[slot].team != 0).then_some(0);
            ((0..slots).map(of).collect(), (0..slots).map(is_there).collect())
        });
        Self { behaviours, start, first_segment, restarts: Vec::new(), segments: Vec::new() }
    }

    /// Adds the segment that the arena has just played.
    pub(super) fn push(&mut self, arena: &Arena, rows: &Rows<'_>) {
        let segment = self.segments.len();
        let mut craft = Vec::with_capacity(self.start.len());
        for slot in 0..self.start.len() {
            let end = CraftState::of(&rows.orbits[slot], &rows.masses[slot], &rows.ledgers[slot]);
            let mut before = self.segments.last().map_or(self.start[slot], |last| last.craft[slot].end);
            let appears = self.first_segment[slot].is_none() && rows.identities[slot].team != 0;
            if appears {
                self.first_segment[slot] = Some(segment);
            }
            let began = rows.previous[slot].0.state();
            if appears || began != before.state {
                // A release comes before the burn, which took this share of the mass and, of the Δv, what `pay` counts.
                let burnt = rows.burns[slot].specific_mass_flow_1_s * arena.last_segment_s;
                let kept = if appears { CraftState { delta_v_spent_m_s: 0.0, ..end } } else { before };
                let delta_v_left_m_s =
                    if appears { rows.masses[slot].initial_delta_v_m_s } else { before.delta_v_left_m_s };
                before = CraftState { state: began, mass_kg: end.mass_kg / (1.0 - burnt), delta_v_left_m_s, ..kept };
                self.restarts.push(Restart { slot, segment, state: before });
            }
            craft.push(CraftSegment {
                throttle: rows.ledgers[slot].last_throttle,
                // Force is constant over a segment: the acceleration at its start times the mass then.
                thrust_rtn_n: Vector3::from(rows.burns[slot].acceleration_rtn_m_s2) * before.mass_kg,
                end,
            });
        }
        self.segments.push(FlownSegment { end_s: arena.time_s, craft });
    }
}
