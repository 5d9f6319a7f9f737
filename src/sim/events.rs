//! Events between samples: closest approach and crossings on the motion between two ends of a segment.
//!
//! In the tiers for training the motion is a cubic Hermite. Over a segment of h seconds at constant thrust it errs by h⁴/384 times
//! the fourth derivative of the relative position, which is about n² times the relative acceleration: micrometres for neighbours in
//! LEO over 10 s, decimetres for orbits that cross over 60 s. The reference tier has the integrator's own dense output in its place
//! ([`Path`](super::path::Path)).

use crate::astro::events::Trajectory;
use crate::astro::{CartesianState, Vector3};

/// A turn of the distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// A minimum.
    Nearest,
    /// A maximum.
    Farthest,
}

/// A motion of one spacecraft relative to another over a segment, in pieces within which it is smooth.
pub trait RelativeMotion: Trajectory + Sized {
    /// Times [s] at which the pieces begin and end: zero first, the length of the segment last, two at least, rising.
    fn knots_s(&self) -> &[f64];

    /// Time [s] and distance [m] of the closest approach within the segment.
    fn closest_approach(&self) -> (f64, f64) {
        let ends = [0.0, self.segment_s()].map(|time_s| (time_s, self.distance_m(time_s)));
        self.closest_of_turns(if ends[0].1 <= ends[1].1 { ends[0] } else { ends[1] })
    }

    /// Time [s] and distance [m] of the closest approach, of which the nearer end of the segment is `best`.
    fn closest_of_turns(&self, mut best: (f64, f64)) -> (f64, f64) {
        self.turns(Turn::Nearest, |time_s| {
            let candidate = (time_s, self.distance_m(time_s));
            if candidate.1 < best.1 {
                best = candidate;
            }
            false
        });
        best
    }

    /// First time [s] at which the distance is at most `radius_m`, with the closest approach at hand.
    fn first_within(&self, radius_m: f64, closest: (f64, f64)) -> Option<f64> {
        if self.distance_m(0.0) <= radius_m {
            return Some(0.0);
        }
        if closest.1 > radius_m {
            return None;
        }
        // The closest approach may be the second of two that come within.
        let mut until_s = closest.0;
        self.turns(Turn::Nearest, |time_s| {
            let found = time_s < until_s && self.distance_m(time_s) <= radius_m;
            until_s = if found { time_s } else { until_s };
            found
        });
        Some(bisect(0.0, until_s, |time_s| self.distance_m(time_s) <= radius_m))
    }

    /// First time [s] at which the distance is above `range_m`.
    fn first_beyond(&self, range_m: f64) -> Option<f64> {
        let beyond = |time_s: f64| self.distance_m(time_s) > range_m;
        let mut until_s = beyond(self.segment_s()).then(|| self.segment_s());
        self.turns(Turn::Farthest, |time_s| {
            let found = beyond(time_s);
            until_s = if found { Some(time_s) } else { until_s };
            found
        });
        until_s.map(|until_s| bisect(0.0, until_s, beyond))
    }

    /// Length of the segment [s].
    fn segment_s(&self) -> f64 {
        self.knots_s().last().copied().unwrap_or(0.0)
    }

    /// Distance [m] after `time_s`.
    fn distance_m(&self, time_s: f64) -> f64 {
        self.state_at(time_s).position_m.norm()
    }

    /// Calls `visit(time [s])` for each of these turns of the distance, in order, until it says that this was enough. Nearest approaches
    /// in a piece whose path is shorter than half of the distance are left out.
    fn turns(&self, turn: Turn, mut visit: impl FnMut(f64) -> bool) {
        let is_nearest = turn == Turn::Nearest;
        let range_rate = |time_s: f64| {
            let state = self.state_at(time_s);
            state.position_m.dot(&state.velocity_m_s)
        };
        for ends_s in self.knots_s().windows(2) {
            let [from_s, to_s] = [ends_s[0], ends_s[1]];
            let (start, end) = (self.state_at(from_s), self.state_at(to_s));
            // A straight chord cannot come nearer than this, with the whole path's length to spare: skip the search.
            let nearer_m = start.position_m.norm().min(end.position_m.norm());
            if is_nearest && nearer_m > 2.0 * path_bound_m(&start, &end, to_s - from_s) {
                continue;
            }
            let share_s = (to_s - from_s) / SHARES as f64;
            let mut before = range_rate(from_s);
            for share in 0..SHARES {
                let low_s = from_s + share as f64 * share_s;
                let high_s = from_s + (share + 1) as f64 * share_s;
                let after = range_rate(high_s);
                let turned = (before < 0.0) == is_nearest && (before < 0.0) != (after < 0.0);
                if turned && visit(bisect(low_s, high_s, |time_s| (range_rate(time_s) >= 0.0) == is_nearest)) {
                    return;
                }
                before = after;
            }
        }
    }
}

/// A motion between two samples that matches position and velocity at both.
#[derive(Clone, Copy, Debug)]
pub struct Hermite {
    start: CartesianState,
    end: CartesianState,
    /// Zero and the time between the samples [s].
    knots_s: [f64; 2],
}

/// Shares of a piece in which a root of the range rate is looked for; relative motion turns round at most once or twice a piece.
const SHARES: usize = 8;

impl Hermite {
    /// The motion from `start` to `end` in `duration_s` seconds.
    #[inline]
    #[must_use]
    pub fn new(start: CartesianState, end: CartesianState, duration_s: f64) -> Self {
        Self { start, end, knots_s: [0.0, duration_s] }
    }

    /// The motion of `b` relative to `a`.
    #[inline]
    #[must_use]
    pub fn between(a: &Self, b: &Self) -> Self {
        let minus = |p: &CartesianState, q: &CartesianState| CartesianState {
            position_m: p.position_m - q.position_m,
            velocity_m_s: p.velocity_m_s - q.velocity_m_s,
        };
        Self { start: minus(&b.start, &a.start), end: minus(&b.end, &a.end), knots_s: a.knots_s }
    }

    /// The same motion, ended after `time_s`, which is above zero: a cubic is determined by its ends.
    #[must_use]
    pub fn until(&self, time_s: f64) -> Self {
        Self { start: self.start, end: self.at(time_s), knots_s: [0.0, time_s] }
    }

    /// Position and velocity after `time_s`.
    #[must_use]
    pub fn at(&self, time_s: f64) -> CartesianState {
        let h = self.knots_s[1];
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

    /// As [`path_bound_m`] and never below it, without roots: the sum of components is at least the norm.
    #[inline]
    fn rough_path_bound_m(&self) -> f64 {
        let sum = |vector: &Vector3| vector.x.abs() + vector.y.abs() + vector.z.abs();
        let chord = sum(&(self.end.position_m - self.start.position_m));
        // The margin is for the rounding of the two sums.
        (chord + self.knots_s[1] * (sum(&self.start.velocity_m_s) + sum(&self.end.velocity_m_s))) * (1.0 + 1e-12)
    }
}

impl Trajectory for Hermite {
    fn state_at(&self, time_s: f64) -> CartesianState {
        self.at(time_s)
    }
}

impl RelativeMotion for Hermite {
    fn knots_s(&self) -> &[f64] {
        &self.knots_s
    }

    /// At its ends the cubic is what it was made from, to the bit.
    #[inline]
    fn distance_m(&self, time_s: f64) -> f64 {
        if time_s == 0.0 {
            self.start.position_m.norm()
        } else if time_s == self.knots_s[1] {
            self.end.position_m.norm()
        } else {
            self.at(time_s).position_m.norm()
        }
    }

    /// As everywhere, with the bound that skips the search looked at before all else.
    #[inline]
    fn closest_approach(&self) -> (f64, f64) {
        let ends = [(0.0, self.start.position_m.norm()), (self.knots_s[1], self.end.position_m.norm())];
        let best = if ends[0].1 <= ends[1].1 { ends[0] } else { ends[1] };
        if best.1 > 2.0 * self.rough_path_bound_m() { best } else { self.closest_of_turns(best) }
    }

    /// As everywhere, but an excursion that also ends within the segment is not looked for.
    fn first_beyond(&self, range_m: f64) -> Option<f64> {
        let beyond = |position_m: &Vector3| position_m.norm() > range_m;
        beyond(&self.end.position_m).then(|| bisect(0.0, self.knots_s[1], |time_s| beyond(&self.at(time_s).position_m)))
    }
}

/// An upper bound of the length of a smooth path that takes `duration_s` [m].
fn path_bound_m(start: &CartesianState, end: &CartesianState, duration_s: f64) -> f64 {
    let chord = (end.position_m - start.position_m).norm();
    chord + duration_s * (start.velocity_m_s.norm() + end.velocity_m_s.norm())
}

/// The time in [`low`, `high`] at which `reached` turns true, to the resolution of f64 after 50 halvings.
pub(super) fn bisect(mut low: f64, mut high: f64, reached: impl Fn(f64) -> bool) -> f64 {
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

    /// A cubic with no shortcut of its own.
    struct Plain(Hermite);

    impl Trajectory for Plain {
        fn state_at(&self, time_s: f64) -> CartesianState {
            self.0.at(time_s)
        }
    }

    impl RelativeMotion for Plain {
        fn knots_s(&self) -> &[f64] {
            &self.0.knots_s
        }
    }

    proptest! {
        #[test]
        fn what_cannot_come_near_is_not_searched_and_loses_nothing(
            directions in prop::array::uniform12(-1.0..1.0_f64),
            size_m in prop::sample::select(vec![0.0, 1.0, 100.0, 5e3]),
            speed_m_s in prop::sample::select(vec![0.0, 0.1, 10.0, 3e3]),
            duration_s in prop::sample::select(vec![1.0, 10.0, 60.0]),
            share in 0.5..2.0_f64,
        ) {
            let vector = |from: usize| Vector3::from_column_slice(&directions[from..from + 3]);
            let start = CartesianState { position_m: vector(0) * size_m, velocity_m_s: vector(3) * speed_m_s };
            let end = CartesianState {
                position_m: start.position_m + vector(6) * speed_m_s * duration_s,
                velocity_m_s: vector(9) * speed_m_s,
            };
            let motion = Hermite::new(start, end, duration_s);
            prop_assert!(motion.rough_path_bound_m() >= path_bound_m(&start, &end, duration_s));
            let plain = Plain(motion);
            prop_assert_eq!(plain.distance_m(0.0).to_bits(), motion.distance_m(0.0).to_bits());
            prop_assert_eq!(plain.distance_m(duration_s).to_bits(), motion.distance_m(duration_s).to_bits());
            let full = plain.closest_approach();
            let radius_m = full.1 * share;
            prop_assert_eq!(motion.first_within(radius_m, full), plain.first_within(radius_m, full));
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
