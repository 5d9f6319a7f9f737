//! UTC instants as CCSDS messages write them.

use hifitime::{Epoch, TimeScale};

/// The instant of `2010-03-13T22:37:52.618` or, by the day of the year, `2010-072T22:37:52.618`; a final `Z` may follow.
///
/// `None` for what is no UTC instant of the years 1960 to 2100. Source: CCSDS 301.0-B-4, section 3.5 (ASCII time codes A and B).
#[must_use]
pub fn parse(text: &str) -> Option<Epoch> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (date, time) = text.split_once('T')?;
    let number = |text: &str, digits: usize| -> Option<u32> {
        (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
    };
    let (year, month, day) = match date.split('-').collect::<Vec<_>>()[..] {
        [year, month, day] => (number(year, 4)?, number(month, 2)?, number(day, 2)?),
        [year, day] => {
            let year = number(year, 4)?;
            let (month, day) = month_and_day(year, number(day, 3)?)?;
            (year, month, day)
        }
        _ => return None,
    };
    let [hour, minute, second] = time.split(':').collect::<Vec<_>>()[..] else { return None };
    let (second, fraction) = second.split_once('.').unwrap_or((second, ""));
    if fraction.len() > 15 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanoseconds: u32 = format!("{fraction:0<9.9}").parse().ok()?;
    let (hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    if !(1960..=2100).contains(&year) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let [month, day, hour, minute, second] = [month, day, hour, minute, second].map(|part| part as u8);
    Epoch::maybe_from_gregorian(year as i32, month, day, hour, minute, second, nanoseconds, TimeScale::UTC).ok()
}

/// The month and the day in it of a day of the year, counted from 1.
fn month_and_day(year: u32, mut day: u32) -> Option<(u32, u32)> {
    let leap = u32::from(year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)));
    for (month, days) in (1..).zip([31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) {
        if (1..=days).contains(&day) {
            return Some((month, day));
        }
        day = day.checked_sub(days)?;
    }
    None
}

/// The instant written as UTC with microseconds: `2010-03-13T22:37:52.618000`.
#[must_use]
pub fn write(instant: &Epoch) -> String {
    let rounded = *instant + hifitime::Duration::from_total_nanoseconds(500);
    let (year, month, day, hour, minute, second, nanoseconds) = rounded.to_gregorian(TimeScale::UTC);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:06}", nanoseconds / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_date_are_read() {
        let instant = parse("2010-03-13T22:37:52.618").unwrap();
        assert_eq!(parse("2010-072T22:37:52.618Z"), Some(instant));
        assert_eq!(write(&instant), "2010-03-13T22:37:52.618000");
        assert_eq!(parse("2012-366T00:00:00"), parse("2012-12-31T00:00:00.000000000"));
        assert!(parse("2012-02-29T00:00:00").is_some() && parse("2016-12-31T23:59:60").is_some());
        // TT - UTC was 66.184 s in 2010.
        let seconds = instant.to_tt_seconds() - parse("2010-01-01T00:00:00").unwrap().to_tt_seconds();
        assert!((seconds - (71.0 * 86_400.0 + 22.0 * 3600.0 + 37.0 * 60.0 + 52.618)).abs() < 1e-6);
    }

    #[test]
    fn what_is_no_instant_is_none() {
        for text in [
            "",
            "T",
            "2010-03-13",
            "2010-03-13 22:37:52",
            "2010-3-13T22:37:52",
            "2010-03-13T22:37",
            "2010-03-13T24:00:00",
            "2010-02-30T00:00:00",
            "2011-02-29T00:00:00",
            "2011-366T00:00:00",
            "2011-000T00:00:00",
            "2010-072-1T00:00:00",
            "2010-03-13T22:37:52.6é",
            "1912-03-13T22:37:52",
            "9999-03-13T22:37:52",
            "2010-13-01T00:00:00",
            "2010-03-13T22:61:52",
            "2010-03-13T22:37:52.1234567890123456",
            "2010-03-13T22:37:99",
            "-010-03-13T22:37:52",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
