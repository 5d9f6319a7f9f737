//! DOP853: an explicit Runge-Kutta method of order 8 with an adaptive step and dense output of order 7.
//!
//! Source: Hairer, Nørsett and Wanner, Solving Ordinary Differential Equations I, 2nd ed., section II.5 (the method of Dormand and
//! Prince, with the error estimate and the dense output of the program DOP853).

use thiserror::Error;

use crate::astro::{CartesianState, Vector3};

/// Error that is allowed a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// Relative to the distance from the Earth's centre and to the speed [-].
    pub relative: f64,
    /// On top of that [m]; for the velocity a thousandth of it a second, about what an error in position is in low orbit.
    pub absolute_m: f64,
}

impl Tolerance {
    /// The tightest that arithmetic of 16 digits supports in Earth orbit.
    pub const TIGHTEST: Self = Self { relative: 1e-14, absolute_m: 1e-9 };

    /// Allowed error of position [m] and of velocity [m/s] in a step between two states.
    fn scale(&self, start: &[f64; 6], end: &[f64; 6]) -> [f64; 2] {
        let greater = |from: usize| norm(&start[from..from + 3]).max(norm(&end[from..from + 3]));
        [self.absolute_m + self.relative * greater(0), 1e-3 * self.absolute_m + self.relative * greater(3)]
    }
}

/// Why the integration stopped.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum Dop853Error {
    /// The step shrank to nothing: the motion is singular there.
    #[error("the integrator's step shrank to {step_s:e} s at {time_s} s: the motion is singular there")]
    StepTooSmall {
        /// Time [s].
        time_s: f64,
        /// Step that failed [s].
        step_s: f64,
    },
    /// A force is not a finite number there.
    #[error("the acceleration at {time_s} s is not a finite number")]
    NotFinite {
        /// Time [s].
        time_s: f64,
    },
}

/// The integration of one spacecraft, step by step.
///
/// `acceleration(time_s, state)`, given to each call, must be one and the same function, smooth between [`Dop853::restart`]s for
/// the order to hold; kinks cost rejected steps.
#[derive(Clone, Debug)]
pub struct Dop853 {
    tolerance: Tolerance,
    time_s: f64,
    state: [f64; 6],
    slope: Option<[f64; 6]>,
    /// Step to try next [s], its sign the direction of time.
    next_step_s: Option<f64>,
    accepted: u64,
    rejected: u64,
    evaluations: u64,
}

/// An accepted step.
#[derive(Clone, Debug)]
pub struct Step {
    start_s: f64,
    end_s: f64,
    start: [f64; 6],
    end: [f64; 6],
    /// Slopes of stages 0 to 11, and at the end of the step.
    slopes: [[f64; 6]; 13],
}

/// The motion within a step, to order 7.
#[derive(Clone, Debug)]
pub struct DenseStep {
    start_s: f64,
    end_s: f64,
    start: [f64; 6],
    coefficients: [[f64; 6]; 7],
}

impl Dop853 {
    /// At `state` (GCRF) and time [s], nothing done yet.
    #[must_use]
    pub fn new(time_s: f64, state: &CartesianState, tolerance: Tolerance) -> Self {
        let state = columns(state);
        Self { tolerance, time_s, state, slope: None, next_step_s: None, accepted: 0, rejected: 0, evaluations: 0 }
    }

    /// Time reached [s].
    #[must_use]
    pub fn time_s(&self) -> f64 {
        self.time_s
    }

    /// State reached, GCRF.
    #[must_use]
    pub fn state(&self) -> CartesianState {
        cartesian(&self.state)
    }

    /// Accepted steps so far.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.accepted
    }

    /// Rejected steps so far.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.rejected
    }

    /// Evaluations of the acceleration so far.
    #[must_use]
    pub fn evaluations(&self) -> u64 {
        self.evaluations
    }

    /// Forgets the slope, since the force is another from here on; the length of the step is kept.
    pub fn restart(&mut self) {
        self.slope = None;
    }

    /// Takes back everything since `earlier`, a copy of this integration; the work done since counts as a rejected step.
    pub fn take_back(&mut self, earlier: Self) {
        let (rejected, evaluations) = (self.rejected + self.accepted - earlier.accepted, self.evaluations);
        *self = Self { rejected, evaluations, ..earlier };
    }

    /// One accepted step towards `end_s`, and not beyond; `None` when it is reached.
    ///
    /// # Errors
    /// [`Dop853Error`]; the integration stays at its last accepted step.
    pub fn step(
        &mut self,
        acceleration: &impl Fn(f64, &CartesianState) -> Vector3,
        end_s: f64,
    ) -> Result<Option<Step>, Dop853Error> {
        let left_s = end_s - self.time_s;
        if left_s == 0.0 {
            return Ok(None);
        }
        let slope = match self.slope {
            Some(slope) => slope,
            None => self.slope_at(acceleration, self.time_s, &self.state.clone()),
        };
        if !slope.iter().all(|number| number.is_finite()) {
            return Err(Dop853Error::NotFinite { time_s: self.time_s });
        }
        let mut step_s = match self.next_step_s {
            Some(step_s) => step_s.abs().copysign(left_s),
            None => self.first_step_s(acceleration, &slope, left_s),
        };
        let mut was_rejected = false;
        loop {
            // A rest of less than a hundredth of a step is taken along.
            let is_last = step_s.abs() * 1.01 >= left_s.abs();
            let this_s = if is_last { left_s } else { step_s };
            if this_s.abs() <= 16.0 * f64::EPSILON * self.time_s.abs().max(left_s.abs()) && !is_last {
                return Err(Dop853Error::StepTooSmall { time_s: self.time_s, step_s: this_s });
            }
            let mut slopes = [[0.0; 6]; 13];
            slopes[0] = slope;
            for (stage, weights) in STAGES.iter().enumerate() {
                let state = moved(&self.state, &slopes, weights, this_s);
                slopes[stage + 1] = self.slope_at(acceleration, self.time_s + TIMES[stage + 1] * this_s, &state);
            }
            let end = moved(&self.state, &slopes, END[0], this_s);
            let error = self.error(&slopes, &end, this_s);
            // Hairer's controller: safety 0.9, growth between 1/3 and 6, none after a rejection.
            let growth = (0.9 * libm::pow(error, -0.125)).clamp(1.0 / 3.0, if was_rejected { 1.0 } else { 6.0 });
            if error <= 1.0 {
                let reached_s = if is_last { end_s } else { self.time_s + this_s };
                slopes[12] = self.slope_at(acceleration, reached_s, &end);
                let step = Step { start_s: self.time_s, end_s: reached_s, start: self.state, end, slopes };
                // A last step that was cut short says nothing against the longer one.
                self.next_step_s =
                    Some(if is_last { step_s.abs().max(this_s.abs() * growth) } else { this_s * growth });
                (self.time_s, self.state, self.slope) = (reached_s, end, Some(slopes[12]));
                self.accepted += 1;
                return Ok(Some(step));
            }
            self.rejected += 1;
            was_rejected = true;
            // An error that is no number comes of a step into a singularity.
            step_s = if error.is_finite() { this_s * growth.min(1.0) } else { this_s / 3.0 };
            if step_s.abs() <= 16.0 * f64::EPSILON * self.time_s.abs().max(left_s.abs()) {
                return Err(Dop853Error::StepTooSmall { time_s: self.time_s, step_s });
            }
        }
    }

    fn slope_at(
        &mut self,
        acceleration: &impl Fn(f64, &CartesianState) -> Vector3,
        time_s: f64,
        state: &[f64; 6],
    ) -> [f64; 6] {
        self.evaluations += 1;
        let a = acceleration(time_s, &cartesian(state));
        [state[3], state[4], state[5], a.x, a.y, a.z]
    }

    /// Norm of the estimated error over what is allowed: at most 1 for a step that is accepted.
    fn error(&self, slopes: &[[f64; 6]; 13], end: &[f64; 6], step_s: f64) -> f64 {
        let scale = self.tolerance.scale(&self.state, end);
        let [fifth, third] = ERRORS.map(|weights| {
            let error = moved(&[0.0; 6], slopes, weights, 1.0);
            let part = |from: usize| norm(&error[from..from + 3]) / scale[from / 3];
            (part(0) * part(0) + part(3) * part(3)) / 6.0
        });
        if fifth == 0.0 && third == 0.0 {
            return 0.0;
        }
        step_s.abs() * fifth / (fifth + 0.01 * third).sqrt()
    }

    /// A first step [s] by Hairer's rule: such that an explicit Euler step would err by about the tolerance.
    fn first_step_s(
        &mut self,
        acceleration: &impl Fn(f64, &CartesianState) -> Vector3,
        slope: &[f64; 6],
        left_s: f64,
    ) -> f64 {
        let scale = self.tolerance.scale(&self.state, &self.state);
        let size = |vector: &[f64; 6]| {
            let part = |from: usize| norm(&vector[from..from + 3]) / scale[from / 3];
            ((part(0) * part(0) + part(3) * part(3)) / 6.0).sqrt()
        };
        let (of_state, of_slope) = (size(&self.state), size(slope));
        let rough_s = (0.01 * of_state / of_slope.max(1e-10)).min(left_s.abs()).copysign(left_s);
        let state: [f64; 6] = std::array::from_fn(|i| self.state[i] + rough_s * slope[i]);
        let next = self.slope_at(acceleration, self.time_s + rough_s, &state);
        let bend: [f64; 6] = std::array::from_fn(|i| next[i] - slope[i]);
        let steepest = (size(&bend) / rough_s.abs()).max(of_slope);
        let fine_s = if steepest.is_finite() && steepest > 1e-15 {
            libm::pow(0.01 / steepest, 0.125)
        } else {
            1e-3 * rough_s.abs()
        };
        fine_s.min(100.0 * rough_s.abs()).min(left_s.abs()).copysign(left_s)
    }
}

impl Step {
    /// Time at which it begins [s].
    #[must_use]
    pub fn start_s(&self) -> f64 {
        self.start_s
    }

    /// Time at which it ends [s]; before the start where time runs backward.
    #[must_use]
    pub fn end_s(&self) -> f64 {
        self.end_s
    }

    /// State at its start, GCRF.
    #[must_use]
    pub fn start(&self) -> CartesianState {
        cartesian(&self.start)
    }

    /// State at its end, GCRF.
    #[must_use]
    pub fn end(&self) -> CartesianState {
        cartesian(&self.end)
    }

    /// The motion between start and end, for three further evaluations of the acceleration.
    #[must_use]
    pub fn dense(&self, acceleration: &impl Fn(f64, &CartesianState) -> Vector3) -> DenseStep {
        let step_s = self.end_s - self.start_s;
        let mut slopes = [[0.0; 6]; 16];
        slopes[..13].copy_from_slice(&self.slopes);
        for (index, weights) in DENSE_STAGES.iter().enumerate() {
            let state = moved(&self.start, &slopes, weights, step_s);
            let a = acceleration(self.start_s + TIMES[13 + index] * step_s, &cartesian(&state));
            slopes[13 + index] = [state[3], state[4], state[5], a.x, a.y, a.z];
        }
        let (first, last) = (&self.slopes[0], &self.slopes[12]);
        let change: [f64; 6] = std::array::from_fn(|i| self.end[i] - self.start[i]);
        let mut coefficients = [[0.0; 6]; 7];
        coefficients[0] = change;
        coefficients[1] = std::array::from_fn(|i| step_s * first[i] - change[i]);
        coefficients[2] = std::array::from_fn(|i| 2.0 * change[i] - step_s * (first[i] + last[i]));
        for (index, weights) in DENSE.iter().enumerate() {
            coefficients[3 + index] = moved(&[0.0; 6], &slopes, weights, step_s);
        }
        DenseStep { start_s: self.start_s, end_s: self.end_s, start: self.start, coefficients }
    }
}

impl DenseStep {
    /// Time at which it begins [s].
    #[must_use]
    pub fn start_s(&self) -> f64 {
        self.start_s
    }

    /// Time at which it ends [s].
    #[must_use]
    pub fn end_s(&self) -> f64 {
        self.end_s
    }

    /// State at a time [s] between start and end, GCRF.
    #[must_use]
    pub fn at(&self, time_s: f64) -> CartesianState {
        let x = (time_s - self.start_s) / (self.end_s - self.start_s);
        // Nested products, x and 1 - x by turns.
        let mut state = [0.0; 6];
        for (index, coefficients) in self.coefficients.iter().enumerate().rev() {
            let factor = if index % 2 == 0 { x } else { 1.0 - x };
            for i in 0..6 {
                state[i] = (state[i] + coefficients[i]) * factor;
            }
        }
        cartesian(&std::array::from_fn(|i| self.start[i] + state[i]))
    }
}

/// `state + step_s × Σ weight × slope`.
#[inline]
fn moved(state: &[f64; 6], slopes: &[[f64; 6]], weights: &[(usize, f64)], step_s: f64) -> [f64; 6] {
    let mut sum = [0.0; 6];
    for (stage, weight) in weights {
        for i in 0..6 {
            sum[i] += weight * slopes[*stage][i];
        }
    }
    std::array::from_fn(|i| state[i] + step_s * sum[i])
}

fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|part| part * part).sum::<f64>().sqrt()
}

fn columns(state: &CartesianState) -> [f64; 6] {
    let (r, v) = (&state.position_m, &state.velocity_m_s);
    [r.x, r.y, r.z, v.x, v.y, v.z]
}

fn cartesian(columns: &[f64; 6]) -> CartesianState {
    let [x, y, z, vx, vy, vz] = *columns;
    CartesianState { position_m: Vector3::new(x, y, z), velocity_m_s: Vector3::new(vx, vy, vz) }
}

/// The state of stages 1 to 11: weights of the slopes before it, as (stage, weight).
#[rustfmt::skip]
const STAGES: [&[(usize, f64)]; 11] = [
    &[(0, 0.05260015195876773)],
    &[(0, 0.0197250569845379), (1, 0.0591751709536137)],
    &[(0, 0.02958758547680685), (2, 0.08876275643042054)],
    &[(0, 0.2413651341592667), (2, -0.8845494793282861), (3, 0.924834003261792)],
    &[(0, 0.037037037037037035), (3, 0.17082860872947386), (4, 0.12546768756682242)],
    &[(0, 0.037109375), (3, 0.17025221101954405), (4, 0.06021653898045596), (5, -0.017578125)],
    &[(0, 0.03709200011850479), (3, 0.17038392571223998), (4, 0.10726203044637328), (5, -0.015319437748624402),
      (6, 0.008273789163814023)],
    &[(0, 0.6241109587160757), (3, -3.3608926294469414), (4, -0.868219346841726), (5, 27.59209969944671),
      (6, 20.154067550477894), (7, -43.48988418106996)],
    &[(0, 0.47766253643826434), (3, -2.4881146199716677), (4, -0.590290826836843), (5, 21.230051448181193),
      (6, 15.279233632882423), (7, -33.28821096898486), (8, -0.020331201708508627)],
    &[(0, -0.9371424300859873), (3, 5.186372428844064), (4, 1.0914373489967295), (5, -8.149787010746927),
      (6, -18.52006565999696), (7, 22.739487099350505), (8, 2.4936055526796523), (9, -3.0467644718982196)],
    &[(0, 2.273310147516538), (3, -10.53449546673725), (4, -2.0008720582248625), (5, -17.9589318631188),
      (6, 27.94888452941996), (7, -2.8589982771350235), (8, -8.87285693353063), (9, 12.360567175794303),
      (10, 0.6433927460157636)],
];

/// Weights of the end of the step, 8th order.
#[rustfmt::skip]
const END: [&[(usize, f64)]; 1] = [
    &[(0, 0.054293734116568765), (5, 4.450312892752409), (6, 1.8915178993145003), (7, -5.801203960010585),
      (8, 0.3111643669578199), (9, -0.1521609496625161), (10, 0.20136540080403034), (11, 0.04471061572777259)],
];

/// Weights of the errors of the two embedded solutions, of 5th and 3rd order.
#[rustfmt::skip]
const ERRORS: [&[(usize, f64)]; 2] = [
    &[(0, 0.01312004499419488), (5, -1.2251564463762044), (6, -0.4957589496572502), (7, 1.6643771824549864),
      (8, -0.35032884874997366), (9, 0.3341791187130175), (10, 0.08192320648511571), (11, -0.022355307863886294)],
    &[(0, -0.18980075407240762), (5, 4.450312892752409), (6, 1.8915178993145003), (7, -5.801203960010585),
      (8, -0.4226823213237919), (9, -0.1521609496625161), (10, 0.20136540080403034), (11, 0.02265179219836082)],
];

/// The state of the three further stages, 13 to 15, that dense output needs.
#[rustfmt::skip]
const DENSE_STAGES: [&[(usize, f64)]; 3] = [
    &[(0, 0.056167502283047954), (6, 0.25350021021662483), (7, -0.2462390374708025), (8, -0.12419142326381637),
      (9, 0.15329179827876568), (10, 0.00820105229563469), (11, 0.007567897660545699), (12, -0.008298)],
    &[(0, 0.03183464816350214), (5, 0.028300909672366776), (6, 0.053541988307438566), (7, -0.05492374857139099),
      (10, -0.00010834732869724932), (11, 0.0003825710908356584), (12, -0.00034046500868740456),
      (13, 0.1413124436746325)],
    &[(0, -0.42889630158379194), (5, -4.697621415361164), (6, 7.683421196062599), (7, 4.06898981839711),
      (8, 0.3567271874552811), (12, -0.0013990241651590145), (13, 2.9475147891527724), (14, -9.15095847217987)],
];

/// Weights of the slopes in the last four coefficients of dense output.
#[rustfmt::skip]
const DENSE: [&[(usize, f64)]; 4] = [
    &[(0, -8.428938276109013), (5, 0.5667149535193777), (6, -3.0689499459498917), (7, 2.38466765651207),
      (8, 2.117034582445028), (9, -0.871391583777973), (10, 2.2404374302607883), (11, 0.6315787787694688),
      (12, -0.08899033645133331), (13, 18.148505520854727), (14, -9.194632392478356), (15, -4.436036387594894)],
    &[(0, 10.427508642579134), (5, 242.28349177525817), (6, 165.20045171727028), (7, -374.5467547226902),
      (8, -22.113666853125306), (9, 7.733432668472264), (10, -30.674084731089398), (11, -9.332130526430229),
      (12, 15.697238121770845), (13, -31.139403219565178), (14, -9.35292435884448), (15, 35.81684148639408)],
    &[(0, 19.985053242002433), (5, -387.0373087493518), (6, -189.17813819516758), (7, 527.8081592054236),
      (8, -11.57390253995963), (9, 6.8812326946963), (10, -1.0006050966910838), (11, 0.7777137798053443),
      (12, -2.778205752353508), (13, -60.19669523126412), (14, 84.32040550667716), (15, 11.99229113618279)],
    &[(0, -25.69393346270375), (5, -154.18974869023643), (6, -231.5293791760455), (7, 357.6391179106141),
      (8, 93.40532418362432), (9, -37.45832313645163), (10, 104.0996495089623), (11, 29.8402934266605),
      (12, -43.53345659001114), (13, 96.32455395918828), (14, -39.17726167561544), (15, -149.72683625798564)],
];

/// Times of the stages in parts of the step.
#[rustfmt::skip]
const TIMES: [f64; 16] = [
    0.0, 0.05260015195876773, 0.0789002279381516, 0.1183503419072274, 0.2816496580927726, 0.3333333333333333, 0.25,
    0.3076923076923077, 0.6512820512820513, 0.6, 0.8571428571428571, 1.0, 1.0, 0.1, 0.2, 0.7777777777777778,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::astro::constants::EARTH_MU_M3_S2;
    use crate::astro::kepler;

    fn start() -> CartesianState {
        CartesianState {
            position_m: Vector3::new(7e6, 1e6, -2e6),
            velocity_m_s: Vector3::new(-1_000.0, 7_200.0, 1_500.0),
        }
    }

    fn point_mass(_: f64, state: &CartesianState) -> Vector3 {
        state.position_m * (-EARTH_MU_M3_S2 / state.position_m.norm().powi(3))
    }

    #[test]
    fn rows_satisfy_the_first_conditions() {
        // Σ aᵢⱼ = cᵢ and Σ bᵢ cᵢᵏ = 1/(k + 1) up to order 8; a digit mistyped anywhere breaks one.
        let sum = |weights: &[(usize, f64)]| weights.iter().map(|(_, weight)| weight).sum::<f64>();
        for (index, weights) in STAGES.iter().enumerate() {
            assert!((sum(weights) - TIMES[index + 1]).abs() < 2e-14, "stage {}", index + 1);
        }
        for (index, weights) in DENSE_STAGES.iter().enumerate() {
            assert!((sum(weights) - TIMES[index + 13]).abs() < 2e-14, "stage {}", index + 13);
        }
        for power in 0..8 {
            let quadrature: f64 = END[0].iter().map(|(stage, weight)| weight * TIMES[*stage].powi(power)).sum();
            assert!((quadrature - 1.0 / f64::from(power + 1)).abs() < 1e-14, "c^{power}: {quadrature}");
        }
        for weights in ERRORS {
            assert!(sum(weights).abs() < 1e-14);
        }
    }

    #[test]
    fn one_step_errs_by_the_ninth_power_of_its_length() {
        let error_m = |step_s: f64| {
            let mut integration = Dop853::new(0.0, &start(), Tolerance { relative: 1e3, absolute_m: 1e9 });
            integration.next_step_s = Some(step_s);
            integration.step(&point_mass, step_s).expect("a smooth motion").expect("a step");
            assert_eq!(integration.time_s(), step_s);
            (integration.state().position_m - kepler::propagate(&start(), EARTH_MU_M3_S2, step_s).position_m).norm()
        };
        let order = (error_m(1_200.0) / error_m(600.0)).log2();
        // Local error h⁹; the next term still shows at these lengths.
        assert!((8.0..10.5).contains(&order), "{order}");
    }

    #[test]
    fn dense_output_is_of_order_seven_and_meets_its_ends() {
        let worst_m = |step_s: f64| {
            let mut integration = Dop853::new(50.0, &start(), Tolerance { relative: 1e3, absolute_m: 1e9 });
            integration.next_step_s = Some(step_s);
            let step = integration.step(&point_mass, 50.0 + step_s).expect("smooth").expect("a step");
            let dense = step.dense(&point_mass);
            assert!((dense.at(50.0).position_m - step.start().position_m).norm() < 1e-8);
            assert!((dense.at(50.0 + step_s).position_m - step.end().position_m).norm() < 1e-8);
            (1..20)
                .map(|sample| {
                    let after_s = step_s * f64::from(sample) / 20.0;
                    let truth = kepler::propagate(&start(), EARTH_MU_M3_S2, after_s);
                    (dense.at(50.0 + after_s).position_m - truth.position_m).norm()
                })
                .fold(0.0, f64::max)
        };
        let order = (worst_m(800.0) / worst_m(400.0)).log2();
        assert!((7.0..9.5).contains(&order), "{order}");
        assert!(worst_m(100.0) < 1e-4, "{}", worst_m(100.0));
    }

    #[test]
    fn a_day_there_and_back_ends_where_it_began() {
        let mut integration = Dop853::new(0.0, &start(), Tolerance { relative: 1e-13, absolute_m: 1e-7 });
        let run =
            |integration: &mut Dop853, end_s| while integration.step(&point_mass, end_s).expect("smooth").is_some() {};
        run(&mut integration, 86_400.0);
        let truth = kepler::propagate(&start(), EARTH_MU_M3_S2, 86_400.0);
        assert!((integration.state().position_m - truth.position_m).norm() < 1e-3);
        run(&mut integration, 0.0);
        assert!((integration.state().position_m - start().position_m).norm() < 2e-3);
        assert!(integration.accepted() > 500 && integration.rejected() < integration.accepted() / 10);
    }

    #[test]
    fn a_fall_into_the_centre_is_told_and_not_a_number() {
        let fall = CartesianState { position_m: Vector3::new(7e6, 0.0, 0.0), velocity_m_s: Vector3::zeros() };
        let mut integration = Dop853::new(0.0, &fall, Tolerance { relative: 1e-12, absolute_m: 1e-6 });
        let stopped = loop {
            match integration.step(&point_mass, 10_000.0) {
                Ok(Some(_)) => assert!(integration.state().position_m.norm().is_finite()),
                Ok(None) => panic!("it went through the centre"),
                Err(error) => break error,
            }
        };
        assert!(matches!(stopped, Dop853Error::StepTooSmall { .. } | Dop853Error::NotFinite { .. }), "{stopped}");
        // Free fall from rest: π/2 √(r³/2μ).
        let expected_s = std::f64::consts::FRAC_PI_2 * (7e6_f64.powi(3) / (2.0 * EARTH_MU_M3_S2)).sqrt();
        assert!((integration.time_s() - expected_s).abs() < 1e-3, "{}", integration.time_s());
    }
}
