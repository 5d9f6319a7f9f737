//! The start of an episode: every drawn number of an arena, written over its rows in place.

use rand::RngExt;
use rand_distr::{Distribution as _, StandardNormal};

use super::behaviours::Behaviour;
use super::bus::Bus;
use super::components::{Burn, Command, Identity, Ledger, Mass, Orbit, Pilot, Previous, Surface, Thruster};
use super::config::BaseVelocity;
use super::crossing::Passage;
use super::distribution::Distribution;
use super::emission::Emission;
use super::forces::Gravity;
use super::goals::Progress;
use super::integrators::rk4;
use super::schedule::{Arena, Rows};
use super::scores::Tally;
use super::seeds::{Generator, Purpose, SeedDomain, stream};
use super::template::{Physics, Slot, Start, Template};
use crate::astro::constants::STANDARD_GRAVITY_M_S2;
use crate::astro::elements::KeplerianElements;
use crate::astro::rtn::RelativeState;
use crate::astro::{CartesianState, Vector3, kepler};

/// Longest step by which a crossing is moved back [s]: RK4 errs by a metre an hour in low orbit.
const LONGEST_CROSSING_STEP_S: f64 = 30.0;

/// What an episode is drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct EpisodeSeed {
    /// Seed of the run.
    pub run: u64,
    /// What the run may be used for.
    pub domain: SeedDomain,
    /// Arena, counted over all shards; in an evaluation, the seed that is listed.
    pub arena: u64,
    /// Episode of the arena.
    pub episode: u64,
}

impl EpisodeSeed {
    /// The generator of one purpose.
    #[must_use]
    pub fn stream(&self, purpose: Purpose) -> Generator {
        stream(self.run, self.domain, self.arena, self.episode, purpose)
    }
}

/// Overwrites `arena` and its rows (a slice as long as the template has slots) with the start of the episode `seed`.
pub fn reset(template: &Template, seed: EpisodeSeed, arena: &mut Arena, rows: &mut Rows<'_>) {
    let mut initial = seed.stream(Purpose::Initial);
    let mut adversary = seed.stream(Purpose::Adversary);
    let mut bus = seed.stream(Purpose::Bus);
    let drawn = cast(template, &mut adversary);
    let cast = drawn.map(|index| &template.casts[usize::from(index)]);
    for (index, slot) in template.slots.iter().enumerate() {
        let orbit = Orbit::from(start(template, slot, rows.orbits, &mut initial));
        rows.orbits[index] = orbit;
        rows.previous[index] = Previous(orbit);
        rows.masses[index] = mass(slot, &mut initial);
        rows.thrusters[index] = thruster(slot, &mut initial);
        rows.surfaces[index] = surface(slot, &mut initial);
        rows.commands[index] = Command::default();
        rows.burns[index] = Burn::default();
        rows.ledgers[index] = Ledger::default();
        let absent = matches!(slot.start, Start::Spare) || cast.is_some_and(|cast| cast.absent.contains(&index));
        rows.identities[index] = Identity { team: if absent { 0 } else { slot.team }, role: slot.role as u8 };
        let part = cast.and_then(|cast| cast.parts.iter().find(|(slot, _)| *slot == index));
        rows.pilots[index] = pilot(slot, part.map(|(_, choice)| *choice), &mut adversary);
        rows.emissions[index] = Emission::default();
        rows.buses[index] = Bus(slot.bus.as_ref().map(|config| {
            let is_in_orbit = template.physics.hill_mean_motion_rad_s.is_none();
            let radius_m = is_in_orbit.then(|| Vector3::from(orbit.position_m).norm());
            config.draw(template.target_of(index), radius_m, &mut bus)
        }));
    }
    let sun_angle_rad = match &template.physics.hill_sun_angle_rad {
        Some(angle) => angle.sample(&mut seed.stream(Purpose::Sun)),
        None => 0.0,
    };
    let progress = Progress::start(template, seed);
    let scores = vec![Tally::default(); template.scores.len()];
    *arena = Arena { cast: drawn, bus, sun_angle_rad, progress, scores, ..Arena::new(seed, adversary) };
}

/// Draws a cast by weight; draws nothing where there is none.
fn cast(template: &Template, generator: &mut Generator) -> Option<u16> {
    let total: f64 = template.casts.iter().map(|cast| cast.weight).sum();
    let mut left = if template.casts.is_empty() { return None } else { generator.random::<f64>() * total };
    for (index, cast) in template.casts.iter().enumerate() {
        left -= cast.weight;
        if left < 0.0 {
            return Some(index as u16);
        }
    }
    Some(template.casts.len() as u16 - 1)
}

fn mass(slot: &Slot, generator: &mut Generator) -> Mass {
    let mass_kg = slot.mass_kg.sample(generator);
    let delta_v_m_s = slot.delta_v_m_s.as_ref().map_or(f64::INFINITY, |delta_v| delta_v.sample(generator));
    Mass { mass_kg, initial_mass_kg: mass_kg, delta_v_left_m_s: delta_v_m_s, initial_delta_v_m_s: delta_v_m_s }
}

fn thruster(slot: &Slot, generator: &mut Generator) -> Thruster {
    let max_thrust_n = slot.thrust_n.sample(generator);
    let isp_s = slot.isp_s.as_ref().map_or(f64::INFINITY, |isp| isp.sample(generator));
    Thruster { max_thrust_n, exhaust_speed_m_s: isp_s * STANDARD_GRAVITY_M_S2, per_axis: slot.per_axis }
}

fn surface(slot: &Slot, generator: &mut Generator) -> Surface {
    let default = Surface::default();
    let [area_m2, drag_coefficient, radiation_coefficient] = &slot.surface;
    let mut draw = |of: &Option<Distribution>, default: f64| of.as_ref().map_or(default, |of| of.sample(generator));
    Surface {
        area_m2: draw(area_m2, default.area_m2),
        drag_coefficient: draw(drag_coefficient, default.drag_coefficient),
        radiation_coefficient: draw(radiation_coefficient, default.radiation_coefficient),
    }
}

/// Who flies a slot from now on: the part that a cast gives it, or a behaviour drawn.
fn pilot(slot: &Slot, part: Option<usize>, generator: &mut Generator) -> Pilot {
    if slot.behaviours.is_empty() {
        return Pilot::default();
    }
    let choice = match part {
        Some(part) => slot.behaviours.len() + part,
        None => generator.random_range(0..slot.behaviours.len()),
    } as u16;
    Pilot { behaviour: Some(choice), memory: slot.behaviour(choice).begin(generator) }
}

/// The state of a slot; `earlier` holds the states of the slots before it.
fn start(template: &Template, slot: &Slot, earlier: &[Orbit], generator: &mut Generator) -> CartesianState {
    let vector = |of: &[Distribution; 3], generator: &mut Generator| {
        Vector3::new(of[0].sample(generator), of[1].sample(generator), of[2].sample(generator))
    };
    match &slot.start {
        Start::State(state) => *state,
        // Somewhere sound, so that it can be moved like the others.
        Start::Spare => earlier[0].state(),
        Start::Elements(elements) => {
            let drawn = elements.each_ref().map(|element| element.sample(generator));
            let [perigee_radius_m, eccentricity, inclination_rad, raan_rad, argument_of_perigee_rad, true_anomaly_rad] =
                drawn;
            let semi_latus_rectum_m = perigee_radius_m * (1.0 + eccentricity);
            KeplerianElements {
                semi_latus_rectum_m,
                eccentricity,
                inclination_rad,
                raan_rad,
                argument_of_perigee_rad,
                true_anomaly_rad,
            }
            .to_cartesian(template.physics.mu_m3_s2)
        }
        Start::Offset { to, position_m, velocity_m_s } => {
            let position_rtn_m = vector(position_m, generator);
            let velocity_rtn_m_s = vector(velocity_m_s, generator);
            place(template, &earlier[*to], RelativeState { position_rtn_m, velocity_rtn_m_s })
        }
        Start::Crossing { with, after_s, miss_m, relative_speed_m_s } => {
            let passage = Passage {
                after_s: after_s.sample(generator),
                miss_m: miss_m.sample(generator),
                relative_speed_m_s: relative_speed_m_s.sample(generator),
            };
            let Physics { mu_m3_s2, earth_radius_m, zonals, substeps, .. } = template.physics;
            let gravity = Gravity { mu_m3_s2, earth_radius_m, zonals };
            let coast = |state: &CartesianState, seconds: f64| {
                if zonals == [0.0; 5] {
                    return kepler::propagate(state, mu_m3_s2, seconds);
                }
                let step_s = (template.segment_s / substeps as f64).min(LONGEST_CROSSING_STEP_S);
                let steps = (seconds.abs() / step_s).ceil().max(1.0);
                let mut orbit = [Orbit::from(*state)];
                let burns = [Burn::default()];
                rk4::propagate(pulp::Arch::new(), &gravity, &mut orbit, &burns, seconds / steps, steps as usize);
                orbit[0].state()
            };
            passage.start(&earlier[*with].state(), (mu_m3_s2, earth_radius_m), coast, generator)
        }
        Start::Shell { to, range_m, direction_weights, opposite, base_velocity, speed_m_s } => {
            let weights = Vector3::from(*direction_weights);
            let mut position_rtn_m = direction(&weights, generator) * range_m.sample(generator);
            if let Some(third) = opposite {
                let side_rtn_m = offset_rtn_m(template, &earlier[*to], &earlier[*third]);
                if side_rtn_m.dot(&position_rtn_m) > 0.0 {
                    position_rtn_m = -position_rtn_m;
                }
            }
            let base = match base_velocity {
                BaseVelocity::Rest => Vector3::zeros(),
                BaseVelocity::Circular => {
                    let rate_rad_s = mean_motion(template, &earlier[*to]);
                    Vector3::new(0.0, -1.5 * rate_rad_s * position_rtn_m.x, 0.0)
                }
            };
            let random = direction(&Vector3::from_element(1.0), generator) * speed_m_s.sample(generator);
            place(template, &earlier[*to], RelativeState { position_rtn_m, velocity_rtn_m_s: base + random })
        }
    }
}

/// A unit vector: a Gaussian one, weighted an axis and normalised.
pub(super) fn direction(weights: &Vector3, generator: &mut Generator) -> Vector3 {
    loop {
        let normal = Vector3::from_fn(|_, _| StandardNormal.sample(generator)).component_mul(weights);
        let norm = normal.norm();
        if norm > 1e-9 {
            return normal / norm;
        }
    }
}

fn place(template: &Template, reference: &Orbit, relative: RelativeState) -> CartesianState {
    let reference = reference.state();
    if template.physics.hill_mean_motion_rad_s.is_some() {
        CartesianState {
            position_m: reference.position_m + relative.position_rtn_m,
            velocity_m_s: reference.velocity_m_s + relative.velocity_rtn_m_s,
        }
    } else {
        relative.to_gcrf(&reference)
    }
}

/// Where `other` lies from `reference`, in the axes in which starts relative to that one are given [m].
fn offset_rtn_m(template: &Template, reference: &Orbit, other: &Orbit) -> Vector3 {
    let (reference, other) = (reference.state(), other.state());
    if template.physics.hill_mean_motion_rad_s.is_some() {
        other.position_m - reference.position_m
    } else {
        RelativeState::between(&reference, &other).position_rtn_m
    }
}

/// Mean motion [rad/s] of an orbit, or of the Hill frame in the relative tier; that of the circular orbit where the state is unbound.
pub(super) fn mean_motion(template: &Template, orbit: &Orbit) -> f64 {
    template.physics.hill_mean_motion_rad_s.unwrap_or_else(|| {
        let state = orbit.state();
        let mu = template.physics.mu_m3_s2;
        let radius_m = state.position_m.norm();
        // Vis-viva: 1/a = 2/r - v²/μ.
        let inverse_axis = 2.0 / radius_m - state.velocity_m_s.norm_squared() / mu;
        let axis_m = if inverse_axis > 0.0 { 1.0 / inverse_axis } else { radius_m };
        (mu / (axis_m * axis_m * axis_m)).sqrt()
    })
}
