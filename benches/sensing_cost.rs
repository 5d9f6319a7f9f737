//! What does sensing cost? Nanoseconds of a look and of the track update that follows it, and of a segment with sensors and without.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

mod rig;

use std::hint::black_box;
use std::time::Instant;

use astroshield::astro::CartesianState;
use astroshield::astro::constants::{ASTRONOMICAL_UNIT_M, EARTH_J2, EARTH_MU_M3_S2, EARTH_RADIUS_M};
use astroshield::astro::{Vector3, rtn::RelativeState};
use astroshield::sim::seeds::{Purpose, SeedDomain, stream};
use astroshield::sim::sensing::config::{SensingConfig, SensorsConfig, TrackStart};
use astroshield::sim::sensors::optical::Optical;
use astroshield::sim::sensors::radar::Radar;
use astroshield::sim::sensors::rf::Rf;
use astroshield::sim::sensors::scene::Scene;
use astroshield::sim::sensors::signature::{Emitter, Signature};
use astroshield::sim::sensors::{Sensor, SensorConfig};
use astroshield::sim::shard::Shard;
use astroshield::sim::template::Template;
use astroshield::sim::tracks::config::TrackingConfig;
use astroshield::sim::tracks::estimate::Estimate;
use astroshield::sim::tracks::motion::Motion;
use astroshield::sim::tracks::track::{Track, Tracker};
use rig::{fleet, in_turn, median, seeds};

const ARENAS: usize = 512;
const SEGMENTS: usize = 8;
const ROUNDS: usize = 9;
const INTERVAL_S: f64 = 10.0;

fn main() {
    updates();
    segments();
}

/// One target of one tracker: looks, predictions and updates by themselves.
fn updates() {
    const LOOKS: usize = 2_000;
    let orbit = Motion::Orbit { mu_m3_s2: EARTH_MU_M3_S2, earth_radius_m: EARTH_RADIUS_M, j2: EARTH_J2 };
    let hill = Motion::Hill { mean_motion_rad_s: 1.1e-3 };
    let own =
        CartesianState { position_m: Vector3::new(6.9e6, 0.0, 0.0), velocity_m_s: Vector3::new(0.0, 4.0e3, 6.4e3) };
    let offset =
        RelativeState { position_rtn_m: Vector3::new(2e3, 9e3, 1e3), velocity_rtn_m_s: Vector3::new(1.0, 2.0, 0.0) };
    let emitter = Some(Emitter { eirp_w: 10.0, frequency_hz: 2.2e9 });
    let signature = Signature { radar_cross_section_m2: 1.0, standard_magnitude: 4.0, emitter };
    println!("one target, intervals of {INTERVAL_S} s: ns, one thread\n");
    println!("{:<8}  {:<8}  {:>6}  {:>8}  {:>17}", "motion", "sensor", "look", "predict", "predict and update");
    for (name, motion) in [("orbit", orbit), ("Hill", hill)] {
        for sensor in [
            SensorConfig::Radar(Radar::default()),
            SensorConfig::Optical(Optical::default()),
            SensorConfig::Rf(Rf::default()),
        ] {
            let tracker = Tracker::new(motion, TrackingConfig::default()).with_interval(INTERVAL_S);
            let (target, scene) = match motion {
                Motion::Orbit { .. } => {
                    let target = offset.to_gcrf(&own);
                    let sun_m = -Vector3::y() * ASTRONOMICAL_UNIT_M;
                    let scene = Scene::in_orbit(INTERVAL_S, &own, &target, &sun_m, EARTH_RADIUS_M, signature);
                    (target, Scene { sunlit: true, ..scene })
                }
                Motion::Hill { .. } => {
                    let position_m = own.position_m + offset.position_rtn_m;
                    let target = CartesianState { position_m, velocity_m_s: own.velocity_m_s };
                    (target, Scene::in_hill_frame(INTERVAL_S, &own, &target, -Vector3::y(), signature))
                }
            };
            let mut generator = stream(1, SeedDomain::Train, 0, 0, Purpose::Sensor);
            let begun = Instant::now();
            let looks: Vec<_> = (0..LOOKS).filter_map(|_| sensor.observe(black_box(&scene), &mut generator)).collect();
            let look_ns = begun.elapsed().as_secs_f64() / LOOKS as f64 * 1e9;
            // The same state an interval earlier: what is timed is arithmetic and does not depend on how well it fits.
            let track = Track::given(Estimate::about(0.0, &target, [300.0, 3.0, 0.01]));
            let vantage = motion.vantage(own);
            let (mut predicts, mut updates) = (Vec::new(), Vec::new());
            for _ in 0..ROUNDS {
                for (times, seen) in [(&mut predicts, false), (&mut updates, true)] {
                    let begun = Instant::now();
                    for look in &looks {
                        let mut track = Some(black_box(track));
                        let given = seen.then_some(look);
                        let verdict = tracker.step(&mut track, INTERVAL_S, &vantage, given);
                        assert!(verdict.is_ok());
                        black_box(&track);
                    }
                    times.push(begun.elapsed().as_secs_f64() / looks.len() as f64 * 1e9);
                }
            }
            let (predict, update) = (median(&mut predicts), median(&mut updates));
            println!("{name:<8}  {:<8}  {look_ns:>6.0}  {predict:>8.0}  {update:>17.0}", sensor.name());
        }
    }
}

/// Whole segments of a shard, the learned spacecraft looking at all others by radar and telescope.
fn segments() {
    println!("\n{ARENAS} arenas, segments of 10 s, one thread; x: times perfect sensing in the same rounds");
    println!(
        "{:>10}  {:>22}  {:>22}  {:>7}  {:>16}",
        "spacecraft", "perfect, ns a segment", "sensors, ns a segment", "x", "ns a track"
    );
    for spacecraft in [2, 4, 8] {
        let perfect = fleet(spacecraft);
        let mut sensing = perfect.clone();
        let learned = sensing.slots.iter().position(|slot| slot.behaviours.is_empty()).expect("one is learned");
        sensing.slots[learned].sensing = SensingConfig::Sensors(SensorsConfig {
            sensors: vec![SensorConfig::Radar(Radar::default()), SensorConfig::Optical(Optical::default())],
            dropout_probability: 0.05,
            bias: None,
            start: TrackStart::default(),
            tracking: TrackingConfig::default(),
        });
        let shard = |template: &Template| Shard::new(template, &seeds(ARENAS));
        let (mut without, mut with) = (shard(&perfect), shard(&sensing));
        let run = |shard: &mut Shard| (0..SEGMENTS).for_each(|_| black_box(&mut *shard).advance());
        let [perfect_s, sensing_s, ratio] = in_turn(ROUNDS, || run(&mut without), || run(&mut with));
        let segments = (ARENAS * SEGMENTS) as f64;
        let [perfect_ns, sensing_ns] = [perfect_s, sensing_s].map(|seconds| seconds / segments * 1e9);
        let track_ns = (sensing_ns - perfect_ns) / (spacecraft - 1) as f64;
        println!("{spacecraft:>10}  {perfect_ns:>22.0}  {sensing_ns:>22.0}  {ratio:>6.1}x  {track_ns:>16.0}");
    }
}
