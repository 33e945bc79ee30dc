//! Where two archives differ, as it may be shown.

use serde::Serialize;

use super::contents::{Contents, Part};
use crate::model::json::same_value;
use crate::model::{InstanceId, JsonObject};
use crate::updater::{FieldChange, changed_fields};

/// Whether values are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Ids and times are; nothing of anything else is.
    Redacted,
    /// All are, passwords too.
    Shown,
}

/// The fields in which one part differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartDifference {
    /// The part.
    pub part: Part,
    /// Where it stands.
    pub path: String,
    /// Whether the first has no such part.
    pub creates: bool,
    /// The fields that differ.
    pub fields: Vec<FieldChange>,
}

/// Where the second differs from the first. A part that only the first has is
/// one whose fields all go away.
#[must_use]
pub fn differences(
    instance: &InstanceId,
    before: &Contents,
    after: &Contents,
    values: Values,
) -> Vec<PartDifference> {
    let nothing = JsonObject::new();
    let parts = Part::ALL.into_iter().filter_map(|part| {
        let (was, is) = (before.get(part), after.get(part));
        if was.is_none() && is.is_none() {
            return None;
        }
        let fields = fields(was, is.unwrap_or(&nothing), values);
        // An empty object that is new differs too.
        let differs = !fields.is_empty() || was.is_some() != is.is_some();
        differs.then(|| PartDifference { part, path: part.path(instance), creates: was.is_none(), fields })
    });
    parts.collect()
}

/// All fields of all parts.
#[must_use]
pub fn parts_of(instance: &InstanceId, contents: &Contents, values: Values) -> Vec<PartDifference> {
    differences(instance, &Contents::new(), contents, values)
}

fn fields(before: Option<&JsonObject>, after: &JsonObject, values: Values) -> Vec<FieldChange> {
    if values == Values::Redacted {
        return changed_fields(before, after);
    }
    let nothing = JsonObject::new();
    let before = before.unwrap_or(&nothing);
    let gone = before.iter().filter(|(field, _)| !after.contains(field));
    let fields = after.iter().chain(gone).map(|(field, _)| field);
    fields
        .filter(|field| match (before.raw(field), after.raw(field)) {
            (Some(was), Some(is)) => !same_value(was, is),
            _ => true,
        })
        .map(|field| FieldChange {
            field: field.to_owned(),
            before: before.raw(field).map(|raw| raw.get().to_owned()),
            after: after.raw(field).map(|raw| raw.get().to_owned()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_only_if_asked_for_and_the_fields_are_the_same_ones() {
        let root = |text| Contents::new().with(Part::Root, Some(&JsonObject::parse(text).unwrap()));
        let before = root(r#"{"plan_id":"a","password":"hunter2","same":[1]}"#);
        let after = root(r#"{"plan_id":"b","same":[ 1 ],"password":"hunter3","new":"hunter4"}"#);
        let id = InstanceId::new("i").unwrap();
        let redacted = differences(&id, &before, &after, Values::Redacted);
        let shown = differences(&id, &before, &after, Values::Shown);
        let names = |of: &[PartDifference]| -> Vec<String> {
            of[0].fields.iter().map(|change| change.field.clone()).collect()
        };
        assert_eq!(names(&redacted), ["plan_id", "password", "new"]);
        assert_eq!(names(&shown), names(&redacted));
        assert!(!format!("{redacted:?}").contains("hunter"));
        assert_eq!(shown[0].fields[1].after.as_deref(), Some("\"hunter3\""));
        assert!(differences(&id, &before, &before, Values::Shown).is_empty());
        assert_eq!(differences(&id, &before, &Contents::new(), Values::Redacted)[0].fields.len(), 3);
    }
}
