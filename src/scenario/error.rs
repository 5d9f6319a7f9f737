//! What can be wrong with a scenario, as diagnostics that show the place in its text.

use std::fmt::{self, Write as _};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, NamedSource, SourceSpan};
use thiserror::Error;

/// Faults of one scenario that are shown at most; the rest is counted.
pub const FAULTS_SHOWN: usize = 100;

/// Characters of an author's name that a message quotes at most.
const QUOTED_CHARACTERS: usize = 64;

/// Why there is no scenario.
#[derive(Debug, Error, Diagnostic)]
pub enum ScenarioError {
    /// The file could not be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is something at the path, but no file: a folder, a device.
    #[error("{} is not a file", path.display())]
    #[diagnostic(help("name a scenario file, for example scenarios/docking.ron"))]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// The text is too large to be a scenario; it was not read.
    #[error("{name} has {bytes} bytes; a scenario has at most {limit}")]
    #[diagnostic(help("is this a scenario file?"))]
    TooLarge {
        /// The file, or what stands for it.
        name: String,
        /// Its size [bytes].
        bytes: u64,
        /// The largest size [bytes].
        limit: u64,
    },
    /// The file is not text in UTF-8.
    #[error("{name} is not UTF-8 text: byte {offset} (0x{byte:02x}) starts no character")]
    #[diagnostic(help("save the file as UTF-8"))]
    NotUtf8 {
        /// The file, or what stands for it.
        name: String,
        /// The first byte that is wrong, counted from 0.
        offset: usize,
        /// That byte.
        byte: u8,
    },
    /// The text was read, and has faults.
    #[error("{name} has {count} fault{}", if *count == 1 { "" } else { "s" })]
    Faults {
        /// The file, or what stands for it.
        name: String,
        /// How many faults there are.
        count: usize,
        /// The text, each character that could act on a terminal replaced by `?`.
        #[source_code]
        text: Arc<NamedSource<String>>,
        /// The faults in the order of the text, the first [`FAULTS_SHOWN`] of them.
        #[related]
        faults: Vec<Fault>,
    },
}

/// One fault, at its place in the text.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
#[error("{message}")]
pub struct Fault {
    /// What is wrong, with numbers.
    pub message: String,
    /// The bytes of the text that it is about.
    #[label("here")]
    pub span: SourceSpan,
    /// What would be right.
    #[help]
    pub help: Option<String>,
}

impl Fault {
    /// A fault at `span`, bytes of the scenario's text.
    #[must_use]
    pub fn new(span: Range<usize>, message: impl Into<String>, help: Option<String>) -> Self {
        Self { message: message.into(), span: span.into(), help }
    }
}

impl ScenarioError {
    /// The error of these faults in `text`, in the order of the text; a fault told twice of one place is kept once.
    #[must_use]
    pub(super) fn of_faults(name: &str, text: &str, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| (fault.span.offset(), fault.span.len()));
        faults.dedup();
        let count = faults.len();
        faults.truncate(FAULTS_SHOWN);
        let text = Arc::new(NamedSource::new(name, harmless(text)));
        Self::Faults { name: name.to_owned(), count, text, faults }
    }

    /// The faults that are known by their place; empty where the text could not be read at all.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        match self {
            Self::Faults { faults, .. } => faults,
            _ => &[],
        }
    }

    /// The error as it is shown on a terminal, with the lines of the text that it is about.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let mut page = String::new();
        // Writing to a String does not fail; should miette refuse to draw, the plain message is left.
        if GraphicalReportHandler::new_themed(theme).with_width(120).render_report(&mut page, self).is_err() {
            page = self.to_string();
        }
        page
    }
}

/// `text` with every control character but tab and line ends, and every character that turns the direction of writing,
/// replaced by as many `?` as it has bytes: spans stay right, and a file cannot act on the terminal that shows its fault.
pub(super) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if acts(character) && !matches!(character, '\n' | '\r' | '\t') {
            shown.extend(std::iter::repeat_n('?', character.len_utf8()));
        } else {
            shown.push(character);
        }
    }
    shown
}

fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// An author's word in quotes, cut and escaped so that it can stand in a message.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        quote(out, self.0, '\'')
    }
}

/// A word of the language between backticks, cut and escaped as [`Quoted`] is.
pub(super) struct Code<'a>(pub(super) &'a str);

impl fmt::Display for Code<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        quote(out, self.0, '`')
    }
}

fn quote(out: &mut fmt::Formatter<'_>, word: &str, mark: char) -> fmt::Result {
    out.write_char(mark)?;
    for character in word.chars().take(QUOTED_CHARACTERS) {
        if acts(character) {
            write!(out, "{}", character.escape_unicode())?;
        } else {
            out.write_char(character)?;
        }
    }
    if word.chars().nth(QUOTED_CHARACTERS).is_some() {
        out.write_char('…')?;
    }
    out.write_char(mark)
}

/// A help that lists what would be right, with the nearest first where one is near.
pub(super) fn expected_one_of(found: &str, valid: &[&str]) -> Option<String> {
    if valid.is_empty() {
        return None;
    }
    Some(match nearest(found, valid) {
        Some(name) => format!("did you mean {}? Valid here: {}", Code(name), listed(valid)),
        None => format!("valid here: {}", listed(valid)),
    })
}

/// The words between backticks, parted by commas.
pub(super) fn listed(words: &[&str]) -> String {
    words.iter().map(|word| Code(word).to_string()).collect::<Vec<_>>().join(", ")
}

/// The valid word that `found` was probably meant to be: the one that is `found` and a unit, or else the one with the
/// fewest edits, at most a third of its length.
pub(super) fn nearest<'a>(found: &str, valid: &[&'a str]) -> Option<&'a str> {
    // The distance takes time and memory proportional to the product of the lengths.
    if found.len() > QUOTED_CHARACTERS {
        return None;
    }
    let with_unit = valid.iter().find(|name| name.strip_prefix(found).is_some_and(|unit| unit.starts_with('_')));
    if let Some(name) = with_unit {
        return Some(name);
    }
    let (lower, limit) = (found.to_lowercase(), (found.len() / 3).max(1));
    valid
        .iter()
        .map(|name| (strsim::osa_distance(&lower, &name.to_lowercase()), *name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_suggested_only_when_it_is_near() {
        let valid = ["mass_kg", "name", "orbit"];
        assert_eq!(nearest("mas_kg", &valid), Some("mass_kg"));
        assert_eq!(nearest("Orbti", &valid), Some("orbit"));
        assert_eq!(nearest("mass", &valid), Some("mass_kg"));
        assert_eq!(nearest("colour", &valid), None);
        assert_eq!(nearest(&"mass_kg".repeat(1000), &valid), None);
    }

    #[test]
    fn nothing_in_a_text_acts_on_the_terminal() {
        let text = "a\u{1b}[2J\u{85}\u{202e}\r\n\tä";
        let shown = harmless(text);
        assert_eq!(shown, "a?[2J?????\r\n\tä");
        assert_eq!(shown.len(), text.len());
        assert_eq!(Quoted("x\u{1b}\ny").to_string(), "'x\\u{1b}\\u{a}y'");
        assert_eq!(Quoted(&"é".repeat(70)).to_string().chars().count(), 64 + 3);
    }

    #[test]
    fn faults_come_in_the_order_of_the_text_and_are_counted() {
        let fault = |at: usize| Fault::new(at..at + 1, "wrong", None);
        let text = "x".repeat(300);
        let error = ScenarioError::of_faults("f.ron", &text, (0..200).rev().chain([5]).map(fault).collect());
        assert_eq!(error.to_string(), "f.ron has 200 faults");
        assert_eq!(error.faults().len(), FAULTS_SHOWN);
        assert!(error.faults().is_sorted_by_key(|fault| fault.span.offset()));
    }
}
