//! Which of the entries into the hard-body sphere are the first of their pair of orbits.

use nalgebra::{Matrix3x6, Vector3, Vector6};
use rand::RngExt;
use rand_distr::StandardNormal;
use rayon::prelude::*;

use super::super::CartesianState;
use super::super::elements::KeplerianElements;
use super::Conjunction;
use super::long_encounter::{RelativeGaussian, Sphere};
use super::monte_carlo::{next_contact_s, next_parting_s, stream};
use super::uncertain_orbit::{Orbit, UncertainOrbit};

/// Entries that are drawn: where each pair enters once or twice, the share comes out to half a percent.
const DRAWN: usize = 4_096;
/// Meetings of one pair that are counted at most.
const MOST_MEETINGS: u32 = 16;
/// Length of a span, in radians at the rate of the lower perigee, up to which a pair does not meet twice: relative motion turns by
/// twice the angle of the orbit, and to come back it must turn by more than a right angle.
const NO_RETURN_RAD: f64 = 0.78;

/// The share of expected entries that counts pairs of orbits once each: the mean of 1/k over entries of pairs that enter k times, and
/// of 0 over those of pairs that are within at the start, which are counted there.
///
/// Entries are drawn from the flux that they are summed from, at the times of `looks`: a place on the sphere by its density, both
/// orbits as they are given that place, the weight the speed inward; each pair is then followed through the whole span.
pub(super) fn share(
    conjunction: &Conjunction,
    orbits: &[UncertainOrbit; 2],
    looks: &[&RelativeGaussian],
    spheres: &[Sphere],
    span_s: [f64; 2],
) -> f64 {
    if returns(conjunction, span_s) { drawn(conjunction, orbits, looks, spheres, span_s) } else { 1.0 }
}

/// Whether the span is long enough for a pair to meet twice.
fn returns(conjunction: &Conjunction, [start_s, end_s]: [f64; 2]) -> bool {
    let mu = conjunction.mu_m3_s2;
    let perigee_m = |state: &CartesianState| KeplerianElements::from_cartesian(state, mu).perigee_radius_m();
    let lower_m = perigee_m(&conjunction.states[0]).min(perigee_m(&conjunction.states[1]));
    (end_s - start_s) * (mu / lower_m.powi(3)).sqrt() > NO_RETURN_RAD
}

fn drawn(
    conjunction: &Conjunction,
    orbits: &[UncertainOrbit; 2],
    looks: &[&RelativeGaussian],
    spheres: &[Sphere],
    span_s: [f64; 2],
) -> f64 {
    let radius_m = conjunction.hard_body_radius_m;
    // The density's mass on the nodes of a time, summed up.
    let masses = |gaussian: &RelativeGaussian| -> Vec<f64> {
        let peak = gaussian.peak_1_m3();
        let nodes = gaussian.resolving(radius_m, spheres).iter();
        nodes
            .scan(0.0, |sum, (normal, weight)| {
                *sum += weight * peak * libm::exp(-gaussian.exponent(&(normal * radius_m - gaussian.position_m)));
                Some(*sum)
            })
            .collect()
    };
    let wholes: Vec<f64> = looks.par_iter().map(|gaussian| masses(gaussian).last().copied().unwrap_or(0.0)).collect();
    let whole: f64 = wholes.iter().sum();
    if !(whole > 0.0 && whole.is_finite()) {
        return 1.0;
    }
    // So many of the draws up to a time as its share of the mass.
    let upto = |look: usize| (wholes[..look].iter().sum::<f64>() / whole * DRAWN as f64).round() as usize;
    let sums: Vec<[f64; 2]> = (0..looks.len())
        .into_par_iter()
        .map(|look| {
            let (gaussian, draws) = (looks[look], upto(look + 1) - upto(look));
            let mut sums = [0.0; 2];
            if draws == 0 {
                return sums;
            }
            let (masses, nodes) = (masses(gaussian), gaussian.resolving(radius_m, spheres));
            let mut generator = stream(0, look as u64);
            for draw in 0..draws {
                // One in each of as many equal parts of the mass.
                let part = (draw as f64 + generator.random::<f64>()) / draws as f64 * wholes[look];
                let found = masses.partition_point(|upto| *upto < part).min(nodes.len() - 1);
                let normal = nodes[found].0;
                let free = [(); 2].map(|()| Vector6::from_fn(|_, _| generator.sample(StandardNormal)));
                let deviations = at_place(gaussian, &(normal * radius_m), &free);
                let inward_m_s = -gaussian.velocity_of(&deviations).dot(&normal);
                let pair = orbits[0].at(&deviations[0]).zip(orbits[1].at(&deviations[1]));
                if let (true, Some(pair)) = (inward_m_s > 0.0, pair) {
                    sums[0] += inward_m_s;
                    sums[1] += inward_m_s * part_of_a_pair(&pair, conjunction, span_s);
                }
            }
            sums
        })
        .collect();
    let [entries, first] = sums.iter().fold([0.0; 2], |[a, b], [c, d]| [a + c, b + d]);
    if entries > 0.0 { first / entries } else { 1.0 }
}

/// Deviations of both orbits that have their relative position at `position_m`, the nearest to `free`, which are drawn without regard
/// to it: z + Gᵀ (G Gᵀ)⁻¹ (r - G z).
fn at_place(gaussian: &RelativeGaussian, position_m: &Vector3<f64>, free: &[Vector6<f64>; 2]) -> [Vector6<f64>; 2] {
    let slopes: [Matrix3x6<f64>; 2] =
        gaussian.parts.each_ref().map(|part| part.slopes.fixed_view::<3, 6>(0, 0).into_owned());
    let reached_m = gaussian.position_m + slopes[1] * free[1] - slopes[0] * free[0];
    let pull = gaussian.positions.solve(&(position_m - reached_m));
    [free[0] - slopes[0].transpose() * pull, free[1] + slopes[1].transpose() * pull]
}

/// One over the number of times that a pair meets in the span; zero where it is within at the start.
fn part_of_a_pair(pair: &(Orbit, Orbit), conjunction: &Conjunction, [start_s, end_s]: [f64; 2]) -> f64 {
    let (mu, radius_m) = (conjunction.mu_m3_s2, conjunction.hard_body_radius_m);
    let (mut from_s, mut meetings) = (start_s, 0);
    while let Some(contact_s) = next_contact_s(pair, mu, radius_m, [from_s, end_s]) {
        if contact_s == start_s {
            return 0.0;
        }
        meetings += 1;
        match next_parting_s(pair, radius_m, [contact_s, end_s]) {
            Some(parted_s) if meetings < MOST_MEETINGS => from_s = parted_s,
            _ => break,
        }
    }
    // A graze that the linear motion enters and the orbits do not.
    1.0 / f64::from(meetings.max(1))
}
