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
    let told = match &said {
        // The words of an accident may quote what it happened at: a value of a
        // manifest. The code tells whoever reads the Director's log enough.
        Some(said) if answer.status.is_server_error() => match said.code.as_u64() {
            Some(code) => format!("HTTP {status}, the Director's error {code}"),
            None => format!("HTTP {status}"),
        },
        Some(said) => format!("HTTP {status}: {}", shorten(&said.description)),
        None => format!("HTTP {status}"),
    };
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
        400 if is_plain_on_tls(answer) => error(
            PortErrorKind::Unsupported,
            "the port speaks TLS, and the address says `http://`".to_owned(),
        )
        .with_advice("write the address with `https://`"),
        413 => error(PortErrorKind::TooLarge, told),
        429 => error(PortErrorKind::RateLimited, told)
            .with_advice("lower the Director's limits of requests in the configuration"),
        500..=599 => error(PortErrorKind::Transient, told)
            .with_advice("look at the Director's own log; it may be restarting or overloaded"),
        _ => error(PortErrorKind::Unsupported, told)
            .with_advice("check that the address is the Director's own and the port is right"),
    }
}

/// Whether a web server says that it was spoken to without TLS on a port that
/// wants it. nginx, which stands in every Director, says it in these words.
fn is_plain_on_tls(answer: &Answer) -> bool {
    const WORDS: &[u8] = b"sent to HTTPS port";
    answer.body.windows(WORDS.len()).any(|part| part == WORDS)
}

/// Says what to do about a Director that gave no answer. An error with advice
/// of its own, or of another request (the UAA's), stays as it is.
pub(super) fn unreached(error: PortError, operation: &'static str, address: &str) -> PortError {
    if error.kind != PortErrorKind::Transient || error.operation != operation || error.advice.is_some() {
        return error;
    }
    let mut advice = format!("check that the Director runs and can be reached at {address}");
    if address.starts_with("http://") {
        advice.push_str("; a Director usually speaks TLS: `https://` may be meant");
    }
    error.with_advice(advice)
}

fn shorten(words: &str) -> String {
    if words.chars().count() <= LONGEST_WORDS {
        return words.to_owned();
    }
    let head: String = words.chars().take(LONGEST_WORDS).collect();
    format!("{head}…")
}
