//! SQLite's errors, explained: which file, what is wrong with it, what to do.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::ErrorCode;

use crate::ports::{PortError, PortErrorKind};

/// What is being done and on what, for messages.
#[derive(Debug, Clone)]
pub(super) struct Task {
    operation: Cow<'static, str>,
    subject: String,
}

impl Task {
    /// An operation, as a phrase after "failed to", and its subject.
    pub(super) fn new(operation: impl Into<Cow<'static, str>>, subject: impl Into<String>) -> Self {
        Self { operation: operation.into(), subject: subject.into() }
    }

    /// This task, failed.
    pub(super) fn failed(&self, kind: PortErrorKind, reason: impl Into<String>) -> PortError {
        PortError::new(kind, self.operation.clone(), self.subject.clone(), reason)
    }
}

/// Which file it is, for messages.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// What the file is: `embedded store`.
    pub(super) noun: &'static str,
    /// Where it is; nowhere if it is in memory.
    pub(super) path: Option<PathBuf>,
    /// How long a lock is waited for.
    pub(super) wait: Duration,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => path.display().fmt(f),
            None => f.write_str("memory"),
        }
    }
}

impl Place {
    /// The file as the subject of a sentence; a task on the file itself has
    /// named it already.
    fn named(&self, task: &Task) -> String {
        let name = self.to_string();
        if task.subject == name { "it".to_owned() } else { format!("the {} {name}", self.noun) }
    }

    /// A file that is not opened.
    pub(super) fn refusal(
        &self,
        task: &Task,
        what: impl fmt::Display,
        advice: impl Into<Cow<'static, str>>,
    ) -> PortError {
        task.failed(PortErrorKind::Local, format!("{} {what}", self.named(task))).with_advice(advice)
    }

    /// A file that has to be written and cannot be.
    pub(super) fn read_only(&self, task: &Task) -> PortError {
        self.refusal(task, "is read-only", MAKE_WRITABLE)
    }

    /// A failure of the file system.
    pub(super) fn io_fault(&self, task: &Task, what: &str, error: io::Error) -> PortError {
        let advice = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => FREE_SPACE,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => MAKE_WRITABLE,
            _ => "check that the folders above it exist and belong to you, or name another file",
        };
        self.refusal(task, format!("{what}: {error}"), advice).with_source(error)
    }

    /// A failure of SQLite.
    pub(super) fn fault(&self, task: &Task, error: rusqlite::Error) -> PortError {
        use PortErrorKind::{Local, Malformed, TooLarge};

        let (kind, what, advice) = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
                Local,
                format!("is locked by another process; waited {} ms", self.wait.as_millis()),
                format!("wait for the other run to end, or find it with `fuser {self}`"),
            ),
            Some(ErrorCode::DiskFull) => {
                (Local, "is on a full disk; nothing was stored".to_owned(), FREE_SPACE.to_owned())
            }
            Some(ErrorCode::NotADatabase) => (
                Local,
                "is not an SQLite database".to_owned(),
                "name another file, or move this one away".to_owned(),
            ),
            Some(ErrorCode::DatabaseCorrupt) => (
                Local,
                "is damaged".to_owned(),
                "move it and the files beside it away, then put back a copy or begin anew".to_owned(),
            ),
            Some(ErrorCode::ReadOnly) => (Local, "is read-only".to_owned(), MAKE_WRITABLE.to_owned()),
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                (Local, "cannot be opened".to_owned(), MAKE_WRITABLE.to_owned())
            }
            Some(ErrorCode::SystemIoFailure) => (
                Local,
                "could not be read or written by the operating system".to_owned(),
                "check the disk's health, its free space and your quota".to_owned(),
            ),
            Some(ErrorCode::TooBig) => {
                (TooLarge, "cannot hold a value of that size".to_owned(), "make the value smaller".to_owned())
            }
            // Not SQLite's: a column that does not hold what it should.
            None => (
                Malformed,
                "holds a value that cannot be understood".to_owned(),
                "it was changed by something else: put back a copy or begin anew".to_owned(),
            ),
            Some(_) => (
                Local,
                format!("gave an unexpected error: {error}"),
                "move it away and begin anew, or report this".to_owned(),
            ),
        };
        task.failed(kind, format!("{} {what}", self.named(task))).with_advice(advice).with_source(error)
    }

    /// A commit that failed. If the disk failed while it was being made
    /// durable, the change may stand or not.
    pub(super) fn commit_fault(&self, task: &Task, error: rusqlite::Error) -> PortError {
        let unknown = error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure);
        let mut fault = self.fault(task, error);
        if unknown {
            fault.kind = PortErrorKind::Ambiguous;
        }
        fault
    }
}

const FREE_SPACE: &str = "free space on that file system, then run again";
const MAKE_WRITABLE: &str = "make the file and its folder readable and writable for this user (`ls -l` shows whose they are), or name another file";
