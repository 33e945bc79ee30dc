//! `stored-record`: the index already has an instance whose deployment must
//! carry exactly this name.

use reconciler_core::matching::{
    BuiltinStrategy, Confidence, Evidence, Family, Locus, MatchContext, MatchStrategy, Opinion, Proposal,
    StrategyError, StrategyMeta, priority,
};
use reconciler_core::model::{Identity, IndexEntry};
use reconciler_core::register_strategy;

/// The broker wrote the entry and names deployments by one rule, so both sides
/// of the comparison come from the broker.
const CONFIDENCE: Confidence = Confidence::per_mille(980);

/// See the module.
#[derive(Debug, Default)]
struct StoredRecord;

impl BuiltinStrategy for StoredRecord {
    const META: StrategyMeta = StrategyMeta::new(
        "stored-record",
        1,
        priority::EXACT + 50,
        Family::Record,
        "the index knows an instance whose deployment has exactly this name",
        "\
Looks at: the index entries' plan_id and instance id, and the deployment's name.

Proposes when: `{plan_id}-{instance_id}` of an entry equals the name; the case of a UUID does not \
count. The plan may have left the catalog since (code record.retired-plan). Entries that can be \
cut differently into plan and instance are all proposed.

Abstains when: no entry expects this name.

Example: entry `relaxed-tesla` with plan_id `rabbitmq-dedicated`, deployment \
`rabbitmq-dedicated-relaxed-tesla`: proposes it with 0.980.",
    );
}

impl MatchStrategy for StoredRecord {
    fn assess(&self, context: MatchContext<'_>) -> Result<Opinion, StrategyError> {
        let proposals: Vec<Proposal> =
            context.index().expecting(context.name()).filter_map(|entry| proposal(context, entry)).collect();
        if proposals.is_empty() {
            return Ok(Opinion::abstain("no entry of the index expects this name"));
        }
        Ok(Opinion::Propose(proposals))
    }
}

fn proposal(context: MatchContext<'_>, entry: &IndexEntry) -> Option<Proposal> {
    let plan_id = entry.plan()?;
    let locus = Locus::Record { key: entry.instance.as_str().into() };
    // Plan ids are unique over the catalog, so the plan decides the service; an
    // entry that names another service was damaged.
    let (service, evidence) = match context.catalog().plan(plan_id.as_str()) {
        Some(plan) => (
            plan.service.clone(),
            Evidence::new("record.expected-name", locus, "the entry's plan and id make up this name"),
        ),
        None => (
            entry.service()?.clone(),
            Evidence::new(
                "record.retired-plan",
                locus,
                format!("the entry's plan and id make up this name; plan `{plan_id}` is not in the catalog"),
            ),
        ),
    };
    let identity = Identity { instance: entry.instance.clone(), service, plan: plan_id.clone() };
    Some(Proposal::new(identity, CONFIDENCE, vec![evidence]))
}

register_strategy!(StoredRecord);
