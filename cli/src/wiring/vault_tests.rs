//! Which source says what about Vault, and what is wrong with a mixture.

use reconciler_core::config::{SourceFile, Sources};

use super::*;

fn settings(file: &str, ours: &[(&str, &str)]) -> Settings {
    let file = (!file.is_empty()).then(|| SourceFile::of("a.conf", format!("reconciler: {{{file}}}")));
    let environment = ours
        .iter()
        .map(|(name, value)| (format!("BLACKSMITH_RECONCILER_VAULT_{name}").into(), (*value).into()))
        .collect();
    Settings::load(Sources { file, environment, flags: Vec::new() }).unwrap()
}

fn with(
    file: &str,
    ours: &[(&str, &str)],
    theirs: &[(&str, &str)],
) -> Result<(VaultSettings, Vec<String>), Failure> {
    read(&settings(file, ours), |name| {
        theirs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    })
}

fn who(vault: &VaultSettings) -> String {
    match &vault.token {
        TokenSource::Absent => "nobody".to_owned(),
        TokenSource::Given { token, origin } => format!("{} from {origin}", token.expose()),
        TokenSource::AppRole(role) => format!("{} at {}", role.role_id.expose(), role.mount),
    }
}

#[test]
fn our_keys_win_over_the_variables_of_the_vault_cli() {
    let theirs = [
        ("VAULT_ADDR", "https://theirs:1"),
        ("VAULT_TOKEN", "theirs"),
        ("VAULT_NAMESPACE", "theirs"),
        ("VAULT_MAX_RETRIES", "9"),
        ("VAULT_SKIP_VERIFY", "true"),
    ];
    let (vault, warnings) = with("", &[], &theirs).unwrap();
    assert_eq!(vault.address.as_str(), "https://theirs:1/");
    assert_eq!(who(&vault), "theirs from VAULT_TOKEN");
    assert_eq!((vault.namespace.as_deref(), vault.retry.tries), (Some("theirs"), 10));
    assert!(vault.client.insecure && warnings.len() == 1);

    let file = "vault: {address: 'https://file:1', token: file, insecure: no, tries: 2, timeout: 5s}";
    let (vault, warnings) =
        with(file, &[("ADDRESS", "https://ours:1"), ("NAMESPACE", "/ours/")], &theirs).unwrap();
    assert_eq!(vault.address.as_str(), "https://ours:1/");
    assert_eq!(who(&vault), "file from vault.token (a.conf:1:56)");
    assert_eq!((vault.namespace.as_deref(), vault.retry.tries), (Some("ours"), 2));
    assert_eq!(vault.client.timeouts.connect, Duration::from_secs(5));
    assert!(!vault.client.insecure && warnings.is_empty());
}

#[test]
fn a_variable_that_has_no_effect_cannot_be_wrong() {
    let theirs = [("VAULT_CLIENT_TIMEOUT", "soon"), ("VAULT_CLIENT_CERT", "/only.pem")];
    let file = "vault: {timeout: 5s, client_cert: /a, client_key: /b}";
    assert!(with(file, &[], &theirs).is_ok());
    assert!(with("", &[], &theirs).is_err());
}

#[test]
fn of_several_ways_to_say_who_we_are_the_strongest_source_counts() {
    let role = "vault: {role_id: role, secret_id: s, approle_mount: auth/ours/}";
    assert_eq!(who(&with(role, &[], &[("VAULT_TOKEN", "t")]).unwrap().0), "role at ours");
    let (vault, _) = with(role, &[("TOKEN", " t\n")], &[]).unwrap();
    assert_eq!(who(&vault), "t from vault.token (BLACKSMITH_RECONCILER_VAULT_TOKEN)");
    // The secret of a role usually comes from elsewhere.
    let (vault, _) = with("vault: {role_id: role, token: t}", &[("SECRET_ID", "s")], &[]).unwrap();
    assert_eq!(who(&vault), "role at approle");
    for (file, words) in [
        ("vault: {token: t, role_id: r, secret_id: s}", "vault.token and vault.role_id are given"),
        ("vault: {role_id: role}", "vault.secret_id is missing"),
        ("vault: {secret_id: s}", "vault.role_id is missing"),
        ("vault: {token_file: /no/such/file}", "cannot read /no/such/file"),
        ("vault: {client_key: /k}", "needed together"),
    ] {
        let failure = with(file, &[], &[]).err().unwrap();
        let message = failure.chain().next().unwrap().to_string();
        assert!(message.contains(words), "{message}");
        assert!(failure.advice().is_some(), "{message}");
    }
}

#[test]
fn a_token_may_stand_in_a_file_also_in_blacksmiths_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("creds");
    let file = format!("vault: {{token_file: '{}'}}", path.display());
    for (text, outcome) in [
        ("t\n", Ok("t")),
        (r#"{"seal_key": "s", "root_token": "r"}"#, Ok("r")),
        (r#"{"seal_key": "s"}"#, Err("without a `root_token`")),
        ("{", Err("without a `root_token`")),
        (" \n", Err("is empty")),
    ] {
        std::fs::write(&path, text).unwrap();
        match (with(&file, &[], &[]), outcome) {
            (Ok((vault, _)), Ok(token)) => {
                assert_eq!(who(&vault), format!("{token} from {}", path.display()));
            }
            (Err(failure), Err(words)) => {
                let message = failure.chain().next().unwrap().to_string();
                assert!(message.contains(words), "{message}");
            }
            (found, _) => panic!("{text}: {:?}", found.err()),
        }
    }
    // A role's secret, too.
    std::fs::write(&path, "s\n").unwrap();
    let file = format!("vault: {{role_id: r, secret_id_file: '{}'}}", path.display());
    assert_eq!(who(&with(&file, &[], &[]).unwrap().0), "r at approle");
}

#[test]
fn insecure_is_warned_about_with_where_it_stands() {
    let (vault, warnings) = with("vault: {insecure: yes}", &[], &[]).unwrap();
    assert!(vault.client.insecure);
    assert!(warnings[0].starts_with("vault.insecure is set (a.conf:1:"), "{warnings:?}");
}

#[test]
fn only_what_somebody_wrote_makes_vault_configured() {
    assert!(!is_configured(&settings("", &[])));
    assert!(!is_configured(&settings("fleet: a", &[])));
    assert!(is_configured(&settings("vault: {mount: kv}", &[])));
    assert!(is_configured(&settings("", &[("ADDRESS", "http://a")])));
}

#[test]
fn limits_and_places_have_blacksmiths_defaults() {
    let (vault, _) = with("", &[], &[]).unwrap();
    assert_eq!((vault.mount.as_deref(), vault.prefix.as_str()), (Some("secret"), ""));
    assert_eq!(vault.entry_limits, EntryLimits { bytes: 1 << 20, strings: None });
    assert_eq!(vault.limits, LimitSettings::new(8, Some(100)));
    let file =
        "vault: {mount: kv, prefix: /east/, max_strings: 1000, max_entry_bytes: 524288, max_in_flight: 2}";
    let (vault, _) = with(file, &[], &[]).unwrap();
    assert_eq!((vault.mount.as_deref(), vault.prefix.as_str()), (Some("kv"), "east"));
    assert_eq!(vault.entry_limits, EntryLimits { bytes: 512 << 10, strings: Some(1000) });
    assert_eq!(vault.limits, LimitSettings::new(2, Some(100)));
}
