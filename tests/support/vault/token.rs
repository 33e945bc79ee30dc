//! Tokens and their life: time to live, renewal up to a maximum, revocation,
//! a number of uses; and AppRole, which gives new ones.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::exchange::{Answer, timestamp};

/// How a token lives.
#[derive(Debug, Clone, Default)]
pub struct TokenLife {
    /// Time to live of each lease; `None` lives for ever.
    pub ttl: Option<Duration>,
    /// The end of all renewals, counted from the token's creation.
    pub max_ttl: Option<Duration>,
    /// Whether it refuses to be renewed, as batch tokens do.
    pub fixed: bool,
    /// After so many requests it is gone; 0 is no limit.
    pub uses: u64,
    /// Names of its policies; `root` may do anything.
    pub policies: Vec<String>,
}

/// An AppRole.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its id.
    pub role_id: String,
    /// The secret that belongs to it.
    pub secret_id: String,
    /// How often the secret may be used; 0 is no limit.
    pub secret_uses: u64,
    /// The tokens it gives.
    pub tokens: TokenLife,
}

#[derive(Debug)]
struct Token {
    life: TokenLife,
    created: DateTime<Utc>,
    expires: Option<DateTime<Utc>>,
    used: u64,
}

/// All tokens and roles.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    tokens: BTreeMap<String, Token>,
    roles: BTreeMap<String, Vec<(Role, u64)>>,
    given: u64,
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

impl Token {
    fn latest(&self) -> Option<DateTime<Utc>> {
        self.life.max_ttl.map(|max| self.created + delta(max))
    }

    fn remaining(&self, now: DateTime<Utc>) -> i64 {
        self.expires.map_or(0, |at| (at - now).num_seconds().max(0))
    }
}

impl Tokens {
    /// Makes a token of a given text.
    pub(crate) fn issue(&mut self, text: &str, life: TokenLife, now: DateTime<Utc>) {
        let mut token = Token { expires: life.ttl.map(|ttl| now + delta(ttl)), life, created: now, used: 0 };
        if let (Some(at), Some(latest)) = (token.expires, token.latest()) {
            token.expires = Some(at.min(latest));
        }
        self.tokens.insert(text.to_owned(), token);
    }

    /// Makes a role under a mount of AppRole.
    pub(crate) fn add_role(&mut self, mount: &str, role: Role) {
        self.roles.entry(mount.to_owned()).or_default().push((role, 0));
    }

    /// Ends a token at once.
    pub(crate) fn revoke(&mut self, text: &str) {
        self.tokens.remove(text);
    }

    /// Ends all tokens that roles gave.
    pub(crate) fn revoke_given(&mut self) {
        self.tokens.retain(|text, _| !text.starts_with("hvs.given-"));
    }

    /// How many tokens roles gave.
    pub(crate) fn given(&self) -> u64 {
        self.given
    }

    /// Counts a use of a token; gives its policies if it lives.
    pub(crate) fn admit(&mut self, text: &str, now: DateTime<Utc>) -> Option<Vec<String>> {
        let token = self.tokens.get_mut(text)?;
        if token.expires.is_some_and(|at| at <= now) {
            self.tokens.remove(text);
            return None;
        }
        token.used += 1;
        let policies = token.life.policies.clone();
        if token.life.uses > 0 && token.used >= token.life.uses {
            self.tokens.remove(text);
        }
        Some(policies)
    }

    /// Answers `lookup-self`.
    pub(crate) fn lookup(&self, text: &str, now: DateTime<Utc>) -> Answer {
        let Some(token) = self.tokens.get(text) else {
            return Answer::denied();
        };
        Answer::data(
            200,
            &json!({
                "accessor": "accessor",
                "creation_time": token.created.timestamp(),
                "creation_ttl": token.life.ttl.unwrap_or_default().as_secs(),
                "display_name": "token",
                "entity_id": "",
                "expire_time": token.expires.map(timestamp),
                "explicit_max_ttl": token.life.max_ttl.unwrap_or_default().as_secs(),
                "id": text,
                "meta": null,
                "num_uses": token.life.uses,
                "orphan": true,
                "path": "auth/token/create",
                "policies": token.life.policies,
                "renewable": token.expires.is_some() && !token.life.fixed,
                "ttl": token.remaining(now),
                "type": if token.life.fixed { "batch" } else { "service" },
            }),
        )
    }

    /// Answers `renew-self`.
    pub(crate) fn renew(&mut self, text: &str, now: DateTime<Utc>) -> Answer {
        let Some(token) = self.tokens.get_mut(text) else {
            return Answer::denied();
        };
        let (Some(ttl), false) = (token.life.ttl, token.life.fixed) else {
            return Answer::errors(400, &["lease is not renewable"]);
        };
        let wanted = now + delta(ttl);
        let latest = token.latest().unwrap_or(wanted);
        token.expires = Some(wanted.min(latest));
        let warnings: Vec<_> = (wanted > latest)
            .then(|| {
                format!(
                    "TTL of \"{}s\" exceeded the effective max_ttl of \"{}s\"; TTL value is capped accordingly",
                    ttl.as_secs(),
                    (latest - now).num_seconds()
                )
            })
            .into_iter()
            .collect();
        Answer::auth(&token.auth(text, now), &warnings)
    }

    /// Answers a login of AppRole.
    pub(crate) fn login(&mut self, mount: &str, body: &Value, now: DateTime<Utc>) -> Answer {
        let field = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let roles = self.roles.get_mut(mount).map(Vec::as_mut_slice);
        let found = roles.unwrap_or_default().iter_mut().find(|(role, used)| {
            role.role_id == field("role_id")
                && role.secret_id == field("secret_id")
                && (role.secret_uses == 0 || *used < role.secret_uses)
        });
        let Some((role, used)) = found else {
            return Answer::errors(400, &["invalid role or secret ID"]);
        };
        *used += 1;
        self.given += 1;
        let text = format!("hvs.given-{}-{}", self.given, role.role_id);
        let life = role.tokens.clone();
        self.issue(&text, life, now);
        Answer::auth(&self.tokens[&text].auth(&text, now), &[])
    }
}

impl Token {
    fn auth(&self, text: &str, now: DateTime<Utc>) -> Value {
        json!({
            "accessor": "accessor",
            "client_token": text,
            "entity_id": "",
            "lease_duration": self.remaining(now),
            "metadata": {},
            "num_uses": self.life.uses,
            "orphan": true,
            "policies": self.life.policies,
            "renewable": self.expires.is_some() && !self.life.fixed,
            "token_policies": self.life.policies,
            "token_type": if self.life.fixed { "batch" } else { "service" },
        })
    }
}
