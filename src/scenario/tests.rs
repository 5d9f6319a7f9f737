//! Every fault of a scenario, one at a time and many at once, what a scenario compiles to, and that the shipped ones are sound.

use super::*;
use crate::astro::constants::{EARTH_J2, EARTH_J3, EARTH_J4, EARTH_RADIUS_M};
use crate::sim::config::BaseVelocity;
use crate::sim::distribution::Distribution;
use crate::sim::template::{Failure, Start};

const DOCKING: &str = include_str!("tests/docking.ron");
const PURSUIT: &str = include_str!("tests/pursuit.ron");
/// One element set of the International Space Station, from the SGP4 literature (Vallado et al., 2006, satellite 25544).
const TLE: [&str; 2] = [
    "1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927",
    "2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537",
];

fn sound(text: &str) -> Scenario {
    Scenario::from_source("test.ron", text).unwrap_or_else(|error| panic!("{}", error.render(false)))
}

fn faults(text: &str) -> Vec<Fault> {
    match Scenario::from_source("test.ron", text) {
        Ok(_) => Vec::new(),
        Err(error) => error.faults().to_vec(),
    }
}

/// `text` with the first `from` replaced.
fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "the scenario has no {from:?}");
    text.replacen(from, to, 1)
}

/// Asserts that replacing `from` by `to` makes exactly one fault, which points at `pointed_at` and says `message`.
fn assert_one_fault(text: &str, [from, to, pointed_at, message]: [&str; 4]) {
    let text = changed(text, from, to);
    let found = faults(&text);
    assert_eq!(found.len(), 1, "{to:?} gave {found:#?}");
    let fault = &found[0];
    assert_eq!(&text[fault.span.offset()..fault.span.offset() + fault.span.len()], pointed_at, "{to:?}: {fault:?}");
    assert!(fault.message.contains(message), "{to:?} gave {:?}, not {message:?}", fault.message);
}

#[test]
fn a_fault_of_the_pursuit_is_told_on_its_place() {
    let deep = "no spacecraft 'evadr'";
    for case in [
        // Head.
        ["name: \"pursuit_evasion\"", "name: \" \"", "\" \"", "the scenario has an empty name"],
        ["name: \"pursuit_evasion\"", "name: \"../x\"", "\"../x\"", "the scenario cannot be named '../x'"],
        ["\"A pursuer must", "\"\", // \"A pursuer must", "\"\"", "the summary is empty"],
        ["2026-03-20T", "2026-02-30T", "\"2026-02-30T12:00:00Z\"", "is no date and time of the calendar"],
        ["12:00:00Z", "noon", "\"2026-03-20Tnoon\"", "epoch '2026-03-20Tnoon' is not of the form"],
        // Fields and variants.
        ["mass_kg: Fixed(300.0),", "mass_kg: Fixed(300.0), mas: 1,", "mas", "unknown field `mas` in spacecraft"],
        ["mass_kg: Fixed(300.0),", "mass_kg: Fixed(300.0), mass_kg: Fixed(1.0),", "mass_kg", "is given twice"],
        ["mass_kg: Fixed(300.0),", "", "\"evader\"", "missing field `mass_kg` in spacecraft"],
        ["success: Reach(who: \"pursuer\", target: \"evader\", radius_m: 50.0),", "", "(", "missing field `success`"],
        ["J2, J3, J4]", "J22]", "J22", "unknown force `J22`"],
        ["Jink()", "Jinx()", "Jinx", "unknown behaviour `Jinx`"],
        ["Time(weight_per_s: 0.000125)", "Time(weight: 1.0)", "weight", "unknown field `weight` in `Time`"],
        // Physics.
        ["TwoBody, J2, J3, J4", "J2, J3", "[J2, J3]", "the forces are without TwoBody"],
        ["TwoBody, J2, J3, J4", "TwoBody, J2, J2", "J2", "force J2 is named twice"],
        ["substep_s: 10.0", "substep_s: 0.0", "0.0", "substep 0 s is not positive"],
        ["substep_s: 10.0", "substep_s: -1.0", "-1.0", "substep -1 s is not positive"],
        ["substep_s: 10.0", "substep_s: 1e-9", "1e-9", "has more than 10000 of them"],
        ["substep_s: 10.0", "substep_s: 601.0", "601.0", "substep 601 s is above 600 s"],
        ["        // `mu_m3_s2`", "mu_m3_s2: NaN, //", "NaN", "gravitational parameter NaN is not a finite number"],
        ["        // `mu_m3_s2`", "earth_radius_m: 0.0, //", "0.0", "Earth radius 0 m is not positive"],
        // Timing.
        ["segment_s: 10.0", "segment_s: 0.0", "0.0", "segment 0 s is not positive"],
        ["segment_s: 10.0", "segment_s: inf", "inf", "segment inf is not a finite number"],
        ["segment_s: 10.0", "segment_s: 1300.0", "1300.0", "a segment of 1300 s is longer than the limit of 1200 s"],
        ["time_limit_s: 1200.0", "time_limit_s: -5.0", "-5.0", "time limit -5 s is not positive"],
        ["time_limit_s: 1200.0", "time_limit_s: 1e9", "1e9", "has more than 1000000 of them"],
        ["replan_every: 4", "replan_every: 0", "0", "replan_every 0 is outside 1 to 16"],
        ["replan_every: 4", "replan_every: 17", "17", "replan_every 17 is outside 1 to 16"],
        ["replan_every: 4", "replan_every: -1", "-1", "nteger"],
        // Mass and propulsion.
        ["Fixed(300.0)", "Fixed(0.0)", "Fixed(0.0)", "mass 0 kg is not positive (spacecraft 'evader')"],
        ["Fixed(300.0)", "Uniform(-5, 9)", "Uniform(-5, 9)", "mass -5 kg is not positive (spacecraft 'evader')"],
        ["Fixed(300.0)", "Normal(10, 2)", "Normal(10, 2)", "mass -2 kg is not positive"],
        ["Fixed(300.0)", "Fixed(NaN)", "Fixed(NaN)", "NaN is not a finite number"],
        ["Fixed(300.0)", "Uniform(9, 8)", "Uniform(9, 8)", "its lower bound 9 is above its upper bound 8"],
        ["Fixed(300.0)", "Choice([])", "Choice([])", "it has nothing to choose from"],
        ["Fixed(300.0)", "LogUniform(0, 8)", "LogUniform(0, 8)", "its lower bound 0 must be above zero"],
        ["Fixed(300.0)", "Fixed(1e16)", "Fixed(1e16)", "mass 10000000000000000 kg is above"],
        ["Fixed(300.0)", "300.0", "300.0", "is written as a distribution"],
        [
            "thrust_n: Fixed(3.0)",
            "thrust_n: Fixed(-3.0)",
            "Fixed(-3.0)",
            "thrust -3 N is negative (spacecraft 'evader')",
        ],
        ["thrust_n: Fixed(3.0)", "thrust_n: Fixed(1e9)", "Fixed(1e9)", "above 1000 m/s²"],
        ["isp_s: Fixed(220.0)", "isp_s: Fixed(0.0)", "Fixed(0.0)", "specific impulse 0 s is not positive"],
        ["delta_v_m_s: Fixed(6.0)", "delta_v_m_s: Fixed(-6)", "Fixed(-6)", "Δv -6 m/s is negative"],
        [
            "isp_s: Fixed(220.0),\n                delta_v_m_s: Fixed(6.0)",
            "isp_s: Fixed(1)",
            "Fixed(1)",
            "would take 367.1 kg of a mass of 300 kg",
        ],
        // Orbits.
        [
            "Uniform(400.0, 600.0)",
            "Fixed(-212)",
            "Fixed(-212)",
            "perigee altitude -212 km is inside the Earth (spacecraft 'evader')",
        ],
        [
            "Uniform(400.0, 600.0)",
            "Normal(300, 40)",
            "Normal(300, 40)",
            "perigee altitude 60 km is below 80 km (spacecraft 'evader')",
        ],
        ["Uniform(400.0, 600.0)", "LogUniform(400, 600)", "LogUniform(400, 600)", "cannot be LogUniform"],
        ["Uniform(400.0, 600.0)", "Fixed(1e6)", "Fixed(1e6)", "perigee altitude 1000000 km is above 900000 km"],
        [
            "Uniform(0.0, 0.002)",
            "Uniform(0, 1)",
            "Uniform(0, 1)",
            "eccentricity 1 is not below 1 (spacecraft 'evader')",
        ],
        ["Uniform(0.0, 0.002)", "Fixed(-0.1)", "Fixed(-0.1)", "eccentricity -0.1 is negative"],
        ["Uniform(0.0, 180.0)", "Fixed(181)", "Fixed(181)", "inclination 181 deg is above 180 deg"],
        [
            "raan_deg: Uniform(0.0, 360.0)",
            "raan_deg: Fixed(inf)",
            "Fixed(inf)",
            "right ascension of the ascending node",
        ],
        ["to: \"evader\"", "to: \"evadr\"", "\"evadr\"", deep],
        ["to: \"evader\"", "to: \"pursuer\"", "\"pursuer\"", "the start is relative to itself (spacecraft 'pursuer')"],
        ["Uniform(3000.0, 6000.0)", "Fixed(0)", "Fixed(0)", "range 0 m is not positive (spacecraft 'pursuer')"],
        ["(0.6, 1.0, 0.4)", "(0.0, 0.0, 0.0)", "(0.0, 0.0, 0.0)", "all weights of the direction are zero"],
        ["(0.6, 1.0, 0.4)", "(0.6, -1.0, 0.4)", "-1.0", "weight -1 is negative"],
        ["speed_m_s: Uniform(0.0, 2.0)", "speed_m_s: Fixed(-2)", "Fixed(-2)", "speed -2 m/s is negative"],
        ["team: \"blue\"", "team: \"\"", "\"\"", "the team of spacecraft 1 has an empty name"],
        // Control.
        ["BreakPerpendicular(),", "ZemZev(navigation: 1.0),", "navigation", "unknown field `navigation` in `ZemZev`"],
        [
            "Flee(),",
            "Flee(trigger_range_m: Fixed(-1)),",
            "Fixed(-1)",
            "`trigger_range_m` of flee: it can come out as -1, below 0 (spacecraft 'evader')",
        ],
        // Objective.
        [
            "team: \"red\",\n        // At",
            "team: \"green\",\n        // At",
            "\"green\"",
            "team 'green' has no spacecraft",
        ],
        ["target: \"evader\"", "target: \"evadr\"", "\"evadr\"", deep],
        ["target: \"evader\"", "target: \"pursuer\"", "\"pursuer\"", "`who` and `target` are both 'pursuer'"],
        [
            "who: \"pursuer\", target: \"evader\"",
            "who: \"evader\", target: \"pursuer\"",
            "\"evader\"",
            "'evader' is in team 'blue', not in 'red'",
        ],
        ["radius_m: 50.0", "radius_m: 0.0", "0.0", "capture radius 0 m is not positive"],
        [
            "radius_m: 50.0",
            "radius_m: 3000.0",
            "3000.0",
            "capture radius 3000 m is not below the least range at the start, 3000 m",
        ],
        ["radius_m: 50.0", "radius_m: 50.0, max_speed_m_s: 0.0", "0.0", "greatest speed 0 m/s is not positive"],
        ["from: \"evader\", range_m", "from: \"evadr\", range_m", "\"evadr\"", deep],
        [
            "from: \"evader\", range_m",
            "from: \"pursuer\", range_m",
            "\"pursuer\"",
            "`who` and `from` are both 'pursuer'",
        ],
        [
            "range_m: 20000.0",
            "range_m: 6000.0",
            "6000.0",
            "escape range 6000 m is not above the greatest range at the start, 6000 m",
        ],
        [
            "Escape(who: \"pursuer\", from: \"evader\", range_m: 20000.0)",
            "KeepOut(who: \"pursuer\", from: \"evader\", radius_m: 50.0)",
            "50.0",
            "keep-out radius 50 m is not below the capture radius",
        ],
        [
            "Escape(who: \"pursuer\", from: \"evader\", range_m: 20000.0)",
            "KeepOut(who: \"evader\", from: \"pursuer\", radius_m: 4000.0)",
            "4000.0",
            "keep-out radius 4000 m is not below the least range at the start, 3000 m",
        ],
        // Rewards.
        ["floor_m: 50.0)),", "floor_m: -50.0)),", "Logarithmic(floor_m: -50.0)", "`scale`: -50 m must be above zero"],
        ["weight_per_m_s: 0.002", "weight_per_m_s: NaN", "NaN", "`weight_per_m_s`: NaN is not a finite number"],
        // Held out.
        ["\"evader\": [Weave()]", "\"evadr\": [Weave()]", "\"evadr\"", deep],
        ["\"evader\": [Weave()]", "\"pursuer\": [Weave()]", "\"pursuer\"", "'pursuer' is learned"],
        ["[Weave()]", "[]", "[]", "there is no behaviour to draw from (spacecraft 'evader')"],
        ["[Weave()]", "[Weave(), Flee()]", "Flee()", "flee is held out for 'evader' and trained against"],
        [
            "[Weave()],",
            "[Weave()], \"evader\": [Ballistic()],",
            "\"evader\"",
            "behaviours are held out for 'evader' twice",
        ],
    ] {
        assert_one_fault(PURSUIT, case);
    }
}

#[test]
fn a_fault_of_the_docking_is_told_on_its_place() {
    for case in [
        ["0.001027)", "0.0)", "0.0", "mean motion 0 rad/s is not positive"],
        ["0.001027)", "0.1027)", "0.1027", "mean motion 0.1027 rad/s is above 0.00123"],
        ["mean_motion_rad_s: 0.001027", "mean_motion_rad_s: Fixed(0.001027)", "Fixed(0.001027)", "expected float"],
        ["control: Learned", "control: Scripted([])", "[]", "there is no behaviour to draw from (spacecraft 'deputy')"],
        [
            "Scripted([Ballistic()])",
            "Learned",
            "Learned",
            "a learned spacecraft needs thrusters (spacecraft 'station')",
        ],
        [
            "thrust_n: Fixed(1.0)",
            "thrust_n: Fixed(0.0)",
            "Learned",
            "a learned spacecraft needs thrusters (spacecraft 'deputy')",
        ],
        ["[Ballistic()]", "[Ballistic(), Flee()]", "Flee()", "flee burns, but spacecraft 'station' has no thrust"],
        ["[Ballistic()]", "[Ballistic]", "Ballistic", "`Ballistic` needs parentheses"],
        [
            "speed_m_s: Uniform(0.0, 0.3)",
            "speed_m_s: Uniform(0.0, 0.6)",
            "SpeedLimit",
            "a start at 0.6 m/s and 100 m breaks the speed limit",
        ],
        ["margin_m_s: 0.1", "margin_m_s: -0.1", "-0.1", "margin of the speed limit -0.1 m/s is negative"],
        ["range_m: 10000.0", "range_m: NaN", "NaN", "escape range NaN is not a finite number"],
        [
            "direction_weights: (1.0, 1.0, 1.0)",
            "direction_weights: [1.0, 1.0, 1.0]",
            "[1.0, 1.0, 1.0]",
            "expected opening `(`",
        ],
        [
            "Escape(who: \"deputy\", from: \"station\", range_m: 10000.0)",
            "SpeedLimit(who: \"deputy\", from: \"station\", floor_m_s: 1.0, slope_per_s: 0.0, offset_m: 0.0, margin_m_s: 1.0)",
            "SpeedLimit",
            "there is more than one SpeedLimit",
        ],
    ] {
        assert_one_fault(DOCKING, case);
    }
}

#[test]
fn a_fault_with_echoes_is_told_first_hand() {
    for (text, from, to, message) in [
        (PURSUIT, "name: \"pursuer\"", "name: \"\"", "spacecraft 2 has an empty name"),
        (PURSUIT, "name: \"pursuer\"", "name: \"a\\u{1b}b\"", "spacecraft 2 cannot be named 'a\\u{1b}b'"),
        (DOCKING, "name: \"deputy\"", "name: \"station\"", "spacecraft 1 and 2 are both named 'station'"),
        (DOCKING, "orbit: Origin", "orbit: Tle(line1: \"1\", line2: \"2\")", "Tle is a start of the Standard tier"),
    ] {
        let found = faults(&changed(text, from, to));
        assert!(found.iter().any(|fault| fault.message.contains(message)), "{to:?} gave {found:#?}");
        assert!(!format!("{found:?}").contains('\u{1b}'), "{found:?}");
    }
}

#[test]
fn starts_belong_to_their_tier() {
    let text = changed(PURSUIT, "orbit: Keplerian(", "orbit: Origin, /* (");
    let text = changed(&text, "true_anomaly_deg: Uniform(0.0, 360.0),\n            ),", "*/");
    let found = faults(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].message.contains("Origin is a start of the Relative tier"));
    let tier = "Relative(mean_motion_rad_s: 0.001)) /*";
    let text = changed(&changed(PURSUIT, "Standard(", tier), "    timing:", "*/ , timing:");
    let found = faults(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].message.contains("Keplerian is a start of the Standard tier"));
}

/// The pursuit in the tier `tier`, written as RON.
fn with_tier(tier: &str) -> String {
    let start = PURSUIT.find("tier: Standard(").expect("a tier");
    let end = start + PURSUIT[start..].find("substep_s: 10.0").expect("its end");
    let end = end + PURSUIT[end..].find(')').expect("its parenthesis") + 1;
    format!("{}tier: {tier}{}", &PURSUIT[..start], &PURSUIT[end..])
}

#[test]
fn forces_and_surfaces_are_compiled() {
    let surface = "area_m2: Uniform(1.0, 2.0), drag_coefficient: Fixed(2.1), orbit: Keplerian(";
    let forces = "[J6, TwoBody, J2, Drag, SrpCylindrical]";
    let text = with_tier(&format!("Standard(forces: {forces}, substep_s: 10.0), zonals: (j2: 0.001, j6: -2e-6)"));
    let scenario = sound(&changed(&text, "orbit: Keplerian(", surface));
    let physics = &scenario.template.physics;
    assert_eq!(physics.zonals, [0.001, 0.0, 0.0, 0.0, -2e-6]);
    assert!(physics.surface_forces.drag && physics.surface_forces.solar_pressure && physics.reference.is_none());
    let [area_m2, drag_coefficient, radiation_coefficient] = &scenario.template.slots[0].surface;
    assert_eq!(*area_m2, Some(Distribution::Uniform(1.0, 2.0)));
    assert_eq!((drag_coefficient, radiation_coefficient), (&Some(Distribution::Fixed(2.1)), &None));
    assert_eq!(scenario.template.slots[1].surface, [None, None, None]);

    let scenario = sound(&with_tier("Reference(forces: [TwoBody, J2, SrpConical, Sun, Moon])"));
    let reference = scenario.template.physics.reference.as_ref().expect("the reference tier");
    assert_eq!(reference.forces.len(), 5);
    assert_eq!((reference.tolerance.relative, reference.tolerance.absolute_m), (1e-11, 1e-6));
    assert_eq!(scenario.template.physics.zonals, [EARTH_J2, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn faults_of_forces_and_surfaces_are_told() {
    for (tier, message) in [
        ("Standard(forces: [TwoBody, Moon], substep_s: 10.0)", "force Moon is not in the Standard tier"),
        ("Standard(forces: [TwoBody, SrpConical], substep_s: 10.0)", "force SrpConical is not in the Standard tier"),
        ("Reference(forces: [TwoBody, SrpConical, SrpCylindrical])", "sunlight presses twice"),
        ("Reference(forces: [Sun])", "the forces are without TwoBody"),
        ("Reference(forces: [TwoBody], relative_tolerance: 0.0)", "relative tolerance 0 is below"),
        ("Reference(forces: [TwoBody], absolute_tolerance_m: -1.0)", "absolute tolerance -1 m is below"),
        ("Reference(forces: [TwoBody, J2]), zonals: (j3: 0.001)", "J3 is set, but the force J3 is not named"),
        ("Reference(forces: [TwoBody, J2]), zonals: (j2: 3.0)", "J2 3 is above 0.1"),
    ] {
        let found = faults(&with_tier(tier));
        assert!(found.len() == 1 && found[0].message.contains(message), "{tier}: {found:#?}");
    }
    let text = changed(&with_tier("Reference(forces: [TwoBody, Sun])"), "time_limit_s: 1200.0", "time_limit_s: 4e8");
    let text = changed(&text, "segment_s: 10.0", "segment_s: 1000.0");
    assert!(
        faults(&text).iter().any(|fault| fault.message.contains("longer than Sun and Moon")),
        "{:?}",
        faults(&text)
    );
    for (surface, message) in [
        ("area_m2: Fixed(-1.0)", "area -1 m² is negative"),
        ("drag_coefficient: Uniform(1.0, 99.0)", "drag coefficient 99 is above 10"),
        ("radiation_coefficient: Normal(0.5, 1.0)", "radiation coefficient"),
    ] {
        let text = changed(PURSUIT, "orbit: Keplerian(", &format!("{surface}, orbit: Keplerian("));
        let found = faults(&text);
        assert!(found.len() == 1 && found[0].message.contains(message), "{surface}: {found:#?}");
    }
}

/// The pursuit with the evader on a two-line element set.
fn with_tle(line1: &str, line2: &str) -> String {
    let start = PURSUIT.find("Keplerian(").expect("a Keplerian start");
    let end = start + PURSUIT[start..].find("\n            ),").expect("its end") + "\n            )".len();
    let tle = format!("Tle(line1: \"{line1}\", line2: \"{line2}\")");
    let text = format!("{}{tle}{}", &PURSUIT[..start], &PURSUIT[end..]);
    changed(&text, "2026-03-20T12:00:00Z", "2008-09-20T12:25:40Z")
}

#[test]
fn a_two_line_element_set_is_a_start() {
    let scenario = sound(&with_tle(TLE[0], TLE[1]));
    let Start::State(state) = &scenario.template.slots[0].start else { panic!("a state") };
    // Mean altitude of the station in 2008: 340 to 360 km.
    let altitude_km = (state.position_m.norm() - EARTH_RADIUS_M) / 1000.0;
    assert!((320.0..380.0).contains(&altitude_km), "{altitude_km} km");
}

#[test]
fn a_bad_two_line_element_set_is_refused_on_its_line() {
    let wrong_sum = TLE[1].replace("15.72125391563537", "15.72125391563536");
    for (line1, line2, pointed_at, message) in [
        (TLE[0], &TLE[1][..68], &TLE[1][..68], "line2 has 68 characters, not 69"),
        (TLE[0], wrong_sum.as_str(), "", "not a two-line element set"),
        (TLE[1], TLE[0], "", "not a two-line element set"),
    ] {
        let text = with_tle(line1, line2);
        let found = faults(&text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].message.contains(message), "{found:?}");
        let span = found[0].span.offset()..found[0].span.offset() + found[0].span.len();
        assert!(text[span.clone()].contains(pointed_at), "{:?}", &text[span]);
    }
}

#[test]
fn a_start_relative_to_a_later_spacecraft_is_refused() {
    // The pursuer is put before the evader that its start is relative to.
    let cut = PURSUIT.find("        (\n            name: \"evader\"").expect("the evader");
    let pursuer = PURSUIT.find("        (\n            name: \"pursuer\"").expect("the pursuer");
    let end = PURSUIT.find("    ],\n\n    objective").expect("the end of the list");
    let text = [&PURSUIT[..cut], &PURSUIT[pursuer..end], &PURSUIT[cut..pursuer], &PURSUIT[end..]].concat();
    let found = faults(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].message.contains("relative to 'evader', which comes later (spacecraft 'pursuer')"), "{found:?}");
    assert_eq!(&text[found[0].span.offset()..found[0].span.offset() + found[0].span.len()], "\"evader\"");
}

#[test]
fn a_shell_that_reaches_into_the_air_is_refused() {
    let text = changed(PURSUIT, "Uniform(3000.0, 6000.0)", "Uniform(3000.0, 400000.0)");
    let text = changed(&text, "range_m: 20000.0", "range_m: 500000.0");
    let found = faults(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].message.contains("can lie below 80 km (spacecraft 'pursuer')"), "{found:?}");
}

#[test]
fn a_crossing_is_refused_where_there_is_none() {
    let start = PURSUIT.find("orbit: RtnShell(").expect("the pursuer's start");
    let end = start + PURSUIT[start..].find("),\n            control").expect("its end") + 1;
    let crossing = "orbit: Crossing(with: \"evader\", after_s: Uniform(300, 900), miss_m: Fixed(200), \
                    relative_speed_m_s: LogUniform(100, 14000))";
    let text = format!("{}{crossing}{}", &PURSUIT[..start], &PURSUIT[end..]);
    assert!(matches!(sound(&text).template.slots[1].start, Start::Crossing { with: 0, .. }));
    for case in [
        ["with: \"evader\"", "with: \"evadr\"", "\"evadr\"", "no spacecraft 'evadr'"],
        ["with: \"evader\"", "with: \"pursuer\"", "\"pursuer\"", "the start is relative to itself"],
        ["Uniform(300, 900)", "Fixed(-1)", "Fixed(-1)", "time of the crossing -1 s is negative (spacecraft 'pursuer')"],
        ["Fixed(200)", "Fixed(-2)", "Fixed(-2)", "miss -2 m is negative"],
        ["LogUniform(100, 14000)", "Fixed(0)", "Fixed(0)", "relative speed 0 m/s is not positive"],
        ["LogUniform(100, 14000)", "Fixed(0.4)", "Fixed(0.4)", "is no crossing: the two stay together"],
        // 7.56 km/s at 602 km, twice.
        ["LogUniform(100, 14000)", "Fixed(15200)", "Fixed(15200)", "is more than meeting 'evader' head-on gives"],
    ] {
        assert_one_fault(&text, case);
    }
    let start = DOCKING.find("orbit: RtnShell(").expect("the deputy's start");
    let end = start + DOCKING[start..].find("),\n            // Flown").expect("its end") + 1;
    let text = format!("{}{}{}", &DOCKING[..start], crossing.replace("evader", "station"), &DOCKING[end..]);
    let found = faults(&text);
    assert!(found.iter().any(|fault| fault.message.contains("Crossing is a start of the Standard tier")), "{found:?}");
    assert!(found.iter().all(|fault| fault.help.is_some()), "{found:?}");
}

#[test]
fn the_number_of_spacecraft_is_bounded() {
    let extra = |index: usize| {
        format!(
            "(name: \"extra-{index}\", team: \"red\", role: Guard, mass_kg: Fixed(1), control: Scripted([Ballistic()]), \
             orbit: RtnShell(to: \"evader\", range_m: Fixed(100), speed_m_s: Fixed(0))),"
        )
    };
    let with = |count: usize| {
        let extras: String = (0..count).map(extra).collect();
        changed(PURSUIT, "    ],\n\n    objective", &format!("{extras}    ],\n\n    objective"))
    };
    assert_eq!(sound(&with(6)).template.slots.len(), MAX_SPACECRAFT);
    let text = with(7);
    let found = faults(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].message.contains("there are 9 spacecraft, 8 at most"), "{found:?}");
    assert!(text[found[0].span.offset()..].starts_with("\"extra-6\""));

    let start = PURSUIT.find("spacecraft: [").expect("the list") + "spacecraft: [".len();
    let end = PURSUIT.find("    ],\n\n    objective").expect("its end");
    let found = faults(&format!("{}{}", &PURSUIT[..start], &PURSUIT[end..]));
    assert!(found.iter().any(|fault| fault.message == "there is no spacecraft"), "{found:?}");
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_text() {
    let mut text = PURSUIT.to_owned();
    for (from, to) in [
        ("name: \"pursuit_evasion\",", "name: \"pursuit_evasion\", colour: 3,"),
        ("substep_s: 10.0", "substep_s: -10.0"),
        ("replan_every: 4", "replan_every: 40"),
        ("Fixed(300.0)", "Fixed(-300.0)"),
        ("Uniform(400.0, 600.0)", "Uniform(-212, 600.0)"),
        ("to: \"evader\"", "to: \"evadr\""),
        ("radius_m: 50.0", "radius_m: -50.0"),
    ] {
        text = changed(&text, from, to);
    }
    let found = faults(&text);
    assert_eq!(found.len(), 7, "{found:#?}");
    assert!(found.is_sorted_by_key(|fault| fault.span.offset()));
}

#[test]
fn a_fault_is_shown_on_its_lines() {
    let text = changed(PURSUIT, "Uniform(400.0, 600.0)", "Uniform(-212.0, 600.0)");
    let text = changed(&text, "to: \"evader\"", "to: \"evadr\"");
    let error = Scenario::from_source("pursuit.ron", &text).expect_err("it has faults");
    insta::assert_snapshot!(error.render(false), @r#"
      × pursuit.ron has 2 faults

    Error: 
      × perigee altitude -212 km is inside the Earth (spacecraft 'evader')
        ╭─[pursuit.ron:43:38]
     42 │             orbit: Keplerian(
     43 │                 perigee_altitude_km: Uniform(-212.0, 600.0),
        ·                                      ───────────┬──────────
        ·                                                 ╰── here
     44 │                 eccentricity: Uniform(0.0, 0.002),
        ╰────
      help: altitudes count from the equatorial radius, 6378.1363 km; at least 80 km are needed

    Error: 
      × there is no spacecraft 'evadr'
        ╭─[pursuit.ron:72:21]
     71 │             orbit: RtnShell(
     72 │                 to: "evadr",
        ·                     ───┬───
        ·                        ╰── here
     73 │                 range_m: Uniform(3000.0, 6000.0),
        ╰────
      help: did you mean `evader`? Valid here: `evader`, `pursuer`
    "#);
    assert!(error.render(true).contains("\u{1b}["));
}

#[test]
fn a_text_that_is_no_scenario_is_refused() {
    for (text, message) in [
        ("", "it is empty"),
        ("  // only a comment\n", "it is empty"),
        ("#![enable(implicit_some)]\n", "it is empty"),
        ("[1, 2]", "expected opening `(`"),
        (&PURSUIT[..PURSUIT.len() / 2], "is closed"),
        (&PURSUIT[..PURSUIT.len() - 3], "is closed"),
        ("\u{0}\u{1b}[31m", "xpected"),
    ] {
        let found = faults(text);
        assert!(found.len() == 1 && found[0].message.contains(message), "{text:?} gave {found:?}");
    }
    assert_eq!(sound(&format!("\u{FEFF}{PURSUIT}")).hash, sound(PURSUIT).hash);
    assert_eq!(sound(&PURSUIT.replace('\n', "\r\n")).hash, sound(PURSUIT).hash);
}

#[test]
fn a_file_that_cannot_be_a_scenario_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s.ron");
    assert!(matches!(Scenario::load(&path), Err(ScenarioError::Unreadable { .. })));
    assert!(matches!(Scenario::load(folder.path()), Err(ScenarioError::NotAFile { .. })));

    // 50 MB of nothing: refused by its size, without being read.
    std::fs::File::create(&path).and_then(|file| file.set_len(50_000_000)).expect("a large file");
    let error = Scenario::load(&path).expect_err("too large");
    assert!(matches!(error, ScenarioError::TooLarge { bytes: 50_000_000, limit: LARGEST_TEXT, .. }), "{error}");
    let long = " ".repeat(LARGEST_TEXT as usize + 1);
    assert!(matches!(Scenario::from_source("s.ron", &long), Err(ScenarioError::TooLarge { .. })));

    std::fs::write(&path, b"(name: \"\xc3\xa9\xff\")").expect("written");
    let error = Scenario::load(&path).expect_err("not UTF-8");
    assert!(matches!(error, ScenarioError::NotUtf8 { offset: 10, byte: 0xff, .. }), "{error}");

    std::fs::write(&path, PURSUIT).expect("written");
    assert_eq!(Scenario::load(&path).expect("sound").hash, sound(PURSUIT).hash);
}

#[test]
fn the_pursuit_compiles_to_si_units_and_slots() {
    let scenario = sound(PURSUIT);
    let template = &scenario.template;
    assert_eq!(template.physics.zonals, [EARTH_J2, EARTH_J3, EARTH_J4, 0.0, 0.0]);
    assert_eq!((template.physics.substeps, template.physics.hill_mean_motion_rad_s), (1, None));
    assert_eq!(template.slots.iter().map(|slot| slot.team).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((template.objective.team, template.objective.who, template.objective.target), (2, 1, 0));
    assert_eq!(template.objective.max_speed_m_s, f64::INFINITY);
    assert_eq!(template.objective.failures, [Failure::Escape { pair: [1, 0], range_m: 20_000.0 }]);
    let Start::Elements(elements) = &template.slots[0].start else { panic!("elements") };
    assert_eq!(elements[0], Distribution::Uniform(400_000.0 + EARTH_RADIUS_M, 600_000.0 + EARTH_RADIUS_M));
    // 180 degrees are π to the last bit: 180 × (π/180) rounds back.
    assert_eq!(elements[2], Distribution::Uniform(0.0, std::f64::consts::PI));
    let Start::Shell { to, direction_weights, base_velocity, .. } = &template.slots[1].start else { panic!("shell") };
    assert_eq!((*to, *direction_weights, *base_velocity), (0, [0.6, 1.0, 0.4], BaseVelocity::Circular));
    assert_eq!(template.slots[1].isp_s, Some(Distribution::Fixed(220.0)));
    assert_eq!(scenario.learned_slots(), [1]);
    assert!(scenario.require_learned().is_ok());
    let held_out = scenario.with_held_out().expect("a held-out evader");
    assert_eq!(held_out.slots[0].behaviours.iter().map(BehaviourConfig::name).collect::<Vec<_>>(), ["weave"]);
    assert_eq!(template.slots[0].behaviours.len(), 4);
    assert_eq!(held_out.slots[1], template.slots[1]);

    let text = changed(PURSUIT, "substep_s: 10.0", "substep_s: 3.0");
    assert_eq!(sound(&text).template.physics.substeps, 4);
    let text = changed(&changed(PURSUIT, "substep_s: 10.0", "substep_s: 0.1"), "segment_s: 10.0", "segment_s: 1.1");
    assert_eq!(sound(&text).template.physics.substeps, 11);
}

#[test]
fn the_docking_compiles_to_the_relative_tier() {
    let scenario = sound(DOCKING);
    let template = &scenario.template;
    assert_eq!(template.physics.hill_mean_motion_rad_s, Some(0.001_027));
    assert!(template.slots[1].per_axis && template.slots[1].isp_s.is_none() && template.slots[1].delta_v_m_s.is_none());
    assert_eq!(template.slots[0].thrust_n, Distribution::Fixed(0.0));
    assert!(matches!(&template.slots[0].start, Start::State(state) if state.position_m.norm() == 0.0));
    assert_eq!(template.objective.max_speed_m_s, 0.2);
    assert_eq!(scenario.with_held_out(), None);

    let text = changed(DOCKING, "control: Learned", "control: Scripted([Ballistic()])");
    let error = sound(&text).require_learned().expect_err("nobody learns");
    assert_eq!(error.faults()[0].message, "no spacecraft of this scenario is learned");
}

#[test]
fn the_shipped_scenarios_are_sound() {
    for (name, text) in [
        ("docking", include_str!("../../scenarios/docking.ron")),
        ("pursuit_evasion", include_str!("../../scenarios/pursuit_evasion.ron")),
    ] {
        let scenario = sound(text);
        assert_eq!(scenario.name, name);
        assert!(scenario.require_learned().is_ok(), "{name}");
    }
    let pursuit = sound(include_str!("../../scenarios/pursuit_evasion.ron"));
    assert!(pursuit.with_held_out().is_some());
}

#[test]
fn all_is_shown_unless_the_scenario_says_otherwise() {
    let all = sound(PURSUIT);
    assert!(all.template.observation.intercept);
    let with = |observation: &str| {
        changed(PURSUIT, "    held_out:", &format!("    observation: {observation},\n    held_out:"))
    };
    assert_eq!(sound(&with("(intercept: true)")).hash, all.hash, "the default spelled out");
    assert_eq!(sound(&with("()")).hash, all.hash);
    let less = sound(&with("(intercept: false)"));
    assert!(!less.template.observation.intercept);
    assert_ne!(less.hash, all.hash);
    let error = Scenario::from_source("test", &with("(intercepts: false)")).expect_err("there is no such field");
    assert!(format!("{error:?}").contains("unknown field `intercepts`"), "{error:?}");
}

#[test]
fn the_hash_is_of_the_meaning() {
    let hash = sound(PURSUIT).hash;
    assert_eq!(hash.len(), 64);
    let trained = changed(PURSUIT, "    held_out:", "    training: (steps: 7, kind: Ppo(clip: 0.2)),\n    held_out:");
    let commented = format!("/* a comment */ {}", PURSUIT.replace("    ", "\t"));
    let spelled_out = changed(PURSUIT, "Fixed(300.0)", "Fixed(3e2)");
    for same in [trained, commented, spelled_out] {
        assert_eq!(sound(&same).hash, hash);
    }
    for (from, to) in [("Fixed(300.0)", "Fixed(301.0)"), ("[Weave()]", "[Ballistic()]"), ("J3, ", "")] {
        assert_ne!(sound(&changed(PURSUIT, from, to)).hash, hash, "{from} to {to}");
    }
}

#[derive(Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Training {
    steps: u64,
    #[serde(default)]
    rate: Option<f64>,
}

#[test]
fn the_training_block_is_read_by_the_trainer() {
    let with = |block: &str| changed(PURSUIT, "    held_out:", &format!("    training: {block},\n    held_out:"));
    assert_eq!(sound(PURSUIT).training::<Training>().expect("sound"), None);
    assert_eq!(sound(&with("None")).training::<Training>().expect("sound"), None);
    let scenario = sound(&with("( /* é */ steps: 7, rate: 0.5)"));
    assert_eq!(scenario.training().expect("sound"), Some(Training { steps: 7, rate: Some(0.5) }));
    let (block, start) = scenario.training_text().expect("a block");
    assert_eq!(scenario.text()[start..].strip_prefix(block).map(|rest| &rest[..1]), Some(","));

    let place = |error: &ScenarioError, index: usize| {
        let span = error.faults()[index].span;
        scenario.text().len().min(span.offset())
    };
    let text = with("(steps: 7, rat: 0.5, epoch: 3)");
    let error = sound(&text).training::<Training>().expect_err("two unknown fields");
    assert_eq!(error.faults().len(), 2);
    assert!(text[place(&error, 0)..].starts_with("rat: 0.5"));
    assert!(error.faults()[0].help.as_ref().is_some_and(|help| help.contains("did you mean `rate`?")));
    let text = with("(steps: Seven)");
    let error = sound(&text).training::<Training>().expect_err("no number");
    assert!(text[place(&error, 0)..].starts_with("Seven"));

    let fault = scenario.fault("training.rate", "rate 0.5 is too high", None);
    assert!(scenario.text()[fault.span.offset()..].starts_with("0.5"));
    assert!(scenario.refuse(vec![fault]).render(false).contains("rate 0.5 is too high"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(1500))]

    #[test]
    fn no_text_makes_the_reading_panic(
        which in 0..3usize,
        edits in proptest::collection::vec((0..8000usize, 0..12usize, ".{0,2}|[()\\[\\]{},:\"]|-?[0-9]{1,2}|NaN|inf|1e308|1e-308"), 1..4),
    ) {
        let text = [PURSUIT.to_owned(), DOCKING.to_owned(), with_tle(TLE[0], TLE[1])][which].clone();
        let mut characters: Vec<char> = text.chars().collect();
        for (start, length, edit) in edits {
            let start = start % characters.len().max(1);
            let end = (start + length).min(characters.len());
            characters.splice(start..end, edit.chars());
        }
        let text: String = characters.into_iter().collect();
        if let Err(error) = Scenario::from_source("test.ron", &text) {
            proptest::prop_assert!(!error.faults().is_empty());
            proptest::prop_assert!(!error.to_string().contains("fault of the program"));
            proptest::prop_assert!(error.faults().iter().all(|fault| !fault.message.contains("fault of the program")));
            let _ = error.render(true);
        }
    }
}
