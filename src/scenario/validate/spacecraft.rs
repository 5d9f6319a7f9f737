//! Faults of single spacecraft: mass, propulsion, where they start, who flies them.

use super::{Allowed, Check, MAX_SPACECRAFT};
use crate::astro::CartesianState;
use crate::astro::constants::STANDARD_GRAVITY_M_S2;
use crate::astro::elements::KeplerianElements;
use crate::astro::teme;
use crate::scenario::epoch;
use crate::scenario::error::{Quoted, listed};
use crate::scenario::spans::Path;
use crate::sim::bus::BusConfig;
use crate::sim::config::{ControlConfig, OrbitConfig, PropulsionConfig, SpacecraftConfig, Thrusters};
use crate::sim::crossing::LEAST_PERIGEE_ALTITUDE_M;
use crate::sim::distribution::Distribution;
use crate::sim::sensing::config::{SensingConfig, SignatureConfig};
use crate::sim::tracks::filter::LONGEST_PREDICTION_S;

/// Altitude [km] below which an orbit does not last: drag ends it within a revolution.
const LOWEST_ALTITUDE_KM: f64 = 80.0;
/// Highest altitude of a perigee [km]: about the radius of the Earth's sphere of influence, beyond which the Sun rules.
const HIGHEST_ALTITUDE_KM: f64 = 900_000.0;
/// Greatest acceleration by thrust [m/s²], about 100 g.
const GREATEST_ACCELERATION_M_S2: f64 = 1000.0;
/// Greatest area [m²]: a sail of a kilometre.
const LARGEST_AREA_M2: f64 = 1e6;
/// Greatest coefficient of drag or radiation [-].
const LARGEST_COEFFICIENT: f64 = 10.0;
/// What an empty list of sensors needs.
const SENSORS_HELP: &str = "name a sensor, for example `Radar()`, `Optical()` or `Rf()`, or sense by `Perfect`";
/// What a field of view needs.
const FIELD_OF_VIEW_HELP: &str =
    "the angle between axis and edge, up to π; leave `field_of_view` out for a sensor that is steered all round";
/// What a standard deviation needs.
const SIGMA_HELP: &str = "a standard deviation; it is a size and has no sign";
/// Latest crossing [s]: ten days, after which two-body motion has little to do with where an object is.
const LONGEST_CROSSING_S: f64 = 864_000.0;
/// Greatest miss of a crossing [m].
const LARGEST_MISS_M: f64 = 1e6;
/// Characters of a line of a two-line element set.
const TLE_LINE_LENGTH: usize = 69;

/// The distribution of the thrust [N], an axis where thrusters are per axis.
pub(super) fn thrust(propulsion: &PropulsionConfig) -> &Distribution {
    let (Thrusters::Vectored { thrust_n } | Thrusters::PerAxis { thrust_n }) = &propulsion.thrusters;
    thrust_n
}

/// Whether any thrust can come out for the spacecraft.
pub(super) fn can_burn(craft: &SpacecraftConfig) -> bool {
    // A thrust that is no number is told by itself; it is not none.
    craft.propulsion.as_ref().is_some_and(|propulsion| thrust(propulsion).bounds().1 != 0.0)
}

/// The name of the spacecraft that the orbit is relative to.
pub(super) fn reference(orbit: &OrbitConfig) -> Option<&str> {
    match orbit {
        OrbitConfig::RtnOffset { to, .. } | OrbitConfig::RtnShell { to, .. } => Some(to),
        OrbitConfig::Crossing { with, .. } => Some(with),
        OrbitConfig::Origin
        | OrbitConfig::Spare
        | OrbitConfig::Keplerian { .. }
        | OrbitConfig::Tle { .. }
        | OrbitConfig::TleFile { .. }
        | OrbitConfig::Cdm { .. } => None,
    }
}

/// The least and the greatest distance from its reference at which the orbit starts [m].
pub(super) fn start_range_m(orbit: &OrbitConfig) -> Option<(f64, f64)> {
    match orbit {
        // A range that is not positive is told by itself.
        OrbitConfig::RtnShell { range_m, .. } => Some(range_m.bounds()).filter(|(least, _)| *least > 0.0),
        OrbitConfig::RtnOffset { position_m, .. } => {
            let bounds = position_m.each_ref().map(Distribution::bounds);
            let length = |parts: [f64; 3]| parts.iter().map(|part| part * part).sum::<f64>().sqrt();
            let least = length(bounds.map(|(low, high)| low.max(-high).max(0.0)));
            let greatest = length(bounds.map(|(low, high)| low.abs().max(high.abs())));
            Some((least, greatest))
        }
        OrbitConfig::Origin
        | OrbitConfig::Spare
        | OrbitConfig::Keplerian { .. }
        | OrbitConfig::Crossing { .. }
        | OrbitConfig::Tle { .. }
        | OrbitConfig::TleFile { .. }
        | OrbitConfig::Cdm { .. } => None,
    }
}

impl Check<'_> {
    pub(super) fn all_spacecraft(&mut self) {
        let path = Path::root().field("spacecraft");
        let fleet = &self.config.spacecraft;
        if fleet.is_empty() {
            self.fault(&path, "there is no spacecraft", Some(format!("name one to {MAX_SPACECRAFT}")));
        }
        if fleet.len() > MAX_SPACECRAFT {
            let message = format!("there are {} spacecraft, {MAX_SPACECRAFT} at most", fleet.len());
            let help = Some(format!("an observation has places for own ship and {} others", MAX_SPACECRAFT - 1));
            self.fault(&path.index(MAX_SPACECRAFT).field("name"), message, help);
        }
        // Least altitude at which each may start [km]; none where it is not known.
        let mut lowest_km: Vec<Option<f64>> = Vec::new();
        for (slot, craft) in fleet.iter().enumerate().take(MAX_SPACECRAFT) {
            let path = path.index(slot);
            self.about = format!(" (spacecraft {})", Quoted(&craft.name));
            self.identity(&path, slot, craft);
            self.distribution(&path.field("mass_kg"), "mass", &craft.mass_kg, "kg", Allowed::POSITIVE);
            self.surface(&path, craft);
            self.signature(&path.field("signature"), &craft.signature);
            self.sensing(&path.field("sensing"), craft);
            if let Some(propulsion) = &craft.propulsion {
                self.propulsion(&path.field("propulsion"), craft, propulsion);
            }
            self.bus(&path.field("bus"), craft);
            let lowest = self.orbit(&path.field("orbit"), slot, &craft.orbit, &lowest_km);
            lowest_km.push(lowest);
            self.control(&path.field("control"), craft);
            if let Some(target) = &craft.target {
                self.target(&path.field("target"), slot, target);
            }
            self.about.clear();
        }
    }

    fn identity(&mut self, path: &Path, slot: usize, craft: &SpacecraftConfig) {
        self.name(&path.field("name"), &format!("spacecraft {}", slot + 1), &craft.name);
        self.name(&path.field("team"), &format!("the team of spacecraft {}", slot + 1), &craft.team);
        let earlier = self.config.spacecraft[..slot].iter().position(|other| other.name == craft.name);
        if let Some(earlier) = earlier {
            let message = format!("spacecraft {} and {} are both named {}", earlier + 1, slot + 1, Quoted(&craft.name));
            self.fault(&path.field("name"), message, Some("give each a name of its own".to_owned()));
        }
    }

    /// Checks whom its behaviours are about.
    fn target(&mut self, path: &Path, slot: usize, target: &str) {
        if self.slot(path, target) == Some(slot) {
            let message = format!("a spacecraft cannot be its own target{}", self.about);
            self.fault(path, message, None);
        }
    }

    /// Checks what air and sunlight press on.
    fn surface(&mut self, path: &Path, craft: &SpacecraftConfig) {
        for (field, what, of, unit, greatest) in [
            ("area_m2", "area", &craft.area_m2, "m²", LARGEST_AREA_M2),
            ("drag_coefficient", "drag coefficient", &craft.drag_coefficient, "", LARGEST_COEFFICIENT),
            ("radiation_coefficient", "radiation coefficient", &craft.radiation_coefficient, "", LARGEST_COEFFICIENT),
        ] {
            if let Some(of) = of {
                self.distribution(&path.field(field), what, of, unit, Allowed { greatest, ..Allowed::NOT_NEGATIVE });
            }
        }
    }

    /// Checks how it looks to others.
    fn signature(&mut self, path: &Path, signature: &SignatureConfig) {
        let within = |least: f64, greatest: f64| Allowed { least, greatest, ..Allowed::ANY };
        let section = path.field("radar_cross_section_m2");
        self.distribution(&section, "radar cross-section", &signature.radar_cross_section_m2, "m²", within(0.0, 1e6));
        let magnitude = path.field("standard_magnitude");
        self.distribution(&magnitude, "standard magnitude", &signature.standard_magnitude, "", within(-30.0, 60.0));
        if let Some(emitter) = &signature.emitter {
            let path = path.field("emitter");
            self.distribution(&path.field("eirp_w"), "radiated power", &emitter.eirp_w, "W", within(0.0, 1e9));
            self.distribution(&path.field("frequency_hz"), "frequency", &emitter.frequency_hz, "Hz", within(1e6, 1e12));
        }
    }

    /// Checks sensors and tracking.
    fn sensing(&mut self, path: &Path, craft: &SpacecraftConfig) {
        let SensingConfig::Sensors(sensors) = &craft.sensing else { return };
        for (field, fault) in sensors.faults() {
            let steps = field.split('.');
            let at = steps.fold(path.clone(), |path, step| match step.parse() {
                Ok(index) => path.index(index),
                Err(_) => path.field(step),
            });
            let (last, help) = match field.rsplit('.').next().unwrap_or(&field) {
                "sensors" => ("sensors", Some(SENSORS_HELP.to_owned())),
                "half_angle_rad" => ("half_angle_rad", Some(FIELD_OF_VIEW_HELP.to_owned())),
                last => (last, last.contains("sigma").then(|| SIGMA_HELP.to_owned())),
            };
            self.fault(&at, format!("`{last}`: {fault}{}", self.about), help);
        }
        let segment_s = self.config.timing.segment_s;
        if segment_s > LONGEST_PREDICTION_S {
            let message = format!(
                "tracks cannot be moved over a segment of {segment_s} s, {LONGEST_PREDICTION_S} s at most{}",
                self.about
            );
            self.fault(path, message, Some("shorten the segment, or sense by `Perfect`".to_owned()));
        }
        if self.config.spacecraft.len() < 2 {
            let help = Some("leave `sensing` out, or add a spacecraft".to_owned());
            self.fault(path, format!("there is nothing to sense{}", self.about), help);
        }
    }

    /// Checks the systems that others act upon.
    fn bus(&mut self, path: &Path, craft: &SpacecraftConfig) {
        for (part, field, fault) in craft.bus.iter().flat_map(BusConfig::faults) {
            self.fault(&path.field(part).field(field), format!("`{field}` of {part}: {fault}{}", self.about), None);
        }
    }

    fn propulsion(&mut self, path: &Path, craft: &SpacecraftConfig, propulsion: &PropulsionConfig) {
        let thrust_path = path.field("thrusters").field("thrust_n");
        let thrust_n = thrust(propulsion);
        let mut sound = self.distribution(&thrust_path, "thrust", thrust_n, "N", Allowed::NOT_NEGATIVE);
        let isp_path = path.field("isp_s");
        if let Some(isp_s) = &propulsion.isp_s {
            sound &= self.distribution(&isp_path, "specific impulse", isp_s, "s", Allowed::POSITIVE);
        }
        if let Some(delta_v_m_s) = &propulsion.delta_v_m_s {
            self.distribution(&path.field("delta_v_m_s"), "Δv", delta_v_m_s, "m/s", Allowed::NOT_NEGATIVE);
        }
        let (least_mass_kg, greatest_thrust_n) = (craft.mass_kg.bounds().0, thrust_n.bounds().1);
        if !sound || craft.mass_kg.fault().is_some() || least_mass_kg <= 0.0 {
            return;
        }
        let acceleration_m_s2 = greatest_thrust_n / least_mass_kg;
        if acceleration_m_s2 > GREATEST_ACCELERATION_M_S2 {
            let message = format!(
                "a thrust of {greatest_thrust_n} N on {least_mass_kg} kg accelerates by {acceleration_m_s2} m/s², above \
                 {GREATEST_ACCELERATION_M_S2} m/s²{}",
                self.about
            );
            self.fault(&thrust_path, message, None);
        }
        let (Some(isp_s), None) = (&propulsion.isp_s, &propulsion.delta_v_m_s) else { return };
        // ṁ = F / (Isp g0), and up to three thrusters at a time where they are per axis.
        let thrusters = if matches!(propulsion.thrusters, Thrusters::PerAxis { .. }) { 3.0 } else { 1.0 };
        let flow_kg_s = thrusters * greatest_thrust_n / (isp_s.bounds().0 * STANDARD_GRAVITY_M_S2);
        let burnt_kg = flow_kg_s * self.config.timing.time_limit_s;
        if burnt_kg >= least_mass_kg {
            let message = format!(
                "burning until the time limit would take {burnt_kg:.1} kg of a mass of {least_mass_kg} kg{}",
                self.about
            );
            self.fault(&isp_path, message, Some("bound the propellant by `delta_v_m_s`".to_owned()));
        }
    }

    /// Checks a start; gives the least altitude [km] at which it can be, where that is known and sound.
    fn orbit(&mut self, path: &Path, slot: usize, orbit: &OrbitConfig, lowest_km: &[Option<f64>]) -> Option<f64> {
        match (orbit, self.is_relative()) {
            (OrbitConfig::Origin, false) => {
                let help =
                    "start from `Keplerian(…)`, `Tle(…)`, `TleFile(…)`, `Cdm(…)`, `Crossing(…)`, `RtnOffset(…)` or `RtnShell(…)`"
                        .to_owned();
                let message = format!("Origin is a start of the Relative tier, not of this one{}", self.about);
                self.fault(path, message, Some(help));
            }
            (
                OrbitConfig::Keplerian { .. }
                | OrbitConfig::Crossing { .. }
                | OrbitConfig::Tle { .. }
                | OrbitConfig::TleFile { .. }
                | OrbitConfig::Cdm { .. },
                true,
            ) => {
                let name = match orbit {
                    OrbitConfig::Crossing { .. } => "Crossing",
                    OrbitConfig::Tle { .. } => "Tle",
                    OrbitConfig::TleFile { .. } => "TleFile",
                    OrbitConfig::Cdm { .. } => "Cdm",
                    _ => "Keplerian",
                };
                let message = format!(
                    "{name} is a start of the Standard tier and of the Reference tier, not of the Relative one{}",
                    self.about
                );
                let help = "start from `Origin`, `RtnOffset(…)` or `RtnShell(…)`".to_owned();
                self.fault(path, message, Some(help));
            }
            _ => {}
        }
        match orbit {
            OrbitConfig::Origin => None,
            OrbitConfig::Spare => {
                self.spare(path, slot);
                None
            }
            OrbitConfig::Keplerian { .. } => self.keplerian(path, orbit),
            OrbitConfig::Tle { line1, line2 } => self.tle(path, line1, line2),
            OrbitConfig::TleFile { .. } | OrbitConfig::Cdm { .. } => self.start_file(path, slot),
            OrbitConfig::Crossing { .. } => {
                let with = self.relative(path, slot, orbit)?;
                self.relative_speed(path, with, orbit);
                // Drawn with its perigee above 120 km, or else with the other's.
                Some((*lowest_km.get(with)?)?.min(LEAST_PERIGEE_ALTITUDE_M / 1000.0))
            }
            OrbitConfig::RtnOffset { .. } | OrbitConfig::RtnShell { .. } => {
                let to = self.relative(path, slot, orbit)?;
                let parent_km = (*lowest_km.get(to)?)?;
                let (_, range_m) = start_range_m(orbit)?;
                let least_km = parent_km - range_m / 1000.0;
                if least_km < LOWEST_ALTITUDE_KM {
                    let message = format!(
                        "a start up to {range_m} m from a perigee altitude of {parent_km} km can lie below \
                         {LOWEST_ALTITUDE_KM} km{}",
                        self.about
                    );
                    self.fault(path, message, None);
                    return None;
                }
                Some(least_km)
            }
        }
    }

    /// Checks a slot that waits for a release.
    fn spare(&mut self, path: &Path, slot: usize) {
        let (earlier, craft) = (&self.config.spacecraft[..slot], &self.config.spacecraft[slot]);
        if !earlier.iter().any(|other| other.team == craft.team && other.orbit != OrbitConfig::Spare) {
            let message = format!("nobody of team {} before it could release it{}", Quoted(&craft.team), self.about);
            let help = Some("put the spacecraft that carries it first".to_owned());
            self.fault(path, message, help);
        }
        if craft.control == ControlConfig::Learned {
            let message = format!("a spare slot cannot be learned{}", self.about);
            self.fault(path, message, Some("fly it by `Scripted([Ballistic()])`".to_owned()));
        }
    }

    fn keplerian(&mut self, path: &Path, orbit: &OrbitConfig) -> Option<f64> {
        let OrbitConfig::Keplerian {
            perigee_altitude_km,
            eccentricity,
            inclination_deg,
            raan_deg,
            argument_of_perigee_deg,
            true_anomaly_deg,
        } = orbit
        else {
            return None;
        };
        let ellipse = Allowed { greatest: 1.0, greatest_included: false, ..Allowed::NOT_NEGATIVE };
        self.distribution(&path.field("eccentricity"), "eccentricity", eccentricity, "", ellipse);
        let half_turn = Allowed { greatest: 180.0, ..Allowed::NOT_NEGATIVE };
        self.distribution(&path.field("inclination_deg"), "inclination", inclination_deg, "deg", half_turn);
        for (field, what, angle) in [
            ("raan_deg", "right ascension of the ascending node", raan_deg),
            ("argument_of_perigee_deg", "argument of perigee", argument_of_perigee_deg),
            ("true_anomaly_deg", "true anomaly", true_anomaly_deg),
        ] {
            self.distribution(&path.field(field), what, angle, "deg", Allowed::ANY);
        }
        let path = path.field("perigee_altitude_km");
        if matches!(perigee_altitude_km, Distribution::LogUniform(..)) {
            // Compiled to the radius, which is the altitude plus a constant and so no longer log-uniform.
            let help = Some("use Uniform, Normal, Choice or Fixed".to_owned());
            self.fault(&path, format!("a perigee altitude cannot be LogUniform{}", self.about), help);
            return None;
        }
        let allowed = Allowed { greatest: HIGHEST_ALTITUDE_KM, ..Allowed::ANY };
        if !self.distribution(&path, "perigee altitude", perigee_altitude_km, "km", allowed) {
            return None;
        }
        self.altitude(&path, perigee_altitude_km.bounds().0)
    }

    /// Checks the least altitude of a perigee [km], and gives it if it is sound.
    fn altitude(&mut self, path: &Path, altitude_km: f64) -> Option<f64> {
        let message = if altitude_km < 0.0 {
            format!("perigee altitude {altitude_km} km is inside the Earth{}", self.about)
        } else if altitude_km < LOWEST_ALTITUDE_KM {
            format!("perigee altitude {altitude_km} km is below {LOWEST_ALTITUDE_KM} km{}", self.about)
        } else {
            return Some(altitude_km);
        };
        let help = format!(
            "altitudes count from the equatorial radius, {} km; at least {LOWEST_ALTITUDE_KM} km are needed",
            self.config.physics.earth_radius_m / 1000.0
        );
        self.fault(path, message, Some(help));
        None
    }

    fn tle(&mut self, path: &Path, line1: &str, line2: &str) -> Option<f64> {
        for (field, line) in [("line1", line1), ("line2", line2)] {
            if line.len() != TLE_LINE_LENGTH || !line.is_ascii() {
                let message = format!(
                    "{field} has {} characters, not {TLE_LINE_LENGTH} of ASCII{}",
                    line.chars().count(),
                    self.about
                );
                self.fault(&path.field(field), message, Some("copy the line whole, checksum included".to_owned()));
                return None;
            }
        }
        // A wrong epoch is told by itself.
        let epoch_jd_tt = epoch::julian_date_tt(&self.config.epoch).ok()?;
        match teme::state_at(line1, line2, epoch_jd_tt) {
            Ok(state) => self.perigee(path, &state),
            Err(error) => {
                let message = format!("{error}{}", self.about);
                let at = match &error {
                    teme::TemeError::Lines(_) if message.contains("line 1") => path.field("line1"),
                    teme::TemeError::Lines(_) if message.contains("line 2") => path.field("line2"),
                    _ => path.clone(),
                };
                self.fault(&at, message, None);
                None
            }
        }
    }

    /// Checks a start that a file gives.
    fn start_file(&mut self, path: &Path, slot: usize) -> Option<f64> {
        // A wrong epoch is told by itself.
        epoch::instant(&self.config.epoch).ok()?;
        let file = self.starts.of(slot)?;
        match file.and_then(|file| file.state_at(&self.config.epoch, self.config.physics.mu_m3_s2)) {
            Ok(state) => self.perigee(path, &state),
            Err(fault) => {
                let message = format!("{}{}", fault.message, self.about);
                self.fault(&path.field(fault.field), message, fault.help);
                None
            }
        }
    }

    /// Checks the perigee of a state, and gives its altitude [km] if it is sound.
    fn perigee(&mut self, path: &Path, state: &CartesianState) -> Option<f64> {
        let elements = KeplerianElements::from_cartesian(state, self.config.physics.mu_m3_s2);
        let perigee_m = elements.semi_latus_rectum_m / (1.0 + elements.eccentricity);
        if !perigee_m.is_finite() {
            self.fault(path, format!("the orbit has no perigee: it falls straight to the centre{}", self.about), None);
            return None;
        }
        self.altitude(path, ((perigee_m - self.config.physics.earth_radius_m) / 1000.0).round())
    }

    /// Checks a start relative to another spacecraft, and gives the slot of the other where all is sound.
    fn relative(&mut self, path: &Path, slot: usize, orbit: &OrbitConfig) -> Option<usize> {
        let mut sound = true;
        match orbit {
            OrbitConfig::RtnOffset { position_m, velocity_m_s, .. } => {
                for axis in 0..3 {
                    let (position, velocity) = (path.field("position_m"), path.field("velocity_m_s"));
                    sound &= self.distribution(&position.index(axis), "position", &position_m[axis], "m", Allowed::ANY);
                    sound &=
                        self.distribution(&velocity.index(axis), "velocity", &velocity_m_s[axis], "m/s", Allowed::ANY);
                }
            }
            OrbitConfig::RtnShell { range_m, direction_weights, opposite, speed_m_s, .. } => {
                if let Some(third) = opposite {
                    sound &= self.earlier(&path.field("opposite"), slot, third).is_some();
                }
                sound &= self.distribution(&path.field("range_m"), "range", range_m, "m", Allowed::POSITIVE);
                sound &= self.distribution(&path.field("speed_m_s"), "speed", speed_m_s, "m/s", Allowed::NOT_NEGATIVE);
                let weights = path.field("direction_weights");
                for (axis, weight) in direction_weights.iter().enumerate() {
                    sound &= self.number(&weights.index(axis), "weight", *weight, "", Allowed::NOT_NEGATIVE);
                }
                if direction_weights.iter().all(|weight| *weight == 0.0) {
                    let message = format!("all weights of the direction are zero{}", self.about);
                    self.fault(&weights, message, Some("`(1.0, 1.0, 1.0)` is uniform on the sphere".to_owned()));
                    sound = false;
                }
            }
            OrbitConfig::Crossing { after_s, miss_m, relative_speed_m_s, .. } => {
                let time = Allowed { greatest: LONGEST_CROSSING_S, ..Allowed::NOT_NEGATIVE };
                sound &= self.distribution(&path.field("after_s"), "time of the crossing", after_s, "s", time);
                let distance = Allowed { greatest: LARGEST_MISS_M, ..Allowed::NOT_NEGATIVE };
                sound &= self.distribution(&path.field("miss_m"), "miss", miss_m, "m", distance);
                let speed_path = path.field("relative_speed_m_s");
                sound &= self.distribution(&speed_path, "relative speed", relative_speed_m_s, "m/s", Allowed::POSITIVE);
            }
            OrbitConfig::Origin
            | OrbitConfig::Spare
            | OrbitConfig::Keplerian { .. }
            | OrbitConfig::Tle { .. }
            | OrbitConfig::TleFile { .. }
            | OrbitConfig::Cdm { .. } => return None,
        }
        let field = if matches!(orbit, OrbitConfig::Crossing { .. }) { "with" } else { "to" };
        let to = self.earlier(&path.field(field), slot, reference(orbit)?)?;
        sound.then_some(to)
    }

    /// The slot of a spacecraft that a start is relative to, which must be there before this one.
    fn earlier(&mut self, path: &Path, slot: usize, name: &str) -> Option<usize> {
        let to = self.slot(path, name)?;
        if to < slot && self.config.spacecraft[to].orbit == OrbitConfig::Spare {
            let message = format!("the start is relative to {}, which is nowhere yet{}", Quoted(name), self.about);
            self.fault(path, message, Some("start relative to a spacecraft that is there".to_owned()));
            return None;
        }
        if to >= slot {
            let relation =
                if to == slot { "itself".to_owned() } else { format!("{}, which comes later", Quoted(name)) };
            let earlier = &self.names()[..slot];
            let help = match earlier {
                [] => "start the first spacecraft by itself, or put the other before it".to_owned(),
                names => format!("spacecraft before it: {}", listed(names)),
            };
            self.fault(path, format!("the start is relative to {relation}{}", self.about), Some(help));
            return None;
        }
        Some(to)
    }

    /// Checks that a crossing can be as fast, and is as fast as it must be.
    fn relative_speed(&mut self, path: &Path, with: usize, orbit: &OrbitConfig) {
        let OrbitConfig::Crossing { miss_m, relative_speed_m_s, .. } = orbit else { return };
        let (slowest_m_s, fastest_m_s) = relative_speed_m_s.bounds();
        let path = path.field("relative_speed_m_s");
        let physics = &self.config.physics;
        // 2 n miss, n being greatest at the surface: below it the pull of the Earth brings two that pass together again.
        let least_m_s = 2.0 * (physics.mu_m3_s2 / physics.earth_radius_m.powi(3)).sqrt() * miss_m.bounds().1;
        if slowest_m_s < least_m_s {
            let message = format!(
                "a relative speed of {slowest_m_s} m/s at a miss of up to {} m is no crossing: the two stay together{}",
                miss_m.bounds().1,
                self.about
            );
            self.fault(&path, message, Some(format!("at least {least_m_s:.3} m/s, or a smaller miss")));
        }
        if let Some(horizontal_m_s) = self.least_horizontal_speed_m_s(with)
            && fastest_m_s > 2.0 * horizontal_m_s
        {
            let message = format!(
                "a relative speed of {fastest_m_s} m/s is more than meeting {} head-on gives{}",
                Quoted(&self.config.spacecraft[with].name),
                self.about
            );
            let help = format!("at most {:.0} m/s, twice its speed where that is least", 2.0 * horizontal_m_s);
            self.fault(&path, message, Some(help));
        }
    }

    /// The least speed across the radius that a spacecraft can have [m/s], which is that of its apogee, where that is known.
    fn least_horizontal_speed_m_s(&self, slot: usize) -> Option<f64> {
        let craft = &self.config.spacecraft[slot];
        let (mu, radius_m) = (self.config.physics.mu_m3_s2, self.config.physics.earth_radius_m);
        let of_apogee = |perigee_m: f64, eccentricity: f64| {
            // Vis-viva at r = a (1 + e).
            (mu / (perigee_m * (1.0 + eccentricity))).sqrt() * (1.0 - eccentricity)
        };
        let state = match &craft.orbit {
            OrbitConfig::Keplerian { perigee_altitude_km, eccentricity, .. } => {
                let perigee_m = radius_m + 1000.0 * perigee_altitude_km.bounds().1;
                return Some(of_apogee(perigee_m, eccentricity.bounds().1)).filter(|speed| speed.is_finite());
            }
            OrbitConfig::RtnOffset { to, .. } | OrbitConfig::RtnShell { to, .. } => {
                let to = self.config.spacecraft[..slot].iter().position(|other| other.name == *to)?;
                return self.least_horizontal_speed_m_s(to);
            }
            OrbitConfig::Tle { line1, line2 } => {
                teme::state_at(line1, line2, epoch::julian_date_tt(&self.config.epoch).ok()?).ok()?
            }
            OrbitConfig::TleFile { .. } | OrbitConfig::Cdm { .. } => {
                self.starts.of(slot)?.ok()?.state_at(&self.config.epoch, mu).ok()?
            }
            OrbitConfig::Origin | OrbitConfig::Spare | OrbitConfig::Crossing { .. } => return None,
        };
        let elements = KeplerianElements::from_cartesian(&state, mu);
        let perigee_m = elements.semi_latus_rectum_m / (1.0 + elements.eccentricity);
        Some(of_apogee(perigee_m, elements.eccentricity)).filter(|speed| speed.is_finite())
    }

    fn control(&mut self, path: &Path, craft: &SpacecraftConfig) {
        match &craft.control {
            ControlConfig::Learned if !can_burn(craft) => {
                let message = format!("a learned spacecraft needs thrusters{}", self.about);
                self.fault(
                    path,
                    message,
                    Some("give it `propulsion`, or fly it by `Scripted([Ballistic()])`".to_owned()),
                );
            }
            ControlConfig::Learned => {}
            ControlConfig::Scripted(behaviours) => self.behaviours(&path.index(0), craft, behaviours),
        }
    }
}
