//! A vector register of reals with operators, so that an equation reads as on paper whatever the instruction set.

use std::ops::{Add, Div, Mul, Sub};

use pulp::Simd;

/// One real a lane.
#[derive(Clone, Copy, Debug)]
pub(in crate::sim) struct Lanes<S: Simd> {
    simd: S,
    value: S::f64s,
}

impl<S: Simd> Lanes<S> {
    #[inline(always)]
    pub(in crate::sim) fn splat(simd: S, value: f64) -> Self {
        Self { simd, value: simd.splat_f64s(value) }
    }

    /// Takes the first `S::F64_LANES` of `values`.
    #[inline(always)]
    pub(in crate::sim) fn load(simd: S, values: &[f64]) -> Self {
        Self { simd, value: simd.partial_load_f64s(&values[..S::F64_LANES]) }
    }

    #[inline(always)]
    pub(in crate::sim) fn store(self, values: &mut [f64]) {
        self.simd.partial_store_f64s(&mut values[..S::F64_LANES], self.value);
    }

    #[inline(always)]
    pub(in crate::sim) fn sqrt(self) -> Self {
        Self { value: self.simd.sqrt_f64s(self.value), ..self }
    }

    /// `self * factor + addend`, in one rounding where the instruction set has it.
    #[inline(always)]
    pub(in crate::sim) fn mul_add(self, factor: Self, addend: Self) -> Self {
        Self { value: self.simd.mul_add_e_f64s(self.value, factor.value, addend.value), ..self }
    }
}

impl<S: Simd> Add for Lanes<S> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self { value: self.simd.add_f64s(self.value, other.value), ..self }
    }
}

impl<S: Simd> Sub for Lanes<S> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self { value: self.simd.sub_f64s(self.value, other.value), ..self }
    }
}

impl<S: Simd> Mul for Lanes<S> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self { value: self.simd.mul_f64s(self.value, other.value), ..self }
    }
}

impl<S: Simd> Div for Lanes<S> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Self { value: self.simd.div_f64s(self.value, other.value), ..self }
    }
}
