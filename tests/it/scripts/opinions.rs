//! What scripts see and say, and how much of it counts.

use std::sync::Arc;

use reconciler_core::manifest::Manifest;
use reconciler_core::matching::{Decision, Explanation, Family, Opinion, StepResult};
use reconciler_core::model::{ReleaseRef, StemcellRef};
use reconciler_tests::scene::{A, B, Scene, broken, outcome};

use super::bench::{Bench, options};

fn decide(scene: &Scene, body: &str) -> Decision {
    scene.decide(&Bench::new().assess("says", body).engine()).remove(0)
}

/// What the script says, if it abstains.
#[track_caller]
fn says(scene: &Scene, body: &str) -> String {
    let decision = decide(scene, body);
    let step = decision.trace.iter().find(|step| step.strategy.as_str() == "script:says").unwrap();
    match &step.result {
        StepResult::Said(Opinion::Abstain { why }) => why.to_string(),
        other => panic!("{body}: {other:?}"),
    }
}

fn rich() -> Scene {
    let manifest = Manifest::from_text(
        "tags: {team: shop, version: 1.10, none: ~}\nflags: 7\n\
         releases: [{name: redis-forge, version: 2.0}]\n\
         instance_groups:\n- name: node\n  instances: 3\n  azs: [z1, z2]\n  jobs: [{name: server, release: redis-forge}]\n\
         stemcells: [{alias: true}]\n",
    );
    let scene = Scene::of("redis: small small-ha; pg: one");
    let mut scene = scene.entry(A, "redis", "redis-small").deployment(format!("redis-small-{A}"), manifest);
    let summary = Arc::make_mut(&mut scene.deployments[0].summary);
    summary.teams = vec!["ops".into()];
    summary.releases.push(ReleaseRef { name: "redis-forge".into(), version: "2.0".into() });
    summary.stemcells.push(StemcellRef { name: "jammy".into(), version: "1.250".into() });
    scene
}

#[test]
fn a_deployment_is_seen_in_its_parts() {
    let scene = rich();
    for (expression, expected) in [
        ("deployment.name", format!("redis-small-{A}")),
        ("deployment.uuid", A.to_owned()),
        ("deployment.stem", "redis-small".to_owned()),
        ("`${deployment.tokens.len()} ${deployment.tokens[1]}`", "7 small".to_owned()),
        ("`${deployment.uuids.len()}`", "1".to_owned()),
        ("deployment.teams[0]", "ops".to_owned()),
        ("deployment.release(\"redis-forge\").version", "2.0".to_owned()),
        ("`${deployment.release(\"x\") == ()}`", "true".to_owned()),
        ("deployment.releases[1].name", "redis-forge".to_owned()),
        ("`${deployment.stemcells[0].name} ${deployment.stemcells[0].version}`", "jammy 1.250".to_owned()),
        ("deployment.groups[0]", "node".to_owned()),
        (
            "`${deployment.jobs[0].group}/${deployment.jobs[0].name} ${deployment.jobs[0].release}`",
            "node/server redis-forge".to_owned(),
        ),
        ("deployment.tag(\"version\")", "1.10".to_owned()),
        ("`${deployment.tag(\"none\") == ()} ${deployment.tag(\"x\") == ()}`", "true true".to_owned()),
        ("deployment.manifest.text(\"instance_groups[name=node].azs[1]\")", "z2".to_owned()),
        ("`${deployment.manifest.int(\"instance_groups[0].instances\") + 1}`", "4".to_owned()),
        ("`${deployment.manifest.bool(\"stemcells[0].alias\")}`", "true".to_owned()),
        ("`${deployment.manifest.list(\"instance_groups[0].azs\")}`", "[\"z1\", \"z2\"]".to_owned()),
        ("`${deployment.manifest.keys(\"tags\")}`", "[\"team\", \"version\", \"none\"]".to_owned()),
        (
            "`${deployment.manifest.has(\"flags\")} ${deployment.manifest.has(\"x\")}`",
            "true false".to_owned(),
        ),
        (
            "`${deployment.record.instance} ${deployment.record.service} ${deployment.record.plan}`",
            format!("{A} redis redis-small"),
        ),
        (
            "`${deployment.records_beginning(\"1b4e\").len()} ${deployment.records_beginning(\"1b4\").len()}`",
            "1 0".to_owned(),
        ),
    ] {
        assert_eq!(says(&scene, &format!("abstain({expression})")), expected, "{expression}");
    }
}

#[test]
fn a_catalog_is_asked_by_exact_ids() {
    let scene = rich();
    for (expression, expected) in [
        ("`${catalog.plan(\"redis-small\").name} ${catalog.plan(\"redis-small\").service}`", "small redis"),
        ("`${catalog.plan(\"redis-smal\") == ()}`", "true"),
        ("catalog.longest_prefix(\"redis-small-ha-eu-x\").id", "redis-small-ha"),
        ("catalog.longest_prefix(\"redis-small\").id", "redis-small"),
        ("`${catalog.longest_prefix(\"redis-smaller\") == ()}`", "true"),
        ("`${catalog.plans.len()} ${catalog.services.len()}`", "3 2"),
        ("catalog.service(\"pg\").plans[0].id", "pg-one"),
        ("`${catalog.service(\"x\") == ()}`", "true"),
    ] {
        assert_eq!(says(&scene, &format!("abstain({expression})")), expected, "{expression}");
    }
}

#[test]
fn texts_have_what_naming_rules_need() {
    let scene = rich();
    for (expression, expected) in [
        ("`${is_uuid(deployment.uuid)} ${is_uuid(\"x\")}`", "true false"),
        ("`${matches(\"ab12\", \"^[a-z]+[0-9]+$\")}`", "true"),
        ("captures(\"ab12\", \"([a-z]+)([0-9]+)\")[2]", "12"),
        ("`${captures(\"ab\", \"[0-9]\") == ()}`", "true"),
        ("quoted(\"a.b\")", "a\\.b"),
        ("`${compare_versions(\"1.10\", \"1.9\")} ${compare_versions(\"2.0.0-rc.1\", \"2.0.0\")}`", "1 -1"),
        ("`${is_version_between(\"1.10\", \"1\", \"2\")}`", "true"),
    ] {
        assert_eq!(says(&scene, &format!("abstain({expression})")), expected, "{expression}");
    }
}

#[test]
fn a_proposal_competes_with_its_reasons_and_places() {
    let body = "let plan = catalog.plan(\"pg-one\");\n\
                propose(\"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee\", plan, 0.85)\n\
                .because(\"name.rule\", \"our rule\")\n.because(\"tags.team\", \"and a tag\")";
    let scene = Scene::of("pg: one").deployment("cache", Manifest::absent());
    let decision = decide(&scene, body);
    assert_eq!(outcome(&decision), format!("matched pg / pg-one / {B}"));
    assert_eq!(decision.ranking[0].families.iter().copied().collect::<Vec<_>>(), [Family::Script]);
    let explained = Explanation::new(&decision, Default::default()).to_string();
    for part in [
        "name.rule",
        "says.rhai:5:2   our rule",
        "says.rhai:6:2   and a tag",
        "read catalog.plan(\"pg-one\")",
    ] {
        assert!(explained.contains(part), "no {part:?} in\n{explained}");
    }
}

/// What the script read, in its order.
fn reads(body: &str) -> Vec<String> {
    let decision = decide(&rich(), body);
    let step = decision.trace.iter().find(|step| step.strategy.as_str() == "script:says").unwrap();
    step.reads.iter().map(|read| format!("{} {}", read.what, read.at.line)).collect()
}

#[test]
fn every_property_that_is_read_is_told() {
    let body = "deployment.releases[0].name; deployment.stemcells[0].version;\n\
                deployment.jobs[0].group; deployment.record.plan;\n\
                catalog.plans[0].service; catalog.services[0].name; catalog.service(\"pg\").plans[0].id;\n\
                abstain(\"\")";
    let expected = [
        "deployment.releases 3",
        "release.name 3",
        "deployment.stemcells 3",
        "stemcell.version 3",
        "deployment.jobs 4",
        "job.group 4",
        "deployment.record 4",
        "record.plan 4",
        "catalog.plans 5",
        "plan.service 5",
        "catalog.services 5",
        "service.name 5",
        "catalog.service(\"pg\") 5",
        "catalog.service(\"pg\").plans 5",
        "plan.id 5",
    ];
    assert_eq!(reads(body), expected);
}

#[test]
fn a_full_list_of_reads_says_that_there_were_more() {
    let many =
        |count: usize| reads(&format!("for n in 0..{count} {{ catalog.plan(`${{n}}`); }}\nabstain(\"\")"));
    assert_eq!(many(64).len(), 64);
    assert_eq!(many(64).last().unwrap(), "catalog.plan(\"63\") 3");
    for count in [65, 200] {
        assert_eq!(many(count).len(), 65);
        assert_eq!(many(count).last().unwrap(), "and more reads 3");
    }
}

#[test]
fn a_script_is_at_most_as_sure_as_the_operator_allows() {
    let body = format!("propose(\"{B}\", catalog.plan(\"pg-one\"), 1)");
    let scene = Scene::of("pg: one").deployment("cache", Manifest::absent());
    let decision = decide(&scene, &body);
    assert_eq!(decision.ranking[0].confidence.as_per_mille(), 900);
    let explained = Explanation::new(&decision, Default::default()).to_string();
    assert!(explained.contains("script.capped") && explained.contains("said 1.000"), "{explained}");

    let mut strict = options();
    strict.max_confidence = "0.5".parse().unwrap();
    let bench = Bench::new().assess("says", &body);
    let (usual, strict) = (bench.load().unwrap(), bench.load_with(strict).unwrap());
    let (usual, strict) = (super::bench::engine(&usual, 1), super::bench::engine(&strict, 1));
    assert_eq!(outcome(&scene.decide(&strict)[0]), "review below-threshold");
    assert_ne!(usual.fingerprint(), strict.fingerprint(), "the cap is a rule");
}

#[test]
fn a_priority_above_the_cap_is_refused() {
    let bench = Bench::new();
    let with = |priority: &str| {
        format!(
            "fn strategy() {{ #{{ id: \"high\", version: 1, priority: {priority}, summary: \"x\" }} }}\n\
             fn assess(deployment, catalog) {{ abstain(\"\") }}\n"
        )
    };
    bench.write("high.rhai", &with("500"));
    let problems = bench.refused();
    assert!(problems[0].message.contains("priority 500 is above what scripts may have, 499"), "{problems:?}");
    assert!(problems[0].help.as_ref().unwrap().contains("scripts.max_priority"));
    bench.write("high.rhai", &with("499"));
    assert_eq!(bench.load().unwrap().scripts()[0].header().priority, 499);
}

#[test]
fn headers_are_strict() {
    for (header, message) in [
        ("#{ id: \"strict\", version: 1, summary: \"x\", sumary: 1 }", "no key `sumary`"),
        ("#{ version: 1, summary: \"x\" }", "`id` is missing"),
        ("#{ id: \"other\", version: 1, summary: \"x\" }", "not the name of the file"),
        ("#{ id: \"strict\", version: 0, summary: \"x\" }", "`version` is missing or not a number"),
        ("#{ id: \"strict\", version: \"1\", summary: \"x\" }", "`version`"),
        ("#{ id: \"strict\", version: 1 }", "`summary` is missing"),
        ("#{ id: \"strict\", version: 1, summary: \"x\", priority: -1 }", "`priority`"),
        ("#{ id: \"strict\", version: 1, summary: \"x\", family: \"magic\" }", "`family` is none"),
        ("42", "strategy() returned `i64`"),
        ("loop {}", "took more than 50000 operations"),
        ("throw \"x\"", "threw: x"),
    ] {
        let bench = Bench::new();
        let text =
            format!("fn strategy() {{ {header} }}\nfn assess(deployment, catalog) {{ abstain(\"\") }}\n");
        bench.write("strict.rhai", &text);
        let problems = bench.refused();
        assert!(problems.iter().any(|p| p.message.contains(message)), "{header}: {problems:?}");
        assert!(problems.iter().all(|p| p.at.is_some_and(|at| at.line == 1)), "{problems:?}");
    }
}

#[test]
fn a_manifest_that_cannot_be_read_degrades_whoever_looks_at_it() {
    let scene = Scene::of("redis: small").deployment("x", broken());
    let names_only = reconciler_core::matching::MatchEngine::builder();
    for (body, degraded) in
        [("abstain(deployment.name)", false), ("abstain(`${deployment.tag(\"x\")}`)", true)]
    {
        let set = Bench::new().assess("looks", body).load().unwrap();
        let engine = names_only.clone().with_entries(set.entries()).build().unwrap();
        assert_eq!(scene.decide(&engine)[0].is_degraded(), degraded, "{body}");
    }
}

#[test]
fn all_files_and_all_errors_are_told_at_once() {
    let bench = Bench::new()
        .assess("first", "deployment.nme;\nabstian(\"\")")
        .assess("second", "let x = ;")
        .assess("third", "abstain(\"\")");
    bench.write("fourth.rhai", "fn strategy() { 1 }\n");
    bench.write("fifth.rhai", "\u{0}\u{1}");
    let problems = bench.refused();
    for (file, code) in [
        ("first.rhai", "script.unknown-property"),
        ("first.rhai", "script.unknown-function"),
        ("second.rhai", "script.syntax"),
        ("fourth.rhai", "script.incomplete"),
        ("fifth.rhai", "script.syntax"),
    ] {
        assert!(
            problems.iter().any(|p| p.file.ends_with(file) && p.code == code),
            "{file} {code}: {problems:#?}"
        );
    }
    assert!(!problems.iter().any(|p| p.file.ends_with("third.rhai")));
    let rendered = problems.iter().find(|p| p.code == "script.unknown-property").unwrap().rendered();
    assert!(
        rendered.contains("3 | deployment.nme;\n  |            ^^^\n  = help: did you mean `name`?"),
        "{rendered}"
    );
}
