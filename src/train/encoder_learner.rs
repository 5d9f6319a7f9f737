//! The AdversaryEncoder with its optimiser: it learns to give features back from an encoding of them, on any device.
//!
//! Two things keep encodings useful and not merely small: inputs are spoilt before they are encoded (a denoising autoencoder; source:
//! Vincent et al., ICML 2008), and a linear head, used in training alone, tells the classes apart from the encodings.

use burn::module::{AutodiffModule, Module};
use burn::nn::Linear;
use burn::optim::adaptor::OptimizerAdaptor;
use burn::optim::{AdamW, GradientsParams, Optimizer};
use burn::record::{BinBytesRecorder, FullPrecisionSettings, Recorder};
use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;
use burn::tensor::backend::{AutodiffBackend, Backend};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TrainError;
use super::detector_learner::burn_adamw;
use crate::models::adamw::AdamWConfig;
use crate::models::adversary_encoder::{AdversaryEncoderConfig, AdversaryEncoderNn, EncoderParameters, drawn, linear};
use crate::models::dense::{numbers, tensor};
use crate::sim::seeds::{Purpose, SeedDomain, stream};

/// Rows that a device is given at once where nothing is learned.
const JUDGED_ROWS: usize = 4_096;

/// How an encoder learns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EncoderLearnerConfig {
    /// Sizes of the network.
    pub sizes: AdversaryEncoderConfig,
    /// The optimiser.
    pub optimiser: AdamWConfig,
    /// Standard deviation of the noise that is added to what is encoded.
    pub input_noise: f32,
    /// Share of the features that each step sets to zero before they are encoded.
    pub input_dropout: f32,
    /// Weight of the loss of the head that tells classes apart, against that of the reconstruction; zero: there is none.
    pub class_weight: f32,
    /// Classes of that head.
    pub classes: usize,
    /// Seed of the initial weights and of what spoils the inputs.
    pub seed: u64,
}

impl Default for EncoderLearnerConfig {
    fn default() -> Self {
        Self {
            sizes: AdversaryEncoderConfig::default(),
            optimiser: AdamWConfig { weight_decay: 1e-4, ..AdamWConfig::default() },
            input_noise: 0.1,
            input_dropout: 0.1,
            class_weight: 0.0,
            classes: crate::sim::threat_class::ThreatClass::ALL.len(),
            seed: 0,
        }
    }
}

/// What a step found before it changed anything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EncoderFigures {
    /// All that is descended.
    pub loss: f32,
    /// Mean square of what the features given back are off.
    pub reconstruction: f32,
    /// Cross-entropy of the head; zero without one.
    pub classification: f32,
}

/// The network as it learns.
#[derive(Module, Debug)]
struct EncoderWithHead<B: Backend> {
    encoder: AdversaryEncoderNn<B>,
    head: Linear<B>,
}

/// An encoder that learns.
pub struct EncoderLearner<B: AutodiffBackend> {
    config: EncoderLearnerConfig,
    model: EncoderWithHead<B>,
    optimiser: OptimizerAdaptor<AdamW, EncoderWithHead<B>, B>,
    device: B::Device,
    steps: u64,
}

impl<B: AutodiffBackend> EncoderLearner<B> {
    /// With weights drawn by the seed.
    ///
    /// # Errors
    /// When the configuration cannot be.
    pub fn new(config: EncoderLearnerConfig, device: B::Device) -> Result<Self, TrainError> {
        let EncoderLearnerConfig { input_noise, input_dropout, class_weight, classes, .. } = config;
        let weights_fit = [input_noise, class_weight].iter().all(|number| number.is_finite() && *number >= 0.0);
        if !config.sizes.is_possible() || !(1..=256).contains(&classes) {
            return Err(TrainError::Record(format!("no encoder of {:?} with {classes} classes", config.sizes)));
        }
        if !weights_fit || !(0.0..1.0).contains(&input_dropout) {
            return Err(TrainError::Record(format!(
                "input noise {input_noise}, input dropout {input_dropout}, class weight {class_weight}: expected numbers \
                 of zero or more, the dropout below one"
            )));
        }
        let mut generator = stream(config.seed, SeedDomain::Train, 0, 0, Purpose::Policy);
        let parameters = EncoderParameters::new(&config.sizes, &mut generator);
        let head = drawn(config.sizes.encoding, classes, &mut generator);
        let model =
            EncoderWithHead { encoder: AdversaryEncoderNn::new(&parameters, &device), head: linear(&head, &device) };
        let optimiser = burn_adamw(config.optimiser).init();
        Ok(Self { config, model, optimiser, device, steps: 0 })
    }

    /// One step along the gradient of a batch: scaled features [rows, 128] and labels, which are looked at with a class weight only.
    ///
    /// # Errors
    /// When lengths do not fit or a number is not finite; nothing was learned then.
    pub fn step(&mut self, features: &[f32], labels: &[u8], learning_rate: f64) -> Result<EncoderFigures, TrainError> {
        let width = self.config.sizes.features;
        let rows = features.len() / width;
        if rows == 0 || features.len() != rows * width {
            return Err(TrainError::Record(format!("{} numbers are no rows of {width} features", features.len())));
        }
        if let Some(value) = features.iter().find(|number| !number.is_finite()) {
            return Err(TrainError::NotFinite { what: "feature", value: *value });
        }
        let spoilt = tensor::<B>(self.spoilt(features), rows, width, &self.device);
        let clean = tensor::<B>(features.to_vec(), rows, width, &self.device);
        let encodings = self.model.encoder.encode(spoilt);
        let reconstruction = (self.model.encoder.decode(encodings.clone()) - clean).powi_scalar(2).mean();
        let (loss, classification) = if self.config.class_weight > 0.0 {
            let shares = tensor::<B>(self.shares(labels, rows)?, rows, self.config.classes, &self.device);
            let entropy = (shares * log_softmax(self.model.head.forward(encodings), 1)).sum().neg();
            (reconstruction.clone() + entropy.clone().mul_scalar(self.config.class_weight), Some(entropy))
        } else {
            (reconstruction.clone(), None)
        };
        let value = |tensor: Tensor<B, 1>| numbers(tensor).first().copied().unwrap_or(f32::NAN);
        let figures = EncoderFigures {
            loss: value(loss.clone()),
            reconstruction: value(reconstruction),
            classification: classification.map_or(0.0, value),
        };
        if !figures.loss.is_finite() {
            return Err(TrainError::NotFinite { what: "loss", value: figures.loss });
        }
        let gradients = GradientsParams::from_grads(loss.backward(), &self.model);
        self.model = self.optimiser.step(learning_rate, self.model.clone(), gradients);
        self.steps += 1;
        Ok(figures)
    }

    /// What rows that nothing spoils are worth: means over all of them, and the share whose class the head tells (none without a head).
    ///
    /// # Errors
    /// As [`EncoderLearner::step`].
    pub fn judge(&self, features: &[f32], labels: &[u8]) -> Result<(EncoderFigures, Option<f64>), TrainError> {
        let EncoderLearnerConfig { classes, class_weight, .. } = self.config;
        let width = self.config.sizes.features;
        let rows = features.len() / width;
        if rows == 0 || features.len() != rows * width {
            return Err(TrainError::Record(format!("{} numbers are no rows of {width} features", features.len())));
        }
        self.shares(labels, rows)?;
        let model = self.model.valid();
        let (mut squares, mut entropy, mut right) = (0.0, 0.0, 0_usize);
        for (features, labels) in features.chunks(JUDGED_ROWS * width).zip(labels.chunks(JUDGED_ROWS)) {
            let encodings = model.encoder.encode(tensor(features.to_vec(), labels.len(), width, &self.device));
            let given_back = numbers(model.encoder.decode(encodings.clone()));
            let pairs = features.iter().zip(&given_back);
            squares += pairs.map(|(feature, back)| f64::from((feature - back) * (feature - back))).sum::<f64>();
            if class_weight > 0.0 {
                let log_shares = numbers(log_softmax(model.head.forward(encodings), 1));
                for (row, label) in log_shares.chunks_exact(classes).zip(labels) {
                    let of_label = row[usize::from(*label)];
                    entropy -= f64::from(of_label);
                    right += usize::from(row.iter().all(|other| *other <= of_label));
                }
            }
        }
        let (reconstruction, classification) = (squares / features.len() as f64, entropy / rows as f64);
        let loss = (reconstruction + f64::from(class_weight) * classification) as f32;
        if !loss.is_finite() {
            return Err(TrainError::NotFinite { what: "loss", value: loss });
        }
        let (reconstruction, classification) = (reconstruction as f32, classification as f32);
        let told = (class_weight > 0.0).then(|| right as f64 / rows as f64);
        Ok((EncoderFigures { loss, reconstruction, classification }, told))
    }

    /// Features with noise, and some of them left out, by the number of the step.
    fn spoilt(&self, features: &[f32]) -> Vec<f32> {
        let EncoderLearnerConfig { input_noise, input_dropout, seed, .. } = self.config;
        let mut generator = stream(seed, SeedDomain::Train, 1, self.steps, Purpose::Trainer);
        let mut spoil = |feature: &f32| {
            let noise: f32 = if input_noise > 0.0 { StandardNormal.sample(&mut generator) } else { 0.0 };
            let kept = input_dropout == 0.0 || generator.random::<f32>() >= input_dropout;
            if kept { feature + noise * input_noise } else { 0.0 }
        };
        features.iter().map(&mut spoil).collect()
    }

    /// One over the rows at each row's label.
    fn shares(&self, labels: &[u8], rows: usize) -> Result<Vec<f32>, TrainError> {
        let classes = self.config.classes;
        if labels.len() != rows || labels.iter().any(|label| usize::from(*label) >= classes) {
            return Err(TrainError::Record(format!("{} labels for {rows} rows and {classes} classes", labels.len())));
        }
        let mut shares = vec![0.0; rows * classes];
        for (row, label) in shares.chunks_exact_mut(classes).zip(labels) {
            row[usize::from(*label)] = 1.0 / rows as f32;
        }
        Ok(shares)
    }

    /// Encodings [rows, 64] of scaled features.
    pub fn encode(&self, features: &[f32]) -> Vec<f32> {
        let width = self.config.sizes.features;
        let rows = features.len() / width;
        numbers(self.model.valid().encoder.encode(tensor(features.to_vec(), rows, width, &self.device)))
    }

    /// Features [rows, 128] of encodings.
    pub fn reconstruct(&self, encodings: &[f32]) -> Vec<f32> {
        let width = self.config.sizes.encoding;
        let rows = encodings.len() / width;
        numbers(self.model.valid().encoder.decode(tensor(encodings.to_vec(), rows, width, &self.device)))
    }

    /// Steps so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The weights, without the head.
    pub fn parameters(&self) -> EncoderParameters {
        self.model.encoder.parameters()
    }

    /// Weights, moments and step, exact, for a checkpoint to resume from.
    ///
    /// # Errors
    /// When they cannot be read, or a weight is not finite.
    pub fn to_bytes(&self) -> Result<Vec<u8>, TrainError> {
        let weights = self.parameters().to_tensors();
        if !weights.iter().all(|tensor| tensor.data.iter().all(|number| number.is_finite())) {
            return Err(TrainError::Record("a weight is not finite".to_owned()));
        }
        let recorder = BinBytesRecorder::<FullPrecisionSettings>::default();
        let failed = |error: burn::record::RecorderError| TrainError::Record(error.to_string());
        let model: Vec<u8> = Recorder::<B>::record(&recorder, self.model.clone().into_record(), ()).map_err(failed)?;
        let optimiser: Vec<u8> = Recorder::<B>::record(&recorder, self.optimiser.to_record(), ()).map_err(failed)?;
        let parts = (self.steps, &self.config.sizes, self.config.classes, model, optimiser);
        postcard::to_stdvec(&parts).map_err(|error| TrainError::Record(error.to_string()))
    }

    /// Takes what [`EncoderLearner::to_bytes`] gave.
    ///
    /// # Errors
    /// When it is of other sizes, or damaged; nothing was changed then.
    pub fn load_bytes(&mut self, bytes: &[u8]) -> Result<(), TrainError> {
        let recorder = BinBytesRecorder::<FullPrecisionSettings>::default();
        let failed = |error: burn::record::RecorderError| TrainError::Record(error.to_string());
        let (steps, sizes, classes, model, optimiser): (u64, AdversaryEncoderConfig, usize, Vec<u8>, Vec<u8>) =
            postcard::from_bytes(bytes).map_err(|error| TrainError::Record(error.to_string()))?;
        if (&sizes, classes) != (&self.config.sizes, self.config.classes) {
            let told = |sizes: &AdversaryEncoderConfig, classes: usize| format!("{sizes:?} with {classes} classes");
            let (found, expected) = (told(&sizes, classes), told(&self.config.sizes, self.config.classes));
            return Err(TrainError::DoesNotFit { what: "encoder", found, expected });
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
    use crate::models::adversary_encoder::AdversaryEncoder;
    use crate::models::device::Cpu;
    use crate::telemetry::features::FEATURES;
    use crate::telemetry::scaling::{Extent, Scaling};

    type Learner = EncoderLearner<Autodiff<Cpu>>;

    /// Features that hang on three hidden numbers; the label is the sign of the first.
    fn toy(rows: usize, seed: u64) -> (Vec<f32>, Vec<u8>) {
        let mut generator = stream(seed, SeedDomain::Train, 9, 0, Purpose::Trainer);
        let (mut features, mut labels) = (Vec::new(), Vec::new());
        for _ in 0..rows {
            let hidden: [f32; 3] = std::array::from_fn(|_| StandardNormal.sample(&mut generator));
            features.extend((0..FEATURES).map(|entry| hidden[entry % 3] * if entry % 2 == 0 { 1.0 } else { -0.5 }));
            labels.push(u8::from(hidden[0] > 0.0));
        }
        (features, labels)
    }

    fn config() -> EncoderLearnerConfig {
        EncoderLearnerConfig { class_weight: 0.1, classes: 2, ..EncoderLearnerConfig::default() }
    }

    #[test]
    fn a_toy_is_given_back_told_apart_and_resumed_bitwise() {
        let (features, labels) = toy(512, 1);
        let epoch = |learner: &mut Learner| {
            let batches = features.chunks(128 * FEATURES).zip(labels.chunks(128));
            batches.map(|(features, labels)| learner.step(features, labels, 2e-3).expect("finite")).last()
        };
        let mut learner = Learner::new(config(), Default::default()).expect("sizes");
        let first = epoch(&mut learner).expect("batches");
        for _ in 0..10 {
            epoch(&mut learner);
        }
        let kept = learner.to_bytes().expect("finite");
        let mut last = first;
        for _ in 0..10 {
            last = epoch(&mut learner).expect("batches");
        }
        assert!(last.reconstruction < 0.1 * first.reconstruction, "{first:?} to {last:?}");
        assert!(last.classification < 0.5 * first.classification, "{first:?} to {last:?}");
        let mut resumed = Learner::new(config(), Default::default()).expect("sizes");
        resumed.load_bytes(&kept).expect("its own");
        for _ in 0..10 {
            epoch(&mut resumed);
        }
        assert_eq!((resumed.parameters(), resumed.steps()), (learner.parameters(), 4 * 21));

        // Loaded for the CPU, it says the same.
        let scaling = Scaling { tile: vec![[Extent::UNIT; 30]; 3], features: vec![Extent::UNIT; FEATURES] };
        let loaded = AdversaryEncoder::new(learner.parameters(), scaling, Vec::new(), serde_json::Value::Null);
        let encodings = loaded.encode(&features);
        for (ours, theirs) in [
            (&encodings, learner.encode(&features)),
            (&loaded.reconstruct(&encodings), learner.reconstruct(&encodings)),
        ] {
            assert!(ours.iter().zip(&theirs).all(|(a, b)| (a - b).abs() < 1e-4) && ours.len() == theirs.len());
        }
    }

    #[test]
    fn what_cannot_be_teaches_nothing() {
        let mut learner = Learner::new(config(), Default::default()).expect("sizes");
        let before = learner.to_bytes().expect("finite");
        let (mut features, labels) = toy(4, 2);
        let mut told =
            |features: &[f32], labels: &[u8]| learner.step(features, labels, 1e-3).expect_err("it cannot").to_string();
        assert!(told(&features[1..], &labels).contains("511 numbers"));
        assert!(told(&features, &labels[1..]).contains("3 labels for 4 rows"));
        assert!(told(&features, &[0, 1, 2, 0]).contains("2 classes"));
        features[5] = f32::INFINITY;
        assert!(told(&features, &labels).contains("a feature is not finite (inf)"));
        assert!(learner.to_bytes().expect("finite") == before);
        let spoilt = EncoderLearnerConfig { input_dropout: 1.0, ..config() };
        assert!(Learner::new(spoilt, Default::default()).is_err());
        let other = EncoderLearnerConfig { classes: 3, ..config() };
        let error = Learner::new(other, Default::default()).expect("sizes").load_bytes(&before).expect_err("another");
        assert!(error.to_string().contains("2 classes, the run's is"), "{error}");
    }
}
