//! Which proposals are let in: rules that hold whatever a strategy thinks.

use super::MatchContext;
use crate::model::{Identity, InstanceId};

/// What becomes of a proposal at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// It competes.
    Admitted,
    /// It does not compete; the trace says why.
    Refused(&'static str),
    /// It can never be right: the strategy is at fault.
    Impossible(&'static str),
}

/// Judges an identity that a strategy proposed.
pub(super) fn admit(context: MatchContext<'_>, identity: &Identity) -> Admission {
    match context.catalog().plan(identity.plan.as_str()) {
        Some(plan) if plan.service != identity.service => {
            return Admission::Impossible("the plan belongs to another service");
        }
        Some(_) => {}
        // A retired plan lives on in the index only.
        None if is_recorded(context, identity) => {}
        None => {
            return Admission::Impossible("the plan is neither in the catalog nor in this instance's record");
        }
    }
    if identity.instance.is_uuid() || context.index().entry(&identity.instance).is_some() {
        return Admission::Admitted;
    }
    if identity.expects(context.name()) && manifest_names(context, &identity.instance) {
        return Admission::Admitted;
    }
    Admission::Refused(
        "an id that is no UUID counts only if the index knows it, \
         or the name is `{plan}-{id}` and the manifest says the same id",
    )
}

fn is_recorded(context: MatchContext<'_>, identity: &Identity) -> bool {
    context.index().expecting(context.name()).any(|entry| entry.identity().as_ref() == Some(identity))
}

/// Whether the manifest gives exactly this id to its deployment's instance.
fn manifest_names(context: MatchContext<'_>, instance: &InstanceId) -> bool {
    INSTANCE_ID_PATHS
        .iter()
        .any(|path| context.document().path(path).and_then(|node| node.as_str()) == Some(instance.as_str()))
}

/// Where a manifest may give the instance's id: the broker puts it into the
/// parameters of every deployment it makes; the other place is filled by hand.
pub const INSTANCE_ID_PATHS: [&[&str]; 2] =
    [&["meta", "params", "instance_id"], &["properties", "blacksmith", "instance_id"]];
