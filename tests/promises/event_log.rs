//! The curves of a run are those that people know from other trainers, and TensorBoard's checksums guard them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use astroshield::train::event_log::EventLogError;
use astroshield::train::event_reader::{ScalarPoint, read_event_directory, read_events};

use super::binary::{metrics, succeed};
use super::scenario_text::{QUICK_TRAINING, ScenarioText};

/// Tags that every rollout logs in which an episode ended.
const TAGS: [&str; 17] = [
    "charts/SPS",
    "charts/episodic_length",
    "charts/episodic_return",
    "charts/learning_rate",
    "losses/approx_kl",
    "losses/clipfrac",
    "losses/entropy",
    "losses/explained_variance",
    "losses/policy_loss",
    "losses/value_loss",
    "rollout/delta_v_used_m_s",
    "rollout/ep_rew_mean",
    "rollout/success_rate",
    "time/acting_s",
    "time/environment_s",
    "time/rollout_s",
    "time/update_s",
];

/// Trains in `root/run` to `steps` on docking with episodes of five decisions, of which each rollout ends some.
fn train(root: &Path, steps: &str, more: &[&str]) {
    let arguments = ["train", "docking.ron", "--envs", "8", "--evaluation-episodes", "0", "--quiet", "--steps", steps];
    ScenarioText::quick().with("time_limit_s", "100.0").write(root, "docking.ron");
    succeed(root, &[&arguments[..], more].concat());
}

fn event_files(run: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(run).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("events.out.tfevents.")).collect()
}

/// The points of each tag, as (step, value).
fn curves(points: &[ScalarPoint]) -> BTreeMap<&str, Vec<(u64, f32)>> {
    let mut curves: BTreeMap<&str, Vec<(u64, f32)>> = BTreeMap::new();
    for point in points {
        curves.entry(&point.tag).or_default().push((point.step, point.value));
    }
    curves
}

#[test]
fn a_run_logs_the_promised_curves() {
    let root = tempfile::tempdir().unwrap();
    train(root.path(), "512", &["--run-dir", "run"]);
    let run = root.path().join("run");
    let paths = event_files(&run);
    assert_eq!(paths.len(), 1);
    let events = read_events(&paths[0]).unwrap();
    assert_eq!((events.torn_tail_bytes, events.restarts_at_step), (0, None));
    let curves = curves(&events.scalars);
    let every_rollout: Vec<u64> = (1..=8).map(|rollout| 64 * rollout).collect();
    for tag in TAGS {
        let curve = curves.get(tag).unwrap_or_else(|| panic!("no {tag}"));
        assert_eq!(curve.iter().map(|(step, _)| *step).collect::<Vec<_>>(), every_rollout, "{tag}");
        assert!(curve.iter().all(|(_, value)| value.is_finite()), "{tag}: {curve:?}");
    }
    let values = |tag: &str| curves[tag].iter().map(|(_, value)| *value).collect::<Vec<f32>>();
    assert!(values("charts/episodic_length").iter().all(|length| (1.0..=5.0).contains(length)));
    assert!(values("rollout/success_rate").iter().all(|rate| (0.0..=1.0).contains(rate)));
    assert!(values("rollout/delta_v_used_m_s").iter().all(|delta_v_m_s| *delta_v_m_s > 0.0));
    assert!(values("charts/SPS").iter().all(|rate| *rate > 0.0));
    assert!(values("losses/value_loss").iter().all(|loss| *loss >= 0.0));
    assert!(values("losses/clipfrac").iter().all(|share| (0.0..=1.0).contains(share)));
    assert_eq!(values("rollout/ep_rew_mean"), values("charts/episodic_return"));
    assert!(values("charts/learning_rate").windows(2).all(|pair| pair[1] < pair[0]), "it does not fall");
    let wall_times_s: Vec<f64> = events.scalars.iter().map(|point| point.wall_time_s).collect();
    assert!(wall_times_s.is_sorted());

    // metrics.jsonl holds the same points, each line all of one rollout.
    let lines = metrics(&run);
    assert_eq!(lines.iter().map(|line| line["step"].as_u64().unwrap()).collect::<Vec<_>>(), every_rollout);
    let mut told = 0;
    for line in &lines {
        for (tag, value) in line.as_object().unwrap().iter().filter(|(tag, _)| *tag != "step") {
            let point = (line["step"].as_u64().unwrap(), value.as_f64().expect("a number") as f32);
            assert!(curves[tag.as_str()].contains(&point), "{tag}: {point:?}");
            told += 1;
        }
    }
    assert_eq!(told, events.scalars.len());
}

#[test]
fn a_resumed_run_goes_on_with_its_curves() {
    let root = tempfile::tempdir().unwrap();
    train(root.path(), "192", &["--run-dir", "run"]);
    train(root.path(), "384", &["--resume", "run"]);
    let run = root.path().join("run");
    assert_eq!(event_files(&run).len(), 2);
    let points = read_event_directory(&run).unwrap();
    for (tag, curve) in curves(&points).into_iter().filter(|(tag, _)| TAGS.contains(tag)) {
        let steps: Vec<u64> = curve.iter().map(|(step, _)| *step).collect();
        assert_eq!(steps, [64, 128, 192, 256, 320, 384], "{tag}");
    }
    assert_eq!(metrics(&run).len(), 6);
    let tags: BTreeSet<&str> = points.iter().map(|point| point.tag.as_str()).collect();
    assert!(TAGS.iter().all(|tag| tags.contains(tag)), "{tags:?}");
}

#[test]
fn an_altered_event_file_is_found_out() {
    let root = tempfile::tempdir().unwrap();
    assert!(QUICK_TRAINING.contains("rollout: 8"), "one rollout of 8 environments is 64 steps");
    train(root.path(), "64", &["--run-dir", "run"]);
    let path = &event_files(&root.path().join("run"))[0];
    let whole = fs::read(path).unwrap();
    let points = read_events(path).unwrap().scalars.len();
    assert!(points >= TAGS.len());
    for at in [0, 9, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
        let mut altered = whole.clone();
        altered[at] ^= 0x10;
        fs::write(path, &altered).unwrap();
        let error = read_events(path).unwrap_err();
        assert!(matches!(&error, EventLogError::Damaged { offset, .. } if *offset <= at as u64), "byte {at}: {error}");
        assert!(read_event_directory(&root.path().join("run")).is_err(), "byte {at}");
    }
    // A file that a kill cut off is no altered one: its whole records are read.
    fs::write(path, &whole[..whole.len() - 1]).unwrap();
    let cut = read_events(path).unwrap();
    assert!(cut.torn_tail_bytes > 0 && cut.scalars.len() <= points);
}
