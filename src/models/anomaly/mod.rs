//! How far what an encoder makes of a window lies from all that it was trained on, as a percentile of held-out windows.
//!
//! Four parts of a window are judged each by itself: how its object moves, how it will pass, how it looks, and what own systems tell. Of a
//! part, what the encoding gives back and what that is off are taken together, and scored by their Gaussian density in a class. A window
//! is as strange as its strangest part, each of which has a share of the false alarms ([`Part::share`]), in the one class that explains
//! it best; all is mapped to percentiles of held-out windows, never of those that were trained on.
//!
//! Judged as one, the numbers in which nothing is strange would hide those in which much is: of 128 features, a behaviour that is
//! new in its motion alone changes a few.

mod cloud;
mod part;

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use self::cloud::{Cloud, OwnShape, clouds};
use self::part::KnownPart;
pub use self::part::{Part, PartAnomaly};
use super::calibration::CalibrationError;
use super::calibration::percentile::PercentileMap;
use super::telemetry_model::BadWindow;
use crate::sim::threat_class::ThreatClass;
use crate::telemetry::features::FEATURES;

/// The model of what is known, in an encoder's checkpoint.
pub const ANOMALY_FILE: &str = "anomaly.json";
/// Classes that are told with an anomaly, the nearest first.
pub const NEAREST: usize = 3;
/// Percentile above which a window counts as anomalous, unless another is chosen.
pub const ANOMALOUS_PERCENTILE: f64 = 95.0;
/// How clouds are shaped.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AnomalyConfig {
    /// Share of a class's own covariance of encodings, the rest being that of all classes about their means: 0 one shape for all, 1 each its
    /// own. By these clouds the nearest classes are told.
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
        Self { own_covariance: 0.5, shrinkage: 1e-2, anomalous_percentile: ANOMALOUS_PERCENTILE }
    }
}

/// Why there is no such model, or it says nothing.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum AnomalyError {
    /// The encoder was trained, but nothing was fitted to its encodings.
    #[error("the encoder has no model of what is known ({ANOMALY_FILE}): it can encode, but not tell anomalies")]
    NotFitted,
    /// Rows of another shape.
    #[error("{values} numbers are no {rows} rows of {width}")]
    Shape {
        /// Numbers given.
        values: usize,
        /// Rows that there are.
        rows: usize,
        /// Numbers that each should have.
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
    /// What the features given back are off: scaled features less those, 128 numbers.
    pub residual: Vec<f32>,
    /// Mean square of that, over the features that are there; see [`reconstruction_error`].
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
    /// How strange each part is in the class that explains the window best.
    pub parts: Vec<PartAnomaly>,
    /// The surprise of the strangest part, in the order of the percentile, but without an upper end.
    pub surprise: f64,
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

/// What is known: encodings as clouds, and the parts of windows, each with what held-out windows scored against it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnomalyModel {
    clouds: Vec<Cloud>,
    parts: Vec<KnownPart>,
    surprises: PercentileMap,
    anomalous_percentile: f64,
}

/// Windows as an encoder has them, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EncodedRows {
    /// Encodings, row-major.
    pub encodings: Vec<f32>,
    /// Scaled features given back of them, [rows, 128].
    pub given_back: Vec<f32>,
    /// What those are off, [rows, 128].
    pub residuals: Vec<f32>,
    /// The [`reconstruction_error`] of each row.
    pub errors: Vec<f64>,
}

impl EncodedRows {
    fn rows(&self) -> usize {
        self.errors.len()
    }

    /// Fails where there is no row of encodings of this width, or a number that is not finite.
    fn check(&self, width: usize) -> Result<(), AnomalyError> {
        let rows = self.rows();
        for (what, numbers, width) in [
            ("encoding", &self.encodings, width),
            ("feature given back", &self.given_back, FEATURES),
            ("residual", &self.residuals, FEATURES),
        ] {
            if width == 0 || rows == 0 || numbers.len() != rows * width {
                return Err(AnomalyError::Shape { values: numbers.len(), rows, width });
            }
            if let Some(index) = numbers.iter().position(|number| !number.is_finite()) {
                return Err(AnomalyError::NotFinite { row: index / width, what });
            }
        }
        match self.errors.iter().position(|error| !error.is_finite()) {
            Some(row) => Err(AnomalyError::NotFinite { row, what: "reconstruction error" }),
            None => Ok(()),
        }
    }
}

impl AnomalyModel {
    /// Fits clouds to training rows of the classes `labels`, and percentiles to held-out rows.
    ///
    /// Classes without a row are not known.
    ///
    /// # Errors
    /// Rows of another shape or that are not finite, a label that is none, rows that do not vary, a setting that cannot be.
    pub fn fit(
        training: &EncodedRows,
        labels: &[usize],
        held_out: &EncodedRows,
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
        let (rows, width) = (labels.len(), training.encodings.len() / labels.len().max(1));
        if training.rows() != rows {
            return Err(AnomalyError::Shape { values: training.rows(), rows, width: 1 });
        }
        training.check(width)?;
        held_out.check(width)?;
        if let Some(row) = labels.iter().position(|label| *label >= ThreatClass::ALL.len()) {
            return Err(AnomalyError::Label { row, label: labels[row] });
        }
        let parts = Part::ALL.map(|part| KnownPart::fit(part, training, labels, held_out, shrinkage));
        let mut model = Self {
            clouds: clouds(&training.encodings, width, labels, OwnShape::Share(own_covariance), shrinkage)?,
            parts: parts.into_iter().collect::<Result<_, _>>()?,
            surprises: PercentileMap::fit(&[0.0])?,
            anomalous_percentile,
        };
        let surprises: Vec<f64> = model.strangest(held_out).into_iter().map(|(_, surprise)| surprise).collect();
        model.surprises = PercentileMap::fit(&surprises)?;
        Ok(model)
    }

    /// Whether it can be used with encodings of so many entries, as it must be after reading it from a file.
    ///
    /// # Errors
    /// When it cannot.
    pub fn check(&self, width: usize) -> Result<(), AnomalyError> {
        if self.clouds.is_empty() || !self.clouds.iter().all(|cloud| cloud.is_sound(width)) {
            return Err(AnomalyError::Damaged("a cloud is of another size, or not finite"));
        }
        if self.parts.is_empty() || !self.parts.iter().all(|part| part.is_sound(self.clouds.len())) {
            return Err(AnomalyError::Damaged("a part is of another size, or not finite"));
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

    /// What is said of rows.
    ///
    /// # Errors
    /// Rows of another shape, or that are not finite.
    pub fn judge(&self, rows: &EncodedRows) -> Result<Vec<Anomaly>, AnomalyError> {
        if *rows == EncodedRows::default() {
            return Ok(Vec::new());
        }
        let width = rows.encodings.len() / rows.rows().max(1);
        rows.check(width)?;
        self.check(width)?;
        let encodings: Vec<&[f32]> = rows.encodings.chunks_exact(width).collect();
        let nearest: Vec<_> = encodings.into_par_iter().map(|encoding| self.nearest(encoding)).collect();
        let judged = self.strangest(rows).into_iter().zip(nearest).zip(&rows.errors);
        let anomalies = judged.map(|(((parts, surprise), nearest), error)| {
            let percentile = self.surprises.percentile(surprise).unwrap_or(100.0);
            Anomaly {
                percentile,
                is_anomalous: percentile > self.anomalous_percentile,
                distance: nearest.first().map_or(f64::INFINITY, |(_, distance)| *distance),
                reconstruction_error: *error,
                parts,
                surprise,
                nearest,
            }
        });
        Ok(anomalies.collect())
    }

    /// The nearest classes with their distances.
    fn nearest(&self, encoding: &[f32]) -> Vec<(ThreatClass, f64)> {
        let mut nearest: Vec<_> = self.clouds.iter().map(|cloud| (cloud.class, cloud.distance(encoding))).collect();
        nearest.sort_by(|(_, a), (_, b)| a.total_cmp(b));
        nearest.truncate(NEAREST);
        nearest
    }

    /// How strange each part of each row is, and the greatest surprise, in the class in which that is least.
    fn strangest(&self, rows: &EncodedRows) -> Vec<(Vec<PartAnomaly>, f64)> {
        let judged: Vec<_> = self.parts.iter().map(|part| part.judge(rows)).collect();
        let strangest = |row: usize| {
            let of_class = |class: usize| {
                let parts = judged.iter().map(|part| part[row][class].0).collect();
                let greatest = judged.iter().map(|part| part[row][class].1).fold(f64::NEG_INFINITY, f64::max);
                (parts, greatest)
            };
            let all = (0..self.clouds.len()).map(of_class);
            all.min_by(|(_, one), (_, other)| one.total_cmp(other)).expect("a model knows a class")
        };
        (0..rows.rows()).map(strangest).collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::*;

    const WIDTH: usize = 6;

    /// Rows about one of three corners, with labels 0, 1 and 4, and errors about 1; each number a sum of four uniform ones.
    fn known(rows: usize, seed: u64) -> (EncodedRows, Vec<usize>) {
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut noise = move || (0..4).map(|_| generator.random_range(-0.5..0.5_f32)).sum::<f32>();
        let (mut encoded, mut labels) = (EncodedRows::default(), Vec::new());
        for row in 0..rows {
            let corner = row % 3;
            let place = |entry: usize| if entry % WIDTH == corner { 5.0 } else { 0.0 };
            encoded.encodings.extend((0..WIDTH).map(|entry| noise() + place(entry)));
            encoded.given_back.extend((0..FEATURES).map(|entry| noise() + place(entry)));
            encoded.residuals.extend((0..FEATURES).map(|_| 0.2 * noise()));
            encoded.errors.push(f64::from(1.0 + 0.3 * noise()));
            labels.push([0, 1, 4][corner]);
        }
        (encoded, labels)
    }

    fn fitted() -> AnomalyModel {
        let ((training, labels), (held_out, _)) = (known(3_000, 1), known(3_000, 2));
        AnomalyModel::fit(&training, &labels, &held_out, AnomalyConfig::default()).unwrap()
    }

    #[test]
    fn percentiles_are_uniform_on_rows_that_no_one_has_seen() {
        let model = fitted();
        let (rows, labels) = known(3_000, 3);
        let anomalies = model.judge(&rows).unwrap();
        let uniform = |told: &dyn Fn(&Anomaly) -> f64| {
            for percentile in [10.0, 50.0, 90.0, 95.0] {
                let below = anomalies.iter().filter(|anomaly| told(anomaly) <= percentile).count() as f64 / 30.0;
                // Two samples of 3,000: four standard deviations of the difference are 4 √(2 × 0.25 / 3000) = 5.2 %.
                assert!((below - percentile).abs() < 5.2, "{below} % below {percentile}");
            }
        };
        uniform(&|anomaly| anomaly.percentile);
        let above = anomalies.iter().filter(|anomaly| anomaly.is_anomalous).count();
        assert!((75..=225).contains(&above), "{above} of 3,000 above the 95th");
        let right = anomalies.iter().zip(&labels).filter(|(anomaly, label)| anomaly.nearest[0].0.index() == **label);
        assert!(right.count() > 2_990);
        assert!(anomalies.iter().all(|anomaly| anomaly.nearest.len() == 3 && anomaly.nearest[0].1 == anomaly.distance));
    }

    #[test]
    fn what_one_part_alone_shows_is_anomalous_and_keeps_its_order() {
        let model = fitted();
        let (calm, _) = known(1, 5);
        let told = |change: &dyn Fn(&mut EncodedRows)| {
            let mut rows = calm.clone();
            change(&mut rows);
            model.judge(&rows).unwrap().remove(0)
        };
        assert!(!told(&|_| ()).is_anomalous);
        for (index, part) in Part::ALL.into_iter().enumerate() {
            let off = |by: f32| told(&move |rows| rows.residuals[part.features()[1]] += by);
            let anomaly = off(3.0);
            assert!(anomaly.is_anomalous && anomaly.parts[index].percentile > 99.9, "{part:?} {anomaly:?}");
            let others = anomaly.parts.iter().filter(|other| other.part != part);
            assert!(others.map(|other| other.percentile).fold(0.0, f64::max) < 99.0, "{part:?} {anomaly:?}");
            assert!(off(6.0).surprise > anomaly.surprise && off(6.0).percentile == 100.0);
        }
        assert!(told(&|rows| rows.given_back[0] = 20.0).is_anomalous);
    }

    #[test]
    fn parts_hold_every_feature_once_and_share_all_alarms() {
        let mut features: Vec<usize> = Part::ALL.into_iter().flat_map(Part::features).collect();
        features.sort_unstable();
        assert_eq!(features, (0..FEATURES).collect::<Vec<_>>());
        assert!((Part::ALL.iter().map(|part| part.share()).sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn distances_are_those_by_hand() {
        // Two rows a class and one shape for all: variance 1 along either axis, no covariance; the sphere changes nothing.
        let training = [1.0, 0.0, -1.0, 0.0, 10.0, 1.0, 10.0, -1.0];
        let clouds = clouds(&training, 2, &[0, 0, 2, 2], OwnShape::Share(0.0), 0.5).unwrap();
        // Σ = diag(1/2, 1/2): 5 √2, and √(49 + 16) √2; ln det Σ = -2 ln 2.
        assert!((clouds[0].distance(&[3.0, 4.0]) - 50.0_f64.sqrt()).abs() < 1e-12);
        assert!((clouds[1].distance(&[3.0, 4.0]) - 130.0_f64.sqrt()).abs() < 1e-12);
        assert!((clouds[0].log_determinant() + 4.0_f64.ln()).abs() < 1e-12);
        assert_eq!(
            clouds.iter().map(|cloud| cloud.class).collect::<Vec<_>>(),
            [ThreatClass::Nominal, ThreatClass::Inspection]
        );
        // By its two rows against ten of all: the second axis of class 0 has no variance of its own, and keeps 10/12 of one half.
        let own = super::clouds(&training, 2, &[0, 0, 2, 2], OwnShape::ByRows, 1e-12).unwrap();
        let expected = 1.0 / (0.5_f64 * 10.0 / 12.0).sqrt();
        assert!((own[0].distance(&[0.0, 1.0]) - expected).abs() < 1e-9);
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
        let (rows, labels) = known(30, 1);
        let config = AnomalyConfig::default();
        let fit = |change: &dyn Fn(&mut EncodedRows), labels: &[usize], config| {
            let mut rows = rows.clone();
            change(&mut rows);
            AnomalyModel::fit(&rows, labels, &rows, config).unwrap_err()
        };
        let cut = |rows: &mut EncodedRows| rows.residuals.truncate(5);
        assert!(matches!(fit(&cut, &labels, config), AnomalyError::Shape { .. }));
        assert!(matches!(fit(&|rows| *rows = EncodedRows::default(), &[], config), AnomalyError::Shape { .. }));
        assert!(matches!(fit(&|_| (), &labels[1..], config), AnomalyError::Shape { .. }));
        assert!(matches!(fit(&|_| (), &[12; 30], config), AnomalyError::Label { row: 0, label: 12 }));
        let still = |rows: &mut EncodedRows| rows.encodings.fill(1.0);
        assert!(matches!(fit(&still, &labels, config), AnomalyError::Degenerate { .. }));
        let spoilt = |rows: &mut EncodedRows| rows.errors[7] = f64::NAN;
        assert!(matches!(fit(&spoilt, &labels, config), AnomalyError::NotFinite { row: 7, .. }));
        let unshrunk = AnomalyConfig { shrinkage: 0.0, ..config };
        assert!(matches!(fit(&|_| (), &labels, unshrunk), AnomalyError::Setting { .. }));
        let model = fitted();
        assert_eq!(model.judge(&EncodedRows::default()), Ok(Vec::new()));
        let (mut one, _) = known(1, 2);
        one.encodings.pop();
        assert!(matches!(model.judge(&one), Err(AnomalyError::Damaged(_))));
        let (mut one, _) = known(1, 2);
        one.given_back[130 - FEATURES] = f32::NAN;
        assert!(matches!(model.judge(&one), Err(AnomalyError::NotFinite { row: 0, .. })));
    }

    #[test]
    fn a_feature_that_is_not_there_is_not_held_against_a_window() {
        assert_eq!(reconstruction_error(&[1.0, 0.0, 3.0], &[2.0, 9.0, 1.0]), 2.5);
        assert_eq!(reconstruction_error(&[0.0; 3], &[2.0, 9.0, 1.0]), 0.0);
    }
}
