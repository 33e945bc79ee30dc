//! What a new script begins with.

/// A script that does something, with a test that holds.
#[must_use]
pub fn template(id: &str) -> String {
    TEMPLATE.replace("{id}", id)
}

const TEMPLATE: &str = r#"//! Matches deployments whose manifest names a plan in its tags.
//!
//! Say here what the rule looks at, when it proposes and when it abstains:
//! `reconciler strategies show script:{id}` prints it.

/// What this script is. `id` is the name of the file; raise `version` whenever
/// the opinions change.
fn strategy() {
    #{
        id: "{id}",
        version: 1,
        priority: 100,
        family: "script",
        summary: "the tag `plan` names a plan, and the name ends in a UUID"
    }
}

/// Looks at one deployment: return propose(…), veto(…), a list of proposals, or
/// abstain("why"). An error is not an opinion: the decision waits for a person.
fn assess(deployment, catalog) {
    let wanted = deployment.tag("plan");
    if wanted == () {
        return abstain("no tag `plan`");
    }
    let plan = catalog.plan(wanted);
    if plan == () {
        return abstain(`the catalog has no plan ${wanted}`);
    }
    if deployment.uuid == () {
        return abstain("the name does not end in a UUID");
    }
    propose(deployment.uuid, plan, 0.8).because("tags.plan", "the tag names a plan of the catalog")
}

// Tests: `reconciler scripts test` runs every function that begins with `test_`.

fn sample() {
    a_catalog(#{ redis: ["redis-small"] })
}

fn test_the_tag_decides() {
    let deployment = a_deployment("cache-1b4e28ba-2fa1-41d2-883f-0016d3cca427")
        .with_manifest("tags: {plan: redis-small}");
    expect(assess(deployment, sample()))
        .proposes("1b4e28ba-2fa1-41d2-883f-0016d3cca427", "redis-small")
        .with_reason("tags.plan");
}

fn test_without_a_tag_there_is_no_opinion() {
    expect(assess(a_deployment("cache"), sample())).abstains();
}

fn test_an_unknown_plan_is_no_opinion() {
    let deployment = a_deployment("cache").with_manifest("tags: {plan: redis-huge}");
    expect(assess(deployment, sample())).abstains();
}

fn test_a_name_without_a_uuid_is_no_opinion() {
    let deployment = a_deployment("cache").with_manifest("tags: {plan: redis-small}");
    expect(assess(deployment, sample())).abstains();
}
"#;
