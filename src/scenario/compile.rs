//! From a checked configuration to what the simulator resets from: SI units, slots in place of names.

use super::config::ScenarioConfig;
use super::epoch;
use super::start_files::StartFiles;
use crate::astro::teme;
use crate::astro::{CartesianState, Vector3};
use crate::sim::config::{
    CaptureConfig, CastConfig, ControlConfig, FailureConfig, ForceConfig, OrbitConfig, PhysicsConfig, PointWeights,
    PropulsionConfig, ScoreConfig, SpacecraftConfig, StationAxis, SuccessConfig, Thrusters, Tier,
};
use crate::sim::distribution::Distribution;
use crate::sim::goals::inspection::Inspection;
use crate::sim::goals::station::{Axis, Station};
use crate::sim::harm::Harm;
use crate::sim::integrators::dop853::Tolerance;
use crate::sim::scores::Score;
use crate::sim::template::{Capture, Cast, Failure, Goal, Objective, Physics, ReferencePhysics, Slot, Start, Template};

const RAD_PER_DEG: f64 = std::f64::consts::PI / 180.0;
const M_PER_KM: f64 = 1000.0;

/// The template of `config`, whose ramps have been resolved, or `None` where `config` has a fault that [`validate`](super::validate) tells.
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
    for (slot, craft) in slots.iter_mut().zip(&config.spacecraft) {
        slot.target = match &craft.target {
            Some(name) => Some(slot_of(config, name)?),
            None => None,
        };
    }
    let casts = config.casts.iter().map(|cast| self::cast(config, cast, &mut slots)).collect::<Option<_>>()?;
    let team = teams.iter().position(|team| *team == config.objective.team)?;
    Some(Template {
        epoch_jd_tt,
        physics: physics(config),
        segment_s: config.timing.segment_s,
        replan_every: config.timing.replan_every,
        time_limit_s: config.timing.time_limit_s,
        at_time_limit: config.timing.at_time_limit,
        slots,
        casts,
        objective: objective(config, u8::try_from(team + 1).ok()?)?,
        observation: config.observation,
        scores: config.scores.iter().map(|score| self::score(config, score)).collect::<Option<_>>()?,
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
        Tier::Relative { mean_motion_rad_s, sun_angle_deg } => {
            physics.hill_mean_motion_rad_s = Some(*mean_motion_rad_s);
            physics.hill_sun_angle_rad = sun_angle_deg.as_ref().map(|angle| angle.scaled(RAD_PER_DEG));
        }
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
    let behaviours = match &craft.control {
        ControlConfig::Learned => Vec::new(),
        ControlConfig::Scripted(behaviours) => behaviours.clone(),
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
        sensing: craft.sensing.clone(),
        signature: craft.signature.clone(),
        bus: craft.bus.clone(),
        start,
        behaviours,
        cast_behaviours: Vec::new(),
        target: None,
    }
}

fn start(config: &ScenarioConfig, orbit: &OrbitConfig, epoch_jd_tt: f64) -> Option<Start> {
    Some(match orbit {
        OrbitConfig::Origin => {
            Start::State(CartesianState { position_m: Vector3::zeros(), velocity_m_s: Vector3::zeros() })
        }
        OrbitConfig::Spare => Start::Spare,
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
        OrbitConfig::Crossing { with, after_s, miss_m, relative_speed_m_s } => Start::Crossing {
            with: slot_of(config, with)?,
            after_s: after_s.clone(),
            miss_m: miss_m.clone(),
            relative_speed_m_s: relative_speed_m_s.clone(),
        },
        OrbitConfig::RtnShell { to, range_m, direction_weights, opposite, base_velocity, speed_m_s } => {
            // Only the ratio of the weights counts; with a greatest of one, a draw is never too short to be normalised.
            let greatest = direction_weights.iter().copied().fold(0.0, f64::max);
            Start::Shell {
                to: slot_of(config, to)?,
                range_m: range_m.clone(),
                direction_weights: direction_weights.map(|weight| weight / greatest),
                opposite: match opposite {
                    Some(name) => Some(slot_of(config, name)?),
                    None => None,
                },
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
        Distribution::Ramp { easy, hard } => {
            let shifted = |bounds: &(f64, f64)| (bounds.0 + by, bounds.1 + by);
            Distribution::Ramp { easy: shifted(easy), hard: shifted(hard) }
        }
        Distribution::LogUniform(..) => return None,
    })
}

fn slot_of(config: &ScenarioConfig, name: &str) -> Option<usize> {
    config.spacecraft.iter().position(|craft| craft.name == name)
}

/// The cast; its behaviours join the lists of the slots that play them.
fn cast(config: &ScenarioConfig, cast: &CastConfig, slots: &mut [Slot]) -> Option<Cast> {
    let mut parts = Vec::new();
    for (name, behaviour) in &cast.behaviours {
        let slot = slot_of(config, name)?;
        parts.push((slot, slots[slot].cast_behaviours.len()));
        slots[slot].cast_behaviours.push(behaviour.clone());
    }
    let slot = |name: &Option<String>| match name {
        Some(name) => slot_of(config, name).map(Some),
        None => Some(None),
    };
    let (focus, focus_before_onset) = (slot(&cast.focus)?, slot(&cast.focus_before_onset)?);
    let absent = cast.absent.iter().map(|name| slot_of(config, name)).collect::<Option<_>>()?;
    Some(Cast { name: cast.name.clone(), weight: cast.weight, parts, absent, focus, focus_before_onset })
}

fn objective(config: &ScenarioConfig, team: u8) -> Option<Objective> {
    let failures = config.objective.failure.iter().map(|failure| self::failure(config, failure));
    let harms = config.objective.harm.iter();
    let harms = harms.map(|harm| Some(Harm { slot: slot_of(config, &harm.who)?, limit: harm.limit }));
    let captures = config.objective.captures.iter().map(|CaptureConfig { who, target, radius_m }| {
        Some(Capture { pair: [slot_of(config, who)?, slot_of(config, target)?], radius_m: *radius_m })
    });
    let success = &config.objective.success;
    let (goal, who, target, radius_m, max_speed_m_s) = match success {
        SuccessConfig::Reach { who, target, radius_m, max_speed_m_s } => {
            (Goal::Reach, who, target, *radius_m, *max_speed_m_s)
        }
        SuccessConfig::Survive { who, from, catch_m } => (Goal::Survive, who, from, catch_m.unwrap_or(0.0), None),
        // No distance is below zero: being near is not what these are about.
        SuccessConfig::Inspect { who, target, .. } => (Goal::Inspect(inspection(success)?), who, target, -1.0, None),
        SuccessConfig::Station { who, target, .. } => (Goal::Station(station(success)?), who, target, -1.0, None),
    };
    Some(Objective {
        team,
        goal,
        who: slot_of(config, who)?,
        target: slot_of(config, target)?,
        radius_m,
        max_speed_m_s: max_speed_m_s.unwrap_or(f64::INFINITY),
        failures: failures.collect::<Option<_>>()?,
        harms: harms.collect::<Option<_>>()?,
        captures: captures.collect::<Option<_>>()?,
    })
}

fn inspection(success: &SuccessConfig) -> Option<Inspection> {
    let SuccessConfig::Inspect {
        points,
        sphere_radius_m,
        weights,
        share,
        complete_share,
        range_m,
        half_angle_deg,
        sun_angle_deg,
        ..
    } = success
    else {
        return None;
    };
    Some(Inspection {
        points: usize::from(*points),
        sphere_radius_m: *sphere_radius_m,
        weighted: *weights == PointWeights::Priority,
        share: *share,
        complete_share: *complete_share,
        range_m: range_m.unwrap_or(f64::INFINITY),
        half_angle_rad: half_angle_deg.unwrap_or(180.0) * RAD_PER_DEG,
        sun_angle_rad: sun_angle_deg * RAD_PER_DEG,
    })
}

fn station(success: &SuccessConfig) -> Option<Station> {
    let SuccessConfig::Station { axis, half_angle_deg, range_m, seconds, .. } = success else { return None };
    let direction = match axis {
        StationAxis::Sun => Axis::Sun,
        StationAxis::Rtn(radial, transverse, normal) => {
            Axis::Rtn(Vector3::new(*radial, *transverse, *normal).try_normalize(0.0)?)
        }
    };
    let half_angle_rad = half_angle_deg * RAD_PER_DEG;
    Some(Station { direction, half_angle_rad, range_m: [range_m.0, range_m.1], seconds: *seconds })
}

fn score(config: &ScenarioConfig, score: &ScoreConfig) -> Option<Score> {
    let slots: Vec<usize> = score.fields().iter().map(|(_, name)| slot_of(config, name)).collect::<Option<_>>()?;
    Some(match (score, slots.as_slice()) {
        (ScoreConfig::KspdgPursuit { .. }, [a, b]) => Score::KspdgPursuit { pair: [*a, *b] },
        (ScoreConfig::KspdgSunBlocking { .. }, [a, b]) => Score::KspdgSunBlocking { pair: [*a, *b] },
        (ScoreConfig::KspdgLadyBanditGuard { .. }, [a, b, c]) => Score::KspdgLadyBanditGuard { three: [*a, *b, *c] },
        _ => return None,
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
