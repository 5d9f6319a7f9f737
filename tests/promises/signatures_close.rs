//! Adversaries that come close do what their class is known by: intercept, grapple, release of a child, break-up.
//!
//! Each figure is over 200 seeds, and each test also plays a null behaviour that must fail it.

use astroshield::astro::constants::EARTH_MU_M3_S2;
use astroshield::astro::rtn::{RelativeState, RtnFrame};
use astroshield::astro::{CartesianState, Vector3, kepler};
use astroshield::scenario::Scenario;
use astroshield::sim::Outcome;
use astroshield::sim::events::{Hermite, RelativeMotion};
use astroshield::sim::seeds::SeedDomain;
use astroshield::sim::shard::Shard;

use super::shipped;

const SEEDS: u64 = 200;

/// A game in low orbit between a victim of 300 kg and an adversary of 200 kg, with spare slots of the adversary's team.
#[derive(Clone)]
pub(super) struct CloseGame {
    /// What the victim plays.
    pub(super) victim: String,
    /// Its Δv [m/s].
    pub(super) victim_delta_v_m_s: f64,
    /// What the adversary plays.
    pub(super) adversary: String,
    /// Its Δv [m/s].
    pub(super) delta_v_m_s: f64,
    /// Where it starts: distance from the victim, as a distribution [m].
    pub(super) range_m: &'static str,
    /// What each spare slot plays.
    pub(super) children: Vec<String>,
    /// Distance that counts as a hit [m].
    pub(super) radius_m: f64,
    /// Limit of an episode [s].
    pub(super) time_limit_s: f64,
}

impl CloseGame {
    pub(super) fn of(adversary: &str) -> Self {
        Self {
            victim: "Ballistic()".to_owned(),
            victim_delta_v_m_s: 1.0,
            adversary: adversary.to_owned(),
            delta_v_m_s: 150.0,
            range_m: "LogUniform(1000.0, 100000.0)",
            children: Vec::new(),
            radius_m: 1.0,
            time_limit_s: 4_000.0,
        }
    }

    pub(super) fn scenario(&self) -> Scenario {
        let spare = |(index, plays): (usize, &String)| {
            format!(
                r#"(name: "child-{}", team: "red", role: Pursuer, mass_kg: Uniform(5.0, 20.0),
                    propulsion: (thrusters: Vectored(thrust_n: Fixed(0.5)), isp_s: Fixed(220.0), delta_v_m_s: Fixed(40.0)),
                    orbit: Spare, control: Scripted([{plays}])),"#,
                index + 1
            )
        };
        let spares: String = self.children.iter().enumerate().map(spare).collect();
        let Self { victim, victim_delta_v_m_s, adversary, delta_v_m_s, range_m, radius_m, time_limit_s, .. } = self;
        let text = format!(
            r#"(
    name: "close", summary: "A signature", epoch: "2026-03-20T12:00:00Z",
    physics: (tier: Standard(forces: [TwoBody, J2], substep_s: 20.0)),
    timing: (segment_s: 20.0, replan_every: 1, time_limit_s: {time_limit_s:?}),
    spacecraft: [
        (name: "victim", team: "blue", role: Target, mass_kg: Fixed(300.0),
         propulsion: (thrusters: Vectored(thrust_n: Fixed(9.0)), isp_s: Fixed(220.0), delta_v_m_s: Fixed({victim_delta_v_m_s:?})),
         orbit: Keplerian(perigee_altitude_km: Uniform(500.0, 800.0), eccentricity: Uniform(0.0, 0.001),
            inclination_deg: Uniform(0.0, 110.0), raan_deg: Uniform(0.0, 360.0), argument_of_perigee_deg: Uniform(0.0, 360.0),
            true_anomaly_deg: Uniform(0.0, 360.0)),
         control: Scripted([{victim}])),
        (name: "adversary", team: "red", role: Pursuer, mass_kg: Fixed(200.0),
         propulsion: (thrusters: Vectored(thrust_n: Fixed(20.0)), isp_s: Fixed(300.0), delta_v_m_s: Fixed({delta_v_m_s:?})),
         orbit: RtnShell(to: "victim", range_m: {range_m}, direction_weights: (0.05, 1.0, 0.1),
            base_velocity: Circular, speed_m_s: Uniform(0.0, 0.5)),
         control: Scripted([{adversary}])),
        {spares}
    ],
    objective: (team: "red", success: Reach(who: "adversary", target: "victim", radius_m: {radius_m:?}), failure: []),
    rewards: (terms: [Time(weight_per_s: 0.001)]),
)"#
        );
        Scenario::from_source("close", &text).unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// All seeds in one shard.
    fn shard(&self) -> Shard {
        Shard::new(&self.scenario().template, &shipped::seeds(SeedDomain::Train, SEEDS))
    }

    /// Share of the seeds in which the adversary comes within 100 m.
    fn hits(&self) -> f64 {
        let mut shard = self.shard();
        while shard.arenas().iter().any(|arena| arena.outcome.is_none()) {
            shard.advance();
        }
        share(shard.arenas(), |arena| arena.closest_approach_m < 100.0)
    }
}

const VICTIM: usize = 0;
const ADVERSARY: usize = 1;

fn share<T>(all: &[T], is: impl Fn(&T) -> bool) -> f64 {
    all.iter().filter(|one| is(one)).count() as f64 / all.len() as f64
}

fn quantile(mut values: Vec<f64>, part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * part).round() as usize]
}

/// Least distance of two that coast for `horizon_s` [m].
fn zero_effort_miss_m(states: [CartesianState; 2], horizon_s: f64) -> f64 {
    const STEP_S: f64 = 40.0;
    let after = |time_s: f64| states.map(|state| kepler::propagate(&state, EARTH_MU_M3_S2, time_s));
    let mut before = after(0.0);
    let mut least_m = f64::INFINITY;
    for step in 1..=(horizon_s / STEP_S).ceil() as u32 {
        let now = after(f64::from(step) * STEP_S);
        let motion = |craft: usize| Hermite::new(before[craft], now[craft], STEP_S);
        least_m = least_m.min(Hermite::between(&motion(0), &motion(1)).closest_approach().1);
        before = now;
    }
    least_m
}

#[test]
fn an_interceptor_s_zero_effort_miss_goes_to_nothing() {
    for guidance in ["Handover", "ZemZev", "ProportionalNavigation"] {
        let game = CloseGame::of(&format!("KineticIntercept(guidance: {guidance})"));
        let hits = game.hits();
        assert!(hits >= 0.9, "{guidance}: {hits} come within 100 m");
    }
    let null = CloseGame::of("Ballistic()").hits();
    assert!(null < 0.1, "{null} come within 100 m without guidance");
}

/// The zero-effort miss before and after the victim's burn of 1 m/s at half of the closing time, and the least distance [m].
fn after_a_burn(adversary: &str) -> Vec<[f64; 3]> {
    let game = CloseGame {
        victim: "Sequence(stages: [(behaviour: Ballistic(), duration_s: Fixed(1200.0)), \
                 (behaviour: Flee(trigger_range_m: Fixed(1e7)))])"
            .to_owned(),
        time_limit_s: 3_000.0,
        ..CloseGame::of(adversary)
    };
    let mut shard = game.shard();
    let miss = |shard: &mut Shard, index: usize| {
        let orbits = shard.orbits(index);
        zero_effort_miss_m([VICTIM, ADVERSARY].map(|slot| orbits[slot].state()), 1_800.0)
    };
    let all = |shard: &mut Shard| (0..SEEDS as usize).map(|index| miss(shard, index)).collect::<Vec<f64>>();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    while shard.arenas().iter().any(|arena| arena.outcome.is_none()) {
        shard.advance();
        match shard.arenas()[0].time_s.round() as u32 {
            1_200 => before = all(&mut shard),
            // 1 m/s at 0.03 m/s² takes 33 s.
            1_240 => after = all(&mut shard),
            _ => {}
        }
    }
    let closest = |index: usize| shard.arenas()[index].closest_approach_m;
    (0..SEEDS as usize).map(|index| [before[index], after[index], closest(index)]).collect()
}

#[test]
fn an_interceptor_s_zero_effort_miss_falls_again_after_its_target_burns() {
    let seeing = "closing_time_s: Fixed(2400.0), seeker_range_m: Fixed(3e5), seeker_half_angle_rad: Fixed(0.5)";
    let misses = after_a_burn(&format!("KineticIntercept(guidance: ZemZev, {seeing})"));
    let median = |which: usize| quantile(misses.iter().map(|miss| miss[which]).collect(), 0.5);
    // 1 m/s over the 1,200 s that are left moves a target by some kilometre.
    assert!(median(1) > 300.0, "the burn opens {} m", median(1));
    let falls = share(&misses, |[_, after, closest]| *closest < 100.0 && *closest < after / 2.0);
    assert!(falls >= 0.85, "{falls} fall again");
    let null = after_a_burn("Ballistic()");
    let null = share(&null, |[_, after, closest]| *closest < 100.0 && *closest < after / 2.0);
    assert!(null < 0.1, "{null} fall without guidance");
}

#[test]
fn an_interceptor_loses_its_target_when_its_seeker_or_its_delta_v_is_exceeded() {
    // The victim burns out of plane while the interceptor is too far to see it, and is off its path by kilometres.
    let evading = |adversary: &str, delta_v_m_s: f64| CloseGame {
        victim: "BreakPerpendicular(lead_s: Fixed(1e6))".to_owned(),
        victim_delta_v_m_s: 3.0,
        range_m: "Uniform(15000.0, 40000.0)",
        delta_v_m_s,
        ..CloseGame::of(adversary)
    };
    let seeker = |half_angle_rad: f64, slew_rad_s: f64| {
        format!(
            "KineticIntercept(closing_time_s: Fixed(2000.0), seeker_range_m: Fixed(8000.0), \
             seeker_half_angle_rad: Fixed({half_angle_rad:?}), seeker_slew_rad_s: Fixed({slew_rad_s:?}))"
        )
    };
    let wide = evading(&seeker(1.2, 0.1), 150.0).hits();
    let narrow = evading(&seeker(0.02, 1e-4), 150.0).hits();
    let poor = evading(&seeker(1.2, 0.1), 15.0).hits();
    assert!(wide > 0.7, "{wide} of the wide ones hit");
    // Binomial: four standard errors of a difference of two shares of 200 are 0.2.
    assert!(narrow < wide - 0.2, "{narrow} of the narrow ones hit, {wide} of the wide ones");
    assert!(poor < wide - 0.2, "{poor} of those with 15 m/s hit, {wide} of those with 150 m/s");
}

/// What a grapple is known by, over all seeds.
struct Approach {
    /// Share of the seeds that come under 100 m, and that touch.
    near: f64,
    touched: f64,
    /// Greatest speed of contact [m/s].
    contact_m_s: f64,
    /// Closing speed over k ρ + v at ranges of 10 to 150 m.
    on_slope: Vec<f64>,
    /// Δv spent [m/s].
    spent_m_s: Vec<f64>,
}

fn approach(adversary: &str) -> Approach {
    let game = CloseGame {
        range_m: "LogUniform(1500.0, 15000.0)",
        delta_v_m_s: 80.0,
        radius_m: 2.0,
        time_limit_s: 16_000.0,
        ..CloseGame::of(adversary)
    };
    let mut shard = game.shard();
    let (mut near, mut on_slope) = (vec![false; SEEDS as usize], Vec::new());
    while shard.arenas().iter().any(|arena| arena.outcome.is_none()) {
        shard.advance();
        for (index, near) in near.iter_mut().enumerate() {
            shard.with_rows(index, |_, arena, rows| {
                let [own, target] = [ADVERSARY, VICTIM].map(|slot| rows.orbits[slot].state());
                let relative = RelativeState::between(&target, &own);
                let range_m = relative.position_rtn_m.norm();
                *near |= range_m < 100.0;
                if arena.outcome.is_none() && (10.0..150.0).contains(&range_m) {
                    let closing_m_s = -relative.position_rtn_m.dot(&relative.velocity_rtn_m_s) / range_m;
                    on_slope.push(closing_m_s / (SLOPE_PER_S * range_m + CONTACT_M_S));
                }
            });
        }
    }
    let ends: Vec<(bool, f64, f64)> = (0..SEEDS as usize)
        .map(|index| {
            shard.with_rows(index, |_, arena, rows| {
                let [own, target] = [ADVERSARY, VICTIM].map(|slot| rows.orbits[slot].state());
                let speed_m_s = RelativeState::between(&target, &own).velocity_rtn_m_s.norm();
                (arena.outcome == Some(Outcome::Success), speed_m_s, rows.ledgers[ADVERSARY].delta_v_m_s)
            })
        })
        .collect();
    Approach {
        near: share(&near, |near| *near),
        touched: share(&ends, |end| end.0),
        contact_m_s: ends.iter().filter(|end| end.0).map(|end| end.1).fold(0.0, f64::max),
        on_slope,
        spent_m_s: ends.iter().map(|end| end.2).collect(),
    }
}

const SLOPE_PER_S: f64 = 2e-3;
const CONTACT_M_S: f64 = 0.03;

#[test]
fn a_grapple_closes_at_a_speed_proportional_to_range_and_touches_at_centimetres_a_second() {
    let found = approach(&format!(
        "Grapple(slope_per_s: Fixed({SLOPE_PER_S:?}), contact_speed_m_s: Fixed({CONTACT_M_S:?}), \
         far_hold_wait_s: Uniform(0.0, 600.0), near_hold_wait_s: Uniform(0.0, 600.0))"
    ));
    let part = |part| quantile(found.on_slope.clone(), part);
    let spent_m_s = quantile(found.spent_m_s.clone(), 0.5);
    assert!(found.near >= 0.99, "{} come under 100 m", found.near);
    assert!(found.touched >= 0.95, "{} touch", found.touched);
    assert!(found.contact_m_s < 0.1, "one touches at {} m/s", found.contact_m_s);
    // Hops of a quarter of 1/k: the range falls by a fifth while the speed stays.
    assert!(part(0.05) > 0.6 && part(0.95) < 1.6, "{} to {} times the slope", part(0.05), part(0.95));
    // 2 n for each metre along the track, and the speeds of the slope: some tens of metres a second at most.
    assert!((5.0..40.0).contains(&spent_m_s), "{spent_m_s} m/s spent");
    // An interceptor comes as near, but neither touches slowly nor slows down with range.
    let null = approach("KineticIntercept()");
    assert!(null.contact_m_s > 0.5, "an interceptor touches at {} m/s", null.contact_m_s);
    let on_slope = share(&null.on_slope, |ratio| (0.6..1.6).contains(ratio));
    assert!(null.on_slope.is_empty() || on_slope < 0.3, "{on_slope} of an interceptor's samples lie on the slope");
}

/// One arena in the segment in which something was let go of.
struct Parting {
    /// Craft that are there, before and after.
    present: [usize; 2],
    /// The parent just before, and each that came of it: mass [kg] and state.
    parent: (f64, CartesianState),
    pieces: Vec<(f64, CartesianState)>,
    /// Rate at which the parent tumbles afterwards [rad/s].
    tumble_rad_s: f64,
}

/// Every release of an episode in each seed.
fn partings(game: &CloseGame) -> Vec<Vec<Parting>> {
    let mut shard = game.shard();
    let mut found: Vec<Vec<Parting>> = (0..SEEDS).map(|_| Vec::new()).collect();
    let mut before: Vec<(Vec<bool>, f64, CartesianState)> = Vec::new();
    loop {
        let now: Vec<(Vec<bool>, f64, CartesianState)> = (0..SEEDS as usize)
            .map(|index| {
                shard.with_rows(index, |_, _, rows| {
                    let there = rows.identities.iter().map(|identity| identity.team != 0).collect();
                    (there, rows.masses[ADVERSARY].mass_kg, rows.orbits[ADVERSARY].state())
                })
            })
            .collect();
        for (index, (there, ..)) in now.iter().enumerate() {
            let Some((was_there, mass_kg, state)) = before.get(index).filter(|(was_there, ..)| was_there != there)
            else {
                continue;
            };
            let count = |there: &[bool]| there.iter().filter(|there| **there).count();
            let parting = shard.with_rows(index, |_, _, rows| Parting {
                present: [count(was_there), count(there)],
                parent: (*mass_kg, *state),
                // As they were right after it, at the start of the segment; children have burnt nothing yet to speak of.
                pieces: (ADVERSARY..there.len())
                    .filter(|slot| *slot == ADVERSARY || (there[*slot] && !was_there[*slot]))
                    .map(|slot| (rows.masses[slot].mass_kg, rows.previous[slot].0.state()))
                    .collect(),
                tumble_rad_s: rows.ledgers[ADVERSARY].tumble_rad_s,
            });
            found[index].push(parting);
        }
        before = now;
        if shard.arenas().iter().all(|arena| arena.outcome.is_some()) {
            return found;
        }
        shard.advance();
    }
}

/// That mass and momentum are what they were.
fn assert_conserved(parting: &Parting) {
    let (mass_kg, state) = &parting.parent;
    let sum_kg: f64 = parting.pieces.iter().map(|(mass_kg, _)| mass_kg).sum();
    assert!((sum_kg - mass_kg).abs() < 1e-12 * mass_kg, "{sum_kg} of {mass_kg} kg");
    let momentum: Vector3 =
        parting.pieces.iter().map(|(mass_kg, piece)| (piece.velocity_m_s - state.velocity_m_s) * *mass_kg).sum();
    // Rounding of 7.5 km/s times the mass.
    assert!(momentum.norm() < 1e-11 * mass_kg * 1e2, "{momentum} kg m/s");
}

#[test]
fn a_release_adds_exactly_one_that_parts_at_a_spring_s_speed() {
    let game = CloseGame {
        children: vec!["Ballistic()".to_owned(), "Ballistic()".to_owned()],
        range_m: "Uniform(5000.0, 50000.0)",
        time_limit_s: 2_000.0,
        ..CloseGame::of("SubsatelliteRelease()")
    };
    let found = partings(&game);
    let mut speeds = Vec::new();
    for partings in &found {
        assert_eq!(partings.len(), 1, "released in one segment");
        let parting = &partings[0];
        assert_eq!(parting.present, [2, 3]);
        assert_conserved(parting);
        assert_eq!(parting.tumble_rad_s, 0.0);
        let [parent, child] = [0, 1].map(|piece: usize| parting.pieces[piece].1);
        let speed_m_s = (child.velocity_m_s - parent.velocity_m_s).norm();
        assert!((0.1 - 1e-9..2.0 + 1e-9).contains(&speed_m_s), "{speed_m_s} m/s");
        speeds.push(speed_m_s);
    }
    // LogUniform(0.1, 2): its median is the geometric mean, 0.447; four standard errors of 200 are 0.32 in the logarithm over 3.
    let median = quantile(speeds, 0.5);
    assert!((0.29..0.69).contains(&median), "{median} m/s");
    let null = partings(&CloseGame { adversary: "Ballistic()".to_owned(), ..game });
    assert!(null.iter().all(Vec::is_empty), "one is there that nothing released");
}

#[test]
fn what_carried_a_child_takes_its_recoil_back() {
    let drift = |takes_back: bool| {
        let game = CloseGame {
            children: vec!["Ballistic()".to_owned()],
            range_m: "Uniform(1000.0, 3000.0)",
            time_limit_s: 2_000.0,
            ..CloseGame::of(&format!(
                "SubsatelliteRelease(delay_s: Fixed(100.0), speed_m_s: Fixed(2.0), takes_recoil_back: {takes_back})"
            ))
        };
        let (mut with, mut without) = (game.shard(), CloseGame { adversary: "Ballistic()".to_owned(), ..game }.shard());
        for shard in [&mut with, &mut without] {
            (0..95).for_each(|_| shard.advance());
        }
        let position = |shard: &mut Shard, index| shard.orbits(index)[ADVERSARY].state().position_m;
        let apart = |index| (position(&mut with, index) - position(&mut without, index)).norm();
        quantile((0..SEEDS as usize).map(apart).collect(), 0.5)
    };
    let (kept, left) = (drift(true), drift(false));
    // 2 m/s × 12 kg / 200 kg = 0.12 m/s for 1,800 s; taken back, 20 s of it are left.
    assert!(left > 100.0 && kept < left / 10.0, "{kept} m with, {left} m without");
}

#[test]
fn a_released_child_plays_its_own_part() {
    let child = "KineticIntercept(closing_time_s: Fixed(1500.0), seeker_range_m: Fixed(1e5))";
    let nearest = |child: &str| {
        let game = CloseGame {
            children: vec![child.to_owned()],
            range_m: "Uniform(3000.0, 8000.0)",
            time_limit_s: 3_500.0,
            ..CloseGame::of("SubsatelliteRelease(delay_s: Uniform(60.0, 600.0))")
        };
        let mut shard = game.shard();
        let mut least_m = vec![f64::INFINITY; SEEDS as usize];
        while shard.arenas().iter().any(|arena| arena.outcome.is_none()) {
            shard.advance();
            for (index, least_m) in least_m.iter_mut().enumerate() {
                shard.with_rows(index, |template, _, rows| {
                    if rows.identities[2].team != 0 {
                        let motion = |slot: usize| {
                            let (from, to) = (rows.previous[slot].0.state(), rows.orbits[slot].state());
                            Hermite::new(from, to, template.segment_s)
                        };
                        *least_m = least_m.min(Hermite::between(&motion(VICTIM), &motion(2)).closest_approach().1);
                    }
                });
            }
        }
        share(&least_m, |least_m| *least_m < 100.0)
    };
    let (guided, null) = (nearest(child), nearest("Ballistic()"));
    assert!(guided >= 0.9, "{guided} of the children hit");
    assert!(null < 0.1, "{null} of the children hit by chance");
}

/// Greatest distance of the distribution of `values` from the Gaussian of this mean and deviation (Kolmogorov-Smirnov).
fn distance_from_gaussian(mut values: Vec<f64>, mean: f64, sigma: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let count = values.len() as f64;
    let cdf = |value: f64| 0.5 * libm::erfc(-(value - mean) / sigma / std::f64::consts::SQRT_2);
    let steps = values.iter().enumerate();
    steps
        .map(|(k, value)| (cdf(*value) - k as f64 / count).abs().max((cdf(*value) - (k + 1) as f64 / count).abs()))
        .fold(0.0, f64::max)
}

#[test]
fn a_break_up_scatters_as_the_standard_model_says() {
    let game = |cause: &str| CloseGame {
        children: vec!["Ballistic()".to_owned(); 6],
        range_m: "Uniform(5000.0, 50000.0)",
        time_limit_s: 1_500.0,
        ..CloseGame::of(&format!(
            "Fragmentation(cause: {cause}, fragments: Fixed(6.0), area_to_mass_m2_kg: Fixed(0.1))"
        ))
    };
    for (cause, mean_log, other) in [("Explosion", 1.65, 2.0), ("Collision", 2.0, 1.65)] {
        let found = partings(&game(cause));
        let (mut directions, mut logs) = (Vec::new(), Vec::new());
        for partings in &found {
            assert_eq!(partings.len(), 1, "breaks up once");
            let parting = &partings[0];
            assert_eq!(parting.present, [2, 8]);
            assert_conserved(parting);
            assert!(parting.tumble_rad_s >= 0.05, "{} rad/s", parting.tumble_rad_s);
            let frame = RtnFrame::of(&parting.parent.1);
            for (_, piece) in &parting.pieces[1..] {
                let delta_v = frame.to_rtn(&(piece.velocity_m_s - parting.parent.1.velocity_m_s));
                directions.push(delta_v.normalize());
                logs.push(delta_v.norm().log10());
            }
        }
        let count = directions.len() as f64;
        let mean: Vector3 = directions.iter().sum::<Vector3>() / count;
        // Rayleigh's test: 3 |mean|² N is χ² with three degrees of freedom, above 16.3 once in a thousand.
        assert!(3.0 * mean.norm_squared() * count < 16.3, "{cause}: mean direction {mean}");
        for axis in 0..3 {
            // An axis of a unit vector is uniform in ±1: mean square 1/3, its standard deviation √(4/45).
            let square = directions.iter().map(|direction| direction[axis].powi(2)).sum::<f64>() / count;
            assert!((square - 1.0 / 3.0).abs() < 4.0 * (4.0 / 45.0 / count).sqrt(), "{cause}: axis {axis} {square}");
        }
        // Kolmogorov-Smirnov, once in a thousand: 1.95/√N.
        let distance = distance_from_gaussian(logs.clone(), mean_log, 0.4);
        assert!(distance < 1.95 / count.sqrt(), "{cause}: {distance} from the model");
        assert!(distance_from_gaussian(logs, other, 0.4) > 0.3, "{cause} is told from the other cause");
    }
}
