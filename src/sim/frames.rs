//! RTN frames of many spacecraft at once, on lanes, to the bits of [`RtnFrame`](crate::astro::rtn::RtnFrame).

#![allow(
    clippy::needless_range_loop,
    reason = "an iterator is a function that may be compiled by itself, without the kernel's instruction set"
)]

use pulp::{Arch, Simd, WithSimd};

use super::components::Orbit;
use super::integrators::lanes::{Lanes, MAX_LANES};
use super::integrators::vectors::{self, Vectors, cross, dot, norm, over};
use crate::astro::Vector3;
use crate::astro::rtn::RtnFrame;

/// The RTN axes of one spacecraft a lane, as GCRF unit vectors.
///
/// In lanes where the motion has no plane (see [`RtnFrame::of`](crate::astro::rtn::RtnFrame::of)) none of this means anything.
pub(super) struct Frames<S: Simd> {
    radial: Vectors<S>,
    transverse: Vectors<S>,
    normal: Vectors<S>,
    /// Rate at which the frame turns about N [rad/s]: h/r².
    pub(super) rate_rad_s: Lanes<S>,
    /// Not above zero in the lanes that have no frame.
    pub(super) soundness: Lanes<S>,
}

impl<S: Simd> Frames<S> {
    /// The frames of spacecraft at these positions [m] with these velocities [m/s], GCRF.
    #[inline(always)]
    pub(super) fn of(position_m: &Vectors<S>, velocity_m_s: &Vectors<S>) -> Self {
        let momentum = cross(position_m, velocity_m_s);
        let radius_squared = dot(position_m, position_m);
        let momentum_norm = norm(&momentum);
        let radial = over(position_m, radius_squared.sqrt());
        let normal = over(&momentum, momentum_norm);
        Self {
            radial,
            transverse: cross(&normal, &radial),
            normal,
            rate_rad_s: momentum_norm / radius_squared,
            soundness: momentum_norm * radius_squared,
        }
    }

    /// Components along R, T, N of GCRF vectors.
    #[inline(always)]
    pub(super) fn to_rtn(&self, gcrf: &Vectors<S>) -> Vectors<S> {
        [dot(&self.radial, gcrf), dot(&self.transverse, gcrf), dot(&self.normal, gcrf)]
    }

    /// GCRF vectors of R, T, N components.
    #[inline(always)]
    pub(super) fn to_gcrf(&self, rtn: &Vectors<S>) -> Vectors<S> {
        let mut gcrf = *rtn;
        for axis in 0..3 {
            gcrf[axis] = self.radial[axis] * rtn[0] + self.transverse[axis] * rtn[1] + self.normal[axis] * rtn[2];
        }
        gcrf
    }
}

/// Vectors that wait to be turned from the RTN frames of their spacecraft to GCRF, until there are enough of them.
pub(super) struct Turning {
    arch: Arch,
    waiting: usize,
    rows: [usize; MAX_LANES],
    /// Position, velocity and the vector.
    asked: [[f64; MAX_LANES]; 9],
    /// The vector, and whether there is a frame.
    turned: [[f64; MAX_LANES]; 4],
}

impl Turning {
    pub(super) fn new(arch: Arch) -> Self {
        Self { arch, waiting: 0, rows: [0; MAX_LANES], asked: [[1.0; MAX_LANES]; 9], turned: [[0.0; MAX_LANES]; 4] }
    }

    /// Has the vector of a row wait; calls `take(row, vector in GCRF)` for all that do once the lanes are full.
    #[inline]
    pub(super) fn push(&mut self, row: usize, orbit: &Orbit, rtn: &[f64; 3], take: impl FnMut(usize, Vector3)) {
        let lane = self.waiting;
        self.rows[lane] = row;
        for axis in 0..3 {
            self.asked[axis][lane] = orbit.position_m[axis];
            self.asked[3 + axis][lane] = orbit.velocity_m_s[axis];
            self.asked[6 + axis][lane] = rtn[axis];
        }
        self.waiting += 1;
        if self.waiting == MAX_LANES {
            self.finish(take);
        }
    }

    /// Calls `take` for all that wait.
    pub(super) fn finish(&mut self, mut take: impl FnMut(usize, Vector3)) {
        let Self { arch, waiting, rows, asked, turned } = self;
        arch.dispatch(TurnKernel { lanes: *waiting, asked, turned });
        let vector = |columns: &[[f64; MAX_LANES]], lane: usize| {
            Vector3::new(columns[0][lane], columns[1][lane], columns[2][lane])
        };
        for (lane, row) in rows.iter().enumerate().take(*waiting) {
            if turned[3][lane] > 0.0 {
                take(*row, vector(turned, lane));
            } else {
                let (position_m, velocity_m_s) = (vector(asked, lane).into(), vector(&asked[3..], lane).into());
                let frame = RtnFrame::of(&Orbit { position_m, velocity_m_s }.state());
                take(*row, frame.to_gcrf(&vector(&asked[6..], lane)));
            }
        }
        *waiting = 0;
    }
}

struct TurnKernel<'a> {
    lanes: usize,
    asked: &'a [[f64; MAX_LANES]; 9],
    turned: &'a mut [[f64; MAX_LANES]; 4],
}

impl WithSimd for TurnKernel<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for from in (0..self.lanes).step_by(Lanes::<S>::COUNT) {
            let position = vectors::load(simd, self.asked, 0, from);
            let velocity = vectors::load(simd, self.asked, 3, from);
            let frame = Frames::of(&position, &velocity);
            let turned = frame.to_gcrf(&vectors::load(simd, self.asked, 6, from));
            vectors::store(&turned, self.turned, 0, from);
            frame.soundness.store(&mut self.turned[3][from..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn turned_side_by_side_a_vector_is_what_it_is_alone(
            rows in prop::collection::vec(
                (prop::array::uniform3(-4e7..4e7_f64), prop::array::uniform3(-8e3..8e3_f64), prop::array::uniform3(-1.0..1.0_f64), 0..9),
                1..40,
            ),
        ) {
            let orbits: Vec<Orbit> = rows
                .iter()
                .map(|(position_m, velocity_m_s, _, kind)| Orbit {
                    position_m: *position_m,
                    velocity_m_s: match kind {
                        0 => [0.0; 3],
                        1 => position_m.map(|component| 1e-4 * component),
                        _ => *velocity_m_s,
                    },
                })
                .collect();
            let mut turned = vec![Vector3::zeros(); rows.len()];
            let mut turning = Turning::new(Arch::new());
            for (row, (orbit, (_, _, vector, _))) in orbits.iter().zip(&rows).enumerate() {
                turning.push(row, orbit, vector, |row, vector| turned[row] = vector);
            }
            turning.finish(|row, vector| turned[row] = vector);
            for (turned, (orbit, (_, _, vector, _))) in turned.iter().zip(orbits.iter().zip(&rows)) {
                let alone = RtnFrame::of(&orbit.state()).to_gcrf(&Vector3::from(*vector));
                prop_assert_eq!(turned.map(f64::to_bits), alone.map(f64::to_bits), "{:?}", orbit);
            }
        }
    }
}
