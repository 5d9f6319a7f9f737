//! Scores that others have published for their games, computed beside an episode's outcome so that results can be held
//! against theirs.
//!
//! Source: Allen et al., SpaceGym: discrete and differential games in non-cooperative space operations, IEEE Aerospace
//! Conference, 2023 (KSPDG), with the evaluation criteria of its groups `pe1`, `lbg1` and `sb1`.

use serde::{Deserialize, Serialize};

use super::events::{Hermite, RelativeMotion};
use super::goals::look;
use super::schedule::Arena;
use super::template::Template;
use super::view::SunModel;
use crate::astro::CartesianState;

/// A published score, slots in place of names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Score {
    /// KSPDG's pursuit and evasion, lower is better: (0.1 d)² + (0.5 v)^1.5 + (0.1 m)^1.25 + 0.01 t with distance d [m],
    /// relative speed v [m/s], pursuer's propellant spent m [kg] and time t [s] at the closest approach.
    KspdgPursuit {
        /// Pursuer and evader.
        pair: [usize; 2],
    },
    /// KSPDG's lady, bandit and guard, lower is better for the bandit: d_LB² + 10⁶ / (d_BG + 0.1), the least distances of
    /// lady and bandit and of bandit and guard [m].
    KspdgLadyBanditGuard {
        /// Lady, bandit, guard.
        three: [usize; 3],
    },
    /// KSPDG's sun blocking, higher is better: the integral over time of cos θ exp(-10⁻⁵ (d - 100)²) with the distance d
    /// [m] and the angle θ at the blocker between the Sun and away from the evader [s].
    KspdgSunBlocking {
        /// Blocker and evader.
        pair: [usize; 2],
    },
}

/// What a score is made of, so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Least distances so far [m].
    least_m: [f64; 2],
    /// At the first of them: relative speed [m/s], propellant spent [kg], time [s].
    at_least: [f64; 3],
    /// An integral over time so far [s].
    integral_s: f64,
}

impl Default for Tally {
    fn default() -> Self {
        Self { least_m: [f64::INFINITY; 2], at_least: [0.0; 3], integral_s: 0.0 }
    }
}

/// Distance at which the reward of sun blocking is greatest [m].
const BLOCKING_DISTANCE_M: f64 = 100.0;
/// Its fall with the square of the distance from there [1/m²].
const BLOCKING_DECAY_1_M2: f64 = 1e-5;

impl Score {
    /// The name by which files and tables call it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::KspdgPursuit { .. } => "kspdg_pursuit",
            Self::KspdgLadyBanditGuard { .. } => "kspdg_lady_bandit_guard",
            Self::KspdgSunBlocking { .. } => "kspdg_sun_blocking",
        }
    }

    /// The score of an episode that has ended.
    #[must_use]
    pub fn value(&self, tally: &Tally) -> f64 {
        let [first_m, second_m] = tally.least_m;
        match self {
            Self::KspdgPursuit { .. } => {
                let [speed_m_s, propellant_kg, time_s] = tally.at_least;
                (0.1 * first_m) * (0.1 * first_m)
                    + libm::pow(0.5 * speed_m_s, 1.5)
                    + libm::pow((0.1 * propellant_kg).max(0.0), 1.25)
                    + 0.01 * time_s
            }
            Self::KspdgLadyBanditGuard { .. } => first_m * first_m + 1e6 / (second_m + 0.1),
            Self::KspdgSunBlocking { .. } => tally.integral_s,
        }
    }
}

/// Adds a segment's first `lasted_s` to the tallies of an arena, whose clock still stands at its start.
///
/// `motion`: of a slot within the segment. `spent_kg`: propellant of a slot spent from the start of the episode to a time
/// in the segment.
pub(super) fn tally(
    template: &Template,
    sun: &SunModel,
    arena: &mut Arena,
    lasted_s: f64,
    motion: impl Fn(usize) -> Hermite,
    spent_kg: impl Fn(usize, f64) -> f64,
) {
    // What happened after the end of the episode does not count.
    let least_of = |[a, b]: [usize; 2]| -> (f64, f64, Hermite) {
        let whole = Hermite::between(&motion(b), &motion(a));
        if lasted_s <= 0.0 {
            return (0.0, whole.at(0.0).position_m.norm(), whole);
        }
        let relative = whole.until(lasted_s);
        let (time_s, distance_m) = relative.closest_approach();
        (time_s, distance_m, relative)
    };
    let (start_s, sun_angle_rad) = (arena.time_s, arena.sun_angle_rad);
    let blocking = |[blocker, evader]: [usize; 2], time_s: f64| -> f64 {
        let [own, seen]: [CartesianState; 2] = [motion(blocker).at(time_s), motion(evader).at(time_s)];
        let look = look(template, sun, sun_angle_rad, start_s + time_s, &own, &seen);
        let distance_m = look.position_rtn_m.norm();
        let over_m = distance_m - BLOCKING_DISTANCE_M;
        look.position_rtn_m.dot(&look.sun_rtn) / distance_m.max(1e-9)
            * libm::exp(-BLOCKING_DECAY_1_M2 * over_m * over_m)
    };
    for (score, tally) in template.scores.iter().zip(&mut arena.scores) {
        match score {
            Score::KspdgPursuit { pair } => {
                let (time_s, distance_m, relative) = least_of(*pair);
                if distance_m < tally.least_m[0] {
                    tally.least_m[0] = distance_m;
                    let speed_m_s = relative.at(time_s).velocity_m_s.norm();
                    tally.at_least = [speed_m_s, spent_kg(pair[0], time_s), start_s + time_s];
                }
            }
            Score::KspdgLadyBanditGuard { three: [lady, bandit, guard] } => {
                for (least_m, pair) in tally.least_m.iter_mut().zip([[*lady, *bandit], [*bandit, *guard]]) {
                    *least_m = least_m.min(least_of(pair).1);
                }
            }
            // By the trapezoidal rule, as published.
            Score::KspdgSunBlocking { pair } => {
                tally.integral_s += 0.5 * lasted_s * (blocking(*pair, 0.0) + blocking(*pair, lasted_s));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_those_of_the_published_formulae() {
        let tally = Tally { least_m: [20.0, 3.0], at_least: [8.0, 160.0, 150.0], integral_s: 12.5 };
        // (2)² + 4^1.5 + 16^1.25 + 1.5 = 4 + 8 + 32 + 1.5.
        assert!((Score::KspdgPursuit { pair: [0, 1] }.value(&tally) - 45.5).abs() < 1e-12);
        // 400 + 1e6 / 3.1.
        let three = Score::KspdgLadyBanditGuard { three: [0, 1, 2] }.value(&tally);
        assert!((three - (400.0 + 1e6 / 3.1)).abs() < 1e-9);
        assert_eq!(Score::KspdgSunBlocking { pair: [0, 1] }.value(&tally), 12.5);
    }
}
