//! Answers a request: seal, token and policy first, then the engine it is for.

use serde_json::json;

use super::exchange::{Answer, Request, Route};
use super::state::{Flavour, Mount, State};
use super::{kv2, system};

/// What kind of request it is.
pub(crate) fn route(state: &mut State, request: &Request) -> Route {
    let path = request.path.as_str();
    match path {
        "sys/health" => return Route::Health,
        "sys/seal-status" => return Route::SealStatus,
        "sys/capabilities-self" => return Route::Capabilities,
        "auth/token/lookup-self" => return Route::LookupSelf,
        "auth/token/renew-self" => return Route::RenewSelf,
        _ if path.starts_with("sys/internal/ui/mounts/") => return Route::Preflight,
        _ if path.starts_with("auth/") && path.ends_with("/login") => return Route::Login,
        _ if path.starts_with("sys/") || path.starts_with("auth/") => return Route::Other,
        _ => {}
    }
    let Some((mount, _, rest)) = state.mount(&request.namespace, path) else {
        return Route::Other;
    };
    if matches!(mount, Mount::One(_)) {
        return Route::VersionOne;
    }
    let kind = rest.split('/').next().unwrap_or_default();
    match (kind, request.method.as_str()) {
        ("metadata", _) if request.list => Route::List,
        ("data", "GET") => Route::Read,
        ("data", "POST" | "PUT") => Route::Write,
        ("data", "DELETE") => Route::Delete,
        ("metadata", "GET") => Route::Metadata,
        ("metadata", "DELETE") => Route::Purge,
        _ => Route::Other,
    }
}

/// The answer to a request.
pub(crate) fn answer(state: &mut State, route: Route, request: &Request) -> Answer {
    if let Some(unsigned) = system::without_token(state, route, request) {
        return unsigned;
    }
    if state.sealed {
        return Answer::errors(503, &["Vault is sealed"]);
    }
    if state.standby {
        let text = "local node not active but active cluster node not found";
        return Answer::errors(500, &[text]);
    }
    if let Some(refusal) = state.limits.refuse_body(&request.body, &request.parsed) {
        return refusal;
    }
    if !state.namespaces.contains_key(&request.namespace) {
        let text = match state.flavour {
            Flavour::Vault => format!("no handler for route \"{}\". route entry not found.", request.path),
            Flavour::OpenBao => "namespace not found".to_owned(),
        };
        return Answer::errors(404, &[&text]);
    }
    let now = state.clock.now();
    if route == Route::Login {
        let mount = request.path.trim_start_matches("auth/").trim_end_matches("/login");
        return state.tokens.login(mount, &request.parsed, now);
    }
    let token = request.token.clone().unwrap_or_default();
    let Some(policies) = state.tokens.admit(&token, now) else {
        return dead_token(state.flavour);
    };
    if let Some(answer) = system::with_token(state, route, request, &token, &policies) {
        return answer;
    }
    engine(state, route, request, &policies)
}

/// The refusal of a token that does not live.
fn dead_token(flavour: Flavour) -> Answer {
    match flavour {
        Flavour::Vault => {
            Answer::errors(403, &["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"])
        }
        Flavour::OpenBao => Answer::errors(403, &["permission denied"]),
    }
}

fn engine(state: &mut State, route: Route, request: &Request, policies: &[String]) -> Answer {
    let path = request.path.as_str();
    let exists = match state.mount(&request.namespace, path) {
        None => {
            let text = format!("no handler for route \"{path}\". route entry not found.");
            return Answer::errors(404, &[&text]);
        }
        Some((Mount::One(secrets), _, rest)) => secrets.contains_key(rest),
        Some((Mount::Two(secrets), _, rest)) => {
            secrets.version(rest.strip_prefix("data/").unwrap_or_default()) > 0
        }
    };
    let capability = match request.method.as_str() {
        _ if request.list => "list",
        "GET" => "read",
        "DELETE" => "delete",
        _ if exists => "update",
        _ => "create",
    };
    let folder = format!("{path}/");
    let allowed = state.allows(policies, path, capability)
        || (request.list && state.allows(policies, &folder, capability));
    if !allowed {
        return Answer::denied();
    }
    let limits = state.limits.clone();
    let now = state.clock.now();
    let answer = match state.mount(&request.namespace, path) {
        Some((Mount::Two(mount), _, rest)) => {
            let name = rest.split_once('/').map_or("", |(_, name)| name);
            match route {
                Route::Read => mount.read(name, request.version),
                Route::Write => mount.write(name, &request.parsed, &limits, now),
                Route::List => mount.list(name),
                Route::Metadata => mount.metadata(name),
                Route::Delete => {
                    mount.delete(name, now);
                    Answer::empty()
                }
                Route::Purge => {
                    mount.purge(name);
                    Answer::empty()
                }
                _ => Answer::warning(
                    404,
                    "Invalid path for a versioned K/V secrets engine. See the API docs for the \
                     appropriate API endpoints to use. If using the Vault CLI, use 'vault kv get' \
                     for this operation.",
                ),
            }
        }
        Some((Mount::One(secrets), _, rest)) => match request.method.as_str() {
            _ if request.list => kv2::listing(secrets.keys(), rest),
            "GET" => match secrets.get(rest) {
                Some(data) => Answer::data(200, data),
                None => Answer::errors(404, &[]),
            },
            "DELETE" => {
                secrets.remove(rest);
                Answer::empty()
            }
            // The body is the data, whatever it looks like.
            _ => {
                secrets.insert(rest.to_owned(), json!(request.parsed));
                Answer::empty()
            }
        },
        None => Answer::errors(404, &[]),
    };
    match state.index.as_mut() {
        Some(index) if request.is_write() && answer.status < 300 => {
            *index += 1;
            let index = index.to_string();
            answer.with("x-vault-index", index)
        }
        _ => answer,
    }
}
