//! How fast is the RK4 + J2 kernel on one core, beside a plain scalar loop that does the same work?

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

mod rig;

use std::hint::black_box;

use astroshield::astro::constants::EARTH_J2;
use astroshield::sim::components::{Burn, Orbit};
use astroshield::sim::integrators::rk4;
use astroshield::sim::shard::Shard;
use rig::{GRAVITY, in_turn, instruction_set, pair, seeds};

/// Spacecraft: 800 kB of states and burns, which stay in a second-level cache as the shards of a run do.
const SPACECRAFT: usize = 8192;
const STEP_S: f64 = 10.0;
const ROUNDS: usize = 31;

fn main() {
    let arch = pulp::Arch::new();
    let mut start = Vec::with_capacity(SPACECRAFT);
    let mut shard = Shard::new(&pair(false, 1, 1e12), &seeds(SPACECRAFT / 2));
    for arena in 0..SPACECRAFT / 2 {
        start.extend(shard.orbits(arena));
    }
    let coast = vec![Burn::default(); SPACECRAFT];
    let burn = Burn { acceleration_rtn_m_s2: [1e-3, 2e-3, -1e-3], specific_mass_flow_1_s: 1e-6 };
    let burns = vec![burn; SPACECRAFT];

    check(arch, &start, &coast);
    println!(
        "RK4 + J2, {SPACECRAFT} spacecraft, step {STEP_S} s, one thread, {}; M spacecraft-steps/s",
        instruction_set()
    );
    println!("{:>8}  {:>8}  {:>8}  {:>12}  {:>16}", "substeps", "scalar", "kernel", "kernel/scalar", "kernel, burning");
    for substeps in [1, 4, 16] {
        let passes = 32 / substeps;
        let work = (SPACECRAFT * substeps * passes) as f64 / 1e6;
        let (mut plain, mut lanes, mut burning) = (start.clone(), start.clone(), start.clone());
        let [scalar_s, kernel_s, ratio] = in_turn(
            ROUNDS,
            || (0..passes).for_each(|_| scalar(black_box(&mut plain), substeps)),
            || {
                for _ in 0..passes {
                    rk4::propagate(arch, &GRAVITY, black_box(&mut lanes), &coast, STEP_S, substeps);
                }
            },
        );
        let [_, burning_s, _] = in_turn(
            ROUNDS,
            || (),
            || {
                for _ in 0..passes {
                    rk4::propagate(arch, &GRAVITY, black_box(&mut burning), &burns, STEP_S, substeps);
                }
            },
        );
        println!(
            "{substeps:>8}  {:>8.1}  {:>8.1}  {:>12.2}x  {:>16.1}",
            work / scalar_s,
            work / kernel_s,
            1.0 / ratio,
            work / burning_s
        );
    }
}

/// The rivals must do the same work: the same positions after an hour, to a millimetre (rounding alone parts them).
fn check(arch: pulp::Arch, start: &[Orbit], coast: &[Burn]) {
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
