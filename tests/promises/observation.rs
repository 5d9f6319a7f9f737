//! The observation is what its table says.

use std::collections::BTreeSet;

use astroshield::env::intercept::Intercept;
use astroshield::env::observation::{
    BLOCK, INSPECTION, INTERCEPT, MANOEUVRE, OBSERVATION, OBSERVATION_VERSION, OWN_SHIP, TRACK, table,
};
use astroshield::env::rollout::Rollout;
use astroshield::env::vector::{ARENAS_PER_SHARD, AfterEpisode, VectorEnv};
use astroshield::eval::random_policy::RandomPolicy;
use astroshield::sim::Outcome;
use astroshield::sim::behaviours::BehaviourConfig;
use astroshield::sim::behaviours::ballistic::Ballistic;
use astroshield::sim::config::BaseVelocity;
use astroshield::sim::distribution::Distribution;
use astroshield::sim::seeds::SeedDomain;
use astroshield::sim::shard::Shard;
use astroshield::sim::template::{Goal, Slot, Start};
use astroshield::sim::view::MAX_TRACKS;

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
                    assert_eq!(zero, !taken, "{}: place {place} of {tracks} tracks", scenario.name);
                }
            }
        });
        played.unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
    }
}

#[test]
fn all_seven_places_can_be_filled_and_the_goal_stands_first() {
    let scenario = shipped::scenario("pursuit_evasion");
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
                base_velocity: BaseVelocity::Circular,
                speed_m_s: Distribution::Fixed(0.0),
            },
            behaviours: vec![BehaviourConfig::Ballistic(Ballistic {})],
            free_behaviours: 1,
            ..template.slots[evader].clone()
        });
    }
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
