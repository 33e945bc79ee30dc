//! Applying twice is applying once, whatever stood there before.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use reconciler_tests::provisioned::Provisioned;
use reconciler_tests::still_director::StillDirector;
use serde_json::{Value, json};

use super::books::{Books, is_archive};
use super::{Bench, left_behind};

/// The instances whose records are varied.
const INSTANCES: usize = 3;

/// A change to what the broker left behind, as other programs leave it.
type Change = fn(&mut Value);

/// What an entry may look like.
const ENTRIES: [(&str, Change); 9] = [
    ("as the broker left it", |_| {}),
    ("as another reconciler left it", |entry| {
        *entry = json!({
            "deployment_name": "stale", "service_id": "redis", "plan_id": "redis-small", "reconciled": true,
            "reconciled_at": "2026-01-01T00:00:00Z", "reconciled_by": "deployment_reconciler",
            "updated_at": "2026-01-01T00:00:00Z", "parameters": {"a": [1, {"b": null}]},
        });
    }),
    ("called missing and stale", |entry| {
        for (field, value) in [
            ("orphaned", json!(true)),
            ("orphaned_at", json!("2026-01-01T00:00:00Z")),
            ("orphaned_reason", json!("no_bosh_deployment")),
            ("orphan_check_count", json!(7)),
            ("stale", json!(true)),
            ("stale_since", json!("2026-02-01T00:00:00Z")),
            ("days_orphaned", json!(31)),
            ("preservation_reason", json!("service_instance_historical_data")),
        ] {
            entry[field] = value;
        }
    }),
    ("called deleted by the VM monitor", |entry| {
        entry["status"] = json!("deleted");
        entry["deleted_by"] = json!("vm-monitor");
        entry["deleted_at"] = json!("2026-01-01T00:00:00Z");
    }),
    ("with the names of old", |entry| {
        entry["organization_id"] = json!("o");
        entry["space_id"] = json!("s");
        entry["created"] = json!(1.5e9);
    }),
    ("of another plan", |entry| entry["plan_id"] = json!("redis-other")),
    ("without a plan", |entry| *entry = json!({"created_at": "2025-01-01T00:00:00Z"})),
    ("null", |entry| *entry = Value::Null),
    ("absent", |entry| *entry = json!("absent")),
];

/// What a record may look like.
const RECORDS: [(&str, Change); 9] = [
    ("as the broker left it", |_| {}),
    ("absent", |record| *record = Value::Null),
    ("empty", |record| *record = json!({})),
    ("with a context that is text", |record| record["context"] = json!("{\"platform\":\"cloudfoundry\"}")),
    ("with numbers where texts are", |record| {
        record["plan_id"] = json!(7);
        record["deployment_name"] = json!(["x"]);
    }),
    ("with a history of odd times", |record| {
        record["history"] =
            json!([{"timestamp": 1.75e9, "action": "a"}, {"action": "without a time"}, 3, null]);
    }),
    ("with a history that is none", |record| record["history"] = json!({"not": "a list"})),
    ("with a null history", |record| record["history"] = Value::Null),
    ("with a manifest in other words", |record| {
        if let Some(text) = record["manifest"].as_str() {
            record["manifest"] = json!(format!("---\n{text}"));
        }
    }),
];

/// Which entry, and which record of each kind, an instance has.
type Choice = [usize; 4];

fn books(choices: &[Choice]) -> Books {
    let mut books = left_behind(choices.len());
    let mut index = books.data("db").unwrap().clone();
    for (number, choice) in choices.iter().enumerate() {
        let id = Provisioned::new(number).id();
        let entry = &mut index[id.as_str()];
        ENTRIES[choice[0]].1(entry);
        if entry == "absent" {
            index.as_object_mut().unwrap().remove(id.as_str());
        }
        for (path, record) in
            [id.to_string(), format!("{id}/manifest"), format!("{id}/metadata")].iter().zip(&choice[1..])
        {
            let mut data = books.data(path).unwrap().clone();
            RECORDS[*record].1(&mut data);
            books.remove(path);
            if !data.is_null() {
                books.put(path, data);
            }
        }
    }
    books.put("db", index);
    books
}

#[test]
fn applying_twice_is_applying_once_whatever_stood_there() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let choice = (0..ENTRIES.len(), 0..RECORDS.len(), 0..RECORDS.len(), 0..RECORDS.len());
    let choice = choice.prop_map(|(a, b, c, d)| [a, b, c, d]);
    let config = Config { cases: 100, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let outcome = runner.run(&prop::collection::vec(choice, INSTANCES), |choices| {
        runtime.block_on(async {
            let before = books(&choices);
            let bench = Bench::new(StillDirector::with((0..INSTANCES).map(Provisioned::new))).await;
            let store = before.in_memory().await;
            let first = bench.run(store.as_ref(), 1).await.unwrap();
            prop_assert!(first.complete, "{:?}", first.failures);
            let once = Books::of(store.as_ref()).await;
            for (run, full) in [(2, false), (3, true)] {
                let again = bench.run_with(store.as_ref(), run, |run| run.options.full = full).await.unwrap();
                prop_assert_eq!((again.counts.writes, again.counts.backups), (0, 0), "{:?}", again.changes);
                prop_assert_eq!(&Books::of(store.as_ref()).await, &once);
            }
            let kept = before.paths().all(|path| once.version(path) > 0);
            prop_assert!(kept, "a secret is gone");
            // Whatever was changed is kept.
            for change in first.changes.iter().filter(|change| !change.creates) {
                let folder = format!("{}/backups/", change.instance);
                prop_assert!(
                    once.paths().any(|path| is_archive(path) && path.starts_with(&folder)),
                    "{change:?}"
                );
            }
            Ok(())
        })
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
