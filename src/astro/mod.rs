//! Astrodynamics: constants, time and frames, elements, relative motion, Kepler, Lambert, Sun and Moon, eclipse, atmosphere.
//!
//! Plain functions on plain types, SI units, angles in radians. This room imports no other.

pub mod atmosphere;
pub mod chebyshev;
pub mod constants;
pub mod eclipse;
pub mod elements;
pub mod kepler;
pub mod lambert;
pub mod moon;
pub mod relative;
pub mod rtn;
pub mod sun;
pub mod teme;

/// A vector of three reals; its unit and frame stand in the name of what holds it.
pub type Vector3 = nalgebra::Vector3<f64>;

/// Position and velocity of a point mass, in GCRF unless a function says otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CartesianState {
    /// Position [m].
    pub position_m: Vector3,
    /// Velocity [m/s].
    pub velocity_m_s: Vector3,
}
