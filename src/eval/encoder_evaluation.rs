//! What an encoder is worth at telling what it has never seen, beside two baselines on the same rows.
//!
//! Positives are full windows of behaviours that no class describes, negatives full windows of the test. Episodes of the two never
//! count as one, and every interval is clustered by episode.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::baselines::isolation_forest::IsolationForest;
use super::baselines::mahalanobis::Mahalanobis;
use super::baselines::{AnomalyScorer, BaselineError};
use super::classification::ClassificationError;
use super::classification::clusters::{Clusters, Estimate, share_95};
use super::classification::ranking::auroc;
use super::table::{row, table};
use super::telemetry_rows::TelemetryRows;
use crate::models::adversary_encoder::AdversaryEncoder;
use crate::models::anomaly::AnomalyError;
use crate::sim::threat_class::ThreatClass;
use crate::telemetry::features::FEATURES;
use crate::telemetry::labelled::{FULL_AFTER_ONSET, Label};
use crate::telemetry::window::SAMPLES;

/// Percentile whose exceedance is told, and how often it should be exceeded is 100 less it.
const PERCENTILE: f64 = 95.0;
/// Set in the keys of episodes of unknown behaviour, so that none is taken for an episode of the test with the same seed.
const UNKNOWN_EPISODE: u64 = 1 << 63;

/// Why an encoder could not be judged.
#[derive(Debug, Error)]
pub enum EncoderEvaluationError {
    /// Rows without features, or of other lengths.
    #[error("the {split} rows have {features} features for {labels} labels")]
    Rows {
        /// Which rows.
        split: &'static str,
        /// Numbers.
        features: usize,
        /// Labels.
        labels: usize,
    },
    /// The encoder.
    #[error(transparent)]
    Anomaly(#[from] AnomalyError),
    /// A baseline.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    /// The figures.
    #[error(transparent)]
    Classification(#[from] ClassificationError),
}

/// How well unknown windows are ranked above known ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnknownFigures {
    /// What is unknown: a behaviour, a class, or `all`.
    pub name: String,
    /// Unknown windows.
    pub windows: usize,
    /// Episodes that they are of.
    pub episodes: usize,
    /// Area under the receiver's curve by the encoder; none where there is no window of either kind.
    pub encoder: Option<Estimate>,
    /// By Mahalanobis' distance on the features.
    pub mahalanobis: Option<Estimate>,
    /// By an isolation forest on the features.
    pub isolation_forest: Option<Estimate>,
}

/// How often known windows are called anomalous.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExceedanceFigures {
    /// Which windows.
    pub split: String,
    /// Windows.
    pub windows: usize,
    /// Share above the 95th percentile: 0.05 where the percentiles hold.
    pub above: Option<Estimate>,
}

/// All that is said of an encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EncoderEvaluation {
    /// All unknown behaviours, then each.
    pub unknown: Vec<UnknownFigures>,
    /// Each class that was left out of a training; empty where none was made.
    pub left_out: Vec<UnknownFigures>,
    /// Known windows of the test, all and full ones, and of the shifted test.
    pub exceedance: Vec<ExceedanceFigures>,
    /// Share of full windows of the test whose nearest class is theirs.
    pub nearest_class: Option<Estimate>,
}

/// The rows of a data set that an encoder is judged on.
#[derive(Clone, Copy, Debug)]
pub struct EncoderEvaluationRows<'a> {
    /// Rows that it was trained on, for the baselines to be fitted to.
    pub training: &'a TelemetryRows,
    /// Known rows that no one has looked at.
    pub test: &'a TelemetryRows,
    /// Known rows outside the ranges of training; none where there are none.
    pub shifted: Option<&'a TelemetryRows>,
    /// Rows of episodes with behaviours that no class describes.
    pub unknown: &'a TelemetryRows,
    /// Names of the casts of those episodes, by index.
    pub unknown_casts: &'a [String],
    /// Samples in which the track was seen that a row must have; what the encoder was trained with.
    pub least_tracked: usize,
    /// Seed of the isolation forest.
    pub seed: u64,
}

/// Scorers on features that are fitted to what an encoder was trained on.
struct Baselines {
    mahalanobis: Mahalanobis,
    isolation_forest: IsolationForest,
}

impl Baselines {
    fn fit(rows: &TelemetryRows, seed: u64) -> Result<Self, BaselineError> {
        Ok(Self {
            mahalanobis: Mahalanobis::fit(&rows.features, FEATURES)?,
            isolation_forest: IsolationForest::fit(&rows.features, FEATURES, seed)?,
        })
    }
}

/// Whether a row counts as one of unknown behaviour: 30 samples of its track, the last 15 or more after it began.
fn is_full_unknown(label: &Label, tracked: usize) -> bool {
    !label.is_known && label.samples_since_onset >= FULL_AFTER_ONSET && tracked == SAMPLES
}

/// Judges an encoder; `left_out` of the answer is empty, see [`leave_one_out`].
///
/// # Errors
/// When rows have no features, the encoder no model of what is known, or a number is not finite.
pub fn evaluate_encoder(
    encoder: &AdversaryEncoder,
    rows: &EncoderEvaluationRows<'_>,
) -> Result<EncoderEvaluation, EncoderEvaluationError> {
    for (split, of) in [("training", rows.training), ("test", rows.test), ("unknown", rows.unknown)] {
        check(split, of)?;
    }
    let known_of =
        |of: &TelemetryRows| of.filtered(|row| of.labels[row].is_known && of.tracked[row] >= rows.least_tracked);
    let baselines = Baselines::fit(&known_of(rows.training), rows.seed)?;
    let test = known_of(rows.test);
    let full = test.filtered(|row| test.is_full[row]);
    let unknown = rows.unknown.filtered(|row| is_full_unknown(&rows.unknown.labels[row], rows.unknown.tracked[row]));
    let mut figures = vec![unknown_figures("all", encoder, &baselines, &full, &unknown)?];
    let mut casts: Vec<u16> = unknown.labels.iter().map(|label| label.cast).collect();
    casts.sort_unstable();
    casts.dedup();
    for cast in casts {
        let of_cast = unknown.filtered(|row| unknown.labels[row].cast == cast);
        let name = rows.unknown_casts.get(usize::from(cast)).cloned().unwrap_or_else(|| format!("cast {cast}"));
        figures.push(unknown_figures(&name, encoder, &baselines, &full, &of_cast)?);
    }
    let mut exceedance = vec![exceeding("test", encoder, &test)?, exceeding("test, full windows", encoder, &full)?];
    if let Some(shifted) = rows.shifted {
        check("shifted", shifted)?;
        exceedance.push(exceeding("shifted", encoder, &known_of(shifted))?);
    }
    let anomalies = encoder.anomalies_of_features(&full.features)?;
    let nearest_class = share_95(&Clusters::of(&full.episodes()), |row| {
        let nearest = anomalies[row].nearest.first();
        nearest.map(|(class, _)| *class == full.labels[row].class)
    });
    Ok(EncoderEvaluation { unknown: figures, left_out: Vec::new(), exceedance, nearest_class })
}

/// Judges, for each class, an encoder that never saw it, by that class's full test windows against those of all others.
///
/// `train_without` gives an encoder trained on everything but a class.
///
/// # Errors
/// As [`evaluate_encoder`], and what `train_without` fails with.
pub fn leave_one_out<E: From<EncoderEvaluationError>>(
    rows: &EncoderEvaluationRows<'_>,
    classes: &[ThreatClass],
    mut train_without: impl FnMut(ThreatClass) -> Result<AdversaryEncoder, E>,
) -> Result<Vec<UnknownFigures>, E> {
    check("training", rows.training)?;
    check("test", rows.test)?;
    let test = rows.test.filtered(|row| rows.test.labels[row].is_known && rows.test.is_full[row]);
    let mut figures = Vec::with_capacity(classes.len());
    for class in classes {
        let encoder = train_without(*class)?;
        let training = rows.training.filtered(|row| {
            let label = &rows.training.labels[row];
            label.is_known && label.class != *class && rows.training.tracked[row] >= rows.least_tracked
        });
        let baselines = Baselines::fit(&training, rows.seed).map_err(EncoderEvaluationError::from)?;
        let others = test.filtered(|row| test.labels[row].class != *class);
        let left_out = test.filtered(|row| test.labels[row].class == *class);
        figures.push(unknown_figures(class.name(), &encoder, &baselines, &others, &left_out)?);
    }
    Ok(figures)
}

fn check(split: &'static str, rows: &TelemetryRows) -> Result<(), EncoderEvaluationError> {
    let (features, labels) = (rows.features.len(), rows.len());
    if features == labels * FEATURES { Ok(()) } else { Err(EncoderEvaluationError::Rows { split, features, labels }) }
}

fn unknown_figures(
    name: &str,
    encoder: &AdversaryEncoder,
    baselines: &Baselines,
    known: &TelemetryRows,
    unknown: &TelemetryRows,
) -> Result<UnknownFigures, EncoderEvaluationError> {
    let is_unknown: Vec<bool> = (0..known.len() + unknown.len()).map(|row| row >= known.len()).collect();
    let mut episodes = known.episodes();
    episodes.extend(unknown.labels.iter().map(|label| episode_of_unknown(label, known)));
    let area = |known: Vec<f64>, unknown: Vec<f64>| auroc(&[known, unknown].concat(), &is_unknown, &episodes);
    let of_baseline =
        |scorer: &dyn AnomalyScorer| area(scorer.scores(&known.features), scorer.scores(&unknown.features));
    Ok(UnknownFigures {
        name: name.to_owned(),
        windows: unknown.len(),
        episodes: Clusters::of(&episodes[known.len()..]).count(),
        encoder: area(surprises(encoder, &known.features)?, surprises(encoder, &unknown.features)?)?,
        mahalanobis: of_baseline(&baselines.mahalanobis)?,
        isolation_forest: of_baseline(&baselines.isolation_forest)?,
    })
}

/// The key of an episode of unknown windows. Where a known class is taken for unknown, its episodes are those of the test, in which
/// other windows may be before the onset; otherwise they are of another scenario, whatever their seed.
fn episode_of_unknown(label: &Label, known: &TelemetryRows) -> u64 {
    let same_test = label.is_known && !known.is_empty();
    if same_test { label.seed } else { label.seed ^ UNKNOWN_EPISODE }
}

fn surprises(encoder: &AdversaryEncoder, features: &[f32]) -> Result<Vec<f64>, AnomalyError> {
    let anomalies = encoder.anomalies_of_features(features)?;
    Ok(anomalies.iter().map(|anomaly| anomaly.surprise).collect())
}

fn exceeding(
    split: &str,
    encoder: &AdversaryEncoder,
    rows: &TelemetryRows,
) -> Result<ExceedanceFigures, EncoderEvaluationError> {
    let anomalies = encoder.anomalies_of_features(&rows.features)?;
    let above = share_95(&Clusters::of(&rows.episodes()), |row| Some(anomalies[row].percentile > PERCENTILE));
    Ok(ExceedanceFigures { split: split.to_owned(), windows: rows.len(), above })
}

impl EncoderEvaluation {
    /// What `evaluate --json` says of an encoder.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let all = self.unknown.first().and_then(|unknown| unknown.encoder);
        serde_json::json!({
            "auroc_unknown": all.map(|estimate| estimate.value),
            "auroc_unknown_ci95": all.map(|estimate| estimate.ci95),
            "evaluation": self,
        })
    }

    /// The tables that people read.
    #[must_use]
    pub fn tables(&self) -> String {
        let area = |estimate: Option<Estimate>| {
            estimate.map_or_else(String::new, |Estimate { value, ci95: [low, high] }| {
                format!("{value:.3} [{low:.3}, {high:.3}]")
            })
        };
        let percent = |estimate: Option<Estimate>| {
            estimate.map_or_else(String::new, |Estimate { value, ci95: [low, high] }| {
                format!("{:.1} [{:.1}, {:.1}]", 100.0 * value, 100.0 * low, 100.0 * high)
            })
        };
        let ranked = |what: &str, figures: &[UnknownFigures]| {
            let columns = [what, "windows", "episodes", "encoder AUROC", "Mahalanobis distance", "isolation forest"];
            let mut table = table(&columns);
            for of in figures {
                let areas = [of.encoder, of.mahalanobis, of.isolation_forest].map(area);
                let counts = [of.windows.to_string(), of.episodes.to_string()];
                table.add_row(row(&of.name, counts.into_iter().chain(areas)));
            }
            table.trim_fmt()
        };
        let mut told = ranked("unknown behaviour", &self.unknown);
        if !self.left_out.is_empty() {
            told += &format!("\n\n{}", ranked("class left out", &self.left_out));
        }
        let mut shares = table(&["known windows", "windows", "above the 95th percentile %"]);
        for of in &self.exceedance {
            shares.add_row(row(&of.split, [of.windows.to_string(), percent(of.above)]));
        }
        told += &format!("\n\n{}", shares.trim_fmt());
        if let Some(nearest) = self.nearest_class {
            told += &format!("\n\nnearest class by encoding: {} % of full test windows", percent(Some(nearest)));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::super::baselines::tests::clouds;
    use super::*;
    use crate::models::adversary_encoder::{AdversaryEncoderConfig, EncoderParameters};
    use crate::models::anomaly::{AnomalyConfig, AnomalyModel};
    use crate::sim::seeds::{Purpose, SeedDomain, stream};
    use crate::telemetry::channels::CHANNELS;
    use crate::telemetry::scaling::{Extent, Scaling};

    /// Rows about a place of their class; `moved`: how far from it.
    fn rows(count: usize, classes: &[ThreatClass], seed: u64, is_known: bool, moved: f32) -> TelemetryRows {
        let class = |row: usize| classes[row % classes.len()];
        let place = |row: usize, entry: usize| (class(row).index() as f32 * (entry + 1) as f32).sin();
        let away = |entry: usize| if entry.is_multiple_of(2) { moved } else { -moved };
        let label = |row: usize| Label {
            class: class(row),
            is_known,
            seed: (row / 4) as u64,
            cast: (row % 2) as u16,
            onset_s: Some(0.0),
            end_s: 900.0,
            samples_since_onset: if row % 10 == 9 { 3 } else { 30 },
            harm_s: None,
        };
        TelemetryRows {
            tiles: Vec::new(),
            features: clouds(count, FEATURES, seed, |row, entry| place(row, entry) + away(entry)),
            newest: vec![f64::NAN; count * CHANNELS],
            newest_measured: vec![f64::NAN; count * CHANNELS],
            labels: (0..count).map(label).collect(),
            is_full: (0..count).map(|row| row % 10 != 9).collect(),
            tracked: vec![SAMPLES; count],
            interval_s: vec![30.0; count],
        }
    }

    const CLASSES: [ThreatClass; 2] = [ThreatClass::Nominal, ThreatClass::Inspection];

    /// An encoder of random weights, with what is known fitted to `training`.
    fn encoder(training: &TelemetryRows, validation: &TelemetryRows) -> AdversaryEncoder {
        let mut generator = stream(1, SeedDomain::Train, 0, 0, Purpose::Policy);
        let parameters = EncoderParameters::new(&AdversaryEncoderConfig::default(), &mut generator);
        let scaling = Scaling { tile: vec![[Extent::UNIT; 30]; 3], features: vec![Extent::UNIT; FEATURES] };
        let mut encoder = AdversaryEncoder::new(parameters, scaling, Vec::new(), serde_json::Value::Null);
        let [learned, held_out] = [training, validation].map(|rows| encoder.encode_rows(&rows.features));
        let model = AnomalyModel::fit(&learned, &training.classes(), &held_out, AnomalyConfig::default());
        encoder.anomaly = Some(model.unwrap());
        encoder
    }

    #[test]
    fn what_is_unknown_is_ranked_above_and_each_behaviour_told_apart() {
        let [training, validation, test] = [1, 2, 3].map(|seed| rows(600, &CLASSES, seed, true, 0.0));
        let unknown = rows(200, &CLASSES[..1], 4, false, 1.0);
        let casts = ["drift".to_owned()];
        let given = EncoderEvaluationRows {
            training: &training,
            test: &test,
            shifted: Some(&validation),
            unknown: &unknown,
            unknown_casts: &casts,
            least_tracked: 10,
            seed: 1,
        };
        let encoder = encoder(&training, &validation);
        let evaluation = evaluate_encoder(&encoder, &given).unwrap();
        let names: Vec<&str> = evaluation.unknown.iter().map(|of| of.name.as_str()).collect();
        assert_eq!(names, ["all", "drift", "cast 1"]);
        // Every tenth row, an odd one, came too soon after the onset.
        assert_eq!(evaluation.unknown.iter().map(|of| of.windows).collect::<Vec<_>>(), [180, 100, 80]);
        for of in &evaluation.unknown {
            assert!(of.encoder.unwrap().value > 0.95 && of.mahalanobis.unwrap().value > 0.99, "{of:?}");
        }
        let above = evaluation.exceedance[0].above.unwrap();
        assert!(above.value < 0.1 && above.ci95[0] < 0.05, "{above:?}");
        assert_eq!(evaluation.exceedance.len(), 3);
        assert!(evaluation.nearest_class.unwrap().value > 0.95, "{:?}", evaluation.nearest_class);
        let told = evaluation.tables();
        assert!(told.contains("drift") && told.contains("above the 95th") && told.contains("nearest class"), "{told}");
        let read: EncoderEvaluation = serde_json::from_str(&serde_json::to_string(&evaluation).unwrap()).unwrap();
        assert_eq!(read, evaluation);

        // Left out, a class that stands elsewhere is unknown.
        let without = |class: ThreatClass| {
            let kept = |of: &TelemetryRows| of.filtered(|row| of.labels[row].class != class);
            Ok::<_, EncoderEvaluationError>(self::encoder(&kept(&training), &kept(&validation)))
        };
        let left_out = leave_one_out(&given, &[ThreatClass::Inspection], without).unwrap();
        assert_eq!((left_out.len(), left_out[0].name.as_str()), (1, "inspection"));
        assert!(left_out[0].encoder.unwrap().value > 0.95, "{left_out:?}");
    }

    #[test]
    fn what_cannot_be_judged_is_told() {
        let training = rows(100, &CLASSES, 1, true, 0.0);
        let mut encoder = encoder(&training, &training);
        let broken = TelemetryRows { features: vec![0.0; 5], ..training.clone() };
        let given = EncoderEvaluationRows {
            training: &training,
            test: &training,
            shifted: None,
            unknown: &broken,
            unknown_casts: &[],
            least_tracked: 10,
            seed: 1,
        };
        let told = evaluate_encoder(&encoder, &given).unwrap_err().to_string();
        assert!(told.contains("unknown rows have 5 features for 100 labels"), "{told}");
        let none = EncoderEvaluationRows { unknown: &TelemetryRows::default(), ..given };
        assert_eq!(evaluate_encoder(&encoder, &none).unwrap().unknown[0].encoder, None);
        encoder.anomaly = None;
        assert!(matches!(
            evaluate_encoder(&encoder, &none),
            Err(EncoderEvaluationError::Anomaly(AnomalyError::NotFitted))
        ));
    }
}
