//! What a detection means for us: how great the risk is, how sure that is, why, and how long there is to act.

use serde::{Deserialize, Serialize};

use super::RiskError;
use super::evidence::Evidence;
use super::inputs::{RiskInputs, time_until_approach_s};
use super::level::RiskLevel;
use crate::models::threat_detector::detection::{Degradation, Detection, DetectionError};
use crate::models::threat_detector::file::ThreatDetector;
use crate::sim::threat_class::ThreatClass;
use crate::telemetry::window::TelemetryWindow;

/// What confidence is multiplied by where a window is unlike those of training.
const UNKNOWN_KIND: f64 = 0.5;

/// The risk of a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskAssessment {
    /// How great.
    pub level: RiskLevel,
    /// Probability of harm if nothing is done, 0 to 1.
    pub score: f64,
    /// How far the answer can be trusted, 0 to 1; see [`confidence`].
    pub confidence: f64,
    /// The channels that speak most for the detected class; empty where they were not asked for.
    pub evidence: Vec<Evidence>,
    /// How long there is to act [s]: the time until closest approach where one is ahead of something that does harm by coming near, or
    /// the time within which such a threat typically does harm, whichever is sooner. None at level NONE, and where neither is known.
    pub time_to_act_s: Option<f64>,
}

impl ThreatDetector {
    /// The risk of a window, `detection` being what [`detect_threats`](Self::detect_threats) says of it, with its evidence.
    ///
    /// # Errors
    /// When the detector has no risk model, or one without thresholds; when nothing can be made of the window.
    pub fn assess_risk(&self, detection: &Detection, window: &TelemetryWindow) -> Result<RiskAssessment, RiskError> {
        let assessment = self.assess_risk_alone(detection, window)?;
        Ok(RiskAssessment { evidence: self.evidence(detection, window)?, ..assessment })
    }

    /// As [`assess_risk`](Self::assess_risk) without evidence, for which the network would be run 31 times.
    ///
    /// # Errors
    /// As [`assess_risk`](Self::assess_risk).
    pub fn assess_risk_alone(
        &self,
        detection: &Detection,
        window: &TelemetryWindow,
    ) -> Result<RiskAssessment, RiskError> {
        let model = self.risk.as_ref().ok_or(RiskError::NoModel)?;
        let thresholds = model.thresholds.ok_or(RiskError::NoThresholds)?;
        window.check().map_err(DetectionError::from)?;
        let newest_measured = window.newest_measured();
        let inputs = RiskInputs::of(&detection.posterior, &newest_measured, &self.scaling);
        let score = model.score(&inputs);
        if !score.is_finite() {
            return Err(RiskError::Coefficient { what: "score".to_owned(), value: score });
        }
        let level = thresholds.level(score);
        let approach_s = time_until_approach_s(&newest_measured).filter(|_| comes_near(detection.class));
        let typical_s = model.typical_time_to_harm_s[detection.class.index()];
        let soonest_s = approach_s.into_iter().chain(typical_s).min_by(f64::total_cmp);
        Ok(RiskAssessment {
            level,
            score,
            confidence: confidence(detection, window),
            evidence: Vec::new(),
            time_to_act_s: soonest_s.filter(|_| level > RiskLevel::None),
        })
    }
}

/// Whether a class does harm by coming near.
fn comes_near(class: ThreatClass) -> bool {
    !class.acts_from_afar()
}

/// How far an answer can be trusted, 0 to 1: a product of
///
/// - 1 - H / ln 12 with H the entropy of the posterior: 1 where one class is certain, 0 where all are as likely;
/// - 1/2 where the window is out of distribution;
/// - [`Degradation::trust`] of each degradation;
/// - 1 / (1 + σ / r) with σ the position's standard deviation and r the range, where the class does harm by coming near and r is known.
#[must_use]
pub fn confidence(detection: &Detection, window: &TelemetryWindow) -> f64 {
    let hesitation = detection.entropy / libm::log(detection.posterior.len() as f64);
    let kind = if detection.out_of_distribution { UNKNOWN_KIND } else { 1.0 };
    let trust: f64 = detection.degraded.iter().map(Degradation::trust).product();
    let range_m = window.newest_measured()[0];
    let place = if comes_near(detection.class) && range_m > 0.0 {
        1.0 / (1.0 + window.context.position_sigma_m.max(0.0) / range_m)
    } else {
        1.0
    };
    let confidence = (1.0 - hesitation) * kind * trust * place;
    if confidence.is_finite() { confidence.clamp(0.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::level::RiskThresholds;
    use super::super::tests::windows;
    use super::super::{RiskModel, USUAL_PENALTY};
    use super::*;
    use crate::models::named_tensors::Precision;
    use crate::models::threat_detector::detection::tests::{detector, window};

    fn assessor() -> ThreatDetector {
        let (inputs, harmed) = windows(300);
        let mut model = RiskModel::fit(&inputs, &harmed, USUAL_PENALTY).unwrap();
        model.thresholds = Some(RiskThresholds { low: 0.0, medium: 0.2, high: 0.5, critical: Some(0.9) });
        let mut detector = detector();
        detector.risk = Some(model);
        detector
    }

    fn detection(class: ThreatClass) -> Detection {
        let posterior = super::super::inputs::tests::certain_of(class);
        Detection {
            class,
            posterior,
            entropy: 0.0,
            free_energy: -5.0,
            out_of_distribution: false,
            degraded: Vec::new(),
        }
    }

    #[test]
    fn an_assessment_follows_the_detection() {
        let detector = assessor();
        let window = window(3);
        let told = detector.assess_risk(&detection(ThreatClass::KineticIntercept), &window).unwrap();
        let calm = detector.assess_risk_alone(&detection(ThreatClass::Nominal), &window).unwrap();
        assert!(told.score > calm.score && told.level > calm.level, "{told:?} {calm:?}");
        assert!(!told.evidence.is_empty() && calm.evidence.is_empty());
        assert_eq!(told.level, detector.risk.as_ref().unwrap().thresholds.unwrap().level(told.score));
        let text = serde_json::to_string(&told).unwrap();
        assert_eq!(serde_json::from_str::<RiskAssessment>(&text).unwrap(), told);
    }

    #[test]
    fn there_is_as_long_to_act_as_the_sooner_of_two() {
        let mut detector = assessor();
        let mut window = window(3);
        window.samples[29][11] = 600.0;
        let time = |detector: &ThreatDetector, class, window: &TelemetryWindow| {
            detector.assess_risk_alone(&detection(class), window).unwrap().time_to_act_s
        };
        assert_eq!(time(&detector, ThreatClass::KineticIntercept, &window), Some(600.0));
        assert_eq!(time(&detector, ThreatClass::UplinkJamming, &window), None, "it need not come near");
        let model = detector.risk.as_mut().unwrap();
        model.typical_time_to_harm_s[ThreatClass::KineticIntercept.index()] = Some(250.0);
        model.typical_time_to_harm_s[ThreatClass::UplinkJamming.index()] = Some(900.0);
        assert_eq!(time(&detector, ThreatClass::KineticIntercept, &window), Some(250.0));
        assert_eq!(time(&detector, ThreatClass::UplinkJamming, &window), Some(900.0));
        window.samples[29][11] = -600.0;
        assert_eq!(time(&detector, ThreatClass::Inspection, &window), None, "the approach is over");
        detector.risk.as_mut().unwrap().thresholds =
            Some(RiskThresholds { low: 1.0, medium: 1.0, high: 1.0, critical: None });
        assert_eq!(time(&detector, ThreatClass::KineticIntercept, &window), None, "nothing to act against");
    }

    #[test]
    fn every_reason_for_doubt_lowers_confidence() {
        let sure = detection(ThreatClass::Inspection);
        let mut window = window(3);
        window.samples[29][0] = 1e3;
        window.context.position_sigma_m = 0.0;
        assert_eq!(confidence(&sure, &window), 1.0);
        let torn = Detection { entropy: 6.0_f64.ln(), ..sure.clone() };
        assert!((confidence(&torn, &window) - (1.0 - 6.0_f64.ln() / 12.0_f64.ln())).abs() < 1e-12);
        let unknown = Detection { out_of_distribution: true, ..sure.clone() };
        assert_eq!(confidence(&unknown, &window), 0.5);
        let short = Detection { degraded: vec![Degradation::FewSamples { measured: 15 }], ..sure.clone() };
        assert_eq!(confidence(&short, &window), 0.5);
        window.context.position_sigma_m = 1e3;
        assert_eq!(confidence(&sure, &window), 0.5, "it may be anywhere");
        assert_eq!(confidence(&detection(ThreatClass::LaserDazzle), &window), 1.0, "wherever it is");
    }

    #[test]
    fn a_detector_without_a_risk_model_says_so_and_one_with_it_keeps_it_in_its_file() {
        let directory = tempfile::tempdir().unwrap();
        let (plain, window, seen) = (detector(), window(3), detection(ThreatClass::Nominal));
        assert_eq!(plain.assess_risk(&seen, &window), Err(RiskError::NoModel));
        let path = plain.write(directory.path(), 1, Precision::Single, &[]).unwrap();
        assert_eq!(ThreatDetector::open(&path).unwrap(), plain);
        let mut taught = assessor();
        let path = taught.write(directory.path(), 2, Precision::Single, &[]).unwrap();
        assert_eq!(ThreatDetector::open(&path).unwrap(), taught);
        let model = taught.risk.as_mut().unwrap();
        model.thresholds = None;
        assert_eq!(taught.assess_risk(&seen, &window), Err(RiskError::NoThresholds));
        taught.risk.as_mut().unwrap().weights.truncate(2);
        let path = taught.write(directory.path(), 3, Precision::Single, &[]).unwrap();
        let error = ThreatDetector::open(&path).unwrap_err().to_string();
        assert!(error.contains("the risk model is of other inputs: 2 for"), "{error}");
        let empty = TelemetryWindow { samples: Vec::new(), ..window };
        assert!(matches!(assessor().assess_risk(&seen, &empty), Err(RiskError::Detection(_))));
    }
}
