//! Starts that a scenario takes from other files: element sets and conjunction data messages.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use hifitime::Epoch;

use super::config::ScenarioConfig;
use super::epoch;
use super::error::Quoted;
use crate::astro::cdm::{self, Cdm};
use crate::astro::tle_file::{self, TleFileError};
use crate::astro::{CartesianState, kepler, teme};
use crate::sim::config::OrbitConfig;

/// Days from closest approach over which a message's state is moved at most; two-body motion errs by kilometres a day.
const LONGEST_WAY_DAYS: f64 = 7.0;

/// What is wrong with a start from a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StartFault {
    /// Field of the orbit that it is about.
    pub(super) field: &'static str,
    /// What is wrong.
    pub(super) message: String,
    /// What would be right.
    pub(super) help: Option<String>,
}

/// What was taken from a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum StartFile {
    /// An element set.
    Elements { line1: String, line2: String },
    /// A GCRF state at an instant.
    State { state: CartesianState, instant: Epoch },
}

impl StartFile {
    /// The GCRF state at the scenario's epoch, which is written as in the scenario and sound.
    pub(super) fn state_at(&self, scenario_epoch: &str, mu_m3_s2: f64) -> Result<CartesianState, StartFault> {
        let fault = |message: String| StartFault { field: "file", message, help: None };
        match self {
            Self::Elements { line1, line2 } => {
                let epoch_jd_tt = epoch::julian_date_tt(scenario_epoch).map_err(fault)?;
                teme::state_at(line1, line2, epoch_jd_tt).map_err(|error| fault(error.to_string()))
            }
            Self::State { state, instant } => {
                let way_s = (epoch::instant(scenario_epoch).map_err(fault)? - *instant).to_seconds();
                let way_days = way_s / crate::astro::constants::SECONDS_PER_DAY;
                if way_days.abs() > LONGEST_WAY_DAYS {
                    let message = format!(
                        "the message's closest approach is {:.1} days from the scenario's epoch, above {LONGEST_WAY_DAYS}",
                        way_days.abs()
                    );
                    let help = Some(format!("set the epoch near {}Z", cdm::instant::write(instant)));
                    return Err(StartFault { field: "file", message, help });
                }
                let moved = kepler::propagate(state, mu_m3_s2, way_s);
                let is_finite = moved.position_m.iter().chain(moved.velocity_m_s.iter()).all(|value| value.is_finite());
                if is_finite { Ok(moved) } else { Err(fault("the state cannot be moved to the epoch".to_owned())) }
            }
        }
    }
}

/// By spacecraft, what was taken from a file for its start; nothing where the start names none.
#[derive(Clone, Debug, Default)]
pub(super) struct StartFiles(Vec<Option<Result<StartFile, StartFault>>>);

impl StartFiles {
    /// Reads the files that `config` names, in `folder`; without one, naming a file is a fault.
    pub(super) fn read(config: &ScenarioConfig, folder: Option<&Path>) -> Self {
        let of = |orbit: &OrbitConfig| match orbit {
            OrbitConfig::TleFile { file, name_or_number } => Some(element_set(folder, file, name_or_number)),
            OrbitConfig::Cdm { file, object } => Some(object_of_message(folder, file, *object)),
            _ => None,
        };
        // More spacecraft than there may be are a fault by themselves; their files are not read.
        Self(config.spacecraft.iter().take(super::MAX_SPACECRAFT).map(|craft| of(&craft.orbit)).collect())
    }

    /// What was taken for the spacecraft in this slot; `None` where its start names no file.
    pub(super) fn of(&self, slot: usize) -> Option<Result<&StartFile, StartFault>> {
        let start = self.0.get(slot)?.as_ref()?;
        Some(start.as_ref().map_err(StartFault::clone))
    }

    /// What counts of the files for the meaning of the scenario, as text: empty where no start names a file.
    pub(super) fn meaning(&self) -> String {
        let files = self.0.iter().enumerate().filter_map(|(slot, start)| Some((slot, start.as_ref()?.as_ref().ok()?)));
        files
            .map(|(slot, start)| match start {
                StartFile::Elements { line1, line2 } => format!("\n{slot}\n{line1}\n{line2}"),
                StartFile::State { state, instant } => {
                    let numbers = state.position_m.iter().chain(state.velocity_m_s.iter());
                    let numbers: Vec<String> = numbers.map(f64::to_string).collect();
                    format!("\n{slot}\n{} {}", numbers.join(" "), instant.to_tai_duration().total_nanoseconds())
                }
            })
            .collect()
    }
}

fn element_set(folder: Option<&Path>, file: &str, wanted: &str) -> Result<StartFile, StartFault> {
    let bytes = content(folder, file, tle_file::LARGEST_TEXT)?;
    let fault = |error: TleFileError| {
        let field = match error {
            TleFileError::NotFound { .. } | TleFileError::Ambiguous { .. } => "name_or_number",
            _ => "file",
        };
        StartFault { field, message: format!("{}: {error}", Quoted(file)), help: None }
    };
    let sets = tle_file::read(&bytes).map_err(fault)?;
    let set = tle_file::find(&sets, wanted).map_err(fault)?;
    Ok(StartFile::Elements { line1: set.line1.clone(), line2: set.line2.clone() })
}

fn object_of_message(folder: Option<&Path>, file: &str, object: u8) -> Result<StartFile, StartFault> {
    if !(1..=2).contains(&object) {
        let message = format!("a message has no object {object}");
        return Err(StartFault { field: "object", message, help: Some("1 or 2".to_owned()) });
    }
    let bytes = content(folder, file, cdm::LARGEST_TEXT)?;
    let fault =
        |reason: String| StartFault { field: "file", message: format!("{}: {reason}", Quoted(file)), help: None };
    let (message, _) = Cdm::read(&bytes).map_err(|error| fault(error.to_string()))?;
    let state = message.state_gcrf(usize::from(object)).map_err(|error| fault(error.to_string()))?;
    let instant = message.closest_approach().ok_or_else(|| fault("it has no TCA".to_owned()))?;
    Ok(StartFile::State { state, instant })
}

/// The bytes of a file, at most `limit` of them.
fn content(folder: Option<&Path>, file: &str, limit: usize) -> Result<Vec<u8>, StartFault> {
    let fault =
        |message: String, help: Option<&str>| StartFault { field: "file", message, help: help.map(str::to_owned) };
    let Some(folder) = folder else {
        let message = format!("{} cannot be read: this scenario is a text without a folder", Quoted(file));
        return Err(fault(message, Some("load the scenario from a file, or write `Tle(line1: …, line2: …)`")));
    };
    let path = folder.join(file);
    let unreadable = |error: std::io::Error| {
        fault(format!("cannot read {}: {error}", Quoted(file)), Some("paths are relative to the scenario's file"))
    };
    // Looked at before it is opened: opening a pipe would wait for its writer.
    let metadata = std::fs::metadata(&path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(fault(format!("{} is not a file", Quoted(file)), None));
    }
    let mut bytes = Vec::new();
    File::open(&path).and_then(|opened| opened.take(limit as u64 + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() > limit {
        return Err(fault(format!("{} has more than {limit} bytes", Quoted(file)), None));
    }
    Ok(bytes)
}
