//! How does the cost of a step grow with arenas, with spacecraft an arena and with threads?
//!
//! `cargo bench --bench scaling -- PICTURE.svg` also draws the tables.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

mod rig;

use astroshield::env::config::RewardConfig;
use astroshield::env::plan::PLAN;
use astroshield::env::rewards::RewardTerm;
use astroshield::env::rewards::approach::{Approach, Scale};
use astroshield::env::vector::{Step, VectorEnv};
use astroshield::sim::template::Template;
use rig::chart::{Panel, Series, draw};
use rig::{fleet, instruction_set, median, seconds};

// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ARENAS: [usize; 9] = [1, 4, 10, 40, 100, 400, 1000, 4000, 10_000];
const SPACECRAFT: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Spacecraft altogether where an arena's number of them grows.
const ALTOGETHER: usize = 8192;
/// Arenas of two spacecraft where threads grow.
const ARENAS_OF_THREADS: usize = 4096;
/// Spacecraft-steps of one timing.
const WORK: usize = 1 << 15;
const ROUNDS: usize = 7;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let threads = std::thread::available_parallelism()?.get();
    println!(
        "A decision of one 10 s step of RK4 + J2: fly, see, show 128 numbers to the one that decides, pay; {}, {threads} threads",
        instruction_set()
    );
    let all = format!("{threads} threads");

    println!("\n{:>10}  {:>22}  {:>22}", "arenas", "1 thread", all);
    println!("{:>10}  {:>22}  {:>22}", "of 2", "ns a spacecraft-step", "ns a spacecraft-step");
    let mut by_arenas = [Vec::new(), Vec::new()];
    for arenas in ARENAS {
        let [one, many] = [1, threads].map(|threads| ns_a_spacecraft_step(&fleet(2), arenas, threads));
        println!("{arenas:>10}  {one:>22.1}  {many:>22.1}");
        by_arenas[0].push((arenas as f64, one));
        by_arenas[1].push((arenas as f64, many));
    }

    println!("\n{:>10}  {:>22}  {:>22}  {:>16}", "spacecraft", "1 thread", all, "1 thread");
    println!(
        "{:>10}  {:>22}  {:>22}  {:>16}",
        "an arena", "ns a spacecraft-step", "ns a spacecraft-step", "µs an arena-step"
    );
    let mut by_spacecraft = [Vec::new(), Vec::new()];
    for spacecraft in SPACECRAFT {
        let template = fleet(spacecraft);
        let [one, many] = [1, threads].map(|threads| ns_a_spacecraft_step(&template, ALTOGETHER / spacecraft, threads));
        println!("{spacecraft:>10}  {one:>22.1}  {many:>22.1}  {:>16.2}", one * spacecraft as f64 / 1e3);
        by_spacecraft[0].push((spacecraft as f64, one));
        by_spacecraft[1].push((spacecraft as f64, many));
    }

    println!("\n{:>10}  {:>22}  {:>10}", "threads", "M spacecraft-steps/s", "speed-up");
    let (mut measured, mut ideal) = (Vec::new(), Vec::new());
    for threads in (0..).map(|power| 1 << power).take_while(|power| *power < threads).chain([threads]) {
        let rate = 1e3 / ns_a_spacecraft_step(&fleet(2), ARENAS_OF_THREADS, threads);
        let first = measured.first().map_or(rate, |(_, rate)| *rate);
        println!("{threads:>10}  {rate:>22.2}  {:>9.2}x", rate / first);
        measured.push((threads as f64, rate));
        ideal.push((threads as f64, first * threads as f64));
    }

    if let Some(path) = std::env::args().skip(1).find(|argument| !argument.starts_with('-')) {
        let ns = "ns a spacecraft-step";
        let pair = |name: &str, points: [Vec<(f64, f64)>; 2]| {
            let [one, many] = points;
            vec![Series::new("1 thread", one), Series::new(name, many)]
        };
        let panels = [
            Panel { title: "Arenas of 2 spacecraft", x: "arenas", y: ns, series: pair(&all, by_arenas) },
            Panel { title: "Spacecraft an arena", x: "spacecraft an arena", y: ns, series: pair(&all, by_spacecraft) },
            Panel {
                title: "Threads",
                x: "threads",
                y: "M spacecraft-steps/s",
                series: vec![Series::new("measured", measured), Series::new("in proportion", ideal)],
            },
        ];
        std::fs::write(&path, draw(&panels))?;
        println!("\ndrawn in {path}");
    }
    Ok(())
}

/// Median wall-clock time over spacecraft-steps [ns], with every learned spacecraft burning.
fn ns_a_spacecraft_step(template: &Template, arenas: usize, threads: usize) -> f64 {
    let rewards = RewardConfig {
        terms: vec![RewardTerm::Approach(Approach { weight: 1.0, scale: Scale::Linear { unit_m: 1e4 } })],
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
    pool.install(|| {
        let mut env = VectorEnv::for_training(template, &rewards, arenas, 1);
        let mut step = Step::new(env.rows());
        let plans: Vec<f32> = (0..env.rows() * PLAN).map(|index| [0.3, -0.5, 0.2, 0.8][index % 4]).collect();
        let steps = (WORK / (arenas * template.slots.len())).max(4);
        let mut rounds: Vec<f64> =
            (0..=ROUNDS).map(|_| seconds(|| (0..steps).for_each(|_| env.step(&plans, &mut step)))).skip(1).collect();
        median(&mut rounds) / (steps * arenas * template.slots.len()) as f64 * 1e9
    })
}
