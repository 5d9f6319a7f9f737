//! A trained ActorCritic as a policy of the environment.

use std::any::TypeId;

use burn::tensor::Tensor;
use burn::tensor::backend::Backend;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use serde::{Deserialize, Serialize};

use super::actor_critic::{ActorCritic, ActorCriticConfig, WeightsError};
use super::checkpoint::{Checkpoint, CheckpointError};
use super::dense::{self, Activations, DenseActorCritic, numbers};
use super::device::Cpu;
use super::normaliser::{ObservationNormaliser, RunningMoments};
use crate::env::observation::{OBSERVATION, OBSERVATION_VERSION};
use crate::env::plan::PLAN;
use crate::env::policy::{Decisions, Policy, PolicyError, Scene};
use crate::sim::config::ObservationConfig;
use crate::sim::seeds::{Generator, Purpose, SeedDomain, stream};

/// How a policy picks a plan.
pub enum Exploration {
    /// The mean of its Gaussian.
    None,
    /// A draw from its Gaussian, from one generator a row.
    Sample(Vec<Generator>),
}

/// The weights of the policy in a checkpoint.
pub const WEIGHTS_FILE: &str = "policy.safetensors";
/// The moments of the observations in a checkpoint.
pub const NORMALISER_FILE: &str = "normaliser.json";
/// Rows that go through the network at once on the CPU.
pub const INFERENCE_BATCH: usize = 64;

/// What a checkpoint says of the policy in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyMeta {
    /// What the weights are of.
    pub network: String,
    /// Sizes of the network.
    pub sizes: ActorCriticConfig,
    /// Entries of the plan that were trained; the others mean nothing.
    pub executed: usize,
    /// Version of the observation's table.
    pub observation_version: u32,
    /// What the observation showed; everything in the checkpoints from before there was a choice.
    #[serde(default)]
    pub observation: ObservationConfig,
    /// Name of the scenario.
    pub scenario: String,
    /// Hash of the scenario.
    pub scenario_hash: String,
    /// Algorithm.
    pub algorithm: String,
    /// Seed of the run.
    pub seed: u64,
}

/// Why a checkpoint holds no policy that can be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyFileError {
    /// The manifest or the normaliser is not what a policy's is.
    #[error("the checkpoint '{checkpoint}' holds no policy: {reason}")]
    NoPolicy {
        /// The checkpoint.
        checkpoint: String,
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
    Weights(#[from] WeightsError),
    /// The checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl PolicyMeta {
    /// What the weights of an ActorCritic call themselves.
    pub const NETWORK: &'static str = "actor_critic";

    /// Reads it from a checkpoint's manifest.
    ///
    /// # Errors
    /// When the manifest is of something else.
    pub fn read(checkpoint: &Checkpoint) -> Result<Self, PolicyFileError> {
        serde_json::from_value(checkpoint.meta().clone()).map_err(|error| no_policy(checkpoint, &error))
    }

    /// Whether weights of this kind can be used where those of `needed` are.
    ///
    /// # Errors
    /// With the first thing that differs: network, sizes, observation version, what it shows, executed entries.
    pub fn fits(&self, needed: &Self) -> Result<(), PolicyFileError> {
        let told = |meta: &Self| {
            let ActorCriticConfig { observation, hidden, plan, .. } = meta.sizes;
            [
                ("network", meta.network.clone()),
                ("size of the network", format!("{observation}-{hidden}-{plan}")),
                ("observation version", meta.observation_version.to_string()),
                ("observation", shown(meta.observation).to_owned()),
                ("number of executed plan entries", meta.executed.to_string()),
            ]
        };
        for ((what, found), (_, expected)) in told(self).into_iter().zip(told(needed)) {
            if found != expected {
                return Err(PolicyFileError::DoesNotFit { what, found, expected });
            }
        }
        Ok(())
    }
}

impl PolicyMeta {
    /// Whether the policy was trained on what a scenario's observation shows.
    ///
    /// # Errors
    /// When it was shown something else: zeros in place of an intercept, or the other way round, mean nothing to it.
    pub fn was_shown(&self, observation: ObservationConfig) -> Result<(), PolicyFileError> {
        let (found, expected) = (shown(self.observation), shown(observation));
        if self.observation == observation {
            return Ok(());
        }
        Err(PolicyFileError::DoesNotFit { what: "observation", found: found.to_owned(), expected: expected.to_owned() })
    }
}

/// What an observation shows, in words.
fn shown(observation: ObservationConfig) -> &'static str {
    if observation.intercept { "one that shows the intercept" } else { "one without the intercept" }
}

fn no_policy(checkpoint: &Checkpoint, reason: &dyn std::fmt::Display) -> PolicyFileError {
    PolicyFileError::NoPolicy { checkpoint: checkpoint.directory().display().to_string(), reason: reason.to_string() }
}

/// A network with what its input is normalised by.
pub struct LearnedPolicy<B: Backend> {
    /// The network.
    model: ActorCritic<B>,
    /// What observations are normalised by.
    pub normaliser: ObservationNormaliser,
    /// How plans are picked.
    pub exploration: Exploration,
    /// Entries of a plan that are executed: log-probabilities are of these, and only these are drawn.
    executed: usize,
    /// Where the network runs.
    device: B::Device,
    /// Rows that go through the network at once; the batches are spread over the threads of the pool at hand.
    pub batch: usize,
    /// The layers as plain numbers, read once, where the network runs on the CPU.
    layers: Option<DenseActorCritic>,
}

impl<B: Backend> LearnedPolicy<B> {
    /// A network as a policy; `executed`: entries of a plan that are flown.
    #[must_use]
    pub fn new(
        model: ActorCritic<B>,
        normaliser: ObservationNormaliser,
        exploration: Exploration,
        executed: usize,
        device: B::Device,
    ) -> Self {
        let layers = on_cpu::<B>().then(|| DenseActorCritic::of(&model, executed));
        Self { model, normaliser, exploration, executed, device, batch: INFERENCE_BATCH, layers }
    }

    /// The policy of a checkpoint, without exploration.
    ///
    /// # Errors
    /// When the checkpoint holds no policy, or one of another observation.
    pub fn load(checkpoint: &Checkpoint, device: B::Device) -> Result<Self, PolicyFileError> {
        let meta = PolicyMeta::read(checkpoint)?;
        let needed = PolicyMeta {
            network: PolicyMeta::NETWORK.to_owned(),
            sizes: ActorCriticConfig { observation: OBSERVATION, plan: PLAN, ..meta.sizes.clone() },
            observation_version: OBSERVATION_VERSION,
            ..meta.clone()
        };
        meta.fits(&needed)?;
        let moments: RunningMoments =
            serde_json::from_slice(checkpoint.file(NORMALISER_FILE)?).map_err(|error| no_policy(checkpoint, &error))?;
        if moments.mean.len() != OBSERVATION || moments.squared_deviations.len() != OBSERVATION {
            return Err(no_policy(checkpoint, &format!("{NORMALISER_FILE} is not of {OBSERVATION} entries")));
        }
        // The initial weights are overwritten; any generator will do.
        let mut generator = stream(0, SeedDomain::Report, 0, 0, Purpose::Policy);
        let mut model = ActorCritic::new(&meta.sizes, &mut generator, &device);
        model.load_safetensors(checkpoint.file(WEIGHTS_FILE)?.to_vec())?;
        let normaliser = ObservationNormaliser::from_moments(&moments);
        Ok(Self::new(model, normaliser, Exploration::None, meta.executed.min(PLAN), device))
    }

    /// Values of normalised observations, rows × 128.
    #[must_use]
    pub fn values(&self, fed: &[f32]) -> Vec<f32> {
        numbers(self.model.compute_value(dense::tensor(
            fed.to_vec(),
            fed.len() / OBSERVATION,
            OBSERVATION,
            &self.device,
        )))
    }
}

/// Whether the layers may be computed by [`DenseActorCritic`].
fn on_cpu<B: Backend>() -> bool {
    TypeId::of::<B>() == TypeId::of::<Cpu>()
}

/// Means and values with every operation burn's.
fn composed<B: Backend>(model: &ActorCritic<B>, fed: &[f32], executed: usize, device: &B::Device) -> Activations {
    let observations: Tensor<B, 2> = dense::tensor(fed.to_vec(), fed.len() / OBSERVATION, OBSERVATION, device);
    let means = numbers(model.plan_mean(observations.clone(), executed));
    Activations::of_outputs(means, numbers(model.compute_value(observations)))
}

impl<B: Backend> Policy for LearnedPolicy<B> {
    fn act(&mut self, scene: &Scene<'_>, decisions: &mut Decisions) -> Result<(), PolicyError> {
        self.normaliser.apply(scene.observations, &mut decisions.fed);
        let log_std: Vec<f32> = numbers(self.model.log_std(self.executed));
        let (batch, executed) = (self.batch, self.executed);
        let Self { model, device, exploration, layers, .. } = self;
        let (model, device): (&ActorCritic<B>, &B::Device) = (model, device);
        let generators: &mut [Generator] = match exploration {
            Exploration::None => &mut [],
            Exploration::Sample(generators) => generators,
        };
        let sampling = !generators.is_empty();
        // Without sampling there is nothing to draw from: empty chunks keep the shape of the loop.
        let mut none: Vec<&mut [Generator]> = Vec::new();
        let drawn: Vec<&mut [Generator]> = if sampling {
            generators.chunks_mut(batch).collect()
        } else {
            none.resize_with(scene.rows().div_ceil(batch), Default::default);
            none
        };
        let outputs = decisions
            .plans
            .par_chunks_mut(batch * PLAN)
            .zip(decisions.log_probabilities.par_chunks_mut(batch))
            .zip(decisions.values.par_chunks_mut(batch));
        decisions.fed.par_chunks(batch * OBSERVATION).zip(outputs).zip(drawn).for_each(
            |((fed, ((plans, log_probabilities), values)), generators)| {
                let outputs = match &*layers {
                    Some(layers) => {
                        let mut activations = Activations::default();
                        layers.forward(fed, &mut activations);
                        activations
                    }
                    None => composed(model, fed, executed, device),
                };
                let means = &outputs.means;
                values.copy_from_slice(&outputs.values);
                for (row, plan) in plans.chunks_exact_mut(PLAN).enumerate() {
                    let mean = &means[row * executed..(row + 1) * executed];
                    plan[executed..].fill(0.0);
                    if sampling {
                        log_probabilities[row] = sample(mean, &log_std, &mut generators[row], plan);
                    } else {
                        plan[..executed].copy_from_slice(mean);
                    }
                }
            },
        );
        for (what, numbers, width) in [("plan", &decisions.plans, PLAN), ("value", &decisions.values, 1)] {
            if let Some(at) = numbers.iter().position(|number| !number.is_finite()) {
                return Err(PolicyError::NotFinite { what, row: at / width, value: numbers[at] });
            }
        }
        Ok(())
    }
}

/// Draws the executed entries of a plan and gives the logarithm of their density.
fn sample(mean: &[f32], log_std: &[f32], generator: &mut Generator, plan: &mut [f32]) -> f32 {
    const HALF_LOG_TWO_PI: f32 = 0.918_938_5;
    let mut log_probability = 0.0;
    for ((mean, log_std), entry) in mean.iter().zip(log_std).zip(plan) {
        let normal: f32 = StandardNormal.sample(generator);
        *entry = mean + normal * log_std.exp();
        log_probability -= 0.5 * normal * normal + log_std + HALF_LOG_TWO_PI;
    }
    log_probability
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_refused_where_it_is_shown_something_else() {
        let text = r#"{
            "network": "actor_critic",
            "sizes": {"observation": 128, "hidden": 8, "plan": 64, "initial_log_std": -0.5},
            "executed": 4, "observation_version": 3, "scenario": "s", "scenario_hash": "", "algorithm": "ppo", "seed": 1
        }"#;
        let older: PolicyMeta = serde_json::from_str(text).expect("written before there was a choice");
        let (all, less) = (ObservationConfig::default(), ObservationConfig { intercept: false });
        assert!(older.was_shown(all).is_ok());
        let plain = PolicyMeta { observation: less, ..older.clone() };
        assert!(plain.was_shown(less).is_ok());
        let back: PolicyMeta = serde_json::from_value(serde_json::to_value(&plain).unwrap()).unwrap();
        assert_eq!(back, plain);
        for refusal in [older.was_shown(less), plain.was_shown(all), plain.fits(&older)] {
            let refusal = refusal.expect_err("zeros are no intercept").to_string();
            assert!(refusal.contains("its observation is"), "{refusal}");
        }
    }
}
