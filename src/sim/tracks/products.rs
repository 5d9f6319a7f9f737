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

/// The product of the first columns of `left`, as many as `right` has rows, with `right`.
#[inline(always)]
pub(super) fn product_of_first<const R: usize, const L: usize, const K: usize, const C: usize>(
    left: &SMatrix<f64, R, L>,
    right: &SMatrix<f64, K, C>,
) -> SMatrix<f64, R, C> {
    const { assert!(K <= L) };
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

/// The product of `left` and the transpose of `right`.
#[inline(always)]
pub(super) fn product_with_transpose<const R: usize, const K: usize, const C: usize>(
    left: &SMatrix<f64, R, K>,
    right: &SMatrix<f64, C, K>,
) -> SMatrix<f64, R, C> {
    let mut out = SMatrix::<f64, R, C>::zeros();
    for inner in 0..K {
        for column in 0..C {
            let factor = right.data.0[inner][column];
            for row in 0..R {
                out.data.0[column][row] += left.data.0[inner][row] * factor;
            }
        }
    }
    out
}

/// The mean of a matrix and its transpose, symmetric to the bit.
#[inline(always)]
pub(super) fn symmetric_part<const N: usize>(matrix: &SMatrix<f64, N, N>) -> SMatrix<f64, N, N> {
    let mut out = SMatrix::<f64, N, N>::zeros();
    for column in 0..N {
        for row in 0..N {
            out.data.0[column][row] = 0.5 * (matrix.data.0[column][row] + matrix.data.0[row][column]);
        }
    }
    out
}

/// The inverse of a symmetric positive definite matrix, by Gauss and Jordan's elimination; `None` where a pivot is not positive.
#[inline(always)]
pub(super) fn inverse_of_positive<const N: usize>(matrix: &SMatrix<f64, N, N>) -> Option<SMatrix<f64, N, N>> {
    let mut rows = matrix.data.0;
    for k in 0..N {
        let pivot = rows[k][k];
        if pivot.is_nan() || pivot <= 0.0 {
            return None;
        }
        rows[k][k] = 1.0;
        let scaled = rows[k].map(|value| value / pivot);
        rows[k] = scaled;
        for (_, row) in rows.iter_mut().enumerate().filter(|(index, _)| *index != k) {
            let share = row[k];
            row[k] = 0.0;
            for (value, scaled) in row.iter_mut().zip(scaled) {
                *value -= share * scaled;
            }
        }
    }
    Some(SMatrix::from_data(nalgebra::ArrayStorage(rows)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_product() {
        let left = SMatrix::<f64, 6, 9>::from_fn(|row, column| (row * 7 + column * 3) as f64 - 20.0);
        let right = SMatrix::<f64, 9, 4>::from_fn(|row, column| (row * 5 + column * 11) as f64 - 30.0);
        assert_eq!(product(&left, &right), left * right);
        let first = right.fixed_rows::<4>(0).into_owned();
        assert_eq!(product_of_first(&left, &first), left.fixed_columns::<4>(0) * first);
        assert_eq!(product_with_transpose(&left, &left), left * left.transpose());
    }

    #[test]
    fn it_is_the_inverse() {
        let root = SMatrix::<f64, 4, 4>::from_fn(|row, column| (row * 3 + column * column) as f64 % 5.0 + 0.3);
        let positive = root * root.transpose() + SMatrix::identity();
        let inverse = inverse_of_positive(&positive).expect("positive definite");
        assert!((positive * inverse - SMatrix::identity()).abs().max() < 1e-12);
        assert_eq!(inverse_of_positive(&-positive), None);
        assert_eq!(inverse_of_positive(&(positive * f64::NAN)), None);
    }
}
