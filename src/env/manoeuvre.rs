//! What the target's thrust says of it: what a policy is shown in the last place but one of its observation.
//!
//! An evader does not tell by which rule it answers, but its burn does: straight away, across the line of sight, along the
//! miss, held or changing. Which burn meets it depends on whether it burns on, so both answers are shown.

use super::intercept::Intercept;
use crate::astro::Vector3;
use crate::sim::view::Track;

/// The target's manoeuvre as own ship sees it. The line of sight runs from own ship to the target.
#[derive(Clone, Copy, Debug)]
pub struct Manoeuvre {
    /// Acceleration of the burn of least energy that meets the target if it coasts from now on [m/s²], own RTN.
    pub if_it_coasts_m_s2: Vector3,
    /// The same if it burns on until then, as far as its Δv allows [m/s²], own RTN.
    pub if_it_burns_on_m_s2: Vector3,
    /// Direction of the target's acceleration: along the line of sight, across it out of the orbital plane, across it in
    /// the plane; zero while it coasts.
    pub burn_direction: Vector3,
    /// Cosine of the angle between that direction and the straight-line miss, from own ship's closest approach to the target.
    pub burn_along_miss: f64,
    /// Time for which the acceleration has been about the same [s].
    pub held_s: f64,
    /// Time of closest approach on a straight line [s]; past if negative.
    pub closest_approach_s: f64,
    /// Distance [m].
    pub range_m: f64,
    /// Closing speed along the line of sight [m/s].
    pub closing_speed_m_s: f64,
    /// Speed across the line of sight [m/s].
    pub crossing_speed_m_s: f64,
}

impl Manoeuvre {
    /// What is seen of `target`, whose cheapest intercept is at hand.
    #[must_use]
    pub fn of(target: &Track, intercept: &Intercept) -> Self {
        let unit = |vector: &Vector3| vector / vector.norm().max(1e-9);
        let line_of_sight = unit(&target.position_rtn_m);
        let across = |vector: &Vector3| vector - line_of_sight * line_of_sight.dot(vector);
        // Where the line of sight is the normal itself, no direction across it is out of plane.
        let out_of_plane = unit(&across(&Vector3::z()));
        let burn = unit(&target.acceleration_rtn_m_s2);
        let closest_approach_s = target.time_to_closest_approach_s();
        let miss_m = target.position_rtn_m + target.velocity_rtn_m_s * closest_approach_s.clamp(0.0, 1e4);
        let if_it_holds = |lasts_s: f64| intercept.believing(target, lasts_s).acceleration_m_s2;
        Self {
            if_it_coasts_m_s2: if_it_holds(0.0),
            if_it_burns_on_m_s2: if_it_holds(f64::INFINITY),
            burn_direction: Vector3::new(
                burn.dot(&line_of_sight),
                burn.dot(&out_of_plane),
                burn.dot(&line_of_sight.cross(&out_of_plane)),
            ),
            burn_along_miss: burn.dot(&unit(&miss_m)),
            held_s: target.acceleration_held_s,
            closest_approach_s,
            range_m: target.range_m(),
            closing_speed_m_s: -line_of_sight.dot(&target.velocity_rtn_m_s),
            crossing_speed_m_s: across(&target.velocity_rtn_m_s).norm(),
        }
    }
}
