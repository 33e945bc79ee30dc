//! Durations as Go writes them, because Blacksmith's operators do: `1h30m`,
//! `500ms`, `1.5h`.
//!
//! The grammar is that of Go's `time.ParseDuration`, without negative ones.
//! What Go's programs are known to swallow silently (`7d`, `3600`, nothing) is
//! refused with the spelling that works.

use std::fmt::Write as _;
use std::time::Duration;

/// A text that is no duration: what is wrong with it, and what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {next}")]
#[non_exhaustive]
pub struct InvalidDuration {
    /// What is wrong; never the text itself.
    pub what: String,
    /// What to write instead.
    pub next: String,
}

/// The units, longest first, with their length in nanoseconds. The two signs
/// for "micro" look the same.
const UNITS: [(&str, u128); 8] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ns", 1),
];

/// The longest duration Go can hold, about 292 years.
const LONGEST: u128 = i64::MAX as u128;

/// Reads a duration in Go's syntax.
///
/// # Errors
/// If it is empty, negative, lacks a unit, has one that Go does not know, or
/// is longer than Go can hold.
pub fn parse_duration(text: &str) -> Result<Duration, InvalidDuration> {
    if text.is_empty() {
        return refused("is empty", "write one such as `1h30m` or `500ms`");
    }
    if text.starts_with('-') {
        return refused("is negative", "write one of zero or more, such as `30s`");
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return refused("has no number", "write one such as `1h30m` or `500ms`");
    }
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let (length, left) = leading_part(rest)?;
        total = total.saturating_add(length);
        rest = left;
    }
    if total > LONGEST {
        return refused("is longer than 292 years", "write a shorter one, such as `24h`");
    }
    // Below `LONGEST`, both parts fit their types.
    let seconds = u64::try_from(total / 1_000_000_000).unwrap_or(u64::MAX);
    let nanoseconds = u32::try_from(total % 1_000_000_000).unwrap_or_default();
    Ok(Duration::new(seconds, nanoseconds))
}

/// The length of the first number with its unit, and what follows them.
fn leading_part(text: &str) -> Result<(u128, &str), InvalidDuration> {
    let number_end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(number_end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return refused("does not begin every part with a number", "write one such as `1h30m` or `500ms`");
    }
    let unit_end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
    let (name, rest) = rest.split_at(unit_end);
    let Some((_, unit)) = UNITS.iter().find(|(known, _)| *known == name) else {
        return Err(unknown_unit(name));
    };
    let whole: u128 = match whole {
        "" => 0,
        // Too long for 128 bits is too long for Go as well.
        digits => digits.parse().unwrap_or(u128::MAX),
    };
    Ok((whole.saturating_mul(*unit).saturating_add(part_of(fraction, *unit)), rest))
}

/// The fraction `0.<digits>` of a unit, cut off below a nanosecond.
fn part_of(digits: &str, unit: u128) -> u128 {
    // The smallest unit's share of an hour has 13 digits; more change nothing.
    let significant = &digits[..digits.len().min(18)];
    let scale = 10_u128.pow(significant.len() as u32);
    significant.parse::<u128>().unwrap_or_default() * unit / scale
}

fn unknown_unit(name: &str) -> InvalidDuration {
    const KNOWN: &str = "the units are `h`, `m`, `s`, `ms`, `us` and `ns`";
    let (what, next) = match name {
        "" => ("has a number without a unit".to_owned(), format!("{KNOWN}: an hour is `1h` or `3600s`")),
        "d" | "day" | "days" => (
            "counts in days, which is no unit".to_owned(),
            "write hours: a day is `24h`, a week `168h`".to_owned(),
        ),
        "w" | "week" | "weeks" => {
            ("counts in weeks, which is no unit".to_owned(), "write hours: a week is `168h`".to_owned())
        }
        _ => ("has an unknown unit".to_owned(), KNOWN.to_owned()),
    };
    InvalidDuration { what, next }
}

fn refused<T>(what: &str, next: &str) -> Result<T, InvalidDuration> {
    Err(InvalidDuration { what: what.to_owned(), next: next.to_owned() })
}

/// Writes a duration so that [`parse_duration`] reads it back: `1h30m`,
/// `1s500ms`, `0s`.
#[must_use]
pub fn duration_text(duration: Duration) -> String {
    let mut left = duration.as_nanos();
    let mut text = String::new();
    for (name, unit) in UNITS.iter().filter(|(name, _)| name.is_ascii()) {
        let count = left / unit;
        left %= unit;
        if count > 0 {
            // Writing to a string cannot fail.
            let _ = write!(text, "{count}{name}");
        }
    }
    if text.is_empty() {
        text.push_str("0s");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, nanoseconds, written) in [
            ("0", 0, "0s"),
            ("0s", 0, "0s"),
            ("5s", 5_000_000_000, "5s"),
            ("+5s", 5_000_000_000, "5s"),
            ("1h30m", 5_400_000_000_000, "1h30m"),
            ("1.5h", 5_400_000_000_000, "1h30m"),
            ("90m", 5_400_000_000_000, "1h30m"),
            ("500ms", 500_000_000, "500ms"),
            (".5s", 500_000_000, "500ms"),
            ("1.s", 1_000_000_000, "1s"),
            ("1s500ms", 1_500_000_000, "1s500ms"),
            ("3m3m", 360_000_000_000, "6m"),
            ("10us", 10_000, "10us"),
            ("10µs", 10_000, "10us"),
            ("10μs", 10_000, "10us"),
            ("7ns", 7, "7ns"),
            ("1.9ns", 1, "1ns"),
            ("0.1000000000000000000001h", 360_000_000_000, "6m"),
            ("2540400h10m10s", 9_145_440_610_000_000_000, "2540400h10m10s"),
        ] {
            let read = parse_duration(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(read.as_nanos(), nanoseconds, "{text}");
            assert_eq!(duration_text(read), written, "{text}");
            assert_eq!(parse_duration(written), Ok(read), "{written}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_what_to_write() {
        for (text, what, next) in [
            ("", "empty", "1h30m"),
            ("7d", "days", "168h"),
            ("1w", "weeks", "168h"),
            ("3600", "without a unit", "3600s"),
            ("1h30", "without a unit", "3600s"),
            ("-5s", "negative", "30s"),
            ("5 s", "unknown unit", "`ms`"),
            (" 5s", "begin", "500ms"),
            ("5S", "unknown unit", "`ms`"),
            ("1h 30m", "unknown unit", "`h`"),
            ("one hour", "begin", "1h30m"),
            (".s", "begin", "1h30m"),
            ("1.2.3s", "begin", "1h30m"),
            ("+", "no number", "1h30m"),
            ("٣s", "begin", "1h30m"),
            ("9999999h", "292 years", "24h"),
            (&"9".repeat(60), "without a unit", "3600s"),
            (&format!("{}h", "9".repeat(60)), "292 years", "24h"),
        ] {
            let error = parse_duration(text).expect_err(text);
            assert!(error.what.contains(what), "{text}: {error}");
            assert!(error.next.contains(next), "{text}: {error}");
        }
    }
}
