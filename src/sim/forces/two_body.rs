//! The Earth as a point mass.

use pulp::Simd;

use crate::sim::integrators::lanes::Lanes;

/// -μ / r³ [1/s²], which times the position is the acceleration a = -μ r / r³.
///
/// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., eq. 1-14.
#[inline(always)]
pub(in crate::sim) fn factor<S: Simd>(
    simd: S,
    mu_m3_s2: f64,
    inverse_radius: Lanes<S>,
    inverse_radius_squared: Lanes<S>,
) -> Lanes<S> {
    Lanes::splat(simd, -mu_m3_s2) * inverse_radius_squared * inverse_radius
}
