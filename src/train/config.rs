//! The `training` block of a scenario, and what the command line may override of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::algorithms::ppo::PpoConfig;
use super::curriculum::CurriculumConfig;
use super::imitation::ImitationConfig;
use crate::models::actor_critic::ActorCriticConfig;
use crate::scenario::{Path, Scenario, ScenarioError};

/// How a policy is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingConfig {
    /// Name of the algorithm in the registry.
    pub algorithm: String,
    /// Environment steps (decisions of one spacecraft) in all.
    #[schemars(extend("minimum" = 1))]
    pub steps: u64,
    /// Arenas played side by side.
    #[schemars(extend("minimum" = 1, "maximum" = 1_048_576))]
    pub envs: usize,
    /// Decisions of each arena in a rollout.
    #[schemars(extend("minimum" = 1))]
    pub rollout: usize,
    /// Seed of the run.
    pub seed: u64,
    /// Discount a decision, γ.
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1.0))]
    pub discount: f64,
    /// λ of generalised advantage estimation.
    #[schemars(extend("minimum" = 0.0, "maximum" = 1.0))]
    pub gae_lambda: f64,
    /// Learning rate at the start.
    #[schemars(extend("minimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub learning_rate: f64,
    /// Learning rate at the end, approached linearly.
    #[schemars(extend("minimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub final_learning_rate: f64,
    /// Whether observations are normalised by their running moments.
    pub normalise_observations: bool,
    /// Whether rewards are scaled by the running standard deviation of the discounted return.
    pub normalise_returns: bool,
    /// Shards over which a gradient is summed, each on a thread of its own; part of what makes a run repeatable.
    #[schemars(extend("minimum" = 1))]
    pub gradient_shards: usize,
    /// Steps between two evaluations on seeds of the domain `select`, by which the champion is picked.
    #[schemars(extend("minimum" = 1))]
    pub evaluate_every: u64,
    /// Episodes of such an evaluation.
    #[schemars(extend("minimum" = 1))]
    pub evaluation_episodes: u64,
    /// Steps between two checkpoints.
    #[schemars(extend("minimum" = 1))]
    pub checkpoint_every: u64,
    /// A warm start by imitation of a scripted guidance; none when left out.
    pub imitation: Option<ImitationConfig>,
    /// Stages of difficulty to train through; none when left out, and all is at the scenario's own difficulty.
    pub curriculum: Option<CurriculumConfig>,
    /// Sizes of the network.
    pub network: ActorCriticConfig,
    /// Parameters of PPO.
    pub ppo: PpoConfig,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            algorithm: "ppo".to_owned(),
            steps: 10_000_000,
            envs: 256,
            rollout: 64,
            seed: 1,
            discount: 0.99,
            gae_lambda: 0.95,
            learning_rate: 3e-4,
            final_learning_rate: 1e-5,
            normalise_observations: true,
            normalise_returns: true,
            gradient_shards: 2,
            evaluate_every: 1_000_000,
            evaluation_episodes: 256,
            checkpoint_every: 1_000_000,
            imitation: None,
            curriculum: None,
            network: ActorCriticConfig::default(),
            ppo: PpoConfig::default(),
        }
    }
}

impl TrainingConfig {
    /// The training block of a scenario, or the defaults where it has none.
    ///
    /// # Errors
    /// With all faults of the block on their spans.
    pub fn of(scenario: &Scenario) -> Result<Self, ScenarioError> {
        let config: Self = scenario.training()?.unwrap_or_default();
        let fault = |(field, message, help): (&str, String, &str)| {
            scenario.fault(Path::root().field("training").field(field), message, Some(help.to_owned()))
        };
        let mut faults: Vec<_> = config.faults().into_iter().map(fault).collect();
        if config.curriculum.is_some() && !scenario.has_ramps() {
            let message = "nothing in this scenario depends on the difficulty that the curriculum raises".to_owned();
            let help = "write a number as `Ramp(easy: (low, high), hard: (low, high))`";
            faults.push(fault(("curriculum", message, help)));
        }
        if faults.is_empty() { Ok(config) } else { Err(scenario.refuse(faults)) }
    }

    /// Each fault, as (field, what is wrong, what would be valid).
    #[must_use]
    pub fn faults(&self) -> Vec<(&'static str, String, &'static str)> {
        let mut faults = Vec::new();
        let mut at_least_one = |field, value: u64| {
            if value == 0 {
                faults.push((field, format!("{field} is 0"), "a whole number from 1"));
            }
        };
        at_least_one("steps", self.steps);
        at_least_one("envs", self.envs as u64);
        at_least_one("rollout", self.rollout as u64);
        at_least_one("gradient_shards", self.gradient_shards as u64);
        at_least_one("evaluate_every", self.evaluate_every);
        at_least_one("evaluation_episodes", self.evaluation_episodes);
        at_least_one("checkpoint_every", self.checkpoint_every);
        at_least_one("ppo", (self.ppo.epochs.min(self.ppo.minibatches)) as u64);
        let mut within = |field, value: f64, valid: bool, help| {
            if !valid {
                faults.push((field, format!("{field} is {value}"), help));
            }
        };
        within("discount", self.discount, self.discount > 0.0 && self.discount <= 1.0, "above 0, at most 1");
        within("gae_lambda", self.gae_lambda, (0.0..=1.0).contains(&self.gae_lambda), "from 0 to 1");
        let rates = [("learning_rate", self.learning_rate), ("final_learning_rate", self.final_learning_rate)];
        for (field, rate) in rates {
            within(field, rate, (0.0..1.0).contains(&rate), "from 0 to below 1");
        }
        within("envs", self.envs as f64, self.envs <= 1 << 20, "at most 1048576");
        if let Some(imitation) = &self.imitation {
            let valid = imitation.decisions > 0 && imitation.epochs > 0 && imitation.minibatch > 0;
            let rate = (0.0..1.0).contains(&imitation.learning_rate) && (0.0..=1.0).contains(&imitation.noise);
            let known = crate::eval::evaluate::scripted(&imitation.guidance).is_some();
            within("imitation", 0.0, valid && rate, "numbers above zero, a noise from 0 to 1");
            if !known {
                faults.push(("imitation", format!("unknown guidance `{}`", imitation.guidance), "a scripted guidance"));
            }
        }
        if let Some((message, help)) = self.curriculum.as_ref().and_then(CurriculumConfig::fault) {
            faults.push(("curriculum", message, help));
        }
        let mut within = |field, value: f64, valid: bool, help| {
            if !valid {
                faults.push((field, format!("{field} is {value}"), help));
            }
        };
        let clip = f64::from(self.ppo.clip);
        within("ppo", clip, clip > 0.0 && clip < 1.0, "a clip above 0 and below 1");
        if self.network.hidden == 0 || self.network.hidden > 1 << 16 {
            faults.push(("network", format!("hidden is {}", self.network.hidden), "from 1 to 65536"));
        }
        faults
    }
}
