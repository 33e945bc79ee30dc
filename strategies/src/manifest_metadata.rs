//! `manifest-metadata`: the manifest itself says which instance it is.

use reconciler_core::manifest::Node;
use reconciler_core::matching::{
    BuiltinStrategy, Confidence, Evidence, Family, Locus, MatchContext, MatchStrategy, Opinion,
    StrategyError, StrategyMeta, priority,
};
use reconciler_core::model::{Identity, InstanceId, Plan};
use reconciler_core::register_strategy;

use crate::instance::{StatedInstance, identity_by_name, identity_of, stated};

/// Manifest and name say the same: what the broker makes.
const CONFIRMED_BY_NAME: Confidence = Confidence::per_mille(950);
/// Service, plan and instance are stated; the name says nothing.
const STATED: Confidence = Confidence::per_mille(900);
/// Only the instance is stated, and its plan is taken from the index. A copied
/// manifest says the same, so this stays below the usual threshold.
const KNOWN_INSTANCE: Confidence = Confidence::per_mille(650);

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
the catalog (0.950); or service, plan and instance are all stated and the name says nothing \
against them (0.900); or the index knows the stated instance and its plan (0.650, for review).

Vetoes: the identity that the name has, when the manifest states another instance or another plan. \
A manifest that was copied must not take over the instance it was copied from.

Abstains when: the manifest states no instance, or states a plan that is not in the catalog.

Example: `meta.params.instance_id: relaxed-tesla` in deployment `rabbitmq-dedicated-relaxed-tesla`.",
    );
}

impl MatchStrategy for ManifestMetadata {
    fn assess(&self, context: MatchContext<'_>) -> Result<Opinion, StrategyError> {
        let statements: Vec<StatedInstance<'_>> = stated(context.document()).collect();
        let Some(first) = statements.first() else {
            return Ok(Opinion::abstain("the manifest states no instance id"));
        };
        let evidence: Vec<Evidence> = statements.iter().map(instance_evidence).collect();
        if statements.iter().any(|other| other.id != first.id) {
            return Ok(object(context, evidence, "the manifest states two different instances"));
        }
        let Some(instance) = &first.id else {
            return Ok(object(context, evidence, "the manifest states an instance id that cannot be one"));
        };
        Ok(match stated_plan(context) {
            StatedPlan::None => by_instance(context, instance, evidence),
            StatedPlan::Known { plan, place } => {
                let identity = identity(instance, plan);
                by_plan(context, identity, [evidence, vec![place]].concat())
            }
            StatedPlan::Unknown { place } => {
                let why = "the manifest states a service or plan that the catalog does not have";
                object(context, [evidence, vec![place]].concat(), why)
            }
        })
    }
}

fn identity(instance: &InstanceId, plan: &Plan) -> Identity {
    Identity { instance: instance.clone(), service: plan.service.clone(), plan: plan.id.clone() }
}

/// Only the instance is stated.
fn by_instance(context: MatchContext<'_>, instance: &InstanceId, mut evidence: Vec<Evidence>) -> Opinion {
    if let Some(identity) = identity_of(context, instance) {
        evidence.push(name_evidence(context));
        return Opinion::propose(identity, CONFIRMED_BY_NAME, evidence);
    }
    if let Some(named) = identity_by_name(context).filter(|named| named.instance != *instance) {
        return veto(named, evidence, "the name speaks of another instance than the manifest");
    }
    let entry = context.index().entry(instance);
    let plan = entry.and_then(|entry| context.catalog().plan(entry.plan()?.as_str()));
    match entry.zip(plan) {
        Some((entry, plan)) if !expects_this(context, entry) => {
            evidence.push(Evidence::new(
                "record.known-instance",
                Locus::Record { key: entry.instance.as_str().into() },
                "the index knows this instance and its plan",
            ));
            Opinion::propose(identity(instance, plan), KNOWN_INSTANCE, evidence)
        }
        Some(_) => Opinion::abstain("the index alone says which plan this instance has"),
        None => Opinion::abstain("the manifest states an instance, but nothing says which plan it has"),
    }
}

fn expects_this(context: MatchContext<'_>, entry: &reconciler_core::model::IndexEntry) -> bool {
    context.index().expecting(context.name()).any(|other| other.instance == entry.instance)
}

/// Service, plan and instance are stated.
fn by_plan(context: MatchContext<'_>, stated: Identity, mut evidence: Vec<Evidence>) -> Opinion {
    match identity_of(context, &stated.instance).or_else(|| identity_by_name(context)) {
        Some(named) if named == stated => {
            evidence.push(name_evidence(context));
            Opinion::propose(stated, CONFIRMED_BY_NAME, evidence)
        }
        Some(named) => veto(named, evidence, "the manifest states another identity than the name"),
        None => Opinion::propose(stated, STATED, evidence),
    }
}

/// The manifest cannot be right about itself: that speaks against whatever the
/// name says, and for nothing.
fn object(context: MatchContext<'_>, evidence: Vec<Evidence>, why: &'static str) -> Opinion {
    match identity_by_name(context) {
        Some(named) => veto(named, evidence, why),
        None => Opinion::abstain(why),
    }
}

fn veto(identity: Identity, mut evidence: Vec<Evidence>, why: &'static str) -> Opinion {
    let locus = Locus::Catalog { service: identity.service.clone(), plan: Some(identity.plan.clone()) };
    evidence.push(Evidence::new("meta.contradicts-name", locus, why));
    Opinion::Veto { identity, evidence }
}

fn name_evidence(context: MatchContext<'_>) -> Evidence {
    Evidence::in_name("name.plan-and-instance", 0..context.name().len(), "the broker would give it this name")
}

fn instance_evidence(statement: &StatedInstance<'_>) -> Evidence {
    place("meta.instance-id", &statement.pointer, statement.node, "the manifest states the instance")
}

fn place(code: &'static str, pointer: &str, node: Node<'_>, note: &'static str) -> Evidence {
    Evidence::new(code, Locus::Manifest { pointer: pointer.into(), at: node.location() }, note)
}

/// What the manifest says about service and plan.
enum StatedPlan<'a> {
    None,
    Known { plan: &'a Plan, place: Evidence },
    Unknown { place: Evidence },
}

fn stated_plan(context: MatchContext<'_>) -> StatedPlan<'_> {
    let document = context.document();
    let text = |field: &str| {
        let node = document.path(&["properties", "blacksmith", field])?;
        Some((node, node.as_str().filter(|text| !text.is_empty())?))
    };
    let (service, plan) = (text("service_id"), text("plan_id"));
    let Some((node, plan_id)) = plan else {
        // A service without a plan says nothing that could be checked.
        return StatedPlan::None;
    };
    let evidence = |note| place("meta.plan-id", "properties.blacksmith.plan_id", node, note);
    let same_service = |plan: &&Plan| service.is_none_or(|(_, id)| plan.service.as_str() == id);
    match context.catalog().plan(plan_id).filter(same_service) {
        Some(plan) => StatedPlan::Known { plan, place: evidence("the manifest states the plan") },
        None => StatedPlan::Unknown { place: evidence("this service has no such plan in the catalog") },
    }
}

register_strategy!(ManifestMetadata);
