//! What a run tells of itself while it learns: TensorBoard events and `metrics.jsonl`.
//!
//! `tensorboard-rs` frames the records (length, masked CRC-32C); its own file writer is not used, because it truncates a
//! file that was opened in the same second and turns an I/O error into a panic on a thread of its own. Here every error
//! is a `Result`, no existing file is ever opened for writing, and what could not be written stays pending.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tensorboard_rs::record_writer::RecordWriter;
use thiserror::Error;

pub use super::event_message::HyperParameter;
use super::event_message::{self as message};
use crate::eval::pictures::picture::Picture;
use crate::models::durable_file;

/// What every event file's name begins with; TensorBoard looks for it.
const EVENT_FILE_PREFIX: &str = "events.out.tfevents.";
/// How long pending events may wait, seen at the next call.
const FLUSH_INTERVAL: Duration = Duration::from_secs(2);
/// Pending bytes that are written without waiting.
const FLUSH_BYTES: usize = 64 * 1024;

/// Why a log could not be written or read.
#[derive(Debug, Error)]
pub enum EventLogError {
    /// The system refused: a full disk, a missing directory, no permission.
    #[error("cannot {action} '{}': {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The content is not what was once written.
    #[error("'{}' is damaged at byte {offset}: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in it the damaged record or line begins \[bytes\].
        offset: u64,
        /// What is wrong with it.
        reason: String,
    },
}

impl EventLogError {
    /// For `map_err`: an I/O error with what was tried on which path.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

/// Writes the events of one run for TensorBoard, which may read them at the same time.
///
/// Events reach the file with the first call that comes two seconds after the last writing, on [`EventLog::flush`] and on
/// drop (where an error is lost: flush first). After an error the file ends in a whole record and nothing is forgotten:
/// the next flush tries again.
#[derive(Debug)]
pub struct EventLog {
    path: PathBuf,
    file: File,
    /// Whole records in the file \[bytes\].
    written_bytes: u64,
    /// Whole records that are still to be written.
    pending: Vec<u8>,
    last_flush: Instant,
}

impl EventLog {
    /// Begins the events of a new run in `directory`, in a file of its own.
    ///
    /// Errors: the directory is missing or cannot be written.
    pub fn create(directory: &Path) -> Result<Self, EventLogError> {
        let (path, file) = new_event_file(directory)?;
        let mut log = Self { path, file, written_bytes: 0, pending: Vec::new(), last_flush: Instant::now() };
        log.push(&message::file_version(wall_time_s()));
        log.flush()?;
        Ok(log)
    }

    /// Goes on after a run that was stopped and is resumed from `resumed_step` [environment steps], in a new file.
    ///
    /// Existing files stay as they are. The new one begins with a session start, by which TensorBoard forgets the events
    /// past the resumed step: they are about to happen again.
    ///
    /// Errors: as [`EventLog::create`].
    pub fn append(directory: &Path, resumed_step: u64) -> Result<Self, EventLogError> {
        let mut log = Self::create(directory)?;
        log.push(&message::session_start(wall_time_s(), resumed_step + 1));
        log.flush()?;
        Ok(log)
    }

    /// The file that is being written.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds one point to the curve `tag` at `step` [environment steps]; TensorBoard keeps 32 bits of the value.
    ///
    /// Errors: pending events were due and could not be written.
    pub fn scalar(&mut self, tag: &str, value: f64, step: u64) -> Result<(), EventLogError> {
        self.add(&message::scalar(wall_time_s(), tag, value as f32, step))
    }

    /// Adds markdown for the TEXT tab.
    ///
    /// Errors: as [`EventLog::scalar`].
    pub fn text(&mut self, tag: &str, markdown: &str, step: u64) -> Result<(), EventLogError> {
        self.add(&message::text(wall_time_s(), tag, markdown, step))
    }

    /// Adds a picture for the IMAGES tab.
    ///
    /// Errors: as [`EventLog::scalar`].
    pub fn image(&mut self, tag: &str, picture: &Picture, step: u64) -> Result<(), EventLogError> {
        self.add(&message::image(wall_time_s(), tag, picture.side_px(), &picture.png(), step))
    }

    /// Tells the HPARAMS tab what the run was started with and which curves judge it. Once a run, before the first event.
    ///
    /// Errors: as [`EventLog::scalar`].
    pub fn hparams(&mut self, values: &[(&str, HyperParameter)], metric_tags: &[&str]) -> Result<(), EventLogError> {
        let events = message::hyperparameters(wall_time_s(), values, metric_tags);
        events.iter().try_for_each(|event| self.add(event))
    }

    /// Tells the HPARAMS tab that the run ended, and whether as it should, and flushes.
    ///
    /// Errors: the events could not be written.
    pub fn session_end(&mut self, success: bool) -> Result<(), EventLogError> {
        self.push(&message::session_end(wall_time_s(), success));
        self.flush()
    }

    /// Writes all pending events.
    ///
    /// Errors: they could not be written; they stay pending and the file keeps its last whole record as its end.
    pub fn flush(&mut self) -> Result<(), EventLogError> {
        self.last_flush = Instant::now();
        write_whole(&mut self.file, &mut self.written_bytes, &self.pending)
            .map_err(EventLogError::io("write events to", &self.path))?;
        self.pending.clear();
        Ok(())
    }

    fn add(&mut self, event: &[u8]) -> Result<(), EventLogError> {
        self.push(event);
        if self.pending.len() >= FLUSH_BYTES || self.last_flush.elapsed() >= FLUSH_INTERVAL {
            self.flush()?;
        }
        Ok(())
    }

    fn push(&mut self, event: &[u8]) {
        RecordWriter::new(&mut self.pending).write(event).expect("a vector takes every byte");
    }
}

impl Drop for EventLog {
    fn drop(&mut self) {
        // Nobody is left to be told; whoever must know has called `flush`.
        let _ = self.flush();
    }
}

/// The event files of a run, oldest first.
///
/// Errors: the directory cannot be listed.
pub fn event_files(directory: &Path) -> Result<Vec<PathBuf>, EventLogError> {
    let list = || -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(EVENT_FILE_PREFIX) {
                files.push(entry.path());
            }
        }
        files.sort();
        Ok(files)
    };
    list().map_err(EventLogError::io("list", directory))
}

/// Creates an event file whose name sorts after every other of the directory, as TensorBoard reads them in that order.
fn new_event_file(directory: &Path) -> Result<(PathBuf, File), EventLogError> {
    let newest_s = event_files(directory)?.iter().filter_map(|path| seconds_in_name(path)).max();
    let mut second = (wall_time_s() as u64).max(newest_s.map_or(0, |newest_s| newest_s.saturating_add(1)));
    loop {
        let path = directory.join(format!("{EVENT_FILE_PREFIX}{second:010}.astroshield.{}.0", std::process::id()));
        match OpenOptions::new().append(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => second += 1,
            Err(error) => return Err(EventLogError::io("create", &path)(error)),
        }
    }
}

fn seconds_in_name(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_prefix(EVENT_FILE_PREFIX)?.split('.').next()?.parse().ok()
}

/// Appends `bytes` to a file that is open for appending, all or none of them.
fn write_whole(file: &mut File, written_bytes: &mut u64, bytes: &[u8]) -> io::Result<()> {
    if let Err(error) = file.write_all(bytes) {
        // Half a record would hide everything after it. Should cutting it off fail too, the first error says enough.
        let _ = file.set_len(*written_bytes);
        return Err(error);
    }
    *written_bytes += bytes.len() as u64;
    Ok(())
}

/// Seconds since 1970.
fn wall_time_s() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// Writes `metrics.jsonl`: one JSON object a line, `{"step":2048,"charts/SPS":51234.0}`, in full precision.
#[derive(Debug)]
pub struct MetricsLog {
    path: PathBuf,
    file: File,
    written_bytes: u64,
}

impl MetricsLog {
    /// Begins a new file.
    ///
    /// Errors: the file exists already or cannot be created.
    pub fn create(path: &Path) -> Result<Self, EventLogError> {
        let file =
            OpenOptions::new().append(true).create_new(true).open(path).map_err(EventLogError::io("create", path))?;
        Ok(Self { path: path.to_owned(), file, written_bytes: 0 })
    }

    /// Goes on with an existing file (or begins one) after dropping the lines past `resumed_step`, and a last line that a
    /// kill left half-written. The lines that stay are not touched, and a kill meanwhile leaves the old or the new file.
    ///
    /// Errors: a line that is not the last is no JSON object with a `step`; the file cannot be read or replaced.
    pub fn resume(path: &Path, resumed_step: u64) -> Result<Self, EventLogError> {
        let old = match fs::read(path) {
            Ok(old) => old,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::create(path),
            Err(error) => return Err(EventLogError::io("read", path)(error)),
        };
        let kept = lines_up_to(&old, resumed_step).map_err(|offset| EventLogError::Damaged {
            path: path.to_owned(),
            offset,
            reason: "not a JSON object with a step".to_owned(),
        })?;
        if kept != old {
            durable_file::replace(path, &kept).map_err(EventLogError::io("replace", path))?;
        }
        let file = OpenOptions::new().append(true).open(path).map_err(EventLogError::io("open", path))?;
        Ok(Self { path: path.to_owned(), file, written_bytes: kept.len() as u64 })
    }

    /// Appends one line. A value that is not finite becomes `null`, as JSON has no other word for it.
    ///
    /// Errors: the line could not be written; the file then ends with the line before.
    pub fn log(&mut self, step: u64, values: &[(&str, f64)]) -> Result<(), EventLogError> {
        let mut line = format!("{{\"step\":{step}");
        for (tag, value) in values {
            line += &format!(",{}:{}", serde_json::Value::from(*tag), serde_json::Value::from(*value));
        }
        line += "}\n";
        write_whole(&mut self.file, &mut self.written_bytes, line.as_bytes())
            .map_err(EventLogError::io("write metrics to", &self.path))
    }
}

/// The whole lines whose step is at most `step`; `Err`: where a line begins that is none.
fn lines_up_to(bytes: &[u8], step: u64) -> Result<Vec<u8>, u64> {
    let mut kept = Vec::new();
    let mut offset = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let parsed: Option<u64> =
            serde_json::from_slice::<serde_json::Value>(line).ok().and_then(|value| value.get("step")?.as_u64());
        match parsed {
            _ if !line.ends_with(b"\n") => {}
            Some(at) if at <= step => kept.extend_from_slice(line),
            Some(_) => {}
            None => return Err(offset),
        }
        offset += line.len() as u64;
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::pictures::canvas::Canvas;
    use crate::train::event_reader::{read_event_directory, read_events};

    #[test]
    fn a_run_is_read_back_while_it_is_written() {
        let directory = tempfile::tempdir().unwrap();
        let mut log = EventLog::create(directory.path()).unwrap();
        log.hparams(&[("learning_rate", 3e-4.into()), ("algorithm", "ppo".into())], &["charts/episodic_return"])
            .unwrap();
        log.text("config", "```ron\n(seed: 1)\n```", 0).unwrap();
        log.scalar("charts/episodic_return", 1.25, 100).unwrap();
        log.scalar("charts/episodic_return", f64::NAN, 200).unwrap();
        let picture = Canvas::default().finish();
        log.image("pictures/blank", &picture, 300).unwrap();
        log.flush().unwrap();

        let events = read_events(log.path()).unwrap();
        assert_eq!(events.torn_tail_bytes, 0);
        let points: Vec<_> = events.scalars.iter().map(|point| (point.tag.as_str(), point.step)).collect();
        assert_eq!(points, [("charts/episodic_return", 100), ("charts/episodic_return", 200)]);
        assert_eq!(events.scalars[0].value, 1.25);
        assert!(events.scalars[1].value.is_nan());
        assert_eq!(events.texts, [("config".to_owned(), "```ron\n(seed: 1)\n```".to_owned())]);
        let [image] = events.images.as_slice() else { panic!("{} images", events.images.len()) };
        assert_eq!((image.tag.as_str(), image.step), ("pictures/blank", 300));
        assert!(image.png == picture.png());
    }

    #[test]
    fn writers_opened_in_the_same_second_share_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let mut logs: Vec<_> = (0..5).map(|_| EventLog::create(directory.path()).unwrap()).collect();
        for (index, log) in logs.iter_mut().enumerate() {
            log.scalar("charts/SPS", index as f64, 1).unwrap();
        }
        drop(logs);
        let files = event_files(directory.path()).unwrap();
        let values: Vec<f32> = files.iter().map(|path| read_events(path).unwrap().scalars[0].value).collect();
        assert_eq!(values, [0.0, 1.0, 2.0, 3.0, 4.0], "each file whole, and the names in the order of opening");
    }

    #[test]
    fn resuming_keeps_the_old_file_and_supersedes_what_is_past_the_step() {
        let directory = tempfile::tempdir().unwrap();
        let mut first = EventLog::create(directory.path()).unwrap();
        for step in [10, 20, 30] {
            first.scalar("charts/SPS", 1.0, step).unwrap();
        }
        first.flush().unwrap();
        let old = fs::read(first.path()).unwrap();

        let mut second = EventLog::append(directory.path(), 20).unwrap();
        second.scalar("charts/SPS", 2.0, 30).unwrap();
        second.flush().unwrap();

        assert_eq!(fs::read(first.path()).unwrap(), old);
        let points: Vec<_> =
            read_event_directory(directory.path()).unwrap().iter().map(|point| (point.step, point.value)).collect();
        assert_eq!(points, [(10, 1.0), (20, 1.0), (30, 2.0)]);
    }

    #[test]
    fn a_missing_directory_is_an_error_with_its_path() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("missing");
        let error = EventLog::create(&missing).unwrap_err().to_string();
        assert!(error.contains("missing"), "{error}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_and_what_was_pending_is_written_later() {
        let directory = tempfile::tempdir().unwrap();
        let mut log = EventLog::create(directory.path()).unwrap();
        // The file is exchanged for one on which every write answers "no space left on device".
        let good = std::mem::replace(&mut log.file, OpenOptions::new().append(true).open("/dev/full").unwrap());
        log.scalar("charts/SPS", 7.0, 1).unwrap();
        let error = log.flush().unwrap_err().to_string();
        assert!(error.contains("write events to"), "{error}");
        log.file = good;
        log.scalar("charts/SPS", 8.0, 2).unwrap();
        log.flush().unwrap();
        let values: Vec<f32> = read_events(log.path()).unwrap().scalars.iter().map(|point| point.value).collect();
        assert_eq!(values, [7.0, 8.0]);
    }

    #[test]
    fn metrics_are_one_line_a_call_in_full_precision() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("metrics.jsonl");
        let mut log = MetricsLog::create(&path).unwrap();
        log.log(2048, &[("charts/SPS", 51234.0), ("losses/\"odd\"", 0.1 + 0.2)]).unwrap();
        log.log(4096, &[("losses/value_loss", f64::INFINITY)]).unwrap();
        let expected = "{\"step\":2048,\"charts/SPS\":51234.0,\"losses/\\\"odd\\\"\":0.30000000000000004}\n\
                        {\"step\":4096,\"losses/value_loss\":null}\n";
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
        assert!(MetricsLog::create(&path).is_err(), "a second run in the same file");
    }

    #[test]
    fn resuming_drops_the_lines_past_the_step_and_a_half_written_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("metrics.jsonl");
        let kept = "{\"step\":1,\"a\":1.0}\n{\"step\":2,\"a\":2.0}\n";
        fs::write(&path, format!("{kept}{{\"step\":3,\"a\":3.0}}\n{{\"step\":1,\"a\"")).unwrap();
        let mut log = MetricsLog::resume(&path, 2).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), kept);
        log.log(3, &[("a", 4.0)]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{kept}{{\"step\":3,\"a\":4.0}}\n"));
    }

    #[test]
    fn resuming_refuses_a_damaged_line_and_leaves_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("metrics.jsonl");
        let damaged = "{\"step\":1}\n{\"step\":oops}\n{\"step\":2}\n";
        fs::write(&path, damaged).unwrap();
        let error = MetricsLog::resume(&path, 9).unwrap_err();
        assert!(matches!(error, EventLogError::Damaged { offset: 11, .. }), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
    }

    #[test]
    fn resuming_without_a_file_begins_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("metrics.jsonl");
        MetricsLog::resume(&path, 5).unwrap().log(6, &[]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"step\":6}\n");
    }
}
