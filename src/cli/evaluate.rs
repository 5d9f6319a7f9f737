//! `evaluate`: a policy and the scripted baselines on the same fresh seeds.

use std::path::PathBuf;

use super::difficulty::Difficulty;
use super::model::{self, Model};
use super::telemetry_evaluation::{self, TelemetryModel};
use super::{Failure, Machine};
use crate::eval::evaluate::{Contender, Seeds, baseline_contenders, compare};
use crate::eval::figures::{PolicyFigures, PolicyKind};
use crate::eval::table::{behaviour_table, policy_table};
use crate::models::checkpoint::Checkpoint;
use crate::models::device::DeviceChoice;
use crate::scenario::Scenario;
use crate::sim::seeds::SeedDomain;
use crate::sim::template::Template;

#[derive(clap::Args, Debug)]
pub(super) struct EvaluateArguments {
    /// A run, a checkpoint, or the name of a scripted policy; a detector or an encoder of telemetry.
    pub(super) model: PathBuf,
    /// Scenario file; for a network of telemetry also a data set.
    pub(super) scenario: PathBuf,
    /// Episodes, one a seed.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(super) episodes: u64,
    /// Seed of the evaluation; its seeds are never trained on.
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Also play against the scenario's held-out behaviours, which nothing is trained against.
    #[arg(long)]
    held_out: bool,
    /// Print one JSON object on stdout.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    difficulty: Difficulty,
    #[command(flatten)]
    machine: Machine,
}

pub(super) fn run(arguments: &EvaluateArguments) -> Result<(), Failure> {
    if let Some(model) = TelemetryModel::find(&arguments.model)? {
        return arguments.machine.enter(|| telemetry_evaluation::run(arguments, &model));
    }
    let scenario = arguments.difficulty.load(&arguments.scenario)?;
    require_learned(&scenario)?;
    arguments.machine.enter(|| {
        let seeds = Seeds { run: arguments.seed, domain: SeedDomain::Report, count: arguments.episodes };
        let name = arguments.model.to_string_lossy().into_owned();
        let model = Model::find(&name, &scenario)?;
        let figures_of = |template: &Template| -> Result<Vec<PolicyFigures>, Failure> {
            let rows = seeds.count as usize * scenario.learned_slots().len();
            let policy = model.policy(rows, seeds.run, arguments.machine.device)?;
            let kind = model.kind();
            // A trained policy is told beside the baselines; any other is one that they are told by.
            let contenders = match kind {
                PolicyKind::Learned => {
                    let mut all = vec![Contender { name: "learned".to_owned(), kind, policy }];
                    all.extend(baseline_contenders(&scenario.config.baselines, rows, seeds.run));
                    all
                }
                _ => vec![Contender { name: name.clone(), kind, policy }],
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
        let policy = model::learned(&checkpoint, device)?;
        let mut contenders = vec![Contender { name: "learned".to_owned(), kind: PolicyKind::Learned, policy }];
        contenders.extend(baseline_contenders(&scenario.config.baselines, rows, seeds.run));
        Ok(compare(template, &scenario.rewards, seeds, contenders)?)
    };
    let held_out = scenario.with_held_out().map(|template| figures_of(&template)).transpose()?;
    Ok((figures_of(&scenario.template)?, held_out))
}
