//! Roots of functions of one variable within a bracket.

/// Iterations after which a bracketed root is taken as it is; bisection alone would have it by then.
const MAX_ITERATIONS: usize = 200;

/// Root of an increasing function between `low` and `high`, by Newton's method, bisecting where that leaves the bracket.
///
/// `function` gives the value and the slope. Whatever it gives, the result lies within the bracket.
pub(super) fn safeguarded_newton(mut low: f64, mut high: f64, start: f64, function: impl Fn(f64) -> (f64, f64)) -> f64 {
    let mut root = start.max(low).min(high);
    for _ in 0..MAX_ITERATIONS {
        let (value, slope) = function(root);
        if value == 0.0 {
            return root;
        }
        if value > 0.0 {
            high = root;
        } else {
            low = root;
        }
        let newton = root - value / slope;
        let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
        if (next - root).abs() <= 2.0 * f64::EPSILON * root.abs() || next == low || next == high {
            return next;
        }
        root = next;
    }
    root
}

/// The place in [`low`, `high`] at which `reached` turns from false to true, to the resolution of `f64`.
pub(super) fn bisect(mut low: f64, mut high: f64, reached: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..MAX_ITERATIONS {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if reached(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// Place of the minimum of a function with one minimum between `low` and `high`, by golden sections, to `tolerance`.
///
/// A minimum is only told from its surroundings to the root of the precision of the function's values.
pub(super) fn minimum(mut low: f64, mut high: f64, tolerance: f64, function: impl Fn(f64) -> f64) -> f64 {
    // (√5 - 1) / 2
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let mut left = high - GOLDEN * (high - low);
    let mut right = low + GOLDEN * (high - low);
    let (mut at_left, mut at_right) = (function(left), function(right));
    for _ in 0..MAX_ITERATIONS {
        if high - low <= tolerance {
            break;
        }
        if at_left <= at_right {
            high = right;
            (right, at_right) = (left, at_left);
            left = high - GOLDEN * (high - low);
            at_left = function(left);
        } else {
            low = left;
            (left, at_left) = (right, at_right);
            right = low + GOLDEN * (high - low);
            at_right = function(right);
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_is_found_though_newton_would_leave() {
        // atan overshoots from far out; the bracket holds it.
        let root = safeguarded_newton(-1e3, 1e4, 9e3, |x| (libm::atan(x - 2.0), 1.0 / (1.0 + (x - 2.0) * (x - 2.0))));
        assert!((root - 2.0).abs() < 1e-14);
        let switch = bisect(-1.0, 7.0, |x| x * x * x >= 3.0);
        assert!((switch - libm::cbrt(3.0)).abs() < 1e-15);
    }

    #[test]
    fn a_minimum_is_found() {
        let place = minimum(-3.0, 5.0, 1e-12, |x| (x - 0.7).abs());
        assert!((place - 0.7).abs() < 1e-11);
    }
}
