//! Others write while an archive is put back: what they write stays.

use reconciler_core::backup::{BackupError, Part, When, refuse_counted, release};
use reconciler_core::model::{JsonObject, layout};
use reconciler_core::ports::{Clock as _, PortErrorKind};
use reconciler_tests::watched::{Request, Trouble};

use super::{Bench, INSTANCE, instance, object};

/// An instance that was changed, with an archive of how it was before.
async fn bench() -> (Bench, JsonObject) {
    let bench = Bench::after_a_run().await;
    bench.broker_rewrites().await;
    let before = bench.fields(INSTANCE).await;
    bench.run().await;
    (bench, before)
}

fn conflict(error: &BackupError) {
    let BackupError::Unfinished { error: port, .. } = error else { panic!("{error}") };
    assert_eq!(port.kind, PortErrorKind::Conflict, "{error}");
    assert!(error.advice().unwrap().contains("again"), "{error}");
}

fn refused(error: &BackupError) {
    assert!(matches!(error, BackupError::Refused { .. }) && error.advice().is_some(), "{error}");
}

fn precedes(path: &str, data: Option<JsonObject>) -> Trouble {
    Trouble::Precedes(vec![(path.to_owned(), data)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_the_broker_writes_meanwhile_is_a_conflict_and_the_order_can_be_repeated() {
    let (bench, before) = bench().await;
    let mut theirs = bench.fields(INSTANCE).await;
    theirs.set_value("parameters", "of an update just now");
    bench.store.plan(Request::Write, INSTANCE, 1, precedes(INSTANCE, Some(theirs.clone())));
    conflict(&bench.restore("-1").await.unwrap_err());
    assert_eq!(bench.fields(INSTANCE).await, theirs);
    // It is held: no run writes half of it again.
    assert!(layout::is_held(&bench.entry().await));
    assert_eq!(bench.run().await.counts.writes, 0);

    // The archive of what was replaced first is the newest now.
    bench.restore("-2").await.unwrap();
    assert_eq!(bench.fields(INSTANCE).await, before);
    let kept = bench.archive("-1").await;
    assert_eq!(kept.contents.parts().next().unwrap().1, &theirs);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_entries_of_the_index_keep_what_is_written_meanwhile() {
    let (bench, before) = bench().await;
    let mut index = bench.fields(layout::INDEX).await;
    index.set_value("relaxed-tesla", &object(r#"{"status":"request_received"}"#));
    bench.store.plan(Request::Write, layout::INDEX, 1, precedes(layout::INDEX, Some(index.clone())));
    bench.restore("-1").await.unwrap();
    let after = bench.fields(layout::INDEX).await;
    assert_eq!(after.len(), index.len());
    assert!(after.raw("relaxed-tesla").is_some());
    assert_eq!(bench.fields(INSTANCE).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_entry_itself_written_meanwhile_is_a_conflict_before_any_record_changes() {
    let (bench, _) = bench().await;
    let (root, mut theirs) = (bench.slot(INSTANCE).await, bench.entry().await);
    theirs.set_value("status", "deprovision_requested");
    let index = bench.with_entry(&theirs).await;
    bench.store.plan(Request::Write, layout::INDEX, 1, precedes(layout::INDEX, Some(index)));
    conflict(&bench.restore("-1").await.unwrap_err());
    assert_eq!(bench.entry().await, theirs);
    assert_eq!(bench.slot(INSTANCE).await, root);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_the_broker_removed_is_not_made_again() {
    for meanwhile in [false, true] {
        let (bench, _) = bench().await;
        let root = bench.slot(INSTANCE).await;
        let mut index = bench.fields(layout::INDEX).await;
        index.remove(INSTANCE);
        if meanwhile {
            bench.store.plan(Request::Write, layout::INDEX, 1, precedes(layout::INDEX, Some(index.clone())));
        } else {
            bench.put(layout::INDEX, &index).await;
        }
        refused(&bench.restore("-1").await.unwrap_err());
        assert_eq!(bench.fields(layout::INDEX).await, index);
        assert_eq!(bench.slot(INSTANCE).await, root);
        refused(&release(&bench.store, &instance(), bench.clock.now()).await.unwrap_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_the_broker_works_on_is_left_to_it() {
    let (bench, _) = bench().await;
    let mut entry = bench.entry().await;
    entry.set_value("status", "deprovision_requested");
    entry.set_value("deprovision_requested_at", "2027-01-15T07:30:00Z");
    bench.put_entry(&entry).await;
    refused(&bench.restore("-1").await.unwrap_err());
    assert_eq!(bench.entry().await, entry);
    // A day later it is a note that was left behind.
    bench.clock.advance(std::time::Duration::from_secs(25 * 3600));
    bench.restore("-1").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_is_settled_by_reading() {
    for path in [INSTANCE, layout::INDEX] {
        for trouble in [Trouble::AnswerLost, Trouble::Fails(PortErrorKind::Ambiguous)] {
            let (bench, before) = bench().await;
            bench.store.plan(Request::Write, path, 1, trouble);
            bench.restore("-1").await.unwrap();
            assert_eq!(bench.fields(INSTANCE).await, before, "{path}");
            assert!(layout::is_held(&bench.entry().await));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_if_what_is_replaced_cannot_be_kept() {
    let (bench, _) = bench().await;
    let (root, index) = (bench.slot(INSTANCE).await, bench.slot(layout::INDEX).await);
    bench.store.plan(Request::List, "/backups", 1, Trouble::Fails(PortErrorKind::Unavailable));
    bench.restore("-1").await.unwrap_err();
    assert_eq!((bench.slot(INSTANCE).await, bench.slot(layout::INDEX).await), (root, index));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_breaks_off_says_how_far_it_came_and_what_goes_on() {
    let metadata = layout::metadata(&instance());
    let cases: [(&str, bool, &[Part]); 3] = [
        (layout::INDEX, false, &[]),
        (INSTANCE, true, &[Part::Index]),
        (&metadata, true, &[Part::Index, Part::Root, Part::Manifest]),
    ];
    for (path, held, parts) in cases {
        let (bench, before) = bench().await;
        let meant = bench.listing().await.archives[0].at;
        bench.store.plan(Request::Write, path, 1, Trouble::Fails(PortErrorKind::Denied));
        let error = bench.restore("-1").await.unwrap_err();
        let BackupError::Unfinished { order, put_back, is_held, .. } = &error else { panic!("{error}") };
        assert_eq!((put_back.as_slice(), *is_held), (parts, held), "{path}");
        assert_eq!(*order, format!("backups restore {INSTANCE}@{}", meant.0));
        assert!(error.advice().unwrap().contains(order.as_str()), "{error}");

        // The newest archive is that of what was to be replaced: not by its place.
        let (newest, entry) = (bench.archive("-1").await, bench.entry().await);
        let now = bench.clock.now();
        let counted = refuse_counted(&newest, When::Back(1), &instance(), Some(&entry), now).unwrap_err();
        let goes_on = counted.advice().unwrap().contains(order.as_str());
        assert_eq!(goes_on, held, "{counted}");
        refuse_counted(&newest, When::At(newest.at), &instance(), Some(&entry), now).unwrap();
        bench.restore(&meant.0.to_string()).await.unwrap();
        assert_eq!(bench.fields(INSTANCE).await, before, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_says_of_service_and_plan_is_set_back_only_by_a_persons_word() {
    for (part, path) in [(Part::Root, INSTANCE), (Part::Index, "")] {
        let (bench, _) = bench().await;
        let (archive, before) = (bench.archive("-1").await, bench.fields(INSTANCE).await);
        // The broker moves the instance to another plan.
        let large = |object: &mut JsonObject| object.set_value("plan_id", "redis-large");
        let mut entry = bench.entry().await;
        let mut root = before;
        if path.is_empty() {
            large(&mut entry)
        } else {
            large(&mut root)
        }
        bench.put_entry(&entry).await;
        bench.put(INSTANCE, &root).await;
        let request = |plan: &str| object(&format!(r#"{{"service_id":"redis","plan_id":"{plan}"}}"#));
        let stood = (bench.fields(INSTANCE).await, bench.entry().await);
        for (has_request, dry_run) in [(false, true), (false, false), (true, true), (true, false)] {
            if has_request {
                bench.put(&layout::deployment(&instance()), &request("redis-large")).await;
            }
            for only in [None, Some(part)] {
                let error = bench.restore_with(&archive.at.0.to_string(), only, dry_run).await.unwrap_err();
                let BackupError::Refused { reason, advice } = &error else { panic!("{error}") };
                assert!(reason.contains("plan_id") && reason.contains("`redis-large`"), "{reason}");
                assert!(advice.contains("--allow-other-plan"), "{advice}");
            }
        }
        assert_eq!((bench.fields(INSTANCE).await, bench.entry().await), stood);
        // What says nothing of it is put back, and so is what the broker's own
        // request agrees with.
        bench.restore_with(&archive.at.0.to_string(), Some(Part::Metadata), false).await.unwrap();
        bench.put(&layout::deployment(&instance()), &request("redis-small")).await;
        bench.restore(&archive.at.0.to_string()).await.unwrap();
        assert_eq!(bench.fields(INSTANCE).await.text("plan_id").as_deref(), Some("redis-small"));
    }
}
