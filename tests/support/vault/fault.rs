//! Faults on demand: what goes wrong, at which request, how often.

use std::time::Duration;

use super::exchange::{Answer, Request, Route};

/// What goes wrong. "Before" means that the request changes nothing, "after"
/// that it did its work and only the answer is lost.
#[derive(Debug, Clone)]
pub enum Effect {
    /// The connection breaks before the request is carried out.
    CutBefore,
    /// The connection breaks after the request was carried out.
    CutAfter,
    /// Either of the two, by the seed.
    CutSomewhere,
    /// The request waits and is then carried out, unless the client has left.
    Stall(Duration),
    /// The request is carried out and its answer waits.
    Late(Duration),
    /// An answer of errors instead of the work.
    Refuse {
        /// The status.
        status: u16,
        /// The texts.
        errors: Vec<String>,
        /// The `Retry-After` header.
        retry_after: Option<String>,
    },
    /// Exactly this answer instead of the work, as something in between gives.
    Answer {
        /// The status.
        status: u16,
        /// The body.
        body: String,
    },
    /// 404 with a warning instead of the work.
    Warn(String),
    /// The work is done and answered with errors.
    FailAfter {
        /// The status.
        status: u16,
        /// The texts.
        errors: Vec<String>,
    },
    /// 307 to another server, which has to be an address without path.
    Redirect(String),
    /// 307 to exactly this address.
    RedirectTo(String),
    /// The work is done and the JSON of the answer ends in its middle.
    Truncate,
    /// The work is done and the connection breaks in the middle of the answer.
    BreakBody,
    /// 204 without content, and nothing is stored where it should be.
    NoContent,
    /// All tokens that roles gave end just before the request.
    RevokeGiven,
}

impl Effect {
    fn refuse(status: u16, error: &str) -> Self {
        Self::Refuse { status, errors: vec![error.to_owned()], retry_after: None }
    }

    /// 404 with a body that may be anything.
    #[must_use]
    pub fn not_found(body: &str) -> Self {
        Self::Answer { status: 404, body: body.to_owned() }
    }

    /// 412: the node has not seen the write that the client has.
    #[must_use]
    pub fn stale() -> Self {
        Self::refuse(412, "required index state not present")
    }

    /// 429, with `Retry-After` in seconds if given.
    #[must_use]
    pub fn rate_limited(retry_after: Option<u64>) -> Self {
        Self::Refuse {
            status: 429,
            errors: vec!["request path \"secret/data\": rate limit quota exceeded".to_owned()],
            retry_after: retry_after.map(|seconds| seconds.to_string()),
        }
    }

    /// 500 of a standby that lost its active node.
    #[must_use]
    pub fn election() -> Self {
        Self::refuse(500, "local node not active but active cluster node not found")
    }

    /// 503 of a cluster between two active nodes.
    #[must_use]
    pub fn no_active_node() -> Self {
        Self::refuse(503, "no active Vault instance found")
    }

    /// 503 of a sealed server.
    #[must_use]
    pub fn sealed() -> Self {
        Self::refuse(503, "Vault is sealed")
    }

    /// 400 of a mount that is being upgraded.
    #[must_use]
    pub fn upgrading() -> Self {
        Self::refuse(
            400,
            "Upgrading from non-versioned to versioned data. This backend will be unavailable \
             for a brief period and will resume service shortly.",
        )
    }

    /// 500 after the work was done.
    #[must_use]
    pub fn internal_error_after() -> Self {
        Self::FailAfter { status: 500, errors: vec!["internal error".to_owned()] }
    }

    /// The answer that stands in for the work, if there is one.
    pub(crate) fn instead(&self, request: &Request) -> Option<Answer> {
        match self {
            Self::Refuse { status, errors, retry_after } => {
                let errors: Vec<_> = errors.iter().map(String::as_str).collect();
                let answer = Answer::errors(*status, &errors);
                Some(match retry_after {
                    Some(seconds) => answer.with("retry-after", seconds.clone()),
                    None => answer,
                })
            }
            Self::Redirect(base) => {
                let location = format!("{}{}", base.trim_end_matches('/'), request.target);
                Some(Answer { status: 307, body: String::new(), headers: vec![("location", location)] })
            }
            Self::RedirectTo(location) => Some(Answer {
                status: 307,
                body: String::new(),
                headers: vec![("location", location.clone())],
            }),
            Self::Answer { status, body } => {
                Some(Answer { status: *status, body: body.clone(), headers: Vec::new() })
            }
            Self::Warn(warning) => Some(Answer::warning(404, warning)),
            Self::NoContent => Some(Answer::empty()),
            _ => None,
        }
    }
}

/// A fault: an effect and the requests it meets.
#[derive(Debug, Clone)]
pub struct Fault {
    effect: Effect,
    route: Option<Route>,
    path: Option<String>,
    skip: u64,
    left: Option<u64>,
    per_mille: Option<u64>,
}

impl Fault {
    /// A fault that meets the next request, once.
    #[must_use]
    pub fn new(effect: Effect) -> Self {
        Self { effect, route: None, path: None, skip: 0, left: Some(1), per_mille: None }
    }

    /// Only requests of a route.
    #[must_use]
    pub fn on(mut self, route: Route) -> Self {
        self.route = Some(route);
        self
    }

    /// Only requests whose path ends so.
    #[must_use]
    pub fn at(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// The `nth` of such requests, counted from 1, and not those before.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.skip = nth.saturating_sub(1);
        self
    }

    /// So many of such requests.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.left = Some(times);
        self
    }

    /// All such requests.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.left = None;
        self
    }

    /// Each of such requests with a chance in a thousand, by the seed.
    #[must_use]
    pub fn chance(mut self, per_mille: u64) -> Self {
        self.per_mille = Some(per_mille);
        self.always()
    }
}

/// The faults of a server and the generator behind their chances.
#[derive(Debug)]
pub(crate) struct Faults {
    faults: Vec<Fault>,
    seed: u64,
}

impl Faults {
    /// No faults yet; the seed decides all chances.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self { faults: Vec::new(), seed: seed | 1 }
    }

    /// Adds a fault.
    pub(crate) fn add(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Ends all faults.
    pub(crate) fn clear(&mut self) {
        self.faults.clear();
    }

    /// The effect that a request meets, if any: of the oldest fault that fits.
    pub(crate) fn meet(&mut self, route: Route, path: &str) -> Option<Effect> {
        let roll = self.roll();
        let fault = self.faults.iter_mut().find(|fault| {
            fault.left != Some(0)
                && fault.route.is_none_or(|wanted| wanted == route)
                && fault.path.as_ref().is_none_or(|end| path.ends_with(end))
        })?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        if fault.per_mille.is_some_and(|chance| roll % 1000 >= chance) {
            return None;
        }
        fault.left = fault.left.map(|left| left - 1);
        Some(match (&fault.effect, roll / 1000 % 2) {
            (Effect::CutSomewhere, 0) => Effect::CutBefore,
            (Effect::CutSomewhere, _) => Effect::CutAfter,
            (effect, _) => effect.clone(),
        })
    }

    /// The next number of a xorshift generator.
    fn roll(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed >> 8
    }
}
