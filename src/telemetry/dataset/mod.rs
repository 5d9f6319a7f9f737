//! Datasets of telemetry windows: a directory of Parquet files, and a manifest that says what they hold.
//!
//! ```text
//! DIR/train-00000.parquet          a part: a row a window
//! DIR/dataset.json                 the manifest; comes last, so that where it is, all is
//! DIR/dataset.unfinished.json      instead of it, while the data set is being made: what is whole so far
//! ```
//!
//! Every number is kept to the bit, so that planes and features of a window read back are those of the window that was written.

pub mod error;
pub mod manifest;
pub mod opened;
pub mod part;
pub mod schema;
pub mod split;

pub use self::error::DatasetError;
pub use self::manifest::Manifest;
pub use self::opened::Dataset;
pub use self::split::Split;
