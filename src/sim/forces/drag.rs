//! Drag of an exponential atmosphere that turns with the Earth.

use pulp::Simd;

use super::{Environment, Force, Situation};
use crate::astro::constants::EARTH_ROTATION_RAD_S;
use crate::astro::{Vector3, atmosphere};
use crate::sim::integrators::lanes::{Lanes, MAX_LANES};

/// Altitude [m] below which the standard tier holds the density at that of this altitude: nothing starts below, and a fixed
/// substep cannot follow what falls through thick air. The reference tier goes to the ground.
pub const LOWEST_STANDARD_ALTITUDE_M: f64 = 80e3;

/// Drag: a = -½ ρ (Cd A/m) |v_rel| v_rel, v_rel = v - ω × r, ω the rotation of the Earth along Z.
///
/// Density ρ: [`atmosphere::density_kg_m3`] at |r| - RE. The area A and the coefficient Cd are the spacecraft's own and do not depend on
/// its attitude; lift is left out. Valid where the flow is that of single molecules, from 150 km or so on; below, Cd changes.
/// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., eq. 8-28 and 8-30.
#[derive(Clone, Copy, Debug)]
pub struct Drag {
    earth_radius_m: f64,
}

impl Drag {
    /// Above the sphere of the environment's equatorial radius.
    #[must_use]
    pub fn of(environment: &Environment) -> Self {
        Self { earth_radius_m: environment.earth_radius_m }
    }
}

impl Force for Drag {
    fn acceleration_m_s2(&self, situation: &Situation<'_>) -> Vector3 {
        let (position_m, velocity_m_s) = (&situation.state.position_m, &situation.state.velocity_m_s);
        let relative_m_s =
            velocity_m_s - Vector3::new(-EARTH_ROTATION_RAD_S * position_m.y, EARTH_ROTATION_RAD_S * position_m.x, 0.0);
        let density_kg_m3 = atmosphere::density_kg_m3(situation.radius_m - self.earth_radius_m);
        let surface = situation.surface;
        let ballistic_m2_kg = surface.drag_coefficient * surface.area_m2 / situation.mass_kg;
        relative_m_s * (-0.5 * density_kg_m3 * ballistic_m2_kg * relative_m_s.norm())
    }

    fn piece(&self, situation: &Situation<'_>) -> u64 {
        atmosphere::band_index(situation.radius_m - self.earth_radius_m) as u64
    }
}

/// [`Drag`] on lanes. `ballistic_m2_kg`: Cd A/m.
#[inline(always)]
pub(in crate::sim) fn acceleration<S: Simd>(
    simd: S,
    state: &[Lanes<S>; 6],
    earth_radius_m: f64,
    ballistic_m2_kg: Lanes<S>,
) -> [Lanes<S>; 3] {
    let [x, y, z, vx, vy, vz] = *state;
    let rotation = Lanes::splat(simd, EARTH_ROTATION_RAD_S);
    let (east_x, east_y) = (rotation.mul_add(y, vx), vy - rotation * x);
    let speed = (east_x * east_x + east_y * east_y + vz * vz).sqrt();
    let altitude = (x * x + y * y + z * z).sqrt() - Lanes::splat(simd, earth_radius_m);
    let factor = Lanes::splat(simd, -0.5) * density(simd, altitude) * ballistic_m2_kg * speed;
    [factor * east_x, factor * east_y, factor * vz]
}

/// ln 2 in two parts, the first of which has zeros at its end, so that an integer times it is exact.
const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];

/// Density [kg/m³] at altitudes [m] of [`LOWEST_STANDARD_ALTITUDE_M`] and more.
///
/// The band is looked up lane by lane; exp(-x) = 2ⁿ exp(r) with |r| ≤ ½ ln 2, exp(r) by its series to r¹²: within a few units in
/// the last place of [`atmosphere::density_kg_m3`].
#[inline(always)]
fn density<S: Simd>(simd: S, altitude_m: Lanes<S>) -> Lanes<S> {
    let mut altitudes_m = [0.0; MAX_LANES];
    altitude_m.store(&mut altitudes_m);
    let (mut exponents, mut halvings, mut scales) = ([0.0; MAX_LANES], [0.0; MAX_LANES], [0.0; MAX_LANES]);
    for lane in 0..Lanes::<S>::COUNT.min(MAX_LANES) {
        let altitude_m = altitudes_m[lane].max(LOWEST_STANDARD_ALTITUDE_M);
        let band = atmosphere::band_at(altitude_m);
        // Beyond 700 scale heights there is nothing, and 2ⁿ would leave the range of its exponent.
        let exponent = ((band.base_altitude_m - altitude_m) / band.scale_height_m).max(-700.0);
        let halving = (0.5 - exponent * std::f64::consts::LOG2_E) as i64;
        exponents[lane] = exponent;
        halvings[lane] = halving as f64;
        scales[lane] = band.base_density_kg_m3 * f64::from_bits(((1023 - halving) as u64) << 52);
    }
    let n = Lanes::load(simd, &halvings);
    let r = n.mul_add(Lanes::splat(simd, LN_2[0]), Lanes::load(simd, &exponents));
    let r = n.mul_add(Lanes::splat(simd, LN_2[1]), r);
    let mut series = Lanes::splat(simd, INVERSE_FACTORIALS[12]);
    let mut power = 12;
    while power > 0 {
        power -= 1;
        series = series.mul_add(r, Lanes::splat(simd, INVERSE_FACTORIALS[power]));
    }
    series * Lanes::load(simd, &scales)
}

/// 1/n!, n from 0 to 12.
const INVERSE_FACTORIALS: [f64; 13] = {
    let mut inverse = [1.0; 13];
    let (mut n, mut factorial) = (1, 1.0);
    while n < inverse.len() {
        factorial *= n as f64;
        inverse[n] = 1.0 / factorial;
        n += 1;
    }
    inverse
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::astro::CartesianState;
    use crate::astro::constants::EARTH_RADIUS_M;
    use crate::sim::components::Surface;

    struct At([f64; 6], f64);

    impl pulp::WithSimd for At {
        type Output = [f64; 3];

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> [f64; 3] {
            let state = self.0.map(|number| Lanes::splat(simd, number));
            let found = acceleration(simd, &state, EARTH_RADIUS_M, Lanes::splat(simd, self.1));
            found.map(|lanes| {
                let mut column = [0.0; MAX_LANES];
                lanes.store(&mut column);
                column[0]
            })
        }
    }

    fn alone(state: &CartesianState) -> Vector3 {
        let drag = Drag { earth_radius_m: EARTH_RADIUS_M };
        let surface = Surface { area_m2: 5.0, drag_coefficient: 2.0, ..Surface::default() };
        let radius_m = state.position_m.norm();
        drag.acceleration_m_s2(&Situation { time_s: 0.0, state, radius_m, mass_kg: 100.0, surface: &surface })
    }

    #[test]
    fn lanes_and_the_single_spacecraft_agree_to_rounding() {
        let mut altitude_m = LOWEST_STANDARD_ALTITUDE_M;
        while altitude_m < 4e7 {
            let position_m = Vector3::new(0.6, 0.48, -0.64) * (EARTH_RADIUS_M + altitude_m);
            let state = CartesianState { position_m, velocity_m_s: Vector3::new(-3_000.0, 6_500.0, 2_000.0) };
            let expected = alone(&state);
            let numbers = [position_m.x, position_m.y, position_m.z, -3_000.0, 6_500.0, 2_000.0];
            for arch in [pulp::Arch::Scalar, pulp::Arch::new()] {
                let found = Vector3::from(arch.dispatch(At(numbers, 0.1)));
                // The radius rounds at 1e-9 m, over scale heights of 6 km and more, and a few units in the last place of the series.
                assert!((found - expected).norm() <= 2e-12 * expected.norm(), "{altitude_m} m: {found} {expected}");
            }
            altitude_m *= 1.003;
        }
    }

    #[test]
    fn air_that_turns_with_a_spacecraft_does_not_hold_it_back() {
        let position_m = Vector3::new(6.8e6, 1e5, 3e5);
        let with_the_air = CartesianState {
            position_m,
            velocity_m_s: Vector3::new(0.0, 0.0, EARTH_ROTATION_RAD_S).cross(&position_m),
        };
        assert_eq!(alone(&with_the_air), Vector3::zeros());
        let eastward = CartesianState { velocity_m_s: with_the_air.velocity_m_s * 2.0, ..with_the_air };
        assert!(alone(&eastward).dot(&eastward.velocity_m_s) < 0.0);
    }
}
