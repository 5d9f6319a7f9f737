//! The making of data sets: episodes played, or real telemetry read, and written as `telemetry::dataset` has it.

mod directory;
pub mod recorded;
pub mod simulated;
pub mod table;

use std::io;
use std::path::PathBuf;

use crate::telemetry::dataset::DatasetError;
use crate::telemetry::dataset::manifest::{MANIFEST_FILE, UNFINISHED_FILE};

/// Why a data set was not made.
#[derive(Debug, thiserror::Error)]
pub enum MakingError {
    /// A scenario whose telemetry nobody records.
    #[error(
        "scenario '{0}' has no `telemetry`: say whose is recorded, and what for, for example \
         `telemetry: (observer: \"satellite\", role: Training)`"
    )]
    NoTelemetry(String),
    /// Nothing to learn from.
    #[error("none of the scenarios has the role Training, of which train, validation and test are made: {0}")]
    NoTraining(String),
    /// Two scenarios of one name.
    #[error("two of the scenarios are named '{0}'")]
    SameName(String),
    /// Too few windows to divide.
    #[error(
        "{windows} windows cannot be divided: the split {split} of {scenarios} scenarios would have a scenario without any"
    )]
    TooFew {
        /// Windows that were asked for.
        windows: u64,
        /// The split.
        split: &'static str,
        /// Scenarios of it.
        scenarios: usize,
    },
    /// A scenario that never gives a window.
    #[error(
        "{episodes} episodes of scenario '{scenario}' gave no window of 30 samples: they end after {time_limit_s} s at the latest, and \
         samples are 10 to 120 s apart"
    )]
    NoWindows {
        /// The scenario.
        scenario: String,
        /// Episodes that were played.
        episodes: u64,
        /// Its time limit [s].
        time_limit_s: f64,
    },
    /// The directory holds another data set.
    #[error(
        "'{}' holds a data set of {what} {found}, not {wanted}: choose another directory, or remove that one", directory.display()
    )]
    Another {
        /// The directory.
        directory: PathBuf,
        /// What differs.
        what: String,
        /// As it is there.
        found: String,
        /// As it was asked for.
        wanted: String,
    },
    /// The directory holds what cannot be gone on with.
    #[error("'{}' holds what is no data set of this program ({MANIFEST_FILE} or {UNFINISHED_FILE}): choose another directory, or remove it", directory.display())]
    Foreign {
        /// The directory.
        directory: PathBuf,
        /// What is wrong.
        source: Box<DatasetError>,
    },
    /// The place is taken by something that is no directory.
    #[error("'{}' is no directory: a data set is written into one", .0.display())]
    NotADirectory(PathBuf),
    /// The system refused: a full disk, no permission.
    #[error("cannot {action} '{}'", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Parquet cannot be made or read.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
}
