//! Lambert's problem: the orbit that joins two positions in a given time.

use std::f64::consts::PI;

use thiserror::Error;

use super::Vector3;

/// Which way round a transfer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferWay {
    /// Through less than half a turn.
    Short,
    /// Through more than half a turn.
    Long,
}

/// Velocities at both ends of a transfer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LambertSolution {
    /// Velocity at the first position [m/s].
    pub departure_velocity_m_s: Vector3,
    /// Velocity at the second position [m/s].
    pub arrival_velocity_m_s: Vector3,
}

/// Why Lambert's problem has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum LambertError {
    /// The time of flight is zero, negative or not a number.
    #[error("time of flight {0} s is not above zero")]
    TimeOfFlight(f64),
    /// The two positions and the centre lie on one line, so that the plane of the transfer is not determined.
    #[error("the transfer angle is {0} rad: positions and centre on one line determine no plane")]
    Collinear(f64),
    /// The iteration did not settle.
    #[error("no convergence; the last step of the iteration was {0}")]
    NoConvergence(f64),
}

/// Sine of the transfer angle below which positions and centre count as on one line.
const COLLINEAR_SINE: f64 = 1e-12;
/// |1 - x²| below which a transfer is treated as next to parabolic.
const PARABOLIC_ENERGY: f64 = 1e-3;
const MAX_ITERATIONS: usize = 35;

/// Solves Lambert's problem for a transfer of less than one revolution.
///
/// `departure_m`, `arrival_m`: positions in one inertial frame. `mu`: gravitational parameter [m³/s²]. Any conic.
/// Source: Izzo, Revisiting Lambert's problem, Celestial Mechanics and Dynamical Astronomy 121, 2015. Transfers of N
/// revolutions would add N π to the angle in `time_of_flight` and start from its two branches; the rest stays.
///
/// # Errors
/// [`LambertError`] for a time of flight that is not positive, and for positions that determine no plane.
pub fn solve(
    departure_m: &Vector3,
    arrival_m: &Vector3,
    time_of_flight_s: f64,
    way: TransferWay,
    mu: f64,
) -> Result<LambertSolution, LambertError> {
    if time_of_flight_s.is_nan() || time_of_flight_s <= 0.0 {
        return Err(LambertError::TimeOfFlight(time_of_flight_s));
    }
    let (radius_1, radius_2) = (departure_m.norm(), arrival_m.norm());
    let (radial_1, radial_2) = (departure_m / radius_1, arrival_m / radius_2);
    let cross = radial_1.cross(&radial_2);
    let sine = cross.norm();
    if sine.is_nan() || sine < COLLINEAR_SINE {
        return Err(LambertError::Collinear(libm::atan2(sine, radial_1.dot(&radial_2))));
    }
    let chord = (arrival_m - departure_m).norm();
    let semi_perimeter = 0.5 * (radius_1 + radius_2 + chord);
    let (sign, normal) = match way {
        TransferWay::Short => (1.0, cross / sine),
        TransferWay::Long => (-1.0, -cross / sine),
    };
    // λ² = 1 - c/s, negative for more than half a turn.
    let lambda = sign * (1.0 - chord / semi_perimeter).max(0.0).sqrt();
    let time = time_of_flight_s * (2.0 * mu / semi_perimeter).sqrt() / semi_perimeter;
    let x = solve_x(lambda, time)?;

    let y = (1.0 - lambda * lambda * (1.0 - x * x)).sqrt();
    let gamma = (0.5 * mu * semi_perimeter).sqrt();
    let rho = (radius_1 - radius_2) / chord;
    let sigma = ((1.0 - rho) * (1.0 + rho)).max(0.0).sqrt();
    let radial = |radius: f64, sense: f64| gamma * (sense * (lambda * y - x) - rho * (lambda * y + x)) / radius;
    let transverse = |radius: f64| gamma * sigma * (y + lambda * x) / radius;
    Ok(LambertSolution {
        departure_velocity_m_s: radial_1 * radial(radius_1, 1.0) + normal.cross(&radial_1) * transverse(radius_1),
        arrival_velocity_m_s: radial_2 * radial(radius_2, -1.0) + normal.cross(&radial_2) * transverse(radius_2),
    })
}

/// The x at which the non-dimensional time of flight is `time`, by Householder's iteration of third order.
fn solve_x(lambda: f64, time: f64) -> Result<f64, LambertError> {
    let minimum_energy_time = libm::acos(lambda) + lambda * (1.0 - lambda * lambda).sqrt();
    let parabolic_time = 2.0 / 3.0 * (1.0 - lambda * lambda * lambda);
    // Izzo's start values, eq. 30.
    let mut x = if time >= minimum_energy_time {
        libm::pow(minimum_energy_time / time, 2.0 / 3.0) - 1.0
    } else if time < parabolic_time {
        2.5 * parabolic_time * (parabolic_time - time) / (time * (1.0 - libm::pow(lambda, 5.0))) + 1.0
    } else {
        libm::pow(minimum_energy_time / time, std::f64::consts::LN_2 / libm::log(minimum_energy_time / parabolic_time))
            - 1.0
    };
    let mut step = f64::INFINITY;
    for _ in 0..MAX_ITERATIONS {
        let reached = time_of_flight(lambda, x);
        let error = reached - time;
        step = if (1.0 - x * x).abs() < PARABOLIC_ENERGY {
            // The derivatives are 0/0 at the parabola; their limit there is good enough for Newton's method beside it.
            error / (0.4 * (libm::pow(lambda, 5.0) - 1.0))
        } else {
            let [first, second, third] = time_derivatives(lambda, x, reached);
            let slope_squared = first * first;
            error * (slope_squared - 0.5 * error * second)
                / (first * (slope_squared - error * second) + third * error * error / 6.0)
        };
        // An ellipse has x > -1: a step beyond goes half the way there.
        let next = if x - step > -1.0 { x - step } else { 0.5 * (x - 1.0) };
        step = next - x;
        x = next;
        if step.abs() <= 1e-14 * (1.0 + x.abs()) {
            return Ok(x);
        }
        if !x.is_finite() {
            break;
        }
    }
    // Rounding may keep the last step above the bound; what matters is that it no longer moves the answer.
    if step.abs() < 1e-10 * (1.0 + x.abs()) { Ok(x) } else { Err(LambertError::NoConvergence(step)) }
}

/// Non-dimensional time of flight at `x` for less than one revolution. Source: Izzo, eq. 18 and 20.
fn time_of_flight(lambda: f64, x: f64) -> f64 {
    let y = (1.0 - lambda * lambda * (1.0 - x * x)).sqrt();
    let energy = 1.0 - x * x;
    if energy.abs() < 0.2 {
        // Near the parabola the closed forms cancel: Battin's series, T = (η³ Q + 4 λ η) / 2.
        let eta = y - lambda * x;
        let argument = 0.5 * (1.0 - lambda - x * eta);
        let series = 4.0 / 3.0 * hypergeometric(argument);
        return 0.5 * (eta * eta * eta * series + 4.0 * lambda * eta);
    }
    let cosine = x * y + lambda * energy;
    let angle = if energy > 0.0 {
        // A transfer of N revolutions adds N π here.
        libm::atan2((y - lambda * x) * energy.sqrt(), cosine)
    } else {
        libm::asinh((y - lambda * x) * (-energy).sqrt())
    };
    debug_assert!(angle <= PI);
    (angle / energy.abs().sqrt() - x + lambda * y) / energy
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

/// First to third derivative of the non-dimensional time with respect to x, `time` being its value. Source: Izzo, eq. 22.
fn time_derivatives(lambda: f64, x: f64, time: f64) -> [f64; 3] {
    let energy = 1.0 - x * x;
    let (lambda_2, lambda_3) = (lambda * lambda, lambda * lambda * lambda);
    let y = (1.0 - lambda_2 * energy).sqrt();
    let first = (3.0 * time * x - 2.0 + 2.0 * lambda_3 * x / y) / energy;
    let second = (3.0 * time + 5.0 * x * first + 2.0 * (1.0 - lambda_2) * lambda_3 / (y * y * y)) / energy;
    let third = (7.0 * x * second + 8.0 * first
        - 6.0 * (1.0 - lambda_2) * lambda_2 * lambda_3 * x / (y * y * y * y * y))
        / energy;
    [first, second, third]
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
        assert!(matches!(fault(&-departure_m, 3_000.0), Err(LambertError::Collinear(angle)) if angle > 3.0));
        assert!(matches!(fault(&(2.0 * departure_m), 3_000.0), Err(LambertError::Collinear(angle)) if angle < 0.1));
    }

    proptest! {
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
            prop_assume!((eccentricity - 1.0).abs() > 1e-6 || eccentricity == 1.0);
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
