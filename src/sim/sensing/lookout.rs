//! Own ship as its sensors look out from it: what all scenes of one moment share.

use crate::astro::events::visibility::line_of_sight_clearance_m;
use crate::astro::rtn::RelativeState;
use crate::astro::{CartesianState, Vector3, eclipse};
use crate::sim::sensors::scene::Scene;
use crate::sim::sensors::signature::Signature;
use crate::sim::template::Physics;
use crate::sim::tracks::motion::Vantage;
use crate::sim::view::SunModel;

/// Own ship at one moment.
pub(super) struct Lookout<'a> {
    time_s: f64,
    pub(super) vantage: Vantage,
    sun: &'a SunModel,
    sun_rtn: Vector3,
    earth_radius_m: f64,
}

impl<'a> Lookout<'a> {
    pub(super) fn of(physics: &Physics, sun: &'a SunModel, vantage: Vantage, time_s: f64) -> Self {
        let sun_rtn = sun.direction_rtn(vantage.frame.as_ref(), &vantage.own.position_m, time_s);
        Self { time_s, vantage, sun, sun_rtn, earth_radius_m: physics.earth_radius_m }
    }

    /// Where a position of the arena's frame lies from own ship, own RTN [m].
    pub(super) fn offset_rtn_m(&self, position_m: &Vector3) -> Vector3 {
        self.vantage.to_own(&(position_m - self.vantage.own.position_m))
    }

    /// What there is to see of a target.
    pub(super) fn scene(&self, target: &CartesianState, signature: Signature) -> Scene {
        let own = &self.vantage.own;
        let SunModel::Fixed(_, sun_direction) = self.sun else {
            return Scene::in_hill_frame(self.time_s, own, target, self.sun_rtn, signature);
        };
        let RelativeState { position_rtn_m, velocity_rtn_m_s } = self.vantage.relative_state(target);
        let (own_m, target_m) = (&own.position_m, &target.position_m);
        Scene {
            time_s: self.time_s,
            position_rtn_m,
            velocity_rtn_m_s,
            sun_rtn: self.sun_rtn,
            sunlit: !eclipse::in_shadow_behind(target_m, sun_direction, self.earth_radius_m),
            behind_earth: line_of_sight_clearance_m(own_m, target_m, self.earth_radius_m) < 0.0,
            signature,
            tumble_rad_s: 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::astro::constants::{ASTRONOMICAL_UNIT_M, EARTH_MU_M3_S2};
    use crate::astro::rtn::RtnFrame;

    #[test]
    fn it_shows_what_the_whole_scene_does() {
        let physics = Physics::default();
        let sun_m = Vector3::new(0.3, -0.8, 0.4).normalize() * ASTRONOMICAL_UNIT_M;
        let sun = SunModel::Fixed(sun_m, sun_m.normalize());
        let circular = |angle: f64| {
            let speed = (EARTH_MU_M3_S2 / 7e6).sqrt();
            CartesianState {
                position_m: Vector3::new(angle.cos(), 0.6 * angle.sin(), 0.8 * angle.sin()) * 7e6,
                velocity_m_s: Vector3::new(-angle.sin(), 0.6 * angle.cos(), 0.8 * angle.cos()) * speed,
            }
        };
        for step in 0..24 {
            let angle = f64::from(step) * 0.27;
            let (own, target) = (circular(angle), circular(angle + 0.05 * f64::from(step)));
            let vantage = Vantage { own, frame: Some(RtnFrame::of(&own)) };
            let seen = Lookout::of(&physics, &sun, vantage, 7.0).scene(&target, Signature::default());
            let whole = Scene::in_orbit(7.0, &own, &target, &sun_m, physics.earth_radius_m, Signature::default());
            assert!((seen.sun_rtn - whole.sun_rtn).norm() < 1e-12);
            assert_eq!(Scene { sun_rtn: whole.sun_rtn, ..seen }, whole, "step {step}");
        }
    }
}
