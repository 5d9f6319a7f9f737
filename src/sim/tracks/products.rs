//! Products of matrices of a fixed size, as loops that the compiler unrolls: for nine rows the library would call a general kernel, which
//! takes several times as long.

use nalgebra::SMatrix;

/// The product of two matrices, summed in the order of the inner index.
#[inline(always)]
pub(super) fn product<const R: usize, const K: usize, const C: usize>(
    left: &SMatrix<f64, R, K>,
    right: &SMatrix<f64, K, C>,
) -> SMatrix<f64, R, C> {
    let mut out = SMatrix::<f64, R, C>::zeros();
    for column in 0..C {
        for inner in 0..K {
            let factor = right.data.0[column][inner];
            for row in 0..R {
                out.data.0[column][row] += left.data.0[inner][row] * factor;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_product() {
        let left = SMatrix::<f64, 6, 9>::from_fn(|row, column| (row * 7 + column * 3) as f64 - 20.0);
        let right = SMatrix::<f64, 9, 4>::from_fn(|row, column| (row * 5 + column * 11) as f64 - 30.0);
        assert_eq!(product(&left, &right), left * right);
    }
}
