//! The burn of a segment that leads to a place some time ahead.

use super::super::view::View;
use crate::astro::Vector3;
use crate::astro::relative::ClohessyWiltshire;
use crate::astro::rtn::RelativeState;

/// The acceleration [m/s²], RTN, of the next segment after which own ship coasts to `wanted_m` in `horizon_s` from now.
///
/// `own`: own ship relative to whatever the place is measured from, which coasts too; both RTN. The length of the burn is
/// allowed for: r(T) = Φ_rr r + Φ_rv v + (Φ_rr(T - h) B_r(h) + Φ_rv(T - h) B_v(h)) a under the Clohessy-Wiltshire
/// equations. Zero where no burn leads there (half a revolution ahead). A Δv below `dead_band_m_s` is spared.
pub(super) fn steer(
    view: &View,
    own: &RelativeState,
    wanted_m: &Vector3,
    horizon_s: f64,
    dead_band_m_s: f64,
) -> Vector3 {
    let (n, segment_s) = (view.own.mean_motion_rad_s, view.segment_s);
    let segment = ClohessyWiltshire::over(n, segment_s);
    let onward = ClohessyWiltshire::over(n, (horizon_s - segment_s).max(0.0));
    let coasting = segment.apply(own, &Vector3::zeros());
    let miss_m = wanted_m - onward.zero_effort_miss_m(&coasting);
    let gain = onward.position_by_position * segment.position_by_acceleration
        + onward.position_by_velocity * segment.position_by_velocity;
    let acceleration = gain.try_inverse().map_or_else(Vector3::zeros, |inverse| inverse * miss_m);
    if acceleration.norm() * segment_s < dead_band_m_s { Vector3::zeros() } else { acceleration }
}

/// A place on the way from `own_m` to `wanted_m` that keeps `clearance_m` from the origin, and the share of the way to it.
///
/// It is `wanted_m` itself where the straight line keeps clear, else a point beside the origin where the line is nearest.
pub(super) fn go_round(own_m: &Vector3, wanted_m: &Vector3, clearance_m: f64) -> (Vector3, f64) {
    let way = wanted_m - own_m;
    let along = (-own_m.dot(&way) / way.norm_squared().max(1e-12)).clamp(0.0, 1.0);
    let nearest_m = own_m + way * along;
    if nearest_m.norm() >= clearance_m {
        return (*wanted_m, 1.0);
    }
    // On a line through the origin itself any direction across it will do.
    let aside = nearest_m.try_normalize(1e-6).unwrap_or_else(|| {
        let upward = if way.z.abs() < 0.9 * way.norm() { Vector3::z() } else { Vector3::x() };
        way.cross(&upward).try_normalize(0.0).unwrap_or_else(Vector3::z)
    });
    let waypoint_m = aside * (1.5 * clearance_m);
    let first_m = (waypoint_m - own_m).norm();
    (waypoint_m, first_m / (first_m + (wanted_m - waypoint_m).norm()))
}

#[cfg(test)]
mod tests {
    use super::super::harness::Duel;
    use super::*;

    #[test]
    fn a_burn_leads_to_the_place_at_the_time() {
        let view = Duel::docking([60.0, -80.0, 20.0], [0.05, 0.1, -0.02]).pursuer_view();
        let own = RelativeState {
            position_rtn_m: Vector3::new(60.0, -80.0, 20.0),
            velocity_rtn_m_s: Vector3::new(0.05, 0.1, -0.02),
        };
        let wanted_m = Vector3::new(30.0, 20.0, -10.0);
        let acceleration = steer(&view, &own, &wanted_m, 600.0, 0.0);
        let n = view.own.mean_motion_rad_s;
        let burnt = ClohessyWiltshire::over(n, view.segment_s).apply(&own, &acceleration);
        let reached = ClohessyWiltshire::over(n, 600.0 - view.segment_s).apply(&burnt, &Vector3::zeros());
        assert!((reached.position_rtn_m - wanted_m).norm() < 1e-9, "{}", reached.position_rtn_m);
        assert_eq!(steer(&view, &own, &wanted_m, 600.0, 10.0), Vector3::zeros());
    }

    #[test]
    fn a_way_through_the_origin_goes_round_it() {
        let (own_m, wanted_m) = (Vector3::new(60.0, 1.0, 0.0), Vector3::new(-60.0, 1.0, 0.0));
        let (waypoint_m, share) = go_round(&own_m, &wanted_m, 25.0);
        assert!((waypoint_m - Vector3::new(0.0, 37.5, 0.0)).norm() < 1e-9, "{waypoint_m}");
        assert!((share - 0.5).abs() < 1e-9);
        let (straight_m, share) = go_round(&own_m, &Vector3::new(60.0, 50.0, 0.0), 25.0);
        assert_eq!((straight_m, share), (Vector3::new(60.0, 50.0, 0.0), 1.0));
        let (aside_m, _) = go_round(&Vector3::new(60.0, 0.0, 0.0), &Vector3::new(-60.0, 0.0, 0.0), 25.0);
        assert!((aside_m.norm() - 37.5).abs() < 1e-9 && aside_m.x.abs() < 1e-9);
    }
}
