//! Scripts that do what they should not: each ends within its limits, says
//! where and why, and costs only the decisions it was asked for.

use reconciler_core::matching::{DecisionView, Explanation};
use reconciler_tests::scene::{A, engine as compiled, outcome};

use super::bench::{Bench, failure, scene};

/// Lets a script misbehave for one of three deployments, and looks at all.
#[track_caller]
fn check(body: &str, code: &str, place: &str, reason: &str) {
    let body = format!("if deployment.uuid != \"{A}\" {{ return abstain(\"not that one\"); }}\n{body}");
    let bench = Bench::new().assess("hostile", &body);
    let scene = scene();
    let engine = bench.engine();
    let decisions = scene.decide(&engine);
    let without = scene.decide(&compiled(reconciler_core::matching::PolicyKind::Best));
    assert_eq!(outcome(&decisions[1]), outcome(&without[1]));
    assert_eq!(outcome(&decisions[2]), outcome(&without[2]));

    let victim = &decisions[0];
    assert_eq!(outcome(victim), "review degraded");
    assert_eq!(victim.ranking, without[0].ranking, "what the others say stays visible");
    let error = failure(victim, "hostile").expect("the script failed");
    assert_eq!(error.code(), code, "{error}");
    let text = error.to_string();
    assert!(text.contains(&format!("hostile.rhai:{place}: ")), "{text}");
    assert!(text.contains(reason), "{text}");
    assert!(decisions[1..].iter().all(|other| !other.is_degraded() && failure(other, "hostile").is_none()));

    let explained = Explanation::new(victim, engine.policy()).to_string();
    assert!(explained.contains(&format!("strategy script:hostile failed ({code})")), "{explained}");
    let json = serde_json::to_string(&DecisionView::of(victim)).unwrap();
    assert!(json.contains(code) && json.contains("hostile.rhai"), "{json}");
}

#[test]
fn an_endless_loop_ends() {
    check("loop {}", "script.limit.operations", "4:1", "50000 operations");
    check("let n = 0;\nwhile true { n += 1; }", "script.limit.operations", "5:16", "does not end");
    check("for i in 0..9999999999 {}", "script.limit.operations", "4:13", "operations");
}

#[test]
fn an_endless_recursion_ends() {
    let bench = Bench::new();
    let text = super::bench::script("hostile", "deep(0)") + "fn deep(n) {\n    deep(n + 1)\n}\n";
    bench.write("hostile.rhai", &text);
    let decisions = scene().decide(&bench.engine());
    for decision in &decisions {
        let error = failure(decision, "hostile").expect("the script failed");
        assert_eq!(error.code(), "script.limit.call-depth");
        assert!(error.to_string().contains("hostile.rhai:6:14: "), "{error}");
    }
}

#[test]
fn functions_that_call_each_other_as_deeply_as_they_may_fit_the_stack() {
    // Every level nests as deeply as expressions may.
    let nested = format!("{}deep(n + 1){}", "if n >= 0 { (".repeat(3), ") } else { 0 }".repeat(3));
    let bench = Bench::new();
    bench.write(
        "hostile.rhai",
        &format!("{}fn deep(n) {{ {nested} }}\n", super::bench::script("hostile", "deep(0)")),
    );
    for decision in scene().decide(&bench.engine()) {
        assert_eq!(failure(&decision, "hostile").unwrap().code(), "script.limit.call-depth");
    }
}

#[test]
fn huge_values_are_not_built() {
    let size = "script.limit.size";
    check("let s = \"xy\";\nloop { s += s; }", size, "5:13", "text of more than 4096 bytes");
    check("let s = \"x\";\ns.pad(100000000, 'y');", size, "5:3", "text");
    check(
        "let s = \"\";\ns.pad(4000, 'y');\nlet t = s.sub_string(0);\nt.replace(\"y\", s);",
        size,
        "7:3",
        "text",
    );
    check("let a = [];\nloop { a.push(1); }", size, "5:10", "list of more than 1024 items");
    check("let a = [1];\na.pad(100000000, 0);", size, "5:3", "list");
    check("let a = [1];\nloop { a = [a, a]; }", size, "5:16", "list");
    check(
        "let m = #{};\nlet n = 0;\nloop { m.set(`k${n}`, n); n += 1; }",
        size,
        "6:10",
        "map of more than 256 entries",
    );
    check("let a = [];\nloop { a.push(\"0123456789\"); }", size, "5:10", "text of more than 4096 bytes");
}

#[test]
fn expressions_that_nest_a_thousand_deep_are_refused_before_anything_runs() {
    let wraps = [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("!", "true", ""),
        ("if true { ", "1", " }"),
        ("#{a: ", "1", "}"),
        ("{", "1", "}"),
        ("1 + (", "1", ")"),
        ("abstain(", "1", ")"),
        ("if true { 1 } else ", "{ 1 }", ""),
        ("1 + ", "1", ""),
        ("catalog.plans.len(", "1", ")"),
        ("switch 1 { 1 => ", "1", " }"),
        ("while true { ", "1", " }"),
    ];
    for (open, inner, close) in wraps {
        let nested = format!("{}{inner}{}", open.repeat(1000), close.repeat(1000));
        let problems = Bench::new().assess("hostile", &format!("let x = {nested};\nabstain(\"\")")).refused();
        assert_eq!(problems[0].code, "script.limit.expression-depth", "{open}: {problems:?}");
        assert_eq!(problems[0].at.map(|at| at.line), Some(3), "{problems:?}");
        assert!(problems[0].file.ends_with("hostile.rhai"));
    }
    let chain = ".a".repeat(5000);
    let problems = Bench::new().assess("hostile", &format!("let x = deployment{chain};")).refused();
    assert_eq!(problems[0].code, "script.limit.expression-depth");
}

#[test]
fn what_is_thrown_is_told() {
    check("throw \"no luck\";", "script.thrown", "4:1", "threw: no luck");
    check("throw #{ code: 7 };", "script.thrown", "4:1", "threw: #{\"code\": 7}");
    check("let x = 1 / 0;", "script.failed", "4:11", "Division by zero");
    check("let x = [1][5];", "script.failed", "4:13", "out of bounds");
}

#[test]
fn what_is_caught_can_be_told() {
    let body = "try { propose((), (), 1) } catch (e) { throw `caught ${e}`; }";
    check(body, "script.thrown", "4:40", "threw: caught script.unknown-plan: the plan is");
}

#[test]
fn what_is_caught_stays_within_the_limits() {
    check("try { loop {} } catch { }\nabstain(\"\")", "script.limit.operations", "4:7", "operations");
    check(
        "let s = \"xy\";\ntry { loop { s += s; } } catch { }\nabstain(\"\")",
        "script.limit.size",
        "5:19",
        "text",
    );
}

#[test]
fn nonsense_is_no_opinion() {
    let confidence = "script.confidence";
    let plan = "let plan = catalog.plan(\"redis-small\");\n";
    check(
        &format!("{plan}propose(deployment.uuid, plan, 0.0 / 0.0)"),
        confidence,
        "5:1",
        "NaN is no confidence",
    );
    check(&format!("{plan}propose(deployment.uuid, plan, 1.7)"), confidence, "5:1", "1.7 is no confidence");
    check(&format!("{plan}propose(deployment.uuid, plan, -0.1)"), confidence, "5:1", "-0.1");
    check(&format!("{plan}propose(deployment.uuid, plan, \"high\")"), confidence, "5:1", "a `string`");
    check(&format!("{plan}propose(deployment.uuid, plan, 9999999999)"), confidence, "5:1", "confidence");
    check(
        "propose(deployment.uuid, catalog.plan(\"redis-huge\"), 0.8)",
        "script.unknown-plan",
        "4:1",
        "the catalog does not have it",
    );
    check(
        "propose(deployment.uuid, \"redis-small\", 0.8)",
        "script.unknown-plan",
        "4:1",
        "a `string` is no plan",
    );
    check(&format!("{plan}propose((), plan, 0.8)"), "script.instance", "5:1", "not a text");
    check(&format!("{plan}propose(\"../db\", plan, 0.8)"), "script.instance", "5:1", "no instance id");
    check(
        &format!("{plan}propose(deployment.uuid, plan, 0.8).because(\"Bad Code\", \"\")"),
        "script.reason",
        "5:37",
        "no code",
    );
}

#[test]
fn what_is_no_opinion_is_refused() {
    let (code, at) = ("script.invalid-return", "2:4");
    check("()", code, at, "assess() returned `()`");
    check("42", code, at, "`i64`");
    check("\"redis-small\"", code, at, "`string`");
    check("[]", code, at, "an empty list");
    check("[1, 2]", code, at, "a list with `i64` in it");
    check("#{ plna: \"redis-small\" }", code, at, "`map`");
    check("let x = 1;", code, at, "`()`");
    check(
        "let p = propose(deployment.uuid, catalog.plan(\"redis-small\"), 0.5);\nlet all = [];\nfor i in 0..17 { all.push(p); }\nall",
        "script.limit.proposals",
        at,
        "17 proposals",
    );
}

#[test]
fn a_key_that_is_not_in_a_map_is_an_error() {
    check("let m = #{ plan: 1 };\nlet key = \"plna\";\nm[key]", "script.unknown-property", "6:3", "`plna`");
}

#[test]
fn a_host_function_that_panics_is_the_scripts_failure_at_that_place() {
    check(
        "let x = panics(\"that\");\nabstain(x)",
        "script.panicked",
        "4:9",
        "host function panicked on that",
    );
}

#[test]
fn work_that_operations_do_not_count_is_counted_too() {
    let text = "x".repeat(1000);
    check(
        &format!("let text = \"{text}\";\nloop {{ matches(text, \"(x+x+)+y\"); }}"),
        "script.limit.work",
        "5:8",
        "bytes",
    );
    check("matches(\"x\", \"x{1000}{1000}\")", "script.limit.pattern", "4:1", "pattern");
    check("matches(\"x\", \"(\")", "script.pattern", "4:1", "pattern cannot be used");
}

/// A script with functions of its own besides `assess`, which misbehaves.
#[track_caller]
fn check_with(functions: &str, body: &str, code: &str, reason: &str) {
    let bench = Bench::new();
    bench.write("hostile.rhai", &format!("{}{functions}\n", super::bench::script("hostile", body)));
    for decision in scene().decide(&bench.engine()) {
        let error = failure(&decision, "hostile").expect("the script failed");
        assert_eq!(error.code(), code, "{body}: {error}");
        let text = error.to_string();
        assert!(text.contains("hostile.rhai:") && text.contains(reason), "{body}: {text}");
    }
}

#[test]
fn functions_that_are_called_back_are_counted() {
    let busy = "fn one(x) { let n = 0; for i in 0..100 { n += 1; } n }\n\
                fn two(x) { let a = []; a.pad(1000, 0); a.map(\"one\") }\n\
                fn three(x) { let a = []; a.pad(1000, 0); a.map(\"two\") }\n\
                fn both(x, y) { one(x) }\n";
    let list = "let a = [];\na.pad(1000, 0);\n";
    for call in [
        "a.map(\"three\")",
        "a.map(Fn(\"one\"))",
        "a.filter(\"three\")",
        "a.for_each(Fn(\"three\"))",
        "a.some(\"one\")",
        "a.reduce(\"both\")",
        "a.sort(\"both\")",
        "a.sort_by(Fn(\"both\"))",
        "a.order(Fn(\"both\"))",
        "a.retain(\"three\")",
        "try { a.map(\"three\"); } catch { }\nloop {}",
    ] {
        check_with(
            busy,
            &format!("{list}{call};\nabstain(\"\")"),
            "script.limit.operations",
            "50000 operations",
        );
    }
}

#[test]
fn what_compares_may_fail_as_anything_else() {
    let functions = "fn throws(a, b) { throw \"no order\" }\nfn endless(a, b) { endless(a, b) }\n\
                     fn word(a, b) { \"less\" }\n";
    let list = "let a = [3, 1, 2];\n";
    for (call, code, reason) in [
        ("a.sort(\"throws\")", "script.thrown", "no order"),
        ("a.order_by(Fn(\"throws\"))", "script.thrown", "no order"),
        ("a.dedup(\"throws\")", "script.thrown", "no order"),
        ("a.sort(\"endless\")", "script.limit.call-depth", "levels deep"),
        ("a.sort(\"absent\")", "script.unknown-function", "absent"),
        ("a.sort(\"word\")", "script.type", "no number and no truth value"),
    ] {
        check_with(functions, &format!("{list}{call};\nabstain(\"\")"), code, reason);
    }
}

#[test]
fn nothing_grows_where_nobody_looks() {
    for body in [
        "let a = [[]]; loop { a[0].push(1); }",
        "let a = [[]]; loop { a[0] += [1]; }",
        "let a = [\"\"]; loop { a[0] += \"x\"; }",
        "let m = #{ l: [] }; loop { m.l.push(1); }",
        "let m = #{ l: [[]] }; loop { m.l[0].push(1); }",
        "let m = #{ n: 1 }; m.n += 1;",
        "let a = [[]]; a[0].call(Fn(\"push\"), 1);",
        "let a = [\"x\"]; a[0].replace(\"x\", \"xx\");",
        "let f = Fn(\"abstain\"); loop { f = f.curry(f); }",
        "let f = curry(Fn(\"abstain\"), 1);",
    ] {
        let problems = Bench::new().assess("hostile", &format!("{body}\nabstain(\"\")")).refused();
        let codes: Vec<_> = problems.iter().map(|problem| problem.code).collect();
        let expected = if body.contains("curry") { "script.syntax" } else { "script.forbidden" };
        assert_eq!(codes, [expected], "{body}: {problems:?}");
    }
    for function in ["fn grow() { this.push(1) }", "fn grow() { push(this, 1) }", "fn grow() { this += [1] }"]
    {
        let bench = Bench::new();
        let text = super::bench::script("hostile", "let a = [[]];\na[0].grow();\nabstain(\"\")");
        bench.write("hostile.rhai", &format!("{text}{function}\n"));
        let problems = bench.refused();
        assert_eq!(problems[0].code, "script.forbidden", "{function}: {problems:?}");
    }
    // What is called on a variable, or behind it, is looked at.
    let usual = "let a = [];\na.push(1);\na.push(2);\nlet n = a.filter(\"is_one\").len();\nlet b = [a[0]];\n\
                 b.push(a.len());\nabstain(`${n} ${b}`)";
    let bench = Bench::new();
    let text = super::bench::script("usual", usual);
    bench.write("usual.rhai", &format!("{text}fn is_one(x) {{ x == 1 }}\n"));
    bench.load().expect("nothing is wrong with it");
}

#[test]
fn a_script_pays_for_what_the_host_does() {
    let work = "script.limit.work";
    let long = "let t = \"\";\nt.pad(2000, '-');\n";
    check(&format!("{long}loop {{ catalog.longest_prefix(t); }}"), work, "6:16", "bytes");
    check(&format!("{long}loop {{ compare_versions(t, t); }}"), work, "6:8", "bytes");
    check(&format!("{long}loop {{ quoted(t); }}"), work, "6:8", "bytes");
}
