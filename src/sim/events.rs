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
    #[must_use]
    pub fn new(start: CartesianState, end: CartesianState, duration_s: f64) -> Self {
        Self { start, end, duration_s }
    }

    /// The motion of `b` relative to `a`.
    #[must_use]
    pub fn between(a: &Self, b: &Self) -> Self {
        let minus = |p: &CartesianState, q: &CartesianState| CartesianState {
            position_m: p.position_m - q.position_m,
            velocity_m_s: p.velocity_m_s - q.velocity_m_s,
        };
        Self { start: minus(&b.start, &a.start), end: minus(&b.end, &a.end), duration_s: a.duration_s }
    }

    /// The same motion, ended after `time_s`, which is above zero: a cubic is determined by its ends.
    #[must_use]
    pub fn until(&self, time_s: f64) -> Self {
        Self { start: self.start, end: self.at(time_s), duration_s: time_s }
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
    #[must_use]
    pub fn closest_approach(&self) -> (f64, f64) {
        let range_rate = |time_s: f64| {
            let state = self.at(time_s);
            state.position_m.dot(&state.velocity_m_s)
        };
        let distance = |time_s: f64| self.at(time_s).position_m.norm();
        let ends = [(0.0, distance(0.0)), (self.duration_s, distance(self.duration_s))];
        let mut best = if ends[0].1 <= ends[1].1 { ends[0] } else { ends[1] };
        // A straight chord cannot come nearer than this, with the whole path's length to spare: skip the search.
        if best.1 > 2.0 * self.path_bound_m() {
            return best;
        }
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

    #[test]
    fn leaving_a_sphere_is_found() {
        let motion = crossing();
        let left = motion.first_beyond(420_000.0).expect("it ends at 429.8 km");
        assert!((motion.at(left).position_m.norm() - 420_000.0).abs() < 1e-3);
    }
}
