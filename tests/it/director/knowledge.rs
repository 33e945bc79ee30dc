//! What a later run concludes from what it does not see any more: from an
//! incomplete scan nothing, from a complete one a finding.

use std::collections::BTreeSet;

use chrono::{Duration, Utc};
use reconciler_core::adapters::sqlite::{SqliteStore, StateFile};
use reconciler_core::model::{JsonObject, layout};
use reconciler_core::ports::{CompleteScan, RunState as _, SecretStore as _};
use reconciler_tests::director::Fault;

use super::*;

/// A scene after one complete run over so many deployments.
fn known(deployments: usize) -> Scene {
    let scene = Scene::new(deployments);
    let run = scene.run(&["run"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    scene
}

fn index(scene: &Scene) -> Option<JsonObject> {
    let store = SqliteStore::open(scene.file("store.db")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(store.read(layout::INDEX)).unwrap().data().cloned()
}

fn findings(ended: &Ended) -> Vec<(String, String)> {
    let report = ended.json();
    let rows = report["data"]["findings"].as_array().unwrap();
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.iter().map(|row| (text(row, "code"), text(row, "message"))).collect()
}

#[test]
fn half_a_list_is_a_finding_and_costs_no_entry() {
    let scene = known(10);
    let before = index(&scene);
    scene.director.inject(Fault::HalfList.on("/deployments"));
    let run = scene.run(&["run", "--json"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let found = findings(&run);
    let fewer = found.iter().find(|(code, _)| code == "scan.fewer-deployments").unwrap();
    assert_eq!(fewer.1, "5 deployments, 10 in the last complete scan");
    assert_eq!(found.iter().filter(|(code, _)| code == "entry.absent").count(), 5);
    assert_eq!(index(&scene), before);
    assert!(before.is_some());
}

#[test]
fn another_director_in_the_middle_of_a_scan_makes_it_incomplete_and_nothing_is_written() {
    let scene = known(6);
    let before = index(&scene);
    let other = "99999999-9755-4b4f-aa6d-3632fbed8012";
    scene.director.change(|state| {
        state.deployments.remove(&name(0));
        let changed = state.deployments.get_mut(&name(1)).unwrap();
        changed.manifest = changed.manifest.as_ref().map(|text| format!("{text}more: 1\n"));
    });
    scene.director.inject(Fault::AnotherUuid(other.to_owned()).on("/deployments").times(1));
    let run = scene.run(&["run", "--json"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    let found = findings(&run);
    let incomplete = found.iter().find(|(code, _)| code == "scan.incomplete").unwrap();
    assert!(incomplete.1.contains(other), "{incomplete:?}");
    assert!(found.iter().all(|(code, _)| code != "entry.absent"));
    assert_eq!(run.json()["data"]["counts"]["writes"], 0);
    assert_eq!(index(&scene), before);
    // From the next run on it is another Director from the beginning.
    let next = scene.run(&["run"]);
    assert_eq!(next.code, Some(1), "{next:?}");
    assert!(next.stderr.contains("holds the records of the Director"), "{next:?}");
}

#[test]
fn scopes_that_shrank_make_a_scan_incomplete_until_they_are_back() {
    let scene = known(4);
    let team = |state: &mut DirectorState| {
        state.deployments.get_mut(&name(1)).unwrap().teams = vec!["ours".to_owned()];
        state.set_scopes(&["bosh.teams.ours.admin".to_owned()]);
    };
    scene.director.change(team);
    for _ in 0..2 {
        let run = scene.run(&["run", "--json"]);
        assert_eq!(run.code, Some(3), "{run:?}");
        let found = findings(&run);
        assert!(
            found.iter().any(|(_, message)| {
                message.contains("the deployments of ours instead of all deployments")
            })
        );
        assert!(found.iter().all(|(code, _)| code != "entry.absent"));
    }
    scene.director.change(|state| state.set_scopes(&["bosh.admin".to_owned()]));
    assert_eq!(scene.run(&["run"]).code, Some(0));
    // Less may be changed, and no less seen.
    scene.director.change(|state| state.set_scopes(&["bosh.read".to_owned()]));
    assert_eq!(scene.run(&["run"]).code, Some(0));
}

#[test]
fn an_unknown_deployment_keeps_its_records_as_they_are() {
    let scene = known(3);
    let before = index(&scene);
    scene.director.inject(Fault::BadGateway.on("/deployments/:name").of(&name(1)));
    let run = scene.run(&["run"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(run.stdout.contains(&format!("unknown  {}: ", name(1))), "{run:?}");
    assert_eq!(index(&scene), before);
}

#[test]
fn only_a_404_with_the_directors_own_code_lets_an_entry_turn_missing() {
    let scene = known(5);
    scene.director.change(|state| state.deployments.remove(&name(2)));
    assert_eq!(scene.run(&["run"]).code, Some(0));
    let state = StateFile::open(scene.file("state.db"), "2daf673a-9755-4b4f-aa6d-3632fbed8012").unwrap();
    let absent: BTreeSet<_> = state.absences().unwrap().into_iter().map(|one| one.instance).collect();
    assert_eq!(absent.len(), 1);
    state.forget_absences(&absent).unwrap();
    let (at, unknown) = (Utc::now() - Duration::hours(3), BTreeSet::new());
    let scan = CompleteScan { at, absent, unknown, longest_gap: Duration::days(3) };
    state.record_complete_scan(&scan).unwrap();
    // Old enough, whenever the test is run.
    age_entry(&scene, 2);
    for (fault, complete) in [
        (Fault::Refusal(404, "404 page not found".to_owned()), true),
        (Fault::Refusal(404, r#"{"code":10000,"description":"gone"}"#.to_owned()), true),
        (Fault::Refusal(401, "Not authorized".to_owned()), true),
        (Fault::BadGateway, true),
    ] {
        scene.director.inject(fault.clone().on("/deployments/:name").of(&name(2)));
        let run = scene.run(&["run", "--json"]);
        assert_eq!(run.json()["complete"], complete, "{fault:?}: {run:?}");
        assert_eq!(run.json()["data"]["absent"][0]["waiting"]["reason"], "unproven", "{fault:?}");
        assert!(!index(&scene).unwrap().to_text().contains("orphaned"), "{fault:?}");
        scene.director.heal();
    }
    scene.director.reset_counters();
    let run = scene.run(&["run"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("called so by this run"), "{run:?}");
    assert!(index(&scene).unwrap().to_text().contains(r#""orphaned":true"#));
}

/// Makes an entry an old one, as if it had been created long ago.
fn age_entry(scene: &Scene, number: usize) {
    let store = SqliteStore::open(scene.file("store.db")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let slot = store.read(layout::INDEX).await.unwrap();
        let mut index = slot.data().unwrap().clone();
        let mut entry = JsonObject::parse(index.raw(&instance(number)).unwrap().get()).unwrap();
        entry.set_value("created", &1_700_000_000);
        entry.remove("discovered_at");
        index.set_value(instance(number), &entry);
        store.write(layout::INDEX, &index, slot.version()).await.unwrap();
    });
}

#[test]
fn a_director_whose_clock_is_not_ours_proves_no_absence_and_the_run_says_so() {
    let scene = known(5);
    scene.director.change(|state| state.deployments.remove(&name(2)));
    for minutes in [-120, 7] {
        scene.director.set_clock_ahead(Duration::minutes(minutes));
        let run = scene.run(&["run", "--json"]);
        assert_eq!(run.code, Some(3), "{run:?}");
        assert!(findings(&run).iter().any(|(code, _)| code == "clock.apart"), "{run:?}");
        let list = scene.run(&["orphans", "list"]);
        assert!(list.code == Some(3) && list.stdout.contains("clock.apart"), "{list:?}");
        assert_ne!(scene.run(&["orphans", "list", "--format", "odb"]).code, Some(0));
    }
    let run = scene.run(&["run"]);
    assert!(run.stdout.contains("7 min ahead of ours") && run.stdout.contains("1 unknown"), "{run:?}");
    let state = StateFile::open(scene.file("state.db"), "2daf673a-9755-4b4f-aa6d-3632fbed8012").unwrap();
    assert_eq!(state.absences().unwrap(), []);
    scene.director.set_clock_ahead(Duration::zero());
    assert_eq!(scene.run(&["run"]).code, Some(0));
    assert_eq!(state.absences().unwrap().len(), 1);
}
