//! The journal in the state file: what it keeps of runs, and for how long.

use super::*;
use crate::adapters::sqlite::StateFile;
use crate::ports::{DecisionEntry, FailureEntry, Recollections, RunEntry, RunState};

/// Makes the newest schema the sixth one.
const WITHOUT_RULES: &str = "
    DROP TABLE rule_set;
    ALTER TABLE run DROP COLUMN decided_by_index;";

pub(super) fn run(id: &str, started: i64) -> RunEntry {
    RunEntry {
        run_id: id.to_owned(),
        trigger: None,
        error: None,
        chain: None,
        index: None,
        phases: Vec::new(),
        started_at: minute(started),
        finished_at: None,
        outcome: None,
        complete: false,
        counts: object("{}"),
        findings: Vec::new(),
    }
}

#[test]
fn the_journal_keeps_each_run_once_and_gives_the_last_recorded_first() {
    let (_folder, path) = place();
    let state = StateFile::open(&path, UUID).unwrap();
    for (id, started) in [("first", 0), ("second", 400), ("third", 20)] {
        state.record_run(&run(id, started)).unwrap();
    }
    let finished = RunEntry {
        finished_at: Some(minute(21)),
        outcome: Some("completed".to_owned()),
        complete: true,
        counts: object(r#"{"matched":12,"share":1.10}"#),
        findings: vec![object(r#"{"code":"stray"}"#), object("{}")],
        ..run("third", 20)
    };
    state.record_run(&finished).unwrap();
    let runs = state.runs(10).unwrap();
    assert_eq!(runs, [&finished, &run("second", 400), &run("first", 0)].map(RunEntry::summary));
    assert_eq!(runs[0].findings, 2);
    let many = RunEntry { counts: object(r#"{"findings":2000}"#), ..finished.clone() };
    state.record_run(&many).unwrap();
    assert_eq!(state.runs(1).unwrap(), [many.summary()]);
    assert_eq!(many.summary().findings, 2000, "also those that were not kept");
    state.record_run(&finished).unwrap();
    assert_eq!(state.run("third").unwrap(), Some(finished));
    assert_eq!(state.runs(1).unwrap().len(), 1);
}

#[test]
fn the_journal_is_bounded_by_count_and_age() {
    let (_folder, path) = place();
    let state = StateFile::open(&path, UUID).unwrap();
    let left = || {
        let runs = state.runs(usize::MAX).unwrap();
        runs.into_iter().map(|run| run.run_id).collect::<Vec<_>>()
    };
    for number in 0..10 {
        state.record_run(&run(&number.to_string(), number)).unwrap();
    }
    assert_eq!(state.prune_runs(100, minute(2)).unwrap(), 2);
    assert_eq!(left().len(), 8);
    assert_eq!(state.prune_runs(3, minute(0)).unwrap(), 5);
    assert_eq!(left(), ["9", "8", "7"]);
    assert_eq!(state.prune_runs(3, minute(9)).unwrap(), 2);
    assert_eq!(left(), ["9"]);
}

#[test]
fn what_was_decided_alike_is_kept_once_and_goes_with_its_last_run() {
    let (_folder, path) = place();
    let state = StateFile::open(&path, UUID).unwrap();
    let decisions = |outcome: &str| {
        vec![DecisionEntry {
            deployment: "redis-small-1".to_owned(),
            outcome: outcome.to_owned(),
            reason: None,
            instance: Some("1".to_owned()),
            service: None,
            plan: None,
            confidence: Some(0.95),
            strategies: vec!["uuid-pattern".to_owned()],
            degraded: true,
            degraded_by: vec![FailureEntry { by: "manifest".to_owned(), code: "manifest.unread".to_owned() }],
        }]
    };
    for (number, outcome) in ["matched", "matched", "review"].into_iter().enumerate() {
        let id = format!("run-{number}");
        state.record_run(&run(&id, i64::try_from(number).unwrap())).unwrap();
        state.record_decisions(&id, &decisions(outcome)).unwrap();
    }
    let sets = || -> i64 {
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.query_row("SELECT count(*) FROM decision_set", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(sets(), 2);
    assert_eq!(state.decisions_of("run-1").unwrap(), Some(decisions("matched")));
    assert_eq!(state.decisions_of("run-9").unwrap(), None);
    assert_eq!(state.run("run-2").unwrap().unwrap().started_at, minute(2));
    assert_eq!(state.run("run-9").unwrap(), None);
    state.prune_runs(1, minute(0)).unwrap();
    assert_eq!(sets(), 1);
    assert_eq!(state.decisions_of("run-2").unwrap(), Some(decisions("review")));
}

#[test]
fn a_journal_of_an_older_release_is_read_as_it_is_and_upgraded_by_a_run() {
    let (_folder, path) = place();
    drop(StateFile::open(&path, UUID).unwrap());
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch(&format!(
            "{WITHOUT_DECISIONS}
             PRAGMA user_version = 2;
             INSERT INTO run VALUES
                 ('old', '2026-01-01T00:00:00.000000000Z', NULL, NULL, 0, '{{}}', '[]');"
        ))
        .unwrap();
    drop(connection);
    let old = |state: &StateFile| state.runs(5).unwrap().remove(0);
    let read = StateFile::open_existing(&path, UUID).unwrap().unwrap();
    assert_eq!((old(&read).run_id.as_str(), old(&read).trigger), ("old", None));
    assert_eq!(read.decisions_of("old").unwrap(), None);
    assert_eq!(read.recollections().unwrap(), Recollections::new());
    drop(read);
    let upgraded = StateFile::open(&path, UUID).unwrap();
    assert_eq!(old(&upgraded).phases, []);
    upgraded.record_decisions("old", &[]).unwrap();
    assert_eq!(upgraded.decisions_of("old").unwrap(), Some(Vec::new()));
}

#[test]
fn the_rules_of_a_chain_are_kept_once_and_go_with_its_last_run() {
    let (_folder, path) = place();
    let state = StateFile::open(&path, UUID).unwrap();
    let rules = |threshold: &str| object(&format!(r#"{{"threshold":"{threshold}"}}"#));
    for (number, chain) in ["loose", "loose", "strict"].into_iter().enumerate() {
        let number = i64::try_from(number).unwrap();
        let index = Some(format!("index-{number}"));
        let entry = RunEntry { chain: Some(chain.to_owned()), index, ..run(&number.to_string(), number) };
        state.record_run(&entry).unwrap();
        state.record_rules(chain, &rules(chain)).unwrap();
        assert_eq!(state.run(&number.to_string()).unwrap(), Some(entry));
    }
    assert_eq!(state.rules_of("loose").unwrap(), Some(rules("loose")));
    assert_eq!(state.rules_of("other").unwrap(), None);
    state.prune_runs(1, minute(0)).unwrap();
    assert_eq!(state.rules_of("loose").unwrap(), None);
    assert_eq!(state.rules_of("strict").unwrap(), Some(rules("strict")));
}

#[test]
fn a_journal_that_kept_no_rules_yet_is_read_as_it_is_and_upgraded_by_a_run() {
    let (_folder, path) = place();
    let state = StateFile::open(&path, UUID).unwrap();
    let old = RunEntry { chain: Some("c".to_owned()), ..run("old", 0) };
    state.record_run(&old).unwrap();
    state.record_decisions("old", &[]).unwrap();
    drop(state);
    stranger(&path).execute_batch(&format!("{WITHOUT_RULES} PRAGMA user_version = 6;")).unwrap();
    let read = StateFile::open_existing(&path, UUID).unwrap().unwrap();
    assert_eq!(read.run("old").unwrap(), Some(old.clone()));
    assert_eq!(read.runs(1).unwrap(), [old.summary()]);
    assert_eq!((read.decisions_of("old").unwrap(), read.rules_of("c").unwrap()), (Some(Vec::new()), None));
    drop(read);
    let upgraded = StateFile::open(&path, UUID).unwrap();
    assert_eq!((upgraded.run("old").unwrap(), upgraded.rules_of("c").unwrap()), (Some(old), None));
    upgraded.record_rules("c", &object("{}")).unwrap();
    assert_eq!(upgraded.rules_of("c").unwrap(), Some(object("{}")));
}
