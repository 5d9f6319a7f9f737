//! Policy training: rollouts, updates, evaluations, checkpoints, until the steps are done or a signal comes.

use std::time::{Duration, Instant};

use burn::module::AutodiffModule;
use burn::tensor::backend::AutodiffBackend;
use serde::{Deserialize, Serialize};

use super::TrainError;
use super::algorithms::{Algorithm, Figures as Learned, Pace, registry};
use super::config::TrainingConfig;
use super::curriculum::Standing;
use super::event_log::{EventLog, MetricsLog};
use super::gae::advantages;
use super::imitation::Imitation;
use super::learner::Learner;
use super::progress::{Figures, Progress};
use super::rollout_buffer::RolloutBuffer;
use super::run_directory::RunDirectory;
use super::signals::Interrupt;
use crate::env::config::RewardConfig;
use crate::env::observation::{OBSERVATION, OBSERVATION_VERSION};
use crate::env::plan::{PLAN, SEGMENT_WIDTH};
use crate::env::policy::PolicyError;
use crate::env::rollout::{Rollout, Spent};
use crate::env::vector::{EpisodeResult, VectorEnv, VectorState};
use crate::eval::evaluate::{Seeds, play};
use crate::models::actor_critic::ActorCritic;
use crate::models::checkpoint::{self, BestCheckpoint, Checkpoint};
use crate::models::learned_policy::{Exploration, LearnedPolicy, NORMALISER_FILE, PolicyMeta, WEIGHTS_FILE};
use crate::models::normaliser::{ObservationNormaliser, ReturnNormaliser, RunningMoments};
use crate::sim::Outcome;
use crate::sim::seeds::{Generator, Purpose, SeedDomain, stream};
use crate::sim::template::Template;

const LEARNER_FILE: &str = "learner.bin";
/// Its name changes with what it holds, so that an older run is refused by the file that is missing and not misread.
const TRAINER_FILE: &str = "trainer2.bin";
/// Checkpoints kept beside the best.
const CHECKPOINTS_KEPT: usize = 3;
/// Time between two writings of the curves to the event log.
const FLUSH_EVERY: Duration = Duration::from_secs(5);

/// What is trained on.
pub struct Task<'a> {
    /// Name of the scenario.
    pub name: &'a str,
    /// Hash of the scenario.
    pub hash: &'a str,
    /// What arenas are reset from.
    pub template: &'a Template,
    /// What a learner is paid.
    pub rewards: &'a RewardConfig,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// Environment steps in all, those before a resume included.
    pub env_steps: u64,
    /// Environment steps a second of this session, evaluations and checkpoints included.
    pub steps_per_s: f64,
    /// Whether a signal ended it before its steps were done.
    pub interrupted: bool,
    /// The checkpoint that did best on seeds of the domain `select`.
    pub best: Option<BestCheckpoint>,
}

/// One rollout and the update from it: where its time went, and what the update reported.
#[derive(Clone, Debug, PartialEq)]
pub struct Iteration {
    /// Time in the policy and in the environment, both within `rollout`.
    pub spent: Spent,
    /// Time of the rollout, advantages included.
    pub rollout: Duration,
    /// Time of the update.
    pub update: Duration,
    /// Learning rate of the update.
    pub learning_rate: f64,
    /// Environment steps taken.
    pub steps: u64,
    /// What the algorithm reported.
    pub figures: Learned,
}

/// Everything of a run that changes, beside the learner.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct State {
    steps: u64,
    /// Environment steps from which the policy learns, the critic having learned since its warm start.
    policy_learns_from: u64,
    moments: RunningMoments,
    returns: ReturnNormaliser,
    policy: Vec<Generator>,
    trainer: Generator,
    env: VectorState,
    best: Option<(u64, f64)>,
    curriculum: Standing,
}

/// A training run on one device.
pub struct PolicyTraining<'a, B: AutodiffBackend> {
    task: Task<'a>,
    config: TrainingConfig,
    algorithm: Box<dyn Algorithm<B>>,
    learner: Learner<B>,
    env: VectorEnv,
    state: State,
    buffer: RolloutBuffer,
    rollout: Rollout,
    executed: usize,
    /// What arenas are reset from in each stage of the curriculum; empty without one.
    stages: Vec<Template>,
}

impl<'a, B: AutodiffBackend> PolicyTraining<'a, B> {
    /// A run from its beginning. Rollouts use the thread pool at hand.
    ///
    /// # Errors
    /// When the algorithm is unknown or threads cannot be started.
    pub fn new(task: Task<'a>, config: TrainingConfig, device: B::Device) -> Result<Self, TrainError> {
        let algorithms = registry::<B>();
        let make = algorithms.iter().find(|(name, _)| *name == config.algorithm).map(|(_, make)| make);
        let algorithm = make.ok_or_else(|| TrainError::UnknownAlgorithm {
            found: config.algorithm.clone(),
            expected: algorithms.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", "),
        })?(&config);
        let mut trainer = stream(config.seed, SeedDomain::Train, 0, 0, Purpose::Trainer);
        let model = ActorCritic::new(&config.network, &mut trainer, &device);
        let learner = Learner::new(model, device, config.gradient_shards)?;
        let mut env = VectorEnv::for_training(task.template, task.rewards, config.envs, config.seed);
        let rows = env.rows();
        let executed = task.template.replan_every * SEGMENT_WIDTH;
        let generator = |row: usize| stream(config.seed, SeedDomain::Train, row as u64, 0, Purpose::Policy);
        let state = State {
            steps: 0,
            policy_learns_from: 0,
            moments: RunningMoments::new(OBSERVATION),
            returns: ReturnNormaliser::new(rows, config.discount),
            policy: (0..rows).map(generator).collect(),
            trainer,
            env: env.state(),
            best: None,
            curriculum: Standing::default(),
        };
        let buffer = RolloutBuffer::new(config.rollout, rows, executed);
        let (rollout, stages) = (Rollout::new(rows), Vec::new());
        Ok(Self { task, config, algorithm, learner, env, state, buffer, rollout, executed, stages })
    }

    /// Trains through the stages of the configuration's curriculum, where it has one: `stages` are what arenas are reset from
    /// in each. Call it before anything is played or resumed.
    ///
    /// # Errors
    /// When there are not as many as the curriculum has stages, or one differs from the task in more than what is drawn.
    pub fn with_stages(mut self, stages: Vec<Template>) -> Result<Self, TrainError> {
        let expected = self.config.curriculum.as_ref().map_or(0, |curriculum| curriculum.stages.len());
        if stages.len() != expected {
            let (found, expected) = (stages.len().to_string(), expected.to_string());
            return Err(TrainError::DoesNotFit { what: "number of stages of the curriculum", found, expected });
        }
        self.stages = stages;
        if let Some(first) = self.stages.first() {
            // Episodes begin anew, so that the first of each arena is of the first stage too.
            self.env = VectorEnv::for_training(first, self.task.rewards, self.config.envs, self.config.seed);
            self.state.env = self.env.state();
        }
        Ok(self)
    }

    /// Samples and trains the first `entries` of the plan, 1 to 64, whatever number of them the environment executes: for a
    /// bench beside peers whose policies sample all 64. Call it before anything is played.
    #[must_use]
    pub fn with_trained_entries(mut self, entries: usize) -> Self {
        self.executed = entries.clamp(1, PLAN);
        self.buffer = RolloutBuffer::new(self.config.rollout, self.env.rows(), self.executed);
        self
    }

    /// Goes on from a checkpoint; gives a warning where it was made on another scenario.
    ///
    /// # Errors
    /// When the checkpoint does not fit this run, or is damaged.
    pub fn resume(&mut self, checkpoint: &Checkpoint) -> Result<Option<String>, TrainError> {
        let meta = PolicyMeta::read(checkpoint)?;
        let run = meta_of(&self.task, &self.config, self.executed);
        meta.fits(&run)?;
        if meta.algorithm != run.algorithm {
            return Err(TrainError::DoesNotFit { what: "algorithm", found: meta.algorithm, expected: run.algorithm });
        }
        self.learner.load_bytes(checkpoint.file(LEARNER_FILE)?)?;
        self.state = postcard::from_bytes(checkpoint.file(TRAINER_FILE)?)
            .map_err(|error| TrainError::Record(error.to_string()))?;
        if self.state.policy.len() != self.env.rows() || !self.env.restore(&self.state.env) {
            return Err(TrainError::DoesNotFit {
                what: "number of environments",
                found: self.state.policy.len().to_string(),
                expected: self.env.rows().to_string(),
            });
        }
        self.take_stage()?;
        let other = meta.scenario_hash != self.task.hash;
        Ok(other.then(|| {
            format!("the checkpoint was made on another scenario or an earlier form of it ('{}')", meta.scenario)
        }))
    }

    /// Trains until `stop_at` environment steps or an interrupt. Progress goes to `progress`, curves to the run's directory.
    ///
    /// # Errors
    /// When a number is not finite or the directory cannot be written; the last checkpoint stays as it is.
    pub fn run(
        &mut self,
        directory: &RunDirectory,
        stop_at: u64,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<Finished, TrainError> {
        if self.config.curriculum.is_some() && self.stages.is_empty() {
            let (found, expected) = ("none".to_owned(), "one a stage".to_owned());
            return Err(TrainError::DoesNotFit { what: "templates of the curriculum", found, expected });
        }
        let resumed = self.state.steps > 0;
        let mut events = if resumed {
            EventLog::append(directory.path(), self.state.steps)?
        } else {
            EventLog::create(directory.path())?
        };
        let mut metrics = if resumed {
            MetricsLog::resume(&directory.metrics_path(), self.state.steps)?
        } else {
            MetricsLog::create(&directory.metrics_path())?
        };
        if !resumed {
            self.log_start(&mut events)?;
            self.imitate(progress)?;
        }
        let (start, first_step) = (Instant::now(), self.state.steps);
        let mut last_flush = Instant::now();
        let mut episodes: Vec<EpisodeResult> = Vec::new();
        while self.state.steps < stop_at && !interrupt.requested() {
            let before = self.state.steps;
            let iteration = self.iterate().map_err(|error| self.dump(directory, error))?;
            episodes.clear();
            self.env.drain_finished(&mut episodes);
            let recent = Recent::of(&episodes);
            let took = iteration.rollout + iteration.update;
            let mut values: Vec<(&str, f64)> = vec![
                ("charts/learning_rate", iteration.learning_rate),
                ("charts/SPS", iteration.steps as f64 / took.as_secs_f64()),
                ("time/acting_s", iteration.spent.acting.as_secs_f64()),
                ("time/environment_s", iteration.spent.stepping.as_secs_f64()),
                ("time/rollout_s", iteration.rollout.as_secs_f64()),
                ("time/update_s", iteration.update.as_secs_f64()),
            ];
            values.extend(iteration.figures);
            values.extend(recent.values());
            values.extend(self.difficulty().map(|difficulty| ("rollout/difficulty", difficulty)));
            if let Some(difficulty) = self.advance_curriculum(&episodes)? {
                progress.message(&format!("{} steps: on to difficulty {difficulty}", self.state.steps));
            }
            let after = self.state.steps;
            let crossed = |every: u64| before / every != after / every;
            if crossed(self.config.evaluate_every) || self.state.steps >= stop_at {
                let score = self.evaluate_on_select()?;
                values.push(("select/success_rate", score));
                self.keep_if_best(directory, score)?;
            }
            for (tag, value) in &values {
                events.scalar(tag, *value, self.state.steps)?;
            }
            metrics.log(self.state.steps, &values)?;
            if last_flush.elapsed() > FLUSH_EVERY {
                events.flush()?;
                last_flush = Instant::now();
            }
            progress.update(&Figures {
                step: self.state.steps,
                steps_per_s: (self.state.steps - first_step) as f64 / start.elapsed().as_secs_f64(),
                episode_return: recent.episode_return,
                success_rate: recent.success_rate,
                delta_v_m_s: recent.delta_v_m_s,
            });
            if crossed(self.config.checkpoint_every) {
                self.save(directory)?;
            }
        }
        self.save(directory)?;
        events.session_end(true)?;
        progress.finish();
        Ok(Finished {
            env_steps: self.state.steps,
            steps_per_s: (self.state.steps - first_step) as f64 / start.elapsed().as_secs_f64().max(1e-9),
            interrupted: self.state.steps < stop_at,
            best: self.state.best.map(|(step, score)| BestCheckpoint { step, score }),
        })
    }

    /// Plays one rollout and learns from it. Evaluates nothing and writes nothing.
    ///
    /// # Errors
    /// When a number is not finite; nothing was learned from it.
    pub fn iterate(&mut self) -> Result<Iteration, TrainError> {
        let began = Instant::now();
        let before = self.rollout.spent;
        let learning_rate = self.learning_rate();
        self.collect()?;
        let rollout = began.elapsed();
        let learns_from = self.state.policy_learns_from;
        let pace = Pace { learning_rate, policy_learns: self.state.steps >= learns_from };
        // While only the critic learned, Adam's second moments of the actor were zero and its count of steps ran on: the
        // actor's first steps would be up to ten times too long, and undid the imitation.
        if pace.policy_learns && self.state.steps < learns_from + self.buffer.len() as u64 {
            self.learner.forget_moments();
        }
        let figures = self.algorithm.update(&mut self.learner, &self.buffer, pace, &mut self.state.trainer)?;
        let (after, steps) = (self.rollout.spent, self.buffer.len() as u64);
        self.state.steps += steps;
        Ok(Iteration {
            spent: Spent { acting: after.acting - before.acting, stepping: after.stepping - before.stepping },
            rollout,
            update: began.elapsed() - rollout,
            learning_rate,
            steps,
            figures,
        })
    }

    /// The difficulty of the curriculum's stage; `None` without a curriculum.
    #[must_use]
    pub fn difficulty(&self) -> Option<f64> {
        self.config.curriculum.as_ref()?.stages.get(self.state.curriculum.stage).copied()
    }

    /// Counts the episodes that ended in a rollout; gives the difficulty of the next stage where they complete this one.
    fn advance_curriculum(&mut self, episodes: &[EpisodeResult]) -> Result<Option<f64>, TrainError> {
        let Some(curriculum) = &self.config.curriculum else { return Ok(None) };
        let (standing, arenas) = (&mut self.state.curriculum, self.config.envs);
        // What comes after the episode that completes a stage was played in that stage too, and counts for neither.
        let mut observed = episodes.iter();
        let completes =
            |episode: &EpisodeResult| standing.observe(curriculum, episode.seed as usize, arenas, episode.succeeded());
        if !observed.any(completes) {
            return Ok(None);
        }
        self.take_stage()?;
        Ok(self.difficulty())
    }

    /// Has the arenas reset from the template of the stage.
    fn take_stage(&mut self) -> Result<(), TrainError> {
        let Some(template) = self.stages.get(self.state.curriculum.stage) else { return Ok(()) };
        if self.env.draw_from(template) {
            return Ok(());
        }
        let (found, expected) = ("another scenario".to_owned(), "the same at another difficulty".to_owned());
        Err(TrainError::DoesNotFit { what: "stage of the curriculum", found, expected })
    }

    /// Leaves, beside an error of a number that is not finite, what it takes to play the moment again.
    fn dump(&self, directory: &RunDirectory, error: TrainError) -> TrainError {
        let (what, value, row) = match &error {
            TrainError::NotFinite { what, value } => (*what, *value, None),
            TrainError::Policy(PolicyError::NotFinite { what, row, value }) => (*what, *value, Some(*row)),
            _ => return error,
        };
        // Of a gradient every row may be the cause.
        let rows: Vec<_> = row.map_or_else(|| (0..self.env.rows()).collect(), |row| vec![row]);
        let observations = self.env.scene().observations;
        let rows = rows.into_iter().map(|row| {
            serde_json::json!({
                "row": row,
                "episode": self.env.seed_of(row),
                "observation": observations[row * OBSERVATION..(row + 1) * OBSERVATION],
            })
        });
        let dump = serde_json::json!({
            "what": what,
            "value": value.to_string(),
            "scenario": self.task.name,
            "scenario_hash": self.task.hash,
            "env_steps": self.state.steps,
            "rows": rows.collect::<Vec<_>>(),
        });
        match directory.write_not_finite(&dump) {
            Ok(path) => TrainError::Dumped { path: path.display().to_string(), source: Box::new(error) },
            Err(_) => error,
        }
    }

    /// The warm start, where the scenario asks for one.
    fn imitate(&mut self, progress: &mut Progress) -> Result<(), TrainError> {
        let Some(imitated) = &self.config.imitation else { return Ok(()) };
        progress.message(&format!("imitating {} for {} decisions", imitated.guidance, imitated.decisions));
        let imitation = Imitation {
            config: imitated,
            template: self.task.template,
            rewards: self.task.rewards,
            envs: self.config.envs,
            seed: self.config.seed,
            executed: self.executed,
        };
        let State { moments, trainer, .. } = &mut self.state;
        let normalise = self.config.normalise_observations;
        let (decisions, error) = imitation.fit(&mut self.learner, moments, normalise, trainer)?;
        self.state.steps += decisions;
        self.state.policy_learns_from = self.state.steps + imitated.critic_steps;
        let score = self.evaluate_on_select()?;
        progress.message(&format!(
            "imitation: mean squared error {error:.4}, success {:.1} % on seeds of the domain `select`",
            100.0 * score
        ));
        Ok(())
    }

    /// Where the time of the rollouts of this session went.
    #[must_use]
    pub fn spent(&self) -> Spent {
        self.rollout.spent
    }

    /// Plays one rollout and estimates its advantages.
    fn collect(&mut self) -> Result<(), TrainError> {
        // Before anything was seen, one observation of every arena says what to expect.
        if self.config.normalise_observations && self.state.moments.count == 0.0 {
            self.state.moments.observe(self.env.scene().observations);
        }
        let exploration = Exploration::Sample(std::mem::take(&mut self.state.policy));
        let mut policy = self.policy(exploration);
        let Self { config, env, state, buffer, rollout, .. } = self;
        buffer.clear();
        let rows = env.rows();
        let mut finals: Vec<(usize, Vec<f32>)> = Vec::new();
        let played = rollout.play(env, &mut policy, config.rollout, |transition| {
            state.returns.observe(
                &transition.step.rewards,
                transition.step.terminated.iter().zip(&transition.step.truncated).map(|(a, b)| *a || *b),
            );
            // After a warm start the moments stay as the demonstrations left them: a shift of the normaliser is a shift of
            // the policy, and cost 20 points of success before the first update.
            if config.imitation.is_none() {
                state.moments.observe(transition.observations);
            }
            for row in (0..rows).filter(|row| transition.step.truncated[*row]) {
                let last = &transition.step.final_observations[row * OBSERVATION..(row + 1) * OBSERVATION];
                finals.push((buffer.len() + row, last.to_vec()));
            }
            buffer.push(transition);
        });
        let mut fed = vec![0.0; rows * OBSERVATION];
        policy.normaliser.apply(env.scene().observations, &mut fed);
        let last_values = policy.values(&fed);
        let factor = if config.normalise_returns { state.returns.factor() } else { 1.0 };
        for reward in &mut buffer.rewards {
            *reward *= factor;
        }
        let cut: Vec<f32> = finals.iter().flat_map(|(_, observation)| observation.iter().copied()).collect();
        let mut fed = vec![0.0; cut.len()];
        policy.normaliser.apply(&cut, &mut fed);
        for ((at, _), value) in finals.iter().zip(policy.values(&fed)) {
            buffer.rewards[*at] += config.discount as f32 * value;
        }
        if let Exploration::Sample(generators) = policy.exploration {
            state.policy = generators;
        }
        played?;
        (buffer.advantages, buffer.returns) = advantages(
            &buffer.rewards,
            &buffer.values,
            &buffer.ended,
            &last_values,
            config.discount as f32,
            config.gae_lambda as f32,
        );
        Ok(())
    }

    fn learning_rate(&self) -> f64 {
        let config = &self.config;
        let left = 1.0 - (self.state.steps as f64 / config.steps as f64).min(1.0);
        config.final_learning_rate + (config.learning_rate - config.final_learning_rate) * left
    }

    /// Success rate of the mean plan on seeds that are used for nothing else.
    fn evaluate_on_select(&self) -> Result<f64, TrainError> {
        let mut policy = self.policy(Exploration::None);
        let seeds = Seeds { run: self.config.seed, domain: SeedDomain::Select, count: self.config.evaluation_episodes };
        let episodes = play(self.task.template, self.task.rewards, seeds, &mut policy)?;
        let merit: f64 = episodes.iter().map(EpisodeResult::merit).sum();
        Ok(merit / episodes.len().max(1) as f64)
    }

    /// The learner's network as it stands.
    fn policy(&self, exploration: Exploration) -> LearnedPolicy<B::InnerBackend> {
        let (model, device) = (self.learner.model.valid(), self.learner.device.clone());
        LearnedPolicy::new(model, self.normaliser(), exploration, self.executed, device)
    }

    fn normaliser(&self) -> ObservationNormaliser {
        if self.config.normalise_observations {
            ObservationNormaliser::from_moments(&self.state.moments)
        } else {
            ObservationNormaliser::identity()
        }
    }

    /// Of equals the later one is kept: it has learned longer.
    fn keep_if_best(&mut self, directory: &RunDirectory, score: f64) -> Result<(), TrainError> {
        if self.state.best.is_none_or(|(_, best)| score >= best) {
            self.state.best = Some((self.state.steps, score));
            self.save(directory)?;
            let best = BestCheckpoint { step: self.state.steps, score };
            checkpoint::mark_best(&directory.checkpoints_path(), best)?;
        }
        Ok(())
    }

    fn save(&mut self, directory: &RunDirectory) -> Result<(), TrainError> {
        self.state.env = self.env.state();
        let moments = if self.config.normalise_observations {
            self.state.moments.clone()
        } else {
            RunningMoments::identity(OBSERVATION)
        };
        let record = |error: String| TrainError::Record(error);
        let files = [
            (WEIGHTS_FILE, self.learner.model.valid().to_safetensors()?),
            (NORMALISER_FILE, serde_json::to_vec(&moments).map_err(|error| record(error.to_string()))?),
            (LEARNER_FILE, self.learner.to_bytes()?),
            (TRAINER_FILE, postcard::to_stdvec(&self.state).map_err(|error| record(error.to_string()))?),
        ];
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
        let meta = serde_json::to_value(meta_of(&self.task, &self.config, self.executed))
            .map_err(|error| record(error.to_string()))?;
        let checkpoints = directory.checkpoints_path();
        Checkpoint::write(&checkpoints, self.state.steps, &files, meta)?;
        checkpoint::prune(&checkpoints, CHECKPOINTS_KEPT)?;
        Ok(())
    }

    fn log_start(&self, events: &mut EventLog) -> Result<(), TrainError> {
        let config = &self.config;
        events.hparams(
            &[
                ("scenario", self.task.name.into()),
                ("algorithm", config.algorithm.as_str().into()),
                ("seed", (config.seed as f64).into()),
                ("envs", (config.envs as f64).into()),
                ("rollout", (config.rollout as f64).into()),
                ("learning_rate", config.learning_rate.into()),
                ("discount", config.discount.into()),
                ("gae_lambda", config.gae_lambda.into()),
                ("entropy_weight", f64::from(config.ppo.entropy_weight).into()),
            ],
            &["rollout/success_rate", "select/success_rate", "charts/episodic_return"],
        )?;
        Ok(())
    }
}

/// Means over the episodes that ended in a rollout.
#[derive(Default)]
struct Recent {
    episode_return: Option<f64>,
    length: Option<f64>,
    success_rate: Option<f64>,
    delta_v_m_s: Option<f64>,
}

impl Recent {
    fn of(episodes: &[EpisodeResult]) -> Self {
        if episodes.is_empty() {
            return Self::default();
        }
        let mean = |value: &dyn Fn(&EpisodeResult) -> f64| {
            Some(episodes.iter().map(value).sum::<f64>() / episodes.len() as f64)
        };
        Self {
            episode_return: mean(&|episode| episode.episode_return),
            length: mean(&|episode| f64::from(episode.decisions)),
            success_rate: mean(&|episode| f64::from(u8::from(episode.outcome == Outcome::Success))),
            delta_v_m_s: mean(&|episode| episode.delta_v_m_s),
        }
    }

    fn values(&self) -> Vec<(&'static str, f64)> {
        [
            ("charts/episodic_return", self.episode_return),
            ("charts/episodic_length", self.length),
            ("rollout/ep_rew_mean", self.episode_return),
            ("rollout/success_rate", self.success_rate),
            ("rollout/delta_v_used_m_s", self.delta_v_m_s),
        ]
        .into_iter()
        .filter_map(|(tag, value)| Some((tag, value?)))
        .collect()
    }
}

/// What a checkpoint of this run says of itself.
fn meta_of(task: &Task<'_>, config: &TrainingConfig, executed: usize) -> PolicyMeta {
    PolicyMeta {
        network: PolicyMeta::NETWORK.to_owned(),
        sizes: config.network.clone(),
        executed,
        observation_version: OBSERVATION_VERSION,
        observation: task.template.observation,
        scenario: task.name.to_owned(),
        scenario_hash: task.hash.to_owned(),
        algorithm: config.algorithm.clone(),
        seed: config.seed,
    }
}
