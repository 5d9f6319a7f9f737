//! From a window to three planes of numbers: value, rate and residual; gaps are filled from the past only.

use super::channels::{CHANNELS, TABLE};
use super::window::{SAMPLES, TelemetryWindow};
use crate::astro::constants::EARTH_MU_M3_S2;
use crate::astro::rtn::RelativeState;
use crate::astro::{CartesianState, Vector3, kepler};

/// Planes of a tile.
pub const PLANES: usize = 3;

/// Weight of the newest value in the running baseline.
const NEWEST_WEIGHT: f64 = 0.2;
/// Rates are told per minute.
const RATE_UNIT_S: f64 = 60.0;

/// Value, rate and residual of every channel at every sample, drawn together by the channel's spread, the newest sample last.
///
/// A window of fewer than 30 samples stands at the end, and what is missing before it is `None`, as is what was not measured before
/// the first measurement of a channel. A later gap holds the last value, at rate and residual zero.
///
/// Residual: channels 0 to 7 less where the relative state of the sample before would be by now if neither burnt, both on Kepler
/// orbits, own ship's circular at its mean motion; the other channels less their running mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Planes(pub Box<[[[Option<f64>; CHANNELS]; SAMPLES]; PLANES]>);

impl Planes {
    /// The planes of a window that passes its check.
    #[must_use]
    pub fn of(window: &TelemetryWindow) -> Self {
        let mut planes = Box::new([[[None; CHANNELS]; SAMPLES]; PLANES]);
        let first = SAMPLES.saturating_sub(window.samples.len());
        let mut last: [Option<f64>; CHANNELS] = [None; CHANNELS];
        let mut baseline: [Option<f64>; CHANNELS] = [None; CHANNELS];
        let mut before: Option<RelativeState> = None;
        for (sample, at) in window.samples.iter().zip(first..) {
            let state = relative_state(sample);
            let expected = before.map(|before| coast(&before, window.context.mean_motion_rad_s, window.interval_s));
            for (index, (channel, value)) in TABLE.iter().zip(sample).enumerate() {
                let measured = !value.is_nan();
                let Some(held) = measured.then_some(*value).or(last[index]) else { continue };
                let spread = channel.spread.apply(held);
                let rate = match last[index] {
                    Some(earlier) if measured => {
                        channel.spread.apply((held - earlier) / window.interval_s * RATE_UNIT_S)
                    }
                    _ => 0.0,
                };
                let residual = match (dynamical(index, expected.as_ref()), baseline[index]) {
                    _ if !measured => 0.0,
                    (Some(expected), _) => channel.spread.apply(held - expected),
                    // A dynamical channel after a gap has nothing to be compared with.
                    (None, _) if index < DYNAMICAL => 0.0,
                    (None, Some(baseline)) => spread - baseline,
                    (None, None) => 0.0,
                };
                planes[0][at][index] = Some(spread);
                planes[1][at][index] = Some(rate);
                planes[2][at][index] = Some(residual);
                last[index] = Some(held);
                if measured {
                    let old = baseline[index].unwrap_or(spread);
                    baseline[index] = Some(old + NEWEST_WEIGHT * (spread - old));
                }
            }
            before = state;
        }
        Self(planes)
    }
}

/// Channels with a dynamical model: range, its rate, relative position and velocity.
const DYNAMICAL: usize = 8;

/// The relative state in a sample, where it was measured whole.
fn relative_state(sample: &[f64; CHANNELS]) -> Option<RelativeState> {
    let vector = |first: usize| Vector3::new(sample[first], sample[first + 1], sample[first + 2]);
    let state = RelativeState { position_rtn_m: vector(2), velocity_rtn_m_s: vector(5) };
    (state.position_rtn_m.iter().chain(state.velocity_rtn_m_s.iter()).all(|number| number.is_finite())).then_some(state)
}

/// Where two that do not burn would be relative to each other after a time.
fn coast(state: &RelativeState, mean_motion_rad_s: f64, duration_s: f64) -> RelativeState {
    if mean_motion_rad_s <= 0.0 {
        let position_rtn_m = state.position_rtn_m + state.velocity_rtn_m_s * duration_s;
        return RelativeState { position_rtn_m, ..*state };
    }
    // r³ = μ/n².
    let radius_m = libm::cbrt(EARTH_MU_M3_S2 / (mean_motion_rad_s * mean_motion_rad_s));
    let own = CartesianState {
        position_m: Vector3::new(radius_m, 0.0, 0.0),
        velocity_m_s: Vector3::new(0.0, radius_m * mean_motion_rad_s, 0.0),
    };
    let moved = |state: &CartesianState| kepler::propagate(state, EARTH_MU_M3_S2, duration_s);
    RelativeState::between(&moved(&own), &moved(&state.to_gcrf(&own)))
}

/// The value of a dynamical channel in a relative state.
fn dynamical(index: usize, state: Option<&RelativeState>) -> Option<f64> {
    let RelativeState { position_rtn_m, velocity_rtn_m_s } = state?;
    let value = match index {
        0 => position_rtn_m.norm(),
        1 => position_rtn_m.dot(velocity_rtn_m_s) / position_rtn_m.norm().max(1e-9),
        2..5 => position_rtn_m[index - 2],
        5..8 => velocity_rtn_m_s[index - 5],
        _ => return None,
    };
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::super::channels::index_of;
    use super::super::window::Context;
    use super::*;

    const MEAN_MOTION_RAD_S: f64 = 1.1e-3;

    /// A window in which two coast.
    fn coasting(samples: usize) -> TelemetryWindow {
        let mut state = RelativeState {
            position_rtn_m: Vector3::new(400.0, -9_000.0, 700.0),
            velocity_rtn_m_s: Vector3::new(1.0, 2.0, -0.5),
        };
        let mut window = TelemetryWindow {
            interval_s: 40.0,
            samples: Vec::new(),
            context: Context { mean_motion_rad_s: MEAN_MOTION_RAD_S, ..Context::default() },
        };
        for _ in 0..samples {
            let mut sample = [1.0; CHANNELS];
            for (index, value) in sample.iter_mut().enumerate().take(DYNAMICAL) {
                *value = dynamical(index, Some(&state)).expect("a state");
            }
            window.samples.push(sample);
            state = coast(&state, MEAN_MOTION_RAD_S, window.interval_s);
        }
        window
    }

    #[test]
    fn coasting_leaves_no_residual_and_a_burn_does() {
        let mut window = coasting(SAMPLES);
        let Planes(planes) = Planes::of(&window);
        assert!(planes[2].iter().flatten().flatten().all(|residual| residual.abs() < 1e-6));
        assert!(planes[1][5][3].expect("there") > 0.5, "it moves along T");
        // 1 m/s along T from the tenth sample on.
        for sample in &mut window.samples[10..] {
            sample[6] += 1.0;
        }
        let Planes(planes) = Planes::of(&window);
        let transverse = index_of("velocity_transverse").expect("there");
        assert!(planes[2][10][transverse].expect("there") > 2.9, "three decades above a millimetre a second");
        assert!(planes[2][9][transverse].expect("there").abs() < 1e-6);
    }

    #[test]
    fn a_gap_holds_the_past_and_never_the_future() {
        let mut window = coasting(SAMPLES);
        window.samples[0][25] = f64::NAN;
        window.samples[7][25] = f64::NAN;
        window.samples[8][25] = 300.0;
        let Planes(planes) = Planes::of(&window);
        assert_eq!(planes[0][0][25], None);
        assert_eq!(planes[0][7][25], planes[0][6][25]);
        assert_eq!((planes[1][7][25], planes[2][7][25]), (Some(0.0), Some(0.0)));
        // What comes later changes nothing before it.
        let mut later = window.clone();
        later.samples[20] = [0.25; CHANNELS];
        let Planes(changed) = Planes::of(&later);
        for plane in 0..PLANES {
            assert_eq!(planes[plane][..20], changed[plane][..20]);
        }
    }

    #[test]
    fn a_short_window_stands_at_the_end() {
        let Planes(planes) = Planes::of(&coasting(4));
        assert!(planes[0][..26].iter().flatten().all(Option::is_none));
        assert!(planes[0][26..].iter().flatten().all(Option::is_some));
    }
}
