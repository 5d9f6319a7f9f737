//! The motion of a spacecraft over a segment of the reference tier, in the dense steps of the integrator.

use super::events::RelativeMotion;
use super::integrators::dop853::DenseStep;
use crate::astro::CartesianState;
use crate::astro::events::Trajectory;

/// A motion from the start of a segment on, GCRF.
#[derive(Clone, Debug)]
pub struct Path {
    start: CartesianState,
    steps: Vec<DenseStep>,
}

impl Path {
    /// At `start`, nothing flown yet.
    #[must_use]
    pub fn new(start: CartesianState) -> Self {
        Self { start, steps: Vec::new() }
    }

    /// Forgets what was flown and stands at `start`; what was allocated is kept.
    pub fn restart(&mut self, start: CartesianState) {
        self.start = start;
        self.steps.clear();
    }

    /// Goes on by a step, which begins where the last one ended, the first one at zero.
    pub fn push(&mut self, step: DenseStep) {
        self.steps.push(step);
    }

    /// Position and velocity `time_s` after the start; beyond the last step, those at its end.
    #[must_use]
    pub fn at(&self, time_s: f64) -> CartesianState {
        let index = self.steps.partition_point(|step| step.end_s() < time_s);
        match (self.steps.get(index), self.steps.last()) {
            (Some(step), _) => step.at(time_s.max(step.start_s())),
            (None, Some(last)) => last.at(last.end_s()),
            (None, None) => self.start,
        }
    }
}

/// The motion of one spacecraft relative to another, each on its own path.
#[derive(Clone, Debug)]
pub struct PathPair<'a> {
    from: &'a Path,
    to: &'a Path,
    knots_s: Vec<f64>,
}

impl<'a> PathPair<'a> {
    /// The motion on `to` relative to that on `from` over a segment of `segment_s` seconds, positive.
    #[must_use]
    pub fn new(from: &'a Path, to: &'a Path, segment_s: f64) -> Self {
        let inner = from.steps.iter().chain(&to.steps).map(DenseStep::end_s).filter(|end_s| *end_s < segment_s);
        let mut knots_s: Vec<f64> = [0.0, segment_s].into_iter().chain(inner).collect();
        knots_s.sort_by(f64::total_cmp);
        knots_s.dedup();
        Self { from, to, knots_s }
    }
}

impl Trajectory for PathPair<'_> {
    fn state_at(&self, time_s: f64) -> CartesianState {
        let (from, to) = (self.from.at(time_s), self.to.at(time_s));
        CartesianState {
            position_m: to.position_m - from.position_m,
            velocity_m_s: to.velocity_m_s - from.velocity_m_s,
        }
    }
}

impl RelativeMotion for PathPair<'_> {
    fn knots_s(&self) -> &[f64] {
        &self.knots_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::astro::constants::EARTH_MU_M3_S2;
    use crate::astro::{Vector3, kepler};
    use crate::sim::integrators::dop853::{Dop853, Tolerance};

    fn flown(start: &CartesianState, duration_s: f64) -> Path {
        let pull =
            |_: f64, state: &CartesianState| state.position_m * (-EARTH_MU_M3_S2 / state.position_m.norm().powi(3));
        let mut integration = Dop853::new(0.0, start, Tolerance { relative: 1e-12, absolute_m: 1e-6 });
        let mut path = Path::new(*start);
        while let Some(step) = integration.step(&pull, duration_s).expect("smooth") {
            path.push(step.dense(&pull));
        }
        path
    }

    /// Two satellites of one circular orbit's size, 20° apart in plane, that meet at the common node a quarter of a revolution on.
    fn crossing(duration_s: f64) -> [(CartesianState, Path); 2] {
        let (radius_m, speed_m_s) = (7e6, (EARTH_MU_M3_S2 / 7e6).sqrt());
        [(0.0, 0.0), (0.35, 8.0)].map(|(tilt, above_m)| {
            let (sine, cosine) = libm::sincos(tilt);
            let radius_m = radius_m + above_m;
            let start = CartesianState {
                position_m: Vector3::new(0.0, -radius_m * cosine, -radius_m * sine),
                velocity_m_s: Vector3::new(speed_m_s, 0.0, 0.0),
            };
            (start, flown(&start, duration_s))
        })
    }

    #[test]
    fn a_path_is_the_motion_and_stands_still_after_it() {
        let [(start, path), _] = crossing(3_000.0);
        assert_eq!(path.at(0.0), start);
        for part in 1..=30 {
            let time_s = 100.0 * f64::from(part);
            let truth = kepler::propagate(&start, EARTH_MU_M3_S2, time_s);
            assert!((path.at(time_s).position_m - truth.position_m).norm() < 1e-4, "{time_s} s");
        }
        assert_eq!(path.at(9e3), path.at(3_000.0));
        assert_eq!(Path::new(start).at(7.0), start);
    }

    #[test]
    fn a_meeting_far_within_a_long_segment_is_found_where_keplers_motion_has_it() {
        let [(first_start, first), (second_start, second)] = crossing(3_000.0);
        let pair = PathPair::new(&first, &second, 3_000.0);
        let apart_m = |time_s: f64| {
            let at = |start| kepler::propagate(start, EARTH_MU_M3_S2, time_s).position_m;
            (at(&second_start) - at(&first_start)).norm()
        };
        let (time_s, distance_m) = pair.closest_approach();
        assert!((apart_m(time_s) - distance_m).abs() < 1e-3);
        let around = [-1e-3, 1e-3].map(|beside_s| apart_m(time_s + beside_s));
        assert!(distance_m < around[0] && distance_m < around[1], "{distance_m} m beside {around:?} m");
        assert!(distance_m < 40.0 && (1_400.0..1_500.0).contains(&time_s), "{distance_m} m after {time_s} s");
        let entered_s = pair.first_within(50e3, (time_s, distance_m)).expect("it comes nearer");
        assert!((apart_m(entered_s) - 50e3).abs() < 1e-2);
        // Begun later, they part to 2.4 Mm and meet again within the segment.
        let (first, second) = (flown(&first.at(1_000.0), 4_000.0), flown(&second.at(1_000.0), 4_000.0));
        let pair = PathPair::new(&first, &second, 4_000.0);
        let left_s = pair.first_beyond(2.4e6).expect("it goes beyond");
        assert!((apart_m(1_000.0 + left_s) - 2.4e6).abs() < 1e-2, "{left_s} s");
        assert!(pair.distance_m(left_s + 100.0) > 2.4e6 && pair.distance_m(4_000.0) < 2e6);
        // Of two meetings the first is told, also where the second is the nearer.
        let closest = pair.closest_approach();
        let entered_s = pair.first_within(60e3, closest).expect("it comes nearer");
        assert!(entered_s < 500.0 && (apart_m(1_000.0 + entered_s) - 60e3).abs() < 1e-2, "{entered_s} s");
    }

    #[test]
    fn what_could_not_be_flown_has_no_motion() {
        let state =
            |x_m: f64| CartesianState { position_m: Vector3::new(x_m, 0.0, 0.0), velocity_m_s: Vector3::zeros() };
        let (first, second) = (Path::new(state(0.0)), Path::new(state(5.0)));
        let pair = PathPair::new(&first, &second, 60.0);
        assert_eq!(pair.closest_approach(), (0.0, 5.0));
        assert_eq!((pair.first_within(5.0, (0.0, 5.0)), pair.first_beyond(5.0)), (Some(0.0), None));
    }
}
