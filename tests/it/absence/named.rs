//! A name that holds an entry's id: the entry does not turn, and if it is called
//! missing already it is listed.

use reconciler_core::manager::EntryState;
use reconciler_core::synchronizer::Waiting;

use super::{World, codes, id, message, object};

/// An entry that has its id from somewhere else than the broker.
const ODD: &str = "gallant-bowditch";

#[tokio::test(flavor = "multi_thread")]
async fn no_entry_turns_missing_whose_id_ends_the_name_of_a_listed_deployment() {
    for deployment in [format!("redis-small-ha-{ODD}"), format!("elsewhere-{ODD}")] {
        let world = World::of(5).await;
        let mut index = world.index().await;
        index.set_value(
            ODD,
            &object(r#"{"service_id":"redis","plan_id":"redis-small","created":1700000000}"#),
        );
        world.put("db", &index).await;
        world.director.holdings().deployments.insert(deployment.clone(), String::new());
        for _ in 0..3 {
            let report = world.run().await;
            assert_eq!((report.counts.marked, report.strays.len()), (0, 0), "{deployment}: {report:?}");
            world.wait(60);
        }
        assert!(!world.index().await.raw(ODD).unwrap().get().contains("orphaned"), "{deployment}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_another_deployment_names_is_listed_with_it() {
    let copy = format!("backup-copy-{}", id(4));
    let world = World::of(5).await;
    world.delete(4);
    world.director.holdings().deployments.insert(copy.clone(), String::new());
    for _ in 0..3 {
        let report = world.run().await;
        let [absent] = &report.absent[..] else { panic!("{report:?}") };
        let named = Waiting::NamedByAnother { deployment: copy.clone() };
        assert_eq!((absent.state, absent.waiting.as_ref()), (EntryState::Absent, Some(&named)));
        assert_eq!((report.counts.absent, report.counts.marked), (1, 0));
        let told = message(&report, "entry.absent");
        assert!(told.ends_with(&format!("it is named by another deployment, `{copy}`")), "{told}");
        assert!(absent.next_step.contains(&format!("explain {copy}")), "{}", absent.next_step);
        assert_eq!(world.orphans().await.absent, report.absent);
        world.wait(60);
    }
    assert_eq!(world.says(4).await, "-");
    // What is not known whole is not called absent.
    world.director.holdings().unreadable.insert(copy.clone());
    let report = world.run().await;
    assert_eq!(report.absent[0].state, EntryState::Unknown);
    assert!(!codes(&report).contains("entry.absent"));
    world.director.holdings().unreadable.clear();
    // Once the copy is gone too, its absence begins to be counted.
    world.director.holdings().deployments.remove(&copy);
    assert_eq!(world.run().await.absent[0].complete_scans, Some(1));
    world.deploy(4);
    assert!(world.run().await.absent.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_called_missing_that_another_deployment_names_is_listed_and_turns_no_further() {
    let world = World::of(5).await;
    world.delete(4);
    world.director.holdings().deployments.insert(format!("backup-copy-{}", id(4)), String::new());
    let marks = [("orphaned", "true"), ("orphaned_at", r#""2026-10-01T00:00:00Z""#)];
    world
        .change_entry(4, |entry| {
            for (field, value) in marks {
                entry.set(field.to_owned(), serde_json::from_str(value).unwrap());
            }
        })
        .await;
    for _ in 0..2 {
        let report = world.run().await;
        let [absent] = &report.absent[..] else { panic!("{report:?}") };
        let named = Waiting::NamedByAnother { deployment: format!("backup-copy-{}", id(4)) };
        assert_eq!((absent.state, absent.waiting.as_ref()), (EntryState::Missing, Some(&named)));
        assert_eq!((report.counts.missing, report.counts.marked), (1, 0));
        assert!(codes(&report).contains("entry.missing"));
        assert_eq!(world.orphans().await.absent, report.absent);
        world.wait(60);
    }
    assert_eq!(world.says(4).await, "missing");
    // Its own deployment heals it, and it is listed no more.
    world.deploy(4);
    assert!(world.run().await.absent.is_empty());
    assert_eq!(world.says(4).await, "-");
}
