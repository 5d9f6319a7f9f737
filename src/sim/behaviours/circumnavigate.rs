//! Circumnavigation of a target with the Sun at own ship's back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::steering::{go_round, steer};
use super::{Behaviour, Memory};
use crate::astro::Vector3;
use crate::astro::rtn::RelativeState;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::view::View;

/// Natural-motion circumnavigation in phase with the Sun, the way in included.
///
/// Relative motion with x = A cos nt, y = -2 A sin nt, z = C cos(nt + π/3) closes without thrust, and the Sun turns about the
/// target in RTN at the same rate n: put once on its Sun side, own ship stays there and sees all that becomes lit in the
/// course of a revolution. The way in is a coasting arc, corrected in each segment, which goes round the target.
/// Source: Gaylor and Barbee, Algorithms for safe spacecraft proximity operations, AAS 07-107, 2007 (natural motion
/// circumnavigation); Clohessy and Wiltshire, 1960.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Circumnavigate {
    /// Half of the ellipse's radial extent A, a quarter of its transverse one [m].
    pub radial_amplitude_m: Distribution,
    /// Normal amplitude C, a sixth of a revolution before the radial motion [m].
    pub normal_amplitude_m: Distribution,
    /// Distance from the target's centre that the way in keeps [m].
    pub clearance_m: Distribution,
    /// Speed of the way in [m/s].
    pub approach_speed_m_s: Distribution,
    /// Time in which what is off the ellipse is taken away [s].
    pub settling_s: Distribution,
    /// Correction of a segment that is let be [m/s].
    pub dead_band_m_s: Distribution,
}

impl Default for Circumnavigate {
    fn default() -> Self {
        Self {
            // With these each of 100 points on a sphere of 10 m is in sight and lit at some time of a revolution; at A = 35 m
            // one or two near the poles never are, and neither are with a normal motion in phase with one of the others.
            radial_amplitude_m: Distribution::Fixed(50.0),
            normal_amplitude_m: Distribution::Fixed(30.0),
            clearance_m: Distribution::Fixed(30.0),
            approach_speed_m_s: Distribution::Fixed(0.2),
            settling_s: Distribution::Fixed(240.0),
            dead_band_m_s: Distribution::Fixed(0.004),
        }
    }
}

/// Longest arc that is planned [s], well below half a revolution in low orbit, where no impulse leads anywhere out of plane.
const LONGEST_ARC_S: f64 = 1_200.0;

/// The place on the ellipse `ahead_s` from now, target's RTN [m].
fn place_m(view: &View, ahead_s: f64, radial_m: f64, normal_m: f64) -> Vector3 {
    let in_plane = Vector3::new(view.own.sun_rtn.x, view.own.sun_rtn.y, 0.0);
    // Where the Sun stands along the normal all phases are alike.
    let now = in_plane.try_normalize(1e-6).unwrap_or_else(Vector3::x);
    let (sine, cosine) = libm::sincos(view.own.mean_motion_rad_s * ahead_s);
    // In RTN the Sun turns at minus the mean motion.
    let (sun_r, sun_t) = (now.x * cosine + now.y * sine, now.y * cosine - now.x * sine);
    // cos(θ + π/3), the Sun standing at (cos θ, -sin θ).
    let normal_phase = 0.5 * sun_r + 0.75_f64.sqrt() * sun_t;
    Vector3::new(radial_m * sun_r, 2.0 * radial_m * sun_t, normal_m * normal_phase)
}

impl Behaviour for Circumnavigate {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        let parameters = [
            &self.radial_amplitude_m,
            &self.normal_amplitude_m,
            &self.clearance_m,
            &self.approach_speed_m_s,
            &self.settling_s,
            &self.dead_band_m_s,
        ];
        for (drawn, parameter) in memory.parameters.iter_mut().zip(parameters) {
            *drawn = parameter.sample(generator);
        }
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        let [radial_m, normal_m, clearance_m, speed_m_s, settling_s, dead_band_m_s, ..] = memory.parameters;
        let Some(target) = view.target() else { return Vector3::zeros() };
        let own = RelativeState { position_rtn_m: -target.position_rtn_m, velocity_rtn_m_s: -target.velocity_rtn_m_s };
        let off_m = (place_m(view, 0.0, radial_m, normal_m) - own.position_rtn_m).norm();
        let horizon_s = (settling_s + off_m / speed_m_s).min(LONGEST_ARC_S);
        let wanted_m = place_m(view, horizon_s, radial_m, normal_m);
        let place_m = go_round(&own.position_rtn_m, &wanted_m, clearance_m);
        steer(view, &own, &place_m, horizon_s, dead_band_m_s)
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        let positive = |of: &Distribution| of.fault_outside(f64::MIN_POSITIVE, f64::INFINITY);
        [
            ("radial_amplitude_m", positive(&self.radial_amplitude_m)),
            ("normal_amplitude_m", self.normal_amplitude_m.fault_outside(0.0, f64::INFINITY)),
            ("clearance_m", positive(&self.clearance_m)),
            ("approach_speed_m_s", positive(&self.approach_speed_m_s)),
            ("settling_s", positive(&self.settling_s)),
            ("dead_band_m_s", self.dead_band_m_s.fault_outside(0.0, f64::INFINITY)),
        ]
        .into_iter()
        .filter_map(|(field, fault)| Some((field, fault?)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::harness::Duel;
    use super::*;
    use crate::astro::relative::ClohessyWiltshire;

    #[test]
    fn the_ellipse_closes_without_thrust_and_stays_on_the_sun_side() {
        let view = Duel::docking([60.0, 0.0, 0.0], [0.0; 3]).pursuer_view();
        let n = view.own.mean_motion_rad_s;
        let at = |ahead_s: f64| place_m(&view, ahead_s, 30.0, 20.0);
        // The Sun along R: x = A, y = 0, z = C/2, moving at -2 n A along T and -n C √3/2 along N.
        let normal_m = 10.0;
        let velocity_rtn_m_s = Vector3::new(0.0, -60.0 * n, -300.0_f64.sqrt() * n);
        let start = RelativeState { position_rtn_m: at(0.0), velocity_rtn_m_s };
        assert!((start.position_rtn_m - Vector3::new(30.0, 0.0, normal_m)).norm() < 1e-9);
        for ahead_s in [500.0, 1_500.0, 3_000.0, 6_118.0] {
            let coasted = ClohessyWiltshire::over(n, ahead_s).zero_effort_miss_m(&start);
            assert!((coasted - at(ahead_s)).norm() < 1e-9, "{ahead_s}: {coasted}");
            let (sine, cosine) = libm::sincos(n * ahead_s);
            assert!(at(ahead_s).normalize().dot(&Vector3::new(cosine, -sine, 0.0)) > 0.75);
        }
    }
}
