//! The components of a spacecraft. Every spacecraft has all of them, so that all rows of a shard stand in one archetype.
//!
//! Row = arena × slots + slot. Nothing is spawned, despawned, inserted or removed after a shard is made; a reset
//! overwrites an arena's rows in place.

use bevy_ecs::component::Component;
use serde::{Deserialize, Serialize};

use super::behaviours::Memory;
use crate::astro::{CartesianState, Vector3};

/// Position [m] and velocity [m/s]: GCRF in the standard tier, Hill frame of the reference orbit in the relative tier.
#[derive(Component, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[repr(C)]
pub struct Orbit {
    /// Position [m].
    pub position_m: [f64; 3],
    /// Velocity [m/s].
    pub velocity_m_s: [f64; 3],
}

impl Orbit {
    /// The state as vectors.
    #[must_use]
    pub fn state(&self) -> CartesianState {
        CartesianState { position_m: self.position_m.into(), velocity_m_s: self.velocity_m_s.into() }
    }
}

impl From<CartesianState> for Orbit {
    fn from(state: CartesianState) -> Self {
        Self { position_m: state.position_m.into(), velocity_m_s: state.velocity_m_s.into() }
    }
}

/// [`Orbit`] at the start of the segment in hand, from which events between samples are found.
#[derive(Component, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Previous(pub Orbit);

/// Mass and what may still be spent.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mass {
    /// Now [kg], propellant included.
    pub mass_kg: f64,
    /// At the start of the episode [kg].
    pub initial_mass_kg: f64,
    /// Δv left [m/s]; infinite where it is not bounded.
    pub delta_v_left_m_s: f64,
    /// Δv at the start of the episode [m/s].
    pub initial_delta_v_m_s: f64,
}

/// Thrusters.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Thruster {
    /// Greatest thrust [N], an axis where `per_axis`.
    pub max_thrust_n: f64,
    /// Exhaust speed Isp g0 [m/s]; infinite where burns take no mass.
    pub exhaust_speed_m_s: f64,
    /// Whether the thrust vector is bounded by a box in RTN, and not by a ball.
    pub per_axis: bool,
}

impl Thruster {
    /// Size of a thrust or acceleration as propellant counts it: the norm, or with a thruster an axis the sum over axes.
    #[must_use]
    pub fn magnitude(&self, vector: &Vector3) -> f64 {
        if self.per_axis { vector.abs().sum() } else { vector.norm() }
    }

    /// The nearest thrust in the same direction (ball) or on each axis (box) that does not pass `limit`.
    #[must_use]
    pub fn clip(&self, vector: &Vector3, limit: f64) -> Vector3 {
        if self.per_axis {
            vector.map(|component| component.clamp(-limit, limit))
        } else {
            let norm = vector.norm();
            if norm > limit { vector * (limit / norm) } else { *vector }
        }
    }
}

/// What atmosphere and sunlight press on, the same from every side.
#[derive(Component, Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Surface {
    /// Area [m²].
    pub area_m2: f64,
    /// Drag coefficient Cd [-].
    pub drag_coefficient: f64,
    /// Radiation pressure coefficient Cr [-].
    pub radiation_coefficient: f64,
}

impl Default for Surface {
    /// 1 m², Cd 2.2 (Vallado, 4th ed., section 8.6.2: what flat plates have), Cr 1.3 (Montenbruck and Gill, table 3.5: solar
    /// panels 1.21, antennas 1.30).
    fn default() -> Self {
        Self { area_m2: 1.0, drag_coefficient: 2.2, radiation_coefficient: 1.3 }
    }
}

/// The acceleration that is asked for in the segment in hand, own RTN [m/s²].
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// Acceleration asked for, own RTN [m/s²].
    pub acceleration_rtn_m_s2: Vector3,
}

/// The burn of the segment in hand: constant force in RTN, constant mass flow.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[repr(C)]
pub struct Burn {
    /// Acceleration at the start of the segment, RTN [m/s²].
    pub acceleration_rtn_m_s2: [f64; 3],
    /// Mass flow over the mass at the start of the segment [1/s]; the acceleration grows as 1 / (1 - this × t).
    pub specific_mass_flow_1_s: f64,
}

/// What was spent, and what others can see of it.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Δv spent in the episode [m/s].
    pub delta_v_m_s: f64,
    /// Throttle of the last segment, 0 to 1.
    pub last_throttle: f64,
    /// Acceleration by thrust in the last segment [m/s²], in the frame of [`Orbit`].
    pub last_acceleration_m_s2: Vector3,
    /// Time for which acceleration by thrust has been about the same, the last segment included [s].
    pub acceleration_held_s: f64,
    /// Rate at which it has tumbled since a break-up [rad/s]; zero while it is whole.
    pub tumble_rad_s: f64,
    /// Area that it has unfolded in the episode, as a multiple of its own [-]; zero while nothing is.
    #[serde(default)]
    pub unfolded: f64,
}

/// Team and role.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Team, 1 and up; 0 for a slot that is not there: one that nothing was released into yet, or that the cast leaves out.
    pub team: u8,
    /// Index of the role.
    pub role: u8,
}

impl Identity {
    /// Whether the slot is there.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.team != 0
    }
}

/// Who flies.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pilot {
    /// The behaviour drawn for the episode, as an index into the slot's list; `None` for a learned spacecraft.
    pub behaviour: Option<u16>,
    /// What the behaviour remembers.
    pub memory: Memory,
}
