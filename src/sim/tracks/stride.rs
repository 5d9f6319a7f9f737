//! A step of the filter's prediction: what all steps of one length have in common, wherever they start.

use nalgebra::{Matrix3, SMatrix, SVector, Vector3 as Column};

use super::estimate::STATES;
use super::filter::Filter;
use super::motion::Motion;
use super::products::{product, product_with_transpose, symmetric_part};

/// Derivatives of position and velocity after a step by the nine states before it.
pub(super) type Transition = SMatrix<f64, 6, STATES>;

/// A step of one length.
///
/// The derivative of position and velocity by the start, the gravity gradient G taken as linear in time between its values at the two ends:
/// δr'' = G(t) δr + δa e^(-t/τ), solved by its first iteration, and the square of the mean gradient for the second. In low orbit it errs
/// by 1e-9 of itself over 10 s. In the Hill frame, where motion is linear, it is the step itself on unit vectors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stride {
    pub(super) step_s: f64,
    /// What is left of the lasting acceleration after half a step.
    pub(super) half_decay: f64,
    /// Response of position, velocity and itself to the lasting acceleration in free space.
    pub(super) response: Column<f64>,
    /// What RK4 lacks of the response of position and of velocity.
    pub(super) correction: [f64; 2],
    /// First integral of the response of position, and second: what a gravity gradient makes of it.
    integrals: [f64; 2],
    /// Noise of the step.
    noise: SMatrix<f64, STATES, STATES>,
    /// The derivative where it is the same everywhere.
    pub(super) constant: Option<Transition>,
}

impl Stride {
    /// The stride of `filter` over `step_s`, at most half of its time constant.
    pub(super) fn of(filter: &Filter, step_s: f64) -> Self {
        let manoeuvres = &filter.manoeuvres;
        let x = step_s / manoeuvres.time_constant_s;
        // With p(t) = t² Σ (-x)^k / (k + 2)!: ∫p = t³ Σ (-x)^k / (k + 3)!, and again.
        let series = |first: u32, factorial: f64| {
            (0..16).rev().fold(0.0, |sum, k| 1.0 - x * sum / f64::from(k + first + 1)) / factorial
        };
        let cube = step_s * step_s * step_s;
        let (half_decay, response) = (manoeuvres.decay(0.5 * step_s), manoeuvres.response(step_s));
        let mut stride = Self {
            step_s,
            half_decay,
            response,
            correction: [
                response.x - step_s * step_s / 6.0 * (1.0 + 2.0 * half_decay),
                response.y - step_s / 6.0 * (1.0 + 4.0 * half_decay + response.z),
            ],
            integrals: [cube * series(3, 6.0), cube * step_s * series(4, 24.0)],
            noise: manoeuvres.noise(step_s).kronecker(&Matrix3::identity()),
            constant: None,
        };
        if matches!(filter.motion, Motion::Hill { .. }) {
            let mut transition = Transition::zeros();
            for state in 0..STATES {
                let mut unit = SVector::<f64, STATES>::zeros();
                unit[state] = 1.0;
                transition.set_column(state, &filter.moved(&unit, &stride).fixed_rows::<6>(0));
            }
            stride.constant = Some(transition);
        }
        stride
    }

    /// Whether a step of `step_s` may be taken as this one: the same length but for rounding of times, 1e-9 of it.
    #[inline(always)]
    pub(super) fn fits(&self, step_s: f64) -> bool {
        (step_s - self.step_s).abs() <= 1e-9 * self.step_s
    }

    /// The derivative over a step that begins at the gravity gradient `g0` and ends at `g1`.
    #[inline(always)]
    pub(super) fn transition(&self, g0: &Matrix3<f64>, g1: &Matrix3<f64>) -> Transition {
        let h = self.step_s;
        let (square, cube) = (h * h, h * h * h);
        let mean = (g0 + g1) * 0.5;
        let again = mean * mean;
        let blocks = [
            // By position.
            (g0 * 2.0 + g1) * (square / 6.0) + again * (square * square / 24.0),
            mean * h + again * (cube / 6.0),
            // By velocity.
            mean * (cube / 6.0),
            (g0 + g1 * 2.0) * (square / 6.0) + again * (square * square / 24.0),
            // By lasting acceleration: weights of a linear gradient under a response that grows as t².
            (g0 * 0.4 + g1 * 0.6) * self.integrals[1],
            (g0 * 0.25 + g1 * 0.75) * self.integrals[0],
        ];
        let free = [1.0, 0.0, h, 1.0, self.response.x, self.response.y];
        let mut transition = Transition::zeros();
        for (index, (block, diagonal)) in blocks.iter().zip(free).enumerate() {
            let (top, left) = (3 * (index % 2), 3 * (index / 2));
            for column in 0..3 {
                for row in 0..3 {
                    transition[(top + row, left + column)] = block[(row, column)];
                }
                transition[(top + column, left + column)] += diagonal;
            }
        }
        transition
    }

    /// The covariance after the step: Φ P Φᵀ + Q, where Φ lets the lasting acceleration decay and do nothing else to it.
    #[inline(always)]
    pub(super) fn spread(
        &self,
        transition: &Transition,
        covariance: &SMatrix<f64, STATES, STATES>,
    ) -> SMatrix<f64, STATES, STATES> {
        let decay = self.response.z;
        let moved = product(transition, covariance);
        let state = symmetric_part(&product_with_transpose(&moved, transition));
        // Blocks in loops without branches, which become vectors.
        let mut after = *covariance * (decay * decay);
        for column in 0..6 {
            after.data.0[column][..6].copy_from_slice(&state.data.0[column]);
        }
        for column in 6..STATES {
            for row in 0..6 {
                let value = moved.data.0[column][row] * decay;
                after.data.0[column][row] = value;
                after.data.0[row][column] = value;
            }
        }
        after + self.noise
    }
}
