//! The commands on archives: from a list to a restore and back, and nothing
//! that is secret on the way.

use std::path::Path;

use reconciler_core::model::JsonObject;

use super::program::{Answer, World};

const INSTANCE: &str = "7cd5767f-4790-4fe2-ba2d-288743bd4d3f";
/// Stands in secrets, and nowhere else.
const MARKER: &str = "zq7-marker";

/// A world after a run, a change by the broker that holds secrets, and another
/// run: two archives of the instance.
async fn world() -> World {
    let world = World::new();
    world.run("run").ends(0);
    world.change(INSTANCE, |root| root.set_value("parameters", &[MARKER])).await;
    break_instance(&world).await;
    world.run("run").ends(0);
    world
}

/// Takes from the instance what we wrote.
async fn break_instance(world: &World) {
    world
        .change(INSTANCE, |root| {
            root.set_value("plan_name", "broken");
        })
        .await;
    world
        .change("db", |index| {
            let mut entry = JsonObject::parse(index.raw(INSTANCE).unwrap().get()).unwrap();
            entry.remove("deployment_name");
            entry.remove("reconciler_fingerprint");
            entry.set_value("password", MARKER);
            index.set_value(INSTANCE, &entry);
        })
        .await;
}

fn json(answer: &Answer) -> serde_json::Value {
    serde_json::from_str(&answer.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_is_listed_compared_put_back_held_and_released() {
    let world = world().await;
    let id = INSTANCE;
    let list = world.run(&format!("backups list {id}")).ends(0);
    assert_eq!(list.stdout.lines().count(), 3, "{}", list.stdout);
    let all = json(&world.run("backups list --json").ends(0));
    assert!(all["data"]["archives"].as_array().unwrap().len() > 10);

    let broken = world.fields(id).await.text("plan_name");
    let diff = world.run(&format!("backups diff {id}@-1 {id}@now")).ends(0);
    assert!(diff.stdout.contains("~ plan_name: \"broken\" ->"), "{}", diff.stdout);
    let dry = world.run(&format!("backups restore {id}@-1 --dry-run")).ends(0);
    assert!(dry.stdout.contains("Nothing was written"), "{}", dry.stdout);
    assert_eq!(world.fields(id).await.text("plan_name"), broken);

    let restored = json(&world.run(&format!("backups restore {id}@-1 --json")).ends(0));
    assert_eq!(restored["data"]["instance"], id);
    assert_eq!(world.fields(id).await.text("plan_name").as_deref(), Some("broken"));
    let held = world.run("run").ends(0);
    assert!(held.stdout.contains("instance.held"), "{}", held.stdout);
    assert_eq!(world.fields(id).await.text("plan_name").as_deref(), Some("broken"));

    // Once more by its place would be the archive of what was replaced.
    let again = world.run(&format!("backups restore {id}@-1")).ends(4);
    assert!(again.stderr.contains("to go on with the restore: `backups restore"), "{}", again.stderr);

    let released = world.run(&format!("backups release {id}")).ends(0);
    assert!(released.stdout.contains("is released"), "{}", released.stdout);
    world.run("run").ends(0);
    assert_eq!(world.fields(id).await.text("plan_name"), broken);
    let verified = world.run("backups verify --all").ends(0);
    assert!(verified.stdout.contains("0 broken"), "{}", verified.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_prints_a_value_that_may_be_secret() {
    let world = world().await;
    let id = INSTANCE;
    for line in [
        "backups list".to_owned(),
        format!("backups show {id}@-1"),
        format!("backups show {id}@now --json"),
        format!("backups show {id}@-1 --format yaml"),
        format!("backups diff {id}@-2 {id}@-1"),
        format!("backups diff {id}@-2 {id}@now --json"),
        "backups verify --all".to_owned(),
        format!("backups restore {id}@-2 --dry-run"),
        format!("backups restore {id}@-2 --json"),
        format!("backups release {id}"),
        "backups prune".to_owned(),
    ] {
        let answer = world.run(&line).ends(0);
        assert!(!answer.stdout.contains(MARKER) && !answer.stderr.contains(MARKER), "{line}");
    }
    let shown = world.run(&format!("backups show {id}@-1 --show-values")).ends(1);
    assert!(shown.stderr.contains("terminal") && shown.stdout.is_empty(), "{}", shown.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn prune_keeps_what_the_settings_say() {
    let world = world().await;
    let pruned = |dry: &str| {
        let mut command = world.command(world.words(&format!("backups prune --json {dry}")));
        json(&Answer::of(command.env("BLACKSMITH_RECONCILER_BACKUP_RETENTION", "1")).ends(0))
    };
    let dry = pruned("--dry-run");
    assert_eq!(dry["data"]["removed"].as_array().unwrap().len(), 1);
    assert_eq!(pruned("")["data"]["removed"], dry["data"]["removed"]);
    assert!(pruned("")["data"]["removed"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_is_damaged_is_told_and_not_put_back() {
    let world = world().await;
    let list = json(&world.run(&format!("backups list {INSTANCE} --json")).ends(0));
    let path = list["data"]["archives"][0]["path"].as_str().unwrap().to_owned();
    world.change(&path, |archive| archive.set_value("content", "H4sIAAAAAAAA")).await;
    world.run(&format!("backups verify {INSTANCE}")).ends(3).says(&["1 older one was not looked at: --all"]);
    let verified = world.run("backups verify").ends(3);
    assert!(verified.stdout.contains(&format!("broken    {path}")), "{}", verified.stdout);
    let refused = world.run(&format!("backups restore {INSTANCE}@-1")).ends(1);
    assert!(refused.stderr.contains("backups verify"), "{}", refused.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_says_why_and_what_to_do() {
    let world = world().await;
    for (line, code, says) in [
        ("backups show relaxed-tesla".to_owned(), 1, "ID@WHEN"),
        (format!("backups show {INSTANCE}@yesterday"), 1, "is no time"),
        (format!("backups show {INSTANCE}@-9"), 1, "backups list"),
        (format!("backups restore {INSTANCE}@now"), 1, "no archive"),
        (format!("backups restore {INSTANCE}@-1 --only credentials"), 1, "nothing that an archive holds"),
        (format!("backups diff {INSTANCE}@-1 relaxed-tesla@-1"), 1, "two instances"),
        ("backups release relaxed-tesla".to_owned(), 4, "no entry"),
        ("backups list relaxed-tesla".to_owned(), 1, "no entry of instance `relaxed-tesla`"),
        ("backups verify relaxed-tesla".to_owned(), 1, "no entry of instance `relaxed-tesla`"),
        (format!("backups show {INSTANCE}@99"), 1, "99 (1970-01-01T00:01:39Z)"),
        ("backups list --store no-such-file".to_owned(), 1, "there is no store"),
    ] {
        let answer = world.run(&line).ends(code);
        assert!(answer.stderr.contains(says), "{line}: {}", answer.stderr);
    }
    assert!(!Path::new("no-such-file").exists());
    for name in ["manifest", "credentials", "a/b"] {
        let mut command = world.command(world.words("backups list"));
        let answer = Answer::of(command.env("BLACKSMITH_RECONCILER_BACKUP_PATH", name)).ends(1);
        assert!(answer.stderr.contains("backup.path"), "{}", answer.stderr);
    }
}
