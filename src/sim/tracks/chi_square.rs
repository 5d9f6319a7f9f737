//! The chi-square distribution, by which a misfit is judged.

/// Probability that a chi-square variable of `degrees` degrees of freedom is above `value`.
///
/// From Q₁ = erfc(√(x/2)) and Q₂ = e^(-x/2) by Q_(k+2) = Q_k + (x/2)^(k/2) e^(-x/2) / Γ(k/2 + 1). 1 for no degrees of freedom and for a
/// value that is not positive; NaN gives 0, so that what cannot be judged is no fit. Meant for a few degrees: the sum has
/// `degrees` / 2 terms. Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.4.4, 26.4.5 and 26.4.8.
#[must_use]
pub fn survival(degrees: usize, value: f64) -> f64 {
    if value.is_nan() {
        return 0.0;
    }
    if degrees == 0 || value <= 0.0 {
        return 1.0;
    }
    if value.is_infinite() {
        return 0.0;
    }
    let half = 0.5 * value;
    // Of degree k, the term (x/2)^(k/2) e^(-x/2) / Γ(k/2 + 1).
    let (mut sum, mut degree, mut term) = if degrees.is_multiple_of(2) {
        (libm::exp(-half), 2, half * libm::exp(-half))
    } else {
        (libm::erfc(half.sqrt()), 1, (half.sqrt() * libm::exp(-half)) * std::f64::consts::FRAC_2_SQRT_PI)
    };
    while degree < degrees {
        sum += term;
        degree += 2;
        term *= half / (0.5 * degree as f64);
    }
    sum.min(1.0)
}

/// Whether [`survival`] is below `probability`.
///
/// Of two degrees it is e^(-x/2), of more it is greater still, so that most values need nothing but `log_probability`, the logarithm of
/// the probability.
#[inline]
#[must_use]
pub(super) fn is_beyond(degrees: usize, value: f64, probability: f64, log_probability: f64) -> bool {
    let is_surely_within = degrees >= 2 && -0.5 * value > log_probability * (1.0 - 1e-9);
    !is_surely_within && survival(degrees, value) < probability
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_to_a_judgement_leads_to_the_same() {
        for probability in [1e-5_f64, 0.01, 0.5] {
            let log_probability = libm::log(probability);
            for degrees in 0..=4 {
                for step in -2..600 {
                    let value = f64::from(step) * 0.1;
                    let expected = survival(degrees, value) < probability;
                    assert_eq!(is_beyond(degrees, value, probability, log_probability), expected, "{degrees} {value}");
                }
                let nan = is_beyond(degrees, f64::NAN, probability, log_probability);
                assert!(nan, "what cannot be judged is beyond");
            }
        }
    }

    #[test]
    fn agrees_with_the_tables() {
        // Upper 5 %, 1 % and 0.1 % points. Source: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.4.
        let table = [
            (1, [3.841_458_8, 6.634_896_6, 10.827_566]),
            (2, [5.991_464_5, 9.210_340_4, 13.815_511]),
            (3, [7.814_727_9, 11.344_867, 16.266_236]),
            (4, [9.487_729_0, 13.276_704, 18.466_827]),
            (9, [16.918_978, 21.665_994, 27.877_165]),
            (10, [18.307_038, 23.209_251, 29.588_298]),
        ];
        for (degrees, points) in table {
            for (point, tail) in points.into_iter().zip([0.05, 0.01, 0.001]) {
                let found = survival(degrees, point);
                assert!((found / tail - 1.0).abs() < 1e-5, "{degrees} degrees at {point}: {found}");
            }
        }
    }

    #[test]
    fn its_ends_are_sound() {
        assert_eq!(survival(3, 0.0), 1.0);
        assert_eq!(survival(0, 5.0), 1.0);
        assert_eq!(survival(4, f64::INFINITY), 0.0);
        assert_eq!(survival(4, 1e6), 0.0);
        assert_eq!(survival(2, f64::NAN), 0.0);
    }
}
