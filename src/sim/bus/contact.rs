//! Whom a spacecraft talks to: relays in geostationary orbit, or stations on the equator under them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::astro::Vector3;
use crate::astro::events::visibility::line_of_sight_clearance_m;

/// The owner's network: three places 120° of longitude apart, at 0°, 120° and 240°, of which the nearest in sight is used.
///
/// Relays have every orbit below them in sight at all times, as low orbits have stations for minutes only; the way from relay
/// to ground counts with its weather alone. The places turn with the Earth about the pole of GCRF.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Network {
    /// Relays in geostationary orbit.
    Relays,
    /// Stations on the equator: for high orbits.
    Stations,
}

/// Radius of the geostationary orbit [m]: (μ/ω²)^(1/3).
pub const GEOSTATIONARY_RADIUS_M: f64 = 42_164.2e3;
/// Sine of the least elevation at which a station works: 5°.
const LEAST_ELEVATION_SINE: f64 = 0.087_155_742_747_658_17;
/// Radius of an orbit below which a network that is left out is one of relays [m].
const RELAYED_BELOW_M: f64 = 26_400e3;
/// Distance of the one place of the network in the Hill frame, which knows no Earth: along R [m].
const HILL_RANGE_M: f64 = 38_000e3;

impl Network {
    /// The network that suits an orbit at this distance from the Earth's centre.
    #[must_use]
    pub fn suited_to(radius_m: f64) -> Self {
        if radius_m < RELAYED_BELOW_M { Self::Relays } else { Self::Stations }
    }
}

/// The places of the networks at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Places {
    /// Unit vectors to the three longitudes.
    meridians: [Vector3; 3],
    /// Radius of the Earth [m]; `None` in the Hill frame.
    earth_radius_m: Option<f64>,
}

/// A place of the network as a spacecraft sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peer {
    /// Where it is, in the frame of the spacecraft [m].
    pub position_m: Vector3,
    /// How far away [m].
    pub range_m: f64,
    /// Unit vector to it.
    pub direction: Vector3,
}

impl Places {
    /// About the Earth, Greenwich being at this angle from GCRF's X [rad].
    #[must_use]
    pub fn about_the_earth(greenwich_rad: f64, earth_radius_m: f64) -> Self {
        let (sine, cosine) = libm::sincos(greenwich_rad);
        let (third_sine, third_cosine) = (0.75_f64.sqrt(), -0.5);
        let turned = |sign: f64| {
            let third_sine = sign * third_sine;
            Vector3::new(cosine * third_cosine - sine * third_sine, sine * third_cosine + cosine * third_sine, 0.0)
        };
        let meridians = [Vector3::new(cosine, sine, 0.0), turned(1.0), turned(-1.0)];
        Self { meridians, earth_radius_m: Some(earth_radius_m) }
    }

    /// In the Hill frame: one place, far away along R.
    #[must_use]
    pub fn in_hill_frame() -> Self {
        Self { meridians: [Vector3::x(); 3], earth_radius_m: None }
    }

    /// The place that a spacecraft talks to: the nearest in sight, or the second nearest where it is told to take the
    /// `alternate` one and there is one. `None` where none is in sight.
    #[must_use]
    pub fn peer(&self, network: Network, position_m: &Vector3, alternate: bool) -> Option<Peer> {
        let mut found = [None; 2];
        for meridian in self.meridians {
            let place_m = meridian * self.radius_m(network);
            if !self.sees(network, position_m, &place_m) {
                continue;
            }
            let (way_m, mut entry) = (place_m - position_m, None);
            let range_m = way_m.norm();
            if range_m > 0.0 {
                entry = Some(Peer { position_m: place_m, range_m, direction: way_m / range_m });
            }
            let nearer = |other: &Option<Peer>| other.is_none_or(|other| range_m < other.range_m);
            if nearer(&found[0]) {
                found = [entry, found[0]];
            } else if nearer(&found[1]) {
                found[1] = entry;
            }
        }
        if alternate { found[1].or(found[0]) } else { found[0] }
    }

    /// Whether a place of the network has a spacecraft in sight: a relay past the Earth, a station 5° above its horizon.
    #[must_use]
    pub fn sees(&self, network: Network, position_m: &Vector3, place_m: &Vector3) -> bool {
        let Some(earth_radius_m) = self.earth_radius_m else { return true };
        match network {
            Network::Relays => line_of_sight_clearance_m(position_m, place_m, earth_radius_m) >= 0.0,
            Network::Stations => {
                let way_m = position_m - place_m;
                way_m.dot(place_m) >= LEAST_ELEVATION_SINE * way_m.norm() * earth_radius_m
            }
        }
    }

    fn radius_m(&self, network: Network) -> f64 {
        match (self.earth_radius_m, network) {
            (None, _) => HILL_RANGE_M,
            (Some(_), Network::Relays) => GEOSTATIONARY_RADIUS_M,
            (Some(earth_radius_m), Network::Stations) => earth_radius_m,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::astro::constants::EARTH_RADIUS_M;

    #[test]
    fn three_relays_have_every_low_orbit_in_sight() {
        let places = Places::about_the_earth(0.3, EARTH_RADIUS_M);
        for step in 0..3600 {
            let (sine, cosine) = libm::sincos(f64::from(step) * 0.1_f64.to_radians());
            // Over the poles at 350 km, where a relay stands lowest.
            let position_m = Vector3::new(cosine * 0.6, cosine * 0.8, sine) * 6_728e3;
            let peer = places.peer(Network::Relays, &position_m, false).expect("one is in sight");
            assert!((35_000e3..45_000e3).contains(&peer.range_m), "{}", peer.range_m);
            assert!((peer.direction.norm() - 1.0).abs() < 1e-12);
            let other = places.peer(Network::Relays, &position_m, true).expect("one is in sight");
            assert!(other.range_m >= peer.range_m);
        }
    }

    #[test]
    fn stations_have_geostationary_orbit_in_sight_and_low_orbit_seldom() {
        let places = Places::about_the_earth(0.0, EARTH_RADIUS_M);
        let mut seen = 0;
        for step in 0..360 {
            let (sine, cosine) = libm::sincos(f64::from(step).to_radians());
            let up = Vector3::new(cosine, sine, 0.0);
            assert!(places.peer(Network::Stations, &(up * GEOSTATIONARY_RADIUS_M), false).is_some(), "{step}°");
            seen += usize::from(places.peer(Network::Stations, &(up * 6_878e3), false).is_some());
        }
        // 500 km up, a station sees 5° high as far as acos(R cos 5° / (R + h)) - 5° = 17.5°: 3 × 35° of 360°.
        assert!((100..110).contains(&seen), "{seen}");
        assert_eq!((Network::suited_to(6_878e3), Network::suited_to(42e6)), (Network::Relays, Network::Stations));
    }

    #[test]
    fn without_an_earth_there_is_one_place() {
        let peer =
            Places::in_hill_frame().peer(Network::Relays, &Vector3::new(0.0, -500.0, 0.0), true).expect("always");
        assert!((peer.range_m - HILL_RANGE_M).abs() < 1.0 && peer.direction.x > 0.999_999);
    }
}
