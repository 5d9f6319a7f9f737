//! Lambert's problem, Kepler's equation and elements at the edges: published cases, one and many revolutions.

use std::f64::consts::{PI, TAU};

use astroshield::astro::constants::EARTH_MU_M3_S2;
use astroshield::astro::elements::KeplerianElements;
use astroshield::astro::lambert::{self, LambertBranch, LambertTransfer, TransferWay};
use astroshield::astro::{CartesianState, Vector3, kepler};
use proptest::prelude::*;

fn kilometres(vector: [f64; 3]) -> Vector3 {
    Vector3::from(vector) * 1e3
}

fn arrives(departure_m: &Vector3, arrival_m: &Vector3, seconds: f64, transfer: &LambertTransfer) -> f64 {
    let start = CartesianState { position_m: *departure_m, velocity_m_s: transfer.solution.departure_velocity_m_s };
    (kepler::propagate(&start, EARTH_MU_M3_S2, seconds).position_m - arrival_m).norm()
}

#[test]
fn single_revolutions_are_those_of_curtis() {
    // Curtis, Orbital Mechanics for Engineering Students, 3rd ed., example 5.2, μ = 398600 km³/s²; printed to five digits.
    let solution = lambert::solve(
        &kilometres([5_000.0, 10_000.0, 2_100.0]),
        &kilometres([-14_600.0, 2_500.0, 7_000.0]),
        3_600.0,
        TransferWay::Short,
        398_600e9,
    )
    .expect("solvable");
    assert!((solution.departure_velocity_m_s - kilometres([-5.992_5, 1.925_4, 3.245_6])).norm() < 0.1);
    assert!((solution.arrival_velocity_m_s - kilometres([-3.312_5, -4.196_6, -0.385_29])).norm() < 0.1);
    // Example 5.3: a meteoroid on a hyperbola.
    let solution = lambert::solve(
        &kilometres([273_378.0, 0.0, 0.0]),
        &kilometres([145_820.0, 12_758.0, 0.0]),
        13.5 * 3_600.0,
        TransferWay::Short,
        398_600e9,
    )
    .expect("solvable");
    assert!((solution.departure_velocity_m_s - kilometres([-2.435_6, 0.267_41, 0.0])).norm() < 0.1);
}

#[test]
fn a_molniya_transfer_of_one_revolution_has_both_of_its_branches() {
    // Der, The Superior Lambert Algorithm, AMOS 2011: from a Molniya orbit, 10 h; no, and one whole revolution.
    let departure_m = kilometres([22_592.145_603, -1_599.915_239, -19_783.950_506]);
    let arrival_m = kilometres([1_922.067_697, 4_054.157_051, -8_925.727_465]);
    let seconds = 36_000.0;
    let way = TransferWay::turning_about(&Vector3::z(), &departure_m, &arrival_m);
    let found =
        lambert::solve_revolutions(&departure_m, &arrival_m, seconds, way, 5, EARTH_MU_M3_S2).expect("solvable");
    let published = [
        (
            0,
            LambertBranch::Single,
            [2.000_652_697, 0.387_688_615, -2.666_947_76],
            [-3.792_466_19, -1.777_076_41, 6.856_814_395],
        ),
        (
            1,
            LambertBranch::Left,
            [0.503_357_7, 0.618_694_08, -1.571_769_04],
            [-4.183_346_26, -1.132_627_27, 6.133_070_91],
        ),
        (
            1,
            LambertBranch::Right,
            [-2.457_595_53, 1.169_458_01, 0.431_612_58],
            [-5.538_413_7, 0.018_222_2, 5.496_410_54],
        ),
    ];
    assert_eq!(found.len(), published.len(), "{found:?}");
    for (transfer, (revolutions, branch, departure, arrival)) in found.iter().zip(published) {
        assert_eq!((transfer.revolutions, transfer.branch), (revolutions, branch));
        // The source's gravitational parameter is known to six digits or so.
        let error_m_s = (transfer.solution.departure_velocity_m_s - kilometres(departure)).norm();
        assert!(error_m_s < 0.02, "{error_m_s} m/s: {transfer:?}");
        let error_m_s = (transfer.solution.arrival_velocity_m_s - kilometres(arrival)).norm();
        assert!(error_m_s < 0.02, "{error_m_s} m/s: {transfer:?}");
        assert!(arrives(&departure_m, &arrival_m, seconds, transfer) < 1e-3);
    }
}

#[test]
fn vallados_pair_with_a_whole_revolution_has_all_four_solutions() {
    // Vallado, 4th ed., section 7.6.2, r1 = 2.5 RE, r2 = (1.9151111, 1.6069690) RE, 92854.234 s, one revolution; figures of the book's
    // own published software (Battin's and the universal-variable method agree to 1e-9 km/s).
    let earth_radius_km = 6_378.136_3;
    let departure_m = kilometres([2.5 * earth_radius_km, 0.0, 0.0]);
    let arrival_m = kilometres([1.915_111_1 * earth_radius_km, 1.606_969 * earth_radius_km, 0.0]);
    let seconds = 92_854.234;
    let with = |way| -> Vec<LambertTransfer> {
        let found =
            lambert::solve_revolutions(&departure_m, &arrival_m, seconds, way, 1, EARTH_MU_M3_S2).expect("solvable");
        found.into_iter().filter(|transfer| transfer.revolutions == 1).collect()
    };
    for (way, departure, arrival) in [
        (TransferWay::Short, [-0.869_615_379_5, 6.335_154_581_3, 0.0], [-3.405_994_961_8, 5.411_987_918_3, 0.0]),
        (TransferWay::Short, [5.832_522_716_2, 1.431_994_488_1, 0.0], [-5.388_439_978_5, -2.652_101_898_1, 0.0]),
        (TransferWay::Long, [-6.241_103_309_4, -1.351_339_299_6, 0.0], [5.649_586_715_5, 2.976_517_897_9, 0.0]),
        (TransferWay::Long, [0.641_119_158_6, -5.957_501_823_8, 0.0], [3.338_282_702_3, -4.975_814_585_2, 0.0]),
    ] {
        let found = with(way);
        let nearest = found
            .iter()
            .map(|transfer| {
                (transfer.solution.departure_velocity_m_s - kilometres(departure))
                    .norm()
                    .max((transfer.solution.arrival_velocity_m_s - kilometres(arrival)).norm())
            })
            .fold(f64::INFINITY, f64::min);
        assert_eq!(found.len(), 2);
        assert!(nearest < 1e-5, "{nearest} m/s for {way:?} {departure:?}");
    }
}

#[test]
fn as_many_revolutions_as_the_time_allows() {
    // Between two points of one circle a quarter turn apart, in 10.25 periods of it: up to ten revolutions, of which the tenth's
    // right or left branch is the circle itself.
    let radius_m = 8e6;
    let period_s = TAU * (radius_m * radius_m * radius_m / EARTH_MU_M3_S2).sqrt();
    let (departure_m, arrival_m) = (Vector3::x() * radius_m, Vector3::y() * radius_m);
    let seconds = 10.25 * period_s;
    let found = lambert::solve_revolutions(&departure_m, &arrival_m, seconds, TransferWay::Short, 40, EARTH_MU_M3_S2)
        .expect("solvable");
    let circular = Vector3::y() * (EARTH_MU_M3_S2 / radius_m).sqrt();
    let is_circular = |transfer: &&LambertTransfer| {
        transfer.revolutions == 10 && (transfer.solution.departure_velocity_m_s - circular).norm() < 1e-6
    };
    assert_eq!(found.iter().filter(is_circular).count(), 1);
    assert!(found.iter().all(|transfer| arrives(&departure_m, &arrival_m, seconds, transfer) < 0.1));
    // The smallest orbit through both points has a = s/2 = 0.85 r: more revolutions fit on such.
    let most = found.last().expect("some").revolutions;
    assert!((10..=13).contains(&most), "{most}");
    let fewer = lambert::solve_revolutions(&departure_m, &arrival_m, seconds, TransferWay::Short, 3, EARTH_MU_M3_S2);
    assert_eq!(fewer.expect("solvable")[..], found[..7]);
}

#[test]
fn keplers_equation_is_solved_on_every_conic() {
    // Vallado, 4th ed., example 2-2: a parabola of p = 25512 km, 53.7874 min past perigee: B = 0.817751 rad.
    let semi_latus_rectum_m = 25_512e3;
    let mean = 2.0 * (EARTH_MU_M3_S2 / semi_latus_rectum_m).sqrt() / semi_latus_rectum_m * 53.787_4 * 60.0;
    assert!((kepler::barker(mean) - 0.817_751).abs() < 2e-6, "{}", kepler::barker(mean));
    // Example 2-3: M = 235.4° on a hyperbola of e = 2.4: H = 1.6013761449.
    assert!((kepler::hyperbolic_anomaly(235.4f64.to_radians(), 2.4) - 1.601_376_144_9).abs() < 1e-10);
    // Example 2-1: E = 3.8486617450971616.
    assert!((kepler::eccentric_anomaly_rad(235.4f64.to_radians(), 0.4) - 3.848_661_745_097_161_6).abs() < 1e-14);
}

/// Elements of any orbit that a state can be on.
fn any_elements() -> impl Strategy<Value = KeplerianElements> {
    let eccentricity = prop_oneof![
        Just(0.0),
        0.0..1e-9f64,
        0.0..0.99f64,
        0.99..1.01f64,
        Just(1.0),
        1.0 - 1e-12..1.0 + 1e-12,
        1.0..20.0f64
    ];
    let inclination = prop_oneof![Just(0.0), Just(PI), 0.0..1e-9f64, PI - 1e-9..PI, 0.0..PI];
    (6.5e6..5e7f64, eccentricity, inclination, 0.0..TAU, 0.0..TAU, -0.95..0.95f64).prop_map(
        |(perigee_m, eccentricity, inclination_rad, raan_rad, argument_of_perigee_rad, share)| {
            let reach: f64 = if eccentricity < 1.0 { PI } else { (-1.0 / eccentricity).acos() };
            KeplerianElements {
                semi_latus_rectum_m: perigee_m * (1.0 + eccentricity),
                eccentricity,
                inclination_rad,
                raan_rad,
                argument_of_perigee_rad,
                true_anomaly_rad: share * reach,
            }
        },
    )
}

fn parted(a: &CartesianState, b: &CartesianState) -> f64 {
    let position = (a.position_m - b.position_m).norm() / b.position_m.norm();
    position.max((a.velocity_m_s - b.velocity_m_s).norm() / b.velocity_m_s.norm())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn elements_come_back_on_every_orbit(elements in any_elements()) {
        let state = elements.checked_to_cartesian(EARTH_MU_M3_S2).expect("an orbit");
        let found = KeplerianElements::checked_from_cartesian(&state, EARTH_MU_M3_S2).expect("an orbit");
        let back = found.checked_to_cartesian(EARTH_MU_M3_S2).expect("an orbit");
        // Near an asymptote 1 + e cos ν has lost digits: up to 1e-16 × e / (1 + e cos ν).
        let conditioning = elements.eccentricity / (1.0 + elements.eccentricity * elements.true_anomaly_rad.cos());
        prop_assert!(parted(&back, &state) < 1e-10 + 1e-14 * conditioning, "{}: {found:?}", parted(&back, &state));
        prop_assert!(found.mean_anomaly_rad().is_finite());
    }

    #[test]
    fn propagation_goes_forward_and_back_on_every_orbit(elements in any_elements(), seconds in -3e5..3e5f64) {
        let state = elements.to_cartesian(EARTH_MU_M3_S2);
        let after = kepler::checked_propagate(&state, EARTH_MU_M3_S2, seconds).expect("a motion");
        let back = kepler::checked_propagate(&after, EARTH_MU_M3_S2, -seconds).expect("a motion");
        prop_assert!(parted(&back, &state) < 1e-8, "{}", parted(&back, &state));
        let momentum = |state: &CartesianState| state.position_m.cross(&state.velocity_m_s);
        let turned = (momentum(&after) - momentum(&state)).norm() / momentum(&state).norm();
        prop_assert!(turned < 1e-10, "{turned}");
    }

    #[test]
    fn nothing_finite_gives_a_number_that_is_none(
        position in prop::array::uniform3(prop_oneof![Just(0.0), -1e8..1e8f64, -1.0..1.0f64]),
        velocity in prop::array::uniform3(prop_oneof![Just(0.0), -2e4..2e4f64, -1e-6..1e-6f64]),
        other in prop::array::uniform3(prop_oneof![Just(0.0), -1e8..1e8f64]),
        seconds in prop_oneof![Just(0.0), -1e9..1e9f64, -1.0..1.0f64],
    ) {
        let state = CartesianState { position_m: Vector3::from(position), velocity_m_s: Vector3::from(velocity) };
        let finite = |state: &CartesianState| state.position_m.iter().chain(state.velocity_m_s.iter()).all(|x| x.is_finite());
        if let Ok(after) = kepler::checked_propagate(&state, EARTH_MU_M3_S2, seconds) {
            prop_assert!(finite(&after));
        }
        if let Ok(elements) = KeplerianElements::checked_from_cartesian(&state, EARTH_MU_M3_S2) {
            prop_assert!(elements.check().is_ok() && finite(&elements.to_cartesian(EARTH_MU_M3_S2)), "{elements:?}");
        }
        for way in [TransferWay::Short, TransferWay::Long] {
            let arrival_m = Vector3::from(other);
            if let Ok(found) = lambert::solve_revolutions(&state.position_m, &arrival_m, seconds, way, 2, EARTH_MU_M3_S2) {
                let sum = |transfer: &LambertTransfer| {
                    (transfer.solution.departure_velocity_m_s + transfer.solution.arrival_velocity_m_s).sum()
                };
                prop_assert!(found.iter().all(|transfer| sum(transfer).is_finite()));
            }
        }
    }
}
