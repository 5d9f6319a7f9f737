//! Whether scores stand in the right order.

use super::ClassificationError;
use super::clusters::{Clusters, Estimate, percentile_interval_95};

/// The area under the receiver's curve: how often a positive row scores above a negative one, ties counting half.
///
/// `scores`: higher means more likely positive; infinities are in order. `episodes`: the seed of each row's episode, by which the
/// bootstrap interval is clustered. `None` where all rows are positive or none is.
/// Source: Hanley and McNeil, Radiology 143 (1982) 29 (the Mann-Whitney statistic).
///
/// Errors: columns of unequal length, a score that is NaN.
pub fn auroc(scores: &[f64], is_positive: &[bool], episodes: &[u64]) -> Result<Option<Estimate>, ClassificationError> {
    let expected = scores.len();
    for (what, found) in [("positives", is_positive.len()), ("episodes", episodes.len())] {
        if found != expected {
            return Err(ClassificationError::Length { what, found, expected });
        }
    }
    if let Some(row) = scores.iter().position(|score| score.is_nan()) {
        return Err(ClassificationError::NotFinite { row, what: "score", value: scores[row] });
    }
    let mut order: Vec<usize> = (0..expected).collect();
    order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    let clusters = Clusters::of(episodes);
    // Whether a row is positive, and whether its score equals that of the row before, once for all resamples.
    let ranked: Vec<RankedRow> = order
        .iter()
        .enumerate()
        .map(|(rank, row)| RankedRow {
            cluster: clusters.of_row(*row),
            positive: is_positive[*row],
            tied: rank > 0 && scores[order[rank - 1]] == scores[*row],
        })
        .collect();
    let Some(value) = area(&ranked, &vec![1.0; clusters.count()]) else { return Ok(None) };
    let resampled = clusters.resample(|times_drawn| area(&ranked, times_drawn));
    Ok(percentile_interval_95(resampled).map(|ci95| Estimate { value, ci95 }))
}

struct RankedRow {
    cluster: usize,
    positive: bool,
    tied: bool,
}

/// Rows in ascending order of scores, each taken as often as its cluster.
fn area(ranked: &[RankedRow], times_drawn: &[f64]) -> Option<f64> {
    let (mut below, mut tied_negatives, mut tied_positives, mut positives, mut won) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for row in ranked {
        if !row.tied {
            won += tied_positives * (below + 0.5 * tied_negatives);
            below += tied_negatives;
            (tied_negatives, tied_positives) = (0.0, 0.0);
        }
        let times = times_drawn[row.cluster];
        if row.positive {
            tied_positives += times;
            positives += times;
        } else {
            tied_negatives += times;
        }
    }
    won += tied_positives * (below + 0.5 * tied_negatives);
    let negatives = below + tied_negatives;
    (positives > 0.0 && negatives > 0.0).then(|| won / (positives * negatives))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_scikit_learns_ties_included() {
        // sklearn.metrics.roc_auc_score: 0.76 (25 pairs: 18 won, 2 tied).
        let scores = [0.1, 0.4, 0.4, 0.35, 0.8, 0.8, 0.7, 0.2, 0.9, 0.3];
        let positive = [false, false, true, false, true, false, true, false, true, true];
        let episodes: Vec<u64> = (0..10).collect();
        let area = auroc(&scores, &positive, &episodes).unwrap().unwrap();
        assert!((area.value - 0.76).abs() < 1e-15, "{area:?}");
        assert!(area.ci95[0] < 0.76 && area.ci95[1] > 0.76 && area.ci95[1] <= 1.0, "{area:?}");
    }

    #[test]
    fn the_ends_and_the_middle() {
        let episodes = [1, 2, 3, 4];
        let positive = [false, false, true, true];
        let of = |scores: [f64; 4]| auroc(&scores, &positive, &episodes).unwrap().unwrap().value;
        assert_eq!(of([1.0, 2.0, 3.0, f64::INFINITY]), 1.0);
        assert_eq!(of([3.0, 4.0, 1.0, 2.0]), 0.0);
        assert_eq!(of([0.0, -0.0, 0.0, -0.0]), 0.5);
        assert_eq!(auroc(&[1.0, 2.0], &[true, true], &[1, 2]).unwrap(), None);
        assert_eq!(auroc(&[], &[], &[]).unwrap(), None);
    }

    #[test]
    fn rows_of_one_episode_widen_the_interval() {
        // 20 episodes, each repeated 20 times, know as much as 20 rows.
        let value =
            |episode: usize| ((episode * 7919) % 101) as f64 + if episode.is_multiple_of(2) { 25.0 } else { 0.0 };
        let rows = |copies: usize| -> (Vec<f64>, Vec<bool>, Vec<u64>) {
            let episodes = (0..20).flat_map(|episode| std::iter::repeat_n(episode, copies));
            let rows: Vec<_> = episodes.map(|episode| (value(episode), episode % 2 == 0, episode as u64)).collect();
            (
                rows.iter().map(|row| row.0).collect(),
                rows.iter().map(|row| row.1).collect(),
                rows.iter().map(|row| row.2).collect(),
            )
        };
        let of = |(scores, positive, episodes): &(Vec<f64>, Vec<bool>, Vec<u64>)| {
            auroc(scores, positive, episodes).unwrap().unwrap()
        };
        let (single, repeated) = (of(&rows(1)), of(&rows(20)));
        for (a, b) in [(single.value, repeated.value), (single.ci95[0], repeated.ci95[0])] {
            assert!((a - b).abs() < 1e-12, "{single:?} {repeated:?}");
        }
        let mut alone = rows(20);
        alone.2 = (0..400).collect();
        let alone = of(&alone);
        assert!(alone.ci95[1] - alone.ci95[0] < 0.5 * (repeated.ci95[1] - repeated.ci95[0]), "{alone:?} {repeated:?}");
    }

    #[test]
    fn no_number_is_no_score() {
        let error = auroc(&[0.0, f64::NAN], &[true, false], &[1, 2]).unwrap_err();
        assert!(matches!(error, ClassificationError::NotFinite { row: 1, .. }), "{error}");
        let error = auroc(&[0.0], &[true, false], &[1]).unwrap_err();
        assert_eq!(error, ClassificationError::Length { what: "positives", found: 2, expected: 1 });
    }
}
