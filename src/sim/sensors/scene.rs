//! What a sensor looks at: the target as it truly is, seen from own ship.

use super::signature::Signature;
use crate::astro::events::visibility::line_of_sight_clearance_m;
use crate::astro::rtn::{RelativeState, RtnFrame};
use crate::astro::{CartesianState, Vector3, eclipse};

/// One target at one moment, from own ship.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scene {
    /// Time since the start of the episode [s].
    pub time_s: f64,
    /// Position of the target relative to own ship, own RTN [m].
    pub position_rtn_m: Vector3,
    /// Velocity relative to own ship in the rotating RTN frame [m/s].
    pub velocity_rtn_m_s: Vector3,
    /// Unit vector from own ship to the Sun, own RTN.
    pub sun_rtn: Vector3,
    /// Whether the Sun lights the target.
    pub sunlit: bool,
    /// Whether the Earth stands between the two.
    pub behind_earth: bool,
    /// How the target looks.
    pub signature: Signature,
    /// Rate at which it tumbles, and its brightness with it [rad/s].
    pub tumble_rad_s: f64,
}

impl Scene {
    /// The scene of two GCRF states, the Sun at `sun_gcrf_m` from the Earth's centre; the shadow is a cylinder.
    #[must_use]
    pub fn in_orbit(
        time_s: f64,
        own: &CartesianState,
        target: &CartesianState,
        sun_gcrf_m: &Vector3,
        earth_radius_m: f64,
        signature: Signature,
    ) -> Self {
        let frame = RtnFrame::of(own);
        let relative = RelativeState::in_frame(&frame, own, target);
        Self {
            time_s,
            position_rtn_m: relative.position_rtn_m,
            velocity_rtn_m_s: relative.velocity_rtn_m_s,
            sun_rtn: frame.to_rtn(&(sun_gcrf_m - own.position_m)).normalize(),
            sunlit: !eclipse::in_cylindrical_shadow(&target.position_m, sun_gcrf_m, earth_radius_m),
            behind_earth: line_of_sight_clearance_m(&own.position_m, &target.position_m, earth_radius_m) < 0.0,
            signature,
            tumble_rad_s: 0.0,
        }
    }

    /// The scene of two states in the Hill frame, which knows no Earth: nothing is hidden or in shadow.
    #[must_use]
    pub fn in_hill_frame(
        time_s: f64,
        own: &CartesianState,
        target: &CartesianState,
        sun_rtn: Vector3,
        signature: Signature,
    ) -> Self {
        Self {
            time_s,
            position_rtn_m: target.position_m - own.position_m,
            velocity_rtn_m_s: target.velocity_m_s - own.velocity_m_s,
            sun_rtn,
            sunlit: true,
            behind_earth: false,
            signature,
            tumble_rad_s: 0.0,
        }
    }

    /// Range [m] and the unit vector to the target, own RTN; `None` where there is no direction to it.
    #[must_use]
    pub fn line_of_sight(&self) -> Option<(f64, Vector3)> {
        let range_m = self.position_rtn_m.norm();
        (range_m.is_finite() && range_m > 0.0).then(|| (range_m, self.position_rtn_m / range_m))
    }

    /// Angle at the target between the Sun and own ship [rad]: 0 when it is fully lit as seen from own ship.
    ///
    /// The Sun's direction is taken as that from own ship: 7e-4 rad off at 100,000 km.
    #[must_use]
    pub fn phase_rad(&self, line_of_sight: &Vector3) -> f64 {
        libm::acos((-self.sun_rtn.dot(line_of_sight)).clamp(-1.0, 1.0))
    }
}

#[cfg(test)]
impl Scene {
    /// A lit target of a square metre that transmits a watt at 2.2 GHz, 10 km ahead, the Sun behind own ship.
    pub(in crate::sim) fn bright() -> Self {
        let emitter = Some(super::signature::Emitter { eirp_w: 1.0, frequency_hz: 2.2e9 });
        Self {
            time_s: 0.0,
            position_rtn_m: Vector3::new(0.0, 10_000.0, 0.0),
            velocity_rtn_m_s: Vector3::zeros(),
            sun_rtn: -Vector3::y(),
            sunlit: true,
            behind_earth: false,
            signature: Signature { radar_cross_section_m2: 1.0, standard_magnitude: 6.0, emitter },
            tumble_rad_s: 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::astro::constants::{ASTRONOMICAL_UNIT_M, EARTH_RADIUS_M};

    fn circular(radius_m: f64, angle_rad: f64) -> CartesianState {
        let speed = (crate::astro::constants::EARTH_MU_M3_S2 / radius_m).sqrt();
        let (sine, cosine) = angle_rad.sin_cos();
        CartesianState {
            position_m: Vector3::new(cosine, sine, 0.0) * radius_m,
            velocity_m_s: Vector3::new(-sine, cosine, 0.0) * speed,
        }
    }

    #[test]
    fn the_earth_hides_and_shades() {
        let sun = Vector3::x() * ASTRONOMICAL_UNIT_M;
        let seen = |own_rad: f64, target_rad: f64| {
            let (own, target) = (circular(7e6, own_rad), circular(7e6, target_rad));
            Scene::in_orbit(0.0, &own, &target, &sun, EARTH_RADIUS_M, Signature::default())
        };
        // At 7000 km two craft lose sight of each other at 2 acos(6378 / 7000) = 48.7°.
        assert!(!seen(0.0, 0.84).behind_earth && seen(0.0, 0.86).behind_earth);
        assert!(seen(0.0, 0.5).sunlit && !seen(3.0, 3.1).sunlit);
        // Ahead by a hundred metres: along T.
        let ahead = seen(0.3, 0.3 + 100.0 / 7e6);
        assert!((ahead.position_rtn_m - Vector3::new(0.0, 100.0, 0.0)).norm() < 1e-2, "{}", ahead.position_rtn_m);
        assert!(ahead.velocity_rtn_m_s.norm() < 1e-4);
    }

    #[test]
    fn the_phase_is_zero_with_the_sun_behind_own_ship() {
        let scene = Scene::bright();
        let (_, sight) = scene.line_of_sight().expect("10 km");
        assert!(scene.phase_rad(&sight) < 1e-6);
        let back_lit = Scene { sun_rtn: Vector3::y(), ..scene };
        assert!((back_lit.phase_rad(&sight) - std::f64::consts::PI).abs() < 1e-6);
    }
}
