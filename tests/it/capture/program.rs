//! `capture` and `replay` as their users see them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use reconciler_core::adapters::fleet::{FleetFolder, FleetWriter};
use reconciler_core::manifest::secrets::{KnownNames, Seal};
use reconciler_core::manifest::{Deployment, Manifest};
use reconciler_core::model::{DeploymentName, DeploymentSummary};
use reconciler_tests::{examples, fleets};
use tempfile::TempDir;

use super::{everything, files, holds};

fn run(home: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reconciler"));
    command.args(words).env_clear().env("HOME", home).current_dir(home);
    command.output().unwrap()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A home with a capture of the demo fleet in it.
fn captured(flags: &[&str]) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let demo = fleets::demo();
    let mut words = vec!["capture", "--out", "capture", "--fleet", demo.to_str().unwrap()];
    words.extend(flags);
    let output = run(home.path(), &words);
    assert_eq!(code(&output), Some(0), "{output:?}");
    home
}

#[test]
fn a_capture_is_its_owners_alone() {
    let home = captured(&[]);
    let out = home.path().join("capture");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for file in files(&out) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        for folder in file.ancestors().skip(1).take_while(|folder| folder.starts_with(&out)) {
            assert_eq!(mode(folder), 0o700, "{}", folder.display());
        }
    }
}

/// Found in a review: what others could read was read in silence.
#[test]
fn a_capture_that_others_may_open_is_refused() {
    let home = captured(&[]);
    let set = |path: &str, mode| {
        fs::set_permissions(home.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    let asked = [
        &["replay", "capture"][..],
        &["decisions", "diff", "capture/decisions.json", "capture"],
        &["decisions", "diff", "capture", "--", "--threshold", "0.7"],
    ];
    let all_end_with = |expected| {
        for words in asked {
            let output = run(home.path(), words);
            assert_eq!(code(&output), Some(expected), "{output:?}");
            if expected == 1 {
                let said = stderr(&output);
                assert!(said.contains("(mode 0644)") && said.contains("`chmod 700 capture`"), "{said}");
            }
        }
    };
    // In a closed folder all is closed, and an open one may hold what is closed.
    set("capture/index.json", 0o644);
    all_end_with(0);
    set("capture", 0o755);
    all_end_with(1);
    set("capture/index.json", 0o600);
    all_end_with(0);
    set("capture/director", 0o750);
    set("capture/director/info.json", 0o644);
    all_end_with(1);
    set("capture", 0o700);
    all_end_with(0);
}

#[test]
fn an_empty_folder_that_was_there_stays_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("capture");
    fs::create_dir(&out).unwrap();
    fs::set_permissions(&out, fs::Permissions::from_mode(0o755)).unwrap();
    let demo = fleets::demo();
    let output = run(home.path(), &["capture", "--out", "capture", "--fleet", demo.to_str().unwrap()]);
    assert_eq!(code(&output), Some(0), "{output:?}");
    assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(code(&run(home.path(), &["replay", "capture"])), Some(0));
}

#[test]
fn the_same_outcomes_of_a_capture_that_is_incomplete_are_not_all_of_them() {
    let home = tempfile::tempdir().unwrap();
    fleets::copy(&fleets::demo(), &home.path().join("fleet")).unwrap();
    let manifest = home.path().join("fleet/director/manifests/cf.yml");
    fs::remove_file(&manifest).unwrap();
    fs::create_dir(&manifest).unwrap();
    let output = run(home.path(), &["capture", "--out", "capture", "--fleet", "fleet"]);
    assert_eq!(code(&output), Some(3), "{output:?}");
    for (words, expected) in
        [(&["replay", "capture"][..], 3), (&["replay", "capture", "--threshold", "0.96"], 20)]
    {
        let output = run(home.path(), words);
        assert_eq!(code(&output), Some(expected), "{output:?}");
        assert!(stdout(&output).contains("The capture is incomplete"), "{output:?}");
    }
}

#[test]
fn the_demo_fleet_is_captured_without_its_secrets() {
    let home = captured(&[]);
    let said = everything(&home.path().join("capture"));
    let demo = FleetFolder::open(fleets::demo()).unwrap();
    let mut looked_at = 0;
    for summary in demo.summaries() {
        let Some(bytes) = demo.manifest_bytes(&summary.name).unwrap() else { continue };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for line in text.lines().filter(|line| line.trim_start().starts_with("password: ")) {
            let secret = line.split_once(": ").unwrap().1.trim_matches(['"', '\'']);
            assert!(!holds(&said, secret), "{secret}");
            looked_at += 1;
        }
    }
    assert!(looked_at > 5, "{looked_at}");
}

#[test]
fn nothing_that_is_there_is_overwritten() {
    let home = captured(&[]);
    let before = everything(home.path());
    let demo = fleets::demo();
    for out in ["capture", "capture/director/info.json"] {
        let output = run(home.path(), &["capture", "--out", out, "--fleet", demo.to_str().unwrap()]);
        assert_eq!(code(&output), Some(1), "{output:?}");
        assert!(stderr(&output).contains("help: "), "{output:?}");
    }
    assert_eq!(everything(home.path()), before);
}

#[test]
fn a_fleet_without_the_list_is_none() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("capture");
    let writer = FleetWriter::create(&out, Seal::new(&[1; 32])).unwrap();
    assert!(FleetFolder::open(&out).is_err(), "it is not finished");
    drop(writer);
    assert!(!out.exists());
}

#[test]
fn a_fleet_that_is_not_kept_is_removed_although_it_is_finished() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("capture");
    for keep in [false, true] {
        let mut writer = FleetWriter::create(&out, Seal::new(&[1; 32])).unwrap();
        writer.finish("harbour", "f3e6ca47-240a-420d-9e5f-b7cdea513248", "282.0.4").unwrap();
        assert!(FleetFolder::open(&out).is_ok(), "whoever looks before it is kept finds it");
        if keep {
            writer.keep()
        } else {
            drop(writer)
        }
        assert_eq!(out.exists(), keep);
    }
}

#[test]
fn a_fleet_says_by_a_code_what_it_lacks() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("capture");
    let name = DeploymentName::new("lost").unwrap();
    let summary = DeploymentSummary::named(name.clone());
    let mut writer = FleetWriter::create(&out, Seal::new(&[1; 32])).unwrap();
    let why = "the Director says: MARKER at /home/somebody";
    writer.deployment(&Deployment::new(summary, Manifest::unread(why)), KnownNames::default()).unwrap();
    let written = writer.finish("harbour", "f3e6ca47-240a-420d-9e5f-b7cdea513248", "282.0.4").unwrap();
    assert_eq!(written.unread[&name], why, "a person is told");
    assert!(!holds(&everything(&out), "MARKER"));
    assert_eq!(FleetFolder::open(&out).unwrap().unread_because(&name), Some("manifest.unread"));
}

#[test]
fn the_same_rules_decide_the_same_and_others_are_explained() {
    let home = captured(&[]);
    let same = run(home.path(), &["replay", "capture"]);
    assert_eq!(code(&same), Some(0), "{same:?}");
    assert!(stdout(&same).starts_with("Same: all 29 outcomes; the same rules"), "{same:?}");

    let stricter = run(
        home.path(),
        &["replay", "capture", "--threshold", "0.96", "--strategies", "uuid-pattern,stored-record"],
    );
    assert_eq!(code(&stricter), Some(20), "{stricter:?}");
    let said = stdout(&stricter);
    for expected in [
        "rule  threshold: 0.700 -> 0.960\n",
        "rule  strategy release-based: version 1, is not in the chain any more\n",
        "rule  order: stored-record, uuid-pattern -> uuid-pattern, stored-record\n",
        "  booking-search-cache\n    - matched  redis / redis-small / ",
        "      manifest-metadata: 0.900 [meta.instance-id, meta.plan-id, meta.service-id] → nothing\n",
        "Different: ",
    ] {
        assert!(said.contains(expected), "{expected}\n{said}");
    }
    let json = run(home.path(), &["replay", "capture", "--threshold", "0.96", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["data"]["same"], false);
    assert_eq!(
        json["data"]["rules"][0],
        serde_json::json!({"what": "threshold", "before": "0.700", "after": "0.960"})
    );
}

#[test]
fn what_was_decided_of_a_capture_is_a_side_of_a_difference_and_a_comment() {
    let home = captured(&[]);
    let demo = fleets::demo();
    let same = run(home.path(), &["decisions", "diff", "capture/decisions.json", demo.to_str().unwrap()]);
    assert!(stdout(&same).contains("\n0 of 29 compared deployments flip\n"), "{same:?}");
    let stricter = ["--", "capture", "--threshold", "0.96"];
    let asked = [&["decisions", "diff", "capture/decisions.json", "--json"][..], &stricter].concat();
    let json: serde_json::Value = serde_json::from_slice(&run(home.path(), &asked).stdout).unwrap();
    let replayed = run(home.path(), &["replay", "capture", "--threshold", "0.96", "--format", "json"]);
    let replayed: serde_json::Value = serde_json::from_slice(&replayed.stdout).unwrap();
    assert_eq!(json["data"]["changes"], replayed["data"]["changes"]);
    assert!(replayed["data"]["changes"].as_array().unwrap().len() > 3, "{replayed}");

    let comment = run(home.path(), &["replay", "capture", "--threshold", "0.96", "--format", "markdown"]);
    let said = stdout(&comment);
    let row = "| `redis-small-ha-gallant-bowditch` \
               | matched  redis / redis-small-ha / gallant-bowditch  0.950 \
               | review (below-threshold)  0.950 \
               | the opinions are the same; 0.950 is below the threshold 0.960 |\n";
    for expected in ["### Different: 7 of 29 outcomes\n", "- threshold: 0.700 -\\> 0.960\n", row] {
        assert!(said.contains(expected), "{expected}\n{said}");
    }
}

#[test]
fn scripts_are_known_by_their_content_and_missed_by_name() {
    let scripts = examples::folder();
    let home = captured(&["--scripts", scripts.to_str().unwrap()]);
    let copy = home.path().join("scripts");
    fleets::copy(&scripts, &copy).unwrap();
    let same = run(home.path(), &["replay", "capture", "--scripts", "scripts"]);
    assert!(code(&same) == Some(0) && stdout(&same).contains("the same rules"), "{same:?}");

    let without = run(home.path(), &["replay", "capture"]);
    assert!(stdout(&without).contains("strategy script:plan-tags: version 1 ("), "{without:?}");
    assert!(stderr(&without).contains("give them with --scripts"), "{without:?}");

    let file = copy.join("plan-tags.rhai");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("0.85)", "0.86)")).unwrap();
    let changed = run(home.path(), &["replay", "capture", "--scripts", "scripts"]);
    assert!(stdout(&changed).contains("content of script:plan-tags: "), "{changed:?}");
}

#[test]
fn what_cannot_be_replayed_is_said_with_the_next_step() {
    let home = captured(&[]);
    let demo = fleets::demo();
    let decisions = home.path().join("capture/decisions.json");
    let written = fs::read_to_string(&decisions).unwrap();
    let form = |form| written.replace("\"schema_version\":2", &format!("\"schema_version\":{form}"));
    let (earlier, later) = (form(1), form(3));
    for (text, folder, expected) in [
        (None, demo.to_str().unwrap(), "it holds no decisions.json to replay"),
        (None, "nowhere", "does not exist"),
        (Some("{\"MARKER"), "capture", "decisions.json:1:"),
        (Some(&*earlier), "capture", "form 1"),
        (Some(&*later), "capture", "replay it with that one"),
    ] {
        if let Some(text) = text {
            fs::write(&decisions, text).unwrap();
        }
        let output = run(home.path(), &["replay", folder]);
        assert_eq!(code(&output), Some(1), "{output:?}");
        let said = stderr(&output);
        assert!(said.contains(expected) && !said.contains("MARKER"), "{expected}: {said}");
    }
}
