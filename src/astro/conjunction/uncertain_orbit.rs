//! An orbit known up to a Gaussian, moved by two-body motion.

use nalgebra::{Matrix6, Matrix6x3, Vector3, Vector6};

use super::super::equinoctial::{Ellipse, EquinoctialElements};
use super::super::{CartesianState, kepler};
use super::ConjunctionError;
use super::covariance::{self, Covariance6, Repair};

/// Step of the differences that a Jacobian is made of, in shares of a standard deviation: large enough for rounding, and
/// small enough that an orbit does not bend within it.
const DIFFERENCE: f64 = 0.1;

/// A state whose uncertainty is normal in equinoctial elements, or in position and velocity where it is no ellipse.
///
/// Along an orbit errors grow into a bent, banana-shaped cloud. In elements the cloud stays an ellipsoid, whose one angle
/// grows with time, so that samples and linearisations follow the bend. Source: Hall, Expected collision rates for tracked
/// satellites, J. Spacecraft and Rockets 58, 2021.
#[derive(Clone, Debug)]
pub(super) struct UncertainOrbit {
    mean: Vector6<f64>,
    /// L with the covariance of the coordinates L Lᵀ.
    factor: Matrix6<f64>,
    coordinates: Coordinates,
    mu_m3_s2: f64,
}

#[derive(Clone, Copy, Debug)]
enum Coordinates {
    Equinoctial { retrograde: bool },
    Cartesian,
}

/// One orbit out of the Gaussian.
#[derive(Clone, Copy, Debug)]
pub(super) enum Orbit {
    Ellipse(Ellipse),
    Conic { state: CartesianState, mu_m3_s2: f64 },
}

impl Orbit {
    /// The state `seconds` after the epoch.
    pub(super) fn state(&self, seconds: f64) -> CartesianState {
        match self {
            Self::Ellipse(ellipse) => ellipse.state(seconds),
            Self::Conic { state, mu_m3_s2 } => kepler::propagate(state, *mu_m3_s2, seconds),
        }
    }

    /// Radius of the perigee [m].
    pub(super) fn perigee_radius_m(&self) -> f64 {
        match self {
            Self::Ellipse(ellipse) => ellipse.perigee_radius_m(),
            Self::Conic { state, mu_m3_s2 } => {
                super::super::elements::KeplerianElements::from_cartesian(state, *mu_m3_s2).perigee_radius_m()
            }
        }
    }
}

impl UncertainOrbit {
    /// The orbit of `state` with `covariance`, both Cartesian; `object`: 1 or 2, for messages.
    pub(super) fn of(
        object: usize,
        state: &CartesianState,
        covariance: &Covariance6,
        mu_m3_s2: f64,
    ) -> Result<(Self, Option<Repair>), ConjunctionError> {
        let (factor, repair) = covariance::factor(object, covariance)?;
        let retrograde = state.position_m.cross(&state.velocity_m_s).z < 0.0;
        let orbit = Self::equinoctial(state, &factor, retrograde, mu_m3_s2).unwrap_or_else(|| Self {
            mean: vector(state),
            factor,
            coordinates: Coordinates::Cartesian,
            mu_m3_s2,
        });
        Ok((orbit, repair))
    }

    /// `None` where the orbit, or one within reach of its covariance, is no ellipse.
    fn equinoctial(state: &CartesianState, factor: &Matrix6<f64>, retrograde: bool, mu: f64) -> Option<Self> {
        let elements = EquinoctialElements::from_cartesian(state, mu, retrograde)?;
        let mean = Vector6::from(elements.values);
        // The Jacobian at the mean: steps that are small beside the orbit, in units of position and velocity.
        let (length, speed) = (1e-5 * state.position_m.norm(), 1e-5 * state.velocity_m_s.norm());
        let mut jacobian = Matrix6::zeros();
        for axis in 0..6 {
            let step = if axis < 3 { length } else { speed };
            let moved = |by: f64| {
                let mut moved = vector(state);
                moved[axis] += by;
                EquinoctialElements::from_cartesian(&cartesian(&moved), mu, retrograde)
                    .map(|moved| Vector6::from(moved.values))
            };
            let mut difference = moved(step)? - moved(-step)?;
            // The longitude comes out in one revolution or the next.
            difference[5] -= std::f64::consts::TAU * (difference[5] / std::f64::consts::TAU).round();
            jacobian.set_column(axis, &(difference / (2.0 * step)));
        }
        let orbit = Self {
            mean,
            factor: jacobian * factor,
            coordinates: Coordinates::Equinoctial { retrograde },
            mu_m3_s2: mu,
        };
        let reach = 6.0;
        let all = (0..6).flat_map(|axis| [-reach, reach].map(|by| Vector6::ith(axis, by)));
        let mut within =
            all.map(|deviations| orbit.elements(&deviations).is_some_and(|elements| elements.ellipse(mu).is_some()));
        within.all(|is_ellipse| is_ellipse).then_some(orbit)
    }

    fn elements(&self, deviations: &Vector6<f64>) -> Option<EquinoctialElements> {
        let Coordinates::Equinoctial { retrograde } = self.coordinates else { return None };
        Some(EquinoctialElements { values: (self.mean + self.factor * deviations).into(), retrograde })
    }

    /// The orbit `deviations` standard deviations from the mean, along the factor's columns; `None` where that is none
    /// that can be followed (a hyperbola of equinoctial coordinates, a fall).
    pub(super) fn at(&self, deviations: &Vector6<f64>) -> Option<Orbit> {
        match self.coordinates {
            Coordinates::Equinoctial { .. } => {
                self.elements(deviations).and_then(|elements| elements.ellipse(self.mu_m3_s2)).map(Orbit::Ellipse)
            }
            Coordinates::Cartesian => {
                let state = cartesian(&(self.mean + self.factor * deviations));
                Some(Orbit::Conic { state, mu_m3_s2: self.mu_m3_s2 })
            }
        }
    }

    /// The state `seconds` after the epoch as a linear function of the deviations, G z + m, exact at `centre`; its constant
    /// term and its slopes in position and velocity. `None` where an orbit beside `centre` cannot be followed.
    pub(super) fn linearised(&self, centre: &Vector6<f64>, seconds: f64) -> Option<Linearised> {
        let at = |deviations: &Vector6<f64>| Some(vector(&self.at(deviations)?.state(seconds)));
        let mut slopes = Matrix6::zeros();
        for axis in 0..6 {
            let step = Vector6::ith(axis, DIFFERENCE);
            let difference = at(&(centre + step))? - at(&(centre - step))?;
            slopes.set_column(axis, &(difference / (2.0 * DIFFERENCE)));
        }
        let constant = at(centre)? - slopes * centre;
        constant.iter().all(|value| value.is_finite()).then_some(Linearised { constant, slopes })
    }
}

/// A state as a linear function of standard-normal deviations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Linearised {
    /// Mean position and velocity.
    pub(super) constant: Vector6<f64>,
    /// Slopes: the covariance is their product with their transpose.
    pub(super) slopes: Matrix6<f64>,
}

impl Linearised {
    /// Slopes of the position, transposed: deviations that a push by a vector on the position asks for.
    pub(super) fn position_slopes_transposed(&self) -> Matrix6x3<f64> {
        self.slopes.fixed_view::<3, 6>(0, 0).transpose()
    }
}

fn vector(state: &CartesianState) -> Vector6<f64> {
    let (r, v) = (state.position_m, state.velocity_m_s);
    Vector6::new(r.x, r.y, r.z, v.x, v.y, v.z)
}

fn cartesian(values: &Vector6<f64>) -> CartesianState {
    CartesianState {
        position_m: Vector3::new(values[0], values[1], values[2]),
        velocity_m_s: Vector3::new(values[3], values[4], values[5]),
    }
}
