//! What of the index may be kept outside the store: names, ids, states, times.
//!
//! An allow-list as well. `parameters`, `context`, reasons in free text and
//! whatever else somebody wrote into an entry may hold a credential.

use serde_json::value::RawValue;

use super::Seal;
use crate::model::json::raw;
use crate::model::layout::OWN_FIELDS;
use crate::model::{InstanceId, JsonObject};

/// The fields of an entry whose scalars are public. Whoever writes an entry is
/// in the list with what it writes: the broker, a VM monitor, reconcilers.
const PUBLIC: [&str; 39] = [
    "service_id",
    "service_name",
    "plan_id",
    "plan_name",
    "deployment_name",
    "instance_name",
    "organization_guid",
    "organization_id",
    "organization_name",
    "space_guid",
    "space_id",
    "space_name",
    "platform",
    "status",
    "created",
    "created_at",
    "requested_at",
    "deprovision_requested_at",
    "delete_requested_at",
    "discovered_at",
    "updated",
    "updated_at",
    "last_synced_at",
    "reconciled",
    "reconciled_at",
    "reconciled_by",
    "reconciler_released",
    "orphaned",
    "orphaned_at",
    "orphan_check_count",
    "unorphaned_at",
    "stale",
    "stale_since",
    "days_orphaned",
    "deleted",
    "deleted_at",
    "deleted_by",
    "match_confidence",
    "match_chain",
];

/// The fields of an entry whose names are public and nothing else: what brokers
/// and reconcilers write beside.
const NAMED: [&str; 6] =
    ["parameters", "context", "history", "orphaned_reason", "deletion_reason", "preservation_reason"];

/// The index with every secret hidden under the seal. Instances, the names of the
/// fields that everybody writes, their order and the shape of every value stay, and
/// what is null stays null. Other keys, and those of entries that are no instance's,
/// are hidden as values are.
#[must_use]
pub fn sealed_index(index: &JsonObject, seal: &Seal) -> JsonObject {
    let mut kept = JsonObject::new();
    for (instance, value) in index.iter() {
        let entry = match JsonObject::parse(value.get()) {
            Ok(fields) => raw(&entry(&fields, seal)),
            Err(_) => hidden(value, seal),
        };
        match InstanceId::new(instance) {
            Ok(_) => kept.set(instance, entry),
            Err(_) => kept.set(seal.hide(instance), entry),
        }
    }
    kept
}

fn entry(fields: &JsonObject, seal: &Seal) -> JsonObject {
    let mut kept = JsonObject::new();
    for (field, value) in fields.iter() {
        let is_public = PUBLIC.contains(&field) && !value.get().trim_start().starts_with(['{', '[']);
        let value = if is_public { value.to_owned() } else { hidden(value, seal) };
        match is_named(field) {
            true => kept.set(field, value),
            false => kept.set(seal.hide(field), value),
        }
    }
    kept
}

fn is_named(field: &str) -> bool {
    PUBLIC.contains(&field) || NAMED.contains(&field) || field.starts_with(OWN_FIELDS)
}

/// A value of the same shape; a text is hidden as a manifest's would be.
fn hidden(value: &RawValue, seal: &Seal) -> Box<RawValue> {
    let text = value.get().trim();
    match text.as_bytes().first() {
        Some(b'n') => value.to_owned(),
        Some(b'{') => match JsonObject::parse(text) {
            Ok(object) => {
                let mut kept = JsonObject::new();
                object.iter().for_each(|(key, value)| kept.set(seal.hide(key), hidden(value, seal)));
                raw(&kept)
            }
            Err(_) => raw(&seal.hide(text)),
        },
        Some(b'[') => match serde_json::from_str::<Vec<Box<RawValue>>>(text) {
            Ok(items) => raw(&items.iter().map(|item| hidden(item, seal)).collect::<Vec<_>>()),
            Err(_) => raw(&seal.hide(text)),
        },
        Some(b'"') => match serde_json::from_str::<String>(text) {
            Ok(value) => raw(&seal.hide(&value)),
            Err(_) => raw(&seal.hide(text)),
        },
        _ => raw(&seal.hide(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::{NAMED, PUBLIC, sealed_index};
    use crate::manifest::secrets::Seal;
    use crate::model::JsonObject;

    #[test]
    fn the_list_repeats_nothing() {
        let mut sorted = [&PUBLIC[..], &NAMED].concat();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), PUBLIC.len() + NAMED.len());
    }

    #[test]
    fn names_ids_states_and_times_stay_and_the_rest_is_hidden() {
        let seal = Seal::new(&[3; 32]);
        let index = JsonObject::parse(
            r#"{"a": {"service_id": "redis", "created": 17, "orphaned": true, "status": {"x": "secret"},
                "parameters": {"password": "secret", "sizes": [1, null, "secret"]}, "note": 5,
                "orphaned_reason": "secret", "deletion_reason": "secret", "preservation_reason": "secret"},
               "b": null, "c": ["secret"], "d": "secret", "../secret": {"secret": 5}}"#,
        )
        .unwrap();
        let secret = seal.hide("secret");
        let (one, five) = (seal.hide("1"), seal.hide("5"));
        let [x, password, sizes, odd, note] =
            ["x", "password", "sizes", "../secret", "note"].map(|key| seal.hide(key));
        let expected = format!(
            r#"{{"a":{{"service_id":"redis","created":17,"orphaned":true,"status":{{"{x}":"{secret}"}},"parameters":{{"{password}":"{secret}","{sizes}":["{one}",null,"{secret}"]}},"{note}":"{five}","orphaned_reason":"{secret}","deletion_reason":"{secret}","preservation_reason":"{secret}"}},"b":null,"c":["{secret}"],"d":"{secret}","{odd}":{{"{secret}":"{five}"}}}}"#
        );
        assert_eq!(sealed_index(&index, &seal).to_text(), expected);
    }
}
