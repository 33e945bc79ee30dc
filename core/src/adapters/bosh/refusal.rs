//! What a Director's refusal means. The status alone does not tell: an expired
//! token and a missing scope are both 401.

use serde::Deserialize;

use super::decode::Text;
use crate::adapters::http::{Answer, StatusCode};
use crate::ports::{PortError, PortErrorKind};

/// The code of a missing scope.
const NOT_PERMITTED: &str = "600000";
/// The code of a deployment that does not exist.
const NO_DEPLOYMENT: &str = "70000";
/// How much of the Director's own words is repeated, in characters.
const LONGEST_WORDS: usize = 300;

/// The Director's own errors; nothing else in front of it speaks so.
#[derive(Deserialize)]
struct WireError {
    code: Text,
    #[serde(default)]
    description: String,
}

fn director_error(answer: &Answer) -> Option<WireError> {
    serde_json::from_slice(&answer.body).ok()
}

/// Whether a 401 means that a scope is missing: another token would not help.
pub(super) fn is_scope_missing(answer: &Answer) -> bool {
    answer.status == StatusCode::UNAUTHORIZED
        && director_error(answer).is_some_and(|error| error.code.0 == NOT_PERMITTED)
}

/// Whether the Director itself says that the deployment does not exist.
pub(super) fn is_deployment_gone(answer: &Answer) -> bool {
    answer.status == StatusCode::NOT_FOUND
        && director_error(answer).is_some_and(|error| error.code.0 == NO_DEPLOYMENT)
}

/// The error of an answer that is no success. `scopes` are those of the client
/// where they are known.
pub(super) fn refusal(
    answer: &Answer,
    operation: &'static str,
    subject: &str,
    scopes: Option<&[String]>,
) -> PortError {
    let status = answer.status.as_u16();
    let said = director_error(answer);
    let words = said.as_ref().map(|error| shorten(&error.description));
    let told = words.map_or_else(|| format!("HTTP {status}"), |words| format!("HTTP {status}: {words}"));
    let error = |kind, reason: String| PortError::new(kind, operation, subject, reason);
    match status {
        401 if is_scope_missing(answer) => {
            let has = match scopes {
                Some([]) => " (the client has no scope at all)".to_owned(),
                Some(scopes) => format!(" (the client has: {})", scopes.join(", ")),
                None => String::new(),
            };
            error(PortErrorKind::Denied, format!("{told}{has}")).with_advice(
                "give the client the authority `bosh.read`: it may read all deployments and \
                 change nothing",
            )
        }
        401 => {
            error(PortErrorKind::Unauthenticated, "the Director does not accept the credentials".to_owned())
                .with_advice(
                    "check `BOSH_CLIENT` and `BOSH_CLIENT_SECRET`, and that they belong to this Director",
                )
        }
        403 => error(PortErrorKind::Denied, told)
            .with_advice("something in front of the Director refuses the request"),
        404 if is_deployment_gone(answer) => error(PortErrorKind::NotFound, told),
        404 => error(PortErrorKind::Unsupported, format!("{told}, and not in the Director's own words"))
            .with_advice("check the address, and that the Director is not older than v267"),
        413 => error(PortErrorKind::TooLarge, told),
        429 => error(PortErrorKind::RateLimited, told)
            .with_advice("lower the Director's limits of requests in the configuration"),
        500..=599 => error(PortErrorKind::Transient, told)
            .with_advice("look at the Director's own log; it may be restarting or overloaded"),
        _ => error(PortErrorKind::Unsupported, told)
            .with_advice("check that the address is the Director's own and the port is right"),
    }
}

fn shorten(words: &str) -> String {
    if words.chars().count() <= LONGEST_WORDS {
        return words.to_owned();
    }
    let head: String = words.chars().take(LONGEST_WORDS).collect();
    format!("{head}…")
}
