//! What is released in an episode: the same bits for any threads and shards, kept by a checkpoint, and recorded from then on.

use astroshield::astro::rtn::RelativeState;
use astroshield::env::vector::{AfterEpisode, Step, VectorEnv};
use astroshield::eval::evaluate::Seeds;
use astroshield::eval::recording::directory::RecordingDirectory;
use astroshield::eval::recording::events::EventKind;
use astroshield::eval::recording::{Recording, czml, html, oem, parquet};
use astroshield::eval::team_policies::TeamPolicies;
use astroshield::scenario::Scenario;
use astroshield::sim::components::{Ledger, Mass, Orbit};
use astroshield::sim::seeds::SeedDomain;
use hifitime::Epoch;

use super::binary::files;
use super::shipped::{self, with_threads};
use super::signatures_close::CloseGame;

/// A carrier that lets go of an interceptor, which breaks up when its time is over; and a spare slot that stays empty.
fn game() -> CloseGame {
    let child = "Sequence(stages: [(behaviour: KineticIntercept(), duration_s: Uniform(200.0, 300.0)), \
                 (behaviour: Fragmentation(delay_s: Fixed(0.0), fragments: Fixed(2.0)))])";
    CloseGame {
        children: [child, "Jink()", "Ballistic()", "Ballistic()"].map(str::to_owned).to_vec(),
        range_m: "Uniform(3000.0, 20000.0)",
        time_limit_s: 1_200.0,
        ..CloseGame::of("SubsatelliteRelease(delay_s: Uniform(100.0, 500.0), speed_m_s: Fixed(1.0))")
    }
}

/// All that others can see of every spacecraft.
type Scene = Vec<(Orbit, Mass, Ledger, u8)>;

fn scene(env: &mut VectorEnv) -> Scene {
    let mut scene = Vec::new();
    for shard in env.shards_mut() {
        for index in 0..shard.arenas().len() {
            shard.with_rows(index, |template, _, rows| {
                let of = |slot: usize| {
                    (rows.orbits[slot], rows.masses[slot], rows.ledgers[slot], rows.identities[slot].team)
                };
                scene.extend((0..template.slots.len()).map(of));
            });
        }
    }
    scene
}

fn env(scenario: &Scenario, arenas_per_shard: usize) -> VectorEnv {
    let seeds = shipped::seeds(SeedDomain::Train, 33);
    VectorEnv::new(&scenario.template, &scenario.rewards, &seeds, arenas_per_shard, AfterEpisode::Reset)
}

/// The scene after each 10 of `decisions`.
fn play(env: &mut VectorEnv, decisions: usize) -> Vec<Scene> {
    let mut step = Step::new(env.rows());
    (0..decisions)
        .filter_map(|decision| {
            env.step(&[], &mut step);
            (decision % 10 == 9).then(|| scene(env))
        })
        .collect()
}

#[test]
fn releases_are_the_same_for_any_threads_and_shards() {
    let scenario = game().scenario();
    let run = |threads, arenas| with_threads(threads, || play(&mut env(&scenario, arenas), 100));
    let first = run(1, 33);
    let present = |scene: &Scene| scene.iter().filter(|row| row.3 != 0).count();
    let counts: Vec<usize> = first.iter().map(present).collect();
    // Two each at the start, five each when all that is released is; the 60th decision ends the first episodes.
    assert!(counts[0] < 2 * 33 + 33 && counts[4] == 5 * 33, "{counts:?}");
    assert_eq!(counts[5], 2 * 33, "a reset takes back what was released: {counts:?}");
    for (threads, arenas) in [(1, 5), (2, 7), (3, 1), (2, 33)] {
        assert!(run(threads, arenas) == first, "{threads} threads, {arenas} arenas a shard");
    }
}

#[test]
fn a_checkpoint_keeps_what_was_released() {
    let scenario = game().scenario();
    let mut whole = env(&scenario, 8);
    let halves = [whole.state(), {
        play(&mut whole, 30);
        whole.state()
    }];
    let released = scene(&mut whole).iter().filter(|row| row.3 != 0).count();
    assert!(released > 2 * 33 + 20, "{released} there in mid-course: too few to tell");
    let expected = play(&mut whole, 60);
    // Through the bytes of a checkpoint, into an environment that has played something else meanwhile.
    let bytes = postcard::to_stdvec(&halves[1]).expect("plain numbers");
    let mut resumed = env(&scenario, 8);
    play(&mut resumed, 47);
    assert!(resumed.restore(&postcard::from_bytes(&bytes).expect("what was written")), "it fits");
    assert!(play(&mut resumed, 60) == expected, "the resumed episodes differ");
    assert!(resumed.state() == whole.state());
    assert!(resumed.restore(&halves[0]));
    let released = scene(&mut resumed).iter().filter(|row| row.3 != 0).count();
    assert_eq!(released, 2 * 33, "the start has nothing released");
}

fn recorded() -> Recording {
    let seeds = Seeds { run: 3, domain: SeedDomain::Report, count: 4 };
    Recording::play(&game().scenario(), seeds, &[], &mut TeamPolicies::default(), &mut |_| {}).expect("it plays")
}

#[test]
fn a_child_is_recorded_from_its_release_on() {
    let recording = recorded();
    let created = Epoch::from_unix_seconds(1.7e9);
    for episode in &recording.episodes {
        let samples = |slot: usize| episode.craft[slot].samples.as_slice();
        let (carrier, child) = (samples(1), samples(2));
        let release_s = child[0].time_s;
        assert!((100.0..=520.0).contains(&release_s), "{release_s} s");
        assert_eq!(child.last().map(|last| last.time_s), carrier.last().map(|last| last.time_s));
        assert_eq!(samples(5), [], "nothing was released into the last slot");
        let told: Vec<_> = episode.events.iter().filter(|event| event.kind == EventKind::Release).collect();
        assert_eq!(told.iter().map(|event| event.slot).collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(told[0].time_s, release_s);
        assert!(episode.events.iter().all(|event| event.slot != 5));

        // It parts at 1 m/s from 2 m away, and momentum says what the carrier came as.
        let parent = carrier.iter().find(|sample| sample.time_s == release_s).expect("the carrier is there");
        let apart = RelativeState::between(&parent.state, &child[0].state);
        let came = parent.came_as.expect("it recoils");
        let speed_m_s = (child[0].state.velocity_m_s - parent.state.velocity_m_s).norm();
        assert!((speed_m_s - 1.0).abs() < 1e-9, "{speed_m_s} m/s");
        assert!((1.9..2.5).contains(&apart.position_rtn_m.norm()), "{}", apart.position_rtn_m);
        let momentum = (parent.state.velocity_m_s - came.velocity_m_s) * parent.mass_kg
            + (child[0].state.velocity_m_s - came.velocity_m_s) * child[0].mass_kg;
        assert!(momentum.norm() < 1e-7, "{momentum}");
        assert!(carrier.iter().filter(|sample| sample.came_as.is_some()).count() == 1);
        // F = ṁ c through releases too: the thrust of each segment is that of the mass after the release.
        for (samples, isp_s) in [(carrier, 300.0), (child, 220.0)] {
            for pair in samples.windows(2).filter(|pair| pair[1].came_as.is_none()) {
                let flow_kg = pair[0].mass_kg - pair[1].mass_kg;
                let burnt_kg = pair[0].thrust_rtn_n.norm() / (isp_s * 9.806_65) * (pair[1].time_s - pair[0].time_s);
                assert!((flow_kg - burnt_kg).abs() < 1e-10, "{flow_kg} against {burnt_kg}");
            }
        }

        // An ephemeris a segment: the child's begins at its release, the carrier's breaks there.
        let [carrier_oem, child_oem] = [1, 2].map(|slot| oem::message(&recording, episode, slot, created));
        let values = |text: &str, key: &str| -> Vec<String> {
            text.lines().filter_map(|line| line.strip_prefix(key)).map(str::to_owned).collect()
        };
        let release = recording.utc(release_s);
        assert_eq!(values(&child_oem, "START_TIME = ")[0], release);
        assert_eq!(values(&child_oem, "META_START").len(), 2, "it breaks up itself");
        assert_eq!(values(&carrier_oem, "START_TIME = "), [recording.utc(0.0), release.clone()]);
        assert_eq!(values(&carrier_oem, "STOP_TIME = ")[0], release);
        let lines = carrier_oem.lines().filter(|line| line.starts_with(&release)).count();
        assert_eq!(lines, 2, "the state in which it came, and the one in which it leaves");

        let document = czml::document(&recording, episode);
        let packet = |name: &str| {
            let packets = document.as_array().expect("packets");
            packets.iter().find(|packet| packet["id"] == name).cloned()
        };
        let available = packet("child-1").expect("it was there")["availability"].as_str().map(str::to_owned);
        assert!(available.is_some_and(|interval| interval.starts_with(&format!("{release}Z/"))));
        assert_eq!(packet("child-4"), None);
    }
    let rows: usize = recording.episodes.iter().flat_map(|of| &of.craft).map(|craft| craft.samples.len()).sum();
    assert!(rows < recording.episodes.iter().map(|of| of.craft[0].samples.len() * 6).sum());
    assert!(!parquet::states(&recording).expect("a table").is_empty());
    assert!(!parquet::events(&recording).expect("a table").is_empty());
}

#[test]
fn a_directory_holds_no_ephemeris_of_what_was_never_there() {
    let recording = recorded();
    let root = tempfile::tempdir().expect("a directory");
    let out = root.path().join("recording");
    let directory = RecordingDirectory::open(&out, false).expect("it can be made");
    let written = directory.write(&recording, true, Epoch::from_unix_seconds(1.7e9)).expect("written");
    assert_eq!(files(&out).len(), written.files.len());
    let names: Vec<String> = written.files.iter().map(|file| file.display().to_string()).collect();
    assert!(names.iter().any(|name| name.ends_with("child-1.oem")));
    assert!(names.iter().all(|name| !name.ends_with("child-4.oem")), "{names:?}");
    // The page's columns: those of a child begin at its release.
    let page = html::page(&recording).html;
    assert!(page.contains("\"first_sample\":0") && page.contains("\"came_as\":[{"));
}

#[test]
fn a_cast_says_what_a_child_plays() {
    let text = r#"(
    name: "cast", summary: "A cast", epoch: "2026-03-20T12:00:00Z",
    physics: (tier: Relative(mean_motion_rad_s: 0.0011)),
    timing: (segment_s: 10.0, replan_every: 1, time_limit_s: 300.0),
    spacecraft: [
        (name: "victim", team: "blue", role: Target, mass_kg: Fixed(300.0), orbit: Origin, control: Scripted([Ballistic()])),
        (name: "carrier", team: "red", role: Pursuer, mass_kg: Fixed(200.0),
         orbit: RtnShell(to: "victim", range_m: Fixed(5000.0), speed_m_s: Fixed(0.0)), control: Scripted([Ballistic()])),
        (name: "child", team: "red", role: Pursuer, mass_kg: Fixed(10.0),
         propulsion: (thrusters: Vectored(thrust_n: Fixed(0.5)), delta_v_m_s: Fixed(40.0)),
         orbit: Spare, control: Scripted([Ballistic()])),
    ],
    casts: [(name: "hunt", behaviours: {
        "carrier": SubsatelliteRelease(delay_s: Fixed(50.0), takes_recoil_back: false),
        "child": Sequence(stages: [(behaviour: Ballistic(), duration_s: Fixed(60.0)), (behaviour: KineticIntercept())]),
    })],
    objective: (team: "red", success: Reach(who: "carrier", target: "victim", radius_m: 1.0), failure: []),
    rewards: (terms: [Time(weight_per_s: 0.001)]),
)"#;
    let scenario = Scenario::from_source("cast", text).unwrap_or_else(|error| panic!("{error:?}"));
    let seeds = Seeds { run: 3, domain: SeedDomain::Report, count: 2 };
    let recording =
        Recording::play(&scenario, seeds, &[], &mut TeamPolicies::default(), &mut |_| {}).expect("it plays");
    for episode in &recording.episodes {
        assert_eq!(episode.craft[2].pilot, "sequence");
        let samples = &episode.craft[2].samples;
        assert_eq!(samples[0].time_s, 50.0);
        // Its first stage lasts 60 s from its release, not from the start of the episode.
        let burns = samples.iter().find(|sample| sample.throttle > 0.0).expect("it intercepts");
        assert_eq!(burns.time_s, 110.0);
    }
}
