//! Files that a kill or a power cut leaves whole: written, synced, then renamed into place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes a new file and waits until its content is on the disk.
///
/// Errors: the file exists already, or it cannot be created, written (a full disk) or synced.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Replaces the content of `path` in one step: whoever opens it, at any moment, finds all of the old or all of the new.
///
/// Errors: as [`write_new`], or the rename fails; the old content is then untouched and no temporary file is left.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = temporary_sibling(path, "new")?;
    let result = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if result.is_err() {
        // The first error is the one to tell; a file that was never created cannot be removed.
        let _ = fs::remove_file(&temporary);
        return result;
    }
    sync_directory(parent(path))
}

/// Waits until the names in a directory (created, renamed, removed) are on the disk.
///
/// Does nothing on systems where a directory cannot be opened as a file.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// A hidden name beside `path` that nothing else uses: `.NAME.PURPOSE-PID-COUNT`.
///
/// Errors: `path` ends in no name (`/`, `..`).
pub(crate) fn temporary_sibling(path: &Path, purpose: &str) -> io::Result<PathBuf> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = path.file_name().ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("the path '{}' ends in no file name", path.display()))
    })?;
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let hidden = format!(".{}.{purpose}-{}-{count}", name.to_string_lossy(), std::process::id());
    Ok(path.with_file_name(hidden))
}

/// The (NAME, PURPOSE) of a name that [`temporary_sibling`] made; `None` for every other.
pub(crate) fn temporary_name(name: &str) -> Option<(&str, &str)> {
    let (name, ending) = name.strip_prefix('.')?.rsplit_once('.')?;
    let mut parts = ending.split('-');
    let purpose = parts.next()?;
    let numbers = parts.filter(|part| part.parse::<u64>().is_ok()).count();
    let whole = numbers == 2 && ending.matches('-').count() == 2 && !name.is_empty() && !purpose.is_empty();
    whole.then_some((name, purpose))
}

/// The directory that holds `path`, `.` for a bare name.
pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacing_leaves_the_new_content_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("summary.json");
        replace(&path, b"old").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_replacement_leaves_no_temporary_file() {
        let directory = tempfile::tempdir().unwrap();
        // A directory that is not empty cannot be renamed over.
        let path = directory.path().join("summary.json");
        fs::create_dir_all(path.join("inside")).unwrap();
        assert!(replace(&path, b"new").is_err());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        assert!(path.join("inside").is_dir());
    }

    #[test]
    fn a_new_file_never_overwrites() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("weights");
        write_new(&path, b"first").unwrap();
        assert_eq!(write_new(&path, b"second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }

    #[test]
    fn temporary_names_differ_and_stay_beside_their_file() {
        let path = Path::new("runs/a/summary.json");
        let first = temporary_sibling(path, "new").unwrap();
        let second = temporary_sibling(path, "new").unwrap();
        assert_ne!(first, second);
        assert_eq!(first.parent(), path.parent());
        assert_eq!(temporary_name(first.file_name().unwrap().to_str().unwrap()), Some(("summary.json", "new")));
        for other in [".gitignore", "summary.json", ".a.new-1", ".a.new-1-2-3", ".a.new-x-2", "..new-1-2"] {
            assert_eq!(temporary_name(other), None, "{other}");
        }
        assert!(temporary_sibling(Path::new("/"), "new").is_err());
        assert_eq!(parent(Path::new("summary.json")), Path::new("."));
    }
}
