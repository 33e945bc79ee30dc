//! `index` and `history` on Vault: what could not be looked at is told, and how
//! much room the index has left.

use reconciler_tests::vault::{Effect, FakeVault, Fault, ROOT_TOKEN, Route};

use super::fake_with_demo;
use super::program::{Program, Said, text};

const INSTANCE: &str = "7cd5767f-4790-4fe2-ba2d-288743bd4d3f";

fn on(fake: &FakeVault) -> Program {
    Program::on(fake.address(), ROOT_TOKEN)
}

fn verify(program: &Program) -> Said {
    let demo = reconciler_tests::fleets::demo();
    program.run(&["index", "verify", "--json", "--store", "vault", "--fleet", text(&demo)])
}

#[test]
fn what_could_not_be_read_is_told_and_ends_with_3() {
    let fake = fake_with_demo();
    let program = on(&fake);
    assert_eq!(program.on_demo("run", &[]).code, 0);
    assert_eq!(verify(&program).code, 0);
    let denied =
        || Effect::Refuse { status: 403, errors: vec!["permission denied".to_owned()], retry_after: None };
    fake.fault(Fault::new(denied()).on(Route::Read).at(&format!("{INSTANCE}/deployment")).always());
    let said = verify(&program);
    assert_eq!(said.code, 3, "{said:?}");
    let document = said.json();
    assert_eq!(document["complete"], false);
    let unread = document["data"]["unread"].as_array().unwrap();
    assert_eq!(unread.len(), 1);
    assert_eq!(unread[0]["subject"], format!("{INSTANCE}/deployment"));

    fake.fault(Fault::new(denied()).on(Route::Read).at(&format!("{INSTANCE}/metadata")).always());
    let history = program.run(&["history", "--json", "--store", "vault"]);
    assert_eq!((history.code, history.json()["data"]["unread"].as_array().unwrap().len()), (3, 1));
    let one = program.run(&["history", INSTANCE, "--store", "vault"]);
    assert_eq!(one.code, 2, "{one:?}");
}

#[test]
fn neither_shows_nor_verifies_with_a_write() {
    let fake = fake_with_demo();
    let program = on(&fake);
    assert_eq!(program.run(&["index", "show", "--store", "vault"]).code, 0);
    assert_eq!(program.run(&["index", "show", INSTANCE, "--store", "vault"]).code, 0);
    assert_eq!(program.run(&["history", "--store", "vault"]).code, 0);
    assert_eq!(verify(&program).code, 0);
    assert_eq!((fake.count(Route::Write), fake.paths().len()), (0, 1));
}

#[test]
fn an_index_that_has_used_up_half_of_its_room_is_a_finding() {
    let fake = fake_with_demo();
    let near = |said: &Said| {
        let findings = said.json()["data"]["findings"].clone();
        findings.as_array().unwrap().iter().any(|finding| finding["code"] == "index.near-limit")
    };
    assert!(!near(&verify(&on(&fake))));
    let said = verify(&on(&fake).with("BLACKSMITH_RECONCILER_VAULT_MAX_STRINGS", "700"));
    assert!(near(&said), "{}", said.json()["data"]["size"]);
}
