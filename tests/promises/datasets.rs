//! A data set is the same bits however it was made, goes on where it was stopped, and is not taken for what it is not.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use arrow_array::{ArrayRef, Float64Array, Int32Array, RecordBatch, StringArray};
use astroshield::eval::dataset::simulated::{self, Request};
use astroshield::eval::telemetry_windows::windows;
use astroshield::scenario::Scenario;
use astroshield::sim::reset::EpisodeSeed;
use astroshield::telemetry::dataset::{Dataset, Split};
use astroshield::telemetry::features::features;
use astroshield::telemetry::labelled::LabelledWindow;
use astroshield::telemetry::planes::Planes;
use astroshield::telemetry::window::TelemetryWindow;
use parquet::arrow::ArrowWriter;
use serde_json::Value;

use super::binary::{refused, run, succeed};
use super::scenario_text::ScenarioText;

/// Windows of the data sets of these tests; six episodes to a file make several files of it.
const WINDOWS: &str = "80";
const SMALL: [&str; 6] = ["--windows", WINDOWS, "--episodes-per-part", "6", "--seed", "5"];

/// `mixed_threats` cut short, of another name and role.
fn scenario(name: &str, role: &str) -> ScenarioText {
    observed_by(name, "satellite", role)
}

fn observed_by(name: &str, observer: &str, role: &str) -> ScenarioText {
    ScenarioText::shipped("mixed_threats")
        .with("time_limit_s", "4000.0")
        .with("name", &format!("\"{name}\""))
        .with("telemetry", &format!("(role: {role}, observer: \"{observer}\")"))
}

/// Files of a directory by name.
fn content(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = super::binary::files(directory).into_iter();
    files.map(|(path, bytes)| (path.file_name().expect("a name").to_string_lossy().into_owned(), bytes)).collect()
}

/// A directory with the scenario files of these tests and a data set in `data`; made once.
fn made() -> &'static (tempfile::TempDir, Value) {
    static MADE: OnceLock<(tempfile::TempDir, Value)> = OnceLock::new();
    MADE.get_or_init(|| {
        let root = tempfile::tempdir().expect("a directory");
        scenario("short", "Training").write(root.path(), "short.ron");
        scenario("other", "Shifted").write(root.path(), "other.ron");
        let told = dataset(root.path(), "data", &["--threads", "2"]).json();
        (root, told)
    })
}

fn dataset(root: &Path, out: &str, more: &[&str]) -> super::binary::Finished {
    let begin = ["dataset", "short.ron", "other.ron", "--out", out, "--json"];
    succeed(root, &[&begin[..], &SMALL, more].concat())
}

/// A copy of the data set that the tests share.
fn copy(to: &str) -> PathBuf {
    let (root, _) = made();
    let to = root.path().join(to);
    fs::create_dir(&to).expect("it can be made");
    for (name, bytes) in content(&root.path().join("data")) {
        fs::write(to.join(name), bytes).expect("it can be copied");
    }
    to
}

fn go_on(out: &str) -> Value {
    dataset(made().0.path(), out, &["--threads", "1"]).json()
}

#[test]
fn it_holds_what_was_asked_for_and_says_so() {
    let (root, told) = made();
    // 56 + 8 + 16 of the one, and as many as the test of the other.
    assert_eq!(told["windows"], 96);
    for (split, windows) in [("train", 56), ("validation", 8), ("test", 16), ("shifted", 16)] {
        let told = &told["splits"][split];
        assert_eq!(told["windows"], windows, "{split}");
        let classes = told["classes"].as_object().expect("classes");
        assert_eq!(classes.len(), 12);
        assert_eq!(classes.values().map(|count| count.as_u64().expect("a count")).sum::<u64>(), windows, "{split}");
    }
    let classes = told["classes"].as_object().expect("classes");
    assert_eq!(classes.values().map(|count| count.as_u64().expect("a count")).sum::<u64>(), 96);
    assert!(told["windows_per_s"].as_f64().expect("a rate") > 0.0);
    assert!(told["splits"]["train"]["files"].as_u64().expect("files") > 1, "{told}");
    let data = Dataset::open(&root.path().join("data")).expect("it is whole");
    assert_eq!(data.hash(), told["sha256"]);
    assert_eq!(data.scenarios().len(), 2);
    assert!(data.has(Split::Shifted) && !data.has(Split::Unknown));
    let refused = data.load(Split::Unknown).expect_err("there is none").to_string();
    assert!(refused.contains("train, validation, test, shifted"), "{refused}");
}

/// The bits of a window, gaps all alike, and of the features made of it.
fn bits(window: &TelemetryWindow) -> Vec<u64> {
    let of = |value: f64| if value.is_nan() { u64::MAX } else { value.to_bits() };
    let features = features(window, &Planes::of(window));
    let features = features.into_iter().map(|feature| feature.map_or(u64::MAX, f64::to_bits));
    window.samples.iter().flatten().map(|value| of(*value)).chain(features).chain([of(window.interval_s)]).collect()
}

#[test]
fn windows_that_are_read_are_those_of_the_simulator_to_the_bit() {
    let (root, _) = made();
    let data = Dataset::open(&root.path().join("data")).expect("it is whole");
    let scenario = Scenario::load(root.path().join("short.ron")).expect("sound");
    let source = scenario.telemetry.expect("a block");
    let mut seen = 0;
    for split in [Split::Train, Split::Validation, Split::Test] {
        let read = data.load(split).expect("sound");
        let seeds: Vec<EpisodeSeed> =
            (0..60).map(|arena| EpisodeSeed { run: 5, domain: split.domain(), arena, episode: 0 }).collect();
        let played = windows(&scenario.template, &source, &seeds);
        assert!(read.len() < played.len());
        for (LabelledWindow { window, label }, played) in read.iter().zip(&played) {
            assert_eq!((bits(window), label), (bits(&played.window), &played.label), "{split:?}");
            assert_eq!(window.context, played.window.context);
            seen += 1;
        }
    }
    assert_eq!(seen, 80);
}

#[test]
fn one_thread_and_two_write_the_same_bits() {
    let (root, _) = made();
    dataset(root.path(), "one_thread", &["--threads", "1"]);
    assert_eq!(content(&root.path().join("one_thread")), content(&root.path().join("data")));
}

#[test]
fn what_lies_there_whole_is_kept_and_the_rest_made_anew() {
    let whole = content(&made().0.path().join("data"));
    let is_as_before = |out: &str| {
        assert_eq!(content(&made().0.path().join(out)), whole, "{out}");
        Dataset::open(&made().0.path().join(out)).expect("it is whole");
    };
    copy("untouched");
    let told = go_on("untouched");
    assert_eq!(
        (&told["windows_made"], &told["windows_per_s"], &told["windows"]),
        (&0.into(), &Value::Null, &96.into())
    );
    is_as_before("untouched");
    // A part is gone, another altered.
    let path = copy("lost");
    fs::remove_file(path.join("train-00001.parquet")).expect("it is there");
    fs::write(path.join("test-00000.parquet"), b"PAR1").expect("it can be written");
    let told = go_on("lost");
    let made = told["windows_made"].as_u64().expect("a count");
    assert!((1..80).contains(&made), "{made}");
    is_as_before("lost");
    // Killed before the manifest: parts say themselves what they are of.
    let path = copy("killed");
    fs::remove_file(path.join("dataset.json")).expect("it is there");
    fs::remove_file(path.join("shifted-00000.parquet")).expect("it is there");
    fs::write(path.join(".train-00007.parquet.new-1-2"), b"half").expect("it can be written");
    let refused = Dataset::open(&path).expect_err("it is not whole").to_string();
    assert!(refused.contains("holds no data set"), "{refused}");
    let told = go_on("killed");
    assert!(told["windows_made"].as_u64().expect("a count") <= 16, "{told}");
    is_as_before("killed");
}

#[test]
fn what_is_stopped_keeps_its_whole_files_and_says_how_to_go_on() {
    let (root, _) = made();
    let scenarios = ["short.ron", "other.ron"].map(|file| Scenario::load(root.path().join(file)).expect("sound"));
    let request = Request { scenarios: &scenarios, windows: 80, seed: 5, episodes_per_part: 6 };
    let path = root.path().join("stopped");
    let (asked, mut last) = (Cell::new(0), 0);
    // A part is asked for once or twice; the fourth question comes when there are whole ones.
    let stop = || asked.replace(asked.get() + 1) >= 4;
    let stopped = simulated::make(request, &path, &stop, &mut |progress| {
        assert!(progress.windows >= last && progress.wanted == 96, "{progress:?}");
        last = progress.windows;
    });
    let stopped = stopped.expect("to stop is no error");
    assert!(stopped.interrupted && (1..96).contains(&stopped.manifest.windows), "{}", stopped.manifest.windows);
    let error = Dataset::open(&path).expect_err("it is half written").to_string();
    let written = format!("half written: {} of 96 windows", stopped.manifest.windows);
    assert!(error.contains(&written) && error.contains("--windows 80 --episodes-per-part 6 --seed 5"), "{error}");
    let finished = simulated::make(request, &path, &|| false, &mut |_| {}).expect("it goes on");
    assert_eq!(finished.made, 96 - stopped.manifest.windows, "what was whole was kept");
    assert_eq!(content(&path), content(&root.path().join("data")));
}

#[test]
fn a_directory_of_another_data_set_is_refused_with_what_differs() {
    let (root, _) = made();
    let path = copy("another");
    let before = content(&path);
    let out = ["--out", "another"];
    let refuse =
        |scenarios: &[&str], more: &[&str]| refused(root.path(), &[&["dataset"][..], scenarios, &out, more].concat());
    let both = ["short.ron", "other.ron"];
    let same = ["--windows", WINDOWS, "--episodes-per-part", "6"];
    assert!(refuse(&both, &[&same[..], &["--seed", "6"]].concat()).contains("seed 5, not 6"));
    assert!(refuse(&both, &["--seed", "5", "--windows", "90"]).contains("windows 80, not 90"));
    assert!(refuse(&both[..1], &SMALL).contains("scenario 2: 'other' (Shifted, hash "));
    scenario("short", "Training").with("segment_s", "10.0").write(root.path(), "changed.ron");
    assert!(refuse(&["changed.ron", "other.ron"], &SMALL).contains("scenario 1: 'short' (Training, hash "));
    fs::write(root.path().join("rows.csv"), "time_s,range\n".to_owned() + &csv_rows(30)).expect("written");
    let error = refused(root.path(), &["dataset", "--from", "rows.csv", "--out", "another"]);
    assert!(error.contains("simulated, not recorded"), "{error}");
    assert_eq!(content(&path), before, "a refusal changed something");
}

#[test]
fn what_is_no_whole_data_set_cannot_be_opened() {
    let open = |path: &Path| Dataset::open(path).expect_err("it is spoilt").to_string();
    let path = copy("spoilt");
    let part = path.join("validation-00000.parquet");
    let mut bytes = fs::read(&part).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&part, bytes).expect("it can be written");
    let data = Dataset::open(&path).expect("contents are looked at when they are loaded");
    let error = data.load(Split::Validation).expect_err("altered").to_string();
    assert!(error.contains("validation-00000.parquet") && error.contains("was altered"), "{error}");
    data.load(Split::Test).expect("this one is as it was");
    let absent = data.require_classes();
    // Four thousand seconds leave no time for every class.
    assert!(absent.is_err_and(|error| error.to_string().contains("none of ")), "{data:?}");
    fs::remove_file(&part).expect("it is there");
    assert!(open(&path).contains("is missing"));
    let manifest = path.join("dataset.json");
    let text = fs::read_to_string(&manifest).expect("it is there");
    fs::write(&manifest, text.replacen("\"version\": 1", "\"version\": 2", 1)).expect("it can be written");
    assert!(open(&path).contains("version 2"));
    fs::write(&manifest, "{}").expect("it can be written");
    assert!(open(&path).contains("no manifest"));
    // Stopped: the manifest of what is whole so far lies there.
    fs::remove_file(&manifest).expect("it is there");
    fs::write(path.join("dataset.unfinished.json"), text).expect("it can be written");
    let error = open(&path);
    assert!(
        error.contains("half written: 96 of 96")
            && error.contains("astroshield dataset short.ron other.ron --windows 80")
    );
    assert!(open(&path.join("nowhere")).contains("holds no data set"));
}

#[test]
fn scenarios_that_give_no_data_set_are_refused() {
    let (root, _) = made();
    let refuse = |more: &[&str]| refused(root.path(), &[&["dataset", "--out", "refused"][..], more].concat());
    ScenarioText::shipped("docking").write(root.path(), "docking.ron");
    assert!(refuse(&["docking.ron"]).contains("scenario 'docking' has no `telemetry`"));
    assert!(refuse(&["other.ron"]).contains("'other' is Shifted"));
    assert!(refuse(&["short.ron", "short.ron"]).contains("two of the scenarios are named 'short'"));
    assert!(refuse(&["nowhere.ron"]).contains("nowhere.ron"));
    scenario("flash", "Training").with("time_limit_s", "200.0").write(root.path(), "flash.ron");
    assert!(
        refuse(&["flash.ron", "--windows", "20", "--episodes-per-part", "4"])
            .contains("4 episodes of scenario 'flash'")
    );
    observed_by("wrong", "satelite", "Training").write(root.path(), "wrong.ron");
    assert!(refuse(&["wrong.ron"]).contains("did you mean `satellite`?"));
    observed_by("blind", "bystander", "Training").write(root.path(), "blind.ron");
    assert!(refuse(&["blind.ron"]).contains("has no sensors"));
    assert_eq!(run(root.path(), &["dataset", "--out", "refused"]).code, Some(2));
}

fn csv_rows(count: usize) -> String {
    (0..count).map(|row| format!("{},{}\n", 10 * row, 1_000 + row)).collect()
}

/// Two objects in kilometres and minutes, interleaved, with a gap and a comment.
fn real_telemetry(root: &Path) {
    let rows: Vec<(f64, i32, Option<f64>, f64)> = (0..130)
        .map(|row| {
            let time_min = f64::from(row / 2) * 0.5;
            let range_km = (row != 41).then(|| 12.0 + 0.125 * f64::from(row));
            (time_min, 25_544 + row % 2, range_km, 20.0)
        })
        .collect();
    let mut csv = "t,norad,rng,temp,note\n".to_owned();
    for (time_min, object, range_km, temperature) in &rows {
        let range_km = range_km.map_or_else(String::new, |range_km| range_km.to_string());
        csv += &format!("{time_min},{object},{range_km},{temperature},\"a, b\"\n");
    }
    fs::write(root.join("rows.csv"), csv).expect("written");
    let columns: [(&str, ArrayRef); 5] = [
        ("t", Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.0)))),
        ("norad", Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| row.1)))),
        ("rng", Arc::new(rows.iter().map(|row| row.2).collect::<Float64Array>())),
        ("temp", Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.3)))),
        ("note", Arc::new(StringArray::from_iter_values(rows.iter().map(|_| "a, b")))),
    ];
    let batch = RecordBatch::try_from_iter(columns).expect("columns of one length");
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    fs::write(root.join("rows.parquet"), writer.into_inner().expect("closed")).expect("written");
    let map = r#"(
        time: (column: "t", format: Minutes),
        object: "norad",
        channels: {"range": (column: "rng", unit: "km"), "skin_temperature": (column: "temp", unit: "degC")},
    )"#;
    fs::write(root.join("map.ron"), map).expect("written");
}

#[test]
fn real_telemetry_is_the_same_windows_out_of_csv_and_parquet() {
    let root = tempfile::tempdir().expect("a directory");
    real_telemetry(root.path());
    let take = |file: &str, out: &str| {
        let told =
            succeed(root.path(), &["dataset", "--from", file, "--map", "map.ron", "--out", out, "--json"]).json();
        assert_eq!((&told["windows"], &told["objects"], &told["rows"]), (&4.into(), &2.into(), &130.into()), "{told}");
        assert_eq!((&told["interval_s"], &told["left_over_samples"]), (&30.0.into(), &10.into()));
        assert_eq!(told["present"], serde_json::json!(["range", "skin_temperature"]));
        assert_eq!(told["absent"].as_array().expect("a list").len(), 28);
        Dataset::open(&root.path().join(out)).and_then(|data| data.load_recorded()).expect("it is whole")
    };
    let (csv, parquet) = (take("rows.csv", "from_csv"), take("rows.parquet", "from_parquet"));
    assert_eq!(csv.len(), parquet.len());
    for (csv, parquet) in csv.iter().zip(&parquet) {
        assert_eq!(
            (&csv.object, csv.end_s, bits(&csv.window)),
            (&parquet.object, parquet.end_s, bits(&parquet.window))
        );
    }
    let [first, second] = [&csv[0], &csv[2]];
    assert_eq!((first.object.as_str(), second.object.as_str(), first.end_s), ("25544", "25545", 870.0));
    assert_eq!((first.window.samples[3][0], first.window.samples[0][25]), (12_750.0, 293.15));
    assert!(second.window.samples[20][0].is_nan() && second.window.samples[20][25] == 293.15, "row 41 has a gap");
    // Again into the same directory, and something else into it.
    let table =
        succeed(root.path(), &["dataset", "--from", "rows.csv", "--map", "map.ron", "--out", "from_csv"]).stdout;
    assert!(
        table.contains("4 windows of 2 objects from 130 rows") && table.contains("range, skin_temperature"),
        "{table}"
    );
    let error = refused(root.path(), &["dataset", "--from", "rows.parquet", "--map", "map.ron", "--out", "from_csv"]);
    assert!(error.contains("holds a data set of the file "), "{error}");
}

#[test]
fn maps_and_files_that_make_no_sense_are_refused() {
    let root = tempfile::tempdir().expect("a directory");
    real_telemetry(root.path());
    let refuse = |map: &str| {
        fs::write(root.path().join("bad.ron"), map).expect("written");
        refused(root.path(), &["dataset", "--from", "rows.csv", "--map", "bad.ron", "--out", "refused"])
    };
    assert!(
        refuse(r#"(channels: {"range": (column: "rng", unit: "parsec")})"#)
            .contains("valid are m, km, cm, mm, ft, nmi")
    );
    assert!(refuse(r#"(channels: {"distance": (column: "rng")})"#).contains("'distance' of the map is no channel"));
    assert!(refuse(r#"(chanels: {})"#).contains("chanels"));
    assert!(
        refuse(r#"(channels: {"range": (column: "rng")})"#)
            .contains("no column 'time_s', in which the map has the time")
    );
    let time = r#"time: (column: "t", format: Minutes)"#;
    assert!(refuse(&format!(r#"({time}, channels: {{"range": (column: "x")}})"#)).contains("no column 'x'"));
    let error = refuse(&format!(r#"({time}, channels: {{"range": (column: "note")}})"#));
    assert!(error.contains("row 1, column 'note': 'a, b' is no number"), "{error}");
    let iso = r#"(time: (column: "t", format: Iso8601), channels: {"range": (column: "rng")})"#;
    assert!(refuse(iso).contains("'0' is no instant by ISO 8601"));
    let error =
        refuse(&format!(r#"({time}, object: "norad", interval_s: 600.0, channels: {{"range": (column: "rng")}})"#));
    assert!(error.contains("there is no window"), "{error}");
    let from = |file: &str| refused(root.path(), &["dataset", "--from", file, "--out", "refused"]);
    assert!(from("nowhere.csv").contains("nowhere.csv"));
    fs::write(root.path().join("half.parquet"), b"PAR1 and nothing more").expect("written");
    assert!(from("half.parquet").contains("cannot be read as Parquet"));
    assert!(from("rows.csv").contains("no column of the file is a channel"));
    assert!(!root.path().join("refused").exists(), "a refusal left a directory");
}
