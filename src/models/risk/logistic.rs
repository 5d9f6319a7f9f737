//! Logistic regression of two outcomes with an L2 penalty, by Newton's method.

use nalgebra::{Cholesky, DMatrix, DVector};
use rayon::prelude::*;

/// Steps of Newton's method at most; ten are usual.
const MOST_STEPS: usize = 100;
/// Halvings of a step at most.
const MOST_HALVINGS: usize = 40;
/// Gradient a row at which the minimum counts as found.
const FLAT: f64 = 1e-12;
/// Relative error of a loss.
const ROUNDING: f64 = 1e-13;
/// Rows whose sums are made by one task; sums over tasks run in order, so that threads do not change a bit.
const ROWS_A_TASK: usize = 1_024;

/// The coefficients that minimise Σ ln(1 + exp(z)) - y z + penalty / 2 |w|² with z = intercept + w · x: (intercept, w).
///
/// `rows`: inputs, all finite. `is_positive`: y of each row. `penalty`: positive, so that there is one minimum; the intercept is free.
/// Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed., section 4.4 (eq. 4.23 to 4.31).
pub(super) fn fit<const N: usize>(rows: &[[f64; N]], is_positive: &[bool], penalty: f64) -> (f64, [f64; N]) {
    let size = N + 1;
    let mut coefficients = DVector::<f64>::zeros(size);
    let loss_of = |coefficients: &DVector<f64>| {
        let losses: Vec<f64> = rows
            .par_chunks(ROWS_A_TASK)
            .zip(is_positive.par_chunks(ROWS_A_TASK))
            .map(|(rows, positive)| rows.iter().zip(positive).map(|(row, y)| loss(logit(coefficients, row), *y)).sum())
            .collect();
        let squares: f64 = coefficients.iter().skip(1).map(|weight| weight * weight).sum();
        losses.iter().sum::<f64>() + penalty / 2.0 * squares
    };
    let mut least = loss_of(&coefficients);
    for _ in 0..MOST_STEPS {
        let (mut gradient, mut curvature) = derivatives(rows, is_positive, &coefficients);
        for index in 1..size {
            gradient[index] += penalty * coefficients[index];
            curvature[(index, index)] += penalty;
        }
        if gradient.amax() <= FLAT * rows.len() as f64 {
            break;
        }
        // The intercept's curvature vanishes where all rows are sure.
        curvature[(0, 0)] += f64::EPSILON * rows.len() as f64;
        let Some(cholesky) = Cholesky::new(curvature) else { break };
        let mut step = cholesky.solve(&gradient);
        let mut halvings = 0;
        let lower = loop {
            let tried = &coefficients - &step;
            let loss = loss_of(&tried);
            // Near the minimum the loss no longer tells one step from the next; the gradient does.
            if loss <= least + ROUNDING * least {
                break Some((tried, loss));
            }
            halvings += 1;
            if halvings == MOST_HALVINGS {
                break None;
            }
            step *= 0.5;
        };
        // None: no step along the gradient is lower.
        let Some((tried, loss)) = lower else { break };
        (coefficients, least) = (tried, loss);
    }
    (coefficients[0], std::array::from_fn(|index| coefficients[index + 1]))
}

/// intercept + w · x.
fn logit<const N: usize>(coefficients: &DVector<f64>, row: &[f64; N]) -> f64 {
    coefficients[0] + row.iter().zip(coefficients.iter().skip(1)).map(|(input, weight)| input * weight).sum::<f64>()
}

/// 1 / (1 + exp(-z)), without overflow.
pub(super) fn sigmoid(logit: f64) -> f64 {
    let small = libm::exp(-logit.abs());
    if logit >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) }
}

/// ln(1 + exp(z)) - y z.
fn loss(logit: f64, is_positive: bool) -> f64 {
    let wrong = if is_positive { -logit } else { logit };
    wrong.max(0.0) + libm::log1p(libm::exp(-wrong.abs()))
}

/// Gradient Σ (p - y) x and curvature Σ p (1 - p) x xᵀ, x with a leading 1.
fn derivatives<const N: usize>(
    rows: &[[f64; N]],
    is_positive: &[bool],
    coefficients: &DVector<f64>,
) -> (DVector<f64>, DMatrix<f64>) {
    let size = N + 1;
    let of_task = |(rows, positive): (&[[f64; N]], &[bool])| {
        let mut gradient = DVector::zeros(size);
        let mut curvature = DMatrix::zeros(size, size);
        let mut inputs = vec![1.0; size];
        for (row, positive) in rows.iter().zip(positive) {
            inputs[1..].copy_from_slice(row);
            let probability = sigmoid(logit(coefficients, row));
            let residual = probability - f64::from(u8::from(*positive));
            let weight = probability * (1.0 - probability);
            for (column, input) in inputs.iter().enumerate().filter(|(_, input)| **input != 0.0) {
                gradient[column] += residual * input;
                for (of_row, other) in inputs.iter().enumerate().skip(column) {
                    curvature[(of_row, column)] += weight * input * other;
                }
            }
        }
        (gradient, curvature)
    };
    let tasks = rows.par_chunks(ROWS_A_TASK).zip(is_positive.par_chunks(ROWS_A_TASK));
    let sums: Vec<_> = tasks.map(of_task).collect();
    let zeros = (DVector::zeros(size), DMatrix::zeros(size, size));
    let (gradient, mut curvature) = sums.into_iter().fold(zeros, |sum, part| (sum.0 + part.0, sum.1 + part.1));
    curvature.fill_upper_triangle_with_lower_triangle();
    (gradient, curvature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minimum_is_that_of_independent_minimisers() {
        let rows =
            [[-1.5, 0.2], [-1.0, -0.7], [-0.4, 1.1], [0.1, -0.3], [0.3, 0.8], [0.9, -1.2], [1.4, 0.5], [2.0, -0.1]];
        let positive = [false, true, false, false, true, true, false, true];
        let (intercept, weights) = fit(&rows, &positive, 0.5);
        // scikit-learn's LogisticRegression(C=2, solver="newton-cholesky"), and scipy's BFGS to 1e-8 of it.
        let expected = [-0.058_112_73, 0.436_309_04, -0.912_894_9];
        for (found, expected) in [intercept, weights[0], weights[1]].iter().zip(expected) {
            assert!((found - expected).abs() < 3e-8, "{found} {expected}");
        }
    }

    #[test]
    fn what_can_be_told_apart_stays_finite() {
        let rows: Vec<[f64; 1]> = (0..100).map(|row| [f64::from(row) - 49.5]).collect();
        let positive: Vec<bool> = (0..100).map(|row| row >= 50).collect();
        let (intercept, [weight]) = fit(&rows, &positive, 1e-3);
        assert!(weight > 1.0 && weight.is_finite() && intercept.abs() < 1e-6, "{intercept} {weight}");
    }

    #[test]
    fn the_sigmoid_has_no_bounds_to_overflow() {
        assert_eq!([-1e9, 0.0, 1e9].map(sigmoid), [0.0, 0.5, 1.0]);
        assert!((sigmoid(2.0) + sigmoid(-2.0) - 1.0).abs() < 1e-15);
        assert!((loss(700.0, false) - 700.0).abs() < 1e-12 && loss(700.0, true) < 1e-300);
    }
}
