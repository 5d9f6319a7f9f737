//! Distributions that any number of a scenario may be drawn from.

use rand::{Rng, RngExt};
use rand_distr::Distribution as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A number of a scenario, drawn once an episode.
///
/// In RON: `Fixed(3.0)`, `Uniform(1.0, 2.0)`, `Normal(0.0, 1.5)`, `LogUniform(0.1, 10.0)`, `Choice([1.0, 2.0])`,
/// `Ramp(easy: (1.0, 2.0), hard: (5.0, 9.0))`. A range that stands beside a distribution holds for whatever can be drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Distribution {
    /// Always this number.
    Fixed(f64),
    /// Uniform between a lower and an upper bound.
    Uniform(f64, f64),
    /// Gaussian with a mean and a standard deviation.
    Normal(f64, f64),
    /// Uniform in the logarithm between a lower and an upper bound, both positive.
    LogUniform(f64, f64),
    /// One of these, each as likely as the others.
    Choice(Vec<f64>),
    /// Uniform between bounds that move linearly with the scenario's difficulty.
    ///
    /// A scenario is compiled at one difficulty, where this becomes a `Uniform`; the simulator never meets it.
    Ramp {
        /// Lower and upper bound at difficulty 0.
        easy: (f64, f64),
        /// Lower and upper bound at difficulty 1.
        hard: (f64, f64),
    },
}

impl Distribution {
    /// Draws a number.
    ///
    /// Every kind takes the generator forward, `Fixed` excepted. The distribution must have passed [`Distribution::fault`].
    pub fn sample(&self, generator: &mut impl Rng) -> f64 {
        match self {
            Self::Fixed(value) => *value,
            Self::Uniform(low, high) => low + (high - low) * generator.random::<f64>(),
            Self::Normal(mean, std_dev) => {
                let normal: f64 = rand_distr::StandardNormal.sample(generator);
                mean + std_dev * normal
            }
            Self::LogUniform(low, high) => {
                libm::exp(libm::log(*low) + (libm::log(*high) - libm::log(*low)) * generator.random::<f64>())
            }
            Self::Choice(values) => values[generator.random_range(0..values.len())],
            Self::Ramp { .. } => self.at_difficulty(1.0).sample(generator),
        }
    }

    /// The mean.
    ///
    /// LogUniform: (b - a) / ln(b / a).
    #[must_use]
    pub fn mean(&self) -> f64 {
        match self {
            Self::Fixed(value) => *value,
            Self::Uniform(low, high) => 0.5 * (low + high),
            Self::Normal(mean, _) => *mean,
            Self::LogUniform(low, high) if high > low => (high - low) / libm::log(high / low),
            Self::LogUniform(low, _) => *low,
            Self::Ramp { easy, hard } => 0.25 * (easy.0 + easy.1 + hard.0 + hard.1),
            Self::Choice(values) => values.iter().sum::<f64>() / values.len() as f64,
        }
    }

    /// The distribution at a difficulty in \[0, 1\]: of a `Ramp` the `Uniform` there, any other as it is.
    #[must_use]
    pub fn at_difficulty(&self, difficulty: f64) -> Self {
        // (1 - d) a + d b gives both ends to the bit; held between them, since rounding may lead out.
        let between = |easy: f64, hard: f64| {
            ((1.0 - difficulty) * easy + difficulty * hard).max(easy.min(hard)).min(easy.max(hard))
        };
        match self {
            Self::Ramp { easy, hard } => {
                let (low, high) = (between(easy.0, hard.0), between(easy.1, hard.1));
                // Equal bounds may part by a rounding error.
                Self::Uniform(low, high.max(low))
            }
            other => other.clone(),
        }
    }

    /// Whether it is another distribution at another difficulty.
    #[must_use]
    pub fn is_ramp(&self) -> bool {
        matches!(self, Self::Ramp { .. })
    }

    /// Why this is no distribution, if it is none: bounds out of order, not finite, an empty choice, a negative spread.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let all_finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
        match self {
            Self::Fixed(value) if !value.is_finite() => Some(format!("{value} is not a finite number")),
            Self::Uniform(low, high) | Self::LogUniform(low, high) | Self::Normal(low, high)
                if !all_finite(&[*low, *high]) =>
            {
                Some("its parameters must be finite numbers".to_owned())
            }
            Self::Uniform(low, high) | Self::LogUniform(low, high) if low > high => {
                Some(format!("its lower bound {low} is above its upper bound {high}"))
            }
            Self::LogUniform(low, _) if *low <= 0.0 => Some(format!("its lower bound {low} must be above zero")),
            Self::Normal(_, std_dev) if *std_dev < 0.0 => Some(format!("its standard deviation {std_dev} is negative")),
            Self::Choice(values) if values.is_empty() => Some("it has nothing to choose from".to_owned()),
            Self::Choice(values) if !all_finite(values) => Some("its values must be finite numbers".to_owned()),
            Self::Ramp { easy, hard } if !all_finite(&[easy.0, easy.1, hard.0, hard.1]) => {
                Some("its bounds must be finite numbers".to_owned())
            }
            Self::Ramp { easy: (low, high), .. } if low > high => {
                Some(format!("its lower easy bound {low} is above its upper one {high}"))
            }
            Self::Ramp { hard: (low, high), .. } if low > high => {
                Some(format!("its lower hard bound {low} is above its upper one {high}"))
            }
            _ => None,
        }
    }

    /// As [`Distribution::fault`], and also where a number below `low` or above `high` can come out.
    #[must_use]
    pub fn fault_outside(&self, low: f64, high: f64) -> Option<String> {
        self.fault().or_else(|| {
            let (least, greatest) = self.bounds();
            if least < low {
                Some(format!("it can come out as {least}, below {low}"))
            } else if greatest > high {
                Some(format!("it can come out as {greatest}, above {high}"))
            } else {
                None
            }
        })
    }

    /// The least and the greatest number that can come out, of a `Ramp` at any difficulty; a Gaussian counts as ±6 standard
    /// deviations.
    #[must_use]
    pub fn bounds(&self) -> (f64, f64) {
        match self {
            Self::Fixed(value) => (*value, *value),
            Self::Uniform(low, high) | Self::LogUniform(low, high) => (*low, *high),
            Self::Normal(mean, std_dev) => (mean - 6.0 * std_dev, mean + 6.0 * std_dev),
            Self::Choice(values) => values
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value))),
            Self::Ramp { easy, hard } => (easy.0.min(hard.0), easy.1.max(hard.1)),
        }
    }

    /// The same distribution in a unit that is `factor` times smaller, for example kilometres to metres by 1000.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        match self {
            Self::Fixed(value) => Self::Fixed(value * factor),
            Self::Uniform(low, high) => Self::Uniform(low * factor, high * factor),
            Self::Normal(mean, std_dev) => Self::Normal(mean * factor, std_dev * factor),
            Self::LogUniform(low, high) => Self::LogUniform(low * factor, high * factor),
            Self::Choice(values) => Self::Choice(values.iter().map(|value| value * factor).collect()),
            Self::Ramp { easy, hard } => {
                let scaled = |bounds: &(f64, f64)| (bounds.0 * factor, bounds.1 * factor);
                Self::Ramp { easy: scaled(easy), hard: scaled(hard) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::sim::seeds::{Purpose, SeedDomain, stream};

    #[test]
    fn the_mean_is_that_of_the_draws() {
        let mut generator = crate::sim::seeds::Generator::seed_from_u64(8);
        for of in [
            Distribution::Fixed(3.0),
            Distribution::Uniform(1.0, 4.0),
            Distribution::Normal(-2.0, 0.5),
            Distribution::LogUniform(1.0, 10.0),
            Distribution::LogUniform(2.0, 2.0),
            Distribution::Choice(vec![1.0, 2.0, 6.0]),
        ] {
            let draws = 100_000;
            let mean = (0..draws).map(|_| of.sample(&mut generator)).sum::<f64>() / f64::from(draws);
            // Four standard deviations of a mean of a hundred thousand draws, none of which spreads by more than 2.6.
            assert!((of.mean() - mean).abs() < 4.0 * 2.6 / f64::from(draws).sqrt(), "{of:?}: {} and {mean}", of.mean());
        }
    }

    const RAMP: Distribution = Distribution::Ramp { easy: (100.0, 150.0), hard: (900.0, 950.0) };

    #[test]
    fn the_bounds_of_a_ramp_move_with_the_difficulty() {
        for (difficulty, low, high) in [(0.0, 100.0, 150.0), (0.5, 500.0, 550.0), (1.0, 900.0, 950.0)] {
            let there = RAMP.at_difficulty(difficulty);
            assert_eq!(there, Distribution::Uniform(low, high), "at {difficulty}");
            let mut generator = stream(1, SeedDomain::Train, 0, 0, Purpose::Initial);
            for _ in 0..100 {
                assert!((low..=high).contains(&there.sample(&mut generator)));
            }
        }
        assert_eq!(RAMP.bounds(), (100.0, 950.0));
        assert_eq!(RAMP.scaled(2.0).at_difficulty(0.5), Distribution::Uniform(1_000.0, 1_100.0));
        let fixed = Distribution::Fixed(3.0);
        assert_eq!(fixed.at_difficulty(0.5), fixed);
    }

    #[test]
    fn a_ramp_whose_ends_are_numbers_stays_in_order_everywhere() {
        let narrow = Distribution::Ramp { easy: (0.1, 0.1), hard: (0.7, 0.7) };
        for step in 0..=1000 {
            let there = narrow.at_difficulty(f64::from(step) / 1000.0);
            assert_eq!(there.fault(), None, "{there:?}");
            assert_eq!(there.fault_outside(0.1, 0.7), None, "{there:?}");
        }
    }

    #[test]
    fn a_ramp_out_of_order_or_not_finite_is_no_distribution() {
        let fault = |easy, hard| Distribution::Ramp { easy, hard }.fault().expect("a fault");
        assert!(fault((2.0, 1.0), (3.0, 4.0)).contains("easy bound 2 is above"));
        assert!(fault((1.0, 2.0), (4.0, 3.0)).contains("hard bound 4 is above"));
        assert!(fault((1.0, f64::NAN), (3.0, 4.0)).contains("finite"));
        assert!(fault((1.0, 2.0), (f64::NEG_INFINITY, 4.0)).contains("finite"));
        assert_eq!(Distribution::Ramp { easy: (9.0, 9.0), hard: (1.0, 2.0) }.fault(), None, "harder may be less");
    }
}
