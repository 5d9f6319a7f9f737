//! Checkpoints: named blobs and a manifest that a kill at any moment leaves old or new, and whose every bit is checked.
//!
//! `checkpoints/step_N/` holds the files and `manifest.json`, written last. All of it is written and synced under a hidden
//! name in `checkpoints/` and then renamed, so a directory called `step_N` is whole.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::durable_file;

mod kept;

pub use kept::{BestCheckpoint, LatestCheckpoint, best, clean, latest, mark_best, prune};

/// The manifest's name in a checkpoint.
pub const MANIFEST_FILE: &str = "manifest.json";
/// The version of the layout that is written, and the only one that is read.
pub const FORMAT_VERSION: u32 = 1;
/// What a manifest calls itself.
const FORMAT: &str = "astroshield-checkpoint";
/// What a directory's name begins with, before the environment steps.
const STEP_PREFIX: &str = "step_";
/// A checkpoint that is being written.
const PARTIAL: &str = "partial";
/// An older checkpoint of the same step, about to be removed.
const REPLACED: &str = "replaced";

/// Why a checkpoint could not be written, or must not be used.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// The system refused: a full disk, no permission, no such directory.
    #[error("cannot {action} '{}': {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The writer was stopped before its last file.
    #[error("the checkpoint '{}' has no {MANIFEST_FILE}: it was only half written", directory.display())]
    NoManifest {
        /// The checkpoint.
        directory: PathBuf,
    },
    /// The manifest is not what was once written.
    #[error("'{}' is damaged: {reason}", path.display())]
    DamagedManifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another version of AstroShield wrote it.
    #[error("'{}' has format version {found}, this program reads version {FORMAT_VERSION}", path.display())]
    WrongVersion {
        /// The manifest.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
    /// A file of the manifest is gone.
    #[error("'{}' is missing, though the manifest lists it", path.display())]
    MissingFile {
        /// The file.
        path: PathBuf,
    },
    /// A file was cut or grew.
    #[error("'{}' has {found} bytes, the manifest says {expected}", path.display())]
    SizeMismatch {
        /// The file.
        path: PathBuf,
        /// Its size by the manifest \[bytes\].
        expected: u64,
        /// Its size \[bytes\].
        found: u64,
    },
    /// A file was altered.
    #[error("'{}' was altered: its SHA-256 is {found}, the manifest says {expected}", path.display())]
    HashMismatch {
        /// The file.
        path: PathBuf,
        /// Its SHA-256 by the manifest, in hexadecimal.
        expected: String,
        /// Its SHA-256, in hexadecimal.
        found: String,
    },
    /// The manifest lists no such file.
    #[error("the checkpoint '{}' holds no file '{name}'", directory.display())]
    NoSuchFile {
        /// The checkpoint.
        directory: PathBuf,
        /// The file that was asked for.
        name: String,
    },
    /// A name that could leave the checkpoint's directory, hide in it, or take the manifest's place.
    #[error("'{name}' cannot name a file of a checkpoint (plain names, each once, other than {MANIFEST_FILE})")]
    BadFileName {
        /// The name.
        name: String,
    },
}

impl CheckpointError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

/// `manifest.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    format: String,
    format_version: u32,
    /// Environment steps.
    step: u64,
    /// What the writer says of the content; not looked into here.
    meta: serde_json::Value,
    files: BTreeMap<String, FileEntry>,
    /// SHA-256 of the manifest itself with this field empty.
    manifest_sha256: String,
}

/// What a manifest says of one file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEntry {
    bytes: u64,
    sha256: String,
}

impl Manifest {
    /// The text of the file, its own hash set.
    fn sealed(mut self) -> Vec<u8> {
        self.manifest_sha256 = String::new();
        self.manifest_sha256 = sha256_hex(&self.text());
        self.text()
    }

    fn text(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec_pretty(self).expect("a manifest holds nothing that JSON cannot");
        text.push(b'\n');
        text
    }

    /// Reads the text of a manifest; it must be, byte for byte, what [`Manifest::sealed`] writes.
    fn parse(path: &Path, text: &[u8]) -> Result<Self, CheckpointError> {
        let damaged = |reason: String| CheckpointError::DamagedManifest { path: path.to_owned(), reason };
        let value: serde_json::Value = serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))?;
        if value.get("format").and_then(|format| format.as_str()) != Some(FORMAT) {
            return Err(damaged(format!("it does not call itself '{FORMAT}'")));
        }
        // Before the other fields, since another version may have others.
        match value.get("format_version").and_then(serde_json::Value::as_u64) {
            Some(version) if version == u64::from(FORMAT_VERSION) => {}
            Some(found) => {
                return Err(CheckpointError::WrongVersion { path: path.to_owned(), found });
            }
            None => return Err(damaged("it has no format_version".to_owned())),
        }
        let manifest: Self = serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))?;
        if manifest.clone().sealed() != text {
            return Err(damaged("its own SHA-256 does not match".to_owned()));
        }
        match manifest.files.keys().find(|name| !is_plain_name(name)) {
            Some(name) => Err(CheckpointError::BadFileName { name: name.clone() }),
            None => Ok(manifest),
        }
    }
}

/// A checkpoint that was read whole and found unaltered.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    directory: PathBuf,
    step: u64,
    meta: serde_json::Value,
    files: BTreeMap<String, Vec<u8>>,
}

impl Checkpoint {
    /// Writes `checkpoints/step_N` and returns its path. A checkpoint of the same step is replaced.
    ///
    /// `files`: (name, content), plain names. `meta`: whatever the reader needs to judge whether it fits (hash of the
    /// scenario, sizes of the networks, version of the observation). `checkpoints` is made if it is missing.
    ///
    /// Errors: a bad or repeated name; a file that cannot be written (a full disk). The older checkpoints are then as they
    /// were and nothing of the new one is left.
    pub fn write(
        checkpoints: &Path,
        step: u64,
        files: &[(&str, &[u8])],
        meta: serde_json::Value,
    ) -> Result<PathBuf, CheckpointError> {
        Self::write_with(checkpoints, step, files, meta, &durable_file::write_new)
    }

    /// As [`Checkpoint::write`], each file through `write_file`, which tests let fail.
    fn write_with(
        checkpoints: &Path,
        step: u64,
        files: &[(&str, &[u8])],
        meta: serde_json::Value,
        write_file: &dyn Fn(&Path, &[u8]) -> io::Result<()>,
    ) -> Result<PathBuf, CheckpointError> {
        let mut entries = BTreeMap::new();
        for (name, bytes) in files {
            let entry = FileEntry { bytes: bytes.len() as u64, sha256: sha256_hex(bytes) };
            if !is_plain_name(name) || entries.insert((*name).to_owned(), entry).is_some() {
                return Err(CheckpointError::BadFileName { name: (*name).to_owned() });
            }
        }
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            step,
            meta,
            files: entries,
            manifest_sha256: String::new(),
        };
        fs::create_dir_all(checkpoints).map_err(CheckpointError::io("create", checkpoints))?;
        let target = checkpoints.join(format!("{STEP_PREFIX}{step}"));
        let partial = hidden(&target, PARTIAL)?;
        let result = write_files(&partial, files, &manifest.sealed(), write_file)
            .and_then(|()| put_in_place(&partial, &target))
            .and_then(|()| sync(checkpoints));
        if result.is_err() {
            // The first error is the one to tell; what cannot be removed now is removed by the next `clean`.
            let _ = fs::remove_dir_all(&partial);
        }
        result.map(|()| target)
    }

    /// Reads a checkpoint and verifies every byte of it.
    ///
    /// Errors: as [`CheckpointError`] lists them, each naming the file.
    pub fn open(directory: &Path) -> Result<Self, CheckpointError> {
        let path = directory.join(MANIFEST_FILE);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && directory.is_dir() => {
                return Err(CheckpointError::NoManifest { directory: directory.to_owned() });
            }
            Err(error) => return Err(CheckpointError::io("read", &path)(error)),
        };
        let manifest = Manifest::parse(&path, &text)?;
        let mut files = BTreeMap::new();
        for (name, entry) in manifest.files {
            let bytes = read_verified(&directory.join(&name), &entry)?;
            files.insert(name, bytes);
        }
        Ok(Self { directory: directory.to_owned(), step: manifest.step, meta: manifest.meta, files })
    }

    /// Where it was read from.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Environment steps at which it was written.
    #[must_use]
    pub fn step(&self) -> u64 {
        self.step
    }

    /// What its writer said of it.
    #[must_use]
    pub fn meta(&self) -> &serde_json::Value {
        &self.meta
    }

    /// Whether it holds such a file.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// The content of one file, as it was when it was verified.
    ///
    /// Errors: the checkpoint holds no such file.
    pub fn file(&self, name: &str) -> Result<&[u8], CheckpointError> {
        self.files
            .get(name)
            .map(Vec::as_slice)
            .ok_or_else(|| CheckpointError::NoSuchFile { directory: self.directory.clone(), name: name.to_owned() })
    }
}

fn write_files(
    partial: &Path,
    files: &[(&str, &[u8])],
    manifest: &[u8],
    write_file: &dyn Fn(&Path, &[u8]) -> io::Result<()>,
) -> Result<(), CheckpointError> {
    fs::create_dir(partial).map_err(CheckpointError::io("create", partial))?;
    for (name, bytes) in files.iter().copied().chain([(MANIFEST_FILE, manifest)]) {
        let path = partial.join(name);
        write_file(&path, bytes).map_err(CheckpointError::io("write", &path))?;
    }
    sync(partial)
}

/// Gives a finished checkpoint its name, moving an older one of the same step aside until that is done.
fn put_in_place(partial: &Path, target: &Path) -> Result<(), CheckpointError> {
    let rename = |from: &Path, to: &Path| fs::rename(from, to).map_err(CheckpointError::io("rename", from));
    if !target.exists() {
        return rename(partial, target);
    }
    let replaced = hidden(target, REPLACED)?;
    rename(target, &replaced)?;
    if let Err(error) = rename(partial, target) {
        let _ = fs::rename(&replaced, target);
        return Err(error);
    }
    sync(durable_file::parent(target))?;
    fs::remove_dir_all(&replaced).map_err(CheckpointError::io("remove", &replaced))
}

fn read_verified(path: &Path, entry: &FileEntry) -> Result<Vec<u8>, CheckpointError> {
    let found = match fs::metadata(path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(CheckpointError::MissingFile { path: path.to_owned() });
        }
        Err(error) => return Err(CheckpointError::io("read", path)(error)),
    };
    // Before the content is read, so that a file that grew without end is not.
    if found != entry.bytes {
        return Err(CheckpointError::SizeMismatch { path: path.to_owned(), expected: entry.bytes, found });
    }
    let bytes = fs::read(path).map_err(CheckpointError::io("read", path))?;
    let found = sha256_hex(&bytes);
    if found != entry.sha256 {
        return Err(CheckpointError::HashMismatch { path: path.to_owned(), expected: entry.sha256.clone(), found });
    }
    Ok(bytes)
}

fn hidden(target: &Path, purpose: &str) -> Result<PathBuf, CheckpointError> {
    durable_file::temporary_sibling(target, purpose).map_err(CheckpointError::io("name", target))
}

fn sync(directory: &Path) -> Result<(), CheckpointError> {
    durable_file::sync_directory(directory).map_err(CheckpointError::io("sync", directory))
}

/// Letters, digits, `_`, `-` and `.` (not first), and not the manifest's name in any case.
fn is_plain_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    !name.is_empty() && !name.starts_with('.') && name.bytes().all(plain) && !name.eq_ignore_ascii_case(MANIFEST_FILE)
}

fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use serde_json::json;

    use super::*;

    pub(super) const FILES: [(&str, &[u8]); 3] =
        [("weights.safetensors", b"weights"), ("optimiser.bin", b"moments"), ("empty.bin", b"")];

    pub(super) fn meta() -> serde_json::Value {
        json!({"scenario_sha256": "ab", "observation_version": 1, "learning_rate": 1e-5, "sizes": [128, 256, 64]})
    }

    pub(super) fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_written_is_read() {
        let root = tempfile::tempdir().unwrap();
        let checkpoints = root.path().join("checkpoints");
        let directory = Checkpoint::write(&checkpoints, 2048, &FILES, meta()).unwrap();
        assert_eq!(directory, checkpoints.join("step_2048"));
        let checkpoint = Checkpoint::open(&directory).unwrap();
        assert_eq!(checkpoint.step(), 2048);
        assert_eq!(checkpoint.meta(), &meta());
        for (name, bytes) in FILES {
            assert_eq!(checkpoint.file(name).unwrap(), bytes);
        }
        assert!(matches!(checkpoint.file("other"), Err(CheckpointError::NoSuchFile { .. })));
        assert_eq!(names(&checkpoints), ["step_2048"], "nothing temporary is left");
    }

    #[test]
    fn every_flipped_bit_of_every_file_is_found_and_the_file_named() {
        let root = tempfile::tempdir().unwrap();
        let directory = Checkpoint::write(root.path(), 1, &FILES, meta()).unwrap();
        for name in names(&directory) {
            let path = directory.join(&name);
            let bytes = fs::read(&path).unwrap();
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                fs::write(&path, &flipped).unwrap();
                let error = Checkpoint::open(&directory).unwrap_err();
                assert!(error.to_string().contains(&name), "bit {bit} of {name}: {error}");
                if name != MANIFEST_FILE {
                    assert!(matches!(error, CheckpointError::HashMismatch { .. }), "bit {bit} of {name}: {error}");
                }
            }
            fs::write(&path, &bytes).unwrap();
        }
        Checkpoint::open(&directory).unwrap();
    }

    #[test]
    fn every_truncated_manifest_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let directory = Checkpoint::write(root.path(), 1, &FILES, meta()).unwrap();
        let path = directory.join(MANIFEST_FILE);
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let error = Checkpoint::open(&directory).unwrap_err();
            assert!(matches!(error, CheckpointError::DamagedManifest { .. }), "{length} bytes: {error}");
        }
        fs::remove_file(&path).unwrap();
        assert!(matches!(Checkpoint::open(&directory), Err(CheckpointError::NoManifest { .. })));
        assert!(matches!(Checkpoint::open(&root.path().join("step_9")), Err(CheckpointError::Io { .. })));
    }

    #[test]
    fn a_file_that_is_short_long_or_gone_is_told_as_such() {
        let root = tempfile::tempdir().unwrap();
        let directory = Checkpoint::write(root.path(), 1, &FILES, meta()).unwrap();
        let path = directory.join("weights.safetensors");
        for content in ["weight", "weights!"] {
            fs::write(&path, content).unwrap();
            let error = Checkpoint::open(&directory).unwrap_err();
            assert!(matches!(error, CheckpointError::SizeMismatch { expected: 7, .. }), "{error}");
        }
        fs::remove_file(&path).unwrap();
        assert!(matches!(Checkpoint::open(&directory), Err(CheckpointError::MissingFile { .. })));
    }

    #[test]
    fn another_version_and_another_format_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let directory = Checkpoint::write(root.path(), 1, &FILES, meta()).unwrap();
        let path = directory.join(MANIFEST_FILE);
        fs::write(&path, r#"{"format":"astroshield-checkpoint","format_version":2,"shards":[]}"#).unwrap();
        assert!(matches!(Checkpoint::open(&directory), Err(CheckpointError::WrongVersion { found: 2, .. })));
        fs::write(&path, r#"{"format":"something else","format_version":1}"#).unwrap();
        assert!(matches!(Checkpoint::open(&directory), Err(CheckpointError::DamagedManifest { .. })));
    }

    #[test]
    fn names_that_leave_the_directory_are_refused_in_writing_and_in_reading() {
        let root = tempfile::tempdir().unwrap();
        for name in ["../evil", "/etc/evil", "a/b", "a\\b", "", ".", "..", ".hidden", "manifest.json", "MANIFEST.json"]
        {
            let result = Checkpoint::write(root.path(), 1, &[(name, b"x")], meta());
            assert!(matches!(result, Err(CheckpointError::BadFileName { .. })), "{name}");
        }
        let twice: [(&str, &[u8]); 2] = [("a", b"1"), ("a", b"2")];
        assert!(Checkpoint::write(root.path(), 1, &twice, meta()).is_err());
        assert_eq!(names(root.path()), [] as [&str; 0]);

        // A manifest that someone else sealed, pointing out of its directory.
        fs::write(root.path().join("secret"), b"x").unwrap();
        let directory = root.path().join("step_1");
        fs::create_dir(&directory).unwrap();
        let entry = FileEntry { bytes: 1, sha256: sha256_hex(b"x") };
        let manifest = Manifest {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            step: 1,
            meta: meta(),
            files: BTreeMap::from([("../secret".to_owned(), entry)]),
            manifest_sha256: String::new(),
        };
        fs::write(directory.join(MANIFEST_FILE), manifest.sealed()).unwrap();
        assert!(matches!(Checkpoint::open(&directory), Err(CheckpointError::BadFileName { .. })));
    }

    /// Writes like a disk that has `room` bytes left: what fits is written, then the error comes.
    fn write_on_a_small_disk(room: &Cell<usize>, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let fits = bytes.len().min(room.get());
        room.set(room.get() - fits);
        fs::write(path, &bytes[..fits])?;
        if fits < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    #[test]
    fn a_disk_that_fills_at_any_byte_leaves_the_old_checkpoint_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let old = Checkpoint::write(root.path(), 100, &FILES, meta()).unwrap();
        let whole: usize = names(&old).iter().map(|name| fs::read(old.join(name)).unwrap().len()).sum();
        // Of the same step, which replaces the old one, and of a later.
        for step in [100, 200] {
            for room in 0..whole {
                let room = Cell::new(room);
                let result = Checkpoint::write_with(root.path(), step, &FILES, meta(), &|path, bytes| {
                    write_on_a_small_disk(&room, path, bytes)
                });
                let error = result.unwrap_err();
                assert!(matches!(&error, CheckpointError::Io { action: "write", .. }), "{error}");
                assert_eq!(names(root.path()), ["step_100"]);
            }
            Checkpoint::open(&old).unwrap();
        }
        let room = Cell::new(whole);
        let write = |path: &Path, bytes: &[u8]| write_on_a_small_disk(&room, path, bytes);
        let new = Checkpoint::write_with(root.path(), 200, &FILES, meta(), &write).unwrap();
        Checkpoint::open(&new).unwrap();
    }

    #[test]
    fn the_manifest_is_written_last() {
        let root = tempfile::tempdir().unwrap();
        let order = std::cell::RefCell::new(Vec::new());
        Checkpoint::write_with(root.path(), 1, &FILES, meta(), &|path, bytes| {
            order.borrow_mut().push(path.file_name().unwrap().to_str().unwrap().to_owned());
            assert!(!root.path().join("step_1").exists(), "in place before it was whole");
            durable_file::write_new(path, bytes)
        })
        .unwrap();
        assert_eq!(*order.borrow(), ["weights.safetensors", "optimiser.bin", "empty.bin", MANIFEST_FILE]);
    }

    #[test]
    fn a_checkpoint_of_the_same_step_is_replaced() {
        let root = tempfile::tempdir().unwrap();
        Checkpoint::write(root.path(), 5, &[("a", b"old"), ("b", b"old")], meta()).unwrap();
        let directory = Checkpoint::write(root.path(), 5, &[("a", b"new")], meta()).unwrap();
        let checkpoint = Checkpoint::open(&directory).unwrap();
        assert_eq!(checkpoint.file("a").unwrap(), b"new");
        assert_eq!(names(&directory), ["a", MANIFEST_FILE]);
        assert_eq!(names(root.path()), ["step_5"]);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        fs::write(&file, b"").unwrap();
        let error = Checkpoint::write(&file.join("checkpoints"), 1, &FILES, meta()).unwrap_err();
        assert!(matches!(error, CheckpointError::Io { action: "create", .. }), "{error}");
        assert!(latest(&file).is_err());
    }
}
