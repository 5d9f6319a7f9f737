//! What an evaluation says of a policy: computed from episodes on listed seeds, in the shape that `evaluate --json` prints.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::statistics::{
    DEFAULT_RESAMPLES, MeanInterval, bootstrap_mean_95, mean, median, quantile, wilson_interval_95,
};
use crate::env::vector::EpisodeResult;
use crate::sim::Outcome;

/// What a policy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyKind {
    /// Trained.
    Learned,
    /// Written by hand, and fed what a learned one is fed.
    Scripted,
    /// Acts at random.
    Random,
    /// Knows what no player may know; a bound, not a rival.
    Oracle,
}

/// A policy with the episodes that it played.
#[derive(Clone, Copy, Debug)]
pub struct PlayedPolicy<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is.
    pub kind: PolicyKind,
    /// Its episodes, in any order.
    pub episodes: &'a [EpisodeResult],
}

/// Why no figures can be told.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FiguresError {
    /// Nothing was played.
    #[error("policy '{policy}' has played no episode")]
    NoEpisodes {
        /// The policy.
        policy: String,
    },
    /// A seed counted twice would count for more than it says.
    #[error("policy '{policy}' has played seed {seed} more than once")]
    SeedTwice {
        /// The policy.
        policy: String,
        /// The seed.
        seed: u64,
    },
    /// Only episodes on the same seeds can be paired.
    #[error("seed {seed} was played by only one of the policies '{policy}' and '{other}'")]
    UnequalSeeds {
        /// The first policy that was given.
        policy: String,
        /// The one that differs.
        other: String,
        /// The smallest such seed.
        seed: u64,
    },
    /// An episode with a NaN or infinity in it must not vanish in a median.
    #[error("policy '{policy}', seed {seed}: {figure} is not a finite number")]
    NotFinite {
        /// The policy.
        policy: String,
        /// The seed of the episode.
        seed: u64,
        /// The field.
        figure: &'static str,
    },
}

/// Successes against one behaviour of the adversary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BehaviourFigures {
    /// Episodes that succeeded.
    pub successes: u64,
    /// Episodes.
    pub episodes: u64,
    /// Wilson's 95 % interval of the share.
    pub success_ci95: [f64; 2],
}

/// A policy less the best scripted one, paired by seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The best scripted policy.
    pub baseline: String,
    /// Difference of the success rates.
    pub success_rate: f64,
    /// Its 95 % percentile bootstrap interval.
    pub success_rate_ci95: [f64; 2],
    /// Seeds on which both succeeded.
    pub both_succeeded: u64,
    /// Mean difference of Δv on those seeds [m/s]; `None` where there are none.
    pub delta_v_m_s: Option<f64>,
    /// Its 95 % percentile bootstrap interval [m/s].
    pub delta_v_m_s_ci95: Option<[f64; 2]>,
}

/// What an evaluation says of one policy. Medians and quantiles (type 7) are over all episodes unless named otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyFigures {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: PolicyKind,
    /// Episodes played.
    pub episodes: u64,
    /// Share of episodes that met the objective, 0 to 1.
    pub success_rate: f64,
    /// Wilson's 95 % interval of that share.
    pub success_ci95: [f64; 2],
    /// Median Δv [m/s].
    pub delta_v_m_s_median: f64,
    /// 5 % and 95 % quantiles of Δv [m/s].
    pub delta_v_m_s_p05_p95: [f64; 2],
    /// Median Δv of the episodes that succeeded [m/s]; `None` where none did.
    pub delta_v_m_s_median_of_successes: Option<f64>,
    /// Median duration \[s\].
    pub duration_s_median: f64,
    /// 5 % and 95 % quantiles of the duration \[s\].
    pub duration_s_p05_p95: [f64; 2],
    /// Median closest approach \[m\].
    pub closest_approach_m_median: f64,
    /// 5 % and 95 % quantiles of the closest approach \[m\].
    pub closest_approach_m_p05_p95: [f64; 2],
    /// Mean of the undiscounted returns.
    pub episode_return_mean: f64,
    /// Episodes by outcome; an outcome that never came is absent.
    pub outcomes: BTreeMap<String, u64>,
    /// Episodes with any time above the speed limit.
    pub overspeed_episodes: u64,
    /// Successes by behaviour of the adversary.
    pub success_by_behaviour: BTreeMap<String, BehaviourFigures>,
    /// Mean share of the goal that was met, 0 to 1; `None` where it counts nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal_share: Option<MeanInterval>,
    /// Means of published scores by name, where the scenario asks for them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scores: BTreeMap<String, MeanInterval>,
    /// Against the best scripted policy of the same evaluation; `None` for that one itself and where there is none.
    pub difference_to_best_scripted: Option<Difference>,
}

impl PolicyFigures {
    /// The figures of all policies of one evaluation, in the order given, each beside the best scripted one: that with
    /// the highest success rate, of equals the one with the lowest median Δv, of equals the first.
    ///
    /// `bootstrap_seed`: the seed of the intervals of differences; the same seed gives the same bits.
    /// Errors: no episodes, a seed played twice, policies that were not played on the same seeds, a NaN or infinity.
    pub fn compare(policies: &[PlayedPolicy<'_>], bootstrap_seed: u64) -> Result<Vec<Self>, FiguresError> {
        let by_seed = policies.iter().map(PlayedPolicy::by_seed).collect::<Result<Vec<_>, _>>()?;
        for (policy, episodes) in policies.iter().zip(&by_seed).skip(1) {
            let one_sided = |a: &BySeed<'_>, b: &BySeed<'_>| a.keys().find(|seed| !b.contains_key(seed)).copied();
            let first = &by_seed[0];
            if let Some(seed) = one_sided(first, episodes).into_iter().chain(one_sided(episodes, first)).min() {
                let (policy, other) = (policies[0].name.to_owned(), policy.name.to_owned());
                return Err(FiguresError::UnequalSeeds { policy, other, seed });
            }
        }
        let mut figures: Vec<_> = policies.iter().map(|policy| Self::alone(policy, bootstrap_seed)).collect();
        let best_scripted =
            (0..figures.len()).filter(|index| figures[*index].kind == PolicyKind::Scripted).min_by(|one, other| {
                let (one, other) = (&figures[*one], &figures[*other]);
                let by_success = other.success_rate.total_cmp(&one.success_rate);
                by_success.then(one.delta_v_m_s_median.total_cmp(&other.delta_v_m_s_median))
            });
        if let Some(best) = best_scripted {
            for index in (0..figures.len()).filter(|index| *index != best) {
                let difference = Difference::new(&by_seed[index], &by_seed[best], policies[best].name, bootstrap_seed);
                figures[index].difference_to_best_scripted = Some(difference);
            }
        }
        Ok(figures)
    }

    /// The figures of one policy, which has played at least one episode, beside no other.
    fn alone(policy: &PlayedPolicy<'_>, bootstrap_seed: u64) -> Self {
        let episodes = policy.episodes;
        let interval = |values: &[f64]| bootstrap_mean_95(values, DEFAULT_RESAMPLES, bootstrap_seed);
        let shares: Vec<f64> = episodes.iter().filter_map(|episode| episode.goal_share).collect();
        let mut scores: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for (name, score) in episodes.iter().flat_map(|episode| &episode.scores) {
            scores.entry(name.clone()).or_default().push(*score);
        }
        let column = |figure: fn(&EpisodeResult) -> f64| -> Vec<f64> { episodes.iter().map(figure).collect() };
        let middle = |values: &[f64]| median(values).expect("at least one episode");
        let spread = |values: &[f64]| [0.05, 0.95].map(|p| quantile(values, p).expect("at least one episode"));
        let (delta_v_m_s, duration_s) = (column(|episode| episode.delta_v_m_s), column(|episode| episode.duration_s));
        let closest_approach_m = column(|episode| episode.closest_approach_m);
        let delta_v_of_successes: Vec<f64> =
            episodes.iter().filter(|episode| episode.succeeded()).map(|episode| episode.delta_v_m_s).collect();

        let mut outcomes = BTreeMap::new();
        let mut success_by_behaviour: BTreeMap<String, BehaviourFigures> = BTreeMap::new();
        for episode in episodes {
            *outcomes.entry(outcome_name(episode.outcome)).or_insert(0) += 1;
            let behaviour = success_by_behaviour.entry(episode.behaviour.clone()).or_default();
            behaviour.episodes += 1;
            behaviour.successes += u64::from(episode.succeeded());
        }
        for behaviour in success_by_behaviour.values_mut() {
            behaviour.success_ci95 = wilson_interval_95(behaviour.successes, behaviour.episodes);
        }

        let (successes, count) = (delta_v_of_successes.len() as u64, episodes.len() as u64);
        Self {
            name: policy.name.to_owned(),
            kind: policy.kind,
            episodes: count,
            success_rate: successes as f64 / count as f64,
            success_ci95: wilson_interval_95(successes, count),
            delta_v_m_s_median: middle(&delta_v_m_s),
            delta_v_m_s_p05_p95: spread(&delta_v_m_s),
            delta_v_m_s_median_of_successes: median(&delta_v_of_successes),
            duration_s_median: middle(&duration_s),
            duration_s_p05_p95: spread(&duration_s),
            closest_approach_m_median: middle(&closest_approach_m),
            closest_approach_m_p05_p95: spread(&closest_approach_m),
            episode_return_mean: mean(&column(|episode| episode.episode_return)).expect("at least one episode"),
            outcomes,
            overspeed_episodes: episodes.iter().filter(|episode| episode.overspeed_s > 0.0).count() as u64,
            success_by_behaviour,
            goal_share: interval(&shares),
            scores: scores.into_iter().filter_map(|(name, values)| Some((name, interval(&values)?))).collect(),
            difference_to_best_scripted: None,
        }
    }
}

type BySeed<'a> = BTreeMap<u64, &'a EpisodeResult>;

impl PlayedPolicy<'_> {
    /// The episodes by seed, each checked.
    fn by_seed(&self) -> Result<BySeed<'_>, FiguresError> {
        let policy = || self.name.to_owned();
        if self.episodes.is_empty() {
            return Err(FiguresError::NoEpisodes { policy: policy() });
        }
        let mut by_seed = BTreeMap::new();
        for episode in self.episodes {
            let seed = episode.seed;
            if by_seed.insert(seed, episode).is_some() {
                return Err(FiguresError::SeedTwice { policy: policy(), seed });
            }
            let figures = [
                ("duration_s", episode.duration_s),
                ("delta_v_m_s", episode.delta_v_m_s),
                ("closest_approach_m", episode.closest_approach_m),
                ("overspeed_s", episode.overspeed_s),
                ("episode_return", episode.episode_return),
            ];
            if let Some((figure, _)) = figures.into_iter().find(|(_, value)| !value.is_finite()) {
                return Err(FiguresError::NotFinite { policy: policy(), seed, figure });
            }
        }
        Ok(by_seed)
    }
}

impl Difference {
    /// `own` less `baseline`, which were played on the same seeds. In the order of the seeds, so that the order of
    /// playing does not show.
    fn new(own: &BySeed<'_>, baseline: &BySeed<'_>, name: &str, bootstrap_seed: u64) -> Self {
        let mut success = Vec::new();
        let mut delta_v_m_s = Vec::new();
        for (own, baseline) in own.values().zip(baseline.values()) {
            let (own_met, baseline_met) = (own.succeeded(), baseline.succeeded());
            success.push(f64::from(i8::from(own_met) - i8::from(baseline_met)));
            if own_met && baseline_met {
                delta_v_m_s.push(own.delta_v_m_s - baseline.delta_v_m_s);
            }
        }
        let interval = |differences: &[f64]| bootstrap_mean_95(differences, DEFAULT_RESAMPLES, bootstrap_seed);
        let MeanInterval { mean: success_rate, ci95: success_rate_ci95 } =
            interval(&success).expect("at least one episode");
        let delta_v = interval(&delta_v_m_s);
        Self {
            baseline: name.to_owned(),
            success_rate,
            success_rate_ci95,
            both_succeeded: delta_v_m_s.len() as u64,
            delta_v_m_s: delta_v.map(|delta_v| delta_v.mean),
            delta_v_m_s_ci95: delta_v.map(|delta_v| delta_v.ci95),
        }
    }
}

/// The name of an outcome as JSON has it.
fn outcome_name(outcome: Outcome) -> String {
    match serde_json::to_value(outcome) {
        Ok(serde_json::Value::String(name)) => name,
        other => unreachable!("an outcome without fields is a JSON string, not {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn episode(seed: u64, outcome: Outcome, delta_v_m_s: f64) -> EpisodeResult {
        EpisodeResult {
            seed,
            outcome,
            duration_s: 100.0 * seed as f64,
            delta_v_m_s,
            closest_approach_m: 1.0,
            overspeed_s: if outcome == Outcome::Overspeed { 2.0 } else { 0.0 },
            episode_return: 1.0,
            decisions: 1,
            behaviour: if seed.is_multiple_of(2) { "coast" } else { "evade" }.to_owned(),
            goal_share: None,
            scores: BTreeMap::new(),
        }
    }

    fn played<'a>(name: &'a str, kind: PolicyKind, episodes: &'a [EpisodeResult]) -> PlayedPolicy<'a> {
        PlayedPolicy { name, kind, episodes }
    }

    #[test]
    fn figures_are_those_of_the_episodes() {
        let episodes = [
            episode(1, Outcome::Success, 10.0),
            episode(2, Outcome::Success, 30.0),
            episode(3, Outcome::Overspeed, 50.0),
            episode(4, Outcome::TimeLimit, 20.0),
        ];
        let figures = PolicyFigures::compare(&[played("mine", PolicyKind::Learned, &episodes)], 1).unwrap();
        let [mine] = figures.as_slice() else { panic!("{figures:?}") };
        assert_eq!((mine.episodes, mine.success_rate), (4, 0.5));
        assert_eq!(mine.success_ci95, wilson_interval_95(2, 4));
        assert_eq!(mine.delta_v_m_s_median, 25.0);
        assert_eq!(mine.delta_v_m_s_median_of_successes, Some(20.0));
        // At positions 0.15 and 2.85 of 10, 20, 30, 50: 10 + 0.15 × 10 and 30 + 0.85 × 20.
        let [low, high] = mine.delta_v_m_s_p05_p95;
        assert!((low - 11.5).abs() < 1e-12 && (high - 47.0).abs() < 1e-12, "{low} {high}");
        assert_eq!(mine.duration_s_median, 250.0);
        assert_eq!(mine.overspeed_episodes, 1);
        let outcomes = [("overspeed", 1), ("success", 2), ("time_limit", 1)];
        assert_eq!(mine.outcomes, outcomes.map(|(name, count)| (name.to_owned(), count)).into());
        let evade = mine.success_by_behaviour["evade"];
        assert_eq!((evade.successes, evade.episodes), (1, 2));
        assert_eq!(mine.difference_to_best_scripted, None);
    }

    #[test]
    fn the_json_has_the_keys_of_the_contract() {
        let episodes = [episode(1, Outcome::KeepOut, 1.0)];
        let figures = PolicyFigures::compare(&[played("mine", PolicyKind::Learned, &episodes)], 1).unwrap();
        let json = serde_json::to_value(&figures[0]).unwrap();
        assert_eq!(json["name"], "mine");
        assert_eq!(json["kind"], "learned");
        assert_eq!(json["success_rate"], 0.0);
        assert_eq!(json["success_ci95"].as_array().unwrap().len(), 2);
        assert_eq!(json["delta_v_m_s_median"], 1.0);
        assert_eq!(json["delta_v_m_s_median_of_successes"], serde_json::Value::Null);
        assert_eq!(json["outcomes"]["keep_out"], 1);
        assert_eq!(serde_json::from_value::<PolicyFigures>(json).unwrap(), figures[0]);
    }

    #[test]
    fn differences_are_paired_by_seed_and_against_the_best_scripted() {
        use Outcome::{Success, TimeLimit};
        let weak: Vec<_> = (0..20).map(|seed| episode(seed, TimeLimit, 1.0)).collect();
        let frugal: Vec<_> =
            (0..20).map(|seed| episode(seed, if seed < 10 { Success } else { TimeLimit }, 5.0)).collect();
        let lavish: Vec<_> = frugal.iter().map(|e| EpisodeResult { delta_v_m_s: 9.0, ..e.clone() }).collect();
        // Succeeds wherever the best scripted does, and on five more seeds; played in another order.
        let learned: Vec<_> = (0..20)
            .rev()
            .map(|seed| episode(seed, if seed < 15 { Success } else { TimeLimit }, 2.0 + seed as f64))
            .collect();
        let figures = PolicyFigures::compare(
            &[
                played("learned", PolicyKind::Learned, &learned),
                played("weak", PolicyKind::Scripted, &weak),
                played("lavish", PolicyKind::Scripted, &lavish),
                played("frugal", PolicyKind::Scripted, &frugal),
                played("oracle", PolicyKind::Oracle, &learned),
            ],
            1,
        )
        .unwrap();
        assert_eq!(figures[3].difference_to_best_scripted, None, "it is the best scripted");
        let difference = figures[0].difference_to_best_scripted.as_ref().unwrap();
        assert_eq!(difference.baseline, "frugal");
        assert_eq!(difference.success_rate, 0.25);
        assert!(difference.success_rate_ci95[0] > 0.0 && difference.success_rate_ci95[1] < 0.5);
        // Seeds 0 to 9: 2 + seed - 5, of mean 1.5; pairing by position would give another.
        assert_eq!((difference.both_succeeded, difference.delta_v_m_s), (10, Some(1.5)));
        assert_eq!(figures[4].difference_to_best_scripted.as_ref(), Some(difference));
        let weak = figures[1].difference_to_best_scripted.as_ref().unwrap();
        assert_eq!((weak.success_rate, weak.both_succeeded, weak.delta_v_m_s), (-0.5, 0, None));
    }

    #[test]
    fn episodes_that_cannot_be_told_of_honestly_are_refused() {
        let sound = [episode(1, Outcome::Success, 1.0), episode(2, Outcome::Success, 1.0)];
        let twice = [sound[0].clone(), sound[0].clone()];
        let other = [sound[0].clone(), episode(3, Outcome::Success, 1.0)];
        let nan = [episode(1, Outcome::Success, f64::NAN), sound[1].clone()];
        let compare = |episodes: &[EpisodeResult]| {
            let policies =
                [played("sound", PolicyKind::Scripted, &sound), played("other", PolicyKind::Learned, episodes)];
            PolicyFigures::compare(&policies, 1).unwrap_err()
        };
        let policy = "other".to_owned();
        assert_eq!(compare(&[]), FiguresError::NoEpisodes { policy: policy.clone() });
        assert_eq!(compare(&twice), FiguresError::SeedTwice { policy: policy.clone(), seed: 1 });
        let unequal = FiguresError::UnequalSeeds { policy: "sound".to_owned(), other: policy.clone(), seed: 2 };
        assert_eq!(compare(&other), unequal);
        assert_eq!(compare(&sound[..1]), unequal);
        assert_eq!(compare(&nan), FiguresError::NotFinite { policy, seed: 1, figure: "delta_v_m_s" });
        assert_eq!(PolicyFigures::compare(&[], 1), Ok(Vec::new()));
    }
}
