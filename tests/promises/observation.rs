//! The observation is what its table says.

use std::collections::BTreeSet;

use astroshield::env::intercept::Intercept;
use astroshield::env::observation::{
    BLOCK, INSPECTION, INTERCEPT, MANOEUVRE, OBSERVATION, OBSERVATION_VERSION, OWN_SHIP, TRACK, table,
};
use astroshield::env::rollout::Rollout;
use astroshield::env::vector::{ARENAS_PER_SHARD, AfterEpisode, VectorEnv};
use astroshield::eval::random_policy::RandomPolicy;
use astroshield::scenario::Scenario;
use astroshield::sim::Outcome;
use astroshield::sim::behaviours::BehaviourConfig;
use astroshield::sim::behaviours::ballistic::Ballistic;
use astroshield::sim::config::BaseVelocity;
use astroshield::sim::distribution::Distribution;
use astroshield::sim::seeds::{Purpose, SeedDomain, stream};
use astroshield::sim::shard::Shard;
use astroshield::sim::template::{Goal, Slot, Start, Template};
use astroshield::sim::view::MAX_TRACKS;
use rand::RngExt;

use super::shipped;

#[test]
fn it_has_128_entries_and_each_its_own_name() {
    let lengths = [OWN_SHIP.len(), TRACK.len(), INSPECTION.len(), MANOEUVRE.len(), INTERCEPT.len()];
    assert_eq!(lengths, [16; 5]);
    assert_eq!((BLOCK, OBSERVATION), (16, 128));
    let own = OWN_SHIP.iter().map(|entry| (entry.name, entry.meaning));
    let track = TRACK.iter().map(|entry| (entry.name, entry.meaning));
    let intercept = INTERCEPT.iter().map(|entry| (entry.name, entry.meaning));
    let manoeuvre = MANOEUVRE.iter().map(|entry| (entry.name, entry.meaning));
    let inspection = INSPECTION.iter().map(|entry| (entry.name, entry.meaning));
    let entries: Vec<_> = own.chain(track).chain(inspection).chain(manoeuvre).chain(intercept).collect();
    let names: BTreeSet<&str> = entries.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), 80);
    assert!(entries.iter().all(|(_, meaning)| !meaning.is_empty()));
}

/// Trained weights mean nothing under another table: whoever changes it raises its version.
#[test]
fn the_table_is_that_of_its_version() {
    insta::assert_snapshot!(format!("version {OBSERVATION_VERSION}\n\n{}", table()));
}

#[test]
fn every_entry_is_bounded_and_a_place_that_shows_nothing_is_zero() {
    for scenario in shipped::scenarios() {
        let tracks = scenario.template.slots.len() - 1;
        let spares = scenario.template.slots.iter().any(|slot| matches!(slot.start, Start::Spare));
        let some_may_be_absent = spares || !scenario.template.objective.captures.is_empty();
        let seeds = shipped::seeds(SeedDomain::Train, 32);
        let mut env =
            VectorEnv::new(&scenario.template, &scenario.rewards, &seeds, ARENAS_PER_SHARD, AfterEpisode::Reset);
        let mut rollout = Rollout::new(env.rows());
        let played = rollout.play(&mut env, &mut RandomPolicy::new(5), 120, |transition| {
            for observation in transition.observations.chunks_exact(OBSERVATION) {
                for (index, number) in observation.iter().enumerate() {
                    assert!((-2.0..=2.0).contains(number), "{}: entry {index} is {number}", scenario.name);
                }
                for (place, block) in observation.chunks_exact(BLOCK).skip(1).enumerate() {
                    let zero = block.iter().all(|number| *number == 0.0);
                    // The last two places, where no object takes them, show the target's manoeuvre and its intercept, the one
                    // before them an inspector its inspection.
                    let inspects = matches!(scenario.template.objective.goal, Goal::Inspect(_));
                    let taken = place < tracks || place >= MAX_TRACKS - if inspects { 3 } else { 2 };
                    if place < tracks && some_may_be_absent {
                        continue;
                    }
                    assert_eq!(zero, !taken, "{}: place {place} of {tracks} tracks", scenario.name);
                }
            }
        });
        played.unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
    }
}

/// The pursuit with passers-by in all the other places.
fn crowd(scenario: &Scenario) -> Template {
    let mut template = scenario.template.clone();
    let [evader, pursuer] = [0, 1];
    let [who, target] = [template.objective.who, template.objective.target];
    assert_eq!([who, target], [pursuer, evader]);
    for number in 2..=MAX_TRACKS {
        template.slots.push(Slot {
            name: format!("passer-by {number}"),
            start: Start::Shell {
                to: evader,
                // Nearer than the pursuer's goal, so that a place by range would put it first.
                range_m: Distribution::Uniform(1000.0, 2000.0),
                direction_weights: [1.0; 3],
                opposite: None,
                base_velocity: BaseVelocity::Circular,
                speed_m_s: Distribution::Fixed(0.0),
            },
            behaviours: vec![BehaviourConfig::Ballistic(Ballistic {})],
            ..template.slots[evader].clone()
        });
    }
    template
}

#[test]
fn all_seven_places_can_be_filled_and_the_goal_stands_first() {
    let scenario = shipped::scenario("pursuit_evasion");
    let template = crowd(&scenario);
    let seeds = shipped::seeds(SeedDomain::Train, 4);
    let env = VectorEnv::new(&template, &scenario.rewards, &seeds, ARENAS_PER_SHARD, AfterEpisode::Reset);
    let mark = TRACK.iter().position(|entry| entry.name == "mark").expect("the table has it");
    for observation in env.scene().observations.chunks_exact(OBSERVATION) {
        let blocks: Vec<&[f32]> = observation.chunks_exact(BLOCK).skip(1).collect();
        assert!(blocks.iter().all(|block| block.iter().any(|number| *number != 0.0)));
        let marks: Vec<f32> = blocks.iter().map(|block| block[mark]).collect();
        assert_eq!(marks, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }
}

#[test]
fn the_change_of_velocity_that_the_intercept_shows_meets_the_target() {
    let scenario = shipped::scenario("docking");
    let mut template = scenario.template;
    // However fast.
    template.objective.failures.clear();
    let who = template.objective.who;
    let seeds = shipped::seeds(SeedDomain::Train, 32);
    let arenas = seeds.len();
    let mut shard = Shard::new(&template, &seeds);
    let mut changes = Vec::new();
    shard.for_each_view(|_, _, view| {
        changes.push(Intercept::plan(view, view.target().expect("there is a target")).impulse_m_s);
    });
    for (arena, change) in changes.iter().enumerate() {
        shard.with_rows(arena, |_, _, rows| {
            for axis in 0..3 {
                rows.orbits[who].velocity_m_s[axis] += change[axis];
            }
        });
    }
    let decision_s = template.segment_s * template.replan_every as f64;
    for _ in 0..(template.time_limit_s / decision_s).ceil() as usize {
        shard.advance();
    }
    for arena in shard.arenas() {
        assert!(matches!(arena.outcome, Some(Outcome::Success | Outcome::Crash)), "{arena:?}");
    }
    assert_eq!(shard.arenas().len(), arenas);
}

#[test]
fn side_by_side_a_view_is_what_it_is_alone() {
    let mut templates: Vec<Template> = shipped::scenarios().into_iter().map(|scenario| scenario.template).collect();
    templates.push(crowd(&shipped::scenario("pursuit_evasion")));
    for template in &mut templates {
        // Two decide, so that views of one arena stand side by side.
        for slot in &mut template.slots {
            slot.behaviours.clear();
        }
        // No multiple of the lanes.
        let seeds = shipped::seeds(SeedDomain::Train, 37);
        let mut shard = Shard::new(template, &seeds);
        let mut generator = stream(3, SeedDomain::Train, 0, 0, Purpose::Policy);
        for _ in 0..12 {
            for share in shard.plans_mut() {
                let burns = generator.random_bool(0.7);
                *share = std::array::from_fn(|_| if burns { generator.random_range(-0.5..0.5) } else { 0.0 });
            }
            shard.advance();
            let mut together = Vec::new();
            shard.for_each_view_where(
                |arena| arena % 5 != 1,
                |_, _, arena, k, view, _| together.push((arena, k, format!("{view:?}"))),
            );
            let mut alone = Vec::new();
            for arena in (0..seeds.len()).filter(|arena| arena % 5 != 1) {
                shard.for_each_view_of(arena, |k, view, _| alone.push((arena, k, format!("{view:?}"))));
            }
            assert_eq!(together.len(), alone.len());
            for (together, alone) in together.iter().zip(&alone) {
                assert_eq!(together, alone, "to the bit");
            }
        }
    }
}

#[test]
fn a_motion_without_a_plane_is_seen_side_by_side_as_alone() {
    let scenario = shipped::scenario("pursuit_evasion");
    let mut shard = Shard::new(&scenario.template, &shipped::seeds(SeedDomain::Train, 5));
    let who = scenario.template.objective.who;
    shard.with_rows(2, |_, _, rows| {
        // Straight up.
        rows.orbits[who].velocity_m_s = rows.orbits[who].position_m.map(|component| 1e-4 * component);
    });
    let mut together = Vec::new();
    shard.for_each_view(|_, _, view| together.push(format!("{view:?}")));
    let mut alone = Vec::new();
    for arena in 0..5 {
        shard.for_each_view_of(arena, |_, view, _| alone.push(format!("{view:?}")));
    }
    assert_eq!(together, alone);
}

#[test]
fn who_is_not_there_is_not_seen_side_by_side_either() {
    let mut template = crowd(&shipped::scenario("pursuit_evasion"));
    // Two that learn in one arena see with one pair of eyes, after one another.
    template.slots.iter_mut().take(2).for_each(|slot| slot.behaviours.clear());
    let mut shard = Shard::new(&template, &shipped::seeds(SeedDomain::Train, 21));
    for gone in [3, 7] {
        for arena in (0..21).step_by(4) {
            shard.with_rows(arena, |_, _, rows| rows.identities[gone].team = 0);
        }
        let mut together = Vec::new();
        shard.for_each_view(|arena, _, view| {
            let tracks: Vec<usize> = view.tracks().map(|track| track.slot).collect();
            assert_eq!(tracks.contains(&gone), arena % 4 != 0, "{tracks:?}");
            together.push(format!("{view:?}"));
        });
        let mut alone = Vec::new();
        for arena in 0..21 {
            shard.for_each_view_of(arena, |_, view, _| alone.push(format!("{view:?}")));
        }
        assert_eq!(together, alone);
    }
}

#[test]
fn without_the_intercept_the_last_two_places_are_zero_and_all_else_is_the_same() {
    let scenario = shipped::scenario("pursuit_evasion");
    let observe = |intercept: bool| {
        let mut template = scenario.template.clone();
        template.observation.intercept = intercept;
        let seeds = shipped::seeds(SeedDomain::Train, 21);
        let mut env = VectorEnv::new(&template, &scenario.rewards, &seeds, 8, AfterEpisode::Reset);
        let mut rollout = Rollout::new(env.rows());
        let mut seen = Vec::new();
        rollout
            .play(&mut env, &mut RandomPolicy::new(5), 100, |transition| {
                seen.extend_from_slice(transition.observations);
                seen.extend_from_slice(&transition.step.final_observations);
            })
            .expect("random plans are finite");
        seen
    };
    let (with, without) = (observe(true), observe(false));
    assert_eq!(with.len(), without.len());
    for (with, without) in with.chunks_exact(OBSERVATION).zip(without.chunks_exact(OBSERVATION)) {
        let (rest, last) = without.split_at(OBSERVATION - 2 * BLOCK);
        assert!(last.iter().all(|number| number.to_bits() == 0), "{last:?}");
        assert_eq!(rest, &with[..rest.len()]);
    }
    assert!(with.chunks_exact(OBSERVATION).any(|with| with[OBSERVATION - BLOCK..].iter().any(|number| *number != 0.0)));
}
