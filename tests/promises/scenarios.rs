//! Every scenario that is shipped loads, plays, and says how it is trained on.

use astroshield::astro::elements::KeplerianElements;
use astroshield::env::rollout::Rollout;
use astroshield::env::vector::{ARENAS_PER_SHARD, AfterEpisode, VectorEnv};
use astroshield::eval::random_policy::RandomPolicy;
use astroshield::scenario::Scenario;
use astroshield::sim::behaviours::BehaviourConfig;
use astroshield::sim::components::Orbit;
use astroshield::sim::integrators::rk4::SurfaceForces;
use astroshield::sim::reset::EpisodeSeed;
use astroshield::sim::seeds::SeedDomain;
use astroshield::sim::shard::Shard;
use astroshield::sim::template::{Physics, Slot, Start};
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

/// Specific energy [J/kg] under the scenario's zonals: v²/2 - μ/r (1 - Σ Jₙ (R/r)ⁿ Pₙ(z/r)). Source: Vallado, 4th ed., eq. 8-25.
fn energy(physics: &Physics, orbit: &Orbit) -> f64 {
    let state = orbit.state();
    let radius_m = state.position_m.norm();
    let x = state.position_m.z / radius_m;
    // Bonnet's recursion: (n + 1) Pₙ₊₁ = (2n + 1) x Pₙ - n Pₙ₋₁.
    let (mut before, mut legendre, mut share) = (1.0, x, 1.0);
    for (index, zonal) in physics.zonals.iter().enumerate() {
        let n = index as f64 + 1.0;
        (before, legendre) = (legendre, ((2.0 * n + 1.0) * x * legendre - n * before) / (n + 1.0));
        share -= zonal * (physics.earth_radius_m / radius_m).powi(index as i32 + 2) * legendre;
    }
    0.5 * state.velocity_m_s.norm_squared() - physics.mu_m3_s2 / radius_m * share
}

#[test]
fn who_does_not_burn_keeps_its_energy_among_those_who_do() {
    let mut looked_at = 0;
    for scenario in shipped::scenarios() {
        let template = &scenario.template;
        let physics = &template.physics;
        if physics.hill_mean_motion_rad_s.is_some() || physics.surface_forces != SurfaceForces::default() {
            continue;
        }
        let coasts = |slot: &Slot| {
            let is_ballistic = |behaviour: &BehaviourConfig| {
                matches!(behaviour, BehaviourConfig::Ballistic(_) | BehaviourConfig::Conjunction(_))
            };
            !slot.behaviours.is_empty()
                && slot.behaviours.iter().chain(&slot.cast_behaviours).all(is_ballistic)
                && !matches!(slot.start, Start::Spare)
        };
        let coasting: Vec<usize> = (0..template.slots.len()).filter(|slot| coasts(&template.slots[*slot])).collect();
        let mut shard = Shard::new(template, &shipped::seeds(SeedDomain::Train, 20));
        let start: Vec<Vec<Orbit>> = (0..20).map(|arena| shard.orbits(arena)).collect();
        for _ in 0..10 {
            shard.advance();
        }
        for (arena, start) in start.iter().enumerate() {
            // The state at which an episode ends lies on a cubic between two steps, which keeps no energy.
            let goes_on = shard.arenas()[arena].outcome.is_none();
            for slot in coasting.iter().filter(|_| goes_on) {
                let elements = KeplerianElements::from_cartesian(&start[*slot].state(), physics.mu_m3_s2);
                // What dives to a perigee at 11 km/s is not for steps of 30 s.
                if elements.eccentricity > 0.05 {
                    continue;
                }
                let [before, after] = [start[*slot], shard.orbits(arena)[*slot]].map(|orbit| energy(physics, &orbit));
                // RK4 at 30 s is 1.3 m off after an hour in low orbit, which is 3e-8 of the energy.
                assert!((after / before - 1.0).abs() < 1e-7, "{} slot {slot}: {before} to {after}", scenario.name);
                looked_at += 1;
            }
        }
    }
    assert!(looked_at >= 40, "only {looked_at} coast");
}
