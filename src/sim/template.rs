//! A scenario compiled for the simulator: SI units, indices in place of names, nothing left to check.

use super::behaviours::BehaviourConfig;
use super::config::{AtTimeLimit, BaseVelocity, ObservationConfig, Role};
use super::distribution::Distribution;
use super::forces::ForceConfig;
use super::integrators::dop853::Tolerance;
use super::integrators::rk4::SurfaceForces;
use crate::astro::CartesianState;
use crate::astro::constants::{EARTH_MU_M3_S2, EARTH_RADIUS_M};

/// Everything that an arena is reset from and stepped by.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// Epoch of the start, as a Julian date (TT) of which the fraction matters to a second.
    pub epoch_jd_tt: f64,
    /// Physics.
    pub physics: Physics,
    /// Length of a segment [s].
    pub segment_s: f64,
    /// Segments executed of each plan, 1 to 16.
    pub replan_every: usize,
    /// Limit of an episode [s].
    pub time_limit_s: f64,
    /// What the limit is to a learner.
    pub at_time_limit: AtTimeLimit,
    /// The spacecraft, one a slot, in the scenario's order; each `Offset` refers to a slot before its own.
    pub slots: Vec<Slot>,
    /// What decides an episode.
    pub objective: Objective,
    /// What a learner is shown.
    pub observation: ObservationConfig,
}

/// Physics of an arena.
#[derive(Clone, Debug, PartialEq)]
pub struct Physics {
    /// Gravitational parameter [m³/s²].
    pub mu_m3_s2: f64,
    /// Equatorial radius [m].
    pub earth_radius_m: f64,
    /// Mean motion of the Hill frame [rad/s], in the relative tier; `None` in the others.
    pub hill_mean_motion_rad_s: Option<f64>,
    /// Zonal coefficients J2 to J6 [-]; zero where the force is not named.
    pub zonals: [f64; 5],
    /// Forces on surfaces (standard tier).
    pub surface_forces: SurfaceForces,
    /// Integrator substeps of a segment (standard tier).
    pub substeps: usize,
    /// Forces and tolerance of the reference tier; `None` in the others.
    pub reference: Option<ReferencePhysics>,
}

/// What the reference tier integrates, and how closely.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferencePhysics {
    /// Forces, in the order in which they are summed.
    pub forces: Vec<ForceConfig>,
    /// Error allowed a step.
    pub tolerance: Tolerance,
}

impl Default for Physics {
    /// The standard tier: the Earth of JGM-3 as a point mass, one substep a segment.
    fn default() -> Self {
        Self {
            mu_m3_s2: EARTH_MU_M3_S2,
            earth_radius_m: EARTH_RADIUS_M,
            hill_mean_motion_rad_s: None,
            zonals: [0.0; 5],
            surface_forces: SurfaceForces::default(),
            substeps: 1,
            reference: None,
        }
    }
}

/// One spacecraft.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// Name.
    pub name: String,
    /// Team, 1 and up, in the order in which the scenario names them.
    pub team: u8,
    /// Role.
    pub role: Role,
    /// Mass at the start [kg].
    pub mass_kg: Distribution,
    /// Greatest thrust [N], an axis where `per_axis`; `Fixed(0.0)` without thrusters.
    pub thrust_n: Distribution,
    /// Whether the thrust is bounded an axis and not as a vector.
    pub per_axis: bool,
    /// Specific impulse [s]; `None` where burns take no mass.
    pub isp_s: Option<Distribution>,
    /// Δv at the start [m/s]; `None` where it is not bounded.
    pub delta_v_m_s: Option<Distribution>,
    /// Area [m²], Cd and Cr [-]; `None` for the default of [`Surface`](super::components::Surface).
    pub surface: [Option<Distribution>; 3],
    /// Where it starts.
    pub start: Start,
    /// Behaviours to draw from; empty for a learned spacecraft.
    pub behaviours: Vec<BehaviourConfig>,
}

/// Where a spacecraft starts.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// This state (GCRF, or the Hill frame in the relative tier).
    State(CartesianState),
    /// Elements: perigee radius [m], eccentricity, then inclination, RAAN, argument of perigee, true anomaly [rad].
    Elements([Distribution; 6]),
    /// RTN position [m] and rotating-frame velocity [m/s] relative to an earlier slot.
    Offset {
        /// The other slot.
        to: usize,
        /// Position, RTN [m].
        position_m: [Distribution; 3],
        /// Velocity in the rotating frame [m/s].
        velocity_m_s: [Distribution; 3],
    },
    /// A random direction about an earlier slot.
    Shell {
        /// The other slot.
        to: usize,
        /// Distance [m].
        range_m: Distribution,
        /// Weights of R, T, N in the direction.
        direction_weights: [f64; 3],
        /// Velocity that the random one is added to.
        base_velocity: BaseVelocity,
        /// Speed of the random velocity [m/s].
        speed_m_s: Distribution,
    },
}

/// What decides an episode, slots in place of names.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// Team whose success is told.
    pub team: u8,
    /// Slot that must come near.
    pub who: usize,
    /// Slot that it must reach.
    pub target: usize,
    /// Distance at which it is reached [m].
    pub radius_m: f64,
    /// Greatest relative speed on reaching it [m/s]; infinite where any will do.
    pub max_speed_m_s: f64,
    /// What ends the episode against the team.
    pub failures: Vec<Failure>,
}

/// What ends an episode against the objective's team.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Failure {
    /// Slots `pair` further apart than this [m].
    Escape {
        /// The two slots.
        pair: [usize; 2],
        /// Distance [m].
        range_m: f64,
    },
    /// Slots `pair` nearer than this [m].
    KeepOut {
        /// The two slots.
        pair: [usize; 2],
        /// Distance [m].
        radius_m: f64,
    },
    /// Relative speed of `pair` over `floor + slope × (distance - offset)` by more than the margin.
    SpeedLimit {
        /// The two slots.
        pair: [usize; 2],
        /// Limit at the offset [m/s].
        floor_m_s: f64,
        /// Growth with distance [1/s].
        slope_per_s: f64,
        /// Distance of the floor [m].
        offset_m: f64,
        /// Overspeed that ends the episode [m/s].
        margin_m_s: f64,
    },
}
