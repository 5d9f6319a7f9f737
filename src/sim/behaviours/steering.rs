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

/// `wanted_m`, or, where the straight line from `own_m` to it would pass within `clearance_m` of the origin, a place as far away
/// in the nearest direction that does not.
///
/// That direction grazes the sphere of clearance, asin(clearance / distance) from the origin's; from within the sphere it is
/// across the origin's. It turns into the straight line without a jump, which burns in each segment would answer to and fro.
pub(super) fn go_round(own_m: &Vector3, wanted_m: &Vector3, clearance_m: f64) -> Vector3 {
    let way_m = wanted_m - own_m;
    let (length_m, distance_m) = (way_m.norm(), own_m.norm());
    if length_m < 1e-9 || distance_m < 1e-9 {
        return *wanted_m;
    }
    let (way, inward) = (way_m / length_m, -own_m / distance_m);
    let sine = (clearance_m / distance_m).min(1.0);
    let cosine = (1.0 - sine * sine).sqrt();
    let along = way.dot(&inward);
    // Clear of it, or ended before it.
    if along <= cosine || length_m * along <= distance_m * cosine - clearance_m {
        return *wanted_m;
    }
    // On a line through the origin itself any direction across it will do.
    let across = (way - inward * along).try_normalize(1e-6).unwrap_or_else(|| {
        let upward = if way.z.abs() < 0.9 { Vector3::z() } else { Vector3::x() };
        way.cross(&upward).normalize()
    });
    own_m + (inward * cosine + across * sine) * length_m
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
    fn a_way_through_the_origin_goes_round_it_and_nothing_jumps() {
        let own_m = Vector3::new(60.0, 0.0, 0.0);
        let mut before_m = go_round(&own_m, &Vector3::new(-60.0, 120.0, 0.0), 25.0);
        for step in 0..=1_200 {
            let wanted_m = Vector3::new(-60.0, 120.0 - 0.1 * f64::from(step), 0.0);
            let place_m = go_round(&own_m, &wanted_m, 25.0);
            let way_m = place_m - own_m;
            let nearest_m = own_m - way_m * (own_m.dot(&way_m) / way_m.norm_squared());
            assert!(nearest_m.norm() > 25.0 - 1e-9, "{wanted_m}: {}", nearest_m.norm());
            assert!((way_m.norm() - (wanted_m - own_m).norm()).abs() < 1e-9);
            assert!((place_m - before_m).norm() < 0.2, "{before_m} {place_m}");
            before_m = place_m;
        }
        // What lies before the sphere is reached straight on, and from within it the way leads across or out.
        let near_m = Vector3::new(40.0, 0.0, 0.0);
        assert_eq!(go_round(&own_m, &near_m, 15.0), near_m);
        let within_m = Vector3::new(20.0, 0.0, 0.0);
        assert!(go_round(&within_m, &Vector3::new(-60.0, 1.0, 0.0), 25.0).x > 20.0 - 1e-9);
        assert_eq!(go_round(&within_m, &Vector3::new(60.0, 1.0, 0.0), 25.0), Vector3::new(60.0, 1.0, 0.0));
    }
}
