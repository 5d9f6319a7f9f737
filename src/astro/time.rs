//! Instants on the scales that frames need: TT for the sky, UT1 for the turning Earth.
//!
//! An instant is a [`hifitime::Epoch`], which counts nanoseconds and knows TAI, TT, UTC and its leap seconds (those known
//! when the library was released; before 1972 it counts none, and UTC runs beside TAI). UT1 is not computable: its
//! distance from UTC is measured by the IERS and comes in as a value, ΔUT1 = UT1 - UTC, at most 0.9 s.

use hifitime::{Epoch, TimeScale, Unit};

use super::constants::{JULIAN_DATE_J2000, SECONDS_PER_DAY};

/// Days in a Julian century.
const DAYS_PER_CENTURY: f64 = 36_525.0;

/// Julian centuries of TT since J2000.0.
#[must_use]
pub fn centuries_tt_since_j2000(epoch: Epoch) -> f64 {
    epoch.to_tt_since_j2k().to_unit(Unit::Day) / DAYS_PER_CENTURY
}

/// Days of UT1 since JD 2451545.0 UT1, given `ut1_minus_utc_s` (ΔUT1 of the IERS [s]).
///
/// Continuous through leap seconds, where ΔUT1 jumps as UTC does.
#[must_use]
pub fn days_ut1_since_j2000(epoch: Epoch, ut1_minus_utc_s: f64) -> f64 {
    let since_noon = epoch.to_time_scale(TimeScale::UTC).to_jde_utc_duration() - Unit::Day * JULIAN_DATE_J2000;
    since_noon.to_unit(Unit::Day) + ut1_minus_utc_s / SECONDS_PER_DAY
}

/// The instant of a Julian date in TT; `None` where it is not a finite number within 32,000 centuries of J1900.
///
/// A Julian date in one `f64` resolves 40 µs.
#[must_use]
pub fn epoch_of_julian_date_tt(julian_date_tt: f64) -> Option<Epoch> {
    let days = julian_date_tt - JULIAN_DATE_J2000;
    (days.abs() < 32_000.0 * DAYS_PER_CENTURY)
        .then(|| Epoch::from_jde_in_time_scale(JULIAN_DATE_J2000, TimeScale::TT) + days * Unit::Day)
}

/// Julian date in TT of an instant [days]; good to 40 µs, which is what one `f64` holds.
#[must_use]
pub fn julian_date_tt(epoch: Epoch) -> f64 {
    JULIAN_DATE_J2000 + epoch.to_tt_since_j2k().to_unit(Unit::Day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_those_of_vallado_example_3_7() {
        // 14 May 2004, 16:43:00 UTC, ΔUT1 -0.463326 s, ΔAT 32 s: T_TT 0.043674121031, UT1 16:42:59.5367.
        let epoch = Epoch::from_gregorian_utc(2004, 5, 14, 16, 43, 0, 0);
        assert!((epoch.to_tai_duration() - epoch.to_utc_duration()).to_seconds() - 32.0 == 0.0);
        assert!((centuries_tt_since_j2000(epoch) - 0.043_674_121_031).abs() < 1e-12);
        // JD of 14 May 2004, 0 h: 2453139.5.
        let seconds = 16.0 * 3_600.0 + 43.0 * 60.0 - 0.463_326;
        let days = days_ut1_since_j2000(epoch, -0.463_326);
        assert!((days - (1_594.5 + seconds / SECONDS_PER_DAY)).abs() < 1e-12, "{days}");
    }

    #[test]
    fn ut1_runs_on_through_a_leap_second() {
        // 1 January 2017: ΔUT1 went from -0.408 to +0.592 s as UTC stood still for a second; 21 s passed between the two.
        let after = Epoch::from_gregorian_utc(2017, 1, 1, 0, 0, 10, 0);
        let before = Epoch::from_gregorian_utc(2016, 12, 31, 23, 59, 50, 0);
        let elapsed_s = (days_ut1_since_j2000(after, 0.592) - days_ut1_since_j2000(before, -0.408)) * SECONDS_PER_DAY;
        assert!((elapsed_s - 21.0).abs() < 1e-6, "{elapsed_s}");
    }

    #[test]
    fn julian_dates_go_there_and_back() {
        for julian_date in [2_415_020.5, 2_451_545.0, 2_453_101.827_411_875, 2_488_069.25] {
            let epoch = epoch_of_julian_date_tt(julian_date).expect("in range");
            assert!((julian_date_tt(epoch) - julian_date).abs() < 1e-9);
        }
        for out_of_range in [f64::NAN, f64::INFINITY, 1e300, -1e12] {
            assert_eq!(epoch_of_julian_date_tt(out_of_range), None);
        }
    }
}
