//! `fit`: supervised training of a network of telemetry on a data set, with its card.

mod detector;
mod encoder;

use std::path::{Path, PathBuf};

use super::{Failure, Machine};
use crate::eval::telemetry_rows::{TelemetryRows, Wanted};
use crate::models::checkpoint::{self, Checkpoint};
use crate::telemetry::dataset::opened::Dataset;
use crate::telemetry::dataset::split::Split;
use crate::telemetry::scaling::Scaling;
use crate::train::run_directory::RunDirectory;

/// The finished model in a run.
const MODEL_DIRECTORY: &str = "model";

/// What can be fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Network {
    /// The ThreatDetectorNN: tiles to classes of threats, and risk.
    Detector,
    /// The AdversaryEncoder: features to encodings of behaviour, and anomalies.
    Encoder,
}

#[derive(clap::Args, Debug)]
pub(super) struct FitArguments {
    /// The network.
    network: Network,
    /// Data set that `dataset` made.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Seed of the weights, of the order of windows and of dropout.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Epochs at most; the learning rate falls to zero by then.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    epochs: Option<u32>,
    /// Directory of the run; runs/NETWORK-seedS-N when left out.
    #[arg(long)]
    run_dir: Option<PathBuf>,
    /// Go on from the newest checkpoint of this run.
    #[arg(long, value_name = "RUN", conflicts_with = "run_dir")]
    resume: Option<PathBuf>,
    /// Keep the weights of the finished model in single precision; half takes half the room.
    #[arg(long)]
    single_precision: bool,
    /// Leave out the baselines, whose fitting takes a minute or two; of an encoder, leave out the encoders that never saw a class.
    #[arg(long)]
    no_baselines: bool,
    /// Print one JSON object on stdout.
    #[arg(long)]
    json: bool,
    /// Show no progress.
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    machine: Machine,
}

pub(super) fn run(arguments: &FitArguments) -> Result<(), Failure> {
    let data = Dataset::open(&arguments.data)?;
    data.require_classes()?;
    arguments.machine.enter(|| match arguments.network {
        Network::Detector => detector::fit(arguments, &data),
        Network::Encoder => encoder::fit(arguments, &data),
    })
}

/// What a run of `fit` wrote into `config.ron`.
#[derive(serde::Serialize)]
struct FitConfig<'a, T> {
    network: &'static str,
    data: &'a Path,
    data_sha256: &'a str,
    device: String,
    training: &'a T,
}

/// The directory of the run, with the checkpoint to go on from where it is resumed.
fn open_run<T: serde::Serialize>(
    arguments: &FitArguments,
    data: &Dataset,
    network: &'static str,
    training: &T,
) -> Result<(RunDirectory, Option<Checkpoint>), Failure> {
    if let Some(run) = &arguments.resume {
        let directory = RunDirectory::open(run)?;
        let latest = checkpoint::latest(&directory.checkpoints_path())?.found;
        let (_, latest) = latest
            .ok_or_else(|| Failure::message(format!("'{}' has no whole checkpoint to resume from", run.display())))?;
        return Ok((directory, Some(Checkpoint::open(&latest)?)));
    }
    let directory = match &arguments.run_dir {
        Some(path) => RunDirectory::create(path)?,
        None => RunDirectory::create_next(Path::new("runs"), network, "fit", arguments.seed)?,
    };
    let (device, data_sha256) = (arguments.machine.device.to_string(), data.hash());
    let run = FitConfig { network, data: &arguments.data, data_sha256, device, training };
    directory.write_config(&ron::ser::to_string_pretty(&run, ron::ser::PrettyConfig::default())?)?;
    Ok((directory, None))
}

/// Says where the run is and how much there is to learn from.
fn announce(arguments: &FitArguments, directory: &RunDirectory, windows: usize) {
    if !arguments.quiet {
        let path = directory.path().display();
        eprintln!("run: {path}   (tensorboard --logdir {path}); {windows} windows to learn from");
    }
}

/// How to go on with a run that was stopped.
fn stopped(arguments: &FitArguments, network: &str, directory: &RunDirectory, epochs: u64) -> Failure {
    Failure::message(format!(
        "stopped after {epochs} whole epochs; go on with: astroshield fit {network} --data {} --resume {}",
        arguments.data.display(),
        directory.path().display()
    ))
}

/// Puts a model that `write` writes under the directory given to it into the run, in place of an older one; gives its directory.
fn place_model(
    directory: &RunDirectory,
    write: impl FnOnce(&Path) -> Result<PathBuf, crate::models::telemetry_model::ModelFileError>,
) -> Result<PathBuf, Failure> {
    let (model, partial) = (directory.path().join(MODEL_DIRECTORY), directory.path().join("model.partial"));
    let written = write(&partial)?;
    if model.exists() {
        std::fs::remove_dir_all(&model)?;
    }
    std::fs::rename(&written, &model)?;
    std::fs::remove_dir_all(&partial)?;
    Ok(model)
}

fn rows(data: &Dataset, split: Split, scaling: &Scaling, wanted: Wanted) -> Result<TelemetryRows, Failure> {
    Ok(TelemetryRows::of(&data.load(split)?, scaling, wanted)?)
}

/// What a card says that figures do not.
const LIMITS: &str = "Trained on simulated telemetry alone: sensors, systems and adversaries are those of the scenarios named here. A \
                      window tells behaviour and not intent. Early windows are often wrong; what is outside the ranges of training is \
                      less often right than its confidence says.";

/// The head of a card: what it is, of which data, with which scenarios.
fn card_head(title: &str, what: &str, data: &Dataset) -> String {
    let scenario = |of: &crate::telemetry::dataset::manifest::ScenarioEntry| {
        format!("- `{}` ({}), hash `{}`\n", of.name, of.role.name(), of.hash)
    };
    let scenarios: String = data.scenarios().iter().map(scenario).collect();
    format!("# {title}\n\n{what}\n\nData `{}`:\n\n{scenarios}\n{LIMITS}\n", data.hash())
}
