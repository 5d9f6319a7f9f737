//! Risk, taught and judged: what harm was, a model fitted to it, its thresholds, and how often it is right.

pub mod figures;
pub mod tables;
pub mod thresholds;

use rayon::prelude::*;
use thiserror::Error;

use super::classification::ClassificationError;
use super::statistics::quantile_of_sorted;
use super::telemetry_rows::TelemetryRows;
use crate::models::risk::inputs::RiskInputs;
use crate::models::risk::{RiskError, RiskModel};
use crate::models::threat_detector::detection::CLASSES;
use crate::sim::threat_class::ThreatClass;
use crate::telemetry::channels::CHANNELS;
use crate::telemetry::labelled::Label;
use crate::telemetry::scaling::Scaling;

/// Classes up to this one may be harmless: nominal, conjunction, inspection, shadowing.
const LAST_PEACEFUL: ThreatClass = ThreatClass::Shadowing;
/// Share of a class's harmful windows in which harm comes sooner than is typical.
const SOON_SHARE: f64 = 0.1;

/// Why risk was not taught or judged.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum RiskEvaluationError {
    /// Columns of unequal length.
    #[error("{found} numbers of posteriors for {rows} rows of {CLASSES} classes")]
    Posteriors {
        /// Numbers.
        found: usize,
        /// Rows.
        rows: usize,
    },
    /// No threshold keeps the bound.
    #[error(
        "no threshold rates less than {share} of {harmless} harmless windows HIGH: too many score 1, or there are none"
    )]
    NoThreshold {
        /// The bound.
        share: f64,
        /// Harmless windows.
        harmless: usize,
    },
    /// The model.
    #[error(transparent)]
    Model(#[from] RiskError),
    /// The figures.
    #[error(transparent)]
    Figures(#[from] ClassificationError),
}

/// What came of what was in force in a window, nothing being done against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HarmTruth {
    /// Something other than nominal was in force, and harm was done later in the episode.
    Harmful,
    /// Nominal was in force, whatever came later; or a conjunction, an inspection or a shadowing that did no harm.
    Harmless,
    /// A hostile class was in force and did no harm: to raise an alarm is neither right nor wrong. It counts as not harmed where a model
    /// is fitted.
    HostileWithoutHarm,
    /// No class describes what was in force: counted nowhere.
    Unclassed,
}

impl HarmTruth {
    /// Of a label.
    #[must_use]
    pub fn of(label: &Label) -> Self {
        if !label.is_known {
            return Self::Unclassed;
        }
        // Harm that was done before the window's end is not done by what is in force at it.
        let is_to_come = label.harm_s.is_some_and(|harm_s| harm_s >= label.end_s);
        match label.class {
            ThreatClass::Nominal => Self::Harmless,
            _ if is_to_come => Self::Harmful,
            class if class.index() <= LAST_PEACEFUL.index() => Self::Harmless,
            _ => Self::HostileWithoutHarm,
        }
    }

    /// Of each row.
    #[must_use]
    pub fn of_rows(rows: &TelemetryRows) -> Vec<Self> {
        rows.labels.iter().map(Self::of).collect()
    }
}

/// Inputs of the risk of each row. `posteriors`: calibrated, [rows, 12], by [`ThreatClass::index`]. `scaling`: the detector's.
///
/// # Errors
/// When there are not 12 probabilities a row.
pub fn risk_inputs(
    rows: &TelemetryRows,
    posteriors: &[f32],
    scaling: &Scaling,
) -> Result<Vec<RiskInputs>, RiskEvaluationError> {
    if posteriors.len() != rows.len() * CLASSES {
        return Err(RiskEvaluationError::Posteriors { found: posteriors.len(), rows: rows.len() });
    }
    let posteriors = posteriors.as_chunks::<CLASSES>().0;
    let newest = rows.newest_measured.as_chunks::<CHANNELS>().0;
    let of_row = |(posterior, newest): (&[f32; CLASSES], &[f64; CHANNELS])| {
        RiskInputs::of(&posterior.map(f64::from), newest, scaling)
    };
    Ok(posteriors.par_iter().zip(newest).map(of_row).collect())
}

/// A model fitted to all rows that a class describes, with the typical times to harm, without thresholds.
///
/// The posteriors should be of rows that the detector did not learn from, as on those it learnt from it is surer than it will be.
///
/// # Errors
/// As [`risk_inputs`] and [`RiskModel::fit`].
pub fn fit_risk(
    rows: &TelemetryRows,
    posteriors: &[f32],
    scaling: &Scaling,
    penalty: f64,
) -> Result<RiskModel, RiskEvaluationError> {
    let truths = HarmTruth::of_rows(rows);
    let inputs = risk_inputs(rows, posteriors, scaling)?;
    let classed = inputs.into_iter().zip(&truths).filter(|(_, truth)| **truth != HarmTruth::Unclassed);
    let (inputs, harmed): (Vec<RiskInputs>, Vec<bool>) =
        classed.map(|(inputs, truth)| (inputs, *truth == HarmTruth::Harmful)).unzip();
    let mut model = RiskModel::fit(&inputs, &harmed, penalty)?;
    model.typical_time_to_harm_s = typical_times_to_harm_s(&rows.labels);
    Ok(model)
}

/// By class, the time to harm that one in ten harmful windows does not reach [s]; none where no window was harmful.
#[must_use]
pub fn typical_times_to_harm_s(labels: &[Label]) -> [Option<f64>; CLASSES] {
    ThreatClass::ALL.map(|class| {
        let harmful = labels.iter().filter(|label| label.class == class && HarmTruth::of(label) == HarmTruth::Harmful);
        let mut times_s: Vec<f64> = harmful.filter_map(|label| Some(label.harm_s? - label.end_s)).collect();
        times_s.sort_by(f64::total_cmp);
        quantile_of_sorted(&times_s, SOON_SHARE)
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::models::risk::USUAL_PENALTY;
    use crate::telemetry::features::FEATURES;
    use crate::telemetry::scaling::Extent;

    pub(crate) fn scaling() -> Scaling {
        Scaling { tile: vec![[Extent::UNIT; CHANNELS]; 3], features: vec![Extent::UNIT; FEATURES] }
    }

    pub(crate) fn label(class: ThreatClass, seed: u64, harm_s: Option<f64>) -> Label {
        Label { class, is_known: true, seed, cast: 0, onset_s: None, end_s: 900.0, samples_since_onset: 20, harm_s }
    }

    /// Three windows an episode: every third nominal, every third a shadowing without harm, every third an interception, of which every
    /// fourth does none; and their posteriors, 0.9 on the truth.
    pub(crate) fn rows(episodes: u64) -> (TelemetryRows, Vec<f32>) {
        let mut rows = TelemetryRows::default();
        let mut posteriors = Vec::new();
        for seed in 0..episodes {
            let (class, harm_s) = match seed % 3 {
                0 => (ThreatClass::Nominal, Some(2_000.0)),
                1 => (ThreatClass::Shadowing, None),
                _ => (ThreatClass::KineticIntercept, (seed % 4 != 0).then_some(1_000.0 + seed as f64)),
            };
            for window in 0..3_u32 {
                rows.labels.push(label(class, seed, harm_s));
                let mut newest = [f64::NAN; CHANNELS];
                newest[0] = 1e3 * (1.0 + f64::from(window));
                rows.newest_measured.extend(newest);
                posteriors.extend((0..CLASSES).map(|index| if index == class.index() { 0.89 } else { 0.01 }));
            }
        }
        (rows, posteriors)
    }

    #[test]
    fn the_truth_is_harm_by_what_is_in_force() {
        let truth = |class, harm_s| HarmTruth::of(&label(class, 1, harm_s));
        assert_eq!(truth(ThreatClass::Nominal, Some(2e3)), HarmTruth::Harmless);
        assert_eq!(truth(ThreatClass::Conjunction, Some(2e3)), HarmTruth::Harmful);
        assert_eq!(truth(ThreatClass::Conjunction, None), HarmTruth::Harmless);
        assert_eq!(truth(ThreatClass::Shadowing, None), HarmTruth::Harmless);
        assert_eq!(truth(ThreatClass::Grapple, None), HarmTruth::HostileWithoutHarm);
        let unclassed = Label { is_known: false, ..label(ThreatClass::Nominal, 1, None) };
        assert_eq!(HarmTruth::of(&unclassed), HarmTruth::Unclassed);
    }

    #[test]
    fn harm_is_learnt_from_rows() {
        let (rows, posteriors) = rows(120);
        let model = fit_risk(&rows, &posteriors, &scaling(), USUAL_PENALTY).unwrap();
        let inputs = risk_inputs(&rows, &posteriors, &scaling()).unwrap();
        let scores: Vec<f64> = inputs.iter().map(|inputs| model.score(inputs)).collect();
        // Rows 6 to 8 are of the first interception; nine in twelve of them do harm.
        assert!(scores[..6].iter().all(|score| *score < 0.1) && scores[6..9].iter().all(|score| *score > 0.6));
        let times = model.typical_time_to_harm_s;
        assert_eq!(times.iter().flatten().count(), 1, "{times:?}");
        let time_s = times[ThreatClass::KineticIntercept.index()].unwrap();
        // Of 100 s + seed, the seeds even up to 119: a tenth of the way.
        assert!((100.0..120.0).contains(&time_s), "{time_s}");
        assert_eq!(fit_risk(&rows, &posteriors, &scaling(), USUAL_PENALTY), Ok(model));
    }

    #[test]
    fn rows_without_harm_or_of_another_shape_are_refused() {
        let (rows, posteriors) = rows(2);
        let error = fit_risk(&rows, &posteriors, &scaling(), 1.0).unwrap_err().to_string();
        assert!(error.contains("from 0 windows with harm and 6 without"), "{error}");
        let short = risk_inputs(&rows, &posteriors[1..], &scaling());
        assert_eq!(short, Err(RiskEvaluationError::Posteriors { found: 71, rows: 6 }));
    }
}
