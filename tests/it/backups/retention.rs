//! Few archives are kept, never fewer than one, and only our own are removed.

use reconciler_core::backup::{BackupFolder, Pruning, prune};
use reconciler_core::ports::{PortErrorKind, SecretStore as _};
use reconciler_tests::old_archives::{OldRecords, timestamped};
use reconciler_tests::watched::{Request, Trouble};

use super::{Bench, INSTANCE, instance, object};

/// Changes the instance and runs, so many times.
async fn rounds(bench: &Bench, times: usize) {
    for _ in 0..times {
        bench.broker_rewrites().await;
        assert_eq!(bench.run().await.counts.backups, 1);
    }
}

fn seconds(archives: &[String]) -> Vec<u64> {
    archives.iter().map(|path| path.rsplit('/').next().unwrap().parse().unwrap()).collect()
}

async fn pruned(bench: &Bench, retention: usize, dry_run: bool) -> Pruning {
    let seconds = seconds(&bench.archives().await);
    let folder = BackupFolder::usual();
    prune(&bench.store, &folder, &instance(), &seconds, retention, None, dry_run).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_stay_and_older_ones_go_as_new_ones_come() {
    let mut bench = Bench::after_a_run().await;
    bench.policy.retention = 3;
    rounds(&bench, 5).await;
    let kept = seconds(&bench.archives().await);
    assert_eq!(kept, [1_800_000_300, 1_800_000_240, 1_800_000_180]);
    // Others' archives were not touched: they had no reason to be looked at.
    let purged: Vec<_> =
        bench.store.requests().into_iter().filter(|(request, _)| *request == Request::Purge).collect();
    assert!(purged.len() == 3 && purged.iter().all(|(_, path)| path.starts_with(INSTANCE)), "{purged:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_if_all_are_kept_or_nobody_cleans_up() {
    for (retention, cleanup) in [(0, true), (2, false)] {
        let mut bench = Bench::after_a_run().await;
        (bench.policy.retention, bench.policy.cleanup) = (retention, cleanup);
        rounds(&bench, 4).await;
        assert_eq!(bench.archives().await.len(), 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn archives_that_cannot_be_removed_are_a_finding_and_no_failure() {
    let mut bench = Bench::after_a_run().await;
    bench.policy.retention = 1;
    bench.store.plan(Request::Purge, "", 1, Trouble::Fails(PortErrorKind::Denied));
    bench.broker_rewrites().await;
    let report = bench.run().await;
    assert_eq!((report.counts.failed, report.counts.changed, report.complete), (0, 1, true));
    let finding = report.findings.iter().find(|finding| finding.code == "backup.not-pruned").unwrap();
    assert!(finding.subject == INSTANCE && finding.message.contains("backups prune"));
    assert_eq!(bench.archives().await.len(), 2);
    assert_eq!(pruned(&bench, 1, true).await.removed.len(), 1);
    assert_eq!(bench.archives().await.len(), 2, "a dry run removes nothing");
    assert_eq!(pruned(&bench, 1, false).await.removed.len(), 1);
    assert_eq!(bench.archives().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_wrote_stays_and_so_does_the_last_of_ours() {
    let bench = Bench::after_a_run().await;
    rounds(&bench, 2).await;
    let records = OldRecords {
        entry: object("{}"),
        metadata: object("{}"),
        manifest: object("{}"),
        credentials: object("{}"),
    };
    // Two newer than ours, and one older.
    for second in [1_900_000_001, 1_900_000_000, 1_700_000_000] {
        let (path, data) = timestamped(&instance(), second, &records);
        bench.put(&path, &data).await;
    }
    let pruning = pruned(&bench, 2, false).await;
    assert_eq!(seconds(&pruning.removed), [1_800_000_060, 1_800_000_000]);
    assert_eq!(seconds(&pruning.foreign), [1_700_000_000]);
    let left = [1_900_000_001, 1_900_000_000, 1_800_000_120, 1_700_000_000];
    assert_eq!(seconds(&bench.archives().await), left);
    assert!(pruned(&bench, 1, false).await.removed.is_empty());
    assert_eq!(seconds(&bench.archives().await), left);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_archive_stays_even_if_a_clock_went_back() {
    let bench = Bench::after_a_run().await;
    rounds(&bench, 2).await;
    let folder = BackupFolder::usual();
    let seconds = seconds(&bench.archives().await);
    let oldest = seconds.last().copied();
    let pruning = prune(&bench.store, &folder, &instance(), &seconds, 1, oldest, false).await.unwrap();
    assert_eq!(pruning.removed.len(), 1);
    let path = folder.archive(&instance(), oldest.unwrap());
    assert!(bench.store.read(&path).await.unwrap().data().is_some());
}
