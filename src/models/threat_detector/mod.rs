//! ThreatDetectorNn: from a tile of 3×30×30 the logits of 12 classes.

mod convolution;
pub mod detection;
pub mod file;
pub mod fused;
mod products;

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{Tensor, TensorData};
use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::dense::numbers;
use super::named_tensors::{NamedTensor, TensorsError, all_taken, tensor_of};
use crate::sim::seeds::Generator;
use crate::sim::threat_class::ThreatClass;
use crate::telemetry::channels::CHANNELS;
use crate::telemetry::planes::PLANES;
pub use crate::telemetry::scaling::TILE;
use crate::telemetry::window::SAMPLES;

/// Side of the convolution's kernel.
pub const KERNEL: usize = 3;
/// Weights of one channel of the convolution.
pub const TAPS: usize = PLANES * KERNEL * KERNEL;
/// Side of what the convolution leaves.
const CONVOLVED_SIDE: usize = SAMPLES - KERNEL + 1;
/// Side of the pooled image, half of it.
pub const POOLED_SIDE: usize = CONVOLVED_SIDE / 2;
/// Pixels of a channel's pooled image.
pub const POOLED: usize = POOLED_SIDE * POOLED_SIDE;

const _: () = assert!(SAMPLES == CHANNELS, "a tile's planes are square");

/// Sizes of a [`ThreatDetectorNn`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ThreatDetectorConfig {
    /// Channels of the convolution.
    #[schemars(extend("minimum" = 1, "maximum" = 1024))]
    pub channels: usize,
    /// Width of the hidden layer; a multiple of 32.
    #[schemars(extend("minimum" = 32, "maximum" = 8192))]
    pub hidden: usize,
    /// Classes.
    #[schemars(extend("minimum" = 2, "maximum" = 256))]
    pub classes: usize,
}

impl Default for ThreatDetectorConfig {
    fn default() -> Self {
        Self { channels: 64, hidden: 512, classes: ThreatClass::ALL.len() }
    }
}

/// Why a network cannot have such sizes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a detector cannot have {what} of {found}: expected {expected}")]
pub struct SizeError {
    /// What of it.
    pub what: &'static str,
    /// The number.
    pub found: usize,
    /// What it may be.
    pub expected: &'static str,
}

impl ThreatDetectorConfig {
    /// Whether there is such a network.
    ///
    /// # Errors
    /// With the first size that is out of its bounds.
    pub fn check(&self) -> Result<(), SizeError> {
        let hidden = self.hidden.is_multiple_of(products::WIDTH) && (32..=8192).contains(&self.hidden);
        for (what, found, fits, expected) in [
            ("channels", self.channels, (1..=1024).contains(&self.channels), "1 to 1024"),
            ("a hidden layer", self.hidden, hidden, "a multiple of 32 up to 8192"),
            ("classes", self.classes, (2..=256).contains(&self.classes), "2 to 256"),
        ] {
            if !fits {
                return Err(SizeError { what, found, expected });
            }
        }
        Ok(())
    }

    /// Numbers between the pooled images and the hidden layer.
    #[must_use]
    pub fn flattened(&self) -> usize {
        self.channels * POOLED
    }
}

/// The weights as plain numbers, in the layouts that burn has.
#[derive(Clone, Debug, PartialEq)]
pub struct DetectorParameters {
    /// [channels, 3, 3, 3]: of planes, samples, channels of telemetry.
    pub convolution_weight: Vec<f32>,
    /// [channels].
    pub convolution_bias: Vec<f32>,
    /// [channels × 14 × 14, hidden].
    pub hidden_weight: Vec<f32>,
    /// [hidden].
    pub hidden_bias: Vec<f32>,
    /// [hidden, classes].
    pub output_weight: Vec<f32>,
    /// [classes].
    pub output_bias: Vec<f32>,
}

impl DetectorParameters {
    /// Drawn uniformly from ±1/√(inputs), weights and biases, as PyTorch does.
    ///
    /// Source: He et al., Delving Deep into Rectifiers, ICCV 2015, with the gain of a leaky ReLU of slope √5: √(1/3).
    #[must_use]
    pub fn new(config: &ThreatDetectorConfig, generator: &mut Generator) -> Self {
        let ThreatDetectorConfig { channels, hidden, classes } = *config;
        let mut draw = |count: usize, inputs: usize| -> Vec<f32> {
            let bound = 1.0 / (inputs as f32).sqrt();
            (0..count).map(|_| generator.random_range(-bound..bound)).collect()
        };
        let flattened = config.flattened();
        Self {
            convolution_weight: draw(channels * TAPS, TAPS),
            convolution_bias: draw(channels, TAPS),
            hidden_weight: draw(flattened * hidden, flattened),
            hidden_bias: draw(hidden, flattened),
            output_weight: draw(hidden * classes, hidden),
            output_bias: draw(classes, hidden),
        }
    }

    /// As tensors with the names that files have.
    #[must_use]
    pub fn to_tensors(&self) -> Vec<NamedTensor> {
        let (channels, hidden, classes) = (self.convolution_bias.len(), self.hidden_bias.len(), self.output_bias.len());
        let shapes = shapes(&ThreatDetectorConfig { channels, hidden, classes });
        let data = [
            &self.convolution_weight,
            &self.convolution_bias,
            &self.hidden_weight,
            &self.hidden_bias,
            &self.output_weight,
            &self.output_bias,
        ];
        let named = shapes.into_iter().zip(data);
        named.map(|((name, shape), data)| NamedTensor { name: name.to_owned(), shape, data: data.clone() }).collect()
    }

    /// From tensors with the names that files have.
    ///
    /// # Errors
    /// When one is missing, of another shape, or not finite.
    pub fn from_tensors(config: &ThreatDetectorConfig, tensors: Vec<NamedTensor>) -> Result<Self, TensorsError> {
        let mut tensors = tensors;
        let [convolution_weight, convolution_bias, hidden_weight, hidden_bias, output_weight, output_bias] =
            shapes(config).map(|(name, shape)| tensor_of(&mut tensors, name, &shape));
        all_taken(&tensors)?;
        Ok(Self {
            convolution_weight: convolution_weight?,
            convolution_bias: convolution_bias?,
            hidden_weight: hidden_weight?,
            hidden_bias: hidden_bias?,
            output_weight: output_weight?,
            output_bias: output_bias?,
        })
    }
}

/// Names and shapes of the tensors.
fn shapes(config: &ThreatDetectorConfig) -> [(&'static str, Vec<usize>); 6] {
    let ThreatDetectorConfig { channels, hidden, classes } = *config;
    [
        ("convolution.weight", vec![channels, PLANES, KERNEL, KERNEL]),
        ("convolution.bias", vec![channels]),
        ("hidden.weight", vec![config.flattened(), hidden]),
        ("hidden.bias", vec![hidden]),
        ("output.weight", vec![hidden, classes]),
        ("output.bias", vec![classes]),
    ]
}

/// The network: Conv2d(3, 64, 3), ReLU, MaxPool2d(2), Linear 12544-512, ReLU, Linear 512-12.
#[derive(Module, Debug)]
pub struct ThreatDetectorNn<B: Backend> {
    convolution: Conv2d<B>,
    pool: MaxPool2d,
    hidden: Linear<B>,
    output: Linear<B>,
}

impl<B: Backend> ThreatDetectorNn<B> {
    /// The network with these weights.
    #[must_use]
    pub fn new(config: &ThreatDetectorConfig, parameters: &DetectorParameters, device: &B::Device) -> Self {
        let ThreatDetectorConfig { channels, hidden, classes } = *config;
        let vector = |data: &[f32]| Param::from_data(TensorData::new(data.to_vec(), [data.len()]), device);
        let linear = |inputs: usize, weight: &[f32], bias: &[f32]| {
            let mut layer = LinearConfig::new(1, 1).init::<B>(device);
            layer.weight = Param::from_data(TensorData::new(weight.to_vec(), [inputs, bias.len()]), device);
            layer.bias = Some(vector(bias));
            layer
        };
        let mut convolution = Conv2dConfig::new([PLANES, channels], [KERNEL, KERNEL]).init::<B>(device);
        let weight = TensorData::new(parameters.convolution_weight.clone(), [channels, PLANES, KERNEL, KERNEL]);
        convolution.weight = Param::from_data(weight, device);
        convolution.bias = Some(vector(&parameters.convolution_bias));
        debug_assert_eq!((hidden, classes), (parameters.hidden_bias.len(), parameters.output_bias.len()));
        Self {
            convolution,
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            hidden: linear(config.flattened(), &parameters.hidden_weight, &parameters.hidden_bias),
            output: linear(hidden, &parameters.output_weight, &parameters.output_bias),
        }
    }

    /// Logits of tiles: [rows, 3, 30, 30] to [rows, 12]. `keep`: what the hidden units are multiplied by, [rows, 512], in training
    /// with dropout.
    pub fn forward(&self, tiles: Tensor<B, 4>, keep: Option<Tensor<B, 2>>) -> Tensor<B, 2> {
        let pooled = self.pool.forward(relu(self.convolution.forward(tiles)));
        let hidden = relu(self.hidden.forward(pooled.flatten(1, 3)));
        let hidden = match keep {
            Some(keep) => hidden * keep,
            None => hidden,
        };
        self.output.forward(hidden)
    }

    /// The weights, read from the device.
    #[must_use]
    pub fn parameters(&self) -> DetectorParameters {
        self.read(|weight| Some(numbers(weight)), |weight| Some(numbers(weight)), |bias| Some(numbers(bias)))
    }

    /// Numbers of each tensor, read through a function of its rank; empty where it gives none.
    fn read(
        &self,
        of_convolution: impl Fn(Tensor<B, 4>) -> Option<Vec<f32>>,
        of_layer: impl Fn(Tensor<B, 2>) -> Option<Vec<f32>>,
        of_bias: impl Fn(Tensor<B, 1>) -> Option<Vec<f32>>,
    ) -> DetectorParameters {
        let bias =
            |bias: &Option<Param<Tensor<B, 1>>>| bias.as_ref().and_then(|bias| of_bias(bias.val())).unwrap_or_default();
        DetectorParameters {
            convolution_weight: of_convolution(self.convolution.weight.val()).unwrap_or_default(),
            convolution_bias: bias(&self.convolution.bias),
            hidden_weight: of_layer(self.hidden.weight.val()).unwrap_or_default(),
            hidden_bias: bias(&self.hidden.bias),
            output_weight: of_layer(self.output.weight.val()).unwrap_or_default(),
            output_bias: bias(&self.output.bias),
        }
    }
}

impl<B: AutodiffBackend> ThreatDetectorNn<B> {
    /// Gradients of the weights, empty where there are none.
    #[must_use]
    pub fn gradients(&self, gradients: &B::Gradients) -> DetectorParameters {
        self.read(
            |weight| weight.grad(gradients).map(numbers),
            |weight| weight.grad(gradients).map(numbers),
            |bias| bias.grad(gradients).map(numbers),
        )
    }
}
