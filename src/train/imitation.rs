//! A warm start: the actor first imitates a scripted guidance, then the algorithm improves on it.
//!
//! The guidance flies with noise added to its plans, so that the demonstrations cover the states into which a beginner
//! strays, while the labels are its plans without the noise. Source: Laskey et al., DART: Noise Injection for Robust
//! Imitation Learning, CoRL 2017.

use burn::tensor::backend::AutodiffBackend;
use rand::seq::SliceRandom;
use rand_distr::{Distribution, StandardNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TrainError;
use super::learner::{Learner, Loss, Minibatch};
use crate::env::config::RewardConfig;
use crate::env::observation::OBSERVATION;
use crate::env::plan::{PLAN, SEGMENT_WIDTH, decode};
use crate::env::policy::{Decisions, Policy, PolicyError, Scene};
use crate::env::rollout::Rollout;
use crate::env::vector::VectorEnv;
use crate::eval::evaluate::scripted;
use crate::eval::scripted_policy::ScriptedPolicy;
use crate::models::normaliser::{ObservationNormaliser, RunningMoments};
use crate::sim::seeds::{Generator, Purpose, SeedDomain, stream};
use crate::sim::template::Template;

/// What is imitated, and for how long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImitationConfig {
    /// Name of the scripted guidance.
    pub guidance: String,
    /// Decisions demonstrated; they count as environment steps.
    #[schemars(extend("minimum" = 1))]
    pub decisions: u64,
    /// Passes over the demonstrations.
    #[schemars(extend("minimum" = 1))]
    pub epochs: usize,
    /// Rows of a minibatch.
    #[schemars(extend("minimum" = 1))]
    pub minibatch: usize,
    /// Learning rate.
    #[schemars(extend("minimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub learning_rate: f64,
    /// Standard deviation of the noise that is flown.
    #[schemars(extend("minimum" = 0.0, "maximum" = 1.0))]
    pub noise: f32,
    /// Environment steps after it during which only the critic learns, so that an ignorant critic does not undo it.
    pub critic_steps: u64,
}

impl Default for ImitationConfig {
    fn default() -> Self {
        Self {
            guidance: "zem_zev".to_owned(),
            decisions: 500_000,
            epochs: 8,
            minibatch: 4096,
            learning_rate: 1e-3,
            noise: 0.2,
            critic_steps: 500_000,
        }
    }
}

/// A guidance that flies with noise and keeps its plans without.
struct Demonstrator {
    guidance: ScriptedPolicy,
    labels: Vec<f32>,
    noise: f32,
    generator: Generator,
}

impl Policy for Demonstrator {
    fn act(&mut self, scene: &Scene<'_>, decisions: &mut Decisions) -> Result<(), PolicyError> {
        self.guidance.act(scene, decisions)?;
        let rows = decisions.plans.chunks_exact_mut(PLAN).zip(self.labels.chunks_exact_mut(PLAN)).zip(scene.views);
        for ((plan, label), view) in rows {
            let segments = plan.chunks_exact_mut(SEGMENT_WIDTH).zip(label.chunks_exact_mut(SEGMENT_WIDTH));
            for (segment, label) in segments {
                // Half of the throttle in R, T, N and half in the gate, as roots: a label without jumps where the thrust
                // goes to zero, about which exploration costs next to nothing, being a product of two small numbers.
                let share = decode(segment, view.own.per_axis).map(|share| share as f32);
                let gate = share.iter().map(|share| share * share).sum::<f32>().sqrt().min(1.0).sqrt();
                for (label, share) in label.iter_mut().zip(share) {
                    *label = share / gate.max(1e-6);
                }
                label[SEGMENT_WIDTH - 1] = gate;
                for (entry, label) in segment.iter_mut().zip(&*label) {
                    let normal: f32 = StandardNormal.sample(&mut self.generator);
                    *entry = label + self.noise * normal;
                }
            }
        }
        Ok(())
    }
}

/// What is imitated, on what, and with which draws.
pub(super) struct Imitation<'a> {
    pub(super) config: &'a ImitationConfig,
    pub(super) template: &'a Template,
    pub(super) rewards: &'a RewardConfig,
    pub(super) envs: usize,
    pub(super) seed: u64,
    pub(super) executed: usize,
}

impl Imitation<'_> {
    /// Fits the learner's actor to demonstrations, and takes in the moments of what was observed; gives the decisions
    /// demonstrated and the mean squared error of the last pass.
    pub(super) fn fit<B: AutodiffBackend>(
        &self,
        learner: &mut Learner<B>,
        moments: &mut RunningMoments,
        normalise: bool,
        generator: &mut Generator,
    ) -> Result<(u64, f64), TrainError> {
        let config = self.config;
        let behaviour =
            scripted(&config.guidance).ok_or_else(|| TrainError::UnknownGuidance(config.guidance.clone()))?;
        let mut env = VectorEnv::for_training(self.template, self.rewards, self.envs, !self.seed);
        let rows = env.rows();
        let mut demonstrator = Demonstrator {
            guidance: ScriptedPolicy::new(behaviour, rows, !self.seed),
            labels: vec![0.0; rows * PLAN],
            noise: config.noise,
            generator: stream(!self.seed, SeedDomain::Train, 0, 0, Purpose::Policy),
        };
        let mut rollout = Rollout::new(rows);
        // Reserved at once: growth by doubling would hold the demonstrations twice.
        let demonstrated = (config.decisions as usize).next_multiple_of(rows);
        let mut observations: Vec<f32> = Vec::with_capacity(demonstrated * OBSERVATION);
        let mut labels: Vec<f32> = Vec::with_capacity(demonstrated * self.executed);
        while ((observations.len() / OBSERVATION) as u64) < config.decisions {
            rollout.play(&mut env, &mut demonstrator, 1, |transition| {
                observations.extend_from_slice(transition.observations);
            })?;
            let executed = demonstrator.labels.chunks_exact(PLAN).flat_map(|plan| &plan[..self.executed]);
            labels.extend(executed);
            env.drain_finished(&mut Vec::new());
        }
        moments.observe(&observations);
        let normaliser =
            if normalise { ObservationNormaliser::from_moments(moments) } else { ObservationNormaliser::identity() };

        let mut order: Vec<usize> = (0..observations.len() / OBSERVATION).collect();
        let mut drawn: Vec<f32> = Vec::new();
        let mut minibatch = Minibatch::default();
        let mut error = 0.0;
        for epoch in 0..config.epochs {
            order.shuffle(generator);
            let left = 1.0 - epoch as f64 / config.epochs as f64;
            error = 0.0;
            for rows in order.chunks(config.minibatch) {
                drawn.clear();
                minibatch.actions.clear();
                minibatch.columns.clear();
                for &row in rows {
                    drawn.extend_from_slice(&observations[row * OBSERVATION..(row + 1) * OBSERVATION]);
                    minibatch.actions.extend_from_slice(&labels[row * self.executed..(row + 1) * self.executed]);
                    minibatch.columns.extend([0.0; Minibatch::COLUMNS]);
                }
                minibatch.fed.resize(drawn.len(), 0.0);
                normaliser.apply(&drawn, &mut minibatch.fed);
                let rate = config.learning_rate * left;
                let ([squared], _) = learner.descend(&minibatch, self.executed, rate, 1.0, |outputs, batch| {
                    let deviation = outputs.mean.clone() - batch.actions.clone();
                    let loss = (deviation.clone() * deviation).sum().mul_scalar(batch.per_row);
                    // The value and the spread take part with weight zero, so that every leaf has a gradient.
                    let nothing = (outputs.value.clone().sum() + outputs.log_std.clone().sum()).mul_scalar(0.0);
                    Loss { loss: loss.clone() + nothing, figures: [loss.detach()] }
                })?;
                error += f64::from(squared) * rows.len() as f64 / order.len() as f64;
            }
        }
        learner.forget_moments();
        Ok((order.len() as u64, error / self.executed as f64))
    }
}
