//! `train`: the main job.

use std::path::{Path, PathBuf};

use burn::backend::Autodiff;
use burn::tensor::backend::AutodiffBackend;
use serde::{Deserialize, Serialize};

use super::difficulty::Difficulty;
use super::evaluate::{closing, json, report, require_learned};
use super::{Failure, Machine, colour};
use crate::eval::evaluate::Seeds;
use crate::models::checkpoint::Checkpoint;
use crate::models::device::Cpu;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
use crate::models::device::DeviceChoice;
use crate::scenario::{Scenario, ScenarioError};
use crate::sim::seeds::SeedDomain;
use crate::train::TrainError;
use crate::train::config::TrainingConfig;
use crate::train::policy_training::{Finished, PolicyTraining, Task};
use crate::train::progress::Progress;
use crate::train::run_directory::RunDirectory;
use crate::train::signals::Interrupt;

#[derive(clap::Args, Debug)]
pub(super) struct TrainArguments {
    /// Scenario file.
    scenario: PathBuf,
    /// Algorithm; that of the scenario's training block when left out.
    #[arg(long)]
    algorithm: Option<String>,
    /// Environment steps after which training stops. The learning-rate schedule keeps the horizon of the scenario's
    /// training block, so that stopping early and resuming is the same as going on.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    steps: Option<u64>,
    /// Decisions of the warm start, where the scenario has one; 0 leaves it out.
    #[arg(long)]
    demonstrations: Option<u64>,
    /// Arenas played side by side.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    envs: Option<u64>,
    /// Seed of the run.
    #[arg(long)]
    seed: Option<u64>,
    /// Directory of the run; runs/SCENARIO-ALGORITHM-seedS-N when left out.
    #[arg(long)]
    run_dir: Option<PathBuf>,
    /// Go on from the newest checkpoint of this run, or of --run-dir.
    #[arg(long, num_args = 0..=1, value_name = "RUN")]
    resume: Option<Option<PathBuf>>,
    /// Episodes of the closing evaluation; 0 leaves it out.
    #[arg(long, default_value_t = 1000)]
    evaluation_episodes: u64,
    /// Print one JSON object on stdout.
    #[arg(long)]
    json: bool,
    /// Show no progress.
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    difficulty: Difficulty,
    #[command(flatten)]
    machine: Machine,
}

/// What a run's `config.ron` holds.
#[derive(Serialize, Deserialize)]
struct RunConfig {
    scenario: String,
    scenario_hash: String,
    device: String,
    training: TrainingConfig,
    scenario_text: String,
}

pub(super) fn run(arguments: &TrainArguments) -> Result<(), Failure> {
    let scenario = arguments.difficulty.load(&arguments.scenario)?;
    require_learned(&scenario)?;
    let mut config = TrainingConfig::of(&scenario).map_err(|error| Failure::Error(error.render(colour())))?;
    let stop_at = arguments.steps.unwrap_or(config.steps);
    if let Some(algorithm) = &arguments.algorithm {
        config.algorithm.clone_from(algorithm);
    }
    match arguments.demonstrations {
        Some(0) => config.imitation = None,
        Some(decisions) => {
            if let Some(imitation) = &mut config.imitation {
                imitation.decisions = decisions;
            }
        }
        None => {}
    }
    if let Some(envs) = arguments.envs {
        config.envs = envs as usize;
    }
    if let Some(seed) = arguments.seed {
        config.seed = seed;
    }
    arguments.machine.enter(|| match arguments.machine.device {
        #[cfg(feature = "cuda")]
        DeviceChoice::Cuda => train::<Autodiff<burn::backend::Cuda>>(arguments, &scenario, config, stop_at),
        #[cfg(feature = "wgpu")]
        DeviceChoice::Wgpu => train::<Autodiff<burn::backend::Wgpu>>(arguments, &scenario, config, stop_at),
        _ => train::<Autodiff<Cpu>>(arguments, &scenario, config, stop_at),
    })
}

fn train<B: AutodiffBackend>(
    arguments: &TrainArguments,
    scenario: &Scenario,
    config: TrainingConfig,
    stop_at: u64,
) -> Result<(), Failure> {
    let task =
        Task { name: &scenario.name, hash: &scenario.hash, template: &scenario.template, rewards: &scenario.rewards };
    // Everything that can be refused is refused before the run's directory is made.
    let seed = config.seed;
    let stages = config.curriculum.iter().flat_map(|curriculum| &curriculum.stages);
    let stages = stages.map(|difficulty| Ok(scenario.at_difficulty(*difficulty)?.template));
    let stages = stages.collect::<Result<Vec<_>, ScenarioError>>()?;
    let mut training = PolicyTraining::<B>::new(task, config.clone(), Default::default())?.with_stages(stages)?;
    let directory = match &arguments.resume {
        Some(run) => {
            let path = run.as_ref().or(arguments.run_dir.as_ref());
            let path = path.ok_or_else(|| Failure::message("--resume needs a run: --resume RUN, or --run-dir RUN"))?;
            let directory = RunDirectory::open(path)?;
            let latest = directory.latest_checkpoint()?;
            let newest = latest.found.ok_or_else(|| TrainError::NothingToResume(path.display().to_string()))?;
            for (_, reason) in &latest.skipped {
                eprintln!("warning: {reason}");
            }
            if let Some(warning) = training.resume(&Checkpoint::open(&newest.1)?)? {
                eprintln!("warning: {warning}");
            }
            directory
        }
        None => {
            let directory = match &arguments.run_dir {
                Some(path) => RunDirectory::create(path)?,
                None => RunDirectory::create_next(Path::new("runs"), &scenario.name, &config.algorithm, seed)?,
            };
            let run = RunConfig {
                scenario: scenario.name.clone(),
                scenario_hash: scenario.hash.clone(),
                device: arguments.machine.device.to_string(),
                training: config,
                scenario_text: scenario.text().to_owned(),
            };
            let text = ron::ser::to_string_pretty(&run, ron::ser::PrettyConfig::default())?;
            directory.write_config(&text)?;
            directory
        }
    };
    if !arguments.quiet {
        eprintln!("run: {}   (tensorboard --logdir {})", directory.path().display(), directory.path().display());
    }
    let interrupt = Interrupt::install()?;
    let mut progress = Progress::new(stop_at, arguments.quiet);
    let finished = training.run(&directory, stop_at, &interrupt, &mut progress)?;
    if finished.interrupted {
        eprintln!(
            "stopped at {} steps; go on with: astroshield train {} --resume {}",
            finished.env_steps,
            arguments.scenario.display(),
            directory.path().display()
        );
    }
    conclude(arguments, scenario, &directory, &finished, seed)
}

/// Evaluates the champion on fresh seeds, and writes and prints the summary.
fn conclude(
    arguments: &TrainArguments,
    scenario: &Scenario,
    directory: &RunDirectory,
    finished: &Finished,
    seed: u64,
) -> Result<(), Failure> {
    let seeds = Seeds { run: seed, domain: SeedDomain::Report, count: arguments.evaluation_episodes };
    let champion = finished.best.map_or(finished.env_steps, |best| best.step);
    let champion = directory.checkpoints_path().join(format!("step_{champion}"));
    let evaluation = if finished.interrupted || seeds.count == 0 {
        None
    } else {
        Some(closing(&champion, scenario, seeds, arguments.machine.device)?)
    };
    let told = evaluation.as_ref().map(|(figures, held_out)| json(scenario, seeds, figures, held_out.as_deref()));
    let summary = serde_json::json!({
        "run_dir": directory.path(),
        "scenario": scenario.name,
        "seed": seed,
        "env_steps": finished.env_steps,
        "steps_per_s": finished.steps_per_s,
        "interrupted": finished.interrupted,
        "champion": champion,
        "select_success_rate": finished.best.map(|best| best.score),
        "evaluation": told,
    });
    directory.write_summary(&summary)?;
    if arguments.json {
        println!("{summary}");
    } else if let Some((figures, held_out)) = &evaluation {
        print!("{}", report(scenario, seeds, figures, held_out.as_deref()));
        println!("champion: {}", champion.display());
    }
    Ok(())
}
