//! A window of telemetry: 30 samples of the 30 channels of one track, and what stands beside them.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::channels::{CHANNELS, TABLE};

/// Samples of a window.
pub const SAMPLES: usize = 30;
/// Shortest and longest interval of two samples [s].
pub const INTERVALS_S: [f64; 2] = [10.0, 120.0];

/// The channel that counts down by itself.
const TIME_OF_CLOSEST_APPROACH: usize = 11;

/// The samples of one track; what was not measured is NaN, and `null` in JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TelemetryWindow {
    /// Time between two samples [s].
    pub interval_s: f64,
    /// Values by sample, the oldest first, in the units of the table of channels.
    #[serde(serialize_with = "gaps_as_null", deserialize_with = "null_as_gaps")]
    pub samples: Vec<[f64; CHANNELS]>,
    /// What stands beside the samples.
    pub context: Context,
}

/// JSON knows no NaN. An infinite number is refused, since JSON would make a gap of it.
fn gaps_as_null<S: Serializer>(samples: &[[f64; CHANNELS]], serializer: S) -> Result<S::Ok, S::Error> {
    for (index, sample) in samples.iter().enumerate() {
        if let Some((value, channel)) = sample.iter().zip(&TABLE).find(|(value, _)| value.is_infinite()) {
            let fault = format!("sample {index}: {} of {value} {} is not finite", channel.name, channel.unit);
            return Err(serde::ser::Error::custom(fault));
        }
    }
    let measured = |value: f64| (!value.is_nan()).then_some(value);
    serializer.collect_seq(samples.iter().map(|sample| sample.map(measured)))
}

fn null_as_gaps<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<[f64; CHANNELS]>, D::Error> {
    let samples = Vec::<[Option<f64>; CHANNELS]>::deserialize(deserializer)?;
    Ok(samples.into_iter().map(|sample| sample.map(|value| value.unwrap_or(f64::NAN))).collect())
}

/// What the observer knows of itself and of the track at the last sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Context {
    /// Mean motion of own orbit [rad/s]; zero where it is not known, and motion then counts as straight.
    pub mean_motion_rad_s: f64,
    /// Argument of own place on the orbit from the Sun's direction, 0 at local noon [rad].
    pub orbit_time_rad: f64,
    /// Whether own ship is in the Earth's shadow.
    pub eclipsed: bool,
    /// Own Δv within the window [m/s].
    pub own_delta_v_m_s: f64,
    /// Own mode: 0 nominal, 1 in a countermeasure, 2 safe.
    pub own_mode: u8,
    /// One standard deviation of the track's position [m].
    pub position_sigma_m: f64,
    /// Age of the track [s].
    pub track_age_s: f64,
}

impl Default for Context {
    fn default() -> Self {
        Self {
            mean_motion_rad_s: 0.0,
            orbit_time_rad: 0.0,
            eclipsed: false,
            own_delta_v_m_s: 0.0,
            own_mode: 0,
            position_sigma_m: 0.0,
            track_age_s: 0.0,
        }
    }
}

/// Why a window is none.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WindowError {
    /// No sample, or too many.
    #[error("a window has 1 to {SAMPLES} samples, not {0}")]
    Samples(usize),
    /// The interval is none.
    #[error("an interval of {0} s between samples is not a positive, finite number")]
    Interval(f64),
    /// An infinite or impossible number.
    #[error("sample {sample}: {channel} of {value} {unit} is outside {low} to {high}")]
    Value {
        /// Index of the sample.
        sample: usize,
        /// The channel.
        channel: &'static str,
        /// Its unit.
        unit: &'static str,
        /// Its value.
        value: f64,
        /// Least possible value.
        low: f64,
        /// Greatest possible value.
        high: f64,
    },
    /// A number of the context that is none.
    #[error("{0} of the context is not a finite number")]
    Context(&'static str),
    /// Nothing was measured.
    #[error("all {0} samples are empty: nothing was measured")]
    Empty(usize),
}

impl TelemetryWindow {
    /// Whether the window can be made something of.
    ///
    /// # Errors
    /// See [`WindowError`]; the first fault.
    pub fn check(&self) -> Result<(), WindowError> {
        if self.samples.is_empty() || self.samples.len() > SAMPLES {
            return Err(WindowError::Samples(self.samples.len()));
        }
        if !(self.interval_s > 0.0 && self.interval_s.is_finite()) {
            return Err(WindowError::Interval(self.interval_s));
        }
        for (index, sample) in self.samples.iter().enumerate() {
            for (value, channel) in sample.iter().zip(&TABLE) {
                let [low, high] = channel.bounds;
                if !value.is_nan() && !(low..=high).contains(value) {
                    let (channel, unit) = (channel.name, channel.unit);
                    return Err(WindowError::Value { sample: index, channel, unit, value: *value, low, high });
                }
            }
        }
        let Context { mean_motion_rad_s, orbit_time_rad, own_delta_v_m_s, position_sigma_m, track_age_s, .. } =
            self.context;
        for (name, value) in [
            ("mean_motion_rad_s", mean_motion_rad_s),
            ("orbit_time_rad", orbit_time_rad),
            ("own_delta_v_m_s", own_delta_v_m_s),
            ("position_sigma_m", position_sigma_m),
            ("track_age_s", track_age_s),
        ] {
            if !value.is_finite() {
                return Err(WindowError::Context(name));
            }
        }
        if self.samples.iter().flatten().all(|value| value.is_nan()) {
            return Err(WindowError::Empty(self.samples.len()));
        }
        Ok(())
    }

    /// Samples in which anything was measured.
    #[must_use]
    pub fn valid_samples(&self) -> usize {
        self.samples.iter().filter(|sample| sample.iter().any(|value| !value.is_nan())).count()
    }

    /// Samples in which the track was seen: its range was told.
    #[must_use]
    pub fn tracked_samples(&self) -> usize {
        self.samples.iter().filter(|sample| !sample[0].is_nan()).count()
    }

    /// The newest measured value of each channel; NaN where there is none. The time until closest approach is counted down from when it
    /// was told to the last sample.
    #[must_use]
    pub fn newest_measured(&self) -> [f64; CHANNELS] {
        std::array::from_fn(|channel| {
            let by_age = self.samples.iter().rev().zip(0_u32..);
            let mut measured = by_age.filter(|(sample, _)| !sample[channel].is_nan());
            let Some((sample, age)) = measured.next() else { return f64::NAN };
            let passed_s = if channel == TIME_OF_CLOSEST_APPROACH { f64::from(age) * self.interval_s } else { 0.0 };
            sample[channel] - passed_s
        })
    }

    /// Share of numbers that were not measured, of a whole window.
    #[must_use]
    pub fn gap_share(&self) -> f64 {
        let measured = self.samples.iter().flatten().filter(|value| !value.is_nan()).count();
        1.0 - measured as f64 / (SAMPLES * CHANNELS) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window() -> TelemetryWindow {
        TelemetryWindow { interval_s: 30.0, samples: vec![[0.5; CHANNELS]; 20], context: Context::default() }
    }

    fn fault(change: impl FnOnce(&mut TelemetryWindow)) -> String {
        let mut window = window();
        window.samples.iter_mut().for_each(|sample| sample[12] = -4.0);
        assert_eq!(window.check(), Ok(()));
        change(&mut window);
        window.check().expect_err("it was spoilt").to_string()
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(fault(|window| window.samples.clear()).contains("1 to 30 samples"));
        assert!(fault(|window| window.samples = vec![[0.5; CHANNELS]; 31]).contains("not 31"));
        assert!(fault(|window| window.interval_s = 0.0).contains("interval of 0 s"));
        assert!(fault(|window| window.samples[3][25] = -1.0).contains("sample 3: skin_temperature of -1 K"));
        assert!(fault(|window| window.samples[0][0] = f64::INFINITY).contains("range of inf m"));
        assert!(fault(|window| window.context.track_age_s = f64::NAN).contains("track_age_s"));
        assert!(fault(|window| window.samples = vec![[f64::NAN; CHANNELS]; 30]).contains("all 30 samples are empty"));
    }

    #[test]
    fn a_gap_is_null_in_json_and_every_other_number_keeps_its_bits() {
        let mut window = window();
        window.samples[3][7] = f64::NAN;
        window.samples[4][8] = 0.1 + 0.2;
        window.samples[5][9] = -0.0;
        let text = serde_json::to_string(&window).expect("it can be written");
        assert!(text.contains("null") && !text.contains("NaN"));
        let read: TelemetryWindow = serde_json::from_str(&text).expect("it can be read");
        assert!(read.samples[3][7].is_nan());
        let bits = |window: &TelemetryWindow| -> Vec<u64> {
            window.samples.iter().flatten().filter(|value| !value.is_nan()).map(|value| value.to_bits()).collect()
        };
        assert_eq!(bits(&read), bits(&window));
        assert_eq!((read.interval_s, read.context), (window.interval_s, window.context));
        window.samples[6][0] = f64::INFINITY;
        let refused = serde_json::to_string(&window).expect_err("an infinity would be read as a gap").to_string();
        assert!(refused.contains("sample 6: range of inf m"), "{refused}");
        let short = r#"{"interval_s": 30.0, "samples": [[1.0, null]], "context": {}}"#;
        let refused = serde_json::from_str::<TelemetryWindow>(short).expect_err("30 numbers a sample").to_string();
        assert!(refused.contains("30"), "{refused}");
    }

    #[test]
    fn the_newest_measured_values_are_found_behind_gaps() {
        let mut window = window();
        assert_eq!(TABLE[TIME_OF_CLOSEST_APPROACH].name, "time_of_closest_approach");
        for sample in &mut window.samples {
            sample[5] = f64::NAN;
        }
        window.samples[18][0] = 7.0;
        window.samples[19][0] = f64::NAN;
        window.samples[17][TIME_OF_CLOSEST_APPROACH] = 100.0;
        window.samples[18][TIME_OF_CLOSEST_APPROACH] = f64::NAN;
        window.samples[19][TIME_OF_CLOSEST_APPROACH] = f64::NAN;
        let newest = window.newest_measured();
        assert!(newest[5].is_nan());
        assert_eq!(
            (newest[0], newest[1], newest[TIME_OF_CLOSEST_APPROACH]),
            (7.0, 0.5, 40.0),
            "two samples of 30 s ago"
        );
    }

    #[test]
    fn gaps_are_counted() {
        let mut window = window();
        window.samples[0] = [f64::NAN; CHANNELS];
        window.samples[1][4] = f64::NAN;
        window.samples[2][0] = f64::NAN;
        assert_eq!((window.valid_samples(), window.tracked_samples()), (19, 18));
        let gaps = 10.0 * 30.0 + 30.0 + 2.0;
        assert!((window.gap_share() - gaps / 900.0).abs() < 1e-12);
    }
}
