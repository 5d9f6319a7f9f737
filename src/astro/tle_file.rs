//! Files of two-line element sets, with or without a line of the name before each.

use thiserror::Error;

/// Size of a file at most [bytes]; the whole catalogue of tracked objects, with names, has some 5 MB.
pub const LARGEST_TEXT: usize = 32 << 20;

/// Characters of a line of elements.
const LINE_LENGTH: usize = 69;
/// Characters of a name at most: 24 by the format, and what some files put before or behind.
const NAME_LENGTH: usize = 80;

/// One element set of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementSet {
    /// The name in the line before, if there is one, without the `0 ` that three-line files put before it.
    pub name: Option<String>,
    /// First line.
    pub line1: String,
    /// Second line.
    pub line2: String,
    /// Catalogue number; beyond 99999 it is written in Alpha-5 (A0000 is 100000).
    pub catalogue_number: u64,
    /// Line of the file that `line1` stands in, counted from 1.
    pub file_line: usize,
}

/// Why a text is no file of element sets.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TleFileError {
    /// The text is larger than any catalogue.
    #[error("the text has {bytes} bytes; a file of element sets has at most {LARGEST_TEXT}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// A line holds characters that no element set has.
    #[error("line {line}: character {column} is not printable ASCII")]
    NotAscii {
        /// Line, counted from 1.
        line: usize,
        /// Byte of the line, counted from 1.
        column: usize,
    },
    /// A line of elements is too short or too long.
    #[error("line {line}: a line of elements has {found} characters, not {LINE_LENGTH}")]
    Length {
        /// Line, counted from 1.
        line: usize,
        /// Its length.
        found: usize,
    },
    /// The last character of a line is not the sum of the others.
    #[error("line {line}: the checksum is {found:?}, and the digits before it sum up to {expected} (modulo 10)")]
    Checksum {
        /// Line, counted from 1.
        line: usize,
        /// What stands there.
        found: char,
        /// What should.
        expected: u32,
    },
    /// A line is neither a name nor the line of elements whose turn it is.
    #[error("line {line}: found {found:?}, expected {expected}")]
    Line {
        /// Line, counted from 1.
        line: usize,
        /// How it begins.
        found: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// The text ends within a set.
    #[error("line {line}: the text ends here, where {expected} should follow")]
    End {
        /// Last line, counted from 1.
        line: usize,
        /// What is missing.
        expected: &'static str,
    },
    /// A set that looks right is not one that SGP4 can read.
    #[error("line {line}: {reason}")]
    Elements {
        /// Line that the set's first line stands in, counted from 1.
        line: usize,
        /// What the reader of elements says.
        reason: String,
    },
    /// There is no set at all.
    #[error("there is no element set in this text")]
    Empty,
    /// No set of the file is the one asked for.
    #[error("none of the {sets} element sets is {wanted:?}{hint}")]
    NotFound {
        /// Name or number asked for.
        wanted: String,
        /// Sets in the file.
        sets: usize,
        /// Some that are there, in words that follow.
        hint: String,
    },
    /// Several sets are the one asked for.
    #[error("{wanted:?} is the name of several element sets, in lines {first} and {second}: ask by number")]
    Ambiguous {
        /// Name asked for.
        wanted: String,
        /// Line of one.
        first: usize,
        /// Line of another.
        second: usize,
    },
}

/// The element sets of a file, in its order. Blank lines and lines that begin with `#` are passed over.
///
/// # Errors
/// [`TleFileError`], the first fault, with its line.
pub fn read(bytes: &[u8]) -> Result<Vec<ElementSet>, TleFileError> {
    if bytes.len() > LARGEST_TEXT {
        return Err(TleFileError::TooLarge { bytes: bytes.len() });
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut sets = Vec::new();
    let mut name: Option<(String, usize)> = None;
    let mut first: Option<(&str, usize)> = None;
    let mut last_line = 0;
    for (index, raw) in bytes.split(|byte| *byte == b'\n').enumerate() {
        let number = index + 1;
        let text = ascii(raw, number)?;
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        last_line = number;
        match first {
            None if text.starts_with("1 ") && text.len() > NAME_LIKE => {
                elements(text, number)?;
                first = Some((text, number));
            }
            None if text.starts_with("2 ") && text.len() > NAME_LIKE => {
                return Err(TleFileError::Line {
                    line: number,
                    found: head(text),
                    expected: "line 1 of a set, or a name",
                });
            }
            None if name.is_some() || text.len() > NAME_LENGTH => {
                return Err(TleFileError::Line { line: number, found: head(text), expected: "line 1 of a set" });
            }
            None => name = Some((text.strip_prefix("0 ").unwrap_or(text).trim().to_owned(), number)),
            Some((line1, file_line)) => {
                if !text.starts_with("2 ") {
                    return Err(TleFileError::Line { line: number, found: head(text), expected: "line 2 of the set" });
                }
                elements(text, number)?;
                number_fields(line1, file_line, &LINE_1_NUMBERS)?;
                number_fields(text, number, &LINE_2_NUMBERS)?;
                let name = name.take().map(|(name, _)| name);
                let parsed = sgp4::Elements::from_tle(name.clone(), line1.as_bytes(), text.as_bytes())
                    .map_err(|error| TleFileError::Elements { line: file_line, reason: error.to_string() })?;
                let (line1, line2) = (line1.to_owned(), text.to_owned());
                sets.push(ElementSet { name, line1, line2, catalogue_number: parsed.norad_id, file_line });
                first = None;
            }
        }
    }
    match (first, name) {
        (Some(_), _) => Err(TleFileError::End { line: last_line, expected: "line 2 of the set" }),
        (None, Some((_, line))) => Err(TleFileError::End { line, expected: "line 1 of the set" }),
        (None, None) if sets.is_empty() => Err(TleFileError::Empty),
        (None, None) => Ok(sets),
    }
}

/// The set with this name, or with this catalogue number (plain, or in Alpha-5). Names are compared without regard to case.
///
/// # Errors
/// [`TleFileError::NotFound`] and [`TleFileError::Ambiguous`].
pub fn find<'a>(sets: &'a [ElementSet], name_or_number: &str) -> Result<&'a ElementSet, TleFileError> {
    let wanted = name_or_number.trim();
    let number = wanted.parse::<u64>().ok();
    let by_number = |set: &&ElementSet| {
        number == Some(set.catalogue_number) || (wanted.len() == 5 && set.line1.get(2..7) == Some(wanted))
    };
    let by_name = |set: &&ElementSet| set.name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(wanted));
    // Of several sets of one object the first counts for its number, as for a name; a name of two objects is ambiguous.
    if let Some(set) = sets.iter().find(by_number) {
        return Ok(set);
    }
    let mut named = sets.iter().filter(by_name);
    let Some(set) = named.next() else {
        let known = |set: &ElementSet| match &set.name {
            Some(name) => format!("{name} ({})", set.catalogue_number),
            None => set.catalogue_number.to_string(),
        };
        let some: Vec<String> = sets.iter().take(5).map(known).collect();
        let more = if sets.len() > some.len() { ", …" } else { "" };
        let hint = format!("; there are {}{more}", some.join(", "));
        return Err(TleFileError::NotFound { wanted: wanted.to_owned(), sets: sets.len(), hint });
    };
    match named.find(|other| other.catalogue_number != set.catalogue_number) {
        Some(other) => {
            let (first, second) = (set.file_line, other.file_line);
            Err(TleFileError::Ambiguous { wanted: wanted.to_owned(), first, second })
        }
        None => Ok(set),
    }
}

/// Columns of numbers in the first line, from 0: epoch, derivatives of the mean motion, drag term.
const LINE_1_NUMBERS: [std::ops::Range<usize>; 4] = [18..32, 33..43, 44..52, 53..61];
/// Columns of numbers in the second line: inclination, node, eccentricity, perigee, mean anomaly, mean motion.
const LINE_2_NUMBERS: [std::ops::Range<usize>; 6] = [8..16, 17..25, 26..33, 34..42, 43..51, 52..63];

/// Refuses characters that no number of an element set has; the reader of elements would take `1e999`, which is infinite.
fn number_fields(text: &str, line: usize, fields: &[std::ops::Range<usize>]) -> Result<(), TleFileError> {
    let is_plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'.' | b'+' | b'-');
    for field in fields {
        let number = &text[field.clone()];
        if !number.bytes().all(is_plain) {
            return Err(TleFileError::Line {
                line,
                found: number.to_owned(),
                expected: "a number of digits, a sign and a point",
            });
        }
    }
    Ok(())
}

/// Length above which a line that begins with `1 ` or `2 ` is meant for elements, and not for the name of a `1 XYZ`.
const NAME_LIKE: usize = 40;

/// The line as text, without white space at its end.
fn ascii(raw: &[u8], line: usize) -> Result<&str, TleFileError> {
    let text = raw.trim_ascii_end();
    match text.iter().position(|byte| !matches!(byte, b' '..=b'~' | b'\t')) {
        Some(at) => Err(TleFileError::NotAscii { line, column: at + 1 }),
        None => std::str::from_utf8(text).map_err(|_| TleFileError::NotAscii { line, column: 1 }),
    }
}

/// How a line begins.
fn head(text: &str) -> String {
    text.chars().take(24).collect()
}

/// Checks length and checksum of a line of elements.
fn elements(text: &str, line: usize) -> Result<(), TleFileError> {
    if text.len() != LINE_LENGTH {
        return Err(TleFileError::Length { line, found: text.len() });
    }
    // A digit counts itself, a minus one, all else nothing.
    let value = |character: char| character.to_digit(10).unwrap_or(u32::from(character == '-'));
    let expected = text[..LINE_LENGTH - 1].chars().map(value).sum::<u32>() % 10;
    let found = text.chars().next_back().unwrap_or(' ');
    if found.to_digit(10) == Some(expected) { Ok(()) } else { Err(TleFileError::Checksum { line, found, expected }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Satellites 00005 and 25544 of Vallado et al., Revisiting Spacetrack Report #3, 2006.
    const VANGUARD: &str = "1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753\n\
                            2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667\n";
    const STATION: &str = "1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927\n\
                           2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537\n";

    /// `VANGUARD` with another catalogue number in both lines, and the checksums that belong to it.
    fn numbered(number: &str) -> String {
        let line = |line: &str| {
            let body = line.replace(" 00005", &format!(" {number}"));
            let value = |character: char| character.to_digit(10).unwrap_or(u32::from(character == '-'));
            let sum = body[..68].chars().map(value).sum::<u32>() % 10;
            format!("{}{sum}\n", &body[..68])
        };
        VANGUARD.lines().map(line).collect()
    }

    #[test]
    fn two_and_three_line_sets_are_read() {
        let text =
            format!("\r\n# a comment\n0 VANGUARD 1\r\n{VANGUARD}\nISS (ZARYA)      \n{STATION}{}", numbered("T2345"));
        let sets = read(text.as_bytes()).unwrap();
        let told: Vec<_> = sets.iter().map(|set| (set.name.as_deref(), set.catalogue_number, set.file_line)).collect();
        assert_eq!(told, [(Some("VANGUARD 1"), 5, 4), (Some("ISS (ZARYA)"), 25544, 8), (None, 272_345, 10)]);
        assert_eq!(sets[1].line2, STATION.lines().nth(1).unwrap());
        for (wanted, number) in [
            ("5", 5),
            ("00005", 5),
            ("vanguard 1", 5),
            (" ISS (ZARYA)", 25544),
            ("272345", 272_345),
            ("T2345", 272_345),
        ] {
            assert_eq!(find(&sets, wanted).map(|set| set.catalogue_number), Ok(number), "{wanted}");
        }
        let message = find(&sets, "HUBBLE").unwrap_err().to_string();
        assert_eq!(
            message,
            "none of the 3 element sets is \"HUBBLE\"; there are VANGUARD 1 (5), ISS (ZARYA) (25544), 272345"
        );
    }

    #[test]
    fn a_name_of_two_objects_is_ambiguous_and_of_one_is_not() {
        let sets = read(format!("DEB\n{VANGUARD}DEB\n{VANGUARD}").as_bytes()).unwrap();
        assert_eq!(find(&sets, "DEB").map(|set| set.file_line), Ok(2));
        let sets = read(format!("DEB\n{VANGUARD}DEB\n{STATION}").as_bytes()).unwrap();
        assert_eq!(
            find(&sets, "deb").unwrap_err(),
            TleFileError::Ambiguous { wanted: "deb".to_owned(), first: 2, second: 5 }
        );
    }

    #[test]
    fn faults_are_told_with_their_line() {
        let (line1, line2) = VANGUARD.split_once('\n').unwrap();
        for (text, message) in [
            (String::new(), "there is no element set"),
            (format!("{VANGUARD}{line1}\n"), "line 3: the text ends here, where line 2"),
            (format!("{VANGUARD}A NAME\n"), "line 3: the text ends here, where line 1"),
            (format!("{line1}\n{line1}\n"), "line 2: found \"1 00005U 58002B   00179.\", expected line 2"),
            (line2.to_owned(), "line 1: found \"2 00005  34.2682 348.724\", expected line 1"),
            (format!("A\nB\n{VANGUARD}"), "line 2: found \"B\", expected line 1"),
            (VANGUARD.replace("4753", "4754"), "line 1: the checksum is '4', and the digits before it sum up to 3"),
            (VANGUARD.replace("667\n", "66\n"), "line 2: a line of elements has 68 characters, not 69"),
            (VANGUARD.replace("34.2682", "34.26é2"), "line 2: character 15 is not printable ASCII"),
            (format!("{line1}\n{}", STATION.lines().nth(1).unwrap()), "line 1: TLE parse error: NORAD mismatch"),
            (
                VANGUARD.replace(
                    "348.7242 1859667 331.7664  19.3264 10.82419157413667",
                    "348e9942 1859667 331.7664  19.3264 10.82419157413666",
                ),
                "line 2: found \"348e9942\", expected a number",
            ),
            ("x".repeat(200), "line 1: found \"xxxxxxxxxxxxxxxxxxxxxxxx\", expected line 1"),
        ] {
            let found = read(text.as_bytes()).unwrap_err().to_string();
            assert!(found.starts_with(message), "{text:?}\n{found}");
        }
        assert_eq!(read(&vec![b' '; LARGEST_TEXT + 1]), Err(TleFileError::TooLarge { bytes: LARGEST_TEXT + 1 }));
    }
}
