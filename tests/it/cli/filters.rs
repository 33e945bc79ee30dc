//! Filters limit what is written and shown, never what is decided.

use std::collections::BTreeMap;

use serde_json::Value;

use super::program::{Answer, World};

/// The decisions of a scan, by deployment.
fn decisions(answer: &Answer) -> BTreeMap<String, Value> {
    let document = answer.document();
    let decisions = document["data"]["decisions"].as_array().unwrap();
    decisions.iter().map(|one| (one["deployment"].as_str().unwrap().to_owned(), one.clone())).collect()
}

/// Filters with what every deployment that they show has in its name.
const FILTERS: [(&str, &str); 7] = [
    ("--deployment redis-*", "redis-"),
    ("--deployment *-7cd5767f-????-*", "7cd5767f"),
    ("--service mariadb", "mariadb"),
    ("--plan redis-small-ha", "redis-small-ha-"),
    ("--instance 7cd5767f-4790-4fe2-ba2d-288743bd4d3f", "7cd5767f"),
    ("--instance 7CD5767F-4790-4FE2-BA2D-288743BD4D3F", "7cd5767f"),
    ("--service pg --deployment pg-cluster*", "pg-cluster"),
];

#[test]
fn a_filter_shows_part_of_the_same_decisions() {
    let world = World::new();
    let all = world.run("scan --json").ends(0);
    let decided = decisions(&all);
    for (filter, part) in FILTERS {
        let some = world.run(&format!("scan --json {filter}")).ends(0);
        let shown = decisions(&some);
        assert!(!shown.is_empty() && shown.len() < decided.len(), "{filter}");
        for (name, decision) in &shown {
            assert!(name.contains(part), "{filter} shows {name}");
            assert_eq!(decided[name], *decision, "{filter}");
        }
        assert_eq!(some.document()["data"]["counts"], all.document()["data"]["counts"], "{filter}");
    }
}

#[tokio::test]
async fn a_filtered_run_writes_only_what_fits() {
    let index_before = {
        let world = World::new();
        reconciler_core::model::JsonObject::parse(&std::fs::read_to_string(world.file("index.json")).unwrap())
            .unwrap()
    };
    for (filter, _) in FILTERS {
        let world = World::new();
        let shown = decisions(&world.run(&format!("scan --json {filter}")).ends(0));
        let instances: Vec<String> = shown
            .values()
            .filter_map(|one| one["identity"]["instance"].as_str().map(str::to_owned))
            .collect();
        let run = world.run(&format!("run --json {filter}")).ends(0);
        let written = world.versions().await;
        for (path, _) in written.iter().filter(|(path, _)| path != "db") {
            let instance = path.split('/').next().unwrap();
            assert!(instances.iter().any(|one| one == instance), "{filter} wrote {path}");
        }
        let index = world.fields("db").await;
        for (key, value) in index_before.iter().filter(|(key, _)| !instances.iter().any(|one| one == key)) {
            assert_eq!(index.raw(key).unwrap().get(), value.get(), "{filter} touched {key}");
        }
        let counts = &run.document()["data"]["counts"];
        let number = |name: &str| counts[name].as_u64().unwrap();
        let done = number("changed") + number("unchanged") + number("skipped");
        assert_eq!(number("matched"), done + number("filtered"), "{filter}");
        world.run(&format!("run {filter}")).ends(0).says(&["0 writes", "not asked for"]);
    }
}

#[test]
fn a_filtered_plan_shows_only_what_a_filtered_run_writes() {
    let world = World::new();
    let plan = world.run("plan --json --service mariadb").ends(0);
    let changes = plan.document()["data"]["changes"].clone();
    let paths: Vec<&str> =
        changes.as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap()).collect();
    assert!(!paths.is_empty());
    for path in paths {
        assert!(path.contains("b3e018b4") || path.contains("1fa7c242"), "{path}");
    }
    world.run("run --service mariadb").ends(0);
    world.run("plan --detailed-exitcode --service mariadb").ends(0);
    world.run("plan --detailed-exitcode").ends(11);
}

#[test]
fn who_holds_an_instance_is_decided_even_if_it_is_not_shown() {
    let world = World::new();
    let shown = decisions(&world.run("scan --json --deployment freight-*").ends(0));
    let decision = &shown["freight-queue-blue"];
    assert_eq!((&decision["outcome"], &decision["reason"]), (&"review".into(), &"second-claim".into()));
    assert_eq!(decision["holder"], "rabbitmq-cluster-864fb552-6e76-436d-983a-ad54c43d351e");
}

#[test]
fn a_pattern_is_no_regular_expression() {
    let world = World::new();
    for (pattern, count) in
        [("c?", 1), ("c.", 0), ("cf|concourse", 0), ("^cf$", 0), ("cf*", 1), ("*", 29), ("[a-z]*", 0)]
    {
        let shown = decisions(&world.run(&format!("scan --json --deployment {pattern}")).ends(0));
        assert_eq!(shown.len(), count, "{pattern}");
    }
}

#[test]
fn a_filter_that_fits_nothing_says_so() {
    let world = World::new();
    for filter in
        ["--deployment nothing-*", "--service reddis", "--plan redis-smal", "--instance relaxed-tesla"]
    {
        for command in ["scan", "plan", "run"] {
            world.run(&format!("{command} {filter}")).ends(0).says(&["nothing fits the filters"]);
        }
    }
    world.run("scan --service reddis").says(&["service reddis: nothing fits", "did you mean `redis`?"]);
    world.run("scan --plan redis-smal").says(&["did you mean `redis-small`?"]);
    let quiet = world.run("scan --service redis").ends(0);
    assert!(!quiet.stdout.contains("nothing fits"), "{}", quiet.stdout);
}

#[test]
fn a_filter_that_cannot_be_an_id_is_refused_by_its_flag() {
    let world = World::new();
    for (filter, flag) in
        [("--service a/b", "--service"), ("--plan -", "--plan"), ("--instance db", "--instance")]
    {
        world.run(&format!("scan {filter}")).fails(1, &[flag]);
    }
}

#[test]
fn findings_follow_the_filter_and_what_is_unknown_is_always_told() {
    let world = World::new();
    let broken = world.manifest("booking-search-cache");
    std::fs::write(&broken, "a: [").unwrap();
    let codes = |answer: &Answer| -> Vec<String> {
        let findings = answer.document()["data"]["findings"].clone();
        findings.as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
    };
    for (filter, expected) in [
        ("--service rabbitmq", vec!["manifest.notice", "manifest.notice", "deployment.duplicate"]),
        ("--plan pg-cluster", vec!["entry.missing"]),
        ("--instance FFD2D368-a5f1-4d20-9217-44a0efa1f0cc", vec!["filter.fits-nothing", "entry.absent"]),
        ("--deployment pg-cluster-*", vec!["entry.missing"]),
        ("--service mariadb", vec![]),
    ] {
        let scan = world.run(&format!("scan --json {filter}")).ends(3);
        let mut found = codes(&scan);
        // What is found last is told last; the order of kinds does not matter.
        found.sort_by_key(|code| code != "filter.fits-nothing");
        assert_eq!(found, expected, "{filter}");
        assert_eq!(scan.document()["data"]["unknown"][0]["deployment"], "booking-search-cache", "{filter}");
    }
}

#[test]
fn an_entry_is_not_called_absent_while_the_deployment_it_records_is_there() {
    let world = World::new();
    let instance = "7f216efc-fba2-4e2d-8b4d-6c6bc2af7899";
    std::fs::write(world.manifest("booking-search-cache"), "a: [").unwrap();
    // Nothing but the manifest says whose `booking-search-cache` is.
    let scan = world.run(&format!("scan --instance {instance}")).ends(3);
    scan.says(&[&format!("entry.absent         {instance}")]);
    let entry = "\"instance_name\": \"search-cache\"";
    let recorded = format!("\"deployment_name\": \"booking-search-cache\", {entry}");
    world.edit(&world.file("index.json"), entry, &recorded);
    let scan = world.run("scan").ends(3);
    assert!(!scan.stdout.lines().any(|line| line.starts_with("entry.absent") && line.contains(instance)));
}
