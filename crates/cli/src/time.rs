//! Pure: points in time and spans as people read them.

use std::time::Duration;

/// Milliseconds since 1970 as a date and a time of day, in UTC: `2026-11-20 15:07:49`.
pub(crate) fn utc(milliseconds: i64) -> String {
    let seconds = milliseconds.div_euclid(1000);
    let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date(day);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// Year, month and day of a number of days since 1970.
fn date(days: i64) -> (i64, i64, i64) {
    // A year that begins in March has its leap day at its end, and 400 of them are a whole number
    // of days. The first of March of year 0 was 719,468 days before 1970.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Months from March on have 31, 30, 31, 30, 31 days, over and over: 153 days in five.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next, month, day)
}

/// A span in the two largest units that matter: `45s`, `3m07s`, `2h05m`, `4d01h`.
pub(crate) fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01 00:00:00"),
            (-1, "1969-12-31 23:59:59"),
            (951_782_400, "2000-02-29 00:00:00"),
            (951_868_800, "2000-03-01 00:00:00"),
            (1_709_251_199, "2024-02-29 23:59:59"),
            (1_767_225_599, "2025-12-31 23:59:59"),
            (4_107_542_400, "2100-03-01 00:00:00"),
            (-2_203_891_200, "1900-03-01 00:00:00"),
        ] {
            assert_eq!(utc(seconds * 1000), text);
        }
    }

    #[test]
    fn every_day_is_the_day_after_the_one_before() {
        let mut before = date(-200_000);
        for day in -199_999..200_000 {
            let (year, month, of_month) = date(day);
            let (last_year, last_month, last_day) = before;
            let next_day = (year, month, of_month) == (last_year, last_month, last_day + 1);
            let next_month = of_month == 1
                && last_day >= 28
                && (year * 12 + month) == (last_year * 12 + last_month + 1);
            assert!(
                next_day || next_month,
                "{before:?} then {:?}",
                (year, month, of_month)
            );
            before = (year, month, of_month);
        }
    }

    #[test]
    fn a_span_has_two_units() {
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (187, "3m07s"),
            (7500, "2h05m"),
            (349_200, "4d01h"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), text);
        }
    }
}
