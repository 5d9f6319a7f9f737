//! Which columns of a file are which channels: what the author of a map writes in RON.

use std::collections::BTreeMap;
use std::fmt;

use ron::extensions::Extensions;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::units::{self, Conversion};
use crate::telemetry::channels;

/// Which columns of a file are which channels.
///
/// ```ron
/// (
///     time: (column: "utc", format: Iso8601),
///     object: "norad_id",
///     interval_s: 30.0,
///     channels: {
///         "range": (column: "rng_km", unit: "km"),
///         "range_rate": (column: "rr", unit: "km/s", scale: -1.0),
///     },
///     context: {"mean_motion_rad_s": (column: "n", unit: "rev/day")},
/// )
/// ```
///
/// Whatever is left out has a default. Without `channels`, each column that bears the name of a channel is that channel in its own unit;
/// likewise for `context`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnMap {
    /// Where the time stands.
    pub time: TimeColumn,
    /// The column that names the object of a row; the file is about one object where it is left out.
    pub object: Option<String>,
    /// Time between two samples [s]; the median step of the rows where it is left out.
    pub interval_s: Option<f64>,
    /// Columns by the name of their channel.
    #[serde(deserialize_with = "each_once")]
    pub channels: BTreeMap<String, MappedColumn>,
    /// Columns by the name of what of the context they are: `mean_motion_rad_s`, `orbit_time_rad`, `eclipsed`, `own_delta_v_m_s` (within
    /// the window), `own_mode`, `position_sigma_m`, `track_age_s`.
    #[serde(deserialize_with = "each_once")]
    pub context: BTreeMap<String, MappedColumn>,
}

/// The column of the time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimeColumn {
    /// Its name.
    pub column: String,
    /// How the time is written.
    pub format: TimeFormat,
}

impl Default for TimeColumn {
    fn default() -> Self {
        Self { column: "time_s".to_owned(), format: TimeFormat::Seconds }
    }
}

/// How a time is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeFormat {
    /// Seconds of any clock, Unix time among them.
    #[default]
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
    /// Days, Julian dates among them; f64 tells those to 40 µs.
    Days,
    /// `2026-03-20T12:00:00.5Z`: UTC where no offset stands (`+02:00`), with a blank in place of the `T` as well, or a date alone; or a
    /// column of Parquet's type of timestamps.
    Iso8601,
}

impl TimeFormat {
    /// Length of its unit [s]; `None` for what is no number.
    #[must_use]
    pub fn unit_s(self) -> Option<f64> {
        match self {
            Self::Seconds => Some(1.0),
            Self::Milliseconds => Some(1e-3),
            Self::Minutes => Some(60.0),
            Self::Hours => Some(3_600.0),
            Self::Days => Some(86_400.0),
            Self::Iso8601 => None,
        }
    }
}

/// A column of numbers. What is taken is (`scale` × number + `offset`) in `unit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MappedColumn {
    /// Its name.
    pub column: String,
    /// Its unit; that of the channel where it is left out.
    #[serde(default)]
    pub unit: Option<String>,
    /// Factor, for a sign or a unit of its own.
    #[serde(default = "one")]
    pub scale: f64,
    /// What is added then.
    #[serde(default)]
    pub offset: f64,
}

fn one() -> f64 {
    1.0
}

/// A map that refuses a key that stands twice, of which the last would win without a word.
fn each_once<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, MappedColumn>, D::Error> {
    struct Once;
    impl<'de> Visitor<'de> for Once {
        type Value = BTreeMap<String, MappedColumn>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("columns by name of channel")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
            let mut columns = BTreeMap::new();
            while let Some((name, column)) = access.next_entry::<String, MappedColumn>()? {
                if columns.insert(name.clone(), column).is_some() {
                    return Err(serde::de::Error::custom(format!("'{name}' is mapped twice")));
                }
            }
            Ok(columns)
        }
    }
    deserializer.deserialize_map(Once)
}

/// What can stand in the context, with its unit.
pub const CONTEXT: [(&str, &str); 7] = [
    ("mean_motion_rad_s", "rad/s"),
    ("orbit_time_rad", "rad"),
    ("eclipsed", ""),
    ("own_delta_v_m_s", "m/s"),
    ("own_mode", ""),
    ("position_sigma_m", "m"),
    ("track_age_s", "s"),
];

/// What is wrong with a map.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum MapError {
    /// It is no RON of a map.
    #[error("the map of columns cannot be read, at line {line}, column {column}: {reason}")]
    Syntax {
        /// Line of the fault.
        line: usize,
        /// Column of the fault.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A name that is none.
    #[error("'{name}' of the map is no {what}: valid are {valid}")]
    Name {
        /// The name.
        name: String,
        /// What it should be one of.
        what: &'static str,
        /// The valid names.
        valid: String,
    },
    /// A unit that is none of the channel.
    #[error("'{unit}' is no unit of {name}: valid are {valid}")]
    Unit {
        /// The unit.
        unit: String,
        /// The channel.
        name: String,
        /// The valid units.
        valid: String,
    },
    /// A number that makes no sense.
    #[error("{what} of {value} is not {allowed}")]
    Number {
        /// What it is.
        what: String,
        /// Its value.
        value: f64,
        /// What it should be.
        allowed: &'static str,
    },
}

/// A column and what becomes of its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Name of the column.
    pub column: String,
    scale: f64,
    offset: f64,
    conversion: Conversion,
}

impl Source {
    /// The number of the channel.
    #[must_use]
    pub fn apply(&self, number: f64) -> f64 {
        self.conversion.apply(self.scale * number + self.offset)
    }
}

impl ColumnMap {
    /// Reads a map.
    ///
    /// # Errors
    /// It is no RON of a map, or makes no sense.
    pub fn read(text: &str) -> Result<Self, MapError> {
        let options = ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME);
        let map: Self = options.from_str(text).map_err(|error| {
            let (line, column) = (error.span.start.line, error.span.start.col);
            MapError::Syntax { line, column, reason: error.code.to_string() }
        })?;
        map.check()?;
        Ok(map)
    }

    /// Refuses what makes no sense.
    ///
    /// # Errors
    /// The first fault.
    pub fn check(&self) -> Result<(), MapError> {
        if let Some(value) = self.interval_s.filter(|value| !(value.is_finite() && *value > 0.0)) {
            return Err(MapError::Number {
                what: "interval_s".to_owned(),
                value,
                allowed: "a positive, finite number",
            });
        }
        self.sources(&[]).map(|_| ())
    }

    /// The columns of each channel, and of what stands in the context; where the map says nothing, those of `columns` that bear the name.
    ///
    /// # Errors
    /// A name or a unit is none, or a scale is no number.
    pub fn sources(&self, columns: &[String]) -> Result<Sources, MapError> {
        let units: Vec<(&'static str, &'static str)> =
            channels::TABLE.iter().map(|channel| (channel.name, channel.unit)).collect();
        let channels = sources(&self.channels, &units, "channel", columns)?;
        let context = sources(&self.context, &CONTEXT, "part of the context", columns)?;
        Ok(Sources { channels, context })
    }
}

/// The columns that are taken, by index of channel and of [`CONTEXT`].
#[derive(Clone, Debug, PartialEq)]
pub struct Sources {
    /// Of the channels.
    pub channels: Vec<Option<Source>>,
    /// Of the context.
    pub context: Vec<Option<Source>>,
}

fn sources(
    map: &BTreeMap<String, MappedColumn>,
    known: &[(&'static str, &'static str)],
    what: &'static str,
    columns: &[String],
) -> Result<Vec<Option<Source>>, MapError> {
    if map.is_empty() {
        let by_name = |(name, _): &(&str, &str)| {
            let conversion = Conversion::Linear { factor: 1.0, offset: 0.0 };
            let source = Source { column: (*name).to_owned(), scale: 1.0, offset: 0.0, conversion };
            columns.iter().any(|column| column == name).then_some(source)
        };
        return Ok(known.iter().map(by_name).collect());
    }
    let mut found = vec![None; known.len()];
    for (name, MappedColumn { column, unit, scale, offset }) in map {
        let Some(index) = known.iter().position(|(known, _)| known == name) else {
            let valid = known.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            return Err(MapError::Name { name: name.clone(), what, valid });
        };
        let (name, own) = known[index];
        let unit = unit.as_deref().unwrap_or(own);
        let Some(conversion) = units::conversion(name, own, unit) else {
            let (unit, valid) = (unit.to_owned(), units::valid(name, own).join(", "));
            return Err(MapError::Unit { unit, name: name.to_owned(), valid });
        };
        if !(scale.is_finite() && *scale != 0.0) {
            let what = format!("scale of {name}");
            return Err(MapError::Number { what, value: *scale, allowed: "a finite number other than 0" });
        }
        if !offset.is_finite() {
            let what = format!("offset of {name}");
            return Err(MapError::Number { what, value: *offset, allowed: "a finite number" });
        }
        found[index] = Some(Source { column: column.clone(), scale: *scale, offset: *offset, conversion });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_read_and_its_numbers_are_those_of_the_channel() {
        let text = r#"(
            time: (column: "utc", format: Iso8601), object: "id", interval_s: 30.0,
            channels: {"range": (column: "r", unit: "km"), "range_rate": (column: "v", unit: "km/s", scale: -1.0, offset: 0.5)},
        )"#;
        let map = ColumnMap::read(text).expect("sound");
        assert_eq!((map.object.as_deref(), map.interval_s), (Some("id"), Some(30.0)));
        let sources = map.sources(&[]).expect("sound");
        assert_eq!(sources.channels[0].as_ref().expect("mapped").apply(2.0), 2_000.0);
        assert_eq!(sources.channels[1].as_ref().expect("mapped").apply(2.0), -1_500.0);
        assert!(sources.channels[2..].iter().all(Option::is_none));
    }

    #[test]
    fn without_a_map_columns_go_by_their_names() {
        let columns = ["time_s", "range", "skin_temperature", "eclipsed", "comment"].map(str::to_owned);
        let sources = ColumnMap::default().sources(&columns).expect("sound");
        let of = |of: &[Option<Source>]| of.iter().flatten().map(|source| source.column.clone()).collect::<Vec<_>>();
        assert_eq!(of(&sources.channels), ["range", "skin_temperature"]);
        assert_eq!(of(&sources.context), ["eclipsed"]);
    }

    #[test]
    fn what_makes_no_sense_is_told_with_what_would() {
        let fault = |text: &str| ColumnMap::read(text).expect_err(text).to_string();
        assert!(
            fault(r#"(channels: {"rnge": (column: "r")})"#)
                .contains("'rnge' of the map is no channel: valid are range, ")
        );
        assert!(fault(r#"(context: {"mode": (column: "r")})"#).contains("valid are mean_motion_rad_s"));
        let told = fault(r#"(channels: {"range": (column: "r", unit: "deg")})"#);
        assert_eq!(told, "'deg' is no unit of range: valid are m, km, cm, mm, ft, nmi");
        assert!(fault(r#"(channels: {"range": (column: "r", scale: 0.0)})"#).contains("scale of range of 0"));
        assert!(fault(r#"(channels: {"range": (column: "r", offset: inf)})"#).contains("offset of range"));
        assert!(fault("(interval_s: -3.0)").contains("interval_s of -3"));
        assert!(fault("(\n  tme: 3)").contains("line 2"));
        assert!(fault(r#"(channels: {"range": (column: "r"), "range": (column: "q")})"#).contains("mapped twice"));
        assert!(fault(r#"(time: (column: "t", format: Fortnights))"#).contains("Fortnights"));
        assert!(fault("").contains("line 1"));
    }
}
