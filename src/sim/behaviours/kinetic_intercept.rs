//! Steers for impact.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::proportional_navigation::NavigationGains;
use super::seeker::{LOCK_NUMBERS, Lock, Seeker};
use super::zem_zev::ZemZevGains;
use super::{Behaviour, Memory, proportional_navigation, zem_zev};
use crate::astro::Vector3;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::threat_class::ThreatClass;
use crate::sim::view::{Track, View};

/// Steers for impact, as a kinetic interceptor does: it closes within a time, guided by a seeker that can lose its target.
///
/// Far out it takes away the zero-effort miss (as [`ZemZev`](super::zem_zev::ZemZev) does), near by it turns with the line of sight
/// (as [`ProportionalNavigation`](super::proportional_navigation::ProportionalNavigation) does). At the start it knows where its
/// target is, as tracking from the ground would tell it. From then on it knows what its seeker sees: a target within the range
/// of the seeker and within the half angle of its axis, which follows the predicted line of sight at a bounded rate. A target that
/// is not seen is taken to coast, by the Clohessy-Wiltshire equations in curvilinear coordinates, until it is seen again. A miss
/// below the dead band is left alone; the band widens with range, so that errors that can wait do. When the time is over
/// without a hit, or the target has been passed, it takes the same time once more.
/// Source: Zarchan, Tactical and Strategic Missile Guidance, chapters 2, 8 and 25 (exoatmospheric interceptors); SPARTA EX-0017.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KineticIntercept {
    /// How it steers.
    pub guidance: InterceptGuidance,
    /// Range below which it steers by proportional navigation, where its guidance has both [m].
    pub handover_range_m: Distribution,
    /// Navigation constant N of either guidance [-]; 3 spends least on a target that coasts.
    pub navigation_constant: Distribution,
    /// Time within which it means to hit [s].
    pub closing_time_s: Distribution,
    /// Angle between the axis of the seeker and the edge of its view [rad].
    pub seeker_half_angle_rad: Distribution,
    /// Greatest rate at which the axis turns [rad/s].
    pub seeker_slew_rad_s: Distribution,
    /// Distance up to which the seeker sees [m].
    pub seeker_range_m: Distribution,
    /// Miss below which nothing is burnt when near [m]; at a range ρ it is (1 + ρ/handover range) times that.
    pub dead_band_m: Distribution,
}

/// How a [`KineticIntercept`] steers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum InterceptGuidance {
    /// By the zero-effort miss far out, by proportional navigation below the handover range.
    #[default]
    Handover,
    /// By the zero-effort miss all the way.
    ZemZev,
    /// By proportional navigation all the way.
    ProportionalNavigation,
}

impl Default for KineticIntercept {
    fn default() -> Self {
        Self {
            guidance: InterceptGuidance::Handover,
            handover_range_m: Distribution::Uniform(1_000.0, 4_000.0),
            navigation_constant: Distribution::Uniform(3.0, 5.0),
            closing_time_s: Distribution::Uniform(1_500.0, 4_000.0),
            seeker_half_angle_rad: Distribution::Uniform(0.05, 0.3),
            seeker_slew_rad_s: Distribution::LogUniform(0.005, 0.05),
            seeker_range_m: Distribution::LogUniform(2e4, 1e5),
            dead_band_m: Distribution::Uniform(5.0, 20.0),
        }
    }
}

/// Δv that a second is worth [m/s²]: little, since the closing time says when to arrive.
const TIME_WEIGHT_M_S2: f64 = 5e-4;
/// How long a burn that is seen is taken to last [s].
const TARGET_ACCELERATION_HORIZON_S: f64 = 15.0;
/// Δv kept for the end, as a multiple of the target's Δv left [-].
const RESERVE_RATIO: f64 = 0.5;

/// Places in the scratch of the memory after the lock's.
const PLANNED_ARRIVAL_S: usize = LOCK_NUMBERS;
/// Zero before the first look.
const DEADLINE_S: usize = LOCK_NUMBERS + 1;

impl KineticIntercept {
    /// The acceleration by what is known, and when it means to arrive [s].
    fn steer(&self, view: &View, lock: &Lock, known: &Track, memory: &Memory) -> (Vector3, f64) {
        let [handover_m, constant, _, _, _, _, dead_band_m, ..] = memory.parameters;
        let straight = lock.straight(view);
        let near = Track { position_rtn_m: straight.position_rtn_m, velocity_rtn_m_s: straight.velocity_rtn_m_s, ..*known };
        let (range_m, closest_s) = (near.range_m(), near.time_to_closest_approach_s());
        let dead_band_m = dead_band_m * (1.0 + range_m / handover_m);
        let navigates = match self.guidance {
            InterceptGuidance::Handover => range_m < handover_m && closest_s > 0.0,
            InterceptGuidance::ZemZev => false,
            InterceptGuidance::ProportionalNavigation => true,
        };
        let mut in_time = *view;
        in_time.time_left_s = (memory.scratch[DEADLINE_S] - view.time_s).min(view.time_left_s);
        if navigates {
            let gains = NavigationGains {
                navigation_constant: constant,
                time_weight_m_s2: TIME_WEIGHT_M_S2,
                target_acceleration_horizon_s: TARGET_ACCELERATION_HORIZON_S,
                reserve_ratio: RESERVE_RATIO,
                dead_band_m,
            };
            return (proportional_navigation::steer(&in_time, &near, &gains), view.time_s + closest_s.max(0.0));
        }
        let far = Track {
            position_rtn_m: lock.estimate.position_rtn_m,
            velocity_rtn_m_s: lock.estimate.velocity_rtn_m_s,
            ..*known
        };
        let gains = ZemZevGains {
            navigation_gain: constant,
            time_weight_m_s2: TIME_WEIGHT_M_S2,
            target_acceleration_horizon_s: TARGET_ACCELERATION_HORIZON_S,
            reserve_ratio: RESERVE_RATIO,
            dead_band_m,
        };
        zem_zev::steer(&in_time, &far, &gains, memory.scratch[PLANNED_ARRIVAL_S])
    }
}

impl Behaviour for KineticIntercept {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = Memory::default();
        let drawn = [
            &self.handover_range_m,
            &self.navigation_constant,
            &self.closing_time_s,
            &self.seeker_half_angle_rad,
            &self.seeker_slew_rad_s,
            &self.seeker_range_m,
            &self.dead_band_m,
        ];
        for (parameter, distribution) in memory.parameters.iter_mut().zip(drawn) {
            *parameter = distribution.sample(generator);
        }
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, _generator: &mut Generator) -> Vector3 {
        let [_, _, closing_time_s, half_angle_rad, slew_rad_s, range_m, ..] = memory.parameters;
        let Some(target) = view.target() else { return Vector3::zeros() };
        let begun = memory.scratch[DEADLINE_S] != 0.0;
        let last = if begun { Lock::read(&memory.scratch) } else { Lock::on(view, target) };
        let (mut lock, sees) = Seeker { half_angle_rad, slew_rad_s, range_m }.look(view, target, &last);
        // What was planned is due within the next segment: it hits, or it is to begin again.
        let is_due = view.time_s + view.segment_s >= memory.scratch[PLANNED_ARRIVAL_S];
        if !begun || is_due || view.time_s + 2.0 * view.segment_s >= memory.scratch[DEADLINE_S] {
            memory.scratch[DEADLINE_S] = view.time_s + closing_time_s;
        }
        // A burn that is not seen is not known of.
        let acceleration_rtn_m_s2 = if sees { target.acceleration_rtn_m_s2 } else { Vector3::zeros() };
        let known = Track { acceleration_rtn_m_s2, ..*target };
        let (command, arrival_s) = self.steer(view, &lock, &known, memory);
        lock.set_command(view, &command);
        lock.write(&mut memory.scratch);
        memory.scratch[PLANNED_ARRIVAL_S] = arrival_s;
        command
    }

    fn class(&self, _memory: &Memory, _time_s: f64) -> ThreatClass {
        ThreatClass::KineticIntercept
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        let half_turn = std::f64::consts::PI;
        [
            ("handover_range_m", self.handover_range_m.fault_outside(1.0, f64::INFINITY)),
            ("navigation_constant", self.navigation_constant.fault_outside(2.0, 10.0)),
            ("closing_time_s", self.closing_time_s.fault_outside(1.0, f64::INFINITY)),
            ("seeker_half_angle_rad", self.seeker_half_angle_rad.fault_outside(1e-6, half_turn)),
            ("seeker_slew_rad_s", self.seeker_slew_rad_s.fault_outside(0.0, f64::INFINITY)),
            ("seeker_range_m", self.seeker_range_m.fault_outside(0.0, f64::INFINITY)),
            ("dead_band_m", self.dead_band_m.fault_outside(0.0, f64::INFINITY)),
        ]
        .into_iter()
        .filter_map(|(field, fault)| Some((field, fault?)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ballistic::Ballistic;
    use super::super::harness::Duel;
    use super::*;

    #[test]
    fn every_guidance_hits_a_target_that_coasts() {
        use InterceptGuidance::{Handover, ProportionalNavigation, ZemZev};
        for guidance in [Handover, ZemZev, ProportionalNavigation] {
            for (mut duel, name) in [
                (Duel::relative([1_500.0, -4_500.0, 800.0], [0.3, -2.0, 0.2]), "Clohessy-Wiltshire"),
                (Duel::two_body([1_500.0, -4_500.0, 800.0], [0.3, -2.0, 0.2]), "two-body"),
            ] {
                duel.time_limit_s = 4_000.0;
                let report = duel.play(&KineticIntercept { guidance, ..KineticIntercept::default() }, &Ballistic {}, 1);
                assert!(report.captured, "{guidance:?}, {name}: least range {} m", report.least_range_m);
            }
        }
    }

    #[test]
    fn hits_from_a_hundred_kilometres_within_its_time() {
        let mut duel = Duel::two_body([2_000.0, -100_000.0, 3_000.0], [0.0; 3]);
        duel.time_limit_s = 5_000.0;
        duel.ships[0].delta_v_left_m_s = 120.0;
        duel.ships[0].max_acceleration_m_s2 = 0.1;
        let behaviour = KineticIntercept {
            closing_time_s: Distribution::Fixed(3_000.0),
            seeker_range_m: Distribution::Fixed(3e4),
            ..KineticIntercept::default()
        };
        let report = duel.play(&behaviour, &Ballistic {}, 3);
        assert!(report.captured, "least range {} m", report.least_range_m);
        assert!(report.duration_s < 3_100.0, "{} s", report.duration_s);
        assert!(report.pursuer_delta_v_m_s < 100.0, "{} m/s", report.pursuer_delta_v_m_s);
    }

    #[test]
    fn a_blind_one_hits_what_coasts_and_misses_what_has_burnt() {
        let blind = KineticIntercept { seeker_range_m: Distribution::Fixed(0.0), ..KineticIntercept::default() };
        let seeing = KineticIntercept { seeker_half_angle_rad: Distribution::Fixed(3.1), ..KineticIntercept::default() };
        let mut duel = Duel::relative([500.0, -6_000.0, 300.0], [0.0, 0.5, 0.0]);
        duel.time_limit_s = 3_900.0;
        duel.capture_radius_m = 100.0;
        assert!(duel.play(&blind, &Ballistic {}, 2).captured);
        let flees = super::super::flee::Flee { trigger_range_m: Distribution::Fixed(1e6) };
        duel.ships[1].delta_v_left_m_s = 1.0;
        assert!(!duel.play(&blind, &flees, 2).captured);
        assert!(duel.play(&seeing, &flees, 2).captured);
    }
}
