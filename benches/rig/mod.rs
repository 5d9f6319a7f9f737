//! What the benches share: a scenario of two spacecraft in low orbit under J2, and fair timing of rivals.

#![allow(dead_code, reason = "each bench is a crate of its own and uses a part of this")]

pub(crate) mod chart;

use std::time::Instant;

use astroshield::astro::constants::{EARTH_J2, EARTH_MU_M3_S2, EARTH_RADIUS_M};
use astroshield::sim::behaviours::BehaviourConfig;
use astroshield::sim::behaviours::ballistic::Ballistic;
use astroshield::sim::config::{AtTimeLimit, BaseVelocity, ObservationConfig, Role};
use astroshield::sim::distribution::Distribution::{Fixed, Uniform};
use astroshield::sim::forces::Gravity;
use astroshield::sim::reset::EpisodeSeed;
use astroshield::sim::seeds::SeedDomain;
use astroshield::sim::template::{Objective, Physics, Slot, Start, Template};

/// Two-body and J2.
pub(crate) const GRAVITY: Gravity =
    Gravity { mu_m3_s2: EARTH_MU_M3_S2, earth_radius_m: EARTH_RADIUS_M, zonals: [EARTH_J2, 0.0, 0.0, 0.0, 0.0] };

/// A chaser some kilometres from a target on a random low orbit, two-body and J2, one segment of 10 s a decision.
///
/// `learned`: whether a policy flies the chaser; otherwise both coast. `substeps`: RK4 steps of a segment, each of 10 s.
/// Episodes last `time_limit_s` and hardly end before it.
pub(crate) fn pair(learned: bool, substeps: usize, time_limit_s: f64) -> Template {
    let slot = |name: &str, team: u8, role: Role, start: Start| Slot {
        mass_kg: Fixed(500.0),
        thrust_n: Fixed(5.0),
        isp_s: Some(Fixed(220.0)),
        delta_v_m_s: Some(Fixed(500.0)),
        ..Slot::coasting(name, team, role, start)
    };
    let turn = || Uniform(0.0, std::f64::consts::TAU);
    let target = Start::Elements([
        Uniform(EARTH_RADIUS_M + 500e3, EARTH_RADIUS_M + 600e3),
        Uniform(0.0, 0.002),
        Uniform(0.5, 1.5),
        turn(),
        turn(),
        turn(),
    ]);
    let chaser_start = Start::Shell {
        to: 0,
        range_m: Uniform(3000.0, 6000.0),
        direction_weights: [1.0; 3],
        opposite: None,
        base_velocity: BaseVelocity::Circular,
        speed_m_s: Uniform(0.0, 5.0),
    };
    let mut chaser = slot("chaser", 2, Role::Pursuer, chaser_start);
    if learned {
        chaser.behaviours.clear();
    }
    Template {
        epoch_jd_tt: 2_461_120.0,
        physics: Physics { zonals: GRAVITY.zonals, substeps, ..Physics::default() },
        segment_s: 10.0 * substeps as f64,
        replan_every: 1,
        time_limit_s,
        at_time_limit: AtTimeLimit::Truncate,
        observation: ObservationConfig::default(),
        slots: vec![slot("target", 1, Role::Target, target), chaser],
        casts: Vec::new(),
        scores: Vec::new(),
        objective: Objective::reach(2, 1, 0, 1.0),
    }
}

/// As [`pair`], a policy flying the chaser, with as many spacecraft as asked for: one alone, or others that coast about the target.
pub(crate) fn fleet(spacecraft: usize) -> Template {
    let mut template = pair(true, 1, 5120.0);
    if spacecraft == 1 {
        template.slots.remove(1);
        template.slots[0].behaviours.clear();
        // Nobody to meet: it would be at its own place at once, were that within the radius.
        template.objective = Objective { who: 0, target: 0, radius_m: -1.0, ..template.objective };
    }
    while template.slots.len() < spacecraft {
        let mut other = template.slots[1].clone();
        other.name = format!("passer-by {}", template.slots.len());
        other.role = Role::Target;
        other.team = 1;
        other.behaviours = vec![BehaviourConfig::Ballistic(Ballistic {})];
        template.slots.push(other);
    }
    template
}

/// The instruction set that the kernel runs on, in a word.
pub(crate) fn instruction_set() -> String {
    let long = format!("{:?}", pulp::Arch::new());
    long.split(['(', ' ']).next().unwrap_or_default().to_owned()
}

/// One seed an arena.
pub(crate) fn seeds(arenas: usize) -> Vec<EpisodeSeed> {
    let seed = |arena| EpisodeSeed { run: 1, domain: SeedDomain::Train, arena, episode: 0 };
    (0..arenas as u64).map(seed).collect()
}

/// Median of `numbers`, which are put in order.
pub(crate) fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// Time that some work takes [s].
pub(crate) fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// Times two rivals in turn, `rounds` times after one round that warms up: median seconds of each, and the median of the
/// ratios `second / first` of the rounds, which a machine that others slow down for a while hardly moves.
pub(crate) fn in_turn(rounds: usize, mut first: impl FnMut(), mut second: impl FnMut()) -> [f64; 3] {
    let (mut firsts, mut others, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=rounds {
        let (of_first, of_second) = (seconds(&mut first), seconds(&mut second));
        if round > 0 {
            firsts.push(of_first);
            others.push(of_second);
            ratios.push(of_second / of_first);
        }
    }
    [median(&mut firsts), median(&mut others), median(&mut ratios)]
}
