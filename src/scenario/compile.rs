//! From a checked configuration to what the simulator resets from: SI units, slots in place of names.

use super::config::ScenarioConfig;
use super::epoch;
use super::start_files::StartFiles;
use crate::astro::teme;
use crate::astro::{CartesianState, Vector3};
use crate::sim::config::{
    ControlConfig, FailureConfig, ForceConfig, OrbitConfig, PhysicsConfig, PropulsionConfig, SpacecraftConfig,
    SuccessConfig, Thrusters, Tier,
};
use crate::sim::distribution::Distribution;
use crate::sim::integrators::dop853::Tolerance;
use crate::sim::template::{Failure, Objective, Physics, ReferencePhysics, Slot, Start, Template};

const RAD_PER_DEG: f64 = std::f64::consts::PI / 180.0;
const M_PER_KM: f64 = 1000.0;

/// The template of `config`, or `None` where `config` has a fault that [`validate`](super::validate) tells.
pub(super) fn template(config: &ScenarioConfig, starts: &StartFiles) -> Option<Template> {
    let epoch_jd_tt = epoch::julian_date_tt(&config.epoch).ok()?;
    let mut teams: Vec<&str> = Vec::new();
    let mut slots = Vec::new();
    for (index, craft) in config.spacecraft.iter().enumerate() {
        let place = teams.iter().position(|team| *team == craft.team).unwrap_or_else(|| {
            teams.push(&craft.team);
            teams.len() - 1
        });
        let start = match starts.of(index) {
            Some(file) => Start::State(file.ok()?.state_at(&config.epoch, config.physics.mu_m3_s2).ok()?),
            None => start(config, &craft.orbit, epoch_jd_tt)?,
        };
        slots.push(slot(craft, u8::try_from(place + 1).ok()?, start));
    }
    let team = teams.iter().position(|team| *team == config.objective.team)?;
    Some(Template {
        epoch_jd_tt,
        physics: physics(config),
        segment_s: config.timing.segment_s,
        replan_every: config.timing.replan_every,
        time_limit_s: config.timing.time_limit_s,
        at_time_limit: config.timing.at_time_limit,
        slots,
        objective: objective(config, u8::try_from(team + 1).ok()?)?,
        observation: config.observation,
    })
}

fn physics(config: &ScenarioConfig) -> Physics {
    let PhysicsConfig { tier, mu_m3_s2, earth_radius_m, zonals } = &config.physics;
    let mut physics = Physics { mu_m3_s2: *mu_m3_s2, earth_radius_m: *earth_radius_m, ..Physics::default() };
    for force in tier.forces() {
        if let Some(degree) = force.zonal_degree() {
            physics.zonals[degree - 2] = zonals.or_jgm3()[degree - 2];
        }
    }
    match tier {
        Tier::Relative { mean_motion_rad_s } => physics.hill_mean_motion_rad_s = Some(*mean_motion_rad_s),
        Tier::Standard { forces, substep_s } => {
            physics.substeps = substeps(config.timing.segment_s, *substep_s);
            physics.surface_forces.drag = forces.contains(&ForceConfig::Drag);
            physics.surface_forces.solar_pressure = forces.contains(&ForceConfig::SrpCylindrical);
        }
        Tier::Reference { forces, relative_tolerance, absolute_tolerance_m } => {
            let tolerance = Tolerance { relative: *relative_tolerance, absolute_m: *absolute_tolerance_m };
            physics.reference = Some(ReferencePhysics { forces: forces.clone(), tolerance });
        }
    }
    physics
}

/// The fewest equal substeps of a segment that are no longer than `substep_s`, a rounding error aside.
fn substeps(segment_s: f64, substep_s: f64) -> usize {
    // 0.3 / 0.1 is 2.9999999999999996, but 0.7 / 0.1 would be 6.999999999999999 and 1.1 / 0.1 11.000000000000002.
    ((segment_s / substep_s) * (1.0 - 1e-12)).ceil().max(1.0) as usize
}

fn slot(craft: &SpacecraftConfig, team: u8, start: Start) -> Slot {
    let (thrust_n, per_axis) = match craft.propulsion.as_ref().map(|propulsion| &propulsion.thrusters) {
        Some(Thrusters::Vectored { thrust_n }) => (thrust_n.clone(), false),
        Some(Thrusters::PerAxis { thrust_n }) => (thrust_n.clone(), true),
        None => (Distribution::Fixed(0.0), false),
    };
    let of_propulsion = |part: fn(&PropulsionConfig) -> &Option<Distribution>| {
        craft.propulsion.as_ref().and_then(|propulsion| part(propulsion).clone())
    };
    Slot {
        name: craft.name.clone(),
        team,
        role: craft.role,
        mass_kg: craft.mass_kg.clone(),
        thrust_n,
        per_axis,
        isp_s: of_propulsion(|propulsion| &propulsion.isp_s),
        delta_v_m_s: of_propulsion(|propulsion| &propulsion.delta_v_m_s),
        surface: [&craft.area_m2, &craft.drag_coefficient, &craft.radiation_coefficient].map(Clone::clone),
        start,
        behaviours: match &craft.control {
            ControlConfig::Learned => Vec::new(),
            ControlConfig::Scripted(behaviours) => behaviours.clone(),
        },
    }
}

fn start(config: &ScenarioConfig, orbit: &OrbitConfig, epoch_jd_tt: f64) -> Option<Start> {
    Some(match orbit {
        OrbitConfig::Origin => {
            Start::State(CartesianState { position_m: Vector3::zeros(), velocity_m_s: Vector3::zeros() })
        }
        OrbitConfig::Keplerian {
            perigee_altitude_km,
            eccentricity,
            inclination_deg,
            raan_deg,
            argument_of_perigee_deg,
            true_anomaly_deg,
        } => Start::Elements([
            shifted(&perigee_altitude_km.scaled(M_PER_KM), config.physics.earth_radius_m)?,
            eccentricity.clone(),
            inclination_deg.scaled(RAD_PER_DEG),
            raan_deg.scaled(RAD_PER_DEG),
            argument_of_perigee_deg.scaled(RAD_PER_DEG),
            true_anomaly_deg.scaled(RAD_PER_DEG),
        ]),
        OrbitConfig::RtnOffset { to, position_m, velocity_m_s } => Start::Offset {
            to: slot_of(config, to)?,
            position_m: position_m.clone(),
            velocity_m_s: velocity_m_s.clone(),
        },
        OrbitConfig::RtnShell { to, range_m, direction_weights, base_velocity, speed_m_s } => {
            // Only the ratio of the weights counts; with a greatest of one, a draw is never too short to be normalised.
            let greatest = direction_weights.iter().copied().fold(0.0, f64::max);
            Start::Shell {
                to: slot_of(config, to)?,
                range_m: range_m.clone(),
                direction_weights: direction_weights.map(|weight| weight / greatest),
                base_velocity: *base_velocity,
                speed_m_s: speed_m_s.clone(),
            }
        }
        OrbitConfig::Tle { line1, line2 } => Start::State(teme::state_at(line1, line2, epoch_jd_tt).ok()?),
        // Read with the scenario, and compiled from what was read.
        OrbitConfig::TleFile { .. } | OrbitConfig::Cdm { .. } => return None,
    })
}

/// The distribution of a number plus a constant; none of the kinds is a LogUniform plus a constant.
fn shifted(of: &Distribution, by: f64) -> Option<Distribution> {
    Some(match of {
        Distribution::Fixed(value) => Distribution::Fixed(value + by),
        Distribution::Uniform(low, high) => Distribution::Uniform(low + by, high + by),
        Distribution::Normal(mean, std_dev) => Distribution::Normal(mean + by, *std_dev),
        Distribution::Choice(values) => Distribution::Choice(values.iter().map(|value| value + by).collect()),
        Distribution::LogUniform(..) => return None,
    })
}

fn slot_of(config: &ScenarioConfig, name: &str) -> Option<usize> {
    config.spacecraft.iter().position(|craft| craft.name == name)
}

fn objective(config: &ScenarioConfig, team: u8) -> Option<Objective> {
    let SuccessConfig::Reach { who, target, radius_m, max_speed_m_s } = &config.objective.success;
    let failures = config.objective.failure.iter().map(|failure| self::failure(config, failure));
    Some(Objective {
        team,
        who: slot_of(config, who)?,
        target: slot_of(config, target)?,
        radius_m: *radius_m,
        max_speed_m_s: max_speed_m_s.unwrap_or(f64::INFINITY),
        failures: failures.collect::<Option<_>>()?,
    })
}

fn failure(config: &ScenarioConfig, failure: &FailureConfig) -> Option<Failure> {
    let pair = |who: &str, from: &str| Some([slot_of(config, who)?, slot_of(config, from)?]);
    Some(match failure {
        FailureConfig::Escape { who, from, range_m } => Failure::Escape { pair: pair(who, from)?, range_m: *range_m },
        FailureConfig::KeepOut { who, from, radius_m } => {
            Failure::KeepOut { pair: pair(who, from)?, radius_m: *radius_m }
        }
        FailureConfig::SpeedLimit { who, from, floor_m_s, slope_per_s, offset_m, margin_m_s } => Failure::SpeedLimit {
            pair: pair(who, from)?,
            floor_m_s: *floor_m_s,
            slope_per_s: *slope_per_s,
            offset_m: *offset_m,
            margin_m_s: *margin_m_s,
        },
    })
}
