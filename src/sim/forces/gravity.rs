//! The Earth's gravity on lanes: a point mass and zonal harmonics.

use pulp::Simd;

use super::{two_body, zonals};
use crate::sim::integrators::lanes::Lanes;

/// Parameters of the Earth's gravity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gravity {
    /// Gravitational parameter [m³/s²].
    pub mu_m3_s2: f64,
    /// Equatorial radius [m].
    pub earth_radius_m: f64,
    /// J2 to J6 [-]; zero leaves one out.
    pub zonals: [f64; 5],
}

impl Gravity {
    /// The degree of the zonals that [`Gravity::acceleration`] must go to: 0, 2, 4 or 6.
    pub(in crate::sim) fn degree(&self) -> usize {
        match self.zonals.iter().rposition(|zonal| *zonal != 0.0) {
            None => 0,
            Some(0) => 2,
            Some(1 | 2) => 4,
            Some(_) => 6,
        }
    }

    /// Acceleration at a position, GCRF [m/s²], the pole along Z, with zonals up to the degree that is compiled in.
    #[inline(always)]
    pub(in crate::sim) fn acceleration<S: Simd, const DEGREE: usize>(
        &self,
        simd: S,
        position_m: [Lanes<S>; 3],
    ) -> [Lanes<S>; 3] {
        let [x, y, z] = position_m;
        let radius_squared = x * x + y * y + z * z;
        let inverse_radius_squared = Lanes::splat(simd, 1.0) / radius_squared;
        let inverse_radius = inverse_radius_squared.sqrt();
        let point_mass = two_body::factor(simd, self.mu_m3_s2, inverse_radius, inverse_radius_squared);
        if DEGREE == 0 {
            return [x * point_mass, y * point_mass, z * point_mass];
        }
        let sine_latitude = z * inverse_radius;
        let (equatorial, polar) =
            zonals::factors::<S, DEGREE>(simd, &self.zonals, self.earth_radius_m, inverse_radius, sine_latitude);
        // The polar factor multiplies r, not z, since the odd zonals push along Z at the equator too.
        let radius = radius_squared * inverse_radius;
        [x * point_mass * equatorial, y * point_mass * equatorial, radius * point_mass * polar]
    }
}
