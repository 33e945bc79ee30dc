//! A live Director whose records are in Vault: chosen by what is configured, or
//! asked for; never guessed.

use reconciler_tests::director::{DirectorState, FakeDirector};
use reconciler_tests::fleets;
use reconciler_tests::vault::{FakeVault, ROOT_TOKEN};

use super::fake_with_demo;
use super::program::{Program, text};

/// The demo fleet as a live Director, and what a command says about it.
struct Live {
    director: FakeDirector,
    vault: FakeVault,
}

impl Live {
    fn new() -> Self {
        let state = DirectorState::from_fleet(&fleets::demo()).unwrap();
        let state = state.client("reader", "secret", &["bosh.read"]);
        Self { director: FakeDirector::start(state), vault: fake_with_demo() }
    }

    fn program(&self) -> Program {
        Program::on(self.vault.address(), ROOT_TOKEN)
            .with("BOSH_ENVIRONMENT", self.director.address())
            .with("BOSH_CLIENT", "reader")
            .with("BOSH_CLIENT_SECRET", "secret")
            .with("BLACKSMITH_RECONCILER_CATALOG_PATH", text(&fleets::demo().join("catalog")))
            .with("BLACKSMITH_RECONCILER_DIRECTOR_REQUESTS_PER_SECOND", "0")
    }
}

#[test]
fn a_section_about_vault_selects_it_for_a_director() {
    let live = Live::new();
    let program = live.program();
    let config = program.home.path().join("blacksmith.conf");
    std::fs::write(&config, format!("reconciler: {{vault: {{address: '{}'}}}}", live.vault.address()))
        .unwrap();
    let arguments = ["plan", "--json", "--config", text(&config)];
    let by_section = program.run(&arguments);
    assert_eq!(by_section.code, 0, "{by_section:?}");
    let by_flag = program.run(&["plan", "--json", "--store", "vault"]);
    assert_eq!(by_flag.code, 0, "{by_flag:?}");
    for said in [&by_section, &by_flag] {
        assert!(
            said.stderr.contains(&format!("Store     Vault {}", live.vault.address())),
            "{}",
            said.stderr
        );
        assert_eq!(said.json()["data"]["counts"]["matched"], 19);
    }
    let run = program.run(&["run", "--json", "--config", text(&config)]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.json()["data"]["counts"]["changed"], by_flag.json()["data"]["counts"]["changed"]);
}

#[test]
fn without_a_word_about_a_store_nothing_is_asked() {
    let live = Live::new();
    live.program().run(&["plan"]).must_fail(1, "no store for its records", "--store vault");
    assert_eq!(live.vault.total(), 0);
}

#[test]
fn the_doctor_speaks_of_each_part() {
    let live = Live::new();
    let said = live.program().run(&["doctor", "--store", "vault", "--json"]);
    assert_eq!(said.code, 0, "{said:?}");
    let sections = said.json()["data"]["sections"].clone();
    let names: Vec<&str> =
        sections.as_array().unwrap().iter().map(|section| section["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Director", "Catalog", "Store and state", "Vault"]);
}
