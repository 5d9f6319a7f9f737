//! `evaluate`: a policy and the scripted baselines on the same fresh seeds.

use std::path::{Path, PathBuf};

use super::{Failure, Machine, load};
use crate::eval::evaluate::{Contender, Seeds, baseline_contenders, baselines, compare, scripted};
use crate::eval::figures::{PolicyFigures, PolicyKind};
use crate::eval::scripted_policy::ScriptedPolicy;
use crate::eval::table::{behaviour_table, policy_table};
use crate::models::checkpoint::{self, Checkpoint};
use crate::models::device::{Cpu, DeviceChoice};
use crate::models::learned_policy::{LearnedPolicy, WEIGHTS_FILE};
use crate::scenario::Scenario;
use crate::sim::seeds::SeedDomain;
use crate::sim::template::Template;

#[derive(clap::Args, Debug)]
pub(super) struct EvaluateArguments {
    /// A run, a checkpoint, or the name of a scripted policy.
    model: PathBuf,
    /// Scenario file.
    scenario: PathBuf,
    /// Episodes, one a seed.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    episodes: u64,
    /// Seed of the evaluation; its seeds are never trained on.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Also play against the scenario's held-out behaviours, which nothing is trained against.
    #[arg(long)]
    held_out: bool,
    /// Print one JSON object on stdout.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    machine: Machine,
}

pub(super) fn run(arguments: &EvaluateArguments) -> Result<(), Failure> {
    let scenario = load(&arguments.scenario)?;
    require_learned(&scenario)?;
    arguments.machine.enter(|| {
        let seeds = Seeds { run: arguments.seed, domain: SeedDomain::Report, count: arguments.episodes };
        let name = arguments.model.to_string_lossy().into_owned();
        let model = if baselines().contains(&name.as_str()) { None } else { Some(find(&arguments.model, &scenario)?) };
        let figures_of = |template: &Template| -> Result<Vec<PolicyFigures>, Failure> {
            let rows = seeds.count as usize * scenario.learned_slots().len();
            let contenders = match &model {
                Some(checkpoint) => {
                    let mut all = vec![learned(checkpoint, arguments.machine.device)?];
                    all.extend(baseline_contenders(rows, seeds.run));
                    all
                }
                None => scripted(&name)
                    .map(|behaviour| Contender {
                        name: name.clone(),
                        kind: PolicyKind::Scripted,
                        policy: Box::new(ScriptedPolicy::new(behaviour, rows, seeds.run)),
                    })
                    .into_iter()
                    .collect(),
            };
            Ok(compare(template, &scenario.rewards, seeds, contenders)?)
        };
        let figures = figures_of(&scenario.template)?;
        let held_out = match scenario.with_held_out() {
            Some(template) if arguments.held_out => Some(figures_of(&template)?),
            _ => None,
        };
        if arguments.json {
            println!("{}", json(&scenario, seeds, &figures, held_out.as_deref()));
        } else {
            print!("{}", report(&scenario, seeds, &figures, held_out.as_deref()));
        }
        Ok(())
    })
}

pub(super) fn require_learned(scenario: &Scenario) -> Result<(), Failure> {
    scenario.require_learned().map_err(|error| Failure::Error(error.render(super::colour())))
}

/// The evaluation as `--json` prints it.
pub(super) fn json(
    scenario: &Scenario,
    seeds: Seeds,
    figures: &[PolicyFigures],
    held_out: Option<&[PolicyFigures]>,
) -> serde_json::Value {
    serde_json::json!({
        "scenario": scenario.name,
        "scenario_hash": scenario.hash,
        "episodes": seeds.count,
        "seed": seeds.run,
        "policies": figures,
        "held_out": held_out,
    })
}

/// The evaluation as people read it.
pub(super) fn report(
    scenario: &Scenario,
    seeds: Seeds,
    figures: &[PolicyFigures],
    held_out: Option<&[PolicyFigures]>,
) -> String {
    let mut text = format!("{}: {} fresh seeds (evaluation seed {})\n", scenario.name, seeds.count, seeds.run);
    text.push_str(&format!("{}\n\n{}\n", policy_table(figures), behaviour_table(figures)));
    if let Some(held_out) = held_out {
        text.push_str("\nAgainst behaviours that nothing was trained against:\n");
        text.push_str(&format!("{}\n\n{}\n", policy_table(held_out), behaviour_table(held_out)));
    }
    text
}

/// The checkpoint that a path means: a checkpoint itself, or the best (or else the newest) of a run.
fn find(path: &Path, scenario: &Scenario) -> Result<Checkpoint, Failure> {
    let checkpoint = if [checkpoint::MANIFEST_FILE, WEIGHTS_FILE].iter().any(|file| path.join(file).exists()) {
        Checkpoint::open(path)?
    } else if path.join("checkpoints").is_dir() {
        let checkpoints = path.join("checkpoints");
        let step = match checkpoint::best(&checkpoints)? {
            Some(best) => Some(checkpoints.join(format!("step_{}", best.step))),
            None => checkpoint::latest(&checkpoints)?.found.map(|(_, path)| path),
        };
        let step = step.ok_or_else(|| Failure::message(format!("'{}' has no checkpoint yet", path.display())))?;
        Checkpoint::open(&step)?
    } else {
        return Err(Failure::message(format!(
            "'{}' is no run, no checkpoint and no scripted policy; scripted policies are {}",
            path.display(),
            baselines().join(", ")
        )));
    };
    if checkpoint.meta()["scenario_hash"] != scenario.hash.as_str() {
        eprintln!(
            "warning: the checkpoint was trained on '{}' in another form than this scenario",
            checkpoint.meta()["scenario"].as_str().unwrap_or("an unknown scenario")
        );
    }
    Ok(checkpoint)
}

/// A checkpoint's policy on a device, as a contender.
fn learned(checkpoint: &Checkpoint, device: DeviceChoice) -> Result<Contender<'static>, Failure> {
    let policy: Box<dyn crate::env::policy::Policy> = match device {
        #[cfg(feature = "cuda")]
        DeviceChoice::Cuda => Box::new(LearnedPolicy::<burn::backend::Cuda>::load(checkpoint, Default::default())?),
        #[cfg(feature = "wgpu")]
        DeviceChoice::Wgpu => Box::new(LearnedPolicy::<burn::backend::Wgpu>::load(checkpoint, Default::default())?),
        _ => Box::new(LearnedPolicy::<Cpu>::load(checkpoint, Default::default())?),
    };
    Ok(Contender { name: "learned".to_owned(), kind: PolicyKind::Learned, policy })
}

/// The champion of a run and the baselines, on fresh seeds: how `train` closes.
pub(super) fn closing(
    checkpoint: &std::path::Path,
    scenario: &Scenario,
    seeds: Seeds,
    device: DeviceChoice,
) -> Result<(Vec<PolicyFigures>, Option<Vec<PolicyFigures>>), Failure> {
    let rows = seeds.count as usize * scenario.learned_slots().len();
    let checkpoint = Checkpoint::open(checkpoint)?;
    let figures_of = |template: &Template| -> Result<Vec<PolicyFigures>, Failure> {
        let mut contenders = vec![learned(&checkpoint, device)?];
        contenders.extend(baseline_contenders(rows, seeds.run));
        Ok(compare(template, &scenario.rewards, seeds, contenders)?)
    };
    let held_out = scenario.with_held_out().map(|template| figures_of(&template)).transpose()?;
    Ok((figures_of(&scenario.template)?, held_out))
}
