//! The covariance of one object's state: frames, soundness, repair.

use nalgebra::{Matrix3, Matrix6, Vector6};

use super::super::CartesianState;
use super::super::rtn::RtnFrame;
use super::ConjunctionError;

/// Covariance of position and velocity [m², m²/s, m²/s²]: R, T, N, then their rates, or X, Y, Z and theirs.
pub type Covariance6 = Matrix6<f64>;

/// Magnitude of a correlation above which a matrix is no covariance with a rounding error, but no covariance at all.
const HOPELESS_CORRELATION: f64 = 1.1;

/// How a covariance that is not positive definite was made positive semi-definite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repair {
    /// Least eigenvalue of the correlation matrix [-], which was negative and became zero.
    pub least_eigenvalue: f64,
}

/// The covariance of a state in the inertial frame that `state` is in, from one in the state's RTN frame.
///
/// The RTN axes count as fixed at that instant, which is what a CDM means: each 3 × 3 block is turned by the same rotation.
/// Source: CCSDS 508.0-B-1, table 3-4 and annex E.
#[must_use]
pub fn inertial_of_rtn(covariance_rtn: &Covariance6, state: &CartesianState) -> Covariance6 {
    let frame = RtnFrame::of(state);
    let rotation = Matrix3::from_columns(&[frame.radial, frame.transverse, frame.normal]);
    let mut both = Matrix6::zeros();
    both.fixed_view_mut::<3, 3>(0, 0).copy_from(&rotation);
    both.fixed_view_mut::<3, 3>(3, 3).copy_from(&rotation);
    both * covariance_rtn * both.transpose()
}

/// A factor L with L Lᵀ = `covariance`, and what had to be repaired for there to be one.
///
/// The matrix is brought to correlations first, so that metres and metres a second weigh alike; negative eigenvalues of
/// that (from rounded figures in a file, usually) are set to zero. `object`: 1 or 2, for messages.
///
/// # Errors
/// [`ConjunctionError::Covariance`] where an entry is not finite, a variance is negative, or a correlation is above 1.1:
/// no rounding does that.
pub fn factor(object: usize, covariance: &Covariance6) -> Result<(Matrix6<f64>, Option<Repair>), ConjunctionError> {
    let refused = |reason: String| Err(ConjunctionError::Covariance { object, reason });
    if !covariance.iter().all(|entry| entry.is_finite()) {
        return refused("an entry is not finite".to_owned());
    }
    if let Some(axis) = (0..6).find(|axis| covariance[(*axis, *axis)] < 0.0) {
        return refused(format!("variance {} of component {} is negative", covariance[(axis, axis)], axis + 1));
    }
    let deviations = Vector6::from_fn(|axis, _| covariance[(axis, axis)].sqrt());
    let mut correlations = Matrix6::identity();
    for row in 0..6 {
        for column in 0..6 {
            let (entry, scale) = (covariance[(row, column)], deviations[row] * deviations[column]);
            // What does not vary at all has no correlation, and none can be given to it.
            let correlation = if scale > 0.0 { entry / scale } else { 0.0 };
            if row != column {
                correlations[(row, column)] = correlation;
            }
            if correlation.abs() > HOPELESS_CORRELATION || (scale == 0.0 && entry != 0.0) {
                return refused(format!(
                    "components {} and {} have the covariance {entry}, but the standard deviations {} and {}: no \
                     covariance is larger than their product",
                    row.min(column) + 1,
                    row.max(column) + 1,
                    deviations[row.min(column)],
                    deviations[row.max(column)]
                ));
            }
        }
    }
    let symmetric = (correlations + correlations.transpose()) * 0.5;
    let Some(eigen) = symmetric.try_symmetric_eigen(f64::EPSILON, 10_000) else {
        return refused("its eigenvalues cannot be found".to_owned());
    };
    let least = eigen.eigenvalues.min();
    // A singular matrix has eigenvalues of -1e-16 by rounding alone.
    let repair = (least < -1e-12).then_some(Repair { least_eigenvalue: least });
    let roots = eigen.eigenvalues.map(|value| value.max(0.0).sqrt());
    let factor = Matrix6::from_diagonal(&deviations) * eigen.eigenvectors * Matrix6::from_diagonal(&roots);
    Ok((factor, repair))
}

#[cfg(test)]
mod tests {
    use super::super::super::Vector3;
    use super::*;

    #[test]
    fn a_sound_covariance_is_factored_and_an_indefinite_one_repaired() {
        let mixing = Matrix6::from_fn(|row, column| ((row * 7 + column * 3) % 5) as f64 - 1.7);
        let sound = mixing * mixing.transpose();
        let (root, repair) = factor(1, &sound).unwrap();
        assert_eq!(repair, None);
        assert!((root * root.transpose() - sound).norm() < 1e-12 * sound.norm());

        // Correlation 1.0001 between two components: one eigenvalue of -1e-4.
        let mut indefinite = Matrix6::identity();
        (indefinite[(0, 4)], indefinite[(4, 0)]) = (1.0001, 1.0001);
        let (root, repair) = factor(1, &indefinite).unwrap();
        assert!((repair.unwrap().least_eigenvalue + 1e-4).abs() < 1e-12);
        assert!((root * root.transpose() - indefinite).norm() < 3e-4);
    }

    #[test]
    fn what_is_no_covariance_is_refused_with_its_figures() {
        let mut negative = Matrix6::identity();
        negative[(2, 2)] = -4.0;
        let message = factor(2, &negative).unwrap_err().to_string();
        assert!(
            message.contains("object 2") && message.contains("variance -4 of component 3 is negative"),
            "{message}"
        );
        let mut wild = Matrix6::identity();
        (wild[(0, 1)], wild[(1, 0)]) = (3.0, 3.0);
        assert!(factor(1, &wild).unwrap_err().to_string().contains("components 1 and 2 have the covariance 3"));
        assert!(factor(1, &Matrix6::from_element(f64::NAN)).is_err());
        let mut degenerate = Matrix6::zeros();
        assert_eq!(factor(1, &degenerate).unwrap(), (Matrix6::zeros(), None));
        degenerate[(0, 1)] = 1.0;
        assert!(factor(1, &degenerate).is_err());
    }

    #[test]
    fn rtn_turns_both_blocks() {
        let state = CartesianState {
            position_m: Vector3::new(0.0, 7.0e6, 0.0),
            velocity_m_s: Vector3::new(-7_500.0, 0.0, 0.0),
        };
        let covariance = Matrix6::from_diagonal(&Vector6::new(1.0, 2.0, 3.0, 4.0, 5.0, 6.0));
        // R is +Y, T is -X, N is +Z.
        let expected = Matrix6::from_diagonal(&Vector6::new(2.0, 1.0, 3.0, 5.0, 4.0, 6.0));
        assert!((inertial_of_rtn(&covariance, &state) - expected).norm() < 1e-12);
    }
}
