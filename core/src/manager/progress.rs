//! Tells somebody how far a run is.

use std::fmt;

/// A part of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Reading the Director's list and the index.
    Scan,
    /// Reading manifests and deciding.
    Decide,
    /// Reading and writing records.
    Write,
    /// Writing the index.
    Index,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Scan => "scan",
            Self::Decide => "decide",
            Self::Write => "write",
            Self::Index => "index",
        })
    }
}

/// Is told how far a run is.
pub trait Progress: Send + Sync {
    /// A phase begins; it has this many steps.
    fn begin(&self, phase: Phase, steps: usize);
    /// Some steps of the phase are done.
    fn advance(&self, steps: usize);
    /// The phase is over.
    fn end(&self);
}

/// Does not want to know.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&self, _phase: Phase, _steps: usize) {}
    fn advance(&self, _steps: usize) {}
    fn end(&self) {}
}
