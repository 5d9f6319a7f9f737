//! What a scenario means, checked: every fault at once, each on its place in the text.

mod casts;
mod objective;
mod scores;
mod spacecraft;
mod telemetry;

use std::ops::Range;

use super::config::ScenarioConfig;
use super::epoch;
use super::error::{Fault, Quoted, expected_one_of};
use super::spans::{Path, Spans};
use super::start_files::StartFiles;
use crate::env::rewards::Term;
use crate::sim::behaviours::{Behaviour, BehaviourConfig};
use crate::sim::config::{ControlConfig, ForceConfig, OrbitConfig, PhysicsConfig, SpacecraftConfig, Tier};
use crate::sim::distribution::Distribution;
use crate::sim::forces::LeastTier;
use crate::sim::view::MAX_TRACKS;

/// Spacecraft of a scenario at most: own ship and the tracks that an observation has places for.
pub const MAX_SPACECRAFT: usize = MAX_TRACKS + 1;

/// Segments of a plan, of which `replan_every` are executed.
const PLAN_SEGMENTS: usize = 16;
/// Longest substep of the integrator [s]; RK4 at 60 s errs by 2 km a day in low orbit.
const LONGEST_SUBSTEP_S: f64 = 600.0;
/// Substeps of one segment at most, so that a slip of the decimal point does not hang the simulator.
const MOST_SUBSTEPS: f64 = 10_000.0;
/// Segments of one episode at most, for the same reason.
const MOST_SEGMENTS: f64 = 1_000_000.0;
/// Greatest magnitude of any number of a scenario; beyond it squares and products leave the range of f64 sooner or later.
const GREATEST: f64 = 1e15;
/// Greatest zonal coefficient [-], a hundred times the Earth's J2.
const LARGEST_ZONAL: f64 = 0.1;
/// Longest episode with forces that depend on where Sun and Moon stand [s]: ten years of 365.25 days.
const LONGEST_WITH_SUN_S: f64 = 315_576_000.0;
/// Characters of a name at most.
const NAME_LENGTH: usize = 64;

/// What is wrong with `config`, which was read from `text`; nothing when it is sound.
pub(super) fn faults(config: &ScenarioConfig, starts: &StartFiles, text: &str, spans: &Spans) -> Vec<Fault> {
    let mut check = Check { config, starts, text, spans, faults: Vec::new(), about: String::new() };
    check.head();
    check.physics();
    check.timing();
    check.all_spacecraft();
    check.casts();
    check.objective();
    check.scores();
    check.baselines();
    check.rewards();
    check.held_out();
    check.telemetry();
    check.faults
}

/// The faults found so far, and what they are about.
struct Check<'a> {
    config: &'a ScenarioConfig,
    starts: &'a StartFiles,
    text: &'a str,
    spans: &'a Spans,
    faults: Vec<Fault>,
    /// What follows each message, for example ` (spacecraft 'deputy')`.
    about: String,
}

/// The numbers that a quantity may take.
#[derive(Clone, Copy)]
struct Allowed {
    least: f64,
    /// Whether `least` itself is allowed.
    least_included: bool,
    greatest: f64,
    /// Whether `greatest` itself is allowed.
    greatest_included: bool,
}

impl Allowed {
    const ANY: Self = Self { least: -GREATEST, least_included: true, greatest: GREATEST, greatest_included: true };
    const POSITIVE: Self = Self { least: 0.0, least_included: false, ..Self::ANY };
    const NOT_NEGATIVE: Self = Self { least: 0.0, ..Self::ANY };

    /// What is wrong with a quantity that goes from `low` to `high`, in words that follow its name.
    fn fault(&self, low: f64, high: f64, unit: &str) -> Option<String> {
        let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
        if low < self.least || (low == self.least && !self.least_included) {
            Some(match (self.least, self.least_included) {
                (0.0, false) => format!("{low}{unit} is not positive"),
                (0.0, true) => format!("{low}{unit} is negative"),
                (least, true) => format!("{low}{unit} is below {least}{unit}"),
                (least, false) => format!("{low}{unit} is not above {least}{unit}"),
            })
        } else if high > self.greatest || (high == self.greatest && !self.greatest_included) {
            let relation = if self.greatest_included { "above" } else { "not below" };
            Some(format!("{high}{unit} is {relation} {}{unit}", self.greatest))
        } else {
            None
        }
    }
}

impl<'a> Check<'a> {
    /// Notes a fault of the value at `path`.
    fn fault(&mut self, path: &Path, message: impl Into<String>, help: Option<String>) {
        let span = self.spans.label(self.text, path);
        self.fault_at(span, message, help);
    }

    fn fault_at(&mut self, span: Range<usize>, message: impl Into<String>, help: Option<String>) {
        self.faults.push(Fault::new(span, message, help));
    }

    /// Checks a plain number; true if it is sound. `what` is its name in a sentence.
    fn number(&mut self, path: &Path, what: &str, value: f64, unit: &str, allowed: Allowed) -> bool {
        let fault = if value.is_finite() {
            allowed.fault(value, value, unit)
        } else {
            Some(format!("{value} is not a finite number"))
        };
        match fault {
            Some(fault) => self.fault(path, format!("{what} {fault}{}", self.about), None),
            None => return true,
        }
        false
    }

    /// Checks a distribution and all that can come out of it; true if it is sound.
    fn distribution(&mut self, path: &Path, what: &str, of: &Distribution, unit: &str, allowed: Allowed) -> bool {
        if let Some(fault) = of.fault() {
            self.fault(path, format!("{what} is no distribution: {fault}{}", self.about), None);
            return false;
        }
        let (low, high) = of.bounds();
        if let Some(fault) = allowed.fault(low, high, unit) {
            let help = matches!(of, Distribution::Normal(..)).then(|| {
                "a Normal is taken to reach 6 standard deviations to both sides; LogUniform and Uniform have ends"
                    .to_owned()
            });
            self.fault(path, format!("{what} {fault}{}", self.about), help);
            return false;
        }
        true
    }

    /// Checks a name that an author gives.
    fn name(&mut self, path: &Path, what: &str, name: &str) {
        let help = Some(format!("letters, digits, `_`, `-` and `.`, at most {NAME_LENGTH} of them"));
        let is_plain = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '.');
        if name.trim().is_empty() {
            self.fault(path, format!("{what} has an empty name"), help);
        } else if !name.chars().all(is_plain) || name.chars().count() > NAME_LENGTH || name.starts_with(['.', '-']) {
            self.fault(path, format!("{what} cannot be named {}", Quoted(name)), help);
        }
    }

    /// The slot of the spacecraft of this name; a fault at `path` where there is none.
    fn slot(&mut self, path: &Path, name: &str) -> Option<usize> {
        let slot = self.config.spacecraft.iter().position(|craft| craft.name == name);
        if slot.is_none() {
            let help = expected_one_of(name, &self.names());
            self.fault(path, format!("there is no spacecraft {}", Quoted(name)), help);
        }
        slot
    }

    /// Names of the spacecraft, by slot; no more than may be.
    fn names(&self) -> Vec<&'a str> {
        self.config.spacecraft.iter().take(MAX_SPACECRAFT).map(|craft| craft.name.as_str()).collect()
    }

    /// Whether the tier is the relative one.
    fn is_relative(&self) -> bool {
        matches!(self.config.physics.tier, Tier::Relative { .. })
    }

    fn head(&mut self) {
        let root = Path::root();
        self.name(&root.field("name"), "the scenario", &self.config.name);
        if self.config.summary.trim().is_empty() {
            let help = Some("one sentence, which lists of scenarios show".to_owned());
            self.fault(&root.field("summary"), "the summary is empty", help);
        }
        if let Err(reason) = epoch::julian_date_tt(&self.config.epoch) {
            let message = format!("epoch {} {reason}", Quoted(&self.config.epoch));
            self.fault(&root.field("epoch"), message, Some("UTC, as in `2026-03-20T12:00:00Z`".to_owned()));
        }
        let allowed = Allowed { greatest: 1.0, ..Allowed::NOT_NEGATIVE };
        self.number(&root.field("difficulty"), "difficulty", self.config.difficulty, "", allowed);
    }

    fn physics(&mut self) {
        let (path, physics) = (Path::root().field("physics"), &self.config.physics);
        let mu_is_sound = self.number(
            &path.field("mu_m3_s2"),
            "gravitational parameter",
            physics.mu_m3_s2,
            "m³/s²",
            Allowed::POSITIVE,
        );
        let radius_is_sound =
            self.number(&path.field("earth_radius_m"), "Earth radius", physics.earth_radius_m, "m", Allowed::POSITIVE);
        let tier = path.field("tier");
        match &physics.tier {
            Tier::Relative { mean_motion_rad_s, sun_angle_deg } => {
                if let Some(angle) = sun_angle_deg {
                    self.distribution(&tier.field("sun_angle_deg"), "angle of the Sun", angle, "°", Allowed::ANY);
                }
                let allowed = if mu_is_sound && radius_is_sound {
                    // n = √(μ/r³) is greatest at the surface.
                    let greatest = (physics.mu_m3_s2 / physics.earth_radius_m.powi(3)).sqrt();
                    Allowed { greatest, ..Allowed::POSITIVE }
                } else {
                    Allowed::POSITIVE
                };
                self.number(&tier.field("mean_motion_rad_s"), "mean motion", *mean_motion_rad_s, "rad/s", allowed);
            }
            Tier::Standard { forces, substep_s } => {
                self.forces(&tier.field("forces"), forces, LeastTier::Standard);
                let allowed = Allowed { greatest: LONGEST_SUBSTEP_S, ..Allowed::POSITIVE };
                self.number(&tier.field("substep_s"), "substep", *substep_s, "s", allowed);
            }
            Tier::Reference { forces, relative_tolerance, absolute_tolerance_m } => {
                self.forces(&tier.field("forces"), forces, LeastTier::Reference);
                let relative = Allowed { least: 1e-15, greatest: 1e-3, ..Allowed::ANY };
                let path = tier.field("relative_tolerance");
                self.number(&path, "relative tolerance", *relative_tolerance, "", relative);
                let absolute = Allowed { least: 1e-12, greatest: 1e3, ..Allowed::ANY };
                let path = tier.field("absolute_tolerance_m");
                self.number(&path, "absolute tolerance", *absolute_tolerance_m, "m", absolute);
            }
        }
        self.zonals(&path.field("zonals"), physics);
    }

    /// Checks coefficients that are set: sound, and of a force that is named.
    fn zonals(&mut self, path: &Path, physics: &PhysicsConfig) {
        for (degree, coefficient) in (2..).zip(physics.zonals.by_degree()) {
            let Some(coefficient) = coefficient else { continue };
            let (path, name) = (path.field(&format!("j{degree}")), format!("J{degree}"));
            let allowed = Allowed { least: -LARGEST_ZONAL, greatest: LARGEST_ZONAL, ..Allowed::ANY };
            self.number(&path, &name, coefficient, "", allowed);
            let forces = physics.tier.forces();
            if !forces.iter().any(|force| force.zonal_degree() == Some(degree)) {
                let help = Some(format!("add `{name}` to the forces of the tier, or leave the coefficient out"));
                self.fault(&path, format!("{name} is set, but the force {name} is not named"), help);
            }
        }
    }

    fn forces(&mut self, path: &Path, forces: &[ForceConfig], tier: LeastTier) {
        if !forces.contains(&ForceConfig::TwoBody) {
            let help = Some("add `TwoBody`, the Earth as a point mass, to the list".to_owned());
            self.fault(path, "the forces are without TwoBody", help);
        }
        for (index, force) in forces.iter().enumerate() {
            if forces[..index].contains(force) {
                let help = Some("name each force once".to_owned());
                self.fault(&path.index(index), format!("force {force:?} is named twice"), help);
            }
            if force.least_tier() > tier {
                let help = match force {
                    ForceConfig::SrpConical => "name `SrpCylindrical` here, or use the tier `Reference`",
                    _ => "use the tier `Reference`, which integrates with an adaptive step",
                };
                let message = format!("force {force:?} is not in the Standard tier");
                self.fault(&path.index(index), message, Some(help.to_owned()));
            }
        }
        if [ForceConfig::SrpCylindrical, ForceConfig::SrpConical].iter().all(|force| forces.contains(force)) {
            let help = Some("name one of them".to_owned());
            self.fault(path, "sunlight presses twice: SrpCylindrical and SrpConical are both named", help);
        }
        let limit_s = self.config.timing.time_limit_s;
        if forces.iter().any(|force| force.needs_ephemeris()) && limit_s > LONGEST_WITH_SUN_S {
            let message = format!("an episode of {limit_s} s is longer than Sun and Moon are computed ahead for");
            let help = Some(format!("at most {LONGEST_WITH_SUN_S} s with forces of Sun or Moon"));
            self.fault(&Path::root().field("timing").field("time_limit_s"), message, help);
        }
    }

    fn timing(&mut self) {
        let (path, timing) = (Path::root().field("timing"), &self.config.timing);
        let segment_path = path.field("segment_s");
        let segment_is_sound = self.number(&segment_path, "segment", timing.segment_s, "s", Allowed::POSITIVE);
        let limit_path = path.field("time_limit_s");
        let limit_is_sound = self.number(&limit_path, "time limit", timing.time_limit_s, "s", Allowed::POSITIVE);
        if !(1..=PLAN_SEGMENTS).contains(&timing.replan_every) {
            let message = format!("replan_every {} is outside 1 to {PLAN_SEGMENTS}", timing.replan_every);
            let help =
                Some(format!("a plan has {PLAN_SEGMENTS} segments; this many of them are flown before the next"));
            self.fault(&path.field("replan_every"), message, help);
        }
        if segment_is_sound && limit_is_sound {
            if timing.segment_s > timing.time_limit_s {
                let message = format!(
                    "a segment of {} s is longer than the limit of {} s",
                    timing.segment_s, timing.time_limit_s
                );
                self.fault(&segment_path, message, None);
            } else if timing.time_limit_s / timing.segment_s > MOST_SEGMENTS {
                let message = format!(
                    "an episode of {} s in segments of {} s has more than {MOST_SEGMENTS} of them",
                    timing.time_limit_s, timing.segment_s
                );
                self.fault(&limit_path, message, None);
            }
        }
        if let Tier::Standard { substep_s, .. } = self.config.physics.tier
            && segment_is_sound
            && substep_s > 0.0
            && timing.segment_s / substep_s > MOST_SUBSTEPS
        {
            let message = format!(
                "a segment of {} s in substeps of {substep_s} s has more than {MOST_SUBSTEPS} of them",
                timing.segment_s
            );
            self.fault(&Path::root().field("physics").field("tier").field("substep_s"), message, None);
        }
    }

    fn rewards(&mut self) {
        let path = Path::root().field("rewards").field("terms");
        let terms = &self.config.rewards.terms;
        let learns = self.config.spacecraft.iter().any(|craft| craft.control == ControlConfig::Learned);
        if terms.is_empty() && learns {
            let help = Some("add a term, for example `Ending(success: 1.0, failure: -1.0)`".to_owned());
            self.fault(&path, "there is a learned spacecraft, but nothing that it is paid for", help);
        }
        for (index, term) in terms.iter().enumerate() {
            for (field, fault) in term.faults() {
                self.fault(&path.index(index).field(field), format!("`{field}`: {fault}"), None);
            }
        }
    }

    fn held_out(&mut self) {
        let path = Path::root().field("held_out");
        let keys = self.spans.names(&path);
        for (index, (name, span)) in keys.iter().enumerate() {
            // A map keeps the last of two values without a word.
            if keys[..index].iter().any(|(earlier, _)| earlier == name) {
                let message = format!("behaviours are held out for {} twice", Quoted(name));
                self.fault_at(span.clone(), message, Some("join the two lists".to_owned()));
            }
        }
        for (name, behaviours) in &self.config.held_out {
            let key = keys.iter().find(|(key, _)| key == name);
            let span = key.map_or_else(|| self.spans.label(self.text, &path), |(_, span)| span.clone());
            let list = path.field(name);
            let Some(craft) = self.config.spacecraft.iter().find(|craft| craft.name == *name) else {
                let help = expected_one_of(name, &self.names());
                self.fault_at(span, format!("there is no spacecraft {}", Quoted(name)), help);
                continue;
            };
            let ControlConfig::Scripted(trained) = &craft.control else {
                let message = format!("{} is learned: it has no behaviour that could be held out", Quoted(name));
                self.fault_at(span, message, Some("hold out behaviours of scripted spacecraft".to_owned()));
                continue;
            };
            if self.config.casts.iter().any(|cast| cast.behaviours.contains_key(name)) {
                let message = format!("behaviours are held out for {}, which casts fly", Quoted(name));
                self.fault_at(span, message, Some("hold out whole casts by a scenario of their own".to_owned()));
                continue;
            }
            self.behaviours(&list, craft, behaviours);
            for (index, behaviour) in behaviours.iter().enumerate() {
                if trained.contains(behaviour) {
                    let message = format!("{} is held out for {} and trained against", behaviour.name(), Quoted(name));
                    let help = Some("leave it in one of the two lists, or change its parameters".to_owned());
                    self.fault(&list.index(index), message, help);
                }
            }
        }
    }

    /// Checks a list of behaviours of `craft` that stands at `path`.
    fn behaviours(&mut self, path: &Path, craft: &SpacecraftConfig, behaviours: &[BehaviourConfig]) {
        if behaviours.is_empty() {
            let help = Some("name a behaviour, for example `Ballistic()`, which never burns".to_owned());
            self.fault(path, format!("there is no behaviour to draw from (spacecraft {})", Quoted(&craft.name)), help);
        }
        for (index, behaviour) in behaviours.iter().enumerate() {
            let path = path.index(index);
            for (field, fault) in behaviour.faults() {
                let message =
                    format!("`{field}` of {}: {fault} (spacecraft {})", behaviour.name(), Quoted(&craft.name));
                self.fault(&path.field(field), message, None);
            }
            self.needs(&path, craft, behaviour);
        }
    }

    /// Checks that a behaviour has what it cannot do without.
    fn needs(&mut self, path: &Path, craft: &SpacecraftConfig, behaviour: &BehaviourConfig) {
        let needs = behaviour.needs();
        let (name, craft_name) = (behaviour.name(), Quoted(&craft.name));
        if needs.thrust && !spacecraft::can_burn(craft) {
            let message = format!("{name} burns, but spacecraft {craft_name} has no thrust");
            let help = Some("give it `propulsion`, or fly it by `Ballistic()`".to_owned());
            self.fault(path, message, help);
        }
        if needs.victim_bus {
            self.victim_bus(path, craft, name);
        }
        let is_spare = |other: &&SpacecraftConfig| other.team == craft.team && other.orbit == OrbitConfig::Spare;
        let spares = self.config.spacecraft.iter().filter(is_spare).count();
        if spares < needs.spare_slots {
            let message = format!(
                "{name} releases up to {} children, but team {} has {spares} spare slots",
                needs.spare_slots,
                Quoted(&craft.team)
            );
            let help = Some("add spacecraft of that team with `orbit: Spare`, or release fewer".to_owned());
            self.fault(path, message, help);
        }
    }

    /// Checks that whom a behaviour acts upon has systems: the craft's own target, the objective's, or else any opponent.
    fn victim_bus(&mut self, path: &Path, craft: &SpacecraftConfig, behaviour: &str) {
        let [who, target] = self.config.objective.success.pair();
        let named = craft.target.as_deref().or((craft.name == who).then_some(target));
        let victims: Vec<&SpacecraftConfig> = match named {
            Some(name) => self.config.spacecraft.iter().filter(|other| other.name == name).collect(),
            None => self.config.spacecraft.iter().filter(|other| other.team != craft.team).collect(),
        };
        // A target that does not exist is told by itself.
        if victims.iter().any(|victim| victim.bus.is_some()) || (named.is_some() && victims.is_empty()) {
            return;
        }
        let (message, help) = match victims.first() {
            Some(victim) => {
                let whom = if named.is_some() { Quoted(&victim.name).to_string() } else { "no opponent".to_owned() };
                let lack = if named.is_some() { "has no `bus`" } else { "has a `bus`" };
                let message =
                    format!("{behaviour} acts upon the systems of its target, but {whom} {lack}{}", self.about);
                let help = format!("a jammer without a link to jam: give {} `bus: ()`", Quoted(&victim.name));
                (message, help)
            }
            None => {
                let message =
                    format!("{behaviour} acts upon the systems of an opponent, but there is none{}", self.about);
                (message, "add a spacecraft of another team with `bus: ()`".to_owned())
            }
        };
        self.fault(path, message, Some(help));
    }
}
