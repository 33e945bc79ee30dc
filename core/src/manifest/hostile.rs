//! Texts made to break the parser, or that merely happen to: none may panic,
//! stall, or show a value in a problem. Tests only.
//!
//! Nothing here is timed. What would stall does so for minutes, or for ever.

use std::thread;

use proptest::prelude::*;

use super::{Document, Limits, Manifest, Node, code, redacted, same_content, topology};

/// The stack of a worker thread, the smallest a document is walked on.
const STACK: usize = 2 * 1024 * 1024;

/// Parses on a small stack, walks what comes out, and tells the problems.
fn problems(text: String, limits: Limits) -> Vec<String> {
    let worker = thread::Builder::new().stack_size(STACK);
    let running = worker.spawn(move || {
        let document = Document::parse_within(&text, limits);
        walk(&document);
        let codes = document.problems().iter();
        codes.map(|problem| problem.code.to_owned()).collect()
    });
    let running = running.expect("a thread can be started");
    running.join().expect("neither panics nor overflows")
}

/// Does everything that goes through a whole document.
fn walk(document: &Document) {
    let shown = redacted(document);
    assert_eq!(shown.is_empty(), document.is_empty());
    assert_eq!(document.is_faulty(), document.faults().count() == 1);
    assert!(!document.is_faulty() || document.is_empty());
    let _ = same_content(document, document);
    let _ = topology::of(document);
    let _ = document.root().map(|root| (root.len(), root.get("absent").is_none()));
}

#[test]
fn bombs_are_refused() {
    let doubling = |open: &str, close: &str| -> String {
        (1..60).map(|n| format!("l{n}: &l{n} {open}[*l{0}, *l{0}]{close}\n", n - 1)).collect()
    };
    let repeated = |first: &str, times: usize| format!("a: &a {first}\nb: [{}]", "*a, ".repeat(times));
    let cases = [
        ("brackets", "[".repeat(10_000), code::TOO_DEEP),
        ("brackets under a key", format!("a: {}", "[".repeat(10_000)), code::TOO_DEEP),
        ("braces", "{a: ".repeat(50_000), code::TOO_DEEP),
        ("closed brackets", "[".repeat(9_000) + &"]".repeat(9_000), code::TOO_DEEP),
        ("dashes", "- ".repeat(10_000), code::TOO_DEEP),
        ("question marks", "? ".repeat(10_000), code::TOO_DEEP),
        ("indented keys", (0..4_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect(), code::TOO_DEEP),
        ("length", "a: b\n".repeat(20_000_000), code::TOO_LARGE),
        ("commas", format!("[{}", "a,".repeat(1_000_001)), code::TOO_MANY_NODES),
        ("laughs", format!("l0: &l0 [x]\n{}", doubling("", "")), code::TOO_MANY_NODES),
        ("merged laughs", format!("l0: &l0 {{a: b}}\n{}", doubling("{<<: ", "}")), code::TOO_MANY_NODES),
        ("repeated list", repeated(&format!("[{}]", "x,".repeat(999)), 1_001), code::TOO_MANY_NODES),
        (
            "depth by alias",
            (1..200).fold("l0: &l0 []\n".to_owned(), |text, n| format!("{text}l{n}: &l{n} [*l{}]\n", n - 1)),
            code::TOO_DEEP,
        ),
        ("a list in itself", "a: &a [*a]".to_owned(), code::ALIAS_CYCLE),
        ("a mapping in itself", "&a {<<: *a}".to_owned(), code::ALIAS_CYCLE),
        ("a key in itself", "a: &a {*a : b}".to_owned(), code::ALIAS_CYCLE),
    ];
    for (name, text, expected) in cases {
        assert_eq!(problems(text, Limits::STANDARD), [expected], "{name}");
    }
}

#[test]
fn large_but_harmless_texts_are_taken() {
    let cases = [
        ("one long line", format!("a: {}", "x".repeat(1_000_000))),
        ("one long string", format!("a: \"{}\"", "x".repeat(1_000_000))),
        ("a long block", format!("a: |\n{}", "  line\n".repeat(100_000))),
        ("many aliases", format!("a: &a [x]\nb: [{}]", "*a, ".repeat(5_000))),
        ("many keys", (0..50_000).map(|n| format!("k{n}: v\n")).collect()),
        ("as deep as allowed", format!("a: {}{}", "[".repeat(127), "]".repeat(127))),
        (
            "a chain of merges",
            (1..100).fold("l0: &l0 {a: b}\n".to_owned(), |text, n| {
                format!("{text}l{n}: &l{n} {{<<: *l{}, k{n}: v}}\n", n - 1)
            }),
        ),
    ];
    for (name, text) in cases {
        assert_eq!(problems(text, Limits::STANDARD), [""; 0], "{name}");
    }
}

#[test]
fn the_deepest_document_allowed_fits_a_small_stack() {
    let limits = Limits { depth: u32::MAX, ..Limits::STANDARD };
    let deep = |levels: usize| format!("a:\n {}b: c", "- ".repeat(levels));
    let levels = Limits::DEEPEST as usize - 2;
    assert_eq!(problems(deep(levels), limits), [""; 0]);
    assert_eq!(problems(deep(levels + 1), limits), [code::TOO_DEEP]);
}

#[test]
fn the_limit_of_depth_counts_levels() {
    let limits = Limits { depth: 3, ..Limits::STANDARD };
    let cases = [
        ("a: [[x]]", true),
        ("a: [[[]]]", false),
        ("a: &a [x]\nb: [*a]", true),
        ("a: &a [[x]]\nb: [*a]", false),
    ];
    for (text, fits) in cases {
        let document = Document::parse_within(text, limits);
        assert_eq!(!document.is_faulty(), fits, "{text}");
    }
}

#[test]
fn the_limit_of_nodes_counts_aliases_written_out() {
    let limits = |nodes| Limits { nodes, ..Limits::STANDARD };
    // The mapping, two keys, the list with two items, and that list again.
    let text = "a: &a [x, y]\nb: *a";
    assert!(!Document::parse_within(text, limits(9)).is_faulty());
    assert!(Document::parse_within(text, limits(8)).is_faulty());
}

#[test]
fn problems_never_show_a_value() {
    let secret = "hunter2";
    let texts = [
        format!("password: {secret}\n bad: indentation"),
        format!("password: @{secret}"),
        format!("password: `{secret}`"),
        format!("password: %{secret}"),
        format!("password: \"{secret}"),
        format!("password: '{secret}"),
        format!("password: \"\\q{secret}\""),
        format!("password: *{secret}"),
        format!("password: !{secret}!x y"),
        format!("password: [{secret}, }}"),
        format!("password: {secret}: {secret}"),
        format!("password: |{secret}\n  x"),
        format!("%{secret} {secret}\npassword: x"),
        format!("password: {secret}\n\tx: {secret}"),
        secret.to_owned(),
        format!("[{secret}]"),
        format!("a: {secret}\na: {secret}\n--- {secret}"),
        format!("a: \0{secret}"),
        format!("? [{secret}]\n: {secret}"),
    ];
    for text in texts {
        let document = Document::parse(&text);
        assert_ne!(document.problems(), [], "{text:?}");
        let shown = format!("{document:?}{}", redacted(&document));
        assert!(!shown.contains(secret), "{text:?}: {shown}");
        for problem in document.problems() {
            assert!(!problem.to_string().contains(secret), "{text:?}: {problem}");
        }
    }
}

#[test]
fn what_is_not_a_manifest_is_told_from_what_says_nothing() {
    let cases = [
        ("", code::EMPTY),
        ("---\n", code::EMPTY),
        ("# nothing\n", code::EMPTY),
        ("~", code::EMPTY),
        ("[a]", code::NOT_A_MAPPING),
        ("Bad Gateway", code::NOT_A_MAPPING),
        ("\"\"", code::NOT_A_MAPPING),
        ("a: b\n---\nc: d\n", code::MULTIPLE_DOCUMENTS),
        ("a: [b", code::SYNTAX),
        ("a: *unknown", code::SYNTAX),
        ("a:\n\t- b: c", code::SYNTAX),
    ];
    for (text, expected) in cases {
        assert_eq!(problems(text.to_owned(), Limits::STANDARD), [expected], "{text:?}");
    }
    let first = Document::parse("a: b\n---\na: d\n");
    assert_eq!(first.path(&["a"]).and_then(Node::as_str), Some("b"));
}

#[test]
fn line_ends_and_byte_order_marks_do_not_matter() {
    let text = "\u{feff}---\r\nname: x\r\nlist:\r\n- a\r\n";
    let document = Document::parse(text);
    assert_eq!(document.problems(), []);
    assert!(same_content(&document, &Document::parse("name: x\nlist: [a]")));
}

/// A manifest with most of what YAML has, to be mutated.
const RICH: &str = "---\nname: &n redis # comment\nmeta: {password: \"pä\\x41ss\", <<: &m {a: 1.10}}\n\
    releases:\n- {name: redis, version: 1.10}\n- <<: *m\n  name: 'it''s'\n\
    cert: |-\n  line [one\n\n  line two\nfold: >+\n  a\n  b\n\n? complex\n: !tag {x: y}\n\
    list: [a, b: c, [*n, {d: e}], \"f\": g]\ntail: plain text\n  over lines\n...\n";

fn mutation() -> impl Strategy<Value = (usize, usize, String)> {
    let snippet = prop_oneof![
        "[\\[\\]{}:,&*!|>'\"%@`#?\n\t -]{0,4}",
        Just("<<: *m".to_owned()),
        Just("\n--- ".to_owned()),
        Just("\u{feff}".to_owned()),
        any::<char>().prop_map(String::from),
    ];
    (0..RICH.len(), 0..12_usize, snippet)
}

proptest! {
    #[test]
    fn any_bytes_give_a_document(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        walk(Manifest::from_bytes(bytes).document());
    }

    #[test]
    fn any_yaml_like_text_gives_a_document(text in "[a-c0-9\\[\\]{}:,&*!|>'\"%@`#?~<.\n\t é-]{0,80}") {
        walk(&Document::parse(&text));
    }

    #[test]
    fn a_mutated_manifest_gives_a_document(mutations in prop::collection::vec(mutation(), 1..8)) {
        let mut text: Vec<char> = RICH.chars().collect();
        for (at, removed, inserted) in mutations {
            let at = at.min(text.len());
            let end = (at + removed).min(text.len());
            text.splice(at..end, inserted.chars());
        }
        walk(&Document::parse(&text.into_iter().collect::<String>()));
    }

    #[test]
    fn plain_scalars_keep_their_text(value in "[a-zA-Z0-9.+_/-]{1,20}") {
        prop_assume!(!value.starts_with('-') && value != "...");
        let document = Document::parse(&format!("a: {value}\nb: [{value}]\n"));
        let text = |pointer: &str| document.find(pointer).expect("well written").and_then(Node::as_str);
        prop_assert_eq!(text("a"), Some(value.as_str()));
        prop_assert_eq!(text("b[0]"), Some(value.as_str()));
    }

    #[test]
    fn quoted_scalars_keep_their_text(value in any::<String>()) {
        // A string in JSON is a string in YAML, but for the characters YAML bans.
        prop_assume!(value.chars().all(|c| !matches!(c, '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')));
        let quoted = serde_json::to_string(&value).expect("a string can be quoted");
        let document = Document::parse(&format!("a: {quoted}\n"));
        let text = document.path(&["a"]).and_then(Node::as_str);
        prop_assert_eq!(text, Some(value.as_str()));
    }
}
