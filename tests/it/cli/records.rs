//! What a run changes in records, and what it leaves to their other writers.

use std::fs;

use reconciler_core::model::JsonObject;
use reconciler_core::model::json::raw;
use reconciler_core::ports::Version;

use super::program::World;

const INSTANCE: &str = "7cd5767f-4790-4fe2-ba2d-288743bd4d3f";
const DEPLOYMENT: &str = "redis-small-7cd5767f-4790-4fe2-ba2d-288743bd4d3f";

/// The paths whose versions differ.
fn differing(before: &[(String, Version)], after: &[(String, Version)]) -> Vec<String> {
    after.iter().filter(|one| !before.contains(one)).map(|(path, _)| path.clone()).collect()
}

fn history(metadata: &JsonObject) -> Vec<serde_json::Value> {
    serde_json::from_str(metadata.raw("history").unwrap().get()).unwrap()
}

#[tokio::test]
async fn a_changed_manifest_changes_its_own_instance_and_no_other() {
    let world = World::new();
    world.run("run").ends(0);
    let before = world.versions().await;
    world.edit(&world.manifest(DEPLOYMENT), "maxmemory: 768mb", "maxmemory: 512mb");
    let run = world.run("run --json").ends(0);
    let own = [format!("{INSTANCE}/manifest"), format!("{INSTANCE}/metadata"), "db".to_owned()];
    assert_eq!(differing(&before, &world.versions().await), own);
    assert_eq!((run.count("writes"), run.count("changed")), (3, 1));
    let stored = world.fields(&own[0]).await.text("manifest").unwrap();
    assert_eq!(stored, fs::read_to_string(world.manifest(DEPLOYMENT)).unwrap());
}

#[tokio::test]
async fn fields_of_other_writers_survive_byte_for_byte() {
    let world = World::new();
    world.run("run").ends(0);
    let theirs = [("notes", r#"{"n":1.10,"z":[ 1, null ]}"#), ("größe", "123456789012345678901234567890")];
    let paths = [INSTANCE.to_owned(), format!("{INSTANCE}/manifest"), format!("{INSTANCE}/metadata")];
    let put = |object: &mut JsonObject| {
        for (field, text) in theirs {
            object.set(field, serde_json::value::RawValue::from_string(text.to_owned()).unwrap());
        }
    };
    for path in &paths {
        world.change(path, put).await;
    }
    world
        .change("db", |index| {
            let mut entry = JsonObject::parse(index.raw(INSTANCE).unwrap().get()).unwrap();
            put(&mut entry);
            // What we own in it, so that the entry has to be written.
            entry.set("deployment_name", raw("something else"));
            index.set_value(INSTANCE, &entry);
        })
        .await;
    let before = world.versions().await;
    world.edit(&world.manifest(DEPLOYMENT), "maxmemory: 768mb", "maxmemory: 512mb");
    world.run("run").ends(0);

    let own = ["db".to_owned(), paths[1].clone(), paths[2].clone()];
    let mut changed = differing(&before, &world.versions().await);
    changed.sort_by_key(|path| path != "db");
    assert_eq!(changed, own);
    let mut objects = Vec::new();
    for path in &paths {
        objects.push(world.fields(path).await);
    }
    let index = world.fields("db").await;
    objects.push(JsonObject::parse(index.raw(INSTANCE).unwrap().get()).unwrap());
    for object in &objects {
        for (field, text) in theirs {
            assert_eq!(object.raw(field).unwrap().get(), text);
        }
    }
    assert_eq!(objects[3].text("deployment_name").as_deref(), Some(DEPLOYMENT));
    assert_eq!(objects[3].text("instance_name").as_deref(), Some("booking-sessions"));
}

#[tokio::test]
async fn the_history_grows_by_one_with_a_change_and_only_then() {
    let world = World::new();
    let metadata = format!("{INSTANCE}/metadata");
    world.run("run").ends(0);
    assert_eq!(history(&world.fields(&metadata).await).len(), 1);
    world
        .change(&metadata, |object| {
            let theirs = serde_json::json!([{"action": "made", "by": "the broker"}]);
            object.set_value("history", &theirs);
        })
        .await;
    world.run("run").ends(0).says(&["0 writes"]);
    assert_eq!(history(&world.fields(&metadata).await).len(), 1);

    world.edit(&world.manifest(DEPLOYMENT), "maxmemory: 768mb", "maxmemory: 512mb");
    for _ in 0..2 {
        world.run("run").ends(0);
        let entries = history(&world.fields(&metadata).await);
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[0]["by"], "the broker");
        assert_eq!(entries[1]["changes"]["manifest_changed"], true);
        assert_eq!(entries[1]["changes"]["releases_changed"], false);
    }
}

#[tokio::test]
async fn the_same_manifest_in_other_words_is_no_change() {
    let spellings: [(&str, &str, &str); 5] = [
        ("a comment and blank lines", "update:\n", "\n# The broker's own.\nupdate:\n\n"),
        ("quotes", "maxmemory-policy: volatile-lru", "maxmemory-policy: \"volatile-lru\""),
        ("a quoted number", "canaries: 1\n", "canaries: \"1\"\n"),
        (
            "keys in another order",
            "- alias: default\n  os: ubuntu-jammy\n",
            "- os: ubuntu-jammy\n  alias: default\n",
        ),
        ("flow for block", "azs:\n  - z1\n  instances: 1", "azs: [z1]\n  instances: 1"),
    ];
    let world = World::new();
    // A version that Ruby would write in another way.
    world.edit(
        &world.manifest(DEPLOYMENT),
        "  os: ubuntu-jammy\n  version: latest",
        "  os: ubuntu-jammy\n  version: 1.10",
    );
    world.run("run").ends(0);
    let before = world.versions().await;
    for (what, from, to) in spellings {
        world.edit(&world.manifest(DEPLOYMENT), from, to);
        world.run("run").ends(0).says(&["Nothing had changed: 0 writes"]);
        assert_eq!(world.versions().await, before, "{what}");
    }
    for version in ["version: \"1.10\"", "version: 1.10"] {
        let last = if version.contains('"') { "version: 1.10" } else { "version: \"1.10\"" };
        world.edit(&world.manifest(DEPLOYMENT), last, version);
        world.run("run").ends(0).says(&["0 writes"]);
    }
    // As plain numbers both are one and a tenth.
    world.edit(&world.manifest(DEPLOYMENT), "version: 1.10", "version: 1.1");
    world.run("run").ends(0).says(&["0 writes"]);
    // As texts they are not.
    world.edit(&world.manifest(DEPLOYMENT), "version: 1.1\n", "version: \"1.1\"\n");
    assert_eq!(world.run("run --json").ends(0).count("changed"), 1);
}

#[tokio::test]
async fn a_new_release_in_the_directors_list_is_a_change_of_metadata_and_entry() {
    let world = World::new();
    world.run("run").ends(0);
    let before = world.versions().await;
    let list = world.file("director/deployments.json");
    let text = fs::read_to_string(&list).unwrap();
    let mut deployments: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mine = deployments.as_array_mut().unwrap().iter_mut().find(|one| one["name"] == DEPLOYMENT).unwrap();
    mine["releases"][0]["version"] = "99.1".into();
    fs::write(&list, deployments.to_string()).unwrap();
    world.run("plan").ends(0).says(&["99.1"]);
    world.run("run").ends(0);
    assert_eq!(
        differing(&before, &world.versions().await),
        [format!("{INSTANCE}/metadata"), "db".to_owned()]
    );
    let entries = history(&world.fields(&format!("{INSTANCE}/metadata")).await);
    assert_eq!(entries[1]["changes"]["releases_changed"], true);
    assert_eq!(entries[1]["changes"]["manifest_changed"], false);
}

#[tokio::test]
async fn what_was_taken_from_a_record_is_put_back() {
    let world = World::new();
    world.run("run").ends(0);
    world.change(INSTANCE, |root| drop(root.remove("deployment_name"))).await;
    // The index says that nothing has changed, and is believed for a day.
    assert_eq!(world.run("run --json").ends(0).count("writes"), 0);
    let run = world.run("run --full --json").ends(0);
    assert_eq!((run.count("writes"), run.count("changed")), (1, 1));
    assert_eq!(world.fields(INSTANCE).await.text("deployment_name").as_deref(), Some(DEPLOYMENT));
}

#[tokio::test]
async fn a_manifest_that_cannot_be_used_is_not_stored_by_a_chain_that_does_not_look_at_it() {
    let name_only = "run --strategies stored-record,uuid-pattern --json";
    for text in ["a: [", "just text", "x: &a [*a]"] {
        let world = World::new();
        std::fs::write(world.manifest(DEPLOYMENT), text).unwrap();
        let run = world.run(name_only).ends(0);
        assert!(run.stdout.contains("manifest.unusable"), "{text}");
        let paths: Vec<String> = world.versions().await.into_iter().map(|(path, _)| path).collect();
        assert!(!paths.iter().any(|path| path.starts_with(INSTANCE)), "{text}: {paths:?}");
    }
}

#[tokio::test]
async fn a_manifest_that_states_another_instance_is_not_stored_by_a_chain_that_does_not_look_at_it() {
    let world = World::new();
    world.edit(&world.manifest(DEPLOYMENT), INSTANCE, "7cd5767f-4790-4fe2-ba2d-000000000000");
    let run = world.run("run --strategies stored-record --json").ends(0);
    assert!(run.stdout.contains("manifest.states-another"), "{}", run.stdout);
}

#[tokio::test]
async fn vms_of_a_fleet_are_those_that_were_saved_and_others_are_told() {
    let world = World::new();
    let folder = world.file("director/instances");
    fs::create_dir(&folder).unwrap();
    let saved =
        r#"[{"job":"redis","index":0,"id":"i","az":null,"cid":"vm-1","ips":["10.0.0.1"],"agent_id":"x"}]"#;
    fs::write(folder.join(format!("{DEPLOYMENT}.json")), saved).unwrap();
    fs::write(world.path("work/vms.yml"), "reconciler: {scanner: {instances: true}}\n").unwrap();
    let run = world.run("run --config vms.yml").ends(3);
    run.says(&["instances.unread", "save the Director's answer to GET /deployments/:name/instances"]);
    let metadata = world.fields(&format!("{INSTANCE}/metadata")).await;
    let expected = r#"[{"job":"redis","index":0,"id":"i","cid":"vm-1","ips":["10.0.0.1"]}]"#;
    assert_eq!(metadata.raw("vms").unwrap().get(), expected);
    world.run("run --config vms.yml").ends(3).says(&["0 writes"]);
    // Without the setting what is known stays.
    world.run("run").ends(0).says(&["0 writes"]);
}
