//! The coasting arc that ends in a point near the target, and what it takes to be on it.

use crate::astro::Vector3;
use crate::astro::relative::ClohessyWiltshire;
use crate::astro::rtn::RelativeState;
use crate::sim::view::{Track, View};

/// The arcs that own ship can take: a constant acceleration over the next segment, then coasting.
///
/// Clohessy-Wiltshire motion relative to the target, in own RTN; exact for the length of the segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arcs<'a> {
    view: &'a View,
    /// Own ship relative to the target: it is own ship that the command moves.
    own: RelativeState,
    segment: ClohessyWiltshire,
    /// `own` after the segment without a burn.
    coasting: RelativeState,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arc {
    /// Acceleration over the segment, within the thrust [m/s²].
    pub(super) acceleration_rtn_m_s2: Vector3,
    /// Own ship relative to the target after the segment.
    pub(super) reached: RelativeState,
    /// Distance by which the arc passes the point [m]: what the thrust did not suffice for, or the dead band allowed.
    pub(super) miss_m: f64,
}

impl<'a> Arcs<'a> {
    pub(super) fn from_here(view: &'a View, target: &Track) -> Self {
        let own = RelativeState { position_rtn_m: -target.position_rtn_m, velocity_rtn_m_s: -target.velocity_rtn_m_s };
        let segment = ClohessyWiltshire::over(view.own.mean_motion_rad_s, view.segment_s);
        Self { view, own, segment, coasting: segment.apply(&own, &Vector3::zeros()) }
    }

    /// The arc that is at `point_m` (relative to the target, RTN) after `tau_s`; no burn where coasting passes within `dead_band_m`.
    ///
    /// `None` where `tau_s` is shorter than the segment, or the problem is singular.
    pub(super) fn to(&self, point_m: &Vector3, tau_s: f64, dead_band_m: f64) -> Option<Arc> {
        let after_segment_s = tau_s - self.view.segment_s;
        if after_segment_s < 0.0 {
            return None;
        }
        let onward = ClohessyWiltshire::over(self.view.own.mean_motion_rad_s, after_segment_s);
        let miss_m = onward.zero_effort_miss_m(&self.coasting) - point_m;
        let mut acceleration = Vector3::zeros();
        if miss_m.norm() > dead_band_m {
            let gain: nalgebra::Matrix3<f64> = onward.position_by_position * self.segment.position_by_acceleration
                + onward.position_by_velocity * self.segment.position_by_velocity;
            acceleration = gain.try_inverse()? * -miss_m;
            let largest = if self.view.own.per_axis { acceleration.amax() } else { acceleration.norm() };
            let greatest = self.view.own.max_acceleration_m_s2;
            if largest > greatest {
                acceleration *= greatest / largest;
            }
        }
        let reached = self.segment.apply(&self.own, &acceleration);
        let miss_m = (onward.zero_effort_miss_m(&reached) - point_m).norm();
        Some(Arc { acceleration_rtn_m_s2: acceleration, reached, miss_m })
    }
}

#[cfg(test)]
mod tests {
    use super::super::harness::Duel;
    use super::*;

    #[test]
    fn an_arc_ends_where_it_is_asked_to() {
        let mut view = Duel::relative([30.0, -900.0, 20.0], [0.05, 0.4, -0.02]).pursuer_view();
        view.own.max_acceleration_m_s2 = 0.1;
        let target = *view.target().expect("one track");
        let arcs = Arcs::from_here(&view, &target);
        let (point_m, tau_s) = (Vector3::new(0.0, -700.0, 0.0), 300.0);
        let arc = arcs.to(&point_m, tau_s, 0.0).expect("regular");
        assert!(arc.miss_m < 1e-9, "{}", arc.miss_m);
        let onward = ClohessyWiltshire::over(view.own.mean_motion_rad_s, tau_s - view.segment_s);
        let end = onward.apply(&arc.reached, &Vector3::zeros());
        assert!((end.position_rtn_m - point_m).norm() < 1e-9, "{}", end.position_rtn_m);
        assert!(arc.acceleration_rtn_m_s2.norm() < view.own.max_acceleration_m_s2);
        let coasting = arcs.to(&point_m, tau_s, 1e6).expect("regular");
        assert_eq!(coasting.acceleration_rtn_m_s2, Vector3::zeros());
        assert!(coasting.miss_m > 1.0);
        assert!(arcs.to(&point_m, 0.5 * view.segment_s, 0.0).is_none());
    }
}
