//! How long an encounter lasts.

use nalgebra::Vector3;

use super::Conjunction;
use super::closest_approach::half_period_s;

/// Standard deviations beyond which an encounter is over: a two-sided normal tail of 1e-16.
const DEVIATIONS: f64 = 8.222;

/// The time within which two objects can collide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct EncounterSpan {
    /// From the epoch of the states to its start and end [s].
    pub(super) ends_s: [f64; 2],
    /// Whether an end of the encounter lies further out than a quarter of the shorter period, at which it is cut: half a
    /// revolution from closest approach, orbits that cross meet again, and the next encounter begins in between.
    pub(super) cut: bool,
}

impl EncounterSpan {
    /// The span about the epoch of the states, which is taken for closest approach.
    ///
    /// Along the relative velocity the relative position is normal with mean |Δv| t and variance
    /// σ²(t) = σ_r² + 2 σ_rv t + σ_v² t². Outside of the span its mean is further than the hard-body radius and 8.2 σ(t)
    /// from zero. Source: Coppola, Evaluating the short encounter assumption of the probability of collision formula, AAS
    /// 12-248. Cut to half a revolution in all, as the test cases of Alfano, Satellite conjunction Monte Carlo analysis, AAS
    /// 09-233, are (6 hours about closest approach at GEO).
    pub(super) fn of(conjunction: &Conjunction, deviations: f64) -> Self {
        let quarter_period_s = 0.5 * half_period_s(&conjunction.states, conjunction.mu_m3_s2);
        let [first, second] = &conjunction.states;
        let velocity = second.velocity_m_s - first.velocity_m_s;
        let speed = velocity.norm();
        let radius = conjunction.hard_body_radius_m;
        let limit = |end_s: Option<f64>| end_s.filter(|end_s| end_s.is_finite()).map_or(f64::INFINITY, f64::abs);
        let (mut ends_s, mut cut) = ([0.0; 2], false);
        let direction = if speed > 0.0 { velocity / speed } else { Vector3::x() };
        let covariance = conjunction.covariances[0] + conjunction.covariances[1];
        let along =
            |row: usize, column: usize| (covariance.fixed_view::<3, 3>(row, column) * direction).dot(&direction);
        let (position, cross, rate) = (along(0, 0).max(0.0), along(0, 3), along(3, 3).max(0.0));
        for (end_s, sign) in ends_s.iter_mut().zip([-1.0, 1.0]) {
            // (|Δv| t - R)² = k² (σ_r² ± 2 σ_rv t + σ_v² t²), the root beyond R / |Δv|, t counted outwards.
            let k2 = deviations * deviations;
            let a = speed * speed - k2 * rate;
            let half_b = -(speed * radius + sign * k2 * cross);
            let c = radius * radius - k2 * position;
            let root = if a > 0.0 {
                let discriminant = half_b * half_b - a * c;
                (discriminant >= 0.0).then(|| (-half_b + discriminant.sqrt()) / a)
            } else {
                // The deviation grows faster than the distance: the encounter has no end of its own.
                None
            };
            let own_s = limit(root).max(if speed > 0.0 { radius / speed } else { f64::INFINITY });
            cut |= own_s > quarter_period_s;
            *end_s = sign * own_s.min(quarter_period_s);
        }
        Self { ends_s, cut }
    }

    /// The span of [`DEVIATIONS`].
    pub(super) fn whole(conjunction: &Conjunction) -> Self {
        Self::of(conjunction, DEVIATIONS)
    }

    /// Half of the span's length [s].
    pub(super) fn half_s(&self) -> f64 {
        0.5 * (self.ends_s[1] - self.ends_s[0])
    }
}
