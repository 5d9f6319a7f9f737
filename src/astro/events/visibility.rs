//! Who sees whom: range, line of sight past the Earth, field of view.

use super::super::Vector3;
use super::{Crossing, EventError, Search, Trajectory, positive};

/// All entries into a sphere of `range_m` about the other craft and exits from it; `leaving` says exit.
///
/// `relative_speed_bound_m_s`: never exceeded by the relative speed. A pass through less than half of that speed times the resolution
/// deep may be missed.
///
/// # Errors
/// [`EventError`].
pub fn range_crossings(
    first: &impl Trajectory,
    second: &impl Trajectory,
    range_m: f64,
    search: &Search,
    relative_speed_bound_m_s: f64,
) -> Result<Vec<Crossing>, EventError> {
    positive(&[("range [m]", range_m)])?;
    search.crossings(relative_speed_bound_m_s, |time_s| {
        (second.state_at(time_s).position_m - first.state_at(time_s).position_m).norm() - range_m
    })
}

/// How far the line between two places passes above a sphere about the Earth's centre [m]; negative where that blocks it.
///
/// `blocking_radius_m`: the Earth's radius, with the height of the atmosphere through which is not looked. For places outside
/// of the sphere. Source: Vallado, Fundamentals of Astrodynamics, 4th ed., algorithm 35, as a distance.
#[must_use]
pub fn line_of_sight_clearance_m(first_m: &Vector3, second_m: &Vector3, blocking_radius_m: f64) -> f64 {
    let line = second_m - first_m;
    let length_squared = line.norm_squared();
    // The place on the line nearest to the centre, as a share of the way, within its ends.
    let share = if length_squared > 0.0 { (-first_m.dot(&line) / length_squared).clamp(0.0, 1.0) } else { 0.0 };
    (first_m + line * share).norm() - blocking_radius_m
}

/// All losses of the line of sight past the Earth and its returns; `leaving` says that the line comes free.
///
/// `blocking_radius_m` as in [`line_of_sight_clearance_m`]; `speed_bound_m_s`: never exceeded by either craft.
///
/// # Errors
/// [`EventError`].
pub fn line_of_sight_crossings(
    first: &impl Trajectory,
    second: &impl Trajectory,
    blocking_radius_m: f64,
    search: &Search,
    speed_bound_m_s: f64,
) -> Result<Vec<Crossing>, EventError> {
    positive(&[("blocking radius [m]", blocking_radius_m)])?;
    // Every point of the line moves no faster than the faster end, and so does the distance of the nearest.
    search.crossings(speed_bound_m_s, |time_s| {
        let (first_m, second_m) = (first.state_at(time_s).position_m, second.state_at(time_s).position_m);
        line_of_sight_clearance_m(&first_m, &second_m, blocking_radius_m)
    })
}

/// A cone of sight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FieldOfView<Boresight> {
    /// Direction of the axis at a time, in the trajectories' frame; of any length above zero.
    pub boresight: Boresight,
    /// Half of the opening angle [rad], in (0, π).
    pub half_angle_rad: f64,
    /// Bound of the rate at which the axis turns [rad/s]; zero for one at rest.
    pub turn_rate_bound_rad_s: f64,
}

/// How far a place (relative to the apex) lies outside of a cone [m], negative within: along the normal of its surface, so that it
/// never exceeds the distance. Infinite without an axis, in whose view nothing is.
#[must_use]
pub fn field_of_view_distance_m(relative_m: &Vector3, boresight: &Vector3, half_angle_rad: f64) -> f64 {
    let Some(axis) = boresight.try_normalize(0.0) else { return f64::INFINITY };
    let along_m = relative_m.dot(&axis);
    let across_m = (relative_m - axis * along_m).norm();
    let (sine, cosine) = libm::sincos(half_angle_rad);
    across_m * cosine - along_m * sine
}

/// All entries of the target into the observer's field of view and exits from it; `leaving` says exit. Range and line of sight are
/// looked for on their own.
///
/// `relative_speed_bound_m_s`: never exceeded by the relative speed; `range_bound_m`: nor by the distance (needed where the axis turns).
///
/// # Errors
/// [`EventError`].
pub fn field_of_view_crossings<Boresight: Fn(f64) -> Vector3>(
    observer: &impl Trajectory,
    target: &impl Trajectory,
    field_of_view: &FieldOfView<Boresight>,
    search: &Search,
    relative_speed_bound_m_s: f64,
    range_bound_m: f64,
) -> Result<Vec<Crossing>, EventError> {
    let half_angle_rad = field_of_view.half_angle_rad;
    positive(&[
        ("half angle of the field of view [rad]", half_angle_rad),
        ("what the half angle leaves to π [rad]", std::f64::consts::PI - half_angle_rad),
    ])?;
    let turning_m_s = field_of_view.turn_rate_bound_rad_s * range_bound_m;
    if !(turning_m_s >= 0.0 && turning_m_s.is_finite()) {
        return Err(EventError::Parameter {
            name: "turn rate [rad/s] times bound of the range [m]",
            value: turning_m_s,
        });
    }
    search.crossings(relative_speed_bound_m_s + turning_m_s, |time_s| {
        let relative_m = target.state_at(time_s).position_m - observer.state_at(time_s).position_m;
        field_of_view_distance_m(&relative_m, &(field_of_view.boresight)(time_s), half_angle_rad)
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::CartesianState;
    use super::*;

    const SEARCH: Search = Search { from_s: 0.0, to_s: 60.0, resolution_s: 1e-4 };

    fn at_rest(_: f64) -> CartesianState {
        CartesianState { position_m: Vector3::zeros(), velocity_m_s: Vector3::zeros() }
    }

    /// 14 km/s past the origin, 3 m off at 29.3 s.
    fn passing(time_s: f64) -> CartesianState {
        CartesianState {
            position_m: Vector3::new(14_000.0 * (time_s - 29.3), 3.0, 0.0),
            velocity_m_s: Vector3::new(14_000.0, 0.0, 0.0),
        }
    }

    #[test]
    fn a_fast_pass_through_a_small_sphere_is_found() {
        let found = range_crossings(&at_rest, &passing, 5.0, &SEARCH, 14_001.0).expect("sound");
        let half_s = 4.0 / 14_000.0;
        assert_eq!(found.len(), 2);
        for (crossing, expected_s) in found.iter().zip([29.3 - half_s, 29.3 + half_s]) {
            assert!((crossing.time_s - expected_s).abs() < 1e-10, "{crossing:?}");
        }
        assert!(!found[0].leaving && found[1].leaving);
        assert_eq!(range_crossings(&at_rest, &passing, 2.0, &SEARCH, 14_001.0), Ok(Vec::new()));
        assert!(range_crossings(&at_rest, &passing, -2.0, &SEARCH, 14_001.0).is_err());
    }

    #[test]
    fn a_field_of_view_is_crossed_where_the_angle_says() {
        // A cone of 30° about +Y, whose apex is the origin: the pass lies within for |x| < 3 tan 30°.
        let cone = FieldOfView {
            boresight: |_| Vector3::y() * 2.0,
            half_angle_rad: 30f64.to_radians(),
            turn_rate_bound_rad_s: 0.0,
        };
        let found = field_of_view_crossings(&at_rest, &passing, &cone, &SEARCH, 14_001.0, 1e6).expect("sound");
        let half_s = 3.0 * 30f64.to_radians().tan() / 14_000.0;
        assert_eq!(found.len(), 2);
        for (crossing, expected_s) in found.iter().zip([29.3 - half_s, 29.3 + half_s]) {
            assert!((crossing.time_s - expected_s).abs() < 1e-10, "{crossing:?}");
        }
        // The axis turning in the plane of the pass, the target at rest 1 km away: within for 2 × 0.2 rad at 0.01 rad/s.
        let sweeping = FieldOfView {
            boresight: |time_s: f64| Vector3::new(libm::cos(0.01 * time_s), libm::sin(0.01 * time_s), 0.0),
            half_angle_rad: 0.2,
            turn_rate_bound_rad_s: 0.01,
        };
        let away = |_: f64| CartesianState {
            position_m: Vector3::new(libm::cos(0.35), libm::sin(0.35), 0.0) * 1e3,
            velocity_m_s: Vector3::zeros(),
        };
        let found = field_of_view_crossings(&at_rest, &away, &sweeping, &SEARCH, 1.0, 1e3).expect("sound");
        assert_eq!(found.len(), 2);
        assert!((found[0].time_s - 15.0).abs() < 1e-9 && (found[1].time_s - 55.0).abs() < 1e-9, "{found:?}");
        let blind =
            FieldOfView { boresight: |_: f64| Vector3::zeros(), half_angle_rad: 0.2, turn_rate_bound_rad_s: 0.0 };
        let fault = field_of_view_crossings(&at_rest, &away, &blind, &SEARCH, 1.0, 1e3);
        assert_eq!(fault, Err(EventError::NotFinite(0.0)));
        let wide = FieldOfView { half_angle_rad: 4.0, ..sweeping };
        assert!(field_of_view_crossings(&at_rest, &away, &wide, &SEARCH, 1.0, 1e3).is_err());
    }

    #[test]
    fn sight_is_blocked_as_in_vallado_example_5_3() {
        let first_m = Vector3::new(0.0, -4_464.696e3, -5_102.509e3);
        let second_m = Vector3::new(0.0, 5_740.323e3, 3_189.068e3);
        assert!(line_of_sight_clearance_m(&first_m, &second_m, 6_378_136.3) < 0.0);
        // Neighbours see each other, and the line may end before it would meet the Earth.
        assert!(line_of_sight_clearance_m(&first_m, &(first_m * 1.1), 6_378_136.3) > 0.0);
        assert!(line_of_sight_clearance_m(&first_m, &first_m, 6_378_136.3) > 0.0);
    }

    #[test]
    fn circling_craft_lose_sight_at_the_angle_that_geometry_says() {
        // Two craft on a circle of 2 R, parting at 0.002 rad/s: the line touches R + 100 km at cos(θ/2) = (R + h) / 2 R.
        let (radius_m, height_m) = (6_378_136.3, 1e5);
        let on_circle = |rate_rad_s: f64| {
            move |time_s: f64| {
                let (sine, cosine) = libm::sincos(rate_rad_s * time_s);
                CartesianState {
                    position_m: Vector3::new(cosine, sine, 0.0) * (2.0 * radius_m),
                    velocity_m_s: Vector3::new(-sine, cosine, 0.0) * (2.0 * radius_m * rate_rad_s),
                }
            }
        };
        let search = Search { from_s: 0.0, to_s: 3_100.0, resolution_s: 1e-3 };
        let found = line_of_sight_crossings(
            &on_circle(1e-3),
            &on_circle(-1e-3),
            radius_m + height_m,
            &search,
            2.0 * radius_m * 1e-3 * 1.001,
        )
        .expect("sound");
        let half = libm::acos((radius_m + height_m) / (2.0 * radius_m));
        assert_eq!(found.len(), 2);
        assert!((found[0].time_s - half / 1e-3).abs() < 1e-6 && !found[0].leaving, "{found:?}");
        assert!((found[1].time_s - (std::f64::consts::PI - half) / 1e-3).abs() < 1e-6 && found[1].leaving, "{found:?}");
    }
}
