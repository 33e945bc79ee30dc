//! What the adapters over HTTP share: one client, its bounds, its retries, its
//! limits and the meaning of its failures.
//!
//! A [`Transport`] is bound to one base URL. It takes a [`Call`], whose path is
//! built from a route and its parameters and never from a URL that the other
//! side named, and gives an [`Answer`] or a
//! [`PortError`](crate::ports::PortError). So a credential cannot leave the
//! origin it belongs to: there is no way to say another one.
//!
//! | part | decides |
//! |---|---|
//! | [`ClientSettings`] | certificates, proxy, time limits |
//! | [`RetrySettings`] | how often and how soon a request is made again |
//! | [`LimitSettings`] | how many requests at once, how many a second |
//! | [`Replay`], [`Verdict`] | whether this request may be made again |
//! | [`Credentials`] | the header that says who we are |
//! | [`RequestObserver`] | nothing: it is told of every try |
//!
//! Nothing here logs a header, a query or a body.

mod answer;
mod basic;
mod body;
mod call;
mod certificate;
mod client;
mod failure;
mod limits;
mod loopback;
mod observer;
mod pem;
mod proxy;
mod retry;
mod route;
mod secret;
mod server_name;
mod statistics;
#[cfg(test)]
mod tests;
mod transport;

pub use answer::Answer;
pub use basic::basic_authorization;
pub use call::{Call, Credential, Credentials, Replay, Verdict, judge_by_status};
pub use certificate::not_after;
pub use client::{ClientSettings, Timeouts};
pub use limits::LimitSettings;
pub use loopback::is_loopback;
pub use observer::{Observation, RequestObserver};
pub use pem::PemSource;
pub use proxy::ProxySettings;
pub use retry::{Pause, RetrySettings, TokioPause};
pub use route::{InvalidSegment, expand_route};
pub use secret::Secret;
pub use server_name::ServerName;
pub use statistics::RequestCounts;
pub use transport::Transport;

/// The building blocks' own types that appear in calls and answers.
pub use bytes::Bytes;
pub use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
pub use reqwest::{Method, StatusCode};
pub use tokio_util::sync::CancellationToken;
pub use url::Url;
