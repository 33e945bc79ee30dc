//! Which instance a name or a manifest speaks of; shared by the strategies.

use reconciler_core::manifest::Node;
use reconciler_core::matching::{INSTANCE_ID_PATHS, MatchContext};
use reconciler_core::model::recognise::{plan_before, split_trailing_uuid, uuids};
use reconciler_core::model::{Identity, InstanceId};

/// An instance id that the manifest states, with its place.
pub(crate) struct StatedInstance<'m> {
    pub(crate) node: Node<'m>,
    pub(crate) pointer: String,
    /// The id, or nothing where the text cannot be one: it is none, or nobody
    /// knows it and it may be a secret that was lent.
    pub(crate) id: Option<InstanceId>,
}

/// The instance ids that the manifest states, in a fixed order.
pub(crate) fn stated(context: MatchContext<'_>) -> impl Iterator<Item = StatedInstance<'_>> {
    INSTANCE_ID_PATHS.iter().filter_map(move |path| {
        let node = context.document().path(path)?;
        let text = written(node)?;
        let id = InstanceId::new(text).ok().filter(|_| context.may_show(node, path));
        Some(StatedInstance { node, pointer: path.join("."), id })
    })
}

/// The text of a field that somebody filled in: nothing for `null` and its like.
pub(crate) fn written(node: Node<'_>) -> Option<&str> {
    node.as_str().filter(|text| !text.is_empty() && !node.is_null())
}

/// The identity for which the broker would have made exactly this name: by the
/// catalog, else by the index, which also knows retired plans.
pub(crate) fn identity_by_name(context: MatchContext<'_>) -> Option<Identity> {
    let by_catalog = || {
        let (stem, uuid) = split_trailing_uuid(context.name())?;
        let plan = context.catalog().plan(stem)?;
        let instance = InstanceId::new(uuid.text).ok()?;
        Some(Identity { instance, service: plan.service.clone(), plan: plan.id.clone() })
    };
    let by_index = || context.index().expecting(context.name()).find_map(|entry| entry.identity());
    by_catalog().or_else(by_index)
}

/// The identity that the name has if its instance is this one.
pub(crate) fn identity_of(context: MatchContext<'_>, instance: &InstanceId) -> Option<Identity> {
    let plan = context.catalog().plan(plan_before(context.name(), instance)?)?;
    Some(Identity { instance: instance.clone(), service: plan.service.clone(), plan: plan.id.clone() })
}

/// Instances that occur in the name, each with the bytes it takes there: UUIDs
/// anywhere, else an id that the index knows at the end.
pub(crate) fn in_name(context: MatchContext<'_>) -> Vec<(InstanceId, std::ops::Range<usize>)> {
    let name = context.name();
    let found: Vec<_> = uuids(name)
        .into_iter()
        .filter_map(|span| Some((InstanceId::new(span.text).ok()?, span.start..span.end())))
        .collect();
    if !found.is_empty() {
        return found;
    }
    let known = context.index().ending(name);
    known.map(|(stem, entry)| (entry.instance.clone(), stem.len() + 1..name.len())).into_iter().collect()
}
