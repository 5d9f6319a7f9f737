//! AdversaryEncoder: 128 features of a window to an encoding of 64, and back.

use std::path::{Path, PathBuf};

use burn::module::{Module, Param};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};
use nalgebra::DMatrixViewMut;
use rand::RngExt;
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::actor_critic::Layer;
use super::anomaly::{
    ANOMALY_FILE, Anomaly, AnomalyError, AnomalyModel, EncodedBehavior, EncodedRows, EncodedWindows,
    reconstruction_error,
};
use super::checkpoint::{Checkpoint, CheckpointError};
use super::dense::{numbers, transposed};
use super::named_tensors::{
    NamedTensor, Precision, TensorsError, all_taken, from_safetensors, tensor_of, to_safetensors,
};
use super::telemetry_model::{self, BadWindow, ModelFileError, SCALING_FILE, TelemetryModelMeta, no_model};
use crate::sim::seeds::Generator;
use crate::telemetry::features::FEATURES;
use crate::telemetry::scaling::{INPUT_VERSION, Inputs, Scaling};
use crate::telemetry::window::TelemetryWindow;

/// The weights in a checkpoint.
pub const WEIGHTS_FILE: &str = "encoder.safetensors";
/// What the weights call themselves.
pub const NETWORK: &str = "adversary_encoder";
/// Names of the layers in a file.
const LAYERS: [&str; 4] = ["encoder.hidden", "encoder.encoding", "decoder.hidden", "decoder.features"];

/// Sizes of an [`AdversaryEncoderNn`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdversaryEncoderConfig {
    /// Features.
    pub features: usize,
    /// Width of the hidden layer of encoder and decoder.
    #[schemars(extend("minimum" = 1, "maximum" = 8192))]
    pub hidden: usize,
    /// Entries of an encoding.
    #[schemars(extend("minimum" = 1, "maximum" = 8192))]
    pub encoding: usize,
}

impl Default for AdversaryEncoderConfig {
    fn default() -> Self {
        Self { features: FEATURES, hidden: 256, encoding: 64 }
    }
}

impl AdversaryEncoderConfig {
    /// (inputs, outputs) of the layers.
    fn layers(&self) -> [(usize, usize); 4] {
        let Self { features, hidden, encoding } = *self;
        [(features, hidden), (hidden, encoding), (encoding, hidden), (hidden, features)]
    }

    /// Whether all sizes are 1 to 8192.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        [self.features, self.hidden, self.encoding].iter().all(|size| (1..=8192).contains(size))
    }
}

/// The weights as plain numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct EncoderParameters {
    /// Linear 128-256, 256-64; 64-256, 256-128.
    pub layers: [Layer; 4],
}

impl EncoderParameters {
    /// Drawn uniformly from ±1/√(inputs), weights and biases, as PyTorch does (see
    /// [`DetectorParameters::new`](super::threat_detector::DetectorParameters::new)).
    #[must_use]
    pub fn new(config: &AdversaryEncoderConfig, generator: &mut Generator) -> Self {
        Self { layers: config.layers().map(|(rows, columns)| drawn(rows, columns, generator)) }
    }

    /// As tensors with the names that files have.
    #[must_use]
    pub fn to_tensors(&self) -> Vec<NamedTensor> {
        let named = LAYERS.iter().zip(&self.layers);
        named
            .flat_map(|(name, layer)| {
                let Layer { rows, columns, weight, bias } = layer.clone();
                [
                    NamedTensor { name: format!("{name}.weight"), shape: vec![rows, columns], data: weight },
                    NamedTensor { name: format!("{name}.bias"), shape: vec![columns], data: bias },
                ]
            })
            .collect()
    }

    /// From tensors with the names that files have.
    ///
    /// # Errors
    /// When one is missing, of another shape, or not finite.
    pub fn from_tensors(config: &AdversaryEncoderConfig, tensors: Vec<NamedTensor>) -> Result<Self, TensorsError> {
        let mut tensors = tensors;
        let mut layer = |name: &str, (rows, columns): (usize, usize)| {
            let weight = tensor_of(&mut tensors, &format!("{name}.weight"), &[rows, columns])?;
            let bias = tensor_of(&mut tensors, &format!("{name}.bias"), &[columns])?;
            Ok::<_, TensorsError>(Layer { rows, columns, weight, bias })
        };
        let [first, second, third, fourth] = config.layers();
        let layers =
            [layer(LAYERS[0], first)?, layer(LAYERS[1], second)?, layer(LAYERS[2], third)?, layer(LAYERS[3], fourth)?];
        all_taken(&tensors)?;
        Ok(Self { layers })
    }
}

/// A layer drawn uniformly from ±1/√(inputs).
pub(crate) fn drawn(rows: usize, columns: usize, generator: &mut Generator) -> Layer {
    let bound = 1.0 / (rows as f32).sqrt();
    let mut draw = |count: usize| (0..count).map(|_| generator.random_range(-bound..bound)).collect();
    Layer { rows, columns, weight: draw(rows * columns), bias: draw(columns) }
}

/// A layer on a device.
pub(crate) fn linear<B: Backend>(layer: &Layer, device: &B::Device) -> Linear<B> {
    let mut linear = LinearConfig::new(1, 1).init::<B>(device);
    linear.weight = Param::from_data(TensorData::new(layer.weight.clone(), [layer.rows, layer.columns]), device);
    linear.bias = Some(Param::from_data(TensorData::new(layer.bias.clone(), [layer.columns]), device));
    linear
}

/// The network on a device. Encoder: Linear 128-256, ReLU, Linear 256-64; decoder: Linear 64-256, ReLU, Linear 256-128.
#[derive(Module, Debug)]
pub struct AdversaryEncoderNn<B: Backend> {
    encoder_hidden: Linear<B>,
    encoding: Linear<B>,
    decoder_hidden: Linear<B>,
    reconstruction: Linear<B>,
}

impl<B: Backend> AdversaryEncoderNn<B> {
    /// The network with these weights.
    #[must_use]
    pub fn new(parameters: &EncoderParameters, device: &B::Device) -> Self {
        let [encoder_hidden, encoding, decoder_hidden, reconstruction] =
            parameters.layers.each_ref().map(|layer| linear(layer, device));
        Self { encoder_hidden, encoding, decoder_hidden, reconstruction }
    }

    /// [rows, 128] to [rows, 64].
    pub fn encode(&self, features: Tensor<B, 2>) -> Tensor<B, 2> {
        self.encoding.forward(relu(self.encoder_hidden.forward(features)))
    }

    /// [rows, 64] to [rows, 128].
    pub fn decode(&self, encodings: Tensor<B, 2>) -> Tensor<B, 2> {
        self.reconstruction.forward(relu(self.decoder_hidden.forward(encodings)))
    }

    /// The weights, read from the device.
    #[must_use]
    pub fn parameters(&self) -> EncoderParameters {
        let layers = [&self.encoder_hidden, &self.encoding, &self.decoder_hidden, &self.reconstruction];
        EncoderParameters {
            layers: layers.map(|linear| {
                let [rows, columns] = linear.weight.val().dims();
                let bias = linear.bias.as_ref().map(|bias| numbers(bias.val())).unwrap_or_default();
                Layer { rows, columns, weight: numbers(linear.weight.val()), bias }
            }),
        }
    }
}

/// What a checkpoint says of an encoder.
pub type EncoderMeta = TelemetryModelMeta<AdversaryEncoderConfig>;

/// A trained encoder with all that it takes to use it, loaded for the CPU.
#[derive(Clone, Debug, PartialEq)]
pub struct AdversaryEncoder {
    /// What it is.
    pub meta: EncoderMeta,
    /// What its inputs are scaled by.
    pub scaling: Scaling,
    /// What is known, by which anomalies are told; none before it was fitted.
    pub anomaly: Option<AnomalyModel>,
    /// Its weights.
    parameters: EncoderParameters,
}

impl AdversaryEncoder {
    /// An encoder of these weights; `classes`: names of those that it was trained on; `training`: what the trainer says of where it
    /// comes from.
    #[must_use]
    pub fn new(
        parameters: EncoderParameters,
        scaling: Scaling,
        classes: Vec<String>,
        training: serde_json::Value,
    ) -> Self {
        let [first, second, ..] = &parameters.layers;
        let sizes = AdversaryEncoderConfig { features: first.rows, hidden: first.columns, encoding: second.columns };
        let (network, precision) = (NETWORK.to_owned(), Precision::Single);
        let meta = EncoderMeta { network, input_version: INPUT_VERSION, sizes, classes, precision, training };
        Self { meta, scaling, anomaly: None, parameters }
    }

    /// Reads one from a directory.
    ///
    /// # Errors
    /// When it holds no encoder, one of other inputs, or a damaged one.
    pub fn open(directory: &Path) -> Result<Self, ModelFileError> {
        Self::load(&Checkpoint::open(directory)?)
    }

    /// Takes one from a checkpoint.
    ///
    /// # Errors
    /// As [`AdversaryEncoder::open`].
    pub fn load(checkpoint: &Checkpoint) -> Result<Self, ModelFileError> {
        let (meta, scaling): (EncoderMeta, _) = telemetry_model::read(checkpoint, NETWORK)?;
        if !meta.sizes.is_possible() || meta.sizes.features != FEATURES {
            return Err(no_model(checkpoint, NETWORK, &format!("{:?}", meta.sizes)));
        }
        let tensors = from_safetensors(checkpoint.file(WEIGHTS_FILE)?)?;
        let parameters = EncoderParameters::from_tensors(&meta.sizes, tensors)?;
        let anomaly = match checkpoint.file(ANOMALY_FILE) {
            Err(CheckpointError::NoSuchFile { .. }) => None,
            Err(error) => return Err(error.into()),
            Ok(_) => {
                let anomaly: AnomalyModel = telemetry_model::json(checkpoint, NETWORK, ANOMALY_FILE)?;
                let fault = |error: AnomalyError| no_model(checkpoint, NETWORK, &format!("{ANOMALY_FILE}: {error}"));
                anomaly.check(meta.sizes.encoding).map_err(fault)?;
                Some(anomaly)
            }
        };
        Ok(Self { meta, scaling, anomaly, parameters })
    }

    /// Writes it to `checkpoints/step_N`, beside other files (name, content), and returns the directory.
    ///
    /// # Errors
    /// When a file cannot be written, or a weight is too large for half precision.
    pub fn write(
        &self,
        checkpoints: &Path,
        step: u64,
        precision: Precision,
        others: &[(&str, &[u8])],
    ) -> Result<PathBuf, ModelFileError> {
        let weights = to_safetensors(&self.parameters.to_tensors(), precision)?;
        let scaling = serde_json::to_vec(&self.scaling).expect("plain numbers are JSON");
        let anomaly = self.anomaly.as_ref().map(|model| serde_json::to_vec(model).expect("plain numbers are JSON"));
        let mut files: Vec<(&str, &[u8])> = vec![(WEIGHTS_FILE, &weights), (SCALING_FILE, &scaling)];
        files.extend(anomaly.as_ref().map(|anomaly| (ANOMALY_FILE, anomaly.as_slice())));
        files.extend(others);
        let meta = EncoderMeta { precision, ..self.meta.clone() };
        let meta = serde_json::to_value(&meta).expect("names and numbers are JSON");
        Ok(Checkpoint::write(checkpoints, step, &files, meta)?)
    }

    /// The weights.
    #[must_use]
    pub fn parameters(&self) -> &EncoderParameters {
        &self.parameters
    }

    /// Encodings [rows, 64] of scaled features [rows, 128].
    #[must_use]
    pub fn encode(&self, features: &[f32]) -> Vec<f32> {
        let [hidden, encoding, ..] = &self.parameters.layers;
        affine(encoding, &affine(hidden, features, true), false)
    }

    /// Features [rows, 128] of encodings [rows, 64].
    #[must_use]
    pub fn reconstruct(&self, encodings: &[f32]) -> Vec<f32> {
        let [.., hidden, features] = &self.parameters.layers;
        affine(features, &affine(hidden, encodings, true), false)
    }

    /// Scaled features [rows, 128] of windows: what [`AdversaryEncoder::encode`] takes.
    ///
    /// # Errors
    /// With the first window that nothing can be made of.
    pub fn features_of(&self, windows: &[TelemetryWindow]) -> Result<Vec<f32>, BadWindow> {
        let inputs = telemetry_model::inputs_of(windows, &self.scaling)?;
        Ok(inputs.iter().flat_map(|inputs| inputs.features).collect())
    }

    /// Encodings of windows with how badly they give the windows back; what is wrong with a window stands in its place.
    #[must_use]
    pub fn encode_behavior(&self, windows: &[TelemetryWindow]) -> EncodedWindows {
        let inputs: Vec<_> = windows.par_iter().map(|window| Inputs::of(window, &self.scaling)).collect();
        let features: Vec<f32> = inputs.iter().flatten().flat_map(|inputs| inputs.features).collect();
        let EncodedRows { encodings, residuals, errors, .. } = self.encode_rows(&features);
        let AdversaryEncoderConfig { features: width, encoding, .. } = self.meta.sizes;
        let mut encoded = encodings.chunks_exact(encoding).zip(residuals.chunks_exact(width)).zip(errors);
        let numbered = inputs.into_iter().enumerate();
        let each = numbered.map(|(index, inputs)| {
            inputs.map_err(|source| BadWindow { index, source })?;
            let ((encoding, residual), reconstruction_error) =
                encoded.next().expect("a row for each window that is one");
            Ok(EncodedBehavior { encoding: encoding.to_vec(), residual: residual.to_vec(), reconstruction_error })
        });
        each.collect()
    }

    /// What is strange about windows that were encoded, one answer each.
    ///
    /// # Errors
    /// When nothing was fitted to the encoder's encodings, or these are none of it.
    pub fn detect_anomalies(&self, encoded_behavior: &[EncodedBehavior]) -> Result<Vec<Anomaly>, AnomalyError> {
        let model = self.anomaly.as_ref().ok_or(AnomalyError::NotFitted)?;
        let AdversaryEncoderConfig { features, encoding: width, .. } = self.meta.sizes;
        let mut rows = EncodedRows::default();
        for of in encoded_behavior {
            for (numbers, width) in [(&of.encoding, width), (&of.residual, features)] {
                if numbers.len() != width {
                    return Err(AnomalyError::Shape { values: numbers.len(), rows: 1, width });
                }
            }
            rows.encodings.extend(&of.encoding);
            rows.residuals.extend(&of.residual);
            rows.errors.push(of.reconstruction_error);
        }
        rows.given_back = self.reconstruct(&rows.encodings);
        model.judge(&rows)
    }

    /// What is strange about rows of scaled features [rows, 128].
    ///
    /// # Errors
    /// As [`AdversaryEncoder::detect_anomalies`].
    pub fn anomalies_of_features(&self, features: &[f32]) -> Result<Vec<Anomaly>, AnomalyError> {
        let model = self.anomaly.as_ref().ok_or(AnomalyError::NotFitted)?;
        model.judge(&self.encode_rows(features))
    }

    /// Scaled features [rows, 128] as encodings, with what those give back and what that is off.
    #[must_use]
    pub fn encode_rows(&self, features: &[f32]) -> EncodedRows {
        if features.is_empty() {
            return EncodedRows::default();
        }
        let encodings = self.encode(features);
        let given_back = self.reconstruct(&encodings);
        let width = self.meta.sizes.features;
        let rows = features.par_chunks_exact(width).zip(given_back.par_chunks_exact(width));
        let errors = rows.map(|(features, given_back)| reconstruction_error(features, given_back)).collect();
        let residuals = features.iter().zip(&given_back).map(|(feature, back)| feature - back).collect();
        EncodedRows { encodings, given_back, residuals, errors }
    }

    /// Encodings of windows, [rows, 64].
    ///
    /// # Errors
    /// With the first window that nothing can be made of.
    pub fn encodings_of(&self, windows: &[TelemetryWindow]) -> Result<Vec<f32>, BadWindow> {
        Ok(self.encode(&self.features_of(windows)?))
    }
}

/// Rows through a layer, and through a ReLU where `clip`.
fn affine(layer: &Layer, rows: &[f32], clip: bool) -> Vec<f32> {
    let count = rows.len() / layer.rows;
    let mut out: Vec<f32> = layer.bias.iter().copied().cycle().take(count * layer.columns).collect();
    // Everything is written as its transpose, since nalgebra's matrices are column-major: Yᵀ = Wᵀ Xᵀ.
    DMatrixViewMut::from_slice(&mut out, layer.columns, count).gemm(
        1.0,
        &transposed(&layer.weight, layer.rows, layer.columns),
        &transposed(rows, count, layer.rows),
        1.0,
    );
    if clip {
        for unit in &mut out {
            *unit = unit.max(0.0);
        }
    }
    out
}
