//! Orbits that cross another: the start of a conjunction.

use std::f64::consts::TAU;

use rand::RngExt;

use super::reset::direction;
use super::seeds::Generator;
use crate::astro::elements::KeplerianElements;
use crate::astro::rtn::RtnFrame;
use crate::astro::{CartesianState, Vector3, kepler};

/// Least altitude of the perigee of a drawn orbit [m].
pub const LEAST_PERIGEE_ALTITUDE_M: f64 = 120_000.0;
/// Greatest eccentricity of a drawn orbit [-].
pub const GREATEST_ECCENTRICITY: f64 = 0.9;
/// Directions of the relative velocity that are tried at most.
const TRIES: usize = 256;

/// How two objects pass each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Passage {
    /// When they are nearest, from now [s].
    pub after_s: f64,
    /// How near they come [m].
    pub miss_m: f64,
    /// Relative speed then [m/s], above zero.
    pub relative_speed_m_s: f64,
}

impl Passage {
    /// The state now of an object that passes `other` so, both in two-body motion about a centre of parameter `mu` [m³/s²] and
    /// equatorial radius `radius_m`. The directions of relative velocity and miss are drawn.
    ///
    /// The orbit is bound, with its perigee above [`LEAST_PERIGEE_ALTITUDE_M`] and its eccentricity below [`GREATEST_ECCENTRICITY`]; where no
    /// draw is so, it is the other's orbit turned about the radius, whose perigee is the other's. A turn reaches
    /// twice the horizontal speed at most; a greater relative speed is cut to that. The place across the relative velocity makes it the
    /// nearest one as long as the relative speed is above twice the mean motion times the miss.
    #[must_use]
    pub fn start(&self, other: &CartesianState, mu: f64, radius_m: f64, generator: &mut Generator) -> CartesianState {
        let met = kepler::propagate(other, mu, self.after_s);
        let isotropic = Vector3::from_element(1.0);
        let is_sound = |state: &CartesianState| {
            let elements = KeplerianElements::from_cartesian(state, mu);
            let perigee_m = elements.semi_latus_rectum_m / (1.0 + elements.eccentricity);
            elements.eccentricity < GREATEST_ECCENTRICITY && perigee_m > radius_m + LEAST_PERIGEE_ALTITUDE_M
        };
        let drawn = (0..TRIES).find_map(|_| {
            let relative_m_s = direction(&isotropic, generator) * self.relative_speed_m_s;
            let state = self.beside(&met, &relative_m_s, generator);
            is_sound(&state).then_some(state)
        });
        let nearest = drawn.unwrap_or_else(|| {
            let relative_m_s = self.turned(&met, generator);
            self.beside(&met, &relative_m_s, generator)
        });
        kepler::propagate(&nearest, mu, -self.after_s)
    }

    /// The state at the miss distance across the relative velocity, in a drawn direction.
    fn beside(&self, met: &CartesianState, relative_m_s: &Vector3, generator: &mut Generator) -> CartesianState {
        let (sine, cosine) = libm::sincos(TAU * generator.random::<f64>());
        let along = relative_m_s.try_normalize(0.0).unwrap_or_else(Vector3::x);
        let upward = if along.z.abs() < 0.9 { Vector3::z() } else { Vector3::x() };
        let first = along.cross(&upward).normalize();
        let across = first * cosine + along.cross(&first) * sine;
        CartesianState {
            position_m: met.position_m + across * self.miss_m,
            velocity_m_s: met.velocity_m_s + relative_m_s,
        }
    }

    /// The relative velocity [m/s] of the same orbit turned about the radius, to a drawn side: radial and horizontal speed stay, and
    /// so do axis and eccentricity.
    fn turned(&self, met: &CartesianState, generator: &mut Generator) -> Vector3 {
        let frame = RtnFrame::of(met);
        let horizontal_m_s = frame.transverse.dot(&met.velocity_m_s);
        let half_rad = libm::asin((0.5 * self.relative_speed_m_s / horizontal_m_s).min(1.0));
        let side = if generator.random::<bool>() { 2.0 } else { -2.0 };
        let (sine, cosine) = libm::sincos(side * half_rad);
        (frame.transverse * (cosine - 1.0) + frame.normal * sine) * horizontal_m_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::astro::constants::{EARTH_MU_M3_S2, EARTH_RADIUS_M};
    use crate::sim::seeds::{Purpose, SeedDomain, stream};

    fn other(axis_m: f64) -> CartesianState {
        KeplerianElements {
            semi_latus_rectum_m: axis_m,
            eccentricity: 1e-3,
            inclination_rad: 1.0,
            raan_rad: 2.0,
            argument_of_perigee_rad: 3.0,
            true_anomaly_rad: 4.0,
        }
        .to_cartesian(EARTH_MU_M3_S2)
    }

    #[test]
    fn the_two_pass_when_and_as_near_as_asked() {
        let mut generator = stream(1, SeedDomain::Train, 0, 0, Purpose::Initial);
        for relative_speed_m_s in [20.0, 500.0, 7_000.0, 14_000.0] {
            for (miss_m, after_s) in [(0.0, 600.0), (30.0, 0.0), (2_000.0, 5_000.0), (500.0, 40_000.0)] {
                let other = other(6.9e6);
                let passage = Passage { after_s, miss_m, relative_speed_m_s };
                let own = passage.start(&other, EARTH_MU_M3_S2, EARTH_RADIUS_M, &mut generator);
                let at = |seconds| {
                    let [own, other] = [own, other].map(|state| kepler::propagate(&state, EARTH_MU_M3_S2, seconds));
                    (own.position_m - other.position_m, own.velocity_m_s - other.velocity_m_s)
                };
                let (mut low_s, mut high_s) = (after_s - 60.0, after_s + 60.0);
                for _ in 0..60 {
                    let third_s = (high_s - low_s) / 3.0;
                    let is_left = at(low_s + third_s).0.norm() < at(high_s - third_s).0.norm();
                    if is_left { high_s -= third_s } else { low_s += third_s }
                }
                let nearest_s = 0.5 * (low_s + high_s);
                // A miss of zero is met within what 7,000 km can be told apart from themselves after kilometres a second.
                assert!((nearest_s - after_s).abs() < 0.01, "{passage:?}: {nearest_s} s");
                assert!((at(nearest_s).0.norm() - miss_m).abs() < 0.1, "{passage:?}: {} m", at(nearest_s).0.norm());
                assert!((at(after_s).1.norm() - relative_speed_m_s).abs() < 0.01, "{passage:?}");
                let elements = KeplerianElements::from_cartesian(&own, EARTH_MU_M3_S2);
                assert!(elements.eccentricity < GREATEST_ECCENTRICITY, "{passage:?}: {elements:?}");
                let altitude_m = elements.perigee_radius_m() - EARTH_RADIUS_M;
                assert!(altitude_m > LEAST_PERIGEE_ALTITUDE_M - 3_000.0, "{passage:?}: {altitude_m} m");
            }
        }
    }

    #[test]
    fn where_no_draw_is_sound_the_other_orbit_is_turned() {
        // So low that nearly every change of speed falls below 120 km; the turned orbit falls no lower than the other.
        let mut generator = stream(2, SeedDomain::Train, 0, 0, Purpose::Initial);
        let low = other(EARTH_RADIUS_M + 110_000.0);
        let before = KeplerianElements::from_cartesian(&low, EARTH_MU_M3_S2);
        for relative_speed_m_s in [100.0, 9_000.0, 15_000.0] {
            let passage = Passage { after_s: 900.0, miss_m: 0.0, relative_speed_m_s };
            let met = kepler::propagate(&low, EARTH_MU_M3_S2, 900.0);
            let turned = passage.beside(&met, &passage.turned(&met, &mut generator), &mut generator);
            assert!(((turned.velocity_m_s - met.velocity_m_s).norm() - relative_speed_m_s).abs() < 1e-6);
            let after = KeplerianElements::from_cartesian(&turned, EARTH_MU_M3_S2);
            assert!((after.perigee_radius_m() - before.perigee_radius_m()).abs() < 1.0, "{relative_speed_m_s}");
        }
        // Beyond twice the horizontal speed the turn is a reversal.
        let passage = Passage { after_s: 0.0, miss_m: 0.0, relative_speed_m_s: 20_000.0 };
        let reversed = passage.turned(&low, &mut generator);
        assert!(reversed.norm() < 16_000.0 && reversed.norm() > 15_000.0);
    }
}
