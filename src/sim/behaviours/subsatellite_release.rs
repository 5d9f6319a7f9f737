//! Releases a child.

use rand_distr::{Distribution as _, StandardNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::countdown::{self, FIRST_FREE};
use super::{Act, Behaviour, Memory, Needs};
use crate::astro::Vector3;
use crate::sim::components::Thruster;
use crate::sim::distribution::Distribution;
use crate::sim::release::{Datum, MOST_CHILDREN, Release};
use crate::sim::seeds::Generator;
use crate::sim::threat_class::ThreatClass;
use crate::sim::view::View;

/// Releases one child by a spring after a while, and takes its own recoil back.
///
/// The child takes the first spare slot of the team and plays what that slot's list says. The recoil, m/M times the speed of
/// separation (m the child's mass, M that of both), is burnt off at once where `takes_recoil_back`; before and
/// after, it coasts. Springs give 0.1 to 2 m/s.
/// Source: conservation of momentum; speeds of Kosmos 2521, 2535 and 2543 as in Weeden and Samson, Global Counterspace
/// Capabilities, Secure World Foundation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SubsatelliteRelease {
    /// Time from its beginning to the release [s].
    pub delay_s: Distribution,
    /// Speed of the child relative to the parent after the release [m/s].
    pub speed_m_s: Distribution,
    /// Weights of R, T and N in the direction: a Gaussian vector is scaled by them and normalised.
    pub direction_weights: [f64; 3],
    /// Whether it takes its recoil back, which needs thrust.
    pub takes_recoil_back: bool,
}

impl Default for SubsatelliteRelease {
    fn default() -> Self {
        Self {
            delay_s: Distribution::Uniform(60.0, 1_200.0),
            speed_m_s: Distribution::LogUniform(0.1, 2.0),
            direction_weights: [1.0; 3],
            takes_recoil_back: true,
        }
    }
}

/// Mass before the release [kg]; zero until then, and again when the recoil is known.
const MASS_BEFORE_KG: usize = FIRST_FREE;
/// Δv still to be burnt against the recoil, RTN [m/s].
const RECOIL_M_S: usize = FIRST_FREE + 1;

impl SubsatelliteRelease {
    /// The burn against what is left of the recoil; `velocity_rtn_m_s`: the child's.
    fn take_back(&self, view: &View, memory: &mut Memory, velocity_rtn_m_s: &Vector3) -> Vector3 {
        let before_kg = std::mem::take(&mut memory.scratch[MASS_BEFORE_KG]);
        let left = &mut memory.scratch[RECOIL_M_S..RECOIL_M_S + 3];
        if before_kg > 0.0 {
            // The parent was pushed by -m/M v.
            let child_share = 1.0 - view.own.mass_kg / before_kg;
            left.copy_from_slice((velocity_rtn_m_s * child_share).as_slice());
        }
        let left_m_s = Vector3::from_column_slice(left);
        let thruster = Thruster { per_axis: view.own.per_axis, ..Thruster::default() };
        let burn = thruster.clip(&(left_m_s / view.segment_s), view.own.max_acceleration_m_s2);
        left.copy_from_slice((left_m_s - burn * view.segment_s).as_slice());
        burn
    }
}

impl Behaviour for SubsatelliteRelease {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.delay_s.sample(generator);
        let speed_m_s = self.speed_m_s.sample(generator);
        let weights = Vector3::from(self.direction_weights);
        let direction = loop {
            let normal = Vector3::from_fn(|_, _| StandardNormal.sample(generator)).component_mul(&weights);
            // Weights that are all zero are a fault; they must not hang what is not checked.
            if weights == Vector3::zeros() {
                break Vector3::y();
            }
            if let Some(direction) = normal.try_normalize(1e-9) {
                break direction;
            }
        };
        memory.parameters[1..4].copy_from_slice((direction * speed_m_s).as_slice());
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Vector3 {
        self.act(view, memory, generator).acceleration_rtn_m_s2
    }

    fn act(&self, view: &View, memory: &mut Memory, _generator: &mut Generator) -> Act {
        let velocity_rtn_m_s = Vector3::from_column_slice(&memory.parameters[1..4]);
        if countdown::fires(memory, memory.parameters[0], view.time_s) {
            memory.scratch[MASS_BEFORE_KG] = view.own.mass_kg;
            let mut velocities_rtn_m_s = [Vector3::zeros(); MOST_CHILDREN];
            velocities_rtn_m_s[0] = velocity_rtn_m_s;
            let child = Release { count: 1, velocities_rtn_m_s, relative_to: Datum::Parent, tumble_rad_s: 0.0 };
            return Act { release: Some(child), ..Act::default() };
        }
        let takes_back = self.takes_recoil_back && countdown::is_done(memory);
        let acceleration_rtn_m_s2 =
            if takes_back { self.take_back(view, memory, &velocity_rtn_m_s) } else { Vector3::zeros() };
        Act { acceleration_rtn_m_s2, ..Act::default() }
    }

    fn class(&self, memory: &Memory, _time_s: f64) -> ThreatClass {
        if countdown::is_done(memory) { ThreatClass::SubsatelliteRelease } else { ThreatClass::Nominal }
    }

    fn needs(&self) -> Needs {
        Needs { thrust: self.takes_recoil_back, spare_slots: 1, ..Needs::default() }
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        let is_weight = |weight: &f64| weight.is_finite() && *weight >= 0.0;
        let weights = &self.direction_weights;
        let weighs = weights.iter().all(is_weight) && weights.iter().any(|weight| *weight > 0.0);
        let fault = || format!("{weights:?} are not three weights from 0 up, one of them above 0");
        [
            ("delay_s", self.delay_s.fault_outside(0.0, f64::MAX)),
            ("speed_m_s", self.speed_m_s.fault_outside(1e-3, 100.0)),
            ("direction_weights", (!weighs).then(fault)),
        ]
        .into_iter()
        .filter_map(|(field, fault)| Some((field, fault?)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::super::harness::Duel;
    use super::*;

    #[test]
    fn releases_once_after_its_delay_and_takes_the_recoil_back() {
        let behaviour = SubsatelliteRelease {
            delay_s: Distribution::Fixed(100.0),
            speed_m_s: Distribution::Fixed(1.5),
            direction_weights: [0.0, 1.0, 0.0],
            takes_recoil_back: true,
        };
        assert!(behaviour.faults().is_empty());
        let mut generator = Generator::seed_from_u64(1);
        let mut memory = behaviour.begin(&mut generator);
        let mut view = Duel::relative([0.0, -2_000.0, 0.0], [0.0; 3]).pursuer_view();
        view.own.max_acceleration_m_s2 = 0.02;
        (view.own.mass_kg, view.segment_s) = (500.0, 10.0);
        let mut burnt = Vector3::zeros();
        for time_s in (0..60).map(|segment| 300.0 + 10.0 * f64::from(segment)) {
            view.time_s = time_s;
            let act = behaviour.act(&view, &mut memory, &mut generator);
            assert_eq!(act.release.is_some(), time_s == 400.0, "at {time_s} s");
            if let Some(release) = act.release {
                assert_eq!((release.count, release.velocities_rtn_m_s[0].norm()), (1, 1.5));
                view.own.mass_kg = 450.0;
            }
            assert!(act.acceleration_rtn_m_s2.norm() <= 0.02 * (1.0 + 1e-12));
            burnt += act.acceleration_rtn_m_s2 * view.segment_s;
            let class = if time_s < 400.0 { ThreatClass::Nominal } else { ThreatClass::SubsatelliteRelease };
            assert_eq!(behaviour.class(&memory, time_s), class);
        }
        // A tenth of the mass was let go of at 1.5 m/s: 0.15 m/s the other way, along the child's direction again.
        let direction = Vector3::from_column_slice(&memory.parameters[1..4]) / 1.5;
        assert!((burnt - direction * 0.15).norm() < 1e-12, "{burnt}");
    }

    #[test]
    fn without_room_there_is_no_recoil_to_take_back() {
        let behaviour = SubsatelliteRelease { delay_s: Distribution::Fixed(0.0), ..SubsatelliteRelease::default() };
        let mut generator = Generator::seed_from_u64(2);
        let mut memory = behaviour.begin(&mut generator);
        let view = Duel::relative([0.0, -2_000.0, 0.0], [0.0; 3]).pursuer_view();
        assert!(behaviour.act(&view, &mut memory, &mut generator).release.is_some());
        assert_eq!(behaviour.act(&view, &mut memory, &mut generator), Act::default());
    }

    #[test]
    fn weights_of_nothing_are_a_fault_and_no_hang() {
        let behaviour = SubsatelliteRelease { direction_weights: [0.0; 3], ..SubsatelliteRelease::default() };
        assert_eq!(behaviour.faults().len(), 1);
        behaviour.begin(&mut Generator::seed_from_u64(3));
    }
}
