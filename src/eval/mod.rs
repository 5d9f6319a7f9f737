//! Evaluation: policies on paired seeds beside scripted baselines, with intervals; and the making of data sets.

pub mod baselines;
pub mod classification;
pub mod dataset;
pub mod detector_evaluation;
pub mod detector_report;
pub mod draw;
pub mod encoder_evaluation;
pub mod evaluate;
pub mod figures;
pub mod pictures;
pub mod random_policy;
pub mod recording;
pub mod risk_evaluation;
pub mod scripted_policy;
pub mod statistics;
pub mod table;
pub mod team_policies;
pub mod telemetry_rows;
pub mod telemetry_windows;
