//! What jammers, dazzlers and spoofers do to a spacecraft shows where physics has it show, and nowhere before their onset.

use astroshield::astro::Vector3;
use astroshield::scenario::{Fault, Scenario};
use astroshield::sim::bus::antenna::{angle_rad, pattern_loss_db};
use astroshield::sim::bus::attitude::PointingMode;
use astroshield::sim::bus::laser_beam::peak_irradiance_w_m2;
use astroshield::sim::bus::link_budget::{
    carrier_to_noise_density_db_hz, effective_carrier_to_noise_density_db_hz, free_space_loss_db, jamming_rejection_hz,
};
use astroshield::sim::bus::{Readings, Systems};
use astroshield::sim::emission::{Emission, Jamming};
use astroshield::sim::seeds::SeedDomain;
use astroshield::sim::shard::Shard;

use super::shipped;

const SEEDS: u64 = 200;
const ONSET_S: f64 = 600.0;
const SEGMENT_S: f64 = 30.0;
const HILL: &str = "Relative(mean_motion_rad_s: 0.0011)";
const ORBIT: &str = "Standard(forces: [TwoBody], substep_s: 30.0)";
const NEAR: &str =
    "RtnShell(to: \"victim\", range_m: LogUniform(1e3, 1e5), base_velocity: Circular, speed_m_s: Fixed(0.0))";
const ANYWHERE: &str = "Keplerian(perigee_altitude_km: Uniform(400.0, 2000.0), eccentricity: Fixed(0.0), inclination_deg: \
    Uniform(0.0, 100.0), raan_deg: Uniform(0.0, 360.0), argument_of_perigee_deg: Fixed(0.0), true_anomaly_deg: Uniform(0.0, 360.0))";

/// A victim with systems and a visitor that begins to act at [`ONSET_S`].
struct Case<'a> {
    tier: &'a str,
    bus: &'a str,
    visitor_orbit: &'a str,
    behaviour: &'a str,
}

impl Case<'_> {
    fn text(&self) -> String {
        let Self { tier, bus, visitor_orbit, behaviour } = self;
        let victim_orbit = if *tier == HILL { "Origin" } else { ANYWHERE };
        format!(
            "(name: \"visit\", summary: \"A visitor\", epoch: \"2026-03-20T12:00:00Z\", physics: (tier: {tier}),
            timing: (segment_s: {SEGMENT_S:?}, replan_every: 1, time_limit_s: 2400.0),
            spacecraft: [
                (name: \"victim\", team: \"blue\", role: Target, mass_kg: Fixed(300.0), {bus}
                    orbit: {victim_orbit}, control: Scripted([Ballistic()])),
                (name: \"visitor\", team: \"red\", role: Pursuer, mass_kg: Fixed(200.0),
                    orbit: {visitor_orbit}, control: Scripted([Sequence(stages: [
                        (behaviour: Ballistic(), duration_s: Fixed({ONSET_S:?})), (behaviour: {behaviour})])])),
            ],
            objective: (team: \"red\", success: Reach(who: \"visitor\", target: \"victim\", radius_m: 0.001)),
            rewards: (terms: []))"
        )
    }

    fn scenario(&self) -> Scenario {
        Scenario::from_source("visit.ron", &self.text()).unwrap_or_else(|error| panic!("{}", error.render(false)))
    }

    /// Plays every seed to its end; calls `watch(seed, moment)` after each segment.
    fn play(&self, mut watch: impl FnMut(usize, &Moment)) {
        let mut shard = Shard::new(&self.scenario().template, &shipped::seeds(SeedDomain::Report, SEEDS));
        for _ in 0..80 {
            shard.advance_watched(|seed, arena, rows| {
                let position_m = |slot: usize| Vector3::from(rows.orbits[slot].position_m);
                let victim = rows.buses[0].0.as_ref().expect("it has a bus");
                let moment = Moment {
                    // The segment began before what is seen at its end.
                    acts: arena.time_s - arena.last_segment_s >= ONSET_S - 1e-6,
                    since_onset_s: (arena.time_s - ONSET_S).max(0.0),
                    victim,
                    victim_m: position_m(0),
                    visitor_m: position_m(1),
                    emission: rows.emissions[1],
                    area_m2: rows.surfaces[0].area_m2,
                };
                watch(seed, &moment);
            });
        }
    }
}

/// What there is after a segment.
struct Moment<'a> {
    acts: bool,
    since_onset_s: f64,
    victim: &'a Systems,
    victim_m: Vector3,
    visitor_m: Vector3,
    emission: Emission,
    area_m2: f64,
}

impl Moment<'_> {
    /// Loss by jamming of uplink, downlink and GNSS [dB].
    fn jamming_loss_db(&self) -> [f64; 3] {
        let links = &self.victim.links;
        [&links.uplink, &links.downlink, &links.gnss].map(|link| link.unjammed_db_hz - link.c_n0_db_hz)
    }

    fn way_m(&self) -> Vector3 {
        self.visitor_m - self.victim_m
    }

    fn jamming(&self) -> Jamming {
        self.emission.jamming.expect("it jams")
    }

    /// Whether the Earth is between the two, by the distance of its centre from the line.
    fn is_hidden(&self) -> bool {
        let (way_m, radius_m) = (self.way_m(), 6_378_136.3);
        let along = -self.victim_m.dot(&way_m) / way_m.norm();
        (0.0..way_m.norm()).contains(&along) && self.victim_m.cross(&way_m).norm() / way_m.norm() < radius_m
    }
}

/// C/N₀ that is left of `unjammed` [dB-Hz] when noise arrives over `range_m` through an antenna off its axis: by Kaplan's formula, with
/// J/S from two link budgets.
fn expected_db_hz(unjammed: f64, jamming: &Jamming, range_m: f64, off_axis_db: f64, receiver: [f64; 3]) -> f64 {
    let [frequency_hz, g_t_db_k, chip_rate_hz] = receiver;
    let losses_db = free_space_loss_db(range_m, frequency_hz) + off_axis_db;
    let j_n0 = carrier_to_noise_density_db_hz(10.0 * jamming.eirp_w.log10(), losses_db, g_t_db_k);
    let rejection_hz = jamming_rejection_hz(jamming.bandwidth_hz, chip_rate_hz);
    effective_carrier_to_noise_density_db_hz(unjammed, j_n0 - unjammed, rejection_hz)
}

#[test]
fn uplink_jamming_follows_range_and_the_antenna_and_leaves_the_other_links() {
    let bus = "bus: (uplink: (frequency_hz: Fixed(2.1e9), gain_to_temperature_db_k: Fixed(-24.0), beamwidth_rad: Fixed(1.0), \
        side_lobe_loss_db: Fixed(15.0), chip_rate_hz: Fixed(3e5))),";
    let (mut jammed, mut near_axis, mut side_lobes) = (0, 0, 0);
    let mut constant: Option<f64> = None;
    let case = Case { tier: HILL, bus, visitor_orbit: NEAR, behaviour: "UplinkJamming(bandwidth_hz: Fixed(1e6))" };
    case.play(|seed, moment| {
        let [up, down, gnss] = moment.jamming_loss_db();
        assert_eq!([down, gnss], [0.0, 0.0], "seed {seed}: the other links");
        if !moment.acts {
            assert_eq!(up, 0.0, "seed {seed}: before onset");
            return;
        }
        let (way_m, jamming, uplink) = (moment.way_m(), moment.jamming(), &moment.victim.links.uplink);
        // The antenna points along R, where the relay is; 100 km off its direction is another by 0.0026 rad.
        let loss_db = pattern_loss_db(angle_rad(&Vector3::x(), &way_m), 1.0, 15.0);
        let receiver = [2.1e9, -24.0, 3e5];
        let expected = expected_db_hz(uplink.unjammed_db_hz, &jamming, way_m.norm(), loss_db, receiver);
        assert!((uplink.c_n0_db_hz - expected.max(0.0)).abs() < 1e-6, "seed {seed}: {uplink:?}, not {expected}");
        jammed += usize::from(up > 1.0);
        near_axis += usize::from(loss_db < 3.0);
        side_lobes += usize::from(loss_db == 15.0);
        // (J/S)/(Q R_c) at EIRP, range and off-axis gain is one constant: as range⁻² and as the pattern.
        let rise = 10f64.powf(up / 10.0) - 1.0;
        let of_receiver = 10.0 * (rise / jamming.eirp_w).log10() + 20.0 * way_m.norm().log10() + loss_db;
        let constant = constant.get_or_insert(of_receiver);
        assert!((of_receiver - *constant).abs() < 1e-3 || uplink.c_n0_db_hz == 0.0, "{of_receiver} {constant}");
    });
    assert!(jammed > 8_000 && near_axis > 100 && side_lobes > 1_000, "{jammed}, {near_axis}, {side_lobes}");
}

#[test]
fn downlink_jamming_is_felt_at_the_network_and_leaves_the_other_links() {
    let bus = "bus: (network: Relays, downlink: (frequency_hz: Fixed(2.2e9), gain_to_temperature_db_k: Fixed(10.0), \
        network_beamwidth_rad: Fixed(0.05), network_side_lobe_loss_db: Fixed(25.0), chip_rate_hz: Fixed(3e5))),";
    let behaviour = "DownlinkJamming(gnss_chance: Fixed(0.0), bandwidth_hz: Fixed(1e6))";
    let (mut jammed, mut hidden) = (0, 0);
    let relay_m = |moment: &Moment| Vector3::new(38e6, 0.0, 0.0) - moment.victim_m;
    Case { tier: HILL, bus, visitor_orbit: NEAR, behaviour }.play(|seed, moment| {
        let [up, down, gnss] = moment.jamming_loss_db();
        assert_eq!([up, gnss], [0.0, 0.0], "seed {seed}: the other links");
        if !moment.acts {
            assert_eq!(down, 0.0, "seed {seed}: before onset");
            return;
        }
        let downlink = &moment.victim.links.downlink;
        // Seen from the relay the two are a few thousandths apart.
        let range_m = (relay_m(moment) - moment.way_m()).norm();
        let apart_db = pattern_loss_db(angle_rad(&relay_m(moment), &(relay_m(moment) - moment.way_m())), 0.05, 25.0);
        let receiver = [2.2e9, 10.0, 3e5];
        let expected = expected_db_hz(downlink.unjammed_db_hz, &moment.jamming(), range_m, apart_db, receiver);
        assert!((downlink.c_n0_db_hz - expected).abs() < 1e-6, "seed {seed}: {downlink:?}, not {expected}");
        jammed += usize::from(down > 1.0);
    });
    assert!(jammed > 8_000, "{jammed}");
    // About the Earth, a jammer that the relay cannot see does nothing; one that the victim cannot see may.
    jammed = 0;
    Case { tier: ORBIT, bus, visitor_orbit: ANYWHERE, behaviour }.play(|_, moment| {
        let [up, down, gnss] = moment.jamming_loss_db();
        assert_eq!([up, gnss], [0.0, 0.0]);
        jammed += usize::from(moment.acts && down > 0.0 && moment.is_hidden());
        hidden += usize::from(moment.acts && down == 0.0);
    });
    assert!(jammed > 50 && hidden > 500, "{jammed}, {hidden}");
}

#[test]
fn gnss_jamming_takes_gnss_alone_and_navigation_drifts() {
    let behaviour =
        "DownlinkJamming(gnss_chance: Fixed(1.0), gnss_eirp_w: LogUniform(1.0, 1e3), bandwidth_hz: Fixed(2e6))";
    let bus = "bus: (gnss: (gain_to_temperature_db_k: Fixed(-26.0), beamwidth_rad: Fixed(2.5), side_lobe_loss_db: Fixed(12.0))),";
    let (mut lost, mut kept) = (0, 0);
    Case { tier: HILL, bus, visitor_orbit: NEAR, behaviour }.play(|seed, moment| {
        let [up, down, loss_db] = moment.jamming_loss_db();
        assert_eq!([up, down], [0.0, 0.0], "seed {seed}: the other links");
        if !moment.acts {
            assert!(loss_db == 0.0 && moment.victim.navigation.uses_gnss, "seed {seed}: before onset");
            return;
        }
        // The antenna looks away from the payload, which looks to minus R.
        let off_axis_db = pattern_loss_db(angle_rad(&Vector3::x(), &moment.way_m()), 2.5, 12.0);
        let gnss = &moment.victim.links.gnss;
        let receiver = [1_575.42e6, -26.0, 1.023e6];
        let range_m = moment.way_m().norm();
        let expected = expected_db_hz(gnss.unjammed_db_hz, &moment.jamming(), range_m, off_axis_db, receiver).max(0.0);
        assert!((gnss.c_n0_db_hz - expected).abs() < 1e-6, "seed {seed}: {gnss:?}, not {expected}");
        let navigation = &moment.victim.navigation;
        assert_eq!(navigation.uses_gnss, gnss.margin_db >= 0.0);
        if navigation.uses_gnss {
            kept += 1;
        } else {
            lost += 1;
            assert!(navigation.offset_rtn_m.norm() > 0.0, "seed {seed}: it coasts");
        }
    });
    assert!(lost > 1_000 && kept > 500, "{lost} lost, {kept} kept");
}

#[test]
fn a_laser_saturates_only_in_sight_and_in_view_and_warms_in_sight() {
    let bus = |pointing: &str| {
        format!(
            "bus: (pointing: {pointing}, payload: (field_of_view_rad: Fixed(0.3), flash_rate_1_s: Fixed(0.0), \
            glitter_peak: Fixed(0.0))),"
        )
    };
    let (mut in_view, mut in_sight, mut hidden) = (0, 0, 0);
    for (pointing, tier, visitor_orbit) in
        [("Target", ORBIT, ANYWHERE), ("Nadir", ORBIT, ANYWHERE), ("Target", ORBIT, NEAR), ("Nadir", HILL, NEAR)]
    {
        let bus = bus(pointing);
        // A twin without a laser lives through the same; its skin is as warm but for the laser.
        let mut quiet_k = Vec::new();
        let quiet = Case { tier, bus: &bus, visitor_orbit, behaviour: "Ballistic()" };
        quiet.play(|_, moment| quiet_k.push(moment.victim.thermal.temperature_k));
        let mut quiet_k = quiet_k.into_iter();
        Case { behaviour: "LaserDazzle()", ..quiet }.play(|seed, moment| {
            let (victim, way_m) = (moment.victim, moment.way_m());
            let sight = tier == HILL || !moment.is_hidden();
            let off_boresight_rad = angle_rad(&victim.attitude.boresight, &way_m);
            let warmer_k = victim.thermal.temperature_k - quiet_k.next().expect("both live as long");
            if !moment.acts {
                assert!(victim.payload.irradiance_w_m2 == 0.0 && warmer_k == 0.0, "seed {seed}: before onset");
            }
            // The emission was decided at the segment's start, what is in sight is found at its end.
            let laser = moment.emission.laser.filter(|_| sight);
            let seen = laser.filter(|_| off_boresight_rad < 0.3);
            if (off_boresight_rad - 0.3).abs() < 1e-9 {
                return;
            }
            let expected = seen.map_or(0.0, |laser| peak_irradiance_w_m2(&laser, way_m.norm()));
            assert!((victim.payload.irradiance_w_m2 - expected).abs() <= 1e-9 * expected, "seed {seed}");
            let saturation = (expected / victim.payload.settings.saturation_irradiance_w_m2).min(1.0);
            let by_the_sun = victim.is_lit && victim.payload.saturation == 1.0;
            assert!((victim.payload.saturation - saturation).abs() < 1e-9 || by_the_sun, "seed {seed}");
            assert_eq!(victim.thermal.laser_heat_w_m2 > 0.0, laser.is_some(), "seed {seed}");
            if let Some(laser) = laser {
                // No more heat than the beam has, spread over the skin of a sphere.
                let most_w_m2 = victim.thermal.settings.laser_absorptivity * laser.power_w / (4.0 * moment.area_m2);
                assert!(warmer_k > 0.0 && victim.thermal.laser_heat_w_m2 <= most_w_m2 * (1.0 + 1e-12));
            }
            in_view += usize::from(seen.is_some());
            in_sight += usize::from(laser.is_some() && seen.is_none());
            hidden += usize::from(moment.acts && !sight);
        });
    }
    assert!(in_view > 4_000 && in_sight > 4_000 && hidden > 4_000, "{in_view}, {in_sight}, {hidden}");
}

#[test]
fn spoofing_jumps_the_counter_rejects_executes_and_drags_navigation() {
    let bus = "bus: (commanding: (commands_1_s: Fixed(0.01)), navigation: (gnss_sigma_m: Fixed(2.0), ephemeris_sigma_m: Fixed(3.0))),";
    let behaviour =
        "CyberSpoofing(commands_1_s: Fixed(0.1), accepted_share: Fixed(0.4), navigation_drag_m_s: Uniform(0.5, 3.0))";
    let (mut executed, mut rejected, mut least_gap) = (0.0, 0.0, u32::MAX);
    Case { tier: HILL, bus, visitor_orbit: NEAR, behaviour }.play(|seed, moment| {
        let (commanding, navigation) = (&moment.victim.commanding, &moment.victim.navigation);
        let gap = commanding.unauthorised + commanding.unconfirmed;
        assert_eq!(commanding.counter_gap(), gap, "seed {seed}");
        if !moment.acts {
            assert!(commanding.unauthorised == 0 && navigation.offset_rtn_m == Vector3::zeros(), "seed {seed}");
            return;
        }
        let drag_m_s = moment.emission.intrusion.expect("it intrudes").navigation_drag_m_s;
        let dragged_m = drag_m_s * moment.since_onset_s;
        assert!((navigation.offset_rtn_m - Vector3::y() * dragged_m).norm() < 1e-6, "seed {seed}");
        // Noise of the fix and the ephemeris, √3 × 2 and 3 m, five deviations of both and some for a weak signal.
        assert!((navigation.off_ephemeris_m - dragged_m).abs() < 45.0, "seed {seed}: {navigation:?}");
        if moment.since_onset_s >= 1_799.0 {
            executed += f64::from(commanding.unauthorised);
            rejected += f64::from(commanding.rejected);
            least_gap = least_gap.min(gap);
        }
    });
    // 1,800 s at 0.1/s, 0.4 of them accepted, in 200 episodes: Poisson means of 14,400 and 21,600; genuine rejections add a few.
    assert!((executed - 14_400.0).abs() < 5.0 * 120.0, "{executed}");
    assert!(rejected > 21_600.0 - 5.0 * 147.0 && rejected < 22_600.0, "{rejected}");
    assert!(least_gap >= 40, "{least_gap}");
}

#[test]
fn before_its_onset_no_threat_shows_in_any_bit() {
    // Channels as bits of every segment, and after the onset whether they still are the bystander's.
    let record = |tier: &str, visitor_orbit: &str, behaviour: &str| {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        Case { tier, bus: "bus: (pointing: Target),", visitor_orbit, behaviour }.play(|_, moment| {
            let bits = moment.victim.readings.channels().map(f64::to_bits);
            if moment.acts { after.push(bits) } else { before.push(bits) }
        });
        (before, after)
    };
    for (tier, visitor_orbit) in [(HILL, NEAR), (ORBIT, NEAR)] {
        let (before, after) = record(tier, visitor_orbit, "Ballistic()");
        assert_eq!(before.len(), 200 * 20);
        for behaviour in ["UplinkJamming()", "DownlinkJamming()", "LaserDazzle()", "CyberSpoofing()"] {
            let acted = record(tier, visitor_orbit, behaviour);
            assert!(acted.0 == before, "{behaviour} shows before its onset");
            assert!(acted.1 != after, "{behaviour} never shows");
        }
    }
}

#[test]
fn a_quiet_sky_is_not_a_still_one() {
    // The confounders: rain, glitter and flashes, rejected commands, lost telemetry, noise.
    let (mut readings, mut faded, mut bright, mut rejected) = (Vec::<Readings>::new(), 0, 0, 0);
    Case { tier: ORBIT, bus: "bus: (),", visitor_orbit: NEAR, behaviour: "Ballistic()" }.play(|_, moment| {
        faded += usize::from(moment.victim.links.weather.rain_db() > 3.0);
        bright += usize::from(moment.victim.payload.saturation > 0.05);
        rejected += usize::from(moment.victim.commanding.rejected > 0);
        let links = &moment.victim.links;
        assert_eq!(links.uplink.c_n0_db_hz, links.uplink.unjammed_db_hz);
        readings.push(moment.victim.readings);
    });
    assert!(faded > 100 && bright > 100 && rejected > 100, "{faded}, {bright}, {rejected}");
    for channel in 0..9 {
        let values: Vec<f64> = readings.iter().map(|of| of.channels()[channel]).collect();
        assert!(values.iter().all(|value| value.is_finite()));
        if Readings::FIRST_CHANNEL + channel != 27 {
            assert!(values.iter().any(|value| *value != values[0]), "channel {channel} stands still");
        }
    }
    let median = |channel: usize| {
        let mut values: Vec<f64> = readings.iter().map(|of| of.channels()[channel]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    // A sound satellite: links with some margin, a skin at room temperature, navigation to tens of metres.
    assert!(
        (52.0..66.0).contains(&median(0)) && (52.0..66.0).contains(&median(1)) && (38.0..50.0).contains(&median(2))
    );
    assert!((255.0..305.0).contains(&median(4)) && median(7) < 1e-3 && median(8) < 60.0);
}

#[test]
fn countermeasures_act_through_the_state_that_they_set() {
    let behaviour = "UplinkJamming(eirp_w: Fixed(50.0), bandwidth_hz: Fixed(3e5))";
    let bus = "bus: (uplink: (chip_rate_hz: Fixed(3e5))),";
    let ahead = "RtnOffset(to: \"victim\", position_m: (Fixed(0.0), Fixed(20000.0), Fixed(0.0)), velocity_m_s: (Fixed(0.0), Fixed(0.0), Fixed(0.0)))";
    let above = "RtnOffset(to: \"victim\", position_m: (Fixed(20000.0), Fixed(6504.0), Fixed(0.0)), velocity_m_s: (Fixed(0.0), Fixed(0.0), Fixed(0.0)))";
    // Which drifts by 6 (sin n t - n t) x, and after 21 segments stands on the way to the relay.
    let uplink_after = |orbit: &str, change: fn(&mut Systems)| {
        let case = Case { tier: HILL, bus, visitor_orbit: orbit, behaviour };
        let mut shard = Shard::new(&case.scenario().template, &shipped::seeds(SeedDomain::Report, 1));
        shard.with_rows(0, |_, _, rows| change(rows.buses[0].0.as_mut().expect("it has a bus")));
        (0..21).for_each(|_| shard.advance());
        shard.buses(0)[0].0.expect("it has a bus").links.uplink.c_n0_db_hz
    };
    let plain = uplink_after(ahead, |_| {});
    let spread = uplink_after(ahead, |systems| systems.links.uplink.spreading = 100.0);
    let nulled = uplink_after(ahead, |systems| systems.links.uplink.null_depth_db = 30.0);
    assert!(spread > plain + 10.0, "spreading: {plain} to {spread}");
    assert!(nulled > plain + 10.0, "a null off the axis: {plain} to {nulled}");
    // On the link's own axis a null takes the carrier as well.
    let on_axis = uplink_after(above, |_| {});
    let blind = uplink_after(above, |systems| systems.links.uplink.null_depth_db = 30.0);
    assert!(blind < on_axis + 1.0, "{on_axis} to {blind}");
    let spun = uplink_after(ahead, |systems| systems.attitude.mode = PointingMode::Fault);
    assert!(spun != plain, "a tumble moves the antenna");
}

#[test]
fn systems_are_the_same_bits_in_any_company_and_after_a_restart() {
    let case = Case { tier: ORBIT, bus: "bus: (pointing: Target),", visitor_orbit: NEAR, behaviour: "CyberSpoofing()" };
    let template = case.scenario().template;
    let seeds = shipped::seeds(SeedDomain::Train, 7);
    let mut together = Shard::new(&template, &seeds);
    (0..25).for_each(|_| together.advance());
    let saved = together.state();
    (0..25).for_each(|_| together.advance());
    let mut restarted = Shard::new(&template, &seeds);
    assert!(restarted.restore(&saved));
    (0..25).for_each(|_| restarted.advance());
    assert!(together.state() == restarted.state());
    for (index, seed) in seeds.iter().enumerate() {
        let mut alone = Shard::new(&template, &[*seed]);
        (0..50).for_each(|_| alone.advance());
        assert_eq!(alone.buses(0), together.buses(index));
    }
}

#[test]
fn a_bus_leaves_the_motion_as_it_was() {
    let orbits = |bus: &str| {
        let case = Case { tier: ORBIT, bus, visitor_orbit: NEAR, behaviour: "Ballistic()" };
        let mut shard = Shard::new(&case.scenario().template, &shipped::seeds(SeedDomain::Train, 5));
        (0..10).for_each(|_| shard.advance());
        (0..5).map(|index| shard.orbits(index)).collect::<Vec<_>>()
    };
    assert_eq!(orbits("bus: (),"), orbits(""));
}

#[test]
fn every_mode_and_network_is_finite_from_low_orbit_to_geostationary() {
    let high = "Keplerian(perigee_altitude_km: Uniform(300.0, 36000.0), eccentricity: Uniform(0.0, 0.7), inclination_deg: \
        Uniform(0.0, 180.0), raan_deg: Uniform(0.0, 360.0), argument_of_perigee_deg: Uniform(0.0, 360.0), true_anomaly_deg: \
        Uniform(0.0, 360.0))";
    let modes = ["Nadir", "Sun", "Target", "EdgeOn", "Spinning", "Fault"];
    for (number, mode) in modes.iter().enumerate() {
        let network = if number % 2 == 0 { "Relays" } else { "Stations" };
        let bus = format!("bus: (pointing: {mode}, network: {network}),");
        let case = Case { tier: ORBIT, bus: &bus, visitor_orbit: ANYWHERE, behaviour: "LaserDazzle()" };
        let text = case.text().replacen(ANYWHERE, high, 1);
        let scenario =
            Scenario::from_source("high.ron", &text).unwrap_or_else(|error| panic!("{}", error.render(false)));
        let mut shard = Shard::new(&scenario.template, &shipped::seeds(SeedDomain::Report, SEEDS));
        for _ in 0..80 {
            shard.advance_watched(|_, _, rows| {
                let systems = rows.buses[0].0.as_ref().expect("it has a bus");
                assert!(systems.readings.channels().iter().all(|value| value.is_finite()), "{systems:?}");
                assert!((systems.attitude.boresight.norm() - 1.0).abs() < 1e-9);
                assert!(
                    (0.0..=1.0).contains(&systems.power.charge()) && (0.0..=1.0).contains(&systems.payload.saturation)
                );
                assert!((50.0..2_000.0).contains(&systems.thermal.temperature_k), "{systems:?}");
            });
        }
    }
}

/// The faults of a text, each with what it points at.
fn faults(text: &str) -> Vec<(String, Fault)> {
    let error = Scenario::from_source("visit.ron", text).expect_err("it has a fault");
    let pointed_at = |fault: &Fault| text[fault.span.offset()..][..fault.span.len()].to_owned();
    error.faults().iter().map(|fault| (pointed_at(fault), fault.clone())).collect()
}

#[test]
fn a_jammer_without_a_link_to_jam_is_refused() {
    for behaviour in ["UplinkJamming()", "DownlinkJamming()", "LaserDazzle()", "CyberSpoofing()"] {
        let text = Case { tier: HILL, bus: "", visitor_orbit: NEAR, behaviour }.text();
        let found = faults(&text);
        assert_eq!(found.len(), 1, "{found:?}");
        let (_, fault) = &found[0];
        assert!(fault.message.contains("'victim' has no `bus`"), "{}", fault.message);
        let help = fault.help.as_deref().unwrap_or_default();
        assert!(help.contains("a jammer without a link to jam"), "{help}");
    }
    // A target of its own that has none is refused, whatever others have.
    let text = Case { tier: HILL, bus: "bus: (),", visitor_orbit: NEAR, behaviour: "LaserDazzle()" }.text();
    let third = "spacecraft: [(name: \"passer-by\", team: \"green\", role: Target, mass_kg: Fixed(1.0), orbit: Origin, \
        control: Scripted([Ballistic()])),";
    let aimed = "name: \"visitor\", target: \"passer-by\",";
    let text = text.replacen("spacecraft: [", third, 1).replacen("name: \"visitor\",", aimed, 1);
    let found = faults(&text);
    assert!(found.len() == 1 && found[0].1.message.contains("'passer-by' has no `bus`"), "{found:?}");
}

#[test]
fn a_fault_of_a_bus_or_of_a_threat_is_told_on_its_place() {
    for (bus, behaviour, pointed_at, message) in [
        ("bus: (thermal: (emissivity: Fixed(0.0))),", "Ballistic()", "Fixed(0.0)", "`emissivity` of thermal"),
        ("bus: (uplink: (frequency_hz: Fixed(-1.0))),", "Ballistic()", "Fixed(-1.0)", "`frequency_hz` of uplink"),
        ("bus: (uplink: (freqency_hz: Fixed(1e9))),", "Ballistic()", "freqency_hz", "unknown field `freqency_hz`"),
        ("bus: (pointing: Sideways),", "Ballistic()", "Sideways", "Sideways"),
        ("bus: (power: (battery_j: Uniform(5, 1))),", "Ballistic()", "Uniform(5, 1)", "lower bound 5"),
        ("bus: (links: (steering_reach_rad: Fixed(NaN))),", "Ballistic()", "Fixed(NaN)", "NaN is not a finite number"),
        ("bus: (navigation: (filter_time_s: Normal(1, 1))),", "Ballistic()", "Normal(1, 1)", "below 0.001"),
        ("bus: (),", "UplinkJamming(eirp_w: Fixed(-3.0))", "", "`eirp_w` of stage 2 (uplink_jamming)"),
        ("bus: (),", "LaserDazzle(divergence_rad: Fixed(0.0))", "", "`divergence_rad` of stage 2 (laser_dazzle)"),
        ("bus: (),", "CyberSpoofing(accepted_share: Fixed(1.5))", "", "`accepted_share` of stage 2"),
    ] {
        let found = faults(&Case { tier: HILL, bus, visitor_orbit: NEAR, behaviour }.text());
        assert_eq!(found.len(), 1, "{bus} {behaviour}: {found:?}");
        let (place, fault) = &found[0];
        assert!(fault.message.contains(message), "{}", fault.message);
        assert!(pointed_at.is_empty() || place == pointed_at, "{place}");
    }
}
