//! A token's life in the middle of a run.

use std::sync::Arc;
use std::time::Duration;

use reconciler_core::adapters::vault::{AppRole, TokenSource, VaultSettings};
use reconciler_core::ports::{PortErrorKind, SecretStore};

use super::super::{Effect, FakeVault, Fault, Flavour, Role, Route, TokenLife};
use super::{Bench, FakeVaultSettings, expect};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A life of a minute at a time.
fn minute() -> TokenLife {
    TokenLife { ttl: Some(seconds(60)), policies: vec!["root".to_owned()], ..TokenLife::default() }
}

fn given(life: TokenLife) -> impl FnOnce(&FakeVault, &mut VaultSettings) {
    move |fake, settings| {
        fake.add_token("hvs.given", life);
        settings.token = TokenSource::given("hvs.given", "VAULT_TOKEN");
    }
}

fn role(secret_uses: u64, tokens: TokenLife) -> impl FnOnce(&FakeVault, &mut VaultSettings) {
    move |fake, settings| {
        fake.add_role(Role {
            role_id: "role".to_owned(),
            secret_id: "secret".to_owned(),
            secret_uses,
            tokens,
        });
        settings.token = TokenSource::AppRole(AppRole::new("role", "secret"));
    }
}

fn plain() -> FakeVaultSettings {
    FakeVaultSettings::default()
}

#[tokio::test]
async fn a_token_is_renewed_at_two_thirds_of_its_lease() {
    let bench = Bench::with(plain(), given(minute()));
    bench.write("db", "{}", 0).await.unwrap();
    bench.clock.advance(seconds(39));
    bench.write("db", "{}", 1).await.unwrap();
    assert_eq!(bench.fake.count(Route::RenewSelf), 0);
    bench.clock.advance(seconds(1));
    bench.write("db", "{}", 2).await.unwrap();
    assert_eq!(bench.fake.count(Route::RenewSelf), 1);
    for version in 3..30 {
        bench.clock.advance(seconds(50));
        bench.write("db", "{}", version).await.unwrap();
    }
    assert_eq!(bench.fake.count(Route::RenewSelf), 28);
}

#[tokio::test]
async fn a_role_logs_in_again_when_the_lease_no_longer_grows() {
    let life = TokenLife { max_ttl: Some(seconds(150)), ..minute() };
    let bench = Bench::with(plain(), role(0, life));
    for version in 0..40 {
        assert_eq!(bench.write("db", "{}", version).await.unwrap(), version + 1);
        bench.clock.advance(seconds(25));
    }
    // 1,000 seconds in tokens of 150, each left before it ended.
    assert!((7..12).contains(&bench.fake.logins()), "{}", bench.fake.logins());
    assert_eq!(bench.fake.version("db"), 40);
    assert_eq!(bench.fake.count(Route::LookupSelf), 0, "none was refused");
}

#[tokio::test]
async fn a_token_that_cannot_be_renewed_is_replaced_when_due() {
    let life = TokenLife { fixed: true, ..minute() };
    let bench = Bench::with(plain(), role(0, life));
    bench.write("db", "{}", 0).await.unwrap();
    bench.clock.advance(seconds(45));
    bench.write("db", "{}", 1).await.unwrap();
    assert_eq!(bench.fake.logins(), 2);
    assert_eq!(bench.fake.count(Route::RenewSelf), 0);
}

#[tokio::test]
async fn a_role_survives_a_token_that_ends_in_the_middle() {
    for flavour in [Flavour::Vault, Flavour::OpenBao] {
        let settings = FakeVaultSettings { flavour, ..FakeVaultSettings::default() };
        let bench = Bench::with(settings, role(0, minute()));
        let fault = Fault::new(Effect::RevokeGiven).on(Route::Write).nth(3);
        bench.fake.fault(fault);
        for version in 0..6 {
            assert_eq!(bench.write("db", "{}", version).await.unwrap(), version + 1);
        }
        assert_eq!(bench.fake.logins(), 2);
        assert_eq!(bench.fake.count(Route::LookupSelf), 2, "of the ended one and the fresh one");
        assert_eq!(bench.fake.count(Route::Write), 7);
        // Also after a time in which nobody asked.
        bench.clock.advance(seconds(3600));
        assert_eq!(bench.write("db", "{}", 6).await.unwrap(), 7);
        assert_eq!(bench.fake.logins(), 3);
    }
}

#[tokio::test]
async fn tokens_that_all_end_at_once_are_told_as_such() {
    let bench = Bench::with(plain(), role(0, minute()));
    bench.write("db", "{}", 0).await.unwrap();
    bench.fake.fault(Fault::new(Effect::RevokeGiven).on(Route::Write).times(2));
    assert_eq!(bench.write("db", "{}", 1).await.unwrap(), 2);
    bench.fake.fault(Fault::new(Effect::RevokeGiven).on(Route::Write).always());
    let error = bench.write("db", "{}", 2).await.unwrap_err();
    expect(&error, PortErrorKind::Unauthenticated, "6 tokens in a row");
    assert_eq!(bench.fake.version("db"), 2);
}

#[tokio::test]
async fn a_token_with_few_uses_is_replaced_when_they_are_used_up() {
    let life = TokenLife { uses: 5, ..minute() };
    let bench = Bench::with(plain(), role(0, life));
    for version in 0..12 {
        assert_eq!(bench.write("db", "{}", version).await.unwrap(), version + 1);
    }
    assert!(bench.fake.logins() >= 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_cause_one_login() {
    let bench = Bench::with(plain(), role(0, minute()));
    bench.store.read("db").await.unwrap();
    for round in 2..5 {
        bench.fake.revoke_given();
        let readers: Vec<_> = (0..32)
            .map(|_| {
                let store = Arc::clone(&bench.store);
                tokio::spawn(async move { store.read("db").await.map(drop) })
            })
            .collect();
        for reader in readers {
            reader.await.unwrap().unwrap();
        }
        assert_eq!(bench.fake.logins(), round);
    }
}

#[tokio::test]
async fn a_revoked_token_gives_one_clear_error() {
    for flavour in [Flavour::Vault, Flavour::OpenBao] {
        let settings = FakeVaultSettings { flavour, ..FakeVaultSettings::default() };
        let bench = Bench::with(settings, given(minute()));
        bench.write("db", "{}", 0).await.unwrap();
        bench.fake.revoke("hvs.given");
        let error = bench.write("db", "{}", 1).await.unwrap_err();
        expect(&error, PortErrorKind::Unauthenticated, "VAULT_TOKEN is not valid");
        assert!(!error.kind.is_retryable());
        assert!(error.advice.unwrap().contains("vault login"));
        assert_eq!(bench.fake.version("db"), 1);
    }
}

#[tokio::test]
async fn a_token_at_its_maximum_works_to_its_end_and_then_gives_a_clear_error() {
    let life = TokenLife { max_ttl: Some(seconds(90)), ..minute() };
    let bench = Bench::with(plain(), given(life));
    for version in 0..8 {
        bench.write("db", "{}", version).await.unwrap();
        bench.clock.advance(seconds(11));
    }
    bench.clock.advance(seconds(10));
    let error = bench.write("db", "{}", 8).await.unwrap_err();
    expect(&error, PortErrorKind::Unauthenticated, "expired or was revoked");
    assert!(bench.fake.count(Route::RenewSelf) <= 3);
}

#[tokio::test]
async fn a_renewal_that_fails_costs_nothing_while_the_token_lives() {
    let bench = Bench::with(plain(), given(minute()));
    bench.write("db", "{}", 0).await.unwrap();
    let fault = Fault::new(Effect::no_active_node()).on(Route::RenewSelf);
    bench.fake.fault(fault.times(8));
    bench.clock.advance(seconds(41));
    bench.write("db", "{}", 1).await.unwrap();
    bench.write("db", "{}", 2).await.unwrap();
    assert_eq!(bench.fake.count(Route::RenewSelf), 4, "one renewal, four tries");
    bench.clock.advance(seconds(8));
    bench.write("db", "{}", 3).await.unwrap();
    bench.clock.advance(seconds(8));
    bench.write("db", "{}", 4).await.unwrap();
    assert_eq!(bench.fake.count(Route::RenewSelf), 9, "the third went well");
    bench.clock.advance(seconds(30));
    bench.write("db", "{}", 5).await.unwrap();
}

#[tokio::test]
async fn a_role_that_is_not_accepted_is_told_without_its_secret() {
    let bench = Bench::with(plain(), |_, settings| {
        settings.token = TokenSource::AppRole(AppRole::new("role", "wrong-secret-id"));
    });
    let error = bench.write("db", "{}", 0).await.unwrap_err();
    expect(&error, PortErrorKind::Unauthenticated, "invalid role or secret ID");
    assert!(!format!("{error:?}").contains("wrong-secret-id"));
    // A secret id for one login gives no second token.
    let bench = Bench::with(plain(), role(1, minute()));
    bench.write("db", "{}", 0).await.unwrap();
    bench.fake.revoke_given();
    let error = bench.write("db", "{}", 1).await.unwrap_err();
    expect(&error, PortErrorKind::Unauthenticated, "invalid role or secret ID");
    assert_eq!(bench.fake.version("db"), 1);
}

#[tokio::test]
async fn a_refused_login_is_remembered_for_a_minute() {
    let bench = Bench::with(plain(), |fake, settings| {
        role(0, minute())(fake, settings);
        settings.token = TokenSource::AppRole(AppRole::new("role", "wrong-secret-id"));
    });
    let inspect = async || {
        let report = bench.store.inspect(None).await;
        for error in
            [report.mount.map(drop), report.token.map(drop), report.access.map(drop), report.index.map(drop)]
        {
            let error = error.unwrap_err();
            expect(&error, PortErrorKind::Unauthenticated, "invalid role or secret ID");
            assert!(!error.advice.unwrap().contains("locked"));
        }
        bench.fake.count(Route::Login)
    };
    assert_eq!(inspect().await, 1);
    bench.clock.advance(seconds(59));
    assert_eq!(inspect().await, 1);
    bench.clock.advance(seconds(1));
    assert_eq!(inspect().await, 2);
    // A server that has locked the role out says nothing of it.
    let denied =
        Effect::Refuse { status: 403, errors: vec!["permission denied".to_owned()], retry_after: None };
    bench.fake.fault(Fault::new(denied).on(Route::Login));
    bench.clock.advance(seconds(60));
    for _ in 0..2 {
        let error = bench.store.read("db").await.unwrap_err();
        expect(&error, PortErrorKind::Unauthenticated, "permission denied");
        assert!(error.advice.unwrap().contains("locked the role out"));
    }
    assert_eq!(bench.fake.count(Route::Login), 3);
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    for (source, kind, words) in [
        (TokenSource::Absent, PortErrorKind::Unauthenticated, "neither a token nor an AppRole"),
        (
            TokenSource::given("two\nlines", "/home/me/.vault-token"),
            PortErrorKind::Local,
            "/home/me/.vault-token",
        ),
    ] {
        let bench = Bench::with(plain(), |_, settings| settings.token = source);
        let error = bench.store.read("db").await.unwrap_err();
        expect(&error, kind, words);
        assert_eq!(bench.fake.total(), 0);
    }
}

#[tokio::test]
async fn a_token_that_may_not_ask_about_itself_works() {
    let bench = Bench::with(plain(), |fake, settings| {
        let rule = super::super::Policy::new().allow("secret/*", &["create", "read", "update"]);
        fake.add_policy("narrow", rule);
        let life = TokenLife { policies: vec!["narrow".to_owned()], ..minute() };
        fake.add_token("narrow", life);
        settings.token = TokenSource::given("narrow", "VAULT_TOKEN");
    });
    bench.write("db", "{}", 0).await.unwrap();
    bench.clock.advance(seconds(50));
    bench.write("db", "{}", 1).await.unwrap();
    assert_eq!(bench.fake.count(Route::RenewSelf), 0);
}
