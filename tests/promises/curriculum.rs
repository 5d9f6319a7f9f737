//! A curriculum moves on when a stage succeeds often enough, and a run through it is resumed to the bit.

use std::path::Path;

use astroshield::models::actor_critic::ActorCriticConfig;
use astroshield::models::checkpoint::Checkpoint;
use astroshield::models::device::Cpu;
use astroshield::models::learned_policy::WEIGHTS_FILE;
use astroshield::scenario::Scenario;
use astroshield::sim::distribution::Distribution;
use astroshield::sim::template::Start;
use astroshield::train::TrainError;
use astroshield::train::config::TrainingConfig;
use astroshield::train::policy_training::{PolicyTraining, Task};
use astroshield::train::progress::Progress;
use astroshield::train::run_directory::RunDirectory;
use astroshield::train::signals::Interrupt;
use burn::backend::Autodiff;

/// A deputy drifts towards a station at 1 m/s and can do next to nothing about it: it arrives within the limit from near by,
/// which is at difficulties 0 and 0.3, and not from far away.
const DRIFT: &str = r#"(
    name: "drift", summary: "A deputy drifts to a station", epoch: "2026-03-20T12:00:00Z",
    physics: (tier: Relative(mean_motion_rad_s: 0.00001)),
    timing: (segment_s: 5.0, replan_every: 4, time_limit_s: 200.0),
    spacecraft: [
        (
            name: "station", team: "hosts", role: Target, mass_kg: Fixed(2000.0), orbit: Origin,
            control: Scripted([Jink(lead_s: Ramp(easy: (1.0, 2.0), hard: (3.0, 4.0)))]),
            propulsion: (thrusters: Vectored(thrust_n: Fixed(0.000001))),
        ),
        (
            name: "deputy", team: "visitors", role: Pursuer, mass_kg: Fixed(12.0),
            propulsion: (thrusters: Vectored(thrust_n: Fixed(0.0001))),
            orbit: RtnOffset(
                to: "station",
                position_m: (Fixed(0.0), Ramp(easy: (30.0, 40.0), hard: (300.0, 400.0)), Fixed(0.0)),
                velocity_m_s: (Fixed(0.0), Fixed(-1.0), Fixed(0.0)),
            ),
            control: Learned,
        ),
    ],
    objective: (team: "visitors", success: Reach(who: "deputy", target: "station", radius_m: 15.0)),
    rewards: (terms: [Approach(weight: 1.0, scale: Linear(unit_m: 20.0)), Ending(success: 2.0, failure: -1.0)]),
    held_out: {"station": [Flee(trigger_range_m: Ramp(easy: (1.0, 2.0), hard: (3.0, 4.0)))]},
    training: (
        rollout: 16, envs: 8, evaluation_episodes: 4, network: (hidden: 48),
        curriculum: (stages: [0.0, 0.3, 1.0], success: 0.8, window: 40),
    ),
)"#;

/// Environment steps of a rollout.
const ROLLOUT: u64 = 8 * 16;
/// Half of a run: after the first stage, before the second is passed.
const HALF: u64 = 3 * ROLLOUT;

fn scenario() -> Scenario {
    Scenario::from_source("drift.ron", DRIFT).unwrap_or_else(|error| panic!("{}", error.render(false)))
}

fn config(scenario: &Scenario) -> TrainingConfig {
    let config = TrainingConfig::of(scenario).unwrap_or_else(|error| panic!("{}", error.render(false)));
    assert_eq!(config.network, ActorCriticConfig { hidden: 48, ..ActorCriticConfig::default() });
    TrainingConfig { steps: 4 * HALF, evaluate_every: HALF, checkpoint_every: HALF, ..config }
}

fn training(scenario: &Scenario) -> PolicyTraining<'_, Autodiff<Cpu>> {
    let task =
        Task { name: &scenario.name, hash: &scenario.hash, template: &scenario.template, rewards: &scenario.rewards };
    let config = config(scenario);
    let stages = config.curriculum.iter().flat_map(|curriculum| curriculum.stages.clone());
    let stages = stages.map(|stage| scenario.at_difficulty(stage).expect("from 0 to 1").template).collect();
    PolicyTraining::new(task, config, Default::default())
        .and_then(|training| training.with_stages(stages))
        .expect("sound")
}

fn begun(path: &Path) -> RunDirectory {
    let directory = RunDirectory::create(path).expect("a new directory");
    directory.write_config("()").expect("it can be written");
    directory
}

fn run(training: &mut PolicyTraining<'_, Autodiff<Cpu>>, directory: &RunDirectory, until: u64) -> f64 {
    let mut progress = Progress::new(until, true);
    let finished = training.run(directory, until, &Interrupt::detached(), &mut progress).expect("it trains");
    finished.best.expect("it was evaluated").score
}

/// Values of a tag, in order.
fn logged(path: &Path, tag: &str) -> Vec<f64> {
    let text = std::fs::read_to_string(path.join("metrics.jsonl")).expect("a run has it");
    let values = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("one object a line"));
    values.filter_map(|values| values[tag].as_f64()).collect()
}

#[test]
fn stages_are_passed_one_after_the_other() {
    let scenario = scenario();
    let root = tempfile::tempdir().expect("a directory");
    let path = root.path().join("run");
    let score = run(&mut training(&scenario), &begun(&path), 4 * HALF);
    assert_eq!(score, 0.0, "evaluations are at the scenario's own difficulty, from which nobody arrives");
    let difficulties = logged(&path, "rollout/difficulty");
    let mut stages = difficulties.clone();
    stages.dedup();
    assert_eq!(stages, [0.0, 0.3, 1.0], "{difficulties:?}");
    assert_eq!(difficulties.len() as u64, 4 * HALF / ROLLOUT, "one a rollout");
    let success = logged(&path, "rollout/success_rate");
    assert_eq!(success.first(), Some(&1.0));
    assert_eq!(success.last(), Some(&0.0), "the new stage is drawn from: {success:?}");
}

#[test]
fn a_run_through_a_change_of_stage_in_two_halves_is_the_run_in_one() {
    let scenario = scenario();
    let root = tempfile::tempdir().expect("a directory");
    let [one, two] = ["one", "two"].map(|name| root.path().join(name));
    run(&mut training(&scenario), &begun(&one), 4 * HALF);

    let mut halfway = training(&scenario);
    run(&mut halfway, &begun(&two), HALF);
    let checkpoint = |path: &Path, step: u64| {
        Checkpoint::open(&path.join("checkpoints").join(format!("step_{step}"))).expect("a whole checkpoint")
    };
    assert_eq!(halfway.difficulty(), Some(0.3), "the first half ends between two changes of stage");
    let mut resumed = training(&scenario);
    assert_eq!(resumed.difficulty(), Some(0.0));
    resumed.resume(&checkpoint(&two, HALF)).expect("it fits");
    assert_eq!(resumed.difficulty(), Some(0.3));
    run(&mut resumed, &RunDirectory::open(&two).expect("it holds a run"), 4 * HALF);
    assert_eq!(resumed.difficulty(), Some(1.0), "a stage was changed after the resume");
    for file in [WEIGHTS_FILE, "trainer2.bin"] {
        let bytes = |path: &Path| checkpoint(path, 4 * HALF).file(file).expect("a run has it").to_vec();
        assert!(bytes(&one) == bytes(&two), "{file} differs");
    }
}

#[test]
fn a_curriculum_without_the_templates_of_its_stages_is_refused() {
    let scenario = scenario();
    let task =
        Task { name: &scenario.name, hash: &scenario.hash, template: &scenario.template, rewards: &scenario.rewards };
    let mut bare = PolicyTraining::<Autodiff<Cpu>>::new(task, config(&scenario), Default::default()).expect("sound");
    let root = tempfile::tempdir().expect("a directory");
    let directory = begun(&root.path().join("run"));
    let refused = bare.run(&directory, ROLLOUT, &Interrupt::detached(), &mut Progress::new(ROLLOUT, true));
    assert!(matches!(refused, Err(TrainError::DoesNotFit { .. })), "{refused:?}");
    let one = vec![scenario.template.clone()];
    assert!(matches!(bare.with_stages(one), Err(TrainError::DoesNotFit { .. })), "one template for three stages");
}

#[test]
fn faults_of_a_curriculum_are_told_on_their_place() {
    for (from, to, message) in [
        ("[0.0, 0.3, 1.0]", "[0.3, 0.3, 1.0]", "do not rise from 0.3 to 0.3"),
        ("[0.0, 0.3, 1.0]", "[]", "has no stages"),
        ("[0.0, 0.3, 1.0]", "[0.0, 1.5]", "a stage of the curriculum is 1.5"),
        ("success: 0.8, window", "success: 0.0, window", "success is 0"),
        ("success: 0.8, window", "success: 1.1, window", "success is 1.1"),
        ("window: 40", "window: 0", "window is 0"),
    ] {
        let scenario =
            Scenario::from_source("drift.ron", &DRIFT.replacen(from, to, 1)).expect("the block is read later");
        let error = TrainingConfig::of(&scenario).expect_err(to).render(false);
        assert!(error.contains(message) && error.contains("curriculum"), "{to}\n{error}");
    }
    let flat = DRIFT
        .replace("Ramp(easy: (30.0, 40.0), hard: (300.0, 400.0))", "Fixed(30.0)")
        .replace("Ramp(easy: (1.0, 2.0), hard: (3.0, 4.0))", "Fixed(1.0)");
    let scenario = Scenario::from_source("drift.ron", &flat).unwrap_or_else(|error| panic!("{}", error.render(false)));
    let error = TrainingConfig::of(&scenario).expect_err("nothing to raise").render(false);
    assert!(error.contains("nothing in this scenario depends on the difficulty"), "{error}");
}

#[test]
fn a_scenario_is_compiled_at_its_difficulty() {
    let scenario = scenario();
    for (difficulty, low, high, lead) in
        [(0.0, 30.0, 40.0, (1.0, 2.0)), (0.5, 165.0, 220.0, (2.0, 3.0)), (1.0, 300.0, 400.0, (3.0, 4.0))]
    {
        let there = scenario.at_difficulty(difficulty).expect("from 0 to 1");
        let Start::Offset { position_m, .. } = &there.template.slots[1].start else { panic!("an offset") };
        assert_eq!(position_m[1], Distribution::Uniform(low, high));
        let lead = format!("lead_s: Uniform({:?}, {:?})", lead.0, lead.1);
        assert!(format!("{:?}", there.template.slots[0].behaviours).contains(&lead), "{lead}");
        let held_out = there.with_held_out().expect("one is held out");
        assert!(!format!("{:?}", held_out.slots[0].behaviours).contains("Ramp"));
        assert!(!format!("{:?}", there.template).contains("Ramp"));
        // As if the file said so.
        let said = DRIFT.replacen("epoch:", &format!("difficulty: {difficulty:?}, epoch:"), 1);
        let said = Scenario::from_source("drift.ron", &said).unwrap_or_else(|error| panic!("{}", error.render(false)));
        assert_eq!((&said.hash, &said.template), (&there.hash, &there.template));
        assert_eq!(said.hash == scenario.hash, difficulty == 1.0);
    }
    for difficulty in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert!(scenario.at_difficulty(difficulty).is_err(), "{difficulty}");
    }
    for (ramp, message) in [
        ("Ramp(easy: (40.0, 30.0), hard: (300.0, 400.0))", "lower easy bound 40 is above its upper one 30"),
        ("Ramp(easy: (30.0, 40.0), hard: (NaN, 400.0))", "its bounds must be finite"),
        ("Ramp(easy: (30.0, 40.0), hrad: (300.0, 400.0))", "unknown field `hrad`"),
        ("Ramp(easy: (30.0, 40.0))", "missing field `hard`"),
    ] {
        let text = DRIFT.replacen("Ramp(easy: (30.0, 40.0), hard: (300.0, 400.0))", ramp, 1);
        let error = Scenario::from_source("drift.ron", &text).expect_err(ramp).render(false);
        assert!(error.contains(message), "{ramp}\n{error}");
    }
    let error = Scenario::from_source("drift.ron", &DRIFT.replacen("epoch:", "difficulty: 1.5, epoch:", 1));
    assert!(error.expect_err("above 1").render(false).contains("difficulty 1.5 is above 1"));
}
