//! What the doctor says about a Vault.

use std::time::Duration;

use reconciler_tests::real_vault::RealVault;
use reconciler_tests::vault::{FakeVault, Policy, ROOT_TOKEN, TokenLife};

use super::fake_with_demo;
use super::program::{Program, Said};

/// The part about Vault, without what differs from run to run.
fn part(said: &Said, address: &str) -> String {
    let start = said.stdout.find("Vault\n").unwrap_or_else(|| panic!("{said:?}"));
    said.stdout[start..].replace(address, "http://vault.example")
}

fn token(fake: &FakeVault, policy: &str, name: &str) {
    fake.add_policy("reconciler", Policy::parse(policy));
    let life = TokenLife {
        ttl: Some(Duration::from_secs(7200)),
        policies: vec!["default".to_owned(), "reconciler".to_owned()],
        ..TokenLife::default()
    };
    fake.add_token(name, life);
}

/// The policy that the doctor prints.
fn printed_policy(program: &Program) -> String {
    let said = program.on_demo("doctor", &["--json", "--policy"]);
    said.json()["data"]["smallest_policy"].as_str().unwrap().to_owned()
}

#[test]
fn a_healthy_vault_is_told_line_by_line() {
    let fake = fake_with_demo();
    let policy = printed_policy(&Program::on(fake.address(), ROOT_TOKEN));
    token(&fake, &policy, "hvs.MARKER");
    let said = Program::on(fake.address(), "hvs.MARKER").on_demo("doctor", &[]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(!said.stdout.contains("MARKER") && !said.stderr.contains("MARKER"));
    insta::assert_snapshot!(part(&said, fake.address()));
}

#[test]
fn what_a_token_lacks_is_told_with_the_policy_that_suffices() {
    let fake = fake_with_demo();
    token(&fake, "path \"secret/data/*\" {\n  capabilities = [\"read\"]\n}", "hvs.MARKER");
    let said = Program::on(fake.address(), "hvs.MARKER").on_demo("doctor", &[]);
    assert_eq!(said.code, 2, "{said:?}");
    insta::assert_snapshot!(part(&said, fake.address()));
}

#[test]
fn a_sealed_vault_and_one_that_does_not_answer_are_told_as_such() {
    let fake = fake_with_demo();
    let program = Program::on(fake.address(), ROOT_TOKEN);
    fake.seal();
    let sealed = program.on_demo("doctor", &[]);
    assert_eq!(sealed.code, 2, "{sealed:?}");
    assert!(
        sealed.stdout.contains("fail  state") && sealed.stdout.contains("vault operator unseal"),
        "{sealed:?}"
    );
    let address = fake.address().to_owned();
    drop(fake);
    let gone = program.on_demo("doctor", &[]);
    assert_eq!(gone.code, 2, "{gone:?}");
    assert!(gone.stdout.contains(&format!("can be reached at {address}")), "{gone:?}");
}

#[test]
fn a_store_in_a_file_has_no_part_about_vault() {
    let demo = reconciler_tests::fleets::demo();
    let said = Program::new().run(&["doctor", "--fleet", super::program::text(&demo)]);
    assert!(!said.stdout.contains("Vault"), "{said:?}");
}

#[test]
fn settings_that_cannot_be_used_are_a_failed_check() {
    let program = Program::new().with("BLACKSMITH_RECONCILER_VAULT_ROLE_ID", "role");
    let said = program.on_demo("doctor", &[]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.stdout.contains("fail  settings  vault.secret_id is missing"), "{said:?}");
}

#[test]
fn the_printed_policy_suffices_on_a_real_vault() {
    let Some(real) = RealVault::find() else { return };
    let on = |token: &str| {
        let program = Program::on(real.address(), token);
        program.with("BLACKSMITH_RECONCILER_VAULT_MOUNT", real.mount())
    };
    let name = format!("{}-reconciler", real.mount());
    real.admin().add_policy(&name, &printed_policy(&on(real.token())));
    let token = real.admin().make_token(&["default", &name], "2h");
    let said = on(&token).on_demo("doctor", &[]);
    assert_eq!(said.code, 0, "{said:?}");
    for line in ["ok    state", "ok    mount", "ok    token", "ok    access", "ok    index"] {
        assert!(said.stdout.contains(line), "{line} is missing: {said:?}");
    }
    assert_eq!(on(&token).on_demo("plan", &[]).code, 0);
}
