//! The command line: one file a subcommand. Progress and logs go to stderr, results to stdout; exit 0 success, 1 the check
//! asked for failed, 2 error.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what the command line is for")]

mod champion;
mod conjunction;
mod dataset;
mod difficulty;
mod evaluate;
mod fit;
mod model;
mod propagate;
mod scenario;
mod simulate;
mod telemetry_evaluation;
mod train;
mod version;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::models::device::DeviceChoice;

/// Adversarial spacecraft scenarios: simulate, train policies, compare them.
#[derive(Parser, Debug)]
#[command(
    name = "astroshield",
    disable_version_flag = true,
    after_help = "The main job: astroshield train scenarios/pursuit_evasion.ron"
)]
pub struct Arguments {
    /// Print version, commit, features and devices found.
    #[arg(short = 'V', long)]
    version: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Train a policy on a scenario, and evaluate it.
    Train(train::TrainArguments),
    /// Play a policy and the scripted baselines on the same fresh seeds.
    Evaluate(evaluate::EvaluateArguments),
    /// Play episodes, and record them as Parquet, OEM, CZML and a page that replays them.
    Simulate(simulate::SimulateArguments),
    /// Make a data set of labelled telemetry, or take one from a file of real telemetry.
    Dataset(dataset::DatasetArguments),
    /// Train a network of telemetry on a data set, and judge it beside baselines.
    Fit(fit::FitArguments),
    /// Move one state through time under named forces.
    Propagate(propagate::PropagateArguments),
    /// Copy a finished run's champion, with its evaluation, into a directory of its own.
    Champion(champion::ChampionArguments),
    /// Tell closest approach and probability of collision of a conjunction data message.
    Conjunction(conjunction::ConjunctionArguments),
    /// Check, list and show scenarios, and the language that they are written in.
    #[command(subcommand)]
    Scenario(scenario::ScenarioCommand),
}

/// Why a command ended without success.
enum Failure {
    /// The check that was asked for failed: exit 1; what is wrong has been printed.
    Check,
    /// An error: exit 2, with this message.
    Error(String),
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut text = format!("error: {error}");
        let mut cause = error.source();
        while let Some(error) = cause {
            let reason = error.to_string();
            if !text.contains(&reason) {
                text.push_str(&format!("\n  because: {reason}"));
            }
            cause = error.source();
        }
        Self::Error(text)
    }
}

impl Failure {
    fn message(text: impl std::fmt::Display) -> Self {
        Self::Error(format!("error: {text}"))
    }
}

impl Arguments {
    /// Runs the command; gives the process's exit code.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let outcome = match self.command {
            _ if self.version => {
                print!("{}", version::text());
                Ok(())
            }
            None => {
                print!("{}", SHORT_HELP);
                Ok(())
            }
            Some(Command::Train(arguments)) => train::run(&arguments),
            Some(Command::Evaluate(arguments)) => evaluate::run(&arguments),
            Some(Command::Simulate(arguments)) => simulate::run(&arguments),
            Some(Command::Dataset(arguments)) => dataset::run(&arguments),
            Some(Command::Fit(arguments)) => fit::run(&arguments),
            Some(Command::Propagate(arguments)) => propagate::run(&arguments),
            Some(Command::Champion(arguments)) => champion::run(&arguments),
            Some(Command::Conjunction(arguments)) => conjunction::run(&arguments),
            Some(Command::Scenario(command)) => scenario::run(&command),
        };
        match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(Failure::Check) => ExitCode::from(1),
            Err(Failure::Error(text)) => {
                eprintln!("{}", text.trim_end());
                ExitCode::from(2)
            }
        }
    }
}

const SHORT_HELP: &str = "\
AstroShield: adversarial spacecraft scenarios in RON, played in parallel; policies trained on them and compared.

  astroshield train scenarios/pursuit_evasion.ron       train, and evaluate on fresh seeds (the main job)
  astroshield evaluate checkpoints/pursuit_evasion scenarios/pursuit_evasion.ron
  astroshield simulate scenarios/docking.ron --out recording --html
                                                        play, record, and make a page that replays it
  astroshield dataset scenarios/mixed_threats.ron --windows 100000 --out data
                                                        labelled telemetry, or real telemetry with --from FILE
  astroshield fit detector --data data                  a detector of threats, judged beside baselines
  astroshield propagate --state \"7000 0 0 0 7.5 0\" --epoch 2026-03-20 --forces two_body,j2 --duration 5400
  astroshield conjunction MESSAGE.cdm --hbr-m 20        closest approach, probability of collision
  astroshield scenario list                             what is shipped; `show FILE` tells what one draws
  astroshield scenario check scenarios/*.ron            all faults at once; `scenario schema` prints the language

`astroshield --help` lists everything, `astroshield COMMAND --help` one command.
";

/// Options that several commands share.
#[derive(clap::Args, Debug)]
struct Machine {
    /// Threads of the simulator and of inference; all cores when left out.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=256))]
    threads: Option<u64>,
    /// Device of the networks: cpu, cuda or wgpu.
    #[arg(long, default_value = "cpu")]
    device: DeviceChoice,
}

impl Machine {
    /// Runs `work` in a pool of the threads asked for, after a look whether the device is there.
    fn enter<T: Send>(&self, work: impl FnOnce() -> Result<T, Failure> + Send) -> Result<T, Failure> {
        self.device.probe()?;
        in_pool(self.threads, work)
    }
}

/// Runs `work` in a pool of so many threads; of all cores where the number is left out.
fn in_pool<T: Send>(threads: Option<u64>, work: impl FnOnce() -> Result<T, Failure> + Send) -> Result<T, Failure> {
    let mut builder = rayon::ThreadPoolBuilder::new();
    if let Some(threads) = threads {
        builder = builder.num_threads(threads as usize);
    }
    let pool = builder.build().map_err(Failure::message)?;
    pool.install(work)
}

/// Whether diagnostics may use colour: stderr is a terminal and `NO_COLOR` is not set.
fn colour() -> bool {
    use std::io::IsTerminal;
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Loads a scenario, its faults drawn on their spans.
/// The scenarios of these files, and the further tests that they name, each once.
fn load_with_further_tests(paths: &[PathBuf]) -> Result<Vec<crate::scenario::Scenario>, Failure> {
    let mut all = paths.iter().map(load).collect::<Result<Vec<_>, _>>()?;
    let further: Vec<PathBuf> =
        all.iter().filter_map(|scenario| scenario.telemetry.as_ref()).flat_map(|of| of.further_tests.clone()).collect();
    for path in further {
        let scenario = load(&path)?;
        if !all.iter().any(|other| other.name == scenario.name) {
            all.push(scenario);
        }
    }
    Ok(all)
}

fn load(path: &PathBuf) -> Result<crate::scenario::Scenario, Failure> {
    crate::scenario::Scenario::load(path).map_err(|error| Failure::Error(error.render(colour())))
}
