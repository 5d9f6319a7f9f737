//! Tracks: what one spacecraft knows of another from measurements. One extended Kalman filter a target.
//!
//! A filter's state is the target's own state in the frame in which the arena keeps orbits: GCRF in the standard tier, the Hill
//! frame in the relative tier. Own ship is known, so that its burns do not enter the filter; a state relative to own ship would have to be
//! turned and pushed with each of them. Both tiers share one code and differ in [`motion::Motion`].

pub mod chi_square;
pub mod config;
pub mod contact;
pub mod estimate;
pub mod filter;
pub mod innovation;
pub mod manoeuvres;
pub mod motion;
mod products;
pub mod stride;
pub mod track;

use thiserror::Error;

/// Why an estimate could not be moved, updated or begun. The estimate stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum TrackError {
    /// The time asked for cannot be reached.
    #[error("an estimate of {from_s} s cannot be moved to {to_s} s: only forward, and by {limit_s} s at most")]
    Time {
        /// Time of the estimate [s].
        from_s: f64,
        /// Time asked for [s].
        to_s: f64,
        /// Longest prediction [s].
        limit_s: f64,
    },
    /// A measurement holds a number that is not finite, or a standard deviation that is not positive.
    #[error("the measurement at {time_s} s holds a number that is not finite or a standard deviation not above zero")]
    Measurement {
        /// Time of the measurement [s].
        time_s: f64,
    },
    /// The mean or the covariance left the finite numbers, or the covariance is not positive definite.
    #[error(
        "the estimate at {time_s} s is not finite or its covariance not positive definite (position sigma {sigma_m} m)"
    )]
    Lost {
        /// Time of the estimate [s].
        time_s: f64,
        /// Standard deviation of its position [m].
        sigma_m: f64,
    },
    /// Own ship and target are estimated at one place, from which there is no direction.
    #[error("the target is estimated {range_m} m from own ship, from where there is no direction to it")]
    Coincident {
        /// Estimated range [m].
        range_m: f64,
    },
}
