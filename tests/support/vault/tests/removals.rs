//! Deleting and purging, where no version is checked.

use reconciler_core::ports::{PortErrorKind, SecretStore, Slot, Version};
use serde_json::json;

use super::super::{Effect, Fault, Route};
use super::{Bench, expect};

#[tokio::test]
async fn a_removal_that_took_place_is_not_made_again() {
    let bench = Bench::new();
    for route in [Route::Delete, Route::Purge] {
        bench.fake.put("it", json!({}));
        bench.fake.fault(Fault::new(Effect::CutAfter).on(route));
        match route {
            Route::Delete => bench.store.delete("it").await.unwrap(),
            _ => bench.store.purge("it").await.unwrap(),
        }
        assert_eq!(bench.fake.secret("it"), None);
        assert_eq!(bench.fake.count(route), 1);
    }
}

#[tokio::test]
async fn a_removal_of_unknown_fate_is_not_made_again_either() {
    let bench = Bench::new();
    for route in [Route::Delete, Route::Purge] {
        bench.fake.put("it", json!({}));
        bench.fake.fault(Fault::new(Effect::CutBefore).on(route));
        let error = match route {
            Route::Delete => bench.store.delete("it").await.unwrap_err(),
            _ => bench.store.purge("it").await.unwrap_err(),
        };
        expect(&error, PortErrorKind::Ambiguous, "unknown whether it took place");
        assert!(bench.fake.secret("it").is_some());
        assert_eq!(bench.fake.count(route), 1);
    }
}

#[tokio::test]
async fn a_soft_delete_leaves_the_version() {
    let bench = Bench::new();
    bench.fake.put("it", json!({"a": 1}));
    bench.fake.put("it", json!({"a": 2}));
    bench.store.delete("it").await.unwrap();
    let slot = bench.store.read("it").await.unwrap();
    assert_eq!(slot, Slot::Vacant { version: Version(2) });
    let error = bench.write("it", "{}", 0).await.unwrap_err();
    expect(&error, PortErrorKind::Conflict, "changed by somebody else");
    assert_eq!(bench.write("it", "{}", 2).await.unwrap(), 3);
    bench.store.purge("it").await.unwrap();
    assert!(bench.fake.paths().is_empty());
}
