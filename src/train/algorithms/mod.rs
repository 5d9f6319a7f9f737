//! Algorithms that learn a policy from rollouts: one file each, one line of registration.

pub mod ppo;

use burn::tensor::backend::AutodiffBackend;

use super::TrainError;
use super::config::TrainingConfig;
use super::learner::Learner;
use super::rollout_buffer::RolloutBuffer;
use crate::sim::seeds::Generator;

/// What an update reports, by the tags of the event log.
pub type Figures = Vec<(&'static str, f64)>;

/// How fast an update goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Learning rate.
    pub learning_rate: f64,
    /// Whether the policy learns; else only the critic does, after a warm start that it knows nothing of.
    pub policy_learns: bool,
}

/// An algorithm: one update of a learner from one rollout, whose advantages and returns have been estimated.
pub trait Algorithm<B: AutodiffBackend> {
    /// Learns from the rollout at this pace.
    ///
    /// # Errors
    /// When a gradient is not finite.
    fn update(
        &self,
        learner: &mut Learner<B>,
        rollout: &RolloutBuffer,
        pace: Pace,
        generator: &mut Generator,
    ) -> Result<Figures, TrainError>;
}

/// Makes an algorithm from a run's configuration.
type Make<B> = fn(&TrainingConfig) -> Box<dyn Algorithm<B>>;

/// Every algorithm by its name on the command line, in order.
#[must_use]
pub fn registry<B: AutodiffBackend>() -> Vec<(&'static str, Make<B>)> {
    vec![("ppo", |config| Box::new(ppo::Ppo { config: config.ppo.clone() }))]
}
