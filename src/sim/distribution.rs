//! Distributions that any number of a scenario may be drawn from.

use rand::{Rng, RngExt};
use rand_distr::Distribution as _;
use serde::{Deserialize, Serialize};

/// A number of a scenario, drawn once an episode.
///
/// In RON: `Fixed(3.0)`, `Uniform(1.0, 2.0)`, `Normal(0.0, 1.5)`, `LogUniform(0.1, 10.0)`, `Choice([1.0, 2.0])`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
            Self::Choice(values) => values.iter().sum::<f64>() / values.len() as f64,
        }
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

    /// The least and the greatest number that can come out; a Gaussian counts as ±6 standard deviations.
    #[must_use]
    pub fn bounds(&self) -> (f64, f64) {
        match self {
            Self::Fixed(value) => (*value, *value),
            Self::Uniform(low, high) | Self::LogUniform(low, high) => (*low, *high),
            Self::Normal(mean, std_dev) => (mean - 6.0 * std_dev, mean + 6.0 * std_dev),
            Self::Choice(values) => values
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value))),
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
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

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
}
