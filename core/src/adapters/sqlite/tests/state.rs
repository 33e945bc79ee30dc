//! The state file: what it remembers, for whom, and that dry runs leave no
//! trace.

use std::collections::BTreeSet;

use chrono::Duration;

use super::journal::run;
use super::*;
use crate::adapters::sqlite::{StateFile, StateOwner};
use crate::model::InstanceId;
use crate::ports::{
    Absence, CompleteScan, Conclusion, Hindered, Hindrance, LastScan, Left, Origin, Recollection,
    Recollections, RunState, Version,
};

/// Makes the newest schema the fourth one.
const WITHOUT_OWNER: &str = "
    DROP TABLE rule_set;
    ALTER TABLE run DROP COLUMN decided_by_index;
    ALTER TABLE director DROP COLUMN scanned;
    ALTER TABLE director DROP COLUMN store;
    PRAGMA user_version = 4;";

fn ids<const N: usize>(ids: [&str; N]) -> BTreeSet<InstanceId> {
    ids.map(|id| InstanceId::new(id).unwrap()).into()
}

/// A scan of a minute that counts these.
fn scan<const N: usize>(absent: [&str; N], at: i64) -> CompleteScan {
    let longest_gap = Duration::days(3);
    CompleteScan { at: minute(at), absent: ids(absent), unknown: BTreeSet::new(), longest_gap }
}

fn absence(id: &str, (since, last): (i64, i64), complete_scans: u32) -> Absence {
    Absence {
        instance: InstanceId::new(id).unwrap(),
        first_absent_at: minute(since),
        last_absent_at: minute(last),
        complete_scans,
    }
}

#[test]
fn a_new_state_remembers_nothing() {
    let (_folder, path) = place();
    let state = StateFile::open(&path, UUID).unwrap();
    assert_eq!(state.index_size().unwrap(), None);
    assert_eq!(state.last_full_verification().unwrap(), None);
    assert_eq!(state.absences().unwrap(), []);
    assert_eq!(state.runs(10).unwrap(), []);
    assert_eq!(state.address(), path.to_str().unwrap());
}

#[test]
fn what_was_remembered_is_there_after_opening_again() {
    let (_folder, path) = place();
    let open = || StateFile::open(&path, UUID).unwrap();
    open().set_index_size(1_234).unwrap();
    open().set_last_full_verification(minute(5)).unwrap();
    assert_eq!(open().index_size().unwrap(), Some(1_234));
    assert_eq!(open().last_full_verification().unwrap(), Some(minute(5)));
    open().set_index_size(0).unwrap();
    assert_eq!(open().index_size().unwrap(), Some(0));
}

#[test]
fn what_the_last_complete_scan_saw_is_there_with_and_without_scopes() {
    let (_folder, path) = place();
    let state = StateFile::open(&path, UUID).unwrap();
    assert_eq!((state.last_scan().unwrap(), state.director_uuid()), (None, UUID));
    let scopes = Some(vec!["bosh.read".to_owned(), "odd \"scope\"".to_owned()]);
    for scan in [LastScan { deployments: 42, scopes }, LastScan { deployments: 0, scopes: None }] {
        state.set_last_scan(&scan).unwrap();
        assert_eq!(state.last_scan().unwrap(), Some(scan));
    }
}

#[test]
fn a_state_of_the_first_schema_is_read_as_it_is_and_brought_up_when_it_is_written() {
    let (_folder, path) = place();
    StateFile::open(&path, UUID).unwrap().set_index_size(7).unwrap();
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(&format!("{WITHOUT_DECISIONS} DROP TABLE last_scan; PRAGMA user_version = 1;"))
        .unwrap();
    let read = StateFile::open_existing(&path, UUID).unwrap().unwrap();
    assert_eq!((read.last_scan().unwrap(), read.index_size().unwrap()), (None, Some(7)));
    drop(read);
    let written = StateFile::open(&path, UUID).unwrap();
    let scan = LastScan { deployments: 3, scopes: None };
    written.set_last_scan(&scan).unwrap();
    assert_eq!((written.last_scan().unwrap(), written.index_size().unwrap()), (Some(scan), Some(7)));
}

#[test]
fn the_state_of_another_director_is_refused() {
    let (_folder, path) = place();
    StateFile::open(&path, UUID).unwrap().set_index_size(7).unwrap();
    let other = "11111111-9755-4b4f-aa6d-3632fbed8012";
    let opened = StateFile::open(&path, other);
    let read = StateFile::open_existing(&path, other);
    for error in [opened.unwrap_err(), read.unwrap_err()] {
        assert_explains(&error, &path, &[UUID, other, "another state file"]);
    }
    // A UUID is the same in any case.
    let same = StateFile::open(&path, UUID.to_uppercase().as_str()).unwrap();
    assert_eq!(same.index_size().unwrap(), Some(7));
}

#[test]
fn what_a_trial_on_a_folder_learnt_is_not_the_live_directors() {
    let (live, fleet) = (StateOwner::director(UUID), StateOwner::fleet(UUID));
    for (first, second, says) in
        [(&live, &fleet, "learnt of the live Director"), (&fleet, &live, "learnt of fleets in folders")]
    {
        let (_folder, path) = place();
        drop(StateFile::open(&path, first.clone()).unwrap());
        let opened = StateFile::open(&path, second.clone()).unwrap_err();
        let read = StateFile::open_existing(&path, second.clone()).unwrap_err();
        for error in [opened, read] {
            assert_explains(&error, &path, &[says, "--state"]);
        }
    }
}

#[test]
fn what_was_learnt_of_one_store_is_not_anothers_and_goes_once_something_is_learnt_of_that() {
    let (_folder, path) = place();
    let of = |store: &str| StateFile::open(&path, StateOwner::director(UUID).with_store(store)).unwrap();
    let knows = |state: &StateFile| {
        let knows = (state.index_size().unwrap(), state.last_full_verification().unwrap());
        (knows, state.absences().unwrap().len(), state.recollections().unwrap().len())
    };
    let nothing = ((None, None), 0, 0);
    let all = ((Some(7), Some(minute(0))), 1, 1);
    let a = of("vault a");
    a.set_index_size(7).unwrap();
    a.set_last_full_verification(minute(0)).unwrap();
    a.record_complete_scan(&scan(["x"], 0)).unwrap();
    a.set_recollections(&Recollections::from([("d".to_owned(), Recollection::default())])).unwrap();
    a.record_run(&run("first", 0)).unwrap();
    // Opening it, or looking, changes nothing: the address may be a slip.
    let b = of("vault b");
    assert_eq!((knows(&b), b.other_store().unwrap().as_deref()), (nothing, Some("vault a")));
    assert_eq!((knows(&a), a.other_store().unwrap()), (all, None));
    // Who only reads the journal need not know the store.
    assert_eq!(knows(&StateFile::open(&path, UUID).unwrap()), all);
    b.record_complete_scan(&scan(["x"], 10)).unwrap();
    assert_eq!(knows(&b), ((None, None), 1, 0));
    assert_eq!(b.absences().unwrap(), [absence("x", (10, 10), 1)], "counted anew");
    assert_eq!((knows(&a), a.other_store().unwrap().as_deref()), (nothing, Some("vault b")));
    assert_eq!(b.runs(9).unwrap().len(), 1, "the journal stays");
}

#[test]
fn a_state_of_a_release_that_did_not_note_whose_it_is_becomes_the_live_directors_and_counts_anew() {
    let (_folder, path) = place();
    let state = StateFile::open(&path, UUID).unwrap();
    state.record_complete_scan(&scan(["a"], 0)).unwrap();
    state.set_last_full_verification(minute(0)).unwrap();
    state.set_index_size(7).unwrap();
    drop(state);
    rusqlite::Connection::open(&path).unwrap().execute_batch(WITHOUT_OWNER).unwrap();
    assert_eq!(StateFile::open_existing(&path, UUID).unwrap().unwrap().index_size().unwrap(), Some(7));
    let error = StateFile::open(&path, StateOwner::fleet(UUID)).unwrap_err();
    assert_explains(&error, &path, &["of an older release", "--state"]);
    let live = StateOwner::director(UUID).with_store("vault a");
    let state = StateFile::open(&path, live.clone()).unwrap();
    assert_eq!((state.index_size().unwrap(), state.last_full_verification().unwrap()), (Some(7), None));
    assert_eq!(state.absences().unwrap(), []);
    state.set_index_size(7).unwrap();
    assert_eq!(StateFile::owner_of(&path).unwrap(), Some(live));
}

#[test]
fn absences_begin_are_confirmed_and_end() {
    let (_folder, path) = place();
    let state = StateFile::open(&path, UUID).unwrap();
    let now = state.record_complete_scan(&scan(["a", "b"], 0)).unwrap();
    assert_eq!(now, [absence("a", (0, 0), 1), absence("b", (0, 0), 1)]);
    // `a` is back, `c` is new.
    let now = state.record_complete_scan(&scan(["b", "c"], 10)).unwrap();
    assert_eq!(now, [absence("b", (0, 10), 2), absence("c", (10, 10), 1)]);
    // `a` begins anew.
    let now = state.record_complete_scan(&scan(["a", "b"], 20)).unwrap();
    assert_eq!(now, [absence("a", (20, 20), 1), absence("b", (0, 20), 3)]);
    state.forget_absences(&ids(["b", "unknown"])).unwrap();
    assert_eq!(state.absences().unwrap(), [absence("a", (20, 20), 1)]);
    let now = state.record_complete_scan(&scan([], 30)).unwrap();
    assert_eq!(now, []);
}

#[test]
fn an_absence_is_the_same_in_any_case_of_a_uuid() {
    let (_folder, path) = place();
    let state = StateFile::open(&path, UUID).unwrap();
    let upper = UUID.to_uppercase();
    for (id, at) in [(upper.as_str(), 0), (UUID, 1)] {
        state.record_complete_scan(&scan([id], at)).unwrap();
    }
    let absences = state.absences().unwrap();
    assert_eq!(absences, [absence(UUID, (0, 1), 2)]);
    assert_eq!(absences[0].instance.as_str(), upper, "the first spelling");
    state.forget_absences(&ids([UUID])).unwrap();
    assert_eq!(state.absences().unwrap(), []);
}

#[test]
fn what_is_remembered_of_deployments_is_replaced_as_a_whole() {
    let (_folder, path) = place();
    let open = || StateFile::open(&path, UUID).unwrap();
    let left_alone = Conclusion::LeftAlone {
        grounds: "00".to_owned(),
        code: "record.differs".to_owned(),
        read_at: None,
        until: None,
        message: "it says `another`".to_owned(),
    };
    let origin = Origin { created_at: Some(minute(3)), created_by: Some("boss".to_owned()) };
    let left = Left { place: "22".to_owned(), versions: [1, 2, 3].map(Version) };
    let of =
        |conclusion, origin| Recollection { conclusion, left: Some(left.clone()), origin, hindrance: None };
    let hindered = |why| {
        let hindrance = Hindrance { grounds: "33".to_owned(), read_at: minute(4), why };
        Recollection { hindrance: Some(hindrance), ..Recollection::default() }
    };
    let first = Recollections::from([
        ("a".to_owned(), of(Some(left_alone.clone()), Some(origin))),
        ("b".to_owned(), of(Some(Conclusion::Unverified), Some(Origin::default()))),
        ("c".to_owned(), of(Some(Conclusion::Right { grounds: "11".to_owned() }), None)),
        ("d".to_owned(), of(Some(Conclusion::Undated { grounds: "11".to_owned() }), None)),
        ("e".to_owned(), hindered(Hindered::Task { until: minute(9) })),
        ("f".to_owned(), hindered(Hindered::Limit)),
        ("g".to_owned(), hindered(Hindered::ArchivesDenied { why: "denied".to_owned() })),
    ]);
    open().set_recollections(&first).unwrap();
    assert_eq!(open().recollections().unwrap(), first);
    let mut second = first;
    second.remove("b");
    second.insert("c".to_owned(), of(Some(left_alone), None));
    open().set_recollections(&second).unwrap();
    assert_eq!(open().recollections().unwrap(), second);
}

#[test]
fn a_dry_run_finds_nothing_and_creates_nothing() {
    let (folder, path) = place();
    assert!(StateFile::open_existing(&path, UUID).unwrap().is_none());
    let below = folder.path().join("not/there/state.sqlite");
    assert!(StateFile::open_existing(&below, UUID).unwrap().is_none());
    assert!(names(folder.path()).is_empty());

    std::fs::write(&path, "").unwrap();
    #[cfg(unix)]
    set_mode(&path, 0o600);
    assert!(StateFile::open_existing(&path, UUID).unwrap().is_none());
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
}

#[test]
fn a_dry_run_reads_and_cannot_write() {
    let (folder, path) = place();
    let state = StateFile::open(&path, UUID).unwrap();
    state.record_complete_scan(&scan(["a"], 0)).unwrap();
    let before = std::fs::read(&path).unwrap();
    let dry = StateFile::open_existing(&path, UUID).unwrap().unwrap();
    assert_eq!(dry.absences().unwrap(), [absence("a", (0, 0), 1)]);
    assert_eq!(names(folder.path()), ["store.sqlite"], "files were created");
    let error = dry.set_index_size(1).unwrap_err();
    assert_explains(&error, &path, &["is read-only"]);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    // It does not stand in the way of a real run either.
    state.set_index_size(2).unwrap();
    assert_eq!(dry.index_size().unwrap(), Some(2));
}
