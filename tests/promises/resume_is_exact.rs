//! Training 2 N steps equals training N, stopping, and resuming for N more, to the bit; threads change nothing.

use std::path::Path;

use astroshield::models::actor_critic::ActorCriticConfig;
use astroshield::models::checkpoint::Checkpoint;
use astroshield::models::device::Cpu;
use astroshield::models::learned_policy::{NORMALISER_FILE, WEIGHTS_FILE};
use astroshield::scenario::Scenario;
use astroshield::train::TrainError;
use astroshield::train::config::TrainingConfig;
use astroshield::train::imitation::ImitationConfig;
use astroshield::train::policy_training::{Finished, PolicyTraining, Task};
use astroshield::train::progress::Progress;
use astroshield::train::run_directory::RunDirectory;
use astroshield::train::signals::Interrupt;
use burn::backend::Autodiff;

use super::sensing;
use super::shipped::{self, with_threads};

/// Steps of half of a run: five rollouts of 8 arenas × 16 decisions, so that episodes, minibatches and the schedule of the
/// learning rate are all in mid-course.
const HALF: u64 = 5 * 8 * 16;

fn config() -> TrainingConfig {
    TrainingConfig {
        steps: 2 * HALF,
        envs: 8,
        rollout: 16,
        seed: 4,
        gradient_shards: 2,
        evaluate_every: HALF,
        evaluation_episodes: 4,
        checkpoint_every: HALF,
        network: ActorCriticConfig { hidden: 48, ..ActorCriticConfig::default() },
        ..TrainingConfig::default()
    }
}

/// The same with a warm start, half of what follows it for the critic alone.
fn warm() -> TrainingConfig {
    let imitation = ImitationConfig {
        guidance: "glideslope".to_owned(),
        decisions: 3 * 8 * 16,
        epochs: 2,
        minibatch: 64,
        critic_steps: 3 * 8 * 16,
        ..ImitationConfig::default()
    };
    TrainingConfig { imitation: Some(imitation), ..config() }
}

fn training<'a>(scenario: &'a Scenario, config: TrainingConfig) -> PolicyTraining<'a, Autodiff<Cpu>> {
    let task =
        Task { name: &scenario.name, hash: &scenario.hash, template: &scenario.template, rewards: &scenario.rewards };
    PolicyTraining::new(task, config, Default::default()).expect("a sound configuration")
}

fn run(training: &mut PolicyTraining<'_, Autodiff<Cpu>>, directory: &RunDirectory, until: u64) -> Finished {
    let mut progress = Progress::new(until, true);
    training.run(directory, until, &Interrupt::detached(), &mut progress).expect("it trains")
}

fn begun(path: &Path) -> RunDirectory {
    let directory = RunDirectory::create(path).expect("a new directory");
    directory.write_config("()").expect("it can be written");
    directory
}

/// A new run of 2 × [`HALF`] steps.
fn whole(scenario: &Scenario, config: TrainingConfig, path: &Path) {
    let finished = run(&mut training(scenario, config), &begun(path), 2 * HALF);
    assert_eq!((finished.env_steps, finished.interrupted), (2 * HALF, false));
}

fn checkpoint(path: &Path, step: u64) -> Checkpoint {
    Checkpoint::open(&path.join("checkpoints").join(format!("step_{step}"))).expect("a whole checkpoint")
}

/// What the policy is made of.
fn policy(path: &Path) -> [Vec<u8>; 2] {
    let checkpoint = checkpoint(path, 2 * HALF);
    [WEIGHTS_FILE, NORMALISER_FILE].map(|name| checkpoint.file(name).expect("a policy has it").to_vec())
}

#[test]
fn a_run_in_two_halves_is_the_run_in_one() {
    in_two_halves(&shipped::scenario("docking"), config());
}

#[test]
fn a_run_with_a_warm_start_in_two_halves_is_the_run_in_one() {
    in_two_halves(&shipped::scenario("docking"), warm());
}

#[test]
fn a_run_with_sensors_in_two_halves_is_the_run_in_one() {
    in_two_halves(&sensing::scenario(), config());
}

fn in_two_halves(scenario: &Scenario, config: TrainingConfig) {
    let root = tempfile::tempdir().expect("a directory");
    let [one, two] = ["one", "two"].map(|name| root.path().join(name));
    whole(scenario, config.clone(), &one);

    let halfway = run(&mut training(scenario, config.clone()), &begun(&two), HALF);
    assert_eq!((halfway.env_steps, halfway.interrupted), (HALF, false));
    let directory = RunDirectory::open(&two).expect("it holds a run");
    let mut resumed = training(scenario, config);
    assert_eq!(resumed.resume(&checkpoint(&two, HALF)).expect("it fits"), None);
    run(&mut resumed, &directory, 2 * HALF);

    assert!(policy(&one) == policy(&two), "the resumed policy differs");
    // Environment, generators, normalisers, the best so far: whatever the rest of a run depends on.
    let trainer = |path| checkpoint(path, 2 * HALF).file("trainer2.bin").expect("a run has it").to_vec();
    assert!(trainer(&one) == trainer(&two), "the state of the trainer differs");
    let weights = |step| checkpoint(&two, step).file(WEIGHTS_FILE).expect("a policy has it").to_vec();
    assert!(weights(HALF) != weights(2 * HALF), "nothing was learned after the resume");
}

#[test]
fn an_interrupted_run_goes_on_as_if_it_had_not_been() {
    let scenario = shipped::scenario("docking");
    let root = tempfile::tempdir().expect("a directory");
    let [one, two] = ["one", "two"].map(|name| root.path().join(name));
    whole(&scenario, config(), &one);

    // Stopped by what a signal sets: before anything, and again in mid-course.
    let mut stopped = training(&scenario, config());
    let directory = begun(&two);
    let interrupt = Interrupt::detached();
    interrupt.request();
    let mut progress = Progress::new(2 * HALF, true);
    for rollouts in [0, 3] {
        for _ in 0..rollouts {
            stopped.iterate().expect("it trains");
        }
        let finished = stopped.run(&directory, 2 * HALF, &interrupt, &mut progress).expect("an orderly stop");
        assert_eq!((finished.env_steps, finished.interrupted), (rollouts * 8 * 16, true));
    }
    let mut resumed = training(&scenario, config());
    resumed.resume(&checkpoint(&two, 3 * 8 * 16)).expect("it fits");
    run(&mut resumed, &directory, 2 * HALF);
    assert!(policy(&one) == policy(&two), "the resumed policy differs");
}

#[test]
fn threads_do_not_change_what_is_learned() {
    for (scenario, config) in [("pursuit_evasion", config()), ("docking", warm())] {
        let scenario = shipped::scenario(scenario);
        let root = tempfile::tempdir().expect("a directory");
        let trained = |threads: usize| {
            let path = root.path().join(threads.to_string());
            with_threads(threads, || whole(&scenario, config.clone(), &path));
            policy(&path)
        };
        let one = trained(1);
        for threads in [2, 3] {
            assert!(trained(threads) == one, "{}: {threads} threads", scenario.name);
        }
    }
}

#[test]
fn a_run_of_another_size_is_not_resumed() {
    let scenario = shipped::scenario("docking");
    let root = tempfile::tempdir().expect("a directory");
    run(&mut training(&scenario, config()), &begun(root.path()), 1);
    let found = checkpoint(root.path(), 8 * 16);
    let more = TrainingConfig { envs: 9, ..config() };
    let refused = training(&scenario, more).resume(&found).expect_err("9 arenas are not 8");
    assert!(matches!(refused, TrainError::DoesNotFit { .. }), "{refused}");
    let wider = TrainingConfig { network: ActorCriticConfig::default(), ..config() };
    let refused = training(&scenario, wider).resume(&found).expect_err("256 units are not 48");
    assert!(matches!(refused, TrainError::PolicyFile(_)), "{refused}");
}
