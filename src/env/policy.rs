//! What a policy is: from what it is shown, a plan for each row.

use crate::env::observation::OBSERVATION;
use crate::env::plan::PLAN;
use crate::sim::view::View;

/// What the policies are shown at one decision, a row an (arena, learned spacecraft).
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// What each row's spacecraft knows.
    pub views: &'a [View],
    /// The same as observations, rows × 128.
    pub observations: &'a [f32],
    /// Rows whose episode goes on; the plans of the others are not flown.
    pub live: &'a [bool],
}

impl Scene<'_> {
    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.views.len()
    }
}

/// What a policy decided, and what a learner needs to remember of it.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    /// What the policy was fed, rows × 128: the observation as it normalised it.
    pub fed: Vec<f32>,
    /// Plans, rows × 64, not yet clipped to [-1, 1].
    pub plans: Vec<f32>,
    /// Log-probability of the executed entries, a row.
    pub log_probabilities: Vec<f32>,
    /// Estimated value, a row.
    pub values: Vec<f32>,
}

impl Decisions {
    /// Room for `rows` rows.
    #[must_use]
    pub fn new(rows: usize) -> Self {
        Self {
            fed: vec![0.0; rows * OBSERVATION],
            plans: vec![0.0; rows * PLAN],
            log_probabilities: vec![0.0; rows],
            values: vec![0.0; rows],
        }
    }
}

/// Why a policy could not decide.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A number that a policy was fed or gave is not finite.
    #[error("{what} of row {row} is not finite: {value}")]
    NotFinite {
        /// What it is.
        what: &'static str,
        /// The row.
        row: usize,
        /// The number.
        value: f32,
    },
}

/// Decides for every row at once.
pub trait Policy {
    /// Fills `decisions` for the rows of `scene`; a scripted policy fills the plans only.
    ///
    /// # Errors
    /// When a number is not finite.
    fn act(&mut self, scene: &Scene<'_>, decisions: &mut Decisions) -> Result<(), PolicyError>;
}
