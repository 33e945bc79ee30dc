//! Tokens without the policy `default`: they live and may not ask about
//! themselves, so that a refusal is no proof of their end.

use std::time::Duration;

use reconciler_core::adapters::vault::{AppRole, TokenSource};
use reconciler_core::ports::{PortError, PortErrorKind, SecretStore};

use super::super::{Effect, FakeVaultSettings, Fault, Flavour, Policy, Role, Route, TokenLife};
use super::{Bench, expect};

/// Everything below `secret/` but `secret/data/locked`, nothing about the token.
fn policy() -> Policy {
    Policy::new()
        .allow("secret/*", &["create", "read", "update", "list"])
        .allow("secret/data/locked", &["deny"])
}

fn life() -> TokenLife {
    TokenLife {
        ttl: Some(Duration::from_secs(3600)),
        policies: vec!["narrow".to_owned()],
        ..TokenLife::default()
    }
}

fn token(flavour: Flavour) -> Bench {
    let settings = FakeVaultSettings { flavour, ..FakeVaultSettings::default() };
    Bench::with(settings, |fake, settings| {
        fake.add_policy("narrow", policy());
        fake.add_token("hvs.narrow", life());
        settings.token = TokenSource::given("hvs.narrow", "VAULT_TOKEN");
    })
}

fn role(flavour: Flavour) -> Bench {
    let settings = FakeVaultSettings { flavour, ..FakeVaultSettings::default() };
    Bench::with(settings, |fake, settings| {
        fake.add_policy("narrow", policy());
        fake.add_role(Role {
            role_id: "role".to_owned(),
            secret_id: "secret".to_owned(),
            secret_uses: 0,
            tokens: life(),
        });
        settings.token = TokenSource::AppRole(AppRole::new("role", "secret"));
    })
}

fn is_mute(error: &PortError) {
    expect(error, PortErrorKind::Denied, "or has ended; it may not ask about itself");
    let advice = error.advice.as_deref().unwrap();
    assert!(advice.contains("`default`") && advice.contains("add the path"), "{advice}");
}

#[tokio::test]
async fn a_given_token_that_is_denied_is_not_called_dead() {
    for flavour in [Flavour::Vault, Flavour::OpenBao] {
        let bench = token(flavour);
        // Where the mount was found the token is known to be accepted.
        is_mute(&bench.store.read("locked").await.unwrap_err());
        assert_eq!(bench.write("db", "{}", 0).await.unwrap(), 1);
        is_mute(&bench.write("locked", "{}", 0).await.unwrap_err());
        // Its end cannot be told from that any more.
        bench.fake.revoke("hvs.narrow");
        is_mute(&bench.write("db", "{}", 1).await.unwrap_err());
    }
}

#[tokio::test]
async fn a_given_token_that_never_worked_is_dead() {
    let bench = token(Flavour::OpenBao);
    bench.fake.revoke("hvs.narrow");
    for _ in 0..2 {
        let error = bench.store.read("db").await.unwrap_err();
        expect(&error, PortErrorKind::Unauthenticated, "VAULT_TOKEN is not valid");
    }
    // What comes before a look at the token says nothing about it.
    bench.fake.fault(Fault::new(Effect::sealed()).on(Route::Preflight));
    bench.store.read("db").await.unwrap_err();
    let error = bench.store.read("db").await.unwrap_err();
    expect(&error, PortErrorKind::Unauthenticated, "VAULT_TOKEN is not valid");
}

#[tokio::test]
async fn a_role_whose_tokens_are_denied_logs_in_once_more_and_no_further() {
    for flavour in [Flavour::Vault, Flavour::OpenBao] {
        let bench = role(flavour);
        bench.write("db", "{}", 0).await.unwrap();
        for _ in 0..3 {
            is_mute(&bench.store.read("locked").await.unwrap_err());
            is_mute(&bench.write("locked", "{}", 0).await.unwrap_err());
        }
        assert_eq!(bench.fake.logins(), 2);
        assert_eq!(bench.write("db", "{}", 1).await.unwrap(), 2);
    }
}

#[tokio::test]
async fn a_role_whose_token_ended_goes_on_with_the_next() {
    let bench = role(Flavour::OpenBao);
    bench.write("db", "{}", 0).await.unwrap();
    bench.fake.revoke_given();
    assert_eq!(bench.write("db", "{}", 1).await.unwrap(), 2);
    assert_eq!(bench.fake.logins(), 2);
    // Nor is the role lost when the next is due.
    bench.clock.advance(Duration::from_secs(3000));
    assert_eq!(bench.write("db", "{}", 2).await.unwrap(), 3);
    assert_eq!(bench.fake.logins(), 3);
}

#[tokio::test]
async fn the_report_does_not_call_them_dead() {
    for bench in [token(Flavour::Vault), role(Flavour::Vault)] {
        let report = bench.store.inspect(None).await;
        assert!(report.mount.is_ok() && report.index.is_ok());
        is_mute(&report.token.unwrap_err());
        is_mute(&report.access.unwrap_err());
        assert!(bench.fake.logins() <= 2);
    }
}

#[tokio::test]
async fn the_settings_word_for_the_mount_counts_for_them_too() {
    let bench = Bench::with(FakeVaultSettings::default(), |fake, settings| {
        fake.add_policy("narrow", policy());
        fake.add_role(Role {
            role_id: "role".to_owned(),
            secret_id: "secret".to_owned(),
            secret_uses: 0,
            tokens: life(),
        });
        settings.token = TokenSource::AppRole(AppRole::new("role", "secret"));
        settings.assume_version_2 = true;
    });
    let denied =
        Effect::Refuse { status: 403, errors: vec!["permission denied".to_owned()], retry_after: None };
    bench.fake.fault(Fault::new(denied).on(Route::Preflight).always());
    assert_eq!(bench.write("db", "{}", 0).await.unwrap(), 1);
    assert_eq!(bench.fake.logins(), 2);
}
