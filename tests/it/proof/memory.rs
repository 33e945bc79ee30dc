//! What a run read, the next one need not read again: what it concluded, and
//! what it could not read, is remembered instance by instance.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use reconciler_core::backup::{Archive, BackupFolder, Contents, Moment, Part, Snapshot, keep, release};
use reconciler_core::model::JsonObject;
use reconciler_core::ports::{PortErrorKind, RunState as _, SecretStore as _};
use reconciler_tests::provisioned::Provisioned;
use reconciler_tests::still_director::StillDirector;
use reconciler_tests::watched::{Request, Trouble, WatchedStore};

use super::books::Books;
use super::restores::put_back;
use super::{Bench, left_behind, time_of_run};

/// So many runs later a day has passed.
const A_DAY: usize = 150;

/// A store in which the record of instance 1 names another plan, and so does the
/// broker's own request.
async fn differing() -> (Bench, WatchedStore) {
    let mut books = left_behind(3);
    let id = Provisioned::new(1).id();
    for path in [id.to_string(), format!("{id}/deployment")] {
        let mut record = books.data(&path).unwrap().clone();
        record["plan_id"] = "redis-large".into();
        books.put(&path, record);
    }
    let bench = Bench::new(StillDirector::with((0..3).map(Provisioned::new))).await;
    (bench, WatchedStore::new(books.in_memory().await))
}

/// The instances whose records were read since the last call.
fn read(store: &WatchedStore) -> BTreeSet<usize> {
    let requests = store.requests();
    let below = |number: &usize| {
        let id = Provisioned::new(*number).id().to_string();
        requests.iter().any(|(request, path)| *request == Request::Read && path.starts_with(&id))
    };
    (0..3).filter(below).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conclusion_is_told_in_every_run_and_drawn_anew_when_something_moved_or_a_day_is_over() {
    let (bench, store) = differing().await;
    let mut told = None;
    let runs = [
        (1, [0, 1, 2].into(), false),
        (2, BTreeSet::new(), false),
        (3, BTreeSet::new(), false),
        // The broker notes something in the entry.
        (4, [1].into(), true),
        (5, BTreeSet::new(), false),
        (5 + A_DAY, [0, 1, 2].into(), false),
        (6 + A_DAY, BTreeSet::new(), false),
    ];
    for (number, expected, moved) in runs {
        if moved {
            let slot = store.beneath().read("db").await.unwrap();
            let mut index = slot.data().unwrap().clone();
            let mut entry = Provisioned::new(1).entry();
            entry["bound"] = true.into();
            index.set_value(Provisioned::new(1).id().as_str(), &entry);
            store.beneath().write("db", &index, slot.version()).await.unwrap();
        }
        let _before = store.requests();
        let report = bench.run(&store, number).await.unwrap();
        assert_eq!(read(&store), expected, "run {number}");
        let finding = report.findings.into_iter().find(|finding| finding.code == "record.differs");
        assert_eq!(report.counts.skipped, 1, "run {number}");
        let message = finding.unwrap().message;
        // What was not read in this run says when it was.
        let (finding, read_at) = message.split_once("; as read at ").unwrap_or((&message, ""));
        assert_eq!(read_at.is_empty(), !expected.is_empty(), "run {number}: {message}");
        let finding = finding.to_owned();
        assert_eq!(&finding, told.get_or_insert_with(|| finding.clone()), "run {number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_in_one_store_is_nothing_to_another() {
    let beneath = left_behind(3).in_memory().await;
    let bench = Bench::new(StillDirector::with((0..3).map(Provisioned::new))).await;
    let here = WatchedStore::new(beneath.clone());
    let there = WatchedStore::new(beneath).at("elsewhere");
    bench.run(&here, 1).await.unwrap();
    // If it is not known how records were left, the index is read again before
    // they are written over.
    for (run, store, reads) in [(2, &here, 1), (3, &there, 2), (4, &there, 1), (5, &here, 2)] {
        bench.director.deploy(Provisioned { number: 1, updates: run });
        let _before = store.requests();
        assert_eq!(bench.run(store, run).await.unwrap().counts.changed, 1);
        let index = (Request::Read, "db".to_owned());
        assert_eq!(store.requests().iter().filter(|asked| **asked == index).count(), reads, "run {run}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_was_put_back_and_let_go_between_two_runs_is_read_again() {
    let (bench, store) = differing().await;
    bench.run(&store, 1).await.unwrap();
    // As it was before.
    let (id, folder) = (Provisioned::new(1).id(), BackupFolder::usual());
    let right = JsonObject::parse(&Provisioned::new(1).root().to_string()).unwrap();
    let snapshot = Snapshot {
        instance: &id,
        contents: Contents::new().with(Part::Root, Some(&right)),
        versions: BTreeMap::new(),
        replaced: vec![Part::Root],
        reason: "test",
        at: Moment::of(time_of_run(0)),
    };
    let kept = keep(&store, &folder, &snapshot).await.unwrap();
    let slot = store.read(&kept.path).await.unwrap();
    let archive = Archive::decode(&id, &kept.path, slot.data().unwrap()).unwrap();
    let at = time_of_run(1) + TimeDelta::seconds(60);
    put_back(&store, &archive, None, at).await.unwrap();
    release(&store, &id, at).await.unwrap();
    let _before = store.requests();
    let report = bench.run(&store, 2).await.unwrap();
    assert_eq!((read(&store), report.counts.skipped), ([1].into(), 0), "{:?}", report.findings);
    // The note of it is gone with that.
    assert!(!Books::of(&store).await.data("db").unwrap()[id.as_str()].to_string().contains("released"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_state_every_run_reads_everything() {
    let (bench, store) = differing().await;
    for number in 1..3 {
        let _before = store.requests();
        bench.run_with(&store, number, |run| run.state = None).await.unwrap();
        assert_eq!(read(&store), [0, 1, 2].into());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_full_run_could_not_read_the_next_runs_read_and_nothing_else() {
    let (bench, store) = differing().await;
    bench.run(&store, 1).await.unwrap();
    let path = format!("{}/metadata", Provisioned::new(2).id());
    for number in [A_DAY, A_DAY + 1] {
        store.plan(Request::Read, &path, 1, Trouble::Fails(PortErrorKind::Denied));
        let _before = store.requests();
        assert!(!bench.run(&store, number).await.unwrap().complete);
        let expected = if number == A_DAY { [0, 1, 2].into() } else { BTreeSet::from([2]) };
        assert_eq!(read(&store), expected, "run {number}");
    }
    assert_eq!(bench.state.last_full_verification().unwrap(), Some(time_of_run(A_DAY)));
    // A run of other instances leaves it as it is.
    let narrow = bench.run_with(&store, A_DAY + 2, |run| {
        run.options.filter.instance = Some(Provisioned::new(0).id());
    });
    narrow.await.unwrap();
    for (number, expected) in [(A_DAY + 3, BTreeSet::from([2])), (A_DAY + 4, BTreeSet::new())] {
        let _before = store.requests();
        assert!(bench.run(&store, number).await.unwrap().complete);
        assert_eq!(read(&store), expected, "run {number}");
    }
}
