//! The 30 telemetry channels of one track as its observer has them: one table, from which code, files and documentation are made.

/// Channels of a sample.
pub const CHANNELS: usize = 30;

/// One channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Channel {
    /// Name, as files and the API use it.
    pub name: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// What it is.
    pub meaning: &'static str,
    /// Physical bounds: what lies outside is no measurement.
    pub bounds: [f64; 2],
    /// How numbers of many decades are drawn together before they are scaled.
    pub spread: Spread,
}

/// How numbers of many decades are drawn together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spread {
    /// As they are.
    Linear,
    /// sign × log10(1 + |value| / unit).
    SignedLog {
        /// Value at which linear turns into logarithmic.
        unit: f64,
    },
}

impl Spread {
    /// The number drawn together; what is not finite stays so.
    #[must_use]
    pub fn apply(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::SignedLog { unit } => libm::log10(1.0 + value.abs() / unit).copysign(value),
        }
    }
}

const fn channel(
    name: &'static str,
    unit: &'static str,
    bounds: [f64; 2],
    spread: Spread,
    meaning: &'static str,
) -> Channel {
    Channel { name, unit, meaning, bounds, spread }
}

const LINEAR: Spread = Spread::Linear;
const METRES: Spread = Spread::SignedLog { unit: 1.0 };
const SPEEDS: Spread = Spread::SignedLog { unit: 1e-3 };
const FAR_M: [f64; 2] = [-1e9, 1e9];
const FAST_M_S: [f64; 2] = [-2e4, 2e4];
const LINK_DB_HZ: [f64; 2] = [-50.0, 150.0];

/// The channels, in order; the order is part of the contract.
pub static TABLE: [Channel; CHANNELS] = [
    channel("range", "m", [0.0, 1e9], METRES, "distance of the track"),
    channel("range_rate", "m/s", FAST_M_S, SPEEDS, "its rate"),
    channel("position_radial", "m", FAR_M, METRES, "relative position, own RTN, R"),
    channel("position_transverse", "m", FAR_M, METRES, "relative position, T"),
    channel("position_normal", "m", FAR_M, METRES, "relative position, N"),
    channel("velocity_radial", "m/s", FAST_M_S, SPEEDS, "relative velocity in the turning frame, R"),
    channel("velocity_transverse", "m/s", FAST_M_S, SPEEDS, "relative velocity, T"),
    channel("velocity_normal", "m/s", FAST_M_S, SPEEDS, "relative velocity, N"),
    channel("axis_difference", "m", FAR_M, METRES, "Δa: its semi-major axis less own"),
    channel(
        "eccentricity_difference",
        "-",
        [0.0, 2.0],
        Spread::SignedLog { unit: 1e-6 },
        "|δe|: of the eccentricity vectors",
    ),
    channel(
        "inclination_difference",
        "rad",
        [0.0, 4.0],
        Spread::SignedLog { unit: 1e-6 },
        "|δi|: of the inclination vectors",
    ),
    channel(
        "time_of_closest_approach",
        "s",
        [-1e6, 1e6],
        Spread::SignedLog { unit: 1.0 },
        "until closest approach, two-body",
    ),
    channel("log10_collision_probability", "-", [-30.0, 0.0], LINEAR, "log10 of Pc at that approach, not below -30"),
    channel("mahalanobis_miss", "-", [0.0, 1e6], Spread::SignedLog { unit: 1.0 }, "miss in standard deviations"),
    channel(
        "acceleration",
        "m/s²",
        [0.0, 1e3],
        Spread::SignedLog { unit: 1e-5 },
        "estimate of its acceleration by thrust",
    ),
    channel(
        "cumulative_delta_v",
        "m/s",
        [0.0, 1e5],
        Spread::SignedLog { unit: 1e-2 },
        "its Δv since the window's track began",
    ),
    channel("magnitude", "mag", [-30.0, 30.0], LINEAR, "visual magnitude, reduced to phase zero and 1000 km"),
    channel("radar_cross_section", "dBsm", [-80.0, 80.0], LINEAR, "radar cross-section"),
    channel(
        "light_curve_variance",
        "mag²",
        [0.0, 100.0],
        Spread::SignedLog { unit: 1e-3 },
        "variance of its magnitude",
    ),
    channel("sun_phase", "rad", [0.0, std::f64::consts::PI], LINEAR, "angle at the track between Sun and observer"),
    channel("objects_in_gate", "-", [0.0, 1e4], LINEAR, "objects in the gate about the track, itself included"),
    channel("uplink_cn0", "dB-Hz", LINK_DB_HZ, LINEAR, "C/N₀ of the uplink"),
    channel("downlink_cn0", "dB-Hz", LINK_DB_HZ, LINEAR, "C/N₀ of the downlink"),
    channel("gnss_cn0", "dB-Hz", LINK_DB_HZ, LINEAR, "C/N₀ of the navigation signals"),
    channel("focal_plane_saturation", "-", [0.0, 1.0], LINEAR, "saturated share of the focal plane"),
    channel("skin_temperature", "K", [0.0, 2000.0], LINEAR, "temperature of the skin"),
    channel("rejected_commands", "1/s", [0.0, 1e6], Spread::SignedLog { unit: 1e-3 }, "commands rejected a second"),
    channel(
        "command_counter_gap",
        "1/s",
        [-1e6, 1e6],
        Spread::SignedLog { unit: 1e-3 },
        "growth of the gap of the command counter",
    ),
    channel(
        "attitude_error",
        "rad",
        [0.0, std::f64::consts::PI],
        Spread::SignedLog { unit: 1e-3 },
        "angle from the attitude asked for",
    ),
    channel("navigation_offset", "m", [0.0, 1e9], METRES, "navigation solution less ephemeris"),
];

/// Index of the channel of this name.
#[must_use]
pub fn index_of(name: &str) -> Option<usize> {
    TABLE.iter().position(|channel| channel.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_bounds_in_order() {
        for (index, channel) in TABLE.iter().enumerate() {
            assert_eq!(index_of(channel.name), Some(index));
            assert!(channel.bounds[0] < channel.bounds[1] && !channel.meaning.is_empty(), "{}", channel.name);
        }
    }

    #[test]
    fn the_spread_keeps_sign_order_and_zero() {
        let spread = Spread::SignedLog { unit: 1.0 };
        assert_eq!(spread.apply(0.0), 0.0);
        assert_eq!(spread.apply(-9.0), -1.0);
        assert!(spread.apply(1e6) > spread.apply(1e5));
        assert!(spread.apply(f64::NAN).is_nan());
    }
}
