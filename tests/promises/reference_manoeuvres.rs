//! Manoeuvres cost and last what published examples say.

use astroshield::astro::constants::EARTH_MU_M3_S2;
use astroshield::astro::manoeuvres::bi_elliptic::BiEllipticTransfer;
use astroshield::astro::manoeuvres::hohmann::HohmannTransfer;
use astroshield::astro::manoeuvres::one_tangent::OneTangentTransfer;
use astroshield::astro::manoeuvres::plane_change::{PlaneChange, turn_m_s};

/// Radius of the Earth in the examples [m].
const EARTH_RADIUS_M: f64 = 6_378_136.3;

#[test]
fn hohmann_is_that_of_vallado_example_6_1() {
    // Vallado, Fundamentals of Astrodynamics, 4th ed., example 6-1: altitudes 191.3411 and 35781.34857 km.
    let transfer = HohmannTransfer::between(EARTH_RADIUS_M + 191_341.1, EARTH_RADIUS_M + 35_781_348.57, EARTH_MU_M3_S2)
        .expect("sound");
    assert!((transfer.first_m_s - 2_457.038_635_627_854).abs() < 1e-6, "{}", transfer.first_m_s);
    assert!((transfer.second_m_s - 1_478.187_015_430_896).abs() < 1e-6, "{}", transfer.second_m_s);
    assert!((transfer.duration_s / 60.0 - 315.402_756_993_599_1).abs() < 1e-8, "{}", transfer.duration_s / 60.0);
}

#[test]
fn a_bi_elliptic_transfer_is_that_of_vallado_example_6_2() {
    // 191.34411 km by way of 503873 km to 376310 km: 3.904057 km/s, 593.919803 h. The book's radius of the Earth is 6378.137 km.
    let radius = |altitude_km: f64| (6_378.137 + altitude_km) * 1e3;
    let transfer =
        BiEllipticTransfer::between(radius(191.344_11), radius(503_873.0), radius(376_310.0), EARTH_MU_M3_S2)
            .expect("sound");
    assert!((transfer.total_m_s() - 3_904.057).abs() < 2e-3, "{}", transfer.total_m_s());
    assert!((transfer.duration_s / 3_600.0 - 593.919_803).abs() < 1e-3, "{}", transfer.duration_s / 3_600.0);
    // Of which 3.156233 and 0.677358 km/s forward and 0.070466 km/s back.
    for (impulse, expected) in
        [(transfer.first_m_s, 3_156.233), (transfer.middle_m_s, 677.358), (transfer.last_m_s, -70.466)]
    {
        assert!((impulse - expected).abs() < 2e-3, "{impulse}");
    }
}

#[test]
fn a_one_tangent_burn_is_that_of_vallado_example_6_3() {
    // 191.34411 to 35781.34857 km, met at a true anomaly of 160°: 4.699 km/s, 207.445 min.
    let transfer = OneTangentTransfer::between(
        EARTH_RADIUS_M + 191_344.11,
        EARTH_RADIUS_M + 35_781_348.57,
        160f64.to_radians(),
        EARTH_MU_M3_S2,
    )
    .expect("sound");
    assert!((transfer.total_m_s() - 4_699.0).abs() < 1.0, "{}", transfer.total_m_s());
    assert!((transfer.duration_s / 60.0 - 207.445).abs() < 5e-3, "{}", transfer.duration_s / 60.0);
}

#[test]
fn a_change_of_inclination_is_that_of_vallado_example_6_4() {
    let turn_rad = 15f64.to_radians();
    // Circular, 5.892311 km/s: 1.5382021 km/s.
    assert!((turn_m_s(5_892.311, 0.0, turn_rad) - 1_538.202_1).abs() < 1e-2, "{}", turn_m_s(5_892.311, 0.0, turn_rad));
    // e = 0.3, p = 17858.7836 km, at true anomalies of 330° and 150°: 1.553727 and 0.912883 km/s.
    for (anomaly_deg, published_m_s) in [(330f64, 1_553.727), (150.0, 912.883)] {
        let (sine, cosine) = anomaly_deg.to_radians().sin_cos();
        let speed_m_s = (EARTH_MU_M3_S2 / 17_858_783.6 * (1.0 + 0.09 + 0.6 * cosine)).sqrt();
        let flight_path_angle_rad = (0.3 * sine / (1.0 + 0.3 * cosine)).atan();
        let impulse = turn_m_s(speed_m_s, flight_path_angle_rad, turn_rad);
        assert!((impulse - published_m_s).abs() < 0.05, "{impulse}");
    }
}

#[test]
fn changes_of_the_node_are_those_of_vallado_examples_6_5_and_6_6() {
    let degrees = |inclination: f64, node: f64| [inclination.to_radians(), node.to_radians()];
    for (from, to, published_m_s, initial_deg, final_deg) in [
        // The node by 45° at i = 55°, and with it the inclination to 40°; 5.892311 km/s.
        (degrees(55.0, 0.0), degrees(55.0, 45.0), 3_694.195, 103.364_7, 76.635_3),
        (degrees(55.0, 0.0), degrees(40.0, 45.0), 3_615.925, 128.904_1, 97.380_3),
    ] {
        let change = PlaneChange::between(from, to).expect("sound");
        let impulse = change.impulse_m_s(5_892.311, 0.0);
        assert!((impulse - published_m_s).abs() < 0.01, "{impulse}");
        assert!((change.initial_argument_of_latitude_rad.to_degrees() - initial_deg).abs() < 1e-4);
        assert!((change.final_argument_of_latitude_rad.to_degrees() - final_deg).abs() < 1e-4);
    }
}
