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

#[cfg(test)]
mod tests {
    use super::StoredRecord;
    use crate::testing::{check, named, places};

    #[test]
    fn an_entry_that_expects_the_name_proposes_itself() {
        check(
            &StoredRecord,
            &[
                named("redis-small-$A")
                    .index("$A redis redis-small")
                    .says("0.980 redis / redis-small / $A [record.expected-name]"),
                named("redis-small-ha-$A")
                    .index("$B redis redis-small; $A redis redis-small-ha")
                    .says("0.980 redis / redis-small-ha / $A [record.expected-name]"),
                // The case of a UUID does not count, and the index's spelling stays.
                named("redis-small-$A")
                    .index("$^A redis redis-small")
                    .says("0.980 redis / redis-small / $^A [record.expected-name]"),
                named("redis-small-$^A")
                    .index("$A redis redis-small")
                    .says("0.980 redis / redis-small / $A [record.expected-name]"),
                named("rabbitmq-standalone-relaxed-tesla")
                    .index("relaxed-tesla rabbitmq rabbitmq-standalone")
                    .says("0.980 rabbitmq / rabbitmq-standalone / relaxed-tesla [record.expected-name]"),
            ],
        );
    }

    #[test]
    fn the_plan_decides_the_service_as_long_as_the_catalog_has_it() {
        check(
            &StoredRecord,
            &[
                named("redis-small-$A")
                    .index("$A mariadb redis-small")
                    .says("0.980 redis / redis-small / $A [record.expected-name]"),
                named("redis-small-$A")
                    .index("$A - redis-small")
                    .says("0.980 redis / redis-small / $A [record.expected-name]"),
                named("redis-legacy-$A")
                    .index("$A redis redis-legacy")
                    .says("0.980 redis / redis-legacy / $A [record.retired-plan]"),
                named("redis-legacy-$A")
                    .index("$A - redis-legacy")
                    .says("abstains: no entry of the index expects this name"),
            ],
        );
    }

    #[test]
    fn a_name_that_can_be_cut_two_ways_is_proposed_twice() {
        check(
            &StoredRecord,
            &[named("redis-small-ha-tesla")
                .index("ha-tesla redis redis-small; tesla redis redis-small-ha")
                .says(
                    "0.980 redis / redis-small / ha-tesla [record.expected-name] | \
                     0.980 redis / redis-small-ha / tesla [record.expected-name]",
                )],
        );
    }

    #[test]
    fn an_entry_that_expects_another_name_says_nothing() {
        let nothing = "abstains: no entry of the index expects this name";
        check(
            &StoredRecord,
            &[
                named("redis-small-$A").says(nothing),
                named("redis-small-$A").index("$A redis redis-small-ha").says(nothing),
                named("redis-small-$A").index("$B redis redis-small").says(nothing),
                named("redis-small-$A").index("$A redis -").says(nothing),
                named("redis-small-$A-old").index("$A redis redis-small").says(nothing),
                named("redis-small-Tesla").index("tesla redis redis-small").says(nothing),
                named("cache").index("$A redis redis-small").states("$A").says(nothing),
                named("redis-small-$A-$B").index("$A redis redis-small").says(nothing),
            ],
        );
    }

    #[test]
    fn the_evidence_names_the_entry_by_its_own_key() {
        let opinion = named("redis-small-$A").index("$^A redis redis-small").opinion(&StoredRecord);
        assert_eq!(places(&opinion), ["record.expected-name index:$^A"]);
    }
}
