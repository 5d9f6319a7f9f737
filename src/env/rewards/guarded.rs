//! How far an opponent is from a friend, as a potential.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::approach::Scale;
use super::{Consequence, Term};
use crate::sim::view::{Track, View};

/// Φ = weight × log10(d + floor), or weight × d / unit, with the least distance d of the target and the nearest friend on a
/// straight line at their present velocities within the horizon: what the target threatens to come to.
///
/// The nearest friend is the one nearest to the target, of the tracks of own team.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guarded {
    /// Weight.
    pub weight: f64,
    /// How the distance is weighed.
    pub scale: Scale,
    /// How far ahead the line is followed [s]; zero for the present distance.
    pub horizon_s: f64,
}

impl Guarded {
    fn weighed(&self, view: &View) -> f64 {
        let Some(target) = view.target() else { return 0.0 };
        let distance_m = |friend: &Track| {
            let position_m = target.position_rtn_m - friend.position_rtn_m;
            let velocity_m_s = target.velocity_rtn_m_s - friend.velocity_rtn_m_s;
            let closest_s = -position_m.dot(&velocity_m_s) / (velocity_m_s.norm_squared() + 1e-12);
            (position_m + velocity_m_s * closest_s.clamp(0.0, self.horizon_s)).norm()
        };
        let friends = view.tracks().filter(|track| track.team == view.own.team);
        friends.map(distance_m).min_by(f64::total_cmp).map_or(0.0, |nearest_m| self.scale.weigh(nearest_m))
    }
}

impl Term for Guarded {
    fn pay(&self, consequence: &Consequence<'_>) -> f64 {
        self.weight * (self.weighed(consequence.after) - self.weighed(consequence.before))
    }

    fn faults(&self) -> Vec<(&'static str, String)> {
        let horizon = (!(self.horizon_s.is_finite() && self.horizon_s >= 0.0))
            .then(|| ("horizon_s", format!("{} s must not be below zero", self.horizon_s)));
        super::finite("weight", self.weight).into_iter().chain(self.scale.fault()).chain(horizon).collect()
    }
}
