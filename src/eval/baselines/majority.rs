//! Always the same answer: what the classes' shares alone are worth.

use super::{Classifier, Examples};

/// Gives every row the shares of the classes in training.
#[derive(Clone, Debug, PartialEq)]
pub struct Majority {
    width: usize,
    shares: Vec<f32>,
}

impl Majority {
    /// Counts the classes.
    #[must_use]
    pub fn fit(examples: &Examples<'_>) -> Self {
        let mut counts = vec![0_usize; examples.classes];
        for label in examples.labels {
            counts[*label] += 1;
        }
        let rows = examples.rows() as f64;
        Self { width: examples.width, shares: counts.iter().map(|count| (*count as f64 / rows) as f32).collect() }
    }
}

impl Classifier for Majority {
    fn name(&self) -> &'static str {
        "majority class"
    }

    fn probabilities(&self, features: &[f32]) -> Vec<f32> {
        self.shares.repeat(features.len() / self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::accuracy;
    use super::*;

    #[test]
    fn it_is_right_as_often_as_the_largest_class_occurs() {
        let labels = [2, 1, 2, 2, 0];
        let features = [0.0; 10];
        let majority = Majority::fit(&Examples::new(&features, 2, &labels, 4).unwrap());
        assert_eq!(majority.probabilities(&[0.0; 2]), [0.2, 0.2, 0.6, 0.0]);
        assert_eq!(accuracy(&majority, &features, &labels, 4), 0.6);
    }
}
