//! What another reconciler was found to decide wrongly, each as a test.

use reconciler_core::manifest::Manifest;
use reconciler_core::matching::{Confidence, Decision, Degradation, MatchEngine, PolicyKind, StepResult};
use reconciler_core::model::{Catalog, CatalogError};
use reconciler_tests::scene::{A, B, C, Scene, broken, engine, engine_of, outcome, states, states_all};

/// Plans whose ids begin alike, and a plan name that several services have; the
/// first service of the alphabet is the one that used to win.
const CATALOG: &str = "mariadb: standalone; rabbitmq: standalone cluster; \
     redis: standalone standalone-6 standalone-7 small small-ha small-ha-eu";

/// Decides a fleet by both policies and with the catalog in both orders, and
/// holds each deployment against what is expected of it.
fn check(scene: &Scene, expected: &[&str]) {
    for kind in [PolicyKind::Best, PolicyKind::FirstMatch] {
        for scene in [scene.clone(), scene.clone().reversed_catalog()] {
            let decisions = scene.decide(&engine(kind));
            let got: Vec<String> = decisions.iter().map(outcome).collect();
            assert_eq!(got, expected, "by {kind}");
        }
    }
}

/// The same for one deployment.
fn check_one(catalog: &str, name: &str, manifest: Manifest, expected: &str) {
    check(&Scene::of(catalog).deployment(name, manifest), &[expected]);
}

fn best(scene: &Scene) -> Decision {
    scene.decide(&engine(PolicyKind::Best)).remove(0)
}

#[test]
fn plan_small_is_not_small_ha() {
    for plan in ["redis-small", "redis-small-ha", "redis-small-ha-eu"] {
        for manifest in [Manifest::absent(), states(A)] {
            check_one(CATALOG, &format!("{plan}-{A}"), manifest, &format!("matched redis / {plan} / {A}"));
        }
    }
}

#[test]
fn plan_standalone_is_not_standalone_7() {
    for plan in ["redis-standalone", "redis-standalone-6", "redis-standalone-7"] {
        for manifest in [Manifest::absent(), states(A)] {
            check_one(CATALOG, &format!("{plan}-{A}"), manifest, &format!("matched redis / {plan} / {A}"));
        }
    }
}

#[test]
fn plan_ids_are_not_prefixed_twice() {
    check_one(
        CATALOG,
        &format!("redis-small-{A}"),
        Manifest::absent(),
        &format!("matched redis / redis-small / {A}"),
    );
    // Nor is the prefix left out, nor written twice.
    for name in [format!("redis-redis-small-{A}"), format!("small-{A}")] {
        check_one(CATALOG, &name, Manifest::absent(), "review below-threshold");
    }
}

#[test]
fn upper_case_uuid_is_matched() {
    let upper = A.to_uppercase();
    for manifest in [Manifest::absent(), states(&upper)] {
        let expected = format!("matched redis / redis-small / {upper}");
        check_one(CATALOG, &format!("redis-small-{upper}"), manifest, &expected);
    }
}

#[test]
fn an_instance_id_in_another_case_is_the_same_instance() {
    let (upper, mixed) = (A.to_uppercase(), A.replace('f', "F"));
    let name = format!("redis-small-{upper}");
    // The manifest's spelling counts before the name's, the index's before both.
    let scene = Scene::of(CATALOG).deployment(&name, states(A));
    for chain in [["uuid-pattern", "manifest-metadata"], ["manifest-metadata", "uuid-pattern"]] {
        let decision = scene.decide(&engine_of(&chain)).remove(0);
        assert_eq!(outcome(&decision), format!("matched redis / redis-small / {A}"), "{chain:?}");
    }
    check(&scene.entry(&mixed, "redis", "redis-small"), &[&format!("matched redis / redis-small / {mixed}")]);
    let elsewhere = Scene::of(CATALOG).deployment("cache", states_all("redis", "redis-small", &upper));
    check(&elsewhere.entry(A, "redis", "redis-small"), &[&format!("matched redis / redis-small / {A}")]);
}

#[test]
fn metadata_that_contradicts_the_name_is_never_a_match() {
    for (manifest, becomes) in [
        (states(B), "review contradicted"),
        (states("relaxed-tesla"), "review contradicted"),
        (states("'no id at all'"), "review contradicted"),
        (states_all("redis", "redis-small-ha", A), "review contradicted"),
        (states_all("rabbitmq", "redis-small", A), "review contradicted"),
    ] {
        check_one(CATALOG, &format!("redis-small-{A}"), manifest.clone(), becomes);
        let known = Scene::of(CATALOG).entry(A, "redis", "redis-small");
        check(&known.deployment(format!("redis-small-{A}"), manifest), &[becomes]);
    }
}

#[test]
fn a_copied_manifest_does_not_take_over_the_instance_it_was_copied_from() {
    let (original, copy) = (format!("redis-standalone-{A}"), format!("rabbitmq-standalone-{C}"));
    let kept = format!("matched redis / redis-standalone / {A}");
    let both = |scene: Scene| scene.deployment(&original, states(A)).deployment(&copy, states(A));
    check(&both(Scene::of(CATALOG)), &[&kept, "review contradicted"]);
    // Even if a record was overwritten by the copy already.
    let damaged = Scene::of(CATALOG).entry(A, "rabbitmq", "rabbitmq-standalone");
    check(&both(damaged), &[&kept, "review contradicted"]);
    // And even if the original is gone.
    check_one(CATALOG, &copy, states(A), "review contradicted");
}

#[test]
fn a_plan_name_in_an_unrelated_word_is_nothing() {
    for name in ["smallprint", "rediscover-small", "standalones", "unstandalone", "my-clustering"] {
        check_one(CATALOG, &format!("{name}-{A}"), Manifest::absent(), "unmatched");
    }
}

#[test]
fn a_plan_name_of_a_service_that_nobody_offers_is_nothing() {
    for name in ["foo-standalone", "mongodb-standalone", "postgresql-cluster"] {
        check_one(CATALOG, &format!("{name}-{A}"), Manifest::absent(), "unmatched");
    }
}

#[test]
fn a_deployment_without_manifest_is_not_the_first_service_with_that_plan_name() {
    for (plan, service) in [("redis-standalone", "redis"), ("rabbitmq-standalone", "rabbitmq")] {
        let expected = format!("matched {service} / {plan} / {A}");
        check_one(CATALOG, &format!("{plan}-{A}"), Manifest::absent(), &expected);
    }
}

#[test]
fn a_manifest_that_could_not_be_fetched_names_no_other_service() {
    let scene = Scene::of(CATALOG)
        .deployment(format!("redis-standalone-{A}"), Manifest::unread("503 from the Director"));
    check(&scene, &["review degraded"]);
    let decision = best(&scene);
    let ranked: Vec<_> = decision.ranking.iter().map(|one| one.identity.to_string()).collect();
    assert_eq!(ranked, [format!("redis / redis-standalone / {A}")]);
}

#[test]
fn unparsable_manifest_is_degraded() {
    for (manifest, code) in [
        (broken(), "manifest.syntax"),
        (Manifest::from_bytes(b"name: \xff".to_vec()), "manifest.not-utf8"),
        (Manifest::from_text("- a list"), "manifest.not-a-mapping"),
        (Manifest::unread("timed out"), "manifest.unread"),
    ] {
        let scene = Scene::of(CATALOG).deployment(format!("redis-small-{A}"), manifest);
        check(&scene, &["review degraded"]);
        let decision = best(&scene);
        assert!(
            matches!(&decision.degradations[..], [Degradation::Manifest { code: got, .. }] if *got == code),
            "{:?}",
            decision.degradations
        );
        assert_eq!(decision.ranking[0].identity.plan.as_str(), "redis-small", "what the name says is shown");
    }
    // Nothing to read is not the same as unreadable.
    let matched = format!("matched redis / redis-small / {A}");
    for manifest in [Manifest::absent(), Manifest::from_text(""), Manifest::from_text("a: 1\na: 2\n")] {
        check_one(CATALOG, &format!("redis-small-{A}"), manifest, &matched);
    }
}

#[test]
fn system_words_in_a_name_do_not_hide_a_deployment() {
    let words = ["blacksmith", "bosh", "cf", "concourse", "grafana", "prometheus", "shield", "vault"];
    for word in words {
        for service in [format!("a-{word}-db"), word.to_owned(), format!("secure-{word}")] {
            let catalog = format!("{service}: small");
            let expected = format!("matched {service} / {service}-small / {A}");
            check_one(&catalog, &format!("{service}-small-{A}"), Manifest::absent(), &expected);
        }
        // The platform's own deployments are nobody's without being on a list.
        check_one(CATALOG, word, Manifest::from_text(format!("name: {word}")), "unmatched");
    }
}

#[test]
fn two_uuids_are_ambiguous() {
    let name = format!("redis-standalone-{A}-{B}");
    for manifest in [Manifest::absent(), states(A), states(B), states_all("redis", "redis-standalone", A)] {
        let scene = Scene::of(CATALOG).entry(A, "redis", "redis-standalone").deployment(&name, manifest);
        check(&scene, &["review below-threshold"]);
        let decision = best(&scene);
        for instance in [A, B] {
            assert!(
                decision.ranking.iter().any(|one| one.identity.instance.as_str() == instance),
                "{instance}"
            );
        }
    }
}

#[test]
fn a_uuid_that_does_not_end_the_name_is_for_people() {
    for manifest in [Manifest::absent(), states(A), states_all("redis", "redis-small", A)] {
        check_one(CATALOG, &format!("redis-small-{A}-old"), manifest, "review below-threshold");
    }
}

#[test]
fn an_empty_plan_name_matches_nothing() {
    let odd = || Scene::of(CATALOG).plan("unnamed", "", "");
    for name in ["cf".to_owned(), format!("foo-{A}"), format!("_{A}"), A.to_owned()] {
        check(&odd().deployment(&name, Manifest::absent()), &["unmatched"]);
    }
    let own = format!("matched redis / redis-unnamed / {A}");
    check(&odd().deployment(format!("redis-unnamed-{A}"), Manifest::absent()), &[&own]);
}

#[test]
fn boss_names_are_matched() {
    let name = "redis-small-relaxed-tesla";
    let matched = "matched redis / redis-small / relaxed-tesla";
    let known = Scene::of(CATALOG).entry("relaxed-tesla", "redis", "redis-small");
    check(&known.clone().deployment(name, Manifest::absent()), &[matched]);
    check(&known.deployment(name, states("relaxed-tesla")), &[matched]);
    check_one(CATALOG, name, states("relaxed-tesla"), matched);
}

#[test]
fn an_id_that_is_no_uuid_needs_a_witness() {
    check_one(CATALOG, "redis-small-relaxed-tesla", Manifest::absent(), "unmatched");
    check_one(CATALOG, "cache", states_all("redis", "redis-small", "relaxed-tesla"), "unmatched");
    check_one(CATALOG, "cache", states_all("nope", "nada", "not-a-uuid"), "unmatched");
    check_one(CATALOG, "redis-small-db", states("db"), "unmatched");
    // Why it did not count is in the trace.
    let scene = Scene::of(CATALOG).deployment("cache", states_all("redis", "redis-small", "relaxed-tesla"));
    assert_eq!(best(&scene).trace[0].refused.len(), 1);
}

#[test]
fn release_fit_is_computed_from_the_plans_own_manifests() {
    let own = "releases: [{name: harbour-kv, version: 1}, {name: bpm, version: 1}]\n\
         instance_groups: [{name: n, jobs: [{name: kv, release: harbour-kv}]}]\n";
    let scene = || Scene::of("harbour: other").plan("kv", "kv", own);
    let fit = |manifest: String| -> Vec<(String, Confidence)> {
        let decision = scene().deployment(format!("legacy-{A}"), Manifest::from_text(manifest));
        let decisions = decision.decide(&engine_of(&["release-based"]));
        assert!(decisions[0].identity().is_none(), "a fit alone is never a match");
        decisions[0].ranking.iter().map(|one| (one.identity.plan.to_string(), one.confidence)).collect()
    };
    // No service is built in: a release nobody has heard of fits as well as any.
    assert_eq!(fit(own.to_owned()), [("harbour-kv".to_owned(), Confidence::per_mille(600))]);
    assert_eq!(fit(own.replace("harbour-kv", "redis")), []);
}

#[test]
fn a_right_match_is_not_cut_because_its_releases_are_unknown() {
    let scene = Scene::of(CATALOG).deployment(format!("redis-standalone-{A}"), states(A));
    let decision = best(&scene);
    assert_eq!(decision.winner().map(|one| one.confidence), Some(Confidence::per_mille(950)));
    assert!(decision.trace.iter().all(|step| matches!(step.result, StepResult::Said(_))));
}

#[test]
fn an_index_entry_with_another_plan_does_not_overrule_the_name() {
    let right = format!("matched redis / redis-small-ha / {A}");
    for manifest in [Manifest::absent(), states(A)] {
        let damaged = Scene::of(CATALOG).entry(A, "redis", "redis-small");
        check(&damaged.deployment(format!("redis-small-ha-{A}"), manifest), &[&right]);
    }
}

#[test]
fn a_plan_that_people_wrote_down_does_not_overrule_the_index() {
    let written = states_all("redis", "redis-small", A);
    let other = Scene::of(CATALOG).entry(A, "rabbitmq", "rabbitmq-standalone");
    check(&other.deployment("cache", written.clone()), &["review below-threshold"]);
    let same = Scene::of(CATALOG).entry(A, "redis", "redis-small");
    check(&same.deployment("cache", written), &[&format!("matched redis / redis-small / {A}")]);
}

#[test]
fn a_retired_plan_is_known_from_the_index_and_from_nowhere_else() {
    let name = format!("redis-legacy-{A}");
    let known = Scene::of(CATALOG).entry(A, "redis", "redis-legacy");
    let matched = format!("matched redis / redis-legacy / {A}");
    check(&known.clone().deployment(&name, states(A)), &[&matched]);
    check(&known.deployment(&name, states(B)), &["review contradicted"]);
    check_one(CATALOG, &name, states(A), "unmatched");
    check_one(CATALOG, &name, states_all("redis", "redis-legacy", A), "unmatched");
}

#[test]
fn an_instance_marked_deleted_is_decided_all_the_same() {
    let entry = format!(
        r#"{{"{A}": {{"service_id": "redis", "plan_id": "redis-small", "status": "deleted", "deleted": true}}}}"#
    );
    let scene = Scene::of(CATALOG).index(entry).deployment(format!("redis-small-{A}"), states(A));
    check(&scene, &[&format!("matched redis / redis-small / {A}")]);
}

#[test]
fn no_catalog_is_an_error() {
    assert_eq!(Catalog::new(Vec::new()).unwrap_err(), CatalogError::Empty);
    assert!(MatchEngine::builder().build().is_err());
}
