//! What has no counterpart, as values: index entries without a deployment, and
//! deployments without an instance.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::model::{IndexEntry, JsonObject};
use crate::synchronizer::{Waiting, is_missing, is_stale};
pub(super) use crate::updater::rfc3339;
use crate::updater::{Finding, time};

/// What is known about an entry that no deployment speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryState {
    /// Nothing: the scan was incomplete, or what could not be understood may be its
    /// deployment.
    Unknown,
    /// The scan did not see its deployment; that is no proof.
    Absent,
    /// Its deployment is gone, and the entry says so.
    Missing,
    /// It has been missing for more than 30 days.
    Stale,
}

impl EntryState {
    /// What an entry says about itself.
    pub(super) fn stored(fields: &JsonObject) -> Self {
        match (is_stale(fields), is_missing(fields)) {
            (true, _) => Self::Stale,
            (_, true) => Self::Missing,
            _ => Self::Absent,
        }
    }

    /// `absent`, `missing`, ….
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Absent => "absent",
            Self::Missing => "missing",
            Self::Stale => "stale",
        }
    }
}

/// An index entry that no deployment speaks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AbsentInstance {
    /// The instance, as the index spells it.
    pub instance: String,
    /// The service that the entry names.
    pub service: Option<String>,
    /// The plan that the entry names.
    pub plan: Option<String>,
    /// The deployment that would be its own.
    pub deployment: Option<String>,
    /// What is known about it.
    pub state: EntryState,
    /// Since when it is absent, or called missing; RFC 3339.
    pub since: Option<String>,
    /// How long that is, in seconds.
    pub age_seconds: Option<i64>,
    /// How many complete scans in a row did not see its deployment, where that
    /// is remembered.
    pub complete_scans: Option<u32>,
    /// Why it is not called missing, or not stale, yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// When the store said so, RFC 3339, if it was not asked again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_read_at: Option<String>,
    /// Whether this run called it missing or stale, or would.
    pub turned: bool,
    /// What speaks for it.
    pub evidence: Vec<String>,
    /// What to do.
    pub next_step: String,
}

impl AbsentInstance {
    /// An entry with what it says itself.
    pub(super) fn of(entry: &IndexEntry, now: DateTime<Utc>) -> Self {
        let mut absent = Self {
            instance: entry.instance.to_string(),
            service: entry.service().map(ToString::to_string),
            plan: entry.plan().map(ToString::to_string),
            deployment: looked_for(entry),
            state: EntryState::stored(&entry.fields),
            since: None,
            age_seconds: None,
            complete_scans: None,
            waiting: None,
            as_read_at: None,
            turned: false,
            evidence: Vec::new(),
            next_step: String::new(),
        };
        if absent.state != EntryState::Absent {
            absent.begun(time(&entry.fields, "orphaned_at"), now);
            let reason = entry.fields.text("orphaned_reason").unwrap_or_else(|| "no reason".to_owned());
            absent.evidence.push(format!("the entry is marked: {reason}"));
            if absent.since.is_none() && absent.state == EntryState::Missing {
                absent.evidence.push("its `orphaned_at` is no time, so that it never turns stale".to_owned());
            }
        }
        if entry.fields.text("status").as_deref() == Some("deleted") {
            let by = entry.fields.text("deleted_by").unwrap_or_else(|| "somebody".to_owned());
            absent.evidence.push(format!("{by} calls it deleted"));
        }
        absent
    }

    /// Notes since when it is absent.
    pub(super) fn begun(&mut self, since: Option<DateTime<Utc>>, now: DateTime<Utc>) {
        self.since = since.map(rfc3339);
        self.age_seconds = since.map(|since| (now - since).num_seconds());
    }

    /// Says what to do, once everything else is known.
    pub(super) fn conclude(&mut self) {
        // Where that is what it waits for, it is said there.
        let is_said = matches!(self.waiting, Some(Waiting::TooFewScans { .. }));
        if let Some(scans) = self.complete_scans.filter(|scans| *scans > 0 && !is_said) {
            let plural = if scans == 1 { "" } else { "s" };
            self.evidence.insert(0, format!("absent in {scans} complete scan{plural}"));
        }
        self.next_step = match (self.state, &self.waiting) {
            (EntryState::Unknown, Some(waiting @ Waiting::NotUnderstood { .. })) => {
                waiting_step(waiting, &self.instance)
            }
            (EntryState::Unknown, _) => "find out with `scan` what could not be seen".to_owned(),
            (EntryState::Absent, Some(waiting)) => waiting_step(waiting, &self.instance),
            (EntryState::Absent, None) => "the next run calls it missing".to_owned(),
            (EntryState::Missing, _) => {
                "ask its owner; deploy it again, and it heals by itself, or delete the service instance"
                    .to_owned()
            }
            (EntryState::Stale, _) => {
                "nobody has missed it for a month: delete the service instance".to_owned()
            }
        };
    }

    /// The same for the list of findings of a run, or of a dry one.
    pub(super) fn finding(&self, dry_run: bool) -> Option<Finding> {
        let what = match &self.deployment {
            Some(name) => format!("no deployment `{name}`"),
            None => "no deployment speaks for it".to_owned(),
        };
        let since = self.since.as_deref().unwrap_or("some time");
        let (code, mut message) = match self.state {
            EntryState::Unknown if !matches!(self.waiting, Some(Waiting::NotUnderstood { .. })) => {
                return None;
            }
            EntryState::Unknown | EntryState::Absent => ("entry.absent", what),
            EntryState::Missing => ("entry.missing", format!("{what}; missing since {since}")),
            EntryState::Stale => ("entry.stale", format!("{what}; missing since {since}, and stale")),
        };
        if self.turned {
            message.push_str(if dry_run {
                "; a run would call it so now"
            } else {
                "; called so by this run"
            });
        } else if let Some(waiting) = &self.waiting {
            message.push_str(&format!("; not {} yet: {waiting}", self.later().name()));
            if let Some(at) = &self.as_read_at {
                message.push_str(&format!("; as read at {at}, `run --full` looks again"));
            }
        }
        Some(Finding::new(code, &self.instance, message))
    }

    /// What it may become.
    fn later(&self) -> EntryState {
        match self.state {
            EntryState::Unknown | EntryState::Absent => EntryState::Missing,
            EntryState::Missing | EntryState::Stale => EntryState::Stale,
        }
    }

    /// Turns it, or says that it has been turned.
    pub(super) fn turn(&mut self, since: DateTime<Utc>, now: DateTime<Utc>) {
        self.state = self.later();
        self.turned = true;
        self.begun(Some(since), now);
    }
}

/// What to do about an entry that has to wait.
fn waiting_step(waiting: &Waiting, instance: &str) -> String {
    match waiting {
        Waiting::IncompleteScan => "find out with `scan` what could not be seen".to_owned(),
        Waiting::NoState => "a run that remembers begins to count: --state names its file".to_owned(),
        Waiting::TooFewScans { scans: 0, .. } => "a run begins to count its absence".to_owned(),
        Waiting::TooFewScans { not_before, .. } => format!("a run at {not_before} or later looks again"),
        Waiting::NoPlan => "look at the entry: it names no plan".to_owned(),
        Waiting::Held => format!("let go with `backups release {instance}`"),
        Waiting::Listed { .. } => "find out why the Director's list lacks it".to_owned(),
        Waiting::NamedByAnother { deployment } => {
            format!("find out whose `{deployment}` is: explain {deployment}")
        }
        Waiting::NotUnderstood { deployment } => {
            format!("see what is wrong with `{deployment}`: explain {deployment}")
        }
        Waiting::AnotherReconciler => "stop the other one, or set `coexist: true`".to_owned(),
        Waiting::BeyondLimit { observed, .. } => {
            format!("if all are gone, allow it once: run --allow-missing {observed}")
        }
        _ => "the next run looks again".to_owned(),
    }
}

/// A deployment that looks like ours and has no instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct StrayDeployment {
    /// The deployment.
    pub deployment: String,
    /// The service that it looks like.
    pub service: Option<String>,
    /// The plan that it looks like.
    pub plan: Option<String>,
    /// The instance that it would be.
    pub instance: Option<String>,
    /// When it was created, by the Director's events; nothing if these do not
    /// reach so far.
    pub created_at: Option<String>,
    /// How long that is, in seconds.
    pub age_seconds: Option<i64>,
    /// Who created it.
    pub created_by: Option<String>,
    /// What makes it look like ours, and why it has no instance.
    pub evidence: Vec<String>,
    /// What to do.
    pub next_step: String,
}

impl StrayDeployment {
    /// The same for the list of findings.
    pub(super) fn finding(&self) -> Finding {
        let message = format!("{}{}", self.evidence.join("; "), self.origin());
        Finding::new("deployment.stray", &self.deployment, message)
    }

    /// When it was created and by whom, to be added to what is said of it.
    pub(super) fn origin(&self) -> String {
        match (&self.created_at, &self.created_by) {
            (Some(at), Some(by)) => format!("; created {at} by {by}"),
            (Some(at), None) => format!("; created {at}"),
            _ => String::new(),
        }
    }
}

/// The deployment to look for: the one that the broker would have named.
pub(super) fn looked_for(entry: &IndexEntry) -> Option<String> {
    let plan = entry.plan()?;
    Some(format!("{plan}-{}", entry.instance))
}
