//! What a scenario says of the simulation, in the author's units (kilometres and degrees where the field's name says so).
//!
//! The room `scenario` reads, checks and compiles these into the SI [`Template`](super::template::Template).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::behaviours::BehaviourConfig;
use super::bus::BusConfig;
use super::distribution::Distribution;
pub use super::forces::ForceConfig;
use super::harm::HarmLimit;
use super::sensing::config::{SensingConfig, SignatureConfig};

/// Physics of an episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PhysicsConfig {
    /// How states are kept and moved.
    pub tier: Tier,
    /// Gravitational parameter [m³/s²]; JGM-3 when left out.
    #[serde(default = "default_mu")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub mu_m3_s2: f64,
    /// Equatorial radius [m]; JGM-3 when left out.
    #[serde(default = "default_radius")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub earth_radius_m: f64,
    /// Zonal coefficients in place of those of JGM-3.
    #[serde(default, skip_serializing_if = "ZonalsConfig::is_default")]
    pub zonals: ZonalsConfig,
}

/// Unnormalised zonal coefficients that a scenario sets by itself; JGM-3 where left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ZonalsConfig {
    /// J2 [-].
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = -0.1, "maximum" = 0.1))]
    pub j2: Option<f64>,
    /// J3 [-].
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = -0.1, "maximum" = 0.1))]
    pub j3: Option<f64>,
    /// J4 [-].
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = -0.1, "maximum" = 0.1))]
    pub j4: Option<f64>,
    /// J5 [-].
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = -0.1, "maximum" = 0.1))]
    pub j5: Option<f64>,
    /// J6 [-].
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = -0.1, "maximum" = 0.1))]
    pub j6: Option<f64>,
}

impl ZonalsConfig {
    /// J2 to J6 as they are set.
    #[must_use]
    pub fn by_degree(&self) -> [Option<f64>; 5] {
        [self.j2, self.j3, self.j4, self.j5, self.j6]
    }

    /// J2 to J6, those of JGM-3 where none is set.
    #[must_use]
    pub fn or_jgm3(&self) -> [f64; 5] {
        let mut zonals = crate::astro::constants::EARTH_ZONALS;
        for (zonal, set) in zonals.iter_mut().zip(self.by_degree()) {
            *zonal = set.unwrap_or(*zonal);
        }
        zonals
    }

    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

fn default_mu() -> f64 {
    crate::astro::constants::EARTH_MU_M3_S2
}

fn default_radius() -> f64 {
    crate::astro::constants::EARTH_RADIUS_M
}

/// Physics tier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Tier {
    /// Clohessy-Wiltshire in the Hill frame of a circular reference orbit, exact for a constant acceleration over a segment.
    Relative {
        /// Mean motion of the reference orbit [rad/s].
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        mean_motion_rad_s: f64,
        /// Angle of the Sun at the start, from R against T, in the plane of the reference orbit [deg]; along R when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sun_angle_deg: Option<Distribution>,
    },
    /// GCRF, the named forces, RK4 with a fixed substep. All forces but the Sun, the Moon and the conical shadow.
    Standard {
        /// Forces, in any order, each once.
        forces: Vec<ForceConfig>,
        /// Greatest substep of the integrator [s]; a segment is cut into equal substeps no longer than this. Left out, 15 s: the
        /// error of an hour in low orbit stays below 1 m (a test measures it).
        #[serde(default = "default_substep")]
        #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 600.0))]
        substep_s: f64,
    },
    /// GCRF, the named forces, DOP853 with an adaptive step: some hundred times dearer, for evaluation and validation.
    Reference {
        /// Forces, in any order, each once.
        forces: Vec<ForceConfig>,
        /// Error allowed a step, relative to position and velocity.
        #[serde(default = "default_relative_tolerance")]
        #[schemars(extend("minimum" = 1e-15, "maximum" = 1e-3))]
        relative_tolerance: f64,
        /// Error allowed a step on top of that [m]; a thousandth of it a second for the velocity.
        #[serde(default = "default_absolute_tolerance")]
        #[schemars(extend("minimum" = 1e-12, "maximum" = 1e3))]
        absolute_tolerance_m: f64,
    },
}

fn default_substep() -> f64 {
    15.0
}

fn default_relative_tolerance() -> f64 {
    1e-11
}

fn default_absolute_tolerance() -> f64 {
    1e-6
}

impl Tier {
    /// The name in lower case, as lists have it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Relative { .. } => "relative",
            Self::Standard { .. } => "standard",
            Self::Reference { .. } => "reference",
        }
    }

    /// The named forces; none in the relative tier, which has its own.
    #[must_use]
    pub fn forces(&self) -> &[ForceConfig] {
        match self {
            Self::Relative { .. } => &[],
            Self::Standard { forces, .. } | Self::Reference { forces, .. } => forces,
        }
    }
}

/// Times of an episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimingConfig {
    /// Length of one of the 16 segments of a plan [s].
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub segment_s: f64,
    /// Segments of each plan that are executed before the next decision, 1 to 16.
    #[schemars(extend("minimum" = 1, "maximum" = 16))]
    pub replan_every: usize,
    /// Limit of an episode [s].
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub time_limit_s: f64,
    /// What the limit is to a learner.
    #[serde(default)]
    pub at_time_limit: AtTimeLimit,
}

/// What reaching the time limit is to a learner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AtTimeLimit {
    /// Part of the task (the time left is observed): the episode is `terminated`, and has failed.
    #[default]
    Terminate,
    /// Not part of the task: the episode is `truncated`, and the value of its last state is bootstrapped.
    Truncate,
}

/// What an observation shows beside own ship and its tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ObservationConfig {
    /// Whether the last two places, where no object takes them, show the target's manoeuvre and its cheapest intercept. The
    /// search for it is half of the time of a step; without it those places are zero.
    pub intercept: bool,
}

impl Default for ObservationConfig {
    fn default() -> Self {
        Self { intercept: true }
    }
}

impl ObservationConfig {
    /// Whether nothing differs from what is shown where a scenario says nothing of it.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// One spacecraft, which is one slot of each arena.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpacecraftConfig {
    /// Name, unique in the scenario.
    pub name: String,
    /// Team; spacecraft of one team share a goal.
    pub team: String,
    /// Role, told to a policy as a one-hot.
    pub role: Role,
    /// Mass at the start, propellant included [kg].
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub mass_kg: Distribution,
    /// Thrusters and propellant; none for an object that cannot manoeuvre.
    #[serde(default)]
    pub propulsion: Option<PropulsionConfig>,
    /// Area that drag and sunlight press on [m²]; 1 m² when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0.0, "maximum" = 1e6))]
    pub area_m2: Option<Distribution>,
    /// Drag coefficient Cd [-]; 2.2 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0.0, "maximum" = 10.0))]
    pub drag_coefficient: Option<Distribution>,
    /// Radiation pressure coefficient Cr [-], 1 for what absorbs all light to 2 for a mirror; 1.3 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0.0, "maximum" = 10.0))]
    pub radiation_coefficient: Option<Distribution>,
    /// How it learns of the others; it sees the truth when left out.
    #[serde(default, skip_serializing_if = "SensingConfig::is_perfect")]
    pub sensing: SensingConfig,
    /// How it looks to the sensors of others; a silent square metre when left out.
    #[serde(default, skip_serializing_if = "SignatureConfig::is_default")]
    pub signature: SignatureConfig,
    /// Systems that others act upon: links, payload, commands, navigation, power; `()` is a sound satellite in low orbit. None where
    /// nothing is done to it but moving it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bus: Option<BusConfig>,
    /// Where it starts.
    pub orbit: OrbitConfig,
    /// Name of the spacecraft that its behaviours are about, where that is neither the objective's nor the nearest opponent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Who flies it.
    pub control: ControlConfig,
}

/// Role of a spacecraft, as a policy is told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Role {
    /// Seeks its target.
    Pursuer,
    /// Keeps from being reached.
    Evader,
    /// Protects another.
    Guard,
    /// Is what others are about, and does not take part by itself: a station, a target.
    Target,
}

/// Thrusters and propellant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PropulsionConfig {
    /// How the thrust is bounded.
    pub thrusters: Thrusters,
    /// Specific impulse [s]; left out, burns take no mass (as in AFRL's environments).
    #[serde(default)]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub isp_s: Option<Distribution>,
    /// Δv at the start [m/s]; left out, it is not bounded.
    #[serde(default)]
    #[schemars(extend("minimum" = 0.0))]
    pub delta_v_m_s: Option<Distribution>,
}

/// How the thrust is bounded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Thrusters {
    /// One thruster that points anywhere: the thrust vector lies in a ball.
    Vectored {
        /// Greatest thrust [N].
        #[schemars(extend("minimum" = 0.0))]
        thrust_n: Distribution,
    },
    /// A pair on each of R, T and N: the thrust vector lies in a box.
    PerAxis {
        /// Greatest thrust on each axis [N].
        #[schemars(extend("minimum" = 0.0))]
        thrust_n: Distribution,
    },
}

/// Where a spacecraft starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum OrbitConfig {
    /// The origin of the Hill frame, at rest; only in the `Relative` tier.
    Origin,
    /// Keplerian elements about the Earth, GCRF; not in the `Relative` tier.
    Keplerian {
        /// Altitude of the perigee above the equatorial radius [km].
        #[schemars(extend("minimum" = 80.0, "maximum" = 900_000.0))]
        perigee_altitude_km: Distribution,
        /// Eccentricity, 0 to below 1.
        #[schemars(extend("minimum" = 0.0, "exclusiveMaximum" = 1.0))]
        eccentricity: Distribution,
        /// Inclination [deg].
        #[schemars(extend("minimum" = 0.0, "maximum" = 180.0))]
        inclination_deg: Distribution,
        /// Right ascension of the ascending node [deg].
        raan_deg: Distribution,
        /// Argument of perigee [deg].
        argument_of_perigee_deg: Distribution,
        /// True anomaly [deg].
        true_anomaly_deg: Distribution,
    },
    /// Nowhere, until a spacecraft of its team before it in the list releases it; scripted.
    Spare,
    /// An offset in another spacecraft's RTN frame.
    RtnOffset {
        /// Name of the other spacecraft, which stands before this one.
        to: String,
        /// Radial, transverse and normal offset [m].
        position_m: [Distribution; 3],
        /// Radial, transverse and normal velocity in the rotating frame [m/s].
        velocity_m_s: [Distribution; 3],
    },
    /// A random direction about another spacecraft.
    RtnShell {
        /// Name of the other spacecraft, which stands before this one.
        to: String,
        /// Distance [m].
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        range_m: Distribution,
        /// Weights of R, T and N in the direction: a Gaussian vector is scaled by them and normalised. (1, 1, 1) is uniform on the sphere.
        #[serde(default = "isotropic")]
        #[schemars(extend("minimum" = 0.0))]
        direction_weights: [f64; 3],
        /// Name of a third spacecraft, which stands before this one: the direction is turned round where it would lie on that one's side.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opposite: Option<String>,
        /// The velocity that the one below is added to.
        #[serde(default)]
        base_velocity: BaseVelocity,
        /// Speed in a direction uniform on the sphere, in the rotating frame [m/s].
        #[schemars(extend("minimum" = 0.0))]
        speed_m_s: Distribution,
    },
    /// A bound orbit that crosses another spacecraft's: built where the two are nearest, and moved back under the scenario's gravity; not in the
    /// `Relative` tier.
    ///
    /// The direction of the relative velocity is drawn uniform on the sphere, until the perigee of the orbit that it gives is above an altitude of
    /// 120 km and its eccentricity below 0.9. Where 256 draws do not find one, the orbit is that of the other spacecraft turned
    /// about the radius, by 2 asin(v_rel / 2v) of the horizontal speed v. The miss lies across the relative velocity in a drawn
    /// direction (a point of the encounter plane). Should the other burn, or air, sunlight, Sun or Moon act, the two pass otherwise.
    Crossing {
        /// Name of the other spacecraft, which stands before this one.
        with: String,
        /// When the two are nearest, since the start of the episode [s].
        after_s: Distribution,
        /// How near they come [m].
        miss_m: Distribution,
        /// Relative speed then [m/s].
        relative_speed_m_s: Distribution,
    },
    /// A two-line element set, propagated by SGP4 to the scenario's epoch; not in the `Relative` tier.
    Tle {
        /// First line.
        line1: String,
        /// Second line.
        line2: String,
    },
    /// As `Tle`, the element set read from a file of two- or three-line sets; only in the `Standard` tier.
    TleFile {
        /// File, relative to the scenario's.
        file: String,
        /// Name in the line before the set, or catalogue number (plain, or in Alpha-5).
        name_or_number: String,
    },
    /// An object of a CCSDS conjunction data message, its state at closest approach moved by two-body motion to the
    /// scenario's epoch; only in the `Standard` tier.
    Cdm {
        /// File in keyword-value notation, relative to the scenario's.
        file: String,
        /// Object of the message, 1 or 2.
        #[schemars(extend("minimum" = 1, "maximum" = 2))]
        object: u8,
    },
}

fn isotropic() -> [f64; 3] {
    [1.0; 3]
}

/// A velocity in the rotating frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BaseVelocity {
    /// At rest in the rotating frame.
    #[default]
    Rest,
    /// That of a circular orbit through the offset: -3/2 n x along T, x being the radial offset.
    Circular,
}

/// Who flies a spacecraft.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum ControlConfig {
    /// A policy, through plans of 16 segments.
    Learned,
    /// A behaviour, drawn from these once an episode, which decides every segment.
    Scripted(Vec<BehaviourConfig>),
}

/// Who plays what: where a scenario has casts, one is drawn an episode for all spacecraft together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CastConfig {
    /// Name, by which results are told apart.
    pub name: String,
    /// How often it is drawn, relative to the other casts.
    #[serde(default = "one")]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub weight: f64,
    /// For scripted spacecraft by name, what they play; the others draw from their own list.
    pub behaviours: BTreeMap<String, BehaviourConfig>,
    /// Names of spacecraft that are not there in this cast.
    #[serde(default)]
    pub absent: Vec<String>,
    /// Name of the spacecraft that an onlooker should watch; the first of another team than the objective's when left out.
    #[serde(default)]
    pub focus: Option<String>,
    /// Whom to watch before any threat is in force; `focus` when left out.
    #[serde(default)]
    pub focus_before_onset: Option<String>,
}

fn one() -> f64 {
    1.0
}

/// What decides an episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObjectiveConfig {
    /// The team whose success is told.
    pub team: String,
    /// What it is after.
    pub success: SuccessConfig,
    /// What ends the episode against it, beside the time limit.
    #[serde(default)]
    pub failure: Vec<FailureConfig>,
    /// What the systems of spacecraft must not suffer, or the episode is lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub harm: Vec<HarmConfig>,
    /// Who puts whom out by coming near: the one that is caught is there no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub captures: Vec<CaptureConfig>,
}

/// What the systems of a spacecraft must not suffer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HarmConfig {
    /// Name of the spacecraft; it has a `bus`.
    pub who: String,
    /// What must not happen to it.
    pub limit: HarmLimit,
}

/// One spacecraft putting another out by coming near.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaptureConfig {
    /// Name of the one that catches.
    pub who: String,
    /// Name of the one that is caught.
    pub target: String,
    /// Distance at which it is [m].
    pub radius_m: f64,
}

/// What counts as success.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum SuccessConfig {
    /// Coming within a distance of another spacecraft.
    Reach {
        /// Name of the spacecraft that must come near.
        who: String,
        /// Name of the spacecraft that it must reach.
        target: String,
        /// Distance [m].
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        radius_m: f64,
        /// Greatest relative speed when the distance is crossed [m/s]; faster is a crash, which has failed.
        #[serde(default)]
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        max_speed_m_s: Option<f64>,
    },
    /// Reaching the time limit without a failure.
    Survive {
        /// Name of the team's spacecraft that distances are told for.
        who: String,
        /// Name of the spacecraft that they are measured from.
        from: String,
        /// Distance at which `who` has caught `from`, which is success at once [m].
        #[serde(default)]
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        catch_m: Option<f64>,
    },
    /// Seeing points on a sphere about another spacecraft, each at the end of a segment in which it is in sight and lit.
    Inspect {
        /// Name of the spacecraft that looks; its sensor is held on the target.
        who: String,
        /// Name of the spacecraft that it looks at.
        target: String,
        /// Points, spread evenly.
        #[serde(default = "hundred")]
        points: u8,
        /// Radius of their sphere [m].
        sphere_radius_m: f64,
        /// How much each counts.
        #[serde(default)]
        weights: PointWeights,
        /// Share of the weight that is success at the time limit, above 0 to 1.
        share: f64,
        /// Share of the weight that ends the episode with success at once, `share` to 1.
        #[serde(default = "one")]
        complete_share: f64,
        /// Greatest distance at which a point is made out [m]; any when left out.
        #[serde(default)]
        range_m: Option<f64>,
        /// Half angle of the sensor's cone [deg]; all of the target is in it when left out.
        #[serde(default)]
        half_angle_deg: Option<f64>,
        /// Greatest angle between a point's normal and the Sun at which it is lit [deg].
        #[serde(default = "right_angle")]
        sun_angle_deg: f64,
    },
    /// Spending time in a cone about a direction from another spacecraft, and in a band of range.
    Station {
        /// Name of the spacecraft that keeps the station.
        who: String,
        /// Name of the spacecraft that it is kept from.
        target: String,
        /// The cone's axis.
        axis: StationAxis,
        /// The cone's half angle [deg].
        half_angle_deg: f64,
        /// Least and greatest distance from the target [m].
        range_m: (f64, f64),
        /// Time on station, in all, that is success [s].
        seconds: f64,
    },
}

fn hundred() -> u8 {
    100
}

fn right_angle() -> f64 {
    90.0
}

/// How much each point of an inspection counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PointWeights {
    /// All alike.
    #[default]
    Even,
    /// 1 - angle / π from a direction that is drawn an episode, uniform on the sphere, over the sum of all.
    Priority,
}

/// The axis of a station, from the target.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum StationAxis {
    /// Towards the Sun.
    Sun,
    /// A direction in the target's RTN frame, of any length but zero.
    Rtn(f64, f64, f64),
}

/// A score that others have published for their game, told beside the outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum ScoreConfig {
    /// KSPDG's pursuit and evasion: (0.1 d)² + (0.5 v)^1.5 + (0.1 kg)^1.25 + 0.01 t at the closest approach; lower is better.
    KspdgPursuit {
        /// Name of the pursuer.
        pursuer: String,
        /// Name of the evader.
        evader: String,
    },
    /// KSPDG's lady, bandit and guard: d_LB² + 10⁶ / (d_BG + 0.1) of the least distances; lower is better for the bandit.
    KspdgLadyBanditGuard {
        /// Name of the one that is guarded.
        lady: String,
        /// Name of the one that is after it.
        bandit: String,
        /// Name of the one that guards it.
        guard: String,
    },
    /// KSPDG's sun blocking: the integral of cos θ exp(-10⁻⁵ (d - 100)²) over time; higher is better.
    KspdgSunBlocking {
        /// Name of the one that blocks the Sun.
        blocker: String,
        /// Name of the one that is shaded.
        evader: String,
    },
}

impl ScoreConfig {
    /// The spacecraft that it is about, each as (field, name).
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::KspdgPursuit { pursuer, evader } => vec![("pursuer", pursuer), ("evader", evader)],
            Self::KspdgLadyBanditGuard { lady, bandit, guard } => {
                vec![("lady", lady), ("bandit", bandit), ("guard", guard)]
            }
            Self::KspdgSunBlocking { blocker, evader } => vec![("blocker", blocker), ("evader", evader)],
        }
    }
}

impl SuccessConfig {
    /// Names of the two spacecraft that it is about.
    #[must_use]
    pub fn pair(&self) -> [&str; 2] {
        match self {
            Self::Reach { who, target, .. } | Self::Inspect { who, target, .. } | Self::Station { who, target, .. } => {
                [who, target]
            }
            Self::Survive { who, from, .. } => [who, from],
        }
    }
}

/// What counts as failure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum FailureConfig {
    /// The two being further apart than a distance.
    Escape {
        /// A spacecraft.
        who: String,
        /// The other.
        from: String,
        /// Distance [m].
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        range_m: f64,
    },
    /// The two being nearer than a distance.
    KeepOut {
        /// A spacecraft.
        who: String,
        /// The other.
        from: String,
        /// Distance [m].
        #[schemars(extend("exclusiveMinimum" = 0.0))]
        radius_m: f64,
    },
    /// Relative speed above `floor_m_s + slope_per_s × (distance - offset_m)` by more than a margin.
    SpeedLimit {
        /// A spacecraft.
        who: String,
        /// The other, to which distance and speed are relative.
        from: String,
        /// Limit at the offset [m/s].
        #[schemars(extend("minimum" = 0.0))]
        floor_m_s: f64,
        /// Growth of the limit with distance [1/s].
        #[schemars(extend("minimum" = 0.0))]
        slope_per_s: f64,
        /// Distance at which the limit is the floor [m].
        #[schemars(extend("minimum" = 0.0))]
        offset_m: f64,
        /// Overspeed that ends the episode [m/s]; any overspeed is counted.
        #[schemars(extend("minimum" = 0.0))]
        margin_m_s: f64,
    },
}
