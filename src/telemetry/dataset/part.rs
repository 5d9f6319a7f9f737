//! A part of a data set: windows as a Parquet file, and back, to the bit.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, Float64Builder, StringBuilder, UInt64Builder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, FixedSizeListArray, Float64Array, RecordBatch};
use arrow_schema::{DataType, Field, Fields, Schema};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, Encoding};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::error::DatasetError;
use super::manifest::VERSION;
use super::schema::{BESIDE, Column, LABEL, RECORD, difference, fields};
use crate::sim::threat_class::ThreatClass;
use crate::telemetry::channels::{CHANNELS, TABLE};
use crate::telemetry::labelled::{Label, LabelledWindow};
use crate::telemetry::window::{Context, SAMPLES, TelemetryWindow};

/// What the keys of a part's metadata begin with.
pub const KEY_PREFIX: &str = "astroshield.";
/// Rows that are read at once.
const BATCH_ROWS: usize = 1024;

/// A window of real telemetry.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedWindow {
    /// Name of the object.
    pub object: String,
    /// Time of the last sample [s], by the clock of the file.
    pub end_s: f64,
    /// What was measured.
    pub window: TelemetryWindow,
}

/// The file of these windows of a scenario. `metadata`: what the file says of itself, as (key, value).
///
/// A window of fewer than 30 samples stands at the end of its row, behind gaps, which changes nothing for planes and features.
///
/// # Errors
/// The writer of Parquet refuses.
pub fn write_labelled(
    windows: &[LabelledWindow],
    scenario: &str,
    metadata: &[(&str, String)],
) -> Result<Vec<u8>, DatasetError> {
    let mut columns = window_columns(windows.iter().map(|labelled| &labelled.window));
    let number = |of: &dyn Fn(&Label) -> Option<f64>| -> ArrayRef {
        let mut values = Float64Builder::with_capacity(windows.len());
        windows.iter().for_each(|labelled| values.append_option(of(&labelled.label)));
        Arc::new(values.finish())
    };
    let count = |of: &dyn Fn(&Label) -> u64| -> ArrayRef {
        let mut values = UInt64Builder::with_capacity(windows.len());
        windows.iter().for_each(|labelled| values.append_value(of(&labelled.label)));
        Arc::new(values.finish())
    };
    columns.extend([
        text(windows.iter().map(|labelled| labelled.label.class.name())),
        text(windows.iter().map(|_| scenario)),
        count(&|label| label.seed),
        count(&|label| u64::from(label.cast)),
        number(&|label| label.onset_s),
        number(&|label| Some(label.end_s)),
        count(&|label| label.samples_since_onset as u64),
        number(&|label| label.harm_s),
        Arc::new(BooleanArray::from_iter(windows.iter().map(|labelled| Some(labelled.label.is_known)))),
    ]);
    write(columns, &LABEL, metadata)
}

/// The file of windows of real telemetry; as [`write_labelled`].
///
/// # Errors
/// The writer of Parquet refuses.
pub fn write_recorded(windows: &[RecordedWindow], metadata: &[(&str, String)]) -> Result<Vec<u8>, DatasetError> {
    let mut columns = window_columns(windows.iter().map(|recorded| &recorded.window));
    columns.push(text(windows.iter().map(|recorded| recorded.object.as_str())));
    columns.push(Arc::new(Float64Array::from_iter_values(windows.iter().map(|recorded| recorded.end_s))));
    write(columns, &RECORD, metadata)
}

fn text<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    let mut builder = StringBuilder::new();
    values.for_each(|value| builder.append_value(value));
    Arc::new(builder.finish())
}

/// The columns that every window has, in the order of the schema.
fn window_columns<'a>(windows: impl ExactSizeIterator<Item = &'a TelemetryWindow> + Clone) -> Vec<ArrayRef> {
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(CHANNELS + BESIDE.len() + LABEL.len());
    let item = Arc::new(Field::new_list_field(DataType::Float64, true));
    for channel in 0..CHANNELS {
        let mut values = Float64Builder::with_capacity(windows.len() * SAMPLES);
        for window in windows.clone() {
            values.append_nulls(SAMPLES.saturating_sub(window.samples.len()));
            for sample in window.samples.iter().take(SAMPLES) {
                let value = sample[channel];
                values.append_option((!value.is_nan()).then_some(value));
            }
        }
        columns.push(Arc::new(FixedSizeListArray::new(item.clone(), SAMPLES as i32, Arc::new(values.finish()), None)));
    }
    let number = |of: fn(&TelemetryWindow) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(windows.clone().map(of)))
    };
    let mut eclipsed = BooleanBuilder::with_capacity(windows.len());
    let mut own_mode = UInt64Builder::with_capacity(windows.len());
    for window in windows.clone() {
        eclipsed.append_value(window.context.eclipsed);
        own_mode.append_value(u64::from(window.context.own_mode));
    }
    columns.extend([
        number(|window| window.interval_s),
        number(|window| window.context.mean_motion_rad_s),
        number(|window| window.context.orbit_time_rad),
        Arc::new(eclipsed.finish()),
        number(|window| window.context.own_delta_v_m_s),
        Arc::new(own_mode.finish()),
        number(|window| window.context.position_sigma_m),
        number(|window| window.context.track_age_s),
    ]);
    columns
}

fn write(columns: Vec<ArrayRef>, last: &[Column], metadata: &[(&str, String)]) -> Result<Vec<u8>, DatasetError> {
    let version = [("version", VERSION.to_string())];
    let metadata: HashMap<String, String> =
        version.iter().chain(metadata).map(|(key, value)| (format!("{KEY_PREFIX}{key}"), value.clone())).collect();
    let schema = Arc::new(Schema::new_with_metadata(fields(last), metadata));
    let mut properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
    for channel in &TABLE {
        // Numbers of one channel share their sign, exponent and first digits: byte by byte they compress, as a dictionary not at all.
        let path = ColumnPath::new(vec![channel.name.to_owned(), "list".to_owned(), "item".to_owned()]);
        properties = properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path.clone(), Encoding::BYTE_STREAM_SPLIT)
            .set_column_statistics_enabled(path, EnabledStatistics::Chunk);
    }
    let mut writer = ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties.build()))?;
    writer.write(&RecordBatch::try_new(schema, columns)?)?;
    Ok(writer.into_inner()?)
}

/// A part that was opened.
pub struct Part<'a> {
    /// The file, for messages.
    path: &'a Path,
    reader: ParquetRecordBatchReaderBuilder<Bytes>,
}

impl<'a> Part<'a> {
    /// Opens the content of the file at `path`.
    ///
    /// # Errors
    /// It is no Parquet file, or one of another version.
    pub fn open(path: &'a Path, content: Vec<u8>) -> Result<Self, DatasetError> {
        let part = Self { path, reader: ParquetRecordBatchReaderBuilder::try_new(Bytes::from(content))? };
        match part.metadata("version").map(|version| version.parse()) {
            Some(Ok(VERSION)) => Ok(part),
            Some(Ok(found)) => Err(DatasetError::Version { path: path.to_owned(), found }),
            _ => Err(part.schema_fault("it says no version".to_owned())),
        }
    }

    /// What the file says of itself under a key.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.reader.schema().metadata().get(&format!("{KEY_PREFIX}{key}")).map(String::as_str)
    }

    fn schema_fault(&self, reason: String) -> DatasetError {
        DatasetError::Schema { path: self.path.to_owned(), reason }
    }

    /// The windows of the simulator.
    ///
    /// # Errors
    /// The columns are others, a class is none, or the file is broken.
    pub fn labelled(self) -> Result<Vec<LabelledWindow>, DatasetError> {
        let path = self.path;
        let mut all = Vec::new();
        self.rows(&fields(&LABEL), |batch, windows| {
            let last = CHANNELS + BESIDE.len();
            let classes = batch.column(last).as_string::<i32>();
            let count = |index: usize| batch.column(last + index).as_primitive::<UInt64Type>();
            let number = |index: usize| batch.column(last + index).as_primitive::<Float64Type>();
            let optional = |column: &Float64Array, row: usize| (!column.is_null(row)).then(|| column.value(row));
            for (row, window) in windows.into_iter().enumerate() {
                let fault = |reason: String| DatasetError::Row { path: path.to_owned(), row: all.len(), reason };
                let name = classes.value(row);
                let class = ThreatClass::ALL.into_iter().find(|class| class.name() == name);
                let label = Label {
                    class: class.ok_or_else(|| fault(format!("'{name}' is no class")))?,
                    seed: count(2).value(row),
                    cast: u16::try_from(count(3).value(row)).map_err(|error| fault(format!("cast: {error}")))?,
                    onset_s: optional(number(4), row),
                    end_s: number(5).value(row),
                    samples_since_onset: count(6).value(row) as usize,
                    harm_s: optional(number(7), row),
                    is_known: batch.column(last + 8).as_boolean().value(row),
                };
                all.push(LabelledWindow { window, label });
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// The windows of real objects.
    ///
    /// # Errors
    /// The columns are others, or the file is broken.
    pub fn recorded(self) -> Result<Vec<RecordedWindow>, DatasetError> {
        let mut all = Vec::new();
        self.rows(&fields(&RECORD), |batch, windows| {
            let last = CHANNELS + BESIDE.len();
            let objects = batch.column(last).as_string::<i32>();
            let ends = batch.column(last + 1).as_primitive::<Float64Type>();
            all.extend(windows.into_iter().enumerate().map(|(row, window)| RecordedWindow {
                object: objects.value(row).to_owned(),
                end_s: ends.value(row),
                window,
            }));
            Ok(())
        })?;
        Ok(all)
    }

    fn rows(
        self,
        expected: &Fields,
        mut take: impl FnMut(&RecordBatch, Vec<TelemetryWindow>) -> Result<(), DatasetError>,
    ) -> Result<(), DatasetError> {
        if let Some(reason) = difference(self.reader.schema().fields(), expected) {
            return Err(self.schema_fault(reason));
        }
        let path = self.path;
        for batch in self.reader.with_batch_size(BATCH_ROWS).build()? {
            let batch = batch?;
            take(&batch, windows(path, &batch)?)?;
        }
        Ok(())
    }
}

/// The windows of a batch whose schema was checked.
fn windows(path: &Path, batch: &RecordBatch) -> Result<Vec<TelemetryWindow>, DatasetError> {
    let number = |index: usize, row: usize| batch.column(CHANNELS + index).as_primitive::<Float64Type>().value(row);
    let mut windows = Vec::with_capacity(batch.num_rows());
    for row in 0..batch.num_rows() {
        let mode = batch.column(CHANNELS + 5).as_primitive::<UInt64Type>().value(row);
        let fault = |error| DatasetError::Row { path: path.to_owned(), row, reason: format!("own_mode: {error}") };
        windows.push(TelemetryWindow {
            interval_s: number(0, row),
            samples: vec![[f64::NAN; CHANNELS]; SAMPLES],
            context: Context {
                mean_motion_rad_s: number(1, row),
                orbit_time_rad: number(2, row),
                eclipsed: batch.column(CHANNELS + 3).as_boolean().value(row),
                own_delta_v_m_s: number(4, row),
                own_mode: u8::try_from(mode).map_err(fault)?,
                position_sigma_m: number(6, row),
                track_age_s: number(7, row),
            },
        });
    }
    for channel in 0..CHANNELS {
        let lists = batch.column(channel).as_fixed_size_list();
        let values = lists.values().as_primitive::<Float64Type>();
        for (row, window) in windows.iter_mut().enumerate() {
            let first = lists.value_offset_at(row);
            for (index, sample) in window.samples.iter_mut().enumerate() {
                if !values.is_null(first + index) {
                    sample[channel] = values.value(first + index);
                }
            }
        }
    }
    Ok(windows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::features::features;
    use crate::telemetry::planes::Planes;

    fn labelled(count: usize) -> Vec<LabelledWindow> {
        let number = |seed: usize| libm::sin(seed as f64 * 12.9898) * 43_758.545_3;
        (0..count)
            .map(|row| {
                let sample = |index: usize| {
                    std::array::from_fn(|channel| {
                        let value = number(row * 900 + index * 30 + channel);
                        if value.fract().abs() < 0.2 { f64::NAN } else { value }
                    })
                };
                LabelledWindow {
                    window: TelemetryWindow {
                        interval_s: 10.0 + row as f64 / 3.0,
                        samples: (0..SAMPLES).map(sample).collect(),
                        context: Context { own_mode: (row % 3) as u8, eclipsed: row % 2 == 0, ..Context::default() },
                    },
                    label: Label {
                        class: ThreatClass::ALL[row % 12],
                        seed: u64::MAX - row as u64,
                        cast: 7,
                        onset_s: (row % 2 == 1).then_some(0.1),
                        end_s: -0.0,
                        is_known: row % 5 != 0,
                        samples_since_onset: row % 31,
                        harm_s: (row % 3 == 1).then_some(1e4),
                    },
                }
            })
            .collect()
    }

    fn bits(window: &TelemetryWindow) -> Vec<u64> {
        let gap = f64::NAN.to_bits();
        let samples = window.samples.iter().flatten();
        samples.map(|value| if value.is_nan() { gap } else { value.to_bits() }).collect()
    }

    #[test]
    fn what_is_read_has_the_bits_of_what_was_written() {
        let written = labelled(2_100);
        let file = write_labelled(&written, "mixed", &[("seed", "4".to_owned())]).expect("written");
        let part = Part::open(Path::new("a.parquet"), file).expect("opened");
        assert_eq!((part.metadata("seed"), part.metadata("other")), (Some("4"), None));
        let read = part.labelled().expect("read");
        assert_eq!(read.len(), written.len());
        for (read, written) in read.iter().zip(&written) {
            assert_eq!(bits(&read.window), bits(&written.window));
            assert_eq!(
                (read.window.interval_s, read.window.context),
                (written.window.interval_s, written.window.context)
            );
            assert_eq!(read.label, written.label);
            let of = |window: &TelemetryWindow| {
                let planes = Planes::of(window);
                features(window, &planes).map(|feature| feature.map(f64::to_bits))
            };
            assert_eq!(of(&read.window), of(&written.window));
        }
    }

    #[test]
    fn a_short_window_is_read_behind_gaps_with_the_same_features() {
        let mut short = labelled(1);
        short[0].window.samples.truncate(12);
        let file = write_labelled(&short, "mixed", &[]).expect("written");
        let read = Part::open(Path::new("a"), file).and_then(Part::labelled).expect("read");
        assert_eq!(read[0].window.samples.len(), SAMPLES);
        let of = |window: &TelemetryWindow| features(window, &Planes::of(window)).map(|of| of.map(f64::to_bits));
        assert_eq!(of(&read[0].window), of(&short[0].window));
    }

    #[test]
    fn what_is_no_part_is_refused() {
        let file = write_labelled(&labelled(3), "mixed", &[]).expect("written");
        let path = Path::new("a.parquet");
        let fault = Part::open(path, file.clone()).and_then(Part::recorded).expect_err("it has labels").to_string();
        assert!(fault.contains("'class'") && fault.contains("'object'"), "{fault}");
        assert!(Part::open(path, file[..file.len() - 1].to_vec()).is_err());
        assert!(Part::open(path, Vec::new()).is_err());
    }
}
