//! Latitude, longitude and height on the WGS-84 ellipsoid, to and from ITRF.

use super::Vector3;

/// Semi-major axis of WGS-84 [m]. Source: NIMA TR8350.2, 3rd ed., table 3.1.
pub const WGS84_SEMI_MAJOR_AXIS_M: f64 = 6_378_137.0;
/// Flattening of WGS-84 [-]. Source: NIMA TR8350.2, 3rd ed., table 3.1.
pub const WGS84_FLATTENING: f64 = 1.0 / 298.257_223_563;
/// Semi-minor axis of WGS-84 [m]: a (1 - f).
const SEMI_MINOR_AXIS_M: f64 = WGS84_SEMI_MAJOR_AXIS_M * (1.0 - WGS84_FLATTENING);
/// Squared eccentricity of WGS-84 [-]: f (2 - f).
const ECCENTRICITY_SQUARED: f64 = WGS84_FLATTENING * (2.0 - WGS84_FLATTENING);

/// A place by the nearest point of the WGS-84 ellipsoid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geodetic {
    /// Geodetic latitude [rad], in [-π/2, π/2].
    pub latitude_rad: f64,
    /// Longitude [rad], east positive, in (-π, π]; on the axis 0.
    pub longitude_rad: f64,
    /// Height above the ellipsoid [m], negative inside.
    pub height_m: f64,
}

impl Geodetic {
    /// The geodetic place of an ITRF position [m].
    ///
    /// Defined everywhere, by the nearest point of the ellipsoid: on the axis the longitude is 0; within 43 km of the centre, in
    /// the plane of the equator, where a northern and a southern point are equally near, the northern one is taken, and at the
    /// centre itself the north pole. The foot of the perpendicular solves
    /// (a ρ / (a² + t))² + (b z / (b² + t))² = 1, convex and falling in t above -b², so that Newton's method
    /// within a bracket always converges. Source: Eberly, Distance from a point to an ellipse, an ellipsoid, or a hyperellipsoid,
    /// 2013.
    #[must_use]
    pub fn from_itrf(position_itrf_m: &Vector3) -> Self {
        let (a, b) = (WGS84_SEMI_MAJOR_AXIS_M, SEMI_MINOR_AXIS_M);
        let (rho, z) = (libm::hypot(position_itrf_m.x, position_itrf_m.y), position_itrf_m.z);
        // The foot (u, w) on the meridian ellipse, w ≥ 0.
        let (u, w) = nearest_on_ellipse(rho, z.abs());
        let w = w.copysign(if z == 0.0 { 1.0 } else { z });
        // The normal is (u / a², w / b²).
        let (normal_rho, normal_z) = (u / (a * a), w / (b * b));
        let length = libm::hypot(normal_rho, normal_z);
        Self {
            latitude_rad: libm::atan2(normal_z, normal_rho),
            longitude_rad: if rho > 0.0 { libm::atan2(position_itrf_m.y, position_itrf_m.x) } else { 0.0 },
            height_m: ((rho - u) * normal_rho + (z - w) * normal_z) / length,
        }
    }

    /// The ITRF position [m] of this place.
    ///
    /// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., eq. 3-7 and 3-14.
    #[must_use]
    pub fn to_itrf(&self) -> Vector3 {
        let (sine_latitude, cosine_latitude) = libm::sincos(self.latitude_rad);
        let (sine_longitude, cosine_longitude) = libm::sincos(self.longitude_rad);
        // Radius of curvature in the prime vertical.
        let curvature_m = WGS84_SEMI_MAJOR_AXIS_M / (1.0 - ECCENTRICITY_SQUARED * sine_latitude * sine_latitude).sqrt();
        let rho = (curvature_m + self.height_m) * cosine_latitude;
        let z = (curvature_m * (1.0 - ECCENTRICITY_SQUARED) + self.height_m) * sine_latitude;
        Vector3::new(rho * cosine_longitude, rho * sine_longitude, z)
    }

    /// Unit vectors to the east, to the north and up at this place, ITRF.
    #[must_use]
    pub fn east_north_up(&self) -> [Vector3; 3] {
        let (sine_latitude, cosine_latitude) = libm::sincos(self.latitude_rad);
        let (sine_longitude, cosine_longitude) = libm::sincos(self.longitude_rad);
        let up = Vector3::new(cosine_latitude * cosine_longitude, cosine_latitude * sine_longitude, sine_latitude);
        let east = Vector3::new(-sine_longitude, cosine_longitude, 0.0);
        [east, up.cross(&east), up]
    }
}

/// The point of the meridian ellipse nearest to (ρ, z), both not negative.
fn nearest_on_ellipse(rho: f64, z: f64) -> (f64, f64) {
    let (a, b) = (WGS84_SEMI_MAJOR_AXIS_M, SEMI_MINOR_AXIS_M);
    if z < 1e-9 {
        // On the equator, to a nanometre: outside of the evolute straight out, inside of it up to the side.
        let evolute = a * ECCENTRICITY_SQUARED;
        let share = (rho / evolute).min(1.0);
        return (a * share, b * ((1.0 - share) * (1.0 + share)).sqrt());
    }
    if rho == 0.0 {
        return (0.0, b);
    }
    // In units of b²: s = t / b² + 1 > 0, so that b² + t = b² s and a² + t = b² (s + k) keep their digits.
    let k = ECCENTRICITY_SQUARED / (1.0 - ECCENTRICITY_SQUARED);
    let (scaled_rho, scaled_z) = (a * rho / (b * b), z / b);
    // Either term alone being one bounds the root from below, both being a half from above.
    let mut s = scaled_z.max(scaled_rho - k);
    let mut high = scaled_z + scaled_rho;
    for _ in 0..100 {
        let (first, second) = (scaled_rho / (s + k), scaled_z / s);
        let value = first * first + second * second - 1.0;
        let slope = -2.0 * (first * first / (s + k) + second * second / s);
        if value < 0.0 {
            high = high.min(s);
        }
        let next = (s - value / slope).min(high);
        let settled = (next - s).abs() <= 2.0 * f64::EPSILON * s;
        s = next;
        if settled {
            break;
        }
    }
    (a * scaled_rho / (s + k), b * scaled_z / s)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{FRAC_PI_2, PI};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn agrees_with_vallado_example_3_3() {
        let place = Geodetic::from_itrf(&Vector3::new(6_524.834e3, 6_862.875e3, 6_448.296e3));
        // Published: 34.352496°, 46.4464°, 5085.22 km (to 1e-2 km), on an Earth 0.7 m smaller.
        assert!((place.latitude_rad.to_degrees() - 34.352_496).abs() < 2e-6, "{}", place.latitude_rad.to_degrees());
        assert!((place.longitude_rad.to_degrees() - 46.446_4).abs() < 5e-5);
        assert!((place.height_m - 5_085.22e3).abs() < 10.0, "{}", place.height_m);
    }

    #[test]
    fn poles_centre_and_equator_are_defined() {
        let north = Geodetic::from_itrf(&Vector3::new(0.0, 0.0, 7e6));
        assert_eq!((north.latitude_rad, north.longitude_rad), (FRAC_PI_2, 0.0));
        assert!((north.height_m - (7e6 - SEMI_MINOR_AXIS_M)).abs() < 1e-8);
        let south = Geodetic::from_itrf(&Vector3::new(0.0, 0.0, -1.0));
        assert_eq!(south.latitude_rad, -FRAC_PI_2);
        assert!((south.height_m - (1.0 - SEMI_MINOR_AXIS_M)).abs() < 1e-8);
        let centre = Geodetic::from_itrf(&Vector3::zeros());
        assert_eq!((centre.latitude_rad, centre.longitude_rad, centre.height_m), (FRAC_PI_2, 0.0, -SEMI_MINOR_AXIS_M));
        let equator = Geodetic::from_itrf(&Vector3::new(-42_164e3, 0.0, 0.0));
        assert_eq!((equator.latitude_rad, equator.longitude_rad), (0.0, PI));
        assert!((equator.height_m - (42_164e3 - WGS84_SEMI_MAJOR_AXIS_M)).abs() < 1e-8);
    }

    #[test]
    fn axes_are_those_of_the_compass() {
        let [east, north, up] = Geodetic { latitude_rad: 0.0, longitude_rad: FRAC_PI_2, height_m: 0.0 }.east_north_up();
        for (axis, expected) in [(east, -Vector3::x()), (north, Vector3::z()), (up, Vector3::y())] {
            assert!((axis - expected).norm() < 1e-15, "{axis}");
        }
    }

    proptest! {
        #[test]
        fn geodetic_to_itrf_and_back(
            latitude in prop_oneof![-FRAC_PI_2..FRAC_PI_2, Just(0.0), Just(FRAC_PI_2), Just(-FRAC_PI_2), -1e-9..1e-9f64],
            longitude in -PI..PI,
            // Down to the evolute, and out past the geostationary ring.
            height in prop_oneof![-6.3e6..0.0f64, -1e4..1e6f64, 1e6..5e7f64],
        ) {
            let place = Geodetic { latitude_rad: latitude, longitude_rad: longitude, height_m: height };
            let back = Geodetic::from_itrf(&place.to_itrf());
            // Rounding at 1e-16 of the radius, seen from the centre of curvature nearby.
            let lever = 1e-8 / (6.33e6 + height);
            prop_assert!((back.latitude_rad - latitude).abs() < lever + 1e-15, "{back:?}");
            prop_assert!((back.height_m - height).abs() < 1e-7, "{back:?}");
            let turned = (back.longitude_rad - longitude).abs() * latitude.cos();
            prop_assert!(turned < lever + 1e-15, "{back:?}");
        }

        #[test]
        fn any_position_comes_back(
            direction in prop::array::uniform3(prop_oneof![-1.0..1.0f64, Just(0.0)]),
            exponent in -3.0..9.0f64,
        ) {
            let position = Vector3::from(direction) * libm::pow(10.0, exponent);
            let place = Geodetic::from_itrf(&position);
            prop_assert!(place.latitude_rad.abs() <= FRAC_PI_2 && place.longitude_rad.abs() <= PI);
            let error = (place.to_itrf() - position).norm();
            prop_assert!(error < 1e-8 + 1e-15 * position.norm(), "{error} m at {position}");
        }
    }
}
