//! No token, no secret id and no stored value is logged or shown, whatever
//! happens.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reconciler_core::adapters::vault::{AppRole, TokenSource};
use reconciler_core::ports::{PortError, SecretStore};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use super::super::{Effect, Fault, Role, Route, TokenLife};
use super::{Bench, FakeVaultSettings};

const TOKEN: &str = "hvs.MARKER-OF-THE-TOKEN";
const SECRET_ID: &str = "MARKER-OF-THE-SECRET-ID";
const ROLE_ID: &str = "MARKER-OF-THE-ROLE-ID";
const PASSWORD: &str = "MARKER-OF-THE-PASSWORD";

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

/// An error as it may come to be shown, causes and all.
fn shown(error: &PortError) -> String {
    let mut text = format!("{error} {error:?} {:?}", error.advice);
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(" {error} {error:?}"));
        cause = error.source();
    }
    text
}

/// Reads and writes a secret under a fault; gives all that was shown.
async fn under(bench: &Bench, path: &str, effect: Effect) -> String {
    bench.fake.fault(Fault::new(effect).always());
    let mut text = String::new();
    for version in [0, 7] {
        let data = format!(r#"{{"password":"{PASSWORD}","n":{version}}}"#);
        if let Err(error) = bench.write(path, &data, version).await {
            text += &shown(&error);
        }
    }
    for outcome in [
        bench.store.read(path).await.map(drop),
        bench.store.list("").await.map(drop),
        bench.store.delete(path).await,
    ] {
        if let Err(error) = outcome {
            text += &shown(&error);
        }
    }
    text += &format!("{:?}", bench.store.inspect(None).await);
    bench.fake.clear_faults();
    text
}

#[tokio::test]
async fn secrets_appear_nowhere() {
    let log = Log::default();
    // With one dispatcher alive, a thread of another test that logs nothing
    // could switch a line off for all; with two, all are asked.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let guard = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish()
        .set_default();
    let given = Bench::with(FakeVaultSettings::default(), |fake, settings| {
        let life = TokenLife {
            ttl: Some(Duration::from_secs(60)),
            policies: vec!["root".to_owned()],
            ..TokenLife::default()
        };
        fake.add_token(TOKEN, life);
        settings.token = TokenSource::given(TOKEN, "VAULT_TOKEN");
    });
    let role = Bench::with(FakeVaultSettings::default(), |fake, settings| {
        fake.add_role(Role {
            role_id: ROLE_ID.to_owned(),
            secret_id: SECRET_ID.to_owned(),
            secret_uses: 0,
            tokens: TokenLife {
                ttl: Some(Duration::from_secs(60)),
                policies: vec!["root".to_owned()],
                ..TokenLife::default()
            },
        });
        settings.token = TokenSource::AppRole(AppRole::new(ROLE_ID, SECRET_ID));
    });
    let mut text = String::new();
    for (number, effect) in [
        Effect::Stall(Duration::ZERO),
        Effect::CutAfter,
        Effect::CutBefore,
        Effect::Truncate,
        Effect::BreakBody,
        Effect::NoContent,
        Effect::RevokeGiven,
        Effect::sealed(),
        Effect::rate_limited(None),
        Effect::internal_error_after(),
        Effect::Redirect("http://localhost:1".to_owned()),
    ]
    .into_iter()
    .enumerate()
    {
        for bench in [&given, &role] {
            text += &under(bench, &format!("path-{number}"), effect.clone()).await;
            bench.clock.advance(Duration::from_secs(45));
            text += &format!("{:?} {:?}", bench.store, bench.store.settings());
        }
    }
    given.fake.revoke(TOKEN);
    text += &shown(&given.store.read("it").await.unwrap_err());
    drop(guard);

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(given.fake.tokens_seen().contains(&TOKEN.to_owned()));
    assert!(role.fake.logins() > 0 && given.fake.count(Route::Write) > 0);
    assert!(logged.contains("path-1"), "the log holds the requests");
    for (name, seen) in [("log", &logged), ("texts", &text)] {
        for marker in ["MARKER", "hvs."] {
            let at = seen.find(marker);
            let around = at.map(|at| {
                let start = seen[..at].char_indices().rev().nth(150).map_or(0, |(i, _)| i);
                &seen[start..at + marker.len()]
            });
            assert_eq!(around, None, "a secret is in the {name}");
        }
    }
}
