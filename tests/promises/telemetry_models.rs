//! Networks of telemetry learn what is there to learn and nothing else, go on where they were stopped, and say what they cannot use.

use std::path::Path;
use std::sync::LazyLock;

use astroshield::eval::baselines::random_forest::{RandomForest, RandomForestConfig};
use astroshield::eval::baselines::{Classifier, Examples};
use astroshield::eval::classification::most_likely;
use astroshield::eval::telemetry_rows::{TelemetryRows, Wanted, fit_scaling};
use astroshield::eval::telemetry_windows::windows;
use astroshield::models::device::DeviceChoice;
use astroshield::models::threat_detector::ThreatDetectorConfig;
use astroshield::models::threat_detector::file::ThreatDetector;
use astroshield::sim::seeds::SeedDomain;
use astroshield::sim::threat_class::ThreatClass;
use astroshield::telemetry::labelled::LabelledWindow;
use astroshield::telemetry::scaling::Scaling;
use astroshield::train::detector_training::{DetectorTraining, DetectorTrainingConfig};
use astroshield::train::run_directory::RunDirectory;
use astroshield::train::signals::Interrupt;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::binary::{refused, succeed};
use super::scenario_text::ScenarioText;
use super::shipped;

const CLASSES: usize = ThreatClass::ALL.len();

/// Windows to learn from and others to judge on, of the shipped scenario.
static WINDOWS: LazyLock<[Vec<LabelledWindow>; 2]> = LazyLock::new(|| {
    let scenario = shipped::scenario("mixed_threats");
    let source = scenario.telemetry.expect("it is recorded");
    [(SeedDomain::Train, 420), (SeedDomain::Select, 140)]
        .map(|(domain, count)| windows(&scenario.template, &source, &shipped::seeds(domain, count)))
});

fn rows(wanted: Wanted) -> (Scaling, [TelemetryRows; 2]) {
    let [train, held] = &*WINDOWS;
    let scaling = fit_scaling(train).expect("there are windows");
    let of = |windows: &[LabelledWindow]| TelemetryRows::of(windows, &scaling, wanted).expect("sound windows");
    let both = [of(train), of(held)];
    (scaling, both)
}

/// A small network, so that a test takes seconds.
fn config() -> DetectorTrainingConfig {
    let mut config = DetectorTrainingConfig { epochs: 2, batch: 64, warm_up_steps: 20, ..Default::default() };
    config.learner.sizes = ThreatDetectorConfig { channels: 8, hidden: 64, classes: CLASSES };
    config.learner.seed = 3;
    config
}

/// Trains in `directory` and gives the share of full held-out windows that the best epoch gives their class, and their mean likelihood's
/// negative logarithm.
fn trained(directory: &Path, train: &TelemetryRows, held: &TelemetryRows, scaling: &Scaling) -> (ThreatDetector, f64) {
    let config = config();
    let mut training =
        DetectorTraining::new(config, DeviceChoice::Cpu, scaling.clone(), train, held, serde_json::json!({}))
            .expect("a sound configuration");
    let directory = RunDirectory::create(directory).expect("it can be made");
    directory.write_config("()").expect("it can be written");
    let finished = training.run(&directory, &Interrupt::detached(), &mut |_| ()).expect("it learns");
    let best = finished.best.expect("an epoch was finished");
    let detector = ThreatDetector::open(&directory.checkpoints_path().join(format!("step_{}", best.step)));
    let detector = detector.expect("it was written");
    let full = held.filtered(|row| held.is_full[row]);
    let logits = detector.logits(&full.tiles);
    let right = logits.chunks_exact(CLASSES).zip(full.classes()).filter(|(row, class)| most_likely(row) == *class);
    let share = right.count() as f64 / full.len() as f64;
    (detector, share)
}

#[test]
fn a_detector_learns_the_classes_and_nothing_from_labels_that_were_shuffled() {
    let root = tempfile::tempdir().expect("a directory");
    let (scaling, [train, held]) = rows(Wanted::FeaturesAndTiles);
    let (_, learned) = trained(&root.path().join("true"), &train, &held, &scaling);
    assert!(learned > 0.6, "{learned} of full windows");
    // Labels go to other windows; the share of each class stays.
    let mut shuffled = train;
    shuffled.labels.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(5));
    let full = held.filtered(|row| held.is_full[row]);
    let classes = full.classes();
    let most = (0..CLASSES).map(|class| classes.iter().filter(|other| **other == class).count()).max().unwrap_or(0);
    let majority = most as f64 / classes.len() as f64;
    let (_, chance) = trained(&root.path().join("shuffled"), &shuffled, &held, &scaling);
    // Windows of one episode resemble each other: 140 episodes, three and a half standard deviations of a share of them.
    let bound = majority + 3.5 * (majority * (1.0 - majority) / 140.0).sqrt();
    assert!(chance < bound, "{chance} by shuffled labels, the commonest class is {majority}");
}

#[test]
fn neither_seed_nor_order_nor_time_of_day_tells_the_class() {
    let features = |windows: &[LabelledWindow]| -> (Vec<f32>, Vec<usize>) {
        // One window an episode, so that rows are independent; the last, when most have turned into what they become.
        let last = windows.iter().enumerate().filter(|(index, labelled)| {
            windows.get(index + 1).is_none_or(|next| next.label.seed != labelled.label.seed)
        });
        let told = last.map(|(index, LabelledWindow { window, label })| {
            let angle = window.context.orbit_time_rad;
            let numbers = [
                label.seed as f32,
                (label.seed % 2) as f32,
                (index % 7) as f32,
                angle.sin() as f32,
                angle.cos() as f32,
                f32::from(u8::from(window.context.eclipsed)),
                window.context.mean_motion_rad_s as f32 * 1e3,
            ];
            (numbers, label.class.index())
        });
        let (numbers, classes): (Vec<[f32; 7]>, Vec<usize>) = told.unzip();
        (numbers.concat(), classes)
    };
    let [train, held] = &*WINDOWS;
    let (told, labels) = features(train);
    let examples = Examples::new(&told, 7, &labels, CLASSES).expect("sound examples");
    let forest = RandomForest::fit(&examples, RandomForestConfig { trees: 40, ..RandomForestConfig::default() });
    let (told, labels) = features(held);
    let given = forest.probabilities(&told);
    let right = given.chunks_exact(CLASSES).zip(&labels).filter(|(row, class)| most_likely(row) == **class).count();
    let most = (0..CLASSES).map(|class| labels.iter().filter(|other| **other == class).count()).max().unwrap_or(0);
    let (share, majority) = (right as f64 / labels.len() as f64, most as f64 / labels.len() as f64);
    let bound = majority + 3.5 * (majority * (1.0 - majority) / labels.len() as f64).sqrt();
    assert!(share < bound, "{share} of {}, the commonest class is {majority}", labels.len());
}

#[test]
fn a_training_that_was_stopped_goes_on_to_the_bit() {
    let root = tempfile::tempdir().expect("a directory");
    let (scaling, [train, held]) = rows(Wanted::FeaturesAndTiles);
    let (whole, _) = trained(&root.path().join("whole"), &train, &held, &scaling);
    let fresh = || {
        DetectorTraining::new(config(), DeviceChoice::Cpu, scaling.clone(), &train, &held, serde_json::json!({}))
            .expect("a sound configuration")
    };
    let path = root.path().join("halves");
    let directory = RunDirectory::create(&path).expect("it can be made");
    directory.write_config("()").expect("it can be written");
    // Stopped in its second epoch.
    let interrupt = Interrupt::detached();
    let finished = fresh().run(&directory, &interrupt, &mut |tick| {
        if tick.epoch == 2 && tick.done > 0.3 {
            interrupt.request();
        }
    });
    let finished = finished.expect("it learns");
    assert!(finished.interrupted && finished.epochs == 1);
    let mut again = fresh();
    let checkpoint = directory.checkpoints_path().join("step_1");
    again.resume(&astroshield::models::checkpoint::Checkpoint::open(&checkpoint).expect("whole")).expect("it fits");
    let finished = again.run(&directory, &Interrupt::detached(), &mut |_| ()).expect("it learns");
    assert_eq!((finished.epochs, finished.interrupted), (2, false));
    let best = directory.checkpoints_path().join(format!("step_{}", finished.best.expect("one").step));
    let halves = ThreatDetector::open(&best).expect("it was written");
    assert_eq!(halves.parameters(), whole.parameters());
}

/// `mixed_threats` with short episodes, so that data of all classes take a second.
fn small_data(root: &Path) {
    ScenarioText::shipped("mixed_threats")
        .with("time_limit_s", "9000.0")
        .with("telemetry", "(role: Training, observer: \"satellite\")")
        .write(root, "short.ron");
    succeed(root, &["dataset", "short.ron", "--windows", "900", "--seed", "4", "--out", "data", "--json"]);
}

#[test]
fn the_commands_make_data_fit_a_detector_and_judge_it() {
    let root = tempfile::tempdir().expect("a directory");
    let root = root.path();
    small_data(root);
    let fitted = succeed(
        root,
        &["fit", "detector", "--data", "data", "--epochs", "1", "--no-baselines", "--run-dir", "run", "--json"],
    );
    let told = fitted.json();
    for key in ["accuracy", "accuracy_ci95", "macro_f1", "recall", "ece", "run_dir", "model"] {
        assert!(!told[key].is_null(), "{key} of {told}");
    }
    assert!(fitted.stderr.contains("epoch 1/1"), "{}", fitted.stderr);
    for file in ["confusion-test.png", "reliability-test.png", "earliness-test.png", "model/card.md", "model/card.json"]
    {
        assert!(root.join("run").join(file).is_file(), "{file}");
    }
    let evaluated =
        succeed(root, &["evaluate", "run", "short.ron", "--episodes", "40", "--seed", "9", "--json"]).json();
    for key in ["accuracy", "accuracy_ci95", "macro_f1", "recall", "ece", "episodes", "seed"] {
        assert!(!evaluated[key].is_null(), "{key} of {evaluated}");
    }
    assert_eq!(evaluated["recall"].as_object().map(serde_json::Map::len), Some(CLASSES));
    // On the data set's own test the figures are those that the run told; half precision may turn a window or two.
    let again = succeed(root, &["evaluate", "run/model", "data", "--json"]).json();
    let apart = again["accuracy"].as_f64().expect("a number") - told["accuracy"].as_f64().expect("a number");
    assert!(apart.abs() < 0.02, "{apart}");
    let error = refused(root, &["fit", "detector", "--data", "run", "--run-dir", "other"]);
    assert!(error.contains("run"), "{error}");
    let error = refused(root, &["evaluate", "run", "../nowhere.ron"]);
    assert!(error.contains("nowhere.ron"), "{error}");
}

#[test]
fn an_encoder_is_fitted_and_judged_by_behaviours_that_it_never_saw() {
    let root = tempfile::tempdir().expect("a directory");
    let root = root.path();
    ScenarioText::shipped("mixed_threats")
        .with("time_limit_s", "9000.0")
        .with("telemetry", "(role: Training, observer: \"satellite\", further_tests: [\"unknown.ron\"])")
        .write(root, "short.ron");
    ScenarioText::shipped("mixed_threats_unknown").with("time_limit_s", "12000.0").write(root, "unknown.ron");
    succeed(root, &["dataset", "short.ron", "--windows", "1200", "--seed", "4", "--out", "data", "--json"]);
    let begin = ["fit", "encoder", "--data", "data", "--epochs", "3", "--no-baselines", "--run-dir", "run", "--json"];
    let told = succeed(root, &begin).json();
    for key in ["auroc_unknown", "auroc_unknown_ci95", "run_dir", "model"] {
        assert!(!told[key].is_null(), "{key} of {told}");
    }
    for file in ["model/anomaly.json", "model/drift.json", "model/card.md", "encodings.png"] {
        assert!(root.join("run").join(file).is_file(), "{file}");
    }
    let evaluated =
        succeed(root, &["evaluate", "run", "short.ron", "--episodes", "60", "--seed", "9", "--json"]).json();
    // Chance is a half; three epochs on 840 windows are far from what the shipped one does.
    assert!(evaluated["auroc_unknown"].as_f64().expect("a number") > 0.6, "{evaluated}");
    // Alone, a scenario without further tests has nothing that is unknown.
    ScenarioText::shipped("mixed_threats")
        .with("time_limit_s", "9000.0")
        .with("telemetry", "(role: Training, observer: \"satellite\")")
        .write(root, "alone.ron");
    let error = refused(root, &["evaluate", "run", "alone.ron", "--episodes", "10"]);
    assert!(error.contains("no training has"), "{error}");
}

#[test]
fn the_shipped_models_do_on_fresh_seeds_what_their_cards_tell() {
    let root = tempfile::tempdir().expect("a directory");
    let shipped = |path: &str| format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    let scenario = shipped("scenarios/mixed_threats.ron");
    for (model, figure, least) in [("adversary_encoder", "auroc_unknown", 0.90), ("threat_detector", "accuracy", 0.92)]
    {
        let model = shipped(&format!("checkpoints/{model}"));
        let told =
            succeed(root.path(), &["evaluate", &model, &scenario, "--episodes", "120", "--seed", "77", "--json"]);
        // Cards say 0.96; with so few episodes two standard errors are 0.02 to 0.03.
        assert!(told.json()[figure].as_f64().expect("a number") > least, "{}", told.json()[figure]);
    }
}

#[test]
fn a_bad_window_is_told_and_spoils_no_batch() {
    let detector = astroshield::models::threat_detector::file::ThreatDetector::new(
        ThreatDetectorConfig { channels: 8, hidden: 64, classes: CLASSES },
        &astroshield::models::threat_detector::DetectorParameters::new(
            &ThreatDetectorConfig { channels: 8, hidden: 64, classes: CLASSES },
            &mut Xoshiro256PlusPlus::seed_from_u64(1),
        ),
        rows(Wanted::Features).0,
        ThreatClass::ALL.iter().map(|class| class.name().to_owned()).collect(),
        serde_json::json!({}),
    );
    let sound = WINDOWS[1][0].window.clone();
    let spoilt = |change: &dyn Fn(&mut astroshield::telemetry::window::TelemetryWindow)| {
        let mut window = sound.clone();
        change(&mut window);
        window
    };
    let batch = [
        sound.clone(),
        spoilt(&|window| window.samples[4][0] = f64::INFINITY),
        spoilt(&|window| window.samples.iter_mut().for_each(|sample| sample.fill(f64::NAN))),
        spoilt(&|window| window.samples.clear()),
        spoilt(&|window| window.samples[0][25] = -5.0),
        spoilt(&|window| window.samples.iter_mut().for_each(|sample| sample[..21].fill(f64::NAN))),
        sound.clone(),
    ];
    let answers = detector.detect_threats(&batch);
    let is_answer: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(is_answer, [true, false, false, false, false, true, true]);
    let first = answers[0].as_ref().expect("sound");
    assert_eq!(answers[6].as_ref().expect("sound").posterior, first.posterior);
    assert!((first.posterior.iter().sum::<f64>() - 1.0).abs() < 1e-6);
    assert!(!answers[5].as_ref().expect("degraded").degraded.is_empty(), "a window without a track is told as such");
    let error = answers[1].as_ref().expect_err("infinite").to_string();
    assert!(error.contains("inf"), "{error}");
}
