//! A Director captured: the folder decides as it did, also about what it did not
//! say.

use std::path::Path;

use reconciler_core::adapters::sqlite::{StateFile, StateOwner};
use reconciler_core::ports::RunState as _;
use reconciler_tests::director::Fault;

use super::*;

const MANIFEST: &str = "/deployments/:name";

/// Everything that is decided, without places and words.
fn decided(scan: &Ended) -> Vec<String> {
    let decisions = scan.json()["data"]["decisions"].as_array().unwrap().clone();
    let shown = |decision: serde_json::Value| {
        let degraded: Vec<_> = decision["degraded"].as_array().into_iter().flatten().collect();
        let codes: Vec<_> = degraded.iter().map(|one| &one["code"]).collect();
        format!(
            "{} {} {} {} {codes:?}",
            decision["deployment"], decision["outcome"], decision["identity"], decision["confidence"]
        )
    };
    decisions.into_iter().map(shown).collect()
}

fn unknown(answer: &Ended) -> Vec<String> {
    let rows = answer.json()["data"]["unknown"].as_array().unwrap().clone();
    rows.into_iter().map(|row| row["deployment"].as_str().unwrap().to_owned()).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A Director with a manifest that is no YAML and one that was never deployed.
fn scene() -> Scene {
    let state = director(4).deployment("broken", "meta: [MARKER-in-broken");
    Scene::of(state.deployment("odd", "name: odd\nname: odd\ntags: {password: [MARKER-in-tags]}\n"))
}

#[test]
fn a_captured_director_decides_the_same_and_holds_no_secret() {
    let scene = scene();
    let out = scene.file("capture");
    let live = scene.run(&["scan", "--json"]);
    let captured = scene.run(&["capture", "--out", text(&out), "--json"]);
    assert_eq!(captured.code, Some(0), "{captured:?}");
    assert_eq!(captured.json()["data"]["replay"]["compared"], 6);

    let replayed = scene.run(&["replay", text(&out)]);
    assert_eq!(replayed.code, Some(0), "{replayed:?}");
    assert!(replayed.stdout.contains("Same: all 6 outcomes"), "{replayed:?}");
    // In another shell, as any other fleet.
    let mut again = scene.command(&["scan", "--json", "--fleet", text(&out)]);
    let again: Ended = again
        .env("BLACKSMITH_RECONCILER_STORE_PATH", scene.file("other.db"))
        .env("BLACKSMITH_RECONCILER_STATE_PATH", scene.file("other-state.db"))
        .output()
        .unwrap()
        .into();
    assert_eq!(decided(&again), decided(&live));
    assert_eq!(again.code, live.code);

    let said = crate::capture::everything(&out);
    assert!(!crate::capture::holds(&said, "MARKER"), "{}", String::from_utf8_lossy(&said));
    assert!(!captured.all().contains("MARKER"));
}

#[test]
fn what_could_not_be_read_stays_unknown_in_the_capture() {
    let scene = Scene::new(12);
    for number in [1, 3, 4, 5, 6, 7, 8] {
        scene.director.inject(Fault::Refusal(403, "<html>MARKER".to_owned()).on(MANIFEST).of(&name(number)));
    }
    let out = scene.file("capture");
    let live = scene.run(&["scan", "--json"]);
    let captured = scene.run(&["capture", "--out", text(&out), "--json"]);
    assert_eq!((captured.code, live.code), (Some(3), Some(3)), "{captured:?}");
    assert_eq!(captured.json()["complete"], false);
    assert_eq!(unknown(&captured), unknown(&live));
    assert_eq!(unknown(&captured).len(), 7);

    let replayed = scene.run(&["replay", text(&out)]);
    assert_eq!(replayed.code, Some(3), "{replayed:?}");
    assert!(replayed.stdout.contains("The capture is incomplete"), "{replayed:?}");
    let mut again = scene.command(&["scan", "--json", "--fleet", text(&out)]);
    let again: Ended =
        again.env("BLACKSMITH_RECONCILER_STORE_PATH", scene.file("other.db")).output().unwrap().into();
    assert_eq!((decided(&again), unknown(&again)), (decided(&live), unknown(&live)));
    assert_eq!(again.code, Some(3), "{again:?}");
}

#[test]
fn a_capture_that_fails_leaves_nothing_behind() {
    let scene = Scene::new(3);
    let out = scene.file("deep/capture");
    scene.director.inject(Fault::CutList.on("/deployments"));
    let failed = scene.run(&["capture", "--out", text(&out)]);
    assert_eq!(failed.code, Some(2), "{failed:?}");
    assert!(!scene.file("deep").exists(), "nor an empty folder above");

    // A folder that was there stays, as empty as it was.
    let there = scene.file("there");
    std::fs::create_dir(&there).unwrap();
    let mut wrong = scene.command(&["capture", "--out", text(&there)]);
    let wrong: Ended = wrong.env("BLACKSMITH_PASSWORD", "wrong").output().unwrap().into();
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert_eq!(std::fs::read_dir(&there).unwrap().count(), 0);
}

#[test]
fn what_a_trial_on_a_capture_learns_does_not_count_for_the_director() {
    let scene = Scene::new(5);
    let uuid = "2daf673a-9755-4b4f-aa6d-3632fbed8012";
    let states = scene.file(".local/state/reconciler");
    let (live, trial) =
        (states.join(format!("{uuid}.state.db")), states.join(format!("{uuid}.fleet.state.db")));
    let run = |arguments: &[&str], store: &str| -> Ended {
        let mut command = scene.command(arguments);
        command.env_remove("BLACKSMITH_RECONCILER_STATE_PATH");
        command.env("BLACKSMITH_RECONCILER_STORE_PATH", scene.file(store)).output().unwrap().into()
    };
    assert_eq!(run(&["run"], "store.db").code, Some(0));
    let out = scene.file("capture");
    assert_eq!(run(&["capture", "--out", text(&out)], "store.db").code, Some(0));
    // The capture lacks a deployment that the Director has.
    let list = out.join("director/deployments.json");
    let mut deployments: Vec<serde_json::Value> =
        serde_json::from_slice(&std::fs::read(&list).unwrap()).unwrap();
    deployments.retain(|one| one["name"] != name(2).as_str());
    std::fs::write(&list, serde_json::to_vec(&deployments).unwrap()).unwrap();
    let tried = run(&["run", "--fleet", text(&out)], "trial.db");
    assert!(tried.code == Some(0) && tried.stdout.contains("1 absent"), "{tried:?}");

    let absences = |path: &Path, owner: StateOwner| {
        StateFile::open_existing(path, owner).unwrap().unwrap().absences().unwrap().len()
    };
    assert_eq!(absences(&trial, StateOwner::fleet(uuid)), 1);
    assert_eq!(absences(&live, StateOwner::director(uuid)), 0);
    // Nor does it if somebody names the file.
    let tried = run(&["run", "--fleet", text(&out), "--state", text(&live)], "trial.db");
    assert_eq!(tried.code, Some(1), "{tried:?}");
    assert!(tried.stderr.contains("learnt of the live Director") && tried.stderr.contains("--state FILE"));
    // Nor do the records of another store: what is absent there is counted anew.
    let tried = run(&["run", "--json"], "another.db");
    assert_eq!(tried.code, Some(0), "{tried:?}");
    assert!(tried.stdout.contains("state.another-store"), "{tried:?}");
    assert!(!run(&["run", "--json"], "another.db").stdout.contains("state.another-store"));
}
