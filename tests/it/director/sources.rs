//! Where a Director, its credentials and a catalog may come from, and what the
//! doctor says about them.

use reconciler_tests::certificates::CertificateKind;
use reconciler_tests::director::{FakeDirectorSettings, Fault};
use reconciler_tests::fleets;

use super::*;

#[test]
fn flags_win_over_our_variables_over_the_file_over_those_of_the_bosh_cli() {
    let scene = Scene::new(2);
    let address = scene.director.address();
    let nowhere = "http://127.0.0.1:9";
    let file = scene.file("blacksmith.yml");
    let write = |environment: &str| {
        std::fs::write(&file, format!("reconciler: {{director: {{environment: '{environment}'}}}}\n"))
            .unwrap();
    };
    let config = file.to_string_lossy().into_owned();
    let own = "BLACKSMITH_RECONCILER_DIRECTOR_ENVIRONMENT";

    write(address);
    let by_file: Ended = scene
        .command(&["scan", "--config", &config])
        .env("BOSH_ENVIRONMENT", nowhere)
        .output()
        .unwrap()
        .into();
    assert_eq!(by_file.code, Some(0), "{by_file:?}");
    write(nowhere);
    let by_variable: Ended =
        scene.command(&["scan", "--config", &config]).env(own, address).output().unwrap().into();
    assert_eq!(by_variable.code, Some(0), "{by_variable:?}");
    let by_flag: Ended = scene
        .command(&["scan", "--config", &config, "--environment", address])
        .env(own, nowhere)
        .output()
        .unwrap()
        .into();
    assert_eq!(by_flag.code, Some(0), "{by_flag:?}");
}

#[test]
fn credentials_come_from_flags_files_and_the_configuration() {
    let scene = Scene::new(1);
    let secret = scene.file("secret");
    std::fs::write(&secret, format!("{CLIENT_SECRET}\n")).unwrap();
    let secret = secret.to_string_lossy().into_owned();
    let by_flags: Ended = scene
        .command(&["scan", "--client", "reader", "--client-secret-file", &secret])
        .env_remove("BOSH_CLIENT")
        .env_remove("BOSH_CLIENT_SECRET")
        .output()
        .unwrap()
        .into();
    assert_eq!(by_flags.code, Some(0), "{by_flags:?}");

    let file = scene.file("blacksmith.yml");
    let catalog =
        format!("url: '{}', username: blacksmith, password: {BROKER_PASSWORD}", scene.broker.address());
    let text = format!(
        "reconciler:\n  director: {{client: reader, client_secret: {CLIENT_SECRET}}}\n  catalog: {{{catalog}}}\n"
    );
    std::fs::write(&file, text).unwrap();
    let mut command = scene.command(&["scan", "--config", &file.to_string_lossy()]);
    for name in
        ["BOSH_CLIENT", "BOSH_CLIENT_SECRET", "BLACKSMITH_URL", "BLACKSMITH_USERNAME", "BLACKSMITH_PASSWORD"]
    {
        command.env_remove(name);
    }
    let by_file: Ended = command.output().unwrap().into();
    assert_eq!(by_file.code, Some(0), "{by_file:?}");
}

#[test]
fn a_fleet_and_a_director_together_are_refused_and_the_shell_is_not_meant() {
    let scene = Scene::new(1);
    let fleet = fleets::demo().to_string_lossy().into_owned();
    let both = scene.run(&["scan", "--fleet", &fleet, "-e", "bosh"]);
    assert_eq!(both.code, Some(1), "{both:?}");
    assert!(both.stderr.contains("--fleet") && both.stderr.contains("--environment"), "{both:?}");
    let alone = scene.run(&["scan", "--fleet", &fleet]);
    assert_eq!((alone.code, scene.director.counters().director()), (Some(0), 0), "{alone:?}");
}

#[test]
fn a_director_without_a_named_store_or_catalog_is_an_error_that_says_how_to_name_one() {
    let scene = Scene::new(1);
    for (variable, says) in [
        ("BLACKSMITH_RECONCILER_STORE_PATH", "--store"),
        ("BLACKSMITH_URL", "--catalog-url"),
        ("BLACKSMITH_PASSWORD", "catalog.password"),
        ("BOSH_ENVIRONMENT", "--environment"),
    ] {
        let ended: Ended = scene.command(&["run"]).env_remove(variable).output().unwrap().into();
        assert_eq!(ended.code, Some(1), "{variable}: {ended:?}");
        assert!(ended.stderr.contains(says), "{variable}: {ended:?}");
    }
    assert_eq!(scene.director.counters().director(), 0);
}

#[test]
fn a_certificate_is_checked_unless_somebody_says_otherwise_and_then_every_run_warns() {
    let settings =
        FakeDirectorSettings { tls: Some(CertificateKind::Good), ..FakeDirectorSettings::default() };
    let mut scene = Scene::new(0);
    scene.director = FakeDirector::start_with(director(2), settings);
    let unknown = scene.run(&["scan"]);
    assert_eq!(unknown.code, Some(1), "{unknown:?}");
    assert!(unknown.stderr.contains("BOSH_CA_CERT"), "{unknown:?}");

    let ca = scene.file("ca.pem");
    std::fs::write(&ca, scene.director.ca_pem().unwrap()).unwrap();
    let known = scene.run(&["scan", "--ca-cert", &ca.to_string_lossy()]);
    assert_eq!(known.code, Some(0), "{known:?}");
    assert!(!known.stderr.contains("warning"), "{known:?}");

    for command in ["scan", "plan", "run"] {
        let insecure: Ended = scene
            .command(&[command])
            .env("BLACKSMITH_RECONCILER_DIRECTOR_SKIP_SSL_VALIDATION", "true")
            .output()
            .unwrap()
            .into();
        assert_eq!(insecure.code, Some(0), "{insecure:?}");
        assert!(insecure.stderr.contains("warning: ") && insecure.stderr.contains("skip_ssl_validation"));
    }
}

fn checks(ended: &Ended) -> Vec<(String, String)> {
    let document = ended.json();
    let sections = document["data"]["sections"].as_array().unwrap().clone();
    let rows = sections.iter().flat_map(|section| section["checks"].as_array().unwrap().clone());
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.map(|row| (text(&row, "subject"), text(&row, "result"))).collect()
}

fn result<'c>(checks: &'c [(String, String)], subject: &str) -> &'c str {
    checks.iter().find(|(name, _)| name == subject).map_or("", |(_, result)| result)
}

#[test]
fn the_doctor_says_who_the_director_is_and_what_is_missing() {
    let settings =
        FakeDirectorSettings { tls: Some(CertificateKind::Good), ..FakeDirectorSettings::default() };
    let mut scene = Scene::new(0);
    scene.director = FakeDirector::start_with(director(2), settings);
    let ca = scene.director.ca_pem().unwrap().to_owned();
    let doctor = |scene: &Scene| -> Ended {
        scene.command(&["doctor", "--json"]).env("BOSH_CA_CERT", &ca).output().unwrap().into()
    };

    let well = doctor(&scene);
    assert_eq!(well.code, Some(0), "{well:?}");
    let found = checks(&well);
    for subject in
        ["version", "uuid", "authentication", "login", "scopes", "reach", "clock", "certificate", "catalog"]
    {
        assert_eq!(result(&found, subject), "ok", "{subject}: {well:?}");
    }

    for (scopes, expected, code) in [
        (&["bosh.admin"][..], "warn", 0),
        (&["bosh.teams.a.admin"], "warn", 0),
        (&["bosh.teams.a.read"], "fail", 2),
        (&[], "fail", 2),
    ] {
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        scene.director.change(|state| state.set_scopes(&scopes));
        let ended = doctor(&scene);
        assert_eq!(
            (result(&checks(&ended), "reach"), ended.code),
            (expected, Some(code)),
            "{scopes:?}: {ended:?}"
        );
        assert!(ended.stdout.contains("bosh.read"), "{scopes:?}");
    }

    let wrong: Ended = scene
        .command(&["doctor"])
        .env("BOSH_CA_CERT", &ca)
        .env("BOSH_CLIENT_SECRET", "wrong")
        .output()
        .unwrap()
        .into();
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(wrong.stdout.contains("fail  login") && wrong.stdout.contains("BOSH_CLIENT_SECRET"), "{wrong:?}");
}

#[test]
fn the_doctor_looks_at_the_store_and_the_state_and_makes_neither() {
    let scene = Scene::new(2);
    let early = scene.run(&["doctor"]);
    assert_eq!(early.code, Some(0), "{early:?}");
    assert_eq!(early.stdout.matches("none yet at ").count(), 2, "{early:?}");
    assert!(!scene.file("store.db").exists() && !scene.file("state.db").exists());

    assert_eq!(scene.run(&["run"]).code, Some(0));
    let later = scene.run(&["doctor"]);
    assert_eq!(later.code, Some(0), "{later:?}");
    assert!(later.stdout.contains("store.db, 2 entries in the index"), "{later:?}");

    let other = "99999999-9755-4b4f-aa6d-3632fbed8012".to_owned();
    scene.director.inject(Fault::AnotherUuid(other).on("/info").times(1));
    let other = scene.run(&["doctor"]);
    assert_eq!(other.code, Some(1), "{other:?}");
    assert!(other.stdout.contains("fail  store") && other.stdout.contains("fail  state"), "{other:?}");

    std::fs::write(scene.file("store.db"), "no database, and long enough to be looked at").unwrap();
    let broken = scene.run(&["doctor"]);
    assert_eq!(broken.code, Some(1), "{broken:?}");
    assert!(broken.stdout.contains("fail  store"), "{broken:?}");
}
