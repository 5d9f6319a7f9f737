//! The exact map of the Clohessy-Wiltshire equations over a segment of constant acceleration, applied to rows.

use crate::astro::relative::ClohessyWiltshire;
use crate::astro::rtn::RelativeState;
use crate::sim::components::{Burn, Orbit};

/// Moves every orbit by the time of `map`, in place. `orbits`: Hill frame, one row a spacecraft; `burns`: same rows.
///
/// The mass flow of a burn is left out within the segment; between segments the mass falls.
pub fn propagate(map: &ClohessyWiltshire, orbits: &mut [Orbit], burns: &[Burn]) {
    for (orbit, burn) in orbits.iter_mut().zip(burns) {
        let start =
            RelativeState { position_rtn_m: orbit.position_m.into(), velocity_rtn_m_s: orbit.velocity_m_s.into() };
        let end = map.apply(&start, &burn.acceleration_rtn_m_s2.into());
        *orbit = Orbit { position_m: end.position_rtn_m.into(), velocity_m_s: end.velocity_rtn_m_s.into() };
    }
}
