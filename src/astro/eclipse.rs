//! The Earth's shadow.

use super::Vector3;

/// Whether a spacecraft is in the Earth's shadow, taken as a cylinder behind the Earth, without penumbra.
///
/// `position_m` and `sun_position_m`: from the Earth's centre, in one and the same frame, in one and the same unit with
/// `earth_radius_m`. Against a conical shadow, entry and exit in low orbit are some seconds off.
/// Source: Montenbruck and Gill, Satellite Orbits, section 3.4.2.
#[must_use]
pub fn in_cylindrical_shadow(position_m: &Vector3, sun_position_m: &Vector3, earth_radius_m: f64) -> bool {
    in_shadow_behind(position_m, &(sun_position_m / sun_position_m.norm()), earth_radius_m)
}

/// As [`in_cylindrical_shadow`], with the unit vector from the Earth's centre to the Sun.
#[must_use]
pub fn in_shadow_behind(position_m: &Vector3, sun_direction: &Vector3, earth_radius_m: f64) -> bool {
    let along_sun_m = position_m.dot(sun_direction);
    let across_sun_m = position_m - sun_direction * along_sun_m;
    along_sun_m < 0.0 && across_sun_m.norm_squared() < earth_radius_m * earth_radius_m
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_curtis_example_12_8() {
        let satellite = Vector3::new(2_817.899, -14_110.473, -7_502.672) * 1e3;
        let sun = Vector3::new(-11_747_041.0, 139_486_985.0, 60_472_278.0) * 1e3;
        assert!(in_cylindrical_shadow(&satellite, &sun, 6_378_136.3));
        assert!(!in_cylindrical_shadow(&-satellite, &sun, 6_378_136.3), "the day side is lit");
    }

    #[test]
    fn the_edge_lies_at_one_radius() {
        let sun = Vector3::new(1.5e11, 0.0, 0.0);
        let behind = |offset_m: f64| Vector3::new(-8.0e6, 0.0, offset_m);
        assert!(in_cylindrical_shadow(&behind(6.378e6), &sun, 6_378_136.3));
        assert!(!in_cylindrical_shadow(&behind(6.379e6), &sun, 6_378_136.3));
    }
}
