//! Zonal harmonics J2 to J6 of the Earth's gravity.

use pulp::Simd;

use super::{Environment, Force, Situation};
use crate::astro::Vector3;
use crate::sim::integrators::lanes::Lanes;

/// One zonal harmonic Jₙ of the Earth's gravity, the pole along Z of GCRF.
///
/// The gradient of the potential μ/r × -Jₙ (RE/r)ⁿ Pₙ(s), s = z/r:
///
/// a = μ Jₙ REⁿ / rⁿ⁺² × [((n + 1) Pₙ(s) + s Pₙ′(s)) r̂ - Pₙ′(s) ẑ]
///
/// Pₙ and Pₙ′ by recurrence. Valid outside the Earth. The true pole is 0.14° from that of GCRF in the 2020s, which moves a low
/// satellite by 1.7 km in a day. Source: Vallado, Fundamentals of Astrodynamics, 4th ed., eq. 8-19, its gradient.
#[derive(Clone, Copy, Debug)]
pub struct Zonal {
    degree: u8,
    /// μ Jₙ REⁿ.
    strength: f64,
}

impl Zonal {
    /// The harmonic of degree 2 to 6, with the coefficient of the environment.
    ///
    /// # Panics
    /// If the degree is another.
    #[must_use]
    pub fn of(environment: &Environment, degree: u8) -> Self {
        let coefficient = environment.zonals[usize::from(degree) - 2];
        let radius_to_degree = environment.earth_radius_m.powi(i32::from(degree));
        Self { degree, strength: environment.mu_m3_s2 * coefficient * radius_to_degree }
    }
}

impl Force for Zonal {
    fn acceleration_m_s2(&self, situation: &Situation<'_>) -> Vector3 {
        let inverse_radius = 1.0 / situation.radius_m;
        let direction = situation.state.position_m * inverse_radius;
        let s = direction.z;
        // n Pₙ = (2n - 1) s Pₙ₋₁ - (n - 1) Pₙ₋₂ and Pₙ′ = n Pₙ₋₁ + s Pₙ₋₁′.
        let (mut before, mut legendre, mut slope) = (1.0, s, 1.0);
        let mut scale = self.strength * inverse_radius * inverse_radius * inverse_radius;
        for degree in 2..=self.degree {
            let n = f64::from(degree);
            slope = n * legendre + s * slope;
            (before, legendre) = (legendre, ((2.0 * n - 1.0) * s * legendre - (n - 1.0) * before) / n);
            scale *= inverse_radius;
        }
        let mut acceleration = direction * (scale * ((f64::from(self.degree) + 1.0) * legendre + s * slope));
        acceleration.z -= scale * slope;
        acceleration
    }
}

/// What the point-mass acceleration -μ/r³ is multiplied by: on x and y (the first), and in place of z by r times the second.
///
/// With s = z/r and q = RE/r:
///
/// equatorial: 1 + 3/2 J2 q² (1 - 5 s²) + 5/2 J3 q³ (3 s - 7 s³) - 15/8 J4 q⁴ (1 - 14 s² + 21 s⁴)
///
/// polar: s + 3/2 J2 q² (3 s - 5 s³) + 5/2 J3 q³ (6 s² - 7 s⁴ - 3/5) - 15/8 J4 q⁴ (5 s - 70/3 s³ + 21 s⁵)
///
/// and further, in the general form -Jₙ qⁿ P′ₙ₊₁(s) and -(n + 1) Jₙ qⁿ Pₙ₊₁(s):
///
/// equatorial: - 21/8 J5 q⁵ (5 s - 30 s³ + 33 s⁵) - 7/16 J6 q⁶ (429 s⁶ - 495 s⁴ + 135 s² - 5)
///
/// polar: - 21/8 J5 q⁵ (33 s⁶ - 45 s⁴ + 15 s² - 5/7) - 7/16 J6 q⁶ (429 s⁷ - 693 s⁵ + 315 s³ - 35 s)
///
/// `zonals`: J2 to J6, unnormalised, of which those up to the degree count. Source: Vallado, Fundamentals of Astrodynamics, 4th ed., section 8.7.1, table 8-4's
/// gradients of the zonal potential. Valid outside the Earth, the pole along Z.
#[inline(always)]
pub(in crate::sim) fn factors<S: Simd, const DEGREE: usize>(
    simd: S,
    zonals: &[f64; 5],
    earth_radius_m: f64,
    inverse_radius: Lanes<S>,
    sine_latitude: Lanes<S>,
) -> (Lanes<S>, Lanes<S>) {
    let s = sine_latitude;
    let s2 = s * s;
    let q = Lanes::splat(simd, earth_radius_m) * inverse_radius;
    let q2 = q * q;
    let one = Lanes::splat(simd, 1.0);
    let minus_five = Lanes::splat(simd, -5.0);
    let j2 = Lanes::splat(simd, 1.5 * zonals[0]) * q2;
    let mut equatorial = j2.mul_add(minus_five.mul_add(s2, one), one);
    let mut polar = j2.mul_add(minus_five.mul_add(s2, Lanes::splat(simd, 3.0)), one) * s;
    if DEGREE > 2 {
        let minus_seven = Lanes::splat(simd, -7.0);
        let twenty_one = Lanes::splat(simd, 21.0);
        let j3 = Lanes::splat(simd, 2.5 * zonals[1]) * q2 * q;
        let j4 = Lanes::splat(simd, -1.875 * zonals[2]) * q2 * q2;
        equatorial = j3.mul_add(s * minus_seven.mul_add(s2, Lanes::splat(simd, 3.0)), equatorial);
        equatorial = j4.mul_add(s2.mul_add(twenty_one.mul_add(s2, Lanes::splat(simd, -14.0)), one), equatorial);
        let odd = minus_seven.mul_add(s2, Lanes::splat(simd, 6.0));
        polar = j3.mul_add(s2.mul_add(odd, Lanes::splat(simd, -0.6)), polar);
        let even = twenty_one.mul_add(s2, Lanes::splat(simd, -70.0 / 3.0));
        polar = j4.mul_add(s * s2.mul_add(even, Lanes::splat(simd, 5.0)), polar);
        if DEGREE > 4 {
            let j5 = Lanes::splat(simd, -2.625 * zonals[3]) * q2 * q2 * q;
            let j6 = Lanes::splat(simd, -0.4375 * zonals[4]) * q2 * q2 * q2;
            equatorial = j5.mul_add(s * even_polynomial(simd, s2, [5.0, -30.0, 33.0, 0.0]), equatorial);
            equatorial = j6.mul_add(even_polynomial(simd, s2, [-5.0, 135.0, -495.0, 429.0]), equatorial);
            polar = j5.mul_add(even_polynomial(simd, s2, [-5.0 / 7.0, 15.0, -45.0, 33.0]), polar);
            polar = j6.mul_add(s * even_polynomial(simd, s2, [-35.0, 315.0, -693.0, 429.0]), polar);
        }
    }
    (equatorial, polar)
}

/// c₀ + c₁ s² + c₂ s⁴ + c₃ s⁶.
#[inline(always)]
fn even_polynomial<S: Simd>(simd: S, s2: Lanes<S>, coefficients: [f64; 4]) -> Lanes<S> {
    let [constant, square, fourth, sixth] = coefficients;
    let sum = Lanes::splat(simd, sixth).mul_add(s2, Lanes::splat(simd, fourth));
    let sum = sum.mul_add(s2, Lanes::splat(simd, square));
    sum.mul_add(s2, Lanes::splat(simd, constant))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::components::Surface;
    use crate::sim::forces::{ForceConfig, ForceModel, Gravity};
    use crate::astro::CartesianState;

    struct At<'a>(&'a Gravity, [f64; 3]);

    impl pulp::WithSimd for At<'_> {
        type Output = [f64; 3];

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> [f64; 3] {
            let position_m = self.1.map(|x| Lanes::splat(simd, x));
            let acceleration = match self.0.degree() {
                0 => self.0.acceleration::<S, 0>(simd, position_m),
                2 => self.0.acceleration::<S, 2>(simd, position_m),
                4 => self.0.acceleration::<S, 4>(simd, position_m),
                _ => self.0.acceleration::<S, 6>(simd, position_m),
            };
            acceleration.map(|lanes| {
                let mut column = [0.0; 16];
                lanes.store(&mut column);
                column[0]
            })
        }
    }

    #[test]
    fn lanes_and_the_gradient_of_the_potential_agree() {
        let environment = Environment::earth(2_461_120.0, [0.0, 0.0]);
        for (index, position) in
            [[7e6, 1e6, 2e6], [-3e6, 5e6, -4.5e6], [1e5, 2e5, 6.6e6], [4e7, -1e6, 0.0], [-2e6, 1e6, -7e6]].into_iter().enumerate()
        {
            let state = CartesianState { position_m: position.into(), velocity_m_s: Vector3::zeros() };
            for degree in 1..=6 {
                // Each coefficient by itself, and larger than the Earth's so that rounding of the rest does not hide it.
                let mut zonals = [0.0; 5];
                if degree > 1 {
                    zonals[degree - 2] = 0.01;
                }
                let earth = Environment { zonals, ..environment };
                let gravity = Gravity { mu_m3_s2: earth.mu_m3_s2, earth_radius_m: earth.earth_radius_m, zonals };
                let model = ForceModel::of(&ForceConfig::ALL[..6], &earth);
                let expected = model.acceleration_m_s2(0.0, &state, 1.0, &Surface::default());
                let found = Vector3::from(pulp::Arch::new().dispatch(At(&gravity, position)));
                // Rounding of a dozen products.
                assert!((found - expected).norm() < 1e-14 * expected.norm(), "J{degree}, place {index}: {found} {expected}");
            }
        }
    }
}
