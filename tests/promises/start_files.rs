//! A scenario starts from a file of element sets or a conjunction data message, and tells what is wrong with either.

use std::fs;
use std::path::Path;

use astroshield::astro::cdm::Cdm;
use astroshield::astro::constants::EARTH_MU_M3_S2;
use astroshield::astro::{CartesianState, kepler, teme};
use astroshield::scenario::{Scenario, ScenarioError};
use astroshield::sim::template::Start;
use hifitime::Epoch;

use super::binary::refused;
use super::scenario_text::ScenarioText;

const MESSAGE: &str = include_str!("message.cdm");
/// Satellite 25544 of Vallado et al., Revisiting Spacetrack Report #3, 2006.
const STATION: [&str; 2] = [
    "1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927",
    "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537",
];

/// Pursuit and evasion, the evader starting from `orbit` at `epoch`.
fn scenario(orbit: &str, epoch: &str) -> ScenarioText {
    ScenarioText::shipped("pursuit_evasion").with("orbit", orbit).with("epoch", &format!("\"{epoch}\""))
}

fn load(folder: &Path, text: &ScenarioText) -> Result<Scenario, ScenarioError> {
    Scenario::load(text.write(folder, "scenario.ron"))
}

fn start(scenario: &Scenario) -> CartesianState {
    match &scenario.template.slots[0].start {
        Start::State(state) => *state,
        other => panic!("not a state: {other:?}"),
    }
}

#[test]
fn an_element_set_of_a_file_is_that_of_its_lines() {
    let root = tempfile::tempdir().unwrap();
    let [line1, line2] = STATION;
    let epoch = "2008-09-20T12:25:40Z";
    let inline = load(root.path(), &scenario(&format!("Tle(line1: \"{line1}\", line2: \"{line2}\")"), epoch)).unwrap();
    fs::create_dir(root.path().join("catalogue")).unwrap();
    let file = root.path().join("catalogue/stations.tle");
    fs::write(&file, format!("0 ISS (ZARYA)\r\n{line1}\r\n{line2}\r\n")).unwrap();
    let mut hashes = Vec::new();
    for wanted in ["25544", "iss (zarya)"] {
        let orbit = format!("TleFile(file: \"catalogue/stations.tle\", name_or_number: \"{wanted}\")");
        let found =
            load(root.path(), &scenario(&orbit, epoch)).unwrap_or_else(|error| panic!("{}", error.render(false)));
        assert_eq!(start(&found), start(&inline));
        hashes.push(found.hash);
    }
    // SGP4 at that instant; the set's own epoch is some hundred milliseconds later, 12:25:40.1 UTC.
    let instant: Epoch = "2008-09-20T12:25:40 UTC".parse().unwrap();
    assert_eq!(start(&inline), teme::state_at(line1, line2, instant.to_jde_tt_days()).unwrap());

    // The file counts for the scenario's hash, by the set alone.
    let text = scenario("TleFile(file: \"catalogue/stations.tle\", name_or_number: \"25544\")", epoch);
    fs::write(&file, format!("# of today\nOTHER NAME\n{line1}\n{line2}\n")).unwrap();
    assert_eq!(load(root.path(), &text).unwrap().hash, hashes[0]);
    fs::write(&file, format!("{}\n{line2}\n", line1.replace("11606-4 0  2927", "11607-4 0  2928"))).unwrap();
    assert_ne!(load(root.path(), &text).unwrap().hash, hashes[0]);
}

#[test]
fn an_object_of_a_message_is_moved_to_the_epoch() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("message.cdm"), MESSAGE).unwrap();
    let (message, _) = Cdm::read(MESSAGE.as_bytes()).unwrap();
    // Closest approach is at 2025-03-03 22:37:52.618, 1 h 22 min 7.382 s before midnight.
    for (epoch, seconds) in
        [("2025-03-03T22:37:52.618Z", 0.0), ("2025-03-04T00:00:00Z", 4_927.382), ("2025-03-03T22:00:00Z", -2_272.618)]
    {
        for object in [1, 2] {
            let orbit = format!("Cdm(file: \"message.cdm\", object: {object})");
            let found =
                load(root.path(), &scenario(&orbit, epoch)).unwrap_or_else(|error| panic!("{}", error.render(false)));
            let expected = kepler::propagate(&message.state_gcrf(object).unwrap(), EARTH_MU_M3_S2, seconds);
            let error_m = (start(&found).position_m - expected.position_m).norm();
            // A nanosecond is 8 µm.
            assert!(error_m < 1e-4, "object {object} at {epoch}: {error_m} m");
        }
    }
}

#[test]
fn what_is_wrong_with_a_start_file_is_told_on_its_place() {
    let root = tempfile::tempdir().unwrap();
    let [line1, line2] = STATION;
    fs::write(root.path().join("message.cdm"), MESSAGE).unwrap();
    fs::write(root.path().join("tod.cdm"), MESSAGE.replace("EME2000", "TOD")).unwrap();
    fs::write(root.path().join("units.cdm"), MESSAGE.replacen("[km]\nY ", "[m]\nY ", 1)).unwrap();
    fs::write(root.path().join("stations.tle"), format!("{line1}\n{line2}\n")).unwrap();
    fs::write(root.path().join("torn.tle"), format!("{line1}\n{}\n", &line2[..60])).unwrap();
    fs::write(root.path().join("noise"), [0xFFu8; 100]).unwrap();
    let near = "2025-03-04T00:00:00Z";
    for (orbit, epoch, pointed_at, message) in [
        ("Cdm(file: \"none.cdm\", object: 1)", near, "\"none.cdm\"", "cannot read 'none.cdm': "),
        ("Cdm(file: \".\", object: 1)", near, "\".\"", "'.' is not a file"),
        ("Cdm(file: \"noise\", object: 1)", near, "\"noise\"", "'noise': line 1: not UTF-8 text"),
        ("Cdm(file: \"message.cdm\", object: 3)", near, "3", "a message has no object 3 (spacecraft 'evader')"),
        ("Cdm(file: \"units.cdm\", object: 1)", near, "\"units.cdm\"", "line 56: X has the unit [m], expected [km]"),
        (
            "Cdm(file: \"tod.cdm\", object: 2)",
            near,
            "\"tod.cdm\"",
            "object 2 is in the frame TOD, expected GCRF, EME2000 or ITRF",
        ),
        (
            "Cdm(file: \"message.cdm\", object: 1)",
            "2025-04-01T00:00:00Z",
            "\"message.cdm\"",
            "28.1 days from the scenario's epoch",
        ),
        ("TleFile(file: \"none.tle\", name_or_number: \"1\")", near, "\"none.tle\"", "cannot read 'none.tle': "),
        (
            "TleFile(file: \"torn.tle\", name_or_number: \"1\")",
            near,
            "\"torn.tle\"",
            "line 2: a line of elements has 60 characters",
        ),
        (
            "TleFile(file: \"stations.tle\", name_or_number: \"HST\")",
            near,
            "\"HST\"",
            "none of the 1 element sets is \"HST\"",
        ),
    ] {
        let text = scenario(orbit, epoch);
        let error = load(root.path(), &text).expect_err(orbit);
        let [fault] = error.faults() else { panic!("{orbit}: {}", error.render(false)) };
        assert!(fault.message.contains(message), "{orbit}: {}", fault.message);
        assert_eq!(&text.0[fault.span.offset()..fault.span.offset() + fault.span.len()], pointed_at, "{orbit}");
    }
    // In the relative tier there is no Earth to orbit.
    for orbit in ["Cdm(file: \"message.cdm\", object: 1)", "TleFile(file: \"stations.tle\", name_or_number: \"25544\")"]
    {
        let text = ScenarioText::shipped("docking").with("orbit", orbit).with("epoch", &format!("\"{near}\""));
        let error = load(root.path(), &text).expect_err(orbit).render(false);
        assert!(error.contains("not of the Relative one"), "{error}");
    }
    // A text has no folder in which its files could lie.
    let text = scenario("Cdm(file: \"message.cdm\", object: 1)", near);
    let error = Scenario::from_source("text.ron", &text.0).expect_err("it has no folder").render(false);
    assert!(error.contains("this scenario is a text without a folder"), "{error}");
}

#[test]
fn the_command_finds_files_beside_the_scenario() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("there")).unwrap();
    fs::write(root.path().join("there/message.cdm"), MESSAGE).unwrap();
    scenario("Cdm(file: \"message.cdm\", object: 1)", "2025-03-03T22:30:00Z")
        .write(&root.path().join("there"), "s.ron");
    super::binary::succeed(root.path(), &["scenario", "check", "there/s.ron"]);
    scenario("Cdm(file: \"message.cdm\", object: 1)", "2025-03-03T22:30:00Z").write(root.path(), "s.ron");
    let message = refused(root.path(), &["train", "s.ron", "--steps", "64"]);
    assert!(message.contains("paths are relative to the scenario's file"), "{message}");
}
