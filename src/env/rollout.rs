//! The one loop: observe, act, step. Training, evaluation, datasets and tournaments all call it.

use std::time::{Duration, Instant};

use super::observation::OBSERVATION;
use super::policy::{Decisions, Policy, PolicyError, Scene};
use super::vector::{EpisodeResult, Step, VectorEnv};

/// One decision of every row, before the next begins.
pub struct Transition<'a> {
    /// What the rows were shown, rows × 128, before any normalisation.
    pub observations: &'a [f32],
    /// What the policy decided, and what it was fed.
    pub decisions: &'a Decisions,
    /// What came of it.
    pub step: &'a Step,
    /// Rows whose decision this was; the others had ended before.
    pub live: &'a [bool],
}

/// Buffers of the loop, kept between calls so that a step allocates nothing.
pub struct Rollout {
    observations: Vec<f32>,
    decisions: Decisions,
    step: Step,
    live: Vec<bool>,
    /// Time spent so far in policies, and in the environment.
    pub spent: Spent,
}

/// Where the time of a rollout went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spent {
    /// In the policy.
    pub acting: Duration,
    /// In the environment.
    pub stepping: Duration,
}

impl Rollout {
    /// Buffers for `rows` rows.
    #[must_use]
    pub fn new(rows: usize) -> Self {
        Self {
            observations: vec![0.0; rows * OBSERVATION],
            decisions: Decisions::new(rows),
            step: Step::new(rows),
            live: vec![true; rows],
            spent: Spent::default(),
        }
    }

    /// Plays `count` decisions in every arena, and shows each to `record`.
    ///
    /// # Errors
    /// When the policy fails, or an observation or a reward is not finite; nothing is recorded of that decision.
    pub fn play(
        &mut self,
        env: &mut VectorEnv,
        policy: &mut dyn Policy,
        count: usize,
        mut record: impl FnMut(&Transition<'_>),
    ) -> Result<(), PolicyError> {
        for _ in 0..count {
            self.advance(env, policy)?;
            record(&Transition {
                observations: &self.observations,
                decisions: &self.decisions,
                step: &self.step,
                live: &self.live,
            });
        }
        Ok(())
    }

    /// Plays until every arena has ended (the environment must stop its arenas, not reset them); gives the results in
    /// the order of seeds.
    ///
    /// # Errors
    /// As [`Rollout::play`].
    pub fn play_out(
        &mut self,
        env: &mut VectorEnv,
        policy: &mut dyn Policy,
    ) -> Result<Vec<EpisodeResult>, PolicyError> {
        let mut results = Vec::new();
        while env.any_live() {
            self.advance(env, policy)?;
            env.drain_finished(&mut results);
        }
        results.sort_by_key(|result| result.seed);
        Ok(results)
    }

    fn advance(&mut self, env: &mut VectorEnv, policy: &mut dyn Policy) -> Result<(), PolicyError> {
        let scene: Scene<'_> = env.scene();
        self.live.copy_from_slice(scene.live);
        self.observations.copy_from_slice(scene.observations);
        check("observation", scene.observations)?;
        let start = Instant::now();
        policy.act(&scene, &mut self.decisions)?;
        let acted = Instant::now();
        env.step(&self.decisions.plans, &mut self.step);
        self.spent.acting += acted - start;
        self.spent.stepping += acted.elapsed();
        check("reward", &self.step.rewards)
    }
}

fn check(what: &'static str, numbers: &[f32]) -> Result<(), PolicyError> {
    match numbers.iter().position(|number| !number.is_finite()) {
        None => Ok(()),
        Some(at) => {
            let row = if what == "observation" { at / OBSERVATION } else { at };
            Err(PolicyError::NotFinite { what, row, value: numbers[at] })
        }
    }
}
