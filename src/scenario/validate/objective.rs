//! Faults of the objective: who is meant, and whether it can be met and missed.

use super::spacecraft::{reference, start_range_m};
use super::{Allowed, Check};
use crate::scenario::error::{Quoted, expected_one_of, listed};
use crate::scenario::spans::Path;
use crate::sim::config::{BaseVelocity, FailureConfig, OrbitConfig, StationAxis, SuccessConfig};
use crate::sim::goals::inspection::MOST_POINTS;

impl Check<'_> {
    pub(super) fn objective(&mut self) {
        let (path, objective) = (Path::root().field("objective"), &self.config.objective);
        let mut teams: Vec<&str> = Vec::new();
        for craft in &self.config.spacecraft {
            if !teams.contains(&craft.team.as_str()) {
                teams.push(&craft.team);
            }
        }
        let team_is_known = teams.contains(&objective.team.as_str());
        if !team_is_known {
            let message = format!("team {} has no spacecraft", Quoted(&objective.team));
            self.fault(&path.field("team"), message, expected_one_of(&objective.team, &teams));
        }
        let reach = self.success(&path.field("success"), team_is_known);
        self.harm_and_captures(&path);
        let mut limited = false;
        for (index, failure) in objective.failure.iter().enumerate() {
            let path = path.field("failure").index(index);
            self.failure(&path, failure, reach);
            if matches!(failure, FailureConfig::SpeedLimit { .. }) {
                if limited {
                    let help = Some("rewards count the overspeed of one limit".to_owned());
                    self.fault(&path, "there is more than one SpeedLimit", help);
                }
                limited = true;
            }
        }
    }

    /// Checks what systems must not suffer, and who puts whom out.
    fn harm_and_captures(&mut self, path: &Path) {
        let objective = &self.config.objective;
        for (index, harm) in objective.harm.iter().enumerate() {
            let path = path.field("harm").index(index);
            if let Some(slot) = self.slot(&path.field("who"), &harm.who)
                && self.config.spacecraft[slot].bus.is_none()
            {
                let message = format!("{} has no systems that could be harmed", Quoted(&harm.who));
                self.fault(&path.field("who"), message, Some("give it a `bus`; `bus: ()` is a sound one".to_owned()));
            }
            if let Some((field, fault)) = harm.limit.fault() {
                self.fault(&path.field("limit").field(field), format!("`{field}`: {fault}"), None);
            }
        }
        for (index, capture) in objective.captures.iter().enumerate() {
            let path = path.field("captures").index(index);
            let pair = self.pair(&path, ["who", "target"], [&capture.who, &capture.target]);
            let radius_path = path.field("radius_m");
            let is_sound = self.number(&radius_path, "capture radius", capture.radius_m, "m", Allowed::POSITIVE);
            if let (true, Some((least_m, _))) = (is_sound, pair.and_then(|pair| self.start_range_of(pair)))
                && capture.radius_m >= least_m
            {
                let message = format!(
                    "capture radius {} m is not below the least range at the start, {least_m} m",
                    capture.radius_m
                );
                self.fault(&radius_path, message, None);
            }
            if objective.success.pair()[0] == capture.target {
                let message =
                    format!("{} is whom the objective is about, and cannot be put out", Quoted(&capture.target));
                self.fault(&path.field("target"), message, None);
            }
        }
    }

    /// Checks the goal; gives its pair, lower slot first, and its radius [m], where being near is what it asks for.
    fn success(&mut self, path: &Path, team_is_known: bool) -> Option<([usize; 2], f64)> {
        let success = &self.config.objective.success;
        let (fields, radius_field, radius_m) = match success {
            SuccessConfig::Reach { radius_m, .. } => (["who", "target"], "radius_m", Some(*radius_m)),
            SuccessConfig::Survive { catch_m, .. } => (["who", "from"], "catch_m", *catch_m),
            SuccessConfig::Inspect { .. } | SuccessConfig::Station { .. } => (["who", "target"], "target", None),
        };
        let [who, target] = success.pair();
        let radius_path = path.field(radius_field);
        let radius_is_sound = radius_m
            .is_some_and(|radius_m| self.number(&radius_path, "capture radius", radius_m, "m", Allowed::POSITIVE));
        if let SuccessConfig::Reach { max_speed_m_s: Some(max_speed_m_s), .. } = success {
            self.number(&path.field("max_speed_m_s"), "greatest speed", *max_speed_m_s, "m/s", Allowed::POSITIVE);
        }
        if matches!(success, SuccessConfig::Survive { .. })
            && self.config.objective.failure.is_empty()
            && self.config.objective.harm.is_empty()
        {
            let help = Some("name what must not happen under `failure`, for example `KeepOut(…)`".to_owned());
            self.fault(path, "there is nothing to survive: the objective has neither failure nor harm", help);
        }
        self.inspection(path, success);
        self.station(path, success);
        let pair = self.pair(path, fields, [who, target]);
        for name in [who, target] {
            if self.config.spacecraft.iter().any(|craft| craft.name == name && craft.orbit == OrbitConfig::Spare) {
                let message = format!("{} is spare: an objective cannot be about it", Quoted(name));
                self.fault(path, message, None);
            }
        }
        let team = &self.config.objective.team;
        let member = self.config.spacecraft.iter().find(|craft| craft.name == who);
        if let (true, Some(member)) = (team_is_known, member)
            && member.team != *team
        {
            let message = format!("{} is in team {}, not in {}", Quoted(who), Quoted(&member.team), Quoted(team));
            let of_team = self.config.spacecraft.iter().filter(|craft| craft.team == *team);
            let names: Vec<&str> = of_team.map(|craft| craft.name.as_str()).collect();
            self.fault(&path.field("who"), message, expected_one_of(who, &names));
        }
        // Surviving without a catch has no radius that another distance could contradict.
        let (pair, radius_m) = (pair?, radius_m?);
        if let (true, Some((least_m, _))) = (radius_is_sound, self.start_range_of(pair))
            && radius_m >= least_m
        {
            let message = format!("capture radius {radius_m} m is not below the least range at the start, {least_m} m");
            let help = Some("such an episode would be over before it begins".to_owned());
            self.fault(&radius_path, message, help);
        }
        Some((pair, radius_m))
    }

    fn inspection(&mut self, path: &Path, success: &SuccessConfig) {
        let SuccessConfig::Inspect {
            points,
            sphere_radius_m,
            share,
            complete_share,
            range_m,
            half_angle_deg,
            sun_angle_deg,
            ..
        } = success
        else {
            return;
        };
        if !(1..=MOST_POINTS).contains(&usize::from(*points)) {
            let message = format!("{points} points are outside 1 to {MOST_POINTS}");
            self.fault(&path.field("points"), message, None);
        }
        let radius = path.field("sphere_radius_m");
        let sound = self.number(&radius, "radius of the sphere", *sphere_radius_m, "m", Allowed::POSITIVE);
        let share_allowed = Allowed { greatest: 1.0, ..Allowed::POSITIVE };
        if self.number(&path.field("share"), "share", *share, "", share_allowed) {
            let allowed = Allowed { least: *share, greatest: 1.0, ..Allowed::ANY };
            self.number(&path.field("complete_share"), "complete share", *complete_share, "", allowed);
        }
        if let Some(range_m) = range_m {
            self.number(&path.field("range_m"), "range of the sensor", *range_m, "m", Allowed::POSITIVE);
        }
        if let Some(half_angle_deg) = half_angle_deg {
            let allowed = Allowed { greatest: 180.0, ..Allowed::POSITIVE };
            self.number(&path.field("half_angle_deg"), "half angle", *half_angle_deg, "°", allowed);
        }
        let allowed = Allowed { greatest: 90.0, ..Allowed::POSITIVE };
        self.number(&path.field("sun_angle_deg"), "angle of the Sun", *sun_angle_deg, "°", allowed);
        let names = success.pair();
        let slots = names.map(|name| self.config.spacecraft.iter().position(|craft| craft.name == name));
        if let [Some(a), Some(b)] = slots
            && sound
            && let Some((least_m, _)) = self.start_range_of([a.min(b), a.max(b)])
            && *sphere_radius_m >= least_m
        {
            let message =
                format!("a sphere of {sphere_radius_m} m is not below the least range at the start, {least_m} m");
            self.fault(&radius, message, None);
        }
    }

    fn station(&mut self, path: &Path, success: &SuccessConfig) {
        let SuccessConfig::Station { axis, half_angle_deg, range_m, seconds, .. } = success else { return };
        if let StationAxis::Rtn(radial, transverse, normal) = axis {
            let (axis, parts) = (path.field("axis"), [*radial, *transverse, *normal]);
            let sound = parts.iter().all(|part| self.number(&axis, "direction", *part, "", Allowed::ANY));
            if sound && parts.iter().all(|part| *part == 0.0) {
                self.fault(&axis, "the direction has no length", Some("for example `Rtn(1.0, 0.0, 0.0)`".to_owned()));
            }
        }
        let allowed = Allowed { greatest: 180.0, ..Allowed::POSITIVE };
        self.number(&path.field("half_angle_deg"), "half angle", *half_angle_deg, "°", allowed);
        let band = path.field("range_m");
        if self.number(&band.index(0), "least range", range_m.0, "m", Allowed::NOT_NEGATIVE) {
            let allowed = Allowed { least: range_m.0, least_included: false, ..Allowed::ANY };
            self.number(&band.index(1), "greatest range", range_m.1, "m", allowed);
        }
        let limit_s = self.config.timing.time_limit_s;
        let path = path.field("seconds");
        if self.number(&path, "time on station", *seconds, "s", Allowed::POSITIVE) && *seconds > limit_s {
            let message = format!("{seconds} s on station are more than the limit of {limit_s} s");
            self.fault(&path, message, None);
        }
    }

    fn failure(&mut self, path: &Path, failure: &FailureConfig, reach: Option<([usize; 2], f64)>) {
        let (FailureConfig::Escape { who, from, .. }
        | FailureConfig::KeepOut { who, from, .. }
        | FailureConfig::SpeedLimit { who, from, .. }) = failure;
        let pair = self.pair(path, ["who", "from"], [who, from]);
        let start = pair.and_then(|pair| self.start_range_of(pair));
        let goal_m = reach.filter(|(of, _)| Some(*of) == pair).map(|(_, radius_m)| radius_m);
        match failure {
            FailureConfig::Escape { range_m, .. } => {
                let path = path.field("range_m");
                if !self.number(&path, "escape range", *range_m, "m", Allowed::POSITIVE) {
                    return;
                }
                if let Some((_, greatest_m)) = start.filter(|(_, greatest_m)| range_m <= greatest_m) {
                    let message = format!(
                        "escape range {range_m} m is not above the greatest range at the start, {greatest_m} m"
                    );
                    self.fault(&path, message, None);
                } else if let Some(goal_m) = goal_m.filter(|goal_m| range_m <= goal_m) {
                    let message = format!("escape range {range_m} m is not above the capture radius, {goal_m} m");
                    self.fault(&path, message, None);
                }
            }
            FailureConfig::KeepOut { radius_m, .. } => {
                let path = path.field("radius_m");
                if !self.number(&path, "keep-out radius", *radius_m, "m", Allowed::POSITIVE) {
                    return;
                }
                if let Some((least_m, _)) = start.filter(|(least_m, _)| radius_m >= least_m) {
                    let message =
                        format!("keep-out radius {radius_m} m is not below the least range at the start, {least_m} m");
                    self.fault(&path, message, None);
                } else if let Some(goal_m) = goal_m.filter(|goal_m| radius_m >= goal_m) {
                    let message = format!(
                        "keep-out radius {radius_m} m is not below the capture radius of the same two, {goal_m} m"
                    );
                    self.fault(&path, message, Some("the goal could not be reached".to_owned()));
                }
            }
            FailureConfig::SpeedLimit { floor_m_s, slope_per_s, offset_m, margin_m_s, .. } => {
                let mut sound = true;
                for (field, what, value, unit) in [
                    ("floor_m_s", "speed limit", floor_m_s, "m/s"),
                    ("slope_per_s", "slope of the speed limit", slope_per_s, "1/s"),
                    ("offset_m", "offset of the speed limit", offset_m, "m"),
                    ("margin_m_s", "margin of the speed limit", margin_m_s, "m/s"),
                ] {
                    sound &= self.number(&path.field(field), what, *value, unit, Allowed::NOT_NEGATIVE);
                }
                let (Some((least_m, _)), Some(speed_m_s)) = (start, pair.and_then(|pair| self.start_speed_of(pair)))
                else {
                    return;
                };
                let allowed_m_s = floor_m_s + slope_per_s * (least_m - offset_m) + margin_m_s;
                if sound && speed_m_s > allowed_m_s {
                    let message = format!(
                        "a start at {speed_m_s} m/s and {least_m} m breaks the speed limit and its margin, {allowed_m_s:.3} m/s \
                         there"
                    );
                    self.fault(path, message, None);
                }
            }
        }
    }

    /// The slots of two names, lower first; faults at `fields` of `path` where they are unknown or the same.
    fn pair(&mut self, path: &Path, fields: [&str; 2], names: [&str; 2]) -> Option<[usize; 2]> {
        let first = self.slot(&path.field(fields[0]), names[0]);
        let second = self.slot(&path.field(fields[1]), names[1]);
        let (first, second) = (first?, second?);
        if first == second {
            let message = format!("`{}` and `{}` are both {}", fields[0], fields[1], Quoted(names[0]));
            let others: Vec<&str> = self.names().into_iter().filter(|name| *name != names[0]).collect();
            let help = (!others.is_empty()).then(|| format!("other spacecraft: {}", listed(&others)));
            self.fault(&path.field(fields[1]), message, help);
            return None;
        }
        Some([first.min(second), first.max(second)])
    }

    /// Least and greatest distance of two spacecraft at the start [m], where one starts relative to the other.
    fn start_range_of(&self, [earlier, later]: [usize; 2]) -> Option<(f64, f64)> {
        let fleet = &self.config.spacecraft;
        let orbit = &fleet[later].orbit;
        let bounds = (reference(orbit) == Some(&fleet[earlier].name)).then(|| start_range_m(orbit)).flatten()?;
        (bounds.0.is_finite() && bounds.1.is_finite()).then_some(bounds)
    }

    /// Greatest relative speed of two spacecraft at the start [m/s], where one starts from rest relative to the other.
    fn start_speed_of(&self, [_, later]: [usize; 2]) -> Option<f64> {
        match &self.config.spacecraft[later].orbit {
            OrbitConfig::RtnShell { base_velocity: BaseVelocity::Rest, speed_m_s, .. } => Some(speed_m_s.bounds().1),
            _ => None,
        }
    }
}
