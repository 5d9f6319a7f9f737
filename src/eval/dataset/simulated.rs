//! A data set of simulated telemetry: parallel, resumable, and the same bits however often it was stopped and by how many threads.

use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::MakingError;
use super::directory::{DatasetDirectory, write_part};
use crate::eval::telemetry_windows;
use crate::scenario::Scenario;
use crate::sim::reset::EpisodeSeed;
use crate::telemetry::config::TelemetrySource;
use crate::telemetry::dataset::manifest::{
    ClassCounts, Manifest, Origin, PartEntry, PartSource, ScenarioEntry, Simulated, hexadecimal,
};
use crate::telemetry::dataset::part::{self, Part};
use crate::telemetry::dataset::split::Split;
use crate::telemetry::labelled::LabelledWindow;

/// Episodes that are played to see how many windows one gives.
const FIRST_EPISODES: u64 = 32;
/// How many more than are likely to be needed are played, lest a few be lacking at the end of a split.
const MARGIN: f64 = 1.05;

/// What is to be made.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The scenarios; each has a block `telemetry`.
    pub scenarios: &'a [Scenario],
    /// Windows of train, validation and test together; see [`Split::share`].
    pub windows: u64,
    /// Run seed of all episodes.
    pub seed: u64,
    /// Episodes of a part.
    pub episodes_per_part: u64,
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// What the data set holds; not all where the making was stopped.
    pub manifest: Manifest,
    /// Windows that were made now; the others lay there.
    pub made: u64,
    /// Time that it took to play and write them.
    pub took: Duration,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Windows so far, those that lay there included.
    pub windows: u64,
    /// Windows that there will be.
    pub wanted: u64,
    /// What is being made.
    pub split: Split,
}

/// The windows of one scenario in one split.
struct Share<'a> {
    split: Split,
    scenario: &'a Scenario,
    source: &'a TelemetrySource,
    windows: u64,
}

/// Makes the data set in a directory, or goes on with it: parts that lie there whole are kept. `stop` is asked between batches of
/// episodes.
///
/// # Errors
/// See [`MakingError`]. Whole parts stay, and the same call goes on with them.
pub fn make(
    request: Request<'_>,
    path: &Path,
    stop: &dyn Fn() -> bool,
    progress: &mut dyn FnMut(Progress),
) -> Result<Made, MakingError> {
    let shares = shares(&request)?;
    let entry = |scenario: &Scenario| {
        let source = scenario.telemetry.as_ref().ok_or_else(|| MakingError::NoTelemetry(scenario.name.clone()))?;
        Ok::<_, MakingError>(ScenarioEntry {
            name: scenario.name.clone(),
            hash: scenario.hash.clone(),
            role: source.role,
            casts: scenario.template.casts.iter().map(|cast| cast.name.clone()).collect(),
        })
    };
    let origin = Origin::Simulated(Simulated {
        seed: request.seed,
        windows: request.windows,
        episodes_per_part: request.episodes_per_part,
        scenarios: request.scenarios.iter().map(entry).collect::<Result<_, _>>()?,
    });
    let directory = DatasetDirectory::open(path, &origin)?;
    let mut making = Making {
        request,
        directory,
        plan: plan_hash(&origin),
        manifest: Manifest::begin(origin),
        wanted: shares.iter().map(|share| share.windows).sum(),
        made: 0,
        begun: None,
        writing: None,
    };
    let is_whole = making.all(&shares, stop, progress);
    // What was played is written, whatever came after it.
    making.settle()?;
    let interrupted = !is_whole?;
    if !interrupted {
        making.directory.finish(&making.manifest)?;
    }
    let took = making.begun.map_or(Duration::ZERO, |begun| begun.elapsed());
    Ok(Made { manifest: making.manifest, made: making.made, took, interrupted })
}

/// What every scenario gives to every split, in order.
fn shares<'a>(request: &Request<'a>) -> Result<Vec<Share<'a>>, MakingError> {
    let mut sources = Vec::new();
    for (index, scenario) in request.scenarios.iter().enumerate() {
        if request.scenarios[..index].iter().any(|other| other.name == scenario.name) {
            return Err(MakingError::SameName(scenario.name.clone()));
        }
        let source = scenario.telemetry.as_ref().ok_or_else(|| MakingError::NoTelemetry(scenario.name.clone()))?;
        sources.push((scenario, source));
    }
    let mut shares = Vec::new();
    for split in Split::SIMULATED {
        let of: Vec<_> = sources.iter().filter(|(_, source)| Some(source.role) == split.role()).collect();
        if of.is_empty() {
            if split == Split::Train {
                let roles = sources.iter().map(|(scenario, of)| format!("'{}' is {}", scenario.name, of.role.name()));
                return Err(MakingError::NoTraining(roles.collect::<Vec<_>>().join(", ")));
            }
            continue;
        }
        let (windows, scenarios) = (split.share(request.windows), of.len() as u64);
        for (index, (scenario, source)) in (0..).zip(of) {
            // The first scenarios have one more where it does not come out even.
            let windows = windows / scenarios + u64::from(index < windows % scenarios);
            if windows == 0 {
                let (windows, scenarios) = (request.windows, scenarios as usize);
                return Err(MakingError::TooFew { windows, split: split.name(), scenarios });
            }
            shares.push(Share { split, scenario, source, windows });
        }
    }
    Ok(shares)
}

/// By which a part knows what it is of: all that decides its bits.
fn plan_hash(origin: &Origin) -> String {
    hexadecimal(&Sha256::digest(Manifest::begin(origin.clone()).text()))
}

struct Making<'a> {
    request: Request<'a>,
    directory: DatasetDirectory,
    plan: String,
    manifest: Manifest,
    wanted: u64,
    /// Windows that were made now.
    made: u64,
    /// When the first part was begun that had to be made.
    begun: Option<Instant>,
    /// The last part that was played, where it is not in the manifest yet.
    writing: Option<Writing>,
}

/// A part that is being written, while the next is played.
struct Writing {
    split: Split,
    rows: u64,
    of: PartSource,
    part: JoinHandle<Result<PartEntry, MakingError>>,
}

impl Making<'_> {
    /// Makes what all shares ask for; false where it was stopped.
    fn all(
        &mut self,
        shares: &[Share<'_>],
        stop: &dyn Fn() -> bool,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<bool, MakingError> {
        for share in shares {
            if !self.share(share, stop, progress)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Makes one scenario's windows of a split, part by part; false where it was stopped.
    fn share(
        &mut self,
        share: &Share<'_>,
        stop: &dyn Fn() -> bool,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<bool, MakingError> {
        let (mut missing, mut first_episode) = (share.windows, 0);
        while missing > 0 {
            let is_of_split = |writing: &&Writing| writing.split == share.split;
            let parts = self.manifest.splits.get(&share.split).map_or(0, |entry| entry.parts.len())
                + self.writing.iter().filter(is_of_split).count();
            let file = format!("{}-{parts:05}.parquet", share.split.name());
            missing -= if let Some(part) = self.kept(&file, share, first_episode, missing) {
                self.settle()?;
                let rows = part.rows;
                self.manifest.push(share.split, part);
                rows
            } else {
                let Some((windows, of)) = self.play(share, first_episode, missing, stop, progress)? else {
                    return Ok(false);
                };
                let rows = windows.len() as u64;
                self.settle()?;
                self.write(file, share, windows, of);
                rows
            };
            first_episode += self.request.episodes_per_part;
            progress(self.progress(share.split, 0));
        }
        Ok(true)
    }

    fn progress(&self, split: Split, more: u64) -> Progress {
        let writing = self.writing.as_ref().map_or(0, |writing| writing.rows);
        Progress { windows: self.manifest.windows + writing + more, wanted: self.wanted, split }
    }

    /// Begins to write a part; [`Making::settle`] ends it.
    fn write(&mut self, file: String, share: &Share<'_>, windows: Vec<LabelledWindow>, of: PartSource) {
        let metadata = [
            ("plan", self.plan.clone()),
            ("scenario", of.scenario.clone()),
            ("scenario_hash", share.scenario.hash.clone()),
            ("seed", self.request.seed.to_string()),
            ("seed_domain", share.split.domain().name().to_owned()),
            ("split", share.split.name().to_owned()),
            ("first_episode", of.first_episode.to_string()),
            ("episodes", of.episodes.to_string()),
        ];
        let (split, rows) = (share.split, windows.len() as u64);
        let (path, source) = (self.directory.file(&file), of.clone());
        let part = std::thread::spawn(move || {
            let content = part::write_labelled(&windows, &source.scenario, &metadata)?;
            let sha256 = write_part(&path, &content)?;
            let classes = Some(ClassCounts::of(windows.iter().map(|labelled| &labelled.label)));
            Ok(PartEntry { file, rows, sha256, of: Some(source), classes })
        });
        self.writing = Some(Writing { split, rows, of, part });
    }

    /// Waits for the part that is being written, if one is, and says that it is there.
    fn settle(&mut self) -> Result<(), MakingError> {
        let Some(Writing { split, rows, part, .. }) = self.writing.take() else { return Ok(()) };
        let part = part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        self.made += rows;
        self.manifest.push(split, part);
        self.directory.note(&self.manifest)
    }

    /// The part of this name, if it lies there whole and is of these episodes.
    fn kept(&self, file: &str, share: &Share<'_>, first_episode: u64, missing: u64) -> Option<PartEntry> {
        let fits = |part: &PartEntry| {
            let of = part.of.as_ref();
            of.is_some_and(|of| (of.scenario == share.scenario.name) && of.first_episode == first_episode)
                && (1..=missing).contains(&part.rows)
        };
        if let Some(part) = self.directory.kept(file).filter(|part| fits(part)) {
            return Some(part.clone());
        }
        // No manifest knows it: it says itself what it is of.
        let path = self.directory.file(file);
        let content = (!self.directory.knows(file)).then(|| std::fs::read(&path))?.ok()?;
        let sha256 = hexadecimal(&Sha256::digest(&content));
        let part = Part::open(&path, content).ok()?;
        let number = |key: &str| part.metadata(key).and_then(|text| text.parse::<u64>().ok());
        let (first, episodes) = (number("first_episode")?, number("episodes")?);
        if (part.metadata("plan"), part.metadata("split")) != (Some(self.plan.as_str()), Some(share.split.name())) {
            return None;
        }
        let windows = part.labelled().ok()?;
        let part = PartEntry {
            file: file.to_owned(),
            rows: windows.len() as u64,
            sha256,
            of: Some(PartSource { scenario: share.scenario.name.clone(), first_episode: first, episodes }),
            classes: Some(ClassCounts::of(windows.iter().map(|labelled| &labelled.label))),
        };
        fits(&part).then_some(part)
    }

    /// Plays a part; none where it was stopped.
    fn play(
        &mut self,
        share: &Share<'_>,
        first_episode: u64,
        missing: u64,
        stop: &dyn Fn() -> bool,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Option<(Vec<LabelledWindow>, PartSource)>, MakingError> {
        if self.begun.is_none() {
            self.begun = Some(Instant::now());
            self.directory.begin(&self.manifest)?;
        }
        let most = self.request.episodes_per_part;
        let template = &share.scenario.template;
        let (mut windows, mut played): (Vec<LabelledWindow>, u64) = (Vec::new(), 0);
        while played < most && (windows.len() as u64) < missing {
            if stop() {
                return Ok(None);
            }
            let batch =
                batch(self.rate(share, played, windows.len()), missing - windows.len() as u64).min(most - played);
            let arenas = first_episode + played..first_episode + played + batch;
            let seeds: Vec<EpisodeSeed> = arenas
                .map(|arena| EpisodeSeed { run: self.request.seed, domain: share.split.domain(), arena, episode: 0 })
                .collect();
            windows.append(&mut telemetry_windows::windows(template, share.source, &seeds));
            played += batch;
            progress(self.progress(share.split, (windows.len() as u64).min(missing)));
        }
        if windows.is_empty() {
            let (scenario, time_limit_s) = (share.scenario.name.clone(), template.time_limit_s);
            return Err(MakingError::NoWindows { scenario, episodes: played, time_limit_s });
        }
        if windows.len() as u64 >= missing {
            // Episodes behind the last window that is wanted are as if they had not been played, whatever the batches were.
            windows.truncate(missing as usize);
            played = windows.last().map_or(0, |last| last.label.seed - first_episode + 1);
        }
        let of = PartSource { scenario: share.scenario.name.clone(), first_episode, episodes: played };
        Ok(Some((windows, of)))
    }

    /// Windows that an episode of the scenario gives, by all that were played; none before the first.
    fn rate(&self, share: &Share<'_>, played: u64, windows: usize) -> Option<f64> {
        let parts = self.manifest.parts().filter_map(|(_, part)| Some((part.of.as_ref()?, part.rows)));
        let parts = parts.chain(self.writing.iter().map(|writing| (&writing.of, writing.rows)));
        let parts = parts.filter(|(of, _)| of.scenario == share.scenario.name);
        let (episodes, windows) =
            parts.fold((played, windows as u64), |sum, (of, rows)| (sum.0 + of.episodes, sum.1 + rows));
        (episodes > 0).then(|| windows as f64 / episodes as f64)
    }
}

/// Episodes to play next where so many windows are missing.
fn batch(rate: Option<f64>, missing: u64) -> u64 {
    match rate {
        None => FIRST_EPISODES,
        // Float to integer saturates, which an infinite number of episodes relies on.
        Some(rate) => ((missing as f64 / rate * MARGIN).ceil() as u64).max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_follow_the_rate() {
        assert_eq!(batch(None, 1_000_000), FIRST_EPISODES);
        assert_eq!(batch(Some(10.0), 1_000), 105);
        assert_eq!(batch(Some(10.0), 1), 1);
        assert_eq!(batch(Some(0.0), 5), u64::MAX);
    }
}
