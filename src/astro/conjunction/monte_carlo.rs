//! Probability of collision counted over samples of both orbits, in two-body motion.

use std::f64::consts::PI;

use nalgebra::Vector6;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;

use super::span::EncounterSpan;
use super::uncertain_orbit::{Orbit, UncertainOrbit};
use super::{Conjunction, ConjunctionError};

/// Samples that are drawn from one stream.
const CHUNK: u64 = 4096;
/// Two-sided 95 % quantile of the normal distribution.
const QUANTILE_95: f64 = 1.959_963_984_540_054;
/// Shares of the hard-body radius within which a graze is not told from a touch.
const GRAZE: f64 = 1e-6;
/// Steps along one sample's span at most; a close pass takes some ten.
const MOST_STEPS: usize = 100_000;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Samples {
    /// Number of samples.
    pub count: u64,
    /// Seed: the same seed and count give the same figure, for any number of threads.
    pub seed: u64,
}

/// A probability of collision by counting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountedProbability {
    /// Share of samples that collide [-].
    pub probability: f64,
    /// Wilson's 95 % interval of it [-].
    pub interval_95: [f64; 2],
    /// Samples that collide.
    pub hits: u64,
    /// All samples.
    pub samples: u64,
    /// Start and end of what was followed, from the epoch of the states [s].
    pub span_s: [f64; 2],
}

/// Probability of collision by Monte Carlo: both orbits are drawn (normal in equinoctial elements), moved by two-body
/// motion through the encounter, and a sample counts where the distance falls to the hard-body radius.
///
/// `progress` is told how many samples more are done, from any thread. Between two looks at a sample's distance d no contact
/// can be missed: the distance bends down by K d at most, K bounding the gravity gradient, so that it stays above
/// d cos √K t + (ḋ/√K) sin √K t, and the next look is where that meets the hard-body radius.
/// Sources: Hall, Casali, Johnson, Skrehart and Baars, High fidelity collision probabilities estimated using brute force
/// Monte Carlo simulations, AAS 18-244, of which this is the two-body form; Wilson, JASA 22, 1927.
///
/// # Errors
/// [`ConjunctionError::Covariance`] for what is no covariance; [`ConjunctionError::Method`] for no samples.
pub fn probability(
    conjunction: &Conjunction,
    samples: Samples,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<CountedProbability, ConjunctionError> {
    if samples.count == 0 {
        let reason = "there are no samples to count".to_owned();
        return Err(ConjunctionError::Method { method: "monte_carlo", reason });
    }
    let orbit = |index: usize| {
        let (state, covariance) = (&conjunction.states[index], &conjunction.covariances[index]);
        UncertainOrbit::of(index + 1, state, covariance, conjunction.mu_m3_s2).map(|(orbit, _)| orbit)
    };
    let orbits = [orbit(0)?, orbit(1)?];
    let span_s = EncounterSpan::whole(conjunction).ends_s;
    let chunks = samples.count.div_ceil(CHUNK);
    let hits = (0..chunks)
        .into_par_iter()
        .map(|chunk| {
            let mut generator = stream(samples.seed, chunk);
            let count = CHUNK.min(samples.count - chunk * CHUNK);
            let mut hits = 0;
            for _ in 0..count {
                // Both are drawn before either is looked at, so that a sample always takes as many numbers.
                let [first, second] = [(); 2].map(|()| Vector6::from_fn(|_, _| generator.sample(StandardNormal)));
                let pair = orbits[0].at(&first).zip(orbits[1].at(&second));
                let collides =
                    |pair: &(Orbit, Orbit)| meets(pair, conjunction.mu_m3_s2, conjunction.hard_body_radius_m, span_s);
                hits += u64::from(pair.as_ref().is_some_and(collides));
            }
            progress(count);
            hits
        })
        .sum::<u64>();
    Ok(CountedProbability {
        probability: hits as f64 / samples.count as f64,
        interval_95: wilson(hits, samples.count),
        hits,
        samples: samples.count,
        span_s,
    })
}

/// Whether two orbits come within `radius_m` of each other within the span.
fn meets((first, second): &(Orbit, Orbit), mu: f64, radius_m: f64, [start_s, end_s]: [f64; 2]) -> bool {
    let perigee_m = first.perigee_radius_m().min(second.perigee_radius_m());
    // The gradient of μ r/r³ is at most 2μ/r³ outside of the perigee, along a way around the Earth that is at most π/2
    // times as long as the chord.
    let root = (PI * mu / perigee_m.powi(3)).sqrt();
    if !root.is_finite() {
        return false;
    }
    let reached_m = radius_m * (1.0 + GRAZE);
    let mut seconds = start_s;
    for _ in 0..MOST_STEPS {
        let (one, other) = (first.state(seconds), second.state(seconds));
        let position = other.position_m - one.position_m;
        let distance_m = position.norm();
        if distance_m <= reached_m {
            return true;
        }
        if seconds >= end_s || distance_m.is_nan() {
            return false;
        }
        let closing_m_s = position.dot(&(other.velocity_m_s - one.velocity_m_s)) / distance_m;
        // d cos θ + (ḋ/√K) sin θ = √(d² + ḋ²/K) cos(θ - φ) with tan φ = ḋ / (√K d)
        let slope_m = closing_m_s / root;
        let amplitude_m = libm::hypot(distance_m, slope_m);
        let phase_rad = libm::atan2(slope_m, distance_m) + libm::acos((radius_m / amplitude_m).min(1.0));
        // Beyond half a turn the comparison says nothing more.
        seconds = (seconds + phase_rad.clamp(0.0, PI) / root).min(end_s);
    }
    false
}

/// Wilson's 95 % interval of a share.
fn wilson(hits: u64, count: u64) -> [f64; 2] {
    let (n, z2) = (count as f64, QUANTILE_95 * QUANTILE_95);
    let share = hits as f64 / n;
    let centre = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = QUANTILE_95 / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let low = if hits == 0 { 0.0 } else { (centre - half).max(0.0) };
    let high = if hits == count { 1.0 } else { (centre + half).min(1.0) };
    [low, high]
}

/// The generator of one chunk of samples.
fn stream(seed: u64, chunk: u64) -> Xoshiro256PlusPlus {
    // SplitMix64's finaliser of both words. Source: Steele, Lea and Flood, OOPSLA 2014.
    let mix = |word: u64| {
        let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    };
    let golden = 0x9e37_79b9_7f4a_7c15_u64;
    Xoshiro256PlusPlus::seed_from_u64(mix(
        mix(seed.wrapping_add(golden)) ^ mix(chunk.wrapping_add(golden.wrapping_mul(2)))
    ))
}

#[cfg(test)]
mod tests {
    use super::super::super::constants::EARTH_MU_M3_S2;
    use super::super::super::{CartesianState, Vector3};
    use super::super::covariance::Covariance6;
    use super::*;

    #[test]
    fn intervals_are_wilsons() {
        // Newcombe, Statistics in Medicine 17, 1998, table I: 81 of 263 gives 0.2553 to 0.3662, 0 of 20 0 to 0.1611.
        let [low, high] = wilson(81, 263);
        assert!((low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5, "{low} {high}");
        let [low, high] = wilson(0, 20);
        assert!(low == 0.0 && (high - 0.1611).abs() < 5e-5, "{high}");
    }

    /// A pair of known orbits meets exactly where stepping by a hundredth of a second says so.
    #[test]
    fn no_contact_is_missed_between_two_looks() {
        let first =
            CartesianState { position_m: Vector3::new(7.0e6, 0.0, 0.0), velocity_m_s: Vector3::new(0.0, 7_546.0, 0.0) };
        let sharp = Covariance6::zeros();
        for (offset, velocity) in [
            ([3.0, 0.0, 0.0], [0.0, 10.0, 14_000.0]),
            ([30.0, 20.0, 0.0], [0.02, -0.03, 0.01]),
            ([0.0, 25.0, 0.0], [0.0, 0.0, 0.05]),
            ([500.0, -2_000.0, 0.0], [0.1, 0.9, 0.3]),
            ([0.0, 9.0, 40.0], [0.0, 0.01, -0.02]),
        ] {
            let second = CartesianState {
                position_m: first.position_m + Vector3::from(offset),
                velocity_m_s: first.velocity_m_s + Vector3::from(velocity),
            };
            let orbit = |state: &CartesianState| {
                let (orbit, _) = UncertainOrbit::of(1, state, &sharp, EARTH_MU_M3_S2).unwrap();
                orbit.at(&Vector6::zeros()).unwrap()
            };
            let pair = (orbit(&first), orbit(&second));
            let span_s = [-200.0, 1_500.0];
            let distance_m =
                |seconds: f64| (pair.1.state(seconds).position_m - pair.0.state(seconds).position_m).norm();
            let looks = (0..170_000).map(|look| distance_m(span_s[0] + 0.01 * f64::from(look)));
            // The fast pass is at the epoch, where a look stands.
            let closest_m = looks.fold(f64::INFINITY, f64::min);
            assert!(meets(&pair, EARTH_MU_M3_S2, closest_m * 1.001, span_s), "{closest_m} {offset:?}");
            assert!(!meets(&pair, EARTH_MU_M3_S2, closest_m * 0.999, span_s), "{closest_m} {offset:?}");
        }
    }
}
