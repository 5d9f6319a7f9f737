//! The rows of a file: time, object, and the numbers of the channels in their own units.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::str::FromStr;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_csv::ReaderBuilder;
use arrow_csv::reader::Format;
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use bytes::Bytes;
use hifitime::{Duration, Epoch};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::RecordedError;
use super::column_map::{CONTEXT, ColumnMap, Source, Sources};
use crate::telemetry::channels::{CHANNELS, TABLE};

/// Name of the object of a file that names none.
const ONE_OBJECT: &str = "object";
/// What Parquet files begin with.
const PARQUET_MAGIC: &[u8] = b"PAR1";
/// What editors put before text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Text that stands for no number.
const NOTHING: [&str; 6] = ["", "nan", "null", "none", "na", "n/a"];

/// Rows as they stand in the file.
pub(super) struct Rows {
    /// Time of each row [s].
    pub(super) times_s: Vec<f64>,
    /// The instant from which times count; none where the file has a clock of its own.
    pub(super) epoch_utc: Option<String>,
    /// Rows of each object, in the order of the file.
    pub(super) objects: BTreeMap<String, Vec<usize>>,
    /// The channels of each row; NaN where nothing was measured.
    pub(super) samples: Vec<[f64; CHANNELS]>,
    /// The context of each row; NaN where nothing is told.
    pub(super) context: Vec<[f64; CONTEXT.len()]>,
    /// Whether the file has a channel.
    pub(super) has_channel: [bool; CHANNELS],
}

impl Rows {
    /// Reads the rows of a file's content.
    pub(super) fn read(content: Vec<u8>, map: &ColumnMap) -> Result<Self, RecordedError> {
        let table = Table::open(content)?;
        let sources = map.sources(&table.columns)?;
        if sources.channels.iter().all(Option::is_none) {
            return Err(RecordedError::NoChannel { there: table.columns.join(", ") });
        }
        // Without a map the object's column goes by its name, as all columns do.
        let by_name = || map.channels.is_empty() && table.columns.iter().any(|column| column == ONE_OBJECT);
        let object = map.object.clone().or_else(|| by_name().then(|| ONE_OBJECT.to_owned()));
        table.require(&map.time.column, "the time")?;
        if let Some(object) = &object {
            table.require(object, "the object")?;
        }
        let named = TABLE.iter().map(|channel| channel.name).chain(CONTEXT.iter().map(|(name, _)| *name));
        let all = || sources.channels.iter().chain(&sources.context);
        for (name, source) in named.zip(all()) {
            if let Some(source) = source {
                table.require(&source.column, name)?;
            }
        }
        let wanted = |name: &str| {
            name == map.time.column
                || object.as_deref() == Some(name)
                || all().flatten().any(|source| source.column == name)
        };
        let batches = table.batches(wanted)?;
        let mut reader = RowReader::new(&sources);
        for batch in &batches {
            reader.take(batch, map, object.as_deref())?;
        }
        Ok(reader.finish())
    }

    /// The median time between two rows of an object that differ in time [s]; `None` where there are no two.
    pub(super) fn median_step_s(&self) -> Option<f64> {
        let mut steps_s = Vec::new();
        for rows in self.objects.values() {
            let mut times_s: Vec<f64> = rows.iter().map(|row| self.times_s[*row]).collect();
            times_s.sort_by(f64::total_cmp);
            steps_s.extend(times_s.windows(2).map(|pair| pair[1] - pair[0]).filter(|step_s| *step_s > 0.0));
        }
        let middle = steps_s.len() / 2;
        (!steps_s.is_empty()).then(|| *steps_s.select_nth_unstable_by(middle, f64::total_cmp).1)
    }
}

/// A file whose columns are known and whose rows are not yet read.
struct Table {
    columns: Vec<String>,
    kind: Kind,
}

enum Kind {
    Csv(Vec<u8>),
    Parquet(Box<ParquetRecordBatchReaderBuilder<Bytes>>),
}

impl Table {
    fn open(content: Vec<u8>) -> Result<Self, RecordedError> {
        if content.starts_with(PARQUET_MAGIC) {
            let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(content))?;
            let columns = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
            return Ok(Self { columns, kind: Kind::Parquet(Box::new(reader)) });
        }
        let content = match content.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) => rest.to_vec(),
            None => content,
        };
        // Only the header: what the values are, the map says.
        let (schema, _) = Format::default().with_header(true).infer_schema(Cursor::new(&content), Some(0))?;
        let columns = schema.fields().iter().map(|field| field.name().trim().to_owned()).collect();
        Ok(Self { columns, kind: Kind::Csv(content) })
    }

    /// Refuses a column that is not there, or twice.
    fn require(&self, column: &str, what: &str) -> Result<(), RecordedError> {
        match self.columns.iter().filter(|name| *name == column).count() {
            0 => {
                let (column, what, there) = (column.to_owned(), what.to_owned(), self.columns.join(", "));
                Err(RecordedError::NoColumn { column, what, there })
            }
            1 => Ok(()),
            _ => Err(RecordedError::TwoColumns(column.to_owned())),
        }
    }

    /// The rows of the columns that are wanted.
    fn batches(self, wanted: impl Fn(&str) -> bool) -> Result<Vec<RecordBatch>, RecordedError> {
        let chosen: Vec<usize> = (0..self.columns.len()).filter(|index| wanted(&self.columns[*index])).collect();
        match self.kind {
            Kind::Csv(content) => {
                let fields: Vec<Field> =
                    self.columns.iter().map(|column| Field::new(column, DataType::Utf8, true)).collect();
                let reader = ReaderBuilder::new(Arc::new(Schema::new(fields)))
                    .with_header(true)
                    .with_projection(chosen)
                    .build(Cursor::new(content))?;
                Ok(reader.collect::<Result<_, _>>()?)
            }
            Kind::Parquet(reader) => {
                let mask = ProjectionMask::roots(reader.parquet_schema(), chosen);
                Ok(reader.with_projection(mask).build()?.collect::<Result<_, _>>()?)
            }
        }
    }
}

struct RowReader<'a> {
    sources: &'a Sources,
    rows: Rows,
    /// The first instant of the file.
    first: Option<Epoch>,
}

impl<'a> RowReader<'a> {
    fn new(sources: &'a Sources) -> Self {
        let rows = Rows {
            times_s: Vec::new(),
            epoch_utc: None,
            objects: BTreeMap::new(),
            samples: Vec::new(),
            context: Vec::new(),
            has_channel: std::array::from_fn(|index| sources.channels[index].is_some()),
        };
        Self { sources, rows, first: None }
    }

    fn take(&mut self, batch: &RecordBatch, map: &ColumnMap, object: Option<&str>) -> Result<(), RecordedError> {
        let begun = self.rows.times_s.len();
        let column = |name: &str| Column { array: batch.column_by_name(name), name: name.to_owned(), begun };
        let time = column(&map.time.column);
        match map.time.format.unit_s() {
            Some(unit_s) => {
                for (row, value) in time.numbers("time")?.into_iter().enumerate() {
                    if !value.is_finite() {
                        return Err(time.fault(row, &value.to_string(), "time"));
                    }
                    self.rows.times_s.push(value * unit_s);
                }
            }
            None => {
                for instant in time.instants()? {
                    let first = *self.first.get_or_insert(instant);
                    self.rows.times_s.push((instant - first).to_seconds());
                }
            }
        }
        match object {
            Some(object) => {
                let object = column(object);
                for (row, name) in object.texts("name of an object")?.into_iter().enumerate() {
                    if name.is_empty() {
                        return Err(object.fault(row, "", "name of an object"));
                    }
                    self.rows.objects.entry(name).or_default().push(begun + row);
                }
            }
            None => {
                let rows = begun..begun + batch.num_rows();
                self.rows.objects.entry(ONE_OBJECT.to_owned()).or_default().extend(rows);
            }
        }
        self.rows.samples.resize(begun + batch.num_rows(), [f64::NAN; CHANNELS]);
        self.rows.context.resize(begun + batch.num_rows(), [f64::NAN; CONTEXT.len()]);
        let numbers = |source: &Source| -> Result<Vec<f64>, RecordedError> {
            let numbers = column(&source.column).numbers("number")?;
            Ok(numbers.into_iter().map(|number| source.apply(number)).collect())
        };
        for (index, source) in self.sources.channels.iter().enumerate() {
            let Some(source) = source else { continue };
            for (sample, number) in self.rows.samples[begun..].iter_mut().zip(numbers(source)?) {
                sample[index] = number;
            }
        }
        for (index, source) in self.sources.context.iter().enumerate() {
            let Some(source) = source else { continue };
            for (row, number) in numbers(source)?.into_iter().enumerate() {
                let fault = |what| column(&source.column).fault(row, &number.to_string(), what);
                match CONTEXT[index].0 {
                    "own_mode" if !(number.is_nan() || [0.0, 1.0, 2.0].contains(&number)) => {
                        return Err(fault("mode: 0 nominal, 1 in a countermeasure, 2 safe"));
                    }
                    "eclipsed" if !(number.is_nan() || [0.0, 1.0].contains(&number)) => {
                        return Err(fault("true or false"));
                    }
                    _ => self.rows.context[begun + row][index] = number,
                }
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Rows {
        self.rows.epoch_utc = self.first.map(|first| format!("{}Z", first.to_isoformat()));
        self.rows
    }
}

/// A column of a batch.
struct Column<'a> {
    array: Option<&'a ArrayRef>,
    name: String,
    /// Rows before the batch.
    begun: usize,
}

impl Column<'_> {
    fn fault(&self, row: usize, value: &str, what: &'static str) -> RecordedError {
        RecordedError::Value { row: self.begun + row + 1, column: self.name.clone(), value: value.to_owned(), what }
    }

    fn array(&self) -> Result<&ArrayRef, RecordedError> {
        let missing = || RecordedError::NoColumn {
            column: self.name.clone(),
            what: "data".to_owned(),
            there: "other columns".to_owned(),
        };
        self.array.ok_or_else(missing)
    }

    fn type_fault(&self, what: &'static str) -> RecordedError {
        let found = self.array.map_or_else(String::new, |array| array.data_type().to_string());
        RecordedError::Type { column: self.name.clone(), found, what }
    }

    /// The column as text; empty where there is nothing.
    fn texts(&self, what: &'static str) -> Result<Vec<String>, RecordedError> {
        let array = cast(self.array()?, &DataType::Utf8).map_err(|_| self.type_fault(what))?;
        let values = array.as_string::<i32>();
        Ok(values.iter().map(|value| value.map(str::trim).unwrap_or_default().to_owned()).collect())
    }

    /// The column as numbers; NaN where there is none.
    fn numbers(&self, what: &'static str) -> Result<Vec<f64>, RecordedError> {
        let array = self.array()?;
        if is_text(array.data_type()) {
            let texts = self.texts(what)?;
            let number = |(row, text): (usize, &String)| match text.to_ascii_lowercase().as_str() {
                nothing if NOTHING.contains(&nothing) => Ok(f64::NAN),
                "true" => Ok(1.0),
                "false" => Ok(0.0),
                number => number.parse().map_err(|_| self.fault(row, text, what)),
            };
            return texts.iter().enumerate().map(number).collect();
        }
        let is_number = array.data_type().is_numeric() || *array.data_type() == DataType::Boolean;
        if !is_number {
            return Err(self.type_fault(what));
        }
        let array = cast(array, &DataType::Float64)?;
        let values = array.as_primitive::<Float64Type>();
        Ok(values.iter().map(|value| value.unwrap_or(f64::NAN)).collect())
    }

    /// The column as instants: text by ISO 8601, or timestamps.
    fn instants(&self) -> Result<Vec<Epoch>, RecordedError> {
        let what = "instant by ISO 8601";
        let array = self.array()?;
        if is_text(array.data_type()) {
            let texts = self.texts(what)?;
            let instant = |(row, text): (usize, &String)| instant(text).ok_or_else(|| self.fault(row, text, what));
            return texts.iter().enumerate().map(instant).collect();
        }
        let is_instant = matches!(array.data_type(), DataType::Timestamp(..) | DataType::Date32 | DataType::Date64);
        if !is_instant {
            return Err(self.type_fault(what));
        }
        let array = cast(array, &DataType::Timestamp(TimeUnit::Nanosecond, None))?;
        let array = cast(&array, &DataType::Int64)?;
        let values = array.as_primitive::<Int64Type>();
        let instant = |(row, value): (usize, Option<i64>)| {
            let value = value.ok_or_else(|| self.fault(row, "null", what))?;
            // Arrow counts as Unix does, without leap seconds.
            Ok(Epoch::from_unix_duration(Duration::from_total_nanoseconds(i128::from(value))))
        };
        values.iter().enumerate().map(instant).collect()
    }
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// The instant of a text; see [`TimeFormat::Iso8601`](super::column_map::TimeFormat::Iso8601).
fn instant(text: &str) -> Option<Epoch> {
    const PATTERN: &str = "dddd-dd-ddTdd:dd:dd";
    let date_alone = text.len() == 10 && text.is_ascii();
    let whole = if date_alone { format!("{text}T00:00:00") } else { text.replacen(' ', "T", 1) };
    let (local, ahead_s) = match whole.strip_suffix('Z') {
        Some(local) => (local, 0.0),
        None => match whole.get(PATTERN.len()..)?.find(['+', '-']) {
            Some(at) => {
                let (local, offset) = whole.split_at_checked(PATTERN.len() + at)?;
                (local, offset_s(offset)?)
            }
            None => (whole.as_str(), 0.0),
        },
    };
    let (head, decimals) = local.split_at_checked(PATTERN.len())?;
    let fits = |(byte, wanted): (u8, u8)| if wanted == b'd' { byte.is_ascii_digit() } else { byte == wanted };
    let digits = decimals.strip_prefix('.');
    let sound = head.bytes().zip(PATTERN.bytes()).all(fits)
        && (decimals.is_empty()
            || digits.is_some_and(|digits| {
                (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
            }));
    if !sound {
        return None;
    }
    Some(Epoch::from_str(&format!("{local} UTC")).ok()? - Duration::from_seconds(ahead_s))
}

/// An offset from UTC, `+02:00` or `-0530` [s].
fn offset_s(text: &str) -> Option<f64> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1.0, digits),
        ("-", digits) => (-1.0, digits),
        _ => return None,
    };
    let digits = digits.replacen(':', "", 1);
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (f64, f64) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    (hours <= 14.0 && minutes < 60.0).then_some(sign * (hours * 3_600.0 + minutes * 60.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_of_many_forms_are_one() {
        let expected = instant("2026-03-20T12:00:00Z").expect("an instant");
        for text in [
            "2026-03-20T12:00:00",
            "2026-03-20 12:00:00.000",
            "2026-03-20T14:00:00+02:00",
            "2026-03-20T06:30:00.0-0530",
        ] {
            assert_eq!(instant(text), Some(expected), "{text}");
        }
        let half = instant("2026-03-20T12:00:00.500000001Z").expect("an instant");
        assert_eq!((half - expected).total_nanoseconds(), 500_000_001);
        assert_eq!(instant("2026-03-20"), instant("2026-03-20T00:00:00Z"));
        for text in [
            "",
            "Z",
            "noon",
            "2026-3-20",
            "2026-13-20T00:00:00Z",
            "2026-03-20T12:00",
            "é026-03-20T12:00:00Z",
            "2026-03-2é",
        ] {
            assert_eq!(instant(text), None, "{text}");
        }
    }

    fn rows(text: &str) -> Result<Rows, RecordedError> {
        Rows::read(text.as_bytes().to_vec(), &ColumnMap::default())
    }

    #[test]
    fn text_becomes_numbers_and_what_is_none_is_told_with_its_row() {
        let rows_of =
            rows("\u{feff}time_s, range,object,eclipsed\n0,1.5,a,true\n 30, nan ,b,\n60,,a,0\n").expect("sound");
        assert_eq!(rows_of.times_s, [0.0, 30.0, 60.0]);
        assert_eq!(rows_of.objects["a"], [0, 2]);
        assert_eq!((rows_of.samples[0][0], rows_of.context[0][2]), (1.5, 1.0));
        assert!(rows_of.samples[1][0].is_nan() && rows_of.samples[2][0].is_nan() && rows_of.context[1][2].is_nan());
        assert_eq!(rows_of.median_step_s(), Some(60.0));
        let fault = |text: &str| rows(text).err().unwrap_or_else(|| panic!("{text}")).to_string();
        assert_eq!(fault("time_s,range\n0,1\n30,far\n"), "row 2, column 'range': 'far' is no number");
        assert_eq!(fault("time_s,range\n,1\n"), "row 1, column 'time_s': 'NaN' is no time");
        assert!(
            fault("time,range\n0,1\n")
                .contains("no column 'time_s', in which the map has the time; it has time, range")
        );
        assert!(fault("time_s,other\n0,1\n").contains("no column of the file is a channel"));
        assert!(fault("time_s,range,range\n0,1,2\n").contains("two columns 'range'"));
        assert!(fault("time_s,range,own_mode\n0,1,7\n").contains("'7' is no mode"));
        assert!(fault("time_s,range\n0,1,2\n").contains("cannot be read as a table"));
        assert!(fault("").contains("no column of the file is a channel"));
    }
}
