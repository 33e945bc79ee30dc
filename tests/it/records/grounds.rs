//! What was concluded once is concluded again without reading, only while
//! nothing that led to it has changed.

use reconciler_core::manifest::Manifest;
use reconciler_core::matching::PolicyKind;
use reconciler_core::model::{DeploymentSummary, Index, Plan, ReleaseRef, StrategyId};
use reconciler_core::ports::DirectorInstance;
use reconciler_core::updater::{HistoryLimits, Matched, Setting, grounds};
use reconciler_tests::scene::{A, B, Scene, engine, states};

const ENTRY: &str = r#"{"service_id":"redis","plan_id":"redis-small","n":1.10}"#;

#[test]
fn nothing_that_led_to_a_conclusion_changes_unnoticed() {
    let scene = Scene::of("redis: small")
        .index(format!(r#"{{"{A}":{ENTRY}}}"#))
        .deployment(format!("redis-small-{A}"), states(A));
    let facts = scene.facts();
    let decision = engine(PolicyKind::Best).decide_all(&scene.deployments, &facts).remove(0);
    let deployment = &scene.deployments[0];
    let matched =
        Matched::new(&decision, &deployment.summary, &deployment.manifest, &facts.catalog, &facts.index)
            .unwrap();
    let setting = |store: &str, director: &str| Setting::new(&facts.catalog, store.to_owned(), director);
    let of = |matched: &Matched<'_>, store: &str| grounds(matched, &setting(store, "a director"));
    let before = of(&matched, "a store");
    assert_eq!(of(&matched, "a store"), before);

    let entry = |text: &str| Index::parse(&format!(r#"{{"{A}":{text}}}"#)).unwrap();
    let (noted, restated) = (entry(&ENTRY.replace("\"n\"", "\"m\"")), entry(&ENTRY.replace("1.10", "1.1")));
    let manifest = Manifest::from_text(format!("meta: {{params: {{instance_id: {A}}}}}\n# more\n"));
    let name = |name: &str| DeploymentSummary {
        name: name.parse().unwrap(),
        ..DeploymentSummary::clone(&deployment.summary)
    };
    let renamed = name("another");
    let released = DeploymentSummary {
        releases: vec![ReleaseRef { name: "redis".into(), version: "2".into() }],
        ..DeploymentSummary::clone(&deployment.summary)
    };
    let owned =
        DeploymentSummary { teams: vec!["team".into()], ..DeploymentSummary::clone(&deployment.summary) };
    let mut identity = matched.identity.clone();
    identity.instance = B.parse().unwrap();
    let mut planned = matched.identity.clone();
    planned.plan = "redis-large".parse().unwrap();
    let plan = Plan { name: "tiny".into(), ..matched.plan.clone() };
    let chain = engine(PolicyKind::FirstMatch).fingerprint();
    let vms: [DirectorInstance; 0] = [];
    let others: [(&str, Matched<'_>); 14] = [
        ("entry gone", Matched { entry: None, ..matched }),
        ("a field of the entry", Matched { entry: noted.entry(&matched.identity.instance), ..matched }),
        ("a number in it", Matched { entry: restated.entry(&matched.identity.instance), ..matched }),
        ("manifest", Matched { manifest: &manifest, ..matched }),
        ("name", Matched { summary: &renamed, ..matched }),
        ("releases", Matched { summary: &released, ..matched }),
        ("teams", Matched { summary: &owned, ..matched }),
        ("instance", Matched { identity: &identity, ..matched }),
        ("plan", Matched { identity: &planned, ..matched }),
        ("the plan's name", Matched { plan: &plan, ..matched }),
        ("the rules", Matched { chain, ..matched }),
        ("kinds of evidence", Matched { agreeing: matched.agreeing + 1, ..matched }),
        ("VMs that were read", Matched { vms: Some(&vms), ..matched }),
        ("limits", matched.with_history(HistoryLimits { max_entries: 1, max_age_seconds: 0 })),
    ];
    for (what, other) in others {
        assert_ne!(of(&other, "a store"), before, "{what}");
    }
    let strategies = [StrategyId::new("another").unwrap()];
    assert_ne!(of(&Matched { strategies: &strategies, ..matched }, "a store"), before, "strategies");
    assert_ne!(of(&matched, "another store"), before);
    let catalog = Scene::of("redis: small large").facts().catalog;
    let recatalogued = Setting::new(&catalog, "a store".to_owned(), "a director");
    assert_ne!(grounds(&matched, &recatalogued), before, "catalog");
    assert_ne!(grounds(&matched, &setting("a store", "another director")), before, "Director");
    // A store may sort fields.
    let sorted = entry(r#"{"n":1.10,"plan_id":"redis-small","service_id":"redis"}"#);
    let sorted = Matched { entry: sorted.entry(&matched.identity.instance), ..matched };
    assert_eq!(of(&sorted, "a store"), before);

    let of = |index: &Index, setting: &Setting| setting.grounds_of_absent(&index.entries()[0]);
    let (plain, here) = (entry(ENTRY), setting("a store", "a director"));
    assert_eq!(of(&plain, &here), of(&plain, &setting("a store", "A Director")));
    for (index, there) in [
        (&noted, &here),
        (&restated, &here),
        (&plain, &setting("another store", "a director")),
        (&plain, &setting("a store", "another director")),
    ] {
        assert_ne!(of(index, there), of(&plain, &here), "{index:?} {there:?}");
    }
}
