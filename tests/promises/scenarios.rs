//! Every scenario that is shipped loads, plays, and says how it is trained on.

use astroshield::env::rollout::Rollout;
use astroshield::env::vector::{ARENAS_PER_SHARD, AfterEpisode, VectorEnv};
use astroshield::eval::random_policy::RandomPolicy;
use astroshield::scenario::Scenario;
use astroshield::sim::reset::EpisodeSeed;
use astroshield::sim::seeds::SeedDomain;
use astroshield::sim::shard::Shard;
use astroshield::train::config::TrainingConfig;

use super::shipped;

#[test]
fn the_first_experience_is_shipped() {
    let names: Vec<String> = shipped::scenarios().into_iter().map(|scenario| scenario.name).collect();
    for name in ["docking", "inspection", "lady_bandit_guard", "pursuit_evasion", "sun_blocking"] {
        assert!(names.iter().any(|other| other == name), "{name} is not among {names:?}");
    }
}

#[test]
fn every_scenario_bears_the_name_of_its_file() {
    for (file, scenario) in shipped::files().iter().zip(shipped::scenarios()) {
        assert_eq!(file.file_name().and_then(|name| name.to_str()), Some(format!("{}.ron", scenario.name).as_str()));
        assert!(!scenario.summary.is_empty(), "{} has no summary", scenario.name);
    }
}

#[test]
fn every_scenario_plays() {
    for scenario in shipped::scenarios() {
        let seeds = shipped::seeds(SeedDomain::Train, 16);
        if scenario.require_learned().is_err() {
            plays_by_itself(&scenario, &seeds);
            continue;
        }
        let templates = [Some(scenario.template.clone()), scenario.with_held_out()];
        for template in templates.into_iter().flatten() {
            let mut env = VectorEnv::new(&template, &scenario.rewards, &seeds, ARENAS_PER_SHARD, AfterEpisode::Reset);
            let mut moved = 0;
            let start = env.scene().observations.to_vec();
            // `play` refuses what is not finite.
            let played = Rollout::new(env.rows()).play(&mut env, &mut RandomPolicy::new(3), 20, |transition| {
                moved += usize::from(transition.observations != start);
            });
            played.unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
            // The first decision is shown the start itself.
            assert_eq!(moved, 19, "{} stands still", scenario.name);
        }
    }
}

/// A scenario that nobody learns in is ground for strategies and telemetry: everything moves, and nothing is infinite.
fn plays_by_itself(scenario: &Scenario, seeds: &[EpisodeSeed]) {
    let mut shard = Shard::new(&scenario.template, seeds);
    let start: Vec<_> = (0..seeds.len()).map(|arena| shard.orbits(arena)).collect();
    for _ in 0..50 {
        shard.advance();
    }
    for (arena, start) in start.iter().enumerate() {
        for (now, before) in shard.orbits(arena).iter().zip(start) {
            assert!(now.position_m.iter().chain(&now.velocity_m_s).all(|number| number.is_finite()));
            assert_ne!(now, before, "{} stands still", scenario.name);
        }
    }
}

#[test]
fn every_scenario_says_how_it_is_trained_on() {
    for scenario in shipped::scenarios().into_iter().filter(|scenario| scenario.require_learned().is_ok()) {
        assert!(scenario.training_text().is_some(), "{} has no training block", scenario.name);
        TrainingConfig::of(&scenario).unwrap_or_else(|error| panic!("{error}"));
    }
}
