//! The networks, their normalisers, the choice of a device, and learned policies. All that names a backend stands here.

pub mod actor_critic;
pub mod adamw;
pub mod adversary_encoder;
pub mod anomaly;
pub mod calibration;
pub mod checkpoint;
pub mod dense;
pub mod device;
pub mod drift_reference;
pub(crate) mod durable_file;
pub mod learned_policy;
pub mod named_tensors;
pub mod normaliser;
pub mod risk;
pub mod telemetry_model;
pub mod threat_detector;
