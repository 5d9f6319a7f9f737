//! Scenarios: the RON file, read, checked with every fault on its place, and compiled to what the simulator resets from.

mod compile;
pub mod config;
mod difficulty;
pub mod epoch;
pub mod error;
pub mod language;
pub mod spans;
mod start_files;
mod syntax;
#[cfg(test)]
mod tests;
pub mod unit;
mod validate;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

pub use self::config::ScenarioConfig;
pub use self::error::{Fault, ScenarioError};
pub use self::spans::{Path, Spans};
use self::start_files::StartFiles;
pub use self::validate::MAX_SPACECRAFT;
use crate::env::config::RewardConfig;
use crate::sim::behaviours::BehaviourConfig;
use crate::sim::template::Template;
use crate::telemetry::config::{TelemetryConfig, TelemetrySource};

/// Size of a scenario's text at most [bytes]; a larger file is refused unread.
pub const LARGEST_TEXT: u64 = 1 << 20;

/// A scenario that was read, found sound and compiled. Nothing of it changes afterwards.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Name, by which results are filed.
    pub name: String,
    /// One sentence of what it is about.
    pub summary: String,
    /// All that the author wrote, the `training` block excepted, in the author's units.
    pub config: ScenarioConfig,
    /// Start of every episode.
    pub epoch: hifitime::Epoch,
    /// What the simulator resets from: SI units, slots in place of names.
    pub template: Template,
    /// What a learner is paid.
    pub rewards: RewardConfig,
    /// Behaviours that are never trained against, by the slot that they fly in an evaluation.
    pub held_out: BTreeMap<usize, Vec<BehaviourConfig>>,
    /// Whose telemetry is recorded, and what for.
    pub telemetry: Option<TelemetrySource>,
    /// SHA-256, as 64 hexadecimal digits, of `config` written as RON without the `training` block.
    ///
    /// It does not change with comments, white space, the order of fields, defaults spelled out or the trainer's
    /// settings, and does with anything else that the author wrote; also with a version of this crate that adds a field.
    /// Of files that the scenario names, the element sets and states taken from them count too.
    pub hash: String,
    source_name: String,
    text: String,
    spans: Spans,
    starts: StartFiles,
}

impl Scenario {
    /// Reads the scenario file at `path`.
    ///
    /// # Errors
    /// [`ScenarioError`]: the file cannot be read, is above [`LARGEST_TEXT`], is not UTF-8, or has faults, all of which
    /// the error holds.
    pub fn load(path: impl AsRef<FilePath>) -> Result<Self, ScenarioError> {
        let path = path.as_ref();
        let unreadable = |source| ScenarioError::Unreadable { path: path.to_owned(), source };
        let name = error::harmless(&path.display().to_string());
        // Looked at before it is opened: opening a pipe would wait for its writer.
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(ScenarioError::NotAFile { path: path.to_owned() });
        }
        let too_large = |bytes| ScenarioError::TooLarge { name: name.clone(), bytes, limit: LARGEST_TEXT };
        if metadata.len() > LARGEST_TEXT {
            return Err(too_large(metadata.len()));
        }
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(unreadable)?;
        file.take(LARGEST_TEXT + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() as u64 > LARGEST_TEXT {
            return Err(too_large(bytes.len() as u64));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Self::read(&name, &text, path.parent()),
            Err(error) => {
                let offset = error.utf8_error().valid_up_to();
                Err(ScenarioError::NotUtf8 { name, offset, byte: error.as_bytes()[offset] })
            }
        }
    }

    /// Reads a scenario from `text`; `name` stands for the file in messages. As it has no folder, it can name no other
    /// files.
    ///
    /// # Errors
    /// As [`Scenario::load`].
    pub fn from_source(name: &str, text: &str) -> Result<Self, ScenarioError> {
        Self::read(name, text, None)
    }

    /// As [`Scenario::from_source`]; files that the scenario names are looked for in `folder`.
    fn read(name: &str, text: &str, folder: Option<&FilePath>) -> Result<Self, ScenarioError> {
        if text.len() as u64 > LARGEST_TEXT {
            let (name, bytes) = (name.to_owned(), text.len() as u64);
            return Err(ScenarioError::TooLarge { name, bytes, limit: LARGEST_TEXT });
        }
        // Some editors put a byte order mark first; to RON it is a stray character.
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let spans = Spans::of(text);
        if spans.root_start() == text.len() {
            let help =
                "a scenario is written `(name: \"…\", summary: \"…\", …)`; the shipped ones are a start".to_owned();
            let fault = Fault::new(0..0, "there is no scenario in this text: it is empty", Some(help));
            return Err(ScenarioError::of_faults(name, text, vec![fault]));
        }
        let reading = syntax::read::<ScenarioConfig>(text);
        let mut faults = reading.faults;
        let starts = reading.value.as_ref().map(|config| StartFiles::read(config, folder)).unwrap_or_default();
        if let Some(config) = &reading.value {
            faults.extend(validate::faults(config, &starts, text, &spans));
        }
        match (reading.value, faults.is_empty()) {
            (Some(config), true) => {
                let mut scenario = Self::of(name, text, spans, config, starts)?;
                if let (Some(telemetry), Some(folder)) = (&mut scenario.telemetry, folder) {
                    telemetry.further_tests.iter_mut().for_each(|file| *file = folder.join(&file));
                }
                Ok(scenario)
            }
            _ => Err(ScenarioError::of_faults(name, text, faults)),
        }
    }

    /// The scenario of a configuration without faults.
    fn of(
        name: &str,
        text: &str,
        spans: Spans,
        config: ScenarioConfig,
        starts: StartFiles,
    ) -> Result<Self, ScenarioError> {
        let internal = |what: &str| {
            let message =
                format!("this scenario passed its checks but {what}: a fault of the program, please report it");
            ScenarioError::of_faults(name, text, vec![Fault::new(0..0, message, None)])
        };
        let resolved = difficulty::resolved(&config).ok_or_else(|| internal("has ramps that cannot be resolved"))?;
        let template = compile::template(&resolved, &starts).ok_or_else(|| internal("cannot be compiled"))?;
        let epoch = epoch::instant(&config.epoch).map_err(|_| internal("has no epoch"))?;
        let written = ron::to_string(&config).map_err(|_| internal("cannot be written"))? + &starts.meaning();
        let slot = |name: &String| config.spacecraft.iter().position(|craft| craft.name == *name);
        let source = |of: &TelemetryConfig| {
            let further_tests = of.further_tests.iter().map(PathBuf::from).collect();
            let latency_s = of.latency_s.clone();
            Some(TelemetrySource { observer: slot(&of.observer)?, role: of.role, latency_s, further_tests })
        };
        let telemetry = resolved.telemetry.as_ref().and_then(source);
        let held_out = resolved.held_out.iter().filter_map(|(name, list)| Some((slot(name)?, list.clone()))).collect();
        Ok(Self {
            name: config.name.clone(),
            summary: config.summary.clone(),
            epoch,
            template,
            rewards: config.rewards.clone(),
            held_out,
            telemetry,
            hash: Sha256::digest(written).iter().map(|byte| format!("{byte:02x}")).collect(),
            config,
            source_name: name.to_owned(),
            text: text.to_owned(),
            spans,
            starts,
        })
    }

    /// The same scenario at another difficulty, 0 to 1. Its hash is that of a file which says so itself.
    ///
    /// # Errors
    /// A fault where `difficulty` is no number from 0 to 1.
    pub fn at_difficulty(&self, difficulty: f64) -> Result<Self, ScenarioError> {
        if !(0.0..=1.0).contains(&difficulty) {
            let message = format!("difficulty {difficulty} is not from 0 to 1");
            return Err(self.refuse(vec![self.fault("difficulty", message, None)]));
        }
        let config = ScenarioConfig { difficulty, ..self.config.clone() };
        Self::of(&self.source_name, &self.text, self.spans.clone(), config, self.starts.clone())
    }

    /// Whether anything of the scenario depends on its difficulty, which is where its file has a `Ramp(…)`.
    #[must_use]
    pub fn has_ramps(&self) -> bool {
        difficulty::has_ramps(&self.config)
    }

    /// Names of the teams, in the order in which the scenario names them: team 1 first.
    #[must_use]
    pub fn teams(&self) -> Vec<&str> {
        let mut teams: Vec<&str> = Vec::new();
        for craft in &self.config.spacecraft {
            if !teams.contains(&craft.team.as_str()) {
                teams.push(&craft.team);
            }
        }
        teams
    }

    /// Slots that a policy flies, in order.
    #[must_use]
    pub fn learned_slots(&self) -> Vec<usize> {
        let slots = self.template.slots.iter().enumerate();
        slots.filter(|(_, slot)| slot.behaviours.is_empty()).map(|(index, _)| index).collect()
    }

    /// Refuses a scenario in which nothing is learned. It can be simulated, but neither trained nor evaluated on.
    ///
    /// # Errors
    /// A fault on the list of spacecraft.
    pub fn require_learned(&self) -> Result<(), ScenarioError> {
        if !self.learned_slots().is_empty() {
            return Ok(());
        }
        let help = Some("set `control: Learned` of a spacecraft".to_owned());
        let path = Path::root().field("spacecraft");
        Err(self.refuse(vec![self.fault(path, "no spacecraft of this scenario is learned", help)]))
    }

    /// The template with held-out behaviours in place of those trained against, or `None` where none are held out.
    #[must_use]
    pub fn with_held_out(&self) -> Option<Template> {
        let mut template = self.template.clone();
        for (slot, behaviours) in &self.held_out {
            template.slots[*slot].behaviours.clone_from(behaviours);
        }
        (!self.held_out.is_empty()).then_some(template)
    }

    /// The text that the scenario was read from, without a byte order mark.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The `training` block as it stands in the text, and the byte that it starts at.
    #[must_use]
    pub fn training_text(&self) -> Option<(&str, usize)> {
        let span = self.training_span()?;
        Some((&self.text[span.clone()], span.start))
    }

    /// The `training` block read as a `T`; `None` where there is none.
    ///
    /// # Errors
    /// The faults of the block, on their places in the whole text.
    pub fn training<T: DeserializeOwned>(&self) -> Result<Option<T>, ScenarioError> {
        let Some(span) = self.training_span() else { return Ok(None) };
        let reading = syntax::read_part::<T>(&self.text, &self.spans, span);
        match reading.value {
            Some(value) if reading.faults.is_empty() => Ok(value),
            _ => Err(self.refuse(reading.faults)),
        }
    }

    fn training_span(&self) -> Option<Range<usize>> {
        self.config.training.and_then(|_| self.spans.value(&Path::root().field("training")))
    }

    /// A fault of the value at `path`, for instance `"training.epochs"`, shown on its place in the text or, where it was
    /// left to its default, on what is around it.
    #[must_use]
    pub fn fault(&self, path: impl Into<Path>, message: impl Into<String>, help: Option<String>) -> Fault {
        Fault::new(self.spans.label(&self.text, &path.into()), message, help)
    }

    /// The error of `faults` of this scenario.
    #[must_use]
    pub fn refuse(&self, faults: Vec<Fault>) -> ScenarioError {
        ScenarioError::of_faults(&self.source_name, &self.text, faults)
    }
}
