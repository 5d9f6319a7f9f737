//! What a model saw and said when it was fitted, as histograms: what is served later is held against them.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Bins of a histogram before equal edges are joined.
pub const BINS: usize = 16;
/// Values of a column that edges are taken from at most, evenly spaced through the rows.
const MOST_VALUES: usize = 50_000;
/// What a bin counts for beyond its rows, so that an empty one gives no infinity.
const PSEUDO_COUNT: f64 = 0.5;

/// Why histograms do not fit.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DriftError {
    /// No rows.
    #[error("no row of '{group}' to take a reference from")]
    Empty {
        /// The group.
        group: String,
    },
    /// Not a whole number of rows.
    #[error("'{group}': {values} values are no rows of {width}")]
    Width {
        /// The group.
        group: String,
        /// Values given.
        values: usize,
        /// Values a row.
        width: usize,
    },
    /// Counts of another histogram.
    #[error("{found} bins, but the reference has {expected}")]
    Bins {
        /// Bins of the counts.
        found: usize,
        /// Bins of the reference.
        expected: usize,
    },
}

/// The distribution of one quantity: bins about as likely as each other, one of its own for a value that repeats often, and a last one
/// for what is not finite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// Ascending; bin b holds the values from edge b - 1 up to below edge b.
    edges: Vec<f32>,
    /// One more than the bins that edges part, the last of values that are not finite.
    counts: Vec<u64>,
}

impl Histogram {
    /// Bins of equal probability over `values`, and how many fall into each.
    #[must_use]
    pub fn of(values: &[f32]) -> Self {
        let step = values.len().div_ceil(MOST_VALUES).max(1);
        let mut sorted: Vec<f32> =
            values.iter().step_by(step).copied().filter(|value| value.is_finite()).map(|value| value + 0.0).collect();
        sorted.sort_by(f32::total_cmp);
        let mut edges: Vec<f32> = Vec::with_capacity(BINS);
        if !sorted.is_empty() {
            let quantile = |index: usize| sorted[index * (sorted.len() - 1) / BINS];
            for index in 1..BINS {
                let edge = quantile(index);
                // A value that fills a bin and more gets one to itself, lest a move away from it go unseen.
                let repeats = quantile(index - 1) == edge || quantile(index + 1) == edge;
                edges.push(edge);
                if repeats {
                    edges.push(edge.next_up());
                }
            }
            edges.sort_by(f32::total_cmp);
            edges.dedup();
        }
        let mut histogram = Self { counts: vec![0; edges.len() + 2], edges };
        let counts = histogram.counts_of(values.iter().copied());
        histogram.counts = counts;
        histogram
    }

    /// How many bins there are, that of values that are not finite included.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.edges.len() + 2
    }

    /// The bin of a value.
    #[must_use]
    pub fn bin(&self, value: f32) -> usize {
        if value.is_finite() { self.edges.partition_point(|edge| *edge <= value) } else { self.edges.len() + 1 }
    }

    /// How many of other values fall into each bin.
    #[must_use]
    pub fn counts_of(&self, values: impl IntoIterator<Item = f32>) -> Vec<u64> {
        let mut counts = vec![0; self.bins()];
        for value in values {
            counts[self.bin(value)] += 1;
        }
        counts
    }

    /// How far other counts stray: Σ (q - p) ln(q / p) over the bins, each counted half a row beyond its rows. 0 where nothing was counted.
    ///
    /// Below 0.1 is commonly called stable, above 0.25 shifted; 16 bins of n rows stray by about 15 / n of themselves.
    /// Source: Siddiqi, Credit Risk Scorecards (2006), chapter 9; Kullback, Information Theory and Statistics (1959), J(1, 2).
    ///
    /// Errors: counts of another number of bins.
    pub fn population_stability_index(&self, counts: &[u64]) -> Result<f64, DriftError> {
        if counts.len() != self.counts.len() {
            return Err(DriftError::Bins { found: counts.len(), expected: self.counts.len() });
        }
        let total = |counts: &[u64]| counts.iter().sum::<u64>() as f64;
        let (reference, other) = (total(&self.counts), total(counts));
        if reference == 0.0 || other == 0.0 {
            return Ok(0.0);
        }
        // A bin that neither has ever seen says nothing, and takes no share of the half rows.
        let seen = || self.counts.iter().zip(counts).filter(|(p, q)| **p + **q > 0);
        let extra = PSEUDO_COUNT * seen().count() as f64;
        let index = seen().map(|(p, q)| {
            let p = (*p as f64 + PSEUDO_COUNT) / (reference + extra);
            let q = (*q as f64 + PSEUDO_COUNT) / (other + extra);
            (q - p) * libm::log(q / p)
        });
        Ok(index.sum())
    }
}

/// The histograms of the columns of one matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistogramGroup {
    /// What the columns are: `features`, `channels`, `encodings`, `outputs`.
    pub name: String,
    /// One a column.
    pub columns: Vec<Histogram>,
}

impl HistogramGroup {
    /// Of row-major `rows` of `width` columns. Bounded: about 18 edges and counts a column, however many rows.
    ///
    /// Errors: no rows, or not a whole number of them.
    pub fn of(name: &str, rows: &[f32], width: usize) -> Result<Self, DriftError> {
        if rows.is_empty() || width == 0 {
            return Err(DriftError::Empty { group: name.to_owned() });
        }
        check_width(name, rows, width)?;
        let column = |index: usize| {
            let values: Vec<f32> = rows.iter().skip(index).step_by(width).copied().collect();
            Histogram::of(&values)
        };
        Ok(Self { name: name.to_owned(), columns: (0..width).map(column).collect() })
    }

    /// Counts of nothing yet, to be given to [`HistogramGroup::count`].
    #[must_use]
    pub fn no_counts(&self) -> Vec<Vec<u64>> {
        self.columns.iter().map(|column| vec![0; column.bins()]).collect()
    }

    /// Adds row-major `rows` to `counts`, a vector a column.
    ///
    /// Errors: not a whole number of rows; counts of another group.
    pub fn count(&self, rows: &[f32], counts: &mut [Vec<u64>]) -> Result<(), DriftError> {
        check_width(&self.name, rows, self.columns.len())?;
        self.check_counts(counts)?;
        for row in rows.chunks_exact(self.columns.len()) {
            for ((value, column), counts) in row.iter().zip(&self.columns).zip(&mut *counts) {
                counts[column.bin(*value)] += 1;
            }
        }
        Ok(())
    }

    /// The population stability index of each column.
    ///
    /// Errors: counts of another group.
    pub fn population_stability_indices(&self, counts: &[Vec<u64>]) -> Result<Vec<f64>, DriftError> {
        self.check_counts(counts)?;
        self.columns.iter().zip(counts).map(|(column, counts)| column.population_stability_index(counts)).collect()
    }

    fn check_counts(&self, counts: &[Vec<u64>]) -> Result<(), DriftError> {
        if counts.len() != self.columns.len() {
            return Err(DriftError::Bins { found: counts.len(), expected: self.columns.len() });
        }
        match self.columns.iter().zip(counts).find(|(column, counts)| column.bins() != counts.len()) {
            Some((column, counts)) => Err(DriftError::Bins { found: counts.len(), expected: column.bins() }),
            None => Ok(()),
        }
    }
}

fn check_width(name: &str, rows: &[f32], width: usize) -> Result<(), DriftError> {
    if width > 0 && rows.len().is_multiple_of(width) {
        Ok(())
    } else {
        Err(DriftError::Width { group: name.to_owned(), values: rows.len(), width })
    }
}

/// All histograms that are saved with a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DriftReference {
    /// Inputs (the 128 features, each of the channels), encodings (64) and outputs (12), as far as the model has them.
    pub groups: Vec<HistogramGroup>,
}

impl DriftReference {
    /// The group of a name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&HistogramGroup> {
        self.groups.iter().find(|group| group.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_about_as_likely_as_each_other() {
        let values: Vec<f32> = (0..16_000).map(|index| ((index * 7_919) % 16_000) as f32).collect();
        let histogram = Histogram::of(&values);
        assert_eq!(histogram.bins(), BINS + 1);
        let counts = histogram.counts_of(values);
        assert!(counts[..BINS].iter().all(|count| (990..=1_010).contains(count)), "{counts:?}");
        assert_eq!(counts[BINS], 0, "all are finite");
    }

    #[test]
    fn the_index_is_the_one_by_hand() {
        // One edge in the middle of four values; 2 : 2 against 3 : 1, each bin half a row more: shares 1/2, 1/2 and 3.5/5, 1.5/5.
        let histogram = Histogram { edges: vec![0.0], counts: vec![2, 2, 0] };
        let by_hand = 0.2 * (0.7_f64 / 0.5).ln() - 0.2 * (0.3_f64 / 0.5).ln();
        let index = histogram.population_stability_index(&histogram.counts_of([-1.0, -2.0, -0.5, 0.0])).unwrap();
        assert!((index - by_hand).abs() < 1e-15, "{index} {by_hand}");
        assert_eq!(histogram.population_stability_index(&[2, 2, 0]), Ok(0.0));
        assert_eq!(histogram.population_stability_index(&[0, 0, 0]), Ok(0.0));
        assert_eq!(histogram.population_stability_index(&[1, 1]), Err(DriftError::Bins { found: 2, expected: 3 }));
    }

    #[test]
    fn the_same_distribution_is_stable_and_a_moved_one_is_not() {
        let value = |index: u32| ((index.wrapping_mul(2_654_435_761) >> 8) as f32) / 16_777_216.0;
        let histogram = Histogram::of(&(0..10_000).map(value).collect::<Vec<_>>());
        let of = |shift: f32| {
            let counts = histogram.counts_of((10_000..20_000).map(|index| value(index) + shift));
            histogram.population_stability_index(&counts).unwrap()
        };
        assert!(of(0.0) < 0.02, "{}", of(0.0));
        assert!(of(0.1) > 0.1 && of(0.5) > 1.0, "{} {}", of(0.1), of(0.5));
    }

    #[test]
    fn a_constant_that_moves_either_way_is_seen_and_so_are_gaps() {
        let histogram = Histogram::of(&[1.5; 1_000]);
        let of = |value: f32| histogram.population_stability_index(&histogram.counts_of([value; 1_000])).unwrap();
        assert_eq!(of(1.5), 0.0);
        for moved in [1.4, 1.500_1, f32::NAN, f32::INFINITY] {
            assert!(of(moved) > 5.0, "{moved}: {}", of(moved));
        }
        // Mostly zero, as a channel that is seldom measured: the rest keeps bins of its own.
        let sparse: Vec<f32> = (0..1_000).map(|index| if index % 4 == 0 { index as f32 } else { 0.0 }).collect();
        assert!(Histogram::of(&sparse).bins() >= 5);
        assert_eq!(Histogram::of(&[]).bins(), 2);
        assert_eq!(Histogram::of(&[f32::NAN]).counts_of([0.0, f32::NAN]), [1, 1]);
    }

    #[test]
    fn groups_count_columns_and_survive_a_file() {
        let rows: Vec<f32> = (0..300).map(|index| index as f32).collect();
        let group = HistogramGroup::of("outputs", &rows, 3).unwrap();
        let mut counts = group.no_counts();
        group.count(&rows[..150], &mut counts).unwrap();
        group.count(&rows[150..], &mut counts).unwrap();
        let indices = group.population_stability_indices(&counts).unwrap();
        assert!(indices.len() == 3 && indices.iter().all(|index| *index == 0.0), "{indices:?}");
        let reference = DriftReference { groups: vec![group] };
        let text = serde_json::to_string(&reference).unwrap();
        assert_eq!(serde_json::from_str::<DriftReference>(&text).unwrap(), reference);
        assert!(reference.group("outputs").is_some() && reference.group("inputs").is_none());
    }

    #[test]
    fn wrong_widths_and_counts_are_refused() {
        assert!(matches!(HistogramGroup::of("a", &[], 3), Err(DriftError::Empty { .. })));
        assert!(matches!(HistogramGroup::of("a", &[1.0; 4], 3), Err(DriftError::Width { .. })));
        let group = HistogramGroup::of("a", &[1.0; 6], 3).unwrap();
        assert!(group.count(&[1.0; 4], &mut group.no_counts()).is_err());
        assert!(group.count(&[1.0; 3], &mut [vec![0], vec![0], vec![0]]).is_err());
        assert!(group.population_stability_indices(&[]).is_err());
    }
}
