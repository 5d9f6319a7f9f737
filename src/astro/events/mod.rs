//! Events on continuous trajectories: when a signed quantity changes its sign, none missed.
//!
//! A trajectory is anything that has a state at any time: dense output of an integrator, Kepler's orbit, cubic pieces. An event
//! is a function of time, negative within (a shadow, a range, a field of view) and positive without, whose rate of change is
//! bounded. The bound is what makes the search complete: where |g(a)| + |g(b)| > L (b - a) no root can lie between a and b; where
//! it might, the interval is halved, down to a resolution. What may be missed is a pair of crossings nearer to each
//! other than the resolution, that is, an excursion of less than half of L times the resolution, and nothing else. Most events
//! here are distances in metres, so that L is a speed.

pub mod closest_approach;
pub mod shadow;
pub mod visibility;

use thiserror::Error;

use super::roots::bisect;
use super::{CartesianState, kepler};

/// A motion in continuous time, in one inertial frame.
pub trait Trajectory {
    /// Position and velocity at `time_s`.
    fn state_at(&self, time_s: f64) -> CartesianState;
}

impl<Motion: Fn(f64) -> CartesianState> Trajectory for Motion {
    fn state_at(&self, time_s: f64) -> CartesianState {
        self(time_s)
    }
}

/// Two-body motion from a state at time zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoBody {
    /// The state at time zero.
    pub start: CartesianState,
    /// Gravitational parameter [m³/s²].
    pub mu: f64,
}

impl Trajectory for TwoBody {
    fn state_at(&self, time_s: f64) -> CartesianState {
        kepler::propagate(&self.start, self.mu, time_s)
    }
}

/// Where and how finely to look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Search {
    /// Start of the interval [s].
    pub from_s: f64,
    /// End of the interval [s].
    pub to_s: f64,
    /// Two crossings nearer to each other than this may be missed [s]. A crossing itself is found to the last bit.
    pub resolution_s: f64,
}

/// A change of sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    /// When [s]: the first instant with the new sign.
    pub time_s: f64,
    /// Whether the function becomes positive (what was within leaves) or negative (enters).
    pub leaving: bool,
}

/// Why a search cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum EventError {
    /// The interval does not run forward, or the resolution is not above zero.
    #[error("no search from {from_s} s to {to_s} s with a resolution of {resolution_s} s")]
    Search {
        /// Start [s].
        from_s: f64,
        /// End [s].
        to_s: f64,
        /// Resolution [s].
        resolution_s: f64,
    },
    /// A parameter of the event is not above zero and finite.
    #[error("{name} is {value}, expected above zero and finite")]
    Parameter {
        /// Which one, with its unit.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// The trajectory or the event has no finite value at some time.
    #[error("the event has no finite value at {0} s")]
    NotFinite(f64),
    /// The function changes faster than the bound says, so that roots may have been missed.
    #[error("the event changes by {rate} a second near {time_s} s, faster than the bound of {bound}")]
    BoundExceeded {
        /// Where [s].
        time_s: f64,
        /// Mean rate over the interval looked at.
        rate: f64,
        /// The bound given.
        bound: f64,
    },
    /// The function stays so near to zero that the resolution cannot be reached.
    #[error(
        "the event stays within reach of zero for more than {0} evaluations: coarsen the resolution or tighten the bound"
    )]
    TooFine(usize),
}

/// Evaluations after which a search is given up.
const MAX_EVALUATIONS: usize = 4_000_000;

impl Search {
    fn check(&self) -> Result<(), EventError> {
        let Self { from_s, to_s, resolution_s } = *self;
        let sound = from_s.is_finite() && to_s.is_finite() && to_s >= from_s && resolution_s > 0.0;
        if sound { Ok(()) } else { Err(EventError::Search { from_s, to_s, resolution_s }) }
    }

    /// All changes of sign of `event`, whose rate never exceeds `rate_bound` (unit of the event a second), in order.
    ///
    /// A value of zero counts as positive. What may be missed is said in the module's words; a bound that turns out wrong is an
    /// error where it is noticed.
    ///
    /// # Errors
    /// [`EventError`].
    pub fn crossings(&self, rate_bound: f64, event: impl Fn(f64) -> f64) -> Result<Vec<Crossing>, EventError> {
        positive(&[("bound of the rate", rate_bound)])?;
        self.crossings_with(&event, |_, _| rate_bound, |value| *value)
    }

    /// As [`Search::crossings`], with a bound that may differ from interval to interval: it is told the samples at both ends, and
    /// `value` says what of a sample changes its sign.
    fn crossings_with<Sample>(
        &self,
        sample: &impl Fn(f64) -> Sample,
        rate_bound: impl Fn((f64, &Sample), (f64, &Sample)) -> f64,
        value: impl Fn(&Sample) -> f64,
    ) -> Result<Vec<Crossing>, EventError> {
        self.check()?;
        let finite = |time_s: f64| -> Result<(f64, Sample), EventError> {
            let sample = sample(time_s);
            if value(&sample).is_finite() { Ok((time_s, sample)) } else { Err(EventError::NotFinite(time_s)) }
        };
        let mut found = Vec::new();
        let mut evaluations = 2;
        // Intervals still to be looked at are given by their ends, the next one last.
        let mut start = finite(self.from_s)?;
        let mut ends = vec![finite(self.to_s)?];
        while let Some(end) = ends.pop() {
            let (before, after) = (value(&start.1), value(&end.1));
            let length_s = end.0 - start.0;
            let bound = rate_bound((start.0, &start.1), (end.0, &end.1));
            // Rounding of the values, and of times of up to 1e9 s, may look like a rate.
            let slack = 1e-9 * (before.abs() + after.abs() + bound);
            if (after - before).abs() > bound * length_s + slack {
                let rate = (after - before).abs() / length_s;
                return Err(EventError::BoundExceeded { time_s: start.0, rate, bound });
            }
            let crosses = (before < 0.0) != (after < 0.0);
            if !crosses && (before.abs() + after.abs() > bound * length_s || length_s <= self.resolution_s) {
                start = end;
                continue;
            }
            let middle_s = 0.5 * (start.0 + end.0);
            if crosses && (length_s <= self.resolution_s || middle_s <= start.0 || middle_s >= end.0) {
                let leaving = before < 0.0;
                let time_s = bisect(start.0, end.0, |time_s| (value(&sample(time_s)) < 0.0) != leaving);
                found.push(Crossing { time_s, leaving });
                start = end;
                continue;
            }
            evaluations += 1;
            if evaluations > MAX_EVALUATIONS {
                return Err(EventError::TooFine(MAX_EVALUATIONS));
            }
            ends.push(end);
            ends.push(finite(middle_s)?);
        }
        Ok(found)
    }
}

/// Refuses what is not above zero and finite.
fn positive(values: &[(&'static str, f64)]) -> Result<(), EventError> {
    let fault = values.iter().find(|(_, value)| !(*value > 0.0 && value.is_finite()));
    fault.map_or(Ok(()), |&(name, value)| Err(EventError::Parameter { name, value }))
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use proptest::prelude::*;

    use super::*;

    const DAY: Search = Search { from_s: 0.0, to_s: 86_400.0, resolution_s: 1e-3 };

    #[test]
    fn a_brief_excursion_is_found_in_a_long_interval() {
        // A V of slope one that dips 10 ms below zero at 54321 s.
        let found = DAY.crossings(1.0, |time_s| (time_s - 54_321.0).abs() - 0.005).expect("sound");
        assert_eq!(found.len(), 2);
        for (crossing, (expected_s, leaving)) in found.iter().zip([(54_320.995, false), (54_321.005, true)]) {
            assert!((crossing.time_s - expected_s).abs() < 1e-10, "{crossing:?}");
            assert_eq!(crossing.leaving, leaving);
        }
    }

    #[test]
    fn faults_are_told() {
        assert_eq!(DAY.crossings(1.0, |_| f64::NAN), Err(EventError::NotFinite(0.0)));
        let told = DAY.crossings(1.0, |time_s| 2.0 * time_s - 7.0).expect_err("too fast").to_string();
        assert!(told.starts_with("the event changes by 2 a second"), "{told}");
        assert!(matches!(DAY.crossings(0.0, |_| 1.0), Err(EventError::Parameter { .. })));
        for wrong in [
            Search { to_s: -1.0, ..DAY },
            Search { resolution_s: 0.0, ..DAY },
            Search { from_s: f64::NAN, ..DAY },
            Search { to_s: f64::INFINITY, ..DAY },
        ] {
            assert!(matches!(wrong.crossings(1.0, |_| 1.0), Err(EventError::Search { .. })));
        }
        let hovering = Search { resolution_s: 1e-6, ..DAY }.crossings(1.0, |_| 1e-9);
        assert_eq!(hovering, Err(EventError::TooFine(MAX_EVALUATIONS)));
        assert_eq!(Search { to_s: 0.0, ..DAY }.crossings(1.0, |_| -1.0), Ok(Vec::new()));
    }

    proptest! {
        #[test]
        fn every_root_of_a_sum_of_waves_is_found(
            amplitudes in prop::array::uniform3(0.1..2.0f64),
            periods in prop::array::uniform3(3.0..400.0f64),
            offset in -1.5..1.5f64,
        ) {
            let wave = |time_s: f64| {
                offset + amplitudes.iter().zip(periods).map(|(a, p)| a * libm::sin(TAU * time_s / p + p)).sum::<f64>()
            };
            let bound = amplitudes.iter().zip(periods).map(|(a, p)| a * TAU / p).sum::<f64>();
            let search = Search { from_s: 0.0, to_s: 1_000.0, resolution_s: 1e-4 };
            let found = search.crossings(bound, wave).expect("sound");
            // Every change of sign on a fine grid has its crossing, of the right sense.
            let step_s = 0.1;
            let mut grid = Vec::new();
            for index in 0..10_000 {
                let (before, after) = (wave(step_s * f64::from(index)), wave(step_s * f64::from(index + 1)));
                if (before < 0.0) != (after < 0.0) {
                    grid.push((step_s * f64::from(index), before < 0.0));
                }
            }
            prop_assert!(found.len() >= grid.len());
            for (time_s, leaving) in grid {
                let matches = |crossing: &&Crossing| crossing.leaving == leaving && crossing.time_s >= time_s - 1e-9 && crossing.time_s <= time_s + step_s + 1e-9;
                prop_assert!(found.iter().any(|crossing| matches(&crossing)), "{time_s} not in {found:?}");
            }
            for crossing in &found {
                prop_assert!(wave(crossing.time_s).abs() < 1e-9 * (1.0 + bound));
            }
        }
    }
}
