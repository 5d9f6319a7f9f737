//! The three links: commands up, telemetry down, navigation signals in.

use serde::{Deserialize, Serialize};

use super::antenna::pattern_loss_db;
use super::link_budget::{BOLTZMANN_DBW_K_HZ, free_space_loss_db, jamming_rejection_hz, power_ratio};
use super::settings::settings;
use super::weather::Weather;
use crate::sim::emission::{Band, Jamming};

settings! {
    /// Commands from the network, S band by default; the craft's antenna is steered.
    UplinkConfig => UplinkSettings {
        /// Carrier [Hz].
        frequency_hz: Uniform(2.025e9, 2.11e9), 1e7, 1e12;
        /// EIRP of the network's transmitter [dBW].
        eirp_dbw: Uniform(45.0, 50.0), -60.0, 120.0;
        /// G/T of the craft's receiver [dB/K].
        gain_to_temperature_db_k: Uniform(-26.0, -22.0), -80.0, 60.0;
        /// Beamwidth of the craft's antenna between half-power points [rad].
        beamwidth_rad: Uniform(0.8, 1.2), 1e-4, 12.0;
        /// Level of its side lobes below the peak [dB].
        side_lobe_loss_db: Uniform(13.0, 20.0), 0.0, 100.0;
        /// Chip rate, or symbol rate without spreading [Hz].
        chip_rate_hz: LogUniform(1e5, 1e6), 1.0, 1e11;
        /// C/N₀ that the receiver needs [dB-Hz].
        required_db_hz: Uniform(48.0, 51.0), 0.0, 140.0;
    }
}

settings! {
    /// Telemetry to the network, S band by default; jammed at the network's receiver.
    DownlinkConfig => DownlinkSettings {
        /// Carrier [Hz].
        frequency_hz: Uniform(2.2e9, 2.29e9), 1e7, 1e12;
        /// EIRP of the craft [dBW].
        eirp_dbw: Uniform(11.0, 15.0), -60.0, 120.0;
        /// G/T of the network's receiver [dB/K].
        gain_to_temperature_db_k: Uniform(8.0, 11.0), -80.0, 60.0;
        /// Beamwidth of the craft's antenna between half-power points [rad].
        beamwidth_rad: Uniform(0.8, 1.2), 1e-4, 12.0;
        /// Level of its side lobes below the peak [dB].
        side_lobe_loss_db: Uniform(13.0, 20.0), 0.0, 100.0;
        /// Beamwidth of the network's antenna, which points at the craft [rad].
        network_beamwidth_rad: Uniform(0.03, 0.06), 1e-6, 12.0;
        /// Level of that antenna's side lobes below the peak [dB].
        network_side_lobe_loss_db: Uniform(20.0, 30.0), 0.0, 100.0;
        /// Chip rate, or symbol rate without spreading [Hz].
        chip_rate_hz: LogUniform(1e5, 1e6), 1.0, 1e11;
        /// C/N₀ that the receiver needs [dB-Hz].
        required_db_hz: Uniform(48.0, 51.0), 0.0, 140.0;
    }
}

settings! {
    /// Signals of GNSS satellites, L1 by default; the craft's antenna looks away from the payload.
    GnssConfig => GnssSettings {
        /// Carrier [Hz].
        frequency_hz: Fixed(1_575.42e6), 1e7, 1e12;
        /// EIRP of a satellite [dBW].
        eirp_dbw: Uniform(26.0, 28.0), -60.0, 120.0;
        /// G/T of the craft's receiver, losses of implementation included [dB/K].
        gain_to_temperature_db_k: Uniform(-28.0, -25.0), -80.0, 60.0;
        /// Beamwidth of the craft's antenna between half-power points [rad].
        beamwidth_rad: Uniform(2.2, 2.8), 1e-4, 12.0;
        /// Level of its side lobes below the peak [dB].
        side_lobe_loss_db: Uniform(10.0, 15.0), 0.0, 100.0;
        /// Chip rate of the code [Hz].
        chip_rate_hz: Fixed(1.023e6), 1.0, 1e11;
        /// C/N₀ below which the receiver loses lock [dB-Hz]; Kaplan and Hegarty have 25 to 28 for unaided tracking.
        required_db_hz: Uniform(25.0, 28.0), 0.0, 140.0;
    }
}

settings! {
    /// What the three links share.
    CommonLinkConfig => CommonLinkSettings {
        /// Angle from its mount, which looks away from the payload, up to which the antenna of up- and downlink is steered [rad].
        steering_reach_rad: Uniform(2.0, 2.3), 0.0, std::f64::consts::PI;
        /// Error of a measured C/N₀, one standard deviation [dB].
        measurement_sigma_db: Uniform(0.1, 0.4), 0.0, 10.0;
    }
}

/// What is told where there is no carrier at all [dB-Hz].
pub const NO_CARRIER_DB_HZ: f64 = 0.0;

/// One link, as its receiver has it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// EIRP of its transmitter [dBW].
    pub eirp_dbw: f64,
    /// G/T - k less the free-space loss of the first metre [dB]: what C/N₀ has from the receiver and the wavelength.
    pub receiver_db: f64,
    /// Beamwidth of the craft's antenna [rad].
    pub beamwidth_rad: f64,
    /// Level of its side lobes below the peak [dB].
    pub side_lobe_loss_db: f64,
    /// Chip rate before [`Link::spreading`] [Hz].
    pub chip_rate_hz: f64,
    /// C/N₀ that the receiver needs at the full rate [dB-Hz].
    pub required_db_hz: f64,
    /// Factor on the chip rate, 1 at the start of an episode: a countermeasure may spread the signal further.
    pub spreading: f64,
    /// Depth of a null steered at jammers [dB], 0 at the start: what is near the null's direction is lost with it.
    pub null_depth_db: f64,
    /// Power above the transmitter's usual one [dB], 0 at the start.
    pub power_raise_db: f64,
    /// How far the rate is lowered, and with it what is needed [dB], 0 at the start.
    pub rate_reduction_db: f64,
    /// Carrier to noise density now, jamming included [dB-Hz].
    pub c_n0_db_hz: f64,
    /// The same without jamming [dB-Hz].
    pub unjammed_db_hz: f64,
    /// What is left above the need [dB]; negative where the link is lost.
    pub margin_db: f64,
    /// Time for which it has been lost since the start of the episode [s].
    pub lost_s: f64,
}

impl Link {
    fn begin(frequency_hz: f64, gain_to_temperature_db_k: f64, [eirp_dbw, required_db_hz]: [f64; 2]) -> Self {
        Self {
            eirp_dbw,
            receiver_db: gain_to_temperature_db_k - BOLTZMANN_DBW_K_HZ - free_space_loss_db(1.0, frequency_hz),
            beamwidth_rad: 1.0,
            side_lobe_loss_db: 0.0,
            chip_rate_hz: 1.0,
            required_db_hz,
            spreading: 1.0,
            null_depth_db: 0.0,
            power_raise_db: 0.0,
            rate_reduction_db: 0.0,
            c_n0_db_hz: NO_CARRIER_DB_HZ,
            unjammed_db_hz: NO_CARRIER_DB_HZ,
            margin_db: NO_CARRIER_DB_HZ - required_db_hz,
            lost_s: 0.0,
        }
    }

    /// Loss of the craft's antenna at an angle off its axis [dB].
    #[must_use]
    pub fn pattern_loss_db(&self, off_axis_rad: f64) -> f64 {
        pattern_loss_db(off_axis_rad, self.beamwidth_rad, self.side_lobe_loss_db)
    }

    /// What of a null at a jammer is felt at an angle δ from it [dB]: its depth times exp(-(δ/w)²), w half the beamwidth of the
    /// antenna that steers it. A jammer behind the link's own axis takes the carrier with it.
    #[must_use]
    pub fn null_loss_db(&self, from_null_rad: f64, beamwidth_rad: f64) -> f64 {
        if self.null_depth_db == 0.0 {
            return 0.0;
        }
        let ratio = 2.0 * from_null_rad / beamwidth_rad;
        self.null_depth_db * libm::exp(-ratio * ratio)
    }

    /// Jamming that arrives, as a share of the noise [-]: J/(N₀ Q R_c). `losses_db`: antennas, beside the spreading over `range_m`.
    #[must_use]
    pub fn noise_rise(&self, jamming: &Jamming, range_m: f64, losses_db: f64) -> f64 {
        let over_noise_hz = jamming.eirp_w * power_ratio(self.receiver_db - losses_db) / (range_m * range_m).max(1.0);
        over_noise_hz / jamming_rejection_hz(jamming.bandwidth_hz, self.chip_rate_hz * self.spreading)
    }

    /// Takes what arrives: C/N₀ = EIRP - losses + G/T - k, less 10 log10(1 + J/(N₀ Q R_c)), which is Kaplan's
    /// 1 / (1/(C/N₀) + (J/S)/(Q R_c)) with J/S written out. `losses_db`: pointing and fade, beside the spreading over `range_m`.
    pub(super) fn receive(&mut self, range_m: f64, losses_db: f64, noise_rise: f64) {
        let spread_db = 10.0 * libm::log10((range_m * range_m).max(1.0));
        let unjammed = self.eirp_dbw + self.power_raise_db + self.receiver_db - spread_db - losses_db;
        let jammed = if noise_rise > 0.0 { unjammed - 10.0 * libm::log10(1.0 + noise_rise) } else { unjammed };
        self.unjammed_db_hz = unjammed.max(NO_CARRIER_DB_HZ);
        self.c_n0_db_hz = jammed.max(NO_CARRIER_DB_HZ);
        self.margin_db = self.c_n0_db_hz - self.required_db_hz + self.rate_reduction_db;
    }

    /// Takes that nothing arrives.
    pub(super) fn lose(&mut self) {
        (self.unjammed_db_hz, self.c_n0_db_hz) = (NO_CARRIER_DB_HZ, NO_CARRIER_DB_HZ);
        self.margin_db = NO_CARRIER_DB_HZ - self.required_db_hz;
    }
}

/// The three links of a spacecraft.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Links {
    /// Commands.
    pub uplink: Link,
    /// Telemetry.
    pub downlink: Link,
    /// Navigation signals.
    pub gnss: Link,
    /// Whether the second nearest place of the network is used in place of the nearest.
    pub alternate: bool,
    /// What fades them.
    pub weather: Weather,
    /// Angle up to which the antenna of up- and downlink is steered [rad], and its cosine.
    pub steering_reach_rad: f64,
    /// Cosine of that angle.
    pub steering_reach_cosine: f64,
    /// Beamwidth of the network's antenna [rad].
    pub network_beamwidth_rad: f64,
    /// Level of that antenna's side lobes below the peak [dB].
    pub network_side_lobe_loss_db: f64,
    /// Error of a measured C/N₀ [dB].
    pub measurement_sigma_db: f64,
}

impl Links {
    /// At the start of an episode.
    pub(super) fn begin(
        uplink: &UplinkSettings,
        downlink: &DownlinkSettings,
        gnss: &GnssSettings,
        common: &CommonLinkSettings,
        weather: Weather,
    ) -> Self {
        macro_rules! link {
            ($of:ident) => {
                Link {
                    beamwidth_rad: $of.beamwidth_rad,
                    side_lobe_loss_db: $of.side_lobe_loss_db,
                    chip_rate_hz: $of.chip_rate_hz,
                    ..Link::begin($of.frequency_hz, $of.gain_to_temperature_db_k, [$of.eirp_dbw, $of.required_db_hz])
                }
            };
        }
        Self {
            uplink: link!(uplink),
            downlink: link!(downlink),
            gnss: link!(gnss),
            alternate: false,
            weather,
            steering_reach_rad: common.steering_reach_rad,
            steering_reach_cosine: libm::cos(common.steering_reach_rad),
            network_beamwidth_rad: downlink.network_beamwidth_rad,
            network_side_lobe_loss_db: downlink.network_side_lobe_loss_db,
            measurement_sigma_db: common.measurement_sigma_db,
        }
    }

    /// The link of a band.
    #[must_use]
    pub fn of(&self, band: Band) -> &Link {
        match band {
            Band::Uplink => &self.uplink,
            Band::Downlink => &self.downlink,
            Band::Gnss => &self.gnss,
        }
    }
}
