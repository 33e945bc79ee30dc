//! The UAA beside the Director: tokens for clients, which end.

use std::collections::BTreeMap;

use axum::http::{Method, header};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;

use super::exchange::{Answer, Request};
use super::identity::basic;
use super::state::DirectorState;

/// The tokens that were issued.
#[derive(Debug, Clone, Default)]
pub(super) struct Tokens {
    live: BTreeMap<String, Holder>,
    issued: Vec<String>,
}

#[derive(Debug, Clone)]
struct Holder {
    client: String,
    scopes: Vec<String>,
    /// The first second at which it is refused.
    ends: i64,
}

impl Tokens {
    /// Whose token it is and what it allows, as long as it lives.
    pub(super) fn holder(&self, token: &str, now: i64) -> Option<(String, Vec<String>)> {
        let holder = self.live.get(token).filter(|holder| holder.ends > now)?;
        Some((holder.client.clone(), holder.scopes.clone()))
    }

    pub(super) fn set_scopes(&mut self, scopes: &[String]) {
        for holder in self.live.values_mut() {
            holder.scopes = scopes.to_vec();
        }
    }

    pub(super) fn expire(&mut self) {
        self.live.clear();
    }

    pub(super) fn issued(&self) -> Vec<String> {
        self.issued.clone()
    }
}

impl DirectorState {
    /// `POST /oauth/token`. Of the grants only `client_credentials` is known.
    pub(super) fn token_answer(&mut self, request: &Request, body: &[u8], now: i64) -> Answer {
        if request.method != Method::POST {
            return Answer::uaa(405, &json!({"error": "method_not_allowed"}));
        }
        let given = request
            .header(header::AUTHORIZATION)
            .and_then(|value| value.split_once(' '))
            .and_then(|(kind, value)| basic(kind, value));
        let Some((client, secret)) = given else {
            return Answer::uaa_refusal();
        };
        let Some(account) = self.clients.get(&client).filter(|known| known.secret == secret) else {
            return Answer::uaa_refusal();
        };
        let is_known = url::form_urlencoded::parse(body)
            .any(|(key, value)| key == "grant_type" && value == "client_credentials");
        if !is_known {
            let body = json!({
                "error": "unauthorized_client",
                "error_description": "Unauthorized grant type",
            });
            return Answer::uaa(400, &body);
        }
        let scopes = account.scopes.clone();
        let number = self.tokens.issued.len() + 1;
        let ends = now.saturating_add_unsigned(self.token_lifetime);
        let payload = json!({
            "jti": format!("jti-{number}"),
            "sub": client,
            "client_id": client,
            "scope": scopes,
            "iat": now,
            "exp": ends,
        });
        let part = |text: String| BASE64_URL_SAFE_NO_PAD.encode(text);
        let token = format!(
            "{}.{}.{}",
            part(r#"{"alg":"RS256","typ":"JWT"}"#.to_owned()),
            part(payload.to_string()),
            part(format!("signature {number}")),
        );
        let answer = json!({
            "access_token": token,
            "token_type": "bearer",
            "expires_in": self.token_lifetime,
            "scope": scopes.join(" "),
            "jti": format!("jti-{number}"),
        });
        let holder = Holder { client, scopes, ends };
        self.tokens.live.insert(token.clone(), holder);
        self.tokens.issued.push(token);
        Answer::uaa(200, &answer)
    }
}
