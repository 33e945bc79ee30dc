//! Texts that scripts make, on a terminal: no control character, no forged
//! line, no page of one line.

use std::fs;

use super::program::{Answer, World};

/// A world with one script of this summary and body.
fn world(summary: &str, body: &str) -> World {
    let world = World::new();
    let text = format!(
        "//! Says \u{1b}[1mloud\u{1b}[0m things.\n\
         fn strategy() {{ #{{ id: \"odd\", version: 1, summary: {summary} }} }}\n\
         fn assess(deployment, catalog) {{\n{body}\n}}\n"
    );
    fs::create_dir(world.path("work/mine")).unwrap();
    fs::write(world.path("work/mine/odd.rhai"), text).unwrap();
    world
}

#[test]
fn no_text_of_a_script_moves_the_cursor_or_forges_a_line() {
    let plan = "let plan = catalog.plans[0];\n";
    for body in [
        "deployment.tag(\"q\\x1b[2J\\nforged\"); abstain(\"\")",
        "catalog.plan(\"q\\x1b[2J\\nforged\"); abstain(\"\")",
        "print(\"q\\x1b[2J\\nforged\"); abstain(\"\")",
        "abstain(\"q\\x1b[2J\\nforged\u{202e}\")",
        "throw \"q\\x1b[2J\\nforged\"",
        "deployment.manifest.text(\"[q\\x1b[2J\\nforged\")",
        "matches(\"x\", \"(q\\x1b[2J\\nforged\")",
        &format!("{plan}propose(\"x\", plan, 0.5).because(\"q\\x1b[2J\\nforged\", \"\")"),
        &format!("{plan}propose(\"x\", plan, 0.5).because(\"a.b\", \"q\\x1b[2J\\nforged\")"),
        &format!("{plan}propose(\"q\\x1b[2J\\nforged\", plan, 0.5)"),
        "throw \"\"; // q\u{1b}[2J\u{9b}\u{202e}",
    ] {
        let world = world("\"x\"", body);
        for command in [
            "explain booking-search-cache --scripts mine",
            "scripts run odd booking-search-cache --trace --scripts mine --fleet ../fleet",
        ] {
            harmless(&world.run(command), body);
        }
    }
    let world = world("\"x\"", "if 1 == 2 { return abstain(\"\u{1b}[2J\"); }\nthrow \"q\\x1b[2J\\nforged\"");
    harmless(&world.run("scan --scripts mine").ends(3), "scan");
    harmless(&world.run("strategies show script:odd --scripts mine").ends(0), "show");
    harmless(&world.run("scripts test mine --coverage").ends(0), "coverage");
}

/// Requires that an answer can be shown.
#[track_caller]
fn harmless(answer: &Answer, of: &str) {
    for text in [&answer.stdout, &answer.stderr] {
        let raw = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!text.contains(raw), "{of}: {text:?}");
        assert!(!text.lines().any(|line| line.starts_with("forged")), "{of}: {text}");
    }
}

#[test]
fn a_header_with_control_characters_is_refused() {
    for summary in ["\"x\\x1b[2J\"", "\"x\\ny\"", "\"x\\ty\"", "\"x\\u202e\""] {
        let world = world(summary, "abstain(\"\")");
        world.run("scripts check mine").ends(1).says(&["`summary` is missing or not a line of text"]);
    }
}

#[test]
fn of_a_long_line_only_what_is_near_the_place_is_shown() {
    let world = world("\"x\"", &format!("let a = \"{}\"; abstian(\"\");", "x".repeat(3_000)));
    let answer = world.run("scripts check mine").ends(1).says(&["abstian(\"\");", "^^^^^^^"]);
    assert!(answer.stdout.lines().all(|line| line.chars().count() < 200), "{}", answer.stdout);
}
