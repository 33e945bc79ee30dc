//! The scanner over a Director in memory: what is kept and for how long, when
//! it gives up, what events tell.

use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;

use super::*;
use crate::model::{DeploymentName, DeploymentSummary};
use crate::ports::{
    Director, DirectorEvent, DirectorInfo, DirectorInstance, DirectorTask, EventQuery, ManifestAnswer,
    PortError, PortErrorKind,
};

/// A Director of some deployments; `failing` fail, each with its kind.
#[derive(Debug, Default)]
struct Memory {
    count: usize,
    failing: HashMap<usize, PortErrorKind>,
    /// Whose entry stands in the list once more.
    again: Option<usize>,
    events: Vec<DirectorEvent>,
    asked: AtomicUsize,
    pages: Mutex<Vec<Option<u64>>>,
    uuid: Mutex<String>,
}

fn name(number: usize) -> DeploymentName {
    DeploymentName::new(format!("d-{number:03}")).unwrap()
}

impl Memory {
    fn of(count: usize) -> Self {
        Self { count, uuid: Mutex::new("one".to_owned()), ..Self::default() }
    }

    fn failing(mut self, numbers: impl IntoIterator<Item = usize>, kind: PortErrorKind) -> Self {
        self.failing.extend(numbers.into_iter().map(|number| (number, kind)));
        self
    }

    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::Relaxed)
    }
}

#[async_trait]
impl Director for Memory {
    async fn info(&self) -> Result<DirectorInfo, PortError> {
        Ok(DirectorInfo {
            name: "memory".to_owned(),
            uuid: self.uuid.lock().unwrap().clone(),
            version: "1".to_owned(),
            authentication: "none".to_owned(),
            scopes: None,
            clock_ahead: None,
        })
    }

    async fn deployments(&self) -> Result<Vec<DeploymentSummary>, PortError> {
        Ok((0..self.count)
            .rev()
            .chain(self.again)
            .map(|number| DeploymentSummary::named(name(number)))
            .collect())
    }

    async fn manifest(&self, name: &DeploymentName) -> Result<ManifestAnswer, PortError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let number: usize = name.as_str()[2..].parse().unwrap();
        match self.failing.get(&number) {
            Some(kind) => Err(PortError::new(*kind, "read the manifest of", name.as_str(), "no")),
            None => Ok(ManifestAnswer::Found(b"name: x\n".as_slice().into())),
        }
    }

    async fn tasks_in_flight(&self) -> Result<Vec<DirectorTask>, PortError> {
        Ok(Vec::new())
    }

    async fn events(&self, query: &EventQuery) -> Result<Vec<DirectorEvent>, PortError> {
        self.pages.lock().unwrap().push(query.before_id);
        let older = |event: &&DirectorEvent| query.before_id.is_none_or(|before| event.id < before);
        Ok(self.events.iter().rev().filter(older).take(3).cloned().collect())
    }

    async fn instances(&self, _name: &DeploymentName) -> Result<Vec<DirectorInstance>, PortError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(Vec::new())
    }

    fn address(&self) -> String {
        "memory".to_owned()
    }
}

/// A whole scan: what could not be seen.
async fn scan(director: &Memory, cache: &ManifestCache) -> Scan {
    let settings = ScanSettings { concurrency: 2, ..ScanSettings::default() };
    let scanner = Scanner::new(director, cache, settings);
    let mut scan = scanner.list(None, None).await.unwrap();
    let seen: Vec<Seen> = scanner.manifests(&scan.summaries).collect().await;
    let names: Vec<&str> = seen.iter().map(|one| one.deployment.summary.name.as_str()).collect();
    assert!(names.is_sorted() && names.len() == director.count);
    seen.iter().filter_map(|one| one.gap.clone()).for_each(|gap| scan.lacks(gap));
    scan
}

#[tokio::test(start_paused = true)]
async fn manifests_serve_later_scans_until_they_are_too_old() {
    let director = Memory::of(4);
    let cache = ManifestCache::new(Duration::from_secs(60));
    for (wait, expected) in [(0, 4), (59, 0), (2, 4), (30, 0)] {
        tokio::time::advance(Duration::from_secs(wait)).await;
        assert!(scan(&director, &cache).await.completeness.is_complete());
        assert_eq!(director.asked(), expected, "after {wait} s");
    }
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!((cache.purge(), cache.len(), cache.bytes()), (4, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn within_one_scan_age_does_not_count_and_without_room_nothing_is_kept() {
    let director = Memory::of(3);
    for (limit, expected) in [(usize::MAX, 3), (0, 6)] {
        let cache = ManifestCache::new(Duration::ZERO).with_limit(limit);
        let found = scan(&director, &cache).await;
        tokio::time::advance(Duration::from_secs(3600)).await;
        let scanner = Scanner::new(&director, &cache, ScanSettings::default());
        for summary in &found.summaries {
            scanner.deployment(summary).await.unwrap();
        }
        assert_eq!(director.asked(), expected, "{limit}");
    }
}

#[tokio::test]
async fn another_director_gets_nothing_of_the_one_before() {
    let director = Memory::of(3);
    let cache = ManifestCache::default();
    let mut before = scan(&director, &cache).await;
    *director.uuid.lock().unwrap() = "two".to_owned();
    let scanner = Scanner::new(&director, &cache, ScanSettings::default());
    scanner.confirm(&mut before).await;
    assert!(before.completeness.is_of_another_director());
    director.asked();
    scan(&director, &cache).await;
    assert_eq!(director.asked(), 3);
    assert!(!format!("{cache:?}").contains("name: x"));
}

#[tokio::test]
async fn five_failures_in_a_row_end_the_scan_and_scattered_ones_do_not() {
    let row = Memory::of(50).failing(10..50, PortErrorKind::Transient);
    let found = scan(&row, &ManifestCache::default()).await.completeness;
    assert_eq!((found.gaps.len(), found.shortfalls.as_slice()), (40, &[Shortfall::GivenUp(5)][..]));
    assert!(row.asked() <= 10 + 5 + 1);
    assert!(matches!(found.gaps[39].reason, GapReason::NotAsked(5)));

    let scattered = Memory::of(50).failing((0..50).filter(|n| n % 4 != 0), PortErrorKind::Transient);
    let found = scan(&scattered, &ManifestCache::default()).await.completeness;
    assert_eq!((scattered.asked(), found.shortfalls.len()), (50, 0));
    // What is wrong with one deployment says nothing about the next.
    let own = Memory::of(20).failing(0..20, PortErrorKind::Malformed);
    assert_eq!(scan(&own, &ManifestCache::default()).await.completeness.gaps.len(), 20);
    assert_eq!(own.asked(), 20);
}

#[tokio::test]
async fn a_manifest_over_the_limit_is_a_fault_of_its_own_deployment_and_no_gap() {
    let director = Memory::of(3).failing([1], PortErrorKind::TooLarge);
    let (cache, settings) = (ManifestCache::default(), ScanSettings::default());
    let found = scan(&director, &cache).await;
    assert!(found.completeness.is_complete());
    let scanner = Scanner::new(&director, &cache, settings);
    let seen: Vec<Seen> = scanner.manifests(&found.summaries).collect().await;
    let unread: Vec<bool> = seen.iter().map(|one| one.deployment.manifest.is_unread()).collect();
    assert_eq!(unread, [false, true, false]);
}

#[tokio::test]
async fn instances_are_read_only_where_they_are_wanted() {
    let director = Memory::of(1);
    let cache = ManifestCache::default();
    for (instances, expected) in [(false, 0), (true, 1)] {
        let settings = ScanSettings { instances, ..ScanSettings::default() };
        let found = Scanner::new(&director, &cache, settings).instances(&name(0)).await.unwrap();
        assert_eq!((found.is_some(), director.asked()), (instances, expected));
    }
}

fn event(id: u64, number: usize, action: &str, error: &str) -> DirectorEvent {
    DirectorEvent {
        id,
        at: at(id),
        user: "admin".to_owned(),
        action: action.to_owned(),
        object_type: "deployment".to_owned(),
        object_name: name(number).to_string(),
        deployment: None,
        // Each task writes two events.
        task: Some((id / 2).to_string()),
        error: Some(error.to_owned()),
    }
}

fn at(id: u64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000 + i64::try_from(id).unwrap(), 0).unwrap()
}

#[tokio::test]
async fn times_come_from_the_events_page_by_page_and_what_is_pruned_is_absent() {
    let mut director = Memory::of(0);
    director.events = vec![
        // 0 was there before under the same name.
        event(2, 0, "create", ""),
        event(4, 0, "delete", ""),
        event(6, 0, "create", ""),
        event(8, 1, "update", ""),
        // A task that failed: its first event does not say so.
        event(10, 1, "update", ""),
        event(11, 1, "update", "it broke"),
        event(12, 0, "update", ""),
    ];
    let wanted: BTreeSet<DeploymentName> = (0..3).map(name).collect();
    let times = times_of(&director, &wanted, 10).await.unwrap();
    let expected = |created: Option<u64>, updated: u64| DeploymentTimes {
        created_at: created.map(at),
        created_by: created.map(|_| "admin".to_owned()),
        updated_at: Some(at(updated)),
    };
    assert_eq!(times.get(&name(0)), Some(&expected(Some(6), 12)));
    assert_eq!(times.get(&name(1)), Some(&expected(None, 8)));
    assert_eq!(times.get(&name(2)), None);
    assert_eq!(*director.pages.lock().unwrap(), [None, Some(10), Some(4), Some(2)]);

    // Nothing wanted, or nothing open any more: nothing is asked.
    director.pages.lock().unwrap().clear();
    times_of(&director, &BTreeSet::new(), 10).await.unwrap();
    times_of(&director, &BTreeSet::from([name(0)]), 10).await.unwrap();
    assert_eq!(*director.pages.lock().unwrap(), [None, Some(10)]);
}

#[tokio::test]
async fn a_deletion_that_failed_hides_no_creation_and_the_first_success_counts() {
    let mut director = Memory::of(0);
    director.events = vec![
        event(2, 0, "create", ""),
        event(4, 0, "delete", ""),
        // The first deploy of this life failed; the second made it.
        event(6, 0, "create", ""),
        event(7, 0, "create", "it broke"),
        event(8, 0, "create", ""),
        event(10, 0, "create", ""),
        event(12, 0, "delete", ""),
        event(13, 0, "delete", "it broke"),
        // Never deployed with success, and an error that names no task.
        event(14, 1, "create", ""),
        event(15, 1, "create", "it broke"),
        DirectorEvent { task: None, ..event(16, 2, "update", "it broke") },
        DirectorEvent { task: None, ..event(18, 2, "create", "") },
    ];
    let wanted: BTreeSet<DeploymentName> = (0..3).map(name).collect();
    let times = times_of(&director, &wanted, 10).await.unwrap();
    let found = |number: usize| times.get(&name(number)).map(|times| (times.created_at, times.updated_at));
    assert_eq!(found(0), Some((Some(at(8)), Some(at(10)))));
    assert_eq!(found(1), Some((Some(at(14)), None)));
    assert_eq!(found(2), Some((Some(at(18)), Some(at(18)))));
}

#[tokio::test]
async fn a_name_that_stands_twice_in_the_list_is_no_answer() {
    let director = Memory { again: Some(1), ..Memory::of(3) };
    let cache = ManifestCache::default();
    let scanner = Scanner::new(&director, &cache, ScanSettings::default());
    let error = scanner.list(None, None).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Malformed);
    assert!(error.to_string().contains("`d-001`: it stands there twice"), "{error}");
    assert_eq!(director.asked(), 0);
}
