//! Tokens that end in the middle of work: replaced without losing a write.

use reconciler_core::adapters::vault::{AppRole, TokenSource, VaultSettings};
use reconciler_core::model::JsonObject;
use reconciler_core::ports::{PortErrorKind, SecretStore, Version};
use reconciler_tests::real_vault::{RealRole, RealVault};
use reconciler_tests::vault::{Effect, FakeVault, Fault, Role, Route, TokenLife};

use super::whole_run::reconcile_demo;
use super::{fake_settings, fake_with_demo, open, real_settings};

/// More writes than any machine makes in the life of three tokens.
const MANY: u64 = 100_000;

fn number(number: u64) -> JsonObject {
    let mut data = JsonObject::new();
    data.set_value("number", &number);
    data
}

fn as_role(real: &RealVault, role: &RealRole) -> VaultSettings {
    let login = AppRole { mount: role.path.clone(), ..AppRole::new(&*role.role_id, &*role.secret_id) };
    VaultSettings { token: TokenSource::AppRole(login), ..real_settings(real) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_token_is_renewed_and_replaced_in_time() {
    let Some(real) = RealVault::find() else { return };
    let role = real.admin().make_role(real.mount(), "2s", "3s");
    let store = open(as_role(&real, &role));
    for written in 0..MANY {
        let version = store.write("counter", &number(written), Version(written)).await;
        assert_eq!(version.unwrap_or_else(|error| panic!("write {written}: {error}")), Version(written + 1));
        if written % 20 == 0 && tokio::task::block_in_place(|| role.logins()) >= 3 {
            return;
        }
    }
    panic!("the token was not replaced within {MANY} writes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_token_that_is_revoked_in_the_middle_is_replaced() {
    let Some(real) = RealVault::find() else { return };
    let role = real.admin().make_role(real.mount(), "1h", "2h");
    let store = open(as_role(&real, &role));
    for written in 0..40 {
        if written % 10 == 5 {
            tokio::task::block_in_place(|| role.revoke_given());
        }
        let version = store.write("counter", &number(written), Version(written)).await;
        assert_eq!(version.unwrap_or_else(|error| panic!("write {written}: {error}")), Version(written + 1));
    }
    assert_eq!(tokio::task::block_in_place(|| role.logins()), 5);

    let token = tokio::task::block_in_place(|| real.admin().make_token(&["root"], "1h"));
    let given = VaultSettings { token: TokenSource::given(&*token, "VAULT_TOKEN"), ..real_settings(&real) };
    let store = open(given);
    store.write("given", &number(1), Version::NEVER).await.unwrap();
    tokio::task::block_in_place(|| real.admin().revoke(&token));
    let error = store.write("given", &number(2), Version(1)).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Unauthenticated, "{error}");
    assert!(error.to_string().contains("VAULT_TOKEN is not valid"), "{error}");
    assert!(error.advice.is_some());
    let (_, version) = tokio::task::block_in_place(|| real.admin().get(real.mount(), "given")).unwrap();
    assert_eq!(version, 1);
}

fn role_of(fake: &FakeVault) -> VaultSettings {
    fake.add_role(Role {
        role_id: "role".to_owned(),
        secret_id: "secret".to_owned(),
        secret_uses: 0,
        tokens: TokenLife { policies: vec!["root".to_owned()], ..TokenLife::default() },
    });
    VaultSettings { token: TokenSource::AppRole(AppRole::new("role", "secret")), ..fake_settings(fake) }
}

#[tokio::test]
async fn a_run_whose_token_ends_again_and_again_writes_everything() {
    let undisturbed = fake_with_demo();
    let expected = reconcile_demo(open(role_of(&undisturbed)).as_ref()).await;
    assert!(expected.complete && undisturbed.logins() == 1);

    let fake = fake_with_demo();
    for (route, nth) in [(Route::Read, 4), (Route::Write, 3), (Route::Write, 9), (Route::Write, 20)] {
        fake.fault(Fault::new(Effect::RevokeGiven).on(route).nth(nth));
    }
    let report = reconcile_demo(open(role_of(&fake)).as_ref()).await;
    assert!(report.complete, "{:?}", report.failures);
    assert!(fake.logins() >= 4, "{}", fake.logins());
    assert_eq!(report.counts, expected.counts);
    // The names of archives are times.
    let records = |fake: &FakeVault| -> Vec<String> {
        fake.paths().into_iter().filter(|path| !path.contains("/backups/")).collect()
    };
    assert_eq!(records(&fake), records(&undisturbed));
    for path in records(&fake) {
        assert_eq!(fake.version(&path), undisturbed.version(&path), "{path}");
    }
}
