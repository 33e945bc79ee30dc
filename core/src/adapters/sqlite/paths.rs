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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_rule_and_shows_how_to_write_it() {
        let task = Task::new("read the secret", "it");
        for (path, rule) in [
            ("", "empty"),
            ("/a", "slash"),
            ("a/", "slash"),
            ("a//b", "empty segment"),
            ("a/../b", "`..`"),
            ("a/./b", "`.`"),
            ("a\0b", "control character"),
            ("a\nb", "control character"),
        ] {
            let error = check_secret(&task, path).unwrap_err();
            assert_eq!(error.kind, PortErrorKind::Local, "{path:?}");
            assert!(error.reason.contains(rule), "{path:?}: {error}");
            assert!(error.advice.is_some(), "{path:?}");
        }
    }

    #[test]
    fn only_a_folder_may_be_the_top() {
        let task = Task::new("list the secrets below", "");
        assert!(check_folder(&task, "").is_ok());
        assert!(check_folder(&task, "a/").is_err());
        for path in ["db", "a/b", "...", "a..b", ".a", "a.", "ü/b c"] {
            assert!(check_secret(&task, path).is_ok(), "{path}");
            assert!(check_folder(&task, path).is_ok(), "{path}");
        }
    }
}
