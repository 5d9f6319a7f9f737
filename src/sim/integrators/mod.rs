//! Integrators: RK4 on lanes for the standard tier, the exact Clohessy-Wiltshire map for the relative tier.

pub mod clohessy_wiltshire;
pub mod lanes;
pub mod rk4;
