//! Two-impulse transfer to where the target will be.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::intercept::Intercept;
use super::{Behaviour, Memory};
use crate::astro::Vector3;
use crate::astro::lambert::{self, TransferWay};
use crate::astro::rtn::{RelativeState, RtnFrame};
use crate::astro::{CartesianState, kepler};
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::view::{Track, View};

/// Lambert transfer to the target's predicted position, corrected on the way.
///
/// For each of a grid of arrival times the target is predicted by two-body motion (and its acceleration, held for a
/// horizon) and Lambert's problem is solved for the orbit there; the cheapest in Δv and time is flown. Its impulse is
/// flown as a finite burn at full thrust, and everything is solved anew in each segment, so that what the burn's length
/// and the target's manoeuvres do is corrected; misses within a dead band are let be. There is no second impulse, since
/// an intercept does not ask for one. In the `relative` tier the orbit is that of the Clohessy-Wiltshire equations.
/// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., sections 6.7 and 7.6 (Lambert targeting).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LambertTwoImpulse {
    /// Δv that a second is worth when the time of arrival is chosen [m/s²].
    #[schemars(extend("minimum" = 0.0))]
    pub time_weight_m_s2: Distribution,
    /// How long the target is taken to hold its acceleration [s].
    #[schemars(extend("minimum" = 0.0))]
    pub target_acceleration_horizon_s: Distribution,
    /// Δv kept to answer the target's manoeuvres, as a multiple of the target's Δv left [-].
    #[schemars(extend("minimum" = 0.0))]
    pub reserve_ratio: Distribution,
    /// Miss on arrival that is let be when the arrival is near [m].
    #[schemars(extend("minimum" = 0.0))]
    pub dead_band_m: Distribution,
    /// Correction that is let be when the arrival is far [m/s].
    #[schemars(extend("minimum" = 0.0))]
    pub dead_band_m_s: Distribution,
}

impl Default for LambertTwoImpulse {
    fn default() -> Self {
        Self {
            time_weight_m_s2: Distribution::Fixed(0.006),
            target_acceleration_horizon_s: Distribution::Fixed(10.0),
            reserve_ratio: Distribution::Fixed(1.0),
            dead_band_m: Distribution::Fixed(15.0),
            dead_band_m_s: Distribution::Fixed(0.05),
        }
    }
}

/// The impulse [m/s], own RTN, that takes own ship to where the target will be after `tau_s`.
///
/// `None` where Lambert's problem has no answer, or the Clohessy-Wiltshire equations none.
fn impulse(view: &View, target: &Track, intercept: &Intercept<'_>, tau_s: f64) -> Option<Vector3> {
    if view.relative_tier {
        return intercept.motion(tau_s).velocity_change_for(&intercept.miss_m(tau_s));
    }
    let own = &view.own.state;
    let target_now =
        RelativeState { position_rtn_m: target.position_rtn_m, velocity_rtn_m_s: target.velocity_rtn_m_s }.to_gcrf(own);
    let target_then = kepler::propagate(&target_now, view.mu_m3_s2, tau_s);
    // The displacement stands in the axes that own RTN will have turned to.
    let axes_then = RtnFrame::of(&kepler::propagate(own, view.mu_m3_s2, tau_s));
    let meeting_m = target_then.position_m + axes_then.to_gcrf(&intercept.target_displacement_m(&intercept.motion(tau_s), tau_s));
    let departure = departure_velocity(own, &meeting_m, tau_s, view.mu_m3_s2)?;
    Some(RtnFrame::of(own).to_rtn(&(departure - own.velocity_m_s)))
}

/// The velocity [m/s] that leads from `own` to `meeting_m` the way round that own ship flies already.
fn departure_velocity(own: &CartesianState, meeting_m: &Vector3, tau_s: f64, mu: f64) -> Option<Vector3> {
    let momentum = own.position_m.cross(&own.velocity_m_s);
    let way =
        if own.position_m.cross(meeting_m).dot(&momentum) >= 0.0 { TransferWay::Short } else { TransferWay::Long };
    lambert::solve(&own.position_m, meeting_m, tau_s, way, mu).ok().map(|solution| solution.departure_velocity_m_s)
}

impl Behaviour for LambertTwoImpulse {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.time_weight_m_s2.sample(generator);
        memory.parameters[1] = self.target_acceleration_horizon_s.sample(generator);
        memory.parameters[2] = self.reserve_ratio.sample(generator);
        memory.parameters[3] = self.dead_band_m.sample(generator);
        memory.parameters[4] = self.dead_band_m_s.sample(generator);
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        let [time_weight, horizon_s, reserve_ratio, dead_band_m, dead_band_m_s, ..] = memory.parameters;
        let Some(target) = view.target() else { return Vector3::zeros() };
        let intercept = Intercept::new(view, target, horizon_s);
        let affordable = intercept.affordable_delta_v_m_s(reserve_ratio);
        let mut best = (f64::INFINITY, 0.0, Vector3::zeros());
        for tau_s in intercept.times_to_go_s(memory.scratch[0]) {
            let Some(delta_v) = impulse(view, target, &intercept, tau_s) else { continue };
            let size = delta_v.norm();
            // A burn of constant thrust over the whole time moves half as far as the impulse: 2 Δv / τ is needed at least.
            let cost = intercept.cost_m_s(tau_s, size, time_weight, affordable, 2.0 * size / tau_s);
            if cost < best.0 {
                best = (cost, tau_s, delta_v);
            }
        }
        let (cost, tau_s, delta_v) = best;
        if cost.is_infinite() {
            return Vector3::zeros();
        }
        memory.scratch[0] = view.time_s + tau_s;
        let miss_m = intercept.motion(tau_s).position_by_velocity * delta_v;
        if miss_m.norm() < dead_band_m || delta_v.norm() < dead_band_m_s {
            return Vector3::zeros();
        }
        intercept.burn(tau_s, &miss_m)
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("time_weight_m_s2", self.time_weight_m_s2.fault_outside(0.0, f64::INFINITY)),
            ("target_acceleration_horizon_s", self.target_acceleration_horizon_s.fault_outside(0.0, f64::INFINITY)),
            ("reserve_ratio", self.reserve_ratio.fault_outside(0.0, f64::INFINITY)),
            ("dead_band_m", self.dead_band_m.fault_outside(0.0, f64::INFINITY)),
            ("dead_band_m_s", self.dead_band_m_s.fault_outside(0.0, f64::INFINITY)),
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
    fn captures_a_ballistic_target_near_the_impulsive_cost() {
        for (duel, name) in [
            (Duel::relative([1_500.0, -4_500.0, 800.0], [0.3, -2.0, 0.2]), "Clohessy-Wiltshire"),
            (Duel::two_body([1_500.0, -4_500.0, 800.0], [0.3, -2.0, 0.2]), "two-body"),
        ] {
            let report = duel.play(&LambertTwoImpulse::default(), &Ballistic {}, 1);
            assert!(report.captured, "{name}: least range {} m", report.least_range_m);
            assert!(report.pursuer_delta_v_m_s < 15.0, "{name}: {} m/s", report.pursuer_delta_v_m_s);
        }
    }

    #[test]
    fn lambert_and_clohessy_wiltshire_agree_nearby() {
        let two_body = Duel::two_body([300.0, -2_000.0, 400.0], [0.3, -0.5, 0.2]).pursuer_view();
        let relative = View { relative_tier: true, ..two_body };
        let target = two_body.target().expect("one track");
        let intercept = Intercept::new(&two_body, target, 0.0);
        let by_lambert = impulse(&two_body, target, &intercept, 600.0).expect("solvable");
        let by_equations = impulse(&relative, target, &intercept, 600.0).expect("solvable");
        // The terms that the linear equations leave out are of the order ρ/r, 3e-4, of some metres a second.
        assert!((by_lambert - by_equations).norm() < 0.01, "{by_lambert} {by_equations}");
    }
}
