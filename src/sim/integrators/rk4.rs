//! Classical Runge-Kutta of order 4 with a fixed step, on lanes of spacecraft.
//!
//! The instruction set is chosen at run time, so that one portable binary uses AVX-512 or AVX2 where they are. A lane's
//! result does not depend on its neighbours: the same bits for any shard size and thread count on one instruction set.

use pulp::{Arch, Simd, WithSimd};

use super::lanes::Lanes;
use crate::sim::components::{Burn, Orbit};
use crate::sim::forces::Gravity;

/// Lanes of the widest instruction set.
const MAX_LANES: usize = 8;

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
        let width = S::F64_LANES.min(MAX_LANES);
        for (orbits, burns) in self.orbits.chunks_mut(width).zip(self.burns.chunks(width)) {
            let coasting = burns.iter().all(|burn| burn.acceleration_rtn_m_s2 == [0.0; 3]);
            let mut columns = [[0.0; MAX_LANES]; 6];
            for lane in 0..width {
                // Lanes beyond the last row repeat it: any finite state will do.
                let orbit = &orbits[lane.min(orbits.len() - 1)];
                for axis in 0..3 {
                    columns[axis][lane] = orbit.position_m[axis];
                    columns[axis + 3][lane] = orbit.velocity_m_s[axis];
                }
            }
            let mut state: [Lanes<S>; 6] = columns.each_ref().map(|column| Lanes::load(simd, column));
            if coasting {
                for _ in 0..self.substeps {
                    state = step(simd, state, self.step_s, |state, _| {
                        self.gravity.acceleration(simd, [state[0], state[1], state[2]])
                    });
                }
            } else {
                let thrust = Thrust::load(simd, burns);
                for substep in 0..self.substeps {
                    let start_s = substep as f64 * self.step_s;
                    state = step(simd, state, self.step_s, |state, time_s| {
                        let gravity = self.gravity.acceleration(simd, [state[0], state[1], state[2]]);
                        let thrust = thrust.acceleration(simd, state, start_s + time_s);
                        [gravity[0] + thrust[0], gravity[1] + thrust[1], gravity[2] + thrust[2]]
                    });
                }
            }
            for (column, lanes) in columns.iter_mut().zip(state) {
                lanes.store(column);
            }
            for (lane, orbit) in orbits.iter_mut().enumerate() {
                for axis in 0..3 {
                    orbit.position_m[axis] = columns[axis][lane];
                    orbit.velocity_m_s[axis] = columns[axis + 3][lane];
                }
            }
        }
    }
}

/// One step of the scheme; `acceleration` takes the state and the time since the start of the step [s].
#[inline(always)]
fn step<S: Simd>(
    simd: S,
    state: [Lanes<S>; 6],
    step_s: f64,
    acceleration: impl Fn([Lanes<S>; 6], f64) -> [Lanes<S>; 3],
) -> [Lanes<S>; 6] {
    let derivative = |state: [Lanes<S>; 6], time_s: f64| {
        let a = acceleration(state, time_s);
        [state[3], state[4], state[5], a[0], a[1], a[2]]
    };
    let along = |slope: &[Lanes<S>; 6], by_s: f64| {
        let by = Lanes::splat(simd, by_s);
        std::array::from_fn(|i| slope[i].mul_add(by, state[i]))
    };
    let k1 = derivative(state, 0.0);
    let k2 = derivative(along(&k1, 0.5 * step_s), 0.5 * step_s);
    let k3 = derivative(along(&k2, 0.5 * step_s), 0.5 * step_s);
    let k4 = derivative(along(&k3, step_s), step_s);
    let sixth = Lanes::splat(simd, step_s / 6.0);
    let two = Lanes::splat(simd, 2.0);
    std::array::from_fn(|i| two.mul_add(k2[i] + k3[i], k1[i] + k4[i]).mul_add(sixth, state[i]))
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
        let column = |get: &dyn Fn(&Burn) -> f64| {
            let mut values = [0.0; MAX_LANES];
            for (value, burn) in values.iter_mut().zip(burns) {
                *value = get(burn);
            }
            Lanes::load(simd, &values)
        };
        Self {
            acceleration_rtn: [
                column(&|burn| burn.acceleration_rtn_m_s2[0]),
                column(&|burn| burn.acceleration_rtn_m_s2[1]),
                column(&|burn| burn.acceleration_rtn_m_s2[2]),
            ],
            specific_mass_flow: column(&|burn| burn.specific_mass_flow_1_s),
        }
    }

    /// a(t) = a₀ / (1 - (ṁ/m₀) t) along R = r/|r|, N = r × v / |r × v|, T = N × R.
    #[inline(always)]
    fn acceleration(&self, simd: S, state: [Lanes<S>; 6], time_s: f64) -> [Lanes<S>; 3] {
        let real = |value: f64| Lanes::splat(simd, value);
        let [x, y, z, vx, vy, vz] = state;
        let momentum = [y * vz - z * vy, z * vx - x * vz, x * vy - y * vx];
        let unit = |vector: [Lanes<S>; 3]| {
            let [a, b, c] = vector;
            let inverse = real(1.0) / (a * a + b * b + c * c).sqrt();
            [a * inverse, b * inverse, c * inverse]
        };
        let radial = unit([x, y, z]);
        let normal = unit(momentum);
        let transverse = [
            normal[1] * radial[2] - normal[2] * radial[1],
            normal[2] * radial[0] - normal[0] * radial[2],
            normal[0] * radial[1] - normal[1] * radial[0],
        ];
        let growth = real(1.0) / (real(1.0) - self.specific_mass_flow * real(time_s));
        let [r, t, n] = self.acceleration_rtn;
        std::array::from_fn(|axis| (r * radial[axis] + t * transverse[axis] + n * normal[axis]) * growth)
    }
}
