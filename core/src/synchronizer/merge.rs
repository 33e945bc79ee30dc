//! Merges what entries should hold into the index as it stands. Pure.

use crate::model::{InstanceId, JsonObject};
use crate::updater::{EntryChange, FieldChange, Finding, changed_fields};

/// The index with entries merged into it.
#[derive(Debug, Clone)]
pub struct IndexMerge {
    /// What would be written; nothing if the index is right already.
    pub after: Option<JsonObject>,
    /// The entries that differ, with their fields and whether they are new.
    pub entries: Vec<(InstanceId, bool, Vec<FieldChange>)>,
    /// What could not be merged.
    pub findings: Vec<Finding>,
}

/// Merges entries into the index as it stands now. Every key that stands there
/// stays, with everything a change does not own.
#[must_use]
pub fn merge_index(now: Option<&JsonObject>, changes: &[EntryChange]) -> IndexMerge {
    let mut after = now.cloned().unwrap_or_default();
    let mut merge = IndexMerge { after: None, entries: Vec::new(), findings: Vec::new() };
    for change in changes {
        let key = change.instance.as_str();
        let there = after.raw(key).map(|raw| JsonObject::parse(raw.get()));
        let before = match there {
            Some(Ok(entry)) if change.creates => {
                // Somebody made the entry since the run began: it is theirs,
                // and the next run sees it.
                let _ = entry;
                merge.findings.push(Finding::new(
                    "entry.appeared",
                    key,
                    "made by somebody else during the run",
                ));
                continue;
            }
            Some(Ok(entry)) => match change.check(&entry) {
                Ok(()) => Some(entry),
                Err(finding) => {
                    merge.findings.push(finding);
                    continue;
                }
            },
            Some(Err(_)) => {
                merge.findings.push(Finding::new(
                    "entry.not-an-object",
                    key,
                    "the index entry is not an object",
                ));
                continue;
            }
            None if change.creates => None,
            None => {
                // The broker removes an entry when the instance is deleted.
                merge.findings.push(Finding::new(
                    "entry.vanished",
                    key,
                    "removed by somebody else during the run",
                ));
                continue;
            }
        };
        if let Some(entry) = change.fields.apply(before.as_ref()) {
            let fields = changed_fields(before.as_ref(), &entry);
            merge.entries.push((change.instance.clone(), before.is_none(), fields));
            after.set_value(key, &entry);
        }
    }
    merge.after = (!merge.entries.is_empty()).then_some(after);
    merge
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::updater::{FieldSet, Premise, Stamp, healed};

    fn change(key: &str, creates: bool) -> EntryChange {
        EntryChange {
            instance: InstanceId::new(key).unwrap(),
            fields: FieldSet::default().own("deployment_name", "d").stamp("updated_at", "t"),
            creates,
            only_if: None,
        }
    }

    #[test]
    fn entries_keep_what_a_change_does_not_own_and_others_keep_everything() {
        let now = JsonObject::parse(r#"{"x":null,"a":{"n":1.10,"status":"deprovision_requested"},"y":[1]}"#)
            .unwrap();
        let merge = merge_index(Some(&now), &[change("a", false), change("b", true)]);
        assert_eq!(
            merge.after.unwrap().to_text(),
            concat!(
                r#"{"x":null,"a":{"n":1.10,"status":"deprovision_requested","deployment_name":"d","updated_at":"t"},"#,
                r#""y":[1],"b":{"deployment_name":"d","updated_at":"t"}}"#
            )
        );
    }

    #[test]
    fn an_entry_that_vanished_is_not_made_again_and_one_that_appeared_is_left_alone() {
        let now = JsonObject::parse(r#"{"new":{"plan_id":"p"},"odd":7}"#).unwrap();
        let merge =
            merge_index(Some(&now), &[change("gone", false), change("new", true), change("odd", false)]);
        assert!(merge.after.is_none());
        let codes: Vec<_> = merge.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, ["entry.vanished", "entry.appeared", "entry.not-an-object"]);
    }

    #[test]
    fn an_entry_that_is_held_is_left_alone() {
        let now = JsonObject::parse(r#"{"a":{"reconciler_hold":{}},"b":{"reconciler_hold":null}}"#).unwrap();
        let merge = merge_index(Some(&now), &[change("a", false), change("b", false)]);
        assert_eq!(merge.findings[0].code, "instance.held");
        let changed: Vec<_> = merge.entries.iter().map(|(instance, ..)| instance.as_str()).collect();
        assert_eq!((merge.findings.len(), changed), (1, vec!["b"]));
    }

    #[test]
    fn an_index_that_is_right_is_not_written() {
        let now = JsonObject::parse(r#"{"a":{"updated_at":"old","deployment_name":"d"}}"#).unwrap();
        assert!(merge_index(Some(&now), &[change("a", false)]).after.is_none());
    }

    #[test]
    fn what_holds_for_an_entry_as_it_was_read_is_not_done_to_another() {
        let now = JsonObject::parse(
            r#"{"same":{"b":2,"a":1},"more":{"a":1,"status":"deprovision_requested"},"less":{}}"#,
        )
        .unwrap();
        let only = |key: &str, read: &str| EntryChange {
            only_if: Some(Premise::Whole(JsonObject::parse(read).unwrap())),
            ..change(key, false)
        };
        let merge = merge_index(
            Some(&now),
            &[only("same", r#"{"a":1,"b":2}"#), only("more", r#"{"a":1}"#), only("less", r#"{"a":1}"#)],
        );
        let changed: Vec<_> = merge.entries.iter().map(|(instance, ..)| instance.as_str()).collect();
        let found: Vec<_> = merge.findings.iter().map(|one| (one.code, one.subject.as_str())).collect();
        assert_eq!(changed, ["same"]);
        assert_eq!(found, [("entry.changed", "more"), ("entry.changed", "less")]);
    }

    #[test]
    fn what_the_broker_noted_meanwhile_is_neither_taken_out_nor_set_back() {
        let stamp = Stamp::at("2026-11-20T12:00:00Z".parse().unwrap());
        let late = r#""deprovision_requested_at":"2026-11-20T11:59:00Z""#;
        let deleted = r#"{"plan_id":"p","status":"deleted","deleted_by":"vm-monitor"}"#;
        let old = r#"{"plan_id":"p","status":"deprovision_requested"}"#;
        let cases = [
            // As it was read, and with what decides nothing.
            (deleted, deleted.to_owned(), None),
            (deleted, deleted.replace("{\"p", "{\"parameters\":1,\"p"), None),
            // The broker is asked to delete what a monitor had called deleted.
            (
                deleted,
                format!(r#"{{"plan_id":"p","status":"deprovision_requested",{late}}}"#),
                Some("entry.changed"),
            ),
            (deleted, deleted.replace("vm-monitor", "broker"), Some("entry.changed")),
            // Another plan than the one that a repair knew of.
            (r#"{"plan_id":"wrong"}"#, r#"{"plan_id":"new"}"#.to_owned(), Some("entry.changed")),
            (r#"{"plan_id":"p"}"#, r#"{"plan_id":"p","orphaned":true}"#.to_owned(), Some("entry.changed")),
            // Asked once more, with the same words.
            (old, old.replace('}', &format!(",{late}}}")), Some("instance.in-operation")),
        ];
        for (read, now, code) in cases {
            let (read, index) =
                (JsonObject::parse(read).unwrap(), JsonObject::parse(&format!(r#"{{"a":{now}}}"#)).unwrap());
            let change = EntryChange {
                fields: healed(FieldSet::default().own("plan_id", "p").own("reconciled", &true), &read),
                only_if: Some(Premise::Deciding { read, stamp }),
                ..change("a", false)
            };
            let merge = merge_index(Some(&index), &[change]);
            assert_eq!(merge.findings.first().map(|finding| finding.code), code, "{now}");
            assert_eq!(merge.after.is_some(), code.is_none(), "{now}");
        }
    }
}
