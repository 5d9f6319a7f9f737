//! Classical Runge-Kutta of order 4 with a fixed step, on lanes of spacecraft.
//!
//! The instruction set is chosen at run time, so that one portable binary uses AVX-512 or AVX2 where they are. A lane's
//! result does not depend on its neighbours: the same bits for any shard size and thread count on one instruction set.

use pulp::{Arch, Simd, WithSimd};

use super::lanes::{Lanes, MAX_LANES};
use crate::sim::components::{Burn, Orbit};
use crate::sim::forces::Gravity;

/// Moves every orbit by `substeps` steps of `step_s` seconds, in place.
///
/// `orbits`: GCRF, one row a spacecraft. `burns`: same rows; the force is constant in the turning RTN frame and starts with
/// the first substep. The state stays in registers across the substeps. Source of the scheme: Hairer, Nørsett and Wanner,
/// Solving Ordinary Differential Equations I, table 1.2.
///
/// # Panics
/// If the two slices differ in length.
pub fn propagate(arch: Arch, gravity: &Gravity, orbits: &mut [Orbit], burns: &[Burn], step_s: f64, substeps: usize) {
    assert_eq!(orbits.len(), burns.len(), "one burn an orbit");
    arch.dispatch(Kernel { gravity: *gravity, orbits, burns, step_s, substeps });
}

struct Kernel<'a> {
    gravity: Gravity,
    orbits: &'a mut [Orbit],
    burns: &'a [Burn],
    step_s: f64,
    substeps: usize,
}

impl WithSimd for Kernel<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = Lanes::<S>::COUNT.min(MAX_LANES);
        for (orbits, burns) in self.orbits.chunks_mut(width).zip(self.burns.chunks(width)) {
            let coasting = burns.iter().all(|burn| burn.acceleration_rtn_m_s2 == [0.0; 3]);
            let mut columns = [[0.0; MAX_LANES]; 6];
            for (lane, orbit) in orbits.iter().enumerate().take(MAX_LANES) {
                for axis in 0..3 {
                    columns[axis][lane] = orbit.position_m[axis];
                    columns[axis + 3][lane] = orbit.velocity_m_s[axis];
                }
            }
            for column in &mut columns {
                // Lanes beyond the last row repeat the first: any finite state will do.
                let first = column[0];
                column[orbits.len().min(MAX_LANES)..].fill(first);
            }
            let mut state = [Lanes::splat(simd, 0.0); 6];
            for (lanes, column) in state.iter_mut().zip(&columns) {
                *lanes = Lanes::load(simd, column);
            }
            if coasting {
                for _ in 0..self.substeps {
                    state = step(simd, &self.gravity, state, 0.0, self.step_s);
                }
            } else {
                let forces = GravityAndThrust { gravity: self.gravity, thrust: Thrust::load(simd, burns) };
                for substep in 0..self.substeps {
                    state = step(simd, &forces, state, substep as f64 * self.step_s, self.step_s);
                }
            }
            for (column, lanes) in columns.iter_mut().zip(state) {
                lanes.store(column);
            }
            for (lane, orbit) in orbits.iter_mut().enumerate().take(MAX_LANES) {
                for axis in 0..3 {
                    orbit.position_m[axis] = columns[axis][lane];
                    orbit.velocity_m_s[axis] = columns[axis + 3][lane];
                }
            }
        }
    }
}

/// What accelerates a spacecraft.
///
/// A trait and not a closure, and loops over axes in place of `array::from_fn` and `map`: every function between the kernel
/// and an instruction must be `#[inline(always)]`, since one that is compiled by itself has not the kernel's instruction set,
/// and each of its additions becomes a call.
trait Forces<S: Simd> {
    /// Acceleration [m/s²] in a state, `time_s` after the start of the segment.
    fn acceleration(&self, simd: S, state: &[Lanes<S>; 6], time_s: f64) -> [Lanes<S>; 3];
}

impl<S: Simd> Forces<S> for Gravity {
    #[inline(always)]
    fn acceleration(&self, simd: S, state: &[Lanes<S>; 6], _time_s: f64) -> [Lanes<S>; 3] {
        Gravity::acceleration(self, simd, [state[0], state[1], state[2]])
    }
}

struct GravityAndThrust<S: Simd> {
    gravity: Gravity,
    thrust: Thrust<S>,
}

impl<S: Simd> Forces<S> for GravityAndThrust<S> {
    #[inline(always)]
    fn acceleration(&self, simd: S, state: &[Lanes<S>; 6], time_s: f64) -> [Lanes<S>; 3] {
        let gravity = Forces::acceleration(&self.gravity, simd, state, time_s);
        let thrust = self.thrust.acceleration(simd, state, time_s);
        [gravity[0] + thrust[0], gravity[1] + thrust[1], gravity[2] + thrust[2]]
    }
}

/// One step of the scheme, which begins `start_s` after the start of the segment.
#[inline(always)]
fn step<S: Simd>(simd: S, forces: &impl Forces<S>, state: [Lanes<S>; 6], start_s: f64, step_s: f64) -> [Lanes<S>; 6] {
    let half_s = 0.5 * step_s;
    let k1 = derivative(simd, forces, &state, start_s);
    let k2 = derivative(simd, forces, &along(simd, &state, &k1, half_s), start_s + half_s);
    let k3 = derivative(simd, forces, &along(simd, &state, &k2, half_s), start_s + half_s);
    let k4 = derivative(simd, forces, &along(simd, &state, &k3, step_s), start_s + step_s);
    let sixth = Lanes::splat(simd, step_s / 6.0);
    let two = Lanes::splat(simd, 2.0);
    let mut end = state;
    for i in 0..6 {
        end[i] = two.mul_add(k2[i] + k3[i], k1[i] + k4[i]).mul_add(sixth, state[i]);
    }
    end
}

#[inline(always)]
fn derivative<S: Simd>(simd: S, forces: &impl Forces<S>, state: &[Lanes<S>; 6], time_s: f64) -> [Lanes<S>; 6] {
    let a = forces.acceleration(simd, state, time_s);
    [state[3], state[4], state[5], a[0], a[1], a[2]]
}

/// `state + by_s × slope`.
#[inline(always)]
fn along<S: Simd>(simd: S, state: &[Lanes<S>; 6], slope: &[Lanes<S>; 6], by_s: f64) -> [Lanes<S>; 6] {
    let by = Lanes::splat(simd, by_s);
    let mut end = *state;
    for i in 0..6 {
        end[i] = slope[i].mul_add(by, state[i]);
    }
    end
}

/// A constant force in RTN on a mass that falls linearly.
#[derive(Clone, Copy)]
struct Thrust<S: Simd> {
    acceleration_rtn: [Lanes<S>; 3],
    specific_mass_flow: Lanes<S>,
}

impl<S: Simd> Thrust<S> {
    #[inline(always)]
    fn load(simd: S, burns: &[Burn]) -> Self {
        let mut columns = [[0.0; MAX_LANES]; 4];
        for (lane, burn) in burns.iter().enumerate().take(MAX_LANES) {
            for (column, acceleration) in columns.iter_mut().zip(burn.acceleration_rtn_m_s2) {
                column[lane] = acceleration;
            }
            columns[3][lane] = burn.specific_mass_flow_1_s;
        }
        let [r, t, n, flow] = &columns;
        Self {
            acceleration_rtn: [Lanes::load(simd, r), Lanes::load(simd, t), Lanes::load(simd, n)],
            specific_mass_flow: Lanes::load(simd, flow),
        }
    }

    /// a(t) = a₀ / (1 - (ṁ/m₀) t) along R = r/|r|, N = r × v / |r × v|, T = N × R.
    #[inline(always)]
    fn acceleration(&self, simd: S, state: &[Lanes<S>; 6], time_s: f64) -> [Lanes<S>; 3] {
        let [x, y, z, vx, vy, vz] = *state;
        let momentum = [y * vz - z * vy, z * vx - x * vz, x * vy - y * vx];
        let radial = unit(simd, [x, y, z]);
        let normal = unit(simd, momentum);
        let transverse = [
            normal[1] * radial[2] - normal[2] * radial[1],
            normal[2] * radial[0] - normal[0] * radial[2],
            normal[0] * radial[1] - normal[1] * radial[0],
        ];
        let one = Lanes::splat(simd, 1.0);
        let growth = one / (one - self.specific_mass_flow * Lanes::splat(simd, time_s));
        let [r, t, n] = self.acceleration_rtn;
        let mut acceleration = radial;
        for axis in 0..3 {
            acceleration[axis] = (r * radial[axis] + t * transverse[axis] + n * normal[axis]) * growth;
        }
        acceleration
    }
}

/// The vector over its norm.
#[inline(always)]
fn unit<S: Simd>(simd: S, vector: [Lanes<S>; 3]) -> [Lanes<S>; 3] {
    let [a, b, c] = vector;
    let inverse = Lanes::splat(simd, 1.0) / (a * a + b * b + c * c).sqrt();
    [a * inverse, b * inverse, c * inverse]
}
