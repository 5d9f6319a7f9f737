//! Navigation: what the craft believes of its own position.

use rand_distr::{Distribution as _, StandardNormal};
use serde::{Deserialize, Serialize};

use super::settings::settings;
use crate::astro::Vector3;
use crate::sim::seeds::Generator;

settings! {
    /// Navigation by GNSS, checked against the owner's ephemeris.
    NavigationConfig => NavigationSettings {
        /// Noise of a GNSS fix in each axis at 45 dB-Hz, one standard deviation [m].
        gnss_sigma_m: LogUniform(1.0, 6.0), 0.0, 1e6;
        /// Error of the ephemeris in each axis, one standard deviation, constant in an episode [m].
        ephemeris_sigma_m: LogUniform(3.0, 30.0), 0.0, 1e6;
        /// Error of the velocity in each axis with which it goes on when GNSS is lost, one standard deviation [m/s].
        coasting_sigma_m_s: LogUniform(0.003, 0.03), 0.0, 1e4;
        /// Time in which fixes draw the solution back [s].
        filter_time_s: Uniform(30.0, 120.0), 1e-3, 1e7;
    }
}

/// The navigation solution.
///
/// With GNSS the solution is the truth, a fix's noise and what is left of earlier errors: dx/dt = -x/τ; noise of code tracking grows as
/// (C/N₀)^(-1/2) (Kaplan and Hegarty, Understanding GPS, 2nd ed., eq. 5.26). Without it x grows in a straight line by an error of
/// velocity drawn when GNSS is lost; what an orbit's dynamics make of that error within a revolution (up to six times as much along
/// track) is left out. False signals that the receiver tracks drag x along T at their own speed, and the filter follows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Navigation {
    /// What was drawn.
    pub settings: NavigationSettings,
    /// Whether GNSS is left aside, as a countermeasure may have it: the craft propagates.
    pub rejects_gnss: bool,
    /// x: solution less truth without noise, own RTN [m].
    pub offset_rtn_m: Vector3,
    /// Error of the velocity while GNSS is lost, own RTN [m/s]; zero while it is not.
    pub coasting_rtn_m_s: Vector3,
    /// Ephemeris less truth, own RTN [m].
    pub ephemeris_error_rtn_m: Vector3,
    /// Whether GNSS was used in the last segment.
    pub uses_gnss: bool,
    /// Distance of the solution from the ephemeris [m].
    pub off_ephemeris_m: f64,
}

/// Three independent normal deviates of a standard deviation.
fn scatter(sigma: f64, generator: &mut Generator) -> Vector3 {
    Vector3::from_fn(|_, _| StandardNormal.sample(generator)) * sigma
}

impl Navigation {
    /// At the start of an episode.
    pub(super) fn begin(settings: NavigationSettings, generator: &mut Generator) -> Self {
        Self {
            settings,
            rejects_gnss: false,
            offset_rtn_m: Vector3::zeros(),
            coasting_rtn_m_s: Vector3::zeros(),
            ephemeris_error_rtn_m: scatter(settings.ephemeris_sigma_m, generator),
            uses_gnss: true,
            off_ephemeris_m: 0.0,
        }
    }

    /// Navigates for a time. `drag_m_s`: speed at which false signals move the solution, 0 without any.
    pub(super) fn step(
        &mut self,
        gnss_c_n0_db_hz: f64,
        gnss_margin_db: f64,
        drag_m_s: f64,
        duration_s: f64,
        generator: &mut Generator,
    ) {
        self.uses_gnss = !self.rejects_gnss && gnss_margin_db >= 0.0;
        let normal = scatter(1.0, generator);
        let mut noise_m = Vector3::zeros();
        if self.uses_gnss {
            self.coasting_rtn_m_s = Vector3::zeros();
            if drag_m_s != 0.0 {
                self.offset_rtn_m.y += drag_m_s * duration_s;
            } else if self.offset_rtn_m != Vector3::zeros() {
                self.offset_rtn_m *= libm::exp(-duration_s / self.settings.filter_time_s);
            }
            // The square root of a ratio of 10 dB is 10^(1/2).
            let weaker = libm::exp((45.0 - gnss_c_n0_db_hz) * (std::f64::consts::LN_10 / 20.0));
            noise_m = normal * (self.settings.gnss_sigma_m * weaker);
        } else {
            if self.coasting_rtn_m_s == Vector3::zeros() {
                self.coasting_rtn_m_s = normal * self.settings.coasting_sigma_m_s;
            }
            self.offset_rtn_m += self.coasting_rtn_m_s * duration_s;
        }
        self.off_ephemeris_m = (self.offset_rtn_m + noise_m - self.ephemeris_error_rtn_m).norm();
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn navigation(generator: &mut Generator) -> Navigation {
        let settings = NavigationSettings {
            gnss_sigma_m: 2.0,
            ephemeris_sigma_m: 0.0,
            coasting_sigma_m_s: 0.01,
            filter_time_s: 60.0,
        };
        Navigation::begin(settings, generator)
    }

    #[test]
    fn noise_grows_as_the_signal_weakens() {
        let mut generator = Generator::seed_from_u64(1);
        let mut rms = |c_n0_db_hz: f64| {
            let mut navigation = navigation(&mut generator);
            let mut sum = 0.0;
            for _ in 0..2_000 {
                navigation.step(c_n0_db_hz, 10.0, 0.0, 10.0, &mut generator);
                sum += navigation.off_ephemeris_m.powi(2);
            }
            (sum / 2_000.0_f64).sqrt()
        };
        // √3 × 2 m at 45 dB-Hz and √10 times that at 35; the standard error is 1 %.
        assert!((rms(45.0) / (2.0 * 3f64.sqrt()) - 1.0).abs() < 0.06);
        assert!((rms(35.0) / (2.0 * 30f64.sqrt()) - 1.0).abs() < 0.06);
    }

    #[test]
    fn it_drifts_without_gnss_and_is_drawn_back_with_it() {
        let mut generator = Generator::seed_from_u64(1);
        let mut navigation = navigation(&mut generator);
        for _ in 0..100 {
            navigation.step(20.0, -5.0, 0.0, 10.0, &mut generator);
        }
        let drifted_m = navigation.offset_rtn_m.norm();
        assert!((drifted_m - navigation.coasting_rtn_m_s.norm() * 1e3).abs() < 1e-9 && drifted_m > 1.0);
        navigation.step(45.0, 17.0, 0.0, 60.0, &mut generator);
        assert!((navigation.offset_rtn_m.norm() - drifted_m * (-1.0_f64).exp()).abs() < 1e-9);
    }

    #[test]
    fn false_signals_drag_it_unless_gnss_is_rejected() {
        let mut generator = Generator::seed_from_u64(1);
        let mut navigation = navigation(&mut generator);
        for _ in 0..50 {
            navigation.step(45.0, 17.0, 3.0, 10.0, &mut generator);
        }
        assert!((navigation.off_ephemeris_m - 1_500.0).abs() < 20.0, "{}", navigation.off_ephemeris_m);
        navigation.rejects_gnss = true;
        navigation.step(45.0, 17.0, 3.0, 100.0, &mut generator);
        assert!((navigation.offset_rtn_m.y - 1_500.0).abs() < 10.0 && !navigation.uses_gnss);
    }
}
