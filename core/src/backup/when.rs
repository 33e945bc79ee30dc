//! Which archive is meant: by time, by place in the list, or what is there
//! now.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

use super::problem::BackupError;
use super::shelf::{Listed, Listing};
use crate::ports::CLOCK_SKEW;

/// A moment, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// A moment of a clock; none is before 1970.
    #[must_use]
    pub fn of(at: DateTime<Utc>) -> Self {
        Self(u64::try_from(at.timestamp()).unwrap_or(0))
    }

    /// The moment that an RFC 3339 text names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let at = DateTime::parse_from_rfc3339(text).ok()?;
        u64::try_from(at.timestamp()).ok().map(Self)
    }
}

impl Moment {
    /// The latest that an archive may have been taken at by now, if clocks are
    /// right.
    #[must_use]
    pub fn latest(now: DateTime<Utc>) -> Self {
        Self::of(now.checked_add_signed(CLOCK_SKEW).unwrap_or(now))
    }
}

/// As RFC 3339 in UTC; a number that is no date stays a number.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = i64::try_from(self.0).ok().and_then(|second| DateTime::from_timestamp(second, 0));
        match at {
            Some(at) => f.pad(&at.to_rfc3339_opts(SecondsFormat::Secs, true)),
            None => f.pad(&self.0.to_string()),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Which archive is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The one taken then.
    At(Moment),
    /// Counted from the newest, which is 1.
    Back(usize),
    /// No archive: what stands in the store.
    Now,
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "now" {
            return Ok(Self::Now);
        }
        if let Some(back) = text.strip_prefix('-') {
            return match back.parse() {
                Ok(back) if back > 0 => Ok(Self::Back(back)),
                _ => Err(format!("`{text}` counts to no archive; `-1` is the newest")),
            };
        }
        let second = text.parse().ok().map(Moment).or_else(|| Moment::parse(text));
        second.map(Self::At).ok_or_else(|| {
            format!(
                "`{}` is no time; give a Unix timestamp, an RFC 3339 time, or `-1` for the newest",
                text.escape_debug()
            )
        })
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Whoever gave a number finds it again.
            Self::At(moment) => write!(f, "{} ({moment})", moment.0),
            Self::Back(back) => write!(f, "-{back}"),
            Self::Now => f.write_str("now"),
        }
    }
}

impl Listing {
    /// The archive that is meant.
    ///
    /// # Errors
    /// If there is none, or more than one was taken in that second.
    pub fn find(&self, when: When) -> Result<&Listed, BackupError> {
        let missing = || BackupError::Missing { instance: self.instance.clone(), when };
        let mut fitting = self.archives.iter().enumerate().filter(|(at, listed)| match when {
            When::At(moment) => listed.at == moment,
            When::Back(back) => at + 1 == back,
            When::Now => false,
        });
        let (first, listed) = fitting.next().ok_or_else(missing)?;
        match fitting.next() {
            None => Ok(listed),
            Some((second, _)) => Err(BackupError::Ambiguous {
                instance: self.instance.clone(),
                when,
                places: vec![first + 1, second + 1],
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_every_spelling_and_nothing_else_is() {
        let at = When::At(Moment(1_767_225_600));
        for text in ["1767225600", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00"] {
            assert_eq!(text.parse(), Ok(at), "{text}");
        }
        assert_eq!("-1".parse(), Ok(When::Back(1)));
        assert_eq!("now".parse(), Ok(When::Now));
        assert_eq!(at.to_string(), "1767225600 (2026-01-01T00:00:00Z)");
        for text in ["", "-0", "--1", "yesterday", "1.5", "2026-01-01"] {
            assert!(text.parse::<When>().is_err(), "{text}");
        }
        assert_eq!(Moment(u64::MAX).to_string(), u64::MAX.to_string());
    }
}
