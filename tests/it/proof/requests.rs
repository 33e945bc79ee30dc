//! How many requests a run makes of Vault and of the Director, counted at fakes
//! that speak HTTP, and printed as a table.

use std::time::Duration;

use reconciler_core::adapters::bosh::{BoshDirector, BoshSettings, DirectorAddress};
use reconciler_core::adapters::http::{LimitSettings, Secret};
use reconciler_core::manager::{Reconciler, RunReport};
use reconciler_core::matching::MatchEngine;
use reconciler_core::model::JsonObject;
use reconciler_core::ports::{Director as _, RunState as _};
use reconciler_core::scanner::ManifestCache;
use reconciler_tests::director::{DirectorState, FakeDirector, Fault};
use reconciler_tests::memory_state::MemoryState;
use reconciler_tests::old_archives::{OldRecords, timestamped};
use reconciler_tests::provisioned::{self, Provisioned};
use reconciler_tests::vault::{FakeVault, HandClock, Route};
use serde_json::json;

use super::books::Books;
use super::{left_behind, time_of_run};
use crate::vault::{fake_settings, open};

/// The states that an instance may be in for long.
const KINDS: [&str; 11] = [
    "in line",
    "restated",
    "differs",
    "unproven",
    "stray",
    "in flight",
    "held",
    "made some time",
    "asked to be deleted",
    "stored and not deployed",
    "gone, with the broker at work",
];

/// The kinds whose deployments are there.
const THERE: usize = KINDS.len() - 1;

/// A fleet of so many instances behind two fakes.
struct Fleet {
    instances: usize,
    director: FakeDirector,
    vault: FakeVault,
    state: MemoryState,
    backups: bool,
}

/// What one run asked for.
struct Asked {
    report: RunReport,
    vault: u64,
    writes: u64,
    director: u64,
}

/// One line of the table.
#[expect(clippy::print_stdout, reason = "the table is what people look at")]
fn line(what: &str, instances: usize, asked: &Asked, most: &str, reference: &str) {
    println!(
        "| {what:<34} | {instances:>4} | {:>5} | {:>5} | {:>4} | {most:>9} | {reference:>9} |",
        asked.vault, asked.writes, asked.director
    );
}

impl Fleet {
    async fn new(instances: usize, backups: bool) -> Self {
        let state = DirectorState::default().client("reader", "secret", &["bosh.read"]);
        let deploy = |state: DirectorState, number| {
            let instance = Provisioned::new(number);
            state.deployment(&instance.deployment(), &instance.manifest())
        };
        let director = FakeDirector::start((0..instances).fold(state, deploy));
        let mut books = left_behind(instances);
        // Entries without a deployment are another subject.
        let mut index = books.data("db").unwrap().clone();
        index.as_object_mut().unwrap().remove("relaxed-tesla");
        books.put("db", index);
        let uuid = bosh(&director).info().await.unwrap().uuid;
        Self { instances, director, vault: books.in_fake(), state: MemoryState::new(&uuid), backups }
    }

    /// So many instances of each kind, behind the same fakes; the Director keeps
    /// its events to itself.
    async fn of_each_kind(instances: usize) -> Self {
        let mut fleet = Self::new(instances * KINDS.len(), true).await;
        let mut books = Books::of_fake(&fleet.vault);
        let mut index = books.data("db").unwrap().clone();
        fleet.director.inject(Fault::Refusal(403, String::new()).on("/events"));
        fleet.director.change(|state| {
            for instance in (0..fleet.instances).map(Provisioned::new) {
                let (id, name) = (instance.id(), instance.deployment());
                let deployment = state.deployments.get_mut(&name).unwrap();
                let mut without_entry = || index.as_object_mut().unwrap().remove(id.as_str());
                match KINDS[instance.number % KINDS.len()] {
                    // The record and the broker's own request name another plan.
                    "differs" => {
                        for path in [id.to_string(), format!("{id}/deployment")] {
                            let mut record = books.data(&path).unwrap().clone();
                            record["plan_id"] = "redis-large".into();
                            books.put(&path, record);
                        }
                    }
                    // Nothing but its name says whose it is.
                    "unproven" => {
                        without_entry();
                        deployment.manifest = Some("instance_groups: []\n".to_owned());
                    }
                    "stray" => {
                        without_entry();
                        let mut metadata = instance.metadata();
                        metadata["deleted_at"] = "2026-01-01T00:00:00Z".into();
                        books.put(&format!("{id}/metadata"), metadata);
                    }
                    "in flight" => deployment.locked = true,
                    "held" => index[id.as_str()]["reconciler_hold"] = json!({}),
                    "made some time" => {
                        index[id.as_str()] = json!({"service_id": "redis", "plan_id": "redis-small"});
                        books.remove_below(id.as_str());
                    }
                    // Its index entry does not say so yet.
                    "asked to be deleted" => {
                        let mut metadata = instance.metadata();
                        metadata["delete_requested_at"] = time_of_run(0).to_rfc3339().into();
                        books.put(&format!("{id}/metadata"), metadata);
                    }
                    "stored and not deployed" => {
                        let stored = Provisioned { updates: 1, ..instance }.manifest();
                        let soon = time_of_run(20).to_rfc3339();
                        books.put(&format!("{id}/manifest"), json!({"manifest": stored, "stored_at": soon}));
                    }
                    "gone, with the broker at work" => {
                        state.deployments.remove(&name);
                        let task = json!({"state": "in_progress", "updated_at": time_of_run(1).timestamp()});
                        books.put(&format!("{id}/task"), task);
                    }
                    _ => {}
                }
            }
        });
        books.put("db", index);
        fleet.vault = books.in_fake();
        fleet
    }

    /// The manifests of a kind say the same in other words.
    fn restate(&self) {
        self.director.change(|state| {
            for instance in (0..self.instances).map(Provisioned::new) {
                if KINDS[instance.number % KINDS.len()] == "restated" {
                    let restated = format!("# the same\n{}", instance.manifest());
                    state.deployments.get_mut(&instance.deployment()).unwrap().manifest = Some(restated);
                }
            }
        });
    }

    async fn run(&self, number: usize, full: bool) -> Asked {
        self.vault.reset_counts();
        self.director.reset_counters();
        let (director, store) = (bosh(&self.director), open(fake_settings(&self.vault)));
        let (clock, manifests) = (HandClock::at(time_of_run(number)), ManifestCache::new(Duration::ZERO));
        let engine = MatchEngine::builder().with_registered().unwrap().build().unwrap();
        let mut run = Reconciler::new(&director, store.as_ref(), &manifests, provisioned::catalog(), engine);
        run.clock = &clock;
        run.state = Some(&self.state);
        run.options.full = full;
        run.options.backups.enabled = self.backups;
        let report = run.run().await.unwrap();
        let there = self.director.change(|state| state.deployments.len());
        assert!(report.complete && report.counts.matched == there, "{report:?}");
        let director = self.director.counters().director();
        Asked { report, vault: self.vault.total(), writes: self.vault.count(Route::Write), director }
    }

    /// So many instances are updated.
    fn update(&self, instances: usize, updates: usize) {
        self.director.change(|state| {
            for number in 0..instances {
                let instance = Provisioned { number, updates };
                state.deployments.get_mut(&instance.deployment()).unwrap().manifest =
                    Some(instance.manifest());
            }
        });
    }
}

fn bosh(fake: &FakeDirector) -> BoshDirector {
    let mut settings = BoshSettings::new(DirectorAddress::parse(fake.address()).unwrap());
    settings.client = Some("reader".to_owned());
    settings.client_secret = Some(Secret::new("secret"));
    settings.limits = LimitSettings::new(4, None);
    BoshDirector::new(settings).unwrap()
}

/// The table's head.
#[expect(clippy::print_stdout, reason = "the table is what people look at")]
fn head() {
    println!(
        "| {:<34} | {:>4} | {:>5} | {:>5} | {:>4} | {:>9} | {:>9} |",
        "run", "N", "Vault", "write", "BOSH", "at most", "reference"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_makes_few_requests_and_one_over_an_unchanged_fleet_three_whatever_its_size() {
    head();
    for (instances, backups) in [(100, true), (100, false), (10, true), (1, true)] {
        let fleet = Fleet::new(instances, backups).await;
        let n = instances as u64;
        let what = if backups { "first, with backups" } else { "first, without backups" };
        let (each, reference) = if backups { (8, 30 * n + 2) } else { (6, 12 * n + 2) };
        let first = fleet.run(1, false).await;
        line(what, instances, &first, &format!("{}", each * n + 5), &reference.to_string());
        assert!(first.vault <= each * n + 5, "{}", first.vault);
        assert!(first.director <= n + 3, "{}", first.director);
        assert_eq!(first.report.counts.backups as u64, if backups { n } else { 0 });

        let unchanged = fleet.run(2, false).await;
        line("unchanged", instances, &unchanged, "3", &(37 * n + 2).to_string());
        assert!(unchanged.vault <= 3, "{}", unchanged.vault);
        assert_eq!((unchanged.writes, unchanged.report.counts.writes), (0, 0));
        assert!(unchanged.director <= n + 3, "{}", unchanged.director);

        let full = fleet.run(3, true).await;
        line("unchanged, every record read", instances, &full, &format!("{}", 3 * n + 3), "");
        assert!(full.vault <= 3 * n + 3, "{}", full.vault);
        assert_eq!(full.writes, 0);

        for (round, changed) in [1, 5].into_iter().filter(|changed| *changed <= instances).enumerate() {
            fleet.update(changed, round + 1);
            let some = fleet.run(4 + round, false).await;
            let most = 8 * changed as u64 + 5;
            line(&format!("{changed} changed"), instances, &some, &most.to_string(), "");
            assert!(some.vault <= most, "{changed} changed: {}", some.vault);
            assert_eq!(some.report.counts.changed, changed);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn archives_that_others_left_make_a_run_no_dearer() {
    head();
    let (mut fleet, n) = (Fleet::new(10, true).await, 10);
    let mut books = Books::of_fake(&fleet.vault);
    let empty = || JsonObject::new();
    for instance in (0..10).map(Provisioned::new) {
        for second in 0..15 {
            let records =
                OldRecords { entry: empty(), metadata: empty(), manifest: empty(), credentials: empty() };
            let (path, data) = timestamped(&instance.id(), 1_790_000_000 + second, &records);
            books.put(&path, serde_json::from_str(&data.to_text()).unwrap());
        }
    }
    fleet.vault = books.in_fake();
    let first = fleet.run(1, false).await;
    line("first, with 15 old archives each", 10, &first, &format!("{}", 8 * n + 5), "");
    assert!(first.vault <= 8 * n + 5, "{}", first.vault);
    for (round, changed) in [1, 5].into_iter().enumerate() {
        fleet.update(changed, round + 1);
        let some = fleet.run(2 + round, false).await;
        let most = 8 * changed as u64 + 5;
        line(&format!("{changed} changed, with these archives"), 10, &some, &most.to_string(), "");
        assert!(some.vault <= most, "{changed} changed: {}", some.vault);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_run_makes_three_requests_of_vault_whatever_state_instances_are_in() {
    head();
    for instances in [1, 7] {
        let fleet = Fleet::of_each_kind(instances).await;
        let n = (instances * THERE) as u64;
        fleet.run(1, false).await;
        fleet.restate();
        // An hour later what is gone is due.
        let before = fleet.run(10, false).await;

        let unchanged = fleet.run(11, false).await;
        line("unchanged, as many of each kind", fleet.instances, &unchanged, "3", "");
        assert!(unchanged.vault <= 3 && unchanged.writes == 0, "{}", unchanged.vault);
        // Whether the events answer now, and whether it is still the same Director.
        assert!(unchanged.director <= n + 3 + 2, "{}", unchanged.director);
        let (then, now) = (&before.report, &unchanged.report);
        assert_eq!(codes(now), codes(then));
        assert_eq!((now.counts.skipped, now.strays.len()), (then.counts.skipped, then.strays.len()));
        for code in [
            "record.differs",
            "entry.unproven",
            "deployment.stray",
            "instance.in-operation",
            "manifest.newer",
            "entry.absent",
        ] {
            let told = now.findings.iter().filter(|finding| finding.code == code).count();
            assert_eq!(told, instances, "{code}");
        }

        let full = fleet.run(12, true).await;
        line("the same, every record read", fleet.instances, &full, "", "");
        assert!(full.vault > 15 * instances as u64, "{}", full.vault);
        assert!(fleet.run(13, false).await.vault <= 3);
    }
}

/// The findings of a run, by their codes.
fn codes(report: &RunReport) -> Vec<(&str, &str)> {
    report.findings.iter().map(|finding| (finding.code, finding.subject.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_is_read_once_and_written_at_most_once_a_run() {
    use reconciler_tests::still_director::StillDirector;
    use reconciler_tests::watched::{Request, WatchedStore};

    let bench = super::Bench::new(StillDirector::with((0..7).map(Provisioned::new))).await;
    let store = WatchedStore::new(left_behind(7).in_memory().await);
    for (run, writes) in [(1, 1), (2, 0)] {
        let _before = store.requests();
        assert!(bench.run(&store, run).await.unwrap().complete);
        let requests = store.requests();
        let count = |kind| requests.iter().filter(|(request, path)| *request == kind && path == "db").count();
        assert_eq!((count(Request::Read), count(Request::Write)), (1, writes), "run {run}");
    }
    assert_eq!(bench.state.index_size().unwrap(), Some(10));
}
