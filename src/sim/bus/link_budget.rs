//! Link budgets: what arrives of a carrier, and what noise jamming leaves of it.

use std::f64::consts::PI;

use crate::astro::constants::SPEED_OF_LIGHT_M_S;

/// Boltzmann's constant, 10 log10 of 1.380649e-23 J/K [dBW/(K Hz)].
pub const BOLTZMANN_DBW_K_HZ: f64 = -228.599_167_346_384_5;

/// Free-space loss 20 log10(4 π R f / c) [dB]. Source: Friis, Proc. IRE 34, 1946; ITU-R P.525. Valid in the far field.
#[must_use]
pub fn free_space_loss_db(range_m: f64, frequency_hz: f64) -> f64 {
    20.0 * libm::log10(4.0 * PI * range_m * frequency_hz / SPEED_OF_LIGHT_M_S)
}

/// Carrier to noise density of an unjammed link [dB-Hz]: EIRP - losses + G/T - k.
///
/// `losses_db`: free space, pointing and fade together; `gain_to_temperature_db_k`: G/T of the receiver [dB/K].
/// Source: Maral and Bousquet, Satellite Communications Systems, 5th ed., eq. 5.28.
#[must_use]
pub fn carrier_to_noise_density_db_hz(eirp_dbw: f64, losses_db: f64, gain_to_temperature_db_k: f64) -> f64 {
    eirp_dbw - losses_db + gain_to_temperature_db_k - BOLTZMANN_DBW_K_HZ
}

/// Carrier to noise density under jamming [dB-Hz]: 1 / (1/(C/N₀) + (J/S)/(Q R_c)).
///
/// `rejection_hz`: Q R_c, see [`jamming_rejection_hz`]. Source: Kaplan and Hegarty, Understanding GPS, 2nd ed., eq. 6.1.
#[must_use]
pub fn effective_carrier_to_noise_density_db_hz(
    carrier_to_noise_density_db_hz: f64,
    jamming_to_signal_db: f64,
    rejection_hz: f64,
) -> f64 {
    let unjammed = power_ratio(-carrier_to_noise_density_db_hz);
    -10.0 * libm::log10(unjammed + power_ratio(jamming_to_signal_db) / rejection_hz)
}

/// How far a receiver spreads jamming: Q R_c [Hz], by which J/S is divided.
///
/// The signal is a BPSK carrier of chip rate R_c, of spectrum sinc²(f/R_c)/R_c; the jamming is flat over a band of width B about
/// the carrier. Then Q R_c = B / F, where F is the share of the signal's power within the band,
///
/// F = (2/π) [Si(π b) - sin²(π b/2) / (π b/2)], b = B/R_c:
///
/// R_c (Q = 1) for a tone, 2.22 R_c for noise from null to null, B for noise that is wider than the signal.
/// Source: Betz, Effect of narrowband interference on GPS code tracking accuracy, ION NTM 2000 (spectral separation
/// coefficient); Q after Kaplan and Hegarty, Understanding GPS, 2nd ed., section 6.2.
#[must_use]
pub fn jamming_rejection_hz(bandwidth_hz: f64, chip_rate_hz: f64) -> f64 {
    let x = PI * bandwidth_hz / chip_rate_hz;
    // Where the band is narrow both terms are of the size of x, and F is b.
    if x < 1e-4 {
        return chip_rate_hz;
    }
    let half_sine = libm::sin(0.5 * x);
    let share = 2.0 / PI * (sine_integral(x) - half_sine * half_sine / (0.5 * x));
    bandwidth_hz / share
}

/// The sine integral Si(x) of x ≥ 0, within 1e-6.
///
/// Source: its power series below 1.5; above, Abramowitz and Stegun, Handbook of Mathematical Functions, 5.2.8, 5.2.38, 5.2.39.
#[must_use]
pub fn sine_integral(x: f64) -> f64 {
    let square = x * x;
    if x < 1.5 {
        let series = [1.0 / 3_265_920.0, -1.0 / 35_280.0, 1.0 / 600.0, -1.0 / 18.0, 1.0];
        return x * series.iter().fold(0.0, |sum, coefficient| sum * square + coefficient);
    }
    let ratio = |above: [f64; 4], below: [f64; 4]| {
        let of = |row: [f64; 4]| row.iter().fold(1.0, |sum, coefficient| sum * square + coefficient);
        of(above) / of(below)
    };
    let f =
        ratio([38.027_264, 265.187_033, 335.677_320, 38.102_495], [40.021_433, 322.624_911, 570.236_280, 157.105_423])
            / x;
    let g = ratio(
        [42.242_855, 302.757_865, 352.018_498, 21.821_899],
        [48.196_927, 482.485_984, 1_114.978_885, 449.690_326],
    ) / square;
    let (sine, cosine) = libm::sincos(x);
    0.5 * PI - f * cosine - g * sine
}

/// The ratio of powers of a number of decibels.
#[must_use]
pub fn power_ratio(decibels: f64) -> f64 {
    libm::exp(decibels * (std::f64::consts::LN_10 / 10.0))
}

/// Distance at which a GNSS satellite is received [m] by a craft at `radius_m` from the Earth's centre.
///
/// Inside the constellation (26 560 km) it is one that stands 45° from the zenith; from 16 000 km up, one beyond the Earth of
/// which the signal grazes the limb, as high orbits receive it.
#[must_use]
pub fn gnss_range_m(radius_m: f64, earth_radius_m: f64) -> f64 {
    const CONSTELLATION_M: f64 = 26_560e3;
    if radius_m < 0.6 * CONSTELLATION_M {
        // Law of cosines: R² = r² + d² + 2 r d cos 45°.
        let along_m = radius_m * std::f64::consts::FRAC_1_SQRT_2;
        (CONSTELLATION_M * CONSTELLATION_M - along_m * along_m).sqrt() - along_m
    } else {
        let to_limb_m = |radius_m: f64| (radius_m * radius_m - earth_radius_m * earth_radius_m).max(0.0).sqrt();
        to_limb_m(radius_m) + to_limb_m(CONSTELLATION_M)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_loss_is_that_of_the_tables() {
        // 92.45 + 20 log10(R km) + 20 log10(f GHz), ITU-R P.525 (rounded to 0.01 dB): GEO at 4, 6, 12 and 14 GHz, and a near link.
        for (range_km, frequency_ghz) in
            [(35_786.0, 4.0), (35_786.0, 6.0), (35_786.0, 12.0), (41_679.0, 14.0), (1.0, 2.4)]
        {
            let rule = 92.45 + 20.0 * f64::log10(range_km) + 20.0 * f64::log10(frequency_ghz);
            let found = free_space_loss_db(range_km * 1e3, frequency_ghz * 1e9);
            assert!((found - rule).abs() < 0.01, "{range_km} km, {frequency_ghz} GHz: {found} against {rule}");
        }
        // Maral and Bousquet, section 5.4: 199.6 dB at 6 GHz... up to 207.1 dB at 14 GHz from the edge of coverage.
        assert!((free_space_loss_db(40_000e3, 14e9) - 207.4).abs() < 0.05);
    }

    #[test]
    fn the_sine_integral_is_that_of_the_tables() {
        // Abramowitz and Stegun, table 5.1, and Si(π) of Wilbraham and Gibbs.
        for (x, expected) in [
            (0.0, 0.0),
            (0.5, 0.493_107_418_0),
            (1.0, 0.946_083_070_4),
            (1.499_9, 1.324_617_03),
            (2.0, 1.605_412_976_8),
            (PI, 1.851_937_052_0),
            (5.0, 1.549_931_244_9),
            (10.0, 1.658_347_594_2),
            (1e6, 0.5 * PI),
        ] {
            let found = sine_integral(x);
            assert!((found - expected).abs() < 2e-6, "Si({x}) = {found}, not {expected}");
        }
    }

    #[test]
    fn wide_noise_is_rejected_by_its_width_and_a_tone_by_the_chip_rate() {
        let rate_hz = 1.023e6;
        let q = |bandwidth_hz: f64| jamming_rejection_hz(bandwidth_hz, rate_hz) / rate_hz;
        assert!((q(1.0) - 1.0).abs() < 1e-6 && (q(1e3) - 1.0).abs() < 1e-4);
        // Null to null holds 90.28 % of the power of sinc²: Q = 2/0.9028.
        assert!((q(2.0 * rate_hz) - 2.0 / 0.902_82).abs() < 1e-3, "{}", q(2.0 * rate_hz));
        assert!((q(100.0 * rate_hz) / 100.0 - 1.0).abs() < 3e-3);
        // Of more width, less gets through, at every width.
        let mut last = 0.0;
        for step in 0..200 {
            let now = q(1e3 * f64::powf(1.06, f64::from(step)));
            assert!(now >= last * (1.0 - 1e-6), "{step}: {now} after {last}");
            last = now;
        }
    }

    #[test]
    fn effective_ratio_falls_with_jamming_as_published() {
        // Kaplan and Hegarty's relation solved for J/S = 10 log10(Q R_c (10^(-eff/10) - 10^(-un/10))), and put back in.
        let (unjammed, rate_hz) = (44.0, 1.023e6);
        for q in [1.0, 1.5, 2.0] {
            for effective in [28.0, 21.0, 35.0] {
                let j_s =
                    10.0 * f64::log10(q * rate_hz * (10f64.powf(-effective / 10.0) - 10f64.powf(-unjammed / 10.0)));
                let found = effective_carrier_to_noise_density_db_hz(unjammed, j_s, q * rate_hz);
                assert!((found - effective).abs() < 1e-9, "{q}, {effective}: {found}");
            }
        }
        // A tone against C/A code at 44 dB-Hz: 28 dB-Hz are left at J/S = 32.0 dB.
        assert!((effective_carrier_to_noise_density_db_hz(44.0, 31.99, rate_hz) - 28.0).abs() < 0.01);
        assert!((effective_carrier_to_noise_density_db_hz(44.0, -200.0, rate_hz) - 44.0).abs() < 1e-9);
    }

    #[test]
    fn gnss_is_received_from_where_its_satellites_are() {
        let low_m = gnss_range_m(6_878e3, 6_378e3);
        assert!((20_000e3..25_000e3).contains(&low_m), "{low_m}");
        // GEO, past the limb: √(42164² - 6378²) + √(26560² - 6378²) km.
        assert!((gnss_range_m(42_164e3, 6_378e3) - 67_462e3).abs() < 5e3);
        assert!(gnss_range_m(26_560e3, 6_378e3) > 4e7 && gnss_range_m(0.0, 6_378e3) > 2e7);
    }
}
