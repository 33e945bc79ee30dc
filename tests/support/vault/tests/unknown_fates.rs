//! Writes whose answer is lost: what became of them is found out, or said to be
//! unknown.

use std::time::Duration;

use reconciler_core::ports::{PortErrorKind, SecretStore};
use serde_json::json;

use super::super::{Effect, FakeVaultSettings, Fault, Route};
use super::{Bench, expect};

/// A write over version 0 that meets a fault must succeed, with so many
/// requests to write.
async fn succeeds(effect: Effect, writes: u64) {
    let name = format!("{effect:?}");
    let bench = Bench::new();
    bench.fake.fault(Fault::new(effect).on(Route::Write));
    let version = bench.write("db", r#"{"a":1}"#, 0).await;
    assert_eq!(version.unwrap(), 1, "{name}");
    assert_eq!(bench.fake.secret("db"), Some(json!({"a": 1})), "{name}");
    assert_eq!(bench.fake.count(Route::Write), writes, "{name}");
    assert_eq!(bench.fake.count(Route::Read), 1, "{name}: one look");
}

#[tokio::test]
async fn a_write_that_took_place_is_not_made_again() {
    for effect in [Effect::CutAfter, Effect::internal_error_after(), Effect::Truncate, Effect::BreakBody] {
        succeeds(effect, 1).await;
    }
}

#[tokio::test]
async fn a_write_that_did_not_take_place_is_made_again() {
    for effect in [
        Effect::CutBefore,
        Effect::Refuse { status: 500, errors: vec!["internal error".to_owned()], retry_after: None },
        Effect::Refuse { status: 502, errors: Vec::new(), retry_after: None },
    ] {
        succeeds(effect, 2).await;
    }
}

#[tokio::test]
async fn a_write_that_timed_out_is_looked_up() {
    for (effect, writes) in
        [(Effect::Late(Duration::from_secs(3600)), 1), (Effect::Stall(Duration::from_secs(3600)), 2)]
    {
        let bench = Bench::with(FakeVaultSettings::default(), |_, settings| {
            settings.client.timeouts.whole = Duration::from_millis(250);
        });
        bench.fake.fault(Fault::new(effect).on(Route::Write));
        assert_eq!(bench.write("db", r#"{"a":1}"#, 0).await.unwrap(), 1);
        assert_eq!(bench.fake.version("db"), 1);
        assert_eq!(bench.fake.count(Route::Write), writes);
    }
}

/// A write over version 0 is cut, and while the look at its fate waits for the
/// server something else happens.
async fn meanwhile(cut: Effect, act: impl FnOnce(&Bench)) -> Result<u64, super::PortError> {
    let bench = Bench::new();
    bench.fake.fault(Fault::new(cut).on(Route::Write));
    let busy = Fault::new(Effect::rate_limited(None)).on(Route::Read);
    bench.fake.fault(busy);
    act(&bench);
    bench.write("db", r#"{"writer":"we"}"#, 0).await
}

/// What the broker does meanwhile, without any check.
fn others(bench: &Bench, writes: u64, delete: bool) {
    let fake = bench.fake.handle();
    bench.pauses.meanwhile(move || {
        for number in 0..writes {
            fake.put("db", json!({ "writer": "other", "number": number }));
        }
        if delete {
            fake.delete("db");
        }
    });
}

#[tokio::test]
async fn a_newer_version_does_not_hide_that_ours_took_place() {
    let outcome = meanwhile(Effect::CutAfter, |bench| others(bench, 3, false)).await;
    assert_eq!(outcome.unwrap(), 1);
}

#[tokio::test]
async fn a_write_whose_place_was_taken_is_a_conflict() {
    for writes in [1, 2] {
        let outcome = meanwhile(Effect::CutBefore, |bench| others(bench, writes, false)).await;
        let error = outcome.unwrap_err();
        expect(&error, PortErrorKind::Conflict, "changed by somebody else");
    }
}

#[tokio::test]
async fn equal_data_in_our_place_counts_as_ours() {
    let outcome = meanwhile(Effect::CutBefore, |bench| {
        let fake = bench.fake.handle();
        bench.pauses.meanwhile(move || {
            fake.put("db", json!({"writer": "we"}));
        });
    });
    assert_eq!(outcome.await.unwrap(), 1);
}

#[tokio::test]
async fn what_cannot_be_told_is_ambiguous() {
    // Deleted since, or pushed out by ten newer versions.
    for (writes, delete) in [(0, true), (10, false)] {
        let outcome = meanwhile(Effect::CutAfter, |bench| others(bench, writes, delete)).await;
        let error = outcome.unwrap_err();
        expect(&error, PortErrorKind::Ambiguous, "unknown whether it took place");
    }
}

#[tokio::test]
async fn our_own_success_is_not_taken_for_a_conflict() {
    // The first try arrives late: after the look and before the second try.
    let bench = Bench::new();
    bench.fake.fault(Fault::new(Effect::CutBefore).on(Route::Write));
    let fake = bench.fake.handle();
    bench.pauses.meanwhile(move || {
        fake.put("db", json!({"a": 1}));
    });
    assert_eq!(bench.write("db", r#"{"a":1}"#, 0).await.unwrap(), 1);
    assert_eq!(bench.fake.count(Route::Write), 2);
    assert_eq!(bench.fake.version("db"), 1);
}

#[tokio::test]
async fn a_fate_that_cannot_be_looked_up_is_ambiguous() {
    let bench = Bench::new();
    bench.fake.fault(Fault::new(Effect::CutAfter).on(Route::Write));
    bench.fake.fault(Fault::new(Effect::CutBefore).on(Route::Read).always());
    let error = bench.write("db", r#"{"a":1}"#, 0).await.unwrap_err();
    expect(&error, PortErrorKind::Ambiguous, "reading it again failed too");
    assert!(!error.kind.is_retryable());
}

#[tokio::test]
async fn a_404_of_something_else_tells_no_fate() {
    for body in ["{}", r#"{"message":"no Route matched"}"#, r#"{"errors":null}"#, "[]"] {
        // Taken for absence it would have the write made again.
        let bench = Bench::new();
        bench.fake.fault(Fault::new(Effect::CutAfter).on(Route::Write));
        bench.fake.fault(Fault::new(Effect::not_found(body)).on(Route::Read).always());
        let error = bench.write("db", r#"{"a":1}"#, 0).await.unwrap_err();
        expect(&error, PortErrorKind::Ambiguous, "reading it again failed too");
        assert_eq!(bench.fake.count(Route::Write), 1, "{body}");
        // Nor does it say that something is gone.
        bench.fake.fault(Fault::new(Effect::CutAfter).on(Route::Purge));
        let error = bench.store.purge("db").await.unwrap_err();
        expect(&error, PortErrorKind::Ambiguous, "unknown whether it took place");
    }
}

#[tokio::test]
async fn tries_come_to_an_end() {
    let bench = Bench::new();
    bench.fake.fault(Fault::new(Effect::CutBefore).on(Route::Write).always());
    let error = bench.write("db", r#"{"a":1}"#, 0).await.unwrap_err();
    expect(&error, PortErrorKind::Ambiguous, "has not taken place so far");
    assert_eq!(bench.fake.count(Route::Write), 4);
    let millis: Vec<_> = bench.pauses.noted().iter().map(Duration::as_millis).collect();
    assert_eq!(millis, [500, 1000, 2000]);
}

#[tokio::test]
async fn a_refusal_after_a_lost_answer_is_no_all_clear() {
    let bench = Bench::new();
    bench.fake.fault(Fault::new(Effect::CutBefore).on(Route::Write));
    bench.fake.fault(Fault::new(Effect::sealed()).on(Route::Write));
    let error = bench.write("db", r#"{"a":1}"#, 0).await.unwrap_err();
    expect(&error, PortErrorKind::Ambiguous, "unknown whether it took place");
}
