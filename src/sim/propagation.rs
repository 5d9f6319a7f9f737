//! One spacecraft moved through time under any forces, with or without a finite burn: what the reference tier is made of.

use thiserror::Error;

use super::components::{Burn, Orbit, Surface};
use super::events::Hermite;
use super::forces::ForceModel;
use super::forces::thrust::{BurnFrame, FiniteBurn};
use super::integrators::dop853::{DenseStep, Dop853, Dop853Error, Step, Tolerance};
use super::integrators::rk4_alone;
use super::path::Path;
use crate::astro::{CartesianState, Vector3};

/// Steps of one propagation at most, rejected ones included: some minutes of work, a hundred years in low orbit.
pub const MOST_STEPS: u64 = 50_000_000;

/// Half of the length of the step over an edge of a force [s]: a jump of 1e-7 m/s² moves a satellite by some micrometres a day through it.
const EDGE_S: f64 = 1e-4;

/// How a state is moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Integrator {
    /// DOP853 with an adaptive step.
    Dop853(Tolerance),
    /// RK4 with this fixed step [s], positive; the last step of an arc is shorter where the arc is no multiple of it.
    Rk4 {
        /// Step [s].
        step_s: f64,
    },
}

/// A spacecraft at the start of a propagation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Craft {
    /// Mass, propellant included [kg].
    pub mass_kg: f64,
    /// Propellant [kg]; `None` where it is not known, and all but nothing of the mass may be burnt.
    pub propellant_kg: Option<f64>,
    /// What air and sunlight press on.
    pub surface: Surface,
    /// A burn that begins with the propagation.
    pub burn: Option<FiniteBurn>,
}

/// Where a propagation ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    /// State, GCRF.
    pub state: CartesianState,
    /// Mass [kg].
    pub mass_kg: f64,
    /// Propellant burnt [kg].
    pub burnt_kg: f64,
    /// Steps of the integrator.
    pub steps: u64,
    /// Steps that it tried and took back.
    pub rejected_steps: u64,
    /// Evaluations of the acceleration.
    pub evaluations: u64,
}

/// Why a state cannot be propagated.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum PropagationError {
    /// A number of the start is not finite, or not of the sign that it must have.
    #[error("{what} is {value}, which {fault}")]
    Number {
        /// What it is.
        what: &'static str,
        /// The number.
        value: f64,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The start is below the sphere of the Earth's equatorial radius.
    #[error("the state is inside the Earth: {radius_km} km from its centre, an altitude of {altitude_km} km")]
    InsideTheEarth {
        /// Distance from the centre [km].
        radius_km: f64,
        /// Altitude above the equatorial radius [km].
        altitude_km: f64,
    },
    /// The spacecraft comes down.
    #[error(
        "the spacecraft hits the Earth {time_s:.3} s after the epoch: altitude {altitude_km:.3} km at {speed_km_s:.3} km/s"
    )]
    Impact {
        /// Time since the start [s].
        time_s: f64,
        /// Altitude above the equatorial radius [km]: zero, to the rounding of the search.
        altitude_km: f64,
        /// Inertial speed [km/s].
        speed_km_s: f64,
    },
    /// The burn needs more propellant than there is.
    #[error(
        "the propellant is used up {time_s:.3} s after the start: a burn of {burn_s} s at {flow_kg_s:.6} kg/s needs {needed_kg:.3} kg, \
         there are {propellant_kg} kg"
    )]
    PropellantUsedUp {
        /// Time at which nothing is left [s].
        time_s: f64,
        /// Length of the burn [s].
        burn_s: f64,
        /// Mass flow [kg/s].
        flow_kg_s: f64,
        /// Propellant that the burn needs [kg].
        needed_kg: f64,
        /// Propellant at the start [kg].
        propellant_kg: f64,
    },
    /// A burn in a propagation backward in time.
    #[error(
        "a burn begins with the propagation and cannot be flown backward: the duration of {duration_s} s is negative"
    )]
    BurnBackward {
        /// Duration [s].
        duration_s: f64,
    },
    /// More steps than [`MOST_STEPS`].
    #[error("{steps} steps reach only {time_s} s of {duration_s} s: {MOST_STEPS} steps are the most")]
    TooManySteps {
        /// Steps done or needed.
        steps: u64,
        /// Time reached [s].
        time_s: f64,
        /// Duration [s].
        duration_s: f64,
    },
    /// The integrator stopped.
    #[error("{0}")]
    Integrator(#[from] Dop853Error),
}

/// Moves `start` by `duration_s` seconds, which may be negative, from the epoch of the model's environment on.
///
/// # Errors
/// [`PropagationError`] for a start that cannot be flown, and for a flight that ends on the Earth. "The Earth" is the sphere of its
/// equatorial radius, inside which the zonals do not hold.
pub fn propagate(
    model: &ForceModel,
    craft: &Craft,
    start: &CartesianState,
    duration_s: f64,
    integrator: Integrator,
) -> Result<Arrival, PropagationError> {
    let mut flight = Flight::begin(model, craft, start, duration_s, integrator)?;
    for arc in arcs(craft, duration_s) {
        flight.fly(&arc, None)?;
    }
    Ok(flight.arrival())
}

/// As [`propagate`] with DOP853, the motion kept.
///
/// # Errors
/// As [`propagate`].
pub fn trajectory(
    model: &ForceModel,
    craft: &Craft,
    start: &CartesianState,
    duration_s: f64,
    tolerance: Tolerance,
) -> Result<Trajectory, PropagationError> {
    let mut flight = Flight::begin(model, craft, start, duration_s, Integrator::Dop853(tolerance))?;
    let mut steps = Vec::new();
    for arc in arcs(craft, duration_s) {
        flight.fly(&arc, Some(&mut steps))?;
    }
    Ok(Trajectory { start: *start, steps, arrival: flight.arrival() })
}

/// A motion, known at every instant from its start to its end.
#[derive(Clone, Debug)]
pub struct Trajectory {
    start: CartesianState,
    steps: Vec<DenseStep>,
    arrival: Arrival,
}

impl Trajectory {
    /// State at a time since the start [s], GCRF; outside the span that was flown, the state at the nearer end.
    #[must_use]
    pub fn at(&self, time_s: f64) -> CartesianState {
        let Some(first) = self.steps.first() else { return self.start };
        let forward = first.end_s() > first.start_s();
        let is_over = |step: &DenseStep| if forward { step.end_s() < time_s } else { step.end_s() > time_s };
        let index = self.steps.partition_point(is_over);
        match self.steps.get(index) {
            Some(_) if (time_s < first.start_s()) == forward && time_s != first.start_s() => self.start,
            Some(step) => step.at(time_s),
            None => self.arrival.state,
        }
    }

    /// Where it ended.
    #[must_use]
    pub fn arrival(&self) -> &Arrival {
        &self.arrival
    }

    /// The steps, in order.
    #[must_use]
    pub fn steps(&self) -> &[DenseStep] {
        &self.steps
    }
}

/// A part of a propagation over which the forces are smooth.
struct Arc {
    end_s: f64,
    burn: Option<FiniteBurn>,
    mass_at_start_kg: f64,
    start_s: f64,
}

fn arcs(craft: &Craft, duration_s: f64) -> Vec<Arc> {
    let mut arcs = Vec::new();
    let (mut start_s, mut mass_kg) = (0.0, craft.mass_kg);
    if let Some(burn) = craft.burn.filter(|burn| burn.duration_s > 0.0 && burn.thrust_n > 0.0) {
        let end_s = burn.duration_s.min(duration_s);
        arcs.push(Arc { end_s, burn: Some(burn), mass_at_start_kg: mass_kg, start_s });
        mass_kg -= burn.mass_flow_kg_s() * end_s;
        start_s = end_s;
    }
    arcs.push(Arc { end_s: duration_s, burn: None, mass_at_start_kg: mass_kg, start_s });
    arcs
}

/// A propagation under way.
struct Flight<'a> {
    model: &'a ForceModel,
    craft: &'a Craft,
    integrator: Integrator,
    duration_s: f64,
    integration: Dop853,
    /// State and steps, where the integrator is RK4.
    state: CartesianState,
    fixed_steps: u64,
}

impl<'a> Flight<'a> {
    fn begin(
        model: &'a ForceModel,
        craft: &'a Craft,
        start: &CartesianState,
        duration_s: f64,
        integrator: Integrator,
    ) -> Result<Self, PropagationError> {
        check(model, craft, start, duration_s, integrator)?;
        let tolerance = match integrator {
            Integrator::Dop853(tolerance) => tolerance,
            Integrator::Rk4 { .. } => Tolerance::TIGHTEST,
        };
        let integration = Dop853::new(0.0, start, tolerance);
        Ok(Self { model, craft, integrator, duration_s, integration, state: *start, fixed_steps: 0 })
    }

    /// Flies an arc; `kept`: where the steps of DOP853 are kept, for three further evaluations each.
    fn fly(&mut self, arc: &Arc, mut kept: Option<&mut Vec<DenseStep>>) -> Result<(), PropagationError> {
        let (model, surface) = (self.model, self.craft.surface);
        let flow_kg_s = arc.burn.map_or(0.0, |burn| burn.mass_flow_kg_s());
        let acceleration = |time_s: f64, state: &CartesianState| {
            let mass_kg = arc.mass_at_start_kg - flow_kg_s * (time_s - arc.start_s);
            let forces = model.acceleration_m_s2(time_s, state, mass_kg, &surface);
            arc.burn.map_or(forces, |burn| forces + burn.acceleration_m_s2(state, mass_kg))
        };
        let earth_radius_m = model.environment().earth_radius_m;
        if let Integrator::Rk4 { step_s } = self.integrator {
            let arc_s = arc.end_s - arc.start_s;
            // A rounding error is no step.
            let steps = (arc_s.abs() / step_s * (1.0 - 1e-12)).ceil().max(0.0);
            for step in 0..steps as u64 {
                let begin_s = arc.start_s + (step as f64 * step_s).copysign(arc_s);
                let this_s = (arc.end_s - begin_s).abs().min(step_s).copysign(arc_s);
                let end = rk4_alone::step(&acceleration, begin_s, &self.state, this_s);
                if !is_finite(&end) {
                    return Err(Dop853Error::NotFinite { time_s: begin_s }.into());
                }
                let motion = Hermite::new(self.state, end, this_s);
                let at = |time_s: f64| motion.at(time_s - begin_s);
                look_for_impact(earth_radius_m, [begin_s, begin_s + this_s], [&self.state, &end], at)?;
                self.state = end;
                self.fixed_steps += 1;
            }
            return Ok(());
        }
        self.integration.restart();
        let forward = (arc.end_s - arc.start_s).signum();
        loop {
            let earlier = self.integration.clone();
            let Some(step) = self.integration.step(&acceleration, arc.end_s)? else { return Ok(()) };
            let edge_s = self.first_edge(&step, &acceleration);
            let Some(edge_s) = edge_s else {
                self.settle(&step, &acceleration, &mut kept)?;
                continue;
            };
            // Up to the edge on the one side of it, over it in a step that is too short for the jump to matter, on from there.
            self.integration.take_back(earlier);
            for offset_s in [-EDGE_S, EDGE_S] {
                let target_s = edge_s + forward * offset_s;
                let target_s = if (arc.end_s - target_s) * forward < 0.0 { arc.end_s } else { target_s };
                while (target_s - self.integration.time_s()) * forward > 0.0 {
                    let Some(step) = self.integration.step(&acceleration, target_s)? else { break };
                    self.settle(&step, &acceleration, &mut kept)?;
                }
            }
        }
    }

    /// The first time [s] within a step at which a force comes to another of its smooth pieces.
    ///
    /// A piece that is entered and left within an eighth of the step is not seen, and then matters less.
    fn first_edge(&self, step: &Step, acceleration: &impl Fn(f64, &CartesianState) -> Vector3) -> Option<f64> {
        let (start_s, length_s) = (step.start_s(), step.end_s() - step.start_s());
        let piece = |time_s: f64, state: &CartesianState| self.model.piece(time_s, state, &self.craft.surface);
        let first = piece(start_s, &step.start());
        let sketch = Hermite::new(step.start(), step.end(), length_s);
        let sample = |eighth: u32| length_s * f64::from(eighth) / 8.0;
        let changed = (1..=8).find(|eighth| {
            let after_s = sample(*eighth);
            piece(start_s + after_s, &sketch.at(after_s)) != first
        })?;
        // The sketch errs by metres: the edge itself is looked for on the motion, from a sample earlier on.
        let dense = step.dense(acceleration);
        let (mut low_s, mut high_s) = (sample(changed.saturating_sub(2)), sample(changed));
        while piece(start_s + high_s, &dense.at(start_s + high_s)) == first {
            if high_s == length_s {
                return None;
            }
            (low_s, high_s) = (high_s, length_s);
        }
        for _ in 0..40 {
            let middle_s = 0.5 * (low_s + high_s);
            if piece(start_s + middle_s, &dense.at(start_s + middle_s)) == first {
                low_s = middle_s;
            } else {
                high_s = middle_s;
            }
        }
        Some(start_s + high_s)
    }

    /// Looks at a step that stands: counts, impact, and keeps it where asked.
    fn settle(
        &self,
        step: &Step,
        acceleration: &impl Fn(f64, &CartesianState) -> Vector3,
        kept: &mut Option<&mut Vec<DenseStep>>,
    ) -> Result<(), PropagationError> {
        let steps = self.integration.accepted() + self.integration.rejected();
        if steps > MOST_STEPS {
            let (time_s, duration_s) = (self.integration.time_s(), self.duration_s);
            return Err(PropagationError::TooManySteps { steps, time_s, duration_s });
        }
        let earth_radius_m = self.model.environment().earth_radius_m;
        let mut dense = None;
        let at = |time_s: f64| dense.get_or_insert_with(|| step.dense(acceleration)).at(time_s);
        look_for_impact(earth_radius_m, [step.start_s(), step.end_s()], [&step.start(), &step.end()], at)?;
        if let Some(kept) = kept {
            kept.push(dense.unwrap_or_else(|| step.dense(acceleration)));
        }
        Ok(())
    }

    fn arrival(&self) -> Arrival {
        let burnt_kg = self.craft.burn.map_or(0.0, |burn| {
            if burn.thrust_n > 0.0 { burn.mass_flow_kg_s() * burn.duration_s.min(self.duration_s) } else { 0.0 }
        });
        let is_fixed = matches!(self.integrator, Integrator::Rk4 { .. });
        Arrival {
            state: if is_fixed { self.state } else { self.integration.state() },
            mass_kg: self.craft.mass_kg - burnt_kg,
            burnt_kg,
            steps: if is_fixed { self.fixed_steps } else { self.integration.accepted() },
            rejected_steps: self.integration.rejected(),
            evaluations: if is_fixed { 4 * self.fixed_steps } else { self.integration.evaluations() },
        }
    }
}

fn is_finite(state: &CartesianState) -> bool {
    state.position_m.iter().chain(state.velocity_m_s.iter()).all(|number| number.is_finite())
}

/// Refuses what cannot be flown.
fn check(
    model: &ForceModel,
    craft: &Craft,
    start: &CartesianState,
    duration_s: f64,
    integrator: Integrator,
) -> Result<(), PropagationError> {
    let finite = |what: &'static str, value: f64| {
        let fault = "is not a finite number";
        if value.is_finite() { Ok(()) } else { Err(PropagationError::Number { what, value, fault }) }
    };
    let positive = |what: &'static str, value: f64| {
        finite(what, value)?;
        let fault = "is not positive";
        if value > 0.0 { Ok(()) } else { Err(PropagationError::Number { what, value, fault }) }
    };
    let not_negative = |what: &'static str, value: f64| {
        finite(what, value)?;
        let fault = "is negative";
        if value >= 0.0 { Ok(()) } else { Err(PropagationError::Number { what, value, fault }) }
    };
    for (position, velocity) in start.position_m.iter().zip(start.velocity_m_s.iter()) {
        finite("a position", *position)?;
        finite("a velocity", *velocity)?;
    }
    finite("the duration", duration_s)?;
    positive("the mass", craft.mass_kg)?;
    not_negative("the area", craft.surface.area_m2)?;
    not_negative("Cd", craft.surface.drag_coefficient)?;
    not_negative("Cr", craft.surface.radiation_coefficient)?;
    let (radius_m, earth_radius_m) = (start.position_m.norm(), model.environment().earth_radius_m);
    if radius_m < earth_radius_m {
        let (radius_km, altitude_km) = (radius_m / 1e3, (radius_m - earth_radius_m) / 1e3);
        return Err(PropagationError::InsideTheEarth { radius_km, altitude_km });
    }
    match integrator {
        Integrator::Rk4 { step_s } => {
            positive("the step", step_s)?;
            let steps = duration_s.abs() / step_s;
            if steps > MOST_STEPS as f64 {
                return Err(PropagationError::TooManySteps { steps: steps as u64, time_s: 0.0, duration_s });
            }
        }
        Integrator::Dop853(tolerance) => {
            positive("the relative tolerance", tolerance.relative)?;
            positive("the absolute tolerance", tolerance.absolute_m)?;
        }
    }
    let Some(burn) = &craft.burn else { return Ok(()) };
    not_negative("the thrust", burn.thrust_n)?;
    positive("the specific impulse", burn.isp_s)?;
    not_negative("the length of the burn", burn.duration_s)?;
    if burn.thrust_n == 0.0 || burn.duration_s == 0.0 {
        return Ok(());
    }
    if duration_s < 0.0 {
        return Err(PropagationError::BurnBackward { duration_s });
    }
    let (flow_kg_s, burn_s) = (burn.mass_flow_kg_s(), burn.duration_s);
    let needed_kg = flow_kg_s * burn_s.min(duration_s);
    let propellant_kg = craft.propellant_kg.unwrap_or(craft.mass_kg);
    not_negative("the propellant", propellant_kg)?;
    // All of the mass cannot be burnt; all of the propellant can.
    if needed_kg > propellant_kg || needed_kg >= craft.mass_kg {
        let time_s = propellant_kg.min(craft.mass_kg) / flow_kg_s;
        return Err(PropagationError::PropellantUsedUp { time_s, burn_s, flow_kg_s, needed_kg, propellant_kg });
    }
    Ok(())
}

/// Refuses a step whose motion `at(time_s)` touches the Earth: at its end, or at a perigee between its ends.
fn look_for_impact(
    earth_radius_m: f64,
    times_s: [f64; 2],
    ends: [&CartesianState; 2],
    mut at: impl FnMut(f64) -> CartesianState,
) -> Result<(), PropagationError> {
    let [start_s, end_s] = times_s;
    // Rate of the distance along the step, whichever way time runs.
    let rate = |state: &CartesianState| state.position_m.dot(&state.velocity_m_s) * (end_s - start_s).signum();
    let mut bisect = |mut low_s: f64, mut high_s: f64, reached: &dyn Fn(&CartesianState) -> bool| {
        for _ in 0..60 {
            let middle_s = 0.5 * (low_s + high_s);
            if reached(&at(middle_s)) {
                high_s = middle_s;
            } else {
                low_s = middle_s;
            }
        }
        (high_s, at(high_s))
    };
    let lowest = if rate(ends[0]) < 0.0 && rate(ends[1]) > 0.0 {
        bisect(start_s, end_s, &|state| rate(state) >= 0.0)
    } else {
        (end_s, *ends[1])
    };
    if lowest.1.position_m.norm() >= earth_radius_m {
        return Ok(());
    }
    let (time_s, state) = bisect(start_s, lowest.0, &|state| state.position_m.norm() < earth_radius_m);
    Err(PropagationError::Impact {
        time_s,
        altitude_km: (state.position_m.norm() - earth_radius_m).max(0.0) / 1e3,
        speed_km_s: state.velocity_m_s.norm() / 1e3,
    })
}

/// The orbit after a segment of the reference tier, which begins `time_s` after the epoch.
///
/// `craft`: the burn of the segment, the mass at its start [kg], the surface. `path`: what is flown is written there, times from the
/// segment's start on. Where the motion is singular (through the Earth's centre), the orbit is the last that could be reached.
pub(super) fn segment(
    model: &ForceModel,
    tolerance: Tolerance,
    orbit: &Orbit,
    craft: (&Burn, f64, &Surface),
    time_s: f64,
    segment_s: f64,
    path: &mut Path,
) -> Orbit {
    let (burn, mass_kg, surface) = craft;
    let thrust = Vector3::from(burn.acceleration_rtn_m_s2);
    let is_burning = thrust != Vector3::zeros();
    let acceleration = |after_s: f64, state: &CartesianState| {
        let left = 1.0 - burn.specific_mass_flow_1_s * after_s;
        let forces = model.acceleration_m_s2(time_s + after_s, state, mass_kg * left, surface);
        if is_burning { forces + BurnFrame::Rtn.to_gcrf(state, &thrust) / left } else { forces }
    };
    let mut integration = Dop853::new(0.0, &orbit.state(), tolerance);
    path.restart(orbit.state());
    while let Ok(Some(step)) = integration.step(&acceleration, segment_s) {
        path.push(step.dense(&acceleration));
    }
    Orbit::from(integration.state())
}
