//! How fast does PPO train? 256 environments × 64 steps, 4 epochs × 4 minibatches, all 64 entries of the plan sampled, one
//! 10 s step of RK4 + J2 a decision, two spacecraft, two threads: the case that peers quote.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

mod rig;

use std::time::Instant;

use astroshield::env::config::RewardConfig;
use astroshield::env::plan::PLAN;
use astroshield::env::rewards::RewardTerm;
use astroshield::env::rewards::approach::{Approach, Scale};
use astroshield::models::device::Cpu;
use astroshield::train::algorithms::ppo::PpoConfig;
use astroshield::train::config::TrainingConfig;
use astroshield::train::policy_training::{Iteration, PolicyTraining, Task};
use burn::backend::Autodiff;
use burn::tensor::Tensor;
use rig::{median, pair};

// As the binary has it; it matters: freshly allocated tensors are a good part of an update.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const THREADS: usize = 2;
const ENVS: usize = 256;
const ROLLOUT: usize = 64;
const WARM_UP: usize = 3;
const ITERATIONS: usize = 15;
/// Arithmetic of a step [MFLOP]: forward 0.164 (128-256-64 and 128-256-1, two operations a weight), acting once; then in each
/// of 4 epochs forward again and backward 0.198 (the first layers' inputs need no gradient).
const MFLOP_PER_STEP: f64 = 0.164 + 4.0 * (0.164 + 0.198);
/// Matrix products on two cores of the machine on which peers were measured [GFLOP/s].
const NOMINAL_GFLOP_S: f64 = 160.0;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let template = pair(true, 1, 5120.0);
    let rewards = RewardConfig {
        terms: vec![RewardTerm::Approach(Approach { weight: 1.0, scale: Scale::Linear { unit_m: 1e4 } })],
    };
    let config = TrainingConfig {
        envs: ENVS,
        rollout: ROLLOUT,
        gradient_shards: THREADS,
        ppo: PpoConfig { epochs: 4, minibatches: 4, value_clip: Some(0.2), target_kl: None, ..PpoConfig::default() },
        ..TrainingConfig::default()
    };
    let task = Task { name: "bench", hash: "", template: &template, rewards: &rewards };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(THREADS).build()?;
    let (iterations, ceiling) = pool
        .install(|| -> Result<_, Box<dyn std::error::Error + Send + Sync>> {
            let mut training = PolicyTraining::<Autodiff<Cpu>>::new(task, config, Default::default())
                .map_err(|error| error.to_string())?
                .with_trained_entries(PLAN);
            let (mut iterations, mut ceilings) = (Vec::new(), Vec::new());
            for round in 0..WARM_UP + ITERATIONS {
                let iteration = training.iterate().map_err(|error| error.to_string())?;
                let ceiling = gflop_per_s()?;
                if round >= WARM_UP {
                    iterations.push(iteration);
                    ceilings.push(ceiling);
                }
            }
            Ok((iterations, median(&mut ceilings)))
        })
        .map_err(|error| error.to_string())?;
    report(&iterations, ceiling);
    Ok(())
}

fn report(iterations: &[Iteration], ceiling_gflop_s: f64) {
    let steps = (ENVS * ROLLOUT) as f64;
    let of = |part: &dyn Fn(&Iteration) -> f64| {
        let mut seconds: Vec<f64> = iterations.iter().map(part).collect();
        median(&mut seconds) / steps * 1e6
    };
    let rollout = |iteration: &Iteration| iteration.rollout.as_secs_f64();
    let acting = |iteration: &Iteration| iteration.spent.acting.as_secs_f64();
    let stepping = |iteration: &Iteration| iteration.spent.stepping.as_secs_f64();
    let update = |iteration: &Iteration| iteration.update.as_secs_f64();
    let total = of(&|iteration| rollout(iteration) + update(iteration));
    let steps_per_s = 1e6 / total;
    println!("PPO, {ENVS} environments × {ROLLOUT} steps, 4 epochs × 4 minibatches, {PLAN} entries, {THREADS} threads");
    println!("{:>34}  {:>8.2} µs a step  {:>5.1} %", "environment", of(&stepping), of(&stepping) / total * 100.0);
    println!(
        "{:>34}  {:>8.2} µs a step  {:>5.1} %",
        "inference and sampling",
        of(&acting),
        of(&acting) / total * 100.0
    );
    let other = of(&|iteration| rollout(iteration) - acting(iteration) - stepping(iteration));
    println!("{:>34}  {other:>8.2} µs a step  {:>5.1} %", "buffers, normalisers, advantages", other / total * 100.0);
    println!("{:>34}  {:>8.2} µs a step  {:>5.1} %", "update", of(&update), of(&update) / total * 100.0);
    println!("{:>34}  {total:>8.2} µs a step", "all");
    println!("env-steps/s: {steps_per_s:.0} (median of {ITERATIONS} iterations)");
    for (what, gflop_s) in [("nominal", NOMINAL_GFLOP_S), ("measured in this run", ceiling_gflop_s)] {
        let limit = gflop_s * 1e3 / MFLOP_PER_STEP;
        println!(
            "share of the arithmetic limit: {:.2} of {limit:.0} steps/s at {gflop_s:.0} GFLOP/s ({what})",
            steps_per_s / limit
        );
    }
}

/// What matrix products alone reach now [GFLOP/s], at the shapes of the first layers in an update, one product a thread.
fn gflop_per_s() -> Result<f64, Box<dyn std::error::Error + Send + Sync>> {
    const ROWS: usize = 2048;
    const PRODUCTS: usize = 20;
    let pools: Vec<_> =
        (0..THREADS).map(|_| rayon::ThreadPoolBuilder::new().num_threads(1).build()).collect::<Result<_, _>>()?;
    let start = Instant::now();
    std::thread::scope(|scope| {
        for pool in &pools {
            scope.spawn(|| {
                pool.install(|| {
                    let device = Default::default();
                    let (rows, weights) =
                        (Tensor::<Cpu, 2>::ones([ROWS, 128], &device), Tensor::ones([128, 512], &device));
                    for _ in 0..PRODUCTS {
                        std::hint::black_box(rows.clone().matmul(weights.clone()));
                    }
                });
            });
        }
    });
    let operations = (2 * ROWS * 128 * 512 * PRODUCTS * THREADS) as f64;
    Ok(operations / start.elapsed().as_secs_f64() / 1e9)
}
