//! Where the levels of risk begin: chosen on validation data, so that alarms stay within their bound.

use super::{HarmTruth, RiskEvaluationError};
use crate::eval::classification::rates::threshold_for;
use crate::eval::statistics::quantile_of_sorted;
use crate::models::risk::level::RiskThresholds;

/// Share of harmless windows that may be rated LOW or above, and MEDIUM or above.
const LOW_SHARE: f64 = 0.25;
const MEDIUM_SHARE: f64 = 0.1;
/// Share of harmless windows that may be rated HIGH or above: the bound is 5 %, less a margin for other windows than these.
pub const HIGH_SHARE: f64 = 0.04;
/// Share of harmful windows that HIGH must reach before it may rise above what the bound asks for.
const REACHED_SHARE: f64 = 0.98;
/// Share of the windows rated CRITICAL in which harm was done.
const CRITICAL_SHARE: f64 = 0.99;
/// Windows rated CRITICAL on which that share must rest.
const LEAST_CRITICAL: usize = 100;

/// The thresholds for these scores, 0 to 1, a row each with its truth.
///
/// - LOW, MEDIUM: the least scores that at most 25 % and 10 % of harmless windows reach.
/// - HIGH: the least score that at most 4 % of harmless windows reach; or the score that 98 % of harmful windows reach, where that is
///   higher: no alarm is raised that gains nothing.
/// - CRITICAL: the least score, not below HIGH, such that harm was done in 99 % of the windows that reach it, and at least 100 do; none
///   where there is none. Hostile windows without harm count against it.
///
/// # Errors
/// Without harmless windows; where a score is not in [0, 1]; where too many harmless windows score 1.
pub fn choose_thresholds(scores: &[f64], truths: &[HarmTruth]) -> Result<RiskThresholds, RiskEvaluationError> {
    let judged: Vec<(f64, bool)> = with_truth(scores, truths, &[HarmTruth::Harmful, HarmTruth::Harmless]);
    let (of_judged, is_harmful): (Vec<f64>, Vec<bool>) = judged.into_iter().unzip();
    let harmless = is_harmful.iter().filter(|harmful| !**harmful).count();
    let sound = scores.len() == truths.len() && scores.iter().all(|score| (0.0..=1.0).contains(score));
    let reached_by = |share: f64| {
        let threshold = threshold_for(&of_judged, &is_harmful, share).filter(|threshold| *threshold <= 1.0 && sound);
        threshold.ok_or(RiskEvaluationError::NoThreshold { share, harmless })
    };
    let mut harmful: Vec<f64> =
        of_judged.iter().zip(&is_harmful).filter(|(_, harmful)| **harmful).map(|(score, _)| *score).collect();
    harmful.sort_by(f64::total_cmp);
    let bound = reached_by(HIGH_SHARE)?.max(0.0);
    let high = quantile_of_sorted(&harmful, 1.0 - REACHED_SHARE).map_or(bound, |reached| reached.max(bound));
    let all = with_truth(scores, truths, &[HarmTruth::Harmful, HarmTruth::Harmless, HarmTruth::HostileWithoutHarm]);
    Ok(RiskThresholds {
        low: reached_by(LOW_SHARE)?.max(0.0),
        medium: reached_by(MEDIUM_SHARE)?.max(0.0),
        high,
        critical: critical(all, high),
    })
}

/// Score and whether harm was done, of the rows of such truths.
fn with_truth(scores: &[f64], truths: &[HarmTruth], kept: &[HarmTruth]) -> Vec<(f64, bool)> {
    let rows = scores.iter().zip(truths).filter(|(_, truth)| kept.contains(truth));
    rows.map(|(score, truth)| (*score, *truth == HarmTruth::Harmful)).collect()
}

/// The least score from `high` on that is sure enough.
fn critical(mut rows: Vec<(f64, bool)>, high: f64) -> Option<f64> {
    rows.retain(|(score, _)| *score >= high);
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut found = None;
    let (mut reaching, mut harmed) = (0, 0);
    for (index, (score, is_harmful)) in rows.iter().enumerate() {
        reaching += 1;
        harmed += usize::from(*is_harmful);
        // All of a tie or none.
        let is_last = rows.get(index + 1).is_none_or(|(next, _)| next < score);
        let share = f64::from(harmed as u32) / f64::from(reaching as u32);
        if is_last && reaching >= LEAST_CRITICAL && share >= CRITICAL_SHARE {
            found = Some(*score);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use HarmTruth::{Harmful, Harmless, HostileWithoutHarm, Unclassed};

    /// Shares of the rows of a truth at or above a score.
    fn reaching(scores: &[f64], truths: &[HarmTruth], truth: HarmTruth, from: f64) -> f64 {
        let of_truth: Vec<f64> =
            scores.iter().zip(truths).filter(|(_, known)| **known == truth).map(|(score, _)| *score).collect();
        of_truth.iter().filter(|score| **score >= from).count() as f64 / of_truth.len() as f64
    }

    #[test]
    fn levels_keep_their_shares_where_kinds_overlap() {
        // Harmless 0 to 0.5, harmful 0.3 to 1.
        let (mut scores, mut truths) = (Vec::new(), Vec::new());
        for index in 0..1_000 {
            let at = f64::from(index) / 1_000.0;
            scores.extend([0.5 * at, 0.3 + 0.7 * at, 0.45 + 0.15 * at, 0.99]);
            truths.extend([Harmless, Harmful, HostileWithoutHarm, Unclassed]);
        }
        let thresholds = choose_thresholds(&scores, &truths).unwrap();
        assert_eq!(thresholds.check(), Ok(()));
        for (from, share) in [(thresholds.low, 0.25), (thresholds.medium, 0.1), (thresholds.high, 0.04)] {
            assert!((reaching(&scores, &truths, Harmless, from) - share).abs() < 1e-9, "{thresholds:?}");
        }
        // Only above the hostile that did no harm is harm sure: 0.6, or a little below.
        let critical = thresholds.critical.unwrap();
        assert!((0.59..0.602).contains(&critical), "{critical}");
    }

    #[test]
    fn an_alarm_that_gains_nothing_is_not_raised() {
        let scores: Vec<f64> = (0..1_000).map(|row| if row < 500 { 0.0002 * f64::from(row) } else { 0.9 }).collect();
        let truths: Vec<HarmTruth> = (0..1_000).map(|row| if row < 500 { Harmless } else { Harmful }).collect();
        let thresholds = choose_thresholds(&scores, &truths).unwrap();
        assert_eq!((thresholds.high, thresholds.critical), (0.9, Some(0.9)));
        assert!(thresholds.medium < 0.1 && thresholds.check().is_ok());
    }

    #[test]
    fn what_cannot_be_bounded_is_refused() {
        let refused = |scores: &[f64], truths: &[HarmTruth]| choose_thresholds(scores, truths).unwrap_err();
        assert_eq!(refused(&[], &[]), RiskEvaluationError::NoThreshold { share: HIGH_SHARE, harmless: 0 });
        assert_eq!(
            refused(&[1.0; 10], &[Harmless; 10]),
            RiskEvaluationError::NoThreshold { share: 0.04, harmless: 10 }
        );
        for bad in [f64::NAN, -0.1, 1.1] {
            refused(&[bad, 0.5], &[Harmful, Harmless]);
        }
        refused(&[0.5], &[Harmless, Harmful]);
        // Too few to be that sure.
        assert_eq!(choose_thresholds(&[0.1, 0.9], &[Harmless, Harmful]).unwrap().critical, None);
    }

    proptest! {
        #[test]
        fn the_bound_holds_on_any_scores(
            rows in prop::collection::vec((0.0..0.99_f64, 0..4_usize), 1..300),
        ) {
            let scores: Vec<f64> = rows.iter().map(|(score, _)| (score * 50.0).round() / 50.0).collect();
            let kinds = [Harmful, Harmless, HostileWithoutHarm, Unclassed];
            let truths: Vec<HarmTruth> = rows.iter().map(|(_, kind)| kinds[*kind]).collect();
            match choose_thresholds(&scores, &truths) {
                Ok(thresholds) => {
                    prop_assert_eq!(thresholds.check(), Ok(()));
                    prop_assert!(reaching(&scores, &truths, Harmless, thresholds.high) <= HIGH_SHARE);
                }
                // A score of 1 among few harmless leaves no room above it.
                Err(_) => prop_assert!(!scores.iter().zip(&truths).any(|(score, truth)| *truth == Harmless && *score < 1.0)
                    || scores.iter().zip(&truths).any(|(score, truth)| *truth == Harmless && *score >= 1.0)),
            }
        }
    }
}
