//! What a segment brings to a spacecraft: the Sun, the network, what others send at it.

use rand_distr::{Distribution as _, StandardNormal};

use super::antenna::{Aim, angle_rad, pattern_loss_db};
use super::attitude::{Directions, PointingMode};
use super::commanding::FalseCommands;
use super::contact::{Peer, Places};
use super::laser_beam::{peak_irradiance_w_m2, power_on_disc_w};
use super::link_budget::{gnss_range_m, power_ratio};
use super::links::NO_CARRIER_DB_HZ;
use super::thermal::earth_share;
use super::{Bus, Readings, Systems};
use crate::astro::constants::{EARTH_ROTATION_RAD_S, JULIAN_DATE_J2000};
use crate::astro::eclipse::in_shadow_behind;
use crate::astro::events::visibility::line_of_sight_clearance_m;
use crate::astro::rtn::RtnFrame;
use crate::astro::sidereal::earth_rotation_angle_rad;
use crate::astro::{CartesianState, Vector3};
use crate::sim::components::{Identity, Orbit, Surface};
use crate::sim::emission::{Band, Emission, Jamming};
use crate::sim::seeds::Generator;
use crate::sim::template::Template;
use crate::sim::view::SunModel;

/// Range to a GNSS satellite in the Hill frame, which knows no Earth [m]: that of a low orbit.
const HILL_GNSS_RANGE_M: f64 = 21_500e3;

/// What is about all spacecraft of an arena at an instant.
pub(in crate::sim) struct Sky {
    /// Position of the Sun [m] and its direction from the Earth; in the Hill frame the direction alone.
    sun_m: Option<Vector3>,
    sun_direction: Vector3,
    /// Radius of the Earth [m]; `None` in the Hill frame, where nothing hides or shades.
    earth_radius_m: Option<f64>,
    places: Places,
}

impl Sky {
    /// The sky at a time of the episode [s]. UT1 is taken as TT: 0.3° of the network's longitude.
    pub(in crate::sim) fn at(template: &Template, sun: &SunModel, time_s: f64) -> Self {
        match *sun {
            SunModel::Fixed(position_m, direction) => {
                let earth_radius_m = template.physics.earth_radius_m;
                let greenwich_rad =
                    earth_rotation_angle_rad(template.epoch_jd_tt - JULIAN_DATE_J2000) + EARTH_ROTATION_RAD_S * time_s;
                Self {
                    sun_m: Some(position_m),
                    sun_direction: direction,
                    earth_radius_m: Some(earth_radius_m),
                    places: Places::about_the_earth(greenwich_rad, earth_radius_m),
                }
            }
            SunModel::Hill(..) => Self {
                sun_m: None,
                sun_direction: sun.direction_rtn(None, &Vector3::zeros(), time_s),
                earth_radius_m: None,
                places: Places::in_hill_frame(),
            },
        }
    }

    /// R, T, N and the Sun from a spacecraft; the target is left open.
    fn directions(&self, state: &CartesianState) -> Directions {
        match self.sun_m {
            Some(sun_m) => {
                let frame = RtnFrame::of(state);
                let to_sun_m = sun_m - state.position_m;
                Directions {
                    zenith: frame.radial,
                    transverse: frame.transverse,
                    normal: frame.normal,
                    sun: to_sun_m / to_sun_m.norm(),
                    target: None,
                }
            }
            None => Directions {
                zenith: Vector3::x(),
                transverse: Vector3::y(),
                normal: Vector3::z(),
                sun: self.sun_direction,
                target: None,
            },
        }
    }

    fn lights(&self, position_m: &Vector3) -> bool {
        self.earth_radius_m.is_none_or(|radius_m| !in_shadow_behind(position_m, &self.sun_direction, radius_m))
    }

    /// Whether the Earth is not between two spacecraft.
    fn is_clear(&self, first_m: &Vector3, second_m: &Vector3) -> bool {
        self.earth_radius_m.is_none_or(|radius_m| line_of_sight_clearance_m(first_m, second_m, radius_m) >= 0.0)
    }
}

/// The spacecraft of an arena, one a slot.
#[derive(Clone, Copy)]
pub(in crate::sim) struct Company<'a> {
    pub(in crate::sim) orbits: &'a [Orbit],
    pub(in crate::sim) surfaces: &'a [Surface],
    pub(in crate::sim) identities: &'a [Identity],
    pub(in crate::sim) emissions: &'a [Emission],
}

/// Has every spacecraft with a bus that is there take what a time brings, in order of slots.
pub(in crate::sim) fn suffer(
    sky: &Sky,
    company: &Company<'_>,
    buses: &mut [Bus],
    duration_s: f64,
    generator: &mut Generator,
) {
    for (slot, bus) in buses.iter_mut().enumerate() {
        if let Some(systems) = &mut bus.0
            && company.identities[slot].is_present()
        {
            one(sky, company, slot, systems, duration_s, generator);
        }
    }
}

/// What others do to a spacecraft.
#[derive(Default)]
struct Received {
    /// J/(N₀ Q R_c) of uplink, downlink and GNSS [-].
    noise_rise: [f64; 3],
    /// Loss of the three carriers in nulls [dB].
    null_loss_db: [f64; 3],
    laser_in_view_w_m2: f64,
    laser_on_craft_w: f64,
    false_commands: FalseCommands,
    navigation_drag_m_s: f64,
}

/// Axes of the craft's antennas.
struct Antennas {
    peer: Option<Peer>,
    /// Of up- and downlink.
    network: Option<Aim>,
    gnss: Aim,
}

fn one(
    sky: &Sky,
    company: &Company<'_>,
    slot: usize,
    systems: &mut Systems,
    duration_s: f64,
    generator: &mut Generator,
) {
    let state = company.orbits[slot].state();
    let mut directions = sky.directions(&state);
    if matches!(systems.attitude.mode, PointingMode::Target | PointingMode::EdgeOn) {
        directions.target = target(company, slot, systems.attitude.target);
    }
    systems.attitude.step(&directions, duration_s, generator);
    systems.links.weather.step(duration_s, generator);
    systems.is_lit = sky.lights(&state.position_m);

    let antennas = antennas(sky, systems, &state.position_m, &directions);
    let received = receive(sky, company, slot, systems, &antennas);
    carry(sky, systems, &antennas, &received, &state.position_m);

    let lit_share = f64::from(systems.is_lit);
    let payload_works = systems.payload.is_on && !systems.power.is_shedding;
    let raise_db = systems.links.downlink.power_raise_db;
    let power_raise = if raise_db == 0.0 { 1.0 } else { power_ratio(raise_db) };
    let array_share = lit_share * systems.attitude.array_cosine(&directions);
    systems.power.step(array_share, payload_works, power_raise, duration_s);
    systems.payload.step(
        received.laser_in_view_w_m2,
        &systems.attitude,
        &directions,
        systems.is_lit,
        duration_s,
        generator,
    );
    let earth_share = sky.earth_radius_m.map_or(0.0, |radius_m| earth_share(state.position_m.norm(), radius_m));
    let area_m2 = company.surfaces[slot].area_m2;
    systems.thermal.step(lit_share, earth_share, received.laser_on_craft_w, area_m2, duration_s);
    for link in [&mut systems.links.uplink, &mut systems.links.downlink, &mut systems.links.gnss] {
        if link.margin_db < 0.0 {
            link.lost_s += duration_s;
        }
    }
    let links = &systems.links;
    let (up_db, down_db) = (links.uplink.margin_db, links.downlink.margin_db);
    systems.commanding.step(up_db, down_db, &received.false_commands, duration_s, generator);
    let gnss = &systems.links.gnss;
    systems.navigation.step(gnss.c_n0_db_hz, gnss.margin_db, received.navigation_drag_m_s, duration_s, generator);
    systems.readings = read(systems, generator);
}

/// Direction of the spacecraft that a mode is about: the one named while it is there, or the nearest of another team.
fn target(company: &Company<'_>, slot: usize, named: Option<u16>) -> Option<Vector3> {
    let own_m = Vector3::from(company.orbits[slot].position_m);
    let way_m = |other: usize| Vector3::from(company.orbits[other].position_m) - own_m;
    let is_there = |other: usize| other != slot && company.identities.get(other).is_some_and(Identity::is_present);
    let named = named.map(usize::from).filter(|other| is_there(*other)).map(way_m);
    let way_m = named.or_else(|| {
        let team = company.identities[slot].team;
        let opponents = (0..company.orbits.len()).filter(|other| company.identities[*other].team != team);
        let ways_m = opponents.filter(|other| is_there(*other)).map(way_m);
        ways_m.min_by(|first, second| first.norm_squared().total_cmp(&second.norm_squared()))
    })?;
    way_m.try_normalize(0.0)
}

/// Where antennas point. While the craft is steady that of the network is steered; else it is stuck on its mount.
fn antennas(sky: &Sky, systems: &Systems, position_m: &Vector3, directions: &Directions) -> Antennas {
    let (links, boresight) = (&systems.links, &systems.attitude.boresight);
    let mount = -boresight;
    let peer = sky.places.peer(systems.network, position_m, links.alternate);
    let network = peer.as_ref().map(|peer| {
        if systems.attitude.is_steady() {
            Aim::steered(&mount, &peer.direction, links.steering_reach_rad, links.steering_reach_cosine)
        } else {
            Aim::fixed(&mount, &peer.direction)
        }
    });
    // Below the constellation its satellites stand about the zenith, and the antenna looks away from the payload; above it
    // they stand about the Earth, and a craft carries its antenna beside the payload.
    let sight = -directions.zenith;
    let off_axis_rad = if *boresight == sight { 0.0 } else { angle_rad(boresight, &sight) };
    let is_above = sky.earth_radius_m.is_some() && position_m.norm_squared() > ABOVE_GNSS_M * ABOVE_GNSS_M;
    let gnss = Aim { axis: if is_above { *boresight } else { mount }, off_axis_rad };
    Antennas { peer, network, gnss }
}

/// Radius from which GNSS is received past the limb of the Earth [m]; see [`gnss_range_m`].
const ABOVE_GNSS_M: f64 = 0.6 * 26_560e3;

/// Sums what is sent at a spacecraft and reaches it, or its owner's receiver.
fn receive(sky: &Sky, company: &Company<'_>, slot: usize, systems: &Systems, antennas: &Antennas) -> Received {
    let mut received = Received::default();
    let own_m = Vector3::from(company.orbits[slot].position_m);
    for (other, emission) in company.emissions.iter().enumerate() {
        if emission.at != slot || emission.is_silent() || other == slot || !company.identities[other].is_present() {
            continue;
        }
        let other_m = Vector3::from(company.orbits[other].position_m);
        let way_m = other_m - own_m;
        let range_m = way_m.norm();
        if let Some(jamming) = emission.jamming.filter(|jamming| jamming.band == Band::Downlink) {
            jam_downlink(sky, systems, antennas, &jamming, [&own_m, &other_m], &mut received);
        }
        if range_m.is_nan() || range_m <= 0.0 || !sky.is_clear(&own_m, &other_m) {
            continue;
        }
        let direction = way_m / range_m;
        if let Some(jamming) = emission.jamming {
            jam_craft(systems, antennas, &jamming, &direction, range_m, &mut received);
        }
        if let Some(laser) = &emission.laser {
            let area_m2 = company.surfaces[slot].area_m2;
            received.laser_on_craft_w += power_on_disc_w(laser, range_m, area_m2);
            if systems.attitude.boresight.dot(&direction) >= systems.payload.field_of_view_cosine {
                received.laser_in_view_w_m2 += peak_irradiance_w_m2(laser, range_m);
            }
        }
        if let Some(intrusion) = &emission.intrusion {
            let before = received.false_commands;
            let (rate, share) = (intrusion.commands_1_s, intrusion.accepted_share);
            let commands_1_s = before.commands_1_s + rate;
            if commands_1_s > 0.0 {
                let accepted_1_s = before.commands_1_s * before.accepted_share + rate * share;
                received.false_commands = FalseCommands { commands_1_s, accepted_share: accepted_1_s / commands_1_s };
            }
            received.navigation_drag_m_s += intrusion.navigation_drag_m_s;
        }
    }
    received
}

/// Jamming that the craft's own receivers hear, through the patterns of their antennas.
fn jam_craft(
    systems: &Systems,
    antennas: &Antennas,
    jamming: &Jamming,
    direction: &Vector3,
    range_m: f64,
    received: &mut Received,
) {
    let (link, aim, index) = match jamming.band {
        Band::Uplink => (&systems.links.uplink, antennas.network, 0),
        Band::Gnss => (&systems.links.gnss, Some(antennas.gnss), 2),
        Band::Downlink => return,
    };
    let Some(aim) = aim else { return };
    let off_axis_rad = angle_rad(&aim.axis, direction);
    let losses_db = link.pattern_loss_db(off_axis_rad) + link.null_depth_db;
    received.noise_rise[index] += link.noise_rise(jamming, range_m, losses_db);
    received.null_loss_db[index] += link.null_loss_db(off_axis_rad, link.beamwidth_rad);
}

/// Jamming at the network's receiver, which has the jammer in sight and points at the craft.
fn jam_downlink(
    sky: &Sky,
    systems: &Systems,
    antennas: &Antennas,
    jamming: &Jamming,
    [own_m, jammer_m]: [&Vector3; 2],
    received: &mut Received,
) {
    let Some(peer) = &antennas.peer else { return };
    if !sky.places.sees(systems.network, jammer_m, &peer.position_m) {
        return;
    }
    let (to_craft_m, to_jammer_m) = (own_m - peer.position_m, jammer_m - peer.position_m);
    let apart_rad = angle_rad(&to_craft_m, &to_jammer_m);
    let (link, beamwidth_rad) = (&systems.links.downlink, systems.links.network_beamwidth_rad);
    let pattern_db = pattern_loss_db(apart_rad, beamwidth_rad, systems.links.network_side_lobe_loss_db);
    received.noise_rise[1] += link.noise_rise(jamming, to_jammer_m.norm(), pattern_db + link.null_depth_db);
    received.null_loss_db[1] += link.null_loss_db(apart_rad, beamwidth_rad);
}

/// Works out the three links.
fn carry(sky: &Sky, systems: &mut Systems, antennas: &Antennas, received: &Received, position_m: &Vector3) {
    let links = &mut systems.links;
    let [up, down, gnss] = received.noise_rise;
    let [up_null_db, down_null_db, gnss_null_db] = received.null_loss_db;
    let is_dead = systems.power.is_dead();
    match (&antennas.peer, &antennas.network) {
        (Some(peer), Some(aim)) if !is_dead => {
            let rain_db = links.weather.rain_db();
            let pointing_db = links.uplink.pattern_loss_db(aim.off_axis_rad);
            links.uplink.receive(peer.range_m, pointing_db + rain_db + up_null_db, up);
            let pointing_db = links.downlink.pattern_loss_db(aim.off_axis_rad);
            let fade_db = rain_db * links.weather.settings.downlink_share;
            links.downlink.receive(peer.range_m, pointing_db + fade_db + down_null_db, down);
        }
        _ => {
            links.uplink.lose();
            links.downlink.lose();
        }
    }
    if is_dead {
        links.gnss.lose();
        return;
    }
    let range_m =
        sky.earth_radius_m.map_or(HILL_GNSS_RANGE_M, |earth_radius_m| gnss_range_m(position_m.norm(), earth_radius_m));
    let ionosphere_db = links.weather.settings.ionosphere_sigma_db * links.weather.ionosphere;
    let losses_db = links.gnss.pattern_loss_db(antennas.gnss.off_axis_rad) + ionosphere_db + gnss_null_db;
    links.gnss.receive(range_m, losses_db, gnss);
}

/// What the craft tells of itself.
fn read(systems: &Systems, generator: &mut Generator) -> Readings {
    let links = &systems.links;
    let mut measured = |value: f64, sigma: f64, least: f64| {
        let normal: f64 = StandardNormal.sample(generator);
        if value > least { (value + sigma * normal).max(least) } else { value }
    };
    let mut carrier = |c_n0_db_hz: f64| measured(c_n0_db_hz, links.measurement_sigma_db, NO_CARRIER_DB_HZ);
    Readings {
        uplink_c_n0_db_hz: carrier(links.uplink.c_n0_db_hz),
        downlink_c_n0_db_hz: carrier(links.downlink.c_n0_db_hz),
        gnss_c_n0_db_hz: carrier(links.gnss.c_n0_db_hz),
        skin_temperature_k: measured(systems.thermal.temperature_k, systems.thermal.settings.measurement_sigma_k, 0.0),
        saturation: systems.payload.saturation,
        rejected_commands: f64::from(systems.commanding.rejected),
        counter_gap: f64::from(systems.commanding.counter_gap()),
        attitude_error_rad: systems.attitude.error_rad,
        off_ephemeris_m: systems.navigation.off_ephemeris_m,
    }
}
