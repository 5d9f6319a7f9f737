//! What is recorded is what was simulated, in every format; and nothing is overwritten or half written.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::Path;
use std::str::FromStr;

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt64Type};
use astroshield::astro::rtn::RelativeState;
use astroshield::astro::{CartesianState, eclipse, sun};
use astroshield::eval::evaluate::{self, Seeds, scripted};
use astroshield::eval::recording::directory::RecordingDirectory;
use astroshield::eval::recording::events::EventKind;
use astroshield::eval::recording::{Recording, czml, html, oem, parquet};
use astroshield::eval::scripted_policy::ScriptedPolicy;
use astroshield::eval::team_policies::TeamPolicies;
use astroshield::scenario::Scenario;
use astroshield::sim::Outcome;
use astroshield::sim::seeds::SeedDomain;
use hifitime::Epoch;
use serde_json::Value;

use super::binary::{command, files, refused, succeed};
use super::scenario_text::{ScenarioText, shipped_path};
use super::shipped::{self, with_threads};

const SEEDS: Seeds = Seeds { run: 3, domain: SeedDomain::Report, count: 3 };

fn policy(scenario: &Scenario, guidance: &str, seeds: Seeds) -> TeamPolicies<'static> {
    let behaviour = scripted(guidance).expect("the registry has it");
    let rows = seeds.count as usize * scenario.learned_slots().len();
    TeamPolicies::default()
        .with(scenario.template.objective.team, Box::new(ScriptedPolicy::new(behaviour, rows, seeds.run)))
}

fn record(scenario: &Scenario, guidance: &str) -> Recording {
    let policies = [(scenario.template.objective.team, guidance.to_owned())];
    Recording::play(scenario, SEEDS, &policies, &mut policy(scenario, guidance, SEEDS), &mut |_| {}).expect("it plays")
}

fn pursuit() -> Recording {
    record(&shipped::scenario("pursuit_evasion"), "zem_zev")
}

fn docking() -> Recording {
    record(&shipped::scenario("docking"), "glideslope")
}

fn created() -> Epoch {
    Epoch::from_str("2026-01-02T03:04:05 UTC").expect("a date")
}

#[test]
fn recording_changes_nothing_of_what_is_evaluated() {
    for (name, guidance) in [("pursuit_evasion", "zem_zev"), ("docking", "glideslope")] {
        let scenario = shipped::scenario(name);
        let recording = record(&scenario, guidance);
        let template = &scenario.template;
        let evaluated = evaluate::play(template, &scenario.rewards, SEEDS, &mut policy(&scenario, guidance, SEEDS))
            .expect("it plays");
        let recorded: Vec<_> = recording.episodes.iter().map(|episode| episode.result.clone()).collect();
        assert_eq!(recorded, evaluated);
        for episode in &recording.episodes {
            for craft in &episode.craft {
                let samples = &craft.samples;
                assert_eq!((samples[0].time_s, samples[samples.len() - 1].time_s), (0.0, episode.result.duration_s));
                for pair in samples.windows(2) {
                    let step_s = pair[1].time_s - pair[0].time_s;
                    assert!(step_s > 0.0 && step_s <= template.segment_s * (1.0 + 1e-12), "{step_s}");
                }
            }
            let who = &episode.craft[template.objective.who].samples;
            assert_eq!(who[who.len() - 1].delta_v_spent_m_s, episode.result.delta_v_m_s);
        }
    }
}

#[test]
fn thrust_and_mass_obey_the_rocket_equation() {
    let recording = pursuit();
    for episode in &recording.episodes {
        let mut burnt = 0;
        for craft in &episode.craft {
            for pair in craft.samples.windows(2) {
                let flow_kg = pair[0].mass_kg - pair[1].mass_kg;
                // F = ṁ Isp g0, Isp 220 s for both spacecraft; the loss of digits of m₀ - m₁ is 1e-13 of the mass.
                let expected_kg = pair[0].thrust_rtn_n.norm() / (220.0 * 9.806_65) * (pair[1].time_s - pair[0].time_s);
                assert!((flow_kg - expected_kg).abs() < 1e-10, "{flow_kg} against {expected_kg}");
                // A last burn of 1e-16 of what there was is within rounding of none.
                let throttle = pair[0].throttle;
                assert!(if throttle > 1e-9 { flow_kg > 0.0 } else { flow_kg < 1e-10 }, "{flow_kg} at {throttle}");
                burnt += usize::from(flow_kg > 0.0);
            }
        }
        assert!(burnt > 10, "nobody burnt");
    }
}

#[test]
fn events_agree_with_the_result_and_with_the_samples() {
    for recording in [pursuit(), docking()] {
        let objective = &recording.template.objective;
        for episode in &recording.episodes {
            assert!(episode.events.windows(2).all(|pair| pair[0].time_s <= pair[1].time_s));
            let last = episode.events.last().expect("every episode ends");
            let EventKind::End { outcome, .. } = last.kind else { panic!("{last:?}") };
            assert_eq!((last.time_s, outcome), (episode.result.duration_s, episode.result.outcome));
            let approaches: Vec<_> =
                episode.events.iter().filter(|event| matches!(event.kind, EventKind::ClosestApproach { .. })).collect();
            assert_eq!(approaches.len(), 1, "two spacecraft of two teams have one closest approach");
            let EventKind::ClosestApproach { other, range_m, .. } = approaches[0].kind else { unreachable!() };
            assert_eq!((approaches[0].slot, other), (objective.who, objective.target));
            // The simulator looked on whole segments, the recording on what was left of the last: the same cubic but for
            // rounding, 1e-9 of the orbit's radius in a difference of positions.
            assert!((range_m - episode.result.closest_approach_m).abs() < 1e-6, "{range_m} {:?}", episode.result);
            for (slot, craft) in episode.craft.iter().enumerate() {
                let of_slot = episode.events.iter().filter(|event| event.slot == slot);
                let (mut starts, mut ends, mut sum_m_s) = (0, 0, 0.0);
                for event in of_slot {
                    match event.kind {
                        EventKind::BurnStart => starts += 1,
                        EventKind::BurnEnd { delta_v_m_s } => (ends, sum_m_s) = (ends + 1, sum_m_s + delta_v_m_s),
                        _ => {}
                    }
                }
                assert_eq!(starts, ends);
                let spent_m_s = craft.samples.last().expect("samples").delta_v_spent_m_s;
                assert!((sum_m_s - spent_m_s).abs() < 1e-12 * (1.0 + spent_m_s), "{sum_m_s} of {spent_m_s}");
            }
        }
    }
}

#[test]
fn every_sample_is_on_the_side_of_the_shadow_that_the_events_tell() {
    let scenario = shipped::scenario("pursuit_evasion");
    let seeds = Seeds { count: 12, ..SEEDS };
    let mut ballistic = TeamPolicies::default();
    let recording = Recording::play(&scenario, seeds, &[], &mut ballistic, &mut |_| {}).expect("it plays");
    let sun_m = sun::position_gcrf_m(scenario.template.epoch_jd_tt);
    let (mut crossings, mut shadowed) = (0, 0);
    for episode in &recording.episodes {
        for (slot, craft) in episode.craft.iter().enumerate() {
            let told: Vec<(f64, bool)> = episode
                .events
                .iter()
                .filter(|event| event.slot == slot)
                .filter_map(|event| match event.kind {
                    EventKind::EclipseEntry => Some((event.time_s, true)),
                    EventKind::EclipseExit => Some((event.time_s, false)),
                    _ => None,
                })
                .collect();
            crossings += told.iter().filter(|(time_s, _)| *time_s > 0.0).count();
            for sample in &craft.samples {
                let inside =
                    told.iter().take_while(|(time_s, _)| *time_s <= sample.time_s).last().is_some_and(|last| last.1);
                let truth = eclipse::in_cylindrical_shadow(
                    &sample.state.position_m,
                    &sun_m,
                    scenario.template.physics.earth_radius_m,
                );
                assert_eq!(inside, truth, "seed {} slot {slot} at {} s", episode.result.seed, sample.time_s);
                shadowed += usize::from(truth);
            }
        }
    }
    assert!(crossings > 3 && shadowed > 100, "{crossings} crossings, {shadowed} samples in the shadow");
}

/// The one batch of a Parquet file, and the metadata of the file.
fn read_parquet(bytes: &[u8]) -> (RecordBatch, HashMap<String, String>) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("table.parquet");
    fs::write(&path, bytes).expect("it can be written");
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).expect("it is there")).expect("Parquet");
    let metadata = builder.schema().metadata().clone().into();
    let batches: Vec<RecordBatch> =
        builder.with_batch_size(1 << 20).build().expect("Parquet").map(|batch| batch.expect("a batch")).collect();
    assert_eq!(batches.len(), 1);
    (batches[0].clone(), metadata)
}

fn numbers(batch: &RecordBatch, name: &str) -> Vec<Option<f64>> {
    batch.column_by_name(name).unwrap_or_else(|| panic!("no {name}")).as_primitive::<Float64Type>().iter().collect()
}

fn texts(batch: &RecordBatch, name: &str) -> Vec<String> {
    let column = batch.column_by_name(name).unwrap_or_else(|| panic!("no {name}"));
    column.as_string::<i32>().iter().map(|text| text.unwrap_or_default().to_owned()).collect()
}

#[test]
fn parquet_read_back_is_the_simulation() {
    for recording in [pursuit(), docking()] {
        let (batch, metadata) = read_parquet(&parquet::states(&recording).expect("a table"));
        assert_eq!(metadata["astroshield.scenario_hash"], recording.hash);
        assert_eq!(metadata["astroshield.seed"], "3");
        assert_eq!(metadata["astroshield.seed_domain"], "report");
        assert_eq!(metadata["astroshield.epoch_utc"], "2026-03-20T12:00:00.000Z");
        for (name, unit) in [("time_s", "s"), ("position_x_m", "m"), ("velocity_z_m_s", "m/s"), ("thrust_t_n", "N")] {
            assert_eq!(batch.schema().field_with_name(name).expect("a field").metadata()["unit"], unit);
        }
        let seeds: Vec<u64> =
            batch.column_by_name("seed").expect("seeds").as_primitive::<UInt64Type>().values().to_vec();
        let (names, pilots) = (texts(&batch, "spacecraft"), texts(&batch, "pilot"));
        let columns: Vec<Vec<Option<f64>>> = [
            "time_s",
            "position_x_m",
            "position_y_m",
            "position_z_m",
            "velocity_x_m_s",
            "velocity_y_m_s",
            "velocity_z_m_s",
            "mass_kg",
            "delta_v_left_m_s",
            "delta_v_spent_m_s",
            "throttle",
            "thrust_r_n",
            "thrust_t_n",
            "thrust_n_n",
        ]
        .iter()
        .map(|name| numbers(&batch, name))
        .collect();
        let mut row = 0;
        for episode in &recording.episodes {
            for (slot, craft) in episode.craft.iter().enumerate() {
                for sample in &craft.samples {
                    assert_eq!(seeds[row], episode.result.seed);
                    assert_eq!((&names[row], &pilots[row]), (&recording.template.slots[slot].name, &craft.pilot));
                    let (r, v, f) = (sample.state.position_m, sample.state.velocity_m_s, sample.thrust_rtn_n);
                    let left = sample.delta_v_left_m_s;
                    let expected = [
                        sample.time_s,
                        r.x,
                        r.y,
                        r.z,
                        v.x,
                        v.y,
                        v.z,
                        sample.mass_kg,
                        left,
                        sample.delta_v_spent_m_s,
                        sample.throttle,
                        f.x,
                        f.y,
                        f.z,
                    ];
                    for (column, expected) in columns.iter().zip(expected) {
                        assert_eq!(column[row], expected.is_finite().then_some(expected));
                    }
                    row += 1;
                }
            }
        }
        assert_eq!(row, batch.num_rows());

        let (batch, _) = read_parquet(&parquet::events(&recording).expect("a table"));
        let events: Vec<_> = recording.episodes.iter().flat_map(|episode| &episode.events).collect();
        assert_eq!(numbers(&batch, "time_s"), events.iter().map(|event| Some(event.time_s)).collect::<Vec<_>>());
        assert_eq!(texts(&batch, "kind"), events.iter().map(|event| event.kind.name()).collect::<Vec<_>>());
        let (batch, _) = read_parquet(&parquet::episodes(&recording).expect("a table"));
        let outcomes: Vec<&str> = recording.episodes.iter().map(|episode| episode.result.outcome.name()).collect();
        assert_eq!(texts(&batch, "outcome"), outcomes);
        assert_eq!(batch.num_rows(), 3);
    }
}

/// The metadata of an OEM of one segment, and its states: (time after `epoch` [s], GCRF state).
fn read_oem(text: &str, epoch: Epoch) -> (HashMap<String, String>, Vec<(f64, CartesianState)>) {
    assert!(text.is_ascii());
    assert!(text.starts_with("CCSDS_OEM_VERS = 2.0\nCOMMENT "), "{text:.80}");
    let (mut keys, mut states) = (HashMap::new(), Vec::new());
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("COMMENT ")) {
        if let Some((key, value)) = line.split_once(" = ") {
            assert!(keys.insert(key.to_owned(), value.to_owned()).is_none(), "{key} stands twice");
            continue;
        }
        if line.starts_with("META_") {
            continue;
        }
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(words.len(), 7, "{line}");
        let time = Epoch::from_str(&format!("{} UTC", words[0])).expect("a date");
        let [x, y, z, vx, vy, vz] = [1, 2, 3, 4, 5, 6].map(|k| words[k].parse::<f64>().expect("a number") * 1e3);
        let state = CartesianState { position_m: [x, y, z].into(), velocity_m_s: [vx, vy, vz].into() };
        states.push(((time - epoch).to_seconds(), state));
    }
    (keys, states)
}

#[test]
fn oem_read_back_is_the_simulation() {
    let recording = pursuit();
    for episode in &recording.episodes {
        for (slot, craft) in episode.craft.iter().enumerate() {
            let text = oem::message(&recording, episode, slot, created());
            let (keys, states) = read_oem(&text, recording.epoch);
            for (key, value) in [
                ("OBJECT_NAME", recording.template.slots[slot].name.as_str()),
                ("CENTER_NAME", "EARTH"),
                ("REF_FRAME", "GCRF"),
                ("TIME_SYSTEM", "UTC"),
                ("START_TIME", "2026-03-20T12:00:00.000"),
                ("CREATION_DATE", "2026-01-02T03:04:05.000"),
                ("ORIGINATOR", "ASTROSHIELD"),
            ] {
                assert_eq!(keys[key], value);
            }
            assert_eq!(states.len(), craft.samples.len());
            for ((time_s, state), sample) in states.iter().zip(&craft.samples) {
                // Written to the nanosecond, the micrometre and the nanometre a second; half of each is rounding, and
                // 2e-9 m that of 7,000 km in km and back.
                assert!((time_s - sample.time_s).abs() < 0.51e-9, "{time_s} {}", sample.time_s);
                assert!((state.position_m - sample.state.position_m).amax() < 0.51e-6);
                assert!((state.velocity_m_s - sample.state.velocity_m_s).amax() < 0.51e-9);
            }
        }
    }
}

#[test]
fn relative_tier_oem_hold_the_relative_states_that_were_simulated() {
    let recording = docking();
    let episode = &recording.episodes[0];
    let [station, deputy] = [0, 1].map(|slot| oem::message(&recording, episode, slot, created()));
    assert!(station.contains("COMMENT Simulated in the Hill frame"), "it does not say where the orbit comes from");
    let [station, deputy] = [station, deputy].map(|text| read_oem(&text, recording.epoch).1);
    let n = recording.template.physics.hill_mean_motion_rad_s.expect("a Hill frame");
    for (((_, station), (_, deputy)), sample) in station.iter().zip(&deputy).zip(&episode.craft[1].samples) {
        // The station is the origin of the frame, on a circular orbit of this mean motion.
        let radius_m = station.position_m.norm();
        assert!((station.velocity_m_s.norm() - n * radius_m).abs() < 1e-6);
        let seen = RelativeState::between(station, deputy);
        // Half a micrometre an axis of each of the two; times n, and half a nanometre a second of each.
        assert!((seen.position_rtn_m - sample.state.position_m).norm() < 2e-6);
        assert!((seen.velocity_rtn_m_s - sample.state.velocity_m_s).norm() < 4e-9);
    }
}

#[test]
fn czml_holds_the_positions_that_were_simulated() {
    for recording in [pursuit(), docking()] {
        for episode in &recording.episodes {
            let text = czml::document(&recording, episode).to_string();
            let document: Value = serde_json::from_str(&text).expect("JSON");
            let packets = document.as_array().expect("CZML is a list of packets");
            assert_eq!(packets.len(), 1 + episode.craft.len());
            assert_eq!((&packets[0]["id"], &packets[0]["version"]), (&"document".into(), &"1.0".into()));
            let interval = packets[0]["clock"]["interval"].as_str().expect("an interval");
            let (start, stop) = interval.split_once('/').expect("from/to");
            let [start, stop] = [start, stop].map(|instant| {
                let instant = instant.strip_suffix('Z').expect("UTC");
                (Epoch::from_str(&format!("{instant} UTC")).expect("a date") - recording.epoch).to_seconds()
            });
            assert!(start == 0.0 && (stop - episode.result.duration_s).abs() < 1e-9, "{interval}");
            for (slot, craft) in episode.craft.iter().enumerate() {
                let packet = &packets[1 + slot];
                assert_eq!(packet["id"], recording.template.slots[slot].name.as_str());
                assert_eq!(packet["availability"], interval);
                let position = &packet["position"];
                assert_eq!(position["referenceFrame"], "INERTIAL");
                assert_eq!(position["interpolationAlgorithm"], "LAGRANGE");
                let numbers: Vec<f64> =
                    position["cartesian"].as_array().expect("numbers").iter().filter_map(Value::as_f64).collect();
                assert_eq!(numbers.len(), 4 * craft.samples.len());
                for (row, sample) in numbers.chunks_exact(4).zip(&craft.samples) {
                    let placed = recording.placement.gcrf(sample.time_s, &sample.state).position_m;
                    assert_eq!(row, [sample.time_s, placed.x, placed.y, placed.z]);
                }
                for part in ["point", "label", "path"] {
                    assert!(packet[part].is_object(), "no {part}");
                }
            }
            // Two teams, two colours.
            assert_ne!(packets[1]["point"]["color"], packets[2]["point"]["color"]);
        }
    }
}

#[test]
fn the_replay_page_is_self_contained_and_holds_the_recording() {
    for recording in [pursuit(), docking()] {
        let page = html::page(&recording);
        assert_eq!(page.episodes, 3);
        let text = page.html;
        for load in ["http:", "https:", "src=", "@import", "url(", "fetch(", "XMLHttpRequest", "WebSocket", "import("] {
            assert!(!text.contains(load), "the page loads something: {load}");
        }
        assert!(text.contains("default-src 'none'"), "the page does not forbid loads");
        assert!(!text.contains("__RECORDING__") && !text.contains("__TITLE__"));
        let opening = "<script type=\"application/json\" id=\"recording\">";
        let from = text.find(opening).expect("the data") + opening.len();
        let data = &text[from..from + text[from..].find("</script>").expect("its end")];
        let data: Value = serde_json::from_str(data).expect("JSON");
        assert_eq!(
            (&data["scenario"], &data["hash"]),
            (&recording.scenario.as_str().into(), &recording.hash.as_str().into())
        );
        assert_eq!(data["objective"]["radius_m"], recording.template.objective.radius_m);
        assert_eq!(data["left_out"], 0);
        let episodes = data["episodes"].as_array().expect("episodes");
        assert_eq!(episodes.len(), recording.episodes.len());
        for (told, episode) in episodes.iter().zip(&recording.episodes) {
            assert_eq!(told["seed"], episode.result.seed);
            assert_eq!(told["outcome"], episode.result.outcome.name());
            assert_eq!(told["duration_s"], episode.result.duration_s);
            assert_eq!(told["events"].as_array().expect("events").len(), episode.events.len());
            for (told, event) in told["events"].as_array().expect("events").iter().zip(&episode.events) {
                assert_eq!((&told["kind"], &told["time_s"]), (&event.kind.name().into(), &event.time_s.into()));
            }
            for (told, craft) in told["spacecraft"].as_array().expect("spacecraft").iter().zip(&episode.craft) {
                let column = |name: &str| -> Vec<f64> {
                    told[name].as_array().expect(name).iter().filter_map(Value::as_f64).collect()
                };
                let (positions, velocities, masses) = (column("position_m"), column("velocity_m_s"), column("mass_kg"));
                assert_eq!(positions.len(), 3 * craft.samples.len());
                for (k, sample) in craft.samples.iter().enumerate() {
                    for axis in 0..3 {
                        // Rounded to 0.1 mm and 0.1 µm/s.
                        assert!((positions[3 * k + axis] - sample.state.position_m[axis]).abs() <= 0.51e-4);
                        assert!((velocities[3 * k + axis] - sample.state.velocity_m_s[axis]).abs() <= 0.51e-7);
                    }
                    assert!((masses[k] - sample.mass_kg).abs() <= 0.51e-6);
                }
                assert_eq!(told["delta_v_left_m_s"].is_null(), craft.samples[0].delta_v_left_m_s.is_infinite());
            }
        }
    }
}

#[test]
fn a_name_cannot_break_out_of_the_page() {
    let mut recording = docking();
    recording.summary = "</script><script>alert(1)</script><!-- & \"quoted\"".to_owned();
    recording.scenario = "<b>&".to_owned();
    let text = html::page(&recording).html;
    assert!(!text.contains("alert(1)</script>") && !text.contains("<b>&"));
    assert!(text.contains("<title>&lt;b>&amp; replay</title>"));
}

#[test]
fn a_game_without_learned_spacecraft_is_simulated() {
    let text = ScenarioText::shipped("docking").0.replacen("control: Learned", "control: Scripted([Glideslope()])", 1);
    let scenario = Scenario::from_source("scripted", &text).expect("a scenario");
    assert!(scenario.learned_slots().is_empty());
    let recording =
        Recording::play(&scenario, SEEDS, &[], &mut TeamPolicies::default(), &mut |_| {}).expect("it plays");
    assert_eq!(recording.episodes.len(), 3);
    for episode in &recording.episodes {
        assert_eq!(episode.result.outcome, Outcome::Success);
        assert_eq!(episode.craft[1].pilot, "glideslope");
        assert!(episode.craft[1].samples.iter().any(|sample| sample.throttle > 0.0));
    }
}

#[test]
fn a_directory_is_whole_or_what_it_was() {
    let recording = docking();
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("a/b");
    let directory = RecordingDirectory::open(&out, false).expect("it can be made");
    let written = directory.write(&recording, true, created()).expect("it can be written");
    let found: Vec<_> = files(&out).into_keys().map(|path| path.strip_prefix(&out).unwrap().to_owned()).collect();
    let mut told = written.files.clone();
    told.sort();
    assert_eq!(found, told, "what is told is what lies there, and no temporary file is left");
    assert_eq!(found.len(), 4 + 3 * 3);
    assert!(RecordingDirectory::open(&out, false).is_err());

    // Overwritten with fewer episodes: none of the old ones stays, what is not ours does.
    fs::write(out.join("notes.txt"), "mine").unwrap();
    let mut shorter = recording.clone();
    shorter.episodes.truncate(1);
    RecordingDirectory::open(&out, true).expect("forced").write(&shorter, false, created()).expect("written");
    let mut names: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["episodes.parquet", "events.parquet", "notes.txt", "seed_0", "states.parquet"]);

    // A write that fails leaves the old recording as it was: a spacecraft's name that is no file name.
    let before = files(&out);
    let mut broken = recording;
    broken.template.slots[1].name = "x".repeat(300);
    assert!(RecordingDirectory::open(&out, true).expect("forced").write(&broken, true, created()).is_err());
    assert_eq!(files(&out), before);
}

fn path_text(path: &Path) -> &str {
    path.to_str().expect("a path of this test is text")
}

#[test]
fn the_same_bits_are_recorded_with_one_thread_and_with_two() {
    let root = tempfile::tempdir().unwrap();
    let pursuit = shipped_path("pursuit_evasion");
    for (out, threads) in [("one", "1"), ("two", "2")] {
        let arguments = ["simulate", path_text(&pursuit), "--episodes", "5", "--seed", "4", "--out", out, "--html"];
        let finished = command(root.path(), &[&arguments[..], &["--threads", threads]].concat())
            .env("SOURCE_DATE_EPOCH", "1767225600")
            .output()
            .expect("it starts");
        assert!(finished.status.success(), "{}", String::from_utf8_lossy(&finished.stderr));
    }
    let of = |out: &str| files(&root.path().join(out)).into_values().collect::<Vec<_>>();
    assert_eq!(of("one"), of("two"));
    let message = fs::read_to_string(root.path().join("one/seed_0/pursuer.oem")).unwrap();
    assert!(message.contains("CREATION_DATE = 2026-01-01T00:00:00.000\n"), "{message:.400}");
    let scenario = shipped::scenario("docking");
    let [one, two] = [1, 2].map(|threads| with_threads(threads, || record(&scenario, "glideslope").episodes));
    assert_eq!(one, two);
}

#[test]
fn simulate_tells_people_and_machines_the_same_episodes_as_evaluate() {
    let root = tempfile::tempdir().unwrap();
    let scenario = shipped_path("pursuit_evasion");
    let arguments = ["simulate", path_text(&scenario), "--policy", "red=zem_zev", "--episodes", "8", "--seed", "2"];
    let told = succeed(root.path(), &[&arguments[..], &["--json"]].concat()).json();
    let episodes = told["episodes"].as_array().expect("episodes");
    assert_eq!(episodes.len(), 8);
    for (seed, episode) in episodes.iter().enumerate() {
        assert_eq!(episode["seed"], seed);
        for key in ["duration_s", "delta_v_m_s", "closest_approach_m"] {
            assert!(episode[key].as_f64().expect(key) > 0.0, "{episode}");
        }
        assert!(episode["outcome"].is_string() && episode["behaviour"].is_string(), "{episode}");
    }
    assert_eq!((&told["policies"]["red"], &told["seed"]), (&"zem_zev".into(), &2.into()));
    let evaluate = ["evaluate", "zem_zev", path_text(&scenario), "--episodes", "8", "--seed", "2", "--json"];
    let evaluated = succeed(root.path(), &evaluate).json();
    let successes = episodes.iter().filter(|episode| episode["outcome"] == "success").count();
    assert_eq!(evaluated["policies"][0]["success_rate"], successes as f64 / 8.0);
    assert_eq!(evaluated["scenario_hash"], told["scenario_hash"]);

    let table = succeed(root.path(), &arguments).stdout;
    assert!(table.contains("red flown by zem_zev") && table.contains("closest approach m"), "{table}");
    assert!(table.contains(&format!("{successes} of 8 succeeded")), "{table}");
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0, "without --out, something was written");
}

#[test]
fn without_a_policy_the_champion_flies_and_where_there_is_none_the_guidance_of_the_help() {
    let root = tempfile::tempdir().unwrap();
    let policy = |scenario: &Path, team: &str| {
        let told = succeed(root.path(), &["simulate", path_text(scenario), "--episodes", "1", "--json"]).json();
        told["policies"][team].as_str().expect("a policy").to_owned()
    };
    assert!(policy(&shipped_path("docking"), "visitors").ends_with("checkpoints/docking"));
    let copy = ScenarioText::shipped("docking").write(root.path(), "docking.ron");
    assert_eq!(policy(&copy, "visitors"), "glideslope");
    let copy = ScenarioText::shipped("pursuit_evasion").write(root.path(), "pursuit.ron");
    assert_eq!(policy(&copy, "red"), "zem_zev");
}

#[test]
fn what_simulate_cannot_do_it_says() {
    let root = tempfile::tempdir().unwrap();
    ScenarioText::shipped("docking").write(root.path(), "docking.ron");
    fs::write(root.path().join("taken"), "a file").unwrap();
    let refused_with = |options: &[&str], words: &[&str]| {
        let message = refused(root.path(), &[&["simulate", "docking.ron"], options].concat());
        for word in words {
            assert!(message.contains(word), "{options:?}: '{word}' is not in\n{message}");
        }
    };
    refused_with(&["--policy", "red=zem_zev"], &["there is no team 'red'", "visitors"]);
    refused_with(&["--policy", "hosts=zem_zev"], &["team 'hosts' has no learned spacecraft", "visitors"]);
    refused_with(&["--policy", "visitors=nonsense"], &["'nonsense' is no run", "zem_zev", "random"]);
    refused_with(&["--policy", "visitors"], &["'visitors' is not of the form TEAM=NAME", "visitors"]);
    refused_with(&["--policy", "visitors="], &["TEAM=NAME"]);
    refused_with(&["--policy", "visitors=flee", "--policy", "visitors=jink"], &["'visitors' was given two policies"]);
    refused_with(&["--episodes", "0"], &["--episodes"]);
    refused_with(&["--html"], &["--out"]);
    refused_with(&["--out", "taken"], &["'taken' is no directory"]);
    refused_with(&["--out", "taken/inside"], &["cannot make the directory", "taken/inside"]);
    refused_with(&["--out", "out", "--episodes", "1000000"], &["1000000 episodes", "GB", "ask for"]);
    succeed(root.path(), &["simulate", "docking.ron", "--episodes", "1", "--out", "out"]);
    refused_with(&["--out", "out"], &["'out' holds a recording already", "--force"]);
    succeed(root.path(), &["simulate", "docking.ron", "--episodes", "2", "--out", "out", "--force"]);
    assert!(root.path().join("out/seed_1/deputy.oem").is_file());
    let bad_date =
        command(root.path(), &["simulate", "docking.ron"]).env("SOURCE_DATE_EPOCH", "today").output().unwrap();
    assert_eq!(bad_date.status.code(), Some(2));
    let scripted =
        ScenarioText::shipped("docking").0.replacen("control: Learned", "control: Scripted([Glideslope()])", 1);
    ScenarioText(scripted).write(root.path(), "scripted.ron");
    let message = refused(root.path(), &["simulate", "scripted.ron", "--policy", "visitors=zem_zev"]);
    assert!(message.contains("takes no --policy"), "{message}");
    let table = succeed(root.path(), &["simulate", "scripted.ron", "--episodes", "2"]).stdout;
    assert!(table.contains("all spacecraft scripted") && table.contains("2 of 2 succeeded"), "{table}");
}
