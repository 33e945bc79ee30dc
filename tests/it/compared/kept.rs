//! What is kept of decisions is read back the same, and is the same everywhere.

use std::collections::BTreeSet;

use proptest::prelude::*;
use reconciler_core::decisions::{
    DecisionRecord, Degraded, Group, OTHERS, SavedDecisions, Snapshot, group_of, read_group, write_group,
};
use reconciler_core::manifest::{Document, Limits, Manifest};
use reconciler_core::matching::{DecisionView, PolicyKind};
use reconciler_core::model::DeploymentName;
use reconciler_tests::fleets;
use reconciler_tests::scene::Scene;

use super::random::{bounded, engine, records, set};

fn group(records: Vec<DecisionRecord>) -> Group {
    records.into_iter().map(|record| (record.deployment.clone(), record)).collect()
}

proptest! {
    #![proptest_config(bounded())]

    #[test]
    fn a_snapshot_is_read_back_the_same(records in set()) {
        let group = group(records);
        let text = write_group(&group);
        let read = read_group(&text);
        prop_assert_eq!(read.as_ref(), Ok(&group), "{}", text);
        // Other readers of YAML see the same texts.
        let value: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
        for name in group.keys() {
            prop_assert!(value.get(name.as_str()).is_some(), "{} in\n{}", name, text);
        }
    }
}

#[test]
fn the_decisions_of_a_fleet_are_kept_whole() {
    let fleet = fleets::load(&fleets::demo());
    for kind in [PolicyKind::Best, PolicyKind::FirstMatch] {
        let decisions = engine(kind, 700).decide_all(&fleet.deployments, &fleet.facts);
        let records = records(&decisions);
        let snapshot = Snapshot::of(records.clone(), &fleet.facts.catalog);
        let mut back = Vec::new();
        for group in snapshot.groups.values() {
            back.extend(read_group(&write_group(group)).unwrap().into_values());
        }
        back.sort_by(|a, b| a.deployment.cmp(&b.deployment));
        assert_eq!(back, records);
        // The document of a scan says the same.
        let views: Vec<_> = decisions.iter().map(DecisionView::of).collect();
        let document = serde_json::json!({
            "schema_version": 1, "kind": "Scan", "complete": true, "later": 1,
            "data": {"chain": "c", "decisions": views, "later": 1},
        });
        let saved = SavedDecisions::parse(&document.to_string()).unwrap();
        assert_eq!(saved.decisions, records);
        assert_eq!(saved.strategies.len(), reconciler_strategies::EXPECTED.len());
    }
}

#[test]
fn a_group_depends_on_name_and_catalog_only() {
    let scene = Scene::of("redis: small small-ha; redis-enterprise: one; pg: one");
    let catalog = scene.facts().catalog;
    for (name, expected) in [
        ("redis-small-1b4e28ba-2fa1-41d2-883f-0016d3cca427", "redis"),
        ("redis-enterprise-one-x", "redis-enterprise"),
        ("redis-enterprise", "redis-enterprise"),
        ("redis-anything", "redis"),
        ("redisx", OTHERS),
        ("pgone", OTHERS),
        ("cf", OTHERS),
    ] {
        assert_eq!(group_of(&DeploymentName::new(name).unwrap(), &catalog), expected, "{name}");
    }
}

#[test]
fn what_is_no_snapshot_is_refused_at_its_place() {
    for (text, place, reason) in [
        ("a: {outcome: unmatched, opinions: nonsense}", "1:35", "`opinions` is not a list"),
        ("a: {outcome: unmatched, degraded: x}", "1:35", "`degraded` is not a list"),
        (
            "a: {outcome: unmatched, opinions: [{by: x, failed: y, because: [[z]]}]}",
            "1:65",
            "a reason is not a text",
        ),
        ("a: {outcome: matchd}", "1:4", "there is no outcome `matchd`"),
        ("a: {outcome: matched}", "1:4", "there is no `instance`"),
        ("a:\n  outcome: review\n", "2:3", "there is no `reason`"),
        ("a: {outcome: unmatched, plam: x}", "1:25", "a snapshot has no `plam`"),
        ("a: {outcome: unmatched, confidence: 1.7}", "1:37", "1.7"),
        ("a: {outcome: unmatched, opinions: [{by: x}]}", "1:36", "there is no `proposes`"),
        ("'a b': {outcome: unmatched}", "1:1", "no deployment name"),
        ("a: [", "", "not YAML"),
    ] {
        let error = read_group(text).unwrap_err().to_string();
        assert!(error.contains(place) && error.contains(reason), "{text}: {error}");
    }
    assert_eq!(read_group("# nothing\n").unwrap().len(), 0);
}

#[test]
fn what_is_no_scan_is_refused() {
    let refused = |json: &str| SavedDecisions::parse(json).unwrap_err().to_string();
    assert!(refused("{").contains("holds no decisions"));
    assert!(refused(r#"{"kind": "Plan", "data": null}"#).contains("kind `Plan`"));
    let one = |schema: u32, name: &str| {
        format!(
            r#"{{"schema_version": {schema}, "deployment": "{name}", "outcome": "unmatched", "candidates": [], "trace": [], "chain": "c"}}"#
        )
    };
    let scan = |decisions: &[String]| {
        format!(r#"{{"kind": "Scan", "data": {{"chain": "c", "decisions": [{}]}}}}"#, decisions.join(","))
    };
    assert!(refused(&scan(&[one(2, "a")])).contains("form 2"));
    assert!(refused(&scan(&[one(1, "a"), one(1, "b"), one(1, "a")])).contains("`a` twice"));
    assert!(refused(&scan(&[one(1, "../a")])).contains("deployment name"));
}

/// Found in a review: a group had a manifest's limits, so that one of 20,000
/// deployments could be written and not read.
#[test]
fn a_group_larger_than_any_manifest_is_read_back() {
    let scene = Scene::of("redis: small").deployment("cache", Manifest::absent());
    let mut record = records(&scene.decide(&engine(PolicyKind::Best, 700))).remove(0);
    let code = "x".repeat(Limits::STANDARD.bytes);
    record.degraded = vec![Degraded { by: "manifest".to_owned(), code }];
    let group = group(vec![record]);
    let text = write_group(&group);
    assert!(Document::parse(&text).is_faulty(), "it is within a manifest's limits and proves nothing");
    assert!(read_group(&text).unwrap() == group);
}

/// Snapshots hold names, codes and numbers; nothing of a manifest's values.
#[test]
fn a_snapshot_says_nothing_that_notes_and_places_say() {
    let fleet = fleets::load(&fleets::demo());
    let decisions = engine(PolicyKind::Best, 700).decide_all(&fleet.deployments, &fleet.facts);
    let snapshot = Snapshot::of(records(&decisions), &fleet.facts.catalog);
    let text: String = snapshot.groups.values().map(write_group).collect();
    assert!(!text.contains("manifest:") && !text.contains("the manifest states"), "{text}");
    let keys: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("  ")?.split(": ").next()).collect();
    assert!(keys.contains("outcome") && keys.contains("confidence"), "{keys:?}");
}
