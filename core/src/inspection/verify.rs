//! Holds each entry of the index against its record, the broker's own copy of
//! the request, the catalog and the Director's list. Changes nothing.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt};
use serde::Serialize;

use super::entry::{EntryState, other_views};
use crate::model::{Catalog, Index, IndexEntry, JsonObject, layout};
use crate::ports::{PortError, SecretStore, Slot};
use crate::updater::{Finding, bears_marks, stated_instance};

/// How many entries are looked at at once.
const AT_ONCE: usize = 8;

/// What was found.
#[derive(Debug, Serialize)]
pub struct IndexVerification {
    /// How many entries there are.
    pub entries: usize,
    /// How many of them nothing contradicts.
    pub sound: usize,
    /// What contradicts an entry, each with what to do.
    pub findings: Vec<Finding>,
    /// What could not be looked at.
    pub unread: Vec<Unread>,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// What.
    pub subject: String,
    /// Why, and what to do.
    pub why: String,
}

impl Unread {
    /// What could not be read, by its error.
    #[must_use]
    pub fn of(subject: impl Into<String>, error: &PortError) -> Self {
        let advice = error.advice.as_ref().map(|advice| format!("; {advice}")).unwrap_or_default();
        Self { subject: subject.into(), why: format!("{error}{advice}") }
    }
}

/// What an entry is held against. What is `None` could not be read, and says
/// nothing.
#[derive(Debug, Clone, Copy)]
pub struct Witnesses<'a> {
    /// `{id}`.
    pub record: Option<&'a Slot>,
    /// `{id}/deployment`, which only the broker writes.
    pub request: Option<&'a Slot>,
    /// The services and plans there are.
    pub catalog: &'a Catalog,
    /// The names of the deployments there are.
    pub deployments: Option<&'a HashSet<String>>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Reads the record and the broker's request of each entry and holds the entry
/// against them.
pub async fn verify_index(
    store: &dyn SecretStore,
    index: &Index,
    catalog: &Catalog,
    deployments: Option<&HashSet<String>>,
    now: DateTime<Utc>,
) -> IndexVerification {
    let mut verification =
        IndexVerification { entries: index.len(), sound: 0, findings: Vec::new(), unread: Vec::new() };
    for other in other_views(index) {
        let message = format!(
            "{} stands there; nothing reads it, and it is kept; if it is an instance, restore its entry from an \
             older version of `{}`, else take it out",
            other.kind,
            layout::INDEX
        );
        verification.findings.push(Finding::new("entry.not-an-object", other.key, message));
    }
    let read = stream::iter(0..index.len())
        .map(|at| async move {
            let instance = &index.entries()[at].instance;
            let (root, deployment) = (layout::root(instance), layout::deployment(instance));
            let record = store.read(&root).await.map_err(|error| Unread::of(root, &error));
            let request = store.read(&deployment).await.map_err(|error| Unread::of(deployment, &error));
            (at, record, request)
        })
        .buffered(AT_ONCE);
    let mut read = std::pin::pin!(read);
    while let Some((at, record, request)) = read.next().await {
        let entry = &index.entries()[at];
        let (record_read, request_read) = (record.as_ref().ok(), request.as_ref().ok());
        let witnesses = Witnesses { record: record_read, request: request_read, catalog, deployments, now };
        let mut findings = verify_entry(entry, &witnesses);
        if index.spellings(&entry.instance) > 1 {
            let message = "the index has this id in several spellings; take out those that are wrong";
            findings.push(Finding::new("entry.ambiguous", &entry.instance, message));
        }
        let is_whole = record.is_ok() && request.is_ok() && deployments.is_some();
        verification.sound += usize::from(is_whole && findings.is_empty());
        verification.findings.extend(findings);
        verification.unread.extend([record.err(), request.err()].into_iter().flatten());
    }
    verification
}

/// What contradicts an entry.
#[must_use]
pub fn verify_entry(entry: &IndexEntry, witnesses: &Witnesses<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut found = |code, message: String| findings.push(Finding::new(code, &entry.instance, message));
    match (entry.service(), entry.plan()) {
        (Some(service), Some(plan)) => match witnesses.catalog.plan(plan.as_str()) {
            None => found(
                "plan.retired",
                format!(
                    "plan `{plan}` is not in the catalog; bring it back, or move the instance to another plan"
                ),
            ),
            Some(there) if there.service != *service => found(
                "entry.other-service",
                format!(
                    "it names service `{service}`, and plan `{plan}` belongs to `{}`; a run repairs it if the broker's \
                     own request says so",
                    there.service
                ),
            ),
            Some(_) => {}
        },
        _ => {
            let has_other = |field| {
                let raw = entry.fields.raw(field).map(|raw| raw.get());
                raw.is_some_and(|raw| !matches!(raw, "null" | "\"\""))
            };
            let is_odd = has_other("service_id") && entry.service().is_none()
                || has_other("plan_id") && entry.plan().is_none();
            let what_to_do = if is_odd {
                "what stands there instead is no id, and no run writes over it: take it out"
            } else {
                "a run fills them in if its deployment proves them"
            };
            found(
                "entry.no-plan",
                format!(
                    "it names no service or no plan, so that the broker finds no deployment for it; {what_to_do}"
                ),
            );
        }
    }
    against_record(entry, witnesses, &mut found);
    against_deployments(entry, witnesses, &mut found);
    findings
}

/// Holds an entry against what else is written about its instance.
fn against_record(
    entry: &IndexEntry,
    witnesses: &Witnesses<'_>,
    found: &mut impl FnMut(&'static str, String),
) {
    let id = &entry.instance;
    if let Some(Slot::Vacant { .. }) = witnesses.record {
        found(
            "record.absent",
            format!(
                "there is no record `{id}`; a run writes it if its deployment is there, agrees with the entry and \
                 has a plan of the catalog"
            ),
        );
    }
    if let Some(stated) = witnesses.record.and_then(Slot::data).and_then(|record| stated_instance(record, id))
    {
        found(
            "record.states-another",
            format!(
                "its record `{id}` says that it is that of `{}`, and no run writes it; compare it with \
                 `backups diff {id}@-1 {id}@now`, and put the right one back or set its `instance_id` right",
                stated.escape_debug()
            ),
        );
    }
    let copies = [
        ("record.differs", witnesses.record, "the record"),
        ("request.differs", witnesses.request, "the broker's own request"),
    ];
    for (code, slot, what) in copies {
        let Some(difference) = slot.and_then(Slot::data).and_then(|there| difference(&entry.fields, there))
        else {
            continue;
        };
        found(
            code,
            format!(
                "{what} says {difference}; if the deployment agrees with the broker's own request, a run repairs the \
                 others, else compare them with `backups diff {id}@-1 {id}@now`"
            ),
        );
    }
}

/// Holds an entry against the Director's list.
fn against_deployments(
    entry: &IndexEntry,
    witnesses: &Witnesses<'_>,
    found: &mut impl FnMut(&'static str, String),
) {
    let state = EntryState::of(&entry.fields, witnesses.now);
    if state == EntryState::Held {
        let message = "it was restored and is held; let go of it with `backups release`";
        found("instance.held", message.to_owned());
    }
    let expected = entry.identity().map(|identity| identity.expected_deployment());
    let recorded = entry.fields.text("deployment_name");
    if let (Some(expected), Some(recorded)) = (&expected, &recorded)
        && expected != recorded
    {
        found(
            "entry.other-deployment",
            format!(
                "it records deployment `{recorded}`, and the broker would look for `{expected}`; see `explain {recorded}`"
            ),
        );
    }
    let Some(deployments) = witnesses.deployments else { return };
    let name = recorded.iter().chain(&expected).find(|name| deployments.contains(*name));
    let is_called_gone = matches!(state, EntryState::Missing | EntryState::Stale | EntryState::Deleted);
    match (name, recorded.as_ref().or(expected.as_ref())) {
        (Some(name), _) if is_called_gone => found(
            "entry.called-gone",
            match bears_marks(&entry.fields) {
                true => format!(
                    "it is called {state}, and deployment `{name}` is there; a run heals it unless it has to leave it \
                     alone"
                ),
                false => format!(
                    "it is called {state}, and deployment `{name}` is there; no run takes that out: find out who \
                     wrote it, and take its `status` out"
                ),
            },
        ),
        (None, Some(name)) if state != EntryState::InOperation => found(
            "entry.absent",
            format!(
                "deployment `{name}` is not in the Director's list; if the instance was deleted, let the broker take \
                 the entry out, else find out where its deployment went"
            ),
        ),
        _ => {}
    }
}

/// Where something else names another service or plan than the entry.
fn difference(entry: &JsonObject, there: &JsonObject) -> Option<String> {
    ["service_id", "plan_id"].into_iter().find_map(|field| {
        let (own, other) = (entry.text(field)?, there.text(field)?);
        (own != other && !other.is_empty()).then(|| format!("{field} `{other}`, the entry `{own}`"))
    })
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
