//! The epoch of a scenario.

use std::str::FromStr;

use hifitime::Epoch;

/// First and last year that an epoch may lie in: the span over which leap seconds, or their absence, and the short
/// series for Sun and precession are good enough.
const YEARS: std::ops::RangeInclusive<u32> = 1960..=2100;

/// The Julian date (TT) of a UTC instant, as [`instant`] reads it.
///
/// # Errors
/// As [`instant`].
pub(super) fn julian_date_tt(text: &str) -> Result<f64, String> {
    instant(text).map(|epoch| epoch.to_jde_tt_days())
}

/// A UTC instant written as in `2026-03-20T12:00:00Z`, decimals of the second allowed.
///
/// # Errors
/// What is wrong with `text`, in words that follow it.
pub(super) fn instant(text: &str) -> Result<Epoch, String> {
    let form = "is not of the form YYYY-MM-DDTHH:MM:SSZ";
    let Some(instant) = text.strip_suffix('Z').filter(|instant| instant.len() <= 29) else {
        return Err(form.to_owned());
    };
    let pattern = "dddd-dd-ddTdd:dd:dd";
    let matches = |(byte, wanted): (u8, u8)| if wanted == b'd' { byte.is_ascii_digit() } else { byte == wanted };
    let (Some(whole), Some(decimals)) = (instant.get(..pattern.len()), instant.get(pattern.len()..)) else {
        return Err(form.to_owned());
    };
    let has_form = whole.bytes().zip(pattern.bytes()).all(matches);
    let decimals_are_sound = decimals.is_empty()
        || decimals
            .strip_prefix('.')
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    if !has_form || !decimals_are_sound {
        return Err(form.to_owned());
    }
    let year = whole[..4].parse().unwrap_or(0);
    if !YEARS.contains(&year) {
        return Err(format!("is outside the years {} to {}", YEARS.start(), YEARS.end()));
    }
    Epoch::from_str(&format!("{instant} UTC")).map_err(|_| "is no date and time of the calendar".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terrestrial_time_is_ahead_of_utc_by_the_leap_seconds() {
        // J2000.0 is 2000-01-01 11:58:55.816 UTC: TT - UTC = 32.184 s + 32 leap seconds (IERS Bulletin C).
        // One Julian date in f64 resolves 40 µs.
        let jd = julian_date_tt("2000-01-01T11:58:55.816Z").expect("a date");
        assert!((jd - 2_451_545.0).abs() * 86_400.0 < 1e-4, "{jd}");
        // 37 leap seconds since 2017: 69.184 s.
        let jd = julian_date_tt("2026-03-20T12:00:00Z").expect("a date");
        assert!((jd - (2_461_120.0 + 69.184 / 86_400.0)).abs() * 86_400.0 < 1e-4, "{jd}");
    }

    #[test]
    fn what_is_no_utc_instant_is_refused() {
        for text in [
            "",
            "Z",
            "2026-03-20",
            "2026-03-20T12:00:00",
            "2026-03-20T12:00:00+01:00",
            "2026-03-20 12:00:00Z",
            "2026-03-20T12:00:00.Z",
            "2026-03-20T12:00:00.5.5Z",
            "20é6-03-20T12:00:00Z",
            "2026-02-30T12:00:00Z",
            "2026-13-01T12:00:00Z",
            "2026-03-20T25:00:00Z",
            "2026-03-20T12:61:00Z",
            "0001-01-01T00:00:00Z",
            "9999-01-01T00:00:00Z",
            "2026-03-20T12:00:00.0000000000000Z",
        ] {
            assert!(julian_date_tt(text).is_err(), "{text}");
        }
    }
}
