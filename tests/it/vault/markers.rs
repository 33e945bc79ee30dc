//! No token, no secret of a role and no stored value is in anything that the
//! program says, at whatever level it logs and whatever goes wrong.

use reconciler_tests::fleets;
use reconciler_tests::vault::{Effect, FakeVault, Fault, Role, Route, TokenLife};
use serde_json::json;

use super::index_of;
use super::program::{Program, Said};

/// The instance of a deployment of the demo fleet that is matched.
const INSTANCE: &str = "8604e89a-23eb-4c56-a04c-b095b0c93bf3";
const DEPLOYMENT: &str = "rabbitmq-standalone-8604e89a-23eb-4c56-a04c-b095b0c93bf3";

/// A Vault whose every value is marked.
fn marked() -> FakeVault {
    let fake = FakeVault::plain();
    let mut index = index_of(&fleets::demo());
    index[INSTANCE]["password"] = json!("MARKER-IN-THE-INDEX");
    fake.put("db", index);
    let root = json!({"service_id": "MARKER-not-shown", "admin_password": "MARKER-IN-THE-RECORD"});
    fake.put(INSTANCE, root);
    let manifest = "name: x\nproperties: {password: MARKER-IN-THE-MANIFEST}\n";
    fake.put(&format!("{INSTANCE}/manifest"), json!({"manifest": manifest}));
    fake.put(&format!("{INSTANCE}/metadata"), json!({"token": "MARKER-IN-THE-METADATA"}));
    fake.put(&format!("{INSTANCE}/credentials"), json!({"password": "MARKER-IN-THE-CREDENTIALS"}));
    let life = TokenLife { policies: vec!["root".to_owned()], ..TokenLife::default() };
    fake.add_token("hvs.MARKER-OF-THE-TOKEN", life.clone());
    fake.add_role(Role {
        role_id: "MARKER-OF-THE-ROLE".to_owned(),
        secret_id: "MARKER-OF-THE-SECRET-ID".to_owned(),
        secret_uses: 0,
        tokens: life,
    });
    fake
}

fn check(said: &Said, what: &str) {
    for (name, text) in [("standard output", &said.stdout), ("standard error", &said.stderr)] {
        // An id is no secret: it is shown so that a person can correct it.
        let text = text.replace("MARKER-not-shown", "");
        for marker in ["MARKER", "hvs."] {
            let at = text.find(marker).map(|at| &text[text[..at].rfind('\n').unwrap_or_default()..]);
            let line = at.map(|text| text.trim_start().lines().next().unwrap_or_default());
            assert_eq!(line, None, "{what}: a secret is on {name}");
        }
    }
}

#[test]
fn the_program_says_no_secret_at_any_level() {
    let fake = marked();
    let given = |program: Program| program.with("VAULT_TOKEN", "hvs.MARKER-OF-THE-TOKEN");
    let role = |program: Program| {
        program
            .with("BLACKSMITH_RECONCILER_VAULT_ROLE_ID", "MARKER-OF-THE-ROLE")
            .with("BLACKSMITH_RECONCILER_VAULT_SECRET_ID", "MARKER-OF-THE-SECRET-ID")
    };
    let program = || {
        let program = Program::new().with("VAULT_ADDR", fake.address()).with("RUST_LOG", "trace");
        program.with("BLACKSMITH_RECONCILER_VAULT_TRIES", "1")
    };
    let mut logged = 0;
    for (name, program) in [("token", given(program())), ("role", role(program()))] {
        for (command, more) in [
            ("plan", &[][..]),
            ("plan", &["--json"]),
            ("run", &["--dry-run"]),
            ("scan", &[]),
            ("explain", &[DEPLOYMENT]),
            ("doctor", &["--policy"]),
        ] {
            let said = program.on_demo(command, more);
            assert_eq!(said.code, 0, "{name} {command}: {}", said.stdout);
            check(&said, &format!("{name} {command} {more:?}"));
            logged += said.stderr.len();
        }
        for effect in [
            Effect::CutAfter,
            Effect::Truncate,
            Effect::BreakBody,
            Effect::RevokeGiven,
            Effect::sealed(),
            Effect::internal_error_after(),
            Effect::NoContent,
            Effect::Redirect("http://localhost:1".to_owned()),
        ] {
            fake.fault(Fault::new(effect.clone()).on(Route::Read).nth(2).always());
            check(&program.on_demo("plan", &[]), &format!("{name} plan under {effect:?}"));
            fake.clear_faults();
        }
    }
    assert!(logged > 100_000, "the log holds the requests: {logged} bytes");
    fake.revoke("hvs.MARKER-OF-THE-TOKEN");
    let said = given(program()).on_demo("plan", &[]);
    assert_eq!(said.code, 2, "{}", said.stdout);
    check(&said, "a revoked token");
    let said =
        program().with("BLACKSMITH_RECONCILER_VAULT_TOKEN", "MARKER\nin two lines").on_demo("plan", &[]);
    assert_eq!(said.code, 1, "{}", said.stdout);
    check(&said, "a token that cannot be one");
}
