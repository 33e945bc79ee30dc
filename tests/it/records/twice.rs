//! Computing changes is pure, and what was applied needs no change any more,
//! whatever stood there.

use chrono::DateTime;
use proptest::prelude::*;
use reconciler_core::matching::{Decision, Facts, MatchEngine, PolicyKind};
use reconciler_core::model::{Identity, JsonObject};
use reconciler_core::ports::{Slot, Version};
use reconciler_core::updater::{
    Creation, Disposition, HistoryLimits, InstanceChange, Matched, Observed, PlannedInstance, Stamp,
    Standing, decide_change,
};
use reconciler_tests::scene::{A, Scene, engine, states};
use serde_json::value::RawValue;

/// Fields that writers know, and one that nobody does.
const FIELDS: [&str; 20] = [
    "service_name",
    "plan_name",
    "plan",
    "deployment_name",
    "reconciled",
    "reconciled_at",
    "created",
    "created_at",
    "requested_at",
    "updated",
    "history",
    "releases",
    "stemcells",
    "teams",
    "manifest",
    "manifest_sha256",
    "context",
    "platform",
    "orphaned",
    "unknown",
];

fn value() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("null"),
        Just("true"),
        Just("1.10"),
        Just("1795406299"),
        Just("123456789012345678901234567890"),
        Just(r#""2026-08-05T09:48:40Z""#),
        Just(r#""a: 1""#),
        Just("[]"),
        Just(r#"[{"timestamp":1,"action":"x"},7,{"source":"deployment_reconciler","timestamp":2}]"#),
        Just(r#"{"z":1.0,"a":[ 1 ]}"#),
    ]
}

fn any_object() -> impl Strategy<Value = JsonObject> {
    prop::collection::vec((prop::sample::select(&FIELDS[..]), value()), 0..12).prop_map(|fields| {
        let mut object = JsonObject::new();
        for (field, value) in fields {
            object.set(field, RawValue::from_string(value.to_owned()).unwrap());
        }
        object
    })
}

fn any_slot() -> impl Strategy<Value = Slot> {
    prop_oneof![
        Just(Slot::Vacant { version: Version::NEVER }),
        (1_u64..9, any_object())
            .prop_map(|(version, data)| Slot::Present { version: Version(version), data }),
    ]
}

/// A fleet of one, decided.
struct Decided {
    scene: Scene,
    facts: Facts,
    decision: Decision,
}

impl Decided {
    fn of(engine: &MatchEngine, entry: &JsonObject) -> Self {
        let mut entry = entry.clone();
        entry.set_value("service_id", "redis");
        entry.set_value("plan_id", "redis-small");
        let mut index = JsonObject::new();
        index.set_value(A, &entry);
        let scene = Scene::of("redis: small")
            .index(index.to_text())
            .deployment(format!("redis-small-{A}"), states(A));
        let facts = scene.facts();
        let decision = engine.decide_all(&scene.deployments, &facts).remove(0);
        assert_eq!(decision.identity().map(|Identity { instance, .. }| instance.as_str()), Some(A));
        Self { scene, facts, decision }
    }

    fn matched(&self, limits: HistoryLimits) -> Matched<'_> {
        let deployment = &self.scene.deployments[0];
        let Facts { catalog, index, .. } = &self.facts;
        let matched = Matched::new(&self.decision, &deployment.summary, &deployment.manifest, catalog, index);
        matched.unwrap().with_history(limits)
    }

    fn change(
        &self,
        limits: HistoryLimits,
        observed: &Observed,
        at: i64,
    ) -> (InstanceChange, PlannedInstance) {
        let matched = self.matched(limits);
        let stamp = Stamp::at(DateTime::from_timestamp(at, 0).unwrap());
        match decide_change(&matched, observed, false, stamp) {
            Disposition::Reconcile(change) => {
                let planned = PlannedInstance::of(&matched, observed, &change);
                (*change, planned)
            }
            other => panic!("{other:?}"),
        }
    }
}

fn written(slot: &Slot, path_ends: &str, change: &InstanceChange) -> Slot {
    match change.secrets.iter().find(|secret| secret.path == format!("{A}{path_ends}")) {
        None => slot.clone(),
        Some(secret) => Slot::Present { version: Version(secret.expected.0 + 1), data: secret.after.clone() },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn applying_a_change_set_twice_equals_once(
        (root, manifest, metadata) in (any_slot(), any_slot(), any_slot()),
        entry in any_object(),
        created in prop::option::of(1_i64..1_800_000_000),
        max_entries in 0_usize..3,
    ) {
        let engine = engine(PolicyKind::Best);
        let limits = HistoryLimits { max_entries, max_age_seconds: 0 };
        let creation = created.map_or(Creation::Unknown, |at| Creation::At(DateTime::from_timestamp(at, 0).unwrap()));
        let before = Observed { root, manifest, metadata, witness: None, creation: Some(creation) };
        let first = Decided::of(&engine, &entry);
        let (change, planned) = first.change(limits, &before, 1_800_000_000);

        // The same input gives the same plan, also a day later.
        let (_, later) = first.change(limits, &before, 1_800_086_400);
        prop_assert_eq!(&planned, &later);

        let after = Observed {
            root: written(&before.root, "", &change),
            manifest: written(&before.manifest, "/manifest", &change),
            metadata: written(&before.metadata, "/metadata", &change),
            witness: None,
            creation: Some(creation),
        };
        let old = &first.facts.index.entries()[0].fields;
        let new = change.entry.fields.apply(Some(old)).unwrap_or_else(|| old.clone());
        let second = Decided::of(&engine, &new);
        let (nothing, now) = second.change(limits, &after, 1_800_086_400);
        prop_assert!(nothing.secrets.is_empty(), "{:?}", nothing.secrets.iter().map(|one| one.fields()).collect::<Vec<_>>());
        prop_assert!(nothing.entry.fields.apply(Some(&new)).is_none());
        prop_assert_eq!(planned.against(&now), Ok(Standing::Applied));

        // What is not ours stays, byte for byte.
        for (was, is) in [(&before.root, &after.root), (&before.metadata, &after.metadata)] {
            for (field, value) in was.data().into_iter().flat_map(JsonObject::iter) {
                if ["context", "platform", "unknown", "created", "created_at", "requested_at"].contains(&field) {
                    prop_assert_eq!(is.data().unwrap().raw(field).unwrap().get(), value.get());
                }
            }
        }
    }
}
