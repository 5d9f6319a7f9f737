//! The keywords of a conjunction data message, in the order of the standard.

/// What the value of a keyword is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// One of these words, in the standard's capitals.
    Choice(&'static [&'static str]),
    /// A UTC instant.
    Instant,
    /// A number, with this unit in brackets where it has one.
    Number(Option<&'static str>),
}

/// The part of a message that a keyword belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Header, and the data about both objects together.
    Relative,
    /// One object's metadata, orbit determination, state and covariance.
    Object,
}

/// One keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keyword {
    /// As it is written.
    pub name: &'static str,
    /// Where it belongs.
    pub section: Section,
    /// What its value is.
    pub kind: Kind,
    /// How much is lost where it is missing.
    pub need: Need,
}

/// How much a message lacks without a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Optional,
    /// What the standard wants, but nothing that is computed with: a warning.
    Standard,
    /// The message says nothing without it: an error.
    Essential,
}

const TEXT: Kind = Kind::Text;
const INSTANT: Kind = Kind::Instant;
const COUNT: Kind = Kind::Number(None);
const YES_NO: Kind = Kind::Choice(&["YES", "NO"]);

const fn unit(unit: &'static str) -> Kind {
    Kind::Number(Some(unit))
}

macro_rules! keywords {
    ($($section:ident { $($name:literal $kind:expr, $need:ident;)* })*) => {
        /// All keywords. Source: CCSDS 508.0-B-1, tables 3-1 to 3-4, and `HBR`, which issue 2 adds to an object.
        pub const KEYWORDS: &[Keyword] = &[$($(Keyword {
            name: $name, section: Section::$section, kind: $kind, need: Need::$need,
        },)*)*];
    };
}

keywords! {
    Relative {
        "CCSDS_CDM_VERS" TEXT, Essential;
        "CREATION_DATE" INSTANT, Standard;
        "ORIGINATOR" TEXT, Standard;
        "MESSAGE_FOR" TEXT, Optional;
        "MESSAGE_ID" TEXT, Standard;
        "TCA" INSTANT, Essential;
        "MISS_DISTANCE" unit("m"), Standard;
        "RELATIVE_SPEED" unit("m/s"), Optional;
        "RELATIVE_POSITION_R" unit("m"), Optional;
        "RELATIVE_POSITION_T" unit("m"), Optional;
        "RELATIVE_POSITION_N" unit("m"), Optional;
        "RELATIVE_VELOCITY_R" unit("m/s"), Optional;
        "RELATIVE_VELOCITY_T" unit("m/s"), Optional;
        "RELATIVE_VELOCITY_N" unit("m/s"), Optional;
        "START_SCREEN_PERIOD" INSTANT, Optional;
        "STOP_SCREEN_PERIOD" INSTANT, Optional;
        "SCREEN_VOLUME_FRAME" Kind::Choice(&["RTN", "TVN"]), Optional;
        "SCREEN_VOLUME_SHAPE" Kind::Choice(&["ELLIPSOID", "BOX"]), Optional;
        "SCREEN_VOLUME_X" unit("m"), Optional;
        "SCREEN_VOLUME_Y" unit("m"), Optional;
        "SCREEN_VOLUME_Z" unit("m"), Optional;
        "SCREEN_ENTRY_TIME" INSTANT, Optional;
        "SCREEN_EXIT_TIME" INSTANT, Optional;
        "COLLISION_PROBABILITY" COUNT, Optional;
        "COLLISION_PROBABILITY_METHOD" TEXT, Optional;
    }
    Object {
        "OBJECT" Kind::Choice(&["OBJECT1", "OBJECT2"]), Essential;
        "OBJECT_DESIGNATOR" TEXT, Standard;
        "CATALOG_NAME" TEXT, Standard;
        "OBJECT_NAME" TEXT, Standard;
        "INTERNATIONAL_DESIGNATOR" TEXT, Standard;
        "OBJECT_TYPE" TEXT, Optional;
        "OPERATOR_CONTACT_POSITION" TEXT, Optional;
        "OPERATOR_ORGANIZATION" TEXT, Optional;
        "OPERATOR_PHONE" TEXT, Optional;
        "OPERATOR_EMAIL" TEXT, Optional;
        "EPHEMERIS_NAME" TEXT, Standard;
        "COVARIANCE_METHOD" TEXT, Standard;
        "MANEUVERABLE" Kind::Choice(&["YES", "NO", "N/A"]), Standard;
        "ORBIT_CENTER" TEXT, Optional;
        "REF_FRAME" TEXT, Essential;
        "GRAVITY_MODEL" TEXT, Optional;
        "ATMOSPHERIC_MODEL" TEXT, Optional;
        "N_BODY_PERTURBATIONS" TEXT, Optional;
        "SOLAR_RAD_PRESSURE" YES_NO, Optional;
        "EARTH_TIDES" YES_NO, Optional;
        "INTRACK_THRUST" YES_NO, Optional;
        "TIME_LASTOB_START" INSTANT, Optional;
        "TIME_LASTOB_END" INSTANT, Optional;
        "RECOMMENDED_OD_SPAN" unit("d"), Optional;
        "ACTUAL_OD_SPAN" unit("d"), Optional;
        "OBS_AVAILABLE" COUNT, Optional;
        "OBS_USED" COUNT, Optional;
        "TRACKS_AVAILABLE" COUNT, Optional;
        "TRACKS_USED" COUNT, Optional;
        "RESIDUALS_ACCEPTED" unit("%"), Optional;
        "WEIGHTED_RMS" COUNT, Optional;
        "AREA_PC" unit("m**2"), Optional;
        "AREA_DRG" unit("m**2"), Optional;
        "AREA_SRP" unit("m**2"), Optional;
        "HBR" unit("m"), Optional;
        "MASS" unit("kg"), Optional;
        "CD_AREA_OVER_MASS" unit("m**2/kg"), Optional;
        "CR_AREA_OVER_MASS" unit("m**2/kg"), Optional;
        "THRUST_ACCELERATION" unit("m/s**2"), Optional;
        "SEDR" unit("W/kg"), Optional;
        "X" unit("km"), Essential;
        "Y" unit("km"), Essential;
        "Z" unit("km"), Essential;
        "X_DOT" unit("km/s"), Essential;
        "Y_DOT" unit("km/s"), Essential;
        "Z_DOT" unit("km/s"), Essential;
        "CR_R" unit("m**2"), Standard;
        "CT_R" unit("m**2"), Standard;
        "CT_T" unit("m**2"), Standard;
        "CN_R" unit("m**2"), Standard;
        "CN_T" unit("m**2"), Standard;
        "CN_N" unit("m**2"), Standard;
        "CRDOT_R" unit("m**2/s"), Standard;
        "CRDOT_T" unit("m**2/s"), Standard;
        "CRDOT_N" unit("m**2/s"), Standard;
        "CRDOT_RDOT" unit("m**2/s**2"), Standard;
        "CTDOT_R" unit("m**2/s"), Standard;
        "CTDOT_T" unit("m**2/s"), Standard;
        "CTDOT_N" unit("m**2/s"), Standard;
        "CTDOT_RDOT" unit("m**2/s**2"), Standard;
        "CTDOT_TDOT" unit("m**2/s**2"), Standard;
        "CNDOT_R" unit("m**2/s"), Standard;
        "CNDOT_T" unit("m**2/s"), Standard;
        "CNDOT_N" unit("m**2/s"), Standard;
        "CNDOT_RDOT" unit("m**2/s**2"), Standard;
        "CNDOT_TDOT" unit("m**2/s**2"), Standard;
        "CNDOT_NDOT" unit("m**2/s**2"), Standard;
        "CDRG_R" unit("m**3/kg"), Optional;
        "CDRG_T" unit("m**3/kg"), Optional;
        "CDRG_N" unit("m**3/kg"), Optional;
        "CDRG_RDOT" unit("m**3/(kg*s)"), Optional;
        "CDRG_TDOT" unit("m**3/(kg*s)"), Optional;
        "CDRG_NDOT" unit("m**3/(kg*s)"), Optional;
        "CDRG_DRG" unit("m**4/kg**2"), Optional;
        "CSRP_R" unit("m**3/kg"), Optional;
        "CSRP_T" unit("m**3/kg"), Optional;
        "CSRP_N" unit("m**3/kg"), Optional;
        "CSRP_RDOT" unit("m**3/(kg*s)"), Optional;
        "CSRP_TDOT" unit("m**3/(kg*s)"), Optional;
        "CSRP_NDOT" unit("m**3/(kg*s)"), Optional;
        "CSRP_DRG" unit("m**4/kg**2"), Optional;
        "CSRP_SRP" unit("m**4/kg**2"), Optional;
        "CTHR_R" unit("m**2/s**2"), Optional;
        "CTHR_T" unit("m**2/s**2"), Optional;
        "CTHR_N" unit("m**2/s**2"), Optional;
        "CTHR_RDOT" unit("m**2/s**3"), Optional;
        "CTHR_TDOT" unit("m**2/s**3"), Optional;
        "CTHR_NDOT" unit("m**2/s**3"), Optional;
        "CTHR_DRG" unit("m**3/(kg*s**2)"), Optional;
        "CTHR_SRP" unit("m**3/(kg*s**2)"), Optional;
        "CTHR_THR" unit("m**2/s**4"), Optional;
    }
}

/// Keywords of the state [km, km/s], in the order of its components.
pub const STATE: [&str; 6] = ["X", "Y", "Z", "X_DOT", "Y_DOT", "Z_DOT"];

/// Names of the components of the RTN covariance.
const COMPONENTS: [&str; 6] = ["R", "T", "N", "RDOT", "TDOT", "NDOT"];

/// The keyword of the covariance's entry at `row` and `column` (both below 6, in either order): `CT_R`, `CNDOT_TDOT`.
#[must_use]
pub fn covariance_keyword(row: usize, column: usize) -> String {
    format!("C{}_{}", COMPONENTS[row.max(column)], COMPONENTS[row.min(column)])
}

/// Whether the state or the covariance of position and velocity is made of this keyword: what is computed with.
#[must_use]
pub fn is_computed_with(name: &str) -> bool {
    let is_covariance = (0..6).any(|row| (0..=row).any(|column| covariance_keyword(row, column) == name));
    is_covariance || STATE.contains(&name) || name == "HBR"
}

/// The keyword of this name, and its place in the standard's order.
#[must_use]
pub fn find(name: &str) -> Option<(usize, &'static Keyword)> {
    KEYWORDS.iter().enumerate().find(|(_, keyword)| keyword.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_stands_once_and_the_covariance_is_whole() {
        for (index, keyword) in KEYWORDS.iter().enumerate() {
            assert_eq!(find(keyword.name), Some((index, keyword)), "{} stands twice", keyword.name);
        }
        let entries: Vec<_> =
            (0..6).flat_map(|row| (0..=row).map(move |column| covariance_keyword(row, column))).collect();
        assert_eq!(entries.len(), 21);
        assert!(entries.iter().all(|name| find(name).is_some_and(|(_, keyword)| keyword.need == Need::Standard)));
        assert_eq!((covariance_keyword(1, 0).as_str(), covariance_keyword(4, 5).as_str()), ("CT_R", "CNDOT_TDOT"));
    }
}
