//! Zonal harmonics J2 to J4 of the Earth's gravity.

use pulp::Simd;

use crate::sim::integrators::lanes::Lanes;

/// What the point-mass acceleration -μ/r³ is multiplied by: on x and y (the first), and in place of z by r times the second.
///
/// With s = z/r and q = RE/r:
///
/// equatorial: 1 + 3/2 J2 q² (1 - 5 s²) + 5/2 J3 q³ (3 s - 7 s³) - 15/8 J4 q⁴ (1 - 14 s² + 21 s⁴)
///
/// polar: s + 3/2 J2 q² (3 s - 5 s³) + 5/2 J3 q³ (6 s² - 7 s⁴ - 3/5) - 15/8 J4 q⁴ (5 s - 70/3 s³ + 21 s⁵)
///
/// `zonals`: J2, J3, J4, unnormalised. Source: Vallado, Fundamentals of Astrodynamics, 4th ed., section 8.7.1, table 8-4's
/// gradients of the zonal potential. Valid outside the Earth, the pole along Z.
#[inline(always)]
pub(in crate::sim) fn factors<S: Simd>(
    simd: S,
    zonals: &[f64; 3],
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
    if zonals[1] != 0.0 || zonals[2] != 0.0 {
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
    }
    (equatorial, polar)
}
