//! The paths below `sys/` and `auth/token/`: health, mounts, capabilities, the
//! token's own life.

use serde_json::{Map, Value, json};

use super::exchange::{Answer, Request, Route};
use super::state::{Flavour, Mount, State};

/// Answers what is asked without a token, sealed or not.
pub(crate) fn without_token(state: &State, route: Route, request: &Request) -> Option<Answer> {
    if !matches!(route, Route::Health | Route::SealStatus) {
        return None;
    }
    if !request.namespace.is_empty() {
        return Some(Answer::errors(400, &["operation unavailable in namespaces"]));
    }
    let version = match state.flavour {
        Flavour::Vault => "1.20.4",
        Flavour::OpenBao => "2.6.1",
    };
    if route == Route::SealStatus {
        return Some(Answer::json(
            200,
            &json!({
                "type": "shamir", "initialized": true, "sealed": state.sealed,
                "t": 1, "n": 1, "progress": 0, "version": version,
            }),
        ));
    }
    let status = match (state.sealed, state.standby) {
        (true, _) => 503,
        (_, true) => 429,
        _ => 200,
    };
    Some(Answer::json(
        status,
        &json!({
            "initialized": true,
            "sealed": state.sealed,
            "standby": state.standby || state.sealed,
            "performance_standby": false,
            "server_time_utc": state.clock.now().timestamp(),
            "version": version,
            "cluster_name": "fake",
        }),
    ))
}

/// Answers what a living token may ask about itself and the mounts.
pub(crate) fn with_token(
    state: &mut State,
    route: Route,
    request: &Request,
    token: &str,
    policies: &[String],
) -> Option<Answer> {
    let now = state.clock.now();
    let own = |state: &State| {
        let default = policies.iter().any(|name| name == "default");
        default
            || state.allows(policies, &request.path, "read")
            || state.allows(policies, &request.path, "update")
    };
    match route {
        Route::LookupSelf if own(state) => Some(state.tokens.lookup(token, now)),
        Route::RenewSelf if own(state) => Some(state.tokens.renew(token, now)),
        Route::Capabilities if own(state) => Some(capabilities(state, request, policies)),
        Route::LookupSelf | Route::RenewSelf | Route::Capabilities => Some(Answer::denied()),
        Route::Preflight => Some(preflight(state, request, policies)),
        Route::Other if request.path.starts_with("sys/") || request.path.starts_with("auth/") => {
            Some(Answer::errors(404, &["unsupported path"]))
        }
        _ => None,
    }
}

fn capabilities(state: &State, request: &Request, policies: &[String]) -> Answer {
    let paths = request.parsed.get("paths").and_then(Value::as_array);
    let mut given = Map::new();
    for path in paths.into_iter().flatten().filter_map(Value::as_str) {
        let mut names = state.capabilities(policies, path);
        if names.is_empty() {
            names.push("deny".to_owned());
        }
        given.insert(path.to_owned(), json!(names));
    }
    Answer::data(200, &Value::Object(given))
}

/// The question of the vault CLI: which mount, which version. A mount that is
/// not there is refused as one that may not be seen.
fn preflight(state: &mut State, request: &Request, policies: &[String]) -> Answer {
    let path = request.path.strip_prefix("sys/internal/ui/mounts/").unwrap_or_default();
    let found =
        state.mount(&request.namespace, path).map(|(mount, name, _)| (matches!(mount, Mount::Two(_)), name));
    let Some((versioned, name)) = found.filter(|(_, name)| state.reaches(policies, name)) else {
        let text = format!(
            "preflight capability check returned 403, please ensure client's policies grant \
             access to path \"{path}/\""
        );
        return Answer::errors(403, &[&text]);
    };
    let options = if versioned { json!({"version": "2"}) } else { Value::Null };
    Answer::data(
        200,
        &json!({
            "accessor": "kv_accessor", "description": "", "local": false,
            "options": options, "path": name, "type": "kv", "uuid": "",
        }),
    )
}
