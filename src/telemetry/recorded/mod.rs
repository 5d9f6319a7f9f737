//! Telemetry of real objects: rows of a CSV or Parquet file, through a map of its columns, to windows.

pub mod column_map;
mod resampling;
mod rows;
pub mod units;

use std::path::PathBuf;

use arrow_schema::ArrowError;
use parquet::errors::ParquetError;

use self::column_map::{ColumnMap, MapError};
use self::rows::Rows;
use crate::telemetry::channels::TABLE;
use crate::telemetry::dataset::part::RecordedWindow;
use crate::telemetry::window::SAMPLES;

/// Why a file of real telemetry gives no windows.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    /// The file cannot be read.
    #[error("cannot read '{}'", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The map makes no sense.
    #[error(transparent)]
    Map(#[from] MapError),
    /// A column is not in the file.
    #[error("the file has no column '{column}', in which the map has {what}; it has {there}")]
    NoColumn {
        /// The column.
        column: String,
        /// What it should hold.
        what: String,
        /// The columns that are there.
        there: String,
    },
    /// A name that two columns have.
    #[error("the file has two columns '{0}': which is meant?")]
    TwoColumns(String),
    /// A value that is not what its column should hold.
    #[error("row {row}, column '{column}': '{value}' is no {what}")]
    Value {
        /// The row, the first after a header is 1.
        row: usize,
        /// The column.
        column: String,
        /// What stands there.
        value: String,
        /// What should stand there.
        what: &'static str,
    },
    /// A column of values that are nothing of the kind.
    #[error("column '{column}' holds {found}, which is no {what}")]
    Type {
        /// The column.
        column: String,
        /// Its type.
        found: String,
        /// What it should hold.
        what: &'static str,
    },
    /// No channel is in the file.
    #[error("no column of the file is a channel: it has {there}; say in a map which is which (--map)")]
    NoChannel {
        /// The columns that are there.
        there: String,
    },
    /// No two rows by which an interval could be told.
    #[error("no object has two rows at different times: say `interval_s` in the map")]
    NoInterval,
    /// Too few rows.
    #[error(
        "there is no window: a window is {SAMPLES} samples, {interval_s} s apart, and the longest stretch of the {rows} rows has {longest} \
         samples; `interval_s` of the map sets another interval"
    )]
    TooShort {
        /// Rows of the file.
        rows: usize,
        /// Time between two samples [s].
        interval_s: f64,
        /// Samples of the longest stretch.
        longest: usize,
    },
    /// No window passes its check.
    #[error("none of the {windows} windows can be made something of; the first: {reason}")]
    AllSkipped {
        /// Windows that were looked at.
        windows: u64,
        /// What is wrong with the first.
        reason: String,
    },
    /// Arrow refuses the file.
    #[error("the file cannot be read as a table: {0}")]
    Arrow(#[from] ArrowError),
    /// Parquet refuses the file.
    #[error("the file cannot be read as Parquet: {0}")]
    Parquet(#[from] ParquetError),
}

/// The windows of a file, and what was found in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The windows, by object and time.
    pub windows: Vec<RecordedWindow>,
    /// Time between two samples [s].
    pub interval_s: f64,
    /// The instant from which times count, UTC, ISO 8601; none where the file has a clock of its own.
    pub epoch_utc: Option<String>,
    /// Rows of the file.
    pub rows: usize,
    /// Objects in it.
    pub objects: usize,
    /// Names of the channels that it has.
    pub present: Vec<&'static str>,
    /// Names of the channels that it does not have, which are gaps.
    pub absent: Vec<&'static str>,
    /// Windows that fail their check.
    pub skipped: u64,
    /// What is wrong with the first of them.
    pub first_reason: Option<String>,
    /// Samples after the last whole window of a stretch.
    pub left_over_samples: usize,
}

impl Recorded {
    /// The windows of a file's content, CSV with a header or Parquet, by a map of its columns.
    ///
    /// Each row is put to the nearest sample of its object, counted from the object's first row; where several fall to one, the latest
    /// value of a channel stands. What has no row is a gap: nothing is filled from what comes later. After a hole of a whole window
    /// samples are counted anew. Windows are stretches of 30 samples that do not overlap.
    ///
    /// # Errors
    /// See [`RecordedError`].
    pub fn of(content: Vec<u8>, map: &ColumnMap) -> Result<Self, RecordedError> {
        map.check()?;
        let rows = Rows::read(content, map)?;
        let interval_s = match map.interval_s {
            Some(interval_s) => interval_s,
            None => rows.median_step_s().ok_or(RecordedError::NoInterval)?,
        };
        let found = resampling::windows(&rows, interval_s);
        if found.looked_at == 0 {
            let (rows, longest) = (rows.times_s.len(), found.longest);
            return Err(RecordedError::TooShort { rows, interval_s, longest });
        }
        if found.windows.is_empty() {
            let (windows, reason) = (found.looked_at, found.first_reason.unwrap_or_default());
            return Err(RecordedError::AllSkipped { windows, reason });
        }
        let (present, absent): (Vec<_>, Vec<_>) =
            TABLE.iter().enumerate().partition(|(index, _)| rows.has_channel[*index]);
        let names = |of: Vec<(usize, &'static crate::telemetry::channels::Channel)>| {
            of.into_iter().map(|(_, channel)| channel.name).collect()
        };
        Ok(Self {
            skipped: found.looked_at - found.windows.len() as u64,
            windows: found.windows,
            interval_s,
            epoch_utc: rows.epoch_utc,
            rows: rows.times_s.len(),
            objects: rows.objects.len(),
            present: names(present),
            absent: names(absent),
            first_reason: found.first_reason,
            left_over_samples: found.left_over_samples,
        })
    }
}
