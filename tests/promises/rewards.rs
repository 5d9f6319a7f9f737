//! No reward pays without the goal.

use std::fmt::Write;

use astroshield::astro::Vector3;
use astroshield::env::config::RewardConfig;
use astroshield::env::plan::{self, PLAN, SEGMENT_WIDTH};
use astroshield::env::policy::{Decisions, Policy, PolicyError, Scene};
use astroshield::env::rewards::{Consequence, RewardTerm, Term};
use astroshield::env::rollout::Rollout;
use astroshield::env::vector::{ARENAS_PER_SHARD, AfterEpisode, EpisodeResult, VectorEnv};
use astroshield::eval::evaluate::{Seeds, play, scripted};
use astroshield::eval::random_policy::RandomPolicy;
use astroshield::eval::scripted_policy::ScriptedPolicy;
use astroshield::scenario::Scenario;
use astroshield::sim::seeds::SeedDomain;
use astroshield::sim::view::View;

use super::shipped;

const SEEDS: Seeds = Seeds { run: 11, domain: SeedDomain::Report, count: 100 };

/// A way of flying that is after the reward and not the goal: the thrust share of each segment, RTN.
type Trick = fn(&View, usize) -> Vector3;

/// Takes away the relative velocity, then coasts.
fn hover(view: &View, segment: usize) -> Vector3 {
    let a_segment_m_s = view.own.max_acceleration_m_s2 * view.segment_s;
    match view.target() {
        Some(target) if a_segment_m_s > 0.0 => {
            let speed_m_s = target.velocity_rtn_m_s.norm().max(1e-12);
            let left_m_s = (speed_m_s - segment as f64 * a_segment_m_s).max(0.0);
            target.velocity_rtn_m_s / speed_m_s * (left_m_s / a_segment_m_s).min(1.0)
        }
        _ => Vector3::zeros(),
    }
}

fn coast(_: &View, _: usize) -> Vector3 {
    Vector3::zeros()
}

fn towards(view: &View) -> Vector3 {
    view.target().map_or_else(Vector3::zeros, |target| target.position_rtn_m / target.range_m())
}

/// A step towards the target in one decision, a step back in the next.
fn oscillate(view: &View, segment: usize) -> Vector3 {
    let decision = view.time_s / (view.segment_s * view.replan_every as f64);
    let sign = if (decision.round() as u64).is_multiple_of(2) { 1.0 } else { -1.0 };
    match segment {
        0 => towards(view) * (0.2 * sign),
        1 => towards(view) * (-0.2 * sign),
        _ => Vector3::zeros(),
    }
}

/// Full thrust straight at the target.
fn rush(view: &View, _: usize) -> Vector3 {
    towards(view) / towards(view).amax().max(1e-9)
}

/// Full thrust away from it: an early end spares the cost of time.
fn flee(view: &View, segment: usize) -> Vector3 {
    -rush(view, segment)
}

const TRICKS: [(&str, Trick); 5] =
    [("hover", hover), ("coast", coast), ("oscillate", oscillate), ("rush", rush), ("flee", flee)];

/// Flies by a guidance as long as the target is beyond a distance (none: always), and by a trick from then on.
struct Thief {
    guide: Option<ScriptedPolicy>,
    until_m: f64,
    trick: Trick,
}

impl Policy for Thief {
    fn act(&mut self, scene: &Scene<'_>, decisions: &mut Decisions) -> Result<(), PolicyError> {
        if let Some(guide) = &mut self.guide {
            guide.act(scene, decisions)?;
        }
        for (view, plan) in scene.views.iter().zip(decisions.plans.chunks_exact_mut(PLAN)) {
            if self.guide.is_some() && view.target().is_some_and(|target| target.range_m() > self.until_m) {
                continue;
            }
            plan.fill(0.0);
            for (index, segment) in plan.chunks_exact_mut(SEGMENT_WIDTH).take(view.replan_every).enumerate() {
                plan::encode(&(self.trick)(view, index), &view.own, segment);
            }
        }
        Ok(())
    }
}

fn guide(name: &str) -> ScriptedPolicy {
    ScriptedPolicy::new(scripted(name).expect("the registry has it"), SEEDS.count as usize, 1)
}

fn mean(returns: impl Iterator<Item = f64>) -> Option<f64> {
    let returns: Vec<f64> = returns.collect();
    (!returns.is_empty()).then(|| returns.iter().sum::<f64>() / returns.len() as f64)
}

/// Plays honest guidance and every trick, and holds each trick's returns against those of honest success.
///
/// `loiter_m`: where the thief that approaches honestly stops and waits. Episodes of a trick that miss the goal must stay
/// below honest success by half of what a scenario pays for success itself in the mean, and below it every one: then no
/// mixture of guiding terms outweighs the goal. An episode in which a trick does meet the goal is no theft.
fn no_trick_pays(scenario: &Scenario, honest: &str, loiter_m: f64) {
    let episodes = |policy: &mut dyn Policy| -> Vec<EpisodeResult> {
        play(&scenario.template, &scenario.rewards, SEEDS, policy).expect("finite numbers")
    };
    let honest_episodes = episodes(&mut guide(honest));
    let won = honest_episodes.iter().filter(|episode| episode.succeeded());
    let honest_return = mean(won.clone().map(|episode| episode.episode_return)).expect("honest guidance succeeds");
    assert!(won.count() >= 20, "honest guidance hardly succeeds: this tells nothing");
    let success_pays = scenario.rewards.terms.iter().find_map(|term| match term {
        RewardTerm::Ending(ending) => Some(ending.success),
        _ => None,
    });
    let bound = honest_return - 0.5 * success_pays.expect("the scenario pays for success");

    let mut thieves: Vec<(&str, Thief)> =
        TRICKS.map(|(name, trick)| (name, Thief { guide: None, until_m: 0.0, trick })).into_iter().collect();
    thieves.push(("loiter", Thief { guide: Some(guide(honest)), until_m: loiter_m, trick: hover }));
    let mut table = format!("{}: honest success earns {honest_return:.3}, the bound is {bound:.3}\n", scenario.name);
    let mut caught = true;
    for (name, mut thief) in thieves {
        let played = episodes(&mut thief);
        let failed: Vec<f64> =
            played.iter().filter(|episode| !episode.succeeded()).map(|episode| episode.episode_return).collect();
        let of_failed = mean(failed.iter().copied()).expect("a trick that always meets the goal is none");
        let greatest = failed.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let line = format!("{name}: {} failed, mean {of_failed:.3}, greatest {greatest:.3}", failed.len());
        writeln!(table, "{line}").expect("a string takes it");
        caught &= of_failed < bound && greatest < honest_return;
    }
    assert!(caught, "{table}");
}

#[test]
fn no_trick_pays_in_docking() {
    no_trick_pays(&shipped::scenario("docking"), "glideslope", 5.0);
}

#[test]
fn no_trick_pays_in_pursuit() {
    no_trick_pays(&shipped::scenario("pursuit_evasion"), "zem_zev", 1500.0);
}

#[test]
fn no_trick_pays_in_inspection() {
    no_trick_pays(&shipped::scenario("inspection"), "circumnavigate", 45.0);
}

#[test]
fn no_trick_pays_in_guarding() {
    no_trick_pays(&shipped::scenario("lady_bandit_guard"), "interpose", 1500.0);
}

#[test]
fn no_trick_pays_in_sun_blocking() {
    no_trick_pays(&shipped::scenario("sun_blocking"), "hold_station", 200.0);
}

/// Views of random flight.
fn views(scenario: &Scenario) -> Vec<View> {
    let seeds = shipped::seeds(SeedDomain::Train, 8);
    let mut env = VectorEnv::new(&scenario.template, &scenario.rewards, &seeds, ARENAS_PER_SHARD, AfterEpisode::Reset);
    let (mut rollout, mut policy) = (Rollout::new(env.rows()), RandomPolicy::new(9));
    let mut views = Vec::new();
    for _ in 0..10 {
        rollout.play(&mut env, &mut policy, 1, |_| {}).expect("finite numbers");
        views.extend_from_slice(env.scene().views);
    }
    views
}

#[test]
fn what_guides_pays_nothing_for_going_round() {
    for scenario in shipped::scenarios() {
        let guiding = |term: &&RewardTerm| {
            use RewardTerm::{Approach, Guarded, Progress, ZeroEffortMiss};
            matches!(term, Approach(_) | Guarded(_) | Progress(_) | ZeroEffortMiss(_))
        };
        let guiding: Vec<RewardTerm> = scenario.rewards.terms.iter().filter(guiding).cloned().collect();
        let rewards = RewardConfig { terms: guiding };
        assert!(!rewards.terms.is_empty(), "{} guides nobody", scenario.name);
        let views = views(&scenario);
        let round = views.iter().zip(views.iter().cycle().skip(1));
        let paid: Vec<f64> = round
            .map(|(before, after)| {
                let consequence = Consequence { before, after, delta_v_m_s: 0.0, overspeed_s: 0.0, outcome: None };
                rewards.terms.iter().map(|term| term.pay(&consequence)).sum()
            })
            .collect();
        let turnover: f64 = paid.iter().map(|pay| pay.abs()).sum();
        assert!(turnover > 0.1, "{}: the loop goes nowhere", scenario.name);
        // Rounding of 80 differences of numbers of the order of ten.
        assert!(paid.iter().sum::<f64>().abs() < 1e-12 * (1.0 + turnover), "{}: {paid:?}", scenario.name);
    }
}
