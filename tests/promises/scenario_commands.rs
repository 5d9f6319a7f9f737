//! `scenario list`, `show` and `schema`, and `--difficulty`, as a user runs them.

use std::fs;
use std::path::Path;

use astroshield::scenario::language::EXAMPLE;
use serde_json::Value;

use super::binary::{Finished, refused, run, succeed};
use super::scenario_text::ScenarioText;
use super::shipped;

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn array(finished: &Finished) -> Vec<Value> {
    serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}\n{}", finished.stdout))
}

#[test]
fn list_tells_every_family() {
    let listed = array(&succeed(here(), &["scenario", "list", "--json"]));
    assert_eq!(listed.len(), shipped::files().len());
    for (entry, scenario) in listed.iter().zip(shipped::scenarios()) {
        assert_eq!(entry["name"], *scenario.name);
        assert_eq!(entry["slots"], scenario.template.slots.len());
        assert_eq!(entry["tier"], scenario.config.physics.tier.name());
        assert_eq!(entry["summary"], *scenario.summary);
        assert!(here().join(entry["file"].as_str().expect("a path")).is_file());
    }
    let table = succeed(here(), &["scenario", "list"]).stdout;
    for scenario in shipped::scenarios() {
        assert!(table.contains(&scenario.name), "{table}");
    }
}

#[test]
fn a_fault_of_one_file_does_not_hide_the_others() {
    let root = tempfile::tempdir().expect("a directory");
    ScenarioText::shipped("docking").write(root.path(), "docking.ron");
    ScenarioText::shipped("docking").with("time_limit_s", "-1.0").write(root.path(), "broken.ron");
    fs::write(root.path().join("notes.txt"), "no scenario").expect("it can be written");
    let finished = run(root.path(), &["scenario", "list", "--dir", ".", "--json"]);
    assert_eq!(finished.code, Some(1), "{}", finished.stderr);
    let listed = array(&finished);
    assert_eq!(listed.iter().map(|entry| &entry["name"]).collect::<Vec<_>>(), ["docking"]);
    assert!(
        finished.stderr.contains("broken.ron") && finished.stderr.contains("is not positive"),
        "{}",
        finished.stderr
    );

    fs::create_dir(root.path().join("empty")).expect("a directory");
    assert!(refused(root.path(), &["scenario", "list", "--dir", "empty"]).contains("no .ron files"));
    assert!(refused(root.path(), &["scenario", "list", "--dir", "nowhere"]).contains("cannot be read"));
}

#[test]
fn show_draws_the_episodes_that_simulate_plays() {
    let file = "scenarios/pursuit_evasion.ron";
    let shown = succeed(here(), &["scenario", "show", file, "--seed", "3", "--draws", "6", "--json"]).json();
    let arguments = ["simulate", file, "--seed", "3", "--episodes", "6", "--policy", "red=ballistic", "--json"];
    let played = succeed(here(), &arguments).json();
    let [draws, episodes] = [&shown["draws"], &played["episodes"]].map(|list| list.as_array().expect("a list").clone());
    assert_eq!((draws.len(), episodes.len()), (6, 6));
    for (draw, episode) in draws.iter().zip(&episodes) {
        assert_eq!(draw["seed"], episode["seed"]);
        assert_eq!(draw["spacecraft"][0]["behaviour"], episode["behaviour"]);
        let start = &draw["spacecraft"][1]["start"]["relative"];
        let range_m = start["range_m"].as_f64().expect("a number");
        assert_eq!(start["to"], "evader");
        assert!((3000.0 - 1e-3..=6000.0 + 1e-3).contains(&range_m), "{range_m}");
        // The least distance of the two is at most that at the start.
        assert!(episode["closest_approach_m"].as_f64().expect("a number") <= range_m + 1e-3);
    }
    let paths: Vec<&str> =
        shown["sampled"].as_array().expect("a list").iter().filter_map(|row| row["path"].as_str()).collect();
    for path in [
        "spacecraft[evader].control",
        "spacecraft[evader].control[0].trigger_range_m",
        "spacecraft[evader].orbit.perigee_altitude_km",
        "spacecraft[pursuer].orbit",
        "spacecraft[pursuer].orbit.range_m",
        "held_out.evader[0].period_s",
    ] {
        assert!(paths.contains(&path), "{path} is not among {paths:?}");
    }
    let text = succeed(here(), &["scenario", "show", file]).stdout;
    assert!(text.contains("Uniform(3000.0, 6000.0)") && text.contains("from evader, RTN"), "{text}");
}

#[test]
fn the_difficulty_moves_what_is_drawn() {
    let root = tempfile::tempdir().expect("a directory");
    fs::write(root.path().join("example.ron"), EXAMPLE).expect("it can be written");
    let bounds = |arguments: &[&str]| {
        let shown = succeed(root.path(), &[&["scenario", "show", "example.ron", "--json"], arguments].concat()).json();
        let rows = shown["sampled"].as_array().expect("a list").clone();
        let row = rows.into_iter().find(|row| row["path"] == "spacecraft[deputy].orbit.range_m").expect("it is drawn");
        for draw in shown["draws"].as_array().expect("a list") {
            let range_m = draw["spacecraft"][1]["start"]["relative"]["range_m"].as_f64().expect("a number");
            let [low, high] = [0, 1].map(|end| row["bounds"][end].as_f64().expect("a number"));
            assert!((low - 1e-6..=high + 1e-6).contains(&range_m), "{range_m}");
        }
        (row["bounds"].clone(), row["unit"].clone())
    };
    assert_eq!(bounds(&[]), (serde_json::json!([100.0, 150.0]), "m".into()));
    assert_eq!(bounds(&["--difficulty", "0"]).0, serde_json::json!([40.0, 60.0]));
    assert_eq!(bounds(&["--difficulty", "0.5"]).0, serde_json::json!([70.0, 105.0]));
    for wrong in ["1.5", "-1", "NaN", "hard"] {
        let finished = run(root.path(), &["simulate", "example.ron", &format!("--difficulty={wrong}")]);
        assert_eq!(finished.code, Some(2), "{wrong}");
    }
    let warned = succeed(here(), &["scenario", "show", "scenarios/docking.ron", "--difficulty", "0.5"]);
    assert!(
        warned.stderr.contains("nothing in 'scenarios/docking.ron' depends on the difficulty"),
        "{}",
        warned.stderr
    );
}

#[test]
fn schema_prints_the_page_or_the_json_schema() {
    let page = succeed(here(), &["scenario", "schema"]).stdout;
    assert!(page.contains("segment_s: number") && page.ends_with(EXAMPLE));
    let schema = succeed(here(), &["scenario", "schema", "--json"]).json();
    assert_eq!(schema["properties"]["training"]["$ref"], "#/$defs/TrainingConfig");
    assert!(schema["$schema"].as_str().is_some_and(|dialect| dialect.contains("2020-12")));
}
