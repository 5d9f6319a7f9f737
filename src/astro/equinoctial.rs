//! Modified equinoctial elements: without singularity on circular, equatorial and parabolic orbits.

use super::{CartesianState, Vector3};

/// Modified equinoctial elements of any conic.
///
/// The prograde set (`retrograde` false) is singular only at an inclination of exactly π, the retrograde set only at 0.
/// Source: Walker, Ireland and Owens, A set of modified equinoctial orbit elements, Celestial Mechanics 36, 1985; Betts,
/// Practical Methods for Optimal Control, 2nd ed., section 6.2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EquinoctialElements {
    /// Semi-latus rectum p [m].
    pub semi_latus_rectum_m: f64,
    /// f = e cos(ω + I Ω) [-], with I = 1, or -1 for the retrograde set.
    pub f: f64,
    /// g = e sin(ω + I Ω) [-].
    pub g: f64,
    /// h = tan(i/2) cos Ω [-]; the cotangent in the retrograde set.
    pub h: f64,
    /// k = tan(i/2) sin Ω [-]; the cotangent in the retrograde set.
    pub k: f64,
    /// True longitude L = ω + I Ω + ν [rad], in (-π, π].
    pub true_longitude_rad: f64,
    /// Whether this is the retrograde set (I = -1).
    pub retrograde: bool,
}

impl EquinoctialElements {
    /// Elements of `state` (an inertial frame) about a centre of gravitational parameter `mu` [m³/s²].
    ///
    /// The set is chosen by the sense of the motion about +Z, so that no orbit with angular momentum is singular; one without
    /// (position along velocity) has no such elements: `None`.
    #[must_use]
    pub fn from_cartesian(state: &CartesianState, mu: f64) -> Option<Self> {
        let (position, velocity) = (state.position_m, state.velocity_m_s);
        let radius = position.norm();
        let momentum = position.cross(&velocity);
        let momentum_norm = momentum.norm();
        let semi_latus_rectum_m = momentum_norm * momentum_norm / mu;
        if !(semi_latus_rectum_m > 0.0 && semi_latus_rectum_m.is_finite()) {
            return None;
        }
        let normal = momentum / momentum_norm;
        let retrograde = normal.z < 0.0;
        let sense = if retrograde { -1.0 } else { 1.0 };
        let (h, k) = (-normal.y / (1.0 + sense * normal.z), normal.x / (1.0 + sense * normal.z));
        let (along, across) = axes(h, k, sense);
        let eccentricity = velocity.cross(&momentum) / mu - position / radius;
        Some(Self {
            semi_latus_rectum_m,
            f: eccentricity.dot(&along),
            g: eccentricity.dot(&across),
            h,
            k,
            true_longitude_rad: libm::atan2(position.dot(&across), position.dot(&along)),
            retrograde,
        })
    }

    /// The Cartesian state of these elements about a centre of gravitational parameter `mu` [m³/s²].
    ///
    /// Sound for a semi-latus rectum above zero and a longitude that the orbit reaches: 1 + f cos L + g sin L > 0.
    #[must_use]
    pub fn to_cartesian(&self, mu: f64) -> CartesianState {
        let (along, across) = axes(self.h, self.k, if self.retrograde { -1.0 } else { 1.0 });
        let (sine, cosine) = libm::sincos(self.true_longitude_rad);
        let radius = self.semi_latus_rectum_m / (1.0 + self.f * cosine + self.g * sine);
        let speed = (mu / self.semi_latus_rectum_m).sqrt();
        CartesianState {
            position_m: (along * cosine + across * sine) * radius,
            velocity_m_s: (across * (cosine + self.f) - along * (sine + self.g)) * speed,
        }
    }

    /// Eccentricity [-].
    #[must_use]
    pub fn eccentricity(&self) -> f64 {
        libm::hypot(self.f, self.g)
    }
}

/// The axes in the orbital plane from which the longitude is counted, and a quarter turn on in the direction of motion.
fn axes(h: f64, k: f64, sense: f64) -> (Vector3, Vector3) {
    let scale = 1.0 / (1.0 + h * h + k * k);
    let along = Vector3::new(1.0 + h * h - k * k, 2.0 * h * k, -2.0 * sense * k) * scale;
    let across = Vector3::new(2.0 * sense * h * k, sense * (1.0 - h * h + k * k), 2.0 * h) * scale;
    (along, across)
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{PI, TAU};

    use proptest::prelude::*;

    use super::super::constants::EARTH_MU_M3_S2;
    use super::super::elements::KeplerianElements;
    use super::*;

    #[test]
    fn they_are_the_keplerian_ones_in_other_words() {
        let (eccentricity, inclination, raan, perigee, anomaly) = (0.3, 0.9f64, 1.1, 0.4, 0.6);
        let keplerian = KeplerianElements {
            semi_latus_rectum_m: 9e6,
            eccentricity,
            inclination_rad: inclination,
            raan_rad: raan,
            argument_of_perigee_rad: perigee,
            true_anomaly_rad: anomaly,
        };
        let state = keplerian.to_cartesian(EARTH_MU_M3_S2);
        let found = EquinoctialElements::from_cartesian(&state, EARTH_MU_M3_S2).expect("an orbit");
        let tangent = (0.5 * inclination).tan();
        for (value, expected) in [
            (found.semi_latus_rectum_m / 9e6, 1.0),
            (found.f, eccentricity * (perigee + raan).cos()),
            (found.g, eccentricity * (perigee + raan).sin()),
            (found.h, tangent * raan.cos()),
            (found.k, tangent * raan.sin()),
            (found.true_longitude_rad, raan + perigee + anomaly),
        ] {
            assert!((value - expected).abs() < 1e-14, "{value} against {expected}");
        }
        let falling = CartesianState { position_m: Vector3::x() * 7e6, velocity_m_s: Vector3::x() };
        assert_eq!(EquinoctialElements::from_cartesian(&falling, EARTH_MU_M3_S2), None);
    }

    proptest! {
        #[test]
        fn cartesian_to_equinoctial_and_back(
            perigee in 6.5e6..5e7f64,
            eccentricity in prop_oneof![Just(0.0), 0.0..1e-10f64, 0.0..2.0f64, Just(1.0), 1.0 - 1e-12..1.0 + 1e-12],
            inclination in prop_oneof![Just(0.0), Just(PI), 0.0..1e-12f64, 0.0..PI],
            raan in 0.0..TAU,
            argument_of_perigee in 0.0..TAU,
            fraction in -0.9..0.9f64,
        ) {
            let reach = if eccentricity < 1.0 { PI } else { libm::acos(-1.0 / eccentricity) };
            let state = KeplerianElements {
                semi_latus_rectum_m: perigee * (1.0 + eccentricity),
                eccentricity,
                inclination_rad: inclination,
                raan_rad: raan,
                argument_of_perigee_rad: argument_of_perigee,
                true_anomaly_rad: fraction * reach,
            }
            .to_cartesian(EARTH_MU_M3_S2);
            let elements = EquinoctialElements::from_cartesian(&state, EARTH_MU_M3_S2).expect("an orbit");
            prop_assert!((elements.eccentricity() - eccentricity).abs() < 1e-13);
            let back = elements.to_cartesian(EARTH_MU_M3_S2);
            // Nothing is discarded: rounding, amplified where the orbit is far from its perigee.
            prop_assert!((back.position_m - state.position_m).norm() / state.position_m.norm() < 2e-12);
            prop_assert!((back.velocity_m_s - state.velocity_m_s).norm() / state.velocity_m_s.norm() < 2e-12);
        }
    }
}
