//! From what an observer's tracks and systems hold to one sample of the 30 channels.

use std::f64::consts::TAU;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::channels::CHANNELS;
use crate::astro::conjunction::encounter::EncounterPlane;
use crate::astro::conjunction::short_encounter;
use crate::astro::relative::ClohessyWiltshire;
use crate::astro::rtn::{RelativeState, RtnFrame};
use crate::astro::{CartesianState, Vector3, kepler};
use crate::sim::release::COMPANY_M;
use crate::sim::tracks::estimate::Estimate;
use crate::sim::tracks::track::Track;

/// Hard-body radius of the two together, for the probability of collision [m].
pub const HARD_BODY_RADIUS_M: f64 = 10.0;
/// What the probability of collision is not told below, as its logarithm.
const LEAST_LOG10_PROBABILITY: f64 = -30.0;
/// Estimated accelerations below so many standard deviations do not count as burns.
const SIGNIFICANT_SIGMAS: f64 = 2.0;

/// Relative tolerance of the probability of collision.
const PROBABILITY_TOLERANCE: f64 = 1e-4;

/// Times of a revolution at which a passage is looked for.
const GRID: usize = 36;
/// Turn of own orbit within which relative motion is taken as straight [rad].
const FAST_RAD: f64 = 0.17;
/// Range within which Clohessy and Wiltshire's solution is as good as two-body motion [m].
const NEAR_M: f64 = 20e3;
/// Steps of Newton's by which the time of a passage is set right.
const REFINEMENTS: usize = 2;
/// Turn of own orbit with its sine and cosine, by step of the grid.
static TURNS: LazyLock<[(f64, (f64, f64)); GRID + 1]> = LazyLock::new(|| {
    std::array::from_fn(|step| {
        let turn_rad = TAU * step as f64 / GRID as f64;
        (turn_rad, libm::sincos(turn_rad))
    })
});

/// When two that move straight are nearest [s].
fn straight_time_s(position: &Vector3, velocity: &Vector3) -> f64 {
    -position.dot(velocity) / velocity.norm_squared().max(1e-12)
}

/// When the two are nearest within the coming revolution by Clohessy and Wiltshire's solution [s]: the least of a grid, set right by Newton's
/// method on the derivative of the square distance, by `limit_s` in all.
fn nearest_passage_s(mean_motion_rad_s: f64, relative: &RelativeState, limit_s: f64) -> f64 {
    let n = mean_motion_rad_s;
    let coast = |map: &ClohessyWiltshire| map.apply(relative, &Vector3::zeros());
    let (mut nearest, mut least) = (0.0, f64::INFINITY);
    // Vallado, eq. 6-51, with velocities as lengths a radian.
    let (r, v) = (&relative.position_rtn_m, relative.velocity_rtn_m_s / n);
    let drift = 6.0 * r.x + 3.0 * v.y;
    for (turn_rad, (sine, cosine)) in TURNS.iter() {
        let radial = 4.0 * r.x + 2.0 * v.y + v.x * sine - (3.0 * r.x + 2.0 * v.y) * cosine;
        let transverse = r.y - 2.0 * v.x + (6.0 * r.x + 4.0 * v.y) * sine + 2.0 * v.x * cosine - drift * turn_rad;
        let normal = r.z * cosine + v.z * sine;
        let square = radial * radial + transverse * transverse + normal * normal;
        if square < least {
            (nearest, least) = (turn_rad / n, square);
        }
    }
    let mut refined = nearest;
    for _ in 0..REFINEMENTS {
        let RelativeState { position_rtn_m: r, velocity_rtn_m_s: v } = coast(&ClohessyWiltshire::over(n, refined));
        let acceleration = Vector3::new(3.0 * n * n * r.x + 2.0 * n * v.y, -2.0 * n * v.x, -n * n * r.z);
        let curvature = v.norm_squared() + r.dot(&acceleration);
        if curvature <= 0.0 {
            break;
        }
        refined = (refined - r.dot(&v) / curvature).clamp(nearest - limit_s, nearest + limit_s).max(0.0);
    }
    refined
}

/// Where something stands and moves relative to own ship, along the axes of GCRF but with own ship in the origin, when own frame has turned
/// for `seconds` as on a circular orbit.
fn inertial_after(frame: &RtnFrame, seconds: f64, relative: &RelativeState) -> CartesianState {
    let (sine, cosine) = libm::sincos(frame.rate_rad_s * seconds);
    let turned = RtnFrame {
        radial: frame.radial * cosine + frame.transverse * sine,
        transverse: frame.transverse * cosine - frame.radial * sine,
        ..*frame
    };
    let turning = Vector3::new(0.0, 0.0, frame.rate_rad_s).cross(&relative.position_rtn_m);
    CartesianState {
        position_m: turned.to_gcrf(&relative.position_rtn_m),
        velocity_m_s: turned.to_gcrf(&(relative.velocity_rtn_m_s + turning)),
    }
}

/// What the sampler of one track remembers from sample to sample.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrackMemory {
    /// Δv of the track so far [m/s].
    cumulative_delta_v_m_s: f64,
    /// Time of the last sample [s]; none before the first.
    last_s: Option<f64>,
    /// Objects in the gate when all tracks were last of one time; none before.
    company: Option<f64>,
}

/// What the observer knows at the time of a sample.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// Time since the start of the episode [s].
    pub time_s: f64,
    /// Own state, GCRF, as navigation tells it.
    pub own: CartesianState,
    /// Gravitational parameter [m³/s²].
    pub mu_m3_s2: f64,
    /// All tracks that the observer keeps.
    pub tracks: &'a [Option<Track>],
    /// The one that the window is about.
    pub focus: usize,
    /// Unit vector to the Sun, GCRF.
    pub sun: Vector3,
    /// Time within which a track that was not measured counts as unseen [s].
    pub stale_after_s: f64,
}

impl Observed<'_> {
    /// Channels 0 to 20 of the focus; NaN where it is not tracked or was not measured of late. The other channels are left alone. Objects in
    /// the gate are counted when all tracks are of one time, and remembered until they are again.
    pub fn write_track(&self, memory: &mut TrackMemory, out: &mut [f64; CHANNELS]) {
        out[..21].fill(f64::NAN);
        let elapsed_s = memory.last_s.map_or(0.0, |last_s| self.time_s - last_s);
        memory.last_s = Some(self.time_s);
        let Some(track) = self.tracks.get(self.focus).and_then(Option::as_ref) else { return };
        let estimate = &track.estimate;
        let acceleration = estimate.acceleration_m_s2();
        if acceleration.norm() > SIGNIFICANT_SIGMAS * acceleration_sigma_m_s2(estimate) {
            memory.cumulative_delta_v_m_s += acceleration.norm() * elapsed_s;
        }
        if self.time_s - track.last_hit_s > self.stale_after_s {
            return;
        }
        let state = estimate.state();
        let frame = RtnFrame::of(&self.own);
        let relative = RelativeState::in_frame(&frame, &self.own, &state);
        let RelativeState { position_rtn_m, velocity_rtn_m_s } = relative;
        let range_m = position_rtn_m.norm();
        out[0] = range_m;
        out[1] = position_rtn_m.dot(&velocity_rtn_m_s) / range_m.max(1e-9);
        out[2..5].copy_from_slice(position_rtn_m.as_slice());
        out[5..8].copy_from_slice(velocity_rtn_m_s.as_slice());
        self.write_elements(&state, out);
        self.write_conjunction(estimate, &state, &frame, &relative, out);
        out[14] = acceleration.norm();
        out[15] = memory.cumulative_delta_v_m_s;
        if let Some(curve) = track.contact.light_curve {
            out[16] = curve.magnitude;
            out[18] = curve.variance;
        }
        out[17] = track.contact.cross_section_dbsm.unwrap_or(f64::NAN);
        let sight = (self.own.position_m - state.position_m).normalize();
        out[19] = libm::acos(sight.dot(&self.sun).clamp(-1.0, 1.0));
        if self.tracks.iter().flatten().all(|other| other.estimate.time_s == estimate.time_s) {
            let near = |other: &Track| (other.estimate.state().position_m - state.position_m).norm() < COMPANY_M;
            memory.company = Some(self.tracks.iter().flatten().filter(|other| near(other)).count() as f64);
        }
        out[20] = memory.company.unwrap_or(f64::NAN);
    }

    /// Δa, |δe| and |δi|: differences of the semi-major axes, the eccentricity vectors and the orbits' normals.
    fn write_elements(&self, state: &CartesianState, out: &mut [f64; CHANNELS]) {
        let shape = |state: &CartesianState| {
            let (position, velocity) = (&state.position_m, &state.velocity_m_s);
            let radius_m = position.norm();
            let energy = 0.5 * velocity.norm_squared() - self.mu_m3_s2 / radius_m;
            let eccentricity = velocity.cross(&position.cross(velocity)) / self.mu_m3_s2 - position / radius_m;
            (-0.5 * self.mu_m3_s2 / energy, eccentricity, position.cross(velocity).normalize())
        };
        let (own, other) = (shape(&self.own), shape(state));
        if own.0 > 0.0 && other.0 > 0.0 {
            out[8] = other.0 - own.0;
        }
        out[9] = (other.1 - own.1).norm();
        out[10] = libm::atan2(own.2.cross(&other.2).norm(), own.2.dot(&other.2));
    }

    /// The nearest passage within the coming revolution: its time from now [s], and both states then; where Clohessy and Wiltshire's
    /// solution serves, in axes like GCRF's with own ship at rest in their origin.
    ///
    /// By Clohessy-Wiltshire prediction where the two are near. Where they are far apart, or pass fast, that only begins the search, or a
    /// straight line does, and two-body motion sets it right.
    fn closest_approach(
        &self,
        state: &CartesianState,
        frame: &RtnFrame,
        relative: &RelativeState,
    ) -> (f64, [CartesianState; 2]) {
        let RelativeState { position_rtn_m: position, velocity_rtn_m_s: velocity } = relative;
        let mean_motion_rad_s = frame.rate_rad_s;
        // Not further than a step of the grid, beyond which a straight line says nothing.
        let limit_s = FAST_RAD / mean_motion_rad_s;
        let straight_s = straight_time_s(position, velocity);
        let is_straight = straight_s.abs() < limit_s;
        let mut offset_s =
            if is_straight { straight_s } else { nearest_passage_s(mean_motion_rad_s, relative, limit_s) };
        let is_near = position.norm() <= NEAR_M;
        if !is_straight && is_near {
            let map = ClohessyWiltshire::over(mean_motion_rad_s, offset_s);
            let origin = CartesianState { position_m: Vector3::zeros(), velocity_m_s: Vector3::zeros() };
            let then = map.apply(relative, &Vector3::zeros());
            return (offset_s, [origin, inertial_after(frame, offset_s, &then)]);
        }
        let at = |seconds: f64| [self.own, *state].map(|state| kepler::propagate(&state, self.mu_m3_s2, seconds));
        let mut states = at(offset_s);
        for _ in 0..REFINEMENTS {
            let apart = states[1].position_m - states[0].position_m;
            let step_s = straight_time_s(&apart, &(states[1].velocity_m_s - states[0].velocity_m_s));
            offset_s += step_s.clamp(-limit_s, limit_s);
            states = at(offset_s);
        }
        (offset_s, states)
    }

    /// Time of closest approach, log10 Pc and Mahalanobis miss, by two-body motion; the covariance is moved along a straight line.
    fn write_conjunction(
        &self,
        estimate: &Estimate,
        state: &CartesianState,
        frame: &RtnFrame,
        relative: &RelativeState,
        out: &mut [f64; CHANNELS],
    ) {
        let (offset_s, states) = self.closest_approach(state, frame, relative);
        out[11] = offset_s;
        let covariance_m2 = estimate.position_covariance_after_m2(offset_s);
        let Some(plane) = EncounterPlane::of(&states, &covariance_m2) else { return };
        let least = libm::exp10(LEAST_LOG10_PROBABILITY);
        let probability = short_encounter::rough_probability(&plane, HARD_BODY_RADIUS_M, PROBABILITY_TOLERANCE, least);
        out[12] = libm::log10(probability).max(LEAST_LOG10_PROBABILITY);
        out[13] = plane.mahalanobis_distance(HARD_BODY_RADIUS_M).min(1e6);
    }
}

fn acceleration_sigma_m_s2(estimate: &Estimate) -> f64 {
    estimate.covariance.fixed_view::<3, 3>(6, 6).trace().max(0.0).sqrt()
}

#[cfg(test)]
mod tests {
    use nalgebra::Matrix3;

    use super::super::channels::index_of;
    use super::*;
    use crate::astro::constants::EARTH_MU_M3_S2;
    use crate::astro::kepler;
    use crate::astro::rtn::RtnFrame;

    fn own() -> CartesianState {
        let speed_m_s = (EARTH_MU_M3_S2 / 7e6).sqrt();
        CartesianState {
            position_m: Vector3::new(7e6, 0.0, 0.0),
            velocity_m_s: Vector3::new(0.0, 0.6 * speed_m_s, 0.8 * speed_m_s),
        }
    }

    fn sample(tracks: &[Option<Track>], time_s: f64) -> [f64; CHANNELS] {
        let observed = Observed {
            time_s,
            own: own(),
            mu_m3_s2: EARTH_MU_M3_S2,
            tracks,
            focus: 1,
            sun: Vector3::new(1.0, 0.0, 0.0),
            stale_after_s: 60.0,
        };
        let mut out = [1.0; CHANNELS];
        observed.write_track(&mut TrackMemory::default(), &mut out);
        out
    }

    fn track(state: &CartesianState) -> Option<Track> {
        Some(Track::given(Estimate::about(0.0, state, [20.0, 0.01, 0.0])))
    }

    #[test]
    fn a_leader_on_the_same_orbit_has_no_difference_of_elements() {
        let leader = kepler::propagate(&own(), EARTH_MU_M3_S2, 2.0);
        let out = sample(&[None, track(&leader)], 0.0);
        assert!((out[0] - (leader.position_m - own().position_m).norm()).abs() < 1e-6);
        assert!(out[3] > 15e3 && out[8].abs() < 1e-3 && out[9] < 1e-9 && out[10] < 1e-9, "{out:?}");
        assert_eq!((out[14], out[15], out[20]), (0.0, 0.0, 1.0));
        // The Sun is behind own ship's back, nearly: a leader is lit from the side.
        assert!((out[19] - std::f64::consts::FRAC_PI_2).abs() < 0.01);
        assert!(out[16].is_nan() && out[17].is_nan(), "neither telescope nor radar looked");
        assert_eq!(out[21], 1.0, "not a channel of the track");
    }

    #[test]
    fn a_crossing_shows_its_time_and_probability() {
        let later = kepler::propagate(&own(), EARTH_MU_M3_S2, 600.0);
        let frame = RtnFrame::of(&later);
        let crossing =
            CartesianState { position_m: later.position_m + frame.radial * 5.0, velocity_m_s: -later.velocity_m_s };
        let now = kepler::propagate(&crossing, EARTH_MU_M3_S2, -600.0);
        let of = |name| index_of(name).expect("a channel");
        let hit = sample(&[None, track(&now)], 0.0);
        assert!((hit[of("time_of_closest_approach")] - 600.0).abs() < 1e-3);
        // 20.9 m of deviation (20 m, and 0.01 m/s for 600 s) on each of two axes and 10 m of hard body: 1 - exp(-10² / (2 × 20.9²)).
        assert!((hit[of("log10_collision_probability")] + 0.97).abs() < 0.05, "{}", hit[12]);
        assert!(hit[of("mahalanobis_miss")] < 0.5);
    }

    #[test]
    fn a_slow_passage_is_found_where_two_body_motion_has_it() {
        let n = RtnFrame::of(&own()).rate_rad_s;
        // An ellipse of 400 m about own ship, drifting past it.
        let relative = RelativeState {
            position_rtn_m: Vector3::new(400.0, -900.0, 150.0),
            velocity_rtn_m_s: Vector3::new(0.1, -2.0 * n * 400.0 + 0.2, 0.1),
        };
        let other = relative.to_gcrf(&own());
        let out = sample(&[None, track(&other)], 0.0);
        let distance = |seconds: f64| {
            let at = |state: &CartesianState| kepler::propagate(state, EARTH_MU_M3_S2, seconds).position_m;
            (at(&other) - at(&own())).norm()
        };
        let best_s = (0..5_828).map(f64::from).min_by(|a, b| distance(*a).total_cmp(&distance(*b))).unwrap_or(0.0);
        assert!((out[11] - best_s).abs() < 10.0, "{} against {best_s}", out[11]);
        assert!(distance(out[11]) - distance(best_s) < 0.5, "{} against {} m", distance(out[11]), distance(best_s));
    }

    #[test]
    fn what_was_not_measured_of_late_is_a_gap() {
        let leader = kepler::propagate(&own(), EARTH_MU_M3_S2, 2.0);
        let out = sample(&[None, track(&leader)], 61.0);
        assert!(out[..21].iter().all(|value| value.is_nan()));
        assert!(sample(&[None, None], 0.0)[..21].iter().all(|value| value.is_nan()));
    }

    #[test]
    fn covariance_grows_along_a_straight_line() {
        let estimate = Estimate::about(0.0, &own(), [2.0, 0.1, 0.0]);
        let grown = estimate.position_covariance_after_m2(10.0);
        assert!((grown - Matrix3::identity() * 5.0).norm() < 1e-12);
    }
}
