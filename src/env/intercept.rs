//! The intercept that own ship could fly now: what a policy is shown in the last place of its observation.

use nalgebra::Matrix3;

use super::arrival::{self, Question, TimeGrid};
use crate::astro::Vector3;
use crate::astro::kepler::stumpff;
use crate::astro::relative::{self, ClohessyWiltshire};
use crate::astro::rtn::RelativeState;
use crate::sim::integrators::lanes::MAX_LANES;
use crate::sim::view::{Track, View};

/// Δv that a second of flight is worth when the time of arrival is chosen [m/s²].
pub(super) const TIME_WEIGHT_M_S2: f64 = 0.006;
/// Time for which the target is taken to hold its acceleration [s], its Δv allowing.
const ACCELERATION_LASTS_S: f64 = 10.0;
/// Gain of the feedback on the zero-effort miss; 3 would take the least energy of a target that keeps to what is expected of
/// it, more answers one that does not.
const NAVIGATION_GAIN: f64 = 6.0;
/// The target's Δv that is kept in reserve, as a share of what it has left.
const RESERVE_RATIO: f64 = 1.0;
/// Times of arrival that are tried first, evenly spaced in their logarithm.
pub(super) const TIMES: usize = 16;
/// Halvings of the spacing about the best of them.
pub(super) const REFINEMENTS: usize = 4;

/// An arrival at the target, own ship coasting until then or burning to be there.
///
/// The target is taken to hold its estimated acceleration for ten seconds and to coast from then on, both by the
/// Clohessy-Wiltshire equations. The time of arrival is the cheapest in Δv and time within the time left, half as much Δv
/// being kept as the target has left; arrivals that thrust or Δv do not reach cost heavily.
#[derive(Clone, Copy, Debug)]
pub struct Intercept {
    /// Time to go [s].
    pub time_s: f64,
    /// Zero-effort miss [m], own RTN: where the target then is, relative to own ship, if own ship coasts.
    pub miss_m: Vector3,
    /// Impulse now that nulls the miss [m/s], own RTN.
    pub impulse_m_s: Vector3,
    /// Acceleration now of feedback on the zero-effort miss [m/s²], own RTN: the gain times the impulse over the time to go,
    /// which in free space is a = N ZEM / t².
    pub acceleration_m_s2: Vector3,
    /// The target's estimated acceleration [m/s²], own RTN.
    pub target_acceleration_m_s2: Vector3,
    /// The target's Δv left [m/s], as far as known.
    pub target_delta_v_left_m_s: f64,
    /// The miss of a target that coasts [m], and how the position then depends on the velocity now [s].
    coasting_miss_m: Vector3,
    position_by_velocity: Matrix3<f64>,
}

impl Intercept {
    /// The cheapest intercept of `target`, a track of the view.
    #[must_use]
    pub fn plan(view: &View, target: &Track) -> Self {
        let grid = TimeGrid::between(view.segment_s, view.time_left_s);
        let after = |log_time: f64| {
            let log_time = grid.clamp(log_time);
            let intercept = Self::after(view, target, libm::exp(log_time), ACCELERATION_LASTS_S);
            (intercept.cost_m_s(view), log_time, intercept)
        };
        let cheaper = |a: (f64, f64, Self), b: (f64, f64, Self)| if b.0 < a.0 { b } else { a };
        let mut best = (1..TIMES).map(|index| after(grid.log_time(index))).fold(after(grid.log_time(0)), cheaper);
        let mut step = grid.step;
        for _ in 0..REFINEMENTS {
            step *= 0.5;
            best = [after(best.1 - step), after(best.1 + step)].into_iter().fold(best, cheaper);
        }
        best.2
    }

    /// As [`Intercept::plan`] for each of at most [`MAX_LANES`] views and targets, to the same bits, many times as fast.
    pub(super) fn plan_all(seen: &[(&View, &Track)]) -> [Self; MAX_LANES] {
        let mut questions = [Question::NONE; MAX_LANES];
        let mut grid = TimeGrid::between(1.0, 1.0);
        for (question, (view, target)) in questions.iter_mut().zip(seen) {
            if !grid.is_between(view.segment_s, view.time_left_s) {
                grid = TimeGrid::between(view.segment_s, view.time_left_s);
            }
            *question = Question {
                grid,
                mean_motion_rad_s: view.own.mean_motion_rad_s,
                position_m: target.position_rtn_m,
                velocity_m_s: target.velocity_rtn_m_s,
                target_acceleration_m_s2: target.acceleration_rtn_m_s2,
                held_at_most_s: affordable_s(target).min(ACCELERATION_LASTS_S),
                affordable_m_s: affordable_m_s(view, target.delta_v_left_m_s),
                authority_m_s2: view.own.max_acceleration_m_s2,
            };
        }
        let cheapest = arrival::cheapest(&questions);
        let mut psi = [0.0; MAX_LANES];
        let mut times_s = [1.0; MAX_LANES];
        for (lane, (view, _)) in seen.iter().enumerate() {
            if let Some(log_time) = cheapest[lane] {
                times_s[lane] = libm::exp(log_time);
                psi[lane] = ClohessyWiltshire::argument(view.own.mean_motion_rad_s, times_s[lane]);
            }
        }
        let near_zero = arrival::stumpff_near_zero(&psi);
        let mut planned = [Self::NONE; MAX_LANES];
        for (lane, (view, target)) in seen.iter().enumerate() {
            planned[lane] = if cheapest[lane].is_none() {
                Self::plan(view, target)
            } else {
                let c2_c3 = if psi[lane].abs() < 1.0 { near_zero[lane] } else { stumpff(psi[lane]) };
                let (n, time_s) = (view.own.mean_motion_rad_s, times_s[lane]);
                let map = ClohessyWiltshire::with_stumpff(n, time_s, psi[lane], c2_c3);
                Self::by(&map, target, time_s, ACCELERATION_LASTS_S)
            };
        }
        planned
    }

    const NONE: Self = Self {
        time_s: 0.0,
        miss_m: Vector3::new(0.0, 0.0, 0.0),
        impulse_m_s: Vector3::new(0.0, 0.0, 0.0),
        acceleration_m_s2: Vector3::new(0.0, 0.0, 0.0),
        target_acceleration_m_s2: Vector3::new(0.0, 0.0, 0.0),
        target_delta_v_left_m_s: 0.0,
        coasting_miss_m: Vector3::new(0.0, 0.0, 0.0),
        position_by_velocity: Matrix3::new(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    };

    /// The intercept at the same time of another belief: that the target, the one that this was planned for, holds its
    /// acceleration for `lasts_s`.
    #[must_use]
    pub fn believing(&self, target: &Track, lasts_s: f64) -> Self {
        Self::with_miss(self.coasting_miss_m, self.position_by_velocity, target, self.time_s, lasts_s)
    }

    /// The intercept after `time_s` of a target that holds its acceleration for `lasts_s`, its Δv allowing.
    fn after(view: &View, target: &Track, time_s: f64, lasts_s: f64) -> Self {
        Self::by(&ClohessyWiltshire::over(view.own.mean_motion_rad_s, time_s), target, time_s, lasts_s)
    }

    #[inline]
    fn by(map: &ClohessyWiltshire, target: &Track, time_s: f64, lasts_s: f64) -> Self {
        let relative =
            RelativeState { position_rtn_m: target.position_rtn_m, velocity_rtn_m_s: target.velocity_rtn_m_s };
        Self::with_miss(map.zero_effort_miss_m(&relative), map.position_by_velocity, target, time_s, lasts_s)
    }

    fn with_miss(
        coasting_miss_m: Vector3,
        position_by_velocity: Matrix3<f64>,
        target: &Track,
        time_s: f64,
        lasts_s: f64,
    ) -> Self {
        let target_acceleration_m_s2 = target.acceleration_rtn_m_s2;
        // An acceleration held for h of the time t moves the meeting by a (h t - h²/2); the orbit's share of that is left out.
        let held_s = affordable_s(target).min(time_s).min(lasts_s);
        let shift_m = target_acceleration_m_s2 * (held_s * (time_s - 0.5 * held_s));
        let miss_m = coasting_miss_m + shift_m;
        let impulse_m_s = relative::velocity_change(&position_by_velocity, &miss_m).unwrap_or(miss_m / time_s);
        Self {
            time_s,
            miss_m,
            impulse_m_s,
            acceleration_m_s2: impulse_m_s * (NAVIGATION_GAIN / time_s),
            target_acceleration_m_s2,
            target_delta_v_left_m_s: target.delta_v_left_m_s,
            coasting_miss_m,
            position_by_velocity,
        }
    }

    fn cost_m_s(&self, view: &View) -> f64 {
        // The burn of least energy spends half as much again as the impulse.
        let delta_v_m_s = 1.5 * self.impulse_m_s.norm();
        let excess_m_s = (delta_v_m_s - affordable_m_s(view, self.target_delta_v_left_m_s)).max(0.0);
        let least_energy_m_s2 = 3.0 * self.impulse_m_s.norm() / self.time_s;
        let overload_m_s2 = (least_energy_m_s2 - view.own.max_acceleration_m_s2).max(0.0);
        delta_v_m_s + TIME_WEIGHT_M_S2 * self.time_s + 100.0 * excess_m_s + 10.0 * overload_m_s2 * self.time_s
    }
}

/// Time for which the target can hold its acceleration [s].
#[inline]
fn affordable_s(target: &Track) -> f64 {
    target.delta_v_left_m_s / target.acceleration_rtn_m_s2.norm()
}

/// Δv that an intercept may take [m/s]: what is left less the reserve.
#[inline]
fn affordable_m_s(view: &View, target_delta_v_left_m_s: f64) -> f64 {
    let left_m_s = view.own.delta_v_left_m_s;
    if left_m_s.is_finite() {
        left_m_s - (RESERVE_RATIO * target_delta_v_left_m_s).min(0.5 * left_m_s)
    } else {
        left_m_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::astro::CartesianState;
    use crate::sim::view::{MAX_TRACKS, Mark, OwnShip};

    fn view(position_rtn_m: Vector3, velocity_rtn_m_s: Vector3) -> View {
        let mut tracks = [Track::ABSENT; MAX_TRACKS];
        tracks[0] = Track { slot: 1, team: 2, position_rtn_m, velocity_rtn_m_s, mark: Mark::Goal, ..Track::ABSENT };
        View {
            time_s: 0.0,
            time_left_s: 1200.0,
            segment_s: 10.0,
            replan_every: 4,
            relative_tier: true,
            closest_approach_m: f64::INFINITY,
            inspection: None,
            goal_share: None,
            mu_m3_s2: 3.986e14,
            own: OwnShip {
                slot: 0,
                team: 1,
                role: 0,
                state: CartesianState { position_m: Vector3::zeros(), velocity_m_s: Vector3::zeros() },
                mass_kg: 500.0,
                initial_mass_kg: 500.0,
                max_acceleration_m_s2: 0.02,
                per_axis: false,
                delta_v_left_m_s: 20.0,
                initial_delta_v_m_s: 20.0,
                delta_v_spent_m_s: 0.0,
                last_throttle: 0.0,
                mean_motion_rad_s: 0.0,
                sun_rtn: Vector3::x(),
                eclipsed: false,
            },
            tracks,
        }
    }

    #[test]
    fn in_free_space_the_velocity_change_nulls_the_miss() {
        let view = view(Vector3::new(3000.0, 200.0, -50.0), Vector3::new(-6.0, 0.1, 0.0));
        let Intercept { time_s, impulse_m_s, .. } = Intercept::plan(&view, &view.tracks[0]);
        assert!((300.0..600.0).contains(&time_s), "a target that is coming in 500 s is met about then: {time_s}");
        let arrival = view.tracks[0].position_rtn_m + (view.tracks[0].velocity_rtn_m_s - impulse_m_s) * time_s;
        assert!(arrival.norm() < 1e-6, "{arrival:?}");
    }

    #[test]
    fn a_target_that_draws_away_is_met_within_thrust_and_time() {
        let view = view(Vector3::new(3000.0, 0.0, 0.0), Vector3::new(1.0, 0.0, 0.0));
        let intercept = Intercept::plan(&view, &view.tracks[0]);
        assert!(intercept.time_s > 100.0 && intercept.time_s <= 1200.0 * (1.0 + 1e-9), "{intercept:?}");
        assert!(3.0 * intercept.impulse_m_s.norm() / intercept.time_s <= 0.02 + 1e-9, "{intercept:?}");
    }
}
