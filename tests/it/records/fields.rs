//! Row by row: what a run makes of each field that the broker and Blacksmith's
//! own reconciler write.

use reconciler_core::model::JsonObject;

use super::{Bench, DEPLOYMENT, INSTANCE, NOW, object};

/// What becomes of a field.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// Its bytes stay.
    Stays,
    /// It gets this value, whatever stood there.
    Becomes(&'static str),
    /// It was not there and is not there.
    StaysAway,
    /// It says when the run was, as a number.
    Seconds,
    /// It says when the run was, as text.
    Text,
}
use Fate::{Becomes, Seconds, Stays, StaysAway, Text};

/// A record as the broker provisions it and later writers leave it, with odd
/// spellings of values that a tree of values would not bring back.
const ROOT: &str = r#"{"instance_id":"7cd5767f-4790-4fe2-ba2d-288743bd4d3f","service_id":"redis",
"plan_id":"redis-small","deployment_name":"stale","instance_name":"booking-sessions",
"organization_guid":"org-g","organization_name":"sk\u0065rry","space_guid":"space-g","space_name":"booking",
"platform":"kubernetes","requested_at":"2026-08-05T09:48:40Z",
"context":{"platform":"kubernetes","n":1.10,"big":123456789012345678901234567890},
"parameters":{"maxmemory":"768mb", "password":"hunter2"},"original_request":{"a":[1, null]},
"created_by":"broker","provision_params":{"x":1},"update_params":null,"custom":[1.0,{"z":1,"a":2}],
"plan":{"name":"old","id":"x"},"service_type":"redis"}"#;

const ROOT_ROWS: &[(&str, Fate)] = &[
    ("instance_id", Stays),
    ("instance_name", Stays),
    ("organization_guid", Stays),
    ("organization_name", Stays),
    ("space_guid", Stays),
    ("space_name", Stays),
    ("platform", Stays),
    ("requested_at", Stays),
    ("context", Stays),
    ("parameters", Stays),
    ("original_request", Stays),
    ("created_by", Stays),
    ("provision_params", Stays),
    ("update_params", Stays),
    ("custom", Stays),
    ("service_type", Stays),
    ("service_id", Stays),
    ("plan_id", Stays),
    ("deployment_name", Becomes(r#""redis-small-7cd5767f-4790-4fe2-ba2d-288743bd4d3f""#)),
    ("service_name", Becomes(r#""redis""#)),
    ("plan_name", Becomes(r#""small""#)),
    ("plan", Becomes(r#"{"id":"redis-small","name":"small"}"#)),
    ("reconciled", Becomes("true")),
    // The broker's own time, from the metadata.
    ("created", Becomes("1785923320")),
    ("reconciled_at", Seconds),
    ("last_synced_at", Seconds),
    ("updated", Seconds),
    ("credentials", StaysAway),
    ("bindings", StaysAway),
    ("properties", StaysAway),
];

const MANIFEST: &str = r#"{"manifest":"name: old\n","stored_at":"2026-08-05T09:55:00Z","by":"a\u0062c"}"#;

const MANIFEST_ROWS: &[(&str, Fate)] = &[
    ("stored_at", Stays),
    ("by", Stays),
    ("updated_at", Seconds),
    ("reconciled", Becomes("true")),
    ("reconciled_by", Becomes(r#""reconciler""#)),
];

const METADATA: &str = r#"{"created_at":"2026-08-05T09:48:40Z","dashboard_url":"https://d/\u0065",
"maintenance_info":{"version":"1.10"},"bindings_count":0,"binding_ids":[],"has_credentials":true,
"has_bindings":false,"organization_id":"o","space_id":"s","needs_credential_recovery":false,
"latest_task_id":17,"original_plan":"x","releases":[],"teams":["old"],
"history":[{"timestamp":1785923320,"action":"provision","description":"made"},
{"timestamp":1.785923321e+09, "action":"odd"},"text",null]}"#;

const METADATA_ROWS: &[(&str, Fate)] = &[
    ("created_at", Stays),
    ("dashboard_url", Stays),
    ("maintenance_info", Stays),
    ("bindings_count", Stays),
    ("binding_ids", Stays),
    ("has_credentials", Stays),
    ("has_bindings", Stays),
    ("organization_id", Stays),
    ("space_id", Stays),
    ("needs_credential_recovery", Stays),
    ("latest_task_id", Stays),
    ("original_plan", Stays),
    ("deployment_name", Becomes(r#""redis-small-7cd5767f-4790-4fe2-ba2d-288743bd4d3f""#)),
    ("service_name", Becomes(r#""redis""#)),
    ("plan_name", Becomes(r#""small""#)),
    ("reconciled_at", Text),
    // What was not read is no change.
    ("vms", StaysAway),
    // They hold passwords.
    ("properties", StaysAway),
    ("variables", StaysAway),
];

/// The entry as the broker, its VM monitor and other reconcilers leave it.
const ENTRY: &str = r#"{"service_id":"redis","plan_id":"redis-small","status":"provisioning_started",
"created":1.785923322e+09,"requested_at":"2026-08-05T09:48:40Z","instance_name":"booking-sessions",
"organization_guid":"o","organization_name":"skerry","space_guid":"s","space_name":"booking",
"platform":"kubernetes","organization_id":"o","space_id":"s","parameters":{"n":1.10},"cost_centre":"4120",
"discovered_at":"2026-08-06T00:00:00Z"}"#;

const ENTRY_ROWS: &[(&str, Fate)] = &[
    ("service_id", Stays),
    ("plan_id", Stays),
    ("status", Stays),
    ("created", Stays),
    ("requested_at", Stays),
    ("instance_name", Stays),
    ("organization_guid", Stays),
    ("organization_name", Stays),
    ("space_guid", Stays),
    ("space_name", Stays),
    ("platform", Stays),
    ("organization_id", Stays),
    ("space_id", Stays),
    ("parameters", Stays),
    ("cost_centre", Stays),
    ("discovered_at", Stays),
    ("created_at", Becomes(r#""2026-08-05T09:48:40Z""#)),
    ("deployment_name", Becomes(r#""redis-small-7cd5767f-4790-4fe2-ba2d-288743bd4d3f""#)),
    ("reconciled", Becomes("true")),
    ("reconciled_by", Becomes(r#""reconciler""#)),
    ("reconciled_at", Text),
    ("updated_at", Text),
    ("orphaned", StaysAway),
];

fn hold(what: &str, before: &JsonObject, after: &JsonObject, rows: &[(&str, Fate)]) {
    for (field, fate) in rows {
        let text = |object: &JsonObject| object.raw(field).map(|raw| raw.get().to_owned());
        let expected = match fate {
            Stays => {
                assert!(before.contains(field), "{what}: the row {field} tests nothing");
                text(before)
            }
            Becomes(value) => Some((*value).to_owned()),
            StaysAway => None,
            Seconds => Some(NOW.to_string()),
            Text => Some(r#""2027-01-15T08:00:00Z""#.to_owned()),
        };
        assert_eq!(text(after), expected, "{what}: {field}");
    }
    // No field goes away, and none is added that no row speaks of.
    let known = |field: &str| rows.iter().any(|(row, _)| *row == field);
    for (field, _) in before.iter() {
        assert!(after.contains(field), "{what}: {field} is gone");
    }
    let ours = ["manifest", "releases", "stemcells", "teams", "history", "manifest_sha256"];
    let ours = |field: &str| {
        ours.contains(&field) || field.starts_with("match_") || field.starts_with("reconciler_")
    };
    for (field, _) in after.iter().filter(|(field, _)| !before.contains(field)) {
        assert!(known(field) || ours(field), "{what}: {field} is new");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_is_kept_owned_or_filled_as_its_row_says() {
    let bench = Bench::new().await;
    let (root, manifest, metadata, entry) = (object(ROOT), object(MANIFEST), object(METADATA), object(ENTRY));
    bench.put(INSTANCE, &root).await;
    bench.put(&format!("{INSTANCE}/manifest"), &manifest).await;
    bench.put(&format!("{INSTANCE}/metadata"), &metadata).await;
    bench.put_entry(&entry).await;
    // What the broker keeps below an instance besides.
    let theirs = ["credentials", "deployment", "init", "plans/sha256", "task", "vm_status", DEPLOYMENT];
    for leaf in theirs {
        bench.put(&format!("{INSTANCE}/{leaf}"), &object(r#"{"n":1.10,"secret":"hunter2"}"#)).await;
    }
    let mut untouched = Vec::new();
    for leaf in theirs {
        untouched.push(bench.slot(&format!("{INSTANCE}/{leaf}")).await);
    }

    let report = bench.run().await;
    assert!(report.complete && report.counts.changed == 1, "{report:?}");
    hold("record", &root, &bench.below("").await, ROOT_ROWS);
    hold("manifest", &manifest, &bench.below("/manifest").await, MANIFEST_ROWS);
    hold("metadata", &metadata, &bench.below("/metadata").await, METADATA_ROWS);
    hold("entry", &entry, &bench.entry().await, ENTRY_ROWS);
    for (leaf, before) in theirs.iter().zip(&untouched) {
        assert_eq!(bench.slot(&format!("{INSTANCE}/{leaf}")).await, *before, "{leaf}");
    }
    // What stood in the history keeps its bytes, and ours comes last.
    let history = bench.below("/metadata").await.raw("history").unwrap().get().to_owned();
    for theirs in [r#"{"timestamp":1.785923321e+09, "action":"odd"}"#, r#""text""#, "null"] {
        assert!(history.contains(theirs), "{history}");
    }
    let entries = bench.history().await;
    assert_eq!((entries.len(), &entries[0]["action"]), (5, &"provision".into()));
    let ours = &entries[4];
    for (field, value) in [
        ("timestamp", serde_json::json!(NOW)),
        ("iso_timestamp", "2027-01-15T08:00:00Z".into()),
        ("action", "reconciliation".into()),
        ("source", "deployment_reconciler".into()),
        ("state", "active".into()),
        ("deployment", DEPLOYMENT.into()),
    ] {
        assert_eq!(ours[field], value, "{field}");
    }
    let description = "Instance reconciled from BOSH deployment - releases updated - stemcells updated - \
                       manifest updated";
    assert_eq!(ours["description"], description);
    let changes = &ours["changes"];
    assert_eq!((&changes["releases_changed"], &changes["vms_changed"]), (&true.into(), &false.into()));
    assert!(changes["fields_added"].as_array().unwrap().contains(&"stemcells".into()));
    assert_eq!(changes["fields_removed"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn time_alone_changes_nothing() {
    let bench = Bench::new().await;
    let _first = bench.run().await;
    let before = (bench.below("").await, bench.below("/metadata").await, bench.entry().await);
    bench.clock.advance(std::time::Duration::from_secs(400 * 24 * 3600));
    for full in [true, false] {
        let limits = |run: &mut reconciler_core::manager::Reconciler<'_>| {
            run.options.full = full;
            run.options.filter = Default::default();
        };
        let _others = bench.run_with(limits).await;
        let report = bench.run_with(limits).await;
        assert_eq!((report.counts.writes, report.counts.changed), (0, 0), "{:?}", report.changes);
    }
    assert_eq!((bench.below("").await, bench.below("/metadata").await, bench.entry().await), before);
}
