//! `release-based`: the deployment is made of the same releases and jobs as a
//! plan's own manifest.

use reconciler_core::manifest::topology;
use reconciler_core::matching::{
    BuiltinStrategy, Confidence, Evidence, Family, Locus, MatchContext, MatchStrategy, Opinion, Proposal,
    StrategyError, StrategyMeta, priority,
};
use reconciler_core::model::{Identity, InstanceId, Plan, Topology};
use reconciler_core::register_strategy;

use crate::instance::{in_name, stated};

/// What a perfect fit is worth: many plans are made of the same parts, so a fit
/// alone never reaches the usual threshold.
const PERFECT_FIT: u32 = 600;
/// The least fit that is worth mentioning, per mille.
const LEAST_FIT: u32 = 500;
/// What every deployment uses tells nothing: below this rarity a release is not
/// looked at, per mille.
const LEAST_RARITY: u32 = 50;
/// A part that more plans share than this does not tell them apart; following
/// it would make the work grow with the catalog.
const MOST_SHARING: usize = 16;
/// More plans that fit alike than this are no proposal but noise.
const MOST_PROPOSALS: usize = 3;

/// See the module.
#[derive(Debug, Default)]
struct ReleaseBased;

impl BuiltinStrategy for ReleaseBased {
    const META: StrategyMeta = StrategyMeta::new(
        "release-based",
        1,
        priority::INFERRED,
        Family::Topology,
        "releases and jobs fit a plan's own manifest",
        "\
Looks at: the deployment's releases, the jobs in its manifest, the plans' own manifests, and how \
common each release is in the fleet. What everybody uses (`bpm`) counts for nothing.

Proposes when: an instance is named somewhere (a UUID in the name, an instance id in the manifest, \
an id of the index at the end of the name) and at most three plans share at least half of what \
deployment and plan are made of, weighted by rarity. A perfect fit gives 0.600: never enough alone.

Abstains when: nothing names an instance, no plan fits, or too many fit alike.

Example: `legacy-1b4e28ba-2fa1-41d2-883f-0016d3cca427` with release `redis-forge` and job \
`standalone-7` fits plan `redis-standalone-7`.",
    );
}

impl MatchStrategy for ReleaseBased {
    fn assess(&self, context: MatchContext<'_>) -> Result<Opinion, StrategyError> {
        let Some(instance) = instance(context) else {
            return Ok(Opinion::abstain("nothing names an instance"));
        };
        let parts = Parts::of(context);
        if parts.is_empty() {
            return Ok(Opinion::abstain("it uses only what every deployment uses"));
        }
        let mut fits: Vec<(u32, &Plan)> = candidates(context, &parts)
            .into_iter()
            .filter_map(|plan| Some((parts.fit(context, plan.topology.as_ref()?), plan)))
            .filter(|(fit, _)| *fit >= LEAST_FIT)
            .collect();
        fits.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.id.cmp(&b.1.id)));
        let best = fits.first().map_or(0, |(fit, _)| *fit);
        fits.retain(|(fit, _)| *fit == best);
        match fits.len() {
            0 => Ok(Opinion::abstain("no plan is made of the same releases and jobs")),
            1..=MOST_PROPOSALS => Ok(Opinion::Propose(
                fits.into_iter().map(|(fit, plan)| proposal(&instance, plan, fit)).collect(),
            )),
            alike => Ok(Opinion::abstain(format!("{alike} plans fit alike"))),
        }
    }
}

fn proposal(instance: &InstanceId, plan: &Plan, fit: u32) -> Proposal {
    let per_mille = u16::try_from(PERFECT_FIT * fit / 1000).unwrap_or(0);
    let identity =
        Identity { instance: instance.clone(), service: plan.service.clone(), plan: plan.id.clone() };
    let locus = Locus::Catalog { service: plan.service.clone(), plan: Some(plan.id.clone()) };
    let note = format!("shares {}.{} % of what it is made of, by rarity", fit / 10, fit % 10);
    Proposal::new(
        identity,
        Confidence::per_mille(per_mille),
        vec![Evidence::new("topology.fit", locus, note)],
    )
}

/// The one instance that name or manifest speak of.
fn instance(context: MatchContext<'_>) -> Option<InstanceId> {
    let named = in_name(context);
    match named.as_slice() {
        [] => {
            let mut ids = stated(context).filter_map(|statement| statement.id);
            let first = ids.next()?;
            ids.all(|other| other == first).then_some(first)
        }
        [(one, _)] => Some(one.clone()),
        _ => None,
    }
}

/// What a deployment is made of, without what everybody uses; sorted, each once.
struct Parts<'a> {
    releases: Vec<&'a str>,
    /// Release and name.
    jobs: Vec<(&'a str, &'a str)>,
}

impl<'a> Parts<'a> {
    fn of(context: MatchContext<'a>) -> Self {
        let tells = |release: &str| context.fleet().rarity(release) >= LEAST_RARITY;
        let listed = context.summary().releases.iter().map(|release| &*release.name);
        let stated = topology::release_names(context.document());
        let jobs = topology::job_names(context.document());
        Self {
            releases: sorted(listed.chain(stated).filter(|name| tells(name))),
            jobs: sorted(jobs.filter(|(release, _)| tells(release))),
        }
    }

    fn is_empty(&self) -> bool {
        self.releases.is_empty() && self.jobs.is_empty()
    }

    /// How much of what deployment and plan are made of is common to both, each
    /// part weighted by its release's rarity; per mille.
    fn fit(&self, context: MatchContext<'_>, plan: &Topology) -> u32 {
        let weight = |release: &str| match context.fleet().rarity(release) {
            rarity if rarity < LEAST_RARITY => 0,
            rarity => u64::from(rarity),
        };
        let releases = sorted(plan.releases.iter().map(|release| &*release.name));
        let mut shared = shared_weight(&self.releases, &releases, weight);
        // Without a manifest the jobs are unknown, which is not "none".
        if !self.jobs.is_empty() {
            let jobs = sorted(plan.jobs.iter().map(|job| (&*job.release, &*job.name)));
            let of_jobs = shared_weight(&self.jobs, &jobs, |(release, _)| weight(release));
            shared = Shared { common: shared.common + of_jobs.common, all: shared.all + of_jobs.all };
        }
        u32::try_from((shared.common * 1000).checked_div(shared.all).unwrap_or(0)).unwrap_or(0)
    }
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort_unstable();
    items.dedup();
    items
}

/// The weight of what two sides have in common, and of all that either has.
struct Shared {
    common: u64,
    all: u64,
}

fn shared_weight<T: Ord + Copy>(ours: &[T], theirs: &[T], weight: impl Fn(T) -> u64) -> Shared {
    let mut shared = Shared { common: 0, all: 0 };
    for part in theirs {
        shared.all += weight(*part);
        if ours.binary_search(part).is_ok() {
            shared.common += weight(*part);
        }
    }
    let only_ours = ours.iter().filter(|part| theirs.binary_search(part).is_err());
    shared.all += only_ours.map(|part| weight(*part)).sum::<u64>();
    shared
}

/// The plans that share a telling part. Parts that many plans share are left
/// out: they cannot tell them apart.
fn candidates<'a>(context: MatchContext<'a>, parts: &Parts<'_>) -> Vec<&'a Plan> {
    let catalog = context.catalog();
    let mut found: Vec<&Plan> = Vec::new();
    let mut add = |plans: &mut dyn ExactSizeIterator<Item = &'a Plan>| {
        if plans.len() <= MOST_SHARING {
            for plan in plans {
                if !found.iter().any(|earlier| earlier.id == plan.id) {
                    found.push(plan);
                }
            }
        }
    };
    for (release, job) in &parts.jobs {
        add(&mut catalog.plans_with_job(release, job));
    }
    for release in &parts.releases {
        add(&mut catalog.plans_with_release(release));
    }
    found
}

register_strategy!(ReleaseBased);

#[cfg(test)]
mod tests {
    use super::ReleaseBased;
    use crate::testing::{check, manifest_of, named, places};

    const SMALL: &str = "0.600 redis / redis-small / $A [topology.fit]";

    #[test]
    fn jobs_tell_plans_of_one_release_apart() {
        check(
            &ReleaseBased,
            &[
                named("legacy-$A").manifest(&manifest_of("redis-forge/standalone")).says(SMALL),
                named("legacy-$A")
                    .manifest(&manifest_of("redis-forge/cluster redis-forge/sentinel"))
                    .says("0.600 redis / redis-small-ha / $A [topology.fit]"),
                // Two of three parts are shared.
                named("legacy-$A")
                    .manifest(&manifest_of("redis-forge/cluster"))
                    .says("0.399 redis / redis-small-ha / $A [topology.fit]"),
                // Without a manifest the jobs are unknown, and both fit alike.
                named("legacy-$A").releases("redis-forge bpm").says(
                    "0.600 redis / redis-small / $A [topology.fit] | \
                     0.600 redis / redis-small-ha / $A [topology.fit]",
                ),
            ],
        );
    }

    #[test]
    fn what_everybody_uses_counts_for_nothing() {
        check(
            &ReleaseBased,
            &[
                named("legacy-$A")
                    .manifest(&manifest_of(""))
                    .says("abstains: it uses only what every deployment uses"),
                named("legacy-$A").releases("bpm").says("abstains: it uses only what every deployment uses"),
                named("legacy-$A")
                    .releases("redis-forge")
                    .everybody_uses("redis-forge")
                    .says("abstains: it uses only what every deployment uses"),
                // With or without `bpm`, the fit is the same.
                named("legacy-$A")
                    .releases("bpm")
                    .manifest(&manifest_of("redis-forge/standalone"))
                    .says(SMALL),
            ],
        );
    }

    #[test]
    fn the_instance_may_stand_in_name_manifest_or_index() {
        let parts = manifest_of("redis-forge/standalone");
        let stated = |ids: &str| format!("{parts}{ids}");
        let both = "meta: {params: {instance_id: $A}}\nproperties: {blacksmith: {instance_id: $B}}\n";
        check(
            &ReleaseBased,
            &[
                named("cache").manifest(&stated("meta: {params: {instance_id: $A}}")).says(SMALL),
                named("cache").manifest(&stated("properties: {blacksmith: {instance_id: $A}}")).says(SMALL),
                named("old-tesla")
                    .index("tesla redis redis-small")
                    .manifest(&parts)
                    .says("0.600 redis / redis-small / tesla [topology.fit]"),
                named("cache").manifest(&parts).says("abstains: nothing names an instance"),
                named("old-tesla").manifest(&parts).says("abstains: nothing names an instance"),
                named("cache").manifest(&stated(both)).says("abstains: nothing names an instance"),
                named("redis-small-$A-$B").manifest(&parts).says("abstains: nothing names an instance"),
            ],
        );
    }

    #[test]
    fn too_little_and_too_much_fit_says_nothing() {
        let nothing = "abstains: no plan is made of the same releases and jobs";
        check(
            &ReleaseBased,
            &[
                named("legacy-$A").releases("pg-forge").says("abstains: 4 plans fit alike"),
                named("legacy-$A").releases("vault-forge").says(nothing),
                named("legacy-$A").manifest(&manifest_of("redis-forge/a redis-forge/b")).says(nothing),
                // A release of one plan among many others is no fit.
                named("legacy-$A").releases("redis-forge nats loggregator").says(nothing),
                // A broken manifest leaves nothing to compare.
                named("legacy-$A").manifest("a: [").says("abstains: it uses only what every deployment uses"),
            ],
        );
    }

    #[test]
    fn the_evidence_names_the_plan_that_fits() {
        let case = named("legacy-$A").manifest(&manifest_of("redis-forge/standalone"));
        assert_eq!(places(&case.opinion(&ReleaseBased)), ["topology.fit catalog:redis/redis-small"]);
    }
}
