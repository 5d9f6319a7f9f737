//! Letting go of children: sub-satellites, decoys and fragments, which take spare slots.

use super::components::{Identity, Ledger, Mass, Orbit, Pilot};
use super::template::{Start, Template};
use crate::astro::Vector3;
use crate::astro::rtn::RtnFrame;

/// Children of one release at most: own ship and its target take the two other slots of an arena.
pub const MOST_CHILDREN: usize = 6;
/// Where a child starts: so far from its parent's centre, along its velocity [m].
const CHILD_OFFSET_M: f64 = 2.0;
/// Share of its mass that a parent keeps at least.
const LEAST_MASS_SHARE: f64 = 0.05;

/// Distance of a parent within which what was let go of still belongs to it: the gate in which an observer counts objects [m].
pub const COMPANY_M: f64 = 3_000.0;

/// Whether anything that was let go of in this arena is still near the spacecraft of a slot.
pub(super) fn has_company(slot: usize, template: &Template, identities: &[Identity], orbits: &[Orbit]) -> bool {
    let is_child = |other: &usize| {
        matches!(template.slots[*other].start, Start::Spare) && identities[*other].is_present() && *other != slot
    };
    let position_m = orbits[slot].state().position_m;
    (0..template.slots.len())
        .filter(is_child)
        .any(|child| (orbits[child].state().position_m - position_m).norm() < COMPANY_M)
}

/// Children that a spacecraft lets go of at once.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Release {
    /// How many.
    pub count: usize,
    /// Velocity of each, the parent's RTN axes [m/s].
    pub velocities_rtn_m_s: [Vector3; MOST_CHILDREN],
    /// What those velocities are relative to.
    pub relative_to: Datum,
    /// Rate at which parent and children tumble from then on [rad/s]; zero leaves both as they were.
    pub tumble_rad_s: f64,
}

/// What the velocities of children are relative to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Datum {
    /// The motion of the whole before the release: what a model of break-ups gives.
    #[default]
    Whole,
    /// The parent after it has recoiled: what a separation spring gives, and what is seen from either of the two.
    Parent,
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
/// The parent recoils: mass, momentum and the centre of mass stay what they were. A child whose mass is more than the parent
/// can give is as much lighter. It plays what its slot drew at the start of the episode, from now (`time_s`) on.
pub(super) fn release(
    template: &Template,
    parent: usize,
    children: &Release,
    rows: &mut ReleaseRows<'_>,
    time_s: f64,
) -> usize {
    let team = rows.identities[parent].team;
    let state = rows.orbits[parent].state();
    let whole_kg = rows.masses[parent].mass_kg;
    let frame = template.physics.hill_mean_motion_rad_s.is_none().then(|| RtnFrame::of(&state));
    let to_inertial = |vector: &Vector3| frame.as_ref().map_or(*vector, |frame| frame.to_gcrf(vector));
    let is_free = |slot: &usize| {
        let config = &template.slots[*slot];
        matches!(config.start, Start::Spare) && config.team == team && !rows.identities[*slot].is_present()
    };
    let free = (0..template.slots.len()).filter(is_free).take(children.count.min(MOST_CHILDREN));
    let mut placed = [0; MOST_CHILDREN];
    let count = free.zip(&mut placed).map(|(slot, place)| *place = slot).count();
    if count == 0 {
        return 0;
    }
    let placed = &placed[..count];
    let mut parent_kg = whole_kg;
    let (mut momentum_kg_m_s, mut moment_kg_m) = (Vector3::zeros(), Vector3::zeros());
    let offset_m = |velocity: &Vector3| velocity.try_normalize(0.0).map_or_else(Vector3::zeros, |d| d * CHILD_OFFSET_M);
    for (slot, velocity) in placed.iter().zip(&children.velocities_rtn_m_s) {
        let child_kg = rows.masses[*slot].mass_kg.min(parent_kg * (1.0 - LEAST_MASS_SHARE));
        let mass = &mut rows.masses[*slot];
        (mass.mass_kg, mass.initial_mass_kg) = (child_kg, child_kg);
        parent_kg -= child_kg;
        momentum_kg_m_s += velocity * child_kg;
        moment_kg_m += offset_m(velocity) * child_kg;
    }
    // The velocity of the whole is u = 0: the parent's u' and the children's u_i obey m' u' + Σ m_i u_i = 0. With u_i = v_i it
    // is u' = -Σ m_i v_i / m'; with u_i = u' + v_i it is u' = -Σ m_i v_i / (m' + Σ m_i).
    let (recoil_rtn_m_s, carried_rtn_m_s) = match children.relative_to {
        Datum::Whole => (-momentum_kg_m_s / parent_kg, Vector3::zeros()),
        Datum::Parent => (-momentum_kg_m_s / whole_kg, -momentum_kg_m_s / whole_kg),
    };
    for (slot, velocity) in placed.iter().zip(&children.velocities_rtn_m_s) {
        let mut child = state;
        child.position_m += to_inertial(&offset_m(velocity));
        child.velocity_m_s += to_inertial(&(velocity + carried_rtn_m_s));
        rows.orbits[*slot] = child.into();
        rows.identities[*slot].team = team;
        // Times of a sequence count from the start of the episode.
        rows.pilots[*slot].memory.stage_ends_s += time_s;
        rows.ledgers[*slot] = Ledger { tumble_rad_s: children.tumble_rad_s, ..Ledger::default() };
    }
    let mut left = state;
    left.position_m += to_inertial(&(-moment_kg_m / parent_kg));
    left.velocity_m_s += to_inertial(&recoil_rtn_m_s);
    rows.orbits[parent] = left.into();
    rows.masses[parent].mass_kg = parent_kg;
    if children.tumble_rad_s > 0.0 {
        rows.ledgers[parent].tumble_rad_s = children.tumble_rad_s;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::astro::CartesianState;
    use crate::sim::config::{AtTimeLimit, ObservationConfig, Role};
    use crate::sim::distribution::Distribution;
    use crate::sim::reset::EpisodeSeed;
    use crate::sim::seeds::SeedDomain;
    use crate::sim::shard::Shard;
    use crate::sim::template::{Objective, Physics, Slot};

    /// A victim, a carrier of 100 kg, a spare of another team, and three spares of the carrier's, the second of which is heavy.
    fn template(relative_tier: bool) -> Template {
        let at = |position_m: [f64; 3], velocity_m_s: [f64; 3]| {
            Start::State(CartesianState { position_m: position_m.into(), velocity_m_s: velocity_m_s.into() })
        };
        let (victim, carrier) = if relative_tier {
            (at([0.0; 3], [0.0; 3]), at([300.0, -2_000.0, 100.0], [0.3, -0.2, 0.1]))
        } else {
            (at([7e6, 0.0, 0.0], [0.0, 7_546.0, 0.0]), at([7e6, 2_000.0, 100.0], [-2.0, 7_000.0, 2_800.0]))
        };
        let spare = |name: &str, team, mass_kg| Slot {
            mass_kg: Distribution::Fixed(mass_kg),
            ..Slot::coasting(name, team, Role::Pursuer, Start::Spare)
        };
        Template {
            epoch_jd_tt: 2_461_120.0,
            physics: Physics { hill_mean_motion_rad_s: relative_tier.then_some(0.001), ..Physics::default() },
            segment_s: 10.0,
            replan_every: 1,
            time_limit_s: 1_000.0,
            at_time_limit: AtTimeLimit::Terminate,
            slots: vec![
                Slot::coasting("victim", 1, Role::Target, victim),
                Slot::coasting("carrier", 2, Role::Pursuer, carrier),
                spare("ours", 1, 4.0),
                spare("first", 2, 8.0),
                spare("heavy", 2, 500.0),
                spare("last", 2, 1.0),
            ],
            casts: Vec::new(),
            scores: Vec::new(),
            observation: ObservationConfig::default(),
            objective: Objective::reach(2, 1, 0, 1.0),
        }
    }

    fn children(count: usize, relative_to: Datum) -> Release {
        let mut velocities_rtn_m_s = [Vector3::zeros(); MOST_CHILDREN];
        velocities_rtn_m_s[0] = Vector3::new(0.5, -1.0, 2.0);
        velocities_rtn_m_s[1] = Vector3::new(-30.0, 20.0, 7.0);
        velocities_rtn_m_s[2] = Vector3::new(3.0, 80.0, -11.0);
        Release { count, velocities_rtn_m_s, relative_to, tumble_rad_s: 0.3 }
    }

    /// Mass, momentum, and first moment of mass of slots 1 and 3 to 5 that are there.
    type Sums = (f64, Vector3, Vector3);

    /// What `release` places, and the sums before and after, for the velocities relative to the first state.
    fn released(template: &Template, children: &Release) -> (usize, Sums, Sums, Shard) {
        let seed = EpisodeSeed { run: 1, domain: SeedDomain::Train, arena: 0, episode: 0 };
        let mut shard = Shard::new(template, &[seed]);
        let (placed, before, after) = shard.with_rows(0, |template, _, rows| {
            let start = rows.orbits[1].state();
            let sums = |orbits: &[Orbit], masses: &[Mass], identities: &[Identity]| {
                let there = [1, 3, 4, 5].into_iter().filter(|slot| identities[*slot].team != 0);
                there.fold((0.0, Vector3::zeros(), Vector3::zeros()), |(mass, momentum, moment): Sums, slot| {
                    let (m, state) = (masses[slot].mass_kg, orbits[slot].state());
                    let (v, r) = (state.velocity_m_s - start.velocity_m_s, state.position_m - start.position_m);
                    (mass + m, momentum + v * m, moment + r * m)
                })
            };
            let before = sums(rows.orbits, rows.masses, rows.identities);
            let mut of = ReleaseRows {
                orbits: &mut *rows.orbits,
                masses: &mut *rows.masses,
                ledgers: &mut *rows.ledgers,
                identities: &mut *rows.identities,
                pilots: &mut *rows.pilots,
            };
            let placed = release(template, 1, children, &mut of, 50.0);
            (placed, before, sums(rows.orbits, rows.masses, rows.identities))
        });
        (placed, before, after, shard)
    }

    #[test]
    fn mass_momentum_and_centre_of_mass_stay() {
        for relative_tier in [false, true] {
            for datum in [Datum::Whole, Datum::Parent] {
                for count in 1..=3 {
                    let (placed, before, after, _) = released(&template(relative_tier), &children(count, datum));
                    assert_eq!(placed, count);
                    assert!((after.0 - before.0).abs() < 1e-12 * before.0, "{} kg", after.0);
                    // Rounding of 7.5 km/s and 7,000 km, times 100 kg.
                    assert!(after.1.norm() < 1e-9 * 100.0, "{} kg m/s", after.1);
                    assert!(after.2.norm() < 1e-8 * 100.0, "{} kg m", after.2);
                }
            }
        }
    }

    #[test]
    fn velocities_are_what_was_asked_for() {
        for relative_tier in [false, true] {
            let template = template(relative_tier);
            let start = released(&template, &children(0, Datum::Whole)).3.orbits(0)[1].state();
            let frame = RtnFrame::of(&start);
            let to_rtn = |vector: Vector3| if relative_tier { vector } else { frame.to_rtn(&vector) };
            for datum in [Datum::Whole, Datum::Parent] {
                let children = children(3, datum);
                let orbits = released(&template, &children).3.orbits(0);
                let origin = if datum == Datum::Whole { start } else { orbits[1].state() };
                for (slot, asked) in [3, 4, 5].into_iter().zip(&children.velocities_rtn_m_s) {
                    let seen = to_rtn(orbits[slot].state().velocity_m_s - origin.velocity_m_s);
                    assert!((seen - asked).norm() < 1e-11, "slot {slot}: {seen} for {asked}");
                }
            }
        }
    }

    #[test]
    fn spares_of_the_own_team_are_taken_in_order_and_none_twice() {
        let (placed, _, _, mut shard) = released(&template(false), &children(2, Datum::Whole));
        assert_eq!(placed, 2);
        let more = shard.with_rows(0, |template, _, rows| {
            let teams: Vec<u8> = rows.identities.iter().map(|identity| identity.team).collect();
            assert_eq!(teams, [1, 2, 0, 2, 2, 0]);
            // 8 kg, then the heavy one takes all but a twentieth of what is left.
            let masses = [3, 4, 1].map(|slot: usize| rows.masses[slot].mass_kg);
            for (mass, expected) in masses.into_iter().zip([8.0, 0.95 * 92.0, 0.05 * 92.0]) {
                assert!((mass - expected).abs() < 1e-12, "{mass}");
            }
            assert_eq!([1, 3, 4, 5].map(|slot: usize| rows.ledgers[slot].tumble_rad_s), [0.3, 0.3, 0.3, 0.0]);
            let taken = rows.orbits[3];
            let mut of = ReleaseRows {
                orbits: &mut *rows.orbits,
                masses: &mut *rows.masses,
                ledgers: &mut *rows.ledgers,
                identities: &mut *rows.identities,
                pilots: &mut *rows.pilots,
            };
            let more = [3, 3].map(|count| release(template, 1, &children(count, Datum::Whole), &mut of, 60.0));
            assert!(rows.orbits[3] == taken, "a child was released again");
            more
        });
        assert_eq!(more, [1, 0], "one slot was left, then none");
    }
}
