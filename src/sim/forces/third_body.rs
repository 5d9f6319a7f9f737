//! Sun and Moon as point masses.

use super::{Environment, Force, Situation};
use crate::astro::chebyshev::ChebyshevPath;
use crate::astro::constants::{MOON_MU_M3_S2, SECONDS_PER_DAY, SUN_MU_M3_S2};
use crate::astro::{Vector3, moon, sun};

/// Longest piece of the Sun's path [s]; in eight days it moves by 0.14 rad, less than the Moon in one.
const SUN_PIECE_S: f64 = 8.0 * SECONDS_PER_DAY;
/// Longest piece of the Moon's path [s].
const MOON_PIECE_S: f64 = SECONDS_PER_DAY;

/// The pull of a third body on a spacecraft, less its pull on the Earth.
///
/// With s the body's place from the Earth's centre and d = r - s, the difference of -μ₃ d/|d|³ and μ₃ s/|s|³ loses ten digits near
/// the Earth. Battin's form does not:
///
/// a = -μ₃/|d|³ (r + f(q) s), q = r·(r - 2 s)/s², f(q) = q (3 + 3 q + q²)/(1 + (1 + q)^(3/2))
///
/// Valid away from the body. Source: Battin, An Introduction to the Mathematics and Methods of Astrodynamics, revised ed.,
/// section 8.4. The places of Sun and Moon are those of [`sun::position_gcrf_m`] and [`moon::position_gcrf_m`].
#[derive(Clone, Debug)]
pub struct ThirdBody {
    mu_m3_s2: f64,
    path: ChebyshevPath,
}

/// The Sun's path over the environment's span, GCRF [m].
#[must_use]
pub fn sun_path(environment: &Environment) -> ChebyshevPath {
    let [start_s, end_s] = environment.span_s;
    let at = |time_s: f64| sun::position_gcrf_m(environment.epoch_jd_tt + time_s / SECONDS_PER_DAY);
    ChebyshevPath::fit(start_s, end_s, SUN_PIECE_S, at)
}

/// The Moon's path over the environment's span, GCRF [m].
#[must_use]
pub fn moon_path(environment: &Environment) -> ChebyshevPath {
    let [start_s, end_s] = environment.span_s;
    let at = |time_s: f64| moon::position_gcrf_m(environment.epoch_jd_tt + time_s / SECONDS_PER_DAY);
    ChebyshevPath::fit(start_s, end_s, MOON_PIECE_S, at)
}

impl ThirdBody {
    /// The Sun.
    #[must_use]
    pub fn sun(environment: &Environment) -> Self {
        Self { mu_m3_s2: SUN_MU_M3_S2, path: sun_path(environment) }
    }

    /// The Moon.
    #[must_use]
    pub fn moon(environment: &Environment) -> Self {
        Self { mu_m3_s2: MOON_MU_M3_S2, path: moon_path(environment) }
    }
}

impl Force for ThirdBody {
    fn acceleration_m_s2(&self, situation: &Situation<'_>) -> Vector3 {
        let (r, s) = (&situation.state.position_m, self.path.at(situation.time_s));
        let q = r.dot(&(r - s * 2.0)) / s.norm_squared();
        let root = (1.0 + q).sqrt();
        let f = q * (3.0 + q * (3.0 + q)) / (1.0 + (1.0 + q) * root);
        let distance_m = (r - s).norm();
        (r + s * f) * (-self.mu_m3_s2 / (distance_m * distance_m * distance_m))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::astro::CartesianState;
    use crate::sim::components::Surface;

    #[test]
    fn it_is_the_difference_of_two_pulls() {
        let environment = Environment::earth(2_461_120.0, [0.0, 10.0 * SECONDS_PER_DAY]);
        for (body, path, mu) in [
            (ThirdBody::sun(&environment), sun_path(&environment), SUN_MU_M3_S2),
            (ThirdBody::moon(&environment), moon_path(&environment), MOON_MU_M3_S2),
        ] {
            for step in 0..50 {
                let time_s = f64::from(step) * 17_000.0;
                let (sine, cosine) = libm::sincos(0.7 * f64::from(step));
                let position_m = Vector3::new(cosine, sine, 0.3 * sine) * 4.2e7;
                let state = CartesianState { position_m, velocity_m_s: Vector3::zeros() };
                let surface = Surface::default();
                let radius_m = position_m.norm();
                let situation = Situation { time_s, state: &state, radius_m, mass_kg: 1.0, surface: &surface };
                let found = body.acceleration_m_s2(&situation);
                let s = path.at(time_s);
                let d = position_m - s;
                let naive = -d * (mu / d.norm().powi(3)) - s * (mu / s.norm().powi(3));
                // The naive form rounds at 1e-16 of the body's pull on the Earth.
                assert!((found - naive).norm() < 1e-15 * mu / s.norm_squared(), "{step}: {found} {naive}");
                // A tide: between μ r/s³ across and twice that along, some more for the near Moon.
                let tide = mu * radius_m / s.norm().powi(3);
                assert!((0.7 * tide..2.8 * tide).contains(&found.norm()), "{} of {tide}", found.norm());
            }
        }
    }

    #[test]
    fn paths_are_those_of_the_series() {
        let environment = Environment::earth(2_451_600.25, [0.0, 40.0 * SECONDS_PER_DAY]);
        let (sun_path, moon_path) = (sun_path(&environment), moon_path(&environment));
        for hour in 0..=960 {
            let time_s = 3_600.0 * f64::from(hour);
            let julian_date = environment.epoch_jd_tt + time_s / SECONDS_PER_DAY;
            // A Julian date in f64 resolves 40 µs: a metre of the Sun's way and 4 cm of the Moon's.
            assert!((sun_path.at(time_s) - sun::position_gcrf_m(julian_date)).norm() < 50.0, "{hour}");
            assert!((moon_path.at(time_s) - moon::position_gcrf_m(julian_date)).norm() < 1.0, "{hour}");
        }
    }
}
