//! Sets some fields of an object and leaves the others as they are, and shows
//! the difference.

use serde::Serialize;
use serde_json::value::RawValue;

use super::shown::shown;
use crate::model::JsonObject;
use crate::model::json::{raw, same_value};

/// The fields that a reconciler owns in an object, with the values they should
/// have.
#[derive(Debug, Clone, Default)]
pub struct FieldSet {
    owned: Vec<(String, Box<RawValue>)>,
    if_absent: Vec<(String, Box<RawValue>)>,
    volatile: Vec<(String, Box<RawValue>)>,
    gone: Vec<String>,
}

impl FieldSet {
    /// A field that should have this value.
    #[must_use]
    pub fn own(mut self, field: &str, value: &(impl Serialize + ?Sized)) -> Self {
        self.owned.push((field.to_owned(), raw(value)));
        self
    }

    /// A field that gets this value only if it is not there.
    #[must_use]
    pub fn fill(mut self, field: &str, value: &(impl Serialize + ?Sized)) -> Self {
        self.if_absent.push((field.to_owned(), raw(value)));
        self
    }

    /// A field that is set along with a change and is never a change by itself,
    /// such as the time of the change.
    #[must_use]
    pub fn stamp(mut self, field: &str, value: &(impl Serialize + ?Sized)) -> Self {
        self.volatile.push((field.to_owned(), raw(value)));
        self
    }

    /// A field that should not be there.
    #[must_use]
    pub fn without(mut self, field: &str) -> Self {
        self.gone.push(field.to_owned());
        self
    }

    /// The fields that an object has once they are set.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let sets = [&self.owned, &self.if_absent, &self.volatile];
        sets.into_iter().flatten().map(|(field, _)| field.as_str())
    }

    /// The fields that should not be there.
    pub(super) fn taken_out(&self) -> impl Iterator<Item = &str> {
        self.gone.iter().map(String::as_str)
    }

    /// The object with the fields set, or nothing if it is right already.
    #[must_use]
    pub fn apply(&self, before: Option<&JsonObject>) -> Option<JsonObject> {
        let mut after = before.cloned().unwrap_or_default();
        let mut changed = before.is_none();
        for (field, value) in &self.owned {
            if !after.raw(field).is_some_and(|there| same_value(there, value)) {
                after.set(field.clone(), value.clone());
                changed = true;
            }
        }
        for (field, value) in &self.if_absent {
            if !after.contains(field) {
                after.set(field.clone(), value.clone());
                changed = true;
            }
        }
        for field in &self.gone {
            changed |= after.remove(field).is_some();
        }
        for (field, value) in self.volatile.iter().filter(|_| changed) {
            after.set(field.clone(), value.clone());
        }
        changed.then_some(after)
    }
}

/// A field before and after, as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// The field.
    pub field: String,
    /// What stood there; nothing if the field was not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What stands there then; nothing if the field goes away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The fields in which two objects differ, in the order of the second.
#[must_use]
pub fn changed_fields(before: Option<&JsonObject>, after: &JsonObject) -> Vec<FieldChange> {
    let mut changes: Vec<FieldChange> = after
        .iter()
        .filter_map(|(field, value)| {
            let there = before.and_then(|before| before.raw(field));
            if there.is_some_and(|there| same_value(there, value)) {
                return None;
            }
            Some(FieldChange {
                field: field.to_owned(),
                before: there.map(|there| shown(field, there)),
                after: Some(shown(field, value)),
            })
        })
        .collect();
    let gone = before.into_iter().flat_map(JsonObject::iter).filter(|(field, _)| !after.contains(field));
    changes.extend(gone.map(|(field, value)| FieldChange {
        field: field.to_owned(),
        before: Some(shown(field, value)),
        after: None,
    }));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> JsonObject {
        JsonObject::parse(text).unwrap()
    }

    #[test]
    fn an_object_that_is_right_already_is_not_changed_and_not_stamped() {
        let fields = FieldSet::default().own("a", &1).fill("b", "x").stamp("at", &99);
        assert!(fields.apply(Some(&object(r#"{"z":[1.10],"b":"mine","a":1}"#))).is_none());
        let changed = fields.apply(Some(&object(r#"{"z":[1.10],"a":2}"#))).unwrap();
        assert_eq!(changed.to_text(), r#"{"z":[1.10],"a":1,"b":"x","at":99}"#);
    }

    #[test]
    fn a_field_that_should_not_be_there_is_taken_out_and_counts_as_a_change() {
        let fields = FieldSet::default().without("orphaned").stamp("at", &1);
        assert_eq!(
            fields.apply(Some(&object(r#"{"orphaned":true,"a":1}"#))).unwrap().to_text(),
            r#"{"a":1,"at":1}"#
        );
        assert!(fields.apply(Some(&object(r#"{"a":1}"#))).is_none());
    }

    #[test]
    fn a_difference_shows_ids_and_hides_everything_else() {
        let before = object(r#"{"plan_id":"a","password":"hunter2","old":"hunter3"}"#);
        let after = object(r#"{"plan_id":"b","password":"hunter4"}"#);
        let changes = changed_fields(Some(&before), &after);
        assert_eq!(
            (changes[0].before.as_deref(), changes[0].after.as_deref()),
            (Some("\"a\""), Some("\"b\""))
        );
        let hidden: Vec<_> =
            changes[1..].iter().flat_map(|change| [&change.before, &change.after]).flatten().collect();
        assert_eq!(hidden, ["<redacted>"; 3], "{changes:?}");
    }
}
