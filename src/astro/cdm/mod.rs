//! Conjunction data messages (CCSDS 508.0-B-1) in keyword-value notation: read, written, and turned into states.
//!
//! A message is kept line by line, values as they were written, so that writing what was read loses nothing: comments,
//! optional terms of the covariance, keywords that this version does not know. Numbers, units and instants are checked when
//! a message is read.

pub mod instant;
pub mod keys;
mod reader;
mod writer;

use hifitime::Epoch;
use nalgebra::Matrix6;
use thiserror::Error;

use self::keys::{STATE, Section, covariance_keyword};
use super::conjunction::covariance::{Covariance6, inertial_of_rtn};
use super::itrf::{EarthOrientation, EarthRotation, FrameError, gcrf_to_eme2000};
use super::{CartesianState, Vector3};

/// Size of a message at most [bytes]; a larger file is no message. They have some 10 kB.
pub const LARGEST_TEXT: usize = 1 << 20;

/// Metres in a kilometre, in which a message states positions.
const M_PER_KM: f64 = 1000.0;

/// Why a text is no conjunction data message, or lacks what is asked of it.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum CdmError {
    /// The Earth's attitude, which a state in ITRF is brought to GCRF by, is not known.
    #[error("the Earth's rotation at closest approach: {0}")]
    Rotation(#[from] FrameError),
    /// The text is larger than any message.
    #[error("the text has {bytes} bytes; a conjunction data message has at most {LARGEST_TEXT}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The bytes are not text.
    #[error("line {line}: not UTF-8 text (byte {offset} starts no character)")]
    NotUtf8 {
        /// Line, counted from 1.
        line: usize,
        /// Byte from the start, counted from 0.
        offset: usize,
    },
    /// The message is in XML.
    #[error("line {line}: this is XML; conjunction data messages are read in keyword-value notation (KVN) only")]
    Xml {
        /// Line, counted from 1.
        line: usize,
    },
    /// The text does not begin as a message does.
    #[error(
        "line {line}: found {found}, expected `CCSDS_CDM_VERS = 1.0`, with which a conjunction data message begins"
    )]
    NoMessage {
        /// Line, counted from 1.
        line: usize,
        /// What stands there.
        found: String,
    },
    /// A line is neither a comment nor `KEYWORD = value`.
    #[error("line {line}: found {found}, expected `KEYWORD = value [unit]` or `COMMENT …`")]
    Line {
        /// Line, counted from 1.
        line: usize,
        /// What stands there.
        found: String,
    },
    /// A value is not what its keyword takes.
    #[error("line {line}: {keyword} has the value {found}, expected {expected}")]
    Value {
        /// Line, counted from 1.
        line: usize,
        /// The keyword.
        keyword: String,
        /// What stands there.
        found: String,
        /// What should.
        expected: String,
    },
    /// A unit is wrong or missing.
    #[error("line {line}: {keyword} has {found}, expected [{expected}]")]
    Unit {
        /// Line, counted from 1.
        line: usize,
        /// The keyword.
        keyword: String,
        /// What stands there.
        found: String,
        /// The unit of the standard.
        expected: String,
    },
    /// A keyword stands twice in one section.
    #[error("line {line}: {keyword} stands twice, in line {earlier} first")]
    Duplicate {
        /// Line, counted from 1.
        line: usize,
        /// The keyword.
        keyword: String,
        /// The earlier line.
        earlier: usize,
    },
    /// A keyword stands in the wrong section.
    #[error("line {line}: {keyword} belongs {expected}, and not {found}")]
    Misplaced {
        /// Line, counted from 1.
        line: usize,
        /// The keyword.
        keyword: String,
        /// Where it stands.
        found: &'static str,
        /// Where it should.
        expected: &'static str,
    },
    /// Something essential is missing; the line is that of the end of its section.
    #[error("line {line}: {section} ends without {keywords}")]
    Missing {
        /// Last line of the section, counted from 1.
        line: usize,
        /// The section.
        section: &'static str,
        /// Keywords that are missing.
        keywords: String,
    },
    /// The covariance is missing, wholly or partly.
    #[error("object {object} has no covariance: {keywords} missing")]
    NoCovariance {
        /// 1 or 2.
        object: usize,
        /// Keywords that are missing.
        keywords: String,
    },
    /// A frame that is not supported for what was asked.
    #[error("object {object} is in the frame {found}, expected {expected}")]
    Frame {
        /// 1 or 2.
        object: usize,
        /// What stands there.
        found: String,
        /// What is supported.
        expected: &'static str,
    },
    /// The objects are about another body than the Earth.
    #[error("object {object} has the orbit centre {found}, expected EARTH")]
    Centre {
        /// 1 or 2.
        object: usize,
        /// What stands there.
        found: String,
    },
}

/// Something odd in a message that was read all the same.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum CdmWarning {
    /// A keyword that the standard does not have: kept in its place.
    #[error("line {line}: unknown keyword {keyword} is kept, and not used")]
    Unknown {
        /// Line, counted from 1.
        line: usize,
        /// The keyword.
        keyword: String,
    },
    /// A unit that is not the standard's, of a value that is not computed with.
    #[error("line {line}: {keyword} has {found}, not [{expected}]; it is kept, and not used")]
    Unit {
        /// Line, counted from 1.
        line: usize,
        /// The keyword.
        keyword: String,
        /// What stands there.
        found: String,
        /// The unit of the standard.
        expected: String,
    },
    /// A value that is not computed with and is not what its keyword takes.
    #[error("line {line}: {keyword} has the value {found}, not {expected}; it is kept, and not used")]
    Value {
        /// Line, counted from 1.
        line: usize,
        /// The keyword.
        keyword: String,
        /// What stands there.
        found: String,
        /// What should.
        expected: String,
    },
    /// Keywords that the standard wants.
    #[error("{section} lacks {keywords}, which the standard wants")]
    Missing {
        /// The section.
        section: &'static str,
        /// Keywords that are missing.
        keywords: String,
    },
    /// Another version of the standard.
    #[error("line {line}: version {found} is read as version 1.0")]
    Version {
        /// Line, counted from 1.
        line: usize,
        /// The version.
        found: String,
    },
}

/// One line of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A comment, without the word `COMMENT`.
    Comment(String),
    /// A keyword and its value.
    Field(Field),
}

/// A keyword and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The keyword.
    pub keyword: String,
    /// The value as it is written.
    pub value: String,
    /// The unit, without its brackets.
    pub unit: Option<String>,
}

/// A conjunction data message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cdm {
    /// Header and what is said of both objects together.
    relative: Vec<Line>,
    /// What is said of each object; the keyword `OBJECT` comes first.
    objects: [Vec<Line>; 2],
}

impl Cdm {
    /// Reads a message from `bytes`.
    ///
    /// Unknown keywords are kept where they stand and told as a warning; so are odd values and units of what is not computed
    /// with, and the absence of what the standard wants but nothing is computed from.
    ///
    /// # Errors
    /// [`CdmError`], the first fault, with its line: no text, no message, a line that is none, a keyword given twice or in
    /// another section, a value or unit of state or covariance that is wrong, an essential keyword that is missing.
    pub fn read(bytes: &[u8]) -> Result<(Self, Vec<CdmWarning>), CdmError> {
        reader::read(bytes)
    }

    /// The message in keyword-value notation. What [`Cdm::read`] makes of it equals `self`.
    #[must_use]
    pub fn write(&self) -> String {
        writer::write(self)
    }

    /// A message with this header and closest approach, and two objects of which nothing is said yet.
    #[must_use]
    pub fn new(originator: &str, message_id: &str, creation: &Epoch, closest_approach: &Epoch) -> Self {
        let object =
            |name: &str| vec![Line::Field(Field { keyword: "OBJECT".to_owned(), value: name.to_owned(), unit: None })];
        let mut cdm = Self { relative: Vec::new(), objects: [object("OBJECT1"), object("OBJECT2")] };
        cdm.set_text(None, "CCSDS_CDM_VERS", "1.0");
        cdm.set_text(None, "CREATION_DATE", &instant::write(creation));
        cdm.set_text(None, "ORIGINATOR", originator);
        cdm.set_text(None, "MESSAGE_ID", message_id);
        cdm.set_text(None, "TCA", &instant::write(closest_approach));
        cdm
    }

    /// The lines of the header and relative data (`None`), or of an object, 1 or 2.
    #[must_use]
    pub fn lines(&self, object: Option<usize>) -> &[Line] {
        match object {
            None => &self.relative,
            Some(object) => &self.objects[usize::from(object != 1)],
        }
    }

    /// The value of a keyword as it is written, of an object (1 or 2) or of the header and relative data.
    #[must_use]
    pub fn text(&self, object: Option<usize>, keyword: &str) -> Option<&str> {
        self.lines(object).iter().find_map(|line| match line {
            Line::Field(field) if field.keyword == keyword => Some(field.value.as_str()),
            _ => None,
        })
    }

    /// The value of a keyword as a number, in the unit of the standard.
    #[must_use]
    pub fn number(&self, object: Option<usize>, keyword: &str) -> Option<f64> {
        reader::number(self.text(object, keyword)?)
    }

    /// Sets a keyword, in the standard's unit and, where it was not there, at its place in the standard's order. Line ends
    /// in `value` become spaces.
    pub fn set_text(&mut self, object: Option<usize>, keyword: &str, value: &str) {
        let lines = match object {
            None => &mut self.relative,
            Some(object) => &mut self.objects[usize::from(object != 1)],
        };
        let unit = match keys::find(keyword).map(|(_, keyword)| keyword.kind) {
            Some(keys::Kind::Number(unit)) => unit.map(str::to_owned),
            _ => None,
        };
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        let place = |line: &Line| match line {
            Line::Field(field) => keys::find(&field.keyword).map(|(place, _)| place),
            Line::Comment(_) => None,
        };
        let new = Line::Field(Field { keyword: keyword.to_owned(), value, unit });
        let old = lines.iter().position(|line| matches!(line, Line::Field(field) if field.keyword == keyword));
        match old {
            Some(index) => lines[index] = new,
            None => {
                let own = place(&new).unwrap_or(usize::MAX);
                let after = lines.iter().rposition(|line| place(line).is_some_and(|place| place < own));
                lines.insert(after.map_or(0, |index| index + 1), new);
            }
        }
    }

    /// Sets a keyword to a number, in the standard's unit, with all digits that it has.
    pub fn set_number(&mut self, object: Option<usize>, keyword: &str, value: f64) {
        self.set_text(object, keyword, &writer::number(value));
    }

    /// Sets an object's state, GCRF, and covariance, RTN.
    pub fn set_state(&mut self, object: usize, state: &CartesianState, covariance_rtn: &Covariance6) {
        self.set_text(Some(object), "REF_FRAME", "GCRF");
        let (r, v) = (state.position_m / M_PER_KM, state.velocity_m_s / M_PER_KM);
        for (keyword, value) in STATE.into_iter().zip([r.x, r.y, r.z, v.x, v.y, v.z]) {
            self.set_number(Some(object), keyword, value);
        }
        for row in 0..6 {
            for column in 0..=row {
                self.set_number(Some(object), &covariance_keyword(row, column), covariance_rtn[(row, column)]);
            }
        }
    }

    /// Time of closest approach.
    #[must_use]
    pub fn closest_approach(&self) -> Option<Epoch> {
        instant::parse(self.text(None, "TCA")?)
    }

    /// Sum of both objects' hard-body radii [m], where the message states both in `HBR`, or the sum itself in a comment of its relative
    /// data, as messages do that NASA CARA has worked on: `COMMENT HBR = 20.0 [m]`.
    #[must_use]
    pub fn hard_body_radius_m(&self) -> Option<f64> {
        let stated = |object: usize| self.number(Some(object), "HBR");
        stated(1).zip(stated(2)).map(|(first, second)| first + second).or_else(|| {
            self.relative.iter().find_map(|line| {
                let Line::Comment(comment) = line else { return None };
                let (name, value) = comment.split_once('=')?;
                let value = value.trim();
                let value = value.strip_suffix("[m]").unwrap_or(value);
                let radius_m = reader::number(value.trim())?;
                (name.trim() == "HBR" && radius_m > 0.0).then_some(radius_m)
            })
        })
    }

    /// An object's covariance of position and velocity in its RTN frame [m², m²/s, m²/s²].
    ///
    /// # Errors
    /// [`CdmError::NoCovariance`] where any of its 21 entries is missing.
    pub fn covariance_rtn(&self, object: usize) -> Result<Covariance6, CdmError> {
        let mut covariance = Matrix6::zeros();
        let mut missing = Vec::new();
        for row in 0..6 {
            for column in 0..=row {
                let keyword = covariance_keyword(row, column);
                match self.number(Some(object), &keyword) {
                    Some(entry) => {
                        covariance[(row, column)] = entry;
                        covariance[(column, row)] = entry;
                    }
                    None => missing.push(keyword),
                }
            }
        }
        match missing.len() {
            0 => Ok(covariance),
            21 => Err(CdmError::NoCovariance { object, keywords: "CR_R to CNDOT_NDOT are".to_owned() }),
            1 => Err(CdmError::NoCovariance { object, keywords: format!("{} is", missing[0]) }),
            _ => Err(CdmError::NoCovariance { object, keywords: format!("{} are", missing.join(", ")) }),
        }
    }

    /// An object's state at closest approach, GCRF.
    ///
    /// EME2000 is turned by the frame bias. ITRF, in whichever realisation (they differ by centimetres), is that of the mean
    /// Earth, since a message tells neither ΔUT1 nor polar motion: its axes err by up to 0.4 km on the ground, of both objects
    /// alike.
    ///
    /// # Errors
    /// [`CdmError::Frame`] where it is in another frame, [`CdmError::Centre`] where it is not about the Earth,
    /// [`CdmError::Rotation`] where the Earth's attitude is not known at that instant.
    pub fn state_gcrf(&self, object: usize) -> Result<CartesianState, CdmError> {
        let centre = self.text(Some(object), "ORBIT_CENTER").unwrap_or("EARTH");
        if !centre.eq_ignore_ascii_case("EARTH") {
            return Err(CdmError::Centre { object, found: centre.to_owned() });
        }
        let values = STATE.map(|keyword| self.number(Some(object), keyword).map(|value| value * M_PER_KM));
        // A message that was read has all of them; one that is being made may not.
        let missing = |keywords: String| CdmError::Missing { line: 0, section: section_name(object), keywords };
        let [Some(x), Some(y), Some(z), Some(x_dot), Some(y_dot), Some(z_dot)] = values else {
            return Err(missing(STATE.join(", ")));
        };
        let state =
            CartesianState { position_m: Vector3::new(x, y, z), velocity_m_s: Vector3::new(x_dot, y_dot, z_dot) };
        let frame = self.frame(object);
        if frame.eq_ignore_ascii_case("GCRF") {
            Ok(state)
        } else if frame.eq_ignore_ascii_case("EME2000") {
            let bias = gcrf_to_eme2000().transpose();
            Ok(CartesianState { position_m: bias * state.position_m, velocity_m_s: bias * state.velocity_m_s })
        } else if self.is_terrestrial(object) {
            let instant = self.closest_approach().ok_or_else(|| missing("TCA".to_owned()))?;
            Ok(EarthRotation::at(instant, &EarthOrientation::default())?.to_gcrf(&state))
        } else {
            Err(CdmError::Frame { object, found: frame.to_owned(), expected: "GCRF, EME2000 or ITRF" })
        }
    }

    /// Both objects' states and covariances at closest approach, GCRF.
    ///
    /// # Errors
    /// As [`Cdm::state_gcrf`]; [`CdmError::Frame`] also where only one of them is in ITRF, since what is not known of the
    /// Earth's attitude would then part them; [`CdmError::NoCovariance`].
    pub fn pair_gcrf(&self) -> Result<([CartesianState; 2], [Covariance6; 2]), CdmError> {
        let states = [self.state_gcrf(1)?, self.state_gcrf(2)?];
        if self.is_terrestrial(1) != self.is_terrestrial(2) {
            let expected = "the same as object 1: ITRF goes with ITRF only";
            return Err(CdmError::Frame { object: 2, found: self.frame(2).to_owned(), expected });
        }
        let covariance = |object: usize| {
            self.covariance_rtn(object).map(|covariance| inertial_of_rtn(&covariance, &states[object - 1]))
        };
        Ok((states, [covariance(1)?, covariance(2)?]))
    }

    fn is_terrestrial(&self, object: usize) -> bool {
        self.frame(object).get(..4).is_some_and(|start| start.eq_ignore_ascii_case("ITRF"))
    }

    fn frame(&self, object: usize) -> &str {
        self.text(Some(object), "REF_FRAME").unwrap_or("(none)")
    }
}

/// How a section is called in messages.
fn section_name(object: usize) -> &'static str {
    match object {
        0 => "the header",
        1 => "object 1",
        _ => "object 2",
    }
}

/// Where a keyword of a section belongs, in words that follow "belongs".
fn place_of(section: Section) -> &'static str {
    match section {
        Section::Relative => "before the first OBJECT",
        Section::Object => "behind OBJECT",
    }
}
