//! From RON text to a configuration, and from what `ron` says against it to faults on their places.

use std::ops::Range;

use ron::error::{Error, Position, SpannedError};
use ron::extensions::Extensions;
use serde::de::DeserializeOwned;

use super::error::{Code, Fault, expected_one_of, nearest};
use super::spans::{DEPTH_LIMIT, Spans};

/// Unknown and repeated fields that are told of one text at once.
const FIELDS_TOLD: usize = 32;

/// The RON that scenarios are written in: `Some(…)` may be left out, and a variant's own struct needs no second
/// parentheses (`ZemZev(gain: 2.0)`).
fn dialect() -> ron::Options {
    ron::Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_VARIANT_NEWTYPES)
        .with_recursion_limit(DEPTH_LIMIT)
}

/// What was read, and what is wrong with it.
pub(super) struct Reading<T> {
    /// The value; present also beside faults, when they are only fields that do not belong where they stand.
    pub(super) value: Option<T>,
    /// The faults, on `text`'s bytes.
    pub(super) faults: Vec<Fault>,
}

/// Reads `text` as a `T`.
///
/// `ron` stops at the first fault. So that an author sees all at once, a field that is unknown or repeated is noted,
/// blanked and the text read again; any other fault ends the reading.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Reading<T> {
    let (mut faults, mut meant) = (Vec::new(), Vec::new());
    let mut remaining = text.to_owned();
    loop {
        let error = match dialect().from_str::<T>(&remaining) {
            Ok(value) => return Reading { value: Some(value), faults },
            Err(error) => error,
        };
        let spans = Spans::of(&remaining);
        let place = Place::of(&remaining, &error);
        if let Error::NoSuchStructField { found, expected, .. } = &error.code {
            meant.extend(nearest(found, expected));
        }
        // A field that is missing since its name was misspelt has been told already.
        let is_told = matches!(&error.code, Error::MissingStructField { field, .. } if meant.contains(field));
        if !is_told {
            faults.push(explain(&remaining, &spans, &place, &error.code));
        }
        let is_field = matches!(error.code, Error::NoSuchStructField { .. } | Error::DuplicateStructField { .. });
        match spans.field_at(place.token.start) {
            Some((name, whole))
                if is_field && name == place.token && !whole.is_empty() && faults.len() < FIELDS_TOLD =>
            {
                blank(&mut remaining, whole);
            }
            _ => return Reading { value: None, faults },
        }
    }
}

/// Reads the value at `span` of `text` as a `T`, by itself; faults are on `text`'s bytes.
///
/// `None` is no value, and `Some(…)` may stand around one.
pub(super) fn read_part<T: DeserializeOwned>(text: &str, spans: &Spans, span: Range<usize>) -> Reading<Option<T>> {
    // What stands before the part is blanked, not cut, so that positions stay those of the whole text; attributes at the
    // start of the text are kept, since they say how its values are written.
    let mut alone = text[..span.end].to_owned();
    blank(&mut alone, spans.root_start()..span.start);
    read(&alone)
}

/// Overwrites `span` with spaces, bytes and lines kept.
fn blank(text: &mut String, span: Range<usize>) {
    let spaces: String = text[span.clone()].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
    text.replace_range(span, &spaces);
}

/// Where `ron` stopped, in bytes.
struct Place {
    /// What it read last, for faults of a name: the name.
    token: Range<usize>,
    /// Where it stood, for faults of what comes next.
    next: usize,
}

impl Place {
    fn of(text: &str, error: &SpannedError) -> Self {
        let (start, next) = (byte_at(text, error.span.start), byte_at(text, error.span.end));
        Self { token: start.min(next)..next, next }
    }
}

/// The byte at a line and column, both counted from 1, the column in characters.
fn byte_at(text: &str, position: Position) -> usize {
    let line_start = match position.line.checked_sub(2) {
        None => 0,
        Some(breaks) => text.match_indices('\n').nth(breaks).map_or(text.len(), |(at, _)| at + 1),
    };
    let line = &text[line_start..];
    line_start + line.char_indices().nth(position.col.saturating_sub(1)).map_or(line.len(), |(at, _)| at)
}

/// The fault that `ron` means, in an author's words.
fn explain(text: &str, spans: &Spans, place: &Place, code: &Error) -> Fault {
    let at_end = text[place.next..].trim().is_empty();
    if let (true, Some(open)) = (at_end, spans.unclosed()) {
        let (bracket, line) = (&text[open..=open], 1 + text[..open].matches('\n').count());
        let message = format!("the text ends before the `{bracket}` of line {line} is closed");
        return Fault::new(open..open + 1, message, Some("is the file cut off?".to_owned()));
    }
    match code {
        Error::NoSuchStructField { expected, found, outer } => {
            let message = format!("unknown field {}{}", Code(found), inside(outer.as_deref()));
            let help = expected_one_of(found, expected).or_else(|| Some("it has no fields".to_owned()));
            Fault::new(place.token.clone(), message, help)
        }
        Error::DuplicateStructField { field, outer } => {
            let message = format!("field `{field}`{} is given twice", inside(outer.as_deref()));
            Fault::new(place.token.clone(), message, Some("keep one of the two".to_owned()))
        }
        Error::NoSuchEnumVariant { expected, found, outer } => {
            let kind = outer.as_deref().map_or_else(|| "variant".to_owned(), words);
            let message = format!("unknown {kind} {}", Code(found));
            Fault::new(place.token.clone(), message, expected_one_of(found, expected))
        }
        Error::MissingStructField { field, outer } => {
            let span = spans.ending_at(text, place.next + 1).unwrap_or_else(|| character_at(text, place.next));
            let message = format!("missing field `{field}`{}", inside(outer.as_deref()));
            Fault::new(span, message, Some(format!("add `{field}: …`")))
        }
        _ => explain_form(text, spans, place, code),
    }
}

/// A fault of form: brackets, commas, one kind of value in place of another.
fn explain_form(text: &str, spans: &Spans, place: &Place, code: &Error) -> Fault {
    let next = text[place.next..].chars().next();
    let is_number = next.is_some_and(|next| next.is_ascii_digit() || matches!(next, '+' | '-' | '.'));
    let (message, help) = match code {
        Error::ExpectedIdentifier | Error::SuggestRawIdentifier(_) | Error::InvalidIdentifier(_) if is_number => {
            let number = &text[spans.starting_at(text, place.next).unwrap_or(character_at(text, place.next))];
            let message = "a number that is drawn once an episode is written as a distribution".to_owned();
            (
                message,
                Some(format!(
                    "write {}, or `Uniform(low, high)`, `Normal(mean, standard deviation)`",
                    Code(&format!("Fixed({number})"))
                )),
            )
        }
        Error::ExpectedFloat | Error::ExpectedInteger if next.is_some_and(char::is_alphabetic) => {
            (lowered(code), Some("this number is not drawn: write it plainly, for example `50.0`".to_owned()))
        }
        Error::ExpectedStructLike | Error::ExpectedNamedStructLike(_) if next == Some('[') => (
            lowered(code),
            Some("a fixed number of values is written in parentheses, for example `(1.0, 1.0, 1.0)`".to_owned()),
        ),
        Error::ExpectedStructLike if matches!(next, Some(']' | ',' | ')')) => {
            if let Some(span) = spans.ending_at(text, place.next) {
                let name = &text[span.clone()];
                let message = format!("{} needs parentheses", Code(name));
                return Fault::new(
                    span,
                    message,
                    Some(format!(
                        "write {}, with parameters in it where they differ from the defaults",
                        Code(&format!("{name}()"))
                    )),
                );
            }
            (lowered(code), None)
        }
        Error::ExpectedDifferentLength { .. } => {
            let span = spans.ending_at(text, place.next + 1).unwrap_or_else(|| character_at(text, place.next));
            return Fault::new(span, lowered(code), None);
        }
        Error::ExpectedStringEnd
        | Error::UnclosedBlockComment
        | Error::NoSuchExtension(_)
        | Error::InvalidEscape(_) => {
            return Fault::new(place.token.clone(), lowered(code), None);
        }
        Error::IntegerOutOfBounds => {
            let span = spans.ending_at(text, place.next).unwrap_or_else(|| character_at(text, place.next));
            return Fault::new(span, lowered(code), None);
        }
        Error::ExpectedComma if next == Some('.') => {
            let message = "expected a whole number".to_owned();
            return Fault::new(spans.leaf_at(place.next).unwrap_or(place.next..place.next + 1), message, None);
        }
        Error::ExceededRecursionLimit => (format!("brackets are nested more than {DEPTH_LIMIT} deep"), None),
        _ => (lowered(code), None),
    };
    let span = spans.starting_at(text, place.next).unwrap_or_else(|| character_at(text, place.next));
    Fault::new(span, message, help)
}

/// The character at a byte; nothing at the end of the text.
fn character_at(text: &str, at: usize) -> Range<usize> {
    at..at + text[at..].chars().next().map_or(0, char::len_utf8)
}

/// `ron`'s own words, as the middle of a sentence; an author's long word in them is cut.
fn lowered(code: &Error) -> String {
    let words = code.to_string();
    let mut characters = words.chars();
    let first = characters.next().into_iter().flat_map(char::to_lowercase);
    first
        .chain(characters)
        .take(300)
        .flat_map(|character| character.escape_debug())
        .collect::<String>()
        .replace("\\'", "'")
}

/// Where a field stands: ` in spacecraft`, ` in `ZemZev``.
fn inside(outer: Option<&str>) -> String {
    match outer {
        Some(name) if name.ends_with("Config") => format!(" in {}", words(name)),
        Some(name) => format!(" in {}", Code(name)),
        None => String::new(),
    }
}

/// The plain words of a type's name: `ForceConfig` is a force, `RewardTerm` a reward term.
fn words(type_name: &str) -> String {
    let mut words = String::new();
    for character in type_name.trim_end_matches("Config").chars() {
        if character.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(character.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::config::{ForceConfig, TimingConfig};
    use crate::sim::distribution::Distribution;
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct SampleConfig {
        number: f64,
        #[serde(default)]
        drawn: Option<Distribution>,
        #[serde(default)]
        forces: Vec<ForceConfig>,
        #[serde(default)]
        weights: Option<[f64; 3]>,
        #[serde(default)]
        timing: Option<TimingConfig>,
        #[serde(default)]
        text: String,
        #[serde(default)]
        any: Option<serde::de::IgnoredAny>,
    }

    /// Every fault of `text`, as (text pointed at, message, help).
    fn faults(text: &str) -> Vec<(String, String, String)> {
        let told = |fault: Fault| {
            let start = fault.span.offset();
            let pointed_at = text[start..start + fault.span.len()].to_owned();
            (pointed_at, fault.message, fault.help.unwrap_or_default())
        };
        read::<SampleConfig>(text).faults.into_iter().map(told).collect()
    }

    #[test]
    fn faults_of_form_are_told_on_their_place() {
        for (text, pointed_at, message, help) in [
            ("(number: 1, drwn: Fixed(1))", "drwn", "unknown field `drwn` in sample", "did you mean `drawn`?"),
            ("(ünumber: 1, number: 2)", "ünumber", "unknown field `ünumber`", "did you mean `number`?"),
            ("(nmber: 1)", "nmber", "unknown field `nmber`", "did you mean `number`?"),
            ("(number: 1, number: 2)", "number", "field `number` in sample is given twice", "keep one"),
            ("(\n text: \"é\",\n)", "(", "missing field `number` in sample", "add `number: …`"),
            (
                "(number: 1, forces: [J22])",
                "J22",
                "unknown force `J22`",
                "did you mean `J2`? Valid here: `TwoBody`, `J2`",
            ),
            ("(number: 1, drawn: 3.5)", "3.5", "is written as a distribution", "write `Fixed(3.5)`"),
            ("(number: 1, drawn: Fixed)", "Fixed", "`Fixed` needs parentheses", "write `Fixed()`"),
            ("(number: Fixed(1))", "Fixed(1)", "expected float", "not drawn"),
            ("(number: \"é\")", "\"é\"", "expected float", ""),
            ("(number: 1, weights: [1, 2, 3])", "[1, 2, 3]", "expected opening `(`", "in parentheses"),
            ("(number: 1, weights: (1, 2))", "(1, 2)", "expected an array of length 3 but found 2", ""),
            ("(number: 1, drawn: Uniform(1))", "Uniform(1)", "with 2 elements but found one", ""),
            ("(number: 1 text: \"\")", "t", "expected comma", ""),
            (
                "(number: 1, timing: (replan_every: 300000000000000000000, ))",
                "300000000000000000000",
                "out of bounds",
                "",
            ),
            ("(number: 1, timing: (replan_every: 4.5))", "4.5", "expected a whole number", ""),
            ("(number: 1)\n )", ")", "trailing characters", ""),
            ("(number: 1, text: \"abc", "\"", "expected end of string", ""),
            ("(\n\nnumber: 1, forces: [TwoBody,", "[", "the text ends before the `[` of line 3", "cut off"),
            ("#![enable(magic)] (number: 1)", "magic", "no RON extension", ""),
            ("7", "7", "expected opening `(`", ""),
        ] {
            let found = faults(text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            assert_eq!(found[0].0, pointed_at, "{text}: {found:?}");
            assert!(found[0].1.contains(message), "{text}: {found:?}");
            assert!(found[0].2.contains(help) && (help.is_empty() == found[0].2.is_empty()), "{text}: {found:?}");
        }
    }

    #[test]
    fn all_misplaced_fields_are_told_at_once() {
        let text = "(ä: (é: [1]), // é\n number: 1, number: 2, timing: (segment: 3 /* , */ , segment_s: 1, replan_every: 4, time_limit_s: 9), x: 1)";
        let reading = read::<SampleConfig>(text);
        let pointed_at: Vec<_> = faults(text).into_iter().map(|fault| fault.0).collect();
        assert_eq!(pointed_at, ["ä", "number", "segment", "x"]);
        assert_eq!(reading.value.map(|value| value.number), Some(1.0));
    }

    #[test]
    fn a_part_is_read_on_its_own_place() {
        let text = "(é: \"é\",\n  part: Some(number: 1, drwn: Fixed(1)), rest: [)";
        let spans = Spans::of(text);
        let span = spans.value(&"part".into()).expect("in the text");
        let reading = read_part::<SampleConfig>(text, &spans, span);
        assert_eq!(reading.value.flatten().map(|value| value.number), Some(1.0));
        let fault = &reading.faults[0];
        assert_eq!(&text[fault.span.offset()..fault.span.offset() + fault.span.len()], "drwn");
        assert_eq!(read_part::<SampleConfig>("(part: None)", &Spans::of("(part: None)"), 7..11).value, Some(None));
    }

    #[test]
    fn deep_nesting_is_refused() {
        let found = faults(&format!("(number: 1, any: {}", "[".repeat(100_000)));
        assert!(found.iter().any(|fault| fault.1.contains("nested more than")), "{found:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn any_text_is_read_or_refused_on_a_place_in_it(
            edits in proptest::collection::vec((0..200usize, ".|[()\\[\\]{},:\"'/*#é]"), 0..5),
        ) {
            let whole = "#![enable(implicit_some)] (number: 1, drawn: Uniform(1.5, 2), forces: [TwoBody, J2], weights: (1, 2, 3),\n\
                timing: (segment_s: 1, replan_every: 4, time_limit_s: 9), text: \"é\\u{e9}\", /* x */) // end";
            let mut text: Vec<char> = whole.chars().collect();
            for (place, edit) in edits {
                let place = place.min(text.len().saturating_sub(1));
                text.splice(place..=place, edit.chars());
            }
            let text: String = text.into_iter().collect();
            let reading = read::<SampleConfig>(&text);
            prop_assert!(reading.value.is_some() || !reading.faults.is_empty());
            for fault in reading.faults {
                prop_assert!(text.get(fault.span.offset()..fault.span.offset() + fault.span.len()).is_some());
            }
        }
    }
}
