//! Which channels speak for what was detected.

use serde::{Deserialize, Serialize};

use super::RiskError;
use crate::models::threat_detector::TILE;
use crate::models::threat_detector::detection::{Detection, DetectionError};
use crate::models::threat_detector::file::ThreatDetector;
use crate::sim::threat_class::ThreatClass;
use crate::telemetry::channels::{CHANNELS, TABLE};
use crate::telemetry::scaling::Inputs;
use crate::telemetry::window::TelemetryWindow;

/// Channels that are named at most.
const MOST_CHANNELS: usize = 5;

/// A channel that speaks for the detected class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Name of the channel.
    pub channel: String,
    /// Its newest measured value; the time until closest approach counted down to the last sample.
    pub value: f64,
    /// Unit of the value.
    pub unit: String,
    /// By how much the log-odds of the detected class fall where the channel is blanked out [nats].
    pub contribution: f64,
}

impl ThreatDetector {
    /// The channels that speak most for the detected class, at most five, the strongest first.
    ///
    /// By occlusion: the channel's value, rate and residual are set to 0 in the tile (their median in training), at all samples. The
    /// log-odds are calibrated, and against nominal; where nominal was detected, against the next most probable class.
    /// Source: Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014, section 4.2.
    ///
    /// # Errors
    /// When nothing can be made of the window, or the detector is of other classes.
    pub fn evidence(&self, detection: &Detection, window: &TelemetryWindow) -> Result<Vec<Evidence>, RiskError> {
        let classes = self.classes()?;
        let inputs = Inputs::of(window, &self.scaling).map_err(DetectionError::from)?;
        let place = |class: ThreatClass| classes.iter().position(|known| *known == class);
        let against = match detection.class {
            ThreatClass::Nominal => next_to_nominal(detection),
            _ => ThreatClass::Nominal,
        };
        // A detector that was never trained on one of the two has nothing to weigh them by.
        let (Some(detected), Some(against)) = (place(detection.class), place(against)) else { return Ok(Vec::new()) };
        // The whole tile, and then the tile without each channel.
        let mut tiles = inputs.tile.repeat(1 + CHANNELS);
        for (channel, tile) in tiles.chunks_exact_mut(TILE).skip(1).enumerate() {
            tile.iter_mut().skip(channel).step_by(CHANNELS).for_each(|number| *number = 0.0);
        }
        let logits = self.logits(&tiles);
        let log_odds = |logits: &[f32]| f64::from(logits[detected] - logits[against]) / self.calibration.temperature;
        let mut rows = logits.chunks_exact(self.meta.sizes.classes).map(log_odds);
        let whole = rows.next().unwrap_or_default();
        let newest = window.newest_measured();
        let told = rows.zip(&TABLE).zip(newest).map(|((without, channel), value)| Evidence {
            channel: channel.name.to_owned(),
            value,
            unit: channel.unit.to_owned(),
            contribution: whole - without,
        });
        let mut speaking: Vec<Evidence> =
            told.filter(|evidence| evidence.contribution > 0.0 && evidence.value.is_finite()).collect();
        speaking.sort_by(|a, b| b.contribution.total_cmp(&a.contribution));
        speaking.truncate(MOST_CHANNELS);
        Ok(speaking)
    }
}

/// The most probable class but nominal, the first of equals.
fn next_to_nominal(detection: &Detection) -> ThreatClass {
    let better = |best: ThreatClass, class: ThreatClass| {
        if detection.posterior[class.index()] > detection.posterior[best.index()] { class } else { best }
    };
    ThreatClass::ALL[1..].iter().copied().fold(ThreatClass::ALL[1], better)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::threat_detector::detection::tests::{detector, window};

    #[test]
    fn a_channel_speaks_by_what_the_odds_lose_without_it() {
        let detector = detector();
        let window = window(6);
        let detection = detector.detect_threats(std::slice::from_ref(&window)).remove(0).unwrap();
        let evidence = detector.evidence(&detection, &window).unwrap();
        assert!((1..=5).contains(&evidence.len()), "{evidence:?}");
        assert!(evidence.is_sorted_by(|a, b| a.contribution >= b.contribution));
        // The scaling of this detector puts its median, 0.25, at 0; a channel that rests there is one that is blanked out.
        let strongest = &evidence[0];
        let channel = TABLE.iter().position(|channel| channel.name == strongest.channel).unwrap();
        assert_eq!((strongest.value, strongest.unit.as_str()), (window.samples[29][channel], TABLE[channel].unit));
        let mut tile = Inputs::of(&window, &detector.scaling).unwrap().tile;
        tile.iter_mut().enumerate().filter(|(at, _)| at % CHANNELS == channel).for_each(|(_, number)| *number = 0.0);
        let without = detector.logits(&tile);
        let with = detector.logits_of(std::slice::from_ref(&window)).unwrap();
        let against =
            if detection.class == ThreatClass::Nominal { next_to_nominal(&detection) } else { ThreatClass::Nominal };
        let odds = |logits: &[f32]| logits[detection.class.index()] - logits[against.index()];
        let lost = f64::from(odds(&with) - odds(&without)) / detector.calibration.temperature;
        assert!((strongest.contribution - lost).abs() < 1e-5, "{strongest:?} {lost}");
    }

    #[test]
    fn what_was_not_measured_is_no_evidence() {
        let detector = detector();
        let mut window = window(6);
        window.samples.iter_mut().for_each(|sample| sample[..29].fill(f64::NAN));
        let detection = detector.detect_threats(std::slice::from_ref(&window)).remove(0).unwrap();
        let evidence = detector.evidence(&detection, &window).unwrap();
        assert!(evidence.iter().all(|evidence| evidence.channel == "navigation_offset"), "{evidence:?}");
        window.samples.clear();
        assert!(detector.evidence(&detection, &window).is_err());
    }
}
