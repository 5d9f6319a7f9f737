//! The detector with its optimiser: cross-entropy with class weights and smoothed labels, dropout, AdamW.
//!
//! On the CPU the passes are [`FusedDetector`]'s; on other devices burn computes and differentiates. Both draw the same dropout from
//! our own generator, by step, so that a resumed run goes on with the bits that it would have had.

use burn::module::{AutodiffModule, Module};
use burn::optim::adaptor::OptimizerAdaptor;
use burn::optim::{AdamW, GradientsParams, Optimizer};
use burn::record::{BinBytesRecorder, FullPrecisionSettings, Recorder};
use burn::tensor::activation::log_softmax;
use burn::tensor::backend::AutodiffBackend;
use burn::tensor::{Tensor, TensorData};
use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TrainError;
use crate::models::adamw::{AdamWConfig, AdamWStep};
use crate::models::dense::numbers;
use crate::models::device::DeviceChoice;
use crate::models::threat_detector::fused::{DetectorActivations, FusedDetector};
use crate::models::threat_detector::{DetectorParameters, TILE, ThreatDetectorConfig, ThreatDetectorNn};
use crate::sim::seeds::{Purpose, SeedDomain, stream};
use crate::telemetry::channels::CHANNELS;
use crate::telemetry::planes::PLANES;
use crate::telemetry::window::SAMPLES;

/// Images that a device is given at once where nothing is learned.
const INFERENCE_BATCH: usize = 256;

/// How a detector learns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DetectorLearnerConfig {
    /// Sizes of the network.
    pub sizes: ThreatDetectorConfig,
    /// The optimiser.
    pub optimiser: AdamWConfig,
    /// Share of the hidden units that each step leaves out.
    pub dropout: f32,
    /// Share of a label that is spread over all classes. Source: Szegedy et al., CVPR 2016.
    pub label_smoothing: f32,
    /// Seed of the initial weights and of the dropout.
    pub seed: u64,
}

impl Default for DetectorLearnerConfig {
    fn default() -> Self {
        Self {
            sizes: ThreatDetectorConfig::default(),
            optimiser: AdamWConfig::default(),
            dropout: 0.0,
            label_smoothing: 0.0,
            seed: 0,
        }
    }
}

impl DetectorLearnerConfig {
    fn check(&self) -> Result<(), TrainError> {
        self.sizes.check().map_err(|error| TrainError::Record(error.to_string()))?;
        for (what, share) in [("dropout", self.dropout), ("label smoothing", self.label_smoothing)] {
            if !(0.0..1.0).contains(&share) {
                return Err(TrainError::Record(format!("a {what} of {share} is not in [0, 1)")));
            }
        }
        Ok(())
    }

    /// Weights before the first step.
    fn initial(&self) -> DetectorParameters {
        let mut generator = stream(self.seed, SeedDomain::Train, 0, 0, Purpose::Policy);
        DetectorParameters::new(&self.sizes, &mut generator)
    }

    /// What hidden units are multiplied by in a step, [rows, hidden]; none without dropout.
    fn keep(&self, rows: usize, step: u64) -> Option<Vec<f32>> {
        let mut generator = stream(self.seed, SeedDomain::Train, 1, step, Purpose::Trainer);
        let factor = 1.0 / (1.0 - self.dropout);
        let mut draw = || if generator.random::<f32>() < self.dropout { 0.0 } else { factor };
        (self.dropout > 0.0).then(|| (0..rows * self.sizes.hidden).map(|_| draw()).collect())
    }
}

/// What a step found before it changed anything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepFigures {
    /// Loss.
    pub loss: f32,
    /// Rows of which the label was the likeliest class.
    pub correct: usize,
}

/// A detector that learns, on whatever device.
pub trait DetectorLearner: Send {
    /// One step along the gradient of a batch: scaled tiles [rows, 2700], labels and a weight of each class (one where there are
    /// none).
    ///
    /// # Errors
    /// When lengths do not fit or a number is not finite; nothing was learned then.
    fn step(
        &mut self,
        tiles: &[f32],
        labels: &[u8],
        class_weights: &[f32],
        learning_rate: f64,
    ) -> Result<StepFigures, TrainError>;

    /// Logits [rows, classes] of tiles, without dropout.
    fn logits(&self, tiles: &[f32]) -> Vec<f32>;

    /// Steps so far.
    fn steps(&self) -> u64;

    /// The weights.
    fn parameters(&self) -> DetectorParameters;

    /// Weights, moments and step, exact, for a checkpoint to resume from.
    ///
    /// # Errors
    /// When a number in it is not finite.
    fn to_bytes(&self) -> Result<Vec<u8>, TrainError>;

    /// Takes what [`DetectorLearner::to_bytes`] gave.
    ///
    /// # Errors
    /// When it is of other sizes or of another kind of device, or damaged; nothing was changed then.
    fn load_bytes(&mut self, bytes: &[u8]) -> Result<(), TrainError>;
}

/// A detector with weights drawn by the seed, on a device.
///
/// # Errors
/// When the configuration cannot be, or the device is not there.
pub fn detector_learner(
    config: DetectorLearnerConfig,
    device: DeviceChoice,
) -> Result<Box<dyn DetectorLearner>, TrainError> {
    device.probe().map_err(|error| TrainError::Record(error.to_string()))?;
    Ok(match device {
        #[cfg(feature = "cuda")]
        DeviceChoice::Cuda => {
            Box::new(ComposedLearner::<burn::backend::Autodiff<burn::backend::Cuda>>::new(config, Default::default())?)
        }
        #[cfg(feature = "wgpu")]
        DeviceChoice::Wgpu => {
            Box::new(ComposedLearner::<burn::backend::Autodiff<burn::backend::Wgpu>>::new(config, Default::default())?)
        }
        _ => Box::new(FusedLearner::new(config)?),
    })
}

/// Share of the loss of each row and class, [rows, classes]: the loss is -Σ share × log p.
///
/// Of a row with label y: w_y (1 - ε) at y, and w_k ε/K at every class k; all over the sum of w_y over rows, as PyTorch has it.
fn shares(labels: &[u8], class_weights: &[f32], classes: usize, smoothing: f32) -> Vec<f32> {
    let weight = |class: usize| class_weights.get(class).map_or(1.0, |weight| f64::from(*weight));
    let total: f64 = labels.iter().map(|label| weight(usize::from(*label))).sum();
    let (smoothing, spread) = (f64::from(smoothing), f64::from(smoothing) / classes as f64);
    let mut shares = Vec::with_capacity(labels.len() * classes);
    for label in labels {
        for class in 0..classes {
            let hit = if class == usize::from(*label) { 1.0 - smoothing } else { 0.0 };
            shares.push((weight(class) * (hit + spread) / total) as f32);
        }
    }
    shares
}

/// Whether a batch fits; tells what does not.
fn check_batch(tiles: &[f32], labels: &[u8], class_weights: &[f32], classes: usize) -> Result<(), TrainError> {
    let fault = |what: String| Err(TrainError::Record(what));
    if labels.is_empty() || tiles.len() != labels.len() * TILE {
        return fault(format!("{} labels for {} numbers of tiles of {TILE}", labels.len(), tiles.len()));
    }
    if let Some(label) = labels.iter().find(|label| usize::from(**label) >= classes) {
        return fault(format!("a label of {label} among {classes} classes"));
    }
    if !(class_weights.is_empty() || class_weights.len() == classes) {
        return fault(format!("{} weights for {classes} classes", class_weights.len()));
    }
    let usable = |weight: &f32| weight.is_finite() && *weight >= 0.0;
    let weight_of_labels = labels.iter().filter_map(|label| class_weights.get(usize::from(*label))).sum::<f32>();
    if !class_weights.iter().all(usable) || !(class_weights.is_empty() || weight_of_labels > 0.0) {
        return fault(format!("class weights of {class_weights:?} give the batch no weight"));
    }
    match tiles.iter().find(|number| !number.is_finite()) {
        Some(value) => Err(TrainError::NotFinite { what: "tile", value: *value }),
        None => Ok(()),
    }
}

/// Rows of which the label has the largest logit.
fn correct(logits: &[f32], labels: &[u8], classes: usize) -> usize {
    let rows = logits.chunks_exact(classes).zip(labels);
    rows.filter(|(row, label)| {
        let best = row.iter().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b));
        best.is_some_and(|(class, _)| class == usize::from(**label))
    })
    .count()
}

/// The loss, and its gradients by the logits written into `gradients`.
fn cross_entropy(logits: &[f32], shares: &[f32], classes: usize, gradients: &mut Vec<f32>) -> f32 {
    gradients.clear();
    let mut loss = 0.0;
    for (row, shares) in logits.chunks_exact(classes).zip(shares.chunks_exact(classes)) {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let above = |logit: f32| f64::from(logit) - f64::from(largest);
        let sum: f64 = row.iter().map(|logit| libm::exp(above(*logit))).sum();
        let total: f64 = shares.iter().map(|share| f64::from(*share)).sum();
        for (logit, share) in row.iter().zip(shares) {
            let log_probability = above(*logit) - libm::log(sum);
            loss -= f64::from(*share) * log_probability;
            gradients.push((libm::exp(log_probability) * total - f64::from(*share)) as f32);
        }
    }
    loss as f32
}

/// A detector that learns on the CPU.
pub struct FusedLearner {
    config: DetectorLearnerConfig,
    network: FusedDetector,
    moments: [FusedDetector; 2],
    steps: u64,
    activations: DetectorActivations,
    gradients: Vec<f32>,
}

impl FusedLearner {
    /// With weights drawn by the seed.
    ///
    /// # Errors
    /// When the configuration cannot be.
    pub fn new(config: DetectorLearnerConfig) -> Result<Self, TrainError> {
        config.check()?;
        let network = FusedDetector::new(&config.sizes, &config.initial());
        let moments = [FusedDetector::zeros(&config.sizes), FusedDetector::zeros(&config.sizes)];
        let (activations, gradients) = Default::default();
        Ok(Self { config, network, moments, steps: 0, activations, gradients })
    }
}

impl DetectorLearner for FusedLearner {
    fn step(
        &mut self,
        tiles: &[f32],
        labels: &[u8],
        class_weights: &[f32],
        learning_rate: f64,
    ) -> Result<StepFigures, TrainError> {
        let classes = self.config.sizes.classes;
        check_batch(tiles, labels, class_weights, classes)?;
        let keep = self.config.keep(labels.len(), self.steps);
        self.network.forward(tiles, keep.as_deref(), &mut self.activations);
        let shares = shares(labels, class_weights, classes, self.config.label_smoothing);
        let loss = cross_entropy(&self.activations.logits, &shares, classes, &mut self.gradients);
        if !loss.is_finite() {
            return Err(TrainError::NotFinite { what: "loss", value: loss });
        }
        let correct = correct(&self.activations.logits, labels, classes);
        self.steps += 1;
        let step = AdamWStep::new(self.config.optimiser, learning_rate, self.steps);
        let moments = self.moments.each_mut();
        self.network.descend(&self.activations, &self.gradients, keep.as_deref(), moments, step);
        Ok(StepFigures { loss, correct })
    }

    fn logits(&self, tiles: &[f32]) -> Vec<f32> {
        self.network.logits(tiles)
    }

    fn steps(&self) -> u64 {
        self.steps
    }

    fn parameters(&self) -> DetectorParameters {
        self.network.parameters()
    }

    fn to_bytes(&self) -> Result<Vec<u8>, TrainError> {
        if ![&self.network, &self.moments[0], &self.moments[1]].iter().all(|numbers| numbers.is_finite()) {
            return Err(TrainError::Record("a weight or a moment is not finite".to_owned()));
        }
        let parts = (FUSED, self.steps, &self.network, &self.moments);
        postcard::to_stdvec(&parts).map_err(|error| TrainError::Record(error.to_string()))
    }

    fn load_bytes(&mut self, bytes: &[u8]) -> Result<(), TrainError> {
        kind_is(bytes, FUSED)?;
        let (_, steps, network, moments): (String, u64, FusedDetector, [FusedDetector; 2]) =
            postcard::from_bytes(bytes).map_err(|error| TrainError::Record(error.to_string()))?;
        if ![&network, &moments[0], &moments[1]].iter().all(|of| of.has_sizes(&self.config.sizes) && of.is_finite()) {
            let (found, expected) = (format!("{:?}", network.config()), format!("{:?}", self.config.sizes));
            return Err(TrainError::DoesNotFit { what: "detector", found, expected });
        }
        (self.steps, self.network, self.moments) = (steps, network, moments);
        Ok(())
    }
}

/// What the states of the two kinds of learner call themselves.
const FUSED: &str = "fused";
const COMPOSED: &str = "composed";

/// Whether a state is of this kind.
fn kind_is(bytes: &[u8], expected: &str) -> Result<(), TrainError> {
    let (found, _): (String, _) =
        postcard::take_from_bytes(bytes).map_err(|error| TrainError::Record(error.to_string()))?;
    if found == expected {
        return Ok(());
    }
    Err(TrainError::DoesNotFit { what: "kind of learner", found, expected: expected.to_owned() })
}

/// A detector that learns on a device, every operation burn's.
pub struct ComposedLearner<B: AutodiffBackend> {
    config: DetectorLearnerConfig,
    model: ThreatDetectorNn<B>,
    optimiser: OptimizerAdaptor<AdamW, ThreatDetectorNn<B>, B>,
    device: B::Device,
    steps: u64,
}

impl<B: AutodiffBackend> ComposedLearner<B> {
    /// With weights drawn by the seed.
    ///
    /// # Errors
    /// When the configuration cannot be.
    pub fn new(config: DetectorLearnerConfig, device: B::Device) -> Result<Self, TrainError> {
        config.check()?;
        let model = ThreatDetectorNn::new(&config.sizes, &config.initial(), &device);
        let optimiser = burn_adamw(config.optimiser).init();
        Ok(Self { config, model, optimiser, device, steps: 0 })
    }

    fn tensor(&self, data: &[f32], columns: usize) -> Tensor<B, 2> {
        let shape = [data.len() / columns, columns];
        Tensor::from_data(TensorData::new(data.to_vec(), shape), &self.device)
    }
}

/// burn's AdamW, so configured.
pub(super) fn burn_adamw(config: AdamWConfig) -> burn::optim::AdamWConfig {
    let AdamWConfig { beta_1, beta_2, epsilon, weight_decay } = config;
    burn::optim::AdamWConfig::new()
        .with_beta_1(beta_1)
        .with_beta_2(beta_2)
        .with_epsilon(epsilon)
        .with_weight_decay(weight_decay)
}

impl<B: AutodiffBackend> DetectorLearner for ComposedLearner<B> {
    fn step(
        &mut self,
        tiles: &[f32],
        labels: &[u8],
        class_weights: &[f32],
        learning_rate: f64,
    ) -> Result<StepFigures, TrainError> {
        let ThreatDetectorConfig { hidden, classes, .. } = self.config.sizes;
        check_batch(tiles, labels, class_weights, classes)?;
        let keep = self.config.keep(labels.len(), self.steps).map(|keep| self.tensor(&keep, hidden));
        let shares = self.tensor(&shares(labels, class_weights, classes, self.config.label_smoothing), classes);
        let images = self.tensor(tiles, TILE).reshape([labels.len(), PLANES, SAMPLES, CHANNELS]);
        let logits = self.model.forward(images, keep);
        let loss = (shares * log_softmax(logits.clone(), 1)).sum().neg();
        let value = numbers(loss.clone()).first().copied().unwrap_or(f32::NAN);
        if !value.is_finite() {
            return Err(TrainError::NotFinite { what: "loss", value });
        }
        let correct = correct(&numbers(logits), labels, classes);
        let gradients = GradientsParams::from_grads(loss.backward(), &self.model);
        self.model = self.optimiser.step(learning_rate, self.model.clone(), gradients);
        self.steps += 1;
        Ok(StepFigures { loss: value, correct })
    }

    fn logits(&self, tiles: &[f32]) -> Vec<f32> {
        let model = self.model.valid();
        let mut logits = Vec::with_capacity(tiles.len() / TILE * self.config.sizes.classes);
        for tiles in tiles.chunks(INFERENCE_BATCH * TILE) {
            let shape = [tiles.len() / TILE, PLANES, SAMPLES, CHANNELS];
            let tiles = Tensor::from_data(TensorData::new(tiles.to_vec(), shape), &self.device);
            logits.extend(numbers(model.forward(tiles, None)));
        }
        logits
    }

    fn steps(&self) -> u64 {
        self.steps
    }

    fn parameters(&self) -> DetectorParameters {
        self.model.parameters()
    }

    fn to_bytes(&self) -> Result<Vec<u8>, TrainError> {
        let whole = self.model.parameters().to_tensors();
        if !whole.iter().all(|tensor| tensor.data.iter().all(|number| number.is_finite())) {
            return Err(TrainError::Record("a weight is not finite".to_owned()));
        }
        let recorder = BinBytesRecorder::<FullPrecisionSettings>::default();
        let failed = |error: burn::record::RecorderError| TrainError::Record(error.to_string());
        let model: Vec<u8> = Recorder::<B>::record(&recorder, self.model.clone().into_record(), ()).map_err(failed)?;
        let optimiser: Vec<u8> = Recorder::<B>::record(&recorder, self.optimiser.to_record(), ()).map_err(failed)?;
        let parts = (COMPOSED, self.steps, &self.config.sizes, model, optimiser);
        postcard::to_stdvec(&parts).map_err(|error| TrainError::Record(error.to_string()))
    }

    fn load_bytes(&mut self, bytes: &[u8]) -> Result<(), TrainError> {
        kind_is(bytes, COMPOSED)?;
        let recorder = BinBytesRecorder::<FullPrecisionSettings>::default();
        let failed = |error: burn::record::RecorderError| TrainError::Record(error.to_string());
        let (_, steps, sizes, model, optimiser): (String, u64, ThreatDetectorConfig, Vec<u8>, Vec<u8>) =
            postcard::from_bytes(bytes).map_err(|error| TrainError::Record(error.to_string()))?;
        if sizes != self.config.sizes {
            let (found, expected) = (format!("{sizes:?}"), format!("{:?}", self.config.sizes));
            return Err(TrainError::DoesNotFit { what: "detector", found, expected });
        }
        let model = Recorder::<B>::load(&recorder, model, &self.device).map_err(failed)?;
        let optimiser = Recorder::<B>::load(&recorder, optimiser, &self.device).map_err(failed)?;
        self.model = self.model.clone().load_record(model);
        self.optimiser = self.optimiser.clone().load_record(optimiser);
        self.steps = steps;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use burn::backend::Autodiff;

    use super::*;
    use crate::models::device::Cpu;
    use crate::sim::seeds::Generator;

    const SMALL: ThreatDetectorConfig = ThreatDetectorConfig { channels: 5, hidden: 64, classes: 3 };

    fn generator(seed: u64) -> Generator {
        stream(seed, SeedDomain::Train, 9, 0, Purpose::Trainer)
    }

    /// Noise with one of three marks in it: a warmer channel, a line that climbs, a checkered patch.
    fn toy(rows: usize, seed: u64) -> (Vec<f32>, Vec<u8>) {
        let mut generator = generator(seed);
        let (mut tiles, mut labels) = (Vec::new(), Vec::new());
        for row in 0..rows {
            let label = (row % 3) as u8;
            let mut tile: Vec<f32> = (0..TILE).map(|_| generator.random_range(-1.0..1.0)).collect();
            let (at, plane) = (generator.random_range(2..20), SAMPLES * CHANNELS);
            for step in 0..8 {
                let entry = match label {
                    0 => (at + step) * CHANNELS + 7,
                    1 => (at + step) * CHANNELS + at + step,
                    _ => plane + at * CHANNELS + 2 * step,
                };
                tile[entry] += 2.5;
            }
            tiles.extend(tile);
            labels.push(label);
        }
        (tiles, labels)
    }

    fn config(sizes: ThreatDetectorConfig) -> DetectorLearnerConfig {
        DetectorLearnerConfig { sizes, dropout: 0.2, label_smoothing: 0.1, seed: 4, ..DetectorLearnerConfig::default() }
    }

    #[test]
    fn gradients_are_those_that_burn_finds() {
        let config = config(SMALL);
        // 70 images: two whole groups and a part of one.
        let (tiles, labels) = toy(70, 1);
        let parameters = config.initial();
        let network = FusedDetector::new(&config.sizes, &parameters);
        assert_eq!(network.parameters(), parameters, "there and back");
        let keep = config.keep(labels.len(), 3);
        let shares = shares(&labels, &[1.0, 2.0, 0.5], SMALL.classes, config.label_smoothing);
        let mut activations = DetectorActivations::default();
        network.forward(&tiles, keep.as_deref(), &mut activations);
        let mut logit_gradients = Vec::new();
        let loss = cross_entropy(&activations.logits, &shares, SMALL.classes, &mut logit_gradients);
        let found = network.gradients(&activations, &logit_gradients, keep.as_deref());

        let learner = ComposedLearner::<Autodiff<Cpu>>::new(config.clone(), Default::default()).expect("sizes");
        let keep = keep.map(|keep| learner.tensor(&keep, SMALL.hidden));
        let images = learner.tensor(&tiles, TILE).reshape([labels.len(), PLANES, SAMPLES, CHANNELS]);
        let logits = learner.model.forward(images, keep);
        let theirs = (learner.tensor(&shares, SMALL.classes) * log_softmax(logits.clone(), 1)).sum().neg();
        assert!((numbers(theirs.clone())[0] - loss).abs() < 1e-5 * loss);
        for (ours, theirs) in activations.logits.iter().zip(numbers(logits)) {
            assert!((ours - theirs).abs() < 1e-5, "{ours} against {theirs}");
        }
        let expected = learner.model.gradients(&theirs.backward());
        for (ours, theirs) in found.to_tensors().iter().zip(expected.to_tensors()) {
            let scale = theirs.data.iter().fold(0.0_f32, |largest, number| largest.max(number.abs()));
            let error = ours.data.iter().zip(&theirs.data).fold(0.0_f32, |worst, (a, b)| worst.max((a - b).abs()));
            assert!(scale > 0.0 && error < 1e-5 * scale, "{}: {error} of {scale}", ours.name);
        }
    }

    #[test]
    fn steps_are_those_that_burn_takes() {
        let config = config(SMALL);
        let mut ours = FusedLearner::new(config.clone()).expect("sizes");
        let mut theirs = ComposedLearner::<Autodiff<Cpu>>::new(config, Default::default()).expect("sizes");
        for step in 0..4 {
            let (tiles, labels) = toy(40, step);
            let [ours, theirs] = [&mut ours as &mut dyn DetectorLearner, &mut theirs]
                .map(|learner| learner.step(&tiles, &labels, &[1.0, 2.0, 0.5], 1e-3).expect("finite"));
            assert!((ours.loss - theirs.loss).abs() < 1e-4 && ours.correct == theirs.correct, "{ours:?} {theirs:?}");
        }
        let (tiles, _) = toy(5, 9);
        for (ours, theirs) in ours.logits(&tiles).iter().zip(theirs.logits(&tiles)) {
            assert!((ours - theirs).abs() < 2e-3, "{ours} against {theirs}");
        }
    }

    #[test]
    fn a_toy_is_learned_and_a_resumed_run_is_the_same_bits_on_any_threads() {
        let config = DetectorLearnerConfig {
            sizes: ThreatDetectorConfig { channels: 16, hidden: 64, classes: 3 },
            ..config(SMALL)
        };
        let (tiles, labels) = toy(384, 5);
        let epoch = |learner: &mut dyn DetectorLearner| {
            for (tiles, labels) in tiles.chunks(64 * TILE).zip(labels.chunks(64)) {
                learner.step(tiles, labels, &[], 2e-3).expect("finite");
            }
        };
        let mut learner = FusedLearner::new(config.clone()).expect("sizes");
        let mut kept = Vec::new();
        for round in 0..16 {
            if round == 8 {
                kept = learner.to_bytes().expect("finite");
            }
            epoch(&mut learner);
        }
        let (fresh, expected) = toy(300, 6);
        let right = correct(&learner.logits(&fresh), &expected, 3);
        assert!(right > 285, "{right} of 300");

        let mut resumed = FusedLearner::new(config).expect("sizes");
        resumed.load_bytes(&kept).expect("its own");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("threads");
        pool.install(|| (0..8).for_each(|_| epoch(&mut resumed)));
        assert!(resumed.to_bytes().expect("finite") == learner.to_bytes().expect("finite"));
    }

    #[test]
    fn a_state_of_something_else_is_refused_and_changes_nothing() {
        let mut learner = FusedLearner::new(config(SMALL)).expect("sizes");
        let before = learner.to_bytes().expect("finite");
        let other = ThreatDetectorConfig { hidden: 32, ..SMALL };
        let other = FusedLearner::new(config(other)).expect("sizes").to_bytes().expect("finite");
        let composed = ComposedLearner::<Autodiff<Cpu>>::new(config(SMALL), Default::default()).expect("sizes");
        let composed = composed.to_bytes().expect("finite");
        for (bytes, told) in [(&other, "hidden: 32"), (&composed, "kind of learner is composed")] {
            let error = learner.load_bytes(bytes).expect_err("another").to_string();
            assert!(error.contains(told), "{error}");
        }
        assert!(learner.load_bytes(&before[..before.len() / 2]).is_err());
        assert!(learner.to_bytes().expect("finite") == before);
    }

    #[test]
    fn a_batch_that_cannot_be_teaches_nothing() {
        let mut learner = FusedLearner::new(config(SMALL)).expect("sizes");
        let before = learner.to_bytes().expect("finite");
        let (mut tiles, labels) = toy(4, 2);
        let mut told = |tiles: &[f32], labels: &[u8], weights: &[f32]| {
            learner.step(tiles, labels, weights, 1e-3).expect_err("it cannot").to_string()
        };
        assert!(told(&tiles[1..], &labels, &[]).contains("4 labels for 10799 numbers"));
        assert!(told(&tiles, &[0, 1, 2, 3], &[]).contains("a label of 3 among 3 classes"));
        assert!(told(&tiles, &labels, &[1.0]).contains("1 weights for 3 classes"));
        assert!(told(&tiles, &labels, &[0.0; 3]).contains("no weight"));
        tiles[77] = f32::NAN;
        assert!(told(&tiles, &labels, &[]).contains("a tile is not finite"));
        assert!(learner.to_bytes().expect("finite") == before);
        let wide = ThreatDetectorConfig { hidden: 100, ..SMALL };
        assert!(FusedLearner::new(config(wide)).err().expect("no such").to_string().contains("a multiple of 32"));
    }
}
