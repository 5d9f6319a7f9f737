//! Zero-effort-miss feedback.

use nalgebra::Matrix3;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::intercept::Intercept;
use super::{Behaviour, Memory};
use crate::astro::Vector3;
use crate::astro::relative::ClohessyWiltshire;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::view::{Track, View};

/// Zero-effort-miss feedback for an intercept, on Clohessy-Wiltshire prediction.
///
/// In free space the optimal feedback for a rendezvous is a = 6/t² ZEM - 2/t ZEV, and for an intercept, whose speed on
/// arrival is free, a = 3/t² ZEM, t being the time to go. This is the latter, without the assumption of free space:
/// a = (N/3) Φᵀ W⁻¹ ZEM with Φ the response of the position at arrival to an impulse now and W = ∫ Φ Φᵀ over the
/// time to go, which minimises ∫ a² under the Clohessy-Wiltshire equations and becomes N/t² ZEM where n t is small.
/// The miss allows for the target's acceleration, held for a horizon. The time to go is whichever of a grid costs least
/// Δv and time within the Δv, the thrust and the time that are left; it is chosen anew in each segment.
/// Source: Guo, Hawkins and Wie, Applications of generalized zero-effort-miss/zero-effort-velocity feedback guidance
/// algorithm, JGCD 36, 2013; Bryson and Ho, Applied Optimal Control, section 5.3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ZemZev {
    /// Gain N [-]; 3 minimises the energy.
    #[schemars(extend("minimum" = 1.0, "maximum" = 10.0))]
    pub navigation_gain: Distribution,
    /// Δv that a second is worth when the time of arrival is chosen [m/s²].
    #[schemars(extend("minimum" = 0.0))]
    pub time_weight_m_s2: Distribution,
    /// How long the target is taken to hold its acceleration [s].
    #[schemars(extend("minimum" = 0.0))]
    pub target_acceleration_horizon_s: Distribution,
    /// Δv kept to answer the target's manoeuvres, as a multiple of the target's Δv left [-].
    #[schemars(extend("minimum" = 0.0))]
    pub reserve_ratio: Distribution,
    /// Zero-effort miss below which nothing is burnt [m].
    #[schemars(extend("minimum" = 0.0))]
    pub dead_band_m: Distribution,
}

impl Default for ZemZev {
    fn default() -> Self {
        Self {
            navigation_gain: Distribution::Fixed(6.0),
            time_weight_m_s2: Distribution::Fixed(0.006),
            target_acceleration_horizon_s: Distribution::Fixed(5.0),
            reserve_ratio: Distribution::Fixed(1.0),
            dead_band_m: Distribution::Fixed(15.0),
        }
    }
}

/// Nodes and weights of Gauss-Legendre quadrature on [0, 1], five points: exact to the ninth power.
const QUADRATURE: [(f64, f64); 5] = [
    (0.046_910_077_030_668, 0.118_463_442_528_094_5),
    (0.230_765_344_947_158_5, 0.239_314_335_249_683_2),
    (0.5, 0.284_444_444_444_444_4),
    (0.769_234_655_052_841_5, 0.239_314_335_249_683_2),
    (0.953_089_922_969_332, 0.118_463_442_528_094_5),
];

/// The energy-optimal intercept after a time, over which own motion is `motion`: acceleration now [m/s²] and Δv of the whole [m/s].
fn optimal_intercept(
    intercept: &Intercept<'_>,
    tau_s: f64,
    motion: &ClohessyWiltshire,
    miss_m: &Vector3,
) -> Option<(Vector3, f64)> {
    let to_nodes = intercept.positions_by_velocity(QUADRATURE.map(|(node, _)| node * tau_s));
    let responses = to_nodes.iter().zip(QUADRATURE.map(|(_, weight)| weight));
    let gramian: Matrix3<f64> =
        responses.clone().map(|(response, weight)| response * response.transpose() * (weight * tau_s)).sum();
    let costate = gramian.try_inverse()? * miss_m;
    let delta_v = responses.map(|(response, weight)| (response.tr_mul(&costate)).norm() * weight * tau_s).sum();
    Some((motion.position_by_velocity.tr_mul(&costate), delta_v))
}

/// The numbers that a [`ZemZev`] has drawn, or that another guidance steers by in its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct ZemZevGains {
    /// Gain N [-].
    pub(super) navigation_gain: f64,
    /// Δv that a second is worth [m/s²].
    pub(super) time_weight_m_s2: f64,
    /// How long the target is taken to hold its acceleration [s].
    pub(super) target_acceleration_horizon_s: f64,
    /// Δv kept, as a multiple of the target's Δv left [-].
    pub(super) reserve_ratio: f64,
    /// Zero-effort miss below which nothing is burnt [m].
    pub(super) dead_band_m: f64,
}

/// The acceleration for the next segment towards `target`, own RTN [m/s²], and when it means to arrive, since the start of the
/// episode [s]; `planned_arrival_s`: when it meant to before.
pub(super) fn steer(view: &View, target: &Track, gains: &ZemZevGains, planned_arrival_s: f64) -> (Vector3, f64) {
    let intercept = Intercept::new(view, target, gains.target_acceleration_horizon_s);
    let affordable = intercept.affordable_delta_v_m_s(gains.reserve_ratio);
    let mut best = (f64::INFINITY, 0.0, Vector3::zeros());
    for tau_s in intercept.times_to_go_s(planned_arrival_s) {
        let motion = intercept.motion(tau_s);
        let miss_m = intercept.miss_by(&motion, tau_s);
        let Some((acceleration, delta_v)) = optimal_intercept(&intercept, tau_s, &motion, &miss_m) else { continue };
        let cost = intercept.cost_m_s(tau_s, delta_v, gains.time_weight_m_s2, affordable, acceleration.norm());
        if cost < best.0 {
            let is_near = miss_m.norm() < gains.dead_band_m;
            let command = if is_near { Vector3::zeros() } else { acceleration * (gains.navigation_gain / 3.0) };
            best = (cost, tau_s, command);
        }
    }
    (best.2, view.time_s + best.1)
}

impl Behaviour for ZemZev {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.navigation_gain.sample(generator);
        memory.parameters[1] = self.time_weight_m_s2.sample(generator);
        memory.parameters[2] = self.target_acceleration_horizon_s.sample(generator);
        memory.parameters[3] = self.reserve_ratio.sample(generator);
        memory.parameters[4] = self.dead_band_m.sample(generator);
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        let [navigation_gain, time_weight_m_s2, target_acceleration_horizon_s, reserve_ratio, dead_band_m, ..] =
            memory.parameters;
        let gains = ZemZevGains {
            navigation_gain,
            time_weight_m_s2,
            target_acceleration_horizon_s,
            reserve_ratio,
            dead_band_m,
        };
        let Some(target) = view.target() else { return Vector3::zeros() };
        let (command, arrival_s) = steer(view, target, &gains, memory.scratch[0]);
        memory.scratch[0] = arrival_s;
        command
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("navigation_gain", self.navigation_gain.fault_outside(1.0, 10.0)),
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
    use super::super::ballistic::Ballistic;
    use super::super::harness::Duel;
    use super::*;

    #[test]
    fn captures_a_ballistic_target() {
        for (duel, name) in [
            (Duel::relative([1_500.0, -4_500.0, 800.0], [0.3, -2.0, 0.2]), "Clohessy-Wiltshire"),
            (Duel::two_body([1_500.0, -4_500.0, 800.0], [0.3, -2.0, 0.2]), "two-body"),
        ] {
            let report = duel.play(&ZemZev::default(), &Ballistic {}, 1);
            assert!(report.captured, "{name}: least range {} m", report.least_range_m);
            assert!(report.pursuer_delta_v_m_s < 20.0);
        }
    }

    #[test]
    fn the_optimal_intercept_is_three_zem_over_time_squared_in_free_space() {
        let mut duel = Duel::relative([0.0, -4_000.0, 0.0], [0.0; 3]);
        duel.mean_motion_rad_s = 1e-9;
        let view = duel.pursuer_view();
        let intercept = Intercept::new(&view, view.target().expect("one track"), 0.0);
        let miss_m = Vector3::new(10.0, -20.0, 30.0);
        let (acceleration, delta_v) =
            optimal_intercept(&intercept, 200.0, &intercept.motion(200.0), &miss_m).expect("regular");
        assert!((acceleration - miss_m * (3.0 / 4e4)).norm() < 1e-9);
        assert!((delta_v - 1.5 * miss_m.norm() / 200.0).abs() < 1e-6);
    }
}
