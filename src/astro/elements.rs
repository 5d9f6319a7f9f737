//! Classical orbital elements, to and from Cartesian states.

use std::f64::consts::TAU;

use thiserror::Error;

use super::rtn::RtnFrame;
use super::{CartesianState, Vector3, kepler};

/// Below this eccentricity an orbit counts as circular, and below this sine of the inclination as equatorial.
const SINGULARITY: f64 = 1e-11;

/// Below this distance of the eccentricity from one an orbit counts as parabolic.
pub(crate) const PARABOLIC_BAND: f64 = 1e-10;

/// Why there are no elements of a state, or no state of elements.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum ElementsError {
    /// The state is not finite, or lies at the centre.
    #[error("no orbit through a point {radius_m} m from the centre at {speed_m_s} m/s")]
    State {
        /// Distance from the centre [m].
        radius_m: f64,
        /// Speed [m/s].
        speed_m_s: f64,
    },
    /// The motion is along the radius: it has no angular momentum, and Keplerian elements cannot tell its size.
    #[error("a motion along the radius (sine of the angle to it {0:e}) has no Keplerian elements")]
    Rectilinear(f64),
    /// The semi-latus rectum is not above zero.
    #[error("semi-latus rectum {0} m is not above zero")]
    SemiLatusRectum(f64),
    /// The eccentricity is negative or not a number.
    #[error("eccentricity {0} is negative or not finite")]
    Eccentricity(f64),
    /// An angle is not finite.
    #[error("{name} is {value} rad")]
    Angle {
        /// Which one.
        name: &'static str,
        /// Its value [rad].
        value: f64,
    },
    /// The true anomaly lies on or beyond the asymptote of the hyperbola or parabola.
    #[error("true anomaly {true_anomaly_rad} rad lies beyond the asymptote at ±{asymptote_rad} rad")]
    BeyondAsymptote {
        /// True anomaly [rad].
        true_anomaly_rad: f64,
        /// That of the asymptote [rad].
        asymptote_rad: f64,
    },
    /// The semi-major axis does not go with the eccentricity: positive for an ellipse, negative for a hyperbola.
    #[error("semi-major axis {semi_major_axis_m} m does not go with eccentricity {eccentricity}")]
    SemiMajorAxis {
        /// Semi-major axis [m].
        semi_major_axis_m: f64,
        /// Eccentricity [-].
        eccentricity: f64,
    },
}

/// Sine of the angle between position and velocity below which a motion counts as along the radius.
const RECTILINEAR_SINE: f64 = 1e-12;

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
    /// A rectilinear state (no angular momentum) has no such elements: it comes out as eccentricity 1, semi-latus rectum 0, in a
    /// plane of [`RtnFrame::of`]'s choice, from which the state does not come back; [`KeplerianElements::checked_from_cartesian`]
    /// answers it with an error.
    /// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., algorithm 9, with angles by `atan2` in the orbital
    /// plane in place of its arc cosines, which lose half of the digits near 0 and π.
    #[must_use]
    pub fn from_cartesian(state: &CartesianState, mu: f64) -> Self {
        let (position, velocity) = (state.position_m, state.velocity_m_s);
        let radius = position.norm();
        let momentum = position.cross(&velocity);
        let momentum_norm = momentum.norm();
        let normal = if momentum_norm > 0.0 { momentum / momentum_norm } else { RtnFrame::of(state).normal };
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

    /// As [`KeplerianElements::from_cartesian`], for input that may be anything.
    ///
    /// # Errors
    /// [`ElementsError`] for a state that is not finite or at the centre, and for a motion along the radius.
    pub fn checked_from_cartesian(state: &CartesianState, mu: f64) -> Result<Self, ElementsError> {
        let (radius_m, speed_m_s) = (state.position_m.norm(), state.velocity_m_s.norm());
        if !(radius_m > 0.0 && radius_m.is_finite() && speed_m_s.is_finite()) {
            return Err(ElementsError::State { radius_m, speed_m_s });
        }
        let sine = (state.position_m / radius_m).cross(&(state.velocity_m_s / speed_m_s)).norm();
        // At rest the angle is not a number.
        if sine.is_nan() || sine < RECTILINEAR_SINE {
            return Err(ElementsError::Rectilinear(if sine.is_nan() { 0.0 } else { sine }));
        }
        let elements = Self::from_cartesian(state, mu);
        elements.check()?;
        Ok(elements)
    }

    /// As [`KeplerianElements::to_cartesian`], for elements that may be anything.
    ///
    /// # Errors
    /// [`ElementsError`] for elements of no orbit, and for a true anomaly that the orbit does not reach.
    pub fn checked_to_cartesian(&self, mu: f64) -> Result<CartesianState, ElementsError> {
        self.check()?;
        Ok(self.to_cartesian(mu))
    }

    /// Whether these are elements of a place on an orbit.
    ///
    /// # Errors
    /// The first fault, as an [`ElementsError`].
    pub fn check(&self) -> Result<(), ElementsError> {
        if !(self.semi_latus_rectum_m > 0.0 && self.semi_latus_rectum_m.is_finite()) {
            return Err(ElementsError::SemiLatusRectum(self.semi_latus_rectum_m));
        }
        if !(self.eccentricity >= 0.0 && self.eccentricity.is_finite()) {
            return Err(ElementsError::Eccentricity(self.eccentricity));
        }
        let angles = [
            ("inclination", self.inclination_rad),
            ("right ascension of the ascending node", self.raan_rad),
            ("argument of perigee", self.argument_of_perigee_rad),
            ("true anomaly", self.true_anomaly_rad),
        ];
        if let Some((name, value)) = angles.into_iter().find(|(_, value)| !value.is_finite()) {
            return Err(ElementsError::Angle { name, value });
        }
        if self.eccentricity >= 1.0 && 1.0 + self.eccentricity * libm::cos(self.true_anomaly_rad) <= 0.0 {
            let asymptote_rad = libm::acos(-1.0 / self.eccentricity);
            return Err(ElementsError::BeyondAsymptote { true_anomaly_rad: self.true_anomaly_rad, asymptote_rad });
        }
        Ok(())
    }

    /// Elements of an ellipse or hyperbola by its semi-major axis and mean anomaly, the other four as they stand in `self`.
    ///
    /// `semi_major_axis_m`: positive for an ellipse, negative for a hyperbola [m]. A parabola has none.
    ///
    /// # Errors
    /// [`ElementsError`] where axis and eccentricity do not go together, or a number is not finite.
    pub fn with_axis_and_mean_anomaly(
        self,
        semi_major_axis_m: f64,
        mean_anomaly_rad: f64,
    ) -> Result<Self, ElementsError> {
        let eccentricity = self.eccentricity;
        let semi_latus_rectum_m = semi_major_axis_m * (1.0 - eccentricity) * (1.0 + eccentricity);
        if !(semi_latus_rectum_m > 0.0 && semi_major_axis_m.is_finite()) {
            return Err(ElementsError::SemiMajorAxis { semi_major_axis_m, eccentricity });
        }
        if !mean_anomaly_rad.is_finite() {
            return Err(ElementsError::Angle { name: "mean anomaly", value: mean_anomaly_rad });
        }
        let true_anomaly_rad = kepler::true_anomaly_rad(mean_anomaly_rad, eccentricity);
        let elements = Self { semi_latus_rectum_m, true_anomaly_rad, ..self };
        elements.check()?;
        Ok(elements)
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
            wrap(kepler::elliptic_mean_anomaly_rad(eccentric, eccentricity))
        } else {
            // sinh H = √(e² - 1) sin ν / (1 + e cos ν)
            let root = ((eccentricity - 1.0) * (eccentricity + 1.0)).sqrt();
            let sinh_anomaly = root * sine / (1.0 + eccentricity * cosine);
            kepler::hyperbolic_mean_anomaly(libm::asinh(sinh_anomaly), eccentricity)
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

    #[test]
    fn faults_are_told() {
        let radial =
            CartesianState { position_m: Vector3::new(7e6, 0.0, 0.0), velocity_m_s: Vector3::new(3e3, 0.0, 0.0) };
        let of = |state: &CartesianState| KeplerianElements::checked_from_cartesian(state, EARTH_MU_M3_S2);
        assert_eq!(of(&radial), Err(ElementsError::Rectilinear(0.0)));
        let unchecked = KeplerianElements::from_cartesian(&radial, EARTH_MU_M3_S2);
        assert_eq!((unchecked.semi_latus_rectum_m, unchecked.eccentricity), (0.0, 1.0));
        assert!(unchecked.inclination_rad.is_finite() && unchecked.true_anomaly_rad.is_finite());
        let at_rest = CartesianState { velocity_m_s: Vector3::zeros(), ..radial };
        assert_eq!(of(&at_rest), Err(ElementsError::Rectilinear(0.0)));
        let centre = CartesianState { position_m: Vector3::zeros(), ..radial };
        assert_eq!(of(&centre), Err(ElementsError::State { radius_m: 0.0, speed_m_s: 3e3 }));

        let hyperbola = KeplerianElements {
            semi_latus_rectum_m: 2e7,
            eccentricity: 2.0,
            inclination_rad: 0.4,
            raan_rad: 1.0,
            argument_of_perigee_rad: 2.0,
            true_anomaly_rad: 2.2,
        };
        let told = hyperbola.checked_to_cartesian(EARTH_MU_M3_S2).expect_err("the asymptote is at 120°").to_string();
        assert!(told.starts_with("true anomaly 2.2 rad lies beyond the asymptote at ±2.094"), "{told}");
        for fault in [
            KeplerianElements { semi_latus_rectum_m: -1.0, ..hyperbola },
            KeplerianElements { eccentricity: -0.1, ..hyperbola },
            KeplerianElements { raan_rad: f64::NAN, ..hyperbola },
        ] {
            assert!(fault.check().is_err(), "{fault:?}");
        }
        let told = hyperbola.with_axis_and_mean_anomaly(7e6, 0.0).expect_err("a hyperbola's axis is negative");
        assert_eq!(told, ElementsError::SemiMajorAxis { semi_major_axis_m: 7e6, eccentricity: 2.0 });
        let fast = hyperbola.with_axis_and_mean_anomaly(-7e6, 3.0).expect("a hyperbola");
        assert!((fast.mean_anomaly_rad() - 3.0).abs() < 1e-13 && (fast.semi_major_axis_m() + 7e6).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn cartesian_to_elements_and_back(
            perigee in 6.5e6..5e7f64,
            eccentricity in prop_oneof![
                Just(0.0), 0.0..1e-10f64, 0.0..0.95f64, Just(1.0), 1.05..5.0f64, 0.95..1.05f64, 1.0 - 1e-9..1.0 + 1e-9,
            ],
            inclination in prop_oneof![Just(0.0), Just(PI), 0.0..1e-10f64, PI - 1e-10..PI, 0.0..PI],
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
