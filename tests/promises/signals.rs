//! A run that is asked to stop keeps what it learned, and one that is killed loses nothing that was kept.
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use astroshield::models::checkpoint::{self, Checkpoint};

use super::binary::{self, metrics, succeed};
use super::scenario_text::ScenarioText;

/// After this long a process hangs. No test passes or fails by less.
const HANGS_AFTER: Duration = Duration::from_secs(300);

/// A training run in a process of its own; ended with the value.
struct Training {
    child: Child,
    output: PathBuf,
}

impl Training {
    /// Starts `train docking.ron` with more steps than any test waits for. Stdout goes to a file in `root`.
    fn start(root: &Path, more: &[&str]) -> Self {
        let arguments = ["train", "docking.ron", "--envs", "8", "--steps", "1000000000", "--json", "--quiet"];
        let output = root.join("stdout.json");
        let stdout = fs::File::create(&output).unwrap();
        let mut command = binary::command(root, &[&arguments[..], more].concat());
        let child = command.stdout(stdout).stderr(Stdio::null()).spawn().unwrap();
        Self { child, output }
    }

    /// Waits until `is_so`, while the process runs.
    fn until(&mut self, what: &str, is_so: impl Fn() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert_eq!(self.child.try_wait().unwrap(), None, "it ended before there was {what}");
            assert!(start.elapsed() < HANGS_AFTER, "no {what}");
            sleep(Duration::from_millis(10));
        }
    }

    fn signal(&self, name: &str) {
        let script = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success(), "{script}");
    }

    /// Waits for the end; a process that hangs is killed and fails the test.
    fn end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < HANGS_AFTER, "it does not end");
            sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Training {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lines of a run's metrics, as long as it is being written.
fn lines(run: &Path) -> usize {
    fs::read(run.join("metrics.jsonl")).map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count())
}

/// The step of the newest checkpoint, which must open, as must all others.
fn newest(run: &Path) -> u64 {
    let checkpoints = run.join("checkpoints");
    let latest = checkpoint::latest(&checkpoints).unwrap();
    assert_eq!(latest.skipped, [], "a directory that has a checkpoint's name is not whole");
    for entry in fs::read_dir(&checkpoints).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().starts_with("step_") {
            Checkpoint::open(&entry.path()).unwrap();
        }
    }
    latest.found.expect("a checkpoint").0
}

/// Resumes the run in `root/run` for one more rollout, and checks that its curves go on without a gap or a repetition.
fn assert_goes_on(root: &Path, from: u64) {
    let stop_at = (from + 64).to_string();
    let arguments = ["train", "docking.ron", "--envs", "8", "--resume", "run", "--steps", &stop_at, "--json"];
    let finished = succeed(root, &[&arguments[..], &["--evaluation-episodes", "0"]].concat());
    assert_eq!(finished.json()["env_steps"], from + 64);
    assert_eq!(newest(&root.join("run")), from + 64);
    let steps: Vec<u64> = metrics(&root.join("run")).iter().map(|line| line["step"].as_u64().unwrap()).collect();
    let expected: Vec<u64> = (1..=(from + 64) / 64).map(|rollout| 64 * rollout).collect();
    assert_eq!(steps, expected);
}

#[test]
fn a_signal_stops_a_run_with_a_checkpoint_to_go_on_from() {
    for signal in ["TERM", "INT"] {
        let root = tempfile::tempdir().unwrap();
        let run = root.path().join("run");
        // Its own checkpoints would come far too late.
        let block = "(rollout: 8, evaluation_episodes: 4)";
        ScenarioText::shipped("docking").with_training(block).write(root.path(), "docking.ron");
        let mut training = Training::start(root.path(), &["--run-dir", "run"]);
        training.until("a line of metrics", || lines(&run) > 0);
        training.signal(signal);
        assert_eq!(training.end().code(), Some(0), "SIG{signal}");
        let told: serde_json::Value = serde_json::from_slice(&fs::read(&training.output).unwrap()).unwrap();
        assert_eq!((&told["interrupted"], &told["evaluation"]), (&true.into(), &serde_json::Value::Null));
        let steps = newest(&run);
        assert_eq!(told["env_steps"], steps);
        assert_eq!(metrics(&run).last().unwrap()["step"], steps, "steps were taken that no checkpoint holds");
        assert_eq!(
            serde_json::from_slice::<serde_json::Value>(&fs::read(run.join("summary.json")).unwrap()).unwrap(),
            told
        );
        assert_goes_on(root.path(), steps);
    }
}

#[test]
fn a_killed_run_leaves_whole_checkpoints() {
    let root = tempfile::tempdir().unwrap();
    let run = root.path().join("run");
    ScenarioText::quick().write(root.path(), "docking.ron");
    let mut reached = 0;
    for kill in 0..6 {
        let how = if kill == 0 { ["--run-dir", "run"] } else { ["--resume", "run"] };
        let mut training = Training::start(root.path(), &how);
        // A rollout is logged before its checkpoint is written, so the one before has its checkpoint.
        let rollouts = reached / 64 + 2 + kill;
        training.until("another rollout", || lines(&run) as u64 >= rollouts);
        // Where in the writing of a checkpoint the kill comes differs from time to time.
        training.child.kill().unwrap();
        assert_eq!(training.end().code(), None);
        reached = newest(&run);
        assert!(reached >= 64 * (rollouts - 1), "the newest checkpoint, {reached}, is older than it was");
    }
    assert_goes_on(root.path(), reached);
}

/// Whether the system has handed all signals to the process that were sent to it.
#[cfg(target_os = "linux")]
fn has_taken_its_signals(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let pending = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
    pending.is_none_or(|mask| mask.trim().bytes().all(|digit| digit == b'0'))
}

#[test]
#[cfg(target_os = "linux")]
fn a_second_signal_ends_a_run_at_once() {
    let root = tempfile::tempdir().unwrap();
    // A rollout that takes far longer than two signals do, since the first one is answered at its end.
    let block = "(rollout: 65536, evaluation_episodes: 4)";
    ScenarioText::shipped("docking").with_training(block).write(root.path(), "docking.ron");
    for attempt in 0.. {
        let name = format!("run-{attempt}");
        let run = root.path().join(&name);
        let mut training = Training::start(root.path(), &["--run-dir", &name]);
        // The handlers are set before the event file is made.
        training.until("an event file", || {
            let is_event = |entry: fs::DirEntry| entry.file_name().to_string_lossy().starts_with("events.");
            fs::read_dir(&run).is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(is_event)))
        });
        training.signal("TERM");
        let process = training.child.id();
        while training.child.try_wait().unwrap().is_none() && !has_taken_its_signals(process) {
            sleep(Duration::from_millis(1));
        }
        if training.child.try_wait().unwrap().is_none() {
            training.signal("INT");
        }
        match training.end().code() {
            // The rollout was over before the second signal came: nothing is known yet.
            Some(0) if attempt < 3 => {}
            code => {
                assert_eq!(code, Some(130));
                assert_eq!(lines(&run), 0, "it did not end at once");
                return;
            }
        }
    }
}
