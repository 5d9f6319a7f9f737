//! `simulate`: plays episodes of a scenario, and records them.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hifitime::Epoch;
use indicatif::{ProgressBar, ProgressStyle};

use super::difficulty::Difficulty;
use super::model::Model;
use super::{Failure, Machine};
use crate::env::vector::EpisodeResult;
use crate::eval::evaluate::Seeds;
use crate::eval::recording::directory::{RecordingDirectory, Written};
use crate::eval::recording::{self, Recording};
use crate::eval::table::episode_table;
use crate::eval::team_policies::TeamPolicies;
use crate::scenario::Scenario;
use crate::sim::seeds::SeedDomain;
use crate::sim::template::Failure as EndsAgainst;

/// Rows of the table that people read, at most.
const TABLE_ROWS: usize = 100;

#[derive(clap::Args, Debug)]
#[command(after_help = "\
Without --policy, the learned spacecraft of the objective's team are flown by the champion that is shipped for the scenario,
checkpoints/NAME in the working directory or beside the scenario's own; where there is none, by `glideslope` if the objective
limits speed and by `zem_zev` if not. Those of other teams are `ballistic`.

--out writes states.parquet, events.parquet and episodes.parquet, and for each seed an OEM a spacecraft and a CZML document.
Their messages bear the date of today, or that of SOURCE_DATE_EPOCH where it is set.")]
pub(super) struct SimulateArguments {
    /// Scenario file.
    scenario: PathBuf,
    /// Seed; its episodes are those that `evaluate` plays under it, in the same order.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Episodes, one a seed.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    episodes: u64,
    /// Policy of a team's learned spacecraft: a run, a checkpoint, the name of a scripted policy, or `random`.
    #[arg(long = "policy", value_name = "TEAM=NAME")]
    policies: Vec<String>,
    /// Directory to record into; without it, nothing is written.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Also write a page that replays the episodes in a browser.
    #[arg(long, requires = "out")]
    html: bool,
    /// Overwrite a recording that lies in the directory.
    #[arg(long, requires = "out")]
    force: bool,
    /// Print one JSON object on stdout.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    difficulty: Difficulty,
    #[command(flatten)]
    machine: Machine,
}

pub(super) fn run(arguments: &SimulateArguments) -> Result<(), Failure> {
    let scenario = arguments.difficulty.load(&arguments.scenario)?;
    arguments.machine.enter(|| simulate(arguments, &scenario))
}

fn simulate(arguments: &SimulateArguments, scenario: &Scenario) -> Result<(), Failure> {
    // Everything that can be refused is refused before anything is played.
    let created = created()?;
    let flown = chosen(arguments, scenario)?;
    let directory = match &arguments.out {
        Some(out) => {
            recording::refuse_too_large(&scenario.template, arguments.episodes)?;
            Some(RecordingDirectory::open(out, arguments.force)?)
        }
        None => None,
    };
    let seeds = Seeds { run: arguments.seed, domain: SeedDomain::Report, count: arguments.episodes };
    let rows = seeds.count as usize * scenario.learned_slots().len();
    let mut policy = TeamPolicies::default();
    for (team, _, model) in &flown {
        policy = policy.with(*team, model.policy(rows, seeds.run, arguments.machine.device)?);
    }
    let names: Vec<(u8, String)> = flown.iter().map(|(team, name, _)| (*team, name.clone())).collect();
    let mut progress = Progress::new(seeds.count);
    let mut tell = |finished| progress.tell(finished);
    let (results, written) = match &directory {
        Some(directory) => {
            let recording = Recording::play(scenario, seeds, &names, &mut policy, &mut tell)?;
            progress.say("writing");
            let written = directory.write(&recording, arguments.html, created)?;
            (recording.episodes.into_iter().map(|episode| episode.result).collect(), written)
        }
        None => (recording::play(scenario, seeds, &mut policy, false, &mut tell)?.0, Written::default()),
    };
    progress.finish();
    if written.left_out_of_page > 0 {
        eprintln!("warning: the page holds the first {} episodes", results.len() - written.left_out_of_page);
    }
    if arguments.json {
        println!("{}", json(scenario, seeds, &names, &results, arguments.out.as_deref(), &written));
    } else {
        print!("{}", report(scenario, seeds, &names, &results, arguments.out.as_deref(), &written));
    }
    Ok(())
}

/// What messages give as their date of creation: now, or SOURCE_DATE_EPOCH, by which builds are made reproducible.
fn created() -> Result<Epoch, Failure> {
    match std::env::var_os("SOURCE_DATE_EPOCH") {
        None => Ok(Epoch::now()?),
        Some(text) => {
            let text = text.to_string_lossy();
            // The limit is the year 9999, the last that fits the format.
            let seconds = text.parse::<u64>().ok().filter(|seconds| *seconds < 253_402_300_800);
            let seconds = seconds
                .ok_or_else(|| Failure::message(format!("SOURCE_DATE_EPOCH is '{text}', no Unix time in seconds")))?;
            Ok(Epoch::from_unix_seconds(seconds as f64))
        }
    }
}

/// The policy of each team with learned spacecraft: index of the team, name, model.
fn chosen(arguments: &SimulateArguments, scenario: &Scenario) -> Result<Vec<(u8, String, Model)>, Failure> {
    let teams = scenario.teams();
    let index = |team: &str| teams.iter().position(|name| *name == team).map(|place| place as u8 + 1);
    let learns = |team: u8| scenario.learned_slots().iter().any(|slot| scenario.template.slots[*slot].team == team);
    let learned: Vec<&str> = teams.iter().copied().filter(|team| index(team).is_some_and(learns)).collect();
    let valid = if learned.is_empty() {
        "no spacecraft of this scenario is learned, so that it takes no --policy".to_owned()
    } else {
        format!("teams with learned spacecraft are {}", learned.join(", "))
    };
    let mut given: Vec<(u8, &str)> = Vec::new();
    for text in &arguments.policies {
        let (team, name) = text
            .split_once('=')
            .filter(|(_, name)| !name.is_empty())
            .ok_or_else(|| Failure::message(format!("--policy '{text}' is not of the form TEAM=NAME; {valid}")))?;
        let team_index = index(team).ok_or_else(|| Failure::message(format!("there is no team '{team}'; {valid}")))?;
        if !learns(team_index) {
            return Err(Failure::message(format!(
                "team '{team}' has no learned spacecraft: the scenario says how its are flown; {valid}"
            )));
        }
        if given.iter().any(|(other, _)| *other == team_index) {
            return Err(Failure::message(format!("team '{team}' was given two policies")));
        }
        given.push((team_index, name));
    }
    let mut flown = Vec::new();
    for team in learned {
        let Some(team) = index(team) else { continue };
        let (name, model) = match given.iter().find(|(other, _)| *other == team) {
            Some((_, name)) => ((*name).to_owned(), Model::find(name, scenario)?),
            None => default_policy(arguments, scenario, team)?,
        };
        // A model that cannot be loaded is refused here, before the directory is made.
        model.policy(1, 0, arguments.machine.device)?;
        flown.push((team, name, model));
    }
    Ok(flown)
}

/// Who flies a team that no policy was named for: see the help.
fn default_policy(arguments: &SimulateArguments, scenario: &Scenario, team: u8) -> Result<(String, Model), Failure> {
    let objective = &scenario.template.objective;
    if team != objective.team {
        return Ok(("ballistic".to_owned(), Model::find("ballistic", scenario)?));
    }
    let place = Path::new("checkpoints").join(&scenario.name);
    let beside = arguments.scenario.parent().and_then(Path::parent).map(|root| root.join(&place));
    for champion in [Some(place), beside].into_iter().flatten() {
        if !champion.is_dir() {
            continue;
        }
        let name = champion.to_string_lossy().into_owned();
        let device = arguments.machine.device;
        // Nobody asked for this one by name: where it is of no use, say so and go on.
        match Model::find(&name, scenario).and_then(|model| model.policy(1, 0, device).map(|_| model)) {
            Ok(model) => return Ok((name, model)),
            Err(Failure::Check) => {}
            Err(Failure::Error(text)) => {
                eprintln!("warning: '{name}' is passed over: {}", text.trim_start_matches("error: "))
            }
        }
    }
    let limits_speed = objective.max_speed_m_s.is_finite()
        || objective.failures.iter().any(|failure| matches!(failure, EndsAgainst::SpeedLimit { .. }));
    let name = if limits_speed { "glideslope" } else { "zem_zev" };
    Ok((name.to_owned(), Model::find(name, scenario)?))
}

fn json(
    scenario: &Scenario,
    seeds: Seeds,
    policies: &[(u8, String)],
    results: &[EpisodeResult],
    out: Option<&Path>,
    written: &Written,
) -> serde_json::Value {
    let policies: serde_json::Map<String, serde_json::Value> =
        policies.iter().map(|(team, name)| (team_name(scenario, *team), name.as_str().into())).collect();
    serde_json::json!({
        "scenario": scenario.name,
        "scenario_hash": scenario.hash,
        "seed": seeds.run,
        "policies": policies,
        "episodes": results,
        "out": out,
        "files": written.files,
    })
}

fn report(
    scenario: &Scenario,
    seeds: Seeds,
    policies: &[(u8, String)],
    results: &[EpisodeResult],
    out: Option<&Path>,
    written: &Written,
) -> String {
    let flown: Vec<String> =
        policies.iter().map(|(team, name)| format!("{} flown by {name}", team_name(scenario, *team))).collect();
    let flown = if flown.is_empty() { "all spacecraft scripted".to_owned() } else { flown.join(", ") };
    let mut text = format!("{}: {} episodes of seed {}, {flown}\n", scenario.name, results.len(), seeds.run);
    let shown = &results[..results.len().min(TABLE_ROWS)];
    text.push_str(&format!("{}\n", episode_table(shown)));
    if shown.len() < results.len() {
        text.push_str(&format!("and {} more: --json lists all\n", results.len() - shown.len()));
    }
    let successes = results.iter().filter(|result| result.succeeded()).count();
    text.push_str(&format!("{successes} of {} succeeded\n", results.len()));
    if let Some(out) = out {
        text.push_str(&format!("written: {} files in {}\n", written.files.len(), out.display()));
    }
    text
}

fn team_name(scenario: &Scenario, team: u8) -> String {
    scenario.teams()[usize::from(team) - 1].to_owned()
}

/// How far a simulation is, on stderr: a bar on a terminal, elsewhere a plain line every ten seconds.
struct Progress {
    bar: Option<ProgressBar>,
    total: u64,
    last_line: Instant,
}

impl Progress {
    fn new(total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} episodes");
            ProgressBar::new(total)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
                .with_message("playing")
        });
        Self { bar, total, last_line: Instant::now() }
    }

    fn tell(&mut self, finished: u64) {
        match &self.bar {
            Some(bar) => bar.set_position(finished),
            None if self.last_line.elapsed() >= Duration::from_secs(10) => {
                eprintln!("{finished}/{} episodes have ended", self.total);
                self.last_line = Instant::now();
            }
            None => {}
        }
    }

    fn say(&self, what: &'static str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what);
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
