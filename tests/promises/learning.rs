//! Each algorithm learns a tiny environment in seconds.

use astroshield::eval::evaluate::{Seeds, play};
use astroshield::models::actor_critic::{ActorCritic, ActorCriticConfig};
use astroshield::models::checkpoint::Checkpoint;
use astroshield::models::device::Cpu;
use astroshield::models::learned_policy::{Exploration, LearnedPolicy};
use astroshield::models::normaliser::ObservationNormaliser;
use astroshield::scenario::Scenario;
use astroshield::sim::seeds::{Purpose, SeedDomain, stream};
use astroshield::train::algorithms::registry;
use astroshield::train::config::TrainingConfig;
use astroshield::train::policy_training::{PolicyTraining, Task};
use astroshield::train::progress::Progress;
use astroshield::train::run_directory::RunDirectory;
use astroshield::train::signals::Interrupt;
use burn::backend::Autodiff;

/// From rest at 40 to 60 m to within 15 m of a station, in ten decisions.
const CLOSE_IN: &str = r#"(
    name: "close_in",
    summary: "A deputy comes within 15 m of a station",
    epoch: "2026-03-20T12:00:00Z",
    physics: (tier: Relative(mean_motion_rad_s: 0.001027)),
    timing: (segment_s: 5.0, replan_every: 4, time_limit_s: 200.0),
    spacecraft: [
        (
            name: "station", team: "hosts", role: Target, mass_kg: Fixed(2000.0), orbit: Origin,
            control: Scripted([Ballistic()]),
        ),
        (
            name: "deputy", team: "visitors", role: Pursuer, mass_kg: Fixed(12.0),
            propulsion: (thrusters: PerAxis(thrust_n: Fixed(1.0))),
            orbit: RtnShell(to: "station", range_m: Uniform(40.0, 60.0), speed_m_s: Fixed(0.0)),
            control: Learned,
        ),
    ],
    objective: (
        team: "visitors",
        success: Reach(who: "deputy", target: "station", radius_m: 15.0),
    ),
    rewards: (
        terms: [
            Approach(weight: 1.0, scale: Linear(unit_m: 20.0)),
            Time(weight_per_s: 0.005),
            Ending(success: 2.0, failure: -1.0),
        ],
    ),
    training: (
        steps: 131072, envs: 64, rollout: 32, seed: 1, learning_rate: 1e-3, final_learning_rate: 1e-4,
        evaluate_every: 131072, evaluation_episodes: 32, checkpoint_every: 131072,
        network: (hidden: 128),
    ),
)"#;

fn success_rate(scenario: &Scenario, policy: &mut LearnedPolicy<Cpu>) -> f64 {
    let seeds = Seeds { run: 1, domain: SeedDomain::Report, count: 200 };
    let episodes = play(&scenario.template, &scenario.rewards, seeds, policy).expect("finite numbers");
    episodes.iter().filter(|episode| episode.succeeded()).count() as f64 / episodes.len() as f64
}

/// Untrained, with as much exploration as training starts with.
fn untrained(config: &ActorCriticConfig, executed: usize) -> LearnedPolicy<Cpu> {
    let row = |row| stream(1, SeedDomain::Report, row, 0, Purpose::Policy);
    let mut generator = stream(1, SeedDomain::Train, 0, 0, Purpose::Trainer);
    let model = ActorCritic::new(config, &mut generator, &Default::default());
    let exploration = Exploration::Sample((0..200).map(row).collect());
    LearnedPolicy::new(model, ObservationNormaliser::identity(), exploration, executed, Default::default())
}

#[test]
fn every_algorithm_learns_to_close_in() {
    let scenario = Scenario::from_source("close_in.ron", CLOSE_IN).unwrap_or_else(|error| panic!("{error}"));
    for (algorithm, _) in registry::<Autodiff<Cpu>>() {
        let mut config = TrainingConfig::of(&scenario).unwrap_or_else(|error| panic!("{error}"));
        config.algorithm = algorithm.to_owned();
        let before = success_rate(&scenario, &mut untrained(&config.network, 16));
        assert!(before < 0.2, "there is nothing to learn: {before}");

        let root = tempfile::tempdir().expect("a directory");
        let directory = RunDirectory::create(&root.path().join("run")).expect("a new directory");
        let task = Task {
            name: &scenario.name,
            hash: &scenario.hash,
            template: &scenario.template,
            rewards: &scenario.rewards,
        };
        let steps = config.steps;
        let mut training =
            PolicyTraining::<Autodiff<Cpu>>::new(task, config, Default::default()).expect("a sound configuration");
        let mut progress = Progress::new(steps, true);
        let finished = training.run(&directory, steps, &Interrupt::detached(), &mut progress).expect("it trains");
        assert_eq!((finished.env_steps, finished.interrupted), (steps, false));

        let last = directory.checkpoints_path().join(format!("step_{steps}"));
        let checkpoint = Checkpoint::open(&last).expect("a whole checkpoint");
        let mut policy = LearnedPolicy::load(&checkpoint, Default::default()).expect("it holds a policy");
        let after = success_rate(&scenario, &mut policy);
        assert!(after > 0.8, "{algorithm}: {before} before, {after} after {steps} steps");
    }
}
