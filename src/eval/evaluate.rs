//! Evaluation: each listed seed played exactly once by every policy, on the same draws.

use super::figures::{FiguresError, PlayedPolicy, PolicyFigures, PolicyKind};
use super::random_policy::RandomPolicy;
use super::scripted_policy::ScriptedPolicy;
use crate::env::config::RewardConfig;
use crate::env::policy::{Policy, PolicyError};
use crate::env::rollout::Rollout;
use crate::env::vector::{AfterEpisode, EpisodeResult, VectorEnv, arenas_per_shard};
use crate::sim::behaviours::{BehaviourConfig, Kind, registry};
use crate::sim::reset::EpisodeSeed;
use crate::sim::seeds::SeedDomain;
use crate::sim::template::Template;

/// Seeds to play: `count` of a domain under a run seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seeds {
    /// Seed of the evaluation.
    pub run: u64,
    /// What the seeds may be used for.
    pub domain: SeedDomain,
    /// How many.
    pub count: u64,
}

/// Why an evaluation failed.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// A policy gave, or was fed, what is not finite.
    #[error("policy '{policy}': {source}")]
    Policy {
        /// The policy.
        policy: String,
        /// What went wrong.
        source: PolicyError,
    },
    /// The figures cannot be told.
    #[error(transparent)]
    Figures(#[from] FiguresError),
}

/// Plays every seed once with one policy; gives the episodes in the order of seeds.
///
/// # Errors
/// When the policy fails.
pub fn play(
    template: &Template,
    rewards: &RewardConfig,
    seeds: Seeds,
    policy: &mut dyn Policy,
) -> Result<Vec<EpisodeResult>, PolicyError> {
    let seeds: Vec<EpisodeSeed> =
        (0..seeds.count).map(|arena| EpisodeSeed { run: seeds.run, domain: seeds.domain, arena, episode: 0 }).collect();
    let mut env = VectorEnv::new(template, rewards, &seeds, arenas_per_shard(seeds.len()), AfterEpisode::Stop);
    Rollout::new(env.rows()).play_out(&mut env, policy)
}

/// A scripted policy by the name of its behaviour: the scenario's parameters are the defaults.
#[must_use]
pub fn scripted(name: &str) -> Option<BehaviourConfig> {
    registry().into_iter().map(|(behaviour, _)| behaviour).find(|behaviour| behaviour.name() == name)
}

/// Names of the guidances that an evaluation plays beside a policy, in order: those that the scenario names, or else all that
/// bring own ship to its target.
#[must_use]
pub fn baselines(named: &[String]) -> Vec<String> {
    if !named.is_empty() {
        return named.to_vec();
    }
    let guidances = registry().into_iter().filter(|(_, kind)| *kind == Kind::Guidance);
    guidances.map(|(behaviour, _)| behaviour.name().to_owned()).collect()
}

/// A policy to be compared.
pub struct Contender<'a> {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: PolicyKind,
    /// The policy, with room for as many rows as there are seeds times learned spacecraft.
    pub policy: Box<dyn Policy + 'a>,
}

/// The scripted baselines and the random policy for `rows` rows; `named` are the baselines that the scenario names.
#[must_use]
pub fn baseline_contenders(named: &[String], rows: usize, seed: u64) -> Vec<Contender<'static>> {
    let scripted_contenders = baselines(named).into_iter().filter_map(|name| {
        let policy = Box::new(ScriptedPolicy::new(scripted(&name)?, rows, seed));
        Some(Contender { name, kind: PolicyKind::Scripted, policy })
    });
    let random =
        Contender { name: "random".to_owned(), kind: PolicyKind::Random, policy: Box::new(RandomPolicy::new(seed)) };
    scripted_contenders.chain([random]).collect()
}

/// Plays all contenders on the same seeds and gives their figures, each beside the best scripted one.
///
/// # Errors
/// When a policy fails.
pub fn compare(
    template: &Template,
    rewards: &RewardConfig,
    seeds: Seeds,
    contenders: Vec<Contender<'_>>,
) -> Result<Vec<PolicyFigures>, EvaluationError> {
    let mut played = Vec::new();
    for mut contender in contenders {
        let episodes = play(template, rewards, seeds, contender.policy.as_mut())
            .map_err(|source| EvaluationError::Policy { policy: contender.name.clone(), source })?;
        played.push((contender.name, contender.kind, episodes));
    }
    let policies: Vec<PlayedPolicy<'_>> =
        played.iter().map(|(name, kind, episodes)| PlayedPolicy { name, kind: *kind, episodes }).collect();
    Ok(PolicyFigures::compare(&policies, seeds.run)?)
}
