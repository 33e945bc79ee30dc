//! What `manifest-metadata` says about names, manifests and indexes.

use super::ManifestMetadata;
use crate::testing::{check, named, places};

#[test]
fn a_name_that_the_manifest_confirms_is_proposed() {
    check(
        &ManifestMetadata,
        &[
            named("redis-small-$A")
                .states("$A")
                .says("0.950 redis / redis-small / $A [meta.instance-id name.plan-and-instance]"),
            named("redis-small-ha-$A")
                .states("$A")
                .says("0.950 redis / redis-small-ha / $A [meta.instance-id name.plan-and-instance]"),
            // The manifest's spelling is taken; the case does not count.
            named("redis-small-$^A")
                .states("$A")
                .says("0.950 redis / redis-small / $A [meta.instance-id name.plan-and-instance]"),
            // The stated id says where the name is cut.
            named("redis-small-ha-tesla")
                .states("tesla")
                .says("0.950 redis / redis-small-ha / tesla [meta.instance-id name.plan-and-instance]"),
            named("redis-small-ha-tesla")
                .states("ha-tesla")
                .says("0.950 redis / redis-small / ha-tesla [meta.instance-id name.plan-and-instance]"),
            named("redis-small-$A").states_all("redis", "redis-small", "$^A").says(
                "0.950 redis / redis-small / $^A \
                 [meta.instance-id meta.service-id meta.plan-id name.plan-and-instance]",
            ),
            named("redis-small-$A")
                .manifest("meta: {params: {instance_id: $A}}\nproperties: {blacksmith: {instance_id: $^A}}")
                .says(
                    "0.950 redis / redis-small / $A \
                     [meta.instance-id meta.instance-id name.plan-and-instance]",
                ),
        ],
    );
}

#[test]
fn a_name_that_the_manifest_contradicts_is_vetoed() {
    let copied = "vetoes redis / redis-small / $A [meta.instance-id meta.contradicts-name]";
    check(
        &ManifestMetadata,
        &[
            named("redis-small-$A").states("$B").says(copied),
            named("redis-small-$A").states("tesla").says(copied),
            named("redis-small-$A").states("'not a name'").says(copied),
            named("redis-small-$A").states("db").says(copied),
            named("redis-small-$A")
                .manifest("meta: {params: {instance_id: $A}}\nproperties: {blacksmith: {instance_id: $B}}")
                .says(
                    "vetoes redis / redis-small / $A \
                     [meta.instance-id meta.instance-id meta.contradicts-name]",
                ),
            named("redis-small-$A").states_all("-", "redis-small-ha", "$A").says(
                "vetoes redis / redis-small / $A [meta.instance-id meta.plan-id meta.contradicts-name]",
            ),
            named("redis-small-$A")
                .states_all("-", "nope", "-")
                .says("vetoes redis / redis-small / $A [meta.plan-id meta.contradicts-name]"),
            named("redis-small-$A")
                .states_all("mariadb", "-", "-")
                .says("vetoes redis / redis-small / $A [meta.service-id meta.contradicts-name]"),
            // A name that only the index knows is protected as well.
            named("redis-legacy-$A")
                .index("$A redis redis-legacy")
                .states("$B")
                .says("vetoes redis / redis-legacy / $A [meta.instance-id meta.contradicts-name]"),
            named("redis-small-tesla")
                .index("tesla redis redis-small")
                .states("$B")
                .says("vetoes redis / redis-small / tesla [meta.instance-id meta.contradicts-name]"),
        ],
    );
}

#[test]
fn a_name_that_says_nothing_leaves_it_to_the_manifest() {
    check(
        &ManifestMetadata,
        &[
            named("cache")
                .states_all("redis", "redis-small", "$A")
                .says("0.900 redis / redis-small / $A [meta.instance-id meta.service-id meta.plan-id]"),
            named("cache")
                .states_all("-", "redis-small", "$A")
                .index("$A redis redis-small")
                .says("0.900 redis / redis-small / $A [meta.instance-id meta.plan-id]"),
            named("cache").states_all("-", "nope", "$A").says("abstains: `nope` is no plan of the catalog"),
            named("cache")
                .states_all("mariadb", "redis-small", "$A")
                .says("abstains: the manifest states a plan and a service that do not belong together"),
            named("cache")
                .states("'not a name'")
                .says("abstains: the manifest states an instance id that cannot be one"),
            named("cache")
                .states("$A")
                .says("abstains: the manifest states an instance, but nothing says which plan it has"),
            named("cache")
                .states("$A")
                .index("$A redis redis-legacy")
                .says("abstains: `redis-legacy` is no plan of the catalog"),
        ],
    );
}

#[test]
fn what_is_doubtful_stays_below_the_threshold() {
    let otherwise = "0.650 redis / redis-small / $A [meta.instance-id meta.plan-id name.reads-otherwise]";
    check(
        &ManifestMetadata,
        &[
            named("cache")
                .states("$A")
                .index("$A redis redis-small")
                .says("0.650 redis / redis-small / $A [meta.instance-id record.known-instance]"),
            named("cache-$B").states_all("-", "redis-small", "$A").says(otherwise),
            named("cache-$A").states_all("-", "redis-small", "$A").says(otherwise),
            named("$B-old").states_all("-", "redis-small", "$A").says(otherwise),
            named("cache-tesla").states_all("-", "redis-small", "tesla").says(
                "0.650 redis / redis-small / tesla [meta.instance-id meta.plan-id name.reads-otherwise]",
            ),
            // The name ends in an instance that the index knows.
            named("cache-tesla")
                .index("tesla redis redis-small")
                .states_all("-", "redis-small", "$A")
                .says(otherwise),
            // The index says another plan.
            named("cache")
                .index("$A rabbitmq rabbitmq-standalone")
                .states_all("-", "redis-small", "$A")
                .says("0.650 redis / redis-small / $A [meta.instance-id meta.plan-id record.other-plan]"),
        ],
    );
}

#[test]
fn a_manifest_that_states_no_instance_says_nothing() {
    let nothing = "abstains: the manifest states no instance id";
    check(
        &ManifestMetadata,
        &[
            named("redis-small-$A").says(nothing),
            named("redis-small-$A").manifest("a: [").says(nothing),
            named("redis-small-$A").manifest("name: x").says(nothing),
            named("redis-small-$A").states("''").says(nothing),
            // Nothing, however YAML spells it, is no instance of that name.
            named("redis-small-$A").states("~").says(nothing),
            named("redis-small-$A").states("null").says(nothing),
            named("redis-small-$A").states_all("~", "~", "~").says(nothing),
            named("redis-small-$A").states_all("redis", "redis-small", "-").says(nothing),
            named("cache").states_all("redis", "redis-small", "-").says(nothing),
            named("redis-legacy-$A")
                .states("$A")
                .index("$A redis redis-legacy")
                .says("abstains: the plan has left the catalog; only the index can speak for it"),
        ],
    );
}

#[test]
fn of_lent_ids_those_count_that_somebody_knows() {
    let lent = |values: &str, takes: &str| format!("x: &x {{{values}}}\n{takes}");
    let all = "properties: {blacksmith: *x}";
    let known = lent("service_id: redis, plan_id: redis-small, instance_id: $A", all);
    let unknown_plan = lent("plan_id: hunter2, instance_id: $A", all);
    let unknown = lent("instance_id: &i hunter2", "meta: {params: {instance_id: *i}}");
    let named_so = lent("instance_id: &i tesla", "meta: {params: {instance_id: *i}}");
    check(
        &ManifestMetadata,
        &[
            named("cache")
                .manifest(&known)
                .says("0.900 redis / redis-small / $A [meta.instance-id meta.service-id meta.plan-id]"),
            named("cache").manifest(&unknown_plan).says("abstains: `<redacted>` is no plan of the catalog"),
            named("redis-small-$A").manifest(&unknown_plan).says(
                "vetoes redis / redis-small / $A [meta.instance-id meta.plan-id meta.contradicts-name]",
            ),
            named("cache")
                .manifest(&unknown)
                .says("abstains: the manifest states an instance id that cannot be one"),
            named("redis-small-$A")
                .manifest(&unknown)
                .says("vetoes redis / redis-small / $A [meta.instance-id meta.contradicts-name]"),
            named("cache")
                .manifest(&unknown)
                .index("hunter2 redis redis-small")
                .says("0.650 redis / redis-small / hunter2 [meta.instance-id record.known-instance]"),
            named("redis-small-tesla")
                .manifest(&named_so)
                .says("0.950 redis / redis-small / tesla [meta.instance-id name.plan-and-instance]"),
        ],
    );
}

#[test]
fn the_evidence_gives_line_and_column() {
    let manifest = "name: cache\nmeta:\n  params:\n    instance_id: $B\n";
    let opinion = named("redis-small-$A").manifest(manifest).opinion(&ManifestMetadata);
    assert_eq!(
        places(&opinion),
        [
            "meta.instance-id manifest:4:18 meta.params.instance_id",
            "meta.contradicts-name catalog:redis/redis-small",
        ]
    );
}
