//! Pure: values of options: durations, sizes, variables, signal names.

use std::time::Duration;

use outpost_protocol::exec::process::SignalName;

/// The longest duration an option takes: a hundred years, so that deadlines cannot overflow.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 24 * 60 * 60);

/// The words for [`signal`], each with the signal it names.
const SIGNALS: [(&str, SignalName); 7] = [
    ("INT", SignalName::Interrupt),
    ("TERM", SignalName::Terminate),
    ("KILL", SignalName::Kill),
    ("HUP", SignalName::Hangup),
    ("QUIT", SignalName::Quit),
    ("USR1", SignalName::User1),
    ("USR2", SignalName::User2),
];

/// The number in front of a unit, and the unit.
fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.'));
    text.split_at(end.unwrap_or(text.len()))
}

/// A duration: `90`, `1.5s`, `250ms`, `10m`, `2h`, `1d`. A bare number counts seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text.trim());
    let seconds = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return Err(format!("`{unit}` is no unit of time; use ms, s, m, h or d")),
    };
    let number: f64 = number
        .parse()
        .map_err(|_| "expected a number and a unit, as in 10m".to_owned())?;
    match Duration::try_from_secs_f64(number * seconds) {
        Ok(duration) if duration <= LONGEST => Ok(duration),
        _ => Err("longer than a hundred years".to_owned()),
    }
}

/// As [`duration`], but not zero.
pub(crate) fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("must be longer than zero".to_owned()),
        duration => Ok(duration),
    }
}

/// A size in bytes: `65536`, `64KiB`, `16MiB`, `1GiB`; also `K`, `M`, `G` (the same) and `KB`,
/// `MB`, `GB` (powers of ten).
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let (number, unit) = split(text.trim());
    let factor: usize = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return Err(format!("`{unit}` is no unit of size; use KiB, MiB or GiB")),
    };
    let number: usize = number
        .parse()
        .map_err(|_| "expected a whole number and a unit, as in 16MiB".to_owned())?;
    let bytes = number.checked_mul(factor).ok_or("too large")?;
    if bytes == 0 {
        return Err("must be more than zero".to_owned());
    }
    Ok(bytes)
}

/// A variable: `NAME=VALUE`; the value may be empty and may hold `=`.
pub(crate) fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some(("", _)) => Err("the name is empty".to_owned()),
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err("expected NAME=VALUE".to_owned()),
    }
}

/// A signal by name, with or without `SIG`, in any case.
pub(crate) fn signal(text: &str) -> Result<SignalName, String> {
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let found = SIGNALS.iter().find(|(word, _)| *word == name);
    found.map(|(_, signal)| *signal).ok_or_else(|| {
        let words = SIGNALS.map(|(word, _)| word).join(", ");
        format!("no such signal; use one of {words}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units_and_bounds() {
        for (text, milliseconds) in [
            ("0", 0),
            ("90", 90_000),
            ("1.5s", 1500),
            ("250ms", 250),
            ("10m", 600_000),
            ("10min", 600_000),
            ("2h", 7_200_000),
            ("1d", 86_400_000),
        ] {
            assert_eq!(
                duration(text),
                Ok(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
        for text in [
            "",
            "s",
            "-1s",
            "1.2.3s",
            "10 years",
            "1e3",
            "99999999999999d",
            "inf",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert!(duration("36600d").is_ok());
        assert!(duration("36601d").is_err());
        assert!(positive_duration("0ms").is_err());
        assert_eq!(positive_duration("1ms"), Ok(Duration::from_millis(1)));
    }

    #[test]
    fn sizes_have_units_and_do_not_overflow() {
        for (text, bytes) in [
            ("1", 1),
            ("65536", 65_536),
            ("64KiB", 65_536),
            ("64k", 65_536),
            ("16MiB", 16 << 20),
            ("16MB", 16_000_000),
            ("1GiB", 1 << 30),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in [
            "",
            "0",
            "0MiB",
            "1.5MiB",
            "-1",
            "5 parsecs",
            "18446744073709551615KiB",
        ] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_variable_is_split_at_its_first_equals_sign() {
        assert_eq!(variable("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert_eq!(variable("A="), Ok(("A".to_owned(), String::new())));
        assert!(variable("A").is_err());
        assert!(variable("=b").is_err());
    }

    #[test]
    fn a_signal_is_named_as_kill_names_it() {
        assert_eq!(signal("TERM"), Ok(SignalName::Terminate));
        assert_eq!(signal("sigusr1"), Ok(SignalName::User1));
        assert!(signal("9").is_err());
        assert!(signal("SIG").is_err());
    }
}
