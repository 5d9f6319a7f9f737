//! AdamW over plain numbers, one pass over weights and moments.

use pulp::{Simd, WithSimd};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// First moments nearer to zero than this are taken as zero: halved for ever they would turn denormal, on which processors are slow.
const LEAST_FIRST_MOMENT: f32 = 1e-30;
/// The same of second moments.
const LEAST_SECOND_MOMENT: f32 = 1e-36;

/// How AdamW steps.
///
/// Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019, algorithm 2.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdamWConfig {
    /// Decay of the first moment a step.
    pub beta_1: f32,
    /// Decay of the second moment a step.
    pub beta_2: f32,
    /// What is added to the root of the second moment.
    pub epsilon: f32,
    /// Share of a weight, times the learning rate, that is lost a step.
    pub weight_decay: f32,
}

impl Default for AdamWConfig {
    fn default() -> Self {
        Self { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8, weight_decay: 1e-2 }
    }
}

/// The factors of one step.
#[derive(Clone, Copy, Debug)]
pub struct AdamWStep {
    config: AdamWConfig,
    /// 1 - learning rate × weight decay.
    kept: f32,
    /// Learning rate / (1 - β₁ᵗ).
    rate: f32,
    /// 1 / (1 - β₂ᵗ).
    correction: f32,
}

impl AdamWStep {
    /// Of the `time`th step, counted from one.
    #[must_use]
    pub fn new(config: AdamWConfig, learning_rate: f64, time: u64) -> Self {
        let remaining = |beta: f32| 1.0 - libm::pow(f64::from(beta), time as f64);
        Self {
            config,
            kept: (1.0 - learning_rate * f64::from(config.weight_decay)) as f32,
            rate: (learning_rate / remaining(config.beta_1)) as f32,
            correction: (1.0 / remaining(config.beta_2)) as f32,
        }
    }

    /// Moves weights and their moments by a gradient, all of one length.
    pub(crate) fn apply(
        self,
        arch: pulp::Arch,
        gradients: &[f32],
        weights: &mut [f32],
        first: &mut [f32],
        second: &mut [f32],
    ) {
        arch.dispatch(Update { step: self, gradients, weights, first, second });
    }
}

struct Update<'a> {
    step: AdamWStep,
    gradients: &'a [f32],
    weights: &'a mut [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
}

/// The factors in registers.
struct Factors<S: Simd> {
    simd: S,
    beta_1: S::f32s,
    beta_2: S::f32s,
    new_1: S::f32s,
    new_2: S::f32s,
    kept: S::f32s,
    rate: S::f32s,
    correction: S::f32s,
    epsilon: S::f32s,
    least_1: S::f32s,
    least_2: S::f32s,
    zero: S::f32s,
}

impl<S: Simd> Factors<S> {
    #[inline(always)]
    fn new(simd: S, step: AdamWStep) -> Self {
        let AdamWStep { config, kept, rate, correction } = step;
        Self {
            simd,
            beta_1: simd.splat_f32s(config.beta_1),
            beta_2: simd.splat_f32s(config.beta_2),
            new_1: simd.splat_f32s(1.0 - config.beta_1),
            new_2: simd.splat_f32s(1.0 - config.beta_2),
            kept: simd.splat_f32s(kept),
            rate: simd.splat_f32s(rate),
            correction: simd.splat_f32s(correction),
            epsilon: simd.splat_f32s(config.epsilon),
            least_1: simd.splat_f32s(LEAST_FIRST_MOMENT),
            least_2: simd.splat_f32s(LEAST_SECOND_MOMENT),
            zero: simd.splat_f32s(0.0),
        }
    }

    // A method and no closure: what is not compiled into its caller has not the caller's instruction set, and is nine times slower.
    #[inline(always)]
    fn update(&self, gradient: S::f32s, weight: &mut S::f32s, first: &mut S::f32s, second: &mut S::f32s) {
        let simd = self.simd;
        let moment = simd.mul_add_e_f32s(self.beta_1, *first, simd.mul_f32s(self.new_1, gradient));
        let small = simd.less_than_f32s(simd.abs_f32s(moment), self.least_1);
        let moment = simd.select_f32s(small, self.zero, moment);
        let square = simd.mul_f32s(self.new_2, simd.mul_f32s(gradient, gradient));
        let square = simd.mul_add_e_f32s(self.beta_2, *second, square);
        let square = simd.select_f32s(simd.less_than_f32s(square, self.least_2), self.zero, square);
        let root = simd.add_f32s(simd.sqrt_f32s(simd.mul_f32s(square, self.correction)), self.epsilon);
        let moved = simd.div_f32s(simd.mul_f32s(self.rate, moment), root);
        *weight = simd.sub_f32s(simd.mul_f32s(self.kept, *weight), moved);
        *first = moment;
        *second = square;
    }
}

impl WithSimd for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let factors = Factors::new(simd, self.step);
        let (gradients, gradient_tail) = S::as_simd_f32s(self.gradients);
        let (weights, weight_tail) = S::as_mut_simd_f32s(self.weights);
        let (first, first_tail) = S::as_mut_simd_f32s(self.first);
        let (second, second_tail) = S::as_mut_simd_f32s(self.second);
        for (((gradient, weight), first), second) in gradients.iter().zip(weights).zip(first).zip(second) {
            factors.update(*gradient, weight, first, second);
        }
        if !gradient_tail.is_empty() {
            let mut weight = simd.partial_load_f32s(weight_tail);
            let mut first = simd.partial_load_f32s(first_tail);
            let mut second = simd.partial_load_f32s(second_tail);
            factors.update(simd.partial_load_f32s(gradient_tail), &mut weight, &mut first, &mut second);
            simd.partial_store_f32s(weight_tail, weight);
            simd.partial_store_f32s(first_tail, first);
            simd.partial_store_f32s(second_tail, second);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_those_of_the_definition() {
        let config = AdamWConfig { weight_decay: 0.1, ..AdamWConfig::default() };
        let gradient = |step: usize, entry: usize| ((step * 7 + entry * 3) % 11) as f32 * 0.1 - 0.5;
        let (mut weights, mut first, mut second) = (vec![0.5_f32; 21], vec![0.0; 21], vec![0.0; 21]);
        for step in 0..5 {
            let gradients: Vec<f32> = (0..21).map(|entry| gradient(step, entry)).collect();
            let factors = AdamWStep::new(config, 0.01, step as u64 + 1);
            factors.apply(pulp::Arch::new(), &gradients, &mut weights, &mut first, &mut second);
        }
        for (entry, found) in weights.iter().enumerate() {
            let (mut weight, mut first, mut second) = (0.5_f64, 0.0, 0.0);
            for step in 0..5 {
                let gradient = f64::from(gradient(step, entry));
                first = 0.9 * first + 0.1 * gradient;
                second = 0.999 * second + 0.001 * gradient * gradient;
                let (m, v) =
                    (first / (1.0 - 0.9_f64.powi(step as i32 + 1)), second / (1.0 - 0.999_f64.powi(step as i32 + 1)));
                weight = weight * (1.0 - 0.01 * 0.1) - 0.01 * m / (v.sqrt() + 1e-8);
            }
            assert!((f64::from(*found) - weight).abs() < 1e-5, "{entry}: {found} against {weight}");
        }
    }
}
