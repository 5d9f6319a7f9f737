//! Events between samples: closest approach and crossings on a cubic Hermite of the relative motion.
//!
//! Over a segment of h seconds at constant thrust the cubic errs by h⁴/384 times the fourth derivative of the relative
//! position, which is about n² times the relative acceleration: micrometres for neighbours in LEO over 10 s.

use crate::astro::events::Trajectory;
use crate::astro::{CartesianState, Vector3};

/// A motion between two samples that matches position and velocity at both.
#[derive(Clone, Copy, Debug)]
pub struct Hermite {
    start: CartesianState,
    end: CartesianState,
    duration_s: f64,
}

/// Pieces in which a root of the range rate is looked for; relative motion turns round at most once or twice a segment.
const PIECES: usize = 8;

impl Hermite {
    /// The motion from `start` to `end` in `duration_s` seconds.
    #[inline]
    #[must_use]
    pub fn new(start: CartesianState, end: CartesianState, duration_s: f64) -> Self {
        Self { start, end, duration_s }
    }

    /// The motion of `b` relative to `a`.
    #[inline]
    #[must_use]
    pub fn between(a: &Self, b: &Self) -> Self {
        let minus = |p: &CartesianState, q: &CartesianState| CartesianState {
            position_m: p.position_m - q.position_m,
            velocity_m_s: p.velocity_m_s - q.velocity_m_s,
        };
        Self { start: minus(&b.start, &a.start), end: minus(&b.end, &a.end), duration_s: a.duration_s }
    }

    /// Position and velocity after `time_s`.
    #[must_use]
    pub fn at(&self, time_s: f64) -> CartesianState {
        let h = self.duration_s;
        let u = time_s / h;
        let (p0, p1) = (&self.start.position_m, &self.end.position_m);
        let (v0, v1) = (&self.start.velocity_m_s, &self.end.velocity_m_s);
        let position_m = p0 * ((1.0 + 2.0 * u) * (1.0 - u) * (1.0 - u))
            + v0 * (h * u * (1.0 - u) * (1.0 - u))
            + p1 * (u * u * (3.0 - 2.0 * u))
            + v1 * (h * u * u * (u - 1.0));
        let velocity_m_s =
            (p1 - p0) * (6.0 * u * (1.0 - u) / h) + v0 * ((1.0 - u) * (1.0 - 3.0 * u)) + v1 * (u * (3.0 * u - 2.0));
        CartesianState { position_m, velocity_m_s }
    }

    /// Time [s] and distance [m] of the closest approach within the segment.
    #[inline]
    #[must_use]
    pub fn closest_approach(&self) -> (f64, f64) {
        // At its ends the cubic is what it was made from, to the bit.
        let ends = [(0.0, self.start.position_m.norm()), (self.duration_s, self.end.position_m.norm())];
        let best = if ends[0].1 <= ends[1].1 { ends[0] } else { ends[1] };
        // A straight chord cannot come nearer than this, with the whole path's length to spare: skip the search.
        if best.1 > 2.0 * self.rough_path_bound_m() || best.1 > 2.0 * self.path_bound_m() {
            return best;
        }
        self.closest_within(best)
    }

    /// The closest approach where it may lie between the ends, of which the nearer is `best`.
    fn closest_within(&self, mut best: (f64, f64)) -> (f64, f64) {
        let range_rate = |time_s: f64| {
            let state = self.at(time_s);
            state.position_m.dot(&state.velocity_m_s)
        };
        let distance = |time_s: f64| self.at(time_s).position_m.norm();
        let piece_s = self.duration_s / PIECES as f64;
        let mut before = range_rate(0.0);
        for piece in 0..PIECES {
            let (low, high) = (piece as f64 * piece_s, (piece + 1) as f64 * piece_s);
            let after = range_rate(high);
            if before < 0.0 && after >= 0.0 {
                let time_s = bisect(low, high, |time_s| range_rate(time_s) >= 0.0);
                let candidate = (time_s, distance(time_s));
                if candidate.1 < best.1 {
                    best = candidate;
                }
            }
            before = after;
        }
        best
    }

    /// First time [s] at which the distance is at most `radius_m`, with the closest approach at hand.
    #[inline]
    #[must_use]
    pub fn first_within(&self, radius_m: f64, closest: (f64, f64)) -> Option<f64> {
        if self.start.position_m.norm() <= radius_m {
            return Some(0.0);
        }
        (closest.1 <= radius_m).then(|| bisect(0.0, closest.0, |time_s| self.at(time_s).position_m.norm() <= radius_m))
    }

    /// First time [s] at which the distance is above `range_m`; an excursion that also ends within the segment is not looked for.
    #[must_use]
    pub fn first_beyond(&self, range_m: f64) -> Option<f64> {
        let beyond = |position_m: &Vector3| position_m.norm() > range_m;
        beyond(&self.end.position_m).then(|| bisect(0.0, self.duration_s, |time_s| beyond(&self.at(time_s).position_m)))
    }

    /// As [`Hermite::path_bound_m`] and never below it, without roots: the sum of components is at least the norm.
    #[inline]
    fn rough_path_bound_m(&self) -> f64 {
        let sum = |vector: &Vector3| vector.x.abs() + vector.y.abs() + vector.z.abs();
        let chord = sum(&(self.end.position_m - self.start.position_m));
        // The margin is for the rounding of the two sums.
        (chord + self.duration_s * (sum(&self.start.velocity_m_s) + sum(&self.end.velocity_m_s))) * (1.0 + 1e-12)
    }

    /// An upper bound of the path's length within the segment [m].
    fn path_bound_m(&self) -> f64 {
        let chord = (self.end.position_m - self.start.position_m).norm();
        chord + self.duration_s * (self.start.velocity_m_s.norm() + self.end.velocity_m_s.norm())
    }
}

impl Trajectory for Hermite {
    fn state_at(&self, time_s: f64) -> CartesianState {
        self.at(time_s)
    }
}

/// The time in [`low`, `high`] at which `reached` turns true, to the resolution of f64 after 50 halvings.
fn bisect(mut low: f64, mut high: f64, reached: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if reached(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A straight crossing at 14 km/s, 60 s between samples, miss 3 m at 29.3 s.
    fn crossing() -> Hermite {
        let velocity_m_s = Vector3::new(14_000.0, 0.0, 0.0);
        let at = |time_s: f64| CartesianState {
            position_m: Vector3::new(14_000.0 * (time_s - 29.3), 3.0, 0.0),
            velocity_m_s,
        };
        Hermite::new(at(0.0), at(60.0), 60.0)
    }

    #[test]
    fn a_fast_crossing_between_two_samples_is_found() {
        let (time_s, distance_m) = crossing().closest_approach();
        assert!((time_s - 29.3).abs() < 1e-9, "{time_s}");
        assert!((distance_m - 3.0).abs() < 1e-6, "{distance_m}");
    }

    #[test]
    fn the_capture_sphere_is_entered_where_geometry_says() {
        let motion = crossing();
        let entered = motion.first_within(50.0, motion.closest_approach()).expect("it passes at 3 m");
        let expected = 29.3 - (50.0_f64 * 50.0 - 9.0).sqrt() / 14_000.0;
        assert!((entered - expected).abs() < 1e-9, "{entered} against {expected}");
        assert_eq!(motion.first_within(2.0, motion.closest_approach()), None);
    }

    proptest! {
        #[test]
        fn what_cannot_come_near_is_not_searched_and_loses_nothing(
            directions in prop::array::uniform12(-1.0..1.0_f64),
            size_m in prop::sample::select(vec![0.0, 1.0, 100.0, 5e3]),
            speed_m_s in prop::sample::select(vec![0.0, 0.1, 10.0, 3e3]),
            duration_s in prop::sample::select(vec![1.0, 10.0, 60.0]),
        ) {
            let vector = |from: usize| Vector3::from_column_slice(&directions[from..from + 3]);
            let start = CartesianState { position_m: vector(0) * size_m, velocity_m_s: vector(3) * speed_m_s };
            let end = CartesianState {
                position_m: start.position_m + vector(6) * speed_m_s * duration_s,
                velocity_m_s: vector(9) * speed_m_s,
            };
            let motion = Hermite::new(start, end, duration_s);
            prop_assert!(motion.rough_path_bound_m() >= motion.path_bound_m());
            // The ends as the cubic has them, and the search with no shortcut but the finer bound.
            let ends = [0.0, duration_s].map(|time_s| (time_s, motion.at(time_s).position_m.norm()));
            let nearer = if ends[0].1 <= ends[1].1 { ends[0] } else { ends[1] };
            let full = if nearer.1 > 2.0 * motion.path_bound_m() { nearer } else { motion.closest_within(nearer) };
            prop_assert_eq!(motion.closest_approach(), full);
        }
    }

    #[test]
    fn leaving_a_sphere_is_found() {
        let motion = crossing();
        let left = motion.first_beyond(420_000.0).expect("it ends at 429.8 km");
        assert!((motion.at(left).position_m.norm() - 420_000.0).abs() < 1e-3);
    }
}
