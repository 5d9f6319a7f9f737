//! The Hohmann transfer: two tangential impulses between circular coplanar orbits.

use super::{ManoeuvreError, circular_speed_m_s, period_s, positive, speed_m_s};

/// A Hohmann transfer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HohmannTransfer {
    /// Change of speed on the first orbit [m/s].
    pub first_m_s: f64,
    /// Change of speed on the second orbit [m/s].
    pub second_m_s: f64,
    /// Time from the first impulse to the second [s].
    pub duration_s: f64,
    /// Semi-major axis of the ellipse between [m].
    pub semi_major_axis_m: f64,
}

impl HohmannTransfer {
    /// From a circular orbit of `from_radius_m` to one of `to_radius_m`, outwards or inwards.
    ///
    /// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., algorithm 36.
    ///
    /// # Errors
    /// [`ManoeuvreError::NotPositive`] for radii and `mu` [m³/s²] that are not above zero.
    pub fn between(from_radius_m: f64, to_radius_m: f64, mu: f64) -> Result<Self, ManoeuvreError> {
        positive(&[("radius [m]", from_radius_m), ("target radius [m]", to_radius_m), ("mu [m³/s²]", mu)])?;
        let semi_major_axis_m = 0.5 * (from_radius_m + to_radius_m);
        Ok(Self {
            first_m_s: speed_m_s(from_radius_m, semi_major_axis_m, mu) - circular_speed_m_s(from_radius_m, mu),
            second_m_s: circular_speed_m_s(to_radius_m, mu) - speed_m_s(to_radius_m, semi_major_axis_m, mu),
            duration_s: 0.5 * period_s(semi_major_axis_m, mu),
            semi_major_axis_m,
        })
    }

    /// Sum of both impulses [m/s].
    #[must_use]
    pub fn total_m_s(&self) -> f64 {
        self.first_m_s.abs() + self.second_m_s.abs()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::constants::EARTH_MU_M3_S2;
    use super::*;

    #[test]
    fn there_and_back_cost_the_same() {
        let out = HohmannTransfer::between(7e6, 4.2e7, EARTH_MU_M3_S2).expect("sound");
        let back = HohmannTransfer::between(4.2e7, 7e6, EARTH_MU_M3_S2).expect("sound");
        assert!((out.first_m_s + back.second_m_s).abs() < 1e-9 && (out.second_m_s + back.first_m_s).abs() < 1e-9);
        let none = HohmannTransfer::between(7e6, 7e6, EARTH_MU_M3_S2).expect("sound");
        assert!(none.total_m_s() < 1e-9);
    }

    #[test]
    fn faults_are_told() {
        let told = HohmannTransfer::between(7e6, -1.0, EARTH_MU_M3_S2).expect_err("negative").to_string();
        assert_eq!(told, "target radius [m] is -1, expected above zero and finite");
        assert!(HohmannTransfer::between(f64::NAN, 7e6, EARTH_MU_M3_S2).is_err());
    }
}
