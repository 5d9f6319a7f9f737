//! `scenario check`: all faults of scenarios at once, on their spans.

use std::path::PathBuf;

use crate::cli::{Failure, colour};
use crate::scenario::Scenario;
use crate::train::config::TrainingConfig;

#[derive(clap::Args, Debug)]
pub(in crate::cli) struct CheckArguments {
    /// Files.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

pub(super) fn run(arguments: &CheckArguments) -> Result<(), Failure> {
    let mut failed = false;
    for file in &arguments.files {
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
