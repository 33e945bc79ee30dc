//! The client against the fake Director, and the fake against what real
//! Directors answered.

mod faults;
mod fidelity;
mod limits;
mod login;
mod origins;
mod reading;
mod secrets;
mod tls;

use std::sync::Arc;

use reconciler_core::adapters::bosh::{BoshDirector, BoshSettings, DirectorAddress};
use reconciler_core::adapters::http::{LimitSettings, Pause, RetrySettings, Secret};
use reconciler_core::model::DeploymentName;

use super::{Deployment, DirectorState, FakeDirector, FakeEvent, FakeInstance};
use crate::pauses::RecordedPauses;

const SECRET: &str = "MARKER-client-secret";

/// A Director with a UAA, one client that may read, and three deployments.
fn state() -> DirectorState {
    let mut state = DirectorState::default()
        .client("reader", SECRET, &["bosh.read"])
        .deployment("a", "name: a\npassword: MARKER-in-manifest\n")
        .deployment("b", &format!("name: b\nnote: {}\n", "long ".repeat(400)));
    let first = Deployment {
        releases: vec![("redis".to_owned(), "1.10".to_owned())],
        stemcells: vec![("jammy".to_owned(), "1.423".to_owned())],
        teams: vec!["dba".to_owned()],
        instances: vec![instance("redis", 0, Some("vm-1")), instance("smoke-tests", 0, None)],
        ..state.deployments["a"].clone()
    };
    state.deployments.insert("a".to_owned(), first);
    state.begin_deploy("new", 1_795_170_000);
    state
}

fn instance(group: &str, index: u64, vm_cid: Option<&str>) -> FakeInstance {
    FakeInstance {
        group: group.to_owned(),
        id: format!("{group}-{index}"),
        index,
        vm_cid: vm_cid.map(str::to_owned),
        ips: vm_cid.map(|_| "10.0.0.4".to_owned()).into_iter().collect(),
    }
}

/// How many requests may be in flight in tests.
const IN_FLIGHT: usize = 4;

fn settings(fake: &FakeDirector) -> BoshSettings {
    let mut settings = BoshSettings::new(DirectorAddress::parse(fake.address()).unwrap());
    settings.client = Some("reader".to_owned());
    settings.client_secret = Some(Secret::new(SECRET));
    settings.limits = LimitSettings::new(IN_FLIGHT, None);
    settings.retry = RetrySettings { jitter: false, ..RetrySettings::default() };
    settings
}

fn client(settings: BoshSettings) -> BoshDirector {
    let pauses = Arc::new(RecordedPauses::default()) as Arc<dyn Pause>;
    BoshDirector::new(settings).unwrap().with_pause(&pauses)
}

fn name(name: &str) -> DeploymentName {
    DeploymentName::new(name).unwrap()
}

fn event(object_type: &str, object_name: &str, timestamp: i64) -> FakeEvent {
    FakeEvent {
        timestamp,
        user: "admin".to_owned(),
        action: "update".to_owned(),
        object_type: object_type.to_owned(),
        object_name: object_name.to_owned(),
        task: "6".to_owned(),
        deployment: object_name.to_owned(),
        ..FakeEvent::default()
    }
}
