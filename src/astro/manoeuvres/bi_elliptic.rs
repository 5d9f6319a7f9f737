//! The bi-elliptic transfer: out to a far apogee and back, cheaper than Hohmann's for ratios of radii above 11.94.

use super::{ManoeuvreError, circular_speed_m_s, period_s, positive, speed_m_s};

/// A bi-elliptic transfer between circular coplanar orbits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BiEllipticTransfer {
    /// Change of speed on the first orbit [m/s].
    pub first_m_s: f64,
    /// Change of speed at the intermediate apsis [m/s].
    pub middle_m_s: f64,
    /// Change of speed on the last orbit [m/s].
    pub last_m_s: f64,
    /// Time from the first impulse to the last [s].
    pub duration_s: f64,
}

impl BiEllipticTransfer {
    /// From a circular orbit of `from_radius_m` by way of `apsis_radius_m` to one of `to_radius_m`.
    ///
    /// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., algorithm 37.
    ///
    /// # Errors
    /// [`ManoeuvreError::NotPositive`] for radii and `mu` [m³/s²] that are not above zero.
    pub fn between(from_radius_m: f64, apsis_radius_m: f64, to_radius_m: f64, mu: f64) -> Result<Self, ManoeuvreError> {
        positive(&[
            ("radius [m]", from_radius_m),
            ("radius of the apsis [m]", apsis_radius_m),
            ("target radius [m]", to_radius_m),
            ("mu [m³/s²]", mu),
        ])?;
        let first_axis_m = 0.5 * (from_radius_m + apsis_radius_m);
        let second_axis_m = 0.5 * (apsis_radius_m + to_radius_m);
        Ok(Self {
            first_m_s: speed_m_s(from_radius_m, first_axis_m, mu) - circular_speed_m_s(from_radius_m, mu),
            middle_m_s: speed_m_s(apsis_radius_m, second_axis_m, mu) - speed_m_s(apsis_radius_m, first_axis_m, mu),
            last_m_s: circular_speed_m_s(to_radius_m, mu) - speed_m_s(to_radius_m, second_axis_m, mu),
            duration_s: 0.5 * (period_s(first_axis_m, mu) + period_s(second_axis_m, mu)),
        })
    }

    /// Sum of the three impulses [m/s].
    #[must_use]
    pub fn total_m_s(&self) -> f64 {
        self.first_m_s.abs() + self.middle_m_s.abs() + self.last_m_s.abs()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::constants::EARTH_MU_M3_S2;
    use super::super::hohmann::HohmannTransfer;
    use super::*;

    #[test]
    fn it_beats_hohmann_only_far_out() {
        // Beyond a ratio of 15.58 every higher apsis saves; below 11.94 none does.
        for (ratio, cheaper) in [(10.0, false), (16.0, true)] {
            let hohmann = HohmannTransfer::between(7e6, 7e6 * ratio, EARTH_MU_M3_S2).expect("sound");
            let by_way =
                BiEllipticTransfer::between(7e6, 7e6 * ratio * 1.5, 7e6 * ratio, EARTH_MU_M3_S2).expect("sound");
            assert_eq!(by_way.total_m_s() < hohmann.total_m_s(), cheaper, "{ratio}");
        }
        // By way of the target itself it is Hohmann's.
        let hohmann = HohmannTransfer::between(7e6, 2e7, EARTH_MU_M3_S2).expect("sound");
        let by_way = BiEllipticTransfer::between(7e6, 2e7, 2e7, EARTH_MU_M3_S2).expect("sound");
        assert!((by_way.total_m_s() - hohmann.total_m_s()).abs() < 1e-9);
    }
}
