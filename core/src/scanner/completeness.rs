//! Whether a scan proves absence, and if not, why.

use std::fmt;

use chrono::TimeDelta;

use crate::model::DeploymentName;
use crate::ports::{CLOCK_SKEW, Reach};

/// Why one deployment could not be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GapReason {
    /// Its manifest could not be read: what went wrong, without secrets.
    Unread(String),
    /// It was in the list, and a moment later the Director did not know it:
    /// somebody is deleting it.
    Vanished,
    /// It was not asked for, because so many requests in a row had failed.
    NotAsked(usize),
}

impl fmt::Display for GapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unread(why) => f.write_str(why),
            Self::Vanished => f.write_str("it vanished during the scan"),
            Self::NotAsked(failures) => {
                write!(f, "not asked: {failures} requests in a row had no answer that could be used")
            }
        }
    }
}

/// What a scan could not see. What it lacks is unknown, never absent.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// The deployment.
    pub deployment: DeploymentName,
    /// Why it could not be seen.
    pub reason: GapReason,
    /// Whether it may be seen if it is asked for again.
    pub may_pass: bool,
}

/// Why a scan as a whole proves no absence.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shortfall {
    /// Another Director answered in the end than in the beginning.
    AnotherDirector {
        /// The UUID in the beginning.
        expected: String,
        /// The UUID in the end.
        found: String,
    },
    /// It could not be asked in the end whether it is still the same Director.
    Unconfirmed(String),
    /// The credentials see less than they did: what is out of sight looks
    /// absent.
    ReachShrank {
        /// What they saw.
        before: Reach,
        /// What they see now.
        now: Reach,
    },
    /// Requests in a row had no usable answer, and the scan was ended.
    GivenUp(usize),
    /// The Director's clock and ours tell different times: how long something has
    /// been absent nobody can tell.
    ClocksApart {
        /// How far the Director's is ahead.
        ahead: TimeDelta,
    },
}

impl Shortfall {
    /// What clocks that are apart are called among findings.
    pub const CLOCKS_APART: &str = "clock.apart";

    /// What it is called among findings.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ClocksApart { .. } => Self::CLOCKS_APART,
            _ => "scan.incomplete",
        }
    }
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnotherDirector { expected, found } => write!(
                f,
                "the Director became another one during the scan: its UUID was {expected} and is {found}"
            ),
            Self::Unconfirmed(why) => {
                write!(f, "it could not be confirmed that the Director is still the same: {why}")
            }
            Self::ReachShrank { before, now } => write!(
                f,
                "the credentials see less than before: {now} instead of {before}; give them their \
                 scopes back, or begin another state file if that is meant"
            ),
            Self::GivenUp(failures) => write!(
                f,
                "the scan was ended after {failures} requests in a row without an answer that could be used"
            ),
            Self::ClocksApart { ahead } => {
                let which = if *ahead > TimeDelta::zero() { "ahead of" } else { "behind" };
                let minutes = (ahead.num_seconds().abs() + 30) / 60;
                let apart = match (minutes / 60, minutes % 60) {
                    (0, minutes) => format!("{minutes} min"),
                    (hours, 0) => format!("{hours} h"),
                    (hours, minutes) => format!("{hours} h {minutes} min"),
                };
                write!(
                    f,
                    "the Director's clock is {apart} {which} ours: this scan counts no absence, and no entry \
                     turns missing; set both clocks by the same time servers"
                )
            }
        }
    }
}

/// Whether a scan proves absence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completeness {
    /// What is wrong with the scan as a whole.
    pub shortfalls: Vec<Shortfall>,
    /// The deployments that could not be seen, in the order of their names.
    pub gaps: Vec<Gap>,
}

impl Completeness {
    /// Whether nothing is lacking.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.shortfalls.is_empty() && self.gaps.is_empty()
    }

    /// Whether what was seen may be another Director's: then it must not be
    /// written anywhere.
    #[must_use]
    pub fn is_of_another_director(&self) -> bool {
        self.shortfalls.iter().any(|shortfall| matches!(shortfall, Shortfall::AnotherDirector { .. }))
    }

    /// How far the Director's clock and ours are apart, where that is too far.
    #[must_use]
    pub fn clocks_apart(&self) -> TimeDelta {
        let apart = self.shortfalls.iter().filter_map(|shortfall| match shortfall {
            Shortfall::ClocksApart { ahead } => Some(ahead.abs()),
            _ => None,
        });
        apart.max().unwrap_or_default()
    }

    /// Takes in how far the Director's clock is ahead of ours.
    pub(super) fn compare_clocks(&mut self, ahead: Option<TimeDelta>) {
        if let Some(ahead) = ahead.filter(|ahead| ahead.abs() > CLOCK_SKEW)
            && self.clocks_apart().is_zero()
        {
            self.lacks(Shortfall::ClocksApart { ahead });
        }
    }

    pub(super) fn lacks(&mut self, shortfall: Shortfall) {
        if !self.shortfalls.contains(&shortfall) {
            self.shortfalls.push(shortfall);
        }
    }
}
