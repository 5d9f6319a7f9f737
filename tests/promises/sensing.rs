//! With sensors, a spacecraft knows what they tell it, tracks know how well they know, and every promise of perfect sensing is kept.

use astroshield::env::observation::{BLOCK, OBSERVATION};
use astroshield::env::policy::{Decisions, Policy};
use astroshield::env::vector::{AfterEpisode, Step, VectorEnv};
use astroshield::eval::random_policy::RandomPolicy;
use astroshield::scenario::Scenario;
use astroshield::sim::behaviours::BehaviourConfig;
use astroshield::sim::behaviours::ballistic::Ballistic;
use astroshield::sim::seeds::SeedDomain;
use astroshield::sim::sensing::config::{SensingConfig, SensorsConfig, TrackStart};
use astroshield::sim::sensors::SensorConfig;
use astroshield::sim::sensors::optical::Optical;
use astroshield::sim::sensors::radar::Radar;
use astroshield::sim::shard::Shard;
use astroshield::sim::template::Template;
use astroshield::sim::tracks::manoeuvres::Manoeuvres;

use super::shipped::{self, with_threads};
use super::tracks::bounds;

const TEXT: &str = include_str!("sensing.ron");
const EVADER: usize = 0;
const PURSUER: usize = 1;

pub(crate) fn scenario() -> Scenario {
    Scenario::from_source("sensing.ron", TEXT).unwrap_or_else(|error| panic!("{}", error.render(false)))
}

/// The pursuer's sensors in `template`.
fn sensors(template: &mut Template) -> &mut SensorsConfig {
    match &mut template.slots[PURSUER].sensing {
        SensingConfig::Sensors(sensors) => sensors,
        SensingConfig::Perfect => panic!("the pursuer has sensors"),
    }
}

/// The scenario with an evader that coasts and trackers that suppose no more than that.
fn coasting() -> Template {
    let mut template = scenario().template;
    template.slots[EVADER].behaviours = vec![BehaviourConfig::Ballistic(Ballistic {})];
    sensors(&mut template).tracking.manoeuvres =
        Manoeuvres { white_density_m2_s3: 1e-13, sigma_m_s2: 0.0, time_constant_s: 60.0 };
    template
}

/// What was seen and paid in 33 arenas over 50 random decisions, as bits.
fn flown(template: &Template, arenas_per_shard: usize) -> (Vec<u32>, Vec<u32>) {
    let seeds = shipped::seeds(SeedDomain::Train, 33);
    let rewards = scenario().rewards;
    let mut env = VectorEnv::new(template, &rewards, &seeds, arenas_per_shard, AfterEpisode::Reset);
    fly(&mut env, &mut RandomPolicy::new(5), 50)
}

fn fly(env: &mut VectorEnv, policy: &mut RandomPolicy, count: usize) -> (Vec<u32>, Vec<u32>) {
    let (mut step, mut decisions) = (Step::new(env.rows()), Decisions::new(env.rows()));
    let (mut seen, mut paid) = (Vec::new(), Vec::new());
    for _ in 0..count {
        policy.act(&env.scene(), &mut decisions).expect("a random policy cannot fail");
        env.step(&decisions.plans, &mut step);
        for numbers in [env.scene().observations, &step.final_observations] {
            assert!(numbers.iter().all(|number| number.is_finite()));
            seen.extend(numbers.iter().map(|number| number.to_bits()));
        }
        paid.extend(step.rewards.iter().map(|reward| reward.to_bits()));
    }
    (seen, paid)
}

#[test]
fn a_flight_with_sensors_is_the_same_for_any_threads_and_shards() {
    let template = scenario().template;
    let first = with_threads(1, || flown(&template, 32));
    for threads in [1, 3] {
        for arenas in [1, 5, 33] {
            assert!(with_threads(threads, || flown(&template, arenas)) == first, "{threads} threads, {arenas} arenas");
        }
    }
}

#[test]
fn what_sensors_show_changes_no_payment_and_no_truth() {
    let mut template = scenario().template;
    // Behaviours decide by what they see, so the evader coasts.
    template.slots[EVADER].behaviours = vec![BehaviourConfig::Ballistic(Ballistic {})];
    let (seen, paid) = flown(&template, 33);
    for slot in &mut template.slots {
        slot.sensing = SensingConfig::Perfect;
    }
    let (truth, paid_by_truth) = flown(&template, 33);
    assert!(paid == paid_by_truth, "rewards depend on what sensors showed");
    assert!(seen != truth);
}

#[test]
fn tracks_are_consistent_over_200_episodes() {
    let template = coasting();
    let runs = 200;
    let mut shard = Shard::new(&template, &shipped::seeds(SeedDomain::Report, runs));
    // Own burns are known: they must not show as errors.
    shard.plans_mut().fill([0.3, -0.5, 0.4]);
    let (mut sum, mut looks, mut last) = (0.0, 0, 0.0);
    for _ in 0..14 {
        shard.advance();
        last = 0.0;
        for index in 0..runs as usize {
            let truth = shard.orbits(index)[EVADER].state();
            assert!(shard.arenas()[index].outcome.is_none(), "the bounds are of {runs} runs");
            let track = shard.tracks(index, PURSUER)[EVADER].expect("radar within 20 km");
            last += track.estimate.normalised_squared_error(&truth).expect("positive definite");
            assert_eq!(track.estimate.time_s, shard.arenas()[index].time_s);
        }
        (sum, looks) = (sum + last, looks + 1);
    }
    // Errors of one run hang together over time, those of two runs do not.
    let (low, high) = bounds(6.0 * runs as f64);
    let mean = sum / f64::from(looks);
    assert!((low..high).contains(&last), "NEES {last} outside {low} to {high}");
    assert!((low..high).contains(&mean), "mean NEES {mean} outside {low} to {high}");
}

#[test]
fn a_burn_shows_in_the_estimated_acceleration() {
    let mut template = scenario().template;
    let mut look = |behaviours: Vec<BehaviourConfig>| {
        template.slots[EVADER].behaviours = behaviours;
        let mut shard = Shard::new(&template, &shipped::seeds(SeedDomain::Report, 40));
        shard.advance();
        // The evader burns at full thrust for six decisions, whatever it is.
        let mut estimated = 0.0;
        for _ in 0..6 {
            shard.advance();
        }
        shard.for_each_view(|_, _, view| {
            estimated += view.tracks().map(|track| track.acceleration_rtn_m_s2.norm()).sum::<f64>() / 40.0;
        });
        estimated
    };
    let coasting = look(vec![BehaviourConfig::Ballistic(Ballistic {})]);
    let flee = ron::from_str("Flee((trigger_range_m: Fixed(1e6)))").expect("a behaviour");
    let burning = look(vec![flee]);
    // 3 N on 300 kg: 0.01 m/s².
    assert!((0.007..0.013).contains(&burning), "{burning} m/s²");
    assert!(coasting < 0.5 * burning, "{coasting} m/s² against {burning}");
}

#[test]
fn a_track_that_nothing_feeds_is_dropped_and_its_place_is_empty() {
    let mut template = coasting();
    sensors(&mut template).dropout_probability = 1.0;
    sensors(&mut template).tracking.coast_s = 200.0;
    let mut env =
        VectorEnv::new(&template, &scenario().rewards, &shipped::seeds(SeedDomain::Train, 6), 3, AfterEpisode::Stop);
    let (mut step, decisions) = (Step::new(env.rows()), Decisions::new(env.rows()));
    for decision in 1..=8 {
        env.step(&decisions.plans, &mut step);
        let time_s = f64::from(decision) * 40.0;
        for (view, observation) in env.scene().views.iter().zip(env.scene().observations.chunks_exact(OBSERVATION)) {
            // Kept at 200 s without a look, dropped after.
            assert_eq!(view.tracks().count(), usize::from(time_s <= 200.0), "at {time_s} s");
            let blank = observation[BLOCK..].iter().all(|number| *number == 0.0);
            assert_eq!(blank, time_s > 200.0);
        }
    }
}

#[test]
fn a_view_tells_estimates_and_public_values_only() {
    let template = scenario().template;
    let mut shard = Shard::new(&template, &shipped::seeds(SeedDomain::Train, 50));
    for _ in 0..5 {
        shard.advance();
    }
    let mut seen = 0;
    shard.for_each_view_where(
        |_| true,
        |_, _, _, _, view, truth| {
            let Some(track) = view.tracks().next() else { return };
            seen += 1;
            let real = truth.tracks().next().expect("there is one");
            let error_m = (track.position_rtn_m - real.position_rtn_m).norm();
            assert!(
                error_m > 0.0 && error_m < 6.0 * track.position_sigma_m,
                "{error_m} m of {}",
                track.position_sigma_m
            );
            assert_eq!((track.team, track.mark), (real.team, real.mark));
            // Uniform masses of mean 300 kg; what is left of the 6 m/s is not known.
            assert_eq!((track.max_acceleration_m_s2, track.delta_v_left_m_s), (0.01, 6.0));
            assert!(real.max_acceleration_m_s2 != 0.01);
            assert!(view.closest_approach_m != truth.closest_approach_m);
            assert!((view.closest_approach_m / truth.closest_approach_m - 1.0).abs() < 0.2);
        },
    );
    assert!(seen > 45, "{seen} of 50 tracked");
}

#[test]
fn nobody_knows_anything_before_a_first_measurement() {
    let mut template = coasting();
    *sensors(&mut template) = SensorsConfig {
        sensors: vec![SensorConfig::Radar(Radar { max_range_m: 1_000.0, ..Radar::default() })],
        start: TrackStart::FirstMeasurement,
        ..sensors(&mut template).clone()
    };
    let mut shard = Shard::new(&template, &shipped::seeds(SeedDomain::Train, 9));
    shard.for_each_view(|_, _, view| assert_eq!(view.tracks().count(), 0));
    *sensors(&mut template) = SensorsConfig {
        sensors: vec![SensorConfig::Radar(Radar { reference_snr: 1e9, ..Radar::default() })],
        dropout_probability: 0.0,
        ..sensors(&mut template).clone()
    };
    let mut shard = Shard::new(&template, &shipped::seeds(SeedDomain::Train, 9));
    // A radar that cannot miss: the look at the start has begun a track.
    shard.for_each_view(|_, _, view| assert_eq!(view.tracks().count(), 1));
    let track = shard.tracks(0, PURSUER)[EVADER].expect("begun");
    assert_eq!((track.hits, track.last_hit_s, track.contact.begun_s), (1, 0.0, 0.0));
    assert!(shard.tracks(0, PURSUER)[PURSUER].is_none());
}

#[test]
fn a_track_tells_how_the_target_looks() {
    let mut template = coasting();
    let always = Radar { reference_snr: 1e6, ..Radar::default() };
    let bright = Optical { limiting_magnitude: 20.0, sun_exclusion_rad: 0.0, ..Optical::default() };
    *sensors(&mut template) = SensorsConfig {
        sensors: vec![SensorConfig::Radar(always), SensorConfig::Optical(bright)],
        dropout_probability: 0.0,
        ..sensors(&mut template).clone()
    };
    let arenas = 60;
    let mut shard = Shard::new(&template, &shipped::seeds(SeedDomain::Train, arenas as u64));
    for _ in 0..8 {
        shard.advance();
    }
    let (mut sections, mut lit) = (0.0, 0);
    for index in 0..arenas {
        let truth = shard.signatures_mut(index).expect("there are sensors")[EVADER];
        let contact = shard.tracks(index, PURSUER)[EVADER].expect("tracked").contact;
        let dbsm = contact.cross_section_dbsm.expect("seen by radar");
        sections += dbsm - 10.0 * truth.radar_cross_section_m2.log10();
        if let Some(curve) = contact.light_curve {
            lit += 1;
            // 0.02 a look, and less on the mean; the range is known to a few metres of 8 km and more.
            assert!((curve.magnitude - truth.standard_magnitude).abs() < 0.12, "{curve:?} {truth:?}");
            assert!((curve.mean - truth.standard_magnitude).abs() < 0.06 && curve.variance < 0.003, "{curve:?}");
        }
        assert!(contact.degrees > 0 && contact.normalised_square >= 0.0);
    }
    // Swerling 1: the mean of ten times the decimal logarithm of an exponential is -2.5 dB, its spread 5.6 dB.
    let mean = sections / arenas as f64;
    assert!((mean + 2.5).abs() < 3.0 * 5.6 / (arenas as f64).sqrt(), "{mean} dB");
    assert!(lit > arenas / 3, "{lit} lit");
}

#[test]
fn a_flight_with_sensors_goes_on_from_a_checkpoint() {
    let scenario = scenario();
    let seeds = shipped::seeds(SeedDomain::Train, 7);
    let made = || VectorEnv::new(&scenario.template, &scenario.rewards, &seeds, 3, AfterEpisode::Reset);
    let mut policy = RandomPolicy::new(3);
    let mut first = made();
    // Into the second episode of each.
    fly(&mut first, &mut policy, 20);
    let saved = postcard::to_stdvec(&first.state()).expect("it can be written");
    let mut again = made();
    assert!(again.restore(&postcard::from_bytes(&saved).expect("it can be read")));
    assert_eq!(again.state(), first.state());
    let (mut one, mut other) = (RandomPolicy::new(4), RandomPolicy::new(4));
    assert!(fly(&mut first, &mut one, 20) == fly(&mut again, &mut other, 20));
    // What sensors saw does not fit a shard without any.
    let mut perfect = scenario.template.clone();
    for slot in &mut perfect.slots {
        slot.sensing = SensingConfig::Perfect;
    }
    let mut blind = VectorEnv::new(&perfect, &scenario.rewards, &seeds, 3, AfterEpisode::Reset);
    assert!(!blind.restore(&first.state()));
}

#[test]
fn sensor_draws_leave_the_start_as_it_was() {
    let scenario = scenario();
    let mut perfect = scenario.template.clone();
    for slot in &mut perfect.slots {
        slot.sensing = SensingConfig::Perfect;
    }
    let seeds = shipped::seeds(SeedDomain::Train, 4);
    let (mut one, mut other) = (Shard::new(&scenario.template, &seeds), Shard::new(&perfect, &seeds));
    assert!(one.has_sensors() && !other.has_sensors());
    for index in 0..4 {
        assert_eq!(one.orbits(index), other.orbits(index));
        assert_eq!(one.behaviour(index, EVADER), other.behaviour(index, EVADER));
    }
}

#[test]
fn bad_sensing_is_refused_with_help() {
    for (from, to, at, message, help) in [
        ("sensors: [Radar(), Optical()]", "sensors: []", "[]", "the list is empty", "name a sensor"),
        ("position_sigma_m: 100.0", "position_sigma_m: -1.0", "-1.0", "`position_sigma_m`: -1 is below", "has no sign"),
        ("sigma_m_s2: 0.01", "sigma_m_s2: -0.01", "-0.01", "`sigma_m_s2`: -0.01 is below 0", "has no sign"),
        ("half_angle_rad: 1.0", "half_angle_rad: 0.0", "0.0", "`half_angle_rad`: 0 is below", "between axis and edge"),
        ("dropout_probability: 0.1", "dropout_probability: 1.1", "1.1", "1.1 is above 1 (spacecraft 'pursuer')", ""),
        ("Rf(integration_s: 0.01)", "Rf(integration_s: NaN)", "NaN", "`integration_s`: NaN is not a finite", ""),
        ("boresight_rtn: (0.0, -1.0, 0.0)", "boresight_rtn: (0.0, 0.0, 0.0)", "(0.0, 0.0, 0.0)", "no direction", ""),
        ("eirp_w: LogUniform(0.5, 5.0)", "eirp_w: Fixed(-1.0)", "Fixed(-1.0)", "radiated power -1 W is negative", ""),
        ("LogUniform(0.5, 5.0), standard", "Fixed(-2.0), standard", "Fixed(-2.0)", "cross-section -2 m² is neg", ""),
        ("Uniform(5.0, 8.0)", "Fixed(99.0)", "Fixed(99.0)", "standard magnitude 99 is above 60", ""),
        ("start: FirstMeasurement", "start: Guess", "Guess", "unknown", ""),
        ("Optical()]", "Sonar()]", "Sonar", "unknown", ""),
        ("dropout_probability: 0.1", "dropouts: 0.1", "dropouts", "unknown field `dropouts`", ""),
    ] {
        assert!(TEXT.contains(from), "{from}");
        let text = TEXT.replacen(from, to, 1);
        let error = Scenario::from_source("bad.ron", &text).expect_err(to);
        let fault = &error.faults()[0];
        assert_eq!(error.faults().len(), 1, "{to}: {error:?}");
        let span = fault.span.offset()..fault.span.offset() + fault.span.len();
        assert_eq!(&text[span], at, "{fault:?}");
        assert!(fault.message.contains(message), "{to}: {}", fault.message);
        assert!(fault.help.as_deref().unwrap_or_default().contains(help), "{to}: {:?}", fault.help);
    }
}
