//! Parameters of tracking, as a scenario writes them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::filter::{LONGEST_PREDICTION_S, LONGEST_STEP_S};
use super::manoeuvres::Manoeuvres;
use crate::sim::sensors::faults_outside;

/// How tracks are begun, moved, gated and dropped.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrackingConfig {
    /// What the target's thrusters may do.
    pub manoeuvres: Manoeuvres,
    /// One standard deviation of the relative velocity on each axis, about rest in own rotating frame, when a track begins [m/s].
    pub initial_speed_sigma_m_s: f64,
    /// Range at which a track begins from a direction alone; without one, a track needs a measured range to begin.
    pub range_prior: Option<RangePrior>,
    /// A measurement whose misfit a true one exceeds with less than this probability is refused [-]; 0 refuses none.
    pub gate_tail_probability: f64,
    /// Refusals in a row after which a track begins anew from the measurement refused.
    pub restart_after: u32,
    /// Measurements after which a track is confirmed.
    pub confirm_after: u32,
    /// Longest step of a prediction between two looks [s]. In low orbit the mean errs by 5 mm an hour at 10 s, by 0.4 m at 30 s.
    pub longest_step_s: f64,
    /// Time without a measurement after which a track is dropped [s].
    pub coast_s: f64,
    /// Standard deviation of the position above which a track is dropped [m].
    pub greatest_sigma_m: f64,
}

/// What is known of a range before it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RangePrior {
    /// Mean [m].
    pub mean_m: f64,
    /// One standard deviation [m].
    pub sigma_m: f64,
}

impl Default for TrackingConfig {
    fn default() -> Self {
        Self {
            manoeuvres: Manoeuvres::default(),
            initial_speed_sigma_m_s: 20.0,
            range_prior: None,
            gate_tail_probability: 1e-5,
            restart_after: 3,
            confirm_after: 3,
            longest_step_s: LONGEST_STEP_S,
            coast_s: 1_800.0,
            greatest_sigma_m: 1e5,
        }
    }
}

impl TrackingConfig {
    /// Each fault of the parameters, as (field, what is wrong).
    #[must_use]
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = self.manoeuvres.faults();
        faults.extend(faults_outside(&[
            ("initial_speed_sigma_m_s", self.initial_speed_sigma_m_s, 1e-6, 2e4),
            ("gate_tail_probability", self.gate_tail_probability, 0.0, 0.5),
            ("restart_after", f64::from(self.restart_after), 1.0, 1e6),
            ("confirm_after", f64::from(self.confirm_after), 1.0, 1e6),
            ("longest_step_s", self.longest_step_s, 0.1, 120.0),
            ("coast_s", self.coast_s, 1.0, LONGEST_PREDICTION_S),
            ("greatest_sigma_m", self.greatest_sigma_m, 1.0, 1e9),
        ]));
        if let Some(RangePrior { mean_m, sigma_m }) = self.range_prior {
            faults.extend(faults_outside(&[
                ("range_prior.mean_m", mean_m, 1.0, 1e9),
                ("range_prior.sigma_m", sigma_m, 1e-3, 1e9),
            ]));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_sound_and_faults_are_named() {
        assert_eq!(TrackingConfig::default().faults(), vec![]);
        let bad = TrackingConfig { coast_s: f64::INFINITY, restart_after: 0, ..TrackingConfig::default() };
        let fields: Vec<_> = bad.faults().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["restart_after", "coast_s"]);
        assert!(ron::from_str::<TrackingConfig>("(gate: 0.1)").is_err());
        let read: TrackingConfig = ron::from_str("(range_prior: Some((mean_m: 2e4, sigma_m: 5e3)))").expect("sound");
        assert_eq!(read.range_prior.map(|prior| prior.sigma_m), Some(5e3));
    }
}
