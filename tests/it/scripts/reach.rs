//! What a script cannot reach: files, environment, network, clock, chance, and
//! the secrets of manifests.

use reconciler_core::manifest::Manifest;
use reconciler_core::matching::{DecisionView, Explanation, Opinion, StepResult};
use reconciler_tests::scene::Scene;

use super::bench::{Bench, failure, script};

/// A value that must never be seen.
const MARKER: &str = "hunter2-do-not-show";

#[test]
fn nothing_of_the_language_reaches_out() {
    let attempts = [
        "import \"/etc/passwd\" as x; abstain(\"\")",
        "import \"passwd\" as x; abstain(\"\")",
        "export assess; abstain(\"\")",
        "abstain(eval(\"1\"))",
        "sleep(1); abstain(\"\")",
        "exit(); abstain(\"\")",
        "abstain(timestamp().elapsed)",
        "abstain(open_file(\"/etc/passwd\"))",
        "abstain(read_file(\"/etc/passwd\"))",
        "abstain(File(\"/etc/passwd\"))",
        "abstain(env(\"HOME\"))",
        "abstain(getenv(\"HOME\"))",
        "abstain(std::env(\"HOME\"))",
        "abstain(global::HOME)",
        "abstain(HOME)",
        "abstain(http_get(\"http://localhost\"))",
        "abstain(fetch(\"http://localhost\"))",
        "abstain(rand())",
        "abstain(random())",
        "abstain(parse_json(\"{}\"))",
        "abstain(call_stack())",
        "abstain(back_trace())",
        "abstain(tag())",
        "abstain(get_fn_metadata_list())",
        "set_tag(1, 2); abstain(\"\")",
        "let f = || 1; abstain(\"\")",
        "let f = |x| x; abstain(\"\")",
        "this.x = 1; abstain(\"\")",
    ];
    for attempt in attempts {
        let bench = Bench::new().assess("reach", attempt);
        let Ok(set) = bench.load() else { continue };
        let decisions = super::bench::scene().decide(&super::bench::engine(&set, 2));
        for decision in &decisions {
            let error = failure(decision, "reach").unwrap_or_else(|| panic!("`{attempt}` did something"));
            assert!(error.to_string().contains("reach.rhai:3:"), "{attempt}: {error}");
        }
    }
}

#[test]
fn code_outside_of_functions_is_refused() {
    for (text, line) in [
        ("let x = 1;\n", 1),
        ("const X = 1;\n", 1),
        ("print(\"x\");\n", 1),
        ("loop {}\n", 1),
        ("import \"x\" as y;\n", 1),
    ] {
        let bench = Bench::new();
        bench.write("outside.rhai", &format!("{text}{}", script("outside", "abstain(\"\")")));
        let problems = bench.refused();
        assert!(problems.iter().any(|p| p.at.is_some_and(|at| at.line == line)), "{text}: {problems:?}");
        assert!(
            problems.iter().any(|p| p.code == "script.forbidden" || p.code == "script.syntax"),
            "{problems:?}"
        );
    }
}

#[test]
fn handles_can_only_be_read() {
    for attempt in [
        "deployment.name = \"x\"; abstain(\"\")",
        "deployment.releases = []; abstain(\"\")",
        "catalog.plans = []; abstain(\"\")",
        "let p = catalog.plan(\"redis-small\"); p.id = \"x\"; abstain(\"\")",
        "deployment.manifest.text = 1; abstain(\"\")",
        "deployment[\"name\"] = 1; abstain(\"\")",
    ] {
        let bench = Bench::new().assess("writes", attempt);
        let Ok(set) = bench.load() else { continue };
        for decision in super::bench::scene().decide(&super::bench::engine(&set, 1)) {
            assert!(failure(&decision, "writes").is_some(), "`{attempt}` did something");
        }
    }
}

/// A deployment whose manifest holds the marker wherever secrets stand.
fn secretive() -> Scene {
    let manifest = format!(
        "name: x\nmeta: {{password: {MARKER}, port: 4711, on: true, list: [{MARKER}]}}\n\
         releases: [{{name: redis, version: 1, url: 'https://u:{MARKER}@x'}}]\n\
         instance_groups:\n- name: node\n  env: {{password: {MARKER}}}\n  properties: {{name: {MARKER}}}\n\
         \x20 jobs: [{{name: server, release: redis, properties: {{password: {MARKER}}}}}]\n\
         variables: [{{name: {MARKER}, type: password}}]\n\
         users: [{{name: {MARKER}, password: {MARKER}}}]\n\
         properties: {{blacksmith: {{plan_id: redis-small, password: {MARKER}}}}}\n\
         copy: &c {{secret: {MARKER}}}\nmerged: {{<<: *c}}\n\
         lent: &l {{owner: {MARKER}, sub: &s {MARKER}, plan: redis-small}}\n\
         tags: {{<<: *l, team: shop, *s : x}}\nstemcells: [{{alias: *s}}]\njobs: [{{name: *s, templates: [{{name: *s}}]}}]\n"
    );
    Scene::of("redis: small").deployment("x", Manifest::from_text(manifest))
}

/// What a script says about the secretive deployment, and everything that is
/// shown of the decision.
fn said(body: &str) -> (String, String) {
    let bench = Bench::new().assess("curious", body);
    let engine = bench.engine();
    let decision = secretive().decide(&engine).remove(0);
    let step = decision.trace.iter().find(|step| step.strategy.as_str() == "script:curious").unwrap();
    let said = match &step.result {
        StepResult::Said(Opinion::Abstain { why }) => why.to_string(),
        other => format!("{other:?}"),
    };
    let explained = Explanation::new(&decision, engine.policy()).to_string();
    let json = serde_json::to_string(&DecisionView::of(&decision)).unwrap();
    (said, format!("{explained}{json}{decision:?}"))
}

#[test]
fn secrets_of_the_manifest_read_as_redacted() {
    let pointers = [
        "meta.password",
        "meta.list[0]",
        "releases[0].url",
        "releases[name=redis].url",
        "instance_groups[name=node].env.password",
        "instance_groups[0].properties.name",
        "instance_groups[0].jobs[name=server].properties.password",
        "variables[0].name",
        "properties.blacksmith.password",
        "copy.secret",
        "merged.secret",
        "stemcells[0].alias",
        "jobs[0].name",
    ];
    for pointer in pointers {
        let (answer, shown) = said(&format!("abstain(deployment.manifest.text(\"{pointer}\"))"));
        assert_eq!(answer, "<redacted>", "{pointer}");
        assert!(!shown.contains(MARKER), "{pointer}: {shown}");
    }
    for (body, expected) in [
        ("abstain(`${deployment.manifest.int(\"meta.port\")}`)", ""),
        ("abstain(`${deployment.manifest.bool(\"meta.on\")}`)", ""),
        ("abstain(`${deployment.manifest.list(\"meta.list\")}`)", "[\"<redacted>\"]"),
        ("abstain(`${deployment.manifest.names(\"users\")}`)", "[\"<redacted>\"]"),
        ("abstain(`${deployment.manifest.names(\"variables\")}`)", "[\"<redacted>\"]"),
        ("abstain(`${deployment.manifest.names(\"instance_groups\")}`)", "[\"node\"]"),
        ("abstain(deployment.manifest.text(\"releases[0].name\"))", "redis"),
        (
            "abstain(`${deployment.manifest.keys(\"tags\")}`)",
            "[\"team\", \"<redacted>\", \"<redacted>\", \"<redacted>\", \"<redacted>\"]",
        ),
        // A key where all is secret is found by who knows it, and shown to nobody.
        ("abstain(`${deployment.manifest.has(\"lent.owner\")}`)", "true"),
        (
            "abstain(`${deployment.manifest.keys(\"lent\")}`)",
            "[\"<redacted>\", \"<redacted>\", \"<redacted>\"]",
        ),
        // What is lent from there is not found at all.
        ("abstain(`${deployment.manifest.has(\"tags.owner\")}`)", "false"),
        ("abstain(`${deployment.manifest.text(\"tags.plan\")}`)", ""),
        ("abstain(`${deployment.groups}`)", "[\"node\", \"<redacted>\"]"),
        ("abstain(`${deployment.tag(\"owner\")}`)", ""),
        ("abstain(deployment.tag(\"team\"))", "shop"),
        ("abstain(deployment.jobs[0].name)", "<redacted>"),
    ] {
        let (answer, shown) = said(body);
        assert_eq!(answer, expected, "{body}");
        assert!(!shown.contains(MARKER) && !shown.contains("4711"), "{body}: {shown}");
    }
}

#[test]
fn nothing_else_a_script_can_hold_shows_a_secret() {
    for body in [
        "abstain(deployment.manifest.to_string())",
        "abstain(deployment.manifest.to_debug())",
        "abstain(`${deployment}${deployment.manifest}${deployment.jobs}${deployment.groups}`)",
        "print(deployment.manifest); debug(deployment); abstain(`${deployment.jobs}`)",
        "throw deployment.manifest",
        "throw deployment",
        "for job in deployment.jobs { print(job); } throw `${deployment.jobs}${deployment.releases}`",
        "propose(\"a\", deployment.manifest, 0.5)",
        "deployment.manifest",
    ] {
        let (answer, shown) = said(body);
        assert!(!answer.contains(MARKER) && !shown.contains(MARKER), "{body}: {shown}");
    }
}

#[test]
fn a_secret_cannot_be_guessed_by_choosing_with_it() {
    for pointer in ["users[password=GUESS].type", "users[name=GUESS].x", "variables[name=GUESS].type"] {
        let mut answers = Vec::new();
        for guess in [MARKER, "wrong"] {
            let pointer = pointer.replace("GUESS", guess);
            let (answer, _) = said(&format!("abstain(`${{deployment.manifest.has(\"{pointer}\")}}`)"));
            assert!(answer.contains("may hold a secret"), "{answer}");
            // The folder's name differs.
            let told = answer.split("curious.rhai").nth(1).unwrap_or_default();
            answers.push(told.replace(guess, "GUESS"));
        }
        assert_eq!(answers[0], answers[1]);
    }
}

#[test]
fn nor_by_choosing_with_what_was_lent() {
    for pointer in ["jobs[name=GUESS]", "tags.GUESS"] {
        let pointer = pointer.replace("GUESS", MARKER);
        let (answer, _) = said(&format!("abstain(`${{deployment.manifest.has(\"{pointer}\")}}`)"));
        assert_eq!(answer, "false", "{pointer}");
    }
}
