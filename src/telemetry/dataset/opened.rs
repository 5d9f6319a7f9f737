//! A data set that is opened for use.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::error::DatasetError;
use super::manifest::{
    EPISODES_PER_PART, MANIFEST_FILE, Manifest, Origin, PartEntry, ScenarioEntry, UNFINISHED_FILE, hexadecimal,
};
use super::part::{Part, RecordedWindow};
use super::split::Split;
use crate::telemetry::labelled::LabelledWindow;

/// A data set that is whole, as far as its manifest says.
#[derive(Clone, Debug)]
pub struct Dataset {
    path: PathBuf,
    manifest: Manifest,
}

impl Dataset {
    /// Opens the data set in a directory. Contents of parts are held against their hashes when they are loaded.
    ///
    /// # Errors
    /// There is none, it is half written, of another version or other channels, or a part is missing.
    pub fn open(path: &Path) -> Result<Self, DatasetError> {
        let Some(manifest) = Manifest::read(&path.join(MANIFEST_FILE))? else {
            return Err(match Manifest::read(&path.join(UNFINISHED_FILE))? {
                Some(unfinished) => half_written(path, &unfinished),
                None => DatasetError::NotADataset(path.to_owned()),
            });
        };
        for (_, part) in manifest.parts() {
            let file = path.join(&part.file);
            if !file.is_file() {
                return Err(DatasetError::MissingPart(file));
            }
        }
        Ok(Self { path: path.to_owned(), manifest })
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it holds.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// SHA-256 over the hashes of all parts, by which model cards name the data.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.manifest.sha256
    }

    /// The scenarios that it was made of; none where it is recorded.
    #[must_use]
    pub fn scenarios(&self) -> &[ScenarioEntry] {
        match &self.manifest.origin {
            Origin::Simulated(simulated) => &simulated.scenarios,
            Origin::Recorded(_) => &[],
        }
    }

    /// Names of the casts that windows of a split were played by, by the index in their labels; none where it is recorded, or of several
    /// scenarios.
    #[must_use]
    pub fn casts(&self, split: Split) -> &[String] {
        let mut of_role = self.scenarios().iter().filter(|scenario| Some(scenario.role) == split.role());
        match (of_role.next(), of_role.next()) {
            (Some(scenario), None) => &scenario.casts,
            _ => &[],
        }
    }

    /// Whether there are windows of a split.
    #[must_use]
    pub fn has(&self, split: Split) -> bool {
        self.manifest.splits.get(&split).is_some_and(|entry| entry.windows > 0)
    }

    /// The parts of a split, in order.
    ///
    /// # Errors
    /// There are no windows of it.
    pub fn parts(&self, split: Split) -> Result<&[PartEntry], DatasetError> {
        match self.manifest.splits.get(&split) {
            Some(entry) if entry.windows > 0 => Ok(&entry.parts),
            _ => {
                let there: Vec<&str> = self.manifest.splits.keys().map(|split| split.name()).collect();
                let there = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
                Err(DatasetError::NoSplit { directory: self.path.clone(), split: split.name(), there })
            }
        }
    }

    /// Refuses a data set whose training split lacks a class: nothing could be learned about it.
    ///
    /// # Errors
    /// There is no such split, or it has no window of some class.
    pub fn require_classes(&self) -> Result<(), DatasetError> {
        self.parts(Split::Train)?;
        let entry = &self.manifest.splits[&Split::Train];
        let absent = entry.classes.unwrap_or_default().absent();
        if absent.is_empty() {
            return Ok(());
        }
        let (directory, windows, classes) = (self.path.clone(), entry.windows, absent.join(", "));
        Err(DatasetError::ClassesAbsent { directory, windows, classes })
    }

    /// The windows of a split, in order: by scenario, seed and time.
    ///
    /// # Errors
    /// There is no such split, or a part is missing, was altered or is of other columns.
    pub fn load(&self, split: Split) -> Result<Vec<LabelledWindow>, DatasetError> {
        self.each_part(split, |part| part.labelled())
    }

    /// The windows of one part.
    ///
    /// # Errors
    /// As [`Dataset::load`].
    pub fn load_part(&self, part: &PartEntry) -> Result<Vec<LabelledWindow>, DatasetError> {
        let path = self.path.join(&part.file);
        Part::open(&path, verified(&path, &part.sha256)?)?.labelled()
    }

    /// The windows of real telemetry, by object and time.
    ///
    /// # Errors
    /// As [`Dataset::load`].
    pub fn load_recorded(&self) -> Result<Vec<RecordedWindow>, DatasetError> {
        self.each_part(Split::Recorded, |part| part.recorded())
    }

    fn each_part<T: Send>(
        &self,
        split: Split,
        read: impl Fn(Part<'_>) -> Result<Vec<T>, DatasetError> + Sync,
    ) -> Result<Vec<T>, DatasetError> {
        let of_part = |part: &PartEntry| {
            let path = self.path.join(&part.file);
            read(Part::open(&path, verified(&path, &part.sha256)?)?)
        };
        let parts: Vec<Vec<T>> = self.parts(split)?.par_iter().map(of_part).collect::<Result<_, _>>()?;
        Ok(parts.into_iter().flatten().collect())
    }
}

/// The content of a part, if its hash is the one that is expected.
///
/// # Errors
/// It is missing, cannot be read, or was altered.
pub fn verified(path: &Path, sha256: &str) -> Result<Vec<u8>, DatasetError> {
    let content = std::fs::read(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => DatasetError::MissingPart(path.to_owned()),
        _ => DatasetError::Unreadable { path: path.to_owned(), source },
    })?;
    let found = hexadecimal(&Sha256::digest(&content));
    if found != sha256 {
        return Err(DatasetError::Altered { path: path.to_owned(), found, expected: sha256.to_owned() });
    }
    Ok(content)
}

fn half_written(path: &Path, unfinished: &Manifest) -> DatasetError {
    let (wanted, command) = match &unfinished.origin {
        Origin::Simulated(of) => {
            let has = |split: &Split| of.scenarios.iter().any(|scenario| split.role() == Some(scenario.role));
            let wanted = Split::SIMULATED.iter().filter(|split| has(split)).map(|split| split.share(of.windows)).sum();
            let names: Vec<String> = of.scenarios.iter().map(|scenario| format!("{}.ron", scenario.name)).collect();
            let mut command = format!("astroshield dataset {} --windows {}", names.join(" "), of.windows);
            if of.episodes_per_part != EPISODES_PER_PART {
                command += &format!(" --episodes-per-part {}", of.episodes_per_part);
            }
            command += &format!(" --seed {} --out {}", of.seed, path.display());
            (wanted, command)
        }
        Origin::Recorded(_) => {
            (unfinished.windows, format!("astroshield dataset --from FILE --map MAP --out {}", path.display()))
        }
    };
    DatasetError::HalfWritten { directory: path.to_owned(), written: unfinished.windows, wanted, command }
}
