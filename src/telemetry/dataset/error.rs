//! Why a data set cannot be read.

use std::io;
use std::path::PathBuf;

use arrow_schema::ArrowError;
use parquet::errors::ParquetError;

use super::manifest::{MANIFEST_FILE, VERSION};

/// Why a data set, or a part of one, cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// There is none.
    #[error("'{}' holds no data set: it has no {MANIFEST_FILE}", .0.display())]
    NotADataset(PathBuf),
    /// It is half written.
    #[error(
        "'{}' is half written: {written} of {wanted} windows are there. Run the command that made it again, with the same \
         arguments, and it goes on where it was stopped: {command}", directory.display()
    )]
    HalfWritten {
        /// The directory.
        directory: PathBuf,
        /// Windows in whole parts.
        written: u64,
        /// Windows that were asked for.
        wanted: u64,
        /// The command, the files of scenarios excepted.
        command: String,
    },
    /// The manifest is no manifest.
    #[error("'{}' is no manifest of a data set: {reason}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The manifest is of another version.
    #[error("'{}' is of version {found}; this program reads version {VERSION}: make the data set anew", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
    /// Channels are not those of this program.
    #[error("channel {index} is {found} in '{}', and {expected} in this program: make the data set anew", path.display())]
    Channels {
        /// The file.
        path: PathBuf,
        /// Index of the first channel that differs.
        index: usize,
        /// As the file has it: name and unit.
        found: String,
        /// As this program has it.
        expected: String,
    },
    /// A part is not there.
    #[error("the part '{}' is missing: run the command that made the data set again, which makes it anew", .0.display())]
    MissingPart(PathBuf),
    /// A part is not what was written.
    #[error(
        "the part '{}' was altered: its SHA-256 is {found}, the manifest says {expected}. Run the command that made the data \
         set again, which makes it anew", path.display()
    )]
    Altered {
        /// The file.
        path: PathBuf,
        /// Hash of what is there.
        found: String,
        /// Hash of what was written.
        expected: String,
    },
    /// A part has other columns.
    #[error("'{}' is no part of this schema: {reason}", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// The first difference.
        reason: String,
    },
    /// A row cannot be.
    #[error("row {row} of '{}': {reason}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// Index of the row.
        row: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A split is not there.
    #[error("'{}' has no windows of the split {split}: it has {there}", directory.display())]
    NoSplit {
        /// The directory.
        directory: PathBuf,
        /// The split.
        split: &'static str,
        /// The splits that are there.
        there: String,
    },
    /// Nothing can be learned about a class of which there is no example.
    #[error(
        "the split train of '{}' has {windows} windows, but none of {classes}: make a larger data set, or one of scenarios in which \
         they come into force", directory.display()
    )]
    ClassesAbsent {
        /// The directory.
        directory: PathBuf,
        /// Windows of the split.
        windows: u64,
        /// Names of the classes.
        classes: String,
    },
    /// A file cannot be read.
    #[error("cannot read '{}'", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Parquet or Arrow refuse.
    #[error("cannot read or make Parquet: {0}")]
    Parquet(#[from] ParquetError),
    /// Arrow refuses.
    #[error("cannot read or make columns: {0}")]
    Arrow(#[from] ArrowError),
}
