//! An index that lost entries: a few are told, and more are not made again
//! without a person's word.

use reconciler_core::manager::{Reconciler, RunError};
use reconciler_core::ports::RunState as _;
use reconciler_core::scanner::ManifestCache;

use super::{World, codes, id, message};

/// Takes so many entries out of the index.
async fn lose(world: &World, entries: usize) {
    let mut index = world.index().await;
    (0..entries).for_each(|number| assert!(index.remove(&id(number)).is_some()));
    world.put("db", &index).await;
}

async fn refused(world: &World, change: impl FnOnce(&mut Reconciler<'_>)) -> Option<RunError> {
    let (state, manifests) = (world.state(), ManifestCache::new(std::time::Duration::ZERO));
    let mut run = world.reconciler(&manifests);
    run.state = Some(&state);
    change(&mut run);
    run.run().await.err()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_shrank_beyond_the_limit_is_refused_until_that_is_allowed() {
    let world = World::of(40).await;
    world.run().await;
    lose(&world, 39).await;
    let before = world.index().await;
    for _ in 0..2 {
        let error = refused(&world, |_| {}).await.expect("39 of 40 entries are gone");
        let RunError::Refused { reason, advice } = &error else { panic!("{error}") };
        assert!(reason.contains("1 entries, 40 after the last run; 39 instances have none"), "{reason}");
        assert!(advice.contains("run --allow-fewer-entries"), "{advice}");
        assert_eq!(world.index().await, before);
        assert_eq!(world.state().index_size().unwrap(), Some(40));
    }
    assert!(refused(&world, |run| run.options.allow_fewer_entries = true).await.is_none());
    assert_eq!(world.index().await.len(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_few_lost_entries_are_told_and_made_again() {
    let world = World::of(40).await;
    world.run().await;
    lose(&world, 10).await;
    let report = world.run().await;
    assert_eq!(
        message(&report, "index.fewer-entries"),
        "30 entries, 40 after the last run; 10 instances have none"
    );
    assert_eq!(world.index().await.len(), 40);
    assert!(!codes(&world.run().await).contains("index.fewer-entries"));
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_that_the_broker_removed_with_their_deployments_are_no_loss() {
    let world = World::of(40).await;
    world.run().await;
    lose(&world, 39).await;
    (0..39).for_each(|number| world.delete(number));
    assert!(!codes(&world.run().await).contains("index.fewer-entries"));
    assert_eq!(world.state().index_size().unwrap(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_the_broker_removed_with_its_last_instance_is_begun_by_a_persons_word_once() {
    let world = World::of(3).await;
    world.run().await;
    (0..3).for_each(|number| world.delete(number));
    world.store.beneath().delete("db").await.unwrap();
    let error = refused(&world, |_| {}).await.expect("the last run saw entries");
    let RunError::Refused { reason, advice } = &error else { panic!("{error}") };
    assert!(reason.contains("is not there, but the last run saw 3 entries"), "{reason}");
    assert!(advice.contains("run --begin-index") && !advice.contains("state file"), "{advice}");
    assert!(refused(&world, |run| run.options.begin_index = true).await.is_none());
    // From then on runs know that there is none.
    for _ in 0..2 {
        let report = world.run().await;
        assert!(report.complete, "{report:?}");
        world.orphans().await;
    }
    // An instance that is provisioned then is one as any other.
    let mut index = reconciler_core::model::JsonObject::new();
    index.set_value(id(0), &super::object(r#"{"service_id":"redis","plan_id":"redis-small"}"#));
    world.put("db", &index).await;
    world.deploy(0);
    assert!(world.run().await.complete);
}

#[tokio::test(flavor = "multi_thread")]
async fn beginning_an_index_makes_no_more_entries_again_than_may_be() {
    let world = World::of(40).await;
    world.run().await;
    world.store.beneath().delete("db").await.unwrap();
    let error = refused(&world, |run| run.options.begin_index = true).await.expect("40 entries are gone");
    assert!(error.to_string().contains("40 instances have none"), "{error}");
}
