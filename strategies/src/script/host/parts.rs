//! The small things scripts are handed: releases, stemcells, jobs, records.

use reconciler_core::model::{Identity, IndexEntry, Job, ReleaseRef, StemcellRef};
use rhai::{ImmutableString, Module};

use super::property;

#[derive(Debug, Clone)]
pub(super) struct ReleaseHandle(pub(super) ReleaseRef);
#[derive(Debug, Clone)]
pub(super) struct StemcellHandle(pub(super) StemcellRef);
#[derive(Debug, Clone)]
pub(super) struct JobHandle(pub(super) Job);

/// An entry of the index that names service and plan. Nothing else of it is
/// shown: entries hold what the broker keeps there.
#[derive(Debug, Clone)]
pub(super) struct RecordHandle(pub(super) Identity);

impl RecordHandle {
    pub(super) fn of(entry: &IndexEntry) -> Option<Self> {
        entry.identity().map(Self)
    }
}

/// A property that is a text; what holds it was noted when it was read.
fn text<T: rhai::Variant + Clone>(
    module: &mut Module,
    owner: &str,
    name: &str,
    doc: &str,
    of: impl Fn(&T) -> &str + Send + Sync + 'static,
) {
    property(module, owner, name, "String", doc, move |one: &mut T| ImmutableString::from(of(one)));
}

pub(super) fn register(module: &mut Module) {
    module
        .set_custom_type::<ReleaseHandle>("Release")
        .set_custom_type::<StemcellHandle>("Stemcell")
        .set_custom_type::<JobHandle>("Job")
        .set_custom_type::<RecordHandle>("Record");
    text(module, "Release", "name", "The release's name.", |one: &ReleaseHandle| &one.0.name);
    text(module, "Release", "version", "Its version, as the Director spells it.", |one: &ReleaseHandle| {
        &one.0.version
    });
    text(module, "Stemcell", "name", "The stemcell's name.", |one: &StemcellHandle| &one.0.name);
    text(module, "Stemcell", "version", "Its version, as the Director spells it.", |one: &StemcellHandle| {
        &one.0.version
    });
    text(module, "Job", "group", "The instance group it runs in.", |one: &JobHandle| &one.0.group);
    text(module, "Job", "name", "The job's name.", |one: &JobHandle| &one.0.name);
    text(module, "Job", "release", "The release it comes from.", |one: &JobHandle| &one.0.release);
    text(module, "Record", "instance", "The instance's id.", |one: &RecordHandle| one.0.instance.as_str());
    text(module, "Record", "service", "The service's id.", |one: &RecordHandle| one.0.service.as_str());
    text(module, "Record", "plan", "The plan's id.", |one: &RecordHandle| one.0.plan.as_str());
}
