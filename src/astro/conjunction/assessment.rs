//! A conjunction by every method that applies, and which of them to believe.
//!
//! The rule of [`Choice::Auto`]:
//! 1. 3D is believed where it applies, unless it differs from 2D by less than 1 % (or both are below 1e-15): then straight
//!    tracks hold, and 2D, which everyone can recompute, is given.
//! 2. Where 3D does not apply (the relative position is known too sharply, or not at all, in some direction), 2D is
//!    believed if the encounter is short: over four standard deviations along the track, neither the bend of the orbits nor
//!    the uncertain velocity moves the objects by a tenth of the larger of hard-body radius and minor deviation.
//! 3. Else Monte Carlo.

use nalgebra::Vector3;
use thiserror::Error;

use super::super::{CartesianState, kepler};
use super::closest_approach::{ClosestApproach, half_period_s};
use super::covariance;
use super::encounter::EncounterPlane;
use super::long_encounter::{self, FluxProbability};
use super::monte_carlo::{self, CountedProbability, Samples};
use super::short_encounter::{self, MaximumProbability};
use super::span::EncounterSpan;
use super::uncertain_orbit::UncertainOrbit;
use super::{Conjunction, ConjunctionError};

/// Relative difference of 2D and 3D up to which they count as equal.
const AGREEMENT: f64 = 0.01;
/// Probability below which nobody asks which of the two it is.
const NOTHING: f64 = 1e-15;
/// Share of a length that a short encounter may neglect.
const NEGLECTED: f64 = 0.1;
/// Standard deviations along the track that count for the length of a short encounter.
const SHORT_DEVIATIONS: f64 = 4.0;
/// Share of the distance, along the relative velocity, up to which the epoch of the states is taken for closest approach.
const OFF_APPROACH: f64 = 0.1;
/// Shift of the epoch that rounding of a time to milliseconds explains [s].
const ROUNDED_EPOCH_S: f64 = 2e-3;
/// Samples for callers who leave their number open: a probability of 1e-3 comes out to 6 % (95 %).
pub const DEFAULT_SAMPLES: Samples = Samples { count: 1_000_000, seed: 1 };

/// A way to a probability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// [`short_encounter`].
    TwoD,
    /// [`long_encounter`].
    ThreeD,
    /// [`monte_carlo`].
    MonteCarlo,
}

impl Method {
    /// The name under which it is asked for and told.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TwoD => "2d",
            Self::ThreeD => "3d",
            Self::MonteCarlo => "monte_carlo",
        }
    }
}

/// Who chooses the method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The rule above.
    Auto {
        /// Whether Monte Carlo is counted beside the others even where it is not needed.
        count: bool,
    },
    /// The caller.
    Only(Method),
}

/// Something that the reader of a probability should know.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum Warning {
    /// A covariance was not positive definite.
    #[error(
        "the covariance of object {object} is not positive definite (an eigenvalue of its correlations is \
         {least_eigenvalue:.3e}): negative eigenvalues were set to zero"
    )]
    Repaired {
        /// 1 or 2.
        object: usize,
        /// The least eigenvalue [-].
        least_eigenvalue: f64,
    },
    /// The projected covariance was not positive definite, or thinner than anything that is known.
    #[error(
        "the covariance in the conjunction plane has an eigenvalue below (1e-4 × hard-body radius)²: it was raised to that"
    )]
    Clipped,
    /// The states were not at closest approach.
    #[error(
        "the states are {offset_s:.6} s from closest approach: states and covariances were moved there by two-body motion"
    )]
    Moved {
        /// From the epoch of the states to closest approach [s].
        offset_s: f64,
    },
    /// The distance has no minimum near the epoch.
    #[error("no closest approach is found near the epoch of the states: the epoch itself is taken for it")]
    Undetermined,
    /// The encounter is cut.
    #[error(
        "the encounter outlasts half a revolution: it is followed for a quarter to either side of closest approach"
    )]
    Cut,
}

/// What is known of a conjunction.
#[derive(Clone, Debug)]
pub struct Assessment {
    /// Closest approach, by two-body motion from the states as given.
    pub closest_approach: ClosestApproach,
    /// Mahalanobis distance of the miss in the conjunction plane [-]; none without a relative velocity.
    pub mahalanobis_distance: Option<f64>,
    /// 2D probability; none without a relative velocity.
    pub two_d: Option<f64>,
    /// The greatest 2D probability over scalings of the covariance.
    pub maximum: Option<MaximumProbability>,
    /// 3D probability or why there is none; `None` where it was not asked for.
    pub three_d: Option<Result<FluxProbability, ConjunctionError>>,
    /// Counted probability, where one was asked for or needed.
    pub monte_carlo: Option<CountedProbability>,
    /// The probability to believe.
    pub probability: f64,
    /// By which method that is.
    pub method: Method,
    /// Why by that one, with numbers.
    pub reason: String,
    /// What else the reader should know.
    pub warnings: Vec<Warning>,
}

/// Assesses a conjunction.
///
/// `samples`: how many to count where Monte Carlo is needed or asked for. `progress`: told of samples that are done, as in
/// [`monte_carlo::probability`].
///
/// # Errors
/// [`ConjunctionError`] for states, covariances or a hard-body radius that cannot be computed with, states without a closest
/// approach, and a method asked for that does not apply.
pub fn assess(
    conjunction: &Conjunction,
    choice: Choice,
    samples: Samples,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Assessment, ConjunctionError> {
    conjunction.check()?;
    let mut warnings = Vec::new();
    for (index, covariance) in conjunction.covariances.iter().enumerate() {
        let (_, repair) = covariance::factor(index + 1, covariance)?;
        warnings.extend(
            repair.map(|repair| Warning::Repaired { object: index + 1, least_eigenvalue: repair.least_eigenvalue }),
        );
    }
    let closest_approach = closest_approach(conjunction, &mut warnings)?;
    let moved = match closest_approach.offset_s {
        offset_s if warnings.contains(&Warning::Moved { offset_s }) => Some(moved(conjunction, offset_s)?),
        _ => None,
    };
    let conjunction = moved.as_ref().unwrap_or(conjunction);

    let plane = EncounterPlane::of(&conjunction.states, &conjunction.position_covariance_m2());
    let radius_m = conjunction.hard_body_radius_m;
    let two_d = plane.map(|plane| short_encounter::probability(&plane, radius_m));
    if plane.is_some_and(|plane| plane.principal_axes(radius_m).clipped) {
        warnings.push(Warning::Clipped);
    }
    let wants = |method| matches!(choice, Choice::Auto { .. }) || choice == Choice::Only(method);
    let three_d = wants(Method::ThreeD).then(|| long_encounter::probability(conjunction));
    let count = || monte_carlo::probability(conjunction, samples, progress);

    let mut monte_carlo = None;
    let (probability, method, reason) = match choice {
        Choice::Only(Method::TwoD) => {
            let reason = "the relative velocity is zero: there is no conjunction plane".to_owned();
            let refusal = ConjunctionError::Method { method: Method::TwoD.name(), reason };
            (two_d.ok_or(refusal)?, Method::TwoD, "asked for".to_owned())
        }
        Choice::Only(Method::ThreeD) => {
            let probability = long_encounter_of(&three_d)?.probability;
            (probability, Method::ThreeD, "asked for".to_owned())
        }
        Choice::Only(Method::MonteCarlo) => {
            let counted = count()?;
            monte_carlo = Some(counted);
            (counted.probability, Method::MonteCarlo, "asked for".to_owned())
        }
        Choice::Auto { count: beside } => {
            if beside {
                monte_carlo = Some(count()?);
            }
            match (two_d, long_encounter_of(&three_d)) {
                (Some(two_d), Ok(flux)) => by_difference(conjunction, two_d, &flux),
                (None, Ok(flux)) => {
                    let reason = "the relative velocity is zero: there is no conjunction plane for 2D".to_owned();
                    (flux.probability, Method::ThreeD, reason)
                }
                (two_d, Err(refusal)) => match (two_d, shortness(conjunction, plane.as_ref())) {
                    (Some(two_d), Ok(short)) => (two_d, Method::TwoD, format!("{short}; {refusal}")),
                    (_, short) => {
                        let counted = match monte_carlo {
                            Some(counted) => counted,
                            None => count()?,
                        };
                        monte_carlo = Some(counted);
                        let long = short.unwrap_or_else(|long| long);
                        (counted.probability, Method::MonteCarlo, format!("{long}; {refusal}"))
                    }
                },
            }
        }
    };
    if method != Method::TwoD && EncounterSpan::whole(conjunction).cut {
        warnings.push(Warning::Cut);
    }
    Ok(Assessment {
        closest_approach,
        mahalanobis_distance: plane.map(|plane| plane.mahalanobis_distance(radius_m)),
        two_d,
        maximum: plane.map(|plane| short_encounter::maximum_probability(&plane, radius_m)),
        three_d,
        monte_carlo,
        probability,
        method,
        reason,
        warnings,
    })
}

/// The 3D probability, which was computed.
fn long_encounter_of(
    three_d: &Option<Result<FluxProbability, ConjunctionError>>,
) -> Result<FluxProbability, ConjunctionError> {
    three_d.clone().unwrap_or_else(|| {
        Err(ConjunctionError::Method { method: Method::ThreeD.name(), reason: "it was not asked for".to_owned() })
    })
}

/// Closest approach from the states; notes in `warnings` whether they are to be moved there.
fn closest_approach(
    conjunction: &Conjunction,
    warnings: &mut Vec<Warning>,
) -> Result<ClosestApproach, ConjunctionError> {
    let [first, second] = &conjunction.states;
    let (position, velocity) = (second.position_m - first.position_m, second.velocity_m_s - first.velocity_m_s);
    let (distance_m, speed_m_s) = (position.norm(), velocity.norm());
    let along_m = if speed_m_s > 0.0 { (position.dot(&velocity) / speed_m_s).abs() } else { 0.0 };
    let is_off = along_m > OFF_APPROACH * distance_m;
    match ClosestApproach::nearest(&conjunction.states, conjunction.mu_m3_s2) {
        Some(found) => {
            if is_off && found.offset_s.abs() > ROUNDED_EPOCH_S {
                warnings.push(Warning::Moved { offset_s: found.offset_s });
            }
            Ok(found)
        }
        None if is_off => Err(ConjunctionError::NoApproach {
            searched_s: half_period_s(&conjunction.states, conjunction.mu_m3_s2),
            distance_m,
        }),
        None => {
            warnings.push(Warning::Undetermined);
            let states = conjunction.states;
            Ok(ClosestApproach { offset_s: 0.0, miss_m: distance_m, relative_speed_m_s: speed_m_s, states })
        }
    }
}

/// The conjunction `seconds` later, covariances linearised about the mean orbits.
fn moved(conjunction: &Conjunction, seconds: f64) -> Result<Conjunction, ConjunctionError> {
    let mut moved = conjunction.clone();
    for index in 0..2 {
        let (state, covariance) = (&conjunction.states[index], &conjunction.covariances[index]);
        let (orbit, _) = UncertainOrbit::of(index + 1, state, covariance, conjunction.mu_m3_s2)?;
        let reason = || format!("it cannot be followed for {seconds} s");
        let linearised = orbit
            .linearised(&nalgebra::Vector6::zeros(), seconds)
            .ok_or_else(|| ConjunctionError::State { object: index + 1, reason: reason() })?;
        moved.states[index] = kepler::propagate(state, conjunction.mu_m3_s2, seconds);
        moved.covariances[index] = linearised.slopes * linearised.slopes.transpose();
    }
    moved.check()?;
    Ok(moved)
}

/// The first part of the rule.
fn by_difference(conjunction: &Conjunction, two_d: f64, flux: &FluxProbability) -> (f64, Method, String) {
    let three_d = flux.probability;
    let difference = (two_d - three_d).abs();
    if two_d.max(three_d) < NOTHING {
        return (two_d, Method::TwoD, format!("2D and 3D are both below {NOTHING:e}"));
    }
    let percent = 100.0 * difference / three_d;
    if difference <= AGREEMENT * three_d {
        return (two_d, Method::TwoD, format!("straight tracks hold: 3D differs by {percent:.2} %"));
    }
    let [first, second] = &conjunction.states;
    let speed_m_s = (second.velocity_m_s - first.velocity_m_s).norm();
    let duration_s = flux.span_s[1] - flux.span_s[0];
    let percent = if percent.is_finite() { format!("{percent:.1} %") } else { "all of it".to_owned() };
    let reason = format!(
        "2D does not hold: it is off by {percent}, at a relative speed of {speed_m_s:.3} m/s and over an encounter of \
         {duration_s:.1} s"
    );
    (three_d, Method::ThreeD, reason)
}

/// Why 2D holds by the second part of the rule, or why it does not.
fn shortness(conjunction: &Conjunction, plane: Option<&EncounterPlane>) -> Result<String, String> {
    let Some(plane) = plane else { return Err("the relative velocity is zero".to_owned()) };
    let [first, second] = &conjunction.states;
    let (position, velocity) = (second.position_m - first.position_m, second.velocity_m_s - first.velocity_m_s);
    let span = EncounterSpan::of(conjunction, SHORT_DEVIATIONS);
    let relative = |seconds: f64| {
        let at = |state: &CartesianState| kepler::propagate(state, conjunction.mu_m3_s2, seconds).position_m;
        at(second) - at(first)
    };
    let bend = |seconds: f64| (relative(seconds) - position - velocity * seconds).norm();
    let bend_m = bend(span.ends_s[0]).max(bend(span.ends_s[1]));
    let rates = conjunction.covariances[0] + conjunction.covariances[1];
    let rate_m_s = Vector3::from_fn(|axis, _| rates[(axis + 3, axis + 3)].max(0.0).sqrt()).norm();
    let moved_m = bend_m + rate_m_s * span.half_s();
    let radius_m = conjunction.hard_body_radius_m;
    let scale_m = radius_m.max(plane.principal_axes(radius_m).deviations_m[0]);
    let figures =
        format!("over {:.3} s the orbits bend and their uncertain velocities lead by {moved_m:.3} m", span.half_s());
    if !span.cut && moved_m <= NEGLECTED * scale_m {
        Ok(format!("the encounter is short: {figures}, a tenth of {scale_m:.3} m or less"))
    } else {
        Err(format!("the encounter is not short: {figures}, above a tenth of {scale_m:.3} m"))
    }
}
