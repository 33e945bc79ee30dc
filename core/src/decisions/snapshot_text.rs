//! The file of a group: YAML that is pleasant to review. The same decisions are
//! the same bytes.

use std::fmt::Write as _;

use super::opinion::{RecordedOpinion, Said, sorted};
use super::record::{DecisionRecord, Degraded, Verdict};
use super::snapshot::Group;
use crate::manifest::{Document, Limits, Location, Node, NodeKind};
use crate::model::{Identity, InvalidId, visible};

/// The first line of every file.
const HEADING: &str =
    "# Accepted decisions, written by `reconciler decisions accept`; comments are not kept.\n";

/// How large a group may be: as large as can be written. A manifest's limits
/// would end at some twenty thousand deployments.
const LIMITS: Limits = Limits { bytes: Limits::LONGEST, nodes: u64::MAX, depth: 16 };

/// A file that cannot be read as a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", .at.map(|at| format!("{at}: ")).unwrap_or_default(), visible(.message))]
pub struct SnapshotError {
    /// Where.
    pub at: Option<Location>,
    /// What is wrong there.
    pub message: String,
}

/// The file of a group.
#[must_use]
pub fn write_group(group: &Group) -> String {
    let mut text = HEADING.to_owned();
    for (name, record) in group {
        let _ = write!(text, "\n{}:\n", scalar(name.as_str()));
        write_record(&mut text, record);
    }
    text
}

fn write_record(text: &mut String, record: &DecisionRecord) {
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(text, "  {key}: {value}");
    };
    match &record.verdict {
        Verdict::Matched => line("outcome", "matched"),
        Verdict::Unmatched => line("outcome", "unmatched"),
        Verdict::Review { reason, holder } => {
            line("outcome", "review");
            line("reason", &scalar(reason));
            if let Some(holder) = holder {
                line("holder", &scalar(holder.as_str()));
            }
        }
    }
    if let Some(Identity { instance, service, plan }) = &record.identity {
        line("service", &scalar(service.as_str()));
        line("plan", &scalar(plan.as_str()));
        line("instance", &scalar(instance.as_str()));
    }
    if let Some(confidence) = record.confidence {
        line("confidence", &confidence.to_string());
    }
    if !record.degraded.is_empty() {
        text.push_str("  degraded:\n");
    }
    for Degraded { by, code } in &record.degraded {
        let _ = writeln!(text, "  - {{by: {}, code: {}}}", scalar(by), scalar(code));
    }
    let opinions = record.opinions.as_deref().unwrap_or_default();
    if !opinions.is_empty() {
        text.push_str("  opinions:\n");
    }
    for RecordedOpinion { strategy, said } in opinions {
        let by = scalar(strategy.as_str());
        let about = |identity: &Identity| {
            let Identity { instance, service, plan } = identity;
            let [service, plan, instance] = [service.as_str(), plan.as_str(), instance.as_str()].map(scalar);
            format!("{{service: {service}, plan: {plan}, instance: {instance}}}")
        };
        let because = |codes: &[String]| {
            let codes: Vec<String> = codes.iter().map(|code| scalar(code)).collect();
            format!("because: [{}]", codes.join(", "))
        };
        let _ = match said {
            Said::Proposed { identity, confidence, evidence } => {
                // Most proposals are about the identity that stands above.
                let other = match record.identity.as_ref() == Some(identity) {
                    true => String::new(),
                    false => format!("proposes: {}, ", about(identity)),
                };
                writeln!(text, "  - {{by: {by}, {other}confidence: {confidence}, {}}}", because(evidence))
            }
            Said::Vetoed { identity, evidence } => {
                writeln!(text, "  - {{by: {by}, vetoes: {}, {}}}", about(identity), because(evidence))
            }
            Said::Refused { identity } => writeln!(text, "  - {{by: {by}, refused: {}}}", about(identity)),
            Said::Failed { code } => writeln!(text, "  - {{by: {by}, failed: {}}}", scalar(code)),
        };
    }
}

/// A text as YAML: plain where every reader takes it for the same text.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+' | b':'))
        && !text.ends_with(':')
        && text.parse::<f64>().is_err()
        && !looks_like_a_number_or_date(text)
        && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
            .contains(&text.to_ascii_lowercase().as_str());
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// What older YAML takes for octal, sexagesimal or a date.
fn looks_like_a_number_or_date(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.' | b'+' | b':'))
        || text.starts_with("0x")
        || text.starts_with("0o")
}

/// Reads the file of a group.
///
/// # Errors
/// If it is not what [`write_group`] writes; the error names the place.
pub fn read_group(text: &str) -> Result<Group, SnapshotError> {
    if let Some((at, line)) = conflict(text) {
        let message = format!("a merge conflict (`{line:.7}`): take either side, then accept what differs");
        return Err(wrong(at, message));
    }
    let document = Document::parse_within(text, LIMITS);
    // Nothing but comments is a group of nothing.
    let problem = document.problems().iter().find(|problem| problem.code != "manifest.empty");
    if let Some(problem) = problem {
        return Err(SnapshotError { at: None, message: problem.to_string() });
    }
    let mut group = Group::new();
    for entry in document.root().into_iter().flat_map(Node::entries) {
        let at = entry.key_location();
        let name = entry.key().parse().map_err(|error: InvalidId| wrong(at, error.to_string()))?;
        let record = read_record(&name, entry.value)?;
        group.insert(name, record);
    }
    Ok(group)
}

/// The first line that a merge left between two sides. Nothing that is written
/// here begins like that.
fn conflict(text: &str) -> Option<(Location, &str)> {
    let is_mark =
        |line: &str| ["<<<<<<<", "|||||||", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark));
    let (at, line) = (1..).zip(text.lines()).find(|(_, line)| is_mark(line))?;
    Some((Location { line: at, column: 1 }, line))
}

fn wrong(at: Location, message: impl Into<String>) -> SnapshotError {
    SnapshotError { at: Some(at), message: message.into() }
}

fn keys(node: Node<'_>, known: &[&str]) -> Result<(), SnapshotError> {
    match node.entries().find(|entry| !known.contains(&entry.key())) {
        Some(entry) => {
            Err(wrong(entry.key_location(), format!("a snapshot has no `{}`", entry.key().escape_debug())))
        }
        None => Ok(()),
    }
}

/// The text under a key, parsed.
fn read<T: std::str::FromStr>(node: Node<'_>, key: &str) -> Result<Option<T>, SnapshotError>
where
    T::Err: std::fmt::Display,
{
    let Some(value) = node.get(key) else { return Ok(None) };
    let text = value.as_str().ok_or_else(|| wrong(value.location(), format!("`{key}` is not a text")))?;
    text.parse().map(Some).map_err(|error: T::Err| wrong(value.location(), error.to_string()))
}

fn needed<T: std::str::FromStr>(node: Node<'_>, key: &str) -> Result<T, SnapshotError>
where
    T::Err: std::fmt::Display,
{
    read(node, key)?.ok_or_else(|| wrong(node.location(), format!("there is no `{key}`")))
}

/// The items of the list under a key.
fn items<'m>(node: Node<'m>, key: &str) -> Result<impl Iterator<Item = Node<'m>>, SnapshotError> {
    let value = node.get(key);
    match value.filter(|value| value.kind() != NodeKind::Sequence) {
        Some(value) => Err(wrong(value.location(), format!("`{key}` is not a list"))),
        None => Ok(value.into_iter().flat_map(Node::items)),
    }
}

fn read_identity(node: Node<'_>) -> Result<Identity, SnapshotError> {
    Ok(Identity {
        service: needed(node, "service")?,
        plan: needed(node, "plan")?,
        instance: needed(node, "instance")?,
    })
}

fn read_record(name: &crate::model::DeploymentName, node: Node<'_>) -> Result<DecisionRecord, SnapshotError> {
    let known =
        ["outcome", "reason", "holder", "service", "plan", "instance", "confidence", "degraded", "opinions"];
    keys(node, &known)?;
    let verdict = match needed::<String>(node, "outcome")?.as_str() {
        "matched" => Verdict::Matched,
        "review" => Verdict::Review { reason: needed(node, "reason")?, holder: read(node, "holder")? },
        "unmatched" => Verdict::Unmatched,
        other => {
            return Err(wrong(node.location(), format!("there is no outcome `{}`", other.escape_debug())));
        }
    };
    let identity = node.get("instance").map(|_| read_identity(node)).transpose()?;
    if verdict == Verdict::Matched && identity.is_none() {
        return Err(wrong(node.location(), "it is matched, and there is no `instance`"));
    }
    let degraded: Result<Vec<_>, _> = items(node, "degraded")?.map(read_degraded).collect();
    let opinions = items(node, "opinions")?;
    let opinions: Result<Vec<_>, _> = opinions.map(|one| read_opinion(one, identity.as_ref())).collect();
    Ok(DecisionRecord {
        deployment: name.clone(),
        verdict,
        confidence: read(node, "confidence")?,
        identity,
        degraded: degraded?,
        opinions: Some(opinions?),
    })
}

fn read_degraded(node: Node<'_>) -> Result<Degraded, SnapshotError> {
    keys(node, &["by", "code"])?;
    Ok(Degraded { by: needed(node, "by")?, code: needed(node, "code")? })
}

fn read_opinion(node: Node<'_>, above: Option<&Identity>) -> Result<RecordedOpinion, SnapshotError> {
    keys(node, &["by", "proposes", "vetoes", "confidence", "because", "refused", "failed"])?;
    let code = |code: Node<'_>| {
        code.as_str().map(str::to_owned).ok_or_else(|| wrong(code.location(), "a reason is not a text"))
    };
    let codes: Result<Vec<String>, _> = items(node, "because")?.map(code).collect();
    let evidence = sorted(codes?.into_iter());
    let said = if let Some(code) = read(node, "failed")? {
        Said::Failed { code }
    } else if let Some(refused) = node.get("refused") {
        Said::Refused { identity: read_identity(refused)? }
    } else if let Some(vetoed) = node.get("vetoes") {
        Said::Vetoed { identity: read_identity(vetoed)?, evidence }
    } else {
        let identity = match node.get("proposes") {
            Some(proposed) => read_identity(proposed)?,
            None => above.cloned().ok_or_else(|| wrong(node.location(), "there is no `proposes`"))?,
        };
        Said::Proposed { identity, confidence: needed(node, "confidence")?, evidence }
    };
    Ok(RecordedOpinion { strategy: needed(node, "by")?, said })
}
