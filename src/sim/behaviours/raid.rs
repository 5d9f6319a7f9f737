//! A raider: it makes for its target and dodges whoever comes in its way.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::line_of_sight::LineOfSight;
use super::zem_zev::ZemZev;
use super::{Behaviour, Memory};
use crate::astro::Vector3;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::threat_class::ThreatClass;
use crate::sim::view::{Mark, View};

/// Zero-effort-miss feedback towards the target, with a burn across the way of an opponent that is about to meet it.
///
/// An opponent that would pass within the danger radius before the horizon, on a straight line, is dodged: the burn grows
/// the miss. What is left of the thrust goes on towards the target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Raid {
    /// Distance at which an opponent may not pass [m].
    pub danger_radius_m: Distribution,
    /// How far ahead a passage is looked for [s].
    pub horizon_s: Distribution,
    /// Share of the thrust that goes into a dodge, 0 to 1.
    pub dodge_share: Distribution,
}

impl Default for Raid {
    fn default() -> Self {
        Self {
            danger_radius_m: Distribution::Uniform(150.0, 400.0),
            horizon_s: Distribution::Uniform(60.0, 200.0),
            dodge_share: Distribution::Uniform(0.5, 1.0),
        }
    }
}

impl Behaviour for Raid {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = ZemZev::default().begin(generator);
        memory.parameters[5] = self.danger_radius_m.sample(generator);
        memory.parameters[6] = self.horizon_s.sample(generator);
        memory.parameters[7] = self.dodge_share.sample(generator);
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Vector3 {
        let [.., danger_m, horizon_s, share] = memory.parameters;
        let wanted = ZemZev::default().accelerate(view, memory, generator);
        let greatest = view.own.max_acceleration_m_s2;
        let opponents = view.tracks().filter(|track| track.team != view.own.team && track.mark != Mark::Goal);
        let passages = opponents.filter_map(|track| {
            let time_s = track.time_to_closest_approach_s().clamp(0.0, horizon_s);
            let miss_m = track.position_rtn_m + track.velocity_rtn_m_s * time_s;
            let closing = track.time_to_closest_approach_s() > 0.0;
            (closing && miss_m.norm() < danger_m).then_some((time_s, miss_m, track))
        });
        let Some((_, miss_m, track)) = passages.min_by(|a, b| a.0.total_cmp(&b.0)) else { return wanted };
        // Away from where it would pass; a head-on meeting is left out of plane.
        let away = miss_m.try_normalize(1e-3).map_or_else(|| LineOfSight::to(track).out_of_plane, |miss| -miss);
        let onward = if wanted.norm() > greatest { wanted * (greatest / wanted.norm()) } else { wanted };
        away * (greatest * share) + onward * (1.0 - share)
    }

    fn class(&self, _memory: &Memory, _time_s: f64) -> ThreatClass {
        ThreatClass::KineticIntercept
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("danger_radius_m", self.danger_radius_m.fault_outside(0.0, f64::INFINITY)),
            ("horizon_s", self.horizon_s.fault_outside(0.0, f64::INFINITY)),
            ("dodge_share", self.dodge_share.fault_outside(0.0, 1.0)),
        ]
        .into_iter()
        .filter_map(|(field, fault)| Some((field, fault?)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::super::harness::Duel;
    use super::*;
    use crate::sim::view::Track;

    #[test]
    fn it_makes_for_its_target_and_dodges_a_guard_on_a_meeting_course() {
        let mut generator = Generator::seed_from_u64(1);
        let raid = Raid { dodge_share: Distribution::Fixed(1.0), ..Raid::default() };
        let mut memory = raid.begin(&mut generator);
        let alone = Duel::relative([0.0, -4_000.0, 0.0], [0.0; 3]).pursuer_view();
        let onward = raid.accelerate(&alone, &mut memory, &mut generator);
        assert_eq!(onward, ZemZev::default().accelerate(&alone, &mut memory.clone(), &mut generator));
        assert!(onward.y > 0.0);
        let mut guarded = alone;
        guarded.tracks[1] = Track {
            team: 2,
            position_rtn_m: Vector3::new(20.0, 500.0, 0.0),
            velocity_rtn_m_s: Vector3::new(0.0, -10.0, 0.0),
            ..Track::ABSENT
        };
        // It would pass 20 m above: the burn goes down, with all there is.
        let dodge = raid.accelerate(&guarded, &mut memory, &mut generator);
        let greatest = guarded.own.max_acceleration_m_s2;
        assert!((dodge - Vector3::new(-greatest, 0.0, 0.0)).norm() < 1e-9, "{dodge}");
        // One that draws away is let be.
        guarded.tracks[1].velocity_rtn_m_s.y = 10.0;
        assert!(raid.accelerate(&guarded, &mut memory, &mut generator).y > 0.0);
    }
}
