//! How early a classifier knows: accuracy by how much of an encounter it has seen.

use serde::{Deserialize, Serialize};

use super::clusters::{Estimate, share_95};
use super::{ClassificationError, Judged};

/// In what it is counted how much has been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// The share of the encounter, 0 to 1, in tenths.
    Share,
    /// Samples since onset, of a window of 30: none; 1 and 2; 3 to 5; and so on to a full window.
    Samples,
}

impl Seen {
    /// Edges of the bins.
    #[must_use]
    pub fn edges(self) -> &'static [f64] {
        match self {
            Self::Share => &[0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0],
            Self::Samples => &[0.0, 1.0, 3.0, 6.0, 10.0, 15.0, 20.0, 25.0, 30.0, 31.0],
        }
    }

    /// What tables and pictures call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Share => "share of the encounter seen in %",
            Self::Samples => "samples since onset",
        }
    }

    /// What a bin holds: `40-50` percent, `3-5` samples.
    #[must_use]
    pub fn label(self, bin: &EarlinessBin) -> String {
        let (first, last) = match self {
            Self::Share => ((100.0 * bin.from).round(), (100.0 * bin.to).round()),
            Self::Samples => (bin.from, bin.to - 1.0),
        };
        if first == last { format!("{first}") } else { format!("{first}-{last}") }
    }
}

/// Rows that have seen as much.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlinessBin {
    /// Where the bin begins, itself included.
    pub from: f64,
    /// Where it ends, not included but for the last bin.
    pub to: f64,
    /// Rows in it.
    pub rows: u64,
    /// The share of them that were given their true class, clustered by episode; `None` without rows.
    pub accuracy: Option<Estimate>,
}

/// Accuracy by how much has been seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Earliness {
    /// In what it is counted.
    pub seen: Seen,
    /// In ascending order, without gaps.
    pub bins: Vec<EarlinessBin>,
    /// Rows that lie in none of them.
    pub rows_outside: u64,
}

impl Earliness {
    /// `values`: how much each row has seen.
    ///
    /// Errors: another number of rows than were judged; a value that is NaN.
    pub fn of(judged: &Judged<'_>, seen: Seen, values: &[f64]) -> Result<Self, ClassificationError> {
        let expected = judged.clusters().rows();
        if values.len() != expected {
            return Err(ClassificationError::Length { what: "what was seen", found: values.len(), expected });
        }
        if let Some(row) = values.iter().position(|value| value.is_nan()) {
            return Err(ClassificationError::NotFinite { row, what: seen.name(), value: values[row] });
        }
        let edges = seen.edges();
        let last = edges.len() - 2;
        let bin_of = |value: f64| match edges.partition_point(|edge| *edge <= value).checked_sub(1) {
            Some(bin) if bin <= last => Some(bin),
            // The whole is the end of the last bin.
            Some(_) if value == edges[last + 1] => Some(last),
            _ => None,
        };
        let bins_of_rows: Vec<Option<usize>> = values.iter().map(|value| bin_of(*value)).collect();
        let bin = |bin: usize| EarlinessBin {
            from: edges[bin],
            to: edges[bin + 1],
            rows: bins_of_rows.iter().filter(|of_row| **of_row == Some(bin)).count() as u64,
            accuracy: share_95(judged.clusters(), |row| (bins_of_rows[row] == Some(bin)).then(|| judged.is_right(row))),
        };
        Ok(Self {
            seen,
            bins: (0..=last).map(bin).collect(),
            rows_outside: bins_of_rows.iter().filter(|of_row| of_row.is_none()).count() as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::judged;
    use super::*;

    #[test]
    fn rows_fall_where_they_belong() {
        // Right are all but rows 2, 5 and 8.
        let seen = [0.0, 0.05, 0.1, 0.15, 0.5, 0.99, 1.0, 1.01, -0.1, 0.55];
        let earliness = Earliness::of(&judged(), Seen::Share, &seen).unwrap();
        let rows: Vec<u64> = earliness.bins.iter().map(|bin| bin.rows).collect();
        assert_eq!(rows, [2, 2, 0, 0, 0, 2, 0, 0, 0, 2]);
        assert_eq!(earliness.rows_outside, 2);
        let accuracy: Vec<Option<f64>> =
            earliness.bins.iter().map(|bin| bin.accuracy.map(|share| share.value)).collect();
        assert_eq!(accuracy[..3], [Some(1.0), Some(0.5), None]);
        assert_eq!((accuracy[5], accuracy[9]), (Some(1.0), Some(0.5)));
    }

    #[test]
    fn samples_are_whole_numbers() {
        let seen = [0.0, 1.0, 2.0, 3.0, 14.0, 15.0, 29.0, 30.0, 30.0, 7.0];
        let earliness = Earliness::of(&judged(), Seen::Samples, &seen).unwrap();
        let rows: Vec<u64> = earliness.bins.iter().map(|bin| bin.rows).collect();
        assert_eq!(rows, [1, 2, 1, 1, 1, 1, 0, 1, 2]);
        let labels: Vec<String> = earliness.bins.iter().map(|bin| Seen::Samples.label(bin)).collect();
        assert_eq!(labels, ["0", "1-2", "3-5", "6-9", "10-14", "15-19", "20-24", "25-29", "30"]);
    }

    #[test]
    fn bad_places_are_refused() {
        let mut seen = [0.5; 10];
        assert!(Earliness::of(&judged(), Seen::Share, &seen[..9]).is_err());
        seen[3] = f64::NAN;
        let error = Earliness::of(&judged(), Seen::Share, &seen).unwrap_err();
        assert_eq!(error.to_string(), "row 3: the share of the encounter seen in % is NaN");
    }
}
