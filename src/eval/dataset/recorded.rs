//! A data set of real telemetry.

use std::path::Path;

use sha2::{Digest, Sha256};

use super::MakingError;
use super::directory::{DatasetDirectory, write_part};
use crate::telemetry::dataset::manifest::{Manifest, Origin, PartEntry, RecordedOrigin, hexadecimal};
use crate::telemetry::dataset::part;
use crate::telemetry::dataset::split::Split;
use crate::telemetry::recorded::column_map::ColumnMap;
use crate::telemetry::recorded::{Recorded, RecordedError};

/// Windows of a part.
const PART_WINDOWS: usize = 4_096;

/// Reads the windows of the file at `path`, which is CSV with a header or Parquet, and gives what it and the map say of themselves.
///
/// # Errors
/// See [`RecordedError`].
pub fn read(path: &Path, map: &ColumnMap) -> Result<(Recorded, RecordedOrigin), RecordedError> {
    let content = std::fs::read(path).map_err(|source| RecordedError::Unreadable { path: path.to_owned(), source })?;
    let file_sha256 = hexadecimal(&Sha256::digest(&content));
    let recorded = Recorded::of(content, map)?;
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let origin = RecordedOrigin {
        file_sha256,
        map_sha256: hexadecimal(&Sha256::digest(ron::to_string(map).unwrap_or_default())),
        interval_s: recorded.interval_s,
        epoch_utc: recorded.epoch_utc.clone(),
        rows: recorded.rows as u64,
        objects: recorded.objects as u64,
        skipped: recorded.skipped,
        present: names(&recorded.present),
        absent: names(&recorded.absent),
    };
    Ok((recorded, origin))
}

/// Writes the windows into a directory.
///
/// # Errors
/// See [`MakingError`].
pub fn write(recorded: &Recorded, origin: RecordedOrigin, path: &Path) -> Result<Manifest, MakingError> {
    let origin = Origin::Recorded(origin);
    let mut directory = DatasetDirectory::open(path, &origin)?;
    let mut manifest = Manifest::begin(origin);
    directory.begin(&manifest)?;
    for (index, windows) in recorded.windows.chunks(PART_WINDOWS).enumerate() {
        let file = format!("{}-{index:05}.parquet", Split::Recorded.name());
        let mut metadata = vec![("split", Split::Recorded.name().to_owned())];
        metadata.extend(recorded.epoch_utc.iter().map(|epoch| ("epoch_utc", epoch.clone())));
        let sha256 = write_part(&directory.file(&file), &part::write_recorded(windows, &metadata)?)?;
        let rows = windows.len() as u64;
        manifest.push(Split::Recorded, PartEntry { file, rows, sha256, of: None, classes: None });
        directory.note(&manifest)?;
    }
    directory.finish(&manifest)?;
    Ok(manifest)
}
