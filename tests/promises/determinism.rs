//! Same seed, same bits, whatever the number of threads and the size of shards; and episodes begin and end as promised.

use astroshield::env::observation::OBSERVATION;
use astroshield::env::plan::PLAN;
use astroshield::env::policy::{Decisions, Policy};
use astroshield::env::rewards::RewardTerm;
use astroshield::env::rollout::Rollout;
use astroshield::env::vector::{ARENAS_PER_SHARD, AfterEpisode, EpisodeResult, Step, VectorEnv};
use astroshield::eval::evaluate::{Seeds, play, scripted};
use astroshield::eval::random_policy::RandomPolicy;
use astroshield::eval::scripted_policy::ScriptedPolicy;
use astroshield::models::actor_critic::{ActorCritic, ActorCriticConfig};
use astroshield::models::device::Cpu;
use astroshield::models::learned_policy::{Exploration, LearnedPolicy};
use astroshield::models::normaliser::ObservationNormaliser;
use astroshield::scenario::Scenario;
use astroshield::sim::Outcome;
use astroshield::sim::components::Orbit;
use astroshield::sim::config::AtTimeLimit;
use astroshield::sim::reset::EpisodeSeed;
use astroshield::sim::seeds::{Purpose, SeedDomain, stream};
use astroshield::sim::template::Template;

use super::shipped::{self, with_threads};

/// Bits of what was seen, decided and paid, how episodes ended, and what every spacecraft is like at the end.
#[derive(PartialEq)]
struct Record {
    numbers: Vec<u32>,
    results: Vec<EpisodeResult>,
    orbits: Vec<Vec<Orbit>>,
}

/// Plays 60 decisions in 33 arenas, which no shard size divides evenly.
fn record(scenario: &Scenario, arenas_per_shard: usize, policy: &mut dyn Policy) -> Record {
    let seeds = shipped::seeds(SeedDomain::Train, 33);
    let mut env = VectorEnv::new(&scenario.template, &scenario.rewards, &seeds, arenas_per_shard, AfterEpisode::Reset);
    let mut numbers = Vec::new();
    let mut rollout = Rollout::new(env.rows());
    rollout
        .play(&mut env, policy, 60, |transition| {
            let decisions = transition.decisions;
            let floats = [
                transition.observations,
                &decisions.plans,
                &decisions.log_probabilities,
                &decisions.values,
                &transition.step.rewards,
                &transition.step.final_observations,
            ];
            numbers.extend(floats.into_iter().flatten().map(|number| number.to_bits()));
            let ended = transition.step.terminated.iter().chain(&transition.step.truncated);
            numbers.extend(ended.map(|ended| u32::from(*ended)));
        })
        .unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
    let mut results = Vec::new();
    env.drain_finished(&mut results);
    // Drained once at the end, they come by shard; of one arena in the order in which they ended.
    results.sort_by_key(|result: &EpisodeResult| result.seed);
    let mut orbits = Vec::new();
    for shard in env.shards_mut() {
        orbits.extend((0..shard.arenas().len()).map(|arena| shard.orbits(arena)));
    }
    Record { numbers, results, orbits }
}

#[test]
fn random_flight_is_the_same_for_any_threads_and_shards() {
    for mut scenario in shipped::scenarios() {
        // Short enough that every episode ends once and is reset.
        let template = &mut scenario.template;
        let decision_s = template.segment_s * template.replan_every as f64;
        template.time_limit_s = template.time_limit_s.min(40.0 * decision_s);
        let run = |threads, arenas| with_threads(threads, || record(&scenario, arenas, &mut RandomPolicy::new(5)));
        let first = run(1, 32);
        assert!(!first.results.is_empty(), "{}: no episode ended, so no reset was seen", scenario.name);
        for threads in [1, 2, 3] {
            for arenas in [1, 5, 32] {
                let same = run(threads, arenas) == first;
                assert!(same, "{}: {threads} threads, {arenas} arenas a shard", scenario.name);
            }
        }
    }
}

#[test]
fn another_seed_is_another_flight() {
    let scenario = shipped::scenario("pursuit_evasion");
    let start = |run| {
        let seeds = [EpisodeSeed { run, domain: SeedDomain::Train, arena: 0, episode: 0 }];
        let env = VectorEnv::new(&scenario.template, &scenario.rewards, &seeds, 1, AfterEpisode::Stop);
        env.scene().observations.to_vec()
    };
    assert_eq!(start(1), start(1));
    assert_ne!(start(1), start(2));
}

#[test]
fn a_learned_policy_flies_the_same_for_any_threads() {
    let scenario = shipped::scenario("pursuit_evasion");
    let run = |threads| {
        with_threads(threads, || {
            let mut generator = stream(3, SeedDomain::Train, 0, 0, Purpose::Trainer);
            let device = Default::default();
            let row = |row| stream(3, SeedDomain::Train, row, 0, Purpose::Policy);
            let model = ActorCritic::new(&ActorCriticConfig::default(), &mut generator, &device);
            let exploration = Exploration::Sample((0..33).map(row).collect());
            let mut policy =
                LearnedPolicy::<Cpu>::new(model, ObservationNormaliser::identity(), exploration, 16, device);
            // 33 rows in five batches, the last of one row.
            policy.batch = 8;
            record(&scenario, ARENAS_PER_SHARD, &mut policy)
        })
    };
    let first = run(1);
    assert!(first.numbers.len() > 33 * 40 * OBSERVATION);
    for threads in [2, 3] {
        assert!(run(threads) == first, "{threads} threads");
    }
}

#[test]
fn every_listed_seed_is_played_exactly_once_and_alike_in_any_company() {
    let scenario = shipped::scenario("pursuit_evasion");
    let played = |count: u64| {
        let seeds = Seeds { run: 3, domain: SeedDomain::Report, count };
        let behaviour = scripted("proportional_navigation").expect("the registry has it");
        let mut policy = ScriptedPolicy::new(behaviour, count as usize, 1);
        play(&scenario.template, &scenario.rewards, seeds, &mut policy).expect("finite numbers")
    };
    let (many, few) = (played(100), played(37));
    let seeds: Vec<u64> = many.iter().map(|episode| episode.seed).collect();
    assert_eq!(seeds, (0..100).collect::<Vec<u64>>());
    assert_eq!(few, many[..37]);
    // Some end early, and none of those takes the place of one that lasts.
    assert!(many.iter().any(|episode| episode.outcome == Outcome::Success));
    assert!(many.iter().any(|episode| episode.outcome != Outcome::Success));
}

#[test]
fn no_number_of_500_random_episodes_is_infinite_or_nan() {
    for scenario in shipped::scenarios() {
        let seeds = shipped::seeds(SeedDomain::Train, 500);
        let mut env =
            VectorEnv::new(&scenario.template, &scenario.rewards, &seeds, ARENAS_PER_SHARD, AfterEpisode::Stop);
        let mut step = Step::new(env.rows());
        let mut policy = RandomPolicy::new(8);
        let mut decisions = Decisions::new(env.rows());
        let mut results = Vec::new();
        while env.any_live() {
            policy.act(&env.scene(), &mut decisions).expect("a random policy cannot fail");
            env.step(&decisions.plans, &mut step);
            let numbers = [env.scene().observations, &step.rewards, &step.final_observations];
            assert!(numbers.into_iter().flatten().all(|number| number.is_finite()), "{}", scenario.name);
            env.drain_finished(&mut results);
        }
        assert_eq!(results.len(), 500, "{}", scenario.name);
        for result in results {
            let figures = [
                result.duration_s,
                result.delta_v_m_s,
                result.closest_approach_m,
                result.overspeed_s,
                result.episode_return,
            ];
            assert!(figures.into_iter().all(f64::is_finite), "{}: {result:?}", scenario.name);
            assert!(result.duration_s <= scenario.template.time_limit_s * (1.0 + 1e-12), "{result:?}");
        }
    }
}

#[test]
fn a_reset_keeps_the_last_observation_and_shows_the_first_of_the_next_episode() {
    for scenario in shipped::scenarios() {
        let seeds = shipped::seeds(SeedDomain::Train, 12);
        let made =
            |seeds: &[EpisodeSeed], after| VectorEnv::new(&scenario.template, &scenario.rewards, seeds, 5, after);
        let (mut resetting, mut stopping) = (made(&seeds, AfterEpisode::Reset), made(&seeds, AfterEpisode::Stop));
        let next: Vec<EpisodeSeed> = seeds.iter().map(|seed| EpisodeSeed { episode: 1, ..*seed }).collect();
        let next = made(&next, AfterEpisode::Reset);
        let rows = resetting.rows();
        let (mut step, mut stopped) = (Step::new(rows), Step::new(rows));
        let mut policy = RandomPolicy::new(2);
        let mut decisions = Decisions::new(rows);
        let of = |numbers: &[f32], row: usize| numbers[row * OBSERVATION..(row + 1) * OBSERVATION].to_vec();
        let mut ended = vec![false; rows];
        while stopping.any_live() {
            policy.act(&resetting.scene(), &mut decisions).expect("a random policy cannot fail");
            resetting.step(&decisions.plans, &mut step);
            stopping.step(&decisions.plans, &mut stopped);
            for row in (0..rows).filter(|row| stopped.terminated[*row]) {
                assert!(!ended[row] && step.terminated[row] && !step.truncated[row]);
                ended[row] = true;
                let last = of(stopping.scene().observations, row);
                assert_eq!(of(&step.final_observations, row), last);
                assert_eq!(of(&stopped.final_observations, row), last);
                assert_eq!(step.rewards[row].to_bits(), stopped.rewards[row].to_bits());
                let shown = of(resetting.scene().observations, row);
                assert_eq!(shown, of(next.scene().observations, row));
                assert_ne!(shown, last);
                assert_eq!(resetting.scene().views[row].time_s, 0.0);
                assert!(stopping.scene().views[row].time_s > 0.0);
                assert!(!stopping.scene().live[row] && resetting.scene().live[row]);
            }
        }
        assert!(ended.iter().all(|ended| *ended));
    }
}

/// A docking that coasts into a short limit.
fn coast_to_the_limit(template: &Template, scenario: &Scenario) -> (Step, Vec<EpisodeResult>) {
    let seeds = shipped::seeds(SeedDomain::Train, 9);
    let mut env = VectorEnv::new(template, &scenario.rewards, &seeds, 4, AfterEpisode::Reset);
    let mut step = Step::new(env.rows());
    let plans = vec![0.0; env.rows() * PLAN];
    let mut results = Vec::new();
    while results.is_empty() {
        env.step(&plans, &mut step);
        env.drain_finished(&mut results);
    }
    (step, results)
}

#[test]
fn the_time_limit_terminates_or_truncates_as_the_scenario_says() {
    let scenario = shipped::scenario("docking");
    let limited = |at_time_limit| Template { time_limit_s: 30.0, at_time_limit, ..scenario.template.clone() };
    let (terminated, of_terminated) = coast_to_the_limit(&limited(AtTimeLimit::Terminate), &scenario);
    let (truncated, of_truncated) = coast_to_the_limit(&limited(AtTimeLimit::Truncate), &scenario);
    assert_eq!((terminated.terminated, terminated.truncated), (vec![true; 9], vec![false; 9]));
    assert_eq!((truncated.terminated, truncated.truncated), (vec![false; 9], vec![true; 9]));
    assert_eq!(terminated.final_observations, truncated.final_observations);
    let pays = scenario.rewards.terms.iter().find_map(|term| match term {
        RewardTerm::Ending(ending) => Some(ending.time_limit.unwrap_or(ending.failure)),
        _ => None,
    });
    let pays = pays.expect("docking pays for the end") as f32;
    assert!(pays < 0.0);
    for (ended, cut_off) in terminated.rewards.iter().zip(&truncated.rewards) {
        // A cut is no end of the task, so it is not paid as one. Rewards are f32 of the order of one.
        assert!((ended - cut_off - pays).abs() < 1e-6, "{ended} against {cut_off}");
    }
    for result in of_terminated.iter().chain(&of_truncated) {
        assert_eq!((result.outcome, result.duration_s, result.decisions), (Outcome::TimeLimit, 30.0, 2));
    }
}

#[test]
fn success_is_within_the_capture_radius_and_nothing_else_is() {
    for (name, guidance) in [("docking", "glideslope"), ("pursuit_evasion", "zem_zev")] {
        let scenario = shipped::scenario(name);
        let seeds = Seeds { run: 5, domain: SeedDomain::Select, count: 40 };
        let mut policy = ScriptedPolicy::new(scripted(guidance).expect("the registry has it"), 40, 1);
        let episodes = play(&scenario.template, &scenario.rewards, seeds, &mut policy).expect("finite numbers");
        let radius_m = scenario.template.objective.radius_m;
        assert!(episodes.iter().any(EpisodeResult::succeeded), "{name}: {guidance} never succeeds");
        for episode in episodes {
            let reached = matches!(episode.outcome, Outcome::Success | Outcome::Crash);
            // The crossing is found to the resolution of a bisection, 1e-12 of a segment.
            let within = episode.closest_approach_m <= radius_m * (1.0 + 1e-9);
            assert_eq!(within, reached, "{name}: {episode:?}");
        }
    }
}
