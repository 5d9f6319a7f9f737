//! Running normalisation of observations and of returns, saved with the weights.

use serde::{Deserialize, Serialize};

use crate::env::observation::OBSERVATION;

/// Least standard deviation that an observation is divided by: an entry that hardly varies in training must not explode
/// where it does.
const LEAST_STD_DEV: f64 = 0.02;
/// Bound of a normalised observation.
const CLIP: f32 = 10.0;

/// Mean and variance of a stream of vectors, merged batch by batch. Source: Chan, Golub and LeVeque, 1979.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunningMoments {
    /// Vectors seen.
    pub count: f64,
    /// Mean of each entry.
    pub mean: Vec<f64>,
    /// Sum of squared deviations of each entry.
    pub squared_deviations: Vec<f64>,
}

impl RunningMoments {
    /// Nothing seen yet of vectors of `width` entries.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self { count: 0.0, mean: vec![0.0; width], squared_deviations: vec![0.0; width] }
    }

    /// Moments that normalise nothing: mean 0, standard deviation 1.
    #[must_use]
    pub fn identity(width: usize) -> Self {
        Self { count: 1.0, mean: vec![0.0; width], squared_deviations: vec![1.0; width] }
    }

    /// Takes in rows (of as many entries as this has), in order.
    pub fn observe(&mut self, rows: &[f32]) {
        let width = self.mean.len();
        let count = (rows.len() / width) as f64;
        if count == 0.0 {
            return;
        }
        let mut sums = vec![0.0; width];
        for row in rows.chunks_exact(width) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += f64::from(*value);
            }
        }
        let means: Vec<f64> = sums.iter().map(|sum| sum / count).collect();
        let mut deviations = vec![0.0; width];
        for row in rows.chunks_exact(width) {
            for ((deviation, value), mean) in deviations.iter_mut().zip(row).zip(&means) {
                *deviation += (f64::from(*value) - mean) * (f64::from(*value) - mean);
            }
        }
        let total = self.count + count;
        for entry in 0..width {
            let delta = means[entry] - self.mean[entry];
            self.mean[entry] += delta * count / total;
            self.squared_deviations[entry] += deviations[entry] + delta * delta * self.count * count / total;
        }
        self.count = total;
    }

    /// Standard deviation of an entry; 1 before anything was seen.
    #[must_use]
    pub fn std_dev(&self, entry: usize) -> f64 {
        if self.count > 0.0 { (self.squared_deviations[entry] / self.count).sqrt() } else { 1.0 }
    }
}

/// What an observation is normalised by: (x - mean) / std, clipped to ±10.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObservationNormaliser {
    mean: Vec<f32>,
    inverse_std_dev: Vec<f32>,
}

impl ObservationNormaliser {
    /// From moments, as they stand.
    #[must_use]
    pub fn from_moments(moments: &RunningMoments) -> Self {
        let entries = 0..moments.mean.len();
        Self {
            mean: moments.mean.iter().map(|mean| *mean as f32).collect(),
            inverse_std_dev: entries.map(|entry| (1.0 / moments.std_dev(entry).max(LEAST_STD_DEV)) as f32).collect(),
        }
    }

    /// One that leaves observations as they are, but for the clip.
    #[must_use]
    pub fn identity() -> Self {
        Self::from_moments(&RunningMoments::identity(OBSERVATION))
    }

    /// Writes the normalised rows of 128 into `out`.
    pub fn apply(&self, observations: &[f32], out: &mut [f32]) {
        for (row, out) in observations.chunks_exact(OBSERVATION).zip(out.chunks_exact_mut(OBSERVATION)) {
            for (((value, out), mean), factor) in row.iter().zip(out).zip(&self.mean).zip(&self.inverse_std_dev) {
                *out = ((value - mean) * factor).clamp(-CLIP, CLIP);
            }
        }
    }
}

/// Scale of rewards: they are divided by the standard deviation of the running discounted return of each row.
///
/// Source: Engstrom et al., Implementation Matters in Deep Policy Gradients, ICLR 2020, section 3 (reward scaling).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReturnNormaliser {
    discount: f64,
    moments: RunningMoments,
    returns: Vec<f64>,
}

impl ReturnNormaliser {
    /// For `rows` rows under a discount a decision.
    #[must_use]
    pub fn new(rows: usize, discount: f64) -> Self {
        Self { discount, moments: RunningMoments::new(1), returns: vec![0.0; rows] }
    }

    /// Rows that this was made for.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.returns.len()
    }

    /// Takes in the rewards of one step, a row each, and whether each row's episode ended with it.
    pub fn observe(&mut self, rewards: &[f32], ended: impl Iterator<Item = bool>) {
        let discounted: Vec<f32> = self
            .returns
            .iter_mut()
            .zip(rewards)
            .map(|(sum, reward)| {
                *sum = *sum * self.discount + f64::from(*reward);
                *sum as f32
            })
            .collect();
        self.moments.observe(&discounted);
        for (sum, ended) in self.returns.iter_mut().zip(ended) {
            if ended {
                *sum = 0.0;
            }
        }
    }

    /// What rewards are multiplied by.
    #[must_use]
    pub fn factor(&self) -> f32 {
        (1.0 / self.moments.std_dev(0).max(1e-4)) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_batches_are_those_of_the_whole() {
        let rows: Vec<f32> = (0..60).map(|i| (i * i % 17) as f32 + 1000.0).collect();
        let mut whole = RunningMoments::new(2);
        whole.observe(&rows);
        let mut parts = RunningMoments::new(2);
        for part in rows.chunks(14) {
            parts.observe(part);
        }
        for entry in 0..2 {
            let column: Vec<f64> = rows.iter().skip(entry).step_by(2).map(|x| f64::from(*x)).collect();
            let mean = column.iter().sum::<f64>() / 30.0;
            let variance = column.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 30.0;
            for moments in [&whole, &parts] {
                assert!((moments.mean[entry] - mean).abs() < 1e-9);
                assert!((moments.std_dev(entry) - variance.sqrt()).abs() < 1e-9);
            }
        }
    }
}
