//! Decides what becomes of one matched deployment's records. Pure: what was
//! read, and the time, are handed in.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::value::RawValue;

use super::change::{Disposition, EntryChange, Finding, InstanceChange, SecretChange};
use super::entry::{Worth, entry};
use super::fingerprint::{self, Fingerprint};
use super::history::HistoryLimits;
use super::obstacle::{newer_manifest, obstacle};
use super::premise::Premise;
use super::secrets;
use super::times::{self, Creation, rfc3339};
use crate::manifest::Manifest;
use crate::matching::{ChainFingerprint, Confidence, Decision};
use crate::model::{Catalog, DeploymentSummary, Identity, Index, IndexEntry, JsonObject, Plan, layout};
use crate::ports::{DirectorInstance, Slot, Versions};

/// The time a run works with: one for all that it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// When the run started.
    pub at: DateTime<Utc>,
    /// How far our clock may be wrong, either way, as far as that is known.
    pub clocks_apart: TimeDelta,
}

impl Stamp {
    /// A time by a clock that nobody doubts.
    #[must_use]
    pub fn at(at: DateTime<Utc>) -> Self {
        Self { at, clocks_apart: TimeDelta::zero() }
    }

    /// The same by a clock that may be wrong by so much.
    #[must_use]
    pub fn doubted(self, clocks_apart: TimeDelta) -> Self {
        Self { clocks_apart, ..self }
    }

    /// As Blacksmith writes times as text.
    #[must_use]
    pub fn rfc3339(self) -> String {
        rfc3339(self.at)
    }
}

/// A matched deployment with all that its records are computed from.
#[derive(Debug, Clone, Copy)]
pub struct Matched<'a> {
    /// Whose deployment it is.
    pub identity: &'a Identity,
    /// How sure the decision is.
    pub confidence: Confidence,
    /// How many kinds of evidence speak for it.
    pub agreeing: usize,
    /// The strategies that proposed it.
    pub strategies: &'a [crate::model::StrategyId],
    /// The rules of the decision.
    pub chain: ChainFingerprint,
    /// The Director's entry.
    pub summary: &'a DeploymentSummary,
    /// The manifest.
    pub manifest: &'a Manifest,
    /// The plan.
    pub plan: &'a Plan,
    /// The service's name.
    pub service_name: &'a str,
    /// The instance's entry in the index, if it has one.
    pub entry: Option<&'a IndexEntry>,
    /// How many entries the index has for the instance.
    pub entries: usize,
    /// The VMs, where they were read.
    pub vms: Option<&'a [DirectorInstance]>,
    /// What stays in the history.
    pub history: HistoryLimits,
    /// Whether the index has something else in the entry's place: null, a text.
    pub is_displaced: bool,
}

impl<'a> Matched<'a> {
    /// Joins a decision with its deployment, the catalog and the index.
    ///
    /// # Errors
    /// A finding, if the decision is no match, or its plan has left the catalog.
    pub fn new(
        decision: &'a Decision,
        summary: &'a DeploymentSummary,
        manifest: &'a Manifest,
        catalog: &'a Catalog,
        index: &'a Index,
    ) -> Result<Self, Finding> {
        let name = &summary.name;
        let winner = decision
            .winner()
            .ok_or_else(|| Finding::new("decision.not-matched", name, "the deployment is not matched"))?;
        let identity = &winner.identity;
        let plan = catalog.plan(identity.plan.as_str()).ok_or_else(|| {
            Finding::new(
                "plan.retired",
                name,
                format!(
                    "plan `{}` of instance `{}` has left the catalog; its records stay as they are",
                    identity.plan, identity.instance
                ),
            )
        })?;
        let service_name = catalog.service(plan.service.as_str()).map_or("", |service| &*service.name);
        Ok(Self {
            identity,
            confidence: winner.confidence,
            agreeing: winner.families.len(),
            strategies: &winner.strategies,
            chain: decision.chain,
            summary,
            manifest,
            plan,
            service_name,
            entry: index.entry(&identity.instance),
            entries: index.spellings(&identity.instance),
            vms: None,
            history: HistoryLimits::default(),
            is_displaced: index.has_other(&identity.instance),
        })
    }

    /// The same with the VMs, if they were read.
    #[must_use]
    pub fn with_vms(mut self, vms: Option<&'a [DirectorInstance]>) -> Self {
        self.vms = vms;
        self
    }

    /// The same with other limits of the history.
    #[must_use]
    pub fn with_history(mut self, limits: HistoryLimits) -> Self {
        self.history = limits;
        self
    }

    /// The same with the entry that the index has by now.
    ///
    /// # Errors
    /// A finding, if the entry was made or taken out meanwhile: the decision did
    /// not know of that.
    pub fn in_index(mut self, now: &'a Index) -> Result<Self, Finding> {
        let instance = &self.identity.instance;
        let entry = now.entry(instance);
        let moved = match (self.entry, entry) {
            (None, Some(_)) => Some(("entry.appeared", "made")),
            (Some(_), None) => Some(("entry.vanished", "removed")),
            _ => None,
        };
        if let Some((code, what)) = moved {
            let message = format!("its index entry was {what} by somebody else during the run");
            return Err(Finding::new(code, instance, message));
        }
        self.entry = entry;
        self.entries = now.spellings(instance);
        self.is_displaced = now.has_other(instance);
        Ok(self)
    }

    /// Whether the entry says that a run of ours wrote the records before.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.entry.is_some_and(|entry| entry.fields.contains(fingerprint::FIELD))
    }

    /// The strategies behind the decision, for the record.
    #[must_use]
    pub fn reason(&self) -> String {
        let ids: Vec<&str> = self.strategies.iter().map(|id| id.as_str()).collect();
        ids.join("+")
    }
}

/// What was read of an instance's records.
#[derive(Debug, Clone)]
pub struct Observed {
    /// `{id}`.
    pub root: Slot,
    /// `{id}/manifest`.
    pub manifest: Slot,
    /// `{id}/metadata`.
    pub metadata: Slot,
    /// `{id}/deployment`, which only the broker writes; read only where the
    /// others contradict the decision.
    pub witness: Option<Slot>,
    /// What the Director's events say of when it was made; asked only where the
    /// records do not know.
    pub creation: Option<Creation>,
}

impl Observed {
    /// The versions of the three records.
    #[must_use]
    pub fn versions(&self) -> Versions {
        [&self.root, &self.manifest, &self.metadata].map(Slot::version)
    }

    /// Whether a run of ours wrote them before.
    pub(super) fn bears_our_stamp(&self) -> bool {
        self.metadata.data().is_some_and(bears_our_stamp)
    }
}

/// Whether metadata say that a run of ours wrote them.
#[must_use]
pub fn bears_our_stamp(metadata: &JsonObject) -> bool {
    metadata.contains("match_chain")
}

/// Decides what becomes of the records of a matched deployment.
///
/// `in_flight` says that a task of the Director works on the deployment.
#[must_use]
pub fn decide_change(
    matched: &Matched<'_>,
    observed: &Observed,
    in_flight: bool,
    stamp: Stamp,
) -> Disposition {
    if let Some(skip) = obstacle(matched, observed, in_flight, stamp) {
        return Disposition::Skip(skip);
    }
    let repair = match contradiction(matched, observed) {
        None => false,
        Some(contradiction) => match &observed.witness {
            None => return Disposition::AskTheBroker,
            Some(witness) if agrees(matched.identity, witness) => true,
            Some(_) => return Disposition::Skip(contradiction.into()),
        },
    };
    if times::must_ask(matched, observed) {
        return Disposition::AskTheDirector;
    }
    let created = times::created(matched, observed);
    let instance = &matched.identity.instance;
    let change = |path: String, slot: &Slot, after: Option<JsonObject>| {
        after.map(|after| SecretChange {
            path,
            expected: slot.version(),
            before: slot.data().cloned(),
            after,
        })
    };
    let manifest = secrets::manifest(matched, observed.manifest.data(), stamp);
    if let Some(stored) = observed.manifest.data().filter(|_| manifest.is_some())
        && let Some(skip) = newer_manifest(matched, stored, stamp)
    {
        return Disposition::Skip(skip);
    }
    let kept = observed.manifest.data().and_then(|kept| kept.text("manifest")).map(Manifest::from_text);
    let stored = if manifest.is_some() { Some(matched.manifest) } else { kept.as_ref() };
    let metadata = secrets::metadata(matched, observed.metadata.data(), stored, created, stamp);
    let root = secrets::root(matched, created, stamp).apply(observed.root.data());
    let secrets = [
        change(layout::root(instance), &observed.root, root),
        change(layout::manifest(instance), &observed.manifest, manifest),
        change(layout::metadata(instance), &observed.metadata, metadata),
    ];
    let secrets: Vec<SecretChange> = secrets.into_iter().flatten().collect();
    let in_other_words = stored.and_then(Manifest::fingerprint) != matched.manifest.fingerprint();
    let worth = match observed.creation {
        Some(Creation::Unread) => Worth::Nothing,
        _ if in_other_words && secrets.is_empty() => Worth::NoWrite,
        _ => Worth::AWrite,
    };
    let fingerprint = Fingerprint::of(matched);
    Disposition::Reconcile(Box::new(InstanceChange {
        instance: instance.clone(),
        entry: EntryChange {
            instance: instance.clone(),
            fields: entry(matched, repair, (&fingerprint, worth), created, stamp),
            creates: matched.entry.is_none(),
            only_if: matched.entry.map(|entry| Premise::Deciding { read: entry.fields.clone(), stamp }),
        },
        secrets,
    }))
}

/// Whether the instance's entry says that its records were computed from exactly
/// what is there now, and needs no change itself: then they need not be read.
#[must_use]
pub fn is_up_to_date(matched: &Matched<'_>, stamp: Stamp) -> bool {
    let Some(there) = matched.entry.map(|entry| &entry.fields) else { return false };
    let fingerprint = Fingerprint::of(matched);
    // What is held was put back as it once was: it is told in every run.
    !layout::is_held(there)
        && fingerprint.is_borne_by(there)
        && difference(matched.identity, there).is_none()
        && entry(matched, false, (&fingerprint, Worth::AWrite), None, stamp).apply(Some(there)).is_none()
}

/// Where what is written contradicts the decision about service and plan.
fn contradiction(matched: &Matched<'_>, observed: &Observed) -> Option<Finding> {
    let entry = matched.entry.map(|entry| &entry.fields);
    let written = [("the index entry", entry), ("the record", observed.root.data())];
    written.into_iter().find_map(|(what, object)| {
        let difference = difference(matched.identity, object?)?;
        let instance = &matched.identity.instance;
        let message = format!(
            "{what} of instance `{instance}` says {difference}, and the broker's own request does not settle it; \
             its records are not written"
        );
        Some(Finding::new("record.differs", &matched.summary.name, message))
    })
}

/// Whether the broker's own copy of the request names the decided service and
/// plan.
fn agrees(identity: &Identity, witness: &Slot) -> bool {
    witness.data().is_some_and(|witness| {
        witness.text("service_id").as_deref() == Some(identity.service.as_str())
            && witness.text("plan_id").as_deref() == Some(identity.plan.as_str())
    })
}

/// Where a record names another service or plan than the decision.
fn difference(identity: &Identity, object: &JsonObject) -> Option<String> {
    [("service_id", identity.service.as_str()), ("plan_id", identity.plan.as_str())].into_iter().find_map(
        |(field, decided)| {
            let raw = object.raw(field).filter(|raw| raw.get() != "null")?;
            let there = object.text(field).unwrap_or_else(|| format!("no text but {}", kind_of(raw)));
            let differs = !there.is_empty() && there != decided;
            differs.then(|| format!("{field} `{}`, the decision `{decided}`", there.escape_debug()))
        },
    )
}

/// What a JSON value is that should be text; the value itself is not shown.
fn kind_of(raw: &RawValue) -> &'static str {
    match raw.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b't' | b'f') => "true or false",
        _ => "a number",
    }
}
