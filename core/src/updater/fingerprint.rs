//! Identifies all that an instance's records are computed from. It stands in the
//! instance's index entry, so that an unchanged instance costs no read.

use sha2::{Digest, Sha256};

use super::instance::Matched;
use crate::model::{JsonObject, ReleaseRef, StemcellRef, digest};
use crate::ports::DirectorInstance;

/// The field of an entry that says what its records were computed from.
pub(super) const FIELD: &str = "reconciler_fingerprint";

/// Which fields are computed: another number where other fields are, so that
/// records of an earlier version are looked at again.
const LAYOUT: &str = "records/2";

/// What an instance's records are computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fingerprint {
    records: String,
    /// Of the VMs, where they were read. What was not read is no change.
    vms: Option<String>,
}

impl Fingerprint {
    pub(super) fn of(matched: &Matched<'_>) -> Self {
        Self { records: records(matched), vms: matched.vms.map(vms) }
    }

    /// Whether the entry says that its records were computed from exactly this.
    pub(super) fn is_borne_by(&self, entry: &JsonObject) -> bool {
        let Some(text) = entry.text(FIELD) else { return false };
        let (records, vms) = split(&text);
        records == self.records && self.vms.as_deref().is_none_or(|read| vms == Some(read))
    }

    /// As it is written into the entry. Of VMs that were not read stays what
    /// stands there: so do they themselves.
    pub(super) fn for_entry(&self, entry: Option<&JsonObject>) -> String {
        let before = entry.and_then(|entry| entry.text(FIELD));
        let before = before.as_deref().and_then(|text| split(text).1);
        match self.vms.as_deref().or(before) {
            Some(vms) => format!("{}.{vms}", self.records),
            None => self.records.clone(),
        }
    }

    /// As a saved plan compares it.
    pub(super) fn for_plan(&self) -> String {
        self.for_entry(None)
    }
}

fn split(text: &str) -> (&str, Option<&str>) {
    text.split_once('.').map_or((text, None), |(records, vms)| (records, Some(vms)))
}

/// Feeds texts into a hash so that no two lists of texts look the same.
#[derive(Default)]
pub(super) struct Feed(Sha256);

impl Feed {
    pub(super) fn text(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    pub(super) fn optional(&mut self, text: Option<&str>) {
        self.0.update([u8::from(text.is_some())]);
        self.text(text.unwrap_or_default());
    }

    /// An object in any order of its fields: a store may sort them.
    pub(super) fn object(&mut self, object: Option<&JsonObject>) {
        self.0.update([u8::from(object.is_some())]);
        if let Some(object) = object {
            self.number(object.len() as u64);
            let mut fields: Vec<_> = object.iter().collect();
            fields.sort_by_key(|(field, _)| *field);
            for (field, value) in fields {
                self.text(field);
                digest::feed(&mut self.0, value, 0);
                // No value goes on after this.
                self.0.update([0]);
            }
        }
    }

    pub(super) fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    pub(super) fn end(self, bytes: usize) -> String {
        self.0.finalize().iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn records(matched: &Matched<'_>) -> String {
    let mut feed = Feed::default();
    let identity = matched.identity;
    for text in [LAYOUT, identity.instance.as_str(), identity.service.as_str(), identity.plan.as_str()] {
        feed.text(text);
    }
    for text in [matched.summary.name.as_str(), matched.service_name, &*matched.plan.name] {
        feed.text(text);
    }
    for ReleaseRef { name, version } in &matched.summary.releases {
        feed.text(name);
        feed.text(version);
    }
    feed.text("stemcells");
    for StemcellRef { name, version } in &matched.summary.stemcells {
        feed.text(name);
        feed.text(version);
    }
    feed.text("teams");
    for team in &matched.summary.teams {
        feed.text(team);
    }
    feed.text(matched.manifest.fingerprint().unwrap_or("none"));
    feed.number(matched.history.max_entries as u64);
    feed.number(matched.history.max_age_seconds.unsigned_abs());
    feed.end(16)
}

/// Of VMs in any order.
fn vms(vms: &[DirectorInstance]) -> String {
    let mut feed = Feed::default();
    for vm in super::vms::in_order(vms) {
        feed.text(&vm.group);
        feed.optional(vm.id.as_deref());
        feed.number(vm.index.map_or(u64::MAX, |index| index));
        feed.optional(vm.az.as_deref());
        feed.optional(vm.vm_cid.as_deref());
        for ip in super::vms::addresses(vm) {
            feed.text(ip);
        }
    }
    feed.end(8)
}
