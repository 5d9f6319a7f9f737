//! The logarithms of an observation, sixteen side by side, to the bits of the f32 that they end as.
//!
//! [`Scale::apply`] says what the number is. Here the logarithm comes from a series on lanes, good to 1e-15, and is rounded to
//! f32 from a little below and a little above: where both give one number, the exact logarithm gives that number too, and
//! where they do not, about once in a million, it is asked.

use std::f64::consts::{LN_10, LOG10_2};

use pulp::{Arch, Simd, WithSimd};

use super::observation::Scale;
use crate::sim::integrators::lanes::{Lanes, MAX_LANES};

/// How far the series and [`libm::log10`] could both be off, relative to the logarithm, and fifty times that.
const TOLERANCE: f64 = 1e-13;

/// Logarithms that wait until there are enough of them.
pub(super) struct Logarithms {
    arch: Arch,
    waiting: usize,
    /// What they are of, for the exact answer: the scale, the physical value and the index of the number that it becomes.
    of: [(Scale, f64, usize); MAX_LANES],
    lanes: Columns,
}

struct Columns {
    /// Argument as m 2^k, with m from √½ to √2.
    mantissa: [f64; MAX_LANES],
    exponent: [f64; MAX_LANES],
    decades: [f64; MAX_LANES],
    /// The scaled number from either side.
    low: [f64; MAX_LANES],
    high: [f64; MAX_LANES],
}

impl Logarithms {
    pub(super) fn new() -> Self {
        let ones = [1.0; MAX_LANES];
        Self {
            arch: Arch::new(),
            waiting: 0,
            of: [(Scale::Plain, 0.0, 0); MAX_LANES],
            lanes: Columns { mantissa: ones, exponent: ones, decades: ones, low: ones, high: ones },
        }
    }

    /// Sees to it that `out[at]` becomes the scaled `value`, now or with the next [`Logarithms::finish`].
    #[inline]
    pub(super) fn scale(&mut self, scale: Scale, value: f64, at: usize, out: &mut [f32]) {
        let (argument, decades) = match scale {
            Scale::Plain => (1.0, 1.0),
            Scale::Log { centre, decades } => (Scale::log_argument(centre, value), decades),
            Scale::SignedLog { unit, decades } => (1.0 + value.abs() / unit, decades),
        };
        // The logarithm of one is zero, and what is not a positive normal number is no work for a series.
        if argument == 1.0 || !(f64::MIN_POSITIVE..=f64::MAX).contains(&argument) {
            out[at] = scale.apply(value) as f32;
            return;
        }
        let bits = argument.to_bits() as i64;
        let exponent = (bits - std::f64::consts::FRAC_1_SQRT_2.to_bits() as i64) >> 52;
        self.of[self.waiting] = (scale, value, at);
        self.lanes.mantissa[self.waiting] = f64::from_bits((bits - (exponent << 52)) as u64);
        self.lanes.exponent[self.waiting] = exponent as f64;
        self.lanes.decades[self.waiting] = decades;
        self.waiting += 1;
        if self.waiting == MAX_LANES {
            self.finish(out);
        }
    }

    /// Writes what still waits.
    pub(super) fn finish(&mut self, out: &mut [f32]) {
        if self.waiting == 0 {
            return;
        }
        self.arch.dispatch(&mut self.lanes);
        for (lane, (scale, value, at)) in self.of.iter().enumerate().take(self.waiting) {
            let (low, high) = (self.lanes.low[lane] as f32, self.lanes.high[lane] as f32);
            out[*at] = if low == high { scale.sign(low, *value) } else { scale.apply(*value) as f32 };
        }
        self.waiting = 0;
    }
}

impl WithSimd for &mut Columns {
    type Output = ();

    /// log10(m 2^k) = k log10 2 + 2 (s + s³/3 + s⁵/5 + …) / ln 10, with s = (m - 1) / (m + 1), at most 0.172.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let number = |value: f64| Lanes::splat(simd, value);
        for from in (0..MAX_LANES).step_by(Lanes::<S>::COUNT) {
            let mantissa = Lanes::load(simd, &self.mantissa[from..]);
            let exponent = Lanes::load(simd, &self.exponent[from..]);
            let decades = Lanes::load(simd, &self.decades[from..]);
            let s = (mantissa - number(1.0)) / (mantissa + number(1.0));
            let square = s * s;
            let mut series = number(1.0 / 21.0);
            for k in (0..10).rev() {
                series = series.mul_add(square, number(1.0 / (2.0 * f64::from(k) + 1.0)));
            }
            let logarithm = exponent.mul_add(number(LOG10_2), number(2.0 / LN_10) * s * series);
            let scaled = logarithm / decades;
            let bound = number(2.0);
            let low = (scaled * number(1.0 - TOLERANCE)).min(bound).max(number(-2.0));
            let high = (scaled * number(1.0 + TOLERANCE)).min(bound).max(number(-2.0));
            low.store(&mut self.low[from..]);
            high.store(&mut self.high[from..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_those_of_the_exact_scale_to_the_bit(
            values in prop::collection::vec((any::<f64>(), -9.0..9.0_f64, any::<bool>(), 0.0..4.0_f64), 1..50),
        ) {
            let scales = [
                Scale::Log { centre: 100.0, decades: 3.0 },
                Scale::Log { centre: 1e-3, decades: 1.0 },
                Scale::SignedLog { unit: 1.0, decades: 4.0 },
                Scale::SignedLog { unit: 1e-4, decades: 5.0 },
            ];
            let asked: Vec<(Scale, f64)> = values
                .iter()
                .map(|(wild, decade, tame, scale)| {
                    let value = if *tame { libm::exp10(*decade).copysign(*wild) } else { *wild };
                    (scales[*scale as usize], value)
                })
                .collect();
            let mut out = vec![7.0; asked.len()];
            let mut logarithms = Logarithms::new();
            for (at, (scale, value)) in asked.iter().enumerate() {
                logarithms.scale(*scale, *value, at, &mut out);
            }
            logarithms.finish(&mut out);
            for ((scale, value), number) in asked.iter().zip(&out) {
                prop_assert_eq!((scale.apply(*value) as f32).to_bits(), number.to_bits(), "{:?} of {}", scale, value);
            }
        }
    }
}
