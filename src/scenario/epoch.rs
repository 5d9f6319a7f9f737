//! Epochs as people write them.

use std::str::FromStr;

use hifitime::Epoch;

/// First and last year that an epoch may lie in: the span over which leap seconds, or their absence, and the short
/// series for Sun and precession are good enough.
const YEARS: std::ops::RangeInclusive<u32> = 1960..=2100;

/// The Julian date (TT) of a UTC instant written as in `2026-03-20T12:00:00Z`, decimals of the second allowed.
///
/// # Errors
/// What is wrong with `text`, in words that follow it.
pub fn julian_date_tt(text: &str) -> Result<f64, String> {
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

/// As [`julian_date_tt`], and also without the `Z` (UTC), as a date alone (its midnight), and with an offset from UTC (`+02:00`).
///
/// # Errors
/// What is wrong with `text`, in words that follow it.
pub fn julian_date_tt_of(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let is_date = text.len() == 10 && text.bytes().filter(|byte| *byte == b'-').count() == 2;
    if is_date {
        return julian_date_tt(&format!("{text}T00:00:00Z"));
    }
    if text.ends_with('Z') {
        return julian_date_tt(text);
    }
    let offset = text.len().checked_sub(6).filter(|start| *start > 10).and_then(|start| {
        let (instant, offset) = (text.get(..start)?, text.get(start..)?);
        let sign = match offset.as_bytes()[0] {
            b'+' => 1.0,
            b'-' => -1.0,
            _ => return None,
        };
        let (hours, minutes) = offset[1..].split_once(':')?;
        let (hours, minutes): (u8, u8) = (hours.parse().ok()?, minutes.parse().ok()?);
        (hours <= 14 && minutes < 60)
            .then(|| (instant, sign * (f64::from(hours) / 24.0 + f64::from(minutes) / 1_440.0)))
    });
    match offset {
        Some((instant, ahead_days)) => julian_date_tt(&format!("{instant}Z")).map(|date| date - ahead_days),
        None => julian_date_tt(&format!("{text}Z")),
    }
}

/// First and last Julian date for which epochs are taken.
#[must_use]
pub fn julian_date_tt_bounds() -> (f64, f64) {
    let days = |year: u32| 2_451_544.5 + (f64::from(year) - 2_000.0) * 365.25;
    (days(*YEARS.start()) - 1.0, days(*YEARS.end() + 1) + 1.0)
}

/// The years for which epochs are taken, in words.
#[must_use]
pub fn years() -> String {
    format!("{} to {}", YEARS.start(), YEARS.end())
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
    fn other_forms_of_iso_8601_are_the_same_instant() {
        let expected = julian_date_tt("2026-03-20T12:00:00Z").expect("a date");
        for text in
            ["2026-03-20T12:00:00", "2026-03-20T12:00:00.000", "2026-03-20T14:00:00+02:00", "2026-03-20T06:30:00-05:30"]
        {
            let found = julian_date_tt_of(text).unwrap_or_else(|reason| panic!("{text} {reason}"));
            assert!((found - expected).abs() < 1e-9, "{text}");
        }
        assert_eq!(julian_date_tt_of("2026-03-20"), julian_date_tt("2026-03-20T00:00:00Z"));
        for text in
            ["", "tomorrow", "2026-3-2", "2026-03-20T12:00:00+2", "2026-03-20T12:00:00+99:00", "1066-10-14", "é"]
        {
            assert!(julian_date_tt_of(text).is_err(), "{text}");
        }
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
