//! Runs that write to Vault: the same records as in the embedded store, nothing
//! of the broker's touched, and nothing written a second time.

use std::collections::BTreeMap;

use reconciler_tests::real_vault::RealVault;
use reconciler_tests::vault::{FakeVault, Policy, ROOT_TOKEN, TokenLife};
use serde_json::{Value, json};

use super::program::{Program, Said, text};
use super::{fake_with_demo, index_of};

/// What a run wrote and found, without times.
fn essence(said: &Said) -> (Vec<String>, Value, Value) {
    assert_eq!(said.code, 0, "{said:?}");
    let data = &said.json()["data"];
    let paths = data["changes"].as_array().unwrap().iter();
    let paths = paths.map(|change| change["path"].as_str().unwrap().to_owned()).collect();
    let findings = data["findings"].as_array().unwrap().iter();
    let findings = findings.map(|finding| json!([finding["code"], finding["subject"]])).collect();
    (paths, data["counts"].clone(), findings)
}

/// The secrets of a fake and their versions.
fn versions(fake: &FakeVault) -> BTreeMap<String, u64> {
    fake.paths().into_iter().map(|path| (path.clone(), fake.version(&path))).collect()
}

#[test]
fn a_run_on_vault_is_the_run_on_the_embedded_store_and_a_second_one_writes_nothing() {
    let demo = reconciler_tests::fleets::demo();
    let embedded = Program::new().run(&["run", "--json", "--fleet", text(&demo)]);
    let expected = essence(&embedded);
    assert!(expected.0.len() > 20, "{:?}", expected.0);

    let fake = fake_with_demo();
    let program = Program::on(fake.address(), ROOT_TOKEN);
    let first = program.on_demo("run", &["--json"]);
    assert_eq!(essence(&first), expected);
    assert!(!first.stderr.contains("warning"), "{}", first.stderr);
    assert!(first.stderr.contains("State     "), "a run on Vault remembers: {}", first.stderr);
    let written = versions(&fake);
    for path in expected.0.iter().filter(|path| !path.contains('#')) {
        assert_eq!(written.get(path), Some(&1), "{path}");
    }
    assert_eq!(written["db"], 2);

    let second = program.on_demo("run", &["--json"]);
    assert_eq!(second.json()["data"]["counts"]["writes"], 0, "{second:?}");
    assert_eq!(versions(&fake), written);
}

#[test]
fn a_first_run_on_an_empty_vault_begins_the_index_and_says_so() {
    let empty = FakeVault::plain();
    let program = Program::on(empty.address(), ROOT_TOKEN);
    let first = program.on_demo("run", &["--json"]);
    assert_eq!(first.code, 0, "{first:?}");
    let findings = first.json()["data"]["findings"].clone();
    let begun = findings.as_array().unwrap().iter().find(|finding| finding["code"] == "index.begun");
    assert!(begun.unwrap()["message"].as_str().unwrap().contains("the mount and the prefix"));
    assert_eq!(empty.version("db"), 1);
    assert_eq!(program.on_demo("run", &["--json"]).json()["data"]["counts"]["writes"], 0);
}

#[test]
fn a_token_that_may_only_read_costs_no_record_and_is_told_for_each_instance() {
    let fake = fake_with_demo();
    fake.add_policy("reader", Policy::parse("path \"*\" {\n  capabilities = [\"read\", \"list\"]\n}"));
    let life =
        TokenLife { policies: vec!["default".to_owned(), "reader".to_owned()], ..TokenLife::default() };
    fake.add_token("hvs.reader", life);
    let before = versions(&fake);
    let said = Program::on(fake.address(), "hvs.reader").on_demo("run", &["--json"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert_eq!(versions(&fake), before);
    let data = &said.json()["data"];
    assert_eq!(data["counts"]["writes"], 0);
    let failures = data["failures"].as_array().unwrap();
    // The index, and an entry that only heals, have no deployment's records.
    let instances = failures.iter().filter(|failure| failure["deployment"] != "").count();
    assert_eq!(instances as u64, data["counts"]["failed"].as_u64().unwrap(), "{failures:?}");
    assert!(failures.iter().all(|failure| failure["kind"] == "denied" && failure["advice"] != Value::Null));
}

#[test]
fn plain_http_beyond_this_machine_is_warned_about() {
    // Nobody answers there, and nobody has to.
    let program = Program::on("http://vault.invalid:8200", ROOT_TOKEN).with("VAULT_CLIENT_TIMEOUT", "1");
    let said = program.on_demo("doctor", &[]);
    assert!(said.stdout.contains("cross the network in the clear"), "{said:?}");
    assert!(
        !Program::on("http://127.0.0.1:9", ROOT_TOKEN).on_demo("doctor", &[]).stdout.contains("in the clear")
    );
}

#[test]
fn the_printed_policy_suffices_for_runs_and_archives_on_a_real_vault() {
    let Some(real) = RealVault::find() else { return };
    let (admin, mount) = (real.admin(), real.mount());
    admin.put(mount, "db", &index_of(&reconciler_tests::fleets::demo()));
    let on = |token: &str| {
        let program = Program::on(real.address(), token);
        let program = program.with("BLACKSMITH_RECONCILER_VAULT_MOUNT", mount);
        let program = program.with("BLACKSMITH_RECONCILER_BACKUP_PATH", "archives");
        program.with("BLACKSMITH_RECONCILER_BACKUP_RETENTION", "1")
    };
    let printed = on(real.token()).on_demo("doctor", &["--json", "--policy"]).json();
    let name = format!("{mount}-writer");
    admin.add_policy(&name, printed["data"]["smallest_policy"].as_str().unwrap());
    let program = on(&admin.make_token(&["default", &name], "2h"));
    assert_eq!(program.on_demo("doctor", &[]).code, 0);

    let first = program.on_demo("run", &["--json"]);
    assert_eq!(first.code, 0, "{first:?}");
    assert!(first.json()["data"]["counts"]["backups"].as_u64().unwrap() > 0);
    // Two more archives of one instance, so that one has to go.
    let instance = "7cd5767f-4790-4fe2-ba2d-288743bd4d3f";
    for round in 0..2 {
        let (mut root, _) = admin.get(mount, instance).unwrap();
        root["plan_name"] = json!(format!("round {round}"));
        admin.put(mount, instance, &root);
        let run = program.on_demo("run", &["--json", "--full"]);
        assert_eq!((run.code, run.json()["data"]["counts"]["backups"].as_u64()), (0, Some(1)), "{run:?}");
        assert!(!run.stdout.contains("backup.not-pruned"), "{run:?}");
    }
    for command in ["list", "verify"] {
        let said = program.run(&["backups", command, "--store", "vault", "--json"]);
        assert_eq!(said.code, 0, "{said:?}");
    }
    let newest = format!("{instance}@-1");
    assert_eq!(program.run(&["backups", "restore", &newest, "--store", "vault"]).code, 0);
    assert_eq!(program.run(&["backups", "release", instance, "--store", "vault"]).code, 0);
    assert_eq!(program.run(&["backups", "prune", "--store", "vault"]).code, 0);
    assert_eq!(program.on_demo("run", &[]).code, 0);
}
