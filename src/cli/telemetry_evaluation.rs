//! `evaluate` of a network of telemetry: on fresh windows of a scenario, or on the tests of a data set.

use std::path::{Path, PathBuf};

use super::evaluate::EvaluateArguments;
use super::{Failure, load_with_further_tests};
use crate::eval::detector_report::SplitReport;
use crate::eval::encoder_evaluation::{EncoderEvaluationRows, evaluate_encoder};
use crate::eval::telemetry_rows::{TelemetryRows, Wanted};
use crate::eval::telemetry_windows::windows;
use crate::models::adversary_encoder::{AdversaryEncoder, NETWORK as ENCODER};
use crate::models::checkpoint::Checkpoint;
use crate::models::threat_detector::file::{NETWORK as DETECTOR, ThreatDetector};
use crate::scenario::Scenario;
use crate::sim::reset::EpisodeSeed;
use crate::sim::seeds::SeedDomain;
use crate::telemetry::config::{TelemetryRole, TelemetrySource};
use crate::telemetry::dataset::opened::Dataset;
use crate::telemetry::dataset::split::Split;
use crate::telemetry::labelled::LabelledWindow;

/// A network of telemetry.
pub(super) enum TelemetryModel {
    /// The ThreatDetectorNN.
    Detector(Checkpoint),
    /// The AdversaryEncoder.
    Encoder(Checkpoint),
}

/// Windows to judge a network on.
struct Test {
    name: String,
    role: TelemetryRole,
    /// Names of the casts; none where they are not known.
    casts: Vec<String>,
    windows: Vec<LabelledWindow>,
}

impl TelemetryModel {
    /// The network of telemetry in a directory or in its `model`; none where there is no such.
    pub(super) fn find(path: &Path) -> Result<Option<Self>, Failure> {
        let places = [path.join("model"), path.to_owned()];
        let Some(place) = places.iter().find(|place| place.join("manifest.json").is_file()) else { return Ok(None) };
        let checkpoint = Checkpoint::open(place)?;
        Ok(match checkpoint.meta().get("network").and_then(serde_json::Value::as_str) {
            Some(DETECTOR) => Some(Self::Detector(checkpoint)),
            Some(ENCODER) => Some(Self::Encoder(checkpoint)),
            _ => None,
        })
    }
}

pub(super) fn run(arguments: &EvaluateArguments, model: &TelemetryModel) -> Result<(), Failure> {
    let tests = tests(arguments)?;
    match model {
        TelemetryModel::Detector(checkpoint) => detector(arguments, checkpoint, &tests),
        TelemetryModel::Encoder(checkpoint) => encoder(arguments, checkpoint, &tests),
    }
}

/// The tests of a data set, or fresh windows of a scenario and of its further tests.
fn tests(arguments: &EvaluateArguments) -> Result<Vec<Test>, Failure> {
    let path: &PathBuf = &arguments.scenario;
    if path.is_dir() {
        let data = Dataset::open(path)?;
        let of = |split: Split| {
            let (name, casts) = (split.name().to_owned(), data.casts(split).to_vec());
            Ok(Test { name, role: role(split), casts, windows: data.load(split)? })
        };
        return [Split::Test, Split::Shifted, Split::Unknown]
            .into_iter()
            .filter(|split| data.has(*split))
            .map(of)
            .collect();
    }
    let scenarios = load_with_further_tests(std::slice::from_ref(path))?;
    scenarios.iter().map(|scenario| fresh(scenario, arguments)).collect()
}

fn role(split: Split) -> TelemetryRole {
    split.role().unwrap_or(TelemetryRole::Training)
}

/// Whose telemetry the scenario has recorded.
fn recorded(scenario: &Scenario) -> Result<&TelemetrySource, Failure> {
    scenario.telemetry.as_ref().ok_or_else(|| {
        Failure::message(format!(
            "the scenario '{}' has no block `telemetry`: it says not whose is recorded",
            scenario.name
        ))
    })
}

/// Windows of episodes that no model was trained or chosen on.
fn fresh(scenario: &Scenario, arguments: &EvaluateArguments) -> Result<Test, Failure> {
    let source = recorded(scenario)?;
    let episode = |arena| EpisodeSeed { run: arguments.seed, domain: SeedDomain::Report, arena, episode: 0 };
    let seeds: Vec<EpisodeSeed> = (0..arguments.episodes).map(episode).collect();
    Ok(Test {
        name: scenario.name.clone(),
        role: source.role,
        casts: scenario.template.casts.iter().map(|cast| cast.name.clone()).collect(),
        windows: windows(&scenario.template, source, &seeds),
    })
}

fn detector(arguments: &EvaluateArguments, checkpoint: &Checkpoint, tests: &[Test]) -> Result<(), Failure> {
    let detector = ThreatDetector::load(checkpoint)?;
    let mut reports = Vec::new();
    for test in tests.iter().filter(|test| test.role != TelemetryRole::Unknown) {
        let rows = TelemetryRows::of(&test.windows, &detector.scaling, Wanted::FeaturesAndTiles)?;
        reports.push(SplitReport::of(&test.name, &detector, &[], &rows)?);
    }
    if arguments.json {
        let mut told = reports.first().map_or_else(|| serde_json::json!({}), SplitReport::json);
        told["episodes"] = serde_json::json!(arguments.episodes);
        told["seed"] = serde_json::json!(arguments.seed);
        told["tests"] = reports.iter().map(SplitReport::json).collect();
        println!("{told}");
    } else {
        reports.iter().for_each(|report| println!("{}", report.text()));
    }
    Ok(())
}

/// An encoder, beside baselines that are fitted to windows of training episodes.
fn encoder(arguments: &EvaluateArguments, checkpoint: &Checkpoint, tests: &[Test]) -> Result<(), Failure> {
    let encoder = AdversaryEncoder::load(checkpoint)?;
    let rows = |windows: &[LabelledWindow]| TelemetryRows::of(windows, &encoder.scaling, Wanted::Features);
    let of_role = |role: TelemetryRole| tests.iter().find(|test| test.role == role);
    let (Some(test), Some(unknown)) = (of_role(TelemetryRole::Training), of_role(TelemetryRole::Unknown)) else {
        return Err(Failure::message(
            "an encoder is judged by behaviours that no training has: no scenario or split of that kind was given",
        ));
    };
    let training = rows(&training_windows(arguments)?)?;
    let (test, unknown_rows) = (rows(&test.windows)?, rows(&unknown.windows)?);
    let shifted = of_role(TelemetryRole::Shifted).map(|shifted| rows(&shifted.windows)).transpose()?;
    let evaluation = evaluate_encoder(
        &encoder,
        &EncoderEvaluationRows {
            training: &training,
            test: &test,
            shifted: shifted.as_ref(),
            unknown: &unknown_rows,
            unknown_casts: &unknown.casts,
            least_tracked: LEAST_TRACKED,
            seed: arguments.seed,
        },
    )?;
    if arguments.json {
        println!("{}", evaluation.json());
    } else {
        println!("{}", evaluation.tables());
    }
    Ok(())
}

/// Samples in which the track was seen that a window must have to be judged.
const LEAST_TRACKED: usize = 10;
/// Training episodes that baselines are fitted to where a scenario is given.
const BASELINE_EPISODES: u64 = 500;

/// Windows that baselines are fitted to: the training split of a data set, or training episodes of the scenario.
fn training_windows(arguments: &EvaluateArguments) -> Result<Vec<LabelledWindow>, Failure> {
    if arguments.scenario.is_dir() {
        return Ok(Dataset::open(&arguments.scenario)?.load(Split::Train)?);
    }
    let scenario = super::load(&arguments.scenario)?;
    let source = recorded(&scenario)?;
    let episode = |arena| EpisodeSeed { run: arguments.seed, domain: SeedDomain::Train, arena, episode: 0 };
    let seeds: Vec<EpisodeSeed> = (0..BASELINE_EPISODES).map(episode).collect();
    Ok(windows(&scenario.template, source, &seeds))
}
