//! What is wrong with a Vault, as the program says it: one error, one next
//! step, and the exit code of the other side.

use std::time::Duration;

use reconciler_tests::fleets;
use reconciler_tests::real_vault::RealVault;
use reconciler_tests::vault::{Effect, FakeVault, Fault, ROOT_TOKEN, Route, TokenLife};

use super::program::Program;
use super::{fake_with_demo, index_of};

fn on(fake: &FakeVault) -> Program {
    Program::on(fake.address(), ROOT_TOKEN)
}

#[test]
fn a_sealed_vault_is_told_as_such() {
    let fake = fake_with_demo();
    fake.seal();
    for command in ["plan", "scan"] {
        on(&fake).on_demo(command, &[]).must_fail(2, "Vault is sealed", "vault operator unseal");
    }
}

#[test]
fn a_standby_without_an_active_node_is_told_as_such() {
    let fake = fake_with_demo();
    fake.set_standby(true);
    on(&fake).on_demo("plan", &[]).must_fail(2, "only a standby answered", "wait for the election");
}

#[test]
fn a_rate_limit_is_told_as_such() {
    let fake = fake_with_demo();
    fake.fault(Fault::new(Effect::rate_limited(None)).on(Route::Read).always());
    on(&fake).on_demo("plan", &[]).must_fail(2, "asks for fewer requests", "lower the requests a second");
}

#[test]
fn an_address_where_nobody_answers_is_told_as_such() {
    let address = FakeVault::plain().address().to_owned();
    let program = Program::on(&address, ROOT_TOKEN);
    program.on_demo("plan", &[]).must_fail(
        2,
        "the connection was refused",
        &format!("can be reached at {address}"),
    );
}

#[test]
fn a_revoked_token_is_told_with_where_it_came_from() {
    let fake = fake_with_demo();
    fake.revoke(ROOT_TOKEN);
    on(&fake).on_demo("plan", &[]).must_fail(2, "the token from VAULT_TOKEN is not valid", "vault login");
}

#[test]
fn a_token_that_is_revoked_in_the_middle_ends_as_one_that_was_revoked_before() {
    let fake = fake_with_demo();
    let life = TokenLife {
        ttl: Some(Duration::from_secs(600)),
        uses: 3,
        policies: vec!["root".to_owned()],
        ..TokenLife::default()
    };
    fake.add_token("hvs.few-uses", life);
    let said = Program::on(fake.address(), "hvs.few-uses").on_demo("plan", &[]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.stdout.contains("it has expired or was revoked"), "{}", said.stdout);
    assert_eq!(said.stdout.matches("log in again with `vault login`").count(), 1, "{}", said.stdout);
}

#[test]
fn a_token_without_the_policy_is_told_what_to_give_it() {
    let fake = fake_with_demo();
    let life = TokenLife { policies: vec!["default".to_owned()], ..TokenLife::default() };
    fake.add_token("hvs.poor", life);
    let program = Program::on(fake.address(), "hvs.poor");
    program.on_demo("plan", &[]).must_fail(
        2,
        "reach nothing in it",
        "`reconciler doctor` prints the smallest one",
    );
}

#[test]
fn without_any_token_nothing_is_asked() {
    let fake = fake_with_demo();
    let program = Program::new().with("VAULT_ADDR", fake.address());
    program.on_demo("plan", &[]).must_fail(2, "neither a token nor an AppRole", "set VAULT_TOKEN");
    assert_eq!(fake.total(), 0);
}

#[test]
fn kv_version_1_is_refused_with_how_to_upgrade_it() {
    let fake = fake_with_demo();
    let program = on(&fake).with("BLACKSMITH_RECONCILER_VAULT_MOUNT", "old");
    program.on_demo("plan", &[]).must_fail(2, "`old` is KV version 1", "vault kv enable-versioning old/");
    assert_eq!((fake.count(Route::VersionOne), fake.count(Route::Read)), (0, 0));
}

#[test]
fn an_index_that_vanished_is_refused() {
    let fake = fake_with_demo();
    let program = on(&fake);
    assert_eq!(program.on_demo("run", &[]).code, 0);
    fake.delete("db");
    let records = fake.paths();
    for command in ["plan", "run"] {
        let refused = program.on_demo(command, &[]);
        refused.must_fail(4, "is not there, but the last run saw", "run --begin-index");
    }
    // As a reconciler leaves it that took a failed read for an empty index.
    fake.put("db", serde_json::json!({}));
    program.on_demo("run", &[]).must_fail(4, "is empty, but the last run saw", "restore its last version");
    assert_eq!(fake.paths(), records);
    assert_eq!(fake.secret("db"), Some(serde_json::json!({})));
}

#[test]
fn a_real_vault_in_trouble_is_told_as_the_fake_is() {
    let Some(mut real) = RealVault::start() else { return };
    let (mount, admin) = (real.mount().to_owned(), real.admin().clone());
    admin.put(&mount, "db", &index_of(&fleets::demo()));
    let root = Program::on(real.address(), real.token());
    assert_eq!(root.on_demo("plan", &[]).code, 0);

    admin.mount("old", 1);
    let old = Program::on(real.address(), real.token()).with("BLACKSMITH_RECONCILER_VAULT_MOUNT", "old");
    old.on_demo("plan", &[]).must_fail(2, "`old` is KV version 1", "vault kv enable-versioning old/");

    let token = admin.make_token(&["root"], "1h");
    let revoked = Program::on(real.address(), &token);
    assert_eq!(revoked.on_demo("plan", &[]).code, 0);
    admin.revoke(&token);
    revoked.on_demo("plan", &[]).must_fail(2, "the token from VAULT_TOKEN is not valid", "vault login");

    let poor = Program::on(real.address(), &admin.make_token(&["default"], "1h"));
    poor.on_demo("plan", &[]).must_fail(
        2,
        "reach nothing in it",
        "`reconciler doctor` prints the smallest one",
    );

    admin.limit_rate(&mount);
    while admin.get(&mount, "db").is_some() {}
    root.on_demo("plan", &[]).must_fail(2, "asks for fewer requests", "lower the requests a second");

    admin.seal();
    root.on_demo("plan", &[]).must_fail(2, "Vault is sealed", "vault operator unseal");

    real.kill();
    root.on_demo("plan", &[]).must_fail(2, "the connection was refused", "check that Vault runs");
}
