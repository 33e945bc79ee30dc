//! Whoever wants to know of every request, for statistics: told each try with
//! labels from closed sets, never a name, a path or a value.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One try of a request that is over.
#[derive(Debug, Clone, Copy)]
pub struct Observation {
    /// Who was asked: `director`, `uaa`, `vault`, `broker`.
    pub peer: &'static str,
    /// The method, of those that our requests have.
    pub method: &'static str,
    /// The route, its parameters not filled in: `/deployments/:name`.
    pub route: &'static str,
    /// The status of the answer; nothing if there was none.
    pub status: Option<u16>,
    /// Whether an earlier try had failed.
    pub is_retry: bool,
    /// How long it took, the wait for its place not counted.
    pub took: Duration,
}

/// Is told of every try.
pub trait RequestObserver: fmt::Debug + Send + Sync {
    /// A try is over. Called while others wait: it must not block.
    fn observe(&self, observation: &Observation);
}

/// An observer, and who it is told was asked.
#[derive(Debug, Clone)]
pub(super) struct Observed {
    pub(super) peer: &'static str,
    pub(super) observer: Arc<dyn RequestObserver>,
}
