//! The program as a user runs it: a process of its own, its output, its exit status, and the files that it leaves.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// What a finished process left.
#[derive(Debug)]
pub(super) struct Finished {
    /// Exit status; `None`: a signal ended it.
    pub(super) code: Option<i32>,
    /// All that it printed on stdout.
    pub(super) stdout: String,
    /// All that it printed on stderr.
    pub(super) stderr: String,
}

/// The program, to be started in `directory`, with stdin closed and whatever would colour its output out of the way.
pub(super) fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_astroshield"));
    command.current_dir(directory).args(arguments).stdin(Stdio::null()).env("NO_COLOR", "1");
    command
}

/// Runs the program in `directory` to its end.
pub(super) fn run(directory: &Path, arguments: &[&str]) -> Finished {
    let output = command(directory, arguments).output().expect("the program can be started");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the output is UTF-8");
    Finished { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// Runs the program in `directory`, which must succeed.
pub(super) fn succeed(directory: &Path, arguments: &[&str]) -> Finished {
    let finished = run(directory, arguments);
    assert_eq!(finished.code, Some(0), "{arguments:?}\n{}", finished.stderr);
    finished
}

/// Runs the program in `directory`, which must refuse: exit 2, one error on stderr, nothing on stdout. Gives the error.
pub(super) fn refused(directory: &Path, arguments: &[&str]) -> String {
    let Finished { code, stdout, stderr } = run(directory, arguments);
    assert_eq!(code, Some(2), "{arguments:?}\n{stderr}");
    assert_eq!(stdout, "", "{arguments:?}");
    // An error of the command line begins with `error: `, the head of a diagnostic with `  × `.
    let heads =
        stderr.lines().filter(|line| line.starts_with("error: ")).count() + usize::from(stderr.starts_with("  × "));
    assert_eq!(heads, 1, "{arguments:?}\n{stderr}");
    assert!(!stderr.contains("panicked") && !stderr.contains("backtrace"), "{arguments:?}\n{stderr}");
    stderr
}

impl Finished {
    /// The one JSON object that stdout holds, and nothing beside it.
    pub(super) fn json(&self) -> Value {
        let value: Value = serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is not one JSON value: {error}\n{}", self.stdout));
        assert!(value.is_object(), "{value}");
        value
    }
}

/// Every file below `directory` with its content, by path.
pub(super) fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).expect("the directory can be listed") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let content = fs::read(&path).expect("it can be read");
            found.insert(path, content);
        }
    }
    found
}

/// The objects of a run's `metrics.jsonl`, line by line; every line must be whole.
pub(super) fn metrics(run: &Path) -> Vec<Value> {
    let text = fs::read_to_string(run.join("metrics.jsonl")).expect("the run has metrics");
    assert!(text.ends_with('\n'), "the last line is torn: {text}");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}
