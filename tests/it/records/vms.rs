//! VMs in metadata: only where they are wanted and were read, and a change of
//! them is a change like any other.

use reconciler_core::manager::{Reconciler, RunReport};
use reconciler_core::ports::DirectorInstance;

use super::{Bench, DEPLOYMENT};

fn vm(index: u64, cid: Option<&str>, ips: &[&str]) -> DirectorInstance {
    DirectorInstance {
        group: "standalone".to_owned(),
        id: Some(format!("id-{index}")),
        index: Some(index),
        az: Some("z1".to_owned()),
        vm_cid: cid.map(str::to_owned),
        ips: ips.iter().map(|&ip| ip.to_owned()).collect(),
        other: [("agent_id".to_owned(), "changes with every recreate".to_owned())].into(),
    }
}

fn wanted(run: &mut Reconciler<'_>) {
    run.options.instances = true;
}

async fn run(bench: &Bench) -> RunReport {
    bench.run_with(wanted).await
}

/// The VMs as they stand, and how many history entries speak of them.
async fn stored(bench: &Bench) -> (Option<String>, usize) {
    let vms = bench.below("/metadata").await.raw("vms").map(|raw| raw.get().to_owned());
    let spoken = bench.history().await.iter().filter(|one| one["changes"]["vms_changed"] == true).count();
    (vms, spoken)
}

#[tokio::test(flavor = "multi_thread")]
async fn vms_are_read_only_if_wanted_and_a_change_of_them_is_history() {
    let bench = Bench::new().await;
    let (a, b) = (vm(0, Some("vm-a"), &["10.0.0.9", "10.0.0.10"]), vm(1, Some("vm-b"), &["10.0.0.11"]));
    bench.director.has_vms(DEPLOYMENT, Some(vec![b.clone(), a.clone(), vm(2, None, &[])]));
    bench.run().await;
    assert_eq!((bench.director.vms_asked(), stored(&bench).await), (0, (None, 0)));

    // Read for the first time: known now, and not changed.
    assert_eq!(run(&bench).await.counts.changed, 1);
    assert_eq!(bench.director.vms_asked(), 1);
    let first = concat!(
        r#"[{"job":"standalone","index":0,"id":"id-0","az":"z1","cid":"vm-a","ips":["10.0.0.10","10.0.0.9"]},"#,
        r#"{"job":"standalone","index":1,"id":"id-1","az":"z1","cid":"vm-b","ips":["10.0.0.11"]}]"#
    );
    assert_eq!(stored(&bench).await, (Some(first.to_owned()), 0));
    assert_eq!(bench.history().await.len(), 1);

    // In another order, and of another agent, they are the same.
    let mut again = a.clone();
    again.other.clear();
    again.ips.reverse();
    bench.director.has_vms(DEPLOYMENT, Some(vec![again, b.clone()]));
    assert_eq!(run(&bench).await.counts.writes, 0);

    // One was recreated.
    bench.director.has_vms(DEPLOYMENT, Some(vec![a, vm(1, Some("vm-c"), &["10.0.0.11"])]));
    assert_eq!(run(&bench).await.counts.changed, 1);
    let (vms, spoken) = stored(&bench).await;
    assert!(vms.unwrap().contains("vm-c") && spoken == 1);
    assert!(bench.history().await[1]["description"].as_str().unwrap().ends_with("deployment - VMs updated"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_vms_is_seen_although_the_entry_says_that_nothing_changed() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench::new().await.remembering(&folder);
    let quick = |instances: bool| {
        move |run: &mut Reconciler<'_>| {
            run.options.filter = Default::default();
            run.options.full = false;
            run.options.instances = instances;
        }
    };
    bench.director.has_vms(DEPLOYMENT, Some(vec![vm(0, Some("vm-a"), &[])]));
    bench.run_with(quick(true)).await;
    assert_eq!(bench.run_with(quick(true)).await.counts.writes, 0);
    // Not wanted any more: what is known stays, and nothing is written.
    assert_eq!(bench.run_with(quick(false)).await.counts.writes, 0);
    // Not to be read: told, and no change.
    bench.director.has_vms(DEPLOYMENT, None);
    let report = bench.run_with(quick(true)).await;
    assert_eq!((report.counts.writes, report.complete), (0, false));
    assert!(report.findings.iter().any(|finding| finding.code == "instances.unread"));
    assert!(stored(&bench).await.0.unwrap().contains("vm-a"));
    // One instance changed, and it alone is written.
    bench.director.has_vms(DEPLOYMENT, Some(vec![vm(0, Some("vm-b"), &[])]));
    let report = bench.run_with(quick(true)).await;
    assert_eq!((report.counts.changed, report.counts.writes), (1, 2), "{:?}", report.changes);
}
