//! Risk: how probable harm is if nothing is done, told from what was detected and what was measured.

pub mod assessment;
pub mod evidence;
pub mod inputs;
pub mod level;
mod logistic;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use inputs::{RISK_INPUTS, RiskInputs, names};
use level::RiskThresholds;

use super::threat_detector::detection::{CLASSES, DetectionError};

/// The risk model beside a detector in its checkpoint.
pub const RISK_FILE: &str = "risk.json";
/// Weight of the squared coefficients beside the summed loss that is usual, as scikit-learn's `C = 1`.
pub const USUAL_PENALTY: f64 = 1.0;

/// Why there is no risk model, or why it says nothing.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum RiskError {
    /// Columns of unequal length.
    #[error("{inputs} rows of inputs for {outcomes} outcomes")]
    Length {
        /// Rows.
        inputs: usize,
        /// Outcomes.
        outcomes: usize,
    },
    /// Nothing to tell apart.
    #[error("risk cannot be learnt from {harmed} windows with harm and {unharmed} without: both are needed")]
    OneSided {
        /// Windows with harm.
        harmed: usize,
        /// Windows without.
        unharmed: usize,
    },
    /// An input that is no number.
    #[error("row {row}: the input '{input}' is {value}")]
    NotFinite {
        /// The row.
        row: usize,
        /// Name of the input.
        input: String,
        /// Its value.
        value: f64,
    },
    /// A penalty under which there may be no minimum.
    #[error("a penalty of {0} is not a positive, finite number")]
    Penalty(f64),
    /// A file with other inputs.
    #[error("the risk model is of other inputs: {0}")]
    Inputs(String),
    /// A coefficient or a time that is no number.
    #[error("the risk model's {what} is {value}")]
    Coefficient {
        /// What it is of.
        what: String,
        /// Its value.
        value: f64,
    },
    /// Thresholds out of order.
    #[error("a threshold of {threshold} is not between {least} and 1")]
    Threshold {
        /// The threshold.
        threshold: f64,
        /// The one before it.
        least: f64,
    },
    /// A detector that was never taught what harm is.
    #[error("the detector has no risk model: it was not fitted")]
    NoModel,
    /// A model whose scores have no names yet.
    #[error("the risk model has no thresholds: they were not chosen")]
    NoThresholds,
    /// Nothing can be said of the window.
    #[error(transparent)]
    Detection(#[from] DetectionError),
}

/// Probability of harm under `hold`: a logistic regression on [`inputs`], with the thresholds of its levels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskModel {
    /// Log-odds of harm where every input is 0.
    pub intercept: f64,
    /// Name of each input and the log-odds that a unit of it adds, in the order of [`names`].
    pub weights: Vec<(String, f64)>,
    /// Where levels begin; none before they were chosen.
    pub thresholds: Option<RiskThresholds>,
    /// By class, the time within which harm was done in one of ten harmful windows of training [s]; none where none was.
    pub typical_time_to_harm_s: [Option<f64>; CLASSES],
}

impl RiskModel {
    /// Fitted to windows; `harmed`: whether harm was done, nothing being done against it. The result does not depend on threads.
    ///
    /// `penalty`: see [`USUAL_PENALTY`].
    ///
    /// # Errors
    /// Columns of unequal length, an input that is not finite, harm in all windows or in none, a penalty that is not positive.
    pub fn fit(inputs: &[RiskInputs], harmed: &[bool], penalty: f64) -> Result<Self, RiskError> {
        if inputs.len() != harmed.len() {
            return Err(RiskError::Length { inputs: inputs.len(), outcomes: harmed.len() });
        }
        if !(penalty > 0.0 && penalty.is_finite()) {
            return Err(RiskError::Penalty(penalty));
        }
        let names = names();
        for (row, RiskInputs(values)) in inputs.iter().enumerate() {
            if let Some(index) = values.iter().position(|value| !value.is_finite()) {
                return Err(RiskError::NotFinite { row, input: names[index].clone(), value: values[index] });
            }
        }
        let count = harmed.iter().filter(|harmed| **harmed).count();
        if count == 0 || count == harmed.len() {
            return Err(RiskError::OneSided { harmed: count, unharmed: harmed.len() - count });
        }
        let rows: Vec<[f64; RISK_INPUTS]> = inputs.iter().map(|inputs| inputs.0).collect();
        let (intercept, weights) = logistic::fit(&rows, harmed, penalty);
        let weights = names.into_iter().zip(weights).collect();
        Ok(Self { intercept, weights, thresholds: None, typical_time_to_harm_s: [None; CLASSES] })
    }

    /// Whether it can be used, as it must be after reading it from a file.
    ///
    /// # Errors
    /// Other inputs than the table has, a number that is none, thresholds out of order.
    pub fn check(&self) -> Result<(), RiskError> {
        let expected = names();
        if self.weights.len() != expected.len() {
            return Err(RiskError::Inputs(format!("{} for {}", self.weights.len(), expected.len())));
        }
        if let Some(((name, _), expected)) = self.weights.iter().zip(&expected).find(|((name, _), of)| name != *of) {
            return Err(RiskError::Inputs(format!("'{name}' for '{expected}'")));
        }
        let weights = self.weights.iter().map(|(name, weight)| (name.as_str(), *weight));
        for (what, value) in weights.chain([("intercept", self.intercept)]) {
            if !value.is_finite() {
                return Err(RiskError::Coefficient { what: format!("weight '{what}'"), value });
            }
        }
        let mut times = self.typical_time_to_harm_s.iter().flatten();
        if let Some(value) = times.find(|time_s| !(time_s.is_finite() && **time_s >= 0.0)) {
            return Err(RiskError::Coefficient { what: "typical time to harm".to_owned(), value: *value });
        }
        self.thresholds.map_or(Ok(()), |thresholds| thresholds.check())
    }

    /// The probability of harm, 0 to 1; NaN where an input is.
    #[must_use]
    pub fn score(&self, RiskInputs(inputs): &RiskInputs) -> f64 {
        let terms = self.weights.iter().zip(inputs).map(|((_, weight), input)| weight * input);
        logistic::sigmoid(self.intercept + terms.sum::<f64>())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use rand::RngExt;

    use super::inputs::tests::{certain_of, unit_scaling};
    use super::*;
    use crate::sim::seeds::{Purpose, SeedDomain, stream};
    use crate::sim::threat_class::ThreatClass;
    use crate::telemetry::channels::CHANNELS;

    /// Windows of which the truth is known: interceptors do harm nine times in ten, conjunctions with probability 1 / (1 + 10^-(3 + log10 Pc)),
    /// nothing else.
    pub(in crate::models) fn windows(count: usize) -> (Vec<RiskInputs>, Vec<bool>) {
        let mut generator = stream(5, SeedDomain::Train, 0, 0, Purpose::Policy);
        let classes = [ThreatClass::Nominal, ThreatClass::Conjunction, ThreatClass::KineticIntercept];
        (0..count)
            .map(|row| {
                let class = classes[row % 3];
                let log_pc: f64 = generator.random_range(-7.0..0.0);
                let mut newest = [f64::NAN; CHANNELS];
                newest[12] = log_pc;
                newest[0] = generator.random_range(1e2..1e5);
                let probability = match class {
                    ThreatClass::KineticIntercept => 0.9,
                    ThreatClass::Conjunction => 1.0 / (1.0 + 10_f64.powf(-3.0 - log_pc)),
                    _ => 0.0,
                };
                let harmed = generator.random::<f64>() < probability;
                (RiskInputs::of(&certain_of(class), &newest, &unit_scaling()), harmed)
            })
            .unzip()
    }

    fn conjunction(log_pc: f64) -> RiskInputs {
        let mut newest = [f64::NAN; CHANNELS];
        newest[12] = log_pc;
        newest[0] = 1e4;
        RiskInputs::of(&certain_of(ThreatClass::Conjunction), &newest, &unit_scaling())
    }

    #[test]
    fn harm_is_learnt_with_its_sign_and_its_probability() {
        let (inputs, harmed) = windows(6_000);
        let model = RiskModel::fit(&inputs, &harmed, USUAL_PENALTY).unwrap();
        assert_eq!(model.check(), Ok(()));
        let weight = |name: &str| model.weights.iter().find(|(known, _)| known == name).unwrap().1;
        assert!(weight("kinetic_intercept") > 0.5 && weight("nominal") < -1.0);
        assert!(weight("log10_collision_probability") + weight("conjunction × log10_collision_probability") > 0.5);
        // Of 2,000 windows each; the error of a share of 0.9 is 0.007, and the penalty pulls a little.
        let scores: Vec<f64> = inputs.iter().map(|inputs| model.score(inputs)).collect();
        for class in 0..3 {
            let rows = || (class..inputs.len()).step_by(3);
            let mean = rows().map(|row| scores[row]).sum::<f64>() / 2_000.0;
            let share = rows().filter(|row| harmed[*row]).count() as f64 / 2_000.0;
            assert!((mean - share).abs() < 0.01, "{class}: {mean} {share}");
        }
        // The truth's slope is ln 10 a decade and its middle at 1e-3.
        for log_pc in [-5.0, -3.0, -1.0] {
            let truth = 1.0 / (1.0 + 10_f64.powf(-3.0 - log_pc));
            let score = model.score(&conjunction(log_pc));
            assert!((score - truth).abs() < 0.06, "{log_pc}: {score} {truth}");
        }
        assert_eq!(RiskModel::fit(&inputs, &harmed, USUAL_PENALTY), Ok(model), "the same data gives the same bits");
    }

    #[test]
    fn the_score_of_a_conjunction_rises_with_its_probability() {
        let (inputs, harmed) = windows(3_000);
        let model = RiskModel::fit(&inputs, &harmed, USUAL_PENALTY).unwrap();
        let scores: Vec<f64> = (0..14).map(|half| model.score(&conjunction(f64::from(half) / 2.0 - 7.0))).collect();
        assert!(scores.windows(2).all(|pair| pair[0] < pair[1]), "{scores:?}");
        assert!(scores.iter().all(|score| (0.0..=1.0).contains(score)));
    }

    #[test]
    fn a_model_keeps_its_bits_in_a_file() {
        let (inputs, harmed) = windows(300);
        let mut model = RiskModel::fit(&inputs, &harmed, 0.1).unwrap();
        model.thresholds = Some(RiskThresholds { low: 0.1, medium: 0.2, high: 0.3, critical: None });
        model.typical_time_to_harm_s[4] = Some(312.5);
        let text = serde_json::to_string(&model).unwrap();
        assert_eq!(serde_json::from_str::<RiskModel>(&text).unwrap(), model);
    }

    #[test]
    fn bad_input_is_refused() {
        let (mut inputs, harmed) = windows(9);
        assert!(matches!(
            RiskModel::fit(&inputs, &harmed[1..], 1.0),
            Err(RiskError::Length { inputs: 9, outcomes: 8 })
        ));
        for one_sided in [[true; 9], [false; 9]] {
            assert!(matches!(RiskModel::fit(&inputs, &one_sided, 1.0), Err(RiskError::OneSided { .. })));
        }
        assert!(matches!(RiskModel::fit(&[], &[], 1.0), Err(RiskError::OneSided { harmed: 0, unharmed: 0 })));
        for penalty in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(RiskModel::fit(&inputs, &harmed, penalty), Err(RiskError::Penalty(_))));
        }
        inputs[4].0[1] = f64::NAN;
        let error = RiskModel::fit(&inputs, &harmed, 1.0).unwrap_err().to_string();
        assert_eq!(error, "row 4: the input 'conjunction' is NaN");
    }

    #[test]
    fn a_file_of_another_kind_is_refused() {
        let (inputs, harmed) = windows(300);
        let model = RiskModel::fit(&inputs, &harmed, 1.0).unwrap();
        let fault = |change: fn(&mut RiskModel)| {
            let mut changed = model.clone();
            change(&mut changed);
            changed.check().unwrap_err().to_string()
        };
        assert!(fault(|model| model.weights[1].0 = "hail".to_owned()).contains("'hail' for 'conjunction'"));
        assert!(fault(|model| model.weights.truncate(3)).contains("3 for"));
        assert!(fault(|model| model.intercept = f64::NAN).contains("'intercept' is NaN"));
        assert!(fault(|model| model.typical_time_to_harm_s[0] = Some(-1.0)).contains("time to harm is -1"));
        let thresholds = |model: &mut RiskModel| {
            model.thresholds = Some(RiskThresholds { low: 0.5, medium: 0.2, high: 0.3, critical: None });
        };
        assert!(fault(thresholds).contains("a threshold of 0.2 is not between 0.5 and 1"));
    }
}
