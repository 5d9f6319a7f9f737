//! Reads event files back and checks every record: length, CRC-32C, protocol buffer.

use std::fs;
use std::path::Path;

use tensorboard_rs::masked_crc32c::masked_crc32c;

use super::event_log::{EventLogError, event_files};
use super::event_message::{DecodedEvent, decode};

/// One point of a curve.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalarPoint {
    /// Which curve.
    pub tag: String,
    /// Where [environment steps].
    pub step: u64,
    /// The value.
    pub value: f32,
    /// When it was logged [s since 1970].
    pub wall_time_s: f64,
}

/// A picture.
#[derive(Clone, Debug, PartialEq)]
pub struct ImagePoint {
    /// Which picture.
    pub tag: String,
    /// When [environment steps, or epochs].
    pub step: u64,
    /// A PNG file.
    pub png: Vec<u8>,
}

/// What an event file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventFile {
    /// The scalars, in the order of writing.
    pub scalars: Vec<ScalarPoint>,
    /// (tag, markdown) of each text.
    pub texts: Vec<(String, String)>,
    /// The pictures, in the order of writing.
    pub images: Vec<ImagePoint>,
    /// Bytes after the last whole record: its writer is at work or was killed.
    pub torn_tail_bytes: u64,
    /// The step from which on events of earlier files are superseded, where this file resumes a run.
    pub restarts_at_step: Option<u64>,
}

/// Reads one event file.
///
/// Errors: the file cannot be read; it is not one of events; a record was altered (with its offset).
pub fn read_events(path: &Path) -> Result<EventFile, EventLogError> {
    let bytes = fs::read(path).map_err(EventLogError::io("read", path))?;
    let damaged =
        |offset, reason: &str| EventLogError::Damaged { path: path.to_owned(), offset, reason: reason.to_owned() };
    let mut file = EventFile::default();
    let mut rest = bytes.as_slice();
    let mut first = true;
    while !rest.is_empty() {
        let offset = (bytes.len() - rest.len()) as u64;
        let Some(record) = take_record(&mut rest).map_err(|reason| damaged(offset, reason))? else {
            file.torn_tail_bytes = rest.len() as u64;
            break;
        };
        let event = decode(record).ok_or_else(|| damaged(offset, "not an event"))?;
        if std::mem::take(&mut first) && event.file_version.as_deref() != Some("brain.Event:2") {
            return Err(damaged(offset, "the file does not begin with the version 'brain.Event:2'"));
        }
        file.take(event);
    }
    Ok(file)
}

/// Reads the curves of a run over all its files, without what a resumed run superseded, as TensorBoard shows them.
///
/// Errors: as [`read_events`], or the directory cannot be listed.
pub fn read_event_directory(directory: &Path) -> Result<Vec<ScalarPoint>, EventLogError> {
    let mut points: Vec<ScalarPoint> = Vec::new();
    for path in event_files(directory)? {
        let file = read_events(&path)?;
        if let Some(restart) = file.restarts_at_step {
            points.retain(|point| point.step < restart);
        }
        points.extend(file.scalars);
    }
    Ok(points)
}

impl EventFile {
    fn take(&mut self, event: DecodedEvent) {
        let (step, wall_time_s) = (event.step, event.wall_time_s);
        if event.session_start {
            self.restarts_at_step = Some(step);
        }
        self.texts.extend(event.texts);
        self.images.extend(event.images.into_iter().map(|(tag, png)| ImagePoint { tag, step, png }));
        self.scalars.extend(event.scalars.into_iter().map(|(tag, value)| ScalarPoint {
            tag,
            step,
            value,
            wall_time_s,
        }));
    }
}

/// Splits the first record off and returns its content. `None`: the bytes end within it.
///
/// A record is its length (u64), the length's CRC, the content, the content's CRC, all little-endian.
fn take_record<'a>(bytes: &mut &'a [u8]) -> Result<Option<&'a [u8]>, &'static str> {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return Ok(None);
    };
    let Some((length_crc, rest)) = rest.split_first_chunk::<4>() else {
        return Ok(None);
    };
    if masked_crc32c(length) != u32::from_le_bytes(*length_crc) {
        return Err("the checksum of a record's length does not match");
    }
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| "a record is longer than memory")?;
    let Some((content, rest)) = rest.split_at_checked(length) else {
        return Ok(None);
    };
    let Some((content_crc, rest)) = rest.split_first_chunk::<4>() else {
        return Ok(None);
    };
    if masked_crc32c(content) != u32::from_le_bytes(*content_crc) {
        return Err("the checksum of a record's content does not match");
    }
    *bytes = rest;
    Ok(Some(content))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::event_log::EventLog;

    fn sample(directory: &Path) -> (std::path::PathBuf, Vec<u8>) {
        let mut log = EventLog::create(directory).unwrap();
        log.scalar("charts/SPS", 1.0, 1).unwrap();
        log.scalar("charts/SPS", 2.0, 2).unwrap();
        log.flush().unwrap();
        (log.path().to_owned(), fs::read(log.path()).unwrap())
    }

    #[test]
    fn the_checksum_is_crc32c() {
        // The check value of CRC-32C (RFC 3720, B.4: 32 bytes of zeros), masked as TFRecord has it.
        let crc: u32 = 0x8a91_36aa;
        assert_eq!(masked_crc32c(&[0; 32]), crc.rotate_right(15).wrapping_add(0xa282_ead8));
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let directory = tempfile::tempdir().unwrap();
        let (path, bytes) = sample(directory.path());
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &flipped).unwrap();
            assert!(matches!(read_events(&path), Err(EventLogError::Damaged { .. })), "bit {bit}");
        }
    }

    #[test]
    fn a_file_cut_anywhere_yields_its_whole_records() {
        let directory = tempfile::tempdir().unwrap();
        let (path, bytes) = sample(directory.path());
        let mut seen = [false; 3];
        for length in 0..=bytes.len() {
            fs::write(&path, &bytes[..length]).unwrap();
            let file = read_events(&path).unwrap();
            seen[file.scalars.len()] = true;
            assert_eq!(file.scalars.len() == 2, length == bytes.len());
        }
        assert_eq!(seen, [true; 3]);
    }

    #[test]
    fn a_file_of_another_kind_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("events.out.tfevents.1.a");
        fs::write(&path, "this is no file of events, it is prose of some length").unwrap();
        assert!(matches!(read_events(&path), Err(EventLogError::Damaged { offset: 0, .. })));
        assert!(matches!(read_events(&directory.path().join("none")), Err(EventLogError::Io { .. })));
    }
}
