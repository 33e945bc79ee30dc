//! Random scripts: some that nearly make sense, some that return anything, some
//! that are real ones with damage. The same number gives the same script.

use std::path::Path;

use reconciler_core::manifest::Manifest;
use reconciler_core::matching::StepResult;
use reconciler_strategies::script::{Limits, ScriptOptions, ScriptSet};
use reconciler_tests::scene::{A, Scene};

/// Numbers without chance: xorshift, begun with the number of the round.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap_or(0)
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

const ATOMS: [&str; 40] = [
    "0",
    "1",
    "-1",
    "9223372036854775807",
    "1.5",
    "0.0/0.0",
    "1.0/0.0",
    "true",
    "()",
    "\"\"",
    "\"redis-small\"",
    "\"ä\\u0000x\"",
    "'c'",
    "[]",
    "#{}",
    "deployment",
    "catalog",
    "deployment.name",
    "deployment.uuid",
    "deployment.tokens",
    "deployment.jobs",
    "deployment.manifest",
    "deployment.record",
    "catalog.plans",
    "x",
    "y",
    "Fn(\"helper\")",
    "this",
    "1..5",
    "0..=3",
    "deployment.releases",
    "deployment.groups",
    "catalog.services",
    "deployment.tag(\"team\")",
    "deployment.stem",
    "\"(a+)+$\"",
    "deployment.teams",
    "\"tags.team\"",
    "0.85",
    "deployment.uuids",
];
const BINARY: [&str; 22] = [
    "+", "-", "*", "/", "%", "**", "==", "!=", "<", ">=", "&&", "||", "??", "in", "..", "<<", ">>", "&", "|",
    "^", "..=", "!in",
];
const CALLS: [&str; 38] = [
    "propose",
    "veto",
    "abstain",
    "because",
    "matches",
    "captures",
    "quoted",
    "is_uuid",
    "compare_versions",
    "len",
    "push",
    "pad",
    "replace",
    "split",
    "sub_string",
    "to_upper",
    "contains",
    "sort",
    "filter",
    "map",
    "reduce",
    "some",
    "order_by",
    "dedup",
    "retain",
    "extract",
    "splice",
    "helper",
    "text",
    "int",
    "list",
    "names",
    "keys",
    "plan",
    "longest_prefix",
    "service",
    "records_beginning",
    "type_of",
];

/// The script of a round.
pub(crate) fn script(round: u64, examples: &[String]) -> String {
    let mut numbers = Numbers(round.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let header = "fn strategy() { #{ id: \"random\", version: 1, summary: \"x\" } }\n";
    match numbers.below(8) {
        0 if !examples.is_empty() => damaged(&mut numbers, examples),
        1 => format!("{header}fn assess(deployment, catalog) {{ {} }}\n", expression(&mut numbers, 4)),
        2 => format!(
            "fn strategy() {{ {} }}\nfn assess(deployment, catalog) {{ abstain(\"\") }}\n",
            expression(&mut numbers, 3)
        ),
        3 => characters(&mut numbers),
        4 => {
            let (body, last) = (statement(&mut numbers, 1), opinion(&mut numbers));
            format!(
                "{header}fn assess(deployment, catalog) {{\nlet x = 1;\nlet y = [];\n\
                 try {{ {body} }} catch {{ }}\n{last}\n}}\nfn helper(x) {{ x }}\n"
            )
        }
        _ => {
            let body = statements(&mut numbers, 4);
            let helper = statements(&mut numbers, 2);
            let last = expression(&mut numbers, 3);
            format!(
                "{header}fn assess(deployment, catalog) {{\nlet x = 1;\nlet y = [];\n{body}\n{last}\n}}\n\
                 fn helper(x) {{ let y = x; let deployment = x; let catalog = y;\n{helper}\nx }}\n"
            )
        }
    }
}

/// What is an opinion, or nearly.
fn opinion(numbers: &mut Numbers) -> String {
    let confidence = numbers.pick(&["0", "1", "0.5", "0.9999", "1.0", "0.0 - 0.0", "2"]);
    let instance =
        numbers.pick(&["deployment.uuid", "\"tesla\"", "deployment.name", "deployment.record.instance"]);
    let plan = numbers.pick(&["redis-small", "redis-large", "pg-one", "pg-two"]);
    match numbers.below(4) {
        0 => "abstain(deployment.name)".to_owned(),
        1 => format!("veto({instance}, catalog.plan(\"{plan}\"))"),
        2 => format!(
            "[propose({instance}, catalog.plan(\"{plan}\"), {confidence}), propose(deployment.record, 0.5)]"
        ),
        _ => {
            format!("propose({instance}, catalog.plan(\"{plan}\"), {confidence}).because(\"a.b\", `${{x}}`)")
        }
    }
}

fn expression(numbers: &mut Numbers, depth: usize) -> String {
    if depth == 0 {
        return numbers.pick(&ATOMS).to_owned();
    }
    let mut part = || expression(numbers, depth - 1);
    let (a, b, c) = (part(), part(), part());
    match numbers.below(12) {
        0 => format!("({a} {} {b})", numbers.pick(&BINARY)),
        1 => format!(
            "{a}.{}(\"helper\")",
            numbers.pick(&["map", "filter", "sort", "reduce", "for_each", "some"])
        ),
        2..=4 => format!("{}({a}, {b})", numbers.pick(&CALLS)),
        5 => format!("{a}.{}({b})", numbers.pick(&CALLS)),
        6 => format!("propose({a}, {b}, {c})"),
        7 => format!("[{a}, {b}]"),
        8 => format!("#{{ a: {a}, \"b c\": {b} }}"),
        9 => format!("{a}[{b}]"),
        10 => format!("if {a} == {b} {{ {c} }} else {{ {a} }}"),
        _ => format!("propose(\"{A}\", catalog.plan(\"redis-small\"), {a}).because({b}, {c})"),
    }
}

fn statements(numbers: &mut Numbers, depth: usize) -> String {
    let count = 1 + numbers.below(3);
    (0..count).map(|_| statement(numbers, depth)).collect::<Vec<_>>().join("\n")
}

fn statement(numbers: &mut Numbers, depth: usize) -> String {
    let value = expression(numbers, 2);
    if depth == 0 {
        return format!("x = {value};");
    }
    let inner = statements(numbers, depth - 1);
    match numbers.below(12) {
        0 => format!("loop {{ {inner} }}"),
        1 => format!("while {value} != () {{ {inner} }}"),
        2 => format!("for y in {value} {{ {inner} }}"),
        3 => format!("if {value} == x {{ {inner} }}"),
        4 => format!("try {{ {inner} }} catch (e) {{ x = e; }}"),
        5 => format!("switch {value} {{ 1 => {{ {inner} }}, _ => {{ x = y; }} }}"),
        6 => format!("return {value};"),
        7 => format!("throw {value};"),
        8 => format!("y.push({value});"),
        9 => format!("x += {value};"),
        10 => format!("do {{ {inner} }} until x == y;"),
        _ => format!("let x = {value};"),
    }
}

/// A real script with some characters changed, doubled or gone.
fn damaged(numbers: &mut Numbers, examples: &[String]) -> String {
    let mut text: Vec<char> = examples[numbers.below(examples.len())].chars().collect();
    for _ in 0..=numbers.below(6) {
        let at = numbers.below(text.len());
        match numbers.below(3) {
            0 => text[at] = char::from(32 + u8::try_from(numbers.below(95)).unwrap_or(0)),
            1 => drop(text.remove(at)),
            _ => {
                let end = (at + numbers.below(40)).min(text.len());
                let copy: Vec<char> = text[at..end].to_vec();
                text.splice(at..at, copy);
            }
        }
    }
    text.into_iter().collect()
}

/// Characters that mean something, in no order.
fn characters(numbers: &mut Numbers) -> String {
    const PIECES: [&str; 24] = [
        "fn ", "(", ")", "{", "}", "[", "]", "#{", ";", "\"", "`", "${", "'", "\\", "//", "/*", "|x|",
        "let ", ".", ",", "0x", "é", "\u{0}", "if ",
    ];
    (0..numbers.below(300)).map(|_| numbers.pick(&PIECES)).collect()
}

/// What a round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    /// The script was refused.
    Refused,
    /// It ran, and failed.
    Failed,
    /// It had an opinion.
    Said,
}

/// Writes, loads and calls the script of a round.
///
/// # Panics
/// If it goes over a limit, or what is told of it is not complete.
pub(crate) fn round(number: u64, folder: &Path, examples: &[String]) -> Came {
    let text = script(number, examples);
    let file = folder.join("random.rhai");
    std::fs::write(&file, &text).expect("the folder can be written");
    let (set, problems) = ScriptSet::examine_all(&[file], &ScriptOptions::default());
    for problem in &problems {
        assert!(!problem.rendered().is_empty() && problem.file.ends_with("random.rhai"), "{problem:?}");
        assert_ne!(problem.code, "script.panicked", "round {number}: {problem}\n{text}");
    }
    let Some(set) = set else {
        assert!(!problems.is_empty(), "round {number}: refused for no reason\n{text}");
        return Came::Refused;
    };
    let manifest = Manifest::from_text("tags: {team: shop}\njobs: [{name: a, templates: [{name: b}]}]\n");
    let scene = Scene::of("redis: small large; pg: one").entry(A, "redis", "redis-small");
    let scene = scene.deployment(format!("redis-small-{A}"), manifest);
    let facts = scene.facts();
    let examined = set.examine(&set.scripts()[0], &scene.deployments[0], &facts).expect("a thread");
    let limits = Limits::STANDARD;
    assert!(examined.operations <= limits.operations + 1, "round {number}\n{text}");
    assert!(examined.time < limits.wall_clock * 2, "round {number}: {:?}\n{text}", examined.time);
    let engine = super::random_engine(&set);
    let step = engine.decide_each(&scene.deployments, &facts).remove(0).trace.remove(0);
    match (&examined.opinion, &step.result) {
        (Ok(_), StepResult::Said(_)) => Came::Said,
        // What a script may propose is for the engine to say.
        (Ok(_), StepResult::Failed(error)) => {
            assert_eq!(error.code(), "strategy.inadmissible", "round {number}\n{text}");
            Came::Said
        }
        (Err(problem), StepResult::Failed(error)) => {
            assert_ne!(problem.code, "script.panicked", "round {number}: {problem}\n{text}");
            assert!(problem.at.is_some() || problem.is_over_limit(), "round {number}: {problem}\n{text}");
            assert_eq!(problem.code, error.code(), "round {number}\n{text}");
            Came::Failed
        }
        (examined, step) => panic!("round {number}: {examined:?} and {step:?}\n{text}"),
    }
}
