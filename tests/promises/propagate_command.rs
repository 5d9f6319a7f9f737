//! `propagate` gives published orbits to people and to machines, and says what is wrong with what it is given.

use serde_json::Value;

use super::binary::{refused, succeed};

const GMAT: &str = "-2436.45 -2436.45 6891.037 5.088611 -5.088611 0";

fn arguments<'a>(state: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["propagate", "--state", state];
    if !more.contains(&"--epoch") {
        arguments.extend(["--epoch", "2000-01-01T00:00:00Z"]);
    }
    arguments.extend(more);
    arguments
}

fn told(more: &[&str]) -> Value {
    let root = tempfile::tempdir().unwrap();
    let mut arguments = arguments(GMAT, more);
    arguments.push("--json");
    let finished = succeed(root.path(), &arguments);
    assert_eq!(finished.stderr, "");
    finished.json()
}

fn numbers(of: &Value) -> Vec<f64> {
    of.as_array().expect("a vector").iter().map(|number| number.as_f64().expect("a number")).collect()
}

fn assert_near(found: &Value, expected: [f64; 3], bound: f64) {
    let found = numbers(found);
    let apart = found.iter().zip(expected).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    assert!(found.len() == 3 && apart < bound, "{found:?}, expected {expected:?}: {apart}");
}

#[test]
fn the_published_days_come_out_as_json() {
    let day = ["--duration", "86400"];
    // GMAT, to 1 mm.
    let two_body = told(&[&["--forces", "two_body"][..], &day].concat());
    assert_near(&two_body["position_km"], [-5_971.194_191_671, 3_945.506_653_225, 2_864.636_618_413], 1e-6);
    assert_near(&two_body["velocity_km_s"], [0.049_096_957_630, -4.185_093_318_476, 5.848_940_867_749], 1e-9);
    assert!(two_body["steps"].as_u64().expect("steps") > 100);
    assert_eq!(two_body["propellant_kg"], 0.0);
    // Vallado's constants with J2, to 0.3 mm.
    let constants = ["--mu-km3-s2", "398600.4415", "--re-km", "6378.1363", "--j2", "0.001082626174"];
    let j2 = told(&[&["--forces", "two_body,j2"][..], &constants, &day].concat());
    assert_near(&j2["position_km"], [-5_751.474_530_517, 4_721.173_777_436, 2_046.036_772_724], 3e-7);
    // And back again.
    let state: Vec<String> = [&j2["position_km"], &j2["velocity_km_s"]]
        .into_iter()
        .flat_map(numbers)
        .map(|number| number.to_string())
        .collect();
    let root = tempfile::tempdir().unwrap();
    let state = state.join(" ");
    let back = [&["--forces", "two_body,j2", "--duration", "-86400", "--json"][..], &constants].concat();
    let back = succeed(root.path(), &arguments(&state, &back)).json();
    assert_near(&back["position_km"], [-2_436.45, -2_436.45, 6_891.037], 1e-6);
}

#[test]
fn rk4_is_the_other_integrator() {
    let fine = told(&["--forces", "two_body,j2,j3,j4", "--duration", "3605"]);
    let rk4 = ["--integrator", "rk4", "--step", "10"];
    let coarse = told(&[&["--forces", "two_body,J2,J3,J4", "--duration", "3605"][..], &rk4].concat());
    assert_eq!(coarse["steps"], 361);
    let expected: [f64; 3] = numbers(&fine["position_km"]).try_into().expect("three");
    assert_near(&coarse["position_km"], expected, 1e-4);
    assert_ne!(coarse["position_km"], fine["position_km"]);
}

#[test]
fn a_burn_is_told_with_its_propellant() {
    let burn = ["--mass-kg", "1756", "--thrust-n", "10", "--isp-s", "300", "--burn-s", "3000", "--duration", "3000"];
    // GMAT: 745.80283787016 of 756 kg are left, with Sun and Moon at the epoch of its table.
    let gmat = ["--forces", "two_body,sun,moon", "--epoch", "2001-12-31T23:59:28Z", "--propellant-kg", "756"];
    let along = told(&[&burn[..], &gmat].concat());
    let left = along["propellant_left_kg"].as_f64().expect("a number");
    assert!((left - 745.802_837_870_16).abs() < 1e-9, "{left}");
    let burnt = along["propellant_kg"].as_f64().expect("a number");
    assert!((burnt - (756.0 - 745.802_837_870_16)).abs() < 1e-9, "{burnt}");
    assert_near(&along["position_km"], [4_172.433_936_615, 436.936_159_720, -6_518.368_821_953], 1e-6);
    // On a circular-enough orbit T and v are near; N and R are not.
    let in_frame = |more: &[&'static str]| numbers(&told(&[&burn[..], more].concat())["position_km"]);
    let default = in_frame(&["--burn-frame", "rtn"]);
    assert_eq!(default, in_frame(&["--burn-frame", "rtn", "--burn-direction", "0 2 0"]));
    assert_ne!(default, in_frame(&["--burn-frame", "rtn", "--burn-direction", "0 0 1"]));
    assert_ne!(default, in_frame(&["--burn-frame", "inertial", "--burn-direction", "-1,0,0"]));
}

#[test]
fn people_read_the_same() {
    let root = tempfile::tempdir().unwrap();
    let forces = "two_body,j2,j3,j4,j5,j6,drag,srp,sun,moon";
    let surface = ["--area-m2", "4", "--cd", "2.1", "--cr", "1.4", "--mass-kg", "200"];
    let more = [&["--forces", forces, "--duration", "600"][..], &surface].concat();
    let shown = succeed(root.path(), &arguments(GMAT, &more)).stdout;
    assert!(shown.starts_with("600 s after 2000-01-01T00:00:00Z under two_body, j2"), "{shown}");
    assert!(shown.contains("position, GCRF [km]") && shown.contains("steps"), "{shown}");
    let value = told(&more);
    assert!(shown.contains(&format!("{:.9}", value["position_km"][0].as_f64().expect("x"))), "{shown}\n{value}");
    assert_eq!(value["forces"][7], "srp_conical");
}

#[test]
fn whatever_cannot_be_meant_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let burn = ["--thrust-n", "1000", "--isp-s", "300", "--burn-s", "5000"];
    let with_burn = |more: &[&'static str]| [&burn[..], more].concat();
    let cases: Vec<(&str, Vec<&str>, &str)> = vec![
        ("1 2 3", vec!["--duration", "1"], "--state has 3 numbers, not the 6"),
        ("1 2 3 4 5 six", vec!["--duration", "1"], "'six' is not a number"),
        ("7000 NaN 0 0 7 0", vec!["--duration", "1"], "NaN is not a finite number"),
        ("6000 0 0 0 8 0", vec!["--duration", "1"], "inside the Earth: 6000 km from its centre, an altitude of -378."),
        ("1e300 0 0 0 8 0", vec!["--duration", "1"], "km are the most"),
        ("7000 0 0 0 1e9 0", vec!["--duration", "1"], "km/s are the most"),
        ("6700 0 0 0 7 0", vec!["--duration", "86400"], "hits the Earth 648.8"),
        ("6700 0 0 0 7 0", vec!["--duration", "-86400"], "hits the Earth -648.8"),
        (GMAT, vec!["--duration", "NaN"], "--duration NaN is not a finite number"),
        (
            GMAT,
            vec!["--duration", "1", "--forces", "two_body,j22"],
            "unknown force `j22`, expected one of two_body, j2,",
        ),
        (GMAT, vec!["--duration", "1", "--forces", "j2"], "without two_body"),
        (GMAT, vec!["--duration", "1", "--forces", "two_body,j2,J2"], "`j2` is named twice"),
        (GMAT, vec!["--duration", "1", "--forces", "two_body,srp,srp_cylindrical"], "sunlight presses twice"),
        (GMAT, vec!["--duration", "1", "--epoch", "1066-10-14"], "outside the years 1960 to 2100"),
        (GMAT, vec!["--duration", "1", "--epoch", "2026-02-30T00:00:00Z"], "no date and time of the calendar"),
        (GMAT, vec!["--duration", "1e11", "--forces", "two_body,sun"], "for which Sun and Moon are known"),
        (GMAT, vec!["--duration", "1", "--j2", "0.001"], "--j2 is set, but j2 is not among the forces"),
        (GMAT, vec!["--duration", "1", "--mu-km3-s2", "-1"], "--mu-km3-s2 -1 is not a positive number"),
        (GMAT, vec!["--duration", "1", "--re-km", "0"], "--re-km 0 is not a positive number"),
        (GMAT, vec!["--duration", "1", "--tolerance", "0"], "--tolerance 0 is not from"),
        (GMAT, vec!["--duration", "1", "--integrator", "euler"], "possible values: dop853, rk4"),
        (GMAT, vec!["--duration", "1", "--integrator", "rk4"], "needs --step"),
        (GMAT, vec!["--duration", "1", "--integrator", "rk4", "--step", "0"], "the step is 0, which is not positive"),
        (GMAT, vec!["--duration", "1", "--step", "10"], "--step is for --integrator rk4"),
        (GMAT, vec!["--duration", "1e9", "--integrator", "rk4", "--step", "1e-6"], "steps are the most"),
        (GMAT, vec!["--duration", "1", "--mass-kg", "0"], "the mass is 0, which is not positive"),
        (GMAT, vec!["--duration", "1", "--area-m2", "-1"], "the area is -1, which is negative"),
        (GMAT, vec!["--duration", "1", "--thrust-n", "1"], "--isp-s"),
        (GMAT, with_burn(&["--duration", "9999", "--propellant-kg", "100"]), "used up 294.200 s after the start"),
        (GMAT, with_burn(&["--duration", "9999", "--propellant-kg", "2000"]), "below the mass of 1000 kg"),
        (GMAT, with_burn(&["--duration", "9999"]), "used up"),
        (GMAT, with_burn(&["--duration", "-10"]), "cannot be flown backward"),
        (GMAT, with_burn(&["--duration", "10", "--burn-frame", "inertial"]), "needs --burn-direction"),
        (GMAT, with_burn(&["--duration", "10", "--burn-direction", "0 0 0"]), "--burn-direction has no length"),
    ];
    for (state, more, message) in cases {
        let error = refused(root.path(), &arguments(state, &more));
        // Long lines are wrapped where clap tells them.
        assert!(error.replace('\n', " ").contains(message), "{more:?}: {error}");
    }
}
