//! The columns of a part: one row a window.
//!
//! A column a channel, by its name, each value a list of 30 numbers, the oldest first, null where nothing was measured; then interval
//! and context; then the label, or for real telemetry the object and the time. Units stand in the metadata of the fields (`unit`).

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Fields};

use crate::telemetry::channels::TABLE;
use crate::telemetry::window::SAMPLES;

/// A column of one value a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its unit; empty where it has none.
    pub unit: &'static str,
    /// What its values are.
    pub kind: Kind,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number, always there.
    Number,
    /// A number, null where there is none.
    OptionalNumber,
    /// A count.
    Count,
    /// True or false.
    Flag,
    /// Text.
    Text,
}

const fn column(name: &'static str, unit: &'static str, kind: Kind) -> Column {
    Column { name, unit, kind }
}

/// What stands beside the samples, in order.
pub const BESIDE: [Column; 8] = [
    column("interval_s", "s", Kind::Number),
    column("mean_motion_rad_s", "rad/s", Kind::Number),
    column("orbit_time_rad", "rad", Kind::Number),
    column("eclipsed", "", Kind::Flag),
    column("own_delta_v_m_s", "m/s", Kind::Number),
    column("own_mode", "", Kind::Count),
    column("position_sigma_m", "m", Kind::Number),
    column("track_age_s", "s", Kind::Number),
];

/// The label of a simulated window, in order.
pub const LABEL: [Column; 9] = [
    column("class", "", Kind::Text),
    column("scenario", "", Kind::Text),
    column("seed", "", Kind::Count),
    column("cast", "", Kind::Count),
    column("onset_s", "s", Kind::OptionalNumber),
    column("end_s", "s", Kind::Number),
    column("samples_since_onset", "", Kind::Count),
    column("harm_s", "s", Kind::OptionalNumber),
    column("is_known", "", Kind::Flag),
];

/// What is known of a recorded window, in order.
pub const RECORD: [Column; 2] = [column("object", "", Kind::Text), column("end_s", "s", Kind::Number)];

/// The fields of a part with these columns at its end.
#[must_use]
pub fn fields(last: &[Column]) -> Fields {
    let channels = TABLE.iter().map(|channel| {
        let list = DataType::FixedSizeList(Arc::new(Field::new_list_field(DataType::Float64, true)), SAMPLES as i32);
        with_unit(Field::new(channel.name, list, false), channel.unit)
    });
    let others = BESIDE.iter().chain(last).map(|column| {
        let (kind, nullable) = match column.kind {
            Kind::Number => (DataType::Float64, false),
            Kind::OptionalNumber => (DataType::Float64, true),
            Kind::Count => (DataType::UInt64, false),
            Kind::Flag => (DataType::Boolean, false),
            Kind::Text => (DataType::Utf8, false),
        };
        with_unit(Field::new(column.name, kind, nullable), column.unit)
    });
    channels.chain(others).collect()
}

fn with_unit(field: Field, unit: &str) -> Field {
    if unit.is_empty() {
        return field;
    }
    field.with_metadata(HashMap::from([("unit".to_owned(), unit.to_owned())]))
}

/// The first difference of what was found from what was expected, in words; none where they agree.
#[must_use]
pub fn difference(found: &Fields, expected: &Fields) -> Option<String> {
    let told = |field: &Field| {
        let unit = field.metadata().get("unit").map_or_else(String::new, |unit| format!(" in {unit}"));
        format!("'{}' ({}{unit})", field.name(), field.data_type())
    };
    for index in 0..found.len().max(expected.len()) {
        match (found.get(index), expected.get(index)) {
            (Some(found), Some(expected)) => {
                let same = (found.name(), found.data_type(), found.metadata().get("unit"))
                    == (expected.name(), expected.data_type(), expected.metadata().get("unit"));
                if !same {
                    return Some(format!("column {index} is {}, not {}", told(found), told(expected)));
                }
            }
            (Some(found), None) => return Some(format!("it has a column {} too many", told(found))),
            (None, Some(expected)) => return Some(format!("it has no column {}", told(expected))),
            (None, None) => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_a_difference_is_told() {
        let labelled = fields(&LABEL);
        let mut names: Vec<&String> = labelled.iter().map(|field| field.name()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), TABLE.len() + BESIDE.len() + LABEL.len());
        assert_eq!(difference(&labelled, &labelled), None);
        let told = difference(&fields(&RECORD), &labelled).expect("they differ");
        assert!(told.contains("'object'") && told.contains("'class'"), "{told}");
    }
}
