//! What one rollout leaves for an algorithm to learn from.

use crate::env::observation::OBSERVATION;
use crate::env::plan::PLAN;
use crate::env::rollout::Transition;

/// Transitions of one rollout, step-major: index = step × rows + row.
#[derive(Clone, Debug, Default)]
pub struct RolloutBuffer {
    /// Rows of the environment.
    pub rows: usize,
    /// Executed entries of a plan.
    pub executed: usize,
    /// What the policy was fed, × 128.
    pub fed: Vec<f32>,
    /// Executed entries of the plans, × `executed`.
    pub actions: Vec<f32>,
    /// Log-probabilities under the policy that acted.
    pub log_probabilities: Vec<f32>,
    /// Values as estimated then.
    pub values: Vec<f32>,
    /// Rewards, scaled; those of truncated steps with the discounted value of the final observation added.
    pub rewards: Vec<f32>,
    /// Whether the episode ended with the step.
    pub ended: Vec<bool>,
    /// Advantages, once estimated.
    pub advantages: Vec<f32>,
    /// Returns, once estimated.
    pub returns: Vec<f32>,
}

impl RolloutBuffer {
    /// Room for a rollout of `steps` steps of `rows` rows.
    #[must_use]
    pub fn new(steps: usize, rows: usize, executed: usize) -> Self {
        let count = steps * rows;
        Self {
            rows,
            executed,
            fed: Vec::with_capacity(count * OBSERVATION),
            actions: Vec::with_capacity(count * executed),
            log_probabilities: Vec::with_capacity(count),
            values: Vec::with_capacity(count),
            rewards: Vec::with_capacity(count),
            ended: Vec::with_capacity(count),
            advantages: Vec::new(),
            returns: Vec::new(),
        }
    }

    /// Forgets the last rollout.
    pub fn clear(&mut self) {
        self.fed.clear();
        self.actions.clear();
        self.log_probabilities.clear();
        self.values.clear();
        self.rewards.clear();
        self.ended.clear();
    }

    /// Transitions held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rewards.len()
    }

    /// Whether no transition is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rewards.is_empty()
    }

    /// Appends one decision of every row.
    pub fn push(&mut self, transition: &Transition<'_>) {
        let (decisions, step) = (transition.decisions, transition.step);
        self.fed.extend_from_slice(&decisions.fed);
        for plan in decisions.plans.chunks_exact(PLAN) {
            self.actions.extend_from_slice(&plan[..self.executed]);
        }
        self.log_probabilities.extend_from_slice(&decisions.log_probabilities);
        self.values.extend_from_slice(&decisions.values);
        self.rewards.extend_from_slice(&step.rewards);
        self.ended.extend(
            step.terminated.iter().zip(&step.truncated).map(|(terminated, truncated)| *terminated || *truncated),
        );
    }
}
