//! The alert rules and the dashboard that ship: every metric they name is one
//! that is measured, and what reads them reads them.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::tests::{filled, linted};
use super::*;

const ALERTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/observability/alerts.yml");
const DASHBOARD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/observability/dashboard.json");

async fn text() -> String {
    filled().await.exposition(&Metrics::default(), Moment::default(), Utc::now())
}

/// Every word that begins as our metrics do.
fn names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices(&format!("{PREFIX}_")) {
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        names.push(text[at..].chars().take_while(|c| is_name(*c)).collect());
    }
    names
}

#[tokio::test]
async fn alerts_and_dashboard_name_what_is_measured() {
    let (types, _) = linted(&text().await);
    for file in [ALERTS, DASHBOARD] {
        let named = names(&std::fs::read_to_string(file).unwrap());
        assert!(named.len() > 8, "{file} names hardly anything");
        for name in named {
            let histogram = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            let is_measured = types.contains_key(&name)
                || histogram.is_some_and(|base| types.get(base).is_some_and(|kind| kind == "histogram"));
            assert!(is_measured, "{file} names {name}, which is not measured");
        }
    }
}

#[test]
fn the_rules_are_rules_and_the_dashboard_is_one() {
    let rules: serde_json::Value = serde_yaml::from_str(&std::fs::read_to_string(ALERTS).unwrap()).unwrap();
    let rules = rules["groups"][0]["rules"].as_array().unwrap();
    assert!(rules.len() >= 6);
    for rule in rules {
        for part in ["alert", "expr"] {
            assert!(rule[part].is_string(), "no {part} in {rule}");
        }
        assert!(rule["labels"]["severity"].is_string(), "{rule}");
        for part in ["summary", "description"] {
            assert!(rule["annotations"][part].is_string(), "no {part} in {rule}");
        }
    }
    let dashboard = std::fs::read_to_string(DASHBOARD).unwrap();
    let dashboard: serde_json::Value = serde_json::from_str(&dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    for (at, panel) in panels.iter().enumerate() {
        assert_eq!(panel["id"], at + 1, "{panel}");
        assert!(panel["title"].is_string() && panel["targets"][0]["expr"].is_string(), "{panel}");
    }
}

/// Runs `promtool` where there is one.
fn promtool(arguments: &[&str], input: &str) {
    let started = Command::new("promtool")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = started else {
        eprintln!("skipped: no promtool on the PATH, so nothing was checked by it");
        return;
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    // It calls `runs_successful` and `runs_failed` badly named; operators have
    // them in their rules by these names.
    let complaints: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("error") || line.contains("should"))
        .filter(|line| !["runs_successful", "runs_failed"].iter().any(|known| line.contains(known)))
        .collect();
    assert!(complaints.is_empty(), "{said}");
    assert!(output.status.success() || output.status.code() == Some(3), "{said}");
}

#[tokio::test]
async fn promtool_finds_nothing_wrong() {
    promtool(&["check", "rules", ALERTS], "");
    promtool(&["check", "metrics"], &text().await);
}
