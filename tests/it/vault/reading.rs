//! Commands that read their records from Vault: the same answers as from the
//! embedded store, nothing written, and the settings from where they belong.

use std::collections::BTreeMap;

use reconciler_tests::certificates::CertificateKind;
use reconciler_tests::fleets;
use reconciler_tests::real_vault::RealVault;
use reconciler_tests::vault::{FakeVault, FakeVaultSettings, ROOT_TOKEN, Route, TokenLife};
use serde_json::Value;

use super::program::{Program, Said, text};
use super::{fake_with_demo, index_of};

/// What a plan would write and found, without times.
fn essence(said: &Said) -> (BTreeMap<String, Vec<String>>, Value, Value) {
    assert_eq!(said.code, 0, "{said:?}");
    let data = &said.json()["data"];
    let fields = |change: &Value| -> Vec<String> {
        let fields = change["fields"].as_array().unwrap();
        fields.iter().map(|field| field["field"].as_str().unwrap().to_owned()).collect()
    };
    let changes = data["changes"].as_array().unwrap();
    let changes =
        changes.iter().map(|change| (change["path"].as_str().unwrap().to_owned(), fields(change))).collect();
    (changes, data["counts"].clone(), data["findings"].clone())
}

#[test]
fn a_plan_on_vault_is_the_plan_on_the_embedded_store() {
    let demo = fleets::demo();
    let embedded = Program::new().run(&["plan", "--json", "--fleet", text(&demo)]);
    let expected = essence(&embedded);
    assert!(expected.0.len() > 20, "{:?}", expected.0.keys());

    let fake = fake_with_demo();
    let program = Program::on(fake.address(), ROOT_TOKEN);
    for command in [&["--json"][..], &["--json", "--dry-run"]] {
        let name = if command.len() == 1 { "plan" } else { "run" };
        let said = program.on_demo(name, command);
        assert_eq!(essence(&said), expected, "{name}");
        assert!(
            said.stderr.contains(&format!("Store     Vault {} secret", fake.address())),
            "{}",
            said.stderr
        );
        assert!(!said.stderr.contains("warning"), "{}", said.stderr);
    }
    let scan = program.on_demo("scan", &["--json"]);
    assert_eq!(scan.json()["data"]["counts"]["matched"], expected.1["matched"]);
    let deployment = "rabbitmq-standalone-8604e89a-23eb-4c56-a04c-b095b0c93bf3";
    let explained = program.on_demo("explain", &[deployment]);
    assert_eq!(explained.code, 0, "{explained:?}");
    assert_eq!((fake.count(Route::Write), fake.version("db")), (0, 1), "nothing is written");

    if let Some(real) = RealVault::find() {
        real.admin().put(real.mount(), "db", &index_of(&demo));
        let program = Program::on(real.address(), real.token());
        let program = program.with("BLACKSMITH_RECONCILER_VAULT_MOUNT", real.mount());
        assert_eq!(essence(&program.on_demo("plan", &["--json"])), expected, "on a real Vault");
        assert_eq!(real.admin().get(real.mount(), "db").unwrap().1, 1, "nothing is written");
    }
}

#[test]
fn a_fleet_keeps_its_embedded_store_unless_vault_is_named() {
    let fake = fake_with_demo();
    let demo = fleets::demo();
    let program =
        Program::on(fake.address(), ROOT_TOKEN).with("BLACKSMITH_RECONCILER_VAULT_ADDRESS", fake.address());
    assert_eq!(program.run(&["plan", "--fleet", text(&demo)]).code, 0);
    assert_eq!(fake.total(), 0);
    let program = program.with("BLACKSMITH_RECONCILER_STORE_PATH", "vault");
    assert_eq!(program.run(&["plan", "--fleet", text(&demo)]).code, 0);
    assert!(fake.total() > 0);
}

#[test]
fn the_token_comes_from_the_strongest_source() {
    let fake = fake_with_demo();
    let tokens = ["flagless", "in-the-file", "of-the-cli", "left-by-login"].map(|name| format!("hvs.{name}"));
    for token in &tokens {
        let life = TokenLife { policies: vec!["root".to_owned()], ..TokenLife::default() };
        fake.add_token(token, life);
    }
    let [ours, in_file, of_cli, left] = &tokens;
    let mut program = Program::new();
    let mut seen = Vec::new();
    let mut expect = |program: &Program, token: &String| {
        let config = program.home.path().join("blacksmith.conf");
        let mut arguments = vec!["--json"];
        if config.exists() {
            arguments.extend(["--config", text(&config)]);
        }
        let said = program.on_demo("plan", &arguments);
        assert_eq!(said.code, 0, "{said:?}");
        seen.push(token.clone());
        assert_eq!(fake.tokens_seen(), seen);
    };
    std::fs::write(program.home.path().join(".vault-token"), format!("{left}\n")).unwrap();
    program = program.with("VAULT_ADDR", fake.address());
    expect(&program, left);
    program = program.with("VAULT_TOKEN", of_cli);
    expect(&program, of_cli);
    let file = format!("reconciler: {{vault: {{token: '{in_file}'}}}}");
    std::fs::write(program.home.path().join("blacksmith.conf"), file).unwrap();
    expect(&program, in_file);
    expect(&program.with("BLACKSMITH_RECONCILER_VAULT_TOKEN", ours), ours);
}

#[test]
fn an_unverified_certificate_is_warned_about_in_every_run() {
    let fake = FakeVault::start(FakeVaultSettings {
        tls: Some(CertificateKind::Good),
        ..FakeVaultSettings::default()
    });
    fake.put("db", index_of(&fleets::demo()));
    let on = || Program::on(fake.address(), ROOT_TOKEN);
    for (name, words) in [
        ("BLACKSMITH_RECONCILER_VAULT_INSECURE", "warning: vault.insecure is set"),
        ("VAULT_SKIP_VERIFY", "warning: VAULT_SKIP_VERIFY is set"),
    ] {
        let program = on().with(name, "true");
        for command in ["plan", "scan"] {
            let said = program.on_demo(command, &[]);
            assert_eq!(said.code, 0, "{said:?}");
            assert!(said.stderr.contains(words), "{}", said.stderr);
        }
    }
    let program = on();
    let ca = program.home.path().join("ca.pem");
    std::fs::write(&ca, fake.ca_pem().unwrap()).unwrap();
    for name in ["VAULT_CACERT", "BLACKSMITH_RECONCILER_VAULT_CA_CERT"] {
        let said = on().with(name, text(&ca)).on_demo("plan", &[]);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(!said.stderr.contains("warning"), "{}", said.stderr);
    }
}
