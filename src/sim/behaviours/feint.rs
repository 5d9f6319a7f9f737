//! Evasion with one reversal.

use std::f64::consts::TAU;

use serde::{Deserialize, Serialize};

use super::line_of_sight::LineOfSight;
use super::{Behaviour, Memory};
use crate::astro::Vector3;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::view::View;

/// Burns to one side across the line of sight, and to the other when the threat is near: what answers the first burn is
/// then the wrong way.
///
/// The side is an angle about the line of sight, drawn once an episode. A manoeuvre at full thrust with a reversal at a
/// set time to go is the optimal evasion from a pursuer that answers late (Shinar and Steinberg, Analysis of optimal
/// evasive maneuvers based on a linearized two-dimensional kinematic model, J. Aircraft 14, 1977).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Feint {
    /// Time to closest approach below which it burns [s].
    pub lead_s: Distribution,
    /// Time to closest approach below which it burns the other way [s].
    pub reversal_s: Distribution,
    /// Angle of the first burn about the line of sight [rad], 0 being out of plane.
    pub plane_rad: Distribution,
}

impl Default for Feint {
    fn default() -> Self {
        Self {
            lead_s: Distribution::Uniform(250.0, 350.0),
            reversal_s: Distribution::Uniform(110.0, 150.0),
            plane_rad: Distribution::Uniform(0.0, TAU),
        }
    }
}

impl Behaviour for Feint {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.lead_s.sample(generator);
        memory.parameters[1] = self.reversal_s.sample(generator);
        memory.parameters[2] = self.plane_rad.sample(generator);
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        let [lead_s, reversal_s, plane_rad, ..] = memory.parameters;
        let Some(threat) = view.nearest_opponent() else { return Vector3::zeros() };
        let time_to_go_s = threat.time_to_closest_approach_s();
        if time_to_go_s <= 0.0 || time_to_go_s > lead_s {
            return Vector3::zeros();
        }
        let side = if time_to_go_s > reversal_s { 1.0 } else { -1.0 };
        LineOfSight::to(threat).across(plane_rad) * (side * view.own.max_acceleration_m_s2)
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("lead_s", self.lead_s.fault_outside(0.0, f64::INFINITY)),
            ("reversal_s", self.reversal_s.fault_outside(0.0, f64::INFINITY)),
            ("plane_rad", self.plane_rad.fault()),
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
    fn reverses_once_when_the_threat_is_near() {
        let feint = Feint {
            lead_s: Distribution::Fixed(300.0),
            reversal_s: Distribution::Fixed(120.0),
            plane_rad: Distribution::Fixed(0.0),
        };
        let mut generator = Generator::seed_from_u64(1);
        let mut memory = feint.begin(&mut generator);
        let mut burn = |time_to_go_s: f64| {
            let view = Duel::relative([0.0, -8.0 * time_to_go_s, 0.0], [0.0, 8.0, 0.0]).evader_view();
            feint.accelerate(&view, &mut memory, &mut generator).z / view.own.max_acceleration_m_s2
        };
        let burns = [310.0, 290.0, 130.0, 110.0, 10.0].map(&mut burn);
        for (burn, expected) in burns.into_iter().zip([0.0, 1.0, 1.0, -1.0, -1.0]) {
            assert!((burn - expected).abs() < 1e-9, "{burns:?}");
        }
    }
}
