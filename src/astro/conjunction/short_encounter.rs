//! Two-dimensional probability of collision: straight tracks, positions alone uncertain.

use std::f64::consts::{FRAC_PI_2, PI, SQRT_2};

use super::encounter::{EncounterPlane, PrincipalAxes};
use super::quadrature::integrate;

/// Relative accuracy of the integral.
const TOLERANCE: f64 = 1e-12;
/// The same while the greatest probability is searched for.
const SEARCH_TOLERANCE: f64 = 1e-9;

/// Probability of collision of a short encounter: the Gaussian of the miss integrated over the disc of the hard bodies.
///
/// `plane`: the conjunction plane. `hard_body_radius_m`: sum of both objects' radii, positive.
/// The disc is cut into strips along the major axis y of the covariance, each integrated by error functions:
/// Pc = ∫₋ᴿᴿ φ((x - x₀)/σₓ)/σₓ · ½ [erf((y₀ + h)/(√2 σ_y)) - erf((y₀ - h)/(√2 σ_y))] dx with h = √(R² - x²),
/// the remaining integral adaptively, with x = R sin θ so that its ends are smooth.
/// Source: Alfano, A numerical implementation of spherical object collision probability, J. Astronautical Sciences 53,
/// 2005; Foster and Estes, NASA JSC-25898, 1992. Valid where the relative motion is straight and velocities count as known
/// while the covariance is passed.
#[must_use]
pub fn probability(plane: &EncounterPlane, hard_body_radius_m: f64) -> f64 {
    of_disc(&plane.principal_axes(hard_body_radius_m), hard_body_radius_m, TOLERANCE)
}

/// As [`probability`] to a relative tolerance, for many probabilities of which the last digits do not matter; what is certainly below `least`
/// is told as zero.
///
/// The probability of a disc is at most that of all places no nearer to the mean in standard deviations, exp(-d²/2), d being the disc's least
/// Mahalanobis distance.
#[must_use]
pub fn rough_probability(plane: &EncounterPlane, hard_body_radius_m: f64, tolerance: f64, least: f64) -> f64 {
    let axes = plane.principal_axes(hard_body_radius_m);
    let ([deviation_x, deviation_y], [miss_x, miss_y]) = (axes.deviations_m, axes.miss_m);
    let centre = libm::hypot(miss_x / deviation_x, miss_y / deviation_y);
    let nearest = (centre - hard_body_radius_m / deviation_x.min(deviation_y)).max(0.0);
    if 0.5 * nearest * nearest > -libm::log(least) {
        return 0.0;
    }
    of_disc(&axes, hard_body_radius_m, tolerance)
}

fn of_disc(axes: &PrincipalAxes, radius_m: f64, tolerance: f64) -> f64 {
    let ([deviation_x, deviation_y], [miss_x, miss_y]) = (axes.deviations_m, axes.miss_m);
    // Probability of |y| < h about the miss, by the complement where both ends lie in the same tail.
    let strip = |half: f64| {
        let (low, high) = ((miss_y - half) / (SQRT_2 * deviation_y), (miss_y + half) / (SQRT_2 * deviation_y));
        if low > 0.0 { 0.5 * (libm::erfc(low) - libm::erfc(high)) } else { 0.5 * (libm::erf(high) - libm::erf(low)) }
    };
    let density = |x: f64| libm::exp(-0.5 * ((x - miss_x) / deviation_x).powi(2)) / (deviation_x * (2.0 * PI).sqrt());
    let integrand = |angle_rad: f64| {
        let (sine, cosine) = libm::sincos(angle_rad);
        density(radius_m * sine) * strip(radius_m * cosine) * radius_m * cosine
    };
    // The Gaussian is greatest where the disc comes nearest to the miss, and falls from there within `width`.
    let nearest = miss_x.clamp(-radius_m, radius_m);
    let width = deviation_x.min(deviation_x * deviation_x / (miss_x - nearest).abs().max(f64::MIN_POSITIVE));
    let mut breakpoints = vec![-FRAC_PI_2, 0.0, FRAC_PI_2];
    for steps in [-30.0, -8.0, -3.0, -1.0, 0.0, 1.0, 3.0, 8.0, 30.0] {
        let sine = (nearest + steps * width) / radius_m;
        if sine.abs() < 1.0 {
            breakpoints.push(libm::asin(sine));
        }
    }
    breakpoints.sort_by(f64::total_cmp);
    integrate(integrand, &breakpoints, tolerance).clamp(0.0, 1.0)
}

/// The greatest probability that any scaling of the covariance gives, and that scaling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaximumProbability {
    /// The greatest probability [-].
    pub probability: f64,
    /// Factor of the standard deviations at which it is reached [-]. Below 1, better tracking would raise the probability:
    /// the conjunction is diluted. Zero where the miss lies within the hard-body radius, so that certainty is a hit.
    pub deviation_scale: f64,
}

/// The greatest 2D probability over all scalings of the covariance, whose shape is kept.
///
/// Source: Alfano, Relating position uncertainty to maximum conjunction probability, J. Astronautical Sciences 53, 2005.
/// Golden-section search over the logarithm of the scale, in which the probability has one maximum.
#[must_use]
pub fn maximum_probability(plane: &EncounterPlane, hard_body_radius_m: f64) -> MaximumProbability {
    if plane.miss_m <= hard_body_radius_m {
        return MaximumProbability { probability: 1.0, deviation_scale: 0.0 };
    }
    let axes = plane.principal_axes(hard_body_radius_m);
    let at = |log_scale: f64| {
        let scale = libm::exp(log_scale);
        let scaled = PrincipalAxes { deviations_m: axes.deviations_m.map(|value| value * scale), ..axes };
        of_disc(&scaled, hard_body_radius_m, SEARCH_TOLERANCE)
    };
    // With deviations far below the miss, or far above it, the probability falls: the maximum is in between.
    let mut low = libm::log(1e-2 * (plane.miss_m - hard_body_radius_m) / axes.deviations_m[1]);
    let mut high = libm::log(1e2 * plane.miss_m / axes.deviations_m[0]);
    let golden = 0.5 * (5f64.sqrt() - 1.0);
    let (mut left, mut right) = (high - golden * (high - low), low + golden * (high - low));
    let (mut at_left, mut at_right) = (at(left), at(right));
    // About a maximum the probability is flat: to 1e-8 of itself within 1e-4 of the scale.
    while high - low > 1e-4 {
        // Far below the maximum all is zero, and the way is up.
        if at_left > at_right {
            (high, right, at_right) = (right, left, at_left);
            left = high - golden * (high - low);
            at_left = at(left);
        } else {
            (low, left, at_left) = (left, right, at_right);
            right = low + golden * (high - low);
            at_right = at(right);
        }
    }
    let log_scale = 0.5 * (low + high);
    MaximumProbability { probability: at(log_scale), deviation_scale: libm::exp(log_scale) }
}

#[cfg(test)]
mod tests {
    use nalgebra::{Matrix2, Matrix2x3};
    use proptest::prelude::*;

    use super::*;

    fn plane(miss_m: f64, covariance_m2: Matrix2<f64>) -> EncounterPlane {
        EncounterPlane { miss_m, axes: Matrix2x3::identity(), covariance_m2 }
    }

    #[test]
    fn a_round_covariance_has_closed_forms() {
        // Without a miss: 1 - exp(-R²/2σ²).
        for (deviation, radius) in [(100.0, 1.0), (10.0, 10.0), (1.0, 20.0), (1e4, 3.0)] {
            let value = probability(&plane(0.0, Matrix2::identity() * deviation * deviation), radius);
            let expected = -libm::expm1(-0.5 * (radius / deviation).powi(2));
            assert!((value / expected - 1.0).abs() < 1e-11, "{value} {expected}");
        }
    }

    #[test]
    fn tails_keep_their_digits() {
        // Rice's distribution: Pc = 1 - Q₁(m/σ, R/σ), as a series in Bessel functions; m = 30 σ, R = σ.
        // ∫ over the disc of exp(-((x-30)²+y²)/2)/2π: the integrand in polar form, ∫₀¹ r exp(-(r²+900)/2) I₀(30 r) dr.
        let bessel0 = |z: f64| {
            let (mut term, mut sum) = (1.0, 1.0);
            for k in 1..200 {
                term *= 0.25 * z * z / f64::from(k * k);
                sum += term;
            }
            sum
        };
        let expected =
            integrate(|r: f64| r * libm::exp(-0.5 * (r * r + 900.0)) * bessel0(30.0 * r), &[0.0, 0.5, 0.9, 1.0], 1e-12);
        let value = probability(&plane(30.0, Matrix2::identity()), 1.0);
        assert!(value > 0.0 && (value / expected - 1.0).abs() < 1e-9, "{value:e} {expected:e}");
    }

    #[test]
    fn a_rough_probability_is_the_whole_one_or_none() {
        let mut told = 0;
        for miss_m in [0.0, 20.0, 80.0, 300.0, 600.0, 900.0] {
            let plane = plane(miss_m, Matrix2::new(1_600.0, 900.0, 900.0, 8_100.0));
            let (whole, rough) = (probability(&plane, 10.0), rough_probability(&plane, 10.0, 1e-6, 1e-20));
            if rough == 0.0 {
                assert!(whole < 1e-20, "{miss_m}: {whole}");
            } else {
                told += 1;
                assert!((rough / whole - 1.0).abs() < 1e-5, "{miss_m}: {rough} {whole}");
            }
        }
        assert!((3..6).contains(&told), "{told}");
    }

    #[test]
    fn the_greatest_probability_of_a_small_body_is_known() {
        // R ≪ m, round covariance: Pc = R²/2σ² exp(-m²/2σ²) is greatest at σ = m/√2, where it is R²/(e m²).
        let found = maximum_probability(&plane(1000.0, Matrix2::identity() * 100.0 * 100.0), 1.0);
        assert!((found.deviation_scale - 10.0 / SQRT_2).abs() < 1e-3, "{found:?}");
        assert!((found.probability / (1e-6 / std::f64::consts::E) - 1.0).abs() < 1e-5, "{found:?}");
        let inside = maximum_probability(&plane(3.0, Matrix2::identity()), 5.0);
        assert_eq!((inside.probability, inside.deviation_scale), (1.0, 0.0));
    }

    proptest! {
        /// The strips in one direction give what plain summation over the disc gives.
        #[test]
        fn agrees_with_a_sum_over_the_disc(
            miss in 0.0..60.0f64,
            minor in 2.0..20.0f64,
            ratio in 1.0..8.0f64,
            angle in 0.0..PI,
        ) {
            let radius = 12.0;
            let (sine, cosine) = libm::sincos(angle);
            let turn = Matrix2::new(cosine, -sine, sine, cosine);
            let covariance = turn * Matrix2::new(minor * minor, 0.0, 0.0, (ratio * minor).powi(2)) * turn.transpose();
            let inverse = covariance.try_inverse().unwrap();
            let mut sum = 0.0;
            let (rings, sectors) = (super::super::quadrature::gauss_legendre(40), 128);
            for (node, weight) in rings {
                let r = 0.5 * radius * (node + 1.0);
                for sector in 0..sectors {
                    let (sine, cosine) = libm::sincos(2.0 * PI * f64::from(sector) / f64::from(sectors));
                    let offset = nalgebra::Vector2::new(r * cosine - miss, r * sine);
                    let density = libm::exp(-0.5 * offset.dot(&(inverse * offset)));
                    sum += 0.5 * radius * weight * r * density * 2.0 * PI / f64::from(sectors);
                }
            }
            let expected = sum / (2.0 * PI * covariance.determinant().sqrt());
            let value = probability(&plane(miss, covariance), radius);
            prop_assert!((value / expected - 1.0).abs() < 1e-8, "{value:e} {expected:e}");
        }
    }
}
