//! What does each force cost: on lanes a spacecraft and step, and for a day of the reference tier?

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

mod rig;

use std::hint::black_box;
use std::time::Instant;

use astroshield::astro::CartesianState;
use astroshield::astro::constants::EARTH_ZONALS;
use astroshield::astro::sun;
use astroshield::sim::components::{Burn, Orbit, Surface};
use astroshield::sim::forces::ForceConfig::{self, Drag, J2, J3, J4, J5, J6, Moon, SrpConical, Sun, TwoBody};
use astroshield::sim::forces::{Environment, ForceModel, Gravity};
use astroshield::sim::integrators::dop853::Tolerance;
use astroshield::sim::integrators::rk4::{self, Exposure, SurfaceForces};
use astroshield::sim::propagation::{Craft, Integrator, propagate};
use astroshield::sim::shard::Shard;
use rig::{GRAVITY, in_turn, instruction_set, median, pair, seeds};

const SPACECRAFT: usize = 4096;
const STEP_S: f64 = 10.0;
const SUBSTEPS: usize = 6;
const ROUNDS: usize = 21;
const DAY_S: f64 = 86_400.0;
const EPOCH_JD_TT: f64 = 2_461_120.0;

fn main() {
    let mut orbits = Vec::with_capacity(SPACECRAFT);
    let mut shard = Shard::new(&pair(false, 1, 1e12), &seeds(SPACECRAFT / 2));
    for arena in 0..SPACECRAFT / 2 {
        orbits.extend(shard.orbits(arena));
    }
    lanes(&orbits);
    days(&orbits[0].state());
}

/// Each set of forces in turn with two-body alone.
fn lanes(start: &[Orbit]) {
    let arch = pulp::Arch::new();
    let zonals = |count: usize| -> Gravity {
        let mut zonals = [0.0; 5];
        zonals[..count].copy_from_slice(&EARTH_ZONALS[..count]);
        Gravity { zonals, ..GRAVITY }
    };
    let only = |drag, solar_pressure| SurfaceForces { drag, solar_pressure };
    let none = only(false, false);
    let sun_m = sun::position_gcrf_m(EPOCH_JD_TT);
    let exposures = vec![Exposure::of(&Surface::default(), 100.0, Some(sun_m)); SPACECRAFT];
    let coast = vec![Burn::default(); SPACECRAFT];
    let burning = vec![Burn { acceleration_rtn_m_s2: [1e-3, 2e-3, -1e-3], specific_mass_flow_1_s: 1e-6 }; SPACECRAFT];
    let cases = [
        ("two-body, J2", zonals(1), none, false),
        ("two-body, J2-J4", zonals(3), none, false),
        ("two-body, J2-J6", zonals(5), none, false),
        ("two-body, J2, burning", zonals(1), none, true),
        ("two-body, J2, drag", zonals(1), only(true, false), false),
        ("two-body, J2, SRP", zonals(1), only(false, true), false),
        ("two-body, J2-J6, drag, SRP", zonals(5), only(true, true), false),
        ("the same, burning", zonals(5), only(true, true), true),
    ];
    println!("RK4 on lanes, {SPACECRAFT} spacecraft, {SUBSTEPS} steps a segment, one thread, {}", instruction_set());
    println!("{:<28}  {:>24}  {:>10}  {:>16}", "forces", "ns a spacecraft and step", "ratio", "of it the force");
    let work = (SPACECRAFT * SUBSTEPS) as f64 * 1e-9;
    let mut j2_ns = 0.0;
    for (name, gravity, surface, burns) in cases {
        let burns = if burns { &burning } else { &coast };
        let (mut plain, mut rich) = (start.to_vec(), start.to_vec());
        let alone = zonals(0);
        let [_, rich_s, ratio] = in_turn(
            ROUNDS,
            || rk4::propagate(arch, &alone, black_box(&mut plain), &coast, STEP_S, SUBSTEPS),
            || {
                let orbits = black_box(&mut rich);
                if surface == none {
                    rk4::propagate(arch, &gravity, orbits, burns, STEP_S, SUBSTEPS);
                } else {
                    rk4::propagate_exposed(arch, &gravity, surface, orbits, burns, &exposures, STEP_S, SUBSTEPS);
                }
            },
        );
        let ns = rich_s / work;
        if j2_ns == 0.0 {
            j2_ns = ns;
        }
        println!("{name:<28}  {ns:>24.2}  {ratio:>9.2}x  {:>13.2} ns", ns - j2_ns);
    }
    println!("ratio: to two-body alone in turn with it; of it the force: over two-body and J2\n");
}

/// A day in low orbit, in turn with two-body alone at the same tolerance.
fn days(start: &CartesianState) {
    let environment = Environment::earth(EPOCH_JD_TT, [0.0, DAY_S]);
    let craft = Craft { mass_kg: 100.0, propellant_kg: None, surface: Surface::default(), burn: None };
    let fly = |model: &ForceModel, tolerance: Tolerance| {
        propagate(model, &craft, black_box(start), DAY_S, Integrator::Dop853(tolerance)).expect("it flies")
    };
    let all = [TwoBody, J2, J3, J4, J5, J6, Drag, SrpConical, Sun, Moon];
    let tightest = fly(&ForceModel::of(&all, &environment), Tolerance { relative: 1e-15, absolute_m: 1e-9 });
    println!(
        "DOP853, a day at {:.0} km under two-body, J2-J6, drag, SRP (conical), Sun, Moon",
        start.position_m.norm() / 1e3 - 6_378.1
    );
    println!(
        "{:>9}  {:>8}  {:>6}  {:>12}  {:>10}  {:>12}",
        "tolerance", "ms", "steps", "evaluations", "ratio", "error [m]"
    );
    for relative in [1e-9, 1e-10, 1e-11, 1e-12, 1e-13] {
        let tolerance = Tolerance { relative, absolute_m: relative * 1e6 };
        let end = fly(&ForceModel::of(&all, &environment), tolerance);
        let error_m = (end.state.position_m - tightest.state.position_m).norm();
        // With what making the forces costs, the paths of Sun and Moon above all.
        let [_, all_s, ratio] = in_turn(
            ROUNDS,
            || _ = black_box(fly(&ForceModel::of(&[TwoBody], &environment), tolerance)),
            || _ = black_box(fly(&ForceModel::of(&all, &environment), tolerance)),
        );
        let (ms, steps, evaluations) = (all_s * 1e3, end.steps, end.evaluations);
        println!("{relative:>9.0e}  {ms:>8.2}  {steps:>6}  {evaluations:>12}  {ratio:>9.2}x  {error_m:>12.1e}");
    }
    println!("ratio: to two-body alone; error: from a tolerance of 1e-15\n");
    each(&all, &environment, start, &craft);
}

/// Nanoseconds of one evaluation of each force, one spacecraft at a time.
fn each(all: &[ForceConfig], environment: &Environment, start: &CartesianState, craft: &Craft) {
    const EVALUATIONS: usize = 20_000;
    println!("{:<12}  {:>28}", "force", "ns an evaluation, one craft");
    for force in all {
        let model = ForceModel::of(&[*force], environment);
        let mut times = Vec::new();
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            for evaluation in 0..EVALUATIONS {
                black_box(model.acceleration_m_s2(evaluation as f64, black_box(start), craft.mass_kg, &craft.surface));
            }
            times.push(begun.elapsed().as_secs_f64() / EVALUATIONS as f64 * 1e9);
        }
        println!("{:<12}  {:>28.1}", force.name(), median(&mut times));
    }
}
