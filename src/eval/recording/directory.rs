//! Where a recording is written: a directory in which no file is ever half written.
//!
//! ```text
//! DIR/states.parquet     a row a sample of a spacecraft
//! DIR/events.parquet     a row an event
//! DIR/episodes.parquet   a row an episode; comes last, so that where it is, all is
//! DIR/replay.html        where asked for
//! DIR/seed_N/NAME.oem    the ephemeris of a spacecraft, if it was there at all
//! DIR/seed_N/scene.czml  for Cesium
//! ```

use std::path::{Path, PathBuf};
use std::{fs, io};

use ::parquet::errors::ParquetError;
use hifitime::Epoch;

use super::{Recording, czml, html, oem, parquet};
use crate::models::durable_file;

/// The samples.
pub const STATES_FILE: &str = "states.parquet";
/// The events.
pub const EVENTS_FILE: &str = "events.parquet";
/// The episodes.
pub const EPISODES_FILE: &str = "episodes.parquet";
/// The page that replays them.
pub const REPLAY_FILE: &str = "replay.html";
/// A seed's CZML document, in its directory.
pub const CZML_FILE: &str = "scene.czml";
/// What the directory of a seed begins with; its number follows.
const SEED_PREFIX: &str = "seed_";

/// Why a recording could not be written.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The place is taken by something that is no directory.
    #[error("'{}' is no directory: a recording is written into one", .0.display())]
    NotADirectory(PathBuf),
    /// A recording lies there already.
    #[error("'{}' holds a recording already ({name}): choose another directory, or overwrite it with --force", directory.display())]
    Taken {
        /// The directory.
        directory: PathBuf,
        /// What of a recording was found in it.
        name: String,
    },
    /// The system refused: a full disk, no permission.
    #[error("cannot {action} '{}': {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The writer of Parquet failed.
    #[error("cannot make {STATES_FILE}, {EVENTS_FILE} or {EPISODES_FILE}: {0}")]
    Parquet(#[from] ParquetError),
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The files, relative to the directory, in the order of the list above.
    pub files: Vec<PathBuf>,
    /// Episodes that the page was too small for.
    pub left_out_of_page: usize,
}

/// A directory that a recording may be written into.
pub struct RecordingDirectory {
    path: PathBuf,
}

impl RecordingDirectory {
    /// The directory at `path`, made if it is not there. With `force`, a recording in it will be overwritten, files of others
    /// are left.
    ///
    /// # Errors
    /// `path` is no directory or cannot be made, or holds a recording and `force` is not given.
    pub fn open(path: &Path, force: bool) -> Result<Self, DirectoryError> {
        if path.exists() && !path.is_dir() {
            return Err(DirectoryError::NotADirectory(path.to_owned()));
        }
        fs::create_dir_all(path).map_err(|source| fault("make the directory", path, source))?;
        let directory = Self { path: path.to_owned() };
        match directory.recorded()?.first() {
            Some(name) if !force => Err(DirectoryError::Taken { directory: path.to_owned(), name: name.clone() }),
            _ => Ok(directory),
        }
    }

    /// Writes `recording`, with the page where `with_page`; `created` is the date that its messages bear.
    ///
    /// All is first written beside, under a hidden name. Then what was there of an earlier recording goes, and the new files
    /// are renamed into place: whoever opens one finds it whole.
    ///
    /// # Errors
    /// A file cannot be written, as when the disk is full; what was there is then untouched.
    pub fn write(&self, recording: &Recording, with_page: bool, created: Epoch) -> Result<Written, DirectoryError> {
        let stage = durable_file::temporary_sibling(&self.path.join("recording"), "new")
            .map_err(|source| fault("write into", &self.path, source))?;
        let written = Self::fill(&stage, recording, with_page, created).and_then(|written| {
            for name in self.recorded()? {
                remove(&self.path.join(name))?;
            }
            for name in names(&stage)?.iter().filter(|name| *name != EPISODES_FILE) {
                self.place(&stage, name)?;
            }
            self.place(&stage, EPISODES_FILE)?;
            durable_file::sync_directory(&self.path).map_err(|source| fault("write into", &self.path, source))?;
            Ok(written)
        });
        // The first error is the one to tell; after a success the stage is empty.
        let _ = fs::remove_dir_all(&stage);
        written
    }

    fn place(&self, stage: &Path, name: &str) -> Result<(), DirectoryError> {
        let to = self.path.join(name);
        fs::rename(stage.join(name), &to).map_err(|source| fault("write", &to, source))
    }

    /// Writes every file into the directory `stage`, which it makes.
    fn fill(stage: &Path, recording: &Recording, with_page: bool, created: Epoch) -> Result<Written, DirectoryError> {
        let mut written = Written::default();
        let mut write = |name: PathBuf, bytes: &[u8]| {
            let path = stage.join(&name);
            let directory = durable_file::parent(&path);
            fs::create_dir_all(directory).map_err(|source| fault("make the directory", directory, source))?;
            durable_file::write_new(&path, bytes).map_err(|source| fault("write", &path, source))?;
            written.files.push(name);
            Ok::<(), DirectoryError>(())
        };
        write(STATES_FILE.into(), &parquet::states(recording)?)?;
        write(EVENTS_FILE.into(), &parquet::events(recording)?)?;
        write(EPISODES_FILE.into(), &parquet::episodes(recording)?)?;
        let mut left_out = 0;
        if with_page {
            let page = html::page(recording);
            left_out = recording.episodes.len() - page.episodes;
            write(REPLAY_FILE.into(), page.html.as_bytes())?;
        }
        for episode in &recording.episodes {
            let directory = PathBuf::from(format!("{SEED_PREFIX}{}", episode.result.seed));
            // What nothing was released into has no ephemeris.
            let slots = recording.template.slots.iter().enumerate();
            for (slot, config) in slots.filter(|(slot, _)| !episode.craft[*slot].samples.is_empty()) {
                let text = oem::message(recording, episode, slot, created);
                write(directory.join(format!("{}.oem", config.name)), text.as_bytes())?;
            }
            write(directory.join(CZML_FILE), format!("{}\n", czml::document(recording, episode)).as_bytes())?;
        }
        written.left_out_of_page = left_out;
        Ok(written)
    }

    /// What of a recording lies in the directory, in order of name.
    fn recorded(&self) -> Result<Vec<String>, DirectoryError> {
        let is_of_a_recording = |name: &String| {
            let is_seed = |name: &str| name.strip_prefix(SEED_PREFIX).is_some_and(|seed| seed.parse::<u64>().is_ok());
            [STATES_FILE, EVENTS_FILE, EPISODES_FILE, REPLAY_FILE].contains(&name.as_str()) || is_seed(name)
        };
        Ok(names(&self.path)?.into_iter().filter(is_of_a_recording).collect())
    }
}

fn names(directory: &Path) -> Result<Vec<String>, DirectoryError> {
    let unreadable = |source| fault("read the directory", directory, source);
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        names.push(entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn remove(path: &Path) -> Result<(), DirectoryError> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(|source| fault("remove", path, source))
}

fn fault(action: &'static str, path: &Path, source: io::Error) -> DirectoryError {
    DirectoryError::Io { action, path: path.to_owned(), source }
}
