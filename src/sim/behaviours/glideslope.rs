//! Glideslope approach under a speed limit that falls with range.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::arc::{Arc, Arcs};
use super::intercept::Intercept;
use super::{Behaviour, Memory};
use crate::astro::Vector3;
use crate::astro::relative::ClohessyWiltshire;
use crate::astro::rtn::RelativeState;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::view::View;

/// Approach to a target at rest under a speed limit that falls with range, to touch it slowly.
///
/// The limit is floor + slope × (range - offset). In each segment own ship takes the Clohessy-Wiltshire arc to the
/// target whose speed stays within a fraction of the limit all the way, arrival included, and which costs least Δv now
/// and time; the command allows exactly for the length of the segment. An arc needs no thrust against Coriolis and
/// gravity gradient, and no braking at its end, so that a quiet approach is one burn and small corrections.
/// Where no arc keeps the limit, the one that breaks it least is flown.
/// Source: Hablani, Tapper and Dana-Bashian, Guidance and relative navigation for autonomous rendezvous in a circular
/// orbit, JGCD 25, 2002 (arcs between points of a glideslope); the limit is that of AFRL's docking task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Glideslope {
    /// Limit at the offset [m/s].
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub limit_floor_m_s: Distribution,
    /// Growth of the limit with range [1/s].
    #[schemars(extend("minimum" = 0.0))]
    pub limit_slope_per_s: Distribution,
    /// Range at which the limit is the floor [m].
    #[schemars(extend("minimum" = 0.0))]
    pub limit_offset_m: Distribution,
    /// Part of the limit that is used [-].
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1.0))]
    pub fraction: Distribution,
    /// Δv that a second is worth [m/s²].
    #[schemars(extend("minimum" = 0.0))]
    pub time_weight_m_s2: Distribution,
    /// Distance from the target's centre by which an arc may pass before it is corrected [m].
    #[schemars(extend("minimum" = 0.0))]
    pub dead_band_m: Distribution,
}

impl Default for Glideslope {
    fn default() -> Self {
        Self {
            limit_floor_m_s: Distribution::Fixed(0.2),
            // 2 n of AFRL's reference orbit, n = 0.001027 rad/s.
            limit_slope_per_s: Distribution::Fixed(0.002_054),
            limit_offset_m: Distribution::Fixed(0.5),
            fraction: Distribution::Fixed(0.9),
            time_weight_m_s2: Distribution::Fixed(3e-4),
            dead_band_m: Distribution::Fixed(0.1),
        }
    }
}

/// Points of an arc at which its speed is held against the limit.
const SAMPLES: usize = 12;

/// The greatest speed above `allowed_m_s(range)` along the coasting arc from `start` over `seconds` [m/s].
fn excess_speed_m_s(
    mean_motion_rad_s: f64,
    start: &RelativeState,
    seconds: f64,
    allowed_m_s: impl Fn(f64) -> f64,
) -> f64 {
    let step = ClohessyWiltshire::over(mean_motion_rad_s, seconds / SAMPLES as f64);
    let mut state = *start;
    let mut excess = state.velocity_rtn_m_s.norm() - allowed_m_s(state.position_rtn_m.norm());
    for _ in 0..SAMPLES {
        state = step.apply(&state, &Vector3::zeros());
        excess = excess.max(state.velocity_rtn_m_s.norm() - allowed_m_s(state.position_rtn_m.norm()));
    }
    excess.max(0.0)
}

impl Behaviour for Glideslope {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.limit_floor_m_s.sample(generator);
        memory.parameters[1] = self.limit_slope_per_s.sample(generator);
        memory.parameters[2] = self.limit_offset_m.sample(generator);
        memory.parameters[3] = self.fraction.sample(generator);
        memory.parameters[4] = self.time_weight_m_s2.sample(generator);
        memory.parameters[5] = self.dead_band_m.sample(generator);
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        let [floor, slope, offset_m, fraction, time_weight, dead_band_m, ..] = memory.parameters;
        let Some(target) = view.target() else { return Vector3::zeros() };
        let allowed_m_s = |range_m: f64| fraction * (floor + slope * (range_m - offset_m));
        let n = view.own.mean_motion_rad_s;
        let segment_s = view.segment_s;
        let intercept = Intercept::new(view, target, 0.0);
        let arcs = Arcs::from_here(view, target);
        let mut best = (f64::INFINITY, 0.0, Vector3::zeros());
        for tau_s in intercept.times_to_go_s(memory.scratch[0]) {
            let Some(arc) = arcs.to(&Vector3::zeros(), tau_s, dead_band_m) else { continue };
            let Arc { acceleration_rtn_m_s2: acceleration, reached, miss_m: left_m } = arc;
            let excess = excess_speed_m_s(n, &reached, tau_s - segment_s, allowed_m_s);
            let delta_v = if view.own.per_axis { acceleration.lp_norm(1) } else { acceleration.norm() } * segment_s;
            // What clipped thrust leaves of the miss has to be burnt later, at Δv of about miss over time.
            let cost = delta_v + left_m / tau_s + time_weight * tau_s + 100.0 * excess;
            if cost < best.0 {
                best = (cost, tau_s, acceleration);
            }
        }
        memory.scratch[0] = view.time_s + best.1;
        best.2
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("limit_floor_m_s", self.limit_floor_m_s.fault_outside(f64::MIN_POSITIVE, f64::INFINITY)),
            ("limit_slope_per_s", self.limit_slope_per_s.fault_outside(0.0, f64::INFINITY)),
            ("limit_offset_m", self.limit_offset_m.fault_outside(0.0, f64::INFINITY)),
            ("fraction", self.fraction.fault_outside(f64::MIN_POSITIVE, 1.0)),
            ("time_weight_m_s2", self.time_weight_m_s2.fault_outside(0.0, f64::INFINITY)),
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
    fn docks_slowly_and_never_breaks_the_limit() {
        for (position, velocity) in [
            ([60.0, -110.0, 40.0], [0.1, 0.1, -0.1]),
            // Moving away at eight tenths of the limit.
            ([0.0, 0.0, 150.0], [0.0, 0.0, 0.4]),
            ([-100.0, 0.0, 0.0], [-0.1, 0.25, 0.1]),
            ([0.0, 149.0, 0.0], [0.2, -0.3, 0.1]),
        ] {
            let report = Duel::docking(position, velocity).play(&Glideslope::default(), &Ballistic {}, 1);
            assert!(report.captured, "{position:?}: least range {} m", report.least_range_m);
            assert!(report.speed_at_end_m_s < 0.2, "{position:?}: {} m/s", report.speed_at_end_m_s);
            assert!(report.worst_overspeed_m_s <= 0.0, "{position:?}: {} m/s over", report.worst_overspeed_m_s);
            assert!(report.pursuer_delta_v_m_s < 1.5, "{position:?}: {} m/s spent", report.pursuer_delta_v_m_s);
        }
    }
}
