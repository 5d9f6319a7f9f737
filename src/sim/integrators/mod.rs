//! Integrators: RK4 on lanes for the standard tier, DOP853 for the reference tier, the exact Clohessy-Wiltshire map for the
//! relative tier.

pub mod clohessy_wiltshire;
pub mod dop853;
pub mod lanes;
pub mod rk4;
pub mod rk4_alone;
pub(crate) mod vectors;
