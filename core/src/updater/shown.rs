//! What of a field of a record a plan or a report may show: an allow-list of
//! names, and of what each may look like. Whatever else somebody put there may
//! hold a secret.

use serde_json::value::RawValue;

use super::marks::is_mark;
use crate::manifest::REDACTED;
use crate::model::JsonObject;
use crate::model::json::raw;

/// Fields whose scalars hold no secret, as do those that say that a deployment is
/// not there. Of every other value nothing is shown: a digest or a length gives a
/// short secret away.
const SHOWN: [&str; 26] = [
    "instance_id",
    "service_id",
    "plan_id",
    "deployment_name",
    "service_name",
    "plan_name",
    "platform",
    "status",
    "match_confidence",
    "match_reason",
    "match_chain",
    "created",
    "created_at",
    "updated",
    "updated_at",
    "requested_at",
    "discovered_at",
    "reconciled",
    "reconciled_at",
    "reconciled_by",
    "last_synced_at",
    "instance_name",
    "manifest_sha256",
    "reconciler_fingerprint",
    "reconciler_released",
    "stored_at",
];

/// What an object may show where it stands in a field, or in a list there.
fn members(field: &str) -> Option<&'static [&'static str]> {
    match field {
        "plan" => Some(&["id", "name"]),
        "releases" | "stemcells" => Some(&["name", "version"]),
        "teams" => Some(&[]),
        "vms" => Some(&["job", "index", "id", "az", "cid", "ips"]),
        _ => None,
    }
}

/// A field's value as it may be shown.
pub(super) fn shown(field: &str, value: &RawValue) -> String {
    match members(field) {
        Some(members) => listed(value, |item| object(item, members)),
        None if SHOWN.contains(&field) || is_mark(field) => scalar(value),
        None => None,
    }
    .unwrap_or_else(|| REDACTED.to_owned())
}

/// A list of which each item may be shown so; what is no list is one item.
fn listed(value: &RawValue, show: impl Fn(&RawValue) -> Option<String>) -> Option<String> {
    let Ok(items) = serde_json::from_str::<Vec<Box<RawValue>>>(value.get()) else { return show(value) };
    let items: Vec<String> = items.iter().map(|item| show(item).unwrap_or_else(hidden)).collect();
    Some(format!("[{}]", items.join(",")))
}

/// An object with those members that may be shown; a scalar as it is.
fn object(value: &RawValue, members: &[&str]) -> Option<String> {
    let Ok(object) = JsonObject::parse(value.get()) else { return scalar(value) };
    let is_known = |name: &str| members.contains(&name);
    let known = object.iter().filter(|(name, _)| is_known(name)).map(|(name, value)| {
        let value = if name == "ips" { listed(value, scalar) } else { scalar(value) };
        format!("{}:{}", raw(name).get(), value.unwrap_or_else(hidden))
    });
    // A name may be a secret as well.
    let others = object.iter().any(|(name, _)| !is_known(name)).then(|| format!("{0}:{0}", hidden()));
    Some(format!("{{{}}}", known.chain(others).collect::<Vec<_>>().join(",")))
}

fn scalar(value: &RawValue) -> Option<String> {
    let text = value.get().trim();
    (!text.starts_with(['{', '['])).then(|| text.to_owned())
}

/// What stands for a hidden value within JSON.
fn hidden() -> String {
    raw(REDACTED).get().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_shows_its_own_shape_and_nothing_that_was_put_into_another() {
        for (field, value, expected) in [
            ("plan_id", r#""small""#, r#""small""#),
            ("created", "1.50e9", "1.50e9"),
            ("orphaned", "true", "true"),
            ("plan", r#"{"id":"p","name":"small"}"#, r#"{"id":"p","name":"small"}"#),
            ("releases", r#"[{"name":"r","version":"1.10"}]"#, r#"[{"name":"r","version":"1.10"}]"#),
            ("releases", r#"["r/1"]"#, r#"["r/1"]"#),
            ("stemcells", "null", "null"),
            ("teams", r#"["a","b"]"#, r#"["a","b"]"#),
            (
                "vms",
                r#"[{"job":"r","index":0,"ips":["10.0.0.1"]}]"#,
                r#"[{"job":"r","index":0,"ips":["10.0.0.1"]}]"#,
            ),
        ] {
            assert_eq!(shown(field, &serde_json::from_str::<Box<RawValue>>(value).unwrap()), expected);
        }
        let odd = [
            r#"{"password":"hunter2"}"#,
            r#"["hunter2",{"hunter2":1}]"#,
            r#"[["hunter2"]]"#,
            r#"{"id":{"a":"hunter2"},"name":["hunter2"],"hunter2":null}"#,
            r#"[{"name":"r","version":{"v":"hunter2"},"url":"http://u:hunter2@h"}]"#,
            r#"[{"job":["hunter2"],"ips":[{"a":"hunter2"}],"env":{"p":"hunter2"}}]"#,
            r#" {"deep":{"password":"hunter2"}}"#,
        ];
        let compound = ["plan", "releases", "stemcells", "teams", "vms"];
        for field in SHOWN.into_iter().chain(compound).chain(["orphaned_reason", "context", "history"]) {
            for value in odd {
                // A list of scalars is what some fields are.
                let value = if compound.contains(&field) {
                    value.replace(r#"["hunter2",{"#, "[{")
                } else {
                    value.to_owned()
                };
                let told = shown(field, &serde_json::from_str::<Box<RawValue>>(&value).unwrap());
                assert!(!told.contains("hunter2") && told.contains(REDACTED), "{field} {value}: {told}");
            }
        }
    }
}
