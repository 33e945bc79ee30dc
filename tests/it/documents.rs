//! What the documents promise: the map shows every room, the commands work.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(file: &str) -> String {
    std::fs::read_to_string(repository().join(file)).unwrap()
}

#[test]
fn the_map_shows_every_folder_of_the_code() {
    let map = read("ARCHITECTURE.md");
    for folder in ["core/src", "core/src/adapters", "cli/src", "tests"] {
        for entry in std::fs::read_dir(repository().join(folder)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                let name = format!("{}/", entry.file_name().to_string_lossy());
                assert!(map.contains(&name), "ARCHITECTURE.md does not show {folder}/{name}");
            }
        }
    }
}

#[test]
fn the_changelog_speaks_of_this_version() {
    let version = env!("CARGO_PKG_VERSION");
    assert!(read("CHANGELOG.md").contains(version), "CHANGELOG.md says nothing of {version}");
}

/// The lines of the README's blocks of shell, without comments.
fn readme_commands() -> Vec<String> {
    let readme = read("README.md");
    let blocks = readme.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.flat_map(str::lines).map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn every_reconciler_command_of_the_readme_works() {
    let home = tempfile::tempdir().unwrap();
    let prefixes = ["cargo run -- ", "reconciler "];
    let commands: Vec<String> = readme_commands()
        .iter()
        .filter_map(|line| prefixes.iter().find_map(|prefix| line.strip_prefix(prefix)).map(str::to_owned))
        .collect();
    assert!(commands.len() >= 5, "{commands:?}");
    for command in commands {
        // What a command writes does not belong into the repository.
        let command = command.replace("plan.json", &home.path().join("plan.json").display().to_string());
        let words: Vec<&str> = command.split_whitespace().map(|word| word.trim_matches('\'')).collect();
        let run = Command::new(env!("CARGO_BIN_EXE_reconciler"))
            .args(&words)
            .current_dir(repository())
            .env("XDG_STATE_HOME", home.path())
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "`{command}` ended with {:?}:\n{stderr}", run.status.code());
    }
}

/// The packages that another one is built with.
fn tree_of(package: &str) -> String {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "-p",
            package,
            "--no-default-features",
            "-e",
            "normal",
            "--prefix",
            "none",
        ])
        .current_dir(repository())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    String::from_utf8(tree.stdout).unwrap()
}

#[test]
fn the_matching_alone_has_neither_tokio_nor_http_nor_rhai_in_its_tree() {
    for package in ["reconciler-core", "reconciler-embedding"] {
        let tree = tree_of(package);
        assert!(tree.contains("reconciler-core v") && tree.contains("saphyr-parser"), "{tree}");
        for name in ["tokio", "reqwest", "hyper", "rhai", "rusqlite", "clap", "insta"] {
            assert!(
                !tree.lines().any(|line| line.starts_with(&format!("{name} v"))),
                "{name} is in:\n{tree}"
            );
        }
    }
}

#[test]
fn every_command_of_the_manual_of_captures_works() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("tests")).unwrap();
    std::os::unix::fs::symlink(repository().join("tests/fleets"), home.path().join("tests/fleets")).unwrap();
    let manual = read("cli/docs/capture.md");
    let block = manual.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    for line in block.lines() {
        let words = line.strip_prefix("reconciler ").unwrap().split_whitespace();
        let run = Command::new(env!("CARGO_BIN_EXE_reconciler"))
            .args(words)
            .current_dir(home.path())
            .env("XDG_STATE_HOME", home.path())
            .output()
            .unwrap();
        assert!(run.status.success(), "`{line}`: {}", String::from_utf8_lossy(&run.stderr));
    }
}

/// The codes in the texts of some files: what begins like this, in quotes.
fn codes(folder: &Path, begin: &str, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            codes(&path, begin, found);
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        let quoted = text.split('"').filter(|word| word.starts_with(begin));
        let is_code = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || ".-".contains(c));
        found.extend(quoted.filter(is_code).filter(|word| !word.ends_with('.')).map(str::to_owned));
    }
}

#[test]
fn the_manual_of_scripts_names_every_code_and_no_other() {
    let mut used = BTreeSet::new();
    codes(&repository().join("strategies/src/script"), "script.", &mut used);
    let manual = read("cli/docs/scripts.md");
    let named = manual.split('`').filter(|word| word.starts_with("script.")).map(str::to_owned).collect();
    assert!(used.len() > 30, "{used:?}");
    assert_eq!(used, named);
}
