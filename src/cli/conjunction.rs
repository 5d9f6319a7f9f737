//! `conjunction`: closest approach and probability of collision of a conjunction data message.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, Table};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, in_pool};
use crate::astro::cdm::{self, Cdm};
use crate::astro::conjunction::Conjunction;
use crate::astro::conjunction::assessment::{Assessment, Choice, DEFAULT_SAMPLES, Method, assess};
use crate::astro::conjunction::monte_carlo::Samples;
use crate::astro::constants::EARTH_MU_M3_S2;
use crate::astro::rtn::RtnFrame;

/// Time between two words of progress where stderr is no terminal.
const QUIET_PROGRESS: Duration = Duration::from_secs(10);

#[derive(clap::Args, Debug)]
pub(super) struct ConjunctionArguments {
    /// Conjunction data message (CCSDS 508.0-B-1) in keyword-value notation.
    file: PathBuf,
    /// Hard-body radius: sum of both objects' radii [m]; needed unless the message states HBR of both objects, or of the pair in a comment.
    #[arg(long, allow_negative_numbers = true)]
    hbr_m: Option<f64>,
    /// How the probability is found.
    #[arg(long, value_enum, default_value_t = MethodArgument::Auto)]
    method: MethodArgument,
    /// Samples of Monte Carlo; with `--method auto`, Monte Carlo is then shown beside the others.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000_000))]
    samples: Option<u64>,
    /// Seed of Monte Carlo.
    #[arg(long, default_value_t = DEFAULT_SAMPLES.seed)]
    seed: u64,
    /// Threads; all cores when left out. The figures do not depend on it.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=256))]
    threads: Option<u64>,
    /// Print one JSON object on stdout.
    #[arg(long)]
    json: bool,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum MethodArgument {
    /// 2D where straight tracks hold, else 3D, else Monte Carlo.
    Auto,
    /// Straight tracks (NASA CARA's convention).
    #[value(name = "2d")]
    TwoD,
    /// Two-body motion, by the flux through the hard-body sphere.
    #[value(name = "3d")]
    ThreeD,
    /// Two-body motion, counted.
    #[value(name = "monte_carlo")]
    MonteCarlo,
}

impl ConjunctionArguments {
    fn choice(&self) -> Choice {
        match self.method {
            MethodArgument::Auto => Choice::Auto { count: self.samples.is_some() },
            MethodArgument::TwoD => Choice::Only(Method::TwoD),
            MethodArgument::ThreeD => Choice::Only(Method::ThreeD),
            MethodArgument::MonteCarlo => Choice::Only(Method::MonteCarlo),
        }
    }
}

pub(super) fn run(arguments: &ConjunctionArguments) -> Result<(), Failure> {
    let named = |error: &dyn std::fmt::Display| Failure::message(format!("{}: {error}", arguments.file.display()));
    let bytes = content(&arguments.file)?;
    let (message, oddities) = Cdm::read(&bytes).map_err(|error| named(&error))?;
    let Some(hard_body_radius_m) = arguments.hbr_m.or_else(|| message.hard_body_radius_m()) else {
        return Err(Failure::message(
            "the message states no HBR of both objects: give the sum of their radii in metres, as in `--hbr-m 20`",
        ));
    };
    let (states, covariances) = message.pair_gcrf().map_err(|error| named(&error))?;
    let conjunction = Conjunction { states, covariances, hard_body_radius_m, mu_m3_s2: EARTH_MU_M3_S2 };
    let samples = Samples { count: arguments.samples.unwrap_or(DEFAULT_SAMPLES.count), seed: arguments.seed };
    let assessment = in_pool(arguments.threads, || {
        let progress = Progress::new(samples.count);
        let assessment = assess(&conjunction, arguments.choice(), samples, &|done| progress.add(done));
        progress.finish();
        assessment.map_err(|error| named(&error))
    })?;
    let oddities = oddities.iter().map(ToString::to_string);
    let warnings: Vec<String> = oddities.chain(assessment.warnings.iter().map(ToString::to_string)).collect();
    let report = Report { message: &message, conjunction: &conjunction, assessment: &assessment, seed: samples.seed };
    if arguments.json {
        println!("{}", report.json(&arguments.file, &warnings));
    } else {
        for warning in &warnings {
            eprintln!("warning: {warning}");
        }
        print!("{}", report.text());
    }
    Ok(())
}

/// The bytes of a file that may be a message; a larger one is refused unread.
fn content(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: std::io::Error| Failure::message(format!("cannot read {}: {error}", path.display()));
    // Looked at before it is opened: opening a pipe would wait for its writer.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Failure::message(format!("{} is not a file", path.display())));
    }
    if metadata.len() > cdm::LARGEST_TEXT as u64 {
        let bytes = metadata.len().try_into().unwrap_or(usize::MAX);
        return Err(Failure::message(format!("{}: {}", path.display(), cdm::CdmError::TooLarge { bytes })));
    }
    let mut bytes = Vec::new();
    let limit = cdm::LARGEST_TEXT as u64 + 1;
    File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(unreadable)?;
    Ok(bytes)
}

/// Progress of Monte Carlo on stderr: a bar on a terminal, a line from time to time elsewhere.
struct Progress {
    bar: ProgressBar,
    done: AtomicU64,
    count: u64,
    begun: Instant,
    /// Lines told so far where there is no bar.
    told: AtomicU64,
}

impl Progress {
    fn new(count: u64) -> Self {
        let bar = if std::io::stderr().is_terminal() { ProgressBar::new(count) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len} samples, {eta} left") {
            bar.set_style(style);
        }
        Self { bar, done: AtomicU64::new(0), count, begun: Instant::now(), told: AtomicU64::new(0) }
    }

    fn add(&self, samples: u64) {
        let done = self.done.fetch_add(samples, Ordering::Relaxed) + samples;
        self.bar.inc(samples);
        let due = self.begun.elapsed().as_secs() / QUIET_PROGRESS.as_secs();
        if self.bar.is_hidden() && self.told.fetch_max(due, Ordering::Relaxed) < due {
            eprintln!("{done} of {} samples", self.count);
        }
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// All that is told.
struct Report<'a> {
    message: &'a Cdm,
    conjunction: &'a Conjunction,
    assessment: &'a Assessment,
    seed: u64,
}

impl Report<'_> {
    /// Time of closest approach, UTC.
    fn closest_approach(&self) -> String {
        let offset = hifitime::Duration::from_seconds(self.assessment.closest_approach.offset_s);
        // A message that was read has a TCA.
        self.message
            .closest_approach()
            .map_or_else(String::new, |tca| format!("{}Z", cdm::instant::write(&(tca + offset))))
    }

    /// Relative position at closest approach in the RTN frame of object 1 [m].
    fn miss_rtn_m(&self) -> [f64; 3] {
        let [first, second] = &self.assessment.closest_approach.states;
        RtnFrame::of(first).to_rtn(&(second.position_m - first.position_m)).into()
    }

    fn object(&self, object: usize, keyword: &str) -> Option<&str> {
        self.message.text(Some(object), keyword)
    }

    fn json(&self, file: &Path, warnings: &[String]) -> serde_json::Value {
        let Assessment { closest_approach, two_d, maximum, three_d, monte_carlo, .. } = self.assessment;
        let [first, second] = &self.conjunction.states;
        let flux = three_d.as_ref().and_then(|three_d| three_d.as_ref().ok());
        let object = |object: usize| {
            serde_json::json!({
                "designator": self.object(object, "OBJECT_DESIGNATOR"),
                "name": self.object(object, "OBJECT_NAME"),
                "frame": self.object(object, "REF_FRAME"),
            })
        };
        serde_json::json!({
            "file": file.display().to_string(),
            "message_id": self.message.text(None, "MESSAGE_ID"),
            "objects": [object(1), object(2)],
            "hard_body_radius_m": self.conjunction.hard_body_radius_m,
            "tca": self.closest_approach(),
            "tca_offset_s": closest_approach.offset_s,
            "miss_m": closest_approach.miss_m,
            "miss_rtn_m": self.miss_rtn_m(),
            "miss_at_message_tca_m": (second.position_m - first.position_m).norm(),
            "relative_speed_m_s": closest_approach.relative_speed_m_s,
            "mahalanobis_distance": self.assessment.mahalanobis_distance,
            "pc": self.assessment.probability,
            "pc_method": self.assessment.method.name(),
            "pc_reason": self.assessment.reason,
            "pc_2d": two_d,
            "pc_2d_max": maximum.map(|maximum| maximum.probability),
            "pc_2d_max_deviation_scale": maximum.map(|maximum| maximum.deviation_scale),
            "pc_3d": flux.map(|flux| flux.probability),
            "pc_3d_span_s": flux.map(|flux| flux.span_s),
            "pc_3d_refusal": three_d.as_ref().and_then(|three_d| three_d.as_ref().err()).map(ToString::to_string),
            "pc_monte_carlo": monte_carlo.map(|counted| counted.probability),
            "pc_monte_carlo_ci95": monte_carlo.map(|counted| counted.interval_95),
            "pc_monte_carlo_hits": monte_carlo.map(|counted| counted.hits),
            "pc_monte_carlo_samples": monte_carlo.map(|counted| counted.samples),
            "pc_monte_carlo_seed": monte_carlo.map(|_| self.seed),
            "message_miss_m": self.message.number(None, "MISS_DISTANCE"),
            "message_pc": self.message.number(None, "COLLISION_PROBABILITY"),
            "warnings": warnings,
        })
    }

    fn text(&self) -> String {
        let Assessment { closest_approach, two_d, maximum, three_d, monte_carlo, .. } = self.assessment;
        let mut text = String::new();
        let mut line = |name: &str, value: String| text.push_str(&format!("{name:<18}{value}\n"));
        let harmless = |value: &str| value.escape_debug().to_string();
        line("message", harmless(self.message.text(None, "MESSAGE_ID").unwrap_or("(without MESSAGE_ID)")));
        for object in [1, 2] {
            let of = |keyword| harmless(self.object(object, keyword).unwrap_or("-"));
            line(&format!("object {object}"), format!("{} ({})", of("OBJECT_NAME"), of("OBJECT_DESIGNATOR")));
        }
        // Adding zero turns -0 into 0.
        let offset_ms = (1e6 * closest_approach.offset_s).round() * 1e-3 + 0.0;
        line("closest approach", format!("{} ({offset_ms:+.3} ms from the message's TCA)", self.closest_approach()));
        let [r, t, n] = self.miss_rtn_m();
        line("miss", format!("{:.3} m (R {r:.3}, T {t:.3}, N {n:.3} of object 1)", closest_approach.miss_m));
        line("relative speed", format!("{:.3} m/s", closest_approach.relative_speed_m_s));
        if let Some(distance) = self.assessment.mahalanobis_distance {
            line("Mahalanobis", format!("{distance:.3} standard deviations in the conjunction plane"));
        }
        line("hard-body radius", format!("{} m", self.conjunction.hard_body_radius_m));

        let mut table = Table::new();
        table.load_preset(UTF8_HORIZONTAL_ONLY).set_header(["method", "Pc", ""]);
        let scientific = |value: f64| format!("{value:.4e}");
        match two_d {
            Some(two_d) => table.add_row(["2d", &scientific(*two_d), "straight tracks, NASA CARA's convention"]),
            None => table.add_row(["2d", "-", "the relative velocity is zero"]),
        };
        if let Some(maximum) = maximum {
            let scale = format!("with standard deviations × {:.3}", maximum.deviation_scale);
            table.add_row(["2d at most", &scientific(maximum.probability), &scale]);
        }
        match three_d {
            Some(Ok(flux)) => {
                let span = format!("two-body motion, {:.1} s to {:+.1} s", flux.span_s[0], flux.span_s[1]);
                table.add_row(["3d", &scientific(flux.probability), &span]);
            }
            Some(Err(refusal)) => {
                table.add_row(["3d", "-", &refusal.to_string()]);
            }
            None => {}
        }
        if let Some(counted) = monte_carlo {
            let [low, high] = counted.interval_95;
            let interval = format!("{low:.4e} to {high:.4e} (95 %), {} of {} samples", counted.hits, counted.samples);
            table.add_row(["monte_carlo", &scientific(counted.probability), &interval]);
        }
        if let Some(theirs) = self.message.number(None, "COLLISION_PROBABILITY") {
            let method = harmless(self.message.text(None, "COLLISION_PROBABILITY_METHOD").unwrap_or(""));
            table.add_row(["the message", &scientific(theirs), &method]);
        }
        if let Some(column) = table.column_mut(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let Assessment { probability, method, reason, .. } = self.assessment;
        format!("{text}\n{}\n\nPc = {probability:.4e} by {}: {reason}\n", table.trim_fmt(), method.name())
    }
}
