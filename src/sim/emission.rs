//! What a spacecraft sends out at another: jamming, light, commands. What that does is up to the systems of the one it is sent at.

use bevy_ecs::component::Component;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a spacecraft sends out in the segment in hand; nothing by default.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Emission {
    /// Slot in the arena that it is sent at.
    pub at: usize,
    /// Noise in a radio band.
    pub jamming: Option<Jamming>,
    /// A laser.
    pub laser: Option<Laser>,
    /// Commands and navigation signals that pretend to come from the owner.
    pub intrusion: Option<Intrusion>,
}

impl Emission {
    /// Whether nothing is sent.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.jamming.is_none() && self.laser.is_none() && self.intrusion.is_none()
    }
}

/// A link of a spacecraft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Band {
    /// Commands from the ground.
    Uplink,
    /// Telemetry to the ground; jammed at the ground's receiver, which the jammer has to see.
    Downlink,
    /// Navigation signals from GNSS satellites.
    Gnss,
}

/// White noise over a band.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Jamming {
    /// The link that it is tuned to.
    pub band: Band,
    /// Equivalent isotropically radiated power towards the target [W].
    pub eirp_w: f64,
    /// Bandwidth over which it is spread [Hz].
    pub bandwidth_hz: f64,
}

/// A continuous laser, pointed at the target.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Laser {
    /// Power [W].
    pub power_w: f64,
    /// Full angle of the beam at 1/e² [rad].
    pub divergence_rad: f64,
    /// Wavelength [m].
    pub wavelength_m: f64,
}

/// Commands and signals that pretend to come from the owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Intrusion {
    /// False commands a second [1/s].
    pub commands_1_s: f64,
    /// Share of them that passes as genuine, 0 to 1.
    pub accepted_share: f64,
    /// Speed at which false navigation signals drag the navigation solution away [m/s].
    pub navigation_drag_m_s: f64,
}
