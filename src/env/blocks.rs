//! The blocks of own ship and of its tracks, sixteen of a kind side by side, to the bits of the f32 that they end as.
//!
//! The tables of [`super::observation`] say what each number is. Here quotients, roots, logarithms and the angle to the Sun are
//! computed on lanes. The quotients and roots are the same operations in the same order; what ends in a logarithm or an arc is
//! computed by a series and taken where a little less and a little more round to the same f32, and asked of the table where
//! they do not, about once in a million.

#![allow(
    clippy::needless_range_loop,
    reason = "an iterator is a function that may be compiled by itself, without the kernel's instruction set"
)]

use std::f64::consts::{FRAC_1_SQRT_2, LN_10, LOG10_2, PI};

use pulp::{Arch, Simd, WithSimd};

use super::observation::{BLOCK, Entry, OWN_SHIP, Scale, TRACK};
use crate::sim::integrators::lanes::{Lanes, MAX_LANES};
use crate::sim::integrators::vectors::{self, Vectors};
use crate::sim::view::{Mark, Track, View};

/// How far a series and the function of libm could both be off, relative to the number, and fifty times that.
const TOLERANCE: f64 = 1e-13;
/// Numbers that the lanes are given: nine of own ship, or fourteen of a track and of own ship for its sake.
const ASKED: usize = 14;
/// Entries of own ship's block that are logarithms.
const OWN_LOGARITHMS: [usize; 4] = [3, 8, 14, 15];
/// Entries of a track's block that are logarithms, or in the end an arc.
const TRACK_LOGARITHMS: [usize; 8] = [3, 4, 5, 6, 7, 8, 9, 10];
const SUN_PHASE: usize = 11;

type Column = [f64; MAX_LANES];

/// Both sides of a number that is known to [`TOLERANCE`].
#[derive(Clone, Copy)]
struct Sides {
    low: Column,
    high: Column,
}

impl Sides {
    const NONE: Self = Self { low: [0.0; MAX_LANES], high: [0.0; MAX_LANES] };
}

/// Where blocks are computed, with room kept from one use to the next.
pub(super) struct Blocks {
    arch: Arch,
    asked: [Column; ASKED],
    /// Plain numbers: three shares of own ship, or direction, contrast and threat of a track.
    plain: [Column; 5],
    sides: [Sides; 9],
}

impl Blocks {
    pub(super) fn new() -> Self {
        Self {
            arch: Arch::new(),
            asked: [[1.0; MAX_LANES]; ASKED],
            plain: [[0.0; MAX_LANES]; 5],
            sides: [Sides::NONE; 9],
        }
    }

    /// Writes the blocks of own ship of at most [`MAX_LANES`] views, each where it is told to begin.
    pub(super) fn write_own<'a>(&mut self, views: impl Iterator<Item = (&'a View, usize)> + Clone, out: &mut [f32]) {
        let mut count = 0;
        for (lane, (view, _)) in views.clone().enumerate() {
            let own = &view.own;
            let numbers = [
                own.mass_kg,
                own.initial_mass_kg,
                own.delta_v_left_m_s,
                own.initial_delta_v_m_s,
                view.time_left_s,
                view.time_s,
                own.mean_motion_rad_s,
                view.segment_s,
                own.max_acceleration_m_s2,
            ];
            for (column, number) in self.asked.iter_mut().zip(numbers) {
                column[lane] = number;
            }
            count = lane + 1;
        }
        let Self { arch, asked, plain, sides } = self;
        arch.dispatch(OwnKernel { lanes: count, asked, plain, sides });
        for (lane, (view, first)) in views.enumerate() {
            let own = &view.own;
            let block = &mut out[first..first + BLOCK];
            let initial = own.initial_delta_v_m_s;
            block[0] = bounded(self.plain[0][lane]);
            block[1] =
                if initial.is_finite() && initial > 0.0 { bounded(self.plain[1][lane]) } else { flag(initial > 0.0) };
            block[2] = bounded(self.plain[2][lane]);
            block[4] = bounded(own.sun_rtn.x);
            block[5] = bounded(own.sun_rtn.y);
            block[6] = bounded(own.sun_rtn.z);
            block[7] = flag(own.eclipsed);
            block[9..13].fill(0.0);
            if own.role < 4 {
                block[9 + usize::from(own.role)] = 1.0;
            }
            block[13] = bounded(own.last_throttle);
            for (at, sides) in OWN_LOGARITHMS.into_iter().zip(&self.sides) {
                block[at] = decide(sides, lane, &OWN_SHIP[at], view, own);
            }
        }
    }

    /// Writes the blocks of at most [`MAX_LANES`] tracks of views, each where it is told to begin.
    pub(super) fn write_tracks(&mut self, seen: &[(&View, &Track, usize)], out: &mut [f32]) {
        for (lane, (view, track, _)) in seen.iter().enumerate() {
            let (position, velocity) = (&track.position_rtn_m, &track.velocity_rtn_m_s);
            let acceleration = &track.acceleration_rtn_m_s2;
            let numbers = [
                position.x,
                position.y,
                position.z,
                velocity.x,
                velocity.y,
                velocity.z,
                acceleration.x,
                acceleration.y,
                acceleration.z,
                track.position_sigma_m,
                track.sun_phase_cosine,
                view.own.delta_v_left_m_s,
                track.delta_v_left_m_s,
                track.max_acceleration_m_s2,
            ];
            for (column, number) in self.asked.iter_mut().zip(numbers) {
                column[lane] = number;
            }
        }
        let Self { arch, asked, plain, sides } = self;
        arch.dispatch(TrackKernel { lanes: seen.len(), asked, plain, sides });
        for (lane, (view, track, first)) in seen.iter().enumerate() {
            let block = &mut out[*first..first + BLOCK];
            for axis in 0..3 {
                block[axis] = bounded(self.plain[axis][lane]);
            }
            for (at, sides) in TRACK_LOGARITHMS.into_iter().zip(&self.sides) {
                block[at] = decide(sides, lane, &TRACK[at], view, track);
            }
            block[SUN_PHASE] = decide(&self.sides[8], lane, &TRACK[SUN_PHASE], view, track);
            block[12] = if track.team == view.own.team { 1.0 } else { -1.0 };
            block[13] = bounded(self.plain[3][lane]);
            block[14] = bounded(self.plain[4][lane]);
            block[15] = match track.mark {
                Mark::Goal => 1.0,
                Mark::KeepOut => -1.0,
                Mark::None => 0.0,
            };
        }
    }
}

/// A plain number as it is shown.
#[inline]
fn bounded(value: f64) -> f32 {
    value.clamp(-2.0, 2.0) as f32
}

#[inline]
fn flag(condition: bool) -> f32 {
    f32::from(u8::from(condition))
}

/// The number that both sides round to, or else what the table says.
#[inline]
fn decide<T>(sides: &Sides, lane: usize, entry: &Entry<T>, view: &View, of: &T) -> f32 {
    let (low, high) = (sides.low[lane] as f32, sides.high[lane] as f32);
    if low == high { low } else { entry.exact(view, of) }
}

struct OwnKernel<'a> {
    lanes: usize,
    asked: &'a [Column; ASKED],
    plain: &'a mut [Column; 5],
    sides: &'a mut [Sides; 9],
}

impl WithSimd for OwnKernel<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let number = |value: f64| Lanes::splat(simd, value);
        for from in (0..self.lanes).step_by(Lanes::<S>::COUNT) {
            let [mass, initial_mass, left] = vectors::load(simd, self.asked, 0, from);
            let [initial, time_left, time] = vectors::load(simd, self.asked, 3, from);
            let [mean_motion, segment, authority] = vectors::load(simd, self.asked, 6, from);
            (mass / initial_mass).store(&mut self.plain[0][from..]);
            (left / initial).store(&mut self.plain[1][from..]);
            (time_left / (time_left + time).max(number(1e-9))).store(&mut self.plain[2][from..]);
            let numbers = [mean_motion * segment, authority, left.min(number(1e6)), time_left];
            for index in 0..numbers.len() {
                let scale = OWN_SHIP[OWN_LOGARITHMS[index]].scale;
                logarithm(simd, numbers[index], scale, from, &mut self.sides[index]);
            }
        }
    }
}

struct TrackKernel<'a> {
    lanes: usize,
    asked: &'a [Column; ASKED],
    plain: &'a mut [Column; 5],
    sides: &'a mut [Sides; 9],
}

impl WithSimd for TrackKernel<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let number = |value: f64| Lanes::splat(simd, value);
        let (zero, one) = (number(0.0), number(1.0));
        for from in (0..self.lanes).step_by(Lanes::<S>::COUNT) {
            let position: Vectors<S> = vectors::load(simd, self.asked, 0, from);
            let velocity: Vectors<S> = vectors::load(simd, self.asked, 3, from);
            let acceleration = vectors::norm(&vectors::load(simd, self.asked, 6, from));
            let [sigma, cosine, own] = vectors::load(simd, self.asked, 9, from);
            let its = Lanes::load(simd, &self.asked[12][from..]);
            let authority = Lanes::load(simd, &self.asked[13][from..]);
            let range = vectors::norm(&position).max(number(1e-9));
            for axis in 0..3 {
                (position[axis] / range).store(&mut self.plain[axis][from..]);
            }
            let closing = vectors::dot(&position, &velocity);
            let time = number(-1.0) * closing / (vectors::dot(&velocity, &velocity) + number(1e-12));
            let ahead = time.max(zero).min(number(1e6));
            let mut at_closest = position;
            for axis in 0..3 {
                at_closest[axis] = position[axis] + velocity[axis] * ahead;
            }
            let miss = vectors::norm(&at_closest);

            let (own, its) = (own.min(number(1e9)), its.min(number(1e9)));
            let sum = own + its;
            zero.where_less(sum, (own - its) / sum, zero).store(&mut self.plain[3][from..]);
            let soon = time.max(zero).min(number(1e4));
            let reach = number(0.5) * authority * soon * soon;
            (reach / (reach + miss + one)).store(&mut self.plain[4][from..]);

            let numbers = [range, velocity[0], velocity[1], velocity[2], time, miss, acceleration, sigma];
            for index in 0..numbers.len() {
                let scale = TRACK[TRACK_LOGARITHMS[index]].scale;
                logarithm(simd, numbers[index], scale, from, &mut self.sides[index]);
            }
            let share = arc_cosine(simd, cosine) / number(PI);
            sides(simd, share, zero, from, &mut self.sides[8]);
        }
    }
}

/// Stores both sides of a number, bounded; `poison` is no number where the table has to be asked, and else zero.
#[inline(always)]
fn sides<S: Simd>(simd: S, value: Lanes<S>, poison: Lanes<S>, from: usize, sides: &mut Sides) {
    let number = |value: f64| Lanes::splat(simd, value);
    let low = (value * number(1.0 - TOLERANCE)).min(number(2.0)).max(number(-2.0));
    let high = (value * number(1.0 + TOLERANCE)).min(number(2.0)).max(number(-2.0));
    low.store(&mut sides.low[from..]);
    // Of the one side only: a sum would take its sign from a zero.
    (high + poison).store(&mut sides.high[from..]);
}

/// Stores both sides of a scaled logarithm.
///
/// log10(m 2^k) = k log10 2 + 2 (s + s³/3 + s⁵/5 + …) / ln 10, with s = (m - 1) / (m + 1), at most 0.172.
#[inline(always)]
fn logarithm<S: Simd>(simd: S, value: Lanes<S>, scale: Scale, from: usize, out: &mut Sides) {
    let number = |value: f64| Lanes::splat(simd, value);
    let (argument, decades, sign) = match scale {
        Scale::Plain => (value, 1.0, None),
        Scale::Log { centre, decades } => (value.max(number(Scale::floor(centre))) / number(centre), decades, None),
        Scale::SignedLog { unit, decades } => (number(1.0) + value.abs() / number(unit), decades, Some(value)),
    };
    let (mantissa, exponent) = split(simd, argument);
    let s = (mantissa - number(1.0)) / (mantissa + number(1.0));
    let square = s * s;
    let mut series = number(1.0 / 19.0);
    for k in (0..9).rev() {
        series = series.mul_add(square, number(1.0 / (2.0 * f64::from(k) + 1.0)));
    }
    let logarithm = exponent.mul_add(number(LOG10_2), number(2.0 / LN_10) * s * series);
    let scaled = logarithm * number(1.0 / decades);
    let scaled = match sign {
        Some(value) => scaled.copysign(value),
        None => scaled,
    };
    // What is infinite or no number is no work for a series.
    sides(simd, scaled, argument * number(0.0), from, out);
}

/// The angle [rad] of a cosine.
///
/// For x ≥ 0: t = tan(θ/2) = √((1 - x)/(1 + x)), halved twice by tan(φ/2) = t/(1 + √(1 + t²)) to at most 0.199, then
/// atan u = u - u³/3 + u⁵/5 - …; for x < 0: π less the angle of -x.
#[inline(always)]
fn arc_cosine<S: Simd>(simd: S, cosine: Lanes<S>) -> Lanes<S> {
    let number = |value: f64| Lanes::splat(simd, value);
    let one = number(1.0);
    let size = cosine.abs();
    let mut tangent = ((one - size) / (one + size)).sqrt();
    for _ in 0..2 {
        tangent = tangent / (one + tangent.mul_add(tangent, one).sqrt());
    }
    let square = tangent * tangent;
    let mut series = number(1.0 / 21.0);
    for k in (0..10).rev() {
        let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
        series = series.mul_add(square, number(sign / (2.0 * f64::from(k) + 1.0)));
    }
    let angle = number(8.0) * tangent * series;
    cosine.where_less(number(0.0), number(PI) - angle, angle)
}

/// Positive normal numbers as m 2^k, with m from √½ to √2.
#[inline(always)]
fn split<S: Simd>(simd: S, argument: Lanes<S>) -> (Lanes<S>, Lanes<S>) {
    // 2^52: its lowest bit counts ones.
    const WHOLE: f64 = 4_503_599_627_370_496.0;
    let mut numbers = [1.0; MAX_LANES];
    argument.store(&mut numbers);
    let (mut mantissas, mut exponents) = ([0.0; MAX_LANES], [0.0; MAX_LANES]);
    for lane in 0..Lanes::<S>::COUNT {
        let bits = numbers[lane].to_bits();
        let biased = bits.wrapping_sub(FRAC_1_SQRT_2.to_bits()).wrapping_add(1023 << 52);
        let exponent = biased >> 52;
        mantissas[lane] = f64::from_bits(bits.wrapping_sub(exponent << 52).wrapping_add(1023 << 52));
        exponents[lane] = f64::from_bits(exponent | WHOLE.to_bits()) - (WHOLE + 1023.0);
    }
    (Lanes::load(simd, &mantissas), Lanes::load(simd, &exponents))
}
