//! The environment: spaces, observation, plan, rewards, vector environment, the trait `Policy`, the rollout.

pub mod config;
pub mod intercept;
pub mod manoeuvre;
pub mod observation;
pub mod plan;
pub mod policy;
pub mod rewards;
pub mod rollout;
pub mod trace;
pub mod vector;
