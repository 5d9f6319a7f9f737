//! The 12 classes of what an object does to a spacecraft; their order is the index that networks, files and the API use.

use serde::{Deserialize, Serialize};

/// What an object is doing; intent is not observable, behaviour is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreatClass {
    /// Keeps its own station: small burns along track and out of plane now and then.
    #[default]
    Nominal,
    /// Crosses the orbit without control.
    Conjunction,
    /// Circles nearby on a bounded relative ellipse.
    Inspection,
    /// Holds a station beside us, and answers our burns.
    Shadowing,
    /// Steers for impact.
    KineticIntercept,
    /// Drowns the commands that we are sent.
    UplinkJamming,
    /// Drowns what we send down, or the navigation signals that we receive.
    DownlinkJamming,
    /// Blinds our focal plane.
    LaserDazzle,
    /// Sends us commands, or false navigation signals.
    CyberSpoofing,
    /// Closes slowly, to take hold.
    Grapple,
    /// Releases a child.
    SubsatelliteRelease,
    /// Breaks up.
    Fragmentation,
}

impl ThreatClass {
    /// All classes, in order.
    pub const ALL: [Self; 12] = [
        Self::Nominal,
        Self::Conjunction,
        Self::Inspection,
        Self::Shadowing,
        Self::KineticIntercept,
        Self::UplinkJamming,
        Self::DownlinkJamming,
        Self::LaserDazzle,
        Self::CyberSpoofing,
        Self::Grapple,
        Self::SubsatelliteRelease,
        Self::Fragmentation,
    ];

    /// Index in [`ThreatClass::ALL`], 0 to 11.
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// Whether it works at a distance, so that it is in force whatever object one looks at.
    #[must_use]
    pub fn acts_from_afar(self) -> bool {
        matches!(self, Self::UplinkJamming | Self::DownlinkJamming | Self::LaserDazzle | Self::CyberSpoofing)
    }

    /// The name by which files and tables call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nominal => "nominal",
            Self::Conjunction => "conjunction",
            Self::Inspection => "inspection",
            Self::Shadowing => "shadowing",
            Self::KineticIntercept => "kinetic_intercept",
            Self::UplinkJamming => "uplink_jamming",
            Self::DownlinkJamming => "downlink_jamming",
            Self::LaserDazzle => "laser_dazzle",
            Self::CyberSpoofing => "cyber_spoofing",
            Self::Grapple => "grapple",
            Self::SubsatelliteRelease => "subsatellite_release",
            Self::Fragmentation => "fragmentation",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_and_name_follow_the_order() {
        for (index, class) in ThreatClass::ALL.into_iter().enumerate() {
            assert_eq!(class.index(), index);
            assert_eq!(serde_json::to_value(class).expect("plain"), class.name());
        }
    }
}
