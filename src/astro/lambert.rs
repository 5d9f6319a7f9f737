//! Lambert's problem: the orbits that join two positions in a given time.

use std::f64::consts::PI;

use thiserror::Error;

use super::Vector3;
use super::roots::safeguarded_newton;

/// Which way round a transfer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferWay {
    /// Through less than half a turn.
    Short,
    /// Through more than half a turn.
    Long,
}

impl TransferWay {
    /// The way that turns about `axis` in the right-handed sense: prograde for +Z, retrograde for -Z.
    ///
    /// A transfer over the axis, whose normal is square to it, turns about it in neither sense: it counts as short.
    #[must_use]
    pub fn turning_about(axis: &Vector3, departure_m: &Vector3, arrival_m: &Vector3) -> Self {
        if departure_m.cross(arrival_m).dot(axis) < 0.0 { Self::Long } else { Self::Short }
    }
}

/// Velocities at both ends of a transfer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LambertSolution {
    /// Velocity at the first position [m/s].
    pub departure_velocity_m_s: Vector3,
    /// Velocity at the second position [m/s].
    pub arrival_velocity_m_s: Vector3,
}

/// Which of the solutions with the same number of whole revolutions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LambertBranch {
    /// The one solution of less than a revolution.
    Single,
    /// Of two, the one with the smaller x of Izzo's paper.
    Left,
    /// Of two, the one with the larger x.
    Right,
}

/// One orbit that solves Lambert's problem.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LambertTransfer {
    /// Whole revolutions made before arrival.
    pub revolutions: u32,
    /// Which of the solutions with so many revolutions.
    pub branch: LambertBranch,
    /// Its velocities.
    pub solution: LambertSolution,
}

/// Why Lambert's problem has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum LambertError {
    /// The time of flight is zero, negative or not finite.
    #[error("time of flight {0} s is not above zero and finite")]
    TimeOfFlight(f64),
    /// A position is the centre or not finite, or the gravitational parameter is not above zero.
    #[error("no transfer between {departure_m} m and {arrival_m} m from a centre of {mu} m³/s²")]
    Input {
        /// Distance of the first position from the centre [m].
        departure_m: f64,
        /// Distance of the second position [m].
        arrival_m: f64,
        /// Gravitational parameter [m³/s²].
        mu: f64,
    },
    /// The two positions and the centre lie on one line, so that the plane of the transfer is not determined.
    #[error("the transfer angle is {0} rad: positions and centre on one line determine no plane")]
    Collinear(f64),
    /// The normal given for the plane is not square to both positions.
    #[error("a position lies {0} rad out of the plane that was given")]
    OutOfPlane(f64),
    /// The iteration did not settle.
    #[error("no convergence; the last step of the iteration was {0}")]
    NoConvergence(f64),
}

/// Sine of the transfer angle below which positions and centre count as on one line.
const COLLINEAR_SINE: f64 = 1e-12;
/// Angle out of the given plane that is taken for rounding [rad].
const OUT_OF_PLANE_RAD: f64 = 1e-9;
/// |1 - x²| below which a transfer is treated as next to parabolic.
const PARABOLIC_ENERGY: f64 = 1e-3;
const MAX_ITERATIONS: usize = 100;

/// Solves Lambert's problem for a transfer of less than one revolution.
///
/// `departure_m`, `arrival_m`: positions in one inertial frame. `mu`: gravitational parameter [m³/s²]. Any conic.
/// Source: Izzo, Revisiting Lambert's problem, Celestial Mechanics and Dynamical Astronomy 121, 2015; his iteration is held within
/// a bracket, so that it always converges.
///
/// # Errors
/// [`LambertError`] for input that is not sound, and for positions that determine no plane.
pub fn solve(
    departure_m: &Vector3,
    arrival_m: &Vector3,
    time_of_flight_s: f64,
    way: TransferWay,
    mu: f64,
) -> Result<LambertSolution, LambertError> {
    let geometry = Geometry::by_way(departure_m, arrival_m, way, mu)?;
    geometry.less_than_a_revolution(geometry.time(time_of_flight_s)?)
}

/// All transfers of up to `max_revolutions` whole revolutions: one of less than a revolution, and two for each further number for
/// which the time suffices (where it only just does, the two fall together).
///
/// In order of revolutions, left branch first. Arguments as in [`solve`].
///
/// # Errors
/// As [`solve`].
pub fn solve_revolutions(
    departure_m: &Vector3,
    arrival_m: &Vector3,
    time_of_flight_s: f64,
    way: TransferWay,
    max_revolutions: u32,
    mu: f64,
) -> Result<Vec<LambertTransfer>, LambertError> {
    let geometry = Geometry::by_way(departure_m, arrival_m, way, mu)?;
    geometry.up_to(max_revolutions, geometry.time(time_of_flight_s)?)
}

/// All transfers in the plane of `normal`, in the right-handed sense about it, of up to `max_revolutions` whole revolutions.
///
/// With the plane given, positions on opposite sides of the centre are no special case. Otherwise as [`solve_revolutions`].
///
/// # Errors
/// [`LambertError`] for input that is not sound, positions outside of the plane, and positions in one direction.
pub fn solve_in_plane(
    departure_m: &Vector3,
    arrival_m: &Vector3,
    time_of_flight_s: f64,
    normal: &Vector3,
    max_revolutions: u32,
    mu: f64,
) -> Result<Vec<LambertTransfer>, LambertError> {
    let geometry = Geometry::in_plane(departure_m, arrival_m, normal, mu)?;
    geometry.up_to(max_revolutions, geometry.time(time_of_flight_s)?)
}

/// The triangle of centre, departure and arrival.
struct Geometry {
    radius_1: f64,
    radius_2: f64,
    radial_1: Vector3,
    radial_2: Vector3,
    /// Unit normal of the motion.
    normal: Vector3,
    chord: f64,
    semi_perimeter: f64,
    /// λ = √(r₁ r₂) cos(θ/2) / s, negative for more than half a turn.
    lambda: f64,
    /// 1 - λ² = c/s, with all its digits.
    complement: f64,
    /// σ = 2 √(r₁ r₂) sin(θ/2) / c.
    sigma: f64,
    mu: f64,
}

impl Geometry {
    fn by_way(departure_m: &Vector3, arrival_m: &Vector3, way: TransferWay, mu: f64) -> Result<Self, LambertError> {
        let [radial_1, radial_2] = Self::directions(departure_m, arrival_m, mu)?;
        let cross = radial_1.cross(&radial_2);
        let sine = cross.norm();
        if sine < COLLINEAR_SINE {
            return Err(LambertError::Collinear(libm::atan2(sine, radial_1.dot(&radial_2))));
        }
        let sense = match way {
            TransferWay::Short => 1.0,
            TransferWay::Long => -1.0,
        };
        Ok(Self::new(departure_m, arrival_m, cross * (sense / sine), sense, mu))
    }

    fn in_plane(departure_m: &Vector3, arrival_m: &Vector3, normal: &Vector3, mu: f64) -> Result<Self, LambertError> {
        let [radial_1, radial_2] = Self::directions(departure_m, arrival_m, mu)?;
        // No direction at all counts as one out of the plane.
        let normal = normal.try_normalize(0.0).unwrap_or(radial_1);
        let out_of_plane = normal.dot(&radial_1).abs().max(normal.dot(&radial_2).abs());
        if out_of_plane > OUT_OF_PLANE_RAD {
            return Err(LambertError::OutOfPlane(libm::asin(out_of_plane.min(1.0))));
        }
        let (sine, cosine) = (radial_1.cross(&radial_2).dot(&normal), radial_1.dot(&radial_2));
        if sine.abs() < COLLINEAR_SINE && cosine > 0.0 {
            return Err(LambertError::Collinear(libm::atan2(sine, cosine)));
        }
        Ok(Self::new(departure_m, arrival_m, normal, if sine < 0.0 { -1.0 } else { 1.0 }, mu))
    }

    /// Unit vectors to both positions.
    fn directions(departure_m: &Vector3, arrival_m: &Vector3, mu: f64) -> Result<[Vector3; 2], LambertError> {
        let (radius_1, radius_2) = (departure_m.norm(), arrival_m.norm());
        let sound = [radius_1, radius_2, mu].into_iter().all(|value| value > 0.0 && value.is_finite());
        if sound {
            Ok([departure_m / radius_1, arrival_m / radius_2])
        } else {
            Err(LambertError::Input { departure_m: radius_1, arrival_m: radius_2, mu })
        }
    }

    /// `sense`: 1 for less than half a turn about `normal`, -1 for more.
    fn new(departure_m: &Vector3, arrival_m: &Vector3, normal: Vector3, sense: f64, mu: f64) -> Self {
        let (radius_1, radius_2) = (departure_m.norm(), arrival_m.norm());
        let (radial_1, radial_2) = (departure_m / radius_1, arrival_m / radius_2);
        let chord = (arrival_m - departure_m).norm();
        let semi_perimeter = 0.5 * (radius_1 + radius_2 + chord);
        let mean_radius = (radius_1 * radius_2).sqrt();
        Self {
            radius_1,
            radius_2,
            radial_1,
            radial_2,
            normal,
            chord,
            semi_perimeter,
            lambda: sense * mean_radius * 0.5 * (radial_1 + radial_2).norm() / semi_perimeter,
            complement: chord / semi_perimeter,
            sigma: mean_radius * (radial_2 - radial_1).norm() / chord,
            mu,
        }
    }

    /// The non-dimensional time √(2 μ / s³) t.
    fn time(&self, time_of_flight_s: f64) -> Result<f64, LambertError> {
        if time_of_flight_s > 0.0 && time_of_flight_s.is_finite() {
            Ok(time_of_flight_s * (2.0 * self.mu / self.semi_perimeter).sqrt() / self.semi_perimeter)
        } else {
            Err(LambertError::TimeOfFlight(time_of_flight_s))
        }
    }

    fn less_than_a_revolution(&self, time: f64) -> Result<LambertSolution, LambertError> {
        let (lambda, start) = (self.lambda, self.start(time));
        let x = solve_x(start, [-1.0, f64::INFINITY], false, |x| {
            let reached = self.time_of_flight(x, 0);
            let energy = 1.0 - x * x;
            if energy.abs() < PARABOLIC_ENERGY {
                // The derivatives are 0/0 at the parabola; their limit there is good enough for Newton's method beside it.
                let slope = 0.4 * (libm::pow(lambda, 5.0) - 1.0);
                return (reached - time, (reached - time) / slope);
            }
            (reached - time, self.householder_step(x, reached, time))
        })?;
        self.velocities(x)
    }

    fn up_to(&self, max_revolutions: u32, time: f64) -> Result<Vec<LambertTransfer>, LambertError> {
        let solution = self.less_than_a_revolution(time)?;
        let mut found = vec![LambertTransfer { revolutions: 0, branch: LambertBranch::Single, solution }];
        for revolutions in 1..=max_revolutions {
            // T ≥ N π / (1 - x²)^1.5 bounds x from both sides, and N.
            let share = f64::from(revolutions) * PI / time;
            if share >= 1.0 {
                break;
            }
            let reach = (1.0 - libm::pow(share, 2.0 / 3.0)).sqrt();
            let fastest = self.fastest(revolutions);
            if self.time_of_flight(fastest, revolutions) > time {
                break;
            }
            let step = |x: f64| {
                let reached = self.time_of_flight(x, revolutions);
                (reached - time, self.householder_step(x, reached, time))
            };
            // Izzo's start values, eq. 31.
            let power = |value: f64| libm::pow(value, 2.0 / 3.0);
            let (left, right) = (power((share + PI / time) / 8.0), power(8.0 / share));
            let starts = [(left - 1.0) / (left + 1.0), (right - 1.0) / (right + 1.0)];
            let x = solve_x(starts[0], [-reach, fastest], false, step)?;
            found.push(LambertTransfer { revolutions, branch: LambertBranch::Left, solution: self.velocities(x)? });
            let x = solve_x(starts[1], [fastest, reach], true, step)?;
            found.push(LambertTransfer { revolutions, branch: LambertBranch::Right, solution: self.velocities(x)? });
        }
        Ok(found)
    }

    /// The x of the least time with so many revolutions, at least one: where dT/dx, -2 at x = 0 and +∞ at 1, is zero.
    fn fastest(&self, revolutions: u32) -> f64 {
        safeguarded_newton(0.0, 1.0 - 1e-12, 0.1, |x| {
            let [first, second, _] = self.time_derivatives(x, self.time_of_flight(x, revolutions));
            (first, second)
        })
    }

    /// Izzo's start value for less than a revolution, eq. 30.
    fn start(&self, time: f64) -> f64 {
        let lambda = self.lambda;
        let minimum_energy_time = libm::acos(lambda) + lambda * self.complement.sqrt();
        let parabolic_time = 2.0 / 3.0 * (1.0 - lambda * lambda * lambda);
        if time >= minimum_energy_time {
            libm::pow(minimum_energy_time / time, 2.0 / 3.0) - 1.0
        } else if time < parabolic_time {
            2.5 * parabolic_time * (parabolic_time - time) / (time * (1.0 - libm::pow(lambda, 5.0))) + 1.0
        } else {
            let exponent = std::f64::consts::LN_2 / libm::log(minimum_energy_time / parabolic_time);
            libm::pow(minimum_energy_time / time, exponent) - 1.0
        }
    }

    /// y - λ x and y + λ x, whose product is 1 - λ².
    fn difference_and_sum(&self, x: f64) -> (f64, f64) {
        let product = self.lambda * x;
        let y = self.y(x);
        if product > 0.0 {
            (self.complement / (y + product), y + product)
        } else {
            (y - product, self.complement / (y - product))
        }
    }

    /// y = √(1 - λ² (1 - x²)).
    fn y(&self, x: f64) -> f64 {
        (self.complement + self.lambda * self.lambda * x * x).sqrt()
    }

    /// Non-dimensional time of flight at `x`. Source: Izzo, eq. 18 and 20.
    fn time_of_flight(&self, x: f64, revolutions: u32) -> f64 {
        let lambda = self.lambda;
        let energy = 1.0 - x * x;
        let (eta, _) = self.difference_and_sum(x);
        let whole = if revolutions == 0 { 0.0 } else { f64::from(revolutions) * PI / (energy * energy.sqrt()) };
        if x > 0.0 && energy.abs() < 0.2 {
            // Near the parabola the closed forms cancel: Battin's series, T = (η³ Q + 4 λ η) / 2.
            let series = 4.0 / 3.0 * hypergeometric(0.5 * (1.0 - lambda - x * eta));
            return whole + 0.5 * (eta * eta * eta * series + 4.0 * lambda * eta);
        }
        let y = self.y(x);
        let angle = if energy > 0.0 {
            libm::atan2(eta * energy.sqrt(), x * y + lambda * energy)
        } else {
            libm::asinh(eta * (-energy).sqrt())
        };
        whole + (angle / energy.abs().sqrt() - x + lambda * y) / energy
    }

    /// First to third derivative of the non-dimensional time with respect to x, `time` being its value. Source: Izzo, eq. 22.
    fn time_derivatives(&self, x: f64, time: f64) -> [f64; 3] {
        let lambda = self.lambda;
        let energy = 1.0 - x * x;
        let (lambda_2, lambda_3) = (lambda * lambda, lambda * lambda * lambda);
        let y = self.y(x);
        let first = (3.0 * time * x - 2.0 + 2.0 * lambda_3 * x / y) / energy;
        let second = (3.0 * time + 5.0 * x * first + 2.0 * self.complement * lambda_3 / (y * y * y)) / energy;
        let third = (7.0 * x * second + 8.0 * first
            - 6.0 * self.complement * lambda_2 * lambda_3 * x / (y * y * y * y * y))
            / energy;
        [first, second, third]
    }

    /// The step of Householder's iteration of third order.
    fn householder_step(&self, x: f64, reached: f64, time: f64) -> f64 {
        let error = reached - time;
        let [first, second, third] = self.time_derivatives(x, reached);
        let slope_squared = first * first;
        error * (slope_squared - 0.5 * error * second)
            / (first * (slope_squared - error * second) + third * error * error / 6.0)
    }

    /// The velocities at both ends. Source: Izzo, section 2.1.
    fn velocities(&self, x: f64) -> Result<LambertSolution, LambertError> {
        let y = self.y(x);
        let (_, sum) = self.difference_and_sum(x);
        let gamma = (0.5 * self.mu * self.semi_perimeter).sqrt();
        let rho = (self.radius_1 - self.radius_2) / self.chord;
        let (minus, plus) = (self.lambda * y - x, self.lambda * y + x);
        let radial = |radius: f64, sense: f64| gamma * (sense * minus - rho * plus) / radius;
        let transverse = |radius: f64| gamma * self.sigma * sum / radius;
        let departure_velocity_m_s =
            self.radial_1 * radial(self.radius_1, 1.0) + self.normal.cross(&self.radial_1) * transverse(self.radius_1);
        let arrival_velocity_m_s =
            self.radial_2 * radial(self.radius_2, -1.0) + self.normal.cross(&self.radial_2) * transverse(self.radius_2);
        if (departure_velocity_m_s + arrival_velocity_m_s).iter().all(|component| component.is_finite()) {
            Ok(LambertSolution { departure_velocity_m_s, arrival_velocity_m_s })
        } else {
            Err(LambertError::NoConvergence(x))
        }
    }
}

/// A root in the open bracket, the function falling or `rising` through it, by the steps that `function` proposes.
///
/// `function` gives the value and the step to subtract; a step out of the bracket is replaced by halving, or by doubling where
/// the bracket is open above.
fn solve_x(
    start: f64,
    [mut low, mut high]: [f64; 2],
    rising: bool,
    function: impl Fn(f64) -> (f64, f64),
) -> Result<f64, LambertError> {
    let middle =
        |low: f64, high: f64, x: f64| if high.is_finite() { 0.5 * (low + high) } else { 2.0 * x.max(0.0) + 1.0 };
    let mut x = if start > low && start < high { start } else { middle(low, high, 0.0) };
    let mut step = f64::INFINITY;
    for _ in 0..MAX_ITERATIONS {
        let (value, proposed) = function(x);
        if value == 0.0 {
            return Ok(x);
        }
        if (value > 0.0) == rising {
            high = x;
        } else {
            low = x;
        }
        let next = x - proposed;
        let next = if next > low && next < high { next } else { middle(low, high, x) };
        step = next - x;
        x = next;
        // Near ±1 the time goes with a power of 1 - x².
        let scale = (1.0 - x * x).abs().clamp(1e-3, 1.0) * (1.0 + x.abs());
        if step.abs() <= 1e-14 * scale || high - low <= 2.0 * f64::EPSILON * x.abs() {
            return Ok(x);
        }
    }
    // Rounding may keep the last step above the bound; what matters is that it no longer moves the answer.
    if step.abs() < 1e-10 * (1.0 + x.abs()) { Ok(x) } else { Err(LambertError::NoConvergence(step)) }
}

/// The Gaussian hypergeometric function ₂F₁(3, 1; 5/2; z) by its series, |z| < 1.
fn hypergeometric(z: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 0..200 {
        let k = f64::from(k);
        term *= (3.0 + k) / (2.5 + k) * z;
        sum += term;
        if term.abs() < 1e-17 * sum.abs() {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::constants::EARTH_MU_M3_S2;
    use super::super::elements::KeplerianElements;
    use super::super::kepler;
    use super::*;

    #[test]
    fn agrees_with_vallado_example_7_5() {
        let departure_m = Vector3::new(15_945.34e3, 0.0, 0.0);
        let arrival_m = Vector3::new(12_214.838_99e3, 10_249.467_31e3, 0.0);
        let solution =
            solve(&departure_m, &arrival_m, 76.0 * 60.0, TransferWay::Short, EARTH_MU_M3_S2).expect("solvable");
        // Published to 1e-8 km/s.
        let departure = Vector3::new(2_058.913_35, 2_915.964_35, 0.0);
        let arrival = Vector3::new(-3_451.564_84, 910.314_25, 0.0);
        assert!((solution.departure_velocity_m_s - departure).norm() < 2e-5);
        assert!((solution.arrival_velocity_m_s - arrival).norm() < 2e-5);
    }

    #[test]
    fn faults_are_told() {
        let departure_m = Vector3::new(7.0e6, 0.0, 0.0);
        let across = Vector3::new(0.0, 7.0e6, 0.0);
        let fault = |arrival: &Vector3, time| solve(&departure_m, arrival, time, TransferWay::Short, EARTH_MU_M3_S2);
        assert_eq!(fault(&across, 0.0), Err(LambertError::TimeOfFlight(0.0)));
        assert_eq!(fault(&across, -1.0), Err(LambertError::TimeOfFlight(-1.0)));
        assert!(matches!(fault(&across, f64::NAN), Err(LambertError::TimeOfFlight(_))));
        assert!(matches!(fault(&across, f64::INFINITY), Err(LambertError::TimeOfFlight(_))));
        assert!(matches!(fault(&Vector3::zeros(), 100.0), Err(LambertError::Input { .. })));
        assert!(matches!(fault(&(across * f64::NAN), 100.0), Err(LambertError::Input { .. })));
        assert!(matches!(fault(&-departure_m, 3_000.0), Err(LambertError::Collinear(angle)) if angle > 3.0));
        assert!(matches!(fault(&(2.0 * departure_m), 3_000.0), Err(LambertError::Collinear(angle)) if angle < 0.1));
    }

    /// Whether a solution, flown by the propagator, arrives.
    fn arrives(departure_m: &Vector3, arrival_m: &Vector3, seconds: f64, solution: &LambertSolution) -> f64 {
        let start =
            super::super::CartesianState { position_m: *departure_m, velocity_m_s: solution.departure_velocity_m_s };
        let end = kepler::propagate(&start, EARTH_MU_M3_S2, seconds);
        let position = (end.position_m - arrival_m).norm() / arrival_m.norm();
        position.max((end.velocity_m_s - solution.arrival_velocity_m_s).norm() / end.velocity_m_s.norm())
    }

    #[test]
    fn half_a_turn_is_solved_where_the_plane_is_given() {
        // A Hohmann transfer from 7000 to 42164 km: half the period of its ellipse, tangential at both ends.
        let (departure_m, arrival_m) = (Vector3::new(7e6, 0.0, 0.0), Vector3::new(-42.164e6, 0.0, 0.0));
        let axis = 0.5 * (7e6 + 42.164e6);
        let seconds = PI * (axis / EARTH_MU_M3_S2).sqrt() * axis;
        let normal = Vector3::new(0.0, 0.5, 3f64.sqrt() / 2.0);
        let found = solve_in_plane(&departure_m, &arrival_m, seconds, &normal, 0, EARTH_MU_M3_S2).expect("solvable");
        let speed = (EARTH_MU_M3_S2 * (2.0 / 7e6 - 1.0 / axis)).sqrt();
        let expected = normal.cross(&Vector3::x()) * speed;
        assert_eq!(found.len(), 1);
        assert!((found[0].solution.departure_velocity_m_s - expected).norm() < 1e-8);
        let wrong = solve_in_plane(&departure_m, &arrival_m, seconds, &Vector3::x(), 0, EARTH_MU_M3_S2);
        assert!(matches!(wrong, Err(LambertError::OutOfPlane(angle)) if (angle - 0.5 * PI).abs() < 1e-9));
        let none = solve_in_plane(&departure_m, &arrival_m, seconds, &Vector3::zeros(), 0, EARTH_MU_M3_S2);
        assert!(matches!(none, Err(LambertError::OutOfPlane(_))));
        let same = solve_in_plane(&departure_m, &departure_m, seconds, &Vector3::z(), 0, EARTH_MU_M3_S2);
        assert!(matches!(same, Err(LambertError::Collinear(_))));
    }

    #[test]
    fn prograde_and_retrograde_are_ways() {
        let (departure_m, arrival_m) = (Vector3::new(7e6, 0.0, 0.0), Vector3::new(0.0, -8e6, 1e6));
        for (axis, way) in [(Vector3::z(), TransferWay::Long), (-Vector3::z(), TransferWay::Short)] {
            assert_eq!(TransferWay::turning_about(&axis, &departure_m, &arrival_m), way);
            let solution = solve(&departure_m, &arrival_m, 3_000.0, way, EARTH_MU_M3_S2).expect("solvable");
            assert!(departure_m.cross(&solution.departure_velocity_m_s).dot(&axis) > 0.0);
        }
    }

    proptest! {
        #[test]
        fn every_revolution_and_branch_arrives(
            radii in prop::array::uniform2(6.6e6..5e7f64),
            angle in prop_oneof![1e-4..PI - 1e-4, PI - 1e-4..PI + 1e-4, PI + 1e-4..2.0 * PI - 1e-4],
            tilt in 0.0..PI,
            turns in 0.02..8.0f64,
        ) {
            let normal = Vector3::new(0.0, -libm::sin(tilt), libm::cos(tilt));
            let across = normal.cross(&Vector3::x());
            let departure_m = Vector3::x() * radii[0];
            let arrival_m = (Vector3::x() * libm::cos(angle) + across * libm::sin(angle)) * radii[1];
            let axis = 0.5 * (radii[0] + radii[1]);
            let seconds = turns * 2.0 * PI * (axis / EARTH_MU_M3_S2).sqrt() * axis;
            let found = solve_in_plane(&departure_m, &arrival_m, seconds, &normal, 12, EARTH_MU_M3_S2).expect("solvable");
            for transfer in &found {
                let error = arrives(&departure_m, &arrival_m, seconds, &transfer.solution);
                // The more revolutions, and the nearer to a fall through the centre, the more a velocity's last bit moves the end.
                prop_assert!(error < 1e-6, "{error} with {transfer:?}");
                let momentum = departure_m.cross(&transfer.solution.departure_velocity_m_s);
                prop_assert!(momentum.dot(&normal) > 0.0);
            }
            // As many as there can be: the period of the least-time orbit is not below that of the smallest one, a = s/2.
            let revolutions = found.last().expect("at least one").revolutions;
            prop_assert_eq!(found.len(), 1 + 2 * revolutions as usize);
            let semi_perimeter = 0.5 * (radii[0] + radii[1] + (arrival_m - departure_m).norm());
            let shortest = 2.0 * PI * (0.5 * semi_perimeter / EARTH_MU_M3_S2).sqrt() * 0.5 * semi_perimeter;
            prop_assert!(f64::from(revolutions) <= seconds / shortest);
            // With one revolution's time to spare beyond a shortest orbit that passes by both, they exist.
            prop_assert!(f64::from(revolutions) + 2.0 >= (seconds / shortest).floor().min(12.0));
            for pair in found[1..].chunks(2) {
                let [left, right] = [pair[0], pair[1]];
                prop_assert_eq!((left.branch, right.branch), (LambertBranch::Left, LambertBranch::Right));
                prop_assert_eq!(left.revolutions, right.revolutions);
            }
            if (angle - PI).abs() > 1e-4 {
                let way = TransferWay::turning_about(&normal, &departure_m, &arrival_m);
                let by_way = solve(&departure_m, &arrival_m, seconds, way, EARTH_MU_M3_S2).expect("solvable");
                let difference = by_way.departure_velocity_m_s - found[0].solution.departure_velocity_m_s;
                prop_assert!(difference.norm() < 1e-9 * by_way.departure_velocity_m_s.norm() / libm::sin(angle).abs());
            }
        }

        #[test]
        fn extreme_times_are_solved(exponent in -2.0..12.0f64, angle in 0.01..3.1f64) {
            let (departure_m, arrival_m) = (Vector3::x() * 7e6, Vector3::new(libm::cos(angle), libm::sin(angle), 0.0) * 9e6);
            for way in [TransferWay::Short, TransferWay::Long] {
                let seconds = libm::pow(10.0, exponent);
                let solution = solve(&departure_m, &arrival_m, seconds, way, EARTH_MU_M3_S2);
                prop_assert!(solution.is_ok(), "{solution:?}");
            }
        }

        #[test]
        fn finds_the_orbit_that_was_flown(
            perigee in 6.6e6..3e7f64,
            eccentricity in prop_oneof![0.0..0.9f64, Just(1.0), 1.0..3.0f64],
            inclination in 0.0..PI,
            from in -0.75..0.0f64,
            to in 0.01..0.75f64,
        ) {
            let reach = if eccentricity < 1.0 { PI } else { libm::acos(-1.0 / eccentricity) };
            let at = |fraction: f64| KeplerianElements {
                semi_latus_rectum_m: perigee * (1.0 + eccentricity),
                eccentricity,
                inclination_rad: inclination,
                raan_rad: 0.4,
                argument_of_perigee_rad: 0.7,
                true_anomaly_rad: fraction * reach,
            };
            let (first, second) = (at(from), at(to));
            let angle = (to - from) * reach;
            prop_assume!((angle - PI).abs() > 1e-3);
            // Time between from the mean anomalies; a parabola's mean motion is √(μ/p³) × 2.
            let rate = if eccentricity == 1.0 {
                2.0 * (EARTH_MU_M3_S2 / libm::pow(first.semi_latus_rectum_m, 3.0)).sqrt()
            } else {
                first.mean_motion_rad_s(EARTH_MU_M3_S2)
            };
            let mut mean = second.mean_anomaly_rad() - first.mean_anomaly_rad();
            if mean < 0.0 { mean += std::f64::consts::TAU; }
            let seconds = mean / rate;
            let way = if angle < PI { TransferWay::Short } else { TransferWay::Long };
            let (departure, arrival) = (first.to_cartesian(EARTH_MU_M3_S2), second.to_cartesian(EARTH_MU_M3_S2));
            let solution = solve(&departure.position_m, &arrival.position_m, seconds, way, EARTH_MU_M3_S2).expect("solvable");
            let scale = departure.velocity_m_s.norm();
            let error = (solution.departure_velocity_m_s - departure.velocity_m_s).norm() / scale;
            prop_assert!(error < 1e-8, "departure {error}");
            let error = (solution.arrival_velocity_m_s - arrival.velocity_m_s).norm() / scale;
            prop_assert!(error < 1e-8, "arrival {error}");
            // And by the propagator, which knows no anomalies.
            let flown = super::super::CartesianState {
                position_m: departure.position_m,
                velocity_m_s: solution.departure_velocity_m_s,
            };
            let reached = kepler::propagate(&flown, EARTH_MU_M3_S2, seconds);
            prop_assert!((reached.position_m - arrival.position_m).norm() / arrival.position_m.norm() < 1e-7);
        }
    }
}
