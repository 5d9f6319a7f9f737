//! Integrals: adaptive Gauss-Kronrod on an interval, Gauss-Legendre nodes, and nodes on the unit sphere.

use std::f64::consts::{PI, TAU};

use rayon::prelude::*;

use super::super::Vector3;

/// Positive nodes of the 15-point Kronrod rule in falling order, the centre last; the odd entries are Gauss's 7.
/// Source: Piessens et al., QUADPACK, 1983, routine QK15; recomputed to the last bit by bisection of the polynomials.
const KRONROD_NODES: [f64; 8] = [
    0.991_455_371_120_812_6,
    0.949_107_912_342_758_5,
    0.864_864_423_359_769_1,
    0.741_531_185_599_394_4,
    0.586_087_235_467_691_1,
    0.405_845_151_377_397_2,
    0.207_784_955_007_898_47,
    0.0,
];
const KRONROD_WEIGHTS: [f64; 8] = [
    0.022_935_322_010_529_224,
    0.063_092_092_629_978_55,
    0.104_790_010_322_250_18,
    0.140_653_259_715_525_92,
    0.169_004_726_639_267_9,
    0.190_350_578_064_785_4,
    0.204_432_940_075_298_9,
    0.209_482_141_084_727_83,
];
const GAUSS_WEIGHTS: [f64; 4] =
    [0.129_484_966_168_869_7, 0.279_705_391_489_276_64, 0.381_830_050_505_118_9, 0.417_959_183_673_469_4];

/// Halvings of an interval at most: 2⁻⁴⁰ of it is below any structure that a density of ours has.
const DEPTH: usize = 40;

/// Looks at parts of one interval at most, where looks are dear. A peak takes two a halving, some forty in all.
const MOST_LOOKS: usize = 400;

/// One interval's integral by Kronrod's rule, and its distance from Gauss's.
fn kronrod(function: &impl Fn(f64) -> f64, low: f64, high: f64) -> (f64, f64) {
    let (centre, half) = (0.5 * (low + high), 0.5 * (high - low));
    let middle = function(centre);
    let mut kronrod = KRONROD_WEIGHTS[7] * middle;
    let mut gauss = GAUSS_WEIGHTS[3] * middle;
    for index in 0..7 {
        let pair = function(centre - half * KRONROD_NODES[index]) + function(centre + half * KRONROD_NODES[index]);
        kronrod += KRONROD_WEIGHTS[index] * pair;
        if index % 2 == 1 {
            gauss += GAUSS_WEIGHTS[index / 2] * pair;
        }
    }
    (half * kronrod, half * (kronrod - gauss).abs())
}

/// Integral of a function that is not negative from the first to the last of `breakpoints` (rising), to about
/// `relative_tolerance` of the whole.
///
/// Breakpoints should stand where the function is steep: an interval whose 15 nodes all miss a peak tells nothing of it.
pub(super) fn integrate(function: impl Fn(f64) -> f64, breakpoints: &[f64], relative_tolerance: f64) -> f64 {
    let first: Vec<Look> = breakpoints.windows(2).map(|ends| Look::at(&function, ends[0], ends[1])).collect();
    let tolerance = relative_tolerance * first.iter().map(|look| look.value).sum::<f64>();
    first.into_iter().map(|look| look.refined(&function, tolerance, usize::MAX).0).sum()
}

/// As [`integrate`], the intervals between the breakpoints in parallel; the same bits for any number of threads. `None` where
/// an interval is not resolved by [`MOST_LOOKS`]: the function is not smooth enough.
pub(super) fn integrate_in_parallel(
    function: impl Fn(f64) -> f64 + Sync,
    breakpoints: &[f64],
    relative_tolerance: f64,
) -> Option<f64> {
    let first: Vec<Look> = breakpoints.par_windows(2).map(|ends| Look::at(&function, ends[0], ends[1])).collect();
    let tolerance = relative_tolerance * first.iter().map(|look| look.value).sum::<f64>();
    let parts: Vec<(f64, bool)> =
        first.into_par_iter().map(|look| look.refined(&function, tolerance, MOST_LOOKS)).collect();
    parts.iter().all(|(_, resolved)| *resolved).then(|| parts.iter().map(|(value, _)| value).sum())
}

/// One interval, and what a rule makes of it.
#[derive(Clone, Copy)]
struct Look {
    low: f64,
    high: f64,
    value: f64,
    error: f64,
}

impl Look {
    fn at(function: &impl Fn(f64) -> f64, low: f64, high: f64) -> Self {
        let (value, error) = kronrod(function, low, high);
        Self { low, high, value, error }
    }

    /// The integral over the interval, halved until each part errs by no more than `tolerance`, and whether `most` looks
    /// sufficed for that.
    fn refined(self, function: &impl Fn(f64) -> f64, tolerance: f64, most: usize) -> (f64, bool) {
        let (mut total, mut looks) = (0.0, 0);
        let mut open = vec![(self, 0)];
        while let Some((look, depth)) = open.pop() {
            let middle = 0.5 * (look.low + look.high);
            // A first look that saw nothing sets no tolerance; what is found later does.
            let is_sharp = look.error <= tolerance.max(1e-14 * look.value);
            if is_sharp || depth >= DEPTH || middle <= look.low || middle >= look.high {
                total += look.value;
            } else if looks >= most {
                return (total, false);
            } else {
                looks += 2;
                open.push((Self::at(function, look.low, middle), depth + 1));
                open.push((Self::at(function, middle, look.high), depth + 1));
            }
        }
        (total, true)
    }
}

/// Nodes and weights of the Gauss-Legendre rule of `count` points on [-1, 1].
///
/// Newton's method on Legendre's polynomial from the start cos(π (i - 1/4)/(n + 1/2)). Source: Abramowitz and Stegun, 25.4.29.
pub(super) fn gauss_legendre(count: usize) -> Vec<(f64, f64)> {
    let order = count as f64;
    let node = |index: usize| {
        let mut x = libm::cos(PI * (index as f64 + 0.75) / (order + 0.5));
        let mut slope = 1.0;
        for _ in 0..20 {
            let (mut below, mut value) = (1.0, x);
            for degree in 2..=count {
                let degree = degree as f64;
                (below, value) = (value, ((2.0 * degree - 1.0) * x * value - (degree - 1.0) * below) / degree);
            }
            slope = order * (x * value - below) / (x * x - 1.0);
            let step = value / slope;
            x -= step;
            if step.abs() < 1e-16 {
                break;
            }
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    };
    (0..count).map(node).collect()
}

/// Unit vectors and weights, which sum to 4π, of a product rule on the sphere: `count` latitudes, twice as many longitudes.
pub(super) fn sphere(count: usize) -> Vec<(Vector3, f64)> {
    let longitudes = 2 * count;
    let mut nodes = Vec::with_capacity(count * longitudes);
    for (height, weight) in gauss_legendre(count) {
        let across = ((1.0 - height) * (1.0 + height)).sqrt();
        for longitude in 0..longitudes {
            let (sine, cosine) = libm::sincos(TAU * (longitude as f64 + 0.5) / longitudes as f64);
            nodes.push((Vector3::new(across * cosine, across * sine, height), weight * TAU / longitudes as f64));
        }
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integrals_are_those_of_closed_forms() {
        assert!((integrate(libm::exp, &[0.0, 1.0], 1e-13) - (std::f64::consts::E - 1.0)).abs() < 1e-14);
        // A peak of width 1e-6, with a breakpoint beside it: √(2π) σ.
        let peak = |x: f64| libm::exp(-0.5 * ((x - 0.3) / 1e-6).powi(2));
        let value = integrate(peak, &[0.0, 0.3 - 1e-5, 0.3, 0.3 + 1e-5, 1.0], 1e-12);
        // Beside 0.3 an f64 resolves 5e-17, which is 5e-11 of the peak's width.
        assert!((value / (1e-6 * TAU.sqrt()) - 1.0).abs() < 1e-10);
        assert!((integrate(f64::sqrt, &[0.0, 1.0], 1e-12) - 2.0 / 3.0).abs() < 1e-10);
        assert_eq!(integrate(|_| 0.0, &[0.0, 1.0], 1e-12), 0.0);
    }

    #[test]
    fn gauss_legendre_is_exact_for_polynomials_and_the_sphere_is_whole() {
        for count in [2, 5, 24, 64] {
            let degree = 2 * count as i32 - 2;
            let value: f64 = gauss_legendre(count).iter().map(|(x, weight)| weight * x.powi(degree)).sum();
            assert!((value * f64::from(degree + 1) / 2.0 - 1.0).abs() < 1e-12, "{count}");
        }
        let nodes = sphere(12);
        // ∫ dΩ = 4π, ∫ (n·z)² dΩ = ∫ (n·x)² dΩ = 4π/3.
        for (of, expected) in [(0, 4.0 * PI), (1, 4.0 * PI / 3.0), (2, 4.0 * PI / 3.0)] {
            let value = |n: &Vector3| [1.0, n.x * n.x, n.z * n.z][of];
            let sum: f64 = nodes.iter().map(|(n, weight)| weight * value(n)).sum();
            assert!((sum / expected - 1.0).abs() < 1e-13);
        }
    }
}
