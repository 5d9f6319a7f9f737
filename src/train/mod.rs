//! Training: algorithms, policy training, checkpoints, the run directory, the event log.

pub mod algorithms;
pub mod class_left_out;
pub mod config;
pub mod curriculum;
pub mod detector_calibration;
pub mod detector_learner;
pub mod detector_training;
pub mod encoder_learner;
pub mod encoder_training;
pub mod epoch_progress;
pub mod event_log;
mod event_message;
pub mod event_reader;
pub mod gae;
pub mod imitation;
pub mod learner;
pub mod policy_training;
pub mod progress;
mod progress_display;
pub mod rollout_buffer;
pub mod run_directory;
pub mod signals;

use self::event_log::EventLogError;
use self::run_directory::RunDirectoryError;
use crate::env::policy::PolicyError;
use crate::eval::encoder_evaluation::EncoderEvaluationError;
use crate::eval::evaluate::EvaluationError;
use crate::eval::pictures::picture::PictureError;
use crate::models::actor_critic::WeightsError;
use crate::models::anomaly::AnomalyError;
use crate::models::checkpoint::CheckpointError;
use crate::models::drift_reference::DriftError;
use crate::models::learned_policy::PolicyFileError;
use crate::models::telemetry_model::ModelFileError;

/// Why training stopped, or did not begin.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// Threads could not be started.
    #[error("cannot start the threads: {0}")]
    Threads(String),
    /// A number that must be finite is not; the update was not made.
    #[error("a {what} is not finite ({value}): nothing was learned from it, and no checkpoint holds it")]
    NotFinite {
        /// What it is.
        what: &'static str,
        /// The number.
        value: f32,
    },
    /// A number is not finite, and what it takes to play the moment again was written down.
    #[error("{source}; the episodes it came from are in '{path}'")]
    Dumped {
        /// The file.
        path: String,
        /// What is not finite.
        source: Box<TrainError>,
    },
    /// The state of the trainer could not be written to bytes or read from them.
    #[error("the trainer's state cannot be used: {0}")]
    Record(String),
    /// No algorithm has this name.
    #[error("unknown algorithm `{found}`, expected one of {expected}")]
    UnknownAlgorithm {
        /// The name.
        found: String,
        /// The registry.
        expected: String,
    },
    /// No scripted guidance has this name.
    #[error("unknown guidance `{0}` to imitate")]
    UnknownGuidance(String),
    /// A checkpoint of other sizes than the run's.
    #[error("the checkpoint does not fit: its {what} is {found}, the run's is {expected}")]
    DoesNotFit {
        /// What differs.
        what: &'static str,
        /// In the checkpoint.
        found: String,
        /// In the run.
        expected: String,
    },
    /// The run has no checkpoint to go on from.
    #[error("'{0}' has no whole checkpoint to resume from")]
    NothingToResume(String),
    /// The policy or the environment gave what is not finite.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The policy of a checkpoint.
    #[error(transparent)]
    PolicyFile(#[from] PolicyFileError),
    /// Weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The event log.
    #[error(transparent)]
    EventLog(#[from] EventLogError),
    /// The run directory.
    #[error(transparent)]
    RunDirectory(#[from] RunDirectoryError),
    /// An evaluation.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// Rows of telemetry that nothing can be learned from.
    #[error("nothing can be learned from the {split} rows: {reason}")]
    Rows {
        /// Which rows.
        split: &'static str,
        /// Why not.
        reason: String,
    },
    /// The model of what is known.
    #[error(transparent)]
    Anomaly(#[from] AnomalyError),
    /// The reference of what was seen.
    #[error(transparent)]
    Drift(#[from] DriftError),
    /// An evaluation of an encoder.
    #[error(transparent)]
    EncoderEvaluation(#[from] EncoderEvaluationError),
    /// A signal came before there was anything to tell.
    #[error("stopped by a signal while {0}")]
    Interrupted(String),
    /// A picture.
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// The file of a network that reads telemetry.
    #[error(transparent)]
    ModelFile(#[from] ModelFileError),
}
