//! What does the ECS cost? A segment of RK4 + J2 through shards of arenas, beside the same kernel on one plain slice.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

mod rig;

use std::hint::black_box;

use astroshield::sim::components::{Burn, Orbit};
use astroshield::sim::integrators::rk4;
use astroshield::sim::shard::Shard;
use rig::{GRAVITY, in_turn, instruction_set, pair, seeds};

const ARENAS: usize = 4096;
const SPACECRAFT: usize = 2 * ARENAS;
const ARENAS_PER_SHARD: [usize; 5] = [1, 8, 32, 128, 512];
const STEP_S: f64 = 10.0;
const ROUNDS: usize = 21;
/// Thrust of the burning chaser as a share of its greatest, RTN.
const THRUST: [f64; 3] = [0.3, -0.5, 0.2];

/// The same arenas as shards of the simulator and as plain vectors.
struct Rivals {
    shards: Vec<Shard>,
    orbits: Vec<Orbit>,
    burns: Vec<Burn>,
}

impl Rivals {
    fn new(arenas_per_shard: usize, substeps: usize, burning: bool) -> Self {
        let template = pair(burning, substeps, 1e12);
        let mut shards: Vec<Shard> =
            seeds(ARENAS).chunks(arenas_per_shard).map(|seeds| Shard::new(&template, seeds)).collect();
        let (mut orbits, mut burns) = (Vec::with_capacity(SPACECRAFT), Vec::with_capacity(SPACECRAFT));
        for shard in &mut shards {
            shard.plans_mut().fill(THRUST);
            for arena in 0..shard.arenas().len() {
                orbits.extend(shard.orbits(arena));
            }
            // One segment, after which the rows hold their burns.
            shard.advance();
            for arena in 0..shard.arenas().len() {
                shard.with_rows(arena, |_, _, rows| burns.extend_from_slice(rows.burns));
            }
        }
        assert!(burns.iter().any(|burn| burn.acceleration_rtn_m_s2 != [0.0; 3]) == burning, "burns as asked for");
        // Both from the same state on; what the shards integrated must be what the plain slice gives.
        rk4::propagate(pulp::Arch::new(), &GRAVITY, &mut orbits, &burns, STEP_S, substeps);
        let moved: Vec<Orbit> = shards
            .iter_mut()
            .flat_map(|shard| (0..shard.arenas().len()).map(|i| shard.orbits(i)).collect::<Vec<_>>())
            .flatten()
            .collect();
        assert!(moved == orbits, "the shards and the plain slice did not do the same work");
        Self { shards, orbits, burns }
    }

    /// Median nanoseconds a spacecraft-step of the plain slice and of `through`, and the median of their ratios.
    fn race(&mut self, substeps: usize, passes: usize, through: impl Fn(&mut Shard)) -> [f64; 3] {
        let Self { shards, orbits, burns } = self;
        let arch = pulp::Arch::new();
        let [plain_s, shards_s, ratio] = in_turn(
            ROUNDS,
            || {
                for _ in 0..passes {
                    rk4::propagate(arch, &GRAVITY, black_box(&mut *orbits), burns, STEP_S, substeps);
                }
            },
            || {
                for _ in 0..passes {
                    black_box(&mut *shards).iter_mut().for_each(&through);
                }
            },
        );
        let steps = (SPACECRAFT * substeps * passes) as f64;
        [plain_s / steps * 1e9, shards_s / steps * 1e9, ratio]
    }
}

fn main() {
    println!(
        "RK4 + J2 through the ECS: {ARENAS} arenas of 2 spacecraft, steps of {STEP_S} s, one thread, {}",
        instruction_set()
    );
    println!("ns a spacecraft-step; x: times the plain slice in the same rounds");
    for substeps in [1, 4] {
        let passes = 8 / substeps;
        println!("\nsegment of {substeps} step(s)");
        println!(
            "{:>12}  {:>7}  {:>17}  {:>17}  {:>14}  {:>17}",
            "arenas/shard", "plain", "integrate alone", "whole step", "plain, burning", "whole, burning"
        );
        for arenas_per_shard in ARENAS_PER_SHARD {
            let mut coasting = Rivals::new(arenas_per_shard, substeps, false);
            let [plain, alone, alone_ratio] = coasting.race(substeps, passes, Shard::integrate_alone);
            let [_, whole, whole_ratio] = coasting.race(substeps, passes, Shard::advance);
            let mut burning = Rivals::new(arenas_per_shard, substeps, true);
            let [plain_burning, all, all_ratio] = burning.race(substeps, passes, Shard::advance);
            println!(
                "{arenas_per_shard:>12}  {plain:>7.1}  {alone:>8.1} {alone_ratio:>7.2}x  {whole:>8.1} {whole_ratio:>7.2}x  {plain_burning:>14.1}  {all:>8.1} {all_ratio:>7.2}x"
            );
        }
    }
}
