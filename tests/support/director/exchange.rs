//! Requests as the Director understands them, answers as it and the nginx in
//! front of it send them.

use axum::http::{HeaderMap, Method, Uri, header};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

/// A request, decoded.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    /// The path as it came, for the words of a 401.
    pub(super) raw_path: String,
    /// The path decoded; an encoded slash is a slash.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
}

impl Request {
    pub(super) fn read(method: Method, uri: &Uri, headers: HeaderMap) -> Self {
        let query = uri.query().unwrap_or_default().as_bytes();
        Self {
            method,
            raw_path: uri.path().to_owned(),
            path: percent_decode_str(uri.path()).decode_utf8_lossy().into_owned(),
            // In a query a plus is a space, in a path it is a plus.
            query: url::form_urlencoded::parse(query).into_owned().collect(),
            headers,
        }
    }

    pub(super) fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Only the word `true` is true.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.query(name) == Some("true")
    }

    pub(super) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// How an answer's body is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    Whole,
    /// Half of it, then nothing for ever.
    Stalled,
    /// Half of what was announced, then an orderly end.
    Short,
    /// Half of what was announced, then a reset.
    Reset,
    /// Packed, of which half is sent and announced as the whole.
    HalfPacked,
}

/// Who makes the answer's headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// The Director, on a route that asks who the caller is.
    Authenticated,
    /// The Director, on a route open to all.
    Open,
    /// nginx in front of it, or the UAA beside it.
    Front,
}

const HTML: &str = "text/html;charset=utf-8";
const JSON: &str = "application/json";

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) content_type: Option<&'static str>,
    pub(super) body: Vec<u8>,
    pub(super) delivery: Delivery,
    pub(super) extra: Vec<(&'static str, String)>,
    origin: Origin,
}

impl Answer {
    fn new(status: u16, content_type: Option<&'static str>, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            content_type,
            body: body.into(),
            delivery: Delivery::Whole,
            extra: Vec::new(),
            origin: Origin::Authenticated,
        }
    }

    /// JSON that says so: `/info`, `/events`, `/tasks`, `/locks`.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, Some(JSON), body.to_string())
    }

    /// Text under the name of JSON, as routes of JSON send their errors.
    pub(super) fn plain_as_json(status: u16, body: &str) -> Self {
        Self::new(status, Some(JSON), body)
    }

    /// Anything under the name of HTML: everything else.
    pub(super) fn html(status: u16, body: &str) -> Self {
        Self::new(status, Some(HTML), body)
    }

    pub(super) fn empty(status: u16) -> Self {
        Self::new(status, (status != 204).then_some(HTML), "")
    }

    pub(super) fn director_error(status: u16, code: u32, description: &str) -> Self {
        // By hand: the order of the keys is the Director's.
        let description = Value::from(description);
        Self::html(status, &format!(r#"{{"code":{code},"description":{description}}}"#))
    }

    pub(super) fn unauthorized(request: &Request) -> Self {
        Self::html(401, &format!("Not authorized: '{}'\n", request.raw_path))
    }

    /// The guard of the framework.
    pub(super) fn forbidden() -> Self {
        Self::new(403, Some("text/plain"), "Forbidden")
    }

    /// A path below a part of the Director that has no such place.
    pub(super) fn no_endpoint(request: &Request) -> Self {
        let mut answer = Self::html(404, &format!("Endpoint '{}' not found.", request.path));
        answer.extra.push(("x-cascade", "pass".to_owned()));
        answer
    }

    /// A path that belongs to no part of the Director.
    pub(super) fn not_mounted(request: &Request) -> Self {
        let words = format!("Not Found: {}", request.path);
        let mut answer = Self::new(404, Some("text/plain"), words).by(Origin::Front);
        answer.extra.push(("x-cascade", "pass".to_owned()));
        answer
    }

    pub(super) fn nginx(status: u16, title: &str) -> Self {
        let title = format!("{status} {title}");
        let page = format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1>\
             </center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        Self::new(status, Some("text/html"), page).by(Origin::Front)
    }

    pub(super) fn redirect(status: u16, location: String) -> Self {
        let mut answer = Self::empty(status);
        answer.extra.push(("location", location));
        answer
    }

    /// The UAA's answers.
    pub(super) fn uaa(status: u16, body: &Value) -> Self {
        Self::json(status, body).by(Origin::Front)
    }

    pub(super) fn uaa_refusal() -> Self {
        let body = json!({"error": "unauthorized", "error_description": "Bad credentials"});
        let mut answer = Self::uaa(401, &body);
        let challenge = r#"Basic realm="UAA/client", error="unauthorized""#;
        answer.extra.push(("www-authenticate", challenge.to_owned()));
        answer
    }

    /// On a route that does not ask who the caller is.
    pub(super) fn open(self) -> Self {
        self.by(Origin::Open)
    }

    fn by(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// All headers but date, length and encoding.
    pub(super) fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![("server", "nginx".to_owned())];
        let mut add = |name, value: &str| headers.push((name, value.to_owned()));
        if let Some(content_type) = self.content_type {
            add("content-type", content_type);
        }
        if self.origin == Origin::Authenticated {
            // Also on a success: it is no challenge.
            add("www-authenticate", r#"Basic realm="BOSH Director""#);
        }
        if self.origin != Origin::Front {
            add("x-content-type-options", "nosniff");
            if self.content_type == Some(HTML) {
                add("x-xss-protection", "1; mode=block");
                add("x-frame-options", "SAMEORIGIN");
            }
        }
        headers.extend(self.extra.iter().cloned());
        headers
    }

    /// nginx packs what is called HTML from 1250 bytes on, and JSON never.
    pub(super) fn is_packed(&self, request: &Request) -> bool {
        const SMALLEST: usize = 1250;
        self.delivery == Delivery::HalfPacked
            || (self.body.len() >= SMALLEST
                && self.content_type.is_some_and(|kind| kind.starts_with("text/html"))
                && request.header(header::ACCEPT_ENCODING).is_some_and(|accepted| accepted.contains("gzip")))
    }

    pub(super) fn is_json(&self) -> bool {
        self.content_type == Some(JSON)
    }
}
