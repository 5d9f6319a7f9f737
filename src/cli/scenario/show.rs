//! `scenario show`: what a scenario draws, and some episodes as the simulator's reset draws them.

use std::path::PathBuf;

use serde::Serialize;

use super::table;
use crate::cli::Failure;
use crate::cli::difficulty::Difficulty;
use crate::eval::draw::{EpisodeDraw, SpacecraftDraw, StartDraw, draws};
use crate::eval::evaluate::Seeds;
use crate::scenario::language::Language;
use crate::scenario::{Scenario, unit};
use crate::sim::config::{ControlConfig, OrbitConfig};
use crate::sim::distribution::Distribution;
use crate::sim::seeds::SeedDomain;
use crate::train::config::TrainingConfig;

#[derive(clap::Args, Debug)]
pub(in crate::cli) struct ShowArguments {
    /// Scenario file.
    scenario: PathBuf,
    /// Seed; the episodes are those that `simulate` plays under it, in the same order.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Episodes to draw.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(0..=10_000))]
    draws: u64,
    #[command(flatten)]
    difficulty: Difficulty,
    /// Print one JSON object on stdout.
    #[arg(long)]
    json: bool,
}

/// Something that is drawn once an episode.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Sampled {
    /// Where it stands in the file.
    path: String,
    /// What it is drawn from, as the file has it.
    distribution: String,
    /// Unit; none for what is no number.
    unit: Option<String>,
    /// The least and the greatest that can come out at the difficulty at hand; none for what is no number.
    bounds: Option<[f64; 2]>,
}

pub(super) fn run(arguments: &ShowArguments) -> Result<(), Failure> {
    let scenario = arguments.difficulty.load(&arguments.scenario)?;
    let sampled = sampled(&scenario)?;
    let seeds = Seeds { run: arguments.seed, domain: SeedDomain::Report, count: arguments.draws };
    let draws = draws(&scenario.template, seeds);
    if arguments.json {
        let shown = serde_json::json!({
            "scenario": scenario.name,
            "scenario_hash": scenario.hash,
            "difficulty": scenario.config.difficulty,
            "seed": arguments.seed,
            "sampled": sampled,
            "draws": draws,
        });
        println!("{shown}");
        return Ok(());
    }
    println!("{}: {}", scenario.name, scenario.summary);
    if scenario.has_ramps() {
        println!("difficulty: {}", scenario.config.difficulty);
    }
    println!(
        "\nDrawn once an episode (a Normal is taken to reach 6 standard deviations):\n{}",
        sampled_table(&sampled)
    );
    if !draws.is_empty() {
        println!("\nEpisodes of seed {}, as `simulate --seed {}` plays them:", arguments.seed, arguments.seed);
        println!("{}", draw_table(&draws));
    }
    Ok(())
}

/// All that is drawn, in the order of the file's types.
fn sampled(scenario: &Scenario) -> Result<Vec<Sampled>, Failure> {
    let language = Language::with_training::<TrainingConfig>();
    let config = &scenario.config;
    let mut found = Vec::new();
    if !config.casts.is_empty() {
        let total: f64 = config.casts.iter().map(|cast| cast.weight).sum();
        let casts = config.casts.iter().map(|cast| format!("{} {:.1} %", cast.name, 100.0 * cast.weight / total));
        let distribution = format!("one of {}", casts.collect::<Vec<_>>().join(", "));
        found.push(Sampled { path: "casts".to_owned(), distribution, unit: None, bounds: None });
    }
    for craft in &config.spacecraft {
        let path = |field: &str| format!("spacecraft[{}].{field}", craft.name);
        if let ControlConfig::Scripted(behaviours) = &craft.control
            && behaviours.len() > 1
        {
            let names: Vec<&str> = behaviours.iter().map(|behaviour| behaviour.name()).collect();
            let distribution = format!("one of {}", names.join(", "));
            found.push(Sampled { path: path("control"), distribution, unit: None, bounds: None });
        }
        if let OrbitConfig::RtnShell { direction_weights: [r, t, n], opposite, .. } = &craft.orbit {
            let side = opposite.as_ref().map_or_else(String::new, |third| format!(", not on the side of {third}"));
            let distribution = format!("a direction, Gaussian by ({r}, {t}, {n}) along R, T, N{side}");
            found.push(Sampled { path: path("orbit"), distribution, unit: None, bounds: None });
        }
    }
    let written = serde_json::to_value(config)?;
    language.walk(None, &written, &mut |place, value| {
        if place.kind != Some("Distribution") {
            return;
        }
        let Ok(distribution) = serde_json::from_value::<Distribution>(value.clone()) else { return };
        if matches!(distribution, Distribution::Fixed(_)) {
            return;
        }
        let (low, high) = distribution.at_difficulty(config.difficulty).bounds();
        found.push(Sampled {
            path: named(&place.path, scenario),
            distribution: ron::to_string(&distribution).unwrap_or_default().replace(',', ", ").replace(':', ": "),
            unit: unit::of_field(&place.field),
            bounds: Some([low, high]),
        });
    });
    // What only an evaluation plays comes last.
    found.sort_by_key(|sampled| sampled.path.starts_with("held_out"));
    Ok(found)
}

/// A path with the names of spacecraft and casts in place of their places in the list.
fn named(path: &str, scenario: &Scenario) -> String {
    let name = |list: &str, index: usize| match list {
        "spacecraft" => scenario.config.spacecraft.get(index).map(|craft| craft.name.as_str()),
        "casts" => scenario.config.casts.get(index).map(|cast| cast.name.as_str()),
        _ => None,
    };
    let parts = path.split_once('[').and_then(|(list, rest)| {
        let (index, rest) = rest.split_once(']')?;
        Some(format!("{list}[{}]{rest}", name(list, index.parse().ok()?)?))
    });
    parts.unwrap_or_else(|| path.to_owned())
}

fn sampled_table(sampled: &[Sampled]) -> String {
    let mut rows = table(&["path", "drawn from", "unit", "least", "greatest"]);
    for Sampled { path, distribution, unit, bounds } in sampled {
        let bound = |index: usize| bounds.map_or_else(String::new, |bounds| figure(bounds[index]));
        rows.add_row([path, distribution, &unit.clone().unwrap_or_default(), &bound(0), &bound(1)]);
    }
    rows.trim_fmt()
}

fn draw_table(draws: &[EpisodeDraw]) -> String {
    let mut rows = table(&["seed", "cast", "spacecraft", "flown by", "mass kg", "Δv m/s", "start"]);
    for draw in draws {
        for (index, craft) in draw.spacecraft.iter().enumerate() {
            let seed = if index == 0 { draw.seed.to_string() } else { String::new() };
            let cast = draw.cast.clone().filter(|_| index == 0).unwrap_or_default();
            rows.add_row([
                seed,
                cast,
                craft.name.clone(),
                if craft.present { craft.behaviour.unwrap_or("a policy").to_owned() } else { String::new() },
                figure(craft.mass_kg),
                craft.delta_v_m_s.map_or_else(String::new, figure),
                start(craft),
            ]);
        }
    }
    rows.trim_fmt()
}

/// Where a spacecraft starts, in one line.
fn start(craft: &SpacecraftDraw) -> String {
    if !craft.present {
        return "not there".to_owned();
    }
    let vector = |vector: &[f64; 3]| format!("({})", vector.map(figure).join(", "));
    match &craft.start {
        StartDraw::Elements {
            perigee_altitude_km,
            eccentricity,
            inclination_deg,
            raan_deg,
            argument_of_perigee_deg,
            true_anomaly_deg,
        } => format!(
            "perigee {perigee_altitude_km:.1} km, e {eccentricity:.5}, i {inclination_deg:.2}°, Ω {raan_deg:.2}°, \
             ω {argument_of_perigee_deg:.2}°, ν {true_anomaly_deg:.2}°"
        ),
        StartDraw::Relative { to: None, range_m, .. } if *range_m == 0.0 => "the origin".to_owned(),
        StartDraw::Relative { to, range_m, speed_m_s, position_rtn_m, velocity_rtn_m_s } => format!(
            "{} m from {}, RTN {} m; {} m/s, {} m/s",
            figure(*range_m),
            to.as_deref().unwrap_or("the origin"),
            vector(position_rtn_m),
            figure(*speed_m_s),
            vector(velocity_rtn_m_s)
        ),
    }
}

/// A number in five figures or so.
fn figure(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if !(1e-3..1e7).contains(&magnitude) {
        format!("{value:.3e}")
    } else {
        let decimals = (4 - magnitude.log10().floor() as i32).clamp(0, 6) as usize;
        let text = format!("{value:.decimals$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    }
}
