//! One request and at most one redirect: the headers that every request has,
//! and where the token may follow.

use std::sync::{Arc, Mutex, PoisonError};

use super::errand::Errand;
use crate::adapters::http::{
    Answer, Call, HeaderMap, HeaderName, HeaderValue, RequestCounts, RequestObserver, StatusCode, Transport,
    Url,
};
use crate::ports::{PortError, PortErrorKind};

/// The host by which the server knows itself.
pub(super) const HOST: HeaderName = HeaderName::from_static("host");

const INDEX: HeaderName = HeaderName::from_static("x-vault-index");

/// Requests to one server, and to the active node that it names.
#[derive(Debug)]
pub(super) struct Link {
    transport: Transport,
    /// Sent with every request.
    headers: HeaderMap,
    /// The mark of the last write, for clusters whose standbys answer reads: a
    /// node that has not seen it yet says 412.
    index: Mutex<Option<HeaderValue>>,
}

impl Link {
    pub(super) fn new(transport: Transport, headers: HeaderMap) -> Self {
        Self { transport, headers, index: Mutex::default() }
    }

    /// Has somebody told of every request.
    pub(super) fn observe(&mut self, observer: &Arc<dyn RequestObserver>) {
        self.transport = self.transport.clone().with_observer("vault", Arc::clone(observer));
    }

    /// Makes a request; gives the answer, whatever its status, unless it is a
    /// redirect.
    pub(super) async fn send(&self, errand: &Errand<'_>, call: Call<'_>) -> Result<Answer, PortError> {
        let call = self.dress(call);
        let answer = self.attempt(&self.transport, &call).await?;
        if !is_redirect(&answer) {
            return Ok(self.noted(answer));
        }
        let base = self.next(errand, &answer)?;
        let call = self.readdress(errand, call, &base)?;
        tracing::debug!(to = %base, "Vault names another node");
        let node = self.transport.with_base(base)?;
        let answer = self.attempt(&node, &call).await?;
        if is_redirect(&answer) {
            return Err(errand.advise(
                PortErrorKind::Unavailable,
                "the node that Vault named sends us on once more",
                "check `api_addr` of the nodes: it must name the node itself, not the load \
                 balancer",
            ));
        }
        Ok(self.noted(answer))
    }

    /// Makes a request; says where nobody answered.
    async fn attempt(&self, to: &Transport, call: &Call<'_>) -> Result<Answer, PortError> {
        to.send(call).await.map_err(|error| {
            if error.kind == PortErrorKind::Transient && error.advice.is_none() {
                let base = to.base().as_str().trim_end_matches('/');
                let advice = format!("check that Vault runs and can be reached at {base}");
                error.with_advice(advice)
            } else {
                error
            }
        })
    }

    /// What was asked so far.
    pub(super) fn counts(&self) -> RequestCounts {
        self.transport.counts()
    }

    fn dress<'c>(&self, mut call: Call<'c>) -> Call<'c> {
        for (name, value) in &self.headers {
            call = call.header(name.clone(), value.clone());
        }
        let index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        match &*index {
            Some(index) => call.header(INDEX, index.clone()),
            None => call,
        }
    }

    /// A host that was set by hand is the other node's now.
    fn readdress<'c>(&self, errand: &Errand<'_>, call: Call<'c>, base: &Url) -> Result<Call<'c>, PortError> {
        if !self.headers.contains_key(HOST) {
            return Ok(call);
        }
        let host = host_of(base)
            .ok_or_else(|| errand.error(PortErrorKind::Local, "Vault redirects to a strange host"))?;
        Ok(call.header(HOST, host))
    }

    fn noted(&self, answer: Answer) -> Answer {
        if let Some(index) = answer.headers.get(INDEX) {
            *self.index.lock().unwrap_or_else(PoisonError::into_inner) = Some(index.clone());
        }
        answer
    }

    /// The base of the node that a redirect names, if the token may go there:
    /// over https to any host, over http only to the same one.
    fn next(&self, errand: &Errand<'_>, answer: &Answer) -> Result<Url, PortError> {
        let base = self.transport.base();
        let refuse = |reason: String| {
            errand.advise(
                PortErrorKind::Local,
                reason,
                "the token was not sent there; give the address of the active node, or make \
                 `api_addr` of the nodes an `https` address",
            )
        };
        let location = answer
            .location()
            .and_then(|location| base.join(location).ok())
            .ok_or_else(|| refuse("a redirect without a usable address".to_owned()))?;
        let shown = location.origin().ascii_serialization();
        let is_allowed = match (base.scheme(), location.scheme()) {
            (_, "https") => true,
            ("http", "http") => base.host() == location.host(),
            _ => false,
        };
        if !is_allowed {
            return Err(refuse(format!("Vault redirects to {shown}")));
        }
        let Some((above, _)) = location.path().split_once("/v1/") else {
            return Err(refuse(format!("Vault redirects to a place at {shown} that is not Vault's")));
        };
        let mut next = location.clone();
        next.set_path(above);
        next.set_query(None);
        next.set_fragment(None);
        Ok(next)
    }
}

/// Host and port of a URL, as the `Host` header has them.
pub(super) fn host_of(url: &Url) -> Option<HeaderValue> {
    let host = url.host_str()?;
    let text = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    HeaderValue::from_str(&text).ok()
}

fn is_redirect(answer: &Answer) -> bool {
    matches!(
        answer.status,
        StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT
    )
}
