//! What a target's thrusters may do: the process noise of a track.

use nalgebra::{Matrix3, Vector3 as Column};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sim::sensors::faults_outside;

/// Unknown acceleration of a target: white noise, and a part that lasts (Singer's model).
///
/// The lasting part is a first-order Gauss-Markov process on each axis, ȧ = -a/τ + w, of standard deviation σ, and is
/// estimated with the state. With σ = 0 it stays at zero and the filter is the six-state one.
/// Source: Singer, Estimating optimal tracking filter performance for manned maneuvering targets, IEEE Trans. AES-6, 1970;
/// Bar-Shalom, Li and Kirubarajan, Estimation with Applications to Tracking and Navigation, 2001, sections 6.2 and 8.2.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Manoeuvres {
    /// Power spectral density of the white acceleration on each axis [m²/s³].
    pub white_density_m2_s3: f64,
    /// Standard deviation σ of the lasting acceleration on each axis [m/s²].
    pub sigma_m_s2: f64,
    /// Time τ for which it lasts [s].
    pub time_constant_s: f64,
}

impl Default for Manoeuvres {
    /// White noise of 8 mm/s in a minute, and burns of 1 cm/s² that last some minutes.
    fn default() -> Self {
        Self { white_density_m2_s3: 1e-6, sigma_m_s2: 0.01, time_constant_s: 120.0 }
    }
}

/// Nodes on (-1, 1) and weights of Gauss and Legendre's rule of five points.
/// Source: Abramowitz and Stegun, Handbook of Mathematical Functions, table 25.4.
const GAUSS_LEGENDRE: [(f64, f64); 5] = [
    (0.0, 0.568_888_888_888_888_9),
    (0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
    (-0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
    (0.906_179_845_938_664, 0.236_926_885_056_189_08),
    (-0.906_179_845_938_664, 0.236_926_885_056_189_08),
];

impl Manoeuvres {
    /// How position [s²], velocity [s] and acceleration [-] after `seconds` depend on the lasting acceleration now, in free space.
    ///
    /// With x = t/τ: t² (x - 1 + e^-x)/x², t (1 - e^-x)/x, e^-x, as power series, for x up to 1.
    #[must_use]
    pub fn response(&self, seconds: f64) -> Column<f64> {
        let x = seconds / self.time_constant_s;
        // Σ (-x)^k / (k + 2)!, from the highest term.
        let series = (0..18).rev().fold(0.0, |sum, k| 1.0 - x * sum / f64::from(k + 3)) * 0.5;
        let position = seconds * seconds * series;
        let velocity = seconds - position / self.time_constant_s;
        Column::new(position, velocity, self.decay(seconds))
    }

    /// What is left of the lasting acceleration after `seconds` [-].
    #[must_use]
    pub fn decay(&self, seconds: f64) -> f64 {
        libm::exp(-seconds / self.time_constant_s)
    }

    /// Covariance that the noise of `seconds` adds to (position, velocity, lasting acceleration) on one axis, in free space.
    ///
    /// ∫ g(s) gᵀ(s) ds with the responses g, white noise in closed form (q t³/3, q t²/2, q t) and the driving noise of
    /// density 2 σ²/τ by five points of Gauss and Legendre, which errs by 5e-9 of it where `seconds` is τ and by 5e-12 at half of τ.
    #[must_use]
    pub fn noise(&self, seconds: f64) -> Matrix3<f64> {
        let (t, q) = (seconds, self.white_density_m2_s3);
        let (cube, square) = (q * t * t * t / 3.0, q * t * t / 2.0);
        let mut noise = Matrix3::new(cube, square, 0.0, square, q * t, 0.0, 0.0, 0.0, 0.0);
        if self.sigma_m_s2 > 0.0 {
            let density = 2.0 * self.sigma_m_s2 * self.sigma_m_s2 / self.time_constant_s;
            for (node, weight) in GAUSS_LEGENDRE {
                let response = self.response(0.5 * t * (1.0 + node));
                noise += response * response.transpose() * (0.5 * t * weight * density);
            }
        }
        noise
    }

    /// Each fault of the parameters, as (field, what is wrong).
    #[must_use]
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        faults_outside(&[
            // Some noise keeps the covariance positive definite however many measurements come.
            ("manoeuvres.white_density_m2_s3", self.white_density_m2_s3, 1e-15, 1e6),
            ("manoeuvres.sigma_m_s2", self.sigma_m_s2, 0.0, 1e3),
            ("manoeuvres.time_constant_s", self.time_constant_s, 1.0, 1e6),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Singer's covariance in closed form. Source: Singer 1970, eq. 15 to 20 (as in Bar-Shalom et al., eq. 8.2.2-9).
    fn singer(t: f64, sigma: f64, tau: f64) -> Matrix3<f64> {
        let a = 1.0 / tau;
        let x = a * t;
        let (e, e2) = ((-x).exp(), (-2.0 * x).exp());
        let q11 = (1.0 - e2 + 2.0 * x + 2.0 * x.powi(3) / 3.0 - 2.0 * x * x - 4.0 * x * e) / (2.0 * a.powi(5));
        let q12 = (e2 + 1.0 - 2.0 * e + 2.0 * x * e - 2.0 * x + x * x) / (2.0 * a.powi(4));
        let q13 = (1.0 - e2 - 2.0 * x * e) / (2.0 * a.powi(3));
        let q22 = (4.0 * e - 3.0 - e2 + 2.0 * x) / (2.0 * a.powi(3));
        let q23 = (e2 + 1.0 - 2.0 * e) / (2.0 * a * a);
        let q33 = (1.0 - e2) / (2.0 * a);
        Matrix3::new(q11, q12, q13, q12, q22, q23, q13, q23, q33) * (2.0 * a * sigma * sigma)
    }

    #[test]
    fn lasting_noise_is_singers() {
        for (seconds, tau) in [(10.0, 10.0), (10.0, 15.0), (5.0, 20.0)] {
            let model = Manoeuvres { white_density_m2_s3: 0.0, sigma_m_s2: 0.3, time_constant_s: tau };
            let (found, expected) = (model.noise(seconds), singer(seconds, 0.3, tau));
            for (found, expected) in found.iter().zip(expected.iter()) {
                assert!((found / expected - 1.0).abs() < 1e-8, "{found} against {expected} at {seconds} s, {tau} s");
            }
        }
    }

    #[test]
    fn noise_of_two_steps_is_that_of_one() {
        // Q(2h) = Φ(h) Q(h) Φᵀ(h) + Q(h), which makes it an exact discretisation.
        let model = Manoeuvres { white_density_m2_s3: 1e-4, sigma_m_s2: 0.02, time_constant_s: 30.0 };
        let h = 7.0;
        let response = model.response(h);
        let phi = Matrix3::new(1.0, h, response.x, 0.0, 1.0, response.y, 0.0, 0.0, response.z);
        let twice = phi * model.noise(h) * phi.transpose() + model.noise(h);
        assert!((twice - model.noise(2.0 * h)).abs().max() < 1e-10 * twice.abs().max());
    }

    #[test]
    fn a_long_time_constant_is_constant_acceleration() {
        let model = Manoeuvres { time_constant_s: 1e6, ..Manoeuvres::default() };
        let response = model.response(10.0);
        assert!((response - Column::new(50.0, 10.0, 1.0)).norm() < 1e-3);
    }
}
