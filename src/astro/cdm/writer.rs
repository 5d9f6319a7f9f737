//! A message to keyword-value notation.

use std::fmt::Write as _;

use super::{Cdm, Line};

/// Column at which values stand, behind the longest keyword.
const VALUE_COLUMN: usize = 30;
/// Column at which units stand.
const UNIT_WIDTH: usize = 26;

pub(super) fn write(cdm: &Cdm) -> String {
    let mut text = String::new();
    for line in [None, Some(1), Some(2)].into_iter().flat_map(|object| cdm.lines(object)) {
        // Writing to a String does not fail.
        let _ = match line {
            Line::Comment(comment) if comment.is_empty() => writeln!(text, "COMMENT"),
            Line::Comment(comment) => writeln!(text, "COMMENT {comment}"),
            Line::Field(field) => {
                let (keyword, value) = (&field.keyword, &field.value);
                match &field.unit {
                    Some(unit) => writeln!(text, "{keyword:<VALUE_COLUMN$}= {value:<UNIT_WIDTH$} [{unit}]"),
                    None if value.is_empty() => writeln!(text, "{keyword:<VALUE_COLUMN$}="),
                    None => writeln!(text, "{keyword:<VALUE_COLUMN$}= {value}"),
                }
            }
        };
    }
    text
}

/// The shortest text from which the same number is read.
pub(super) fn number(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 || (1e-4..1e15).contains(&magnitude) { format!("{value}") } else { format!("{value:e}") }
}
