//! The ActorCritic's layers on the CPU as one fused operation, forward and backward.
//!
//! burn's tensors pay for each bias, mask and activation with a pass over memory; here the first layers of actor and critic
//! are one product, rows go through in chunks that stay in cache, and bias and activation are applied where a product has
//! just been written. A test holds outputs and gradients against burn's.

use burn::tensor::Tensor;
use burn::tensor::backend::Backend;
use nalgebra::{DMatrixView, DMatrixViewMut};

use super::actor_critic::{ActorCritic, Parameters};

/// Rows of a chunk: with 2 × 256 hidden units, its activations take a megabyte.
const CHUNK: usize = 512;

/// Weights of an ActorCritic as plain numbers, the plan cut to its executed entries.
#[derive(Clone, Debug)]
pub struct DenseActorCritic {
    observation: usize,
    hidden: usize,
    executed: usize,
    /// [observation, 2 × hidden]: actor, then critic.
    joined_weight: Vec<f32>,
    joined_bias: Vec<f32>,
    /// [hidden, executed].
    mean_weight: Vec<f32>,
    mean_bias: Vec<f32>,
    value_weight: Vec<f32>,
    value_bias: f32,
}

/// Gradients of the same shapes.
#[derive(Clone, Debug)]
pub struct DenseGradients {
    joined_weight: Vec<f32>,
    joined_bias: Vec<f32>,
    mean_weight: Vec<f32>,
    mean_bias: Vec<f32>,
    value_weight: Vec<f32>,
    value_bias: f32,
}

/// What a forward pass leaves for the backward pass.
#[derive(Clone, Debug, Default)]
pub struct Activations {
    /// [rows, 2 × hidden], after the ReLU.
    hidden: Vec<f32>,
    /// [rows, executed].
    pub means: Vec<f32>,
    /// [rows].
    pub values: Vec<f32>,
}

impl Activations {
    /// Outputs that were computed elsewhere; nothing can be propagated back through them.
    #[must_use]
    pub fn of_outputs(means: Vec<f32>, values: Vec<f32>) -> Self {
        Self { hidden: Vec::new(), means, values }
    }
}

/// A row-major [rows, columns] slice as its column-major transpose [columns, rows].
pub(super) fn transposed(data: &[f32], rows: usize, columns: usize) -> DMatrixView<'_, f32> {
    DMatrixView::from_slice(data, columns, rows)
}

impl DenseActorCritic {
    /// Reads the weights of a network, the plan cut to `executed` entries.
    #[must_use]
    pub fn of<B: Backend>(model: &ActorCritic<B>, executed: usize) -> Self {
        let Parameters { actor_hidden, actor_mean, critic_hidden, critic_value } = model.parameters();
        let [observation, hidden] = [actor_hidden.rows, actor_hidden.columns];
        let joined = |actor: &[f32], critic: &[f32]| -> Vec<f32> {
            let rows = actor.chunks_exact(hidden).zip(critic.chunks_exact(hidden));
            rows.flat_map(|(actor, critic)| actor.iter().chain(critic).copied()).collect()
        };
        let cut = |data: &[f32]| -> Vec<f32> {
            data.chunks_exact(actor_mean.columns).flat_map(|row| row[..executed].iter().copied()).collect()
        };
        Self {
            observation,
            hidden,
            executed,
            joined_weight: joined(&actor_hidden.weight, &critic_hidden.weight),
            joined_bias: joined(&actor_hidden.bias, &critic_hidden.bias),
            mean_weight: cut(&actor_mean.weight),
            mean_bias: cut(&actor_mean.bias),
            value_weight: critic_value.weight,
            value_bias: critic_value.bias[0],
        }
    }

    /// Means of the executed entries and values of normalised observations [rows, 128].
    pub fn forward(&self, fed: &[f32], activations: &mut Activations) {
        let rows = fed.len() / self.observation;
        let (width, hidden, executed) = (2 * self.hidden, self.hidden, self.executed);
        let arch = pulp::Arch::new();
        activations.hidden.resize(rows * width, 0.0);
        activations.means.resize(rows * executed, 0.0);
        activations.values.resize(rows, 0.0);
        let chunks = fed.chunks(CHUNK * self.observation).zip(activations.hidden.chunks_mut(CHUNK * width));
        let outputs = activations.means.chunks_mut(CHUNK * executed).zip(activations.values.chunks_mut(CHUNK));
        for ((fed, units), (means, values)) in chunks.zip(outputs) {
            let rows = values.len();
            // Everything is written as its transpose, since nalgebra's matrices are column-major: Hᵀ = Wᵀ Xᵀ.
            DMatrixViewMut::from_slice(units, width, rows).gemm(
                1.0,
                &transposed(&self.joined_weight, self.observation, width),
                &transposed(fed, rows, self.observation),
                0.0,
            );
            arch.dispatch(|| add_bias_and_clip(units, &self.joined_bias));
            let actor = DMatrixView::from_slice_with_strides(units, hidden, rows, 1, width);
            let mut mean = DMatrixViewMut::from_slice(means, executed, rows);
            mean.gemm(1.0, &transposed(&self.mean_weight, hidden, executed), &actor, 0.0);
            arch.dispatch(|| {
                add_bias_and_squash(means, &self.mean_bias);
                for (value, row) in values.iter_mut().zip(units.chunks_exact(width)) {
                    *value = self.value_bias + dot(&row[hidden..], &self.value_weight);
                }
            });
        }
    }

    /// Gradients of the weights, from those of the means [rows, executed] and of the values [rows].
    #[must_use]
    pub fn backward(
        &self,
        fed: &[f32],
        activations: &Activations,
        mean_gradients: &[f32],
        value_gradients: &[f32],
    ) -> DenseGradients {
        let (width, hidden, executed) = (2 * self.hidden, self.hidden, self.executed);
        let mut out = DenseGradients {
            joined_weight: vec![0.0; self.joined_weight.len()],
            joined_bias: vec![0.0; width],
            mean_weight: vec![0.0; self.mean_weight.len()],
            mean_bias: vec![0.0; executed],
            value_weight: vec![0.0; hidden],
            value_bias: 0.0,
        };
        let arch = pulp::Arch::new();
        let mut deltas = vec![0.0_f32; CHUNK * width];
        let mut before_tanh = vec![0.0_f32; CHUNK * executed];
        let chunks = fed.chunks(CHUNK * self.observation).zip(activations.hidden.chunks(CHUNK * width));
        let outputs = activations.means.chunks(CHUNK * executed).zip(mean_gradients.chunks(CHUNK * executed));
        for (((fed, units), (means, mean_gradients)), value_gradients) in
            chunks.zip(outputs).zip(value_gradients.chunks(CHUNK))
        {
            let rows = value_gradients.len();
            let before_tanh = &mut before_tanh[..rows * executed];
            arch.dispatch(|| {
                for ((delta, mean), gradient) in before_tanh.iter_mut().zip(means).zip(mean_gradients) {
                    *delta = gradient * (1.0 - mean * mean);
                }
                for row in before_tanh.chunks_exact(executed) {
                    for (sum, delta) in out.mean_bias.iter_mut().zip(row) {
                        *sum += delta;
                    }
                }
            });
            let delta_mean = DMatrixView::from_slice(before_tanh, executed, rows);
            // The transpose of [hidden, rows] with a column stride of `width`: [rows, hidden] with a row stride of it.
            let actor_rows = DMatrixView::from_slice_with_strides(units, rows, hidden, width, 1);
            let mut mean_weight = DMatrixViewMut::from_slice(&mut out.mean_weight, executed, hidden);
            mean_weight.gemm(1.0, &delta_mean, &actor_rows, 1.0);

            let deltas = &mut deltas[..rows * width];
            {
                let mut actor = DMatrixViewMut::from_slice_with_strides_mut(deltas, hidden, rows, 1, width);
                let weight = DMatrixView::from_slice_with_strides(&self.mean_weight, hidden, executed, executed, 1);
                actor.gemm(1.0, &weight, &delta_mean, 0.0);
            }
            arch.dispatch(|| {
                let rows = deltas.chunks_exact_mut(width).zip(units.chunks_exact(width)).zip(value_gradients);
                for ((deltas, units), gradient) in rows {
                    let (actor, critic) = deltas.split_at_mut(hidden);
                    let (actor_bias, critic_bias) = out.joined_bias.split_at_mut(hidden);
                    mask(actor, &units[..hidden], actor_bias);
                    for (delta, weight) in critic.iter_mut().zip(&self.value_weight) {
                        *delta = gradient * weight;
                    }
                    mask(critic, &units[hidden..], critic_bias);
                    for (sum, unit) in out.value_weight.iter_mut().zip(&units[hidden..]) {
                        *sum += gradient * unit;
                    }
                    out.value_bias += gradient;
                }
            });
            let delta_all = DMatrixView::from_slice(deltas, width, rows);
            let fed_rows = DMatrixView::from_slice_with_strides(fed, rows, self.observation, self.observation, 1);
            let mut joined = DMatrixViewMut::from_slice(&mut out.joined_weight, width, self.observation);
            joined.gemm(1.0, &delta_all, &fed_rows, 1.0);
        }
        out
    }
}

impl DenseGradients {
    /// Adds the gradients of another shard.
    pub fn add(&mut self, other: &Self) {
        let all = |sum: &mut [f32], part: &[f32]| {
            for (sum, part) in sum.iter_mut().zip(part) {
                *sum += part;
            }
        };
        all(&mut self.joined_weight, &other.joined_weight);
        all(&mut self.joined_bias, &other.joined_bias);
        all(&mut self.mean_weight, &other.mean_weight);
        all(&mut self.mean_bias, &other.mean_bias);
        all(&mut self.value_weight, &other.value_weight);
        self.value_bias += other.value_bias;
    }

    /// The gradients by layer, those of the plan's entries that are not executed zero; `plan`: entries of a plan.
    #[must_use]
    pub fn parameters(&self, plan: usize) -> Parameters {
        let hidden = self.value_weight.len();
        let width = 2 * hidden;
        let executed = self.mean_bias.len();
        let half = |data: &[f32], from: usize| -> Vec<f32> {
            data.chunks_exact(width).flat_map(|row| row[from..from + hidden].iter().copied()).collect()
        };
        let padded = |data: &[f32]| -> Vec<f32> {
            let zeros = std::iter::repeat_n(0.0, plan - executed);
            data.chunks_exact(executed).flat_map(|row| row.iter().copied().chain(zeros.clone())).collect()
        };
        Parameters {
            actor_hidden: layer(half(&self.joined_weight, 0), half(&self.joined_bias, 0)),
            actor_mean: layer(padded(&self.mean_weight), padded(&self.mean_bias)),
            critic_hidden: layer(half(&self.joined_weight, hidden), half(&self.joined_bias, hidden)),
            critic_value: layer(self.value_weight.clone(), vec![self.value_bias]),
        }
    }
}

fn layer(weight: Vec<f32>, bias: Vec<f32>) -> super::actor_critic::Layer {
    super::actor_critic::Layer { rows: weight.len() / bias.len(), columns: bias.len(), weight, bias }
}

/// relu(unit + bias), rows as wide as `bias`. Compiled into the caller, for the instruction set that it dispatched to.
#[inline(always)]
fn add_bias_and_clip(units: &mut [f32], bias: &[f32]) {
    for row in units.chunks_exact_mut(bias.len()) {
        for (unit, bias) in row.iter_mut().zip(bias) {
            *unit = (*unit + bias).max(0.0);
        }
    }
}

/// tanh(mean + bias), rows as wide as `bias`.
#[inline(always)]
fn add_bias_and_squash(means: &mut [f32], bias: &[f32]) {
    for row in means.chunks_exact_mut(bias.len()) {
        for (mean, bias) in row.iter_mut().zip(bias) {
            *mean = tanh(*mean + bias);
        }
    }
}

/// Lets the gradient through where the unit was on, and adds it to the bias's.
#[inline(always)]
fn mask(deltas: &mut [f32], units: &[f32], bias: &mut [f32]) {
    for ((delta, unit), bias) in deltas.iter_mut().zip(units).zip(bias) {
        *delta = if *unit > 0.0 { *delta } else { 0.0 };
        *bias += *delta;
    }
}

/// Sum of products, in eight running sums so that it vectorises; the order is fixed.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 8];
    let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    let tail: f32 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + tail
}

/// tanh to 2e-7, in arithmetic that vectorises: a rational approximation, clamped where tanh is ±1 in f32.
///
/// Source: the coefficients of Eigen's `ptanh_float` (a minimax approximation of degree 13/6).
#[inline(always)]
fn tanh(x: f32) -> f32 {
    let x = x.clamp(-7.905_311, 7.905_311);
    let square = x * x;
    let odd = [
        -2.760_768_5e-16_f32,
        2.000_188e-13,
        -8.604_672e-11,
        5.122_297_1e-8,
        1.485_722_4e-5,
        6.372_619_3e-4,
        4.893_525e-3,
    ];
    let even = [1.198_258_4e-6_f32, 1.185_347_1e-4, 2.268_434_6e-3, 4.893_525e-3];
    let numerator = odd.iter().skip(1).fold(odd[0], |sum, coefficient| sum * square + coefficient);
    let denominator = even.iter().skip(1).fold(even[0], |sum, coefficient| sum * square + coefficient);
    x * numerator / denominator
}

/// A [rows, columns] tensor of plain numbers.
pub(crate) fn tensor<B: Backend>(data: Vec<f32>, rows: usize, columns: usize, device: &B::Device) -> Tensor<B, 2> {
    Tensor::from_data(burn::tensor::TensorData::new(data, [rows, columns]), device)
}

/// The numbers of a tensor.
pub(crate) fn numbers<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().into_vec().expect("the data was converted to f32")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tanh_is_that_of_the_standard_library() {
        for i in -4000..4000 {
            let x = i as f32 * 2.5e-3;
            assert!((tanh(x) - x.tanh()).abs() < 3e-7, "{x}: {} against {}", tanh(x), x.tanh());
        }
    }
}
