//! Time and distance of closest approach of two objects in two-body motion.

use super::super::{CartesianState, kepler};

/// Steps in which half of the shorter period is searched; over one of them relative motion hardly bends.
const STEPS: usize = 256;
/// Half of the span that is searched where an orbit has no period [s].
const UNBOUND_SPAN_S: f64 = 43_200.0;
/// Bisections of a step: a step of five minutes comes down to rounding in 60.
const MAX_BISECTIONS: usize = 100;

/// Where two objects come closest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClosestApproach {
    /// Time from the epoch of the states to closest approach [s], of either sign.
    pub offset_s: f64,
    /// Distance at closest approach [m].
    pub miss_m: f64,
    /// Relative speed at closest approach [m/s].
    pub relative_speed_m_s: f64,
    /// Both states at closest approach, in the frame that they were given in.
    pub states: [CartesianState; 2],
}

impl ClosestApproach {
    /// The closest approach that is nearest in time: from the epoch of `states` (one inertial frame) downhill along
    /// the distance, both objects moving about a centre of gravitational parameter `mu` [m³/s²].
    ///
    /// The first estimate is that of straight lines, t = -Δr·Δv/|Δv|²; the root of Δr·Δv along the two orbits is then
    /// bracketed and found to rounding, far below a millisecond. At most half of the shorter period to either side is
    /// searched, a day in all where no orbit has one; `None` where the distance is still falling at the end of that.
    #[must_use]
    pub fn nearest(states: &[CartesianState; 2], mu: f64) -> Option<Self> {
        // Half the rate of the squared distance: negative while closing.
        let rate = |states: &[CartesianState; 2]| {
            let [first, second] = states;
            (second.position_m - first.position_m).dot(&(second.velocity_m_s - first.velocity_m_s))
        };
        let at = |seconds: f64| states.each_ref().map(|state| kepler::propagate(state, mu, seconds));
        let span_s = half_period_s(states, mu);
        let start = rate(states);
        if start == 0.0 {
            return Some(Self::of(0.0, *states));
        }
        let direction = if start < 0.0 { 1.0 } else { -1.0 };
        let relative_velocity = states[1].velocity_m_s - states[0].velocity_m_s;
        let straight_s = start.abs() / relative_velocity.norm_squared();
        // Twice the estimate of straight lines brackets a short encounter at once; a longer one is walked to.
        let mut step_s = (2.0 * straight_s).min(span_s / STEPS as f64);
        let (mut near_s, mut far_s) = (0.0, step_s);
        loop {
            let value = direction * rate(&at(direction * far_s));
            if !value.is_finite() {
                return None;
            }
            if value >= 0.0 {
                break;
            }
            if far_s >= span_s {
                return None;
            }
            step_s = (2.0 * step_s).min(span_s / STEPS as f64);
            (near_s, far_s) = (far_s, (far_s + step_s).min(span_s));
        }
        for _ in 0..MAX_BISECTIONS {
            let middle_s = 0.5 * (near_s + far_s);
            if middle_s <= near_s || middle_s >= far_s {
                break;
            }
            if direction * rate(&at(direction * middle_s)) < 0.0 {
                near_s = middle_s;
            } else {
                far_s = middle_s;
            }
        }
        let offset_s = direction * far_s;
        Some(Self::of(offset_s, at(offset_s)))
    }

    fn of(offset_s: f64, states: [CartesianState; 2]) -> Self {
        let [first, second] = &states;
        Self {
            offset_s,
            miss_m: (second.position_m - first.position_m).norm(),
            relative_speed_m_s: (second.velocity_m_s - first.velocity_m_s).norm(),
            states,
        }
    }
}

/// Half of the shorter of the two periods [s]; half a day where neither object is bound, or where that is longer.
#[must_use]
pub(super) fn half_period_s(states: &[CartesianState; 2], mu: f64) -> f64 {
    let period_s = |state: &CartesianState| {
        let axis = 1.0 / (2.0 / state.position_m.norm() - state.velocity_m_s.norm_squared() / mu);
        if axis > 0.0 { std::f64::consts::TAU * axis * (axis / mu).sqrt() } else { f64::INFINITY }
    };
    let shorter = period_s(&states[0]).min(period_s(&states[1]));
    if shorter.is_finite() { 0.5 * shorter } else { UNBOUND_SPAN_S }
}

#[cfg(test)]
mod tests {
    use super::super::super::Vector3;
    use super::super::super::constants::EARTH_MU_M3_S2;
    use super::*;

    /// Two circular orbits of 7000 km that cross at right angles, the second passing the crossing `late_s` later and
    /// `higher_m` higher.
    fn crossing(late_s: f64, higher_m: f64) -> [CartesianState; 2] {
        let radius = 7.0e6;
        let speed = (EARTH_MU_M3_S2 / radius).sqrt();
        let first =
            CartesianState { position_m: Vector3::new(radius, 0.0, 0.0), velocity_m_s: Vector3::new(0.0, speed, 0.0) };
        let second = CartesianState {
            position_m: Vector3::new(radius + higher_m, 0.0, 0.0),
            velocity_m_s: Vector3::new(0.0, 0.0, speed),
        };
        [first, kepler::propagate(&second, EARTH_MU_M3_S2, -late_s)]
    }

    #[test]
    fn a_crossing_is_found_from_far_away() {
        // At the crossing both are level: with the second 50 m higher and in step, that is closest approach.
        for before_s in [-600.0, -20.0, -1e-4, 0.0, 0.013, 45.0, 1_000.0] {
            let states = crossing(0.0, 50.0).map(|state| kepler::propagate(&state, EARTH_MU_M3_S2, -before_s));
            let found = ClosestApproach::nearest(&states, EARTH_MU_M3_S2).expect("there is one");
            assert!((found.offset_s - before_s).abs() < 1e-6, "{} {before_s}", found.offset_s);
            assert!((found.miss_m - 50.0).abs() < 1e-3, "{}", found.miss_m);
            let speed = (EARTH_MU_M3_S2 / 7.0e6).sqrt() * 2f64.sqrt();
            assert!((found.relative_speed_m_s - speed).abs() < 1e-3 * speed);
        }
    }

    #[test]
    fn straight_lines_foretell_a_fast_pass() {
        // 1 ms late at 7546 m/s: d = v Δt / √2 on perpendicular tracks, met halfway.
        let found = ClosestApproach::nearest(&crossing(1e-3, 0.0), EARTH_MU_M3_S2).expect("there is one");
        let speed = (EARTH_MU_M3_S2 / 7.0e6).sqrt();
        assert!((found.offset_s - 0.5e-3).abs() < 1e-8, "{}", found.offset_s);
        assert!((found.miss_m - speed * 1e-3 / 2f64.sqrt()).abs() < 1e-5, "{}", found.miss_m);
    }

    #[test]
    fn identical_states_are_closest_where_they_are() {
        let [first, _] = crossing(0.0, 0.0);
        let found = ClosestApproach::nearest(&[first, first], EARTH_MU_M3_S2).expect("there is one");
        assert_eq!((found.offset_s, found.miss_m, found.relative_speed_m_s), (0.0, 0.0, 0.0));
    }

    #[test]
    fn an_approach_more_than_half_a_day_away_is_none() {
        // Two hyperbolas that part at 20 km/s, 1.8e9 m from each other: they met some 25 hours ago.
        let first = CartesianState {
            position_m: Vector3::new(9.0e8, 0.0, 0.0),
            velocity_m_s: Vector3::new(10_000.0, 500.0, 0.0),
        };
        let second = CartesianState { position_m: -first.position_m, velocity_m_s: -first.velocity_m_s };
        assert_eq!(ClosestApproach::nearest(&[first, second], EARTH_MU_M3_S2), None);
    }
}
