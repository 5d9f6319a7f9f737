//! How fast is the ground of telemetry? `mixed_threats` with sensors, tracks and systems on: arena-segments a second on two threads, what
//! each part of it costs, and windows a second; `-- windows` for the last alone.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

mod rig;

use astroshield::env::vector::ARENAS_PER_SHARD;
use astroshield::eval::telemetry_windows::windows;
use astroshield::scenario::Scenario;
use astroshield::sim::sensing::config::SensingConfig;
use astroshield::sim::shard::Shard;
use astroshield::sim::template::Template;
use rayon::prelude::*;
use rig::{median, seconds, seeds};

// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const THREADS: usize = 2;
const ARENAS: usize = 512;
const SEGMENTS: usize = 300;
const ROUNDS: usize = 5;
/// The goal [arena-segments/s].
const GOAL: f64 = 300e3;
/// The goal [windows/s].
const WINDOWS_GOAL: f64 = 5e3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let scenario = Scenario::load("scenarios/mixed_threats.ron")?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(THREADS).build()?;
    let whole = scenario.template.clone();
    let source = scenario.telemetry.clone().ok_or("the scenario records no telemetry")?;
    if !std::env::args().any(|argument| argument == "windows") {
        parts(&pool, &whole);
    }
    let episodes = seeds(1_024);
    let mut made = 0;
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let took_s = seconds(|| made = pool.install(|| windows(&whole, &source, &episodes).len()));
            made as f64 / took_s
        })
        .collect();
    println!("{made} windows of separate stretches, {:.0} windows/s (goal {WINDOWS_GOAL:.0})", median(&mut rounds));
    Ok(())
}

/// Arena-segments a second, and what each part costs of it.
fn parts(pool: &rayon::ThreadPool, whole: &Template) {
    let without_sensing = {
        let mut template = whole.clone();
        template.slots.iter_mut().for_each(|slot| slot.sensing = SensingConfig::Perfect);
        template
    };
    let without_bus = {
        let mut template = whole.clone();
        template.slots.iter_mut().for_each(|slot| slot.bus = None);
        template.objective.harms.clear();
        template
    };
    let bare = Template { slots: without_sensing.slots.clone(), ..without_bus.clone() };
    let bare = {
        let mut template = bare;
        template.slots.iter_mut().for_each(|slot| slot.bus = None);
        template
    };
    println!("{ARENAS} arenas of {} slots, {SEGMENTS} segments, {THREADS} threads", whole.slots.len());
    let mut whole_ns = 0.0;
    for (name, template) in [
        ("all", whole),
        ("without sensors and tracks", &without_sensing),
        ("without systems", &without_bus),
        ("motion and behaviours alone", &bare),
    ] {
        let rate = rate(pool, template);
        let ns = THREADS as f64 * 1e9 / rate;
        if name == "all" {
            whole_ns = ns;
            println!("{:.0} k arena-segments/s, {:.2} of the goal of {:.0} k", rate / 1e3, rate / GOAL, GOAL / 1e3);
        }
        println!("{name:>32}  {ns:>8.0} ns of a thread an arena-segment  {:>5.1} %", ns / whole_ns * 100.0);
    }
}

/// Arena-segments a second, the median of the rounds.
fn rate(pool: &rayon::ThreadPool, template: &Template) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let mut shards: Vec<Shard> =
                seeds(ARENAS).chunks(ARENAS_PER_SHARD).map(|seeds| Shard::new(template, seeds)).collect();
            seconds(|| {
                pool.install(|| {
                    shards.par_iter_mut().for_each(|shard| (0..SEGMENTS).for_each(|_| shard.advance()));
                });
            })
        })
        .collect();
    (ARENAS * SEGMENTS) as f64 / median(&mut rounds)
}
