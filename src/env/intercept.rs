//! The intercept that own ship could fly now: what a policy is shown in the last place of its observation.

use crate::astro::Vector3;
use crate::astro::relative::ClohessyWiltshire;
use crate::astro::rtn::RelativeState;
use crate::sim::view::{Track, View};

/// Δv that a second of flight is worth when the time of arrival is chosen [m/s²].
const TIME_WEIGHT_M_S2: f64 = 0.006;
/// Time for which the target is taken to hold its acceleration [s], its Δv allowing.
const ACCELERATION_LASTS_S: f64 = 10.0;
/// Gain of the feedback on the zero-effort miss; 3 would take the least energy of a target that keeps to what is expected of
/// it, more answers one that does not.
const NAVIGATION_GAIN: f64 = 6.0;
/// The target's Δv that is kept in reserve, as a share of what it has left.
const RESERVE_RATIO: f64 = 1.0;
/// Times of arrival that are tried first, evenly spaced in their logarithm.
const TIMES: usize = 16;
/// Halvings of the spacing about the best of them.
const REFINEMENTS: usize = 4;

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
}

impl Intercept {
    /// The cheapest intercept of `target`, a track of the view.
    #[must_use]
    pub fn plan(view: &View, target: &Track) -> Self {
        let latest_s = view.time_left_s.max(view.segment_s);
        let (low, high) = (libm::log(view.segment_s), libm::log(latest_s));
        let mut step = (high - low) / (TIMES - 1) as f64;
        let after = |log_time: f64| {
            let log_time = log_time.clamp(low, high);
            let intercept = Self::after(view, target, libm::exp(log_time), ACCELERATION_LASTS_S);
            (intercept.cost_m_s(view), log_time, intercept)
        };
        let cheaper = |a: (f64, f64, Self), b: (f64, f64, Self)| if b.0 < a.0 { b } else { a };
        let mut best = (1..TIMES).map(|index| after(low + index as f64 * step)).fold(after(low), cheaper);
        for _ in 0..REFINEMENTS {
            step *= 0.5;
            best = [after(best.1 - step), after(best.1 + step)].into_iter().fold(best, cheaper);
        }
        best.2
    }

    /// The intercept at the same time of another belief: that the target holds its acceleration for `lasts_s`.
    #[must_use]
    pub fn believing(&self, view: &View, target: &Track, lasts_s: f64) -> Self {
        Self::after(view, target, self.time_s, lasts_s)
    }

    /// The intercept after `time_s` of a target that holds its acceleration for `lasts_s`, its Δv allowing.
    fn after(view: &View, target: &Track, time_s: f64, lasts_s: f64) -> Self {
        let map = ClohessyWiltshire::over(view.own.mean_motion_rad_s, time_s);
        let relative =
            RelativeState { position_rtn_m: target.position_rtn_m, velocity_rtn_m_s: target.velocity_rtn_m_s };
        let target_acceleration_m_s2 = target.acceleration_rtn_m_s2;
        // An acceleration held for h of the time t moves the meeting by a (h t - h²/2); the orbit's share of that is left out.
        let affordable_s = target.delta_v_left_m_s / target_acceleration_m_s2.norm();
        let held_s = affordable_s.min(time_s).min(lasts_s);
        let shift_m = target_acceleration_m_s2 * (held_s * (time_s - 0.5 * held_s));
        let miss_m = map.zero_effort_miss_m(&relative) + shift_m;
        let impulse_m_s = map.velocity_change_for(&miss_m).unwrap_or(miss_m / time_s);
        Self {
            time_s,
            miss_m,
            impulse_m_s,
            acceleration_m_s2: impulse_m_s * (NAVIGATION_GAIN / time_s),
            target_acceleration_m_s2,
            target_delta_v_left_m_s: target.delta_v_left_m_s,
        }
    }

    fn cost_m_s(&self, view: &View) -> f64 {
        // The burn of least energy spends half as much again as the impulse.
        let delta_v_m_s = 1.5 * self.impulse_m_s.norm();
        let left_m_s = view.own.delta_v_left_m_s;
        let affordable_m_s = if left_m_s.is_finite() {
            left_m_s - (RESERVE_RATIO * self.target_delta_v_left_m_s).min(0.5 * left_m_s)
        } else {
            left_m_s
        };
        let excess_m_s = (delta_v_m_s - affordable_m_s).max(0.0);
        let least_energy_m_s2 = 3.0 * self.impulse_m_s.norm() / self.time_s;
        let overload_m_s2 = (least_energy_m_s2 - view.own.max_acceleration_m_s2).max(0.0);
        delta_v_m_s + TIME_WEIGHT_M_S2 * self.time_s + 100.0 * excess_m_s + 10.0 * overload_m_s2 * self.time_s
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
