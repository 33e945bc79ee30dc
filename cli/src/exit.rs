//! Exit codes: part of the interface, documented in `--help`, never reused.

use std::process::ExitCode;

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done, or nothing to do.
    Success = 0,
    /// Our side is at fault: arguments, configuration, files.
    Local = 1,
    /// The other side is: it cannot be reached, or refuses us.
    Remote = 2,
    /// Done, but not everything could be seen or written.
    Incomplete = 3,
    /// A guard refused.
    Refused = 4,
    /// Something has no counterpart: an entry without a deployment, or a
    /// deployment without an instance.
    OrphansFound = 10,
    /// There are changes, and `--detailed-exitcode` asked.
    ChangesPending = 11,
    /// Decisions are below a floor that was given, or a test failed.
    BelowFloor = 20,
    /// A signal ended it.
    Interrupted = 130,
}

/// What `--help` says about exit codes.
pub(crate) const HELP: &str = "\
Exit codes:
  0    done, or nothing to do
  1    arguments, configuration or a local file are wrong
  2    a Director or a store cannot be reached, or refuses us
  3    done, but incomplete: something could not be seen or written
  4    refused by a safety guard
  10   missing or stray ones were found (orphans list)
  11   changes are pending (plan --detailed-exitcode)
  20   below a floor or a failed test (decisions, scripts), or another outcome (replay)
  130  interrupted";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
