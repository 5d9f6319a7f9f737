//! The 3×3 convolution with bias, 2×2 max-pooling and ReLU in one pass, 32 images side by side, forward and backward.
//!
//! Only the pooled pixels are stored, with the phase of the pool (which of its four pixels was the largest) that the gradient needs.
//! max and ReLU commute, so the order of the network's definition (ReLU, then pooling) gives the same numbers.

use pulp::{Simd, WithSimd};

use super::products::{BLOCK, Group, WIDTH, load, multiply_add, pairs, store};
use super::{KERNEL, POOLED_SIDE, TAPS, TILE};
use crate::telemetry::channels::CHANNELS;
use crate::telemetry::planes::PLANES;
use crate::telemetry::window::SAMPLES;

/// Pixels of a pool.
const PHASES: usize = 4;
/// Phase of a pooled pixel that the ReLU has turned off.
const OFF: u8 = PHASES as u8;
/// Side of the patch that one pool looks at.
const PATCH: usize = KERNEL + 1;
/// Taps on one plane.
const PLANE_TAPS: usize = KERNEL * KERNEL;

/// The rows of the patch of a pooled pixel on one plane.
type Patch<'a> = [&'a [Group; PATCH]; PATCH];

/// Phases of the pools of a row of 32 images.
pub(super) type Phases = [u8; WIDTH];

#[inline(always)]
fn patch(tiles: &[Group; TILE], plane: usize, pixel: usize) -> Patch<'_> {
    let (y, x) = (2 * (pixel / POOLED_SIDE), 2 * (pixel % POOLED_SIDE));
    std::array::from_fn(|row| {
        let first = (plane * SAMPLES + y + row) * CHANNELS + x;
        tiles[first..first + PATCH].as_chunks::<PATCH>().0.first().unwrap_or(&[[0.0; WIDTH]; PATCH])
    })
}

/// Pooled pixels of some channels of 32 images.
pub(super) struct Convolve<'a> {
    /// The tiles, image by image in a lane.
    pub(super) tiles: &'a [Group; TILE],
    /// [`TAPS`] weights and a bias of a channel.
    pub(super) weights: &'a [f32],
    pub(super) bias: f32,
    /// [`BLOCK`] rows: what comes out.
    pub(super) pooled: &'a mut [Group],
    /// As many.
    pub(super) phases: &'a mut [Phases],
}

impl WithSimd for Convolve<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Some(weights) = self.weights.first_chunk::<TAPS>() else { return };
        let bias = simd.splat_f32s(self.bias);
        let zero = simd.splat_f32s(0.0);
        for at in 0..pairs::<S>() {
            for (pixel, (pooled, phases)) in self.pooled.iter_mut().zip(self.phases.iter_mut()).enumerate() {
                let mut sums = [[bias; 2]; PHASES];
                for (plane, weights) in weights.as_chunks::<PLANE_TAPS>().0.iter().enumerate() {
                    let patch = patch(self.tiles, plane, pixel);
                    for (tap, weight) in weights.iter().enumerate() {
                        let (row, column) = (tap / KERNEL, tap % KERNEL);
                        for (phase, sums) in sums.iter_mut().enumerate() {
                            let values = load::<S>(&patch[row + phase / 2][column + phase % 2], at);
                            *sums = multiply_add(simd, *weight, values, *sums);
                        }
                    }
                }
                let mut best = sums[0];
                let mut which = [zero; 2];
                for (phase, sums) in sums.iter().enumerate().skip(1) {
                    let phase = simd.splat_f32s(phase as f32);
                    for register in 0..2 {
                        let larger = simd.greater_than_f32s(sums[register], best[register]);
                        best[register] = simd.select_f32s(larger, sums[register], best[register]);
                        which[register] = simd.select_f32s(larger, phase, which[register]);
                    }
                }
                let off = simd.splat_f32s(f32::from(OFF));
                for register in 0..2 {
                    let on = simd.greater_than_f32s(best[register], zero);
                    // A number that is none stays one, for whoever checks the loss to see.
                    let not_a_number = simd.not_m32s(simd.equal_f32s(best[register], best[register]));
                    which[register] = simd.select_f32s(on, which[register], off);
                    let clipped = simd.select_f32s(on, best[register], zero);
                    best[register] = simd.select_f32s(not_a_number, best[register], clipped);
                }
                store::<S>(pooled, at, best);
                let mut told = [0.0; WIDTH];
                store::<S>(&mut told, at, which);
                let lanes = 2 * S::F32_LANES;
                let of = at * lanes..(at + 1) * lanes;
                for (phase, told) in phases[of.clone()].iter_mut().zip(&told[of]) {
                    *phase = *told as u8;
                }
            }
        }
    }
}

/// Gradients of a channel's weights and bias over 32 images, added to `gradients`: [`TAPS`] of weights, then the bias.
pub(super) struct Correlate<'a> {
    pub(super) tiles: &'a [Group; TILE],
    /// Gradients of the pooled pixels, [`BLOCK`] rows.
    pub(super) deltas: &'a [Group],
    pub(super) phases: &'a [Phases],
    pub(super) gradients: &'a mut [f32; TAPS + 1],
}

impl WithSimd for Correlate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let zero = simd.splat_f32s(0.0);
        // By phase what reaches its pixel, once for all planes.
        let mut by_phase = vec![[[0.0_f32; WIDTH]; PHASES]; BLOCK];
        let mut bias = [0.0_f32; WIDTH];
        for ((by_phase, deltas), phases) in by_phase.iter_mut().zip(self.deltas).zip(self.phases) {
            for (phase, out) in by_phase.iter_mut().enumerate() {
                for ((out, delta), which) in out.iter_mut().zip(deltas).zip(phases) {
                    *out = if *which == phase as u8 { *delta } else { 0.0 };
                }
                for (sum, out) in bias.iter_mut().zip(&*out) {
                    *sum += out;
                }
            }
        }
        self.gradients[TAPS] += bias.iter().sum::<f32>();
        for plane in 0..PLANES {
            // Three taps of a row at a time: their sums fit the registers of every instruction set.
            for row in 0..KERNEL {
                let mut sums = [[zero; 2]; KERNEL];
                for at in 0..pairs::<S>() {
                    for (pixel, by_phase) in by_phase.iter().enumerate() {
                        let patch = patch(self.tiles, plane, pixel);
                        for down in 0..2 {
                            let line = patch[row + down];
                            for across in 0..2 {
                                let delta = load::<S>(&by_phase[2 * down + across], at);
                                for (column, sums) in sums.iter_mut().enumerate() {
                                    let values = load::<S>(&line[column + across], at);
                                    for register in 0..2 {
                                        sums[register] =
                                            simd.mul_add_e_f32s(delta[register], values[register], sums[register]);
                                    }
                                }
                            }
                        }
                    }
                }
                for (column, sums) in sums.iter().enumerate() {
                    let tap = plane * PLANE_TAPS + row * KERNEL + column;
                    self.gradients[tap] += simd.reduce_sum_f32s(simd.add_f32s(sums[0], sums[1]));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instruction_sets() -> Vec<pulp::Arch> {
        let mut all = vec![pulp::Arch::Scalar, pulp::Arch::new()];
        #[cfg(target_arch = "x86_64")]
        all.extend(pulp::x86::V3::try_new().map(pulp::Arch::V3));
        all
    }

    #[test]
    fn pixels_phases_and_gradients_are_those_of_the_definition_on_every_instruction_set() {
        let number = |entry: usize| ((entry * 7919) % 211) as f32 / 105.5 - 1.0;
        let mut tiles = Box::new([[0.0; WIDTH]; TILE]);
        for (entry, out) in tiles.as_flattened_mut().iter_mut().enumerate() {
            *out = number(entry);
        }
        let weights: Vec<f32> = (0..TAPS).map(|tap| number(tap * 31 + 5)).collect();
        let bias = -1.5;
        // Row and column of a pool's pixels, in the order of the phases, and what the convolution gives there.
        let at =
            |pixel: usize, phase: usize| (2 * (pixel / POOLED_SIDE) + phase / 2, 2 * (pixel % POOLED_SIDE) + phase % 2);
        let seen = |pixel: usize, phase: usize, tap: usize, lane: usize| {
            let ((y, x), (row, column)) = (at(pixel, phase), (tap % PLANE_TAPS / KERNEL, tap % KERNEL));
            f64::from(tiles[(tap / PLANE_TAPS * SAMPLES + y + row) * CHANNELS + x + column][lane])
        };
        let convolved = |pixel: usize, phase: usize, lane: usize| {
            let sum = |tap: usize| f64::from(weights[tap]) * seen(pixel, phase, tap, lane);
            (0..TAPS).map(sum).sum::<f64>() + bias
        };
        for arch in instruction_sets() {
            let (mut pooled, mut phases) = (vec![[0.0; WIDTH]; BLOCK], vec![[0; WIDTH]; BLOCK]);
            let (pixels, of) = (&mut pooled, &mut phases);
            arch.dispatch(Convolve { tiles: &tiles, weights: &weights, bias: bias as f32, pooled: pixels, phases: of });
            let mut off = 0;
            for (pixel, lane) in (0..BLOCK).flat_map(|pixel| [(pixel, 0), (pixel, 13), (pixel, 31)]) {
                let by_phase: [f64; PHASES] = std::array::from_fn(|phase| convolved(pixel, phase, lane));
                let best = by_phase.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                assert!((f64::from(pooled[pixel][lane]) - best.max(0.0)).abs() < 1e-5);
                let phase = usize::from(phases[pixel][lane]);
                off += usize::from(phase == PHASES);
                assert!(if phase == PHASES { best < 1e-5 } else { (by_phase[phase] - best).abs() < 1e-5 });
            }
            assert!((20..BLOCK * 3 - 20).contains(&off), "{off}: some are on and some are off");

            let deltas: Vec<Group> =
                (0..BLOCK).map(|pixel| std::array::from_fn(|lane| number(pixel * 17 + lane))).collect();
            let mut gradients = [0.0; TAPS + 1];
            let (deltas, phases) = (&deltas, &phases);
            arch.dispatch(Correlate { tiles: &tiles, deltas, phases, gradients: &mut gradients });
            let on = || {
                let all = (0..BLOCK).flat_map(|pixel| (0..WIDTH).map(move |lane| (pixel, lane)));
                all.filter(|(pixel, lane)| phases[*pixel][*lane] != OFF)
            };
            for tap in [0, 4, 8, 13, 26] {
                let each = on().map(|(pixel, lane)| {
                    f64::from(deltas[pixel][lane]) * seen(pixel, usize::from(phases[pixel][lane]), tap, lane)
                });
                let sum: f64 = each.sum();
                assert!((f64::from(gradients[tap]) - sum).abs() < 1e-3, "{tap}: {} against {sum}", gradients[tap]);
            }
            let sum: f64 = on().map(|(pixel, lane)| f64::from(deltas[pixel][lane])).sum();
            assert!((f64::from(gradients[TAPS]) - sum).abs() < 1e-3);
        }
    }
}
