//! The cheapest times of arrival at many targets at once, on lanes of views: the search of [`super::intercept`], fast.
//!
//! [`Intercept::plan`](super::intercept::Intercept::plan) says what the answer is, to the bit. Here the same times are tried
//! with plainer sums, each cost with a bound of its error; where the bounds leave no doubt which arrival the exact sums would
//! have picked, that is the answer, and where they do, about once in a million, there is none and the exact search has to be made.

use std::f64::consts::TAU;

use pulp::{Arch, Simd, WithSimd};

use super::intercept::{REFINEMENTS, TIME_WEIGHT_M_S2, TIMES};
use crate::astro::Vector3;
use crate::sim::integrators::lanes::{Lanes, MAX_LANES};

/// Times of arrival, evenly spaced in their logarithm, from a segment to the time left.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeGrid {
    segment_s: f64,
    time_left_s: f64,
    low: f64,
    high: f64,
    /// Spacing of the logarithm.
    pub(super) step: f64,
    /// Ratio of a time to the one before.
    ratio: f64,
}

impl TimeGrid {
    pub(super) fn between(segment_s: f64, time_left_s: f64) -> Self {
        let (low, high) = (libm::log(segment_s), libm::log(time_left_s.max(segment_s)));
        let step = (high - low) / (TIMES - 1) as f64;
        Self { segment_s, time_left_s, low, high, step, ratio: libm::exp(step) }
    }

    #[inline]
    pub(super) fn is_between(&self, segment_s: f64, time_left_s: f64) -> bool {
        self.segment_s == segment_s && self.time_left_s == time_left_s
    }

    /// Logarithm of the time of this index.
    pub(super) fn log_time(&self, index: usize) -> f64 {
        if index == 0 { self.low } else { self.low + index as f64 * self.step }
    }

    pub(super) fn clamp(&self, log_time: f64) -> f64 {
        log_time.clamp(self.low, self.high)
    }
}

/// What the cheapest arrival depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    pub(super) grid: TimeGrid,
    /// Of own ship's orbit [rad/s].
    pub(super) mean_motion_rad_s: f64,
    /// Of the target relative to own ship [m], own RTN.
    pub(super) position_m: Vector3,
    /// Its velocity in the turning frame [m/s].
    pub(super) velocity_m_s: Vector3,
    /// Its acceleration by thrust [m/s²].
    pub(super) target_acceleration_m_s2: Vector3,
    /// Time for which it holds that at most [s].
    pub(super) held_at_most_s: f64,
    /// Δv beyond which an arrival costs heavily [m/s].
    pub(super) affordable_m_s: f64,
    /// Own greatest acceleration [m/s²].
    pub(super) authority_m_s2: f64,
}

impl Question {
    /// A lane that nobody asks about.
    pub(super) const NONE: Self = Self {
        grid: TimeGrid { segment_s: 1.0, time_left_s: 1.0, low: 0.0, high: 0.0, step: 0.0, ratio: 1.0 },
        mean_motion_rad_s: 1e-3,
        position_m: Vector3::new(0.0, 0.0, 0.0),
        velocity_m_s: Vector3::new(0.0, 0.0, 0.0),
        target_acceleration_m_s2: Vector3::new(0.0, 0.0, 0.0),
        held_at_most_s: 0.0,
        affordable_m_s: 0.0,
        authority_m_s2: 0.0,
    };
}

/// Logarithm of the cheapest time of arrival of each question; `None` where the search left a doubt.
pub(super) fn cheapest(questions: &[Question; MAX_LANES]) -> [Option<f64>; MAX_LANES] {
    let mut columns = Columns::default();
    for (lane, question) in questions.iter().enumerate() {
        let values = [
            question.mean_motion_rad_s,
            question.position_m.x,
            question.position_m.y,
            question.position_m.z,
            question.velocity_m_s.x,
            question.velocity_m_s.y,
            question.velocity_m_s.z,
            question.target_acceleration_m_s2.x,
            question.target_acceleration_m_s2.y,
            question.target_acceleration_m_s2.z,
            question.held_at_most_s,
            question.affordable_m_s,
            question.authority_m_s2,
            question.grid.segment_s,
            question.grid.ratio,
            // Beyond the last time there is that time again, to the bit or nearly: the one is no arrival of its own, the other
            // leaves a doubt.
            if question.grid.clamp(question.grid.log_time(TIMES - 1)) == question.grid.high {
                f64::INFINITY
            } else {
                0.0
            },
        ];
        for (column, value) in columns.asked.iter_mut().zip(values) {
            column[lane] = value;
        }
    }
    Arch::new().dispatch(Search { columns: &mut columns });
    let mut answers = [None; MAX_LANES];
    for (lane, (answer, question)) in answers.iter_mut().zip(questions).enumerate() {
        // A cost that is no number leaves a doubt too.
        if columns.certainty[lane].is_nan() || columns.certainty[lane] <= 0.0 {
            continue;
        }
        let grid = &question.grid;
        let mut log_time = grid.clamp(grid.log_time(columns.index[lane] as usize));
        let mut step = grid.step;
        for choices in &columns.choices {
            step *= 0.5;
            // The same sum as in the exact search, so that it is the same time.
            if choices[lane] > 0.0 {
                log_time = grid.clamp(log_time + step);
            } else if choices[lane] < 0.0 {
                log_time = grid.clamp(log_time - step);
            }
        }
        *answer = Some(log_time);
    }
    answers
}

/// Stumpff's c₂ and c₃ for |ψ| < 1, to the bits of [`stumpff`](crate::astro::kepler::stumpff); meaningless beyond.
pub(super) fn stumpff_near_zero(psi: &[f64; MAX_LANES]) -> [(f64, f64); MAX_LANES] {
    let mut series = Series { psi, c2: [0.0; MAX_LANES], c3: [0.0; MAX_LANES] };
    Arch::new().dispatch(&mut series);
    let mut both = [(0.0, 0.0); MAX_LANES];
    for (lane, both) in both.iter_mut().enumerate() {
        *both = (series.c2[lane], series.c3[lane]);
    }
    both
}

struct Series<'a> {
    psi: &'a [f64; MAX_LANES],
    c2: [f64; MAX_LANES],
    c3: [f64; MAX_LANES],
}

impl WithSimd for &mut Series<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let one = Lanes::splat(simd, 1.0);
        for from in (0..MAX_LANES).step_by(Lanes::<S>::COUNT) {
            let psi = Lanes::load(simd, &self.psi[from..]);
            let (mut c2, mut c3) = (Lanes::splat(simd, 0.0), Lanes::splat(simd, 0.0));
            for k in (0..11).rev() {
                let k = f64::from(k);
                c2 = one - psi * c2 / Lanes::splat(simd, (2.0 * k + 3.0) * (2.0 * k + 4.0));
                c3 = one - psi * c3 / Lanes::splat(simd, (2.0 * k + 4.0) * (2.0 * k + 5.0));
            }
            (c2 / Lanes::splat(simd, 2.0)).store(&mut self.c2[from..]);
            (c3 / Lanes::splat(simd, 6.0)).store(&mut self.c3[from..]);
        }
    }
}

/// The questions and the answers, a lane a question.
#[derive(Default)]
struct Columns {
    asked: [[f64; MAX_LANES]; 16],
    /// Index of the best of the first times.
    index: [f64; MAX_LANES],
    /// What each refinement chose: -1 the time before, 0 the best so far, 1 the time after.
    choices: [[f64; MAX_LANES]; REFINEMENTS],
    /// By how much the choices were clear [m/s]; not above zero where one was not.
    certainty: [f64; MAX_LANES],
}

struct Search<'a> {
    columns: &'a mut Columns,
}

impl WithSimd for Search<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Columns { asked, index, choices, certainty } = self.columns;
        for from in (0..MAX_LANES).step_by(Lanes::<S>::COUNT) {
            let zero = Lanes::splat(simd, 0.0);
            let mut of = [zero; 16];
            for (lanes, column) in of.iter_mut().zip(asked.iter()) {
                *lanes = Lanes::load(simd, &column[from..]);
            }
            let trial = Trial::new(simd, &of);
            let (segment_s, mut ratio, beyond_last) = (of[13], of[14], of[15]);
            let infinity = Lanes::splat(simd, f64::INFINITY);
            let one = Lanes::splat(simd, 1.0);

            let cost = trial.cost(simd, segment_s);
            let mut best =
                Best { place: zero, time_s: segment_s, cost, runner_up: infinity, sound: cost.m_s * zero, zero };
            let mut time_s = segment_s;
            for place in 1..TIMES {
                time_s = time_s * ratio;
                best.offer(Lanes::splat(simd, place as f64), time_s, trial.cost(simd, time_s), zero);
            }
            best.place.store(&mut index[from..]);
            let mut clear = best.clearness();

            let mut step = 1.0;
            for choices in choices.iter_mut() {
                step *= 0.5;
                ratio = ratio.sqrt();
                let (middle, middle_s) = (best.place, best.time_s);
                best.runner_up = infinity;
                // Before the first time there is the first again, to the bit: no arrival of its own.
                let before_first = middle.where_less(Lanes::splat(simd, 0.03), infinity, zero);
                let last = Lanes::splat(simd, (TIMES - 1) as f64 - 0.03);
                let after_last = last.where_less(middle, beyond_last, zero);
                let before_s = middle_s / ratio;
                let after_s = middle_s * last.where_less(middle, one, ratio);
                let step = Lanes::splat(simd, step);
                best.offer(middle - step, before_s, trial.cost(simd, before_s), before_first);
                best.offer(middle + step, after_s, trial.cost(simd, after_s), after_last);
                (best.place - middle).store(&mut choices[from..]);
                clear = clear.min(best.clearness());
            }
            (clear + best.sound).store(&mut certainty[from..]);
        }
    }
}

/// A cost [m/s] and a bound of its error.
#[derive(Clone, Copy)]
struct Cost<S: Simd> {
    m_s: Lanes<S>,
    error_m_s: Lanes<S>,
}

/// The cheapest arrival so far.
struct Best<S: Simd> {
    /// Place among the first times, in halves, quarters and so on between them.
    place: Lanes<S>,
    time_s: Lanes<S>,
    cost: Cost<S>,
    /// What the others cost at least [m/s].
    runner_up: Lanes<S>,
    /// Zero, or no number once a cost was none: a comparison may lose that, a sum does not.
    sound: Lanes<S>,
    zero: Lanes<S>,
}

impl<S: Simd> Best<S> {
    /// Takes an arrival into account; `excluded` is infinite where it is not one of its own.
    #[inline(always)]
    fn offer(&mut self, place: Lanes<S>, time_s: Lanes<S>, cost: Cost<S>, excluded: Lanes<S>) {
        self.sound = cost.m_s.mul_add(self.zero, self.sound);
        let (new, old) = (cost.m_s + excluded, self.cost.m_s);
        let (least_new, least_old) = (new - cost.error_m_s, old - self.cost.error_m_s);
        self.runner_up = self.runner_up.min(new.where_less(old, least_old, least_new));
        self.place = new.where_less(old, place, self.place);
        self.time_s = new.where_less(old, time_s, self.time_s);
        self.cost.error_m_s = new.where_less(old, cost.error_m_s, self.cost.error_m_s);
        self.cost.m_s = new.where_less(old, new, old);
    }

    /// By how much the best is cheaper than the others for certain [m/s].
    #[inline(always)]
    fn clearness(&self) -> Lanes<S> {
        self.runner_up - (self.cost.m_s + self.cost.error_m_s)
    }
}

/// The sums of one arrival.
struct Trial<S: Simd> {
    mean_motion: Lanes<S>,
    inverse_mean_motion: Lanes<S>,
    position: [Lanes<S>; 3],
    velocity: [Lanes<S>; 3],
    acceleration: [Lanes<S>; 3],
    held_at_most: Lanes<S>,
    affordable: Lanes<S>,
    authority: Lanes<S>,
    /// Sums of magnitudes, which rounding is measured by.
    position_size: Lanes<S>,
    velocity_size: Lanes<S>,
    acceleration_size: Lanes<S>,
}

impl<S: Simd> Trial<S> {
    #[inline(always)]
    fn new(simd: S, of: &[Lanes<S>; 16]) -> Self {
        Self {
            mean_motion: of[0],
            inverse_mean_motion: Lanes::splat(simd, 1.0) / of[0],
            position: [of[1], of[2], of[3]],
            velocity: [of[4], of[5], of[6]],
            acceleration: [of[7], of[8], of[9]],
            held_at_most: of[10],
            affordable: of[11],
            authority: of[12],
            position_size: size(of, 1),
            velocity_size: size(of, 4),
            acceleration_size: size(of, 7),
        }
    }

    /// What an arrival after `t` costs.
    ///
    /// With θ = n t, S = sin θ and W = 1 - cos θ, the Clohessy-Wiltshire solution over t moves the position by
    /// (4 - 3 cos θ) x, y - 6 (θ - S) x and z cos θ, and by 1/n times [S, 2 W; -2 W, 4 S - 3 θ] and S times the velocity in
    /// the plane and across it.
    #[inline(always)]
    fn cost(&self, simd: S, t: Lanes<S>) -> Cost<S> {
        let number = |value: f64| Lanes::splat(simd, value);
        let (one, two, three) = (number(1.0), number(2.0), number(3.0));
        let n = self.mean_motion;
        let theta = n * t;
        let (sine, versine) = sine_and_versine(simd, theta);
        let cosine = one - versine;
        let (double, drift) = (two * versine, number(4.0) * sine - three * theta);

        let held = self.held_at_most.min(t);
        let reach = held * (t - number(0.5) * held);
        let [x, y, z] = self.position;
        let [vx, vy, vz] = self.velocity;
        let [ax, ay, az] = self.acceleration;
        let per_rate = self.inverse_mean_motion;
        let dx = ax.mul_add(reach, (number(4.0) - three * cosine) * x + (sine * vx + double * vy) * per_rate);
        let dy = ay.mul_add(reach, y - number(6.0) * (theta - sine) * x + (drift * vy - double * vx) * per_rate);
        let dz = az.mul_add(reach, cosine * z + sine * vz * per_rate);

        let plane = sine * drift + double * double;
        let inverse = one / (plane * sine);
        let (inverse_plane, inverse_sine) = (sine * inverse, plane * inverse);
        let jx = (drift * dx - double * dy) * inverse_plane;
        let jy = (sine * dy + double * dx) * inverse_plane;
        let jz = dz * inverse_sine;
        let impulse = (jx * jx + jy * jy + jz * jz).sqrt();
        let impulse_m_s = impulse * n;

        let zero = number(0.0);
        let delta_v = number(1.5) * impulse_m_s;
        let excess = (delta_v - self.affordable).max(zero);
        let overload = (three * impulse_m_s - self.authority * t).max(zero);
        let cost = delta_v + number(TIME_WEIGHT_M_S2) * t + number(100.0) * excess + number(10.0) * overload;

        // Rounding of the displacement and of the matrix, a few ulp of θ and of each term, carried through the inverse;
        // the cost grows by at most 1.5 + 150 + 30 times the impulse.
        let size = sine.abs() + double + double + drift.abs();
        let displacement = number(16.0) * self.position_size
            + (number(8.0) * self.velocity_size + self.acceleration_size * held) * t
            + size * impulse;
        let inverse_size = size * inverse_plane.abs() + inverse_sine.abs();
        let error = number(182.0 * 1e-14) * n * (one + theta) * displacement * inverse_size + number(1e-13) * cost;
        // Near what the exact sums call singular they take another way.
        let regular = number(1e-6) * inverse_size;
        let error = (regular * size).where_less(one, error, number(f64::INFINITY));
        Cost { m_s: cost, error_m_s: error }
    }
}

/// Sum of the magnitudes of three columns from `at` on.
#[inline(always)]
fn size<S: Simd>(of: &[Lanes<S>; 16], at: usize) -> Lanes<S> {
    of[at].abs() + of[at + 1].abs() + of[at + 2].abs()
}

/// sin θ and 1 - cos θ of a θ that is not negative, by the series at a quarter of θ less its whole turns, which is at most π/4.
#[inline(always)]
fn sine_and_versine<S: Simd>(simd: S, theta: Lanes<S>) -> (Lanes<S>, Lanes<S>) {
    // Added and taken off again, it leaves the nearest whole number.
    const ROUNDING: f64 = 6_755_399_441_055_744.0;
    let number = |value: f64| Lanes::splat(simd, value);
    let turns = theta * number(1.0 / TAU) + number(ROUNDING) - number(ROUNDING);
    let quarter = (theta - turns * number(TAU)) * number(0.25);
    let square = quarter * quarter;
    let (mut sine, mut cosine) = (number(1.0), number(1.0));
    // 1 - u²/(2·3) (1 - u²/(4·5) (…)) and 1 - u²/(1·2) (1 - u²/(3·4) (…)), to the last bit at π/4.
    for k in (1..9).rev() {
        let k = f64::from(k);
        sine = (square * number(-1.0 / (2.0 * k * (2.0 * k + 1.0)))).mul_add(sine, number(1.0));
        cosine = (square * number(-1.0 / (2.0 * k * (2.0 * k - 1.0)))).mul_add(cosine, number(1.0));
    }
    let sine = sine * quarter;
    let half_sine = number(2.0) * sine * cosine;
    let half_cosine = number(1.0) - number(2.0) * sine * sine;
    (number(2.0) * half_sine * half_cosine, number(2.0) * half_sine * half_sine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_question_is_answered_and_one_on_the_edge_is_not() {
        let mut questions = [Question::NONE; MAX_LANES];
        questions[0] = Question {
            grid: TimeGrid::between(10.0, 5000.0),
            mean_motion_rad_s: 1.1e-3,
            position_m: Vector3::new(3000.0, 200.0, -50.0),
            velocity_m_s: Vector3::new(-6.0, 0.1, 0.0),
            affordable_m_s: 100.0,
            authority_m_s2: 0.02,
            ..Question::NONE
        };
        // Every time costs the same where there is but one.
        questions[1] = Question { grid: TimeGrid::between(10.0, 10.0), ..questions[0] };
        let answers = cheapest(&questions);
        assert!(answers[0].is_some_and(|log_time| (10.0..5000.0).contains(&libm::exp(log_time))), "{answers:?}");
        assert_eq!(answers[1], None);
    }

    #[test]
    fn sine_and_versine_are_good_to_rounding() {
        struct Both([f64; MAX_LANES], [f64; MAX_LANES], [f64; MAX_LANES]);
        impl WithSimd for &mut Both {
            type Output = ();
            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) {
                for from in (0..MAX_LANES).step_by(Lanes::<S>::COUNT) {
                    let (sine, versine) = sine_and_versine(simd, Lanes::load(simd, &self.0[from..]));
                    sine.store(&mut self.1[from..]);
                    versine.store(&mut self.2[from..]);
                }
            }
        }
        for round in 0..200 {
            let angles = std::array::from_fn(|lane| 1e-3 + 0.0117 * (16 * round + lane) as f64);
            let mut both = Both(angles, [0.0; MAX_LANES], [0.0; MAX_LANES]);
            Arch::new().dispatch(&mut both);
            for ((angle, sine), versine) in angles.into_iter().zip(both.1).zip(both.2) {
                let half = libm::sin(0.5 * angle);
                let bound = 4e-16 * (4.0 + angle);
                assert!((sine - libm::sin(angle)).abs() < bound, "sin {angle}");
                assert!((versine - 2.0 * half * half).abs() < bound, "1 - cos {angle}");
            }
        }
    }
}
