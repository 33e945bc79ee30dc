//! `manifest-metadata`: the manifest itself says which instance it is.

use reconciler_core::manifest::{Node, REDACTED};
use reconciler_core::matching::{
    BuiltinStrategy, Confidence, Evidence, Family, Locus, MatchContext, MatchStrategy, Opinion,
    StrategyError, StrategyMeta, priority,
};
use reconciler_core::model::recognise::plan_before;
use reconciler_core::model::{Identity, InstanceId};
use reconciler_core::register_strategy;

use crate::instance::{identity_by_name, identity_of, in_name, stated, written};

/// Manifest and name say the same: what the broker makes.
const CONFIRMED_BY_NAME: Confidence = Confidence::per_mille(950);
/// Service, plan and instance are stated; the name says nothing.
const STATED: Confidence = Confidence::per_mille(900);
/// The plan is taken from the index, the index knows another one, or the name
/// reads like something else. A copied manifest says the same, so this stays
/// below the usual threshold.
const DOUBTFUL: Confidence = Confidence::per_mille(650);

/// See the module.
#[derive(Debug, Default)]
struct ManifestMetadata;

impl BuiltinStrategy for ManifestMetadata {
    const META: StrategyMeta = StrategyMeta::new(
        "manifest-metadata",
        1,
        priority::IDENTITY,
        Family::Metadata,
        "the manifest names the instance, and perhaps service and plan",
        "\
Looks at: `meta.params.instance_id`, which the broker puts into every manifest it makes; \
`properties.blacksmith.{service_id,plan_id,instance_id}`, which people add; the name; the index.

Proposes when: the stated instance and the name make up `{plan_id}-{instance_id}` with a plan of \
the catalog (0.950); or plan and instance are stated and the name holds no instance (0.900). It \
proposes for review (0.650) if the name does, if the plan is known from the index alone, or if the \
index knows another one.

Vetoes: the identity that the name has, when the manifest states another instance, plan or service. \
A manifest that was copied must not take over the instance it was copied from.

Abstains when: the manifest states no instance, or states a plan that is not in the catalog.

Example: `meta.params.instance_id: relaxed-tesla` in deployment `rabbitmq-dedicated-relaxed-tesla`.",
    );
}

impl MatchStrategy for ManifestMetadata {
    fn assess(&self, context: MatchContext<'_>) -> Result<Opinion, StrategyError> {
        let statement = Statement::of(context);
        if let Some(fault) = statement.fault {
            return Ok(match identity_by_name(context) {
                Some(named) => veto(named, statement.evidence, fault),
                None => Opinion::abstain(fault),
            });
        }
        let by_instance = statement.instance.as_ref().and_then(|instance| identity_of(context, instance));
        Ok(match by_instance.or_else(|| identity_by_name(context)) {
            Some(named) => with_name(context, named, statement),
            None => without_name(context, statement),
        })
    }
}

/// The name is one the broker would have made.
fn with_name(context: MatchContext<'_>, named: Identity, mut statement: Statement<'_>) -> Opinion {
    if let Some(why) = statement.contradiction(&named) {
        return veto(named, statement.evidence, why);
    }
    if statement.instance.is_none() {
        return Opinion::abstain("the manifest states no instance id");
    }
    if context.catalog().plan(named.plan.as_str()).is_none() {
        return Opinion::abstain("the plan has left the catalog; only the index can speak for it");
    }
    let whole = 0..context.name().len();
    statement.evidence.push(Evidence::in_name(
        "name.plan-and-instance",
        whole,
        "the broker would give it this name",
    ));
    Opinion::propose(named, CONFIRMED_BY_NAME, statement.evidence)
}

/// The name is nobody's.
fn without_name(context: MatchContext<'_>, mut statement: Statement<'_>) -> Opinion {
    let Some(instance) = &statement.instance else {
        return Opinion::abstain("the manifest states no instance id");
    };
    let entry = context.index().entry(instance);
    let plan_id = match (statement.plan, entry.and_then(|entry| entry.plan())) {
        (Some(stated), _) => stated,
        (None, Some(recorded)) => recorded.as_str(),
        (None, None) => {
            return Opinion::abstain("the manifest states an instance, but nothing says which plan it has");
        }
    };
    let Some(plan) = context.catalog().plan(plan_id) else {
        return Opinion::abstain(format!("`{plan_id}` is no plan of the catalog"));
    };
    let identity =
        Identity { instance: instance.clone(), service: plan.service.clone(), plan: plan.id.clone() };
    if statement.contradiction(&identity).is_some() {
        return Opinion::abstain("the manifest states a plan and a service that do not belong together");
    }
    let recorded = entry.and_then(|entry| Some((entry.instance.as_str(), entry.plan()?)));
    let doubt = match recorded {
        Some((key, _)) if statement.plan.is_none() => {
            Some(in_record("record.known-instance", key, "the index knows this instance and its plan"))
        }
        Some((key, recorded)) if *recorded != identity.plan => {
            Some(in_record("record.other-plan", key, "the index knows this instance with another plan"))
        }
        _ if reads_otherwise(context, instance) => Some(Evidence::in_name(
            "name.reads-otherwise",
            0..context.name().len(),
            "the name speaks of something else",
        )),
        _ => None,
    };
    let confidence = if doubt.is_some() { DOUBTFUL } else { STATED };
    statement.evidence.extend(doubt);
    Opinion::propose(identity, confidence, statement.evidence)
}

/// Whether the name, which is nobody's, speaks of an instance all the same.
fn reads_otherwise(context: MatchContext<'_>, instance: &InstanceId) -> bool {
    !in_name(context).is_empty() || plan_before(context.name(), instance).is_some()
}

fn in_record(code: &'static str, key: &str, note: &'static str) -> Evidence {
    Evidence::new(code, Locus::Record { key: key.into() }, note)
}

/// What the manifest says about itself.
struct Statement<'m> {
    instance: Option<InstanceId>,
    service: Option<&'m str>,
    plan: Option<&'m str>,
    evidence: Vec<Evidence>,
    /// Why it cannot be right, whatever the name says.
    fault: Option<&'static str>,
}

impl<'m> Statement<'m> {
    fn of(context: MatchContext<'m>) -> Self {
        let document = context.document();
        let mut evidence = Vec::new();
        let mut fault = None;
        let mut instance: Option<InstanceId> = None;
        for stated in stated(context) {
            evidence.push(place(
                "meta.instance-id",
                &stated.pointer,
                stated.node,
                "the manifest states the instance",
            ));
            match (&instance, stated.id) {
                (_, None) => fault = Some("the manifest states an instance id that cannot be one"),
                (Some(first), Some(other)) if *first != other => {
                    fault = Some("the manifest states two different instances");
                }
                (_, Some(id)) => instance = instance.or(Some(id)),
            }
        }
        let mut text = |field: &str, code: &'static str, note: &'static str| {
            let path = ["properties", "blacksmith", field];
            let node = document.path(&path)?;
            // What nobody knows equals no id, whatever stands for it.
            let text =
                written(node).map(|text| if context.may_show(node, &path) { text } else { REDACTED })?;
            evidence.push(place(code, &format!("properties.blacksmith.{field}"), node, note));
            Some(text)
        };
        let service = text("service_id", "meta.service-id", "the manifest states the service");
        let plan = text("plan_id", "meta.plan-id", "the manifest states the plan");
        Self { instance, service, plan, evidence, fault }
    }

    /// Where the statement differs from an identity.
    fn contradiction(&self, identity: &Identity) -> Option<&'static str> {
        if self.instance.as_ref().is_some_and(|instance| *instance != identity.instance) {
            return Some("the manifest states another instance than the name");
        }
        if self.plan.is_some_and(|plan| plan != identity.plan.as_str()) {
            return Some("the manifest states another plan than the name");
        }
        if self.service.is_some_and(|service| service != identity.service.as_str()) {
            return Some("the manifest states another service than the name");
        }
        None
    }
}

fn veto(identity: Identity, mut evidence: Vec<Evidence>, why: &'static str) -> Opinion {
    let locus = Locus::Catalog { service: identity.service.clone(), plan: Some(identity.plan.clone()) };
    evidence.push(Evidence::new("meta.contradicts-name", locus, why));
    Opinion::Veto { identity, evidence }
}

fn place(code: &'static str, pointer: &str, node: Node<'_>, note: &'static str) -> Evidence {
    Evidence::new(code, Locus::Manifest { pointer: pointer.into(), at: node.location() }, note)
}

register_strategy!(ManifestMetadata);

#[cfg(test)]
mod tests;
