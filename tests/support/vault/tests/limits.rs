//! Sizes: refused here before they are sent, and the server's own refusals.

use reconciler_core::adapters::vault::EntryLimits;
use reconciler_core::model::JsonObject;
use reconciler_core::ports::{PortErrorKind, SecretStore, Version};
use serde_json::json;

use super::super::{FakeVaultSettings, Limits, Route};
use super::{Bench, expect};

fn text_of(bytes: usize) -> JsonObject {
    let mut data = JsonObject::new();
    data.set_value("text", &"x".repeat(bytes));
    data
}

fn names(count: usize) -> JsonObject {
    let mut data = JsonObject::new();
    for number in 0..count {
        data.set_value(format!("name-{number}"), "");
    }
    data
}

fn bench(limits: Limits, ours: EntryLimits) -> Bench {
    let settings = FakeVaultSettings { limits, ..FakeVaultSettings::default() };
    Bench::with(settings, |_, settings| settings.entry_limits = ours)
}

async fn refuse(bench: &Bench, data: &JsonObject, words: &str) {
    let before = bench.fake.secret("db");
    let error = bench.store.write("db", data, Version(1)).await.unwrap_err();
    expect(&error, PortErrorKind::TooLarge, words);
    assert!(!error.kind.is_retryable());
    assert_eq!(bench.fake.secret("db"), before, "nothing is lost");
}

const WIDE: EntryLimits = EntryLimits { bytes: 64 << 20, strings: None };

#[tokio::test]
async fn our_own_limits_send_nothing() {
    let ours = EntryLimits { bytes: 100_000, strings: Some(1_000) };
    let bench = bench(Limits::openbao(), ours);
    bench.fake.put("db", json!({"a": 1}));
    refuse(&bench, &text_of(100_000), "the limit is 100000").await;
    refuse(&bench, &names(500), "1003 strings, the limit is 1000").await;
    assert_eq!(bench.fake.total(), 0);
    let version = bench.store.write("db", &names(498), Version(1)).await;
    assert_eq!(version.unwrap(), Version(2));
}

#[tokio::test]
async fn what_passes_our_default_limit_passes_the_server() {
    let bench = bench(Limits::vault(), EntryLimits::default());
    let largest = (1 << 20) - 700;
    let version = bench.store.write("db", &text_of(largest), Version(0)).await;
    assert_eq!(version.unwrap(), Version(1));
    // What Go escapes counts as it is stored.
    let mut markup = JsonObject::new();
    markup.set_value("text", &"<".repeat(200_000));
    refuse(&bench, &markup, "the limit is 1048576").await;
    assert_eq!(bench.fake.count(Route::Write), 1);
}

#[tokio::test]
async fn the_servers_limits_are_permanent_errors_without_a_second_try() {
    for (limits, data, words) in [
        (Limits { string: None, ..Limits::vault() }, text_of(1 << 20), "value being too large; got"),
        (Limits::consul(), text_of(600 << 10), "max: 524288 bytes"),
        (Limits::vault(), text_of((1 << 20) + 1), "exceeds allowed length"),
        (Limits::openbao(), names(600), "exceeded maximum number of strings"),
        (Limits::vault(), text_of(33 << 20), "request body too large"),
    ] {
        let bench = bench(limits, WIDE);
        bench.fake.put("db", json!({"a": 1}));
        refuse(&bench, &data, words).await;
        assert_eq!(bench.fake.count(Route::Write), 1, "{words}");
    }
}

#[tokio::test]
async fn a_number_that_would_change_is_not_sent() {
    let bench = Bench::new();
    for text in [r#"{"n":9007199254740993}"#, r#"{"o":{"n":[1.10]}}"#] {
        let error = bench.write("db", text, 0).await.unwrap_err();
        expect(&error, PortErrorKind::Invalid, "a number that Vault would change");
        assert!(!error.to_string().contains("9007"), "no value is shown");
    }
    assert_eq!(bench.fake.total(), 0);
}
