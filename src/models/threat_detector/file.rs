//! A trained detector with all that it takes to use it: weights, scaling, calibration; on disk and loaded for the CPU.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::fused::{DetectorActivations, FusedDetector};
use super::{DetectorParameters, TILE, ThreatDetectorConfig};
use crate::models::checkpoint::Checkpoint;
use crate::models::named_tensors::{Precision, from_safetensors, to_safetensors};
use crate::models::risk::{RISK_FILE, RiskModel};
use crate::models::telemetry_model::{self, BadWindow, ModelFileError, SCALING_FILE, TelemetryModelMeta, no_model};
use crate::telemetry::scaling::{INPUT_VERSION, Scaling};
use crate::telemetry::window::TelemetryWindow;

/// The weights in a checkpoint.
pub const WEIGHTS_FILE: &str = "detector.safetensors";
/// The calibration in a checkpoint.
pub const CALIBRATION_FILE: &str = "calibration.json";
/// What the weights call themselves.
pub const NETWORK: &str = "threat_detector";
/// Images that go through together: their activations take 16 MB.
const INFERENCE_BATCH: usize = 256;

/// What a checkpoint says of a detector.
pub type DetectorMeta = TelemetryModelMeta<ThreatDetectorConfig>;

/// What turns logits into probabilities and judgements; chosen on validation data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DetectorCalibration {
    /// What logits are divided by before the softmax. Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    pub temperature: f64,
    /// Score beyond which a window counts as out of distribution; none before it was chosen.
    pub out_of_distribution_threshold: Option<f64>,
}

impl Default for DetectorCalibration {
    fn default() -> Self {
        Self { temperature: 1.0, out_of_distribution_threshold: None }
    }
}

/// A detector, loaded.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreatDetector {
    /// What it is.
    pub meta: DetectorMeta,
    /// What its inputs are scaled by.
    pub scaling: Scaling,
    /// How its logits are read.
    pub calibration: DetectorCalibration,
    /// What tells harm from what it detects; none before it was fitted.
    pub risk: Option<RiskModel>,
    network: FusedDetector,
}

impl ThreatDetector {
    /// A detector of these weights; `classes`: their names, by index; `training`: what the trainer says of where it comes from.
    ///
    /// # Panics
    /// When the weights are not of these sizes.
    #[must_use]
    pub fn new(
        sizes: ThreatDetectorConfig,
        parameters: &DetectorParameters,
        scaling: Scaling,
        classes: Vec<String>,
        training: serde_json::Value,
    ) -> Self {
        let network = FusedDetector::new(&sizes, parameters);
        assert!(network.has_sizes(&sizes), "the weights are of other sizes than {sizes:?}");
        let (network_name, precision) = (NETWORK.to_owned(), Precision::Single);
        let input_version = INPUT_VERSION;
        let meta = DetectorMeta { network: network_name, input_version, sizes, classes, precision, training };
        Self { meta, scaling, calibration: DetectorCalibration::default(), risk: None, network }
    }

    /// Reads one from a directory.
    ///
    /// # Errors
    /// When it holds no detector, one of other inputs, or a damaged one.
    pub fn open(directory: &Path) -> Result<Self, ModelFileError> {
        Self::load(&Checkpoint::open(directory)?)
    }

    /// Takes one from a checkpoint.
    ///
    /// # Errors
    /// As [`ThreatDetector::open`].
    pub fn load(checkpoint: &Checkpoint) -> Result<Self, ModelFileError> {
        let (meta, scaling): (DetectorMeta, _) = telemetry_model::read(checkpoint, NETWORK)?;
        let fault = |reason: &dyn std::fmt::Display| no_model(checkpoint, NETWORK, reason);
        meta.sizes.check().map_err(|error| fault(&error))?;
        if meta.classes.len() != meta.sizes.classes {
            return Err(fault(&format!("{} names for {} classes", meta.classes.len(), meta.sizes.classes)));
        }
        let calibration: DetectorCalibration = telemetry_model::json(checkpoint, NETWORK, CALIBRATION_FILE)?;
        if !(calibration.temperature.is_finite() && calibration.temperature > 0.0) {
            return Err(fault(&format!("a temperature of {} is not positive", calibration.temperature)));
        }
        let risk = if checkpoint.has(RISK_FILE) {
            let risk: RiskModel = telemetry_model::json(checkpoint, NETWORK, RISK_FILE)?;
            risk.check().map_err(|error| fault(&error))?;
            Some(risk)
        } else {
            None
        };
        let tensors = from_safetensors(checkpoint.file(WEIGHTS_FILE)?)?;
        let parameters = DetectorParameters::from_tensors(&meta.sizes, tensors)?;
        let network = FusedDetector::new(&meta.sizes, &parameters);
        Ok(Self { meta, scaling, calibration, risk, network })
    }

    /// Writes it to `checkpoints/step_N`, beside other files (name, content), and returns the directory.
    ///
    /// # Errors
    /// When a file cannot be written, or a weight is too large for half precision.
    pub fn write(
        &self,
        checkpoints: &Path,
        step: u64,
        precision: Precision,
        others: &[(&str, &[u8])],
    ) -> Result<PathBuf, ModelFileError> {
        let weights = to_safetensors(&self.network.parameters().to_tensors(), precision)?;
        let text = |value: serde_json::Result<Vec<u8>>| value.expect("plain numbers are JSON");
        let scaling = text(serde_json::to_vec(&self.scaling));
        let calibration = text(serde_json::to_vec_pretty(&self.calibration));
        let mut files: Vec<(&str, &[u8])> =
            vec![(WEIGHTS_FILE, &weights), (SCALING_FILE, &scaling), (CALIBRATION_FILE, &calibration)];
        let risk = self.risk.as_ref().map(|risk| text(serde_json::to_vec_pretty(risk)));
        files.extend(risk.as_deref().map(|risk| (RISK_FILE, risk)));
        files.extend(others);
        let meta = DetectorMeta { precision, ..self.meta.clone() };
        let meta = serde_json::to_value(&meta).expect("names and numbers are JSON");
        Ok(Checkpoint::write(checkpoints, step, &files, meta)?)
    }

    /// The weights.
    #[must_use]
    pub fn parameters(&self) -> DetectorParameters {
        self.network.parameters()
    }

    /// Logits of scaled tiles [rows, 2700], [rows, classes].
    #[must_use]
    pub fn logits(&self, tiles: &[f32]) -> Vec<f32> {
        self.network.logits(tiles)
    }

    /// Logits of windows, [rows, classes].
    ///
    /// # Errors
    /// With the first window that nothing can be made of.
    pub fn logits_of(&self, windows: &[TelemetryWindow]) -> Result<Vec<f32>, BadWindow> {
        let inputs = telemetry_model::inputs_of(windows, &self.scaling)?;
        let mut tiles = vec![0.0; windows.len() * TILE];
        tiles.par_chunks_exact_mut(TILE).zip(&inputs).for_each(|(tile, inputs)| tile.copy_from_slice(&inputs.tile));
        Ok(self.logits(&tiles))
    }
}

impl FusedDetector {
    /// Logits of tiles [rows, 2700], [rows, classes], some at a time.
    #[must_use]
    pub fn logits(&self, tiles: &[f32]) -> Vec<f32> {
        let mut activations = DetectorActivations::default();
        let mut logits = Vec::with_capacity(tiles.len() / TILE * self.config().classes);
        for tiles in tiles.chunks(INFERENCE_BATCH * TILE) {
            self.forward(tiles, None, &mut activations);
            logits.extend_from_slice(&activations.logits);
        }
        logits
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::models::checkpoint::MANIFEST_FILE;
    use crate::sim::seeds::{Purpose, SeedDomain, stream};
    use crate::telemetry::channels::CHANNELS;
    use crate::telemetry::features::FEATURES;
    use crate::telemetry::scaling::Extent;
    use crate::telemetry::window::Context;

    fn detector() -> ThreatDetector {
        let sizes = ThreatDetectorConfig { channels: 4, hidden: 32, classes: 2 };
        let parameters = DetectorParameters::new(&sizes, &mut stream(1, SeedDomain::Train, 0, 0, Purpose::Policy));
        let scaling = Scaling { tile: vec![[Extent::UNIT; CHANNELS]; 3], features: vec![Extent::UNIT; FEATURES] };
        let classes = vec!["calm".to_owned(), "storm".to_owned()];
        ThreatDetector::new(sizes, &parameters, scaling, classes, serde_json::json!({ "seed": 1 }))
    }

    fn windows() -> Vec<TelemetryWindow> {
        let window = |seed: usize| TelemetryWindow {
            interval_s: 30.0,
            samples: vec![std::array::from_fn(|c| if c == 12 { -3.0 } else { ((seed + c) % 7) as f64 / 7.0 }); 30],
            context: Context::default(),
        };
        (0..40).map(window).collect()
    }

    #[test]
    fn what_is_read_back_says_the_same_bits_and_in_half_precision_nearly() {
        let directory = tempfile::tempdir().expect("a place");
        let detector = ThreatDetector {
            calibration: DetectorCalibration { temperature: 1.3, out_of_distribution_threshold: Some(0.7) },
            ..detector()
        };
        let path = detector.write(directory.path(), 5, Precision::Single, &[("card.md", b"# card")]).expect("room");
        let back = ThreatDetector::open(&path).expect("whole");
        assert_eq!(back, detector);
        let logits = detector.logits_of(&windows()).expect("windows");
        assert_eq!(back.logits_of(&windows()).expect("windows"), logits);
        assert_eq!(logits.len(), 80);

        let path = detector.write(directory.path(), 6, Precision::Half, &[]).expect("room");
        let half = ThreatDetector::open(&path).expect("whole");
        assert_eq!(half.meta.precision, Precision::Half);
        let bytes = |path: &Path| fs::metadata(path.join(WEIGHTS_FILE)).expect("there").len();
        assert!(bytes(&path) < bytes(&directory.path().join("step_5")) * 11 / 20);
        for (half, whole) in half.logits_of(&windows()).expect("windows").iter().zip(&logits) {
            assert!((half - whole).abs() < 1e-3 && half.is_finite(), "{half} against {whole}");
        }
    }

    #[test]
    fn what_is_no_detector_is_refused_by_name() {
        let directory = tempfile::tempdir().expect("a place");
        let refused = |meta: DetectorMeta| {
            let path =
                ThreatDetector { meta, ..detector() }.write(directory.path(), 1, Precision::Single, &[]).expect("room");
            ThreatDetector::open(&path).expect_err("another").to_string()
        };
        let meta = detector().meta;
        let encoder = refused(DetectorMeta { network: "adversary_encoder".to_owned(), ..meta.clone() });
        assert!(encoder.contains("its network is \"adversary_encoder\", needed is \"threat_detector\""), "{encoder}");
        assert!(refused(DetectorMeta { input_version: 9, ..meta.clone() }).contains("its input_version is 9"));
        let sizes = ThreatDetectorConfig { hidden: 64, ..meta.sizes.clone() };
        let other = refused(DetectorMeta { sizes, ..meta.clone() });
        assert!(other.contains("`hidden.weight` is of shape [784, 32], the network's is [784, 64]"), "{other}");
        let fewer = refused(DetectorMeta { classes: vec!["calm".to_owned()], ..meta });
        assert!(fewer.contains("1 names for 2 classes"), "{fewer}");

        let path = detector().write(directory.path(), 2, Precision::Single, &[]).expect("room");
        let weights = path.join(WEIGHTS_FILE);
        let mut bytes = fs::read(&weights).expect("there");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&weights, bytes).expect("room");
        assert!(ThreatDetector::open(&path).expect_err("altered").to_string().contains("was altered"));
        fs::remove_file(path.join(MANIFEST_FILE)).expect("there");
        assert!(ThreatDetector::open(&path).expect_err("half written").to_string().contains("half written"));
    }

    #[test]
    fn a_window_that_is_none_is_named() {
        let mut windows = windows();
        windows[3].samples.clear();
        let error = detector().logits_of(&windows).expect_err("empty").to_string();
        assert!(error.contains("window 3: a window has 1 to 30 samples"), "{error}");
        assert!(detector().logits_of(&[]).expect("nothing").is_empty());
    }
}
