//! The 128 features of a window: four numbers a channel, and eight of context.

use super::channels::{CHANNELS, TABLE};
use super::planes::Planes;
use super::window::{SAMPLES, TelemetryWindow};

/// Features of a window.
pub const FEATURES: usize = 4 * CHANNELS + CONTEXT.len();

/// What is told of a channel, in order: feature 4 c + k is statistic k of channel c.
pub static STATISTICS: [&str; 4] = ["mean", "standard_deviation", "slope", "last_residual"];

/// Features 120 to 127.
pub static CONTEXT: [&str; 8] =
    ["orbit_time", "eclipsed", "own_delta_v", "own_mode", "sample_count", "gap_share", "track_sigma", "track_age"];

/// The name of a feature: channel and statistic, or what of the context.
#[must_use]
pub fn name(index: usize) -> String {
    match TABLE.get(index / STATISTICS.len()) {
        Some(channel) => format!("{}_{}", channel.name, STATISTICS[index % STATISTICS.len()]),
        None => CONTEXT[index - STATISTICS.len() * CHANNELS].to_owned(),
    }
}

/// The features of a window; `None` for the four of a channel that was never measured.
///
/// Mean, standard deviation and slope (change over the whole window by least squares) are those of plane 0 over the samples there
/// are; the last residual is that of plane 2 at the newest sample. Angles of context are in half turns, lengths and times in decades.
#[must_use]
pub fn features(window: &TelemetryWindow, planes: &Planes) -> [Option<f64>; FEATURES] {
    let mut features = [None; FEATURES];
    for channel in 0..CHANNELS {
        // Mean, spread and slope in one pass; time runs from -1/2 to 1/2 over a whole window.
        let (mut count, mut sum, mut squares, mut time, mut time_squares, mut product) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        for (index, sample) in planes.0[0].iter().enumerate() {
            let Some(value) = sample[channel] else { continue };
            let at = index as f64 / (SAMPLES - 1) as f64 - 0.5;
            count += 1.0;
            sum += value;
            squares += value * value;
            time += at;
            time_squares += at * at;
            product += at * value;
        }
        if count == 0.0 {
            continue;
        }
        let (mean, mean_time) = (sum / count, time / count);
        let variance = (squares / count - mean * mean).max(0.0);
        let time_variance = time_squares / count - mean_time * mean_time;
        let slope = if time_variance > 1e-12 { (product / count - mean * mean_time) / time_variance } else { 0.0 };
        let last = planes.0[2][SAMPLES - 1][channel].unwrap_or(0.0);
        for (feature, value) in features[4 * channel..].iter_mut().zip([mean, variance.sqrt(), slope, last]) {
            *feature = Some(value);
        }
    }
    let context = &window.context;
    let decades = |value: f64| libm::log10(1.0 + value.max(0.0));
    let of_context = [
        libm::cos(context.orbit_time_rad),
        f64::from(u8::from(context.eclipsed)),
        decades(context.own_delta_v_m_s / 1e-2),
        f64::from(context.own_mode),
        window.valid_samples() as f64 / SAMPLES as f64,
        window.gap_share(),
        decades(context.position_sigma_m),
        decades(context.track_age_s),
    ];
    for (feature, value) in features[4 * CHANNELS..].iter_mut().zip(of_context) {
        *feature = Some(value);
    }
    features
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::window::Context;
    use super::*;

    #[test]
    fn there_are_128_with_a_name_each() {
        let names: BTreeSet<String> = (0..FEATURES).map(name).collect();
        assert_eq!((FEATURES, names.len()), (128, 128));
        assert_eq!(name(4 * 25 + 2), "skin_temperature_slope");
        assert_eq!(name(127), "track_age");
    }

    #[test]
    fn statistics_are_those_of_a_straight_line() {
        let mut window = TelemetryWindow {
            interval_s: 30.0,
            samples: vec![[f64::NAN; CHANNELS]; SAMPLES],
            context: Context::default(),
        };
        for (index, sample) in window.samples.iter_mut().enumerate() {
            // A linear channel: the temperature climbs by 29 K.
            sample[25] = 280.0 + index as f64;
        }
        let features = features(&window, &Planes::of(&window));
        let of = |statistic: usize| features[4 * 25 + statistic].expect("measured");
        assert!((of(0) - 294.5).abs() < 1e-9);
        // Of 30 equidistant numbers: √((30² - 1) / 12).
        assert!((of(1) - (899.0_f64 / 12.0).sqrt()).abs() < 1e-6);
        assert!((of(2) - 29.0).abs() < 1e-6);
        assert_eq!(features[0], None);
        assert!(features[120..].iter().all(Option::is_some));
    }
}
