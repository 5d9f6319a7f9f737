//! How fast is the case that OrbitalGym is quoted for? Two spacecraft, two-body and J2, one 10 s step of RK4 a decision, random
//! Δv, observations of 128 numbers and rewards written, thousands of arenas on two threads.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

mod rig;

use std::hint::black_box;

use astroshield::env::config::RewardConfig;
use astroshield::env::observation::{self, OBSERVATION};
use astroshield::env::plan::{self, PLAN, SEGMENT_WIDTH};
use astroshield::env::rewards::RewardTerm;
use astroshield::env::rewards::approach::{Approach, Scale};
use astroshield::env::vector::{ARENAS_PER_SHARD, Step, VectorEnv};
use astroshield::sim::seeds::{Generator, Purpose};
use astroshield::sim::shard::Shard;
use astroshield::sim::template::Template;
use astroshield::sim::view::View;
use rand::Rng;
use rayon::prelude::*;
use rig::{instruction_set, median, pair, seconds, seeds};

// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const THREADS: usize = 2;
const ARENAS: usize = 4096;
const STEP_S: f64 = 10.0;
/// Decisions of an episode, and of a round, so that each round pays for one reset of every arena.
const DECISIONS: usize = 512;
const ROUNDS: usize = 3;
/// The goal [env-steps/s].
const GOAL: f64 = 10e6;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!(
        "{ARENAS} arenas of 2 spacecraft, one 10 s step of RK4 + J2 a decision, random Δv, {THREADS} threads, {}",
        instruction_set()
    );
    let pool = rayon::ThreadPoolBuilder::new().num_threads(THREADS).build()?;
    let mut template = pair(true, 1, STEP_S * DECISIONS as f64);
    for intercept in [false, true] {
        template.observation.intercept = intercept;
        let shown = if intercept {
            "and the cheapest intercept, which the peer does not search for"
        } else {
            "as the peer shows them"
        };
        println!("\nthe chaser decides, the target coasts; shown are own ship and its tracks, {shown}");
        report(&pool, &template);
    }
    template.observation.intercept = false;
    println!("\nboth decide; shown are own ship and its tracks");
    template.slots[0].behaviours.clear();
    report(&pool, &template);
    Ok(())
}

/// Every arena's decisions in turn, from its own generator.
struct Actions {
    generators: Vec<Generator>,
    plans: Vec<f32>,
}

impl Actions {
    fn new(rows: usize) -> Self {
        let generators = seeds(rows).iter().map(|seed| seed.stream(Purpose::Policy)).collect();
        Self { generators, plans: vec![0.0; rows * PLAN] }
    }

    /// Draws R, T, N and a throttle for the one segment that is flown.
    fn draw(&mut self) {
        let rows = self.generators.par_chunks_mut(ARENAS_PER_SHARD);
        rows.zip(self.plans.par_chunks_mut(ARENAS_PER_SHARD * PLAN)).for_each(|(generators, plans)| {
            for (generator, plan) in generators.iter_mut().zip(plans.chunks_exact_mut(PLAN)) {
                let bits = generator.next_u64();
                for (index, number) in plan[..SEGMENT_WIDTH].iter_mut().enumerate() {
                    *number = f32::from((bits >> (16 * index)) as i16) / 32768.0;
                }
                plan[3] = plan[3].abs();
            }
        });
    }
}

/// Prints what a step takes, and where that goes.
fn report(pool: &rayon::ThreadPool, template: &Template) {
    let rewards = RewardConfig {
        terms: vec![RewardTerm::Approach(Approach { weight: 1.0, scale: Scale::Linear { unit_m: 1e4 } })],
    };
    let mut env = pool.install(|| VectorEnv::for_training(template, &rewards, ARENAS, 1));
    let rows = env.rows();
    let (mut actions, mut step) = (Actions::new(rows), Step::new(rows));
    let mut paid = 0.0;
    let mut rounds: Vec<f64> = (0..=ROUNDS)
        .map(|_| {
            seconds(|| {
                pool.install(|| {
                    for _ in 0..DECISIONS {
                        actions.draw();
                        env.step(&actions.plans, &mut step);
                        paid += f64::from(step.rewards[0]);
                    }
                });
            })
        })
        .skip(1)
        .collect();
    assert!(paid != 0.0 && env.scene().observations.iter().all(|number| number.is_finite()), "it was played");
    let steps_per_s = (ARENAS * DECISIONS) as f64 / median(&mut rounds);
    println!(
        "{:.2} M env-steps/s ({:.2} M rows/s), {:.2} of the goal of {:.0} M",
        steps_per_s / 1e6,
        steps_per_s / 1e6 * (rows / ARENAS) as f64,
        steps_per_s / GOAL,
        GOAL / 1e6
    );
    let whole_ns = THREADS as f64 * 1e9 / steps_per_s;
    println!("{:>36}  {whole_ns:>7.1} ns of a thread an env-step", "all");
    let mut rest_ns = whole_ns;
    for (part, part_ns) in parts_ns(template) {
        println!("{part:>36}  {part_ns:>7.1} ns  {:>5.1} %", part_ns / whole_ns * 100.0);
        rest_ns -= part_ns;
    }
    println!(
        "{:>36}  {rest_ns:>7.1} ns  {:>5.1} %",
        "actions, rewards, resets, two threads",
        rest_ns / whole_ns * 100.0
    );
}

/// Each part of a step by itself, on one thread, in nanoseconds an arena.
fn parts_ns(template: &Template) -> [(&'static str, f64); 3] {
    const PASSES: usize = 100;
    let mut shards: Vec<Shard> =
        seeds(ARENAS).chunks(ARENAS_PER_SHARD).map(|seeds| Shard::new(template, seeds)).collect();
    let mut actions = Actions::new(ARENAS * shards[0].learned().len());
    actions.draw();
    let mut segments = actions.plans.chunks_exact(PLAN).map(|plan| plan::decode(&plan[..SEGMENT_WIDTH], false));
    for share in shards.iter_mut().flat_map(|shard| shard.plans_mut().iter_mut()) {
        *share = segments.next().expect("a plan a row");
    }
    let rows: Vec<usize> = (0..ARENAS_PER_SHARD).collect();
    let mut views: Vec<View> = Vec::new();
    let mut observations = vec![0.0_f32; actions.plans.len() / PLAN * OBSERVATION];
    let (mut fly, mut look, mut write) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..PASSES {
        fly.push(seconds(|| shards.iter_mut().for_each(Shard::advance)));
        views.clear();
        look.push(seconds(|| shards.iter_mut().for_each(|shard| shard.for_each_view(|_, _, view| views.push(*view)))));
        write.push(seconds(|| {
            for (views, out) in views.chunks(rows.len()).zip(observations.chunks_mut(rows.len() * OBSERVATION)) {
                observation::write_rows(black_box(views), &rows[..views.len()], template.observation, out);
            }
        }));
    }
    let ns = |seconds: &mut Vec<f64>| median(seconds) / ARENAS as f64 * 1e9;
    [
        ("fly: burn, integrate, detect, pay", ns(&mut fly)),
        ("look: build the views", ns(&mut look)),
        ("show: write the observations", ns(&mut write)),
    ]
}
