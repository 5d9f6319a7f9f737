//! Closest approaches of two trajectories.

use super::super::CartesianState;
use super::{EventError, Search, Trajectory, positive};

/// A minimum of the distance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClosestApproach {
    /// When [s].
    pub time_s: f64,
    /// Distance [m].
    pub distance_m: f64,
    /// Relative speed [m/s].
    pub relative_speed_m_s: f64,
}

/// How strongly two craft can be pulled apart or together.
///
/// In the field of a point mass, both above a radius ρ, the relative acceleration is at most 3.2 μ/ρ³ times the distance (2 μ/ρ³
/// along the radius, where the line between them sags to √3/2 ρ, and a hundredth for the oblateness), and never above 2.02 μ/ρ².
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RelativePull {
    /// Gravitational parameter [m³/s²]; zero in free space.
    pub mu: f64,
    /// Radius below which neither craft comes [m].
    pub lowest_radius_m: f64,
    /// Bound of what else parts their accelerations [m/s²]: thrust, drag. Zero for coasting craft.
    pub other_m_s2: f64,
}

impl RelativePull {
    /// Bound of the relative acceleration up to a distance [m/s²].
    fn up_to(&self, distance_m: f64) -> f64 {
        let rate = self.mu / (self.lowest_radius_m * self.lowest_radius_m);
        (3.2 * rate / self.lowest_radius_m * distance_m).min(2.02 * rate) + self.other_m_s2
    }
}

/// All minima of the distance between two trajectories within the search, in order; its ends do not count.
///
/// They are the roots at which r·v turns positive. Its rate v² + r·a is bounded interval by interval from the states at both ends and
/// `pull`, so that none is missed but pairs of a minimum and a maximum nearer to each other than the resolution.
///
/// # Errors
/// [`EventError`], also where the trajectories turn out to accelerate by more than `pull` says.
pub fn closest_approaches(
    first: &impl Trajectory,
    second: &impl Trajectory,
    search: &Search,
    pull: &RelativePull,
) -> Result<Vec<ClosestApproach>, EventError> {
    positive(&[("lowest radius [m]", pull.lowest_radius_m)])?;
    if !(pull.mu >= 0.0 && pull.other_m_s2 >= 0.0 && (pull.mu + pull.other_m_s2).is_finite()) {
        return Err(EventError::Parameter {
            name: "mu [m³/s²] or other acceleration [m/s²]",
            value: pull.mu.min(pull.other_m_s2),
        });
    }
    let relative = |time_s: f64| relative_state(first, second, time_s);
    let bound = |(from_s, before): (f64, &CartesianState), (to_s, after): (f64, &CartesianState)| {
        let half_s = 0.5 * (to_s - from_s);
        let speed = before.velocity_m_s.norm().max(after.velocity_m_s.norm());
        let distance = before.position_m.norm().max(after.position_m.norm());
        // From the nearer end, first under the strongest pull that there is, then under what the distance allows.
        let farthest = distance + (speed + pull.up_to(f64::INFINITY) * half_s) * half_s;
        let acceleration = pull.up_to(farthest);
        let fastest = speed + acceleration * half_s;
        fastest * fastest + (distance + fastest * half_s) * acceleration
    };
    let product = |state: &CartesianState| state.position_m.dot(&state.velocity_m_s);
    let crossings = search.crossings_with(&relative, bound, product)?;
    let minima = crossings.into_iter().filter(|crossing| crossing.leaving);
    Ok(minima.map(|crossing| at(first, second, crossing.time_s)).collect())
}

/// The nearest that two trajectories come within the search, at its ends or between.
///
/// # Errors
/// As [`closest_approaches`].
pub fn closest_approach(
    first: &impl Trajectory,
    second: &impl Trajectory,
    search: &Search,
    pull: &RelativePull,
) -> Result<ClosestApproach, EventError> {
    let minima = closest_approaches(first, second, search, pull)?;
    let ends = [at(first, second, search.from_s), at(first, second, search.to_s)];
    let nearer = |a: ClosestApproach, b: ClosestApproach| if b.distance_m < a.distance_m { b } else { a };
    Ok(minima.into_iter().chain([ends[1]]).fold(ends[0], nearer))
}

fn relative_state(first: &impl Trajectory, second: &impl Trajectory, time_s: f64) -> CartesianState {
    let (first, second) = (first.state_at(time_s), second.state_at(time_s));
    CartesianState {
        position_m: second.position_m - first.position_m,
        velocity_m_s: second.velocity_m_s - first.velocity_m_s,
    }
}

fn at(first: &impl Trajectory, second: &impl Trajectory, time_s: f64) -> ClosestApproach {
    let state = relative_state(first, second, time_s);
    ClosestApproach { time_s, distance_m: state.position_m.norm(), relative_speed_m_s: state.velocity_m_s.norm() }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{PI, TAU};

    use super::super::super::Vector3;
    use super::super::super::constants::EARTH_MU_M3_S2;
    use super::super::super::elements::KeplerianElements;
    use super::super::TwoBody;
    use super::*;

    const PULL: RelativePull = RelativePull { mu: EARTH_MU_M3_S2, lowest_radius_m: 6.5e6, other_m_s2: 0.0 };

    fn circular(radius_m: f64, inclination_rad: f64, latitude_rad: f64) -> TwoBody {
        let start = KeplerianElements {
            semi_latus_rectum_m: radius_m,
            eccentricity: 0.0,
            inclination_rad,
            raan_rad: 0.0,
            argument_of_perigee_rad: 0.0,
            true_anomaly_rad: latitude_rad,
        }
        .to_cartesian(EARTH_MU_M3_S2);
        TwoBody { start, mu: EARTH_MU_M3_S2 }
    }

    #[test]
    fn every_meeting_at_the_nodes_is_found() {
        // Two orbits of the same period, their planes 137° apart, 3 m apart in radius: they pass at 14 km/s at each node.
        let (low, high) = (circular(7e6, 0.2, 0.0), circular(7e6 + 3.0, 2.6, 0.0));
        let period_s = TAU * (7e6f64.powi(3) / EARTH_MU_M3_S2).sqrt();
        let search = Search { from_s: -100.0, to_s: 4.0 * period_s - 100.0, resolution_s: 1e-3 };
        let found = closest_approaches(&low, &high, &search, &PULL).expect("sound");
        assert_eq!(found.len(), 8);
        for (index, approach) in found.iter().enumerate() {
            assert!((approach.time_s - 0.5 * period_s * index as f64).abs() < 1e-2, "{approach:?}");
            assert!((approach.relative_speed_m_s - 2.0 * 7_546.0 * (1.2f64).sin()).abs() < 10.0, "{approach:?}");
        }
        assert!((found[0].distance_m - 3.0).abs() < 1e-6, "{:?}", found[0]);
        let nearest = closest_approach(&low, &high, &search, &PULL).expect("sound");
        assert_eq!(nearest, found[0]);
    }

    #[test]
    fn a_formation_has_its_minima_in_few_evaluations() {
        // A neighbour 100 m up and down and 200 m fore and aft comes nearest twice a revolution, above and below.
        let chief = circular(7e6, 1.0, 0.0);
        let deputy_start = KeplerianElements {
            semi_latus_rectum_m: 7e6 * (1.0 - 2.04e-10),
            eccentricity: 100.0 / 7e6,
            inclination_rad: 1.0,
            raan_rad: 0.0,
            argument_of_perigee_rad: 0.0,
            true_anomaly_rad: 0.0,
        }
        .to_cartesian(EARTH_MU_M3_S2);
        let evaluations = std::cell::Cell::new(0);
        let counted = |time_s: f64| {
            evaluations.set(evaluations.get() + 1);
            TwoBody { start: deputy_start, mu: EARTH_MU_M3_S2 }.state_at(time_s)
        };
        let period_s = TAU * (7e6f64.powi(3) / EARTH_MU_M3_S2).sqrt();
        let search = Search { from_s: 100.0, to_s: 100.0 + 3.0 * period_s, resolution_s: 0.01 };
        let found = closest_approaches(&chief, &counted, &search, &PULL).expect("sound");
        assert_eq!(found.len(), 6);
        assert!(found.iter().all(|approach| (approach.distance_m - 100.0).abs() < 0.1), "{found:?}");
        assert!(evaluations.get() < 20_000, "{} evaluations", evaluations.get());
    }

    #[test]
    fn ends_count_for_the_nearest() {
        let straight = |time_s: f64| CartesianState {
            position_m: Vector3::new(100.0 - 3.0 * time_s, 4.0, 0.0),
            velocity_m_s: Vector3::new(-3.0, 0.0, 0.0),
        };
        let rest = |_: f64| CartesianState { position_m: Vector3::zeros(), velocity_m_s: Vector3::zeros() };
        let free = RelativePull { mu: 0.0, lowest_radius_m: 1.0, other_m_s2: 0.0 };
        let search = Search { from_s: 0.0, to_s: 30.0, resolution_s: 1e-3 };
        assert_eq!(closest_approaches(&rest, &straight, &search, &free), Ok(Vec::new()));
        let nearest = closest_approach(&rest, &straight, &search, &free).expect("sound");
        assert_eq!((nearest.time_s, nearest.distance_m), (30.0, 10f64.hypot(4.0)));
        let wider = closest_approach(&rest, &straight, &Search { to_s: 90.0, ..search }, &free).expect("sound");
        assert!((wider.time_s - 100.0 / 3.0).abs() < 1e-9 && (wider.distance_m - 4.0).abs() < 1e-12);
    }

    #[test]
    fn a_pull_that_is_too_weak_is_noticed() {
        let (low, high) = (circular(7e6, 0.2, 0.0), circular(7e6, 2.6, 0.3 * PI));
        let weak = RelativePull { mu: 1e10, ..PULL };
        let search = Search { from_s: 0.0, to_s: 6_000.0, resolution_s: 1e-3 };
        assert!(matches!(closest_approaches(&low, &high, &search, &weak), Err(EventError::BoundExceeded { .. })));
        let wrong = RelativePull { other_m_s2: f64::NAN, ..PULL };
        assert!(matches!(closest_approaches(&low, &high, &search, &wrong), Err(EventError::Parameter { .. })));
    }
}
