//! Many writers on one secret while connections are cut at random: every
//! increment counts once.

use std::sync::Arc;
use std::time::Duration;

use reconciler_core::adapters::vault::{AppRole, TokenSource, VaultStore};
use reconciler_core::model::JsonObject;
use reconciler_core::ports::{PortErrorKind, SecretStore, Slot};

use super::super::{Effect, FakeVaultSettings, Fault, Role, Route, TokenLife};
use super::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_writers_lose_nothing_to_cut_connections() {
    let settings = FakeVaultSettings { seed: 20_260_101, ..FakeVaultSettings::default() };
    let bench = Bench::with(settings, |_, _| {});
    for route in [Route::Read, Route::Write] {
        let fault = Fault::new(Effect::CutSomewhere).on(route).chance(80);
        bench.fake.fault(fault);
    }
    count_to_the_end(&bench, 16, 100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ends_again_and_again_costs_no_increment() {
    let settings = FakeVaultSettings { seed: 7, ..FakeVaultSettings::default() };
    let bench = Bench::with(settings, |fake, settings| {
        fake.add_role(Role {
            role_id: "role".to_owned(),
            secret_id: "secret".to_owned(),
            secret_uses: 0,
            tokens: TokenLife {
                ttl: Some(Duration::from_secs(600)),
                policies: vec!["root".to_owned()],
                ..TokenLife::default()
            },
        });
        settings.token = TokenSource::AppRole(AppRole::new("role", "secret"));
    });
    let fault = Fault::new(Effect::RevokeGiven).on(Route::Write).chance(10);
    bench.fake.fault(fault);
    count_to_the_end(&bench, 4, 100).await;
    assert!(bench.fake.logins() > 2, "the token was replaced on the way");
}

async fn count_to_the_end(bench: &Bench, writers: u64, increments: u64) {
    let tasks: Vec<_> = (0..writers)
        .map(|writer| tokio::spawn(count(Arc::clone(&bench.store), format!("writer-{writer}"), increments)))
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let counter = bench.fake.secret("counter").unwrap();
    assert_eq!(counter["counter"], writers * increments);
    assert_eq!(bench.fake.version("counter"), writers * increments);
}

/// The value carries counter, writer and sequence, so that a writer who does
/// not know the fate of a write finds out by reading.
async fn count(store: Arc<VaultStore>, writer: String, increments: u64) {
    for sequence in 1..=increments {
        loop {
            let slot = match store.read("counter").await {
                Ok(slot) => slot,
                Err(error) if error.kind.is_retryable() => continue,
                Err(error) => panic!("{error}"),
            };
            let version = slot.version();
            let mut data = match slot {
                Slot::Present { data, .. } => data,
                Slot::Vacant { .. } => JsonObject::new(),
            };
            if number(&data, &writer) == sequence {
                break;
            }
            let counter = number(&data, "counter") + 1;
            data.set_value("counter", &counter);
            data.set_value(writer.clone(), &sequence);
            match store.write("counter", &data, version).await {
                Ok(_) => break,
                Err(error)
                    if error.kind.is_retryable()
                        || error.kind == PortErrorKind::Conflict
                        || error.kind == PortErrorKind::Ambiguous => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn number(data: &JsonObject, field: &str) -> u64 {
    data.raw(field).map_or(0, |raw| raw.get().parse().unwrap())
}
