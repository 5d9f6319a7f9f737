//! Keyword-value notation to a message.

use super::keys::{self, KEYWORDS, Kind, Need, Section};
use super::{Cdm, CdmError, CdmWarning, Field, LARGEST_TEXT, Line, instant, place_of, section_name};

/// Characters of a foreign text that a message quotes at most.
const QUOTED_CHARACTERS: usize = 60;

/// A text in quotes, cut, and without characters that act on a terminal.
fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(QUOTED_CHARACTERS).flat_map(char::escape_debug).collect();
    let more = if text.chars().nth(QUOTED_CHARACTERS).is_some() { "…" } else { "" };
    format!("\"{shown}{more}\"")
}

/// A finite number in the notation of the standard.
pub(super) fn number(text: &str) -> Option<f64> {
    // Rust also reads `inf` and `nan`, which are no numbers of a message.
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    text.parse::<f64>().ok().filter(|value| is_plain && value.is_finite())
}

/// Where the reader is: 0 in the header and relative data, 1 and 2 in an object.
struct Reader {
    sections: [Vec<Line>; 3],
    /// Line numbers of the fields, by section and keyword.
    seen: [Vec<(String, usize)>; 3],
    last_line: [usize; 3],
    section: usize,
    warnings: Vec<CdmWarning>,
}

pub(super) fn read(bytes: &[u8]) -> Result<(Cdm, Vec<CdmWarning>), CdmError> {
    if bytes.len() > LARGEST_TEXT {
        return Err(CdmError::TooLarge { bytes: bytes.len() });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        CdmError::NotUtf8 { line: 1 + bytes[..offset].iter().filter(|byte| **byte == b'\n').count(), offset }
    })?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut reader = Reader {
        sections: Default::default(),
        seen: Default::default(),
        last_line: [1; 3],
        section: 0,
        warnings: Vec::new(),
    };
    let mut has_version = false;
    for (index, line) in text.lines().enumerate() {
        let (number, line) = (index + 1, line.trim());
        if line.is_empty() {
            continue;
        }
        if !has_version {
            if line.starts_with('<') {
                return Err(CdmError::Xml { line: number });
            }
            if line.starts_with("COMMENT") {
                reader.line(number, line)?;
                continue;
            }
            has_version = line.split('=').next().is_some_and(|keyword| keyword.trim() == "CCSDS_CDM_VERS");
            if !has_version {
                return Err(CdmError::NoMessage { line: number, found: quoted(line) });
            }
        }
        reader.line(number, line)?;
        reader.last_line[reader.section] = number;
    }
    if !has_version {
        return Err(CdmError::NoMessage { line: 1, found: "an empty text".to_owned() });
    }
    reader.complete()
}

impl Reader {
    fn line(&mut self, line: usize, text: &str) -> Result<(), CdmError> {
        if let Some(comment) = text.strip_prefix("COMMENT")
            && (comment.is_empty() || comment.starts_with(|next: char| next.is_whitespace() || next == '='))
        {
            self.sections[self.section].push(Line::Comment(comment.trim().to_owned()));
            return Ok(());
        }
        let fault = || CdmError::Line { line, found: quoted(text) };
        let (keyword, rest) = text.split_once('=').ok_or_else(fault)?;
        let (keyword, rest) = (keyword.trim(), rest.trim());
        let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
        if keyword.is_empty() || !keyword.chars().all(is_word) {
            return Err(fault());
        }
        let known = keys::find(keyword).map(|(_, known)| known);
        if keyword == "OBJECT" {
            self.section = self.object(line, rest)?;
        }
        if let Some(known) = known {
            self.placed(line, known.section, keyword)?;
        }
        if let Some((_, earlier)) = self.seen[self.section].iter().find(|(name, _)| name == keyword) {
            return Err(CdmError::Duplicate { line, keyword: keyword.to_owned(), earlier: *earlier });
        }
        let (value, unit) =
            match (known.map(|known| known.kind), rest.strip_suffix(']').and_then(|rest| rest.rsplit_once('['))) {
                // A text may end in brackets of its own.
                (Some(Kind::Text | Kind::Choice(_)), _) | (_, None) => (rest, None),
                (_, Some((value, unit))) => (value.trim(), Some(unit.trim())),
            };
        match known {
            Some(known) => self.check(line, known, value, unit)?,
            None => self.warnings.push(CdmWarning::Unknown { line, keyword: keyword.to_owned() }),
        }
        self.seen[self.section].push((keyword.to_owned(), line));
        let (value, unit) = (value.to_owned(), unit.map(str::to_owned));
        self.sections[self.section].push(Line::Field(Field { keyword: keyword.to_owned(), value, unit }));
        Ok(())
    }

    /// The section that an `OBJECT` line begins.
    fn object(&self, line: usize, value: &str) -> Result<usize, CdmError> {
        let found = match value.to_ascii_uppercase().as_str() {
            "OBJECT1" => 1,
            "OBJECT2" => 2,
            _ => {
                let (keyword, found) = ("OBJECT".to_owned(), quoted(value));
                let expected = "OBJECT1 or OBJECT2".to_owned();
                return Err(CdmError::Value { line, keyword, found, expected });
            }
        };
        // A second OBJECT1 is a duplicate of its own section; OBJECT1 behind OBJECT2 would be out of order.
        if found < self.section {
            let (keyword, found) = ("OBJECT".to_owned(), quoted(value));
            return Err(CdmError::Value { line, keyword, found, expected: "OBJECT1 before OBJECT2".to_owned() });
        }
        if found == 2 && self.section == 0 {
            let (keyword, found) = ("OBJECT".to_owned(), quoted(value));
            return Err(CdmError::Value { line, keyword, found, expected: "OBJECT1 first".to_owned() });
        }
        Ok(found)
    }

    fn placed(&self, line: usize, section: Section, keyword: &str) -> Result<(), CdmError> {
        let here = if self.section == 0 { Section::Relative } else { Section::Object };
        if section == here {
            return Ok(());
        }
        let (found, expected) = (place_of(here), place_of(section));
        Err(CdmError::Misplaced { line, keyword: keyword.to_owned(), found, expected })
    }

    /// Checks value and unit of a known keyword. What is computed with must be right; the rest is warned of.
    fn check(&mut self, line: usize, known: &keys::Keyword, value: &str, unit: Option<&str>) -> Result<(), CdmError> {
        let keyword = known.name.to_owned();
        let strict = known.need == Need::Essential || keys::is_computed_with(known.name);
        let expected = match known.kind {
            Kind::Text => (value.is_empty() && strict).then(|| "a text".to_owned()),
            Kind::Choice(words) => {
                (!words.iter().any(|word| word.eq_ignore_ascii_case(value))).then(|| words.join(" or "))
            }
            Kind::Instant => {
                instant::parse(value).is_none().then(|| "a UTC time as in 2010-03-13T22:37:52.618".to_owned())
            }
            Kind::Number(_) => number(value).is_none().then(|| "a finite number".to_owned()),
        };
        if let Some(expected) = expected {
            let found = quoted(value);
            // An optional keyword without a value says nothing, which is no fault.
            match (strict, value.is_empty()) {
                (true, _) => return Err(CdmError::Value { line, keyword, found, expected }),
                (false, true) => {}
                (false, false) => self.warnings.push(CdmWarning::Value { line, keyword, found, expected }),
            }
            return Ok(());
        }
        if known.name == "CCSDS_CDM_VERS" && value != "1.0" {
            self.warnings.push(CdmWarning::Version { line, found: quoted(value) });
        }
        let Kind::Number(expected) = known.kind else { return Ok(()) };
        if unit != expected {
            let found = unit
                .map_or_else(|| "no unit".to_owned(), |unit| format!("the unit [{}]", quoted(unit).trim_matches('"')));
            let expected = expected.unwrap_or("").to_owned();
            if strict {
                return Err(CdmError::Unit { line, keyword, found, expected });
            }
            self.warnings.push(CdmWarning::Unit { line, keyword, found, expected });
        }
        Ok(())
    }

    /// The message, where nothing essential is missing.
    fn complete(mut self) -> Result<(Cdm, Vec<CdmWarning>), CdmError> {
        for section in 0..3 {
            let here = if section == 0 { Section::Relative } else { Section::Object };
            let missing = |need: Need| -> Vec<&str> {
                let wanted = KEYWORDS.iter().filter(|keyword| keyword.section == here && keyword.need == need);
                let is_there = |name: &str| self.seen[section].iter().any(|(seen, _)| seen == name);
                wanted.map(|keyword| keyword.name).filter(|name| !is_there(name)).collect()
            };
            let (essential, standard) = (missing(Need::Essential), missing(Need::Standard));
            if !essential.is_empty() {
                // Of a section that never began, the end of the text is meant.
                let line = if self.seen[section].is_empty() {
                    *self.last_line.iter().max().unwrap_or(&1)
                } else {
                    self.last_line[section]
                };
                return Err(CdmError::Missing { line, section: section_name(section), keywords: essential.join(", ") });
            }
            if !standard.is_empty() {
                let keywords = standard.join(", ");
                self.warnings.push(CdmWarning::Missing { section: section_name(section), keywords });
            }
        }
        let [relative, first, second] = self.sections;
        Ok((Cdm { relative, objects: [first, second] }, self.warnings))
    }
}
