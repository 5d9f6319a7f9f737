//! Plain statistics on plain numbers: what evaluation says of shares, medians and differences, and how surely.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

/// The 97.5 % quantile of the standard normal distribution.
const Z_975: f64 = 1.959_963_984_540_054;

/// Resamples that a bootstrap draws unless told otherwise.
pub const DEFAULT_RESAMPLES: usize = 10_000;

/// Wilson's score interval, 95 %, of a share: `[low, high]` within [0, 1]; `[0, 1]` without a trial.
///
/// Source: Wilson, J. Am. Stat. Assoc. 22 (1927) 209; method 3 of Newcombe, Stat. Med. 17 (1998) 857.
///
/// # Panics
/// If there are more successes than trials.
#[must_use]
pub fn wilson_interval_95(successes: u64, trials: u64) -> [f64; 2] {
    assert!(successes <= trials, "{successes} successes in {trials} trials");
    if trials == 0 { [0.0, 1.0] } else { wilson(successes as f64, trials as f64) }
}

/// As [`wilson_interval_95`], of a share (0 to 1) that is as sure as one of `effective_trials` independent trials.
///
/// `effective_trials`: above 0, any number; trials that come in clusters are worth fewer than they are.
#[must_use]
pub fn wilson_interval_of_share_95(share: f64, effective_trials: f64) -> [f64; 2] {
    wilson(share * effective_trials, effective_trials)
}

fn wilson(successes: f64, trials: f64) -> [f64; 2] {
    let (x, n) = (successes, trials);
    // (2 x + z² ± z √(z² + 4 x (n - x) / n)) / (2 (n + z²))
    let root = (Z_975 * Z_975 + 4.0 * x * (n - x) / n).sqrt() * Z_975;
    let bound = |signed_root: f64| (2.0 * x + Z_975 * Z_975 + signed_root) / (2.0 * (n + Z_975 * Z_975));
    // Exact at the ends, where rounding would leave 1e-17.
    [if x == 0.0 { 0.0 } else { bound(-root) }, if x == n { 1.0 } else { bound(root) }]
}

/// The quantile of `values` at `probability` (0 to 1), interpolated linearly between order statistics; `None` without
/// values. A NaN among them sorts above infinity.
///
/// Source: type 7 of Hyndman and Fan, Am. Stat. 50 (1996) 361, the default of R and NumPy.
///
/// # Panics
/// If the probability is outside [0, 1].
#[must_use]
pub fn quantile(values: &[f64], probability: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile_of_sorted(&sorted, probability)
}

/// The median of `values`; `None` without values.
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// As [`quantile`], of values in ascending order.
pub(super) fn quantile_of_sorted(sorted: &[f64], probability: f64) -> Option<f64> {
    assert!((0.0..=1.0).contains(&probability), "a probability of {probability}");
    let position = sorted.len().checked_sub(1)? as f64 * probability;
    let below = sorted[position.floor() as usize];
    let above = sorted[position.ceil() as usize];
    let fraction = position.fract();
    // Without a fraction, infinity - infinity must not come in.
    Some(if fraction == 0.0 { below } else { below + fraction * (above - below) })
}

/// The mean of `values`; `None` without values.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() { None } else { Some(values.iter().sum::<f64>() / values.len() as f64) }
}

/// A mean with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeanInterval {
    /// The mean of what was given.
    pub mean: f64,
    /// 95 % interval, `[low, high]`.
    pub ci95: [f64; 2],
}

/// The mean of paired differences with its percentile bootstrap interval, 95 %; `None` without differences.
///
/// `differences`: one a pair, both of a pair played on the same seed. `resamples`: how often as many pairs are drawn with
/// replacement ([`DEFAULT_RESAMPLES`]). The same seed gives the same bits.
/// Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13.
///
/// # Panics
/// If there are no resamples, or 2³² differences or more.
#[must_use]
pub fn bootstrap_mean_95(differences: &[f64], resamples: usize, seed: u64) -> Option<MeanInterval> {
    assert!(resamples > 0, "a bootstrap without resamples");
    let count = u32::try_from(differences.len()).expect("fewer than 2^32 differences");
    let mean = mean(differences)?;
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut means: Vec<f64> = (0..resamples)
        .map(|_| {
            let sum: f64 = (0..count).map(|_| differences[generator.random_range(0..count) as usize]).sum();
            sum / f64::from(count)
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let ci95 = [quantile_of_sorted(&means, 0.025)?, quantile_of_sorted(&means, 0.975)?];
    Some(MeanInterval { mean, ci95 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_agrees_with_published_intervals() {
        // Newcombe (1998), table I, method 3; four decimals are printed.
        let published = [
            (81, 263, [0.2553, 0.3662]),
            (15, 148, [0.0624, 0.1605]),
            (0, 20, [0.0, 0.1611]),
            (1, 29, [0.0061, 0.1718]),
        ];
        for (successes, trials, expected) in published {
            let interval = wilson_interval_95(successes, trials);
            for side in 0..2 {
                assert!((interval[side] - expected[side]).abs() < 5e-5, "{successes}/{trials}: {interval:?}");
            }
        }
    }

    #[test]
    fn wilson_at_the_ends_is_closed_and_mirrored() {
        // With x = 0 the upper bound is z² / (n + z²).
        let high = Z_975 * Z_975 / (10.0 + Z_975 * Z_975);
        assert!((high - 0.2775).abs() < 5e-5);
        let none = wilson_interval_95(0, 10);
        let all = wilson_interval_95(10, 10);
        assert_eq!(none[0], 0.0);
        assert_eq!(all[1], 1.0);
        assert!((none[1] - high).abs() < 1e-15 && (all[0] - (1.0 - high)).abs() < 1e-15);
        assert_eq!(wilson_interval_95(0, 0), [0.0, 1.0]);
        for successes in 0..=50 {
            let [low, high] = wilson_interval_95(successes, 50);
            let share = successes as f64 / 50.0;
            assert!(0.0 <= low && low <= share && share <= high && high <= 1.0);
        }
    }

    #[test]
    #[should_panic(expected = "3 successes in 2 trials")]
    fn wilson_refuses_more_successes_than_trials() {
        let _ = wilson_interval_95(3, 2);
    }

    #[test]
    fn quantiles_are_of_type_7() {
        // R: quantile(1:10, c(0.05, 0.25, 0.95)) gives 1.45 3.25 9.55.
        let ten: Vec<f64> = (1..=10).rev().map(f64::from).collect();
        for (probability, expected) in [(0.0, 1.0), (0.05, 1.45), (0.25, 3.25), (0.95, 9.55), (1.0, 10.0)] {
            assert!((quantile(&ten, probability).unwrap() - expected).abs() < 1e-14);
        }
        // numpy.percentile([15, 20, 35, 40, 50], 40) gives 29.
        assert!((quantile(&[50.0, 15.0, 40.0, 20.0, 35.0], 0.4).unwrap() - 29.0).abs() < 1e-14);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(quantile(&[7.0], 0.95), Some(7.0));
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[1.0, f64::INFINITY, f64::INFINITY]), Some(f64::INFINITY));
        assert!(quantile(&[1.0, f64::NAN], 1.0).unwrap().is_nan());
    }

    #[test]
    #[should_panic(expected = "a probability of 95")]
    fn a_percentage_is_no_probability() {
        let _ = quantile(&[1.0], 95.0);
    }

    #[test]
    fn the_bootstrap_of_equal_differences_has_no_width() {
        let interval = bootstrap_mean_95(&[0.25; 40], 200, 1).unwrap();
        assert_eq!(interval, MeanInterval { mean: 0.25, ci95: [0.25, 0.25] });
        assert_eq!(bootstrap_mean_95(&[], 200, 1), None);
    }

    #[test]
    fn the_bootstrap_of_a_share_agrees_with_its_exact_distribution() {
        // 400 differences, 100 of them 1: a resample's sum is binomial(400, 1/4), whose standard deviation is √75 = 8.660.
        // Its 2.5 % and 97.5 % quantiles (scipy.stats.binom.ppf) are 83 and 117; 10,000 resamples miss them by at most
        // one success or so: the quantile's own standard error is √(0.025 × 0.975 / 10,000) / (density 0.0067) = 0.23.
        let differences: Vec<f64> = (0..400).map(|index| f64::from(u8::from(index % 4 == 0))).collect();
        let interval = bootstrap_mean_95(&differences, DEFAULT_RESAMPLES, 7).unwrap();
        assert_eq!(interval.mean, 0.25);
        let [low, high] = interval.ci95.map(|bound| bound * 400.0);
        assert!((low - 83.0).abs() <= 1.0, "{low}");
        assert!((high - 117.0).abs() <= 1.0, "{high}");
    }

    #[test]
    fn the_bootstrap_repeats_itself_for_a_seed_only() {
        let differences: Vec<f64> = (0..50).map(|index| f64::from(index * index % 17)).collect();
        let first = bootstrap_mean_95(&differences, 500, 3).unwrap();
        assert_eq!(bootstrap_mean_95(&differences, 500, 3), Some(first));
        assert_ne!(bootstrap_mean_95(&differences, 500, 4), Some(first));
    }
}
