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
/// Unnormalised zonal harmonic J5 [-]: -√11 × C̄50 of JGM-3, C̄50 = 6.86589879865e-8.
pub const EARTH_J5: f64 = -3.316_624_790_355_4 * 6.865_898_798_65e-8;
/// Unnormalised zonal harmonic J6 [-]: -√13 × C̄60 of JGM-3, C̄60 = -1.49671561786e-7.
pub const EARTH_J6: f64 = 3.605_551_275_463_989 * 1.496_715_617_86e-7;
/// J2 to J6 [-], JGM-3.
pub const EARTH_ZONALS: [f64; 5] = [EARTH_J2, EARTH_J3, EARTH_J4, EARTH_J5, EARTH_J6];
/// Rotation rate of the Earth [rad/s]. Source: WGS-84.
pub const EARTH_ROTATION_RAD_S: f64 = 7.292_115e-5;
/// Gravitational parameter of the Sun [m³/s²]. Source: JPL DE430 (TDB-compatible).
pub const SUN_MU_M3_S2: f64 = 1.327_124_400_419_39e20;
/// Gravitational parameter of the Moon [m³/s²]. Source: JPL DE430.
pub const MOON_MU_M3_S2: f64 = 4.902_800_066e12;
/// Radius of the Sun's visible disc [m]. Source: IAU 1976; Montenbruck and Gill, Satellite Orbits, section 3.4.2, have 696 000 km.
pub const SUN_RADIUS_M: f64 = 6.96e8;
/// Pressure of sunlight at one astronomical unit [N/m²]: 1367 W/m² over the speed of light, 299 792 458 m/s.
///
/// Source: Montenbruck and Gill, Satellite Orbits, eq. 3.69 (4.56e-6 N/m²). Radiometers since 2003 measure 1361 W/m², 0.4 % less.
pub const SOLAR_PRESSURE_N_M2: f64 = 1_367.0 / 299_792_458.0;
/// Standard gravity [m/s²], by which a specific impulse in seconds is defined. Source: 3rd CGPM, 1901.
pub const STANDARD_GRAVITY_M_S2: f64 = 9.806_65;
/// Astronomical unit [m]. Source: IAU 2012 Resolution B2.
pub const ASTRONOMICAL_UNIT_M: f64 = 149_597_870_700.0;
/// Obliquity of the ecliptic at J2000 [rad]: 84381.406″. Source: IAU 2006 precession.
pub const OBLIQUITY_J2000_RAD: f64 = 84_381.406 * std::f64::consts::PI / (180.0 * 3600.0);
/// Speed of light in vacuum [m/s], exact.
pub const SPEED_OF_LIGHT_M_S: f64 = 299_792_458.0;
/// Seconds in a Julian day.
pub const SECONDS_PER_DAY: f64 = 86_400.0;
/// Julian date of J2000.0 (TT).
pub const JULIAN_DATE_J2000: f64 = 2_451_545.0;
