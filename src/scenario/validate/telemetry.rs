//! Faults of the telemetry block: who observes, and whether it can.

use super::Check;
use crate::scenario::error::Quoted;
use crate::scenario::spans::Path;
use crate::sim::config::OrbitConfig;
use crate::telemetry::config::TelemetryRole;

/// An hour: what is later is history.
const GREATEST_LATENCY_S: f64 = 3_600.0;

impl Check<'_> {
    pub(super) fn telemetry(&mut self) {
        let Some(telemetry) = &self.config.telemetry else { return };
        let path = Path::root().field("telemetry").field("observer");
        if telemetry.role != TelemetryRole::Training && !telemetry.further_tests.is_empty() {
            let message =
                format!("a scenario that is {} is a test itself, and names no further ones", telemetry.role.name());
            self.fault(&Path::root().field("telemetry").field("further_tests"), message, None);
        }
        if self.is_relative() {
            let help = "use the tier `Standard`: orbits and their differences are told of motion about the Earth";
            let message = "telemetry is not recorded in the relative tier, which has no Earth";
            self.fault(&Path::root().field("telemetry"), message, Some(help.to_owned()));
        }
        if let Some(fault) = telemetry.latency_s.fault_outside(0.0, GREATEST_LATENCY_S) {
            self.fault(&Path::root().field("telemetry").field("latency_s"), fault, None);
        }
        let Some(slot) = self.slot(&path, &telemetry.observer) else { return };
        let (craft, observer) = (&self.config.spacecraft[slot], Quoted(&telemetry.observer));
        if craft.sensing.is_perfect() {
            let message = format!("{observer} has no sensors: it keeps no tracks that could be recorded");
            let help = "give it `sensing: Sensors(sensors: [Radar(), Optical()])`, or name a spacecraft that has them";
            self.fault(&path, message, Some(help.to_owned()));
        }
        if craft.orbit == OrbitConfig::Spare {
            self.fault(&path, format!("{observer} is spare: it is not there to observe"), None);
        }
        for cast in &self.config.casts {
            let focus = [&cast.focus, &cast.focus_before_onset];
            if cast.absent.contains(&telemetry.observer) {
                let message = format!("{observer} is absent in the cast {}", Quoted(&cast.name));
                self.fault(&path, message, None);
            } else if focus.into_iter().flatten().any(|focus| *focus == telemetry.observer) {
                let message =
                    format!("{observer} would watch itself: it is in focus in the cast {}", Quoted(&cast.name));
                self.fault(&path, message, Some("put another spacecraft into focus".to_owned()));
            }
        }
    }
}
