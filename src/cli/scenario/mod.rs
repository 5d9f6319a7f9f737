//! `scenario`: what an author works with.

mod check;
mod list;
mod schema;
mod show;

use clap::Subcommand;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{ContentArrangement, Table, TableComponent};

use super::Failure;

#[derive(Subcommand, Debug)]
pub(super) enum ScenarioCommand {
    /// Check scenario files; exit 1 when any has a fault.
    Check(check::CheckArguments),
    /// List the scenarios of a directory.
    List(list::ListArguments),
    /// Tell what a scenario draws, and draw some episodes.
    Show(show::ShowArguments),
    /// Print the language that scenarios are written in, with units, ranges and defaults.
    Schema(schema::SchemaArguments),
}

pub(super) fn run(command: &ScenarioCommand) -> Result<(), Failure> {
    match command {
        ScenarioCommand::Check(arguments) => check::run(arguments),
        ScenarioCommand::List(arguments) => list::run(arguments),
        ScenarioCommand::Show(arguments) => show::run(arguments),
        ScenarioCommand::Schema(arguments) => schema::run(arguments),
    }
}

/// An empty table that fits the terminal, without lines between its rows.
fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.remove_style(TableComponent::HorizontalLines).remove_style(TableComponent::MiddleIntersections);
    table.set_header(header);
    table
}
