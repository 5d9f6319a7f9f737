//! Entry into the Earth's shadow and exit from it.

use super::super::Vector3;
use super::{Crossing, EventError, Search, Trajectory, positive};

/// Radius of the Sun [m]. Source: IAU 2015 Resolution B3, nominal solar radius.
const SUN_RADIUS_M: f64 = 6.957e8;
/// Bound of the rate at which the Sun's direction turns [rad/s]: 2 π a year, and 3.4 % more at perihelion.
const SUN_RATE_RAD_S: f64 = 2.1e-7;

/// The edge of a shadow of a spherical Earth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShadowEdge {
    /// A cylinder behind the Earth: the Sun as a point infinitely far away.
    Cylinder,
    /// The umbra: the cone in which the Sun is hidden altogether. It ends 1.4 million km behind the Earth.
    Umbra,
    /// The penumbra: the cone in which some of the Sun is hidden; the umbra lies within, and beyond its end the annular zone.
    Penumbra,
}

/// How far a place lies outside of the shadow [m]: negative within, zero on the edge.
///
/// `position_m` and `sun_position_m`: from the Earth's centre, in one frame. Outside of the Earth the edge is exact, and the distance
/// never exceeds the true one, so that it changes no faster than the place moves. The oblateness (21 km) and the refraction
/// of the atmosphere are left out: each moves an edge by some seconds.
/// Source: Montenbruck and Gill, Satellite Orbits, section 3.4.2 (cones: sin α = (R☉ ∓ R⊕) / |r☉|, tangent to both spheres).
#[must_use]
pub fn shadow_distance_m(edge: ShadowEdge, position_m: &Vector3, sun_position_m: &Vector3, earth_radius_m: f64) -> f64 {
    let sun_distance_m = sun_position_m.norm();
    let sun_direction = sun_position_m / sun_distance_m;
    let behind_m = -position_m.dot(&sun_direction);
    let across_m = (position_m + sun_direction * behind_m).norm();
    // Sine of the half angle of the cone, positive where it narrows behind the Earth.
    let sine = match edge {
        ShadowEdge::Cylinder => 0.0,
        ShadowEdge::Umbra => (SUN_RADIUS_M - earth_radius_m) / sun_distance_m,
        ShadowEdge::Penumbra => -(SUN_RADIUS_M + earth_radius_m) / sun_distance_m,
    };
    let cosine = ((1.0 - sine) * (1.0 + sine)).sqrt();
    // From the cone's surface, and from the plane of the circle in which it touches the Earth.
    let from_cone_m = across_m * cosine + behind_m * sine - earth_radius_m;
    from_cone_m.max(earth_radius_m * sine - behind_m)
}

/// All entries into the shadow and exits from it, in order; `leaving` says exit.
///
/// `sun_m`: the Sun from the Earth's centre at a time, in the trajectory's frame, no faster than it is. `speed_bound_m_s`: never exceeded by
/// the craft. A pass of less than half of that speed times the resolution through the edge of the shadow may be missed.
///
/// # Errors
/// [`EventError`].
pub fn shadow_crossings(
    trajectory: &impl Trajectory,
    sun_m: impl Fn(f64) -> Vector3,
    edge: ShadowEdge,
    earth_radius_m: f64,
    search: &Search,
    speed_bound_m_s: f64,
) -> Result<Vec<Crossing>, EventError> {
    positive(&[("radius of the Earth [m]", earth_radius_m), ("bound of the speed [m/s]", speed_bound_m_s)])?;
    search.check()?;
    let farthest_m =
        trajectory.state_at(search.from_s).position_m.norm() + speed_bound_m_s * (search.to_s - search.from_s);
    // The axis of the shadow sweeps over the craft as the Sun moves; the cone's angle changes by a part in 1e9 a second of that.
    let rate_bound_m_s = speed_bound_m_s + SUN_RATE_RAD_S * farthest_m;
    search.crossings(rate_bound_m_s, |time_s| {
        shadow_distance_m(edge, &trajectory.state_at(time_s).position_m, &sun_m(time_s), earth_radius_m)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::constants::ASTRONOMICAL_UNIT_M;
    use super::super::super::eclipse::in_cylindrical_shadow;
    use super::*;

    const RADIUS_M: f64 = 6_378_136.3;

    /// How much of the Sun's disc the Earth's hides, by the angles at which both are seen: none, some, all or its middle.
    fn apparent(position_m: &Vector3, sun_m: &Vector3) -> (bool, bool) {
        let to_sun = sun_m - position_m;
        let sun_rad = libm::asin(SUN_RADIUS_M / to_sun.norm());
        let earth_rad = libm::asin(RADIUS_M / position_m.norm());
        let apart_rad = libm::atan2(to_sun.cross(&-position_m).norm(), to_sun.dot(&-position_m));
        (apart_rad < sun_rad + earth_rad, apart_rad + sun_rad < earth_rad)
    }

    proptest! {
        #[test]
        fn the_edges_are_where_the_discs_touch(
            direction in prop::array::uniform3(-1.0..1.0f64),
            exponent in 6.81..9.5f64,
            sun in prop::array::uniform3(-1.0..1.0f64),
        ) {
            let (direction, sun) = (Vector3::from(direction), Vector3::from(sun));
            prop_assume!(direction.norm() > 0.1 && sun.norm() > 0.1);
            let sun_m = sun.normalize() * ASTRONOMICAL_UNIT_M;
            // Half of the places near the axis of the shadow.
            let behind = (direction.normalize() * 0.1 - sun.normalize()).normalize();
            for place in [direction.normalize(), behind] {
                let position_m = place * libm::pow(10.0, exponent);
                let (some, all) = apparent(&position_m, &sun_m);
                let distance = |edge| shadow_distance_m(edge, &position_m, &sun_m, RADIUS_M);
                // Within a metre of an edge rounding of the angles at 1e-16 × 1 au decides.
                let penumbra = distance(ShadowEdge::Penumbra);
                prop_assert!((penumbra < 0.0) == some || penumbra.abs() < 1.0, "{penumbra}");
                let umbra = distance(ShadowEdge::Umbra);
                prop_assert!((umbra < 0.0) == all || umbra.abs() < 1.0, "{umbra}");
                let cylinder = distance(ShadowEdge::Cylinder);
                prop_assert_eq!(cylinder < 0.0, in_cylindrical_shadow(&position_m, &sun_m, RADIUS_M));
                prop_assert!(umbra >= 0.0 || penumbra < umbra);
            }
        }

        #[test]
        fn the_distance_changes_no_faster_than_the_place(
            from in prop::array::uniform3(-5e7..5e7f64),
            step in prop::array::uniform3(-1e6..1e6f64),
        ) {
            let sun_m = Vector3::new(0.6, -0.7, 0.3).normalize() * ASTRONOMICAL_UNIT_M;
            let (from, to) = (Vector3::from(from), Vector3::from(from) + Vector3::from(step));
            for edge in [ShadowEdge::Cylinder, ShadowEdge::Umbra, ShadowEdge::Penumbra] {
                let change = shadow_distance_m(edge, &to, &sun_m, RADIUS_M) - shadow_distance_m(edge, &from, &sun_m, RADIUS_M);
                prop_assert!(change.abs() <= (to - from).norm() * (1.0 + 1e-9) + 1e-6, "{change}");
            }
        }
    }
}
