//! Which answer belongs to which path.

use axum::http::{Method, header};
use serde_json::{Map, Value, json};

use super::exchange::{Answer, Request};
use super::identity::{Identity, Need};
use super::state::{Deployment, DirectorState, FakeInstance};
use super::tasks::FakeTask;

/// A path taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The route's name, for counts and faults.
    pub(super) route: &'static str,
    /// The deployment it names.
    pub(super) deployment: Option<String>,
    id: String,
}

impl Place {
    /// Finds the place of a request. After an empty name comes the list.
    pub(super) fn of(request: &Request) -> Self {
        let parts: Vec<&str> = request.path.split('/').filter(|part| !part.is_empty()).collect();
        let (route, deployment, id) = match parts.as_slice() {
            ["info"] => ("/info", None, ""),
            ["uaa", "oauth", "token"] => ("/oauth/token", None, ""),
            ["deployments"] => ("/deployments", None, ""),
            ["deployments", name] => ("/deployments/:name", Some(*name), ""),
            ["deployments", name, "vms"] => ("/deployments/:name/vms", Some(*name), ""),
            ["deployments", name, "instances"] => ("/deployments/:name/instances", Some(*name), ""),
            ["tasks"] => ("/tasks", None, ""),
            ["tasks", id] => ("/tasks/:id", None, *id),
            ["tasks", id, "output"] => ("/tasks/:id/output", None, *id),
            ["events"] => ("/events", None, ""),
            ["events", id] => ("/events/:id", None, *id),
            ["locks"] => ("/locks", None, ""),
            ["configs"] => ("/configs", None, ""),
            ["deployments" | "tasks" | "events" | "locks" | "configs", ..] => ("endpoint", None, ""),
            _ => ("nowhere", None, ""),
        };
        Self { route, deployment: deployment.map(str::to_owned), id: id.to_owned() }
    }
}

/// What a request needs besides the state.
pub(super) struct Surroundings<'a> {
    /// Scheme, host and port of the fake.
    pub(super) origin: &'a str,
    /// Seconds since 1970.
    pub(super) now: i64,
    /// Counts the tasks that requests start.
    pub(super) tasks_created: &'a mut u64,
}

/// Answers a request of the Director.
pub(super) fn answer(
    state: &mut DirectorState,
    place: &Place,
    request: &Request,
    around: &mut Surroundings<'_>,
) -> Answer {
    let identity = Identity::of(state, request, around.now);
    let answer = match place.route {
        "nowhere" => return Answer::not_mounted(request),
        "/info" => {
            let user = identity.as_ref().map(|identity| identity.user.as_str());
            let own = format!("{}/uaa", around.origin);
            Answer::json(200, &state.info_for(user, &own)).open()
        }
        _ => match identity {
            None => Answer::unauthorized(request),
            Some(identity) => {
                let found = authenticated(state, place, request, &identity, around);
                found.unwrap_or_else(|refusal| refusal)
            }
        },
    };
    // A guard of the framework against pages of other hosts.
    if answer.is_json() && request.header(header::REFERER).is_some() {
        return Answer::forbidden();
    }
    answer
}

fn authenticated(
    state: &mut DirectorState,
    place: &Place,
    request: &Request,
    identity: &Identity,
    around: &mut Surroundings<'_>,
) -> Result<Answer, Answer> {
    let context = request.headers.get("x-bosh-context-id");
    if context.is_some_and(|id| id.len() > 64) {
        let words = "X-Bosh-Context-Id cannot be more than 64 characters in length";
        return Err(Answer::director_error(400, 70_010, words));
    }
    if let Some(name) = &place.deployment {
        return of_deployment(state, place.route, name, request, identity, around);
    }
    if request.method != Method::GET && request.method != Method::HEAD {
        return Err(Answer::no_endpoint(request));
    }
    match place.route {
        "/deployments" => {
            identity.require(state, Need::List)?;
            Ok(list(state, request, identity))
        }
        "/tasks" => {
            identity.require(state, Need::List)?;
            Ok(state.task_list(request, |name| identity.sees(state, name)))
        }
        "/tasks/:id" => {
            identity.require(state, Need::List)?;
            Ok(state.task(&place.id))
        }
        "/tasks/:id/output" => {
            identity.require(state, Need::List)?;
            Ok(state.task_output(&place.id, request))
        }
        "/events" => {
            identity.require(state, Need::Feed)?;
            Ok(state.event_list(request))
        }
        "/events/:id" => {
            identity.require(state, Need::Admin)?;
            let found = state.events.iter().find(|event| event.id.to_string() == place.id);
            Ok(found.map_or_else(
                || Answer::plain_as_json(404, "Event not found"),
                |event| Answer::json(200, &event.to_json()),
            ))
        }
        "/locks" => {
            identity.require(state, Need::Read)?;
            let locked = state.deployments.iter().filter(|(_, found)| found.locked);
            let locks: Vec<Value> = locked
                .map(|(name, _)| json!({"type": "deployment", "resource": [name], "timeout": "0", "task_id": "0"}))
                .collect();
            Ok(Answer::json(200, &Value::from(locks)))
        }
        "/configs" => {
            identity.require(state, Need::Feed)?;
            Ok(Answer::html(200, "[]"))
        }
        _ => Err(Answer::no_endpoint(request)),
    }
}

fn of_deployment(
    state: &mut DirectorState,
    route: &str,
    name: &str,
    request: &Request,
    identity: &Identity,
    around: &mut Surroundings<'_>,
) -> Result<Answer, Answer> {
    let Some(deployment) = state.deployments.get(name) else {
        let words = format!("Deployment '{name}' doesn't exist");
        return Err(Answer::director_error(404, 70_000, &words));
    };
    let is_delete = request.method == Method::DELETE && route == "/deployments/:name";
    identity.require_deployment(state, &deployment.teams, is_delete)?;
    let vms = |shows: fn(&FakeInstance) -> Option<Value>| {
        let rows: Vec<Value> = deployment.instances.iter().filter_map(shows).collect();
        Answer::html(200, &Value::from(rows).to_string())
    };
    match route {
        _ if is_delete => Ok(start_task(state, around, request, &format!("delete deployment {name}"), name)),
        _ if request.query("format") == Some("full") => {
            Ok(start_task(state, around, request, "retrieve vm-stats", name))
        }
        "/deployments/:name" => {
            let body = json!({"manifest": deployment.manifest});
            Ok(Answer::html(200, &body.to_string()))
        }
        "/deployments/:name/instances" => Ok(vms(|instance| {
            let mut row = vm_fields(instance);
            row.insert("expects_vm".to_owned(), json!(instance.vm_cid.is_some()));
            Some(Value::Object(row))
        })),
        _ => Ok(vms(|instance| {
            instance.vm_cid.as_ref()?;
            let mut row = vm_fields(instance);
            row.insert("active".to_owned(), json!(true));
            Some(Value::Object(row))
        })),
    }
}

fn vm_fields(instance: &FakeInstance) -> Map<String, Value> {
    let has_vm = instance.vm_cid.is_some();
    let fields = [
        ("agent_id", json!(has_vm.then(|| format!("agent-{}", instance.id)))),
        ("cid", json!(instance.vm_cid)),
        ("job", json!(instance.group)),
        ("index", json!(instance.index)),
        ("id", json!(instance.id)),
        ("az", json!(has_vm.then_some("z1"))),
        ("ips", json!(instance.ips)),
        ("vm_created_at", json!(has_vm.then_some("2026-11-20T10:30:21Z"))),
    ];
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// The list; an unknown parameter is ignored, and only `true` excludes.
fn list(state: &DirectorState, request: &Request, identity: &Identity) -> Answer {
    let shown = state.deployments.iter().filter(|(name, _)| identity.sees(state, name));
    let rows: Vec<Value> = shown.map(|(name, row)| list_row(name, row, request)).collect();
    Answer::html(200, &Value::from(rows).to_string())
}

fn list_row(name: &str, deployment: &Deployment, request: &Request) -> Value {
    let versioned = |items: &[(String, String)]| -> Value {
        let rows = items.iter();
        rows.map(|(name, version)| json!({"name": name, "version": version})).collect()
    };
    let mut row = Map::new();
    row.insert("name".into(), json!(name));
    row.insert("teams".into(), json!(deployment.teams));
    if !request.is_set("exclude_configs") {
        row.insert("cloud_config".into(), json!(deployment.cloud_config));
    }
    if !request.is_set("exclude_stemcells") {
        row.insert("stemcells".into(), versioned(&deployment.stemcells));
    }
    if !request.is_set("exclude_releases") {
        row.insert("releases".into(), versioned(&deployment.releases));
    }
    if !request.is_set("exclude_lock") {
        row.insert("locked".into(), json!(deployment.locked));
    }
    Value::Object(row)
}

/// Starts a task and redirects to it by the host the caller named.
fn start_task(
    state: &mut DirectorState,
    around: &mut Surroundings<'_>,
    request: &Request,
    description: &str,
    name: &str,
) -> Answer {
    *around.tasks_created += 1;
    let id = state.add_task(FakeTask {
        state: "queued".to_owned(),
        description: description.to_owned(),
        deployment: Some(name.to_owned()),
        is_background: description.starts_with("retrieve"),
        ..FakeTask::default()
    });
    let scheme = around.origin.split("://").next().unwrap_or("https");
    let mut host = request.header(header::HOST).unwrap_or_default();
    if state.redirects_lose_port {
        host = host.rsplit_once(':').map_or(host, |(bare, _)| bare);
    }
    Answer::redirect(302, format!("{scheme}://{host}/tasks/{id}"))
}
