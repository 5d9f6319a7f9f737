//! The Earth as a point mass.

use pulp::Simd;

use super::{Environment, Force, Situation};
use crate::astro::Vector3;
use crate::sim::integrators::lanes::Lanes;

/// The Earth as a point mass: a = -μ r / r³, for any r but zero.
///
/// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., eq. 1-14.
#[derive(Clone, Copy, Debug)]
pub struct TwoBody {
    mu_m3_s2: f64,
}

impl TwoBody {
    /// With the gravitational parameter of the environment.
    #[must_use]
    pub fn of(environment: &Environment) -> Self {
        Self { mu_m3_s2: environment.mu_m3_s2 }
    }
}

impl Force for TwoBody {
    fn acceleration_m_s2(&self, situation: &Situation<'_>) -> Vector3 {
        let r = situation.radius_m;
        situation.state.position_m * (-self.mu_m3_s2 / (r * r * r))
    }
}

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
