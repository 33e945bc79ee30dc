//! Whatever happens in whatever order: incomplete scans count nothing, what is
//! there is not called missing, and no entry is lost.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{World, id, name};

const INSTANCES: usize = 5;

#[derive(Debug, Clone, Copy)]
enum Event {
    Toggle(usize),
    Minutes(u64),
    Run { unreadable: Option<usize> },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => (0..INSTANCES).prop_map(Event::Toggle),
        2 => prop_oneof![Just(10), Just(30), Just(60), Just(2_000)].prop_map(Event::Minutes),
        3 => Just(Event::Run { unreadable: None }),
        1 => (0..INSTANCES).prop_map(|at| Event::Run { unreadable: Some(at) }),
    ]
}

/// What may be concluded about one instance: how many complete scans in a row
/// missed it, and when the first did.
#[derive(Debug, Default, Clone, Copy)]
struct Missed {
    scans: u32,
    first: u64,
}

async fn play(events: Vec<Event>) {
    let world = World::of(INSTANCES).await;
    world.run().await;
    let mut there = [true; INSTANCES];
    let mut missed: BTreeMap<usize, Missed> = BTreeMap::new();
    let mut minute = 0;
    for event in events {
        match event {
            Event::Toggle(at) => {
                there[at] = !there[at];
                if there[at] { world.deploy(at) } else { world.delete(at) }
            }
            Event::Minutes(minutes) => {
                minute += minutes;
                world.wait(minutes);
            }
            Event::Run { unreadable } => {
                let unreadable = unreadable.filter(|at| there[*at]);
                world.director.holdings().unreadable.extend(unreadable.map(name));
                let before = all(&world).await;
                let report = world.run().await;
                world.director.holdings().unreadable.clear();
                let complete = unreadable.is_none();
                assert_eq!(report.complete, complete, "{report:?}");
                for at in 0..INSTANCES {
                    if there[at] {
                        missed.remove(&at);
                    } else if complete {
                        let one = missed.entry(at).or_insert(Missed { scans: 0, first: minute });
                        one.scans += 1;
                    }
                    let proven =
                        missed.get(&at).is_some_and(|one| one.scans >= 2 && minute - one.first >= 60);
                    match world.says(at).await {
                        "-" => {}
                        _ if there[at] => assert_eq!(unreadable, Some(at), "{at} is there and was read"),
                        _ => assert!(before[at] != "-" || (complete && proven), "{at} turned: {missed:?}"),
                    }
                }
            }
        }
        let index = world.index().await;
        assert_eq!(index.len(), INSTANCES);
        assert!((0..INSTANCES).all(|at| index.raw(&id(at)).is_some_and(|raw| raw.get().contains("1.10"))));
    }
}

/// What all entries say.
async fn all(world: &World) -> Vec<&'static str> {
    let mut says = Vec::new();
    for at in 0..INSTANCES {
        says.push(world.says(at).await);
    }
    says
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn counting_never_advances_on_incomplete_scans_and_a_returning_deployment_always_heals(
        events in prop::collection::vec(event(), 1..24)
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(play(events));
    }
}
