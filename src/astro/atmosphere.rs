//! Density of the atmosphere, by exponential bands.

/// A band of the table: the altitude at which it begins [m], the density there [kg/m³] and the scale height in it [m].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Altitude at which the band begins, and to which its density refers [m].
    pub base_altitude_m: f64,
    /// Density at the base [kg/m³].
    pub base_density_kg_m3: f64,
    /// Scale height [m]: the density falls by e over it.
    pub scale_height_m: f64,
}

const fn band(base_altitude_km: f64, base_density_kg_m3: f64, scale_height_km: f64) -> Band {
    Band { base_altitude_m: base_altitude_km * 1e3, base_density_kg_m3, scale_height_m: scale_height_km * 1e3 }
}

/// The bands in the order of altitude; the last one has no end.
///
/// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., table 8-4 (U.S. Standard Atmosphere 1976 below 25 km, CIRA-72
/// with an exospheric temperature of 1000 K above 500 km), a mean of the solar cycle.
pub const BANDS: [Band; 28] = [
    band(0.0, 1.225, 7.249),
    band(25.0, 3.899e-2, 6.349),
    band(30.0, 1.774e-2, 6.682),
    band(40.0, 3.972e-3, 7.554),
    band(50.0, 1.057e-3, 8.382),
    band(60.0, 3.206e-4, 7.714),
    band(70.0, 8.770e-5, 6.549),
    band(80.0, 1.905e-5, 5.799),
    band(90.0, 3.396e-6, 5.382),
    band(100.0, 5.297e-7, 5.877),
    band(110.0, 9.661e-8, 7.263),
    band(120.0, 2.438e-8, 9.473),
    band(130.0, 8.484e-9, 12.636),
    band(140.0, 3.845e-9, 16.149),
    band(150.0, 2.070e-9, 22.523),
    band(180.0, 5.464e-10, 29.740),
    band(200.0, 2.789e-10, 37.105),
    band(250.0, 7.248e-11, 45.546),
    band(300.0, 2.418e-11, 53.628),
    band(350.0, 9.518e-12, 53.298),
    band(400.0, 3.725e-12, 58.515),
    band(450.0, 1.585e-12, 60.828),
    band(500.0, 6.967e-13, 63.822),
    band(600.0, 1.454e-13, 71.835),
    band(700.0, 3.614e-14, 88.667),
    band(800.0, 1.170e-14, 124.64),
    band(900.0, 5.245e-15, 181.05),
    band(1000.0, 3.019e-15, 268.00),
];

/// Every band begins at a multiple of this [m], so that one look finds it.
const GRID_M: f64 = 5e3;

/// The band of each multiple of [`GRID_M`], up to the last band's base.
const BAND_OF_GRID: [u8; 201] = {
    let mut bands = [0; 201];
    let (mut place, mut band) = (0, 0);
    while place < bands.len() {
        while band + 1 < BANDS.len() && BANDS[band + 1].base_altitude_m <= place as f64 * GRID_M {
            band += 1;
        }
        bands[place] = band as u8;
        place += 1;
    }
    bands
};

/// Index in [`BANDS`] of the band of an altitude [m]; below the ground, that of the ground.
#[inline(always)]
#[must_use]
pub fn band_index(altitude_m: f64) -> usize {
    // A cast saturates: negative altitudes and NaN are 0.
    let place = ((altitude_m * (1.0 / GRID_M)) as usize).min(BAND_OF_GRID.len() - 1);
    usize::from(BAND_OF_GRID[place])
}

/// The band of an altitude [m] above the sphere of the Earth's equatorial radius; below the ground, that of the ground.
#[inline(always)]
#[must_use]
pub fn band_at(altitude_m: f64) -> &'static Band {
    &BANDS[band_index(altitude_m)]
}

/// Density [kg/m³] at an altitude [m]: ρ = ρ₀ exp(-(h - h₀)/H), with the row of [`BANDS`] that h lies in.
///
/// The altitude is counted from the sphere of the Earth's equatorial radius, |r| - RE, as everywhere in a scenario, and not
/// from the ellipsoid: over the poles, 21 km nearer to the centre, the density comes out higher than at the same geodetic
/// height. Below the ground it is that of the ground. At the edges of bands the table itself jumps, by 0.3 % at most below 1000 km.
/// The true density differs from this mean by a factor of two and more with the Sun's activity, most above 400 km.
/// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., eq. 8-33.
#[must_use]
pub fn density_kg_m3(altitude_m: f64) -> f64 {
    let altitude_m = altitude_m.max(0.0);
    let band = band_at(altitude_m);
    band.base_density_kg_m3 * libm::exp(-(altitude_m - band.base_altitude_m) / band.scale_height_m)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_vallado_example_8_4() {
        // ρ at 747.2119 km: 3.614e-14 exp(-47.2119/88.667) kg/m³.
        assert!((density_kg_m3(747_211.9) / 2.121_985_4e-14 - 1.0).abs() < 1e-7, "{:e}", density_kg_m3(747_211.9));
    }

    #[test]
    fn every_altitude_finds_its_row() {
        for (index, band) in BANDS.iter().enumerate() {
            assert_eq!(band_at(band.base_altitude_m), band);
            assert_eq!(density_kg_m3(band.base_altitude_m), band.base_density_kg_m3);
            if let Some(next) = BANDS.get(index + 1) {
                assert_eq!(band_at(next.base_altitude_m - 1e-6), band);
            }
        }
        assert_eq!(band_at(4e7), &BANDS[27]);
        assert_eq!(band_at(-1.0), &BANDS[0]);
        assert_eq!(density_kg_m3(-3e5), 1.225);
    }

    #[test]
    fn bands_join() {
        // The table's scale heights are made so that each row ends where the next begins; a digit mistyped anywhere breaks this.
        for rows in BANDS.windows(2) {
            let height_m = rows[1].base_altitude_m - rows[0].base_altitude_m;
            let end = rows[0].base_density_kg_m3 * (-height_m / rows[0].scale_height_m).exp();
            assert!((end / rows[1].base_density_kg_m3 - 1.0).abs() < 3e-3, "{} m: {end:e}", rows[1].base_altitude_m);
        }
    }
}
