//! A laser beam at a distance.

use std::f64::consts::PI;

use crate::sim::emission::Laser;

/// Radius of a Gaussian beam at 1/e² [m]: w = √(w₀² + (θ R)²), θ half the full angle and w₀ = λ/(π θ) its waist.
///
/// Source: Siegman, Lasers, section 17.1 (the waist at the emitter). Valid in vacuum, for a beam of one mode.
#[must_use]
pub fn beam_radius_m(laser: &Laser, range_m: f64) -> f64 {
    let half_angle_rad = 0.5 * laser.divergence_rad;
    let waist_m = laser.wavelength_m / (PI * half_angle_rad);
    libm::hypot(waist_m, half_angle_rad * range_m)
}

/// Irradiance on the axis of the beam [W/m²]: 2 P / (π w²). Source: Siegman, Lasers, section 17.1.
#[must_use]
pub fn peak_irradiance_w_m2(laser: &Laser, range_m: f64) -> f64 {
    let radius_m = beam_radius_m(laser, range_m);
    2.0 * laser.power_w / (PI * radius_m * radius_m)
}

/// Power that falls on a disc of an area about the axis [W]: P (1 - exp(-2 A / (π w²))), A = π a².
///
/// Source: Siegman, Lasers, section 17.1. It is P where the beam is narrower than the disc, and irradiance times area where wider.
#[must_use]
pub fn power_on_disc_w(laser: &Laser, range_m: f64, area_m2: f64) -> f64 {
    let radius_m = beam_radius_m(laser, range_m);
    -laser.power_w * libm::expm1(-2.0 * area_m2 / (PI * radius_m * radius_m))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LASER: Laser = Laser { power_w: 100.0, divergence_rad: 2e-5, wavelength_m: 1.064e-6 };

    #[test]
    fn far_away_the_beam_is_its_angle_and_near_its_waist() {
        // 500 km: 5 m to 1/e²; 2 × 100 W / (π 25 m²) = 2.5465 W/m².
        assert!((peak_irradiance_w_m2(&LASER, 500e3) - 2.546_479).abs() < 1e-3);
        // At the waist of λ/(π θ) = 33.87 mm.
        assert!((beam_radius_m(&LASER, 0.0) - 0.033_868).abs() < 1e-5);
        // A Rayleigh range π w₀²/λ from it, the radius is √2 times the waist.
        let rayleigh_m = PI * 0.033_868_f64.powi(2) / 1.064e-6;
        assert!((beam_radius_m(&LASER, rayleigh_m) / 0.033_868 - 2f64.sqrt()).abs() < 1e-4);
    }

    #[test]
    fn no_disc_takes_more_than_the_power() {
        assert!((power_on_disc_w(&LASER, 1.0, 1.0) - 100.0).abs() < 1e-9);
        let far_w = power_on_disc_w(&LASER, 500e3, 1.0);
        assert!((far_w / peak_irradiance_w_m2(&LASER, 500e3) - 1.0).abs() < 0.02, "{far_w}");
        // Within the 1/e² radius: 86.5 % of the power.
        let radius_m = beam_radius_m(&LASER, 100e3);
        assert!((power_on_disc_w(&LASER, 100e3, PI * radius_m * radius_m) - 86.466).abs() < 1e-3);
    }
}
