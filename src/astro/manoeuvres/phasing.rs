//! Phasing: meeting a target ahead or behind on a circular coplanar orbit.

use std::f64::consts::{PI, TAU};

use super::hohmann::HohmannTransfer;
use super::{ManoeuvreError, circular_speed_m_s, period_s, positive, speed_m_s, within};

/// A phasing orbit: left and rejoined at the same place of the circular orbit, with the same impulse the other way round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Phasing {
    /// Change of speed at the start [m/s]; at the end it is undone.
    pub impulse_m_s: f64,
    /// Time from the first impulse to the second [s].
    pub duration_s: f64,
    /// Semi-major axis of the phasing orbit [m].
    pub semi_major_axis_m: f64,
}

impl Phasing {
    /// Meets a target `lead_rad` ahead (negative: behind) on the same circular orbit.
    ///
    /// Meanwhile the target makes `target_revolutions` less the lead, the chaser `revolutions` on its phasing orbit. With equal
    /// numbers a target ahead is met by dropping lower. `min_perigee_radius_m`: how low that may be.
    /// τ = (2 π k_target - lead) / n and a = (μ (τ / 2 π k)²)^⅓. Source: Vallado, Fundamentals of Astrodynamics, 4th ed.,
    /// algorithm 44, with the phase angle counted from the chaser to the target.
    ///
    /// # Errors
    /// [`ManoeuvreError`] for quantities that are not above zero, a lead outside of (-2π, 2π) or no revolution at all, and a
    /// phasing orbit that comes too low.
    pub fn on_circular(
        radius_m: f64,
        lead_rad: f64,
        target_revolutions: u32,
        revolutions: u32,
        min_perigee_radius_m: f64,
        mu: f64,
    ) -> Result<Self, ManoeuvreError> {
        positive(&[
            ("radius [m]", radius_m),
            ("mu [m³/s²]", mu),
            ("number of revolutions of the phasing orbit", f64::from(revolutions)),
        ])?;
        within("lead of the target [rad]", lead_rad, -TAU, TAU)?;
        let swept_rad = TAU * f64::from(target_revolutions) - lead_rad;
        positive(&[("angle that the target sweeps [rad]", swept_rad)])?;
        let mean_motion = circular_speed_m_s(radius_m, mu) / radius_m;
        let share = swept_rad / (TAU * f64::from(revolutions));
        let semi_major_axis_m = radius_m * libm::pow(share, 2.0 / 3.0);
        // The place of the impulses is one apsis, this the other.
        let other_apsis_m = 2.0 * semi_major_axis_m - radius_m;
        let perigee_radius_m = other_apsis_m.min(radius_m);
        if !(perigee_radius_m > 0.0 && perigee_radius_m >= min_perigee_radius_m) {
            return Err(ManoeuvreError::PerigeeTooLow { perigee_radius_m, limit_m: min_perigee_radius_m });
        }
        Ok(Self {
            impulse_m_s: speed_m_s(radius_m, semi_major_axis_m, mu) - circular_speed_m_s(radius_m, mu),
            duration_s: swept_rad / mean_motion,
            semi_major_axis_m,
        })
    }

    /// Sum of both impulses [m/s].
    #[must_use]
    pub fn total_m_s(&self) -> f64 {
        2.0 * self.impulse_m_s.abs()
    }
}

/// A Hohmann transfer that waits until it meets a target on another circular coplanar orbit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HohmannRendezvous {
    /// Time until the first impulse [s].
    pub wait_s: f64,
    /// How far the target is ahead at the first impulse [rad].
    pub lead_at_departure_rad: f64,
    /// The transfer.
    pub transfer: HohmannTransfer,
}

impl HohmannRendezvous {
    /// From a circular orbit to a target on another, `lead_rad` ahead now, after at least `synodic_periods` whole periods in which the
    /// phase repeats.
    ///
    /// Source: Vallado, 4th ed., algorithm 45, with the phase angle counted from the chaser to the target.
    ///
    /// # Errors
    /// [`ManoeuvreError`] for radii and `mu` [m³/s²] that are not above zero, a lead that is not finite, and equal radii.
    pub fn between(
        radius_m: f64,
        target_radius_m: f64,
        lead_rad: f64,
        synodic_periods: u32,
        mu: f64,
    ) -> Result<Self, ManoeuvreError> {
        let transfer = HohmannTransfer::between(radius_m, target_radius_m, mu)?;
        within("lead of the target [rad]", lead_rad, f64::MIN, f64::MAX)?;
        let rate = |radius_m: f64| TAU / period_s(radius_m, mu);
        // How fast the target gains on the chaser.
        let gain_rad_s = rate(target_radius_m) - rate(radius_m);
        if gain_rad_s == 0.0 {
            return Err(ManoeuvreError::SamePeriod(radius_m));
        }
        let lead_at_departure_rad = PI - rate(target_radius_m) * transfer.duration_s;
        let to_gain = (lead_at_departure_rad - lead_rad) * gain_rad_s.signum();
        let wait_s = (to_gain.rem_euclid(TAU) + TAU * f64::from(synodic_periods)) / gain_rad_s.abs();
        Ok(Self { wait_s, lead_at_departure_rad, transfer })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::constants::EARTH_MU_M3_S2;
    use super::super::super::{CartesianState, Vector3, kepler};
    use super::*;

    const LIMIT_M: f64 = 6.5e6;

    fn circular(radius_m: f64, angle_rad: f64) -> CartesianState {
        let (sine, cosine) = libm::sincos(angle_rad);
        CartesianState {
            position_m: Vector3::new(cosine, sine, 0.0) * radius_m,
            velocity_m_s: Vector3::new(-sine, cosine, 0.0) * circular_speed_m_s(radius_m, EARTH_MU_M3_S2),
        }
    }

    fn kicked(state: &CartesianState, impulse_m_s: f64) -> CartesianState {
        let along = state.velocity_m_s.normalize();
        CartesianState { velocity_m_s: state.velocity_m_s + along * impulse_m_s, ..*state }
    }

    #[test]
    fn a_target_ahead_is_met_from_below_and_one_behind_from_above() {
        let ahead = Phasing::on_circular(1.2e7, 0.3, 1, 1, LIMIT_M, EARTH_MU_M3_S2).expect("sound");
        assert!(ahead.impulse_m_s < 0.0 && ahead.semi_major_axis_m < 1.2e7);
        let behind = Phasing::on_circular(1.2e7, -0.3, 1, 1, LIMIT_M, EARTH_MU_M3_S2).expect("sound");
        assert!(behind.impulse_m_s > 0.0 && behind.semi_major_axis_m > 1.2e7);
        // More revolutions cost less.
        let patient = Phasing::on_circular(1.2e7, 0.3, 5, 5, LIMIT_M, EARTH_MU_M3_S2).expect("sound");
        assert!(patient.total_m_s() < 0.25 * ahead.total_m_s());
    }

    #[test]
    fn faults_are_told() {
        let told = Phasing::on_circular(7e6, 1.5, 1, 1, LIMIT_M, EARTH_MU_M3_S2).expect_err("too low").to_string();
        assert!(told.contains("is below 6500000 m: give it more revolutions"), "{told}");
        assert!(Phasing::on_circular(7e6, 0.1, 1, 0, LIMIT_M, EARTH_MU_M3_S2).is_err());
        assert!(Phasing::on_circular(7e6, 0.1, 0, 1, LIMIT_M, EARTH_MU_M3_S2).is_err());
        assert!(Phasing::on_circular(7e6, f64::NAN, 1, 1, LIMIT_M, EARTH_MU_M3_S2).is_err());
        assert_eq!(HohmannRendezvous::between(7e6, 7e6, 0.1, 0, EARTH_MU_M3_S2), Err(ManoeuvreError::SamePeriod(7e6)));
    }

    proptest! {
        #[test]
        fn phasing_meets_the_target(
            radius in 8e6..4.3e7f64,
            lead in -1.0..1.0f64,
            revolutions in 1u32..6,
            extra in 0u32..2,
        ) {
            let target_revolutions = revolutions + extra;
            let phasing = Phasing::on_circular(radius, lead, target_revolutions, revolutions, 1e6, EARTH_MU_M3_S2);
            prop_assume!(phasing.is_ok());
            let phasing = phasing.expect("just assumed");
            let start = kicked(&circular(radius, 0.0), phasing.impulse_m_s);
            let chaser = kicked(&kepler::propagate(&start, EARTH_MU_M3_S2, phasing.duration_s), -phasing.impulse_m_s);
            let target = kepler::propagate(&circular(radius, lead), EARTH_MU_M3_S2, phasing.duration_s);
            prop_assert!((chaser.position_m - target.position_m).norm() < 1e-3);
            prop_assert!((chaser.velocity_m_s - target.velocity_m_s).norm() < 1e-6);
        }

        #[test]
        fn a_timed_hohmann_transfer_meets_the_target(
            radius in 7e6..4.3e7f64,
            ratio in prop_oneof![0.3..0.95f64, 1.05..6.0f64],
            lead in -7.0..7.0f64,
            synodic_periods in 0u32..3,
        ) {
            let target_radius = radius * ratio;
            let plan = HohmannRendezvous::between(radius, target_radius, lead, synodic_periods, EARTH_MU_M3_S2).expect("sound");
            let leaving = kepler::propagate(&circular(radius, 0.0), EARTH_MU_M3_S2, plan.wait_s);
            let flown = kicked(&leaving, plan.transfer.first_m_s);
            let arrived = kepler::propagate(&flown, EARTH_MU_M3_S2, plan.transfer.duration_s);
            let chaser = kicked(&arrived, plan.transfer.second_m_s);
            let target = kepler::propagate(
                &circular(target_radius, lead), EARTH_MU_M3_S2, plan.wait_s + plan.transfer.duration_s,
            );
            prop_assert!((chaser.position_m - target.position_m).norm() < 1e-2);
            prop_assert!((chaser.velocity_m_s - target.velocity_m_s).norm() < 1e-5);
            prop_assert!(plan.wait_s >= 0.0);
        }
    }
}
