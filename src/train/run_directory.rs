//! The directory of one run: what lies where in it, and that it belongs to one run and one writer.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::event_log::{EventLogError, event_files};
use crate::models::checkpoint::{self, CheckpointError, LatestCheckpoint};
use crate::models::durable_file;

const CONFIG_FILE: &str = "config.ron";
const METRICS_FILE: &str = "metrics.jsonl";
const SUMMARY_FILE: &str = "summary.json";
const NOT_FINITE_FILE: &str = "not_finite.json";
const CHECKPOINTS_DIRECTORY: &str = "checkpoints";
/// Held locked by the process that writes the run; it stays, empty, when the run has ended.
const LOCK_FILE: &str = ".lock";

/// Why a directory cannot hold or continue a run.
#[derive(Debug, Error)]
pub enum RunDirectoryError {
    /// The system refused: no permission, a file in the way, a full disk.
    #[error("cannot {action} '{}': {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A new run would overwrite another.
    #[error("'{}' holds another run ('{found}'): choose another directory, or resume that run", path.display())]
    HoldsAnotherRun {
        /// The directory.
        path: PathBuf,
        /// What was found in it.
        found: String,
    },
    /// There is nothing to continue.
    #[error("'{}' holds no run: it has no {CONFIG_FILE}", path.display())]
    NoRun {
        /// The directory.
        path: PathBuf,
    },
    /// Another process writes it.
    #[error("the run '{}' is being written by another process", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// Its event files cannot be listed.
    #[error(transparent)]
    Events(#[from] EventLogError),
    /// Its checkpoints cannot be listed or tidied.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl RunDirectoryError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

/// The directory of one run.
///
/// [`RunDirectory::create`] and [`RunDirectory::open`] lock it for as long as the value lives; where the file system knows
/// no locks, they go on without. A killed process holds no lock.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    /// Keeps the lock; `None`: opened for reading.
    _lock: Option<File>,
    leftovers: Vec<PathBuf>,
}

impl RunDirectory {
    /// Makes the directory of a new run, with its parents. Files of other kinds in it are left alone.
    ///
    /// Errors: it holds another run (nothing is then changed), another process writes it, it cannot be made or written.
    pub fn create(path: &Path) -> Result<Self, RunDirectoryError> {
        fs::create_dir_all(path).map_err(RunDirectoryError::io("create the run directory", path))?;
        refuse_another_run(path)?;
        let lock = lock(path)?;
        // Again, for a process that was faster between the look and the lock.
        refuse_another_run(path)?;
        let checkpoints = path.join(CHECKPOINTS_DIRECTORY);
        fs::create_dir_all(&checkpoints).map_err(RunDirectoryError::io("create", &checkpoints))?;
        Ok(Self { path: path.to_owned(), _lock: Some(lock), leftovers: Vec::new() })
    }

    /// Makes `parent/<scenario>-<algorithm>-seed<S>-<n>` with the first free n from 1.
    ///
    /// What cannot stand in a file's name everywhere becomes `_`. Errors: as [`RunDirectory::create`].
    pub fn create_next(parent: &Path, scenario: &str, algorithm: &str, seed: u64) -> Result<Self, RunDirectoryError> {
        fs::create_dir_all(parent).map_err(RunDirectoryError::io("create the directory of runs", parent))?;
        let stem = format!("{}-{}-seed{seed}", plain_name(scenario), plain_name(algorithm));
        let mut number = 1_u64;
        loop {
            let path = parent.join(format!("{stem}-{number}"));
            match fs::create_dir(&path) {
                Ok(()) => return Self::create(&path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(RunDirectoryError::io("create the run directory", &path)(error)),
            }
        }
    }

    /// Opens a run in order to go on with it, and tidies up what a killed process left half-written
    /// ([`RunDirectory::leftovers`]).
    ///
    /// Errors: it holds no run, another process writes it, it cannot be written or tidied.
    pub fn open(path: &Path) -> Result<Self, RunDirectoryError> {
        let mut run = Self::read(path)?;
        run._lock = Some(lock(path)?);
        run.leftovers = checkpoint::clean(&run.checkpoints_path())?;
        for entry in fs::read_dir(path).map_err(RunDirectoryError::io("list", path))? {
            let entry = entry.map_err(RunDirectoryError::io("list", path))?;
            if durable_file::temporary_name(&entry.file_name().to_string_lossy()).is_some() {
                let leftover = entry.path();
                fs::remove_file(&leftover).map_err(RunDirectoryError::io("remove", &leftover))?;
                run.leftovers.push(leftover);
            }
        }
        Ok(run)
    }

    /// Opens a run in order to look at it, even while another process writes it: nothing is locked, tidied or written.
    ///
    /// Errors: it holds no run.
    pub fn read(path: &Path) -> Result<Self, RunDirectoryError> {
        if !path.join(CONFIG_FILE).is_file() {
            return Err(RunDirectoryError::NoRun { path: path.to_owned() });
        }
        Ok(Self { path: path.to_owned(), _lock: None, leftovers: Vec::new() })
    }

    /// The directory itself, which also holds the event files.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The scenario and settings of the run.
    #[must_use]
    pub fn config_path(&self) -> PathBuf {
        self.path.join(CONFIG_FILE)
    }

    /// The curves, one JSON object a line.
    #[must_use]
    pub fn metrics_path(&self) -> PathBuf {
        self.path.join(METRICS_FILE)
    }

    /// What came out of the run.
    #[must_use]
    pub fn summary_path(&self) -> PathBuf {
        self.path.join(SUMMARY_FILE)
    }

    /// The directory of checkpoints.
    #[must_use]
    pub fn checkpoints_path(&self) -> PathBuf {
        self.path.join(CHECKPOINTS_DIRECTORY)
    }

    /// What [`RunDirectory::open`] removed: the half-written leftovers of a killed process.
    #[must_use]
    pub fn leftovers(&self) -> &[PathBuf] {
        &self.leftovers
    }

    /// Writes `config.ron`, which makes the directory a run.
    ///
    /// Errors: it cannot be written; what was there before is untouched.
    pub fn write_config(&self, ron: &str) -> Result<(), RunDirectoryError> {
        let path = self.config_path();
        durable_file::replace(&path, ron.as_bytes()).map_err(RunDirectoryError::io("write", &path))
    }

    /// Writes or replaces `summary.json` in one step.
    ///
    /// Errors: it cannot be written; what was there before is untouched.
    pub fn write_summary(&self, summary: &serde_json::Value) -> Result<(), RunDirectoryError> {
        let path = self.summary_path();
        let text = format!("{summary:#}\n");
        durable_file::replace(&path, text.as_bytes()).map_err(RunDirectoryError::io("write", &path))
    }

    /// Writes or replaces `not_finite.json`: what made a number infinite or NaN, to play it again; gives its path.
    ///
    /// Errors: it cannot be written.
    pub fn write_not_finite(&self, dump: &serde_json::Value) -> Result<PathBuf, RunDirectoryError> {
        let path = self.path.join(NOT_FINITE_FILE);
        durable_file::replace(&path, format!("{dump:#}\n").as_bytes())
            .map_err(RunDirectoryError::io("write", &path))?;
        Ok(path)
    }

    /// The newest checkpoint that was written whole, and those passed over.
    ///
    /// Errors: the checkpoints cannot be listed.
    pub fn latest_checkpoint(&self) -> Result<LatestCheckpoint, RunDirectoryError> {
        Ok(checkpoint::latest(&self.checkpoints_path())?)
    }
}

fn refuse_another_run(path: &Path) -> Result<(), RunDirectoryError> {
    let refuse =
        |found: &str| Err(RunDirectoryError::HoldsAnotherRun { path: path.to_owned(), found: found.to_owned() });
    for name in [CONFIG_FILE, METRICS_FILE, SUMMARY_FILE] {
        if path.join(name).exists() {
            return refuse(name);
        }
    }
    if let Some(name) = event_files(path)?.first().and_then(|file| file.file_name()) {
        return refuse(&name.to_string_lossy());
    }
    let empty = match fs::read_dir(path.join(CHECKPOINTS_DIRECTORY)) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if empty { Ok(()) } else { refuse(CHECKPOINTS_DIRECTORY) }
}

fn lock(directory: &Path) -> Result<File, RunDirectoryError> {
    let path = directory.join(LOCK_FILE);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(RunDirectoryError::io("write to the run directory", directory))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(RunDirectoryError::InUse { path: directory.to_owned() }),
        // Some network file systems know no locks; a run there is as safe as it was before locks.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// `name` with everything but letters, digits, `_`, `-` and `.` replaced, and no `.` first.
fn plain_name(name: &str) -> String {
    let plain = |character: char| {
        if character.is_ascii_alphanumeric() || "_-.".contains(character) { character } else { '_' }
    };
    let name: String = name.chars().map(plain).collect();
    match name.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None if name.is_empty() => "run".to_owned(),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::models::checkpoint::Checkpoint;

    fn created(path: &Path) -> RunDirectory {
        let run = RunDirectory::create(path).unwrap();
        run.write_config("(seed: 1)").unwrap();
        run
    }

    #[test]
    fn a_new_run_makes_its_directory_and_a_resumed_one_finds_it() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("runs/docking-ppo-seed1-1");
        let run = created(&path);
        run.write_summary(&json!({"env_steps": 1})).unwrap();
        run.write_summary(&json!({"env_steps": 2})).unwrap();
        Checkpoint::write(&run.checkpoints_path(), 10, &[("weights", b"w")], json!({})).unwrap();
        drop(run);
        let run = RunDirectory::open(&path).unwrap();
        assert_eq!(run.leftovers(), [] as [PathBuf; 0]);
        assert_eq!(fs::read_to_string(run.config_path()).unwrap(), "(seed: 1)");
        let summary: serde_json::Value = serde_json::from_slice(&fs::read(run.summary_path()).unwrap()).unwrap();
        assert_eq!(summary, json!({"env_steps": 2}));
        assert_eq!(run.latest_checkpoint().unwrap().found, Some((10, path.join("checkpoints/step_10"))));
    }

    #[test]
    fn a_directory_with_anything_of_another_run_is_refused_and_left_as_it_was() {
        for name in [CONFIG_FILE, METRICS_FILE, SUMMARY_FILE, "events.out.tfevents.1.a", "checkpoints/step_1"] {
            let root = tempfile::tempdir().unwrap();
            let file = root.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, b"precious").unwrap();
            let error = RunDirectory::create(root.path()).unwrap_err();
            assert!(matches!(error, RunDirectoryError::HoldsAnotherRun { .. }), "{name}: {error}");
            assert_eq!(fs::read(&file).unwrap(), b"precious");
            assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "{name}: something was added");
        }
    }

    #[test]
    fn foreign_files_and_a_start_that_was_killed_early_do_not_hinder() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("notes.txt"), b"mine").unwrap();
        drop(RunDirectory::create(root.path()).unwrap());
        created(root.path());
        assert_eq!(fs::read(root.path().join("notes.txt")).unwrap(), b"mine");
    }

    #[test]
    fn a_path_that_cannot_be_written_is_one_clear_error() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, b"").unwrap();
        let mut paths = vec![file.clone(), file.join("below")];
        if cfg!(target_os = "linux") {
            // Refuses even the superuser.
            paths.push(PathBuf::from("/proc/astroshield-run"));
        }
        for path in paths {
            let error = RunDirectory::create(&path).unwrap_err();
            assert!(matches!(error, RunDirectoryError::Io { .. }), "{error}");
            assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        }
    }

    #[test]
    fn what_holds_no_run_cannot_be_resumed() {
        let root = tempfile::tempdir().unwrap();
        for path in [root.path().to_owned(), root.path().join("missing")] {
            assert!(matches!(RunDirectory::open(&path), Err(RunDirectoryError::NoRun { .. })));
        }
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }

    #[test]
    fn two_writers_never_share_a_run_but_readers_may_look() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("run");
        let run = created(&path);
        let partial = run.checkpoints_path().join(".step_5.partial-1-0");
        fs::create_dir(&partial).unwrap();
        assert!(matches!(RunDirectory::open(&path), Err(RunDirectoryError::InUse { .. })));
        RunDirectory::read(&path).unwrap();
        assert!(partial.is_dir(), "what the writer is about to finish was removed");
        drop(run);
        RunDirectory::open(&path).unwrap();
    }

    #[test]
    fn resuming_tidies_up_after_a_kill() {
        let root = tempfile::tempdir().unwrap();
        let run = created(root.path());
        Checkpoint::write(&run.checkpoints_path(), 100, &[("weights", b"w")], json!({})).unwrap();
        let partial = run.checkpoints_path().join(".step_200.partial-1-0");
        fs::create_dir(&partial).unwrap();
        fs::write(partial.join("weights"), b"ha").unwrap();
        let summary = root.path().join(".summary.json.new-1-1");
        fs::write(&summary, b"{").unwrap();
        drop(run);
        let run = RunDirectory::open(root.path()).unwrap();
        assert_eq!(run.leftovers(), [partial.clone(), summary.clone()]);
        assert!(!partial.exists() && !summary.exists());
        let latest = run.latest_checkpoint().unwrap();
        assert_eq!(latest.found.unwrap().0, 100);
        assert_eq!(latest.skipped, []);
    }

    #[test]
    fn default_names_count_up_and_stay_inside_their_parent() {
        let root = tempfile::tempdir().unwrap();
        let name = |scenario: &str| {
            let run = RunDirectory::create_next(root.path(), scenario, "ppo", 7).unwrap();
            assert_eq!(run.path().parent(), Some(root.path()));
            run.path().file_name().unwrap().to_str().unwrap().to_owned()
        };
        assert_eq!(name("docking"), "docking-ppo-seed7-1");
        assert_eq!(name("docking"), "docking-ppo-seed7-2");
        assert_eq!(name("../a b"), "_._a_b-ppo-seed7-1");
        assert_eq!(name(""), "run-ppo-seed7-1");
    }
}
