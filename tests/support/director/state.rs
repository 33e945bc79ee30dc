//! What a fake Director holds.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::events::FakeEvent;
use super::tasks::FakeTask;
use super::uaa::Tokens;

/// A user of basic authentication, or a client of the UAA.
#[derive(Debug, Clone)]
pub struct Account {
    /// The password or the client's secret.
    pub secret: String,
    /// What it may do: `bosh.read`, `bosh.teams.x.admin`, ….
    pub scopes: Vec<String>,
}

/// A deployment.
#[derive(Debug, Clone, Default)]
pub struct Deployment {
    /// The manifest's text; `None` until the first deploy has succeeded.
    pub manifest: Option<String>,
    /// Releases, name and version.
    pub releases: Vec<(String, String)>,
    /// Stemcells, name and version.
    pub stemcells: Vec<(String, String)>,
    /// The teams that own it.
    pub teams: Vec<String>,
    /// Whether a task holds its lock.
    pub locked: bool,
    /// `none`, `outdated` or `latest`.
    pub cloud_config: String,
    /// Its instances.
    pub instances: Vec<FakeInstance>,
}

/// An instance of a deployment.
#[derive(Debug, Clone)]
pub struct FakeInstance {
    /// The instance group.
    pub group: String,
    /// The instance's id.
    pub id: String,
    /// Its index in the group.
    pub index: u64,
    /// The id of its VM; `None` if there is no VM.
    pub vm_cid: Option<String>,
    /// Its addresses.
    pub ips: Vec<String>,
}

/// What a fake Director holds.
#[derive(Debug, Clone)]
pub struct DirectorState {
    /// The fields of `/info`.
    pub info: Map<String, Value>,
    /// Deployments by name.
    pub deployments: BTreeMap<String, Deployment>,
    /// Events, oldest first.
    pub events: Vec<FakeEvent>,
    /// Tasks by number.
    pub tasks: BTreeMap<u64, FakeTask>,
    /// Users of basic authentication, if there is no UAA.
    pub users: BTreeMap<String, Account>,
    /// Clients of the UAA. There is a UAA as soon as there is a client.
    pub clients: BTreeMap<String, Account>,
    /// The UAA's addresses in `/info`; the fake's own if there is none.
    pub uaa_addresses: Vec<String>,
    /// How long a token lives, in seconds.
    pub token_lifetime: u64,
    /// How many events are kept when they are pruned.
    pub max_events: usize,
    /// Whether a redirect forgets the port, as Directors before 2019 did.
    pub redirects_lose_port: bool,
    pub(super) tokens: Tokens,
}

impl Default for DirectorState {
    fn default() -> Self {
        let Value::Object(info) = json!({
            "name": "fake-director",
            "uuid": "2daf673a-9755-4b4f-aa6d-3632fbed8012",
            "version": "283.1.6 (00000000)",
            "cpi": "warden_cpi",
            "stemcell_os": "-",
            "stemcell_version": "-",
            "features": {
                "local_dns": {"status": true, "extras": {"domain_name": "bosh"}},
                "snapshots": {"status": false},
                "config_server": {"status": false, "extras": {"urls": []}},
            },
        }) else {
            unreachable!("an object was written")
        };
        Self {
            info,
            deployments: BTreeMap::new(),
            events: Vec::new(),
            tasks: BTreeMap::new(),
            users: BTreeMap::new(),
            clients: BTreeMap::new(),
            uaa_addresses: Vec::new(),
            token_lifetime: 43_199,
            max_events: 10_000,
            redirects_lose_port: false,
            tokens: Tokens::default(),
        }
    }
}

impl DirectorState {
    /// Adds a user of basic authentication.
    #[must_use]
    pub fn user(mut self, name: &str, password: &str, scopes: &[&str]) -> Self {
        self.users.insert(name.to_owned(), account(password, scopes));
        self
    }

    /// Adds a client of the UAA.
    #[must_use]
    pub fn client(mut self, id: &str, secret: &str, scopes: &[&str]) -> Self {
        self.clients.insert(id.to_owned(), account(secret, scopes));
        self
    }

    /// Adds a deployment with this manifest.
    #[must_use]
    pub fn deployment(mut self, name: &str, manifest: &str) -> Self {
        let deployment = Deployment {
            manifest: Some(manifest.to_owned()),
            cloud_config: "latest".to_owned(),
            ..Deployment::default()
        };
        self.deployments.insert(name.to_owned(), deployment);
        self
    }

    /// The Director's UUID.
    #[must_use]
    pub fn uuid(&self) -> &str {
        self.info.get("uuid").and_then(Value::as_str).unwrap_or_default()
    }

    /// Makes it another Director.
    pub fn set_uuid(&mut self, uuid: &str) {
        self.info.insert("uuid".to_owned(), Value::from(uuid));
    }

    /// Gives every account and every token that was issued these scopes.
    pub fn set_scopes(&mut self, scopes: &[String]) {
        for account in self.clients.values_mut().chain(self.users.values_mut()) {
            account.scopes = scopes.to_vec();
        }
        self.tokens.set_scopes(scopes);
    }

    /// Ends all tokens that were issued.
    pub fn expire_tokens(&mut self) {
        self.tokens.expire();
    }

    /// The tokens that were issued, oldest first, for tests that search for
    /// them where they must not be.
    #[must_use]
    pub fn tokens_issued(&self) -> Vec<String> {
        self.tokens.issued()
    }

    /// The body of `/info` for a caller; `own` is the fake's own UAA.
    pub(super) fn info_for(&self, user: Option<&str>, own: &str) -> Value {
        let mut info = self.info.clone();
        info.insert("user".to_owned(), json!(user));
        let authentication = if self.clients.is_empty() {
            json!({"type": "basic", "options": {}})
        } else {
            let mut urls = self.uaa_addresses.clone();
            if urls.is_empty() {
                urls.push(own.to_owned());
            }
            json!({"type": "uaa", "options": {"url": urls[0], "urls": urls}})
        };
        info.insert("user_authentication".to_owned(), authentication);
        Value::Object(info)
    }
}

fn account(secret: &str, scopes: &[&str]) -> Account {
    Account { secret: secret.to_owned(), scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect() }
}
