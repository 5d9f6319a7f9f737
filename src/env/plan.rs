//! The plan: 16 segments of [R, T, N, gate], the action of a policy.

use crate::sim::view::OwnShip;

/// Segments of a plan.
pub const SEGMENTS: usize = 16;
/// Numbers of a segment: R, T, N, gate.
pub const SEGMENT_WIDTH: usize = 4;
/// Numbers of a plan.
pub const PLAN: usize = SEGMENTS * SEGMENT_WIDTH;

/// Thrust of a segment as a share of the greatest, RTN: `max(gate, 0) × clip(R, T, N)`, each number first clipped to [-1, 1].
///
/// `segment`: R, T, N, gate. The clip is to the unit ball, or to the unit box where thrusters are `per_axis`. A gate at or
/// below zero coasts. A NaN coasts too.
#[must_use]
pub fn decode(segment: &[f32], per_axis: bool) -> [f64; 3] {
    let [r, t, n, gate] = [0, 1, 2, 3].map(|i| f64::from(segment[i]).clamp(-1.0, 1.0));
    if !(gate > 0.0 && (r + t + n).is_finite()) {
        return [0.0; 3];
    }
    let norm = (r * r + t * t + n * n).sqrt();
    let share = if per_axis { gate } else { gate / norm.max(1.0) };
    [r * share, t * share, n * share]
}

/// The segment that gives a thrust share; what exceeds the thrusters is clipped. The inverse of [`decode`].
pub fn encode(share_rtn: &crate::astro::Vector3, own: &OwnShip, segment: &mut [f32]) {
    let size = if own.per_axis { share_rtn.amax() } else { share_rtn.norm() };
    if size.is_nan() || size <= 0.0 {
        segment.copy_from_slice(&[0.0; SEGMENT_WIDTH]);
        return;
    }
    for axis in 0..3 {
        segment[axis] = (share_rtn[axis] / size) as f32;
    }
    segment[3] = size.min(1.0) as f32;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_gate_coasts_and_an_open_one_scales() {
        assert_eq!(decode(&[1.0, 0.0, 0.0, -0.5], false), [0.0; 3]);
        assert_eq!(decode(&[1.0, 0.0, 0.0, 0.0], false), [0.0; 3]);
        assert_eq!(decode(&[0.5, 0.0, 0.0, 0.5], false), [0.25, 0.0, 0.0]);
        assert_eq!(decode(&[f32::NAN, 0.0, 0.0, 1.0], false), [0.0; 3]);
    }

    #[test]
    fn a_vectored_thrust_stays_in_the_ball_and_thrusters_an_axis_in_the_box() {
        let ball = decode(&[1.0, -1.0, 1.0, 1.0], false);
        assert!((ball.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(decode(&[1.0, -7.0, 1.0, 2.0], true), [1.0, -1.0, 1.0]);
    }
}
