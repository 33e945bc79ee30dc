//! Basic authentication, ready to be sent.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::HeaderValue;

use super::Secret;

/// The value of an `Authorization` header with user and password; `None` if
/// they cannot stand in one.
#[must_use]
pub fn basic_authorization(user: &str, password: &Secret) -> Option<HeaderValue> {
    let pair = Secret::new(format!("{user}:{}", password.expose()));
    let text = Secret::new(format!("Basic {}", BASE64_STANDARD.encode(pair.expose())));
    let mut header = HeaderValue::from_str(text.expose()).ok()?;
    header.set_sensitive(true);
    Some(header)
}
