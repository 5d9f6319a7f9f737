//! How fast does the detector learn, and judge? Steps of 64 and of 256 images, and 1,000 windows, on two threads, beside what the
//! matrix product of a library reaches in the same run at the shapes of the large layer.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

mod rig;

use std::hint::black_box;
use std::time::Instant;

use astroshield::models::device::Cpu;
use astroshield::models::threat_detector::TILE;
use astroshield::models::threat_detector::file::ThreatDetector;
use astroshield::sim::threat_class::ThreatClass;
use astroshield::telemetry::channels::CHANNELS;
use astroshield::telemetry::features::FEATURES;
use astroshield::telemetry::scaling::{Extent, Scaling};
use astroshield::telemetry::window::{Context, SAMPLES, TelemetryWindow};
use astroshield::train::detector_learner::{ComposedLearner, DetectorLearner, DetectorLearnerConfig, FusedLearner};
use astroshield::train::encoder_learner::{EncoderLearner, EncoderLearnerConfig};
use burn::backend::Autodiff;
use burn::tensor::Tensor;
use rig::median;

// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const THREADS: usize = 2;
const ROUNDS: usize = 15;
const WINDOWS: usize = 1000;
/// Arithmetic of an image forward [MFLOP]: 784 × 64 × 27 and 12544 × 512 and 512 × 12 products, two operations each.
const FORWARD_MFLOP: f64 = 2.0 * (784.0 * 64.0 * 27.0 + 12544.0 * 512.0 + 512.0 * 12.0) / 1e6;
/// And in a step: as much again for gradients of weights, and for those of inputs, which the convolution does not need.
const STEP_MFLOP: f64 = 3.0 * FORWARD_MFLOP - 2.0 * 784.0 * 64.0 * 27.0 / 1e6;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(THREADS).build()?;
    println!("ThreatDetectorNn, {THREADS} threads, {} (medians of {ROUNDS})", instruction_set());
    pool.install(|| {
        let ceiling = gflop_per_s();
        println!("{:>38}  {ceiling:>8.0} GFLOP/s", "product of a library, 256 rows");
        for batch in [64, 256] {
            training(batch, ceiling);
        }
        inference(ceiling);
        encoder();
    });
    Ok(())
}

fn instruction_set() -> &'static str {
    match pulp::Arch::new() {
        pulp::Arch::Scalar => "scalar",
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V3(_) => "AVX2",
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V4(_) => "AVX-512",
        #[allow(unreachable_patterns, reason = "other processors have other names")]
        _ => "vectors",
    }
}

fn tiles(images: usize) -> Vec<f32> {
    (0..images * TILE).map(|entry| ((entry * 2_654_435_761) % 1009) as f32 / 504.5 - 1.0).collect()
}

fn training(batch: usize, ceiling_gflop_s: f64) {
    let config = DetectorLearnerConfig { label_smoothing: 0.05, dropout: 0.1, ..DetectorLearnerConfig::default() };
    let fused = FusedLearner::new(config.clone()).expect("the default sizes");
    let composed = ComposedLearner::<Autodiff<Cpu>>::new(config, Default::default()).expect("the default sizes");
    let tiles = tiles(batch);
    let labels: Vec<u8> = (0..batch).map(|row| (row % 12) as u8).collect();
    let learners: [(&str, Box<dyn DetectorLearner>); 2] =
        [("", Box::new(fused)), (", every operation burn's", Box::new(composed))];
    for (how, mut learner) in learners {
        let mut seconds = timed(|| {
            black_box(learner.step(&tiles, &labels, &[1.0; 12], 1e-4).expect("finite"));
        });
        tell(&format!("step of {batch}{how}"), batch, median(&mut seconds), STEP_MFLOP, ceiling_gflop_s);
    }
}

fn inference(ceiling_gflop_s: f64) {
    let learner = FusedLearner::new(DetectorLearnerConfig::default()).expect("the default sizes");
    let scaling = Scaling { tile: vec![[Extent::UNIT; CHANNELS]; 3], features: vec![Extent::UNIT; FEATURES] };
    let classes = ThreatClass::ALL.map(|class| class.name().to_owned()).to_vec();
    let sizes = DetectorLearnerConfig::default().sizes;
    let detector = ThreatDetector::new(sizes, &learner.parameters(), scaling, classes, serde_json::Value::Null);
    for count in [1, 32, WINDOWS] {
        let tiles = tiles(count);
        let mut seconds = timed(|| {
            black_box(detector.logits(&tiles));
        });
        tell(&format!("logits of {count} tiles"), count, median(&mut seconds), FORWARD_MFLOP, ceiling_gflop_s);
    }
    let sample = |row: usize| -> [f64; CHANNELS] {
        std::array::from_fn(|channel| if channel == 12 { -3.0 } else { ((row * 7 + channel * 5) % 11) as f64 / 11.0 })
    };
    let window = |index: usize| TelemetryWindow {
        interval_s: 30.0,
        samples: (0..SAMPLES).map(|row| sample(row + index)).collect(),
        context: Context { mean_motion_rad_s: 1.1e-3, ..Context::default() },
    };
    let windows: Vec<_> = (0..WINDOWS).map(window).collect();
    let mut seconds = timed(|| {
        black_box(detector.logits_of(&windows).expect("windows"));
    });
    tell(&format!("logits of {WINDOWS} windows"), WINDOWS, median(&mut seconds), FORWARD_MFLOP, ceiling_gflop_s);
}

fn encoder() {
    const ROWS: usize = 256;
    let config = EncoderLearnerConfig { class_weight: 0.1, ..EncoderLearnerConfig::default() };
    let mut learner = EncoderLearner::<Autodiff<Cpu>>::new(config, Default::default()).expect("the default sizes");
    let features: Vec<f32> = tiles(ROWS)[..ROWS * FEATURES].to_vec();
    let labels: Vec<u8> = (0..ROWS).map(|row| (row % 12) as u8).collect();
    let mut seconds = timed(|| {
        black_box(learner.step(&features, &labels, 1e-4).expect("finite"));
    });
    let seconds = median(&mut seconds);
    println!("{:>38}  {:>8.2} ms  {:>7.0} rows/s", "encoder, step of 256", seconds * 1e3, ROWS as f64 / seconds);
}

/// Seconds of each of some rounds, after two to warm up.
fn timed(mut work: impl FnMut()) -> Vec<f64> {
    work();
    work();
    let rounds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    });
    rounds.collect()
}

fn tell(what: &str, images: usize, seconds: f64, mflop: f64, ceiling_gflop_s: f64) {
    let rate = images as f64 / seconds;
    let limit = ceiling_gflop_s * 1e3 / mflop;
    println!(
        "{what:>38}  {:>8.2} ms  {rate:>7.0} images/s  {:>5.2} of {limit:.0} at the library's product",
        seconds * 1e3,
        rate / limit
    );
}

/// What matrix products alone reach now [GFLOP/s], at the shape of the large layer, one product a thread.
fn gflop_per_s() -> f64 {
    const ROWS: usize = 256;
    const INNER: usize = 12544;
    const COLUMNS: usize = 256;
    let product = || {
        let device = Default::default();
        let (rows, weights) = (Tensor::<Cpu, 2>::ones([ROWS, INNER], &device), Tensor::ones([INNER, COLUMNS], &device));
        let mut seconds = timed(|| {
            black_box(rows.clone().matmul(weights.clone()).into_data());
        });
        median(&mut seconds)
    };
    let alone = || {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
        pool.install(product)
    };
    let (first, second) = rayon::join(alone, alone);
    (THREADS * 2 * ROWS * INNER * COLUMNS) as f64 / first.max(second) / 1e9
}
