//! The small things scripts are handed: releases, stemcells, jobs, records.

use reconciler_core::model::{Identity, IndexEntry, Job, ReleaseRef, StemcellRef};
use rhai::{ImmutableString, Module, NativeCallContext};

use super::property;
use crate::script::call::read;

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

/// A property that is a text, as it is noted: `release.name`. It is noted
/// without saying of which release: a loop over many would leave no room for
/// anything else.
pub(super) fn text<T: rhai::Variant + Clone>(
    module: &mut Module,
    noted: &'static str,
    doc: &str,
    of: impl Fn(&T) -> &str + Send + Sync + 'static,
) {
    let (owner, name) = noted.split_once('.').expect("a property is noted with its owner");
    let owner = format!("{}{}", owner[..1].to_ascii_uppercase(), &owner[1..]);
    property(module, &owner, name, "String", doc, move |cx: NativeCallContext<'_>, one: &mut T| {
        read(&cx, noted);
        ImmutableString::from(of(one))
    });
}

pub(super) fn register(module: &mut Module) {
    module
        .set_custom_type::<ReleaseHandle>("Release")
        .set_custom_type::<StemcellHandle>("Stemcell")
        .set_custom_type::<JobHandle>("Job")
        .set_custom_type::<RecordHandle>("Record");
    text(module, "release.name", "The release's name.", |one: &ReleaseHandle| &one.0.name);
    text(module, "release.version", "Its version, as the Director spells it.", |one: &ReleaseHandle| {
        &one.0.version
    });
    text(module, "stemcell.name", "The stemcell's name.", |one: &StemcellHandle| &one.0.name);
    text(module, "stemcell.version", "Its version, as the Director spells it.", |one: &StemcellHandle| {
        &one.0.version
    });
    text(module, "job.group", "The instance group it runs in.", |one: &JobHandle| &one.0.group);
    text(module, "job.name", "The job's name.", |one: &JobHandle| &one.0.name);
    text(module, "job.release", "The release it comes from.", |one: &JobHandle| &one.0.release);
    text(module, "record.instance", "The instance's id.", |one: &RecordHandle| one.0.instance.as_str());
    text(module, "record.service", "The service's id.", |one: &RecordHandle| one.0.service.as_str());
    text(module, "record.plan", "The plan's id.", |one: &RecordHandle| one.0.plan.as_str());
}
