//! Reward terms, one file each, one line of registration.
//!
//! A term that guides is a potential Φ of the view and pays Φ(after) - Φ(before). Over an episode that telescopes to
//! Φ(end) - Φ(start), so going round in circles or standing still earns nothing. Source: Ng, Harada and Russell, ICML 1999,
//! in its undiscounted form, which under a discount keeps that property while the optimal policy may shift slightly.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sim::Outcome;
use crate::sim::view::View;

/// What one decision did, as a reward term sees it.
#[derive(Clone, Copy, Debug)]
pub struct Consequence<'a> {
    /// Before the decision, as it truly was: what is paid does not depend on what sensors showed.
    pub before: &'a View,
    /// After it, as it truly is; when the episode ended, at its end.
    pub after: &'a View,
    /// Δv spent [m/s].
    pub delta_v_m_s: f64,
    /// Time spent above the objective's speed limit [s].
    pub overspeed_s: f64,
    /// How the episode ended for own team, if it did.
    pub outcome: Option<Outcome>,
}

/// A term of a reward.
pub trait Term {
    /// What the term pays for one decision.
    fn pay(&self, consequence: &Consequence<'_>) -> f64;
    /// Each fault of its parameters, as (field, what is wrong).
    fn faults(&self) -> Vec<(&'static str, String)>;
}

macro_rules! reward_terms {
    ($($(#[$doc:meta])* $name:ident => $module:ident;)*) => {
        $(pub mod $module;)*

        /// A reward term with its parameters, as a scenario writes it.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        pub enum RewardTerm { $($(#[$doc])* $name($module::$name),)* }

        impl RewardTerm {
            /// Names of the terms, in order.
            pub const NAMES: &[&str] = &[$(stringify!($name),)*];

            fn term(&self) -> &dyn Term {
                match self { $(Self::$name(term) => term,)* }
            }
        }
    };
}

reward_terms! {
    /// Range to the target, as a potential in its logarithm.
    Approach => approach;
    /// Least distance so far of the objective's pair, as a potential in its logarithm.
    ClosestApproach => closest_approach;
    /// Zero-effort miss of the target, as a potential in its logarithm.
    ZeroEffortMiss => zero_effort_miss;
    /// How much of the objective's goal is met, as a potential.
    Progress => progress;
    /// Distance of the target from the nearest friend, as a potential.
    Guarded => guarded;
    /// Δv spent.
    DeltaV => delta_v;
    /// Time spent.
    Time => time;
    /// Time spent above the objective's speed limit.
    Overspeed => overspeed;
    /// The end of the episode.
    Ending => ending;
}

impl Term for RewardTerm {
    fn pay(&self, consequence: &Consequence<'_>) -> f64 {
        self.term().pay(consequence)
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        self.term().faults()
    }
}

/// The fault of a parameter that is not a finite number.
fn finite(field: &'static str, value: f64) -> Option<(&'static str, String)> {
    (!value.is_finite()).then(|| (field, format!("{value} is not a finite number")))
}
