//! Equinoctial elements of an ellipse, in which two-body motion is one growing angle and uncertainty stays nearly Gaussian.

use super::{CartesianState, Vector3, kepler};

/// Eccentricity up to which Newton's method on the equinoctial Kepler equation converges from its first-order start.
const NEARLY_CIRCULAR: f64 = 0.1;

/// Equinoctial elements of an ellipse about a centre whose gravitational parameter goes with them.
///
/// With the retrograde factor I = ±1: f = e cos(ω + IΩ), g = e sin(ω + IΩ), χ = tanᴵ(i/2) sin Ω, ψ = tanᴵ(i/2) cos Ω,
/// λ = M + ω + IΩ. Nothing is singular at e = 0 or i = 0; with I = -1 nothing is at i = 180°.
/// Source: Broucke and Cefola, On the equinoctial orbit elements, Celestial Mechanics 5, 1972.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EquinoctialElements {
    /// Mean motion n [rad/s], f, g, χ, ψ [-] and mean longitude λ [rad] at the epoch, in this order.
    pub values: [f64; 6],
    /// Whether I = -1.
    pub retrograde: bool,
}

impl EquinoctialElements {
    /// The elements of `state` (an inertial frame) about a centre of gravitational parameter `mu` [m³/s²].
    ///
    /// `retrograde`: whether to use I = -1, which an inclination above 90° calls for. `None` where the orbit is no
    /// ellipse, has no angular momentum, or lies on the singularity of its I.
    #[must_use]
    pub fn from_cartesian(state: &CartesianState, mu: f64, retrograde: bool) -> Option<Self> {
        let (position, velocity) = (state.position_m, state.velocity_m_s);
        let radius = position.norm();
        let momentum = position.cross(&velocity);
        let normal = momentum / momentum.norm();
        let axis = 1.0 / (2.0 / radius - velocity.norm_squared() / mu);
        let sign = if retrograde { -1.0 } else { 1.0 };
        let (chi, psi) = (normal.x / (1.0 + sign * normal.z), -normal.y / (1.0 + sign * normal.z));
        let [f_axis, g_axis] = equinoctial_axes(chi, psi, sign);
        let eccentricity = velocity.cross(&momentum) / mu - position / radius;
        let (f, g) = (eccentricity.dot(&f_axis), eccentricity.dot(&g_axis));
        let flattening = (1.0 - f * f - g * g).sqrt();
        let beta = 1.0 / (1.0 + flattening);
        let (x, y) = (position.dot(&f_axis), position.dot(&g_axis));
        let cosine = f + ((1.0 - f * f * beta) * x - f * g * beta * y) / (axis * flattening);
        let sine = g + ((1.0 - g * g * beta) * y - f * g * beta * x) / (axis * flattening);
        // λ = F + g cos F - f sin F
        let longitude = libm::atan2(sine, cosine) + g * cosine - f * sine;
        let values = [(mu / axis).sqrt() / axis, f, g, chi, psi, longitude];
        (axis > 0.0 && values.iter().all(|value| value.is_finite())).then_some(Self { values, retrograde })
    }

    /// The ellipse of these elements, ready to be asked for states; `None` where they describe none.
    #[must_use]
    pub fn ellipse(&self, mu: f64) -> Option<Ellipse> {
        let [mean_motion_rad_s, f, g, chi, psi, longitude_rad] = self.values;
        let eccentricity = (f * f + g * g).sqrt();
        // n² a³ = μ
        let axis_m = libm::cbrt(mu / (mean_motion_rad_s * mean_motion_rad_s));
        if !(mean_motion_rad_s > 0.0 && axis_m.is_finite() && eccentricity < 1.0) {
            return None;
        }
        let flattening = ((1.0 - eccentricity) * (1.0 + eccentricity)).sqrt();
        let beta = 1.0 / (1.0 + flattening);
        let axes = equinoctial_axes(chi, psi, if self.retrograde { -1.0 } else { 1.0 });
        Some(Ellipse {
            mean_motion_rad_s,
            longitude_rad,
            f,
            g,
            eccentricity,
            axis_m,
            coefficients: [1.0 - g * g * beta, 1.0 - f * f * beta, f * g * beta],
            axes,
        })
    }
}

/// The axes f and g of the equinoctial frame, which lie in the orbit's plane.
fn equinoctial_axes(chi: f64, psi: f64, sign: f64) -> [Vector3; 2] {
    let (chi2, psi2) = (chi * chi, psi * psi);
    let scale = 1.0 / (1.0 + chi2 + psi2);
    [
        Vector3::new(1.0 - chi2 + psi2, 2.0 * chi * psi, -2.0 * sign * chi) * scale,
        Vector3::new(2.0 * sign * chi * psi, sign * (1.0 + chi2 - psi2), 2.0 * psi) * scale,
    ]
}

/// An ellipse about the Earth, prepared so that a state costs one solution of Kepler's equation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ellipse {
    mean_motion_rad_s: f64,
    longitude_rad: f64,
    f: f64,
    g: f64,
    eccentricity: f64,
    axis_m: f64,
    /// 1 - g²β, 1 - f²β and f g β.
    coefficients: [f64; 3],
    axes: [Vector3; 2],
}

impl Ellipse {
    /// Radius of the perigee [m].
    #[must_use]
    pub fn perigee_radius_m(&self) -> f64 {
        self.axis_m * (1.0 - self.eccentricity)
    }

    /// The state `seconds` after the epoch, in the frame of the elements.
    #[must_use]
    pub fn state(&self, seconds: f64) -> CartesianState {
        let [one_g, one_f, fg] = self.coefficients;
        let (sine, cosine) = self.eccentric_longitude(self.longitude_rad + self.mean_motion_rad_s * seconds);
        let x = self.axis_m * (one_g * cosine + fg * sine - self.f);
        let y = self.axis_m * (one_f * sine + fg * cosine - self.g);
        let rate = self.mean_motion_rad_s * self.axis_m / (1.0 - self.f * cosine - self.g * sine);
        let (x_rate, y_rate) = (rate * (fg * cosine - one_g * sine), rate * (one_f * cosine - fg * sine));
        CartesianState {
            position_m: self.axes[0] * x + self.axes[1] * y,
            velocity_m_s: self.axes[0] * x_rate + self.axes[1] * y_rate,
        }
    }

    /// Sine and cosine of the eccentric longitude F of a mean longitude: solves λ = F + g cos F - f sin F.
    fn eccentric_longitude(&self, longitude_rad: f64) -> (f64, f64) {
        let (f, g) = (self.f, self.g);
        if self.eccentricity > NEARLY_CIRCULAR {
            let perigee_rad = libm::atan2(g, f);
            let anomaly = kepler::eccentric_anomaly_rad(longitude_rad - perigee_rad, self.eccentricity);
            return libm::sincos(anomaly + perigee_rad);
        }
        let (sine, cosine) = libm::sincos(longitude_rad);
        let mut eccentric = longitude_rad + (f * sine - g * cosine) * (1.0 + f * cosine + g * sine);
        let (mut sine, mut cosine) = libm::sincos(eccentric);
        // The start errs by e³ at most; each step squares the error, and four are more than enough below e = 0.1.
        for _ in 0..4 {
            let step = (longitude_rad - eccentric + f * sine - g * cosine) / (1.0 - f * cosine - g * sine);
            eccentric += step;
            if step.abs() < 1e-6 {
                // sin(F + s) and cos(F + s) to third order in s.
                let half = 0.5 * step * step;
                return (sine + step * cosine - half * sine, cosine - step * sine - half * cosine);
            }
            (sine, cosine) = libm::sincos(eccentric);
        }
        (sine, cosine)
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{PI, TAU};

    use proptest::prelude::*;

    use super::super::constants::EARTH_MU_M3_S2;
    use super::super::elements::KeplerianElements;
    use super::*;

    proptest! {
        #[test]
        fn an_ellipse_moves_as_kepler_says(
            perigee in 6.5e6..5e7f64,
            eccentricity in prop_oneof![Just(0.0), 0.0..0.1f64, 0.0..0.95f64],
            inclination in prop_oneof![Just(0.0), Just(PI), 0.0..PI],
            angles in prop::array::uniform3(0.0..TAU),
            seconds in -2e5..2e5f64,
        ) {
            let [raan_rad, argument_of_perigee_rad, true_anomaly_rad] = angles;
            let state = KeplerianElements {
                semi_latus_rectum_m: perigee * (1.0 + eccentricity),
                eccentricity,
                inclination_rad: inclination,
                raan_rad,
                argument_of_perigee_rad,
                true_anomaly_rad,
            }
            .to_cartesian(EARTH_MU_M3_S2);
            let elements = EquinoctialElements::from_cartesian(&state, EARTH_MU_M3_S2, inclination > 0.5 * PI).unwrap();
            let ellipse = elements.ellipse(EARTH_MU_M3_S2).unwrap();
            for seconds in [0.0, seconds] {
                let (found, expected) = (ellipse.state(seconds), kepler::propagate(&state, EARTH_MU_M3_S2, seconds));
                // Both round at 1e-16, which a day of mean motion and a perigee at e = 0.95 raise by some 1e4.
                prop_assert!((found.position_m - expected.position_m).norm() / expected.position_m.norm() < 1e-10);
                prop_assert!((found.velocity_m_s - expected.velocity_m_s).norm() / expected.velocity_m_s.norm() < 1e-10);
            }
        }
    }

    #[test]
    fn what_is_no_ellipse_has_no_elements() {
        let position_m = Vector3::new(7.0e6, 0.0, 0.0);
        let escape = CartesianState { position_m, velocity_m_s: Vector3::new(0.0, 12_000.0, 0.0) };
        let fall = CartesianState { position_m, velocity_m_s: Vector3::new(-100.0, 0.0, 0.0) };
        let backwards = CartesianState { position_m, velocity_m_s: Vector3::new(0.0, -7_500.0, 0.0) };
        for state in [escape, fall, backwards] {
            assert_eq!(EquinoctialElements::from_cartesian(&state, EARTH_MU_M3_S2, false), None);
        }
        let nothing = EquinoctialElements { values: [1e-3, 0.8, 0.7, 0.0, 0.0, 0.0], retrograde: false };
        assert_eq!(nothing.ellipse(EARTH_MU_M3_S2), None);
    }
}
