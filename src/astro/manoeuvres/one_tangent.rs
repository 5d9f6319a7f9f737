//! The one-tangent-burn transfer: faster than Hohmann's, its second impulse where the orbits cross.

use std::f64::consts::PI;

use super::super::kepler;
use super::{ManoeuvreError, circular_speed_m_s, positive, speed_m_s, within};

/// A transfer between circular coplanar orbits that leaves along the track and cuts through the target orbit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneTangentTransfer {
    /// Change of speed on the first orbit, along the track [m/s].
    pub first_m_s: f64,
    /// Size of the second impulse [m/s].
    pub second_m_s: f64,
    /// Time from the first impulse to the second [s].
    pub duration_s: f64,
    /// Eccentricity of the transfer [-].
    pub eccentricity: f64,
    /// Flight-path angle of the transfer where it meets the target orbit [rad], outwards positive.
    pub flight_path_angle_rad: f64,
}

impl OneTangentTransfer {
    /// From a circular orbit of `from_radius_m`, through `transfer_angle_rad` in (0, π), to one of `to_radius_m`.
    ///
    /// The impulse is given at the perigee of the transfer on the way out, at its apogee on the way in.
    /// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., algorithm 38.
    ///
    /// # Errors
    /// [`ManoeuvreError`] for radii and `mu` [m³/s²] that are not above zero and for an angle through which no ellipse leads.
    pub fn between(
        from_radius_m: f64,
        to_radius_m: f64,
        transfer_angle_rad: f64,
        mu: f64,
    ) -> Result<Self, ManoeuvreError> {
        positive(&[("radius [m]", from_radius_m), ("target radius [m]", to_radius_m), ("mu [m³/s²]", mu)])?;
        within("transfer angle [rad]", transfer_angle_rad, f64::MIN_POSITIVE, PI)?;
        let ratio = from_radius_m / to_radius_m;
        let outwards = ratio <= 1.0;
        // At perigee p = r (1 + e), at apogee p = r (1 - e).
        let true_anomaly_rad = if outwards { transfer_angle_rad } else { PI + transfer_angle_rad };
        let side = if outwards { 1.0 } else { -1.0 };
        let eccentricity = (ratio - 1.0) / (libm::cos(true_anomaly_rad) - side * ratio);
        within("eccentricity of the transfer", eccentricity, 0.0, 1.0 - 1e-12)?;
        let semi_major_axis_m = from_radius_m / (1.0 - side * eccentricity);
        let (sine, cosine) = libm::sincos(true_anomaly_rad);
        let flight_path_angle_rad = libm::atan2(eccentricity * sine, 1.0 + eccentricity * cosine);
        let (arriving, circular) = (speed_m_s(to_radius_m, semi_major_axis_m, mu), circular_speed_m_s(to_radius_m, mu));
        // Law of cosines, written so that nothing cancels where the speeds are alike.
        let half_sine = libm::sin(0.5 * flight_path_angle_rad);
        let second = (arriving - circular) * (arriving - circular) + 4.0 * arriving * circular * half_sine * half_sine;
        let mean_anomaly = |true_anomaly_rad: f64| {
            let flattening = ((1.0 - eccentricity) / (1.0 + eccentricity)).sqrt();
            let (sine, cosine) = libm::sincos(0.5 * true_anomaly_rad);
            let eccentric = 2.0 * libm::atan2(flattening * sine, cosine);
            kepler::elliptic_mean_anomaly_rad(eccentric, eccentricity)
        };
        let swept = mean_anomaly(true_anomaly_rad) - if outwards { 0.0 } else { PI };
        Ok(Self {
            first_m_s: speed_m_s(from_radius_m, semi_major_axis_m, mu) - circular_speed_m_s(from_radius_m, mu),
            second_m_s: second.sqrt(),
            duration_s: swept * (semi_major_axis_m / mu).sqrt() * semi_major_axis_m,
            eccentricity,
            flight_path_angle_rad,
        })
    }

    /// Sum of both impulses [m/s].
    #[must_use]
    pub fn total_m_s(&self) -> f64 {
        self.first_m_s.abs() + self.second_m_s
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::constants::EARTH_MU_M3_S2;
    use super::super::hohmann::HohmannTransfer;
    use super::*;

    #[test]
    fn through_half_a_turn_it_is_hohmanns() {
        for (from, to) in [(7e6, 4.2e7), (4.2e7, 7e6)] {
            let hohmann = HohmannTransfer::between(from, to, EARTH_MU_M3_S2).expect("sound");
            let tangent = OneTangentTransfer::between(from, to, PI, EARTH_MU_M3_S2).expect("sound");
            assert!((tangent.total_m_s() - hohmann.total_m_s()).abs() < 1e-6);
            assert!((tangent.duration_s - hohmann.duration_s).abs() < 1e-6);
            let faster = OneTangentTransfer::between(from, to, 2.9, EARTH_MU_M3_S2).expect("sound");
            assert!(faster.duration_s < hohmann.duration_s && faster.total_m_s() > hohmann.total_m_s());
        }
    }

    #[test]
    fn what_no_ellipse_joins_is_told() {
        let told = OneTangentTransfer::between(7e6, 4.2e7, 0.5, EARTH_MU_M3_S2).expect_err("too steep").to_string();
        assert!(told.starts_with("eccentricity of the transfer is"), "{told}");
        assert!(OneTangentTransfer::between(7e6, 4.2e7, f64::NAN, EARTH_MU_M3_S2).is_err());
    }
}
