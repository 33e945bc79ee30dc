//! What was concluded once and what the index entry says: neither hides what
//! stands in the records.

use reconciler_core::manager::{InstanceOutcome, RunReport};
use reconciler_core::ports::RunState as _;
use reconciler_tests::provisioned::Provisioned;
use reconciler_tests::still_director::StillDirector;
use serde_json::{Value, json};

use super::books::Books;
use super::{Bench, left_behind, time_of_run};

async fn bench() -> Bench {
    Bench::new(StillDirector::with((0..3).map(Provisioned::new))).await
}

/// Both the record and the broker's own request name a plan.
fn plan(books: &mut Books, plan: &str) {
    let id = Provisioned::new(1).id();
    for path in [id.to_string(), format!("{id}/deployment")] {
        let mut record = books.data(&path).unwrap().clone();
        record["plan_id"] = plan.into();
        books.put(&path, record);
    }
}

fn differs(report: &RunReport) -> Option<&str> {
    let found = report.findings.iter().find(|finding| finding.code == "record.differs");
    found.map(|finding| finding.message.as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_differs_under_a_current_fingerprint_is_told_until_it_is_read_again() {
    let bench = bench().await;
    let store = left_behind(3).in_memory().await;
    assert!(bench.run(store.as_ref(), 1).await.unwrap().complete);
    let mut books = Books::of(store.as_ref()).await;
    plan(&mut books, "redis-large");
    let store = books.in_memory().await;
    let full = bench.run_with(store.as_ref(), 2, |run| run.options.full = true).await.unwrap();
    let told = differs(&full).unwrap().to_owned();
    let expected = format!("{told}; as read at 2027-01-15T08:20:00Z, `run --full` looks again");
    for run in 3..5 {
        let report = bench.run(store.as_ref(), run).await.unwrap();
        assert_eq!(differs(&report), Some(expected.as_str()));
        assert_eq!(report.counts.skipped, 1, "{report:?}");
    }
    let mut books = Books::of(store.as_ref()).await;
    plan(&mut books, "redis-small");
    let store = books.in_memory().await;
    let full = bench.run_with(store.as_ref(), 5, |run| run.options.full = true).await.unwrap();
    assert_eq!((differs(&full), differs(&bench.run(store.as_ref(), 6).await.unwrap())), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_names_no_service_or_plan_gets_them_whatever_its_fingerprint_says() {
    for (field, says) in [("plan_id", json!("")), ("plan_id", Value::Null), ("service_id", json!(""))] {
        let bench = bench().await;
        let store = left_behind(3).in_memory().await;
        bench.run(store.as_ref(), 1).await.unwrap();
        let mut books = Books::of(store.as_ref()).await;
        let id = Provisioned::new(1).id();
        let mut index = books.data("db").unwrap().clone();
        let whole = index[id.as_str()][field].take();
        index[id.as_str()][field] = says.clone();
        books.put("db", index);
        let store = books.in_memory().await;
        let report = bench.run(store.as_ref(), 2).await.unwrap();
        let outcome = report.instances.iter().find(|one| one.deployment == Provisioned::new(1).deployment());
        assert_eq!(outcome.unwrap().outcome, InstanceOutcome::Changed, "{field} {says}");
        assert_eq!(Books::of(store.as_ref()).await.data("db").unwrap()[id.as_str()][field], whole);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_verification_that_a_wrong_clock_put_into_the_future_puts_off_none() {
    let bench = bench().await;
    let store = left_behind(3).in_memory().await;
    bench.run(store.as_ref(), 1).await.unwrap();
    bench.state.set_last_full_verification(time_of_run(5000)).unwrap();
    bench.run(store.as_ref(), 2).await.unwrap();
    assert_eq!(bench.state.last_full_verification().unwrap(), Some(time_of_run(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_says_it_is_another_instances_is_left_alone_and_told() {
    let bench = bench().await;
    let mut books = left_behind(3);
    let id = Provisioned::new(1).id();
    let mut record = books.data(id.as_str()).unwrap().clone();
    record["instance_id"] = "another".into();
    books.put(id.as_str(), record.clone());
    let store = books.in_memory().await;
    for run in 1..3 {
        let report = bench.run(store.as_ref(), run).await.unwrap();
        let told = report.findings.iter().find(|finding| finding.code == "record.states-another");
        assert!(told.unwrap().message.contains("`another`"), "{told:?}");
        assert_eq!((report.counts.skipped, report.complete), (1, true));
    }
    assert_eq!(Books::of(store.as_ref()).await.data(id.as_str()), Some(&record));
}
