//! What an episode is lost by without anything coming near: a link, a focal plane, the command of the spacecraft.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Outcome;
use super::bus::{Bus, Systems};
use super::emission::Band;

/// A harm to the systems of a slot that ends the episode against the objective's team.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Harm {
    /// The slot; it has a bus.
    pub slot: usize,
    /// What must not happen to it.
    pub limit: HarmLimit,
}

/// What must not happen to the systems of a spacecraft; each is looked at at the end of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum HarmLimit {
    /// A link being below its need for longer, in all [s]; fading counts as jamming does.
    LinkLost {
        /// The link.
        link: Band,
        /// Time [s].
        seconds: f64,
    },
    /// More laser light through the open shutter [J/m²].
    Dazzled {
        /// Fluence [J/m²].
        dose_j_m2: f64,
    },
    /// As many false commands having been executed.
    Commanded {
        /// How many.
        commands: u32,
    },
    /// The navigation solution being further from the ephemeris [m].
    Misled {
        /// Distance [m].
        offset_m: f64,
    },
}

impl HarmLimit {
    /// How the episode ends if the limit is passed by these systems.
    fn outcome(self, systems: &Systems) -> Option<Outcome> {
        let (is_passed, outcome) = match self {
            Self::LinkLost { link, seconds } => (systems.links.of(link).lost_s > seconds, Outcome::LinkLost),
            Self::Dazzled { dose_j_m2 } => (systems.payload.dose_j_m2 > dose_j_m2, Outcome::Dazzled),
            Self::Commanded { commands } => (systems.commanding.unauthorised >= commands, Outcome::Commanded),
            Self::Misled { offset_m } => (systems.navigation.off_ephemeris_m > offset_m, Outcome::Misled),
        };
        is_passed.then_some(outcome)
    }

    /// The fault of its number, as (field, what is wrong).
    #[must_use]
    pub fn fault(self) -> Option<(&'static str, String)> {
        let (field, value) = match self {
            Self::LinkLost { seconds, .. } => ("seconds", seconds),
            Self::Dazzled { dose_j_m2 } => ("dose_j_m2", dose_j_m2),
            Self::Commanded { commands } => ("commands", f64::from(commands)),
            Self::Misled { offset_m } => ("offset_m", offset_m),
        };
        (!(value > 0.0 && value.is_finite())).then(|| (field, format!("{value} is not a positive, finite number")))
    }
}

/// How an episode ends by what its spacecraft have suffered so far, if it does; the first harm of the list counts.
pub(super) fn outcome(harms: &[Harm], buses: &[Bus]) -> Option<Outcome> {
    harms.iter().find_map(|harm| harm.limit.outcome(buses[harm.slot].0.as_ref()?))
}
