//! Behaviours of scripted spacecraft: evaders and guidances, one file each, one line of registration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::emission::Emission;
use super::release::Release;
use super::seeds::Generator;
use super::threat_class::ThreatClass;
use super::view::View;
use crate::astro::Vector3;

#[cfg(test)]
mod harness;

mod arc;
mod countdown;
mod emitter;
mod intercept;
mod line_of_sight;
mod relative_orbit;
mod seeker;
mod steering;

/// State that a behaviour keeps from one segment to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Parameters drawn at the start of the episode, in the order of the behaviour's fields.
    pub parameters: [f64; 8],
    /// Whatever the behaviour needs to remember; zero at the start of the episode.
    pub scratch: [f64; 16],
    /// Of a sequence, the stage in hand; see [`sequence`].
    pub stage: u16,
    /// When that stage ends, since the start of the episode [s].
    pub stage_ends_s: f64,
}

/// What a behaviour does for a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Act {
    /// The acceleration wanted, own RTN [m/s²]; clipped to what thrusters and propellant can give.
    pub acceleration_rtn_m_s2: Vector3,
    /// What it sends out at its target.
    pub emission: Emission,
    /// What it lets go of at the start of the segment.
    pub release: Option<Release>,
    /// Area that it unfolds at the start of the segment, as a multiple of its own [-]; zero for none.
    pub unfolds: f64,
}

/// How a scripted spacecraft decides. Implementations are pure but for `memory` and `generator`.
pub trait Behaviour {
    /// Draws the parameters of an episode; called once, before the first [`Behaviour::accelerate`].
    fn begin(&self, generator: &mut Generator) -> Memory;

    /// The acceleration wanted for the next segment, own RTN [m/s²].
    ///
    /// The simulator clips it to what the thrusters can give and the propellant that is left.
    fn accelerate(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Vector3;

    /// All that it does for the next segment; a behaviour that only burns leaves this as it is.
    fn act(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Act {
        Act { acceleration_rtn_m_s2: self.accelerate(view, memory, generator), ..Act::default() }
    }

    /// What an onlooker who knew everything would call it at this time [s].
    fn class(&self, _memory: &Memory, _time_s: f64) -> ThreatClass {
        ThreatClass::Nominal
    }

    /// Whether a class describes what it does: a detector that has learned the classes can know it.
    fn is_classed(&self, _memory: &Memory) -> bool {
        true
    }

    /// What it cannot do without, which a scenario is checked for.
    fn needs(&self) -> Needs {
        Needs { thrust: true, ..Needs::default() }
    }

    /// Each fault of the parameters, as (field, what is wrong).
    fn faults(&self) -> Vec<(&'static str, String)>;
}

/// What a behaviour cannot do without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Own thrusters.
    pub thrust: bool,
    /// A target with systems that it acts upon (`bus`).
    pub victim_bus: bool,
    /// Spare slots of its own team to release into.
    pub spare_slots: usize,
}

impl Needs {
    /// What both need.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            thrust: self.thrust || other.thrust,
            victim_bus: self.victim_bus || other.victim_bus,
            spare_slots: self.spare_slots.max(other.spare_slots),
        }
    }
}

/// Registers the behaviours: `Name => module::Type, "one sentence";`. The order is part of the contract.
macro_rules! behaviours {
    ($($(#[$doc:meta])* $name:ident => $module:ident, $snake:literal, $kind:ident;)*) => {
        $(pub mod $module;)*

        /// A behaviour with its parameters, as a scenario writes it.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub enum BehaviourConfig {
            $($(#[$doc])* $name($module::$name),)*
        }

        impl BehaviourConfig {
            /// The name in `snake_case`, as tables and the command line use it.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => $snake,)* }
            }
            fn behaviour(&self) -> &dyn Behaviour {
                match self { $(Self::$name(behaviour) => behaviour,)* }
            }
        }

        /// Every behaviour with its default parameters, in order, and what it is for.
        #[must_use]
        pub fn registry() -> Vec<(BehaviourConfig, Kind)> {
            vec![$((BehaviourConfig::$name($module::$name::default()), Kind::$kind),)*]
        }
    };
}

/// What a behaviour is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Brings own ship to its target: a baseline for learned pursuers.
    Guidance,
    /// Brings own ship to a place that a goal asks for, and keeps it there: a baseline where a scenario names it.
    Keeping,
    /// Keeps own ship from being reached.
    Evasion,
    /// Plays one of the threat classes, or several in turn.
    Threat,
    /// Does what none of the classes describes: what an anomaly must be told by.
    Traffic,
}

behaviours! {
    /// Never burns.
    Ballistic => ballistic, "ballistic", Guidance;
    /// Lambert two-impulse transfer to the target's predicted position, corrected on the way.
    LambertTwoImpulse => lambert_two_impulse, "lambert_two_impulse", Guidance;
    /// Zero-effort-miss, zero-effort-velocity feedback on Clohessy-Wiltshire prediction.
    ZemZev => zem_zev, "zem_zev", Guidance;
    /// Proportional navigation on the line-of-sight rate in RTN, gravity gradient compensated.
    ProportionalNavigation => proportional_navigation, "proportional_navigation", Guidance;
    /// Glideslope towards the target under a speed limit that falls with range.
    Glideslope => glideslope, "glideslope", Guidance;
    /// Burns straight away from the threat when it is near.
    Flee => flee, "flee", Evasion;
    /// Burns along the zero-effort miss, so that the miss grows.
    BreakZeroEffortMiss => break_zero_effort_miss, "break_zero_effort_miss", Evasion;
    /// Burns across the line of sight, out of the orbital plane, shortly before closest approach.
    BreakPerpendicular => break_perpendicular, "break_perpendicular", Evasion;
    /// Burns in random directions at random times while the threat closes.
    Jink => jink, "jink", Evasion;
    /// Weaves: alternates its burn across the line of sight at a drawn period.
    Weave => weave, "weave", Evasion;
    /// Widens the miss of a coming conjunction with the least Δv.
    AvoidConjunction => avoid_conjunction, "avoid_conjunction", Evasion;
    /// Own station keeping by the clock, in pairs of burns that undo each other.
    Housekeeping => housekeeping, "housekeeping", Keeping;
    /// Natural-motion circumnavigation of the target in phase with the Sun.
    Circumnavigate => circumnavigate, "circumnavigate", Keeping;
    /// Holds a place at a distance from the target.
    HoldStation => hold_station, "hold_station", Keeping;
    /// Stands between a friend and the target, and meets the target when it comes near.
    Interpose => interpose, "interpose", Keeping;
    /// Zero-effort-miss feedback towards the target, dodging who comes in its way.
    Raid => raid, "raid", Threat;
    /// Keeps its own station: small burns along track and out of plane now and then.
    Nominal => nominal, "nominal", Threat;
    /// Never burns: an object that crosses the target's orbit.
    Conjunction => conjunction, "conjunction", Threat;
    /// Drifts up to its target and circles it on a 2:1 ellipse, the Sun at its back.
    Inspection => inspection, "inspection", Threat;
    /// Holds a co-planar station beside its target, and answers its burns after a lag.
    Shadowing => shadowing, "shadowing", Threat;
    /// Steers for impact with a seeker of bounded range and view: zero-effort-miss, then proportional navigation.
    KineticIntercept => kinetic_intercept, "kinetic_intercept", Threat;
    /// Drowns the commands that its target is sent.
    UplinkJamming => uplink_jamming, "uplink_jamming", Threat;
    /// Drowns what its target sends down, or the navigation signals that it receives.
    DownlinkJamming => downlink_jamming, "downlink_jamming", Threat;
    /// Blinds its target's focal plane by a laser.
    LaserDazzle => laser_dazzle, "laser_dazzle", Threat;
    /// Sends its target false commands and navigation signals.
    CyberSpoofing => cyber_spoofing, "cyber_spoofing", Threat;
    /// Closes over two hold points at a speed proportional to range, to touch its target at centimetres a second.
    Grapple => grapple, "grapple", Threat;
    /// Releases a child after a while, and takes its own recoil back.
    SubsatelliteRelease => subsatellite_release, "subsatellite_release", Threat;
    /// Breaks up into its team's spare slots, the remains tumbling.
    Fragmentation => fragmentation, "fragmentation", Threat;
    /// Climbs or sinks on a spiral by low thrust.
    LowThrustSpiral => low_thrust_spiral, "low_thrust_spiral", Traffic;
    /// Sweeps to and fro across its orbital plane.
    PlaneSweep => plane_sweep, "plane_sweep", Traffic;
    /// Several behaviours, one after the other.
    Sequence => sequence, "sequence", Threat;
}

impl Behaviour for BehaviourConfig {
    fn begin(&self, generator: &mut Generator) -> Memory {
        self.behaviour().begin(generator)
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Vector3 {
        self.behaviour().accelerate(view, memory, generator)
    }

    fn act(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Act {
        self.behaviour().act(view, memory, generator)
    }

    fn class(&self, memory: &Memory, time_s: f64) -> ThreatClass {
        self.behaviour().class(memory, time_s)
    }

    fn is_classed(&self, memory: &Memory) -> bool {
        self.behaviour().is_classed(memory)
    }

    fn needs(&self) -> Needs {
        self.behaviour().needs()
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        self.behaviour().faults()
    }
}
