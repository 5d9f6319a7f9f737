//! `fit detector`.

use std::path::Path;

use super::{FitArguments, LIMITS, announce, card_head, open_run, place_model, rows, stopped};
use crate::cli::Failure;
use crate::eval::baselines::Classifier;
use crate::eval::detector_report::{SplitReport, baselines};
use crate::eval::pictures::confusion_matrix::confusion_matrix;
use crate::eval::pictures::earliness_curve::earliness_curve;
use crate::eval::pictures::reliability_diagram::reliability_diagram;
use crate::eval::telemetry_rows::{TelemetryRows, Wanted, fit_scaling};
use crate::models::named_tensors::Precision;
use crate::models::threat_detector::file::ThreatDetector;
use crate::sim::threat_class::ThreatClass;
use crate::telemetry::dataset::opened::Dataset;
use crate::telemetry::dataset::split::Split;
use crate::train::detector_calibration::{calibrate, drift_reference};
use crate::train::detector_training::{DetectorTraining, DetectorTrainingConfig, FinishedFit};
use crate::train::epoch_progress::{EpochFigures, EpochPlan, EpochProgress};
use crate::train::run_directory::RunDirectory;
use crate::train::signals::Interrupt;

pub(super) fn fit(arguments: &FitArguments, data: &Dataset) -> Result<(), Failure> {
    let mut config = DetectorTrainingConfig::default();
    config.learner.seed = arguments.seed;
    config.epochs = arguments.epochs.unwrap_or(config.epochs);
    let (scaling, train) = {
        let windows = data.load(Split::Train)?;
        let scaling = fit_scaling(&windows)?;
        let rows = TelemetryRows::of(&windows, &scaling, Wanted::FeaturesAndTiles)?;
        (scaling, rows)
    };
    let validation = rows(data, Split::Validation, &scaling, Wanted::FeaturesAndTiles)?;
    let origin = serde_json::json!({
        "data_sha256": data.hash(),
        "scenarios": data.scenarios(),
        "seed": arguments.seed,
        "config": config,
    });
    let device = arguments.machine.device;
    let mut training = DetectorTraining::new(config.clone(), device, scaling.clone(), &train, &validation, origin)?;
    let (directory, resumed) = open_run(arguments, data, "threat_detector", &config)?;
    if let Some(checkpoint) = resumed {
        training.resume(&checkpoint)?;
    }
    announce(arguments, &directory, training.windows());
    let interrupt = Interrupt::install()?;
    let windows = training.windows() as u64;
    let plan = EpochPlan { epochs: u64::from(config.epochs), rows_per_epoch: windows };
    let mut progress = EpochProgress::new(plan, arguments.quiet);
    let mut metric = None;
    let finished = training.run(&directory, &interrupt, &mut |tick| {
        if let Some(validation) = tick.validation {
            metric = Some(("validation accuracy", validation.accuracy));
            progress.message(&format!(
                "epoch {}/{}  validation loss {:.4}, accuracy {:.2} %, mean recall {:.2} %",
                tick.epoch,
                tick.epochs,
                validation.loss,
                100.0 * validation.accuracy,
                100.0 * validation.balanced_accuracy
            ));
        }
        progress.update(&EpochFigures {
            epoch: u64::from(tick.epoch),
            rows: u64::from(tick.epoch - 1) * windows + (tick.done * windows as f64) as u64,
            rows_per_s: tick.windows_per_s,
            loss: tick.loss,
            metric,
        });
    })?;
    progress.finish();
    drop(training);
    if finished.interrupted {
        return Err(stopped(arguments, "detector", &directory, u64::from(finished.epochs)));
    }
    let best = finished.best.ok_or_else(|| Failure::message("no epoch was finished"))?;
    let mut detector = ThreatDetector::open(&directory.checkpoints_path().join(format!("step_{}", best.step)))?;
    calibrate(&mut detector, &train.labels, &validation)?;
    let baselines = if arguments.no_baselines { Vec::new() } else { baselines(&train, arguments.seed)? };
    drop(train);
    conclude(arguments, data, &directory, &finished, &detector, &baselines, &validation)
}

/// Judges the calibrated detector on every test, writes it with its card, and prints.
fn conclude(
    arguments: &FitArguments,
    data: &Dataset,
    directory: &RunDirectory,
    finished: &FinishedFit,
    detector: &ThreatDetector,
    baselines: &[Box<dyn Classifier>],
    validation: &TelemetryRows,
) -> Result<(), Failure> {
    let mut reports = Vec::new();
    for split in [Split::Test, Split::Shifted] {
        if data.has(split) {
            let rows = rows(data, split, &detector.scaling, Wanted::FeaturesAndTiles)?;
            reports.push(SplitReport::of(split.name(), detector, baselines, &rows)?);
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
    write_pictures(directory.path(), &reports)?;
    let drift = serde_json::to_vec(&drift_reference(detector, validation)?)?;
    let (card_json, markdown) = (format!("{card:#}\n"), card_text(data, finished, &reports));
    let precision = if arguments.single_precision { Precision::Single } else { Precision::Half };
    let files: [(&str, &[u8]); 3] =
        [("card.json", card_json.as_bytes()), ("card.md", markdown.as_bytes()), ("drift.json", &drift)];
    let step = finished.best.map_or(0, |best| best.step);
    let model = place_model(directory, |partial| detector.write(partial, step, precision, &files))?;
    directory.write_summary(&card)?;
    if arguments.json {
        let mut told = reports.first().map_or_else(|| serde_json::json!({}), SplitReport::json);
        told["run_dir"] = serde_json::json!(directory.path());
        told["model"] = serde_json::json!(model);
        told["windows_per_s"] = serde_json::json!(finished.windows_per_s);
        told["tests"] = card["tests"].clone();
        println!("{told}");
    } else {
        reports.iter().for_each(|report| println!("{}", report.text()));
        println!("model: {}", model.display());
    }
    Ok(())
}

/// Confusion, reliability and earliness of each test as PNG files of the run.
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

fn card_text(data: &Dataset, finished: &FinishedFit, reports: &[SplitReport]) -> String {
    let what = format!(
        "ThreatDetectorNN: a tile of telemetry, 3 × 30 × 30, to 12 classes of threat. {} epochs, {:.0} s in the last session.",
        finished.epochs,
        finished.took.as_secs_f64()
    );
    let mut text = card_head("ThreatDetectorNN", &what, data);
    for report in reports {
        text += &format!("\n## {}\n\n```text\n{}```\n", report.split, report.text());
    }
    text
}
