//! A UAA's token: how long it is used and what it allows.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use tokio::time::Instant;

use super::decode::{Text, decode};
use crate::adapters::http::{Bytes, Secret};
use crate::ports::{PortError, PortErrorKind};

/// A token as long as it may be used.
pub(super) struct Token {
    pub(super) header: HeaderValue,
    pub(super) scopes: Vec<String>,
    pub(super) lifetime: Duration,
    renew_at: Instant,
    ends_at: Instant,
}

/// The UAA's answer.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Secret,
    expires_in: Option<Text>,
    scope: Option<String>,
}

/// What the token itself says, as far as it is used.
#[derive(Deserialize, Default)]
struct Payload {
    #[serde(default)]
    scope: Option<Scopes>,
    exp: Option<u64>,
    iat: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scopes {
    List(Vec<String>),
    Words(String),
}

/// No token is used longer than this, whatever its answer says.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a token is taken to live when nobody says.
const UNSAID: Duration = Duration::from_secs(120);

impl Token {
    /// Takes the UAA's answer to a request that was made at `asked`.
    pub(super) fn parse(body: &Bytes, asked: Instant) -> Result<Self, PortError> {
        const OPERATION: &str = "read the UAA's token";
        let answer: TokenAnswer = decode(body, OPERATION, "")?;
        let token = answer.access_token.expose();
        let header = HeaderValue::from_str(&format!("Bearer {token}"))
            .ok()
            .filter(|_| !token.is_empty() && !token.contains(char::is_whitespace));
        let Some(mut header) = header else {
            let reason = "the token is not one word";
            return Err(PortError::new(PortErrorKind::Malformed, OPERATION, "", reason));
        };
        header.set_sensitive(true);
        let payload = payload(token);
        let said = answer.expires_in.and_then(|text| text.as_u64());
        let lifetime = said
            .or_else(|| payload.exp?.checked_sub(payload.iat?))
            .map_or(UNSAID, Duration::from_secs)
            .min(LONGEST);
        let scopes = match (answer.scope, payload.scope) {
            (Some(words), _) | (None, Some(Scopes::Words(words))) => {
                words.split_whitespace().map(str::to_owned).collect()
            }
            (None, Some(Scopes::List(scopes))) => scopes,
            (None, None) => Vec::new(),
        };
        Ok(Self {
            header,
            scopes,
            lifetime,
            renew_at: asked + lifetime.saturating_sub(margin(lifetime)),
            ends_at: asked + lifetime,
        })
    }

    /// Whether it is time for another one.
    pub(super) fn is_due(&self) -> bool {
        Instant::now() >= self.renew_at
    }

    /// Whether the Director would refuse it.
    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.ends_at
    }
}

/// How long before its end a token is renewed: a tenth of its life, between 30
/// and 60 seconds, and never more than half of it.
fn margin(lifetime: Duration) -> Duration {
    (lifetime / 10).clamp(Duration::from_secs(30), Duration::from_secs(60)).min(lifetime / 2)
}

/// The middle part of a JWT; nothing is verified, that is the Director's work.
fn payload(token: &str) -> Payload {
    token
        .split('.')
        .nth(1)
        .and_then(|part| BASE64_URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok())
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("scopes", &self.scopes)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_margin_fits_short_and_long_lives() {
        for (lifetime, renewed_before_end) in [(120, 30), (43_200, 60), (400, 40), (20, 10)] {
            let margin = margin(Duration::from_secs(lifetime));
            assert_eq!(margin.as_secs(), renewed_before_end, "{lifetime}");
        }
    }

    #[test]
    fn scopes_come_from_the_answer_or_from_the_token_itself() {
        let part = BASE64_URL_SAFE_NO_PAD.encode(r#"{"scope":["bosh.read"],"iat":10,"exp":70}"#);
        let jwt = format!(r#"{{"access_token":"h.{part}.s"}}"#);
        let token = Token::parse(&Bytes::from(jwt), Instant::now()).unwrap();
        assert_eq!((token.scopes, token.lifetime.as_secs()), (vec!["bosh.read".to_owned()], 60));

        let opaque = r#"{"access_token":"x","expires_in":"99","scope":"bosh.admin a.b"}"#;
        let token = Token::parse(&Bytes::from_static(opaque.as_bytes()), Instant::now()).unwrap();
        assert_eq!((token.scopes.len(), token.lifetime.as_secs()), (2, 99));
    }

    #[test]
    fn a_token_of_two_words_is_refused_and_not_shown() {
        let body = Bytes::from_static(br#"{"access_token":"MARKER two"}"#);
        let error = Token::parse(&body, Instant::now()).unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Malformed);
        assert!(!format!("{error:?}").contains("MARKER"));
    }
}
