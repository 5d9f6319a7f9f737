//! Vector registers of reals with operators, so that an equation reads as on paper whatever the instruction set.

use std::ops::{Add, Div, Mul, Sub};

use pulp::Simd;

/// Lanes of the widest instruction set, two registers.
pub(crate) const MAX_LANES: usize = 16;

/// One real a lane, in two registers: a division or a root of the one overlaps the arithmetic of the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lanes<S: Simd> {
    simd: S,
    registers: [S::f64s; 2],
}

impl<S: Simd> Lanes<S> {
    /// Lanes of the instruction set.
    pub(crate) const COUNT: usize = 2 * S::F64_LANES;

    #[inline(always)]
    pub(crate) fn splat(simd: S, value: f64) -> Self {
        Self { simd, registers: [simd.splat_f64s(value); 2] }
    }

    /// Takes the first [`Lanes::COUNT`] of `values`.
    #[inline(always)]
    pub(crate) fn load(simd: S, values: &[f64]) -> Self {
        let (registers, _) = S::as_simd_f64s(values);
        Self { simd, registers: [registers[0], registers[1]] }
    }

    #[inline(always)]
    pub(crate) fn store(self, values: &mut [f64]) {
        let (registers, _) = S::as_mut_simd_f64s(values);
        registers[0] = self.registers[0];
        registers[1] = self.registers[1];
    }

    #[inline(always)]
    pub(crate) fn sqrt(self) -> Self {
        let [a, b] = self.registers;
        Self { registers: [self.simd.sqrt_f64s(a), self.simd.sqrt_f64s(b)], ..self }
    }

    /// The larger in each lane, of two numbers.
    #[inline(always)]
    pub(crate) fn max(self, other: Self) -> Self {
        other.where_less(self, self, other)
    }

    /// The smaller in each lane, of two numbers.
    #[inline(always)]
    pub(crate) fn min(self, other: Self) -> Self {
        self.where_less(other, self, other)
    }

    /// Without its sign.
    #[inline(always)]
    pub(crate) fn abs(self) -> Self {
        let [a, b] = self.registers;
        Self { registers: [self.simd.abs_f64s(a), self.simd.abs_f64s(b)], ..self }
    }

    /// The magnitude of this with the sign of `sign`, which zeros have too.
    #[inline(always)]
    pub(crate) fn copysign(self, sign: Self) -> Self {
        let simd = self.simd;
        let minus = simd.splat_f64s(-0.0);
        let ([a, b], [c, d]) = (self.abs().registers, sign.registers);
        let registers = [simd.or_f64s(a, simd.and_f64s(c, minus)), simd.or_f64s(b, simd.and_f64s(d, minus))];
        Self { registers, ..self }
    }

    /// `then` in the lanes where this is less than `limit`, and `otherwise` in the others and where either is no number.
    #[inline(always)]
    pub(crate) fn where_less(self, limit: Self, then: Self, otherwise: Self) -> Self {
        let simd = self.simd;
        let ([a, b], [c, d]) = (self.registers, limit.registers);
        let (first, second) = (simd.less_than_f64s(a, c), simd.less_than_f64s(b, d));
        let ([a, b], [c, d]) = (then.registers, otherwise.registers);
        Self { registers: [simd.select_f64s(first, a, c), simd.select_f64s(second, b, d)], ..self }
    }

    /// `self * factor + addend`, in one rounding where the instruction set has it.
    #[inline(always)]
    pub(crate) fn mul_add(self, factor: Self, addend: Self) -> Self {
        let ([a, b], [c, d], [e, f]) = (self.registers, factor.registers, addend.registers);
        Self { registers: [self.simd.mul_add_e_f64s(a, c, e), self.simd.mul_add_e_f64s(b, d, f)], ..self }
    }
}

macro_rules! operators {
    ($($operator:ident, $method:ident, $of_registers:ident;)*) => {$(
        impl<S: Simd> $operator for Lanes<S> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                let ([a, b], [c, d]) = (self.registers, other.registers);
                Self { registers: [self.simd.$of_registers(a, c), self.simd.$of_registers(b, d)], ..self }
            }
        }
    )*};
}

operators! {
    Add, add, add_f64s;
    Sub, sub, sub_f64s;
    Mul, mul, mul_f64s;
    Div, div, div_f64s;
}
