//! Encoder training: epochs over rows of telemetry until patience, epochs or a signal end it; then what is known is fitted to the best
//! epoch's encodings, and written beside its weights.

use std::path::PathBuf;
use std::time::Instant;

use burn::tensor::backend::AutodiffBackend;
use rand::seq::SliceRandom;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TrainError;
use super::encoder_learner::{EncoderFigures, EncoderLearner, EncoderLearnerConfig};
use super::epoch_progress::{EpochFigures, EpochPlan, EpochProgress};
use super::event_log::{EventLog, MetricsLog};
use super::run_directory::RunDirectory;
use super::signals::Interrupt;
use crate::eval::pictures::encodings::encodings as picture_of;
use crate::eval::pictures::picture::Picture;
use crate::eval::telemetry_rows::TelemetryRows;
use crate::models::adversary_encoder::AdversaryEncoder;
use crate::models::anomaly::{AnomalyConfig, AnomalyModel};
use crate::models::checkpoint::{self, BestCheckpoint, Checkpoint, CheckpointError};
use crate::models::drift_reference::{DriftReference, HistogramGroup};
use crate::models::named_tensors::Precision;
use crate::sim::seeds::{Purpose, SeedDomain, stream};
use crate::sim::threat_class::ThreatClass;
use crate::telemetry::features::FEATURES;
use crate::telemetry::scaling::Scaling;

/// What inputs and encodings looked like, in a checkpoint, for drift to be held against.
pub const DRIFT_FILE: &str = "drift.json";
/// The learner with its moments, in a checkpoint.
const LEARNER_FILE: &str = "learner.bin";
/// How the training stands, in a checkpoint.
const STANDING_FILE: &str = "standing.json";
/// The picture of the encodings, in the run's directory.
const PICTURE_FILE: &str = "encodings.png";
/// Checkpoints kept beside the best.
const CHECKPOINTS_KEPT: usize = 2;
/// Stream of the order in which rows are learned from; the learner draws from streams 0 and 1.
const ORDER_STREAM: u64 = 2;

/// How an encoder is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EncoderTrainingConfig {
    /// The network, its optimiser and what spoils its inputs.
    pub learner: EncoderLearnerConfig,
    /// Epochs at most.
    #[schemars(extend("minimum" = 1))]
    pub epochs: u64,
    /// Rows of a step.
    #[schemars(extend("minimum" = 1))]
    pub batch: usize,
    /// Learning rate at the start.
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub learning_rate: f64,
    /// Learning rate at the end of the last epoch, approached along half a cosine.
    #[schemars(extend("minimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub final_learning_rate: f64,
    /// Epochs without a better loss on validation rows after which training stops.
    #[schemars(extend("minimum" = 1))]
    pub patience: u64,
    /// How far classes are drawn equally often: 0 as often as they have rows, 1 all as often as each other.
    #[schemars(extend("minimum" = 0.0, "maximum" = 1.0))]
    pub balance: f64,
    /// Samples in which the track was seen that a row must have to be learned from or judged by.
    #[schemars(extend("minimum" = 0, "maximum" = 30))]
    pub least_tracked: usize,
    /// A class that is left out of everything, so that it is unknown; none when left out.
    #[schemars(with = "Option<String>")]
    pub leave_out: Option<ThreatClass>,
    /// Epochs between two pictures of the encodings; 0: one at the end alone.
    pub picture_every: u64,
    /// The model of what is known.
    pub anomaly: AnomalyConfig,
}

impl Default for EncoderTrainingConfig {
    fn default() -> Self {
        Self {
            learner: EncoderLearnerConfig { class_weight: 0.3, ..EncoderLearnerConfig::default() },
            epochs: 8,
            batch: 256,
            learning_rate: 1e-3,
            final_learning_rate: 1e-5,
            patience: 6,
            balance: 0.5,
            least_tracked: 10,
            leave_out: None,
            picture_every: 5,
            anomaly: AnomalyConfig::default(),
        }
    }
}

impl EncoderTrainingConfig {
    fn check(&self) -> Result<(), TrainError> {
        let Self { epochs, batch, learning_rate, final_learning_rate, patience, balance, .. } = *self;
        for (what, fits, found) in [
            ("number of epochs of one or more", epochs > 0, epochs as f64),
            ("batch of one row or more", batch > 0, batch as f64),
            ("patience of one epoch or more", patience > 0, patience as f64),
            ("learning rate between 0 and 1", learning_rate > 0.0 && learning_rate < 1.0, learning_rate),
            ("final learning rate from 0 to below 1", (0.0..1.0).contains(&final_learning_rate), final_learning_rate),
            ("balance from 0 to 1", (0.0..=1.0).contains(&balance), balance),
        ] {
            if !fits {
                return Err(TrainError::Record(format!("expected a {what}, found {found}")));
            }
        }
        Ok(())
    }

    /// Half a cosine over all steps of the training.
    fn learning_rate_at(&self, step: u64, steps: u64) -> f64 {
        let share = (step as f64 / steps as f64).min(1.0);
        let falling = 0.5 * (1.0 + libm::cos(std::f64::consts::PI * share));
        self.final_learning_rate + (self.learning_rate - self.final_learning_rate) * falling
    }
}

/// What an encoder is trained on; tiles are not looked at.
#[derive(Clone, Copy, Debug)]
pub struct EncoderData<'a> {
    /// Rows to learn from.
    pub training: &'a TelemetryRows,
    /// Rows of other episodes, by which the best epoch is picked and percentiles are told.
    pub validation: &'a TelemetryRows,
    /// What both were scaled by.
    pub scaling: &'a Scaling,
    /// SHA-256 of the data set.
    pub sha256: &'a str,
}

/// Why a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All its epochs were done.
    Epochs,
    /// No epoch was better for as long as its patience.
    Patience,
    /// A signal came.
    Interrupted,
}

/// How a training ended.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedEncoder {
    /// The encoder of the best epoch, with its model of what is known.
    pub encoder: AdversaryEncoder,
    /// Its checkpoint.
    pub checkpoint: PathBuf,
    /// Epochs in all, those before a resume included.
    pub epochs: u64,
    /// The epoch that did best on validation rows.
    pub best_epoch: u64,
    /// What it scored on them.
    pub best: EncoderFigures,
    /// Why it ended.
    pub ending: Ending,
    /// Time of this session \[s\].
    pub elapsed_s: f64,
    /// Rows a second of this session, validation and checkpoints included.
    pub rows_per_s: f64,
}

/// Everything of a training that changes, beside the learner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Standing {
    epochs: u64,
    best: Option<Best>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Best {
    epoch: u64,
    loss: f32,
    reconstruction: f32,
    classification: f32,
}

/// Rows that are used, with their labels as the learner takes them.
struct Known {
    features: Vec<f32>,
    labels: Vec<u8>,
}

impl Known {
    /// Rows of known behaviour with enough samples, without the class that is left out.
    fn of(rows: &TelemetryRows, split: &'static str, config: &EncoderTrainingConfig) -> Result<Self, TrainError> {
        let failed = |reason: String| TrainError::Rows { split, reason };
        let (count, numbers) = (rows.len(), rows.features.len());
        if numbers != count * FEATURES || rows.tracked.len() != count {
            return Err(failed(format!("{numbers} features of {count} labels")));
        }
        let mut known = Self { features: Vec::new(), labels: Vec::new() };
        for (row, (label, tracked)) in rows.labels.iter().zip(&rows.tracked).enumerate() {
            if label.is_known && *tracked >= config.least_tracked && Some(label.class) != config.leave_out {
                known.features.extend_from_slice(&rows.features[row * FEATURES..(row + 1) * FEATURES]);
                known.labels.push(label.class.index() as u8);
            }
        }
        if known.labels.is_empty() {
            let least = config.least_tracked;
            return Err(failed(format!("none of {count} is of known behaviour with {least} samples of its track")));
        }
        if let Some(index) = known.features.iter().position(|feature| !feature.is_finite()) {
            return Err(failed(format!("feature {} is {}", index % FEATURES, known.features[index])));
        }
        Ok(known)
    }

    fn rows(&self) -> usize {
        self.labels.len()
    }

    fn classes(&self) -> Vec<usize> {
        self.labels.iter().map(|label| usize::from(*label)).collect()
    }

    /// Rows in the order of an epoch, as many as there are: each class drawn in proportion to its rows to the power 1 - balance, its
    /// rows by turns.
    fn order(&self, config: &EncoderTrainingConfig, epoch: u64) -> Vec<usize> {
        let mut generator = stream(config.learner.seed, SeedDomain::Train, ORDER_STREAM, epoch, Purpose::Trainer);
        let mut by_class = vec![Vec::new(); ThreatClass::ALL.len()];
        for (row, label) in self.labels.iter().enumerate() {
            by_class[usize::from(*label)].push(row);
        }
        let weight = |rows: &Vec<usize>| {
            if rows.is_empty() { 0.0 } else { libm::pow(rows.len() as f64, 1.0 - config.balance) }
        };
        let total: f64 = by_class.iter().map(weight).sum();
        let mut order = Vec::with_capacity(self.rows());
        let (mut through, mut drawn) = (0.0, 0);
        for rows in &mut by_class {
            through += weight(rows);
            // Rounded from the sum, so that the parts add up to the rows there are.
            let until = (self.rows() as f64 * through / total).round() as usize;
            rows.shuffle(&mut generator);
            order.extend(rows.iter().cycle().take(until - drawn));
            drawn = until;
        }
        order.shuffle(&mut generator);
        order
    }
}

/// The training of an encoder on one device.
pub struct EncoderTraining<'a, B: AutodiffBackend> {
    data: EncoderData<'a>,
    config: EncoderTrainingConfig,
    training: Known,
    validation: Known,
    learner: EncoderLearner<B>,
    standing: Standing,
}

impl<'a, B: AutodiffBackend> EncoderTraining<'a, B> {
    /// A training from its beginning.
    ///
    /// # Errors
    /// When the configuration cannot be, or a split has no rows to use, or rows that are not finite.
    pub fn new(data: EncoderData<'a>, config: EncoderTrainingConfig, device: B::Device) -> Result<Self, TrainError> {
        config.check()?;
        let training = Known::of(data.training, "training", &config)?;
        let validation = Known::of(data.validation, "validation", &config)?;
        let learner = EncoderLearner::new(config.learner.clone(), device)?;
        Ok(Self { data, config, training, validation, learner, standing: Standing::default() })
    }

    /// How long it is at most, for [`EpochProgress`].
    #[must_use]
    pub fn plan(&self) -> EpochPlan {
        EpochPlan { epochs: self.config.epochs, rows_per_epoch: self.training.rows() as u64 }
    }

    /// Goes on from a checkpoint, with the bits that it would have had.
    ///
    /// # Errors
    /// When the checkpoint is of another training or data set, or damaged.
    pub fn resume(&mut self, checkpoint: &Checkpoint) -> Result<(), TrainError> {
        let told = checkpoint.meta().get("training");
        for (what, expected) in [
            ("data set", serde_json::Value::from(self.data.sha256)),
            (
                "configuration",
                serde_json::to_value(&self.config).map_err(|error| TrainError::Record(error.to_string()))?,
            ),
        ] {
            let found = told.and_then(|training| training.get(what));
            if found != Some(&expected) {
                let found = found.map_or_else(|| "not told".to_owned(), ToString::to_string);
                return Err(TrainError::DoesNotFit { what, found, expected: expected.to_string() });
            }
        }
        let standing = serde_json::from_slice(checkpoint.file(STANDING_FILE)?)
            .map_err(|error| TrainError::Record(format!("{STANDING_FILE}: {error}")))?;
        self.learner.load_bytes(checkpoint.file(LEARNER_FILE)?)?;
        self.standing = standing;
        Ok(())
    }

    /// Trains until its epochs are done, patience is lost, or a signal comes; curves, pictures and checkpoints go to `directory`.
    /// Whichever it was, the best epoch's encoder is given, with the model of what is known; an epoch that a signal cuts short is
    /// not counted.
    ///
    /// # Errors
    /// When a number is not finite or the directory cannot be written; the last checkpoint stays as it is.
    pub fn run(
        &mut self,
        directory: &RunDirectory,
        interrupt: &Interrupt,
        progress: &mut EpochProgress,
    ) -> Result<FinishedEncoder, TrainError> {
        let (resumed, start) = (self.standing.epochs, Instant::now());
        let (mut events, mut metrics) = if resumed > 0 {
            (EventLog::append(directory.path(), resumed)?, MetricsLog::resume(&directory.metrics_path(), resumed)?)
        } else {
            (EventLog::create(directory.path())?, MetricsLog::create(&directory.metrics_path())?)
        };
        if resumed == 0 {
            self.log_start(&mut events)?;
        }
        let ending = loop {
            if let Some(ending) = self.ending(interrupt) {
                break ending;
            }
            let Some(learned) = self.learn_epoch(interrupt, progress, start, resumed)? else {
                break Ending::Interrupted;
            };
            let (judged, accuracy) = self.learner.judge(&self.validation.features, &self.validation.labels)?;
            self.standing.epochs += 1;
            let epoch = self.standing.epochs;
            let rate = self.rows_per_s(start, resumed);
            let mut values = vec![
                ("losses/total", f64::from(learned.loss)),
                ("losses/reconstruction", f64::from(learned.reconstruction)),
                ("losses/classification", f64::from(learned.classification)),
                ("validation/loss", f64::from(judged.loss)),
                ("validation/reconstruction", f64::from(judged.reconstruction)),
                ("validation/classification", f64::from(judged.classification)),
                ("charts/learning_rate", self.learning_rate()),
                ("charts/rows_per_s", rate),
            ];
            values.extend(accuracy.map(|accuracy| ("validation/accuracy", accuracy)));
            for (tag, value) in &values {
                events.scalar(tag, *value, epoch)?;
            }
            metrics.log(epoch, &values)?;
            self.keep(directory, judged)?;
            let every = self.config.picture_every;
            if every > 0 && epoch.is_multiple_of(every) {
                let title = format!("Encodings of validation windows, epoch {epoch}");
                self.picture(&self.learner.encode(&self.validation.features), &title, epoch, &mut events)?;
            }
            progress.update(&EpochFigures {
                epoch,
                rows: epoch * self.training.rows() as u64,
                rows_per_s: rate,
                loss: f64::from(learned.loss),
                metric: Some(("validation", f64::from(judged.loss))),
            });
            events.flush()?;
        };
        let mut finished = self.finish(directory, ending, &mut events)?;
        finished.elapsed_s = start.elapsed().as_secs_f64();
        finished.rows_per_s = self.rows_per_s(start, resumed);
        events.session_end(true)?;
        progress.finish();
        Ok(finished)
    }

    /// Why it is over, if it is.
    fn ending(&self, interrupt: &Interrupt) -> Option<Ending> {
        let Standing { epochs, best } = self.standing;
        if epochs >= self.config.epochs {
            Some(Ending::Epochs)
        } else if best.is_some_and(|best| epochs - best.epoch >= self.config.patience) {
            Some(Ending::Patience)
        } else {
            // The first epoch is always learned from, so that there is something to give.
            (epochs > 0 && interrupt.requested()).then_some(Ending::Interrupted)
        }
    }

    /// One epoch; means of what its steps found. `None` where a signal came: the learner is then as it was before the epoch.
    fn learn_epoch(
        &mut self,
        interrupt: &Interrupt,
        progress: &mut EpochProgress,
        start: Instant,
        resumed: u64,
    ) -> Result<Option<EncoderFigures>, TrainError> {
        let epoch = self.standing.epochs;
        let before = if epoch > 0 { Some(self.learner.to_bytes()?) } else { None };
        let order = self.training.order(&self.config, epoch);
        let steps = self.steps_per_epoch() * self.config.epochs;
        let (mut sums, mut rows) = ([0.0; 3], 0_usize);
        let mean = |sums: [f64; 3], rows: usize| sums.map(|sum| sum / rows as f64);
        for batch in order.chunks(self.config.batch) {
            if let Some(before) = before.as_ref().filter(|_| interrupt.requested()) {
                self.learner.load_bytes(before)?;
                return Ok(None);
            }
            let of_row = |row: &usize| &self.training.features[row * FEATURES..(row + 1) * FEATURES];
            let features: Vec<f32> = batch.iter().flat_map(of_row).copied().collect();
            let labels: Vec<u8> = batch.iter().map(|row| self.training.labels[*row]).collect();
            let learning_rate = self.config.learning_rate_at(self.learner.steps(), steps);
            let found = self.learner.step(&features, &labels, learning_rate)?;
            for (sum, value) in sums.iter_mut().zip([found.loss, found.reconstruction, found.classification]) {
                *sum += f64::from(value) * batch.len() as f64;
            }
            rows += batch.len();
            let learned = epoch * self.training.rows() as u64 + rows as u64;
            let of_session = learned - resumed * self.training.rows() as u64;
            progress.update(&EpochFigures {
                epoch: epoch + 1,
                rows: learned,
                rows_per_s: of_session as f64 / start.elapsed().as_secs_f64().max(1e-9),
                loss: mean(sums, rows)[0],
                metric: self.standing.best.map(|best| ("best validation", f64::from(best.loss))),
            });
        }
        let [loss, reconstruction, classification] = mean(sums, rows).map(|value| value as f32);
        Ok(Some(EncoderFigures { loss, reconstruction, classification }))
    }

    fn steps_per_epoch(&self) -> u64 {
        self.training.rows().div_ceil(self.config.batch) as u64
    }

    fn learning_rate(&self) -> f64 {
        self.config.learning_rate_at(self.learner.steps(), self.steps_per_epoch() * self.config.epochs)
    }

    fn rows_per_s(&self, start: Instant, resumed: u64) -> f64 {
        let rows = (self.standing.epochs - resumed) * self.training.rows() as u64;
        rows as f64 / start.elapsed().as_secs_f64().max(1e-9)
    }

    /// Writes the epoch's checkpoint, and notes it where it is the best so far.
    fn keep(&mut self, directory: &RunDirectory, judged: EncoderFigures) -> Result<(), TrainError> {
        let EncoderFigures { loss, reconstruction, classification } = judged;
        let epoch = self.standing.epochs;
        let better = self.standing.best.is_none_or(|best| loss < best.loss);
        if better {
            self.standing.best = Some(Best { epoch, loss, reconstruction, classification });
        }
        let standing = to_json(&self.standing)?;
        let learner = self.learner.to_bytes()?;
        let others: [(&str, &[u8]); 2] = [(STANDING_FILE, &standing), (LEARNER_FILE, &learner)];
        let checkpoints = directory.checkpoints_path();
        self.encoder()?.write(&checkpoints, epoch, Precision::Single, &others)?;
        if better {
            // Of a checkpoint, higher is better.
            checkpoint::mark_best(&checkpoints, BestCheckpoint { step: epoch, score: -f64::from(loss) })?;
        }
        checkpoint::prune(&checkpoints, CHECKPOINTS_KEPT)?;
        Ok(())
    }

    /// The encoder as it stands, without a model of what is known.
    fn encoder(&self) -> Result<AdversaryEncoder, TrainError> {
        let mut names = vec![false; ThreatClass::ALL.len()];
        for label in &self.training.labels {
            names[usize::from(*label)] = true;
        }
        let known = ThreatClass::ALL.into_iter().filter(|class| names[class.index()]);
        let classes = known.map(|class| class.name().to_owned()).collect();
        let best = self.standing.best;
        let training = serde_json::json!({
            "data set": self.data.sha256,
            "configuration": self.config,
            "epochs": self.standing.epochs,
            "best": best,
            "training_rows": self.training.rows(),
            "validation_rows": self.validation.rows(),
        });
        Ok(AdversaryEncoder::new(self.learner.parameters(), self.data.scaling.clone(), classes, training))
    }

    /// Fits what is known to the best epoch's encodings, and writes it into that epoch's checkpoint.
    fn finish(
        &self,
        directory: &RunDirectory,
        ending: Ending,
        events: &mut EventLog,
    ) -> Result<FinishedEncoder, TrainError> {
        let checkpoints = directory.checkpoints_path();
        let nothing = || TrainError::NothingToResume(directory.path().display().to_string());
        let best = self.standing.best.ok_or_else(nothing)?;
        let kept = Checkpoint::open(&checkpoints.join(format!("step_{}", best.epoch)))?;
        let mut encoder = AdversaryEncoder::load(&kept)?;
        let learned = encoder.encode_rows(&self.training.features);
        let held_out = encoder.encode_rows(&self.validation.features);
        let anomaly = AnomalyModel::fit(&learned, &self.training.classes(), &held_out, self.config.anomaly)?;
        encoder.anomaly = Some(anomaly);
        let drift = DriftReference {
            groups: vec![
                HistogramGroup::of("features", &self.training.features, FEATURES)?,
                HistogramGroup::of("encodings", &learned.encodings, encoder.meta.sizes.encoding)?,
            ],
        };
        let drift = to_json(&drift)?;
        // What it takes to go on from there stays beside it.
        let mut others: Vec<(&str, &[u8])> = vec![(DRIFT_FILE, &drift)];
        for name in [STANDING_FILE, LEARNER_FILE] {
            match kept.file(name) {
                Ok(content) => others.push((name, content)),
                Err(CheckpointError::NoSuchFile { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let checkpoint = encoder.write(&checkpoints, best.epoch, Precision::Single, &others)?;
        checkpoint::mark_best(&checkpoints, BestCheckpoint { step: best.epoch, score: -f64::from(best.loss) })?;
        let title = format!("Encodings of validation windows, epoch {} (the best)", best.epoch);
        let picture = self.picture(&held_out.encodings, &title, self.standing.epochs, events)?;
        picture.write_png(&directory.path().join(PICTURE_FILE))?;
        let Best { epoch, loss, reconstruction, classification } = best;
        Ok(FinishedEncoder {
            encoder,
            checkpoint,
            epochs: self.standing.epochs,
            best_epoch: epoch,
            best: EncoderFigures { loss, reconstruction, classification },
            ending,
            elapsed_s: 0.0,
            rows_per_s: 0.0,
        })
    }

    /// Draws encodings of the validation rows, and tells TensorBoard.
    fn picture(
        &self,
        encodings: &[f32],
        title: &str,
        epoch: u64,
        events: &mut EventLog,
    ) -> Result<Picture, TrainError> {
        let names = ThreatClass::ALL.map(ThreatClass::name);
        let picture =
            picture_of(encodings, self.config.learner.sizes.encoding, &self.validation.classes(), &names, title)?;
        events.image("encodings", &picture, epoch)?;
        Ok(picture)
    }

    fn log_start(&self, events: &mut EventLog) -> Result<(), TrainError> {
        let EncoderTrainingConfig { learner, batch, learning_rate, balance, .. } = &self.config;
        events.hparams(
            &[
                ("data", self.data.sha256.into()),
                ("seed", (learner.seed as f64).into()),
                ("batch", (*batch as f64).into()),
                ("learning_rate", (*learning_rate).into()),
                ("class_weight", f64::from(learner.class_weight).into()),
                ("balance", (*balance).into()),
            ],
            &["validation/loss", "validation/reconstruction"],
        )?;
        Ok(())
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<Vec<u8>, TrainError> {
    serde_json::to_vec(value).map_err(|error| TrainError::Record(error.to_string()))
}

#[cfg(test)]
mod tests {
    use burn::backend::Autodiff;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;
    use crate::eval::classification::ranking::auroc;
    use crate::models::device::Cpu;
    use crate::telemetry::channels::CHANNELS;
    use crate::telemetry::labelled::Label;
    use crate::telemetry::scaling::Extent;
    use crate::telemetry::window::{Context, SAMPLES, TelemetryWindow};

    type Training<'a> = EncoderTraining<'a, Autodiff<Cpu>>;

    fn scaling() -> Scaling {
        Scaling { tile: vec![[Extent::UNIT; 30]; 3], features: vec![Extent::UNIT; FEATURES] }
    }

    /// Rows of classes: features hang on three hidden numbers about a place of each class, `mix` neighbours on the same.
    fn rows(count: usize, classes: &[ThreatClass], seed: u64, mix: usize) -> TelemetryRows {
        let mut generator = stream(seed, SeedDomain::Train, 9, 0, Purpose::Trainer);
        let mut rows = TelemetryRows::default();
        for row in 0..count {
            let class = classes[row % classes.len()];
            let hidden: [f32; 3] = std::array::from_fn(|_| StandardNormal.sample(&mut generator));
            let place = class.index() as f32;
            let of_entry = |entry: usize| {
                let sign = if entry.is_multiple_of(7) { -1.0 } else { 1.0 };
                sign * hidden[(entry / mix) % 3] + (place * (entry + 1) as f32).sin()
            };
            rows.features.extend((0..FEATURES).map(of_entry));
            rows.newest.extend([f64::NAN; CHANNELS]);
            rows.labels.push(Label {
                class,
                is_known: true,
                seed: row as u64,
                cast: 0,
                onset_s: Some(0.0),
                end_s: 900.0,
                samples_since_onset: 30,
                harm_s: None,
            });
            rows.is_full.push(true);
            rows.tracked.push(SAMPLES);
            rows.interval_s.push(30.0);
        }
        rows
    }

    const CLASSES: [ThreatClass; 3] = [ThreatClass::Nominal, ThreatClass::Inspection, ThreatClass::Grapple];

    fn config(epochs: u64) -> EncoderTrainingConfig {
        EncoderTrainingConfig {
            epochs,
            batch: 64,
            learning_rate: 3e-3,
            picture_every: 0,
            ..EncoderTrainingConfig::default()
        }
    }

    fn run(
        data: EncoderData<'_>,
        config: EncoderTrainingConfig,
        path: &std::path::Path,
        interrupt: &Interrupt,
    ) -> FinishedEncoder {
        let mut training = Training::new(data, config, Default::default()).unwrap();
        let directory = RunDirectory::create(path).unwrap();
        directory.write_config("()").unwrap();
        let mut progress = EpochProgress::new(training.plan(), true);
        training.run(&directory, interrupt, &mut progress).unwrap()
    }

    #[test]
    fn an_unknown_cloud_is_found_and_the_encoder_survives_its_checkpoint() {
        let (training, validation) = (rows(900, &CLASSES, 1, 1), rows(900, &CLASSES, 2, 1));
        let (scaling, root) = (scaling(), tempfile::tempdir().unwrap());
        let data = EncoderData { training: &training, validation: &validation, scaling: &scaling, sha256: "ab" };
        let finished = run(data, config(8), root.path(), &Interrupt::detached());
        let encoder = AdversaryEncoder::open(&finished.checkpoint).unwrap();
        assert_eq!(encoder, finished.encoder);
        assert_eq!(encoder.meta.classes, ["nominal", "inspection", "grapple"]);
        assert!(root.path().join(PICTURE_FILE).is_file());
        let drift = Checkpoint::open(&finished.checkpoint).unwrap().file(DRIFT_FILE).map(<[u8]>::to_vec).unwrap();
        let drift: DriftReference = serde_json::from_slice(&drift).unwrap();
        assert_eq!(drift.groups.iter().map(|group| group.columns.len()).collect::<Vec<_>>(), [128, 64]);

        let (known, unknown) = (rows(300, &CLASSES, 3, 1), rows(300, &CLASSES, 4, 5));
        let mut anomalies = encoder.anomalies_of_features(&known.features).unwrap();
        let above = anomalies.iter().filter(|anomaly| anomaly.is_anomalous).count();
        // 5 % of 300 is 15; five standard deviations of √(300 × 0.05 × 0.95) = 3.8 more.
        assert!(above < 34, "{above} of 300 known rows");
        anomalies.extend(encoder.anomalies_of_features(&unknown.features).unwrap());
        let scores: Vec<f64> = anomalies.iter().map(|anomaly| anomaly.percentile).collect();
        let is_unknown: Vec<bool> = (0..600).map(|row| row >= 300).collect();
        let area = auroc(&scores, &is_unknown, &(0..600).collect::<Vec<_>>()).unwrap().unwrap().value;
        assert!(area > 0.95, "{area}");

        // One bad window spoils no other.
        let good = TelemetryWindow {
            interval_s: 30.0,
            samples: vec![std::array::from_fn(|channel| if channel == 25 { 290.0 } else { f64::NAN }); SAMPLES],
            context: Context::default(),
        };
        let bad = TelemetryWindow { interval_s: f64::NAN, ..good.clone() };
        let encoded = encoder.encode_behavior(&[good.clone(), bad, good]);
        assert_eq!(encoded[1].as_ref().unwrap_err().index, 1);
        let encoded: Vec<_> = encoded.into_iter().flatten().collect();
        let told = encoder.detect_anomalies(&encoded).unwrap();
        assert!(told.len() == 2 && told[0] == told[1] && told[0].nearest.len() == 3);
    }

    #[test]
    fn a_resumed_training_ends_with_the_same_bits() {
        let (training, validation) = (rows(300, &CLASSES, 1, 1), rows(300, &CLASSES, 2, 1));
        let (scaling, root) = (scaling(), tempfile::tempdir().unwrap());
        let data = EncoderData { training: &training, validation: &validation, scaling: &scaling, sha256: "ab" };
        let whole = run(data, config(4), &root.path().join("whole"), &Interrupt::detached());
        assert_eq!((whole.epochs, whole.ending), (4, Ending::Epochs));

        let (path, interrupt) = (root.path().join("halves"), Interrupt::detached());
        interrupt.request();
        let first = run(data, config(4), &path, &interrupt);
        assert_eq!((first.epochs, first.ending), (1, Ending::Interrupted));
        let directory = RunDirectory::open(&path).unwrap();
        let (_, latest) = directory.latest_checkpoint().unwrap().found.unwrap();
        let checkpoint = Checkpoint::open(&latest).unwrap();
        let mut resumed = Training::new(data, config(4), Default::default()).unwrap();
        resumed.resume(&checkpoint).unwrap();
        let mut progress = EpochProgress::new(resumed.plan(), true);
        let second = resumed.run(&directory, &Interrupt::detached(), &mut progress).unwrap();
        assert_eq!((&second.encoder, second.best, second.epochs), (&whole.encoder, whole.best, 4));

        let mut other = Training::new(data, config(5), Default::default()).unwrap();
        assert!(other.resume(&checkpoint).unwrap_err().to_string().contains("configuration"));
        let data = EncoderData { sha256: "cd", ..data };
        let mut other = Training::new(data, config(4), Default::default()).unwrap();
        assert!(other.resume(&checkpoint).unwrap_err().to_string().contains("data set"));
    }

    #[test]
    fn training_stops_when_it_no_longer_helps_and_keeps_the_best() {
        let (training, validation) = (rows(200, &CLASSES, 1, 1), rows(200, &CLASSES, 2, 1));
        let (scaling, root) = (scaling(), tempfile::tempdir().unwrap());
        let data = EncoderData { training: &training, validation: &validation, scaling: &scaling, sha256: "ab" };
        // Steps that are lost in rounding better nothing after the first epoch.
        let still = EncoderTrainingConfig { learning_rate: 1e-30, final_learning_rate: 0.0, patience: 2, ..config(60) };
        let finished = run(data, still, root.path(), &Interrupt::detached());
        assert_eq!(finished.ending, Ending::Patience);
        assert_eq!((finished.epochs, finished.best_epoch), (3, 1));
        assert!(finished.checkpoint.ends_with(format!("step_{}", finished.best_epoch)));
    }

    #[test]
    fn what_nothing_can_be_learned_from_is_told() {
        let (good, scaling) = (rows(60, &CLASSES, 1, 1), scaling());
        let told = |training: &TelemetryRows, config: EncoderTrainingConfig| {
            let data = EncoderData { training, validation: &good, scaling: &scaling, sha256: "ab" };
            Training::new(data, config, Default::default()).err().expect("it cannot be").to_string()
        };
        assert!(told(&TelemetryRows::default(), config(1)).contains("training rows: none of 0"));
        let mut bad = good.clone();
        bad.features[FEATURES + 3] = f32::NAN;
        assert!(told(&bad, config(1)).contains("feature 3 is NaN"));
        bad.features.pop();
        assert!(told(&bad, config(1)).contains("7679 features of 60 labels"));
        assert!(told(&good, EncoderTrainingConfig { batch: 0, ..config(1) }).contains("batch"));
        let short = TelemetryRows { tracked: vec![9; 60], ..good.clone() };
        assert!(told(&short, config(1)).contains("10 samples of its track"));
    }

    #[test]
    fn a_class_that_is_left_out_is_nowhere_and_balance_evens_the_rest() {
        let mut training = rows(600, &CLASSES, 1, 1);
        for row in (0..600).filter(|row| row % 3 == 1 && row % 4 != 0) {
            training.labels[row].class = ThreatClass::Nominal;
        }
        let leave_out = EncoderTrainingConfig { leave_out: Some(ThreatClass::Grapple), balance: 1.0, ..config(1) };
        let known = Known::of(&training, "training", &leave_out).unwrap();
        let count = |labels: &mut dyn Iterator<Item = u8>, class: ThreatClass| {
            labels.filter(|label| usize::from(*label) == class.index()).count()
        };
        assert_eq!(count(&mut known.labels.iter().copied(), ThreatClass::Grapple), 0);
        assert_eq!(count(&mut known.labels.iter().copied(), ThreatClass::Inspection), 50);
        let order = known.order(&leave_out, 0);
        assert_eq!(order.len(), 400);
        let drawn = |order: &[usize]| count(&mut order.iter().map(|row| known.labels[*row]), ThreatClass::Inspection);
        assert_eq!(drawn(&order), 200);
        assert_eq!(order, known.order(&leave_out, 0));
        assert_ne!(order, known.order(&leave_out, 1));
        let unbalanced = EncoderTrainingConfig { balance: 0.0, ..leave_out };
        let mut order = known.order(&unbalanced, 0);
        order.sort_unstable();
        assert_eq!(order, (0..400).collect::<Vec<_>>(), "each row once");
    }
}
