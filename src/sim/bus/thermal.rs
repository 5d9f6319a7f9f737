//! Skin temperature.

use serde::{Deserialize, Serialize};

use super::settings::settings;

/// Stefan and Boltzmann's constant [W/(m² K⁴)]. Source: CODATA 2018.
pub const STEFAN_BOLTZMANN_W_M2_K4: f64 = 5.670_374_419e-8;
/// Sunlight at one astronomical unit [W/m²]. Source: Kopp and Lean, Geophys. Res. Lett. 38, 2011.
pub const SOLAR_IRRADIANCE_W_M2: f64 = 1_361.0;
/// Infrared of the Earth at its surface [W/m²]. Source: Gilmore, Spacecraft Thermal Control Handbook, 2nd ed., section 2.3.
pub const EARTH_INFRARED_W_M2: f64 = 237.0;

settings! {
    /// A skin that the Sun warms and that radiates.
    ThermalConfig => ThermalSettings {
        /// Share of sunlight that it absorbs [-].
        absorptivity: Uniform(0.3, 0.5), 0.0, 1.0;
        /// Emissivity [-].
        emissivity: Uniform(0.75, 0.85), 0.01, 1.0;
        /// Heat capacity a square metre of skin [J/(m² K)].
        heat_capacity_j_m2_k: LogUniform(8e3, 3e4), 1.0, 1e9;
        /// Heat of what is inside, a square metre of skin [W/m²].
        internal_heat_w_m2: Uniform(90.0, 130.0), 0.0, 1e6;
        /// Share of a laser's light that it absorbs [-].
        laser_absorptivity: Uniform(0.2, 0.6), 0.0, 1.0;
        /// Temperature at the start [K].
        initial_temperature_k: Uniform(270.0, 290.0), 3.0, 2000.0;
        /// Error of the thermometer, one standard deviation [K].
        measurement_sigma_k: Uniform(0.05, 0.3), 0.0, 100.0;
    }
}

/// One skin at one temperature, the sphere's balance a square metre of it:
///
/// c dT/dt = α S ν / 4 + ε q_E F + q_i + q_L - ε σ T⁴
///
/// S sunlight, ν the lit share; q_E the Earth's infrared, F = (1 - √(1 - (R_E/r)²))/2 the Earth's part of all directions; q_i heat from inside;
/// q_L what a laser leaves, spread over the skin. Light that the Earth reflects (albedo) and attitude are left out. Source:
/// Gilmore, Spacecraft Thermal Control Handbook, 2nd ed., chapter 2.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thermal {
    /// What was drawn.
    pub settings: ThermalSettings,
    /// Temperature of the skin [K].
    pub temperature_k: f64,
    /// Heat by lasers, a square metre of skin [W/m²].
    pub laser_heat_w_m2: f64,
}

impl Thermal {
    /// At the start of an episode.
    pub(super) fn begin(settings: ThermalSettings) -> Self {
        Self { settings, temperature_k: settings.initial_temperature_k, laser_heat_w_m2: 0.0 }
    }

    /// Warms or cools for a time. `laser_on_craft_w`: power of lasers that falls on the craft's cross-section `area_m2`;
    /// `earth_share`: see [`earth_share`].
    pub(super) fn step(
        &mut self,
        lit_share: f64,
        earth_share: f64,
        laser_on_craft_w: f64,
        area_m2: f64,
        duration_s: f64,
    ) {
        let settings = &self.settings;
        // A sphere has four times the skin of its cross-section.
        self.laser_heat_w_m2 =
            if laser_on_craft_w > 0.0 { settings.laser_absorptivity * laser_on_craft_w / (4.0 * area_m2) } else { 0.0 };
        let heat_w_m2 = settings.absorptivity * SOLAR_IRRADIANCE_W_M2 * lit_share / 4.0
            + settings.emissivity * EARTH_INFRARED_W_M2 * earth_share
            + settings.internal_heat_w_m2
            + self.laser_heat_w_m2;
        self.temperature_k =
            relaxed_k(self.temperature_k, heat_w_m2, settings.emissivity, settings.heat_capacity_j_m2_k, duration_s);
    }
}

/// The Earth's part of all directions at a distance from its centre, 0 to 1/2.
#[must_use]
pub fn earth_share(radius_m: f64, earth_radius_m: f64) -> f64 {
    let sine = (earth_radius_m / radius_m).min(1.0);
    0.5 * (1.0 - (1.0 - sine * sine).sqrt())
}

/// The temperature at which a skin radiates what it takes in [K]: (q/(ε σ))^(1/4).
#[must_use]
pub fn equilibrium_k(heat_w_m2: f64, emissivity: f64) -> f64 {
    (heat_w_m2 / (emissivity * STEFAN_BOLTZMANN_W_M2_K4)).sqrt().sqrt()
}

/// Temperature after a time [K]: one step of the linearly implicit Euler rule, which no step makes unstable, never past the
/// equilibrium. First order: steps a tenth of the skin's time constant c/(4 ε σ T³), some 30 minutes, are good to a tenth of a kelvin.
fn relaxed_k(temperature_k: f64, heat_w_m2: f64, emissivity: f64, heat_capacity_j_m2_k: f64, duration_s: f64) -> f64 {
    let cubed = emissivity * STEFAN_BOLTZMANN_W_M2_K4 * temperature_k * temperature_k * temperature_k;
    let rate_k_s = (heat_w_m2 - cubed * temperature_k) / heat_capacity_j_m2_k;
    let next_k = temperature_k + duration_s * rate_k_s / (1.0 + duration_s * 4.0 * cubed / heat_capacity_j_m2_k);
    let equilibrium_k = equilibrium_k(heat_w_m2, emissivity);
    if rate_k_s > 0.0 { next_k.min(equilibrium_k) } else { next_k.max(equilibrium_k) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(heat_capacity_j_m2_k: f64) -> Thermal {
        Thermal::begin(ThermalSettings {
            absorptivity: 0.8,
            emissivity: 0.8,
            heat_capacity_j_m2_k,
            internal_heat_w_m2: 0.0,
            laser_absorptivity: 0.5,
            initial_temperature_k: 250.0,
            measurement_sigma_k: 0.0,
        })
    }

    #[test]
    fn a_grey_sphere_at_one_astronomical_unit_comes_to_278_kelvin() {
        // The published figure for a sphere of equal absorptivity and emissivity: 278 to 279 K.
        for (step_s, steps) in [(10.0, 20_000), (600.0, 500), (1e7, 5)] {
            let mut skin = grey(1e4);
            for _ in 0..steps {
                skin.step(1.0, 0.0, 0.0, 1.0, step_s);
            }
            assert!((skin.temperature_k - 278.3).abs() < 0.1, "{step_s} s: {} K", skin.temperature_k);
        }
    }

    #[test]
    fn a_skin_cools_in_the_dark_as_the_closed_form_says() {
        // Without heat: T⁻³ = T₀⁻³ + 3 ε σ t / c.
        let mut skin = grey(1e4);
        let eclipse_s = 2_100.0;
        for _ in 0..210 {
            skin.step(0.0, 0.0, 0.0, 1.0, eclipse_s / 210.0);
        }
        let expected_k = (250f64.powi(-3) + 3.0 * 0.8 * STEFAN_BOLTZMANN_W_M2_K4 * eclipse_s / 1e4).powf(-1.0 / 3.0);
        assert!((skin.temperature_k - expected_k).abs() < 0.15, "{} against {expected_k}", skin.temperature_k);
        assert!((10.0..60.0).contains(&(250.0 - skin.temperature_k)));
    }

    #[test]
    fn a_laser_warms_by_what_is_absorbed() {
        let mut skin = grey(1e4);
        for _ in 0..2_000 {
            skin.step(1.0, 0.0, 400.0, 1.0, 60.0);
        }
        let expected_k = equilibrium_k(0.8 * SOLAR_IRRADIANCE_W_M2 / 4.0 + 0.5 * 400.0 / 4.0, 0.8);
        assert!((skin.temperature_k - expected_k).abs() < 1e-6 && expected_k > 285.0);
        skin.step(1.0, 0.0, 1e15, 1.0, 1e5);
        assert!(skin.temperature_k.is_finite());
    }

    #[test]
    fn the_earth_fills_half_of_the_sky_at_its_surface() {
        assert_eq!(earth_share(6e6, 6.4e6), 0.5);
        assert!((earth_share(6.4e6 * 2.0, 6.4e6) - 0.5 * (1.0 - 0.75f64.sqrt())).abs() < 1e-15);
    }
}
