//! Rows in clusters, and what that does to intervals: a cluster is drawn whole or not at all.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::eval::statistics::{quantile_of_sorted, wilson_interval_of_share_95};

/// Resamples of a bootstrap over clusters.
pub const RESAMPLES: usize = 1_000;

/// Seed of the bootstrap: the same rows give the same interval.
const SEED: u64 = 0x7465_6c65_6d65_7472;

/// A figure with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// 95 % interval, `[low, high]`.
    pub ci95: [f64; 2],
}

/// Which cluster each row belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clusters {
    /// Index of each row's cluster.
    of_row: Vec<u32>,
    count: usize,
}

impl Clusters {
    /// Rows with the same key are one cluster.
    #[must_use]
    pub fn of(keys: &[u64]) -> Self {
        let mut indices = BTreeMap::new();
        let of_row = keys
            .iter()
            .map(|key| {
                let next = indices.len() as u32;
                *indices.entry(*key).or_insert(next)
            })
            .collect();
        Self { of_row, count: indices.len() }
    }

    /// How many clusters there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.of_row.len()
    }

    /// Index of a row's cluster, below [`Clusters::count`].
    #[must_use]
    pub fn of_row(&self, row: usize) -> usize {
        self.of_row[row] as usize
    }

    /// Evaluates `statistics` under each of [`RESAMPLES`] draws of as many clusters as there are, with replacement.
    ///
    /// `statistics` is told how often each cluster was drawn. A draw's statistics do not depend on threads.
    /// Source: Davison and Hinkley, Bootstrap Methods and their Application (1997), section 3.8 (strategy 1).
    pub fn resample<T: Send>(&self, statistics: impl Fn(&[f64]) -> T + Sync) -> Vec<T> {
        let count = self.count as u32;
        (0..RESAMPLES as u64)
            .into_par_iter()
            .map(|draw| {
                let mut generator = Xoshiro256PlusPlus::seed_from_u64(SEED.wrapping_add(draw));
                let mut times_drawn = vec![0.0; self.count];
                for _ in 0..count {
                    times_drawn[generator.random_range(0..count) as usize] += 1.0;
                }
                statistics(&times_drawn)
            })
            .collect()
    }
}

/// The 2.5 % and 97.5 % quantiles of those resampled statistics that are defined; `None` where none is.
#[must_use]
pub fn percentile_interval_95(resampled: impl IntoIterator<Item = Option<f64>>) -> Option<[f64; 2]> {
    let mut defined: Vec<f64> = resampled.into_iter().flatten().collect();
    defined.sort_by(f64::total_cmp);
    Some([quantile_of_sorted(&defined, 0.025)?, quantile_of_sorted(&defined, 0.975)?])
}

/// Sums over rows by cluster and slot, of which every statistic here is a function.
#[derive(Clone, Debug)]
pub struct ClusterSums {
    slots: usize,
    /// (slot, sum) of each cluster, in the order of slots.
    by_cluster: Vec<Vec<(u32, f64)>>,
}

impl ClusterSums {
    /// Adds up what each row contributes: `contributions(row)` gives (slot, value), each slot below `slots`.
    pub fn of<I: IntoIterator<Item = (usize, f64)>>(
        clusters: &Clusters,
        slots: usize,
        contributions: impl Fn(usize) -> I,
    ) -> Self {
        let mut by_cluster: Vec<BTreeMap<u32, f64>> = vec![BTreeMap::new(); clusters.count()];
        for row in 0..clusters.rows() {
            let sums = &mut by_cluster[clusters.of_row(row)];
            for (slot, value) in contributions(row) {
                *sums.entry(slot as u32).or_default() += value;
            }
        }
        Self { slots, by_cluster: by_cluster.into_iter().map(|sums| sums.into_iter().collect()).collect() }
    }

    /// The sums over all clusters, each taken as often as told.
    #[must_use]
    pub fn weighted(&self, times_drawn: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.slots];
        for (of_cluster, times) in self.by_cluster.iter().zip(times_drawn).filter(|(_, times)| **times > 0.0) {
            for (slot, value) in of_cluster {
                sums[*slot as usize] += times * value;
            }
        }
        sums
    }

    /// The sums over all rows.
    #[must_use]
    pub fn total(&self) -> Vec<f64> {
        self.weighted(&vec![1.0; self.by_cluster.len()])
    }

    /// Each of several statistics of the sums with its bootstrap interval; `None` where a statistic is not defined.
    pub fn estimates(
        &self,
        clusters: &Clusters,
        statistics: impl Fn(&[f64]) -> Vec<Option<f64>> + Sync,
    ) -> Vec<Option<Estimate>> {
        let values = statistics(&self.total());
        let resampled = clusters.resample(|times_drawn| statistics(&self.weighted(times_drawn)));
        let with_interval = |(index, value): (usize, Option<f64>)| {
            let ci95 = percentile_interval_95(resampled.iter().map(|statistics| statistics[index]))?;
            Some(Estimate { value: value?, ci95 })
        };
        values.into_iter().enumerate().map(with_interval).collect()
    }
}

/// The share of rows for which `is_success` holds among those for which it is not `None`, with Wilson's interval for as many trials
/// as the clusters leave; `None` without a trial.
///
/// The variance of the share is that of a ratio of cluster totals; from it follows how many independent trials would be as sure.
/// Where it is zero (nothing or everything succeeded, or there is one cluster) each cluster counts as one trial, so that no interval is
/// a point. Source: Cochran, Sampling Techniques, 3rd ed., eq. 6.9 (ratio of totals); Korn and Graubard, Survey Methodology 24
/// (1998) 193 (effective sample size).
pub fn share_95(clusters: &Clusters, is_success: impl Fn(usize) -> Option<bool>) -> Option<Estimate> {
    let mut totals = vec![[0.0; 2]; clusters.count()];
    for row in 0..clusters.rows() {
        if let Some(success) = is_success(row) {
            let [successes, trials] = &mut totals[clusters.of_row(row)];
            *successes += f64::from(u8::from(success));
            *trials += 1.0;
        }
    }
    totals.retain(|[_, trials]| *trials > 0.0);
    let (successes, trials) = totals.iter().fold((0.0, 0.0), |sum, total| (sum.0 + total[0], sum.1 + total[1]));
    if trials == 0.0 {
        return None;
    }
    let (share, used) = (successes / trials, totals.len() as f64);
    // Var(p) = C / (C - 1) Σ (x_c - p n_c)² / n²
    let squares: f64 = totals.iter().map(|[x, n]| (x - share * n) * (x - share * n)).sum();
    let variance = if used > 1.0 { used / (used - 1.0) * squares / (trials * trials) } else { 0.0 };
    let effective = if variance > 0.0 { (share * (1.0 - share) / variance).clamp(1.0, trials) } else { used };
    Some(Estimate { value: share, ci95: wilson_interval_of_share_95(share, effective) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::statistics::wilson_interval_95;

    #[test]
    fn a_cluster_a_row_is_nearly_wilson() {
        let keys: Vec<u64> = (0..400).collect();
        let clusters = Clusters::of(&keys);
        let share = share_95(&clusters, |row| Some(row % 4 == 0)).unwrap();
        assert_eq!(share.value, 0.25);
        // The variance differs by n / (n - 1) only.
        let expected = wilson_interval_95(100, 400);
        for side in 0..2 {
            assert!((share.ci95[side] - expected[side]).abs() < 2e-4, "{share:?} {expected:?}");
        }
    }

    #[test]
    fn rows_that_repeat_within_clusters_say_no_more_than_one_each() {
        // 40 clusters of 10 equal rows: as sure as 40 rows, less the factor C / (C - 1).
        let keys: Vec<u64> = (0..400).map(|row| row / 10).collect();
        let share = share_95(&Clusters::of(&keys), |row| Some(row / 10 % 4 == 0)).unwrap();
        let expected = wilson_interval_of_share_95(0.25, 39.0);
        for side in 0..2 {
            assert!((share.ci95[side] - expected[side]).abs() < 1e-12, "{share:?} {expected:?}");
        }
    }

    #[test]
    fn without_a_failure_each_cluster_is_one_trial() {
        let clusters = Clusters::of(&[3, 3, 3, 4, 4, 5]);
        let share = share_95(&clusters, |_| Some(true)).unwrap();
        assert_eq!(share, Estimate { value: 1.0, ci95: wilson_interval_95(3, 3) });
        assert_eq!(share_95(&clusters, |_| None), None);
        let one = share_95(&clusters, |row| (row < 3).then_some(row == 0)).unwrap();
        assert!(one.ci95[0] > 0.0 && one.ci95[1] < 1.0 && one.ci95[1] - one.ci95[0] > 0.7, "{one:?}");
    }

    #[test]
    fn the_bootstrap_of_a_mean_has_its_known_width() {
        // 200 clusters of 5 equal rows; the mean of a resample is that of 200 draws, so that its standard deviation is
        // σ / √200 with σ² = (200² - 1) / 12. 1,000 resamples know a quantile to about 6 % of a standard deviation.
        let keys: Vec<u64> = (0..1000).map(|row| row / 5).collect();
        let clusters = Clusters::of(&keys);
        let sums = ClusterSums::of(&clusters, 2, |row| [(0, (row / 5) as f64), (1, 1.0)]);
        let mean = sums.estimates(&clusters, |sums| vec![Some(sums[0] / sums[1]), None]);
        assert_eq!(mean[1], None);
        let mean = mean[0].unwrap();
        assert!((mean.value - 99.5).abs() < 1e-12);
        let std_dev = ((200.0_f64 * 200.0 - 1.0) / 12.0 / 200.0).sqrt();
        for (bound, sign) in mean.ci95.into_iter().zip([-1.0, 1.0]) {
            assert!(((bound - mean.value) / std_dev - sign * 1.96).abs() < 0.25, "{mean:?}");
        }
        assert_eq!(sums.estimates(&clusters, |sums| vec![Some(sums[0] / sums[1])])[0], Some(mean), "the same bits");
    }

    #[test]
    fn a_draw_has_as_many_clusters_as_there_are() {
        let clusters = Clusters::of(&[1, 2, 2, 3]);
        let drawn = clusters.resample(|times| times.iter().sum::<f64>());
        assert!(drawn.len() == RESAMPLES && drawn.iter().all(|sum| *sum == 3.0));
    }
}
