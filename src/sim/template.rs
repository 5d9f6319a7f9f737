//! A scenario compiled for the simulator: SI units, indices in place of names, nothing left to check.

use super::behaviours::BehaviourConfig;
use super::behaviours::ballistic::Ballistic;
use super::bus::BusConfig;
use super::config::{AtTimeLimit, BaseVelocity, ObservationConfig, Role};
use super::distribution::Distribution;
use super::forces::ForceConfig;
use super::goals::inspection::Inspection;
use super::goals::station::Station;
use super::harm::Harm;
use super::integrators::dop853::Tolerance;
use super::integrators::rk4::SurfaceForces;
use super::scores::Score;
use super::sensing::config::{SensingConfig, SignatureConfig};
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
    /// Who plays what: one of these is drawn an episode; empty where each slot draws for itself.
    pub casts: Vec<Cast>,
    /// What decides an episode.
    pub objective: Objective,
    /// What a learner is shown.
    pub observation: ObservationConfig,
    /// Published scores that are told beside it.
    pub scores: Vec<Score>,
}

impl Template {
    /// The slot that slot `slot` is about by its own target or as one of the objective's pair; `None` where neither says so.
    #[must_use]
    pub fn target_of(&self, slot: usize) -> Option<u16> {
        let Objective { who, target, .. } = self.objective;
        let of_objective = (slot == who).then_some(target).or((slot == target).then_some(who));
        self.slots[slot].target.or(of_objective).and_then(|other| u16::try_from(other).ok())
    }

    /// Whether every slot sees every other all the time: nobody has sensors, and no slot is spare, left out by a cast, or caught.
    #[must_use]
    pub fn has_all_in_sight(&self) -> bool {
        let is_there = |slot: &Slot| slot.sensing.is_perfect() && !matches!(slot.start, Start::Spare);
        self.slots.iter().all(is_there)
            && self.casts.iter().all(|cast| cast.absent.is_empty())
            && self.objective.captures.is_empty()
    }
}

impl Template {
    /// The slot that an onlooker of the objective's team should watch in a cast, before or after a threat came into force.
    #[must_use]
    pub fn focus(&self, cast: Option<u16>, after_onset: bool) -> usize {
        let of_cast = cast.and_then(|cast| {
            let cast = &self.casts[usize::from(cast)];
            if after_onset { cast.focus } else { cast.focus_before_onset.or(cast.focus) }
        });
        let stranger = || self.slots.iter().position(|slot| slot.team != self.objective.team);
        of_cast.or_else(stranger).unwrap_or(self.objective.target)
    }

    /// Whether the other template differs in nothing else than the numbers that are drawn: an arena of the one can go on
    /// with the other.
    #[must_use]
    pub fn has_shape_of(&self, other: &Self) -> bool {
        let kinds = |slot: &Slot| {
            slot.behaviours.iter().chain(&slot.cast_behaviours).map(BehaviourConfig::name).collect::<Vec<_>>()
        };
        let same_slot = |(a, b): (&Slot, &Slot)| {
            (&a.name, a.team, a.role, a.per_axis, a.behaviours.len(), a.target)
                == (&b.name, b.team, b.role, b.per_axis, b.behaviours.len(), b.target)
                && (&a.sensing, a.bus.is_some()) == (&b.sensing, b.bus.is_some())
                && kinds(a) == kinds(b)
        };
        self.epoch_jd_tt == other.epoch_jd_tt
            && self.physics == other.physics
            && (self.segment_s, self.replan_every, self.time_limit_s, self.at_time_limit)
                == (other.segment_s, other.replan_every, other.time_limit_s, other.at_time_limit)
            && self.slots.len() == other.slots.len()
            && self.slots.iter().zip(&other.slots).all(same_slot)
            && self.casts == other.casts
            && self.scores == other.scores
            && self.objective == other.objective
    }
}

/// Who plays what in an episode.
#[derive(Clone, Debug, PartialEq)]
pub struct Cast {
    /// Name.
    pub name: String,
    /// How often it is drawn, relative to the others.
    pub weight: f64,
    /// Slots that play a behaviour of this cast, and its index among the slot's `cast_behaviours`.
    pub parts: Vec<(usize, usize)>,
    /// Slots that are not there in this cast.
    pub absent: Vec<usize>,
    /// The slot that an onlooker should watch: the culprit, or whom it is taken for.
    pub focus: Option<usize>,
    /// Whom to watch before any threat is in force.
    pub focus_before_onset: Option<usize>,
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
    /// Angle of the Sun at the start, from R against T [rad], in the relative tier; zero where none is given.
    pub hill_sun_angle_rad: Option<Distribution>,
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
            hill_sun_angle_rad: None,
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
    /// How it learns of the others.
    pub sensing: SensingConfig,
    /// How it looks to the sensors of others.
    pub signature: SignatureConfig,
    /// Systems that others act upon; none where nothing is done to it but moving it.
    pub bus: Option<BusConfig>,
    /// Where it starts.
    pub start: Start,
    /// Behaviours to draw from; empty for a learned spacecraft.
    pub behaviours: Vec<BehaviourConfig>,
    /// Behaviours that casts have it play.
    pub cast_behaviours: Vec<BehaviourConfig>,
    /// The slot that its behaviours are about; `None` for the objective's, or else the nearest opponent.
    pub target: Option<usize>,
}

impl Slot {
    /// The behaviour of an index that counts through its own behaviours, and on through those of casts.
    #[must_use]
    pub fn behaviour(&self, index: u16) -> &BehaviourConfig {
        let index = usize::from(index);
        self.behaviours.get(index).unwrap_or_else(|| &self.cast_behaviours[index - self.behaviours.len()])
    }

    /// A spacecraft of 100 kg that coasts: for tests and benches, which change what they are about.
    #[must_use]
    pub fn coasting(name: &str, team: u8, role: Role, start: Start) -> Self {
        Self {
            name: name.to_owned(),
            team,
            role,
            mass_kg: Distribution::Fixed(100.0),
            thrust_n: Distribution::Fixed(0.0),
            per_axis: false,
            isp_s: None,
            delta_v_m_s: None,
            surface: [None, None, None],
            sensing: SensingConfig::Perfect,
            signature: SignatureConfig::default(),
            bus: None,
            start,
            behaviours: vec![BehaviourConfig::Ballistic(Ballistic {})],
            cast_behaviours: Vec::new(),
            target: None,
        }
    }
}

/// Where a spacecraft starts.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// This state (GCRF, or the Hill frame in the relative tier).
    State(CartesianState),
    /// Elements: perigee radius [m], eccentricity, then inclination, RAAN, argument of perigee, true anomaly [rad].
    Elements([Distribution; 6]),
    /// Not there until something is released into it.
    Spare,
    /// RTN position [m] and rotating-frame velocity [m/s] relative to an earlier slot.
    Offset {
        /// The other slot.
        to: usize,
        /// Position, RTN [m].
        position_m: [Distribution; 3],
        /// Velocity in the rotating frame [m/s].
        velocity_m_s: [Distribution; 3],
    },
    /// On an orbit that crosses that of an earlier slot; see [`crossing`](super::crossing).
    Crossing {
        /// The other slot.
        with: usize,
        /// When the two are nearest, since the start of the episode [s].
        after_s: Distribution,
        /// How near they come [m].
        miss_m: Distribution,
        /// Relative speed then [m/s].
        relative_speed_m_s: Distribution,
    },
    /// A random direction about an earlier slot.
    Shell {
        /// The other slot.
        to: usize,
        /// Distance [m].
        range_m: Distribution,
        /// Weights of R, T, N in the direction.
        direction_weights: [f64; 3],
        /// A third, earlier slot, on whose side of the other it does not lie.
        opposite: Option<usize>,
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
    /// What it is after.
    pub goal: Goal,
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
    /// What systems must not suffer.
    pub harms: Vec<Harm>,
    /// Who puts whom out.
    pub captures: Vec<Capture>,
}

/// One slot putting another out by coming near.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capture {
    /// The one that catches, and the one that is caught.
    pub pair: [usize; 2],
    /// Distance at which it is [m].
    pub radius_m: f64,
}

impl Objective {
    /// That slot `who` of a team comes within a radius of slot `target`, at any speed.
    #[must_use]
    pub fn reach(team: u8, who: usize, target: usize, radius_m: f64) -> Self {
        Self {
            team,
            goal: Goal::Reach,
            who,
            target,
            radius_m,
            max_speed_m_s: f64::INFINITY,
            failures: Vec::new(),
            harms: Vec::new(),
            captures: Vec::new(),
        }
    }
}

/// What the objective's team is after; `who` coming within the radius of `target` is success with every goal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// Nothing else.
    Reach,
    /// That no failure happens before the time limit.
    Survive,
    /// To see points of the target, each in the light.
    Inspect(Inspection),
    /// To spend time at a place relative to the target.
    Station(Station),
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

impl Failure {
    /// The two slots that it is about.
    #[must_use]
    pub fn pair(&self) -> &[usize; 2] {
        match self {
            Self::Escape { pair, .. } | Self::KeepOut { pair, .. } | Self::SpeedLimit { pair, .. } => pair,
        }
    }
}
