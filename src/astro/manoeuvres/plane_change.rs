//! Changes of the orbital plane, alone or together with a change of speed.

use std::f64::consts::{PI, TAU};

use super::super::Vector3;
use super::super::roots::minimum;
use super::hohmann::HohmannTransfer;
use super::{ManoeuvreError, circular_speed_m_s, speed_m_s, within};

/// The turn from one orbital plane to another, and where on the orbit it is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaneChange {
    /// Angle between the planes [rad], in [0, π].
    pub angle_rad: f64,
    /// Argument of latitude on the first orbit at which the planes meet [rad], in [0, 2π); they meet again half a turn on.
    pub initial_argument_of_latitude_rad: f64,
    /// The same place's argument of latitude on the second orbit [rad], in [0, 2π).
    pub final_argument_of_latitude_rad: f64,
}

impl PlaneChange {
    /// From the plane of inclination and right ascension of the node `from_rad` to that of `to_rad`, [i, Ω] [rad] each.
    ///
    /// Of the two places where the planes meet, the one in the half turn that climbs from the first orbit's node. Where the planes
    /// are one and the same the place is the first orbit's node.
    /// Source: Vallado, Fundamentals of Astrodynamics, 4th ed., algorithms 39 to 41, with vectors in place of the arc cosines.
    ///
    /// # Errors
    /// [`ManoeuvreError::OutOfBounds`] for an inclination outside of [0, π] and a node that is not finite.
    pub fn between(from_rad: [f64; 2], to_rad: [f64; 2]) -> Result<Self, ManoeuvreError> {
        for [inclination, node] in [from_rad, to_rad] {
            within("inclination [rad]", inclination, 0.0, PI)?;
            within("right ascension of the node [rad]", node, f64::MIN, f64::MAX)?;
        }
        let (first, second) = (OrbitalPlane::of(from_rad), OrbitalPlane::of(to_rad));
        let line = first.normal.cross(&second.normal);
        let angle_rad = libm::atan2(line.norm(), first.normal.dot(&second.normal));
        let Some(line) = line.try_normalize(1e-15) else {
            let final_argument_of_latitude_rad = second.argument_of_latitude_rad(&first.node);
            return Ok(Self { angle_rad, initial_argument_of_latitude_rad: 0.0, final_argument_of_latitude_rad });
        };
        let line = if first.argument_of_latitude_rad(&line) < PI { line } else { -line };
        Ok(Self {
            angle_rad,
            initial_argument_of_latitude_rad: first.argument_of_latitude_rad(&line),
            final_argument_of_latitude_rad: second.argument_of_latitude_rad(&line),
        })
    }

    /// The impulse that makes this turn at a speed and flight-path angle that stay [m/s]: 2 v cos φ sin(θ/2).
    ///
    /// Source: Vallado, 4th ed., eq. 6-19.
    #[must_use]
    pub fn impulse_m_s(&self, speed_m_s: f64, flight_path_angle_rad: f64) -> f64 {
        turn_m_s(speed_m_s, flight_path_angle_rad, self.angle_rad)
    }
}

/// The impulse that turns the plane of motion by an angle, speed and flight-path angle kept [m/s]: 2 v cos φ sin(θ/2).
#[must_use]
pub fn turn_m_s(speed_m_s: f64, flight_path_angle_rad: f64, angle_rad: f64) -> f64 {
    2.0 * (speed_m_s * libm::cos(flight_path_angle_rad) * libm::sin(0.5 * angle_rad)).abs()
}

/// The impulse from one speed to another through an angle between the velocities [m/s].
///
/// √(v₁² + v₂² - 2 v₁ v₂ cos θ), written so that nothing cancels for like speeds and small angles.
#[must_use]
pub fn combined_m_s(from_m_s: f64, to_m_s: f64, angle_rad: f64) -> f64 {
    let half_sine = libm::sin(0.5 * angle_rad);
    let difference = from_m_s - to_m_s;
    (difference * difference + 4.0 * from_m_s * to_m_s * half_sine * half_sine).sqrt()
}

/// A Hohmann transfer whose impulses turn the plane as well, the turn shared between them at least cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InclinedHohmannTransfer {
    /// Size of the first impulse [m/s].
    pub first_m_s: f64,
    /// Size of the second impulse [m/s].
    pub second_m_s: f64,
    /// Turn made by the first impulse [rad]; the second makes the rest.
    pub first_turn_rad: f64,
    /// Time from the first impulse to the second [s].
    pub duration_s: f64,
}

impl InclinedHohmannTransfer {
    /// Between circular orbits of two radii whose planes lie `turn_rad` in [0, π] apart, the line of nodes being that of apsides.
    ///
    /// The best share is found to 1e-9 rad; it is flat there. Source: Vallado, 4th ed., algorithm 42.
    ///
    /// # Errors
    /// [`ManoeuvreError`] for radii and `mu` [m³/s²] that are not above zero and an angle out of bounds.
    pub fn between(from_radius_m: f64, to_radius_m: f64, turn_rad: f64, mu: f64) -> Result<Self, ManoeuvreError> {
        within("turn of the plane [rad]", turn_rad, 0.0, PI)?;
        let flat = HohmannTransfer::between(from_radius_m, to_radius_m, mu)?;
        let axis_m = flat.semi_major_axis_m;
        let impulses = |first_turn_rad: f64| {
            let leaving = speed_m_s(from_radius_m, axis_m, mu);
            let arriving = speed_m_s(to_radius_m, axis_m, mu);
            [
                combined_m_s(circular_speed_m_s(from_radius_m, mu), leaving, first_turn_rad),
                combined_m_s(arriving, circular_speed_m_s(to_radius_m, mu), turn_rad - first_turn_rad),
            ]
        };
        let first_turn_rad = minimum(0.0, turn_rad, 1e-9, |first| impulses(first).iter().sum());
        let [first_m_s, second_m_s] = impulses(first_turn_rad);
        Ok(Self { first_m_s, second_m_s, first_turn_rad, duration_s: flat.duration_s })
    }

    /// Sum of both impulses [m/s].
    #[must_use]
    pub fn total_m_s(&self) -> f64 {
        self.first_m_s + self.second_m_s
    }
}

/// A plane with the direction of its ascending node.
struct OrbitalPlane {
    node: Vector3,
    normal: Vector3,
}

impl OrbitalPlane {
    fn of([inclination_rad, raan_rad]: [f64; 2]) -> Self {
        let (sine_inclination, cosine_inclination) = libm::sincos(inclination_rad);
        let (sine_raan, cosine_raan) = libm::sincos(raan_rad);
        Self {
            node: Vector3::new(cosine_raan, sine_raan, 0.0),
            normal: Vector3::new(sine_raan * sine_inclination, -cosine_raan * sine_inclination, cosine_inclination),
        }
    }

    /// In [0, 2π).
    fn argument_of_latitude_rad(&self, direction: &Vector3) -> f64 {
        let angle = libm::atan2(direction.dot(&self.normal.cross(&self.node)), direction.dot(&self.node));
        if angle < 0.0 { (angle + TAU).min(TAU.next_down()) } else { angle }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::CartesianState;
    use super::super::super::constants::EARTH_MU_M3_S2;
    use super::super::super::elements::KeplerianElements;
    use super::*;

    #[test]
    fn a_geostationary_transfer_turns_a_little_at_first() {
        // From 28.5° at 191 km: some two degrees at the first impulse.
        let transfer =
            InclinedHohmannTransfer::between(6.569e6, 4.216e7, 28.5f64.to_radians(), EARTH_MU_M3_S2).expect("sound");
        assert!((2.0..2.5).contains(&transfer.first_turn_rad.to_degrees()), "{}", transfer.first_turn_rad.to_degrees());
        // No share on a grid is cheaper.
        let all_at_the_end = InclinedHohmannTransfer::between(6.569e6, 4.216e7, 0.0, EARTH_MU_M3_S2).expect("sound");
        let flat = HohmannTransfer::between(6.569e6, 4.216e7, EARTH_MU_M3_S2).expect("sound");
        assert!((all_at_the_end.total_m_s() - flat.total_m_s()).abs() < 1e-9);
        let axis_m = flat.semi_major_axis_m;
        for share in 0..=100 {
            let turn = 28.5f64.to_radians() * f64::from(share) / 100.0;
            let cost = combined_m_s(
                circular_speed_m_s(6.569e6, EARTH_MU_M3_S2),
                speed_m_s(6.569e6, axis_m, EARTH_MU_M3_S2),
                turn,
            ) + combined_m_s(
                speed_m_s(4.216e7, axis_m, EARTH_MU_M3_S2),
                circular_speed_m_s(4.216e7, EARTH_MU_M3_S2),
                28.5f64.to_radians() - turn,
            );
            assert!(cost >= transfer.total_m_s() - 1e-9);
        }
    }

    #[test]
    fn faults_are_told() {
        assert!(PlaneChange::between([-0.1, 0.0], [0.1, 0.0]).is_err());
        assert!(PlaneChange::between([0.1, f64::NAN], [0.1, 0.0]).is_err());
        let same = PlaneChange::between([0.3, 1.0], [0.3, 1.0]).expect("sound");
        assert_eq!((same.angle_rad, same.initial_argument_of_latitude_rad), (0.0, 0.0));
    }

    proptest! {
        #[test]
        fn the_impulse_at_that_place_leads_to_the_other_plane(
            from in (0.05..3.0f64, 0.0..TAU),
            to in (0.05..3.0f64, 0.0..TAU),
        ) {
            let change = PlaneChange::between([from.0, from.1], [to.0, to.1]).expect("sound");
            prop_assume!(change.angle_rad > 1e-3 && change.angle_rad < PI - 1e-3);
            let at = |inclination_rad, raan_rad, latitude: f64| KeplerianElements {
                semi_latus_rectum_m: 8e6,
                eccentricity: 0.0,
                inclination_rad,
                raan_rad,
                argument_of_perigee_rad: 0.0,
                true_anomaly_rad: latitude,
            }.to_cartesian(EARTH_MU_M3_S2);
            let before: CartesianState = at(from.0, from.1, change.initial_argument_of_latitude_rad);
            let after: CartesianState = at(to.0, to.1, change.final_argument_of_latitude_rad);
            prop_assert!(change.initial_argument_of_latitude_rad < PI);
            prop_assert!((before.position_m - after.position_m).norm() < 1e-6 / change.angle_rad.sin());
            let impulse = (after.velocity_m_s - before.velocity_m_s).norm();
            let speed = circular_speed_m_s(8e6, EARTH_MU_M3_S2);
            prop_assert!((change.impulse_m_s(speed, 0.0) - impulse).abs() < 1e-8 / change.angle_rad.sin());
        }
    }
}
