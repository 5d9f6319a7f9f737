//! The systems of a spacecraft that others act upon: attitude, links, payload, skin, power, commands, navigation.
//!
//! A file a subsystem: what it is set to (a configuration of distributions, drawn once an episode), its state, and a step, each with
//! its equation and source. [`suffer`] has them take what a segment brings. What is found for the segment's end stands for
//! the whole segment.

pub mod antenna;
pub mod attitude;
pub mod commanding;
pub mod contact;
pub mod laser_beam;
pub mod link_budget;
pub mod links;
pub mod navigation;
pub mod payload;
pub mod power;
mod settings;
pub mod suffer;
pub mod thermal;
pub mod weather;

use bevy_ecs::component::Component;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::attitude::{Attitude, AttitudeConfig, PointingMode};
use self::commanding::{Commanding, CommandingConfig};
use self::contact::Network;
use self::links::{CommonLinkConfig, DownlinkConfig, GnssConfig, Links, UplinkConfig};
use self::navigation::{Navigation, NavigationConfig};
use self::payload::{Payload, PayloadConfig};
use self::power::{Power, PowerConfig};
use self::thermal::{Thermal, ThermalConfig};
use self::weather::{Weather, WeatherConfig};
use crate::sim::seeds::Generator;

/// The systems of a spacecraft as a scenario writes them; `bus: ()` is a sound satellite in low orbit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BusConfig {
    /// What the payload's axis is held on at the start.
    pub pointing: PointingMode,
    /// Whom it talks to; left out, relays below 20 000 km of altitude and stations above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// How it turns.
    pub attitude: AttitudeConfig,
    /// Commands from the network.
    pub uplink: UplinkConfig,
    /// Telemetry to the network.
    pub downlink: DownlinkConfig,
    /// Navigation signals.
    pub gnss: GnssConfig,
    /// What the three links share.
    pub links: CommonLinkConfig,
    /// What fades them.
    pub weather: WeatherConfig,
    /// The imager.
    pub payload: PayloadConfig,
    /// The skin.
    pub thermal: ThermalConfig,
    /// Array, battery, loads.
    pub power: PowerConfig,
    /// The owner's commands.
    pub commanding: CommandingConfig,
    /// Navigation.
    pub navigation: NavigationConfig,
}

impl BusConfig {
    /// Each fault of the parameters, as (subsystem, field, what is wrong).
    #[must_use]
    pub fn faults(&self) -> Vec<(&'static str, &'static str, String)> {
        let Self {
            pointing: _,
            network: _,
            attitude,
            uplink,
            downlink,
            gnss,
            links,
            weather,
            payload,
            thermal,
            power,
            commanding,
            navigation,
        } = self;
        let parts = [
            ("attitude", attitude.faults()),
            ("uplink", uplink.faults()),
            ("downlink", downlink.faults()),
            ("gnss", gnss.faults()),
            ("links", links.faults()),
            ("weather", weather.faults()),
            ("payload", payload.faults()),
            ("thermal", thermal.faults()),
            ("power", power.faults()),
            ("commanding", commanding.faults()),
            ("navigation", navigation.faults()),
        ];
        let told = parts
            .into_iter()
            .flat_map(|(part, faults)| faults.into_iter().map(move |(field, fault)| (part, field, fault)));
        told.collect()
    }

    /// The systems at the start of an episode.
    ///
    /// `target`: slot that `Target` and `EdgeOn` are about; `radius_m`: distance from the Earth's centre, `None` in the Hill frame.
    pub fn draw(&self, target: Option<u16>, radius_m: Option<f64>, generator: &mut Generator) -> Systems {
        let attitude = Attitude::begin(self.attitude.draw(generator), self.pointing, target);
        let (uplink, downlink) = (self.uplink.draw(generator), self.downlink.draw(generator));
        let (gnss, common) = (self.gnss.draw(generator), self.links.draw(generator));
        let weather = Weather::begin(self.weather.draw(generator), generator);
        Systems {
            network: self.network.unwrap_or_else(|| radius_m.map_or(Network::Relays, Network::suited_to)),
            attitude,
            links: Links::begin(&uplink, &downlink, &gnss, &common, weather),
            payload: Payload::begin(self.payload.draw(generator)),
            thermal: Thermal::begin(self.thermal.draw(generator)),
            power: Power::begin(self.power.draw(generator)),
            commanding: Commanding::begin(self.commanding.draw(generator)),
            navigation: Navigation::begin(self.navigation.draw(generator), generator),
            is_lit: true,
            readings: Readings::default(),
        }
    }
}

/// The systems of a spacecraft, or none.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bus(pub Option<Systems>);

/// The systems of a spacecraft in an episode.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Systems {
    /// Whom it talks to.
    pub network: Network,
    /// Where it looks.
    pub attitude: Attitude,
    /// What it hears and sends.
    pub links: Links,
    /// What it sees.
    pub payload: Payload,
    /// How warm it is.
    pub thermal: Thermal,
    /// What drives it.
    pub power: Power,
    /// What it is told to do.
    pub commanding: Commanding,
    /// Where it believes it is.
    pub navigation: Navigation,
    /// Whether the Sun shines on it.
    pub is_lit: bool,
    /// What it told of itself at the end of the last segment.
    pub readings: Readings,
}

/// Channels 21 to 29 of telemetry, as the spacecraft measures them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Readings {
    /// 21: C/N₀ of the uplink [dB-Hz].
    pub uplink_c_n0_db_hz: f64,
    /// 22: C/N₀ of the downlink [dB-Hz].
    pub downlink_c_n0_db_hz: f64,
    /// 23: C/N₀ of GNSS [dB-Hz].
    pub gnss_c_n0_db_hz: f64,
    /// 24: share of the focal plane that is saturated, 0 to 1.
    pub saturation: f64,
    /// 25: temperature of the skin [K].
    pub skin_temperature_k: f64,
    /// 26: commands rejected since the start of the episode.
    pub rejected_commands: f64,
    /// 27: command counter on board less the owner's.
    pub counter_gap: f64,
    /// 28: attitude error [rad].
    pub attitude_error_rad: f64,
    /// 29: distance of the navigation solution from the ephemeris [m].
    pub off_ephemeris_m: f64,
}

impl Readings {
    /// Telemetry channel of the first of them.
    pub const FIRST_CHANNEL: usize = 21;

    /// The channels in order, from [`Readings::FIRST_CHANNEL`] on.
    #[must_use]
    pub fn channels(&self) -> [f64; 9] {
        [
            self.uplink_c_n0_db_hz,
            self.downlink_c_n0_db_hz,
            self.gnss_c_n0_db_hz,
            self.saturation,
            self.skin_temperature_k,
            self.rejected_commands,
            self.counter_gap,
            self.attitude_error_rad,
            self.off_ephemeris_m,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_bus_is_sound_and_every_fault_is_told_where_it_is() {
        let empty: BusConfig = ron::from_str("()").expect("all has defaults");
        assert_eq!(empty, BusConfig::default());
        assert_eq!(empty.faults(), vec![]);
        let text = "(thermal: (emissivity: Fixed(0.0)), power: (battery_j: Uniform(5.0, 1.0)))";
        let faults = ron::from_str::<BusConfig>(text).expect("it is read").faults();
        let places: Vec<_> = faults.iter().map(|(part, field, _)| (*part, *field)).collect();
        assert_eq!(places, [("thermal", "emissivity"), ("power", "battery_j")]);
        let refused = ron::from_str::<BusConfig>("(uplink: (colour: Fixed(1.0)))").expect_err("unknown").to_string();
        assert!(refused.contains("colour"), "{refused}");
    }
}
