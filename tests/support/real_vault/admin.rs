//! What an operator does to a real server: engines, policies, tokens, roles,
//! seal, quotas. Blocks, so that a test can call it between two steps.

use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};

use super::process::{POLL, POLLS};

/// An operator with a token that may do everything.
#[derive(Debug, Clone)]
pub struct Admin {
    address: String,
    token: String,
}

impl Admin {
    pub(super) fn new(address: &str, token: &str) -> Self {
        Self { address: address.trim_end_matches('/').to_owned(), token: token.to_owned() }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Makes a request below `/v1/`; gives status and body.
    ///
    /// # Errors
    /// If there is no answer.
    pub fn call(&self, method: &str, path: &str, body: &Value) -> Result<(u16, Value), String> {
        call(&self.address, Some(&self.token), method, path, body)
    }

    /// Makes a request that has to succeed; gives the body.
    ///
    /// # Panics
    /// If it does not succeed.
    pub fn demand(&self, method: &str, path: &str, body: &Value) -> Value {
        for _ in 0..POLLS {
            match self.call(method, path, body) {
                Ok((200..=299, body)) => return body,
                // A KV engine that was just mounted is not ready at once.
                Ok((400, body)) if body.to_string().contains("Upgrading from non-versioned") => {
                    std::thread::sleep(POLL);
                }
                other => panic!("{method} {path} at {}: {other:?}", self.address),
            }
        }
        panic!("{method} {path} at {}: the engine was not ready in time", self.address)
    }

    /// Mounts a KV engine of a version.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn mount(&self, path: &str, version: u8) {
        let body = json!({"type": "kv", "options": {"version": version.to_string()}});
        self.demand("POST", &format!("sys/mounts/{path}"), &body);
    }

    pub(super) fn unmount(&self, path: &str) {
        // The test is over: nobody is left to tell.
        let _answer = self.call("DELETE", &format!("sys/mounts/{path}"), &Value::Null);
    }

    /// Writes a secret without any check, as the broker does.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn put(&self, mount: &str, path: &str, data: &Value) {
        self.demand("POST", &format!("{mount}/data/{path}"), &json!({"data": data}));
    }

    /// The newest data and version at a path; nothing if there is none.
    #[must_use]
    pub fn get(&self, mount: &str, path: &str) -> Option<(Value, u64)> {
        let (status, body) = self.call("GET", &format!("{mount}/data/{path}"), &Value::Null).ok()?;
        let version = body["data"]["metadata"]["version"].as_u64()?;
        (status == 200).then(|| (body["data"]["data"].clone(), version))
    }

    /// Makes a token with policies that lives so long.
    ///
    /// # Panics
    /// If the server refuses.
    #[must_use]
    pub fn make_token(&self, policies: &[&str], ttl: &str) -> String {
        let body = json!({"policies": policies, "ttl": ttl, "no_parent": true});
        let answer = self.demand("POST", "auth/token/create", &body);
        answer["auth"]["client_token"].as_str().expect("a token").to_owned()
    }

    /// Ends a token at once.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn revoke(&self, token: &str) {
        self.demand("POST", "auth/token/revoke", &json!({"token": token}));
    }

    /// Gives a policy a name.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn add_policy(&self, name: &str, text: &str) {
        self.demand("POST", &format!("sys/policies/acl/{name}"), &json!({"policy": text}));
    }

    /// Makes a role of AppRole that may do everything in a mount.
    ///
    /// # Panics
    /// If the server refuses.
    #[must_use]
    pub fn make_role(&self, mount: &str, ttl: &str, max_ttl: &str) -> RealRole {
        let path = format!("approle-{}", super::unique());
        self.demand("POST", &format!("sys/auth/{path}"), &json!({"type": "approle"}));
        let name = format!("reconciler-{path}");
        let all = r#"{ capabilities = ["create", "read", "update", "delete", "list"] }"#;
        self.add_policy(&name, &format!("path \"{mount}/*\" {all}"));
        let role = format!("auth/{path}/role/it");
        let body = json!({
            "token_policies": [name, "default"], "token_ttl": ttl, "token_max_ttl": max_ttl,
            "secret_id_num_uses": LOGINS,
        });
        self.demand("POST", &role, &body);
        let id = self.demand("GET", &format!("{role}/role-id"), &Value::Null);
        let secret = self.demand("POST", &format!("{role}/secret-id"), &json!({}));
        let text = |value: &Value| value.as_str().expect("an id").to_owned();
        RealRole {
            admin: self.clone(),
            role_id: text(&id["data"]["role_id"]),
            secret_id: text(&secret["data"]["secret_id"]),
            path,
        }
    }

    /// Seals it.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn seal(&self) {
        self.demand("PUT", "sys/seal", &Value::Null);
    }

    /// Lets one request an hour through to a mount.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn limit_rate(&self, mount: &str) {
        let body = json!({"rate": 1, "interval": "1h", "path": format!("{mount}/")});
        self.demand("POST", "sys/quotas/rate-limit/one", &body);
    }
}

/// How often a role's secret may be used: so many logins can be counted.
const LOGINS: u64 = 1_000_000;

/// A role of AppRole.
#[derive(Debug)]
pub struct RealRole {
    admin: Admin,
    /// Where the method is mounted, below `auth/`.
    pub path: String,
    /// Its id.
    pub role_id: String,
    /// The secret that belongs to it.
    pub secret_id: String,
}

impl RealRole {
    /// How often somebody logged in with it.
    ///
    /// # Panics
    /// If the server does not tell.
    #[must_use]
    pub fn logins(&self) -> u64 {
        let path = format!("auth/{}/role/it/secret-id/lookup", self.path);
        let answer = self.admin.demand("POST", &path, &json!({"secret_id": self.secret_id}));
        LOGINS - answer["data"]["secret_id_num_uses"].as_u64().expect("a number of uses")
    }

    /// Ends all tokens that it gave.
    ///
    /// # Panics
    /// If the server refuses.
    pub fn revoke_given(&self) {
        self.admin.demand("PUT", &format!("sys/leases/revoke-prefix/auth/{}/login", self.path), &json!({}));
    }
}

/// Makes a request; gives status and body, `null` where there is none.
pub(super) fn call(
    address: &str,
    token: Option<&str>,
    method: &str,
    path: &str,
    body: &Value,
) -> Result<(u16, Value), String> {
    let method = reqwest::Method::from_bytes(method.as_bytes()).map_err(|error| error.to_string())?;
    let mut request = client().request(method, format!("{address}/v1/{path}"));
    if let Some(token) = token {
        request = request.header("X-Vault-Token", token);
    }
    if !body.is_null() {
        request = request.header("Content-Type", "application/json").body(body.to_string());
    }
    let work = async {
        let answer = request.send().await.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let text = answer.text().await.map_err(|error| error.to_string())?;
        Ok((status, serde_json::from_str(&text).unwrap_or_default()))
    };
    // A test may be in a runtime already, where nothing may block on another.
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(work)
        });
        thread.join().expect("a request does not panic")
    })
}

/// Keeps no connection: each request has a runtime of its own.
fn client() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let builder = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0);
        builder.timeout(Duration::from_secs(30)).build().expect("a client")
    })
}
