//! All that is said of a risk model on one set of rows.

use serde::{Deserialize, Serialize};

use super::{HarmTruth, RiskEvaluationError, risk_inputs};
use crate::eval::classification::rates::{AlarmRates, alarm_rates};
use crate::eval::telemetry_rows::TelemetryRows;
use crate::models::risk::level::RiskLevel;
use crate::models::risk::{RiskError, RiskModel};
use crate::sim::threat_class::ThreatClass;
use crate::telemetry::scaling::Scaling;

/// Bins of equal width over the score.
pub const SCORE_BINS: usize = 10;

/// What is said of a risk model; every rate has a 95 % interval clustered by episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RiskFigures {
    /// The score from which an alarm is raised: where HIGH begins.
    pub alarm_from: f64,
    /// Rated HIGH or above: of windows with harm to come, and of harmless ones (nominal; conjunction, inspection or shadowing without
    /// harm). Hostile windows without harm are in neither.
    pub rates: AlarmRates,
    /// The same by class, of all its windows: here what did no harm counts as harmless, whatever its class.
    pub by_class: Vec<ClassRates>,
    /// Rows by level, as [`RiskLevel::ALL`], of harmless windows, of those with harm, and of hostile ones without.
    pub levels: [[u64; RiskLevel::ALL.len()]; 3],
    /// Share harmed by score.
    pub calibration: Vec<ScoreBin>,
    /// Rows that no class describes, which are counted nowhere.
    pub unclassed: u64,
}

/// The rates of one class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassRates {
    /// The class.
    pub class: ThreatClass,
    /// Its rates.
    pub rates: AlarmRates,
}

/// Rows whose score lies in a bin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoreBin {
    /// Score from which the bin begins.
    pub from: f64,
    /// Score where it ends, not included but for the last bin.
    pub to: f64,
    /// Rows in it.
    pub rows: u64,
    /// Their mean score; `None` without rows.
    pub mean_score: Option<f64>,
    /// The share of them in which harm was done; `None` without rows.
    pub harmed_share: Option<f64>,
}

impl RiskFigures {
    /// Of all rows. `posteriors`: calibrated, [rows, 12], by class. `scaling`: the detector's.
    ///
    /// # Errors
    /// Posteriors of another shape or not finite; a model without thresholds.
    pub fn of(
        model: &RiskModel,
        scaling: &Scaling,
        rows: &TelemetryRows,
        posteriors: &[f32],
    ) -> Result<Self, RiskEvaluationError> {
        let thresholds = model.thresholds.ok_or(RiskError::NoThresholds)?;
        let inputs = risk_inputs(rows, posteriors, scaling)?;
        let scores: Vec<f64> = inputs.iter().map(|inputs| model.score(inputs)).collect();
        if let Some(value) = scores.iter().find(|score| !score.is_finite()) {
            return Err(RiskError::Coefficient { what: "score".to_owned(), value: *value }.into());
        }
        let truths = HarmTruth::of_rows(rows);
        let level = |row: usize| thresholds.level(scores[row]);
        let rates = |keep: &dyn Fn(usize) -> bool| {
            let kept: Vec<usize> = (0..rows.len()).filter(|row| keep(*row)).collect();
            let raised: Vec<bool> = kept.iter().map(|row| level(*row) >= RiskLevel::High).collect();
            let harmful: Vec<bool> = kept.iter().map(|row| truths[*row] == HarmTruth::Harmful).collect();
            let episodes: Vec<u64> = kept.iter().map(|row| rows.labels[*row].seed).collect();
            alarm_rates(&raised, &harmful, &episodes)
        };
        let mut by_class = Vec::new();
        for class in ThreatClass::ALL {
            let is_of_class = |row: usize| rows.labels[row].class == class && truths[row] != HarmTruth::Unclassed;
            if (0..rows.len()).any(is_of_class) {
                by_class.push(ClassRates { class, rates: rates(&is_of_class)? });
            }
        }
        let kinds = [HarmTruth::Harmless, HarmTruth::Harmful, HarmTruth::HostileWithoutHarm];
        let count = |kind: HarmTruth, of_level: RiskLevel| {
            (0..rows.len()).filter(|row| truths[*row] == kind && level(*row) == of_level).count() as u64
        };
        Ok(Self {
            alarm_from: thresholds.high,
            rates: rates(&|row| matches!(truths[row], HarmTruth::Harmful | HarmTruth::Harmless))?,
            by_class,
            levels: kinds.map(|kind| RiskLevel::ALL.map(|level| count(kind, level))),
            calibration: score_bins(&scores, &truths),
            unclassed: truths.iter().filter(|truth| **truth == HarmTruth::Unclassed).count() as u64,
        })
    }
}

/// The share harmed in each of [`SCORE_BINS`] bins, of all rows that a class describes.
fn score_bins(scores: &[f64], truths: &[HarmTruth]) -> Vec<ScoreBin> {
    let mut sums = [(0_u64, 0.0, 0.0); SCORE_BINS];
    for (score, truth) in scores.iter().zip(truths).filter(|(_, truth)| **truth != HarmTruth::Unclassed) {
        let bin = ((score * SCORE_BINS as f64) as usize).min(SCORE_BINS - 1);
        let (rows, score_sum, harmed) = &mut sums[bin];
        *rows += 1;
        *score_sum += score;
        *harmed += f64::from(u8::from(*truth == HarmTruth::Harmful));
    }
    let bin = |(index, (rows, score_sum, harmed)): (usize, (u64, f64, f64))| {
        let mean = |sum: f64| (rows > 0).then(|| sum / rows as f64);
        let edge = |index: usize| index as f64 / SCORE_BINS as f64;
        let (mean_score, harmed_share) = (mean(score_sum), mean(harmed));
        ScoreBin { from: edge(index), to: edge(index + 1), rows, mean_score, harmed_share }
    };
    sums.into_iter().enumerate().map(bin).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::tests::{rows, scaling};
    use super::super::thresholds::choose_thresholds;
    use super::super::{fit_risk, risk_inputs};
    use super::*;
    use crate::models::risk::USUAL_PENALTY;

    /// Figures of rows that are easily told apart.
    pub(in super::super) fn figures() -> RiskFigures {
        let (rows, posteriors) = rows(600);
        let mut model = fit_risk(&rows, &posteriors, &scaling(), USUAL_PENALTY).unwrap();
        assert!(matches!(
            RiskFigures::of(&model, &scaling(), &rows, &posteriors),
            Err(RiskEvaluationError::Model(RiskError::NoThresholds))
        ));
        let inputs = risk_inputs(&rows, &posteriors, &scaling()).unwrap();
        let scores: Vec<f64> = inputs.iter().map(|inputs| model.score(inputs)).collect();
        model.thresholds = Some(choose_thresholds(&scores, &HarmTruth::of_rows(&rows)).unwrap());
        RiskFigures::of(&model, &scaling(), &rows, &posteriors).unwrap()
    }

    #[test]
    fn rates_are_of_the_rows_that_they_name() {
        let figures = figures();
        // 200 episodes of three windows each are interceptions, of which one in four does no harm.
        assert_eq!((figures.rates.harmless, figures.rates.harmful), (1_200, 450));
        assert!(figures.rates.true_positive_rate.unwrap().value >= 0.98, "{figures:?}");
        assert_eq!(figures.rates.false_positive_rate.unwrap().value, 0.0);
        let classes: Vec<ThreatClass> = figures.by_class.iter().map(|of| of.class).collect();
        assert_eq!(classes, [ThreatClass::Nominal, ThreatClass::Shadowing, ThreatClass::KineticIntercept]);
        let intercept = figures.by_class[2].rates;
        assert_eq!((intercept.harmless, intercept.harmful), (150, 450));
        assert!(intercept.false_positive_rate.unwrap().value > 0.9, "hostile, though it did no harm");
        assert_eq!(figures.levels.map(|of_kind| of_kind.iter().sum::<u64>()), [1_200, 450, 150]);
        assert_eq!(figures.calibration.iter().map(|bin| bin.rows).sum::<u64>(), 1_800);
        // Three in four, to what the penalty costs.
        let sure = figures.calibration.iter().rev().find(|bin| bin.rows > 0).unwrap();
        assert!((sure.harmed_share.unwrap() - sure.mean_score.unwrap()).abs() < 0.05, "{sure:?}");
        let text = serde_json::to_string(&figures).unwrap();
        assert_eq!(serde_json::from_str::<RiskFigures>(&text).unwrap(), figures);
    }

    #[test]
    fn what_no_class_describes_is_counted_apart() {
        let (mut rows, posteriors) = rows(60);
        let mut model = fit_risk(&rows, &posteriors, &scaling(), USUAL_PENALTY).unwrap();
        model.thresholds =
            Some(crate::models::risk::level::RiskThresholds { low: 0.1, medium: 0.2, high: 0.5, critical: None });
        rows.labels[0].is_known = false;
        let figures = RiskFigures::of(&model, &scaling(), &rows, &posteriors).unwrap();
        assert_eq!((figures.unclassed, figures.rates.harmless, figures.alarm_from), (1, 119, 0.5));
        let mut spoilt = posteriors;
        spoilt[5] = f32::NAN;
        assert!(RiskFigures::of(&model, &scaling(), &rows, &spoilt).is_err());
    }
}
