//! `fit encoder`.

use burn::backend::Autodiff;
use burn::tensor::backend::AutodiffBackend;

use super::{FitArguments, LIMITS, announce, card_head, open_run, place_model, rows, stopped};
use crate::cli::Failure;
use crate::eval::encoder_evaluation::{EncoderEvaluation, EncoderEvaluationRows, evaluate_encoder};
use crate::eval::telemetry_rows::{TelemetryRows, Wanted, fit_scaling};
use crate::models::adversary_encoder::AdversaryEncoder;
use crate::models::checkpoint::Checkpoint;
use crate::models::device::Cpu;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
use crate::models::device::DeviceChoice;
use crate::models::named_tensors::Precision;
use crate::sim::threat_class::ThreatClass;
use crate::telemetry::dataset::opened::Dataset;
use crate::telemetry::dataset::split::Split;
use crate::train::class_left_out::judge_classes_left_out;
use crate::train::encoder_training::{DRIFT_FILE, EncoderData, EncoderTraining, EncoderTrainingConfig, Ending};
use crate::train::epoch_progress::EpochProgress;
use crate::train::run_directory::RunDirectory;
use crate::train::signals::Interrupt;

/// Epochs of an encoder that never saw a class: it is compared with baselines, and not kept.
const EPOCHS_LEFT_OUT: u64 = 6;

pub(super) fn fit(arguments: &FitArguments, data: &Dataset) -> Result<(), Failure> {
    match arguments.machine.device {
        #[cfg(feature = "cuda")]
        DeviceChoice::Cuda => fit_on::<Autodiff<burn::backend::Cuda>>(arguments, data),
        #[cfg(feature = "wgpu")]
        DeviceChoice::Wgpu => fit_on::<Autodiff<burn::backend::Wgpu>>(arguments, data),
        _ => fit_on::<Autodiff<Cpu>>(arguments, data),
    }
}

fn fit_on<B: AutodiffBackend>(arguments: &FitArguments, data: &Dataset) -> Result<(), Failure> {
    let mut config = EncoderTrainingConfig::default();
    config.learner.seed = arguments.seed;
    config.epochs = arguments.epochs.map_or(config.epochs, u64::from);
    let (scaling, train) = {
        let windows = data.load(Split::Train)?;
        let scaling = fit_scaling(&windows)?;
        let rows = TelemetryRows::of(&windows, &scaling, Wanted::Features)?;
        (scaling, rows)
    };
    let validation = rows(data, Split::Validation, &scaling, Wanted::Features)?;
    let of = EncoderData { training: &train, validation: &validation, scaling: &scaling, sha256: data.hash() };
    let mut training = EncoderTraining::<B>::new(of, config.clone(), B::Device::default())?;
    let (directory, resumed) = open_run(arguments, data, "adversary_encoder", &config)?;
    if let Some(checkpoint) = resumed {
        training.resume(&checkpoint)?;
    }
    announce(arguments, &directory, training.plan().rows_per_epoch as usize);
    let interrupt = Interrupt::install()?;
    let mut progress = EpochProgress::new(training.plan(), arguments.quiet);
    let finished = training.run(&directory, &interrupt, &mut progress)?;
    if finished.ending == Ending::Interrupted {
        return Err(stopped(arguments, "encoder", &directory, finished.epochs));
    }
    let evaluation = evaluate::<B>(arguments, data, of, &config, &finished.encoder, &directory, &interrupt)?;
    let card = serde_json::json!({
        "network": "adversary_encoder",
        "data_sha256": data.hash(),
        "scenarios": data.scenarios(),
        "seed": arguments.seed,
        "epochs": finished.epochs,
        "best_epoch": finished.best_epoch,
        "seconds": finished.elapsed_s,
        "rows_per_s": finished.rows_per_s,
        "evaluation": evaluation,
        "limits": LIMITS,
    });
    let what = format!(
        "AdversaryEncoder: 128 features of a window to an encoding of 64, and back. {} epochs, {:.0} s in the last session.",
        finished.epochs, finished.elapsed_s
    );
    let mut markdown = card_head("AdversaryEncoder", &what, data);
    if let Some(evaluation) = &evaluation {
        markdown += &format!("\n```text\n{}\n```\n", evaluation.tables());
    }
    let drift = Checkpoint::open(&finished.checkpoint)?.file(DRIFT_FILE).map(<[u8]>::to_vec)?;
    let card_json = format!("{card:#}\n");
    let files: [(&str, &[u8]); 3] =
        [("card.json", card_json.as_bytes()), ("card.md", markdown.as_bytes()), (DRIFT_FILE, &drift)];
    let encoder = &finished.encoder;
    let model =
        place_model(&directory, |partial| encoder.write(partial, finished.best_epoch, Precision::Single, &files))?;
    directory.write_summary(&card)?;
    if arguments.json {
        let mut told = evaluation.as_ref().map_or_else(|| serde_json::json!({}), EncoderEvaluation::json);
        told["run_dir"] = serde_json::json!(directory.path());
        told["model"] = serde_json::json!(model);
        println!("{told}");
    } else {
        if let Some(evaluation) = &evaluation {
            println!("{}", evaluation.tables());
        }
        println!("model: {}", model.display());
    }
    Ok(())
}

/// What the tests of the data set say of the encoder; none where it has no windows of unknown behaviour.
fn evaluate<B: AutodiffBackend>(
    arguments: &FitArguments,
    data: &Dataset,
    of: EncoderData<'_>,
    config: &EncoderTrainingConfig,
    encoder: &AdversaryEncoder,
    directory: &RunDirectory,
    interrupt: &Interrupt,
) -> Result<Option<EncoderEvaluation>, Failure> {
    if !data.has(Split::Unknown) {
        return Ok(None);
    }
    let load = |split| rows(data, split, of.scaling, Wanted::Features);
    let (test, unknown) = (load(Split::Test)?, load(Split::Unknown)?);
    let shifted = if data.has(Split::Shifted) { Some(load(Split::Shifted)?) } else { None };
    let judged = EncoderEvaluationRows {
        training: of.training,
        test: &test,
        shifted: shifted.as_ref(),
        unknown: &unknown,
        unknown_casts: data.casts(Split::Unknown),
        least_tracked: config.least_tracked,
        seed: arguments.seed,
    };
    let mut evaluation = evaluate_encoder(encoder, &judged)?;
    if !arguments.no_baselines {
        // Trained anew where an earlier session stopped among them: they are short.
        let parent = directory.path().join("left_out");
        if parent.exists() {
            std::fs::remove_dir_all(&parent)?;
        }
        let config = EncoderTrainingConfig { epochs: config.epochs.min(EPOCHS_LEFT_OUT), ..config.clone() };
        let (classes, quiet) = (&ThreatClass::ALL[2..], arguments.quiet);
        evaluation.left_out = judge_classes_left_out::<B>(of, &config, &judged, classes, &parent, interrupt, quiet)?;
    }
    Ok(Some(evaluation))
}
