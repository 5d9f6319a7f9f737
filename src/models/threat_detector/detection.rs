//! What a detector says of a window: how likely each class is, how sure that is, and why it should be trusted less.

use std::fmt;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::TILE;
use super::file::ThreatDetector;
use crate::models::calibration::energy::free_energy;
use crate::models::calibration::temperature::{Temperature, entropy_nats};
use crate::sim::threat_class::ThreatClass;
use crate::telemetry::channels::{CHANNELS, TABLE};
use crate::telemetry::scaling::{CLIP, Extent, Inputs, Scaling};
use crate::telemetry::window::{INTERVALS_S, SAMPLES, TelemetryWindow, WindowError};

/// Classes that a detection tells of.
pub const CLASSES: usize = ThreatClass::ALL.len();
/// Windows whose tiles are in memory together: 44 MB.
const WINDOWS_AT_ONCE: usize = 4_096;
/// Share of a tile's numbers at the bound of the scaling beyond which a window counts as unlike those of training.
const MOST_CLIPPED: f64 = 0.1;

/// What a detector says of a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detection {
    /// The most probable class, the first of equals.
    pub class: ThreatClass,
    /// Probability of each class by [`ThreatClass::index`], calibrated by the temperature; they sum to 1.
    pub posterior: [f64; CLASSES],
    /// Entropy of the posterior [nats], 0 to ln 12.
    pub entropy: f64,
    /// Free energy of the logits, -ln Σ exp z: high where the network does not know what it sees.
    pub free_energy: f64,
    /// Whether the free energy is above the bound of the calibration; never where none was chosen.
    pub out_of_distribution: bool,
    /// Why the answer should be trusted less; empty where nothing speaks against it.
    pub degraded: Vec<Degradation>,
}

/// A reason to trust an answer less.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Degradation {
    /// Samples are missing, or nothing was measured in them.
    FewSamples {
        /// Samples in which anything was measured.
        measured: usize,
    },
    /// The track was not seen in this window.
    NotTracked,
    /// The track was seen in fewer than half of the samples.
    LittleTracked {
        /// Samples in which it was seen.
        tracked: usize,
        /// Samples of the window.
        samples: usize,
    },
    /// Channels were never measured, which were in training.
    AbsentChannels {
        /// Their names.
        channels: Vec<String>,
    },
    /// The time between two samples is outside of what was trained on.
    Interval {
        /// The time [s].
        interval_s: f64,
    },
    /// No channel changes its value: an instrument that hangs, or a window that was made up.
    Constant,
    /// Many numbers are far outside of what training has seen.
    Clipped {
        /// Share of the tile's numbers at the bound of the scaling.
        share: f64,
    },
    /// The detector was trained without some classes and cannot name them.
    UntrainedClasses {
        /// Their names.
        classes: Vec<String>,
    },
}

impl fmt::Display for Degradation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FewSamples { measured } => {
                write!(formatter, "{measured} of {SAMPLES} samples were measured")
            }
            Self::NotTracked => write!(formatter, "the track was not seen"),
            Self::LittleTracked { tracked, samples } => {
                write!(formatter, "the track was seen in {tracked} of {samples} samples")
            }
            Self::AbsentChannels { channels } => write!(formatter, "never measured: {}", channels.join(", ")),
            Self::Interval { interval_s } => {
                let [least, greatest] = INTERVALS_S;
                write!(formatter, "an interval of {interval_s} s is outside of {least} to {greatest} s")
            }
            Self::Constant => write!(formatter, "no channel changes its value"),
            Self::Clipped { share } => {
                write!(formatter, "{:.0} % of the numbers are far outside of the training's", 100.0 * share)
            }
            Self::UntrainedClasses { classes } => {
                write!(formatter, "the detector was not trained on {}", classes.join(", "))
            }
        }
    }
}

impl Degradation {
    /// What the confidence in an answer is multiplied by, 0 to 1.
    ///
    /// Few samples or sightings count by their share, what was clipped by what was not, channels by the share of those there are.
    #[must_use]
    pub fn trust(&self) -> f64 {
        match self {
            Self::FewSamples { measured } => *measured as f64 / SAMPLES as f64,
            Self::NotTracked => 0.3,
            Self::LittleTracked { tracked, samples } => 0.5 + *tracked as f64 / (*samples).max(1) as f64,
            Self::AbsentChannels { channels } => 1.0 - channels.len() as f64 / CHANNELS as f64,
            Self::Interval { .. } => 0.7,
            Self::Constant => 0.3,
            Self::Clipped { share } => 1.0 - share,
            Self::UntrainedClasses { .. } => 0.9,
        }
        .clamp(0.0, 1.0)
    }
}

/// Why nothing was detected in a window.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DetectionError {
    /// The window is none.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// The detector is of other classes.
    #[error("the detector's class '{0}' is none of the 12, or stands twice")]
    Class(String),
}

impl ThreatDetector {
    /// What each window shows, in their order; a window that is none leaves the others as they are.
    ///
    /// # Errors
    /// By window: when nothing can be made of it (wrong shape, nothing measured, an infinite or impossible number); for all: when
    /// the detector's classes are not among the 12.
    #[must_use]
    pub fn detect_threats(&self, windows: &[TelemetryWindow]) -> Vec<Result<Detection, DetectionError>> {
        let classes = match self.classes() {
            Ok(classes) => classes,
            Err(error) => return vec![Err(error); windows.len()],
        };
        windows.chunks(WINDOWS_AT_ONCE).flat_map(|windows| self.detect_some(windows, &classes)).collect()
    }

    fn detect_some(
        &self,
        windows: &[TelemetryWindow],
        classes: &[ThreatClass],
    ) -> Vec<Result<Detection, DetectionError>> {
        let inputs: Vec<_> = windows.par_iter().map(|window| Inputs::of(window, &self.scaling)).collect();
        let sound: Vec<&Inputs> = inputs.iter().filter_map(|inputs| inputs.as_ref().ok()).collect();
        let mut tiles = vec![0.0; sound.len() * TILE];
        tiles.par_chunks_exact_mut(TILE).zip(&sound).for_each(|(tile, inputs)| tile.copy_from_slice(&inputs.tile));
        let logits = self.logits(&tiles);
        let mut rows = logits.chunks_exact(self.meta.sizes.classes);
        let mut told = Vec::with_capacity(windows.len());
        for (window, inputs) in windows.iter().zip(&inputs) {
            told.push(match inputs {
                Ok(inputs) => {
                    let logits = rows.next().expect("a row for each sound window");
                    Ok(self.detection(window, &inputs.tile, logits, classes))
                }
                Err(error) => Err(DetectionError::Window(error.clone())),
            });
        }
        told
    }

    fn detection(&self, window: &TelemetryWindow, tile: &[f32], logits: &[f32], classes: &[ThreatClass]) -> Detection {
        let temperature = Temperature::try_from(self.calibration.temperature).unwrap_or_default();
        let probabilities = temperature.probabilities(logits, logits.len());
        let mut posterior = [0.0; CLASSES];
        for (class, probability) in classes.iter().zip(&probabilities) {
            posterior[class.index()] = f64::from(*probability);
        }
        let free_energy = free_energy(logits);
        let mut degraded = degradations(window, tile, &self.scaling);
        let untrained = ThreatClass::ALL.iter().filter(|class| !classes.contains(class));
        let untrained: Vec<String> = untrained.map(|class| class.name().to_owned()).collect();
        if !untrained.is_empty() {
            degraded.push(Degradation::UntrainedClasses { classes: untrained });
        }
        Detection {
            class: most_probable(&posterior),
            posterior,
            entropy: entropy_nats(&probabilities),
            free_energy,
            out_of_distribution: self
                .calibration
                .out_of_distribution_threshold
                .is_some_and(|bound| free_energy > bound),
            degraded,
        }
    }

    /// The class of each logit.
    ///
    /// # Errors
    /// When a name is none of the 12, or stands twice.
    pub(in crate::models) fn classes(&self) -> Result<Vec<ThreatClass>, DetectionError> {
        let mut classes = Vec::with_capacity(CLASSES);
        for name in &self.meta.classes {
            let class = ThreatClass::ALL.into_iter().find(|class| class.name() == name);
            match class.filter(|class| !classes.contains(class)) {
                Some(class) => classes.push(class),
                None => return Err(DetectionError::Class(name.clone())),
            }
        }
        Ok(classes)
    }
}

/// The most probable class, the first of equals.
fn most_probable(posterior: &[f64; CLASSES]) -> ThreatClass {
    let better = |best: ThreatClass, class: ThreatClass| {
        if posterior[class.index()] > posterior[best.index()] { class } else { best }
    };
    ThreatClass::ALL.into_iter().fold(ThreatClass::Nominal, better)
}

/// Why an answer about a window that passes its check should be trusted less.
fn degradations(window: &TelemetryWindow, tile: &[f32], scaling: &Scaling) -> Vec<Degradation> {
    let mut degraded = Vec::new();
    let (measured, tracked, samples) = (window.valid_samples(), window.tracked_samples(), window.samples.len());
    if measured < SAMPLES {
        degraded.push(Degradation::FewSamples { measured });
    }
    if tracked == 0 {
        degraded.push(Degradation::NotTracked);
    } else if 2 * tracked < samples {
        degraded.push(Degradation::LittleTracked { tracked, samples });
    }
    // What training never had, or what always rested at 0 there, scales by one; nothing is lost with it.
    let was_trained = |channel: usize| scaling.tile[0][channel] != Extent::UNIT;
    let is_absent = |channel: usize| window.samples.iter().all(|sample| sample[channel].is_nan());
    let absent = (0..CHANNELS).filter(|channel| was_trained(*channel) && is_absent(*channel));
    let channels: Vec<String> = absent.map(|channel| TABLE[channel].name.to_owned()).collect();
    if !channels.is_empty() {
        degraded.push(Degradation::AbsentChannels { channels });
    }
    let [least, greatest] = INTERVALS_S;
    if !(least..=greatest).contains(&window.interval_s) {
        degraded.push(Degradation::Interval { interval_s: window.interval_s });
    }
    if is_constant(window) {
        degraded.push(Degradation::Constant);
    }
    let clipped = tile.iter().filter(|number| number.abs() >= CLIP as f32).count();
    let share = clipped as f64 / TILE as f64;
    if share > MOST_CLIPPED {
        degraded.push(Degradation::Clipped { share });
    }
    degraded
}

/// Whether of two samples or more no channel has two values.
fn is_constant(window: &TelemetryWindow) -> bool {
    let rests = |channel: usize| {
        let mut values = window.samples.iter().map(|sample| sample[channel]).filter(|value| !value.is_nan());
        let first = values.next();
        values.all(|value| Some(value) == first)
    };
    window.samples.len() > 1 && (0..CHANNELS).all(rests)
}

#[cfg(test)]
pub(in crate::models) mod tests {
    use super::*;
    use crate::models::threat_detector::{DetectorParameters, ThreatDetectorConfig};
    use crate::sim::seeds::{Purpose, SeedDomain, stream};
    use crate::telemetry::features::FEATURES;
    use crate::telemetry::window::Context;

    /// A small detector of the 12 classes, drawn at random.
    pub(in crate::models) fn detector() -> ThreatDetector {
        let sizes = ThreatDetectorConfig { channels: 4, hidden: 32, classes: CLASSES };
        let parameters = DetectorParameters::new(&sizes, &mut stream(1, SeedDomain::Train, 0, 0, Purpose::Policy));
        let extent = Extent { median: 0.25, spread: 0.5 };
        let scaling = Scaling { tile: vec![[extent; CHANNELS]; 3], features: vec![Extent::UNIT; FEATURES] };
        let classes = ThreatClass::ALL.map(|class| class.name().to_owned()).to_vec();
        let mut detector = ThreatDetector::new(sizes, &parameters, scaling, classes, serde_json::Value::Null);
        detector.calibration.temperature = 0.7;
        detector
    }

    /// A window that nothing speaks against.
    pub(in crate::models) fn window(seed: usize) -> TelemetryWindow {
        let value = |sample: usize, channel: usize| ((seed * 31 + sample * 7 + channel * 13) % 101) as f64 / 101.0;
        let of_sample = |sample: usize| -> [f64; CHANNELS] {
            std::array::from_fn(|c| if c == 12 { -value(sample, c) } else { value(sample, c) })
        };
        let context = Context { track_age_s: 1e5, position_sigma_m: 0.01, ..Context::default() };
        TelemetryWindow { interval_s: 30.0, samples: (0..SAMPLES).map(of_sample).collect(), context }
    }

    fn degraded(change: impl FnOnce(&mut TelemetryWindow)) -> Vec<Degradation> {
        let mut window = window(1);
        change(&mut window);
        detector().detect_threats(&[window]).remove(0).expect("a window").degraded
    }

    #[test]
    fn a_batch_says_of_each_window_what_it_says_of_it_alone_to_the_bit() {
        let detector = detector();
        let mut windows: Vec<TelemetryWindow> = (0..70).map(window).collect();
        windows[11].samples.clear();
        windows[40].samples[3][2] = f64::INFINITY;
        windows[41].samples = vec![[f64::NAN; CHANNELS]; SAMPLES];
        let together = detector.detect_threats(&windows);
        for (index, (window, told)) in windows.iter().zip(&together).enumerate() {
            let alone = detector.detect_threats(std::slice::from_ref(window)).remove(0);
            assert_eq!(told.is_err(), [11, 40, 41].contains(&index), "{index}: {told:?}");
            match (told, &alone) {
                (Ok(told), Ok(alone)) => {
                    assert_eq!(told.posterior.map(f64::to_bits), alone.posterior.map(f64::to_bits), "{index}");
                    assert_eq!(told.free_energy.to_bits(), alone.free_energy.to_bits(), "{index}");
                    assert!((told.posterior.iter().sum::<f64>() - 1.0).abs() < 1e-6);
                    assert_eq!(told.degraded, []);
                }
                _ => assert_eq!(*told, alone),
            }
        }
        let logits = detector.logits_of(&windows[..1]).expect("a window");
        let told = together[0].as_ref().expect("a window");
        // A difference of logits over the temperature is a difference of logarithms.
        let odds = (told.posterior[3] / told.posterior[0]).ln();
        assert!((odds - f64::from(logits[3] - logits[0]) / 0.7).abs() < 1e-5, "{odds}");
        let text = serde_json::to_string(told).expect("plain");
        assert_eq!(serde_json::from_str::<Detection>(&text).expect("plain"), *told);
    }

    #[test]
    fn what_speaks_against_an_answer_is_told() {
        assert_eq!(degraded(|_| ()), []);
        let short = degraded(|window| window.samples.truncate(12));
        assert_eq!(short, [Degradation::FewSamples { measured: 12 }]);
        assert_eq!(short[0].to_string(), "12 of 30 samples were measured");
        let seldom = degraded(|window| window.samples[..16].iter_mut().for_each(|sample| sample[0] = f64::NAN));
        assert_eq!(seldom, [Degradation::LittleTracked { tracked: 14, samples: 30 }]);
        let unseen = degraded(|window| window.samples.iter_mut().for_each(|sample| sample[0] = f64::NAN));
        let absent = Degradation::AbsentChannels { channels: vec!["range".to_owned()] };
        assert_eq!(unseen, [Degradation::NotTracked, absent]);
        assert_eq!(degraded(|window| window.interval_s = 600.0), [Degradation::Interval { interval_s: 600.0 }]);
        let resting = degraded(|window| window.samples = vec![window.samples[0]; SAMPLES]);
        assert_eq!(resting, [Degradation::Constant]);
        let far = degraded(|window| {
            for sample in &mut window.samples {
                [2, 3, 4, 8].iter().for_each(|channel| sample[*channel] *= 1e8);
                sample[21..24].iter_mut().for_each(|value| *value *= 140.0);
            }
        });
        assert!(matches!(far[..], [Degradation::Clipped { share }] if share > 0.1), "{far:?}");
        for degradation in [short, seldom, unseen, resting, far].concat() {
            assert!((0.0..1.0).contains(&degradation.trust()), "{degradation}");
        }
    }

    #[test]
    fn what_training_never_had_is_not_missed() {
        let mut detector = detector();
        detector.scaling.tile[0][28] = Extent::UNIT;
        let mut window = window(4);
        window.samples.iter_mut().for_each(|sample| sample[28] = f64::NAN);
        assert_eq!(detector.detect_threats(&[window]).remove(0).expect("a window").degraded, []);
    }

    #[test]
    fn classes_are_told_by_their_names() {
        let mut detector = detector();
        detector.meta.classes.swap(0, 4);
        let windows = [window(2)];
        let told = detector.detect_threats(&windows).remove(0).expect("a window");
        let logits = detector.logits_of(&windows).expect("a window");
        let best = (0..CLASSES).max_by(|a, b| logits[*a].total_cmp(&logits[*b])).expect("classes");
        assert_eq!(told.class.name(), detector.meta.classes[best]);
        detector.meta.classes[5] = "storm".to_owned();
        let error = detector.detect_threats(&windows).remove(0).expect_err("no such class");
        assert!(error.to_string().contains("'storm' is none of the 12"), "{error}");
    }

    #[test]
    fn a_bound_on_the_energy_flags_what_lies_above() {
        let mut detector = detector();
        let energy = detector.detect_threats(&[window(3)]).remove(0).expect("a window").free_energy;
        for (bound, flagged) in [(energy - 0.1, true), (energy + 0.1, false)] {
            detector.calibration.out_of_distribution_threshold = Some(bound);
            let told = detector.detect_threats(&[window(3)]).remove(0).expect("a window");
            assert_eq!(told.out_of_distribution, flagged);
        }
    }
}
