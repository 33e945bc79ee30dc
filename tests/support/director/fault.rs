//! Faults on demand: what goes wrong, for which requests, how often.

use super::exchange::{Answer, Delivery};
use super::state::DirectorState;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// 500 with an empty body: an accident inside the Director.
    EmptyInternalError,
    /// nginx's page of a 502: the Director is restarting.
    BadGateway,
    /// nginx's page of a 503.
    Unavailable,
    /// nginx's page of a 504: the Director took too long.
    GatewayTimeout,
    /// 429, with a `Retry-After` in seconds.
    TooManyRequests {
        /// How long to wait.
        retry_after: u64,
    },
    /// 401 as text: the token is not accepted.
    Unauthorized,
    /// Half a body and then nothing.
    StalledBody,
    /// Half a body and an orderly end.
    ShortBody,
    /// Half of a packed body, announced as the whole.
    TruncatedGzip,
    /// A reset in the place of an answer.
    ResetBeforeHeaders,
    /// A reset in the middle of the body.
    ResetAfterHeaders,
    /// 200 with another body: a page of something in between, or odd JSON.
    Body(String),
    /// This status with this body.
    Refusal(u16, String),
    /// A list with the second half of its entries left out.
    HalfList,
    /// A list whose text ends in its middle.
    CutList,
    /// A redirect to this URL.
    Redirect(String),
    /// All tokens end; then the request is answered.
    ExpireTokens,
    /// All accounts and tokens have these scopes from now on.
    Scopes(Vec<String>),
    /// The Director has another UUID from now on.
    AnotherUuid(String),
}

impl Fault {
    /// At requests of this route: `/deployments/:name`.
    #[must_use]
    pub fn on(self, route: &'static str) -> Injection {
        Injection {
            fault: self,
            route: Some(route),
            deployment: None,
            skip: 0,
            times: None,
            now_and_then: None,
        }
    }

    /// At every request of the Director and its UAA.
    #[must_use]
    pub fn everywhere(self) -> Injection {
        Injection { route: None, ..self.on("") }
    }

    /// Changes what the Director holds, before it answers.
    pub(super) fn change(&self, state: &mut DirectorState) {
        match self {
            Self::ExpireTokens => state.expire_tokens(),
            Self::Scopes(scopes) => state.set_scopes(scopes),
            Self::AnotherUuid(uuid) => state.set_uuid(uuid),
            _ => {}
        }
    }

    /// The answer in the place of the Director's.
    pub(super) fn instead(&self, path: &str) -> Option<Answer> {
        Some(match self {
            Self::EmptyInternalError => Answer::empty(500),
            Self::BadGateway => Answer::nginx(502, "Bad Gateway"),
            Self::Unavailable => Answer::nginx(503, "Service Temporarily Unavailable"),
            Self::GatewayTimeout => Answer::nginx(504, "Gateway Time-out"),
            Self::TooManyRequests { retry_after } => {
                let mut answer = Answer::nginx(429, "Too Many Requests");
                answer.extra.push(("retry-after", retry_after.to_string()));
                answer
            }
            Self::Unauthorized => Answer::html(401, &format!("Not authorized: '{path}'\n")),
            Self::Body(body) => Answer::html(200, body),
            Self::Refusal(status, body) => Answer::html(*status, body),
            Self::Redirect(location) => Answer::redirect(302, location.clone()),
            _ => return None,
        })
    }

    /// What becomes of the Director's answer.
    pub(super) fn spoil(&self, answer: &mut Answer) {
        match self {
            Self::StalledBody => answer.delivery = Delivery::Stalled,
            Self::ShortBody => answer.delivery = Delivery::Short,
            Self::TruncatedGzip => answer.delivery = Delivery::HalfPacked,
            Self::ResetAfterHeaders => answer.delivery = Delivery::Reset,
            Self::CutList => answer.body.truncate(answer.body.len() / 2),
            Self::HalfList => {
                if let Ok(serde_json::Value::Array(mut list)) = serde_json::from_slice(&answer.body) {
                    list.truncate(list.len() / 2);
                    answer.body = serde_json::Value::Array(list).to_string().into_bytes();
                }
            }
            _ => {}
        }
    }
}

/// A fault and the requests it meets.
#[derive(Debug, Clone)]
pub struct Injection {
    pub(super) fault: Fault,
    route: Option<&'static str>,
    deployment: Option<String>,
    skip: u64,
    times: Option<u64>,
    now_and_then: Option<NowAndThen>,
}

/// A share of the requests, the same ones for the same seed.
#[derive(Debug, Clone)]
struct NowAndThen {
    per_mille: u64,
    state: u64,
}

impl NowAndThen {
    fn is_now(&mut self) -> bool {
        // Knuth's generator: good enough to be without a pattern.
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % 1_000 < self.per_mille
    }
}

impl Injection {
    /// Only for this deployment.
    #[must_use]
    pub fn of(mut self, deployment: &str) -> Self {
        self.deployment = Some(deployment.to_owned());
        self
    }

    /// Lets so many requests pass first.
    #[must_use]
    pub fn after(mut self, requests: u64) -> Self {
        self.skip = requests;
        self
    }

    /// Only so many times; without a word, for ever.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Only a share of the requests, drawn from a seed.
    #[must_use]
    pub fn now_and_then(mut self, per_mille: u64, seed: u64) -> Self {
        self.now_and_then = Some(NowAndThen { per_mille, state: seed });
        self
    }

    /// Whether a request meets the fault; counts it.
    pub(super) fn meets(&mut self, route: &str, deployment: Option<&str>) -> bool {
        let is_meant = self.route.is_none_or(|wanted| wanted == route)
            && (self.deployment.is_none() || self.deployment.as_deref() == deployment);
        if !is_meant || self.times == Some(0) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if self.now_and_then.as_mut().is_some_and(|share| !share.is_now()) {
            return false;
        }
        if let Some(times) = &mut self.times {
            *times -= 1;
        }
        true
    }
}
