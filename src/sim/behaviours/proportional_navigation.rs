//! Proportional navigation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::intercept::Intercept;
use super::{Behaviour, Memory};
use crate::astro::Vector3;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::view::{Track, View};

/// Augmented proportional navigation on the line-of-sight rate, with a schedule of the closing speed.
///
/// Across the line of sight a = N V λ̇ × l + N/2 (a_T + g)⊥: λ̇ is the inertial rate of the line of sight, so that the
/// Coriolis acceleration of the rotating frame is in it; a_T is the target's acceleration, held for a horizon, and
/// g = n² (2x, -y, -z) the gravity gradient between the two. V is the closing speed, or that of the schedule where it
/// is greater. Along the line of sight own ship speeds up to the schedule √(w ρ), at which speed and time are traded at
/// w (the least of ρ/τ + w τ), or to what arrival in time asks, within the Δv kept for the end, and never brakes.
/// Source: Zarchan, Tactical and Strategic Missile Guidance, chapters 2 and 8.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProportionalNavigation {
    /// Navigation constant N [-].
    #[schemars(extend("minimum" = 2.0, "maximum" = 10.0))]
    pub navigation_constant: Distribution,
    /// Δv that a second is worth in the schedule of the closing speed [m/s²].
    #[schemars(extend("minimum" = 0.0))]
    pub time_weight_m_s2: Distribution,
    /// How long the target is taken to hold its acceleration [s].
    #[schemars(extend("minimum" = 0.0))]
    pub target_acceleration_horizon_s: Distribution,
    /// Δv kept for corrections, as a multiple of the target's Δv left [-].
    #[schemars(extend("minimum" = 0.0))]
    pub reserve_ratio: Distribution,
    /// Miss, as the rate of the line of sight foretells it, below which nothing is burnt across [m].
    #[schemars(extend("minimum" = 0.0))]
    pub dead_band_m: Distribution,
}

impl Default for ProportionalNavigation {
    fn default() -> Self {
        Self {
            navigation_constant: Distribution::Fixed(3.0),
            time_weight_m_s2: Distribution::Fixed(0.012),
            target_acceleration_horizon_s: Distribution::Fixed(25.0),
            reserve_ratio: Distribution::Fixed(0.5),
            dead_band_m: Distribution::Fixed(15.0),
        }
    }
}

/// Part of the time left within which the schedule means to arrive.
const ARRIVE_WITHIN: f64 = 0.85;

/// The numbers that a [`ProportionalNavigation`] has drawn, or that another guidance steers by in its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct NavigationGains {
    /// Navigation constant N [-].
    pub(super) navigation_constant: f64,
    /// Δv that a second is worth [m/s²].
    pub(super) time_weight_m_s2: f64,
    /// How long the target is taken to hold its acceleration [s].
    pub(super) target_acceleration_horizon_s: f64,
    /// Δv kept, as a multiple of the target's Δv left [-].
    pub(super) reserve_ratio: f64,
    /// Foretold miss below which nothing is burnt across [m].
    pub(super) dead_band_m: f64,
}

/// The acceleration for the next segment towards `target`, own RTN [m/s²].
pub(super) fn steer(view: &View, target: &Track, gains: &NavigationGains) -> Vector3 {
    let horizon_s = gains.target_acceleration_horizon_s;
    let (position, rotating_velocity) = (target.position_rtn_m, target.velocity_rtn_m_s);
    let range_m = position.norm().max(1.0);
    let line = position / range_m;
    let n = view.own.mean_motion_rad_s;
    let velocity = rotating_velocity + Vector3::new(0.0, 0.0, n).cross(&position);
    let line_rate = position.cross(&velocity) / (range_m * range_m);
    let closing_m_s = -line.dot(&velocity);

    let affordable = Intercept::new(view, target, horizon_s).affordable_delta_v_m_s(gains.reserve_ratio);
    let in_time = range_m / (ARRIVE_WITHIN * view.time_left_s.max(view.segment_s));
    let wanted_m_s = (gains.time_weight_m_s2 * range_m).sqrt().max(in_time).min(closing_m_s.max(0.0) + affordable);

    let greatest = view.own.max_acceleration_m_s2;
    let speed_m_s = closing_m_s.max(wanted_m_s).max(1e-3);
    let time_to_go_s = range_m / speed_m_s;
    // An acceleration held for h of the time to go τ displaces by (2 h/τ - h²/τ²) of what it would if held throughout.
    let held =
        (horizon_s.min(target.delta_v_left_m_s / target.acceleration_rtn_m_s2.norm()) / time_to_go_s).min(1.0);
    let gradient = Vector3::new(2.0 * position.x, -position.y, -position.z) * (n * n);
    let disturbance = target.acceleration_rtn_m_s2 * (held * (2.0 - held)) + gradient;
    let disturbance_across = disturbance - line * line.dot(&disturbance);
    let miss_m = (line_rate.cross(&line) * (range_m * time_to_go_s)
        + disturbance_across * (0.5 * time_to_go_s * time_to_go_s))
        .norm();
    let mut across = if miss_m < gains.dead_band_m {
        Vector3::zeros()
    } else {
        line_rate.cross(&line) * (gains.navigation_constant * speed_m_s) + disturbance_across * (0.5 * gains.navigation_constant)
    };
    if across.norm() > greatest {
        across *= greatest / across.norm();
    }
    let room = (greatest * greatest - across.norm_squared()).max(0.0).sqrt();
    let along = ((wanted_m_s - closing_m_s) / view.segment_s).clamp(0.0, room);
    across + line * along
}

impl Behaviour for ProportionalNavigation {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.navigation_constant.sample(generator);
        memory.parameters[1] = self.time_weight_m_s2.sample(generator);
        memory.parameters[2] = self.target_acceleration_horizon_s.sample(generator);
        memory.parameters[3] = self.reserve_ratio.sample(generator);
        memory.parameters[4] = self.dead_band_m.sample(generator);
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        let [navigation_constant, time_weight_m_s2, target_acceleration_horizon_s, reserve_ratio, dead_band_m, ..] =
            memory.parameters;
        let gains = NavigationGains {
            navigation_constant,
            time_weight_m_s2,
            target_acceleration_horizon_s,
            reserve_ratio,
            dead_band_m,
        };
        view.target().map_or_else(Vector3::zeros, |target| steer(view, target, &gains))
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("navigation_constant", self.navigation_constant.fault_outside(2.0, 10.0)),
            ("time_weight_m_s2", self.time_weight_m_s2.fault_outside(0.0, f64::INFINITY)),
            ("target_acceleration_horizon_s", self.target_acceleration_horizon_s.fault_outside(0.0, f64::INFINITY)),
            ("reserve_ratio", self.reserve_ratio.fault_outside(0.0, f64::INFINITY)),
            ("dead_band_m", self.dead_band_m.fault_outside(0.0, f64::INFINITY)),
        ]
        .into_iter()
        .filter_map(|(field, fault)| Some((field, fault?)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::super::ballistic::Ballistic;
    use super::super::harness::Duel;
    use super::*;

    #[test]
    fn captures_a_ballistic_target() {
        for (duel, name) in [
            (Duel::relative([1_500.0, -4_500.0, 800.0], [0.3, -2.0, 0.2]), "Clohessy-Wiltshire"),
            (Duel::two_body([1_500.0, -4_500.0, 800.0], [0.3, -2.0, 0.2]), "two-body"),
        ] {
            let report = duel.play(&ProportionalNavigation::default(), &Ballistic {}, 1);
            assert!(report.captured, "{name}: least range {} m", report.least_range_m);
            assert!(report.pursuer_delta_v_m_s < 20.0, "{name}: {} m/s", report.pursuer_delta_v_m_s);
        }
    }

    #[test]
    fn turns_with_the_line_of_sight() {
        // Closing at 10 m/s, fast enough for the schedule, on a target that crosses towards +N, in free space.
        let mut duel = Duel::relative([0.0, -1_000.0, 0.0], [0.0, 10.0, -0.5]);
        duel.mean_motion_rad_s = 0.0;
        let mut generator = Generator::seed_from_u64(1);
        let guidance = ProportionalNavigation::default();
        let mut memory = guidance.begin(&mut generator);
        let view = duel.pursuer_view();
        let command = guidance.accelerate(&view, &mut memory, &mut generator);
        // N V λ̇ = 3 × 10 m/s × (0.5 m/s / 1000 m)
        assert!((command - Vector3::new(0.0, 0.0, 0.015)).norm() < 1e-12, "{command}");
    }
}
