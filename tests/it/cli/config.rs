//! `config`, and what the configuration does to a run: its words, its sources,
//! its mistakes.

use std::fs;

use serde_json::{Value, json};

use super::program::{Answer, World};

/// A file in the world's working directory.
fn file(world: &World, text: &str) {
    fs::write(world.path("work/b.conf"), text).unwrap();
}

/// The program with variables; they are split at the first `=`.
fn with(world: &World, variables: &[&str], line: &str) -> Answer {
    let mut command = world.command(line.split_whitespace());
    for variable in variables {
        let (name, value) = variable.split_once('=').unwrap();
        command.env(name, value);
    }
    Answer::of(&mut command)
}

/// A setting of `config show --json`.
fn setting(answer: &Answer, key: &str) -> Value {
    let document = answer.document();
    let settings = document["data"].as_array().unwrap();
    settings.iter().find(|setting| setting["key"] == key).unwrap_or_else(|| panic!("no {key}")).clone()
}

#[test]
fn the_settings_in_force_are_shown_with_where_they_come_from() {
    let world = World::empty();
    file(
        &world,
        "bosh: {address: https://10.0.0.6:25555, username: u, password: hunter2}\n\
         reconciler:\n  interval: 90m\n  batch_size: 20\n",
    );
    let variables =
        ["BLACKSMITH_RECONCILER_BATCH_SIZE=7", "BOSH_CA_CERT=/ca.pem", "BOSH_CLIENT_SECRET=hunter2"];
    let line = "config show --origin --config b.conf --json";
    let answer = with(&world, &variables, line).ends(0);
    for (key, value, layer, source) in [
        ("interval", json!("1h30m"), "file", "b.conf:3:13"),
        ("batch_size", json!("7"), "environment", "BLACKSMITH_RECONCILER_BATCH_SIZE"),
        ("cache_ttl", json!("5m"), "default", "default"),
        ("director.environment", json!("https://10.0.0.6:25555"), "section", "b.conf:1:17 (bosh.address)"),
        ("director.client_secret", json!("<redacted>"), "section", "b.conf:1:64 (bosh.password)"),
        ("director.ca_cert", json!("/ca.pem"), "usual", "BOSH_CA_CERT"),
    ] {
        let expected = json!({"key": key, "value": value, "origin": {"layer": layer, "source": source}});
        assert_eq!(setting(&answer, key), expected);
    }
    assert_eq!(setting(&answer, "run_timeout"), json!({"key": "run_timeout", "value": null, "origin": null}));
    let text = with(&world, &variables, "config show --origin --config b.conf").ends(0);
    text.says(&["interval", "1h30m", "b.conf:3:13", "config explain"]);
    for answer in [answer, with(&world, &variables, "config show --config b.conf --format yaml")] {
        assert!(!format!("{answer:?}").contains("hunter2"), "{answer:?}");
    }
}

#[test]
fn everything_that_is_wrong_is_reported_at_once() {
    let world = World::empty();
    file(
        &world,
        "reconciler:\n  intervall: 1h\n  retry_delay: 7d\n  policy: {threshold: 70%}\n  enabled: maybe\n",
    );
    let variables = ["BLACKSMITH_RECONCILER_BATCH_SIZE=many", "BLACKSMITH_RECONCILER_WROKERS=4"];
    let answer = with(&world, &variables, "config check --config b.conf --json").ends(1);
    let document = answer.document();
    let check = &document["data"];
    assert_eq!((check["valid"].as_bool(), check["errors"].as_array().unwrap().len()), (Some(false), 5));
    assert_eq!(check["errors"][0]["next"], "did you mean `interval`?");
    assert_eq!(check["notices"][0]["origin"], "BLACKSMITH_RECONCILER_WROKERS");
    let text = with(&world, &variables, "config check --config b.conf").ends(1);
    text.says(&["b.conf:2:3: intervall: there is no such key", "`7d` counts in days", "5 errors."]);
    // Whoever runs it all the same is told the same.
    let fleet = world.fleet();
    let line = format!("run --config b.conf --fleet {}", fleet.display());
    let failed = with(&world, &variables, &line).fails(1, &["b.conf:2:3", "b.conf:3:16"]);
    assert!(failed.stderr.contains("BLACKSMITH_RECONCILER_BATCH_SIZE: batch_size: `many`"), "{failed:?}");
}

#[test]
fn a_check_looks_at_what_settings_name() {
    let world = World::new();
    let fleet = world.fleet();
    for (keys, words) in [
        ("strategies: [no-such]".to_owned(), "no-such"),
        ("scripts: {paths: [/no/such]}".to_owned(), "/no/such"),
        ("backup: {path: credentials}".to_owned(), "backup.path"),
        ("vault: {token_file: /no/such}".to_owned(), "vault.token_file: cannot read /no/such"),
        (
            format!("fleet: {}, catalog: {{path: /a, url: 'http://b'}}", fleet.display()),
            "name one of the two",
        ),
        ("fleet: /no/such/fleet".to_owned(), "/no/such/fleet"),
        ("http: {listen: '0.0.0.0:9180'}".to_owned(), "http.token_file"),
        ("http: {tls_cert: a.pem}".to_owned(), "only one is given"),
        ("interval: soon, strategies: [no-such]".to_owned(), "no-such"),
        ("http: {token: 'MARKER '}".to_owned(), "http.token: a space at an end"),
        (
            "director: {environment: 127.0.0.1}".to_owned(),
            "a Director is named, and no store for its records",
        ),
    ] {
        file(&world, &format!("reconciler: {{{keys}}}"));
        let answer = with(&world, &[], "config check --config b.conf").ends(1);
        let answer = answer.says(&["error: ", words]);
        assert!(!answer.stdout.contains("MARKER"), "{answer:?}");
    }
    // One server that is wrong hides no other, and each is called by its key.
    file(
        &world,
        "reconciler:\n  director: {environment: 'gopher://d'}\n  catalog: {url: 'gopher://c', username: u, password: p}\n  \
         vault: {address: 'gopher://v', token: t}\n  http: {listen: nowhere, tls_cert: a.pem}\n",
    );
    let answer = with(&world, &[], "config check --config b.conf").ends(1);
    answer.says(&[
        "5 errors.",
        "director.environment: ",
        "catalog.url: ",
        "vault.address: ",
        "`nowhere`",
        "only one is given",
    ]);

    file(&world, "reconciler: {}\n");
    with(&world, &[], "config check --config b.conf").ends(0).says(&["The configuration is right."]);
    with(&world, &[], "config check").ends(0);
    with(&world, &[], "config check --config no-such.conf").ends(1).says(&["no-such.conf: cannot be read"]);
}

#[test]
fn a_file_to_begin_with_is_right_and_overwrites_nothing() {
    let world = World::empty();
    let printed = with(&world, &[], "config init").ends(0);
    with(&world, &[], "config init --out b.conf").ends(0).says(&["b.conf is written"]);
    assert_eq!(fs::read_to_string(world.path("work/b.conf")).unwrap(), printed.stdout);
    with(&world, &[], "config check --config b.conf").ends(0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(world.path("work/b.conf")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    with(&world, &[], "config init --out b.conf").fails(1, &["failed to write b.conf", "not taken"]);
}

#[test]
fn a_key_is_explained_by_any_of_its_names() {
    let world = World::empty();
    for name in ["backup.retention", "backup.retention_count", "BLACKSMITH_RECONCILER_BACKUP_RETENTION"] {
        let answer = with(&world, &[], &format!("config explain {name} --json")).ends(0);
        assert_eq!(answer.document()["data"]["key"], "backup.retention");
    }
    let answer = with(&world, &["BLACKSMITH_RECONCILER_INTERVAL=5m"], "config explain interval").ends(0);
    answer.says(&["default   1h", "now       5m (BLACKSMITH_RECONCILER_INTERVAL)"]);
    with(&world, &[], "config explain vault.token")
        .ends(0)
        .says(&["vault.token_file names a file", "VAULT_TOKEN"]);
    with(&world, &[], "config explain intervall").fails(1, &["did you mean `interval`?"]);
    let all = with(&world, &[], "config explain --json").ends(0).document();
    assert!(all["data"].as_array().unwrap().len() > 60);
}

#[test]
fn a_run_that_is_disabled_says_why_and_does_nothing() {
    let world = World::new();
    file(&world, "reconciler:\n  enabled: false\n");
    let line = format!("run --config b.conf --fleet {}", world.fleet().display());
    let answer = with(&world, &[], &line).ends(0);
    answer.says(&["Nothing was done: `enabled` is false (b.conf:2:12)."]);
    assert!(!world.store_file().exists());
    // A variable wins over the file, and looking is not doing.
    with(&world, &[], &format!("{line} --dry-run")).ends(0).says(&["this was a dry run"]);
    with(&world, &["BLACKSMITH_RECONCILER_ENABLED=true"], &line).ends(0).says(&["instances"]);
}

#[cfg(unix)]
#[test]
fn a_file_with_a_secret_that_others_may_read_is_warned_about() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = World::empty();
    let secret = world.path("work/token");
    fs::write(&secret, "hunter2\n").unwrap();
    file(&world, "reconciler: {vault: {token_file: token}}\n");
    for (mode, warned) in [(0o644, true), (0o640, true), (0o600, false), (0o400, false)] {
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).unwrap();
        let answer = with(&world, &[], "config show --config b.conf").ends(0);
        assert_eq!(answer.stderr.contains("vault.token_file: others than its owner"), warned, "{mode:o}");
        assert!(!answer.stdout.contains("hunter2"));
    }
}

#[test]
fn the_manual_has_every_key_with_its_default() {
    let manual = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
    let manual = fs::read_to_string(manual).unwrap();
    let keys = with(&World::empty(), &[], "config explain --json").ends(0).document();
    let keys = keys["data"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows: Vec<String> = keys
        .iter()
        .map(|key| {
            let default = key["default"].as_str().map(|default| format!("`{default}`"));
            let default = default.unwrap_or_default();
            format!("| `{}` | {default} | {} |", text(&key["key"]), text(&key["doc"]))
        })
        .collect();
    // What is printed takes the place of the table in the manual.
    assert!(manual.ends_with(&format!("{}\n", rows.join("\n"))), "the table is\n{}", rows.join("\n"));
}
