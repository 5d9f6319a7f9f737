//! Vectors on lanes, operation by operation what nalgebra does with one of them.
//!
//! Functions and not closures: whatever stands between a kernel and an instruction must be `#[inline(always)]`, see
//! [`super::rk4`].

#![allow(
    clippy::needless_range_loop,
    reason = "an iterator is a function that may be compiled by itself, without the kernel's instruction set"
)]

use pulp::Simd;

use super::lanes::Lanes;
use crate::astro::Vector3;

/// One vector a lane.
pub(crate) type Vectors<S> = [Lanes<S>; 3];

/// Loads the vector that stands in three columns from `first` on, beginning with the lane `from`.
#[inline(always)]
pub(crate) fn load<S: Simd, const LANES: usize>(
    simd: S,
    columns: &[[f64; LANES]],
    first: usize,
    from: usize,
) -> Vectors<S> {
    [
        Lanes::load(simd, &columns[first][from..]),
        Lanes::load(simd, &columns[first + 1][from..]),
        Lanes::load(simd, &columns[first + 2][from..]),
    ]
}

/// Stores a vector in three columns from `first` on, beginning with the lane `from`.
#[inline(always)]
pub(crate) fn store<S: Simd, const LANES: usize>(
    vector: &Vectors<S>,
    columns: &mut [[f64; LANES]],
    first: usize,
    from: usize,
) {
    for axis in 0..3 {
        vector[axis].store(&mut columns[first + axis][from..]);
    }
}

/// The product of two vectors.
#[inline(always)]
pub(crate) fn dot<S: Simd>(a: &Vectors<S>, b: &Vectors<S>) -> Lanes<S> {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// The length.
#[inline(always)]
pub(crate) fn norm<S: Simd>(a: &Vectors<S>) -> Lanes<S> {
    dot(a, a).sqrt()
}

/// The cross product.
#[inline(always)]
pub(crate) fn cross<S: Simd>(a: &Vectors<S>, b: &Vectors<S>) -> Vectors<S> {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// The difference.
#[inline(always)]
pub(crate) fn minus<S: Simd>(a: &Vectors<S>, b: &Vectors<S>) -> Vectors<S> {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// The vector over a number, component by component.
#[inline(always)]
pub(crate) fn over<S: Simd>(a: &Vectors<S>, by: Lanes<S>) -> Vectors<S> {
    [a[0] / by, a[1] / by, a[2] / by]
}

/// The same vector in every lane.
#[inline(always)]
pub(crate) fn splat<S: Simd>(simd: S, vector: &Vector3) -> Vectors<S> {
    [Lanes::splat(simd, vector.x), Lanes::splat(simd, vector.y), Lanes::splat(simd, vector.z)]
}
