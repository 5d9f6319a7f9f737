//! Relative states in curvilinear coordinates: height, arc along the orbit, arc out of its plane.
//!
//! The Clohessy-Wiltshire equations hold in these coordinates to second order in the distance along the orbit, where in
//! straight ones a neighbour 100 km ahead on the same circle stands 0.7 km too low and is foretold to drift away.
//! Source: Vallado and Alfano, Curvilinear coordinate transformations for relative motion, Celestial Mechanics and Dynamical
//! Astronomy 118, 2014, for a chief on a circular orbit.

use super::rtn::RelativeState;
use super::{CartesianState, Vector3};

/// The sphere through own ship on which arcs are measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curvilinear {
    /// Distance of own ship from the Earth's centre [m].
    pub radius_m: f64,
    /// Its rate [m/s].
    pub radial_speed_m_s: f64,
}

impl Curvilinear {
    /// About own ship at `own`, GCRF.
    #[must_use]
    pub fn about(own: &CartesianState) -> Self {
        let radius_m = own.position_m.norm();
        Self { radius_m, radial_speed_m_s: own.position_m.dot(&own.velocity_m_s) / radius_m }
    }

    /// From straight RTN coordinates to (height above own ship, arc along T, arc along N), metres and rates.
    #[must_use]
    pub fn bend(&self, straight: &RelativeState) -> RelativeState {
        let p = straight.position_rtn_m + Vector3::new(self.radius_m, 0.0, 0.0);
        let v = straight.velocity_rtn_m_s + Vector3::new(self.radial_speed_m_s, 0.0, 0.0);
        let radius_m = p.norm();
        // Above a pole of the own orbit, T means nothing; a metre keeps it finite.
        let in_plane_m = libm::hypot(p.x, p.y).max(1.0);
        let radial_m_s = p.dot(&v) / radius_m;
        let along_rad_s = (p.x * v.y - p.y * v.x) / (in_plane_m * in_plane_m);
        let out_rad_s = (v.z - p.z * radial_m_s / radius_m) / in_plane_m;
        RelativeState {
            position_rtn_m: Vector3::new(
                radius_m - self.radius_m,
                self.radius_m * libm::atan2(p.y, p.x),
                self.radius_m * libm::atan2(p.z, in_plane_m),
            ),
            velocity_rtn_m_s: Vector3::new(
                radial_m_s - self.radial_speed_m_s,
                self.radius_m * along_rad_s,
                self.radius_m * out_rad_s,
            ),
        }
    }

    /// The inverse of [`Curvilinear::bend`], exact within half a revolution.
    #[must_use]
    pub fn straighten(&self, bent: &RelativeState) -> RelativeState {
        let (p, v) = (&bent.position_rtn_m, &bent.velocity_rtn_m_s);
        let radius_m = self.radius_m + p.x;
        let (sin_along, cos_along) = libm::sincos(p.y / self.radius_m);
        let (sin_out, cos_out) = libm::sincos(p.z / self.radius_m);
        let outward = Vector3::new(cos_out * cos_along, cos_out * sin_along, sin_out);
        let along = Vector3::new(-sin_along, cos_along, 0.0);
        let northward = Vector3::new(-sin_out * cos_along, -sin_out * sin_along, cos_out);
        let velocity = outward * (self.radial_speed_m_s + v.x)
            + (along * (cos_out * v.y) + northward * v.z) * (radius_m / self.radius_m);
        RelativeState {
            position_rtn_m: outward * radius_m - Vector3::new(self.radius_m, 0.0, 0.0),
            velocity_rtn_m_s: velocity - Vector3::new(self.radial_speed_m_s, 0.0, 0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::astro::constants::EARTH_MU_M3_S2;
    use crate::astro::kepler;
    use crate::astro::relative::ClohessyWiltshire;

    fn own() -> CartesianState {
        CartesianState {
            position_m: Vector3::new(7e6, 0.0, 0.0),
            velocity_m_s: Vector3::new(
                0.0,
                (EARTH_MU_M3_S2 / 7e6_f64).sqrt() * 0.8,
                (EARTH_MU_M3_S2 / 7e6_f64).sqrt() * 0.6,
            ),
        }
    }

    #[test]
    fn straight_and_bent_are_each_other_s_inverse() {
        let frame = Curvilinear { radius_m: 7e6, radial_speed_m_s: 12.0 };
        for (position, velocity) in [
            ([300.0, -90_000.0, 20_000.0], [1.0, -30.0, 4.0]),
            ([-2e6, 3e6, -1e6], [100.0, 2_000.0, -700.0]),
            ([0.0; 3], [0.0; 3]),
        ] {
            let straight = RelativeState { position_rtn_m: position.into(), velocity_rtn_m_s: velocity.into() };
            let back = frame.straighten(&frame.bend(&straight));
            assert!((back.position_rtn_m - straight.position_rtn_m).norm() < 1e-8, "{}", back.position_rtn_m);
            assert!((back.velocity_rtn_m_s - straight.velocity_rtn_m_s).norm() < 1e-11, "{}", back.velocity_rtn_m_s);
        }
    }

    #[test]
    fn a_neighbour_on_the_same_circle_is_foretold_to_stay() {
        let own = own();
        let rate_rad_s = (EARTH_MU_M3_S2 / 7e6_f64.powi(3)).sqrt();
        let ahead = kepler::propagate(&own, EARTH_MU_M3_S2, 100_000.0 / 7e6 / rate_rad_s);
        let straight = RelativeState::between(&own, &ahead);
        let bent = Curvilinear::about(&own).bend(&straight);
        assert!((bent.position_rtn_m - Vector3::new(0.0, 100_000.0, 0.0)).norm() < 1e-6, "{}", bent.position_rtn_m);
        assert!(bent.velocity_rtn_m_s.norm() < 1e-9, "{}", bent.velocity_rtn_m_s);
        // What straight coordinates make of it in 3000 s: kilometres.
        let map = ClohessyWiltshire::over(rate_rad_s, 3_000.0);
        let drift_m = map.zero_effort_miss_m(&straight) - straight.position_rtn_m;
        assert!(drift_m.norm() > 1_000.0, "{drift_m}");
    }
}
