//! `index` and `history`: what stands in the store, and nothing secret of it.

use reconciler_core::adapters::sqlite::SqliteStore;
use reconciler_core::model::JsonObject;
use reconciler_core::model::json::raw;
use reconciler_core::ports::SecretStore as _;
use serde_json::Value;

use super::program::{Answer, World};

const INSTANCE: &str = "7cd5767f-4790-4fe2-ba2d-288743bd4d3f";
/// Stands in secrets, and nowhere else.
const MARKER: &str = "zq7-marker";

fn data(answer: &Answer) -> Value {
    let document: Value = serde_json::from_str(&answer.stdout).unwrap();
    document["data"].clone()
}

/// The codes that are found about an instance.
fn codes(verification: &Value, subject: &str) -> Vec<String> {
    let findings = verification["findings"].as_array().unwrap().iter();
    let own = findings.filter(|finding| finding["subject"] == subject);
    own.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
}

async fn change_entry(world: &World, change: impl FnOnce(&mut JsonObject)) {
    world
        .change("db", |index| {
            let mut entry = JsonObject::parse(index.raw(INSTANCE).unwrap().get()).unwrap();
            change(&mut entry);
            index.set_value(INSTANCE, &entry);
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_is_shown_before_and_after_a_run_and_nothing_is_made_by_looking() {
    let world = World::new();
    let before = data(&world.run("index show --json").ends(0));
    assert_eq!(before["entries"].as_array().unwrap().len(), 18);
    assert_eq!(before["others"][0]["kind"], "null");
    world.run("index verify").ends(0);
    world.run("history").ends(0);
    assert_eq!(world.traces(), [] as [std::path::PathBuf; 0]);

    world.run("run").ends(0);
    let states = |view: &Value| -> Vec<(String, String)> {
        let entries = view["entries"].as_array().unwrap().iter();
        let text = |entry: &Value, field: &str| entry[field].as_str().unwrap().to_owned();
        entries.map(|entry| (text(entry, "instance"), text(entry, "state"))).collect()
    };
    let after = data(&world.run("index show --json").ends(0));
    assert!(states(&before).contains(&(INSTANCE.to_owned(), "new".to_owned())));
    assert!(states(&after).contains(&(INSTANCE.to_owned(), "reconciled".to_owned())));
    let table = world.run("index show").ends(0);
    assert!(
        table.stdout.contains("booking-sessions") && table.stdout.contains("entries, version"),
        "{table:?}"
    );
    let upper = world.run(&format!("index show {}", INSTANCE.to_uppercase())).ends(0);
    assert!(upper.stdout.starts_with(INSTANCE), "the case of a UUID does not count: {}", upper.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_secret_in_an_entry_or_a_record_is_never_shown() {
    let world = World::new();
    world.run("run").ends(0);
    let secret = raw(&serde_json::json!({"password": MARKER}));
    change_entry(&world, |entry| {
        entry.set("parameters", secret.clone());
        entry.set("context", raw(&format!("{{\"p\":\"{MARKER}\"}}")));
        entry.set("of-our-own", raw(MARKER));
    })
    .await;
    world.change(INSTANCE, |root| root.set("parameters", secret.clone())).await;
    for line in [
        "index show".to_owned(),
        format!("index show {INSTANCE}"),
        "index show --json".to_owned(),
        "index verify --json --debug".to_owned(),
        "history --json".to_owned(),
    ] {
        let answer = world.run(&line).ends(0);
        assert!(!answer.stdout.contains(MARKER) && !answer.stderr.contains(MARKER), "{line}: {answer:?}");
    }
    let one = world.run(&format!("index show {INSTANCE}")).ends(0);
    assert!(one.stdout.contains("parameters: <redacted>\n"), "{}", one.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_verification_tells_what_contradicts_an_entry() {
    let world = World::new();
    world.run("run").ends(0);
    let sound = data(&world.run("index verify --json").ends(0));
    assert_eq!(codes(&sound, INSTANCE), [] as [&str; 0]);
    assert_eq!(codes(&sound, "b61a231e-a78e-4fc7-a38f-04bc75dc295f")[0], "plan.retired");
    assert!(sound["sound"].as_u64().unwrap() > 10 && sound["size"].is_null(), "{sound}");

    change_entry(&world, |entry| entry.set("plan_id", raw("redis-small-ha"))).await;
    let wrong = data(&world.run("index verify --json").ends(0));
    let found = codes(&wrong, INSTANCE);
    for code in ["record.differs", "entry.other-deployment"] {
        assert!(found.contains(&code.to_owned()), "{found:?}");
    }
    change_entry(&world, |entry| {
        entry.set("plan_id", raw("redis-small"));
        entry.set("orphaned", raw(&true));
    })
    .await;
    assert_eq!(codes(&data(&world.run("index verify --json").ends(0)), INSTANCE), ["entry.called-gone"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_has_all_sources_and_times_of_all_forms_newest_first() {
    let world = World::new();
    world.run("run").ends(0);
    let metadata = format!("{INSTANCE}/metadata");
    world
        .change(&metadata, |metadata| {
            let ours: Vec<Value> = serde_json::from_str(metadata.raw("history").unwrap().get()).unwrap();
            let mut history = serde_json::json!([
                {"timestamp": 1_748_519_660, "action": "provision_requested", "description": "by the broker"},
                {"timestamp": 1.748_519_7e9, "action": "provision_completed", "description": "by the broker"},
                {"action": "noted", "description": "without a time"}, 7,
            ]);
            history.as_array_mut().unwrap().extend(ours);
            metadata.set("history", raw(&history));
        })
        .await;
    let view = data(&world.run(&format!("history {INSTANCE} --json")).ends(0));
    let events = view["events"].as_array().unwrap();
    let actions: Vec<&str> = events.iter().map(|event| event["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["reconciliation", "noted", "provision_completed", "provision_requested"]);
    assert_eq!(
        (events[0]["source"].as_str(), events[3]["source"].as_str()),
        (Some("deployment_reconciler"), Some("broker"))
    );
    assert_eq!((events[3]["at"].as_str(), view["odd"].as_u64()), (Some("2025-05-29T11:54:20Z"), Some(1)));

    let all = data(&world.run("history --json --limit 3").ends(0));
    assert_eq!(all["events"].as_array().unwrap().len(), 3);
    assert!(all["total"].as_u64().unwrap() > 15, "{all}");
    world.run("history 00000000-1111-4222-8333-444444444444").ends(1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_was_lost_is_no_sound_one() {
    let world = World::new();
    world.run("run").ends(0);
    world.change("db", |index| *index = JsonObject::new()).await;
    for line in ["index verify", "index show", "history"] {
        world.run(line).ends(4).warns(&["is empty, but the last run saw", "restore its last version"]);
    }
    SqliteStore::open(world.store_file()).unwrap().delete("db").await.unwrap();
    for line in ["index verify", "index show", "history", "plan"] {
        world.run(line).ends(4).warns(&["the index `db`", "restore its last version"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_of_any_writer_is_one_line_of_the_history() {
    let world = World::new();
    world.run("run").ends(0);
    let metadata = format!("{INSTANCE}/metadata");
    world
        .change(&metadata, |metadata| {
            let noted = serde_json::json!([
                {"timestamp": 1_748_519_660, "action": "noted", "description": "one\n\n  two\u{1b}[31m three\r"},
            ]);
            metadata.set("history", raw(&noted));
        })
        .await;
    let answer = world.run(&format!("history {INSTANCE}")).ends(0).says(&["one two [31m three"]);
    assert!(!answer.stdout.contains('\u{1b}'), "{}", answer.stdout);
}
