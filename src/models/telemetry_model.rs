//! What the two networks that read telemetry have in common on disk: a manifest that says what they are, weights, a scaling.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::checkpoint::{Checkpoint, CheckpointError};
use super::named_tensors::{Precision, TensorsError};
use crate::telemetry::scaling::{INPUT_VERSION, Inputs, Scaling, ScalingError};
use crate::telemetry::window::{TelemetryWindow, WindowError};

/// The scaling in a checkpoint.
pub const SCALING_FILE: &str = "scaling.json";

/// What a checkpoint says of the network in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TelemetryModelMeta<S> {
    /// What the weights are of.
    pub network: String,
    /// Version of the tables that inputs are made from.
    pub input_version: u32,
    /// Sizes of the network.
    pub sizes: S,
    /// Names of the classes that it was trained on, by index.
    pub classes: Vec<String>,
    /// Precision of the weights in the file.
    pub precision: Precision,
    /// What the trainer says of where it comes from (seed, hash of the data, figures); not looked into here.
    #[serde(default)]
    pub training: serde_json::Value,
}

/// Why a checkpoint holds no such network that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    /// A file in it is not what it should be.
    #[error("the checkpoint '{checkpoint}' holds no {network}: {reason}")]
    NoModel {
        /// The checkpoint.
        checkpoint: String,
        /// What was looked for.
        network: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// It is of another kind than is needed.
    #[error("the checkpoint does not fit: its {what} is {found}, needed is {expected}")]
    DoesNotFit {
        /// What differs.
        what: &'static str,
        /// In the checkpoint.
        found: String,
        /// What is needed.
        expected: String,
    },
    /// The weights.
    #[error(transparent)]
    Tensors(#[from] TensorsError),
    /// The scaling.
    #[error(transparent)]
    Scaling(#[from] ScalingError),
    /// The checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// Why nothing was said of windows.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("window {index}: {source}")]
pub struct BadWindow {
    /// Which of them.
    pub index: usize,
    /// What is wrong with it.
    pub source: WindowError,
}

/// What a checkpoint says of the network in it, and its scaling, both checked.
///
/// # Errors
/// When it is of another network or of another version of the inputs, or damaged.
pub(super) fn read<S: DeserializeOwned>(
    checkpoint: &Checkpoint,
    network: &'static str,
) -> Result<(TelemetryModelMeta<S>, Scaling), ModelFileError> {
    let meta = checkpoint.meta();
    let told = |key: &str| meta.get(key).map_or_else(|| "not told".to_owned(), ToString::to_string);
    let expected = [("network", serde_json::Value::from(network)), ("input_version", INPUT_VERSION.into())];
    // Before the other fields, since another network or version may have others.
    for (what, expected) in expected {
        if meta.get(what) != Some(&expected) {
            let (found, expected) = (told(what), expected.to_string());
            return Err(ModelFileError::DoesNotFit { what, found, expected });
        }
    }
    let meta = serde_json::from_value(meta.clone()).map_err(|error| no_model(checkpoint, network, &error))?;
    let scaling: Scaling = json(checkpoint, network, SCALING_FILE)?;
    scaling.check()?;
    Ok((meta, scaling))
}

/// A JSON file of a checkpoint.
pub(super) fn json<T: DeserializeOwned>(
    checkpoint: &Checkpoint,
    network: &'static str,
    file: &str,
) -> Result<T, ModelFileError> {
    serde_json::from_slice(checkpoint.file(file)?)
        .map_err(|error| no_model(checkpoint, network, &format!("{file}: {error}")))
}

pub(super) fn no_model(
    checkpoint: &Checkpoint,
    network: &'static str,
    reason: &dyn std::fmt::Display,
) -> ModelFileError {
    let (checkpoint, reason) = (checkpoint.directory().display().to_string(), reason.to_string());
    ModelFileError::NoModel { checkpoint, network, reason }
}

/// Inputs of windows, in parallel.
///
/// # Errors
/// With the first window that nothing can be made of.
pub fn inputs_of(windows: &[TelemetryWindow], scaling: &Scaling) -> Result<Vec<Inputs>, BadWindow> {
    use rayon::prelude::*;
    let inputs: Vec<_> = windows.par_iter().map(|window| Inputs::of(window, scaling)).collect();
    let numbered = inputs.into_iter().enumerate();
    numbered.map(|(index, inputs)| inputs.map_err(|source| BadWindow { index, source })).collect()
}
