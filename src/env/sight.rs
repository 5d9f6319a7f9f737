//! What an inspector is shown of its task: what is left to be seen, and where it is lit.

use crate::astro::Vector3;
use crate::sim::goals::inspection::{Inspected, Inspection};
use crate::sim::view::View;

/// How an inspection stands, as seen by the one that inspects. Directions run from the target's centre, own RTN.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    /// Share of the weight inspected.
    pub share: f64,
    /// Own position [m].
    pub position_rtn_m: Vector3,
    /// Direction of the points left, the mean weighted by what each counts: short where they lie all round.
    pub left: Vector3,
    /// The same of those left that the Sun shines on.
    pub left_lit: Vector3,
    /// Direction of the points that weigh most.
    pub priority: Vector3,
    /// Share of what is left that the Sun shines on.
    pub lit_share: f64,
    /// Share of what is left that is in sight, in the dark or not.
    pub visible_share: f64,
    /// Cosine of the angle between own position and the Sun.
    pub sun_cosine: f64,
}

impl Sight {
    /// What is seen of an inspection's state from where own ship is.
    #[must_use]
    pub fn of(view: &View, inspection: &Inspection, inspected: &Inspected) -> Self {
        let position_rtn_m = view.target().map_or_else(Vector3::zeros, |target| -target.position_rtn_m);
        let sun = view.own.sun_rtn;
        let (mut left, mut left_lit) = (Vector3::zeros(), Vector3::zeros());
        let (mut weight_left, mut weight_lit, mut weight_visible) = (0.0, 0.0, 0.0);
        for (normal, weight) in inspected.left(inspection) {
            left += normal * weight;
            weight_left += weight;
            if inspection.lights(&sun, normal) {
                left_lit += normal * weight;
                weight_lit += weight;
            }
            if inspection.sees(&position_rtn_m, normal) {
                weight_visible += weight;
            }
        }
        let over = |of: f64| if weight_left > 0.0 { of / weight_left } else { 0.0 };
        Self {
            share: inspected.share,
            position_rtn_m,
            left: if weight_left > 0.0 { left / weight_left } else { left },
            left_lit: if weight_lit > 0.0 { left_lit / weight_lit } else { left_lit },
            priority: inspected.priority_rtn,
            lit_share: over(weight_lit),
            visible_share: over(weight_visible),
            sun_cosine: position_rtn_m.dot(&sun) / position_rtn_m.norm().max(1e-9),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::sim::goals::inspection::Look;
    use crate::sim::seeds::Generator;
    use crate::sim::view::{Mark, Track};

    #[test]
    fn what_is_left_points_away_from_what_has_been_seen() {
        let inspection = Inspection {
            points: 100,
            sphere_radius_m: 10.0,
            weighted: false,
            share: 0.95,
            complete_share: 1.0,
            range_m: f64::INFINITY,
            half_angle_rad: 3.2,
            sun_angle_rad: 1.6,
        };
        let mut inspected = Inspected::start(&inspection, &mut Generator::seed_from_u64(1));
        let mut view = View::EMPTY;
        view.own.sun_rtn = Vector3::x();
        let position_rtn_m = Vector3::new(60.0, 0.0, 0.0);
        view.tracks[0] = Track { team: 2, mark: Mark::Goal, position_rtn_m: -position_rtn_m, ..Track::ABSENT };
        let before = Sight::of(&view, &inspection, &inspected);
        assert!(before.left.norm() < 0.02 && before.share == 0.0);
        // Half of a sphere: the mean of its normals is half a radius from the centre.
        assert!((before.left_lit - Vector3::x() * 0.5).norm() < 0.05, "{}", before.left_lit);
        assert!((before.lit_share - 0.5).abs() < 0.02 && (before.sun_cosine - 1.0).abs() < 1e-12);
        inspected.look(&inspection, &Look { position_rtn_m, sun_rtn: Vector3::x(), sunlit: true });
        let after = Sight::of(&view, &inspection, &inspected);
        // 42 of 100 lie within acos(1/6) of the Sun; what is left in sight and lit is nothing.
        assert!((0.38..0.46).contains(&after.share), "{}", after.share);
        assert!(after.left.x < -0.3 && after.visible_share == 0.0, "{after:?}");
        assert!(after.lit_share > 0.0 && after.lit_share < 0.2);
    }

    #[test]
    fn with_nothing_left_all_is_finite() {
        let inspection = Inspection {
            points: 1,
            sphere_radius_m: 10.0,
            weighted: true,
            share: 1.0,
            complete_share: 1.0,
            range_m: f64::INFINITY,
            half_angle_rad: 3.2,
            sun_angle_rad: 1.6,
        };
        let mut inspected = Inspected::start(&inspection, &mut Generator::seed_from_u64(1));
        let normal = inspection.directions()[0];
        inspected.look(&inspection, &Look { position_rtn_m: normal * 50.0, sun_rtn: normal, sunlit: true });
        assert_eq!(inspected.share, 1.0);
        let sight = Sight::of(&View::EMPTY, &inspection, &inspected);
        assert_eq!((sight.lit_share, sight.visible_share, sight.left), (0.0, 0.0, Vector3::zeros()));
    }
}
