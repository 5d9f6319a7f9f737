//! The intercept that own ship could fly now: what a policy is shown in the last place of its observation.

use crate::astro::Vector3;
use crate::astro::relative::ClohessyWiltshire;
use crate::astro::rtn::RelativeState;
use crate::sim::view::{Track, View};

/// Δv that a second of flight is worth when the time of arrival is chosen [m/s²].
const TIME_WEIGHT_M_S2: f64 = 0.015;
/// Times of arrival that are tried first, evenly spaced in their logarithm.
const TIMES: usize = 16;
/// Halvings of the spacing about the best of them.
const REFINEMENTS: usize = 3;

/// An arrival after a time: where the target passes if own ship coasts, and the change of relative velocity that nulls it.
struct Arrival {
    cost: f64,
    miss_m: Vector3,
    relative_delta_v_m_s: Vector3,
}

/// The target's zero-effort miss as a virtual track: its position is where the target would pass, relative to own ship, if
/// own ship coasted and the target held its estimated acceleration for one more decision (Clohessy-Wiltshire), its velocity
/// the reverse of the velocity change that nulls this miss. On a straight line it arrives when the target does, so the
/// entries of its block mean what they mean for any track.
///
/// The time of arrival is the cheapest in Δv and time within the time left: of a grid, refined, and of the closest approach
/// on a straight line. Arrivals that full thrust could not reach are passed over where any other is left.
#[must_use]
pub fn intercept(view: &View) -> Option<Track> {
    let target = view.target()?;
    let latest_s = view.time_left_s.max(view.segment_s);
    let arrival = |time_s: f64| arrive(view, target, time_s);
    let (low, high) = (libm::log(view.segment_s), libm::log(latest_s));
    let mut step = (high - low) / (TIMES - 1) as f64;
    let mut best = (low, arrival(view.segment_s));
    let consider = |log_time: f64, best: &mut (f64, Arrival)| {
        let candidate = arrival(libm::exp(log_time.clamp(low, high)));
        if candidate.cost < best.1.cost {
            *best = (log_time.clamp(low, high), candidate);
        }
    };
    for index in 1..TIMES {
        consider(low + index as f64 * step, &mut best);
    }
    for _ in 0..REFINEMENTS {
        step *= 0.5;
        let centre = best.0;
        consider(centre - step, &mut best);
        consider(centre + step, &mut best);
    }
    let closest_s = target.time_to_closest_approach_s();
    if closest_s > view.segment_s && closest_s < latest_s {
        consider(libm::log(closest_s), &mut best);
    }
    let Arrival { miss_m, relative_delta_v_m_s, .. } = best.1;
    Some(Track { position_rtn_m: miss_m, velocity_rtn_m_s: relative_delta_v_m_s, ..*target })
}

fn arrive(view: &View, target: &Track, time_s: f64) -> Arrival {
    let map = ClohessyWiltshire::over(view.own.mean_motion_rad_s, time_s);
    let relative = RelativeState { position_rtn_m: target.position_rtn_m, velocity_rtn_m_s: target.velocity_rtn_m_s };
    // An acceleration held for h of the time t moves the meeting by a (h t - h²/2); the orbit's share of that is left out.
    let held_s = time_s.min(view.segment_s * view.replan_every as f64);
    let shift_m = target.acceleration_rtn_m_s2 * (held_s * (time_s - 0.5 * held_s));
    let miss_m = map.zero_effort_miss_m(&relative) + shift_m;
    // The change of the relative velocity, target less own: the reverse of own Δv.
    let relative_delta_v_m_s = map.velocity_change_for(&-miss_m).unwrap_or(-miss_m / time_s);
    let delta_v_m_s = relative_delta_v_m_s.norm();
    // A burn of the whole time moves the meeting by half of what an impulse of its Δv does.
    let reachable_m_s = (0.5 * view.own.max_acceleration_m_s2 * time_s).min(view.own.delta_v_left_m_s);
    let out_of_reach_m_s = (delta_v_m_s - reachable_m_s).max(0.0);
    Arrival { cost: delta_v_m_s + TIME_WEIGHT_M_S2 * time_s + 1e3 * out_of_reach_m_s, miss_m, relative_delta_v_m_s }
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
        let track = intercept(&view).expect("there is a target");
        let time_s = track.time_to_closest_approach_s();
        assert!((300.0..600.0).contains(&time_s), "a target that is coming in 500 s is met about then: {time_s}");
        let relative = view.tracks[0].velocity_rtn_m_s + track.velocity_rtn_m_s;
        let arrival = view.tracks[0].position_rtn_m + relative * time_s;
        assert!(arrival.norm() < 1e-6, "{arrival:?}");
    }

    #[test]
    fn a_target_that_draws_away_is_met_within_thrust_and_time() {
        let view = view(Vector3::new(3000.0, 0.0, 0.0), Vector3::new(1.0, 0.0, 0.0));
        let track = intercept(&view).expect("there is a target");
        let time_s = track.time_to_closest_approach_s();
        assert!(time_s > 100.0 && time_s <= 1200.0 * (1.0 + 1e-9), "{time_s}");
        assert!(track.velocity_rtn_m_s.norm() <= 0.5 * 0.02 * time_s + 1e-9);
    }
}
