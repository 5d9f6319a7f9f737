//! The Earth's shadow.

use std::f64::consts::PI;

use super::Vector3;
use super::constants::SUN_RADIUS_M;

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

/// The fraction of the Sun's disc that the Earth leaves in sight, 0 in the umbra to 1 in the light: a conical shadow.
///
/// `position_m` and `sun_position_m`: from the Earth's centre, one frame. Sun and Earth are round and without atmosphere, the
/// Sun's disc equally bright all over. With a, b the apparent radii of Sun and Earth and c the angle between their centres: all
/// of the Sun where c ≥ a + b; none where c ≤ b - a; 1 - b²/a² where c ≤ a - b, the Earth before the Sun as a dark spot (beyond
/// 1.4 million km); else 1 - A/(π a²), A being what the two discs have in common:
///
/// A = a² acos(x/a) + b² acos((c - x)/b) - c y, x = (c² + a² - b²)/(2 c), y = √(a² - x²)
///
/// Inside the Earth nothing is seen: 0. Source: Montenbruck and Gill, Satellite Orbits, eq. 3.85 to 3.94.
#[must_use]
pub fn sunlit_fraction(position_m: &Vector3, sun_position_m: &Vector3, earth_radius_m: f64) -> f64 {
    let to_sun_m = sun_position_m - position_m;
    let (radius_m, sun_distance_m) = (position_m.norm(), to_sun_m.norm());
    if radius_m <= earth_radius_m {
        return 0.0;
    }
    // Behind the Earth the cosine of c is near 1, where atan2 of sine and cosine keeps its digits and acos does not.
    let toward = -position_m.dot(&to_sun_m);
    let a = libm::asin(SUN_RADIUS_M / sun_distance_m);
    let b = libm::asin(earth_radius_m / radius_m);
    if toward <= 0.0 && a + b < 0.5 * PI {
        return 1.0;
    }
    let c = libm::atan2(position_m.cross(&to_sun_m).norm(), toward);
    if c >= a + b {
        1.0
    } else if c <= b - a {
        0.0
    } else if c <= a - b {
        1.0 - (b * b) / (a * a)
    } else {
        let x = (c * c + a * a - b * b) / (2.0 * c);
        let y = (a * a - x * x).max(0.0).sqrt();
        let common =
            a * a * libm::acos((x / a).clamp(-1.0, 1.0)) + b * b * libm::acos(((c - x) / b).clamp(-1.0, 1.0)) - c * y;
        (1.0 - common / (PI * a * a)).clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::astro::constants::{ASTRONOMICAL_UNIT_M, EARTH_RADIUS_M};

    #[test]
    fn agrees_with_curtis_example_12_8() {
        let satellite = Vector3::new(2_817.899, -14_110.473, -7_502.672) * 1e3;
        let sun = Vector3::new(-11_747_041.0, 139_486_985.0, 60_472_278.0) * 1e3;
        assert!(in_cylindrical_shadow(&satellite, &sun, 6_378_136.3));
        assert!(!in_cylindrical_shadow(&-satellite, &sun, 6_378_136.3), "the day side is lit");
        assert_eq!(sunlit_fraction(&satellite, &sun, EARTH_RADIUS_M), 0.0);
        assert_eq!(sunlit_fraction(&-satellite, &sun, EARTH_RADIUS_M), 1.0);
    }

    #[test]
    fn the_edge_lies_at_one_radius() {
        let sun = Vector3::new(1.5e11, 0.0, 0.0);
        let behind = |offset_m: f64| Vector3::new(-8.0e6, 0.0, offset_m);
        assert!(in_cylindrical_shadow(&behind(6.378e6), &sun, 6_378_136.3));
        assert!(!in_cylindrical_shadow(&behind(6.379e6), &sun, 6_378_136.3));
    }

    #[test]
    fn umbra_and_penumbra_are_the_cones_of_geometry() {
        let sun = Vector3::new(ASTRONOMICAL_UNIT_M, 0.0, 0.0);
        let fraction = |behind_m: f64, offset_m: f64| {
            sunlit_fraction(&Vector3::new(-behind_m, offset_m, 0.0), &sun, EARTH_RADIUS_M)
        };
        for behind_m in [7e6, 42_164e3, 3e8] {
            // Lines that touch both spheres, on one side (umbra) and on both (penumbra): Curtis, and any textbook.
            let umbra = libm::asin((SUN_RADIUS_M - EARTH_RADIUS_M) / ASTRONOMICAL_UNIT_M);
            let penumbra = libm::asin((SUN_RADIUS_M + EARTH_RADIUS_M) / ASTRONOMICAL_UNIT_M);
            let umbra_m = (EARTH_RADIUS_M - behind_m * libm::sin(umbra)) / libm::cos(umbra);
            let penumbra_m = (EARTH_RADIUS_M + behind_m * libm::sin(penumbra)) / libm::cos(penumbra);
            // Apparent discs have the angles exactly, so that the edges agree to rounding (1e-16 of an au, 1.5e-5 m).
            assert_eq!(fraction(behind_m, umbra_m - 0.1), 0.0, "{behind_m}");
            assert!(fraction(behind_m, umbra_m + 10.0) > 0.0, "{behind_m}");
            assert!(fraction(behind_m, penumbra_m - 10.0) < 1.0, "{behind_m}");
            assert_eq!(fraction(behind_m, penumbra_m + 0.1), 1.0, "{behind_m}");
        }
    }

    #[test]
    fn half_of_the_disc_is_seen_over_a_straight_edge() {
        // From low orbit the Earth's edge is all but straight over the Sun's 0.5°: with the Sun's centre on it, half is seen.
        let sun = Vector3::new(ASTRONOMICAL_UNIT_M, 0.0, 0.0);
        let radius_m = 7e6;
        let angle = libm::asin(EARTH_RADIUS_M / radius_m);
        let position = Vector3::new(-radius_m * libm::cos(angle), radius_m * libm::sin(angle), 0.0);
        let seen = sunlit_fraction(&position, &sun, EARTH_RADIUS_M);
        // The edge's bend across the Sun's disc: 2 a / (3 π b) at most, 0.08 %; the Sun's parallax from 7000 km another 1 %.
        assert!((seen - 0.5).abs() < 0.02, "{seen}");
    }

    #[test]
    fn the_fraction_is_monotone_through_the_penumbra_and_annular_far_out() {
        let sun = Vector3::new(ASTRONOMICAL_UNIT_M, 0.0, 0.0);
        let mut last = 0.0;
        for step in 0..=2000 {
            let fraction =
                sunlit_fraction(&Vector3::new(-42_164e3, 6.1e6 + 300.0 * f64::from(step), 0.0), &sun, EARTH_RADIUS_M);
            assert!((last..=1.0).contains(&fraction), "step {step}: {fraction} after {last}");
            last = fraction;
        }
        assert_eq!(last, 1.0);
        let far_m = 2e9;
        let ring = sunlit_fraction(&Vector3::new(-far_m, 0.0, 0.0), &sun, EARTH_RADIUS_M);
        let ratio = libm::asin(EARTH_RADIUS_M / far_m) / libm::asin(SUN_RADIUS_M / (ASTRONOMICAL_UNIT_M + far_m));
        assert!((ring - (1.0 - ratio * ratio)).abs() < 1e-12 && ring > 0.5, "{ring}");
        assert_eq!(sunlit_fraction(&Vector3::new(1e6, 0.0, 0.0), &sun, EARTH_RADIUS_M), 0.0);
        assert_eq!(sunlit_fraction(&Vector3::zeros(), &sun, EARTH_RADIUS_M), 0.0);
    }
}
