//! Classical Runge-Kutta of order 4, one spacecraft at a time, under any acceleration.

use crate::astro::{CartesianState, Vector3};

/// The state after one step of `step_s` seconds from `time_s` on, which may be negative.
///
/// The scheme of [`rk4`](super::rk4), which moves many spacecraft at once under the forces of the standard tier.
/// Source: Hairer, Nørsett and Wanner, Solving Ordinary Differential Equations I, table 1.2.
#[must_use]
pub fn step(
    acceleration: &impl Fn(f64, &CartesianState) -> Vector3,
    time_s: f64,
    state: &CartesianState,
    step_s: f64,
) -> CartesianState {
    let half_s = 0.5 * step_s;
    let slope = |time_s: f64, state: &CartesianState| CartesianState {
        position_m: state.velocity_m_s,
        velocity_m_s: acceleration(time_s, state),
    };
    let along = |slope: &CartesianState, by_s: f64| CartesianState {
        position_m: state.position_m + slope.position_m * by_s,
        velocity_m_s: state.velocity_m_s + slope.velocity_m_s * by_s,
    };
    let k1 = slope(time_s, state);
    let k2 = slope(time_s + half_s, &along(&k1, half_s));
    let k3 = slope(time_s + half_s, &along(&k2, half_s));
    let k4 = slope(time_s + step_s, &along(&k3, step_s));
    let mean = |k1: Vector3, k2: Vector3, k3: Vector3, k4: Vector3| (k1 + (k2 + k3) * 2.0 + k4) / 6.0;
    along(
        &CartesianState {
            position_m: mean(k1.position_m, k2.position_m, k3.position_m, k4.position_m),
            velocity_m_s: mean(k1.velocity_m_s, k2.velocity_m_s, k3.velocity_m_s, k4.velocity_m_s),
        },
        step_s,
    )
}
