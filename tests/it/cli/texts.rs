//! Texts for people, as snapshots: what changes here changes for everybody.

use super::program::World;

/// Compares with a snapshot, with the world's paths and all times taken out.
fn assert_text(name: &str, world: &World, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/cli");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(&regex_of(&world.path("").display().to_string()), "[world]/");
    settings.add_filter(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[time]");
    settings.add_filter(r"\b1[5-9]\d{8}\b", "[seconds]");
    // Why an entry waits depends on the day on which the test is run.
    settings.add_filter("not missing yet: .*", "not missing yet: [why]");
    // Shown if a second has passed since.
    settings.add_filter(r"    ~ (updated|reconciled)_at: .*\n", "");
    settings.add_filter(r"sha256 [0-9a-f]{8}", "sha256 [digest]");
    settings.add_filter(r"chain [0-9a-f]{16}", "chain [chain]");
    settings.add_filter("\"[0-9a-f]{16}\"", "\"[chain]\"");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// A text as a pattern that fits it alone.
fn regex_of(text: &str) -> String {
    text.chars().map(|c| if c.is_alphanumeric() { c.to_string() } else { format!("\\{c}") }).collect()
}

/// Compares both streams and the exit code.
fn assert_session(name: &str, world: &World, line: &str) {
    let answer = world.run(line);
    let text = format!(
        "$ reconciler {line}\n{}--- beside it\n{}--- exit code {}\n",
        answer.stdout,
        answer.stderr,
        answer.code.unwrap()
    );
    assert_text(name, world, &text);
}

#[test]
fn help_of_every_command() {
    let world = World::empty();
    for command in [
        "",
        "run",
        "plan",
        "apply",
        "scan",
        "explain",
        "strategies",
        "strategies list",
        "strategies show",
        "decisions",
        "decisions eval",
        "decisions test",
        "decisions accept",
        "decisions diff",
        "capture",
        "replay",
        "backups",
        "backups list",
        "backups show",
        "backups diff",
        "backups verify",
        "backups restore",
        "backups release",
        "backups prune",
        "index",
        "index show",
        "index verify",
        "history",
        "orphans",
        "orphans list",
        "config",
        "config show",
        "config check",
        "config init",
        "config explain",
        "completion",
        "man",
        "version",
    ] {
        let name = format!(
            "help-{}",
            if command.is_empty() { "reconciler".to_owned() } else { command.replace(' ', "-") }
        );
        let answer = world.run(&format!("{command} --help")).ends(0);
        assert_text(&name, &world, &answer.stdout);
        let widest = answer.stdout.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 100, "{name} has a line of {widest} characters");
    }
}

#[test]
fn short_help_of_the_main_job() {
    let world = World::empty();
    assert_text("short-help-run", &world, &world.run("run -h").ends(0).stdout);
}

#[test]
fn strategies() {
    let world = World::empty();
    assert_session("strategies-list", &world, "strategies list");
    for id in ["manifest-metadata", "stored-record", "uuid-pattern", "release-based", "name-heuristics"] {
        assert_session(&format!("strategies-show-{id}"), &world, &format!("strategies show {id}"));
    }
    assert_session("version", &world, "version");
}

#[test]
fn decisions_on_the_demo_fleet() {
    let world = World::new();
    assert_session("decisions-eval", &world, "decisions eval --min-precision 0.99");
    assert_session(
        "decisions-eval-by-names",
        &world,
        "decisions eval --strategies name-heuristics --min-recall 0.5",
    );
    assert_session("scan", &world, "scan");
    assert_session("scan-filtered", &world, "scan --service rabbitmq");
    assert_session("scan-nothing", &world, "scan --service rabitmq");
}

#[test]
fn explanations_of_every_outcome() {
    let world = World::new();
    for (name, deployment) in [
        ("matched", "booking-search-cache"),
        ("by-record", "redis-small-steady-nansen"),
        ("second-claim", "freight-queue-blue"),
        ("contradicted", "pg-standalone-77c05fb0-5471-4a4f-92da-819384ed212c"),
        ("below-threshold", "redis-dedicated-ea614e7d-0d2d-4abc-81dd-2d5b9472ef03"),
        ("unmatched", "concourse"),
        ("unknown", "no-such-deployment"),
    ] {
        assert_session(&format!("explain-{name}"), &world, &format!("explain {deployment}"));
    }
    std::fs::write(world.manifest("booking-search-cache"), "a: [").unwrap();
    assert_session("explain-degraded", &world, "explain booking-search-cache");
}

#[test]
fn a_story_of_runs() {
    let world = World::new();
    assert_session("run-1-plan", &world, "plan --service mariadb");
    assert_session("run-2-first", &world, "run");
    assert_session("run-3-nothing", &world, "run");
    let manifest = world.manifest("mariadb-standalone-1fa7c242-c555-4b91-bf13-61c977870370");
    std::fs::write(&manifest, std::fs::read_to_string(&manifest).unwrap() + "\nx-new: 1\n").unwrap();
    std::fs::write(world.manifest("booking-search-cache"), "a: [").unwrap();
    assert_session("run-4-plan-of-a-change", &world, "plan");
    assert_session("run-5-change", &world, "run");
}
