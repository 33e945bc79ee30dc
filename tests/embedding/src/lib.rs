//! An example of a program that embeds the matching and nothing else: no
//! Director, no store, no async, one strategy of its own.
//!
//! Its test, `tests/decisions.rs`, keeps the decisions as a snapshot. The
//! README's section "As a library" is compiled and run here too.

use reconciler_core::matching::{
    BuiltinStrategy, ChainError, Confidence, Evidence, Family, MatchContext, MatchEngine, MatchStrategy,
    Opinion, StrategyError, StrategyMeta, priority,
};
use reconciler_core::model::{Identity, InstanceId};
use reconciler_core::register_strategy;

/// The README's snippets.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

/// `team-caches`: a team calls its caches `<plan>.of.<team>.<uuid>`.
#[derive(Debug, Default)]
struct TeamCaches;

impl BuiltinStrategy for TeamCaches {
    const META: StrategyMeta = StrategyMeta::new(
        "team-caches",
        1,
        priority::EXACT,
        Family::Name,
        "names such as `redis-small.of.shop.<uuid>`",
        "Proposes the plan and the UUID of a name `<plan>.of.<team>.<uuid>`; abstains for other names.",
    );
}

impl MatchStrategy for TeamCaches {
    fn assess(&self, context: MatchContext<'_>) -> Result<Opinion, StrategyError> {
        let parts = context.name().split_once(".of.").and_then(|(plan, rest)| {
            let (_team, id) = rest.split_once('.')?;
            Some((plan, InstanceId::new(id).ok()?))
        });
        let Some((plan, instance)) = parts else {
            return Ok(Opinion::abstain("not called `<plan>.of.<team>.<uuid>`"));
        };
        let Some(plan) = context.catalog().plan(plan) else {
            return Ok(Opinion::abstain(format!("the catalog has no plan `{plan}`")));
        };
        let identity = Identity { instance, service: plan.service.clone(), plan: plan.id.clone() };
        let whole = 0..context.name().len();
        let evidence = Evidence::in_name("name.team-cache", whole, "our own way to call caches");
        Ok(Opinion::propose(identity, Confidence::per_mille(850), vec![evidence]))
    }
}

register_strategy!(TeamCaches);

/// The engine of this program: every strategy that is linked into it.
///
/// # Errors
/// If two of them share an id.
pub fn engine() -> Result<MatchEngine, ChainError> {
    MatchEngine::builder().with_registered()?.build()
}
