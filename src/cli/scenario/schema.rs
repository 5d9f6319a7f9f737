//! `scenario schema`: the language, generated from the types that read it.

use crate::cli::Failure;
use crate::scenario::language::Language;
use crate::train::config::TrainingConfig;

#[derive(clap::Args, Debug)]
pub(in crate::cli) struct SchemaArguments {
    /// Print it as a JSON Schema (draft 2020-12) of the scenario as serde writes it.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &SchemaArguments) -> Result<(), Failure> {
    let language = Language::with_training::<TrainingConfig>();
    if arguments.json {
        println!("{}", language.json());
    } else {
        print!("{}", language.page());
    }
    Ok(())
}
