//! Recordings as Parquet: the samples, the events and the episodes, a table each.
//!
//! Units and frames stand in the metadata of each field (`unit`, `frame`), the scenario, its hash and the seeds in that of the
//! file. Pages are compressed with Snappy, which every reader of Parquet knows.

use std::collections::HashMap;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::Compression;
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use arrow_array::builder::{BooleanBuilder, Float64Builder, StringBuilder, UInt32Builder, UInt64Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};

use super::events::EventKind;
use super::placement::Placement;
use super::{RecordedEpisode, Recording};

/// Version of the columns, in the file's metadata; it grows when a column changes its meaning or goes.
pub const VERSION: u32 = 1;

/// A row a sample of a spacecraft, by seed, spacecraft and time.
///
/// # Errors
/// When the writer fails.
pub fn states(recording: &Recording) -> Result<Vec<u8>, ParquetError> {
    let frame = match recording.placement {
        Placement::Gcrf => "GCRF",
        Placement::Hill(_) => "Hill (R, T, N of the reference orbit)",
    };
    let mut table = Table::default();
    for episode in &recording.episodes {
        for (slot, craft) in episode.craft.iter().enumerate() {
            let infinite = |value: f64| value.is_finite().then_some(value);
            for sample in &craft.samples {
                let mut row = table.row();
                row.count("seed", episode.result.seed);
                row.number("time_s", "s", "", Some(sample.time_s));
                row.text("spacecraft", Some(&recording.template.slots[slot].name));
                row.text("team", Some(recording.team_of(slot)));
                row.text("pilot", Some(&craft.pilot));
                for (axis, name) in ["position_x_m", "position_y_m", "position_z_m"].into_iter().enumerate() {
                    row.number(name, "m", frame, Some(sample.state.position_m[axis]));
                }
                for (axis, name) in ["velocity_x_m_s", "velocity_y_m_s", "velocity_z_m_s"].into_iter().enumerate() {
                    row.number(name, "m/s", frame, Some(sample.state.velocity_m_s[axis]));
                }
                row.number("mass_kg", "kg", "", Some(sample.mass_kg));
                // Without a value where Δv is not bounded.
                row.number("delta_v_left_m_s", "m/s", "", infinite(sample.delta_v_left_m_s));
                row.number("delta_v_spent_m_s", "m/s", "", Some(sample.delta_v_spent_m_s));
                row.number("throttle", "1", "", Some(sample.throttle));
                for (axis, name) in ["thrust_r_n", "thrust_t_n", "thrust_n_n"].into_iter().enumerate() {
                    row.number(name, "N", "own RTN", Some(sample.thrust_rtn_n[axis]));
                }
            }
        }
    }
    table.write(recording)
}

/// A row an event, by seed and time.
///
/// # Errors
/// When the writer fails.
pub fn events(recording: &Recording) -> Result<Vec<u8>, ParquetError> {
    let name = |slot: usize| recording.template.slots[slot].name.as_str();
    let mut table = Table::default();
    for episode in &recording.episodes {
        for event in &episode.events {
            let (other, range_m, speed_m_s, delta_v_m_s, outcome) = match event.kind {
                EventKind::BurnEnd { delta_v_m_s } => (None, None, None, Some(delta_v_m_s), None),
                EventKind::ClosestApproach { other, range_m, speed_m_s } => {
                    (Some(other), Some(range_m), Some(speed_m_s), None, None)
                }
                EventKind::End { other, outcome, range_m } => (Some(other), Some(range_m), None, None, Some(outcome)),
                EventKind::Release | EventKind::BurnStart | EventKind::EclipseEntry | EventKind::EclipseExit => {
                    (None, None, None, None, None)
                }
            };
            let mut row = table.row();
            row.count("seed", episode.result.seed);
            row.number("time_s", "s", "", Some(event.time_s));
            row.text("kind", Some(event.kind.name()));
            row.text("spacecraft", Some(name(event.slot)));
            row.text("other", other.map(name));
            row.number("range_m", "m", "", range_m);
            row.number("speed_m_s", "m/s", "", speed_m_s);
            row.number("delta_v_m_s", "m/s", "", delta_v_m_s);
            row.text("outcome", outcome.map(|outcome| outcome.name()));
        }
    }
    table.write(recording)
}

/// A row an episode, by seed.
///
/// # Errors
/// When the writer fails.
pub fn episodes(recording: &Recording) -> Result<Vec<u8>, ParquetError> {
    let mut table = Table::default();
    for RecordedEpisode { result, .. } in &recording.episodes {
        let mut row = table.row();
        row.count("seed", result.seed);
        row.text("outcome", Some(result.outcome.name()));
        row.flag("success", result.succeeded());
        row.number("duration_s", "s", "", Some(result.duration_s));
        row.number("delta_v_m_s", "m/s", "", Some(result.delta_v_m_s));
        row.number("closest_approach_m", "m", "", Some(result.closest_approach_m));
        row.number("overspeed_s", "s", "", Some(result.overspeed_s));
        row.number("episode_return", "1", "", Some(result.episode_return));
        row.small_count("decisions", result.decisions);
        row.text("behaviour", Some(&result.behaviour));
    }
    table.write(recording)
}

/// A table under construction; its columns are those of the first row, in the order in which it gave them.
#[derive(Default)]
struct Table {
    columns: Vec<(Field, Column)>,
    rows: usize,
}

enum Column {
    Flag(BooleanBuilder),
    SmallCount(UInt32Builder),
    Count(UInt64Builder),
    Number(Float64Builder),
    Text(StringBuilder),
}

/// One row, filled from left to right.
struct Row<'a> {
    table: &'a mut Table,
    next: usize,
}

impl Table {
    fn row(&mut self) -> Row<'_> {
        self.rows += 1;
        Row { table: self, next: 0 }
    }

    /// The file.
    fn write(self, recording: &Recording) -> Result<Vec<u8>, ParquetError> {
        let policies: Vec<String> = recording
            .policies
            .iter()
            .map(|(team, name)| format!("{}={name}", recording.teams[usize::from(*team) - 1]))
            .collect();
        let metadata = [
            ("astroshield.version", VERSION.to_string()),
            ("astroshield.scenario", recording.scenario.clone()),
            ("astroshield.scenario_hash", recording.hash.clone()),
            ("astroshield.epoch_utc", format!("{}Z", recording.utc(0.0))),
            ("astroshield.seed", recording.seeds.run.to_string()),
            ("astroshield.seed_domain", recording.seeds.domain.name().to_owned()),
            ("astroshield.policies", policies.join(",")),
        ];
        let metadata: HashMap<String, String> =
            metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let (mut fields, mut arrays): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
        for (field, column) in self.columns {
            fields.push(field);
            arrays.push(match column {
                Column::Flag(mut values) => Arc::new(values.finish()),
                Column::SmallCount(mut values) => Arc::new(values.finish()),
                Column::Count(mut values) => Arc::new(values.finish()),
                Column::Number(mut values) => Arc::new(values.finish()),
                Column::Text(mut values) => Arc::new(values.finish()),
            });
        }
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let mut writer = ArrowWriter::try_new(Vec::new(), schema.clone(), Some(properties))?;
        writer.write(&RecordBatch::try_new(schema, arrays)?)?;
        writer.into_inner()
    }
}

impl Row<'_> {
    /// The column that comes next, made at the first row.
    fn column(&mut self, field: impl FnOnce() -> (Field, Column)) -> &mut Column {
        if self.next == self.table.columns.len() {
            self.table.columns.push(field());
        }
        self.next += 1;
        &mut self.table.columns[self.next - 1].1
    }

    fn flag(&mut self, name: &str, value: bool) {
        let make = || (Field::new(name, DataType::Boolean, false), Column::Flag(BooleanBuilder::new()));
        if let Column::Flag(values) = self.column(make) {
            values.append_value(value);
        }
    }

    fn small_count(&mut self, name: &str, value: u32) {
        let make = || (Field::new(name, DataType::UInt32, false), Column::SmallCount(UInt32Builder::new()));
        if let Column::SmallCount(values) = self.column(make) {
            values.append_value(value);
        }
    }

    fn count(&mut self, name: &str, value: u64) {
        let make = || (Field::new(name, DataType::UInt64, false), Column::Count(UInt64Builder::new()));
        if let Column::Count(values) = self.column(make) {
            values.append_value(value);
        }
    }

    fn number(&mut self, name: &str, unit: &str, frame: &str, value: Option<f64>) {
        let make = || {
            let told = [("unit", unit), ("frame", frame)].into_iter().filter(|(_, value)| !value.is_empty());
            let metadata: HashMap<String, String> =
                told.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            (Field::new(name, DataType::Float64, true).with_metadata(metadata), Column::Number(Float64Builder::new()))
        };
        if let Column::Number(values) = self.column(make) {
            values.append_option(value);
        }
    }

    fn text(&mut self, name: &str, value: Option<&str>) {
        let make = || (Field::new(name, DataType::Utf8, true), Column::Text(StringBuilder::new()));
        if let Column::Text(values) = self.column(make) {
            values.append_option(value);
        }
    }
}
