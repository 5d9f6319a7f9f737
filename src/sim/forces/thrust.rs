//! A finite burn: constant thrust in a direction that a frame holds.

use crate::astro::constants::STANDARD_GRAVITY_M_S2;
use crate::astro::rtn::RtnFrame;
use crate::astro::{CartesianState, Vector3};

/// The frame in which the direction of a burn is constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BurnFrame {
    /// Radial, transverse, normal: R along r, N along r × v, T = N × R.
    Rtn,
    /// The axes of GCRF.
    Inertial,
    /// Along the velocity, along the orbital momentum r × v, and their cross product v × n, which completes the triad.
    Velocity,
}

/// A burn of constant thrust and specific impulse.
///
/// a = F/m(t) u, m(t) = m₀ - ṁ t, ṁ = F/(Isp g₀). Losses of a nozzle and attitude are left out.
/// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., section 6.7; Tsiolkovsky.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FiniteBurn {
    /// Thrust [N].
    pub thrust_n: f64,
    /// Specific impulse [s].
    pub isp_s: f64,
    /// How long it lasts from the start on [s].
    pub duration_s: f64,
    /// Frame of the direction.
    pub frame: BurnFrame,
    /// Direction of the acceleration, of unit length.
    pub direction: Vector3,
}

impl FiniteBurn {
    /// Mass flow [kg/s]: ṁ = F/(Isp g₀).
    #[must_use]
    pub fn mass_flow_kg_s(&self) -> f64 {
        self.thrust_n / (self.isp_s * STANDARD_GRAVITY_M_S2)
    }

    /// The acceleration of a spacecraft of this mass while the burn lasts, GCRF [m/s²].
    #[must_use]
    pub fn acceleration_m_s2(&self, state: &CartesianState, mass_kg: f64) -> Vector3 {
        self.frame.to_gcrf(state, &self.direction) * (self.thrust_n / mass_kg)
    }
}

impl BurnFrame {
    /// The GCRF vector of components in this frame of `state`.
    ///
    /// NaN where the frame is not defined: on a rectilinear orbit, save for components along r or v alone.
    #[must_use]
    pub fn to_gcrf(self, state: &CartesianState, components: &Vector3) -> Vector3 {
        match self {
            Self::Rtn if components.y == 0.0 && components.z == 0.0 => state.position_m.normalize() * components.x,
            Self::Rtn => RtnFrame::of(state).to_gcrf(components),
            Self::Inertial => *components,
            Self::Velocity => {
                let along = state.velocity_m_s.normalize();
                if components.y == 0.0 && components.z == 0.0 {
                    return along * components.x;
                }
                let normal = state.position_m.cross(&state.velocity_m_s).normalize();
                along * components.x + normal * components.y + along.cross(&normal) * components.z
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_those_of_their_names() {
        // Descending: R, T and V all differ.
        let state = CartesianState {
            position_m: Vector3::new(7e6, 0.0, 0.0),
            velocity_m_s: Vector3::new(-3_000.0, 4_000.0, 0.0),
        };
        let to = |frame: BurnFrame, components: [f64; 3]| frame.to_gcrf(&state, &components.into());
        let near = |a: Vector3, b: [f64; 3]| assert!((a - Vector3::from(b)).norm() < 1e-15, "{a} {b:?}");
        near(to(BurnFrame::Inertial, [0.1, 0.2, 0.3]), [0.1, 0.2, 0.3]);
        near(to(BurnFrame::Rtn, [1.0, 0.0, 0.0]), [1.0, 0.0, 0.0]);
        near(to(BurnFrame::Rtn, [0.0, 1.0, 0.0]), [0.0, 1.0, 0.0]);
        near(to(BurnFrame::Rtn, [0.0, 0.0, 1.0]), [0.0, 0.0, 1.0]);
        near(to(BurnFrame::Velocity, [1.0, 0.0, 0.0]), [-0.6, 0.8, 0.0]);
        near(to(BurnFrame::Velocity, [0.0, 1.0, 0.0]), [0.0, 0.0, 1.0]);
        near(to(BurnFrame::Velocity, [0.0, 0.0, 1.0]), [0.8, 0.6, 0.0]);
    }

    #[test]
    fn the_mass_flow_is_the_rocket_equations() {
        let burn = FiniteBurn {
            thrust_n: 10.0,
            isp_s: 300.0,
            duration_s: 3_000.0,
            frame: BurnFrame::Velocity,
            direction: Vector3::x(),
        };
        assert!((756.0 - burn.mass_flow_kg_s() * burn.duration_s - 745.802_837_870_16).abs() < 1e-10);
    }
}
