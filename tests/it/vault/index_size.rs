//! An index near the limit warns; one above it is refused before it is sent,
//! and nothing is lost.

use std::io;
use std::sync::{Arc, Mutex};

use reconciler_core::adapters::vault::{EntryLimits, VaultSettings};
use reconciler_core::ports::SecretStore;
use reconciler_tests::fleets;
use reconciler_tests::real_vault::RealVault;
use reconciler_tests::vault::{FakeVault, Limits, ROOT_TOKEN, Route};
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use super::program::Program;
use super::whole_run::reconcile_demo;
use super::{fake_settings, fake_with_demo, index_of, open, real_settings};

/// Collects what is logged.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Log {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

/// The index and its version, as the server has it.
type Look<'l> = &'l dyn Fn() -> (Value, u64);

/// The strings of the index after a run over the demo fleet, and fewer.
async fn outgrows_and_fits(settings: VaultSettings, look: Look<'_>) {
    let before = look();
    let limited = |strings: usize| {
        let entry_limits = EntryLimits { strings: Some(strings), ..EntryLimits::default() };
        open(VaultSettings { entry_limits, ..settings.clone() })
    };

    // Records are small, the index is not.
    let store = limited(300);
    let report = reconcile_demo(store.as_ref()).await;
    assert!(!report.complete && report.counts.writes > 20, "{:?}", report.counts);
    let [failure] = &report.failures[..] else { panic!("{:?}", report.failures) };
    assert_eq!((failure.instance.as_str(), failure.kind), ("db", "too-large"));
    assert!(failure.message.contains("strings, the limit is 300"), "{}", failure.message);
    assert!(failure.advice.as_ref().unwrap().starts_with("nothing was sent"), "{:?}", failure.advice);
    assert_eq!(look(), before, "the index is as it was");

    // A little more than it needs: the next run goes on where this one stopped.
    let log = Log::default();
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let guard = tracing_subscriber::fmt().with_writer(log.clone()).finish().set_default();
    let needed = failure.message.split("would take ").nth(1).unwrap().split(' ').next().unwrap();
    let needed: usize = needed.parse().unwrap();
    let store = limited(needed + 10);
    let report = reconcile_demo(store.as_ref()).await;
    drop(guard);
    assert!(report.complete, "{:?}", report.failures);
    assert_eq!(report.counts.writes, 1, "only the index was left to write");
    let (index, version) = look();
    assert_eq!(version, before.1 + 1);
    for (instance, entry) in before.0.as_object().unwrap() {
        let Some(entry) = entry.as_object() else {
            assert_eq!(&index[instance], entry, "what is no entry stays as it is");
            continue;
        };
        // What another program left when it called an entry missing is healed.
        for field in entry.keys().filter(|field| !field.starts_with("delet") && *field != "status") {
            assert!(index[instance].get(field).is_some(), "{instance}.{field} is lost");
        }
    }
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("a secret is near the limit of its size") && logged.contains("db"), "{logged}");

    let report = reconcile_demo(store.as_ref()).await;
    assert_eq!((report.complete, report.counts.writes), (true, 0));
    assert!(store.read("db").await.unwrap().data().is_some());
}

#[tokio::test]
async fn an_index_that_outgrows_the_limit_is_refused_and_fits_after_it_was_raised() {
    let fake = fake_with_demo();
    // The server takes more than we are told: what is refused is never sent.
    outgrows_and_fits(fake_settings(&fake), &|| (fake.secret("db").unwrap(), fake.version("db"))).await;
    assert_eq!(fake.version("db"), 2);
}

#[tokio::test]
async fn so_it_is_on_a_real_vault() {
    let Some(real) = RealVault::find() else { return };
    real.admin().put(real.mount(), "db", &index_of(&fleets::demo()));
    let look = || real.admin().get(real.mount(), "db").unwrap();
    outgrows_and_fits(real_settings(&real), &look).await;
}

#[tokio::test]
async fn the_servers_own_limit_loses_nothing_either() {
    let fake = fake_with_demo();
    fake.set_limits(Limits { strings: Some(300), ..Limits::openbao() });
    let before = fake.secret("db");
    let report = reconcile_demo(open(fake_settings(&fake)).as_ref()).await;
    let [failure] = &report.failures[..] else { panic!("{:?}", report.failures) };
    assert_eq!((failure.instance.as_str(), failure.kind), ("db", "too-large"));
    assert!(failure.advice.as_ref().unwrap().contains("max_request_json_strings"), "{:?}", failure.advice);
    assert_eq!((fake.secret("db"), fake.version("db")), (before, 1));
}

#[test]
fn the_doctor_warns_near_the_limit_and_fails_above_it() {
    let fake: FakeVault = fake_with_demo();
    let doctor = |strings: usize| {
        let program = Program::on(fake.address(), ROOT_TOKEN)
            .with("BLACKSMITH_RECONCILER_VAULT_MAX_STRINGS", &strings.to_string());
        program.on_demo("doctor", &["--json"])
    };
    let index = |said: &super::program::Said| -> Value {
        let sections = said.json()["data"]["sections"].clone();
        let vault =
            sections.as_array().unwrap().iter().find(|section| section["name"] == "Vault").unwrap().clone();
        vault["checks"].as_array().unwrap().iter().find(|check| check["subject"] == "index").unwrap().clone()
    };
    let roomy = doctor(100_000);
    assert_eq!((roomy.code, index(&roomy)["result"].as_str()), (0, Some("ok")), "{roomy:?}");
    let message = index(&roomy)["message"].as_str().unwrap().to_owned();
    let strings: usize =
        message.split(" of 100000 strings").next().unwrap().rsplit(' ').next().unwrap().parse().unwrap();
    let near = doctor(strings + 5);
    assert_eq!((near.code, index(&near)["result"].as_str()), (0, Some("warn")), "{near:?}");
    let above = doctor(strings - 1);
    assert_eq!((above.code, index(&above)["result"].as_str()), (2, Some("fail")), "{above:?}");
    assert!(index(&above)["advice"].as_str().unwrap().contains("vault.max_strings"));
    assert_eq!(fake.count(Route::Write), 0);
}
