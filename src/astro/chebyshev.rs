//! A smooth path in space, fitted by Chebyshev polynomials piece by piece, so that asking for it often costs little.

use std::f64::consts::PI;

use super::Vector3;

/// Coefficients of a piece.
const TERMS: usize = 10;

/// A path over a span of time, as polynomials of degree 9 in pieces of equal length.
///
/// What is fitted must be smooth over a piece: of a harmonic of angular rate ω and amplitude A, a piece of length h misses
/// about A (ω h/4)¹⁰ 2/10!, for the Moon's fastest terms over a day less than a millimetre.
/// Source: Press et al., Numerical Recipes, 3rd ed., section 5.8.
#[derive(Clone, Debug)]
pub struct ChebyshevPath {
    start_s: f64,
    piece_s: f64,
    pieces: Vec<[Vector3; TERMS]>,
}

impl ChebyshevPath {
    /// Fits `path` from `start_s` to `end_s` in pieces no longer than `longest_piece_s`.
    ///
    /// The ends may come in either order. `longest_piece_s` must be positive.
    #[must_use]
    pub fn fit(start_s: f64, end_s: f64, longest_piece_s: f64, path: impl Fn(f64) -> Vector3) -> Self {
        let (start_s, end_s) = (start_s.min(end_s), start_s.max(end_s));
        let count = ((end_s - start_s) / longest_piece_s).ceil().max(1.0);
        // A span of no length still has a piece in which the path can be asked for.
        let piece_s = if end_s > start_s { (end_s - start_s) / count } else { longest_piece_s };
        let half_s = 0.5 * piece_s;
        let pieces = (0..count as usize)
            .map(|piece| {
                let middle_s = start_s + (piece as f64 + 0.5) * piece_s;
                let angle = |node: usize| PI * (node as f64 + 0.5) / TERMS as f64;
                let samples: [Vector3; TERMS] =
                    std::array::from_fn(|node| path(middle_s + half_s * libm::cos(angle(node))));
                std::array::from_fn(|term| {
                    let weight = if term == 0 { 1.0 } else { 2.0 } / TERMS as f64;
                    let sum = samples.iter().enumerate().fold(Vector3::zeros(), |sum, (node, sample)| {
                        sum + sample * libm::cos(term as f64 * angle(node))
                    });
                    sum * weight
                })
            })
            .collect();
        Self { start_s, piece_s, pieces }
    }

    /// The path at a time [s] within the span; beyond it the last piece is continued, which is good to a small part of a piece.
    #[must_use]
    pub fn at(&self, time_s: f64) -> Vector3 {
        let place = (time_s - self.start_s) / self.piece_s;
        let piece = (place.max(0.0) as usize).min(self.pieces.len() - 1);
        let x = 2.0 * (place - piece as f64) - 1.0;
        // Clenshaw's recurrence.
        let coefficients = &self.pieces[piece];
        let (mut last, mut before) = (coefficients[TERMS - 1], Vector3::zeros());
        for term in (1..TERMS - 1).rev() {
            (last, before) = (coefficients[term] + last * (2.0 * x) - before, last);
        }
        coefficients[0] + last * x - before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smooth_path_is_met_everywhere() {
        let path = |time_s: f64| Vector3::new(libm::cos(time_s), libm::sin(time_s), 1.0 + time_s);
        let fitted = ChebyshevPath::fit(7.0, -3.0, 1.0, path);
        for sample in 0..=1000 {
            let time_s = -3.0 + 0.01 * f64::from(sample);
            // (1/4)¹⁰ 2/10! is 5e-13; rounding is more.
            assert!((fitted.at(time_s) - path(time_s)).norm() < 2e-12, "{time_s}");
        }
        assert!((ChebyshevPath::fit(2.0, 2.0, 1.0, path).at(2.0) - path(2.0)).norm() < 1e-12);
    }
}
