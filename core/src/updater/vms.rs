//! The VMs of a deployment as metadata shows them.

use serde::Serialize;

use crate::ports::DirectorInstance;

/// One VM, in the Director's words.
#[derive(Debug, Serialize)]
pub(super) struct VmField<'a> {
    job: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    az: Option<&'a str>,
    cid: &'a str,
    ips: Vec<&'a str>,
}

/// All that have a VM, in one order: the Director's is any. Of an instance that
/// is stopped, or of an errand that does not run, there is none.
pub(super) fn in_order(instances: &[DirectorInstance]) -> Vec<&DirectorInstance> {
    let mut sorted: Vec<_> = instances.iter().filter(|one| one.vm_cid.is_some()).collect();
    sorted.sort_by(|a, b| (&a.group, a.index, &a.id, &a.vm_cid).cmp(&(&b.group, b.index, &b.id, &b.vm_cid)));
    sorted
}

/// The addresses of a VM, in one order.
pub(super) fn addresses(vm: &DirectorInstance) -> Vec<&str> {
    let mut ips: Vec<&str> = vm.ips.iter().map(String::as_str).collect();
    ips.sort_unstable();
    ips
}

/// The field `vms` of metadata.
pub(super) fn field(instances: &[DirectorInstance]) -> Vec<VmField<'_>> {
    let fields = in_order(instances).into_iter().map(|vm| VmField {
        job: &vm.group,
        index: vm.index,
        id: vm.id.as_deref(),
        az: vm.az.as_deref(),
        cid: vm.vm_cid.as_deref().unwrap_or_default(),
        ips: addresses(vm),
    });
    fields.collect()
}
