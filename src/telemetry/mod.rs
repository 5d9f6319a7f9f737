//! Telemetry: what an observer's instruments and systems tell of one track, sample by sample.

pub mod channels;
pub mod config;
pub mod dataset;
pub mod features;
pub mod labelled;
pub mod planes;
pub mod recorded;
pub mod sampler;
pub mod scaling;
pub mod window;
