//! What a track keeps of the last measurement beside its estimate.

use serde::{Deserialize, Serialize};

use super::innovation::Innovation;
use crate::sim::sensors::measurement::Signal;
use crate::sim::sensors::optical::magnitude;

/// Weight of the newest look in the running light curve: the last ten or so count.
const NEWEST_WEIGHT: f64 = 0.1;

/// How well the last measurement fitted, and how the target looked when it was last seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// Time at which the track began, since the start of the episode [s].
    pub begun_s: f64,
    /// Each entry of the last measurement less what was expected of it, in standard deviations of that difference; in the order of
    /// [`Measurement`](crate::sim::sensors::measurement::Measurement), zero for an entry that was not measured.
    pub normalised_residual: [f64; 4],
    /// Normalised squared innovation (NIS) of the last measurement, taken or refused.
    pub normalised_square: f64,
    /// Its degrees of freedom; zero before a measurement was compared.
    pub degrees: u8,
    /// Radar cross-section of the last look by radar [dBsm].
    pub cross_section_dbsm: Option<f64>,
    /// Brightness by telescope.
    pub light_curve: Option<LightCurve>,
    /// Time for which the estimated acceleration has been about the same [s].
    pub acceleration_held_s: f64,
}

/// Brightness reduced to 1000 km and a phase angle of 90° with the track's own range, so that what is left is the object's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LightCurve {
    /// Magnitude of the last look [-].
    pub magnitude: f64,
    /// Running mean [-].
    pub mean: f64,
    /// Running variance about it [-].
    pub variance: f64,
}

impl LightCurve {
    fn begin(magnitude: f64) -> Self {
        Self { magnitude, mean: magnitude, variance: 0.0 }
    }

    /// Exponentially weighted mean and variance. Source: Finch, Incremental calculation of weighted mean and variance, 2009, eq. 124, 143.
    fn push(&mut self, magnitude: f64) {
        let difference = magnitude - self.mean;
        self.magnitude = magnitude;
        self.mean += NEWEST_WEIGHT * difference;
        self.variance = (1.0 - NEWEST_WEIGHT) * (self.variance + NEWEST_WEIGHT * difference * difference);
    }
}

impl Contact {
    /// That of a track that begins.
    #[must_use]
    pub fn begin(time_s: f64) -> Self {
        Self {
            begun_s: time_s,
            normalised_residual: [0.0; 4],
            normalised_square: 0.0,
            degrees: 0,
            cross_section_dbsm: None,
            light_curve: None,
            acceleration_held_s: 0.0,
        }
    }

    /// Keeps how a measurement fitted.
    pub(super) fn compare(&mut self, innovation: &Innovation) {
        self.normalised_residual = innovation.normalised_residual();
        self.normalised_square = innovation.normalised_square;
        self.degrees = innovation.dimension as u8;
    }

    /// Keeps how strong the target's signal was; `range_m` and `phase_rad` are those of the track.
    pub fn hear(&mut self, signal: Signal, range_m: f64, phase_rad: f64) {
        match signal {
            Signal::CrossSection { m2 } => {
                let dbsm = 10.0 * libm::log10(m2);
                self.cross_section_dbsm = dbsm.is_finite().then_some(dbsm).or(self.cross_section_dbsm);
            }
            Signal::Magnitude { apparent } => {
                let reduced = apparent - magnitude(0.0, range_m, phase_rad);
                if reduced.is_finite() {
                    match &mut self.light_curve {
                        Some(curve) => curve.push(reduced),
                        None => self.light_curve = Some(LightCurve::begin(reduced)),
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brightness_is_reduced_and_its_spread_followed() {
        let mut contact = Contact::begin(3.0);
        for look in 0..400 {
            let (range_m, phase_rad) = (2e4 + 50.0 * f64::from(look), 0.3 + 0.002 * f64::from(look));
            let swing = if look % 2 == 0 { 0.5 } else { -0.5 };
            let apparent = magnitude(6.0 + swing, range_m, phase_rad);
            contact.hear(Signal::Magnitude { apparent }, range_m, phase_rad);
        }
        let curve = contact.light_curve.expect("seen");
        assert!((curve.magnitude - 5.5).abs() < 1e-9);
        // A swing of ±½: variance ¼, less what the running mean follows.
        assert!((curve.mean - 6.0).abs() < 0.06 && (curve.variance - 0.25).abs() < 0.02, "{curve:?}");
        contact.hear(Signal::CrossSection { m2: 0.1 }, 1e4, 0.5);
        assert!((contact.cross_section_dbsm.expect("seen") + 10.0).abs() < 1e-12);
        contact.hear(Signal::CrossSection { m2: 0.0 }, 1e4, 0.5);
        assert!((contact.cross_section_dbsm.expect("kept") + 10.0).abs() < 1e-12);
    }
}
