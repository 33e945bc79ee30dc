//! Ctrl-C: nothing is waited for while the run looks.

use std::process::Stdio;
use std::time::{Duration, Instant};

use reconciler_tests::director::Fault;

use super::*;

/// What is promised; a run ends much sooner.
const SOON: Duration = Duration::from_secs(1);

fn interrupt(scene: &Scene, arguments: &[&str], is_reached: impl Fn(&Scene) -> bool) -> Ended {
    let child = scene.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !is_reached(scene) {
        std::thread::yield_now();
    }
    let asked = Instant::now();
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let ended: Ended = child.wait_with_output().unwrap().into();
    let took = asked.elapsed();
    assert!(took < SOON, "it took {took:?}: {ended:?}");
    ended
}

#[test]
fn an_interrupted_scan_ends_at_once_with_a_clear_last_line() {
    let scene = Scene::new(30);
    // From the fifteenth on, an answer that never ends.
    scene.director.inject(Fault::StalledBody.on("/deployments/:name").after(15));
    for command in ["scan", "run", "plan"] {
        scene.director.reset_counters();
        scene.director.heal();
        scene.director.inject(Fault::StalledBody.on("/deployments/:name").after(15));
        let is_reached = |scene: &Scene| scene.director.counters().of("/deployments/:name") > 15;
        let ended = interrupt(&scene, &[command], is_reached);
        assert_eq!(ended.code, Some(130), "{command}: {ended:?}");
        let last = ended.stderr.lines().last().unwrap_or_default();
        assert!(
            last.starts_with("error: interrupted after ") && last.contains("of 30 deployments"),
            "{last}"
        );
        assert!(last.ends_with("nothing was written"), "{last}");
    }
}

#[test]
fn an_interruption_before_the_list_was_read_says_so() {
    let scene = Scene::new(1);
    scene.director.inject(Fault::StalledBody.on("/deployments"));
    let ended = interrupt(&scene, &["run"], |scene| scene.director.counters().of("/deployments") > 0);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(ended.stderr.lines().last().unwrap().contains("interrupted"), "{ended:?}");
}

#[test]
fn an_interruption_before_the_director_said_who_it_is_says_so() {
    let scene = Scene::new(1);
    scene.director.inject(Fault::StalledBody.on("/info"));
    for command in ["scan", "run"] {
        scene.director.reset_counters();
        let ended = interrupt(&scene, &[command], |scene| scene.director.counters().of("/info") > 0);
        assert_eq!(ended.code, Some(130), "{ended:?}");
        assert!(ended.stderr.lines().last().unwrap().starts_with("error: interrupted"), "{ended:?}");
    }
}

#[test]
fn an_interrupted_capture_leaves_nothing_behind() {
    let scene = Scene::new(30);
    scene.director.inject(Fault::StalledBody.on("/deployments/:name").after(15));
    let out = scene.file("deep/capture");
    let is_reached = |scene: &Scene| scene.director.counters().of("/deployments/:name") > 15;
    let ended = interrupt(&scene, &["capture", "--out", out.to_str().unwrap()], is_reached);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(ended.stderr.lines().last().unwrap().starts_with("error: interrupted"), "{ended:?}");
    assert!(!scene.file("deep").exists());
}
