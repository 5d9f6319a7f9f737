//! Astrodynamics: constants, time and frames, elements, relative motion, Kepler, Lambert, manoeuvres, Sun and Moon, eclipse,
//! atmosphere, events, conjunctions.
//!
//! Plain functions on plain types, SI units, angles in radians. This room imports no other.

pub mod atmosphere;
mod axis_rotations;
pub mod cdm;
pub mod celestial_pole;
pub mod chebyshev;
pub mod conjunction;
pub mod constants;
pub mod curvilinear;
pub mod eclipse;
pub mod elements;
pub mod equinoctial;
pub mod events;
pub mod geodetic;
pub mod itrf;
pub mod kepler;
pub mod lambert;
pub mod manoeuvres;
pub mod moon;
pub mod nutation;
pub mod relative;
pub mod relative_elements;
mod roots;
pub mod rtn;
pub mod sidereal;
pub mod sun;
pub mod teme;
pub mod time;
pub mod tle_file;
pub mod vnc;

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
