//! What the simulator's reset draws for an episode, in words and in an author's units.

use serde::Serialize;

use super::evaluate::Seeds;
use crate::astro::CartesianState;
use crate::astro::elements::KeplerianElements;
use crate::astro::rtn::RelativeState;
use crate::sim::reset::EpisodeSeed;
use crate::sim::schedule::Rows;
use crate::sim::shard::Shard;
use crate::sim::template::{Start, Template};

/// The start of an episode.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EpisodeDraw {
    /// The seed, as `simulate` and `evaluate` list it.
    pub seed: u64,
    /// The cast that plays; `None` where the scenario has none.
    pub cast: Option<String>,
    /// The spacecraft, in the scenario's order.
    pub spacecraft: Vec<SpacecraftDraw>,
}

/// One spacecraft at the start of an episode.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpacecraftDraw {
    /// Name.
    pub name: String,
    /// Whether it is there: not in a spare slot, not absent from the cast.
    pub present: bool,
    /// The behaviour drawn; `None` for a learned spacecraft.
    pub behaviour: Option<&'static str>,
    /// Mass [kg].
    pub mass_kg: f64,
    /// Greatest thrust [N].
    pub thrust_n: f64,
    /// Δv [m/s]; `None` where it is not bounded.
    pub delta_v_m_s: Option<f64>,
    /// Where it is.
    pub start: StartDraw,
}

/// Where a spacecraft starts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StartDraw {
    /// An orbit by itself.
    Elements {
        /// Altitude of the perigee above the equatorial radius [km].
        perigee_altitude_km: f64,
        /// Eccentricity.
        eccentricity: f64,
        /// Inclination [deg].
        inclination_deg: f64,
        /// Right ascension of the ascending node [deg].
        raan_deg: f64,
        /// Argument of perigee [deg].
        argument_of_perigee_deg: f64,
        /// True anomaly [deg].
        true_anomaly_deg: f64,
    },
    /// A state relative to another spacecraft, or to the origin of the Hill frame.
    Relative {
        /// Name of the other; `None` for the origin.
        to: Option<String>,
        /// Distance [m].
        range_m: f64,
        /// Speed in the rotating frame [m/s].
        speed_m_s: f64,
        /// Position, RTN [m].
        position_rtn_m: [f64; 3],
        /// Velocity in the rotating frame, RTN [m/s].
        velocity_rtn_m_s: [f64; 3],
    },
}

/// What the simulator draws for each of `seeds`.
#[must_use]
pub fn draws(template: &Template, seeds: Seeds) -> Vec<EpisodeDraw> {
    let seeds: Vec<EpisodeSeed> =
        (0..seeds.count).map(|arena| EpisodeSeed { run: seeds.run, domain: seeds.domain, arena, episode: 0 }).collect();
    let mut shard = Shard::new(template, &seeds);
    (0..seeds.len())
        .map(|index| {
            shard.with_rows(index, |template, arena, rows| EpisodeDraw {
                seed: arena.seed.arena,
                cast: arena.cast.map(|cast| template.casts[usize::from(cast)].name.clone()),
                spacecraft: (0..template.slots.len()).map(|slot| spacecraft(template, rows, slot)).collect(),
            })
        })
        .collect()
}

fn spacecraft(template: &Template, rows: &Rows<'_>, index: usize) -> SpacecraftDraw {
    let slot = &template.slots[index];
    let delta_v_m_s = rows.masses[index].initial_delta_v_m_s;
    SpacecraftDraw {
        name: slot.name.clone(),
        present: rows.identities[index].is_present(),
        behaviour: rows.pilots[index].behaviour.map(|choice| slot.behaviour(choice).name()),
        mass_kg: rows.masses[index].mass_kg,
        thrust_n: rows.thrusters[index].max_thrust_n,
        delta_v_m_s: delta_v_m_s.is_finite().then_some(delta_v_m_s),
        start: start(template, rows, index),
    }
}

fn start(template: &Template, rows: &Rows<'_>, index: usize) -> StartDraw {
    let state = rows.orbits[index].state();
    let is_hill = template.physics.hill_mean_motion_rad_s.is_some();
    match template.slots[index].start {
        Start::Offset { to, .. } | Start::Shell { to, .. } => {
            let other = rows.orbits[to].state();
            let offset = if is_hill { difference(&state, &other) } else { RelativeState::between(&other, &state) };
            relative(Some(template.slots[to].name.clone()), &offset)
        }
        Start::State(_) | Start::Elements(_) | Start::Spare | Start::Crossing { .. } if is_hill => {
            let offset = RelativeState { position_rtn_m: state.position_m, velocity_rtn_m_s: state.velocity_m_s };
            relative(None, &offset)
        }
        Start::State(_) | Start::Elements(_) | Start::Spare | Start::Crossing { .. } => {
            let elements = KeplerianElements::from_cartesian(&state, template.physics.mu_m3_s2);
            let perigee_m = elements.semi_latus_rectum_m / (1.0 + elements.eccentricity);
            StartDraw::Elements {
                perigee_altitude_km: (perigee_m - template.physics.earth_radius_m) / 1000.0,
                eccentricity: elements.eccentricity,
                inclination_deg: elements.inclination_rad.to_degrees(),
                raan_deg: elements.raan_rad.to_degrees(),
                argument_of_perigee_deg: elements.argument_of_perigee_rad.to_degrees(),
                true_anomaly_deg: elements.true_anomaly_rad.to_degrees(),
            }
        }
    }
}

/// In the Hill frame states are relative already.
fn difference(state: &CartesianState, other: &CartesianState) -> RelativeState {
    RelativeState {
        position_rtn_m: state.position_m - other.position_m,
        velocity_rtn_m_s: state.velocity_m_s - other.velocity_m_s,
    }
}

fn relative(to: Option<String>, offset: &RelativeState) -> StartDraw {
    StartDraw::Relative {
        to,
        range_m: offset.position_rtn_m.norm(),
        speed_m_s: offset.velocity_rtn_m_s.norm(),
        position_rtn_m: offset.position_rtn_m.into(),
        velocity_rtn_m_s: offset.velocity_rtn_m_s.into(),
    }
}
