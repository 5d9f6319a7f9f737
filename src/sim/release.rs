//! Letting go of children: sub-satellites, decoys and fragments, which take spare slots.

use super::components::{Identity, Ledger, Mass, Orbit, Pilot};
use super::reset;
use super::seeds::Generator;
use super::template::{Start, Template};
use crate::astro::Vector3;
use crate::astro::rtn::RtnFrame;

/// Children of one release at most: own ship and its target take the two other slots of an arena.
pub const MOST_CHILDREN: usize = 6;
/// Where a child starts: so far from its parent's centre, along its velocity [m].
const CHILD_OFFSET_M: f64 = 2.0;
/// Share of its mass that a parent keeps at least.
const LEAST_MASS_SHARE: f64 = 0.05;

/// Children that a spacecraft lets go of at once.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Release {
    /// How many.
    pub count: usize,
    /// Velocity of each relative to the parent, the parent's RTN axes [m/s].
    pub velocities_rtn_m_s: [Vector3; MOST_CHILDREN],
}

/// The rows of one arena that a release changes.
pub(super) struct ReleaseRows<'a> {
    pub(super) orbits: &'a mut [Orbit],
    pub(super) masses: &'a mut [Mass],
    pub(super) ledgers: &'a mut [Ledger],
    pub(super) identities: &'a mut [Identity],
    pub(super) pilots: &'a mut [Pilot],
}

/// Puts the children into the spare slots of the parent's team, in order; gives how many there was room for.
///
/// The parent recoils: momentum is conserved, and its mass falls by the children's, as far as it has it.
pub(super) fn release(
    template: &Template,
    parent: usize,
    children: &Release,
    rows: &mut ReleaseRows<'_>,
    generator: &mut Generator,
) -> usize {
    let team = rows.identities[parent].team;
    let state = rows.orbits[parent].state();
    let frame = template.physics.hill_mean_motion_rad_s.is_none().then(|| RtnFrame::of(&state));
    let to_inertial = |vector: &Vector3| frame.as_ref().map_or(*vector, |frame| frame.to_gcrf(vector));
    let mut momentum_kg_m_s = Vector3::zeros();
    let mut placed = 0;
    for (slot, config) in template.slots.iter().enumerate() {
        if placed == children.count.min(MOST_CHILDREN) {
            break;
        }
        let is_free =
            matches!(config.start, Start::Spare) && config.team == team && !rows.identities[slot].is_present();
        if !is_free {
            continue;
        }
        let velocity_rtn_m_s = children.velocities_rtn_m_s[placed];
        let speed_m_s = velocity_rtn_m_s.norm();
        let offset_m = if speed_m_s > 0.0 { velocity_rtn_m_s * (CHILD_OFFSET_M / speed_m_s) } else { Vector3::zeros() };
        let mut child = state;
        child.position_m += to_inertial(&offset_m);
        child.velocity_m_s += to_inertial(&velocity_rtn_m_s);
        rows.orbits[slot] = child.into();
        rows.identities[slot].team = team;
        rows.pilots[slot] = reset::pilot(config, None, generator);
        rows.ledgers[slot] = Ledger::default();
        let child_kg = rows.masses[slot].mass_kg.min(rows.masses[parent].mass_kg * (1.0 - LEAST_MASS_SHARE));
        rows.masses[slot].mass_kg = child_kg;
        rows.masses[slot].initial_mass_kg = child_kg;
        rows.masses[parent].mass_kg -= child_kg;
        momentum_kg_m_s += velocity_rtn_m_s * child_kg;
        placed += 1;
    }
    if placed > 0 {
        let recoil_rtn_m_s = -momentum_kg_m_s / rows.masses[parent].mass_kg;
        let mut parent_state = state;
        parent_state.velocity_m_s += to_inertial(&recoil_rtn_m_s);
        rows.orbits[parent] = parent_state.into();
    }
    placed
}
