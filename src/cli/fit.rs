//! `fit`: supervised training of a network of telemetry on a data set, with its card.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, Machine};
use crate::eval::baselines::Classifier;
use crate::eval::detector_report::{SplitReport, baselines};
use crate::eval::pictures::confusion_matrix::confusion_matrix;
use crate::eval::pictures::earliness_curve::earliness_curve;
use crate::eval::pictures::reliability_diagram::reliability_diagram;
use crate::eval::telemetry_rows::{TelemetryRows, Wanted, fit_scaling};
use crate::models::checkpoint::{self, Checkpoint};
use crate::models::named_tensors::Precision;
use crate::models::threat_detector::file::ThreatDetector;
use crate::sim::threat_class::ThreatClass;
use crate::telemetry::dataset::opened::Dataset;
use crate::telemetry::dataset::split::Split;
use crate::telemetry::scaling::Scaling;
use crate::train::detector_calibration::{calibrate, drift_reference};
use crate::train::detector_training::{DetectorTraining, DetectorTrainingConfig, FinishedFit, Tick};
use crate::train::run_directory::RunDirectory;
use crate::train::signals::Interrupt;

/// The finished model in a run.
const MODEL_DIRECTORY: &str = "model";

/// What can be fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Network {
    /// The ThreatDetectorNN: tiles to classes of threats.
    Detector,
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
    /// Leave out the baselines, whose fitting takes a minute or two.
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
        Network::Detector => detector(arguments, &data),
    })
}

/// What a run of `fit` wrote into `config.ron`.
#[derive(serde::Serialize)]
struct FitConfig<'a> {
    network: &'static str,
    data: &'a Path,
    data_sha256: &'a str,
    device: String,
    training: &'a DetectorTrainingConfig,
}

fn detector(arguments: &FitArguments, data: &Dataset) -> Result<(), Failure> {
    let mut config = DetectorTrainingConfig::default();
    config.learner.seed = arguments.seed;
    config.epochs = arguments.epochs.unwrap_or(config.epochs);
    let (scaling, train) = {
        let windows = data.load(Split::Train)?;
        let scaling = fit_scaling(&windows)?;
        let rows = TelemetryRows::of(&windows, &scaling, Wanted::FeaturesAndTiles)?;
        (scaling, rows)
    };
    let validation = rows(data, Split::Validation, &scaling)?;
    let origin = serde_json::json!({
        "data_sha256": data.hash(),
        "scenarios": data.scenarios(),
        "seed": arguments.seed,
        "config": config,
    });
    let mut training =
        DetectorTraining::new(config.clone(), arguments.machine.device, scaling.clone(), &train, &validation, origin)?;
    let directory = match &arguments.resume {
        Some(run) => {
            let directory = RunDirectory::open(run)?;
            let latest = checkpoint::latest(&directory.checkpoints_path())?.found;
            let (_, latest) = latest.ok_or_else(|| {
                Failure::message(format!("'{}' has no whole checkpoint to resume from", run.display()))
            })?;
            training.resume(&Checkpoint::open(&latest)?)?;
            directory
        }
        None => {
            let directory = match &arguments.run_dir {
                Some(path) => RunDirectory::create(path)?,
                None => RunDirectory::create_next(Path::new("runs"), "threat_detector", "fit", arguments.seed)?,
            };
            let run = FitConfig {
                network: "threat_detector",
                data: &arguments.data,
                data_sha256: data.hash(),
                device: arguments.machine.device.to_string(),
                training: &config,
            };
            directory.write_config(&ron::ser::to_string_pretty(&run, ron::ser::PrettyConfig::default())?)?;
            directory
        }
    };
    if !arguments.quiet {
        let path = directory.path().display();
        eprintln!("run: {path}   (tensorboard --logdir {path}); {} windows to learn from", training.windows());
    }
    let interrupt = Interrupt::install()?;
    let mut bar = Bar::new(arguments.quiet);
    let finished = training.run(&directory, &interrupt, &mut |tick| bar.tell(tick))?;
    bar.finish();
    drop(training);
    if finished.interrupted {
        return Err(Failure::message(format!(
            "stopped after {} whole epochs; go on with: astroshield fit detector --data {} --resume {}",
            finished.epochs,
            arguments.data.display(),
            directory.path().display()
        )));
    }
    let best = finished.best.ok_or_else(|| Failure::message("no epoch was finished"))?;
    let best = directory.checkpoints_path().join(format!("step_{}", best.step));
    let mut detector = ThreatDetector::open(&best)?;
    calibrate(&mut detector, &validation)?;
    let baselines = if arguments.no_baselines { Vec::new() } else { baselines(&train, arguments.seed)? };
    conclude(arguments, data, &scaling, &directory, &finished, &detector, &baselines, &validation)
}

/// Judges the calibrated detector on every test, writes it with its card, and prints.
#[allow(clippy::too_many_arguments, reason = "one call, and each of them is told in the card")]
fn conclude(
    arguments: &FitArguments,
    data: &Dataset,
    scaling: &Scaling,
    directory: &RunDirectory,
    finished: &FinishedFit,
    detector: &ThreatDetector,
    baselines: &[Box<dyn Classifier>],
    validation: &TelemetryRows,
) -> Result<(), Failure> {
    let mut reports = Vec::new();
    for split in [Split::Test, Split::Shifted] {
        if data.has(split) {
            reports.push(SplitReport::of(split.name(), detector, baselines, &rows(data, split, scaling)?)?);
        }
    }
    let card = serde_json::json!({
        "network": "threat_detector",
        "data_sha256": data.hash(),
        "scenarios": data.scenarios(),
        "seed": arguments.seed,
        "epochs": finished.epochs,
        "best_epoch": finished.best.map(|best| best.step),
        "windows_per_s": finished.windows_per_s,
        "seconds": finished.took.as_secs_f64(),
        "calibration": detector.calibration,
        "tests": reports.iter().map(SplitReport::json).collect::<Vec<_>>(),
        "limits": LIMITS,
    });
    let markdown = card_text(arguments, data, finished, &reports);
    write_pictures(directory.path(), &reports)?;
    let drift = serde_json::to_vec(&drift_reference(detector, validation)?)?;
    let card_json = format!("{card:#}\n");
    let precision = if arguments.single_precision { Precision::Single } else { Precision::Half };
    let files: [(&str, &[u8]); 3] =
        [("card.json", card_json.as_bytes()), ("card.md", markdown.as_bytes()), ("drift.json", &drift)];
    let model = directory.path().join(MODEL_DIRECTORY);
    let partial = directory.path().join("model.partial");
    let step = finished.best.map_or(0, |best| best.step);
    let written = detector.write(&partial, step, precision, &files)?;
    if model.exists() {
        std::fs::remove_dir_all(&model)?;
    }
    std::fs::rename(&written, &model)?;
    std::fs::remove_dir_all(&partial)?;
    directory.write_summary(&card)?;
    if arguments.json {
        let mut told = reports.first().map_or_else(|| serde_json::json!({}), SplitReport::json);
        told["run_dir"] = serde_json::json!(directory.path());
        told["model"] = serde_json::json!(model);
        told["windows_per_s"] = serde_json::json!(finished.windows_per_s);
        told["tests"] = card["tests"].clone();
        println!("{told}");
    } else {
        reports.iter().for_each(|report| print!("{}\n", report.text()));
        println!("model: {}", model.display());
    }
    Ok(())
}

fn rows(data: &Dataset, split: Split, scaling: &Scaling) -> Result<TelemetryRows, Failure> {
    Ok(TelemetryRows::of(&data.load(split)?, scaling, Wanted::FeaturesAndTiles)?)
}

/// Confusion, reliability and earliness of the first test as PNG files of the run.
fn write_pictures(path: &Path, reports: &[SplitReport]) -> Result<(), Failure> {
    let names: Vec<&str> = ThreatClass::ALL.iter().map(|class| class.name()).collect();
    for report in reports {
        let full = &report.detector().full;
        let title = format!("{}, full windows", report.split);
        let file = |what: &str| path.join(format!("{what}-{}.png", report.split));
        confusion_matrix(&full.confusion, &names, &title)?.write_png(&file("confusion"))?;
        reliability_diagram(&full.reliability, full.expected_calibration_error, &title)?
            .write_png(&file("reliability"))?;
        let curves: Vec<_> =
            report.classifiers.iter().map(|told| (told.name.as_str(), &told.figures.by_samples)).collect();
        earliness_curve(&curves, &format!("{}, threats", report.split))?.write_png(&file("earliness"))?;
    }
    Ok(())
}

/// What the card says that figures do not.
const LIMITS: &str = "Trained on simulated telemetry alone: sensors, systems and adversaries are those of the scenarios named here. A \
                      window tells behaviour and not intent. Early windows are often wrong, as the table by samples says; what is \
                      outside the ranges of training is less often right than its confidence, as the shifted test says.";

fn card_text(arguments: &FitArguments, data: &Dataset, finished: &FinishedFit, reports: &[SplitReport]) -> String {
    let scenarios: Vec<String> = data
        .scenarios()
        .iter()
        .map(|scenario| format!("- `{}` ({}), hash `{}`", scenario.name, scenario.role.name(), scenario.hash))
        .collect();
    let mut text = format!(
        "# ThreatDetectorNN\n\nTelemetry tile 3 × 30 × 30 to 12 classes of threat. Data `{}`, seed {}, {} epochs, {:.0} s, {:.0} windows \
         a second.\n\n{}\n\n{LIMITS}\n",
        data.hash(),
        arguments.seed,
        finished.epochs,
        finished.took.as_secs_f64(),
        finished.windows_per_s,
        scenarios.join("\n")
    );
    for report in reports {
        text += &format!("\n## {}\n\n```text\n{}```\n", report.split, report.text());
    }
    text
}

/// How far a training is, on stderr: a bar on a terminal, elsewhere a plain line every ten seconds and at each epoch's end.
struct Bar {
    bar: Option<ProgressBar>,
    quiet: bool,
    last_line: Instant,
}

impl Bar {
    fn new(quiet: bool) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let style = ProgressStyle::with_template("{bar:20} {percent:>3} %  {msg}  ETA {eta}");
            ProgressBar::new(1_000).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar, quiet, last_line: Instant::now() }
    }

    fn tell(&mut self, tick: &Tick) {
        let mut line =
            format!("epoch {}/{}  loss {:.3}  {:.0} windows/s", tick.epoch, tick.epochs, tick.loss, tick.windows_per_s);
        if let Some(validation) = &tick.validation {
            line += &format!(
                "  validation: loss {:.3}, accuracy {:.1} %, balanced {:.1} %",
                validation.loss,
                100.0 * validation.accuracy,
                100.0 * validation.balanced_accuracy
            );
        }
        match &self.bar {
            Some(bar) => {
                bar.set_position((1_000.0 * (f64::from(tick.epoch - 1) + tick.done) / f64::from(tick.epochs)) as u64);
                if tick.validation.is_some() {
                    bar.println(line);
                } else {
                    bar.set_message(line);
                }
            }
            None if self.quiet => {}
            None if tick.validation.is_some() || self.last_line.elapsed() >= Duration::from_secs(10) => {
                eprintln!("{line}");
                self.last_line = Instant::now();
            }
            None => {}
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
