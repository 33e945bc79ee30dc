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

#[cfg(test)]
mod tests {
    use super::UuidPattern;
    use crate::testing::{check, named, places};

    #[test]
    fn a_plan_id_and_a_uuid_make_up_the_name() {
        check(
            &UuidPattern,
            &[
                named("redis-small-$A").says("0.850 redis / redis-small / $A [name.plan name.uuid]"),
                named("redis-small-ha-$A").says("0.850 redis / redis-small-ha / $A [name.plan name.uuid]"),
                named("redis-small-ha-eu-$A")
                    .says("0.850 redis / redis-small-ha-eu / $A [name.plan name.uuid]"),
                named("mariadb-standalone-$A")
                    .says("0.850 mariadb / mariadb-standalone / $A [name.plan name.uuid]"),
                named("redis-small-$^A").says("0.850 redis / redis-small / $^A [name.plan name.uuid]"),
            ],
        );
    }

    #[test]
    fn what_only_looks_like_it_says_nothing() {
        let no_uuid = "abstains: the name does not end in `-{uuid}`";
        check(
            &UuidPattern,
            &[
                named("redis-small").says(no_uuid),
                named("redis-small-relaxed-tesla").says(no_uuid),
                named("redis-small-$A-old").says(no_uuid),
                named("redis-small$A").says(no_uuid),
                named("$A").says(no_uuid),
                named("redis-small-$A-$B").says("abstains: `redis-small-$A` is no plan of the catalog"),
                named("redis-smal-$A").says("abstains: `redis-smal` is no plan of the catalog"),
                named("redis-$A").says("abstains: `redis` is no plan of the catalog"),
                named("small-$A").says("abstains: `small` is no plan of the catalog"),
                named("prod-redis-small-$A").says("abstains: `prod-redis-small` is no plan of the catalog"),
                named("Redis-Small-$A").says("abstains: `Redis-Small` is no plan of the catalog"),
                named("redis-redis-small-$A").says("abstains: `redis-redis-small` is no plan of the catalog"),
                named("mongodb-standalone-$A")
                    .says("abstains: `mongodb-standalone` is no plan of the catalog"),
                named("redis-legacy-$A")
                    .index("$A redis redis-legacy")
                    .says("abstains: `redis-legacy` is no plan of the catalog"),
            ],
        );
    }

    #[test]
    fn manifest_and_index_change_nothing() {
        let opinion = "0.850 redis / redis-small / $A [name.plan name.uuid]";
        check(
            &UuidPattern,
            &[
                named("redis-small-$A").states("$B").says(opinion),
                named("redis-small-$A").manifest("a: [").says(opinion),
                named("redis-small-$A").index("$^A rabbitmq rabbitmq-standalone").says(opinion),
            ],
        );
    }

    #[test]
    fn the_evidence_says_where_plan_and_uuid_stand() {
        let opinion = named("redis-small-$A").opinion(&UuidPattern);
        assert_eq!(places(&opinion), ["name.plan name[0..11]", "name.uuid name[12..48]"]);
    }
}
