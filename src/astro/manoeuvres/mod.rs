//! Impulsive manoeuvres between orbits about the Earth: transfers, phasing, changes of plane.
//!
//! Radii in metres from the centre, speeds in m/s. A change of speed is positive where it speeds the craft up.

pub mod bi_elliptic;
pub mod hohmann;
pub mod one_tangent;
pub mod phasing;
pub mod plane_change;

use thiserror::Error;

/// Why a manoeuvre does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum ManoeuvreError {
    /// A quantity is not above zero and finite.
    #[error("{name} is {value}, expected above zero and finite")]
    NotPositive {
        /// Which one, with its unit.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// A quantity lies outside of its bounds.
    #[error("{name} is {value}, expected within {low} to {high}")]
    OutOfBounds {
        /// Which one, with its unit.
        name: &'static str,
        /// Its value.
        value: f64,
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
    },
    /// A transfer orbit would pass inside of the radius that was allowed.
    #[error("the perigee of the phasing orbit, {perigee_radius_m} m, is below {limit_m} m: give it more revolutions")]
    PerigeeTooLow {
        /// Radius of the perigee [m].
        perigee_radius_m: f64,
        /// What was allowed [m].
        limit_m: f64,
    },
    /// The circular orbits have the same period, so that the phase between them never changes.
    #[error("orbits of the same radius {0} m keep their phase")]
    SamePeriod(f64),
}

/// Speed on a circular orbit [m/s].
#[must_use]
pub fn circular_speed_m_s(radius_m: f64, mu: f64) -> f64 {
    (mu / radius_m).sqrt()
}

/// Speed at a radius on an orbit of a semi-major axis [m/s]: vis-viva, v² = μ (2/r - 1/a).
#[must_use]
pub fn speed_m_s(radius_m: f64, semi_major_axis_m: f64, mu: f64) -> f64 {
    // Where rounding puts a place just beyond the apogee, the craft stands still there.
    (mu * (2.0 / radius_m - 1.0 / semi_major_axis_m)).max(0.0).sqrt()
}

/// Period of an ellipse [s].
#[must_use]
pub fn period_s(semi_major_axis_m: f64, mu: f64) -> f64 {
    std::f64::consts::TAU * (semi_major_axis_m / mu).sqrt() * semi_major_axis_m
}

/// Refuses what is not above zero and finite.
fn positive(values: &[(&'static str, f64)]) -> Result<(), ManoeuvreError> {
    let fault = values.iter().find(|(_, value)| !(*value > 0.0 && value.is_finite()));
    fault.map_or(Ok(()), |&(name, value)| Err(ManoeuvreError::NotPositive { name, value }))
}

/// Refuses what is not within the bounds.
fn within(name: &'static str, value: f64, low: f64, high: f64) -> Result<(), ManoeuvreError> {
    if value >= low && value <= high { Ok(()) } else { Err(ManoeuvreError::OutOfBounds { name, value, low, high }) }
}
