//! The meeting that a guidance plans: where its target will be, and what it takes to be there.

use nalgebra::Matrix3;

use crate::astro::Vector3;
use crate::astro::relative::ClohessyWiltshire;
use crate::astro::rtn::RelativeState;
use crate::sim::view::{Track, View};

/// Arrival times that a guidance compares.
const ARRIVALS: usize = 28;

/// Prediction of a target relative to own ship, own ship coasting, by the Clohessy-Wiltshire equations.
///
/// The target is taken to hold its estimated acceleration for a while and to coast from then on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Intercept<'a> {
    view: &'a View,
    target: &'a Track,
    /// Time for which the target's acceleration is taken to last [s].
    acceleration_lasts_s: f64,
}

impl<'a> Intercept<'a> {
    /// `acceleration_horizon_s`: how long the target is taken to hold its acceleration, its Δv allowing.
    pub(super) fn new(view: &'a View, target: &'a Track, acceleration_horizon_s: f64) -> Self {
        let affordable_s = target.delta_v_left_m_s / target.acceleration_rtn_m_s2.norm();
        // Without acceleration and Δv the quotient is 0/0; f64::min then answers with the horizon, which is harmless.
        Self { view, target, acceleration_lasts_s: affordable_s.min(acceleration_horizon_s) }
    }

    /// Times to go [s] worth comparing: a grid from two segments to the time left less two, in geometric progression, and that to
    /// `planned_arrival_s`, the time since the start of the episode for which the last segment was planned, if it is to come.
    pub(super) fn times_to_go_s(&self, planned_arrival_s: f64) -> impl Iterator<Item = f64> + use<> {
        let latest = (self.view.time_left_s - 2.0 * self.view.segment_s).max(self.view.segment_s);
        let earliest = (2.0 * self.view.segment_s).min(latest);
        let ratio = libm::pow(latest / earliest, 1.0 / (ARRIVALS - 1) as f64);
        let grid = (0..ARRIVALS).scan(earliest, move |time, _| {
            let now = *time;
            *time *= ratio;
            Some(now)
        });
        let planned = planned_arrival_s - self.view.time_s;
        grid.chain((planned >= self.view.segment_s).then_some(planned))
    }

    /// The solution of own motion over `tau_s`.
    pub(super) fn motion(&self, tau_s: f64) -> ClohessyWiltshire {
        ClohessyWiltshire::over(self.view.own.mean_motion_rad_s, tau_s)
    }

    /// The response of own position to own velocity [s] over several times.
    pub(super) fn positions_by_velocity<const N: usize>(&self, taus_s: [f64; N]) -> [Matrix3<f64>; N] {
        ClohessyWiltshire::positions_by_velocity(self.view.own.mean_motion_rad_s, taus_s)
    }

    /// What the target's acceleration adds to its position after `tau_s` [m], own RTN; `motion`: own motion over that time.
    pub(super) fn target_displacement_m(&self, motion: &ClohessyWiltshire, tau_s: f64) -> Vector3 {
        let acceleration = &self.target.acceleration_rtn_m_s2;
        if *acceleration == Vector3::zeros() {
            return Vector3::zeros();
        }
        let coasts = self.motion(tau_s - self.acceleration_lasts_s.min(tau_s));
        (motion.position_by_acceleration - coasts.position_by_acceleration) * acceleration
    }

    /// The target's position relative to own ship after `tau_s` if own ship coasts [m], own RTN: the zero-effort miss.
    pub(super) fn miss_m(&self, tau_s: f64) -> Vector3 {
        self.miss_by(&self.motion(tau_s), tau_s)
    }

    /// As [`Intercept::miss_m`], with own motion over `tau_s` at hand.
    pub(super) fn miss_by(&self, motion: &ClohessyWiltshire, tau_s: f64) -> Vector3 {
        let relative = RelativeState {
            position_rtn_m: self.target.position_rtn_m,
            velocity_rtn_m_s: self.target.velocity_rtn_m_s,
        };
        motion.zero_effort_miss_m(&relative) + self.target_displacement_m(motion, tau_s)
    }

    /// The acceleration [m/s²], RTN, for the next segment that takes away `miss_m` after `tau_s` by one burn from now on.
    ///
    /// Where the segment suffices, it is held for all of it, softly; where it does not, it is the first piece of a longer
    /// burn at full thrust, whose direction allows for the burn's length.
    pub(super) fn burn(&self, tau_s: f64, miss_m: &Vector3) -> Vector3 {
        let greatest = self.view.own.max_acceleration_m_s2;
        let mut burn_s = self.view.segment_s.min(tau_s);
        let mut acceleration = Vector3::zeros();
        // The length of the burn lengthens the burn (its centre comes later); six rounds settle it to a percent.
        for _ in 0..6 {
            let Some(inverse) = self.held_for(tau_s, burn_s).try_inverse() else { return acceleration };
            acceleration = inverse * miss_m;
            let ratio = acceleration.norm() / greatest;
            if ratio.is_nan() || ratio <= 1.0 || burn_s >= tau_s {
                break;
            }
            burn_s = (burn_s * ratio).min(tau_s);
        }
        acceleration
    }

    /// ∂position(`tau_s`)/∂acceleration, the acceleration being held for the first `burn_s`.
    fn held_for(&self, tau_s: f64, burn_s: f64) -> Matrix3<f64> {
        self.motion(tau_s).position_by_acceleration - self.motion(tau_s - burn_s).position_by_acceleration
    }

    /// Δv [m/s] that may be planned for, `reserve_ratio` times the target's Δv being kept to answer its manoeuvres.
    pub(super) fn affordable_delta_v_m_s(&self, reserve_ratio: f64) -> f64 {
        let left = self.view.own.delta_v_left_m_s;
        if left.is_infinite() {
            return left;
        }
        // A target of unbounded Δv must not leave a guidance without any.
        left - (reserve_ratio * self.target.delta_v_left_m_s).min(0.5 * left)
    }

    /// What an arrival is worth [m/s], less being better: its Δv, its time at `time_weight_m_s2`, and heavily what
    /// it asks beyond `affordable_m_s` or beyond the thrust.
    pub(super) fn cost_m_s(
        &self,
        tau_s: f64,
        delta_v_m_s: f64,
        time_weight_m_s2: f64,
        affordable_m_s: f64,
        peak_acceleration_m_s2: f64,
    ) -> f64 {
        let excess = (delta_v_m_s - affordable_m_s).max(0.0);
        let overload = (peak_acceleration_m_s2 - self.view.own.max_acceleration_m_s2).max(0.0) * tau_s;
        delta_v_m_s + time_weight_m_s2 * tau_s + 100.0 * excess + 10.0 * overload
    }
}

#[cfg(test)]
mod tests {
    use super::super::harness::Duel;
    use super::*;

    #[test]
    fn a_burn_takes_away_the_miss() {
        let duel = Duel::relative([300.0, -4_000.0, 500.0], [0.4, -0.3, 0.1]);
        let view = duel.pursuer_view();
        let target = *view.target().expect("one track");
        let intercept = Intercept::new(&view, &target, 0.0);
        let tau_s = 900.0;
        // Small enough a miss for one segment: the forced response of own ship is the whole miss.
        let miss_m = Vector3::new(20.0, -30.0, 10.0);
        let acceleration = intercept.burn(tau_s, &miss_m);
        assert!(acceleration.norm() < view.own.max_acceleration_m_s2);
        let after_burn = intercept.motion(view.segment_s).apply(
            &RelativeState { position_rtn_m: Vector3::zeros(), velocity_rtn_m_s: Vector3::zeros() },
            &acceleration,
        );
        let reached_m = intercept.motion(tau_s - view.segment_s).zero_effort_miss_m(&after_burn);
        assert!((reached_m - miss_m).norm() < 1e-9, "{reached_m}");
        // Too large a one for a segment: the command is at or above full thrust, towards the target.
        let acceleration = intercept.burn(tau_s, &intercept.miss_m(tau_s));
        assert!(acceleration.norm() > 0.98 * view.own.max_acceleration_m_s2);
        assert!(acceleration.y > 0.0);
    }

    #[test]
    fn the_target_coasts_when_its_delta_v_is_spent() {
        let duel = Duel::relative([0.0, -4_000.0, 0.0], [0.0; 3]);
        let view = duel.pursuer_view();
        let mut target = *view.target().expect("one track");
        target.acceleration_rtn_m_s2 = Vector3::new(0.0, 0.0, 0.01);
        target.delta_v_left_m_s = 0.5;
        let displaced_m = |target: &Track| {
            let intercept = Intercept::new(&view, target, 1e9);
            intercept.target_displacement_m(&intercept.motion(100.0), 100.0)
        };
        // 0.5 m/s reached after 50 s: 0.5 × 0.01 × 50² + 0.5 × 50 in free space, a little less in orbit.
        assert!((displaced_m(&target).z - 37.5).abs() < 0.2, "{}", displaced_m(&target));
        target.delta_v_left_m_s = 0.0;
        assert_eq!(displaced_m(&target).norm(), 0.0);
    }
}
