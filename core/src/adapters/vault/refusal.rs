//! What an answer that is no success means, and what to do about it.
//!
//! A kind is told by status and, where Vault gives one status to several
//! things, by its text: 400 for a lost check-and-set, 500 for an entry that is
//! too large, 500 and 503 for a cluster that elects its leader.

use serde::de::IgnoredAny;

use super::errand::Errand;
use super::wire;
use crate::adapters::http::{Answer, StatusCode, Verdict};
use crate::ports::{PortError, PortErrorKind};

/// Why Vault did not do what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Another version stands there than the write expected.
    CasMismatch,
    /// An empty list of errors, no warnings, no data: the one 404 that means
    /// absence.
    Absent,
    /// A 404 with an explanation: no mount, no such route, another engine.
    WrongPlace,
    /// 403, by a policy or for the token: only the token itself can tell.
    Forbidden,
    /// 503: sealed.
    Sealed,
    /// Nobody leads the cluster at this moment.
    Standby,
    /// 501: not initialised.
    Uninitialised,
    /// 429.
    RateLimited,
    /// 412: this node has not seen the write that we have.
    Stale,
    /// A limit of the server.
    TooLarge,
    /// The mount is being upgraded to KV v2.
    Upgrading,
    /// Any other 4xx.
    Invalid,
    /// Any other 5xx.
    Broken,
    /// An answer that Vault does not give.
    Foreign,
}

/// The body of a refusal, as far as it decides what a 404 means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Nothing that Vault sends. Gateways and routers answer 404 in JSON too,
    /// so that JSON alone says nothing.
    Foreign,
    /// `{"errors":[]}` and nothing else to tell.
    Bare,
    /// Errors, warnings or data.
    Telling,
}

impl Shape {
    /// The shape of a body, and its words.
    fn read(body: &[u8]) -> (Self, String) {
        let Some(body) = wire::envelope::<IgnoredAny>(body) else {
            return (Self::Foreign, String::new());
        };
        let has_errors = body.errors.is_some();
        let mut texts: Vec<String> = body.errors.unwrap_or_default();
        texts.extend(body.warnings.into_iter().flatten());
        let shape = match (texts.is_empty() && body.data.is_none(), has_errors) {
            (false, _) => Self::Telling,
            (true, true) => Self::Bare,
            (true, false) => Self::Foreign,
        };
        (shape, flatten(&texts.join("; ")))
    }
}

/// A refusal with the words of the server.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) refusal: Refusal,
    status: StatusCode,
    text: String,
}

/// Longer texts are cut: they are for people.
const LONGEST_TEXT: usize = 300;

const TOO_LARGE: [&str; 7] = [
    "value being too large",
    "exceeds allowed length",
    "exceeds allowed nesting depth",
    "exceeds allowed entry count",
    "exceeds allowed element count",
    "due to high complexity",
    "request body too large",
];

const STANDBY: [&str; 5] = [
    "local node not active but active cluster node not found",
    "no active Vault instance found",
    "node is not active",
    "Vault is in standby mode",
    "not the active node",
];

impl Refused {
    /// Reads an answer that is no success.
    pub(super) fn read(answer: &Answer) -> Self {
        let (shape, text) = Shape::read(&answer.body);
        // A success here is one that the caller cannot use.
        let refusal = if answer.status.is_redirection() || answer.status.is_success() {
            Refusal::Foreign
        } else {
            tell(answer.status, &text, shape)
        };
        Self { refusal, status: answer.status, text }
    }

    /// The error of an errand that was refused so.
    pub(super) fn error(&self, errand: &Errand<'_>) -> PortError {
        use PortErrorKind as Kind;
        let (kind, what, advice) = match self.refusal {
            Refusal::CasMismatch => (
                Kind::Conflict,
                "it was changed by somebody else since it was read",
                "read it again and make the change anew",
            ),
            Refusal::Absent | Refusal::WrongPlace => (
                Kind::Local,
                "Vault has nothing at this place",
                "check the mount, the namespace and the path prefix; `vault secrets list` \
                 shows the mounts",
            ),
            Refusal::Forbidden => (
                Kind::Denied,
                "the token is valid, its policies do not allow this",
                "add the path to the token's policy; `reconciler doctor` prints the smallest \
                 policy that suffices",
            ),
            Refusal::Sealed => (
                Kind::Unavailable,
                "Vault is sealed",
                "unseal it with `vault operator unseal`, then run again",
            ),
            Refusal::Standby => (
                Kind::Unavailable,
                "only a standby answered, no node is active",
                "wait for the election; if it lasts, look at `vault status` on each node",
            ),
            Refusal::Uninitialised => (
                Kind::Unavailable,
                "Vault is not initialised",
                "initialise it with `vault operator init`, and check that this is the right server",
            ),
            Refusal::RateLimited => (
                Kind::RateLimited,
                "Vault asks for fewer requests",
                "lower the requests a second, or raise the quota under `sys/quotas`",
            ),
            Refusal::Stale => (
                Kind::Transient,
                "this node has not caught up with an earlier write",
                "run again in a moment, or name the active node as the address",
            ),
            Refusal::TooLarge => (
                Kind::TooLarge,
                "it is larger than the server allows",
                "raise the server's limit (`max_entry_size`, `max_request_size`, on OpenBao \
                 `max_request_json_strings`), and configure the same limit here",
            ),
            Refusal::Upgrading => {
                (Kind::Unavailable, "the mount is being upgraded to KV v2", "run again in a moment")
            }
            Refusal::Invalid => {
                (Kind::Invalid, "Vault refused the request", "check the address, the mount and the path")
            }
            Refusal::Broken => {
                (Kind::Transient, "Vault failed", "run again; if it lasts, look into the server's log")
            }
            Refusal::Foreign => (
                Kind::Malformed,
                "this is not an answer of Vault",
                "check that the address is Vault's own and that no proxy stands in between",
            ),
        };
        errand.advise(kind, self.describe(what), advice)
    }

    /// What happened, with the server's status and words.
    pub(super) fn describe(&self, what: &str) -> String {
        let status = self.status.as_u16();
        if self.text.is_empty() {
            format!("{what} ({status})")
        } else {
            format!("{what} ({status}: {})", self.text)
        }
    }
}

fn tell(status: StatusCode, text: &str, shape: Shape) -> Refusal {
    let says = |texts: &[&str]| texts.iter().any(|part| text.contains(part));
    if says(&TOO_LARGE) || status == StatusCode::PAYLOAD_TOO_LARGE {
        return Refusal::TooLarge;
    }
    match status.as_u16() {
        404 => match shape {
            Shape::Foreign => Refusal::Foreign,
            Shape::Bare => Refusal::Absent,
            Shape::Telling => Refusal::WrongPlace,
        },
        403 => Refusal::Forbidden,
        429 => Refusal::RateLimited,
        412 => Refusal::Stale,
        501 => Refusal::Uninitialised,
        400 if says(&["did not match the current version"]) => Refusal::CasMismatch,
        400 if says(&["Upgrading from non-versioned to versioned", "Waiting for the primary to upgrade"]) => {
            Refusal::Upgrading
        }
        500..=599 if says(&["Vault is sealed"]) => Refusal::Sealed,
        500..=599 if says(&STANDBY) => Refusal::Standby,
        500..=599 => Refusal::Broken,
        _ => Refusal::Invalid,
    }
}

/// One line of bounded length.
fn flatten(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// Which answers deserve another try where a repetition does no harm.
pub(super) fn judge_read(answer: &Answer) -> Verdict {
    if !is_refusal(answer) {
        return Verdict::Final;
    }
    match Refused::read(answer).refusal {
        Refusal::Broken => Verdict::Again,
        refusal => judge(refusal),
    }
}

/// Which answers to a write deserve another try: those that say that nothing
/// was done. A 5xx without such words may have done it.
pub(super) fn judge_write(answer: &Answer) -> Verdict {
    if !is_refusal(answer) {
        return Verdict::Final;
    }
    judge(Refused::read(answer).refusal)
}

/// One answer is enough.
pub(super) fn judge_final(_: &Answer) -> Verdict {
    Verdict::Final
}

fn judge(refusal: Refusal) -> Verdict {
    match refusal {
        Refusal::RateLimited | Refusal::Stale | Refusal::Standby | Refusal::Upgrading => Verdict::Again,
        // A sealed Vault waits for a person, not for us.
        _ => Verdict::Final,
    }
}

fn is_refusal(answer: &Answer) -> bool {
    answer.status.is_client_error() || answer.status.is_server_error()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bare_404_is_absence() {
        for (body, refusal) in [
            (r#"{"errors":[]}"#, Refusal::Absent),
            (r#"{"errors":[],"data":null,"warnings":null}"#, Refusal::Absent),
            (r#"{"errors":[],"data":{}}"#, Refusal::WrongPlace),
            (r#"{"data":{},"warnings":null}"#, Refusal::WrongPlace),
            (r#"{"errors":["no handler for route"]}"#, Refusal::WrongPlace),
            (r#"{"errors":[""]}"#, Refusal::WrongPlace),
            (r#"{"errors":[],"warnings":["Invalid path for a versioned"]}"#, Refusal::WrongPlace),
            ("{}", Refusal::Foreign),
            (r#"{"errors":null}"#, Refusal::Foreign),
            (r#"{"errors":{}}"#, Refusal::Foreign),
            (r#"{"message":"no Route matched"}"#, Refusal::Foreign),
            ("[]", Refusal::Foreign),
            ("[null,null,[]]", Refusal::Foreign),
            ("null", Refusal::Foreign),
            ("<html>", Refusal::Foreign),
            ("", Refusal::Foreign),
        ] {
            let (shape, text) = Shape::read(body.as_bytes());
            assert_eq!(tell(StatusCode::NOT_FOUND, &text, shape), refusal, "{body}");
        }
    }

    #[test]
    fn one_status_means_several_things() {
        for (status, text, refusal) in [
            (400, "check-and-set parameter did not match the current version", Refusal::CasMismatch),
            (400, "Upgrading from non-versioned to versioned data. This", Refusal::Upgrading),
            (400, "refused JSON input due to high complexity: exceeded", Refusal::TooLarge),
            (400, "JSON payload exceeds allowed nesting depth", Refusal::TooLarge),
            (400, "JSON object exceeds allowed entry count", Refusal::TooLarge),
            (400, "JSON array exceeds allowed element count", Refusal::TooLarge),
            (400, "no data provided", Refusal::Invalid),
            (500, "put failed due to value being too large; got 2", Refusal::TooLarge),
            (500, "JSON string value exceeds allowed length", Refusal::TooLarge),
            (500, "local node not active but active cluster node not found", Refusal::Standby),
            (500, "internal error", Refusal::Broken),
            (503, "no active Vault instance found", Refusal::Standby),
            (503, "Vault is sealed", Refusal::Sealed),
            (503, "", Refusal::Broken),
            (412, "required index state not present", Refusal::Stale),
            (413, "", Refusal::TooLarge),
            (429, "", Refusal::RateLimited),
            (501, "", Refusal::Uninitialised),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(tell(status, text, Shape::Telling), refusal, "{status} {text}");
        }
    }

    #[test]
    fn long_texts_are_cut_to_one_line() {
        let text = flatten(&format!("a\n\tb{}", "ü".repeat(400)));
        assert!(text.starts_with("a b") && text.ends_with('…'));
        assert_eq!(text.chars().count(), LONGEST_TEXT + 1);
    }
}
