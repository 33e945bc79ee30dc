//! `uuid-pattern`: the name is a plan's id, a hyphen and a UUID.

use reconciler_core::matching::{
    BuiltinStrategy, Confidence, Evidence, Family, MatchContext, MatchStrategy, Opinion, StrategyError,
    StrategyMeta, priority,
};
use reconciler_core::model::recognise::split_trailing_uuid;
use reconciler_core::model::{Identity, InstanceId};
use reconciler_core::register_strategy;

/// Enough for a match by itself; with nothing but the name, not enough to make
/// a new index entry.
const CONFIDENCE: Confidence = Confidence::per_mille(850);

/// See the module.
#[derive(Debug, Default)]
struct UuidPattern;

impl BuiltinStrategy for UuidPattern {
    const META: StrategyMeta = StrategyMeta::new(
        "uuid-pattern",
        1,
        priority::EXACT,
        Family::Name,
        "the name is `{plan_id}-{uuid}` with a plan of the catalog",
        "\
Looks at: the deployment's name and the catalog's plan ids.

Proposes when: the name ends in a UUID of either case, and what stands before it equals a plan's \
id. Equality, never a prefix: `redis-small` and `redis-small-ha` are told apart.

Abstains when: the name does not end in a UUID, or what stands before it is no plan.

Example: `redis-small-ha-1b4e28ba-2fa1-41d2-883f-0016d3cca427` is an instance of plan \
`redis-small-ha`, with 0.850.",
    );
}

impl MatchStrategy for UuidPattern {
    fn assess(&self, context: MatchContext<'_>) -> Result<Opinion, StrategyError> {
        let Some((stem, uuid)) = split_trailing_uuid(context.name()) else {
            return Ok(Opinion::abstain("the name does not end in `-{uuid}`"));
        };
        let Some(plan) = context.catalog().plan(stem) else {
            return Ok(Opinion::abstain(format!("`{stem}` is no plan of the catalog")));
        };
        let Ok(instance) = InstanceId::new(uuid.text) else {
            return Ok(Opinion::abstain("the UUID cannot be an instance id"));
        };
        let identity = Identity { instance, service: plan.service.clone(), plan: plan.id.clone() };
        let evidence = vec![
            Evidence::in_name("name.plan", 0..stem.len(), format!("equals plan id `{}`", plan.id)),
            Evidence::in_name("name.uuid", uuid.start..uuid.end(), "a UUID ends the name"),
        ];
        Ok(Opinion::propose(identity, CONFIDENCE, evidence))
    }
}

register_strategy!(UuidPattern);
