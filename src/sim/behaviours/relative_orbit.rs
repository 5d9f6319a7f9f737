//! Own orbit relative to a tracked object: elements that stay as they are while nobody burns, and hops between them.

use std::f64::consts::TAU;

use crate::astro::relative::ClohessyWiltshire;
use crate::astro::relative_elements::RelativeElements;
use crate::astro::rtn::{RelativeState, RtnFrame};
use crate::astro::{CartesianState, Vector3};
use crate::sim::view::{Track, View};

/// Own orbit relative to a tracked object's.
///
/// Angles of the eccentricity and inclination vectors count from where the object is now, so that its argument of latitude is
/// zero now and grows at its mean motion. In the Hill frame the elements are exact integrals of the Clohessy-Wiltshire
/// equations; in GCRF they are differences of semi-major axis, mean longitude, Laplace vector and orbital normal, which two-body
/// motion leaves alone for any eccentricity and inclination (also 0, where the node of [`RelativeElements::between`] is lost).
/// Source: D'Amico and Montenbruck, JGCD 29, 2006, eq. 2 to 11.
#[derive(Clone, Copy, Debug)]
pub(super) struct RelativeOrbit {
    /// The elements.
    pub(super) elements: RelativeElements,
    /// Mean motion of the object [rad/s].
    pub(super) mean_motion_rad_s: f64,
}

/// What of an orbit its relative elements are made from.
struct Shape {
    axis_m: f64,
    /// Laplace vector, GCRF [-]: to the perigee, as long as the eccentricity.
    eccentricity: Vector3,
    frame: RtnFrame,
    /// Mean minus true anomaly [rad].
    equation_of_centre_rad: f64,
}

/// Semi-major axis of an orbit [m], by its energy; `None` where that is no ellipse's.
fn axis_m(state: &CartesianState, mu: f64) -> Option<f64> {
    let axis_m = 1.0 / (2.0 / state.position_m.norm() - state.velocity_m_s.norm_squared() / mu);
    (axis_m > 0.0 && axis_m.is_finite()).then_some(axis_m)
}

/// Mean motion of an ellipse [rad/s].
fn mean_motion_rad_s(axis_m: f64, mu: f64) -> f64 {
    (mu / axis_m.powi(3)).sqrt()
}

impl Shape {
    /// `None` for an orbit that is no ellipse.
    fn of(state: &CartesianState, mu: f64) -> Option<Self> {
        let (position, velocity) = (&state.position_m, &state.velocity_m_s);
        let radius_m = position.norm();
        let axis_m = axis_m(state, mu)?;
        let momentum = position.cross(velocity);
        let eccentricity = velocity.cross(&momentum) / mu - position / radius_m;
        let square = eccentricity.norm_squared();
        if square.is_nan() || square >= 1.0 {
            return None;
        }
        // e cos E and e sin E; ν - E = 2 atan(e sin E / (1 + η - e cos E)), and M = E - e sin E.
        let cosine = 1.0 - radius_m / axis_m;
        let sine = position.dot(velocity) / (mu * axis_m).sqrt();
        let eta = (1.0 - square).sqrt();
        let equation_of_centre_rad = -sine - 2.0 * libm::atan2(sine, 1.0 + eta - cosine);
        Some(Self { axis_m, eccentricity, frame: RtnFrame::of(state), equation_of_centre_rad })
    }
}

/// Two impulses that lead from one relative orbit to another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hop {
    /// The impulse now, RTN [m/s].
    pub(super) departure_rtn_m_s: Vector3,
    /// Size of the impulse on arrival [m/s].
    pub(super) arrival_m_s: f64,
    /// Time until the arrival [s].
    pub(super) duration_s: f64,
}

/// Durations that a hop may take, in revolutions: away from halves and wholes of them, where it is singular.
const HOP_REVOLUTIONS: [f64; 8] = [0.15, 0.2, 0.26, 0.32, 0.38, 0.44, 0.62, 0.75];
/// Points of a hop at which its distance from the object is looked at.
const HOP_POINTS: usize = 16;

impl RelativeOrbit {
    /// Own orbit relative to that of `track`; `None` where one of the two is no ellipse.
    pub(super) fn of(view: &View, track: &Track) -> Option<Self> {
        let seen = RelativeState { position_rtn_m: track.position_rtn_m, velocity_rtn_m_s: track.velocity_rtn_m_s };
        if view.relative_tier {
            let own = RelativeState { position_rtn_m: -seen.position_rtn_m, velocity_rtn_m_s: -seen.velocity_rtn_m_s };
            return Some(Self::in_hill_frame(&own, view.own.mean_motion_rad_s));
        }
        Self::between(&seen.to_gcrf(&view.own.state), &view.own.state, view.mu_m3_s2)
    }

    /// Its mean motion alone [rad/s], for much less; `None` where the object's orbit is no ellipse.
    pub(super) fn mean_motion_rad_s_of(view: &View, track: &Track) -> Option<f64> {
        if view.relative_tier {
            return Some(view.own.mean_motion_rad_s);
        }
        let seen = RelativeState { position_rtn_m: track.position_rtn_m, velocity_rtn_m_s: track.velocity_rtn_m_s };
        let axis_m = axis_m(&seen.to_gcrf(&view.own.state), view.mu_m3_s2)?;
        Some(mean_motion_rad_s(axis_m, view.mu_m3_s2))
    }

    /// The orbit of a state relative to the object (Clohessy-Wiltshire), `mean_motion_rad_s` being the frame's.
    fn in_hill_frame(state: &RelativeState, mean_motion_rad_s: f64) -> Self {
        let position = &state.position_rtn_m;
        // Lengths: velocity over mean motion.
        let moved = state.velocity_rtn_m_s / mean_motion_rad_s;
        let elements = RelativeElements {
            axis_m: 4.0 * position.x + 2.0 * moved.y,
            along_track_m: position.y - 2.0 * moved.x,
            eccentricity_m: [3.0 * position.x + 2.0 * moved.y, -moved.x],
            inclination_m: [moved.z, -position.z],
        };
        Self { elements, mean_motion_rad_s }
    }

    /// The orbit of `own` relative to that of `object`, both GCRF.
    fn between(object: &CartesianState, own: &CartesianState, mu: f64) -> Option<Self> {
        let (chief, deputy) = (Shape::of(object, mu)?, Shape::of(own, mu)?);
        let axis_m = chief.axis_m;
        let ahead = chief.frame.to_rtn(&deputy.frame.radial);
        let eccentricity = chief.frame.to_rtn(&(deputy.eccentricity - chief.eccentricity));
        let tilt = chief.frame.to_rtn(&deputy.frame.normal);
        let angle_rad = libm::atan2(ahead.y, ahead.x) + deputy.equation_of_centre_rad - chief.equation_of_centre_rad;
        let elements = RelativeElements {
            axis_m: deputy.axis_m - axis_m,
            along_track_m: axis_m * angle_rad,
            eccentricity_m: [axis_m * eccentricity.x, axis_m * eccentricity.y],
            // z = -a tilt_R now, and a quarter of a revolution later -a tilt_T.
            inclination_m: [-axis_m * tilt.y, axis_m * tilt.x],
        };
        Some(Self { elements, mean_motion_rad_s: mean_motion_rad_s(axis_m, mu) })
    }

    /// Time of a revolution [s].
    pub(super) fn period_s(&self) -> f64 {
        TAU / self.mean_motion_rad_s
    }

    /// How far own orbit is from another, as relative elements.
    pub(super) fn deviation(&self, wanted: &RelativeElements) -> RelativeElements {
        let own = &self.elements;
        let difference = |own: [f64; 2], wanted: [f64; 2]| [own[0] - wanted[0], own[1] - wanted[1]];
        RelativeElements {
            axis_m: own.axis_m - wanted.axis_m,
            along_track_m: own.along_track_m - wanted.along_track_m,
            eccentricity_m: difference(own.eccentricity_m, wanted.eccentricity_m),
            inclination_m: difference(own.inclination_m, wanted.inclination_m),
        }
    }

    /// The velocity [m/s], RTN, by which own orbit is off `wanted` now: what an impulse has to take away on arrival.
    ///
    /// Where the place is off by x along R as well, it is the velocity after which the axes agree, v_T = -2 n x, and nothing drifts.
    pub(super) fn velocity_error_m_s(&self, wanted: &RelativeElements) -> Vector3 {
        let off = state_now(&self.deviation(wanted), self.mean_motion_rad_s);
        off.velocity_rtn_m_s + Vector3::new(0.0, 2.0 * self.mean_motion_rad_s * off.position_rtn_m.x, 0.0)
    }

    /// The hop to `wanted(seconds from now)` that costs least, of those that stay outside `keep_out_m` if any does, or else the one
    /// that stays furthest; `None` where none can be afforded.
    ///
    /// `wanted` gives elements that hold at that time (angles counted as those of this orbit). Deviations from them obey
    /// the Clohessy-Wiltshire equations, so that this is the two-impulse rendezvous with a point that moves on the wanted
    /// orbit (Vallado, 4th ed., algorithm 48). `max_acceleration_m_s2`: a hop whose impulses would fill half its time is left out.
    pub(super) fn hop(
        &self,
        wanted: impl Fn(f64) -> RelativeElements,
        keep_out_m: f64,
        max_acceleration_m_s2: f64,
        affordable_m_s: f64,
    ) -> Option<Hop> {
        let n = self.mean_motion_rad_s;
        let now = state_now(&self.elements, n);
        let mut best: Option<(f64, Hop)> = None;
        for revolutions in HOP_REVOLUTIONS {
            let duration_s = revolutions * self.period_s();
            let goal = wanted(duration_s);
            // Moved back to now along its own drift.
            let goal =
                RelativeElements { along_track_m: goal.along_track_m + 1.5 * goal.axis_m * n * duration_s, ..goal };
            let off = state_now(&self.deviation(&goal), n);
            let motion = ClohessyWiltshire::over(n, duration_s);
            let Some(departure) = motion.velocity_change_for(&-motion.zero_effort_miss_m(&off)) else { continue };
            let kicked = RelativeState { velocity_rtn_m_s: off.velocity_rtn_m_s + departure, ..off };
            let arrival_m_s = motion.apply(&kicked, &Vector3::zeros()).velocity_rtn_m_s.norm();
            let total_m_s = departure.norm() + arrival_m_s;
            if total_m_s > affordable_m_s || total_m_s > 0.5 * max_acceleration_m_s2 * duration_s {
                continue;
            }
            let step = ClohessyWiltshire::over(n, duration_s / HOP_POINTS as f64);
            let mut state = RelativeState { velocity_rtn_m_s: now.velocity_rtn_m_s + departure, ..now };
            let mut nearest_m = f64::INFINITY;
            for _ in 0..HOP_POINTS {
                state = step.apply(&state, &Vector3::zeros());
                nearest_m = nearest_m.min(state.position_rtn_m.norm());
            }
            // A metre inside the keep-out distance weighs more than any Δv.
            let cost = total_m_s + 1e3 * (keep_out_m - nearest_m).max(0.0);
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, Hop { departure_rtn_m_s: departure, arrival_m_s, duration_s }));
            }
        }
        best.map(|(_, hop)| hop)
    }
}

/// The state now of a deputy with these elements, angles counted from now. Source: D'Amico and Montenbruck, 2006, eq. 11, and its rate.
fn state_now(elements: &RelativeElements, mean_motion_rad_s: f64) -> RelativeState {
    let ([e_x, e_y], [i_x, _]) = (elements.eccentricity_m, elements.inclination_m);
    RelativeState {
        position_rtn_m: elements.position_rtn_m(0.0, 0.0),
        velocity_rtn_m_s: Vector3::new(-e_y, 2.0 * e_x - 1.5 * elements.axis_m, i_x) * mean_motion_rad_s,
    }
}

/// How far an orbit is off, in one number [m]: the greatest of what its deviation does within a revolution or so.
pub(super) fn largest_m(deviation: &RelativeElements) -> f64 {
    let length = |vector: [f64; 2]| libm::hypot(vector[0], vector[1]);
    // An axis off by δa drifts by 3 δa in a third of a revolution.
    (3.0 * deviation.axis_m.abs())
        .max(deviation.along_track_m.abs())
        .max(2.0 * length(deviation.eccentricity_m))
        .max(length(deviation.inclination_m))
}

/// Separation along the track and difference of the axes [m] `since_s` after an approach from one separation to another began.
///
/// What is left falls exponentially, by e³ = 20 in `approach_orbits` revolutions; the axis is the one that drifts so, -3/2 n δa.
pub(super) fn approach(
    orbit: &RelativeOrbit,
    from_m: f64,
    to_m: f64,
    since_s: f64,
    approach_orbits: f64,
) -> (f64, f64) {
    let rate_1_s = 3.0 / (approach_orbits * orbit.period_s());
    let left_m = (from_m - to_m) * libm::exp(-rate_1_s * since_s);
    (to_m + left_m, rate_1_s * left_m / (1.5 * orbit.mean_motion_rad_s))
}

impl Track {
    /// How far relative elements may be off by the errors of the track [m]: a velocity got from places about a hundred seconds
    /// apart errs by σ/100 s, and the axis by twice that over the mean motion, some ten σ in low orbit.
    pub(super) fn noise_m(&self) -> f64 {
        10.0 * self.position_sigma_m
    }
}

/// The acceleration [m/s²] of the next segment that pays off an impulse owed, RTN [m/s], and takes what it pays from it.
///
/// What own ship cannot pay, for want of thrust or propellant, stays owed; without either, all is forgiven.
pub(super) fn pay_off(view: &View, owed_rtn_m_s: &mut [f64]) -> Vector3 {
    let owed = Vector3::from_fn(|axis, _| owed_rtn_m_s[axis]);
    let greatest_m_s = view.own.max_acceleration_m_s2 * view.segment_s;
    let largest_m_s = if view.own.per_axis { owed.amax() } else { owed.norm() };
    let mut left = Vector3::zeros();
    let mut acceleration = Vector3::zeros();
    if greatest_m_s > 0.0 && largest_m_s > 0.0 {
        let paid = owed * (greatest_m_s / largest_m_s).min(1.0);
        left = if largest_m_s <= greatest_m_s { left } else { owed - paid };
        acceleration = paid / view.segment_s;
    }
    owed_rtn_m_s[..3].copy_from_slice(left.as_slice());
    acceleration
}

#[cfg(test)]
mod tests {
    use super::super::harness::Duel;
    use super::*;
    use crate::astro::kepler;

    #[test]
    fn both_frames_give_the_same_elements_nearby() {
        for (position, velocity) in [
            ([120.0, -900.0, 60.0], [0.1, -0.25, 0.05]),
            ([0.0, 4_000.0, 0.0], [0.0; 3]),
            ([-300.0, 0.0, 200.0], [0.2; 3]),
        ] {
            let orbit = |view: View| RelativeOrbit::of(&view, view.target().expect("one track")).expect("ellipses");
            let gcrf = orbit(Duel::two_body(position, velocity).pursuer_view());
            let mut duel = Duel::relative(position, velocity);
            duel.mean_motion_rad_s = gcrf.mean_motion_rad_s;
            let hill = orbit(duel.pursuer_view());
            // Second order: 4 km along the track fall by 1.2 m, which counts fourfold in the axis and that threefold.
            assert!(largest_m(&gcrf.deviation(&hill.elements)) < 20.0, "{gcrf:?} {hill:?}");
        }
    }

    #[test]
    fn two_body_motion_leaves_the_elements_alone() {
        // An eccentric object in the equator's plane, where there is no node.
        let mu = crate::astro::constants::EARTH_MU_M3_S2;
        let object =
            CartesianState { position_m: Vector3::new(7.0e6, 0.0, 0.0), velocity_m_s: Vector3::new(0.0, 7_800.0, 0.0) };
        let offset = RelativeState {
            position_rtn_m: Vector3::new(50.0, -8_000.0, 90.0),
            velocity_rtn_m_s: Vector3::new(0.1, -0.05, 0.2),
        };
        let own = offset.to_gcrf(&object);
        let at = |seconds| {
            let moved = |state| kepler::propagate(state, mu, seconds);
            RelativeOrbit::between(&moved(&object), &moved(&own), mu).expect("ellipses").elements
        };
        let (start, later) = (at(0.0), at(1_500.0));
        let length = |vector: [f64; 2]| libm::hypot(vector[0], vector[1]);
        assert!((start.axis_m - later.axis_m).abs() < 1e-3);
        assert!((length(start.eccentricity_m) - length(later.eccentricity_m)).abs() < 0.05, "{start:?} {later:?}");
        assert!((length(start.inclination_m) - length(later.inclination_m)).abs() < 0.05, "{start:?} {later:?}");
        let n = (mu / Shape::of(&object, mu).expect("an ellipse").axis_m.powi(3)).sqrt();
        let drift_m = later.along_track_m - start.along_track_m;
        assert!((drift_m + 1.5 * start.axis_m * n * 1_500.0).abs() < 0.5, "{drift_m} m");
        let escaping = CartesianState { velocity_m_s: object.velocity_m_s * 1.5, ..object };
        assert!(RelativeOrbit::between(&escaping, &own, mu).is_none());
    }

    #[test]
    fn a_hop_ends_on_the_wanted_orbit() {
        let view = Duel::relative([300.0, -5_000.0, 200.0], [0.3, -0.4, 0.1]).pursuer_view();
        let orbit = RelativeOrbit::of(&view, view.target().expect("one track")).expect("an ellipse");
        let wanted = RelativeElements {
            axis_m: 40.0,
            along_track_m: -3_000.0,
            eccentricity_m: [200.0, 100.0],
            inclination_m: [100.0, 50.0],
        };
        let hop = orbit.hop(|_| wanted, 100.0, 1.0, f64::INFINITY).expect("there is one");
        let n = orbit.mean_motion_rad_s;
        let mut state = state_now(&orbit.elements, n);
        state.velocity_rtn_m_s += hop.departure_rtn_m_s;
        let arrived = ClohessyWiltshire::over(n, hop.duration_s).apply(&state, &Vector3::zeros());
        let place = wanted.position_rtn_m(n * hop.duration_s, 0.0);
        assert!((arrived.position_rtn_m - place).norm() < 1e-6, "{} m", (arrived.position_rtn_m - place).norm());
        assert!(orbit.hop(|_| wanted, 100.0, 1.0, 0.5 * hop.departure_rtn_m_s.norm()).is_none(), "beyond its means");
        assert!(orbit.hop(|_| wanted, 100.0, 1e-6, f64::INFINITY).is_none(), "beyond its thrust");
    }

    #[test]
    fn an_impulse_is_paid_in_segments() {
        let mut view = Duel::relative([0.0, -5_000.0, 0.0], [0.0; 3]).pursuer_view();
        let mut owed = [0.3, -0.4, 0.0];
        let mut paid = Vector3::zeros();
        // 0.02 m/s² for 10 s is 0.2 m/s.
        for _ in 0..3 {
            paid += pay_off(&view, &mut owed) * view.segment_s;
        }
        assert!((paid - Vector3::new(0.3, -0.4, 0.0)).norm() < 1e-12);
        assert_eq!(owed, [0.0; 3]);
        view.own.max_acceleration_m_s2 = 0.0;
        owed = [1.0; 3];
        assert_eq!(pay_off(&view, &mut owed), Vector3::zeros());
        assert_eq!(owed, [0.0; 3]);
    }
}
