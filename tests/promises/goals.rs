//! Goals that count: inspecting points in the light, keeping a station; and the published scores beside them.

use astroshield::env::vector::EpisodeResult;
use astroshield::eval::evaluate::{Seeds, play, scripted};
use astroshield::eval::scripted_policy::ScriptedPolicy;
use astroshield::scenario::Scenario;
use astroshield::sim::Outcome;
use astroshield::sim::seeds::SeedDomain;
use astroshield::sim::shard::Shard;
use astroshield::sim::template::{Goal, Template};

use super::shipped;

const SEEDS: Seeds = Seeds { run: 17, domain: SeedDomain::Report, count: 60 };

fn episodes(scenario: &Scenario, template: &Template, name: &str) -> Vec<EpisodeResult> {
    let mut policy = ScriptedPolicy::new(scripted(name).expect("the registry has it"), SEEDS.count as usize, 1);
    play(template, &scenario.rewards, SEEDS, &mut policy).expect("finite numbers")
}

fn mean(of: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = of.collect();
    values.iter().sum::<f64>() / values.len() as f64
}

fn share(episode: &EpisodeResult) -> f64 {
    episode.goal_share.expect("the goal counts")
}

#[test]
fn circumnavigation_sees_what_coasting_does_not() {
    let scenario = shipped::scenario("inspection");
    let honest = episodes(&scenario, &scenario.template, "circumnavigate");
    assert!(honest.iter().all(EpisodeResult::succeeded), "{honest:?}");
    assert!(mean(honest.iter().map(share)) > 0.988);
    // The Sun has to come round to what is dark at first: no less than about half a revolution of 6,118 s, less the caps of 75°
    // or so that are in sight and lit at both ends.
    assert!(honest.iter().all(|episode| episode.duration_s > 1_800.0));
    let coasting = episodes(&scenario, &scenario.template, "ballistic");
    assert!(mean(coasting.iter().map(share)) < 0.9);
    for episode in honest.iter().chain(&coasting) {
        assert!((0.0..=1.0).contains(&share(episode)));
        assert!(episode.succeeded() == (share(episode) >= 0.95 && episode.outcome == Outcome::Success));
    }
}

#[test]
fn enough_at_the_time_limit_is_success_and_less_is_not() {
    let scenario = shipped::scenario("inspection");
    let mut template = scenario.template.clone();
    // Shorter than the Sun needs: each episode lasts until the limit.
    template.time_limit_s = 1_500.0;
    for threshold in [0.3, 0.6] {
        let Goal::Inspect(inspection) = &mut template.objective.goal else { panic!("it inspects") };
        inspection.share = threshold;
        let played = episodes(&scenario, &template, "circumnavigate");
        assert!(played.iter().all(|episode| (episode.duration_s - 1_500.0).abs() < 1e-6));
        assert!(played.iter().all(|episode| episode.succeeded() == (share(episode) >= threshold)));
        assert!(played.iter().any(|episode| !episode.succeeded()) || threshold < 0.5);
    }
}

#[test]
fn an_interrupted_inspection_goes_on_to_the_bit() {
    let scenario = shipped::scenario("inspection");
    let seeds = shipped::seeds(SeedDomain::Train, 6);
    let mut through = Shard::new(&scenario.template, &seeds);
    let mut shares = Vec::new();
    for _ in 0..20 {
        through.advance();
        let goal = scenario.template.objective.goal;
        shares.push(through.arenas().iter().map(|arena| arena.progress.share(&goal).expect("it counts")).sum::<f64>());
    }
    assert!(
        shares.windows(2).all(|pair| pair[1] >= pair[0]) && shares[19] > shares[0] && shares[0] > 0.0,
        "{shares:?}"
    );
    let saved = through.state();
    let mut resumed = Shard::new(&scenario.template, &shipped::seeds(SeedDomain::Select, 6));
    assert!(resumed.restore(&saved));
    for shard in [&mut through, &mut resumed] {
        (0..10).for_each(|_| shard.advance());
    }
    assert_eq!(through.state(), resumed.state());
}

#[test]
fn a_station_is_kept_and_scored() {
    let scenario = shipped::scenario("sun_blocking");
    let held = episodes(&scenario, &scenario.template, "hold_station");
    let won = held.iter().filter(|episode| episode.succeeded()).count();
    assert!(won as u64 * 10 >= SEEDS.count * 8, "{won} of {}", SEEDS.count);
    let chased = episodes(&scenario, &scenario.template, "zem_zev");
    let score = |episodes: &[EpisodeResult]| mean(episodes.iter().map(|episode| episode.scores["kspdg_sun_blocking"]));
    // On the line for 300 s at near the best distance: about a point a second, and half of one on the way.
    assert!(score(&held) > 250.0 && score(&held) > score(&chased) + 100.0, "{} {}", score(&held), score(&chased));
    assert!(held.iter().all(|episode| (share(episode) == 1.0) == episode.succeeded()));
}

#[test]
fn guards_are_scored_by_the_distances_that_decide() {
    let scenario = shipped::scenario("lady_bandit_guard");
    for episode in episodes(&scenario, &scenario.template, "ballistic") {
        let score = episode.scores["kspdg_lady_bandit_guard"];
        assert_eq!(episode.goal_share, None);
        if episode.outcome == Outcome::KeepOut {
            // 500 m of lady and bandit when it ends, and a bandit never nearer to the guard than the objective's pair was.
            let expected = 500.0_f64.powi(2) + 1e6 / (episode.closest_approach_m + 0.1);
            assert!((score / expected - 1.0).abs() < 1e-6, "{score} against {expected}");
        }
    }
}

#[test]
fn goals_that_cannot_be_met_are_refused_with_help() {
    let refusal = |name: &str, old: &str, new: &str| {
        let text = shipped::scenario(name).text().to_owned();
        assert!(text.contains(old), "{old}");
        let error = Scenario::from_source("changed.ron", &text.replace(old, new)).expect_err(new);
        format!("{error:?} {}", error.render(false))
    };
    for (name, old, new, told) in [
        ("inspection", "points: 100", "points: 129", "129 points are outside 1 to 128"),
        ("inspection", "points: 100", "points: 0", "0 points are outside 1 to 128"),
        ("inspection", "sphere_radius_m: 10.0", "sphere_radius_m: 50.0", "not below the least range at the start"),
        ("inspection", "share: 0.95", "share: 1.5", "share 1.5 is above 1"),
        ("inspection", "complete_share: 1.0", "complete_share: 0.9", "is below 0.95"),
        ("inspection", "sun_angle_deg: 90.0", "sun_angle_deg: 91.0", "is above 90"),
        ("inspection", "\"circumnavigate\"]", "\"circumnavigat\"]", "there is no guidance 'circumnavigat'"),
        ("sun_blocking", "axis: Sun", "axis: Rtn(0.0, 0.0, 0.0)", "the direction has no length"),
        ("sun_blocking", "range_m: (60.0, 160.0)", "range_m: (60.0, 60.0)", "is not above 60"),
        ("sun_blocking", "seconds: 300.0", "seconds: 3000.0", "more than the limit of 2400 s"),
        ("sun_blocking", "evader: \"evader\")]", "evader: \"blocker\")]", "are both 'blocker'"),
        ("lady_bandit_guard", "lady: \"lady\"", "lady: \"ladi\"", "there is no spacecraft 'ladi'"),
    ] {
        let text = refusal(name, old, new);
        assert!(text.contains(told), "{new}: {text}");
    }
}
