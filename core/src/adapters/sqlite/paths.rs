//! The paths a store accepts.

use super::faults::Task;
use crate::ports::{PortError, PortErrorKind};

/// Checks the path of a secret.
pub(super) fn check_secret(task: &Task, path: &str) -> Result<(), PortError> {
    let fault = if path.is_empty() {
        "the path is empty"
    } else if path.starts_with('/') || path.ends_with('/') {
        "the path begins or ends with a slash"
    } else if path.split('/').any(str::is_empty) {
        "the path has an empty segment"
    } else if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        "the path has `.` or `..` as a segment"
    } else if path.chars().any(char::is_control) {
        "the path holds a control character"
    } else {
        return Ok(());
    };
    Err(task
        .failed(PortErrorKind::Local, fault)
        .with_advice("write it as names joined by single slashes, such as `id/metadata`"))
}

/// Checks the path of a folder; the empty one is the top.
pub(super) fn check_folder(task: &Task, path: &str) -> Result<(), PortError> {
    if path.is_empty() {
        return Ok(());
    }
    check_secret(task, path)
}
