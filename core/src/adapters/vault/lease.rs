//! How long a token lives, and when something has to be done about it. Knows
//! times only, neither requests nor tokens.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// The life of a token as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lease {
    /// Nothing is known: the token may not ask about itself.
    Unknown,
    /// It does not end.
    Endless,
    /// It ends.
    Until {
        /// When it ends.
        expires: DateTime<Utc>,
        /// When to renew or replace it.
        due: DateTime<Utc>,
        /// Whether it may be renewed.
        renewable: bool,
    },
}

/// Server and client round to seconds, each in its own way.
const ROUNDING: TimeDelta = TimeDelta::seconds(1);

impl Lease {
    /// A lease of some seconds from now; 0 does not end. It is due at two
    /// thirds, which leaves time to try again.
    pub(super) fn granted(now: DateTime<Utc>, seconds: u64, renewable: bool) -> Self {
        if seconds == 0 {
            return Self::Endless;
        }
        let length = TimeDelta::from_std(Duration::from_secs(seconds)).unwrap_or(TimeDelta::MAX);
        match now.checked_add_signed(length) {
            Some(expires) => Self::Until { expires, due: now + length * 2 / 3, renewable },
            None => Self::Endless,
        }
    }

    /// Whether something has to be done now.
    pub(super) fn is_due(&self, now: DateTime<Utc>) -> bool {
        matches!(self, Self::Until { due, .. } if *due <= now)
    }

    /// Whether it has ended.
    pub(super) fn is_over(&self, now: DateTime<Utc>) -> bool {
        matches!(self, Self::Until { expires, .. } if *expires <= now)
    }

    /// Whether a renewal may help.
    pub(super) fn is_renewable(&self) -> bool {
        matches!(self, Self::Until { renewable: true, .. })
    }

    /// Whether it ends later than another: a renewal that does not reach
    /// further has met the token's maximum.
    pub(super) fn outlasts(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Until { expires: new, .. }, Self::Until { expires: old, .. }) => *new > *old + ROUNDING,
            _ => true,
        }
    }

    /// The same, to be looked at again after a third of what is left.
    pub(super) fn postponed(self, now: DateTime<Utc>) -> Self {
        match self {
            Self::Until { expires, renewable, .. } => {
                Self::Until { expires, due: now + ((expires - now) / 3).max(ROUNDING), renewable }
            }
            other => other,
        }
    }

    /// The same, never to be renewed.
    pub(super) fn final_one(self) -> Self {
        match self {
            Self::Until { expires, .. } => {
                Self::Until { expires, due: DateTime::<Utc>::MAX_UTC, renewable: false }
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_due_at_two_thirds() {
        let start = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        let at = |seconds| start + TimeDelta::seconds(seconds);
        let lease = Lease::granted(start, 60, true);
        assert!(!lease.is_due(at(39)) && lease.is_due(at(40)));
        assert!(!lease.is_over(at(59)) && lease.is_over(at(60)));
        assert_eq!(Lease::granted(start, 0, true), Lease::Endless);
        assert_eq!(Lease::granted(start, u64::MAX, true), Lease::Endless);
    }

    #[test]
    fn a_renewal_that_meets_the_maximum_does_not_outlast() {
        let start = DateTime::from_timestamp(1_767_225_600, 0).unwrap();
        let later = start + TimeDelta::seconds(40);
        let first = Lease::granted(start, 60, true);
        assert!(Lease::granted(later, 60, true).outlasts(&first));
        assert!(!Lease::granted(later, 21, true).outlasts(&first));
        let again = first.postponed(start + TimeDelta::seconds(45));
        assert!(again.is_due(start + TimeDelta::seconds(50)));
        assert!(!first.final_one().is_due(later) && !first.final_one().is_renewable());
    }
}
