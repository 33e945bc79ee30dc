//! What ships beside the program: the manual, the completions, the unit.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::program::{Answer, World};

#[test]
fn the_manual_has_a_page_for_every_command() {
    let world = World::empty();
    let page = Answer::of(&mut world.command(["man"])).ends(0);
    page.says(&[".TH reconciler 1", "SUBCOMMANDS", "130"]);
    let answer = Answer::of(&mut world.command(["man", "--out", "pages"])).ends(0);
    let pages: Vec<String> = fs::read_dir(world.path("work/pages"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for name in ["reconciler.1", "reconciler-run.1", "reconciler-config-show.1", "reconciler-backups-list.1"]
    {
        assert!(pages.iter().any(|page| page == name), "no {name} in {pages:?}");
    }
    // A page for `help` would say nothing.
    assert!(!pages.iter().any(|page| page.contains("-help")), "{pages:?}");
    answer.warns(&[&format!("{} pages are in pages", pages.len())]);
    Answer::of(&mut world.command(["man", "--out", "/proc/no"])).fails(1, &["failed to write the manual"]);
}

#[test]
fn every_shell_gets_its_completions() {
    let world = World::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let answer = Answer::of(&mut world.command(["completion", shell])).ends(0);
        assert!(answer.stdout.contains("reconciler") && answer.stdout.contains("explain"), "{shell}");
    }
}

#[test]
fn systemd_finds_nothing_wrong_with_the_unit() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/systemd");
    let unit = fs::read_to_string(folder.join("reconciler.service")).unwrap();
    for line in
        ["Type=notify", "NoNewPrivileges=yes", "ProtectSystem=strict", "DynamicUser=yes", "WatchdogSec="]
    {
        assert!(unit.contains(line), "no {line}");
    }
    // Each credential is one that the program is told of.
    let drop_in = fs::read_to_string(folder.join("credentials.conf")).unwrap();
    let world = World::empty();
    for line in drop_in.lines().filter_map(|line| line.strip_prefix("Environment=")) {
        let (variable, credential) = line.split_once("=%d/").unwrap();
        assert!(drop_in.contains(&format!("LoadCredential={credential}:/")), "{line}");
        Answer::of(&mut world.command(["config", "explain", variable])).ends(0).says(&["File with"]);
    }
    // The program is not installed where the unit expects it.
    let program = env!("CARGO_BIN_EXE_reconciler");
    fs::write(world.path("work/reconciler.service"), unit.replace("/usr/local/bin/reconciler", program))
        .unwrap();
    let verified =
        Command::new("systemd-analyze").arg("verify").arg(world.path("work/reconciler.service")).output();
    let Ok(verified) = verified else {
        eprintln!("skipped: no systemd-analyze on the PATH, so the unit was not verified by it");
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr);
    let about_ours: Vec<&str> = said.lines().filter(|line| line.contains("reconciler.service:")).collect();
    // What runs in a container may not have the manual installed.
    let about_ours: Vec<&&str> = about_ours.iter().filter(|line| !line.contains("man ")).collect();
    assert!(about_ours.is_empty(), "{said}");
}
