//! `--difficulty`: a scenario at another difficulty than its file says.

use std::path::PathBuf;

use super::{Failure, colour, load};
use crate::scenario::Scenario;

#[derive(clap::Args, Debug)]
pub(super) struct Difficulty {
    /// Difficulty from 0 to 1, where the scenario has numbers that depend on it; the scenario's own when left out.
    #[arg(long, value_name = "D", value_parser = share)]
    difficulty: Option<f64>,
}

fn share(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1.0).contains(&number) { Ok(number) } else { Err("not from 0 to 1".to_owned()) }
}

impl Difficulty {
    /// Loads a scenario at the difficulty asked for.
    pub(super) fn load(&self, path: &PathBuf) -> Result<Scenario, Failure> {
        let scenario = load(path)?;
        let Some(difficulty) = self.difficulty else { return Ok(scenario) };
        if !scenario.has_ramps() {
            eprintln!("warning: nothing in '{}' depends on the difficulty", path.display());
        }
        scenario.at_difficulty(difficulty).map_err(|error| Failure::Error(error.render(colour())))
    }
}
