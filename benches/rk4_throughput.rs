//! How fast is RK4 + J2 on one core: the kernel on a plain slice and through the ECS, beside a plain scalar loop that does the
//! same work and beside what the arithmetic of a step allows?

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

mod rig;

use std::hint::black_box;

use astroshield::astro::constants::EARTH_J2;
use astroshield::env::vector::ARENAS_PER_SHARD;
use astroshield::sim::components::{Burn, Orbit};
use astroshield::sim::integrators::rk4;
use astroshield::sim::shard::Shard;
use pulp::{Arch, Simd, WithSimd};
use rig::{GRAVITY, in_turn, instruction_set, median, pair, seconds, seeds};

/// Spacecraft: 800 kB of states and burns, which stay in a second-level cache as the shards of a run do.
const SPACECRAFT: usize = 8192;
const STEP_S: f64 = 10.0;
const ROUNDS: usize = 21;

/// Vector instructions of a step, counted in the source of the kernel with J2 alone and coasting. An acceleration: 2 additions,
/// 18 products, 4 products with a sum, a division, a root; there are 4 of them. The 3 states between: 6 products with a sum each.
/// The end: 2 additions and 2 products with a sum for each of 6 numbers.
const ADDITIONS: f64 = 4.0 * 2.0 + 12.0;
const PRODUCTS: f64 = 4.0 * 18.0;
const FUSED: f64 = 4.0 * 4.0 + 3.0 * 6.0 + 12.0;
const DIVISIONS: f64 = 4.0;
const ROOTS: f64 = 4.0;

fn main() {
    let mut start = Vec::with_capacity(SPACECRAFT);
    for shard in &mut shards(1) {
        for arena in 0..shard.arenas().len() {
            start.extend(shard.orbits(arena));
        }
    }
    println!(
        "RK4 + J2, {SPACECRAFT} spacecraft, step {STEP_S} s, one thread; M spacecraft-steps/s (V3: AVX2 and FMA; V4: AVX-512)"
    );
    for (name, arch) in instruction_sets() {
        report(&name, arch, &start);
    }
}

/// AVX2 where it is, and what the simulator picks by itself where that is another.
fn instruction_sets() -> Vec<(String, Arch)> {
    let mut sets = Vec::new();
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new()
        && instruction_set() != "V3"
    {
        sets.push(("V3".to_owned(), Arch::V3(simd)));
    }
    sets.push((instruction_set(), Arch::new()));
    sets
}

/// The same spacecraft in the shards of a run.
fn shards(substeps: usize) -> Vec<Shard> {
    let template = pair(false, substeps, 1e12);
    seeds(SPACECRAFT / 2).chunks(ARENAS_PER_SHARD).map(|seeds| Shard::new(&template, seeds)).collect()
}

fn report(name: &str, arch: Arch, start: &[Orbit]) {
    let coast = vec![Burn::default(); start.len()];
    let burn = Burn { acceleration_rtn_m_s2: [1e-3, 2e-3, -1e-3], specific_mass_flow_1_s: 1e-6 };
    let burns = vec![burn; start.len()];
    check(arch, start, &coast);
    let limit = Limit::measure(arch);
    println!("\n{name}: at most {:.1}, by the arithmetic of a step:", limit.steps_per_s() / 1e6);
    println!(
        "  {} additions, products and fused products at {:.3} ns a lane: {:.2} ns; {DIVISIONS} divisions at {:.2} and {ROOTS} roots at {:.2}: {:.2} ns",
        ADDITIONS + PRODUCTS + FUSED,
        limit.fused_ns,
        limit.simple_ns(),
        limit.division_ns,
        limit.root_ns,
        limit.divider_ns()
    );
    println!(
        "{:>8}  {:>8}  {:>8}  {:>14}  {:>15}  {:>14}  {:>14}  {:>15}",
        "substeps",
        "scalar",
        "kernel",
        "kernel, burns",
        "through the ECS",
        "kernel/scalar",
        "ECS/scalar",
        "ECS, of the most"
    );
    for substeps in [1, 4, 16] {
        let passes = 32 / substeps;
        let work = (start.len() * substeps * passes) as f64;
        let (mut plain, mut lanes, mut burning) = (start.to_vec(), start.to_vec(), start.to_vec());
        let mut shards = shards(substeps);
        shards.iter_mut().for_each(|shard| shard.set_instruction_set(arch));
        let mut by_scalar = || (0..passes).for_each(|_| scalar(black_box(&mut plain), substeps));
        let [scalar_s, kernel_s, kernel_ratio] = in_turn(ROUNDS, &mut by_scalar, || {
            for _ in 0..passes {
                rk4::propagate(arch, &GRAVITY, black_box(&mut lanes), &coast, STEP_S, substeps);
            }
        });
        let [_, ecs_s, ecs_ratio] = in_turn(ROUNDS, &mut by_scalar, || {
            for _ in 0..passes {
                black_box(&mut shards).iter_mut().for_each(Shard::integrate_alone);
            }
        });
        let [_, burning_s, _] = in_turn(
            ROUNDS,
            || (),
            || {
                for _ in 0..passes {
                    rk4::propagate(arch, &GRAVITY, black_box(&mut burning), &burns, STEP_S, substeps);
                }
            },
        );
        let millions = |seconds: f64| work / seconds / 1e6;
        println!(
            "{substeps:>8}  {:>8.1}  {:>8.1}  {:>14.1}  {:>15.1}  {:>13.2}x  {:>13.2}x  {:>14.0} %",
            millions(scalar_s),
            millions(kernel_s),
            millions(burning_s),
            millions(ecs_s),
            1.0 / kernel_ratio,
            1.0 / ecs_ratio,
            work / ecs_s / limit.steps_per_s() * 100.0
        );
    }
}

/// What instructions cost that do not wait for one another, in nanoseconds a lane, measured here.
struct Limit {
    fused_ns: f64,
    division_ns: f64,
    root_ns: f64,
}

impl Limit {
    fn measure(arch: Arch) -> Self {
        let ns = |measure: &dyn Fn()| {
            let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| seconds(measure)).collect();
            median(&mut rounds) * 1e9
        };
        let lanes = arch.dispatch(Width) as f64;
        let each = |seconds_ns: f64| seconds_ns / (Stream::<FUSE>::INSTRUCTIONS as f64 * lanes);
        Self {
            fused_ns: each(ns(&|| arch.dispatch(Stream::<FUSE>))),
            division_ns: each(ns(&|| arch.dispatch(Stream::<DIVIDE>))),
            root_ns: each(ns(&|| arch.dispatch(Stream::<ROOT>))),
        }
    }

    /// Additions and products pass through the units of the fused products.
    fn simple_ns(&self) -> f64 {
        (ADDITIONS + PRODUCTS + FUSED) * self.fused_ns
    }

    /// Divisions and roots share a unit, which works beside the others.
    fn divider_ns(&self) -> f64 {
        DIVISIONS * self.division_ns + ROOTS * self.root_ns
    }

    fn steps_per_s(&self) -> f64 {
        1e9 / self.simple_ns().max(self.divider_ns())
    }
}

struct Width;

impl WithSimd for Width {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F64_LANES
    }
}

const FUSE: u8 = 0;
const DIVIDE: u8 = 1;
const ROOT: u8 = 2;

/// One instruction over and over, on registers that do not wait for one another.
struct Stream<const INSTRUCTION: u8>;

impl<const INSTRUCTION: u8> Stream<INSTRUCTION> {
    const REGISTERS: usize = 10;
    const REPEATS: usize = 10_000;
    const INSTRUCTIONS: usize = Self::REGISTERS * Self::REPEATS;
}

impl<const INSTRUCTION: u8> WithSimd for Stream<INSTRUCTION> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let mut registers = [simd.splat_f64s(black_box(1.5)); 10];
        let (factor, addend) = (simd.splat_f64s(black_box(0.75)), simd.splat_f64s(black_box(0.25)));
        for _ in 0..Self::REPEATS {
            for register in &mut registers {
                *register = match INSTRUCTION {
                    FUSE => simd.mul_add_e_f64s(*register, factor, addend),
                    DIVIDE => simd.div_f64s(factor, *register),
                    _ => simd.sqrt_f64s(*register),
                };
            }
        }
        let mut sum = registers[0];
        for register in &registers[1..] {
            sum = simd.add_f64s(sum, *register);
        }
        black_box(simd.reduce_sum_f64s(sum));
    }
}

/// The rivals must do the same work: the same positions after an hour, to a millimetre (rounding alone parts them).
fn check(arch: Arch, start: &[Orbit], coast: &[Burn]) {
    let (mut plain, mut lanes) = (start.to_vec(), start.to_vec());
    scalar(&mut plain, 360);
    rk4::propagate(arch, &GRAVITY, &mut lanes, coast, STEP_S, 360);
    for (plain, lanes) in plain.iter().zip(&lanes) {
        let apart_m = (plain.state().position_m - lanes.state().position_m).norm();
        assert!(apart_m < 1e-3, "the scalar loop and the kernel are {apart_m} m apart");
    }
}

/// The reference: one spacecraft after the other, as one would write it down.
fn scalar(orbits: &mut [Orbit], substeps: usize) {
    for orbit in orbits {
        let mut state = [0.0; 6];
        state[..3].copy_from_slice(&orbit.position_m);
        state[3..].copy_from_slice(&orbit.velocity_m_s);
        for _ in 0..substeps {
            let along =
                |slope: &[f64; 6], by_s: f64| -> [f64; 6] { std::array::from_fn(|i| state[i] + by_s * slope[i]) };
            let k1 = derivative(&state);
            let k2 = derivative(&along(&k1, 0.5 * STEP_S));
            let k3 = derivative(&along(&k2, 0.5 * STEP_S));
            let k4 = derivative(&along(&k3, STEP_S));
            state = std::array::from_fn(|i| state[i] + STEP_S / 6.0 * (k1[i] + 2.0 * (k2[i] + k3[i]) + k4[i]));
        }
        orbit.position_m.copy_from_slice(&state[..3]);
        orbit.velocity_m_s.copy_from_slice(&state[3..]);
    }
}

/// a = -μ r / r³ (1 + 3/2 J2 (RE/r)² (1 - 5 z²/r²)), and 3 in place of 1 along Z.
fn derivative(state: &[f64; 6]) -> [f64; 6] {
    let [x, y, z, vx, vy, vz] = *state;
    let squared = x * x + y * y + z * z;
    let point_mass = -GRAVITY.mu_m3_s2 / (squared * squared.sqrt());
    let j2 = 1.5 * EARTH_J2 * GRAVITY.earth_radius_m * GRAVITY.earth_radius_m / squared;
    let latitude = 5.0 * z * z / squared;
    let equatorial = point_mass * (1.0 + j2 * (1.0 - latitude));
    [vx, vy, vz, x * equatorial, y * equatorial, z * point_mass * (1.0 + j2 * (3.0 - latitude))]
}
