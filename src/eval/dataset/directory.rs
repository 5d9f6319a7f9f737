//! The directory that a data set is written into: parts are renamed into place when they are whole, the manifest comes last.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use sha2::{Digest, Sha256};

use super::MakingError;
use crate::models::durable_file;
use crate::telemetry::dataset::manifest::{
    MANIFEST_FILE, Manifest, Origin, PartEntry, RecordedOrigin, ScenarioEntry, UNFINISHED_FILE, hexadecimal,
};
use crate::telemetry::dataset::opened::verified;

/// What a part's name ends with.
const PART_SUFFIX: &str = ".parquet";

/// A directory in which a data set is being made.
pub(super) struct DatasetDirectory {
    path: PathBuf,
    /// Parts that a manifest there knows, by file.
    known: BTreeMap<String, PartEntry>,
    /// Whether the manifest there says that all is whole.
    is_finished: bool,
}

impl DatasetDirectory {
    /// The directory at `path`, made if it is not there.
    ///
    /// Errors: it is no directory, cannot be made, or holds a data set of another origin.
    pub(super) fn open(path: &Path, origin: &Origin) -> Result<Self, MakingError> {
        if path.exists() && !path.is_dir() {
            return Err(MakingError::NotADirectory(path.to_owned()));
        }
        fs::create_dir_all(path).map_err(|source| fault("make the directory", path, source))?;
        let read = |name: &str| {
            Manifest::read(&path.join(name))
                .map_err(|source| MakingError::Foreign { directory: path.to_owned(), source: Box::new(source) })
        };
        let (finished, unfinished) = (read(MANIFEST_FILE)?, read(UNFINISHED_FILE)?);
        let wanted = Manifest::begin(origin.clone());
        for found in [&finished, &unfinished].into_iter().flatten() {
            if let Some((what, found, wanted)) = difference(found, &wanted) {
                return Err(MakingError::Another { directory: path.to_owned(), what, found, wanted });
            }
        }
        let is_finished = finished.is_some();
        let known = finished.or(unfinished);
        let known = known.iter().flat_map(Manifest::parts).map(|(_, part)| (part.file.clone(), part.clone())).collect();
        let directory = Self { path: path.to_owned(), known, is_finished };
        directory.sweep()?;
        Ok(directory)
    }

    /// Removes what a killed run left of files that it was writing.
    fn sweep(&self) -> Result<(), MakingError> {
        for entry in fs::read_dir(&self.path).map_err(|source| fault("read the directory", &self.path, source))? {
            let entry = entry.map_err(|source| fault("read the directory", &self.path, source))?;
            let name = entry.file_name();
            let is_ours = durable_file::temporary_name(&name.to_string_lossy()).is_some_and(|(name, purpose)| {
                purpose == "new" && (name.ends_with(PART_SUFFIX) || [MANIFEST_FILE, UNFINISHED_FILE].contains(&name))
            });
            if is_ours {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// The path of a file.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// What a manifest knows of a part, if it lies there as it was written.
    pub(super) fn kept(&self, name: &str) -> Option<&PartEntry> {
        self.known.get(name).filter(|part| verified(&self.path.join(name), &part.sha256).is_ok())
    }

    /// Whether a manifest knows a part of this name.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.known.contains_key(name)
    }

    /// Says that the data set is not whole, before a part of it is made anew.
    pub(super) fn begin(&mut self, manifest: &Manifest) -> Result<(), MakingError> {
        self.write(UNFINISHED_FILE, manifest.text().as_bytes())?;
        if self.is_finished {
            remove(&self.path.join(MANIFEST_FILE))?;
            self.is_finished = false;
        }
        Ok(())
    }

    /// Says which parts are whole so far.
    pub(super) fn note(&self, manifest: &Manifest) -> Result<(), MakingError> {
        self.write(UNFINISHED_FILE, manifest.text().as_bytes())
    }

    /// Says that all is whole.
    pub(super) fn finish(&self, manifest: &Manifest) -> Result<(), MakingError> {
        self.write(MANIFEST_FILE, manifest.text().as_bytes())?;
        let unfinished = self.path.join(UNFINISHED_FILE);
        if unfinished.exists() {
            remove(&unfinished)?;
        }
        durable_file::sync_directory(&self.path).map_err(|source| fault("write into", &self.path, source))
    }

    fn write(&self, name: &str, content: &[u8]) -> Result<(), MakingError> {
        write(&self.path.join(name), content)
    }
}

/// Writes a part; gives the hash of its content.
pub(super) fn write_part(path: &Path, content: &[u8]) -> Result<String, MakingError> {
    write(path, content)?;
    Ok(hexadecimal(&Sha256::digest(content)))
}

fn write(path: &Path, content: &[u8]) -> Result<(), MakingError> {
    durable_file::replace(path, content).map_err(|source| fault("write", path, source))
}

/// What first differs of two data sets that cannot be one: its name, and the two values.
fn difference(found: &Manifest, wanted: &Manifest) -> Option<(String, String, String)> {
    let told = |what: &str, found: &str, wanted: &str| Some((what.to_owned(), found.to_owned(), wanted.to_owned()));
    if found.made_by != wanted.made_by {
        return told("the program", &found.made_by, &wanted.made_by);
    }
    let (found, wanted) = match (&found.origin, &wanted.origin) {
        (Origin::Simulated(found), Origin::Simulated(wanted)) => (found, wanted),
        (Origin::Recorded(found), Origin::Recorded(wanted)) => {
            let of = |origin: &RecordedOrigin| {
                [("the file", origin.file_sha256.clone()), ("the map", origin.map_sha256.clone())]
            };
            let pairs = of(found).into_iter().zip(of(wanted));
            let differs = pairs.into_iter().find(|(found, wanted)| found != wanted);
            return differs.and_then(|((what, found), (_, wanted))| told(what, &found, &wanted));
        }
        (Origin::Simulated(_), Origin::Recorded(_)) => return told("telemetry that was", "simulated", "recorded"),
        (Origin::Recorded(_), Origin::Simulated(_)) => return told("telemetry that was", "recorded", "simulated"),
    };
    for (what, found, wanted) in [
        ("seed", found.seed, wanted.seed),
        ("windows", found.windows, wanted.windows),
        ("episodes a part", found.episodes_per_part, wanted.episodes_per_part),
    ] {
        if found != wanted {
            return told(what, &found.to_string(), &wanted.to_string());
        }
    }
    for index in 0..found.scenarios.len().max(wanted.scenarios.len()) {
        let (found, wanted) = (found.scenarios.get(index), wanted.scenarios.get(index));
        if found != wanted {
            let tell = |scenario: Option<&ScenarioEntry>| match scenario {
                Some(entry) => format!("'{}' ({}, hash {})", entry.name, entry.role.name(), entry.hash),
                None => "none".to_owned(),
            };
            return told(&format!("scenario {}:", index + 1), &tell(found), &tell(wanted));
        }
    }
    None
}

fn remove(path: &Path) -> Result<(), MakingError> {
    fs::remove_file(path).map_err(|source| fault("remove", path, source))
}

fn fault(action: &'static str, path: &Path, source: io::Error) -> MakingError {
    MakingError::Io { action, path: path.to_owned(), source }
}
