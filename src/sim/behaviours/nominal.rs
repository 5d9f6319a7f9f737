//! A neighbour that keeps its own station.

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::relative_orbit::{RelativeOrbit, pay_off};
use super::{Act, Behaviour, Memory};
use crate::astro::Vector3;
use crate::astro::relative_elements::RelativeElements;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::threat_class::ThreatClass;
use crate::sim::view::View;

/// Keeps the slot along the track in which it began, by small burns along T and N at a fixed period.
///
/// Begun, it first takes off a drift that small burns could not hold, and leaves a place along the track where its relative ellipse
/// (2:1, δe by 2 δe) could touch the target. From then on it burns the drawn Δv along T once a period, and half a period
/// later the same along N. The sign of a T burn is the one after which, a period on, the
/// slot is nearest and the ellipse has least changed (δa grows by 2 Δv/n, the drift along the track is -3/2 n δa; D'Amico and
/// Montenbruck, JGCD 29, 2006, eq. 4 and 26); where one burn is too little to bring it back within a period and a revolution, it burns what it takes.
/// The sign of an N burn is drawn. Now and then, in place of a T burn, it moves its slot away from
/// the target by two larger burns half a revolution apart: an orbit maintenance, which looks like an answer and is none.
///
/// The slot is its own, and not the target's: when the target burns, the slot stays behind. Without a target it coasts.
///
/// Some unfold a panel or an antenna once, and are seen larger by radar and telescope from then on: a harmless change of looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Nominal {
    /// Time from one T burn to the next, in revolutions [-].
    pub period_orbits: Distribution,
    /// Δv of a burn [m/s].
    pub impulse_m_s: Distribution,
    /// How much of a period passes before the first burn [-], in periods.
    pub phase: Distribution,
    /// Probability that a T burn becomes a maintenance [-].
    pub maintenance_probability: Distribution,
    /// Δv of each of the two burns of a maintenance [m/s].
    pub maintenance_m_s: Distribution,
    /// Distance that its relative ellipse keeps from the target [m].
    pub keep_out_m: Distribution,
    /// Probability that it unfolds something in the episode [-].
    pub deployment_probability: Distribution,
    /// When it does, from its beginning [s].
    pub deployment_after_s: Distribution,
    /// Area that it unfolds, as a multiple of its own [-].
    pub deployed_area: Distribution,
}

impl Default for Nominal {
    fn default() -> Self {
        Self {
            period_orbits: Distribution::Uniform(0.3, 1.0),
            impulse_m_s: Distribution::Uniform(0.005, 0.03),
            phase: Distribution::Uniform(0.0, 1.0),
            maintenance_probability: Distribution::Fixed(0.03),
            maintenance_m_s: Distribution::LogUniform(0.05, 0.3),
            keep_out_m: Distribution::Uniform(200.0, 500.0),
            deployment_probability: Distribution::Fixed(0.0),
            deployment_after_s: Distribution::Uniform(300.0, 6_000.0),
            deployed_area: Distribution::LogUniform(0.3, 4.0),
        }
    }
}

/// Acceleration of the target that counts as a burn [m/s²]; below it, it may be the error of a track.
const TARGET_BURN_M_S2: f64 = 1e-3;

// Places in the scratch memory, after the Δv that is owed.
/// When the next burn is due, plus one [s]; zero before the beginning.
const NEXT: usize = 3;
/// What it is: [`ALONG`], [`ACROSS`], [`END_OF_MAINTENANCE`] or [`END_OF_WITHDRAWAL`].
const KIND: usize = 4;
/// The slot along the track, relative to the target [m].
const SLOT: usize = 5;
/// Difference of the axes that the slot itself has by what the target has burnt [m].
const SLOT_AXIS: usize = 6;
/// Relative eccentricity that is kept [m].
const ECCENTRICITY: usize = 7;
/// When something is unfolded, plus one [s]; zero before the beginning.
const DEPLOYMENT: usize = 8;

// Places among the drawn parameters.
/// Time from the beginning to a deployment [s].
const DEPLOYMENT_AFTER: usize = 6;
/// Area that is still to be unfolded, as a multiple of its own [-].
const DEPLOYED_AREA: usize = 7;

const ALONG: f64 = 0.0;
const ACROSS: f64 = 1.0;
const END_OF_MAINTENANCE: f64 = 2.0;
const END_OF_WITHDRAWAL: f64 = 3.0;

fn length(vector: [f64; 2]) -> f64 {
    libm::hypot(vector[0], vector[1])
}

/// The size of the relative eccentricity [m] after `impulse_t_m_s` along T now.
fn eccentricity_after_m(orbit: &RelativeOrbit, impulse_t_m_s: f64) -> f64 {
    let impulse = Vector3::new(0.0, impulse_t_m_s, 0.0);
    length(orbit.elements.after_impulse(0.0, &impulse, orbit.mean_motion_rad_s).eccentricity_m)
}

/// Takes the slot, and leaves a drift or a place that cannot be held.
fn take_slot(view: &View, orbit: &RelativeOrbit, memory: &mut Memory) {
    let [period_orbits, impulse_m_s, phase, _, _, keep_out_m, ..] = memory.parameters;
    let n = orbit.mean_motion_rad_s;
    let elements = &orbit.elements;
    let stop_m_s = -0.5 * n * elements.axis_m;
    let burn_m_s = if stop_m_s.abs() > 2.0 * impulse_m_s { stop_m_s } else { 0.0 };
    let least_m = 2.0 * eccentricity_after_m(orbit, burn_m_s) + keep_out_m;
    let slot_m = elements.along_track_m.abs().max(least_m).copysign(elements.along_track_m);
    let wait_s = 0.5 * phase * period_orbits * orbit.period_s();
    memory.scratch[..8].copy_from_slice(&[0.0, burn_m_s, 0.0, view.time_s + wait_s + 1.0, ALONG, slot_m, 0.0, 0.0]);
    memory.scratch[ECCENTRICITY] = eccentricity_after_m(orbit, burn_m_s);
    if slot_m != elements.along_track_m {
        let goal = |_| apart(orbit, slot_m);
        let own = &view.own;
        if let Some(hop) = orbit.hop(goal, keep_out_m, own.max_acceleration_m_s2, own.delta_v_left_m_s) {
            memory.scratch[..3].copy_from_slice(hop.departure_rtn_m_s.as_slice());
            memory.scratch[NEXT] = view.time_s + hop.duration_s + 1.0;
            memory.scratch[KIND] = END_OF_WITHDRAWAL;
            memory.scratch[ECCENTRICITY] = 0.0;
        }
    }
}

/// At rest in a slot, out of plane as it is.
fn apart(orbit: &RelativeOrbit, slot_m: f64) -> RelativeElements {
    RelativeElements { axis_m: 0.0, along_track_m: slot_m, eccentricity_m: [0.0; 2], ..orbit.elements }
}

/// The impulse along T [m/s] that keeps the slot.
fn keep_slot(orbit: &RelativeOrbit, memory: &Memory) -> f64 {
    let [period_orbits, impulse_m_s, ..] = memory.parameters;
    let n = orbit.mean_motion_rad_s;
    let period_s = period_orbits * orbit.period_s();
    let off_m = orbit.elements.along_track_m - memory.scratch[SLOT];
    let axis_m = orbit.elements.axis_m - memory.scratch[SLOT_AXIS];
    let wanted_m = off_m / (1.5 * n * period_s.max(orbit.period_s()));
    let needed_m_s = 0.5 * n * (wanted_m - axis_m);
    if needed_m_s.abs() > impulse_m_s {
        return needed_m_s;
    }
    let cost = |impulse: f64| {
        let after_m = off_m - 1.5 * n * (axis_m + 2.0 * impulse / n) * period_s;
        let ellipse_m = eccentricity_after_m(orbit, impulse) - memory.scratch[ECCENTRICITY];
        let idle_m = if impulse == 0.0 { impulse_m_s / n } else { 0.0 };
        0.25 * after_m * after_m + ellipse_m * ellipse_m + idle_m * idle_m
    };
    [impulse_m_s, -impulse_m_s, 0.0].into_iter().min_by(|a, b| cost(*a).total_cmp(&cost(*b))).unwrap_or(0.0)
}

/// Adds the burn that is due to the Δv that is owed, and says what comes next and when.
fn plan_burn(view: &View, orbit: &RelativeOrbit, memory: &mut Memory, generator: &mut Generator) {
    let [period_orbits, impulse_m_s, _, maintenance_probability, maintenance_m_s, ..] = memory.parameters;
    let half_period_s = 0.5 * period_orbits * orbit.period_s();
    let kind_now = memory.scratch[KIND];
    let along = |impulse_m_s: f64| Vector3::new(0.0, impulse_m_s, 0.0);
    let (impulse, kind, wait_s) = if kind_now == ACROSS {
        let side = if generator.random::<bool>() { 1.0 } else { -1.0 };
        (Vector3::new(0.0, 0.0, side * impulse_m_s), ALONG, half_period_s)
    } else if kind_now == END_OF_WITHDRAWAL {
        (-orbit.velocity_error_m_s(&apart(orbit, memory.scratch[SLOT])), ACROSS, half_period_s)
    } else if kind_now == END_OF_MAINTENANCE {
        let stop_m_s = 0.5 * orbit.mean_motion_rad_s * (memory.scratch[SLOT_AXIS] - orbit.elements.axis_m);
        memory.scratch[SLOT] = orbit.elements.along_track_m;
        memory.scratch[ECCENTRICITY] = eccentricity_after_m(orbit, stop_m_s);
        (along(stop_m_s), ACROSS, half_period_s)
    } else if generator.random::<f64>() < maintenance_probability {
        // A lower orbit gains on the target, a higher one falls behind: away from it in both cases.
        let away_m_s = -maintenance_m_s.copysign(memory.scratch[SLOT]);
        (along(away_m_s), END_OF_MAINTENANCE, 0.5 * orbit.period_s())
    } else {
        (along(keep_slot(orbit, memory)), ACROSS, half_period_s)
    };
    (0..3).for_each(|axis| memory.scratch[axis] += impulse[axis]);
    memory.scratch[KIND] = kind;
    memory.scratch[NEXT] = view.time_s + wait_s + 1.0;
}

impl Behaviour for Nominal {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        memory.parameters[0] = self.period_orbits.sample(generator);
        memory.parameters[1] = self.impulse_m_s.sample(generator);
        memory.parameters[2] = self.phase.sample(generator);
        memory.parameters[3] = self.maintenance_probability.sample(generator);
        memory.parameters[4] = self.maintenance_m_s.sample(generator);
        memory.parameters[5] = self.keep_out_m.sample(generator);
        let probability = self.deployment_probability.sample(generator);
        if probability > 0.0 && generator.random::<f64>() < probability {
            memory.parameters[DEPLOYMENT_AFTER] = self.deployment_after_s.sample(generator);
            memory.parameters[DEPLOYED_AREA] = self.deployed_area.sample(generator);
        }
        memory
    }

    fn act(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Act {
        if memory.scratch[DEPLOYMENT] == 0.0 {
            memory.scratch[DEPLOYMENT] = view.time_s + memory.parameters[DEPLOYMENT_AFTER] + 1.0;
        }
        let is_due = view.time_s + 1.0 >= memory.scratch[DEPLOYMENT];
        let unfolds = if is_due { std::mem::take(&mut memory.parameters[DEPLOYED_AREA]) } else { 0.0 };
        Act { acceleration_rtn_m_s2: self.accelerate(view, memory, generator), unfolds, ..Act::default() }
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Vector3 {
        let Some(target) = view.target() else { return Vector3::zeros() };
        let Some(n) = RelativeOrbit::mean_motion_rad_s_of(view, target) else { return Vector3::zeros() };
        if memory.scratch[NEXT] == 0.0 {
            let Some(orbit) = RelativeOrbit::of(view, target) else { return Vector3::zeros() };
            take_slot(view, &orbit, memory);
        }
        // The slot goes on as it went before the target burnt.
        if target.acceleration_rtn_m_s2.norm() > TARGET_BURN_M_S2 {
            memory.scratch[SLOT_AXIS] -= 2.0 * target.acceleration_rtn_m_s2.y * view.segment_s / n;
        }
        memory.scratch[SLOT] -= 1.5 * n * memory.scratch[SLOT_AXIS] * view.segment_s;
        if view.time_s + 1.0 >= memory.scratch[NEXT] {
            let Some(orbit) = RelativeOrbit::of(view, target) else { return Vector3::zeros() };
            plan_burn(view, &orbit, memory, generator);
        }
        pay_off(view, &mut memory.scratch)
    }

    fn class(&self, _memory: &Memory, _time_s: f64) -> ThreatClass {
        ThreatClass::Nominal
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("period_orbits", self.period_orbits.fault_outside(0.01, f64::INFINITY)),
            ("impulse_m_s", self.impulse_m_s.fault_outside(0.0, f64::INFINITY)),
            ("phase", self.phase.fault_outside(0.0, 1.0)),
            ("maintenance_probability", self.maintenance_probability.fault_outside(0.0, 1.0)),
            ("maintenance_m_s", self.maintenance_m_s.fault_outside(0.0, f64::INFINITY)),
            ("keep_out_m", self.keep_out_m.fault_outside(0.0, f64::INFINITY)),
            ("deployment_probability", self.deployment_probability.fault_outside(0.0, 1.0)),
            ("deployment_after_s", self.deployment_after_s.fault_outside(0.0, f64::MAX)),
            ("deployed_area", self.deployed_area.fault_outside(0.0, 1e3)),
        ]
        .into_iter()
        .filter_map(|(field, fault)| Some((field, fault?)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::super::ballistic::Ballistic;
    use super::super::harness::Duel;
    use super::*;

    /// Without the maintenance, which moves the slot on purpose.
    fn quiet() -> Nominal {
        Nominal { maintenance_probability: Distribution::Fixed(0.0), ..Nominal::default() }
    }

    /// A day in both frames; gives range bounds [m], number of segments with a burn, and Δv [m/s].
    fn day(duel: Duel, nominal: &Nominal, seed: u64) -> (f64, f64, usize, f64) {
        let (mut least_m, mut greatest_m, mut burns, mut spent_m_s) = (f64::INFINITY, 0.0_f64, 0, 0.0);
        duel.quiet_day().play_watched(nominal, &Ballistic {}, seed, |duel| {
            let range_m = duel.pursuer_view().target().expect("one track").range_m();
            least_m = least_m.min(range_m);
            greatest_m = greatest_m.max(range_m);
            let now_m_s = duel.pursuer_view().own.delta_v_spent_m_s;
            burns += usize::from(now_m_s > spent_m_s);
            spent_m_s = now_m_s;
        });
        (least_m, greatest_m, burns, spent_m_s)
    }

    #[test]
    fn keeps_its_slot_for_a_day_by_few_burns() {
        for seed in 0..6 {
            for (duel, name) in [
                (Duel::relative([0.0, -3_000.0, 100.0], [0.0, 0.05, 0.02]), "Clohessy-Wiltshire"),
                (Duel::two_body([50.0, 8_000.0, -300.0], [0.02, 0.0, 0.0]), "two-body"),
                (Duel::two_body([0.0, -3_000.0, 0.0], [0.0; 3]).with_noise(5.0, 0.005), "noise"),
            ] {
                let start_m = duel.pursuer_view().target().expect("one track").range_m();
                let (least_m, greatest_m, burns, spent_m_s) = day(duel, &quiet(), seed);
                // A T burn of 3 cm/s drifts by 9 cm/s, 510 m a revolution; two of them and the ellipse make the box.
                assert!(least_m > start_m - 1_500.0 && greatest_m < start_m + 1_500.0, "{name} {seed}: {least_m} {greatest_m}");
                // At most two a period of 0.3 revolutions, 15 revolutions a day; a ballistic neighbour has none.
                assert!((15..=110).contains(&burns), "{name} {seed}: {burns} burns");
                assert!(spent_m_s < 5.0, "{name} {seed}: {spent_m_s} m/s");
            }
        }
    }

    #[test]
    fn a_drift_is_taken_off_and_a_place_too_near_is_left() {
        // Ballistic, the first drifts by 19 km a revolution, and the second strikes the target after a quarter of one.
        for (position, velocity) in [([1_000.0, -3_000.0, 0.0], [0.0, 0.0, 0.0]), ([0.0, 0.0, 1_000.0], [0.0; 3])] {
            for seed in 0..6 {
                let (least_m, greatest_m, ..) = day(Duel::relative(position, velocity), &quiet(), seed);
                assert!(least_m > 100.0, "{position:?} {seed}: {least_m} m");
                assert!(greatest_m < 30_000.0, "{position:?} {seed}: {greatest_m} m");
            }
        }
    }

    #[test]
    fn a_maintenance_leads_away_from_the_target() {
        let often = Nominal { maintenance_probability: Distribution::Fixed(0.2), ..Nominal::default() };
        for seed in 0..6 {
            let (least_m, _, _, spent_m_s) = day(Duel::relative([0.0, -3_000.0, 0.0], [0.0; 3]), &often, seed);
            let (.., quiet_m_s) = day(Duel::relative([0.0, -3_000.0, 0.0], [0.0; 3]), &quiet(), seed);
            assert!(least_m > 1_500.0, "{seed}: {least_m} m");
            assert!(spent_m_s > quiet_m_s, "{seed}: {spent_m_s} m/s against {quiet_m_s} m/s");
        }
    }

    #[test]
    fn something_is_unfolded_once_and_no_class_is_told() {
        let config = |probability| Nominal {
            deployment_probability: Distribution::Fixed(probability),
            deployment_after_s: Distribution::Fixed(90.0),
            deployed_area: Distribution::Fixed(2.5),
            ..quiet()
        };
        let mut view = Duel::relative([0.0, -3_000.0, 0.0], [0.0; 3]).pursuer_view();
        for (probability, expected) in [(1.0, vec![(4_090.0, 2.5)]), (0.0, Vec::new())] {
            let nominal = config(probability);
            assert_eq!(nominal.faults(), vec![]);
            let mut generator = Generator::seed_from_u64(1);
            let mut memory = nominal.begin(&mut generator);
            let mut unfolded = Vec::new();
            for segment in 0..40 {
                view.time_s = 4_000.0 + 10.0 * f64::from(segment);
                let act = nominal.act(&view, &mut memory, &mut generator);
                assert_eq!(nominal.class(&memory, view.time_s), ThreatClass::Nominal);
                unfolded.extend((act.unfolds > 0.0).then_some((view.time_s, act.unfolds)));
            }
            assert_eq!(unfolded, expected);
        }
        assert_eq!(config(1.5).faults().len(), 1);
    }

    #[test]
    fn without_a_target_it_coasts() {
        let mut view = Duel::relative([0.0, -3_000.0, 0.0], [0.0; 3]).pursuer_view();
        view.tracks[0].team = 0;
        let mut generator = crate::sim::seeds::stream(
            1,
            crate::sim::seeds::SeedDomain::Train,
            0,
            0,
            crate::sim::seeds::Purpose::Adversary,
        );
        let mut memory = quiet().begin(&mut generator);
        assert_eq!(quiet().accelerate(&view, &mut memory, &mut generator), Vector3::zeros());
    }
}
