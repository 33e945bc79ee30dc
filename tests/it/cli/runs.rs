//! What a run writes, what a second one does not, and what only looks.

use std::fs;

use reconciler_core::adapters::sqlite::{StateFile, StateOwner};
use reconciler_core::ports::RunState;

use super::program::{DIRECTOR, World};

/// Commands that write nothing.
const LOOKING: [&str; 6] = [
    "scan",
    "plan",
    "plan --detailed-exitcode",
    "run --dry-run",
    "explain booking-search-cache",
    "decisions eval",
];

#[tokio::test]
async fn a_first_run_writes_and_a_second_finds_nothing_to_do() {
    let world = World::new();
    let first = world.run("run --json").ends(0);
    let versions = world.versions().await;
    // The index was version 1 when the store began.
    assert_eq!(first.count("writes"), versions.len() as u64);
    assert!(versions.iter().all(|(path, version)| version.0 == if path == "db" { 2 } else { 1 }));

    world.run("run").ends(0).says(&["Nothing had changed: 0 writes"]);
    let second = world.run("run --json").ends(0);
    assert_eq!((second.count("writes"), second.count("changed")), (0, 0));
    assert_eq!(second.count("unchanged"), first.count("changed"));
    assert_eq!(world.versions().await, versions);
}

#[tokio::test]
async fn a_run_is_remembered_with_its_outcome_and_the_size_of_the_index() {
    let world = World::new();
    world.run("run").ends(0);
    world.run("run").ends(0);
    let state = StateFile::open_existing(world.state_file(), StateOwner::fleet(DIRECTOR)).unwrap().unwrap();
    let index = world.fields("db").await;
    assert_eq!(state.index_size().unwrap(), Some(index.len() as u64));
    let runs = state.runs(9).unwrap();
    assert_eq!(runs.len(), 2);
    assert!(runs.iter().all(|run| run.complete && run.finished_at.is_some()));
    let page = state.run(&runs[0].run_id).unwrap().unwrap();
    assert_eq!(page.summary(), runs[0]);
    for (line, shown) in [("history --runs=1 --json", 1), ("history --runs=0 --json", 2)] {
        let document = world.run(line).ends(0).document();
        assert_eq!(document["data"]["runs"].as_array().unwrap().len(), shown, "{line}");
    }
}

#[test]
fn looking_leaves_no_file_behind() {
    let world = World::new();
    for line in LOOKING {
        for format in ["", "--json", "--format yaml"] {
            world.run(&format!("{line} {format}")).ends(if line.ends_with("exitcode") { 11 } else { 0 });
            assert_eq!(world.traces(), [] as [std::path::PathBuf; 0], "{line}");
        }
    }
}

#[test]
fn looking_changes_no_byte_of_what_a_run_left() {
    let world = World::new();
    world.run("run").ends(0);
    let picture = || -> Vec<_> {
        let mut traces = world.traces();
        traces.sort();
        let content = |path: &std::path::PathBuf| fs::read(path).unwrap_or_default();
        traces.iter().map(|path| (path.clone(), content(path))).collect()
    };
    let before = picture();
    for line in LOOKING {
        world.run(line).ends(0);
        assert!(picture() == before, "{line} changed something");
    }
}

#[tokio::test]
async fn looking_does_not_begin_a_store_that_is_still_empty() {
    let world = World::new();
    fs::create_dir_all(world.state_folder()).unwrap();
    world.shell(&format!("umask 077 && : > {}", world.store_file().display())).ends(0);
    for line in LOOKING {
        let code = if line.ends_with("exitcode") { 11 } else { 0 };
        world.run(line).ends(code);
        assert_eq!(fs::read(world.store_file()).unwrap(), b"", "{line}");
    }
    world.run("run").ends(0);
    assert!(world.fields("db").await.contains("steady-nansen"));
}

#[test]
fn a_plan_tells_what_the_run_then_writes() {
    let world = World::new();
    let paths = |answer: &super::program::Answer| -> Vec<String> {
        let changes = answer.document()["data"]["changes"].clone();
        changes.as_array().unwrap().iter().map(|one| one["path"].to_string()).collect()
    };
    let plan = world.run("plan --json --detailed-exitcode").ends(11);
    let dry = world.run("run --dry-run --json").ends(0);
    let run = world.run("run --json").ends(0);
    assert_eq!(paths(&plan), paths(&run));
    assert_eq!(paths(&dry), paths(&run));
    assert_eq!(plan.count("changed"), run.count("changed"));
    assert_eq!((plan.count("writes"), dry.count("writes")), (0, 0));

    let after = world.run("plan --detailed-exitcode").ends(0);
    after.says(&["Nothing to write."]);
}

#[tokio::test]
async fn a_locked_deployment_is_left_alone_and_named() {
    let world = World::new();
    let locked = "7f03673f-840d-4453-be77-fea62c99ba7b";
    let before: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(world.file("index.json")).unwrap()).unwrap();
    let run = world.run("run --json").ends(0);
    let findings = run.document()["data"]["findings"].clone();
    let named = findings.as_array().unwrap().iter().any(|finding| {
        finding["code"] == "deployment.in-flight" && finding["subject"] == format!("vault-kv-small-{locked}")
    });
    assert!(named, "{findings}");
    assert!(world.versions().await.iter().all(|(path, _)| !path.starts_with(locked)));
    let entry = world.fields("db").await.raw(locked).unwrap().get().to_owned();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&entry).unwrap(), before[locked]);
}

#[test]
fn files_may_be_named_by_flags_and_are_made_with_their_folders() {
    let world = World::new();
    let line = "run --store deep/er/store.db --state deep/state.db";
    world.run(line).ends(0).warns(&["deep/er/store.db", "deep/state.db"]);
    assert!(world.path("work/deep/er/store.db").is_file() && world.path("work/deep/state.db").is_file());
    assert!(!world.state_folder().exists());
    world.run(line).ends(0).says(&["0 writes"]);
}

#[test]
fn a_new_store_beside_an_old_state_is_begun_again() {
    let world = World::new();
    world.run("run").ends(0);
    fs::remove_file(world.store_file()).unwrap();
    world.run("run").ends(0).warns(&["begun with the fleet's index"]);
}

#[tokio::test]
async fn two_runs_at_once_leave_what_one_would() {
    let world = World::new();
    let start = || {
        let mut command = world.command(world.words("run --json"));
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let runs = [start(), start()].map(|run| super::program::Answer::from(run.wait_with_output().unwrap()));
    for run in &runs {
        // Who meets the other three times in one record leaves it to him.
        assert!(matches!(run.code, Some(0 | 3)), "{run:?}");
        let failures = run.document()["data"]["failures"].clone();
        let failures = failures.as_array().unwrap();
        assert_eq!(run.code == Some(3), !failures.is_empty(), "{run:?}");
        assert!(failures.iter().all(|failure| failure["kind"] == "conflict"), "{run:?}");
        assert_eq!(run.count("failed"), 0, "{run:?}");
    }
    world.run("run").ends(0);
    world.run("run").ends(0).says(&["0 writes"]);
    let alone = World::new();
    alone.run("run").ends(0);
    let paths = |versions: Vec<(String, _)>| versions.into_iter().map(|(path, _)| path).collect::<Vec<_>>();
    assert_eq!(paths(world.versions().await), paths(alone.versions().await));
    let index = (world.fields("db").await, alone.fields("db").await);
    assert_eq!(index.0.len(), index.1.len());
}
