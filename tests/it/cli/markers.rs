//! Secrets of manifests and records are never printed: not in an answer, not
//! in an error, not step by step.

use std::fs;

use reconciler_core::model::JsonObject;

use super::program::{Answer, World};

/// Stands in every place that may hold a secret, and nowhere else.
const MARKER: &str = "zq7-marker";

const INSTANCE: &str = "7cd5767f-4790-4fe2-ba2d-288743bd4d3f";
const DEPLOYMENT: &str = "redis-small-7cd5767f-4790-4fe2-ba2d-288743bd4d3f";

const LINES: [&str; 12] = [
    "scan",
    "plan",
    "plan --detailed-exitcode",
    "run --dry-run",
    "explain redis-small-7cd5767f-4790-4fe2-ba2d-288743bd4d3f",
    "explain booking-search-cache",
    "explain no-such-deployment",
    "decisions eval",
    "strategies list",
    "strategies show manifest-metadata",
    "run",
    "run",
];

/// Secrets at the end of every manifest: values of all styles, keys that hold
/// one, and texts that a parser might quote.
fn plant(world: &World) {
    for entry in fs::read_dir(world.file("director/manifests")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let planted = format!(
            "{text}\nx-secrets:\n  password: {MARKER}-1\n  quoted: \"{MARKER}-2\"\n  \
             block: |\n    {MARKER}-3\n  list: [{MARKER}-4, {{token: {MARKER}-5}}]\n  url: https://user:{MARKER}-6@example.com/r.tgz\n  \
             anchored: &a {MARKER}-7\n  again: *a\n  twice: {MARKER}-8\n  twice: {MARKER}-9\n"
        );
        fs::write(path, planted).unwrap();
    }
    world.edit(
        &world.manifest(DEPLOYMENT),
        "  password: demo-password-gull-4411\n  vault",
        &format!("  password: {MARKER}-10\n  vault"),
    );
    world.edit(
        &world.manifest(DEPLOYMENT),
        "password: demo-password-gull-4411",
        &format!("password: {MARKER}-11"),
    );
    world.edit(
        &world.manifest(DEPLOYMENT),
        "- name: redis-forge\n",
        &format!("- name: redis-forge\n  url: https://u:{MARKER}-12@example.com/\n  sha1: {MARKER}-13\n"),
    );
    world.edit(
        &world.manifest("booking-search-cache"),
        "instance_id:",
        &format!("secret: {MARKER}-14\n    instance_id:"),
    );
    // In entries that are written and in one that is not.
    let index = world.file("index.json");
    world.edit(
        &index,
        "\"cost_centre\": \"4120\"",
        &format!("\"parameters\": {{\"token\": \"{MARKER}-15\"}}"),
    );
    world.edit(&index, "\"replicas\": 2", &format!("\"password\": \"{MARKER}-16\""));
    world.edit(
        &index,
        "\"80af89e2-e686-41b3-8070-6050bc24b88b\": null",
        &format!("\"80af89e2-e686-41b3-8070-6050bc24b88b\": \"{MARKER}-17\""),
    );
}

/// Runs a line with everything that makes the program talk.
fn loudly(world: &World, line: &str) -> Answer {
    let mut command = world.command(world.words(line));
    command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
    Answer::of(&mut command)
}

#[track_caller]
fn assert_silent(answer: &Answer, line: &str) {
    for (stream, text) in [("output", &answer.stdout), ("error", &answer.stderr)] {
        let told: Vec<&str> = text.lines().filter(|line| line.contains(MARKER)).collect();
        assert!(told.is_empty(), "{line}: on standard {stream}:\n{}", told.join("\n"));
    }
}

fn assert_all_silent(world: &World) {
    for line in LINES {
        for format in ["", "--json", "--format yaml"] {
            let line = format!("{line} {format} --debug");
            assert_silent(&loudly(world, &line), &line);
        }
    }
}

#[test]
fn no_command_prints_a_secret_of_a_manifest_or_of_the_index() {
    let world = World::new();
    plant(&world);
    assert_all_silent(&world);
    // It was worth looking: the secrets did get where they belong.
    let stored = fs::read(world.store_file()).unwrap();
    let found = |marker: &str| stored.windows(marker.len()).any(|window| window == marker.as_bytes());
    assert!(found(&format!("{MARKER}-10")) && found(&format!("{MARKER}-15")));
}

#[tokio::test]
async fn no_command_prints_a_secret_of_a_record_that_changes() {
    let world = World::new();
    world.run("run").ends(0);
    plant(&world);
    let secret = |object: &mut JsonObject| {
        object.set_value("parameters", &serde_json::json!({"token": format!("{MARKER}-20")}));
        object.set_value("history", &serde_json::json!([{"note": format!("{MARKER}-21")}]));
        object.set_value("service_name", &format!("{MARKER}-22").len());
        object.remove("deployment_name");
    };
    for path in [INSTANCE.to_owned(), format!("{INSTANCE}/manifest"), format!("{INSTANCE}/metadata")] {
        world.change(&path, secret).await;
    }
    world.run("plan --detailed-exitcode").ends(11);
    assert_all_silent(&world);
    assert_eq!(
        world.fields(INSTANCE).await.raw("parameters").unwrap().get(),
        format!(r#"{{"token":"{MARKER}-20"}}"#)
    );
}

/// A file that cannot be used, around a secret.
type Damage = (&'static str, fn(&World));

#[test]
fn no_error_quotes_a_secret() {
    let damages: [Damage; 7] = [
        ("a manifest that breaks off", |world| {
            fs::write(world.manifest(DEPLOYMENT), format!("a: \"{MARKER}\nb: {{c: {MARKER}")).unwrap();
        }),
        ("a manifest that is a value", |world| fs::write(world.manifest(DEPLOYMENT), MARKER).unwrap()),
        ("a bad alias", |world| {
            fs::write(world.manifest(DEPLOYMENT), format!("a: {MARKER}\nb: !!int {MARKER}\nc: *{MARKER}x\n"))
                .unwrap();
        }),
        ("an index that breaks off", |world| {
            fs::write(
                world.file("index.json"),
                format!("{{\"a\": {{\"token\": \"{MARKER}\"}}, \"b\": \"{MARKER}"),
            )
            .unwrap();
        }),
        ("an index that is a text", |world| {
            fs::write(world.file("index.json"), format!("\"{MARKER}, expected {MARKER}\"")).unwrap();
        }),
        ("a list of other types", |world| {
            let text = format!("[{{\"name\": \"a\", \"locked\": \"{MARKER}\"}}]");
            fs::write(world.file("director/deployments.json"), text).unwrap();
        }),
        ("a catalog of other types", |world| {
            let text = format!("{{\"services\": \"{MARKER}\"}}");
            fs::write(world.path("work/catalog.json"), text).unwrap();
        }),
    ];
    for (what, damage) in damages {
        let world = World::new();
        damage(&world);
        for line in
            ["scan", "run", "plan --json", &format!("explain {DEPLOYMENT}"), "scan --catalog catalog.json"]
        {
            assert_silent(&loudly(&world, &format!("{line} --debug")), &format!("{what}: {line}"));
        }
    }
}
