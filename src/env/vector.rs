//! The vector environment: shards of arenas stepped in parallel, written into buffers that the caller owns.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::config::RewardConfig;
use super::observation::{self, OBSERVATION};
use super::plan::{self, PLAN, SEGMENT_WIDTH};
use super::policy::Scene;
use super::rewards::{Consequence, Term};
use super::trace::Trace;
use crate::sim::Outcome;
use crate::sim::behaviours::BehaviourConfig;
use crate::sim::config::AtTimeLimit;
use crate::sim::reset::EpisodeSeed;
use crate::sim::seeds::SeedDomain;
use crate::sim::shard::{Shard, ShardState};
use crate::sim::template::Template;
use crate::sim::view::View;

/// Arenas a shard at most by default: enough to fill lanes and to pay the dispatch.
pub const ARENAS_PER_SHARD: usize = 128;

/// Arenas a shard by default: as many as still give each thread a shard. Results do not depend on it.
#[must_use]
pub fn arenas_per_shard(arenas: usize) -> usize {
    arenas.div_ceil(rayon::current_num_threads()).clamp(1, ARENAS_PER_SHARD)
}

/// What happens to an arena whose episode has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AfterEpisode {
    /// It starts the next one, as in training.
    Reset,
    /// It stands still, as in an evaluation, where each seed is played once.
    Stop,
}

/// How one episode went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpisodeResult {
    /// Seed or arena of the episode.
    pub seed: u64,
    /// How it ended for the objective's team.
    pub outcome: Outcome,
    /// How long it took [s].
    pub duration_s: f64,
    /// Δv spent by the objective's spacecraft [m/s].
    pub delta_v_m_s: f64,
    /// Least distance of the objective's pair [m].
    pub closest_approach_m: f64,
    /// Time above the speed limit [s].
    pub overspeed_s: f64,
    /// Sum of the rewards of the first learned spacecraft.
    pub episode_return: f64,
    /// Decisions taken.
    pub decisions: u32,
    /// Behaviour drawn for the first scripted spacecraft that may play another than `ballistic`, or else for the first; empty
    /// without one.
    pub behaviour: String,
    /// How much of the goal was met, 0 to 1; `None` where it counts nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal_share: Option<f64>,
    /// Published scores by name, where the scenario asks for them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scores: BTreeMap<String, f64>,
}

impl EpisodeResult {
    /// Whether the objective was met.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.outcome == Outcome::Success
    }

    /// What the episode is worth when the best of several policies is picked: for success, the share of the goal that was
    /// met, which is all of it where the goal counts nothing; nothing for a failure.
    #[must_use]
    pub fn merit(&self) -> f64 {
        if self.succeeded() { self.goal_share.unwrap_or(1.0) } else { 0.0 }
    }
}

/// What one step gives, in buffers that the caller keeps; a row an (arena, learned spacecraft).
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// Rewards.
    pub rewards: Vec<f32>,
    /// The episode ended within the task.
    pub terminated: Vec<bool>,
    /// The episode was cut off: the value of its final observation is to be bootstrapped.
    pub truncated: Vec<bool>,
    /// Observation at the end of an episode, rows × 128, written where it terminated or was truncated.
    pub final_observations: Vec<f32>,
}

impl Step {
    /// Room for `rows` rows.
    #[must_use]
    pub fn new(rows: usize) -> Self {
        Self {
            rewards: vec![0.0; rows],
            terminated: vec![false; rows],
            truncated: vec![false; rows],
            final_observations: vec![0.0; rows * OBSERVATION],
        }
    }
}

/// A shard with what the environment keeps of it between decisions.
struct Part {
    shard: Shard,
    rewards: RewardConfig,
    after_episode: AfterEpisode,
    /// Overspeed of each arena before the decision [s].
    overspeed_before_s: Vec<f64>,
    returns: Vec<f64>,
    decisions: Vec<u32>,
    /// Arenas whose episode went on when the decision in hand began.
    went_on: Vec<bool>,
    /// What perfect sensing would show of each row, by which rewards are paid; empty where that is what the rows show.
    truths: Vec<View>,
    /// Rows that the decision in hand moved.
    moved: Vec<usize>,
    /// Arenas whose episode it ended.
    ended: Vec<usize>,
    /// What each arena has flown, where that is recorded.
    traces: Option<Vec<Trace>>,
    finished: Vec<EpisodeResult>,
}

/// Many arenas of one scenario.
pub struct VectorEnv {
    parts: Vec<Part>,
    views: Vec<View>,
    observations: Vec<f32>,
    live: Vec<bool>,
    arenas_per_shard: usize,
    learned: usize,
}

/// Everything of an environment that changes, for a checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VectorState {
    shards: Vec<ShardState>,
    returns: Vec<f64>,
    decisions: Vec<u32>,
}

impl VectorEnv {
    /// Arenas that play the episodes `seeds`, one each, `arenas_per_shard` to a shard.
    #[must_use]
    pub fn new(
        template: &Template,
        rewards: &RewardConfig,
        seeds: &[EpisodeSeed],
        arenas_per_shard: usize,
        after_episode: AfterEpisode,
    ) -> Self {
        let parts: Vec<Part> = seeds
            .par_chunks(arenas_per_shard.max(1))
            .map(|seeds| Part {
                shard: Shard::new(template, seeds),
                rewards: rewards.clone(),
                after_episode,
                overspeed_before_s: vec![0.0; seeds.len()],
                returns: vec![0.0; seeds.len()],
                decisions: vec![0; seeds.len()],
                went_on: vec![true; seeds.len()],
                truths: Vec::new(),
                moved: Vec::new(),
                ended: Vec::new(),
                traces: None,
                finished: Vec::new(),
            })
            .collect();
        let learned = parts.first().map_or(0, |part| part.shard.learned().len());
        let rows = seeds.len() * learned;
        let mut env = Self {
            parts,
            views: Vec::with_capacity(rows),
            observations: vec![0.0; rows * OBSERVATION],
            live: vec![true; rows],
            arenas_per_shard: arenas_per_shard.max(1),
            learned,
        };
        env.look();
        env
    }

    /// Arenas for training: arena i plays its own endless sequence of episodes.
    #[must_use]
    pub fn for_training(template: &Template, rewards: &RewardConfig, arenas: usize, run_seed: u64) -> Self {
        let seeds: Vec<EpisodeSeed> = (0..arenas as u64)
            .map(|arena| EpisodeSeed { run: run_seed, domain: SeedDomain::Train, arena, episode: 0 })
            .collect();
        Self::new(template, rewards, &seeds, arenas_per_shard(arenas), AfterEpisode::Reset)
    }

    /// Rows: arenas × learned spacecraft.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.views.len()
    }

    /// What the policies are shown now.
    #[must_use]
    pub fn scene(&self) -> Scene<'_> {
        Scene { views: &self.views, observations: &self.observations, live: &self.live }
    }

    /// Whether any arena's episode goes on.
    #[must_use]
    pub fn any_live(&self) -> bool {
        self.parts.iter().any(|part| part.shard.arenas().iter().any(|arena| arena.outcome.is_none()))
    }

    /// Records from here on what every spacecraft does, segment by segment. An arena that is reset begins its trace anew.
    pub fn trace(&mut self) {
        for part in &mut self.parts {
            part.traces = Some((0..part.returns.len()).map(|index| Trace::begin(&mut part.shard, index)).collect());
        }
    }

    /// Takes what was recorded since [`VectorEnv::trace`], an entry an arena, and records no more; empty where nothing was.
    #[must_use]
    pub fn take_traces(&mut self) -> Vec<Trace> {
        self.parts.iter_mut().filter_map(|part| part.traces.take()).flatten().collect()
    }

    /// Flies one decision in every arena. `plans`: rows × 64, clipped to [-1, 1] here.
    ///
    /// Arenas whose episode ends are reset (or stopped) and their last observation is kept in `step`.
    pub fn step(&mut self, plans: &[f32], step: &mut Step) {
        let rows = self.arenas_per_shard * self.learned;
        let Self { parts, views, observations, live, learned, .. } = self;
        let learned = *learned;
        if learned == 0 {
            // Nobody decides, and there is no row to show: the scripted spacecraft fly by themselves.
            parts.par_iter_mut().for_each(|part| part.step(&[], &mut PartRows::default()));
            return;
        }
        let world = parts.par_iter_mut().zip(plans.par_chunks(rows * PLAN));
        let seen = views.par_chunks_mut(rows).zip(observations.par_chunks_mut(rows * OBSERVATION));
        let ended = step.terminated.par_chunks_mut(rows).zip(step.truncated.par_chunks_mut(rows));
        let paid = step.rewards.par_chunks_mut(rows).zip(step.final_observations.par_chunks_mut(rows * OBSERVATION));
        world.zip(seen).zip(ended.zip(paid)).zip(live.par_chunks_mut(rows)).for_each(
            |((((part, plans), (views, observations)), ((terminated, truncated), (rewards, finals))), live)| {
                let mut rows = PartRows { learned, views, observations, terminated, truncated, rewards, finals, live };
                part.step(plans, &mut rows);
            },
        );
    }

    /// What the episode of a row is drawn from.
    #[must_use]
    pub fn seed_of(&self, row: usize) -> Option<EpisodeSeed> {
        let arena = row / self.learned.max(1);
        let part = self.parts.get(arena / self.arenas_per_shard)?;
        part.shard.arenas().get(arena % self.arenas_per_shard).map(|arena| arena.seed)
    }

    /// Moves the results of episodes that ended since the last call into `results`, shard by shard.
    pub fn drain_finished(&mut self, results: &mut Vec<EpisodeResult>) {
        for part in &mut self.parts {
            results.append(&mut part.finished);
        }
    }

    /// Everything that changes, between two steps.
    #[must_use]
    pub fn state(&mut self) -> VectorState {
        VectorState {
            shards: self.parts.iter_mut().map(|part| part.shard.state()).collect(),
            returns: self.parts.iter().flat_map(|part| part.returns.iter().copied()).collect(),
            decisions: self.parts.iter().flat_map(|part| part.decisions.iter().copied()).collect(),
        }
    }

    /// Puts back what [`VectorEnv::state`] gave; says whether it fits this environment.
    #[must_use]
    pub fn restore(&mut self, state: &VectorState) -> bool {
        let arenas: usize = self.parts.iter().map(|part| part.returns.len()).sum();
        if state.shards.len() != self.parts.len() || state.returns.len() != arenas || state.decisions.len() != arenas {
            return false;
        }
        let mut first = 0;
        for (part, shard) in self.parts.iter_mut().zip(&state.shards) {
            let of = first..first + part.returns.len();
            if !part.shard.restore(shard) {
                return false;
            }
            part.returns.copy_from_slice(&state.returns[of.clone()]);
            part.decisions.copy_from_slice(&state.decisions[of.clone()]);
            for (before, arena) in part.overspeed_before_s.iter_mut().zip(part.shard.arenas()) {
                *before = arena.overspeed_s;
            }
            first = of.end;
        }
        self.look();
        true
    }

    /// Has every arena draw from another template from now on, its next episode and whatever the one in hand has yet to draw;
    /// says whether the template differs in nothing else than what is drawn, without which nothing is changed.
    #[must_use]
    pub fn draw_from(&mut self, template: &Template) -> bool {
        self.parts.iter_mut().all(|part| part.shard.draw_from(template))
    }

    /// The shards, for a test or a bench.
    pub fn shards_mut(&mut self) -> impl Iterator<Item = &mut Shard> {
        self.parts.iter_mut().map(|part| &mut part.shard)
    }

    /// Reads views and observations of every row anew.
    fn look(&mut self) {
        self.views.clear();
        for part in &mut self.parts {
            let views = &mut self.views;
            part.truths.clear();
            let (truths, has_sensors) = (&mut part.truths, part.shard.has_sensors());
            part.shard.for_each_view_where(
                |_| true,
                |_, _, _, _, view, truth| {
                    views.push(*view);
                    if has_sensors {
                        truths.push(*truth);
                    }
                },
            );
        }
        let rows: Vec<usize> = (0..self.views.len()).collect();
        let shown = self.parts.first().map_or_else(Default::default, |part| part.shard.template().observation);
        observation::write_rows(&self.views, &rows, shown, &mut self.observations);
    }
}

/// The rows of one part, in the caller's buffers.
#[derive(Default)]
struct PartRows<'a> {
    learned: usize,
    views: &'a mut [View],
    observations: &'a mut [f32],
    terminated: &'a mut [bool],
    truncated: &'a mut [bool],
    rewards: &'a mut [f32],
    finals: &'a mut [f32],
    live: &'a mut [bool],
}

impl Part {
    fn step(&mut self, plans: &[f32], rows: &mut PartRows<'_>) {
        let replan_every = self.shard.template().replan_every;
        let executed = plans.chunks_exact(PLAN).zip(rows.views.iter());
        for ((plan, view), shares) in executed.zip(self.shard.plans_mut().chunks_exact_mut(replan_every)) {
            for (segment, share) in plan.chunks_exact(SEGMENT_WIDTH).zip(shares) {
                *share = plan::decode(segment, view.own.per_axis);
            }
        }
        for (went_on, arena) in self.went_on.iter_mut().zip(self.shard.arenas()) {
            *went_on = arena.outcome.is_none();
        }
        match &mut self.traces {
            None => self.shard.advance(),
            Some(traces) => self.shard.advance_watched(|index, arena, rows| traces[index].push(arena, rows)),
        }
        self.settle(rows);
        let shown = self.shard.template().observation;
        if self.shard.template().has_all_in_sight() {
            // Which places are taken is the same all the time, so that the others are as zero as they were made.
            observation::write_rows_over_zeros(rows.views, &self.moved, shown, rows.observations);
        } else {
            observation::write_rows(rows.views, &self.moved, shown, rows.observations);
        }
        let mut ended = std::mem::take(&mut self.ended);
        ended.clear();
        for (index, arena) in self.shard.arenas().iter().enumerate() {
            let of = index * rows.learned..(index + 1) * rows.learned;
            if !self.went_on[index] {
                rows.rewards[of.clone()].fill(0.0);
                rows.terminated[of.clone()].fill(false);
                rows.truncated[of].fill(false);
                continue;
            }
            self.returns[index] += rows.rewards.get(of.start).copied().map_or(0.0, f64::from);
            self.decisions[index] += 1;
            self.overspeed_before_s[index] = arena.overspeed_s;
            if arena.outcome.is_some() {
                ended.push(index);
            }
        }
        for index in &ended {
            let of = index * rows.learned * OBSERVATION..(index + 1) * rows.learned * OBSERVATION;
            rows.finals[of.clone()].copy_from_slice(&rows.observations[of]);
            if let Some(outcome) = self.shard.arenas()[*index].outcome {
                self.finish(*index, outcome, rows);
            }
        }
        self.ended = ended;
    }

    /// Pays the rows of the arenas that went on for the decision, and keeps what each of them now sees.
    fn settle(&mut self, rows: &mut PartRows<'_>) {
        let Self { shard, rewards, overspeed_before_s, went_on, truths, moved, .. } = self;
        moved.clear();
        shard.for_each_view_where(
            |index| went_on[index],
            |template, arena, index, k, seen, after| {
                let row = index * rows.learned + k;
                let before = truths.get(row).unwrap_or(&rows.views[row]);
                let outcome = arena.outcome;
                let cut_off = outcome == Some(Outcome::TimeLimit) && template.at_time_limit == AtTimeLimit::Truncate;
                // The objective is told for one team; to the others its success is a failure and its failure a success.
                let own_outcome = outcome.map(|outcome| match (after.own.team == template.objective.team, outcome) {
                    (true, outcome) => outcome,
                    (false, Outcome::Success) => Outcome::Crash,
                    (false, _) => Outcome::Success,
                });
                let consequence = Consequence {
                    before,
                    after,
                    delta_v_m_s: after.own.delta_v_spent_m_s - before.own.delta_v_spent_m_s,
                    overspeed_s: arena.overspeed_s - overspeed_before_s[index],
                    outcome: if cut_off { None } else { own_outcome },
                };
                rows.rewards[row] = rewards.terms.iter().map(|term| term.pay(&consequence)).sum::<f64>() as f32;
                rows.terminated[row] = outcome.is_some() && !cut_off;
                rows.truncated[row] = cut_off;
                rows.views[row].copy_from(seen);
                if let Some(truth) = truths.get_mut(row) {
                    truth.copy_from(after);
                }
                moved.push(row);
            },
        );
    }

    fn finish(&mut self, index: usize, outcome: Outcome, rows: &mut PartRows<'_>) {
        let of = index * rows.learned..(index + 1) * rows.learned;
        let who = self.shard.template().objective.who;
        let slots = &self.shard.template().slots;
        let scripted = slots
            .iter()
            .position(|slot| {
                slot.behaviours.iter().any(|behaviour| !matches!(behaviour, BehaviourConfig::Ballistic(_)))
            })
            .or_else(|| slots.iter().position(|slot| !slot.behaviours.is_empty()));
        let behaviour = match self.shard.arenas()[index].cast {
            Some(cast) => self.shard.template().casts[usize::from(cast)].name.clone(),
            None => scripted.and_then(|slot| self.shard.behaviour(index, slot)).unwrap_or_default().to_owned(),
        };
        let delta_v_m_s = self.shard.with_rows(index, |_, _, rows| rows.ledgers[who].delta_v_m_s);
        let template = self.shard.template();
        let arena = &self.shard.arenas()[index];
        let goal_share = arena.progress.share(&template.objective.goal);
        let tallied = template.scores.iter().zip(&arena.scores);
        let scores = tallied.map(|(score, tally)| (score.name().to_owned(), score.value(tally))).collect();
        self.finished.push(EpisodeResult {
            seed: arena.seed.arena,
            outcome,
            duration_s: arena.time_s,
            delta_v_m_s,
            closest_approach_m: arena.closest_approach_m,
            overspeed_s: arena.overspeed_s,
            episode_return: self.returns[index],
            decisions: self.decisions[index],
            behaviour,
            goal_share,
            scores,
        });
        match self.after_episode {
            AfterEpisode::Stop => rows.live[of].fill(false),
            AfterEpisode::Reset => {
                let seed = arena.seed;
                self.shard.reset(index, EpisodeSeed { episode: seed.episode + 1, ..seed });
                if let Some(traces) = &mut self.traces {
                    traces[index] = Trace::begin(&mut self.shard, index);
                }
                self.returns[index] = 0.0;
                self.decisions[index] = 0;
                self.overspeed_before_s[index] = 0.0;
                let shown = self.shard.template().observation;
                let truths = &mut self.truths;
                self.shard.for_each_view_of(index, |k, view, truth| {
                    let row = of.start + k;
                    rows.views[row] = *view;
                    if let Some(before) = truths.get_mut(row) {
                        *before = *truth;
                    }
                    let out = &mut rows.observations[row * OBSERVATION..(row + 1) * OBSERVATION];
                    observation::write(view, shown, out);
                });
            }
        }
    }
}
