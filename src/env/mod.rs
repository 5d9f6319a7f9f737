//! The environment: spaces, observation, plan, rewards, vector environment, the trait `Policy`, the rollout.

mod arrival;
mod blocks;
pub mod config;
pub mod intercept;
mod logarithms;
pub mod manoeuvre;
pub mod observation;
pub mod plan;
pub mod policy;
pub mod rewards;
pub mod rollout;
pub mod sight;
pub mod trace;
pub mod vector;
