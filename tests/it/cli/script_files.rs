//! What lies in folders of scripts and of cases and is none, or is odd: told,
//! and never taken for something that passed.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use super::program::{Answer, World};

/// A script of that id whose `assess` has this body, and more functions.
fn script(id: &str, body: &str, more: &str) -> String {
    format!(
        "fn strategy() {{ #{{ id: \"{id}\", version: 1, summary: \"x\" }} }}\n\
         fn assess(deployment, catalog) {{ {body} }}\n{more}"
    )
}

/// A world with one good script in the folder `scripts`.
fn world() -> World {
    let world = World::empty();
    fs::create_dir_all(world.path("work/scripts/cases/good")).unwrap();
    fs::write(world.path("work/scripts/good.rhai"), script("good", "abstain(\"why\")", "")).unwrap();
    world
}

#[test]
fn what_looks_like_a_script_and_is_none_is_an_error() {
    let world = world();
    let folder = world.path("work/scripts");
    symlink("/nowhere/at/all", folder.join("dangling.rhai")).unwrap();
    symlink("loop.rhai", folder.join("loop.rhai")).unwrap();
    fs::create_dir(folder.join("folder.rhai")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.join("pipe.rhai")).status().unwrap().success());
    let said = world.run("scripts check").ends(1).stdout;
    for (file, why) in [
        ("dangling.rhai", "No such file"),
        ("loop.rhai", "cannot be read"),
        ("folder.rhai", "it is a folder"),
        ("pipe.rhai", "it is no regular file"),
    ] {
        let lines: Vec<&str> = said.lines().collect();
        let at = lines.iter().position(|line| *line == format!(" --> scripts/{file}"));
        let before = at.map(|at| lines[at - 1]).unwrap_or_else(|| panic!("no {file} in {said}"));
        assert!(before.starts_with("error[script.unreadable]"), "{said}");
        assert!(said.contains(why), "no {why:?} in {said}");
    }
    world.run("scripts check scripts/pipe.rhai").ends(1).says(&["it is no regular file"]);
    world.run("scripts list").fails(1, &["it is no regular file"]);
}

#[test]
fn a_path_that_holds_no_script_is_an_error_and_another_ending_is_told() {
    let world = world();
    fs::create_dir(world.path("work/empty")).unwrap();
    world.run("scripts check empty").ends(1).says(&["error[script.none]", "empty", "scripts new ID"]);
    fs::write(world.path("work/conf.yml"), "reconciler: {scripts: {paths: [empty]}}\n").unwrap();
    let answer = world.run("scripts check --config conf.yml").ends(0);
    answer.says(&["warning[script.none]", "0 scripts in order, 1 warning"]);
    fs::write(world.path("work/empty/UPPER.RHAI"), "").unwrap();
    world.run("scripts check empty").ends(1).says(&["error[script.none]", "warning[script.ignored]"]);
    fs::write(world.path("work/scripts/UPPER.RHAI"), script("UPPER", "abstain(\"\")", "")).unwrap();
    let answer = world.run("scripts check").ends(0);
    answer.says(&["warning[script.ignored]", "UPPER.RHAI", "1 script in order, 1 warning"]);
}

#[test]
fn what_is_named_twice_is_read_once() {
    let world = world();
    symlink(world.path("work/scripts"), world.path("work/link")).unwrap();
    for paths in
        ["scripts scripts", "scripts ./scripts/good.rhai", "scripts/good.rhai scripts", "link scripts/"]
    {
        world.run(&format!("scripts check {paths}")).ends(0).says(&["1 script in order, 0 warnings"]);
    }
}

#[test]
fn a_mark_of_the_byte_order_is_no_part_of_the_text() {
    let world = world();
    let text = format!("\u{feff}{}", script("good", "abstain(\"why\")", ""));
    fs::write(world.path("work/scripts/good.rhai"), text).unwrap();
    let case = "\u{feff}deployment: {name: x}\ncatalog: {redis: [redis-small]}\nexpect: {abstain: why}\n";
    fs::write(world.path("work/scripts/cases/good/one.yml"), case).unwrap();
    world.run("scripts test").ends(0).says(&["1 passed, 0 failed"]);
}

/// What `scripts test` says of a case.
fn tested(world: &World, case: &str) -> Answer {
    fs::write(world.path("work/scripts/cases/good/one.yml"), case).unwrap();
    world.run("scripts test")
}

#[test]
fn a_case_holds_everything_it_says_or_is_refused() {
    let world = world();
    let propose = "propose(deployment.uuid, catalog.plan(\"redis-small\"), 0.8).because(\"a.code\", \"\")";
    fs::write(world.path("work/scripts/good.rhai"), script("good", propose, "")).unwrap();
    let id = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
    let good = |deployment: &str, catalog: &str, index: &str, expect: &str| {
        format!(
            "deployment: {{name: x-{id}{deployment}}}\ncatalog: {{redis: {catalog}}}\nindex: {index}\n\
             expect:\n  {expect}\n"
        )
    };
    let expected = format!("propose: {{instance: {id}, plan: redis-small");
    let whole = format!("{expected}, reason: a.code}}");
    let plans = "[redis-small]";
    tested(&world, &good(", teams: [shop]", plans, "{tesla: {service: redis, plan: gone}}", &whole)).ends(0);
    for (case, words) in [
        (good("", plans, "{}", &format!("{expected}, reason: [a.code]}}")), "`reason` is no text"),
        (good("", plans, "{}", &format!("{expected}, reason: ~}}")), "`reason` is no text"),
        (good(", teams: shop", plans, "{}", &whole), "`teams` is no list"),
        (good(", teams: [{a: b}]", plans, "{}", &whole), "`teams` is no text"),
        (good(", releases: {name: a, version: 1}", plans, "{}", &whole), "`releases` is no list"),
        (good(", stemcells: jammy", plans, "{}", &whole), "`stemcells` is no list"),
        (good(", manifest: \"a: [\"", plans, "{}", &whole), "the manifest cannot be read: 2:1:"),
        (good("", "redis-small", "{}", &whole), "`redis` is no list"),
        (good("", "[redis-small, [x]]", "{}", &whole), "`redis` is no text"),
        (good("", "[]", "{}", &whole), "the catalog holds no plan"),
        (good("", plans, "[aaaa]", &whole), "`index` is no mapping"),
        (good("", plans, "{../..: {service: redis, plan: a}}", &whole), "instance id"),
        (
            good("", plans, "{tesla: {service: rediss, plan: a}}", &whole),
            "the catalog has no service `rediss`",
        ),
        (good("", plans, "{}", "propose: []"), "`propose` names no identity"),
        (good("", plans, "{}", "abstain: ~"), "`abstain` is no text"),
        (good("", plans, "{}", "veto: {instance: a, plan: b, confidence: 0.8}"), "a veto has no confidence"),
    ] {
        let answer = tested(&world, &case).ends(20).says(&["one.yml:", words]);
        assert!(!answer.stdout.contains("services' folders"), "{answer:?}");
    }
}

#[test]
fn a_case_that_is_a_pipe_fails_and_holds_nobody_up() {
    let world = world();
    let pipe = world.path("work/scripts/cases/good/pipe.yml");
    assert!(Command::new("mkfifo").arg(pipe).status().unwrap().success());
    world.run("scripts test").ends(20).says(&["pipe.yml … FAILED", "it is no regular file"]);
}

#[test]
fn fixtures_refuse_what_would_be_seen_by_nobody() {
    let world = world();
    for (made, words) in [
        ("a_deployment(\"x\").with_manifest(\"a: [\")", "the manifest cannot be read: 2:1:"),
        ("a_deployment(\"x\").with_record(\"../..\", \"redis\", \"redis-small\")", "instance id"),
        ("a_catalog(#{})", "the catalog holds no plan"),
    ] {
        let test = format!("fn test_it() {{ let made = {made}; }}\n");
        let text = script("good", "abstain(\"why\")", &test);
        fs::write(world.path("work/scripts/good.rhai"), text).unwrap();
        world.run("scripts test").ends(20).says(&[words]);
    }
}

#[test]
fn tests_run_wherever_they_stand_and_none_is_left_out_in_silence() {
    let world = world();
    let more = "fn\ttest_tab() { assert(true, \"\"); }  fn test_same_line() { assert(true, \"\") }\n\
                /* a */ fn test_comment() { assert(true, \"\") }\n";
    fs::write(world.path("work/scripts/good.rhai"), script("good", "abstain(\"why\")", more)).unwrap();
    world.run("scripts test").ends(0).says(&["test_tab", "test_same_line", "test_comment", "3 passed"]);
    world.run("scripts check").ends(0).says(&["1 script in order, 0 warnings"]);
    let more = "fn test_it(what) { assert(what, \"\") }\n";
    fs::write(world.path("work/scripts/good.rhai"), script("good", "abstain(\"why\")", more)).unwrap();
    world.run("scripts check").ends(1).says(&["a test takes no parameters", "good.rhai:3:4"]);
}

#[test]
fn a_text_that_looks_like_a_test_hides_nothing_from_coverage() {
    let world = world();
    let body = "let text = `\nfn test_no() {}\n`;\nif deployment.name == \"x\" {\n    return abstain(text);\n}\nabstain(\"why\")";
    fs::write(world.path("work/scripts/good.rhai"), script("good", body, "")).unwrap();
    tested(&world, "deployment: {name: y}\ncatalog: {redis: [a]}\nexpect: {abstain: why}\n").ends(0);
    let answer = world.run("scripts test --coverage").ends(0);
    answer.says(&["coverage good: 75 % (3 of 4 lines)", "missed    6 |     return abstain(text);"]);
}
