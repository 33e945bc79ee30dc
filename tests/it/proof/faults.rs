//! Faults at every request of a run over HTTP, one at a time: nothing is lost,
//! the report says what happened, and the next run brings the same end.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use reconciler_core::adapters::vault::{VaultSettings, VaultStore};
use reconciler_core::manager::RunReport;
use reconciler_tests::vault::{Effect, FakeVault, Fault};

use super::Start;
use super::books::Books;
use super::outcome::Undisturbed;
use crate::vault::{fake_settings, open};

/// How many scenarios run at once: most of the time they wait.
const AT_ONCE: usize = 12;

/// How long a client waits whose answers do not come, and how long they do not.
const PATIENCE: Duration = Duration::from_millis(300);
const TOO_LONG: Duration = Duration::from_secs(30);

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    /// 503, so many times in a row.
    Busy(u64),
    /// No answer in time, and nothing was done.
    TimeoutBefore,
    /// No answer in time, and it was done.
    TimeoutAfter,
    /// The connection breaks, and nothing was done.
    CutBefore,
    /// The connection breaks, and it was done.
    CutAfter,
    /// 403.
    Denied,
    /// It was done, and the JSON of the answer ends in its middle.
    Truncated,
    /// Vault is sealed from here on, until the next run.
    Sealed,
}

const ALL: [Wrong; 12] = [
    Wrong::Busy(1),
    Wrong::Busy(2),
    Wrong::Busy(3),
    Wrong::Busy(4),
    Wrong::Busy(5),
    Wrong::TimeoutBefore,
    Wrong::TimeoutAfter,
    Wrong::CutBefore,
    Wrong::CutAfter,
    Wrong::Denied,
    Wrong::Truncated,
    Wrong::Sealed,
];

impl Wrong {
    /// The fault that meets the `request`th request, counted from 1.
    fn at(self, request: u64) -> Fault {
        let refuse = |status, error: &str| Effect::Refuse {
            status,
            errors: vec![error.to_owned()],
            retry_after: None,
        };
        let (effect, times) = match self {
            Self::Busy(times) => (refuse(503, "service unavailable"), times),
            Self::TimeoutBefore => (Effect::Stall(TOO_LONG), 1),
            Self::TimeoutAfter => (Effect::Late(TOO_LONG), 1),
            Self::CutBefore => (Effect::CutBefore, 1),
            Self::CutAfter => (Effect::CutAfter, 1),
            Self::Denied => (refuse(403, "1 error occurred:\n\t* permission denied\n\n"), 1),
            Self::Truncated => (Effect::Truncate, 1),
            Self::Sealed => (Effect::sealed(), u64::MAX),
        };
        Fault::new(effect).nth(request).times(times)
    }

    /// Whether the client's own retries make up for it, wherever it happens. A
    /// client without patience may lose it once more on a machine under load.
    fn is_made_up_for(self) -> bool {
        matches!(self, Self::Busy(1..=3) | Self::CutBefore | Self::CutAfter)
    }

    fn is_timeout(self) -> bool {
        matches!(self, Self::TimeoutBefore | Self::TimeoutAfter)
    }

    fn settings(self, fake: &FakeVault) -> VaultSettings {
        let mut settings = fake_settings(fake);
        if self.is_timeout() {
            let timeouts = &mut settings.client.timeouts;
            (timeouts.read, timeouts.whole) = (PATIENCE, PATIENCE);
        }
        settings
    }
}

/// The undisturbed course, and how many requests its run makes.
async fn undisturbed(start: &Start) -> (Undisturbed, u64) {
    let (fake, bench) = (start.books.in_fake(), start.bench().await);
    let run = async |number| bench.run(open(fake_settings(&fake)).as_ref(), number).await.unwrap();
    let report = run(1).await;
    assert!(report.complete && report.counts.changed == 3, "{:?}", report.counts);
    let requests = fake.total();
    let after = Books::of_fake(&fake);
    // Looking again, also at every record, finds nothing to do.
    let store: Arc<VaultStore> = open(fake_settings(&fake));
    for full in [false, true] {
        let again = bench.run_with(store.as_ref(), 2, |run| run.options.full = full).await.unwrap();
        assert_eq!((again.counts.writes, again.counts.backups), (0, 0), "{:?}", again.changes);
    }
    (Undisturbed { before: start.books.clone(), after }, requests)
}

async fn scenario(start: Arc<Start>, undisturbed: Arc<Undisturbed>, wrong: Wrong, request: u64) -> bool {
    let scenario = format!("{wrong:?} at request {request}");
    let (fake, bench) = (start.books.in_fake(), start.bench().await);
    fake.fault(wrong.at(request));
    let store = open(wrong.settings(&fake));
    let outcome = bench.run(store.as_ref(), 1).await;
    let now = Books::of_fake(&fake);
    undisturbed.nothing_is_lost(&now, &scenario);
    undisturbed.is_told(&outcome, &now, &scenario);
    let is_complete = outcome.as_ref().is_ok_and(|report| report.complete);
    if wrong.is_made_up_for() {
        let failures = outcome.as_ref().map(|report: &RunReport| &report.failures);
        assert!(is_complete, "{scenario}: {failures:?}");
    }

    fake.clear_faults();
    let store = if wrong.is_timeout() { open(fake_settings(&fake)) } else { store };
    let report = bench.run(store.as_ref(), 2).await.unwrap();
    undisturbed.is_the_same_end(&report, &Books::of_fake(&fake), &scenario);
    is_complete
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_at_any_request_of_a_run_loses_nothing_and_is_told() {
    let start = Arc::new(Start::new(3).await);
    let (undisturbed, requests) = undisturbed(&start).await;
    let undisturbed = Arc::new(undisturbed);
    assert!((20..40).contains(&requests), "{requests}");
    let scenarios = ALL.into_iter().flat_map(|wrong| (1..=requests).map(move |request| (wrong, request)));
    let outcomes: Vec<bool> = stream::iter(scenarios)
        .map(|(wrong, request)| {
            tokio::spawn(scenario(Arc::clone(&start), Arc::clone(&undisturbed), wrong, request))
        })
        .buffer_unordered(AT_ONCE)
        .map(|done| done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())))
        .collect()
        .await;
    let incomplete = outcomes.iter().filter(|complete| !**complete).count();
    // Not every fault can be made up for, or the test looks at none.
    assert!(incomplete > outcomes.len() / 8, "{incomplete} of {}", outcomes.len());
}
