//! Every decision over the demo fleet, as snapshots: the JSON form of each, the
//! outcomes by `first-match`, and what some of them say to people.

use insta::{Settings, assert_json_snapshot, assert_snapshot, assert_yaml_snapshot};
use reconciler_core::matching::{Decision, DecisionView, Explanation, PolicyKind, SCHEMA_VERSION};
use reconciler_core::model::recognise::uuids;
use reconciler_tests::fleets;
use reconciler_tests::scene::{engine, outcome};

/// The chain's fingerprint changes with every version of a strategy; that it
/// does is tested with the registry.
pub(crate) fn settings() -> Settings {
    let mut settings = Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter("chain(:?) [0-9a-f]{16}", "chain$1 [fingerprint]");
    settings.add_redaction(".chain", "[fingerprint]");
    settings.add_redaction(".decision.chain", "[fingerprint]");
    settings
}

fn decisions(kind: PolicyKind) -> Vec<Decision> {
    let fleet = fleets::load(&fleets::demo());
    engine(kind).decide_all(&fleet.deployments, &fleet.facts)
}

/// A deployment's name with its UUIDs cut to their first group.
fn short(name: &str) -> String {
    uuids(name).iter().fold(name.to_owned(), |short, uuid| short.replace(uuid.text, &uuid.text[..8]))
}

fn find<'a>(decisions: &'a [Decision], name: &str) -> &'a Decision {
    decisions.iter().find(|one| short(one.deployment.as_str()) == name).unwrap_or_else(|| panic!("{name}"))
}

#[test]
fn every_decision_over_the_demo_fleet_stays_as_it_is() {
    let decisions = decisions(PolicyKind::Best);
    settings().bind(|| {
        for decision in &decisions {
            let name = format!("demo@{}", short(decision.deployment.as_str()));
            assert_yaml_snapshot!(name, DecisionView::of(decision));
        }
    });
}

#[test]
fn first_match_comes_to_the_same_outcomes_with_less_said() {
    let outcomes = |kind| -> Vec<String> {
        let decisions = decisions(kind);
        let line = |one: &Decision| format!("{}: {}", short(one.deployment.as_str()), short(&outcome(one)));
        decisions.iter().map(line).collect()
    };
    let (best, first) = (outcomes(PolicyKind::Best), outcomes(PolicyKind::FirstMatch));
    settings().bind(|| assert_snapshot!("first-match", first.join("\n")));
    assert_eq!(first, best);
}

#[test]
fn first_match_skips_what_comes_behind_the_deciding_strategy() {
    let decisions = decisions(PolicyKind::FirstMatch);
    let decision = find(&decisions, "pg-cluster-91ab649d");
    settings().bind(|| assert_yaml_snapshot!("first-match@pg-cluster-91ab649d", DecisionView::of(decision)));
}

#[test]
fn explanations_tell_people_what_was_seen_and_why_it_led_there() {
    let decisions = decisions(PolicyKind::Best);
    let policy = engine(PolicyKind::Best).policy();
    settings().bind(|| {
        for name in [
            "redis-small-ha-eu-e47219df",
            "pg-standalone-77c05fb0",
            "freight-queue-blue",
            "pg-standalone-55d16f08-764406ff",
            "mongodb-standalone-c42fa0ef",
        ] {
            let explanation = Explanation::new(find(&decisions, name), policy);
            assert_snapshot!(format!("explain@{name}"), explanation.to_string());
        }
    });
}

#[test]
fn the_json_form_has_a_version_and_stays_as_it_is() {
    #[derive(serde::Serialize)]
    struct Versioned<'a> {
        schema_version: u32,
        decision: DecisionView<'a>,
    }
    let decisions = decisions(PolicyKind::Best);
    let decision = DecisionView::of(find(&decisions, "freight-queue-blue"));
    settings().bind(|| {
        assert_json_snapshot!("json-form", Versioned { schema_version: SCHEMA_VERSION, decision });
    });
}

#[test]
fn no_decision_tells_a_password() {
    let policy = engine(PolicyKind::Best).policy();
    for decision in decisions(PolicyKind::Best) {
        let json = serde_json::to_string(&DecisionView::of(&decision)).unwrap();
        let text = Explanation::new(&decision, policy).to_string();
        for told in [json, text] {
            assert!(!told.contains("demo-password"), "{told}");
        }
    }
}
