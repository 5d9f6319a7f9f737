//! The Moon's place, by an analytic series.

use super::constants::JULIAN_DATE_J2000;
use super::{Vector3, teme};

/// Terms in longitude and distance: multiples of (D, M, M′, F); the sine's amplitude in longitude [1e-6 deg] and the cosine's
/// in distance [m]. Source: Meeus, Astronomical Algorithms, 2nd ed., table 47.A.
#[rustfmt::skip]
const LONGITUDE_AND_DISTANCE: [([i8; 4], [f64; 2]); 60] = [
    ([ 0,  0,  1,  0], [6_288_774.0, -20_905_355.0]), ([ 2,  0, -1,  0], [1_274_027.0, -3_699_111.0]),
    ([ 2,  0,  0,  0], [658_314.0, -2_955_968.0]),    ([ 0,  0,  2,  0], [213_618.0, -569_925.0]),
    ([ 0,  1,  0,  0], [-185_116.0, 48_888.0]),       ([ 0,  0,  0,  2], [-114_332.0, -3_149.0]),
    ([ 2,  0, -2,  0], [58_793.0, 246_158.0]),        ([ 2, -1, -1,  0], [57_066.0, -152_138.0]),
    ([ 2,  0,  1,  0], [53_322.0, -170_733.0]),       ([ 2, -1,  0,  0], [45_758.0, -204_586.0]),
    ([ 0,  1, -1,  0], [-40_923.0, -129_620.0]),      ([ 1,  0,  0,  0], [-34_720.0, 108_743.0]),
    ([ 0,  1,  1,  0], [-30_383.0, 104_755.0]),       ([ 2,  0,  0, -2], [15_327.0, 10_321.0]),
    ([ 0,  0,  1,  2], [-12_528.0, 0.0]),             ([ 0,  0,  1, -2], [10_980.0, 79_661.0]),
    ([ 4,  0, -1,  0], [10_675.0, -34_782.0]),        ([ 0,  0,  3,  0], [10_034.0, -23_210.0]),
    ([ 4,  0, -2,  0], [8_548.0, -21_636.0]),         ([ 2,  1, -1,  0], [-7_888.0, 24_208.0]),
    ([ 2,  1,  0,  0], [-6_766.0, 30_824.0]),         ([ 1,  0, -1,  0], [-5_163.0, -8_379.0]),
    ([ 1,  1,  0,  0], [4_987.0, -16_675.0]),         ([ 2, -1,  1,  0], [4_036.0, -12_831.0]),
    ([ 2,  0,  2,  0], [3_994.0, -10_445.0]),         ([ 4,  0,  0,  0], [3_861.0, -11_650.0]),
    ([ 2,  0, -3,  0], [3_665.0, 14_403.0]),          ([ 0,  1, -2,  0], [-2_689.0, -7_003.0]),
    ([ 2,  0, -1,  2], [-2_602.0, 0.0]),              ([ 2, -1, -2,  0], [2_390.0, 10_056.0]),
    ([ 1,  0,  1,  0], [-2_348.0, 6_322.0]),          ([ 2, -2,  0,  0], [2_236.0, -9_884.0]),
    ([ 0,  1,  2,  0], [-2_120.0, 5_751.0]),          ([ 0,  2,  0,  0], [-2_069.0, 0.0]),
    ([ 2, -2, -1,  0], [2_048.0, -4_950.0]),          ([ 2,  0,  1, -2], [-1_773.0, 4_130.0]),
    ([ 2,  0,  0,  2], [-1_595.0, 0.0]),              ([ 4, -1, -1,  0], [1_215.0, -3_958.0]),
    ([ 0,  0,  2,  2], [-1_110.0, 0.0]),              ([ 3,  0, -1,  0], [-892.0, 3_258.0]),
    ([ 2,  1,  1,  0], [-810.0, 2_616.0]),            ([ 4, -1, -2,  0], [759.0, -1_897.0]),
    ([ 0,  2, -1,  0], [-713.0, -2_117.0]),           ([ 2,  2, -1,  0], [-700.0, 2_354.0]),
    ([ 2,  1, -2,  0], [691.0, 0.0]),                 ([ 2, -1,  0, -2], [596.0, 0.0]),
    ([ 4,  0,  1,  0], [549.0, -1_423.0]),            ([ 0,  0,  4,  0], [537.0, -1_117.0]),
    ([ 4, -1,  0,  0], [520.0, -1_571.0]),            ([ 1,  0, -2,  0], [-487.0, -1_739.0]),
    ([ 2,  1,  0, -2], [-399.0, 0.0]),                ([ 0,  0,  2, -2], [-381.0, -4_421.0]),
    ([ 1,  1,  1,  0], [351.0, 0.0]),                 ([ 3,  0, -2,  0], [-340.0, 0.0]),
    ([ 4,  0, -3,  0], [330.0, 0.0]),                 ([ 2, -1,  2,  0], [327.0, 0.0]),
    ([ 0,  2,  1,  0], [-323.0, 1_165.0]),            ([ 1,  1, -1,  0], [299.0, 0.0]),
    ([ 2,  0,  3,  0], [294.0, 0.0]),                 ([ 2,  0, -1, -2], [0.0, 8_752.0]),
];

/// Terms in latitude: multiples of (D, M, M′, F) and the sine's amplitude [1e-6 deg].
/// Source: Meeus, Astronomical Algorithms, 2nd ed., table 47.B.
#[rustfmt::skip]
const LATITUDE: [([i8; 4], f64); 60] = [
    ([ 0,  0,  0,  1], 5_128_122.0), ([ 0,  0,  1,  1], 280_602.0),   ([ 0,  0,  1, -1], 277_693.0),
    ([ 2,  0,  0, -1], 173_237.0),   ([ 2,  0, -1,  1], 55_413.0),    ([ 2,  0, -1, -1], 46_271.0),
    ([ 2,  0,  0,  1], 32_573.0),    ([ 0,  0,  2,  1], 17_198.0),    ([ 2,  0,  1, -1], 9_266.0),
    ([ 0,  0,  2, -1], 8_822.0),     ([ 2, -1,  0, -1], 8_216.0),     ([ 2,  0, -2, -1], 4_324.0),
    ([ 2,  0,  1,  1], 4_200.0),     ([ 2,  1,  0, -1], -3_359.0),    ([ 2, -1, -1,  1], 2_463.0),
    ([ 2, -1,  0,  1], 2_211.0),     ([ 2, -1, -1, -1], 2_065.0),     ([ 0,  1, -1, -1], -1_870.0),
    ([ 4,  0, -1, -1], 1_828.0),     ([ 0,  1,  0,  1], -1_794.0),    ([ 0,  0,  0,  3], -1_749.0),
    ([ 0,  1, -1,  1], -1_565.0),    ([ 1,  0,  0,  1], -1_491.0),    ([ 0,  1,  1,  1], -1_475.0),
    ([ 0,  1,  1, -1], -1_410.0),    ([ 0,  1,  0, -1], -1_344.0),    ([ 1,  0,  0, -1], -1_335.0),
    ([ 0,  0,  3,  1], 1_107.0),     ([ 4,  0,  0, -1], 1_021.0),     ([ 4,  0, -1,  1], 833.0),
    ([ 0,  0,  1, -3], 777.0),       ([ 4,  0, -2,  1], 671.0),       ([ 2,  0,  0, -3], 607.0),
    ([ 2,  0,  2, -1], 596.0),       ([ 2, -1,  1, -1], 491.0),       ([ 2,  0, -2,  1], -451.0),
    ([ 0,  0,  3, -1], 439.0),       ([ 2,  0,  2,  1], 422.0),       ([ 2,  0, -3, -1], 421.0),
    ([ 2,  1, -1,  1], -366.0),      ([ 2,  1,  0,  1], -351.0),      ([ 4,  0,  0,  1], 331.0),
    ([ 2, -1,  1,  1], 315.0),       ([ 2, -2,  0, -1], 302.0),       ([ 0,  0,  1,  3], -283.0),
    ([ 2,  1,  1, -1], -229.0),      ([ 1,  1,  0, -1], 223.0),       ([ 1,  1,  0,  1], 223.0),
    ([ 0,  1, -2, -1], -220.0),      ([ 2,  1, -1, -1], -220.0),      ([ 1,  0,  1,  1], -185.0),
    ([ 2, -1, -2, -1], 181.0),       ([ 0,  1,  2,  1], -177.0),      ([ 4,  0, -2, -1], 176.0),
    ([ 4, -1, -1, -1], 166.0),       ([ 1,  0,  1, -1], -164.0),      ([ 4,  0,  1, -1], 132.0),
    ([ 1,  0, -1, -1], -119.0),      ([ 4, -1,  0, -1], 115.0),       ([ 2, -2,  0,  1], 107.0),
];

/// Mean distance of the series [m].
const MEAN_DISTANCE_M: f64 = 385_000_560.0;

/// Position of the Moon from the Earth's centre [m], in GCRF.
///
/// `julian_date_tt`: TT; a minute moves the Moon by 60 km. Meeus's short form of the lunar theory ELP-2000/82 in the mean
/// ecliptic and equinox of date, brought to J2000 by IAU-76 precession; the frame bias (0.02″) and light time are left out.
/// Good to 20″ and 35 km from 1950 to 2100 (3″ and 6 km in the mean; the lunar theory ELP/MPP02 is the measure), which moves
/// the Moon's pull on a satellite by 1e-4 of itself.
/// Source: Meeus, Astronomical Algorithms, 2nd ed., chapter 47, after Chapront-Touzé and Chapront.
#[must_use]
pub fn position_gcrf_m(julian_date_tt: f64) -> Vector3 {
    let t = (julian_date_tt - JULIAN_DATE_J2000) / 36_525.0;
    let degrees = |constant: f64, rate: f64, square: f64, cube: f64| {
        (constant + t * (rate + t * (square + t * cube))).rem_euclid(360.0).to_radians()
    };
    let mean_longitude_rad = degrees(218.316_447_7, 481_267.881_234_21, -0.001_578_6, 1.0 / 538_841.0);
    // D, M, M′, F: elongation from the Sun, anomalies of the Sun and of the Moon, distance from the ascending node.
    let arguments = [
        degrees(297.850_192_1, 445_267.111_403_4, -0.001_881_9, 1.0 / 545_868.0),
        degrees(357.529_109_2, 35_999.050_290_9, -0.000_153_6, 1.0 / 24_490_000.0),
        degrees(134.963_396_4, 477_198.867_505_5, 0.008_741_4, 1.0 / 69_699.0),
        degrees(93.272_095_0, 483_202.017_523_3, -0.003_653_9, -1.0 / 3_526_000.0),
    ];
    // By Venus, by Jupiter, by the flattening of the Earth.
    let venus_rad = degrees(119.75, 131.849, 0.0, 0.0);
    let jupiter_rad = degrees(53.09, 479_264.290, 0.0, 0.0);
    let flattening_rad = degrees(313.45, 481_266.484, 0.0, 0.0);
    // What the Earth's orbit loses of its eccentricity shrinks the terms with M.
    let eccentricity = 1.0 - t * (0.002_516 + t * 0.000_007_4);
    let term = |multiples: &[i8; 4]| {
        let angle_rad: f64 =
            multiples.iter().zip(arguments).map(|(multiple, argument)| f64::from(*multiple) * argument).sum();
        let (sine, cosine) = libm::sincos(angle_rad);
        let scale = match multiples[1].abs() {
            0 => 1.0,
            1 => eccentricity,
            _ => eccentricity * eccentricity,
        };
        (scale * sine, scale * cosine)
    };

    let (mut longitude, mut distance_m, mut latitude) = (0.0, MEAN_DISTANCE_M, 0.0);
    for (multiples, [of_longitude, of_distance]) in &LONGITUDE_AND_DISTANCE {
        let (sine, cosine) = term(multiples);
        longitude += of_longitude * sine;
        distance_m += of_distance * cosine;
    }
    for (multiples, amplitude) in &LATITUDE {
        latitude += amplitude * term(multiples).0;
    }
    let (moon_anomaly_rad, node_distance_rad) = (arguments[2], arguments[3]);
    longitude += 3_958.0 * libm::sin(venus_rad)
        + 1_962.0 * libm::sin(mean_longitude_rad - node_distance_rad)
        + 318.0 * libm::sin(jupiter_rad);
    latitude += -2_235.0 * libm::sin(mean_longitude_rad)
        + 382.0 * libm::sin(flattening_rad)
        + 175.0 * (libm::sin(venus_rad - node_distance_rad) + libm::sin(venus_rad + node_distance_rad))
        + 127.0 * libm::sin(mean_longitude_rad - moon_anomaly_rad)
        - 115.0 * libm::sin(mean_longitude_rad + moon_anomaly_rad);

    let (sine_longitude, cosine_longitude) = libm::sincos(mean_longitude_rad + (longitude * 1e-6).to_radians());
    let (sine_latitude, cosine_latitude) = libm::sincos((latitude * 1e-6).to_radians());
    let obliquity_deg = 23.439_291 - t * (0.013_004_2 + t * (1.64e-7 - t * 5.04e-7));
    let (sine_obliquity, cosine_obliquity) = libm::sincos(obliquity_deg.to_radians());
    let (x, y, z) = (cosine_longitude * cosine_latitude, sine_longitude * cosine_latitude, sine_latitude);
    let position_mod =
        Vector3::new(x, cosine_obliquity * y - sine_obliquity * z, sine_obliquity * y + cosine_obliquity * z);
    teme::precession_mod_to_j2000(julian_date_tt) * position_mod * distance_m
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_another_program_from_1970_to_2050() {
        // GCRF [km] from ERFA's routine for the Moon (moon98), which is good to 18″ and 32 km itself; TT.
        for (julian_date_tt, expected_km) in [
            (2_440_587.5, [-384_370.123_001, -63_032.425_974, -44_393.278_790]),
            (2_449_470.5, [-134_042.864_001, -311_584.400_732, -126_061.746_004]),
            (2_461_120.0, [349_367.392_397, 98_527.807_756, 66_339.392_025]),
            (2_469_807.5, [359_576.256_261, 98_050.986_788, 66_910.212_115]),
        ] {
            let apart_km = (position_gcrf_m(julian_date_tt) / 1e3 - Vector3::from(expected_km)).norm();
            // The same terms; IAU-76 against IAU-2006 precession (0.3″ a century), frame bias, light time: 1″ is 1.9 km.
            assert!(apart_km < 3.0, "{julian_date_tt}: {apart_km} km");
        }
    }

    #[test]
    fn agrees_with_meeus_example_47_a() {
        // 1992 April 12, 0 h TD: distance 368 409.7 km; apparent right ascension 134.688 470°, declination 13.768 368°, which
        // nutation of 16.595″ and precession since 1992 (0.39″ a day) part from J2000.
        let position_m = position_gcrf_m(2_448_724.5);
        assert!((position_m.norm() / 1e3 - 368_409.7).abs() < 0.1, "{}", position_m.norm());
        let of_date = teme::precession_mod_to_j2000(2_448_724.5).transpose() * position_m;
        let declination_deg = libm::asin(of_date.z / of_date.norm()).to_degrees();
        let right_ascension_deg = libm::atan2(of_date.y, of_date.x).to_degrees();
        assert!((right_ascension_deg - 134.688_470).abs() < 0.006, "{right_ascension_deg}");
        assert!((declination_deg - 13.768_368).abs() < 0.006, "{declination_deg}");
    }
}
