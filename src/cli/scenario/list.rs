//! `scenario list`: the families, each with its summary.

use std::path::{Path, PathBuf};

use super::table;
use crate::cli::{Failure, colour};
use crate::scenario::Scenario;
use crate::train::config::TrainingConfig;

#[derive(clap::Args, Debug)]
pub(in crate::cli) struct ListArguments {
    /// Directory of the scenario files.
    #[arg(long, default_value = "scenarios")]
    dir: PathBuf,
    /// Print a JSON array on stdout.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &ListArguments) -> Result<(), Failure> {
    let mut scenarios = Vec::new();
    let mut failed = false;
    for file in files(&arguments.dir)? {
        // One that trains on what it does not say so is told like any other fault, and the rest are listed all the same.
        match Scenario::load(&file).and_then(|scenario| TrainingConfig::of(&scenario).map(|_| scenario)) {
            Ok(scenario) => scenarios.push((file, scenario)),
            Err(error) => {
                failed = true;
                eprint!("{}", error.render(colour()));
            }
        }
    }
    if arguments.json {
        let entries: Vec<_> = scenarios.iter().map(|(file, scenario)| entry(file, scenario)).collect();
        println!("{}", serde_json::Value::Array(entries));
    } else {
        println!("{}", families(&scenarios));
    }
    if failed { Err(Failure::Check) } else { Ok(()) }
}

/// The scenario files in `directory`, by name.
fn files(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable =
        |error: std::io::Error| Failure::message(format!("'{}' cannot be read: {error}", directory.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "ron") {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Failure::message(format!("there are no .ron files in '{}'", directory.display())));
    }
    Ok(files)
}

fn entry(file: &Path, scenario: &Scenario) -> serde_json::Value {
    let learned: Vec<&str> =
        scenario.learned_slots().iter().map(|slot| scenario.template.slots[*slot].name.as_str()).collect();
    let casts: Vec<&str> = scenario.template.casts.iter().map(|cast| cast.name.as_str()).collect();
    serde_json::json!({
        "name": scenario.name,
        "file": file,
        "slots": scenario.template.slots.len(),
        "tier": scenario.config.physics.tier.name(),
        "summary": scenario.summary,
        "learned": learned,
        "casts": casts,
        "has_difficulty": scenario.has_ramps(),
        "hash": scenario.hash,
    })
}

fn families(scenarios: &[(PathBuf, Scenario)]) -> String {
    let mut rows = table(&["name", "file", "slots", "tier", "summary"]);
    for (file, scenario) in scenarios {
        rows.add_row([
            scenario.name.clone(),
            file.display().to_string(),
            scenario.template.slots.len().to_string(),
            scenario.config.physics.tier.name().to_owned(),
            scenario.summary.clone(),
        ]);
    }
    rows.trim_fmt()
}
