//! The layer of the environment: variables with our prefix.
//!
//! An empty variable counts as not set, because many ways of starting a
//! program can empty a variable but not remove it. Variables are looked at by
//! name, in order, so that the same environment gives the same messages.

use std::ffi::{OsStr, OsString};

use super::gathered::Gathered;
use super::key::VARIABLE_PREFIX;
use super::table::Place;
use super::{Finding, Origin, suggestion};

/// Adds what the environment says.
pub(super) fn gather(environment: &[(OsString, OsString)], gathered: &mut Gathered) {
    let mut ours: Vec<(String, &OsStr)> = environment
        .iter()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.as_os_str()))
        .filter(|(name, value)| name.starts_with(VARIABLE_PREFIX) && !value.is_empty())
        .collect();
    ours.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, value) in ours {
        gather_one(name, value, gathered);
    }
}

fn gather_one(name: String, value: &OsStr, gathered: &mut Gathered) {
    let found = gathered.table.key_of_variable(&name);
    let Some((path, place)) = found else {
        let next = suggestion::for_variable(gathered.table, &name);
        let origin = Origin::Environment { name: super::finding::printable(&name) };
        let notice = Finding::on_source(origin, "no key has this variable", next);
        gathered.notices.push(notice);
        return;
    };
    let origin = Origin::Environment { name };
    match (place, value.to_str()) {
        (Place::Key(row), Some(text)) => gathered.text(row, origin, text),
        (Place::Spelling(row, spelling), Some(text)) => {
            let spec = &gathered.table.rows()[row];
            let read = spec.kind.read(&spelling.translated(text), spec.secret);
            gathered.take_spelling(row, spelling, origin, read);
        }
        (Place::Key(_) | Place::Spelling(..), None) => {
            gathered.errors.push(Finding::about(origin, path, "is not UTF-8", "set it again in UTF-8"))
        }
        (Place::Legacy | Place::Section | Place::Unknown, _) => gathered.without_effect(origin, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::TABLE;
    use crate::config::table::Table;

    fn gathered(variables: &[(&str, &str)]) -> Gathered {
        let environment: Vec<(OsString, OsString)> =
            variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let mut gathered = Gathered::defaults_of(Table(TABLE));
        gather(&environment, &mut gathered);
        gathered
    }

    fn shown(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn other_variables_and_empty_ones_are_nothing() {
        let gathered = gathered(&[
            ("PATH", "/bin"),
            ("BLACKSMITH_DEBUG", "true"),
            ("BLACKSMITH_RECONCILER_WORKERS", ""),
            ("BLACKSMITH_RECONCILER_NO_SUCH", ""),
            ("blacksmith_reconciler_workers", "x"),
        ]);
        assert_eq!((gathered.errors, gathered.notices), (vec![], vec![]));
    }

    #[test]
    fn unknown_and_unused_variables_are_noticed_in_order() {
        let gathered = gathered(&[
            ("BLACKSMITH_RECONCILER_WORKRES", "4"),
            ("BLACKSMITH_RECONCILER_QUEUE_SIZE", "4"),
            ("BLACKSMITH_RECONCILER_BACKUP_COMPRESSION", "many"),
        ]);
        assert_eq!(
            shown(&gathered.notices),
            [
                "BLACKSMITH_RECONCILER_BACKUP_COMPRESSION: backup.compression: has no effect in this \
                 version; remove it, unless Blacksmith itself still reads it",
                "BLACKSMITH_RECONCILER_QUEUE_SIZE: queue_size: has no effect in this \
                 version; remove it, unless Blacksmith itself still reads it",
                "BLACKSMITH_RECONCILER_WORKRES: no key has this variable; \
                 did you mean `BLACKSMITH_RECONCILER_WORKERS`?",
            ]
        );
        assert_eq!(gathered.errors, []);
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_utf_8_is_an_error() {
        use std::os::unix::ffi::OsStringExt as _;

        let name = OsString::from("BLACKSMITH_RECONCILER_FLEET");
        let mut gathered = Gathered::defaults_of(Table(TABLE));
        gather(&[(name, OsString::from_vec(vec![0xff]))], &mut gathered);
        assert_eq!(
            shown(&gathered.errors),
            ["BLACKSMITH_RECONCILER_FLEET: fleet: is not UTF-8; set it again in UTF-8"]
        );
    }
}
