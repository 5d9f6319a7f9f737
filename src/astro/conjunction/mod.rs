//! Conjunctions: closest approach of two objects, and the probability that they collide.
//!
//! Four ways to a probability, from quick to slow: [`short_encounter`] (2D: straight tracks), its greatest value over
//! all sizes of the covariance, [`long_encounter`] (3D: two-body motion, the flux of probability through the hard-body
//! sphere), [`monte_carlo`] (two-body motion, counted). [`assessment`] runs those that are asked for and says which one
//! to believe.

pub mod assessment;
pub mod closest_approach;
pub mod covariance;
pub mod encounter;
pub mod long_encounter;
pub mod monte_carlo;
mod quadrature;
pub mod short_encounter;
mod span;
mod uncertain_orbit;

use nalgebra::Matrix3;
use thiserror::Error;

use self::covariance::Covariance6;
use super::CartesianState;

/// Radius of hard bodies at most [m]; the largest spacecraft are some 100 m across.
pub const GREATEST_HARD_BODY_RADIUS_M: f64 = 100_000.0;

/// Why a conjunction cannot be assessed.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ConjunctionError {
    /// The hard-body radius is no radius.
    #[error("a hard-body radius of {0} m is not in (0, {GREATEST_HARD_BODY_RADIUS_M}]")]
    HardBodyRadius(f64),
    /// A state is no state of a body about the Earth.
    #[error("the state of object {object} is unusable: {reason}")]
    State {
        /// 1 or 2.
        object: usize,
        /// What is wrong, with numbers.
        reason: String,
    },
    /// A covariance is none, and rounding does not explain it.
    #[error("the covariance of object {object} is unusable: {reason}")]
    Covariance {
        /// 1 or 2.
        object: usize,
        /// What is wrong, with numbers.
        reason: String,
    },
    /// The states are of no conjunction.
    #[error(
        "the objects come no closer within {searched_s:.0} s of the epoch of their states, at which they are {distance_m:.0} m \
         apart: this is no conjunction"
    )]
    NoApproach {
        /// How far ahead or back was searched [s].
        searched_s: f64,
        /// Distance at the epoch [m].
        distance_m: f64,
    },
    /// The method that was asked for does not apply.
    #[error("{method} gives no probability here: {reason}")]
    Method {
        /// Its name.
        method: &'static str,
        /// Why.
        reason: String,
    },
}

/// Two objects near closest approach: states and covariances at one epoch, in one inertial frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Conjunction {
    /// States [m, m/s].
    pub states: [CartesianState; 2],
    /// Covariances of the states [m², m²/s, m²/s²], errors of the two objects being independent.
    pub covariances: [Covariance6; 2],
    /// Sum of the radii of spheres around the two objects [m].
    pub hard_body_radius_m: f64,
    /// Gravitational parameter of the centre [m³/s²].
    pub mu_m3_s2: f64,
}

impl Conjunction {
    /// Refuses what cannot be computed with.
    ///
    /// # Errors
    /// [`ConjunctionError::HardBodyRadius`] and [`ConjunctionError::State`].
    pub fn check(&self) -> Result<(), ConjunctionError> {
        if !(self.hard_body_radius_m > 0.0 && self.hard_body_radius_m <= GREATEST_HARD_BODY_RADIUS_M) {
            return Err(ConjunctionError::HardBodyRadius(self.hard_body_radius_m));
        }
        for (index, state) in self.states.iter().enumerate() {
            let refused = |reason: String| Err(ConjunctionError::State { object: index + 1, reason });
            let (radius_m, speed_m_s) = (state.position_m.norm(), state.velocity_m_s.norm());
            if !(radius_m.is_finite() && speed_m_s.is_finite()) {
                return refused("it is not finite".to_owned());
            }
            if !(LEAST_RADIUS_M..=GREATEST_RADIUS_M).contains(&radius_m) {
                return refused(format!("it is {radius_m} m from the centre of the Earth"));
            }
            if speed_m_s > GREATEST_SPEED_M_S {
                return refused(format!("its speed is {speed_m_s} m/s"));
            }
            let momentum = state.position_m.cross(&state.velocity_m_s).norm();
            if momentum < 1e-9 * radius_m * speed_m_s || speed_m_s == 0.0 {
                return refused("it falls straight to the centre of the Earth".to_owned());
            }
        }
        Ok(())
    }

    /// Covariance of the relative position [m²], the sum of both.
    #[must_use]
    pub fn position_covariance_m2(&self) -> Matrix3<f64> {
        let position = |covariance: &Covariance6| covariance.fixed_view::<3, 3>(0, 0).into_owned();
        position(&self.covariances[0]) + position(&self.covariances[1])
    }
}

/// Least distance from the Earth's centre [m]: well below its surface, where nothing orbits.
const LEAST_RADIUS_M: f64 = 6.0e6;
/// Greatest distance from the Earth's centre [m]: about the radius of its sphere of influence.
const GREATEST_RADIUS_M: f64 = 1.0e9;
/// Greatest speed [m/s]; nothing bound to the Sun passes the Earth faster than 72 km/s.
const GREATEST_SPEED_M_S: f64 = 100_000.0;
