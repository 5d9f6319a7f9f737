//! Ten thousand mutations of each kind of file: none makes a reader panic or hang, and what is accepted means finite numbers.

use std::path::Path;
use std::sync::LazyLock;

use astroshield::astro::cdm::Cdm;
use astroshield::astro::conjunction::Conjunction;
use astroshield::astro::conjunction::assessment::{Choice, Method, assess};
use astroshield::astro::conjunction::monte_carlo::Samples;
use astroshield::astro::constants::EARTH_MU_M3_S2;
use astroshield::astro::{CartesianState, teme, tle_file};
use astroshield::scenario::Scenario;
use astroshield::scenario::language::EXAMPLE;
use astroshield::sim::seeds::SeedDomain;
use astroshield::sim::shard::Shard;
use astroshield::sim::template::Template;
use astroshield::train::config::TrainingConfig;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::shipped;

const MESSAGE: &str = include_str!("message.cdm");
/// Satellites 00005 and 25544 of Vallado et al., Revisiting Spacetrack Report #3, 2006; both kinds of sets.
const ELEMENT_SETS: &str = "\
0 VANGUARD 1
1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753
2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667
1 25544U 98067A   08264.51782528 -.00002182  00000-0 -11606-4 0  2927
2 25544  51.6416 247.4627 0006703 130.5360 325.0288 15.72125391563537
";

/// The texts of the shipped scenarios, and of one that has what they lack.
static SCENARIOS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let read = |path| std::fs::read_to_string(path).expect("the scenario is there");
    shipped::files().into_iter().map(read).chain([EXAMPLE.to_owned()]).collect()
});
/// Substeps of a segment up to which a mutant is stepped here; one with more is only compiled.
const CHEAP_SUBSTEPS: usize = 100;

/// What may come to stand in a file: numbers at the edges, signs and brackets, words that mean something in one of the files.
const PIECES: [&str; 42] = [
    "0",
    "-1",
    "1e308",
    "-1e308",
    "1e-308",
    "5e-324",
    "NaN",
    "inf",
    "1e999",
    "99999999999999999999",
    "0.1",
    "7",
    "-",
    "+",
    ".",
    "=",
    "[",
    "]",
    "(",
    ")",
    ",",
    ":",
    "\"",
    "\n",
    "\r\n",
    " ",
    "\t",
    "é",
    "\u{1b}[2J",
    "OBJECT = OBJECT2\n",
    "COMMENT ",
    "[km]",
    "2010-03-13T22:37:52.618",
    "1 00005U",
    "Uniform(0.0, ",
    "Ramp(easy: (0.0, 1.0), hard: (",
    "Fixed(0.0)",
    "Spare",
    "Learned",
    "Sequence(stages: [(behaviour: ",
    "difficulty: 0.5, ",
    "/*",
];

/// One change of a file; places are shares of its length.
#[derive(Clone, Debug)]
enum Change {
    /// Another byte.
    Byte(f64, u8),
    /// A piece in place of so many bytes.
    Piece(f64, usize, usize),
    /// A piece in place of a whole number.
    Number(f64, usize),
    /// The end is missing.
    Cut(f64),
    /// A line stands elsewhere, or twice.
    Line(f64, f64, bool),
}

fn change() -> impl Strategy<Value = Change> {
    let place = || 0.0..1.0f64;
    prop_oneof![
        2 => (place(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        4 => (place(), 0..6usize, 0..PIECES.len()).prop_map(|(at, length, piece)| Change::Piece(at, length, piece)),
        6 => (place(), 0..12usize).prop_map(|(at, piece)| Change::Number(at, piece)),
        1 => place().prop_map(Change::Cut),
        2 => (place(), place(), any::<bool>()).prop_map(|(from, to, twice)| Change::Line(from, to, twice)),
    ]
}

fn changed(text: &str, changes: &[Change]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for change in changes {
        let place = |share: f64| ((share * bytes.len() as f64) as usize).min(bytes.len().saturating_sub(1));
        match *change {
            _ if bytes.is_empty() => {}
            Change::Byte(at, byte) => {
                let at = place(at);
                bytes[at] = byte;
            }
            Change::Piece(at, length, piece) => {
                let at = place(at);
                let end = (at + length).min(bytes.len());
                bytes.splice(at..end, PIECES[piece].bytes());
            }
            Change::Number(at, piece) => {
                let in_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'e');
                let at = place(at);
                let Some(start) = bytes[at..].iter().position(u8::is_ascii_digit).map(|offset| at + offset) else {
                    continue;
                };
                let end = bytes[start..]
                    .iter()
                    .position(|byte| !in_number(byte))
                    .map_or(bytes.len(), |length| start + length);
                bytes.splice(start..end, PIECES[piece].bytes());
            }
            Change::Cut(at) => bytes.truncate(place(at)),
            Change::Line(from, to, twice) => {
                let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
                let (from, to) = ((from * lines.len() as f64) as usize, (to * lines.len() as f64) as usize);
                let line = if twice { lines[from].clone() } else { lines.remove(from) };
                lines.insert(to.min(lines.len()), line);
                bytes = lines.join(&b'\n');
            }
        }
    }
    bytes
}

fn is_finite(state: &CartesianState) -> bool {
    state.position_m.iter().chain(state.velocity_m_s.iter()).all(|value| value.is_finite())
}

fn ten_thousand() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, rng_seed: SEED, ..ProptestConfig::with_cases(10_000) }
}

/// The same mutations in every run: a fault that only some runs find would stop whoever did not make it.
const SEED: RngSeed = RngSeed::Fixed(20_261_124);

/// Found by mutation.
#[test]
fn a_comment_with_an_equals_sign_stays_what_it_is() {
    let text = MESSAGE.replacen("COMMENT ", "COMMENT=", 1);
    let (message, _) = Cdm::read(text.as_bytes()).expect("a message");
    let (again, _) = Cdm::read(message.write().as_bytes()).expect("what is written can be read");
    assert_eq!(again, message);
}

proptest! {
    #![proptest_config(ten_thousand())]

    #[test]
    fn any_message_is_read_or_refused(changes in prop::collection::vec(change(), 1..4)) {
        if let Ok((message, _)) = Cdm::read(&changed(MESSAGE, &changes)) {
            let (again, _) = Cdm::read(message.write().as_bytes()).expect("what was written can be read");
            prop_assert_eq!(&again, &message);
            if let Ok((states, covariances)) = message.pair_gcrf() {
                let conjunction = Conjunction { states, covariances, hard_body_radius_m: 18.0, mu_m3_s2: EARTH_MU_M3_S2 };
                // 3D and Monte Carlo take too long for ten thousand; the next test feeds them.
                match assess(&conjunction, Choice::Only(Method::TwoD), Samples { count: 1, seed: 1 }, &|_| {}) {
                    Ok(found) => {
                        prop_assert!((0.0..=1.0).contains(&found.probability), "{:?}", found);
                        let maximum = found.maximum.expect("2D has one");
                        prop_assert!((0.0..=1.0).contains(&maximum.probability), "{:?}", found);
                        let approach = found.closest_approach;
                        let figures = [approach.offset_s, approach.miss_m, approach.relative_speed_m_s];
                        prop_assert!(figures.iter().all(|figure| figure.is_finite()), "{:?}", figures);
                        prop_assert!(found.mahalanobis_distance.is_some_and(f64::is_finite));
                    }
                    Err(refusal) => prop_assert!(!refusal.to_string().is_empty()),
                }
            }
        }
    }

    #[test]
    fn any_file_of_element_sets_is_read_or_refused(changes in prop::collection::vec(change(), 1..4)) {
        let bytes = changed(ELEMENT_SETS, &changes);
        if let Ok(sets) = tle_file::read(&summed(&bytes)) {
            for set in sets {
                // Any instant: ten days after the epoch of the one, 8 years before that of the other.
                if let Ok(state) = teme::state_at(&set.line1, &set.line2, 2_451_733.5) {
                    prop_assert!(is_finite(&state), "{:?}", set);
                }
            }
        }
    }

    #[test]
    fn any_scenario_is_played_or_refused(
        of in 0..SCENARIOS.len(),
        changes in prop::collection::vec(change(), 1..4),
    ) {
        let changed = changed(&SCENARIOS[of], &changes);
        match Scenario::from_source("test.ron", &String::from_utf8_lossy(&changed)) {
            Ok(scenario) => {
                let _ = TrainingConfig::of(&scenario).map_err(|error| error.to_string());
                step_one_segment(&scenario)?;
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

/// Resets one arena and plays one segment in it, where that is cheap.
fn step_one_segment(scenario: &Scenario) -> Result<(), TestCaseError> {
    let template = Template { replan_every: 1, ..scenario.template.clone() };
    // DOP853 with a tolerance of 1e-15 would take its time.
    if template.physics.reference.is_some() || template.physics.substeps > CHEAP_SUBSTEPS {
        return Ok(());
    }
    let mut shard = Shard::new(&template, &shipped::seeds(SeedDomain::Report, 1));
    prop_assert!(shard.orbits(0).iter().all(|orbit| is_finite(&orbit.state())), "a start is not finite");
    shard.advance();
    prop_assert!(shard.orbits(0).iter().all(|orbit| is_finite(&orbit.state())), "a state is not finite");
    prop_assert!(shard.arenas()[0].time_s.is_finite());
    Ok(())
}

/// `bytes` with the checksums of lines of elements made right, without which hardly any change would get past them.
fn summed(bytes: &[u8]) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    for line in lines.iter_mut().filter(|line| line.len() == 69) {
        let value = |byte: &u8| if byte.is_ascii_digit() { u32::from(byte - b'0') } else { u32::from(*byte == b'-') };
        line[68] = b'0' + (line[..68].iter().map(value).sum::<u32>() % 10) as u8;
    }
    lines.join(&b'\n')
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: SEED, ..ProptestConfig::with_cases(16) })]

    /// Covariances of any size and slow or fast encounters: every method gives a probability or says why not.
    #[test]
    fn every_method_gives_a_probability_or_a_reason(
        sizes in prop::array::uniform6(-3.0..4.0f64),
        offset_m in prop::array::uniform3(-300.0..300.0f64),
        velocity_scale in -4.0..4.0f64,
        direction in prop::array::uniform3(-1.0..1.0f64),
        correlation in -0.999..0.999f64,
        hard_body_radius_m in 0.1..50.0f64,
    ) {
        let (message, _) = Cdm::read(MESSAGE.as_bytes()).expect("a message");
        let (states, _) = message.pair_gcrf().expect("states");
        let mut covariance = nalgebra::Matrix6::zeros();
        for axis in 0..6 {
            covariance[(axis, axis)] = 10f64.powf(2.0 * if axis < 3 { sizes[axis] } else { sizes[axis] - 3.0 });
        }
        let coupling = correlation * (covariance[(0, 0)] * covariance[(4, 4)]).sqrt();
        (covariance[(0, 4)], covariance[(4, 0)]) = (coupling, coupling);
        let second = CartesianState {
            position_m: states[0].position_m + astroshield::astro::Vector3::from(offset_m),
            velocity_m_s: states[0].velocity_m_s + astroshield::astro::Vector3::from(direction) * 10f64.powf(velocity_scale),
        };
        let conjunction = Conjunction {
            states: [states[0], second],
            covariances: [covariance; 2],
            hard_body_radius_m,
            mu_m3_s2: EARTH_MU_M3_S2,
        };
        let methods = [Method::TwoD, Method::ThreeD, Method::MonteCarlo].map(Choice::Only);
        for choice in methods.into_iter().chain([Choice::Auto { count: false }]) {
            match assess(&conjunction, choice, Samples { count: 500, seed: 1 }, &|_| {}) {
                Ok(found) => prop_assert!((0.0..=1.0).contains(&found.probability), "{:?}: {:?}", choice, found),
                Err(refusal) => prop_assert!(!refusal.to_string().is_empty()),
            }
        }
    }

    #[test]
    fn a_file_that_is_no_text_at_all_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(Cdm::read(&bytes).is_err());
        prop_assert!(tle_file::read(&bytes).is_err());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("noise.ron");
        std::fs::write(&path, &bytes).unwrap();
        prop_assert!(Scenario::load(Path::new(&path)).is_err());
    }
}
