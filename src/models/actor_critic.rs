//! ActorCritic: from 128 observations a plan of 64 and a value.

use burn::module::{Module, Param};
use burn::nn::{Linear, LinearConfig};
use burn::store::{ModuleSnapshot, SafetensorsStore};
use burn::tensor::activation::relu;
use burn::tensor::backend::Backend;
use burn::tensor::{Tensor, TensorData};
use rand_distr::{Distribution, StandardNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::env::observation::OBSERVATION;
use crate::env::plan::PLAN;
use crate::sim::seeds::Generator;

/// Sizes and initial spread of an [`ActorCritic`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ActorCriticConfig {
    /// Entries of an observation.
    pub observation: usize,
    /// Width of the hidden layer of the actor and of the critic.
    #[schemars(extend("minimum" = 1, "maximum" = 65_536))]
    pub hidden: usize,
    /// Entries of a plan.
    pub plan: usize,
    /// Initial logarithm of the standard deviation of each entry of the plan.
    pub initial_log_std: f64,
}

impl Default for ActorCriticConfig {
    fn default() -> Self {
        Self { observation: OBSERVATION, hidden: 256, plan: PLAN, initial_log_std: -0.5 }
    }
}

/// The network. Actor: Linear 128-256, ReLU, Linear 256-64, tanh, the mean of a Gaussian with a learned log-std an entry;
/// critic: Linear 128-256, ReLU, Linear 256-1.
#[derive(Module, Debug)]
pub struct ActorCritic<B: Backend> {
    actor_hidden: Linear<B>,
    actor_mean: Linear<B>,
    critic_hidden: Linear<B>,
    critic_value: Linear<B>,
    log_std: Param<Tensor<B, 1>>,
}

/// One linear layer as plain numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Inputs.
    pub rows: usize,
    /// Outputs.
    pub columns: usize,
    /// [inputs, outputs], row-major.
    pub weight: Vec<f32>,
    /// [outputs].
    pub bias: Vec<f32>,
}

/// The layers of an [`ActorCritic`], or their gradients.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// Actor, first layer.
    pub actor_hidden: Layer,
    /// Actor, second layer.
    pub actor_mean: Layer,
    /// Critic, first layer.
    pub critic_hidden: Layer,
    /// Critic, second layer.
    pub critic_value: Layer,
}

/// Why weights could not be read.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file is no safetensors file, or its tensors are of other names or shapes.
    #[error("the weights do not fit an ActorCritic {observation}-{hidden}-{plan}: {reason}")]
    Mismatch {
        /// Entries of an observation.
        observation: usize,
        /// Width of the hidden layers.
        hidden: usize,
        /// Entries of a plan.
        plan: usize,
        /// What the reader found.
        reason: String,
    },
}

impl<B: Backend> ActorCritic<B> {
    /// Orthogonal weights (gain √2 in hidden layers, 0.01 for the plan, 1 for the value) and zero biases.
    ///
    /// Source: Andrychowicz et al., What Matters in On-Policy Reinforcement Learning, ICLR 2021; gains as in CleanRL.
    #[must_use]
    pub fn new(config: &ActorCriticConfig, generator: &mut Generator, device: &B::Device) -> Self {
        let mut layer = |inputs: usize, outputs: usize, gain: f64| {
            let mut layer = LinearConfig::new(inputs, outputs).init::<B>(device);
            let weights = TensorData::new(orthogonal(inputs, outputs, gain, generator), [inputs, outputs]);
            layer.weight = Param::from_data(weights, device);
            layer.bias = Some(Param::from_data(TensorData::zeros::<f32, _>([outputs]), device));
            layer
        };
        let hidden_gain = std::f64::consts::SQRT_2;
        Self {
            actor_hidden: layer(config.observation, config.hidden, hidden_gain),
            actor_mean: layer(config.hidden, config.plan, 0.01),
            critic_hidden: layer(config.observation, config.hidden, hidden_gain),
            critic_value: layer(config.hidden, 1, 1.0),
            log_std: Param::from_data(
                TensorData::new(vec![config.initial_log_std as f32; config.plan], [config.plan]),
                device,
            ),
        }
    }

    /// The mean plan of a batch: [rows, 128] to the first `entries` of 64, in [-1, 1].
    pub fn plan_mean(&self, observations: Tensor<B, 2>, entries: usize) -> Tensor<B, 2> {
        let hidden = relu(self.actor_hidden.forward(observations));
        let (weight, bias) = (self.actor_mean.weight.val(), self.actor_mean.bias.as_ref().map(Param::val));
        if weight.dims()[1] == entries {
            return self.actor_mean.forward(hidden).tanh();
        }
        // What is not executed needs no computing: only the columns of the executed entries.
        let mean = hidden.matmul(weight.narrow(1, 0, entries));
        match bias {
            Some(bias) => (mean + bias.narrow(0, 0, entries).unsqueeze()).tanh(),
            None => mean.tanh(),
        }
    }

    /// The logarithm of the standard deviation of the first `entries` of the plan.
    pub fn log_std(&self, entries: usize) -> Tensor<B, 1> {
        self.log_std.val().narrow(0, 0, entries)
    }

    /// The value of a batch: [rows, 128] to [rows].
    pub fn compute_value(&self, observations: Tensor<B, 2>) -> Tensor<B, 1> {
        self.critic_value.forward(relu(self.critic_hidden.forward(observations))).squeeze_dim(1)
    }

    /// The action of a batch of states without exploration: the mean plan, [rows, 128] to [rows, 64]. A single state is a
    /// batch of one.
    pub fn select_action(&self, observations: Tensor<B, 2>) -> Tensor<B, 2> {
        let entries = self.log_std.val().dims()[0];
        self.plan_mean(observations, entries)
    }

    /// The layers, read from the device.
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        let numbers = |data: TensorData| data.convert::<f32>().into_vec().expect("the data was converted to f32");
        let layer = |linear: &Linear<B>| {
            let [rows, columns] = linear.weight.val().dims();
            let bias = linear.bias.as_ref().expect("every layer has a bias");
            Layer {
                rows,
                columns,
                weight: numbers(linear.weight.val().into_data()),
                bias: numbers(bias.val().into_data()),
            }
        };
        Parameters {
            actor_hidden: layer(&self.actor_hidden),
            actor_mean: layer(&self.actor_mean),
            critic_hidden: layer(&self.critic_hidden),
            critic_value: layer(&self.critic_value),
        }
    }

    /// Each layer beside the numbers of `parameters` for it, and the log-std: for what registers gradients by parameter.
    pub(crate) fn layers<'a>(&'a self, parameters: &'a Parameters) -> [(&'a Linear<B>, &'a Layer); 4] {
        [
            (&self.actor_hidden, &parameters.actor_hidden),
            (&self.actor_mean, &parameters.actor_mean),
            (&self.critic_hidden, &parameters.critic_hidden),
            (&self.critic_value, &parameters.critic_value),
        ]
    }

    pub(crate) fn log_std_parameter(&self) -> &Param<Tensor<B, 1>> {
        &self.log_std
    }

    /// The weights as a safetensors file; Linear weights are [in, out].
    ///
    /// # Errors
    /// When the tensors cannot be read from the device.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, WeightsError> {
        // One key of metadata: several come out in the order of a hash map, and the same weights in other bytes.
        let mut store = SafetensorsStore::from_bytes(None).clear_metadata().metadata("format", "safetensors");
        let failed = |error: String| self.mismatch(error);
        self.save_into(&mut store).map_err(|error| failed(error.to_string()))?;
        store.get_bytes().map_err(|error| failed(error.to_string()))
    }

    /// Takes the weights of a safetensors file of the same shapes.
    ///
    /// # Errors
    /// When the file is none, or a tensor is missing or of another shape.
    pub fn load_safetensors(&mut self, bytes: Vec<u8>) -> Result<(), WeightsError> {
        let mut store = SafetensorsStore::from_bytes(Some(bytes));
        let outcome = self.load_from(&mut store).map_err(|error| error.to_string());
        match outcome {
            Ok(applied) if applied.missing.is_empty() && applied.errors.is_empty() => Ok(()),
            Ok(applied) => Err(self.mismatch(format!("missing {:?}, errors {:?}", applied.missing, applied.errors))),
            Err(reason) => Err(self.mismatch(reason)),
        }
    }

    fn mismatch(&self, reason: String) -> WeightsError {
        let [observation, hidden] = self.actor_hidden.weight.val().dims();
        WeightsError::Mismatch { observation, hidden, plan: self.log_std.val().dims()[0], reason }
    }
}

/// A matrix [rows, columns] with orthonormal rows or columns times `gain`, row-major: Q of a Gaussian matrix's QR, signs
/// fixed so that Q is uniform. Source: Saxe, McClelland and Ganguli, ICLR 2014; Mezzadri, 2007.
fn orthogonal(rows: usize, columns: usize, gain: f64, generator: &mut Generator) -> Vec<f32> {
    let (long, short) = (rows.max(columns), rows.min(columns));
    let gaussian = nalgebra::DMatrix::<f64>::from_fn(long, short, |_, _| StandardNormal.sample(generator));
    let decomposition = gaussian.qr();
    let (q, r) = (decomposition.q(), decomposition.r());
    let entry = |row: usize, column: usize| {
        let (i, j) = if rows >= columns { (row, column) } else { (column, row) };
        (q[(i, j)] * r[(j, j)].signum() * gain) as f32
    };
    (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))).map(|(i, j)| entry(i, j)).collect()
}
