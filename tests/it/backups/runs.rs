//! The archives that runs take: when, how many requests they cost, and what
//! follows if they cannot be taken.

use std::collections::BTreeMap;

use reconciler_core::backup::{BackupFolder, Part, release};
use reconciler_core::model::layout;
use reconciler_core::ports::{Clock as _, PortErrorKind, SecretStore as _};
use reconciler_tests::old_archives::{OldRecords, bundled};
use reconciler_tests::watched::{Request, Trouble};

use super::{Bench, INSTANCE, instance, object};

/// The requests of backups, by instance: archives written, folders listed,
/// everything else.
fn costs(requests: &[(Request, String)]) -> BTreeMap<String, [usize; 3]> {
    let mut costs: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for (request, path) in requests {
        let Some((instance, below)) = path.split_once("/backups") else { continue };
        let kind = match request {
            Request::Write if !below.is_empty() => 0,
            Request::List if below.is_empty() => 1,
            _ => 2,
        };
        costs.entry(instance.to_owned()).or_default()[kind] += 1;
    }
    costs
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_costs_one_list_and_one_write_for_each_instance_that_changes() {
    let bench = Bench::empty();
    let index = bench.fleet.index_object().unwrap().unwrap();
    bench.put(layout::INDEX, &index).await;

    let first = bench.run().await;
    let costly = costs(&bench.store.requests());
    assert!(first.counts.changed > 10 && first.counts.backups > 10, "{:?}", first.counts);
    assert_eq!(costly.len(), first.counts.backups);
    assert!(costly.values().all(|cost| *cost == [1, 1, 0]), "{costly:?}");

    let unchanged = bench.run().await;
    assert_eq!((unchanged.counts.backups, unchanged.counts.writes), (0, 0));
    assert!(costs(&bench.store.requests()).is_empty());

    // Archives are there already, and none has to be read.
    bench.broker_rewrites().await;
    let third = bench.run().await;
    assert_eq!((third.counts.changed, third.counts.backups), (1, 1));
    let costly = costs(&bench.store.requests());
    assert_eq!(costly, BTreeMap::from([(INSTANCE.to_owned(), [1, 1, 0])]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_holds_what_stood_there_before_with_its_versions() {
    let bench = Bench::after_a_run().await;
    bench.broker_rewrites().await;
    let (root, entry) = (bench.slot(INSTANCE).await, bench.entry().await);
    bench.run().await;
    assert_ne!(bench.slot(INSTANCE).await.data(), root.data());
    let archive = bench.archive("-1").await;
    assert_eq!(archive.reason, "run");
    assert_eq!(archive.contents.get(Part::Root), root.data());
    assert_eq!(archive.contents.get(Part::Index), Some(&entry));
    assert_eq!(archive.versions[&Part::Root], root.version());
    assert_eq!(archive.versions.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_newest_archive_holds_already_is_not_kept_twice() {
    let bench = Bench::after_a_run().await;
    bench.broker_rewrites().await;
    bench.store.plan(Request::Write, INSTANCE, 2, Trouble::Fails(PortErrorKind::Denied));
    for _ in 0..2 {
        let failed = bench.run().await;
        assert_eq!(failed.counts.failed, 1);
        assert_eq!(bench.archives().await.len(), 2, "one of the first run, one of these");
    }
    let done = bench.run().await;
    assert_eq!((done.counts.failed, done.counts.changed, done.counts.backups), (0, 1, 0));
    assert_eq!(bench.archives().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_fails_stops_the_writing_of_its_instance_only() {
    let troubles = [
        (Request::Write, "/backups/1800000060", PortErrorKind::TooLarge),
        (Request::List, "/backups", PortErrorKind::Denied),
    ];
    for (request, path, kind) in troubles {
        let bench = Bench::after_a_run().await;
        bench.broker_rewrites().await;
        let before = (bench.slot(INSTANCE).await, bench.entry().await);
        let path = format!("{INSTANCE}{path}");
        bench.store.plan(request, &path, 1, Trouble::Fails(kind));
        let report = bench.run().await;
        assert_eq!((bench.slot(INSTANCE).await, bench.entry().await), before);
        assert_eq!((report.counts.failed, report.counts.writes, report.complete), (1, 0, false));
        let failure = &report.failures[0];
        assert_eq!((failure.instance.as_str(), failure.kind), (INSTANCE, kind.code()));
        assert!(failure.message.contains("back up") && failure.message.contains("nothing of it was written"));
        // Everybody else was looked at, and the next run finishes it.
        assert_eq!(report.counts.unchanged, bench.run().await.counts.unchanged);
        assert_ne!(bench.slot(INSTANCE).await, before.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_store_refuses_of_one_instance_does_not_end_the_run() {
    for kind in [PortErrorKind::Invalid, PortErrorKind::TooLarge] {
        let bench = Bench::after_a_run().await;
        bench.broker_rewrites().await;
        bench.store.plan(Request::Write, INSTANCE, 1, Trouble::Fails(kind));
        let report = bench.run().await;
        assert_eq!((report.counts.failed, report.counts.not_begun), (1, 0), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_whose_answer_is_lost_is_found_and_not_written_again() {
    let bench = Bench::after_a_run().await;
    bench.broker_rewrites().await;
    bench.store.plan(Request::Write, "/backups/1800000060", 1, Trouble::AnswerLost);
    let report = bench.run().await;
    assert_eq!((report.counts.failed, report.counts.backups), (0, 1));
    assert_eq!(bench.archives().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_that_is_taken_meanwhile_is_left_to_its_owner() {
    let bench = Bench::after_a_run().await;
    bench.broker_rewrites().await;
    let path = format!("{INSTANCE}/backups/1800000060");
    let theirs = object(r#"{"format":"reconciler-backup/9"}"#);
    bench.store.plan(Request::Write, &path, 1, Trouble::Precedes(vec![(path.clone(), Some(theirs.clone()))]));
    bench.run().await;
    assert_eq!(bench.fields(&path).await, theirs);
    assert!(bench.archives().await[0].ends_with("/backups/1800000061"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_and_a_run_without_backups_take_none() {
    let mut bench = Bench::after_a_run().await;
    bench.broker_rewrites().await;
    let dry = bench.run_with(|run| run.options.dry_run = true).await;
    assert_eq!((dry.counts.changed, dry.counts.backups), (1, 0));
    bench.policy.enabled = false;
    let written = bench.run().await;
    assert_eq!((written.counts.changed, written.counts.backups), (1, 0));
    assert!(costs(&bench.store.requests()).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_another_reconciler_archives_go_where_it_clears_nothing() {
    let mut bench = Bench::after_a_run().await;
    let records = OldRecords {
        entry: object("{}"),
        metadata: object(r#"{"a":1}"#),
        manifest: object("{}"),
        credentials: object("{}"),
    };
    let (path, data) = bundled(&instance(), 1_700_000_000, &records);
    bench.put(&path, &data).await;
    bench.broker_rewrites().await;
    let report = bench.run().await;
    let seen: Vec<_> = report.findings.iter().filter(|finding| finding.code == "reconciler.beside").collect();
    assert_eq!(seen.len(), 1);
    let newest = &bench.archives().await[0];
    assert!(newest.starts_with(&format!("{INSTANCE}/reconciler-backups/")), "{newest}");

    // A folder that somebody chose is used, and nobody is asked.
    bench.policy.folder = Some(BackupFolder::new("kept").unwrap());
    bench.broker_rewrites().await;
    let _noted = bench.store.requests();
    let report = bench.run().await;
    assert!(!report.findings.iter().any(|finding| finding.code == "reconciler.beside"));
    assert!(!bench.store.requests().contains(&(Request::List, "backups".to_owned())));
    let newest = &bench.archives().await[0];
    assert!(newest.starts_with(&format!("{INSTANCE}/kept/")), "{newest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_instance_is_left_alone_and_told_until_it_is_released() {
    let bench = Bench::after_a_run().await;
    bench.broker_rewrites().await;
    let broken = bench.slot(INSTANCE).await;
    bench.run().await;
    bench.restore("-1").await.unwrap();
    assert_eq!(bench.slot(INSTANCE).await.data(), broken.data());
    for _ in 0..2 {
        let report = bench.run().await;
        let held: Vec<_> = report.findings.iter().filter(|finding| finding.code == "instance.held").collect();
        assert_eq!((held.len(), report.counts.writes), (1, 0));
        assert!(held[0].message.contains(&format!("backups release {INSTANCE}")));
    }
    assert_eq!(bench.slot(INSTANCE).await.data(), broken.data());

    let released = release(&bench.store, &instance(), bench.clock.now()).await.unwrap();
    assert!(released.released.unwrap().reason.contains("restored from"));
    let report = bench.run().await;
    assert_eq!((report.counts.changed, report.counts.backups), (1, 1));
    assert_ne!(bench.slot(INSTANCE).await.data(), broken.data());
    let again = release(&bench.store, &instance(), bench.clock.now()).await.unwrap();
    assert_eq!(again.released, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_is_set_during_a_run_keeps_its_entry_from_being_written() {
    let bench = Bench::after_a_run().await;
    bench.broker_rewrites().await;
    let mut entry = bench.entry().await;
    entry.set_value(layout::HOLD, &true);
    let index = bench.with_entry(&entry).await;
    let precedes = Trouble::Precedes(vec![(layout::INDEX.to_owned(), Some(index))]);
    bench.store.plan(Request::Write, layout::INDEX, 1, precedes);
    let report = bench.run().await;
    assert!(report.findings.iter().any(|finding| finding.code == "instance.held"));
    assert_eq!(bench.entry().await, entry);
    assert!(bench.store.list("").await.unwrap().contains(&"db".to_owned()));
}
