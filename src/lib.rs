//! AstroShield: a simulation-driven reinforcement-learning environment and trainer for space domain awareness.
//!
//! A room imports only rooms to its left: `astro -> sim -> telemetry -> env -> scenario -> models -> eval -> train -> cli`.

#![allow(rustdoc::broken_intra_doc_links, reason = "units stand in brackets, as in `velocity [m/s]`")]

pub mod astro;
pub mod cli;
pub mod env;
pub mod eval;
pub mod models;
pub mod scenario;
pub mod sim;
pub mod telemetry;
pub mod train;
