//! One request as the fake sees it, and its answer.

use axum::http::{HeaderMap, Method, Uri};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::number;

/// What kind of request it is; counted and matched by faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Route {
    /// `sys/health`.
    Health,
    /// `sys/seal-status`.
    SealStatus,
    /// `sys/internal/ui/mounts/…`.
    Preflight,
    /// `sys/capabilities-self`.
    Capabilities,
    /// `auth/…/login`.
    Login,
    /// `auth/token/lookup-self`.
    LookupSelf,
    /// `auth/token/renew-self`.
    RenewSelf,
    /// `GET M/data/…`.
    Read,
    /// `POST M/data/…`.
    Write,
    /// `DELETE M/data/…`.
    Delete,
    /// The list of `M/metadata/…`.
    List,
    /// `GET M/metadata/…`.
    Metadata,
    /// `DELETE M/metadata/…`.
    Purge,
    /// Anything on a KV v1 mount.
    VersionOne,
    /// Anything else.
    Other,
}

/// A request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Below `/v1/`, decoded, without a trailing slash.
    pub(crate) path: String,
    /// Path and query as sent, for redirects.
    pub(crate) target: String,
    pub(crate) list: bool,
    pub(crate) version: Option<u64>,
    pub(crate) token: Option<String>,
    pub(crate) namespace: String,
    pub(crate) index: Option<String>,
    pub(crate) body: Vec<u8>,
    pub(crate) parsed: Value,
}

impl Request {
    /// Reads a request; `base` is the path prefix of the server.
    pub(crate) fn read(
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
        base: &str,
    ) -> Option<Self> {
        let header = |name: &str| {
            let text = headers.get(name)?.to_str().ok()?;
            Some(text.to_owned())
        };
        let path = uri.path().strip_prefix(base)?.strip_prefix("/v1/")?;
        let query = uri.query().unwrap_or_default();
        let field = |name: &str| {
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find_map(|(key, value)| (key == name).then_some(value))
        };
        Some(Self {
            list: method.as_str() == "LIST" || field("list") == Some("true"),
            version: field("version").and_then(|text| text.parse().ok()),
            method: method.clone(),
            path: decode(path.trim_end_matches('/')),
            target: uri.to_string(),
            token: header("x-vault-token").filter(|token| !token.is_empty()),
            namespace: header("x-vault-namespace")
                .map(|name| name.trim_matches('/').to_owned())
                .unwrap_or_default(),
            index: header("x-vault-index"),
            parsed: serde_json::from_slice(body).unwrap_or(Value::Null),
            body: body.to_owned(),
        })
    }

    /// Whether it changes something, by its method.
    pub(crate) fn is_write(&self) -> bool {
        !self.list && matches!(self.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE")
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Answer {
    /// An answer of `data`, in the envelope of every answer.
    pub(crate) fn data(status: u16, data: &Value) -> Self {
        Self::envelope(status, data, &Value::Null, &[])
    }

    /// An answer of `auth`: a login or a renewal.
    pub(crate) fn auth(auth: &Value, warnings: &[String]) -> Self {
        Self::envelope(200, &Value::Null, auth, warnings)
    }

    /// An answer of nothing but warnings.
    pub(crate) fn warning(status: u16, warning: &str) -> Self {
        Self::envelope(status, &Value::Null, &Value::Null, &[warning.to_owned()])
    }

    fn envelope(status: u16, data: &Value, auth: &Value, warnings: &[String]) -> Self {
        let warnings = if warnings.is_empty() { Value::Null } else { json!(warnings) };
        Self::json(
            status,
            &json!({
                "request_id": "00000000-0000-4000-8000-000000000001",
                "lease_id": "",
                "renewable": false,
                "lease_duration": 0,
                "data": data,
                "wrap_info": null,
                "warnings": warnings,
                "auth": auth,
                "mount_type": "kv",
            }),
        )
    }

    /// A bare JSON body.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self { status, body: number::text(body, false) + "\n", headers: Vec::new() }
    }

    /// `{"errors":[…]}`.
    pub(crate) fn errors(status: u16, errors: &[&str]) -> Self {
        Self::json(status, &json!({ "errors": errors }))
    }

    /// The answer without a body.
    pub(crate) fn empty() -> Self {
        Self { status: 204, body: String::new(), headers: Vec::new() }
    }

    /// The refusal of a policy.
    pub(crate) fn denied() -> Self {
        Self::errors(403, &["1 error occurred:\n\t* permission denied\n\n"])
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A time as the server writes it.
pub(crate) fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

fn decode(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = (first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
