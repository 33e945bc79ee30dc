//! A Director captured: the folder decides as it did, also about what it did not
//! say.

use std::path::Path;

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
