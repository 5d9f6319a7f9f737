//! Classical orbital elements, to and from Cartesian states.

use std::f64::consts::TAU;

use super::{CartesianState, Vector3};

/// Below this eccentricity an orbit counts as circular, and below this sine of the inclination as equatorial.
const SINGULARITY: f64 = 1e-11;

/// Below this distance of the eccentricity from one an orbit counts as parabolic.
pub(crate) const PARABOLIC_BAND: f64 = 1e-10;

/// Keplerian elements of any conic, the size given by the semi-latus rectum, which a parabola has too.
///
/// Where an angle is undefined, it is zero and the next one takes its part:
/// - equatorial orbit: the node lies along +X (`raan_rad` = 0), and `argument_of_perigee_rad` is counted from +X in
///   the direction of motion;
/// - circular orbit: the perigee lies at the node (`argument_of_perigee_rad` = 0), and `true_anomaly_rad` is counted
///   from the node (the argument of latitude, or on an equatorial orbit the true longitude).
///
/// Angles come out in [0, 2π), the inclination in [0, π].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeplerianElements {
    /// Semi-latus rectum [m].
    pub semi_latus_rectum_m: f64,
    /// Eccentricity [-]: below 1 an ellipse, 1 a parabola, above 1 a hyperbola.
    pub eccentricity: f64,
    /// Inclination [rad].
    pub inclination_rad: f64,
    /// Right ascension of the ascending node [rad].
    pub raan_rad: f64,
    /// Argument of perigee [rad].
    pub argument_of_perigee_rad: f64,
    /// True anomaly [rad].
    pub true_anomaly_rad: f64,
}

impl KeplerianElements {
    /// Elements of `state` (an inertial frame) about a centre of gravitational parameter `mu` [m³/s²].
    ///
    /// A rectilinear state (no angular momentum) has no such elements: the result is NaN.
    /// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., algorithm 9, with angles by `atan2` in the orbital
    /// plane in place of its arc cosines, which lose half of the digits near 0 and π.
    #[must_use]
    pub fn from_cartesian(state: &CartesianState, mu: f64) -> Self {
        let (position, velocity) = (state.position_m, state.velocity_m_s);
        let radius = position.norm();
        let momentum = position.cross(&velocity);
        let momentum_norm = momentum.norm();
        let normal = momentum / momentum_norm;
        // e = v × h / μ - r / |r|
        let eccentricity_vector = velocity.cross(&momentum) / mu - position / radius;
        let eccentricity = eccentricity_vector.norm();

        let sine_inclination = (normal.x * normal.x + normal.y * normal.y).sqrt();
        let inclination_rad = libm::atan2(sine_inclination, normal.z);
        let (raan_rad, node) = if sine_inclination > SINGULARITY {
            // The node is Z × N.
            let node = Vector3::new(-normal.y, normal.x, 0.0) / sine_inclination;
            (wrap(libm::atan2(node.y, node.x)), node)
        } else {
            (0.0, Vector3::x())
        };
        let across = normal.cross(&node);
        let angle_from_node = |vector: &Vector3| libm::atan2(vector.dot(&across), vector.dot(&node));
        let argument_of_latitude = angle_from_node(&position);
        let argument_of_perigee = if eccentricity > SINGULARITY { angle_from_node(&eccentricity_vector) } else { 0.0 };
        Self {
            semi_latus_rectum_m: momentum_norm * momentum_norm / mu,
            eccentricity,
            inclination_rad,
            raan_rad,
            argument_of_perigee_rad: wrap(argument_of_perigee),
            true_anomaly_rad: wrap(argument_of_latitude - argument_of_perigee),
        }
    }

    /// The Cartesian state of these elements about a centre of gravitational parameter `mu` [m³/s²].
    ///
    /// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., algorithm 10.
    #[must_use]
    pub fn to_cartesian(&self, mu: f64) -> CartesianState {
        let (sine_raan, cosine_raan) = libm::sincos(self.raan_rad);
        let (sine_inclination, cosine_inclination) = libm::sincos(self.inclination_rad);
        let node = Vector3::new(cosine_raan, sine_raan, 0.0);
        let across = Vector3::new(-sine_raan * cosine_inclination, cosine_raan * cosine_inclination, sine_inclination);
        let (sine_perigee, cosine_perigee) = libm::sincos(self.argument_of_perigee_rad);
        let (sine_latitude, cosine_latitude) = libm::sincos(self.argument_of_perigee_rad + self.true_anomaly_rad);
        let radius = self.semi_latus_rectum_m / (1.0 + self.eccentricity * libm::cos(self.true_anomaly_rad));
        let speed = (mu / self.semi_latus_rectum_m).sqrt();
        CartesianState {
            position_m: (node * cosine_latitude + across * sine_latitude) * radius,
            velocity_m_s: (across * (cosine_latitude + self.eccentricity * cosine_perigee)
                - node * (sine_latitude + self.eccentricity * sine_perigee))
                * speed,
        }
    }

    /// Semi-major axis a = p / (1 - e²) [m]: negative for a hyperbola, infinite for a parabola.
    #[must_use]
    pub fn semi_major_axis_m(&self) -> f64 {
        self.semi_latus_rectum_m / ((1.0 - self.eccentricity) * (1.0 + self.eccentricity))
    }

    /// Radius of the perigee p / (1 + e) [m].
    #[must_use]
    pub fn perigee_radius_m(&self) -> f64 {
        self.semi_latus_rectum_m / (1.0 + self.eccentricity)
    }

    /// Mean motion √(μ / |a|³) [rad/s] about a centre of gravitational parameter `mu` [m³/s²]; zero for a parabola.
    #[must_use]
    pub fn mean_motion_rad_s(&self, mu: f64) -> f64 {
        let axis = self.semi_major_axis_m().abs();
        (mu / axis).sqrt() / axis
    }

    /// Mean anomaly [rad].
    ///
    /// In [0, 2π) for an ellipse (M = E - e sin E), signed for a hyperbola (M = e sinh H - H) and for a parabola
    /// (Barker's M = D + D³/3 with D = tan(ν/2)). Source: Vallado, 4th ed., section 2.2.
    #[must_use]
    pub fn mean_anomaly_rad(&self) -> f64 {
        let eccentricity = self.eccentricity;
        let (sine, cosine) = libm::sincos(self.true_anomaly_rad);
        if (eccentricity - 1.0).abs() < PARABOLIC_BAND {
            let tangent = libm::tan(0.5 * self.true_anomaly_rad);
            tangent + tangent * tangent * tangent / 3.0
        } else if eccentricity < 1.0 {
            let flattening = ((1.0 - eccentricity) * (1.0 + eccentricity)).sqrt();
            let eccentric = libm::atan2(flattening * sine, eccentricity + cosine);
            wrap(eccentric - eccentricity * libm::sin(eccentric))
        } else {
            // sinh H = √(e² - 1) sin ν / (1 + e cos ν)
            let root = ((eccentricity - 1.0) * (eccentricity + 1.0)).sqrt();
            let sinh_anomaly = root * sine / (1.0 + eccentricity * cosine);
            eccentricity * sinh_anomaly - libm::asinh(sinh_anomaly)
        }
    }
}

/// An angle brought into [0, 2π).
fn wrap(angle_rad: f64) -> f64 {
    let wrapped = angle_rad.rem_euclid(TAU);
    // A tiny negative angle rounds up to 2π itself.
    if wrapped < TAU { wrapped } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use proptest::prelude::*;

    use super::super::constants::EARTH_MU_M3_S2;
    use super::*;

    fn kilometres(position: [f64; 3], velocity: [f64; 3]) -> CartesianState {
        CartesianState { position_m: Vector3::from(position) * 1e3, velocity_m_s: Vector3::from(velocity) * 1e3 }
    }

    #[test]
    fn agrees_with_vallado_example_2_5() {
        let state = kilometres([6524.834, 6862.875, 6448.296], [4.901327, 5.533756, -1.976341]);
        let elements = KeplerianElements::from_cartesian(&state, EARTH_MU_M3_S2);
        let relative = |value: f64, expected: f64| ((value - expected) / expected).abs();
        assert!(relative(elements.semi_latus_rectum_m, 11_067_798.350_991_814) < 1e-13);
        assert!(relative(elements.semi_major_axis_m(), 36_127_337.763_974_785) < 1e-13);
        assert!(relative(elements.eccentricity, 0.832_853_399_083_688_5) < 1e-13);
        assert!(relative(elements.inclination_rad, 1.533_605_562_639_449_4) < 1e-13);
        assert!(relative(elements.raan_rad, 3.977_575_002_801_694_7) < 1e-13);
        assert!(relative(elements.argument_of_perigee_rad, 0.931_742_811_143_785_4) < 1e-13);
        assert!(relative(elements.true_anomaly_rad, 1.611_552_499_941_473_6) < 1e-13);
        assert!(relative(elements.mean_anomaly_rad(), 0.132_727_781_729_118_6) < 1e-13);
    }

    #[test]
    fn singular_orbits_follow_the_convention() {
        let radius = 7.0e6;
        let speed = (EARTH_MU_M3_S2 / radius).sqrt();
        // Circular and equatorial, a quarter turn past +X: only the true longitude remains.
        let prograde =
            CartesianState { position_m: Vector3::new(0.0, radius, 0.0), velocity_m_s: Vector3::new(-speed, 0.0, 0.0) };
        let elements = KeplerianElements::from_cartesian(&prograde, EARTH_MU_M3_S2);
        assert_eq!((elements.raan_rad, elements.argument_of_perigee_rad), (0.0, 0.0));
        assert!((elements.true_anomaly_rad - 0.5 * PI).abs() < 1e-12);
        // The same place flown the other way is three quarters of a turn past +X.
        let retrograde = CartesianState { velocity_m_s: -prograde.velocity_m_s, ..prograde };
        let elements = KeplerianElements::from_cartesian(&retrograde, EARTH_MU_M3_S2);
        assert!((elements.inclination_rad - PI).abs() < 1e-12);
        assert!((elements.true_anomaly_rad - 1.5 * PI).abs() < 1e-12);
        // Circular and inclined: the argument of latitude, here at the node.
        let inclined = CartesianState {
            position_m: Vector3::new(radius, 0.0, 0.0),
            velocity_m_s: Vector3::new(0.0, 0.6 * speed, 0.8 * speed),
        };
        let elements = KeplerianElements::from_cartesian(&inclined, EARTH_MU_M3_S2);
        assert_eq!(elements.argument_of_perigee_rad, 0.0);
        assert!(elements.true_anomaly_rad.min(TAU - elements.true_anomaly_rad) < 1e-12);
    }

    #[test]
    fn hyperbola_and_parabola_have_their_size_and_anomaly() {
        let hyperbola = KeplerianElements {
            semi_latus_rectum_m: 2.0e7,
            eccentricity: 1.5,
            inclination_rad: 0.4,
            raan_rad: 1.0,
            argument_of_perigee_rad: 2.0,
            true_anomaly_rad: -0.7,
        };
        assert!((hyperbola.semi_major_axis_m() + 1.6e7).abs() < 1e-6);
        // tanh(H/2) = √((e-1)/(e+1)) tan(ν/2)
        let anomaly = 2.0 * libm::atanh((0.5f64 / 2.5).sqrt() * libm::tan(-0.35));
        assert!((hyperbola.mean_anomaly_rad() - (1.5 * libm::sinh(anomaly) - anomaly)).abs() < 1e-14);
        let parabola = KeplerianElements { eccentricity: 1.0, true_anomaly_rad: 0.5 * PI, ..hyperbola };
        assert!(parabola.semi_major_axis_m().is_infinite());
        assert!((parabola.mean_anomaly_rad() - 4.0 / 3.0).abs() < 1e-14);
    }

    proptest! {
        #[test]
        fn cartesian_to_elements_and_back(
            perigee in 6.5e6..5e7f64,
            eccentricity in prop_oneof![Just(0.0), 0.0..1e-10f64, 0.0..0.95f64, Just(1.0), 1.05..5.0f64],
            inclination in prop_oneof![Just(0.0), Just(PI), 0.0..1e-10f64, 0.0..PI],
            raan in 0.0..TAU,
            argument_of_perigee in 0.0..TAU,
            fraction in -0.9..0.9f64,
        ) {
            // A hyperbola ends at its asymptotes, an ellipse does not.
            let reach = if eccentricity < 1.0 { PI } else { libm::acos(-1.0 / eccentricity) };
            let state = KeplerianElements {
                semi_latus_rectum_m: perigee * (1.0 + eccentricity),
                eccentricity,
                inclination_rad: inclination,
                raan_rad: raan,
                argument_of_perigee_rad: argument_of_perigee,
                true_anomaly_rad: fraction * reach,
            }
            .to_cartesian(EARTH_MU_M3_S2);
            let elements = KeplerianElements::from_cartesian(&state, EARTH_MU_M3_S2);
            let back = elements.to_cartesian(EARTH_MU_M3_S2);
            // The singularity threshold of 1e-11 bounds what the convention discards.
            let scale = state.position_m.norm();
            prop_assert!((back.position_m - state.position_m).norm() / scale < 1e-10);
            prop_assert!((back.velocity_m_s - state.velocity_m_s).norm() / state.velocity_m_s.norm() < 1e-10);
            for angle in [elements.raan_rad, elements.argument_of_perigee_rad, elements.true_anomaly_rad] {
                prop_assert!((0.0..TAU).contains(&angle));
            }
        }
    }
}
