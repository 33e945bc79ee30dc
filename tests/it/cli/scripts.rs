//! The workbench as its users see it.

use std::fs;
use std::path::PathBuf;

use reconciler_tests::examples;
use serde_json::Value;

use super::program::{Answer, World};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn shipped() -> PathBuf {
    examples::folder()
}

#[test]
fn a_new_script_is_in_order_and_its_tests_pass() {
    let world = World::empty();
    let answer = world.run("scripts new team-rule").ends(0).says(&["scripts/team-rule.rhai"]);
    assert!(answer.stdout.contains("reconciler scripts test"));
    world.run("scripts check").ends(0).says(&["1 script in order, 0 warnings"]);
    let tested = world.run("scripts test --coverage").ends(0);
    let tested = tested.says(&["team-rule / test_the_tag_decides", "coverage team-rule: 100 %", "0 failed"]);
    assert!(!tested.stdout.contains("FAILED"));
    world.run("scripts new team-rule").fails(1, &["is there already"]);
    world.run("scripts new other --scripts scripts/team-rule.rhai").fails(1, &["is a file, not a folder"]);
    world.run("scripts new Team_Rule").fails(1, &["only lower-case letters"]);
    world.run("scripts list").ends(0).says(&["team-rule", "scripts/team-rule.rhai"]);
}

#[test]
fn check_tells_everything_with_a_mark_under_the_place_and_as_json() {
    let world = World::empty();
    let text = "fn strategy() { #{ id: \"bad\", version: 1, summary: \"x\" } }\n\
                fn assess(deployment, catalog) { abstian(deployment.nme) }\nfn nobody() { 1 }\n";
    fs::write(world.path("work/bad.rhai"), text).unwrap();
    let answer = world.run("scripts check bad.rhai").ends(1);
    let answer = answer.says(&[
        "error[script.unknown-function]: there is no function `abstian`",
        " --> bad.rhai:2:34",
        "2 | fn assess(deployment, catalog) { abstian(deployment.nme) }",
        "  |                                  ^^^^^^^\n",
        "= help: did you mean `abstain`?",
        "= help: did you mean `name`?",
        "warning[script.unused]: nobody calls `nobody`",
        "2 errors, 1 warning",
    ]);
    assert!(!answer.stdout.contains('\u{1b}'));
    let document = json(&world.run("scripts check bad.rhai --format json").ends(1).stdout);
    assert_eq!(document["kind"], "ScriptCheck");
    assert_eq!(
        (document["data"]["errors"].as_u64(), document["data"]["warnings"].as_u64()),
        (Some(2), Some(1))
    );
    let first = &document["data"]["problems"][0];
    assert_eq!((first["at"]["line"].as_u64(), first["at"]["column"].as_u64()), (Some(2), Some(34)));
    // Every other command refuses such a script, with the same words.
    world.run("scripts list bad.rhai").fails(1, &["did you mean `abstain`?", "scripts check"]);
}

#[test]
fn a_test_that_fails_ends_with_20_and_shows_what_came_instead() {
    let world = World::empty();
    world.run("scripts new rule").ends(0);
    let file = world.path("work/scripts/rule.rhai");
    world.edit(&file, ".proposes(\"1b4e", ".proposes(\"ffff");
    fs::create_dir_all(world.path("work/scripts/cases/rule")).unwrap();
    let case = "deployment: {name: x}\ncatalog: {redis: [redis-small]}\nexpect:\n  veto: {instance: x, plan: redis-small}\n";
    fs::write(world.path("work/scripts/cases/rule/one.yml"), case).unwrap();
    let answer = world.run("scripts test").ends(20);
    answer.says(&[
        "test rule / test_the_tag_decides … FAILED",
        "expected redis-small / ffff",
        "got redis / redis-small / 1b4e28ba-2fa1-41d2-883f-0016d3cca427 at 0.800",
        "test rule / one.yml … FAILED",
        "expected a veto of redis-small / x, got no opinion: no tag `plan`",
        "one.yml:4:3",
        "= in test_the_tag_decides()",
        "2 failed",
    ]);
    let document = json(&world.run("scripts test --json").ends(20).stdout);
    assert_eq!(document["data"]["failed"], 2);
}

#[test]
fn coverage_shows_what_no_test_reaches_and_rounds_down() {
    let world = World::empty();
    world.run("scripts new rule").ends(0);
    let file = world.path("work/scripts/rule.rhai");
    world.edit(&file, "fn test_an_unknown_plan_is_no_opinion() {", "fn test_nothing() {}\nfn sample_two() {");
    let answer = world.run("scripts test --coverage").ends(0);
    let answer = answer.says(&["missed   27 |         return abstain(`the catalog has no plan ${wanted}`);"]);
    assert!(!answer.stdout.contains("100 %"), "{}", answer.stdout);
}

#[test]
fn a_case_with_a_slip_of_the_pen_is_refused() {
    let world = World::empty();
    world.run("scripts new rule").ends(0);
    let folder = world.path("work/scripts/cases/rule");
    fs::create_dir_all(&folder).unwrap();
    for (case, words) in [
        ("deploymnt: {name: x}\n", "there is no `deploymnt` here"),
        ("deployment: {name: x}\ncatalog: {redis: [redis-small]}\n", "`expect` is missing"),
        (
            "deployment: {name: x}\ncatalog: {redis: [redis-small]}\nexpect: {abstain: a, veto: b}\n",
            "exactly one of",
        ),
        ("deployment: {nam: x}\ncatalog: {redis: [a]}\nexpect: {abstain: a}\n", "there is no `nam` here"),
        ("a: [\n", "is no case"),
    ] {
        fs::write(folder.join("one.yml"), case).unwrap();
        world.run("scripts test").ends(20).says(&[words, "one.yml"]);
    }
}

#[test]
fn run_shows_what_a_script_reads_returns_and_costs() {
    let world = World::new();
    let scripts = shipped();
    let run = |line: &str| {
        let mut command = world.command(line.split_whitespace());
        command.arg("--scripts").arg(&scripts).arg("--fleet").arg(world.fleet());
        Answer::of(&mut command)
    };
    let answer = run("scripts run company-naming cf --trace").ends(0);
    answer.says(&["deployment.name", "company-naming.rhai:", "returned   no opinion", "operations"]);
    run("scripts run company-namin cf").fails(1, &["did you mean `company-naming`?"]);
    run("scripts run company-naming cff").fails(1, &["did you mean `cf`?"]);
    let document = json(&run("scripts run plan-tags cf --json").ends(0).stdout);
    assert!(document["data"]["operations"].as_u64().unwrap() > 0);
    assert_eq!(document["data"]["reads"][0]["what"], "deployment.tag(\"plan\")");
}

#[test]
fn every_command_that_matches_takes_scripts() {
    let world = World::new();
    let folder = world.path("work/mine");
    fs::create_dir_all(&folder).unwrap();
    let text = "fn strategy() { #{ id: \"all-cf\", version: 1, summary: \"x\" } }\n\
                fn assess(deployment, catalog) { abstain(`seen ${deployment.name}`) }\n";
    fs::write(folder.join("all-cf.rhai"), text).unwrap();
    world.run("explain cf --scripts mine").says(&["script:all-cf", "seen cf", "read deployment.name"]);
    for command in ["scan", "plan", "run --dry-run", "decisions eval"] {
        let answer = world.run(&format!("{command} --scripts mine --scripts nowhere"));
        answer.fails(1, &["nowhere", "cannot be read"]);
        assert!(
            [Some(0), Some(3)].contains(&world.run(&format!("{command} --scripts mine")).code),
            "{command}"
        );
    }
    world.run("strategies list --scripts mine").ends(0).says(&["script:all-cf"]);
    world.run("strategies show script:all-cf --scripts mine").ends(0).says(&["priority 100"]);
    fs::write(world.path("work/conf.yml"), "reconciler: {scripts: {paths: [mine], on_error: ignore}}\n")
        .unwrap();
    world.run("explain cf --config conf.yml").says(&["seen cf"]);
    fs::write(folder.join("all-cf.rhai"), text.replace("abstain(", "throw (")).unwrap();
    world.run("explain cf --scripts mine").ends(3).says(&[
        "review    degraded",
        "script.thrown",
        "mine/all-cf.rhai:2:34",
    ]);
    world.run("explain cf --config conf.yml").ends(0).says(&["script.thrown"]);
}

/// The lines of an answer that name a script.
fn lines_about<'a>(answer: &'a Answer, script: &str) -> Vec<&'a str> {
    answer.stdout.lines().filter(|line| line.contains(&format!("script:{script}"))).collect()
}

#[test]
fn a_script_that_fails_is_told_once_with_its_place_and_reason() {
    let world = World::new();
    fs::create_dir_all(world.path("work/mine")).unwrap();
    let text = "fn strategy() { #{ id: \"slow\", version: 1, summary: \"x\" } }\n\
                fn assess(deployment, catalog) {\n    loop { }\n}\n";
    fs::write(world.path("work/mine/slow.rhai"), text).unwrap();
    let place = "mine/slow.rhai:3:5: took more than 50000 operations";
    for command in ["scan", "plan", "run --dry-run", "orphans list"] {
        let answer = world.run(&format!("{command} --scripts mine"));
        let told = lines_about(&answer, "slow");
        let [failed, suspended, rest @ ..] = told.as_slice() else { panic!("{command}: {answer:?}") };
        assert!(
            failed.starts_with("strategy.failed") && failed.contains("failed for 5 deployments"),
            "{failed}"
        );
        assert!(failed.contains(place), "{failed}");
        assert!(suspended.starts_with("strategy.suspended") && suspended.contains(place), "{suspended}");
        assert!(
            suspended.contains(" more deployments, because it went over its limits 5 times"),
            "{suspended}"
        );
        assert_eq!(rest.len(), 2, "a line for each reason, whatever the number of deployments: {told:#?}");
    }
    let document = json(&world.run("scan --scripts mine --json").stdout);
    let codes = document["data"]["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]);
    assert_eq!(codes.filter(|code| code.as_str().unwrap().starts_with("strategy.")).count(), 2);
}

#[test]
fn failures_that_are_left_out_of_account_are_told_all_the_same() {
    let world = World::new();
    fs::create_dir_all(world.path("work/mine")).unwrap();
    let text = "fn strategy() { #{ id: \"throws\", version: 1, summary: \"x\" } }\n\
                fn assess(deployment, catalog) { throw `no ${deployment.name}` }\n";
    fs::write(world.path("work/mine/throws.rhai"), text).unwrap();
    let configuration = "reconciler: {scripts: {paths: [mine], on_error: ignore}}\n";
    fs::write(world.path("work/conf.yml"), configuration).unwrap();
    let answer = world.run("scan --config conf.yml");
    let told = lines_about(&answer, "throws");
    let [line] = told.as_slice() else { panic!("{answer:?}") };
    assert!(line.contains("its failures are left out of account"), "{line}");
    assert!(line.contains("mine/throws.rhai:2:34: threw: no "), "{line}");
}

#[test]
fn definitions_are_printed_written_and_compared() {
    let world = World::empty();
    let printed = world.run("scripts definitions").ends(0).stdout;
    world.run("scripts definitions --check scripts").ends(20).says(&["not up to date"]);
    world.run("scripts definitions --write scripts").ends(0);
    let file = world.path("work/scripts/.rhai/definitions/reconciler.d.rhai");
    assert_eq!(fs::read_to_string(file).unwrap(), printed);
    world.run("scripts definitions --check scripts").ends(0).says(&["up to date"]);
}

#[test]
fn help_tells_what_there_is() {
    let world = World::empty();
    world.run("scripts --help").ends(0).says(&["new", "list", "check", "test", "run", "definitions"]);
    world.run("scripts test --help").ends(0).says(&["--coverage"]);
}

#[test]
fn help_names_what_is_wrong_and_nothing_else() {
    let world = World::new();
    let header = "fn strategy() { #{ id: \"bad\", version: 1, summary: \"x\" } }\n";
    let check = |body: &str| {
        let text = format!("{header}fn assess(deployment, catalog) {{ {body} }}\n");
        fs::write(world.path("work/bad.rhai"), text).unwrap();
        world.run("scripts check bad.rhai").stdout
    };
    assert!(!check("let x = ;").contains("not part of the language"));
    for left_out in ["import \"x\" as y;", "let f = |x| x;", "eval(\"1\")"] {
        assert!(check(left_out).contains("not part of the language"), "{left_out}");
    }
    check("abstain(deployment.release(\"none\").version)");
    let answer =
        world.run("scripts run bad booking-search-cache --scripts bad.rhai --fleet ../fleet").ends(3);
    assert!(answer.stdout.contains("`()` means that something was not found"), "{answer:?}");
}

#[test]
fn cases_of_no_script_are_told() {
    let world = World::empty();
    world.run("scripts new rule").ends(0);
    fs::create_dir_all(world.path("work/scripts/cases/ruel")).unwrap();
    let answer = world.run("scripts check").ends(0);
    answer.says(&["warning[script.stray-cases]", "cases/ruel", "1 script in order, 1 warning"]);
}
