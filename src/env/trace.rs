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
    /// Each slot at the start.
    pub start: Vec<CraftState>,
    /// What was flown, in order.
    pub segments: Vec<FlownSegment>,
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
        let start = shard.with_rows(index, |_, _, rows| {
            (0..slots).map(|slot| CraftState::of(&rows.orbits[slot], &rows.masses[slot], &rows.ledgers[slot])).collect()
        });
        Self { behaviours, start, segments: Vec::new() }
    }

    /// Adds the segment that the arena has just played.
    pub(super) fn push(&mut self, arena: &Arena, rows: &Rows<'_>) {
        let craft = (0..self.start.len())
            .map(|slot| {
                let mass_before_kg = self.segments.last().map_or(self.start[slot], |last| last.craft[slot].end).mass_kg;
                CraftSegment {
                    throttle: rows.ledgers[slot].last_throttle,
                    // Force is constant over a segment: the acceleration at its start times the mass then.
                    thrust_rtn_n: Vector3::from(rows.burns[slot].acceleration_rtn_m_s2) * mass_before_kg,
                    end: CraftState::of(&rows.orbits[slot], &rows.masses[slot], &rows.ledgers[slot]),
                }
            })
            .collect();
        self.segments.push(FlownSegment { end_s: arena.time_s, craft });
    }
}
