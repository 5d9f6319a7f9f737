//! Standing between a friend and the one that is after it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::steering::steer;
use super::zem_zev::ZemZev;
use super::{Behaviour, Memory};
use crate::astro::Vector3;
use crate::astro::relative::ClohessyWiltshire;
use crate::astro::rtn::RelativeState;
use crate::sim::distribution::Distribution;
use crate::sim::seeds::Generator;
use crate::sim::view::{Track, View};

/// Keeps to the line from the nearest friend to the target, close to the friend, until the target comes within reach, and
/// meets it then by zero-effort-miss feedback.
///
/// Where the two will be is predicted by coasting. A raider has to come to the friend in the end, so that who waits there
/// spends little; it then has less time to answer what the raider does.
/// Source: Rusnak, The lady, the bandits and the body guards: a two team dynamic game, IFAC World Congress, 2005.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Interpose {
    /// Distance from the friend [m], half of that to the target at most.
    pub standoff_m: Distribution,
    /// Distance of target and friend, or of target and own ship, below which the target is met [m].
    pub engagement_range_m: Distribution,
    /// Time in which what is off the line is taken away [s].
    pub settling_s: Distribution,
    /// How the target is met. Early meetings leave time for another where the target dodges the first, so that a second is worth
    /// more than to one who only pursues.
    pub meeting: ZemZev,
}

impl Default for Interpose {
    fn default() -> Self {
        Self {
            standoff_m: Distribution::Fixed(400.0),
            engagement_range_m: Distribution::Fixed(3_500.0),
            settling_s: Distribution::Fixed(200.0),
            meeting: ZemZev {
                time_weight_m_s2: Distribution::Fixed(0.02),
                target_acceleration_horizon_s: Distribution::Fixed(20.0),
                dead_band_m: Distribution::Fixed(5.0),
                ..ZemZev::default()
            },
        }
    }
}

/// Speed of the way to the line [m/s], and correction of a segment that is let be [m/s].
const WAY_SPEED_M_S: f64 = 1.5;
const DEAD_BAND_M_S: f64 = 0.02;

/// The nearest object of own team.
fn friend(view: &View) -> Option<&Track> {
    view.tracks()
        .filter(|track| track.team == view.own.team)
        .min_by(|a, b| a.position_rtn_m.norm_squared().total_cmp(&b.position_rtn_m.norm_squared()))
}

impl Behaviour for Interpose {
    fn begin(&self, generator: &mut Generator) -> Memory {
        let mut memory = self.meeting.begin(generator);
        memory.parameters[5] = self.standoff_m.sample(generator);
        memory.parameters[6] = self.engagement_range_m.sample(generator);
        memory.parameters[7] = self.settling_s.sample(generator);
        memory
    }

    fn accelerate(&self, view: &View, memory: &mut Memory, generator: &mut Generator) -> Vector3 {
        let [.., standoff_m, engagement_m, settling_s] = memory.parameters;
        let (Some(target), Some(friend)) = (view.target(), friend(view)) else {
            return self.meeting.accelerate(view, memory, generator);
        };
        let between_m = (target.position_rtn_m - friend.position_rtn_m).norm();
        if between_m.min(target.range_m()) < engagement_m {
            return self.meeting.accelerate(view, memory, generator);
        }
        let horizon_s = settling_s.max(friend.range_m() / WAY_SPEED_M_S).min(1_200.0);
        let ahead = ClohessyWiltshire::over(view.own.mean_motion_rad_s, horizon_s);
        let then = |track: &Track| {
            let (position_rtn_m, velocity_rtn_m_s) = (track.position_rtn_m, track.velocity_rtn_m_s);
            ahead.zero_effort_miss_m(&RelativeState { position_rtn_m, velocity_rtn_m_s })
        };
        let (friend_m, line_m) = (then(friend), then(target) - then(friend));
        let distance_m = line_m.norm().max(1e-9);
        // Relative to own ship coasting, which stays at the origin.
        let wanted_m = friend_m + line_m * (standoff_m.min(0.5 * distance_m) / distance_m);
        let coasting = RelativeState { position_rtn_m: Vector3::zeros(), velocity_rtn_m_s: Vector3::zeros() };
        steer(view, &coasting, &wanted_m, horizon_s, DEAD_BAND_M_S)
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        [
            ("standoff_m", self.standoff_m.fault_outside(0.0, f64::INFINITY)),
            ("engagement_range_m", self.engagement_range_m.fault_outside(0.0, f64::INFINITY)),
            ("settling_s", self.settling_s.fault_outside(f64::MIN_POSITIVE, f64::INFINITY)),
        ]
        .into_iter()
        .filter_map(|(field, fault)| Some((field, fault?)))
        .chain(self.meeting.faults())
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::super::harness::Duel;
    use super::*;

    /// Own ship abeam of a friend, its target 6 km beyond along T.
    fn view(target_m: f64) -> View {
        let mut view = Duel::relative([0.0, -target_m, 0.0], [0.0; 3]).pursuer_view();
        view.tracks[1] =
            Track { team: view.own.team, position_rtn_m: Vector3::new(0.0, 0.0, 500.0), ..Track::ABSENT };
        view
    }

    #[test]
    fn far_from_the_target_it_makes_for_the_line_and_near_it_for_the_target() {
        let mut generator = Generator::seed_from_u64(1);
        let interpose = Interpose::default();
        let mut memory = interpose.begin(&mut generator);
        let far = view(6_000.0);
        let to_the_line = interpose.accelerate(&far, &mut memory, &mut generator);
        assert!(to_the_line.z > 0.0 && to_the_line.y > 0.0, "{to_the_line}");
        let near = view(1_500.0);
        let to_the_target = interpose.accelerate(&near, &mut memory, &mut generator);
        assert!(to_the_target.y > 10.0 * to_the_target.z.abs(), "{to_the_target}");
    }
}
