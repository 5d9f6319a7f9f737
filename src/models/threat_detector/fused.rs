//! The detector on the CPU as two sweeps over its large weight matrix, forward, and backward with the optimiser's step.
//!
//! The matrix of 12544 × 512 weights takes 25 MB, and AdamW's moments twice as much: what a small batch costs is mostly the way from
//! memory. So the gradient of that matrix is never written: where the tile of it that belongs to one channel and 32 hidden units has
//! been summed over the batch, its weights take their step, while they are in cache.
//!
//! Images stand side by side, 32 to a `Group`; the large matrix stands in blocks of `BLOCK` × 32: the pooled pixels of a channel by
//! 32 hidden units. Channels are independent tasks, and sums over them run in one order: results are the same bits for any number
//! of threads. A test holds outputs and gradients against burn's.

use pulp::Arch;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::convolution::{Convolve, Correlate, Phases};
use super::products::{BLOCK, ColumnProduct, Group, RowProduct, WIDTH};
use super::{DetectorParameters, POOLED, TAPS, TILE, ThreatDetectorConfig};
use crate::models::adamw::AdamWStep;

/// Channels whose part of the hidden layer is summed by one task.
const CHANNELS_PER_TASK: usize = 8;
/// What is not there.
const EMPTY: Group = [0.0; WIDTH];

/// The weights, in the layout of this path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FusedDetector {
    config: ThreatDetectorConfig,
    /// [channels, 27].
    convolution_weight: Vec<f32>,
    convolution_bias: Vec<f32>,
    /// [channels][hidden / 32][14 × 14] rows.
    hidden_weight: Vec<Group>,
    hidden_bias: Vec<f32>,
    /// [hidden, classes].
    output_weight: Vec<f32>,
    output_bias: Vec<f32>,
}

/// What a forward pass leaves for the backward pass; kept from step to step, since it is large.
#[derive(Clone, Debug, Default)]
pub struct DetectorActivations {
    /// Images.
    images: usize,
    /// [groups][2700].
    tiles: Vec<Group>,
    /// [channels][groups][14 × 14].
    pooled: Vec<Group>,
    phases: Vec<Phases>,
    /// [tasks][groups][hidden].
    partial: Vec<Group>,
    /// [groups][hidden], after ReLU and dropout.
    hidden: Vec<Group>,
    /// [images, classes].
    pub logits: Vec<f32>,
}

impl FusedDetector {
    /// The weights in the layout of this path; the sizes must have passed their check.
    #[must_use]
    pub fn new(config: &ThreatDetectorConfig, parameters: &DetectorParameters) -> Self {
        let mut hidden_weight = vec![EMPTY; config.flattened() * config.hidden / WIDTH];
        for (row, weights) in parameters.hidden_weight.chunks_exact(config.hidden).enumerate() {
            for (panel, weights) in weights.as_chunks::<WIDTH>().0.iter().enumerate() {
                hidden_weight[blocked(config, row, panel)] = *weights;
            }
        }
        Self {
            config: config.clone(),
            convolution_weight: parameters.convolution_weight.clone(),
            convolution_bias: parameters.convolution_bias.clone(),
            hidden_weight,
            hidden_bias: parameters.hidden_bias.clone(),
            output_weight: parameters.output_weight.clone(),
            output_bias: parameters.output_bias.clone(),
        }
    }

    /// All zeros: moments before the first step.
    #[must_use]
    pub fn zeros(config: &ThreatDetectorConfig) -> Self {
        let ThreatDetectorConfig { channels, hidden, classes } = *config;
        Self {
            config: config.clone(),
            convolution_weight: vec![0.0; channels * TAPS],
            convolution_bias: vec![0.0; channels],
            hidden_weight: vec![EMPTY; config.flattened() * hidden / WIDTH],
            hidden_bias: vec![0.0; hidden],
            output_weight: vec![0.0; hidden * classes],
            output_bias: vec![0.0; classes],
        }
    }

    /// Whether this is of such sizes.
    #[must_use]
    pub fn has_sizes(&self, config: &ThreatDetectorConfig) -> bool {
        let ThreatDetectorConfig { channels, hidden, classes } = *config;
        let expected = [channels * TAPS, channels, config.flattened() * hidden, hidden, hidden * classes, classes];
        self.config == *config && self.all().iter().zip(expected).all(|(data, length)| data.len() == length)
    }

    /// Whether all its numbers are finite.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        let part_is_finite = |part: &[f32]| part.iter().all(|number| number.is_finite());
        self.all().iter().all(|data| data.par_chunks(1 << 16).all(part_is_finite))
    }

    fn all(&self) -> [&[f32]; 6] {
        [
            &self.convolution_weight,
            &self.convolution_bias,
            self.hidden_weight.as_flattened(),
            &self.hidden_bias,
            &self.output_weight,
            &self.output_bias,
        ]
    }

    /// Sizes.
    #[must_use]
    pub fn config(&self) -> &ThreatDetectorConfig {
        &self.config
    }

    /// The weights in burn's layouts.
    #[must_use]
    pub fn parameters(&self) -> DetectorParameters {
        let panels = self.config.hidden / WIDTH;
        let rows = 0..self.config.flattened();
        let at = |row: usize| (0..panels).map(move |panel| (row, panel));
        let hidden_weight =
            rows.flat_map(at).flat_map(|(row, panel)| self.hidden_weight[blocked(&self.config, row, panel)]).collect();
        DetectorParameters {
            convolution_weight: self.convolution_weight.clone(),
            convolution_bias: self.convolution_bias.clone(),
            hidden_weight,
            hidden_bias: self.hidden_bias.clone(),
            output_weight: self.output_weight.clone(),
            output_bias: self.output_bias.clone(),
        }
    }

    /// Logits of tiles [images, 2700] into the activations. `keep`: what the hidden units are multiplied by, [images, hidden].
    pub fn forward(&self, tiles: &[f32], keep: Option<&[f32]>, activations: &mut DetectorActivations) {
        let arch = Arch::new();
        let ThreatDetectorConfig { channels, hidden, classes } = self.config;
        let images = tiles.len() / TILE;
        let groups = images.div_ceil(WIDTH);
        let tasks = channels.div_ceil(CHANNELS_PER_TASK);
        activations.images = images;
        activations.tiles.resize(groups * TILE, EMPTY);
        activations.pooled.resize(channels * groups * BLOCK, EMPTY);
        activations.phases.resize(channels * groups * BLOCK, [0; WIDTH]);
        activations.partial.resize(tasks * groups * hidden, EMPTY);
        activations.hidden.resize(groups * hidden, EMPTY);
        activations.logits.resize(images * classes, 0.0);
        if images == 0 {
            return;
        }
        activations.tiles.par_chunks_exact_mut(TILE).zip(tiles.par_chunks(WIDTH * TILE)).for_each(
            |(side_by_side, tiles)| {
                arch.dispatch(|| turn(tiles, TILE, side_by_side));
            },
        );
        let tiles = activations.tiles.as_chunks::<TILE>().0;
        let of_task = CHANNELS_PER_TASK * groups * BLOCK;
        let pixels = activations.pooled.par_chunks_mut(of_task).zip(activations.phases.par_chunks_mut(of_task));
        let partial = activations.partial.par_chunks_exact_mut(groups * hidden);
        pixels.zip(partial).enumerate().for_each(|(task, ((pooled, phases), partial))| {
            partial.fill(EMPTY);
            let channels = pooled.chunks_exact_mut(groups * BLOCK).zip(phases.chunks_exact_mut(groups * BLOCK));
            for ((pooled, phases), channel) in channels.zip(task * CHANNELS_PER_TASK..) {
                let of_group = pooled.chunks_exact_mut(BLOCK).zip(phases.chunks_exact_mut(BLOCK));
                for ((pooled, phases), tiles) in of_group.zip(tiles) {
                    let weights = &self.convolution_weight[channel * TAPS..(channel + 1) * TAPS];
                    let bias = self.convolution_bias[channel];
                    arch.dispatch(Convolve { tiles, weights, bias, pooled, phases });
                }
                let blocks = self.channel_weights(channel).chunks_exact(BLOCK);
                for (panel, block) in blocks.enumerate() {
                    for (pooled, sums) in pooled.chunks_exact(BLOCK).zip(partial.chunks_exact_mut(hidden)) {
                        let out = &mut sums[panel * WIDTH..(panel + 1) * WIDTH];
                        arch.dispatch(ColumnProduct { block, by: pooled, out });
                    }
                }
            }
        });
        arch.dispatch(|| {
            add_up(&activations.partial, &self.hidden_bias, &mut activations.hidden);
        });
        if let Some(keep) = keep {
            let rows = keep.chunks(WIDTH * hidden).zip(activations.hidden.chunks_exact_mut(hidden));
            for (keep, units) in rows {
                for (lane, keep) in keep.chunks_exact(hidden).enumerate() {
                    for (unit, keep) in units.iter_mut().zip(keep) {
                        unit[lane] *= keep;
                    }
                }
            }
        }
        let rows = activations.hidden.chunks_exact(hidden).zip(activations.logits.chunks_mut(WIDTH * classes));
        for (units, logits) in rows {
            arch.dispatch(|| self.output_layer(units, logits));
        }
    }

    /// Weights of a channel: [hidden / 32] blocks.
    fn channel_weights(&self, channel: usize) -> &[Group] {
        let of_channel = self.config.hidden / WIDTH * BLOCK;
        &self.hidden_weight[channel * of_channel..(channel + 1) * of_channel]
    }

    /// Logits of the images of one group.
    #[inline(always)]
    fn output_layer(&self, units: &[Group], logits: &mut [f32]) {
        let classes = self.config.classes;
        let mut sums: Vec<Group> = self.output_bias.iter().map(|bias| [*bias; WIDTH]).collect();
        for (unit, weights) in units.iter().zip(self.output_weight.chunks_exact(classes)) {
            for (sums, weight) in sums.iter_mut().zip(weights) {
                for (sum, unit) in sums.iter_mut().zip(unit) {
                    *sum += weight * unit;
                }
            }
        }
        for (lane, logits) in logits.chunks_exact_mut(classes).enumerate() {
            for (logit, sums) in logits.iter_mut().zip(&sums) {
                *logit = sums[lane];
            }
        }
    }

    /// Descends along the gradient by AdamW, with moments in the same layout. `logit_gradients`: [images, classes], of the batch that
    /// went forward; `keep` as it was then.
    pub fn descend(
        &mut self,
        activations: &DetectorActivations,
        logit_gradients: &[f32],
        keep: Option<&[f32]>,
        moments: [&mut Self; 2],
        step: AdamWStep,
    ) {
        let arch = Arch::new();
        let small = self.small_layers(activations, logit_gradients, keep);
        let [first, second] = moments;
        let of_channel = self.config.hidden / WIDTH * BLOCK;
        let moments = first.hidden_weight.par_chunks_exact_mut(of_channel);
        let moments = moments.zip(second.hidden_weight.par_chunks_exact_mut(of_channel));
        let by_channel: Vec<[f32; TAPS + 1]> = self
            .hidden_weight
            .par_chunks_exact_mut(of_channel)
            .zip(moments)
            .enumerate()
            .map(|(channel, (weights, (first, second)))| {
                let gradients = small.convolution_gradients(arch, activations, channel, weights);
                let mut sums = vec![EMPTY; BLOCK];
                let moments = first.chunks_exact_mut(BLOCK).zip(second.chunks_exact_mut(BLOCK));
                for (panel, (weights, (first, second))) in weights.chunks_exact_mut(BLOCK).zip(moments).enumerate() {
                    small.hidden_gradients(arch, activations, channel, panel, &mut sums);
                    let (weights, first) = (weights.as_flattened_mut(), first.as_flattened_mut());
                    step.apply(arch, sums.as_flattened(), weights, first, second.as_flattened_mut());
                }
                gradients
            })
            .collect();
        let (convolution_weight, convolution_bias) = apart(&by_channel);
        for (gradients, weights, first, second) in [
            (
                &convolution_weight,
                &mut self.convolution_weight,
                &mut first.convolution_weight,
                &mut second.convolution_weight,
            ),
            (&convolution_bias, &mut self.convolution_bias, &mut first.convolution_bias, &mut second.convolution_bias),
            (&small.hidden_bias, &mut self.hidden_bias, &mut first.hidden_bias, &mut second.hidden_bias),
            (&small.output_weight, &mut self.output_weight, &mut first.output_weight, &mut second.output_weight),
            (&small.output_bias, &mut self.output_bias, &mut first.output_bias, &mut second.output_bias),
        ] {
            step.apply(arch, gradients, weights, first, second);
        }
    }

    /// The gradients themselves, in burn's layouts: what [`FusedDetector::descend`] steps along.
    #[must_use]
    pub fn gradients(
        &self,
        activations: &DetectorActivations,
        logit_gradients: &[f32],
        keep: Option<&[f32]>,
    ) -> DetectorParameters {
        let arch = Arch::new();
        let small = self.small_layers(activations, logit_gradients, keep);
        let mut out = Self::zeros(&self.config);
        let of_channel = self.config.hidden / WIDTH * BLOCK;
        let channels = out.hidden_weight.par_chunks_exact_mut(of_channel).enumerate();
        let by_channel: Vec<[f32; TAPS + 1]> = channels
            .map(|(channel, sums)| {
                for (panel, sums) in sums.chunks_exact_mut(BLOCK).enumerate() {
                    small.hidden_gradients(arch, activations, channel, panel, sums);
                }
                small.convolution_gradients(arch, activations, channel, self.channel_weights(channel))
            })
            .collect();
        (out.convolution_weight, out.convolution_bias) = apart(&by_channel);
        out.hidden_bias = small.hidden_bias;
        out.output_weight = small.output_weight;
        out.output_bias = small.output_bias;
        out.parameters()
    }

    /// Gradients of the output layer and what reaches the hidden layer.
    fn small_layers(
        &self,
        activations: &DetectorActivations,
        logit_gradients: &[f32],
        keep: Option<&[f32]>,
    ) -> HiddenDeltas {
        let ThreatDetectorConfig { hidden, classes, .. } = self.config;
        let groups = activations.images.div_ceil(WIDTH);
        let mut out = HiddenDeltas {
            hidden,
            by_unit: vec![EMPTY; groups * hidden],
            by_image: vec![EMPTY; groups * hidden],
            hidden_bias: vec![0.0; hidden],
            output_weight: vec![0.0; hidden * classes],
            output_bias: vec![0.0; classes],
        };
        for row in logit_gradients.chunks_exact(classes) {
            for (sum, gradient) in out.output_bias.iter_mut().zip(row) {
                *sum += gradient;
            }
        }
        let arch = Arch::new();
        let mut side_by_side = vec![EMPTY; classes];
        let of_group = logit_gradients.chunks(WIDTH * classes).zip(activations.hidden.chunks_exact(hidden));
        for (group, (gradients, units)) in of_group.enumerate() {
            let deltas = &mut out.by_unit[group * hidden..(group + 1) * hidden];
            arch.dispatch(|| {
                turn(gradients, classes, &mut side_by_side);
                let weights = self.output_weight.chunks_exact(classes).zip(out.output_weight.chunks_exact_mut(classes));
                for ((deltas, unit), (weights, sums)) in deltas.iter_mut().zip(units).zip(weights) {
                    *deltas = EMPTY;
                    for ((gradients, weight), sum) in side_by_side.iter().zip(weights).zip(sums) {
                        let mut products = EMPTY;
                        for lane in 0..WIDTH {
                            // A unit that is off, or dropped, is zero.
                            deltas[lane] += if unit[lane] > 0.0 { weight * gradients[lane] } else { 0.0 };
                            products[lane] = unit[lane] * gradients[lane];
                        }
                        *sum += total(&products);
                    }
                }
            });
            if let Some(keep) = keep {
                let rows = keep.chunks_exact(hidden).skip(group * WIDTH).take(WIDTH);
                for (lane, keep) in rows.enumerate() {
                    for (delta, keep) in deltas.iter_mut().zip(keep) {
                        delta[lane] *= keep;
                    }
                }
            }
            for (sum, deltas) in out.hidden_bias.iter_mut().zip(&*deltas) {
                *sum += total(deltas);
            }
            for (panel, deltas) in deltas.chunks_exact(WIDTH).enumerate() {
                let first = (panel * groups + group) * WIDTH;
                arch.dispatch(|| turn(deltas.as_flattened(), WIDTH, &mut out.by_image[first..first + WIDTH]));
            }
        }
        out
    }
}

/// What reaches the hidden layer from above, and gradients of what is small.
struct HiddenDeltas {
    hidden: usize,
    /// [groups][hidden], images side by side.
    by_unit: Vec<Group>,
    /// [hidden / 32][groups × 32], hidden units side by side.
    by_image: Vec<Group>,
    hidden_bias: Vec<f32>,
    output_weight: Vec<f32>,
    output_bias: Vec<f32>,
}

impl HiddenDeltas {
    /// Gradients of a channel's weights and bias.
    fn convolution_gradients(
        &self,
        arch: Arch,
        activations: &DetectorActivations,
        channel: usize,
        weights: &[Group],
    ) -> [f32; TAPS + 1] {
        let groups = activations.images.div_ceil(WIDTH);
        let mut gradients = [0.0; TAPS + 1];
        let mut deltas = vec![EMPTY; BLOCK];
        let of_channel = channel * groups * BLOCK..(channel + 1) * groups * BLOCK;
        let phases = activations.phases[of_channel].chunks_exact(BLOCK);
        let tiles = activations.tiles.as_chunks::<TILE>().0;
        for ((by, phases), tiles) in self.by_unit.chunks_exact(self.hidden).zip(phases).zip(tiles) {
            arch.dispatch(RowProduct { blocks: weights, by, out: &mut deltas });
            arch.dispatch(Correlate { tiles, deltas: &deltas, phases, gradients: &mut gradients });
        }
        gradients
    }

    /// Gradients of the weights between a channel and 32 hidden units.
    fn hidden_gradients(
        &self,
        arch: Arch,
        activations: &DetectorActivations,
        channel: usize,
        panel: usize,
        out: &mut [Group],
    ) {
        let groups = activations.images.div_ceil(WIDTH);
        let blocks = &activations.pooled[channel * groups * BLOCK..(channel + 1) * groups * BLOCK];
        let by = &self.by_image[panel * groups * WIDTH..(panel + 1) * groups * WIDTH];
        arch.dispatch(RowProduct { blocks, by, out });
    }
}

/// Index of the row of 32 weights between a pooled pixel and the `panel`th 32 hidden units.
fn blocked(config: &ThreatDetectorConfig, row: usize, panel: usize) -> usize {
    let (channel, pixel) = (row / POOLED, row % POOLED);
    (channel * (config.hidden / WIDTH) + panel) * BLOCK + pixel
}

/// Rows of `width` numbers, up to 32, as `width` rows side by side; what is missing is zero.
#[inline(always)]
fn turn(rows: &[f32], width: usize, out: &mut [Group]) {
    out.fill(EMPTY);
    for (lane, row) in rows.chunks_exact(width).take(WIDTH).enumerate() {
        for (out, number) in out.iter_mut().zip(row) {
            out[lane] = *number;
        }
    }
}

/// relu(sum of the tasks' parts + bias), in the order of the tasks.
#[inline(always)]
fn add_up(partial: &[Group], bias: &[f32], hidden: &mut [Group]) {
    for (units, bias) in hidden.chunks_exact_mut(bias.len()).flatten().zip(bias.iter().cycle()) {
        *units = [*bias; WIDTH];
    }
    for part in partial.chunks_exact(hidden.len()) {
        for (units, part) in hidden.iter_mut().zip(part) {
            for (unit, part) in units.iter_mut().zip(part) {
                *unit += part;
            }
        }
    }
    for unit in hidden.as_flattened_mut() {
        // Not `max`, which would hide what is no number.
        *unit = if *unit < 0.0 { 0.0 } else { *unit };
    }
}

/// Sum of a row, in eight running sums.
#[inline(always)]
fn total(row: &Group) -> f32 {
    let mut sums = [0.0_f32; 8];
    for part in row.as_chunks::<8>().0 {
        for (sum, number) in sums.iter_mut().zip(part) {
            *sum += number;
        }
    }
    sums.iter().sum()
}

/// Weights and biases of the channels' gradients.
fn apart(by_channel: &[[f32; TAPS + 1]]) -> (Vec<f32>, Vec<f32>) {
    (
        by_channel.iter().flat_map(|of| of[..TAPS].iter().copied()).collect(),
        by_channel.iter().map(|of| of[TAPS]).collect(),
    )
}
