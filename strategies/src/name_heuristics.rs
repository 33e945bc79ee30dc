//! `name-heuristics`: a plan's id and an instance's id stand somewhere in the
//! name, just not as the broker writes them.

use std::ops::Range;

use reconciler_core::matching::{
    BuiltinStrategy, Confidence, Evidence, Family, MatchContext, MatchStrategy, Opinion, Proposal,
    StrategyError, StrategyMeta, priority,
};
use reconciler_core::model::recognise::split_trailing_uuid;
use reconciler_core::model::{Identity, InstanceId, Plan};
use reconciler_core::register_strategy;

use crate::instance::in_name;

/// The whole plan id stands in the name.
const PLAN_ID: Confidence = Confidence::per_mille(500);
/// Only the plan's bare name, which no other plan has, stands beside the id.
const PLAN_NAME: Confidence = Confidence::per_mille(350);
/// Names of more words than this are not searched: the work grows with their
/// square.
const MOST_WORDS: usize = 24;

/// See the module.
#[derive(Debug, Default)]
struct NameHeuristics;

impl BuiltinStrategy for NameHeuristics {
    const META: StrategyMeta = StrategyMeta::new(
        "name-heuristics",
        1,
        priority::HEURISTIC,
        Family::Name,
        "a plan's id and an instance's id stand somewhere in the name",
        "\
Looks at: the name's words (separated by `-`, `_`, `.`, `+`), the plan ids and names, the ids in \
the index.

Proposes when: the name holds a UUID, or ends in an id that the index knows, and beside it the \
words of a plan's id, in any case and with any separator: the longest such id (0.500). Or the rest \
of the name is exactly a plan's bare name that no other plan has (0.350). Whole words only, never a \
part of one. Several UUIDs are all proposed.

Abstains when: the name is what the broker would make (`uuid-pattern` speaks then), no instance is \
in the name, or no plan is.

Example: `prod_redis-small_1b4e28ba-2fa1-41d2-883f-0016d3cca427-old` may be an instance of plan \
`redis-small`; a person has to look.",
    );
}

impl MatchStrategy for NameHeuristics {
    fn assess(&self, context: MatchContext<'_>) -> Result<Opinion, StrategyError> {
        let name = context.name();
        if split_trailing_uuid(name).is_some_and(|(stem, _)| context.catalog().plan(stem).is_some()) {
            return Ok(Opinion::abstain("the whole name is what the broker would make"));
        }
        let instances = in_name(context);
        if instances.is_empty() {
            return Ok(Opinion::abstain("the name holds no instance id"));
        }
        let proposals: Vec<Proposal> = instances
            .into_iter()
            .filter_map(|(instance, span)| {
                let found = [0..span.start, span.end..name.len()]
                    .into_iter()
                    .filter_map(|part| find_plan(context, part))
                    .max_by_key(|found| (found.confidence, found.span.len()))?;
                Some(proposal(instance, span, &found))
            })
            .collect();
        if proposals.is_empty() {
            return Ok(Opinion::abstain("no plan stands in the name"));
        }
        Ok(Opinion::Propose(proposals))
    }
}

/// A plan found in a part of the name.
struct FoundPlan<'a> {
    plan: &'a Plan,
    span: Range<usize>,
    confidence: Confidence,
    code: &'static str,
}

fn proposal(instance: InstanceId, span: Range<usize>, found: &FoundPlan<'_>) -> Proposal {
    let identity = Identity { instance, service: found.plan.service.clone(), plan: found.plan.id.clone() };
    let evidence = vec![
        Evidence::in_name(found.code, found.span.clone(), format!("reads as plan `{}`", found.plan.id)),
        Evidence::in_name("name.instance", span, "may be the instance's id"),
    ];
    Proposal::new(identity, found.confidence, evidence)
}

/// The longest plan id that is made of whole words of this part of the name.
fn find_plan(context: MatchContext<'_>, part: Range<usize>) -> Option<FoundPlan<'_>> {
    let words = words(context.name(), part);
    if words.is_empty() || words.len() > MOST_WORDS {
        return None;
    }
    let catalog = context.catalog();
    for length in (1..=words.len()).rev() {
        for run in words.windows(length) {
            let span = run[0].start..run[length - 1].end;
            let text = &context.name()[span.clone()];
            let plan = catalog.plan(text).or_else(|| catalog.plan(&normalised(text)));
            if let Some(plan) = plan {
                return Some(FoundPlan { plan, span, confidence: PLAN_ID, code: "name.contains-plan" });
            }
        }
    }
    let whole = words[0].start..words[words.len() - 1].end;
    let mut named = catalog.plans_named(&context.name()[whole.clone()]);
    let plan = named.next().filter(|_| named.next().is_none())?;
    Some(FoundPlan { plan, span: whole, confidence: PLAN_NAME, code: "name.plan-name" })
}

/// Lower case, words joined by hyphens: how plan ids are usually written.
fn normalised(text: &str) -> String {
    text.chars().map(|c| if is_separator(c) { '-' } else { c.to_ascii_lowercase() }).collect()
}

fn is_separator(c: char) -> bool {
    matches!(c, '-' | '_' | '.' | '+')
}

/// The words of a part of the name, as ranges of the whole name.
fn words(name: &str, part: Range<usize>) -> Vec<Range<usize>> {
    let mut start = part.start;
    name[part]
        .split(is_separator)
        .filter_map(|word| {
            let range = start..start + word.len();
            start = range.end + 1;
            (!word.is_empty()).then_some(range)
        })
        .collect()
}

register_strategy!(NameHeuristics);

#[cfg(test)]
mod tests {
    use super::NameHeuristics;
    use crate::testing::{check, named, places};

    #[test]
    fn the_longest_plan_id_beside_an_instance_is_proposed_for_review() {
        let small = "0.500 redis / redis-small / $A [name.contains-plan name.instance]";
        let ha = "0.500 redis / redis-small-ha / $A [name.contains-plan name.instance]";
        check(
            &NameHeuristics,
            &[
                named("prod_redis-small_$A-old").says(small),
                named("redis-small-$A-old").says(small),
                named("REDIS_SMALL_$A").says(small),
                named("redis.small+$A").says(small),
                named("Redis-small-ha-x-$A").says(ha),
                named("$A-redis-small-ha").says(ha),
                named("redis-small-ha-old-$^A")
                    .says("0.500 redis / redis-small-ha / $^A [name.contains-plan name.instance]"),
                named("old-redis-small-tesla")
                    .index("tesla redis redis-small")
                    .says("0.500 redis / redis-small / tesla [name.contains-plan name.instance]"),
            ],
        );
    }

    #[test]
    fn a_bare_plan_name_counts_alone_and_if_no_other_plan_has_it() {
        check(
            &NameHeuristics,
            &[
                named("small-ha-$A").says("0.350 redis / redis-small-ha / $A [name.plan-name name.instance]"),
                named("small-ha-old-$A").says("abstains: no plan stands in the name"),
                named("standalone-$A").says("abstains: no plan stands in the name"),
                named("mongodb-standalone-$A").says("abstains: no plan stands in the name"),
            ],
        );
    }

    #[test]
    fn several_uuids_are_all_proposed() {
        check(
            &NameHeuristics,
            &[named("redis-small-$A-$B").says(
                "0.500 redis / redis-small / $A [name.contains-plan name.instance] | \
                 0.500 redis / redis-small / $B [name.contains-plan name.instance]",
            )],
        );
    }

    #[test]
    fn what_is_whole_or_nothing_is_left_alone() {
        let many_words = format!("{}redis-small-$A", "a-".repeat(23));
        check(
            &NameHeuristics,
            &[
                named("redis-small-$A").says("abstains: the whole name is what the broker would make"),
                named("redis-small-$^A").says("abstains: the whole name is what the broker would make"),
                named("redis-small").says("abstains: the name holds no instance id"),
                named("old-redis-small-tesla").says("abstains: the name holds no instance id"),
                named("redis-smallish-$A").says("abstains: no plan stands in the name"),
                named("smallredis-$A").says("abstains: no plan stands in the name"),
                // An empty plan name is in every text and means nothing.
                named("_$A").says("abstains: no plan stands in the name"),
                named("service-instance_$A").says("abstains: no plan stands in the name"),
                named(&many_words).says("abstains: no plan stands in the name"),
            ],
        );
    }

    #[test]
    fn manifests_are_not_looked_at() {
        let said = "0.500 redis / redis-small / $A [name.contains-plan name.instance]";
        check(
            &NameHeuristics,
            &[
                named("redis-small-$A-old").states("$B").says(said),
                named("redis-small-$A-old").manifest("a: [").says(said),
            ],
        );
    }

    #[test]
    fn the_evidence_says_where_plan_and_instance_stand() {
        let opinion = named("prod_redis-small_$A-old").opinion(&NameHeuristics);
        assert_eq!(places(&opinion), ["name.contains-plan name[5..16]", "name.instance name[17..53]"]);
    }
}
