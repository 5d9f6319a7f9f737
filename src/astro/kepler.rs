//! Kepler's equation, and two-body motion along any conic.

use std::f64::consts::{PI, TAU};

use thiserror::Error;

use super::CartesianState;
use super::elements::PARABOLIC_BAND;
use super::roots::safeguarded_newton;

/// Why a state cannot be propagated.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum KeplerError {
    /// A number that went in is not finite, or the state lies at the centre.
    #[error("no two-body motion from {radius_m} m of the centre at {speed_m_s} m/s over {seconds} s")]
    Input {
        /// Distance from the centre [m].
        radius_m: f64,
        /// Speed [m/s].
        speed_m_s: f64,
        /// Time to propagate [s].
        seconds: f64,
    },
    /// The motion falls into the centre, or leaves what numbers can hold.
    #[error("the motion runs into the centre or out of bounds within {0} s")]
    Singular(f64),
}

/// Eccentric anomaly [rad] of an ellipse: solves E - e sin E = M.
///
/// `mean_anomaly_rad`: any real; E comes out in the same revolution. `eccentricity`: in [0, 1).
/// Newton's method, held within the bracket |E - M| ≤ e by bisection, so that it converges for any input.
/// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., algorithm 2.
#[must_use]
pub fn eccentric_anomaly_rad(mean_anomaly_rad: f64, eccentricity: f64) -> f64 {
    // Solved for the M in [-π, π] nearest to zero, where digits are densest.
    let revolutions = (mean_anomaly_rad / TAU).round();
    let mean = mean_anomaly_rad - revolutions * TAU;
    let start = if mean.abs() > PI - 1e-9 { mean } else { mean + eccentricity.copysign(mean) };
    let root = safeguarded_newton(mean - eccentricity, mean + eccentricity, start, |anomaly| {
        let half_sine = libm::sin(0.5 * anomaly);
        let slope = 1.0 - eccentricity + 2.0 * eccentricity * half_sine * half_sine;
        (elliptic_mean_anomaly_rad(anomaly, eccentricity) - mean, slope)
    });
    root + revolutions * TAU
}

/// Mean anomaly E - e sin E [rad] of an eccentric anomaly [rad].
///
/// Near the perigee of a near-parabolic orbit that difference would lose all its digits: it is
/// (1 - e) sin E + (E - sin E), with E - sin E = E³ c₃(E²).
#[must_use]
pub fn elliptic_mean_anomaly_rad(eccentric_anomaly_rad: f64, eccentricity: f64) -> f64 {
    let anomaly = eccentric_anomaly_rad;
    if anomaly.abs() < 1.0 {
        let (_, c3) = stumpff(anomaly * anomaly);
        (1.0 - eccentricity) * libm::sin(anomaly) + anomaly * anomaly * anomaly * c3
    } else {
        anomaly - eccentricity * libm::sin(anomaly)
    }
}

/// Mean anomaly e sinh H - H [-] of a hyperbolic anomaly, as (e - 1) sinh H + (sinh H - H).
#[must_use]
pub fn hyperbolic_mean_anomaly(hyperbolic_anomaly: f64, eccentricity: f64) -> f64 {
    let anomaly = hyperbolic_anomaly;
    if anomaly.abs() < 1.0 {
        let (_, c3) = stumpff(-anomaly * anomaly);
        (eccentricity - 1.0) * libm::sinh(anomaly) + anomaly * anomaly * anomaly * c3
    } else {
        eccentricity * libm::sinh(anomaly) - anomaly
    }
}

/// tan(ν/2) of a parabola from Barker's equation D + D³/3 = B, with B the time from perigee times 2 √(μ/p³).
///
/// Source: Vallado, 4th ed., eq. 2-25, solved by D = 2 sinh(asinh(3B/2) / 3).
#[must_use]
pub fn barker(parabolic_mean_anomaly: f64) -> f64 {
    2.0 * libm::sinh(libm::asinh(1.5 * parabolic_mean_anomaly) / 3.0)
}

/// Hyperbolic anomaly [-] of a hyperbola: solves e sinh H - H = M.
///
/// `mean_anomaly_rad`: any finite real. `eccentricity`: above 1.
/// The start lies above the root of a convex function, so that Newton's method falls to it monotonically.
/// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., algorithm 4.
#[must_use]
pub fn hyperbolic_anomaly(mean_anomaly_rad: f64, eccentricity: f64) -> f64 {
    let mean = mean_anomaly_rad.abs();
    // sinh H ≥ H + H³/6 bounds the root twice; H = asinh((M + H)/e) then tightens a bound from above.
    let mut upper = libm::cbrt(6.0 * mean / eccentricity).min(mean / (eccentricity - 1.0));
    for _ in 0..2 {
        upper = upper.min(libm::asinh((mean + upper) / eccentricity));
    }
    let root = safeguarded_newton(0.0, upper, upper, |anomaly| {
        let half_sine = libm::sinh(0.5 * anomaly);
        let slope = eccentricity - 1.0 + 2.0 * eccentricity * half_sine * half_sine;
        (hyperbolic_mean_anomaly(anomaly, eccentricity) - mean, slope)
    });
    root.copysign(mean_anomaly_rad)
}

/// True anomaly [rad], in [-π, π], from the mean anomaly of [`KeplerianElements::mean_anomaly_rad`], on any conic.
///
/// [`KeplerianElements::mean_anomaly_rad`]: super::elements::KeplerianElements::mean_anomaly_rad
#[must_use]
pub fn true_anomaly_rad(mean_anomaly_rad: f64, eccentricity: f64) -> f64 {
    // tan(ν/2), which keeps its digits where cos E - e loses them.
    if (eccentricity - 1.0).abs() < PARABOLIC_BAND {
        2.0 * libm::atan(barker(mean_anomaly_rad))
    } else if eccentricity < 1.0 {
        let (sine, cosine) = libm::sincos(0.5 * eccentric_anomaly_rad(mean_anomaly_rad, eccentricity));
        let half = libm::atan2((1.0 + eccentricity).sqrt() * sine, (1.0 - eccentricity).sqrt() * cosine);
        // E/2 beyond a quarter turn: the half angle is known up to half a turn.
        let anomaly = 2.0 * half;
        if anomaly > PI {
            anomaly - TAU
        } else if anomaly < -PI {
            anomaly + TAU
        } else {
            anomaly
        }
    } else {
        let anomaly = hyperbolic_anomaly(mean_anomaly_rad, eccentricity);
        2.0 * libm::atan(((eccentricity + 1.0) / (eccentricity - 1.0)).sqrt() * libm::tanh(0.5 * anomaly))
    }
}

/// Stumpff's functions c₂(ψ) = (1 - cos √ψ) / ψ and c₃(ψ) = (√ψ - sin √ψ) / √ψ³, with cosh and sinh for ψ < 0.
///
/// Both are analytic at zero: c₂(0) = 1/2, c₃(0) = 1/6. Source: Vallado, 4th ed., section 2.2 and algorithm 1.
#[must_use]
pub fn stumpff(psi: f64) -> (f64, f64) {
    let [both] = stumpff_each([psi]);
    both
}

/// As [`stumpff`], of several ψ side by side, which takes less time than one after another.
#[inline]
#[must_use]
pub(crate) fn stumpff_each<const N: usize>(psi: [f64; N]) -> [(f64, f64); N] {
    // The closed forms cancel near zero; 11 terms of the series reach the last bit at |ψ| = 1.
    let (mut c2, mut c3) = ([0.0; N], [0.0; N]);
    for k in (0..11).rev() {
        let k = f64::from(k);
        for i in 0..N {
            c2[i] = 1.0 - psi[i] * c2[i] / ((2.0 * k + 3.0) * (2.0 * k + 4.0));
            c3[i] = 1.0 - psi[i] * c3[i] / ((2.0 * k + 4.0) * (2.0 * k + 5.0));
        }
    }
    std::array::from_fn(|i| if psi[i].abs() < 1.0 { (c2[i] / 2.0, c3[i] / 6.0) } else { stumpff_far(psi[i]) })
}

/// Their closed forms, for ψ away from zero.
fn stumpff_far(psi: f64) -> (f64, f64) {
    if psi > 0.0 {
        let root = psi.sqrt();
        let half_sine = libm::sin(0.5 * root);
        (2.0 * half_sine * half_sine / psi, (root - libm::sin(root)) / (psi * root))
    } else {
        let root = (-psi).sqrt();
        let half_sine = libm::sinh(0.5 * root);
        (2.0 * half_sine * half_sine / -psi, (libm::sinh(root) - root) / (-psi * root))
    }
}

/// The state after `seconds` (of either sign) of two-body motion about a centre of gravitational parameter `mu` [m³/s²].
///
/// `state`: any inertial frame, on any conic, with angular momentum or without. A rectilinear fall bounces off the centre, as the
/// limit of thin ellipses does, and its velocity is not finite in the instant at which it is there; nor is anything that
/// starts at the centre. [`checked_propagate`] answers such cases with an error. Universal variables: the universal Kepler equation is
/// increasing in χ (its slope is the radius), so that Newton's method within a bracket always converges.
/// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., algorithm 8 (its start values replaced by the bracket).
#[must_use]
pub fn propagate(state: &CartesianState, mu: f64, seconds: f64) -> CartesianState {
    if seconds < 0.0 {
        // Two-body motion is reversible.
        let reversed = CartesianState { velocity_m_s: -state.velocity_m_s, ..*state };
        let before = propagate(&reversed, mu, -seconds);
        return CartesianState { velocity_m_s: -before.velocity_m_s, ..before };
    }
    // Units in which the initial radius and μ are one.
    let length_m = state.position_m.norm();
    let speed_m_s = (mu / length_m).sqrt();
    let position = state.position_m / length_m;
    let velocity = state.velocity_m_s / speed_m_s;
    let sigma = position.dot(&velocity);
    // α = 1/a
    let alpha = 2.0 - velocity.norm_squared();
    let mut time = seconds * speed_m_s / length_m;
    let mut upper = 1.0;
    if alpha > 0.0 {
        let period = TAU / (alpha * alpha.sqrt());
        time %= period;
        upper = TAU / alpha.sqrt();
    }
    if time == 0.0 {
        return *state;
    }

    // t = χ³ c₃ + σ χ² c₂ + χ (1 - ψ c₃), ψ = α χ², and r = dt/dχ.
    let kepler = |chi: f64| {
        let psi = alpha * chi * chi;
        let (c2, c3) = stumpff(psi);
        let reached = chi * chi * (chi * c3 + sigma * c2) + chi * (1.0 - psi * c3);
        let radius = chi * chi * c2 + sigma * chi * (1.0 - psi * c3) + 1.0 - psi * c2;
        // Far out on a hyperbola the functions overflow, which is beyond any root.
        if reached.is_finite() { (reached - time, radius) } else { (f64::INFINITY, 1.0) }
    };
    while kepler(upper).0 < 0.0 && upper < 1e12 {
        upper *= 2.0;
    }
    let chi = safeguarded_newton(0.0, upper, time.min(upper), kepler);

    let psi = alpha * chi * chi;
    let (c2, c3) = stumpff(psi);
    let f = 1.0 - chi * chi * c2;
    let g = time - chi * chi * chi * c3;
    let new_position = position * f + velocity * g;
    let radius = new_position.norm();
    let f_dot = chi * (psi * c3 - 1.0) / radius;
    let g_dot = 1.0 - chi * chi * c2 / radius;
    CartesianState {
        position_m: new_position * length_m,
        velocity_m_s: (position * f_dot + velocity * g_dot) * speed_m_s,
    }
}

/// As [`propagate`], with an error in place of a state that is not finite.
///
/// # Errors
/// [`KeplerError`] for input that is not finite or at the centre, and for a motion that runs into the centre or overflows.
pub fn checked_propagate(state: &CartesianState, mu: f64, seconds: f64) -> Result<CartesianState, KeplerError> {
    let (radius_m, speed_m_s) = (state.position_m.norm(), state.velocity_m_s.norm());
    let sound = radius_m > 0.0 && mu > 0.0 && [radius_m, speed_m_s, mu, seconds].into_iter().all(f64::is_finite);
    if !sound {
        return Err(KeplerError::Input { radius_m, speed_m_s, seconds });
    }
    let after = propagate(state, mu, seconds);
    let finite = after.position_m.iter().chain(after.velocity_m_s.iter()).all(|component| component.is_finite());
    if finite { Ok(after) } else { Err(KeplerError::Singular(seconds)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Vector3;
    use super::super::constants::EARTH_MU_M3_S2;
    use super::super::elements::KeplerianElements;
    use super::*;

    fn kilometres(position: [f64; 3], velocity: [f64; 3]) -> CartesianState {
        CartesianState { position_m: Vector3::from(position) * 1e3, velocity_m_s: Vector3::from(velocity) * 1e3 }
    }

    #[test]
    fn agrees_with_vallado_example_2_1() {
        let anomaly = eccentric_anomaly_rad(235.4f64.to_radians(), 0.4);
        assert!((anomaly - 3.848_661_745_097_161_6).abs() < 1e-14);
    }

    #[test]
    fn agrees_with_vallado_example_2_4() {
        let state = kilometres([1131.340, -2282.343, 6672.423], [-5.64305, 4.30333, 2.42879]);
        let after = propagate(&state, EARTH_MU_M3_S2, 2400.0);
        let expected =
            kilometres([-4219.75275371, 4363.0291884, -3958.76660513], [3.68986601, -1.91673476, -6.11251111]);
        // The figures are published to 1e-8 km and 1e-8 km/s.
        assert!((after.position_m - expected.position_m).norm() < 2e-5);
        assert!((after.velocity_m_s - expected.velocity_m_s).norm() < 2e-5);
    }

    #[test]
    fn agrees_with_gmat_over_a_day() {
        let state = kilometres([-2436.45, -2436.45, 6891.037], [5.088611, -5.088611, 0.0]);
        let after = propagate(&state, EARTH_MU_M3_S2, 86_400.0);
        let expected = kilometres(
            [-5_971.194191670676, 3_945.506653225158, 2_864.6366184134445],
            [0.04909695762999346, -4.185093318475795, 5.848940867748944],
        );
        // GMAT's figures come of a numerical integration: they are good to some micrometres.
        assert!((after.position_m - expected.position_m).norm() < 1e-4, "{}", after.position_m - expected.position_m);
        assert!((after.velocity_m_s - expected.velocity_m_s).norm() < 1e-7);
    }

    #[test]
    fn rectilinear_climb_is_handled() {
        // Straight up below escape speed: energy is kept, and the motion stays on its line.
        let state =
            CartesianState { position_m: Vector3::new(7.0e6, 0.0, 0.0), velocity_m_s: Vector3::new(5_000.0, 0.0, 0.0) };
        let after = propagate(&state, EARTH_MU_M3_S2, 600.0);
        let energy = |s: &CartesianState| 0.5 * s.velocity_m_s.norm_squared() - EARTH_MU_M3_S2 / s.position_m.norm();
        assert!(((energy(&after) - energy(&state)) / energy(&state)).abs() < 1e-13);
        assert!(after.position_m.y.abs() < 1e-9 && after.position_m.x > 7.0e6);
    }

    #[test]
    fn near_parabolic_anomalies_keep_their_digits() {
        for excess in [-1e-4, -1e-7, -3e-10, 0.0, 3e-10, 1e-7, 1e-4] {
            let eccentricity = 1.0 + excess;
            // Before the perigee of an ellipse the mean anomaly is near 2π, and has lost its digits.
            let before = if excess < 0.0 { 0.1 } else { -2.5 };
            for anomaly in [before, 1e-3, 1.0, 2.9f64] {
                let elements = KeplerianElements {
                    semi_latus_rectum_m: 1.4e7,
                    eccentricity,
                    inclination_rad: 0.0,
                    raan_rad: 0.0,
                    argument_of_perigee_rad: 0.0,
                    true_anomaly_rad: anomaly,
                };
                let back = true_anomaly_rad(elements.mean_anomaly_rad(), eccentricity);
                assert!((back - anomaly).abs() < 1e-10, "{back} for {anomaly} at 1 + {excess}");
            }
        }
    }

    #[test]
    fn singular_motions_are_told() {
        let at = |x: f64, vx: f64| CartesianState {
            position_m: Vector3::new(x, 0.0, 0.0),
            velocity_m_s: Vector3::new(vx, 0.0, 0.0),
        };
        let run = |state: CartesianState, seconds| checked_propagate(&state, EARTH_MU_M3_S2, seconds);
        assert!(matches!(run(at(0.0, 1.0), 1.0), Err(KeplerError::Input { .. })));
        assert!(matches!(run(at(7e6, f64::NAN), 1.0), Err(KeplerError::Input { .. })));
        assert!(matches!(run(at(7e6, 0.0), f64::INFINITY), Err(KeplerError::Input { .. })));
        assert!(matches!(run(at(7e6, 1e150), 1e300), Err(KeplerError::Singular(_))));
        // A fall from rest, through the centre and back, takes 1/√8 of the period of the circular orbit there.
        let period_s = TAU * (7e6f64.powi(3) / EARTH_MU_M3_S2).sqrt();
        let after = run(at(7e6, 0.0), period_s / 8.0f64.sqrt()).expect("back at rest");
        assert!((after.position_m.x - 7e6).abs() < 1e-3, "{}", after.position_m.x);
    }

    proptest! {
        #[test]
        fn anomalies_solve_their_equations(mean in -50.0..50.0f64, elliptic in 0.0..0.999_999f64, excess in 1e-6..10.0f64) {
            let anomaly = eccentric_anomaly_rad(mean, elliptic);
            prop_assert!((anomaly - elliptic * libm::sin(anomaly) - mean).abs() < 1e-13 * (1.0 + mean.abs()));
            let hyperbolic = 1.0 + excess;
            let anomaly = hyperbolic_anomaly(mean, hyperbolic);
            prop_assert!((hyperbolic * libm::sinh(anomaly) - anomaly - mean).abs() < 1e-12 * (1.0 + mean.abs()));
        }

        #[test]
        fn propagation_follows_the_mean_anomaly_and_returns(
            perigee in 6.5e6..5e7f64,
            eccentricity in prop_oneof![0.0..0.95f64, Just(1.0), 1.05..4.0f64, 0.95..1.05f64, 1.0 - 1e-7..1.0 + 1e-7],
            fraction in -0.8..0.8f64,
            seconds in -2e5..2e5f64,
        ) {
            let reach = if eccentricity < 1.0 { PI } else { libm::acos(-1.0 / eccentricity) };
            let elements = KeplerianElements {
                semi_latus_rectum_m: perigee * (1.0 + eccentricity),
                eccentricity,
                inclination_rad: 0.9,
                raan_rad: 0.3,
                argument_of_perigee_rad: 1.2,
                true_anomaly_rad: fraction * reach,
            };
            let state = elements.to_cartesian(EARTH_MU_M3_S2);
            let after = propagate(&state, EARTH_MU_M3_S2, seconds);
            // The mean motion goes with |1 - e|^1.5, whose digits are gone nearer to the parabola.
            if (eccentricity - 1.0).abs() > 1e-4 {
                let mean = elements.mean_anomaly_rad() + elements.mean_motion_rad_s(EARTH_MU_M3_S2) * seconds;
                let expected = KeplerianElements {
                    true_anomaly_rad: true_anomaly_rad(mean, eccentricity),
                    ..elements
                }
                .to_cartesian(EARTH_MU_M3_S2);
                let error = (after.position_m - expected.position_m).norm() / expected.position_m.norm();
                prop_assert!(error < 1e-9, "{error}");
            }
            let back = propagate(&after, EARTH_MU_M3_S2, -seconds);
            prop_assert!((back.position_m - state.position_m).norm() / state.position_m.norm() < 1e-8);
        }
    }
}
