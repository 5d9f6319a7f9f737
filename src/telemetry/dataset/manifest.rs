//! The manifest of a data set: what its parts hold, and how they were made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::Error as _;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::error::DatasetError;
use super::split::Split;
use crate::sim::threat_class::ThreatClass;
use crate::telemetry::channels::TABLE;
use crate::telemetry::config::TelemetryRole;
use crate::telemetry::labelled::Label;

/// The manifest; where it is, all parts are.
pub const MANIFEST_FILE: &str = "dataset.json";
/// Instead of it while the data set is being made.
pub const UNFINISHED_FILE: &str = "dataset.unfinished.json";
/// What the manifest says that it is of.
pub const FORMAT: &str = "astroshield telemetry windows";
/// Version of manifest and columns; it grows when one changes its meaning or goes.
pub const VERSION: u64 = 1;

/// Episodes of a part, where nothing else is asked for.
pub const EPISODES_PER_PART: u64 = 1_024;

/// What a data set holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u64,
    /// The program that made it.
    pub made_by: String,
    /// How it was made.
    pub origin: Origin,
    /// The channels, in order.
    pub channels: Vec<ChannelEntry>,
    /// Windows of all splits.
    pub windows: u64,
    /// The splits.
    pub splits: BTreeMap<Split, SplitEntry>,
    /// SHA-256 over the names and hashes of all parts, by which model cards name the data.
    pub sha256: String,
}

/// How a data set was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Origin {
    /// By the simulator.
    Simulated(Simulated),
    /// Of a file of real telemetry.
    Recorded(RecordedOrigin),
}

/// What a simulated data set depends on: all that decides its bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simulated {
    /// Run seed of all episodes.
    pub seed: u64,
    /// Windows of train, validation and test together.
    pub windows: u64,
    /// Episodes of a part.
    pub episodes_per_part: u64,
    /// The scenarios, in the order in which they were named.
    pub scenarios: Vec<ScenarioEntry>,
}

/// A scenario that windows were made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScenarioEntry {
    /// Its name.
    pub name: String,
    /// Its hash.
    pub hash: String,
    /// What its windows are for.
    pub role: TelemetryRole,
    /// Names of its casts, in order.
    pub casts: Vec<String>,
}

/// What is told of real telemetry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedOrigin {
    /// SHA-256 of the file.
    pub file_sha256: String,
    /// SHA-256 of the map of its columns, written as RON.
    pub map_sha256: String,
    /// Time between two samples [s].
    pub interval_s: f64,
    /// The instant from which the windows' times count, UTC; none where the file has a clock of its own.
    pub epoch_utc: Option<String>,
    /// Rows of the file.
    pub rows: u64,
    /// Objects in it.
    pub objects: u64,
    /// Windows that were left out, since they fail the check of a window.
    pub skipped: u64,
    /// Channels that were found.
    pub present: Vec<String>,
    /// Channels that were not, and are gaps.
    pub absent: Vec<String>,
}

/// A channel as the data has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelEntry {
    /// Its name.
    pub name: String,
    /// Its unit.
    pub unit: String,
}

/// What one split holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitEntry {
    /// Its windows.
    pub windows: u64,
    /// Episodes that they are of; 0 where they are recorded.
    pub episodes: u64,
    /// Its windows by class; none where there are no labels.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub classes: Option<ClassCounts>,
    /// Its parts, in order.
    pub parts: Vec<PartEntry>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartEntry {
    /// Its name, in the directory.
    pub file: String,
    /// Its windows.
    pub rows: u64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// The episodes that it is of; none where it is recorded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub of: Option<PartSource>,
    /// Its windows by class; none where there are no labels.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub classes: Option<ClassCounts>,
}

/// The episodes of a part: these indices of arenas, under the run seed of the data set and the domain of the split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartSource {
    /// Name of the scenario.
    pub scenario: String,
    /// The first.
    pub first_episode: u64,
    /// How many.
    pub episodes: u64,
}

/// Windows by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassCounts(pub [u64; ThreatClass::ALL.len()]);

impl ClassCounts {
    /// The counts of these labels.
    pub fn of<'a>(labels: impl IntoIterator<Item = &'a Label>) -> Self {
        let mut counts = Self::default();
        labels.into_iter().for_each(|label| counts.0[label.class.index()] += 1);
        counts
    }

    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, more)| *sum += more);
    }

    /// Names of the classes of which there is no window.
    #[must_use]
    pub fn absent(&self) -> Vec<&'static str> {
        let classes = ThreatClass::ALL.into_iter().filter(|class| self.0[class.index()] == 0);
        classes.map(ThreatClass::name).collect()
    }
}

impl Serialize for ClassCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for class in ThreatClass::ALL {
            map.serialize_entry(class.name(), &self.0[class.index()])?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for ClassCounts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut counts = Self::default();
        for (name, count) in BTreeMap::<String, u64>::deserialize(deserializer)? {
            let class = ThreatClass::ALL.into_iter().find(|class| class.name() == name);
            let class = class.ok_or_else(|| D::Error::custom(format!("'{name}' is no class")))?;
            counts.0[class.index()] = count;
        }
        Ok(counts)
    }
}

impl Manifest {
    /// The manifest of a data set that has no parts yet.
    #[must_use]
    pub fn begin(origin: Origin) -> Self {
        let entry = |(name, unit): (&str, &str)| ChannelEntry { name: name.to_owned(), unit: unit.to_owned() };
        let mut manifest = Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            made_by: format!("astroshield {}", env!("CARGO_PKG_VERSION")),
            origin,
            channels: TABLE.iter().map(|channel| entry((channel.name, channel.unit))).collect(),
            windows: 0,
            splits: BTreeMap::new(),
            sha256: String::new(),
        };
        manifest.sha256 = manifest.hash();
        manifest
    }

    /// Adds a part at the end of a split.
    pub fn push(&mut self, split: Split, part: PartEntry) {
        let entry = self.splits.entry(split).or_default();
        entry.windows += part.rows;
        entry.episodes += part.of.as_ref().map_or(0, |of| of.episodes);
        if let Some(counts) = &part.classes {
            entry.classes.get_or_insert_default().add(counts);
        }
        self.windows += part.rows;
        entry.parts.push(part);
        self.sha256 = self.hash();
    }

    /// All parts.
    pub fn parts(&self) -> impl Iterator<Item = (Split, &PartEntry)> {
        self.splits.iter().flat_map(|(split, entry)| entry.parts.iter().map(|part| (*split, part)))
    }

    /// SHA-256 over the names and hashes of all parts.
    fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for (_, part) in self.parts() {
            hash.update(format!("{} {} {}\n", part.file, part.rows, part.sha256));
        }
        hexadecimal(&hash.finalize())
    }

    /// Windows by class over all splits.
    #[must_use]
    pub fn classes(&self) -> ClassCounts {
        let mut counts = ClassCounts::default();
        self.splits.values().filter_map(|split| split.classes.as_ref()).for_each(|classes| counts.add(classes));
        counts
    }

    /// The manifest as the file has it.
    #[must_use]
    pub fn text(&self) -> String {
        // Strings, numbers and lists: none of them can fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The manifest in a file; `None` where there is no such file.
    ///
    /// # Errors
    /// It cannot be read, is no manifest, or is one of another version or of other channels.
    pub fn read(path: &Path) -> Result<Option<Self>, DatasetError> {
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(DatasetError::Unreadable { path: path.to_owned(), source }),
        };
        let broken = |reason: String| DatasetError::Manifest { path: path.to_owned(), reason };
        let value: serde_json::Value = serde_json::from_slice(&text).map_err(|error| broken(error.to_string()))?;
        if value["format"] != FORMAT {
            return Err(broken(format!("its `format` is {}, not \"{FORMAT}\"", value["format"])));
        }
        match value["version"].as_u64() {
            Some(VERSION) => {}
            Some(found) => return Err(DatasetError::Version { path: path.to_owned(), found }),
            None => return Err(broken("it has no `version`".to_owned())),
        }
        let manifest: Self = serde_json::from_value(value).map_err(|error| broken(error.to_string()))?;
        manifest.check(path)?;
        Ok(Some(manifest))
    }

    fn check(&self, path: &Path) -> Result<(), DatasetError> {
        let told = |entry: Option<(&str, &str)>| {
            entry.map_or_else(|| "missing".to_owned(), |(name, unit)| format!("'{name}' in {unit}"))
        };
        for index in 0..self.channels.len().max(TABLE.len()) {
            let found = self.channels.get(index).map(|entry| (entry.name.as_str(), entry.unit.as_str()));
            let expected = TABLE.get(index).map(|channel| (channel.name, channel.unit));
            if found != expected {
                let (found, expected) = (told(found), told(expected));
                return Err(DatasetError::Channels { path: path.to_owned(), index, found, expected });
            }
        }
        let broken = |reason: String| Err(DatasetError::Manifest { path: path.to_owned(), reason });
        for (_, part) in self.parts() {
            if PathBuf::from(&part.file).file_name() != Some(part.file.as_ref()) {
                return broken(format!("the part '{}' is no file of the directory", part.file));
            }
        }
        if self.hash() != self.sha256 {
            return broken(format!("its `sha256` is {}, its parts say {}: it was altered", self.sha256, self.hash()));
        }
        Ok(())
    }
}

/// A hash as hexadecimal digits.
#[must_use]
pub fn hexadecimal(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let (name, hash, casts) = ("a".into(), "b".into(), vec!["calm".into()]);
        let scenario = ScenarioEntry { name, hash, role: TelemetryRole::Training, casts };
        let origin = Simulated { seed: u64::MAX, windows: 20, episodes_per_part: 4, scenarios: vec![scenario] };
        let mut manifest = Manifest::begin(Origin::Simulated(origin));
        let mut classes = ClassCounts::default();
        classes.0[3] = 2;
        let part = PartEntry {
            file: "train-00000.parquet".into(),
            rows: 2,
            sha256: "00".into(),
            of: Some(PartSource { scenario: "a".into(), first_episode: 0, episodes: 4 }),
            classes: Some(classes),
        };
        manifest.push(Split::Train, part);
        manifest
    }

    fn read(text: &str) -> Result<Option<Manifest>, DatasetError> {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(MANIFEST_FILE);
        std::fs::write(&path, text).expect("written");
        Manifest::read(&path)
    }

    #[test]
    fn what_was_written_is_read() {
        let manifest = manifest();
        assert_eq!(read(&manifest.text()).expect("sound"), Some(manifest.clone()));
        assert_eq!((manifest.windows, manifest.splits[&Split::Train].episodes), (2, 4));
        assert_eq!(manifest.classes().absent().len(), 11);
    }

    #[test]
    fn what_is_no_manifest_of_this_program_is_refused() {
        let text = manifest().text();
        let fault = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            read(&text.replacen(from, to, 1)).expect_err("it was spoilt").to_string()
        };
        assert!(fault("\"version\": 1", "\"version\": 7").contains("version 7"));
        assert!(fault(FORMAT, "something else").contains("something else"));
        assert!(fault("\"range\"", "\"distance\"").contains("channel 0 is 'distance' in m"));
        assert!(fault("\"seed\"", "\"sneed\"").contains("sneed"));
        assert!(fault("\"rows\": 2", "\"rows\": 3").contains("altered"));
        assert!(fault("train-00000", "../train-00000").contains("no file of the directory"));
        assert!(fault("{", "").contains("no manifest"));
    }
}
