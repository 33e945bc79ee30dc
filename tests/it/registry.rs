//! The registry as a whole: what is linked, how it is ordered and described,
//! and which chains cannot be built.

use std::sync::Arc;

use insta::assert_snapshot;
use reconciler_core::matching::{
    ChainEntry, ChainError, Family, MatchContext, MatchEngine, MatchStrategy, Opinion, Policy, PolicyKind,
    StrategyError, StrategyMeta, registered,
};

use crate::decisions::settings;

#[derive(Debug)]
struct Silent;

impl MatchStrategy for Silent {
    fn assess(&self, _context: MatchContext<'_>) -> Result<Opinion, StrategyError> {
        Ok(Opinion::abstain("always"))
    }
}

fn silent(id: &'static str, version: u32, priority: u16, origin: &'static str) -> ChainEntry {
    let meta = StrategyMeta::new(id, version, priority, Family::Name, "says nothing", "");
    ChainEntry::new(meta, origin, Arc::new(Silent)).unwrap()
}

fn selected(names: &[&str]) -> Result<Vec<String>, ChainError> {
    let engine = MatchEngine::builder().with_registered()?.select(names.iter().copied()).build()?;
    Ok(engine.chain().entries().iter().map(|entry| entry.id.to_string()).collect())
}

#[test]
fn the_linked_strategies_are_exactly_the_expected_ones() {
    let ids: Vec<String> = registered().unwrap().iter().map(|entry| entry.id.to_string()).collect();
    assert_eq!(ids, reconciler_strategies::EXPECTED);
}

#[test]
fn the_order_of_the_chain_is_written_down() {
    let lines: Vec<String> = registered()
        .unwrap()
        .iter()
        .map(|ChainEntry { id, meta, .. }| {
            format!("{:<4} {id:<18} v{} {:<9} {}", meta.priority, meta.version, meta.family, meta.summary)
        })
        .collect();
    settings().bind(|| assert_snapshot!("chain", lines.join("\n")));
}

#[test]
fn ids_are_kebab_case_and_name_their_file() {
    let entries = registered().unwrap();
    for entry in &entries {
        let id = entry.id.as_str();
        let kebab = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        };
        assert!(id.split('-').all(kebab), "{id}");
        let file = format!("/{}.rs:", id.replace('-', "_"));
        assert!(entry.origin.replace('\\', "/").contains(&file), "{id} comes from {}", entry.origin);
        assert_eq!(entries.iter().filter(|other| other.id == entry.id).count(), 1, "{id}");
    }
}

#[test]
fn every_strategy_says_what_it_looks_at_and_when_it_speaks() {
    for entry in registered().unwrap() {
        let StrategyMeta { summary, doc, .. } = &entry.meta;
        let mut from = 0;
        for heading in ["Looks at:", "Proposes when:", "Abstains when:", "Example:"] {
            let at = doc.match_indices(heading).map(|(at, _)| at).find(|at| *at >= from);
            let at = at.unwrap_or_else(|| panic!("{}: no `{heading}` behind byte {from}", entry.id));
            assert!(at == 0 || doc[..at].ends_with("\n\n"), "{}: `{heading}` begins no paragraph", entry.id);
            let text = doc[at + heading.len()..].split("\n\n").next().unwrap().trim();
            assert!(text.len() > 20, "{}: `{heading}` says nothing", entry.id);
            from = at + heading.len();
        }
        assert!(!summary.is_empty() && !summary.contains('\n') && !summary.ends_with('.'), "{}", entry.id);
    }
}

#[test]
fn a_shared_id_names_both_places() {
    for reversed in [false, true] {
        let mut entries =
            vec![silent("same-id", 1, 5, "first.rs:7"), silent("same-id", 2, 500, "second.rs:9")];
        entries.push(silent("other-id", 1, 50, "third.rs:1"));
        if reversed {
            entries.reverse();
        }
        let error = MatchEngine::builder().with_entries(entries).build().unwrap_err();
        assert!(matches!(error, ChainError::Duplicate { .. }), "{error:?}");
        let text = error.to_string();
        assert!(["`same-id`", "first.rs:7", "second.rs:9"].iter().all(|part| text.contains(part)), "{text}");
    }
    // A strategy of the user's may not hide one that is compiled in.
    let builder = MatchEngine::builder().with_registered().unwrap();
    let text = builder.with_entry(silent("uuid-pattern", 1, 1, "mine.rs:1")).build().unwrap_err().to_string();
    assert!(text.contains("mine.rs:1") && text.contains("uuid_pattern.rs"), "{text}");
}

#[test]
fn an_id_that_is_none_names_its_place() {
    for id in ["", "x", "Upper-Case", "with space", "under_score", "é-accent"] {
        let meta = StrategyMeta::new(id, 1, 1, Family::Name, "", "");
        let error = ChainEntry::new(meta, "here.rs:3", Arc::new(Silent)).unwrap_err();
        assert!(error.to_string().contains("here.rs:3"), "{id}: {error}");
    }
}

#[test]
fn a_chain_of_nothing_cannot_be_built() {
    let error = MatchEngine::builder().build().unwrap_err();
    assert_eq!(error, ChainError::NothingLinked);
    assert!(error.to_string().contains("use reconciler_strategies as _;"), "{error}");
    assert_eq!(selected(&[]).unwrap_err(), ChainError::Empty);
}

#[test]
fn a_selection_keeps_its_own_order() {
    assert_eq!(
        selected(&["name-heuristics", " uuid-pattern "]).unwrap(),
        ["name-heuristics", "uuid-pattern"]
    );
}

#[test]
fn an_unknown_name_is_told_with_the_nearest_one() {
    let cases = [
        ("uuid-patern", Some("uuid-pattern")),
        ("UUID-pattern", Some("uuid-pattern")),
        ("release", Some("release-based")),
        ("stored_record", Some("stored-record")),
        ("metadata", None),
        ("", None),
    ];
    for (name, expected) in cases {
        let error = selected(&["stored-record", name]).unwrap_err();
        let ChainError::Unknown { nearest, known, .. } = &error else {
            panic!("{name}: {error:?}");
        };
        assert_eq!(nearest.as_deref(), expected, "{name}");
        assert_eq!(known, reconciler_strategies::EXPECTED);
        let text = error.to_string();
        assert_eq!(text.contains("did you mean"), expected.is_some(), "{text}");
        assert!(text.contains("name-heuristics"), "{text}");
    }
}

#[test]
fn a_repeated_name_is_refused() {
    let error = selected(&["stored-record", "uuid-pattern", "stored-record"]).unwrap_err();
    assert_eq!(error.to_string(), "strategy `stored-record` is listed twice; list it once");
}

#[test]
fn the_fingerprint_tells_every_change_of_the_rules() {
    let print = |entries: &[(&'static str, u32, u16)], policy: Policy| {
        let entries = entries.iter().map(|(id, version, priority)| silent(id, *version, *priority, "x.rs:1"));
        MatchEngine::builder().with_entries(entries).policy(policy).build().unwrap().fingerprint().to_string()
    };
    let usual = Policy::default();
    let first = Policy { kind: PolicyKind::FirstMatch, ..usual };
    let strict = Policy { threshold: "0.9".parse().unwrap(), ..usual };
    let wide = Policy { margin: "0.2".parse().unwrap(), ..usual };
    let (a, b) = (("aaa", 1, 9), ("bbb", 1, 8));
    let prints = [
        print(&[a, b], usual),
        print(&[a], usual),
        print(&[("aaa", 2, 9), b], usual),
        print(&[("aaa", 1, 7), b], usual),
        print(&[a, ("bbc", 1, 8)], usual),
        print(&[a, b], first),
        print(&[a, b], strict),
        print(&[a, b], wide),
    ];
    for (at, one) in prints.iter().enumerate() {
        assert!(!prints[..at].contains(one), "{at}: {prints:?}");
    }
    assert_eq!(print(&[b, a], usual), prints[0], "the order of registration is no rule");
}
