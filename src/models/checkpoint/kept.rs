//! The checkpoints of a run: the latest, the best, and those that have had their day.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{CheckpointError, MANIFEST_FILE, REPLACED, STEP_PREFIX, hidden, sync};
use crate::models::durable_file;

/// Which checkpoint scored best, beside the checkpoints.
const BEST_FILE: &str = "best.json";
/// A checkpoint that is being removed.
const PRUNED: &str = "pruned";

/// The newest whole checkpoint of a run, and what was passed over in looking for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LatestCheckpoint {
    /// (environment steps, directory); `None`: there is none.
    pub found: Option<(u64, PathBuf)>,
    /// Newer directories that hold no whole checkpoint, with the reason.
    pub skipped: Vec<(PathBuf, String)>,
}

/// Finds the newest checkpoint that has a manifest. Its files are not verified yet: [`Checkpoint::open`](super::Checkpoint::open) does that.
///
/// Errors: the directory exists and cannot be listed.
pub fn latest(checkpoints: &Path) -> Result<LatestCheckpoint, CheckpointError> {
    let mut latest = LatestCheckpoint::default();
    for (step, directory) in list(checkpoints)?.into_iter().rev() {
        if directory.join(MANIFEST_FILE).is_file() {
            latest.found = Some((step, directory));
            break;
        }
        let reason = CheckpointError::NoManifest { directory: directory.clone() }.to_string();
        latest.skipped.push((directory, reason));
    }
    Ok(latest)
}

/// The checkpoint that scored best.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BestCheckpoint {
    /// Environment steps at which it was written.
    pub step: u64,
    /// Its score, in the unit of whoever judged it; higher is better.
    pub score: f64,
}

/// Says which checkpoint is the best so far; [`prune`] keeps it.
///
/// Errors: there is no whole checkpoint of that step; the note cannot be written.
pub fn mark_best(checkpoints: &Path, best: BestCheckpoint) -> Result<(), CheckpointError> {
    let directory = checkpoints.join(format!("{STEP_PREFIX}{}", best.step));
    if !directory.join(MANIFEST_FILE).is_file() {
        return Err(CheckpointError::NoManifest { directory });
    }
    let path = checkpoints.join(BEST_FILE);
    let text = serde_json::to_vec(&best).expect("two numbers are JSON");
    durable_file::replace(&path, &text).map_err(CheckpointError::io("write", &path))
}

/// Which checkpoint is the best so far; `None`: none was judged.
///
/// Errors: the note cannot be read or is damaged.
pub fn best(checkpoints: &Path) -> Result<Option<BestCheckpoint>, CheckpointError> {
    let path = checkpoints.join(BEST_FILE);
    match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| CheckpointError::DamagedManifest { path, reason: error.to_string() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CheckpointError::io("read", &path)(error)),
    }
}

/// Removes all whole checkpoints but the newest `keep_last` (at least one) and the best. Returns the steps removed.
///
/// Errors: a directory cannot be removed; the note of the best cannot be read, and then nothing is removed.
pub fn prune(checkpoints: &Path, keep_last: usize) -> Result<Vec<u64>, CheckpointError> {
    let best_step = best(checkpoints)?.map(|best| best.step);
    let whole: Vec<_> =
        list(checkpoints)?.into_iter().filter(|(_, directory)| directory.join(MANIFEST_FILE).is_file()).collect();
    let mut removed = Vec::new();
    for (step, directory) in &whole[..whole.len().saturating_sub(keep_last.max(1))] {
        if Some(*step) != best_step {
            // Renamed first, so that a kill leaves no half of a checkpoint under its name.
            let pruned = hidden(directory, PRUNED)?;
            fs::rename(directory, &pruned).map_err(CheckpointError::io("remove", directory))?;
            fs::remove_dir_all(&pruned).map_err(CheckpointError::io("remove", &pruned))?;
            removed.push(*step);
        }
    }
    Ok(removed)
}

/// Tidies up after killed writers: removes what they left half-written or half-removed, and puts back a checkpoint that
/// was moved aside and whose successor never came. Returns what it removed. Only the run's one writer may call it.
///
/// Errors: the directory cannot be listed, a leftover not removed.
pub fn clean(checkpoints: &Path) -> Result<Vec<PathBuf>, CheckpointError> {
    let mut removed = Vec::new();
    for path in entries(checkpoints)? {
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some((name, purpose)) = durable_file::temporary_name(&file_name) else {
            continue;
        };
        let target = checkpoints.join(name);
        if purpose == REPLACED && !target.exists() {
            fs::rename(&path, &target).map_err(CheckpointError::io("restore", &target))?;
            continue;
        }
        let result = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        result.map_err(CheckpointError::io("remove", &path))?;
        removed.push(path);
    }
    if checkpoints.is_dir() {
        sync(checkpoints)?;
    }
    Ok(removed)
}

/// All directories called `step_N`, whole or not, by ascending steps.
fn list(checkpoints: &Path) -> Result<Vec<(u64, PathBuf)>, CheckpointError> {
    let mut found = Vec::new();
    for path in entries(checkpoints)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let step = name.strip_prefix(STEP_PREFIX).and_then(|digits| digits.parse().ok());
        if let Some(step) = step.filter(|step: &u64| name == format!("{STEP_PREFIX}{step}") && path.is_dir()) {
            found.push((step, path));
        }
    }
    found.sort();
    Ok(found)
}

/// What a directory holds; nothing, where there is none.
fn entries(directory: &Path) -> Result<Vec<PathBuf>, CheckpointError> {
    match fs::read_dir(directory) {
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<_>>()
            .map_err(CheckpointError::io("list", directory)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(CheckpointError::io("list", directory)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Checkpoint;
    use super::super::tests::{FILES, meta, names};
    use super::*;

    #[test]
    fn what_killed_writers_left_is_cleaned_and_a_displaced_checkpoint_comes_back() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        Checkpoint::write(root.path(), 1, &FILES, meta()).unwrap();
        // Killed between two files.
        fs::create_dir(at(".step_2.partial-77-0")).unwrap();
        fs::write(at(".step_2.partial-77-0").join("weights.safetensors"), b"wei").unwrap();
        // Killed between the two renames of a replacement: its new one partial, its old one aside.
        Checkpoint::write(root.path(), 3, &FILES, meta()).unwrap();
        fs::rename(at("step_3"), at(".step_3.replaced-77-1")).unwrap();
        // Killed after them.
        fs::create_dir(at(".step_1.replaced-77-2")).unwrap();
        // Killed while removing, and while noting the best.
        fs::create_dir(at(".step_0.pruned-77-3")).unwrap();
        fs::write(at(".best.json.new-77-4"), b"{").unwrap();
        // Not ours.
        fs::write(at(".nfs0001"), b"").unwrap();

        let mut removed = clean(root.path()).unwrap();
        removed.sort();
        let expected = [".best.json.new-77-4", ".step_0.pruned-77-3", ".step_1.replaced-77-2", ".step_2.partial-77-0"];
        assert_eq!(removed, expected.map(at));
        assert_eq!(names(root.path()), [".nfs0001", "step_1", "step_3"]);
        Checkpoint::open(&at("step_3")).unwrap();
        assert_eq!(clean(root.path()).unwrap(), [] as [PathBuf; 0]);
        assert_eq!(clean(&at("missing")).unwrap(), [] as [PathBuf; 0]);
    }

    #[test]
    fn the_latest_is_by_number_and_passes_over_half_written_ones_with_a_reason() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(latest(root.path()).unwrap(), LatestCheckpoint::default());
        assert_eq!(latest(&root.path().join("missing")).unwrap(), LatestCheckpoint::default());
        for step in [9, 10] {
            Checkpoint::write(root.path(), step, &FILES, meta()).unwrap();
        }
        fs::create_dir(root.path().join("step_11")).unwrap();
        for other in ["step_0012", "step_x", "step_+13", ".step_14.partial-1-0"] {
            fs::create_dir(root.path().join(other)).unwrap();
        }
        let latest = latest(root.path()).unwrap();
        assert_eq!(latest.found, Some((10, root.path().join("step_10"))));
        let [(skipped, reason)] = latest.skipped.as_slice() else { panic!("{:?}", latest.skipped) };
        assert_eq!(skipped, &root.path().join("step_11"));
        assert!(reason.contains("half written"), "{reason}");
    }

    #[test]
    fn pruning_keeps_the_last_ones_and_the_best() {
        let root = tempfile::tempdir().unwrap();
        for step in [1, 2, 3, 4, 5] {
            Checkpoint::write(root.path(), step, &FILES, meta()).unwrap();
        }
        // Half-written: neither kept in place of a whole one nor removed.
        fs::create_dir(root.path().join("step_6")).unwrap();
        let best_of_all = BestCheckpoint { step: 2, score: 0.75 };
        assert_eq!(best(root.path()).unwrap(), None);
        mark_best(root.path(), best_of_all).unwrap();
        assert!(mark_best(root.path(), BestCheckpoint { step: 6, score: 1.0 }).is_err());
        assert_eq!(best(root.path()).unwrap(), Some(best_of_all));
        assert_eq!(prune(root.path(), 2).unwrap(), [1, 3]);
        assert_eq!(names(root.path()), ["best.json", "step_2", "step_4", "step_5", "step_6"]);
        assert_eq!(prune(root.path(), 0).unwrap(), [4], "the newest always stays");
        fs::write(root.path().join(BEST_FILE), "{").unwrap();
        assert!(prune(root.path(), 1).is_err());
        assert_eq!(names(root.path()), ["best.json", "step_2", "step_5", "step_6"]);
    }
}
