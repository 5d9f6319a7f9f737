//! Where a recorded state lies in GCRF, also in the relative tier, whose scenarios give no orbit but a mean motion.

use crate::astro::rtn::RtnFrame;
use crate::astro::{CartesianState, Vector3, sun};
use crate::sim::template::Template;

/// How recorded states become GCRF states.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Placement {
    /// They are GCRF states.
    Gcrf,
    /// They are states of the Hill frame of this orbit.
    Hill(ReferenceOrbit),
}

/// The circular orbit that a Hill frame is put on.
///
/// A scenario of the relative tier says no more of its orbit than the mean motion n, and the simulator's Sun stands on R in
/// its plane at the start. So the orbit is put where that is true: radius (μ/n²)^(1/3), at the epoch between the Earth and the
/// Sun, its plane the one through the Sun that is least inclined to the equator, prograde.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReferenceOrbit {
    /// Radius [m].
    pub radius_m: f64,
    /// Mean motion [rad/s].
    pub mean_motion_rad_s: f64,
    /// R at the epoch, GCRF.
    pub radial: Vector3,
    /// T at the epoch, GCRF.
    pub transverse: Vector3,
}

impl Placement {
    /// That of a scenario.
    #[must_use]
    pub fn of(template: &Template) -> Self {
        let Some(mean_motion_rad_s) = template.physics.hill_mean_motion_rad_s else { return Self::Gcrf };
        let radial = sun::position_gcrf_m(template.epoch_jd_tt).normalize();
        // The Sun never comes near the pole, so that this normal is never near zero.
        let normal = (Vector3::z() - radial * radial.z).normalize();
        Self::Hill(ReferenceOrbit {
            radius_m: libm::cbrt(template.physics.mu_m3_s2) / libm::pow(mean_motion_rad_s, 2.0 / 3.0),
            mean_motion_rad_s,
            radial,
            transverse: normal.cross(&radial),
        })
    }

    /// The GCRF state of a recorded state, `time_s` after the epoch.
    ///
    /// On a reference orbit, the coordinates of the turning frame are read as they stand, without what curvature would add:
    /// positions and velocities relative to the orbit are exactly those that were simulated, and keep the linearisation that
    /// the simulation has, of relative size ρ/a.
    #[must_use]
    pub fn gcrf(&self, time_s: f64, state: &CartesianState) -> CartesianState {
        match self {
            Self::Gcrf => *state,
            Self::Hill(orbit) => {
                let (reference, frame) = (orbit.state_at(time_s), orbit.frame_at(time_s));
                let turning = Vector3::new(0.0, 0.0, frame.rate_rad_s).cross(&state.position_m);
                CartesianState {
                    position_m: reference.position_m + frame.to_gcrf(&state.position_m),
                    velocity_m_s: reference.velocity_m_s + frame.to_gcrf(&(state.velocity_m_s + turning)),
                }
            }
        }
    }

    /// What a file says of its states, a sentence a line; empty where they are the simulator's own.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        match self {
            Self::Gcrf => Vec::new(),
            Self::Hill(orbit) => vec![
                "Simulated in the Hill frame (Clohessy-Wiltshire) of a circular orbit given by its mean motion alone."
                    .to_owned(),
                format!(
                    "Placed on a circular orbit of radius {:.3} km, at the epoch between Earth and Sun, least inclined.",
                    orbit.radius_m / 1e3
                ),
                "Relative states are those simulated; the absolute ones stand for no real orbit.".to_owned(),
            ],
        }
    }
}

impl ReferenceOrbit {
    /// Axes R, T, N `time_s` after the epoch.
    #[must_use]
    pub fn frame_at(&self, time_s: f64) -> RtnFrame {
        let (sine, cosine) = libm::sincos(self.mean_motion_rad_s * time_s);
        RtnFrame {
            radial: self.radial * cosine + self.transverse * sine,
            transverse: self.transverse * cosine - self.radial * sine,
            normal: self.radial.cross(&self.transverse),
            rate_rad_s: self.mean_motion_rad_s,
        }
    }

    /// State on the orbit `time_s` after the epoch, GCRF.
    #[must_use]
    pub fn state_at(&self, time_s: f64) -> CartesianState {
        let frame = self.frame_at(time_s);
        CartesianState {
            position_m: frame.radial * self.radius_m,
            velocity_m_s: frame.transverse * (self.radius_m * self.mean_motion_rad_s),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::astro::kepler;
    use crate::astro::rtn::RelativeState;
    use crate::scenario::Scenario;

    fn docking() -> (Template, ReferenceOrbit) {
        let scenario =
            Scenario::from_source("docking", include_str!("../../../scenarios/docking.ron")).expect("shipped");
        let Placement::Hill(orbit) = Placement::of(&scenario.template) else { panic!("docking has a Hill frame") };
        (scenario.template, orbit)
    }

    #[test]
    fn the_reference_orbit_is_a_circular_two_body_orbit() {
        let (template, orbit) = docking();
        let n = orbit.mean_motion_rad_s;
        assert!((n * n * orbit.radius_m.powi(3) / template.physics.mu_m3_s2 - 1.0).abs() < 1e-13);
        let propagated = kepler::propagate(&orbit.state_at(0.0), template.physics.mu_m3_s2, 2_000.0);
        assert!((propagated.position_m - orbit.state_at(2_000.0).position_m).norm() < 1e-5);
        assert!((propagated.velocity_m_s - orbit.state_at(2_000.0).velocity_m_s).norm() < 1e-8);
    }

    #[test]
    fn the_sun_stands_where_the_simulator_has_it() {
        let (template, orbit) = docking();
        let sun = sun::position_gcrf_m(template.epoch_jd_tt).normalize();
        for time_s in [0.0, 500.0, 1_500.0] {
            let sun_rtn = RtnFrame::of(&orbit.state_at(time_s)).to_rtn(&sun);
            let angle_rad = orbit.mean_motion_rad_s * time_s;
            let simulated = Vector3::new(angle_rad.cos(), -angle_rad.sin(), 0.0);
            assert!((sun_rtn - simulated).norm() < 1e-12, "{sun_rtn}");
        }
    }

    #[test]
    fn relative_states_are_those_simulated() {
        let (_, orbit) = docking();
        let deputy = CartesianState { position_m: [3.0, -120.0, 7.0].into(), velocity_m_s: [0.1, 0.2, -0.3].into() };
        let gcrf = Placement::Hill(orbit).gcrf(700.0, &deputy);
        let seen = RelativeState::between(&orbit.state_at(700.0), &gcrf);
        assert!((seen.position_rtn_m - deputy.position_m).norm() < 1e-8);
        assert!((seen.velocity_rtn_m_s - deputy.velocity_m_s).norm() < 1e-11);
    }
}
