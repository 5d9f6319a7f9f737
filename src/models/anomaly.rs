//! How far what an encoder makes of a window lies from all that it was trained on, as a percentile of held-out windows.
//!
//! Two things are told of a window: how far its encoding lies from the nearest class that is known, and how badly the encoding gives
//! the window's features back. Each becomes a surprise, -ln of the share of held-out windows that score higher; their sum (Fisher's
//! method, Statistical Methods for Research Workers, 4th ed. (1932), section 21.1) is mapped to a percentile of the same held-out
//! windows once more, since the two are not independent.

use nalgebra::{Cholesky, DMatrix, DVector};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::calibration::CalibrationError;
use super::calibration::percentile::PercentileMap;
use super::telemetry_model::BadWindow;
use crate::sim::threat_class::ThreatClass;

/// The model of what is known, in an encoder's checkpoint.
pub const ANOMALY_FILE: &str = "anomaly.json";
/// Classes that are told with an anomaly, the nearest first.
pub const NEAREST: usize = 3;
/// Percentile above which a window counts as anomalous, unless another is chosen.
pub const ANOMALOUS_PERCENTILE: f64 = 95.0;
/// Least share that a surprise is taken of: half a step of the quantiles that a [`PercentileMap`] keeps.
const LEAST_SHARE: f64 = 5e-4;
/// Rows that are judged at once.
const CHUNK_ROWS: usize = 256;

/// How the clouds of encodings are shaped.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AnomalyConfig {
    /// Share of a class's own covariance, the rest being that of all classes about their means: 0 one shape for all, 1 each its own.
    /// Source: Friedman, Regularized Discriminant Analysis, J. Am. Stat. Assoc. 84 (1989) 165.
    #[schemars(extend("minimum" = 0.0, "maximum" = 1.0))]
    pub own_covariance: f64,
    /// Share of each covariance that is replaced by a sphere of its mean variance, so that directions in which training never
    /// varied do not divide by zero.
    #[schemars(extend("exclusiveMinimum" = 0.0, "maximum" = 1.0))]
    pub shrinkage: f64,
    /// Percentile of held-out windows above which a window is anomalous.
    #[schemars(extend("minimum" = 0.0, "maximum" = 100.0))]
    pub anomalous_percentile: f64,
}

impl Default for AnomalyConfig {
    fn default() -> Self {
        Self { own_covariance: 0.5, shrinkage: 1e-3, anomalous_percentile: ANOMALOUS_PERCENTILE }
    }
}

/// Why there is no such model, or it says nothing.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum AnomalyError {
    /// The encoder was trained, but nothing was fitted to its encodings.
    #[error("the encoder has no model of what is known ({ANOMALY_FILE}): it can encode, but not tell anomalies")]
    NotFitted,
    /// Rows of another shape.
    #[error("{values} numbers are no encodings of {rows} rows of {width}")]
    Shape {
        /// Numbers given.
        values: usize,
        /// Labels or errors given.
        rows: usize,
        /// Entries of an encoding.
        width: usize,
    },
    /// A class that is none.
    #[error("row {row}: there is no class {label}")]
    Label {
        /// The row.
        row: usize,
        /// Its label.
        label: usize,
    },
    /// A number that is none.
    #[error("row {row}: the {what} is not finite")]
    NotFinite {
        /// The row.
        row: usize,
        /// What is not.
        what: &'static str,
    },
    /// A setting that cannot be.
    #[error("{what} of {value}: expected {expected}")]
    Setting {
        /// Which.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// Encodings that do not vary.
    #[error("the covariance of {rows} encodings is not positive definite: they do not vary")]
    Degenerate {
        /// How many there were.
        rows: usize,
    },
    /// A file that is no such model.
    #[error("the model of what is known is damaged: {0}")]
    Damaged(&'static str),
    /// Scores that no percentile can be told of.
    #[error("percentiles: {0}")]
    Calibration(#[from] CalibrationError),
}

/// What an encoder made of one window.
#[derive(Clone, Debug, PartialEq)]
pub struct EncodedBehavior {
    /// The encoding, 64 numbers.
    pub encoding: Vec<f32>,
    /// Mean square of what the features given back are off, over the features that are there; see [`reconstruction_error`].
    pub reconstruction_error: f64,
}

/// What an encoder made of each of several windows, or what is wrong with it: a bad one spoils no other.
pub type EncodedWindows = Vec<Result<EncodedBehavior, BadWindow>>;

/// What is said of one window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    /// Share of held-out windows of known behaviour that were less strange \[%\], 0 to 100.
    pub percentile: f64,
    /// Whether that is more than the model's threshold.
    pub is_anomalous: bool,
    /// Mahalanobis distance of the encoding from the nearest class.
    pub distance: f64,
    /// Mean square of what the features given back are off, in scaled units.
    pub reconstruction_error: f64,
    /// The nearest classes with their distances, the nearest first; fewer than three where fewer are known.
    pub nearest: Vec<(ThreatClass, f64)>,
}

/// Mean square difference of scaled features and what was given back of them, over the features that are there.
///
/// A scaled feature of exactly zero was not measured, or rests at the median of training; neither is held against a window. Zero
/// where none is there.
#[must_use]
pub fn reconstruction_error(features: &[f32], given_back: &[f32]) -> f64 {
    let pairs = features.iter().zip(given_back).filter(|(feature, _)| **feature != 0.0);
    let (sum, count) = pairs.fold((0.0, 0.0), |(sum, count), (feature, back)| {
        let off = f64::from(*feature) - f64::from(*back);
        (sum + off * off, count + 1.0)
    });
    if count > 0.0 { sum / count } else { 0.0 }
}

/// The cloud of the encodings of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownCloud {
    class: ThreatClass,
    mean: Vec<f64>,
    /// L⁻¹ of the covariance L Lᵀ, its lower triangle row by row: |L⁻¹ (x - μ)| is the distance.
    whitening: Vec<f64>,
}

/// What is known, as clouds of encodings, and what held-out windows scored against it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnomalyModel {
    clouds: Vec<KnownCloud>,
    distances: PercentileMap,
    reconstruction_errors: PercentileMap,
    surprises: PercentileMap,
    anomalous_percentile: f64,
}

/// Encodings with what stands beside them, row by row.
#[derive(Clone, Copy, Debug)]
pub struct EncodedRows<'a> {
    /// Row-major, `width` a row.
    pub encodings: &'a [f32],
    /// Entries of an encoding.
    pub width: usize,
}

impl EncodedRows<'_> {
    fn check(&self, rows: usize) -> Result<(), AnomalyError> {
        let Self { encodings, width } = *self;
        if width == 0 || rows == 0 || encodings.len() != rows * width {
            return Err(AnomalyError::Shape { values: encodings.len(), rows, width });
        }
        match encodings.iter().position(|number| !number.is_finite()) {
            Some(index) => Err(AnomalyError::NotFinite { row: index / width, what: "encoding" }),
            None => Ok(()),
        }
    }
}

impl AnomalyModel {
    /// Fits clouds to training rows of the classes `labels`, and percentiles to held-out rows with their reconstruction errors.
    ///
    /// Classes without a row are not known.
    ///
    /// # Errors
    /// Rows of another shape or that are not finite, a label that is none, encodings that do not vary, a setting that cannot be.
    pub fn fit(
        training: EncodedRows<'_>,
        labels: &[usize],
        held_out: EncodedRows<'_>,
        held_out_errors: &[f64],
        config: AnomalyConfig,
    ) -> Result<Self, AnomalyError> {
        let AnomalyConfig { own_covariance, shrinkage, anomalous_percentile } = config;
        for (what, value, fits, expected) in [
            ("own covariance", own_covariance, (0.0..=1.0).contains(&own_covariance), "0 to 1"),
            ("shrinkage", shrinkage, shrinkage > 0.0 && shrinkage <= 1.0, "above 0, up to 1"),
            ("percentile", anomalous_percentile, (0.0..=100.0).contains(&anomalous_percentile), "0 to 100"),
        ] {
            if !fits {
                return Err(AnomalyError::Setting { what, value, expected });
            }
        }
        training.check(labels.len())?;
        held_out.check(held_out_errors.len())?;
        if training.width != held_out.width {
            let (values, rows) = (held_out.encodings.len(), held_out_errors.len());
            return Err(AnomalyError::Shape { values, rows, width: training.width });
        }
        if let Some(row) = labels.iter().position(|label| *label >= ThreatClass::ALL.len()) {
            return Err(AnomalyError::Label { row, label: labels[row] });
        }
        let clouds = clouds(training, labels, own_covariance, shrinkage)?;
        let distances: Vec<f64> = least(&distances_of(&clouds, held_out));
        let mut model = Self {
            clouds,
            distances: PercentileMap::fit(&distances)?,
            reconstruction_errors: PercentileMap::fit(held_out_errors)?,
            surprises: PercentileMap::fit(&[0.0])?,
            anomalous_percentile,
        };
        let surprises: Vec<f64> =
            distances.iter().zip(held_out_errors).map(|(distance, error)| model.surprise(*distance, *error)).collect();
        model.surprises = PercentileMap::fit(&surprises)?;
        Ok(model)
    }

    /// Whether it can be used with encodings of so many entries, as it must be after reading it from a file.
    ///
    /// # Errors
    /// When it cannot.
    pub fn check(&self, width: usize) -> Result<(), AnomalyError> {
        let sound = |cloud: &KnownCloud| {
            let finite = cloud.mean.iter().chain(&cloud.whitening).all(|number| number.is_finite());
            finite && cloud.mean.len() == width && cloud.whitening.len() == width * (width + 1) / 2
        };
        if self.clouds.is_empty() || !self.clouds.iter().all(sound) {
            return Err(AnomalyError::Damaged("a cloud is of another size, or not finite"));
        }
        if !(0.0..=100.0).contains(&self.anomalous_percentile) {
            return Err(AnomalyError::Damaged("its threshold is no percentile"));
        }
        Ok(())
    }

    /// Classes that are known.
    pub fn classes(&self) -> impl Iterator<Item = ThreatClass> {
        self.clouds.iter().map(|cloud| cloud.class)
    }

    /// Percentile above which a window counts as anomalous.
    #[must_use]
    pub fn anomalous_percentile(&self) -> f64 {
        self.anomalous_percentile
    }

    /// What is said of rows with their reconstruction errors.
    ///
    /// # Errors
    /// Rows of another shape, or that are not finite.
    pub fn judge(&self, rows: EncodedRows<'_>, errors: &[f64]) -> Result<Vec<Anomaly>, AnomalyError> {
        if errors.is_empty() && rows.encodings.is_empty() {
            return Ok(Vec::new());
        }
        rows.check(errors.len())?;
        self.check(rows.width)?;
        if let Some(row) = errors.iter().position(|error| !error.is_finite()) {
            return Err(AnomalyError::NotFinite { row, what: "reconstruction error" });
        }
        let distances = distances_of(&self.clouds, rows);
        Ok(distances.iter().zip(errors).map(|(distances, error)| self.anomaly(distances, *error)).collect())
    }

    fn anomaly(&self, distances: &[f64], reconstruction_error: f64) -> Anomaly {
        let mut nearest: Vec<(ThreatClass, f64)> = self.classes().zip(distances.iter().copied()).collect();
        nearest.sort_by(|(_, a), (_, b)| a.total_cmp(b));
        nearest.truncate(NEAREST);
        let distance = nearest.first().map_or(f64::INFINITY, |(_, distance)| *distance);
        let surprise = self.surprise(distance, reconstruction_error);
        let percentile = self.surprises.percentile(surprise).unwrap_or(100.0);
        let is_anomalous = percentile > self.anomalous_percentile;
        Anomaly { percentile, is_anomalous, distance, reconstruction_error, nearest }
    }

    /// How strange a window is: in the order of its percentile, but without an upper end.
    #[must_use]
    pub fn surprise(&self, distance: f64, reconstruction_error: f64) -> f64 {
        // Fisher's -ln p₁ - ln p₂.
        surprise(&self.distances, distance) + surprise(&self.reconstruction_errors, reconstruction_error)
    }
}

/// -ln of the share of held-out scores above this one; beyond the greatest the share is taken to fall as one over the score, so that
/// what is stranger than anything seen keeps its order.
fn surprise(held_out: &PercentileMap, score: f64) -> f64 {
    let share = 1.0 - held_out.percentile(score).unwrap_or(100.0) / 100.0;
    let greatest = held_out.score_at(1.0).unwrap_or(f64::MAX);
    let beyond = if score > greatest && greatest > 0.0 { libm::log(score / greatest) } else { 0.0 };
    beyond - libm::log(share.max(LEAST_SHARE))
}

/// Means and covariances by class.
fn clouds(
    rows: EncodedRows<'_>,
    labels: &[usize],
    own_covariance: f64,
    shrinkage: f64,
) -> Result<Vec<KnownCloud>, AnomalyError> {
    let EncodedRows { encodings, width } = rows;
    let of_class = |class: usize| {
        let rows: Vec<&[f32]> = encodings
            .chunks_exact(width)
            .zip(labels)
            .filter(|(_, label)| **label == class)
            .map(|(row, _)| row)
            .collect();
        let mut mean = DVector::zeros(width);
        for row in &rows {
            mean.iter_mut().zip(*row).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        mean /= rows.len().max(1) as f64;
        // S = Σ (x - μ) (x - μ)ᵀ, chunk by chunk in a fixed order.
        let mut scatter = DMatrix::zeros(width, width);
        for chunk in rows.chunks(CHUNK_ROWS) {
            let mut centred = DMatrix::from_iterator(
                width,
                chunk.len(),
                chunk.iter().flat_map(|row| row.iter().map(|x| f64::from(*x))),
            );
            centred.column_iter_mut().for_each(|mut row| row -= &mean);
            scatter += &centred * centred.transpose();
        }
        (rows.len(), mean, scatter)
    };
    let found: Vec<(usize, DVector<f64>, DMatrix<f64>)> =
        (0..ThreatClass::ALL.len()).into_par_iter().map(of_class).collect();
    let mut pooled = DMatrix::zeros(width, width);
    for (_, _, scatter) in &found {
        pooled += scatter;
    }
    pooled /= labels.len() as f64;
    let known = ThreatClass::ALL.into_iter().zip(found).filter(|(_, (rows, ..))| *rows > 0);
    known
        .map(|(class, (rows, mean, scatter))| {
            let mut covariance = scatter * (own_covariance / rows as f64) + &pooled * (1.0 - own_covariance);
            let sphere = covariance.trace() / width as f64;
            covariance *= 1.0 - shrinkage;
            for index in 0..width {
                covariance[(index, index)] += shrinkage * sphere;
            }
            let lower = Cholesky::new(covariance).map(|cholesky| cholesky.l());
            let inverse = lower.and_then(|lower| lower.solve_lower_triangular(&DMatrix::identity(width, width)));
            let inverse = inverse.ok_or(AnomalyError::Degenerate { rows })?;
            let whitening = (0..width).flat_map(|row| (0..=row).map(move |column| (row, column)));
            let whitening = whitening.map(|place| inverse[place]).collect();
            Ok(KnownCloud { class, mean: mean.as_slice().to_vec(), whitening })
        })
        .collect()
}

/// Distances of each row from each cloud, whatever the number of threads.
fn distances_of(clouds: &[KnownCloud], rows: EncodedRows<'_>) -> Vec<Vec<f64>> {
    let of_row = |row: &[f32]| clouds.iter().map(|cloud| cloud.distance(row)).collect();
    rows.encodings.par_chunks_exact(rows.width).map(of_row).collect()
}

fn least(distances: &[Vec<f64>]) -> Vec<f64> {
    distances.iter().map(|row| row.iter().copied().fold(f64::INFINITY, f64::min)).collect()
}

impl KnownCloud {
    /// √((x - μ)ᵀ Σ⁻¹ (x - μ)).
    fn distance(&self, encoding: &[f32]) -> f64 {
        let centred: Vec<f64> = encoding.iter().zip(&self.mean).map(|(x, mean)| f64::from(*x) - mean).collect();
        let (mut sum, mut from) = (0.0, 0);
        for length in 1..=centred.len() {
            let row = &self.whitening[from..from + length];
            let whitened: f64 = row.iter().zip(&centred).map(|(weight, x)| weight * x).sum();
            sum += whitened * whitened;
            from += length;
        }
        sum.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    const WIDTH: usize = 6;

    /// Rows about one of three corners, with labels 0, 1 and 4, and errors about 1; each number a sum of four uniform ones.
    fn known(rows: usize, seed: u64) -> (Vec<f32>, Vec<usize>, Vec<f64>) {
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut noise = move || (0..4).map(|_| generator.random_range(-0.5..0.5_f32)).sum::<f32>();
        let (mut encodings, mut labels, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..rows {
            let corner = row % 3;
            encodings.extend((0..WIDTH).map(|entry| noise() + if entry == corner { 5.0 } else { 0.0 }));
            labels.push([0, 1, 4][corner]);
            errors.push(f64::from(1.0 + 0.3 * noise()));
        }
        (encodings, labels, errors)
    }

    fn rows(encodings: &[f32]) -> EncodedRows<'_> {
        EncodedRows { encodings, width: WIDTH }
    }

    fn fitted() -> AnomalyModel {
        let ((training, labels, _), (held_out, _, errors)) = (known(3_000, 1), known(3_000, 2));
        AnomalyModel::fit(rows(&training), &labels, rows(&held_out), &errors, AnomalyConfig::default()).unwrap()
    }

    #[test]
    fn percentiles_are_uniform_on_rows_that_no_one_has_seen() {
        let model = fitted();
        let (encodings, labels, errors) = known(3_000, 3);
        let anomalies = model.judge(rows(&encodings), &errors).unwrap();
        for percentile in [10.0, 50.0, 90.0, 95.0] {
            let below = anomalies.iter().filter(|anomaly| anomaly.percentile <= percentile).count() as f64 / 30.0;
            // Two samples of 3,000: four standard deviations of the difference are 4 √(2 × 0.25 / 3000) = 5.2 %.
            assert!((below - percentile).abs() < 5.2, "{below} % below {percentile}");
        }
        let above = anomalies.iter().filter(|anomaly| anomaly.is_anomalous).count();
        assert!((75..=225).contains(&above), "{above} of 3,000 above the 95th");
        let right = anomalies.iter().zip(&labels).filter(|(anomaly, label)| anomaly.nearest[0].0.index() == **label);
        assert!(right.count() > 2_990);
        assert!(anomalies.iter().all(|anomaly| anomaly.nearest.len() == 3 && anomaly.nearest[0].1 == anomaly.distance));
    }

    #[test]
    fn what_is_far_or_badly_given_back_is_anomalous_and_keeps_its_order() {
        let model = fitted();
        let at = |offset: f32| -> Vec<f32> { (0..WIDTH).map(|entry| if entry == 5 { offset } else { 0.0 }).collect() };
        let of = |offset: f32, error: f64| model.judge(rows(&at(offset)), &[error]).unwrap().remove(0);
        assert!(of(20.0, 1.0).is_anomalous && of(20.0, 1.0).percentile > 99.0);
        let near: Vec<f32> = (0..WIDTH).map(|entry| if entry == 0 { 5.0 } else { 0.0 }).collect();
        let calm = model.judge(rows(&near), &[1.0]).unwrap().remove(0);
        let bad = model.judge(rows(&near), &[100.0]).unwrap().remove(0);
        assert!(!calm.is_anomalous && bad.is_anomalous, "{calm:?} {bad:?}");
        let surprise = |anomaly: &Anomaly| model.surprise(anomaly.distance, anomaly.reconstruction_error);
        assert!(surprise(&of(40.0, 1.0)) > surprise(&of(20.0, 1.0)));
    }

    #[test]
    fn distances_are_those_by_hand() {
        // Two rows a class and one shape for all: variance 1 along either axis, no covariance; the sphere changes nothing.
        let training = [1.0, 0.0, -1.0, 0.0, 10.0, 1.0, 10.0, -1.0];
        let config = AnomalyConfig { own_covariance: 0.0, shrinkage: 0.5, ..AnomalyConfig::default() };
        let of = |encodings| EncodedRows { encodings, width: 2 };
        let model = AnomalyModel::fit(of(&training), &[0, 0, 2, 2], of(&training), &[1.0; 4], config).unwrap();
        let anomaly = model.judge(of(&[3.0, 4.0]), &[1.0]).unwrap().remove(0);
        // Σ = diag(1/2, 1/2): 5 √2, and √(49 + 16) √2.
        assert!((anomaly.distance - 50.0_f64.sqrt()).abs() < 1e-12, "{anomaly:?}");
        assert!((anomaly.nearest[1].1 - 130.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!([anomaly.nearest[0].0, anomaly.nearest[1].0], [ThreatClass::Nominal, ThreatClass::Inspection]);
    }

    #[test]
    fn it_survives_a_file_to_the_bit() {
        let model = fitted();
        let read: AnomalyModel = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
        assert_eq!(read, model);
        assert_eq!(read.check(WIDTH), Ok(()));
        assert!(matches!(read.check(WIDTH + 1), Err(AnomalyError::Damaged(_))));
    }

    #[test]
    fn what_cannot_be_is_told() {
        let (encodings, labels, errors) = known(30, 1);
        let config = AnomalyConfig::default();
        let fit = |encodings: &[f32], labels: &[usize], errors: &[f64], config| {
            AnomalyModel::fit(rows(encodings), labels, rows(encodings), errors, config).unwrap_err()
        };
        assert!(matches!(fit(&encodings[1..], &labels, &errors, config), AnomalyError::Shape { .. }));
        assert!(matches!(fit(&[], &[], &[], config), AnomalyError::Shape { .. }));
        assert!(matches!(fit(&encodings, &[12; 30], &errors, config), AnomalyError::Label { row: 0, label: 12 }));
        assert!(matches!(fit(&[1.0; 180], &labels, &errors, config), AnomalyError::Degenerate { .. }));
        assert!(matches!(fit(&encodings, &labels, &[f64::NAN; 30], config), AnomalyError::Calibration(_)));
        let unshrunk = AnomalyConfig { shrinkage: 0.0, ..config };
        assert!(matches!(fit(&encodings, &labels, &errors, unshrunk), AnomalyError::Setting { .. }));
        let model = fitted();
        assert_eq!(model.judge(rows(&[]), &[]), Ok(Vec::new()));
        assert!(matches!(model.judge(rows(&[0.0; 5]), &[1.0]), Err(AnomalyError::Shape { .. })));
        assert!(matches!(model.judge(rows(&[f32::NAN; 6]), &[1.0]), Err(AnomalyError::NotFinite { row: 0, .. })));
        assert!(matches!(model.judge(rows(&[0.0; 6]), &[f64::INFINITY]), Err(AnomalyError::NotFinite { .. })));
    }

    #[test]
    fn a_feature_that_is_not_there_is_not_held_against_a_window() {
        assert_eq!(reconstruction_error(&[1.0, 0.0, 3.0], &[2.0, 9.0, 1.0]), 2.5);
        assert_eq!(reconstruction_error(&[0.0; 3], &[2.0, 9.0, 1.0]), 0.0);
    }
}
