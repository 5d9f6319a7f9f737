//! `scenario check`: all faults of scenarios at once, on their spans.

use std::path::PathBuf;

use clap::Subcommand;

use super::{Failure, colour};
use crate::scenario::Scenario;
use crate::train::config::TrainingConfig;

#[derive(Subcommand, Debug)]
pub(super) enum ScenarioCommand {
    /// Check scenario files; exit 1 when any has a fault.
    Check {
        /// Files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

pub(super) fn run(command: &ScenarioCommand) -> Result<(), Failure> {
    let ScenarioCommand::Check { files } = command;
    let mut failed = false;
    for file in files {
        match Scenario::load(file).and_then(|scenario| TrainingConfig::of(&scenario).map(|_| scenario)) {
            Ok(scenario) => {
                println!("{}: ok ({}, {} spacecraft)", file.display(), scenario.name, scenario.template.slots.len())
            }
            Err(error) => {
                failed = true;
                eprint!("{}", error.render(colour()));
            }
        }
    }
    if failed { Err(Failure::Check) } else { Ok(()) }
}
