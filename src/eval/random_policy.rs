//! A policy that draws its plans uniformly: what no trained one may be worse than.

use rand::RngExt;

use crate::env::policy::{Decisions, Policy, PolicyError, Scene};
use crate::sim::seeds::{Generator, Purpose, SeedDomain, stream};

/// Every entry of every plan uniform in [-1, 1].
pub struct RandomPolicy {
    generator: Generator,
}

impl RandomPolicy {
    /// A policy that draws from this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { generator: stream(seed, SeedDomain::Report, 0, 0, Purpose::Policy) }
    }
}

impl Policy for RandomPolicy {
    fn act(&mut self, _: &Scene<'_>, decisions: &mut Decisions) -> Result<(), PolicyError> {
        for entry in &mut decisions.plans {
            *entry = self.generator.random_range(-1.0..1.0);
        }
        Ok(())
    }
}
