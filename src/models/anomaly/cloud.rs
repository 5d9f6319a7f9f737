//! Clouds of rows, one a class: a mean and a covariance.

use nalgebra::{Cholesky, DMatrix, DVector};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::AnomalyError;
use crate::sim::threat_class::ThreatClass;

/// Rows that are summed at once.
const CHUNK_ROWS: usize = 256;
/// Rows that the shape of all classes counts for beside a class's own.
const SHARED_ROWS: f64 = 10.0;

/// The cloud of the rows of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cloud {
    pub(super) class: ThreatClass,
    mean: Vec<f64>,
    /// L⁻¹ of the covariance L Lᵀ, its lower triangle row by row: |L⁻¹ (x - μ)| is the distance.
    whitening: Vec<f64>,
}

/// How much of a cloud's shape is its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum OwnShape {
    /// This share of its covariance, the rest being that of all classes about their means.
    Share(f64),
    /// As much as its rows say, against ten of all classes.
    ByRows,
}

/// Clouds of the classes that have rows; `rows`: row-major, `width` a row, `labels` their classes' indices.
///
/// Source of the mixture of shapes: Friedman, Regularized Discriminant Analysis, J. Am. Stat. Assoc. 84 (1989) 165.
pub(super) fn clouds(
    rows: &[f32],
    width: usize,
    labels: &[usize],
    own: OwnShape,
    shrinkage: f64,
) -> Result<Vec<Cloud>, AnomalyError> {
    let of_class = |class: usize| {
        let labelled = rows.chunks_exact(width).zip(labels);
        let rows: Vec<&[f32]> = labelled.filter(|(_, label)| **label == class).map(|(row, _)| row).collect();
        let mut mean = DVector::zeros(width);
        for row in &rows {
            mean.iter_mut().zip(*row).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        mean /= rows.len().max(1) as f64;
        // S = Σ (x - μ) (x - μ)ᵀ, chunk by chunk in a fixed order.
        let mut scatter = DMatrix::zeros(width, width);
        for chunk in rows.chunks(CHUNK_ROWS) {
            let numbers = chunk.iter().flat_map(|row| row.iter().map(|x| f64::from(*x)));
            let mut centred = DMatrix::from_iterator(width, chunk.len(), numbers);
            centred.column_iter_mut().for_each(|mut row| row -= &mean);
            scatter += &centred * centred.transpose();
        }
        (rows.len(), mean, scatter)
    };
    let found: Vec<(usize, DVector<f64>, DMatrix<f64>)> =
        (0..ThreatClass::ALL.len()).into_par_iter().map(of_class).collect();
    let mut pooled = DMatrix::zeros(width, width);
    for (_, _, scatter) in &found {
        pooled += scatter;
    }
    pooled /= labels.len() as f64;
    let known = ThreatClass::ALL.into_iter().zip(found).filter(|(_, (rows, ..))| *rows > 0);
    known
        .map(|(class, (rows, mean, scatter))| {
            let share = match own {
                OwnShape::Share(share) => share,
                OwnShape::ByRows => rows as f64 / (rows as f64 + SHARED_ROWS),
            };
            let mut covariance = scatter * (share / rows as f64) + &pooled * (1.0 - share);
            let sphere = covariance.trace() / width as f64;
            covariance *= 1.0 - shrinkage;
            for index in 0..width {
                covariance[(index, index)] += shrinkage * sphere;
            }
            let lower = Cholesky::new(covariance).map(|cholesky| cholesky.l());
            let inverse = lower.and_then(|lower| lower.solve_lower_triangular(&DMatrix::identity(width, width)));
            let inverse = inverse.ok_or(AnomalyError::Degenerate { rows })?;
            let whitening = (0..width).flat_map(|row| (0..=row).map(move |column| (row, column)));
            let whitening = whitening.map(|place| inverse[place]).collect();
            Ok(Cloud { class, mean: mean.as_slice().to_vec(), whitening })
        })
        .collect()
}

impl Cloud {
    /// Whether it is one of rows of this width, as it must be after reading it from a file.
    pub(super) fn is_sound(&self, width: usize) -> bool {
        let finite = self.mean.iter().chain(&self.whitening).all(|number| number.is_finite());
        let fits = self.mean.len() == width && self.whitening.len() == width * (width + 1) / 2;
        finite && fits && self.diagonal().all(|entry| entry > 0.0)
    }

    /// √((x - μ)ᵀ Σ⁻¹ (x - μ)), Mahalanobis' distance.
    pub(super) fn distance(&self, row: &[f32]) -> f64 {
        let centred: Vec<f64> = row.iter().zip(&self.mean).map(|(x, mean)| f64::from(*x) - mean).collect();
        let (mut sum, mut from) = (0.0, 0);
        for length in 1..=centred.len() {
            let row = &self.whitening[from..from + length];
            let whitened: f64 = row.iter().zip(&centred).map(|(weight, x)| weight * x).sum();
            sum += whitened * whitened;
            from += length;
        }
        sum.sqrt()
    }

    /// ln det Σ.
    pub(super) fn log_determinant(&self) -> f64 {
        -2.0 * self.diagonal().map(libm::log).sum::<f64>()
    }

    /// The diagonal of L⁻¹.
    fn diagonal(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.mean.len()).map(|row| self.whitening[row * (row + 3) / 2])
    }
}
