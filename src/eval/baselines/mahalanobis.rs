//! How far a row lies from the cloud of known ones.

use nalgebra::{Cholesky, DMatrix, DVector, Dyn};
use rayon::prelude::*;

use super::{AnomalyScorer, BaselineError, check_unlabelled};

/// Rows that are scored at once.
const CHUNK_ROWS: usize = 256;
/// Share of the mean variance that every direction has at least: a feature that never varied must not divide by zero.
const LEAST_SHRINKAGE: f64 = 1e-6;

/// Mahalanobis' distance from one Gaussian over all known rows, whatever their class, its covariance shrunk towards a sphere.
///
/// Source: Mahalanobis, Proc. Nat. Inst. Sci. India 2 (1936) 49; Ledoit and Wolf, J. Multivariate Analysis 88 (2004) 365.
#[derive(Clone, Debug)]
pub struct Mahalanobis {
    mean: DVector<f64>,
    cholesky: Cholesky<f64, Dyn>,
    shrinkage: f64,
}

impl Mahalanobis {
    /// `features`: row-major, `width` a row, all finite.
    ///
    /// Errors: nothing to fit to, not a whole number of rows, a feature that is not finite, features that never vary.
    pub fn fit(features: &[f32], width: usize) -> Result<Self, BaselineError> {
        check_unlabelled(features, width)?;
        let rows = features.len() / width;
        let count = rows as f64;
        let mut mean = DVector::zeros(width);
        for row in features.chunks_exact(width) {
            mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        mean /= count;
        // S = Σ x xᵀ / n of centred rows, chunk by chunk in a fixed order, and Σ |x|⁴ of them.
        let chunks: Vec<&[f32]> = features.chunks(CHUNK_ROWS * width).collect();
        let mut covariance = DMatrix::zeros(width, width);
        let mut fourth = 0.0;
        for group in chunks.chunks(64) {
            let moments: Vec<(DMatrix<f64>, f64)> = group
                .par_iter()
                .map(|chunk| {
                    let centred = centred(chunk, &mean);
                    let fourth: f64 = centred.column_iter().map(|row| row.norm_squared().powi(2)).sum();
                    (&centred * centred.transpose(), fourth)
                })
                .collect();
            for (products, of_chunk) in moments {
                covariance += products;
                fourth += of_chunk;
            }
        }
        covariance /= count;
        let sphere = covariance.trace() / width as f64;
        // δ² = |S - m I|², β² = Σ |x xᵀ - S|² / n², the shrinkage β² / δ².
        let squares = covariance.norm_squared();
        let apart = squares - width as f64 * sphere * sphere;
        let error = (fourth / count - squares) / count;
        let shrinkage = if apart > 0.0 { (error / apart).clamp(LEAST_SHRINKAGE, 1.0) } else { 1.0 };
        covariance *= 1.0 - shrinkage;
        for index in 0..width {
            covariance[(index, index)] += shrinkage * sphere;
        }
        let failed = || BaselineError::Fit {
            baseline: "Mahalanobis distance",
            reason: format!("the covariance of {rows} rows, of mean variance {sphere}, is not positive definite"),
        };
        let cholesky = Cholesky::new(covariance).ok_or_else(failed)?;
        Ok(Self { mean, cholesky, shrinkage })
    }

    /// How much of the covariance was replaced by a sphere, 0 to 1.
    #[must_use]
    pub fn shrinkage(&self) -> f64 {
        self.shrinkage
    }
}

impl AnomalyScorer for Mahalanobis {
    fn name(&self) -> &'static str {
        "Mahalanobis distance"
    }

    /// Distances, in standard deviations.
    fn scores(&self, features: &[f32]) -> Vec<f64> {
        let of_chunk = |chunk: &[f32]| {
            let mut centred = centred(chunk, &self.mean);
            // |L⁻¹ (x - μ)|
            self.cholesky.l_dirty().solve_lower_triangular_mut(&mut centred);
            centred.column_iter().map(|row| row.norm()).collect::<Vec<_>>()
        };
        features.par_chunks(CHUNK_ROWS * self.mean.len()).flat_map_iter(of_chunk).collect()
    }
}

/// Rows less the mean, a row a column.
fn centred(rows: &[f32], mean: &DVector<f64>) -> DMatrix<f64> {
    let width = mean.len();
    let mut centred = DMatrix::from_iterator(width, rows.len() / width, rows.iter().map(|value| f64::from(*value)));
    centred.column_iter_mut().for_each(|mut row| row -= mean);
    centred
}

#[cfg(test)]
mod tests {
    use super::super::tests::clouds;
    use super::*;

    #[test]
    fn the_shrunk_distance_is_scikit_learns() {
        // sklearn.covariance.LedoitWolf().fit(rows): shrinkage_ and sqrt(mahalanobis(rows)).
        let rows = [1.0, 2.0, 0.5, 2.0, 1.0, 0.0, 3.0, 5.0, 1.5, 4.0, 3.0, -1.0, 0.0, 1.0, 2.0, 2.5, 2.5, 0.5];
        let mahalanobis = Mahalanobis::fit(&rows, 3).unwrap();
        assert!((mahalanobis.shrinkage() - SHRINKAGE).abs() < 1e-12, "{}", mahalanobis.shrinkage());
        for (score, expected) in mahalanobis.scores(&rows).into_iter().zip(DISTANCES) {
            assert!((score - expected).abs() < 1e-12, "{score} {expected}");
        }
    }

    const SHRINKAGE: f64 = 0.7215686274509804;
    const DISTANCES: [f64; 6] = [
        0.9046007947446963,
        1.2237231100295864,
        2.225009266832114,
        1.9149915678041327,
        2.097853923832697,
        0.3339888883530474,
    ];

    #[test]
    fn distances_of_a_gaussian_cloud_are_those_of_its_dimension() {
        // The mean squared distance over the rows that were fitted is their dimension, but for the shrinkage.
        let features = clouds(5_000, 20, 1, |_, feature| feature as f32);
        let mahalanobis = Mahalanobis::fit(&features, 20).unwrap();
        let mean = mahalanobis.scores(&features).iter().map(|score| score * score).sum::<f64>() / 5_000.0;
        assert!((mean - 20.0).abs() < 0.1, "{mean}");
        let far = mahalanobis.scores(&clouds(10, 20, 2, |_, feature| feature as f32 + 3.0));
        assert!(far.iter().all(|score| *score > 15.0), "{far:?}");
    }

    #[test]
    fn features_that_never_vary_are_borne_while_others_do() {
        let features: Vec<f32> = (0..100).flat_map(|row| [row as f32, 7.0]).collect();
        let mahalanobis = Mahalanobis::fit(&features, 2).unwrap();
        assert!(mahalanobis.scores(&[50.0, 7.0, 50.0, 9.0]).iter().all(|score| score.is_finite()));
        assert!(matches!(Mahalanobis::fit(&[1.0; 8], 2), Err(BaselineError::Fit { .. })));
        assert!(matches!(Mahalanobis::fit(&[], 2), Err(BaselineError::Empty { .. })));
        assert!(matches!(Mahalanobis::fit(&[1.0; 3], 2), Err(BaselineError::Shape { .. })));
    }
}
