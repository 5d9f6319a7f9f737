//! Detector training: epochs over shuffled windows, judged on validation windows, until they get no better.

use std::time::{Duration, Instant};

use rand::seq::SliceRandom;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TrainError;
use super::detector_learner::{DetectorLearner, DetectorLearnerConfig, detector_learner};
use super::event_log::{EventLog, MetricsLog};
use super::run_directory::RunDirectory;
use super::signals::Interrupt;
use crate::eval::classification::Judged;
use crate::eval::classification::confusion::ConfusionMatrix;
use crate::eval::classification::reliability::{expected_calibration_error, negative_log_likelihood, reliability_bins};
use crate::eval::pictures::confusion_matrix::confusion_matrix;
use crate::eval::pictures::reliability_diagram::reliability_diagram;
use crate::eval::telemetry_rows::TelemetryRows;
use crate::models::adamw::AdamWConfig;
use crate::models::calibration::temperature::Temperature;
use crate::models::checkpoint::{self, BestCheckpoint, Checkpoint};
use crate::models::device::DeviceChoice;
use crate::models::named_tensors::Precision;
use crate::models::threat_detector::file::ThreatDetector;
use crate::sim::seeds::{Purpose, SeedDomain, stream};
use crate::sim::threat_class::ThreatClass;
use crate::telemetry::scaling::{Scaling, TILE};

/// Weights, moments and steps, in a checkpoint.
const LEARNER_FILE: &str = "learner.bin";
/// Checkpoints kept beside the best.
const CHECKPOINTS_KEPT: usize = 1;

/// How a detector is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DetectorTrainingConfig {
    /// Network, optimiser, dropout, label smoothing, seed.
    pub learner: DetectorLearnerConfig,
    /// Epochs at most; the learning rate falls to zero by then along a cosine.
    pub epochs: u32,
    /// Windows a step.
    pub batch: usize,
    /// Greatest learning rate, reached after the warm-up.
    pub learning_rate: f64,
    /// Steps in which the learning rate climbs.
    pub warm_up_steps: u64,
    /// Epochs without a better validation loss after which training stops.
    pub patience: u32,
    /// Classes weigh as the inverse of their share of the training windows to this power: 0 alike by window, 1 alike by class.
    pub class_balance: f64,
    /// Samples in which the track was seen that a window has at least to be learned from.
    pub least_tracked_samples: usize,
    /// Samples since the onset that the window of a threat has at least to be learned from: before, there is nothing to see.
    pub least_samples_since_onset: usize,
}

impl Default for DetectorTrainingConfig {
    fn default() -> Self {
        Self {
            learner: DetectorLearnerConfig {
                optimiser: AdamWConfig { weight_decay: 0.02, ..AdamWConfig::default() },
                dropout: 0.3,
                label_smoothing: 0.02,
                ..DetectorLearnerConfig::default()
            },
            epochs: 7,
            batch: 128,
            learning_rate: 6e-4,
            warm_up_steps: 200,
            patience: 3,
            class_balance: 0.5,
            least_tracked_samples: 10,
            least_samples_since_onset: 3,
        }
    }
}

/// How far a training is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tick {
    /// The epoch, from 1.
    pub epoch: u32,
    /// Epochs at most.
    pub epochs: u32,
    /// Share of the epoch that is done.
    pub done: f64,
    /// Mean loss of the epoch so far.
    pub loss: f64,
    /// Windows a second of the epoch so far.
    pub windows_per_s: f64,
    /// What validation said at the end of the epoch; none before it.
    pub validation: Option<Validation>,
}

/// What validation windows say of a detector.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Mean negative log likelihood of full windows [nats].
    pub loss: f64,
    /// Share of full windows given their class.
    pub accuracy: f64,
    /// Mean over classes of the share of their full windows given the class.
    pub balanced_accuracy: f64,
}

/// How a training ended.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedFit {
    /// Epochs in all.
    pub epochs: u32,
    /// The epoch that did best on validation windows; its checkpoint is `step_N`.
    pub best: Option<BestCheckpoint>,
    /// Windows a second, validation and checkpoints left out.
    pub windows_per_s: f64,
    /// Time of this session.
    pub took: Duration,
    /// Whether a signal ended it.
    pub interrupted: bool,
}

/// Everything that changes beside the learner.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct State {
    epochs: u32,
    best: Option<(u32, f64)>,
}

/// The training of one detector.
pub struct DetectorTraining<'a> {
    config: DetectorTrainingConfig,
    learner: Box<dyn DetectorLearner>,
    scaling: Scaling,
    train: TelemetryRows,
    validation: &'a TelemetryRows,
    class_weights: Vec<f32>,
    /// What the model's card says of where it comes from.
    origin: serde_json::Value,
    state: State,
}

impl<'a> DetectorTraining<'a> {
    /// A training from its beginning. `train` and `validation`: rows with tiles, scaled by `scaling`.
    ///
    /// # Errors
    /// When the configuration cannot be, the device is not there, or a class has no window to learn from.
    pub fn new(
        config: DetectorTrainingConfig,
        device: DeviceChoice,
        scaling: Scaling,
        train: &TelemetryRows,
        validation: &'a TelemetryRows,
        origin: serde_json::Value,
    ) -> Result<Self, TrainError> {
        if config.batch == 0 || config.epochs == 0 || !(config.learning_rate > 0.0 && config.learning_rate.is_finite())
        {
            return Err(TrainError::Record(format!(
                "{} epochs of batches of {} at a learning rate of {} teach nothing",
                config.epochs, config.batch, config.learning_rate
            )));
        }
        let train = train.filtered(|row| {
            let label = &train.labels[row];
            let since =
                label.class == ThreatClass::Nominal || label.samples_since_onset >= config.least_samples_since_onset;
            train.tracked[row] >= config.least_tracked_samples && since && label.is_known
        });
        let class_weights = class_weights(&train.classes(), config.class_balance)?;
        if !validation.is_full.contains(&true) {
            return Err(TrainError::Record("no full window to validate on".to_owned()));
        }
        let learner = detector_learner(config.learner.clone(), device)?;
        Ok(Self { config, learner, scaling, train, validation, class_weights, origin, state: State::default() })
    }

    /// Goes on from a checkpoint of this training.
    ///
    /// # Errors
    /// When it is of another one, or damaged.
    pub fn resume(&mut self, checkpoint: &Checkpoint) -> Result<(), TrainError> {
        let (state, learner): (State, Vec<u8>) = postcard::from_bytes(checkpoint.file(LEARNER_FILE)?)
            .map_err(|error| TrainError::Record(error.to_string()))?;
        self.learner.load_bytes(&learner)?;
        self.state = state;
        Ok(())
    }

    /// Windows that are learned from.
    #[must_use]
    pub fn windows(&self) -> usize {
        self.train.len()
    }

    /// Trains until the epochs are done, validation gets no better, or an interrupt; an epoch that was begun is then lost.
    ///
    /// # Errors
    /// When a number is not finite or the directory cannot be written; the last checkpoint stays as it is.
    pub fn run(
        &mut self,
        directory: &RunDirectory,
        interrupt: &Interrupt,
        progress: &mut dyn FnMut(&Tick),
    ) -> Result<FinishedFit, TrainError> {
        let (begun, resumed) = (Instant::now(), self.state.epochs > 0);
        let mut events = if resumed {
            EventLog::append(directory.path(), u64::from(self.state.epochs))?
        } else {
            EventLog::create(directory.path())?
        };
        let mut metrics = if resumed {
            MetricsLog::resume(&directory.metrics_path(), u64::from(self.state.epochs))?
        } else {
            MetricsLog::create(&directory.metrics_path())?
        };
        let (mut learned, mut learning) = (0, Duration::ZERO);
        let mut interrupted = false;
        while self.state.epochs < self.config.epochs && !self.is_at_rest() {
            let epoch_begun = Instant::now();
            let Some((loss, accuracy)) = self.epoch(interrupt, progress)? else {
                interrupted = true;
                break;
            };
            let took = epoch_begun.elapsed();
            learned += self.train.len();
            learning += took;
            self.state.epochs += 1;
            let step = u64::from(self.state.epochs);
            let (validation, pictures) = self.validate(step)?;
            let values = [
                ("losses/train", loss),
                ("charts/train_accuracy", accuracy),
                ("validation/loss", validation.loss),
                ("validation/accuracy", validation.accuracy),
                ("validation/balanced_accuracy", validation.balanced_accuracy),
                ("charts/learning_rate", self.learning_rate(self.learner.steps())),
                ("charts/windows_per_s", self.train.len() as f64 / took.as_secs_f64()),
            ];
            for (tag, value) in &values {
                events.scalar(tag, *value, step)?;
            }
            for (tag, picture) in &pictures {
                events.image(tag, picture, step)?;
            }
            events.flush()?;
            metrics.log(step, &values)?;
            self.save(directory, validation.loss)?;
            progress(&Tick {
                epoch: self.state.epochs,
                epochs: self.config.epochs,
                done: 1.0,
                loss,
                windows_per_s: self.train.len() as f64 / took.as_secs_f64(),
                validation: Some(validation),
            });
        }
        events.session_end(true)?;
        Ok(FinishedFit {
            epochs: self.state.epochs,
            best: checkpoint::best(&directory.checkpoints_path())?,
            windows_per_s: learned as f64 / learning.as_secs_f64().max(1e-9),
            took: begun.elapsed(),
            interrupted,
        })
    }

    /// Whether validation has not got better for too long.
    fn is_at_rest(&self) -> bool {
        self.state.best.is_some_and(|(epoch, _)| self.state.epochs - epoch >= self.config.patience)
    }

    fn learning_rate(&self, step: u64) -> f64 {
        let steps_an_epoch = self.train.len().div_ceil(self.config.batch) as u64;
        let all = (steps_an_epoch * u64::from(self.config.epochs)).max(1) as f64;
        let warm_up = ((step + 1) as f64 / self.config.warm_up_steps.max(1) as f64).min(1.0);
        let cosine = 0.5 * (1.0 + libm::cos(std::f64::consts::PI * (step as f64 / all).min(1.0)));
        self.config.learning_rate * warm_up * cosine
    }

    /// One epoch: mean loss and share of windows given their class as they were learned from; none after an interrupt.
    fn epoch(
        &mut self,
        interrupt: &Interrupt,
        progress: &mut dyn FnMut(&Tick),
    ) -> Result<Option<(f64, f64)>, TrainError> {
        let begun = Instant::now();
        let mut order: Vec<usize> = (0..self.train.len()).collect();
        let epoch = u64::from(self.state.epochs);
        order.shuffle(&mut stream(self.config.learner.seed, SeedDomain::Train, 2, epoch, Purpose::Trainer));
        let (mut tiles, mut labels) = (Vec::new(), Vec::new());
        let (mut loss, mut correct, mut seen) = (0.0, 0, 0);
        for batch in order.chunks(self.config.batch) {
            if interrupt.requested() {
                return Ok(None);
            }
            tiles.clear();
            labels.clear();
            for row in batch {
                tiles.extend_from_slice(&self.train.tiles[row * TILE..(row + 1) * TILE]);
                labels.push(self.train.labels[*row].class.index() as u8);
            }
            let rate = self.learning_rate(self.learner.steps());
            let figures = self.learner.step(&tiles, &labels, &self.class_weights, rate)?;
            loss += f64::from(figures.loss) * batch.len() as f64;
            correct += figures.correct;
            seen += batch.len();
            progress(&Tick {
                epoch: self.state.epochs + 1,
                epochs: self.config.epochs,
                done: seen as f64 / order.len() as f64,
                loss: loss / seen as f64,
                windows_per_s: seen as f64 / begun.elapsed().as_secs_f64().max(1e-9),
                validation: None,
            });
        }
        Ok(Some((loss / seen as f64, correct as f64 / seen as f64)))
    }

    /// What validation windows say, and the pictures of it.
    #[allow(clippy::type_complexity, reason = "two named pictures")]
    fn validate(
        &self,
        step: u64,
    ) -> Result<(Validation, [(&'static str, crate::eval::pictures::picture::Picture); 2]), TrainError> {
        let classes = self.config.learner.sizes.classes;
        let full: Vec<usize> = (0..self.validation.len()).filter(|row| self.validation.is_full[*row]).collect();
        let mut tiles = Vec::with_capacity(full.len() * TILE);
        full.iter().for_each(|row| tiles.extend_from_slice(&self.validation.tiles[row * TILE..(row + 1) * TILE]));
        let probabilities = Temperature::default().probabilities(&self.learner.logits(&tiles), classes);
        let labels: Vec<usize> = full.iter().map(|row| self.validation.labels[*row].class.index()).collect();
        let episodes: Vec<u64> = full.iter().map(|row| self.validation.labels[*row].seed).collect();
        let told = |error: &dyn std::fmt::Display| TrainError::Record(format!("validation: {error}"));
        let judged = Judged::new(classes, &labels, &episodes, &probabilities).map_err(|error| told(&error))?;
        let confusion = ConfusionMatrix::of(&judged);
        let recalls: Vec<f64> = (0..classes).filter_map(|class| confusion.share(class, class)).collect();
        let right = (0..labels.len()).filter(|row| judged.is_right(*row)).count();
        let empty = || TrainError::Record("no full window to validate on".to_owned());
        let validation = Validation {
            loss: negative_log_likelihood(&judged).ok_or_else(empty)?.value,
            accuracy: right as f64 / labels.len() as f64,
            balanced_accuracy: recalls.iter().sum::<f64>() / recalls.len() as f64,
        };
        let names: Vec<&str> = ThreatClass::ALL.iter().map(|class| class.name()).collect();
        let title = format!("validation, full windows, epoch {step}");
        let error = expected_calibration_error(&judged).ok_or_else(empty)?;
        let pictures = [
            ("confusion", confusion_matrix(&confusion, &names, &title).map_err(|error| told(&error))?),
            (
                "reliability",
                reliability_diagram(&reliability_bins(&judged), error, &title).map_err(|error| told(&error))?,
            ),
        ];
        Ok((validation, pictures))
    }

    /// Writes a checkpoint, and notes it where it is the best so far.
    fn save(&mut self, directory: &RunDirectory, loss: f64) -> Result<(), TrainError> {
        let is_best = self.state.best.is_none_or(|(_, best)| loss < best);
        if is_best {
            self.state.best = Some((self.state.epochs, loss));
        }
        let names = ThreatClass::ALL.iter().map(|class| class.name().to_owned()).collect();
        let model = ThreatDetector::new(
            self.config.learner.sizes.clone(),
            &self.learner.parameters(),
            self.scaling.clone(),
            names,
            self.origin.clone(),
        );
        let learner = postcard::to_stdvec(&(&self.state, self.learner.to_bytes()?))
            .map_err(|error| TrainError::Record(error.to_string()))?;
        let (checkpoints, step) = (directory.checkpoints_path(), u64::from(self.state.epochs));
        model
            .write(&checkpoints, step, Precision::Single, &[(LEARNER_FILE, &learner)])
            .map_err(|error| TrainError::Record(error.to_string()))?;
        if is_best {
            // A loss is better the smaller it is, a score the greater.
            checkpoint::mark_best(&checkpoints, BestCheckpoint { step, score: -loss })?;
        }
        checkpoint::prune(&checkpoints, CHECKPOINTS_KEPT)?;
        Ok(())
    }
}

/// Weights of classes by their share of the windows, of mean one over the windows.
fn class_weights(classes: &[usize], balance: f64) -> Result<Vec<f32>, TrainError> {
    let mut counts = [0_usize; ThreatClass::ALL.len()];
    classes.iter().for_each(|class| counts[*class] += 1);
    if let Some(absent) = counts.iter().position(|count| *count == 0) {
        return Err(TrainError::Record(format!(
            "no training window of class `{}`: make more windows, or other scenarios",
            ThreatClass::ALL[absent].name()
        )));
    }
    let weights = counts.map(|count| libm::pow(count as f64, -balance));
    let total: f64 = weights.iter().zip(&counts).map(|(weight, count)| weight * *count as f64).sum();
    Ok(weights.iter().map(|weight| (weight * classes.len() as f64 / total) as f32).collect())
}
