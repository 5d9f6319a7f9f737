//! `dataset`: labelled telemetry of the simulator, or real telemetry, as a data set.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, in_pool, load_with_further_tests};
use crate::eval::dataset::simulated::{self, Made, Progress, Request};
use crate::eval::dataset::{recorded, table};
use crate::scenario::Scenario;
use crate::telemetry::dataset::manifest::{EPISODES_PER_PART, Manifest};
use crate::telemetry::dataset::split::Split;
use crate::telemetry::recorded::Recorded;
use crate::telemetry::recorded::column_map::ColumnMap;
use crate::telemetry::window::INTERVALS_S;
use crate::train::signals::Interrupt;

#[derive(clap::Args, Debug)]
#[command(after_help = "\
Scenarios say in their block `telemetry` whose telemetry is recorded and what for. Of those for Training, 70 % of the windows are for
training, 10 % for validation and 20 % for tests, each of seeds that the others do not have; of those that are Shifted or Unknown, further
tests are made, each as large as the test and beside the N windows.

DIR/dataset.json says what the data set holds and comes last. What is stopped goes on when the same command is run again, and ends with
the same bits.

--from takes telemetry of real objects from a file: CSV with a header, or Parquet. MAP is RON:
  (
      time: (column: \"utc\", format: Iso8601),   or Seconds, Milliseconds, Minutes, Hours, Days
      object: \"norad_id\",                       optional: the column that names the object
      interval_s: 30.0,                         optional: else the median step of the rows
      channels: {\"range\": (column: \"rng\", unit: \"km\", scale: 1.0, offset: 0.0)},
      context: {\"mean_motion_rad_s\": (column: \"n\", unit: \"rev/day\")},
  )
Without a map, columns go by the names of the channels, `time_s` and `object`. Channels that are not there are gaps.")]
pub(super) struct DatasetArguments {
    /// Scenario files, each with a `telemetry` block.
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    scenarios: Vec<PathBuf>,
    /// Windows for training, validation and test together.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(10..=1_000_000_000), conflicts_with = "from")]
    windows: u64,
    /// Seed of the episodes.
    #[arg(long, default_value_t = 1, conflicts_with = "from")]
    seed: u64,
    /// Directory of the data set.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Episodes of a file.
    #[arg(long, default_value_t = EPISODES_PER_PART, value_parser = clap::value_parser!(u64).range(1..=100_000), conflicts_with = "from")]
    episodes_per_part: u64,
    /// Take telemetry of real objects from this file, CSV or Parquet.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Which columns of the file are which channels, in RON.
    #[arg(long, value_name = "MAP", requires = "from")]
    map: Option<PathBuf>,
    /// Print one JSON object on stdout.
    #[arg(long)]
    json: bool,
    /// Threads; all cores when left out.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=256))]
    threads: Option<u64>,
}

pub(super) fn run(arguments: &DatasetArguments) -> Result<(), Failure> {
    match &arguments.from {
        Some(from) => take(arguments, from),
        None => in_pool(arguments.threads, || simulate(arguments)),
    }
}

fn simulate(arguments: &DatasetArguments) -> Result<(), Failure> {
    let scenarios = load_with_further_tests(&arguments.scenarios)?;
    let request = Request {
        scenarios: &scenarios,
        windows: arguments.windows,
        seed: arguments.seed,
        episodes_per_part: arguments.episodes_per_part,
    };
    let interrupt = Interrupt::install()?;
    let mut bar = Bar::new();
    let made = simulated::make(request, &arguments.out, &|| interrupt.requested(), &mut |progress| bar.tell(progress))?;
    bar.finish();
    if made.interrupted {
        return Err(Failure::message(format!(
            "stopped at {} windows, of which whole files stay in '{}'; the same command goes on with them",
            made.manifest.windows,
            arguments.out.display()
        )));
    }
    if arguments.json {
        println!("{}", simulated_json(&made, arguments, &scenarios));
    } else {
        print!("{}", simulated_report(&made, &arguments.out));
    }
    Ok(())
}

/// Windows a second of those that were made now; none where all lay there.
fn windows_per_s(made: &Made) -> Option<f64> {
    (made.made > 0).then(|| made.made as f64 / made.took.as_secs_f64().max(1e-9))
}

fn splits(manifest: &Manifest) -> serde_json::Value {
    let split = |(split, entry): (&Split, &crate::telemetry::dataset::manifest::SplitEntry)| {
        let told = serde_json::json!({
            "windows": entry.windows,
            "episodes": entry.episodes,
            "files": entry.parts.len(),
            "classes": entry.classes,
        });
        (split.name().to_owned(), told)
    };
    manifest.splits.iter().map(split).collect::<serde_json::Map<_, _>>().into()
}

fn simulated_json(made: &Made, arguments: &DatasetArguments, scenarios: &[Scenario]) -> serde_json::Value {
    let scenario = |scenario: &Scenario| {
        let role = scenario.telemetry.as_ref().map(|source| source.role.name());
        serde_json::json!({"name": scenario.name, "hash": scenario.hash, "role": role})
    };
    serde_json::json!({
        "out": arguments.out,
        "scenarios": scenarios.iter().map(scenario).collect::<Vec<_>>(),
        "seed": arguments.seed,
        "windows": made.manifest.windows,
        "windows_made": made.made,
        "windows_per_s": windows_per_s(made),
        "classes": made.manifest.classes(),
        "splits": splits(&made.manifest),
        "sha256": made.manifest.sha256,
    })
}

fn simulated_report(made: &Made, out: &Path) -> String {
    let manifest = &made.manifest;
    let mut text = format!("{}\n", table::class_table(manifest));
    text += &match windows_per_s(made) {
        Some(rate) if made.made == manifest.windows => format!("{} windows, {rate:.0} a second", made.made),
        Some(rate) => format!("{} windows, of which {} were made now, {rate:.0} a second", manifest.windows, made.made),
        None => format!("{} windows, which lay there whole", manifest.windows),
    };
    text += &format!("; data hash {}\nwritten: {}\n", manifest.sha256, out.display());
    text
}

/// Takes real telemetry from a file.
fn take(arguments: &DatasetArguments, from: &Path) -> Result<(), Failure> {
    let map = match &arguments.map {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::message(format!("cannot read '{}': {error}", path.display())))?;
            ColumnMap::read(&text).map_err(|error| Failure::message(format!("'{}': {error}", path.display())))?
        }
        None => ColumnMap::default(),
    };
    let (found, origin) =
        recorded::read(from, &map).map_err(|error| Failure::message(format!("'{}': {error}", from.display())))?;
    let [shortest_s, longest_s] = INTERVALS_S;
    if !(shortest_s..=longest_s).contains(&found.interval_s) {
        eprintln!(
            "warning: samples are {} s apart; simulated telemetry, of which models learn, has {shortest_s} to {longest_s} s",
            found.interval_s
        );
    }
    if let Some(reason) = &found.first_reason {
        eprintln!("warning: {} windows are left out; the first: {reason}", found.skipped);
    }
    let manifest = recorded::write(&found, origin, &arguments.out)?;
    if arguments.json {
        println!("{}", recorded_json(&found, &manifest, arguments, from));
    } else {
        print!("{}", recorded_report(&found, &manifest, &arguments.out));
    }
    Ok(())
}

fn recorded_json(
    found: &Recorded,
    manifest: &Manifest,
    arguments: &DatasetArguments,
    from: &Path,
) -> serde_json::Value {
    serde_json::json!({
        "out": arguments.out,
        "from": from,
        "windows": manifest.windows,
        "classes": null,
        "splits": splits(manifest),
        "interval_s": found.interval_s,
        "epoch_utc": found.epoch_utc,
        "rows": found.rows,
        "objects": found.objects,
        "skipped": found.skipped,
        "skipped_because": found.first_reason,
        "left_over_samples": found.left_over_samples,
        "present": found.present,
        "absent": found.absent,
        "sha256": manifest.sha256,
    })
}

fn recorded_report(found: &Recorded, manifest: &Manifest, out: &Path) -> String {
    let list = |names: &[&str]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let count = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let text = format!(
        "{} windows of {} from {}, samples {} s apart; {} after the last whole window are not used\n\
         channels: {}\nnot there: {}\ndata hash {}\nwritten: {}\n",
        manifest.windows,
        count(found.objects, "object"),
        count(found.rows, "row"),
        found.interval_s,
        count(found.left_over_samples, "sample"),
        list(&found.present),
        list(&found.absent),
        manifest.sha256,
        out.display()
    );
    textwrap::fill(&text, 120)
}

/// How far a data set is, on stderr: a bar on a terminal, elsewhere a plain line every ten seconds.
struct Bar {
    bar: Option<ProgressBar>,
    begun: Option<(Instant, u64)>,
    last_line: Instant,
}

impl Bar {
    fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{msg:10} {wide_bar} {pos}/{len} windows  {per_sec}  ETA {eta}");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar, begun: None, last_line: Instant::now() }
    }

    fn tell(&mut self, Progress { windows, wanted, split }: Progress) {
        let (begun, before) = *self.begun.get_or_insert((Instant::now(), windows));
        match &self.bar {
            Some(bar) => {
                bar.set_length(wanted);
                bar.set_message(split.name());
                bar.set_position(windows);
            }
            None if self.last_line.elapsed() >= Duration::from_secs(10) => {
                let rate = (windows - before.min(windows)) as f64 / begun.elapsed().as_secs_f64().max(1e-9);
                eprintln!("{}: {windows}/{wanted} windows  {rate:.0}/s", split.name());
                self.last_line = Instant::now();
            }
            None => {}
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
