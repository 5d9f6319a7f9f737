//! A spiral by low thrust.

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Behaviour, Memory};
use crate::astro::Vector3;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::view::View;

/// Climbs or sinks on a spiral, its thruster on along its path all the time: electric propulsion on the way to another orbit.
///
/// No class of threat describes it. Under a tangential acceleration f the semi-major axis of a circular orbit changes by 2 f / n a second.
/// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., section 6.7.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LowThrustSpiral {
    /// Share of the greatest acceleration [-].
    #[schemars(extend("minimum" = 0.0, "maximum" = 1.0))]
    pub throttle: Distribution,
}

impl Default for LowThrustSpiral {
    fn default() -> Self {
        Self { throttle: Distribution::LogUniform(0.05, 0.2) }
    }
}

impl Behaviour for LowThrustSpiral {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.throttle.sample(generator);
        memory.parameters[1] = if generator.random::<bool>() { 1.0 } else { -1.0 };
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        let [throttle, side, ..] = memory.parameters;
        Vector3::y() * (side * throttle * view.own.max_acceleration_m_s2)
    }

    fn is_classed(&self, _memory: &Memory) -> bool {
        false
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        self.throttle.fault_outside(0.0, 1.0).map(|fault| ("throttle", fault)).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ballistic::Ballistic;
    use super::super::harness::Duel;
    use super::super::relative_orbit::RelativeOrbit;
    use super::*;

    #[test]
    fn the_axis_grows_as_tangential_thrust_has_it() {
        let spiral = LowThrustSpiral { throttle: Distribution::Fixed(0.1) };
        let mut duel = Duel::relative([0.0, -5_000.0, 0.0], [0.0; 3]);
        (duel.time_limit_s, duel.capture_radius_m) = (3_000.0, 1.0);
        let acceleration_m_s2 = 0.1 * duel.pursuer_view().own.max_acceleration_m_s2;
        let (mut axis_m, mut time_s, mut rate_rad_s) = (0.0, 0.0, 0.0);
        duel.play_watched(&spiral, &Ballistic {}, 1, |duel| {
            let view = duel.pursuer_view();
            let orbit = RelativeOrbit::of(&view, view.target().expect("one track")).expect("an ellipse");
            (axis_m, time_s, rate_rad_s) = (orbit.elements.axis_m, view.time_s, orbit.mean_motion_rad_s);
        });
        let expected_m = 2.0 * acceleration_m_s2 / rate_rad_s * time_s;
        assert!(time_s > 2_000.0 && (axis_m.abs() / expected_m - 1.0).abs() < 0.02, "{axis_m} against {expected_m} m");
    }
}
