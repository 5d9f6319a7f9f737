//! Events are found in continuous time, where geometry says.

use std::f64::consts::TAU;

use astroshield::astro::constants::{ASTRONOMICAL_UNIT_M, EARTH_MU_M3_S2, EARTH_RADIUS_M};
use astroshield::astro::elements::KeplerianElements;
use astroshield::astro::events::closest_approach::{RelativePull, closest_approach, closest_approaches};
use astroshield::astro::events::shadow::{ShadowEdge, shadow_crossings};
use astroshield::astro::events::visibility::range_crossings;
use astroshield::astro::events::{Search, Trajectory, TwoBody};
use astroshield::astro::{CartesianState, Vector3, sun};
use astroshield::sim::events::Hermite;

const PULL: RelativePull = RelativePull { mu: EARTH_MU_M3_S2, lowest_radius_m: 6.5e6, other_m_s2: 0.0 };
/// Nominal radius of the Sun [m], IAU 2015.
const SUN_RADIUS_M: f64 = 6.957e8;
/// Radius of the geostationary ring [m].
const GEO_RADIUS_M: f64 = 42_164_172.0;

fn circular(radius_m: f64, inclination_rad: f64, raan_rad: f64, latitude_rad: f64) -> TwoBody {
    let start = KeplerianElements {
        semi_latus_rectum_m: radius_m,
        eccentricity: 0.0,
        inclination_rad,
        raan_rad,
        argument_of_perigee_rad: 0.0,
        true_anomaly_rad: latitude_rad,
    }
    .to_cartesian(EARTH_MU_M3_S2);
    TwoBody { start, mu: EARTH_MU_M3_S2 }
}

fn rate_rad_s(radius_m: f64) -> f64 {
    (EARTH_MU_M3_S2 / radius_m).sqrt() / radius_m
}

#[test]
fn a_crossing_at_14_km_s_within_one_step_is_found_to_the_metre() {
    // Two orbits at 136°, which pass 12 m above each other at their common node 29.3 s into a step of 60 s.
    let radius_m = 6.9e6;
    let meeting_s = 29.3;
    let craft = |radius_m: f64, inclination_rad: f64| {
        circular(radius_m, inclination_rad, 0.0, -rate_rad_s(radius_m) * meeting_s)
    };
    let (first, second) = (craft(radius_m, 0.19), craft(radius_m + 12.0, 2.57));
    let search = Search { from_s: 0.0, to_s: 60.0, resolution_s: 1e-3 };
    let approach = closest_approach(&first, &second, &search, &PULL).expect("sound");
    assert!((approach.relative_speed_m_s - 14_120.0).abs() < 30.0, "{}", approach.relative_speed_m_s);
    assert!((approach.time_s - meeting_s).abs() < 1e-7, "{}", approach.time_s);
    assert!((approach.distance_m - 12.0).abs() < 1e-5, "{}", approach.distance_m);

    // And so from the samples alone, through the cubic between them.
    let piece = |craft: &TwoBody| Hermite::new(craft.state_at(0.0), craft.state_at(60.0), 60.0);
    let (first_piece, second_piece) = (piece(&first), piece(&second));
    let approach = closest_approach(&first_piece, &second_piece, &search, &PULL).expect("sound");
    // The cubic errs by h⁴/384 n⁴ r ~ 0.3 m of each craft, mostly towards the centre and alike.
    assert!((approach.distance_m - 12.0).abs() < 1.0, "{}", approach.distance_m);

    // The pass through a sphere of 20 m lasts 2 √(20² - 12²) / 14 km/s = 2.3 ms.
    let crossings = range_crossings(&first, &second, 20.0, &search, 15_500.0).expect("sound");
    assert_eq!(crossings.len(), 2);
    let lasted_s = crossings[1].time_s - crossings[0].time_s;
    assert!((lasted_s - 32.0 / approach.relative_speed_m_s).abs() < 1e-7, "{lasted_s}");
}

#[test]
fn a_day_of_crossings_misses_none() {
    // Every conjunction below 200 km of two low orbits, against samples every tenth of a second.
    let (first, second) = (circular(6.9e6, 0.9, 0.3, 0.0), circular(6.95e6, 1.7, 2.0, 0.4));
    let search = Search { from_s: 0.0, to_s: 86_400.0, resolution_s: 1e-3 };
    let found = closest_approaches(&first, &second, &search, &PULL).expect("sound");
    let distance_m = |time_s: f64| (first.state_at(time_s).position_m - second.state_at(time_s).position_m).norm();
    let step_s = 5.0;
    let samples: Vec<f64> = (0..=17_280).map(|index| distance_m(step_s * f64::from(index))).collect();
    let minima: Vec<usize> = (1..samples.len() - 1)
        .filter(|&index| samples[index] < samples[index - 1] && samples[index] <= samples[index + 1])
        .collect();
    assert_eq!(found.len(), minima.len());
    for (approach, index) in found.iter().zip(minima) {
        assert!((approach.time_s - step_s * index as f64).abs() <= step_s);
        assert!(approach.distance_m <= samples[index]);
    }
}

#[test]
fn a_geostationary_eclipse_lasts_as_geometry_says() {
    let rate = rate_rad_s(GEO_RADIUS_M);
    let day_s = TAU / rate;
    let search = Search { from_s: 0.0, to_s: day_s, resolution_s: 1e-3 };
    let earth_sine = EARTH_RADIUS_M / GEO_RADIUS_M;
    // The Sun over the equator, and up to 8.3° above it, near the end of the season; the craft is behind the Earth at half of the day.
    for declination_deg in [0.0f64, 5.0, 8.3] {
        let (sine, cosine) = declination_deg.to_radians().sin_cos();
        let sun_m = Vector3::new(cosine, 0.0, sine) * ASTRONOMICAL_UNIT_M;
        let craft = circular(GEO_RADIUS_M, 0.0, 0.0, 0.0);
        for edge in [ShadowEdge::Cylinder, ShadowEdge::Umbra, ShadowEdge::Penumbra] {
            // The half angle at the Earth's centre between the axis and the edge: sin ψ = R/a narrowed or widened by the cone's α.
            let cone_rad = match edge {
                ShadowEdge::Cylinder => 0.0,
                ShadowEdge::Umbra => -((SUN_RADIUS_M - EARTH_RADIUS_M) / ASTRONOMICAL_UNIT_M).asin(),
                ShadowEdge::Penumbra => ((SUN_RADIUS_M + EARTH_RADIUS_M) / ASTRONOMICAL_UNIT_M).asin(),
            };
            // cos ψ = cos δ cos θ
            let half_rad = ((earth_sine.asin() + cone_rad).cos() / cosine).acos();
            let crossings = shadow_crossings(&craft, |_| sun_m, edge, EARTH_RADIUS_M, &search, 3_075.0).expect("sound");
            assert_eq!(crossings.len(), 2, "{edge:?} at {declination_deg}°");
            for (crossing, expected_s) in
                crossings.iter().zip([0.5 * day_s - half_rad / rate, 0.5 * day_s + half_rad / rate])
            {
                // Rounding of 1e-8 m at the grazing speed of the last days.
                assert!((crossing.time_s - expected_s).abs() < 1e-6, "{} against {expected_s}", crossing.time_s);
            }
            assert!(!crossings[0].leaving && crossings[1].leaving);
        }
        if declination_deg == 0.0 {
            // The longest eclipse is published as 72 minutes from first to last contact, some 67 of them in the umbra.
            let lasts = |edge| {
                let found = shadow_crossings(&craft, |_| sun_m, edge, EARTH_RADIUS_M, &search, 3_075.0).expect("sound");
                (found[1].time_s - found[0].time_s) / 60.0
            };
            assert!((lasts(ShadowEdge::Penumbra) - 71.5).abs() < 0.5, "{}", lasts(ShadowEdge::Penumbra));
            assert!((lasts(ShadowEdge::Umbra) - 67.3).abs() < 0.5, "{}", lasts(ShadowEdge::Umbra));
        }
    }
}

#[test]
fn the_eclipse_seasons_last_six_weeks_about_the_equinoxes() {
    // Each day of 2026 the craft flies one revolution; the Sun moves by the almanac's series.
    let julian_date_2026 = 2_461_041.5;
    let craft = circular(GEO_RADIUS_M, 0.0, 0.0, 0.0);
    let day_s = TAU / rate_rad_s(GEO_RADIUS_M);
    let eclipsed: Vec<usize> = (0..365)
        .filter(|&day| {
            let start = julian_date_2026 + day as f64;
            let sun_m = |time_s: f64| sun::position_gcrf_m(start + time_s / 86_400.0);
            let search = Search { from_s: 0.0, to_s: day_s, resolution_s: 0.01 };
            let edge = ShadowEdge::Penumbra;
            !shadow_crossings(&craft, sun_m, edge, EARTH_RADIUS_M, &search, 3_075.0).expect("sound").is_empty()
        })
        .collect();
    // The Sun stays within asin(R/a) + 0.27° = 8.97° of the equator for 46 days in spring and in autumn, some days each.
    let gaps: Vec<usize> = (1..eclipsed.len()).filter(|&index| eclipsed[index] != eclipsed[index - 1] + 1).collect();
    assert_eq!(gaps.len(), 1, "{eclipsed:?}");
    for (season, equinox) in [(&eclipsed[..gaps[0]], 78), (&eclipsed[gaps[0]..], 265)] {
        assert!((45..=48).contains(&season.len()), "{} days", season.len());
        let middle = season[season.len() / 2];
        assert!(middle.abs_diff(equinox) <= 2, "day {middle} against {equinox}");
    }
}

#[test]
fn a_graze_of_the_shadow_is_found_down_to_the_stated_depth() {
    let radius_m: f64 = 7.2e6;
    let sun_m = Vector3::x() * ASTRONOMICAL_UNIT_M;
    let search = Search { from_s: 0.0, to_s: TAU / rate_rad_s(radius_m), resolution_s: 1e-3 };
    for (depth_m, expected) in [(10.0, 2), (-10.0, 0)] {
        // The plane's angle to the axis of the shadow, so that its nearest point passes `depth_m` inside of the edge.
        let tilt_rad = ((EARTH_RADIUS_M - depth_m) / radius_m).asin();
        let along = Vector3::new(-tilt_rad.cos(), 0.0, tilt_rad.sin());
        let speed = rate_rad_s(radius_m) * radius_m;
        let start = CartesianState { position_m: -along * radius_m, velocity_m_s: Vector3::y() * speed };
        let craft = TwoBody { start, mu: EARTH_MU_M3_S2 };
        let found =
            shadow_crossings(&craft, |_| sun_m, ShadowEdge::Cylinder, EARTH_RADIUS_M, &search, 7_500.0).expect("sound");
        assert_eq!(found.len(), expected, "{depth_m} m: {found:?}");
    }
}
