//! The unit that the name of a field ends in.

/// Parts of names that are units, and how they are written.
const UNITS: [(&str, &str); 27] = [
    ("1", "1"),
    ("m", "m"),
    ("km", "km"),
    ("m2", "m²"),
    ("m3", "m³"),
    ("km2", "km²"),
    ("s", "s"),
    ("s2", "s²"),
    ("h", "h"),
    ("kg", "kg"),
    ("n", "N"),
    ("nm", "nm"),
    ("um", "µm"),
    ("rad", "rad"),
    ("deg", "deg"),
    ("arcsec", "arcsec"),
    ("w", "W"),
    ("wh", "Wh"),
    ("j", "J"),
    ("k", "K"),
    ("hz", "Hz"),
    ("mhz", "MHz"),
    ("ghz", "GHz"),
    ("db", "dB"),
    ("dbw", "dBW"),
    ("dbi", "dBi"),
    ("pa", "Pa"),
];

/// The unit of a field by its name: `delta_v_m_s` is in m/s, `slope_per_s` in 1/s, `mu_m3_s2` in m³/s²; `None` where the name
/// tells none.
///
/// The first unit of the end of a name is above the line, the others are below it, and so are all that follow `per`.
#[must_use]
pub fn of_field(name: &str) -> Option<String> {
    let parts: Vec<&str> = name.split('_').collect();
    let written = |part: &str| UNITS.iter().find(|(unit, _)| *unit == part).map(|(_, written)| *written);
    // A whole name is no unit: `n` alone is a number of something.
    let mut first = parts.len();
    while first > 1 && (written(parts[first - 1]).is_some() || (parts[first - 1] == "per" && first < parts.len())) {
        first -= 1;
    }
    let tail = &parts[first..];
    if tail.is_empty() {
        return None;
    }
    let (above, below): (&[&str], &[&str]) = match tail.iter().position(|part| *part == "per") {
        Some(at) => (&tail[..at], &tail[at + 1..]),
        None => tail.split_at(1),
    };
    let joined = |units: &[&str], by: &str| units.iter().filter_map(|unit| written(unit)).collect::<Vec<_>>().join(by);
    Some(match (above.is_empty(), below.len()) {
        (true, 1) => format!("1/{}", joined(below, "")),
        (true, _) => format!("per {}", joined(below, "/")),
        (false, 0) => joined(above, " "),
        (false, 1) => format!("{}/{}", joined(above, " "), joined(below, "")),
        (false, _) => format!("{}/({})", joined(above, " "), joined(below, " ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_in_its_unit() {
        for (name, unit) in [
            ("segment_s", "s"),
            ("delta_v_m_s", "m/s"),
            ("time_weight_m_s2", "m/s²"),
            ("mu_m3_s2", "m³/s²"),
            ("mean_motion_rad_s", "rad/s"),
            ("slope_per_s", "1/s"),
            ("weight_per_m_s", "per m/s"),
            ("perigee_altitude_km", "km"),
            ("thrust_n", "N"),
            ("area_m2", "m²"),
        ] {
            assert_eq!(of_field(name).as_deref(), Some(unit), "{name}");
        }
        for name in ["name", "n", "eccentricity", "phase", "per", "j2", "", "rollout"] {
            assert_eq!(of_field(name), None, "{name}");
        }
    }
}
