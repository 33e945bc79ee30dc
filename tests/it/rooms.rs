//! The rooms of the house: who may know whom, and that every file says what it
//! is for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use regex::Regex;

/// A room of `reconciler-core` and the rooms it may use.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("manifest", &["model"]),
    ("matching", &["model", "manifest"]),
    ("decisions", &["model", "manifest", "matching"]),
    ("ports", &["model"]),
    ("scanner", &["ports", "model", "manifest"]),
    ("updater", &["ports", "model", "manifest", "matching"]),
    ("synchronizer", &["ports", "model", "updater"]),
    ("backup", &["ports", "model", "updater", "synchronizer"]),
    ("inspection", &["ports", "model", "updater", "synchronizer"]),
    ("manager", &["ports", "model", "manifest", "matching", "scanner", "updater", "synchronizer", "backup"]),
    ("config", &["model", "manifest", "matching"]),
    // A fleet is read from its folder.
    ("testing", &["model", "manifest", "matching", "decisions", "adapters/fleet"]),
    ("adapters/http", &["ports", "model", "config"]),
    ("adapters/bosh", &["ports", "model", "manifest", "config", "adapters/http"]),
    ("adapters/vault", &["ports", "model", "manifest", "config", "adapters/http"]),
    ("adapters/broker", &["ports", "model", "manifest", "config", "adapters/http", "adapters/catalog"]),
    ("adapters/sqlite", &["ports", "model"]),
    ("adapters/catalog", &["model", "manifest", "adapters"]),
    // Labels and captured decisions are read into the types of those rooms.
    (
        "adapters/fleet",
        &["ports", "model", "manifest", "matching", "decisions", "adapters", "adapters/catalog"],
    ),
    ("adapters", &["ports", "model", "manifest", "config"]),
];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All Rust files below a folder of the repository, as (path, text), by path.
fn sources(folder: &str) -> Vec<(String, String)> {
    fn walk(root: &Path, folder: &Path, found: &mut Vec<(String, String)>) {
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            if path.is_dir() {
                walk(root, &path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let root = repository();
    let mut found = Vec::new();
    walk(&root, &root.join(folder), &mut found);
    found
}

/// The room of a file below `core/src`, the deepest that is listed.
fn room_of(file: &str) -> Option<&'static str> {
    let inside = file.strip_prefix("core/src/")?;
    let fits = |room: &str| inside.starts_with(&format!("{room}/"));
    ROOMS.iter().map(|(room, _)| *room).filter(|room| fits(room)).max_by_key(|room| room.len())
}

/// The rooms that a text names, by `crate::…`.
fn named_rooms(text: &str) -> BTreeSet<String> {
    let name = Regex::new(r"crate::(?:adapters::)?(\w+)").unwrap();
    let whole = Regex::new(r"crate::adapters::(\w+)").unwrap();
    let mut rooms: BTreeSet<String> =
        whole.captures_iter(text).map(|found| format!("adapters/{}", &found[1])).collect();
    let top = name.captures_iter(text).filter(|found| !found[0].contains("adapters::"));
    rooms.extend(top.map(|found| found[1].to_owned()));
    rooms
}

#[test]
fn no_room_knows_more_than_it_may() {
    let known: Vec<&str> = ROOMS.iter().map(|(room, _)| *room).collect();
    let mut violations = Vec::new();
    for (file, text) in sources("core/src") {
        let Some(room) = room_of(&file) else { continue };
        let (_, allowed) = ROOMS.iter().find(|(name, _)| *name == room).unwrap();
        // Tests of a room may use what they need.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for named in named_rooms(code) {
            let inside = named == room || named.starts_with("__private");
            if !inside
                && known.contains(&named.as_str())
                && !allowed.contains(&named.as_str())
                && !file.contains("/tests")
            {
                violations.push(format!("{file}: {room} must not know {named}"));
            }
        }
    }
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

/// The check above reads `crate::room`: nothing may hide a room from it.
#[test]
fn rooms_are_named_in_full() {
    for (file, text) in sources("core/src") {
        // Tests of a room may use what they need.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        assert!(!code.contains("crate::{"), "{file} hides rooms in `crate::{{…}}`");
        let is_shallow = file.matches('/').count() <= 3;
        assert!(!is_shallow || !code.contains("super::super::"), "{file} leaves its room by `super::super`");
    }
}

#[test]
fn only_the_wiring_opens_adapters() {
    let allowed = ["cli/src/failure.rs"];
    let naming: Vec<String> = sources("cli/src")
        .into_iter()
        .filter(|(file, text)| {
            text.contains("adapters::")
                && !file.starts_with("cli/src/wiring/")
                && !allowed.contains(&file.as_str())
        })
        .map(|(file, _)| file)
        .collect();
    assert!(naming.is_empty(), "{naming:?}");
}

#[test]
fn strategies_know_only_the_pure_rooms() {
    let path = Regex::new(r"reconciler_core::(\w+)").unwrap();
    let pure = ["model", "manifest", "matching", "register_strategy"];
    for (file, text) in sources("strategies/src") {
        for found in path.captures_iter(&text) {
            assert!(pure.contains(&&found[1]), "{file} names {}", &found[0]);
        }
    }
}

#[test]
fn every_file_says_in_its_first_line_what_it_is_for() {
    let silent: Vec<String> = ["core", "strategies", "cli", "tests"]
        .into_iter()
        .flat_map(sources)
        .filter(|(_, text)| {
            !text.lines().next().is_some_and(|line| line.starts_with("//! ") && line.len() > 10)
        })
        .map(|(file, _)| file)
        .collect();
    assert!(silent.is_empty(), "no `//!` in the first line: {silent:?}");
}

#[test]
fn no_file_grows_beyond_400_lines() {
    let long: Vec<String> = ["core", "strategies", "cli", "tests"]
        .into_iter()
        .flat_map(sources)
        .filter(|(_, text)| text.lines().count() > 400)
        .map(|(file, text)| format!("{file}: {}", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn one_function_reads_the_inventory() {
    let readers: Vec<String> = ["core", "strategies", "cli"]
        .into_iter()
        .flat_map(|folder| sources(&format!("{folder}/src")))
        .filter(|(_, text)| text.contains("inventory::iter"))
        .map(|(file, _)| file)
        .collect();
    assert_eq!(readers, ["core/src/matching/registry.rs"]);
}

#[test]
fn nothing_is_left_open_or_skipped() {
    let open = ["todo", "unimplemented"].map(|name| format!("{name}!("));
    let ignored = format!("#[{}", "ignore");
    for (file, text) in ["core", "strategies", "cli", "tests"].into_iter().flat_map(sources) {
        for mark in open.iter().chain([&ignored]) {
            assert!(!text.contains(mark.as_str()), "{file} holds `{mark}`");
        }
    }
}
