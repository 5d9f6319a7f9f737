//! Three-dimensional probability of collision: two-body motion, positions and velocities uncertain.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use nalgebra::{Cholesky, Matrix3, Vector3, Vector6};
use rayon::prelude::*;

use super::quadrature::{gauss_legendre, integrate_in_parallel, sphere};
use super::span::EncounterSpan;
use super::uncertain_orbit::{Linearised, UncertainOrbit};
use super::{Conjunction, ConjunctionError};

/// The name under which the method is told.
const METHOD: &str = "3d";
/// Relative accuracy of the integral over time.
const TOLERANCE: f64 = 1e-5;
/// Parts of the span that are looked at before any is refined.
const PANELS: usize = 24;
/// Times at which the density's thinnest direction is looked for.
const LOOKS: usize = 128;
/// Latitudes of the node sets on the sphere, of which each time takes the coarsest that resolves its density.
const LATITUDES: [usize; 5] = [32, 64, 128, 256, 512];
/// Hard-body radius over least standard deviation up to which the finest set resolves the density: 4 latitudes a unit, at
/// which neighbours lie 0.8 standard deviations apart and the sum errs by exp(-2π²/0.8²) = 4e-14.
const STEEPEST: f64 = 120.0;
/// Iterations towards the orbits that meet.
const ITERATIONS: usize = 40;
/// Change of the centres, in standard deviations, at which they have been found.
const SETTLED: f64 = 1e-4;
/// Halvings of an iteration's step that leads to what is no orbit.
const HALVINGS: usize = 12;
/// Exponent below which a density is left out: it is 1e-20 of its peak.
const NEGLIGIBLE: f64 = 46.0;

/// A probability of collision by the flux of probability through the hard-body sphere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FluxProbability {
    /// Probability [-]: that of being within the sphere at the start, plus the expected number of entries, at most 1.
    /// Where the objects may part and meet again within the span, each time counts: it is an upper bound then.
    pub probability: f64,
    /// Start and end of what was integrated, from the epoch of the states [s].
    pub span_s: [f64; 2],
    /// Whether the encounter outlasts half of the shorter period, to which the span is cut.
    pub cut: bool,
}

/// Probability of collision of an encounter that may be long, slow or bent.
///
/// The expected number of entries into the sphere is the flux of the relative position's density through it,
/// Nc = ∫ dt R² ∮ dΩ ρ(R n, t) E[max(-Δv·n, 0) | Δr = R n], the relative state being normal at each time. The
/// normal distribution of a time is that of both orbits, in equinoctial elements, linearised not at their means but at the
/// two likeliest orbits that meet then, so that a bent cloud counts as it lies where it matters.
/// Sources: Coppola, Including velocity uncertainty in the probability of collision between space objects, AAS 12-247;
/// Hall, Expected collision rates for tracked satellites, J. Spacecraft and Rockets 58, 2021. Valid in two-body motion,
/// for errors of both objects that are independent and normal in elements.
///
/// # Errors
/// [`ConjunctionError::Covariance`] for what is no covariance; [`ConjunctionError::Method`] where the relative position is
/// so well known, in some direction, that the density is thinner than a 120th of the hard-body radius.
pub fn probability(conjunction: &Conjunction) -> Result<FluxProbability, ConjunctionError> {
    let orbit = |index: usize| {
        let (state, covariance) = (&conjunction.states[index], &conjunction.covariances[index]);
        UncertainOrbit::of(index + 1, state, covariance, conjunction.mu_m3_s2).map(|(orbit, _)| orbit)
    };
    let flux = Flux { orbits: [orbit(0)?, orbit(1)?], radius_m: conjunction.hard_body_radius_m };
    let span = EncounterSpan::whole(conjunction);
    let [start_s, end_s] = span.ends_s;
    // The thinnest that the density gets where it is not negligible decides how finely the sphere is cut.
    let looks: Vec<Relative> = (0..=LOOKS)
        .into_par_iter()
        .map(|look| flux.relative(start_s + (end_s - start_s) * look as f64 / LOOKS as f64))
        .collect();
    if looks.iter().any(|look| matches!(look, Relative::Singular)) {
        let reason =
            "the covariance of the relative position is singular: it does not vary in every direction".to_owned();
        return Err(ConjunctionError::Method { method: METHOD, reason });
    }
    let deviations_m = looks.iter().filter_map(Relative::normal).map(RelativeGaussian::least_deviation_m);
    let thinnest_m = deviations_m.fold(f64::INFINITY, f64::min);
    let steepness = flux.radius_m / thinnest_m;
    if steepness.is_nan() || steepness > STEEPEST {
        let reason = format!(
            "the relative position is known to {thinnest_m:.3e} m in one direction, too sharp beside a hard-body radius of \
             {} m for its nodes",
            flux.radius_m
        );
        return Err(ConjunctionError::Method { method: METHOD, reason });
    }
    let spheres: Vec<Sphere> =
        LATITUDES.into_iter().filter(|count| *count <= 2 * latitudes(steepness)).map(sphere).collect();
    let rate = |seconds: f64| {
        flux.relative(seconds).normal().map_or(0.0, |relative| relative.entry_rate(flux.radius_m, &spheres))
    };
    let ends: Vec<f64> = (0..=PANELS).map(|end| start_s + (end_s - start_s) * end as f64 / PANELS as f64).collect();
    let entries = integrate_in_parallel(rate, &ends, TOLERANCE).ok_or_else(|| {
        let reason = "the rate of entry varies too sharply in time to be summed".to_owned();
        ConjunctionError::Method { method: METHOD, reason }
    })?;
    let within =
        flux.relative(start_s).normal().map_or(0.0, |relative| relative.probability_within(flux.radius_m, &spheres));
    let probability = (entries + within).clamp(0.0, 1.0);
    Ok(FluxProbability { probability, span_s: span.ends_s, cut: span.cut })
}

/// Unit vectors and their weights.
type Sphere = Vec<(Vector3<f64>, f64)>;

/// Latitudes that resolve a density on a sphere whose radius is `steepness` of its least standard deviations.
fn latitudes(steepness: f64) -> usize {
    16 + (4.0 * steepness) as usize
}

struct Flux {
    orbits: [UncertainOrbit; 2],
    radius_m: f64,
}

impl Flux {
    /// The relative state after `seconds`, linearised about the likeliest pair of orbits that meet then.
    ///
    /// Newton's iteration for the shortest deviations z₁, z₂ with r₂(z₂) = r₁(z₁). What is negligible is seen at its end alone: seen
    /// from the means, a cloud that bends along its track lies far from where it is.
    fn relative(&self, seconds: f64) -> Relative {
        let mut centres = [Vector6::zeros(); 2];
        let Some(mut parts) = self.linearised(&centres, seconds) else { return Relative::Negligible };
        for iteration in 1..=ITERATIONS {
            let Some(gaussian) = RelativeGaussian::of(&parts) else { return Relative::Singular };
            // Of all z₁, z₂ with m₂ + G₂ z₂ = m₁ + G₁ z₁ the shortest: z₁ = G₁ᵀ A⁻¹ Δm, z₂ = -G₂ᵀ A⁻¹ Δm.
            let pull = gaussian.positions.solve(&gaussian.position_m);
            let next = [parts[0].position_slopes_transposed() * pull, -(parts[1].position_slopes_transposed() * pull)];
            let step = [next[0] - centres[0], next[1] - centres[1]];
            if step[0].norm() + step[1].norm() < SETTLED || iteration == ITERATIONS {
                let touches = gaussian.may_touch(self.radius_m);
                return if touches { Relative::Normal(Box::new(gaussian)) } else { Relative::Negligible };
            }
            // A long step may lead to what is no orbit; a shorter one that way does not.
            let mut shares = (0..HALVINGS).map(|halving| 0.5_f64.powi(halving as i32));
            let found = shares.find_map(|share| {
                let centres = [centres[0] + step[0] * share, centres[1] + step[1] * share];
                self.linearised(&centres, seconds).map(|parts| (centres, parts))
            });
            let Some(found) = found else { return Relative::Negligible };
            (centres, parts) = found;
        }
        Relative::Negligible
    }

    fn linearised(&self, centres: &[Vector6<f64>; 2], seconds: f64) -> Option<[Linearised; 2]> {
        Some([self.orbits[0].linearised(&centres[0], seconds)?, self.orbits[1].linearised(&centres[1], seconds)?])
    }
}

/// The relative state at one time.
enum Relative {
    /// The objects do not touch then, or are no orbits that can be followed.
    Negligible,
    /// The relative position does not vary in every direction, so that it has no density.
    Singular,
    /// It is normal.
    Normal(Box<RelativeGaussian>),
}

impl Relative {
    fn normal(&self) -> Option<&RelativeGaussian> {
        match self {
            Self::Normal(gaussian) => Some(gaussian.as_ref()),
            Self::Negligible | Self::Singular => None,
        }
    }
}

/// A normal relative state.
struct RelativeGaussian {
    position_m: Vector3<f64>,
    velocity_m_s: Vector3<f64>,
    /// Covariance of the position, factored.
    positions: Cholesky<f64, nalgebra::U3>,
    /// Bᵀ A⁻¹, by which an offset in position shifts the expected velocity.
    velocity_of_position: Matrix3<f64>,
    /// Covariance of the velocity at a known position, C - Bᵀ A⁻¹ B.
    velocities: Matrix3<f64>,
}

impl RelativeGaussian {
    fn of([first, second]: &[Linearised; 2]) -> Option<Self> {
        let mean = second.constant - first.constant;
        let covariance = first.slopes * first.slopes.transpose() + second.slopes * second.slopes.transpose();
        let block = |row: usize, column: usize| covariance.fixed_view::<3, 3>(row, column).into_owned();
        let positions = Cholesky::new(block(0, 0))?;
        let gain = positions.solve(&block(0, 3)).transpose();
        Some(Self {
            position_m: mean.fixed_rows::<3>(0).into_owned(),
            velocity_m_s: mean.fixed_rows::<3>(3).into_owned(),
            velocity_of_position: gain,
            velocities: block(3, 3) - gain * block(0, 3),
            positions,
        })
    }

    fn least_deviation_m(&self) -> f64 {
        // The least eigenvalue of A = L Lᵀ.
        let factor = self.positions.l();
        (factor * factor.transpose()).symmetric_eigenvalues().min().max(0.0).sqrt()
    }

    /// The coarsest of `spheres` that resolves the density, or else the finest.
    fn resolving<'a>(&self, radius_m: f64, spheres: &'a [Sphere]) -> &'a [(Vector3<f64>, f64)] {
        let count = latitudes((radius_m / self.least_deviation_m()).min(STEEPEST));
        // A set has 2 n² nodes.
        spheres.iter().find(|nodes| nodes.len() >= 2 * count * count).or(spheres.last()).map_or(&[], Vec::as_slice)
    }

    /// Whether the sphere lies where the density is not negligible.
    fn may_touch(&self, radius_m: f64) -> bool {
        // In standard deviations the sphere is no wider than radius / least deviation.
        let distance = self.positions.l().solve_lower_triangular(&self.position_m).map_or(f64::INFINITY, |z| z.norm());
        distance - radius_m / self.least_deviation_m().max(f64::MIN_POSITIVE) < (2.0 * NEGLIGIBLE).sqrt()
    }

    /// Half of the squared Mahalanobis distance of a position `offset_m` from the mean: its density's exponent.
    fn exponent(&self, offset_m: &Vector3<f64>) -> f64 {
        let factor = self.positions.l_dirty();
        let a = offset_m.x / factor.m11;
        let b = (offset_m.y - factor.m21 * a) / factor.m22;
        let c = (offset_m.z - factor.m31 * a - factor.m32 * b) / factor.m33;
        0.5 * (a * a + b * b + c * c)
    }

    /// The greatest density that there is, at the mean [1/m³].
    fn peak_1_m3(&self) -> f64 {
        let factor = self.positions.l_dirty();
        1.0 / ((2.0 * PI).powf(1.5) * factor.m11 * factor.m22 * factor.m33)
    }

    /// Exponent above which a density is left out, being 1e-20 of one that a node of the coarsest sphere has.
    fn cutoff(&self, radius_m: f64, spheres: &[Sphere]) -> f64 {
        let nodes = spheres.first().into_iter().flatten();
        let least = nodes.map(|(normal, _)| self.exponent(&(normal * radius_m - self.position_m)));
        least.fold(f64::INFINITY, f64::min) + NEGLIGIBLE
    }

    /// Rate at which the relative position enters the sphere [1/s].
    fn entry_rate(&self, radius_m: f64, spheres: &[Sphere]) -> f64 {
        let (nodes, cutoff) = (self.resolving(radius_m, spheres), self.cutoff(radius_m, spheres));
        let mut sum = 0.0;
        for (normal, weight) in nodes {
            let offset_m = normal * radius_m - self.position_m;
            let exponent = self.exponent(&offset_m);
            if exponent > cutoff {
                continue;
            }
            let outward = (self.velocity_m_s + self.velocity_of_position * offset_m).dot(normal);
            let deviation = (self.velocities * normal).dot(normal).max(0.0).sqrt();
            sum += weight * libm::exp(-exponent) * inward_speed(outward, deviation);
        }
        radius_m * radius_m * self.peak_1_m3() * sum
    }

    /// Probability of the relative position lying within the sphere.
    fn probability_within(&self, radius_m: f64, spheres: &[Sphere]) -> f64 {
        let nodes = self.resolving(radius_m, spheres);
        let shells = gauss_legendre(16);
        let shell = |(node, weight): &(f64, f64)| {
            let shell_m = 0.5 * radius_m * (node + 1.0);
            let density = |(normal, weight): &(Vector3<f64>, f64)| {
                weight * libm::exp(-self.exponent(&(normal * shell_m - self.position_m)))
            };
            0.5 * radius_m * weight * shell_m * shell_m * nodes.iter().map(density).sum::<f64>()
        };
        self.peak_1_m3() * shells.iter().map(shell).sum::<f64>()
    }
}

/// E[max(-w, 0)] of a normal w: σ φ(w/σ) - w Φ(-w/σ).
fn inward_speed(mean: f64, deviation: f64) -> f64 {
    if deviation <= 1e-12 * mean.abs() {
        return (-mean).max(0.0);
    }
    if deviation == 0.0 {
        return 0.0;
    }
    let z = mean / deviation;
    deviation * libm::exp(-0.5 * z * z) / (2.0 * PI).sqrt() - 0.5 * mean * libm::erfc(z * FRAC_1_SQRT_2)
}
