//! The language that `scenario schema` prints is the one that scenarios are read in: every field, variant and range of it.

use std::collections::BTreeSet;

use astroshield::env::rewards::RewardTerm;
use astroshield::scenario::language::{EXAMPLE, Language, Range};
use astroshield::scenario::{Scenario, ScenarioConfig, unit};
use astroshield::sim::behaviours::{BehaviourConfig, registry};
use astroshield::sim::config::ControlConfig;
use astroshield::sim::distribution::Distribution;
use astroshield::sim::forces::ForceConfig;
use astroshield::train::config::TrainingConfig;
use astroshield::train::curriculum::CurriculumConfig;
use astroshield::train::imitation::ImitationConfig;
use ron::extensions::Extensions;
use serde_json::{Value, json};

use super::shipped;

/// What the schema is for: as many of its fields as fit into one scenario of the Standard tier.
const EVERYTHING: &str = r#"(
    name: "everything", summary: "As many fields as fit", epoch: "2026-03-20T12:00:00Z", difficulty: 0.5,
    physics: (
        tier: Standard(forces: [TwoBody, J2, J3, J4, J5, J6, Drag, SrpCylindrical], substep_s: 15.0),
        mu_m3_s2: 3.986e14, earth_radius_m: 6378136.3, zonals: (j2: 1e-3, j3: 1e-6, j4: 1e-6, j5: 1e-7, j6: 1e-7),
    ),
    timing: (segment_s: 10.0, replan_every: 4, time_limit_s: 2000.0, at_time_limit: Truncate),
    spacecraft: [
        (
            name: "host", team: "blue", role: Target, mass_kg: Fixed(500.0),
            area_m2: Fixed(2.0), drag_coefficient: Fixed(2.2), radiation_coefficient: Fixed(1.3),
            propulsion: (thrusters: PerAxis(thrust_n: Fixed(5.0)), isp_s: Fixed(220.0), delta_v_m_s: Fixed(20.0)),
            orbit: Keplerian(
                perigee_altitude_km: Fixed(700.0), eccentricity: Fixed(0.001), inclination_deg: Fixed(50.0),
                raan_deg: Fixed(10.0), argument_of_perigee_deg: Fixed(20.0), true_anomaly_deg: Fixed(30.0),
            ),
            target: "visitor",
            sensing: Sensors(sensors: [Radar()]),
            control: Scripted([Ballistic()]),
        ),
        (
            name: "visitor", team: "red", role: Pursuer, mass_kg: Fixed(300.0),
            propulsion: (thrusters: Vectored(thrust_n: Fixed(5.0)), isp_s: Fixed(220.0), delta_v_m_s: Fixed(20.0)),
            orbit: RtnShell(
                to: "host", range_m: Fixed(3000.0), direction_weights: (1.0, 1.0, 1.0), opposite: "host", base_velocity: Rest,
                speed_m_s: Fixed(0.1),
            ),
            control: Learned,
        ),
        (
            name: "bystander", team: "red", role: Guard, mass_kg: Fixed(100.0),
            orbit: RtnOffset(
                to: "host", position_m: (Fixed(0.0), Fixed(9000.0), Fixed(0.0)),
                velocity_m_s: (Fixed(0.0), Fixed(0.0), Fixed(0.0)),
            ),
            control: Scripted([Ballistic()]),
        ),
        (name: "child", team: "red", role: Evader, mass_kg: Fixed(5.0), orbit: Spare, control: Scripted([Ballistic()])),
    ],
    casts: [(name: "calm", weight: 2.0, behaviours: {"bystander": Ballistic()}, absent: [], focus: "bystander")],
    objective: (
        team: "red",
        success: Reach(who: "visitor", target: "host", radius_m: 50.0, max_speed_m_s: 5.0),
        failure: [
            Escape(who: "visitor", from: "host", range_m: 90000.0),
            KeepOut(who: "visitor", from: "bystander", radius_m: 10.0),
            SpeedLimit(
                who: "visitor", from: "host", floor_m_s: 5.0, slope_per_s: 0.01, offset_m: 50.0, margin_m_s: 1.0,
            ),
        ],
    ),
    rewards: (
        terms: [
            Approach(weight: 1.0, scale: Logarithmic(floor_m: 50.0)),
            ClosestApproach(weight: 1.0, scale: Linear(unit_m: 50.0)),
            ZeroEffortMiss(weight: 1.0, scale: Linear(unit_m: 50.0), horizon_s: 400.0),
            DeltaV(weight_per_m_s: 0.1), Time(weight_per_s: 0.1), Overspeed(weight_per_s: 0.1),
            Ending(success: 1.0, failure: -1.0, time_limit: 0.0),
        ],
    ),
    telemetry: (observer: "host", role: Training, further_tests: ["shifted.ron"]),
)"#;

/// Fields that a bound of another field may bind sooner than their own range: a number near theirs may then be refused.
const BOUND_BY_OTHERS: [&str; 15] = [
    "substep_s",
    "segment_s",
    "time_limit_s",
    "mass_kg",
    "thrust_n",
    "perigee_altitude_km",
    "range_m",
    "floor_m_s",
    "slope_per_s",
    "offset_m",
    "margin_m_s",
    "mean_motion_rad_s",
    "delta_v_m_s",
    "stages",
    "earth_radius_m",
];

/// Ranges that no scenario of a text alone can have: the number stands beside the name of a file.
const BESIDE_A_FILE: [(&str, &str); 1] = [("Cdm", "object")];

fn language() -> Language {
    Language::with_training::<TrainingConfig>()
}

/// The text of a configuration, as its author could have written it.
fn text(config: &ScenarioConfig) -> String {
    let options =
        ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_VARIANT_NEWTYPES);
    options.to_string(config).expect("it can be written")
}

/// Whether `scenario check` has nothing against the scenario that serde wrote as this.
fn is_sound(written: &Value) -> bool {
    serde_json::from_value::<ScenarioConfig>(written.clone())
        .is_ok_and(|config| Scenario::from_source("test.ron", &text(&config)).is_ok())
}

fn is_sound_training(written: &Value) -> bool {
    serde_json::from_value::<TrainingConfig>(written.clone()).is_ok_and(|config| config.faults().is_empty())
}

fn written(source: &str) -> Value {
    let scenario = Scenario::from_source("test.ron", source).unwrap_or_else(|error| panic!("{}", error.render(false)));
    serde_json::to_value(&scenario.config).expect("it can be written")
}

/// A training block in which nothing is left out.
fn whole_training() -> Value {
    let curriculum = CurriculumConfig { stages: vec![0.25, 0.5, 0.75], success: 0.8, window: 100 };
    let config = TrainingConfig {
        imitation: Some(ImitationConfig::default()),
        curriculum: Some(curriculum),
        ..TrainingConfig::default()
    };
    serde_json::to_value(config).expect("it can be written")
}

/// Scenarios of every part of the language, serde's JSON.
fn instances() -> Vec<Value> {
    let everything = written(EVERYTHING);
    let mut all = vec![everything.clone(), written(EXAMPLE)];
    for (behaviour, _) in registry() {
        let mut config: ScenarioConfig = serde_json::from_value(everything.clone()).expect("it was written by serde");
        config.spacecraft[0].control = ControlConfig::Scripted(vec![behaviour]);
        let written = serde_json::to_value(&config).expect("it can be written");
        // One that needs more than this spacecraft has must stand in a shipped scenario: what is left over is told below.
        if is_sound(&written) {
            all.push(written);
        }
    }
    let stages = "Sequence(stages: [(behaviour: Ballistic(), duration_s: Fixed(100.0)), (behaviour: ZemZev())])";
    let survive = "success: Survive(who: \"visitor\", from: \"host\", catch_m: 10.0)";
    let reference = "tier: Reference(forces: [TwoBody, J2, J3, J4, J5, J6, Drag, SrpConical, Sun, Moon], \
                     relative_tolerance: 1e-10, absolute_tolerance_m: 1e-5)";
    for (from, to) in [
        ("control: Scripted([Ballistic()])", format!("control: Scripted([{stages}])").as_str()),
        ("success: Reach(who: \"visitor\", target: \"host\", radius_m: 50.0, max_speed_m_s: 5.0)", survive),
        ("tier: Standard(forces: [TwoBody, J2, J3, J4, J5, J6, Drag, SrpCylindrical], substep_s: 15.0)", reference),
    ] {
        assert!(EVERYTHING.contains(from), "{from}");
        all.push(written(&EVERYTHING.replacen(from, to, 1)));
    }
    all.extend(shipped::scenarios().iter().map(|scenario| serde_json::to_value(&scenario.config).expect("written")));
    all
}

/// Pointers of the leaves of a value.
fn leaves(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (name, field) in fields {
                leaves(field, &format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(entries) if !entries.is_empty() => {
            entries.iter().enumerate().for_each(|(index, entry)| leaves(entry, &format!("{pointer}/{index}"), found));
        }
        Value::Null => {}
        _ => found.push(pointer.to_owned()),
    }
}

#[test]
fn every_field_of_every_scenario_is_in_the_schema() {
    let language = language();
    let check = |of: Option<&str>, written: &Value, name: &str| {
        let mut known = BTreeSet::new();
        language.walk(of, written, &mut |place, _| {
            known.insert(place.pointer.clone());
        });
        let mut all = Vec::new();
        leaves(written, "", &mut all);
        assert!(!all.is_empty());
        for leaf in all {
            // A distribution is one value.
            let is_known = known.contains(&leaf)
                || leaf.match_indices('/').any(|(at, _)| {
                    at > 0 && known.contains(&leaf[..at]) && {
                        let of = &leaf[at + 1..];
                        ["Fixed", "Uniform", "Normal", "LogUniform", "Choice", "Ramp"]
                            .iter()
                            .any(|kind| of.starts_with(kind))
                    }
                });
            assert!(is_known, "{name}: {leaf} is not in the schema");
        }
    };
    for instance in instances() {
        check(None, &instance, instance["name"].as_str().unwrap_or_default());
    }
    check(Some("TrainingConfig"), &whole_training(), "training");
    for scenario in shipped::scenarios() {
        let training = TrainingConfig::of(&scenario).expect("it is sound");
        check(Some("TrainingConfig"), &serde_json::to_value(training).expect("written"), &scenario.name);
    }
}

#[test]
fn every_entry_of_every_registry_is_in_the_schema() {
    let language = language();
    let variant = |debug: String| debug.split(['(', ' ', '{']).next().unwrap_or_default().to_owned();
    let behaviours: Vec<String> =
        registry().iter().map(|(of, _): &(BehaviourConfig, _)| variant(format!("{of:?}"))).collect();
    assert_eq!(language.variants("BehaviourConfig"), behaviours);
    let forces: Vec<String> = ForceConfig::ALL.iter().map(|force| format!("{force:?}")).collect();
    assert_eq!(language.variants("ForceConfig"), forces);
    assert_eq!(language.variants("RewardTerm"), RewardTerm::NAMES);
    let page = language.page();
    for name in behaviours.iter().map(String::as_str).chain(RewardTerm::NAMES.iter().copied()) {
        assert!(page.contains(&format!("\n    {name}(")), "{name} is not on the page");
    }
    for name in forces {
        assert!(page.contains(&format!("\n    {name} ")), "{name} is not on the page");
    }
}

#[test]
fn the_example_passes_its_checks_and_ends_the_page() {
    let scenario =
        Scenario::from_source("example.ron", EXAMPLE).unwrap_or_else(|error| panic!("{}", error.render(false)));
    assert!(TrainingConfig::of(&scenario).unwrap_or_else(|error| panic!("{error}")).curriculum.is_some());
    scenario.require_learned().expect("it can be trained on");
    let page = language().page();
    assert!(page.ends_with(EXAMPLE));
    for line in page.trim_end_matches(EXAMPLE).lines() {
        assert!(line.chars().count() <= 120, "{line}");
    }
}

/// A unit in the words of a field is that in its name, and every field has words.
#[test]
fn every_field_has_a_meaning_and_its_own_unit() {
    let language = language();
    let check = |owner: &str, node: &Value| {
        for (name, field) in node.get("properties").and_then(Value::as_object).into_iter().flatten() {
            // Content of a variant.
            if name.starts_with(char::is_uppercase) {
                continue;
            }
            let description = field.get("description").and_then(Value::as_str).unwrap_or_default();
            assert!(!description.is_empty(), "{owner}.{name} has no meaning");
            let told = description.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map(|(unit, _)| unit);
            if let (Some(told), Some(named)) = (told, unit::of_field(name)) {
                assert_eq!(told.trim_end_matches('\\'), named, "{owner}.{name}");
            }
        }
    };
    check("ScenarioConfig", language.json());
    for (name, node) in language.types() {
        check(name, node);
        let variants = node.get("oneOf").and_then(Value::as_array).into_iter().flatten();
        for variant in variants {
            for (variant, content) in variant.get("properties").and_then(Value::as_object).into_iter().flatten() {
                check(variant, content);
            }
        }
    }
}

/// Just outside and just inside each end of a range; integers move by one.
fn ends(range: Range, is_whole: bool) -> Vec<(f64, f64)> {
    let step = |bound: f64| match (is_whole, bound) {
        (true, _) => 1.0,
        (false, 0.0) => 1e-6,
        (false, bound) => 1e-6 * bound.abs(),
    };
    let of = |(bound, included): (f64, bool), outwards: f64| {
        if included { (bound + outwards * step(bound), bound) } else { (bound, bound - outwards * step(bound)) }
    };
    range.least.map(|end| of(end, -1.0)).into_iter().chain(range.greatest.map(|end| of(end, 1.0))).collect()
}

/// The ranges of the schema are those of the checks: outside is refused, inside is not.
#[test]
fn what_is_outside_a_range_is_refused_and_what_is_inside_is_not() {
    let language = language();
    let mut held: BTreeSet<(String, String)> = BESIDE_A_FILE.map(|(owner, field)| (owner.into(), field.into())).into();
    let mut apart = Vec::new();
    let mut hold = |of: Option<&str>, instance: &Value, is_sound: &dyn Fn(&Value) -> bool| {
        let mut places = Vec::new();
        language.walk(of, instance, &mut |place, value| {
            let is_number = value.is_number() || place.kind == Some("Distribution");
            if let (Some(range), true) = (place.range, is_number) {
                places.push((place.clone(), range, value.clone()));
            }
        });
        for (place, range, value) in places {
            if !held.insert((place.owner.clone(), place.field.clone())) {
                continue;
            }
            let is_whole = value.is_u64();
            let own = match &value {
                Value::Number(number) => number.as_f64(),
                drawn => serde_json::from_value::<Distribution>(drawn.clone()).ok().map(|drawn| drawn.bounds().0),
            };
            let own = own.unwrap_or_else(|| panic!("{} is {value}", place.path));
            assert!(range.contains(own), "{}: {own} is not {range}", place.path);
            let with = |number: f64| {
                let mut changed = instance.clone();
                let number = if is_whole { json!(number as i64) } else { json!(number) };
                let put = if value.is_number() { number } else { json!({ "Fixed": number }) };
                *changed.pointer_mut(&place.pointer).expect("it is there") = put;
                is_sound(&changed)
            };
            for (outside, inside) in ends(range, is_whole) {
                let what = format!("{}.{} ({range})", place.owner, place.field);
                if with(outside) {
                    apart.push(format!("{what}: {outside} is outside, but passes"));
                }
                let towards: &[f64] =
                    if BOUND_BY_OTHERS.contains(&place.field.as_str()) { &[1.0, 0.5, 0.1, 1e-3] } else { &[1.0] };
                // Not `own + share (inside - own)`: of 4e14 and 1e-6 that is 0.
                let passes = towards.iter().any(|share| with((1.0 - share) * own + share * inside));
                if !passes {
                    apart.push(format!("{what}: {inside} is inside, but refused"));
                }
            }
        }
    };
    for instance in instances() {
        hold(None, &instance, &is_sound);
    }
    hold(Some("TrainingConfig"), &whole_training(), &is_sound_training);
    assert!(apart.is_empty(), "ranges and checks have parted:\n{}", apart.join("\n"));

    // Every range that is stated was held against the checks.
    let stated = |owner: &str, node: &Value| {
        for (field, schema) in node.get("properties").and_then(Value::as_object).into_iter().flatten() {
            if Range::of(schema).is_some() {
                assert!(held.contains(&(owner.to_owned(), field.clone())), "no scenario here has {owner}.{field}");
            }
        }
    };
    for (name, node) in language.types() {
        // A struct that a variant holds goes by the name of the type, which is that of the variant.
        stated(name, node);
        for variant in node.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
            for (variant, content) in variant.get("properties").and_then(Value::as_object).into_iter().flatten() {
                stated(variant, content);
            }
        }
    }
    stated("ScenarioConfig", language.json());
}
