//! The table that people read of a data set: classes by split.

use crate::eval::table::{row, table};
use crate::sim::threat_class::ThreatClass;
use crate::telemetry::dataset::manifest::Manifest;

/// A class a row, a split a column: windows, and their share of the split.
#[must_use]
pub fn class_table(manifest: &Manifest) -> String {
    let splits: Vec<_> =
        manifest.splits.iter().filter_map(|(split, entry)| Some((split.name(), entry, entry.classes?))).collect();
    let mut header = vec!["windows"];
    header.extend(splits.iter().map(|(name, _, _)| *name));
    let mut table = table(&header);
    for class in ThreatClass::ALL {
        let cells = splits.iter().map(|(_, entry, classes)| {
            let count = classes.0[class.index()];
            format!("{count} ({:.1} %)", 100.0 * count as f64 / entry.windows.max(1) as f64)
        });
        table.add_row(row(class.name(), cells));
    }
    table.add_row(row("all", splits.iter().map(|(_, entry, _)| entry.windows.to_string())));
    table.add_row(row("episodes", splits.iter().map(|(_, entry, _)| entry.episodes.to_string())));
    table.trim_fmt()
}
