//! Constants of nature and of the Earth, each with its source.

/// Gravitational parameter of the Earth [m³/s²]. Source: JGM-3 (Tapley et al., 1996).
pub const EARTH_MU_M3_S2: f64 = 3.986_004_415e14;
/// Equatorial radius of the Earth [m]. Source: JGM-3 (Tapley et al., 1996).
pub const EARTH_RADIUS_M: f64 = 6_378_136.3;
/// Unnormalised zonal harmonic J2 [-]: -√5 × C̄20 of JGM-3, C̄20 = -4.84169548456e-4.
pub const EARTH_J2: f64 = 2.236_067_977_499_79 * 4.841_695_484_56e-4;
/// Unnormalised zonal harmonic J3 [-]: -√7 × C̄30 of JGM-3, C̄30 = 9.57170590888e-7.
pub const EARTH_J3: f64 = -2.645_751_311_064_590_7 * 9.571_705_908_88e-7;
/// Unnormalised zonal harmonic J4 [-]: -3 × C̄40 of JGM-3, C̄40 = 5.39777068357e-7.
pub const EARTH_J4: f64 = -3.0 * 5.397_770_683_57e-7;
/// Standard gravity [m/s²], by which a specific impulse in seconds is defined. Source: 3rd CGPM, 1901.
pub const STANDARD_GRAVITY_M_S2: f64 = 9.806_65;
/// Astronomical unit [m]. Source: IAU 2012 Resolution B2.
pub const ASTRONOMICAL_UNIT_M: f64 = 149_597_870_700.0;
/// Obliquity of the ecliptic at J2000 [rad]: 84381.406″. Source: IAU 2006 precession.
pub const OBLIQUITY_J2000_RAD: f64 = 84_381.406 * std::f64::consts::PI / (180.0 * 3600.0);
/// Seconds in a Julian day.
pub const SECONDS_PER_DAY: f64 = 86_400.0;
/// Julian date of J2000.0 (TT).
pub const JULIAN_DATE_J2000: f64 = 2_451_545.0;
