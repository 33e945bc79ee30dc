//! What is sealed says the same to whoever may not see secrets, and nothing to
//! whoever looks for them.

use proptest::prelude::*;

use super::{Writing, sealed, sealed_within};
use crate::manifest::secrets::{KnownNames, Place, Seal, Visibility, visibility};
use crate::manifest::{Document, Limits, Manifest, Node, NodeKind, code};

fn seal() -> Seal {
    Seal::new(&[42; 32])
}

/// Whether two nodes at the same place are the same to whoever sees no secret.
fn looks_the_same(a: Node<'_>, b: Node<'_>, place: Place) -> Result<(), String> {
    let differ = |what: &str| Err(format!("{what} of {a:?}: {:?} and {:?}", a.as_str(), b.as_str()));
    if a.kind() != b.kind() || a.len() != b.len() {
        return differ("kind or length");
    }
    if a.kind() == NodeKind::Scalar {
        if a.is_null() != b.is_null() {
            return differ("whether anything is written");
        }
        let [seen, kept] = [a, b].map(|node| visibility(node, place, KnownNames::default()));
        if seen != kept {
            return differ("the visibility");
        }
        if seen == Visibility::Public
            && !a.is_null()
            && (a.as_str(), a.as_bool(), a.as_i64()) != (b.as_str(), b.as_bool(), b.as_i64())
        {
            return differ("the value");
        }
    }
    for (a, b) in a.items().zip(b.items()) {
        looks_the_same(a, b, place.item())?;
    }
    for (a, b) in a.entries().zip(b.entries()) {
        if a.public_key(place) != b.public_key(place) {
            return Err(format!("keys {:?} and {:?}", a.key(), b.key()));
        }
        // No path leads to what a collection is the key of.
        if a.key.as_str().is_some() {
            looks_the_same(a.value, b.value, place.key(a.key()))?;
        }
    }
    Ok(())
}

fn check(text: &str) -> String {
    let document = Document::parse(text);
    assert!(!document.is_faulty(), "{:?}\n{text}", document.problems());
    let shown = sealed(&document, &seal(), KnownNames::default()).expect("fits");
    let again = Document::parse(&shown);
    assert!(!again.is_faulty(), "{:?}\n{text}\n{shown}", again.problems());
    match (document.root(), again.root()) {
        (Some(a), Some(b)) => looks_the_same(a, b, Place::root()).unwrap_or_else(|what| {
            panic!("{what}\n{text}\n{shown}");
        }),
        (a, b) => assert_eq!((a.is_some(), b.is_some()), (false, false), "{text}"),
    }
    shown
}

#[test]
fn a_manifest_is_kept_with_its_secrets_hidden() {
    let shown = check(
        "name: redis-1 # a comment\nmeta: {password: hunter2, again: hunter2, none: ~, params: {instance_id: abc}}\n\
         releases:\n- {name: redis, version: 1.10, url: 'https://u:hunter2@x'}\n\
         tags: {team: \"1.10\", note: 'a: b', \u{1F600}: é}\nempty: {}\n",
    );
    let (password, url) = (seal().hide("hunter2"), seal().hide("https://u:hunter2@x"));
    let [again, none, empty] = ["again", "none", "empty"].map(|key| seal().hide(key));
    let expected = format!(
        "name: redis-1
meta:
  password: {password}
  {again}: {password}
  {none}: ~
  params:
    instance_id: abc
releases:
  - name: redis
    version: 1.10
    url: {url}
tags:
  team: \"1.10\"
  note: \"a: b\"
  \"\\U0001f600\": \"\\u00e9\"
{empty}: {{}}
"
    );
    assert_eq!(shown, expected);
}

#[test]
fn what_nobody_sees_is_hidden_also_at_a_public_place() {
    for text in [
        "name: hunter2\nname: redis",
        "meta: &m {name: hunter2}\n<<: *m\nname: redis",
        "meta: &m {name: hunter2}\nreleases: [{<<: *m, name: redis}]",
        "tags: {? [hunter2] : hunter2, ? {hunter2: hunter2} : x}",
        "name: redis # hunter2",
        "name: !hunter2 redis",
        "meta: &hunter2 [1]\nother: *hunter2",
        "%TAG !h! tag:hunter2,2000:\n---\nname: redis",
        "name: redis\n---\nname: hunter2",
        "name: {deeper: hunter2}\nreleases: [[hunter2]]\ntags: [hunter2]",
        "hunter2: {hunter2: 1}\nmeta: {hunter2: [{hunter2: 2}], users: {hunter2: admin, hunter2: 2}}",
        "tags: {a: {hunter2: 1}}\nreleases: [{hunter2: 1}]\nproperties: {blacksmith: {hunter2: 1}}",
        "zz: &o {hunter2: 1}\ntags: {<<: *o, a: 1}\nreleases: [*o]",
        "zz: {&a hunter2 : 1}\ntags: {b: *a}",
    ] {
        let shown = check(text);
        assert!(!shown.contains("hunter2"), "{text}\n{shown}");
    }
}

#[test]
fn what_a_secret_place_lends_to_a_public_one_is_hidden() {
    for text in [
        "zz: &pw {password: hunter2, sub: &s hunter2}\ntags: {<<: *pw, x: *s}",
        "meta: {n: &n hunter2, all: &all {name: hunter2}}\nname: *n\nreleases: [*all, {<<: *all}]",
        "meta: {n: &n hunter2}\ntags: {*n : x}",
    ] {
        let shown = check(text);
        assert!(!shown.contains("hunter2"), "{text}\n{shown}");
    }
}

/// Whoever decides again has to find what the rules ask for by name, and sees no
/// more of it than before.
#[test]
fn the_keys_that_rules_ask_for_are_kept_where_all_is_hidden() {
    let keys = ["pool".to_owned(), "team".to_owned()].into();
    let known = KnownNames { keys: Some(&keys), ..KnownNames::default() };
    let document = Document::parse(
        "meta: {pool: hunter2, other: {pool: 1}}\nzz: &o {team: hunter2}\ntags: {<<: *o, own: x}\n",
    );
    let again = Document::parse(&sealed(&document, &seal(), known).expect("fits"));
    let other = seal().hide("other");
    for (path, found) in [
        (&["meta", "pool"][..], true),
        (&["meta", other.as_str(), "pool"], true),
        (&["meta", "other"], false),
        // What is lent to a public place is found by nobody, here and there.
        (&["tags", "team"], false),
        (&["tags", "own"], true),
    ] {
        assert_eq!(again.path(path).is_some(), found, "{path:?}");
    }
    let (root, copy) = (document.root().unwrap(), again.root().unwrap());
    looks_the_same(root, copy, Place::root()).unwrap();
}

#[test]
fn what_repeats_itself_by_alias_is_written_once() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..5 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    assert!(check(&text).len() < 4000);
}

/// A public value that is lent a thousand times would take a thousand times its
/// room, and hiding a long secret takes time each time.
#[test]
fn a_long_value_that_repeats_itself_by_alias_is_written_once_at_public_places_too() {
    let (long, items) = ("y".repeat(10_000), vec!["*v"; 1000].join(", "));
    for text in [
        format!("instance_groups: [{{azs: [&v {long}, {items}]}}]\n"),
        format!("tags: {{a: &v '{long} é: '}}\ninstance_groups: [{{azs: [{items}]}}]\n"),
        format!("instance_groups: [{{azs: &azs [{long}]}}, {{azs: *azs}}, {{azs: *azs}}]\n"),
        format!("meta: {{a: &v {long}}}\ninstance_groups: [{{azs: [{items}]}}]\n"),
        // The first place is nowhere: it lends nothing.
        format!("tags: {{x: &v {long}, x: 1}}\ninstance_groups: [{{azs: [{items}]}}]\n"),
        format!("name: [&v {long}]\ninstance_groups: [{{azs: [{items}], name: *v}}]\n"),
    ] {
        let shown = check(&text);
        assert!(shown.len() < 70_000, "{}", shown.len());
    }
}

#[test]
fn what_grows_too_long_is_given_up_where_it_does() {
    let (value, limits) = ("v".repeat(60), Limits { bytes: 5000, ..Limits::STANDARD });
    let items = vec!["*v"; 10_000].join(", ");
    for text in [
        format!("instance_groups: [{{azs: [&v {value}, {items}]}}]\n"),
        format!("meta: [&v {value}, {items}]\n"),
        format!(
            "x: &v {value}\nmeta: &m {{{}}}\n",
            (0..1000).map(|n| format!("k{n}: *v, ")).collect::<String>()
        ),
    ] {
        let document = Document::parse(&text);
        assert!(!document.is_faulty(), "{:?}", document.problems());
        let problem = sealed_within(&document, &seal(), KnownNames::default(), &limits).unwrap_err();
        assert_eq!(problem.code, code::TOO_LARGE);
        let seal = seal();
        let mut writing = Writing::new(&document, &seal, KnownNames::default(), limits.bytes);
        let entries = super::entries_of(document.root().unwrap(), Place::root());
        writing.mapping(&entries, Place::root(), 0, false);
        assert!(writing.out.len() < limits.bytes + 200, "{}", writing.out.len());
    }
}

#[test]
fn notices_stay_and_long_keys_are_found() {
    let long = "k".repeat(3000);
    for (text, expected) in [
        ("a: 1\na: 2\nb: {c: 1, c: 2}", vec![code::DUPLICATE_KEY; 2]),
        ("? [x]\n: 1\nb: {? {y: z} : {c: d}}", vec![code::COMPLEX_KEY; 2]),
        ("a: 1\n---\nb: 2", vec![code::MULTIPLE_DOCUMENTS]),
        ("# nothing", vec![code::EMPTY]),
        ("{}", vec![]),
        (&*format!("? {long}\n: {{\"{long}\": [x]}}\nb: 1"), vec![]),
    ] {
        let shown = check(text);
        let again = Document::parse(&shown);
        let found: Vec<_> = again.notices().map(|notice| notice.code).collect();
        assert_eq!(found, expected, "{text}\n{shown}");
    }
}

#[test]
fn what_was_not_received_or_cannot_be_used_stays_so() {
    let kept = |manifest: &Manifest| manifest.sealed(&seal(), KnownNames::default()).expect("fits");
    assert_eq!(kept(&Manifest::absent()), None);
    assert_eq!(kept(&Manifest::unread("timed out")), None);
    let broken = Manifest::from_text("password: [hunter2");
    let again = Manifest::from_bytes(kept(&broken).expect("was received"));
    assert_eq!(again.faults().map(|fault| fault.code).collect::<Vec<_>>(), [code::SYNTAX]);
    assert!(!again.text().expect("is text").contains("hunter2"));
}

/// Values of every look, most of them at places that are not public.
fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("~".to_owned()),
        Just("''".to_owned()),
        Just("yes".to_owned()),
        Just("-0x1F".to_owned()),
        Just("1:30".to_owned()),
        Just(".5".to_owned()),
        Just("(( grab meta.x ))".to_owned()),
        Just("long-".repeat(20)),
        Just("\"a\\u0001\\n\\\"b\\\\\u{FEFF}\u{2028}\"".to_owned()),
        "[a-z]{1,6}",
        "'[ -&(-~]{0,9}'",
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "name",
        "releases",
        "jobs",
        "templates",
        "tags",
        "meta",
        "params",
        "instance_id",
        "\"<<\"",
        "version",
        "? [x]",
        "? {}",
        "'odd: key'",
        "\"\\n\"",
        "''",
        "~",
    ])
    .prop_map(str::to_owned)
}

/// YAML in flow style, with anchors that any later place may refer to.
fn node() -> impl Strategy<Value = String> {
    scalar().prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec((key(), inner.clone()), 0..6).prop_map(|entries| {
                let entries: Vec<_> = entries.iter().map(|(key, value)| format!("{key} : {value}")).collect();
                format!("{{{}}}", entries.join(", "))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_is_sealed_looks_the_same(
        shared in node(),
        entries in prop::collection::vec((key(), node(), 0..4_usize), 0..6),
    ) {
        let mut text = format!("shared: &s {shared}\nmapping: &m {{name: x, tags: {{a: 1}}, deep: [{{name: 2}}]}}\n");
        for (key, value, kind) in &entries {
            text.push_str(&match kind {
                0 => format!("{key} : *s\n"),
                1 => format!("{key} : [*m, *s, {{<<: *m, x: {value}}}]\n"),
                2 => "<<: *m\n".to_owned(),
                _ => format!("{key} : {value}\n"),
            });
        }
        let document = Document::parse(&text);
        prop_assume!(!document.is_faulty());
        check(&text);
    }
}
