//! Relative orbital elements: formations by e/i-vector separation.
//!
//! A neighbour on a like orbit moves about the reference on an ellipse in R and T and swings in N. With the phases of the two
//! motions apart (relative eccentricity and inclination vectors parallel or antiparallel) radial and normal distance never vanish
//! together, so that an unknown place along the track is no danger.
//! Source: D'Amico and Montenbruck, Proximity operations of formation-flying spacecraft using an eccentricity/inclination vector
//! separation, Journal of Guidance, Control, and Dynamics 29, 2006.

use std::f64::consts::{PI, TAU};

use super::elements::KeplerianElements;
use super::roots::minimum;
use super::{CartesianState, Vector3};

/// Elements of a deputy relative to a chief on a near-circular orbit, made lengths by the chief's semi-major axis.
///
/// Valid to first order: separations small against the radius, eccentricity of the chief small. The reference plane is the equator,
/// so that the chief's inclination is not 0 or π.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RelativeElements {
    /// a δa: difference of the semi-major axes [m].
    pub axis_m: f64,
    /// a δλ: mean separation along the track [m].
    pub along_track_m: f64,
    /// a δe: relative eccentricity vector [m].
    pub eccentricity_m: [f64; 2],
    /// a δi: relative inclination vector [m].
    pub inclination_m: [f64; 2],
}

/// Two impulses along the track, half a revolution apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TangentialPair {
    /// Mean argument of latitude of the first [rad], in (-π, π]; the second comes π later.
    pub argument_of_latitude_rad: f64,
    /// Both impulses along T [m/s].
    pub impulses_t_m_s: [f64; 2],
}

/// An impulse along the normal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormalImpulse {
    /// Mean argument of latitude [rad], in (-π, π].
    pub argument_of_latitude_rad: f64,
    /// Impulse along N [m/s].
    pub impulse_n_m_s: f64,
}

/// Steps of a revolution in which a nearest passage is looked for; the distance squared has at most four minima.
const STEPS: usize = 72;

impl RelativeElements {
    /// Relative elements of two states (one inertial frame) about a centre of gravitational parameter `mu` [m³/s²].
    ///
    /// `None` unless both move on ellipses. The elements that go in are osculating; with J2 they should be mean ones. Source: D'Amico and Montenbruck, 2006, eq. 2.
    #[must_use]
    pub fn between(chief: &CartesianState, deputy: &CartesianState, mu: f64) -> Option<Self> {
        let elements = |state| KeplerianElements::checked_from_cartesian(state, mu).ok();
        let [chief, deputy] = [elements(chief)?, elements(deputy)?];
        if chief.eccentricity >= 1.0 || deputy.eccentricity >= 1.0 {
            return None;
        }
        let axis_m = chief.semi_major_axis_m();
        let latitude = |elements: &KeplerianElements| elements.argument_of_perigee_rad + elements.mean_anomaly_rad();
        let vector = |elements: &KeplerianElements| {
            let (sine, cosine) = libm::sincos(elements.argument_of_perigee_rad);
            [elements.eccentricity * cosine, elements.eccentricity * sine]
        };
        let node = turned(deputy.raan_rad - chief.raan_rad);
        let (sine_inclination, cosine_inclination) = libm::sincos(chief.inclination_rad);
        let ([x, y], [chief_x, chief_y]) = (vector(&deputy), vector(&chief));
        Some(Self {
            axis_m: deputy.semi_major_axis_m() - axis_m,
            along_track_m: axis_m * (turned(latitude(&deputy) - latitude(&chief)) + node * cosine_inclination),
            eccentricity_m: [axis_m * (x - chief_x), axis_m * (y - chief_y)],
            inclination_m: [
                axis_m * (deputy.inclination_rad - chief.inclination_rad),
                axis_m * node * sine_inclination,
            ],
        })
    }

    /// Position of the deputy, RTN of the chief [m], at a mean argument of latitude of the chief, `swept_rad` after the elements hold.
    ///
    /// Source: D'Amico and Montenbruck, 2006, eq. 11, with the drift of eq. 4.
    #[must_use]
    pub fn position_rtn_m(&self, argument_of_latitude_rad: f64, swept_rad: f64) -> Vector3 {
        let (sine, cosine) = libm::sincos(argument_of_latitude_rad);
        let ([e_x, e_y], [i_x, i_y]) = (self.eccentricity_m, self.inclination_m);
        Vector3::new(
            self.axis_m - e_x * cosine - e_y * sine,
            self.along_track_m - 1.5 * self.axis_m * swept_rad + 2.0 * (e_x * sine - e_y * cosine),
            i_x * sine - i_y * cosine,
        )
    }

    /// How far the deputy drifts along the track in a revolution [m]: -3 π a δa.
    #[must_use]
    pub fn drift_per_revolution_m(&self) -> f64 {
        -3.0 * PI * self.axis_m
    }

    /// Least distance in the plane of R and N over a revolution [m]: how near the deputy can come, wherever along the track.
    ///
    /// Without a difference of the axes in closed form, √2 |δe·δi| / √(δe² + δi² + |δe + δi| |δe - δi|) (D'Amico and Montenbruck,
    /// 2006, eq. 22); with one by search.
    #[must_use]
    pub fn minimum_radial_normal_distance_m(&self) -> f64 {
        if self.axis_m == 0.0 {
            let ([e_x, e_y], [i_x, i_y]) = (self.eccentricity_m, self.inclination_m);
            let squares = e_x * e_x + e_y * e_y + i_x * i_x + i_y * i_y;
            let product = libm::hypot(e_x + i_x, e_y + i_y) * libm::hypot(e_x - i_x, e_y - i_y);
            // Both vectors zero: the deputy stays on the track.
            let root = (squares + product).sqrt();
            return if root > 0.0 { std::f64::consts::SQRT_2 * (e_x * i_x + e_y * i_y).abs() / root } else { 0.0 };
        }
        let distance_m = |latitude: f64| {
            let position = self.position_rtn_m(latitude, 0.0);
            libm::hypot(position.x, position.z)
        };
        let step = TAU / STEPS as f64;
        (0..STEPS)
            .map(|index| {
                let middle = step * index as f64;
                distance_m(minimum(middle - step, middle + step, 1e-9, distance_m))
            })
            .fold(f64::INFINITY, f64::min)
    }

    /// Elements after an impulse (RTN, m/s) at a mean argument of latitude, `mean_motion_rad_s` being the chief's.
    ///
    /// Source: Gauss's equations for a near-circular orbit; D'Amico and Montenbruck, 2006, eq. 26.
    #[must_use]
    pub fn after_impulse(
        &self,
        argument_of_latitude_rad: f64,
        impulse_rtn_m_s: &Vector3,
        mean_motion_rad_s: f64,
    ) -> Self {
        let (sine, cosine) = libm::sincos(argument_of_latitude_rad);
        // Lengths: velocity over mean motion.
        let moved = impulse_rtn_m_s / mean_motion_rad_s;
        let ([e_x, e_y], [i_x, i_y]) = (self.eccentricity_m, self.inclination_m);
        Self {
            axis_m: self.axis_m + 2.0 * moved.y,
            along_track_m: self.along_track_m - 2.0 * moved.x,
            eccentricity_m: [
                e_x + moved.x * sine + 2.0 * moved.y * cosine,
                e_y - moved.x * cosine + 2.0 * moved.y * sine,
            ],
            inclination_m: [i_x + moved.z * cosine, i_y + moved.z * sine],
        }
    }
}

/// The cheapest change of the relative eccentricity vector by `change_m` [m] that leaves the axes alone.
///
/// Two impulses of n |a Δδe| / 4, along and against the track. Source: D'Amico and Montenbruck, 2006, section IV.
#[must_use]
pub fn eccentricity_change(change_m: [f64; 2], mean_motion_rad_s: f64) -> TangentialPair {
    let impulse = 0.25 * mean_motion_rad_s * libm::hypot(change_m[0], change_m[1]);
    TangentialPair {
        argument_of_latitude_rad: libm::atan2(change_m[1], change_m[0]),
        impulses_t_m_s: [impulse, -impulse],
    }
}

/// The cheapest change of the relative inclination vector by `change_m` [m]: n |a Δδi| where it points.
#[must_use]
pub fn inclination_change(change_m: [f64; 2], mean_motion_rad_s: f64) -> NormalImpulse {
    NormalImpulse {
        argument_of_latitude_rad: libm::atan2(change_m[1], change_m[0]),
        impulse_n_m_s: mean_motion_rad_s * libm::hypot(change_m[0], change_m[1]),
    }
}

/// An angle brought into [-π, π].
fn turned(angle_rad: f64) -> f64 {
    angle_rad - TAU * (angle_rad / TAU).round()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::constants::EARTH_MU_M3_S2;
    use super::super::kepler;
    use super::super::rtn::{RelativeState, RtnFrame};
    use super::*;

    const AXIS_M: f64 = 7.0e6;

    fn mean_motion() -> f64 {
        (EARTH_MU_M3_S2 / AXIS_M).sqrt() / AXIS_M
    }

    fn chief() -> CartesianState {
        KeplerianElements {
            semi_latus_rectum_m: AXIS_M * (1.0 - 1e-6),
            eccentricity: 1e-3,
            inclination_rad: 1.7,
            raan_rad: 0.1,
            argument_of_perigee_rad: 0.8,
            true_anomaly_rad: 0.0,
        }
        .to_cartesian(EARTH_MU_M3_S2)
    }

    /// The chief's mean argument of latitude: 0.8 rad at its perigee.
    fn latitude(seconds: f64) -> f64 {
        0.8 + mean_motion() * seconds
    }

    proptest! {
        #[test]
        fn the_deputy_moves_as_its_elements_say(
            offset in prop::array::uniform3(-300.0..300.0f64),
            drift in prop::array::uniform3(-0.3..0.3f64),
            seconds in 0.0..12_000.0f64,
        ) {
            let relative = RelativeState { position_rtn_m: Vector3::from(offset), velocity_rtn_m_s: Vector3::from(drift) };
            let deputy = relative.to_gcrf(&chief());
            let elements = RelativeElements::between(&chief(), &deputy, EARTH_MU_M3_S2).expect("ellipses");
            let own = kepler::propagate(&chief(), EARTH_MU_M3_S2, seconds);
            let other = kepler::propagate(&deputy, EARTH_MU_M3_S2, seconds);
            let expected = RelativeState::between(&own, &other).position_rtn_m;
            let position = elements.position_rtn_m(latitude(seconds), mean_motion() * seconds);
            // First order: the eccentricity of 1e-3 and the separation of up to 5 km in 7000.
            prop_assert!((position - expected).norm() < 0.01 * (expected.norm() + 1_000.0), "{position} against {expected}");
        }

        #[test]
        fn the_closed_form_of_the_nearest_passage_is_that_of_the_search(
            vectors in prop::array::uniform4(-500.0..500.0f64),
        ) {
            let [e_x, e_y, i_x, i_y] = vectors;
            let elements = RelativeElements {
                axis_m: 0.0,
                along_track_m: 0.0,
                eccentricity_m: [e_x, e_y],
                inclination_m: [i_x, i_y],
            };
            // So little that the search is taken and the distance hardly changes.
            let searched = RelativeElements { axis_m: 1e-7, ..elements };
            let difference = elements.minimum_radial_normal_distance_m() - searched.minimum_radial_normal_distance_m();
            prop_assert!(difference.abs() < 1e-5, "{difference}");
        }

        #[test]
        fn impulses_change_the_vectors_as_asked(change in prop::array::uniform2(-200.0..200.0f64)) {
            let none = RelativeElements {
                axis_m: 0.0, along_track_m: 0.0, eccentricity_m: [0.0; 2], inclination_m: [0.0; 2],
            };
            let pair = eccentricity_change(change, mean_motion());
            let along = |impulse: f64| Vector3::new(0.0, impulse, 0.0);
            let after = none
                .after_impulse(pair.argument_of_latitude_rad, &along(pair.impulses_t_m_s[0]), mean_motion())
                .after_impulse(pair.argument_of_latitude_rad + PI, &along(pair.impulses_t_m_s[1]), mean_motion());
            let normal = inclination_change(change, mean_motion());
            let swung = none.after_impulse(
                normal.argument_of_latitude_rad, &Vector3::new(0.0, 0.0, normal.impulse_n_m_s), mean_motion(),
            );
            for (axis, asked) in change.into_iter().enumerate() {
                prop_assert!((after.eccentricity_m[axis] - asked).abs() < 1e-9);
                prop_assert!((swung.inclination_m[axis] - asked).abs() < 1e-9);
            }
            prop_assert!(after.axis_m.abs() < 1e-9);
        }

        #[test]
        fn an_impulse_does_what_gauss_says(impulse in prop::array::uniform3(-0.1..0.1f64), seconds in 0.0..6_000.0f64) {
            let own = kepler::propagate(&chief(), EARTH_MU_M3_S2, seconds);
            let kick = Vector3::from(impulse);
            let kicked = CartesianState { velocity_m_s: own.velocity_m_s + RtnFrame::of(&own).to_gcrf(&kick), ..own };
            let found = RelativeElements::between(&own, &kicked, EARTH_MU_M3_S2).expect("ellipses");
            let none = RelativeElements::between(&own, &own, EARTH_MU_M3_S2).expect("ellipses");
            let expected = none.after_impulse(latitude(seconds), &kick, mean_motion());
            // 0.1 m/s is 100 m; the chief's eccentricity makes a part in a thousand or two of it.
            for (value, expected) in [
                (found.axis_m, expected.axis_m),
                (found.eccentricity_m[0], expected.eccentricity_m[0]),
                (found.eccentricity_m[1], expected.eccentricity_m[1]),
                (found.inclination_m[0], expected.inclination_m[0]),
                (found.inclination_m[1], expected.inclination_m[1]),
            ] {
                prop_assert!((value - expected).abs() < 2.0, "{value} against {expected}");
            }
        }
    }

    #[test]
    fn only_ellipses_have_them() {
        let escaping = CartesianState { velocity_m_s: chief().velocity_m_s * 1.5, ..chief() };
        assert_eq!(RelativeElements::between(&chief(), &escaping, EARTH_MU_M3_S2), None);
        let falling = CartesianState { velocity_m_s: chief().position_m * 1e-4, ..chief() };
        assert_eq!(RelativeElements::between(&falling, &chief(), EARTH_MU_M3_S2), None);
    }

    #[test]
    fn parallel_vectors_keep_a_distance_and_orthogonal_ones_do_not() {
        let with = |inclination_m| RelativeElements {
            axis_m: 0.0,
            along_track_m: 0.0,
            eccentricity_m: [0.0, 300.0],
            inclination_m,
        };
        assert!((with([0.0, 400.0]).minimum_radial_normal_distance_m() - 300.0).abs() < 1e-9);
        assert!((with([0.0, -200.0]).minimum_radial_normal_distance_m() - 200.0).abs() < 1e-9);
        assert!(with([400.0, 0.0]).minimum_radial_normal_distance_m() < 1e-9);
        assert_eq!(with([0.0, 0.0]).minimum_radial_normal_distance_m(), 0.0);
        // 10 m of axis: -94 m a revolution.
        let drifting = RelativeElements { axis_m: 10.0, ..with([0.0, 0.0]) };
        assert!((drifting.drift_per_revolution_m() + 94.247_78).abs() < 1e-4);
    }
}
