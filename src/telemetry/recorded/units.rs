//! The units in which real telemetry may come, and how each becomes the unit of a channel.

/// How a number in one unit becomes one in another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Conversion {
    /// factor × value + offset.
    Linear {
        /// The factor.
        factor: f64,
        /// The offset.
        offset: f64,
    },
    /// factor × log10(value), not below `least`.
    Logarithm {
        /// The factor.
        factor: f64,
        /// What it is not told below, zero included.
        least: f64,
    },
}

impl Conversion {
    /// The number in the other unit; a gap stays a gap. The logarithm of a negative number is minus infinity, which no window takes.
    #[must_use]
    pub fn apply(self, value: f64) -> f64 {
        match self {
            Self::Linear { factor, offset } => factor * value + offset,
            Self::Logarithm { .. } if value < 0.0 => f64::NEG_INFINITY,
            Self::Logarithm { factor, least } => {
                if value.is_nan() {
                    value
                } else {
                    (factor * libm::log10(value)).max(least)
                }
            }
        }
    }
}

const fn factor(factor: f64) -> Conversion {
    Conversion::Linear { factor, offset: 0.0 }
}

/// Radians of a degree.
const DEGREE: f64 = std::f64::consts::PI / 180.0;
/// Radians a second of a revolution a day.
const REVOLUTION_A_DAY: f64 = std::f64::consts::TAU / 86_400.0;

/// Units as (unit of the channel, unit of the file, conversion).
static TABLE: [(&str, &str, Conversion); 47] = [
    ("m", "km", factor(1e3)),
    ("m", "cm", factor(1e-2)),
    ("m", "mm", factor(1e-3)),
    // International foot and nautical mile.
    ("m", "ft", factor(0.3048)),
    ("m", "nmi", factor(1_852.0)),
    ("m/s", "km/s", factor(1e3)),
    ("m/s", "cm/s", factor(1e-2)),
    ("m/s", "mm/s", factor(1e-3)),
    ("m/s", "km/h", factor(1.0 / 3.6)),
    ("m/s²", "m/s2", factor(1.0)),
    ("m/s²", "km/s²", factor(1e3)),
    ("m/s²", "km/s2", factor(1e3)),
    ("m/s²", "mm/s²", factor(1e-3)),
    ("m/s²", "mm/s2", factor(1e-3)),
    // Standard gravity.
    ("m/s²", "g", factor(9.806_65)),
    ("rad", "mrad", factor(1e-3)),
    ("rad", "deg", factor(DEGREE)),
    ("rad", "arcmin", factor(DEGREE / 60.0)),
    ("rad", "arcsec", factor(DEGREE / 3_600.0)),
    ("rad/s", "deg/s", factor(DEGREE)),
    ("rad/s", "rad/min", factor(1.0 / 60.0)),
    ("rad/s", "deg/min", factor(DEGREE / 60.0)),
    ("rad/s", "rev/day", factor(REVOLUTION_A_DAY)),
    ("s", "ms", factor(1e-3)),
    ("s", "min", factor(60.0)),
    ("s", "h", factor(3_600.0)),
    ("s", "d", factor(86_400.0)),
    ("1/s", "Hz", factor(1.0)),
    ("1/s", "1/min", factor(1.0 / 60.0)),
    ("1/s", "1/h", factor(1.0 / 3_600.0)),
    ("1/s", "1/d", factor(1.0 / 86_400.0)),
    ("K", "degC", Conversion::Linear { factor: 1.0, offset: 273.15 }),
    ("K", "°C", Conversion::Linear { factor: 1.0, offset: 273.15 }),
    ("K", "degF", Conversion::Linear { factor: 5.0 / 9.0, offset: 273.15 - 32.0 * 5.0 / 9.0 }),
    ("dB-Hz", "dBHz", factor(1.0)),
    ("dB-Hz", "dB/Hz", factor(1.0)),
    ("dB-Hz", "Hz", Conversion::Logarithm { factor: 10.0, least: f64::NEG_INFINITY }),
    ("dBsm", "m²", Conversion::Logarithm { factor: 10.0, least: f64::NEG_INFINITY }),
    ("dBsm", "m2", Conversion::Logarithm { factor: 10.0, least: f64::NEG_INFINITY }),
    ("mag²", "mag2", factor(1.0)),
    ("-", "1", factor(1.0)),
    ("-", "%", factor(1e-2)),
    ("-", "percent", factor(1e-2)),
    ("-", "log10", factor(1.0)),
    ("-", "probability", Conversion::Logarithm { factor: 1.0, least: LEAST_LOG10_PROBABILITY }),
    ("", "1", factor(1.0)),
    ("", "bool", factor(1.0)),
];

/// What a probability is not told below, as its logarithm.
const LEAST_LOG10_PROBABILITY: f64 = -30.0;
/// The one channel that is the logarithm of a probability.
const LOG10_PROBABILITY: &str = "log10_collision_probability";

/// Whether a unit is one of the channel of this name: only a logarithm is made of a probability, and it is no percentage.
fn is_of(channel: &str, unit: &str) -> bool {
    match unit {
        "probability" | "log10" => channel == LOG10_PROBABILITY,
        "%" | "percent" => channel == "focal_plane_saturation",
        _ => true,
    }
}

/// How a number in `unit` becomes one of the channel, whose own unit is `channel_unit`; `None` where it is no unit of it.
#[must_use]
pub fn conversion(channel: &str, channel_unit: &str, unit: &str) -> Option<Conversion> {
    if unit == channel_unit {
        return Some(factor(1.0));
    }
    let found = TABLE.iter().find(|(to, from, _)| *to == channel_unit && *from == unit && is_of(channel, from));
    found.map(|(_, _, conversion)| *conversion)
}

/// The units in which a channel may come, its own first.
#[must_use]
pub fn valid(channel: &str, channel_unit: &str) -> Vec<String> {
    let others = TABLE.iter().filter(|(to, from, _)| *to == channel_unit && is_of(channel, from));
    let own = (!channel_unit.is_empty()).then(|| channel_unit.to_owned());
    own.into_iter().chain(others.map(|(_, from, _)| (*from).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::channels;

    fn converted(channel: &str, unit: &str, value: f64) -> f64 {
        let channel = &channels::TABLE[channels::index_of(channel).expect("a channel")];
        conversion(channel.name, channel.unit, unit).expect("a unit of it").apply(value)
    }

    #[test]
    fn figures_are_those_of_the_definitions_of_units() {
        for (channel, unit, value, expected) in [
            ("range", "km", 1.5, 1_500.0),
            ("range", "nmi", 1.0, 1_852.0),
            ("range_rate", "km/h", 36.0, 10.0),
            ("acceleration", "g", 2.0, 19.613_3),
            ("sun_phase", "deg", 90.0, std::f64::consts::FRAC_PI_2),
            ("attitude_error", "arcsec", 3_600.0, std::f64::consts::PI / 180.0),
            ("time_of_closest_approach", "min", 2.0, 120.0),
            ("skin_temperature", "degC", 20.0, 293.15),
            ("skin_temperature", "degF", 32.0, 273.15),
            ("radar_cross_section", "m2", 10.0, 10.0),
            ("log10_collision_probability", "probability", 1e-4, -4.0),
            ("log10_collision_probability", "probability", 0.0, -30.0),
            ("focal_plane_saturation", "%", 50.0, 0.5),
            ("uplink_cn0", "dB-Hz", 45.0, 45.0),
        ] {
            let found = converted(channel, unit, value);
            assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{channel}: {found}, not {expected}");
        }
        let mean_motion = conversion("mean_motion_rad_s", "rad/s", "rev/day").expect("a unit of it").apply(15.0);
        assert!((mean_motion - 15.0 * std::f64::consts::TAU / 86_400.0).abs() < 1e-18);
    }

    #[test]
    fn a_gap_stays_one_and_what_has_no_logarithm_is_no_measurement() {
        assert!(converted("range", "km", f64::NAN).is_nan());
        assert!(converted("radar_cross_section", "m2", f64::NAN).is_nan());
        assert_eq!(converted("radar_cross_section", "m2", -1.0), f64::NEG_INFINITY);
    }

    #[test]
    fn a_unit_of_another_kind_is_none_of_the_channel() {
        for (channel, unit) in [("range", "deg"), ("sun_phase", "probability"), ("objects_in_gate", "%"), ("range", "")]
        {
            let index = channels::index_of(channel).expect("a channel");
            assert_eq!(conversion(channel, channels::TABLE[index].unit, unit), None, "{channel} {unit}");
        }
        assert_eq!(valid("range", "m"), ["m", "km", "cm", "mm", "ft", "nmi"]);
    }
}
