//! Why an absent entry is not called missing yet.

use std::fmt;

use serde::Serialize;

/// Why an absent entry is not called missing yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
#[non_exhaustive]
pub enum Waiting {
    /// The scan is not complete: what it lacks is unknown.
    IncompleteScan,
    /// Nothing is remembered between runs, so that no second scan can follow a
    /// first one.
    NoState,
    /// Too few complete scans, or too close to each other.
    TooFewScans {
        /// How many there were.
        scans: u32,
        /// When the next one may count, RFC 3339.
        not_before: String,
        /// Until when one has to be made so that counting goes on, RFC 3339;
        /// nothing if that is beyond all time.
        not_after: Option<String>,
    },
    /// The entry is too young.
    TooYoung,
    /// The broker is at work on it.
    InOperation {
        /// What the entry's status says.
        status: String,
    },
    /// A task of the Director, or of the broker, is not finished.
    TaskInFlight,
    /// The entry names no plan, so nobody knows which deployment to look for.
    NoPlan,
    /// Its records were restored, and it is held until somebody lets go.
    Held,
    /// The Director has the deployment after all: its list was wrong.
    Listed {
        /// The deployment.
        deployment: String,
    },
    /// A deployment that is not its own has its name, so nothing more is
    /// concluded about it.
    NamedByAnother {
        /// The deployment.
        deployment: String,
    },
    /// A deployment may be its own: it could not be understood whose it is.
    NotUnderstood {
        /// The deployment.
        deployment: String,
    },
    /// It could not be told whether it is gone.
    Unproven {
        /// What could not be read, and why.
        why: String,
    },
    /// Another reconciler works on the same records, and `coexist` is not set.
    AnotherReconciler,
    /// More entries would turn missing at once than a run may call so.
    BeyondLimit {
        /// How many may turn.
        limit: usize,
        /// How many would.
        observed: usize,
    },
    /// The entry was changed while the run was under way, or could not be
    /// written.
    NotWritten,
    /// The filters of the run leave it out.
    FilteredOut,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IncompleteScan => f.write_str("the scan is incomplete, and what it lacks is unknown"),
            Self::NoState => f.write_str("nothing is remembered between runs"),
            Self::TooFewScans { scans: 0, .. } => f.write_str("no run has counted its absence yet"),
            Self::TooFewScans { scans, not_before, not_after } => {
                let plural = if *scans == 1 { "" } else { "s" };
                write!(f, "absent in {scans} complete scan{plural}; one ")?;
                match not_after {
                    Some(not_after) => write!(f, "between {not_before} and {not_after} may prove it"),
                    None => write!(f, "at {not_before} or later may prove it"),
                }
            }
            Self::TooYoung => f.write_str("the entry is younger than 2 hours"),
            Self::InOperation { status } => write!(f, "the broker is at work on it: `{status}`"),
            Self::TaskInFlight => f.write_str("a task that works on it is not finished"),
            Self::NoPlan => f.write_str("the entry names no plan, so nobody knows what to look for"),
            Self::Held => f.write_str("it is held since its records were restored"),
            Self::Listed { deployment } => {
                write!(f, "the Director has `{deployment}` after all, though its list does not")
            }
            Self::NamedByAnother { deployment } => {
                write!(f, "it is named by another deployment, `{deployment}`")
            }
            Self::NotUnderstood { deployment } => {
                write!(
                    f,
                    "`{deployment}` could not be understood, and may be its deployment; this scan does not count"
                )
            }
            Self::Unproven { why } => write!(f, "it cannot be told whether it is gone: {why}"),
            Self::AnotherReconciler => {
                f.write_str("another reconciler works on these records, and `coexist` is not set")
            }
            Self::BeyondLimit { limit, observed } => {
                write!(f, "{observed} entries would turn missing at once, and {limit} may")
            }
            Self::NotWritten => f.write_str("its entry could not be marked; the next run looks again"),
            Self::FilteredOut => f.write_str("the filters of the run leave it out"),
        }
    }
}
