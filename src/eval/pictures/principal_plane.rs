//! The plane in which encodings spread most.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

use super::picture::PictureError;

/// A mean and the two directions of most variance.
///
/// Source: Pearson, Phil. Mag. 2 (1901) 559 (principal components).
#[derive(Clone, Debug, PartialEq)]
pub struct PrincipalPlane {
    mean: DVector<f64>,
    /// Unit vectors; the largest entry of each is positive.
    axes: [DVector<f64>; 2],
    explained: [f64; 2],
}

impl PrincipalPlane {
    /// Of row-major `rows` of `width`, 2 or more.
    ///
    /// Errors: no rows, not a whole number of them, fewer than two columns, a value that is not finite.
    pub fn fit(rows: &[f32], width: usize) -> Result<Self, PictureError> {
        let fault = |reason: String| PictureError::Content { picture: "plane of encodings", reason };
        if width < 2 || rows.is_empty() || !rows.len().is_multiple_of(width) {
            return Err(fault(format!("{} values are no rows of {width}", rows.len())));
        }
        if let Some(index) = rows.iter().position(|value| !value.is_finite()) {
            return Err(fault(format!("row {}: {} is not finite", index / width, rows[index])));
        }
        let count = (rows.len() / width) as f64;
        let columns = DMatrix::from_iterator(width, rows.len() / width, rows.iter().map(|value| f64::from(*value)));
        let mean = columns.column_mean();
        let mut centred = columns;
        centred.column_iter_mut().for_each(|mut row| row -= &mean);
        let eigen = SymmetricEigen::new(&centred * centred.transpose() / count);
        let mut order: Vec<usize> = (0..width).collect();
        order.sort_by(|a, b| eigen.eigenvalues[*b].total_cmp(&eigen.eigenvalues[*a]));
        let total: f64 = eigen.eigenvalues.iter().sum();
        let axis = |rank: usize| {
            let axis = eigen.eigenvectors.column(order[rank]).into_owned();
            if axis[axis.iamax()] < 0.0 { -axis } else { axis }
        };
        let share = |rank: usize| if total > 0.0 { eigen.eigenvalues[order[rank]].max(0.0) / total } else { 0.0 };
        Ok(Self { mean, axes: [axis(0), axis(1)], explained: [share(0), share(1)] })
    }

    /// The share of the variance along each axis.
    #[must_use]
    pub fn explained(&self) -> [f64; 2] {
        self.explained
    }

    /// Where row-major rows lie in the plane.
    #[must_use]
    pub fn project(&self, rows: &[f32]) -> Vec<[f64; 2]> {
        let width = self.mean.len();
        let along = |row: &[f32], axis: &DVector<f64>| {
            row.iter()
                .zip(&self.mean)
                .zip(axis)
                .map(|((value, mean), weight)| (f64::from(*value) - mean) * weight)
                .sum()
        };
        rows.chunks_exact(width).map(|row| [along(row, &self.axes[0]), along(row, &self.axes[1])]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axes_are_those_of_a_flat_ellipse() {
        // Points on an ellipse with axes (3, 4, 0) / 5 of variance 8 and (-4, 3, 0) / 5 of variance 2.
        let rows: Vec<f32> = (0..360)
            .flat_map(|degrees| {
                let (sin, cos) = f64::from(degrees).to_radians().sin_cos();
                let (long, short) = (4.0 * cos, 2.0 * sin);
                [0.6 * long - 0.8 * short + 1.0, 0.8 * long + 0.6 * short - 2.0, 7.0].map(|value| value as f32)
            })
            .collect();
        let plane = PrincipalPlane::fit(&rows, 3).unwrap();
        let [first, second] = plane.explained();
        assert!((first - 0.8).abs() < 1e-6 && (second - 0.2).abs() < 1e-6, "{first} {second}");
        let places = plane.project(&rows);
        assert!((places[0][0] - 4.0).abs() < 1e-5 && places[0][1].abs() < 1e-5, "{:?}", places[0]);
        // The second axis points along +x, its largest entry: (4, -3, 0) / 5.
        assert!(places[90][0].abs() < 1e-5 && (places[90][1] + 2.0).abs() < 1e-5, "{:?}", places[90]);
    }

    #[test]
    fn what_has_no_plane_is_refused_or_flat() {
        assert!(PrincipalPlane::fit(&[], 3).is_err());
        assert!(PrincipalPlane::fit(&[1.0; 4], 3).is_err());
        assert!(PrincipalPlane::fit(&[1.0, f32::NAN], 2).is_err());
        let constant = PrincipalPlane::fit(&[2.0; 6], 2).unwrap();
        assert_eq!(constant.explained(), [0.0, 0.0]);
        assert!(constant.project(&[2.0; 2]).iter().flatten().all(|place| *place == 0.0));
    }
}
