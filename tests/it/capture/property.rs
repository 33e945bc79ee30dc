//! Over random fleets: a capture decides as its model did, with the built-in
//! strategies and with scripts that look at everything they may, and no secret
//! of the model is in any of its bytes.

use std::fmt::Write as _;
use std::sync::LazyLock;

use proptest::prelude::*;
use reconciler_core::matching::{MatchEngine, Outcome};
use reconciler_strategies::script::{ScriptOptions, ScriptSet};
use reconciler_tests::examples;

use super::random::{self, MARKER};
use super::{capture, decide, everything, holds};

/// What it proposes depends on all that it can see of secrets.
const CURIOUS: &str = r#"
fn strategy() {
    #{ id: "curious", version: 1, priority: 300, family: "metadata", summary: "looks at everything" }
}

fn assess(deployment, catalog) {
    let m = deployment.manifest;
    let seen = [];
    for pointer in ["meta", "meta.password", "meta.count", "meta.key", "meta.params", "meta.params.password",
        "releases[0].url", "releases[0].version", "instance_groups[name=node].env.bosh.password", "tags",
        "properties.blacksmith", "properties", "jobs", "stemcells", "name", "variables", "features", "env",
        "tags.x", "tags.team", "tags.password", "zz.sub", "features.api_key", "releases[2].name"] {
        seen.push(m.has(pointer));
        seen.push(m.text(pointer));
        seen.push(m.int(pointer));
        seen.push(m.bool(pointer));
        seen.push(m.list(pointer).len());
        seen.push(m.names(pointer));
        seen.push(m.keys(pointer));
    }
    seen.push(deployment.groups);
    seen.push(deployment.jobs.len());
    for name in ["team", "plan", "instance"] { seen.push(deployment.tag(name)); }
    let text = seen.to_string();
    let sum = 0;
    let at = 0;
    for c in text.chars() {
        at += 1;
        if at % 7 == 0 { sum = (sum * 31 + c.to_int()) % 1000003; }
    }
    if text.len() % 3 == 0 { return abstain("seen enough"); }
    let plan = catalog.plans[text.len() % catalog.plans.len()];
    propose("1b4e28ba-2fa1-41d2-883f-0016d3cca427", plan, 0.4).because(`seen.n${sum}-${text.len()}`, "saw it")
}
"#;

static ENGINE: LazyLock<MatchEngine> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("curious.rhai"), CURIOUS).unwrap();
    let paths = [examples::folder(), folder.path().to_owned()];
    let scripts = ScriptSet::load(&paths, &ScriptOptions::default()).unwrap();
    MatchEngine::builder().with_registered().unwrap().with_entries(scripts.entries()).build().unwrap()
});

fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// What of a text stands in its base64 whatever stands before and behind it:
/// one form for each of the three ways in which bytes fall into groups.
fn base64s(text: &str) -> [String; 3] {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    [0, 1, 2].map(|skipped| {
        let whole = &text.as_bytes()[skipped..];
        whole
            .chunks_exact(3)
            .flat_map(|group| {
                let bits = u32::from(group[0]) << 16 | u32::from(group[1]) << 8 | u32::from(group[2]);
                [18, 12, 6, 0].map(|shift| char::from(LETTERS[(bits >> shift) as usize & 63]))
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_capture_decides_as_its_model_did_and_holds_no_secret(number in any::<u64>()) {
        let engine = &*ENGINE;
        let planted = random::fleet(number);
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("capture");
        let live = capture(&planted.fleet, &planted.index, engine, &out);
        prop_assert_eq!(&live, &decide(&out, engine));

        let bytes = everything(&out);
        // All secrets begin alike, and so do all their forms.
        let mut forms = vec![MARKER.to_owned(), MARKER.to_lowercase(), hex(MARKER), hex(MARKER).to_uppercase()];
        forms.extend(base64s(MARKER));
        for form in forms {
            prop_assert!(!holds(&bytes, &form), "a secret as {}", form);
        }
        // A capture of a capture is as good.
        let again = folder.path().join("again");
        let copy = reconciler_core::adapters::fleet::FleetFolder::open(&out).unwrap();
        let index = copy.index_object().unwrap().unwrap();
        let mut fleet = planted.fleet.clone();
        fleet.deployments = copy.summaries().iter().map(|summary| copy.deployment(summary)).collect();
        prop_assert_eq!(&live, &capture(&fleet, &index, engine, &again));
        prop_assert_eq!(&live, &decide(&again, engine));
    }
}

/// The property above would prove nothing over fleets that are all alike.
#[test]
fn random_fleets_hold_secrets_and_decisions_of_every_kind() {
    let engine = &*ENGINE;
    let mut kinds = std::collections::BTreeSet::new();
    let mut secrets = 0;
    for number in 0..60 {
        let planted = random::fleet(number);
        secrets += planted.secrets.len();
        for decision in engine.decide_all(&planted.fleet.deployments, &planted.fleet.facts) {
            kinds.insert(match &decision.outcome {
                Outcome::Review(reason) => reason.name(),
                other => other.name(),
            });
            assert!(
                decision.trace.iter().all(|step| format!("{:?}", step.result).find("script.").is_none()),
                "no script fails: {:?}",
                decision.trace
            );
        }
    }
    let expected = ["below-threshold", "contradicted", "degraded", "matched", "second-claim", "unmatched"];
    assert!(expected.iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    assert!(secrets > 2000, "{secrets}");
}
