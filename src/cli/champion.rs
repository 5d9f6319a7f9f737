//! `champion`: a run's best policy, with the evaluation that it earned, in a directory of its own.

use std::path::PathBuf;

use super::Failure;
use crate::models::checkpoint::{self, Checkpoint};
use crate::models::learned_policy::{NORMALISER_FILE, WEIGHTS_FILE};

/// The evaluation beside the weights.
const EVALUATION_FILE: &str = "evaluation.json";

#[derive(clap::Args, Debug)]
pub(super) struct ChampionArguments {
    /// A finished run.
    run: PathBuf,
    /// Directory to make; it must not exist yet.
    #[arg(long)]
    out: PathBuf,
}

pub(super) fn run(arguments: &ChampionArguments) -> Result<(), Failure> {
    let ChampionArguments { run, out } = arguments;
    if out.exists() {
        return Err(Failure::message(format!("'{}' exists already: choose another directory", out.display())));
    }
    let checkpoints = run.join("checkpoints");
    let best = checkpoint::best(&checkpoints)?
        .ok_or_else(|| Failure::message(format!("'{}' has no champion yet: let it finish", run.display())))?;
    let champion = Checkpoint::open(&checkpoints.join(format!("step_{}", best.step)))?;
    let summary: serde_json::Value = serde_json::from_slice(&std::fs::read(run.join("summary.json"))?)?;
    let evaluation = format!("{:#}\n", summary["evaluation"]);
    let files = [
        (WEIGHTS_FILE, champion.file(WEIGHTS_FILE)?),
        (NORMALISER_FILE, champion.file(NORMALISER_FILE)?),
        (EVALUATION_FILE, evaluation.as_bytes()),
    ];
    // Written whole beside the place, then renamed into it.
    let parent = out.with_extension("partial");
    let written = Checkpoint::write(&parent, best.step, &files, champion.meta().clone())?;
    std::fs::rename(&written, out)?;
    std::fs::remove_dir_all(&parent)?;
    eprintln!("{}: step {}, {:.1} % on seeds of the domain `select`", out.display(), best.step, 100.0 * best.score);
    Ok(())
}
