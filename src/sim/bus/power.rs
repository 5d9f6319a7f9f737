//! Electric power.

use serde::{Deserialize, Serialize};

use super::settings::settings;

settings! {
    /// Array, battery and loads.
    PowerConfig => PowerSettings {
        /// Power of the array with the Sun square on it [W].
        array_w: Uniform(700.0, 1100.0), 0.0, 1e7;
        /// Energy that the battery holds [J].
        battery_j: Uniform(2e6, 5e6), 1.0, 1e12;
        /// Share of it that is there at the start [-].
        initial_charge: Uniform(0.7, 1.0), 0.0, 1.0;
        /// Load of what is always on [W].
        housekeeping_w: Uniform(120.0, 200.0), 0.0, 1e7;
        /// Load of the payload while it works [W].
        payload_w: Uniform(60.0, 150.0), 0.0, 1e7;
        /// Load of the transmitter at its usual power [W].
        transmitter_w: Uniform(40.0, 80.0), 0.0, 1e7;
    }
}

/// Charge below which the payload is shed [-].
const SHED_BELOW: f64 = 0.15;
/// Charge from which it works again [-].
const RESTORE_FROM: f64 = 0.3;

/// The battery: dE/dt = P_array cos(Sun's angle) ν - loads, between empty and full.
///
/// ν is the lit share. Losses of charging, ageing and the array's temperature are left out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Power {
    /// What was drawn.
    pub settings: PowerSettings,
    /// Energy in the battery [J].
    pub stored_j: f64,
    /// Power of the array now [W].
    pub array_w: f64,
    /// Loads now [W].
    pub load_w: f64,
    /// Whether the payload is off to save the battery.
    pub is_shedding: bool,
}

impl Power {
    /// At the start of an episode.
    pub(super) fn begin(settings: PowerSettings) -> Self {
        let stored_j = settings.battery_j * settings.initial_charge;
        Self { settings, stored_j, array_w: 0.0, load_w: 0.0, is_shedding: false }
    }

    /// Share of the battery that is full.
    #[must_use]
    pub fn charge(&self) -> f64 {
        self.stored_j / self.settings.battery_j
    }

    /// Whether the battery is empty and the array does not carry the loads: the transmitter is silent.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.stored_j <= 0.0 && self.array_w < self.load_w
    }

    /// Charges or discharges for a time. `power_raise`: transmitter's power over its usual one [-].
    pub(super) fn step(&mut self, array_share: f64, payload_works: bool, power_raise: f64, duration_s: f64) {
        let settings = &self.settings;
        self.array_w = settings.array_w * array_share;
        let payload_w = if payload_works { settings.payload_w } else { 0.0 };
        self.load_w = settings.housekeeping_w + payload_w + settings.transmitter_w * power_raise;
        let stored_j = self.stored_j + (self.array_w - self.load_w) * duration_s;
        self.stored_j = stored_j.clamp(0.0, settings.battery_j);
        let charge = self.charge();
        self.is_shedding = charge < SHED_BELOW || (self.is_shedding && charge < RESTORE_FROM);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_battery_balances_and_sheds() {
        let mut power = Power::begin(PowerSettings {
            array_w: 500.0,
            battery_j: 1e6,
            initial_charge: 0.5,
            housekeeping_w: 150.0,
            payload_w: 100.0,
            transmitter_w: 50.0,
        });
        power.step(0.5, true, 1.0, 100.0);
        assert!((power.stored_j - (5e5 - 50.0 * 100.0)).abs() < 1e-6);
        power.step(0.0, true, 2.0, 1_000.0);
        assert!((power.stored_j - (4.95e5 - 350e3)).abs() < 1e-6 && power.is_shedding);
        power.step(0.0, false, 1.0, 1e4);
        assert!(power.stored_j == 0.0 && power.is_dead());
        power.step(1.0, false, 1.0, 900.0);
        assert!((power.charge() - 0.27).abs() < 1e-9 && power.is_shedding && !power.is_dead());
        power.step(1.0, false, 1.0, 1e9);
        assert!(power.charge() == 1.0 && !power.is_shedding);
    }
}
