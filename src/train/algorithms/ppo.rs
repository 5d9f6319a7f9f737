//! Proximal policy optimisation with a clipped objective.
//!
//! Source: Schulman et al., Proximal Policy Optimization Algorithms, 2017; the details that matter as in Huang et al., The 37
//! Implementation Details of Proximal Policy Optimization, ICLR blog track 2022. Log-probabilities and entropy are of the
//! executed entries of the plan only.

use burn::tensor::Tensor;
use burn::tensor::backend::AutodiffBackend;
use rand::seq::SliceRandom;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Algorithm, Figures, Pace};
use crate::env::observation::OBSERVATION;
use crate::sim::seeds::Generator;
use crate::train::TrainError;
use crate::train::learner::{Batch, Learner, Loss, Minibatch, Outputs};
use crate::train::rollout_buffer::RolloutBuffer;

/// ln √(2π), of the Gaussian's density.
const HALF_LOG_TWO_PI: f32 = 0.918_938_5;

/// Parameters of PPO.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PpoConfig {
    /// Passes over a rollout.
    #[schemars(extend("minimum" = 1))]
    pub epochs: usize,
    /// Minibatches of a pass.
    #[schemars(extend("minimum" = 1))]
    pub minibatches: usize,
    /// Clip of the probability ratio, ε.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub clip: f32,
    /// Clip of a value's change, in the units of the scaled return; left out, values are not clipped.
    pub value_clip: Option<f32>,
    /// Weight of the value's loss.
    pub value_weight: f32,
    /// Weight of the entropy.
    pub entropy_weight: f32,
    /// The passes stop when the mean Kullback-Leibler divergence of one exceeds this; left out, never.
    pub target_kl: Option<f32>,
    /// Bound of the global norm of the gradient.
    pub max_gradient_norm: f32,
}

impl Default for PpoConfig {
    fn default() -> Self {
        Self {
            epochs: 4,
            minibatches: 4,
            clip: 0.2,
            value_clip: None,
            value_weight: 0.5,
            entropy_weight: 0.0,
            target_kl: None,
            max_gradient_norm: 0.5,
        }
    }
}

/// The algorithm.
pub struct Ppo {
    /// Its parameters.
    pub config: PpoConfig,
}

impl<B: AutodiffBackend> Algorithm<B> for Ppo {
    fn update(
        &self,
        learner: &mut Learner<B>,
        rollout: &RolloutBuffer,
        pace: Pace,
        generator: &mut Generator,
    ) -> Result<Figures, TrainError> {
        let config = &self.config;
        let size = rollout.len().div_ceil(config.minibatches.max(1));
        let mut order: Vec<usize> = (0..rollout.len()).collect();
        let mut minibatch = Minibatch::default();
        let mut totals = [0.0_f64; 5];
        let (mut count, mut norms, mut epochs) = (0.0_f64, 0.0_f64, 0.0);
        for _ in 0..config.epochs {
            order.shuffle(generator);
            let mut divergence = 0.0;
            for rows in order.chunks(size) {
                gather(rollout, rows, &mut minibatch);
                let (figures, norm) = learner.descend(
                    &minibatch,
                    rollout.executed,
                    pace.learning_rate,
                    config.max_gradient_norm,
                    |outputs, batch| self.loss(outputs, batch, pace.policy_learns),
                )?;
                for (total, figure) in totals.iter_mut().zip(figures) {
                    *total += f64::from(figure);
                }
                divergence += f64::from(figures[3]);
                norms += f64::from(norm);
                count += 1.0;
            }
            epochs += 1.0;
            let passes = (rollout.len().div_ceil(size)) as f64;
            if config.target_kl.is_some_and(|target| divergence / passes > f64::from(target)) {
                break;
            }
        }
        let [policy, value, entropy, kl, clipped] = totals.map(|total| total / count.max(1.0));
        Ok(vec![
            ("losses/policy_loss", policy),
            ("losses/value_loss", value),
            ("losses/entropy", entropy),
            ("losses/approx_kl", kl),
            ("losses/clipfrac", clipped),
            ("losses/gradient_norm", norms / count.max(1.0)),
            ("losses/epochs", epochs),
            ("losses/explained_variance", explained_variance(&rollout.values, &rollout.returns)),
        ])
    }
}

impl Ppo {
    /// The clipped objective, the value's error and the entropy of one shard of a minibatch.
    pub fn loss<B: AutodiffBackend>(&self, outputs: &Outputs<B>, batch: &Batch<B>, policy_learns: bool) -> Loss<B, 5> {
        let config = &self.config;
        let Outputs { mean, log_std, value } = outputs;
        let executed = log_std.dims()[0];

        // log π(a|s) = Σ -(a - μ)² / 2σ² - log σ - log √(2π), over the executed entries.
        let deviation = (batch.actions.clone() - mean.clone()) * log_std.clone().neg().exp().unsqueeze();
        let constant = log_std.clone().sum().add_scalar(HALF_LOG_TWO_PI * executed as f32);
        let log_probability =
            (deviation.clone() * deviation).sum_dim(1).squeeze_dim::<1>(1).mul_scalar(-0.5) - constant.clone();

        // L = max(-Â r, -Â clip(r, 1 - ε, 1 + ε)), r = π(a|s) / π_old(a|s).
        let log_ratio = log_probability - batch.old_log_probability.clone();
        let ratio = log_ratio.clone().exp();
        let unclipped = ratio.clone() * batch.advantage.clone();
        let clipped = ratio.clone().clamp(1.0 - config.clip, 1.0 + config.clip) * batch.advantage.clone();
        let policy_loss = mean_of(unclipped.min_pair(clipped).neg(), batch.per_row);

        let error = value.clone() - batch.returns.clone();
        let squared = error.clone() * error;
        let squared = match config.value_clip {
            None => squared,
            Some(clip) => {
                let change = (value.clone() - batch.old_value.clone()).clamp(-clip, clip);
                let error = batch.old_value.clone() + change - batch.returns.clone();
                squared.max_pair(error.clone() * error)
            }
        };
        let value_loss = mean_of(squared, 0.5 * batch.per_row);

        // The entropy of a Gaussian does not depend on its mean: Σ log σ + ½ log(2πe). A shard tells its share of it.
        let share = batch.returns.dims()[0] as f32 * batch.per_row;
        let entropy = constant.add_scalar(0.5 * executed as f32).mul_scalar(share);

        let policy_weight = if policy_learns { 1.0 } else { 0.0 };
        let loss = policy_loss.clone().mul_scalar(policy_weight) + value_loss.clone().mul_scalar(config.value_weight)
            - entropy.clone().mul_scalar(config.entropy_weight * policy_weight);
        let figures = {
            let ratio = ratio.inner();
            let log_ratio = log_ratio.inner();
            // Schulman's low-variance estimate of the divergence: (r - 1) - log r.
            let kl = (ratio.clone().sub_scalar(1.0) - log_ratio).sum().mul_scalar(batch.per_row);
            let outside = ratio.sub_scalar(1.0).abs().greater_elem(config.clip).float().sum().mul_scalar(batch.per_row);
            [
                policy_loss.detach(),
                value_loss.detach(),
                entropy.detach(),
                Tensor::from_inner(kl),
                Tensor::from_inner(outside),
            ]
        };
        Loss { loss, figures }
    }
}

fn mean_of<B: AutodiffBackend>(rows: Tensor<B, 1>, per_row: f32) -> Tensor<B, 1> {
    rows.sum().mul_scalar(per_row)
}

/// Copies the rows of a minibatch together, advantages normalised over it.
fn gather(rollout: &RolloutBuffer, rows: &[usize], minibatch: &mut Minibatch) {
    let count = rows.len() as f32;
    let mean = rows.iter().map(|row| rollout.advantages[*row]).sum::<f32>() / count;
    let variance = rows.iter().map(|row| (rollout.advantages[*row] - mean).powi(2)).sum::<f32>() / count;
    let scale = 1.0 / (variance.sqrt() + 1e-8);
    minibatch.fed.clear();
    minibatch.actions.clear();
    minibatch.columns.clear();
    for &row in rows {
        minibatch.fed.extend_from_slice(&rollout.fed[row * OBSERVATION..(row + 1) * OBSERVATION]);
        let executed = rollout.executed;
        minibatch.actions.extend_from_slice(&rollout.actions[row * executed..(row + 1) * executed]);
        minibatch.columns.extend([
            rollout.log_probabilities[row],
            (rollout.advantages[row] - mean) * scale,
            rollout.returns[row],
            rollout.values[row],
        ]);
    }
}

/// 1 - Var(returns - values) / Var(returns); 0 where the returns do not vary.
fn explained_variance(values: &[f32], returns: &[f32]) -> f64 {
    let variance = |numbers: &mut dyn Iterator<Item = f64>| {
        let (mut count, mut mean, mut squared) = (0.0, 0.0, 0.0);
        for number in numbers {
            count += 1.0;
            let delta = number - mean;
            mean += delta / count;
            squared += delta * (number - mean);
        }
        squared / f64::max(count, 1.0)
    };
    let of_returns = variance(&mut returns.iter().map(|x| f64::from(*x)));
    let of_errors = variance(&mut returns.iter().zip(values).map(|(r, v)| f64::from(r - v)));
    if of_returns > 0.0 { 1.0 - of_errors / of_returns } else { 0.0 }
}
