//! What the client reads, through the port.

use reconciler_core::ports::{Director, EventQuery, ManifestAnswer, PortErrorKind};

use super::*;
use crate::director::FakeTask;

#[tokio::test]
async fn info_tells_who_it_is_and_what_we_may_do() {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    let info = director.info().await.unwrap();
    assert_eq!(info.name, "fake-director");
    assert_eq!(info.uuid, "2daf673a-9755-4b4f-aa6d-3632fbed8012");
    assert_eq!(info.version, "283.1.6 (00000000)");
    assert_eq!(info.authentication, "uaa");
    assert_eq!(info.scopes, Some(vec!["bosh.read".to_owned()]));
    assert_eq!(director.address(), fake.address());
}

#[tokio::test]
async fn the_list_is_read_as_html_packed_or_not() {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    let list = director.deployments().await.unwrap();
    let names: Vec<_> = list.iter().map(|d| d.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "new"]);
    assert_eq!(list[0].releases[0].version.as_ref(), "1.10");
    assert_eq!(list[0].stemcells[0].name.as_ref(), "jammy");
    assert_eq!(list[0].teams[0].as_ref(), "dba");
    assert_eq!((list[0].locked, list[2].locked), (false, true));
    let seen = fake.counters().seen;
    let target = &seen.last().unwrap().target;
    assert_eq!(target, "/deployments?exclude_configs=true");
}

#[tokio::test]
async fn a_manifest_is_found_null_or_gone() {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    let found = |text: String| ManifestAnswer::Found(text.into_bytes().into());
    for (deployment, answer) in [
        ("a", found("name: a\npassword: MARKER-in-manifest\n".into())),
        // Long enough to be packed.
        ("b", found(format!("name: b\nnote: {}\n", "long ".repeat(400)))),
        ("new", ManifestAnswer::Null),
        ("nope", ManifestAnswer::Gone),
        ("a+b", ManifestAnswer::Gone),
    ] {
        let read = director.manifest(&name(deployment)).await.unwrap();
        assert_eq!(read, answer, "{deployment}");
    }
    let seen = fake.counters().seen;
    assert_eq!(seen.last().unwrap().target, "/deployments/a+b");
    assert!(seen.iter().all(|request| !request.has_referer));
}

#[tokio::test]
async fn tasks_in_flight_are_those_that_have_not_ended() {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    fake.change(|state| {
        for task_state in ["done", "queued", "cancelling", "error"] {
            state.add_task(FakeTask {
                state: task_state.to_owned(),
                description: "create deployment".to_owned(),
                ..FakeTask::default()
            });
        }
    });
    let tasks = director.tasks_in_flight().await.unwrap();
    let states: Vec<_> = tasks.iter().map(|task| task.state.as_str()).collect();
    assert_eq!(states, ["cancelling", "queued", "processing"]);
    assert_eq!(tasks[2].deployment.as_deref(), Some("new"));

    fake.change(|state| {
        for _ in 0..1000 {
            state.add_task(FakeTask { state: "queued".to_owned(), ..FakeTask::default() });
        }
    });
    let error = director.tasks_in_flight().await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::TooLarge);
}

#[tokio::test]
async fn events_are_paged_by_number_until_a_page_is_empty() {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    fake.change(|state| {
        state.events.clear();
        for second in 0..450 {
            let kind = if second % 9 == 0 { "lock" } else { "deployment" };
            state.record(event(kind, "a", 1_795_170_000 + second));
        }
    });
    let mut query = EventQuery {
        deployment: Some(name("a")),
        object_type: Some("deployment".to_owned()),
        before_id: None,
    };
    let mut ids = Vec::new();
    loop {
        let page = director.events(&query).await.unwrap();
        let Some(last) = page.last() else { break };
        query.before_id = Some(last.id);
        ids.extend(page.iter().map(|event| event.id));
    }
    assert_eq!(ids.len(), 400);
    assert!(ids.is_sorted_by(|a, b| a > b));
    assert_eq!(fake.counters().of("/events"), 3);

    fake.change(|state| {
        state.max_events = 10;
        state.prune_events();
    });
    query.before_id = None;
    let page = director.events(&query).await.unwrap();
    assert_eq!((page.len(), page[0].id), (9, 450));
    assert_eq!(page[0].at.timestamp(), 1_795_170_449);
    assert_eq!((page[0].task.as_deref(), page[0].error.as_deref()), (Some("6"), None));
    query.before_id = Some(u64::MAX);
    assert_eq!(director.events(&query).await.unwrap().len(), 9);
}

#[tokio::test]
async fn instances_come_from_the_plain_list_that_starts_no_task() {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    let instances = director.instances(&name("a")).await.unwrap();
    assert_eq!((instances[0].group.as_str(), instances[0].index), ("redis", Some(0)));
    assert_eq!(instances[0].vm_cid.as_deref(), Some("vm-1"));
    assert_eq!(instances[0].ips, ["10.0.0.4"]);
    assert_eq!(instances[0].other["expects_vm"], "true");
    assert_eq!((&instances[1].vm_cid, &instances[1].az), (&None, &None));
    let error = director.instances(&name("nope")).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::NotFound);
    assert!(error.to_string().contains("Deployment 'nope' doesn't exist"));
    assert_eq!(fake.counters().tasks_created, 0);
}

#[tokio::test]
async fn a_deployment_that_is_being_created_has_no_manifest_until_it_ends() {
    let fake = FakeDirector::start(state());
    let director = client(settings(&fake));
    let deploy = fake.change(|state| state.begin_deploy("next", 10));
    assert_eq!(director.manifest(&name("next")).await.unwrap(), ManifestAnswer::Null);
    fake.change(|state| state.end_deploy(&deploy, Ok("name: next"), 20));
    let answer = director.manifest(&name("next")).await.unwrap();
    assert_eq!(answer, ManifestAnswer::Found(Arc::from(&b"name: next"[..])));
    let query = EventQuery {
        deployment: Some(name("next")),
        object_type: Some("deployment".to_owned()),
        before_id: None,
    };
    let events = director.events(&query).await.unwrap();
    let actions: Vec<_> = events.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(actions, ["create", "create"]);
    fake.change(|state| state.delete_deployment("next", 30));
    assert_eq!(director.manifest(&name("next")).await.unwrap(), ManifestAnswer::Gone);
}

#[tokio::test]
async fn a_fleets_folder_is_served_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let director_folder = folder.path().join("director");
    std::fs::create_dir_all(director_folder.join("manifests")).unwrap();
    let write = |file: &str, text: &str| std::fs::write(director_folder.join(file), text).unwrap();
    write("info.json", r#"{"name": "fleet", "uuid": "u-1", "version": "1"}"#);
    write(
        "deployments.json",
        r#"[{"name": "x", "releases": [{"name": "r", "version": "2"}], "locked": true}, {"name": "y"}]"#,
    );
    write("manifests/x.yml", "name: x\n");
    write(
        "events.json",
        r#"[{"id": "7", "timestamp": 5, "action": "create", "object_type": "deployment", "context": {}}]"#,
    );
    let state = DirectorState::from_fleet(folder.path()).unwrap();
    let fake = FakeDirector::start(state.user("reader", SECRET, &["bosh.read"]));
    let director = client(settings(&fake));
    let info = director.info().await.unwrap();
    assert_eq!((info.uuid.as_str(), info.authentication.as_str()), ("u-1", "basic"));
    assert!(director.deployments().await.unwrap()[0].locked);
    let manifest = director.manifest(&name("x")).await.unwrap();
    assert_eq!(manifest, ManifestAnswer::Found(Arc::from(&b"name: x\n"[..])));
    assert_eq!(director.manifest(&name("y")).await.unwrap(), ManifestAnswer::Null);
    assert_eq!(director.events(&EventQuery::default()).await.unwrap()[0].id, 7);
    assert!(DirectorState::from_fleet(&director_folder).is_err());
}
